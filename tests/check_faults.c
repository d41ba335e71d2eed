/* check_faults.c - when an allocation or a read fails: SQLite's code or the right answer, no leak,
 * and the connection goes on.
 *
 * Every statement of ops.h is run.  The n-th allocation (or read) fails once, or it and all later ones
 * fail, for n = 1, 2, 3 ... until none is left to fail; and pages of the source are damaged.
 */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "ops.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static char faults_path[256], faults_path16[256];
static const char *const *faults_ops; /* of ops.h */
static int faults_n_ops;

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

static sqlite3 *faults_open(const char *path, const char *vfs) {
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, vfs);
    /* A second pass over the source reads its pages again. */
    if (!rc && vfs) rc = sqlite3_exec(db, "PRAGMA cache_size = 4", NULL, NULL, NULL);
    if (!rc) rc = sqlite3_enable_load_extension(db, 1);
    if (!rc) rc = db_load(db, NULL, NULL);
    ck_assert_msg(rc == SQLITE_OK, "%s: %d", path, rc);
    return db;
}

/* Fails the n-th call of one kind; false when the run made fewer. */
static bool faults_hit(Faults *faults, int fault, const char *path, const char *sql,
                       const OpsResult *want, int64_t n, bool persistent) {
    int64_t before = faults_blocks;
    sqlite3 *db = faults_open(path, "faults");
    *faults = (Faults){.at = n, .persistent = persistent};
    OpsResult got = ops_run(db, sql);
    int64_t n_failed = faults->n_failed;
    *faults = (Faults){0};
    OpsResult again = ops_run(db, sql);
    int rc = sqlite3_close(db);
    ops_count(n_failed);
    if (!ops_acceptable(&got, want, fault))
        ck_abort_msg("%s\n  fault %d%s gives %d, %d rows: %s\n  not %d, %d rows: %s", sql, (int)n,
                     persistent ? " and later" : "", got.rc, (int)got.n_rows, got.message, want->rc,
                     (int)want->n_rows, want->message);
    if (!ops_same(&again, want))
        ck_abort_msg("%s\n  run again after fault %d%s gives %d, %d rows: %s", sql, (int)n,
                     persistent ? " and later" : "", again.rc, (int)again.n_rows, again.message);
    if (rc != SQLITE_OK || faults_blocks != before)
        ck_abort_msg("%s\n  fault %d%s leaks %d blocks, close gives %d", sql, (int)n,
                     persistent ? " and later" : "", (int)(faults_blocks - before), rc);
    return n_failed > 0;
}

/* All calls of a long statement only in the full sweep, and where a test says so. */
static bool faults_every;
static int64_t faults_next(int64_t n) {
    return ops_long() || faults_every || n < 300 ? n + 1 : n + 1 + n / 64;
}

static int64_t faults_sweep(Faults *faults, int fault, const char *path, const char *sql) {
    int64_t n = 1;
    sqlite3 *db = faults_open(path, "faults");
    OpsResult want = ops_run(db, sql);
    sqlite3_close(db);
    for (int persistent = 0; persistent < 2; persistent++)
        for (n = 1; faults_hit(faults, fault, path, sql, &want, n, persistent);) n = faults_next(n);
    return n - 1;
}

/* ---- Tests ---- */

START_TEST(every_function_is_swept) {
    sqlite3 *db = db_open(NULL);
    int64_t n = db_int(db, "SELECT count(DISTINCT name || kind) FROM retain_help");
    ck_assert_int_ge(n, 10);
    ck_assert_int_eq(faults_n_ops, n + ops_n_more());
    db_close(db);
}
END_TEST

START_TEST(any_allocation_may_fail) {
    int64_t n = faults_sweep(&faults_memory, SQLITE_NOMEM, faults_path, faults_ops[_i]);
    if (getenv("FAULTS_VERBOSE")) printf("%6d allocations: %s\n", (int)n, faults_ops[_i]);
    ck_assert_int_gt(n, 2);
}
END_TEST

/* Each remedy is put together from texts, any of which may lack memory. */
START_TEST(any_allocation_of_a_remedy_may_fail) {
    faults_every = true;
    ck_assert_int_gt(faults_sweep(&faults_memory, SQLITE_NOMEM, faults_path, "SELECT fix FROM data_quality('spaced')"), 300);
}
END_TEST

