-- churn_candidates(): who is about to leave, how sure are we, what is at stake, why?

-- Without a model: gaps, silence and reasons by hand.  Gaps: ann 10, 10, 10, 10; bob 4 and 10; cy 30; the
-- shop's median of 4, 10, 10, 10, 10, 10, 30 is 10.
CREATE TABLE small(customer_id, order_date, amount);
INSERT INTO small VALUES
  ('ann', '2024-01-01', 40), ('ann', '2024-01-11', 40), ('ann', '2024-01-21', 40), ('ann', '2024-01-31', 30), ('ann', '2024-02-10', 10),
  ('bob', '2024-02-01', 10), ('bob', '2024-02-05', 10), ('bob', '2024-02-15', 10),
  ('cy', '2024-01-20', 5), ('cy', '2024-02-19', 5), ('di', '2024-03-10', 7), ('ed', '2024-03-09', 7);
-- usual_gap_days: ann 10; bob, two gaps of median 7, (2 x 7 + 10) / 3 = 8; cy (30 + 2 x 10) / 3 = 16.67; di
-- and ed, who bought once, 10.  ann's last two days bring 20 on average, those before 40: down 50 %.
SELECT rank, customer_id AS c, last_order_date AS last, days_since_last AS silence, round(usual_gap_days, 2) AS gap,
       round(overdue_ratio, 2) AS ratio, purchase_days AS days, historic_value AS historic FROM churn_candidates('small');
.mode list
SELECT customer_id, reason FROM churn_candidates('small');
SELECT DISTINCT churn_probability, p_alive, value_at_risk, risk_band, note FROM churn_candidates('small');

-- Customers without a prediction are always listed.
SELECT count(*) AS n FROM churn_candidates('small', 90, 1);

-- "Longer than": of the gaps 1, 2, 3, 40 the silence of 8 days exceeds three, and their median 2.5.
CREATE TABLE habit(customer_id, order_date);
INSERT INTO habit VALUES ('a', '2024-01-01'), ('a', '2024-01-02'), ('a', '2024-01-04'), ('a', '2024-01-07'), ('a', '2024-02-16'), ('b', '2024-02-24');
SELECT customer_id, reason, historic_value IS NULL AS no_amounts FROM churn_candidates('habit') ORDER BY customer_id;

-- A shop large enough for the model.
.mode column
.read tests/golden/fixture/shop.sql
SELECT rank, customer_id AS c, round(churn_probability, 3) AS churn, round(p_alive, 3) AS p_alive, days_since_last AS silence,
       round(usual_gap_days, 1) AS gap, round(overdue_ratio, 2) AS ratio, historic_value AS historic, round(value_at_risk, 0) AS at_risk,
       risk_band FROM churn_candidates('orders') LIMIT 5;
.mode list
SELECT reason FROM churn_candidates('orders') LIMIT 5;
.mode column
SELECT risk_band, count(*) AS n, round(min(churn_probability), 2) AS least, round(max(churn_probability), 2) AS most
  FROM churn_candidates('orders', 90, 0) GROUP BY 1 ORDER BY 3;

-- How sure: the interval holds the probability, inside 0..1, is symmetric on the log odds, wider where more
-- confidence is asked for.
SELECT customer_id AS c, round(ci_low, 3) AS low, round(churn_probability, 3) AS churn, round(ci_high, 3) AS high FROM churn_candidates('orders')
 WHERE customer_id IN (307, 300, 29) AND confidence = 0.9;
SELECT count(*) AS n, sum(0 <= a.ci_low AND a.ci_low <= a.churn_probability AND a.churn_probability <= a.ci_high AND a.ci_high <= 1) AS n_inside,
       sum(b.ci_low <= a.ci_low AND a.ci_high <= b.ci_high) AS n_wider,
       sum(abs(a.ci_low / (1 - a.ci_low) * a.ci_high / (1 - a.ci_high) * (1 - a.churn_probability) * (1 - a.churn_probability)
               / (a.churn_probability * a.churn_probability) - 1) < 1e-6)
           FILTER (WHERE a.churn_probability < 0.999) AS n_symmetric, count(*) FILTER (WHERE a.churn_probability < 0.999) AS n_of
  FROM churn_candidates('orders', 90, 0) AS a JOIN churn_candidates('orders', 90, 0) AS b USING (customer_id)
 WHERE a.confidence = 0.9 AND b.confidence = 0.99;
SELECT DISTINCT ci_low, ci_high FROM churn_candidates('small');

-- min_probability filters, 0 lists everybody, and the default is 0.5.
SELECT (SELECT count(*) FROM churn_candidates('orders', 90, 0)) = (SELECT count(DISTINCT customer_id) FROM orders) AS everybody,
       (SELECT count(*) FROM churn_candidates('orders')) = (SELECT count(*) FROM churn_candidates('orders', 90, 0) WHERE churn_probability >= 0.5) AS half,
       (SELECT min(churn_probability) FROM churn_candidates('orders', 90, 0.8)) >= 0.8 AS four_fifths;

-- Bands, ranks and ratios.
SELECT count(*) AS n, sum(risk_band = CASE WHEN churn_probability >= 0.9 THEN 'very high' WHEN churn_probability >= 0.7 THEN 'high'
                                           WHEN churn_probability >= 0.5 THEN 'medium' ELSE 'low' END
                          AND overdue_ratio = days_since_last / usual_gap_days AND usual_gap_days > 0) AS n_right
  FROM churn_candidates('orders', 90, 0);
SELECT count(*) AS n_out_of_order FROM (SELECT rank, value_at_risk AS v, lag(rank) OVER () AS rank_before, lag(value_at_risk) OVER () AS v_before
  FROM churn_candidates('orders', 90, 0)) WHERE v > v_before OR rank <> rank_before + 1;

-- Never less than 1 - p_alive, which a BG/NBD puts at 0 for every one-time buyer; falling with the horizon.
SELECT a.model, count(*) AS n, sum(a.churn_probability >= 1 - a.p_alive AND b.churn_probability < a.churn_probability) AS n_right,
       min(a.churn_probability) FILTER (WHERE a.purchase_days = 1) > 0 AS one_timers_may_churn
  FROM churn_candidates('orders', 30, 0) AS a JOIN churn_candidates('orders', 180, 0) AS b USING (customer_id)
 WHERE a.model IN ('bgnbd', 'mbgnbd') AND b.model = a.model GROUP BY a.model;

-- value_at_risk = churn_probability x purchases a year if alive x spend.  In one day somebody alive buys with
-- a chance of about the daily rate, so (1 - churn of one day) / p_alive is the rate to a few percent.
SELECT count(*) AS n, sum(abs(c.value_at_risk / (c.churn_probability * (1 - d.churn_probability) / d.p_alive * 365 * expected_spend) - 1) < 0.1) AS n_right
  FROM churn_candidates('orders', 90, 0) AS c JOIN churn_candidates('orders', 1, 0) AS d USING (customer_id) JOIN clv('orders') USING (customer_id);

-- Twice the same.
SELECT count(*) AS n_differences FROM (SELECT * FROM churn_candidates('orders') EXCEPT SELECT * FROM churn_candidates('orders'));
