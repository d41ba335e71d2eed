/* check_sql.c - what SQLite does to our functions: plans, joins, cursors, errors, hosts; and the
 * scalars, aggregates and help. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* orders: 3 months, 3 customers; orders2: 2 months, 1 customer. */
static sqlite3 *sql_open(void) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id TEXT, order_date TEXT, amount REAL);"
            "INSERT INTO orders VALUES ('ann','2024-01-03',10), ('cyd','2024-03-31',8),"
            " ('bob','2024-01-20',5.5), ('ann','2024-02-05',20), ('cyd','2024-02-10',7.25);"
            "CREATE TABLE orders2(client_id INTEGER, created_at INTEGER, total INTEGER);"
            "INSERT INTO orders2 VALUES (7, 1704412800, 3), (7, 1707000000, 4);"
            "CREATE TABLE names(source, period, n);"
            "INSERT INTO names VALUES ('orders','month',1), ('orders2','month',2),"
            " ('orders','quarter',3)");
    return db;
}

static sqlite3 *sql_open_shop(int n_customers) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", (DbShop){.seed = 42, .n_customers = n_customers, .n_days = 500,
                                        .gap_days = 30, .refunds = true});
    return db;
}

/* ---- Arguments ---- */

static const struct { const char *sql, *rows; } sql_arguments[] = {
    {"SELECT count(*) FROM retention_rate('orders')", "3"},
    {"SELECT count(*) FROM retention_rate('orders', 'quarter')", "1"},
    {"SELECT count(*) FROM retention_rate WHERE source = 'orders' AND period = 'quarter'", "1"},
    {"SELECT count(*) FROM retention_rate('orders', NULL)", "3"},
    {"SELECT count(*) FROM retention_rate('orders', NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
     " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)", "3"},
    {"SELECT count(*) FROM retention_rate('orders', 'month', 'period', 'customer_id',"
     " 'order_date', 'amount', '', '', 'first', '2024-03-31', 'monday', '+00:00', 0.95,"
     " 'gregorian', 'main', 'text', 'skip')", "3"},
    {"SELECT count(*) FROM retention_rate('orders', 'MONTH')", "3"},
    /* hidden columns show the values in effect */
    {"SELECT DISTINCT source, period, active_window, customer_column, date_column, amount_column,"
     " order_column, segment_column, segment_at, as_of, week_start, utc_offset, confidence,"
     " calendar, schema, date_unit, on_error, rows_read, rows_skipped, rows_no_customer,"
     " customers_no_purchase FROM retention_rate('orders')",
     "orders|month|period|customer_id|order_date|amount|||first|2024-03-31|monday|+00:00|"
     "0.94999999999999996|gregorian|NULL|auto|error|5|0|0|0"},
    {"SELECT DISTINCT horizon_days, annual_discount_rate, margin, model, customer_column, as_of"
     " FROM clv('orders2')", "365|0.10000000000000001|1.0|mbgnbd|client_id|2024-02-03"},
    {"SELECT DISTINCT horizon_days, min_probability, model FROM churn_candidates('orders')",
     "90|0.5|mbgnbd"},
    {"SELECT DISTINCT typeof(horizon_days), horizon_days FROM clv('orders', '30')", "integer|30"},
    {"SELECT DISTINCT margin = 2 FROM clv('orders') WHERE margin = 2", "1"},
    {"SELECT DISTINCT typeof(as_of), as_of FROM clv('orders') WHERE as_of = 20240131",
     "integer|20240131"},
    {"SELECT DISTINCT week_start FROM retention_rate('orders', 'week') WHERE week_start ="
     " 'Sunday'", "Sunday"},
    /* given twice: the second is compared */
    {"SELECT count(*) FROM retention_rate('orders') WHERE source = 'orders'", "3"},
    {"SELECT count(*) FROM retention_rate('orders') WHERE source = 'orders2'", "0"},
    {"SELECT count(*) FROM retention_rate('orders') WHERE source = 'ORDERS' COLLATE NOCASE", "3"},
    {"SELECT count(*) FROM retention_rate('orders', 'month') WHERE period = 'week'", "0"},
    {"SELECT count(*) FROM clv('orders', 30) WHERE horizon_days = 30.0", "3"},
    /* only = makes an argument; other comparisons look at the value in effect */
    {"SELECT count(*) FROM retention_rate('orders') WHERE period IS 'week'", "0"},
    {"SELECT count(*) FROM retention_rate('orders') WHERE period IS 'month'", "3"},
    {"SELECT count(*) FROM retention_rate('orders') WHERE period LIKE 'mon%'", "3"},
    {"SELECT count(*) FROM retention_rate('orders') WHERE confidence > 0.9", "3"},
    {"SELECT count(*) FROM retention_rate('orders') WHERE confidence <> 0.95", "0"},
    {"SELECT count(*) FROM retention_rate('orders') WHERE schema IS NULL", "3"},
    /* IN and OR run it more than once */
    {"SELECT source, count(*) FROM retention_rate WHERE source IN ('orders', 'orders2') GROUP BY"
     " source",
     "orders|3\norders2|2"},
    {"SELECT period, count(*) FROM retention_rate('orders') WHERE period IN ('year', 'month',"
     " 'quarter') GROUP BY period", "month|3\nquarter|1\nyear|1"},
    {"SELECT count(*) FROM retention_rate WHERE (source = 'orders' AND period = 'month')"
     " OR (source = 'orders2' AND period = 'month')", "5"},
    {"SELECT count(*) FROM retention_rate WHERE source = 'orders' OR source = 'orders2'", "5"},
    {"SELECT count(*) FROM retention_rate('orders') WHERE period = 'month' OR period ="
     " 'quarter'", "4"},
    {"SELECT count(*) FROM retention_rate('orders') WHERE retained > 0 OR lost > 5", "2"},
    {"SELECT count(*) FROM clv('orders') WHERE frequency = 1 OR historic_clv = 5.5", "3"},
    {"SELECT count(DISTINCT rowid), count(*) FROM retention_rate WHERE source IN ('orders',"
     " 'orders2')", "5|5"},
    {"SELECT count(*) FROM retention_rate('orders') WHERE rowid IN (SELECT rowid FROM"
     " retention_rate('orders') LIMIT 2)", "2"},
    /* joins */
    {"SELECT names.n, count(f.period_start) FROM names, retention_rate(names.source,"
     " names.period) f GROUP BY names.n", "1|3\n2|2\n3|1"},
    {"SELECT names.n, count(f.period_start) FROM retention_rate(names.source, names.period) f"
     " JOIN names GROUP BY names.n", "1|3\n2|2\n3|1"},
    {"SELECT names.n, count(f.period_start) FROM names LEFT JOIN retention_rate(names.source,"
     " names.period) f ON f.lost > 100 GROUP BY names.n", "1|0\n2|0\n3|0"},
    {"SELECT names.n, count(f.period_start) FROM names LEFT JOIN retention_rate f ON f.source ="
     " names.source AND f.period = names.period GROUP BY names.n", "1|3\n2|2\n3|1"},
    {"SELECT names.n, count(f.period_start) FROM retention_rate('orders', names.period) f JOIN"
     " names GROUP BY names.n", "1|3\n2|3\n3|1"},
    {"SELECT n, (SELECT count(*) FROM clv(names.source)) FROM names", "1|3\n2|1\n3|3"},
    {"SELECT n FROM names WHERE EXISTS (SELECT 1 FROM clv(names.source) WHERE frequency ="
     " 0)", "1\n3"},
    {"SELECT count(*) FROM clv('orders') a, clv('orders') b, clv('orders2') c", "9"},
    {"SELECT group_concat(a.customer_id || b.rank) FROM clv('orders') a JOIN"
     " churn_candidates('orders') b USING (customer_id)", "ann1,bob2,cyd3"},
    {"SELECT count(*) FROM (SELECT name FROM sqlite_master WHERE name LIKE 'orders%') s JOIN"
     " clv(s.name)", "4"},
    {"WITH f AS (SELECT * FROM retention_rate('orders')) SELECT count(*) FROM f a, f b", "9"},
    {"SELECT customer_id FROM clv('orders') LIMIT 1 OFFSET 1", "bob"},
    {"SELECT count(*) FROM (SELECT * FROM clv('orders') UNION SELECT * FROM clv('orders'))", "3"},
};

