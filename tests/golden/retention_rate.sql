-- retention_rate(): customers kept, a row per period

-- The textbook case: 100 customers in January; in February 80 of them and 10 new ones.
CREATE TABLE orders(customer_id INTEGER, order_date TEXT, amount REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 110)
INSERT INTO orders SELECT i, '2025-01-15', 10 FROM n WHERE i <= 100
         UNION ALL SELECT i, '2025-02-10', 10 FROM n WHERE i <= 80 OR i > 100
         UNION ALL SELECT 1, '2025-02-28', 10;
.mode line
SELECT period_start, period_end, is_complete, start_customers, end_customers, new_customers, retained,
       reactivated, lost, retention_rate, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high,
       churn_rate, crr_formula, end_to_start_ratio
  FROM retention_rate('orders');

-- The same with 5 reactivated: customers 201 to 205 bought in December, not in January, again in February.
WITH RECURSIVE n(i) AS (SELECT 201 UNION ALL SELECT i + 1 FROM n WHERE i < 205)
INSERT INTO orders SELECT i, '2024-12-24', 10 FROM n
         UNION ALL SELECT i, '2025-02-11', 10 FROM n;
SELECT start_customers AS S, end_customers AS E, new_customers, retained, reactivated, lost, retention_rate,
       round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high, churn_rate, crr_formula,
       end_to_start_ratio
  FROM retention_rate('orders') WHERE period_start = '2025-02-01';
.mode column

-- All columns.
SELECT * FROM retention_rate('orders') LIMIT 1;

-- A month without a purchase keeps its row; the last month is not over: counts, but no rates.
CREATE TEMP VIEW gap AS SELECT column1 AS customer_id, column2 AS order_date FROM (VALUES
  ('ann', '2025-01-03'), ('bob', '2025-01-20'), ('ann', '2025-03-09'), ('cy', '2025-04-02'));
SELECT period_start, is_complete, start_customers AS S, end_customers AS E, new_customers AS new, retained,
       reactivated AS back, lost, retention_rate AS rate, churn_rate, crr_formula, end_to_start_ratio AS e_to_s
  FROM retention_rate('gap');

-- as_of in the past: later orders are not known yet.  as_of past the last order: silence is lost customers.
SELECT period_start, is_complete, start_customers AS S, end_customers AS E, lost, retention_rate AS rate
  FROM retention_rate('gap') WHERE as_of = '2025-02-28';
SELECT period_start, is_complete, start_customers AS S, end_customers AS E, lost, retention_rate AS rate
  FROM retention_rate('gap') WHERE as_of = '2025-05-31';

-- as_of before every order: no rows.
SELECT count(*) FROM retention_rate('gap') WHERE as_of = '2024-12-31';

-- Confidence: the interval of 80 of 100 at 50 %, 95 % and 99 %.
SELECT confidence, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high
  FROM retention_rate('orders') WHERE confidence IN (0.5, 0.95, 0.99) AND period_start = '2025-02-01';

-- The identities E = retained + new + reactivated and S = retained + lost, and S is the E before.
SELECT count(*) AS n_broken FROM retention_rate('gap', 'day')
 WHERE end_customers <> retained + new_customers + reactivated OR start_customers <> retained + lost;
SELECT count(*) AS n_broken FROM
  (SELECT start_customers AS s, lag(end_customers, 1, 0) OVER (ORDER BY period_start) AS e
     FROM retention_rate('gap', 'week'))
 WHERE s <> e;

-- The natural order needs no sorting; another one does.
.mode list
.headers off
SELECT group_concat(period_start) FROM (SELECT period_start FROM retention_rate('gap') ORDER BY segment, period_start);
SELECT group_concat(period_start) FROM (SELECT period_start FROM retention_rate('gap') ORDER BY period_start DESC);
