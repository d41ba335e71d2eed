SELECT * FROM next_purchase('orders') WHERE p_no_more < 0.5 LIMIT 50;
