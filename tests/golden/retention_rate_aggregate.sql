-- retention_rate() as an aggregate: of the customers of a base window, the share who come back

CREATE TABLE orders(channel, customer_id, order_date, amount);
INSERT INTO orders VALUES
  ('ads', 1, '2024-12-31', 10), ('ads', 1, '2025-01-01', 10), ('ads', 2, '2025-01-31', 10),
  ('ads', 3, '2025-01-10', 10), ('ads', 1, '2025-02-01', 10), ('ads', 2, '2025-02-28 23:59:59', 10),
  ('ads', 3, '2025-03-01', 10), ('ads', 4, '2025-02-10', 10),
  ('shop', 5, '2025-01-05', 10), ('shop', 5, '2025-01-06', 10), ('shop', 6, '2025-02-05', 10),
  ('mail', 7, '2025-02-14', 10);

-- February after January.  ads: of 1, 2, 3 come 1 and 2; shop: of 5 nobody; mail: nobody was there.
SELECT channel, round(retention_rate(customer_id, order_date, '2025-02-01', '2025-03-01',
                                     '2025-01-01'), 6) AS rate
  FROM orders GROUP BY channel;

-- Without base_from the base window is as long as the period: 28 days, from January 4; so 1 is not in it.
SELECT channel, round(retention_rate(customer_id, order_date, '2025-02-01', '2025-03-01'), 6) AS rate
  FROM orders GROUP BY channel;
SELECT round(retention_rate(customer_id, order_date, '2025-02-01', '2025-03-01', NULL), 6) AS same
  FROM orders WHERE channel = 'ads';

-- One share over all channels, and one with a filter: 2 of 4, 1 of 2.
SELECT retention_rate(customer_id, order_date, '2025-02-01', '2025-03-01', '2025-01-01') AS everybody,
       retention_rate(customer_id, order_date, '2025-02-01', '2025-03-01', '2025-01-01')
           FILTER (WHERE customer_id > 1 AND customer_id <> 5) AS two_and_three
  FROM orders;

-- The table function says the same for the same two months.
SELECT retention_rate AS from_table FROM retention_rate('orders') WHERE period_start = '2025-02-01';

-- A base window that ends long before would be a gap: it always ends where the period begins.
SELECT retention_rate(customer_id, order_date, '2025-03-01', '2025-04-01', '2025-01-01') AS march
  FROM orders;

-- Bounds may be computed, be numbers, or carry a time.
SELECT retention_rate(customer_id, order_date, date('2025-01-01', '+1 month'), 20250301,
                      '2025-01-01 00:00:00') AS everybody
  FROM orders;

-- NULL and '' are nobody.  1 and 1.0 are one customer; 1 and '1' are two.
WITH t(c, d) AS (VALUES (NULL, '2025-01-05'), ('', '2025-01-05'), (1, '2025-01-05'), ('1', '2025-01-05'),
                        (1.0, '2025-02-05'), ('', '2025-02-05'))
SELECT retention_rate(c, d, '2025-02-01', '2025-03-01', '2025-01-01') AS one_of_two FROM t;

-- No rows at all, or none in the base window: NULL.
SELECT retention_rate(customer_id, order_date, '2025-02-01', '2025-03-01') AS no_rows
  FROM orders WHERE 0;
SELECT retention_rate(customer_id, order_date, '1999-02-01', '1999-03-01') AS nobody FROM orders;

-- Errors.
SELECT retention_rate(customer_id, order_date, '2025-03-01', '2025-03-01') FROM orders;
SELECT retention_rate(customer_id, order_date, '2025-02-01', '2025-03-01', '2025-02-01') FROM orders;
SELECT retention_rate(customer_id, order_date, order_date, '2026-03-01') FROM orders;
SELECT retention_rate(customer_id, order_date, NULL, '2025-03-01') FROM orders;
SELECT retention_rate(customer_id, order_date, '2025-02-01', 'March') FROM orders;
SELECT retention_rate(customer_id, amount, '2025-02-01', '2025-03-01') FROM orders;
SELECT retention_rate(customer_id, '20250105', '2025-02-01', '2025-03-01') FROM orders;
SELECT retention_rate(customer_id, CASE WHEN customer_id = 2 THEN 20250105 ELSE order_date END, '2025-02-01', '2025-03-01') FROM orders;
SELECT retention_rate(customer_id, order_date, '20250201', '2025-03-01') FROM orders;
SELECT retention_rate(customer_id, order_date, x'3230', '2025-03-01') FROM orders;
SELECT retention_rate(customer_id, '2025-02-30', '2025-02-01', '2025-03-01') FROM orders;
SELECT retention_rate(customer_id, CASE WHEN customer_id <> 2 THEN order_date END, '2025-02-01', '2025-03-01') FROM orders;
SELECT retention_rate(customer_id, order_date, '2025-02-01') FROM orders;

-- It is an aggregate, not a window function.
SELECT retention_rate(customer_id, order_date, '2025-02-01', '2025-03-01') OVER () FROM orders;
