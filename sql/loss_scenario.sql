-- loss_scenario.sql: loss_scenario() in plain SQL: what is lost when the largest customers leave.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table; so are customers who never
-- purchased.
--
-- Revenue is the net amount of the purchase days of the last year up to as_of.  A year before 29
-- February is the 28th, not the 1st of March that date('...', '-1 year') makes of it.  The customers
-- with most of that revenue leave, 1, 5 or 10 of them.
--
--     revenue_per_new_customer  what those with their first purchase in that year brought, per head
--     new_customers_needed      revenue_lost / revenue_per_new_customer, rounded up; a quotient
--                               within a billionth above a whole number is that number
WITH
line AS (
    SELECT customer_id, strftime('%s', substr(order_date, 1, 10)) / 86400 AS day, amount
    FROM orders
    WHERE customer_id <> ''
),
customer_day AS (
    SELECT customer_id, day, total(amount) AS net,
           total(amount) > 1e-9 * total(abs(amount)) OR total(abs(amount)) = 0 AS is_purchase
    FROM line
    GROUP BY customer_id, day
),
bound AS (
    SELECT substr(max(order_date), 1, 10) AS as_of FROM orders
),
lookback AS (
    SELECT strftime('%s', min(date(as_of, '-1 year'),
                              date(as_of, 'start of month', '-11 months', '-1 day'))) / 86400 AS since
    FROM bound
),
customer AS (
    SELECT min(day) > since AS is_new, max(day) > since AS is_customer,
           total(net) FILTER (WHERE day > since) AS revenue
    FROM customer_day, lookback
    WHERE is_purchase
    GROUP BY customer_id
),
ranked AS (
    SELECT row_number() OVER (ORDER BY revenue DESC) AS i, is_new, revenue
    FROM customer
    WHERE is_customer
),
whole AS (
    SELECT total(revenue) AS revenue_in_all, avg(revenue) FILTER (WHERE is_new) AS per_new
    FROM ranked
    HAVING EXISTS (SELECT 1 FROM customer)
),
scenario(top_k) AS (VALUES (1), (5), (10)),
lost AS (
    SELECT top_k, count(i) AS customers, total(revenue) AS revenue_lost
    FROM scenario LEFT JOIN ranked ON i <= top_k
    GROUP BY top_k
),
replaced AS (
    SELECT *, revenue_lost / nullif(per_new, 0) AS needed
    FROM lost, whole
)
SELECT top_k,
       customers,
       revenue_lost,
       revenue_lost / nullif(revenue_in_all, 0) AS share_of_revenue,
       revenue_in_all - revenue_lost AS remaining_revenue,
       per_new AS revenue_per_new_customer,
       CAST(needed AS INTEGER) + (needed - CAST(needed AS INTEGER) > 1e-9 * needed)
           AS new_customers_needed
FROM replaced
ORDER BY top_k;
