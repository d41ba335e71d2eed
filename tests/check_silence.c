/* check_silence.c - inactive_customers, churn_window and winback: against plain SQL with other arguments than the
 * twins have, laws between them, figures of real shops, and how a table of customers is read. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db.h"
#include "oracle.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const DbShop silence_shops[] = {
    {.seed = 11, .n_customers = 1, .n_days = 60, .gap_days = 9},
    {.seed = 12, .n_customers = 6, .n_days = 90, .gap_days = 12, .refunds = true},
    {.seed = 13, .n_customers = 80, .n_days = 900, .gap_days = 60, .refunds = true},
    {.seed = 14, .n_customers = 150, .n_days = 400, .gap_days = 25, .refunds = true, .odd_ids = true},
    {.seed = 15, .n_customers = 300, .n_days = 250, .gap_days = 15, .odd_ids = true},
    {.seed = 16, .n_customers = 400, .n_days = 700, .gap_days = 40, .refunds = true},
};

/* Purchases p(c, day, net) and spells of silence spell(c, day, nxt, silence), up to as_of, in plain SQL; days count
 * from 1970.  bound has as_of as a day and as text. */
static void silence_make_spells(sqlite3 *db, const char *as_of) {
    db_exec(db,
            "DROP TABLE IF EXISTS temp.bound; DROP TABLE IF EXISTS temp.p; DROP TABLE IF EXISTS temp.spell;"
            "CREATE TEMP TABLE bound AS SELECT CAST(julianday(t) - 2440587.5 AS INTEGER) AS as_of, t AS text FROM"
            " (SELECT coalesce(%Q, max(substr(order_date, 1, 10))) AS t FROM orders);"
            "CREATE TEMP TABLE p AS SELECT customer_id AS c, CAST(julianday(substr(order_date, 1, 10)) - 2440587.5 AS"
            " INTEGER) AS day, total(amount) AS net FROM orders WHERE customer_id <> '' AND substr(order_date, 1, 10)"
            " <= (SELECT text FROM bound) GROUP BY 1, 2 HAVING total(amount) > 1e-9 * total(abs(amount)) OR"
            " total(abs(amount)) = 0;"
            "CREATE INDEX temp.p_c ON p(c, day);"
            "CREATE TEMP TABLE spell AS SELECT c, day, nxt, coalesce(nxt, (SELECT as_of FROM bound)) - day AS silence"
            " FROM (SELECT c, day, (SELECT min(day) FROM p AS q WHERE q.c = p.c AND q.day > p.day) AS nxt FROM p)",
            as_of);
}

static sqlite3 *silence_open(int shop) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", silence_shops[shop]);
    silence_make_spells(db, NULL);
    return db;
}

/* Rows of ours that plain SQL does not have, or with other numbers; money to a billionth of the turnover. */
static void silence_expect_same(sqlite3 *db, const char *ours, const char *plain, const char *exact,
                                const char *money) {
    db_exec(db, "DROP TABLE IF EXISTS temp.ours; CREATE TEMP TABLE ours AS %s", ours);
    db_exec(db, "DROP TABLE IF EXISTS temp.plain; CREATE TEMP TABLE plain AS %s", plain);
    char *same = sqlite3_mprintf("SELECT * FROM (SELECT %s FROM ours EXCEPT SELECT %s FROM plain) UNION ALL SELECT *"
                                 " FROM (SELECT %s FROM plain EXCEPT SELECT %s FROM ours)", exact, exact, exact, exact);
    db_expect(db, same, "");
    sqlite3_free(same);
    char *near = sqlite3_mprintf("SELECT o.%s, n.%s FROM ours AS o, plain AS n WHERE o.rowid = n.rowid AND NOT"
                                 " abs(o.%s -"
                                 " n.%s) <= 1e-9 * (1 + (SELECT total(abs(amount)) FROM orders))",
                                 money, money, money, money);
    db_expect(db, near, "");
    db_expect(db, "SELECT (SELECT count(*) FROM ours) - (SELECT count(*) FROM plain)", "0");
    sqlite3_free(near);
}

/* The same rows, of which there may be none. */
static void silence_expect_alike(sqlite3 *db, const char *sql, const char *other) {
    char *a = db_rows(db, "%s", sql), *b = db_rows(db, "%s", other);
    size_t at = 0;
    while (a[at] && a[at] == b[at]) at++;
    size_t from = at > 200 ? at - 200 : 0;
    ck_assert_msg(a[at] == b[at], "%s\n...%.400s\n  differs from\n%s\n...%.400s", sql, a + from, other, b + from);
    free(a);
    free(b);
}

/* ---- inactive_customers ---- */

static const struct { const char *span, *cutoff; } silence_spans[] = {
    {"1 day", "date(text, '-1 day')"},
    {"30 days", "date(text, '-30 days')"},
    {"10 weeks", "date(text, '-70 days')"},
    {"6 months", "min(date(text, '-6 months'), date(text, 'start of month', '-5 months', '-1 day'))"},
    {"1 month", "min(date(text, '-1 month'), date(text, 'start of month', '-1 day'))"},
    {"2 quarters", "min(date(text, '-6 months'), date(text, 'start of month', '-5 months', '-1 day'))"},
    {"1 year", "min(date(text, '-12 months'), date(text, 'start of month', '-11 months', '-1 day'))"},
};
static const char *const silence_as_of[] = {NULL, "2023-03-31", "2024-02-29", "2024-12-31", "2022-11-05"};

