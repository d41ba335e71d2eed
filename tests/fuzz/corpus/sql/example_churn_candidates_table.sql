SELECT * FROM churn_candidates('orders', 90) LIMIT 50;
