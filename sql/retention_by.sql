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
    HAVING sum(amount) > 1e-9 * sum(abs(amount)) OR total(abs(amount)) = 0
),
first_purchase AS (
    SELECT customer_id, min(day) AS day FROM purchase GROUP BY customer_id
),
first_line AS (
    SELECT customer_id, channel AS segment,
           row_number() OVER (PARTITION BY customer_id ORDER BY clock, channel) AS place
    FROM line JOIN first_purchase USING (customer_id, day)
    WHERE coalesce(amount, 0) >= 0
),
bound AS (
    SELECT substr(max(order_date), 1, 10) AS as_of FROM orders
),
period AS (
    SELECT date(as_of, '+1 day', 'start of month', '-1 month') AS period_start,
           date(as_of, '+1 day', 'start of month', '-1 day') AS period_end
    FROM bound
),
-- Months are numbered 12 * year + month - 1, so that neighbours differ by one.
active AS (
    SELECT customer_id, substr(day, 1, 4) * 12 + substr(day, 6, 2) - 1 AS month
    FROM purchase
),
bought AS (
    SELECT customer_id,
           max(month = substr(period_start, 1, 4) * 12 + substr(period_start, 6, 2) - 2) AS in_base,
           max(month = substr(period_start, 1, 4) * 12 + substr(period_start, 6, 2) - 1) AS in_period
    FROM active, period
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
       period_start,
       period_end,
       1 AS is_complete,
       customers,
       retained,
       retained / CAST(nullif(customers, 0) AS REAL) AS retention_rate,
       retained / CAST(nullif(customers, 0) AS REAL) - rest_retained / nullif(rest_customers, 0) AS diff_vs_rest,
       customers < 30 AS too_small
FROM compared, period
ORDER BY segment;
