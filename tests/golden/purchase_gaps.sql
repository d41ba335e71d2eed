-- purchase_gaps(): how many days lie between one purchase and the next

-- Gaps: ann 10 and 20, bob 20, di 30.  fay's first day was refunded; gus's two orders are one day.
CREATE TABLE orders(customer_id, order_date, amount, channel);
INSERT INTO orders VALUES
  ('ann', '2024-01-01', 10, 'ads'),  ('ann', '2024-01-11', 10, 'shop'), ('ann', '2024-01-31', 10, 'ads'),
  ('bob', '2024-01-01', 20, 'shop'), ('bob', '2024-01-21', 20, 'shop'),
  ('cy',  '2024-01-05', 30, 'ads'),
  ('di',  '2024-03-01', 40, 'ads'),  ('di',  '2024-03-31', 40, 'shop'),
  ('ed',  '2024-03-25', 50, 'shop'),
  ('fay', '2024-02-01', 60, 'ads'),  ('fay', '2024-02-01', -60, 'ads'),   ('fay', '2024-02-10', 0, 'shop'),
  ('gus', '2024-03-31', 70, 'shop'), ('gus', '2024-03-31', 75, 'ads'),
  (NULL,  '2024-01-01', 80, 'shop'), ('',    '2024-01-11', 80, 'shop');
SELECT order_number, n, mean, median, p10, p25, p75, p90, round(cv, 6) AS cv FROM purchase_gaps('orders');

-- All columns.
SELECT * FROM purchase_gaps('orders') LIMIT 1;

-- max_n bounds the rows, not the gaps of the first row.
SELECT order_number, n, mean FROM purchase_gaps('orders', 1);

-- Segments by the first purchase; one without a gap has no row.
SELECT segment, order_number, n, mean, median FROM purchase_gaps('orders') WHERE segment_column = 'channel';
SELECT segment, order_number, n, mean, median FROM purchase_gaps('orders')
 WHERE segment_column = 'channel' AND as_of = '2024-01-20';

-- Percentiles lie on a gap or linearly between two: 1, 2, 4, 8, ..., 1024.
CREATE TABLE doubling AS WITH RECURSIVE n(i, d) AS (SELECT 0, 0 UNION ALL SELECT i + 1, d + (1 << i) FROM n WHERE i < 11)
  SELECT 7 AS customer_id, date('2020-01-01', '+' || d || ' days') AS order_date FROM n;
SELECT order_number, n, mean, median, p10, p25, p75, p90, round(cv, 6) AS cv FROM purchase_gaps('doubling', 2);

-- The values in effect.
SELECT DISTINCT max_n, amount_column = '' AS counts_rows FROM purchase_gaps('doubling');

-- Nobody, one order, and orders on one day: no gap.
CREATE TABLE none(customer_id, order_date, amount);
SELECT count(*) FROM purchase_gaps('none');
INSERT INTO none VALUES ('ann', '2024-01-01', 5), ('ann', '2024-01-01', 7), ('bob', '2024-01-01', 5);
SELECT count(*) FROM purchase_gaps('none');

-- Messages.
SELECT * FROM purchase_gaps('orders', 0);
SELECT * FROM purchase_gaps('orders', 1001);
SELECT * FROM purchase_gaps('orders', 'all');