START_TEST(inactive_customers_are_those_of_plain_sql) {
    sqlite3 *db = silence_open(_i);
    int n_rows = 0;
    for (int i = 0; i < COUNT(silence_spans) * COUNT(silence_as_of); i++) {
        const char *as_of = silence_as_of[i % COUNT(silence_as_of)];
        const char *span = silence_spans[i / COUNT(silence_as_of)].span;
        silence_make_spells(db, as_of);
        char *ours = sqlite3_mprintf("SELECT * FROM inactive_customers('orders', %Q) WHERE as_of = (SELECT text FROM"
                                     " bound) ORDER BY customer_id", span);
        char *plain = sqlite3_mprintf(
            "SELECT c AS customer_id, date(max(day) * 86400, 'unixepoch') AS last_order_date, (SELECT as_of FROM"
            " bound) -"
            " max(day) AS days_since_last, count(*) AS purchase_days, avg(net) AS avg_order_value, (SELECT"
            " total(amount)"
            " FROM orders WHERE customer_id = c AND substr(order_date, 1, 10) <= text) AS historic_value, text FROM p,"
            " bound"
            " GROUP BY c HAVING max(day) < CAST(julianday(%s) - 2440587.5 AS INTEGER) ORDER BY c",
            silence_spans[i / COUNT(silence_as_of)].cutoff);
        silence_expect_same(db, ours, plain, "customer_id, last_order_date, days_since_last, purchase_days",
                            "historic_value");
        db_expect(db, "SELECT o.customer_id FROM ours AS o, plain AS n WHERE o.rowid = n.rowid AND NOT"
                      " abs(o.avg_order_value - n.avg_order_value) <= 1e-9 * n.avg_order_value", "");
        n_rows += (int)db_int(db, "SELECT count(*) FROM ours");
        sqlite3_free(ours);
        sqlite3_free(plain);
    }
    ck_assert_int_gt(n_rows, 5);
    db_close(db);
}
END_TEST

START_TEST(inactive_customers_are_ranked_by_value) {
    sqlite3 *db = silence_open(_i);
    silence_expect_alike(db, "SELECT rank, customer_id FROM inactive_customers('orders', '5 days')",
                   "SELECT row_number() OVER (ORDER BY round(historic_value, 6) DESC, customer_id), customer_id FROM"
                   " inactive_customers('orders', '5 days')");
    silence_expect_alike(db, "SELECT rank, customer_id FROM inactive_customers('orders', '5 days') WHERE amount_column"
                             " = ''",
                   "SELECT row_number() OVER (ORDER BY purchase_days DESC, customer_id), customer_id FROM"
                   " inactive_customers('orders', '5 days') WHERE amount_column = ''");
    db_close(db);
}
END_TEST

/* One definition, to the last bit. */
START_TEST(what_inactive_customers_and_churn_candidates_share_is_the_same) {
    sqlite3 *db = silence_open(_i);
    db_exec(db, "CREATE TEMP TABLE inactive AS SELECT * FROM inactive_customers('orders', '1 day')");
    db_expect(db, "SELECT * FROM inactive AS i LEFT JOIN churn_candidates('orders', 90, 0) AS c ON c.customer_id ="
                  " i.customer_id WHERE i.last_order_date IS NOT c.last_order_date OR i.days_since_last IS NOT"
                  " c.days_since_last OR i.usual_gap_days IS NOT c.usual_gap_days OR i.purchase_days IS NOT"
                  " c.purchase_days OR i.historic_value IS NOT c.historic_value", "");
    silence_expect_alike(db, "SELECT count(*) FROM inactive",
                   "SELECT count(*) FROM churn_candidates('orders', 90, 0) WHERE days_since_last > 1");
    db_close(db);
}
END_TEST

/* ---- With a table of customers ---- */

/* 1 and 1.0 are one customer, shown as the INTEGER where that occurs; plain SQL shows either. */
#define SILENCE_ID                                                                                              \
    "CASE WHEN typeof(customer_id) = 'real' AND customer_id = CAST(customer_id AS INTEGER)"                      \
    " THEN CAST(customer_id AS INTEGER) ELSE customer_id END"

/* Customers of the shop and others beside them, twice each, among ids of all types. */
static const char silence_customers[] =
    "CREATE TABLE customers(note, customer_id);"
    "INSERT INTO customers SELECT 'ours', customer_id FROM orders GROUP BY customer_id HAVING"
    " length(customer_id) + max(rowid) % 3 > 2;"
    "INSERT INTO customers SELECT 'other', CASE value % 5 WHEN 0 THEN value WHEN 1 THEN 'name ' || value WHEN 2 THEN"
    " value"
    " + 0.5 WHEN 3 THEN CAST(value AS BLOB) ELSE 'a name that is longer than sixteen bytes: ' || value END FROM"
    " (SELECT rowid - 40 AS value FROM orders LIMIT 300);"
    "INSERT INTO customers VALUES (0, NULL), (0, ''), (0, x''), (0, 9007199254740993), (0, 9007199254740992.0);"
    "INSERT INTO customers SELECT * FROM customers";

