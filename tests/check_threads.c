/* check_threads.c - many threads, connections and writers: each report is that of one snapshot,
 * errors of locks come through, and loading is safe wherever it happens.
 *
 * Threads never assert: they keep the first thing that went wrong, and the main thread tells it.
 * tests/threads.sh runs this program once more under ThreadSanitizer; $SOAK_SECONDS is how long the
 * writer and its readers go on.
 */
#define _GNU_SOURCE /* dladdr, RTLD_DEEPBIND */
#include <check.h>
#include <dlfcn.h>
#include <pthread.h>
#include <sqlite3ext.h> /* with SQLITE_CORE: the table's type, not its macros */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "db.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#ifdef __has_feature /* clang */
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#elif __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { THREADS_SANITIZED = 1 };
#else
enum { THREADS_SANITIZED = 0 };
#endif

enum { THREADS_MAX = 6, THREADS_PATIENCE_MS = 60000, THREADS_ROWS_MAX = 2500 };

static char threads_path[256];

/* ---- Threads ---- */

typedef struct Worker {
    pthread_t thread;
    sqlite3 *db; /* where all share one */
    int index;
    int64_t n_compared, n_snapshots, n_mismatches;
    char wrong[4000];
} Worker;

static void threads_fail(Worker *worker, const char *format, ...) {
    va_list list;
    va_start(list, format);
    if (!worker->wrong[0]) vsnprintf(worker->wrong, sizeof(worker->wrong), format, list);
    va_end(list);
}

/* Runs n workers to their end; the first complaint fails the test. */
static void threads_run(Worker *workers, int n, void *(*run)(void *)) {
    for (int i = 0; i < n; i++) {
        workers[i].index = i;
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
    }
    for (int i = 0; i < n; i++) pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < n; i++)
        ck_assert_msg(!workers[i].wrong[0], "thread %d: %s", i, workers[i].wrong);
}

/* A connection with the extension, NULL after a complaint. */
static sqlite3 *threads_open(Worker *worker, const char *path) {
    sqlite3 *db = NULL;
    char *message = NULL;
    int rc = sqlite3_open(path, &db);
    sqlite3_busy_timeout(db, THREADS_PATIENCE_MS);
    sqlite3_enable_load_extension(db, 1);
    if (!rc) rc = db_load(db, NULL, &message);
    if (rc) threads_fail(worker, "open: %d: %s", rc, message ? message : sqlite3_errmsg(db));
    sqlite3_free(message);
    if (!rc) return db;
    sqlite3_close(db);
    return NULL;
}

static void threads_close(Worker *worker, sqlite3 *db) {
    int rc = sqlite3_close(db);
    if (rc) threads_fail(worker, "close: %d", rc);
}

static void threads_exec(Worker *worker, sqlite3 *db, const char *sql) {
    char *message = NULL;
    int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
    if (rc) threads_fail(worker, "%s\n  %d: %s", sql, rc, message ? message : "");
    sqlite3_free(message);
}

/* ---- All functions at once ---- */

static const char *const threads_more[] = {
    "SELECT * FROM retention_rate('orders', 'week', '60 days') WHERE segment_column = 'channel'",
    "SELECT * FROM clv('orders', 90) WHERE model = 'bgnbd'",
    "SELECT count(*), total(value_at_risk) FROM churn_candidates('orders', 30, 0)",
    "SELECT channel, clv(customer_id, order_date, amount) FROM orders GROUP BY channel",
    "SELECT channel, retention_rate(customer_id, order_date, '2023-05-01', '2023-06-01')"
    " FROM orders GROUP BY channel",
    "SELECT wilson_low(80, 100), crr(90, 10, 100)",
    "SELECT * FROM clv('order')", /* errors look around in the schema */
    "SELECT * FROM retention_rate('loop')",
};

enum { THREADS_OPS_MAX = 128 };
static char *threads_ops[THREADS_OPS_MAX], *threads_answers[THREADS_OPS_MAX];
static int threads_n_ops;

static sqlite3 *threads_make(const char *journal) {
    snprintf(threads_path, sizeof(threads_path), "%s", db_temp_path("threads"));
    sqlite3 *db = db_open(threads_path);
    free(db_rows(db, "PRAGMA journal_mode = %s", journal));
    db_exec(db, "PRAGMA synchronous = OFF");
    db_make_shop(db, "orders", (DbShop){.seed = 9, .n_customers = 90, .n_days = 400, .gap_days = 25,
                                        .refunds = true});
    db_exec(db, "CREATE VIEW loop AS SELECT customer_id, first_order_date AS order_date, 1 AS"
            " amount FROM clv('loop')");
    db_exec(db, "CREATE TABLE subscriptions AS SELECT min(order_date) AS started_on, CASE WHEN max(order_date) <"
            " '2023-10-01' THEN max(order_date) END AS ended_on FROM orders GROUP BY customer_id");
    return db;
}

static void threads_remove(void) {
    char path[sizeof(threads_path) + 8];
    static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
    for (int i = 0; i < COUNT(tails); i++) {
        snprintf(path, sizeof(path), "%s%s", threads_path, tails[i]);
        unlink(path);
    }
}

