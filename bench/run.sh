#!/bin/sh
# run.sh - builds the benchmark, generates its tables once, and prints the races.
#
#     bench/run.sh                  1,000,000 orders of 100,000 customers
#     bench/run.sh 10m              10,000,000 orders of 1,000,000 customers
#     bench/run.sh 5000x60000       5,000 customers, about 60,000 orders
#     bench/run.sh 1m 10m --write   and writes the tables into bench/README.md
#     bench/run.sh --only clv,winback  these reports and their twins (bench/reports.def has them all)
#     bench/run.sh --only fit       what the models' fits cost, beside scipy (bench/fit.c; python3-scipy of Debian)
#     bench/run.sh --duckdb         and beside DuckDB on a native table (bench/duckdb.mjs), fetched with npm
#
# Environment: ROUNDS and TWIN_ROUNDS (7 and 3; 5 and 1 from 5,000,000 orders on; 0 runs no twins), RETAIN_EXTENSION
# (./retain.so), RETAIN_BENCH_DIR (build/bench: programs and databases; a database that is there is
# used again; 10m takes 2.2 GB), PYTHON (one that has scipy), CC, CFLAGS, CPPFLAGS, LDFLAGS.
#
# It prints; it never fails because something is slow.
set -eu
cd "$(dirname "$0")/.."

dir=${RETAIN_BENCH_DIR:-build/bench}
extension=${RETAIN_EXTENSION:-./retain.so}

# Whether a translated twin still takes its dates for text: a name order_date that sql/unix.sed has not
# turned into days, or a function of texts that is given a day.
keeps_text() { # file
    sed -e 's/--.*//' -e 's:order_date / 86400::g' -e "s/date(m[inax]*(order_date), 'unixepoch')//g" \
        -e "s/date([a-z_]* \* 86400, 'unixepoch')//g" -e "s/'[^']*'//g" "$1" > "$dir/unix/words"
    grep -qE '(^|[^a-z_])order_date([^a-z_]|$)' "$dir/unix/words" ||
        grep -E '(substr|strftime|julianday|datetime|(^|[^a-z_])date)\(' "$dir/unix/words" |
        grep -qE '(^|[^a-z_])day([^a-z_]|$)'
}

