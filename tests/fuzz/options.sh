# options.sh - the options of each fuzzer; sourced, from the top folder.
#
#     fuzz_options TARGET OUT      prints them; OUT/sql.dict is there
fuzz_targets='date sql model laws scores orders'

fuzz_options() {
    case $1 in
        date) echo '-max_len=160 -timeout=5' ;;
        sql) echo "-max_len=1200 -timeout=20 -dict=$2/sql.dict" ;;
        model | laws) echo '-max_len=256 -len_control=0 -timeout=20' ;;
        scores) echo '-max_len=600 -len_control=0 -timeout=20' ;;
        orders) echo '-max_len=200 -len_control=0 -timeout=20' ;;
    esac
}

# Why fuzzers cannot be built here; empty: they can.
fuzz_lacks() {
    command -v "${FUZZ_CC:-clang}" >/dev/null || {
        echo 'no clang'
        return
    }
    echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n ? 0 : 0; }' >"$1/probe.c"
    ${FUZZ_CC:-clang} -fsanitize=fuzzer,address,undefined -o "$1/probe" "$1/probe.c" >/dev/null 2>&1 ||
        echo 'clang has no libFuzzer (package libclang-rt-dev, compiler-rt)'
}

export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0:abort_on_error=0:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