static void threads_list_ops(sqlite3 *db) {
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(db, "SELECT example FROM retain_help WHERE example NOT NULL", -1, &stmt,
                       NULL);
    while (sqlite3_step(stmt) == SQLITE_ROW && threads_n_ops < THREADS_OPS_MAX)
        threads_ops[threads_n_ops++] = strdup((const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    for (int i = 0; i < COUNT(threads_more) && threads_n_ops < THREADS_OPS_MAX; i++)
        threads_ops[threads_n_ops++] = strdup(threads_more[i]);
    for (int i = 0; i < threads_n_ops; i++) db_run(db, threads_ops[i], &threads_answers[i]);
}

static void threads_ask_all(Worker *worker, sqlite3 *db) {
    for (int i = 0; i < threads_n_ops; i++) {
        int op = (i + 3 * worker->index) % threads_n_ops;
        char *got = NULL;
        db_run(db, threads_ops[op], &got);
        if (strcmp(got, threads_answers[op]) != 0)
            threads_fail(worker, "%s\n  gives\n%.900s\n  alone\n%.900s", threads_ops[op], got,
                         threads_answers[op]);
        free(got);
    }
}

static void *threads_ask_twice(void *pointer) {
    Worker *worker = pointer;
    sqlite3 *db = threads_open(worker, threads_path);
    for (int i = 0; i < 2 && db; i++) threads_ask_all(worker, db);
    threads_close(worker, db);
    return NULL;
}

START_TEST(connections_in_threads_answer_as_one_alone) {
    Worker workers[THREADS_MAX] = {0};
    sqlite3 *db = threads_make("DELETE");
    threads_list_ops(db);
    ck_assert_int_gt(threads_n_ops, 10 + COUNT(threads_more) - 1);
    threads_run(workers, THREADS_MAX, threads_ask_twice);
    db_close(db);
    threads_remove();
}
END_TEST

/* Not the errors: sqlite3_errmsg tells those of whichever thread failed last. */
static void *threads_ask_shared(void *pointer) {
    Worker *worker = pointer;
    threads_ask_all(worker, worker->db);
    return NULL;
}

START_TEST(threads_may_share_a_connection) {
    Worker workers[4] = {0};
    sqlite3 *db = threads_make("DELETE");
    threads_list_ops(db);
    threads_n_ops -= 2;
    for (int i = 0; i < 4; i++) workers[i].db = db;
    threads_run(workers, 4, threads_ask_shared);
    db_close(db);
    threads_remove();
}
END_TEST

/* ---- Interrupts from another thread ---- */

static atomic_bool threads_stop;

static void *threads_interrupt(void *pointer) {
    Worker *worker = pointer;
    unsigned nanoseconds = 1000;
    while (!atomic_load(&threads_stop)) {
        sqlite3_interrupt(worker->db);
        nanoseconds = nanoseconds * 7 % 3000017;
        nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL);
    }
    return NULL;
}

START_TEST(interrupts_of_another_thread_leave_no_half_answer) {
    sqlite3 *db = threads_make("DELETE");
    const char *sql = threads_more[_i];
    char *want = db_rows(db, "%s", sql), *got = NULL;
    Worker worker = {.db = db};
    atomic_store(&threads_stop, false);
    ck_assert_int_eq(pthread_create(&worker.thread, NULL, threads_interrupt, &worker), 0);
    int n_wrong = 0;
    for (int i = 0; i < 60; i++) {
        int rc = db_run(db, sql, &got);
        n_wrong += rc == SQLITE_OK ? strcmp(got, want) != 0 : rc != SQLITE_INTERRUPT;
        free(got);
    }
    atomic_store(&threads_stop, true);
    pthread_join(worker.thread, NULL);
    ck_assert_int_eq(n_wrong, 0);
    db_expect(db, sql, want);
    free(want);
    db_close(db);
    threads_remove();
}
END_TEST

/* ---- A writer and its readers ---- */

/* Our report, then the same by plain SQL.  Amounts are quarters, so that sums are exact. */
static const char *const threads_twins[][2] = {
    {"SELECT period_start, is_complete, start_customers, end_customers, new_customers, retained,"
     " reactivated, lost, retention_rate, churn_rate, crr_formula, end_to_start_ratio"
     " FROM retention_rate('orders')",
     "SELECT * FROM months"},
    {"SELECT customer_id, first_order_date, last_order_date, frequency, recency, age,"
     " monetary_value, historic_clv FROM clv('orders') ORDER BY customer_id",
     "SELECT customer_id, first_order_date, last_order_date, frequency, recency, age,"
     " monetary_value, historic_value FROM customers ORDER BY customer_id"},
};

/* Every report and aggregate of retain_help is compared with itself on a copy of the snapshot: its example twice, of
 * the tables in main (a view of temp, where it reads subscriptions) and of those in copy. */
enum { THREADS_COPIED_MAX = 100 };
static struct { char *here, *there; } threads_copied[THREADS_COPIED_MAX];
static int threads_n_copied;

#define THREADS_SUBSCRIPTIONS                                                                          \
    "SELECT min(order_date) AS started_on, CASE WHEN max(order_date) < '2023-10-01' THEN"              \
    " max(order_date) END AS ended_on FROM main.orders GROUP BY customer_id"

/* The text with schemas before its tables, to be freed with sqlite3_free; NULL when it reads none. */
static char *threads_place(const char *example, const char *orders, const char *subscriptions) {
    static const char *const marks[] = {"('orders'", "('subscriptions'", " FROM orders"};
    sqlite3_str *out = sqlite3_str_new(NULL);
    bool found = false;
    while (*example) {
        int mark = 0;
        while (mark < COUNT(marks) && strncmp(example, marks[mark], strlen(marks[mark])) != 0) mark++;
        if (mark == 0) sqlite3_str_appendf(out, "('%s.orders'", orders);
        if (mark == 1) sqlite3_str_appendf(out, "('%s.subscriptions'", subscriptions);
        if (mark == 2) sqlite3_str_appendf(out, " FROM %s.orders", orders);
        if (mark == COUNT(marks)) sqlite3_str_appendchar(out, 1, *example++);
        else example += strlen(marks[mark]);
        found = found || mark < COUNT(marks);
    }
    char *text = sqlite3_str_finish(out);
    if (found) return text;
    sqlite3_free(text);
    return NULL;
}

static void threads_list_copied(sqlite3 *db) {
    sqlite3_stmt *stmt = NULL;
    int n_reports = 0;
    sqlite3_prepare_v2(db, "SELECT example, kind = 'table' FROM retain_help WHERE example NOT NULL", -1, &stmt, NULL);
    while (sqlite3_step(stmt) == SQLITE_ROW && threads_n_copied < THREADS_COPIED_MAX) {
        const char *example = (const char *)sqlite3_column_text(stmt, 0);
        char *here = threads_place(example, "main", "temp");
        if (!here) continue;
        threads_copied[threads_n_copied].here = here;
        threads_copied[threads_n_copied++].there = threads_place(example, "copy", "copy");
        n_reports += sqlite3_column_int(stmt, 1);
    }
    sqlite3_finalize(stmt);
    /* All but retain_help, which reads no table. */
    ck_assert_int_eq(n_reports, db_int(db, "SELECT count(DISTINCT name) - 1 FROM retain_help WHERE kind = 'table'"));
}

static void threads_forget_copied(void) {
    for (; threads_n_copied > 0; threads_n_copied--) {
        sqlite3_free(threads_copied[threads_n_copied - 1].here);
        sqlite3_free(threads_copied[threads_n_copied - 1].there);
    }
}

static char *threads_file(const char *path) {
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 20000);
    if (!file || !text || !fread(text, 1, 19999, file)) abort(); /* run from the top folder */
    fclose(file);
    return text;
}

