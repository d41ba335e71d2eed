-- period_index(): the number of the period that holds a date

-- Years as they are called, quarters and months counted within them from 0; days since 1970-01-01.
SELECT period_index('2025-12-06', 'year') AS year, period_index('2025-12-06', 'quarter') AS quarter, 4 * 2025 + 3 AS same,
       period_index('2025-12-06', 'month') AS month, 12 * 2025 + 11 AS same, period_index('2025-12-06', 'day') AS day,
       julianday('2025-12-06') - julianday('1970-01-01') AS same;

-- Differences count periods: months since the first order, however long they are.
SELECT period_index('2025-03-01', 'month') - period_index('2024-12-31', 'month') AS months,
       period_index('2025-01-01', 'year') - period_index('2024-12-31', 'year') AS years,
       period_index('2025-01-06', 'week') - period_index('2025-01-05', 'week') AS weeks;

-- 1970-01-01 was a Thursday: in week 0, whichever day begins it, and the week before it is -1.
SELECT period_index('1970-01-01', 'week') AS week_0, period_index('1970-01-04', 'week') AS still,
       period_index('1970-01-05', 'week') AS week_1, period_index('1969-12-29', 'week') AS monday, period_index('1969-12-28', 'week') AS before,
       period_index('1970-01-01', 'week', NULL, 'thursday') AS first_day, period_index('1969-12-31', 'week', NULL, 'thursday') AS last_day;

-- Blocks of days are counted from 1970-01-01, or from the anchor.
SELECT period_index('1970-01-28', '28 days') AS block_0, period_index('1970-01-29', '28 days') AS block_1,
       period_index('1969-12-31', '28 days') AS before, period_index('2025-12-15', '14 days', NULL, NULL, NULL, '2025-12-01') AS second;

-- Iranian months: Azar 1404 is the ninth; the new year comes after Esfand.
SELECT period_index('2025-12-06', 'month', 'jalali') AS azar, 12 * 1404 + 8 AS same,
       period_index('1404/01/01', 'month', 'jalali') - period_index('1403/12/30', 'month', 'jalali') AS one,
       period_index('2025-03-20', 'year', 'jalali') AS before, period_index('2025-03-21', 'year', 'jalali') AS after;

-- A moment is cut at midnight of the offset.
SELECT period_index('2025-12-05 20:45', 'day') AS utc, period_index('2025-12-05 20:45', 'day', NULL, NULL, '+03:30') AS tehran;

-- Whole numbers, so a window may count back in them; NULL gives NULL.
CREATE TABLE orders(customer_id, order_date);
INSERT INTO orders VALUES (1, '2025-01-31'), (2, '2025-02-01'), (1, '2025-02-28 23:59'), (3, '2025-03-31'), (2, '2025-04-01');
SELECT order_date, count(*) OVER (ORDER BY period_index(order_date, 'month') RANGE BETWEEN 1 PRECEDING AND CURRENT ROW)
       AS orders_of_two_months, typeof(period_index(order_date, 'month')) AS type
  FROM orders;
SELECT period_index(NULL, 'month') AS no_date, period_index('2025-01-01', NULL) AS no_period;

-- Errors.
SELECT period_index('2025-12-06', 'mont');
SELECT period_index('soon', 'month');
SELECT period_index('2025-12-06', 'month', 'jalaly');
SELECT period_index('2025-12-06', '28 days', NULL, NULL, NULL, 1);
SELECT period_index('2025-12-06');
