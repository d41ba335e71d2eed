SELECT * FROM clv_backtest('orders');
