-- new_vs_repeat(): what new and returning customers bring, two rows a period

-- January: ann's 20 and bob's 40 are new, ann's second day of 60 is repeat already.  February: cy is new, two return.
CREATE TABLE orders(customer_id, order_date, amount, channel);
INSERT INTO orders VALUES
  ('ann', '2025-01-03', 12, 'ads'),  ('ann', '2025-01-03', 8, 'mail'), ('ann', '2025-01-20', 60, 'mail'),
  ('bob', '2025-01-31', 40, 'mail'),
  ('ann', '2025-02-01', 30, 'ads'),  ('bob', '2025-02-10', 50, 'ads'),  ('bob', '2025-02-11', 70, 'ads'), ('cy', '2025-02-12', 25, 'ads'),
  ('cy',  '2025-04-30', 10, 'ads');
SELECT * FROM new_vs_repeat('orders');

-- A month has no interval where one customer is alone.  The quarter has 20, 40, 25 against ann's 60 + 30 and bob's 50 + 70:
-- e0 = -8.33/85, 11.67/85, -3.33/85; e1 = -15/210, 15/210, none; V = 0.006579 + 0.010204/1 + 0.029988/2, df = 2.994, t = 3.186.
SELECT period_start, kind, customers, orders, revenue, round(share, 6) AS share, round(aov, 6) AS aov, round(spend_uplift, 6) AS uplift,
       round(uplift_low, 6) AS low, round(uplift_high, 6) AS high
  FROM new_vs_repeat('orders', 'quarter') WHERE is_complete;

-- One order a customer, nobody on both sides: Welch's interval of the logs.  new 10, 14, 18 has 16/(3 * 14^2), repeat 30, 20,
-- 40, 30 has 66.67/(4 * 30^2): V = 0.045729, df = 4.316, t = 2.698, and 30/14 exp(-+ 2.698 * 0.21384) - 1.
CREATE TABLE welch(customer_id, order_date, amount);
INSERT INTO welch VALUES (1, '2024-12-01', 1), (2, '2024-12-01', 1), (3, '2024-12-01', 1), (4, '2024-12-01', 1), (1, '2025-01-02', 30),
  (2, '2025-01-02', 20), (3, '2025-01-02', 40), (4, '2025-01-02', 30), (5, '2025-01-03', 10), (6, '2025-01-03', 14), (7, '2025-01-31', 18);
SELECT spend_uplift, round(uplift_low, 6) AS low, round(uplift_high, 6) AS high FROM new_vs_repeat('welch') WHERE spend_uplift > 0;
SELECT confidence, round(uplift_low, 6) AS low, round(uplift_high, 6) AS high FROM new_vs_repeat('welch')
 WHERE confidence IN (0.5, 0.99) AND spend_uplift > 0;

-- The day before April ends: counts and revenue so far, no ratios.
SELECT period_start, is_complete, kind, customers, orders, revenue, share, aov, spend_uplift FROM new_vs_repeat('orders')
 WHERE as_of = '2025-04-29' AND period_start >= '2025-02-01';

-- By segment, that of the first purchase.
SELECT segment, period_start, kind, customers, orders, revenue, round(share, 4) AS share, aov, spend_uplift AS uplift
  FROM new_vs_repeat('orders', 'year') WHERE segment_column = 'channel' AND as_of = '2025-12-31';

-- Without an amount column each row is an order, and nothing is known of money.
CREATE TEMP VIEW bare AS SELECT customer_id, order_date FROM orders;
SELECT period_start, kind, customers, orders, revenue, share, aov, spend_uplift, uplift_low FROM new_vs_repeat('bare', 'quarter') LIMIT 2;

-- Refunds: netted within the day; on a day of their own in neither kind; with an order column on the order's day.
CREATE TABLE back(customer_id, order_date, amount, order_no);
INSERT INTO back VALUES ('ann', '2025-01-05', 50, 1), ('ann', '2025-01-05', -20, 1), ('ann', '2025-01-08', 40, 2), ('ann', '2025-01-09', -15, 2),
  ('bob', '2025-01-06', 9, 3), ('bob', '2025-01-06', -9, 3), ('bob', '2025-01-31', 7, 4);
SELECT kind, customers, orders, revenue FROM new_vs_repeat('back') WHERE order_column = '';
SELECT kind, customers, orders, revenue FROM new_vs_repeat('back') WHERE order_column = 'order_no';

-- Free orders are orders: a share of nothing and a ratio to nothing cannot be given.
CREATE TABLE free(customer_id, order_date, amount);
INSERT INTO free VALUES ('ann', '2025-01-05', 0), ('bob', '2025-01-06', 0), ('ann', '2025-02-05', 0), ('bob', '2025-02-06', 8), ('cy', '2025-02-28', 0);
SELECT period_start, kind, orders, revenue, share, aov, spend_uplift, uplift_low FROM new_vs_repeat('free');

-- Equal amounts: the interval is a point.
UPDATE free SET amount = 3;
INSERT INTO free VALUES ('di', '2025-02-28', 3);
SELECT period_start, kind, orders, aov, spend_uplift, uplift_low, uplift_high FROM new_vs_repeat('free') WHERE period_start = '2025-02-01';

-- Nobody, one, and the calendar.
CREATE TABLE nobody(customer_id, order_date, amount);
SELECT count(*) FROM new_vs_repeat('nobody');
INSERT INTO nobody VALUES ('x', '2025-01-31', 3);
SELECT * FROM new_vs_repeat('nobody');
SELECT period_start, period_end, kind, orders FROM new_vs_repeat('orders', 'month') WHERE calendar = 'jalali' LIMIT 2;

-- The arguments in effect.
SELECT period, segment_column, as_of, confidence, amount_column FROM new_vs_repeat('orders') LIMIT 1;

-- What cannot be.
SELECT * FROM new_vs_repeat('orders', 'monthly');
SELECT * FROM new_vs_repeat;
