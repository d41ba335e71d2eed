-- shop.sql: builds a sample shop, the same one every time.
--
--     sqlite3 shop.db < samples/shop.sql
--
-- makes
--
--     customers(customer_id, name, email_domain)                             2,000 rows
--     orders(order_id, customer_id, order_date, amount, channel, country)   about 12,000 rows
--
-- from 2023-04-01 to 2025-09-17, in the middle of a month.  samples/README.md says what is in it.
--
-- Chance comes from arithmetic on integers, so that each version of SQLite builds the same shop: a
-- draw is x -> (x * x + c) % 2147483647, twice, from a number of the customer, the day and the
-- purpose.  x stays below 2^31 and the square below 2^62, within SQLite's integers.
DROP TABLE IF EXISTS orders;
DROP TABLE IF EXISTS customers;

BEGIN;

CREATE TABLE customers(
    customer_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email_domain TEXT NOT NULL
);
CREATE TABLE orders(
    order_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers,
    order_date TEXT NOT NULL,
    amount REAL NOT NULL,
    channel TEXT NOT NULL,
    country TEXT NOT NULL
);

-- The calendar: day 0 is 2023-04-01, day 900 is 2025-09-17; demand in thousandths.
CREATE TEMP TABLE shop_day AS
WITH RECURSIVE
number(day) AS (SELECT 0 UNION ALL SELECT day + 1 FROM number WHERE day < 900),
dated AS (SELECT day, date('2023-04-01', '+' || day || ' days') AS date FROM number)
SELECT day, date,
       CASE strftime('%w', date) WHEN '0' THEN 500 WHEN '6' THEN 650 WHEN '1' THEN 1100
              ELSE 1000 END
       * CASE strftime('%m', date) WHEN '01' THEN 850 WHEN '02' THEN 820 WHEN '07' THEN 800
              WHEN '08' THEN 780 WHEN '11' THEN 1350 WHEN '12' THEN 1400 ELSE 1000 END
       / 1000 AS demand
FROM dated;

-- Seven draws for each customer; then what they are like.  The later of two uniform days, half of
-- the time, makes acquisition grow to three times its start.  Cubes make a few customers buy
-- often and a few spend much.
CREATE TEMP TABLE shop_customer AS
WITH RECURSIVE
number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 2000),
purpose(p) AS (VALUES (1), (2), (3), (4), (5), (6), (7)),
start AS (
    SELECT n, p, (n * 7368787 + p * 179424673 + 104729) % 2147483647 AS x FROM number, purpose
),
mixed AS (SELECT n, p, (x * x + 48271) % 2147483647 AS x FROM start),
draw AS (SELECT n, p, (x * x + 16807) % 2147483647 % 1000 AS x FROM mixed),
wide AS (
    SELECT n,
           max(x) FILTER (WHERE p = 1) AS a, max(x) FILTER (WHERE p = 2) AS b,
           max(x) FILTER (WHERE p = 3) AS c, max(x) FILTER (WHERE p = 4) AS rate,
           max(x) FILTER (WHERE p = 5) AS spend, max(x) FILTER (WHERE p = 6) AS channel,
           max(x) FILTER (WHERE p = 7) AS country
    FROM draw
    GROUP BY n
),
trait AS (
    SELECT n,
           CASE WHEN c < 500 THEN a ELSE max(a, b) END * 901 / 1000 AS first_day,
           3500 + rate * rate * rate / 12200 AS rate_ppm,         -- orders a day, in millionths
           1800 + spend * spend / 1000 * spend / 100 AS cents,    -- of a usual order
           CASE WHEN channel < 380 THEN 'web' WHEN channel < 600 THEN 'app'
                WHEN channel < 820 THEN 'market' ELSE 'store' END AS channel,
           CASE WHEN country < 450 THEN 'DE' WHEN country < 700 THEN 'FR'
                WHEN country < 880 THEN 'NL' ELSE 'AT' END AS country
    FROM wide
),
numbered AS (SELECT row_number() OVER (ORDER BY first_day, n) AS customer_id, * FROM trait)
-- Eight good customers of the first year buy much and often, and fall silent: the last day that
-- they order is 80 to 220 days before the end.
SELECT customer_id, first_day, channel, country,
       CASE WHEN is_silent THEN 80000 ELSE rate_ppm END AS rate_ppm,
       CASE WHEN is_silent THEN 9000 + customer_id * 17 ELSE cents END AS cents,
       CASE WHEN is_silent THEN 0 WHEN channel = 'market' THEN 260 WHEN channel = 'app' THEN 25
            ELSE 40 END AS dropout,      -- after each order, in thousandths
       CASE WHEN is_silent THEN 820 - customer_id % 8 * 20 ELSE 900 END AS last_day
FROM (SELECT *, customer_id % 45 = 7 AND customer_id < 350 AS is_silent FROM numbered);