# The twins for tables with unix seconds.  One that sql/unix.sed cannot translate reads a view of bench.c
# that writes the dates as text, and pays for that.
translate() {
    mkdir -p "$dir/unix"
    for twin in sql/*.sql; do
        out=$dir/unix/$(basename "$twin")
        sed -f sql/unix.sed "$twin" > "$out"
        if keeps_text "$out"; then
            sed -E 's/FROM orders([^A-Za-z0-9_]|$)/FROM orders_text\1/g' "$twin" > "$out"
        fi
    done
    rm -f "$dir/unix/words"
}

build() {
    mkdir -p "$dir"
    for program in generate bench; do
        # shellcheck disable=SC2086  # the flags are lists
        ${CC:-cc} -std=c11 ${CFLAGS:--O2} ${CPPFLAGS:-} -o "$dir/$program" "bench/$program.c" \
            ${LDFLAGS:-} -lsqlite3 -lm
    done
}

# Moved to its name when it is whole, so that an interrupted run leaves nothing to be used again.
database() { # path customers orders [--text]
    path=$1
    [ -e "$path" ] && return
    rm -f "$path.part"
    "$dir/generate" "$path.part" "$2" "$3" ${4:+"$4"} >&2
    mv "$path.part" "$path"
}

machine() {
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
    echo "$(uname -srm), $(getconf _NPROCESSORS_ONLN) cores${cpu:+ ($cpu)}," \
        "SQLite $("$dir/bench" --version), $(${CC:-cc} --version | head -n 1)"
}

# Fetched once, into the folder of the databases.
duckdb() { # database rounds
    modules=$dir/duckdb
    for program in npm node sqlite3; do
        command -v $program > /dev/null && continue
        echo "DuckDB: not compared, there is no $program"
        return
    done
    if [ ! -d "$modules/node_modules/@duckdb/node-api" ]; then
        mkdir -p "$modules"
        if ! npm install --prefix "$modules" --ignore-scripts --no-audit --no-fund @duckdb/node-api \
            > "$modules/npm.log" 2>&1; then
            echo "DuckDB: not compared, npm cannot fetch it: $(grep -im 1 error "$modules/npm.log")"
            return
        fi
    fi
    node bench/duckdb.mjs --modules "$modules" --bench "$dir/bench" --extension "$extension" --rounds "$2" "$1" ||
        echo 'DuckDB: not compared, see above'
}

# bench/fit.c holds the library itself, compiled as the library is, and needs dist/retain.c.
fit() { # customers orders rounds
    path=$dir/orders-$1-$2-integer.db python=${PYTHON:-}
    database "$path" "$1" "$2"
    make -s amalgamation > /dev/null
    # shellcheck disable=SC2086  # the flags are lists
    ${CC:-cc} -std=c11 -O3 -DNDEBUG -ffp-contract=off -fno-math-errno ${CPPFLAGS:-} -DSQLITE_CORE -Idist \
        -o "$dir/fit" bench/fit.c ${LDFLAGS:-} -lsqlite3 -lm
    for program in ${python:-/usr/bin/python3 python3}; do
        "$program" -c 'import scipy.optimize' 2> /dev/null || continue
        set -- "$1" "$2" "$3" --python "$program bench/fit.py"
        break
    done
    rounds=$3
    shift 3
    "$dir/fit" --rounds "$rounds" "$@" "$path"
}

race() { # customers orders
    rounds=${ROUNDS:-7} twin_rounds=${TWIN_ROUNDS:-3}
    if [ "$2" -ge 5000000 ]; then
        rounds=${ROUNDS:-5} twin_rounds=${TWIN_ROUNDS:-1}
    fi
    echo "$1 customers, about $2 orders; $(machine)"
    if [ "$only" = fit ]; then
        echo
        fit "$1" "$2" "$rounds"
        return
    fi
    for ids in integer text; do
        path=$dir/orders-$1-$2-$ids.db
        if [ $ids = text ]; then
            database "$path" "$1" "$2" --text
            sql=sql title="TEXT ids and dates ('C-0000012345', '2024-03-01 17:20:05')"
        else
            database "$path" "$1" "$2"
            sql=$dir/unix title="INTEGER ids and dates (12345, 1709313605)"
        fi
        printf '\n**%s**\n\n' "$title"
        "$dir/bench" --rounds "$rounds" --twin-rounds "$twin_rounds" \
            --extension "$extension" --sql "$sql" ${only:+--only "$only"} "$path"
        if [ $beside_duckdb = yes ]; then
            echo
            duckdb "$path" "$rounds"
        fi
    done
    if [ -z "$only" ]; then
        printf '\n**The fits of the models**\n\n'
        fit "$1" "$2" "$rounds"
    fi
}

# Replaces what stands between the markers of this size in bench/README.md.
write() { # size file
    grep -q "^<!-- measured:begin $1 -->$" bench/README.md || {
        echo "run.sh: bench/README.md has no place for $1" >&2
        exit 1
    }
    awk -v size="$1" -v file="$2" '
        $0 == "<!-- measured:end " size " -->" { skip = 0 }
        !skip { print }
        $0 == "<!-- measured:begin " size " -->" {
            skip = 1
            while ((getline line < file) > 0) print line
        }' bench/README.md > "$dir/README.part"
    cat "$dir/README.part" > bench/README.md
    rm "$dir/README.part"
}

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' bench/run.sh >&2
    exit 2
}

sizes='' to_readme=no only='' beside_duckdb=no
while [ $# -gt 0 ]; do
    case $1 in
    --write) to_readme=yes ;;
    --duckdb) beside_duckdb=yes ;;
    --only)
        [ $# -gt 1 ] || usage
        only=$2
        shift
        ;;
    1m | 10m | [1-9]*x[1-9]*) sizes="$sizes $1" ;;
    *) usage ;;
    esac
    shift
done
if [ $to_readme = yes ] && [ -n "$only" ]; then
    echo 'run.sh: --write wants all reports, not --only some' >&2
    exit 2
fi

build
translate
for size in ${sizes:-1m}; do
    case $size in
    1m) customers=100000 orders=1000000 ;;
    10m) customers=1000000 orders=10000000 ;;
    *) customers=${size%x*} orders=${size#*x} ;;
    esac
    race "$customers" "$orders" > "$dir/measured-$size.md"
    cat "$dir/measured-$size.md"
    echo
    if [ $to_readme = yes ]; then write "$size" "$dir/measured-$size.md"; fi
done
