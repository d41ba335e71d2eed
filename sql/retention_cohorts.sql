-- retention_cohorts.sql: the monthly cohort triangle in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table.
--
-- A cohort is the customers whose first purchase lies in one month.  For each cohort and each month
-- from its own, period_index 0, to that of as_of:
--
--     customers  of the cohort, with a purchase in that month     retention_rate  customers / cohort_size
--     orders     their purchase days in it                        revenue         the net amount of these
--     cum_revenue_per_customer   net amount from the cohort's first month to that one / cohort_size
--     revenue_retention          revenue / revenue of the cohort's first month
--
-- A month that as_of does not reach the end of is not complete and has no rates.
--
-- counted has a row for each month in which somebody of the cohort bought; cell fills in the months
-- between them, in which nobody did.  Windows look at counted first, so that it is read once: a CTE
-- that is read twice is written to a temporary table, and with it each CTE it reads.
WITH RECURSIVE
line AS (
    SELECT customer_id, substr(order_date, 1, 10) AS day, amount
    FROM orders
    WHERE customer_id <> ''
),
purchase AS (
    SELECT customer_id, day, total(amount) AS net
    FROM line
    GROUP BY customer_id, day
    HAVING sum(amount) > 1e-9 * sum(abs(amount)) OR total(abs(amount)) = 0
),
-- Months are numbered 12 * year + month - 1, so that neighbours differ by one.
dated AS (
    SELECT customer_id, net, substr(day, 1, 4) * 12 + substr(day, 6, 2) - 1 AS month
    FROM purchase
),
visit AS (
    SELECT customer_id, month, count(*) AS orders, sum(net) AS revenue
    FROM dated
    GROUP BY customer_id, month
),
placed AS (
    SELECT month, orders, revenue, min(month) OVER (PARTITION BY customer_id) AS cohort
    FROM visit
),
counted AS (
    SELECT cohort, month - cohort AS period_index, count(*) AS customers, sum(orders) AS orders,
           sum(revenue) AS revenue
    FROM placed
    GROUP BY cohort, month
),
bound AS (
    SELECT as_of, substr(as_of, 1, 4) * 12 + substr(as_of, 6, 2) - 1 AS month_last
    FROM (SELECT substr(max(order_date), 1, 10) AS as_of FROM orders)
),
run AS (
    SELECT cohort, period_index, customers, orders, revenue,
           first_value(customers) OVER triangle AS cohort_size,
           first_value(revenue) OVER triangle AS revenue_first,
           sum(revenue) OVER triangle AS revenue_so_far,
           lead(period_index, 1, month_last - cohort + 1) OVER triangle AS period_next
    FROM counted, bound
    WINDOW triangle AS (PARTITION BY cohort ORDER BY period_index)
),
cell AS (
    SELECT * FROM run
    UNION ALL
    SELECT cohort, period_index + 1, 0, 0, 0.0, cohort_size, revenue_first, revenue_so_far, period_next
    FROM cell
    WHERE period_index + 1 < period_next
),
labelled AS (
    SELECT *,
           printf('%04d-%02d-01', cohort / 12, cohort % 12 + 1) AS cohort_start,
           printf('%04d-%02d-01', (cohort + period_index) / 12, (cohort + period_index) % 12 + 1) AS period_start
    FROM cell
),
finished AS (
    SELECT *, date(period_start, '+1 month', '-1 day') <= as_of AS is_complete,
           CASE WHEN date(period_start, '+1 month', '-1 day') <= as_of
                THEN CAST(cohort_size AS REAL) END AS divisor
    FROM labelled, bound
)
SELECT cohort_start AS cohort,
       cohort_size,
       period_index,
       period_start,
       is_complete,
       customers,
       customers / divisor AS retention_rate,
       orders,
       CAST(revenue AS REAL) AS revenue,
       revenue_so_far / divisor AS cum_revenue_per_customer,
       CASE WHEN is_complete AND revenue_first > 0 THEN revenue * 1.0 / revenue_first END AS revenue_retention
FROM finished
ORDER BY finished.cohort, period_index