START_TEST(those_who_never_bought_are_those_of_plain_sql) {
    sqlite3 *db = silence_open(_i);
    db_exec(db, "%s", silence_customers);
    db_exec(db, "CREATE TABLE shuffled AS SELECT * FROM customers ORDER BY rowid * 2654435761 %% 1000003");
    for (int i = 0; i < COUNT(silence_as_of); i++) {
        silence_make_spells(db, silence_as_of[i]);
        db_exec(db, "CREATE TEMP TABLE both AS SELECT * FROM inactive_customers('orders', '20 days', 'customers') WHERE"
                    " as_of = (SELECT text FROM bound)");
        /* no id matches on the day before the first order, and in the shop of one */
        silence_expect_alike(db, "SELECT " SILENCE_ID ", last_order_date, days_since_last, usual_gap_days,"
                           " purchase_days, avg_order_value, substr(note, 1, 12) FROM both WHERE purchase_days = 0",
                       "SELECT DISTINCT " SILENCE_ID ", NULL, NULL, NULL, 0, NULL, 'never bought' FROM customers WHERE"
                       " length(customer_id) > 0 AND customer_id NOT IN (SELECT c FROM p) ORDER BY 1");
        silence_expect_alike(db, "SELECT rank, customer_id, last_order_date, usual_gap_days, purchase_days,"
                                 " historic_value,"
                           " note FROM both WHERE purchase_days > 0",
                       "SELECT rank, customer_id, last_order_date, usual_gap_days, purchase_days, historic_value, note"
                       " FROM inactive_customers('orders', '20 days') WHERE as_of = (SELECT text FROM bound)");
        silence_expect_alike(db, "SELECT * FROM both", "SELECT * FROM inactive_customers('orders', '20 days',"
                                                       " 'shuffled') WHERE"
                                                 " as_of = (SELECT text FROM bound)");
        db_expect(db, "SELECT count(*) FROM both AS a, both AS b WHERE a.rank = b.rank + 1 AND a.purchase_days > 0 AND"
                      " b.purchase_days = 0", "0");
        db_exec(db, "DROP TABLE both");
    }
    db_close(db);
}
END_TEST

START_TEST(a_roster_may_lie_anywhere) {
    sqlite3 *db = silence_open(3);
    db_exec(db, "%s", silence_customers);
    db_exec(db, "ATTACH ':memory:' AS other; CREATE TABLE other.people(name, id); INSERT INTO other.people SELECT note,"
                " customer_id FROM customers; CREATE TABLE other.orders AS SELECT * FROM main.orders;"
                "CREATE TEMP VIEW seen AS SELECT customer_id FROM customers;"
                "CREATE VIEW through AS SELECT customer_id FROM clv('orders') UNION ALL SELECT customer_id FROM"
                " customers;"
                "CREATE VIRTUAL TABLE words USING fts5(customer_id); INSERT INTO words VALUES ('w')");
    static const char sql[] = "SELECT * FROM inactive_customers('orders', '20 days', '%s') WHERE %s";
    static const struct { const char *name, *where; } cases[] = {
        {"CUSTOMERS", "1"}, {"main.customers", "1"}, {"other.people", "1"}, {"seen", "1"}, {"temp.seen", "1"},
        {"through", "1"}, {"people", "schema = 'other'"}, {"people", "schema = 'other' AND customers_column = 'ID'"}};
    char *want = db_rows(db, sql, "customers", "1"), *got = NULL;
    for (int i = 0; i < COUNT(cases); i++) {
        got = db_rows(db, sql, cases[i].name, cases[i].where);
        ck_assert_msg(strcmp(got, want) == 0, "%s where %s", cases[i].name, cases[i].where);
        free(got);
    }
    free(want);
    db_expect(db, "SELECT customer_id, note FROM inactive_customers('orders', '20 years', 'words')",
              "w|never bought (no id is in both tables: integer and real and text and blob in the orders, text among"
              " the"
              " customers)");
    db_close(db);
}
END_TEST

START_TEST(a_roster_of_itself_ends_in_an_error) {
    sqlite3 *db = silence_open(1);
    db_exec(db, "CREATE VIEW loop AS SELECT customer_id FROM inactive_customers('orders', '1 day', 'loop')");
    db_expect_error(db, "SELECT * FROM inactive_customers('orders', '1 day', 'loop')", SQLITE_ERROR, "nested more"
                                                            " than");
    db_expect(db, "SELECT count(*) > 0 FROM inactive_customers('orders', '1 day')", "1");
    db_close(db);
}
END_TEST

static int silence_answer; /* of the authorizer, for customers.customer_id */

static int silence_authorise(void *unused, int action, const char *a, const char *b, const char *schema,
                             const char *view) {
    (void)unused;
    (void)schema;
    (void)view;
    bool asked = action == SQLITE_READ && a && b && strcmp(a, "customers") == 0 && strcmp(b, "customer_id") == 0;
    return asked ? silence_answer : SQLITE_OK;
}

START_TEST(the_authorizer_is_asked_about_the_roster) {
    sqlite3 *db = silence_open(2);
    db_exec(db, "%s", silence_customers);
    sqlite3_set_authorizer(db, silence_authorise, NULL);
    silence_answer = SQLITE_DENY;
    db_expect_error(db, "SELECT * FROM inactive_customers('orders', '1 day', 'customers')", SQLITE_AUTH,
                    "customers.customer_id is prohibited");
    db_expect(db, "SELECT count(*) > 0 FROM inactive_customers('orders', '1 day')", "1");
    silence_answer = SQLITE_IGNORE; /* then the ids are NULL */
    silence_expect_alike(db, "SELECT * FROM inactive_customers('orders', '1 day', 'customers')",
                   "SELECT * FROM inactive_customers('orders', '1 day')");
    sqlite3_set_authorizer(db, NULL, NULL);
    db_expect(db, "SELECT count(*) > 0 FROM inactive_customers('orders', '1 day', 'customers') WHERE purchase_days = 0",
              "1");
    db_close(db);
}
END_TEST

/* Another connection writes while the orders are read. */
static void silence_write_elsewhere(sqlite3_context *context, int argc, sqlite3_value **argv) {
    sqlite3 **other = sqlite3_user_data(context);
    (void)argc;
    (void)argv;
    if (*other) db_exec(*other, "INSERT INTO customers VALUES ('late')");
    *other = NULL;
    sqlite3_result_int(context, 1);
}