static void threads_view(Worker *worker, sqlite3 *db, const char *name, const char *path) {
    char *text = threads_file(path), *sql = sqlite3_mprintf("CREATE TEMP VIEW %s AS %s", name,
                                                            text);
    threads_exec(worker, db, sql);
    sqlite3_free(sql);
    free(text);
}

static int threads_soak_seconds(void) {
    const char *seconds = getenv("SOAK_SECONDS");
    return seconds && atoi(seconds) > 0 ? atoi(seconds) : 1;
}

static double threads_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Runs a query; the text of its rows or of its error, which never is what was wanted. */
static char *threads_ask(Worker *worker, sqlite3 *db, const char *sql) {
    char *text = NULL;
    int rc = db_run(db, sql, &text);
    if (rc) threads_fail(worker, "%s\n  %d: %s", sql, rc, text);
    return text;
}

static void threads_compare(Worker *worker, const char *what, const char *got, const char *want) {
    worker->n_compared++;
    if (strcmp(got, want) == 0) return;
    worker->n_mismatches++;
    threads_fail(worker, "%s\n  gives\n%.1500s\n  not\n%.1500s", what, got, want);
}

/* In one read transaction: report, plain SQL, the same report once more. */
static void threads_compare_twin(Worker *worker, sqlite3 *db, int twin) {
    const char *ours = threads_twins[twin][0];
    threads_exec(worker, db, "BEGIN");
    char *first = threads_ask(worker, db, ours);
    char *plain = threads_ask(worker, db, threads_twins[twin][1]);
    char *second = threads_ask(worker, db, ours);
    threads_exec(worker, db, "COMMIT");
    threads_compare(worker, ours, first, plain);
    threads_compare(worker, ours, second, plain);
    free(first);
    free(plain);
    free(second);
}

/* In one statement outside of any transaction: our rows that plain SQL has not, and the reverse. */
static void threads_compare_statement(Worker *worker, sqlite3 *db, int twin) {
    const char *ours = threads_twins[twin][0], *plain = threads_twins[twin][1];
    char *sql = sqlite3_mprintf("SELECT (SELECT count(*) FROM (SELECT * FROM (%s) EXCEPT SELECT *"
                                " FROM (%s))) + (SELECT count(*) FROM (SELECT * FROM (%s) EXCEPT"
                                " SELECT * FROM (%s)))", ours, plain, plain, ours);
    char *got = threads_ask(worker, db, sql);
    threads_compare(worker, sql, got, "0");
    free(got);
    sqlite3_free(sql);
}

static void threads_compare_copy(Worker *worker, sqlite3 *db, int report) {
    const char *here = threads_copied[report].here, *there = threads_copied[report].there;
    threads_exec(worker, db, "BEGIN; CREATE TABLE copy.orders AS SELECT * FROM main.orders;"
                             "CREATE TABLE copy.subscriptions AS " THREADS_SUBSCRIPTIONS);
    char *ours = threads_ask(worker, db, here), *copied = threads_ask(worker, db, there);
    threads_exec(worker, db, "DROP TABLE copy.orders; DROP TABLE copy.subscriptions; COMMIT");
    threads_compare(worker, here, ours, copied);
    free(ours);
    free(copied);
}

static void threads_count_snapshot(Worker *worker, sqlite3 *db, char **last) {
    char *text = threads_ask(worker, db, "SELECT count(*), max(rowid), total(amount) FROM orders");
    worker->n_snapshots += !*last || strcmp(*last, text) != 0;
    free(*last);
    *last = text;
}

static double threads_end;
static atomic_bool threads_pause;

static void *threads_read(void *pointer) {
    Worker *worker = pointer;
    sqlite3 *db = threads_open(worker, threads_path);
    char *last = NULL;
    if (!db) return NULL;
    threads_view(worker, db, "months", "sql/retention_rate.sql");
    threads_view(worker, db, "customers", "sql/customer_summary.sql");
    threads_exec(worker, db, "CREATE TEMP VIEW subscriptions AS " THREADS_SUBSCRIPTIONS "; ATTACH ':memory:' AS copy");
    for (int i = worker->index; !worker->wrong[0]; i++) {
        while (atomic_load(&threads_pause)) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        threads_count_snapshot(worker, db, &last);
        if (i % 3 == 0) threads_compare_twin(worker, db, i / 3 % COUNT(threads_twins));
        if (i % 3 == 1) threads_compare_statement(worker, db, i / 3 % COUNT(threads_twins));
        if (i % 3 == 2) threads_compare_copy(worker, db, (i + worker->index) % threads_n_copied);
        if (i >= threads_n_copied + 3 && worker->n_snapshots > 2 && threads_now() > threads_end) break;
    }
    free(last);
    threads_close(worker, db);
    return NULL;
}

