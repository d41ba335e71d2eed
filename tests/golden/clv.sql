-- clv(): what each customer is worth
.read tests/golden/fixture/shop.sql

-- The most valuable ones, and the tail.
SELECT customer_id AS c, first_order_date AS first, last_order_date AS last, frequency AS x, recency, age,
       round(monetary_value, 2) AS mean, round(p_alive, 3) AS p_alive, round(expected_purchases, 2) AS purchases,
       round(expected_spend, 2) AS spend, round(predicted_clv, 1) AS predicted, historic_clv AS historic,
       round(total_clv, 1) AS total FROM clv('orders') LIMIT 5;
SELECT count(*) AS n, sum(frequency > 0) AS n_repeat, sum(note IS NULL) AS n_without_note, round(sum(predicted_clv), -1) AS predicted,
       sum(historic_clv) AS historic FROM clv('orders');

-- What can be told without a model, against plain SQL.
WITH by_day AS (SELECT customer_id, order_date, sum(amount) AS net FROM orders GROUP BY 1, 2),
plain AS (SELECT customer_id, min(order_date) AS first, max(order_date) AS last, count(*) - 1 AS x,
                 julianday(max(order_date)) - julianday(min(order_date)) AS recency,
                 (SELECT julianday(max(order_date)) FROM orders) - julianday(min(order_date)) AS age, sum(net) AS total,
                 (sum(net) - (SELECT net FROM by_day AS f WHERE f.customer_id = d.customer_id ORDER BY order_date LIMIT 1)) / (count(*) - 1) AS mean
            FROM by_day AS d GROUP BY customer_id)
SELECT count(*) AS n, sum(first = first_order_date AND last = last_order_date AND x = frequency AND plain.recency = v.recency
                          AND plain.age = v.age AND abs(total - historic_clv) < 1e-9
                          AND (mean IS monetary_value OR abs(mean - monetary_value) < 1e-9)) AS n_equal
  FROM plain JOIN clv('orders') AS v USING (customer_id);

-- Without a discount the prediction is expected purchases x expected spend, to the last digits.
SELECT count(*) AS n, sum(abs(predicted_clv - expected_purchases * expected_spend) <= 1e-12 * predicted_clv) AS n_equal
  FROM clv('orders', 365, 0);

-- A discount takes something off, a larger one more, and never more than a whole horizon of it.
SELECT count(*) AS n, sum(b.predicted_clv < a.predicted_clv AND c.predicted_clv < b.predicted_clv
                          AND b.predicted_clv > a.predicted_clv / 1.10 AND c.predicted_clv > a.predicted_clv / 1.50) AS n_right
  FROM clv('orders', 365, 0) AS a JOIN clv('orders', 365, 0.10) AS b USING (customer_id) JOIN clv('orders', 365, 0.50) AS c USING (customer_id);

-- A margin scales both values; only a negative one makes them negative.
SELECT count(*) AS n, sum(abs(b.predicted_clv - 0.3 * a.predicted_clv) < 1e-9 AND abs(b.historic_clv - 0.3 * a.historic_clv) < 1e-9
                          AND abs(c.total_clv + a.total_clv) < 1e-9 AND abs(a.total_clv - a.historic_clv - a.predicted_clv) < 1e-9) AS n_right
  FROM clv('orders') AS a JOIN clv('orders', 365, 0.1, 0.3) AS b USING (customer_id) JOIN clv('orders', 365, 0.1, -1) AS c USING (customer_id);
SELECT min(predicted_clv) >= 0 AS never_negative FROM clv('orders');

-- From where to where: the five of above, and four who have all but left.
SELECT customer_id AS c, round(p_alive, 3) AS p_alive, round(clv_low, 1) AS low, round(predicted_clv, 1) AS predicted, round(clv_high, 1) AS high
  FROM clv('orders') LIMIT 5;
SELECT customer_id AS c, round(p_alive, 3) AS p_alive, round(clv_low, 1) AS low, round(predicted_clv, 1) AS predicted, round(clv_high, 1) AS high
  FROM clv('orders') WHERE p_alive BETWEEN 0.04 AND 0.08 ORDER BY p_alive LIMIT 4;

-- clv_high is 0 exactly where nothing at all has the confidence; clv_low is above 0 exactly where nothing is less likely than half of
-- what may be missed; where both are known the one is below the other.
SELECT v.confidence, count(*) AS n, sum((clv_high = 0) = (churn_probability >= v.confidence)) AS n_high,
       sum((clv_low > 0) = (churn_probability < (1 - v.confidence) / 2)) AS n_low, sum(clv_low < clv_high OR clv_high = 0) AS n_ordered,
       sum(clv_high = 0) AS n_high_0, sum(clv_low > 0) AS n_low_above_0
  FROM clv('orders') AS v JOIN churn_candidates('orders', 365, 0) USING (customer_id)
 WHERE v.confidence IN (0.5, 0.9, 0.95) GROUP BY 1;

