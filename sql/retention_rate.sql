-- retention_rate.sql: the monthly retention series in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero (a free
-- order is an order; one refunded in full on the same day is not).  A sum within a billionth of
-- the amounts that went into it is zero: cents are not exact in binary.  Rows without a customer
-- (NULL or '') are left out, but count for as_of, the last date in the table.  For each month
-- from the first purchase to as_of:
--
--     start_customers  S: customers with a purchase in the month before
--     end_customers    E: customers with a purchase in this month
--     new_customers    in E, their first purchase ever
--     retained         in S and E                   retention_rate      retained / S
--     reactivated      in E, not in S, not new      churn_rate          lost / S
--     lost             in S, not in E               crr_formula         (E - new) / S
--                                                   end_to_start_ratio  E / S
--
-- A month that as_of does not reach the end of is not complete and has no rates; nor has a month
-- with S = 0.
--
-- The one large sort is by (customer, day).  counted is read once on purpose: a CTE that is read
-- twice is written to a temporary table, and with it each CTE it reads.  What was tried instead,
-- and how much slower it was, is in bench/README.md.
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
    SELECT month, count(*) AS n, sum(previous IS NULL) AS new,
           sum(previous IS month - 1) AS retained
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
           lag(coalesce(n, 0), 1, 0) OVER (ORDER BY month) AS start_customers,
           coalesce(n, 0) AS end_customers,
           coalesce(new, 0) AS new_customers,
           coalesce(retained, 0) AS retained,
           total(new) OVER (ORDER BY month) AS customers_so_far
    FROM period LEFT JOIN counted USING (month)
),
labelled AS (
    SELECT *, date(period_start, '+1 month', '-1 day') <= as_of AS is_complete,
           CASE WHEN date(period_start, '+1 month', '-1 day') <= as_of AND start_customers > 0
                THEN CAST(start_customers AS REAL) END AS divisor
    FROM series, bound
)
SELECT period_start,
       is_complete,
       start_customers,
       end_customers,
       new_customers,
       retained,
       end_customers - new_customers - retained AS reactivated,
       start_customers - retained AS lost,
       retained / divisor AS retention_rate,
       (start_customers - retained) / divisor AS churn_rate,
       (end_customers - new_customers) / divisor AS crr_formula,
       end_customers / divisor AS end_to_start_ratio
FROM labelled
WHERE customers_so_far > 0
ORDER BY period_start;
