-- purchase_gaps.sql: how many days lie between two purchases, in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out.  Gap k reaches from a customer's purchase day k to purchase day k + 1.  A row
-- for all gaps, its order_number NULL, and one for each k up to 10:
--
--     n, mean                        how many gaps, and their mean in days
--     p10, p25, median, p75, p90     in days, linear between neighbours (type 7 of Hyndman and Fan):
--                                    percentile N is at the place (n - 1) * N / 100, counted from 0
--
-- The coefficient of variation needs a square root, which SQLite mostly comes without.
WITH
line AS (
    SELECT customer_id, strftime('%s', substr(order_date, 1, 10)) / 86400 AS day, amount
    FROM orders
    WHERE customer_id <> ''
),
purchase AS (
    SELECT customer_id, day
    FROM line
    GROUP BY customer_id, day
    HAVING sum(amount) > 1e-9 * sum(abs(amount)) OR total(abs(amount)) = 0
),
gap AS (
    SELECT row_number() OVER (PARTITION BY customer_id ORDER BY day) AS k,
           lead(day) OVER (PARTITION BY customer_id ORDER BY day) - day AS days
    FROM purchase
),
listed AS (
    SELECT NULL AS order_number, days FROM gap WHERE days IS NOT NULL
    UNION ALL
    SELECT k, days FROM gap WHERE days IS NOT NULL AND k <= 10
),
ranked AS (
    SELECT order_number, days,
           row_number() OVER (PARTITION BY order_number ORDER BY days) - 1 AS place,
           count(*) OVER (PARTITION BY order_number) - 1 AS last_place,
           lead(days, 1, days) OVER (PARTITION BY order_number ORDER BY days) - days AS to_next
    FROM listed
)
SELECT order_number,
       count(*) AS n,
       avg(days) AS mean,
       max(days + last_place * 50 % 100 / 100.0 * to_next)
           FILTER (WHERE place = last_place * 50 / 100) AS median,
       max(days + last_place * 10 % 100 / 100.0 * to_next)
           FILTER (WHERE place = last_place * 10 / 100) AS p10,
       max(days + last_place * 25 % 100 / 100.0 * to_next)
           FILTER (WHERE place = last_place * 25 / 100) AS p25,
       max(days + last_place * 75 % 100 / 100.0 * to_next)
           FILTER (WHERE place = last_place * 75 / 100) AS p75,
       max(days + last_place * 90 % 100 / 100.0 * to_next)
           FILTER (WHERE place = last_place * 90 / 100) AS p90
FROM ranked
GROUP BY order_number
ORDER BY order_number;