/* In an attached database, which the statement that asks does not name. */
START_TEST(orders_and_roster_are_one_snapshot) {
    const char *path = db_temp_path("silence");
    sqlite3 *writer = db_open(path);
    db_exec(writer, "PRAGMA journal_mode = WAL; CREATE TABLE orders(customer_id, order_date, amount); INSERT INTO orders"
                    " VALUES ('ann', '2024-01-01', 1), ('bob', '2024-05-01', 1); CREATE TABLE customers(id); INSERT INTO"
                    " customers VALUES ('early')");
    sqlite3 *reader = db_open(NULL), *other = writer;
    sqlite3_create_function(reader, "write_elsewhere", 0, SQLITE_UTF8, &other, silence_write_elsewhere, NULL, NULL);
    db_exec(reader, "ATTACH %Q AS shop; CREATE TEMP VIEW watched AS SELECT * FROM shop.orders WHERE write_elsewhere()",
            path);
    static const char sql[] = "SELECT group_concat(customer_id) FROM inactive_customers('watched', '1 day',"
                              " 'shop.customers')";
    db_expect(reader, sql, "ann,early");
    ck_assert_ptr_null(other);
    db_expect(reader, sql, "ann,early,late");
    db_close(reader);
    db_close(writer);
    unlink(path);
}
END_TEST

START_TEST(no_statement_is_held) {
    sqlite3 *db = silence_open(2);
    db_exec(db, "%s", silence_customers);
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(db, "SELECT * FROM inactive_customers('orders', '1 day', 'customers')", -1, &stmt, NULL);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    ck_assert_ptr_eq(sqlite3_next_stmt(db, stmt), NULL);
    ck_assert_ptr_eq(sqlite3_next_stmt(db, NULL), stmt);
    sqlite3_finalize(stmt);
    db_exec(db, "DROP TABLE customers; DROP TABLE orders");
    db_close(db);
}
END_TEST

typedef struct SilenceStop {
    int64_t calls, at;
} SilenceStop;

static int silence_stop(void *pointer) {
    SilenceStop *stop = pointer;
    return ++stop->calls == stop->at;
}

static const char *const silence_stoppable[] = {
    "SELECT * FROM inactive_customers('orders', '1 day', 'customers')",
    "SELECT * FROM churn_window('orders') WHERE segment_column = 'channel'",
    "SELECT * FROM winback('orders', '10 days', 10) WHERE segment_column = 'channel'",
};

START_TEST(interrupts_are_heard) {
    sqlite3 *db = silence_open(5);
    db_exec(db, "%s", silence_customers);
    char *want = db_rows(db, "%s", silence_stoppable[_i]), *got = NULL;
    int rc = SQLITE_INTERRUPT, n_stopped = 0;
    for (SilenceStop stop = {.at = 1}; rc == SQLITE_INTERRUPT; stop.at += 1 + stop.at / 8) {
        stop.calls = 0;
        sqlite3_progress_handler(db, 1, silence_stop, &stop);
        rc = db_run(db, silence_stoppable[_i], &got);
        sqlite3_progress_handler(db, 0, NULL, NULL);
        ck_assert_msg(rc == SQLITE_OK ? strcmp(got, want) == 0 : rc == SQLITE_INTERRUPT, "step %d gives %d: %s",
                      (int)stop.at, rc, got);
        n_stopped += rc == SQLITE_INTERRUPT;
        free(got);
    }
    ck_assert_int_gt(n_stopped, 40);
    free(want);
    db_close(db);
}
END_TEST

/* ---- churn_window ---- */

typedef struct SilenceWindows {
    const char *windows;
    int follow_up;
    double max_rate;
    int min_spells;
    const char *as_of;
} SilenceWindows;

static const SilenceWindows silence_windows[] = {
    {"7,14,21,30,45,60,90,120,150,180,270,365,540,730", 90, 0.1, 30, NULL},
    {"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20", 1, 0.05, 5, NULL},
    {"10,20,30,40,80,160,320", 30, 0.5, 1, "2023-09-30"},
    {"30", 365, 0.2, 10, NULL},
    {"1,36500", 3650, 1, 1, "2049-12-31"},
    {"5,50,100,200", 60, 0, 1, "2022-12-05"},
    {"60,90", 45, 0.35, 8, "2024-12-31"},
};

static char *silence_window_call(const SilenceWindows *args, const char *where) {
    return sqlite3_mprintf("SELECT * FROM churn_window('orders', %Q, %d, %.17g, %d) WHERE as_of = (SELECT text FROM"
                           " bound)"
                           " AND %s", args->windows, args->follow_up, args->max_rate, args->min_spells, where);
}

START_TEST(churn_windows_are_those_of_plain_sql) {
    for (int shop = 0; shop < COUNT(silence_shops); shop++) {
        const SilenceWindows *args = &silence_windows[_i];
        sqlite3 *db = silence_open(shop);
        silence_make_spells(db, args->as_of);
        char *ours = silence_window_call(args, "1");
        char *plain = sqlite3_mprintf(
            "SELECT w.value AS days, count(DISTINCT c) FILTER (WHERE judged) AS customers, count(*) FILTER (WHERE"
            " judged)"
            " AS spells, count(*) FILTER (WHERE judged AND nxt <= until) AS came_back, count(*) FILTER (WHERE NOT"
            " judged)"
            " AS excluded_immature, total((SELECT sum(net) FROM p WHERE p.c = s.c AND p.day > s.day AND p.day <="
            " until))"
            " FILTER (WHERE judged AND nxt <= until) AS revenue_recalled FROM json_each('[%s]') AS w LEFT JOIN (SELECT"
            " v.value AS v, spell.*, day + v.value + %d AS until, day + v.value + %d <= as_of AS judged FROM spell,"
            " bound,"
            " json_each('[%s]') AS v WHERE silence > v.value) AS s ON v = w.value WHERE EXISTS (SELECT 1 FROM p) GROUP"
            " BY"
            " w.value ORDER BY w.value", args->windows, args->follow_up, args->follow_up, args->windows);
        silence_expect_same(db, ours, plain, "days, customers, spells, came_back, excluded_immature",
                            "revenue_recalled");
        sqlite3_free(ours);
        sqlite3_free(plain);
        db_close(db);
    }
}
END_TEST

