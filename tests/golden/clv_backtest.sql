-- clv_backtest(): how good would each prediction of value have been?
.read tests/golden/fixture/backtest.sql

-- By hand: in March a brings 30, c 8, e 12; in the 31 days to 2024-02-29 a brought 20, b 15, c 7, d 0, e 11.  Errors -10, 15, -1, 0, -1:
-- mae 27/5, rmse root of 327/5, bias 3/5.  Ranks 5 4 2 1 3 and 5 1.5 3 1.5 4: 5.5 / root of (10 x 9.5) = 0.5643.
-- Purchase days: 1 1 1 0 1 for 1 0 1 0 1.
SELECT target, model, round(mae, 4) AS mae, round(rmse, 4) AS rmse, round(bias, 4) AS bias, total_predicted AS predicted, total_actual AS actual,
       round(rank_correlation, 4) AS rank, customers AS n, split_date FROM clv_backtest('small', 31) WHERE model = 'same_as_before';
.mode list
SELECT target, model, mae, total_predicted, total_actual, note FROM clv_backtest('small', 31) WHERE model <> 'same_as_before';

-- Without amounts only purchases.
CREATE VIEW days AS SELECT customer_id, order_date FROM small;
SELECT target, model, mae, total_actual FROM clv_backtest('days', 31);

-- A shop large enough for everything.
.mode column
.read tests/golden/fixture/shop.sql
SELECT target, model, round(mae, 3) AS mae, round(rmse, 2) AS rmse, round(bias, 2) AS bias, round(total_predicted, 0) AS predicted, total_actual AS actual,
       round(rank_correlation, 3) AS rank FROM clv_backtest('orders', 90);
.mode list
SELECT note FROM clv_backtest('orders', 90) WHERE model = 'auto' AND target = 'value';

-- A year ago is 365 days: in those to 2023-01-01 a brought 3 and b 1 and 5, in those to 2024-01-01 they bring 4 and 7.  A longer
-- holdout has none, nor has a split a day before there was a year.
CREATE TABLE years(customer_id, order_date, amount);
INSERT INTO years VALUES ('a', '2021-01-01', 10), ('a', '2022-01-01', 20), ('a', '2022-01-02', 3), ('a', '2023-01-02', 4),
  ('b', '2022-06-01', 1), ('b', '2023-01-01', 5), ('b', '2024-01-01', 7), ('b', '2024-01-02', 1);
SELECT holdout_days, target, mae, total_predicted, total_actual, split_date, note FROM clv_backtest('years')
 WHERE holdout_days IN (365, 366) AND as_of = '2024-01-01' AND model = 'same_as_last_year';
DELETE FROM years WHERE order_date = '2021-01-01';
SELECT target, mae, total_predicted, note FROM clv_backtest('years', 365) WHERE as_of = '2024-01-01' AND model = 'same_as_last_year';
SELECT target, mae, total_actual, note FROM clv_backtest('years', 365) WHERE as_of = '2023-12-31' AND model = 'same_as_last_year';

-- Nobody, and what is refused.
SELECT count(*) AS n FROM clv_backtest('small') WHERE as_of = '2020-01-01';
SELECT model FROM clv_backtest('small', 91);
