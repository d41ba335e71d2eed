/* fuzz_sql.c - whether any SQL over the extension ends well.
 *
 * The input is SQL, run on a fresh database with the tables of sql_tables below, in UTF-16 when it begins
 * with "--16".  Time, memory, rows and sizes are bounded, so that only the extension can be slow.
 *
 *   - no crash, no undefined behaviour, no leak: all memory of SQLite is back when the connection closes;
 *   - no statement is left open: the connection closes;
 *   - no NaN or infinity among results: every real that the extension hands to SQLite is finite;
 *   - a failure has a text; the extension's own begins with the name of a function;
 *   - a report that runs twice gives the same bytes.
 *
 *     FUZZ_SHOW=1 build/fuzz/fuzz_sql FILE      prints what each statement of an input ends with
 */
#define _GNU_SOURCE 1 /* strcasestr */
#include <math.h>
#include <sqlite3.h>

static void sql_result_double(sqlite3_context *context, double value);
static void sql_result_error(sqlite3_context *context, const char *text, int n);
#define sqlite3_result_double sql_result_double
#define sqlite3_result_error sql_result_error

#include "fuzz.h"

#undef sqlite3_result_double
#undef sqlite3_result_error

#include "grammar_sql.h"

enum { SQL_ROWS_MAX = 3000, SQL_STEPS = 400, SQL_STEP_OPS = 1000, SQL_MEMORY_MAX = 192 << 20, SQL_STATEMENTS_MAX = 12 };

/* ---- The tables ---- */

static const char sql_tables[] =
    "CREATE TABLE orders(customer_id, order_date, amount, channel);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 330)"
    " INSERT INTO orders SELECT i * 7 % 71, date('2023-01-01', (i * 13 % 500) || ' days') ||"
    " CASE i % 9 WHEN 0 THEN 'T23:30:00-05:00' WHEN 1 THEN ' 10:20' WHEN 2 THEN ' 23:59:59.9999' WHEN 3 THEN"
    " 'T24:00' ELSE '' END, CASE i % 11 WHEN 0 THEN -20.5 WHEN 1 THEN 0 ELSE i % 40 + 0.25 END,"
    " CASE i % 3 WHEN 0 THEN 'web' WHEN 1 THEN 'shop' END FROM n;"
    "CREATE TABLE unix AS SELECT customer_id, CAST(strftime('%s', substr(order_date, 1, 10)) AS INTEGER) AS order_date,"
    " amount, channel FROM orders;"
    "CREATE TABLE millis AS SELECT customer_id, order_date * 1000 + 7 AS created_at, amount FROM unix;"
    "CREATE TABLE julian AS SELECT customer_id, order_date / 86400.0 + 2440587.5 AS order_date, amount FROM unix;"
    "CREATE TABLE digits AS SELECT customer_id, strftime('%Y%m%d', order_date, 'unixepoch') AS order_date, amount FROM unix;"
    "CREATE TABLE jalali(user_id TEXT, date TEXT, price NUMERIC);"
    "INSERT INTO jalali VALUES ('a', '1403/12/30', 5), ('b', '1404/09/15', 7), ('a', '\u06F1\u06F4\u06F0\u06F4/\u06F0\u06F1/\u06F0\u06F1', 9);"
    "CREATE TABLE mixed(customer_id, order_date, amount);"
    "INSERT INTO mixed VALUES (1, '2024-01-05', 1), (1.0, '2024-02-05', 2), ('1', '2024-02-06', 3), (x'31', '2024-03-01', 4),"
    " (9007199254740993, '2024-03-02', 5), (9007199254740992.0, '2024-03-02', 6), (NULL, '2024-03-03', 7), ('', '2024-03-04', 8),"
    " (x'', '2024-03-05', 9), ('a customer with a long name', '2024-04-01', 10), (CAST(x'6100' AS TEXT), '2024-04-02', 11),"
    " (CAST(x'ff' AS TEXT), '2024-04-03', 12), (-0.0, '2024-04-04', 13), (zeroblob(40), '2024-04-05', 14);"
    "CREATE TABLE refunds(order_id, customer_id, order_date, amount);"
    "INSERT INTO refunds VALUES (1, 'a', '2024-01-05', 10), (1, 'a', '2024-02-05', -10), (2, 'b', '2024-01-05', 0.1),"
    " (2, 'b', '2024-01-05', 0.2), (2, 'b', '2024-01-05', -0.3), (3, 'c', '2024-03-05', -5), (NULL, 'c', '2024-03-06', 6);"
    "CREATE TABLE lines(client_id INTEGER, invoice_date TEXT, quantity INTEGER, price REAL);"
    "INSERT INTO lines VALUES (1, '2024-01-05', 2, 3.5);"
    "CREATE TABLE typed(customer_id INTEGER PRIMARY KEY, order_date DATE, amount TEXT);"
    "INSERT INTO typed VALUES (1, '2024-01-05', '12.50'), (2, '2024-01-06', '1e2'), (3, '2024-02-06', NULL);"
    "CREATE TABLE empty(customer_id, order_date, amount);"
    "CREATE TABLE nobody AS SELECT NULL AS customer_id, '2024-01-05' AS order_date, 1 AS amount;"
    "CREATE TABLE bad_dates AS SELECT 1 AS customer_id, '2024-02-30' AS order_date, 1 AS amount UNION ALL"
    " SELECT 2, '2024-02-28', 2 UNION ALL SELECT 3, 20240105, 3 UNION ALL SELECT 4, x'00', 4;"
    "CREATE TABLE bad_amounts AS SELECT 1 AS customer_id, '2024-02-28' AS order_date, '12.5x' AS amount UNION ALL"
    " SELECT 2, '2024-02-28', 9e999 UNION ALL SELECT 3, '2024-02-28', 1e308 UNION ALL SELECT 3, '2024-02-28', 1.7e308;"
    "CREATE TABLE subscriptions AS SELECT min(order_date) AS started_on, CASE WHEN customer_id % 3 THEN max(order_date) END"
    " AS ended_on FROM orders GROUP BY customer_id;"
    "CREATE TABLE two_dates(customer_id, created_at, order_date, amount, total);"
    "CREATE VIEW itself AS SELECT customer_id, first_order_date AS order_date, 1 AS amount FROM clv('itself');"
    "CREATE VIEW through AS SELECT customer_id, last_order_date AS order_date, historic_clv AS amount FROM clv('orders');"
    "CREATE VIEW \"shop view\" AS SELECT * FROM orders WHERE channel = 'web';";