/* Rates, intervals and the recommendation follow from the counts. */
START_TEST(churn_windows_are_judged_by_their_counts) {
    int n_recommended = 0, n_refused = 0;
    for (int shop = 0; shop < COUNT(silence_shops); shop++) {
        const SilenceWindows *args = &silence_windows[_i];
        sqlite3 *db = silence_open(shop);
        silence_make_spells(db, args->as_of);
        char *ours = silence_window_call(args, "confidence = 0.8");
        db_exec(db, "CREATE TEMP TABLE w AS %s", ours);
        db_exec(db, "CREATE TEMP VIEW judged AS SELECT * FROM w WHERE spells >= %d", args->min_spells);
        db_expect(db, "SELECT * FROM w WHERE return_rate IS NOT 1.0 * came_back / nullif(spells, 0) OR ci_low IS NOT"
                      " wilson_low(came_back, spells, 0.8) OR ci_high IS NOT wilson_high(came_back, spells, 0.8) OR"
                      " customers > spells OR came_back > spells OR (came_back = 0) <> (revenue_recalled = 0)", "");
        char *best = sqlite3_mprintf("SELECT min(days) FROM judged AS a WHERE return_rate <= %.17g AND NOT EXISTS"
                                     " (SELECT 1"
                                     " FROM judged AS b WHERE b.days > a.days AND b.ci_low > %.17g)", args->max_rate,
                                     args->max_rate);
        silence_expect_alike(db, "SELECT max(days) FROM w WHERE is_recommended", best);
        db_expect(db, "SELECT count(*) FROM w WHERE is_recommended HAVING count(*) > 1", "");
        int64_t n = db_int(db, "SELECT total(is_recommended) FROM w");
        n_recommended += n == 1;
        n_refused += n == 0;
        db_expect(db, n ? "SELECT * FROM w WHERE (note IS NULL) <> (days IN (SELECT days FROM judged))"
                        : "SELECT * FROM w WHERE note IS NULL", "");
        sqlite3_free(best);
        sqlite3_free(ours);
        db_close(db);
    }
    ck_assert_int_eq(n_recommended + n_refused, COUNT(silence_shops));
}
END_TEST

/* What is judged stays judged: a later look adds spells and changes none. */
START_TEST(a_later_look_only_adds) {
    sqlite3 *db = silence_open(_i);
    const SilenceWindows args = {"5,10,20,40,60,90", 45, 0.1, 1, NULL};
    char *call = silence_window_call(&args, "1");
    db_exec(db, "CREATE TEMP TABLE before AS SELECT 0 AS days, 0 AS customers, 0 AS spells, 0 AS came_back, 0.0 AS"
                " revenue_recalled WHERE 0");
    for (int month = 1; month < 36; month++) {
        char as_of[32];
        snprintf(as_of, sizeof(as_of), "%d-%02d-28", 2023 + month / 12, month % 12 + 1);
        db_exec(db, "DROP TABLE bound; CREATE TEMP TABLE bound AS SELECT %Q AS text; CREATE TEMP TABLE now AS %s",
                as_of, call);
        db_expect(db, "SELECT * FROM before AS b LEFT JOIN now AS n USING (days) WHERE NOT (n.spells >= b.spells AND"
                      " n.came_back >= b.came_back AND n.customers >= b.customers AND n.spells - b.spells >="
                      " n.came_back -"
                      " b.came_back AND n.revenue_recalled >= b.revenue_recalled - 1e-6)", "");
        db_exec(db, "DROP TABLE before; CREATE TEMP TABLE before AS SELECT * FROM now; DROP TABLE now");
    }
    sqlite3_free(call);
    db_close(db);
}
END_TEST

/* Customers who buy on any day with probability 1/40, for ever: after whatever silence 1 - (39/40)^30 of them come
 * back within 30 days, no matter when we look.  5 standard errors. */
START_TEST(rates_do_not_depend_on_the_length_of_the_record) {
    sqlite3 *db = db_open(NULL);
    sqlite3_stmt *insert = NULL;
    uint64_t state = 7;
    db_exec(db, "BEGIN; CREATE TABLE orders(customer_id, order_date)");
    sqlite3_prepare_v2(db, "INSERT INTO orders VALUES (?1, date('2023-01-01', ?2 || ' days'))", -1, &insert, NULL);
    for (int c = 0; c < 400; c++)
        for (int day = 0; day < 720; day++) {
            if (day > 0 && db_random(&state) % 40 != 0) continue;
            sqlite3_bind_int(insert, 1, c);
            sqlite3_bind_int(insert, 2, day);
            sqlite3_step(insert);
            sqlite3_reset(insert);
        }
    sqlite3_finalize(insert);
    db_exec(db, "COMMIT");
    double p = 1 - pow(39.0 / 40, 30);
    static const char *const as_of[] = {"2023-04-30", "2023-09-30", "2024-12-20"};
    for (int i = 0; i < COUNT(as_of); i++) {
        char *wrong = sqlite3_mprintf("SELECT days, spells, return_rate FROM churn_window('orders', '1,10,30,60,80',"
                                      " 30)"
                                      " WHERE as_of = %Q AND NOT (spells > 40 AND (return_rate - %.17g) * (return_rate"
                                      " -"
                                      " %.17g) <= 25 * %.17g / spells) UNION ALL SELECT dormancy_from, spells,"
                                      " reactivation_rate FROM winback('orders', '20 days', 30) WHERE as_of = %Q AND"
                                      " spells"
                                      " > 40 AND NOT (reactivation_rate - %.17g) * (reactivation_rate - %.17g) <= 25 *"
                                      " %.17g / spells",
                                      as_of[i], p, p, p * (1 - p), as_of[i], p, p, p * (1 - p));
        db_expect(db, wrong, "");
        sqlite3_free(wrong);
    }
    db_close(db);
}
END_TEST

