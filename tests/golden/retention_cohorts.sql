-- retention_cohorts(): each cohort of new customers, a row per cohort and period

-- Four customers.  January: ann and bob; March: cy and di.  February has no new customer and so no cohort.
CREATE TABLE orders(customer_id, order_date, amount, channel);
INSERT INTO orders VALUES
  ('ann', '2025-01-31', 10, 'ads'),  ('ann', '2025-02-27', 20, 'ads'), ('ann', '2025-02-28', 30, 'ads'), ('ann', '2025-04-02', 40, 'ads'),
  ('bob', '2025-01-05', 50, 'mail'), ('bob', '2025-03-05', 5, 'mail'), ('bob', '2025-03-05', 15, 'ads'), ('bob', '2025-03-06', -8, 'mail'),
  ('cy',  '2025-03-10', 7, 'ads'),   ('cy',  '2025-04-10', 3, 'ads'),
  ('di',  '2025-03-31', 0, NULL);
.mode line
SELECT * FROM retention_cohorts('orders') WHERE period_index < 2;
.mode column

-- The triangle.  April is not over on the 10th: counts so far, no rates.
SELECT cohort, cohort_size AS size, period_index AS k, period_start, is_complete AS complete, customers AS x,
       retention_rate AS rate, orders AS n, revenue, cum_revenue_per_customer AS cum, revenue_retention AS back
  FROM retention_cohorts('orders');

-- Modes: index 0 of on_or_before is nobody, since it has no period after the first.
SELECT a.cohort, a.period_index AS k, a.customers AS "on", b.customers AS on_or_after, c.customers AS on_or_before,
       d.customers AS streak
  FROM retention_cohorts('orders') a
  JOIN retention_cohorts('orders', 'month', 'on_or_after') b USING (cohort, period_index)
  JOIN retention_cohorts('orders', 'month', 'on_or_before') c USING (cohort, period_index)
  JOIN retention_cohorts('orders', 'month', 'streak') d USING (cohort, period_index);

-- Each customer's own months: ann's begin on 31 January, 28 February, 31 March.  So her 27 February is in
-- month 0, her 28 February in month 1 and her 2 April in month 2, which is not over for her on 10 April.
SELECT cohort, cohort_size AS size, period_index AS k, period_start, is_complete AS complete, customers AS x,
       retention_rate AS rate, orders AS n, revenue, cum_revenue_per_customer AS cum
  FROM retention_cohorts('orders', 'month', 'on', 'customer');

-- Blocks of 29 days.  bob's days 58 to 86 end on 1 April, ann's on 27 April.
SELECT cohort, period_index AS k, period_start, is_complete AS complete, customers AS x, orders AS n
  FROM retention_cohorts('orders', '29 days', 'on', 'customer');

-- ann's month 2 and di's month 0 begin on 31 March and end on 29 April.
SELECT as_of, cohort, period_index AS k, is_complete AS complete, customers AS x
  FROM retention_cohorts('orders', 'month', 'on', 'customer') WHERE as_of IN ('2025-04-28', '2025-04-29') AND period_index IN (0, 2);

-- At least two purchase days in a month.  bob's two rows of 5 March are one day.
SELECT cohort, period_index AS k, customers AS x, retention_rate AS rate, orders AS n
  FROM retention_cohorts('orders') WHERE min_orders = 2;

-- Brackets: months 1 and 2 as one row, complete when both are; the money of the months between is in cum.
SELECT cohort, period_index AS k, period_start, is_complete AS complete, customers AS x, orders AS n, revenue,
       cum_revenue_per_customer AS cum, revenue_retention AS back
  FROM retention_cohorts('orders') WHERE brackets = '0,1-2';
SELECT cohort, period_index AS k, period_start, is_complete AS complete, customers AS x, orders AS n, revenue,
       cum_revenue_per_customer AS cum, revenue_retention AS back
  FROM retention_cohorts('orders') WHERE brackets = 2;

-- max_period.
SELECT cohort, period_index AS k, customers AS x FROM retention_cohorts('orders') WHERE max_period = 1;
SELECT cohort, period_index AS k, customers AS x FROM retention_cohorts('orders') WHERE max_period = 1 AND brackets = '0,1-2,3';
SELECT count(*) FROM retention_cohorts('orders') WHERE max_period = 1 AND brackets = '2';

-- Segments are cohorts of their own.
SELECT segment, cohort, cohort_size AS size, period_index AS k, customers AS x, retention_rate AS rate, revenue
  FROM retention_cohorts('orders') WHERE segment_column = 'channel';

-- Without amounts each row is a purchase, bob's refund too; there is no money.
SELECT cohort, period_index AS k, customers AS x, orders AS n, revenue, cum_revenue_per_customer AS cum, revenue_retention AS back
  FROM retention_cohorts('orders') WHERE amount_column = '';

-- Other periods; confidence.
SELECT cohort, cohort_size AS size, period_index AS k, period_start, customers AS x FROM retention_cohorts('orders', 'quarter');
SELECT cohort, cohort_size AS size, period_index AS k, period_start, customers AS x
  FROM retention_cohorts('orders', 'month') WHERE calendar = 'jalali' AND period_index < 2;
SELECT confidence, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high FROM retention_cohorts('orders')
 WHERE confidence IN (0.5, 0.95) AND cohort = '2025-01-01' AND period_index = 1;

-- One customer, one purchase, on the last day of the month and the day before.
CREATE TABLE one(customer_id, order_date, amount);
INSERT INTO one VALUES ('ann', '2024-02-29', 9.5);
SELECT cohort, cohort_size, period_index, is_complete, customers, retention_rate, orders, revenue FROM retention_cohorts('one');
UPDATE one SET order_date = '2024-02-28';
SELECT cohort, cohort_size, period_index, is_complete, customers, retention_rate, orders, revenue FROM retention_cohorts('one');

-- Nobody bought: an empty table, refunds only, as_of before every order.
SELECT count(*) FROM retention_cohorts('orders') WHERE as_of = '2025-01-04';
UPDATE one SET amount = -1; SELECT count(*) FROM retention_cohorts('one');
DELETE FROM one; SELECT count(*) FROM retention_cohorts('one');

-- The values in effect.
SELECT period, mode, anchor, min_orders, brackets, max_period, as_of FROM retention_cohorts('orders') LIMIT 1;


-- Errors.
SELECT * FROM retention_cohorts;
SELECT * FROM retention_cohorts('orders', 'fortnight');
SELECT * FROM retention_cohorts('orders', 'month', 'rolling');
SELECT * FROM retention_cohorts('orders', 'month', 'onorafter');
SELECT * FROM retention_cohorts('orders', 'month', 'on', 'first');
SELECT * FROM retention_cohorts('orders') WHERE min_orders = 0;
SELECT * FROM retention_cohorts('orders') WHERE brackets = '1,3-2';
SELECT * FROM retention_cohorts('orders') WHERE brackets = '1-3,3-5';
SELECT * FROM retention_cohorts('orders') WHERE brackets = '-1';
SELECT * FROM retention_cohorts('orders') WHERE max_period = -1;
CREATE TABLE far(customer_id, order_date, amount);
INSERT INTO far VALUES (1, '0001-01-01', 1), (2, '0001-01-02', 1), (3, '0001-01-03', 1), (3, '9999-12-31', 1);
SELECT * FROM retention_cohorts('far', 'day');
INSERT INTO far SELECT value, '5000-01-01', value FROM json_each('[10,11,12]');
SELECT * FROM retention_cohorts('far', 'day') WHERE segment_column = 'customer_id';
