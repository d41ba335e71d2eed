-- retention_by.sql: which channel's customers are kept better than the rest, in plain SQL.
--
-- Reads a table orders(customer_id, order_date, amount, channel), order_date TEXT as 'YYYY-MM-DD'
-- with or without a time after it.  For order_date INTEGER as unix seconds: sed -f sql/unix.sed FILE.
--
-- A purchase is a customer's day whose amounts add up to more than zero, or are all zero; a sum
-- within a billionth of the amounts that went into it is zero.  Rows without a customer (NULL or
-- '') are left out, but count for as_of, the last date in the table.  The period is the last month
-- that as_of reaches the end of.  For each segment:
--
--     customers        with a purchase in the month before the period
--     retained         those of them with a purchase in the period
--     retention_rate   retained / customers
--     diff_vs_rest     retention_rate less that of all other segments together
--     too_small        fewer than 30 customers: too few for a test
--
-- A customer's segment is the channel of their first purchase: on its day the earliest row that is
-- no refund, of several at one moment the smallest value.
--
-- The intervals of retention_by() need a square root and its p-values the normal law, which SQLite
-- has not had at all times; they are not here.
WITH
line AS (
    SELECT customer_id, substr(order_date, 1, 10) AS day, time(order_date) AS clock, amount, channel
    FROM orders
    WHERE customer_id <> ''
),
purchase AS (
    SELECT customer_id, day
    FROM line
    GROUP BY customer_id, day
    HAVING sum(amount) > 1e-9 * sum(abs(amount)) OR sum(abs(amount)) = 0
),
first_purchase AS (
    SELECT customer_id, min(day) AS day FROM purchase GROUP BY customer_id
),
first_line AS (
    SELECT customer_id, channel AS segment,
           row_number() OVER (PARTITION BY customer_id ORDER BY clock, channel) AS place
    FROM line JOIN first_purchase USING (customer_id, day)
    WHERE amount >= 0
),
period AS (
    SELECT date(max(substr(order_date, 1, 10)), '+1 day', 'start of month', '-2 months') AS base_from,
           date(max(substr(order_date, 1, 10)), '+1 day', 'start of month', '-1 month') AS period_from,
           date(max(substr(order_date, 1, 10)), '+1 day', 'start of month') AS period_to
    FROM orders
),
bought AS (
    SELECT customer_id,
           max(day >= base_from AND day < period_from) AS in_base,
           max(day >= period_from AND day < period_to) AS in_period
    FROM purchase, period
    GROUP BY customer_id
),
counted AS (
    SELECT segment, sum(in_base) AS customers, sum(in_base AND in_period) AS retained
    FROM first_line JOIN bought USING (customer_id)
    WHERE place = 1
    GROUP BY segment
),
compared AS (
    SELECT segment, customers, retained,
           CAST(sum(customers) OVER () - customers AS REAL) AS rest_customers,
           sum(retained) OVER () - retained AS rest_retained
    FROM counted
)
SELECT segment,
       period_from AS period_start,
       date(period_to, '-1 day') AS period_end,
       1 AS is_complete,
       customers,
       retained,
       retained / CAST(nullif(customers, 0) AS REAL) AS retention_rate,
       retained / CAST(nullif(customers, 0) AS REAL) - rest_retained / nullif(rest_customers, 0) AS diff_vs_rest,
       customers < 30 AS too_small
FROM compared, period
ORDER BY segment;
