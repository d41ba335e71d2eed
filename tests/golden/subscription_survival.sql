-- subscription_survival(): how long do subscribers stay, and how long will they?

-- Monthly, seen on 2024-05-01.  ann leaves at her 2nd renewal, 2024-03-01, bob on the day of his 1st; cy stays; di, from
-- 2024-01-31, made her 3rd renewal on 2024-04-30; eve's end lies ahead; fay and ida have ended, but the renewals that they will
-- not make are not due yet; gus ended on the day he started; hal starts later; jo's 1st renewal is not due.
CREATE TABLE subscriptions(name, started_on, ended_on);
INSERT INTO subscriptions VALUES
  ('ann', '2024-01-01', '2024-02-20'), ('bob', '2024-01-01', '2024-02-01'), ('cy', '2024-01-01', NULL), ('di', '2024-01-31', ''),
  ('eve', '2024-03-01', '2024-06-01'), ('fay', '2024-02-15', '2024-04-20'), ('gus', '2024-02-02', '2024-02-02 23:59:59'),
  ('hal', '2024-05-02', NULL), ('ida', '2024-03-10', '2024-04-20'), ('jo', '2024-04-15', NULL);
SELECT period_index AS k, at_risk, lost, observed, round(ci_low, 6) AS low, round(ci_high, 6) AS high, predicted, note
  FROM subscription_survival('subscriptions', 'started_on', 'ended_on') WHERE as_of = '2024-05-01' AND periods_ahead = 1;

-- By default we look on the last start or end; ends that lie ahead are then taken for known.
SELECT as_of, max(at_risk) AS started, sum(lost) AS lost, max(period_index) AS last, rows_read, rows_skipped
  FROM subscription_survival('subscriptions', 'started_on', 'ended_on');

-- Who ends on the day of the renewal has not renewed, a day later has.
CREATE TABLE ends(started_on, ended_on);
INSERT INTO ends VALUES ('2024-01-31', '2024-02-28'), ('2024-01-31', '2024-02-29'), ('2024-01-31', '2024-03-01'), ('2024-01-31', '2024-12-31');
SELECT period_index AS k, at_risk, lost, observed FROM subscription_survival('ends', 'started_on', 'ended_on', 'month', 0)
 WHERE lost > 0 OR k IN (0, 11);

-- Weeks and blocks of days count from the start too; as_of moves.
SELECT period, as_of, group_concat(lost) AS lost FROM subscription_survival WHERE source = 'subscriptions' AND start_column = 'started_on'
   AND end_column = 'ended_on' AND periods_ahead = 0 AND period IN ('week', '28 days', 'quarter') AND as_of IN ('2024-03-01', '2024-05-01')
 GROUP BY 1, 2;

-- A cohort of 1000 seen over seven renewals (Fader, Hardie 2007): alpha 0.704, beta 1.182; its projection.
CREATE TABLE regular AS WITH lost(t, n) AS (VALUES (1, 369), (2, 163), (3, 86), (4, 56), (5, 37), (6, 27), (7, 21), (NULL, 241)),
  one(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM one WHERE i < 369)
  SELECT '2000-01-01' AS started_on, date('2000-01-01', '+' || t || ' years') AS ended_on FROM lost JOIN one ON i <= n;
SELECT period_index AS k, at_risk, lost, round(observed, 3) AS observed, round(ci_low, 3) AS low, round(ci_high, 3) AS high,
       round(predicted, 3) AS predicted, round(retention_rate, 3) AS retention, round(expected_lifetime, 2) AS lifetime, note
  FROM subscription_survival('regular', 'started_on', 'ended_on', 'year', 5, 10);
SELECT round(ci_low, 3) AS low, round(ci_high, 3) AS high FROM subscription_survival('regular', 'started_on', 'ended_on', 'year')
 WHERE confidence = 0.5 AND period_index = 1;

-- Other inputs: unix seconds, days shifted by the offset, the Jalali calendar.
CREATE TABLE stamped(begun INTEGER, over INTEGER);
INSERT INTO stamped VALUES (1704067200, 1706745600), (1704067200, NULL), (1704150000, 1709251200);
SELECT utc_offset, period_index AS k, at_risk, lost FROM subscription_survival('stamped', 'begun', 'over', 'month', 0)
 WHERE utc_offset IN ('+00:00', '+03:30');
SELECT period_index AS k, at_risk, lost, as_of FROM subscription_survival('stamped', 'begun', 'over', 'month', 0) WHERE calendar = 'jalali';

