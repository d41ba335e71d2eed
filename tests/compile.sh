#!/bin/sh
# compile.sh - the sources compile without a warning, alone and joined; what is installed loads.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/script.sh

make="${MAKE:-make} --no-print-directory -s"
export CFLAGS=-O2

# ---- Every file, as part of the library and of a program ----

for cc in gcc clang; do
    if ! command -v $cc >/dev/null; then
        skip "compile with $cc" 'it is not there'
        continue
    fi
    check "$cc: the files of the library" $make -j2 CC=$cc BUILD=build/$cc objects
    check "$cc: the same with SQLITE_CORE" $make -j2 CC=$cc BUILD=build/$cc core
    check "$cc: dist/retain.c with -Wall -Wextra" \
        $cc -std=c11 -O2 -Wall -Wextra -Werror -fPIC -c -o "$scratch/$cc.o" dist/retain.c
done

# ---- dist/retain.c and dist/retain.h in a program ----

cc=${CC:-cc}
cat >"$scratch/main.c" <<'PROGRAM'
#include <stdio.h>
#include "retain.h"

/* Names that the library has inside must not meet ours. */
int map_intern(void);
int map_intern(void) { return 1; }

static int show(void *unused, int n, char **values, char **names) {
    (void)unused;
    (void)names;
    for (int i = 0; i < n; i++) printf("%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
    return printf("\n") < 0;
}

int main(void) {
    static const char sql[] =
        "CREATE TABLE orders(customer_id, order_date);"
        "INSERT INTO orders VALUES (1, '2025-01-03'), (2, '2025-01-04'), (1, '2025-02-28');"
        "SELECT period_start, start_customers, retained, retention_rate FROM retention_rate('orders');"
        "SELECT crr(90, 10, 100)";
    sqlite3 *db;
    char *message = NULL;
    sqlite3_auto_extension((void (*)(void))sqlite3_retain_init);
    if (sqlite3_open(":memory:", &db) || sqlite3_retain_init(db, &message, NULL) ||
        sqlite3_retain_strict_init(db, &message, NULL) || sqlite3_exec(db, sql, show, NULL, &message)) {
        printf("%s\n", message ? message : sqlite3_errmsg(db));
        return 1;
    }
    return sqlite3_close(db) + map_intern() - 1;
}
PROGRAM
if $cc -std=c11 -O2 -Wall -Wextra -Werror -DSQLITE_CORE -Idist -o "$scratch/main" "$scratch/main.c" dist/retain.c \
    -lsqlite3 -lm >"$scratch/log" 2>&1; then
    pass
    answer=$("$scratch/main" 2>&1 | tr '\n' ' ')
    nothing 'a program with retain.c inside answers' \
        "${answer#2025-01-01|0|0|NULL 2025-02-01|2|1|0.5 0.8 }"
else
    fail 'retain.c compiles into a program' "$(cat "$scratch/log")"
fi
if command -v g++ >/dev/null; then
    printf '#include "retain.h"\nint main() { char *m; return sqlite3_retain_init(nullptr, &m, nullptr); }\n' >"$scratch/main.cc"
    check 'retain.h is C++, too' g++ -std=c++11 -Wall -Wextra -Werror -Idist -fsyntax-only "$scratch/main.cc"
else
    skip 'retain.h as C++' 'no g++'
fi

# ---- dist/retain.c alone, and the library as it is installed ----

load() { # NAME: what the shell answers with this library loaded
    printf '.bail on\n.load %s\nSELECT crr(90, 10, 100), count(*) > 0 FROM retain_help;\n' "$1" | $SQLITE3 -batch :memory: 2>&1
}
mkdir "$scratch/alone"
check 'retain.c compiles alone into a library' \
    $cc -std=c11 -O2 -fPIC -shared -o "$scratch/alone/retain.so" dist/retain.c -lm
check 'which loads' test "$(load "$scratch/alone/retain")" = '0.8|1'

suffix=$(ls retain.* | sed -n 's/^retain\.\(so\|dylib\|dll\)$/\1/p')
check 'make install' $make install DESTDIR="$scratch/a root" libdir=/x
check 'installs one file and no more' test "$(cd "$scratch/a root" && find . -type f)" = "./x/retain.$suffix"
check 'which is not executable and readable by all' test "$(cd "$scratch/a root" && find . -type f -perm 644 | wc -l)" -eq 1
here=$PWD
check 'which loads by its bare name from any directory' \
    test "$(cd "$scratch" && LD_LIBRARY_PATH="$scratch/a root/x" DYLD_LIBRARY_PATH="$scratch/a root/x" load retain)" = '0.8|1'
check 'by its path without a suffix' test "$(cd "$scratch" && load "$here/retain")" = '0.8|1'
check 'make uninstall' $make uninstall DESTDIR="$scratch/a root" libdir=/x
nothing 'leaves nothing behind' "$(cd "$scratch/a root" && find . -type f)"
finish compile
