-- Little data: no rows, one order, one customer, all on one day

-- No rows: no rows, and no error.
CREATE TABLE orders(customer_id, order_date, amount);
SELECT count(*) AS n FROM retention_rate('orders');
SELECT count(*) AS n FROM retention_rate('orders', 'day') WHERE as_of = '2024-01-01' AND segment_column = 'amount';
SELECT count(*) AS n FROM churn_candidates('orders');
SELECT count(*) AS n FROM clv('orders');
SELECT clv(customer_id, order_date, amount) AS v, retention_rate(customer_id, order_date, '2024-01-01', '2024-02-01') AS r FROM orders;

-- Rows, but nobody: every customer is NULL or ''.
INSERT INTO orders VALUES (NULL, '2024-01-01', 5), ('', '2024-01-02', 5);
SELECT count(*) AS n FROM retention_rate('orders');
SELECT count(*) AS n FROM clv('orders');
SELECT clv(customer_id, order_date, amount) AS v, retention_rate(customer_id, order_date, '2024-01-01', '2024-02-01') AS r FROM orders;

-- Customers, but no purchase: refunds only.
DELETE FROM orders;
INSERT INTO orders VALUES ('a', '2024-01-01', -5), ('b', '2024-01-02', -5);
SELECT count(*) AS n FROM retention_rate('orders');
SELECT count(*) AS n FROM churn_candidates('orders');
SELECT count(*) AS n FROM clv('orders');
SELECT clv(customer_id, order_date, amount) AS v FROM orders;

-- One order.
DELETE FROM orders;
INSERT INTO orders VALUES ('a', '2024-01-15', 5);
SELECT period_start, is_complete, start_customers AS S, end_customers AS E, new_customers AS new, retention_rate AS rate, ci_low, crr_formula FROM retention_rate('orders');
SELECT period_start, is_complete, end_customers AS E FROM retention_rate('orders', 'day');
.mode line
SELECT * FROM churn_candidates('orders');
SELECT * FROM clv('orders');
.mode column
SELECT clv(customer_id, order_date, amount) AS v, retention_rate(customer_id, order_date, '2024-01-01', '2024-02-01') AS r FROM orders;

-- One customer, two orders.
INSERT INTO orders VALUES ('a', '2024-02-15', 7);
SELECT period_start, is_complete, start_customers AS S, end_customers AS E, retained, retention_rate AS rate FROM retention_rate('orders') WHERE as_of = '2024-02-29';
.mode line
SELECT * FROM churn_candidates('orders');
.mode column

-- All on one day.
DELETE FROM orders;
INSERT INTO orders VALUES ('a', '2024-01-15', 5), ('b', '2024-01-15', 5), ('c', '2024-01-15', 5);
SELECT period_start, is_complete, start_customers AS S, end_customers AS E, new_customers AS new FROM retention_rate('orders');
SELECT rank, customer_id, churn_probability, usual_gap_days, overdue_ratio, reason FROM churn_candidates('orders');
SELECT customer_id, frequency, recency, age, historic_clv FROM clv('orders');

-- 200 customers who all bought once, on one day: nothing to learn from.
DELETE FROM orders;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
INSERT INTO orders SELECT i, '2024-01-15', 5 FROM n;
SELECT count(*) AS n, count(churn_probability) AS n_predicted, min(note) AS note FROM churn_candidates('orders');
SELECT count(*) AS n, count(predicted_clv) AS n_predicted, sum(historic_clv) AS total FROM clv('orders');
