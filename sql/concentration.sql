-- concentration.sql: concentration() in plain SQL: how much of the revenue hangs on how few.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table; so are customers who never
-- purchased.
--
-- Customers by the sum of all their amounts.  Whose refunds outweigh the rest counts as a customer
-- who brings nothing; shares are of what the others bring.  With share(i) that of the i-th largest
-- of n customers:
--
--     gini  sum((n + 1 - 2i) * share(i)) / n: 0 when all bring the same, towards 1 when one does
--     hhi   sum(share(i)^2), and effective_customers 1 / hhi
--
-- customers_for_80pct: how many it takes to bring 80 %, to a billionth: 0.1 + 0.7 is not 0.8 in
-- binary.
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
customer AS (
    SELECT min(day) FILTER (WHERE is_purchase) AS first_day, total(net) AS amount
    FROM customer_day
    GROUP BY customer_id
    HAVING sum(is_purchase) > 0
),
ranked AS (
    SELECT row_number() OVER (ORDER BY amount DESC) AS i, count(*) OVER () AS n, first_day, amount,
           max(amount, 0) / nullif(total(max(amount, 0)) OVER (), 0) AS share
    FROM customer
),
summed AS (
    SELECT *, sum(share) OVER (ORDER BY i) - share AS share_above FROM ranked
),
bound AS (
    SELECT substr(max(order_date), 1, 10) AS as_of FROM orders
)
SELECT date(min(first_day) * 86400, 'unixepoch') AS period_start,
       as_of AS period_end,
       1 AS is_complete,
       count(*) AS customers,
       total(amount) AS revenue,
       sum(share) FILTER (WHERE i <= 1) AS top1_share,
       sum(share) FILTER (WHERE i <= 5) AS top5_share,
       sum(share) FILTER (WHERE i <= 10) AS top10_share,
       sum(share) FILTER (WHERE i <= (n + 4) / 5) AS top20pct_share,
       sum(share_above < 0.8 - 1e-9) AS customers_for_80pct,
       sum((n + 1 - 2 * i) * share) / n AS gini,
       sum(share * share) AS hhi,
       1 / sum(share * share) AS effective_customers
FROM summed, bound
GROUP BY n;
