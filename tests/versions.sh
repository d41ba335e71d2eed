#!/bin/sh
# versions.sh - the SQL tests against other versions of SQLite than the one that is installed.
#
#     sh tests/versions.sh          the oldest and the newest in short, as make check runs it
#     sh tests/versions.sh --all    what make versions runs: all versions, all that goes through SQL
#
# SQLite's source comes from npm's better-sqlite3, which carries it, and is built once under
# build/versions; nothing of it is kept here.  The programs are linked against libsqlite3.so.0, so that
# LD_LIBRARY_PATH chooses the version; tests/shell.c stands in for the shell, which would refuse that.
# Without npm or network what is not built yet is skipped.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/script.sh

make="${MAKE:-make} --no-print-directory -s"
store=build/versions
too_old=5.4.3 # SQLite 3.29.0
if [ "${1-}" = --all ]; then
    packages='7.0.0 7.5.0 9.0.0 latest' # 3.31.1, 3.37.2, 3.43.2 and whatever is newest
    programs='check_sql check_data check_laws check_every check_threads'
else
    packages='7.0.0 latest'
    programs='check_sql check_data'
fi

# ---- A SQLite ----

# fetch VERSION: npm's tarball with SQLite's source becomes $scratch/source/sqlite3.[ch].
fetch() {
    rm -rf "$scratch/source" "$scratch/package"
    mkdir "$scratch/source" "$scratch/package"
    (cd "$scratch/package" && npm pack "better-sqlite3@$1" && tar xzf ./*.tgz) >"$scratch/log" 2>&1 || return 1
    deps=$scratch/package/package/deps
    [ ! -f "$deps/sqlite3.tar.gz" ] || tar xzf "$deps/sqlite3.tar.gz" -C "$deps"
    for file in sqlite3.c sqlite3.h; do
        found=$(find "$deps" -name $file | head -n 1)
        [ -n "$found" ] && cp "$found" "$scratch/source/" || return 1
    done
}

# With what Debian's has and the tests use, and without optimisation, which would take minutes.
build() {
    ${CC:-cc} -w -O0 -fPIC -shared -Wl,-soname,libsqlite3.so.0 -o "$1" "$scratch/source/sqlite3.c" \
        -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_LOAD_EXTENSION -DSQLITE_ENABLE_COLUMN_METADATA \
        -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_JSON1 -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_RTREE \
        -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_INTROSPECTION_PRAGMAS -DSQLITE_USE_URI=1 \
        -lpthread -ldl -lm >"$scratch/log" 2>&1
}

# provide VERSION: sets folder, made if need be, and sqlite, its version; else skips and fails.
provide() {
    package=$1
    if [ "$package" = latest ]; then
        package=$(npm view better-sqlite3@latest version 2>/dev/null)
        # without network: the newest that is there
        [ -n "$package" ] || package=$(ls $store 2>/dev/null | sort -t . -k 1n -k 2n -k 3n | tail -n 1)
        case " $packages " in
            *" ${package:-none} "*) package= ;;
        esac
        if [ -z "$package" ]; then
            skip 'the newest SQLite' 'npm cannot be asked for it, and none is built'
            return 1
        fi
    fi
    folder=$store/$package
    if [ ! -f "$folder/libsqlite3.so.0" ]; then
        if ! fetch "$package"; then
            skip "SQLite of better-sqlite3@$1" "npm cannot fetch it: $(grep -m 1 '^npm ERR\|^npm error' "$scratch/log")"
            return 1
        fi
        mkdir -p "$folder"
        if ! build "$folder/building.$$"; then
            fail "SQLite of better-sqlite3@$package builds" "$(tail -n 20 "$scratch/log")"
            return 1
        fi
        mv "$folder/building.$$" "$folder/libsqlite3.so.0"
    fi
    sqlite=$(LD_LIBRARY_PATH=$folder build/tests/shell --version)
}

# ---- The tests under it ----

# sum WHAT LOG: adds up "N passed, N failed, N skipped" or libcheck's line; without one it is a failure.
sum() {
    set -- "$1" "$2" $(awk '
        /^golden: [0-9]+ passed, [0-9]+ failed/ { print $2, $4 }
        /^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+$/ { print $3 - $5 - $7, $5 + $7 }' "$2")
    n_passed=$((n_passed + ${3-0}))
    if [ "${4-1}" != 0 ] || [ "${3-0}" = 0 ]; then
        fail "$1: ${3-0} passed, ${4-none} failed" "$(cat "$2")"
        n_failed=$((n_failed + ${4:-1} - 1))
    fi
    totals="$totals, ${1##*: } ${3-0}"
}

run_version() {
    totals=
    SQLITE3="env LD_LIBRARY_PATH=$folder build/tests/shell" sh tests/golden.sh >"$scratch/log" 2>&1
    sum "SQLite $sqlite: golden" "$scratch/log"
    for program in $programs; do
        LD_LIBRARY_PATH=$folder CK_TIMEOUT_MULTIPLIER=10 "build/tests/$program" >"$scratch/log" 2>&1
        sum "SQLite $sqlite: $program" "$scratch/log"
        grep '^skipped: ' "$scratch/log" | sort -u | sed "s/^skipped: /note, SQLite $sqlite: /"
    done
    echo "SQLite $sqlite: passed ${totals#, }"
}

run_too_old() {
    answer=$(printf '.load ./retain\nSELECT retain_version();\nSELECT 1;\n' |
        LD_LIBRARY_PATH=$folder build/tests/shell 2>&1 | tr '\n' '|')
    case $answer in
        "Error: "*"retain needs SQLite 3.31.0 or newer, this is $sqlite|"*"no such function: retain_version|1|") pass ;;
        *) fail "SQLite $sqlite is told that it is too old" "$answer" ;;
    esac
    echo "SQLite $sqlite: refused"
}

# ---- All versions ----

if [ "$(uname -s)" != Linux ]; then
    skip 'other versions of SQLite' 'only where LD_LIBRARY_PATH chooses the library'
    finish versions
elif ! command -v npm >/dev/null && [ ! -d $store ]; then
    skip 'other versions of SQLite' 'npm, which fetches them, is not there'
    finish versions
fi
targets=build/tests/shell
for program in $programs; do targets="$targets build/tests/$program"; done
check 'the programs build' $make $targets
for package in $packages; do
    if provide "$package"; then run_version; fi
done
if provide $too_old; then run_too_old; fi
finish versions
