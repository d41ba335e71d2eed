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

/* One function: what it takes, in its order, and what it returns. */
typedef struct GrammarFunction {
    const char *name;
    GrammarList arguments, columns;
} GrammarFunction;

enum { GRAMMAR_FUNCTIONS_MAX = 100 };
typedef struct GrammarKind {
    GrammarFunction functions[GRAMMAR_FUNCTIONS_MAX];
    int n;
} GrammarKind;

/* Arguments and columns are those of all reports. */
typedef struct GrammarNames {
    GrammarKind reports, aggregates, scalars;
    GrammarList arguments, columns;
} GrammarNames;

static const char *const grammar_sources[] = {
    "orders", "orders", "orders", "main.orders", "unix", "millis", "julian", "digits", "jalali", "mixed", "refunds",
    "lines", "typed", "empty", "nobody", "bad_dates", "bad_amounts", "itself", "through", "shop view", "two_dates", "subscriptions", "fts",
    "missing", "temp.orders", "sqlite_master", "pragma_table_info", "generate_series", "", "orders\"; DROP"};

static const char *const grammar_values[] = {
    "NULL", "0", "1", "-1", "30", "90", "365", "36500", "36501", "3650", "0.1", "0.5", "0.95", "1e-9", "0.999999999",
    "1e308", "9e999", "-9e999", "9223372036854775807", "'1'", "'0.5'", "'1x'", "''", "x''", "x'31'", "'month'", "'day'",
    "'week'", "'quarter'", "'year'", "'28 days'", "'36500 days'", "'2 months'", "'90 days'", "'6 months'", "'period'",
    "'0 days'", "'first'", "'last'", "'error'", "'skip'", "'gregorian'", "'jalali'", "'auto'", "'text'", "'unix'",
    "'unixms'", "'yyyymmdd'", "'bgnbd'", "'mbgnbd'", "'monday'", "'sunday'", "'+03:30'", "'-14:00'", "'+99:00'", "'Z'",
    "'2024-02-29'", "'2024-02-30'", "'2019-12-31'", "'0000-01-01'", "'9999-12-31'", "'1403/12/30'", "'customer_id'",
    "'order_date'", "'amount'", "'channel'", "'order_id'", "'rowid'", "'main'", "'temp'", "'nowhere'", "'clv'",
    "'started_on'", "'ended_on'", "'churn_probability'", "'pnbd'", "'nbd'", "'classifier'", "'blend'", "'1,5,10'", "'30,90'",
    "zeroblob(3)", "char(0, 65)", "char(0x1F600)", "randomblob(2)", "(SELECT max(amount) FROM orders)", "?", "1 + 1"};

/* What the scalars take that score a customer with a model. */
static const char *const grammar_models[] = {
    "'{\"model\":\"bgnbd\",\"r\":0.243,\"alpha\":30.9,\"a\":0.793,\"b\":2.426}'",
    "'{\"model\":\"pnbd\",\"r\":0.5,\"alpha\":74,\"s\":0.6,\"beta\":81,\"spend\":{\"p\":6.25,\"q\":0.9,\"gamma\":15,\"mean\":9}}'",
    "'{\"model\":\"mbgnbd\",\"r\":1e30,\"alpha\":1e-30,\"a\":1e-30,\"b\":1e30,\"spend\":{\"mean\":1e300}}'",
    "'{\"model\":\"nbd\",\"r\":1,\"alpha\":1,\"note\":\"\\u00'",
    "(SELECT clv_fit(frequency, recency, age, monetary_value) FROM clv('orders'))",
    "(SELECT clv_fit(frequency, recency, age, NULL, 'pnbd') FROM clv('unix'))"};

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