-- More confidence, more room; a margin scales both ends, a negative one turns them round, none leaves nothing.
SELECT count(*) AS n, sum(b.clv_low <= a.clv_low AND a.clv_high <= b.clv_high) AS n_wider, sum(abs(c.clv_low - 0.3 * a.clv_low) < 1e-9 AND abs(c.clv_high - 0.3 * a.clv_high) < 1e-9) AS n_scaled,
       sum(abs(d.clv_low + a.clv_high) < 1e-9 AND abs(d.clv_high + a.clv_low) < 1e-9) AS n_turned, sum(e.clv_low = 0 AND e.clv_high = 0) AS n_nothing
  FROM clv('orders') AS a JOIN clv('orders') AS b USING (customer_id) JOIN clv('orders', 365, 0.1, 0.3) AS c USING (customer_id)
  JOIN clv('orders', 365, 0.1, -1) AS d USING (customer_id) JOIN clv('orders', 365, 0.1, 0) AS e USING (customer_id)
 WHERE a.confidence = 0.9 AND b.confidence = 0.99 AND c.confidence = 0.9 AND d.confidence = 0.9 AND e.confidence = 0.9;

-- With less confidence even the least that the five bring is something.
SELECT customer_id AS c, round(clv_low, 1) AS low, round(predicted_clv, 1) AS predicted, round(clv_high, 1) AS high
  FROM clv('orders') WHERE confidence = 0.8 LIMIT 5;

-- By every model.
SELECT model, count(clv_low) AS n, sum(clv_low <= clv_high) AS n_ordered, round(sum(clv_high), -2) AS high FROM clv('orders')
 WHERE model IN ('bgnbd', 'mbgnbd', 'pnbd', 'nbd') GROUP BY model;

-- Without amounts, and without a model, there is none.
SELECT DISTINCT clv_low, clv_high, note FROM clv('orders') WHERE amount_column = '';
CREATE VIEW few AS SELECT * FROM orders WHERE customer_id <= 20;
SELECT DISTINCT clv_low, clv_high, note FROM clv('few');

-- More days bring more.
SELECT horizon_days, round(sum(expected_purchases), 0) AS purchases FROM clv('orders')
 WHERE horizon_days IN (1, 90, 365, 3650) GROUP BY horizon_days;

-- Probabilities are probabilities; a BG/NBD believes every one-time buyer alive, an MBG/NBD does not.
SELECT model, min(p_alive) >= 0 AND max(p_alive) <= 1 AS is_probability, min(p_alive) FILTER (WHERE frequency = 0) = 1 AS one_timers_alive
  FROM clv('orders') WHERE model IN ('bgnbd', 'mbgnbd') GROUP BY model;

-- The order: by predicted_clv, then by customer id; asked for, it needs no sorting.
SELECT count(*) AS n_out_of_order FROM (SELECT predicted_clv AS v, customer_id AS c, lag(predicted_clv) OVER () AS before,
  lag(customer_id) OVER () AS c_before FROM clv('orders')) WHERE v > before OR (v = before AND c < c_before);
SELECT (SELECT group_concat(customer_id) FROM clv('orders')) =
       (SELECT group_concat(customer_id) FROM (SELECT customer_id FROM clv('orders') ORDER BY predicted_clv DESC, customer_id)) AS same_order;

-- The same table twice gives the same bytes; another order of the rows too.
CREATE TABLE shuffled AS SELECT * FROM orders ORDER BY amount, order_date DESC, customer_id;
SELECT count(*) AS n_differences FROM (SELECT * FROM clv('orders') EXCEPT SELECT * FROM clv('shuffled'));

-- As of an earlier day: nobody who came later, and no later order.
SELECT count(*) AS n, max(last_order_date) <= '2024-06-30' AS none_later, min(as_of) AS as_of,
       sum(historic_clv) = (SELECT sum(amount) FROM orders WHERE order_date <= '2024-06-30') AS right_total
  FROM clv('orders') WHERE as_of = '2024-06-30';

-- Days after the last order are silence: the older the table, the less likely everybody is alive.
SELECT as_of, round(avg(p_alive), 2) AS p_alive FROM clv('orders') WHERE as_of IN ('2025-05-15', '2026-05-15', '2030-05-15') GROUP BY as_of;
