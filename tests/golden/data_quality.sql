-- data_quality(): what is odd in a table of orders

-- Twenty orders, hardly one of them right.
CREATE TABLE orders(order_no, customer_id, order_date, amount, status, currency);
INSERT INTO orders VALUES
  ('A1', 'ann', '2024-01-05', 20, 'paid', 'EUR'),
  ('A2', 'Ann', '2024-01-06', '1,200.50', 'paid', 'EUR'),
  ('A3', 'ann ', '2024-02-30', 30, 'paid', 'EUR'),
  ('A4', 'علي', '2024-01-08', 0, 'paid', 'EUR'),
  ('A5', 'علی', '2024-01-08', 15, 'paid', 'EUR'),
  ('A6', 7, '2024-01-09', 25, 'Cancelled', 'EUR'),
  ('A7', '7', '2024-01-09', 25, 'paid', 'USD'),
  ('A8', NULL, '2024-01-10', 25, 'paid', 'EUR'),
  ('A8', '', '2024-01-10', 25, 'paid', 'EUR'),
  ('A9', 'bob', '2024-01-11T23:30:00-05:00', 12.5, 'paid', 'EUR'),
  ('A9', 'bob', '2024-01-11T23:30:00-05:00', 12.5, 'paid', 'EUR'),
  ('A10', 'bob', '1402/10/22', 12.5, 'paid', 'EUR'),
  ('A11', 'cy', '2567-01-13', 30, 'paid', 'EUR'),
  ('A12', 'cy', 20240114, 30, 'paid', 'EUR'),
  ('A13', 'cy', '15.01.2024', 30, 'paid', 'EUR'),
  ('A14', 'cy', NULL, 30, 'paid', 'EUR'),
  ('A15', 'dan', '2024-01-17', -9, 'refunded', 'EUR'),
  ('A16', 'eve', '1970-01-01', 40, 'paid', 'EUR'),
  ('A16', 'fay', '2024-01-18', NULL, 'paid', 'EUR'),
  ('A17', 'fay', '2026-01-19', 40, 'paid', 'EUR');
SELECT check_name, severity, rows, share, customers, example FROM data_quality('orders') WHERE severity <> 'ok';

-- What reports make of it, and what to do.
.mode line
SELECT check_name, effect, fix FROM data_quality('orders') WHERE severity <> 'ok';

-- Some of it done: ids and amounts are put right, and a view leaves out cancelled orders, but not refunds.
.mode column
UPDATE "orders" SET "customer_id" = trim("customer_id") WHERE typeof("customer_id") = 'text';
UPDATE "orders" SET "customer_id" = lower("customer_id") WHERE typeof("customer_id") = 'text';
UPDATE "orders" SET "amount" = replace("amount", ',', '') WHERE typeof("amount") = 'text';
CREATE TEMP VIEW "orders_kept" AS SELECT * FROM "orders" WHERE lower(trim(coalesce("status", ''))) NOT IN ('cancelled') OR "amount" < 0;
SELECT check_name, rows FROM data_quality('orders_kept') WHERE check_name IN
  ('customer_spaces', 'customer_case', 'amount_unreadable', 'amount_negative', 'status_cancelled');

-- Of a view the advice is another view.
.mode line
SELECT check_name, fix FROM data_quality('orders_kept') WHERE check_name IN ('customer_letters', 'date_unreadable');
.mode column

-- A clean table, one order a day for eight months: what was checked.
CREATE TABLE clean(customer_id INTEGER, order_date TEXT, amount REAL, invoice_no INTEGER);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 243)
INSERT INTO clean SELECT i % 80, date('2024-01-01', i || ' days'), 10 + i * 7919 % 83, i FROM n;
SELECT check_name, severity, rows, share, customers, example, fix FROM data_quality('clean');

-- Without amounts and orders, some checks cannot be made: rows is NULL, and effect says why.
SELECT check_name, severity, rows, effect FROM data_quality('clean')
 WHERE amount_column = '' AND order_column = '' AND rows IS NULL;

-- Lines of orders, and an order that was loaded twice.
INSERT INTO clean SELECT customer_id, order_date, amount + 1, invoice_no FROM clean WHERE invoice_no < 4;
INSERT INTO clean SELECT * FROM clean WHERE invoice_no = 243;
SELECT check_name, severity, rows, customers, example, fix FROM data_quality('clean') WHERE severity <> 'ok';

-- The same as soon as some invoice has two customers.
UPDATE clean SET invoice_no = 100 WHERE invoice_no IN (98, 99);
SELECT check_name, severity, rows, customers, example, fix FROM data_quality('clean') WHERE check_name = 'order_two_customers';
SELECT "invoice_no", min("customer_id"), max("customer_id") FROM "clean" GROUP BY "invoice_no" HAVING count(DISTINCT "customer_id") > 1;

-- A period ends before its last day: months, weeks from Monday, quarters, Iranian months.
DELETE FROM clean WHERE rowid > 244 OR order_date > '2024-08-20';
SELECT p.value AS period, q.example, q.rows, q.customers, q.fix
  FROM json_each('["month", "week", "quarter"]') AS p, data_quality('clean', p.value) AS q
 WHERE check_name = 'last_period_unfinished';
