-- winback.sql: who comes back after half a year of silence, in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table.
--
-- A spell of silence runs from a purchase day to the customer's next one, or to as_of; beyond 180
-- days it is one of dormancy.  Buckets of 90 days, from 181 to 270 days on:
--
--     spells             spells that reached the bucket and could be followed to its end
--     customers          whose spells these are
--     reactivated        of these spells, those that a purchase ends within the bucket
--     reactivation_rate  reactivated / spells
--     excluded_immature  spells that reached the bucket, whose end is after as_of
--     rechurn_judged     reactivated who came back 180 days before as_of, or earlier
--     rechurned          of these, those without another purchase in the 180 days after
--     rechurn_rate       rechurned / rechurn_judged
--     revenue            what the reactivated brought from their return to 90 days later, or so far
--     revenue_per_reactivated   the mean of it over those whose 90 days are over
WITH RECURSIVE
line AS (
    SELECT customer_id, strftime('%s', substr(order_date, 1, 10)) / 86400 AS day, amount
    FROM orders
    WHERE customer_id <> ''
),
purchase AS (
    SELECT customer_id, day, total(amount) AS net
    FROM line
    GROUP BY customer_id, day
    HAVING sum(amount) > 1e-9 * sum(abs(amount)) OR total(abs(amount)) = 0
),
bound AS (
    SELECT strftime('%s', substr(max(order_date), 1, 10)) / 86400 AS as_of FROM orders
),
spell AS (
    SELECT customer_id, day,
           lead(day) OVER (PARTITION BY customer_id ORDER BY day) AS next_day,
           lead(day, 2) OVER (PARTITION BY customer_id ORDER BY day) AS after_next
    FROM purchase
),
dormant AS (
    SELECT spell.*, as_of, coalesce(next_day, as_of) - day AS silence
    FROM spell, bound
    WHERE coalesce(next_day, as_of) - day > 180
),
bucket(dormancy_from, dormancy_to) AS (
    SELECT 181, 270 WHERE EXISTS (SELECT 1 FROM dormant)
    UNION ALL
    SELECT dormancy_from + 90, dormancy_to + 90
    FROM bucket
    WHERE dormancy_from + 90 <= (SELECT max(silence) FROM dormant)
),
entered AS (
    SELECT *, day + dormancy_to <= as_of AS judged,
           next_day IS NOT NULL AND silence <= dormancy_to AND day + dormancy_to <= as_of AS back
    FROM bucket JOIN dormant ON silence >= dormancy_from
),
counted AS (
    SELECT dormancy_from, count(DISTINCT customer_id) FILTER (WHERE judged) AS customers,
           sum(judged) AS spells, sum(back) AS reactivated, sum(NOT judged) AS excluded_immature,
           sum(back AND next_day + 180 <= as_of) AS rechurn_judged,
           sum(back AND next_day + 180 <= as_of AND coalesce(after_next - next_day > 180, 1)) AS rechurned
    FROM entered
    GROUP BY dormancy_from
),
brought AS (
    SELECT dormancy_from, next_day + 90 <= as_of AS is_over, sum(net) AS revenue
    FROM entered AS e JOIN purchase AS p
      ON p.customer_id = e.customer_id AND p.day BETWEEN e.next_day AND e.next_day + 90
    WHERE back
    GROUP BY e.dormancy_from, e.customer_id, e.day
),
earned AS (
    SELECT dormancy_from, sum(revenue) AS revenue, avg(revenue) FILTER (WHERE is_over) AS per_reactivated
    FROM brought
    GROUP BY dormancy_from
)
SELECT dormancy_from,
       dormancy_to,
       coalesce(customers, 0) AS customers,
       coalesce(spells, 0) AS spells,
       coalesce(reactivated, 0) AS reactivated,
       CASE WHEN spells > 0 THEN 1.0 * reactivated / spells END AS reactivation_rate,
       coalesce(excluded_immature, 0) AS excluded_immature,
       coalesce(rechurn_judged, 0) AS rechurn_judged,
       coalesce(rechurned, 0) AS rechurned,
       CASE WHEN rechurn_judged > 0 THEN 1.0 * rechurned / rechurn_judged END AS rechurn_rate,
       coalesce(revenue, 0.0) AS revenue,
       per_reactivated AS revenue_per_reactivated
FROM bucket LEFT JOIN counted USING (dormancy_from) LEFT JOIN earned USING (dormancy_from)
ORDER BY dormancy_from;
