SELECT * FROM purchase_funnel('orders', 5);
