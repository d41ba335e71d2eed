-- customer_summary.sql: customer_summary() in plain SQL, one row for each customer.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- This is also the part of churn_candidates and clv that plain SQL can do: what each customer did.
-- What they will do (p_alive, churn_probability, predicted_clv) needs the maximum of a likelihood
-- over all customers, found by iteration over logarithms of gamma functions; SQL has no
-- counterpart to race, so these columns are not here.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table; so are customers who never
-- purchased.  For each other customer, all in days:
--
--     first_order_date, last_order_date   the first and the last purchase
--     purchase_days                       how many
--     frequency        purchase_days - 1
--     recency          from the first to the last purchase
--     age              from the first purchase to as_of
--     days_since_last  from the last purchase to as_of
--     monetary_value   mean net amount of the purchase days but the first; NULL when there is one
--     avg_order_value  mean net amount of all purchase days
--     historic_value   sum of all amounts, refunds on days of their own included
--     median_gap_days  median of the gaps between neighbouring purchase days; NULL when none
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
spell AS (
    SELECT customer_id, day, net, is_purchase,
           day - lag(day) OVER (PARTITION BY customer_id, is_purchase ORDER BY day) AS gap
    FROM customer_day
),
-- The first purchase has no gap; NULL sorts first and gets rank 0.
ranked AS (
    SELECT customer_id, day, net, is_purchase, gap,
           row_number() OVER (PARTITION BY customer_id, is_purchase ORDER BY gap) - 1 AS gap_rank,
           count(*) OVER (PARTITION BY customer_id, is_purchase ORDER BY gap
                          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - 1 AS n_gaps
    FROM spell
),
summary AS (
    SELECT customer_id,
           min(day) FILTER (WHERE is_purchase) AS first_day,
           max(day) FILTER (WHERE is_purchase) AS last_day,
           sum(is_purchase) AS purchase_days,
           avg(net) FILTER (WHERE is_purchase AND gap IS NOT NULL) AS monetary_value,
           avg(net) FILTER (WHERE is_purchase) AS avg_order_value,
           total(net) AS historic_value,
           avg(gap) FILTER (WHERE is_purchase AND gap_rank IN ((n_gaps + 1) / 2, (n_gaps + 2) / 2))
               AS median_gap_days
    FROM ranked
    GROUP BY customer_id
    HAVING sum(is_purchase) > 0
),
bound AS (
    SELECT substr(max(order_date), 1, 10) AS as_of FROM orders
)
SELECT customer_id,
       date(first_day * 86400, 'unixepoch') AS first_order_date,
       date(last_day * 86400, 'unixepoch') AS last_order_date,
       purchase_days,
       purchase_days - 1 AS frequency,
       last_day - first_day AS recency,
       strftime('%s', as_of) / 86400 - first_day AS age,
       strftime('%s', as_of) / 86400 - last_day AS days_since_last,
       monetary_value,
       avg_order_value,
       historic_value,
       median_gap_days
FROM summary, bound
ORDER BY customer_id;
