/* twins.c - see twins.h. */
#include "twins.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TWINS_FILE_MAX = 64 * 1024 };

#define TWIN(report_, conditions_, name_, money_) \
    {.report = report_, .conditions = conditions_, .name = #name_, .money = money_},
const Twin twins[] = {
#include "twins.def"
};
#undef TWIN
const int n_twins = (int)(sizeof(twins) / sizeof(twins[0]));

static char *twins_replace(const char *text, const char *what, const char *with) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    size_t n = strlen(what);
    for (const char *at = text; *at;) {
        bool hit = strncmp(at, what, n) == 0;
        if (hit) sqlite3_str_appendall(out, with);
        else sqlite3_str_appendchar(out, 1, *at);
        at += hit ? n : 1;
    }
    return sqlite3_str_finish(out);
}

char *twins_recipe(const char *name, const char *table) {
    static char text[TWINS_FILE_MAX];
    char path[256], from[256];
    snprintf(path, sizeof(path), "sql/%s.sql", name);
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = 0;
    while (n > 0 && strchr(" ;\n", text[n - 1])) text[--n] = 0;
    snprintf(from, sizeof(from), "FROM %s", table);
    return twins_replace(text, "FROM orders", from);
}

char *twins_report(sqlite3 *db, const Twin *twin, const char *table, const char *view, const char *conditions) {
    char *call = twins_replace(twin->report, "$T", table);
    char *columns = sqlite3_mprintf("SELECT group_concat(name) FROM pragma_table_info(%Q)", view);
    sqlite3_stmt *stmt = NULL;
    char *sql = NULL;
    if (sqlite3_prepare_v2(db, columns, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        sql = sqlite3_mprintf("SELECT %s FROM %s WHERE %s%s%s", sqlite3_column_text(stmt, 0), call,
                              conditions ? conditions : "", conditions ? " AND " : "", twin->conditions);
    sqlite3_finalize(stmt);
    sqlite3_free(columns);
    sqlite3_free(call);
    return sql;
}

static bool twins_is_number(int type) {
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

/* Equal: as SQL's IS, and numbers up to the slack. */
static bool twins_same(sqlite3_stmt *a, sqlite3_stmt *b, int col, double slack, bool exact) {
    int type = sqlite3_column_type(a, col), other = sqlite3_column_type(b, col);
    bool numbers = twins_is_number(type) && twins_is_number(other);
    if (type != other && (exact || !numbers)) return false;
    if (type == SQLITE_INTEGER && other == SQLITE_INTEGER)
        return sqlite3_column_int64(a, col) == sqlite3_column_int64(b, col);
    double x = sqlite3_column_double(a, col), y = sqlite3_column_double(b, col);
    if (numbers) return exact ? x == y : fabs(x - y) <= slack + 1e-12 * fabs(y);
    if (type == SQLITE_NULL) return true;
    const void *left = sqlite3_column_blob(a, col), *right = sqlite3_column_blob(b, col);
    int n = sqlite3_column_bytes(a, col);
    return n == sqlite3_column_bytes(b, col) && (n == 0 || memcmp(left, right, (size_t)n) == 0);
}

static void twins_append_row(sqlite3_str *out, sqlite3_stmt *stmt) {
    for (int c = 0; c < sqlite3_column_count(stmt); c++) {
        const char *text = (const char *)sqlite3_column_text(stmt, c);
        sqlite3_str_appendf(out, "%s %s", c ? " |" : "\n   ", text ? text : "NULL");
    }
}

char *twins_difference(sqlite3_stmt *a, sqlite3_stmt *b, double slack, bool exact) {
    char *found = NULL;
    for (int row = 1; !found; row++) {
        int rc = sqlite3_step(a), other = sqlite3_step(b);
        if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
            found = sqlite3_mprintf("%s: %s", sqlite3_errmsg(sqlite3_db_handle(a)), sqlite3_sql(a));
        } else if (rc != other) {
            found = sqlite3_mprintf("row %d: %s\n  has %s row than\n%s (%s)", row, sqlite3_sql(a),
                                    rc == SQLITE_ROW ? "one more" : "one less", sqlite3_sql(b),
                                    sqlite3_errmsg(sqlite3_db_handle(b)));
        }
        if (found || rc == SQLITE_DONE) break;
        for (int c = 0; c < sqlite3_column_count(a) && !found; c++) {
            if (twins_same(a, b, c, slack, exact)) continue;
            sqlite3_str *out = sqlite3_str_new(NULL);
            sqlite3_str_appendf(out, "row %d, column %s: %s\n  differs from\n%s", row, sqlite3_column_name(a, c),
                                sqlite3_sql(a), sqlite3_sql(b));
            twins_append_row(out, a);
            twins_append_row(out, b);
            found = sqlite3_str_finish(out);
        }
    }
    sqlite3_reset(a);
    sqlite3_reset(b);
    return found;
}
