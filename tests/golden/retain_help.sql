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
WITH
table_column AS (SELECT cid AS place, name FROM pragma_table_xinfo('clv')),
help_row AS (SELECT 1 AS part, * FROM retain_help('clv') WHERE column_name IS NOT NULL
             UNION ALL SELECT 2, * FROM retain_help('clv') WHERE kind = 'table' AND argument IS NOT NULL),
help_column AS (SELECT coalesce(column_name, argument) AS name,
                       CASE WHEN column_name GLOB 'rows_*' OR column_name GLOB 'customers_*' THEN 3 ELSE part END AS part FROM help_row),
help_place AS (SELECT row_number() OVER (ORDER BY part) - 1 AS place, name FROM help_column)
SELECT count(*) AS n_shared, (SELECT count(*) FROM table_column) AS n_columns, (SELECT count(*) FROM help_place) AS n_help
  FROM table_column JOIN help_place USING (place, name);

-- NULL is no name: all functions.
SELECT count(DISTINCT name) AS n_functions FROM retain_help(NULL);
SELECT count(DISTINCT name) AS n_functions FROM retain_help('');

-- Errors.
SELECT * FROM retain_help('retention');
SELECT * FROM retain_help('crm');
SELECT * FROM retain_help('loyalty_points');
SELECT * FROM retain_help(5);
SELECT * FROM retain_help('clv', 'crr');
