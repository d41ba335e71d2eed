/* oracle.c - see oracle.h. */
#define _POSIX_C_SOURCE 200809L
#include "oracle.h"

#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"

enum { ORACLE_PATH_MAX = 1024, ORACLE_LINE_MAX = 4096, ORACLE_COLUMNS_MAX = 16 };

struct Oracle {
    sqlite3 *db;
    sqlite3_stmt *number, *length;
};

static void oracle_path(char path[ORACLE_PATH_MAX], const char *folder, const char *file,
                        const char *suffix) {
    const char *shared = getenv("RETAIN_SHARED");
    snprintf(path, ORACLE_PATH_MAX, "%s/%s/%s%s", shared ? shared : "../shared", folder, file,
             suffix);
}

static bool oracle_exists(const char *path, const char *name) {
    FILE *f = fopen(path, "rb");
    if (f) fclose(f);
    if (!f) printf("skipped: %s: no shared oracle\n", name);
    return f != NULL;
}

static void oracle_must(bool ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "oracle: %s\n", what);
    abort();
}

/* Bytes at text that Python writes for a number and JSON does not know. */
static size_t oracle_not_json(const char *text) {
    static const char *const word[] = {"NaN", "Infinity", "-Infinity"};
    for (int i = 0; i < 3; i++)
        if (strncmp(text, word[i], strlen(word[i])) == 0) return strlen(word[i]);
    return 0;
}

/* The whole file, with null for such numbers. */
static char *oracle_read(const char *path) {
    FILE *f = fopen(path, "rb");
    oracle_must(f != NULL, path);
    fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f), out = 0;
    rewind(f);
    char *raw = malloc(n + 1), *text = malloc(2 * n + 1);
    oracle_must(raw && text && fread(raw, 1, n, f) == n, path);
    fclose(f);
    raw[n] = 0;
    for (size_t i = 0; i < n; i++) {
        size_t skip = oracle_not_json(raw + i);
        if (skip > 0) {
            memcpy(text + out, "null", 4);
            out += 4;
            i += skip - 1;
        } else {
            text[out++] = raw[i];
        }
    }
    text[out] = 0;
    free(raw);
    return text;
}

Oracle *oracle_open(const char *name) {
    char path[ORACLE_PATH_MAX];
    oracle_path(path, "oracle", name, ".json");
    if (!oracle_exists(path, name)) return NULL;
    char *text = oracle_read(path);
    Oracle *oracle = calloc(1, sizeof(*oracle));
    sqlite3_stmt *fill = NULL;
    oracle_must(oracle != NULL, name);
    oracle->db = db_open_bare(NULL);
    sqlite3_exec(oracle->db, "CREATE TABLE leaf(path PRIMARY KEY, value, length) WITHOUT ROWID",
                 NULL, NULL, NULL);
    sqlite3_prepare_v2(oracle->db,
                       "INSERT INTO leaf"
                       " SELECT replace(replace(fullkey, '\"', ''), '$.', ''), atom,"
                       " CASE type WHEN 'array' THEN json_array_length(value) ELSE 0 END FROM json_tree(?)"
                       " WHERE type = 'array' OR type <> 'object'",
                       -1, &fill, NULL);
    sqlite3_bind_text(fill, 1, text, -1, SQLITE_STATIC);
    oracle_must(sqlite3_step(fill) == SQLITE_DONE, sqlite3_errmsg(oracle->db));
    sqlite3_finalize(fill);
    free(text);
    sqlite3_prepare_v2(oracle->db, "SELECT CAST(value AS REAL) FROM leaf WHERE path = ?"
                       " AND value IS NOT NULL", -1, &oracle->number, NULL);
    sqlite3_prepare_v2(oracle->db, "SELECT length FROM leaf WHERE path = ?", -1, &oracle->length,
                       NULL);
    return oracle;
}

void oracle_close(Oracle *oracle) {
    if (!oracle) return;
    sqlite3_finalize(oracle->number);
    sqlite3_finalize(oracle->length);
    db_close(oracle->db);
    free(oracle);
}

double oracle_number(Oracle *oracle, const char *format, ...) {
    char path[ORACLE_PATH_MAX];
    va_list list;
    va_start(list, format);
    vsnprintf(path, sizeof(path), format, list);
    va_end(list);
    sqlite3_bind_text(oracle->number, 1, path, -1, SQLITE_TRANSIENT);
    double value = sqlite3_step(oracle->number) == SQLITE_ROW
                       ? sqlite3_column_double(oracle->number, 0)
                       : NAN;
    sqlite3_reset(oracle->number);
    return value;
}

int oracle_length(Oracle *oracle, const char *path) {
    sqlite3_bind_text(oracle->length, 1, path, -1, SQLITE_TRANSIENT);
    int length = sqlite3_step(oracle->length) == SQLITE_ROW
                     ? sqlite3_column_int(oracle->length, 0)
                     : 0;
    sqlite3_reset(oracle->length);
    return length;
}

static void oracle_room(OracleCustomers *c, int64_t n) {
    size_t size = (size_t)(n > 0 ? n : 1);
    c->frequency = malloc(size * sizeof(*c->frequency));
    c->recency = malloc(size * sizeof(*c->recency));
    c->age = malloc(size * sizeof(*c->age));
    c->monetary_value = malloc(size * sizeof(*c->monetary_value));
    oracle_must(c->frequency && c->recency && c->age && c->monetary_value, "out of memory");
}

