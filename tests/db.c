/* db.c - see db.h. */
#define _POSIX_C_SOURCE 200809L
#include "db.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DB_PATH_MAX = 1024, DB_LINE_MAX = 4096, DB_FIELDS_MAX = 32 };

const char *db_library(void) {
    const char *library = getenv("RETAIN_LIBRARY");
    return library ? library : "./retain.so";
}

/* ---- Connections ---- */

/* Of SQLite's memory nothing is held when the last connection is closed that was not before the first was opened. */
static _Atomic int db_n_open;
static sqlite3_int64 db_held_before;

sqlite3 *db_open_bare(const char *path) {
    sqlite3 *db = NULL;
    sqlite3_initialize();
    if (db_n_open++ == 0) db_held_before = sqlite3_memory_used();
    int rc = sqlite3_open(path ? path : ":memory:", &db);
    ck_assert_msg(rc == SQLITE_OK, "cannot open %s", path ? path : ":memory:");
    sqlite3_extended_result_codes(db, 1);
    sqlite3_enable_load_extension(db, 1);
    return db;
}

int db_load(sqlite3 *db, const char *entry, char **message) {
    return sqlite3_load_extension(db, db_library(), entry, message);
}

sqlite3 *db_open(const char *path) {
    sqlite3 *db = db_open_bare(path);
    char *message = NULL;
    int rc = db_load(db, NULL, &message);
    ck_assert_msg(rc == SQLITE_OK, "cannot load %s: %s", db_library(), message ? message : "");
    return db;
}

void db_close(sqlite3 *db) {
    int rc = sqlite3_close(db);
    sqlite3_stmt *open = rc ? sqlite3_next_stmt(db, NULL) : NULL;
    ck_assert_msg(rc == SQLITE_OK, "close gives %d, left open: %s", rc,
                  open ? sqlite3_sql(open) : "");
    if (--db_n_open > 0) return;
    sqlite3_int64 leaked = sqlite3_memory_used() - db_held_before;
    ck_assert_msg(leaked <= 0, "%lld bytes are still held when the last connection is closed", (long long)leaked);
}

const char *db_temp_path(const char *name) {
    static char path[DB_PATH_MAX];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof(path), "%s/retain-%ld-%s.db", folder ? folder : "/tmp", (long)getpid(),
             name);
    unlink(path);
    return path;
}

/* ---- Rows as text ---- */

/* By the C library: how many digits SQLite writes for a %!.17g is a matter of its version. */
static void db_append_real(sqlite3_str *out, double value) {
    char text[40];
    snprintf(text, sizeof(text), "%.17g", value);
    sqlite3_str_appendall(out, text);
    if (!strpbrk(text, ".en")) sqlite3_str_appendall(out, ".0"); /* nor inf or nan */
}

static void db_append_value(sqlite3_str *out, sqlite3_stmt *stmt, int col) {
    const unsigned char *bytes;
    switch (sqlite3_column_type(stmt, col)) {
        case SQLITE_NULL: sqlite3_str_appendall(out, "NULL"); break;
        case SQLITE_FLOAT: db_append_real(out, sqlite3_column_double(stmt, col)); break;
        case SQLITE_BLOB:
            bytes = sqlite3_column_blob(stmt, col);
            sqlite3_str_appendall(out, "x'");
            for (int i = 0; i < sqlite3_column_bytes(stmt, col); i++)
                sqlite3_str_appendf(out, "%02x", bytes[i]);
            sqlite3_str_appendchar(out, 1, '\'');
            break;
        default: sqlite3_str_appendf(out, "%s", sqlite3_column_text(stmt, col));
    }
}

static void db_append_row(sqlite3_str *out, sqlite3_stmt *stmt, bool first) {
    if (!first) sqlite3_str_appendchar(out, 1, '\n');
    for (int col = 0; col < sqlite3_column_count(stmt); col++) {
        if (col > 0) sqlite3_str_appendchar(out, 1, '|');
        db_append_value(out, stmt, col);
    }
}

