SELECT * FROM concentration('orders');
