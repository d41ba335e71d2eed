SELECT * FROM customer_summary('orders');
