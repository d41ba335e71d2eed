-- The Iranian calendar: periods, labels, Saturdays, Tehran time and dates as they are written there

-- Aban 1404 is 2025-10-23 to 11-21, Azar 2025-11-22 to 12-21.  The fifth order is a moment in UTC: fifteen
-- minutes past midnight of 1 Azar in Tehran.
CREATE TABLE sales(customer_id, order_date, amount);
INSERT INTO sales VALUES
  ('A', '1404/08/10', 100), ('B', '۱۴۰۴/۰۸/۳۰', 100), ('C', '1404-08-05', 100), ('D', '1404/09/01', 100),
  ('E', '2025-11-21 20:45:00', 100), ('A', '1404/09/15', 100), ('B', '۱۴۰۴-۰۹-۳۰ ۰۸:۰۰', 100);

-- Tehran: of A, B, C in Aban, A and B come again in Azar; D and E are new.  UTC: E is a customer of Aban.
SELECT period_start, period_end, is_complete, start_customers AS S, end_customers AS E, new_customers AS new, retained, lost,
       round(retention_rate, 4) AS rate
  FROM retention_rate('sales', 'month') WHERE calendar = 'jalali' AND utc_offset = '+03:30';
SELECT period_start, period_end, is_complete, start_customers AS S, end_customers AS E, new_customers AS new, retained, lost,
       round(retention_rate, 4) AS rate
  FROM retention_rate('sales', 'month') WHERE calendar = 'jalali';

-- The last order is on 30 Azar, the last day of autumn; 1404 ends on 29 Esfand, and has 365 days.
SELECT period_start, period_end, is_complete, end_customers AS E, as_of
  FROM retention_rate('sales', 'quarter') WHERE calendar = 'jalali' AND utc_offset = '+03:30';
SELECT period_start, period_end, is_complete, end_customers AS E
  FROM retention_rate('sales', 'year') WHERE calendar = 'jalali' AND utc_offset = '+03:30';

-- 15 Azar 1404 is a Saturday, 2025-12-06: weeks from Saturday to Friday, and from Monday by default.
SELECT period_start, period_end, end_customers AS E
  FROM retention_rate('sales', 'week') WHERE calendar = 'jalali' AND week_start = 'saturday' AND utc_offset = '+03:30'
   AND E > 0;
SELECT period_start, period_end, end_customers AS E
  FROM retention_rate('sales', 'week') WHERE calendar = 'jalali' AND utc_offset = '+03:30' AND E > 0;

-- Blocks of days begin with the first purchase, here 5 Aban.
SELECT period_start, period_end, is_complete, end_customers AS E
  FROM retention_rate('sales', '20 days') WHERE calendar = 'jalali' AND utc_offset = '+03:30';

-- as_of is written as dates are there, with Latin or Persian digits, or in Gregorian.
SELECT as_of, period_start, is_complete, end_customers AS E FROM retention_rate('sales')
 WHERE calendar = 'jalali' AND as_of IN ('1404/09/15', '۱۴۰۴/۰۹/۱۵', '2025-12-06');

-- Active within two Iranian months: at the end of Azar all five, at the end of Dey those of Azar.
SELECT period_start, start_customers AS S, end_customers AS E FROM retention_rate('sales', 'month', '2 months')
 WHERE calendar = 'jalali' AND as_of = '1404/12/29';

-- 1403 was a leap year: 30 Esfand was 2025-03-20, and 1 Farvardin 1404 the day after.
CREATE TABLE nowruz(customer_id, order_date);
INSERT INTO nowruz VALUES ('A', '2025-03-20'), ('A', '2025-03-21'), ('B', '1403/12/30');
SELECT period_start, period_end, end_customers AS E, retained FROM retention_rate('nowruz', 'day') WHERE calendar = 'jalali';
SELECT period_start, period_end, end_customers AS E, retained FROM retention_rate('nowruz', 'year') WHERE calendar = 'jalali';

-- The other reports print the same calendar.
SELECT customer_id, first_order_date, last_order_date, as_of FROM clv('sales')
 WHERE calendar = 'jalali' AND utc_offset = '+03:30' ORDER BY customer_id LIMIT 2;

-- The aggregate takes Gregorian days; from_jalali makes them.  Azar after Aban, as above.
SELECT round(retention_rate(customer_id, from_jalali(order_date, '+03:30'), from_jalali('1404/09/01'),
                            from_jalali('1404/10/01'), from_jalali('1404/08/01')), 4) AS rate
  FROM sales;

-- Errors.
SELECT * FROM retention_rate('sales');
INSERT INTO sales VALUES ('F', '1404/12/30', 100);
SELECT * FROM retention_rate('sales') WHERE calendar = 'jalali';
UPDATE sales SET order_date = '1404/9/1' WHERE customer_id = 'F';
SELECT * FROM retention_rate('sales') WHERE calendar = 'jalali';
SELECT * FROM retention_rate('sales') WHERE calendar = 'persian';
SELECT * FROM retention_rate('sales') WHERE week_start = 'shanbe';
