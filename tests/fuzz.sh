#!/bin/sh
# fuzz.sh - the fuzzers of tests/fuzz/, short: each on its corpus and on some thousand inputs more, from a fixed
# seed and of a fixed number, so that two runs see the same.  make fuzz is the long form.
#
#     sh tests/fuzz.sh [TARGET...]
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/script.sh
. tests/fuzz/options.sh
out=build/fuzz/short
mkdir -p $out/findings $out/src

# Inputs of one target, of which its corpus comes first: six to fifteen seconds on a small machine.
fuzz_runs() {
    case $1 in
        date) echo 40000 ;;
        sql) echo 3000 ;;
        model) echo 250 ;;
        laws) echo 1500 ;;
        scores) echo 800 ;;
        orders) echo 600 ;;
    esac
}

# Shows the finding and the place of its input, not the whole log.
fuzz_target() {
    "$out/fuzz_$1" $(fuzz_options "$1" $out) -seed=1 -runs="$(fuzz_runs "$1")" -rss_limit_mb=4096 \
        -artifact_prefix="$out/findings/$1-" "$scratch/corpus/$1" "tests/fuzz/corpus/$1" >"$scratch/log" 2>&1 && return 0
    grep -A 6 -E '^finding: |ERROR: |runtime error: |Test unit written' "$scratch/log"
    return 1
}

lacks=$(fuzz_lacks $out)
if [ -n "$lacks" ]; then
    skip 'fuzzers' "$lacks"
    finish fuzz
fi
cp dist/retain.c $out/src/retain.c
printf '%s\n' generate ${*:-$fuzz_targets} | xargs -n 1 -P 2 sh tests/fuzz/build.sh $out $out/src >"$scratch/build" 2>&1 ||
    fail 'the fuzzers build' "$(cat "$scratch/build")"
$out/fuzz_generate dict >$out/sql.dict
for target in ${*:-$fuzz_targets}; do
    # New inputs go to the first folder: the committed one is only read.
    mkdir -p "$scratch/corpus/$target"
    [ -x "$out/fuzz_$target" ] || continue
    check "$target: $(fuzz_runs "$target") inputs" fuzz_target "$target"
done
finish fuzz
