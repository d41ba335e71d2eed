-- time_to_purchase.sql: how long customers take from the first to the second purchase, as the
-- Kaplan-Meier curve of survival analysis, in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table.
--
-- Each customer waits from the first purchase until the second, an event, or until as_of where
-- there is no second, a censoring.  For each number of days on which either happened:
--
--     at_risk    customers who waited at least that long
--     events     of them, those whose second purchase came on that day
--     censored   of them, those for whom as_of came first
--     survival   share still waiting: the product of (at_risk - events) / at_risk so far
--
-- SQL has no product over rows, so the curve walks from one row to the next.  For another pair of
-- purchases: n = 2 waits from the second, lead(day, 2) for the one after the next.
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
curve(place, day, at_risk, events, censored, survival) AS (
    SELECT 0, NULL, NULL, NULL, NULL, 1.0
    UNION ALL
    SELECT risk.place, risk.day, risk.at_risk, risk.events, risk.censored,
           survival * (risk.at_risk - risk.events) / risk.at_risk
    FROM curve JOIN risk ON risk.place = curve.place + 1
)
SELECT day, at_risk, events, censored, survival
FROM curve
WHERE place > 0
ORDER BY day;