/* ---- winback ---- */

typedef struct SilenceDormancy {
    const char *after;
    int after_days;    /* -1: that of the months before as_of */
    int window;
    const char *as_of;
} SilenceDormancy;

static const SilenceDormancy silence_dormancy[] = {
    {"180 days", 180, 90, NULL}, {"1 day", 1, 1, "2023-01-31"}, {"30 days", 30, 30, NULL},
    {"5 weeks", 35, 200, NULL},  {"20 days", 20, 7, "2024-12-31"}, {"1 month", -1, 45, "2024-03-31"},
    {"10 years", 3652, 30, NULL},
};

START_TEST(winbacks_are_those_of_plain_sql) {
    for (int shop = 0; shop < COUNT(silence_shops); shop++) {
        const SilenceDormancy *args = &silence_dormancy[_i];
        sqlite3 *db = silence_open(shop);
        silence_make_spells(db, args->as_of);
        int after = args->after_days < 0 ? 31 : args->after_days, window = args->window;
        char *ours = sqlite3_mprintf("SELECT *, coalesce(revenue_per_reactivated, -1) AS each FROM winback('orders',"
                                     " %Q,"
                                     " %d) WHERE as_of = (SELECT text FROM bound)", args->after, window);
        db_exec(db, "DROP TABLE IF EXISTS temp.dormant; CREATE TEMP TABLE dormant AS SELECT spell.*, (SELECT min(day)"
                    " FROM"
                    " p WHERE p.c = spell.c AND p.day > nxt) AS after_next, (SELECT total(net) FROM p WHERE p.c ="
                    " spell.c"
                    " AND p.day BETWEEN nxt AND nxt + %d) AS brought FROM spell WHERE silence > %d", window, after);
        char *plain = sqlite3_mprintf(
            "WITH RECURSIVE b(dormancy_from, dormancy_to) AS (SELECT %d, %d UNION ALL SELECT dormancy_from + %d,"
            " dormancy_to + %d FROM b WHERE dormancy_to < (SELECT max(silence) FROM dormant)),"
            " e AS (SELECT *, day + dormancy_to <= as_of AS judged, coalesce(nxt - day <= dormancy_to AND day +"
            " dormancy_to"
            " <= as_of, 0) AS back, nxt + %d <= as_of AS known FROM b, dormant, bound WHERE silence >= dormancy_from)"
            " SELECT dormancy_from, dormancy_to, count(DISTINCT c) FILTER (WHERE judged) AS customers, sum(judged) AS"
            " spells, sum(back) AS reactivated, sum(NOT judged) AS excluded_immature, sum(back AND known) AS"
            " rechurn_judged, sum(back AND known AND coalesce(after_next - nxt > %d, 1)) AS rechurned, total(brought)"
            " FILTER (WHERE back) AS revenue, coalesce(avg(brought) FILTER (WHERE back AND nxt + %d <= as_of), -1) AS"
            " each"
            " FROM e GROUP BY dormancy_from ORDER BY dormancy_from",
            after + 1, after + window, window, window, after, after, window);
        silence_expect_same(db, ours, plain, "dormancy_from, dormancy_to, customers, spells, reactivated,"
                            " excluded_immature, rechurn_judged, rechurned", "revenue");
        silence_expect_same(db, ours, plain, "dormancy_from", "each");
        db_expect(db, "SELECT * FROM ours WHERE reactivation_rate IS NOT 1.0 * reactivated / nullif(spells, 0) OR"
                      " ci_low"
                      " IS NOT wilson_low(reactivated, spells) OR ci_high IS NOT wilson_high(reactivated, spells) OR"
                      " rechurn_rate IS NOT 1.0 * rechurned / nullif(rechurn_judged, 0)", "");
        sqlite3_free(ours);
        sqlite3_free(plain);
        db_close(db);
    }
}
END_TEST

/* A bucket of winback is a length of churn_window followed for as long as the bucket. */
START_TEST(a_bucket_is_a_window_followed) {
    sqlite3 *db = silence_open(_i);
    char *windows = db_rows(db, "SELECT group_concat(dormancy_from - 1) FROM winback('orders', '15 days', 20)");
    if (strcmp(windows, "NULL") != 0) {
        char *lengths = sqlite3_mprintf("SELECT days, customers, spells, came_back, return_rate, ci_low, ci_high,"
                                        " excluded_immature FROM churn_window('orders', %Q, 20)", windows);
        silence_expect_alike(db, "SELECT dormancy_from - 1, customers, spells, reactivated, reactivation_rate, ci_low,"
                                 " ci_high,"
                           " excluded_immature FROM winback('orders', '15 days', 20)", lengths);
        sqlite3_free(lengths);
    }
    /* every return after 15 days is in one bucket, or too late to be counted */
    silence_expect_alike(db, "SELECT total(reactivated) + (SELECT count(*) FROM spell, bound WHERE nxt - day > 15 AND"
                             " day + 15 +"
                       " 20 * ((nxt - day - 16) / 20 + 1) > as_of) FROM winback('orders', '15 days', 20)",
                   "SELECT total(nxt - day > 15) FROM spell");
    free(windows);
    db_close(db);
}
END_TEST

