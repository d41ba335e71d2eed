SELECT * FROM segment_migration('orders', 'quarter');