typedef struct SqlImage {
    unsigned char *bytes;
    sqlite3_int64 size;
} SqlImage;

static SqlImage sql_images[2]; /* UTF-8 and UTF-16 */
static GrammarNames sql_names;

static void sql_make_image(SqlImage *image, const char *encoding) {
    sqlite3 *db = fuzz_open();
    fuzz_exec(db, encoding);
    fuzz_exec(db, sql_tables);
    image->bytes = sqlite3_serialize(db, "main", &image->size, 0);
    if (!image->bytes) fuzz_fail("the tables do not serialize");
    if (sql_names.reports.n == 0) grammar_names(db, &sql_names);
    sqlite3_close(db);
}

/* ---- What the extension says ---- */

static bool sql_begins_with_function(const char *text) {
    const GrammarKind *kinds[] = {&sql_names.reports, &sql_names.aggregates, &sql_names.scalars};
    for (int k = 0; k < FUZZ_COUNT(kinds); k++)
        for (int i = 0; i < kinds[k]->n; i++) {
            const char *name = kinds[k]->functions[i].name;
            size_t n = strlen(name);
            if (strncmp(text, name, n) == 0 && text[n] == ':' && text[n + 1] == ' ' && text[n + 2]) return true;
        }
    return false;
}

static void sql_result_double(sqlite3_context *context, double value) {
    FUZZ_CHECK(isfinite(value), "a result is %g", value);
    sqlite3_result_double(context, value);
}

