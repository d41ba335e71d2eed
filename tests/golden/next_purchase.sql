-- next_purchase(): when will each customer buy again, if at all?
.read tests/golden/fixture/shop.sql

-- Those who are expected first, and all of them.
SELECT customer_id AS c, round(p_no_more, 4) AS p_no_more, expected_date AS expected, date_p10 AS p10, date_p90 AS p90,
       last_order_date AS last, usual_gap_days AS usual, days_overdue AS overdue, note FROM next_purchase('orders') LIMIT 5;
SELECT count(*) AS n, round(sum(p_no_more), 2) AS no_more, sum(days_overdue = 0) AS on_time, min(date_p10) AS p10, max(date_p90) AS p90,
       sum(date_p90 IS NULL) AS without_p90, sum(note IS NULL) AS without_note FROM next_purchase('orders');

-- The models: without dropout everybody buys again; Pareto/NBD also has those who are gone before they do.
SELECT model, count(*) AS n, round(sum(p_no_more), 2) AS no_more, (SELECT round(sum(1 - p_alive), 2) FROM clv('orders') AS c
         WHERE c.model = p.model) AS not_alive, max(expected_date) AS expected, max(note) AS note
  FROM next_purchase('orders') AS p WHERE model IN ('bgnbd', 'mbgnbd', 'pnbd', 'nbd') GROUP BY model;

-- The model that predicted the last 90 days best, and why it is that one.
SELECT DISTINCT note FROM next_purchase('orders', 'auto');

-- What other reports say of the same customers: nothing differs.
SELECT * FROM next_purchase('orders') AS n JOIN churn_candidates('orders', 90, 0) AS c USING (customer_id)
 WHERE abs(n.p_no_more - 1 + c.p_alive) > 1e-12 OR n.usual_gap_days <> c.usual_gap_days OR n.last_order_date <> c.last_order_date
    OR n.days_overdue <> max(c.days_since_last - c.usual_gap_days, 0);

-- Dates lie behind as_of, also long after the last order, and the order is that of expected_date.
SELECT min(date_p10) AS p10, max(days_overdue) AS overdue, sum(date_p10 > expected_date OR expected_date > date_p90) AS disordered
  FROM next_purchase('orders') WHERE as_of = '2026-05-15';
SELECT count(*) FROM (SELECT customer_id AS c, lag(customer_id) OVER () AS before, expected_date AS d, lag(expected_date) OVER () AS d_before
                        FROM next_purchase('orders')) WHERE (d_before, before) > (d, c);

-- A date that is too far ahead is not given.
SELECT count(*) AS n, sum(expected_date IS NULL) AS no_date, sum(date_p90 IS NULL) AS no_p90, note FROM next_purchase('orders', 'bgnbd')
 WHERE as_of = '2060-01-01' GROUP BY note;
SELECT count(*) AS n, sum(date_p90 IS NULL) AS no_p90, max(date_p90) AS p90 FROM next_purchase('orders') WHERE as_of = '9999-12-01';
SELECT count(*) AS n, max(date_p90) AS p90 FROM next_purchase('orders') WHERE as_of = '9999-12-31';

-- Too little to predict; overdue can be told all the same, but not where nobody has bought twice.
CREATE TABLE few(customer_id, order_date);
INSERT INTO few VALUES ('ann', '2024-01-01'), ('ann', '2024-01-11'), ('bob', '2024-01-31');
SELECT * FROM next_purchase('few');
DELETE FROM few WHERE order_date = '2024-01-11';
SELECT customer_id, usual_gap_days, days_overdue, note FROM next_purchase('few');
DELETE FROM few;
SELECT count(*) FROM next_purchase('few');

-- Messages.
SELECT * FROM next_purchase('orders', 'lstm');
SELECT * FROM next_purchase('order');
