-- clv_fit(): a fitted model as a text
.read tests/golden/fixture/shop.sql
CREATE TABLE customers AS SELECT * FROM clv('orders');

-- The text is JSON: the parameters, whom it was fitted to, how they spend, what is to be known.
SELECT key, type, CASE type WHEN 'real' THEN round(value, 4) ELSE value END AS value
  FROM json_tree((SELECT clv_fit(frequency, recency, age, monetary_value) FROM customers)) WHERE type <> 'object';

-- The models of repeat buying.
SELECT column1 AS name, json_valid(text) AS valid, json_extract(text, '$.model') AS model, round(json_extract(text, '$.r'), 3) AS r, round(json_extract(text, '$.alpha'), 2) AS alpha,
       round(json_extract(text, '$.a'), 3) AS a, round(json_extract(text, '$.b'), 3) AS b, round(json_extract(text, '$.s'), 3) AS s, round(json_extract(text, '$.beta'), 2) AS beta,
       round(json_extract(text, '$.log_likelihood'), 2) AS log_likelihood
  FROM (SELECT column1, (SELECT clv_fit(frequency, recency, age, NULL, column1) FROM customers) AS text
          FROM (VALUES ('bgnbd'), ('mbgnbd'), ('pnbd'), ('nbd'), (NULL)));

-- Without amounts there is no spend; monetary_value of one-time buyers does not matter.
SELECT json_extract(clv_fit(frequency, recency, age), '$.spend') AS spend, clv_fit(frequency, recency, age) = clv_fit(frequency, recency, age, NULL) AS same
  FROM customers;
SELECT clv_fit(frequency, recency, age, monetary_value) = clv_fit(frequency, recency, age, coalesce(monetary_value, -7)) AS same FROM customers;

-- The order of the rows does not matter, nor the type in which whole numbers come.
SELECT count(DISTINCT text) AS n FROM (
  SELECT clv_fit(frequency, recency, age, monetary_value) AS text FROM (SELECT * FROM customers ORDER BY customer_id) UNION ALL
  SELECT clv_fit(frequency, recency, age, monetary_value) FROM (SELECT * FROM customers ORDER BY age, customer_id DESC) UNION ALL
  SELECT clv_fit(frequency * 1.0, recency || '', age, monetary_value) FROM customers);

-- Rows that do not say how often, how long or since when are left out.
WITH more AS (SELECT frequency, recency, age, monetary_value FROM customers
              UNION ALL VALUES (NULL, 1, 2, 3), (1, NULL, 2, 3), (1, 2, NULL, 3))
SELECT (SELECT clv_fit(frequency, recency, age, monetary_value) FROM more) =
       (SELECT clv_fit(frequency, recency, age, monetary_value) FROM customers) AS same;

-- Few with a repeat purchase: a note; too few, or nobody: NULL.
SELECT json_extract(clv_fit(frequency, recency, age, monetary_value), '$.note') AS note FROM customers WHERE customer_id <= 60;
SELECT clv_fit(frequency, recency, age, monetary_value) AS text FROM customers WHERE customer_id <= 20;
SELECT clv_fit(frequency, recency, age, monetary_value) AS text FROM customers WHERE 0;
SELECT clv_fit(NULL, NULL, NULL) AS text;

-- One model per group, kept in a table.
CREATE TABLE models AS SELECT customer_id % 2 AS half, clv_fit(frequency, recency, age, monetary_value) AS model FROM customers GROUP BY 1;
SELECT half, json_extract(model, '$.customers') AS customers, round(avg(p_alive(model, frequency, recency, age)), 3) AS p_alive
  FROM models JOIN customers ON customer_id % 2 = half GROUP BY 1;

-- Errors.
SELECT clv_fit(frequency, recency) FROM customers;
SELECT clv_fit(-1, 10, 20);
SELECT clv_fit(1.5, 10, 20);
SELECT clv_fit('often', 10, 20);
SELECT clv_fit(1, x'31', 20);
SELECT clv_fit(1, 10, 3700000);
SELECT clv_fit(2, 21, 20);
SELECT clv_fit(0, 5, 20);
SELECT clv_fit(6, 5, 20);
SELECT clv_fit(1, 10, 20, 'much');
SELECT clv_fit(1, 10, 20, 9e999);
SELECT clv_fit(1, 10, 20, 5, 'bgnb');
SELECT clv_fit(1, 10, 20, 5, 'auto');
SELECT clv_fit(frequency, recency, age, NULL, CASE WHEN customer_id < 9 THEN 'nbd' ELSE 'pnbd' END) FROM customers;
