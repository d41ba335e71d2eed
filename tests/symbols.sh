#!/bin/sh
# symbols.sh - what the built library takes from the system and gives to it, so that one file loads
# everywhere and does nothing but compute.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/script.sh

library=${1-retain.so}
glibc_max=2.17

if ! command -v objdump >/dev/null || ! command -v nm >/dev/null; then
    skip 'symbols' 'binutils are not there'
    finish symbols
elif [ ! -f "$library" ] || ! objdump -p "$library" 2>/dev/null | grep -q 'Dynamic Section'; then
    skip 'symbols' "$library is not an ELF library"
    finish symbols
fi

# Everything that is called.  Memory, files and time are SQLite's, through its own table of functions.
allowed='memcpy memmove memset memcmp memchr strlen strcmp strncmp strchr strstr strrchr strcpy
exp log pow erf erfc log1p expm1 sqrt floor ceil fabs fmax fmin lround sin cos tan atan tanh hypot cbrt ldexp frexp modf fmod
__stack_chk_fail __cxa_finalize __gmon_start__ _ITM_deregisterTMCloneTable _ITM_registerTMCloneTable'

exports=$(nm -D --defined-only "$library" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort | tr '\n' ' ')
check 'only the two entry points are exported' \
    test "$exports" = 'sqlite3_retain_init sqlite3_retain_strict_init ' -o "$exports" = "_fini _init sqlite3_retain_init sqlite3_retain_strict_init "
nothing 'needs nothing but libc and libm' \
    "$(objdump -p "$library" | awk '$1 == "NEEDED" && $2 !~ /^(libc\.so\.6|libm\.so\.6|libc\.musl.*|ld-linux.*)$/ { print $2 }')"
nothing "needs no glibc newer than $glibc_max" \
    "$(objdump -T "$library" | grep -oE 'GLIBC_[0-9.]+' | sort -u | sed 's/GLIBC_//' |
       awk -v max=$glibc_max '{ split($1, v, "."); split(max, m, "."); if (v[1] > m[1] || (v[1] == m[1] && v[2] > m[2])) print $1 }')"
imports=$(nm -D --undefined-only "$library" | awk '{ sub(/@.*/, "", $NF); print $NF }' | sort -u)
nothing 'no fortified calls' "$(echo "$imports" | grep '_chk$')"
nothing 'no memory, file, clock, environment, locale or network of its own' \
    "$(for i in $imports; do echo " $(echo $allowed) " | grep -q " $i " || echo "$i"; done)"
nothing 'no executable stack, no text relocations, full RELRO' "$(
    objdump -p "$library" | awk '/STACK/ { getline; if ($0 ~ /flags .*x/) print "executable stack" }
                                 $1 == "TEXTREL" { print } $1 == "FLAGS" || $1 == "BIND_NOW" { now = 1 }
                                 /RELRO/ { relro = 1 }
                                 END { if (!now) print "no BIND_NOW"; if (!relro) print "no RELRO" }')"
nothing 'no search path of its own' "$(objdump -p "$library" | grep -E 'RPATH|RUNPATH')"
finish symbols
