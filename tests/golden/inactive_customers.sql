-- inactive_customers(): who has not bought for a while, the best customers first?

-- as_of is 2024-08-31 (fay); six months before that is 2024-02-29, the last day of a shorter month.  bob bought
-- the day before, cy on it.  Gaps: ann 10, 10, 20; di 30; fay 30; gus 2; the shop's median of 2, 10, 10, 20, 30,
-- 30 is 15.
CREATE TABLE orders(customer_id, order_date, amount);
INSERT INTO orders VALUES
  ('ann', '2023-10-01', 10), ('ann', '2023-10-11', 10), ('ann', '2023-10-21', 10), ('ann', '2023-11-10', 30),
  ('bob', '2024-02-28', 50), ('cy', '2024-02-29', 70),
  ('di', '2024-01-01', 20), ('di', '2024-01-31', 20.5), ('di', '2024-02-05', -0.5),
  ('ed', '2024-01-10', -5), ('fay', '2024-08-01', 5), ('fay', '2024-08-31', 5),
  ('hal', '2023-12-24', 0.3), ('gus', '2023-12-24', 0.1), ('gus', '2023-12-26', 0.2), ('', '2023-01-01', 9);

-- usual_gap_days: ann has three gaps of her own, median 10; bob and hal none, so 15; di (30 + 2 x 15) / 3 = 20;
-- gus (2 + 2 x 15) / 3.  di's refund on a day of its own lowers historic_value, not avg_order_value.  gus and hal
-- brought the same, though 0.1 + 0.2 is not 0.3.  ed never bought.
SELECT * FROM inactive_customers('orders');

-- Other lengths, by days and by the calendar: 182 days before is 2024-03-02, a year before 2023-08-31.
SELECT customer_id, last_order_date, days_since_last FROM inactive_customers('orders', '182 days');
SELECT customer_id, last_order_date, days_since_last FROM inactive_customers('orders', '30 weeks');
SELECT count(*) AS n FROM inactive_customers('orders', '1 year');
SELECT count(*) AS n, inactive_for, as_of FROM inactive_customers('orders', '1 day') WHERE as_of = '2024-02-29';

-- Months of the Iranian calendar: 2024-08-31 is 1403-06-10, six months before is 1402-12-10, or 2024-02-29.
SELECT customer_id, last_order_date, as_of FROM inactive_customers('orders') WHERE calendar = 'jalali' LIMIT 2;

-- With a table of customers also those who never bought: ed has only returned, joe and 7 have no row in orders.
-- Its column is found by the name that the orders use, else by a usual one or as id.
CREATE TABLE customers(id, email);
INSERT INTO customers VALUES ('joe', 'j@x'), ('ann', 'a@x'), (NULL, 'n@x'), ('', 'e@x'), ('ed', 'd@x'), (7, 's@x'), ('joe', 'j@y');
SELECT rank, customer_id, last_order_date, days_since_last, usual_gap_days, purchase_days, historic_value, avg_order_value, note,
       customers_column FROM inactive_customers('orders', '6 months', 'customers') WHERE rank > 3;
CREATE TEMP VIEW mailing AS SELECT email, 1 AS id, 'kim' AS customer_id FROM customers;
SELECT customer_id, note, customers_source, customers_column FROM inactive_customers('orders', '2 years', 'mailing');
SELECT count(*) AS n, customers_column FROM inactive_customers('orders', '2 years', 'main.customers') WHERE customers_column = 'EMAIL';

-- As of a day before the first purchase nobody has bought yet.
SELECT * FROM inactive_customers('orders', '6 months', 'customers') WHERE as_of = '2022-12-31' AND customer_id IN ('ann', 'joe');

-- Ids are compared with their types, 1 and '1' are two customers: a note says when none matches.
CREATE TABLE visits(user_id INTEGER, created_at TEXT, price REAL);
INSERT INTO visits VALUES (1, '2024-01-01', 5), (2, '2024-03-01', 5);
CREATE TABLE users(user_id TEXT, name);
INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob');
.mode list
SELECT customer_id, typeof(customer_id) AS type, note FROM inactive_customers('visits', '30 days', 'users');
CREATE TEMP VIEW typed_users AS SELECT CAST(user_id AS INTEGER) AS user_id FROM users UNION ALL SELECT 3.0;
SELECT customer_id, typeof(customer_id) AS type, note FROM inactive_customers('visits', '30 days', 'typed_users');
CREATE TEMP VIEW other_users AS SELECT user_id + 10 AS user_id FROM users;
SELECT customer_id, note FROM inactive_customers('visits', '90 days', 'other_users');
.mode column

-- Nobody has bought twice: the note says so.  Without amounts the order is that of the purchase days.
SELECT customer_id, usual_gap_days, note FROM inactive_customers('visits', '1 month');
SELECT rank, customer_id, purchase_days, historic_value, avg_order_value FROM inactive_customers('orders') WHERE amount_column = '';

-- Nobody, with and without customers; one customer.
CREATE TABLE none(customer_id, order_date, amount);
SELECT count(*) AS n FROM inactive_customers('none');
SELECT customer_id, purchase_days, historic_value, note FROM inactive_customers('none', '6 months', 'users');
CREATE TABLE nobody(customer_id);
SELECT count(*) AS n FROM inactive_customers('orders', '6 months', 'nobody');
INSERT INTO none VALUES ('x', '2024-02-29', 3);
SELECT customer_id, days_since_last FROM inactive_customers('none', '1 day');
SELECT customer_id, days_since_last FROM inactive_customers('none', '1 day') WHERE as_of = '2024-03-02';

-- Refusals.
SELECT * FROM inactive_customers('orders', '6');
SELECT * FROM inactive_customers('orders', 180);
SELECT * FROM inactive_customers('orders', '101 years');
SELECT * FROM inactive_customers('orders', '6 months', 'customer');
SELECT * FROM inactive_customers('orders', '6 months', 'nowhere.customers');
SELECT * FROM inactive_customers('orders', '6 months', 'customers') WHERE schema = 'temp';
SELECT * FROM inactive_customers('orders', '6 months', 'customers', 'mail');
SELECT * FROM inactive_customers('orders', '6 months', 'customers', '');
SELECT * FROM inactive_customers('orders', '6 months', '', 'id');
SELECT * FROM inactive_customers('orders', '6 months') WHERE customers_column = 'id';
CREATE TABLE both(client_id, user_id);
SELECT * FROM inactive_customers('orders', '6 months', 'both');
CREATE TABLE names(first, last);
SELECT * FROM inactive_customers('orders', '6 months', 'names');
CREATE VIEW broken AS SELECT nope AS customer_id FROM customers;
SELECT * FROM inactive_customers('orders', '6 months', 'broken');
CREATE VIEW failing AS SELECT abs(-9223372036854775807 - 1) AS customer_id;
SELECT * FROM inactive_customers('orders', '6 months', 'failing');

-- An empty name is no name: without a table of customers it asks for nothing.
CREATE TABLE two(customer_id, order_date);
INSERT INTO two VALUES ('a', '2024-01-05'), ('b', '2024-06-05');
SELECT customer_id, days_since_last FROM inactive_customers('two', '1 month') WHERE customers_column = '';