void oracle_free(OracleCustomers *customers) {
    free(customers->frequency);
    free(customers->recency);
    free(customers->age);
    free(customers->monetary_value);
    *customers = (OracleCustomers){0};
}

static int oracle_split(char *line, char *field[ORACLE_COLUMNS_MAX]) {
    int n = 0;
    for (char *at = strtok(line, ",\r\n"); at && n < ORACLE_COLUMNS_MAX; at = strtok(NULL, ",\r\n"))
        field[n++] = at;
    return n;
}

/* Each customer's days up to ?1, then their summary; a day counts once. */
static const char oracle_sql[] =
    "WITH d AS (SELECT customer, day, sum(amount) AS amount FROM orders WHERE day <= julianday(?1)"
    "           GROUP BY customer, day),"
    " c AS (SELECT customer, min(day) AS first, max(day) AS last, count(*) AS n FROM d"
    "       GROUP BY customer)"
    "SELECT n - 1, last - first, julianday(?1) - first,"
    " (SELECT coalesce(avg(amount), 0) FROM d WHERE d.customer = c.customer AND d.day > c.first)"
    " FROM c";

static void oracle_summarise(sqlite3 *db, const char *last, OracleCustomers *out) {
    sqlite3_stmt *count = NULL, *row = NULL;
    sqlite3_exec(db, "CREATE INDEX by_customer ON orders(customer, day, amount)", NULL, NULL, NULL);
    sqlite3_prepare_v2(db, "SELECT count(DISTINCT customer) FROM orders", -1, &count, NULL);
    sqlite3_step(count);
    oracle_room(out, sqlite3_column_int64(count, 0));
    sqlite3_finalize(count);
    sqlite3_prepare_v2(db, oracle_sql, -1, &row, NULL);
    sqlite3_bind_text(row, 1, last, -1, SQLITE_STATIC);
    for (; sqlite3_step(row) == SQLITE_ROW; out->n++) {
        out->frequency[out->n] = sqlite3_column_int(row, 0);
        out->recency[out->n] = sqlite3_column_int(row, 1);
        out->age[out->n] = sqlite3_column_int(row, 2);
        out->monetary_value[out->n] = sqlite3_column_double(row, 3);
    }
    sqlite3_finalize(row);
}

bool oracle_orders(const char *file, int customer_column, int date_column, int amount_column,
                   const char *last, OracleCustomers *out) {
    char path[ORACLE_PATH_MAX], command[ORACLE_PATH_MAX + 32], line[ORACLE_LINE_MAX];
    sqlite3 *db = NULL;
    sqlite3_stmt *insert = NULL;
    int64_t rows = 0;
    *out = (OracleCustomers){0};
    oracle_path(path, "data", file, ".csv.gz");
    if (!oracle_exists(path, file)) return false;
    snprintf(command, sizeof(command), "gzip -dc '%s'", path);
    FILE *f = popen(command, "r");
    oracle_must(f != NULL, file);
    db = db_open_bare(NULL);
    sqlite3_exec(db, "CREATE TABLE orders(customer, day, amount)", NULL, NULL, NULL);
    sqlite3_prepare_v2(db, "INSERT INTO orders VALUES(?1, julianday(substr(?2, 1, 10)), ?3)", -1,
                       &insert, NULL);
    for (bool header = true; fgets(line, sizeof(line), f); header = false) {
        char *field[ORACLE_COLUMNS_MAX];
        int n = oracle_split(line, field);
        if (header || n <= amount_column) continue;
        sqlite3_bind_text(insert, 1, field[customer_column], -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(insert, 2, field[date_column], -1, SQLITE_TRANSIENT);
        sqlite3_bind_double(insert, 3, strtod(field[amount_column], NULL));
        sqlite3_step(insert);
        sqlite3_reset(insert);
        rows++;
    }
    sqlite3_finalize(insert);
    pclose(f);
    if (rows > 0)
        oracle_summarise(db, last, out);
    else
        printf("skipped: %s: cannot be unpacked\n", file);
    db_close(db);
    return rows > 0;
}

bool oracle_summary(const char *file, OracleCustomers *out) {
    enum { ROWS_MAX = 100000 };
    char path[ORACLE_PATH_MAX], line[ORACLE_LINE_MAX];
    *out = (OracleCustomers){0};
    oracle_path(path, "oracle", file, ".csv");
    if (!oracle_exists(path, file)) return false;
    FILE *f = fopen(path, "r");
    oracle_must(f != NULL, path);
    oracle_room(out, ROWS_MAX);
    for (bool header = true; fgets(line, sizeof(line), f) && out->n < ROWS_MAX; header = false) {
        char *field[ORACLE_COLUMNS_MAX];
        int n = oracle_split(line, field);
        if (header || n < 7) continue;
        out->frequency[out->n] = (int32_t)strtol(field[1], NULL, 10);
        out->recency[out->n] = (int32_t)lround(7 * strtod(field[2], NULL));
        out->age[out->n] = (int32_t)lround(7 * strtod(field[3], NULL));
        out->monetary_value[out->n++] = strtod(field[6], NULL);
    }
    fclose(f);
    return true;
}
