/* check_limits.c - the limits of a host: interrupts, authorizers, heaps, stacks and lengths; and values,
 * names and schemas at the edge of what SQLite can hold.
 *
 * Inside a limit the rows are those without it; outside there is SQLite's error, nothing is held, and the
 * connection goes on.
 */
#define _DEFAULT_SOURCE
#include <check.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "db.h"
#include "ops.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Every function that reads a source, and an aggregate of each kind. */
static const char *const limits_readers[] = {
    "SELECT * FROM retention_rate('orders', 'day')",
    "SELECT * FROM churn_candidates('orders', 90, 0)",
    "SELECT * FROM clv('orders')",
    "SELECT clv(customer_id, order_date, amount) FROM orders",
    "SELECT retention_rate(customer_id, order_date, '2020-10-01', '2020-11-01') FROM orders",
};

/* n_rows rows of n_customers customers, unix dates from 2020-09-13 on; id is an SQL expression of n. */
static void limits_fill(sqlite3 *db, const char *id, int n_customers, int n_rows) {
    db_exec(db, "BEGIN; CREATE TABLE orders(customer_id, order_date, amount);"
                "WITH RECURSIVE c(i, n) AS (VALUES (0, 0) UNION ALL SELECT i + 1, (i + 1) * 7919 %% %d"
                " FROM c WHERE i < %d) INSERT INTO orders SELECT %s, 1600000000 + 86400 * (n * 37 %%"
                " 500 + i / %d * (1 + i * 31 %% 40) %% 4000), 5 + i * 131 %% 1000 / 100.0 FROM c; COMMIT",
            n_customers, n_rows - 1, id, n_customers);
}

static sqlite3 *limits_open(int n_customers, int n_rows) {
    sqlite3 *db = db_open(NULL);
    limits_fill(db, "n", n_customers, n_rows);
    return db;
}

/* Nothing is held: the table can go, here only as far as a rollback. */
static void limits_expect_free(sqlite3 *db) {
    ck_assert_ptr_eq(sqlite3_next_stmt(db, NULL), NULL);
    db_exec(db, "BEGIN; DROP TABLE orders; ROLLBACK");
}

/* ---- Interrupts ---- */

typedef struct LimitsStopper {
    sqlite3 *db;
    int delay_us, done; /* done: an atomic flag */
} LimitsStopper;

/* Interrupts again and again: a single one might come before the statement runs. */
static void *limits_interrupt(void *pointer) {
    LimitsStopper *stopper = pointer;
    usleep((useconds_t)stopper->delay_us);
    while (!__atomic_load_n(&stopper->done, __ATOMIC_ACQUIRE)) {
        sqlite3_interrupt(stopper->db);
        usleep(500);
    }
    return NULL;
}

START_TEST(another_thread_interrupts) {
    const char *sql = limits_readers[_i];
    sqlite3 *db = limits_open(4000, 40000);
    OpsResult want = ops_run(db, sql);
    ck_assert_int_eq(want.rc, SQLITE_OK);
    for (int i = 0; i < 12; i++) {
        LimitsStopper stopper = {.db = db, .delay_us = i * i * 200};
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, limits_interrupt, &stopper), 0);
        OpsResult got = ops_run(db, sql);
        /* The first comes before 40000 rows are read. */
        while (i == 0 && got.rc == SQLITE_OK) got = ops_run(db, sql);
        __atomic_store_n(&stopper.done, 1, __ATOMIC_RELEASE);
        pthread_join(thread, NULL);
        ck_assert_msg(got.rc == SQLITE_INTERRUPT || ops_same(&got, &want), "%s gives %d: %s", sql,
                      got.rc, got.message);
        limits_expect_free(db);
    }
    OpsResult again = ops_run(db, sql);
    ck_assert(ops_same(&again, &want));
    db_close(db);
}
END_TEST

typedef struct LimitsProgress {
    int64_t calls, at; /* stops at that call; 0: never */
} LimitsProgress;

static int limits_progress(void *pointer) {
    LimitsProgress *progress = pointer;
    return ++progress->calls == progress->at;
}

static LimitsProgress limits_run_watched(sqlite3 *db, const char *sql, int n_ops, int64_t at,
                                         OpsResult *result) {
    LimitsProgress progress = {.at = at};
    sqlite3_progress_handler(db, n_ops, limits_progress, &progress);
    *result = ops_run(db, sql);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    return progress;
}

/* An aggregate that does nothing with its rows: what reading them takes. */
static const char limits_bare[] = "SELECT limits_nothing(customer_id, order_date, amount) FROM orders";

static void limits_nothing_step(sqlite3_context *context, int n, sqlite3_value **values) {
    (void)context;
    (void)n;
    (void)values;
}

static void limits_nothing_final(sqlite3_context *context) {
    sqlite3_result_null(context);
}

static LimitsProgress limits_run_bare(sqlite3 *db, int n_ops) {
    OpsResult result;
    sqlite3_create_function(db, "limits_nothing", 3, SQLITE_UTF8, NULL, NULL, limits_nothing_step,
                            limits_nothing_final);
    LimitsProgress progress = limits_run_watched(db, limits_bare, n_ops, 0, &result);
    ck_assert_msg(result.rc == SQLITE_OK, "%s", result.message);
    return progress;
}

/* Stops at 40 moments, half of them after the last row was read. */
START_TEST(progress_handlers_stop_rows_and_fits) {
    const char *sql = limits_readers[_i];
    sqlite3 *db = limits_open(4000, 40000);
    OpsResult want, got;
    LimitsProgress all = limits_run_watched(db, sql, 50, 0, &want);
    LimitsProgress scan = limits_run_bare(db, 50);
    ck_assert_int_eq(want.rc, SQLITE_OK);
    int64_t beyond = all.calls > scan.calls ? all.calls - scan.calls : 0;
    for (int i = 0; i < 40; i++) {
        int64_t at = i < 20 ? 1 + scan.calls * i / 20 : scan.calls + beyond * (i - 20) / 20;
        limits_run_watched(db, sql, 50, at, &got);
        ck_assert_msg(got.rc == SQLITE_INTERRUPT || ops_same(&got, &want), "%s\n  stopped at call %d"
                      " of %d gives %d, %d rows: %s", sql, (int)at, (int)all.calls, got.rc,
                      (int)got.n_rows, got.message);
        limits_expect_free(db);
    }
    limits_run_watched(db, sql, 50, 1, &got);
    ck_assert_int_eq(got.rc, SQLITE_INTERRUPT);
    OpsResult again = ops_run(db, sql);
    ck_assert(ops_same(&again, &want));
    db_close(db);
}
END_TEST

