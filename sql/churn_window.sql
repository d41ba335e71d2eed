-- churn_window.sql: after how many days of silence is a customer gone?  In plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table.
--
-- A spell of silence runs from a purchase day to the customer's next one, or to as_of.  For each
-- length of silence, in days:
--
--     spells             spells longer than it, the 90 days after it over by as_of
--     customers          whose spells these are
--     came_back          of these spells, those that a purchase ends within the 90 days
--     return_rate        came_back / spells
--     revenue_recalled   what they brought within the 90 days
--     excluded_immature  spells longer than it whose 90 days are not over, back or not
--     is_recommended     the shortest length with 30 spells or more after which at most a tenth
--                        come back, if after no longer one significantly more do
--
-- "Significantly": the lower end of the 95 % Wilson interval is above 0.1 exactly when the rate is,
-- and (rate - 0.1)^2 * spells > 1.96^2 * 0.1 * 0.9, which needs no square root.
WITH
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
    SELECT customer_id, day, lead(day) OVER (PARTITION BY customer_id ORDER BY day) AS next_day
    FROM purchase
),
silence(days) AS (
    VALUES (7), (14), (21), (30), (45), (60), (90), (120), (150), (180), (270), (365), (540), (730)
),
reached AS (
    SELECT days, customer_id, day, day + days + 90 AS last_day,
           day + days + 90 <= as_of AS judged,
           coalesce(next_day <= day + days + 90, 0) AS came_back
    FROM silence, bound, spell
    WHERE coalesce(next_day, as_of) - day > days
),
counted AS (
    SELECT days, count(DISTINCT customer_id) FILTER (WHERE judged) AS customers,
           sum(judged) AS spells, sum(judged AND came_back) AS came_back,
           sum(NOT judged) AS excluded_immature
    FROM reached
    GROUP BY days
),
recalled AS (
    SELECT days, sum(net) AS revenue
    FROM reached AS r JOIN purchase AS p
      ON p.customer_id = r.customer_id AND p.day > r.day AND p.day <= r.last_day
    WHERE judged AND came_back
    GROUP BY days
),
rated AS (
    SELECT days, coalesce(customers, 0) AS customers, coalesce(spells, 0) AS spells,
           coalesce(came_back, 0) AS came_back,
           CASE WHEN spells > 0 THEN 1.0 * came_back / spells END AS return_rate,
           coalesce(revenue, 0.0) AS revenue_recalled,
           coalesce(excluded_immature, 0) AS excluded_immature
    FROM silence LEFT JOIN counted USING (days) LEFT JOIN recalled USING (days)
    WHERE EXISTS (SELECT 1 FROM purchase)
)
SELECT *,
       days IS (SELECT min(days)
                FROM rated
                WHERE spells >= 30 AND return_rate <= 0.1
                  AND days > (SELECT coalesce(max(days), 0)
                              FROM rated
                              WHERE spells >= 30 AND return_rate > 0.1
                                AND (return_rate - 0.1) * (return_rate - 0.1) * spells
                                    > 3.841458820694124 * 0.1 * 0.9)) AS is_recommended
FROM rated
ORDER BY days;
