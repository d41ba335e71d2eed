SELECT * FROM retention_rate('orders', 'month');
