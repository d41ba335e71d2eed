-- Hidden columns show the values in effect, and what the reading met

CREATE TABLE orders(order_no, client_id, paid_at, total, channel);
INSERT INTO orders VALUES (1, 'a', '2024-01-05', 10, 'ads'), (2, 'b', '2024-02-07', 5, 'mail'), (3, NULL, '2024-02-08', 1, 'ads'),
  (4, '', '2024-02-09', 1, 'ads'), (5, 'c', '2024-02-01', -3, 'ads'), (6, 'a', 'soon', 1, 'ads'), (7, 'a', '2024-01-06', 'free', 'ads');

-- They are not part of SELECT *.
.mode list
SELECT group_concat(name) AS visible FROM pragma_table_xinfo('clv') WHERE hidden = 0;

-- The defaults, and what was worked out.
.mode line
SELECT source, period, active_window, customer_column, date_column, amount_column, order_column, segment_column, segment_at,
       as_of, week_start, utc_offset, confidence, calendar, schema, date_unit, on_error,
       rows_read, rows_skipped, rows_no_customer, customers_no_purchase
  FROM retention_rate('orders') WHERE on_error = 'skip' LIMIT 1;
SELECT source, horizon_days, annual_discount_rate, margin, model, as_of, amount_column, order_column, rows_read, rows_skipped,
       rows_no_customer, customers_no_purchase FROM clv('orders') WHERE on_error = 'skip' LIMIT 1;
SELECT source, horizon_days, min_probability, model FROM churn_candidates('orders') WHERE on_error = 'skip' LIMIT 1;

-- What the caller gave comes back as given.
SELECT source, period, as_of, typeof(as_of) AS type, date_column, confidence, segment_column, schema
  FROM retention_rate('main.ORDERS', '1 Month') WHERE on_error = 'skip' AND as_of = 20240229 AND date_column = 'PAID_AT'
   AND confidence = '0.90' AND segment_column = 'channel' LIMIT 1;
.mode column

-- rows_read counts every row of the source, also those after as_of; the others count what was left out.
SELECT as_of, rows_read, rows_skipped, rows_no_customer, customers_no_purchase, sum(end_customers) AS E
  FROM retention_rate('orders') WHERE on_error = 'skip' AND as_of IN ('2024-01-31', '2024-12-31') GROUP BY as_of;

-- The default as_of is the last order date of any row that counts, also without a customer.
SELECT DISTINCT as_of FROM retention_rate('orders') WHERE on_error = 'skip';

-- In a join and in an aggregate.
SELECT count(*) AS rows, min(as_of) AS as_of, max(rows_skipped) AS skipped FROM clv('orders') WHERE on_error = 'skip';