/* Schema changes of the writer, in turn; the report's columns keep their names. */
static const char *const threads_ddl[] = {
    "CREATE INDEX by_day ON orders(order_date)",
    "ALTER TABLE orders ADD COLUMN note DEFAULT 'new'",
    "CREATE TABLE other(x); CREATE VIEW other_view AS SELECT * FROM orders",
    "DROP VIEW other_view; DROP TABLE other",
    "BEGIN; CREATE TABLE n AS SELECT amount, channel, order_date, customer_id FROM orders ORDER BY"
    " order_date; DROP TABLE orders; ALTER TABLE n RENAME TO orders; COMMIT",
};

static char *threads_batch(uint64_t *state) {
    unsigned random = (unsigned)(db_random(state) >> 33);
    return sqlite3_mprintf(
        "BEGIN; INSERT INTO orders(customer_id, order_date, amount, channel)"
        " WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d)"
        " SELECT abs(random() %% 150), date('2022-11-05', '+' || abs(random() %% 400) || ' days'),"
        " (abs(random() %% 400) - 40) / 4.0, CASE abs(random() %% 3) WHEN 0 THEN 'web' WHEN 1 THEN"
        " 'shop' END FROM i; DELETE FROM orders WHERE customer_id = %d;"
        " UPDATE orders SET amount = amount + 0.25 WHERE customer_id = %d;"
        " DELETE FROM orders WHERE rowid <= (SELECT max(rowid) FROM orders) - %d; %s",
        10 + random % 60, random % 150, random / 150 % 150, THREADS_ROWS_MAX,
        random % 5 ? "COMMIT" : "ROLLBACK");
}

/* Readers that never pause would not let the log come to an end. */
static void threads_checkpoint(Worker *worker, sqlite3 *db) {
    atomic_store(&threads_pause, true);
    threads_exec(worker, db, "PRAGMA wal_checkpoint(RESTART)");
    atomic_store(&threads_pause, false);
}

static void threads_write(Worker *worker, sqlite3 *db) {
    uint64_t state = 7;
    for (int i = 0; !atomic_load(&threads_stop) && !worker->wrong[0]; i++) {
        char *sql = threads_batch(&state);
        threads_exec(worker, db, sql);
        sqlite3_free(sql);
        worker->n_snapshots++;
        if (i % 20 == 10) threads_exec(worker, db, threads_ddl[i / 20 % COUNT(threads_ddl)]);
        if (i % 100 == 99) threads_checkpoint(worker, db);
        nanosleep(&(struct timespec){.tv_nsec = 4000000}, NULL);
    }
}

static void *threads_write_all(void *pointer) {
    Worker *worker = pointer;
    sqlite3 *db = threads_open(worker, threads_path);
    if (!db) return NULL;
    threads_exec(worker, db, "PRAGMA synchronous = OFF");
    threads_write(worker, db);
    threads_close(worker, db);
    return NULL;
}

START_TEST(readers_beside_a_writer_see_one_snapshot) {
    sqlite3 *db = threads_make("WAL");
    threads_list_copied(db);
    db_exec(db, "UPDATE orders SET amount = round(amount * 4) / 4");
    Worker readers[3] = {0}, writer = {0};
    atomic_store(&threads_stop, false);
    atomic_store(&threads_pause, false);
    threads_end = threads_now() + threads_soak_seconds();
    ck_assert_int_eq(pthread_create(&writer.thread, NULL, threads_write_all, &writer), 0);
    for (int i = 0; i < COUNT(readers); i++) {
        readers[i].index = i;
        pthread_create(&readers[i].thread, NULL, threads_read, &readers[i]);
    }
    Worker sum = {0};
    for (int i = 0; i < COUNT(readers); i++) {
        pthread_join(readers[i].thread, NULL);
        sum.n_compared += readers[i].n_compared;
        sum.n_mismatches += readers[i].n_mismatches;
        sum.n_snapshots += readers[i].n_snapshots;
    }
    atomic_store(&threads_stop, true);
    pthread_join(writer.thread, NULL);
    printf("soak: %d reports compared over %d snapshots of %d batches, %d mismatches\n",
           (int)sum.n_compared, (int)sum.n_snapshots, (int)writer.n_snapshots,
           (int)sum.n_mismatches);
    fflush(stdout);
    ck_assert_msg(!writer.wrong[0], "writer: %s", writer.wrong);
    for (int i = 0; i < COUNT(readers); i++)
        ck_assert_msg(!readers[i].wrong[0], "reader %d: %s", i, readers[i].wrong);
    ck_assert_int_eq(sum.n_mismatches, 0);
    ck_assert_int_gt(sum.n_compared, 30);
    db_expect(db, "PRAGMA integrity_check", "ok");
    threads_forget_copied();
    db_close(db);
    threads_remove();
}
END_TEST

/* ---- Transactions ---- */

#define THREADS_SHAPE "SELECT sum(new_customers), max(rows_read) FROM retention_rate('t')"

static void threads_fill(sqlite3 *db) {
    db_exec(db, "CREATE TABLE t(customer_id, order_date, amount);"
            "INSERT INTO t VALUES ('a', '2024-01-05', 1), ('b', '2024-01-06', 1), ('a',"
            " '2024-02-01', 1)");
}

