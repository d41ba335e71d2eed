-- retention_curve(): all cohorts as one, a row per period after the first purchase

-- January: ann, bob, cy and di; February: ed.  The last order is of 31 March, so March is over.
CREATE TABLE orders(customer_id, order_date, amount, channel);
INSERT INTO orders VALUES
  ('ann', '2025-01-10', 10, 'ads'),  ('ann', '2025-02-10', 10, 'ads'), ('ann', '2025-03-31', 10, 'ads'),
  ('bob', '2025-01-20', 10, 'mail'), ('bob', '2025-03-02', 10, 'mail'),
  ('cy',  '2025-01-31', 10, 'ads'),  ('cy',  '2025-02-28', 10, 'ads'), ('cy', '2025-02-28', -10, 'ads'),
  ('di',  '2025-01-31', 10, NULL),   ('di',  '2025-02-28', 10, NULL),
  ('ed',  '2025-02-15', 10, 'mail'), ('ed',  '2025-03-15', 10, 'mail');
SELECT * FROM retention_curve('orders');

-- pooled: 3 of 5 in month 1, each customer weighs the same.  simple: the mean of 2/4 and 1/1.
SELECT average, period_index AS k, at_risk, customers AS x, retention_rate AS rate, ci_low, cohorts_used AS n
  FROM retention_curve('orders') WHERE average IN ('pooled', 'simple') AND period_index > 0;

-- On 30 March it is not over: of month 1 February's cohort is left out, and month 2 has no row.
SELECT period_index AS k, at_risk, customers AS x, retention_rate AS rate, cohorts_used AS n
  FROM retention_curve('orders') WHERE as_of = '2025-03-30';

-- Modes.
SELECT mode, period_index AS k, at_risk, customers AS x, retention_rate AS rate FROM retention_curve('orders')
 WHERE mode IN ('on', 'on_or_after', 'on_or_before', 'streak');

-- Each customer's own months.  On 29 March month 1 is over for ann (9 March) and bob (19 March), for cy and di,
-- whose month 2 begins on 31 March, on the 30th, and for ed on 14 April.
SELECT as_of, period_index AS k, at_risk, customers AS x, retention_rate AS rate, cohorts_used AS n
  FROM retention_curve('orders') WHERE anchor = 'customer' AND as_of IN ('2025-03-29', '2025-03-30', '2025-03-31');

-- In the mean of the cohorts' rates only cells count that are complete for all customers of the cohort.
SELECT as_of, period_index AS k, at_risk, customers AS x, retention_rate AS rate, cohorts_used AS n
  FROM retention_curve('orders') WHERE anchor = 'customer' AND average = 'simple' AND as_of IN ('2025-03-29', '2025-03-30');

-- Day 28 after the first purchase, and a week from there; who was not seen for so long is not at risk.
SELECT period_index AS k, at_risk, customers AS x, retention_rate AS rate, cohorts_used AS n
  FROM retention_curve('orders', 'day') WHERE anchor = 'customer' AND brackets = '28,29-35,60,70';
SELECT period_index AS k, at_risk, customers AS x
  FROM retention_curve('orders', 'day', 'on_or_before') WHERE anchor = 'customer' AND brackets = '27,28,60';

-- Two purchases in a month; the first period only.
SELECT period_index AS k, at_risk, customers AS x FROM retention_curve('orders') WHERE min_orders = 2;
SELECT period_index AS k, at_risk, customers AS x FROM retention_curve('orders', 'quarter') WHERE min_orders = 2 AND max_period = 0;

-- Segments.
SELECT segment, period_index AS k, at_risk, customers AS x, retention_rate AS rate, cohorts_used AS n
  FROM retention_curve('orders') WHERE segment_column = 'channel';
SELECT segment, period_index AS k, at_risk, customers AS x, retention_rate AS rate, cohorts_used AS n
  FROM retention_curve('orders') WHERE segment_column = 'channel' AND average = 'simple';

-- One customer, in a month that is over and in one that is not; nobody.
CREATE TABLE one(customer_id, order_date, amount);
INSERT INTO one VALUES ('ann', '2024-02-29', 9.5);
SELECT period_index, at_risk, customers, retention_rate, cohorts_used FROM retention_curve('one');
UPDATE one SET order_date = '2024-02-28';
SELECT count(*) FROM retention_curve('one');
DELETE FROM one;
SELECT count(*) FROM retention_curve('one');

-- The values in effect, and the order.
SELECT period, mode, average, anchor, min_orders, brackets, max_period FROM retention_curve('orders') LIMIT 1;

-- Errors.
SELECT * FROM retention_curve('orders', 'month', 'on', 'median');
SELECT * FROM retention_curve('orders', 'month', 'on_or_befor');
SELECT * FROM retention_curve('orders') WHERE brackets = 'all';
CREATE TABLE far(customer_id, order_date, amount);
INSERT INTO far VALUES (1, '0001-01-01', 1), (2, '0001-01-02', 1), (3, '0001-01-03', 1), (3, '9999-12-31', 1);
SELECT * FROM retention_curve('far', 'day') WHERE segment_column = 'customer_id';
SELECT period_index, at_risk, customers FROM retention_curve('far', 'year', 'on_or_after') WHERE brackets = '9998';