/* The aggregate gives one row, so whatever comes after the scan is its fit. */
START_TEST(fits_ask_the_progress_handler) {
    sqlite3 *db = limits_open(20000, 200000);
    OpsResult result;
    LimitsProgress scan = limits_run_bare(db, 1000);
    LimitsProgress fit = limits_run_watched(db, limits_readers[3], 1000, 0, &result);
    int64_t n = fit.calls - scan.calls;
    ck_assert_int_eq(result.rc, SQLITE_OK);
    ck_assert_msg(n >= 10, "asked %d times during the fit", (int)n);
    printf("a handler of 1000 steps is asked %d times during the fit of 20,000 customers\n", (int)n);
    db_close(db);
}
END_TEST

/* ---- How soon an interrupt is answered ---- */

/* In seconds of the processor that the interrupted thread takes, so that a busy machine changes nothing. */
#if defined(__SANITIZE_ADDRESS__)
#define LIMITS_ANSWER 0.4
#else
#define LIMITS_ANSWER 0.1
#endif
enum { LIMITS_MOMENTS = 12, LIMITS_MOMENTS_LONG = 100 };

/* In short; the full sweep has every report of retain_help. */
enum { LIMITS_LONG_MAX = 100 };
static char *limits_long[LIMITS_LONG_MAX] = {
    "SELECT sum(retained) FROM retention_rate('orders', 'day')",
    "SELECT count(churn_probability) FROM churn_candidates('orders', 90, 0)",
    "SELECT count(predicted_clv) FROM clv('orders')",
};
enum { LIMITS_SHORT = 3 };
static int limits_n_long = LIMITS_SHORT;