START_TEST(reports_see_what_their_transaction_wrote) {
    sqlite3 *db = threads_make("WAL"), *other = db_open(threads_path);
    threads_fill(db);
    db_expect(db, THREADS_SHAPE, "2|3");
    db_exec(db, "BEGIN; INSERT INTO t VALUES ('c', '2024-02-02', 1)");
    db_expect(db, THREADS_SHAPE, "3|4");
    db_expect(other, THREADS_SHAPE, "2|3");
    db_exec(db, "SAVEPOINT one; INSERT INTO t VALUES ('d', '2024-02-03', 1)");
    db_expect(db, THREADS_SHAPE, "4|5");
    db_exec(db, "SAVEPOINT two; DELETE FROM t");
    db_expect(db, "SELECT count(*) FROM retention_rate('t')", "0");
    db_exec(db, "ROLLBACK TO two");
    db_expect(db, THREADS_SHAPE, "4|5");
    db_exec(db, "RELEASE two; ROLLBACK TO one");
    db_expect(db, THREADS_SHAPE, "3|4");
    db_exec(db, "ROLLBACK");
    db_expect(db, THREADS_SHAPE, "2|3");
    /* a table, and a column, that only this transaction has */
    db_exec(db, "BEGIN; CREATE TABLE u AS SELECT * FROM t; ALTER TABLE u RENAME COLUMN customer_id"
            " TO buyer_id");
    db_expect(db, "SELECT group_concat(customer_id) FROM clv('u')", "a,b");
    db_expect_error(other, "SELECT * FROM clv('u')", SQLITE_ERROR, "no table or view 'u'");
    db_exec(db, "ROLLBACK");
    db_expect_error(db, "SELECT * FROM clv('u')", SQLITE_ERROR, "no table or view 'u'");
    db_exec(db, "BEGIN; INSERT INTO t VALUES ('c', '2024-02-30', 1)");
    db_expect_error(db, THREADS_SHAPE, SQLITE_ERROR, "'2024-02-30' is not a calendar day");
    ck_assert_int_eq(sqlite3_get_autocommit(db), 0); /* an error of ours ends no transaction */
    db_exec(db, "UPDATE t SET order_date = '2024-02-29' WHERE customer_id = 'c'; COMMIT");
    db_expect(other, THREADS_SHAPE, "3|4");
    db_close(other);
    db_close(db);
    threads_remove();
}
END_TEST

START_TEST(a_read_transaction_keeps_its_snapshot) {
    sqlite3 *db = threads_make("WAL"), *writer = db_open(threads_path);
    threads_fill(db);
    db_exec(db, "BEGIN");
    db_expect(db, THREADS_SHAPE, "2|3");
    db_exec(writer, "INSERT INTO t VALUES ('c', '2024-02-02', 1)");
    db_expect(db, THREADS_SHAPE, "2|3");
    db_exec(writer, "DROP TABLE t");
    db_expect(db, THREADS_SHAPE, "2|3");
    db_exec(db, "COMMIT");
    db_expect_error(db, THREADS_SHAPE, SQLITE_ERROR, "no table or view 't'");
    db_close(writer);
    db_close(db);
    threads_remove();
}
END_TEST

/* ---- Schema changes ---- */

static const struct { const char *change, *rows; } threads_changes[] = {
    {"ALTER TABLE t ADD COLUMN note", "a,b"},
    {"CREATE INDEX t_i ON t(order_date, customer_id, amount)", "a,b"},
    {"DROP TABLE t; CREATE TABLE t(amount, order_date, client_id); INSERT INTO t VALUES (1,"
     " '2024-01-01', 'z')",
     "z"},
    {"ALTER TABLE t RENAME TO t0; CREATE VIEW t AS SELECT * FROM t0 WHERE customer_id = 'b'", "b"},
    {"ALTER TABLE t RENAME COLUMN customer_id TO user_id", "a,b"},
    {"DROP TABLE t", NULL},
    {"DELETE FROM t WHERE customer_id = 'a'; VACUUM", "b"},
};

/* Another connection changes the schema after our statement was prepared, or was run and reset. */
START_TEST(schema_changes_between_prepare_and_step) {
    for (int runs = 0; runs < 2; runs++) {
        sqlite3 *db = threads_make("WAL"), *other = db_open(threads_path);
        sqlite3_stmt *stmt = NULL;
        threads_fill(db);
        sqlite3_prepare_v2(db, "SELECT group_concat(customer_id) FROM (SELECT customer_id FROM"
                           " clv('t') ORDER BY customer_id)", -1, &stmt, NULL);
        if (runs) ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
        sqlite3_reset(stmt);
        db_exec(other, "%s", threads_changes[_i].change);
        int rc = sqlite3_step(stmt);
        if (threads_changes[_i].rows) {
            ck_assert_msg(rc == SQLITE_ROW, "%d: %s", rc, sqlite3_errmsg(db));
            ck_assert_str_eq((const char *)sqlite3_column_text(stmt, 0), threads_changes[_i].rows);
        } else {
            ck_assert_int_eq(rc, SQLITE_ERROR);
            ck_assert(strstr(sqlite3_errmsg(db), "clv: no table or view 't'") != NULL);
        }
        sqlite3_finalize(stmt);
        db_close(other);
        db_close(db);
        threads_remove();
    }
}
END_TEST

/* With a cursor half read, on the same connection (drop: locked) and on another one (goes). */
START_TEST(schema_changes_under_an_open_cursor) {
    sqlite3 *db = threads_make("WAL"), *other = db_open(threads_path);
    sqlite3_stmt *stmt = NULL;
    threads_fill(db);
    sqlite3_prepare_v2(db, "SELECT customer_id FROM clv('t')", -1, &stmt, NULL);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    if (_i == 0) {
        db_expect_error(db, "DROP TABLE t", SQLITE_LOCKED, "locked");
        db_exec(db, "ALTER TABLE t ADD COLUMN note; ALTER TABLE t RENAME COLUMN amount TO total;"
                "ALTER TABLE t RENAME TO gone; CREATE TABLE more(x)");
    } else
        db_exec(other, "DROP TABLE t");
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_DONE);
    ck_assert_int_eq(sqlite3_reset(stmt), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ERROR);
    ck_assert(strstr(sqlite3_errmsg(db), "no table or view 't'") != NULL);
    sqlite3_finalize(stmt);
    db_close(other);
    db_close(db);
    threads_remove();
}
END_TEST