START_TEST(any_read_may_fail) {
    int64_t n = faults_sweep(&faults_reads, SQLITE_IOERR, faults_path, faults_ops[_i]);
    if (strstr(faults_ops[_i], "retention_rate('orders', 'month')")) ck_assert_int_gt(n, 1);
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
    OpsResult answer = ops_run(db, "SELECT count(*), crr(2, 1, 1) FROM clv('orders')");
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
    OpsResult want = ops_run(db, faults_ops[0]);
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + 40000);
    OpsResult got = ops_run(db, "SELECT * FROM clv('orders')");
    sqlite3_hard_heap_limit64(0);
    OpsResult again = ops_run(db, faults_ops[0]);
    ck_assert_int_eq(got.rc, SQLITE_NOMEM);
    ck_assert(want.rc == SQLITE_OK && ops_same(&want, &again));
    db_close(db);
}
END_TEST

/* ---- Damaged pages ---- */

enum { FAULTS_PAGE_SIZE = 512 };

/* A database whose source spans many pages, and each page that belongs to it. */
typedef struct FaultsImage {
    unsigned char *bytes;
    size_t size;
    int *pages, n_pages;
} FaultsImage;

static void faults_write_image(const char *path, const FaultsImage *image) {
    FILE *file = fopen(path, "wb");
    ck_assert(file && fwrite(image->bytes, 1, image->size, file) == image->size);
    fclose(file);
}

static void faults_read_image(const char *path, FaultsImage *image) {
    FILE *file = fopen(path, "rb");
    ck_assert(file != NULL);
    fseek(file, 0, SEEK_END);
    image->size = (size_t)ftell(file);
    rewind(file);
    image->bytes = malloc(image->size);
    ck_assert(image->bytes && fread(image->bytes, 1, image->size, file) == image->size);
    fclose(file);
}

/* The pages that the rows bring, and the first one of what is scanned. */
static FaultsImage faults_make_image(const char *path, bool index) {
    FaultsImage image = {0};
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "made", (DbShop){.seed = 21, .n_customers = 120, .n_days = 250, .gap_days = 25,
                                      .refunds = true, .odd_ids = true});
    /* By its declared width SQLite prefers the index to the table. */
    db_exec(db, "ATTACH %Q AS f; PRAGMA f.page_size = %d; CREATE TABLE f.intact(customer_id,"
                " order_date, amount); INSERT INTO f.intact VALUES (1, '2024-01-01', 2);"
                "CREATE TABLE f.orders(customer_id, order_date, amount, channel, note VARCHAR(900));%s", path,
            FAULTS_PAGE_SIZE,
            index ? "CREATE INDEX f.covering ON orders(customer_id, order_date, amount, channel)" : "");
    int64_t first = db_int(db, "PRAGMA f.page_count");
    int64_t root = db_int(db, "SELECT max(rootpage) FROM f.sqlite_master WHERE tbl_name = 'orders'");
    db_exec(db, "INSERT INTO f.orders SELECT customer_id, order_date, amount, channel, NULL FROM made");
    int64_t n = db_int(db, "PRAGMA f.page_count");
    db_close(db);
    faults_read_image(path, &image);
    image.pages = calloc((size_t)n, sizeof(int));
    image.pages[image.n_pages++] = (int)root - 1;
    for (int64_t page = first; page < n; page++) image.pages[image.n_pages++] = (int)page;
    ck_assert_int_gt(image.n_pages, 20);
    return image;
}

/* One to four bytes of one page, headers more often than cells. */
static void faults_damage(FaultsImage *image, uint64_t seed) {
    uint64_t state = seed * 77 + 5;
    size_t page = (size_t)image->pages[db_random(&state) % (uint64_t)image->n_pages];
    unsigned char *bytes = image->bytes + page * FAULTS_PAGE_SIZE;
    for (uint64_t n = 1 + db_random(&state) % 4; n > 0; n--) {
        uint64_t among = db_random(&state) % 3 ? FAULTS_PAGE_SIZE : 24;
        bytes[db_random(&state) % among] = (unsigned char)db_random(&state);
    }
}

