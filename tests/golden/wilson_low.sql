-- wilson_low(): lower end of the Wilson interval

-- 80 of 100; the same share of 10 and of 10,000.
SELECT round(wilson_low(80, 100), 4) AS of_100, round(wilson_low(8, 10), 4) AS of_10,
       round(wilson_low(8000, 10000), 4) AS of_10000;

-- By hand for 1 of 1 with z = 1.959964: 1 / (1 + z^2) = 0.2065; 0 of n is exactly 0.
SELECT round(wilson_low(1, 1), 4) AS one_of_one, wilson_low(0, 7) AS none_of_seven;

-- Confidence.
SELECT round(wilson_low(80, 100, 0.5), 4) AS at_50, round(wilson_low(80, 100, 0.95), 4) AS at_95,
       round(wilson_low(80, 100, 0.99), 4) AS at_99;

-- NULL where nothing can be said.
SELECT wilson_low(0, 0) AS no_trials, wilson_low(NULL, 10) AS k, wilson_low(1, NULL) AS n,
       wilson_low(1, 2, NULL) AS confidence;

-- Usable in an index and a generated column: deterministic and innocuous.
CREATE TABLE t(k, n, low AS (round(wilson_low(k, n), 4)));
CREATE INDEX t_low ON t(wilson_low(k, n));
INSERT INTO t VALUES (80, 100), (8, 10);
SELECT * FROM t ORDER BY wilson_low(k, n);

-- Errors.
SELECT wilson_low(11, 10);
SELECT wilson_low(-1, 10);
SELECT wilson_low(1, 10, 1);
SELECT wilson_low(1, 10, 0);
SELECT wilson_low(1, 10, 95);
SELECT wilson_low('a', 10);
SELECT wilson_low(1);
