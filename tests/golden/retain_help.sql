-- retain_help: the functions, from the tables that the code runs on

.mode list
.separator ' | '

-- Without arguments and without parentheses: everything there is.
SELECT name, kind, meaning FROM retain_help WHERE argument IS NULL AND column_name IS NULL;

-- One function: a row for itself, then its arguments in order.
SELECT argument, default_value, range, meaning FROM retain_help('retention_rate')
 WHERE kind = 'table' AND argument IS NOT NULL;

-- Its columns.
SELECT column_name, meaning FROM retain_help('retention_rate') WHERE column_name IS NOT NULL;

-- Definition and example; a name may belong to a table and to an aggregate.
.mode line
SELECT name, kind, definition, example FROM retain_help('CLV') WHERE definition IS NOT NULL;
.mode list
.separator ' | '
SELECT argument, default_value, range, meaning FROM retain_help('clv')
 WHERE kind = 'aggregate' AND argument IS NOT NULL;
SELECT argument, default_value, range, meaning FROM retain_help('crr') WHERE argument IS NOT NULL;
SELECT argument, default_value, range, meaning FROM retain_help('wilson_low') WHERE argument IS NOT NULL;

-- Its arguments are the hidden columns, its columns the visible ones, in the same order.
SELECT count(*) AS n_differences FROM
  (SELECT cid, name FROM pragma_table_xinfo('clv'))
  FULL JOIN
  (SELECT row_number() OVER () - 1 AS place, n FROM
     (SELECT column_name AS n FROM retain_help('clv') WHERE column_name IS NOT NULL
         AND column_name NOT IN ('rows_read', 'rows_skipped', 'rows_no_customer', 'customers_no_purchase')
      UNION ALL SELECT argument FROM retain_help('clv') WHERE kind = 'table' AND argument IS NOT NULL
      UNION ALL SELECT column_name FROM retain_help('clv')
         WHERE column_name IN ('rows_read', 'rows_skipped', 'rows_no_customer', 'customers_no_purchase')))
  ON cid = place AND name = n
 WHERE cid IS NULL OR place IS NULL;

-- NULL is no name: all functions.
SELECT count(DISTINCT name) AS n_functions FROM retain_help(NULL);
SELECT count(DISTINCT name) AS n_functions FROM retain_help('');

-- Errors.
SELECT * FROM retain_help('retention');
SELECT * FROM retain_help('crm');
SELECT * FROM retain_help('loyalty_points');
SELECT * FROM retain_help(5);
SELECT * FROM retain_help('clv', 'crr');