START_TEST(arguments_and_joins) {
    sqlite3 *db = sql_open();
    db_expect(db, sql_arguments[_i].sql, sql_arguments[_i].rows);
    db_close(db);
}
END_TEST

/* SQLite 3.31 makes it 2.0 before it is ours, the column being REAL. */
START_TEST(a_given_argument_keeps_its_type) {
    sqlite3 *db = sql_open();
    if (sqlite3_libversion_number() < 3037000)
        printf("skipped: a number's type: this SQLite changes it\n");
    else
        db_expect(db, "SELECT DISTINCT typeof(margin), margin FROM clv('orders') WHERE margin = 2",
                  "integer|2");
    db_close(db);
}
END_TEST

static const struct { const char *sql, *words; } sql_refusals[] = {
    {"SELECT * FROM retention_rate", "retention_rate: source is missing, as in SELECT"},
    {"SELECT * FROM retention_rate WHERE source IS 'orders'", "retention_rate: source is missing"},
    {"SELECT * FROM retention_rate WHERE source LIKE 'orders'", "retention_rate: source is"
     " missing"},
    {"SELECT * FROM retention_rate WHERE source >= 'orders'", "retention_rate: source is missing"},
    {"SELECT * FROM clv WHERE frequency > 0 OR recency > 0", "clv: source is missing"},
    {"SELECT * FROM retention_rate(names.source) f CROSS JOIN names", "source"},
    {"SELECT * FROM retain_help('clv', 2)", "too many arguments on retain_help() - max 1"},
    /* SQLite itself compares what is beyond 16 arguments, and nothing equals NULL */
    {"SELECT * FROM retention_rate('orders', 'month', 'period', 'customer_id', 'order_date',"
     " 'amount', '', '', 'first', '2024-03-31', 'monday', '+00:00', 0.95, 'gregorian', 'main',"
     " 'text', NULL)",
     "retention_rate: more than 16 conditions are given: leave out arguments that are NULL"},
    {"SELECT * FROM clv('orders', NULL) WHERE age >= 0 AND age >= 1 AND age >= 2 AND age >= 3 AND"
     " age >= 4 AND age >= 5 AND age >= 6 AND age >= 7 AND age >= 8 AND age >= 9 AND age > 10 AND"
     " age > 11 AND age > 12 AND age > 13 AND age > 14 AND age >"
     " 15", "clv: more than 16 conditions"},
    {"SELECT * FROM retention_rate('orders', 'monthly')",
     "period must be 'day', 'week', 'month', 'quarter', 'year' or as in '28 days', not 'monthly'"
     " (did you mean 'month'?)"},
    {"SELECT * FROM retention_rate('orders', '0 days')", "not '0 days'"},
    {"SELECT * FROM retention_rate('orders', '2 months')", "not '2 months'"},
    {"SELECT * FROM retention_rate('orders', 28)", "period must be"},
    {"SELECT * FROM retention_rate('orders', 'month', '30 days')",
     "active_window must be at least one period long, not '30 days'"},
    {"SELECT * FROM retention_rate('orders', 'month', 'ever')", "active_window must be 'period'"
                                   " or a length"},
    {"SELECT * FROM retention_rate('orders') WHERE confidence = 1", "confidence must be above 0"
                                   " and below 1, not 1"},
    {"SELECT * FROM retention_rate('orders') WHERE confidence = 0", "confidence must be"},
    {"SELECT * FROM retention_rate('orders') WHERE confidence = 'high'", "confidence must be"},
    {"SELECT * FROM retention_rate('orders') WHERE week_start = 'mondy'", "(did you mean"
                                   " 'monday'?)"},
    {"SELECT * FROM retention_rate('orders') WHERE calendar = 'julian'", "calendar must be"
                                   " 'gregorian' or 'jalali'"},
    {"SELECT * FROM retention_rate('orders') WHERE utc_offset = '3'", "utc_offset must be"},
    {"SELECT * FROM retention_rate('orders') WHERE on_error = 'ignore'", "on_error must be"
                                   " 'error' or 'skip'"},
    {"SELECT * FROM retention_rate('orders') WHERE segment_at = 1", "segment_at must be"},
    {"SELECT * FROM retention_rate('orders') WHERE as_of = x'00'", "as_of: a blob"},
    {"SELECT * FROM clv('orders', 0)", "horizon_days must be 1 to 36500, not 0"},
    {"SELECT * FROM clv('orders', 36501)", "not 36501"},
    {"SELECT * FROM clv('orders', 1.5)", "not 1.5"},
    {"SELECT * FROM clv('orders', 'abc')", "not 'abc'"},
    {"SELECT * FROM clv('orders', x'33')", "not a blob"},
    {"SELECT * FROM clv('orders', 9e999)", "not Inf"},
    {"SELECT * FROM clv('orders', 365, -0.1)", "annual_discount_rate must be 0 to 10, not -0.1"},
    {"SELECT * FROM clv('orders', 365, 0.1, 11)", "margin must be -10 to 10, not 11"},
    {"SELECT * FROM clv('orders', 365, 0.1, 1, 'bgnb')", "model must be 'bgnbd', 'mbgnbd', 'pnbd',"
                        " 'nbd' or 'auto', not 'bgnb' (did you"},
    {"SELECT * FROM churn_candidates('orders', 90, 1.01)", "min_probability must be 0 to 1, not"
                                     " 1.01"},
    {"SELECT * FROM retain_help('clw')", "there is no function 'clw' (did you mean 'clv'?)"},
    {"SELECT * FROM retain_help('qqqqqq')", "there is no function 'qqqqqq'"},
    {"CREATE VIRTUAL TABLE x USING clv('orders')", "no such module"},
    {"DELETE FROM clv WHERE source = 'orders'", "may not be modified"},
    {"INSERT INTO clv(source) VALUES ('orders')", "may not be modified"},
    {"SELECT retain_sink(1, 2, 3) FROM orders", "retain_sink is internal to retain"},
    {"SELECT retain_sink()", "retain_sink is internal to retain"},
    {"SELECT retain_sink(NULL, customer_id, order_date, amount) FROM orders", "retain_sink is"
                         " internal to retain"},
};