/* In short; the full sweep has every report of retain_help as well. */
enum { FAULTS_READERS_MAX = 100 };
static struct { const char *sql, *plain; } faults_readers[FAULTS_READERS_MAX] = {
    {"SELECT * FROM retention_rate('orders') WHERE on_error = 'skip'",
     "SELECT * FROM retention_rate('read') WHERE on_error = 'skip'"},
    {"SELECT * FROM clv('orders') WHERE on_error = 'skip'",
     "SELECT * FROM clv('read') WHERE on_error = 'skip'"},
    {"SELECT * FROM churn_candidates('orders') WHERE on_error = 'skip'",
     "SELECT * FROM churn_candidates('read') WHERE on_error = 'skip'"},
    {"SELECT * FROM retention_rate('nested', 'year')",
     "SELECT * FROM retention_rate('nested_read', 'year')"},
    {"SELECT check_name, rows, customers FROM data_quality('orders')", /* reads twice */
     "SELECT check_name, rows, customers FROM data_quality('read')"},
    {"SELECT * FROM rfm_scores('orders') WHERE on_error = 'skip'",
     "SELECT * FROM rfm_scores('read') WHERE on_error = 'skip'"},
};
enum { FAULTS_SHORT = 6 };
static int faults_n_readers = FAULTS_SHORT;

/* Each example's call, up to its first ")"; contracts are read off orders too, what is said of names is left out. */
static const char faults_reports[] =
    "WITH call(name, sql) AS (SELECT name, replace(replace(substr(example, 1, instr(example, ')')), '''subscriptions'',"
    " ''started_on'', ''ended_on''', '''orders'', ''order_date'', ''order_date'''), '* FROM data_quality',"
    " 'check_name, rows, customers FROM data_quality') FROM retain_help WHERE kind = 'table' AND example NOT NULL AND"
    " name <> 'retain_help'),"
    " reader(sql) AS (SELECT sql || CASE WHEN name IN (SELECT name FROM retain_help WHERE kind = 'table' AND argument ="
    " 'on_error') THEN ' WHERE on_error = ''skip''' ELSE '' END FROM call)"
    " SELECT sql, replace(sql, '(''orders''', '(''read''') FROM reader";

/* Before any test runs, so nothing is asserted. */
static void faults_read_reports(sqlite3 *db) {
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(db, faults_reports, -1, &stmt, NULL);
    for (; sqlite3_step(stmt) == SQLITE_ROW && faults_n_readers < FAULTS_READERS_MAX; faults_n_readers++) {
        faults_readers[faults_n_readers].sql = strdup((const char *)sqlite3_column_text(stmt, 0));
        faults_readers[faults_n_readers].plain = strdup((const char *)sqlite3_column_text(stmt, 1));
    }
    sqlite3_finalize(stmt);
}

START_TEST(every_report_reads_damaged_pages) {
    sqlite3 *db = db_open(NULL);
    int64_t n = db_int(db, "SELECT count(DISTINCT name) FROM retain_help WHERE kind = 'table' AND name <> 'retain_help'");
    ck_assert_int_gt(n, 20);
    ck_assert_int_eq(faults_n_readers, FAULTS_SHORT + (ops_long() ? n : 0));
    db_close(db);
}
END_TEST

/* What a plain scan of the same columns gives is kept in a table, and that is what is asked then. */
static OpsResult faults_plain(sqlite3 *db, const char *sql) {
    const char *columns = strstr(sql, "'channel'")    ? "o.customer_id, o.order_date, o.amount, o.channel"
                          : strstr(sql, "'order_date'") ? "o.order_date" /* contracts have no customer */
                                                        : "o.customer_id, o.order_date, o.amount";
    char copy[120];
    snprintf(copy, sizeof(copy), "CREATE TEMP TABLE read AS SELECT %s FROM orders AS o", columns);
    OpsResult result = ops_run(db, copy);
    if (result.rc) return result;
    db_exec(db, "CREATE TEMP VIEW nested_read AS SELECT customer_id, last_order_date AS order_date,"
                " historic_clv AS amount FROM clv('read') WHERE on_error = 'skip'");
    result = ops_run(db, sql);
    db_exec(db, "DROP VIEW nested_read; DROP TABLE read");
    return result;
}

