-- lifecycle.sql: what makes the base of active customers grow or shrink, month by month, in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table.  For each month from the
-- first purchase to as_of:
--
--     active        customers with a purchase in the month
--     new           of them: their first purchase ever
--     retained      of them: active in the month before too
--     reactivated   the rest of them: they have come back
--     dormant       active in the month before, not in this one
--
-- net_growth = new + reactivated - dormant is the change of active, and
-- quick_ratio = (new + reactivated) / dormant.  In a month that as_of does not reach the end of
-- nobody is dormant yet: the other counts are those so far, dormant and what it goes into are NULL.
WITH RECURSIVE
line AS (
    SELECT customer_id, substr(order_date, 1, 10) AS day, amount
    FROM orders
    WHERE customer_id <> ''
),
purchase AS (
    SELECT customer_id, day
    FROM line
    GROUP BY customer_id, day
    HAVING sum(amount) > 1e-9 * sum(abs(amount)) OR total(abs(amount)) = 0
),
-- Months are numbered 12 * year + month - 1, so that neighbours differ by one.
active AS (
    SELECT DISTINCT customer_id, substr(day, 1, 4) * 12 + substr(day, 6, 2) - 1 AS month
    FROM purchase
),
step AS (
    SELECT month, lag(month) OVER (PARTITION BY customer_id ORDER BY month) AS previous
    FROM active
),
counted AS (
    SELECT month, count(*) AS n, sum(previous IS NULL) AS new, sum(previous IS month - 1) AS retained
    FROM step
    GROUP BY month
),
bound AS (
    SELECT substr(min(order_date), 1, 10) AS first_date, substr(max(order_date), 1, 10) AS as_of
    FROM orders
),
period(month, month_last) AS (
    SELECT substr(first_date, 1, 4) * 12 + substr(first_date, 6, 2) - 1,
           substr(as_of, 1, 4) * 12 + substr(as_of, 6, 2) - 1
    FROM bound
    WHERE as_of IS NOT NULL
    UNION ALL
    SELECT month + 1, month_last FROM period WHERE month < month_last
),
series AS (
    SELECT printf('%04d-%02d-01', month / 12, month % 12 + 1) AS period_start,
           coalesce(n, 0) AS active,
           coalesce(new, 0) AS new,
           coalesce(retained, 0) AS retained,
           coalesce(n - new - retained, 0) AS reactivated,
           lag(coalesce(n, 0), 1, 0) OVER (ORDER BY month) - coalesce(retained, 0) AS gone,
           total(new) OVER (ORDER BY month) AS customers_so_far
    FROM period LEFT JOIN counted USING (month)
),
-- gone becomes dormant when the month is over.
labelled AS (
    SELECT *, date(period_start, '+1 month', '-1 day') AS period_end,
           date(period_start, '+1 month', '-1 day') <= as_of AS is_complete,
           CASE WHEN date(period_start, '+1 month', '-1 day') <= as_of THEN gone END AS dormant
    FROM series, bound
)
SELECT period_start,
       period_end,
       is_complete,
       new,
       retained,
       reactivated,
       dormant,
       active,
       new + reactivated - dormant AS net_growth,
       (new + reactivated) / CAST(nullif(dormant, 0) AS REAL) AS quick_ratio
FROM labelled
WHERE customers_so_far > 0
ORDER BY period_start;