SELECT example, rows, fix FROM data_quality('clean') WHERE calendar = 'jalali' AND check_name LIKE '%_period_unfinished';

-- as_of: later rows are ignored, and a note.
SELECT check_name, severity, rows, customers, example, effect, fix FROM data_quality('clean')
 WHERE as_of = '2024-06-30' AND severity <> 'ok';

-- Ten days without an order; a first month whose customers all seem new; one id for all guests; who buys often spends more.
DELETE FROM clean WHERE order_date BETWEEN '2024-06-01' AND '2024-06-10';
UPDATE clean SET customer_id = invoice_no % 15 WHERE order_date > '2024-01-31';
SELECT check_name, severity, rows, share, customers, example, fix FROM data_quality('clean')
 WHERE check_name IN ('days_without_orders', 'left_truncation');
CREATE TABLE guests(customer_id, order_date, amount);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 365)
INSERT INTO guests SELECT CASE WHEN i % 3 = 0 THEN 'guest' ELSE i % CASE WHEN i < 180 THEN 100 ELSE 50 END END,
  date('2024-01-01', i || ' days'), CASE WHEN i % 3 = 0 THEN 30 WHEN i % 100 < 50 THEN 40 ELSE 20 END FROM n;
SELECT check_name, severity, rows, share, customers, example, effect, fix FROM data_quality('guests')
 WHERE check_name = 'outsized_customer';
CREATE TEMP VIEW "guests_rest" AS SELECT * FROM "guests" WHERE "customer_id" IS NOT 'guest';
SELECT check_name, severity, rows, share, customers, example, fix FROM data_quality('guests_rest')
 WHERE check_name IN ('outsized_customer', 'frequency_spend_correlation');

-- Milliseconds are read right, as text they need date_unit; text digits among dates are to be written out.
CREATE TABLE millis AS SELECT customer_id, strftime('%s', order_date) * 1000 AS order_date, amount FROM clean WHERE order_date < '2024-05-01';
SELECT check_name, severity, rows, example, fix FROM data_quality('millis') WHERE check_name LIKE 'date%' AND severity <> 'ok';
UPDATE millis SET order_date = order_date || '';
SELECT check_name, severity, rows, example, fix FROM data_quality('millis') WHERE check_name LIKE 'date%' AND severity <> 'ok';
SELECT check_name, severity, rows, example, fix FROM data_quality('millis') WHERE date_unit = 'unixms' AND check_name LIKE 'date%' AND severity <> 'ok';
UPDATE millis SET order_date = date(order_date / 1000, 'unixepoch') WHERE rowid > 1;
SELECT check_name, severity, rows, example, fix FROM data_quality('millis') WHERE check_name LIKE 'date%' AND severity <> 'ok';

-- utc_offset and calendar as they are meant: nothing is odd.
CREATE TABLE zones(customer_id, order_date);
INSERT INTO zones VALUES (1, '2024-01-05T23:30:00-05:00'), (2, '2024-01-05T22:30:00-05:00');
SELECT check_name, rows, example, fix FROM data_quality('zones') WHERE check_name LIKE 'date%' AND severity <> 'ok';
SELECT check_name, rows, example, fix FROM data_quality('zones') WHERE utc_offset = '-05:00' AND check_name LIKE 'date%' AND severity <> 'ok';
UPDATE zones SET order_date = '۱۴۰۲/۱۰/۱۵';
SELECT check_name, rows, example, fix FROM data_quality('zones') WHERE check_name LIKE 'date%' AND severity <> 'ok';
SELECT check_name, rows, example, fix FROM data_quality('zones') WHERE calendar = 'jalali' AND check_name LIKE 'date%' AND severity <> 'ok';

-- Long and hostile values are shown shortened.
UPDATE zones SET order_date = printf('%.*c', 500, 'x') || char(10), customer_id = char(27) || '[31m';
INSERT INTO zones VALUES (char(27) || '[31M' , x'00ff');
SELECT check_name, rows, customers, example FROM data_quality('zones') WHERE rows > 0;

-- Nobody, and nobody's order.
CREATE TABLE empty(customer_id, order_date, amount);
SELECT count(*) AS checks, sum(severity = 'ok') AS ok, count(rows) AS made, sum(rows) AS rows, count(share) AS shares FROM data_quality('empty');
INSERT INTO empty VALUES (NULL, '2024-02-29', NULL);
SELECT check_name, severity, rows, share, customers, example FROM data_quality('empty') WHERE severity <> 'ok';

-- Hidden columns: what was read, and by which columns.
SELECT DISTINCT customer_column, date_column, amount_column, order_column, as_of, period, rows_read, rows_skipped, rows_no_customer
  FROM data_quality('orders');

-- Errors are those of the source, not of its rows.
SELECT * FROM data_quality;
SELECT * FROM data_quality('ordres');
SELECT * FROM data_quality('orders') WHERE date_column = 'day';
SELECT * FROM data_quality('orders', 'monthly');
SELECT * FROM data_quality('orders') WHERE on_error = 'skip';
CREATE TABLE two(customer_id, user_id, order_date);
SELECT * FROM data_quality('two');
