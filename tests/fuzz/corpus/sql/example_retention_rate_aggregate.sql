SELECT channel, retention_rate(customer_id, order_date, '2025-01-01', '2025-02-01') FROM orders GROUP BY channel;
