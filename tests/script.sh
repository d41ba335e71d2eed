# script.sh - what the test scripts share; sourced, from the top folder.
#
#     . tests/script.sh
#     check "two and two" test $((2 + 2)) = 4
#     skip "the moon" "no rocket"
#     finish layers
#
# A check is silent when it passes.  finish prints the sums, which tests/run.sh adds up.
n_passed=0
n_failed=0
n_skipped=0

pass() {
    n_passed=$((n_passed + 1))
}

# fail WHAT [WHY]: counts it; WHY may have many lines.
fail() {
    n_failed=$((n_failed + 1))
    echo "failed: $1"
    [ -z "${2-}" ] || echo "$2" | sed 's/^/    /'
}

skip() {
    n_skipped=$((n_skipped + 1))
    echo "skipped: $1: $2"
}

# check WHAT COMMAND...: passes when the command succeeds, else shows its output.
check() {
    check_what=$1
    shift
    if check_output=$("$@" 2>&1); then pass; else fail "$check_what" "$check_output"; fi
}

# nothing WHAT LIST: passes when LIST, what was found wrong, is empty.
nothing() {
    if [ -z "$2" ]; then pass; else fail "$1" "$2"; fi
}

finish() {
    echo "$1: $n_passed passed, $n_failed failed, $n_skipped skipped"
    [ "$n_failed" = 0 ]
    exit
}

SQLITE3=${SQLITE3:-sqlite3}
RETAIN_LIBRARY=${RETAIN_LIBRARY:-./retain}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
