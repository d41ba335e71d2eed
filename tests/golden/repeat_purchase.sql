-- repeat_purchase(): how many come back within so many days

-- as_of is 2024-03-31.  Days from the first purchase to it: ann 90, bob 90, cy 86, di 30, ed 6, fay 50, gus 0; to the
-- second purchase: ann 10, bob 20, di 30.  fay's first day was refunded.
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
SELECT window_days, eligible, repeaters, repeat_rate, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high,
       excluded_immature
  FROM repeat_purchase('orders', '5,10,30,60,90,91');

-- Exactly so many days are enough for both; a day more is not.
SELECT window_days, eligible, repeaters, excluded_immature FROM repeat_purchase('orders', '9,10,19,20,29,30,31');

-- All columns, with the default windows.
SELECT * FROM repeat_purchase('orders');

-- Cohorts by period; one that nobody began in has no row.
SELECT cohort, window_days, eligible, repeaters, repeat_rate AS rate, excluded_immature
  FROM repeat_purchase('orders', '10,30', 'month');
SELECT cohort, eligible, repeaters FROM repeat_purchase('orders', 30, 'week') WHERE week_start = 'sunday';
SELECT cohort, eligible, repeaters FROM repeat_purchase('orders', 30, '10 days');

-- Segments by the first purchase, and by the last.
SELECT segment, cohort, window_days, eligible, repeaters, excluded_immature
  FROM repeat_purchase('orders', '10,30', 'quarter') WHERE segment_column = 'channel';
SELECT segment, window_days, eligible, repeaters, excluded_immature FROM repeat_purchase('orders', 30)
 WHERE segment_column = 'channel' AND segment_at = 'last';

-- as_of earlier: orders after it are not known.  Later: everybody is mature.
SELECT window_days, eligible, repeaters, excluded_immature FROM repeat_purchase('orders', '10,30')
 WHERE as_of = '2024-01-20';
SELECT window_days, eligible, repeaters, excluded_immature FROM repeat_purchase('orders', '10,30')
 WHERE as_of = '2024-12-31';
SELECT count(*) FROM repeat_purchase('orders') WHERE as_of = '2023-12-31';

-- Confidence.
SELECT confidence, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high FROM repeat_purchase('orders', 30)
 WHERE confidence IN (0.5, 0.95);

-- The values in effect.
SELECT DISTINCT windows, typeof(period) AS type, period = '' AS is_none, week_start FROM repeat_purchase('orders');
SELECT DISTINCT windows, period FROM repeat_purchase('orders', 30, 'Quarter');

-- Without amounts each row is a purchase: fay comes back after 9 days.
SELECT eligible, repeaters FROM repeat_purchase('orders', 10) WHERE amount_column = '';

-- Nobody, one order, nothing but refunds.
CREATE TABLE none(customer_id, order_date, amount);
SELECT count(*) FROM repeat_purchase('none');
INSERT INTO none VALUES ('ann', '2024-01-01', -5);
SELECT count(*) FROM repeat_purchase('none');
INSERT INTO none VALUES ('ann', '2024-01-02', 5);
SELECT window_days, eligible, repeaters, repeat_rate, ci_low, excluded_immature FROM repeat_purchase('none', '1,2');

-- Messages.
SELECT * FROM repeat_purchase('orders', '60,30');
SELECT * FROM repeat_purchase('orders', '0,30');
SELECT * FROM repeat_purchase('orders', '30 days');
SELECT * FROM repeat_purchase('orders', '');
SELECT * FROM repeat_purchase('orders', 36501);
SELECT * FROM repeat_purchase('orders', 30, 'moth');
SELECT * FROM repeat_purchase('orders', 30, 5);
