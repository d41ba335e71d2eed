SELECT * FROM subscription_survival('subscriptions', 'started_on', 'ended_on');
