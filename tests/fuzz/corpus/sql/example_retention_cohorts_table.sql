SELECT * FROM retention_cohorts('orders', 'month');
