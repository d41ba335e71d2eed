SELECT wilson_low(80, 100);
