SELECT * FROM churn_calibration('orders');
