SELECT * FROM churn_backtest('orders');
