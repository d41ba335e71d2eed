-- purchase_funnel.sql: after which purchase a shop loses its customers, in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table.  For n from 1 to 10:
--
--     customers          customers with at least n purchase days
--     bought_next, lost  of them, those with one more, and the others
--     conversion         bought_next / customers
--     km_conversion      the same where all had had the same time: 1 - the survival of the wait
--                        for the next purchase (time_to_purchase.sql), as far as at least a fifth
--                        of the customers were watched.  at_risk customers of those who should
--                        still be there, survival x customers, were.
--     share_of_all_loss  lost / customers of n = 1; each of them is lost at one n
--     median_days        median days to the next purchase, of those who made it
--     is_worst_step      1 for the n that loses most, the smallest such n
WITH RECURSIVE
line AS (
    SELECT customer_id, strftime('%s', substr(order_date, 1, 10)) / 86400 AS day, amount
    FROM orders
    WHERE customer_id <> ''
),
purchase AS (
    SELECT customer_id, day
    FROM line
    GROUP BY customer_id, day
    HAVING sum(amount) > 1e-9 * sum(abs(amount)) OR total(abs(amount)) = 0
),
step AS (
    SELECT customer_id, day,
           row_number() OVER (PARTITION BY customer_id ORDER BY day) AS n,
           lead(day) OVER (PARTITION BY customer_id ORDER BY day) AS next_day
    FROM purchase
),
bound AS (
    SELECT strftime('%s', substr(max(order_date), 1, 10)) / 86400 AS as_of FROM orders
),
wait AS (
    SELECT n, coalesce(next_day, as_of) - day AS days, next_day IS NOT NULL AS ended
    FROM step, bound
    WHERE n <= 10
),
counted AS (
    SELECT n, days, sum(ended) AS events, count(*) AS ends FROM wait GROUP BY n, days
),
risk AS (
    SELECT n, days, events,
           sum(ends) OVER (PARTITION BY n ORDER BY days DESC) AS at_risk,
           sum(ends) OVER (PARTITION BY n) AS customers,
           sum(events) OVER (PARTITION BY n) AS bought_next,
           sum(events) OVER (PARTITION BY n ORDER BY days) AS bought_so_far,
           row_number() OVER (PARTITION BY n ORDER BY days) AS place
    FROM counted
),
number(n) AS (
    SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 10
),
curve(n, place, days, events, at_risk, customers, bought_next, bought_so_far, before, survival) AS (
    SELECT n, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1.0 FROM number
    UNION ALL
    SELECT risk.n, risk.place, risk.days, risk.events, risk.at_risk, risk.customers,
           risk.bought_next, risk.bought_so_far, survival,
           survival * (risk.at_risk - risk.events) / risk.at_risk
    FROM curve JOIN risk ON risk.n = curve.n AND risk.place = curve.place + 1
),
-- The median lies between the two days on which half of those who made the purchase had made it.
funnel AS (
    SELECT n, customers, bought_next,
           1 - coalesce(min(survival) FILTER (WHERE days <= 36500 AND at_risk >=
               before * customers * (0.2 - 1e-9)), 1.0) AS km_conversion,
           (min(days) FILTER (WHERE bought_so_far > (bought_next - 1) / 2)
               + min(days) FILTER (WHERE bought_so_far > bought_next / 2)) / 2.0 AS median_days
    FROM curve
    WHERE place > 0
    GROUP BY n, customers, bought_next
)
SELECT n,
       customers,
       bought_next,
       CAST(bought_next AS REAL) / customers AS conversion,
       km_conversion,
       customers - bought_next AS lost,
       CAST(customers - bought_next AS REAL) / max(customers) OVER () AS share_of_all_loss,
       CASE WHEN bought_next > 0 THEN median_days END AS median_days,
       row_number() OVER (ORDER BY customers - bought_next DESC, n) = 1 AS is_worst_step
FROM funnel
ORDER BY n;
