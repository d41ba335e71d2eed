-- concentration(): how much of the revenue hangs on how few

-- Four customers with 50, 30, 15 and 5 of 100.  gini = (3 x 0.50 + 1 x 0.30 - 1 x 0.15 - 3 x 0.05) / 4 = 0.375;
-- hhi = 0.25 + 0.09 + 0.0225 + 0.0025 = 0.365; 1 / hhi = 2.74.  The largest fifth of four is one.
CREATE TABLE orders(customer_id, order_date, amount, channel);
INSERT INTO orders VALUES
  ('ann', '2024-01-10', 20, 'web'), ('ann', '2024-02-10', 30, 'web'), ('bob', '2024-01-11', 40, 'shop'), ('bob', '2024-02-01', -10, 'shop'),
  ('cy',  '2024-02-12', 15, 'web'), ('di',  '2024-04-02', 5, 'shop');
.mode line
SELECT * FROM concentration('orders');
.mode column

-- By month: bob's refund is on a day of its own and has no month; March has nobody, April is not over.
SELECT period_start, period_end, is_complete, customers, revenue, round(top1_share, 4) AS top1, round(top5_share, 4) AS top5, round(gini, 4) AS gini,
       round(hhi, 4) AS hhi, round(effective_customers, 4) AS effective, customers_for_80pct AS for_80 FROM concentration('orders', 'month');

-- With an order column the refund counts with its order.
CREATE TABLE keyed AS SELECT rowid AS order_id, * FROM orders;
UPDATE keyed SET order_id = 3 WHERE amount < 0;
SELECT period_start, customers, revenue FROM concentration('keyed', 'month') WHERE is_complete;

-- By segment, and by both.
SELECT segment, period_start, period_end, customers, revenue, top1_share, gini FROM concentration('orders') WHERE segment_column = 'channel';
SELECT segment, period_start, is_complete, customers, revenue, top1_share FROM concentration('orders', 'quarter') WHERE segment_column = 'channel';

-- As many customers alike: no inequality.  The largest 1, 5, 10 and fifth of 25; 20 of them bring 80 %.
CREATE TABLE alike(customer_id, order_date, amount);
WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 25) INSERT INTO alike SELECT k, '2024-01-01', 4 FROM n;
SELECT customers, top1_share, top5_share, top10_share, top20pct_share, customers_for_80pct, gini, hhi, round(effective_customers, 9) AS effective FROM concentration('alike');

-- One of 25 brings all of it: gini is 24/25.
CREATE TEMP VIEW one AS SELECT customer_id, order_date, CASE customer_id WHEN 7 THEN 4 ELSE 0 END AS amount FROM alike;
SELECT customers, top1_share, top20pct_share, customers_for_80pct, gini, hhi, effective_customers FROM concentration('one');

-- A fifth of 26 is 6, rounded up.
INSERT INTO alike VALUES (26, '2024-01-01', 4);
SELECT customers, round(top20pct_share * 26, 9) AS customers_of_26 FROM concentration('alike');

-- A negative amount counts as a customer who brings nothing: revenue is the net, shares are of the 60 + 40.
CREATE TABLE back(customer_id, order_date, amount);
INSERT INTO back VALUES ('ann', '2024-01-01', 60), ('bob', '2024-01-01', 10), ('bob', '2024-01-09', -30), ('cy', '2024-01-01', 40);
SELECT customers, revenue, top1_share, top5_share, round(gini, 9) AS gini, round(hhi, 9) AS hhi FROM concentration('back');

-- Nobody; nobody who brings anything; without amounts; one customer.
CREATE TABLE none(customer_id, order_date, amount);
SELECT count(*) AS n FROM concentration('none');
SELECT count(*) AS n FROM concentration('none', 'month');
INSERT INTO none VALUES (1, '2024-01-01', 0);
.mode line
SELECT * FROM concentration('none');
SELECT * FROM concentration('orders') WHERE amount_column = '';
SELECT * FROM concentration('alike') WHERE as_of = '2024-01-31' AND segment_column = 'customer_id' AND segment = 3;
.mode column

-- Weeks as the caller counts them; the time up to as_of.
SELECT week_start, period_start, customers FROM concentration('orders', 'week') WHERE week_start IN ('monday', 'sunday') AND customers > 0 AND as_of = '2024-02-11';
SELECT period, period_start, period_end, is_complete, customers, revenue FROM concentration('orders') WHERE as_of = '2024-03-31';

SELECT * FROM concentration('orders', 'monthly');

-- Without amounts there are customers by period, and no money.
CREATE TABLE visits(customer_id, order_date);
INSERT INTO visits VALUES (1, '2024-01-05'), (1, '2024-02-05'), (2, '2024-02-07');
SELECT period_start, is_complete, customers, gini FROM concentration('visits', 'month');
