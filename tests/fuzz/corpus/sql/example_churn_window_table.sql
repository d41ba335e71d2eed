SELECT * FROM churn_window('orders');
