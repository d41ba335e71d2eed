-- time_to_purchase(): how long customers take from one purchase to another, by Kaplan-Meier

-- as_of is 2024-03-31.  From the first purchase to the second: ann 10 days, bob 20, di 30; still waiting: gus 0, ed 6,
-- fay 50, cy 86.  fay's first day was refunded; gus's two orders are one day.
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
SELECT day, at_risk, events, censored, survival, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high
  FROM time_to_purchase('orders');

-- All columns.
SELECT * FROM time_to_purchase('orders') LIMIT 1;

-- From the second to the third: ann 20 days; still waiting: di 0, bob 70.  From the first to the third: ann 30; still
-- waiting: gus 0, ed 6, di 30, fay 50, cy 86, bob 90.  Who is censored on day 30 is at risk on it.
SELECT day, at_risk, events, censored, survival FROM time_to_purchase('orders', 2, 3);
SELECT day, at_risk, events, censored, survival FROM time_to_purchase('orders', 1, 3);

-- Nobody has made the last purchase; nobody has made the first.
SELECT day, at_risk, events, censored, survival, ci_low FROM time_to_purchase('orders', 3, 4);
SELECT count(*) FROM time_to_purchase('orders', 4, 5);

-- Segments by the first purchase.
SELECT segment, day, at_risk, events, censored, survival FROM time_to_purchase('orders')
 WHERE segment_column = 'channel';

-- as_of earlier and later: bob's second purchase is not known, everybody waits on.
SELECT day, at_risk, events, censored, survival FROM time_to_purchase('orders') WHERE as_of = '2024-01-20';
SELECT day, at_risk, events, censored FROM time_to_purchase('orders') WHERE as_of = '2024-04-30';
SELECT count(*) FROM time_to_purchase('orders') WHERE as_of = '2023-12-31';

-- The remission times of Freireich et al. (1963) as orders: 21 customers, their first orders up to 35 days ago, nine of
-- whom come back.  Textbooks have these figures: median 23, interval from 13 on, mean up to day 35 of 23.29.
CREATE TABLE freireich AS
  WITH wait(days, came) AS (VALUES (6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1), (10, 0), (11, 0), (13, 1),
    (16, 1), (17, 0), (19, 0), (20, 0), (22, 1), (23, 1), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0)),
  customer AS (SELECT row_number() OVER (ORDER BY days, came) AS customer_id, days, came FROM wait)
  SELECT customer_id, date('2024-06-30', '-' || days || ' days') AS order_date FROM customer
   UNION ALL SELECT customer_id, '2024-06-30' FROM customer WHERE came;
SELECT day, at_risk, events, censored, round(survival, 4) AS survival, round(ci_low, 4) AS ci_low,
       round(ci_high, 4) AS ci_high FROM time_to_purchase('freireich') WHERE events > 0;
SELECT customers, events, median_days, median_low, median_high, round(restricted_mean_days, 2) AS mean,
       round(restricted_mean_se, 2) AS se FROM time_to_purchase_summary('freireich', 1, 2, 35);

-- Confidence; the values in effect.
SELECT confidence, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high FROM time_to_purchase('freireich')
 WHERE confidence IN (0.5, 0.95) AND day = 6;
SELECT DISTINCT from_order, to_order FROM time_to_purchase('orders');

-- Nobody, and one order.
CREATE TABLE none(customer_id, order_date, amount);
SELECT count(*) FROM time_to_purchase('none');
INSERT INTO none VALUES ('ann', '2024-01-01', 5);
SELECT * FROM time_to_purchase('none');

-- Messages.
SELECT * FROM time_to_purchase('orders', 2, 2);
SELECT * FROM time_to_purchase('orders', 3);
SELECT * FROM time_to_purchase('orders', 0);
SELECT * FROM time_to_purchase('orders', 1, 1);
SELECT * FROM time_to_purchase('orders', 1, 'third');
