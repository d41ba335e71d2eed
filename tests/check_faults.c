/* check_faults.c - when an allocation or a read fails: SQLite's code or the right answer, no leak,
 * and the connection goes on.
 *
 * Every example of retain_help is run, so no function can be forgotten.  The n-th allocation (or
 * read) fails once, or it and all later ones fail, for n = 1, 2, 3 ... until none is left to fail.
 */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

enum { FAULTS_OPS_MAX = 128 };

static char faults_path[256], faults_path16[256];
static const char *faults_ops[FAULTS_OPS_MAX];
static int faults_n_ops;

/* What the examples do not reach: other ways through the code, and its errors. */
static const char *const faults_more[] = {
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
    /* errors */
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
    "SELECT * FROM clv('orders', 0)",
    "SELECT * FROM clv('orders') WHERE as_of = '2024-02-30'",
    "SELECT * FROM retain_help('clw')",
    "SELECT crr(1, 2, 3)",
    "SELECT wilson_low('x', 1)",
    "SELECT clv(customer_id, order_date, amount, rowid) FROM orders",
    "SELECT retention_rate(customer_id, 'x', '2024-01-01', '2024-02-01') FROM orders",
};

static const char faults_tables[] =
    "CREATE TABLE returns(customer_id, order_date, amount, order_no);"
    "INSERT INTO returns SELECT customer_id, order_date, amount, rowid % 97 FROM orders;"
    "CREATE TABLE texts(client, [when], total); INSERT INTO texts SELECT 'client number ' ||"
    " customer_id, order_date, amount FROM orders; INSERT INTO texts VALUES ('x', '2024-02-30', 1),"
    " ('y', '2024-01-01', 'z');"
    "CREATE TABLE two(customer_id, user_id, order_date);"
    "CREATE TABLE long(customer_id, order_date, amount); INSERT INTO long SELECT 'a customer with"
    " a name that is much longer than most ' || value, '2024-01-0' || value, value / 3.0 FROM"
    " json_each('[1,2,3,4,5]');"
    "CREATE TABLE lists(n, source); INSERT INTO lists VALUES (1, 'long'), (2, 'two'), (3, 'long');"
    "CREATE VIEW view AS SELECT customer_id AS buyer_id, order_date AS created_at, amount AS"
    " total FROM orders WHERE channel = 'web';"
    "CREATE VIEW loop AS SELECT customer_id, first_order_date AS order_date FROM clv('loop');"
    "CREATE VIEW broken AS SELECT nope FROM orders";

/* ---- An allocator that fails on demand ---- */

typedef struct Faults {
    int64_t calls, at;   /* fails at that call; 0: never */
    bool persistent;     /* and at all later ones */
    int64_t n_failed;
} Faults;

static Faults faults_memory, faults_reads;
static sqlite3_mem_methods faults_real;
static int64_t faults_blocks; /* in use */

static bool faults_now(Faults *faults) {
    faults->calls++;
    bool fail = faults->at > 0 && (faults->persistent ? faults->calls >= faults->at
                                                      : faults->calls == faults->at);
    faults->n_failed += fail;
    return fail;
}

static void *faults_malloc(int n) {
    void *memory = faults_now(&faults_memory) ? NULL : faults_real.xMalloc(n);
    faults_blocks += memory != NULL;
    return memory;
}

static void faults_free(void *memory) {
    faults_blocks--;
    faults_real.xFree(memory);
}

static void *faults_realloc(void *memory, int n) {
    return faults_now(&faults_memory) ? NULL : faults_real.xRealloc(memory, n);
}

static void faults_install_allocator(void) {
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &faults_real);
    sqlite3_mem_methods methods = faults_real;
    methods.xMalloc = faults_malloc;
    methods.xFree = faults_free;
    methods.xRealloc = faults_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* else small requests would never fail */
}

/* ---- A file system that fails on demand ---- */

typedef struct FaultsFile {
    sqlite3_file base;  /* first: SQLite's */
    sqlite3_file *real; /* behind this struct */
} FaultsFile;

static sqlite3_file *faults_file(sqlite3_file *file) {
    return ((FaultsFile *)(void *)file)->real;
}

static int faults_read(sqlite3_file *file, void *out, int n, sqlite3_int64 at) {
    if (faults_now(&faults_reads)) return SQLITE_IOERR_READ;
    return faults_file(file)->pMethods->xRead(faults_file(file), out, n, at);
}

static int faults_close(sqlite3_file *file) {
    return faults_file(file)->pMethods->xClose(faults_file(file));
}

static int faults_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at) {
    return faults_file(file)->pMethods->xWrite(faults_file(file), bytes, n, at);
}

static int faults_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return faults_file(file)->pMethods->xTruncate(faults_file(file), size);
}

