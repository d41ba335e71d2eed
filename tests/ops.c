/* ops.c - see ops.h. */
#define _DEFAULT_SOURCE
#include "ops.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "db.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

enum { OPS_MAX = 128 };

static const char *const ops_more[] = {
    "SELECT * FROM retention_rate('orders', 'week', '60 days') WHERE segment_column = 'channel'"
    " LIMIT 9",
    "SELECT count(*), max(lost), rows_read FROM retention_rate('main.orders', '10 days') WHERE"
    " segment_at = 'last' AND segment_column = 'channel'",
    "SELECT count(*), total(total_clv), min(note) FROM clv('returns', 90) WHERE model = 'bgnbd'",
    "SELECT count(*), total(value_at_risk) FROM churn_candidates('texts', '90', 0) WHERE on_error"
    " = 'skip'",
    "SELECT a.n, count(b.customer_id) FROM lists a LEFT JOIN clv(a.source) b GROUP BY a.n",
    "SELECT source, count(*) FROM retention_rate WHERE source IN ('orders', 'view') OR period ="
    " 'year' AND source = 'texts' AND on_error = 'skip' GROUP BY source",
    "SELECT customer_id, first_order_date FROM clv('view') WHERE as_of = '2023-02-01' AND"
    " utc_offset = '+03:30' AND calendar = 'jalali' LIMIT 3",
    "SELECT retention_rate(customer_id, order_date, '2023-01-01', '2023-02-01', '2022-12-01')"
    " FROM orders",
    "SELECT clv(customer_id, order_date, amount, 30, 0, '2023-06-01') FROM orders",
    "SELECT group_concat(customer_id), count(*) FROM clv('long')",
    "SELECT order_column, count(*), total(lost) FROM retention_rate('returns') WHERE order_column ="
    " 'order_no' AND segment_column = 'customer_id'",
    "SELECT count(*), total(lost), rows_read FROM retention_rate('keyed')",
    "SELECT * FROM retention_rate('nested', 'quarter')",
    "SELECT count(*), max(frequency), max(historic_clv) FROM clv('main.nested') WHERE as_of ="
    " '2022-12-31'",
    "SELECT retention_rate(customer_id, order_date, '2023-01-01', '2023-02-01') FROM view2 GROUP BY"
    " channel",
    "SELECT customer_id, historic_clv FROM clv('blobs')",
    "SELECT rank, customer_id, note FROM inactive_customers('orders', '1 day', 'long') WHERE rank > 40",
    "SELECT count(*), customers_column, note FROM inactive_customers('returns', '90 days', 'main.blobs') WHERE"
    " order_column = 'order_no' GROUP BY note",
    "SELECT * FROM churn_window('orders', '5,50', 20) WHERE segment_column = 'channel'",
    "SELECT * FROM winback('orders', '1 month', 30) WHERE segment_column = 'channel'",
    "SELECT active_customers(customer_id) OVER (ORDER BY rowid ROWS 1 PRECEDING) FROM long",
    "SELECT active_customers(customer_id) FILTER (WHERE amount > 0) OVER (ORDER BY customer_id GROUPS BETWEEN"
    " 2 PRECEDING AND 1 FOLLOWING EXCLUDE GROUP) FROM blobs",
    "SELECT channel, active_customers(DISTINCT customer_id) FROM orders GROUP BY channel",
    "SELECT count(DISTINCT period_start(order_date, 'month', 'jalali', 'saturday', '+03:30', '1404/01/01'))"
    " FROM orders",
    "SELECT * FROM data_quality('dirty')",
    "SELECT count(fix), total(rows) FROM data_quality('view', 'week') WHERE calendar = 'jalali'",
    "SELECT * FROM subscription_survival('texts', 'when', 'when', '28 days') WHERE on_error = 'skip'",
    "SELECT * FROM next_purchase('returns', 'pnbd') WHERE order_column = 'order_no'",
    /* errors */
    "SELECT * FROM subscription_survival('texts', 'when', 'client')",
    "SELECT * FROM subscription_survival('broken', 'a', 'b')",
    "SELECT * FROM clv('texts')",
    "SELECT * FROM retention_rate('orders') WHERE customer_column = 'custmer_id'",
    "SELECT * FROM retention_rate('two')",
    "SELECT * FROM retention_rate('order')",
    "SELECT * FROM retention_rate('nowhere.orders')",
    "SELECT * FROM retention_rate('orders') WHERE schema = 'nowhere'",
    "SELECT * FROM retention_rate('orders', 'monthly')",
    "SELECT * FROM retention_rate('orders', 'month', '3 days')",
    "SELECT * FROM retention_rate('loop')",
    "SELECT * FROM retention_rate",
    "SELECT * FROM clv('broken')",
    "SELECT * FROM inactive_customers('orders', '1 day', 'broken')",
    "SELECT * FROM inactive_customers('orders', '1 day', 'two')",
    "SELECT * FROM winback('orders', '1 day', 1) WHERE segment_column = 'no'",
    "SELECT * FROM clv('orders', 0)",
    "SELECT * FROM clv('orders') WHERE as_of = '2024-02-30'",
    "SELECT * FROM retain_help('clw')",
    "SELECT crr(1, 2, 3)",
    "SELECT wilson_low('x', 1)",
    "SELECT clv(customer_id, order_date, amount, rowid) FROM orders",
    "SELECT retention_rate(customer_id, 'x', '2024-01-01', '2024-02-01') FROM orders",
    "SELECT period_index(order_date, 'monthly') FROM orders",
    "SELECT to_jalali(amount) FROM orders",
};

