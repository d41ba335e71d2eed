-- period_start(): the first day of the period that holds a date

-- 2025-12-06 is a Saturday.
SELECT period_start('2025-12-06', 'day') AS day, period_start('2025-12-06', 'week') AS week,
       period_start('2025-12-06', 'month') AS month, period_start('2025-12-06', 'quarter') AS quarter,
       period_start('2025-12-06', 'year') AS year;

-- Weeks begin on week_start.
SELECT period_start('2025-12-06', 'week', 'gregorian', 'saturday') AS saturday,
       period_start('2025-12-05', 'week', NULL, 'saturday') AS friday,
       period_start('2025-12-06', 'week', NULL, 'Sunday') AS sunday;

-- The Iranian calendar: Azar, autumn, 1404; read and printed in it.
SELECT period_start('2025-12-06', 'month', 'jalali') AS month, period_start('1404/09/15', 'quarter', 'jalali') AS quarter,
       period_start('۱۴۰۴/۰۹/۱۵', 'year', 'jalali') AS year, period_start('1404/09/21', 'week', 'jalali', 'saturday') AS week,
       from_jalali(period_start('1404/09/15', 'month', 'jalali')) AS month_in_gregorian;

-- A moment is cut at midnight of the offset; a day without a time is a day.
SELECT period_start('2025-12-31 20:45', 'month', NULL, NULL, '+03:30') AS tehran, period_start('2025-12-31 20:45', 'month') AS utc,
       period_start('2025-12-31', 'month', NULL, NULL, '+03:30') AS a_day;

-- Blocks of days are counted from 1970-01-01, or from a day on which one begins: 14 days from 2025-12-01 on.
SELECT period_start('1970-01-28', '28 days') AS first_block, period_start('1970-01-29', '28 days') AS second_block,
       period_start('1969-12-31', '28 days') AS block_before;
SELECT column1 AS day, period_start(column1, '2 weeks', NULL, NULL, NULL, '2025-12-01') AS block
  FROM (VALUES ('2025-11-30'), ('2025-12-01'), ('2025-12-14'), ('2025-12-15'));

-- All that a date column may hold; NULL gives NULL.
SELECT period_start(1765000000, 'month') AS unix, period_start(20251206, 'month') AS yyyymmdd,
       period_start('2025-12-06T10:20:30Z', 'month') AS text, period_start(NULL, 'month') AS no_date,
       period_start('2025-12-06', NULL) AS no_period;

-- The same periods as in a report, day by day; a report counts its blocks of days from the first purchase.
CREATE TABLE orders(customer_id, order_date, amount);
WITH RECURSIVE d(day) AS (SELECT '2024-02-27' UNION ALL SELECT date(day, '+1 day') FROM d WHERE day < '2025-04-02')
INSERT INTO orders SELECT strftime('%j', day) % 7, day, 5 FROM d;
SELECT p.column1 AS period, count(*) AS days, count(DISTINCT r.period_start) AS periods
  FROM (VALUES ('day'), ('week'), ('month'), ('quarter'), ('year'), ('28 days')) AS p
  JOIN orders AS o
  JOIN retention_rate('orders') AS r ON r.period = p.column1 AND r.calendar = 'gregorian' AND r.week_start = 'sunday'
   AND o.order_date BETWEEN r.period_start AND r.period_end
   AND r.period_start = period_start(o.order_date, p.column1, 'gregorian', 'sunday', NULL, '2024-02-27')
 GROUP BY period ORDER BY days, periods;
SELECT p.column1 AS period, count(*) AS days, count(DISTINCT r.period_start) AS periods
  FROM (VALUES ('week'), ('month'), ('quarter'), ('year'), ('45 days')) AS p
  JOIN orders AS o
  JOIN retention_rate('orders') AS r ON r.period = p.column1 AND r.calendar = 'jalali' AND r.week_start = 'saturday'
   AND to_jalali(o.order_date) BETWEEN r.period_start AND r.period_end
   AND r.period_start = period_start(o.order_date, p.column1, 'jalali', 'saturday', NULL, '1402/12/08')
 GROUP BY period ORDER BY days, periods;

-- In an index and a generated column.
CREATE TABLE t(d, month AS (period_start(d, 'month')));
CREATE INDEX t_month ON t(period_start(d, 'month'));
INSERT INTO t VALUES ('2025-12-06'), ('2025-11-30');
SELECT * FROM t ORDER BY period_start(d, 'month');

-- Errors.
SELECT period_start('2025-12-06', 'monthly');
SELECT period_start('2025-12-06', '2 months');
SELECT period_start('2025-12-06', 28);
SELECT period_start('2025-12-06', '0 days');
SELECT period_start('2025-13-06', 'month');
SELECT period_start('1404/09/15', 'month');
SELECT period_start(5, 'month');
SELECT period_start('2025-12-06', 'month', 'persian');
SELECT period_start('2025-12-06', 'week', NULL, 6);
SELECT period_start('2025-12-06', 'week', NULL, 'satuday');
SELECT period_start('2025-12-06', 'month', NULL, NULL, '+03.5');
SELECT period_start('2025-12-06', '28 days', NULL, NULL, NULL, 'first');
SELECT period_start('2025-12-06');
