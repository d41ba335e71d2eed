#!/bin/sh
# amalgamate.sh OUTDIR SOURCE... - joins the sources into OUTDIR/retain.c and writes OUTDIR/retain.h.
#
# Each local header is pasted where it is first included. Functions become static, so that the one file can
# be compiled into a program without its names meeting the program's.
set -eu
out=$1
shift
mkdir -p "$out"

cat "$@" >/dev/null # fail early when one is missing

awk -v sources="$*" '
# Names declared with external linkage that must stay so: data behind "extern", and the entry points.
function is_function_head(line) {
    return line ~ /^[A-Za-z_][A-Za-z0-9_ *]*[ *][a-z_][A-Za-z0-9_]*\(/ &&
           line !~ /^(static|extern|typedef|return|else|enum|struct|union|RETAIN_EXPORT) / &&
           line !~ /^(int sqlite3_retain|[A-Z_]+\()/
}
function is_definition(line) {
    return line ~ /^const (TvfDef|ScalarDef|AggregateDef) /
}
function paste(file,    line, name) {
    printf "#line 1 \"%s\"\n", file
    n = 0
    while ((getline line < file) > 0) {
        n++
        if (line ~ /^#include "/) {
            name = line
            sub(/^#include "/, "", name)
            sub(/".*/, "", name)
            if (name ~ /\.def$/) {
                while ((getline defline < ("ext/" name)) > 0) print defline
                close("ext/" name)
                printf "#line %d \"%s\"\n", n + 1, file
            } else if (!(name in seen)) {
                seen[name] = 1
                lines[file] = n
                paste("ext/" name)
                n = lines[file]
                printf "#line %d \"%s\"\n", n + 1, file
            } else {
                print ""
            }
        } else if (line ~ /^extern const sqlite3_api_routines/ || line ~ /^const sqlite3_api_routines \*sqlite3_api = NULL;/) {
            print line ~ /^extern/ ? "static const sqlite3_api_routines *sqlite3_api = NULL;" : ""
        } else {
            print is_function_head(line) || is_definition(line) ? "static " line : line
        }
    }
    close(file)
}
BEGIN {
    print "/* retain, one file: made by `make amalgamation`, not to be edited.\n *"
    print " * Compile it with -DSQLITE_CORE into a program, or alone with -fPIC -shared as a loadable library. */"
    print "#if defined(__GNUC__)\n#pragma GCC diagnostic ignored \"-Wunused-function\"\n#endif"
    k = split(sources, list, " ")
    for (i = 1; i <= k; i++) paste(list[i])
}' >"$out/retain.c"

cat >"$out/retain.h" <<'HEADER'
/* retain.h - to register the functions of retain.c on a connection of your own program. */
#ifndef RETAIN_H
#define RETAIN_H

#include <sqlite3.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sqlite3_api_routines;

/* Registers every function. The third argument is NULL when retain.c was compiled with -DSQLITE_CORE. For
 * all connections to come: sqlite3_auto_extension((void (*)(void))sqlite3_retain_init). */
int sqlite3_retain_init(sqlite3 *db, char **message, const struct sqlite3_api_routines *api);

/* The same for connections that open databases of strangers: table-valued functions are refused inside
 * views and triggers. */
int sqlite3_retain_strict_init(sqlite3 *db, char **message, const struct sqlite3_api_routines *api);

#ifdef __cplusplus
}
#endif

#endif
HEADER
