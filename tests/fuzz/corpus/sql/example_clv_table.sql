SELECT * FROM clv('orders', 365) LIMIT 50;
