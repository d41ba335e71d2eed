-- winback(): who comes back after a long silence, do they stay, and what do they bring?

-- Day 0 is 2024-01-01, as_of is day 100.  Purchase days: a 0, 30, 35, 90; b 10; c 0, 25, 55; d 85; e 60; f 70, 95.
CREATE TABLE orders(customer_id, day, order_date AS (date('2024-01-01', day || ' days')), amount, channel);
INSERT INTO orders VALUES ('a', 0, 1, 'web'), ('a', 30, 2, 'web'), ('a', 35, 4, 'web'), ('a', 90, 8, 'web'), ('b', 10, 16, 'shop'),
  ('c', 0, 32, 'shop'), ('c', 25, 64, 'shop'), ('c', 55, 128, 'shop'), ('d', 85, 256, 'web'), ('e', 60, 512, 'shop'),
  ('f', 70, 1024, 'web'), ('f', 95, 2048, 'web'), ('f', 100, -1, 'web'), ('g', 50, -5, 'web');

-- Dormant after 20 days; buckets of 20.  21 to 40 days: a (from day 0, 35), b, c (0, 25, 55) and e, whose 40 days end on
-- day 100; back: a on day 30, who stays, c on 25 and 55, who does not.  f is back, but day 70 + 40 is after as_of.
-- Revenue in 20 days: a 2 + 4, c 64 and 128.
-- 41 to 60: a (35), back on day 90, too late to judge more, and b; c's day 55 + 60 is after as_of.
-- 61 to 80: b.  81 to 100: b, not over yet.
SELECT dormancy_from AS days, dormancy_to AS up_to, customers AS n, spells, reactivated AS back, round(reactivation_rate, 4) AS rate,
       round(ci_low, 4) AS low, round(ci_high, 4) AS high, excluded_immature AS late FROM winback('orders', '20 days', 20);
SELECT dormancy_from AS days, reactivated AS back, rechurn_judged AS judged, rechurned AS gone, round(rechurn_rate, 4) AS rate, revenue,
       round(revenue_per_reactivated, 4) AS each, note FROM winback('orders', '20 days', 20);

-- All columns.
SELECT * FROM winback('orders', '20 days', 20) LIMIT 1;
SELECT DISTINCT dormant_after, window_days FROM winback('orders', '40 days');
SELECT count(*) AS n FROM winback('orders');

-- Shorter buckets: f's first one is over and f back on its last day.  Revenue counts for as long.
SELECT dormancy_from AS days, dormancy_to AS up_to, customers AS n, spells, reactivated AS back, excluded_immature AS late, revenue
  FROM winback('orders', '20 days', 5) LIMIT 4;
SELECT dormancy_from AS days, spells, reactivated AS back, revenue, revenue_per_reactivated AS each FROM winback('orders', '20 days', 20) WHERE amount_column = '';

-- Months are counted back from as_of: 2024-03-31 less one month is 2024-02-29, 31 days.  Of the three that have been
-- silent for longer a is back on as_of; the others are inactive.
SELECT dormancy_from AS days, spells, excluded_immature AS late FROM winback('orders', '1 month') WHERE as_of = '2024-03-31';
SELECT customer_id, days_since_last FROM inactive_customers('orders', '1 month') WHERE as_of = '2024-03-31';

-- Segments: a customer's at the first purchase; all have the same buckets.
SELECT segment, dormancy_from AS days, customers AS n, spells, reactivated AS back, excluded_immature AS late, note
  FROM winback('orders', '20 days', 40) WHERE segment_column = 'channel';

-- The interval by confidence.
SELECT confidence, round(ci_low, 4) AS low, round(ci_high, 4) AS high FROM winback('orders', '20 days', 20) WHERE dormancy_from = 21 AND confidence IN (0.5, 0.95);

-- Nobody; one customer, dormant and not.
CREATE TABLE none(customer_id, order_date);
SELECT count(*) AS n FROM winback('none');
INSERT INTO none VALUES ('x', '2024-02-29');
SELECT count(*) AS n FROM winback('none');
SELECT dormancy_from AS days, dormancy_to AS up_to, spells, reactivation_rate AS rate, excluded_immature AS late, note
  FROM winback('none', '1 week', 7) WHERE as_of = '2024-03-14';
SELECT count(*) AS n FROM winback('none', '1 week', 7) WHERE as_of = '2024-03-07';

-- Refusals.
SELECT * FROM winback('orders', 'long');
SELECT * FROM winback('orders', '180');
SELECT * FROM winback('orders', '180 days', 0);
SELECT * FROM winback('orders', '180 days', '90 days');
