-- repeat_purchase.sql: how many customers come back within 30, 60, 90, 180 and 365 days, in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table.  For each window:
--
--     eligible           customers whose first purchase was at least window_days before as_of
--     repeaters          of them, those with a second purchase day within window_days of the first
--     repeat_rate        repeaters / eligible
--     excluded_immature  the other customers: their window is not over
--
-- Leaving the immature out is what makes the windows comparable: each eligible customer had all
-- of window_days to come back.
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
step AS (
    SELECT customer_id, day,
           row_number() OVER (PARTITION BY customer_id ORDER BY day) AS n,
           lead(day) OVER (PARTITION BY customer_id ORDER BY day) - day AS gap
    FROM purchase
),
bound AS (
    SELECT strftime('%s', substr(max(order_date), 1, 10)) / 86400 AS as_of FROM orders
),
customer AS (
    SELECT as_of - day AS age, gap FROM step, bound WHERE n = 1
),
length(window_days) AS (
    VALUES (30), (60), (90), (180), (365)
)
SELECT window_days,
       sum(age >= window_days) AS eligible,
       sum(age >= window_days AND gap IS NOT NULL AND gap <= window_days) AS repeaters,
       CAST(sum(age >= window_days AND gap IS NOT NULL AND gap <= window_days) AS REAL)
           / nullif(sum(age >= window_days), 0) AS repeat_rate,
       sum(age < window_days) AS excluded_immature
FROM length CROSS JOIN customer
GROUP BY window_days
ORDER BY window_days;