/* Returns whether the damage was seen. */
static bool faults_read_damaged(const char *path, int reader, uint64_t seed) {
    const char *sql = faults_readers[reader].sql;
    sqlite3 *db = db_open(path);
    db_exec(db, "CREATE TEMP VIEW nested AS SELECT customer_id, last_order_date AS order_date,"
                " historic_clv AS amount FROM clv('orders') WHERE on_error = 'skip'");
    OpsResult got = ops_run(db, sql);
    OpsResult want = faults_plain(db, faults_readers[reader].plain);
    bool same = want.rc ? got.rc == want.rc : got.rc == 0 && got.digest == want.digest;
    ck_assert_msg(same, "%s\n  damage %d gives %d, %d rows: %s\n  a plain scan %d, %d rows: %s", sql,
                  (int)seed, got.rc, (int)got.n_rows, got.message, want.rc, (int)want.n_rows,
                  want.message);
    ck_assert_int_eq(db_int(db, "SELECT historic_clv FROM clv('intact')"), 2);
    db_close(db);
    return want.rc == SQLITE_CORRUPT;
}

START_TEST(damaged_pages_are_seen_where_a_scan_sees_them) {
    bool index = _i % 2;
    int reader = _i / 2, n_seen = 0, n = !ops_long() ? 120 : reader < FAULTS_SHORT ? 3000 : 1000;
    char path[256];
    snprintf(path, sizeof(path), "%s", db_temp_path("damaged"));
    FaultsImage image = faults_make_image(path, index);
    unsigned char *intact = malloc(image.size);
    memcpy(intact, image.bytes, image.size);
    for (int seed = 0; seed < n; seed++) {
        memcpy(image.bytes, intact, image.size);
        faults_damage(&image, (uint64_t)(seed * 8 + _i));
        faults_write_image(path, &image);
        n_seen += faults_read_damaged(path, reader, (uint64_t)(seed * 8 + _i));
    }
    ops_count(n);
    ck_assert_msg(n_seen > n / 8 && n_seen < n, "%d of %d damages were seen", n_seen, n);
    remove(path);
    free(intact);
    free(image.pages);
    free(image.bytes);
}
END_TEST

/* ---- Preparation ---- */

static void faults_make_file(const char *path, const char *encoding) {
    sqlite3 *db = db_open_bare(path);
    db_exec(db, "PRAGMA page_size = 1024; PRAGMA encoding = %Q", encoding);
    ck_assert_int_eq(db_load(db, NULL, NULL), SQLITE_OK);
    ops_make_tables(db);
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
static void faults_read_ops(void) {
    sqlite3 *db = NULL;
    sqlite3_open(":memory:", &db);
    sqlite3_enable_load_extension(db, 1);
    db_load(db, NULL, NULL);
    faults_ops = ops_list(db, &faults_n_ops);
    if (ops_long()) faults_read_reports(db);
    sqlite3_close(db);
}

int main(void) {
    faults_install_allocator();
    faults_install_files();
    ops_open_counts();
    faults_read_ops();
    Suite *suite = suite_create("faults");
    TCase *tc = tcase_create("faults");
    tcase_set_timeout(tc, ops_long() ? 3600 : 600);
    tcase_add_unchecked_fixture(tc, faults_prepare, faults_clean_up);
    tcase_add_test(tc, every_function_is_swept);
    tcase_add_loop_test(tc, any_allocation_may_fail, 0, faults_n_ops);
    tcase_add_test(tc, any_allocation_of_a_remedy_may_fail);
    tcase_add_loop_test(tc, any_read_may_fail, 0, faults_n_ops);
    tcase_add_loop_test(tc, utf16_conversions_may_fail, 0, 4);
    tcase_add_loop_test(tc, loading_may_fail, 0, 2);
    tcase_add_test(tc, a_heap_limit_is_kept);
    suite_add_tcase(suite, tc);
    TCase *damage = tcase_create("damage");
    tcase_set_timeout(damage, ops_long() ? 3600 : 600);
    tcase_add_test(damage, every_report_reads_damaged_pages);
    tcase_add_loop_test(damage, damaged_pages_are_seen_where_a_scan_sees_them, 0, 2 * faults_n_readers);
    suite_add_tcase(suite, damage);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    ops_print_counts("faults");
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
