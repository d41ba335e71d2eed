-- demo.sql: four questions to the sample shop.
--
--     sqlite3 shop.db < samples/shop.sql
--     sqlite3 -cmd '.load ./retain' shop.db < samples/demo.sql
.mode box --wordwrap on

.print
.print How many customers does the shop keep, month by month?  The last month is not over: no rate.
SELECT period_start AS month,
       start_customers AS before,
       retained,
       lost,
       reactivated AS returned,
       new_customers AS new,
       round(100 * retention_rate, 1) || ' %' AS retention,
       round(100 * ci_low, 1) || ' - ' || round(100 * ci_high, 1) AS "95 % interval"
FROM retention_rate('orders')
WHERE period_start >= (SELECT date(max(order_date), 'start of month', '-11 months') FROM orders)
ORDER BY period_start;

.print
.print Who is most worth saving?  Ten customers by the value at risk, with the reason.
SELECT r.rank,
       c.name,
       printf('%.1f %%', 100 * r.churn_probability) AS "churn in 90 days",
       r.days_since_last AS "days silent",
       printf('%.0f', r.usual_gap_days) AS "usual gap",
       printf('%.0f', r.historic_value) AS spent,
       printf('%.0f', r.value_at_risk) AS "at risk",
       r.reason
FROM churn_candidates('orders') AS r JOIN customers AS c USING (customer_id)
ORDER BY r.rank
LIMIT 10;

.print
.print Who will bring the most in the next year?
SELECT c.name,
       v.frequency + 1 AS "order days",
       v.last_order_date AS "last order",
       printf('%.1f %%', 100 * v.p_alive) AS alive,
       printf('%.1f', v.expected_purchases) AS "orders expected",
       printf('%.2f', v.expected_spend) AS "each worth",
       printf('%.0f', v.predicted_clv) AS "next year",
       printf('%.0f', v.historic_clv) AS "so far"
FROM clv('orders') AS v JOIN customers AS c USING (customer_id)
ORDER BY v.predicted_clv DESC, customer_id
LIMIT 10;

.print
.print Which channel keeps its customers?  Buyers of spring 2025 who bought again in the summer.
SELECT channel,
       count(DISTINCT customer_id) FILTER (
           WHERE order_date >= '2025-03-01' AND order_date < '2025-06-01') AS "in spring",
       round(100 * retention_rate(customer_id, order_date, '2025-06-01', '2025-09-01',
                                  '2025-03-01'), 1) || ' %' AS "again in summer"
FROM orders
WHERE amount > 0
GROUP BY channel
ORDER BY retention_rate(customer_id, order_date, '2025-06-01', '2025-09-01', '2025-03-01') DESC;