/* Who is dormant on as_of is inactive. */
START_TEST(the_dormant_are_the_inactive) {
    sqlite3 *db = silence_open(_i);
    silence_expect_alike(db, "SELECT count(*) FROM inactive_customers('orders', '90 days')",
                   "SELECT count(*) FROM spell WHERE nxt IS NULL AND silence > 90");
    silence_expect_alike(db, "SELECT total(max(0, excluded_immature)) >= (SELECT count(*) FROM"
                             " inactive_customers('orders', '90"
                       " days')) FROM winback('orders', '90 days', 3650)", "SELECT 1");
    db_close(db);
}
END_TEST

/* ---- Both ---- */

START_TEST(segments_add_up_to_the_whole) {
    sqlite3 *db = silence_open(_i);
    static const char *const at[] = {"first", "last"};
    for (int k = 0; k < COUNT(at); k++) {
        char *ours = sqlite3_mprintf("SELECT days, sum(customers) AS customers, sum(spells) AS spells, sum(came_back)"
                                     " AS"
                                     " came_back, sum(excluded_immature) AS excluded_immature, sum(revenue_recalled) AS"
                                     " revenue_recalled FROM churn_window('orders', '5,15,40,100', 30) WHERE"
                                     " segment_column"
                                     " = 'channel' AND segment_at = %Q GROUP BY days", at[k]);
        silence_expect_same(db, ours, "SELECT * FROM churn_window('orders', '5,15,40,100', 30)",
                            "days, customers, spells, came_back, excluded_immature", "revenue_recalled");
        sqlite3_free(ours);
        ours = sqlite3_mprintf("SELECT dormancy_from, sum(customers) AS customers, sum(spells) AS spells,"
                               " sum(reactivated) AS"
                               " reactivated, sum(rechurned) AS rechurned, sum(rechurn_judged) AS rechurn_judged,"
                               " sum(excluded_immature) AS excluded_immature, sum(revenue) AS revenue FROM"
                               " winback('orders',"
                               " '10 days', 25) WHERE segment_column = 'channel' AND segment_at = %Q GROUP BY 1",
                               at[k]);
        silence_expect_same(db, ours, "SELECT * FROM winback('orders', '10 days', 25)", "dormancy_from, customers,"
                                                            " spells,"
                            " reactivated, rechurned, rechurn_judged, excluded_immature", "revenue");
        sqlite3_free(ours);
    }
    db_close(db);
}
END_TEST

START_TEST(shifts_and_scales) {
    sqlite3 *db = silence_open(_i);
    db_exec(db, "CREATE TABLE moved AS SELECT customer_id, date(substr(order_date, 1, 10), '+371 days') AS order_date,"
                " amount * 4 AS amount FROM orders");
    silence_expect_alike(db, "SELECT days, customers, spells, came_back, ci_low, revenue_recalled, excluded_immature,"
                       " is_recommended, note FROM churn_window('moved', '3,9,27,81', 40, 0.3, 3)",
                   "SELECT days, customers, spells, came_back, ci_low, revenue_recalled * 4, excluded_immature,"
                   " is_recommended, note FROM churn_window('orders', '3,9,27,81', 40, 0.3, 3)");
    silence_expect_alike(db, "SELECT dormancy_from, customers, spells, reactivated, excluded_immature, rechurn_rate,"
                             " revenue,"
                       " revenue_per_reactivated, note FROM winback('moved', '12 days', 14)",
                   "SELECT dormancy_from, customers, spells, reactivated, excluded_immature, rechurn_rate, revenue * 4,"
                   " revenue_per_reactivated * 4, note FROM winback('orders', '12 days', 14)");
    silence_expect_alike(db, "SELECT customer_id, days_since_last, usual_gap_days, purchase_days, historic_value,"
                       " avg_order_value FROM inactive_customers('moved', '12 days') ORDER BY 1",
                   "SELECT customer_id, days_since_last, usual_gap_days, purchase_days, historic_value * 4,"
                   " avg_order_value * 4 FROM inactive_customers('orders', '12 days') ORDER BY 1");
    db_close(db);
}
END_TEST

/* Later orders are not known on as_of. */
START_TEST(what_is_after_as_of_might_not_be_there) {
    sqlite3 *db = silence_open(_i);
    db_exec(db, "CREATE TABLE earlier AS SELECT * FROM orders WHERE order_date < '2023-02-16';"
                "INSERT INTO earlier VALUES (NULL, '2023-02-15', 0, NULL)");
    static const char *const calls[] = {"churn_window('%s', '2,4,8,16,32', 20, 0.4, 2)", "winback('%s', '9 days', 8)",
                                        "inactive_customers('%s', '1 week')"};
    for (int i = 0; i < COUNT(calls); i++) {
        char *whole = sqlite3_mprintf(calls[i], "orders"), *part = sqlite3_mprintf(calls[i], "earlier");
        char *a = sqlite3_mprintf("SELECT * FROM %s WHERE as_of = '2023-02-15'", whole);
        char *b = sqlite3_mprintf("SELECT * FROM %s", part);
        silence_expect_alike(db, a, b);
        sqlite3_free(whole);
        sqlite3_free(part);
        sqlite3_free(a);
        sqlite3_free(b);
    }
    db_close(db);
}
END_TEST

START_TEST(too_many_rows_are_refused) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
                " SELECT i +"
                " 1 FROM n WHERE i < 70000) INSERT INTO orders SELECT i, date('2015-01-01', (i %% 3600) || ' days'), 1"
                " FROM n");
    char *windows = db_rows(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 64) SELECT"
                                " group_concat(i) FROM n");
    char *sql = sqlite3_mprintf("SELECT count(*) FROM churn_window('orders', %Q) WHERE segment_column = 'customer_id'",
                                windows);
    db_expect_error(db, sql, SQLITE_TOOBIG,
                    "70000 segments of 64 windows are more than 4000000 rows; choose fewer windows");
    db_expect_error(db, "SELECT count(*) FROM winback('orders') WHERE segment_column = 'customer_id' AND window_days ="
                        " 1",
                    SQLITE_TOOBIG, "70000 segments of 3419 buckets are more than 4000000 rows; choose a longer"
                    " window_days");
    db_expect(db, "SELECT count(*) FROM churn_window('orders', '30,60') WHERE segment_column = 'customer_id'",
              "140000");
    db_expect(db, "SELECT count(*) FROM winback('orders', '10 days', 3650) WHERE segment_column = 'customer_id'",
              "70000");
    sqlite3_free(sql);
    free(windows);
    db_close(db);
}
END_TEST

