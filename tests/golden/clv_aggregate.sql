-- clv() as an aggregate: mean predicted value per customer of the group
.read tests/golden/fixture/shop.sql

-- The mean of the table's predictions, when the table has the same rows.
SELECT round(clv(customer_id, order_date, amount), 2) AS aggregate, (SELECT round(avg(predicted_clv), 2) FROM clv('orders')) AS from_table,
       abs(clv(customer_id, order_date, amount) / (SELECT avg(predicted_clv) FROM clv('orders')) - 1) < 1e-12 AS equal
  FROM orders;

-- By group: each fitted to its own rows, as a view of them would be; as_of is the group's own last order.
CREATE VIEW ads AS SELECT * FROM orders WHERE channel = 'ads';
CREATE VIEW shop AS SELECT * FROM orders WHERE channel = 'shop';
SELECT channel, round(clv(customer_id, order_date, amount), 2) AS aggregate,
       round((SELECT avg(predicted_clv) FROM clv(channel)), 2) AS from_table FROM orders GROUP BY channel;

-- Horizon, discount and as_of.
SELECT round(clv(customer_id, order_date, amount, 90), 2) AS horizon_90, (SELECT round(avg(predicted_clv), 2) FROM clv('orders', 90)) AS same,
       round(clv(customer_id, order_date, amount, 90, 0), 2) AS undiscounted, (SELECT round(avg(predicted_clv), 2) FROM clv('orders', 90, 0)) AS same,
       round(clv(customer_id, order_date, amount, 90, 0, '2025-01-31'), 2) AS january,
       (SELECT round(avg(predicted_clv), 2) FROM clv('orders', 90, 0) WHERE as_of = '2025-01-31') AS same
  FROM orders;
SELECT clv(customer_id, order_date, amount, NULL, NULL, NULL) = clv(customer_id, order_date, amount) AS null_is_default FROM orders;

-- The order of the rows does not matter.
SELECT (SELECT clv(customer_id, order_date, amount) FROM orders) =
       (SELECT clv(customer_id, order_date, amount) FROM (SELECT * FROM orders ORDER BY amount DESC, customer_id)) AS same;

-- Too few to fit: NULL.  Nobody: NULL.
SELECT clv(customer_id, order_date, amount) AS v FROM orders WHERE customer_id <= 20;
SELECT clv(customer_id, order_date, amount) AS v FROM orders WHERE 0;
SELECT clv(NULL, order_date, amount) AS v FROM orders;

-- Errors.
SELECT clv(customer_id, order_date) FROM orders;
SELECT clv(customer_id, order_date, amount, 0) FROM orders;
SELECT clv(customer_id, order_date, amount, 'year') FROM orders;
SELECT clv(customer_id, order_date, amount, 365, -1) FROM orders;
SELECT clv(customer_id, order_date, amount, 365, 0.1, '2024-02-30') FROM orders;
SELECT clv(customer_id, order_date, amount, customer_id) FROM orders;
SELECT clv(customer_id, order_date, amount, 365, 0.1, order_date) FROM orders;
SELECT clv(customer_id, '01/05/2024', amount) FROM orders;
SELECT clv(customer_id, order_date, '12,50') FROM orders;
SELECT clv(customer_id, order_date, 9e999) FROM orders;
SELECT clv(customer_id, order_date, amount) OVER () FROM orders;
