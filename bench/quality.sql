-- quality.sql - one backtest and its checks; quality.sh fills in :title, :source and :holdout.
.mode column
.headers on
.nullvalue -
.width 16 6 6 6 6 8 6 6 9 6
.print
.print ':title'
CREATE TEMP TABLE result AS SELECT * FROM churn_backtest(':source', :holdout);
SELECT method, round(auc, 4) AS auc, round(ci_low, 4) AS low, round(ci_high, 4) AS high, round(brier, 4) AS brier, round(log_loss, 4) AS log_loss,
       round(calibration_slope, 3) AS slope, round(lift_top10, 3) AS lift, customers, bought FROM result;
.headers off
.mode list
.separator " "
SELECT note FROM result WHERE method = 'auto';
WITH auto AS (SELECT * FROM result WHERE method = 'auto'),
rule AS (SELECT max(auc) AS auc FROM result WHERE method IN ('days_since_last', 'own_gap', 'six_months', 'frequency')),
model AS (SELECT max(auc) AS auc FROM result WHERE method IN ('bgnbd', 'mbgnbd', 'pnbd', 'nbd')),
base AS (SELECT brier FROM result WHERE method = 'base_rate'),
checks(held, words, figure, bound) AS (
    SELECT auto.auc >= rule.auc - 0.005, 'auc against the best naive rule', auto.auc, rule.auc - 0.005 FROM auto, rule
    UNION ALL SELECT auto.auc >= model.auc - 0.005, 'auc against the best model', auto.auc, model.auc - 0.005 FROM auto, model
    UNION ALL SELECT auto.brier <= base.brier, 'brier against the base rate', auto.brier, base.brier FROM auto, base
    UNION ALL SELECT calibration_slope BETWEEN 0.8 AND 1.25, 'calibration slope in 0.8 .. 1.25', calibration_slope, NULL FROM auto
               WHERE customers >= 500)
SELECT CASE WHEN held THEN 'held  ' ELSE 'MISSED' END, words || ':', round(figure, 4), coalesce('(' || round(bound, 4) || ')', '') FROM checks;
DROP TABLE result;
