SELECT * FROM time_to_purchase('orders') WHERE day <= 30;
