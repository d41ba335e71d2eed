SELECT * FROM vip_customers('orders', 0.8) WHERE is_vip;
