SELECT * FROM clv_model('orders');
