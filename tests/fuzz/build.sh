#!/bin/sh
# build.sh OUT SOURCE TARGET... - builds fuzzers: OUT/fuzz_TARGET from SOURCE/retain.c and tests/fuzz/fuzz_TARGET.c.
#
# The target "generate" is the program that writes dictionaries and seeds.  FUZZ_FLAGS replaces the sanitizers,
# FUZZ_OPT the -O1, FUZZ_CC the clang.
set -eu
cd "$(dirname "$0")/../.."
out=$1
source=$2
shift 2
flags=${FUZZ_FLAGS--fsanitize=fuzzer,address,undefined,float-cast-overflow -fno-sanitize-recover=all}
mkdir -p "$out"
for target in "$@"; do
    case $target in
        generate) file=tests/fuzz/generate.c target_flags= ;;
        orders) file='tests/fuzz/fuzz_orders.c tests/twins.c' target_flags=$flags ;;
        *) file=tests/fuzz/fuzz_$target.c target_flags=$flags ;;
    esac
    ${FUZZ_CC:-clang} -std=gnu11 -g ${FUZZ_OPT--O1} -fno-omit-frame-pointer -ffp-contract=off -DSQLITE_CORE $target_flags \
        -I"$source" -Itests/fuzz -Itests -Iext -o "$out/fuzz_$target" $file -lsqlite3 -lm
done
