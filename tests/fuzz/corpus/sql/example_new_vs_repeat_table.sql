SELECT * FROM new_vs_repeat('orders', 'month');
