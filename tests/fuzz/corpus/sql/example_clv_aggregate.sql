SELECT channel, clv(customer_id, order_date, amount) FROM orders GROUP BY channel;