-- One draw for each customer and day decides whether they would order; the same number, mixed once
-- more, serves the order itself.  Each customer orders on their first day.
CREATE TEMP TABLE shop_visit AS
WITH
start AS (
    SELECT c.customer_id, d.day, c.first_day, c.rate_ppm * d.demand / 1000 AS ppm,
           (c.customer_id * 15485863 + d.day * 32452843 + 49979687) % 2147483647 AS x
    FROM shop_customer AS c JOIN shop_day AS d ON d.day BETWEEN c.first_day AND c.last_day
),
mixed AS (SELECT *, (x * x + 48271) % 2147483647 AS y FROM start),
draw AS (SELECT *, (y * y + 16807) % 2147483647 AS z FROM mixed)
SELECT customer_id, day, (z * z + 69621) % 2147483647 AS x,
       row_number() OVER (PARTITION BY customer_id ORDER BY day) AS nth
FROM draw
WHERE day = first_day OR z % 1000000 < ppm;

-- Customers drop out after an order with a probability of their channel: the first time ends it.
CREATE TEMP TABLE shop_order AS
WITH
dropped AS (
    SELECT v.customer_id, min(v.nth) AS nth
    FROM shop_visit AS v JOIN shop_customer AS c USING (customer_id)
    WHERE v.x / 1000 % 1000 < c.dropout
    GROUP BY v.customer_id
)
SELECT v.customer_id, v.day, v.x, (v.x * v.x + 630360016) % 2147483647 AS y
FROM shop_visit AS v LEFT JOIN dropped USING (customer_id)
WHERE dropped.nth IS NULL OR v.nth <= dropped.nth;

-- Each row: an order; three times in a hundred a second one on the day; fifteen in a thousand are
-- refunded in full 3 to 22 days later.  One order in ten comes through the website whatever the
-- customer's channel.
INSERT INTO orders(customer_id, order_date, amount, channel, country)
WITH
row(customer_id, day, second, percent, y) AS (
    SELECT customer_id, day, 28800 + y % 46800, 50 + x / 7 % 61 + y / 11 % 61, y FROM shop_order
    UNION ALL
    SELECT customer_id, day, 28800 + (y + 7200) % 46800, 30 + x / 13 % 51, y FROM shop_order
    WHERE y / 100 % 100 < 3
    UNION ALL
    SELECT customer_id, day + 3 + x % 20, 36000 + y % 21600, -(50 + x / 7 % 61 + y / 11 % 61), y
    FROM shop_order
    WHERE y / 10000 % 1000 < 15
)
SELECT r.customer_id,
       d.date || ' ' || time(r.second, 'unixepoch'),
       (c.cents * r.percent / 110) / 100.0,
       CASE WHEN r.y / 1000 % 10 = 0 THEN 'web' ELSE c.channel END,
       c.country
FROM row AS r JOIN shop_customer AS c USING (customer_id) JOIN shop_day AS d USING (day)
ORDER BY r.day, r.second, r.customer_id;

INSERT INTO customers(customer_id, name, email_domain)
WITH
first(i, name) AS (VALUES
    (0, 'Ada'), (1, 'Bruno'), (2, 'Chloe'), (3, 'Daan'), (4, 'Elif'), (5, 'Felix'), (6, 'Greta'),
    (7, 'Hugo'), (8, 'Ines'), (9, 'Jonas'), (10, 'Katja'), (11, 'Louis'), (12, 'Mila'),
    (13, 'Noah'), (14, 'Olga'), (15, 'Paul'), (16, 'Rosa'), (17, 'Sem'), (18, 'Tilda'),
    (19, 'Ugo'), (20, 'Vera'), (21, 'Wim'), (22, 'Zoe')),
last(i, name) AS (VALUES
    (0, 'Albers'), (1, 'Bakker'), (2, 'Carlier'), (3, 'Decker'), (4, 'Ebner'), (5, 'Fontaine'),
    (6, 'Gruber'), (7, 'Hofer'), (8, 'Imhof'), (9, 'Janssen'), (10, 'Keller'), (11, 'Lambert'),
    (12, 'Moreau'), (13, 'Neumann'), (14, 'Otten'), (15, 'Petit'), (16, 'Quist'), (17, 'Renard'),
    (18, 'Schmid'), (19, 'Thomas'), (20, 'Urban'), (21, 'Visser'), (22, 'Weber'), (23, 'Yilmaz'),
    (24, 'Zander'), (25, 'Brandt'), (26, 'Colin'), (27, 'Duval'), (28, 'Engel'))
SELECT c.customer_id,
       first.name || ' ' || substr('ABC', c.customer_id / 667 + 1, 1) || '. ' || last.name,
       CASE c.customer_id % 7 WHEN 0 THEN 'example.org' WHEN 1 THEN 'example.net'
            ELSE 'example.com' END
FROM shop_customer AS c
JOIN first ON first.i = c.customer_id * 5 % 23
JOIN last ON last.i = c.customer_id * 11 % 29
ORDER BY c.customer_id;

DROP TABLE shop_order;
DROP TABLE shop_visit;
DROP TABLE shop_customer;
DROP TABLE shop_day;

COMMIT;
