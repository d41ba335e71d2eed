#!/bin/sh
# docs.sh - the documents run.
#
#     sh tests/docs.sh            checks
#     sh tests/docs.sh --write    rewrites outputs and the generated tables: read the diff
#
# Every ```sql block of README.md and samples/README.md runs without an error in a fresh copy of the sample
# shop, the extension loaded; every ```python block runs where Python may load extensions.  A ``` or ```text block directly behind it is its exact output; the mode is what
# the block itself sets (.mode box).  Between <!-- functions:begin --> and <!-- functions:end --> stands the
# table of functions, made from retain_help.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/script.sh

write=
[ "${1-}" = --write ] && write=1
shop=build/shop.db
export LD_LIBRARY_PATH="$PWD${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" # for .load retain, as after make install

# Splits a document: block N goes to DIR/N.sql, the output behind it, if there is one, to DIR/N.out.
docs_split() {
    awk -v dir="$2" '
        { sub(/\r$/, "") }
        !inside && /^```/ {
            inside = 1
            kind = substr($0, 4)
            if (kind == "sql") { n++; file = dir "/" n ".sql"; print FNR > (dir "/" n ".line"); near = 1; printf "" > file }
            else if (kind == "python") { near = 0; file = dir "/" ++programs ".py"; printf "" > file }
            else if (near && (kind == "" || kind == "text")) { file = dir "/" n ".out"; near = 0; printf "" > file }
            else { file = ""; near = 0 }
            next
        }
        inside && /^```/ { inside = 0; if (file) close(file); next }
        inside { if (file) print > file; next }
        !/^[ \t]*$/ { near = 0 }
    ' "$1"
}

docs_run() { # BLOCK: its output; fails on any error
    rm -f "$scratch/fresh.db"
    cp "$shop" "$scratch/fresh.db" || return 1
    { printf '.load %s\n.bail on\n' "$RETAIN_LIBRARY"; cat "$1"; } |
        LC_ALL=C.UTF-8 $SQLITE3 -batch "$scratch/fresh.db" >"$scratch/got" 2>"$scratch/errors" && [ ! -s "$scratch/errors" ]
}

# The document with the output blocks of DIR and the generated tables in place.
docs_join() {
    awk -v dir="$2" -v table="$3" '
        function paste(file,    line) { while ((getline line < file) > 0) print line; close(file) }
        /^<!-- functions:begin -->/ && !inside { print; paste(table); hidden = 1; next }
        /^<!-- functions:end -->/ { hidden = 0 }
        hidden { next }
        !inside && /^```/ {
            inside = 1
            kind = substr($0, 4)
            print
            if (kind == "sql") { n++; near = 1 }
            else if (near && (kind == "" || kind == "text")) { near = 0; paste(dir "/" n ".out"); dropped = 1 }
            else near = 0
            next
        }
        inside && /^```/ { inside = dropped = 0; print; next }
        inside { if (!dropped) print; next }
        !/^[ \t]*$/ { near = 0 }
        { print }
    ' "$1"
}

# Each function links to its examples.
docs_functions() {
    printf '\n| function | kind | what it answers |\n|---|---|---|\n'
    printf '.load %s\n.separator " "\n%s\n' "$RETAIN_LIBRARY" "
        SELECT kind, name, replace(meaning, '|', '\\|') FROM retain_help WHERE argument IS NULL AND column_name IS NULL;" |
        $SQLITE3 -batch :memory: | while read -r kind name meaning; do
        golden=$name
        [ "$kind" = aggregate ] && [ -f "tests/golden/${name}_aggregate.sql" ] && golden=${name}_aggregate
        echo "| [\`$name\`](tests/golden/$golden.sql) | $kind | $meaning |"
    done
    echo
}
docs_functions >"$scratch/functions"

if [ ! -f "$shop" ]; then
    mkdir -p build
    $SQLITE3 "$shop" <samples/shop.sql || fail 'the sample shop builds'
fi
for document in README.md samples/README.md; do
    if [ ! -f $document ]; then
        skip $document 'it is not there'
        continue
    fi
    blocks=$scratch/$(echo $document | tr / .)
    mkdir "$blocks"
    docs_split $document "$blocks"
    n=1
    while [ -f "$blocks/$n.sql" ]; do
        where="$document, line $(cat "$blocks/$n.line")"
        if ! docs_run "$blocks/$n.sql"; then
            fail "$where: the block runs" "$(cat "$blocks/$n.sql" "$scratch/errors")"
        elif [ ! -f "$blocks/$n.out" ]; then
            pass
        elif [ -n "$write" ]; then
            cp "$scratch/got" "$blocks/$n.out"
            pass
        elif difference=$(diff -u "$blocks/$n.out" "$scratch/got"); then
            pass
        else
            fail "$where: the output behind it (make docs rewrites it)" "$difference"
        fi
        n=$((n + 1))
    done
    for program in "$blocks"/*.py; do
        [ -f "$program" ] || continue
        if ! python3 -c 'import sqlite3; sqlite3.Connection.enable_load_extension' 2>/dev/null; then
            skip "$document: a Python block" "this Python's sqlite3 may not load extensions"
        else
            check "$document: a Python block runs" python3 "$program"
        fi
    done
    docs_join $document "$blocks" "$scratch/functions" >"$scratch/joined"
    if [ -n "$write" ] && ! cmp -s "$scratch/joined" $document; then
        cat "$scratch/joined" >$document
        echo "written: $document"
    fi
    if difference=$(diff -u $document "$scratch/joined"); then pass; else
        fail "$document: the generated table (make docs rewrites it)" "$difference"
    fi
done
[ ! -f README.md ] || check 'README.md has the table of functions' grep -q '^<!-- functions:begin -->' README.md
finish docs
