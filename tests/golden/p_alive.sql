-- p_alive(): the chance that a customer is still one, by a fitted model
.read tests/golden/fixture/shop.sql
CREATE TABLE customers AS SELECT * FROM clv('orders');
CREATE TABLE models AS SELECT clv_fit(frequency, recency, age, monetary_value) AS model FROM customers;

-- The same as in the report, for every customer and every model.
SELECT count(*) AS n, sum(p_alive(m.model, frequency, recency, age) = p_alive) AS n_equal FROM models AS m, customers;
SELECT column1 AS law, (SELECT sum(p_alive(clv_fit, frequency, recency, age) = p_alive) FROM clv('orders') AS c, (SELECT clv_fit(frequency, recency, age, NULL, column1) AS clv_fit FROM customers) WHERE c.model = column1) AS n_equal
  FROM (VALUES ('bgnbd'), ('mbgnbd'), ('pnbd'), ('nbd'));

-- Published: Fader, Hardie, Lee's CDNOW parameters, in weeks; their customer 1, with x = 2, t_x = 30.43, T = 38.86.
SELECT round(p_alive('{"model": "bgnbd", "r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}', 2, 30.43, 38.86), 4) AS p_alive;

-- By hand: a BG/NBD with r = alpha = a = b = 1 and one purchase on day 1 of 3: 1 / (1 + 1/1 * ((1 + 3) / (1 + 1))^2) = 0.2.
-- The MBG/NBD has one more chance to drop out: 1 / (1 + 1/2 * 2^2) = 1/3.
SELECT round(p_alive('{"model":"bgnbd","r":1,"alpha":1,"a":1,"b":1}', 1, 1, 3), 15) AS bgnbd,
       round(p_alive('{"model":"mbgnbd","r":1,"alpha":1,"a":1,"b":1}', 1, 1, 3), 15) AS mbgnbd,
       p_alive('{"model":"nbd","r":1,"alpha":1}', 1, 1, 3) AS nbd,
       p_alive('{"model":"bgnbd","r":1,"alpha":1,"a":1,"b":1}', 0, 0, 3) AS one_timer;

-- What JSON allows: spaces, any order of the keys, exponents, notes.
SELECT round(p_alive(' { "b" : 1.0E+0 , "a":10e-1,"alpha":1,"note":"a \"quoted\" \u00e9, \\","r":0.1e1,
  "spend":{ } ,"customers":0,"model":"mbgnbd" } ', 1, 1, 3), 15) AS p_alive;

-- NULL in, NULL out.
SELECT p_alive(NULL, 1, 1, 3) AS a, p_alive('{"model":"nbd","r":1,"alpha":1}', NULL, 1, 3) AS b,
       p_alive('{"model":"nbd","r":1,"alpha":1}', 1, NULL, 3) AS c, p_alive('{"model":"nbd","r":1,"alpha":1}', 1, 1, NULL) AS d;

-- Errors: a history that cannot be.
SELECT p_alive('{"model":"nbd","r":1,"alpha":1}', 1, 4, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1}', 0, 4, 9);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1}', -1, 4, 9);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1}', 'one', 4, 9);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1}', 1, 4);

-- Errors: a text that is no model.
SELECT p_alive('mbgnbd', 1, 1, 3);
SELECT p_alive('', 1, 1, 3);
SELECT p_alive(7, 1, 1, 3);
SELECT p_alive(x'7b7d', 1, 1, 3);
SELECT p_alive('{}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1}', 1, 1, 3);
SELECT p_alive('{"model":"bgnbd","r":1,"alpha":1,"s":1,"beta":1}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1,"a":1}', 1, 1, 3);
SELECT p_alive('{"model":"gamma","r":1,"alpha":1}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":0,"alpha":1}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":-0.5,"alpha":1}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":"1","alpha":1}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1e999}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":NaN}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1,5}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1} ;', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"r":1,"alpha":1}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpa":1}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1,"spend":{"p":1,"q":2}}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1,"spend":{"r":1}}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1,"spend":{"spend":{}}}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1,"note":"\x"}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1,"note":"\u00e"}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1,"note":"\', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":0.' || printf('%0100d', 0) || '1}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1}' || char(0), 1, 1, 3);
SELECT p_alive(printf('{"model":"nbd","r":1,"alpha":1,"note":"%5000d"}', 1), 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1,"spend":{"q":2}}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1,"spend":{"gamma":2}}', 1, 1, 3);
SELECT p_alive('{"model":"nbd","r":1,"alpha":1,"note":"\u00', 1, 1, 3);

-- Every kind of space that JSON has.
SELECT p_alive(char(9, 13, 10, 32) || '{' || char(9) || '"model"' || char(13) || ':"nbd",' || char(10) || '"r":1,"alpha":1}', 1, 1, 3) AS p_alive;
