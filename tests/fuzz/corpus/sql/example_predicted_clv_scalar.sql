SELECT predicted_clv(clv_fit(frequency, recency, age, monetary_value), 2, 210, 270, 22.35) FROM clv('orders');
