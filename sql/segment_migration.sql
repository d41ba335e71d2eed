-- segment_migration.sql: segment_migration() in plain SQL: who moved between RFM segments in a month.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table; so are customers who never
-- purchased.
--
-- The scores of rfm_scores.sql are taken twice, as of from_date, a month before as_of, and as of
-- to_date, which is as_of; the first time nothing later is known.  A month before 31 March is the
-- last of February, not the 3rd of March that date('...', '-1 month') makes of it.
--
--     from_segment  where customers were, 'new' when their first purchase is after from_date
--     to_segment    where they are
--     customers     who went this way       share    of the customers of from_segment
--     revenue       net amount of their purchase days after from_date
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
dates AS (
    SELECT min(date(as_of, '-1 month'), date(as_of, 'start of month', '-1 day')) AS from_date,
           as_of AS to_date
    FROM bound
),
moment AS (
    SELECT 'from' AS moment, strftime('%s', from_date) / 86400 AS known_to FROM dates
    UNION ALL
    SELECT 'to', strftime('%s', to_date) / 86400 FROM dates
),
seen AS (
    SELECT moment, customer_id, known_to - max(day) AS days_since_last, count(*) AS purchase_days,
           total(net) FILTER (WHERE day > strftime('%s', from_date) / 86400) AS revenue
    FROM customer_day JOIN moment ON day <= known_to, dates
    WHERE is_purchase
    GROUP BY moment, customer_id
),
tiled AS (
    SELECT *, ntile(5) OVER (PARTITION BY moment ORDER BY days_since_last DESC) AS r_tile,
           ntile(5) OVER (PARTITION BY moment ORDER BY purchase_days) AS f_tile
    FROM seen
),
scored AS (
    SELECT *, min(r_tile) OVER (PARTITION BY moment, days_since_last) AS r,
           min(f_tile) OVER (PARTITION BY moment, purchase_days) AS f
    FROM tiled
),
named AS (
    SELECT moment, customer_id, revenue,
           CASE WHEN r = 5 AND f >= 4 THEN 'champions'
                WHEN r >= 3 AND f >= 4 THEN 'loyal'
                WHEN r >= 4 AND f >= 2 THEN 'potential_loyalists'
                WHEN r = 5 THEN 'recent'
                WHEN r = 4 THEN 'promising'
                WHEN r = 3 AND f = 3 THEN 'need_attention'
                WHEN r = 3 THEN 'about_to_sleep'
                WHEN f = 5 THEN 'cannot_lose'
                WHEN f >= 3 THEN 'at_risk'
                ELSE 'hibernating' END AS rfm_segment
    FROM scored
),
moved AS (
    SELECT max(rfm_segment) FILTER (WHERE moment = 'from') AS was,
           max(rfm_segment) FILTER (WHERE moment = 'to') AS became,
           max(revenue) AS revenue
    FROM named
    GROUP BY customer_id
)
SELECT from_date,
       to_date,
       coalesce(was, 'new') AS from_segment,
       became AS to_segment,
       was IS NULL AS is_new,
       count(*) AS customers,
       1.0 * count(*) / sum(count(*)) OVER (PARTITION BY was) AS share,
       total(revenue) AS revenue
FROM moved, dates
GROUP BY was, became
ORDER BY is_new, from_segment, to_segment;
