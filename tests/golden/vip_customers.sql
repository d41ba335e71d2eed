-- vip_customers(): who brings most of the revenue

-- 1000 in all: ann 500, bob 200, cy 100, di and ed 75 each, fay 50.  ann, bob and cy bring exactly 80 %, so they are the
-- VIPs; di and ed bring it to 95 %; di comes before ed by id.
CREATE TABLE orders(customer_id, order_date, amount, channel);
INSERT INTO orders VALUES
  ('fay', '2024-01-01', 50, 'web'),  ('ed', '2024-01-02', 75, 'web'),   ('di', '2024-01-03', 30, 'shop'), ('di', '2024-02-03', 45, 'shop'),
  ('cy',  '2024-01-04', 100, 'web'), ('bob', '2024-01-05', 250, 'shop'), ('bob', '2024-02-05', -50, 'shop'), ('ann', '2024-01-06', 500, 'web');
SELECT * FROM vip_customers('orders');

-- Half of the revenue: ann alone; a hair more: bob too.  No share is reached by nobody, the whole by everybody.
SELECT revenue_share, count(*) AS n, group_concat(customer_id) AS vips FROM vip_customers('orders')
 WHERE revenue_share IN (0, 0.5, 0.501, 0.999, 1) AND is_vip GROUP BY revenue_share;

-- Other classes: A to 50 %, B to 70 %; A alone.
SELECT customer_id, cum_share, is_vip, abc_class FROM vip_customers('orders', 0.8, 0.5, 0.7);
SELECT group_concat(abc_class) AS classes FROM vip_customers('orders') WHERE a_share = 1 AND b_share = 1;

-- Shares that only binary numbers miss: 0.1 + 0.7 is 0.8 of 1.
CREATE TABLE cents(customer_id, order_date, amount);
INSERT INTO cents VALUES (1, '2024-01-01', 0.7), (2, '2024-01-01', 0.1), (3, '2024-01-01', 0.1), (4, '2024-01-01', 0.1);
SELECT customer_id, round(cum_share, 12) AS cum_share, is_vip FROM vip_customers('cents');

-- Amounts that agree to a millionth are equal: 0.3 and 0.1 + 0.2 rank by id.
INSERT INTO cents VALUES (6, '2024-01-02', 0.3), (5, '2024-01-02', 0.1), (5, '2024-01-02', 0.2), (7, '2024-01-02', 0.1), (7, '2024-01-03', 0.2);
SELECT group_concat(customer_id) AS ranked FROM vip_customers('cents');

-- By segment: each is a list of its own.
SELECT segment, rank, customer_id, amount, round(share, 4) AS share, cum_share, round(cum_customers_share, 4) AS customers, is_vip, abc_class
  FROM vip_customers('orders') WHERE segment_column = 'channel';

-- Whose refunds outweigh their purchases has a share of 0 and stands last; shares are of what the others brought.
CREATE TABLE back(customer_id, order_date, amount);
INSERT INTO back VALUES ('ann', '2024-01-01', 60), ('bob', '2024-01-01', 10), ('bob', '2024-01-09', -30), ('cy', '2024-01-01', 40), ('di', '2024-01-02', 0);
SELECT * FROM vip_customers('back');
SELECT customer_id, is_vip FROM vip_customers('back', 1);

-- Nobody brought anything: there is nothing to share.  Nor is there without amounts.
SELECT * FROM vip_customers('back') WHERE as_of = '2024-01-09' AND amount_column = '';
CREATE TABLE free(customer_id, order_date, amount);
SELECT count(*) AS n FROM vip_customers('free');
INSERT INTO free VALUES (2, '2024-01-01', 0), (1, '2024-01-01', 0);
SELECT * FROM vip_customers('free');

-- One customer.  As of an earlier day.
SELECT * FROM vip_customers('orders') WHERE as_of = '2024-01-01';
SELECT group_concat(customer_id || ' ' || amount, ', ') AS ranked FROM vip_customers('orders') WHERE as_of = '2024-01-31';

-- Thresholds out of order or range.
SELECT * FROM vip_customers('orders', 0.8, 0.9, 0.5);
SELECT * FROM vip_customers('orders') WHERE b_share = 0.75;
SELECT * FROM vip_customers('orders', 80);
SELECT * FROM vip_customers('orders') WHERE a_share = -0.1;
