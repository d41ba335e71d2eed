SELECT * FROM churn_backtest('orders', 60) WHERE segment_column = 'channel'; SELECT * FROM clv_backtest('unix'); SELECT * FROM churn_calibration('julian');
