#!/bin/sh
# registry.sh - nothing unregistered, undocumented or untested: ext/registry.def against the library,
# retain_help, tests/golden and README.md.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/script.sh

ask() {
    printf '.load %s\n.bail on\n%s\n' "$RETAIN_LIBRARY" "$1" | $SQLITE3 -batch "${2-:memory:}" 2>&1
}

# registry.def is C; what the preprocessor leaves of it are lines KIND(name).
entries=$(sed -e 's:/\*.*\*/::' -e '/^\/\*/,/\*\//d' ext/registry.def | sed -nE 's/^(TVF|SCALAR|AGGREGATE)\(([a-z_]+)\).*/\1 \2/p')
[ -n "$entries" ] || fail 'registry.def lists functions'

# The sample orders that every example is about.
$SQLITE3 -batch "$scratch/shop.db" <tests/golden/fixture/shop.sql || fail 'the fixture builds'

nothing 'the library has no function that registry.def does not list' "$(
    ask "SELECT DISTINCT upper(replace(kind, 'table', 'tvf')) || ' ' || name FROM retain_help;" | sort >"$scratch/have"
    echo "$entries" | sort | diff - "$scratch/have" | grep '^[<>]')"

echo "$entries" >"$scratch/entries"
while read -r kind name; do
    case $kind in
        TVF) word=table registered="SELECT count(*) > 0 FROM pragma_module_list WHERE name = '$name';" ;;
        SCALAR) word=scalar registered="SELECT count(*) > 0 FROM pragma_function_list WHERE name = '$name' AND type = 's';" ;;
        *) word=aggregate registered="SELECT count(*) > 0 FROM pragma_function_list WHERE name = '$name' AND type IN ('a', 'w');" ;;
    esac
    check "$word $name is registered" test "$(ask "$registered")" = 1

    nothing "$word $name is documented in each part" "$(ask "
        SELECT 'no help' WHERE NOT EXISTS (SELECT 1 FROM retain_help('$name') WHERE kind = '$word');
        SELECT 'no meaning: ' || coalesce(argument, column_name, name) FROM retain_help('$name')
         WHERE kind = '$word' AND coalesce(trim(meaning), '') = '';
        SELECT 'no definition or example' FROM retain_help('$name') WHERE kind = '$word' AND argument IS NULL
           AND column_name IS NULL AND (coalesce(definition, '') = '' OR coalesce(example, '') = '');
        SELECT 'no columns' WHERE '$word' = 'table' AND NOT EXISTS
           (SELECT 1 FROM retain_help('$name') WHERE kind = 'table' AND column_name IS NOT NULL);
        SELECT 'range or default missing: ' || argument FROM retain_help('$name')
         WHERE kind = '$word' AND argument IS NOT NULL AND coalesce(range, '') = '';")"

    # Help and table agree: columns first, then the arguments, then the notes on the reading.
    if [ $kind = TVF ]; then
        nothing "$name: columns and arguments are those of its help" "$(ask "
            SELECT name FROM pragma_table_xinfo('$name') EXCEPT SELECT coalesce(column_name, argument) FROM retain_help('$name');
            SELECT coalesce(column_name, argument) AS n FROM retain_help('$name') WHERE kind = 'table' AND n IS NOT NULL
            EXCEPT SELECT name FROM pragma_table_xinfo('$name');")"
        nothing "$name: no argument has the name of a column" "$(ask "
            SELECT argument FROM retain_help('$name') WHERE kind = 'table' AND argument IS NOT NULL
            INTERSECT SELECT column_name FROM retain_help('$name') WHERE kind = 'table' AND column_name IS NOT NULL;")"
    fi

    example=$(ask "SELECT example FROM retain_help('$name') WHERE kind = '$word' AND example IS NOT NULL;")
    if answer=$(ask "$example;" "$scratch/shop.db") && [ -n "$answer" ]; then pass; else
        fail "$word $name: its example runs and answers" "$example
$answer"
    fi

    golden=$name
    [ $kind = AGGREGATE ] && grep -q "^TVF($name)" ext/registry.def && golden=${name}_aggregate
    check "$word $name has tests/golden/$golden.sql and .expected" \
        test -s "tests/golden/$golden.sql" -a -s "tests/golden/$golden.expected"
    [ ! -f README.md ] || check "$word $name has a row in README.md" grep -q "^| .*\`$name\`.*| $word |" README.md
done <"$scratch/entries"
[ -f README.md ] || skip 'rows in README.md' 'there is no README.md'

# Each name stands bare wherever SQL lets a name stand.
ask "SELECT DISTINCT n FROM (SELECT argument AS n FROM retain_help UNION SELECT column_name FROM retain_help
                             UNION SELECT name FROM retain_help) WHERE n IS NOT NULL;" >"$scratch/names"
while read -r n; do
    echo "CREATE TABLE $n($n); SELECT $n, $n.$n AS $n FROM $n WHERE $n IS NULL AND $n = 1 GROUP BY $n ORDER BY $n;"
    echo "WITH $n($n) AS (SELECT 1 AS $n) SELECT max($n) FROM $n JOIN (SELECT 1 $n) USING ($n);"
done <"$scratch/names" >"$scratch/bare.sql"
nothing 'no name needs quotes in SQL' "$($SQLITE3 -batch :memory: <"$scratch/bare.sql" 2>&1 | grep -v '^1$')"
check 'names are lower case letters, digits and underscores' sh -c "! grep -vE '^[a-z][a-z0-9_]*\$' '$scratch/names'"
finish registry