START_TEST(refusals_name_what_is_wrong) {
    sqlite3 *db = sql_open();
    db_expect_error(db, sql_refusals[_i].sql, SQLITE_ERROR, sql_refusals[_i].words);
    db_expect(db, "SELECT count(*) FROM retention_rate('orders')", "3"); /* and all goes on */
    db_close(db);
}
END_TEST

START_TEST(bound_arguments_and_statements_run_again) {
    sqlite3 *db = sql_open();
    sqlite3_stmt *stmt = NULL;
    static const struct { const char *source; int rc; } runs[] = {
        {"orders", 3}, {"nope", -1}, {"orders2", 2}, {NULL, -1}, {"orders", 3}};
    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT count(*) FROM retention_rate(?1)", -1, &stmt,
                                        NULL), 0);
    for (int i = 0; i < COUNT(runs); i++) {
        sqlite3_bind_text(stmt, 1, runs[i].source, -1, SQLITE_STATIC);
        int rc = sqlite3_step(stmt), n = rc == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : -1;
        ck_assert_msg(n == runs[i].rc, "run %d gives %d", i, n);
        sqlite3_reset(stmt);
    }
    sqlite3_bind_pointer(stmt, 1, db, "retain_scan", NULL);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ERROR);
    ck_assert_msg(strstr(sqlite3_errmsg(db), "source must be a name, not NULL"), "%s",
                  sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    db_close(db);
}
END_TEST

/* ---- Order ---- */

static const struct { const char *sql; bool sorts; } sql_orders[] = {
    {"SELECT * FROM retention_rate('orders') WHERE segment_column = 'channel' ORDER BY segment,"
     " period_start",
     false},
    {"SELECT * FROM retention_rate('orders') WHERE segment_column = 'channel' ORDER BY"
     " segment", false},
    {"SELECT segment, count(*) FROM retention_rate('orders') WHERE segment_column = 'channel'"
     " GROUP BY segment", false},
    {"SELECT * FROM lifecycle('orders') ORDER BY segment, period_start", false},
    {"SELECT * FROM new_vs_repeat('orders') ORDER BY segment, period_start, kind", false},
    {"SELECT * FROM retention_by('orders', 'channel') ORDER BY segment", false},
    {"SELECT * FROM retention_cohorts('orders') ORDER BY segment, cohort, period_index", false},
    {"SELECT * FROM retention_curve('orders') ORDER BY segment, period_index", false},
    {"SELECT * FROM clv('orders') ORDER BY predicted_clv DESC, customer_id", false},
    {"SELECT * FROM clv('orders') ORDER BY predicted_clv DESC LIMIT 5", false},
    {"SELECT * FROM churn_candidates('orders') ORDER BY rank", false},
    {"SELECT * FROM retention_rate('orders') ORDER BY segment DESC", true},
    {"SELECT * FROM retention_rate('orders') ORDER BY lost, period_start", true},
    {"SELECT * FROM retention_rate('orders') ORDER BY period_start", true},
    {"SELECT * FROM clv('orders') ORDER BY predicted_clv", true},
    {"SELECT * FROM clv('orders') ORDER BY predicted_clv DESC, customer_id, age", true},
    {"SELECT * FROM clv('orders') ORDER BY predicted_clv DESC, customer_id COLLATE NOCASE", true},
    {"SELECT * FROM clv('orders') ORDER BY predicted_clv DESC NULLS FIRST", true},
    {"SELECT * FROM clv('orders') ORDER BY customer_id", true},
    {"SELECT * FROM clv('orders') WHERE horizon_days IN (30, 365) ORDER BY predicted_clv"
     " DESC", true},
};

START_TEST(natural_order_is_not_sorted_again) {
    sqlite3 *db = sql_open_shop(120);
    char *plan = db_rows(db, "EXPLAIN QUERY PLAN %s", sql_orders[_i].sql);
    bool sorts = strstr(plan, "TEMP B-TREE") != NULL;
    ck_assert_msg(sorts == sql_orders[_i].sorts, "%s\n%s", sql_orders[_i].sql, plan);
    free(plan);
    db_close(db);
}
END_TEST

