-- Every message that a user can run into, word for word

CREATE TABLE orders(order_id INTEGER PRIMARY KEY, customer_id, order_date, amount);
INSERT INTO orders VALUES (1, 'ann', '2024-01-05', 10), (2, 'bob', '2024-02-05', 20);

-- No source.
SELECT * FROM retention_rate;
SELECT * FROM retention_rate();
SELECT * FROM clv WHERE horizon_days = 30;
SELECT * FROM churn_candidates(NULL);
SELECT * FROM retention_rate(5);
SELECT * FROM retention_rate(x'6f7264657273');
SELECT * FROM retention_rate('');
SELECT * FROM retention_rate('orders' || char(0) || 'x');

-- The wrong table.
SELECT * FROM retention_rate('order');
SELECT * FROM retention_rate('Ordres');
SELECT * FROM retention_rate('purchases');
SELECT * FROM retention_rate('main.ordres');
SELECT * FROM retention_rate('SELECT * FROM orders');
WITH recent AS (SELECT * FROM orders) SELECT * FROM retention_rate('recent');

-- In another schema.
ATTACH ':memory:' AS archive;
CREATE TABLE archive.sales(customer_id, order_date, amount);
SELECT * FROM retention_rate('main.sales');
SELECT * FROM retention_rate('sales') WHERE schema = 'main';
SELECT * FROM retention_rate('orders') WHERE schema = 'archive';
SELECT * FROM retention_rate('orders') WHERE schema = 'archiv';
SELECT * FROM retention_rate('archiv.sales');
SELECT * FROM retention_rate('orders') WHERE schema = 5;

-- Columns that are not there.
SELECT * FROM retention_rate('orders') WHERE customer_column = 'custmer_id';
SELECT * FROM retention_rate('orders') WHERE date_column = 'day';
SELECT * FROM retention_rate('orders') WHERE amount_column = 'amuont';
SELECT * FROM retention_rate('orders') WHERE order_column = 'order';
SELECT * FROM retention_rate('orders') WHERE segment_column = 'channel';
SELECT * FROM retention_rate('orders') WHERE customer_column = '';
SELECT * FROM retention_rate('orders') WHERE date_column = '';
SELECT * FROM retention_rate('orders') WHERE customer_column = 1;
SELECT * FROM retention_rate('orders') WHERE custmer_column = 'customer_id';

-- Columns that cannot be told.
CREATE TABLE two(customer_id, user_id, order_date, created_at, total, price);
SELECT * FROM retention_rate('two');
SELECT * FROM retention_rate('two') WHERE customer_column = 'user_id';
SELECT * FROM retention_rate('two') WHERE customer_column = 'user_id' AND date_column = 'order_date';
CREATE TABLE lines(customer_id, order_date, quantity, price);
SELECT * FROM retention_rate('lines');
ALTER TABLE lines RENAME COLUMN price TO "Unit Price";
SELECT * FROM retention_rate('lines');
CREATE TABLE none(a, b, c);
SELECT * FROM retention_rate('none');
SELECT * FROM retention_rate('none') WHERE customer_column = 'a';
CREATE TABLE wide AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT
  1 AS c01, 1 AS c02, 1 AS c03, 1 AS c04, 1 AS c05, 1 AS c06, 1 AS c07, 1 AS c08, 1 AS c09, 1 AS c10,
  1 AS c11, 1 AS c12, 1 AS c13, 1 AS c14, 1 AS c15, 1 AS c16, 1 AS c17, 1 AS c18, 1 AS c19, 1 AS c20,
  1 AS c21, 1 AS c22, 1 AS c23, 1 AS c24, 1 AS c25, 1 AS c26 FROM n;
SELECT * FROM retention_rate('wide');

-- Dates that are none.  In a row.
CREATE TABLE one(customer_id, order_date, amount);
INSERT INTO one VALUES ('ann', '2024-01-05', 1), ('bob', NULL, 1);
SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2024-02-30' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2023-02-29' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2024-13-01' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '10:20' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = 'now' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2024-1-5' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '01/05/2024' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '31.12.2023' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2024/01/05' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2024-01-0510:20' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2024-01-05 25:00' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2024-01-05 24:01' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2024-01-05 10:20+15:00' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2024-01-05 10:20 PM' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2024-01-05 9:30' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2024-01-05Z' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = ' 2024-01-05' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = 'Jan 5, 2024' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2024-01-05' || char(0) WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '9999-12-31 23:00-02:00' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = printf('%.*c', 500, 'x') WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = 'two' || char(10) || 'lines' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = x'323032342d30312d3035' WHERE rowid = 2; SELECT * FROM retention_rate('one');

-- Dates that were meant in another unit or calendar.
UPDATE one SET order_date = '20240105' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '1704412800' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '1704412800000' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '2460315.5' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = '1404/09/15' WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = 20240105 WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = 1704412800 WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = 45296 WHERE rowid = 2; SELECT * FROM retention_rate('one');
UPDATE one SET order_date = 9e999 WHERE rowid = 2; SELECT * FROM retention_rate('one');

