-- to_jalali(): the Iranian date of a day

-- 15 Azar 1404; 1 Farvardin 1404 and the day before, 30 Esfand of the leap year 1403.
SELECT to_jalali('2025-12-06') AS azar, to_jalali('2025-03-21') AS new_year, to_jalali('2025-03-20') AS day_before;

-- 1 Farvardin is mostly 21 March, after three years of 365 days 20 March.
SELECT column1 AS gregorian, to_jalali(column1) AS jalali
  FROM (VALUES ('2020-03-20'), ('2021-03-21'), ('2022-03-21'), ('2023-03-21'), ('2024-03-20'), ('2025-03-21'));

-- Known days: the epoch, the end of 1300 years, a revolution, a change of the year's beginning.
SELECT to_jalali('1970-01-01') AS epoch, to_jalali('1921-03-21') AS of_1300, to_jalali('1979-02-11') AS of_1357,
       to_jalali('2121-03-20') AS end_of_1499;

-- A moment is cut at midnight of the offset: 20:29 and 20:30 UTC are the two sides of midnight in Tehran.
SELECT to_jalali('2025-12-05 20:29:59', '+03:30') AS before, to_jalali('2025-12-05 20:30', '+03:30') AS after,
       to_jalali(1764968400, '+03:30') AS unix, to_jalali(1764968400) AS unix_in_utc,
       to_jalali('2025-12-05', '+03:30') AS a_day_stays;

-- A date that is Iranian already is written in one way: Latin digits, dashes, no time.
SELECT to_jalali('1404/09/15') AS slashes, to_jalali('۱۴۰۴/۰۹/۱۵') AS persian, to_jalali('١٤٠٤/٠٩/١٥') AS arabic,
       to_jalali('1404-09-15 10:20') AS with_time;

-- All that a date column may hold; NULL stays NULL, an offset that is NULL is the default.
SELECT to_jalali(20251206) AS yyyymmdd, to_jalali(1764979200000) AS unixms, to_jalali(2461015.5) AS julian,
       to_jalali(NULL) AS none, to_jalali('2025-12-05 23:00', NULL) AS utc;

-- Sorted as text they are sorted by time, and a month is a prefix.
SELECT substr(to_jalali(column1), 1, 7) AS month, count(*) AS orders
  FROM (VALUES ('2025-11-21'), ('2025-11-22'), ('2025-12-06'), ('2025-12-21'), ('2025-12-22')) GROUP BY month;

-- In an index, for it depends on nothing but its arguments.
CREATE TABLE t(d);
CREATE INDEX t_jalali ON t(to_jalali(d));
INSERT INTO t VALUES ('2025-12-06'), ('2025-03-21');
SELECT d FROM t WHERE to_jalali(d) = '1404-01-01';

-- Errors.
SELECT to_jalali('2025-02-29');
SELECT to_jalali('1404/12/30');
SELECT to_jalali('15/9/1404');
SELECT to_jalali('');
SELECT to_jalali('now');
SELECT to_jalali(14040915);
SELECT to_jalali(x'31343034');
SELECT to_jalali('2025-12-06', 'Tehran');
SELECT to_jalali('2025-12-06', 3.5);
SELECT to_jalali();
SELECT to_jalali('2025-12-06', '+03:30', 1);
