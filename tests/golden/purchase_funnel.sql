-- purchase_funnel(): how many customers go on from each purchase to the next

-- as_of is 2024-03-31.  From the first purchase: ann goes on after 10 days, bob 20, di 30; waiting gus 0, ed 6, fay 50,
-- cy 86: survival 0.8 x 0.75 x 2/3 = 0.4.  From the second: ann after 20, waiting di 0, bob 70: survival 0.5.  From the
-- third: ann waits.
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
SELECT n, customers, bought_next, conversion, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high,
       km_conversion, round(km_ci_low, 4) AS km_ci_low, round(km_ci_high, 4) AS km_ci_high
  FROM purchase_funnel('orders');
SELECT n, lost, share_of_all_loss, median_days, is_worst_step FROM purchase_funnel('orders');

-- All columns.
SELECT * FROM purchase_funnel('orders') LIMIT 1;

-- max_n bounds the steps; shares are still of all losses.
SELECT n, customers, lost, share_of_all_loss, is_worst_step FROM purchase_funnel('orders', 2);

-- horizon_days: how soon the next purchase must come to count in km_conversion.
SELECT horizon_days, n, conversion, km_conversion, km_ci_low IS NULL AS no_interval FROM purchase_funnel('orders', 2)
 WHERE horizon_days IN (9, 10, 19, 20, 365);

-- Segments have a worst step each.
SELECT segment, n, customers, bought_next, km_conversion, lost, share_of_all_loss, is_worst_step
  FROM purchase_funnel('orders') WHERE segment_column = 'channel';

-- Of steps that lose as many the first is the worst: two of five stop at each.
CREATE TABLE ties(customer_id, order_date);
INSERT INTO ties VALUES (1, '2024-01-01'), (2, '2024-01-01'), (3, '2024-01-01'), (4, '2024-01-01'), (5, '2024-01-01'),
  (3, '2024-01-03'), (4, '2024-01-03'), (5, '2024-01-03'), (5, '2024-01-05');
SELECT n, customers, lost, share_of_all_loss, is_worst_step FROM purchase_funnel('ties');

-- The end of a curve on which few stand for many is not read.  Ten customers, nine of whom bought yesterday, so that one
-- stands for ten when she comes back after 30 days; of five, she stands for five, a fifth, and that is enough.
CREATE TABLE late(customer_id, order_date);
INSERT INTO late VALUES (1, '2024-01-01'), (1, '2024-01-31'), (2, '2024-01-30'), (3, '2024-01-30'), (4, '2024-01-30'),
  (5, '2024-01-30'), (6, '2024-01-30'), (7, '2024-01-30'), (8, '2024-01-30'), (9, '2024-01-30'), (10, '2024-01-30');
SELECT n, customers, conversion, km_conversion FROM purchase_funnel('late', 1);
DELETE FROM late WHERE customer_id > 5;
SELECT n, customers, conversion, km_conversion, km_ci_low, km_ci_high FROM purchase_funnel('late', 1);

-- as_of earlier: bob's second purchase is not known.  Confidence; the values in effect.
SELECT n, customers, bought_next, km_conversion FROM purchase_funnel('orders') WHERE as_of = '2024-01-20';
SELECT confidence, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high, round(km_ci_low, 4) AS km_ci_low,
       round(km_ci_high, 4) AS km_ci_high FROM purchase_funnel('orders', 1) WHERE confidence IN (0.5, 0.95);
SELECT DISTINCT max_n, horizon_days FROM purchase_funnel('orders');

-- Nobody, and one order.
CREATE TABLE none(customer_id, order_date, amount);
SELECT count(*) FROM purchase_funnel('none');
INSERT INTO none VALUES ('ann', '2024-01-01', 5);
SELECT n, customers, bought_next, conversion, km_conversion, lost, share_of_all_loss, median_days, is_worst_step
  FROM purchase_funnel('none');

-- Messages.
SELECT * FROM purchase_funnel('orders', 0);
SELECT * FROM purchase_funnel('orders', 10, 36501);
SELECT * FROM purchase_funnel('orders', 10, 'year');
