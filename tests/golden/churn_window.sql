-- churn_window(): after how many days of silence is a customer of this shop gone?

-- Day 0 is 2024-01-01, as_of is day 100.  Purchase days: a 0, 15, 60; b 0, 100; c 5; d 65; e 50, 70.
CREATE TABLE orders(customer_id, day, order_date AS (date('2024-01-01', day || ' days')), amount, channel);
INSERT INTO orders VALUES ('a', 0, 1, 'web'), ('a', 15, 2, 'web'), ('a', 60, 4, 'web'), ('b', 0, 8, 'shop'), ('b', 100, 16, 'shop'),
  ('c', 5, 32, 'web'), ('d', 65, 64, 'shop'), ('e', 50, 128, 'shop'), ('e', 70, 256, 'shop'), ('e', 75, -6, 'shop'), ('f', 90, -9, 'shop');

-- Followed for 30 days, so that a spell that begins on day d is judged at 10 days when d + 40 is at most 100.
-- 10 days: a (from day 0, 15, 60), b, c, e (50); back by then + 40: a on day 15, e on day 70.  Too late: d, e (70).
-- 20 days: a (15), b, c; back by then + 50: a on day 60.  e's 20 days are not longer.  Too late: a (60), d, e (70).
-- 40 days: a (15), b, c; back: a.  a's 40 days since day 60 are not longer.
-- 60 days: b, c; nobody back within 30 days.  70 days: b, back on day 100; too late for c.  99 days: too late for b.
SELECT days, customers AS n, spells, came_back AS back, round(return_rate, 4) AS rate, round(ci_low, 4) AS low, round(ci_high, 4) AS high,
       revenue_recalled AS revenue, excluded_immature AS late, is_recommended AS fits, note
  FROM churn_window('orders', '10,20,40,60,70,99,100', 30) WHERE min_spells = 1;

-- All columns, the windows by default.
SELECT * FROM churn_window('orders') LIMIT 2;
SELECT group_concat(days) AS days, windows, follow_up_days, max_return_rate, min_spells FROM churn_window('orders');

-- Revenue until the follow-up is over, here 60 days after the purchase: after day 0 a's days 15 and 60, 2 + 4; after
-- day 15 again day 60.
SELECT days, spells, came_back, revenue_recalled FROM churn_window('orders', 10, 50) WHERE min_spells = 1;
SELECT days, spells, came_back, revenue_recalled FROM churn_window('orders', 10, 50) WHERE amount_column = '' AND min_spells = 1;

-- A share that may come back; as many spells as a recommendation needs.
SELECT days, spells, round(return_rate, 4) AS rate, is_recommended AS fits, note FROM churn_window('orders', '10,20,40,60', 30, 0.34, 3);
SELECT days, spells, round(return_rate, 4) AS rate, is_recommended AS fits, note FROM churn_window('orders', '10,20,40,60', 30, 0.3, 3);
SELECT days, is_recommended AS fits FROM churn_window('orders', '10,60', 30, 1, 1);

-- Segments: a customer's at the first purchase.  Each has its own recommendation.
SELECT segment, days, customers AS n, spells, came_back AS back, excluded_immature AS late, is_recommended AS fits
  FROM churn_window('orders', '10,20,40', 30, 0.5, 1) WHERE segment_column = 'channel';

-- 40 customers buy every year on the same day, 60 did once: after 120 days nobody comes back within 90, yet after 300
-- four in ten do, so that 120 days say nothing.  Whoever has been silent for 400 is gone.
CREATE TABLE yearly(customer_id, order_date);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
INSERT INTO yearly SELECT i, '2022-12-01' FROM n UNION ALL SELECT i, '2023-12-01' FROM n WHERE i <= 40;
INSERT INTO yearly VALUES (NULL, '2024-06-30');
SELECT days, customers AS n, spells, return_rate AS rate, round(ci_low, 4) AS low, is_recommended AS fits, note FROM churn_window('yearly', '120,300,400,600');
-- How sure we must be that more come back after a longer length.
SELECT confidence, days, round(ci_low, 4) AS low, is_recommended AS fits FROM churn_window('yearly', '120,300') WHERE max_return_rate = 0.35 AND confidence IN (0.5, 0.95);
SELECT days, is_recommended AS fits FROM churn_window('yearly', '120,300', 180, 0.4);

-- as_of in the past: later orders are not known yet, and later spells cannot be followed.
SELECT days, spells, came_back AS back, excluded_immature AS late, note FROM churn_window('orders', '10,20', 30) WHERE as_of = '2024-02-29' AND min_spells = 1;

-- Nobody; one customer.
CREATE TABLE none(customer_id, order_date);
SELECT count(*) AS n FROM churn_window('none');
INSERT INTO none VALUES ('x', '2024-02-29');
SELECT count(*) AS n, sum(spells) AS spells, max(return_rate) AS rate FROM churn_window('none');
SELECT days, spells, return_rate AS rate, excluded_immature AS late FROM churn_window('none', '1,9,10,11', 1) WHERE as_of = '2024-03-10';

-- Refusals.
SELECT * FROM churn_window('orders', '');
SELECT * FROM churn_window('orders', '30,20');
SELECT * FROM churn_window('orders', '0,20');
SELECT * FROM churn_window('orders', '10-20');
SELECT * FROM churn_window('orders', '36501');
SELECT * FROM churn_window('orders', '30', 0);
SELECT * FROM churn_window('orders', '30', '90 days');
SELECT * FROM churn_window('orders', '30', 90, 10);
SELECT * FROM churn_window('orders', '30', 90, 0.1, 0);