static const char ops_tables[] =
    "CREATE TABLE returns(customer_id, order_date, amount, order_no);"
    "INSERT INTO returns SELECT customer_id, order_date, amount, rowid % 97 FROM orders;"
    "CREATE TABLE keyed(order_id PRIMARY KEY, customer_id, order_date, amount);"
    "INSERT INTO keyed SELECT 'order ' || rowid, customer_id, order_date, amount FROM orders;"
    "CREATE TABLE texts(client, [when], total); INSERT INTO texts SELECT 'client number ' ||"
    " customer_id, order_date, amount FROM orders; INSERT INTO texts VALUES ('x', '2024-02-30', 1),"
    " ('y', '2024-01-01', 'z');"
    "CREATE TABLE two(customer_id, user_id, order_date);"
    "CREATE TABLE long(customer_id, order_date, amount); INSERT INTO long SELECT 'a customer with"
    " a name that is much longer than most ' || value, '2024-01-0' || value, value / 3.0 FROM"
    " json_each('[1,2,3,4,5]');"
    "CREATE TABLE blobs(customer_id, order_date, amount); INSERT INTO blobs SELECT"
    " CAST(customer_id || ', as a blob' AS BLOB), order_date, amount FROM long;"
    "CREATE TABLE dirty(order_id, customer_id, order_date, amount, status, currency); INSERT INTO dirty SELECT rowid % 97,"
    " CASE rowid % 3 WHEN 0 THEN customer_id || '' WHEN 1 THEN 'Name ' || customer_id ELSE 'name ' || customer_id END,"
    " order_date, amount, 'paid', 'EUR' FROM orders; INSERT INTO dirty VALUES (1, NULL, 20240105, '1,200', 'void', 'USD'),"
    " (2, 'a customer with a name that is much longer than most', 'x', NULL, NULL, NULL);"
    "CREATE TABLE spaced(customer_id, order_date, amount); INSERT INTO spaced VALUES (' ann', '2024-01-01', '1,200'),"
    " ('ann', '2024-01-02', 5);"
    "CREATE TABLE lists(n, source); INSERT INTO lists VALUES (1, 'long'), (2, 'two'), (3, 'long');"
    "CREATE VIEW view AS SELECT customer_id AS buyer_id, order_date AS created_at, amount AS"
    " total FROM orders WHERE channel = 'web';"
    "CREATE VIEW view2 AS SELECT * FROM orders ORDER BY channel, order_date;"
    "CREATE VIEW nested AS SELECT segment AS customer_id, period_start AS order_date, 5 AS amount"
    " FROM retention_rate('view2') WHERE segment_column = 'customer_id' AND end_customers > 0 UNION"
    " ALL SELECT customer_id, first_order_date, historic_clv FROM clv('long');"
    "CREATE VIEW loop AS SELECT customer_id, first_order_date AS order_date FROM clv('loop');"
    "CREATE VIEW broken AS SELECT nope FROM orders;"
    "CREATE TABLE subscriptions(started_on, ended_on); INSERT INTO subscriptions SELECT min(order_date), CASE WHEN"
    " max(order_date) < '2023-08-01' THEN max(order_date) END FROM orders GROUP BY customer_id";

