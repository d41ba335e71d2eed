SELECT * FROM inactive_customers('orders', '6 months') LIMIT 50;
