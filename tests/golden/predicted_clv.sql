-- predicted_clv(): what a customer will bring, by a fitted model
.read tests/golden/fixture/shop.sql
CREATE TABLE customers AS SELECT * FROM clv('orders');
CREATE TABLE models AS SELECT clv_fit(frequency, recency, age, monetary_value) AS model FROM customers;

-- The same as in the report, to the 11 digits that its curves keep.
SELECT count(*) AS n, sum(abs(predicted_clv(model, frequency, recency, age, monetary_value) - predicted_clv) <= 1e-10 * predicted_clv) AS n_equal
  FROM models, customers;
SELECT count(*) AS n, sum(abs(predicted_clv(models.model, frequency, recency, age, monetary_value, 180, 0.2, 0.3) - predicted_clv) <= 1e-10 * predicted_clv) AS n_equal
  FROM models, clv('orders', 180, 0.2, 0.3);

-- Without a discount it is expected purchases x expected spend; by hand 3 x 35; NULL is the default of the last three.
SELECT predicted_clv(m, 1, 4, 10, 60, 20, 0) AS plain, expected_purchases(m, 1, 4, 10, 20) * expected_spend(m, 1, 60) AS product,
       predicted_clv(m, 1, 4, 10, 60, 20, 0, -0.5) AS costs, predicted_clv(m, 1, 4, 10, 60, 0) AS in_no_time,
       predicted_clv(m, 1, 4, 10, 60) = predicted_clv(m, 1, 4, 10, 60, NULL, NULL, NULL) AS null_is_default,
       predicted_clv(m, 1, 4, 10, 60) = predicted_clv(m, 1, 4, 10, 60, 365, 0.1, 1) AS defaults
  FROM (SELECT '{"model":"nbd","r":2,"alpha":10,"spend":{"p":2,"q":3,"gamma":10}}' AS m);

-- An NBD buys at a constant rate, here 3 in 20 days: a discount of 10 % leaves the mean of 1.1^-u over the year, (1 - 1 / 1.1) / ln 1.1 of it.
SELECT round(predicted_clv('{"model":"nbd","r":2,"alpha":10,"spend":{"mean":1}}', 1, 4, 10, 7, 365.25) / (365.25 * 3 / 20), 12) AS ratio,
       round((1 - 1 / 1.1) / 0.0953101798043249, 12) AS expected;

-- NULL in, NULL out; a one-time buyer has no monetary_value.
SELECT predicted_clv(NULL, 1, 4, 10, 60) AS a, predicted_clv(m, 1, 4, NULL, 60) AS b, predicted_clv(m, 1, 4, 10, NULL) AS c,
       round(predicted_clv(m, 0, 0, 10, NULL), 2) AS one_timer
  FROM (SELECT '{"model":"nbd","r":2,"alpha":10,"spend":{"p":2,"q":3,"gamma":10}}' AS m);

-- Errors.
SELECT predicted_clv('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10);
SELECT predicted_clv('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10, 60, -1);
SELECT predicted_clv('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10, 60, 365, 11);
SELECT predicted_clv('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10, 60, 365, 0.1, 'half');
SELECT predicted_clv('{"model":"nbd","r":2,"alpha":10}', 1, 11, 10, 60);
SELECT predicted_clv('{"model":"nbd","r":2}', 1, 4, 10, 60);
