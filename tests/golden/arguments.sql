-- Arguments: positional, named, NULL, IN, OR, from another table, as text

CREATE TABLE orders(customer_id, order_date, amount);
INSERT INTO orders VALUES (1, '2024-01-05', 10), (1, '2024-02-05', 10), (2, '2024-01-07', 5), (2, '2024-04-01', 5);

-- Positional, named, both; in any order; an equality may be written either way round.
SELECT count(*) AS n FROM retention_rate('orders', 'quarter');
SELECT count(*) AS n FROM retention_rate('orders') WHERE period = 'quarter';
SELECT count(*) AS n FROM retention_rate WHERE period = 'quarter' AND source = 'orders';
SELECT count(*) AS n FROM retention_rate WHERE 'orders' = source AND 'quarter' = period;

-- NULL is the default.
SELECT count(*) AS n, min(period) AS period, min(active_window) AS active_window FROM retention_rate('orders', NULL, NULL);

-- Numbers may come as text, whole numbers as REAL.
SELECT DISTINCT horizon_days, annual_discount_rate FROM clv('orders', '30', '0.2');
SELECT DISTINCT horizon_days FROM clv('orders', 30.0);

-- Words in any case.
SELECT count(*) AS n FROM retention_rate('orders', 'MONTH') WHERE week_start = 'Sunday' AND calendar = 'Gregorian';

-- IN runs it once for each; OR too.
SELECT period, count(*) AS n FROM retention_rate('orders') WHERE period IN ('month', 'quarter', 'year') GROUP BY period;
SELECT period, count(*) AS n FROM retention_rate WHERE (source = 'orders' AND period = 'month') OR (source = 'orders' AND period = 'year') GROUP BY period;
SELECT period, period_start FROM retention_rate('orders') WHERE period = 'year' OR period = 'quarter' ORDER BY period, period_start;

-- From another table, to its left or to its right.
CREATE TABLE horizons(days);
INSERT INTO horizons VALUES (30), (60);
SELECT days, horizon_days, count(*) AS n FROM horizons, clv('orders', days) GROUP BY days;
SELECT days, horizon_days, count(*) AS n FROM clv('orders', days), horizons GROUP BY days;
SELECT period_start, p FROM (SELECT 'year' AS p UNION ALL SELECT 'quarter') JOIN retention_rate('orders') ON period = p ORDER BY 1, 2;
SELECT days, (SELECT max(horizon_days) FROM clv('orders', days)) AS inside FROM horizons;
SELECT name, (SELECT count(*) FROM clv(name)) AS customers FROM sqlite_master WHERE name = 'orders';

-- Other conditions on the columns are applied to the rows.
SELECT period_start FROM retention_rate('orders') WHERE end_customers = 1 AND is_complete AND period_start > '2024-01-31';
SELECT count(*) AS n FROM retention_rate('orders') WHERE confidence > 0.9;
SELECT count(*) AS n FROM retention_rate('orders') WHERE period <> 'month';
SELECT count(*) AS n FROM retention_rate('orders') WHERE confidence = 0.9 AND confidence = 0.95;

-- Joined to a table by the customer, in both directions.
CREATE TABLE customers(id INTEGER PRIMARY KEY, name);
INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cy');
SELECT name, frequency FROM customers LEFT JOIN clv('orders') ON customer_id = id ORDER BY id;
SELECT name, frequency FROM clv('orders') JOIN customers ON customer_id = id ORDER BY name;

-- In a view, a CTE, a trigger's SELECT, LIMIT, UNION, EXISTS, twice in one query.
CREATE VIEW monthly AS SELECT period_start, end_customers FROM retention_rate('orders');
SELECT * FROM monthly LIMIT 2 OFFSET 1;
WITH r AS (SELECT * FROM retention_rate('orders')) SELECT a.period_start, b.end_customers AS e_before FROM r AS a JOIN r AS b ON b.period_start = date(a.period_start, '-1 month');
SELECT EXISTS (SELECT 1 FROM clv('orders') WHERE customer_id = 2) AS yes, EXISTS (SELECT 1 FROM clv('orders') WHERE customer_id = 3) AS no;
SELECT count(*) AS n FROM retention_rate('orders') AS a, retention_rate('orders', 'year') AS b;

-- Sorted either way.
SELECT customer_id FROM clv('orders') ORDER BY customer_id DESC;
SELECT period_start FROM retention_rate('orders') ORDER BY segment, period_start LIMIT 1;
SELECT period_start FROM retention_rate('orders') ORDER BY segment DESC, period_start DESC LIMIT 1;

-- Prepared once, bound again.
.parameter init
.parameter set :period 'year'
SELECT count(*) AS n FROM retention_rate('orders', :period);
.parameter set :period 'month'
SELECT count(*) AS n FROM retention_rate('orders', :period);
.parameter clear

-- The types that clients see.
SELECT name, type FROM pragma_table_xinfo('retention_rate') WHERE hidden = 0;
SELECT name, type FROM pragma_table_xinfo('clv') WHERE hidden <> 0;
