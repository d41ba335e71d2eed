-- period, week_start and calendar: where periods begin and end, and when they are complete

-- 2024-01-01 was a Monday; the last order is on Saturday 2024-02-10.
CREATE TABLE o(customer_id, order_date);
INSERT INTO o VALUES ('a', '2024-01-03'), ('b', '2024-01-14'), ('a', '2024-01-15'), ('b', '2024-02-10');

-- Days: one row each, without holes.
SELECT count(*) AS rows, min(period_start) AS first, max(period_end) AS last, sum(is_complete) AS complete,
       sum(end_customers) AS active FROM retention_rate('o', 'day');

-- Weeks, from each weekday.  A week is complete when as_of reaches its last day.
SELECT week_start, period_start, period_end, is_complete, end_customers AS active FROM retention_rate('o', 'week')
 WHERE week_start IN ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')
   AND (period_start < '2024-01-09' OR period_end >= '2024-02-10')
 ORDER BY period_start;
SELECT count(*) AS n_wrong FROM retention_rate('o', 'week') WHERE week_start = 'sunday' AND strftime('%w', period_start) <> '0';

-- Months, quarters, years.
SELECT 'month' AS p, period_start, period_end, is_complete, end_customers AS active FROM retention_rate('o')
UNION ALL SELECT 'quarter', period_start, period_end, is_complete, end_customers FROM retention_rate('o', 'quarter')
UNION ALL SELECT 'year', period_start, period_end, is_complete, end_customers FROM retention_rate('o', 'year');

-- The day before the end of a month, and the end.
SELECT as_of, period_start, is_complete FROM retention_rate('o') WHERE as_of IN ('2024-02-28', '2024-02-29') AND period_start = '2024-02-01';

-- Blocks of days begin with the first purchase.  '2 weeks' is a block of 14 days.
SELECT period_start, period_end, is_complete, end_customers AS active FROM retention_rate('o', '28 days');
SELECT period_start, period_end, is_complete, end_customers AS active FROM retention_rate('o', '2 weeks');
SELECT period_start, period_end, is_complete, end_customers AS active FROM retention_rate('o', '14 day');
SELECT count(*) AS rows FROM retention_rate('o', '1 week');
SELECT count(*) AS rows FROM retention_rate('o', '1 day');
SELECT count(*) AS rows FROM retention_rate('o', 'WEEKS');

-- Other ways to ask for nonsense.
SELECT count(*) FROM retention_rate('o', 'fortnight');
SELECT count(*) FROM retention_rate('o', '-1 days');
SELECT count(*) FROM retention_rate('o', '1.5 days');
SELECT count(*) FROM retention_rate('o', '3 quarters');
SELECT count(*) FROM retention_rate('o', '');

-- Iranian months: Farvardin 1403 began on 2024-03-20.  31 days to month 6, 30 to 11; 1403 was a leap year.
CREATE TABLE j(customer_id, order_date);
INSERT INTO j VALUES ('a', '2024-03-19'), ('a', '2024-03-20'), ('b', '2024-09-21'), ('a', '2025-03-20'), ('b', '2025-03-21');
SELECT period_start, period_end, start_customers AS S, end_customers AS E, is_complete FROM retention_rate('j', 'month')
 WHERE calendar = 'jalali' AND (E > 0 OR S > 0);
SELECT period_start, period_end, start_customers AS S, end_customers AS E, is_complete FROM retention_rate('j', 'quarter') WHERE calendar = 'jalali';
SELECT period_start, period_end, start_customers AS S, end_customers AS E, retained, is_complete FROM retention_rate('j', 'year') WHERE calendar = 'jalali';
SELECT period_start, period_end FROM retention_rate('j', 'week') WHERE calendar = 'jalali' AND week_start = 'saturday' LIMIT 2;
SELECT as_of, customer_id, first_order_date, last_order_date FROM clv('j') WHERE calendar = 'jalali' ORDER BY customer_id;

-- A long series: a thousand years of days, and of years.
CREATE TABLE long(customer_id, order_date);
INSERT INTO long VALUES ('a', '1024-02-29'), ('a', '2024-02-29');
SELECT count(*) AS days, julianday('2024-02-29') - julianday('1024-02-29') + 1 AS by_sqlite FROM retention_rate('long', 'day');
SELECT count(*) AS years, min(period_start) AS first, max(period_end) AS last FROM retention_rate('long', 'year');