/* Before any test runs, so nothing is asserted. */
static void limits_read_long(void) {
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    sqlite3_open(":memory:", &db);
    sqlite3_enable_load_extension(db, 1);
    db_load(db, NULL, NULL);
    sqlite3_prepare_v2(db, "SELECT printf('SELECT count(*) FROM (%s)', example) FROM retain_help WHERE kind = 'table' AND"
                           " example LIKE '%(''orders''%'", -1, &stmt, NULL);
    while (sqlite3_step(stmt) == SQLITE_ROW && limits_n_long < LIMITS_LONG_MAX)
        limits_long[limits_n_long++] = strdup((const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

/* 300,000 customers with gaps of their own who all come back until the end, so that a model without attrition
 * fits best and its fit has to look for long. */
static void limits_fill_faithful(sqlite3 *db) {
    db_exec(db, "BEGIN; CREATE TABLE orders(customer_id, order_date, amount, channel);"
                "WITH RECURSIVE c(i, h) AS (VALUES (0, 1) UNION ALL SELECT i + 1, (h * 69069 + 1234567) & 4294967295"
                " FROM c WHERE i < 1799999), n AS (SELECT i %% 300000 AS n, i / 300000 AS k, h >> 8 AS h FROM c),"
                " gap AS (SELECT n, k, h, 3 + n * 31 %% 397 AS gap FROM n),"
                " day AS (SELECT n, n * 7919 %% 700 + k * gap + h %% (1 + gap / 2) AS day, h FROM gap)"
                " INSERT INTO orders SELECT n, 1600000000 + 86400 * day, 5 + h %% 1000 / 100.0, 'channel ' || n %% 3"
                " FROM day WHERE day < 1000; COMMIT");
}

static double limits_seconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

typedef struct LimitsMoment {
    sqlite3 *db;
    clockid_t clock;  /* of the thread that is interrupted */
    double at, seen;  /* when to interrupt, and when that was done; 0: never */
    int done;         /* an atomic flag */
} LimitsMoment;

static void *limits_interrupt_once(void *pointer) {
    LimitsMoment *moment = pointer;
    while (!__atomic_load_n(&moment->done, __ATOMIC_ACQUIRE)) {
        if (limits_seconds(moment->clock) < moment->at) {
            usleep(100);
            continue;
        }
        sqlite3_interrupt(moment->db);
        moment->seen = limits_seconds(moment->clock);
        break;
    }
    return NULL;
}

/* Seconds from the interrupt, which comes after so many, to the end; -1 when the statement had ended before. */
static double limits_answer(sqlite3 *db, const char *sql, double after, const OpsResult *want) {
    LimitsMoment moment = {.db = db};
    pthread_t thread;
    pthread_getcpuclockid(pthread_self(), &moment.clock);
    moment.at = limits_seconds(moment.clock) + after;
    ck_assert_int_eq(pthread_create(&thread, NULL, limits_interrupt_once, &moment), 0);
    OpsResult got = ops_run(db, sql);
    double end = limits_seconds(moment.clock);
    __atomic_store_n(&moment.done, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    ck_assert_msg(got.rc == SQLITE_INTERRUPT || ops_same(&got, want), "%s gives %d: %s", sql, got.rc, got.message);
    limits_expect_free(db);
    return got.rc == SQLITE_INTERRUPT ? end - moment.seen : -1;
}

static double limits_cost(sqlite3 *db, const char *sql, OpsResult *result) {
    double start = limits_seconds(CLOCK_THREAD_CPUTIME_ID);
    *result = ops_run(db, sql);
    ck_assert_msg(result->rc == SQLITE_OK, "%s: %s", sql, result->message);
    return limits_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
}

/* Half of the moments are anywhere, half after the last row was read: in counting, sorting and fitting. */
START_TEST(an_interrupt_is_answered_soon) {
    const char *sql = limits_long[_i];
    sqlite3 *db = db_open(NULL);
    OpsResult want, bare;
    uint64_t random = (uint64_t)_i + 1;
    int n = ops_long() && _i < LIMITS_SHORT ? LIMITS_MOMENTS_LONG : LIMITS_MOMENTS, n_stopped = 0;
    double longest = 0;
    limits_fill_faithful(db);
    limits_run_bare(db, 1000);
    double scan = limits_cost(db, limits_bare, &bare), all = limits_cost(db, sql, &want);
    if (scan > 0.9 * all) scan = 0.9 * all;
    for (int i = 0; i < n; i++) {
        double share = (double)(db_random(&random) >> 11) * 0x1p-53;
        double after = i % 2 ? 0.002 + share * (all - 0.002) : scan + share * (all - scan);
        double answer = limits_answer(db, sql, after, &want);
        n_stopped += answer >= 0;
        longest = fmax(longest, answer);
    }
    printf("%s, %.0f ms (the rows alone %.0f): %d of %d interrupts in time, answered after %.1f ms at most\n", sql,
           1e3 * all, 1e3 * scan, n_stopped, n, 1e3 * longest);
    ck_assert_msg(longest <= LIMITS_ANSWER, "%s: an interrupt is answered after %.0f ms", sql, 1e3 * longest);
    ck_assert_int_ge(n_stopped, _i < LIMITS_SHORT ? n / 3 : 1); /* some of the others take but a moment */
    OpsResult again = ops_run(db, sql);
    ck_assert(ops_same(&again, &want));
    db_close(db);
}
END_TEST

/* ---- Authorizers ---- */

typedef struct LimitsRule {
    int action;
    const char *a, *b; /* of what is asked; NULL: any */
    int answer, allowed; /* after so many that are allowed */
} LimitsRule;

static int limits_authorize(void *pointer, int action, const char *a, const char *b,
                            const char *schema, const char *view) {
    LimitsRule *rule = pointer;
    (void)schema;
    (void)view;
    if (action != rule->action || (rule->a && (!a || strcmp(a, rule->a) != 0)) ||
        (rule->b && (!b || strcmp(b, rule->b) != 0)))
        return SQLITE_OK;
    return rule->allowed-- > 0 ? SQLITE_OK : rule->answer;
}

START_TEST(what_the_authorizer_denies_is_denied) {
    static const struct { LimitsRule rule; const char *words; } cases[] = {
        {{SQLITE_READ, "orders", NULL, SQLITE_DENY, 0}, "prohibited"},
        {{SQLITE_READ, "orders", "customer_id", SQLITE_DENY, 0}, "orders.customer_id is prohibited"},
        {{SQLITE_READ, "orders", "order_date", SQLITE_DENY, 0}, "orders.order_date is prohibited"},
        {{SQLITE_READ, "orders", "amount", SQLITE_DENY, 0}, "orders.amount is prohibited"},
        {{SQLITE_FUNCTION, NULL, "retain_sink", SQLITE_DENY, 0},
         "not authorized to use function: retain_sink"}, /* for a function SQLite says so with SQLITE_ERROR */
        {{SQLITE_FUNCTION, NULL, "retain_sink", SQLITE_IGNORE, 0},
         "not authorized to use function: retain_sink"},
        {{SQLITE_SELECT, NULL, NULL, SQLITE_DENY, 0}, "not authorized"},
        {{SQLITE_SELECT, NULL, NULL, SQLITE_DENY, 1}, "not authorized"},
        {{SQLITE_SELECT, NULL, NULL, SQLITE_DENY, 2}, "not authorized"},
        {{SQLITE_SELECT, NULL, NULL, SQLITE_DENY, 3}, "not authorized"}};
    sqlite3 *db = limits_open(300, 3000);
    for (int reader = 0; reader < 3; reader++) {
        OpsResult want = ops_run(db, limits_readers[reader]);
        for (int i = 0; i < COUNT(cases); i++) {
            LimitsRule rule = cases[i].rule;
            sqlite3_set_authorizer(db, limits_authorize, &rule);
            OpsResult got = ops_run(db, limits_readers[reader]);
            sqlite3_set_authorizer(db, NULL, NULL);
            bool last = rule.allowed > 0; /* there was no such question */
            int code = rule.action == SQLITE_FUNCTION && rule.answer == SQLITE_DENY ? SQLITE_ERROR
                                                                                    : SQLITE_AUTH;
            bool right = last ? ops_same(&got, &want)
                              : got.rc == code && strstr(got.message, cases[i].words);
            ck_assert_msg(right, "%s\n  case %d gives %d: %s", limits_readers[reader], i, got.rc,
                          got.message);
            limits_expect_free(db);
        }
        OpsResult again = ops_run(db, limits_readers[reader]);
        ck_assert(ops_same(&again, &want));
    }
    db_close(db);
}
END_TEST

/* PRAGMA only helps: to find a word for a misspelt table, and to tell a key from an order's number. */
START_TEST(a_denied_pragma_changes_no_figure) {
    sqlite3 *db = limits_open(300, 3000);
    db_exec(db, "CREATE TABLE keyed(order_id INTEGER PRIMARY KEY, customer_id, order_date, amount);"
                "INSERT INTO keyed SELECT rowid, * FROM orders; UPDATE keyed SET amount = -amount"
                " WHERE order_id %% 9 = 0");
    char *rows = db_rows(db, "SELECT * FROM retention_rate('keyed')");
    LimitsRule rule = {.action = SQLITE_PRAGMA, .answer = SQLITE_DENY};
    sqlite3_set_authorizer(db, limits_authorize, &rule);
    db_expect(db, "SELECT * FROM retention_rate('keyed')", rows);
    db_expect_error(db, "SELECT * FROM clv('order')", SQLITE_ERROR, "no table or view 'order'");
    rule = (LimitsRule){.action = SQLITE_READ, .a = "pragma_table_info", .answer = SQLITE_DENY};
    db_expect(db, "SELECT * FROM retention_rate('keyed')", rows);
    sqlite3_set_authorizer(db, NULL, NULL);
    free(rows);
    db_close(db);
}
END_TEST

/* Whether it is a table or a view is only asked for advice: where the schema does not tell, it is that for a view. */
START_TEST(a_denied_schema_changes_no_figure) {
    sqlite3 *db = limits_open(300, 3000);
    db_exec(db, "INSERT INTO orders SELECT * FROM orders LIMIT 1; UPDATE orders SET amount = '1,200' WHERE rowid = 1;"
                "CREATE VIEW seen AS SELECT * FROM orders");
    static const char figures[] = "SELECT check_name, rows, customers, example FROM data_quality('%s')",
                      advice[] = "SELECT replace(fix, 'seen', 'orders') FROM data_quality('%s') WHERE rows";
    char *rows = db_rows(db, figures, "orders"), *open = db_rows(db, advice, "orders"), *view = db_rows(db, advice, "seen");
    LimitsRule rule = {.action = SQLITE_READ, .a = "sqlite_master", .answer = SQLITE_DENY};
    sqlite3_set_authorizer(db, limits_authorize, &rule);
    char *same = db_rows(db, figures, "orders"), *denied = db_rows(db, advice, "orders");
    sqlite3_set_authorizer(db, NULL, NULL);
    ck_assert_str_eq(same, rows);
    ck_assert_str_ne(open, view);
    ck_assert_str_eq(denied, view);
    char *all[] = {rows, open, view, same, denied};
    for (int i = 0; i < COUNT(all); i++) free(all[i]);
    db_close(db);
}
END_TEST

/* SQLite reads an ignored column as NULL: without amounts there is no money, without customers nobody, and
 * without dates an error. */
START_TEST(ignored_columns_are_null) {
    sqlite3 *db = limits_open(300, 3000);
    LimitsRule rule = {.action = SQLITE_READ, .a = "orders", .b = "amount", .answer = SQLITE_IGNORE};
    sqlite3_set_authorizer(db, limits_authorize, &rule);
    db_expect(db, "SELECT count(*), sum(historic_clv), max(amount_column) FROM clv('orders')",
              "300|0.0|amount");
    rule.b = "customer_id";
    db_expect(db, "SELECT count(*) FROM clv('orders')", "0");
    rule.b = "order_date";
    db_expect_error(db, "SELECT * FROM clv('orders')", SQLITE_ERROR, "row 1: NULL is not a date");
    sqlite3_set_authorizer(db, NULL, NULL);
    db_close(db);
}
END_TEST

/* ---- Memory ---- */

START_TEST(a_hard_heap_limit_ends_in_nomem) {
    const char *sql = limits_readers[_i];
    sqlite3 *db = limits_open(2000, 20000);
    OpsResult want = ops_run(db, sql);
    int n_failed = 0, n = 0;
    for (int64_t room = 1000; n == 0; room += room / 3) {
        sqlite3_hard_heap_limit64(sqlite3_memory_used() + room);
        OpsResult got = ops_run(db, sql);
        sqlite3_hard_heap_limit64(0);
        ck_assert_msg(got.rc == SQLITE_NOMEM || ops_same(&got, &want), "%s\n  with %d bytes gives %d:"
                      " %s", sql, (int)room, got.rc, got.message);
        n_failed += got.rc == SQLITE_NOMEM;
        n += got.rc == SQLITE_OK;
        limits_expect_free(db);
    }
    ck_assert_int_gt(n_failed, 3);
    sqlite3_soft_heap_limit64(1000); /* a soft one is but a wish */
    OpsResult got = ops_run(db, sql);
    sqlite3_soft_heap_limit64(0);
    ck_assert(ops_same(&got, &want));
    db_close(db);
}
END_TEST

/* Bytes at the peak of a query, beyond what was in use before it: at most per_customer for each customer,
 * per_row for each row, LIMITS_PAGE_ROW for each row of 1024 customers, who are sorted at a time, and
 * LIMITS_CONSTANT.  Text ids of more than 16 bytes cost their own. */
enum { LIMITS_CONSTANT = 128 * 1024, LIMITS_PAGE_ROW = 40, LIMITS_PAGE_CUSTOMERS = 1024 };

static const struct { const char *id; int n_customers, n_rows, id_bytes; } limits_shops[] = {
    {"n", 20000, 200000, 0},
    {"n", 60000, 60000, 0},
    {"n", 50, 200000, 0},
    {"n * 1000003 - 500", 20000, 60000, 0},
    {"n * 1000003 - 500", 23000, 23000, 0}, /* just too many for the hash table of 32768 */
    {"'customer' || n", 20000, 60000, 0},
    {"printf('the customer with the number %40d', n)", 20000, 60000, 72},
};

static const struct { const char *sql; int per_customer, per_row; } limits_peaks[] = {
    {"SELECT count(*) FROM retention_rate('orders')", 64, 16},
    {"SELECT count(*) FROM clv('orders')", 144, 16},
    {"SELECT count(*) FROM churn_candidates('orders', 90, 0)", 144, 16},
};

static void limits_expect_peak(sqlite3 *db, int shop, int peak) {
    int64_t customers = limits_shops[shop].n_customers, rows = limits_shops[shop].n_rows;
    int64_t most = customers * (limits_peaks[peak].per_customer + limits_shops[shop].id_bytes) +
                   rows * limits_peaks[peak].per_row + LIMITS_CONSTANT +
                   (customers < LIMITS_PAGE_CUSTOMERS ? rows : rows * LIMITS_PAGE_CUSTOMERS / customers) *
                       LIMITS_PAGE_ROW;
    free(db_rows(db, "%s", limits_peaks[peak].sql)); /* what SQLite keeps is kept now */
    sqlite3_int64 before = sqlite3_memory_used();
    sqlite3_memory_highwater(1);
    free(db_rows(db, "%s", limits_peaks[peak].sql));
    int64_t used = sqlite3_memory_highwater(0) - before;
    printf("%lld customers, %lld rows, id %s: %.2f MB, at most %.2f, of %s\n", (long long)customers,
           (long long)rows, limits_shops[shop].id, (double)used / 1e6, (double)most / 1e6,
           limits_peaks[peak].sql);
    ck_assert_msg(used <= most, "%s takes %lld bytes for %lld customers and %lld rows",
                  limits_peaks[peak].sql, (long long)used, (long long)customers, (long long)rows);
    ck_assert_int_eq(sqlite3_memory_used(), before);
}

START_TEST(memory_is_bounded_by_customers_and_rows) {
    sqlite3 *db = db_open(NULL);
    limits_fill(db, limits_shops[_i].id, limits_shops[_i].n_customers, limits_shops[_i].n_rows);
    for (int peak = 0; peak < COUNT(limits_peaks); peak++) limits_expect_peak(db, _i, peak);
    db_close(db);
}
END_TEST

/* ---- The stack ---- */

enum { LIMITS_STACK = 256 * 1024, LIMITS_STACK_BYTE = 0xA5 };

typedef struct LimitsThread {
    sqlite3 *db;
    const char *sql;
    OpsResult result;
} LimitsThread;

static void *limits_run_in_thread(void *pointer) {
    LimitsThread *thread = pointer;
    thread->result = ops_run(thread->db, thread->sql);
    return NULL;
}

/* The bytes of the stack that a thread has touched. */
static size_t limits_run_on_stack(LimitsThread *work, char *stack) {
    pthread_attr_t attr;
    pthread_t thread;
    size_t untouched = 0;
    memset(stack, LIMITS_STACK_BYTE, LIMITS_STACK);
    ck_assert_int_eq(pthread_attr_init(&attr), 0);
    ck_assert_int_eq(pthread_attr_setstack(&attr, stack, LIMITS_STACK), 0);
    ck_assert_int_eq(pthread_create(&thread, &attr, limits_run_in_thread, work), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attr);
    while (untouched < LIMITS_STACK && (unsigned char)stack[untouched] == LIMITS_STACK_BYTE) untouched++;
    return LIMITS_STACK - untouched;
}

START_TEST(everything_runs_on_a_small_stack) {
    sqlite3 *db = db_open(NULL);
    int n_ops = 0;
    const char *const *ops = ops_list(db, &n_ops);
    size_t most = 0;
    void *stack = NULL;
    ck_assert(n_ops > 0 && posix_memalign(&stack, 65536, LIMITS_STACK) == 0);
    ops_make_tables(db);
    db_exec(db, "CREATE VIEW t1 AS SELECT customer_id, order_date, amount FROM orders");
    for (int i = 2; i < 9; i++) /* eight calls deep with the one that begins */
        db_exec(db, "CREATE VIEW t%d AS SELECT customer_id, first_order_date AS order_date,"
                " historic_clv AS amount FROM clv('t%d')", i, i - 1);
    for (int i = -1; i < n_ops; i++) {
        LimitsThread work = {.db = db, .sql = i < 0 ? "SELECT * FROM churn_candidates('t8')" : ops[i]};
        OpsResult want = ops_run(db, work.sql);
        size_t used = limits_run_on_stack(&work, stack);
        ck_assert_msg(ops_same(&work.result, &want), "%s gives %d: %s", work.sql, work.result.rc,
                      work.result.message);
        if (used > most) most = used;
        if (i < 0) printf("eight calls deep: %zu bytes of stack\n", used);
    }
    printf("most of all: %zu bytes of stack\n", most);
    free(stack);
    db_close(db);
}
END_TEST

/* ---- Limits of SQLite ---- */

START_TEST(lowered_limits_are_kept) {
    static const struct { int id; bool fails; const char *name; } limits[] = {
        {SQLITE_LIMIT_LENGTH, true, "length"},
        {SQLITE_LIMIT_SQL_LENGTH, true, "sql_length"},
        {SQLITE_LIMIT_COLUMN, true, "column"},
        {SQLITE_LIMIT_EXPR_DEPTH, false, "expr_depth"},
        {SQLITE_LIMIT_COMPOUND_SELECT, false, "compound_select"},
        {SQLITE_LIMIT_VDBE_OP, false, "vdbe_op"},
        {SQLITE_LIMIT_FUNCTION_ARG, true, "function_arg"},
        {SQLITE_LIMIT_ATTACHED, false, "attached"},
        {SQLITE_LIMIT_VARIABLE_NUMBER, false, "variable_number"}};
    static const int values[] = {1, 2, 3, 5, 10, 20, 30, 40, 50, 70, 100, 150, 200, 300, 500, 1000};
    static const char *const more[] = {
        "SELECT * FROM clv('order')", "SELECT count(*) FROM retain_help",
        "SELECT count(*) FROM retention_rate('keyed') WHERE segment_column = 'customer_id'"};
    int n_failed = 0;
    for (int v = 0; v < COUNT(values); v++) {
        sqlite3 *db = limits_open(60, 600);
        db_exec(db, "CREATE TABLE keyed(order_id PRIMARY KEY, customer_id, order_date, amount); INSERT"
                    " INTO keyed SELECT 'an order with the number ' || rowid, * FROM orders");
        for (int i = 0; i < COUNT(limits_readers) + COUNT(more); i++) {
            const char *sql = i < COUNT(more) ? more[i] : limits_readers[i - COUNT(more)];
            int before = sqlite3_limit(db, limits[_i].id, values[v]);
            OpsResult got = ops_run(db, sql);
            sqlite3_limit(db, limits[_i].id, before);
            OpsResult want = ops_run(db, sql);
            ck_assert_msg(got.rc != SQLITE_OK ? got.message[0] != 0 : ops_same(&got, &want),
                          "%s\n  with %s %d gives %d, %d rows: %s", sql, limits[_i].name, values[v],
                          got.rc, (int)got.n_rows, got.message);
            n_failed += got.rc != SQLITE_OK && !ops_same(&got, &want);
        }
        limits_expect_free(db);
        db_close(db);
    }
    ck_assert_msg(n_failed > 0 || !limits[_i].fails, "%s", limits[_i].name);
}
END_TEST

/* ---- Names and ids ---- */

START_TEST(names_of_ten_thousand_characters) {
    enum { LENGTH = 10000 };
    sqlite3 *db = db_open(NULL);
    char *name = calloc(1, LENGTH + 1);
    memset(name, 'x', LENGTH);
    db_exec(db, "CREATE TABLE \"%w\"(\"%wc\", \"%wd\", \"%wa\"); INSERT INTO \"%w\" VALUES (1,"
            " '2024-01-05', 3), (1, '2024-02-05', 4)", name, name, name, name, name);
    char *sql = sqlite3_mprintf("SELECT retained, length(source) FROM retention_rate(%Q) WHERE"
                                " customer_column = '%qc' AND date_column = '%qd' AND amount_column ="
                                " '%qa' LIMIT 1 OFFSET 1", name, name, name, name);
    db_expect(db, sql, "1|10000");
    sqlite3_free(sql);
    sql = sqlite3_mprintf("SELECT * FROM clv(%Q)", name);
    db_expect_error(db, sql, SQLITE_ERROR, "cannot find the customer column");
    sqlite3_free(sql);
    sql = sqlite3_mprintf("SELECT * FROM clv('%qy')", name);
    db_expect_error(db, sql, SQLITE_ERROR, "no table or view 'xxx");
    sqlite3_free(sql);
    sql = sqlite3_mprintf("SELECT * FROM clv(%Q) WHERE customer_column = '%qz' AND schema = '%q'", name,
                          name, name);
    db_expect_error(db, sql, SQLITE_ERROR, "there is no attached database");
    sqlite3_free(sql);
    free(name);
    db_close(db);
}
END_TEST

static int limits_run_bound(sqlite3 *db, const char *sql, const char *text, int n, char *message) {
    sqlite3_stmt *stmt = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    sqlite3_bind_text(stmt, 1, text, n, SQLITE_STATIC);
    int rc = sqlite3_step(stmt);
    snprintf(message, 512, "%s", sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    return rc;
}

START_TEST(names_with_nul_and_broken_utf8) {
    static const char *const asked[] = {
        "SELECT * FROM clv(?1)", "SELECT * FROM clv('orders') WHERE customer_column = ?1",
        "SELECT * FROM clv('orders') WHERE schema = ?1", "SELECT * FROM retention_rate('orders', ?1)",
        "SELECT * FROM clv('orders') WHERE on_error = ?1", "SELECT * FROM retain_help(?1)"};
    sqlite3 *db = limits_open(60, 600);
    char message[512];
    for (int i = 0; i < COUNT(asked); i++) {
        int rc = limits_run_bound(db, asked[i], "orders\0x", 8, message);
        ck_assert_msg(rc == SQLITE_ERROR && strstr(message, "must not hold a NUL"), "%s: %d %s",
                      asked[i], rc, message);
        rc = limits_run_bound(db, asked[i], "\xC3\x28\xF0\x9F\xFF", 5, message);
        ck_assert_msg(rc == SQLITE_ERROR && message[0], "%s: %d %s", asked[i], rc, message);
    }
    /* A table may have such a name, and a column too. */
    db_exec(db, "CREATE TABLE \"t\xC3\x28\"(customer_id, order_date, \"\xFF\"); INSERT INTO"
                " \"t\xC3\x28\" VALUES (1, '2024-01-05', 3)");
    int rc = limits_run_bound(db, "SELECT * FROM clv('t\xC3\x28') WHERE amount_column = ?1", "\xFF", 1,
                              message);
    ck_assert_msg(rc == SQLITE_ROW, "%d %s", rc, message);
    db_close(db);
}
END_TEST

/* Ids are told apart as GROUP BY does, whatever their bytes, and come out as they went in. */
START_TEST(ids_at_the_edge) {
    static const char *const ids[] = {
        "9223372036854775807", "-9223372036854775808", "9223372036854775806", "9007199254740992",
        "9007199254740993", "-1", "0", "9223372036854775807.0", "-9223372036854775808.0", "1e308",
        "-1e308", "9e999", "-9e999", "5e-324", "-0.0", "CAST(x'610062' AS TEXT)",
        "CAST(x'610063' AS TEXT)", "CAST(x'61' AS TEXT)", "x'610062'", "CAST(x'C328FF' AS TEXT)",
        "CAST(x'C329FF' AS TEXT)", "x'00'", "x'0000'", "CAST(x'00' AS TEXT)", "' '", "'-1'",
        "hex(zeroblob(5000))", "hex(zeroblob(5000)) || '1'", "zeroblob(20000)", "x''", "4294967296",
        "-4294967296", "2147483648"};
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount)");
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < COUNT(ids); i++)
            db_exec(db, "INSERT INTO orders VALUES (%s, date('2024-01-05', '%d days'), %d)", ids[i],
                    round * 3, i + 1);
    static const char *const counts[] = {
        "clv('orders')", "churn_candidates('orders', 90, 0)",
        "(SELECT DISTINCT segment AS customer_id FROM retention_rate('orders') WHERE segment_column ="
        " 'customer_id')"};
    for (int i = 0; i < COUNT(counts); i++) {
        char *sql = sqlite3_mprintf("SELECT count(*) FROM %s", counts[i]);
        db_expect_same(db, sql, "SELECT count(DISTINCT customer_id) FROM orders WHERE customer_id <>"
                                " '' AND customer_id <> x''");
        sqlite3_free(sql);
    }
    db_expect_same(db, "SELECT typeof(customer_id), hex(customer_id), customer_id, historic_clv FROM"
                       " clv('orders') ORDER BY 1, customer_id",
                   "SELECT typeof(customer_id), hex(customer_id), customer_id, sum(amount) * 1.0 FROM"
                   " orders WHERE customer_id <> '' AND customer_id <> x'' GROUP BY customer_id ORDER"
                   " BY 1, customer_id");
    db_close(db);
}
END_TEST

/* ---- Amounts ---- */

/* No column of a result is infinite; SQLite itself turns NaN into NULL. */
static void limits_expect_finite(sqlite3 *db, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), n = 0;
    ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    for (; (rc = sqlite3_step(stmt)) == SQLITE_ROW; n++)
        for (int col = 0; col < sqlite3_column_count(stmt); col++)
            if (sqlite3_column_type(stmt, col) == SQLITE_FLOAT &&
                !isfinite(sqlite3_column_double(stmt, col)))
                ck_abort_msg("%s: %s is not finite", sql, sqlite3_column_name(stmt, col));
    ck_assert_msg(rc == SQLITE_DONE && n > 0, "%s: %d rows, then %d %s", sql, n, rc,
                  sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
}

START_TEST(no_amount_makes_a_result_infinite) {
    static const char *const amounts[] = {
        "1e308", "CASE i % 3 WHEN 0 THEN -1e308 ELSE 1e308 END", "1.7e308 * (1 - i % 2 * 2)",
        "5e-324", "CASE WHEN n = 7 THEN 1e308 ELSE 1 END", "CASE i % 2 WHEN 0 THEN 1e300 ELSE 1e-300"
        " END", "9223372036854775807", "-1", "0", "NULL", "1e154 * (1 + i % 7)",
        "CASE WHEN n % 2 THEN 1e-310 ELSE 1e305 END"};
    static const char *const asked[] = {
        "SELECT * FROM clv('shop')", "SELECT * FROM clv('shop', 36500, 0, 10)",
        "SELECT * FROM clv('shop', 1, 10, -10, 'bgnbd')", "SELECT * FROM clv('shop', 365, 1e-300)",
        "SELECT * FROM churn_candidates('shop', 3650, 0)",
        "SELECT * FROM churn_candidates('shop', 1, 0, 'bgnbd')",
        "SELECT * FROM retention_rate('shop', 'week') WHERE confidence = 1e-300",
        "SELECT * FROM retention_rate('shop') WHERE confidence = 0.9999999999999999",
        "SELECT clv(customer_id, order_date, amount, 36500, 0) FROM shop"};
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE shop(customer_id, order_date, amount); INSERT INTO shop VALUES ('base',"
                " '2024-01-01', 1);"
                "WITH RECURSIVE c(i, n) AS (VALUES (0, 0) UNION ALL SELECT i + 1, (i + 1) * 13 %% 60"
                " FROM c WHERE i < 600) INSERT INTO shop SELECT n, 1700000000 + 86400 * (n %% 50 + i / 60"
                " * (1 + n %% 9)), %s FROM c WHERE i / 60 <= n %% 11; DELETE FROM shop WHERE customer_id"
                " = 'base'", amounts[_i]);
    for (int i = 0; i < COUNT(asked); i++) {
        bool nobody = strcmp(amounts[_i], "-1") == 0;
        if (!nobody) limits_expect_finite(db, asked[i]);
        else if (!strstr(asked[i], "SELECT clv")) free(db_rows(db, "%s", asked[i]));
    }
    db_close(db);
}
END_TEST

START_TEST(sums_that_overflow_are_null) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE shop(customer_id, order_date, amount); INSERT INTO shop VALUES"
                " (1, '2024-01-05', 1e308), (1, '2024-02-05', 1e308), (1, '2024-03-05', 1e308),"
                " (2, '2024-01-05', 1e308), (2, '2024-01-05', -1e308), (2, '2024-02-05', 3)");
    db_expect(db, "SELECT customer_id, historic_clv, total_clv IS NULL, monetary_value FROM clv('shop')"
                  " ORDER BY customer_id", "1|NULL|1|NULL\n2|3.0|1|NULL");
    db_expect(db, "SELECT customer_id, historic_value FROM churn_candidates('shop', 90, 0) ORDER BY"
                  " customer_id", "1|NULL\n2|3.0");
    db_exec(db, "INSERT INTO shop VALUES (3, '2024-01-05', 9e999)");
    db_expect_error(db, "SELECT * FROM clv('shop')", SQLITE_ERROR,
                    "clv: row 7: amount Inf is not a finite number");
    db_expect(db, "SELECT count(*), max(rows_skipped) FROM clv('shop') WHERE on_error = 'skip'", "2|1");
    db_expect_error(db, "SELECT clv(customer_id, order_date, -amount) FROM shop", SQLITE_ERROR,
                    "amount -Inf is not a finite number");
    db_close(db);
}
END_TEST

/* ---- Schemas and transactions ---- */

START_TEST(generated_columns_are_columns) {
    sqlite3 *db = limits_open(200, 2000);
    db_exec(db, "CREATE TABLE lines(client, at, pieces, piece, customer_id AS (client) STORED,"
                " order_date TEXT AS (date(at, 'unixepoch')) VIRTUAL, amount AS (pieces * piece) VIRTUAL);"
                "INSERT INTO lines(client, at, pieces, piece) SELECT customer_id, order_date, 2,"
                " amount / 2 FROM orders");
    static const char *const asked[] = {
        "SELECT * FROM clv('%s')", "SELECT * FROM churn_candidates('%s', 90, 0)",
        "SELECT * FROM retention_rate('%s')"};
    for (int i = 0; i < COUNT(asked); i++) {
        char *sql = sqlite3_mprintf(asked[i], "lines"), *other = sqlite3_mprintf(asked[i], "orders");
        db_expect_same(db, sql, other);
        sqlite3_free(sql);
        sqlite3_free(other);
    }
    db_close(db);
}
END_TEST

START_TEST(a_transaction_is_seen_and_forgotten) {
    static const char sql[] = "SELECT count(*), sum(historic_clv) FROM clv('orders')";
    sqlite3 *db = limits_open(50, 500);
    char *before = db_rows(db, "%s", sql);
    db_exec(db, "BEGIN; SAVEPOINT a; INSERT INTO orders VALUES ('new', 1700000000, 1000)");
    char *inside = db_rows(db, "%s", sql);
    ck_assert_str_ne(before, inside);
    db_exec(db, "SAVEPOINT b; DELETE FROM orders");
    db_expect(db, sql, "0|NULL");
    db_exec(db, "ROLLBACK TO b");
    db_expect(db, sql, inside);
    db_exec(db, "ROLLBACK TO a");
    db_expect(db, sql, before);
    db_exec(db, "ALTER TABLE orders RENAME TO sales; ALTER TABLE sales RENAME COLUMN customer_id TO x");
    db_expect_error(db, sql, SQLITE_ERROR, "no table or view 'orders'");
    db_exec(db, "ROLLBACK");
    db_expect(db, sql, before);
    free(before);
    free(inside);
    db_close(db);
}
END_TEST

START_TEST(the_schema_may_change_under_an_open_cursor) {
    static const char *const changes[] = {
        "ALTER TABLE orders RENAME COLUMN amount TO total", "ALTER TABLE orders ADD COLUMN note",
        "ALTER TABLE orders RENAME TO sales", "CREATE INDEX i ON sales(customer_id, order_date, total)",
        "ANALYZE", "CREATE TABLE orders(customer_id, order_date); INSERT INTO orders VALUES (1,"
        " '2024-01-01')", "CREATE TEMP TABLE orders(customer_id, order_date)", "REINDEX",
        "ATTACH ':memory:' AS other; CREATE TABLE other.orders(x)"};
    sqlite3 *db = limits_open(50, 500);
    sqlite3_stmt *stmt = NULL;
    int n = 0, rc;
    OpsResult want = ops_run(db, "SELECT * FROM clv('orders')");
    sqlite3_prepare_v2(db, "SELECT * FROM clv('orders')", -1, &stmt, NULL);
    for (; (rc = sqlite3_step(stmt)) == SQLITE_ROW; n++)
        if (n < COUNT(changes)) db_exec(db, "%s", changes[n]);
    ck_assert_int_eq(rc, SQLITE_DONE);
    ck_assert_int_eq(n, want.n_rows);
    sqlite3_reset(stmt);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_DONE); /* now it is the temporary table, an empty one */
    sqlite3_finalize(stmt);
    db_expect(db, "SELECT count(*) FROM clv('main.orders')", "1");
    db_expect(db, "SELECT count(*) FROM clv('sales')", "50");
    db_exec(db, "DETACH other; DROP TABLE temp.orders; DROP TABLE sales; VACUUM");
    db_close(db);
}
END_TEST