/* ---- Locks ---- */

START_TEST(busy_comes_through) {
    sqlite3 *db = threads_make("DELETE"), *other = db_open(threads_path);
    sqlite3_stmt *stmt = NULL;
    threads_fill(db);
    sqlite3_prepare_v2(other, THREADS_SHAPE, -1, &stmt, NULL);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    sqlite3_reset(stmt);
    for (int i = 0; i < 2; i++) {
        db_exec(db, "BEGIN EXCLUSIVE; INSERT INTO t VALUES ('c', '2024-02-02', 1)");
        ck_assert_int_eq(sqlite3_step(stmt) & 0xFF, SQLITE_BUSY);
        ck_assert_str_eq(sqlite3_errmsg(other), "database is locked");
        sqlite3_reset(stmt);
        db_expect_error(other, "SELECT * FROM clv('t')", SQLITE_BUSY, "database is locked");
        db_exec(db, "ROLLBACK");
        ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
        sqlite3_reset(stmt);
        db_expect(other, THREADS_SHAPE, "2|3");
    }
    /* the source of a nested statement alone: an attached database that somebody writes */
    sqlite3 *host = db_open(NULL);
    db_exec(host, "ATTACH %Q AS a", threads_path);
    db_expect(host, THREADS_SHAPE, "2|3");
    db_exec(db, "BEGIN EXCLUSIVE");
    db_expect_error(host, THREADS_SHAPE, SQLITE_BUSY, "locked");
    db_exec(db, "COMMIT");
    db_expect(host, THREADS_SHAPE, "2|3");
    db_close(host);
    sqlite3_finalize(stmt);
    db_close(other);
    db_close(db);
    threads_remove();
}
END_TEST

START_TEST(locked_comes_through) {
    static const char shared[] = "file:threads_shared?mode=memory&cache=shared";
    sqlite3_config(SQLITE_CONFIG_URI, 1);
    sqlite3 *db = db_open(shared), *other = db_open(shared);
    threads_fill(db);
    db_expect(other, THREADS_SHAPE, "2|3");
    db_exec(db, "BEGIN; INSERT INTO t VALUES ('c', '2024-02-02', 1)");
    db_expect_error(other, THREADS_SHAPE, SQLITE_LOCKED, "locked");
    db_expect_error(other, "SELECT * FROM clv('t')", SQLITE_LOCKED, "locked");
    db_exec(other, "PRAGMA read_uncommitted = 1");
    db_expect(other, THREADS_SHAPE, "3|4");
    db_exec(other, "PRAGMA read_uncommitted = 0");
    db_exec(db, "CREATE TABLE more(x)"); /* now the schema is locked, too */
    db_expect_error(other, THREADS_SHAPE, SQLITE_LOCKED, "locked");
    db_exec(db, "ROLLBACK");
    db_expect(other, THREADS_SHAPE, "2|3");
    db_close(other);
    db_close(db);
}
END_TEST

/* ---- Loading ---- */

static void *threads_load_often(void *pointer) {
    Worker *worker = pointer;
    for (int i = 0; i < 50 && !worker->wrong[0]; i++) {
        sqlite3 *db = threads_open(worker, ":memory:");
        if (!db) break;
        if (db_load(db, i % 2 ? "sqlite3_retain_strict_init" : NULL, NULL))
            threads_fail(worker, "the second load fails: %s", sqlite3_errmsg(db));
        char *text = threads_ask(worker, db, "SELECT crr(90, 10, 100) * 10, count(*) > 5 FROM"
                                 " retain_help");
        if (strcmp(text, "8.0|1") != 0) threads_fail(worker, "gives %s", text);
        free(text);
        threads_close(worker, db);
    }
    return NULL;
}

START_TEST(threads_load_at_the_same_time) {
    Worker workers[4] = {0};
    sqlite3_initialize();
#ifdef __SANITIZE_THREAD__ /* it takes the compare-and-swap of a late first load for a write */
    db_close(db_open(NULL));
#endif
    threads_run(workers, 4, threads_load_often);
    sqlite3_int64 after = sqlite3_memory_used();
    threads_run(workers, 4, threads_load_often);
    ck_assert_int_eq(sqlite3_memory_used(), after);
}
END_TEST

/* Pages of memory in use by this process, 0 where /proc is not. */
static long threads_pages(void) {
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    if (fscanf(file, "%ld %ld", &size, &resident) != 2) resident = 0;
    fclose(file);
    return resident;
}

START_TEST(two_hundred_reloads_leave_nothing) {
    sqlite3_int64 used = 0;
    long pages = 0;
    sqlite3 *db = threads_make("DELETE");
    db_close(db);
    for (int i = 0; i < 200; i++) {
        db = db_open(threads_path);
        ck_assert_int_eq(db_load(db, NULL, NULL), SQLITE_OK);
        free(db_rows(db, "SELECT count(*) FROM retention_rate('orders')"));
        db_close(db);
        if (i == 50) pages = threads_pages();
        if (i == 0) used = sqlite3_memory_used();
    }
    ck_assert_int_eq(sqlite3_memory_used(), used);
    long grown = (threads_pages() - pages) * sysconf(_SC_PAGESIZE) / 1024;
    if (!THREADS_SANITIZED) ck_assert_msg(grown < 1024, "%ld KiB more after 150 reloads", grown);
    threads_remove();
}
END_TEST

typedef int (*ThreadsEntry)(sqlite3 *db, char **message, const sqlite3_api_routines *api);

