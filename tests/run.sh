#!/bin/sh
# run.sh - the whole test suite, as make check runs it: check programs, golden tests and scripts, then programs
# and golden tests once more under AddressSanitizer and UndefinedBehaviorSanitizer.
#
# Each part writes build/check/PART.log; a part that fails is printed whole, of the others one line.  The last
# line has the sums and stands alone.
set -u
cd "$(dirname "$0")/.." || exit 1

make="${MAKE:-make} --no-print-directory"
logs=build/check
asan=build/asan
sanitize='-fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all'

# ---- One part ----

run_sanitized() {
    libasan=$(${CC:-cc} -print-file-name=libasan.so)
    libubsan=$(${CC:-cc} -print-file-name=libubsan.so)
    export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=0
    export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
    export RETAIN_LIBRARY="$PWD/$asan/retain.so" CK_TIMEOUT_MULTIPLIER=10
    case $1 in
        golden) GOLDEN_PRELOAD="$libasan $libubsan" sh tests/golden.sh ;;
        *) "$asan/tests/$1" ;;
    esac
}

run_part() {
    case $1 in
        asan:*) run_sanitized "${1#asan:}" ;;
        check_*) CK_TIMEOUT_MULTIPLIER=4 "build/tests/$1" ;;
        *) sh "tests/$1.sh" ;;
    esac
}

if [ "${1-}" = --part ]; then
    log=$logs/$(echo "$2" | tr : -).log
    run_part "$2" </dev/null >"$log" 2>&1
    echo "exit: $?" >>"$log"
    exit 0
fi

# ---- All parts ----

total_passed=0
total_failed=0
total_skipped=0

# Adds up a part's log: "NAME: N passed, N failed, N skipped" of a script, "Checks: N, Failures: F, Errors: E" of
# libcheck.  A part that ends badly without having counted a failure, or that counted nothing, is a failure.
report() {
    log=$logs/$(echo "$1" | tr : -).log
    set -- "$1" $(awk '
        /^[a-z]+: [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $2; f += $4; s += $6 }
        /^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+$/ { p += $3 - $5 - $7; f += $5 + $7; checks = 1 }
        /^skipped: / { lines++ }
        /^exit: / { code = $2 }
        END { if ((code != 0 || p + f + s == 0) && f == 0) f = 1; print p + 0, f + 0, (checks ? lines : s) + 0 }' "$log")
    total_passed=$((total_passed + $2))
    total_failed=$((total_failed + $3))
    total_skipped=$((total_skipped + $4))
    printf '%-24s %4d passed' "$1" "$2"
    [ "$3" = 0 ] || printf ', %d failed' "$3"
    [ "$4" = 0 ] || printf ', %d skipped' "$4"
    echo
    if [ "$3" != 0 ]; then sed 's/^/    /' "$log"; else grep '^skipped: ' "$log" | sort -u | sed 's/^/    /'; fi
}

# build WHAT ARGUMENTS...: one failure when it does not build.
build() {
    what=$1
    shift
    if $make -s -k -j2 "$@" >"$logs/build.log" 2>&1; then return 0; fi
    total_failed=$((total_failed + 1))
    echo "$what: does not build"
    sed 's/^/    /' "$logs/build.log"
    return 1
}

rm -rf $logs
mkdir -p $logs
programs=$(ls tests/check_*.c 2>/dev/null | sed 's:tests/\(.*\)\.c:\1:')
parts='compile layers golden registry symbols docs threads versions fuzz analyse valgrind'

build 'check programs' checks
for p in $programs; do [ -x "build/tests/$p" ] && parts="$parts $p"; done

# The shell that loads the sanitized library loads the sanitizers first.
case $(${CC:-cc} -print-file-name=libasan.so 2>/dev/null) in
    /*)
        build 'sanitized programs' BUILD=$asan LIBRARY=$asan/retain.so "CFLAGS=-O1 -g -fno-omit-frame-pointer $sanitize" \
            checks $asan/retain.so
        for p in $programs; do [ -x "$asan/tests/$p" ] && parts="$parts asan:$p"; done
        [ -f $asan/retain.so ] && parts="$parts asan:golden"
        ;;
    *)
        total_skipped=$((total_skipped + 1))
        echo 'skipped: everything under sanitizers: the compiler has no libasan.so'
        ;;
esac

printf '%s\n' $parts | xargs -n 1 -P 2 sh tests/run.sh --part
for p in $parts; do report "$p"; done

echo
skipped=
[ "$total_skipped" = 0 ] || skipped=", $total_skipped skipped"
echo "$total_passed passed, $total_failed failed$skipped"
[ "$total_failed" = 0 ] && [ "$total_passed" -gt 0 ]