int ops_n_more(void) {
    return COUNT(ops_more);
}

const char *const *ops_list(sqlite3 *db, int *n) {
    static const char *list[OPS_MAX];
    sqlite3_stmt *stmt = NULL;
    *n = 0;
    sqlite3_prepare_v2(db, "SELECT example FROM retain_help WHERE example NOT NULL", -1, &stmt,
                       NULL);
    while (sqlite3_step(stmt) == SQLITE_ROW && *n < OPS_MAX)
        list[(*n)++] = strdup((const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    for (int i = 0; i < COUNT(ops_more) && *n > 0 && *n < OPS_MAX; i++) list[(*n)++] = ops_more[i];
    return list;
}

void ops_make_tables(sqlite3 *db) {
    db_make_shop(db, "orders", (DbShop){.seed = 8, .n_customers = 55, .n_days = 300, .gap_days = 20,
                                        .refunds = true});
    db_exec(db, "%s", ops_tables);
}

bool ops_long(void) {
    const char *asked = getenv("RETAIN_LONG");
    return asked && *asked && strcmp(asked, "0") != 0;
}

/* ---- One run ---- */

static uint64_t ops_digest(uint64_t digest, const void *bytes, size_t n) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++) digest = (digest ^ at[i]) * UINT64_C(1099511628211);
    return digest;
}

static void ops_add_value(OpsResult *result, sqlite3_stmt *stmt, int col) {
    int type = sqlite3_column_type(stmt, col);
    sqlite3_int64 integer = sqlite3_column_int64(stmt, col);
    double real = sqlite3_column_double(stmt, col);
    result->digest = ops_digest(result->digest, &type, sizeof(type));
    if (type == SQLITE_INTEGER)
        result->digest = ops_digest(result->digest, &integer, sizeof(integer));
    if (type == SQLITE_FLOAT) result->digest = ops_digest(result->digest, &real, sizeof(real));
    if (type != SQLITE_TEXT && type != SQLITE_BLOB) return;
    const void *bytes = sqlite3_column_blob(stmt, col);
    result->digest = ops_digest(result->digest, bytes, (size_t)sqlite3_column_bytes(stmt, col));
}

OpsResult ops_run(sqlite3 *db, const char *sql) {
    OpsResult result = {.digest = UINT64_C(14695981039346656037)};
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (!rc) {
        for (; (rc = sqlite3_step(stmt)) == SQLITE_ROW; result.n_rows++)
            for (int col = 0; col < sqlite3_column_count(stmt); col++)
                ops_add_value(&result, stmt, col);
        if (rc == SQLITE_DONE) rc = SQLITE_OK;
    }
    result.rc = rc & 0xFF;
    if (rc) snprintf(result.message, sizeof(result.message), "%s", sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    return result;
}

bool ops_same(const OpsResult *a, const OpsResult *b) {
    return a->rc == b->rc && a->digest == b->digest && a->n_rows == b->n_rows &&
           strcmp(a->message, b->message) == 0;
}

bool ops_acceptable(const OpsResult *got, const OpsResult *want, int fault) {
    return got->rc == fault || ops_same(got, want) || (got->rc != SQLITE_OK && got->rc == want->rc);
}

/* ---- Counts ---- */

static int64_t *ops_counts; /* shared with the processes of the tests */

void ops_open_counts(void) {
    void *memory = mmap(NULL, sizeof(*ops_counts), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ops_counts = memory == MAP_FAILED ? NULL : memory;
}

void ops_count(int64_t n) {
    if (ops_counts) *ops_counts += n;
}

void ops_print_counts(const char *what) {
    if (ops_counts) printf("%s: %lld faults injected\n", what, (long long)*ops_counts);
}
