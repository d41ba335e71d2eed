-- clv_model(): what the models learned about the shop, and which one is to be believed.
.read tests/golden/fixture/backtest.sql
.read tests/golden/fixture/shop.sql
SELECT model, parameter, round(value, 3) AS value, round(std_error, 3) AS error, round(log_likelihood, 2) AS loglik, round(aic, 1) AS aic,
       round(bic, 1) AS bic, customers AS n, one_timers AS ones, converged AS conv, round(log_score, 4) AS score, chosen, chosen_for_churn AS churn
  FROM clv_model('orders');
.mode list
SELECT DISTINCT model, warning, reason FROM clv_model('orders') WHERE warning IS NOT NULL OR reason IS NOT NULL;

-- What auto takes is what clv and churn_candidates say they took; with the model by its name the figures are the same.
SELECT DISTINCT note FROM clv('orders', 365) WHERE model = 'auto';
SELECT DISTINCT note FROM churn_candidates('orders', 90, 0, 'auto');
SELECT count(*) AS n, sum(a.predicted_clv = b.predicted_clv) AS n_same FROM clv('orders') AS a JOIN clv('orders') AS b USING (customer_id)
 WHERE a.model = 'auto' AND b.model = 'mbgnbd';
SELECT count(*) AS n, sum(a.churn_probability = b.churn_probability AND a.value_at_risk = b.value_at_risk) AS n_same
  FROM churn_candidates('orders', 90, 0, 'auto') AS a JOIN churn_candidates('orders', 90, 0, 'mbgnbd') AS b USING (customer_id);
-- Classifier and blend give everybody a probability of their own kind, and the value is that of the best model.
SELECT model, count(*) AS n, sum(churn_probability > 0 AND churn_probability < 1 AND value_at_risk > 0 AND note IS NULL) AS n_right,
       round(avg(churn_probability), 3) AS mean FROM churn_candidates('orders', 90, 0) WHERE model IN ('classifier', 'blend', 'mbgnbd') GROUP BY model;

-- One model alone.
SELECT model, parameter, round(value, 4) FROM clv_model('orders', 'gammagamma');
SELECT model, parameter, customers, iterations, converged, round(value, 4) FROM clv_model('orders', 'blend', 90);

-- Too little for any model, enough for the rules: by hand, in the 50 days before 2024-05-30, from 04-10 on, 11 of 40 bought.
SELECT model, parameter, round(value, 4), round(std_error, 4), customers, round(log_score, 4), chosen_for_churn, reason
  FROM clv_model('forty') WHERE parameter IS NULL OR model IN ('base_rate', 'days_since_last');
SELECT DISTINCT churn_probability IS NULL AS unknown, note FROM churn_candidates('forty', 90, 0, 'classifier');
SELECT DISTINCT p_alive IS NULL AS no_model, value_at_risk IS NULL AS no_value, note FROM churn_candidates('forty', 50, 0, 'auto');

-- Twenty customers: a clear note, and no number.
CREATE VIEW twenty AS SELECT * FROM orders WHERE customer_id <= 20;
SELECT DISTINCT model, parameter, value, reason FROM clv_model('twenty');
SELECT DISTINCT churn_probability, p_alive, value_at_risk, note FROM churn_candidates('twenty', 90, 0, 'auto');
SELECT DISTINCT predicted_clv, note FROM clv('twenty') WHERE model = 'auto';

-- What auto takes, in clv and in churn_candidates.
SELECT model, count(*) AS parameters, max(chosen) AS chosen, max(chosen_for_churn) AS for_churn, max(reason) AS reason
  FROM clv_model('orders', 'auto') GROUP BY model ORDER BY 3 DESC;

-- Nobody, and what is refused.
SELECT count(*) AS n FROM clv_model('small') WHERE as_of = '2020-01-01';
SELECT model FROM clv_model('small', 'pnb');
SELECT model FROM clv('small') WHERE model = 'classifier';