START_TEST(natural_order_is_right) {
    static const struct { const char *from, *order; } cases[] = {
        {"retention_rate('orders') WHERE segment_column = 'channel'", "segment, period_start"},
        {"clv('orders')", "predicted_clv DESC, customer_id"},
        {"churn_candidates('orders') WHERE min_probability = 0", "rank"},
        {"churn_candidates('orders')", "value_at_risk DESC, churn_probability DESC, customer_id"}};
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", (DbShop){.seed = 3, .n_customers = 400, .n_days = 400,
                                        .gap_days = 25,
                                        .refunds = true, .odd_ids = true});
    for (int i = 0; i < COUNT(cases); i++) {
        db_exec(db, "DROP TABLE IF EXISTS kept; CREATE TEMP TABLE kept AS SELECT * FROM %s",
                cases[i].from);
        char *sorted = sqlite3_mprintf("SELECT rowid FROM kept ORDER BY %s", cases[i].order);
        db_expect_same(db, sorted, "SELECT rowid FROM kept ORDER BY rowid");
        sqlite3_free(sorted);
        char *asked = sqlite3_mprintf("SELECT * FROM %s ORDER BY %s", cases[i].from,
                                      cases[i].order);
        db_expect_same(db, asked, "SELECT * FROM kept ORDER BY rowid");
        sqlite3_free(asked);
    }
    db_close(db);
}
END_TEST

/* ---- Cursors and writes ---- */

START_TEST(an_open_cursor_holds_nothing) {
    sqlite3 *db = sql_open();
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(db, "SELECT customer_id FROM clv('orders')", -1, &stmt, NULL);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    ck_assert_ptr_eq(sqlite3_next_stmt(db, NULL), stmt);
    ck_assert_ptr_eq(sqlite3_next_stmt(db, stmt), NULL);
    db_exec(db, "INSERT INTO orders VALUES ('dan', '2024-04-01', 1); DELETE FROM orders WHERE"
            " customer_id = 'bob'; ALTER TABLE orders ADD COLUMN note; CREATE INDEX i ON"
            " orders(order_date)");
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(stmt, 0), "bob");
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_DONE);
    db_expect(db, "SELECT group_concat(customer_id) FROM clv('orders')", "ann,cyd,dan");
    sqlite3_reset(stmt);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    sqlite3_reset(stmt);
    db_exec(db, "VACUUM; DROP TABLE orders; ATTACH ':memory:' AS m; DETACH m");
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ERROR);
    sqlite3_finalize(stmt);
    db_close(db);
}
END_TEST

START_TEST(an_emptied_table_is_read_out_to_its_end) {
    sqlite3 *db = sql_open();
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(db, "SELECT customer_id FROM clv('orders')", -1, &stmt, NULL);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    /* SQLite drops no table while any statement runs. */
    db_expect_error(db, "DROP TABLE orders", SQLITE_LOCKED, "database table is locked");
    db_exec(db, "DELETE FROM orders; ALTER TABLE orders RENAME TO gone");
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_DONE);
    db_exec(db, "DROP TABLE gone");
    sqlite3_finalize(stmt);
    db_close(db);
}
END_TEST

START_TEST(a_table_may_be_fed_from_itself) {
    sqlite3 *db = sql_open();
    db_exec(db, "INSERT INTO orders SELECT customer_id, '2024-05-01', historic_clv FROM"
            " clv('orders')");
    db_expect(db, "SELECT count(*), sum(amount) FROM orders", "8|101.5");
    db_exec(db, "UPDATE orders SET amount = (SELECT historic_clv FROM clv('orders') c"
            " WHERE c.customer_id = orders.customer_id) WHERE order_date = '2024-05-01'");
    db_exec(db, "CREATE TABLE report AS SELECT * FROM retention_rate('orders');"
            "CREATE TRIGGER t AFTER INSERT ON names BEGIN DELETE FROM report;"
            " INSERT INTO report SELECT * FROM retention_rate('orders'); END;"
            "BEGIN; INSERT INTO orders VALUES ('eve', '2024-06-01', 1); SAVEPOINT s;"
            "INSERT INTO names VALUES ('x', 'y', 4)");
    db_expect(db, "SELECT count(*), sum(new_customers) FROM report", "6|4");
    db_exec(db, "ROLLBACK");
    db_expect(db, "SELECT count(*), sum(new_customers) FROM report", "5|3");
    db_close(db);
}
END_TEST

/* ---- Interrupts and authorizers ---- */

typedef struct SqlStop {
    sqlite3 *db;
    int64_t calls, at; /* stop at that call */
    bool interrupt;    /* through sqlite3_interrupt */
} SqlStop;

static int sql_stop(void *pointer) {
    SqlStop *stop = pointer;
    if (++stop->calls != stop->at) return 0;
    if (stop->interrupt) sqlite3_interrupt(stop->db);
    return !stop->interrupt;
}

/* Stops a query at one moment after another, ever later, until it runs to its end. */
static void sql_sweep_stops(sqlite3 *db, const char *sql, bool interrupt) {
    SqlStop stop = {.db = db, .interrupt = interrupt};
    char *want = db_rows(db, "%s", sql), *got = NULL;
    int rc = SQLITE_INTERRUPT;
    for (int64_t at = 1; rc == SQLITE_INTERRUPT; at += 1 + at / 4) {
        stop.calls = 0;
        stop.at = at;
        sqlite3_progress_handler(db, 1, sql_stop, &stop);
        rc = db_run(db, sql, &got);
        sqlite3_progress_handler(db, 0, NULL, NULL);
        bool right = rc == SQLITE_OK ? strcmp(got, want) == 0 : rc == SQLITE_INTERRUPT;
        ck_assert_msg(right, "%s\n  stopped at step %d of SQLite gives %d: %s", sql, (int)at, rc,
                      got);
        free(got);
        db_expect(db, sql, want);
    }
    ck_assert_msg(stop.at > 100, "%s was never stopped", sql);
    free(want);
}

static const char *const sql_stoppable[] = {
    "SELECT * FROM retention_rate('orders', 'day') WHERE segment_column = 'channel'",
    "SELECT * FROM clv('orders')",
    "SELECT * FROM churn_candidates('orders')",
    "SELECT channel, clv(customer_id, order_date, amount) FROM orders GROUP BY channel",
    "SELECT * FROM retention_rate('v')",
};

START_TEST(interrupts_are_heard) {
    sqlite3 *db = sql_open_shop(300);
    db_exec(db, "CREATE VIEW v AS SELECT * FROM orders ORDER BY order_date");
    sql_sweep_stops(db, sql_stoppable[_i], false);
    sql_sweep_stops(db, sql_stoppable[_i], true);
    db_close(db);
}
END_TEST

