-- What a date column may hold, and which day it is read as

-- A day is shown as period_start of a daily series whose first row is that day.
CREATE TABLE d(customer_id, order_date);

-- Text: a day, a time, fractions cut off, T or a space, Z or an offset, 24:00 as the next day.
INSERT INTO d VALUES ('a', '2024-02-29');
SELECT period_start AS plain_day FROM retention_rate('d', 'day');
UPDATE d SET order_date = '2024-01-05 10:20'; SELECT period_start AS minutes FROM retention_rate('d', 'day');
UPDATE d SET order_date = '2024-01-05T10:20:30'; SELECT period_start AS seconds FROM retention_rate('d', 'day');
UPDATE d SET order_date = '2024-01-05 23:59:59.999999'; SELECT period_start AS fraction FROM retention_rate('d', 'day');
UPDATE d SET order_date = '2024-01-05T10:20Z'; SELECT period_start AS zulu FROM retention_rate('d', 'day');
UPDATE d SET order_date = '2024-01-05 24:00'; SELECT period_start AS next_day FROM retention_rate('d', 'day');
UPDATE d SET order_date = '2024-01-05 23:30:00-05:00'; SELECT period_start AS next_day_in_utc FROM retention_rate('d', 'day');
UPDATE d SET order_date = '2024-01-05 01:00+0330'; SELECT period_start AS day_before_in_utc FROM retention_rate('d', 'day');
UPDATE d SET order_date = '2024-01-05 01:00 +02'; SELECT period_start AS day_before_in_utc FROM retention_rate('d', 'day');
UPDATE d SET order_date = '1582-10-15'; SELECT period_start AS long_ago FROM retention_rate('d', 'day');
UPDATE d SET order_date = '0000-01-01'; SELECT period_start AS first_day FROM retention_rate('d', 'day');
UPDATE d SET order_date = '9999-12-31'; SELECT period_start AS last_day FROM retention_rate('d', 'day');

-- Numbers: unix seconds, unix milliseconds, YYYYMMDD, Julian days; the unit is told by the range.
UPDATE d SET order_date = 1704412800; SELECT period_start AS unix FROM retention_rate('d', 'day');
UPDATE d SET order_date = 1704499199; SELECT period_start AS unix_last_second FROM retention_rate('d', 'day');
UPDATE d SET order_date = 1704412800.75; SELECT period_start AS unix_real FROM retention_rate('d', 'day');
UPDATE d SET order_date = 1704412800123; SELECT period_start AS unixms FROM retention_rate('d', 'day');
UPDATE d SET order_date = 20240105; SELECT period_start AS yyyymmdd FROM retention_rate('d', 'day');
UPDATE d SET order_date = julianday('2024-01-05 18:00'); SELECT period_start AS julian FROM retention_rate('d', 'day');
UPDATE d SET order_date = 2460315; SELECT period_start AS julian_noon FROM retention_rate('d', 'day');

-- The ends of the ranges: 1990-01-01 and 2100-12-31.
UPDATE d SET order_date = 631152000; SELECT period_start AS unix FROM retention_rate('d', 'day');
UPDATE d SET order_date = 4133980799; SELECT period_start AS unix FROM retention_rate('d', 'day');
UPDATE d SET order_date = 631151999; SELECT period_start AS too_early FROM retention_rate('d', 'day');
UPDATE d SET order_date = 4133980800; SELECT period_start AS too_late FROM retention_rate('d', 'day');
UPDATE d SET order_date = 21001231; SELECT period_start AS yyyymmdd FROM retention_rate('d', 'day');

-- A unit that is named reads any year, and numbers kept as text.
UPDATE d SET order_date = 0; SELECT period_start AS epoch FROM retention_rate('d', 'day') WHERE date_unit = 'unix';
UPDATE d SET order_date = -1; SELECT period_start AS second_before FROM retention_rate('d', 'day') WHERE date_unit = 'unix';
UPDATE d SET order_date = '1704412800'; SELECT period_start AS as_text FROM retention_rate('d', 'day') WHERE date_unit = 'unix';
UPDATE d SET order_date = '20240105'; SELECT period_start AS as_text FROM retention_rate('d', 'day') WHERE date_unit = 'yyyymmdd';
UPDATE d SET order_date = 19000101; SELECT period_start AS old FROM retention_rate('d', 'day') WHERE date_unit = 'yyyymmdd';
UPDATE d SET order_date = 20240230; SELECT period_start AS none FROM retention_rate('d', 'day') WHERE date_unit = 'yyyymmdd';

-- utc_offset cuts the day of a moment; a day without a time stays.
UPDATE d SET order_date = '2024-01-05 20:29:59';
SELECT utc_offset, period_start AS local_day FROM retention_rate('d', 'day') WHERE utc_offset IN ('+03:30', '-0500', '+14', 'Z');
UPDATE d SET order_date = '2024-01-05 20:30:00';
SELECT utc_offset, period_start AS local_day FROM retention_rate('d', 'day') WHERE utc_offset = '+03:30';
UPDATE d SET order_date = 1704423600; SELECT period_start AS local_day FROM retention_rate('d', 'day') WHERE utc_offset = '-05:00';
UPDATE d SET order_date = '2024-01-05'; SELECT period_start AS same_day FROM retention_rate('d', 'day') WHERE utc_offset = '-05:00';
UPDATE d SET order_date = 20240105; SELECT period_start AS same_day FROM retention_rate('d', 'day') WHERE utc_offset = '-05:00';

-- as_of takes the same forms, and is the last day of the series.
UPDATE d SET order_date = '2024-01-05';
SELECT as_of, count(*) AS days FROM retention_rate('d', 'day') WHERE as_of IN ('2024-01-07', 20240107, 1704585600, '2024-01-07T09:00', 2460317.5) GROUP BY as_of;

-- on_error = 'skip': unreadable rows are left out and counted.
INSERT INTO d VALUES ('a', NULL), ('a', 'soon'), ('b', '2024-01-06'), ('b', x'00'), ('c', '2024-01-32'), ('c', 20240106);
SELECT period_start, end_customers, rows_read, rows_skipped FROM retention_rate('d', 'day') WHERE on_error = 'skip';

-- The jalali calendar: 1403 had 366 days.  Latin and Persian digits, slashes, and Gregorian days too.
DELETE FROM d;
INSERT INTO d VALUES ('a', '1403/12/30'), ('b', '۱۴۰۴/۰۱/۰۱'), ('c', '1404-01-31'), ('d', '2025-03-19');
SELECT period_start, period_end, is_complete, new_customers FROM retention_rate('d', 'month') WHERE calendar = 'jalali';
UPDATE d SET order_date = '1404/12/30'; SELECT * FROM retention_rate('d') WHERE calendar = 'jalali';
