#!/bin/sh
# analyse.sh - what tools find in ext/ without running it, and how the library was hardened; make analyse.
#
# .clang-tidy and tests/cppcheck.txt say what is not asked, and why.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/script.sh

sources=$(ls ext/retain.c ext/*/*.c)

# ---- Analysers ----

# Joined, the files take the analyser minutes.  In clv.c it takes the NULL that stands for a failed Err for one
# that is used.
if command -v gcc >/dev/null && [ "$(gcc -dumpversion | cut -d. -f1)" -ge 12 ]; then
    nothing 'gcc -fanalyzer' "$(printf '%s\n' $sources | xargs -P 2 -n 1 sh -c '
        case $1 in ext/fn/clv.c) known=-Wno-analyzer-null-dereference ;; *) known= ;; esac
        gcc -std=c11 -Iext -fPIC -DNDEBUG -O1 -fanalyzer $known -c -o /dev/null "$1" 2>&1' -)"
else
    skip 'gcc -fanalyzer' 'no gcc of version 12 or newer'
fi

# clang-tidy's own notes of what it left out go to stderr; its findings to stdout.
if command -v clang-tidy >/dev/null; then
    nothing 'clang-tidy' "$(printf '%s\n' $sources | xargs -P 2 -n 5 sh -c '
        clang-tidy --quiet --config-file=.clang-tidy "$@" -- -std=c11 -Iext 2>"$0.$$" || cat "$0.$$"' "$scratch/tidy")"
else
    skip 'clang-tidy' 'it is not there'
fi

if command -v cppcheck >/dev/null; then
    for form in '' -DSQLITE_CORE; do
        nothing "cppcheck $form" \
            "$(cppcheck --quiet --std=c11 -Iext $form --enable=warning,performance,portability \
                --suppressions-list=tests/cppcheck.txt ext 2>&1)"
    done
else
    skip 'cppcheck' 'it is not there'
fi

# ---- The built library ----

library=${1-retain.so}
if command -v readelf >/dev/null && readelf -h "$library" >/dev/null 2>&1; then
    headers=$(readelf -lW "$library")
    dynamic=$(readelf -dW "$library")
    has() { # TEXT PATTERN
        echo "$1" | grep -qE "$2"
    }
    check 'RELRO' has "$headers" 'GNU_RELRO'
    check 'all symbols are bound at load' has "$dynamic" 'BIND_NOW|FLAGS.* NOW'
    check 'the stack is not executable' has "$headers" 'GNU_STACK.* RW +0x'
    check 'no segment is writable and executable' sh -c '! echo "$1" | grep -qE "LOAD.* RWE "' - "$headers"
    check 'no text relocations' sh -c '! echo "$1" | grep -q TEXTREL' - "$dynamic"
    check 'the stack protector is called' has "$(readelf -sW --dyn-syms "$library")" '__stack_chk_fail'
    check 'it stays loaded' has "$dynamic" 'NODELETE'
else
    skip 'hardening' "no readelf, or $library is no ELF library"
fi
finish analyse
