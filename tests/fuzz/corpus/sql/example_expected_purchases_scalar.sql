SELECT expected_purchases('{"model":"bgnbd","r":0.243,"alpha":30.9,"a":0.793,"b":2.426}', 2, 210, 270, 365);
