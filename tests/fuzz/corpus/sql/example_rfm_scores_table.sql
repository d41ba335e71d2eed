SELECT * FROM rfm_scores('orders', 5);
