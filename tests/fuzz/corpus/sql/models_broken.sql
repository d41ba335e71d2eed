SELECT p_no_purchase('{"model":"nbd","r":1,"alpha":', 2, 210, 270, 90); SELECT expected_spend('{"model":"nbd","r":1e-31,"alpha":1}', 1, 2);
