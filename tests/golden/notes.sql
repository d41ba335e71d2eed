-- note: what limits the figures; NULL when nothing does

.mode list
.read tests/golden/fixture/shop.sql
-- Enough data: no note.
SELECT DISTINCT note FROM clv('orders');
SELECT DISTINCT note FROM churn_candidates('orders');

-- Fewer than 30 customers with a repeat purchase: no prediction, but what is known.
CREATE VIEW few AS SELECT * FROM orders WHERE customer_id <= 40;
SELECT DISTINCT note FROM clv('few');
SELECT count(*) AS n, count(predicted_clv) AS n_predicted, count(historic_clv) AS n_historic, sum(frequency > 0) AS n_repeat FROM clv('few');

-- The border: with 30 of them there is a prediction, with 29 there is none.
CREATE TABLE repeaters AS SELECT customer_id, row_number() OVER (ORDER BY customer_id) AS place FROM clv('orders') WHERE frequency > 0;
CREATE VIEW n29 AS SELECT o.* FROM orders AS o JOIN repeaters USING (customer_id) WHERE place <= 29;
CREATE VIEW n30 AS SELECT o.* FROM orders AS o JOIN repeaters USING (customer_id) WHERE place <= 30;
CREATE VIEW n99 AS SELECT o.* FROM orders AS o LEFT JOIN repeaters USING (customer_id) WHERE coalesce(place, 1) <= 99;
CREATE VIEW n100 AS SELECT o.* FROM orders AS o LEFT JOIN repeaters USING (customer_id) WHERE coalesce(place, 1) <= 100;
SELECT count(predicted_clv) > 0 AS predicted, note FROM clv('n29') GROUP BY note;
SELECT count(predicted_clv) > 0 AS predicted, note LIKE '%few_repeat_customers: fitted to 30 with%' AS few FROM clv('n30') GROUP BY note;

-- Under 100 it says so; from 100 on it does not.
SELECT count(predicted_clv) > 0 AS predicted, note FROM clv('n99') GROUP BY note;
SELECT count(predicted_clv) > 0 AS predicted, note FROM clv('n100') GROUP BY note;

-- No amounts: probabilities, but no values.
CREATE VIEW visits AS SELECT customer_id, order_date FROM orders;
SELECT note, count(p_alive) > 0 AS p_alive, count(expected_purchases) > 0 AS purchases, count(expected_spend) AS spend,
       count(predicted_clv) AS predicted, count(historic_clv) AS historic FROM clv('visits') GROUP BY note;
SELECT note, count(churn_probability) > 0 AS churn, count(value_at_risk) AS at_risk, count(historic_value) AS historic FROM churn_candidates('visits') GROUP BY note;
SELECT DISTINCT note FROM clv('orders') WHERE amount_column = '';

-- Nobody leaves: everybody buys every ten days to the end.
CREATE TABLE loyal AS WITH RECURSIVE n(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM n WHERE k < 120), o(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM o WHERE k < 20)
  SELECT n.k AS customer_id, date('2024-01-01', '+' || (n.k % 10 + 10 * o.k) || ' days') AS order_date, 10 + n.k % 50 AS amount FROM n, o;
SELECT DISTINCT note FROM clv('loyal');

-- Spend that grows with frequency.
CREATE VIEW correlated AS SELECT customer_id, order_date, amount * amount_factor AS amount FROM orders
  JOIN (SELECT customer_id, 1 + frequency * frequency AS amount_factor FROM clv('orders')) USING (customer_id);
SELECT DISTINCT note FROM clv('correlated');

-- Amounts of zero: there is nothing to spend.
CREATE VIEW free AS SELECT customer_id, order_date, 0 AS amount FROM orders;
SELECT note, sum(predicted_clv) AS predicted, sum(historic_clv) AS historic FROM clv('free') GROUP BY note;
