#!/bin/sh
# run.sh - the long form, make fuzz: each fuzzer for FUZZ_SECONDS (120), two at a time.
#
# Begins with the committed corpus, seeds of the grammars and what earlier runs kept in build/fuzz/corpus.
# Prints executions and coverage; a finding stays in build/fuzz/findings and makes the run fail.
# FUZZ_TARGETS chooses fuzzers, FUZZ_SEED (a new one each time by default) the way.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/fuzz/options.sh
out=build/fuzz
seconds=${FUZZ_SECONDS:-120}

run_one() {
    target=$1
    kept=$out/corpus/$target
    log=$out/$target.log
    mkdir -p "$kept" "$out/seeds/$target" "$out/findings"
    case $target in
        sql | date) "$out/fuzz_generate" "$target" 1 200 "$out/seeds/$target" ;;
    esac
    "$out/fuzz_$target" $(fuzz_options "$target" $out) -seed="${FUZZ_SEED:-0}" -max_total_time="$seconds" -print_final_stats=1 \
        -rss_limit_mb=4096 -artifact_prefix="$out/findings/$target-" "$kept" "tests/fuzz/corpus/$target" "$out/seeds/$target" \
        >"$log" 2>&1
    echo "exit: $?" >>"$log"
}

report() {
    awk -v target="$1" '
        /^stat::number_of_executed_units/ { runs = $2 }
        /^stat::average_exec_per_sec/ { rate = $2 }
        / cov: / { for (i = 1; i <= NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "ft:") ft = $(i + 1)
                   if ($i == "corp:") corpus = $(i + 1) } }
        /inline 8-bit counters/ { match($0, /\([0-9]+ inline/); all = substr($0, RSTART + 1, RLENGTH - 8) }
        /^finding: |ERROR: |runtime error: / { if (!why) why = $0 }
        /Test unit written to/ { file = $NF }
        /^exit: / { code = $2 }
        END {
            printf "%-8s %9d executions, %6d a second, %5d of %5d edges, %6d features, corpus %s\n", target, runs, rate,
                   cov, all, ft, corpus
            if (code) printf "%-8s finding: %s\n%-8s %s\n", "", why, "", file
            exit code != 0
        }' "$out/$1.log"
}

if [ "${1-}" = --one ]; then
    run_one "$2"
    exit 0
fi
mkdir -p $out
lacks=$(fuzz_lacks $out)
if [ -n "$lacks" ]; then
    echo "fuzz: $lacks"
    exit 1
fi
targets=${FUZZ_TARGETS:-$fuzz_targets}
mkdir -p $out/src
cp dist/retain.c $out/src/retain.c
printf '%s\n' generate $targets | xargs -n 1 -P 2 sh tests/fuzz/build.sh $out $out/src || exit 1
$out/fuzz_generate dict >$out/sql.dict
printf '%s\n' $targets | xargs -n 1 -P 2 sh tests/fuzz/run.sh --one
failed=0
for target in $targets; do report "$target" || failed=1; done
exit $failed
