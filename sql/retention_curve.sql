-- retention_curve.sql: the monthly retention curve in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table.
--
-- For each number of months since the month of a customer's first purchase:
--
--     at_risk       customers for whom that month is over at as_of
--     customers     of them, those with a purchase in that month
--     cohorts_used  how many months of first purchases they come from
--
-- retention_rate = customers / at_risk: the mean over the cohorts, each weighing its customers, and
-- without the cells of the month that is not over, which would bend the curve down at its end.
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
placed AS (
    SELECT month, min(month) OVER (PARTITION BY customer_id) AS cohort
    FROM active
),
counted AS (
    SELECT cohort, month - cohort AS period_index, count(*) AS customers
    FROM placed
    GROUP BY cohort, month
),
-- The month before that of the day after as_of is the last one that is over.
bound AS (
    SELECT substr(day_after, 1, 4) * 12 + substr(day_after, 6, 2) - 2 AS month_last
    FROM (SELECT date(substr(max(order_date), 1, 10), '+1 day') AS day_after FROM orders)
),
run AS (
    SELECT cohort, period_index, customers, month_last,
           first_value(customers) OVER triangle AS cohort_size,
           lead(period_index, 1, month_last - cohort + 1) OVER triangle AS period_next
    FROM counted, bound
    WINDOW triangle AS (PARTITION BY cohort ORDER BY period_index)
),
-- A row of counted, and behind it the months in which nobody of the cohort bought.
cell AS (
    SELECT * FROM run WHERE cohort + period_index <= month_last
    UNION ALL
    SELECT cohort, period_index + 1, 0, month_last, cohort_size, period_next
    FROM cell
    WHERE period_index + 1 < period_next AND cohort + period_index < month_last
)
SELECT period_index,
       sum(cohort_size) AS at_risk,
       sum(customers) AS customers,
       sum(customers) * 1.0 / sum(cohort_size) AS retention_rate,
       count(*) AS cohorts_used
FROM cell
GROUP BY period_index
ORDER BY period_index