static int faults_sync(sqlite3_file *file, int flags) {
    return faults_file(file)->pMethods->xSync(faults_file(file), flags);
}

static int faults_size(sqlite3_file *file, sqlite3_int64 *size) {
    return faults_file(file)->pMethods->xFileSize(faults_file(file), size);
}

static int faults_lock(sqlite3_file *file, int level) {
    return faults_file(file)->pMethods->xLock(faults_file(file), level);
}

static int faults_unlock(sqlite3_file *file, int level) {
    return faults_file(file)->pMethods->xUnlock(faults_file(file), level);
}

static int faults_reserved(sqlite3_file *file, int *out) {
    return faults_file(file)->pMethods->xCheckReservedLock(faults_file(file), out);
}

static int faults_control(sqlite3_file *file, int op, void *arg) {
    return faults_file(file)->pMethods->xFileControl(faults_file(file), op, arg);
}

static int faults_sector(sqlite3_file *file) {
    return faults_file(file)->pMethods->xSectorSize(faults_file(file));
}

static int faults_device(sqlite3_file *file) {
    return faults_file(file)->pMethods->xDeviceCharacteristics(faults_file(file));
}

static const sqlite3_io_methods faults_io = {
    .iVersion = 1, .xClose = faults_close, .xRead = faults_read, .xWrite = faults_write,
    .xTruncate = faults_truncate, .xSync = faults_sync, .xFileSize = faults_size,
        .xLock = faults_lock,
    .xUnlock = faults_unlock, .xCheckReservedLock = faults_reserved, .xFileControl = faults_control,
    .xSectorSize = faults_sector, .xDeviceCharacteristics = faults_device};

static int faults_open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                            int *out) {
    sqlite3_vfs *real = vfs->pAppData;
    FaultsFile *ours = (FaultsFile *)(void *)file;
    ours->real = (sqlite3_file *)(void *)(ours + 1);
    int rc = real->xOpen(real, name, ours->real, flags, out);
    ours->base.pMethods = rc == SQLITE_OK ? &faults_io : NULL;
    return rc;
}

static void faults_install_files(void) {
    static sqlite3_vfs vfs;
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    vfs = *real;
    vfs.pNext = NULL;
    vfs.zName = "faults";
    vfs.pAppData = real;
    vfs.szOsFile = real->szOsFile + (int)sizeof(FaultsFile);
    vfs.xOpen = faults_open_file;
    sqlite3_vfs_register(&vfs, 0);
}

/* ---- One run ---- */

typedef struct FaultsResult {
    int rc;
    uint64_t digest; /* of the rows, so that the harness itself allocates nothing */
    int64_t n_rows;
    char message[512];
} FaultsResult;

static uint64_t faults_digest(uint64_t digest, const void *bytes, size_t n) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++) digest = (digest ^ at[i]) * UINT64_C(1099511628211);
    return digest;
}

static void faults_add_value(FaultsResult *result, sqlite3_stmt *stmt, int col) {
    int type = sqlite3_column_type(stmt, col);
    sqlite3_int64 integer = sqlite3_column_int64(stmt, col);
    double real = sqlite3_column_double(stmt, col);
    result->digest = faults_digest(result->digest, &type, sizeof(type));
    if (type == SQLITE_INTEGER) result->digest = faults_digest(result->digest, &integer,
        sizeof(integer));
    if (type == SQLITE_FLOAT) result->digest = faults_digest(result->digest, &real, sizeof(real));
    if (type != SQLITE_TEXT && type != SQLITE_BLOB) return;
    const void *bytes = sqlite3_column_blob(stmt, col);
    result->digest = faults_digest(result->digest, bytes, (size_t)sqlite3_column_bytes(stmt, col));
}

static FaultsResult faults_run(sqlite3 *db, const char *sql) {
    FaultsResult result = {.digest = UINT64_C(14695981039346656037)};
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (!rc) {
        for (; (rc = sqlite3_step(stmt)) == SQLITE_ROW; result.n_rows++)
            for (int col = 0; col < sqlite3_column_count(stmt); col++) faults_add_value(&result,
                stmt, col);
        if (rc == SQLITE_DONE) rc = SQLITE_OK;
    }
    result.rc = rc & 0xFF;
    if (rc) snprintf(result.message, sizeof(result.message), "%s", sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    return result;
}

static bool faults_same(const FaultsResult *a, const FaultsResult *b) {
    return a->rc == b->rc && a->digest == b->digest && a->n_rows == b->n_rows &&
           strcmp(a->message, b->message) == 0;
}

/* The code of the fault, or all that a clean run gives.  Where the schema could not be searched for
 * a better word, an error keeps its code and may say less. */
static bool faults_acceptable(const FaultsResult *got, const FaultsResult *want, int fault) {
    return got->rc == fault || faults_same(got,
                                           want) || (got->rc != SQLITE_OK && got->rc == want->rc);
}

static sqlite3 *faults_open(const char *path, const char *vfs) {
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, vfs);
    if (!rc) rc = sqlite3_enable_load_extension(db, 1);
    if (!rc) rc = db_load(db, NULL, NULL);
    ck_assert_msg(rc == SQLITE_OK, "%s: %d", path, rc);
    return db;
}

