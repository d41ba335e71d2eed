SELECT * FROM winback('orders', '180 days', 90);