static void grammar_load_kind(sqlite3 *db, GrammarKind *kind, const char *which) {
    static GrammarList names;
    char *sql = sqlite3_mprintf("SELECT DISTINCT name FROM retain_help WHERE kind = %Q", which);
    names.n = 0;
    grammar_load(db, &names, sql);
    sqlite3_free(sql);
    for (int i = 0; i < names.n && i < GRAMMAR_FUNCTIONS_MAX; i++) {
        GrammarFunction *function = &kind->functions[kind->n++];
        function->name = names.names[i];
        sql = sqlite3_mprintf("SELECT argument FROM retain_help WHERE kind = %Q AND name = %Q AND argument NOT NULL", which,
                              function->name);
        grammar_load(db, &function->arguments, sql);
        sqlite3_free(sql);
        sql = sqlite3_mprintf("SELECT column_name FROM retain_help WHERE kind = %Q AND name = %Q AND column_name NOT NULL",
                              which, function->name);
        grammar_load(db, &function->columns, sql);
        sqlite3_free(sql);
    }
}

static void grammar_names(sqlite3 *db, GrammarNames *names) {
    grammar_load_kind(db, &names->reports, "table");
    grammar_load_kind(db, &names->aggregates, "aggregate");
    grammar_load_kind(db, &names->scalars, "scalar");
    grammar_load(db, &names->arguments,
                 "SELECT DISTINCT argument FROM retain_help WHERE kind = 'table' AND argument IS NOT NULL");
    grammar_load(db, &names->columns, "SELECT DISTINCT column_name FROM retain_help WHERE column_name IS NOT NULL");
}

static const GrammarFunction *grammar_function(uint64_t *random, const GrammarKind *kind) {
    return &kind->functions[fuzz_below(random, kind->n)];
}

/* A name of the report's own, once in a while of any other. */
static const char *grammar_own(uint64_t *random, const GrammarList *own, const GrammarList *all) {
    return grammar_name(random, fuzz_below(random, 12) ? own : all);
}

/* A report with up to four positional arguments. */
static void grammar_call(uint64_t *random, const char *report, sqlite3_str *out) {
    if (strcmp(report, "subscription_survival") == 0 && fuzz_below(random, 2)) {
        sqlite3_str_appendf(out, "%s('subscriptions', 'started_on', 'ended_on', %s)", report, grammar_value(random));
        return;
    }
    sqlite3_str_appendf(out, "%s(%Q", report,
                        grammar_choose(random, grammar_sources, fuzz_below(random, 3) ? 18 : FUZZ_COUNT(grammar_sources)));
    for (int i = fuzz_below(random, 6) - 2; i > 0; i -= 2) sqlite3_str_appendf(out, ", %s", grammar_value(random));
    sqlite3_str_appendall(out, ")");
}

static void grammar_term(uint64_t *random, const GrammarNames *names, const GrammarFunction *report, sqlite3_str *out) {
    static const char *const comparisons[] = {"=", "=", "=", "=", "=", "IS", "<", "IN", "LIKE"};
    bool argument = fuzz_below(random, 4) > 0;
    const char *name = argument ? grammar_own(random, &report->arguments, &names->arguments)
                                : grammar_own(random, &report->columns, &names->columns);
    const char *comparison = grammar_choose(random, comparisons, FUZZ_COUNT(comparisons));
    if (strcmp(comparison, "IN") == 0)
        sqlite3_str_appendf(out, "%s IN (%s, %s)", name, grammar_value(random), grammar_value(random));
    else sqlite3_str_appendf(out, "%s %s %s", name, comparison, grammar_value(random));
}

static void grammar_where(uint64_t *random, const GrammarNames *names, const GrammarFunction *report, sqlite3_str *out) {
    int n = fuzz_below(random, 16) ? fuzz_below(random, 4) : 18;
    for (int i = 0; i < n; i++) {
        sqlite3_str_appendall(out, i == 0 ? " WHERE " : fuzz_below(random, 6) ? " AND " : " OR ");
        grammar_term(random, names, report, out);
    }
    if (fuzz_below(random, 3) == 0)
        sqlite3_str_appendf(out, " ORDER BY %d%s", 1 + fuzz_below(random, 5), fuzz_below(random, 2) ? " DESC" : "");
    if (fuzz_below(random, 3) == 0) sqlite3_str_appendf(out, " LIMIT %d", fuzz_below(random, 20));
}