/* The entry point of the library, which stays open. */
static ThreadsEntry threads_entry(void) {
    ThreadsEntry entry = NULL;
    void *library = dlopen(db_library(), RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(library != NULL, "%s", dlerror());
    *(void **)&entry = dlsym(library, "sqlite3_retain_init");
    ck_assert(entry != NULL);
    return entry;
}

static void *threads_open_automatically(void *pointer) {
    Worker *worker = pointer;
    for (int i = 0; i < 25 && !worker->wrong[0]; i++) {
        sqlite3 *db = NULL;
        int rc = sqlite3_open(":memory:", &db);
        if (rc) threads_fail(worker, "open: %d: %s", rc, sqlite3_errmsg(db));
        char *text = threads_ask(worker, db, "SELECT crr(90, 10, 100) * 10");
        if (strcmp(text, "8.0") != 0) threads_fail(worker, "gives %s", text);
        free(text);
        threads_close(worker, db);
    }
    return NULL;
}

START_TEST(every_new_connection_may_have_it) {
    Worker workers[4] = {0};
    void (*automatic)(void) = (void (*)(void))threads_entry();
    ck_assert_int_eq(sqlite3_auto_extension(automatic), SQLITE_OK);
    sqlite3 *db = db_open(NULL); /* loads it a second time */
    db_expect(db, "SELECT crr(1, 0, 1)", "1.0");
    db_close(db);
    threads_run(workers, 4, threads_open_automatically);
    ck_assert_int_eq(sqlite3_cancel_auto_extension(automatic), 1);
    db = db_open_bare(NULL);
    db_expect_error(db, "SELECT crr(1, 0, 1)", SQLITE_ERROR, "no such function: crr");
    db_close(db);
}
END_TEST

/* ---- Tables of SQLite's functions that are not those of this SQLite ---- */

static sqlite3_api_routines threads_api; /* SQLite's own, then changed by the tests */

static int threads_keep_api(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
    (void)db;
    (void)message;
    memcpy(&threads_api, api, sizeof(threads_api));
    return SQLITE_OK;
}

/* Only this SQLite's newest fields may be copied, and only where the header is not newer. */
static bool threads_take_api(void) {
    if (sqlite3_libversion_number() < SQLITE_VERSION_NUMBER) {
        printf("skipped: a changed table of functions: SQLite is older than its header\n");
        return false;
    }
    sqlite3_auto_extension((void (*)(void))threads_keep_api);
    sqlite3 *db = db_open_bare(NULL);
    sqlite3_cancel_auto_extension((void (*)(void))threads_keep_api);
    db_close(db);
    ck_assert(threads_api.mprintf != NULL);
    return true;
}

static const char *threads_old_text(void) {
    return "3.30.1";
}

static int threads_old_number(void) {
    return 3030001;
}

START_TEST(an_old_sqlite_is_told_so) {
    if (!threads_take_api()) return;
    threads_api.libversion = threads_old_text;
    threads_api.libversion_number = threads_old_number;
    sqlite3 *db = db_open_bare(NULL);
    char *message = NULL;
    ck_assert_int_eq(threads_entry()(db, &message, &threads_api), SQLITE_ERROR);
    ck_assert_str_eq(message, "retain needs SQLite 3.31.0 or newer, this is 3.30.1");
    sqlite3_free(message);
    db_expect_error(db, "SELECT retain_version()", SQLITE_ERROR, "no such function");
    db_close(db);
}
END_TEST

START_TEST(another_table_is_turned_away) {
    if (!threads_take_api()) return;
    sqlite3 *db = db_open(NULL), *other = db_open_bare(NULL);
    char *message = NULL;
    ck_assert_int_eq(threads_entry()(other, &message, &threads_api), SQLITE_ERROR);
    ck_assert_msg(strstr(message, "another copy of SQLite") != NULL, "%s", message);
    sqlite3_free(message);
    db_expect_error(other, "SELECT retain_version()", SQLITE_ERROR, "no such function");
    ck_assert_int_eq(db_load(other, NULL, NULL), SQLITE_OK);
    db_expect(other, "SELECT crr(1, 0, 1)", "1.0");
    db_expect(db, "SELECT crr(1, 0, 1)", "1.0");
    db_close(other);
    db_close(db);
}
END_TEST

static int threads_fail_at, threads_calls;

static int threads_create_function(sqlite3 *db, const char *name, int n, int flags, void *pointer,
                                   void (*function)(sqlite3_context *, int, sqlite3_value **),
                                   void (*step)(sqlite3_context *, int, sqlite3_value **),
                                   void (*final)(sqlite3_context *), void (*destroy)(void *)) {
    bool removes = !function && !step;
    if (removes || ++threads_calls != threads_fail_at)
        return sqlite3_create_function_v2(db, name, n, flags, pointer, function, step, final,
                                          destroy);
    if (destroy) destroy(pointer); /* as SQLite does */
    return SQLITE_NOMEM;
}

static int threads_create_module(sqlite3 *db, const char *name, const sqlite3_module *module,
                                 void *pointer, void (*destroy)(void *)) {
    if (!module || ++threads_calls != threads_fail_at)
        return sqlite3_create_module_v2(db, name, module, pointer, destroy);
    if (destroy) destroy(pointer);
    return SQLITE_NOMEM;
}

static int64_t threads_known(sqlite3 *db) {
    static const char sql[] = "SELECT (SELECT count(*) FROM pragma_function_list) + 100000 *"
                              " (SELECT count(*) FROM pragma_module_list)";
    db_int(db, sql); /* the first time SQLite adds these two */
    return db_int(db, sql);
}

START_TEST(a_load_that_fails_halfway_leaves_nothing) {
    if (!threads_take_api()) return;
    threads_api.create_function_v2 = threads_create_function;
    threads_api.create_module_v2 = threads_create_module;
    ThreadsEntry entry = threads_entry();
    int rc = SQLITE_NOMEM;
    sqlite3_int64 used = sqlite3_memory_used();
    for (threads_fail_at = 1; rc; threads_fail_at++) {
        sqlite3 *db = db_open_bare(NULL);
        char *message = NULL;
        int64_t none = threads_known(db);
        threads_calls = 0;
        rc = entry(db, &message, &threads_api);
        sqlite3_free(message);
        ck_assert_msg(rc == (threads_calls < threads_fail_at ? SQLITE_OK : SQLITE_NOMEM),
                      "call %d: %d", threads_fail_at, rc);
        ck_assert_int_eq(threads_known(db) == none, rc != SQLITE_OK);
        threads_calls = 1000;
        ck_assert_int_eq(entry(db, NULL, &threads_api), SQLITE_OK); /* it can be tried again */
        db_expect(db, "SELECT crr(1, 0, 1), count(*) > 5 FROM retain_help", "1.0|1");
        db_close(db);
        ck_assert_int_eq(sqlite3_memory_used(), used);
    }
    ck_assert_int_gt(threads_fail_at, 10);
}
END_TEST

/* ---- Two SQLite libraries in one process ---- */

/* Its functions are its own: a second copy of the file, which looks into itself first. */
static void *threads_second_sqlite(char path[256]) {
    Dl_info info;
    char command[1024];
    snprintf(path, 256, "%s", db_temp_path("sqlite3.so"));
    if (!dladdr((void *)(uintptr_t)sqlite3_libversion, &info) || !info.dli_fname) return NULL;
    snprintf(command, sizeof(command), "cp '%s' '%s'", info.dli_fname, path);
    if (system(command) != 0) return NULL;
#ifdef RTLD_DEEPBIND
    return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
#else
    return NULL;
#endif
}

typedef struct SecondSqlite {
    int (*open)(const char *, sqlite3 **);
    int (*close)(sqlite3 *);
    int (*enable)(sqlite3 *, int);
    int (*load)(sqlite3 *, const char *, const char *, char **);
    void (*free)(void *);
    int (*exec)(sqlite3 *, const char *, sqlite3_callback, void *, char **);
} SecondSqlite;

static SecondSqlite threads_bind_second(void *library) {
    SecondSqlite second;
    *(void **)&second.open = dlsym(library, "sqlite3_open");
    *(void **)&second.close = dlsym(library, "sqlite3_close");
    *(void **)&second.enable = dlsym(library, "sqlite3_enable_load_extension");
    *(void **)&second.load = dlsym(library, "sqlite3_load_extension");
    *(void **)&second.free = dlsym(library, "sqlite3_free");
    *(void **)&second.exec = dlsym(library, "sqlite3_exec");
    return second;
}

START_TEST(a_second_sqlite_is_told_so) {
    char path[256], *message = NULL;
    void *library = THREADS_SANITIZED ? NULL : threads_second_sqlite(path);
    if (!library) {
        printf("skipped: two SQLite libraries: %s\n",
               THREADS_SANITIZED ? "not under a sanitizer" : "no second one can be opened");
        return;
    }
    SecondSqlite second = threads_bind_second(library);
    ck_assert_ptr_ne(*(void **)&second.open, (void *)(uintptr_t)sqlite3_open);
    sqlite3 *db = db_open(NULL), *other = NULL;
    ck_assert_int_eq(second.open(":memory:", &other), SQLITE_OK);
    second.enable(other, 1);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(second.load(other, db_library(), NULL, &message), SQLITE_ERROR);
        ck_assert_msg(strstr(message, "another copy of SQLite") != NULL, "%s", message);
        second.free(message);
        ck_assert_int_eq(second.exec(other, "SELECT 1", NULL, NULL, NULL), SQLITE_OK);
        ck_assert_int_eq(second.exec(other, "SELECT crr(1, 0, 1)", NULL, NULL, NULL), SQLITE_ERROR);
        db_expect(db, "SELECT crr(1, 0, 1), count(*) > 5 FROM retain_help", "1.0|1");
    }
    ck_assert_int_eq(second.close(other), SQLITE_OK);
    db_close(db);
    unlink(path);
}
END_TEST

