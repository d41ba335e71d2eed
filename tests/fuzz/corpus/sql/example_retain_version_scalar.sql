SELECT retain_version();
