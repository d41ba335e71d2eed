-- crr(): the textbook customer retention rate, (end - new) / start

-- 100 at the start, 90 at the end, 10 of them new.
SELECT crr(90, 10, 100) AS rate;

-- Reactivated customers count as kept, so it can exceed 1: retention_rate() tells them apart.
SELECT crr(120, 10, 100) AS above_one, crr(0, 0, 100) AS nobody_left, crr(10, 10, 100) AS only_new;

-- Nobody at the start, or an argument that is not known: NULL.
SELECT crr(10, 10, 0) AS nobody, crr(NULL, 10, 100) AS a, crr(90, NULL, 100) AS b, crr(90, 10, NULL) AS c;

-- Counts may come as text or REAL; the type is REAL.
SELECT crr('90', ' 10 ', 100.0) AS rate, typeof(crr(9, 1, 8)) AS type;

-- Row by row.
SELECT column1 AS month, crr(column2, column3, column4) AS rate
  FROM (VALUES ('January', 90, 10, 100), ('February', 45, 5, 90), ('March', 3, 0, 0));

-- Errors.
SELECT crr(90, 91, 100);
SELECT crr(90, -1, 100);
SELECT crr('ninety', 10, 100);
SELECT crr(90, 10, '100 customers');
SELECT crr(90, 10, x'313030');
SELECT crr(90, 10, 9e999);
SELECT crr(90, 10);
