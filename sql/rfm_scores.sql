-- rfm_scores.sql: rfm_scores() in plain SQL: scores 1 to 5 for recency, frequency and money.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table; so are customers who never
-- purchased.
--
-- A score is the fifth, 1 to 5, in which a customer stands among all of them, from the worst to the
-- best.  NTILE cuts through customers who are equal, and which of them it puts where is chance; so
-- each gets the lowest tile that NTILE gives to anybody with that value.  Money is equal when it
-- agrees to a millionth: sums of cents are not exact in binary.
--
--     r  days since the last purchase, the fewer the better     r_cut  the most days with this r
--     f  days with a purchase                                   f_cut  the fewest with this f
--     m  sum of all amounts                                     m_cut  the least with this m
--
-- r_bins, f_bins and m_bins: how many scores there really are.  Where half of the customers bought
-- once, all of these have f = 1, and nobody f = 2.
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
    SELECT customer_id, max(day) FILTER (WHERE is_purchase) AS last_day,
           sum(is_purchase) AS purchase_days, total(net) AS historic_value
    FROM customer_day
    GROUP BY customer_id
    HAVING sum(is_purchase) > 0
),
bound AS (
    SELECT substr(max(order_date), 1, 10) AS as_of FROM orders
),
measured AS (
    SELECT customer_id, strftime('%s', as_of) / 86400 - last_day AS days_since_last,
           purchase_days, historic_value
    FROM customer, bound
),
tiled AS (
    SELECT *, ntile(5) OVER (ORDER BY days_since_last DESC) AS r_tile,
           ntile(5) OVER (ORDER BY purchase_days) AS f_tile,
           ntile(5) OVER (ORDER BY round(historic_value, 6)) AS m_tile
    FROM measured
),
scored AS (
    SELECT *, min(r_tile) OVER (PARTITION BY days_since_last) AS r,
           min(f_tile) OVER (PARTITION BY purchase_days) AS f,
           min(m_tile) OVER (PARTITION BY round(historic_value, 6)) AS m
    FROM tiled
),
named AS (
    SELECT *,
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
)
SELECT customer_id,
       r,
       f,
       m,
       r || f || m AS rfm,
       rfm_segment,
       days_since_last,
       purchase_days,
       historic_value,
       max(days_since_last) OVER (PARTITION BY r) AS r_cut,
       min(purchase_days) OVER (PARTITION BY f) AS f_cut,
       min(historic_value) OVER (PARTITION BY m) AS m_cut,
       (SELECT count(DISTINCT r) FROM scored) AS r_bins,
       (SELECT count(DISTINCT f) FROM scored) AS f_bins,
       (SELECT count(DISTINCT m) FROM scored) AS m_bins
FROM named
ORDER BY customer_id;
