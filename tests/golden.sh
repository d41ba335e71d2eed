#!/bin/sh
# golden.sh - SQL in, rows and messages out, compared word for word.
#
#     sh tests/golden.sh                    all of tests/golden
#     sh tests/golden.sh refunds errors     some
#     sh tests/golden.sh --write refunds    rewrites refunds.expected: read it before you commit it
#
# tests/golden/NAME.sql is fed to the sqlite3 shell with the extension loaded; NAME.expected is all that
# comes out, errors in their place.  A comment that begins a line between two statements is a heading and
# is printed.  RETAIN_LIBRARY names the library, GOLDEN_PRELOAD what to load before it (sanitizers).
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/script.sh

# Headings become .print; what the shell adds to messages by version goes: where a statement began, and the
# lines that point into its text.
golden_input() {
    echo ".load $RETAIN_LIBRARY"
    printf '%s\n' '.bail off' '.headers on' '.mode column' '.nullvalue NULL'
    awk '/^-- / { text = $0; gsub(/[\\"]/, "\\\\&", text); if (!heading) print ".print"; print ".print \"" text "\"" }
         !/^-- / { print }
         { heading = /^-- / }' "$1"
}
golden_output() {
    sed -E -e 's/^(Parse error|Runtime error|Error)(:| near line [0-9]+:|: near line [0-9]+:| in line [0-9]+:)/error:/' \
        -e 's/^error: stepping, /error: /' -e 's/ +$//' |
        awk 'NR == 1 && /^$/ { next }
             held != "" { if (/^ *\^--- error here$/ || /error here ---\^$/) { held = ""; next }
                          print held; held = "" }
             after && /^  / { held = $0; after = 0; next }
             { after = /^error:/; print }
             END { if (held != "") print held }'
}
golden_run() {
    golden_input "$1" | LC_ALL=C TZ=UTC LD_PRELOAD="${GOLDEN_PRELOAD-}" $SQLITE3 -batch :memory: 2>&1 |
        golden_output
}

write=
[ "${1-}" = --write ] && write=1 && shift
if [ $# -gt 0 ]; then names=$*; else names=$(ls tests/golden | sed -n 's/\.sql$//p'); fi

for name in $names; do
    expected=tests/golden/$name.expected
    golden_run "tests/golden/$name.sql" >"$scratch/out"
    if [ -n "$write" ] && ! cmp -s "$scratch/out" "$expected"; then
        cp "$scratch/out" "$expected"
        echo "written: $expected"
    fi
    touch "$scratch/none"
    [ -f "$expected" ] || expected=$scratch/none
    if difference=$(diff -u "$expected" "$scratch/out"); then pass; else fail "golden/$name" "$difference"; fi
done
finish golden