/* Once the rows are in, the C code must still listen: all polls come from its own loops. */
START_TEST(long_computations_are_interrupted) {
    sqlite3 *db = sql_open_shop(3000);
    SqlStop stop = {.db = db, .at = INT64_MAX}, rows = stop;
    char *text = NULL;
    sqlite3_progress_handler(db, 1, sql_stop, &rows);
    free(db_rows(db, "SELECT count(*) FROM retention_rate('orders', 'year')"));
    sqlite3_progress_handler(db, 1, sql_stop, &stop);
    free(db_rows(db, "SELECT count(*) FROM clv('orders')"));
    ck_assert_msg(stop.calls > rows.calls + 10, "%d polls beyond the scan",
                  (int)(stop.calls - rows.calls));
    stop = (SqlStop){.db = db, .at = stop.calls - 5};
    sqlite3_progress_handler(db, 1, sql_stop, &stop);
    int rc = db_run(db, "SELECT count(*) FROM clv('orders')", &text);
    ck_assert_int_eq(rc, SQLITE_INTERRUPT);
    free(text);
    db_close(db);
}
END_TEST

static int sql_authorise(void *pointer, int action, const char *a, const char *b,
                         const char *schema,
                         const char *view) {
    const char *rule = pointer;
    (void)schema;
    (void)view;
    if (action != SQLITE_READ || !a || !b || strcmp(a, "orders") != 0) return SQLITE_OK;
    if (strcmp(b, "amount") != 0) return SQLITE_OK;
    return strcmp(rule, "deny") == 0 ? SQLITE_DENY : SQLITE_IGNORE;
}

START_TEST(the_authorizer_is_asked) {
    sqlite3 *db = sql_open();
    static char deny[] = "deny", ignore[] = "ignore";
    sqlite3_set_authorizer(db, sql_authorise, deny);
    db_expect_error(db, "SELECT * FROM clv('orders')", SQLITE_AUTH, "orders.amount is prohibited");
    db_expect_error(db, "SELECT * FROM clv('orders') WHERE amount_column = ''", SQLITE_AUTH,
                    "prohibited");
    db_expect(db, "SELECT count(*) FROM clv('orders2')", "1");
    sqlite3_set_authorizer(db, sql_authorise, ignore);
    db_expect(db, "SELECT sum(historic_clv), count(*) FROM clv('orders')", "0.0|3");
    sqlite3_set_authorizer(db, NULL, NULL);
    db_expect(db, "SELECT sum(historic_clv) FROM clv('orders')", "50.75");
    db_close(db);
}
END_TEST

/* ---- Views, trust, recursion ---- */

static const char sql_views[] =
    "CREATE VIEW report AS SELECT * FROM retention_rate('orders');"
    "CREATE TEMP VIEW temp_report AS SELECT * FROM retention_rate('orders');"
    "CREATE VIEW rates AS SELECT crr(9, 1, 10) AS a, wilson_low(1, 2) AS b, retain_version() AS c,"
    " retention_rate(customer_id, order_date, '2024-02-01', '2024-03-01') AS d FROM orders;";

START_TEST(untrusted_schemas_cannot_use_the_reports) {
    sqlite3 *db = sql_open();
    db_exec(db, "%s", sql_views);
    db_expect(db, "SELECT (SELECT count(*) FROM report), (SELECT count(*) FROM"
              " temp_report)", "3|3");
    db_exec(db, "PRAGMA trusted_schema = OFF");
    db_expect_error(db, "SELECT * FROM report", SQLITE_ERROR, "unsafe use of virtual table");
    db_expect(db, "SELECT count(*) FROM temp_report", "3");
    db_expect(db, "SELECT count(*) FROM retention_rate('orders')", "3");
    db_expect(db, "SELECT a, d FROM rates", "0.80000000000000004|0.5");
    db_close(db);
}
END_TEST

START_TEST(the_strict_entry_point_refuses_views) {
    sqlite3 *db = db_open_bare(NULL);
    char *message = NULL;
    int rc = db_load(db, "sqlite3_retain_strict_init", &message);
    ck_assert_msg(rc == SQLITE_OK, "%s", message);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount); CREATE TABLE log(n);"
            "INSERT INTO orders VALUES (1, '2024-01-15', 1), (1, '2024-02-01', 1);%s"
            "CREATE TRIGGER t AFTER INSERT ON log BEGIN UPDATE log SET n = (SELECT count(*) FROM"
            " report); END",
            sql_views);
    db_expect_error(db, "SELECT * FROM report", SQLITE_ERROR, "unsafe use of virtual table");
    db_expect_error(db, "INSERT INTO log VALUES (1)", SQLITE_ERROR, "unsafe use of virtual table");
    db_expect(db, "SELECT count(*) FROM temp_report", "2");
    db_expect(db, "WITH f AS (SELECT * FROM retention_rate('orders')) SELECT count(*) FROM f", "2");
    db_expect(db, "SELECT a, d FROM rates", "0.80000000000000004|1.0");
    db_close(db);
}
END_TEST

START_TEST(views_that_read_themselves_end_in_an_error) {
    sqlite3 *db = sql_open();
    db_exec(db, "CREATE VIEW loop AS SELECT customer_id, first_order_date AS order_date, 1 AS"
            " amount FROM clv('loop');"
            "CREATE VIEW ping AS SELECT customer_id, first_order_date AS order_date, 1 AS amount"
            " FROM clv('pong');"
            "CREATE VIEW pong AS SELECT customer_id, last_order_date AS order_date, 1 AS amount"
            " FROM churn_candidates('ping')");
    for (int i = 0; i < 3; i++) {
        db_expect_error(db, "SELECT * FROM clv('loop')", SQLITE_ERROR,
                        "clv: nested more than 8 deep: does the view 'loop' read itself through"
                        " clv?");
        db_expect_error(db, "SELECT * FROM loop", SQLITE_ERROR, "nested more than 8 deep");
        db_expect_error(db, "SELECT * FROM retention_rate('ping')", SQLITE_ERROR, "nested more"
                                                          " than 8 deep");
        db_expect(db, "SELECT count(*) FROM clv('orders')", "3"); /* the depth is back at 0 */
    }
    /* Nesting that ends is fine, and the error of the innermost call is the one that is told. */
    db_exec(db, "CREATE TABLE t0(customer_id, order_date, amount); INSERT INTO t0 VALUES (1,"
            " '2024-02-30', 1)");
    for (int i = 1; i < 8; i++)
        db_exec(db, "CREATE VIEW t%d AS SELECT customer_id, first_order_date AS order_date,"
                " historic_clv AS amount FROM clv('t%d')", i, i - 1);
    db_expect_error(db, "SELECT * FROM retention_rate('t7')", SQLITE_ERROR,
                    "clv: row 1: '2024-02-30' is not a calendar day");
    db_exec(db, "UPDATE t0 SET order_date = '2024-02-29'");
    db_expect(db, "SELECT period_start, new_customers FROM retention_rate('t7')", "2024-02-01|1");
    db_close(db);
}
END_TEST

