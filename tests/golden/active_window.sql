-- active_window: how long after a purchase a customer counts as active

-- One customer, one purchase on January 10.  With the period as window they are active in January only.
CREATE TABLE o(customer_id, order_date);
INSERT INTO o VALUES ('a', '2024-01-10');
SELECT period_start, period_end, start_customers AS S, end_customers AS E, lost, active_window
  FROM retention_rate('o') WHERE as_of = '2024-05-31' AND S + E > 0;

-- 60 days: active while the purchase lies in the 60 days before the end of the month.  The 60 days before
-- March 1 begin on January 1, those before April 1 on February 1.
SELECT period_start, start_customers AS S, end_customers AS E, retained, lost, retention_rate AS rate
  FROM retention_rate('o', 'month', '60 days') WHERE as_of = '2024-05-31' AND S + E > 0;

-- The edge: 81 days before April 1 is January 11, 82 days before is January 10.
SELECT count(*) AS months_81 FROM retention_rate('o', 'month', '81 days') WHERE as_of = '2024-05-31' AND end_customers > 0;
SELECT count(*) AS months_82 FROM retention_rate('o', 'month', '82 days') WHERE as_of = '2024-05-31' AND end_customers > 0;

-- Calendar months: '3 months' before April 1 is January 1.
SELECT period_start, end_customers AS E FROM retention_rate('o', 'month', '3 months') WHERE as_of = '2024-05-31';

-- '1 month' with periods of a month is the period itself; so are the singular and upper case.
SELECT count(*) AS n_differences FROM
  (SELECT period_start, start_customers, end_customers, lost FROM retention_rate('o') WHERE as_of = '2024-05-31'
   EXCEPT SELECT period_start, start_customers, end_customers, lost FROM retention_rate('o', 'month', '1 MONTH') WHERE as_of = '2024-05-31');

-- Who comes back within the window was never lost; who comes back after it is reactivated.
DELETE FROM o;
INSERT INTO o VALUES ('a', '2024-01-10'), ('a', '2024-03-10'), ('b', '2024-01-20'), ('b', '2024-06-20'), ('c', '2024-04-01'), ('d', '2024-06-30');
SELECT period_start, start_customers AS S, end_customers AS E, new_customers AS new, retained, reactivated AS back, lost
  FROM retention_rate('o', 'month', '2 months');

-- Days with a window of a week: S is the E of the day before, always.
SELECT count(*) AS days, sum(broken) AS n_broken FROM
  (SELECT start_customers <> lag(end_customers, 1, 0) OVER (ORDER BY period_start)
       OR end_customers <> retained + new_customers + reactivated OR start_customers <> retained + lost AS broken
     FROM retention_rate('o', 'day', '7 days'));

-- At least one period long: 31 days cover every month, 30 do not; a week does not cover '8 days'.
SELECT count(*) AS rows FROM retention_rate('o', 'month', '31 days');
SELECT count(*) AS rows FROM retention_rate('o', 'month', '30 days');
SELECT count(*) AS rows FROM retention_rate('o', 'year', '11 months');
SELECT count(*) AS rows FROM retention_rate('o', 'year', '4 quarters');
SELECT count(*) AS rows FROM retention_rate('o', '8 days', '1 week');
SELECT count(*) AS rows FROM retention_rate('o', '28 days', '1 month');
SELECT count(*) AS rows FROM retention_rate('o', '29 days', '1 month');
SELECT count(*) AS rows FROM retention_rate('o', 'month', '100 years');
SELECT count(*) AS rows FROM retention_rate('o', 'month', '101 years');
SELECT count(*) AS rows FROM retention_rate('o', 'month', 90);
