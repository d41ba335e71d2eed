SELECT * FROM data_quality('orders');
