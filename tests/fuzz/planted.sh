#!/bin/sh
# planted.sh [PLANT...] - whether the fuzzers find bugs: each plant is one small edit of a copy of dist/retain.c.
#
# Prints, for each plant, whether its fuzzers killed it, after how many seconds and with which finding.  A fuzzer has
# its committed corpus and PLANT_SECONDS (30) of fuzzing from a fixed seed.  Fails when a plant lives, and when an
# edit no longer fits the source.  Every fuzzer must first pass the source as it is.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/fuzz/options.sh
out=build/fuzz/planted
seconds=${PLANT_SECONDS:-30}

# PLANT | FUZZERS | sed script
plants() {
    cat <<'END'
day_00|date|s/if (!civil_valid(calendar, year, month, day_of_month)) return DATE_NO_SUCH_DAY;/if (day_of_month \&\& !civil_valid(calendar, year, month, day_of_month)) return DATE_NO_SUCH_DAY;/
second_60|date|s/minutes < 60 && seconds < 60;/minutes < 60 \&\& seconds <= 60;/
offset_minutes_ignored|date orders|s/int32_t size = (hours \* 60 + minutes) \* 60;/int32_t size = hours * 3600;/
offset_sign|date orders|s/day \* DATE_DAY_SECONDS + second - offset, DATE_OUTSIDE/day * DATE_DAY_SECONDS + second + offset, DATE_OUTSIDE/
fraction_of_24|date|s/minutes == 0 && seconds == 0 && whole;/minutes == 0 \&\& seconds == 0;/
millis_before_1970|date|s/date_set_moment(civil_floor_div(value, 1000), DATE_UNIT_OUTSIDE/date_set_moment(value \/ 1000, DATE_UNIT_OUTSIDE/
jalali_leap|date|s/civil_floor_div(CIVIL_CYCLE_DAYS \* year + 21, 33)/civil_floor_div(CIVIL_CYCLE_DAYS * year + 20, 33)/
blob_is_text|orders|s/case SQLITE_BLOB: map_probe_bytes(probe, MAP_BLOB,/case SQLITE_BLOB: map_probe_bytes(probe, MAP_TEXT,/
integer_is_real|orders|s/{(uint64_t)sqlite3_value_int64(value)}/{(uint64_t)((int64_t)(double)(sqlite3_value_int64(value) >> 1) * 2)}/
refunds_not_netted|orders|s/^        net += amount;/        net += amount > 0 ? amount : 0;/
cents_do_not_cancel|orders|s/bool nothing = fabs(net) <= BOOK_NET_EPSILON \* turnover;/bool nothing = net == 0;/
free_order_is_none|orders|s/.purchase = turnover == 0 ||/.purchase =/
period_end|orders|s/bool complete = last_day <= state->as_of;/bool complete = last_day < state->as_of;/
first_purchase_min|orders|s/if (book->n_buyers++ == 0 || out.days\[0\] < book->day_first)/if (book->n_buyers++ == 0)/
repeat_mean_with_first|orders|s|for (int64_t i = 1; i < n_days; i++) sum += customer->amounts\[i\];|for (int64_t i = 0; i + 1 < n_days; i++) sum += customer->amounts[i];|
refund_own_day|orders|s/day < refund->day ? day : refund->day, code/refund->day, code/
lost_between|orders|s/^            counts\[active_to + 1\].lost++;$/            (void)0;/
batch_one_short|orders|s/int n = ledger->err->rc ? 0 : batch->n;/int n = ledger->err->rc ? 0 : batch->n - (batch->n == MAP_BATCH_MAX);/
batch_one_long|orders|s/if (!kept || batch->n == MAP_BATCH_MAX) ledger_work_off/if (!kept || batch->n == MAP_BATCH_MAX + 1) ledger_work_off/
as_of_one_short|orders|s/if (batch->days\[i\] > options->as_of) return;/if (batch->days[i] >= options->as_of) return;/
as_of_spares_refunds|orders|s/if (batch->days\[i\] > options->as_of) return;/if (batch->days[i] > options->as_of \&\& batch->amounts[i] >= 0) return;/
as_of_is_last_order|orders|s/.as_of = ledger->options.as_of == LEDGER_NO_AS_OF ? ledger->day_max/.as_of = ledger->options.as_of >= ledger->day_max ? ledger->day_max/
as_of_by_utc|orders|s/if (batch->days\[i\] > options->as_of) return;/if (batch->days[i] - (ledger->row.rules.utc_offset > 0 \&\& batch->seconds[i] < ledger->row.rules.utc_offset) > options->as_of) return;/
week_start_ignored|orders|s/PERIOD_EPOCH_WEEKDAY [-+] period->week_start/PERIOD_EPOCH_WEEKDAY/
quarter_of_its_last_month|orders|s/return year \* (12 \/ months) + (month - 1) \/ months;/return year * (12 \/ months) + (months == 3 ? month % 12 : month - 1) \/ months;/
year_of_two_halves|orders|s/int32_t per_year = 12 \/ months;/int32_t per_year = months == 12 ? 2 : 12 \/ months;/
blocks_since_1970|orders|s/period.anchor = call->book.day_first;/period.anchor = 0;/
window_a_day_short|orders|s/timeline_first_day(time, last + 2)) <= day)/timeline_first_day(time, last + 2)) < day)/
p_no_purchase_sign|model|s/double waits = exp(-(p->r + x) \* log1p/double waits = exp((p->r + x) * log1p/
p_alive_turned|model|s/return special_logistic(-bgnbd_log_odds(kind, p, x, tx, T));/return special_logistic(bgnbd_log_odds(kind, p, x, tx, T));/
invalid_accepted|model|s/x >= 0 && tx >= 0 &&$/tx >= 0 \&\&/
discount_grows|model|s/.discounted = exp(-delta \* t) \* all + sum/.discounted = exp(delta * t) * all + sum/
median_off_by_one|model|s/seen > (total - 1) \/ 2) lower = i;/seen > total \/ 2) lower = i;/
wilson_beyond_one|model|s/fmax(1 - wilson_low(n - k, n, z), 0)/fmax(1 + wilson_low(n - k, n, z), 0)/
tail_panels|laws|s/if (graded) panels = easy \&\& top <= 2.25 ? 1 : 2 \* (int)ceil(top \/ 4.5);/if (graded) panels = 1;/
no_clamp|laws model|s/return fmin(special_logistic(odds) + special_logistic(-odds) \* waits, 1);/return special_logistic(odds) + special_logistic(-odds) * waits;/
renewal_one_late|laws|s/return (p->beta + t - 1) \/ (p->alpha + p->beta + t - 1);/return (p->beta + t) \/ (p->alpha + p->beta + t - 1);/
censored_at_risk|laws|s/at_risk = left - curve->censored\[i\];/at_risk = left;/
step_never_taken|laws|s/for (int h = 0; h < LOGIT_HALVINGS_MAX; h++) {/for (int h = 0; h < 0; h++) {/
string_without_end|scores|s/while ((unsigned char)\*end >= . . && \*end != /while (*end != /
escape_over_the_end|scores|s/if (!text\[1\] || !strchr(/if (!strchr(/
escape_of_any_letter|scores|s/if (text\[1\] != .u.) return 2;/return 2;/
digits_over_the_end|scores|s/if (out->n == DECIMAL_READ_DIGITS ||/if (out->n == DECIMAL_READ_DIGITS + 8 ||/
negative_parameter|scores|s/(reader->number\[key\] < MODELTEXT_PARAM_MIN ||/(reader->number[key] == 0 ||/
key_twice|scores|s/^        if (reader->given\[key\])$/        if (0)/
parameters_exchanged|scores|s/.a = number\[MODELTEXT_A\], .b = number\[MODELTEXT_B\]};/.a = number[MODELTEXT_B], .b = number[MODELTEXT_A]};/
kept_model_changes|scores|s|if (kept) \*model = \*kept;|if (kept) *model = *kept, model->law.as.bgnbd.r *= 2;|
fit_by_order|scores|s/^    group->monetary_value\[group->n++\] = repeat ? money : (double)NAN;/    group->monetary_value[group->n++] = repeat \&\& group->n ? money : (double)NAN;/
long_message|scores|s/" not %s", modeltext_keys\[key\].name, err_quote(reader->at, (size_t)n, shown));/" not %.*s", modeltext_keys[key].name, n, reader->at);/
finalize_missing|sql|s/while (scan->n_passes > 0) sqlite3_finalize/while (scan->n_passes > 1) sqlite3_finalize/
arguments_leak|sql|s/for (int i = 0; i < TVF_ARGS_MAX; i++) sqlite3_value_free(cursor->given\[i\]);/(void)0;/
not_finite|sql|s/if (isfinite(value)) sqlite3_result_double/if (1) sqlite3_result_double/
error_without_name|sql|s/sqlite3_mprintf("%s: %s", name, err->msg ? err->msg : "failed")/sqlite3_mprintf("%.0s%s", name, err->msg ? err->msg : "failed")/
depth_unlimited|sql|s/if (++host->depth <= HOST_DEPTH_MAX) return;/if (++host->depth > 0) return;/
END
}

# kill FUZZER FOLDER: prints "seconds|finding", or nothing after the time.
kill_one() {
    mkdir -p "$2/new"
    rm -rf "$2"/new/*
    start=$(date +%s.%N)
    "$2/fuzz_$1" $(fuzz_options "$1" $out) -seed=1 -max_total_time="$seconds" -rss_limit_mb=4096 \
        -artifact_prefix="$2/" "$2/new" "tests/fuzz/corpus/$1" >"$2/log" 2>&1 && return 0
    why=$(grep -m 1 -E '^finding: |ERROR: |runtime error: ' "$2/log" | cut -c1-110)
    echo "$start $(date +%s.%N)" | awk -v why="$why" '{ printf "%.1f s|%s\n", $2 - $1, why }'
}

plant_one() {
    name=$1
    line=$(plants | grep "^$name|")
    fuzzers=$(echo "$line" | cut -d'|' -f2)
    folder=$out/$name
    mkdir -p "$folder"
    echo "$line" | sed 's/^[^|]*|[^|]*|//' >"$folder/edit.sed"
    sed -f "$folder/edit.sed" $out/source.c >"$folder/retain.c"
    if cmp -s $out/source.c "$folder/retain.c"; then
        printf '%-24s %-7s the edit fits nothing\n' "$name" ''
        return
    fi
    for fuzzer in $fuzzers; do
        # Bugs of figures need no sanitizer; without one the compiler and the fuzzer take half the time.
        case $fuzzer in
            sql | scores) flags='-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all' ;;
            *) flags=-fsanitize=fuzzer ;;
        esac
        if ! FUZZ_FLAGS=$flags sh tests/fuzz/build.sh "$folder" "$folder" "$fuzzer" >"$folder/log" 2>&1; then
            printf '%-24s %-7s does not build\n' "$name" "$fuzzer"
            continue
        fi
        killed=$(kill_one "$fuzzer" "$folder")
        printf '%-24s %-7s %8s  %s\n' "$name" "$fuzzer" "${killed%%|*}" "${killed#*|}"
        rm -f "$folder/fuzz_$fuzzer"
    done
}

if [ "${1-}" = --one ]; then
    plant_one "$2" >"$out/$2.report" 2>&1
    cat "$out/$2.report"
    exit 0
fi
lacks=$(mkdir -p $out && fuzz_lacks $out)
if [ -n "$lacks" ]; then
    echo "planted: $lacks"
    exit 1
fi
mkdir -p $out/plain
cp dist/retain.c $out/source.c
cp dist/retain.c $out/plain/retain.c
sh tests/fuzz/build.sh $out $out/plain generate && $out/fuzz_generate dict >$out/sql.dict
rm -f $out/*.report
for fuzzer in $fuzz_targets; do
    sh tests/fuzz/build.sh $out $out/plain "$fuzzer" && mkdir -p $out/new &&
        $out/fuzz_$fuzzer $(fuzz_options $fuzzer $out) -runs=0 "$out/new" "tests/fuzz/corpus/$fuzzer" >$out/log 2>&1 && continue
    echo "planted: fuzz_$fuzzer fails on the source as it is, see $out/log"
    exit 1
done
printf '%s\n' ${*:-$(plants | cut -d'|' -f1)} | xargs -n 1 -P 2 sh tests/fuzz/planted.sh --one
cat $out/*.report | awk '
    { all[$1] = 1 }
    / s  / { killed[$1] = 1 }
    END { for (p in all) { n++; if (killed[p]) k++; else live = live " " p }
          printf "\n%d plants, %d killed%s\n", n, k, live ? ", alive:" live : ""; exit k != n }'
