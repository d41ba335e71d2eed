-- loss_scenario(): what if the largest customers leave

-- As of 2024-12-31 the last year is 2024.  ann brought 600 of 1000 in it, bob 250, cy and di, both new, 100 and 50:
-- 75 for each.  To make up for ann it takes 600 / 75 = 8 like them.  ed's order is of the year before.
CREATE TABLE orders(customer_id, order_date, amount, channel);
INSERT INTO orders VALUES
  ('ed',  '2023-12-31', 9000, 'web'), ('ann', '2023-06-01', 500, 'web'), ('ann', '2024-01-01', 350, 'web'), ('ann', '2024-07-01', 250, 'web'),
  ('bob', '2023-02-01', 10, 'shop'),  ('bob', '2024-03-01', 250, 'shop'), ('cy', '2024-05-01', 60, 'web'),  ('cy', '2024-06-01', 40, 'web'),
  ('di',  '2024-12-31', 50, 'shop');
SELECT * FROM loss_scenario('orders');
SELECT * FROM loss_scenario('orders', '1,2,3,4');

-- 250 / 75 is 3.33: it takes 4.  A single number needs no quotes.
CREATE TEMP VIEW shop AS SELECT * FROM orders WHERE customer_id <> 'ann';
SELECT top_k, revenue_lost, revenue_per_new_customer, new_customers_needed FROM loss_scenario('shop', 1);

-- Another lookback: all time, where everybody was new once; half a year, from which bob is gone.
SELECT lookback, top_k, customers, revenue_lost, round(share_of_revenue, 4) AS share, remaining_revenue AS remaining,
       revenue_per_new_customer AS per_new, new_customers_needed AS needed
  FROM loss_scenario('orders') WHERE lookback IN ('100 years', '6 months', '184 days', '1 day') AND k = '1,5';

-- By segment.
SELECT segment, top_k, customers, revenue_lost, share_of_revenue, remaining_revenue, new_customers_needed
  FROM loss_scenario('orders', '1,3') WHERE segment_column = 'channel';

-- 0.3 / 0.1 is 3, though not in binary; no new customer, or none who brings anything: no answer.
CREATE TABLE cents(customer_id, order_date, amount);
INSERT INTO cents VALUES (1, '2023-01-01', 1), (1, '2024-06-01', 0.1), (1, '2024-06-02', 0.2), (2, '2024-06-03', 0.1);
SELECT revenue_lost, revenue_per_new_customer, new_customers_needed FROM loss_scenario('cents', 1);
SELECT revenue_per_new_customer, new_customers_needed FROM loss_scenario('cents', 1) WHERE as_of = '2024-06-02';
UPDATE cents SET amount = 0 WHERE customer_id = 2;
SELECT revenue_per_new_customer, new_customers_needed FROM loss_scenario('cents', 1);

-- 435,000 / 4.35 is 100,000, though not in binary; a millionth too much is another customer; 2^53 are the most.
UPDATE cents SET amount = 4.35 WHERE customer_id = 2;
UPDATE cents SET amount = 435000 WHERE order_date = '2024-06-01'; UPDATE cents SET amount = 0 WHERE order_date = '2024-06-02';
SELECT new_customers_needed FROM loss_scenario('cents', 1);
UPDATE cents SET amount = 1 WHERE customer_id = 2; UPDATE cents SET amount = 3.000001 WHERE order_date = '2024-06-01';
SELECT new_customers_needed FROM loss_scenario('cents', 1);
UPDATE cents SET amount = 9007199254740992 WHERE order_date = '2024-06-01'; SELECT new_customers_needed FROM loss_scenario('cents', 1);
UPDATE cents SET amount = 9007199254740994 WHERE order_date = '2024-06-01'; SELECT new_customers_needed FROM loss_scenario('cents', 1);

-- A year before 29 February is the 28th: an order of that day is out, one of 1 March is in.
CREATE TABLE leap(customer_id, order_date, amount);
INSERT INTO leap VALUES (1, '2023-02-28', 7), (2, '2023-03-01', 5), (3, '2024-02-29', 4);
SELECT customers, revenue_lost FROM loss_scenario('leap', 5);

-- Nobody bought in the lookback; nobody ever did; without amounts.
SELECT * FROM loss_scenario('leap', 1) WHERE as_of = '2026-01-01';
CREATE TABLE none(customer_id, order_date, amount);
SELECT count(*) AS n FROM loss_scenario('none');
SELECT * FROM loss_scenario('orders', 1) WHERE amount_column = '';

SELECT * FROM loss_scenario('orders', '5,1');
SELECT * FROM loss_scenario('orders', 0);
SELECT * FROM loss_scenario('orders', 'ten');
SELECT * FROM loss_scenario('orders', 1, 'ever');
