SELECT * FROM revenue_forecast('orders', 12);
