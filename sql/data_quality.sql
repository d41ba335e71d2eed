-- data_quality.sql: some checks of a table of orders in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  One row per check: rows in question, and customers who have such rows.
--
--     customer_missing         rows whose customer is NULL or ''
--     customer_spaces          ids that are one without the spaces around them,
--     customer_case            then also without the case of letters,
--     customer_types           then also with texts as the integers that they spell, blobs as text
--     date_missing             rows whose date is NULL or ''
--     date_future              the last rows, at most 1 in 100 of 10 or more, behind more than 365
--                              days without any: most likely a mistyped year
--     amount_negative          refunds
--     customer_only_refunds    rows of customers without a purchase
--     same_day_orders          rows beyond the first of a customer's day, refunds aside
--     first_period_unfinished  rows of the first month, if it does not begin on its first day
--     last_period_unfinished   rows of the last month, if it does not end on its last day
--     days_without_orders      days in runs of 7 or more without an order, over 5 times as long as
--                              the gap that 9 in 10 stay within
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero.
WITH
line AS (
    SELECT customer_id, substr(order_date, 1, 10) AS day, coalesce(amount, 0) AS amount
    FROM orders
),
-- Ids, and what is left of them from level to level.
id AS (
    SELECT customer_id AS id, count(*) AS n,
           CASE typeof(customer_id) WHEN 'text' THEN trim(customer_id) ELSE customer_id END AS spaces,
           CASE typeof(customer_id) WHEN 'text' THEN lower(trim(customer_id)) ELSE customer_id END AS cases,
           CASE WHEN typeof(customer_id) IN ('text', 'blob')
                THEN lower(trim(CAST(customer_id AS TEXT))) ELSE customer_id END AS plain
    FROM line
    WHERE customer_id <> ''
    GROUP BY customer_id
),
spelled AS (
    SELECT *, CASE WHEN CAST(CAST(plain AS INTEGER) AS TEXT) IS plain THEN CAST(plain AS INTEGER)
                   ELSE plain END AS types
    FROM id
),
collision(check_name, form, lower_form, n) AS (
    SELECT 'customer_spaces', spaces, id, n FROM spelled UNION ALL
    SELECT 'customer_case', cases, spaces, n FROM spelled UNION ALL
    SELECT 'customer_types', types, cases, n FROM spelled
),
collided AS (
    SELECT check_name, sum(n) AS n_rows, count(*) AS n_customers
    FROM collision
    GROUP BY check_name, form
    HAVING count(DISTINCT lower_form) > 1
),
-- A customer's days.
day AS (
    SELECT customer_id, day, count(*) AS n_rows, total(amount >= 0) AS n_orders,
           sum(amount) > 1e-9 * sum(abs(amount)) OR sum(abs(amount)) = 0 AS is_purchase
    FROM line
    WHERE customer_id <> '' AND day <> ''
    GROUP BY customer_id, day
),
refunded AS (
    SELECT sum(n_rows) AS n FROM day GROUP BY customer_id HAVING NOT max(is_purchase)
),
-- The shop's days, how far each is from the one before, and how many rows come from it on.
shop AS (
    SELECT day, count(*) AS n, julianday(day) - lag(julianday(day)) OVER (ORDER BY day) AS gap
    FROM line
    WHERE day <> ''
    GROUP BY day
),
counted AS (
    SELECT *, sum(n) OVER (ORDER BY day DESC) AS behind, sum(n) OVER () AS n_all FROM shop
),
tail AS (
    SELECT min(day) AS begins
    FROM counted
    WHERE gap > 365 AND n_all >= 10 AND behind <= max(1, n_all / 100)
),
body AS (
    SELECT day, n, gap FROM shop, tail WHERE begins IS NULL OR day < begins
),
bound AS (
    SELECT min(day) AS first, max(day) AS last FROM body
),
month AS (
    SELECT date(first, 'start of month', '+1 month') AS first_end,
           first > date(first, 'start of month') AS first_is_late,
           date(last, 'start of month') AS last_start,
           last < date(last, 'start of month', '+1 month', '-1 day') AS last_is_early,
           last
    FROM bound
),
gap AS (
    SELECT gap, row_number() OVER (ORDER BY gap) AS place, count(*) OVER () AS n
    FROM body
    WHERE gap IS NOT NULL
),
usual AS (
    SELECT min(gap) AS days FROM gap WHERE 10 * place >= 9 * n AND n >= 10
),
found(place, check_name, n_rows, n_customers) AS (
    SELECT 1, 'customer_missing', count(*), 0 FROM line WHERE customer_id IS NULL OR customer_id = ''
    UNION ALL
    SELECT 2, 'customer_spaces', total(n_rows), total(n_customers) FROM collided WHERE check_name = 'customer_spaces'
    UNION ALL
    SELECT 3, 'customer_case', total(n_rows), total(n_customers) FROM collided WHERE check_name = 'customer_case'
    UNION ALL
    SELECT 4, 'customer_types', total(n_rows), total(n_customers) FROM collided WHERE check_name = 'customer_types'
    UNION ALL
    SELECT 5, 'date_missing', count(*), count(DISTINCT nullif(customer_id, '')) FROM line WHERE coalesce(day, '') = ''
    UNION ALL
    SELECT 6, 'date_future', (SELECT total(n) FROM shop WHERE day >= begins),
           (SELECT count(DISTINCT customer_id) FROM day WHERE day >= begins AND is_purchase)
    FROM tail
    UNION ALL
    SELECT 7, 'amount_negative', count(*), count(DISTINCT nullif(customer_id, '')) FROM line WHERE amount < 0
    UNION ALL
    SELECT 8, 'customer_only_refunds', total(n), count(*) FROM refunded
    UNION ALL
    SELECT 9, 'same_day_orders', total(n_orders - 1), count(DISTINCT customer_id) FROM day WHERE n_orders > 1
    UNION ALL
    SELECT 10, 'first_period_unfinished',
           (SELECT total(n) FROM body WHERE first_is_late AND day < first_end),
           (SELECT count(DISTINCT customer_id) FROM day WHERE first_is_late AND is_purchase AND day < first_end)
    FROM month WHERE last IS NOT NULL
    UNION ALL
    SELECT 11, 'last_period_unfinished',
           (SELECT total(n) FROM body WHERE last_is_early AND day >= last_start),
           (SELECT count(DISTINCT customer_id) FROM day
             WHERE last_is_early AND is_purchase AND day BETWEEN last_start AND last)
    FROM month WHERE last IS NOT NULL
    UNION ALL
    SELECT 12, 'days_without_orders',
           (SELECT CASE WHEN days IS NOT NULL THEN total(CASE WHEN gap > 7 AND gap > 5 * days THEN gap - 1 END) END
              FROM body),
           NULL
    FROM usual
)
SELECT check_name, CAST(n_rows AS INTEGER) AS rows, CAST(n_customers AS INTEGER) AS customers
FROM found
WHERE n_rows IS NOT NULL
ORDER BY place;
