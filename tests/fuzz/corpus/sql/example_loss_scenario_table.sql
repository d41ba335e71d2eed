SELECT * FROM loss_scenario('orders', '1,5,10');