static void grammar_report(uint64_t *random, const GrammarNames *names, sqlite3_str *out) {
    const GrammarFunction *report = grammar_function(random, &names->reports);
    int columns = fuzz_below(random, 5);
    sqlite3_str_appendall(out, "SELECT ");
    if (columns == 0) sqlite3_str_appendall(out, fuzz_below(random, 2) ? "*" : "*, as_of, rows_read, rowid");
    for (int i = 0; i < columns; i++)
        sqlite3_str_appendf(out, "%s%s", i ? ", " : "",
                            fuzz_below(random, 5) ? grammar_own(random, &report->columns, &names->columns)
                                                  : grammar_own(random, &report->arguments, &names->arguments));
    sqlite3_str_appendall(out, " FROM ");
    grammar_call(random, report->name, out);
    grammar_where(random, names, report, out);
}

/* How many arguments: at most what the function takes, mostly. */
static int grammar_count(uint64_t *random, const GrammarFunction *function) {
    int n = function->arguments.n;
    return fuzz_below(random, 12) ? n - fuzz_below(random, n / 2 + 1) : fuzz_below(random, n + 2);
}

static void grammar_aggregate(uint64_t *random, const GrammarNames *names, sqlite3_str *out) {
    static const char *const columns[] = {"customer_id", "order_date", "amount", "channel", "rowid", "NULL"};
    static const char *const groups[] = {"", " GROUP BY channel", " GROUP BY customer_id", " WHERE 0", " GROUP BY 1"};
    const GrammarFunction *aggregate = grammar_function(random, &names->aggregates);
    sqlite3_str_appendf(out, "SELECT %s(", aggregate->name);
    int n = grammar_count(random, aggregate);
    for (int i = 0; i < n; i++)
        sqlite3_str_appendf(out, "%s%s", i ? ", " : "",
                            i < 3 && fuzz_below(random, 8) ? columns[i] : grammar_value(random));
    sqlite3_str_appendf(out, ")%s FROM \"%w\"%s", fuzz_below(random, 10) ? "" : " OVER (ORDER BY rowid)",
                        grammar_choose(random, grammar_sources, 16), grammar_choose(random, groups, FUZZ_COUNT(groups)));
}

static void grammar_scalar(uint64_t *random, const GrammarNames *names, sqlite3_str *out) {
    const GrammarFunction *scalar = grammar_function(random, &names->scalars);
    sqlite3_str_appendf(out, "SELECT %s(", scalar->name);
    bool model = scalar->arguments.n > 0 && strcmp(scalar->arguments.names[0], "model") == 0 && fuzz_below(random, 8);
    for (int i = 0, n = grammar_count(random, scalar); i < n; i++)
        sqlite3_str_appendf(out, "%s%s", i ? ", " : "",
                            i == 0 && model ? grammar_choose(random, grammar_models, FUZZ_COUNT(grammar_models))
                            : model ? grammar_choose(random, grammar_values, 10) : grammar_value(random));
    sqlite3_str_appendall(out, ")");
}

/* Calls from within SQL: joins, subqueries, views, tables that change while they are read. */
static void grammar_nested(uint64_t *random, const GrammarNames *names, sqlite3_str *out) {
    const char *report = grammar_function(random, &names->reports)->name, *value = grammar_value(random);
    switch (fuzz_below(random, 8)) {
        case 0:
            sqlite3_str_appendf(out, "SELECT count(*) FROM pragma_table_list AS l, %s(l.name) AS r", report);
            break;
        case 1: sqlite3_str_appendf(out, "SELECT * FROM %s('orders') AS a JOIN %s('mixed') AS b ON a.rowid = b.rowid",
                                    report, grammar_function(random, &names->reports)->name); break;
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
