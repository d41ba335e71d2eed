-- time_to_purchase_summary(): how long customers take from one purchase to another, in figures

-- The curve of golden/time_to_purchase.sql: survival 0.8 from day 10 on, 0.6 from 20, 0.4 from 30; longest wait 86 days.
-- Up to day 40 the area under it is 10 x 1 + 10 x 0.8 + 10 x 0.6 + 10 x 0.4 = 28, up to day 86 it is 46.4.
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
.mode line
SELECT * FROM time_to_purchase_summary('orders', 1, 2, 40);
SELECT restricted_mean_days, round(restricted_mean_se, 6) AS se, note FROM time_to_purchase_summary('orders', 1, 2, 86);
.mode column

-- Its variance up to day 40 by hand: 18^2 / (5 x 4) + 10^2 / (4 x 3) + 4^2 / (3 x 2), the areas behind each event.
SELECT round(restricted_mean_se * restricted_mean_se, 9) AS variance FROM time_to_purchase_summary('orders', 1, 2, 40);

-- Beyond the longest wait there is no mean, unless nobody waits any more.
SELECT longest_days, restricted_mean_days, restricted_mean_se, note FROM time_to_purchase_summary('orders', 1, 2, 87);
SELECT customers, events, median_days, p75_days, longest_days, restricted_mean_days, restricted_mean_se, note
  FROM time_to_purchase_summary('orders') WHERE as_of = '2024-01-31' AND segment_column = 'channel' AND segment = 'shop';

-- Three quarters bought again, and the last waits on: 1, 2, 3 days, and 4 so far.
CREATE TABLE four(customer_id, order_date);
INSERT INTO four VALUES (1, '2024-01-01'), (1, '2024-01-02'), (2, '2024-01-01'), (2, '2024-01-03'), (3, '2024-01-01'),
  (3, '2024-01-04'), (4, '2024-01-01'), (3, '2024-01-05');
SELECT p25_days, median_days, p75_days, restricted_mean_days, note FROM time_to_purchase_summary('four', 1, 2, 4);
SELECT p25_days, median_days, p75_days, restricted_mean_days, note FROM time_to_purchase_summary('four', 1, 2, 5);

-- What is missing is said.
SELECT p25_days, median_days, p75_days, restricted_mean_days, note FROM time_to_purchase_summary('orders', 1, 3, 60);
SELECT p25_days, median_days, p75_days, restricted_mean_days, note FROM time_to_purchase_summary('orders', 1, 3);
SELECT p25_days, median_days, p75_days, restricted_mean_days, note FROM time_to_purchase_summary('orders', 2, 3);
SELECT customers, events, censored, longest_days, median_days, median_low, restricted_mean_days, note
  FROM time_to_purchase_summary('orders', 8, 9);

-- Segments; one without a customer who has come so far keeps its row.
SELECT segment, customers, events, censored, p25_days, median_days, restricted_mean_days, note
  FROM time_to_purchase_summary('orders', 1, 2, 30) WHERE segment_column = 'channel';
SELECT segment, customers, events, censored, note FROM time_to_purchase_summary('orders', 3, 4)
 WHERE segment_column = 'channel';

-- Confidence narrows the interval; the values in effect.
SELECT confidence, median_days, median_low, median_high FROM time_to_purchase_summary('orders', 1, 2, 40)
 WHERE confidence IN (0.1, 0.95);
SELECT from_order, to_order, horizon_days FROM time_to_purchase_summary('orders');

-- Nobody, and one order.
CREATE TABLE none(customer_id, order_date, amount);
SELECT count(*) FROM time_to_purchase_summary('none');
INSERT INTO none VALUES ('ann', '2024-01-01', 5);
SELECT customers, events, censored, longest_days, median_days, restricted_mean_days, note
  FROM time_to_purchase_summary('none');

-- Messages.
SELECT * FROM time_to_purchase_summary('orders', 3, 2);
SELECT * FROM time_to_purchase_summary('orders', 1, 2, 0);
