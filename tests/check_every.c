/* check_every.c - what is promised of every function, tried on every function.
 *
 * The statements are those of ops.h, among them every example of retain_help, so that a new function cannot be
 * forgotten: it must keep a hard heap limit, stop when it is told to, ask the authorizer for whatever it reads, and
 * take no more memory than is stated for customers and rows.
 */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "ops.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const char *const *every_ops;
static int every_n_ops;

static sqlite3 *every_open(void) {
    sqlite3 *db = db_open(NULL);
    ops_make_tables(db);
    return db;
}

/* Nothing is held, and the statement answers as it did. */
static void every_expect_again(sqlite3 *db, const char *sql, const OpsResult *want) {
    ck_assert_ptr_eq(sqlite3_next_stmt(db, NULL), NULL);
    OpsResult again = ops_run(db, sql);
    ck_assert_msg(ops_same(&again, want), "%s\n  run again gives %d: %s", sql, again.rc, again.message);
}

/* ---- Heap limits ---- */

START_TEST(a_hard_heap_limit_is_kept) {
    const char *sql = every_ops[_i];
    sqlite3 *db = every_open();
    OpsResult want = ops_run(db, sql), got = {.rc = SQLITE_NOMEM};
    int n_failed = 0;
    for (int64_t room = 100; got.rc == SQLITE_NOMEM; room += room / 2) {
        sqlite3_hard_heap_limit64(sqlite3_memory_used() + room);
        got = ops_run(db, sql);
        sqlite3_hard_heap_limit64(0);
        ck_assert_msg(ops_acceptable(&got, &want, SQLITE_NOMEM), "%s\n  with %d bytes gives %d: %s", sql, (int)room, got.rc,
                      got.message);
        n_failed += got.rc == SQLITE_NOMEM;
        ck_assert_ptr_eq(sqlite3_next_stmt(db, NULL), NULL);
    }
    ck_assert_msg(n_failed > 0 || !strstr(sql, "FROM"), "%s fits into 100 bytes", sql); /* what reads no table may */
    every_expect_again(db, sql, &want);
    db_close(db);
}
END_TEST

/* ---- Progress handlers and interrupts ---- */

typedef struct EveryStop {
    sqlite3 *db;
    int64_t calls, at; /* stops at that call; 0: never */
    bool interrupt;    /* by sqlite3_interrupt instead of the handler's answer */
} EveryStop;

static int every_stop(void *pointer) {
    EveryStop *stop = pointer;
    if (++stop->calls != stop->at) return 0;
    if (stop->interrupt) sqlite3_interrupt(stop->db);
    return !stop->interrupt;
}

static OpsResult every_run_stopped(sqlite3 *db, const char *sql, EveryStop *stop) {
    sqlite3_progress_handler(db, 1, every_stop, stop);
    OpsResult got = ops_run(db, sql);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    return got;
}

/* At moments that lie close together at first and at the end, where rows are read, and where a fit begins. */
START_TEST(it_stops_when_told_to) {
    enum { MOMENTS = 16 };
    const char *sql = every_ops[_i];
    sqlite3 *db = every_open();
    EveryStop all = {.db = db};
    OpsResult want = every_run_stopped(db, sql, &all);
    uint64_t random = (uint64_t)_i;
    int n_stopped = 0, n = ops_long() ? 10 * MOMENTS : MOMENTS;
    for (int i = 0; i < n && all.calls > 0; i++) {
        int64_t share = (int64_t)(db_random(&random) % (uint64_t)all.calls);
        EveryStop stop = {.db = db, .interrupt = i % 2};
        stop.at = i < 4 ? 1 + i * all.calls / 50 : i < 8 ? all.calls - (i - 4) * all.calls / 50 : 1 + share;
        OpsResult got = every_run_stopped(db, sql, &stop);
        bool parser = got.rc == SQLITE_ERROR && strstr(got.message, "expected 0 columns"); /* SQLite's, of its own schema */
        ck_assert_msg(parser || ops_acceptable(&got, &want, SQLITE_INTERRUPT), "%s\n  stopped at step %d of %d gives %d, %d rows: %s",
                      sql, (int)stop.at, (int)all.calls, got.rc, (int)got.n_rows, got.message);
        n_stopped += got.rc == SQLITE_INTERRUPT;
        ck_assert_ptr_eq(sqlite3_next_stmt(db, NULL), NULL);
    }
    ck_assert_msg(want.rc || n_stopped > 0, "%s was never stopped", sql);
    every_expect_again(db, sql, &want);
    db_close(db);
}
END_TEST

/* ---- Authorizers ---- */

enum { EVERY_READS_MAX = 16 };