START_TEST(schemas_with_tables_of_one_name) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "ATTACH ':memory:' AS a; ATTACH ':memory:' AS \"the b\"");
    static const char *const schemas[] = {"main", "a", "the b", "temp"};
    for (int i = 0; i < COUNT(schemas); i++) {
        db_exec(db, "CREATE TABLE \"%w\".orders(customer_id, order_date, amount)", schemas[i]);
        for (int c = 0; c <= i; c++)
            db_exec(db, "INSERT INTO \"%w\".orders VALUES (%d, '2024-01-05', 1)", schemas[i], c);
    }
    /* As SQLite looks names up: temp before main, main before what is attached. */
    db_expect_same(db, "SELECT count(*) FROM clv('orders')", "SELECT count(*) FROM orders");
    for (int i = 0; i < COUNT(schemas); i++) {
        int64_t by_name = db_int(db, "SELECT count(*) FROM clv('%q.orders')", schemas[i]);
        int64_t by_schema = db_int(db, "SELECT count(*) FROM clv('orders') WHERE schema = %Q", schemas[i]);
        ck_assert_msg(by_name == i + 1 && by_schema == i + 1, "%s: %d, %d", schemas[i], (int)by_name,
                      (int)by_schema);
    }
    db_exec(db, "CREATE TABLE a.only_a(customer_id, order_date); CREATE TABLE main.\"a.orders\""
                "(customer_id, order_date); DROP TABLE temp.orders");
    db_expect(db, "SELECT count(*) FROM clv('orders')", "1");
    db_expect(db, "SELECT count(*) FROM clv('a.orders')", "0"); /* a table of the whole name goes first */
    db_expect_error(db, "SELECT * FROM clv('only_a') WHERE schema = 'main'", SQLITE_ERROR,
                    "schema 'a' has one");
    db_exec(db, "DETACH a");
    db_expect_error(db, "SELECT * FROM clv('only_a')", SQLITE_ERROR, "no table or view 'only_a'");
    db_close(db);
}
END_TEST

