-- retention_by(): which segment's customers are kept better than the rest

-- January: 40 customers of ads, 60 of mail, 5 of fairs.  February: 20, 45 and 1 of them, and 3 new ones.  1 March ends it.
CREATE TABLE orders(customer_id INTEGER, order_date TEXT, amount REAL, channel TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 108)
INSERT INTO orders
SELECT i, '2025-01-15', 10, CASE WHEN i <= 40 THEN 'ads' WHEN i <= 100 THEN 'mail' ELSE 'fairs' END FROM n WHERE i <= 105
UNION ALL SELECT i, '2025-02-10', 10, 'web' FROM n WHERE i <= 20 OR i BETWEEN 41 AND 85 OR i = 101
UNION ALL SELECT i, '2025-02-28', 10, 'ads' FROM n WHERE i > 105
UNION ALL SELECT 1, '2025-03-01', 10, 'ads';
SELECT segment, customers, retained, retention_rate AS rate, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high, too_small
  FROM retention_by('orders', 'channel');

-- ads 20/40 against 46/65, mail 45/60 against 21/45, fairs 1/5 against 65/100.  Two are tested: p * 2/2 and p * 2/1.
SELECT segment, round(diff_vs_rest, 6) AS diff_vs_rest, round(diff_low, 4) AS diff_low, round(diff_high, 4) AS diff_high,
       round(p_value, 6) AS p_value, round(p_adjusted, 6) AS p_adjusted
  FROM retention_by('orders', 'channel');

-- All columns.
.mode line
SELECT * FROM retention_by('orders', 'channel') LIMIT 1;
.mode column

-- The period in effect: the last complete one.  The day before February ended it was January, which has no base.
SELECT DISTINCT period, period_from, period_to, base_from, period_start, period_end, is_complete, as_of FROM retention_by('orders', 'channel');
SELECT segment, period_from, period_to, base_from, customers, retained, retention_rate, diff_vs_rest, too_small
  FROM retention_by('orders', 'channel') WHERE as_of = '2025-02-27';
SELECT segment, period_from, customers, retained FROM retention_by('orders', 'channel') WHERE as_of = '2025-02-28';

-- The longer the period the longer the base; of dates that begin no period, as many days.
SELECT DISTINCT period, period_from, period_to, base_from, is_complete FROM retention_by('orders', 'channel', 'quarter');
SELECT DISTINCT period, period_from, period_to, base_from, is_complete FROM retention_by('orders', 'channel', 'week');
SELECT DISTINCT period, period_from, period_to, base_from, is_complete FROM retention_by('orders', 'channel', '10 days');
SELECT DISTINCT period_from, period_to, base_from, is_complete FROM retention_by('orders', 'channel', 'month', '2025-02-01');
SELECT DISTINCT period_from, period_to, base_from, is_complete FROM retention_by('orders', 'channel', 'month', '2025-02-11');
SELECT DISTINCT period_from, period_to, base_from, is_complete FROM retention_by('orders', 'channel') WHERE period_to = '2025-02-11';
SELECT DISTINCT period_from, period_to, base_from, is_complete FROM retention_by('orders', 'channel') WHERE period_to = '2025-02-01';
SELECT DISTINCT period_from, period_to, base_from FROM retention_by('orders', 'channel') WHERE period_from = '2025-01-01' AND period_to = '2025-03-01';
SELECT DISTINCT period_from, period_to, base_from FROM retention_by('orders', 'channel') WHERE base_from = '2024-12-24';

-- The same days named outright give the same; the ends count as they say: 10 February is before 11 February, not in it.
SELECT sum(customers), sum(retained) FROM retention_by('orders', 'channel', 'month', '2025-02-01', '2025-03-01');
SELECT sum(customers), sum(retained) FROM retention_by('orders', 'channel', 'month', '2025-02-10', '2025-02-11', '2025-01-15');
SELECT sum(customers), sum(retained) FROM retention_by('orders', 'channel', 'month', '2025-02-11', '2025-03-01', '2025-01-16');
SELECT sum(customers), sum(retained) FROM retention_by('orders', 'channel', 'month', '2025-02-11', '2025-02-28', '2025-02-10');

-- A period that is not over: counts so far, no rates, nothing tested.
SELECT * FROM retention_by('orders', 'channel', 'month', '2025-03-01') WHERE segment <> 'fairs';