/* What sqlite3_str holds, as malloc'd text: an empty one is NULL to SQLite. */
static char *db_take(sqlite3_str *str) {
    char *text = sqlite3_str_finish(str), *copy = strdup(text ? text : "");
    sqlite3_free(text);
    if (!copy) abort();
    return copy;
}

int db_run(sqlite3 *db, const char *sql, char **text) {
    sqlite3_stmt *stmt = NULL;
    sqlite3_str *out = sqlite3_str_new(NULL);
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), n = 0;
    if (!rc) {
        while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) db_append_row(out, stmt, n++ == 0);
        if (rc == SQLITE_DONE) rc = sqlite3_str_errcode(out);
    }
    *text = db_take(out);
    if (rc) {
        free(*text);
        *text = strdup(sqlite3_errmsg(db));
    }
    sqlite3_finalize(stmt);
    return rc;
}

/* ---- Asking ---- */

static char *db_must_run(sqlite3 *db, const char *sql) {
    char *text = NULL;
    int rc = db_run(db, sql, &text);
    ck_assert_msg(rc == SQLITE_OK, "%s\n  fails with %d: %s", sql, rc, text);
    return text;
}

char *db_rows(sqlite3 *db, const char *format, ...) {
    va_list list;
    va_start(list, format);
    char *sql = sqlite3_vmprintf(format, list), *text = db_must_run(db, sql);
    va_end(list);
    sqlite3_free(sql);
    return text;
}

void db_exec(sqlite3 *db, const char *format, ...) {
    va_list list;
    va_start(list, format);
    char *sql = sqlite3_vmprintf(format, list), *message = NULL;
    va_end(list);
    int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
    ck_assert_msg(rc == SQLITE_OK, "%s\n  fails with %d: %s", sql, rc, message);
    sqlite3_free(sql);
}

static sqlite3_stmt *db_first_row(sqlite3 *db, const char *format, va_list list) {
    char *sql = sqlite3_vmprintf(format, list);
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (!rc) rc = sqlite3_step(stmt);
    ck_assert_msg(rc == SQLITE_ROW, "%s\n  gives %d: %s", sql, rc, sqlite3_errmsg(db));
    sqlite3_free(sql);
    return stmt;
}

