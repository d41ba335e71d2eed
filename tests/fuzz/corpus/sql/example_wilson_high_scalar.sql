SELECT wilson_high(80, 100);
