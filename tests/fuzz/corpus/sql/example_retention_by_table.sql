SELECT * FROM retention_by('orders', 'channel');
