#!/bin/sh
# layers.sh - the rooms of ext/ keep their order, and names their prefix.
#
# An include points to the same or an earlier room; pure rooms know nothing of SQLite and do not allocate;
# whatever has a name at file scope begins with the stem of its file; files and functions stay short.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/script.sh

rooms='base time math stat model data host fn'
pure='time math stat model'
file_lines_max=600
function_lines_max=60

# ---- Includes ----

for room in $rooms; do
    earlier=
    for r in $rooms; do
        earlier="$earlier $r"
        [ "$r" = "$room" ] && break
    done
    # registry.def is the one include without a room; fn has no headers and includes no fn.
    allowed=$(echo $earlier | tr ' ' '|')
    [ "$room" = fn ] && allowed=$(echo "$allowed" | sed 's/|fn$//')
    nothing "$room includes its own or an earlier room ($allowed)" \
        "$(grep -nE '^ *# *include "' ext/"$room"/*.[ch] | grep -vE "include \"($allowed)/[a-z_]+\.h\"")"
done
nothing 'sqlite3.h and sqlite3ext.h are included by base/sqlite.h only' \
    "$(grep -nE '# *include *[<"]sqlite3(ext)?\.h' ext/*.c ext/*/*.[ch] | grep -v '^ext/base/sqlite.h:')"
nothing 'math.h is included by base/libm.h only' \
    "$(grep -nE '# *include *[<"]math\.h' ext/*.c ext/*/*.[ch] | grep -v '^ext/base/libm.h:')"
for room in $pure; do
    nothing "$room includes of base only what is pure" \
        "$(grep -nE '# *include "base/' ext/"$room"/*.[ch] | grep -vE '"base/(poll|libm)\.h"')"
    nothing "$room names nothing of SQLite and does not allocate" \
        "$(sed -E 's:/\*([^*]|\*[^/])*\*/::g; s:^[ /]\*.*::; s:"([^"\\]|\\.)*":"":g' ext/"$room"/*.[ch] |
           grep -nE 'sqlite3|SQLITE_|\b(malloc|calloc|realloc|free|alloca|printf|fopen|getenv|abort|exit) *\(')"
done

# ---- Names ----

nothing 'file stems are unique' \
    "$(ls ext/*/*.c ext/*.c | sed 's:.*/::' | sort | uniq -d; ls ext/*/*.h | sed 's:.*/::' | sort | uniq -d)"
nothing 'include guards are the stem, or ROOM_STEM' \
    "$(for h in ext/*/*.h; do
           stem=$(basename "$h" .h | tr a-z A-Z)
           room=$(basename "$(dirname "$h")" | tr a-z A-Z)
           grep -qE "^#ifndef (${stem}_H|${room}_${stem}_H)\$" "$h" || echo "$h"
       done)"
nothing 'macros begin with the stem of their file' \
    "$(for f in ext/*/*.[ch] ext/*.c; do
           stem=$(basename "$f" | sed 's/\.[ch]$//' | tr a-z A-Z)
           sed -nE 's/^# *define +([A-Za-z_0-9]+).*/\1/p' "$f" |
               grep -vE "^(${stem}_|[A-Z]+_${stem}_H\$|RETAIN_|TVF\$|SCALAR\$|AGGREGATE\$)" | sed "s|^|$f: |"
       done)"

inlines=$(grep -hoE '^static inline [A-Za-z0-9_ *]+\(' ext/*/*.h | sed -E 's/.*[ *]([a-z_0-9]+)\($/\1/')
nothing 'inline functions of headers begin with the stem' \
    "$(for h in ext/*/*.h; do
           grep -oE '^static inline [A-Za-z0-9_ *]+\(' "$h" | grep -vE "[ *]$(basename "$h" .h)_[a-z_0-9]+\(\$" | sed "s|^|$h: |"
       done)"

# Without optimisation each function is still there to be seen; those of headers are looked at above.
if command -v nm >/dev/null && [ "$(uname -s)" != Darwin ]; then
    if ${MAKE:-make} --no-print-directory -s -j2 BUILD=build/layers CFLAGS=-O0 core >"$scratch/make" 2>&1; then
        pass
        names=$(for o in $(find build/layers/core/ext -name '*.o'); do
            [ -f "$(echo "$o" | sed -e 's:build/layers/core/::' -e 's:o$:c:')" ] || continue
            stem=$(basename "$o" .o)
            nm --defined-only "$o" | awk -v stem="$stem" -v o="$o" -v inlines="$inlines" '
                BEGIN { n = split(inlines, list); for (i = 1; i <= n; i++) inline[list[i]] = 1 }
                $2 ~ /^[TtDdBbRrCcVvWwGgSs]$/ && $3 !~ /^\./ {
                    name = $3
                    sub(/\..*/, "", name) # a static of a function, or a clone
                    if (index($3, name ".") == 1 && $2 ~ /[dbr]/) next
                    if ($2 == "t" && name in inline) next
                    if (index(name, stem "_") == 1 || name ~ /^(retain_|tvf_|scalar_|aggregate_)/) next
                    if (stem == "retain" && name ~ /^sqlite3_retain_([a-z]+_)?init$/) next
                    print o ": " name
                }'
        done)
        nothing 'names at file scope begin with the stem of their file' "$names"
    else
        fail 'the objects compile without optimisation' "$(cat "$scratch/make")"
    fi
else
    skip 'names at file scope' 'no nm'
fi

# ---- Sizes ----

nothing "files have at most $file_lines_max lines" \
    "$(wc -l ext/*.c ext/*/*.[ch] | awk -v max=$file_lines_max '$2 != "total" && $1 > max { print $2 ": " $1 }')"
# A function begins with a line in the first column that ends in "{" and ends with "}" in the first column.
nothing "functions have at most $function_lines_max lines" \
    "$(awk -v max=$function_lines_max '
        FNR == 1 { open = 0 }
        /^[A-Za-z].*\) \{$/ || (/^ .*\) \{$/ && head) { start = FNR; open = 1 }
        { head = /^[A-Za-z][^;={}]*$/ || (head && /^ [^;{}]*$/) }
        /^\}/ && open { if (FNR - start + 1 > max) print FILENAME ":" start ": " FNR - start + 1 " lines"; open = 0 }
    ' ext/*.c ext/*/*.[ch])"
finish layers