/* Fails the n-th call of one kind; false when the run made fewer. */
static bool faults_hit(Faults *faults, int fault, const char *path, const char *sql,
                       const FaultsResult *want, int64_t n, bool persistent) {
    int64_t before = faults_blocks;
    sqlite3 *db = faults_open(path, "faults");
    *faults = (Faults){.at = n, .persistent = persistent};
    FaultsResult got = faults_run(db, sql);
    int64_t n_failed = faults->n_failed;
    *faults = (Faults){0};
    FaultsResult again = faults_run(db, sql);
    int rc = sqlite3_close(db);
    if (!faults_acceptable(&got, want, fault))
        ck_abort_msg("%s\n  fault %d%s gives %d, %d rows: %s\n  not %d, %d rows: %s", sql, (int)n,
                     persistent ? " and later" : "", got.rc, (int)got.n_rows, got.message, want->rc,
                     (int)want->n_rows, want->message);
    if (!faults_same(&again, want))
        ck_abort_msg("%s\n  run again after fault %d%s gives %d, %d rows: %s", sql, (int)n,
                     persistent ? " and later" : "", again.rc, (int)again.n_rows, again.message);
    if (rc != SQLITE_OK || faults_blocks != before)
        ck_abort_msg("%s\n  fault %d%s leaks %d blocks, close gives %d", sql, (int)n,
                     persistent ? " and later" : "", (int)(faults_blocks - before), rc);
    return n_failed > 0;
}

static int64_t faults_sweep(Faults *faults, int fault, const char *path, const char *sql) {
    int64_t n = 1;
    sqlite3 *db = faults_open(path, "faults");
    FaultsResult want = faults_run(db, sql);
    sqlite3_close(db);
    for (int persistent = 0; persistent < 2; persistent++)
        for (n = 1; faults_hit(faults, fault, path, sql, &want, n, persistent); n++) continue;
    return n - 1;
}

/* ---- Tests ---- */

START_TEST(every_function_is_swept) {
    sqlite3 *db = db_open(NULL);
    int64_t n = db_int(db, "SELECT count(DISTINCT name || kind) FROM retain_help");
    ck_assert_int_ge(n, 10);
    ck_assert_int_eq(faults_n_ops, n + COUNT(faults_more));
    db_close(db);
}
END_TEST

START_TEST(any_allocation_may_fail) {
    int64_t n = faults_sweep(&faults_memory, SQLITE_NOMEM, faults_path, faults_ops[_i]);
    if (getenv("FAULTS_VERBOSE")) printf("%6d allocations: %s\n", (int)n, faults_ops[_i]);
    ck_assert_int_gt(n, 2);
}
END_TEST

START_TEST(any_read_may_fail) {
    int64_t n = faults_sweep(&faults_reads, SQLITE_IOERR, faults_path, faults_ops[_i]);
    if (strstr(faults_ops[_i], "orders')")) ck_assert_int_gt(n, 1);
}
END_TEST

START_TEST(utf16_conversions_may_fail) {
    static const char *const ops[] = {
        "SELECT * FROM retention_rate('orders') WHERE segment_column = 'channel' LIMIT 5",
        "SELECT customer_id, frequency FROM clv('texts') WHERE on_error = 'skip' LIMIT 3",
        "SELECT clv(customer_id, order_date, amount) FROM orders", "SELECT * FROM clv('texts')"};
    ck_assert_int_gt(faults_sweep(&faults_memory, SQLITE_NOMEM, faults_path16, ops[_i]), 100);
}
END_TEST

/* Functions and modules that a connection knows. */
static int64_t faults_known(sqlite3 *db) {
    static const char sql[] = "SELECT (SELECT count(*) FROM pragma_function_list) + 100000 *"
                              " (SELECT count(*) FROM pragma_module_list)";
    db_int(db, sql); /* the first time SQLite adds these two */
    return db_int(db, sql);
}

/* A failed load leaves nothing of ours behind, or all of it where SQLite failed after us; it can be
 * tried again. */
