SELECT * FROM lifecycle('orders', 'month');
