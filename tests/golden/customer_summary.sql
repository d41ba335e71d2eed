-- customer_summary(): what each customer did, a row per customer

-- ann: 3 purchase days, gaps of 10 and 20 days, net 10, 20 and 30.  bob: one, and a refund on a later day.  cy: a day
-- that was refunded whole is no purchase.  di: a free order is one.  The row of nobody makes 2024-03-01 the last day.
CREATE TABLE orders(customer_id, order_date, amount, channel);
INSERT INTO orders VALUES
  ('ann', '2024-01-31', 30, 'mail'), ('ann', '2024-01-01', 4, 'ads'),   ('ann', '2024-01-01 09:00', 6, 'mail'),
  ('ann', '2024-01-11', 25, 'ads'),  ('ann', '2024-01-11', -5, 'ads'),
  ('bob', '2024-01-05', 50, 'ads'),  ('bob', '2024-01-20', -20, 'ads'),
  ('cy',  '2024-01-07', 10, 'mail'), ('cy',  '2024-01-07', -10, 'mail'),
  ('di',  '2024-02-01', 0, NULL),    ('di',  '2024-02-04', 41.5, 'web'), ('di', '2024-02-05', 40, 'web'), ('di', '2024-02-29', 3, 'web'),
  (NULL,  '2024-03-01', 9, 'web');
.mode line
SELECT * FROM customer_summary('orders');
.mode column

-- What was read.
SELECT as_of, rows_read, rows_no_customer, customers_no_purchase FROM customer_summary('orders') LIMIT 1;

-- The segment is that of the first purchase, or of the last.
SELECT customer_id, segment FROM customer_summary('orders') WHERE segment_column = 'channel';
SELECT customer_id, segment FROM customer_summary('orders') WHERE segment_column = 'channel' AND segment_at = 'last';

-- As of an earlier day: later orders are not known, nor is di.
SELECT customer_id, last_order_date, purchase_days, age, days_since_last, historic_value, median_gap_days
  FROM customer_summary('orders') WHERE as_of = '2024-01-20';

-- The order is that of SQL: numbers, texts by their bytes, blobs; of 7 and 7.0 the whole number is shown.
CREATE TABLE mixed(customer_id, order_date, amount);
INSERT INTO mixed VALUES (x'61', '2024-01-01', 1), ('b', '2024-01-01', 2), (10, '2024-01-01', 3), ('B', '2024-01-01', 4), ('7', '2024-01-01', 5),
  (7.5, '2024-01-01', 6), (7, '2024-01-01', 7), (7.0, '2024-01-02', 8), (-3, '2024-01-01', 9), ('ab', '2024-01-01', 10), ('a', '2024-01-01', 11),
  (9007199254740993, '2024-01-01', 12), (9007199254740992.0, '2024-01-01', 13), (9223372036854775807, '2024-01-01', 14), (1e19, '2024-01-01', 15),
  (x'', '2024-01-01', 16), ('', '2024-01-01', 17), (x'00', '2024-01-01', 18), ('a customer of a long name, no 2', '2024-01-01', 19),
  ('a customer of a long name, no 10', '2024-01-01', 20);
SELECT typeof(customer_id) AS type, CASE typeof(customer_id) WHEN 'real' THEN printf('%.1f', customer_id) WHEN 'blob' THEN hex(customer_id)
       ELSE customer_id END AS id, purchase_days, historic_value FROM customer_summary('mixed');
SELECT (SELECT group_concat(quote(customer_id)) FROM customer_summary('mixed')) =
       (SELECT group_concat(quote(customer_id)) FROM (SELECT customer_id FROM mixed WHERE length(customer_id) > 0 GROUP BY 1 ORDER BY 1)) AS same_order;

-- Without amounts every row is a purchase and money is unknown.
SELECT customer_id, purchase_days, frequency, monetary_value, avg_order_value, historic_value, median_gap_days
  FROM customer_summary('orders') WHERE amount_column = '';

-- With an order column a refund counts on the day of its order: bob's first order was worth 30.
CREATE TABLE keyed(order_id, customer_id, order_date, amount);
INSERT INTO keyed VALUES (1, 'bob', '2024-01-05', 50), (1, 'bob', '2024-01-20', -20), (2, 'bob', '2024-02-01', 10);
SELECT customer_id, purchase_days, monetary_value, avg_order_value, historic_value FROM customer_summary('keyed');
SELECT customer_id, purchase_days, monetary_value, avg_order_value, historic_value FROM customer_summary('keyed') WHERE order_column = '';

-- Nobody; nobody with a purchase; one customer with one purchase.
CREATE TABLE none(customer_id, order_date, amount);
SELECT count(*) AS n FROM customer_summary('none');
SELECT count(*) AS n FROM customer_summary('orders') WHERE as_of = '2023-12-31';
INSERT INTO none VALUES ('eve', '2024-01-01', -1);
SELECT count(*) AS n FROM customer_summary('none');
INSERT INTO none VALUES ('fay', '2024-01-01', 0.5), ('fay', '2024-01-01', 0.25), ('fay', '2024-01-02', -0.75);
SELECT customer_id, frequency, recency, age, days_since_last, monetary_value, avg_order_value, historic_value, median_gap_days FROM customer_summary('none');

-- Dates in the Jalali calendar: 2024-01-01 is 1402-10-11.
SELECT customer_id, first_order_date, last_order_date FROM customer_summary('orders') WHERE calendar = 'jalali' AND amount_column = 'amount';
