-- expected_spend(): what a customer spends on a purchase day, by a fitted model
.read tests/golden/fixture/shop.sql
CREATE TABLE customers AS SELECT * FROM clv('orders');
CREATE TABLE models AS SELECT clv_fit(frequency, recency, age, monetary_value) AS model FROM customers;

-- The same as in the report.
SELECT count(*) AS n, sum(expected_spend(model, frequency, monetary_value) = expected_spend) AS n_equal FROM models, customers;

-- By hand: p = 2, q = 3, gamma = 10: 2 (10 + 4 * 30) / (2 * 4 + 3 - 1) = 26; of a one-time buyer 2 * 10 / 2 = 10, whatever they spent.
SELECT expected_spend('{"model":"nbd","r":1,"alpha":1,"spend":{"p":2,"q":3,"gamma":10}}', 4, 30) AS spend,
       expected_spend('{"model":"nbd","r":1,"alpha":1,"spend":{"p":2,"q":3,"gamma":10}}', 0, NULL) AS one_timer,
       expected_spend('{"model":"nbd","r":1,"alpha":1,"spend":{"p":2,"q":3,"gamma":10}}', 0, 99) AS one_timer_too;

-- Where the Gamma-Gamma has no mean, or is not there, the mean stands in; without it nothing is known.
SELECT expected_spend('{"model":"nbd","r":1,"alpha":1,"spend":{"p":2,"q":0.9,"gamma":10,"mean":12.5}}', 0, NULL) AS no_mean,
       expected_spend('{"model":"nbd","r":1,"alpha":1,"spend":{"mean":12.5}}', 4, 30) AS only_mean,
       expected_spend('{"model":"nbd","r":1,"alpha":1,"spend":null}', 4, 30) AS no_spend,
       expected_spend('{"model":"nbd","r":1,"alpha":1}', 4, 30) AS none;

-- NULL in, NULL out.
SELECT expected_spend(NULL, 4, 30) AS a, expected_spend('{"model":"nbd","r":1,"alpha":1,"spend":{"mean":12.5}}', NULL, 30) AS b,
       expected_spend('{"model":"nbd","r":1,"alpha":1,"spend":{"mean":12.5}}', 4, NULL) AS c;

-- Errors.
SELECT expected_spend('{"model":"nbd","r":1,"alpha":1}', 4);
SELECT expected_spend('{"model":"nbd","r":1,"alpha":1}', -4, 30);
SELECT expected_spend('{"model":"nbd","r":1,"alpha":1}', 4, 'much');
SELECT expected_spend('{"model":"nbd","r":1,"alpha":1,"spend":{"p":2,"q":-3,"gamma":10}}', 4, 30);
