--16
SELECT * FROM clv('mixed'); SELECT * FROM retention_rate('orders') WHERE segment_column = 'channel';