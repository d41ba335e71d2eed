-- A database in UTF-16: names, ids, dates and messages
.mode list
PRAGMA encoding = 'UTF-16le';
CREATE TABLE bestellungen(kunde_id, order_date, amount, "größe");
INSERT INTO bestellungen VALUES ('ångström', '2024-01-05', 1, 'groß'), ('日本', '2024-02-05', 2, 'klein'),
  ('ångström', '2024-02-06', '3.5', 'klein'), ('a much longer name than eight bytes', '2024-02-07', 1, 'klein');
SELECT customer_id, first_order_date, frequency, historic_clv FROM clv('bestellungen')
 WHERE customer_column = 'kunde_id' ORDER BY customer_id;
SELECT segment, sum(new_customers) AS new FROM retention_rate('bestellungen')
 WHERE customer_column = 'KUNDE_ID' AND segment_column = 'größe' GROUP BY segment;
SELECT kunde_id, retention_rate(kunde_id, order_date, '2024-02-01', '2024-03-01') AS rate FROM bestellungen GROUP BY 1;
SELECT * FROM clv('bestellungen');
SELECT * FROM clv('bestellung');
UPDATE bestellungen SET order_date = 'März' WHERE rowid = 2;
SELECT * FROM clv('bestellungen') WHERE customer_column = 'kunde_id';
