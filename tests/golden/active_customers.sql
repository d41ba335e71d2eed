-- active_customers(): how many different customers are in a window or a group

CREATE TABLE orders(day INTEGER, customer_id, amount, channel);
INSERT INTO orders VALUES
  (1, 'a', 10, 'web'), (2, 'b', 10, 'web'), (3, 'a', 10, 'app'), (5, 'c', 10, 'web'), (5, 'a', -10, 'web'),
  (6, 'b', 10, 'app'), (9, 'a', 10, 'web');

-- The last three days: on day 5 those of days 3 to 5, a and c.
SELECT day, customer_id, active_customers(customer_id) OVER (ORDER BY day RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS active
  FROM orders;

-- The last three rows, the row alone, all rows so far, from this row on, everybody.
SELECT day, customer_id,
       active_customers(customer_id) OVER (ORDER BY day, customer_id ROWS 2 PRECEDING) AS three,
       active_customers(customer_id) OVER (ORDER BY day, customer_id ROWS CURRENT ROW) AS one,
       active_customers(customer_id) OVER (ORDER BY day, customer_id) AS so_far,
       active_customers(customer_id) OVER (ORDER BY day, customer_id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS to_come,
       active_customers(customer_id) OVER () AS everybody
  FROM orders;

-- Groups of equal days; what EXCLUDE leaves; frames before and after the row, which may be empty: 0.
SELECT day, customer_id,
       active_customers(customer_id) OVER (ORDER BY day GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) AS two_days,
       active_customers(customer_id) OVER (ORDER BY day GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE GROUP) AS day_before,
       active_customers(customer_id) OVER (ORDER BY day GROUPS CURRENT ROW EXCLUDE CURRENT ROW) AS others,
       active_customers(customer_id) OVER (ORDER BY day GROUPS CURRENT ROW EXCLUDE TIES) AS self,
       active_customers(customer_id) OVER (ORDER BY day RANGE BETWEEN 3 FOLLOWING AND 4 FOLLOWING) AS days_3_and_4_later
  FROM orders;

-- A partition for each channel; refunds left out: on day 5 of web a has only a refund.
SELECT channel, day, customer_id,
       active_customers(customer_id) OVER w AS active,
       active_customers(customer_id) FILTER (WHERE amount > 0) OVER w AS buying
  FROM orders WINDOW w AS (PARTITION BY channel ORDER BY day RANGE 3 PRECEDING);

-- Of dates: the day as a number, by period_index; times do not matter then.
WITH o(customer_id, order_date) AS (VALUES (1, '2025-01-01 23:00'), (2, '2025-01-15'), (1, '2025-01-30 01:00'), (3, '2025-01-31'))
SELECT order_date, active_customers(customer_id) OVER (ORDER BY period_index(order_date, 'day') RANGE BETWEEN 29 PRECEDING AND CURRENT ROW) AS of_30_days
  FROM o;

-- NULL, '' and x'' are nobody; 1 and 1.0 are one customer, 1, '1' and x'31' are three; case and blanks matter.
WITH o(n, c) AS (VALUES (1, NULL), (2, ''), (3, x''), (4, 1), (5, 1.0), (6, '1'), (7, x'31'), (8, 'Ann'), (9, 'ann'), (10, 'ann '))
SELECT n, quote(c) AS customer_id, active_customers(c) OVER (ORDER BY n) AS so_far, active_customers(c) OVER (ORDER BY n ROWS 1 PRECEDING) AS two_rows
  FROM o;

-- As an aggregate: as count(DISTINCT), also with DISTINCT, FILTER and HAVING.
SELECT channel, active_customers(customer_id) AS customers, count(DISTINCT customer_id) AS same,
       active_customers(DISTINCT customer_id) AS same_again, active_customers(customer_id) FILTER (WHERE amount < 0) AS refunded
  FROM orders GROUP BY channel HAVING active_customers(customer_id) > 1;
SELECT active_customers(customer_id) AS nobody, typeof(active_customers(customer_id)) AS type FROM orders WHERE 0;

-- In a view, and over an aggregate: active customers of each day, and the most so far.
CREATE TEMP VIEW daily AS SELECT day, active_customers(customer_id) AS active FROM orders GROUP BY day;
SELECT day, active, max(active) OVER (ORDER BY day) AS most FROM daily;

-- Errors.
SELECT active_customers() OVER () FROM orders;
SELECT active_customers(customer_id, day) OVER () FROM orders;
SELECT active_customers(DISTINCT customer_id) OVER () FROM orders;