/* The columns that are asked for, and which of them is denied. */
typedef struct EveryReads {
    char names[EVERY_READS_MAX][64];
    int n, denied; /* -1: none */
    bool all;
} EveryReads;

static int every_authorize(void *pointer, int action, const char *table, const char *column, const char *schema,
                           const char *view) {
    EveryReads *reads = pointer;
    (void)schema;
    (void)view;
    if (action != SQLITE_READ || !table || !column || strcmp(table, "orders") != 0) return SQLITE_OK;
    int i = 0;
    while (i < reads->n && strcmp(reads->names[i], column) != 0) i++;
    if (i == reads->n && i < EVERY_READS_MAX) snprintf(reads->names[reads->n++], sizeof(reads->names[0]), "%s", column);
    return reads->all || i == reads->denied ? SQLITE_DENY : SQLITE_OK;
}

static OpsResult every_run_denied(sqlite3 *db, const char *sql, EveryReads *reads) {
    sqlite3_set_authorizer(db, every_authorize, reads);
    OpsResult got = ops_run(db, sql);
    sqlite3_set_authorizer(db, NULL, NULL);
    return got;
}

/* The table is denied, then each column that was read. */
START_TEST(the_authorizer_is_asked) {
    const char *sql = every_ops[_i];
    sqlite3 *db = every_open();
    EveryReads reads = {.denied = -1};
    OpsResult want = every_run_denied(db, sql, &reads);
    for (int denied = -1; denied < reads.n && reads.n > 0 && want.rc == SQLITE_OK; denied++) {
        EveryReads rule = reads;
        rule.denied = denied;
        rule.all = denied < 0;
        OpsResult got = every_run_denied(db, sql, &rule);
        const char *name = denied < 0 ? "" : reads.names[denied];
        ck_assert_msg(got.rc == SQLITE_AUTH && strstr(got.message, "prohibited"), "%s\n  without orders.%s gives %d: %s", sql,
                      name, got.rc, got.message);
    }
    bool named = strstr(sql, "('orders'") || strstr(sql, "FROM orders");
    ck_assert_msg(want.rc || !named || reads.n > 0, "%s has asked for %d columns", sql, reads.n);
    every_expect_again(db, sql, &want);
    db_close(db);
}
END_TEST

/* ---- Memory ---- */

/* Bytes at the peak of a statement, beyond what was in use before it: at most these for each customer, EVERY_ROW
 * for each row, EVERY_PAGE_ROW for each row of the EVERY_PAGE_CUSTOMERS who are sorted at a time, EVERY_CONSTANT. */
enum { EVERY_CUSTOMER = 144, EVERY_ROW = 16, EVERY_PAGE_ROW = 40, EVERY_PAGE_CUSTOMERS = 1024, EVERY_CONSTANT = 128 * 1024 };

/* Tables that keep no more of a customer than their id and their rows. */
enum { EVERY_COUNTED_CUSTOMER = 64 };
static const char *const every_counted[] = {
    "retention_rate",  "retention_cohorts",        "retention_curve", "retention_by",    "lifecycle", "repeat_purchase",
    "time_to_purchase", "time_to_purchase_summary", "purchase_gaps",   "purchase_funnel", "churn_window", "winback",
    "new_vs_repeat",   "subscription_survival",
};

/* Aggregates, without GROUP BY or a window, for which SQLite itself keeps the rows.  What they take for each customer. */
static const struct { const char *name, *sql; int per_customer; } every_aggregates[] = {
    {"retention_rate", "SELECT retention_rate(customer_id, order_date, '2020-10-01', '2020-11-01') FROM orders", 64},
    {"clv", "SELECT clv(customer_id, order_date, amount) FROM orders", 176},
    {"active_customers", "SELECT active_customers(customer_id) FROM orders", 64},
    {"clv_fit", "SELECT clv_fit(f, r, a, m) FROM customers", 176},
};

static const struct { int n_customers, n_rows; } every_shops[] = {{6000, 30000}, {40000, 40000}, {50, 60000}};

static sqlite3 *every_open_shop(int n_customers, int n_rows) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount, channel);"
                "WITH RECURSIVE c(i, n) AS (VALUES (0, 0) UNION ALL SELECT i + 1, (i + 1) * 7919 %% %d FROM c WHERE i < %d)"
                " INSERT INTO orders SELECT n, 1600000000 + 86400 * (n * 37 %% 500 + i / %d * (1 + i * 31 %% 40) %% 4000),"
                " 5 + i * 131 %% 1000 / 100.0, 'channel ' || i %% 5 FROM c;"
                "CREATE TABLE subscriptions AS SELECT min(order_date) AS started_on, CASE WHEN customer_id %% 3 THEN"
                " max(order_date) END AS ended_on FROM orders GROUP BY customer_id;"
                "CREATE TABLE customers AS SELECT frequency AS f, recency AS r, age AS a, monetary_value AS m FROM"
                " clv('orders')", n_customers, n_rows - 1, n_customers);
    return db;
}

