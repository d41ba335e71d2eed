-- inactive_customers.sql: customers without a purchase in the last six months, in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table; so are customers who never
-- purchased.  A customer is inactive when their last purchase lies before the cutoff, six calendar
-- months before as_of.  date('2018-12-31', '-6 months') is 2018-07-01, because June has no 31st;
-- the last day of June is meant, hence the smaller of the two.
--
--     usual_gap_days   median of the customer's n gaps between purchase days; with fewer than three
--                      (n x that median + (3 - n) x the median of all gaps in the shop) / 3
--     historic_value   sum of all amounts, refunds on days of their own included
--     avg_order_value  mean net amount of the purchase days
--
-- The most valuable come first; amounts are compared to the millionth, since 0.1 + 0.2 is not 0.3.
WITH
line AS (
    SELECT customer_id, strftime('%s', substr(order_date, 1, 10)) / 86400 AS day, amount
    FROM orders
    WHERE customer_id <> ''
),
customer_day AS (
    SELECT customer_id, day, total(amount) AS net,
           sum(amount) > 1e-9 * sum(abs(amount)) OR total(abs(amount)) = 0 AS is_purchase
    FROM line
    GROUP BY customer_id, day
),
spell AS (
    SELECT customer_id, day, net, is_purchase,
           day - lag(day) OVER (PARTITION BY customer_id, is_purchase ORDER BY day) AS gap
    FROM customer_day
),
shop AS (
    SELECT avg(gap) AS gap
    FROM (SELECT gap, row_number() OVER (ORDER BY gap) AS k, count(*) OVER () AS n
          FROM spell
          WHERE is_purchase AND gap IS NOT NULL)
    WHERE k IN ((n + 1) / 2, (n + 2) / 2)
),
-- The first purchase has no gap; NULL sorts first and gets rank 0.
ranked AS (
    SELECT customer_id, day, net, is_purchase, gap,
           row_number() OVER (PARTITION BY customer_id, is_purchase ORDER BY gap) - 1 AS gap_rank,
           count(*) OVER (PARTITION BY customer_id, is_purchase) - 1 AS n_gaps
    FROM spell
),
summary AS (
    SELECT customer_id,
           max(day) FILTER (WHERE is_purchase) AS last_day,
           sum(is_purchase) AS purchase_days,
           avg(net) FILTER (WHERE is_purchase) AS avg_order_value,
           total(net) AS historic_value,
           avg(gap) FILTER (WHERE is_purchase AND gap_rank IN ((n_gaps + 1) / 2, (n_gaps + 2) / 2))
               AS own_gap
    FROM ranked
    GROUP BY customer_id
    HAVING sum(is_purchase) > 0
),
bound AS (
    SELECT strftime('%s', as_of) / 86400 AS as_of,
           strftime('%s', min(date(as_of, '-6 months'),
                              date(as_of, 'start of month', '-5 months', '-1 day'))) / 86400 AS cutoff
    FROM (SELECT substr(max(order_date), 1, 10) AS as_of FROM orders)
)
SELECT row_number() OVER (ORDER BY round(historic_value, 6) DESC, customer_id) AS rank,
       customer_id,
       date(last_day * 86400, 'unixepoch') AS last_order_date,
       as_of - last_day AS days_since_last,
       CASE WHEN purchase_days = 1 THEN shop.gap
            WHEN purchase_days > 3 THEN own_gap
            ELSE ((purchase_days - 1) * own_gap + (4 - purchase_days) * shop.gap) / 3
       END AS usual_gap_days,
       purchase_days,
       historic_value,
       avg_order_value
FROM summary, shop, bound
WHERE last_day < cutoff
ORDER BY rank;