-- The wrong date_unit.
UPDATE one SET order_date = 1704412800 WHERE rowid = 2;
SELECT * FROM retention_rate('one') WHERE date_unit = 'unix';
SELECT * FROM retention_rate('one') WHERE date_unit = 'text';
UPDATE one SET order_date = 1704412800 WHERE rowid = 1;
SELECT * FROM retention_rate('one') WHERE date_unit = 'yyyymmdd';
SELECT * FROM retention_rate('one') WHERE date_unit = 'julian';
SELECT * FROM retention_rate('one') WHERE date_unit = 'seconds';
SELECT * FROM retention_rate('one') WHERE date_unit = 'unixsec';

-- Amounts that are none.
UPDATE one SET order_date = '2024-01-05';
UPDATE one SET amount = '1,200.50' WHERE rowid = 2; SELECT * FROM clv('one');
UPDATE one SET amount = '$5' WHERE rowid = 2; SELECT * FROM clv('one');
UPDATE one SET amount = '' WHERE rowid = 2; SELECT * FROM clv('one');
UPDATE one SET amount = 9e999 WHERE rowid = 2; SELECT * FROM clv('one');
UPDATE one SET amount = x'3130' WHERE rowid = 2; SELECT * FROM clv('one');
SELECT * FROM retention_rate('one') WHERE amount_column = 'order_date';

-- Values out of range, and words nobody knows.
SELECT * FROM retention_rate('orders', 'mnth');
SELECT * FROM retention_rate('orders', 'monthly');
SELECT * FROM retention_rate('orders', '0 days');
SELECT * FROM retention_rate('orders', '2 months');
SELECT * FROM retention_rate('orders', 28);
SELECT * FROM retention_rate('orders', 'month', '30 days');
SELECT * FROM retention_rate('orders', 'month', '2 weeks');
SELECT * FROM retention_rate('orders', 'month', 'always');
SELECT * FROM retention_rate('orders') WHERE confidence = 2;
SELECT * FROM retention_rate('orders') WHERE confidence = 0;
SELECT * FROM retention_rate('orders') WHERE confidence = 1;
SELECT * FROM retention_rate('orders') WHERE confidence = '95 %';
SELECT * FROM retention_rate('orders') WHERE week_start = 'mondy';
SELECT * FROM retention_rate('orders') WHERE week_start = 1;
SELECT * FROM retention_rate('orders') WHERE calendar = 'persian';
SELECT * FROM retention_rate('orders') WHERE segment_at = 'lst';
SELECT * FROM retention_rate('orders') WHERE on_error = 'ignore';
SELECT * FROM retention_rate('orders') WHERE utc_offset = '3:30';
SELECT * FROM retention_rate('orders') WHERE utc_offset = '+15:00';
SELECT * FROM retention_rate('orders') WHERE utc_offset = 'Europe/Berlin';
SELECT * FROM churn_candidates('orders', -1);
SELECT * FROM churn_candidates('orders', 0);
SELECT * FROM churn_candidates('orders', 30.5);
SELECT * FROM churn_candidates('orders', 'a month');
SELECT * FROM churn_candidates('orders', 90, 1.5);
SELECT * FROM churn_candidates('orders', 90, 0.5, 'bg-nbd');
SELECT * FROM churn_candidates('orders', 90, 0.5, 'pareto');
SELECT * FROM clv('orders', 36501);
SELECT * FROM clv('orders', 365, -0.1);
SELECT * FROM clv('orders', 365, 11);
SELECT * FROM clv('orders', 365, 0.1, 20);
SELECT * FROM clv('orders', 9e999);

-- as_of.
SELECT * FROM retention_rate('orders') WHERE as_of = '2024-02-30';
SELECT * FROM retention_rate('orders') WHERE as_of = 'now';
SELECT * FROM retention_rate('orders') WHERE as_of = '20240105';
SELECT * FROM retention_rate('orders') WHERE as_of = 5;
SELECT * FROM retention_rate('orders') WHERE as_of = x'00';
SELECT * FROM retention_rate('orders') WHERE as_of = '1404/09/15';

-- A view that reads itself; one that does not resolve; one whose own call fails.
CREATE VIEW selfish AS SELECT period_start AS order_date, end_customers AS customer_id FROM retention_rate('selfish');
SELECT * FROM retention_rate('selfish');
CREATE VIEW broken AS SELECT nix FROM orders;
SELECT * FROM retention_rate('broken');
CREATE VIEW vanished AS SELECT * FROM gone;
SELECT * FROM retention_rate('vanished');
CREATE VIEW outer_one AS SELECT customer_id, last_order_date AS order_date FROM churn_candidates('orders', -1);
SELECT * FROM retention_rate('outer_one');

-- Too many arguments, and a table that is not writable.
SELECT * FROM retain_help('clv', 2);
DELETE FROM clv;
CREATE VIRTUAL TABLE mine USING clv;

-- The internal aggregate is not for users.
SELECT retain_sink(1, 2, 3);
SELECT retain_sink();

-- After all these a good call still works.
SELECT period_start, end_customers FROM retention_rate('orders');
