-- churn_backtest(): how good would each prediction of churn have been?
.read tests/golden/fixture/backtest.sql

-- By hand, on 2024-02-29: silence of a 28, b 9, c 4, d 50, e 19 days; b and d stay away.  Of the 6 pairs days_since_last has
-- right b over c and d over all: 4/6.  Usual gaps: a (31 + 2 x 38.5) / 3 = 36, b 41, the others 38.5: 4/6 again.  By
-- purchase days 2, 2, 1, 1, 1: b ties with a, d wins over a and ties with c and e: 2.5/6.  On top is d, who stays
-- away as 2 of 5 do: lift 2.5; by frequency c, d and e tie.
SELECT method, round(auc, 4) AS auc, round(precision_top10, 4) AS top, round(lift_top10, 4) AS lift, brier, log_loss, calibration_slope AS slope,
       customers AS n, bought, new_customers AS new, split_date FROM churn_backtest('small', 31);
.mode list
SELECT method, note FROM churn_backtest('small', 31);
.mode column

-- The interval of 4/6: shares below of b and d 1/3 and 3/3, shares above of a, c, e 1/2, 1, 1/2, so that the variance is
-- (2/9) / 2 + (1/12) / 3 = 0.13889; with 1.96 it reaches beyond 1, with 0.6745 (confidence 0.5) 0.2514 either way.
SELECT round(ci_low, 4) AS low, round(ci_high, 4) AS high FROM churn_backtest('small', 31) WHERE method = 'days_since_last' AND confidence = 0.5;
SELECT round(ci_low, 4) AS low, round(ci_high, 4) AS high FROM churn_backtest('small', 31) WHERE method = 'days_since_last';

-- Learned: in the 30 days to the split of 2024-04-30 30 of 40 bought nothing, base rate 0.75.  33 of 40 stay away in the holdout:
-- brier (33 x 0.0625 + 7 x 0.5625) / 40 = 0.15, log loss -(33 ln 0.75 + 7 ln 0.25) / 40 = 0.4799.
SELECT method, round(brier, 6) AS brier, round(log_loss, 4) AS log_loss, customers AS n, bought, new_customers AS new, split_date
  FROM churn_backtest('forty', 30) WHERE method IN ('base_rate', 'six_months');
-- A step earlier 32 of 40 had not bought by 2024-03-31, and rules saw 40 customers alike: all say 0.8 and score
-- (30 ln 0.8 + 10 ln 0.2) / 40 = -0.5697 on April, of which the simplest is chosen.
.mode list
SELECT method, note FROM churn_backtest('forty', 30);

-- A shop large enough for everything; auto says what it chose.
.read tests/golden/fixture/shop.sql
.mode column
SELECT method, round(auc, 3) AS auc, round(ci_low, 3) AS low, round(ci_high, 3) AS high, round(brier, 4) AS brier, round(log_loss, 3) AS log_loss,
       round(lift_top10, 2) AS lift, round(precision_top10, 3) AS top, round(calibration_slope, 2) AS slope, customers AS n, bought
  FROM churn_backtest('orders');
.mode list
SELECT note FROM churn_backtest('orders') WHERE method = 'auto';
SELECT count(*) AS n_differences FROM (SELECT * FROM churn_backtest('orders') EXCEPT SELECT * FROM churn_backtest('orders', 90));

-- A horizon longer than a third of the history: the classifier and the rules are carried to it.
.mode column
SELECT method, round(auc, 3) AS auc, round(brier, 3) AS brier, round(log_loss, 3) AS log_loss FROM churn_backtest('orders', 240);

-- When not given, the holdout is at most a third of the history.
SELECT DISTINCT split_date, customers, bought, new_customers FROM churn_backtest('small');

-- One customer, nobody, and what is refused.
CREATE TABLE one(customer_id, order_date); INSERT INTO one VALUES (1, '2024-01-01');
SELECT method, auc, brier, customers, bought, split_date FROM churn_backtest('one') WHERE method = 'frequency';
SELECT count(*) AS n FROM churn_backtest('one') WHERE as_of = '2023-01-01';
SELECT method FROM churn_backtest('small', 91);
SELECT method FROM churn_backtest('small', 0);