/* ---- Loading ---- */

START_TEST(loading_twice_changes_nothing) {
    sqlite3 *db = sql_open();
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(db, "SELECT customer_id FROM clv('orders')", -1, &stmt, NULL);
    sqlite3_step(stmt);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(db_load(db, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(db_load(db, "sqlite3_retain_strict_init", NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    sqlite3_finalize(stmt);
    db_expect(db, "SELECT count(*) FROM retention_rate('orders')", "3");
    db_exec(db, "CREATE VIEW report AS SELECT * FROM retention_rate('orders')");
    db_expect(db, "SELECT count(*) FROM report", "3"); /* not strict after all */
    db_close(db);
}
END_TEST

START_TEST(loading_from_sql) {
    sqlite3 *db = db_open_bare(NULL);
    char *sql = sqlite3_mprintf("SELECT load_extension(%Q)", db_library());
    for (int i = 0; i < 2; i++) {
        db_expect(db, sql, "NULL");
        db_expect(db, "SELECT crr(90, 10, 100)", "0.80000000000000004");
        db_expect(db, "SELECT count(*) > 5 FROM retain_help", "1");
    }
    sqlite3_free(sql);
    db_close(db);
}
END_TEST

START_TEST(connections_do_not_share_anything) {
    sqlite3 *a = sql_open(), *b = db_open_bare(NULL), *c = sql_open();
    db_expect_error(b, "SELECT retain_version()", SQLITE_ERROR, "no such function");
    ck_assert_int_eq(db_load(b, NULL, NULL), SQLITE_OK);
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(c, "SELECT customer_id FROM clv('orders')", -1, &stmt, NULL);
    sqlite3_step(stmt);
    db_close(a);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    db_expect_error(b, "SELECT * FROM clv('orders')", SQLITE_ERROR, "no table or view 'orders'");
    sqlite3_finalize(stmt);
    db_expect(c, "SELECT count(*) FROM clv('orders')", "3");
    db_close(c);
    db_close(b);
}
END_TEST

START_TEST(five_hundred_loads_leave_nothing) {
    sqlite3_int64 first = 0;
    for (int i = 0; i < 500; i++) {
        sqlite3 *db = sql_open();
        db_expect(db, "SELECT count(*) FROM retention_rate('orders')", "3");
        db_close(db);
        if (i == 0) first = sqlite3_memory_used();
    }
    ck_assert_int_eq(sqlite3_memory_used(), first);
}
END_TEST

START_TEST(limits_of_the_host_are_kept) {
    sqlite3 *db = sql_open();
    db_exec(db, "INSERT INTO orders SELECT hex(zeroblob(600)), '2024-03-30', 1");
    int before = sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1000);
    char *text = NULL;
    int rc = db_run(db, "SELECT customer_id FROM clv('orders')", &text);
    ck_assert_msg(rc == SQLITE_TOOBIG, "%d: %s", rc, text);
    free(text);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, before);
    db_expect(db, "SELECT count(*) FROM clv('orders')", "4");
    db_close(db);
}
END_TEST

/* ---- Scalars ---- */

static const struct { const char *sql, *rows; } sql_scalars[] = {
    {"SELECT crr(90, 10, 100), crr(90, 10, 0), crr(NULL, 10, 100), crr(90, NULL, 100), crr(90,"
     " 10, NULL)",
     "0.80000000000000004|NULL|NULL|NULL|NULL"},
    {"SELECT crr('90', '10', '100'), crr(90.0, 10, 100), crr(0, 0, 5)",
     "0.80000000000000004|0.80000000000000004|0.0"},
    {"SELECT crr(150, 0, 100), crr(1.5, 0.5, 4)", "1.5|0.25"},
    {"SELECT round(wilson_low(80, 100), 4), round(wilson_high(80, 100), 4)",
     "0.71120000000000005|0.86660000000000004"},
    {"SELECT wilson_low(0, 10), wilson_high(10, 10), wilson_low(0, 0), wilson_low(NULL,"
     " 10)", "0.0|1.0|NULL|NULL"},
    {"SELECT wilson_low(80, 100, 0.95) = wilson_low(80, 100), wilson_low(80, 100, 0.99) <"
     " wilson_low(80, 100), wilson_low(80, 100, NULL)", "1|1|NULL"},
    {"SELECT typeof(retain_version()), retain_version() GLOB '[0-9]*.[0-9]*.[0-9]*'", "text|1"},
    {"SELECT typeof(crr(1, 0, 1)), typeof(wilson_low(1, 2))", "real|real"},
};

START_TEST(scalars_compute) {
    sqlite3 *db = db_open(NULL);
    db_expect(db, sql_scalars[_i].sql, sql_scalars[_i].rows);
    db_close(db);
}
END_TEST

START_TEST(scalars_refuse) {
    static const struct { const char *sql, *words; } cases[] = {
        {"SELECT crr(10, 90, 100)", "crr: new_customers (90) must not exceed end_customers (10)"},
        {"SELECT crr(-1, 0, 100)", "crr: end_customers must be 0 or more, not -1"},
        {"SELECT crr('x', 0, 100)", "crr: end_customers must be"},
        {"SELECT crr(x'39', 0, 100)", "not a blob"},
        {"SELECT crr(9e999, 0, 100)", "not Inf"},
        {"SELECT crr(1, 2)", "wrong number of arguments to function crr()"},
        {"SELECT wilson_low(5, 4)", "wilson_low: k (5) must not exceed n (4)"},
        {"SELECT wilson_high(1, 2, 1)", "wilson_high: confidence must be above 0 and below 1, not"
                             " 1"},
        {"SELECT wilson_high(1)", "wrong number of arguments"},
        {"SELECT retain_version(1)", "wrong number of arguments"}};
    sqlite3 *db = db_open(NULL);
    for (int i = 0; i < COUNT(cases); i++) db_expect_error(db, cases[i].sql, SQLITE_ERROR,
                                                           cases[i].words);
    db_expect(db, "SELECT crr(1, 0, 1)", "1.0");
    db_close(db);
}
END_TEST

/* ---- Aggregates ---- */

#define SQL_RATE_TWIN(base_from, from, to)                                                       \
    "SELECT channel, (SELECT CASE WHEN count(*) THEN CAST(sum(kept) AS REAL) / count(*) END"     \
    " FROM (SELECT customer_id, EXISTS (SELECT 1 FROM orders p WHERE p.channel IS o.channel"     \
    " AND p.customer_id = b.customer_id AND p.order_date >= " from " AND p.order_date < " to     \
    ") AS kept FROM orders b WHERE b.channel IS o.channel AND b.customer_id <> ''"               \
    " AND b.order_date >= " base_from " AND b.order_date < " from " GROUP BY customer_id))"      \
    " FROM orders o GROUP BY channel"

START_TEST(retention_rate_aggregate_is_that_of_plain_sql) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", (DbShop){.seed = 5, .n_customers = 250, .n_days = 400,
                                        .gap_days = 20,
                                        .odd_ids = true});
    db_expect_same(db, "SELECT channel, retention_rate(customer_id, order_date, '2023-05-01',"
                   " '2023-06-01') FROM orders GROUP BY channel",
                   SQL_RATE_TWIN("'2023-03-31'", "'2023-05-01'", "'2023-06-01'"));
    db_expect_same(db, "SELECT channel, retention_rate(customer_id, order_date, '2023-05-01',"
                   " '2023-06-01', '2023-01-15') FROM orders GROUP BY channel",
                   SQL_RATE_TWIN("'2023-01-15'", "'2023-05-01'", "'2023-06-01'"));
    db_expect(db, "SELECT retention_rate(customer_id, order_date, '1990-01-01', '1991-01-01')"
              " FROM orders",
              "NULL");
    /* over all rows it is the table's figure, where all amounts are purchases */
    db_expect_same(db, "SELECT retention_rate(customer_id, order_date, '2023-05-01', '2023-06-01',"
                   " '2023-04-01') FROM orders",
                   "SELECT retention_rate FROM retention_rate('orders') WHERE amount_column = ''"
                   " AND period_start = '2023-05-01'");
    db_expect_same(db, "SELECT retention_rate(customer_id, order_date, '2023-05-01', '2023-06-01')"
                   " FILTER (WHERE channel = 'web') FROM orders",
                   "SELECT retention_rate(customer_id, order_date, '2023-05-01', '2023-06-01')"
                   " FROM orders WHERE channel = 'web'");
    db_close(db);
}
END_TEST

