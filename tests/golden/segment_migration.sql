-- segment_migration(): who moved up, who moved down

-- Five customers on 2024-01-31 with 1, 2, 3, 4 and 5 purchase days, the last one 20, 15, 10, 5 and 0 days ago: scores 11,
-- 22, 33, 44 and 55.  By 02-29 v and z have come back, on the 29th and the 9th, and n is new on the 19th.  The six are
-- cut into 2, 1, 1, 1 and 1.
CREATE TABLE orders(customer_id, order_date, amount, channel);
INSERT INTO orders VALUES
  ('u', '2024-01-11', 10, 'a'),
  ('v', '2024-01-15', 10, 'a'), ('v', '2024-01-16', 10, 'a'), ('v', '2024-02-29', 25, 'a'),
  ('w', '2024-01-19', 10, 'a'), ('w', '2024-01-20', 10, 'a'), ('w', '2024-01-21', 10, 'a'),
  ('y', '2024-01-23', 10, 'b'), ('y', '2024-01-24', 10, 'b'), ('y', '2024-01-25', 10, 'b'), ('y', '2024-01-26', 10, 'b'),
  ('z', '2024-01-27', 10, 'b'), ('z', '2024-01-28', 10, 'b'), ('z', '2024-01-29', 10, 'b'), ('z', '2024-01-30', 10, 'b'), ('z', '2024-01-31', 10, 'b'),
  ('z', '2024-02-08', 7, 'b'),  ('z', '2024-02-09', 8, 'b'),
  ('n', '2024-02-19', 40, 'b');
SELECT customer_id, r, f, rfm_segment FROM rfm_scores('orders') WHERE as_of = '2024-01-31';
SELECT customer_id, r, f, rfm_segment FROM rfm_scores('orders');
SELECT * FROM segment_migration('orders') WHERE as_of = '2024-03-01';

-- A month before 31 March is 29 February, a quarter before 29 February 29 November: nobody was there yet.
SELECT DISTINCT from_date, to_date FROM segment_migration('orders') WHERE as_of = '2024-03-31';
SELECT from_date, to_date, from_segment, sum(customers) AS customers, sum(share) AS share, sum(revenue) AS revenue FROM segment_migration('orders', 'quarter') GROUP BY from_segment;
SELECT DISTINCT period, from_date FROM segment_migration('orders') WHERE period IN ('week', '2 weeks', '28 days', '6 months', 'year') ORDER BY from_date;

-- The shares of a segment add up to 1.
SELECT from_segment, sum(customers) AS customers, sum(share) AS share, round(sum(revenue), 2) AS revenue FROM segment_migration('orders', 'month') GROUP BY from_segment;

-- Classes by amount.  On 01-29 y has 40, w and z 30, v 20, u 10, of 130: v is the one who crosses 80 %, u 95 %.  On 02-29
-- z has 65, v 45, n and y 40, w 30, u 10, of 230: y crosses 80 %, w 95 %.
SELECT customer_id, amount, abc_class FROM vip_customers('orders') WHERE as_of = '2024-01-29';
SELECT customer_id, amount, abc_class FROM vip_customers('orders');
SELECT * FROM segment_migration('orders', 'month', 'abc');

-- A refund on a day of its own counts at neither date; with an order column n's order is worth 1.
INSERT INTO orders VALUES ('n', '2024-02-28', -39, 'b');
SELECT from_segment, to_segment, customers, revenue FROM segment_migration('orders', 'month', 'abc') WHERE is_new;
CREATE TABLE keyed AS SELECT CASE customer_id WHEN 'n' THEN 0 ELSE rowid END AS order_id, * FROM orders;
SELECT from_segment, to_segment, customers, revenue FROM segment_migration('keyed', 'month', 'abc') WHERE is_new;

-- By a segment of the source: each is sorted by itself.
SELECT segment, from_segment, to_segment, is_new, customers, share, revenue FROM segment_migration('orders', 'month', 'abc') WHERE segment_column = 'channel';

-- Nobody; one customer, new and old; without amounts only 'abc' cannot be had.
CREATE TABLE none(customer_id, order_date, amount);
SELECT count(*) AS n FROM segment_migration('none');
SELECT count(*) AS n FROM segment_migration('none', 'month', 'abc');
INSERT INTO none VALUES (1, '2024-01-01', 5);
SELECT from_segment, to_segment, is_new, customers, share, revenue FROM segment_migration('none');
SELECT from_segment, to_segment, is_new, customers, share, revenue FROM segment_migration('none') WHERE as_of = '2024-02-01';
SELECT from_segment, to_segment, is_new, customers, share, revenue FROM segment_migration('none') WHERE amount_column = '';
SELECT * FROM segment_migration('none', 'month', 'abc') WHERE amount_column = '';

-- The interval is Wilson's: 1 of 2.
SELECT confidence, from_segment, share, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high FROM segment_migration('orders', 'month', 'abc')
 WHERE confidence IN (0.5, 0.95) AND share < 0.5;

SELECT * FROM segment_migration('orders', 'monthly');
SELECT * FROM segment_migration('orders', 'month', 'source');

-- Nobody needs no amounts.
CREATE TABLE nobody(customer_id, order_date);
SELECT count(*) AS n FROM segment_migration('nobody', 'month') WHERE scheme = 'abc';
