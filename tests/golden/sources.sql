-- What a source may be: tables, views, temp views, attached databases, virtual tables, awkward names

CREATE TABLE orders(customer_id INTEGER, order_date TEXT, amount REAL);
INSERT INTO orders VALUES (1, '2024-01-05', 10), (1, '2024-02-05', 10), (2, '2024-01-07', 5);

-- A table, by any case, and with its schema.
SELECT 'plain' AS source, sum(end_customers) AS n FROM retention_rate('orders')
UNION ALL SELECT 'case', sum(end_customers) FROM retention_rate('ORDERS')
UNION ALL SELECT 'schema.name', sum(end_customers) FROM retention_rate('main.orders')
UNION ALL SELECT 'schema', sum(end_customers) FROM retention_rate('orders') WHERE schema = 'main';

-- A view, a TEMP VIEW, a view over a view; a temp table hides the main one, as SQLite means it to.
CREATE VIEW two AS SELECT * FROM orders WHERE customer_id = 2;
CREATE TEMP VIEW one AS SELECT * FROM orders WHERE customer_id = 1;
CREATE TEMP VIEW late AS SELECT * FROM one WHERE order_date > '2024-02';
SELECT 'view' AS source, sum(end_customers) AS n FROM retention_rate('two')
UNION ALL SELECT 'temp view', sum(end_customers) FROM retention_rate('one')
UNION ALL SELECT 'temp.name', sum(end_customers) FROM retention_rate('temp.one')
UNION ALL SELECT 'view of view', sum(end_customers) FROM retention_rate('late');
CREATE TEMP TABLE orders AS SELECT 9 AS customer_id, '2024-03-01' AS order_date;
SELECT 'temp' AS source, period_start FROM retention_rate('orders')
UNION ALL SELECT 'main', min(period_start) FROM retention_rate('main.orders');
DROP TABLE temp.orders;

-- A view over our own functions can be a source in turn.
CREATE TEMP VIEW last_orders AS SELECT customer_id, last_order_date AS order_date FROM clv('orders');
SELECT period_start, end_customers FROM retention_rate('last_orders');

-- An attached database.
ATTACH ':memory:' AS "my shop";
CREATE TABLE "my shop".sales(client_id, invoice_date, total);
INSERT INTO "my shop".sales VALUES ('x', '2025-05-05', 1);
SELECT period_start, customer_column, date_column, amount_column FROM retention_rate('my shop.sales');
SELECT period_start FROM retention_rate('sales') WHERE schema = 'my shop';
SELECT period_start FROM retention_rate('sales');

-- Names that need quoting: dots, quotes, blanks, keywords, no letters at all.
CREATE TABLE "2024.orders"("customer id", "Order-Date", "Total (EUR)");
INSERT INTO "2024.orders" VALUES ('x', '2024-06-01', 3);
SELECT period_start, customer_column, date_column, amount_column FROM retention_rate('2024.orders');
CREATE TABLE "a""b'c"(customer_id, "select", [group]);
INSERT INTO "a""b'c" VALUES ('x', '2024-07-01', 4);
SELECT customer_id, historic_clv FROM clv('a"b''c') WHERE date_column = 'select' AND amount_column = 'group';
CREATE TABLE "order"("Kunde", "مبلغ", "日付");
INSERT INTO "order" VALUES ('x', 5, '2024-08-01');
SELECT customer_id, first_order_date, historic_clv FROM clv('order')
 WHERE customer_column = 'kunde' AND date_column = '日付' AND amount_column = 'مبلغ';
CREATE TABLE "; DROP TABLE orders; --"(customer_id, "1"" FROM x", amount);
INSERT INTO "; DROP TABLE orders; --" VALUES ('x', '2024-09-01', 1);
SELECT first_order_date FROM clv('; DROP TABLE orders; --') WHERE date_column = '1" FROM x';
SELECT count(*) AS still_there FROM orders;

-- Column names as they are written in the world.
CREATE TABLE shopify("Customer ID", "Created at", "Total");
INSERT INTO shopify VALUES ('x', '2024-01-01T10:00:00-05:00', 9);
CREATE TABLE retail(InvoiceNo, StockCode, InvoiceDate, Price, CustomerID);
INSERT INTO retail VALUES (1, 'a', '2024-01-02 08:26:00', 2.5, 17850);
CREATE TABLE events(user_id, ts, revenue);
INSERT INTO events VALUES (1, 1704412800, 5);
CREATE TABLE plain("customer", "date", "value");
INSERT INTO plain VALUES ('x', '2024-01-03', 1);
SELECT customer_column, date_column, amount_column, order_column, first_order_date FROM clv('shopify')
UNION ALL SELECT customer_column, date_column, amount_column, order_column, first_order_date FROM clv('retail')
UNION ALL SELECT customer_column, date_column, amount_column, order_column, first_order_date FROM clv('events')
UNION ALL SELECT customer_column, date_column, amount_column, order_column, first_order_date FROM clv('plain');

-- An id beats a name; of order columns the first usual one is taken.
CREATE TABLE both(customer, customer_id, order_date, receipt_no, invoice_no, amount);
INSERT INTO both VALUES ('Ann', 7, '2024-01-01', 1, 2, 3);
SELECT customer_id, customer_column, order_column FROM clv('both');

-- The rowid by name, WITHOUT ROWID, generated columns.
SELECT count(*) AS n FROM clv('orders') WHERE customer_column = 'rowid';
CREATE TABLE flat(customer_id, order_date, amount, PRIMARY KEY (customer_id, order_date)) WITHOUT ROWID;
INSERT INTO flat VALUES ('x', '2024-01-05', 1), ('x', '2024-01-06', 2);
SELECT frequency, historic_clv FROM clv('flat');
CREATE TABLE made(customer_id, seconds INTEGER, order_date AS (date(seconds, 'unixepoch')), cents, amount AS (cents / 100.0) STORED);
INSERT INTO made(customer_id, seconds, cents) VALUES ('x', 1704412800, 1250);
SELECT first_order_date, historic_clv FROM clv('made');

-- Virtual tables of others.
CREATE VIRTUAL TABLE notes USING fts5(customer_id, order_date, amount);
INSERT INTO notes VALUES ('x', '2024-01-05', '12.5'), ('x', '2024-01-06', '1');
SELECT frequency, historic_clv FROM clv('notes');
CREATE TEMP VIEW json AS SELECT json_extract(value, '$.c') AS customer_id, json_extract(value, '$.d') AS order_date, json_extract(value, '$.a') AS amount
  FROM json_each('[{"c": 1, "d": "2024-01-05", "a": 3}, {"c": 1, "d": "2024-01-09", "a": 4}]');
SELECT customer_id, frequency, historic_clv FROM clv('json');
SELECT count(*) AS n FROM retention_rate('json_each') WHERE customer_column = 'key' AND date_column = 'value';

-- An index that covers the columns, or a table without one: the same answer.
CREATE INDEX orders_covering ON orders(order_date, customer_id, amount);
SELECT customer_id, frequency, historic_clv FROM clv('orders') ORDER BY 1;

-- Inside a transaction its own rows are seen, and the rolled-back ones no more.
BEGIN;
INSERT INTO orders VALUES (3, '2024-02-09', 1);
SELECT sum(new_customers) AS n FROM retention_rate('orders');
ROLLBACK;
SELECT sum(new_customers) AS n FROM retention_rate('orders');

-- What reads the function may drop the source at once.
CREATE TABLE kept AS SELECT * FROM retention_rate('orders');
DROP TABLE orders;
SELECT period_start, end_customers FROM kept;