START_TEST(clv_aggregate_is_the_mean_of_the_table) {
    sqlite3 *db = sql_open_shop(500);
    static const char *const terms[][2] = {
        {"", ""},
        {", 90", ", 90"},
        {", 90, 0", ", 90, 0"},
        {", 365, 0.2, '2023-09-30'", ", 365, 0.2) WHERE (as_of = '2023-09-30'"}};
    for (int i = 0; i < COUNT(terms); i++) {
        double group = db_real(db, "SELECT clv(customer_id, order_date, amount%s) FROM"
                               " orders", terms[i][0]);
        double mean = db_real(db, "SELECT avg(predicted_clv) FROM clv('orders'%s)", terms[i][1]);
        ck_assert_msg(mean > 0 && group > mean * (1 - 1e-12) && group < mean * (1 + 1e-12),
                      "%s: %.17g, not %.17g", terms[i][0], group, mean);
    }
    db_exec(db, "CREATE TEMP VIEW web AS SELECT * FROM orders WHERE channel = 'web'");
    double group = db_real(db, "SELECT value FROM (SELECT channel, clv(customer_id, order_date,"
                           " amount) AS value FROM orders GROUP BY channel) WHERE channel = 'web'");
    double mean = db_real(db, "SELECT avg(predicted_clv) FROM clv('web')");
    ck_assert_msg(mean > 0 && group > mean * (1 - 1e-12) && group < mean * (1 + 1e-12), "%g, %g",
                  group, mean);
    db_close(db);
}
END_TEST

START_TEST(aggregates_refuse) {
    static const struct { const char *sql, *words; } cases[] = {
        {"SELECT retention_rate(customer_id, order_date, '2024-01-01', '2024-01-01') FROM orders",
         "retention_rate: period_to must be after period_from"},
        {"SELECT retention_rate(customer_id, order_date, '2024-02-01', '2024-03-01',"
         " '2024-02-01') FROM orders",
         "retention_rate: base_from must be before period_from"},
        {"SELECT retention_rate(customer_id, order_date, order_date, '2025-01-01') FROM orders",
         "retention_rate: period_from, period_to and base_from must be the same in every row of a"
         " group"},
        {"SELECT retention_rate(customer_id, order_date, '2024-02-01', '2024-03-01',"
         " date(order_date, '-5 years')) FROM orders", "must be the same in every row of a group"},
        {"SELECT retention_rate(customer_id, order_date, 'soon', '2024-01-01') FROM orders",
         "retention_rate: period_from: 'soon'"},
        {"SELECT retention_rate(customer_id, order_date, NULL, '2024-01-01') FROM orders",
         "period_from: NULL"},
        {"SELECT retention_rate(customer_id, amount, '2024-01-01', '2024-02-01') FROM orders",
         "retention_rate: row 1: 10.0 "},
        {"SELECT retention_rate(customer_id, order_date) FROM orders", "wrong number of arguments"},
        {"SELECT clv(customer_id, order_date, amount, amount + 1) FROM orders",
         "clv: horizon_days must be"},
        {"SELECT clv(customer_id, order_date, amount, length(customer_id) + rowid) FROM orders",
         "clv: horizon_days must be the same in every row of a group"},
        {"SELECT clv(customer_id, order_date, amount, 90, rowid) FROM orders",
         "clv: annual_discount_rate must be the same in every row of a group"},
        {"SELECT clv(customer_id, order_date, amount, 90, 0.1, order_date) FROM orders",
         "clv: as_of must be the same in every row of a group"},
        {"SELECT clv(customer_id, order_date, amount, 90, 0.1, nullif(order_date, '2024-02-05'))"
         " FROM orders",
         "clv: as_of must be the same"},
        {"SELECT clv(customer_id, order_date, amount, 0) FROM orders", "clv: horizon_days must be"
                     " 1 to 36500"},
        {"SELECT clv(customer_id, order_date, customer_id) FROM orders", "clv: row 1: amount"
                     " 'ann' is not a number"},
        {"SELECT clv(customer_id, order_date, amount) OVER () FROM orders", "may not be used as a"
                                                            " window function"}};
    sqlite3 *db = sql_open();
    for (int i = 0; i < COUNT(cases); i++) db_expect_error(db, cases[i].sql, SQLITE_ERROR,
                                                           cases[i].words);
    db_expect(db, "SELECT retention_rate(customer_id, order_date, '2024-02-01', '2024-03-01',"
              " '2024-01-01') FROM orders", "0.5");
    db_close(db);
}
END_TEST