int main(void) {
    if (ops_long()) limits_read_long();
    Suite *suite = suite_create("limits");
    TCase *tc = tcase_create("limits");
    tcase_set_timeout(tc, ops_long() ? 1800 : 240);
    tcase_add_loop_test(tc, another_thread_interrupts, 0, COUNT(limits_readers));
    tcase_add_loop_test(tc, progress_handlers_stop_rows_and_fits, 0, COUNT(limits_readers));
    tcase_add_test(tc, fits_ask_the_progress_handler);
    tcase_add_loop_test(tc, an_interrupt_is_answered_soon, 0, limits_n_long);
    tcase_add_test(tc, what_the_authorizer_denies_is_denied);
    tcase_add_test(tc, a_denied_pragma_changes_no_figure);
    tcase_add_test(tc, a_denied_schema_changes_no_figure);
    tcase_add_test(tc, ignored_columns_are_null);
    tcase_add_loop_test(tc, a_hard_heap_limit_ends_in_nomem, 0, COUNT(limits_readers));
    tcase_add_loop_test(tc, memory_is_bounded_by_customers_and_rows, 0, COUNT(limits_shops));
    tcase_add_test(tc, everything_runs_on_a_small_stack);
    tcase_add_loop_test(tc, lowered_limits_are_kept, 0, 9);
    tcase_add_test(tc, names_of_ten_thousand_characters);
    tcase_add_test(tc, names_with_nul_and_broken_utf8);
    tcase_add_test(tc, ids_at_the_edge);
    tcase_add_loop_test(tc, no_amount_makes_a_result_infinite, 0, 12);
    tcase_add_test(tc, sums_that_overflow_are_null);
    tcase_add_test(tc, generated_columns_are_columns);
    tcase_add_test(tc, a_transaction_is_seen_and_forgotten);
    tcase_add_test(tc, the_schema_may_change_under_an_open_cursor);
    tcase_add_test(tc, schemas_with_tables_of_one_name);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