/* ---- Real shops ---- */

static const char *const silence_real[] = {"cdnow_sample", "uci_online_retail_orders"};

START_TEST(inactive_customers_of_real_shops) {
    char name[64];
    sqlite3 *db = db_open(NULL);
    snprintf(name, sizeof(name), "metrics_%s", silence_real[_i]);
    Oracle *oracle = oracle_open(name);
    if (oracle && db_import(db, "orders", silence_real[_i])) {
        db_exec(db, "CREATE TEMP TABLE ours AS SELECT * FROM inactive_customers('orders')");
        ck_assert_int_eq(db_int(db, "SELECT count(*) FROM ours"),
                         (int64_t)oracle_number(oracle, "inactive_6_months.count_clamped"));
        double lost = oracle_number(oracle, "inactive_6_months.lost_revenue_mils") / 1000;
        ck_assert_double_eq_tol(db_real(db, "SELECT sum(historic_value) FROM ours"), lost, 1e-6);
        double share = oracle_number(oracle, "inactive_6_months.share_of_customers");
        ck_assert_double_eq_tol(db_real(db, "SELECT 1.0 * count(*) / (SELECT count(DISTINCT customer_id) FROM orders)"
                                            " FROM"
                                            " ours"), share, 1e-12);
        int n = oracle_length(oracle, "inactive_6_months.top20");
        ck_assert_int_eq(n, 20);
        for (int i = 0; i < n; i++) {
            double id = oracle_number(oracle, "inactive_6_months.top20[%d].customer_id", i);
            double value = oracle_number(oracle, "inactive_6_months.top20[%d].revenue_mils", i) / 1000;
            ck_assert_double_eq(db_real(db, "SELECT customer_id + 0 FROM ours WHERE rank = %d", i + 1), id);
            ck_assert_double_eq_tol(db_real(db, "SELECT historic_value FROM ours WHERE rank = %d", i + 1), value, 1e-6);
        }
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

/* The oracle's Kaplan-Meier table of all gaps: at risk on day t are the spells of at least t days, which are those
 * longer than t - 1, judged or too late. */
START_TEST(spells_of_real_shops_are_those_at_risk) {
    char name[64];
    sqlite3 *db = db_open(NULL);
    snprintf(name, sizeof(name), "metrics_%s", silence_real[_i]);
    Oracle *oracle = oracle_open(name);
    if (oracle && db_import(db, "orders", silence_real[_i])) {
        int n = oracle_length(oracle, "km_all_gaps.table"), n_compared = 0;
        for (int i = 0; i < n; i++) {
            int t = (int)oracle_number(oracle, "km_all_gaps.table[%d].t", i);
            if (t < 2) continue;
            ck_assert_int_eq(db_int(db, "SELECT spells + excluded_immature FROM churn_window('orders', '%d', 1)",
                                    t - 1),
                             (int64_t)oracle_number(oracle, "km_all_gaps.table[%d].at_risk", i));
            n_compared++;
        }
        ck_assert_int_gt(n_compared, 3);
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("silence");
    TCase *tc = tcase_create("silence");
    int shops = COUNT(silence_shops);
    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, inactive_customers_are_those_of_plain_sql, 0, shops);
    tcase_add_loop_test(tc, inactive_customers_are_ranked_by_value, 0, shops);
    tcase_add_loop_test(tc, what_inactive_customers_and_churn_candidates_share_is_the_same, 0, shops);
    tcase_add_loop_test(tc, those_who_never_bought_are_those_of_plain_sql, 0, shops);
    tcase_add_test(tc, a_roster_may_lie_anywhere);
    tcase_add_test(tc, a_roster_of_itself_ends_in_an_error);
    tcase_add_test(tc, the_authorizer_is_asked_about_the_roster);
    tcase_add_test(tc, orders_and_roster_are_one_snapshot);
    tcase_add_test(tc, no_statement_is_held);
    tcase_add_loop_test(tc, interrupts_are_heard, 0, COUNT(silence_stoppable));
    tcase_add_loop_test(tc, churn_windows_are_those_of_plain_sql, 0, COUNT(silence_windows));
    tcase_add_loop_test(tc, churn_windows_are_judged_by_their_counts, 0, COUNT(silence_windows));
    tcase_add_loop_test(tc, a_later_look_only_adds, 0, shops);
    tcase_add_test(tc, rates_do_not_depend_on_the_length_of_the_record);
    tcase_add_loop_test(tc, winbacks_are_those_of_plain_sql, 0, COUNT(silence_dormancy));
    tcase_add_loop_test(tc, a_bucket_is_a_window_followed, 0, shops);
    tcase_add_loop_test(tc, the_dormant_are_the_inactive, 0, shops);
    tcase_add_loop_test(tc, segments_add_up_to_the_whole, 0, shops);
    tcase_add_loop_test(tc, shifts_and_scales, 0, shops);
    tcase_add_loop_test(tc, what_is_after_as_of_might_not_be_there, 0, shops);
    tcase_add_test(tc, too_many_rows_are_refused);
    tcase_add_loop_test(tc, inactive_customers_of_real_shops, 0, COUNT(silence_real));
    tcase_add_loop_test(tc, spells_of_real_shops_are_those_at_risk, 0, COUNT(silence_real));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
