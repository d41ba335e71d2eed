SELECT expected_spend('{"model":"nbd","r":0.4,"alpha":80,"spend":{"p":6.25,"q":3.74,"gamma":15.44}}', 2, 22.35);
