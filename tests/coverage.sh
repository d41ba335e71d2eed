#!/bin/sh
# coverage.sh - which lines and branches of ext/ the tests reach, as make coverage runs it.
#
#     sh tests/coverage.sh           builds, runs everything once, reports
#     sh tests/coverage.sh --report  reports what the last run left
#
# Check programs and golden tests run on a build of their own in build/coverage, unoptimised and without
# assert(), as the library is built.  tests/coverage.py adds up what both the programs and the library that
# they load have counted, and compares what is missing with tests/uncovered.txt.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/script.sh

make="${MAKE:-make} --no-print-directory -s"
cc=${CC:-gcc}
build=build/coverage

for tool in "$cc" gcov python3; do
    command -v "$tool" >/dev/null && continue
    skip coverage "no $tool"
    finish coverage
done

mkdir -p build
flags='-O0 -g --coverage -fprofile-update=atomic -DNDEBUG'

# Counted from the objects, not from dist/retain.c: a line has the same place in both.
link() {
    "$cc" --coverage -shared -o "$1/retain.so" $(find "$1/ext" -name '*.o') -lm
}

# The second library has a block of memory for each request, so that check_faults, which runs against it alone, can fail
# every one of them.
run_all() {
    $make -j2 CC="$cc" BUILD=$build CFLAGS="$flags" objects checks && link $build || return 1
    $make -j2 CC="$cc" BUILD=$build/alone CFLAGS="$flags -DARENA_ALONE" objects && link $build/alone || return 1
    find $build -name '*.gcda' -delete
    export CK_TIMEOUT_MULTIPLIER=10
    rm -rf $build/logs
    printf '%s\n' check_faults $(ls tests/check_*.c | sed 's:tests/\(.*\)\.c:\1:' | grep -v check_faults) golden | xargs -n 1 -P 2 sh tests/coverage.sh --one
    for log in $build/logs/*.log; do check "$(basename "$log" .log)" sh -c "cat $log; tail -n 1 $log | grep -q '^exit: 0$'"; done
}

if [ "${1-}" = --one ]; then
    mkdir -p $build/logs
    export RETAIN_LIBRARY="$PWD/$build/retain.so"
    case $2 in
        golden) sh tests/golden.sh ;;
        check_faults) RETAIN_LIBRARY="$PWD/$build/alone/retain.so" $build/tests/check_faults ;;
        *) $build/tests/"$2" ;;
    esac >"$build/logs/$2.log" 2>&1
    echo "exit: $?" >>"$build/logs/$2.log"
    exit 0
fi
if [ "${1-}" != --report ]; then
    run_all >$build.log 2>&1 || fail 'the build for coverage' "$(cat $build.log)"
    cat $build.log
fi
check_output=$(python3 tests/coverage.py $build tests/uncovered.txt 2>&1)
check_code=$?
echo "$check_output"
check 'coverage' test $check_code = 0
finish coverage
