-- lifecycle(): what makes the base of active customers grow or shrink, a row per period

-- ann buys in January, February and May, bob in January and April, cy and di from February on, eve at the end of May.
CREATE TABLE orders(customer_id, order_date, amount, channel);
INSERT INTO orders VALUES
  ('ann', '2025-01-03', 5, 'ads'),  ('ann', '2025-02-09', 5, 'ads'), ('ann', '2025-02-10', 5, 'mail'), ('ann', '2025-05-31', 5, 'mail'),
  ('bob', '2025-01-31', 5, 'mail'), ('bob', '2025-04-01', 5, 'mail'),
  ('cy',  '2025-02-01', 5, 'ads'),  ('cy',  '2025-03-15', 5, 'ads'),
  ('di',  '2025-02-28', 5, 'mail'), ('di',  '2025-03-01', 5, 'mail'), ('di', '2025-04-30', 5, 'ads'), ('di', '2025-05-05', 5, 'ads'),
  ('eve', '2025-05-31', 5, NULL);
SELECT * FROM lifecycle('orders');

-- active = active before + new + reactivated - dormant, and the change of active is net_growth.
SELECT count(*) AS n_broken FROM (SELECT *, lag(active, 1, 0) OVER (ORDER BY period_start) AS before FROM lifecycle('orders'))
 WHERE active <> before + new + reactivated - dormant OR active - before <> net_growth OR active <> new + retained + reactivated;

-- A day earlier May is not over: who has not bought yet may still, and nothing looks like a crash.
SELECT period_start, is_complete, new, retained, reactivated, dormant, active, net_growth, quick_ratio
  FROM lifecycle('orders') WHERE as_of = '2025-05-30' AND period_start >= '2025-04-01';

-- Two months later two of silence have passed: all are dormant in June, nobody in July.
SELECT period_start, is_complete, new, retained, reactivated, dormant, active, net_growth, quick_ratio
  FROM lifecycle('orders') WHERE as_of = '2025-07-31' AND period_start >= '2025-05-01';

-- By segment, that of the first purchase and that of the last.
SELECT segment, period_start, new, retained, reactivated, dormant, active, net_growth, quick_ratio
  FROM lifecycle('orders') WHERE segment_column = 'channel' AND segment IS NOT NULL;
SELECT segment, sum(new) AS new, sum(dormant) AS dormant FROM lifecycle('orders') WHERE segment_column = 'channel' AND segment_at = 'last' GROUP BY segment;

-- Other periods.
SELECT period_start, period_end, is_complete AS complete, new, retained, reactivated AS back, dormant, active FROM lifecycle('orders', 'quarter');
SELECT period_start, period_end, is_complete AS complete, new, retained, reactivated AS back, dormant, active FROM lifecycle('orders', '60 days');
SELECT count(*) AS weeks, sum(new) AS new, sum(active) AS active, sum(is_complete) AS complete FROM lifecycle('orders', 'week');
SELECT count(*) AS weeks, min(period_start) AS first FROM lifecycle('orders', 'week') WHERE week_start = 'saturday';
SELECT period_start, period_end, new, active, dormant FROM lifecycle('orders') WHERE calendar = 'jalali' LIMIT 2;

-- Refunds: a day that was refunded is no purchase.  utc_offset moves an order into the next month.
CREATE TABLE back(customer_id, order_date, amount);
INSERT INTO back VALUES ('ann', '2025-01-05', 5), ('ann', '2025-02-05', 7), ('ann', '2025-02-05', -7), ('ann', '2025-03-31 23:00', 5), ('bob', '2025-04-30', 0);
SELECT period_start, new, retained, reactivated, dormant, active FROM lifecycle('back');
SELECT period_start, new, retained, reactivated, dormant, active FROM lifecycle('back') WHERE utc_offset = '+03:30';

-- Nobody, one, and nobody yet.
CREATE TABLE nobody(customer_id, order_date);
SELECT count(*) FROM lifecycle('nobody');
INSERT INTO nobody VALUES ('x', '2025-01-31');
SELECT * FROM lifecycle('nobody');
SELECT count(*) FROM lifecycle('nobody') WHERE as_of = '2025-01-30';

-- The arguments in effect.
SELECT period, segment_column, as_of, week_start FROM lifecycle('orders') LIMIT 1;

-- What cannot be.
SELECT * FROM lifecycle('orders', 'monthly');
SELECT * FROM lifecycle;
