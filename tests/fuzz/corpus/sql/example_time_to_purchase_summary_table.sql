SELECT * FROM time_to_purchase_summary('orders');
