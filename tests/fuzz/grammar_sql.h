/* grammar_sql.h - random SQL over the extension.
 *
 * Names of functions, arguments and columns come from retain_help, so that a new function is written about
 * the day it is registered.  A text has one to three statements; most are well formed, arguments are often
 * right and sometimes of the wrong kind, out of range, or of another function.
 */
#ifndef TESTS_GRAMMAR_SQL_H
#define TESTS_GRAMMAR_SQL_H

#include "fuzz.h"

enum { GRAMMAR_NAMES_MAX = 512 };

typedef struct GrammarList {
    char *names[GRAMMAR_NAMES_MAX];
    int n;
} GrammarList;

typedef struct GrammarNames {
    GrammarList reports, aggregates, scalars, arguments, columns;
} GrammarNames;

static const char *const grammar_sources[] = {
    "orders", "orders", "orders", "main.orders", "unix", "millis", "julian", "digits", "jalali", "mixed", "refunds",
    "lines", "typed", "empty", "nobody", "bad_dates", "bad_amounts", "itself", "through", "shop view", "two_dates", "fts",
    "missing", "temp.orders", "sqlite_master", "pragma_table_info", "generate_series", "", "orders\"; DROP"};

static const char *const grammar_values[] = {
    "NULL", "0", "1", "-1", "30", "90", "365", "36500", "36501", "3650", "0.1", "0.5", "0.95", "1e-9", "0.999999999",
    "1e308", "9e999", "-9e999", "9223372036854775807", "'1'", "'0.5'", "'1x'", "''", "x''", "x'31'", "'month'", "'day'",
    "'week'", "'quarter'", "'year'", "'28 days'", "'36500 days'", "'2 months'", "'90 days'", "'6 months'", "'period'",
    "'0 days'", "'first'", "'last'", "'error'", "'skip'", "'gregorian'", "'jalali'", "'auto'", "'text'", "'unix'",
    "'unixms'", "'yyyymmdd'", "'bgnbd'", "'mbgnbd'", "'monday'", "'sunday'", "'+03:30'", "'-14:00'", "'+99:00'", "'Z'",
    "'2024-02-29'", "'2024-02-30'", "'2019-12-31'", "'0000-01-01'", "'9999-12-31'", "'1403/12/30'", "'customer_id'",
    "'order_date'", "'amount'", "'channel'", "'order_id'", "'rowid'", "'main'", "'temp'", "'nowhere'", "'clv'",
    "zeroblob(3)", "char(0, 65)", "char(0x1F600)", "randomblob(2)", "(SELECT max(amount) FROM orders)", "?", "1 + 1"};

static const char *grammar_choose(uint64_t *random, const char *const *list, int n) {
    return list[fuzz_below(random, n)];
}

static const char *grammar_name(uint64_t *random, const GrammarList *list) {
    return list->n ? list->names[fuzz_below(random, list->n)] : "orders";
}

static const char *grammar_value(uint64_t *random) {
    return grammar_choose(random, grammar_values, FUZZ_COUNT(grammar_values));
}

