-- subscription_survival.sql: how many subscribers are still there after each monthly renewal, in plain SQL.
--
-- Reads a table subscriptions(started_on, ended_on), TEXT as 'YYYY-MM-DD': a row for each subscription; ended_on
-- is the first day without it, NULL or '' while it goes on.  We look on the last date in the table.
--
-- The k-th renewal is due k months after the start; a day of the month that the later month does not have becomes
-- its last.  A subscription that ended in its t-th month, or on the day it was over, did not renew at t.
-- Renewals count when they were due by then.  For k from 0, the start, to the last renewal that was due:
--
--     at_risk   subscriptions whose k-th renewal was due and that had renewed until then
--     lost      those of them that did not renew
--     observed  share of all that is still there: the product of 1 - lost / at_risk so far (Kaplan-Meier)
WITH RECURSIVE
contract AS (
    SELECT started_on, CASE WHEN ended_on <> '' THEN ended_on END AS ended_on FROM subscriptions
),
looked AS (
    SELECT max(max(started_on), coalesce(max(ended_on), '')) AS as_of FROM contract
),
-- last: of the days with the subscription.
seen AS (
    SELECT started_on, as_of,
           CASE WHEN ended_on > started_on THEN date(ended_on, '-1 day') ELSE substr(ended_on, 1, 10) END AS last
    FROM contract CROSS JOIN looked
),
-- Whole months from the start to as_of and to the last day: those of the calendar, less one where the day of the
-- month has not come round yet.  On the last day of a month all days have.
counted AS (
    SELECT substr(as_of, 1, 4) * 12 + substr(as_of, 6, 2) - substr(started_on, 1, 4) * 12 - substr(started_on, 6, 2)
           - (substr(as_of, 9, 2) < substr(started_on, 9, 2) AND substr(date(as_of, '+1 day'), 9, 2) <> '01') AS due,
           1 + substr(last, 1, 4) * 12 + substr(last, 6, 2) - substr(started_on, 1, 4) * 12 - substr(started_on, 6, 2)
           - (substr(last, 9, 2) < substr(started_on, 9, 2) AND substr(date(last, '+1 day'), 9, 2) <> '01') AS missed
    FROM seen
),
-- until: the last renewal that is known of; is_lost: it was not made.
known AS (
    SELECT CASE WHEN missed <= due THEN missed ELSE due END AS until, coalesce(missed <= due, 0) AS is_lost FROM counted
),
renewal AS (
    SELECT until, count(*) AS n, sum(is_lost) AS lost FROM known GROUP BY until
),
step(period_index, last) AS (
    SELECT 0, max(due) FROM counted HAVING count(*) > 0
    UNION ALL
    SELECT period_index + 1, last FROM step WHERE period_index < last
),
risk AS (
    SELECT period_index,
           (SELECT coalesce(sum(n), 0) FROM renewal WHERE until >= period_index) AS at_risk,
           (SELECT coalesce(sum(lost), 0) FROM renewal WHERE until = period_index) AS lost
    FROM step
),
survival(period_index, at_risk, lost, observed) AS (
    SELECT period_index, at_risk, 0, 1.0 FROM risk WHERE period_index = 0
    UNION ALL
    SELECT r.period_index, r.at_risk, r.lost, s.observed * (r.at_risk - r.lost) / r.at_risk
    FROM survival AS s JOIN risk AS r ON r.period_index = s.period_index + 1
)
SELECT period_index, at_risk, lost, observed FROM survival ORDER BY period_index