/* What SQLite keeps of a statement that ran once is there before it runs again. */
static int64_t every_peak(sqlite3 *db, const char *sql) {
    free(db_rows(db, "%s", sql));
    sqlite3_int64 before = sqlite3_memory_used();
    sqlite3_memory_highwater(1);
    free(db_rows(db, "%s", sql));
    ck_assert_msg(sqlite3_memory_used() == before, "%s keeps %d bytes", sql, (int)(sqlite3_memory_used() - before));
    return sqlite3_memory_highwater(0) - before;
}

static void every_expect_peak(sqlite3 *db, int shop, const char *sql, int per_customer) {
    int64_t customers = every_shops[shop].n_customers, rows = every_shops[shop].n_rows;
    int64_t sorted = customers < EVERY_PAGE_CUSTOMERS ? rows : rows * EVERY_PAGE_CUSTOMERS / customers;
    int64_t most = customers * per_customer + rows * EVERY_ROW + sorted * EVERY_PAGE_ROW + EVERY_CONSTANT;
    int64_t used = every_peak(db, sql);
    if (ops_long())
        printf("%d customers, %d rows: %.2f MB, at most %.2f, of %s\n", (int)customers, (int)rows, (double)used / 1e6,
               (double)most / 1e6, sql);
    ck_assert_msg(used <= most, "%s takes %lld bytes for %lld customers and %lld rows, not %lld", sql, (long long)used,
                  (long long)customers, (long long)rows, (long long)most);
}

static int every_table_customer(const char *name) {
    for (int i = 0; i < COUNT(every_counted); i++)
        if (strcmp(every_counted[i], name) == 0) return EVERY_COUNTED_CUSTOMER;
    return EVERY_CUSTOMER;
}

static void every_expect_aggregate_peak(sqlite3 *db, int shop, const char *name) {
    int i = 0;
    while (i < COUNT(every_aggregates) && strcmp(every_aggregates[i].name, name) != 0) i++;
    ck_assert_msg(i < COUNT(every_aggregates), "the aggregate %s is not in every_aggregates", name);
    every_expect_peak(db, shop, every_aggregates[i].sql, every_aggregates[i].per_customer);
}

START_TEST(memory_is_bounded_by_customers_and_rows) {
    sqlite3 *db = every_open_shop(every_shops[_i].n_customers, every_shops[_i].n_rows), *help = db_open(NULL);
    sqlite3_stmt *stmt = NULL;
    int n = 0;
    sqlite3_prepare_v2(help, "SELECT name, kind = 'table', example FROM retain_help WHERE example NOT NULL AND kind <> 'scalar'",
                       -1, &stmt, NULL);
    for (; sqlite3_step(stmt) == SQLITE_ROW; n++) {
        const char *name = (const char *)sqlite3_column_text(stmt, 0);
        char *sql = sqlite3_mprintf("SELECT count(*) FROM (%s)", sqlite3_column_text(stmt, 2));
        if (sqlite3_column_int(stmt, 1)) every_expect_peak(db, _i, sql, every_table_customer(name));
        else every_expect_aggregate_peak(db, _i, name);
        sqlite3_free(sql);
    }
    sqlite3_finalize(stmt);
    ck_assert_int_gt(n, 30);
    db_close(help);
    db_close(db);
}
END_TEST

/* Before any test runs, so nothing is asserted; without the library there is too little to run. */
static void every_read_ops(void) {
    sqlite3 *db = NULL;
    sqlite3_open(":memory:", &db);
    sqlite3_enable_load_extension(db, 1);
    db_load(db, NULL, NULL);
    every_ops = ops_list(db, &every_n_ops);
    sqlite3_close(db);
}

START_TEST(every_function_is_here) {
    sqlite3 *db = db_open(NULL);
    ck_assert_int_eq(every_n_ops, db_int(db, "SELECT count(DISTINCT name || kind) FROM retain_help") + ops_n_more());
    db_close(db);
}
END_TEST

int main(void) {
    every_read_ops();
    Suite *suite = suite_create("every");
    TCase *tc = tcase_create("every");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, every_function_is_here);
    tcase_add_loop_test(tc, a_hard_heap_limit_is_kept, 0, every_n_ops);
    tcase_add_loop_test(tc, it_stops_when_told_to, 0, every_n_ops);
    tcase_add_loop_test(tc, the_authorizer_is_asked, 0, every_n_ops);
    tcase_add_loop_test(tc, memory_is_bounded_by_customers_and_rows, 0, COUNT(every_shops));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
