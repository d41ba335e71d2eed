-- expected_purchases(): how often a customer will buy, by a fitted model
.read tests/golden/fixture/shop.sql
CREATE TABLE customers AS SELECT * FROM clv('orders', 180);
CREATE TABLE models AS SELECT clv_fit(frequency, recency, age, monetary_value) AS model FROM customers;

-- The same as in the report, to the 11 digits that its curves keep.
SELECT count(*) AS n, sum(abs(expected_purchases(model, frequency, recency, age, 180) - expected_purchases) <= 1e-10 * expected_purchases) AS n_equal
  FROM models, customers;

-- Published: Fader, Hardie, Lee's CDNOW parameters, in weeks; their customer with x = 2, t_x = 30.43, T = 38.86 is
-- expected to buy 1.226 times in the next 39.
SELECT round(expected_purchases('{"model":"bgnbd","r":0.243,"alpha":4.414,"a":0.793,"b":2.426}', 2, 30.43, 38.86, 39), 3) AS purchases;

-- By hand: an NBD with r = 2, alpha = 10 and one purchase in 10 days buys 3 times in 20.
SELECT expected_purchases('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10, 20) AS nbd,
       expected_purchases('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10, 0) AS in_no_time,
       expected_purchases('{"model":"nbd","r":2,"alpha":10}', 1, 4, NULL, 20) AS nobody;

-- Errors.
SELECT expected_purchases('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10);
SELECT expected_purchases('{"model":"nbd","r":2,"alpha":10}', 1, 4, 10, 36501);
SELECT expected_purchases('{"model":"nbd"', 1, 4, 10, 20);