static void sql_result_error(sqlite3_context *context, const char *text, int n) {
    FUZZ_CHECK(sql_begins_with_function(text) || strncmp(text, "retain_sink is internal", 23) == 0,
               "an error begins without a function: %s", text);
    sqlite3_result_error(context, text, n);
}

/* SQLite's own words for its codes and its parser need no function's name; ours, which hold one of these, do. */
static void sql_check_error(sqlite3 *db, int rc, const char *sql) {
    static const char *const ours[] = {"did you mean", "cannot read ", "cannot choose", "cannot find", "must be",
                                       "is not a date", "is missing, as in", "deep: does"};
    const char *text = sqlite3_errmsg(db);
    FUZZ_CHECK(text && text[0] && strcmp(text, "not an error") != 0, "error %d without a text: %s", rc, sql);
    FUZZ_CHECK(rc != SQLITE_INTERNAL && rc != SQLITE_MISUSE, "error %d (%s): %s", rc, text, sql);
    for (int i = 0; i < FUZZ_COUNT(ours); i++)
        if (strstr(text, ours[i]) && !sql_begins_with_function(text) && !strstr(sql, ours[i]) && strncmp(text, "ORDER BY", 8))
            fuzz_fail("an error begins without a function: %s", text);
}

/* ---- Limits ---- */

static int sql_steps;

static int sql_progress(void *unused) {
    (void)unused;
    return --sql_steps < 0;
}

/* Nothing may leave memory, and nothing may take the bounds away. */
static int sql_authorize(void *unused, int action, const char *a, const char *b, const char *c, const char *d) {
    static const char *const pragmas[] = {"table_info", "table_list", "integrity_check", "database_list", "encoding",
                                          "trusted_schema", "recursive_triggers", "reverse_unordered_selects"};
    (void)unused;
    (void)c;
    (void)d;
    if (action == SQLITE_ATTACH) return a && (!*a || strcmp(a, ":memory:") == 0) ? SQLITE_OK : SQLITE_DENY;
    if (action == SQLITE_FUNCTION && b && (!strcmp(b, "load_extension") || !strcmp(b, "fts3_tokenizer"))) return SQLITE_DENY;
    if (action != SQLITE_PRAGMA) return SQLITE_OK;
    for (int i = 0; i < FUZZ_COUNT(pragmas); i++)
        if (a && strcmp(a, pragmas[i]) == 0) return SQLITE_OK;
    return SQLITE_DENY;
}

static sqlite3 *sql_open(const SqlImage *image) {
    static const int limits[][2] = {{SQLITE_LIMIT_LENGTH, 200000},        {SQLITE_LIMIT_SQL_LENGTH, 20000},
                                    {SQLITE_LIMIT_EXPR_DEPTH, 50},         {SQLITE_LIMIT_COMPOUND_SELECT, 10},
                                    {SQLITE_LIMIT_VDBE_OP, 25000},         {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100},
                                    {SQLITE_LIMIT_ATTACHED, 2},            {SQLITE_LIMIT_TRIGGER_DEPTH, 5},
                                    {SQLITE_LIMIT_WORKER_THREADS, 0}};
    sqlite3 *db = fuzz_open();
    unsigned char *copy = sqlite3_malloc64((sqlite3_uint64)image->size);
    memcpy(copy, image->bytes, (size_t)image->size);
    if (sqlite3_deserialize(db, "main", copy, image->size, image->size,
                            SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE))
        fuzz_fail("the tables do not deserialize: %s", sqlite3_errmsg(db));
    for (int i = 0; i < FUZZ_COUNT(limits); i++) sqlite3_limit(db, limits[i][0], limits[i][1]);
    sqlite3_set_authorizer(db, sql_authorize, NULL);
    sqlite3_progress_handler(db, SQL_STEP_OPS, sql_progress, NULL);
    sql_steps = SQL_STEPS;
    return db;
}

/* ---- Running ---- */

static uint64_t sql_hash(uint64_t hash, const void *data, int n) {
    const unsigned char *bytes = data;
    for (int i = 0; bytes && i < n; i++) hash = (hash ^ bytes[i]) * 0x100000001B3u;
    return hash ^ (uint64_t)n;
}

