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
run_all() {
    # Counted from the objects, not from dist/retain.c: a line has the same place in both.
    $make -j2 CC="$cc" BUILD=$build CFLAGS='-O0 -g --coverage -fprofile-update=atomic -DNDEBUG' objects checks || return 1
    "$cc" --coverage -shared -o $build/retain.so $(find $build/ext -name '*.o') -lm || return 1
    find $build -name '*.gcda' -delete
    export RETAIN_LIBRARY="$PWD/$build/retain.so" CK_TIMEOUT_MULTIPLIER=10
    for program in tests/check_*.c; do
        program=$(basename "$program" .c)
        check "$program" $build/tests/"$program"
    done
    check 'golden tests' sh tests/golden.sh
}

if [ "${1-}" != --report ]; then
    run_all >$build.log 2>&1 || fail 'the build for coverage' "$(cat $build.log)"
    cat $build.log
fi
check_output=$(python3 tests/coverage.py $build tests/uncovered.txt 2>&1)
check_code=$?
echo "$check_output"
check 'coverage' test $check_code = 0
finish coverage