int64_t db_int(sqlite3 *db, const char *format, ...) {
    va_list list;
    va_start(list, format);
    sqlite3_stmt *stmt = db_first_row(db, format, list);
    va_end(list);
    int64_t value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

double db_real(sqlite3 *db, const char *format, ...) {
    va_list list;
    va_start(list, format);
    sqlite3_stmt *stmt = db_first_row(db, format, list);
    va_end(list);
    double value = sqlite3_column_double(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

bool db_is_exact(sqlite3 *db, const char *test) {
    bool exact = db_int(db, "SELECT 9007199254740993 > 9007199254740992.0") == 1;
    if (!exact) printf("skipped: %s: SQLite has no long doubles here\n", test);
    return exact;
}

void db_expect(sqlite3 *db, const char *sql, const char *rows) {
    char *text = db_must_run(db, sql);
    ck_assert_msg(strcmp(text, rows) == 0, "%s\n  gives\n%s\n  not\n%s", sql, text, rows);
    free(text);
}

void db_expect_same(sqlite3 *db, const char *sql, const char *other) {
    char *rows = db_must_run(db, other);
    ck_assert_msg(rows[0], "no rows: %s", other);
    db_expect(db, sql, rows);
    free(rows);
}

void db_expect_error(sqlite3 *db, const char *sql, int rc, const char *words) {
    char *text = NULL;
    int got = db_run(db, sql, &text);
    ck_assert_msg((got & 0xFF) == rc && strstr(text, words), "%s\n  gives %d: %s\n  not %d:"
                                               " %s", sql, got,
                  text, rc, words);
    free(text);
}

/* ---- Random shops ---- */

uint64_t db_random(uint64_t *state) {
    *state += 0x9E3779B97F4A7C15u;
    uint64_t x = *state;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* 0 .. n - 1 */
static int db_below(uint64_t *state, int n) {
    return (int)((db_random(state) >> 11) % (uint64_t)n);
}

static void db_bind_id(sqlite3_stmt *insert, int customer, bool odd, uint64_t *state) {
    char text[64];
    snprintf(text, sizeof(text), customer % 3 ? "%d" : "a customer with a long name %d",
             customer / 2);
    if (!odd) sqlite3_bind_int(insert, 1, customer);
    else if (customer % 41 == 7) sqlite3_bind_null(insert, 1);
    else if (customer % 41 == 8) sqlite3_bind_text(insert, 1, "", 0, SQLITE_STATIC);
    else if (customer % 5 == 1 && db_below(state, 2)) sqlite3_bind_double(insert, 1, customer / 2);
    else if (customer % 5 == 1) sqlite3_bind_int(insert, 1, customer / 2);
    else if (customer % 5 == 2) sqlite3_bind_blob(insert, 1, text, (int)strlen(text),
                                                  SQLITE_TRANSIENT);
    else if (customer % 5 == 3) sqlite3_bind_double(insert, 1, customer / 2.0 + 0.25);
    else sqlite3_bind_text(insert, 1, text, -1, SQLITE_TRANSIENT);
}

static void db_insert_order(sqlite3_stmt *insert, const DbShop *shop, int customer, int day,
                            int cents,
                            uint64_t *state) {
    static const char *const channels[] = {"web", "shop", "phone", NULL};
    char modifier[32];
    snprintf(modifier, sizeof(modifier), "+%d days", day);
    db_bind_id(insert, customer, shop->odd_ids, state);
    sqlite3_bind_text(insert, 2, modifier, -1, SQLITE_STATIC);
    sqlite3_bind_int(insert, 3, db_below(state, 4));
    sqlite3_bind_double(insert, 4, cents / 100.0);
    sqlite3_bind_text(insert, 5, channels[db_below(state, 10) < 7 ? customer % 3 : db_below(state,
        4)], -1,
                      SQLITE_STATIC);
    sqlite3_step(insert);
    sqlite3_reset(insert);
}

static int db_insert_customer(sqlite3_stmt *insert, const DbShop *shop, int customer,
                              uint64_t *state) {
    int gap = 1 + db_below(state, 2 * shop->gap_days), price = 200 + db_below(state, 9000), n = 0;
    for (int day = db_below(state, shop->n_days); day < shop->n_days; day += db_below(state,
        2 * gap)) {
        int cents = db_below(state, 25) ? price + db_below(state, 1500) : 0;
        db_insert_order(insert, shop, customer, day, cents, state);
        n++;
        if (shop->refunds && db_below(state, 8) == 0) {
            int later = db_below(state, 2) ? 0 : db_below(state, 20), part = db_below(state,
                3) ? 1 : 2;
            db_insert_order(insert, shop, customer, day + later, -cents / part, state);
            n++;
        }
        if (db_below(state, 5) == 0) break;
    }
    return n;
}

int db_make_shop(sqlite3 *db, const char *table, DbShop shop) {
    uint64_t state = shop.seed * 1000003u + 17;
    sqlite3_stmt *insert = NULL;
    int n = 0;
    db_exec(db, "BEGIN; CREATE TABLE \"%w\"(customer_id, order_date, amount, channel)", table);
    char *sql = sqlite3_mprintf("INSERT INTO \"%w\" VALUES (?1, CASE ?3 WHEN 0 THEN"
                                " datetime('2022-11-05', ?2,"
                                " '+13 hours') ELSE date('2022-11-05', ?2) END, ?4, ?5)", table);
    int rc = sqlite3_prepare_v2(db, sql, -1, &insert, NULL);
    ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    for (int c = 0; c < shop.n_customers; c++) n += db_insert_customer(insert, &shop, c, &state);
    sqlite3_finalize(insert);
    sqlite3_free(sql);
    db_exec(db, "COMMIT");
    return n;
}

/* ---- Shared tables ---- */

/* Past a field, whose quotes are taken off in place: NULL at the end of the line. */
static char *db_field(char *at) {
    char *out = at;
    bool quoted = false;
    for (; *at && (quoted || *at != ','); at++) {
        if (*at == '"' && !(quoted && at[1] == '"')) {
            quoted = !quoted;
            continue;
        }
        at += *at == '"';
        *out++ = *at;
    }
    bool more = *at == ',';
    *out = 0;
    return more ? at + 1 : NULL;
}

/* Splits a line of fields in place; returns their number. */
static int db_split(char *line, char *fields[DB_FIELDS_MAX]) {
    int n = 0;
    line[strcspn(line, "\r\n")] = 0;
    for (char *at = line; at && n < DB_FIELDS_MAX;) {
        fields[n++] = at;
        at = db_field(at);
    }
    return n;
}

static sqlite3_stmt *db_make_table(sqlite3 *db, const char *table, char *fields[], int n) {
    sqlite3_str *make = sqlite3_str_new(db), *fill = sqlite3_str_new(db);
    sqlite3_str_appendf(make, "CREATE TABLE \"%w\"(", table);
    sqlite3_str_appendf(fill, "INSERT INTO \"%w\" VALUES(", table);
    for (int i = 0; i < n; i++) {
        sqlite3_str_appendf(make, "%s\"%w\" TEXT", i ? ", " : "", fields[i]);
        sqlite3_str_appendall(fill, i ? ", ?" : "?");
    }
    sqlite3_str_appendchar(make, 1, ')');
    sqlite3_str_appendchar(fill, 1, ')');
    char *make_sql = sqlite3_str_finish(make), *fill_sql = sqlite3_str_finish(fill);
    sqlite3_stmt *insert = NULL;
    db_exec(db, "%s", make_sql);
    int rc = sqlite3_prepare_v2(db, fill_sql, -1, &insert, NULL);
    ck_assert_msg(rc == SQLITE_OK, "%s: %s", fill_sql, sqlite3_errmsg(db));
    sqlite3_free(make_sql);
    sqlite3_free(fill_sql);
    return insert;
}

static int64_t db_fill(sqlite3 *db, const char *table, FILE *file) {
    char line[DB_LINE_MAX], *fields[DB_FIELDS_MAX];
    sqlite3_stmt *insert = NULL;
    int64_t n_rows = 0;
    while (fgets(line, sizeof(line), file)) {
        int n = db_split(line, fields);
        if (!insert) {
            insert = db_make_table(db, table, fields, n);
            continue;
        }
        for (int i = 0; i < n; i++) sqlite3_bind_text(insert, i + 1, fields[i], -1, SQLITE_STATIC);
        int rc = sqlite3_step(insert);
        ck_assert_msg(rc == SQLITE_DONE, "import of %s: %s", table, sqlite3_errmsg(db));
        sqlite3_reset(insert);
        n_rows++;
    }
    sqlite3_finalize(insert);
    return n_rows;
}

bool db_import(sqlite3 *db, const char *table, const char *name) {
    const char *shared = getenv("RETAIN_SHARED");
    char command[DB_PATH_MAX];
    snprintf(command, sizeof(command), "gzip -dc '%s/data/%s.csv.gz' 2>/dev/null",
             shared ? shared : "../shared", name);
    FILE *file = popen(command, "r");
    ck_assert_msg(file != NULL, "%s", command);
    db_exec(db, "BEGIN");
    int64_t n_rows = db_fill(db, table, file);
    db_exec(db, "COMMIT");
    pclose(file);
    if (n_rows == 0) printf("skipped: %s: no shared data\n", name);
    return n_rows > 0;
}
