-- p_no_purchase(): the chance that a customer stays away, by a fitted model
.read tests/golden/fixture/shop.sql
CREATE TABLE customers AS SELECT * FROM clv('orders');
CREATE TABLE models AS SELECT clv_fit(frequency, recency, age, monetary_value) AS model FROM customers;

-- The same as churn_probability in the report.
SELECT count(*) AS n, sum(p_no_purchase(model, frequency, recency, age, 90) = churn_probability) AS n_equal
  FROM models, customers JOIN (SELECT customer_id, churn_probability FROM churn_candidates('orders', 90, 0)) USING (customer_id);

-- By hand: an NBD with r = 2, alpha = 10 and one purchase in 10 days has (20 / (20 + 20))^3 = 1/8.  A BG/NBD with
-- a = b = 1 whose only purchase was today is alive with 1/2: 1 - 1/2 (1 - 1/8) = 0.5625.
SELECT p_no_purchase('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10, 20) AS nbd,
       p_no_purchase('{"model":"bgnbd","r":2,"alpha":10,"a":1,"b":1}', 1, 10, 10, 20) AS bgnbd,
       p_no_purchase('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10, 0) AS in_no_time;

-- NULL in, NULL out.
SELECT p_no_purchase(NULL, 1, 4, 10, 20) AS a, p_no_purchase('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10, NULL) AS b;

-- Errors.
SELECT p_no_purchase('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10);
SELECT p_no_purchase('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10, -1);
SELECT p_no_purchase('{"model":"nbd","r":2,"alpha":10}', 1, 14, 10, 5);
SELECT p_no_purchase('[]', 1, 4, 10, 20);
