-- Refunds are negative amounts, netted within the customer's day or booked on the day of their order

-- Each customer is a case; frequency = purchase days - 1.
CREATE TABLE sales(customer_id, order_date, amount, kase);
INSERT INTO sales VALUES
  ('a', '2024-01-01',  10, 'two orders on one day are one purchase day'),
  ('a', '2024-01-01',  15, ''),
  ('b', '2024-01-01',  10, 'refunded in full on the same day: no purchase'),
  ('b', '2024-01-01', -10, ''),
  ('b', '2024-01-05',  20, ''),
  ('c', '2024-01-01',  10, 'refunded in part on the same day: 4 are left'),
  ('c', '2024-01-01',  -6, ''),
  ('d', '2024-01-01',  10, 'refunded later: the purchase stays, the total does not'),
  ('d', '2024-01-09', -10, ''),
  ('e', '2024-01-01',   0, 'a free order is an order'),
  ('f', '2024-01-01', -10, 'a refund alone: no purchase, not listed'),
  ('g', '2024-01-01',   0, 'free, bought and refunded on one day: nothing is left'),
  ('g', '2024-01-01',  10, ''),
  ('g', '2024-01-01', -10, ''),
  ('h', '2024-01-01', 0.1, '0.1 + 0.2 - 0.3 is nothing'),
  ('h', '2024-01-01', 0.2, ''),
  ('h', '2024-01-01', -0.3, ''),
  ('h', '2024-01-03',   5, ''),
  ('i', '2024-01-01', NULL, 'NULL is an amount of 0'),
  ('j', '2024-01-01',  10, 'mean of repeat days: (20 + 6) / 2'),
  ('j', '2024-01-02',  20, ''),
  ('j', '2024-01-04',  30, ''),
  ('j', '2024-01-04', -24, '');
SELECT customer_id AS c, first_order_date, last_order_date, frequency AS x, recency, age, monetary_value AS mean,
       historic_clv AS total, (SELECT max(kase) FROM sales AS s WHERE s.customer_id = v.customer_id) AS kase
  FROM clv('sales') AS v ORDER BY customer_id;
SELECT DISTINCT rows_read, rows_no_customer, customers_no_purchase FROM clv('sales');

-- Who counts as active: refund days do not.
SELECT period_start, end_customers, new_customers FROM retention_rate('sales', 'day');

-- Without an amount column every row is a purchase.
SELECT customer_id AS c, frequency AS x, monetary_value, historic_clv FROM clv('sales')
 WHERE amount_column = '' AND customer_id IN ('b', 'd', 'f') ORDER BY customer_id;

-- With an order column a refund belongs to the day of its order.
CREATE TABLE lines(order_id, customer_id, order_date, amount);
INSERT INTO lines VALUES
  (1, 'a', '2024-01-01', 10), (1, 'a', '2024-01-09', -10),
  (2, 'b', '2024-01-01', 10), (3, 'b', '2024-01-05', 20), (2, 'b', '2024-01-09', -4),
  (9, 'c', '2024-01-07', -5), (4, 'c', '2024-01-02', 50),
  (5, 'd', '2024-01-03', 10), (NULL, 'd', '2024-01-08', -3),
  (6, 'e', '2024-01-04', -8), (6, 'e', '2024-01-02', 8), (7, 'e', '2024-01-06', 8);
SELECT customer_id AS c, first_order_date AS first, last_order_date AS last, frequency AS x, monetary_value AS mean,
       historic_clv AS total, customers_no_purchase FROM clv('lines') ORDER BY customer_id;

-- The same without it: a and b keep both days, the refunds are days of their own that are no purchase.
SELECT customer_id AS c, first_order_date AS first, last_order_date AS last, frequency AS x, monetary_value AS mean,
       historic_clv AS total, customers_no_purchase FROM clv('lines') WHERE order_column = '' ORDER BY customer_id;

-- Where order_id is the primary key no two rows share it, so it is not taken.
CREATE TABLE keyed(order_id INTEGER PRIMARY KEY, customer_id, order_date, amount);
INSERT INTO keyed VALUES (1, 'a', '2024-01-01', 10), (2, 'a', '2024-01-09', -10);
SELECT order_column, frequency, historic_clv FROM clv('keyed');
SELECT order_column FROM clv('lines') LIMIT 1;

-- A refund after as_of is not known yet.
SELECT customer_id AS c, frequency AS x, historic_clv AS total FROM clv('lines') WHERE as_of = '2024-01-05' ORDER BY 1;
