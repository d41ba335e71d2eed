#!/bin/sh
# threads.sh - check_threads under ThreadSanitizer, the library sanitized too.
#
#     sh tests/threads.sh           short, as make check runs it
#     sh tests/threads.sh --soak    a writer and its readers for $SOAK_SECONDS (60), plain and sanitized
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/script.sh

make="${MAKE:-make} --no-print-directory -s"
tsan=build/tsan
soak=
[ "${1-}" = --soak ] && soak=1

# run WHAT FOLDER LIBRARY [WRAPPER...]: one check for the program, one for the reports that it compared.
run() {
    what=$1 folder=$2 library=$3
    shift 3
    RETAIN_LIBRARY=$library "$@" "$folder/tests/check_threads" >"$scratch/log" 2>&1
    code=$?
    sed -n 's/^\(soak: .*\)/'"$what"', \1/p' "$scratch/log"
    grep '^skipped: ' "$scratch/log" | sort -u | while read -r line; do echo "note, $what: ${line#skipped: }"; done
    if [ $code = 0 ]; then pass; else fail "$what: check_threads" "$(grep -v '^skipped: ' "$scratch/log")"; fi
    check "$what: reports were compared" grep -q '^soak: [1-9][0-9]* reports compared .* 0 mismatches$' "$scratch/log"
}

# ThreadSanitizer needs its memory where the kernel's randomness may have put something else.
can_run() {
    printf 'int main(void) { return 0; }\n' >"$scratch/main.c"
    ${CC:-cc} -fsanitize=thread -o "$scratch/main" "$scratch/main.c" 2>"$scratch/log" || return 1
    wrapper=env
    "$scratch/main" >/dev/null 2>&1 && return 0
    wrapper="setarch $(uname -m) -R"
    $wrapper "$scratch/main" >"$scratch/log" 2>&1
}

if [ -n "$soak" ]; then
    export SOAK_SECONDS="${SOAK_SECONDS:-60}"
    export CK_TIMEOUT_MULTIPLIER=4
    run plain build "$PWD/retain.so" env
fi

export CK_TIMEOUT_MULTIPLIER=10
export TSAN_OPTIONS=halt_on_error=0:exitcode=66:second_deadlock_stack=1
if ! can_run; then
    skip 'threads under ThreadSanitizer' "it does not run here: $(head -n 1 "$scratch/log")"
elif ! $make BUILD=$tsan LIBRARY=$tsan/retain.so 'CFLAGS=-O1 -g -fsanitize=thread' \
    $tsan/tests/check_threads $tsan/retain.so >"$scratch/log" 2>&1; then
    fail 'check_threads builds with -fsanitize=thread' "$(cat "$scratch/log")"
else
    run ThreadSanitizer $tsan "$PWD/$tsan/retain.so" $wrapper
fi
finish threads
