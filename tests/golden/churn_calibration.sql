-- churn_calibration(): of those given 70 %, do 70 % stay away?
.read tests/golden/fixture/backtest.sql

-- Everybody gets the base rate, 0.75, and so stays in one bin; 33 of 40 stay away.
SELECT bin, customers AS n, predicted, actual, round(ci_low, 4) AS low, round(ci_high, 4) AS high, note FROM churn_calibration('forty', 30, 'base_rate');

-- By frequency three groups: 8 with 3 purchase days, 2 with 2, 30 with 1; the first two begin bins 1 and 3, the third, from place
-- 10 on, bin 3 again by its own count.  6 of 8 and 1 of 30 buy.
SELECT bin, customers AS n, round(predicted, 3) AS predicted, round(actual, 4) AS actual FROM churn_calibration('forty', 30, 'frequency');

-- Without a probability there is no bin.
.mode list
SELECT bin, customers, predicted, actual, round(ci_low, 4), round(ci_high, 4), note FROM churn_calibration('small', 31);

-- A shop large enough.
.mode column
.read tests/golden/fixture/shop.sql
SELECT bin, customers AS n, round(predicted, 3) AS predicted, round(actual, 3) AS actual, round(ci_low, 3) AS low, round(ci_high, 3) AS high
  FROM churn_calibration('orders') WHERE confidence = 0.9;
-- The bins hold the customers of the backtest, and their errors weigh up to its own.
SELECT model, sum(c.customers) = max(b.customers) AS all_in, sum(c.actual * c.customers) = max(b.customers - b.bought) AS all_stayed
  FROM churn_calibration('orders', 90) AS c JOIN churn_backtest('orders', 90) AS b ON b.method = c.model
 WHERE c.model IN ('mbgnbd', 'classifier', 'blend', 'own_gap') GROUP BY model;

-- Nobody, and what is refused.
SELECT count(*) AS n FROM churn_calibration('small') WHERE as_of = '2020-01-01';
SELECT bin FROM churn_calibration('small', 91);
SELECT bin FROM churn_calibration('small', 31, 'classifer');