static bool faults_hit_load(const char *entry, int64_t n, bool persistent) {
    int64_t before = faults_blocks;
    sqlite3 *db = NULL;
    ck_assert_int_eq(sqlite3_open_v2(faults_path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    sqlite3_enable_load_extension(db, 1);
    int64_t none = faults_known(db);
    faults_memory = (Faults){.at = n, .persistent = persistent};
    int rc = db_load(db, entry, NULL);
    int64_t n_failed = faults_memory.n_failed;
    faults_memory = (Faults){0};
    int64_t known = faults_known(db);
    int again = rc ? db_load(db, entry, NULL) : SQLITE_OK;
    int64_t all = faults_known(db);
    FaultsResult answer = faults_run(db, "SELECT count(*), crr(2, 1, 1) FROM clv('orders')");
    int closed = sqlite3_close(db);
    if ((known != all && (rc == SQLITE_OK || known != none)) || all == none)
        ck_abort_msg("fault %d: load gives %d; %d, %d, then %d known", (int)n, rc, (int)none,
                     (int)known,
                     (int)all);
    if (again || answer.rc || closed || faults_blocks != before)
        ck_abort_msg("fault %d: loaded again: %d, %d %s, %d; %d blocks", (int)n, again, answer.rc,
                     answer.message, closed, (int)(faults_blocks - before));
    return n_failed > 0;
}

START_TEST(loading_may_fail) {
    static const char *const entries[] = {NULL, "sqlite3_retain_strict_init"};
    sqlite3_close(faults_open(faults_path, NULL));
    for (int persistent = 0; persistent < 2; persistent++) {
        int64_t n = 1;
        while (faults_hit_load(entries[_i], n, persistent)) n++;
        ck_assert_int_gt(n, 20);
    }
}
END_TEST

START_TEST(a_heap_limit_is_kept) {
    sqlite3 *db = db_open(faults_path);
    FaultsResult want = faults_run(db, faults_more[0]);
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + 40000);
    FaultsResult got = faults_run(db, "SELECT * FROM clv('orders')");
    sqlite3_hard_heap_limit64(0);
    FaultsResult again = faults_run(db, faults_more[0]);
    ck_assert_int_eq(got.rc, SQLITE_NOMEM);
    ck_assert(want.rc == SQLITE_OK && faults_same(&want, &again));
    db_close(db);
}
END_TEST

/* ---- Preparation ---- */

static void faults_make_file(const char *path, const char *encoding) {
    sqlite3 *db = db_open_bare(path);
    db_exec(db, "PRAGMA page_size = 1024; PRAGMA encoding = %Q", encoding);
    ck_assert_int_eq(db_load(db, NULL, NULL), SQLITE_OK);
    db_make_shop(db, "orders", (DbShop){.seed = 8, .n_customers = 55, .n_days = 300, .gap_days = 20,
                                        .refunds = true});
    db_exec(db, "%s", faults_tables);
    db_close(db);
}

static void faults_prepare(void) {
    snprintf(faults_path, sizeof(faults_path), "%s", db_temp_path("faults"));
    faults_make_file(faults_path, "UTF-8");
    snprintf(faults_path16, sizeof(faults_path16), "%s", db_temp_path("faults16"));
    faults_make_file(faults_path16, "UTF-16le");
}

static void faults_clean_up(void) {
    remove(faults_path);
    remove(faults_path16);
}

/* Before any test runs, so nothing is asserted; without the library there is too little to run. */
static void faults_list_ops(void) {
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    sqlite3_open(":memory:", &db);
    sqlite3_enable_load_extension(db, 1);
    db_load(db, NULL, NULL);
    sqlite3_prepare_v2(db, "SELECT example FROM retain_help WHERE example NOT NULL", -1, &stmt,
                       NULL);
    while (sqlite3_step(stmt) == SQLITE_ROW && faults_n_ops < FAULTS_OPS_MAX)
        faults_ops[faults_n_ops++] = strdup((const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    for (int i = 0; i < COUNT(faults_more) && faults_n_ops < FAULTS_OPS_MAX; i++)
        faults_ops[faults_n_ops++] = faults_more[i];
}

int main(void) {
    faults_install_allocator();
    faults_install_files();
    faults_list_ops();
    Suite *suite = suite_create("faults");
    TCase *tc = tcase_create("faults");
    tcase_set_timeout(tc, 600);
    tcase_add_unchecked_fixture(tc, faults_prepare, faults_clean_up);
    tcase_add_test(tc, every_function_is_swept);
    tcase_add_loop_test(tc, any_allocation_may_fail, 0, faults_n_ops);
    tcase_add_loop_test(tc, any_read_may_fail, 0, faults_n_ops);
    tcase_add_loop_test(tc, utf16_conversions_may_fail, 0, 4);
    tcase_add_loop_test(tc, loading_may_fail, 0, 2);
    tcase_add_test(tc, a_heap_limit_is_kept);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
