SELECT * FROM purchase_gaps('orders', 5);
