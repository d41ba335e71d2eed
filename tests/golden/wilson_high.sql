-- wilson_high(): upper end of the Wilson interval

-- 80 of 100; the same share of 10 and of 10,000.
SELECT round(wilson_high(80, 100), 4) AS of_100, round(wilson_high(8, 10), 4) AS of_10,
       round(wilson_high(8000, 10000), 4) AS of_10000;

-- By hand for 0 of 1 with z = 1.959964: z^2 / (1 + z^2) = 0.7935; n of n is exactly 1.
SELECT round(wilson_high(0, 1), 4) AS none_of_one, wilson_high(7, 7) AS all_of_seven;

-- Mirror of wilson_low: the interval of the failures.
SELECT count(*) AS n_broken FROM (WITH RECURSIVE c(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM c WHERE k < 40)
  SELECT k FROM c) WHERE abs(wilson_high(k, 40) - (1 - wilson_low(40 - k, 40))) > 1e-15;

-- NULL where nothing can be said.
SELECT wilson_high(0, 0) AS no_trials, wilson_high(NULL, 10) AS k, wilson_high(1, NULL) AS n,
       wilson_high(1, 2, NULL) AS confidence;

-- Errors.
SELECT wilson_high(11, 10);
SELECT wilson_high(1, 10, 95);
