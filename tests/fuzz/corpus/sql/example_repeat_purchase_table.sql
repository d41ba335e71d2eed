SELECT * FROM repeat_purchase('orders', '30,90,365');
