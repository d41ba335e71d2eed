-- segment_column splits the customers; a customer has one segment, that of the first or the last purchase

CREATE TABLE orders(customer_id, order_date, amount, channel);
INSERT INTO orders VALUES
  ('ann', '2024-01-05', 10, 'ads'),  ('ann', '2024-02-05', 10, 'mail'),
  ('bob', '2024-01-06', 10, 'ads'),  ('bob', '2024-01-06', 99, 'mail'),
  ('cy',  '2024-01-07', 10, 'mail'), ('cy',  '2024-02-08', 10, 'mail'),
  ('di',  '2024-01-08', 10, NULL),   ('di',  '2024-02-09', 10, 7),
  ('ed',  '2024-02-29', 10, '');

-- At the first purchase.  Of bob's two orders of one moment the smaller value counts.
SELECT segment, period_start AS month, start_customers AS S, end_customers AS E, new_customers AS new, retained,
       lost, retention_rate AS rate
  FROM retention_rate('orders') WHERE segment_column = 'channel';

-- At the last purchase: ann is mail's, di is 7's.
SELECT segment, typeof(segment) AS type, period_start AS month, start_customers AS S, end_customers AS E,
       new_customers AS new, retained, lost, retention_rate AS rate
  FROM retention_rate('orders') WHERE segment_column = 'channel' AND segment_at = 'last';

-- The segments add up to the whole.
SELECT sum(start_customers) AS S, sum(end_customers) AS E, sum(lost) AS lost FROM retention_rate('orders')
 WHERE segment_column = 'channel' AND period_start = '2024-02-01'
UNION ALL SELECT start_customers, end_customers, lost FROM retention_rate('orders') WHERE period_start = '2024-02-01';

-- One segment only, and the default: none.
SELECT segment, period_start, end_customers FROM retention_rate('orders') WHERE segment_column = 'channel' AND segment = 'mail';
SELECT DISTINCT segment, segment_column, segment_at FROM retention_rate('orders');

-- The time of day decides which purchase is the first.
CREATE TABLE timed(customer_id, order_date, channel);
INSERT INTO timed VALUES ('ann', '2024-01-05 18:00', 'evening'), ('ann', '2024-01-05 09:00', 'morning');
SELECT segment FROM retention_rate('timed') WHERE segment_column = 'channel' AND end_customers > 0;
SELECT segment FROM retention_rate('timed') WHERE segment_column = 'channel' AND segment_at = 'last' AND end_customers > 0;

-- A customer whose day was refunded gets the segment of the next one.
CREATE TABLE back(customer_id, order_date, amount, channel);
INSERT INTO back VALUES ('ann', '2024-01-05', 5, 'ads'), ('ann', '2024-01-05', -5, 'ads'), ('ann', '2024-01-06', 5, 'mail');
SELECT segment, end_customers FROM retention_rate('back') WHERE segment_column = 'channel';
