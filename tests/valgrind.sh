#!/bin/sh
# valgrind.sh - golden tests and a shop of random orders under memcheck: no error, no leak; make valgrind.
#
#     sh tests/valgrind.sh           some, as part of the suite
#     sh tests/valgrind.sh --long    every golden test, and check programs
#
# What memcheck sees and the sanitizers do not are values that were never written.  The library is built
# for it with -Og, so that every report names its line.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/script.sh

names='retention_rate_aggregate clv_aggregate refunds segments hidden notes utf16'
programs=
if [ "${1-}" = --long ]; then
    names=$(ls tests/golden | sed -n 's/\.sql$//p')
    programs='check_base check_stat check_data'
fi

if ! command -v valgrind >/dev/null; then
    skip 'memcheck' 'no valgrind'
    finish valgrind
fi

library=$scratch/retain.so
check 'a library for memcheck' ${CC:-cc} -std=c11 -Og -g -fPIC -shared -ffp-contract=off -o "$library" dist/retain.c -lm
memcheck="valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 --log-file=$scratch/log.%p"

# ran WHAT CODE: memcheck's report is the program's failure.
ran() {
    report=$(cat "$scratch"/log.* "$scratch/out" 2>/dev/null)
    if [ "$2" = 0 ] && [ -z "$(cat "$scratch"/log.* 2>/dev/null)" ]; then pass; else fail "memcheck: $1" "$report"; fi
    rm -f "$scratch"/log.*
}

# ---- Statements that read much, stop early, fail and run again ----

cat >"$scratch/shop.sql" <<'SQL'
CREATE TABLE orders AS
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2999)
SELECT i * i % 307 AS customer_id, date('2024-01-01', (i * 7919 % 700) || ' days') AS order_date,
       (i * 31 % 977) / 7.0 + 1 AS amount, char(97 + i * i % 307 % 3) || 'hannel' AS channel,
       'order number ' || i AS order_id FROM n;
SELECT count(*), sum(retained) FROM retention_rate('orders', 'week') WHERE segment_column = 'channel';
SELECT count(*), sum(p_alive > 0.5) FROM churn_candidates('orders');
SELECT count(*), sum(predicted_clv) > 0 FROM clv('orders') WHERE order_column = 'order_id';
SELECT channel, clv(customer_id, order_date, amount) > 0 FROM orders GROUP BY channel;
SELECT channel, retention_rate(customer_id, order_date, '2024-03-01', '2024-06-01') FROM orders GROUP BY channel;
SELECT customer_id FROM churn_candidates('orders') LIMIT 1;
SELECT a.customer_id FROM clv('orders') a JOIN churn_candidates('orders') b USING (customer_id) LIMIT 3;
UPDATE orders SET order_date = '2024-02-30' WHERE rowid = 2500;
SELECT count(*) FROM clv('orders');
SELECT channel, clv(customer_id, order_date, amount) > 0 FROM orders GROUP BY channel;
SELECT count(*) FROM retention_rate('orderz');
SELECT count(*) FROM retention_rate('orders', 'fortnight');
SQL
# The shell ends with 1 when a statement failed, as four of these must.
{ echo ".load $library"; cat "$scratch/shop.sql"; } |
    $memcheck $SQLITE3 -batch :memory: >"$scratch/out" 2>&1
code=$?
ran 'a shop' $((code > 1 ? code : 0))
check 'of its statements four fail' test "$(grep -c '[Ee]rror' "$scratch/out")" = 4

# ---- Golden tests ----

# Memcheck's report alone counts: SQLite prints and compares numbers in long doubles, which valgrind cuts to 64 bits, so
# that last digits differ.
for name in $names; do
    SQLITE3="$memcheck $SQLITE3" RETAIN_LIBRARY=$library sh tests/golden.sh "$name" >"$scratch/out" 2>&1
    grep -q '^golden: ' "$scratch/out"
    ran "golden/$name" $?
done

# ---- Check programs ----

for program in $programs; do
    [ -x "build/tests/$program" ] || { skip "memcheck: $program" 'it is not built'; continue; }
    CK_FORK=no RETAIN_LIBRARY=$library $memcheck "build/tests/$program" >"$scratch/out" 2>&1
    ran "$program" $?
done
finish valgrind
