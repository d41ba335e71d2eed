-- new_vs_repeat.sql: what new and returning customers bring, month by month, in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table.  A customer's first purchase
-- is 'new', all later ones are 'repeat', those in the same month too.  For each month from the
-- first purchase to as_of, and each kind:
--
--     customers      with a purchase of the kind; some have both in a month
--     orders         purchases of the kind
--     revenue        their net amounts; refunds on days of their own are no purchases
--     share          revenue / that of both kinds
--     aov            revenue / orders
--     spend_uplift   aov of 'repeat' / aov of 'new' - 1, on the row of 'repeat'
--
-- A month that as_of does not reach the end of has counts and revenue so far, and no ratios.  The
-- interval of spend_uplift in new_vs_repeat() needs Student's t law, which SQL has not.
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
-- Months are numbered 12 * year + month - 1.
placed AS (
    SELECT customer_id, substr(day, 1, 4) * 12 + substr(day, 6, 2) - 1 AS month, net,
           row_number() OVER (PARTITION BY customer_id ORDER BY day) > 1 AS is_repeat
    FROM purchase
),
counted AS (
    SELECT month, is_repeat, count(DISTINCT customer_id) AS customers, count(*) AS orders, total(net) AS revenue
    FROM placed
    GROUP BY month, is_repeat
),
bound AS (
    SELECT (SELECT min(month) FROM counted) AS month_first, substr(max(order_date), 1, 10) AS as_of
    FROM orders
),
period(month, month_last) AS (
    SELECT month_first, substr(as_of, 1, 4) * 12 + substr(as_of, 6, 2) - 1
    FROM bound
    WHERE month_first IS NOT NULL
    UNION ALL
    SELECT month + 1, month_last FROM period WHERE month < month_last
),
kind(is_repeat, kind) AS (
    VALUES (0, 'new'), (1, 'repeat')
),
series AS (
    SELECT month,
           printf('%04d-%02d-01', month / 12, month % 12 + 1) AS period_start,
           kind,
           coalesce(customers, 0) AS customers,
           coalesce(orders, 0) AS orders,
           coalesce(revenue, 0.0) AS revenue
    FROM period CROSS JOIN kind LEFT JOIN counted USING (month, is_repeat)
),
-- complete_revenue is NULL while the month lasts, and what is divided by or made of it is too.
labelled AS (
    SELECT *, date(period_start, '+1 month', '-1 day') AS period_end,
           date(period_start, '+1 month', '-1 day') <= as_of AS is_complete,
           CASE WHEN date(period_start, '+1 month', '-1 day') <= as_of THEN revenue END AS complete_revenue
    FROM series, bound
),
averaged AS (
    SELECT *, complete_revenue / nullif(orders, 0) AS aov,
           total(revenue) OVER (PARTITION BY month) AS month_revenue
    FROM labelled
)
SELECT period_start,
       period_end,
       is_complete,
       kind,
       customers,
       orders,
       revenue,
       complete_revenue / nullif(month_revenue, 0) AS share,
       aov,
       CASE kind WHEN 'repeat' THEN aov / nullif(lag(aov) OVER (PARTITION BY month ORDER BY kind), 0) - 1 END
           AS spend_uplift
FROM averaged
ORDER BY period_start, kind;