/* ---- Help ---- */

START_TEST(help_lists_what_there_is) {
    sqlite3 *db = db_open(NULL);
    /* every column that SQLite sees is in the help and the other way round */
    db_expect(db, "SELECT name FROM (SELECT DISTINCT name FROM retain_help WHERE kind = 'table')"
              " f WHERE (SELECT group_concat(x.name) FROM (SELECT name FROM"
              " pragma_table_xinfo(f.name) ORDER BY name) x) IS NOT (SELECT group_concat(n) FROM"
              " (SELECT coalesce(argument, column_name) AS n FROM retain_help(f.name) WHERE kind ="
              " 'table' AND n NOT NULL ORDER BY n))", "");
    db_expect(db, "SELECT name, kind FROM retain_help WHERE meaning IS NULL OR meaning = ''", "");
    db_expect(db, "SELECT name, kind FROM retain_help WHERE argument IS NULL AND column_name IS"
              " NULL AND (definition IS NULL OR example IS NULL)", "");
    db_expect(db, "SELECT name, argument FROM retain_help WHERE argument NOT NULL AND range IS"
              " NULL", "");
    db_expect(db, "SELECT count(*) FROM retain_help WHERE column_name NOT NULL AND argument NOT"
              " NULL", "0");
    /* an argument never has the name of an output column */
    db_expect(db, "SELECT a.name, a.argument FROM retain_help a JOIN retain_help b ON a.name ="
              " b.name AND a.kind = b.kind AND a.argument = b.column_name", "");
    /* every function is known to SQLite, and nothing else of ours is */
    db_expect(db, "SELECT DISTINCT name FROM retain_help WHERE kind <> 'table' EXCEPT"
              " SELECT name FROM pragma_function_list", "");
    db_expect(db, "SELECT name FROM pragma_module_list WHERE name IN (SELECT name FROM retain_help)"
              " EXCEPT SELECT name FROM retain_help WHERE kind = 'table'", "");
    db_expect_same(db, "SELECT * FROM retain_help('CLV')", "SELECT * FROM retain_help WHERE name"
                                                  " = 'clv'");
    db_close(db);
}
END_TEST

/* A letter too many: each name is proposed. */
START_TEST(every_name_is_proposed) {
    sqlite3 *db = db_open(NULL);
    sqlite3_stmt *stmt = NULL;
    int n = 0;
    sqlite3_prepare_v2(db, "SELECT DISTINCT name FROM retain_help", -1, &stmt, NULL);
    for (; sqlite3_step(stmt) == SQLITE_ROW; n++) {
        char *sql = sqlite3_mprintf("SELECT * FROM retain_help('%sx')", sqlite3_column_text(stmt, 0));
        char *words = sqlite3_mprintf("there is no function '%sx' (did you mean '%s'?)", sqlite3_column_text(stmt, 0),
                                      sqlite3_column_text(stmt, 0));
        db_expect_error(db, sql, SQLITE_ERROR, words);
        sqlite3_free(sql);
        sqlite3_free(words);
    }
    sqlite3_finalize(stmt);
    ck_assert_int_ge(n, 8);
    db_close(db);
}
END_TEST

START_TEST(every_example_runs) {
    sqlite3 *db = sql_open_shop(120);
    sqlite3_stmt *stmt = NULL;
    int n = 0;
    db_exec(db, "CREATE VIEW subscriptions AS SELECT min(order_date) AS started_on, NULL AS ended_on FROM orders GROUP BY"
            " customer_id");
    sqlite3_prepare_v2(db, "SELECT example FROM retain_help WHERE example NOT NULL", -1, &stmt,
                       NULL);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        char *rows = db_rows(db, "%s", sqlite3_column_text(stmt, 0));
        ck_assert_msg(rows[0], "%s gives nothing", sqlite3_column_text(stmt, 0));
        free(rows);
        n++;
    }
    sqlite3_finalize(stmt);
    ck_assert_int_ge(n, 10);
    db_close(db);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("sql");
    TCase *tc = tcase_create("sql");
    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, arguments_and_joins, 0, COUNT(sql_arguments));
    tcase_add_test(tc, a_given_argument_keeps_its_type);
    tcase_add_loop_test(tc, refusals_name_what_is_wrong, 0, COUNT(sql_refusals));
    tcase_add_test(tc, bound_arguments_and_statements_run_again);
    tcase_add_loop_test(tc, natural_order_is_not_sorted_again, 0, COUNT(sql_orders));
    tcase_add_test(tc, natural_order_is_right);
    tcase_add_test(tc, an_open_cursor_holds_nothing);
    tcase_add_test(tc, an_emptied_table_is_read_out_to_its_end);
    tcase_add_test(tc, a_table_may_be_fed_from_itself);
    tcase_add_loop_test(tc, interrupts_are_heard, 0, COUNT(sql_stoppable));
    tcase_add_test(tc, long_computations_are_interrupted);
    tcase_add_test(tc, the_authorizer_is_asked);
    tcase_add_test(tc, untrusted_schemas_cannot_use_the_reports);
    tcase_add_test(tc, the_strict_entry_point_refuses_views);
    tcase_add_test(tc, views_that_read_themselves_end_in_an_error);
    tcase_add_test(tc, loading_twice_changes_nothing);
    tcase_add_test(tc, loading_from_sql);
    tcase_add_test(tc, connections_do_not_share_anything);
    tcase_add_test(tc, five_hundred_loads_leave_nothing);
    tcase_add_test(tc, limits_of_the_host_are_kept);
    tcase_add_loop_test(tc, scalars_compute, 0, COUNT(sql_scalars));
    tcase_add_test(tc, scalars_refuse);
    tcase_add_test(tc, retention_rate_aggregate_is_that_of_plain_sql);
    tcase_add_test(tc, clv_aggregate_is_the_mean_of_the_table);
    tcase_add_test(tc, aggregates_refuse);
    tcase_add_test(tc, help_lists_what_there_is);
    tcase_add_test(tc, every_name_is_proposed);
    tcase_add_test(tc, every_example_runs);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
