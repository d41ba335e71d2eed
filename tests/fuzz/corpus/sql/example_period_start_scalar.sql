SELECT period_start(order_date, 'month') AS month, count(*) FROM orders GROUP BY month;