static void grammar_load(sqlite3 *db, GrammarList *list, const char *sql) {
    sqlite3_stmt *stmt = fuzz_prepare(db, sql);
    while (sqlite3_step(stmt) == SQLITE_ROW && list->n < GRAMMAR_NAMES_MAX)
        list->names[list->n++] = strdup((const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
}

static void grammar_names(sqlite3 *db, GrammarNames *names) {
    grammar_load(db, &names->reports, "SELECT DISTINCT name FROM retain_help WHERE kind = 'table'");
    grammar_load(db, &names->aggregates, "SELECT DISTINCT name FROM retain_help WHERE kind = 'aggregate'");
    grammar_load(db, &names->scalars, "SELECT DISTINCT name FROM retain_help WHERE kind = 'scalar'");
    grammar_load(db, &names->arguments,
                 "SELECT DISTINCT argument FROM retain_help WHERE kind = 'table' AND argument IS NOT NULL");
    grammar_load(db, &names->columns, "SELECT DISTINCT column_name FROM retain_help WHERE column_name IS NOT NULL");
}

/* A report with up to four positional arguments. */
static void grammar_call(uint64_t *random, const GrammarNames *names, sqlite3_str *out) {
    const char *report = fuzz_below(random, 12) ? grammar_name(random, &names->reports) : "retain_help";
    sqlite3_str_appendf(out, "%s(%Q", report,
                        grammar_choose(random, grammar_sources, fuzz_below(random, 3) ? 18 : FUZZ_COUNT(grammar_sources)));
    for (int i = fuzz_below(random, 5); i > 0; i -= 2) sqlite3_str_appendf(out, ", %s", grammar_value(random));
    sqlite3_str_appendall(out, ")");
}

static void grammar_term(uint64_t *random, const GrammarNames *names, sqlite3_str *out) {
    static const char *const comparisons[] = {"=", "=", "=", "=", "=", "IS", "<", "IN", "LIKE"};
    bool argument = fuzz_below(random, 4) > 0;
    const char *name = grammar_name(random, argument ? &names->arguments : &names->columns);
    const char *comparison = grammar_choose(random, comparisons, FUZZ_COUNT(comparisons));
    if (strcmp(comparison, "IN") == 0)
        sqlite3_str_appendf(out, "%s IN (%s, %s)", name, grammar_value(random), grammar_value(random));
    else sqlite3_str_appendf(out, "%s %s %s", name, comparison, grammar_value(random));
}

static void grammar_where(uint64_t *random, const GrammarNames *names, sqlite3_str *out) {
    int n = fuzz_below(random, 8) ? fuzz_below(random, 4) : 18;
    for (int i = 0; i < n; i++) {
        sqlite3_str_appendall(out, i == 0 ? " WHERE " : fuzz_below(random, 6) ? " AND " : " OR ");
        grammar_term(random, names, out);
    }
    if (fuzz_below(random, 3) == 0)
        sqlite3_str_appendf(out, " ORDER BY %d%s", 1 + fuzz_below(random, 5), fuzz_below(random, 2) ? " DESC" : "");
    if (fuzz_below(random, 3) == 0) sqlite3_str_appendf(out, " LIMIT %d", fuzz_below(random, 20));
}

static void grammar_report(uint64_t *random, const GrammarNames *names, sqlite3_str *out) {
    int columns = fuzz_below(random, 5);
    sqlite3_str_appendall(out, "SELECT ");
    if (columns == 0) sqlite3_str_appendall(out, fuzz_below(random, 2) ? "*" : "*, as_of, rows_read, rowid");
    for (int i = 0; i < columns; i++)
        sqlite3_str_appendf(out, "%s%s", i ? ", " : "",
                            grammar_name(random, fuzz_below(random, 5) ? &names->columns : &names->arguments));
    sqlite3_str_appendall(out, " FROM ");
    grammar_call(random, names, out);
    grammar_where(random, names, out);
}

static void grammar_aggregate(uint64_t *random, const GrammarNames *names, sqlite3_str *out) {
    static const char *const columns[] = {"customer_id", "order_date", "amount", "channel", "rowid", "NULL"};
    static const char *const groups[] = {"", " GROUP BY channel", " GROUP BY customer_id", " WHERE 0", " GROUP BY 1"};
    sqlite3_str_appendf(out, "SELECT %s(", grammar_name(random, &names->aggregates));
    int n = 2 + fuzz_below(random, 5);
    for (int i = 0; i < n; i++)
        sqlite3_str_appendf(out, "%s%s", i ? ", " : "",
                            i < 3 && fuzz_below(random, 8) ? columns[i] : grammar_value(random));
    sqlite3_str_appendf(out, ")%s FROM \"%w\"%s", fuzz_below(random, 10) ? "" : " OVER (ORDER BY rowid)",
                        grammar_choose(random, grammar_sources, 16), grammar_choose(random, groups, FUZZ_COUNT(groups)));
}

static void grammar_scalar(uint64_t *random, const GrammarNames *names, sqlite3_str *out) {
    sqlite3_str_appendf(out, "SELECT %s(", grammar_name(random, &names->scalars));
    for (int i = 0, n = fuzz_below(random, 5); i < n; i++)
        sqlite3_str_appendf(out, "%s%s", i ? ", " : "", grammar_value(random));
    sqlite3_str_appendall(out, ")");
}

/* Calls from within SQL: joins, subqueries, views, tables that change while they are read. */
static void grammar_nested(uint64_t *random, const GrammarNames *names, sqlite3_str *out) {
    const char *report = grammar_name(random, &names->reports), *value = grammar_value(random);
    switch (fuzz_below(random, 8)) {
        case 0:
            sqlite3_str_appendf(out, "SELECT count(*) FROM pragma_table_list AS l, %s(l.name) AS r", report);
            break;
        case 1: sqlite3_str_appendf(out, "SELECT * FROM %s('orders') AS a JOIN %s('mixed') AS b ON a.rowid = b.rowid",
                                    report, grammar_name(random, &names->reports)); break;
        case 2:
            sqlite3_str_appendf(out, "CREATE TEMP VIEW v AS SELECT * FROM %s('orders', %s); SELECT * FROM v; SELECT *"
                                     " FROM %s('v')", report, value, report);
            break;
        case 3:
            sqlite3_str_appendf(out, "INSERT INTO orders SELECT %s, order_date, amount, channel FROM unix; SELECT * FROM"
                                     " %s('orders')", value, report);
            break;
        case 4: sqlite3_str_appendf(out, "SELECT (SELECT count(*) FROM %s(value)) FROM (SELECT 'orders' AS value UNION ALL"
                                         " SELECT 'mixed')", report); break;
        case 5: sqlite3_str_appendf(out, "INSERT INTO orders VALUES (%s, %s, %s, 'web'); SELECT * FROM %s('orders')", value,
                                    grammar_value(random), grammar_value(random), report); break;
        case 6: sqlite3_str_appendf(out, "CREATE TABLE t AS SELECT * FROM %s('orders', %s); PRAGMA integrity_check", report,
                                    value); break;
        default: sqlite3_str_appendf(out, "SELECT r.* FROM %s AS r WHERE r.source = 'orders' OR (r.source = 'mixed' AND %s ="
                                          " %s)", report, grammar_name(random, &names->arguments), value);
    }
}

static void grammar_statement(uint64_t *random, const GrammarNames *names, sqlite3_str *out) {
    int form = fuzz_below(random, 16);
    if (form < 8) grammar_report(random, names, out);
    else if (form < 11) grammar_aggregate(random, names, out);
    else if (form < 13) grammar_scalar(random, names, out);
    else grammar_nested(random, names, out);
}

/* A text, to be freed with sqlite3_free; some ask for a database in UTF-16. */
static char *grammar_sql(uint64_t seed, const GrammarNames *names) {
    uint64_t random = seed;
    sqlite3_str *out = sqlite3_str_new(NULL);
    if (fuzz_below(&random, 8) == 0) sqlite3_str_appendall(out, "--16\n");
    for (int i = fuzz_below(&random, 4) ? 1 : 1 + fuzz_below(&random, 3); i > 0; i--) {
        grammar_statement(&random, names, out);
        sqlite3_str_appendall(out, ";\n");
    }
    return sqlite3_str_finish(out);
}

#endif
