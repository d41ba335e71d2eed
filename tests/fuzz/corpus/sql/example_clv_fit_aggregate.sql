SELECT clv_fit(frequency, recency, age, monetary_value) FROM clv('orders');
