-- Customers come back with the very type and bytes of the source

-- 1 and 1.0 are one customer; 1, '1' and x'31' are three; case and blanks count; NULL and '' are nobody.
CREATE TABLE o(customer_id, order_date, amount);
INSERT INTO o VALUES (1, '2024-01-01', 1), (1.0, '2024-01-02', 1), ('1', '2024-01-01', 1), (x'31', '2024-01-01', 1),
  (1.5, '2024-01-01', 1), ('1.0', '2024-01-01', 1), ('ann', '2024-01-01', 1), ('Ann', '2024-01-01', 1),
  ('ann ', '2024-01-01', 1), (NULL, '2024-01-01', 1), ('', '2024-01-01', 1), (x'', '2024-01-01', 1),
  (0, '2024-01-01', 1), (-0.0, '2024-01-03', 1), (9223372036854775807, '2024-01-01', 1),
  (-9223372036854775808, '2024-01-01', 1),
  ('a' || char(0) || 'b', '2024-01-01', 1), ('a' || char(0) || 'c', '2024-01-01', 1), (x'00', '2024-01-01', 1),
  ('ångström', '2024-01-01', 1), ('o''hara', '2024-01-01', 1),
  (9007199254740993, '2024-01-01', 1), (9007199254740992, '2024-01-01', 1), (9007199254740992.0, '2024-01-05', 1);
SELECT typeof(customer_id) AS type, quote(customer_id) AS id, hex(customer_id) AS bytes, frequency
  FROM clv('o') ORDER BY customer_id;

-- rows_no_customer counts the three.
SELECT DISTINCT rows_no_customer FROM clv('o');

-- REALs beyond the integers, and an infinity.
DELETE FROM o;
INSERT INTO o VALUES (9223372036854775807, '2024-01-01', 1), (9223372036854775808.0, '2024-01-01', 1), (9e999, '2024-01-01', 1);
SELECT typeof(customer_id) AS type, customer_id = 9223372036854775807 AS is_int_max, customer_id = 9223372036854775808.0 AS is_2_63,
       customer_id = 9e999 AS is_infinite FROM clv('o');

-- Long ids of 7, 8, 9 and 20,000 bytes; those that differ in the last byte are two.
DELETE FROM o;
INSERT INTO o SELECT substr(printf('%.*c', 20000, 'x'), 1, n - 1) || e, '2024-01-01', 1
  FROM (SELECT 7 AS n UNION ALL VALUES (8), (9), (20000)), (SELECT 'y' AS e UNION ALL VALUES ('z'));
SELECT length(customer_id) AS length, substr(customer_id, -1) AS last FROM clv('o') ORDER BY 1, 2;

-- A column with affinity keeps what the table keeps; a collation of the source does not merge customers.
CREATE TABLE t(customer_id TEXT COLLATE NOCASE, order_date, amount);
INSERT INTO t VALUES (1, '2024-01-01', 1), ('Ann', '2024-01-01', 1), ('ANN', '2024-01-01', 1);
SELECT quote(customer_id) AS id FROM clv('t') ORDER BY customer_id;

-- The natural order: NULL values last, then by customer id: numbers, text by bytes, blobs.
DELETE FROM o;
INSERT INTO o SELECT column1, '2024-01-01', 1 FROM (VALUES ('b'), (x'61'), (10), ('B'), (9.5), ('a'), (x'6161'), (-3));
SELECT group_concat(quote(customer_id), ' ') AS ids FROM clv('o');

-- More customers than fit in one page of 1,024, in no order.
DELETE FROM o;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO o SELECT i * 7919 % 5001, '2024-01-01', 1 FROM n;
SELECT count(*) AS n, count(DISTINCT customer_id) AS n_distinct, min(customer_id) AS least, max(customer_id) AS most,
       end_customers FROM clv('o'), (SELECT end_customers FROM retention_rate('o'));