-- At the last purchase most of those retained are web's: their last is the one in February.  One segment has no rest.
SELECT segment, customers, retained, diff_vs_rest AS diff, diff_low, p_value FROM retention_by('orders', 'channel') WHERE segment_at = 'last';
CREATE TEMP VIEW one AS SELECT customer_id, order_date, amount, NULL AS channel FROM orders;
SELECT segment, customers, retained, retention_rate AS rate, diff_vs_rest AS diff, diff_low, p_value, p_adjusted, too_small
  FROM retention_by('one', 'channel');

-- 30 customers are tested, 29 are not; nor is anybody where the rest has 29, or where all were kept.
CREATE TABLE border(customer_id, order_date, channel);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
INSERT INTO border SELECT i, '2025-01-31', CASE WHEN i <= 30 THEN 'thirty' WHEN i <= 59 THEN 'less' ELSE 'more' END FROM n WHERE i <= 109
         UNION ALL SELECT i, '2025-02-01', 'x' FROM n WHERE i % 2;
SELECT segment, customers, retained, round(p_value, 4) AS p_value, round(p_adjusted, 4) AS p_adjusted, too_small
  FROM retention_by('border', 'channel') WHERE as_of = '2025-02-28';
CREATE TEMP VIEW rest29 AS SELECT * FROM border WHERE customer_id <= 59;
SELECT segment, customers, retained, p_value, p_adjusted, too_small FROM retention_by('rest29', 'channel') WHERE as_of = '2025-02-28';
CREATE TEMP VIEW kept AS SELECT * FROM border WHERE customer_id % 2;
SELECT segment, customers, retained, diff_vs_rest AS diff, round(diff_low, 4) AS low, round(diff_high, 4) AS high, p_value, too_small
  FROM retention_by('kept', 'channel') WHERE as_of = '2025-02-28';

-- Confidence widens the intervals and leaves the test alone.
SELECT confidence, round(diff_low, 4) AS diff_low, round(diff_high, 4) AS diff_high, round(p_value, 6) AS p_value
  FROM retention_by('orders', 'channel') WHERE segment = 'ads' AND confidence IN (0.5, 0.99);

-- Refunds: of a day that was refunded nothing is left.  Without an amount column each row counts.
CREATE TABLE back(customer_id, order_date, amount, channel);
INSERT INTO back VALUES ('ann', '2025-01-05', 5, 'a'), ('bob', '2025-01-05', 5, 'a'), ('ann', '2025-02-05', 7, 'a'),
                        ('ann', '2025-02-05', -7, 'a'), ('bob', '2025-02-06', 7, 'b'), ('bob', '2025-02-07', -7, 'b');
SELECT segment, customers, retained FROM retention_by('back', 'channel') WHERE as_of = '2025-02-28';
SELECT segment, customers, retained FROM retention_by('back', 'channel') WHERE as_of = '2025-02-28' AND amount_column = '';

-- Iranian months: Bahman 1403 is 2025-01-20 to 2025-02-18.
SELECT DISTINCT period_from, period_to, base_from, period_end FROM retention_by('orders', 'channel') WHERE calendar = 'jalali';
SELECT DISTINCT period_from, period_to, base_from, period_end FROM retention_by('orders', 'channel', 'month', '1403-11-01') WHERE calendar = 'jalali';

-- Nobody, and one.
CREATE TABLE nobody(customer_id, order_date, amount, channel);
SELECT count(*) FROM retention_by('nobody', 'channel');
INSERT INTO nobody VALUES ('x', '2025-01-31', 1, 'only');
SELECT segment, period_start, customers, retained, retention_rate, too_small FROM retention_by('nobody', 'channel');


-- What cannot be.
SELECT * FROM retention_by('orders');
SELECT * FROM retention_by('orders', NULL);
SELECT * FROM retention_by('orders', '');
SELECT * FROM retention_by('orders', 'chanel');
SELECT * FROM retention_by('orders', 'channel', 'month', '2025-02-01', '2025-02-01');
SELECT * FROM retention_by('orders', 'channel', 'month', '2025-02-01', '2025-01-01');
SELECT * FROM retention_by('orders', 'channel', 'month', NULL, NULL, '2025-02-01');
SELECT * FROM retention_by('orders', 'channel', 'month', '2025-02-30');
SELECT * FROM retention_by('orders', 'channel', 'fortnight');
