SELECT * FROM retention_curve('orders', 'month');
