-- Tables of customers as source: frequency, recency, age and monetary_value counted elsewhere
.read tests/golden/fixture/shop.sql
CREATE TABLE customers AS SELECT customer_id, frequency, recency, age, monetary_value FROM clv('orders') ORDER BY customer_id % 7;

-- The same predictions as from the orders, in the same order.
SELECT count(*) AS n, sum(a.p_alive = b.p_alive AND a.expected_purchases = b.expected_purchases AND a.expected_spend = b.expected_spend
                          AND a.predicted_clv = b.predicted_clv AND a.monetary_value IS b.monetary_value) AS n_equal
  FROM clv('orders') AS a JOIN clv('customers') AS b USING (customer_id);
SELECT (SELECT group_concat(customer_id) FROM clv('orders')) = (SELECT group_concat(customer_id) FROM clv('customers')) AS same_order;
SELECT count(*) AS n, sum(a.rank = b.rank AND a.churn_probability = b.churn_probability AND a.value_at_risk = b.value_at_risk AND a.p_alive = b.p_alive
                          AND a.days_since_last = b.days_since_last AND a.purchase_days = b.purchase_days AND a.risk_band = b.risk_band) AS n_equal
  FROM churn_candidates('orders', 30, 0) AS a JOIN churn_candidates('customers', 30, 0) AS b USING (customer_id);

-- What needs the orders is NULL, and the note says so.
SELECT count(first_order_date) + count(last_order_date) + count(historic_clv) + count(total_clv) AS n_known, min(note) AS note FROM clv('customers');
SELECT count(last_order_date) + count(usual_gap_days) + count(overdue_ratio) + count(historic_value) AS n_known, min(note) AS note FROM churn_candidates('customers');
SELECT min(reason) AS reason, max(reason) AS reason FROM churn_candidates('customers') WHERE purchase_days = 1 OR customer_id = 168;

-- Which columns were taken; as_of is not known.
SELECT customer_column, date_column, amount_column, order_column, as_of, rows_read, customers_no_purchase FROM clv('customers') LIMIT 1;

-- A table made of clv() is one, in any case of the names; so is one without monetary_value.
CREATE VIEW upper AS SELECT customer_id AS "CustomerID", frequency AS "FREQUENCY", recency AS "Recency", age AS "Age" FROM customers;
SELECT count(*) AS n, count(p_alive) AS n_alive, count(predicted_clv) AS n_value, min(note) AS note FROM clv('upper');
SELECT count(predicted_clv) AS n_value FROM clv('customers') WHERE amount_column = '';
SELECT round(max(monetary_value), 2) AS most, amount_column FROM clv('customers') WHERE amount_column = 'age';

-- A date column makes it a table of orders, unless date_column = '' says otherwise; customer_column may be named.
CREATE TABLE crm AS SELECT customer_id AS "number", '2024-01-01' AS created_at, frequency, recency, age, monetary_value FROM customers;
SELECT count(*) AS n FROM clv('crm') WHERE customer_column = 'number';
SELECT max(frequency) AS orders_per_day FROM clv('crm') WHERE customer_column = 'number' AND amount_column = '';
SELECT sum(a.predicted_clv = b.predicted_clv) AS n_equal FROM clv('crm') AS a JOIN clv('orders') AS b USING (customer_id)
 WHERE a.date_column = '' AND a.customer_column = 'number';

-- Values of unknown customers: left out of the model of spend, without a value, and the note counts them.
CREATE VIEW unknown AS SELECT customer_id, frequency, recency, age, CASE WHEN customer_id NOT IN (168, 29) THEN monetary_value END AS monetary_value FROM customers;
SELECT count(*) AS n, count(p_alive) AS n_alive, count(predicted_clv) AS n_value, min(note) AS note FROM clv('unknown');

-- Nobody, NULL and '' as customer, numbers as text, too few.
CREATE TABLE few(customer_id, frequency, recency, age, monetary_value);
SELECT count(*) AS n FROM clv('few');
SELECT count(*) AS n FROM churn_candidates('few');
INSERT INTO few VALUES ('a', '2', 30.0, ' 40 ', '12.5'), (NULL, 1, 2, 3, 4), ('', 1, 2, 3, 4), ('b', 0, 0, 7, 99);
SELECT customer_id, frequency, recency, age, monetary_value, p_alive, rows_read, rows_no_customer, note FROM clv('few');
SELECT * FROM churn_candidates('few');

-- Unreadable rows are errors, or left out and counted.
INSERT INTO few VALUES ('c', 3, 2, 9, 1), ('d', 1, 'long', 9, 1), ('e', 1, 5, 4, 1), ('f', 1.5, 5, 9, 1), ('g', 1, 5, 9, 'much');
SELECT count(*) FROM clv('few');
SELECT count(*) AS n, rows_skipped FROM clv('few') WHERE on_error = 'skip';
DELETE FROM few WHERE customer_id = 'c';
SELECT count(*) FROM clv('few');
DELETE FROM few WHERE customer_id = 'd';
SELECT count(*) FROM clv('few');
DELETE FROM few WHERE customer_id = 'e';
SELECT count(*) FROM clv('few');
DELETE FROM few WHERE customer_id = 'f';
SELECT count(*) FROM churn_candidates('few');
DELETE FROM few WHERE customer_id = 'g';
INSERT INTO few VALUES ('h', NULL, 5, 9, 1);
SELECT count(*) FROM clv('few');
DELETE FROM few WHERE customer_id = 'h';
INSERT INTO few VALUES ('h', 1, x'35', 9, 1);
SELECT count(*) FROM clv('few');
DELETE FROM few WHERE customer_id = 'h';
INSERT INTO few VALUES ('h', 0, 5, 9, 1);
SELECT count(*) FROM clv('few');
DELETE FROM few WHERE customer_id = 'h';
INSERT INTO few VALUES ('a', 1, 5, 9, 1);
SELECT count(*) FROM clv('few') WHERE on_error = 'skip';

-- Errors: what is for orders, what is missing, and other reports read orders only.
SELECT count(*) FROM clv('customers') WHERE as_of = '2025-01-01';
SELECT count(*) FROM clv('customers') WHERE utc_offset = '+03:30';
SELECT count(*) FROM clv('customers') WHERE order_column = 'age';
SELECT count(*) FROM clv('orders') WHERE date_column = '';
SELECT count(*) FROM clv('customers') WHERE amount_column = 'mony';
SELECT count(*) FROM clv('customers') WHERE date_column = 'age';
SELECT count(*) FROM retention_rate('customers');
SELECT count(*) FROM retention_rate('customers') WHERE date_column = '';