-- Too little, nobody lost, nobody at all.
SELECT period_index AS k, at_risk, lost, observed, ci_low, predicted, note FROM subscription_survival('stamped', 'begun', 'begun', 'month', 0);
SELECT period_index AS k, at_risk, lost, observed, ci_low, predicted, note FROM subscription_survival('stamped', 'begun', 'over', 'month', 0)
 WHERE as_of = '2024-01-15';
SELECT count(*) FROM subscription_survival('stamped', 'begun', 'over') WHERE as_of = '2023-12-31';
DELETE FROM stamped;
SELECT count(*) FROM subscription_survival('stamped', 'begun', 'over');

-- All alike: only their mean is identified.
CREATE TABLE alike AS SELECT '2024-01-01' AS a, CASE WHEN value < 64 THEN '2024-02-01' WHEN value < 96 THEN '2024-03-01' WHEN value < 112
  THEN '2024-04-01' END AS b FROM (WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < 127) SELECT value FROM n);
SELECT period_index AS k, at_risk, lost, observed, round(predicted, 4) AS predicted, round(retention_rate, 4) AS retention, note
  FROM subscription_survival('alike', 'a', 'b', 'month', 1);

-- Messages.
SELECT * FROM subscription_survival('subscriptions');
SELECT * FROM subscription_survival('subscriptions', 'started_on');
SELECT * FROM subscription_survival('subscriptions', 'started', 'ended_on');
SELECT * FROM subscription_survival('subscriptions', '', 'ended_on');
SELECT * FROM subscription_survival('subscription', 'started_on', 'ended_on');
SELECT * FROM subscription_survival('subscriptions', 'ended_on', 'started_on');
SELECT * FROM subscription_survival('subscriptions', 'started_on', 'name');
SELECT count(*), rows_read, rows_skipped FROM subscription_survival('subscriptions', 'started_on', 'name', 'month', 0) WHERE on_error = 'skip';
INSERT INTO subscriptions VALUES ('kim', '2024-02-01', '2024-01-31');
SELECT * FROM subscription_survival('subscriptions', 'started_on', 'ended_on');
SELECT max(at_risk) AS started, rows_read, rows_skipped FROM subscription_survival('subscriptions', 'started_on', 'ended_on') WHERE on_error = 'skip';
SELECT * FROM subscription_survival('ends', 'started_on', 'ended_on', 'day') WHERE as_of = '2099-01-01';
SELECT * FROM subscription_survival('ends', 'started_on', 'ended_on', 'month', -1);
SELECT * FROM subscription_survival('ends', 'started_on', 'ended_on', 'month', 0, 0);

-- Half leave at the first renewal and nobody later: a ridge, and enough ends to say so without more ado.
CREATE TABLE halves(started_on, ended_on);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 399)
INSERT INTO halves SELECT '2024-01-01', CASE WHEN i < 200 THEN '2024-02-01' END FROM n;
INSERT INTO halves VALUES ('2024-06-01', NULL);
SELECT DISTINCT note FROM subscription_survival('halves', 'started_on', 'ended_on');

-- 30 ends make a model, 100 a model without a remark; one end is no plural.
CREATE TABLE pool(i, started_on, ended_on);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 399)
INSERT INTO pool SELECT i, CASE WHEN i < 399 THEN '2024-01-01' ELSE '2024-06-01' END, date('2024-01-01', (1 + i % 5 * (i % 3) / 2) || ' months') FROM n;
CREATE VIEW end1 AS SELECT started_on, CASE WHEN i < 1 THEN ended_on END AS ended_on FROM pool;
CREATE VIEW end2 AS SELECT started_on, CASE WHEN i < 2 THEN ended_on END AS ended_on FROM pool;
CREATE VIEW end29 AS SELECT started_on, CASE WHEN i < 29 THEN ended_on END AS ended_on FROM pool;
CREATE VIEW end30 AS SELECT started_on, CASE WHEN i < 30 THEN ended_on END AS ended_on FROM pool;
CREATE VIEW end99 AS SELECT started_on, CASE WHEN i < 99 THEN ended_on END AS ended_on FROM pool;
CREATE VIEW end100 AS SELECT started_on, CASE WHEN i < 100 THEN ended_on END AS ended_on FROM pool;
.mode list
SELECT name, lost, round(observed, 4) AS observed, round(predicted, 3) AS predicted, note FROM (SELECT 'end' || column1 AS name
  FROM (VALUES (1), (2), (29), (30), (99), (100))) AS v, subscription_survival(v.name, 'started_on', 'ended_on') WHERE period_index = 1;

-- A view that reads itself ends.
CREATE VIEW itself AS SELECT period AS started_on, NULL AS ended_on FROM subscription_survival('itself', 'started_on', 'ended_on');
SELECT * FROM subscription_survival('itself', 'started_on', 'ended_on');
