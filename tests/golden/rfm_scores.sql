-- rfm_scores(): how lately, how often and for how much

-- Ten customers, no ties: fifths are pairs.  a bought last and most often, j first and once ... customer k of 1 .. 10
-- bought on k days, the last one 10 x (10 - k) days before 2024-12-31, for 100 x k in all.
CREATE TABLE orders(customer_id, order_date, amount);
WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 10)
INSERT INTO orders SELECT char(107 - a.k), date('2024-12-31', '-' || (10 * (10 - a.k) + b.k - 1) || ' days'), 100
  FROM n AS a JOIN n AS b ON b.k <= a.k;
SELECT * FROM rfm_scores('orders');

-- Two bins: the upper and the lower half, stretched to 1 and 5 for the name.  Three: 4, 3 and 3 customers, as NTILE does.
SELECT customer_id, r, f, m, rfm, rfm_segment, r_cut, f_cut, m_cut, r_bins FROM rfm_scores('orders', 2);
SELECT group_concat(rfm) AS rfm, group_concat(DISTINCT rfm_segment) AS names FROM rfm_scores('orders', 3);
.mode list

-- From 10 bins on the code has dashes; more bins than customers: no score is higher than their number.
SELECT group_concat(rfm) AS rfm, max(r_bins) AS r_bins FROM rfm_scores('orders', 10);
SELECT group_concat(rfm) AS rfm, max(r_bins) AS r_bins FROM rfm_scores('orders', 100);
.mode column

-- Ties share a score, the lowest of their tiles: 6 of 10 bought once, so nobody has f = 2 or 3.  p and q were there on
-- the same day; 0.1 + 0.2 and 0.3 are the same money.
CREATE TABLE ties(customer_id, order_date, amount);
INSERT INTO ties VALUES
  ('k', '2024-01-01', 5),  ('l', '2024-01-02', 6),  ('m', '2024-01-03', 7),  ('n', '2024-01-04', 8),  ('o', '2024-01-05', 9),
  ('p', '2024-01-09', 0.1), ('p', '2024-01-09', 0.2),
  ('q', '2024-01-08', 0.1), ('q', '2024-01-09', 0.2),
  ('r', '2024-01-06', 1),  ('r', '2024-01-08', 1),
  ('s', '2024-01-05', 1),  ('s', '2024-01-06', 1), ('s', '2024-01-07', 1),
  ('t', '2024-01-08', 0.3), ('t', '2024-01-09', 0), ('t', '2024-01-10', 0), ('t', '2024-01-11', 0);
SELECT customer_id AS c, days_since_last AS days, r, r_cut, purchase_days AS n, f, f_cut, historic_value AS value, m, m_cut,
       r_bins || f_bins || m_bins AS bins FROM rfm_scores('ties');

-- The cut points by themselves.
SELECT DISTINCT f, f_cut, f_bins FROM rfm_scores('ties') ORDER BY f;

-- The segments, all 25 pairs: customer 'rf' has the scores r and f of five bins, with 5 customers in each tile.
CREATE TABLE grid(customer_id, order_date, amount);
WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 5)
INSERT INTO grid SELECT r.k || f.k, date('2024-01-01', '+' || (10 * r.k - b.k) || ' days'), 1
  FROM n AS r, n AS f JOIN n AS b ON b.k <= f.k;
.mode list
SELECT substr(customer_id, 1, 1) AS r, group_concat(rfm_segment, ' ') AS "f = 1 to 5", min(r = substr(customer_id, 1, 1) AND f = substr(customer_id, 2)) AS as_made
  FROM rfm_scores('grid') GROUP BY 1 ORDER BY 1 DESC;
.mode column

-- With a segment column customers are scored among their own.
CREATE TABLE split AS SELECT *, CASE WHEN customer_id < 'f' THEN 'early' ELSE 'late' END AS channel FROM orders;
SELECT customer_id, segment, rfm, r_cut, m_cut, r_bins FROM rfm_scores('split') WHERE segment_column = 'channel';

-- Without amounts there is no m; the name needs none.
SELECT customer_id, r, f, m, rfm, rfm_segment, historic_value, m_cut, m_bins FROM rfm_scores('ties') WHERE amount_column = '' AND customer_id > 'r';

-- As of an earlier day; nobody; one customer; all alike.
SELECT customer_id, days_since_last, purchase_days, rfm FROM rfm_scores('ties') WHERE as_of = '2024-01-05';
CREATE TABLE few(customer_id, order_date, amount);
SELECT count(*) AS n FROM rfm_scores('few');
INSERT INTO few VALUES (1, '2024-01-01', 5);
SELECT customer_id, rfm, rfm_segment, r_cut, f_cut, m_cut, r_bins, f_bins, m_bins FROM rfm_scores('few');
INSERT INTO few VALUES (2, '2024-01-01', 5), (3, '2024-01-01', 5);
SELECT customer_id, rfm, rfm_segment, r_cut, f_cut, m_cut, r_bins, f_bins, m_bins FROM rfm_scores('few');

-- Who gave more back than they bought has a negative value, and the lowest score.
INSERT INTO few VALUES (4, '2024-01-01', 5), (4, '2024-01-02', -8);
SELECT customer_id, historic_value, rfm, m_cut FROM rfm_scores('few');

-- Bins are whole numbers of 2 to 100.
SELECT * FROM rfm_scores('orders', 1);
SELECT * FROM rfm_scores('orders', 101);
SELECT * FROM rfm_scores('orders') WHERE bins = 2.5;
