-- vip_customers.sql: vip_customers() in plain SQL: who brings most of the revenue.
--
-- Reads a table orders(customer_id, order_date, amount), order_date TEXT as 'YYYY-MM-DD' with or
-- without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table; so are customers who never
-- purchased.
--
-- amount is the sum of all amounts of a customer, refunds on days of their own included.  Whose
-- refunds outweigh the rest brings nothing: a share of 0 of what the others bring.  Amounts that
-- agree to a millionth are equal and rank by customer_id: sums of cents are not exact in binary.
--
--     share                part of the total        cum_share  of this customer and all above
--     cum_customers_share  rank / customers
--     is_vip               1 for the fewest customers who together bring 80 %
--     abc_class            A for these; B for the next, up to 95 %; C for the rest
--
-- A share is reached when less than a billionth is missing: 0.1 + 0.7 is not 0.8 in binary.
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
    SELECT customer_id, total(net) AS amount
    FROM customer_day
    GROUP BY customer_id
    HAVING sum(is_purchase) > 0
),
ranked AS (
    SELECT row_number() OVER (ORDER BY round(amount, 6) DESC, customer_id) AS rank,
           count(*) OVER () AS n, customer_id, amount,
           max(amount, 0) / nullif(total(max(amount, 0)) OVER (), 0) AS share
    FROM customer
),
summed AS (
    SELECT *, sum(share) OVER (ORDER BY rank) AS cum_share,
           CASE WHEN rank = 1 THEN 0 * share
                ELSE sum(share) OVER (ORDER BY rank ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
           END AS share_above
    FROM ranked
)
SELECT rank,
       customer_id,
       amount,
       share,
       cum_share,
       1.0 * rank / n AS cum_customers_share,
       share_above < 0.8 - 1e-9 AS is_vip,
       CASE WHEN share_above < 0.8 - 1e-9 THEN 'A' WHEN share_above < 0.95 - 1e-9 THEN 'B'
            WHEN share_above IS NOT NULL THEN 'C' END AS abc_class
FROM summed
ORDER BY rank;
