-- retain_version(): three numbers with points
SELECT retain_version() GLOB '[0-9]*.[0-9]*.[0-9]*' AS is_version, typeof(retain_version()) AS type;
SELECT retain_version(1);

-- A second load changes nothing.
SELECT load_extension('./retain') IS NULL AS loaded_again;