/* Steps to the end, an error, or the cap; *hash is of all values. */
static int sql_run(sqlite3_stmt *stmt, uint64_t *hash) {
    int rc = SQLITE_OK;
    for (int n = 0; n < SQL_ROWS_MAX && (rc = sqlite3_step(stmt)) == SQLITE_ROW; n++)
        for (int c = 0; c < sqlite3_column_count(stmt); c++) {
            int type = sqlite3_column_type(stmt, c);
            double real = sqlite3_column_double(stmt, c);
            *hash = sql_hash(*hash ^ (uint64_t)type, &real, sizeof(real));
            const void *text = type == SQLITE_BLOB ? sqlite3_column_blob(stmt, c) : sqlite3_column_text(stmt, c);
            *hash = sql_hash(*hash, text, sqlite3_column_bytes(stmt, c));
        }
    return rc;
}

static bool sql_is_steady(sqlite3_stmt *stmt, const char *sql) {
    static const char *const unsteady[] = {"random", "now", "current_", "changes", "last_insert", "stmt", "localtime"};
    for (int i = 0; i < FUZZ_COUNT(unsteady); i++)
        if (strcasestr(sql, unsteady[i])) return false;
    return sqlite3_stmt_readonly(stmt) && !strcasestr(sql, "begin") && !strcasestr(sql, "pragma");
}

static void sql_run_one(sqlite3 *db, sqlite3_stmt *stmt, const char *sql) {
    uint64_t hash = 1, again = 1;
    int rc = sql_run(stmt, &hash);
    if (getenv("FUZZ_SHOW")) printf("%d %s: %s\n", rc, sqlite3_sql(stmt), sqlite3_errmsg(db));
    if (rc != SQLITE_ROW && rc != SQLITE_DONE && rc != SQLITE_OK) {
        sql_check_error(db, rc, sql);
        return;
    }
    if (!sql_is_steady(stmt, sql)) return;
    sqlite3_reset(stmt);
    int other = sql_run(stmt, &again);
    if ((other & 0xFF) == SQLITE_INTERRUPT || (other & 0xFF) == SQLITE_NOMEM) return;
    FUZZ_CHECK(rc == other && hash == again, "runs twice, differently: %s", sql);
}

static void sql_run_all(sqlite3 *db, const char *sql) {
    for (int i = 0; i < SQL_STATEMENTS_MAX && sql && *sql; i++) {
        sqlite3_stmt *stmt = NULL;
        const char *tail = NULL;
        int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &tail);
        if (rc) sql_check_error(db, rc, sql);
        if (stmt) sql_run_one(db, stmt, sql);
        sqlite3_finalize(stmt);
        if (rc) break;
        sql = tail;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!sql_images[0].bytes) {
        sqlite3_hard_heap_limit64(SQL_MEMORY_MAX);
        sql_make_image(&sql_images[0], "PRAGMA encoding = 'UTF-8'");
        sql_make_image(&sql_images[1], "PRAGMA encoding = 'UTF-16le'");
    }
    char *sql = malloc(size + 1);
    memcpy(sql, data, size);
    sql[size] = 0;
    sqlite3_int64 before = sqlite3_memory_used();
    sqlite3 *db = sql_open(&sql_images[strncmp(sql, "--16", 4) == 0]);
    sql_run_all(db, sql);
    FUZZ_CHECK(sqlite3_close(db) == SQLITE_OK, "a statement is left open: %s", sql);
    FUZZ_CHECK(sqlite3_memory_used() == before, "%lld bytes are not freed: %s",
               (long long)(sqlite3_memory_used() - before), sql);
    free(sql);
    return 0;
}

/* Every third input is a new text of the grammar. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
    if (seed % 3 || !sql_names.reports.n) return LLVMFuzzerMutate(data, size, max);
    char *text = grammar_sql(seed, &sql_names);
    size_t n = strlen(text) < max ? strlen(text) : max;
    memcpy(data, text, n);
    sqlite3_free(text);
    return n;
}
