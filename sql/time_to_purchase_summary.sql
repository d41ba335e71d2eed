-- time_to_purchase_summary.sql: the figures of the curve of time_to_purchase.sql, in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- As there, each customer waits from the first purchase until the second, or until as_of.
--
--     customers, events, censored   who waits, for whom the wait ended, for whom it did not
--     longest_days                  the longest wait
--     p25_days, median_days, p75_days
--         the first day on which survival is at most 0.75, 0.5, 0.25; NULL when it stays above.
--         A product of fractions may miss 0.5 by a rounding error: hence the billionth.
--     restricted_mean_days
--         mean wait where none counts more than 365 days: the area under the curve up to there;
--         NULL when nobody was seen for 365 days, unless survival is 0
--
-- The intervals of the median and the mean's standard error need logarithms and roots, which
-- SQLite mostly comes without; they are not here.
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
    SELECT coalesce(next_day, as_of) - day AS day, next_day IS NOT NULL AS ended
    FROM step, bound
    WHERE n = 1
),
counted AS (
    SELECT day, sum(ended) AS events, sum(NOT ended) AS censored FROM wait GROUP BY day
),
risk AS (
    SELECT day, events, censored,
           sum(events + censored) OVER (ORDER BY day DESC) AS at_risk,
           row_number() OVER (ORDER BY day) AS place
    FROM counted
),
curve(place, day, events, censored, survival) AS (
    SELECT 0, 0, 0, 0, 1.0
    UNION ALL
    SELECT risk.place, risk.day, risk.events, risk.censored,
           survival * (risk.at_risk - risk.events) / risk.at_risk
    FROM curve JOIN risk ON risk.place = curve.place + 1
),
-- The last step has no end of its own: it reaches as far as one likes if nobody is left, and no
-- farther than its own day otherwise.
area AS (
    SELECT day, events, censored, survival,
           CASE WHEN lead(day) OVER (ORDER BY place) IS NULL AND day < 365 AND survival > 0 THEN 1
           END AS is_short,
           survival * (min(coalesce(lead(day) OVER (ORDER BY place), 365), 365) - min(day, 365))
               AS days
    FROM curve
),
summary AS (
    SELECT sum(events + censored) AS customers,
           sum(events) AS events,
           sum(censored) AS censored,
           max(day) AS longest_days,
           min(day) FILTER (WHERE survival <= 0.75 + 1e-9) AS p25_days,
           min(day) FILTER (WHERE survival <= 0.50 + 1e-9) AS median_days,
           min(day) FILTER (WHERE survival <= 0.25 + 1e-9) AS p75_days,
           CASE WHEN count(is_short) = 0 THEN sum(days) END AS restricted_mean_days
    FROM area
)
SELECT * FROM summary WHERE customers > 0;
