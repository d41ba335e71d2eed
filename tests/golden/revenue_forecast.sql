-- revenue_forecast(): what will come in over the next periods, from today's customers and from new?
.read tests/golden/fixture/shop.sql

-- as_of is 2025-05-15, so the first month is half a month.
SELECT period_start AS start, period_end AS last, days, round(orders_existing, 1) AS orders, round(revenue_existing) AS revenue,
       round(revenue_low) AS low, round(revenue_high) AS high, round(customers_new, 2) AS joined, round(orders_new, 1) AS orders_new,
       round(revenue_new) AS revenue_new, round(revenue_total) AS total, note FROM revenue_forecast('orders', 4);

-- What is left of the year, and the values in effect.
SELECT period_start AS start, period_end AS last, days, round(revenue_existing) AS revenue, customers_new > days AS more_than_one_a_day
  FROM revenue_forecast('orders', 1, 'year');
SELECT DISTINCT periods, period, model, recent_periods, confidence, as_of FROM revenue_forecast('orders');

-- Days add up to what clv expects of the same customers without a discount.
SELECT round(sum(orders_existing), 6) AS orders, round(sum(revenue_existing), 4) AS revenue FROM revenue_forecast('orders', 365, 'day');
SELECT round(sum(expected_purchases), 6) AS orders, round(sum(predicted_clv), 4) AS revenue FROM clv('orders', 365, 0);

-- Who joined of late, against plain SQL: six complete months, or the last two.
SELECT round(customers_new / days, 9) AS a_day FROM revenue_forecast('orders', 1);
SELECT round(customers_new / days, 9) AS a_day FROM revenue_forecast('orders', 1, 'month', 'mbgnbd', 2) WHERE as_of = '2025-01-31';
WITH first AS (SELECT min(order_date) AS day FROM orders GROUP BY customer_id)
SELECT round(sum(day BETWEEN '2024-11-01' AND '2025-04-30') / 181.0, 9) AS six, round(sum(day BETWEEN '2024-12-01' AND '2025-01-31') / 62.0, 9) AS two
  FROM first;

-- The interval widens with confidence; models differ.
SELECT confidence, round(revenue_low) AS low, round(revenue_existing) AS revenue, round(revenue_high) AS high FROM revenue_forecast('orders', 2)
 WHERE confidence IN (0.5, 0.95, 0.999) AND days = 30 ORDER BY 1;
SELECT model, round(sum(orders_existing), 1) AS orders, round(sum(revenue_existing)) AS revenue, round(sum(revenue_total)) AS total, max(note) AS note
  FROM revenue_forecast('orders') WHERE model IN ('bgnbd', 'mbgnbd', 'pnbd', 'nbd') GROUP BY model;

-- Weeks from week_start, quarters of the calendar, Iranian months.
SELECT period_start AS start, period_end AS last, days FROM revenue_forecast('orders', 2, 'week') WHERE week_start = 'saturday';
SELECT period_start AS start, period_end AS last, days FROM revenue_forecast('orders', 2, 'quarter');
SELECT period_start AS start, period_end AS last, days FROM revenue_forecast('orders', 2) WHERE calendar = 'jalali';
SELECT count(*) AS n, max(period_end) AS last FROM revenue_forecast('orders', 5, 'month') WHERE as_of = '9999-10-31';

-- Without amounts there are orders and no money.
SELECT round(orders_existing, 1) AS orders, revenue_existing, revenue_low, revenue_high, round(customers_new, 2) AS joined, revenue_new,
       revenue_total, note FROM revenue_forecast('orders', 1) WHERE amount_column = '';

-- Too little to predict, and no complete period to count new customers in.
CREATE TABLE few(customer_id, order_date, amount);
INSERT INTO few VALUES ('ann', '2024-01-31', 10), ('ann', '2024-02-11', 20), ('bob', '2024-02-21', 30), ('cy', '2024-03-05', 40);
SELECT * FROM revenue_forecast('few', 1);
SELECT period_start AS start, customers_new, note FROM revenue_forecast('few', 1) WHERE as_of = '2024-02-15';
DELETE FROM few;
SELECT count(*) FROM revenue_forecast('few');

-- Messages.
SELECT * FROM revenue_forecast('orders', 0);
SELECT * FROM revenue_forecast('orders', 12, 'fortnight');
SELECT * FROM revenue_forecast('orders', 12, 'month', 'best');
SELECT * FROM revenue_forecast('orders', 12, 'month', 'mbgnbd', 0);

-- Behind the last day of the calendar there is nothing to forecast.
CREATE TABLE last_day(customer_id, order_date, amount);
INSERT INTO last_day VALUES (1, '9999-12-30', 4), (2, '9999-12-31', 3);
SELECT count(*) AS n FROM revenue_forecast('last_day', 12);
