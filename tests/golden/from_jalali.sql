-- from_jalali(): the Gregorian date of an Iranian one

-- 15 Azar 1404 with slashes, dashes, Persian and Arabic-Indic digits.
SELECT from_jalali('1404/09/15') AS slashes, from_jalali('1404-09-15') AS dashes, from_jalali('۱۴۰۴/۰۹/۱۵') AS persian,
       from_jalali('١٤٠٤/٠٩/١٥') AS arabic;

-- The first day of each month of 1404, and the first of 1405.
SELECT from_jalali('1404/01/01') AS m1, from_jalali('1404/02/01') AS m2, from_jalali('1404/03/01') AS m3,
       from_jalali('1404/04/01') AS m4, from_jalali('1404/05/01') AS m5, from_jalali('1404/06/01') AS m6;
SELECT from_jalali('1404/07/01') AS m7, from_jalali('1404/08/01') AS m8, from_jalali('1404/09/01') AS m9,
       from_jalali('1404/10/01') AS m10, from_jalali('1404/11/01') AS m11, from_jalali('1404/12/01') AS m12,
       from_jalali('1405/01/01') AS next_year;

-- The 30th of Esfand is there in leap years: 1399 and 1403, then after five years 1408.
SELECT from_jalali('1399/12/30') AS of_1399, from_jalali('1403/12/30') AS of_1403, from_jalali('1408/12/30') AS of_1408;

-- For SQLite's own date functions: the weekday of 15 Azar, days between two dates.
SELECT strftime('%w', from_jalali('1404/09/15')) AS saturday,
       julianday(from_jalali('1404/12/29')) - julianday(from_jalali('1404/01/01')) AS days;

-- A time is left out; a moment in UTC is cut at midnight of the offset.
SELECT from_jalali('1404/09/14 20:45') AS utc, from_jalali('1404/09/14 20:45', '+03:30') AS tehran,
       from_jalali('1404/09/15 00:15:00+03:30') AS with_offset, from_jalali('1404/09/15', '+03:30') AS a_day_stays;

-- A Gregorian date stays as it is, so that a mixed column comes out in one calendar.  NULL stays NULL.
SELECT from_jalali('2025-12-06') AS gregorian, from_jalali(1764979200) AS unix, from_jalali(NULL) AS none;

-- There and back.
SELECT count(*) AS days, sum(from_jalali(to_jalali(day)) = day) AS the_same
  FROM (WITH RECURSIVE d(day) AS (SELECT '2024-03-01' UNION ALL SELECT date(day, '+1 day') FROM d WHERE day < '2026-03-31')
        SELECT day FROM d);

-- Errors.
SELECT from_jalali('1404/12/30');
SELECT from_jalali('1404/07/31');
SELECT from_jalali('1404/13/01');
SELECT from_jalali('1404/9/15');
SELECT from_jalali('15/09/1404');
SELECT from_jalali('1404.09.15');
SELECT from_jalali(14040915);
SELECT from_jalali('14040915');
SELECT from_jalali('فردا');
SELECT from_jalali('1404/09/15', '+15:00');
SELECT from_jalali();