/* ---- The suite ---- */

int main(void) {
    Suite *suite = suite_create("threads");
    TCase *tc = tcase_create("threads"), *soak = tcase_create("soak");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, connections_in_threads_answer_as_one_alone);
    tcase_add_test(tc, threads_may_share_a_connection);
    tcase_add_loop_test(tc, interrupts_of_another_thread_leave_no_half_answer, 0, 5);
    tcase_add_test(tc, reports_see_what_their_transaction_wrote);
    tcase_add_test(tc, a_read_transaction_keeps_its_snapshot);
    tcase_add_loop_test(tc, schema_changes_between_prepare_and_step, 0, COUNT(threads_changes));
    tcase_add_loop_test(tc, schema_changes_under_an_open_cursor, 0, 2);
    tcase_add_test(tc, busy_comes_through);
    tcase_add_test(tc, locked_comes_through);
    tcase_add_test(tc, threads_load_at_the_same_time);
    tcase_add_test(tc, two_hundred_reloads_leave_nothing);
    tcase_add_test(tc, every_new_connection_may_have_it);
    tcase_add_test(tc, an_old_sqlite_is_told_so);
    tcase_add_test(tc, another_table_is_turned_away);
    tcase_add_test(tc, a_load_that_fails_halfway_leaves_nothing);
    tcase_add_test(tc, a_second_sqlite_is_told_so);
    suite_add_tcase(suite, tc);
    tcase_set_timeout(soak, threads_soak_seconds() + 120);
    tcase_add_test(soak, readers_beside_a_writer_see_one_snapshot);
    suite_add_tcase(suite, soak);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
