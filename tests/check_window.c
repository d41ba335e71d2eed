/* check_window.c - active_customers() in frames of every kind, counted again in plain SQL, and the scalars that
 * say the period and the Iranian date of a day, against SQLite's own date functions and against the reports.
 */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static int window_below(uint64_t *state, int n) {
    return (int)(db_random(state) % (uint64_t)n);
}

/* ---- Frames ---- */

/* Ids of every type: equal ones of two types, nobody in three ways, long ones that differ in the last byte. */
static const char *const window_ids[] = {
    "1", "1.0", "'1'", "x'31'", "2", "2.5", "-7", "'a'", "'A'", "'a '", "NULL", "''", "x''", "x'00'",
    "9007199254740993", "9007199254740992.0", "9223372036854775807", "9223372036854775808.0",
    "'a customer with a long name 1'", "'a customer with a long name 2'",
    "x'6120637573746F6D657220776974682061206C6F6E67206E616D652031'"};

/* Rows of two partitions, several of them on one day; days are eighths.  place numbers the rows of a partition,
 * grp the days of it. */
static void window_make_table(sqlite3 *db, uint64_t *state, int n_rows, int n_days) {
    db_exec(db, "CREATE TABLE made(id INTEGER PRIMARY KEY, part, day, customer_id, amount)");
    for (int i = 0; i < n_rows; i++)
        db_exec(db, "INSERT INTO made VALUES (NULL, %d, %d / 8.0, %s, %d)", window_below(state, 2),
                window_below(state, n_days * 8) / (1 + 7 * window_below(state, 2)) * 8,
                window_ids[window_below(state, COUNT(window_ids))], window_below(state, 3) - 1);
    db_exec(db, "CREATE TABLE orders AS SELECT *, row_number() OVER (PARTITION BY part ORDER BY day, id) AS place,"
                " dense_rank() OVER (PARTITION BY part ORDER BY day) AS grp FROM made ORDER BY abs(id * 7919 %% 101)");
    db_exec(db, "CREATE INDEX orders_part ON orders(part)");
}

enum { WINDOW_FIRST = INT_MIN, WINDOW_LAST = INT_MAX };
static const int window_bounds[] = {WINDOW_FIRST, -40, -3, -1, 0, 1, 4, 60, WINDOW_LAST};

typedef enum WindowMode { WINDOW_ROWS, WINDOW_GROUPS, WINDOW_RANGE } WindowMode;
static const struct {
    const char *name, *place, *order, *order_desc;
} window_modes[] = {
    [WINDOW_ROWS] = {"ROWS", "place", "day, id", "day DESC, id DESC"},
    [WINDOW_GROUPS] = {"GROUPS", "grp", "day", "day DESC"},
    [WINDOW_RANGE] = {"RANGE", "day", "day", "day DESC"},
};

/* Each exclusion as it stands in a frame and as a condition on the row o beside the row t. */
static const struct {
    const char *clause, *keeps, *keeps_rows; /* in ROWS the order is of single rows: a row has no peers */
} window_excludes[] = {
    {"", "1", "1"},
    {"EXCLUDE NO OTHERS", "1", "1"},
    {"EXCLUDE CURRENT ROW", "o.id <> t.id", "o.id <> t.id"},
    {"EXCLUDE GROUP", "o.day <> t.day", "o.id <> t.id"},
    {"EXCLUDE TIES", "(o.day <> t.day OR o.id = t.id)", "1"},
};

typedef struct WindowFrame {
    WindowMode mode;
    int start, end, exclude;
    bool descending, filtered, parted;
} WindowFrame;

static int window_side(int bound) {
    if (bound == WINDOW_FIRST) return -2;
    if (bound == WINDOW_LAST) return 2;
    return (bound > 0) - (bound < 0);
}

/* What SQL lets a frame be: it does not begin on a later side of the row than it ends. */
static bool window_is_frame(int start, int end) {
    return window_side(start) <= window_side(end) && start != WINDOW_LAST && end != WINDOW_FIRST;
}

static void window_bound(int bound, char out[32]) {
    switch (window_side(bound)) {
        case -2: snprintf(out, 32, "UNBOUNDED PRECEDING"); break;
        case -1: snprintf(out, 32, "%d PRECEDING", -bound); break;
        case 0: snprintf(out, 32, "CURRENT ROW"); break;
        case 1: snprintf(out, 32, "%d FOLLOWING", bound); break;
        default: snprintf(out, 32, "UNBOUNDED FOLLOWING");
    }
}

static char *window_ours(const WindowFrame *f) {
    char start[32], end[32];
    window_bound(f->start, start);
    window_bound(f->end, end);
    return sqlite3_mprintf("SELECT id, active_customers(customer_id)%s OVER (%s ORDER BY %s %s BETWEEN %s AND %s %s)"
                           " FROM orders ORDER BY id", f->filtered ? " FILTER (WHERE amount > 0)" : "",
                           f->parted ? "PARTITION BY part" : "",
                           f->descending ? window_modes[f->mode].order_desc : window_modes[f->mode].order,
                           window_modes[f->mode].name, start, end, window_excludes[f->exclude].clause);
}

/* count(DISTINCT) over a join with itself: no window. */
static char *window_plain(const WindowFrame *f) {
    const char *sign = f->descending ? "-" : "", *place = window_modes[f->mode].place;
    char from[96] = "1", to[96] = "1";
    if (f->start != WINDOW_FIRST) snprintf(from, 96, "%so.%s >= %st.%s + (%d)", sign, place, sign, place, f->start);
    if (f->end != WINDOW_LAST) snprintf(to, 96, "%so.%s <= %st.%s + (%d)", sign, place, sign, place, f->end);
    return sqlite3_mprintf("SELECT id, (SELECT count(DISTINCT o.customer_id) FROM orders AS o WHERE %s AND %s AND %s"
                           " AND %s AND %s AND CAST(o.customer_id AS BLOB) <> x'') FROM orders AS t ORDER BY id",
                           f->parted ? "o.part = t.part" : "1", from, to,
                           f->mode == WINDOW_ROWS ? window_excludes[f->exclude].keeps_rows
                                                  : window_excludes[f->exclude].keeps,
                           f->filtered ? "o.amount > 0" : "1");
}

/* place and grp count within a partition, so only RANGE is asked without one. */
static void window_compare(sqlite3 *db, WindowFrame f) {
    f.parted = f.parted || f.mode != WINDOW_RANGE;
    char *ours = window_ours(&f), *plain = window_plain(&f);
    db_expect_same(db, ours, plain);
    sqlite3_free(ours);
    sqlite3_free(plain);
}

START_TEST(every_frame_counts_as_plain_sql) {
    static const struct { int n_rows, n_days; } sizes[] = {{70, 9}, {40, 60}, {90, 3}, {25, 1}, {2, 1}, {1, 1}};
    uint64_t state = (uint64_t)_i + 1;
    sqlite3 *db = db_open(NULL);
    window_make_table(db, &state, sizes[_i % COUNT(sizes)].n_rows, sizes[_i % COUNT(sizes)].n_days);
    for (int mode = 0; mode < COUNT(window_modes); mode++)
        for (int start = 0; start < COUNT(window_bounds); start++)
            for (int end = 0; end < COUNT(window_bounds); end++)
                for (int exclude = 0; exclude < COUNT(window_excludes); exclude++)
                    if (window_is_frame(window_bounds[start], window_bounds[end]))
                        window_compare(db, (WindowFrame){.mode = (WindowMode)mode,
                                                         .start = window_bounds[start], .end = window_bounds[end],
                                                         .exclude = exclude,
                                                         .descending = window_below(&state, 3) == 0,
                                                         .filtered = window_below(&state, 3) == 0,
                                                         .parted = window_below(&state, 2) == 0});
    db_close(db);
}
END_TEST

/* Without a frame it is everything up to the row and its peers; without an order everything. */
START_TEST(frames_by_default) {
    uint64_t state = 99;
    sqlite3 *db = db_open(NULL);
    window_make_table(db, &state, 80, 9);
    db_expect_same(db, "SELECT id, active_customers(customer_id) OVER (PARTITION BY part ORDER BY day),"
                       " active_customers(customer_id) OVER (PARTITION BY part), active_customers(customer_id) OVER ()"
                       " FROM orders ORDER BY id",
                   "WITH o AS (SELECT * FROM orders WHERE CAST(customer_id AS BLOB) <> x'') SELECT id,"
                   " (SELECT count(DISTINCT customer_id) FROM o WHERE o.part = t.part AND o.day <= t.day),"
                   " (SELECT count(DISTINCT customer_id) FROM o WHERE o.part = t.part),"
                   " (SELECT count(DISTINCT customer_id) FROM o) FROM orders t ORDER BY id");
    db_close(db);
}
END_TEST

/* Thirty days of a real shop, on fifty days of it. */
START_TEST(active_customers_of_a_real_shop) {
    sqlite3 *db = db_open(NULL);
    if (db_import(db, "imported", "cdnow_sample")) {
        db_exec(db, "CREATE TABLE orders AS SELECT customer_id, date AS order_date FROM imported;"
                    "CREATE TABLE days AS SELECT DISTINCT order_date AS day FROM orders ORDER BY order_date * 7919"
                    " %% 101 LIMIT 50;"
                    "CREATE TABLE active AS SELECT order_date AS day, active_customers(customer_id) OVER (ORDER BY"
                    " period_index(order_date, 'day') RANGE BETWEEN 29 PRECEDING AND CURRENT ROW) AS n FROM orders");
        ck_assert_int_gt(db_int(db, "SELECT count(*) FROM active"), 5000);
        db_expect_same(db, "SELECT DISTINCT day, n FROM active WHERE day IN (SELECT day FROM days) ORDER BY day",
                       "SELECT day, (SELECT count(DISTINCT customer_id) FROM orders WHERE order_date BETWEEN"
                       " date(day, '-29 days') AND day) FROM days ORDER BY day");
    }
    db_close(db);
}
END_TEST

/* ---- Groups ---- */

START_TEST(groups_count_as_count_distinct) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", (DbShop){.seed = (uint64_t)_i + 5, .n_customers = 80, .n_days = 200, .gap_days = 20,
                                        .refunds = _i % 2, .odd_ids = true});
    db_exec(db, "CREATE TEMP VIEW some AS SELECT *, CASE WHEN CAST(customer_id AS BLOB) <> x'' THEN customer_id END"
                " AS somebody FROM orders");
    db_expect_same(db, "SELECT channel, active_customers(customer_id), active_customers(DISTINCT customer_id),"
                       " active_customers(customer_id) FILTER (WHERE amount < 0) FROM some GROUP BY channel"
                       " HAVING active_customers(customer_id) > 1 ORDER BY active_customers(customer_id), channel",
                   "SELECT channel, count(DISTINCT somebody), count(DISTINCT somebody), count(DISTINCT CASE WHEN"
                   " amount < 0 THEN somebody END) FROM some GROUP BY channel HAVING count(DISTINCT somebody) > 1"
                   " ORDER BY count(DISTINCT somebody), channel");
    db_expect_same(db, "SELECT substr(order_date, 1, 10) AS day, active_customers(customer_id) FROM orders GROUP"
                       " BY day",
                   "SELECT substr(order_date, 1, 10) AS day, count(DISTINCT somebody) FROM some GROUP BY day");
    db_expect(db, "SELECT active_customers(customer_id) FROM orders WHERE 0", "0");
    db_expect(db, "SELECT channel, active_customers(customer_id) FROM orders WHERE 0 GROUP BY channel", "");
    db_close(db);
}
END_TEST

/* ---- State ---- */

/* Two windows in one statement, two statements that run at the same time, and one that is left in the middle. */
START_TEST(each_window_has_a_state_of_its_own) {
    enum { ROWS = 60, BEHIND = 25 };
    static const char sql[] = "SELECT 100 * active_customers(customer_id) OVER (ORDER BY id ROWS 3 PRECEDING) +"
                              " active_customers(customer_id) OVER (ORDER BY id DESC ROWS 9 PRECEDING) FROM orders"
                              " ORDER BY id";
    uint64_t state = 3;
    int want[ROWS];
    sqlite3 *db = db_open(NULL);
    sqlite3_stmt *ahead = NULL, *behind = NULL, *left = NULL;
    window_make_table(db, &state, ROWS, 9);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &ahead, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &behind, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &left, NULL), SQLITE_OK);
    for (int i = 0; i < ROWS + BEHIND; i++) {
        if (i < 7) ck_assert_int_eq(sqlite3_step(left), SQLITE_ROW);
        if (i < ROWS) ck_assert_int_eq(sqlite3_step(ahead), SQLITE_ROW);
        if (i < ROWS) want[i] = sqlite3_column_int(ahead, 0);
        if (i < BEHIND) continue;
        ck_assert_int_eq(sqlite3_step(behind), SQLITE_ROW);
        ck_assert_int_eq(sqlite3_column_int(behind, 0), want[i - BEHIND]);
    }
    ck_assert_int_gt(want[ROWS / 2], 101);
    sqlite3_finalize(ahead);
    sqlite3_finalize(behind);
    sqlite3_finalize(left);
    db_close(db);
}
END_TEST

/* Many rows of few customers take no more memory than count() in the same window. */
START_TEST(memory_is_that_of_the_customers) {
    static const char sql[] = "SELECT max(n) FROM (SELECT %s(customer_id) OVER (ORDER BY id ROWS 50 PRECEDING) AS n"
                              " FROM orders)";
    sqlite3_int64 peak[2];
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(id INTEGER PRIMARY KEY, customer_id); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
                " SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO orders SELECT i, 'customer number ' || (i %% 60)"
                " FROM n");
    for (int ours = 0; ours < 2; ours++) {
        sqlite3_int64 before = sqlite3_memory_used();
        sqlite3_memory_highwater(1);
        ck_assert_int_eq(db_int(db, sql, ours ? "active_customers" : "count"), 51);
        peak[ours] = sqlite3_memory_highwater(0) - before;
    }
    ck_assert_msg(peak[1] < peak[0] + 32 * 1024, "%d bytes, count() %d", (int)peak[1], (int)peak[0]);
    db_close(db);
}
END_TEST

START_TEST(windows_refuse) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, day)");
    db_expect_error(db, "SELECT active_customers(DISTINCT customer_id) OVER () FROM orders", SQLITE_ERROR, "DISTINCT");
    db_expect_error(db, "SELECT active_customers() FROM orders", SQLITE_ERROR, "wrong number of arguments");
    db_expect_error(db, "SELECT retention_rate(customer_id, day, '2024-01-01', '2024-02-01') OVER () FROM orders",
                    SQLITE_ERROR, "may not be used as a window function");
    db_close(db);
}
END_TEST

/* ---- Periods ---- */

/* Every day of forty years, and moments around them. */
static void window_make_days(sqlite3 *db) {
    db_exec(db, "CREATE TABLE days(day); WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n <"
                " 14700) INSERT INTO days SELECT date('1995-01-01', n || ' days') FROM d;"
                "CREATE TABLE moments AS SELECT day || ' ' || printf('%%02d:%%02d', rowid %% 24, rowid * 7 %% 60) AS"
                " moment FROM days");
}

START_TEST(periods_are_those_of_sqlite) {
    static const struct { const char *ours, *sqlite; } pairs[] = {
        {"period_start(day, 'day')", "day"},
        {"period_start(day, 'week')", "date(day, '-6 days', 'weekday 1')"},
        {"period_start(day, 'week', NULL, 'saturday')", "date(day, '-6 days', 'weekday 6')"},
        {"period_start(day, 'week', 'gregorian', 'Sunday')", "date(day, '-6 days', 'weekday 0')"},
        {"period_start(day, 'month')", "date(day, 'start of month')"},
        {"period_start(day, 'quarter')", "date(day, 'start of month', -((strftime('%m', day) + 2) % 3) || ' months')"},
        {"period_start(day, 'year')", "date(day, 'start of year')"},
        {"period_start(strftime('%s', day) + 40000, 'month')", "date(day, 'start of month')"},
        {"period_start(julianday(day), 'month')", "date(day, 'start of month')"},
        {"period_start(day, '10 days', NULL, NULL, NULL, '2000-01-01')",
         "date('2000-01-01', ((CAST(julianday(day) - 2451544.5 AS INTEGER) + 100000) / 10 * 10 - 100000) || ' days')"},
        {"period_index(day, 'day')", "CAST(julianday(day) - 2440587.5 AS INTEGER)"},
        {"period_index(day, 'week')", "CAST(julianday(day) - 2440587.5 + 3 AS INTEGER) / 7"},
        {"period_index(day, 'month')", "strftime('%Y', day) * 12 + strftime('%m', day) - 1"},
        {"period_index(day, 'quarter')", "strftime('%Y', day) * 4 + (strftime('%m', day) - 1) / 3"},
        {"period_index(day, 'year')", "CAST(strftime('%Y', day) AS INTEGER)"},
        {"period_index(day, '2 weeks')", "CAST(julianday(day) - 2440587.5 AS INTEGER) / 14"},
    };
    sqlite3 *db = db_open(NULL);
    window_make_days(db);
    char *sql = sqlite3_mprintf("SELECT day, %s, %s FROM days WHERE %s IS NOT %s LIMIT 3", pairs[_i].ours,
                                pairs[_i].sqlite, pairs[_i].ours, pairs[_i].sqlite);
    db_expect(db, sql, "");
    sqlite3_free(sql);
    db_close(db);
}
END_TEST

START_TEST(moments_are_cut_at_the_offset) {
    static const struct { const char *offset, *modifier; } offsets[] = {
        {"+03:30", "+210 minutes"}, {"-0500", "-300 minutes"}, {"+14", "+840 minutes"}, {"Z", "+0 minutes"}};
    sqlite3 *db = db_open(NULL);
    window_make_days(db);
    for (int i = 0; i < COUNT(offsets); i++) {
        char *sql = sqlite3_mprintf(
            "SELECT count(*), sum(period_start(moment, 'day', NULL, NULL, %Q) = date(moment, %Q)),"
            " sum(from_jalali(to_jalali(moment, %Q)) = date(moment, %Q)),"
            " sum(period_start(CAST(strftime('%%s', moment) AS INTEGER), 'month', NULL, NULL, %Q) ="
            " date(moment, %Q, 'start of month')) FROM moments", offsets[i].offset, offsets[i].modifier,
            offsets[i].offset, offsets[i].modifier, offsets[i].offset, offsets[i].modifier);
        db_expect(db, sql, "14701|14701|14701|14701");
        sqlite3_free(sql);
    }
    db_close(db);
}
END_TEST

/* Two centuries, day by day.  That the dates themselves are right, ICU says (check_time). */
START_TEST(jalali_days_and_periods_agree) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE days(day, jalali); WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE"
                " n < 73413) INSERT INTO days SELECT date('1921-03-21', n || ' days'), to_jalali(date('1921-03-21',"
                " n || ' days')) FROM d");
    db_expect(db, "SELECT min(jalali), max(jalali), count(DISTINCT jalali), max(day) FROM days",
              "1300-01-01|1500-12-29|73414|2122-03-20");
    db_expect(db, "SELECT * FROM days WHERE from_jalali(jalali) <> day OR from_jalali(replace(jalali, '-', '/')) <> day"
                  " OR to_jalali(jalali) <> jalali LIMIT 3", "");
    db_expect(db, "SELECT * FROM days WHERE period_start(day, 'month', 'jalali') <> substr(jalali, 1, 8) || '01'"
                  " OR period_start(jalali, 'year', 'jalali') <> substr(jalali, 1, 5) || '01-01'"
                  " OR period_start(jalali, 'quarter', 'jalali') <> substr(jalali, 1, 5) || printf('%02d-01',"
                  " (substr(jalali, 6, 2) - 1) / 3 * 3 + 1)"
                  " OR period_index(day, 'month', 'jalali') <> substr(jalali, 1, 4) * 12 + substr(jalali, 6, 2) - 1"
                  " OR period_index(day, 'quarter', 'jalali') <> substr(jalali, 1, 4) * 4 + (substr(jalali, 6, 2)"
                  " - 1) / 3"
                  " OR period_index(day, 'year', 'jalali') <> CAST(substr(jalali, 1, 4) AS INTEGER) LIMIT 3", "");
    db_close(db);
}
END_TEST

/* A report names the same periods: each order lies in the one that period_start says. */
START_TEST(periods_are_those_of_the_reports) {
    static const char *const periods[] = {"day", "week", "month", "quarter", "year", "28 days", "3 weeks"};
    static const struct { const char *calendar, *week_start, *offset, *modifier; } rules[] = {
        {"gregorian", "monday", "+00:00", "+0 minutes"},
        {"jalali", "saturday", "+03:30", "+210 minutes"},
        {"gregorian", "wednesday", "-11:00", "-660 minutes"}};
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "made", (DbShop){.seed = 31, .n_customers = 60, .n_days = 500, .gap_days = 30});
    db_exec(db, "CREATE TABLE orders AS SELECT customer_id, substr(order_date, 1, 10) || printf(' %%02d:%%02d', rowid"
                " %% 24, rowid * 7 %% 60) AS order_date, 1 AS amount FROM made");
    for (int p = 0; p < COUNT(periods); p++)
        for (int r = 0; r < COUNT(rules); r++) {
            char *ours = sqlite3_mprintf(
                "SELECT period_start(order_date, %Q, %Q, %Q, %Q, (SELECT min(date(order_date, %Q)) FROM orders)) AS"
                " start, count(DISTINCT customer_id) FROM orders GROUP BY start", periods[p], rules[r].calendar,
                rules[r].week_start, rules[r].offset, rules[r].modifier);
            char *report = sqlite3_mprintf("SELECT period_start, end_customers FROM retention_rate('orders', %Q) WHERE"
                                           " calendar = %Q AND week_start = %Q AND utc_offset = %Q AND"
                                           " end_customers > 0",
                                           periods[p], rules[r].calendar, rules[r].week_start, rules[r].offset);
            db_expect_same(db, ours, report);
            sqlite3_free(ours);
            sqlite3_free(report);
        }
    db_close(db);
}
END_TEST

START_TEST(scalars_of_dates_refuse) {
    static const struct { const char *sql, *words; } cases[] = {
        {"SELECT to_jalali('1404/12/30')", "to_jalali: date: '1404/12/30' is not a calendar day"},
        {"SELECT from_jalali('2025-02-30')", "from_jalali: date: '2025-02-30' is not a calendar day"},
        {"SELECT from_jalali('1404/01/01', '+25:00')", "from_jalali: utc_offset must be an offset from UTC"},
        {"SELECT period_start('2025-01-01', 'fortnight')", "period_start: period must be 'day', 'week'"},
        {"SELECT period_start('2025-01-01', '40000 days')", "period_start: period must be"},
        {"SELECT period_index('2025-01-01', char(109, 0))", "period_index: period must not hold a NUL character"},
        {"SELECT period_index('2025-01-01', x'6D')", "period_index: period must be"},
        {"SELECT period_index('2025-01-01', 'month', 'lunar')",
         "period_index: calendar must be 'gregorian' or 'jalali', not 'lunar'"},
        {"SELECT period_index('2025-01-01', '9 days', NULL, NULL, NULL, 'x')",
         "period_index: anchor: 'x' is not a date"},
        {"SELECT period_index(x'00', 'month')", "period_index: date: a blob is not a date"}};
    sqlite3 *db = db_open(NULL);
    for (int i = 0; i < COUNT(cases); i++) db_expect_error(db, cases[i].sql, SQLITE_ERROR, cases[i].words);
    db_expect(db, "SELECT to_jalali(NULL), from_jalali(NULL, 'x'), period_start(NULL, 'x'), period_index('x', NULL)",
              "NULL|NULL|NULL|NULL");
    db_close(db);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("window");
    TCase *tc = tcase_create("window");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, every_frame_counts_as_plain_sql, 0, 12);
    tcase_add_test(tc, frames_by_default);
    tcase_add_test(tc, active_customers_of_a_real_shop);
    tcase_add_loop_test(tc, groups_count_as_count_distinct, 0, 4);
    tcase_add_test(tc, each_window_has_a_state_of_its_own);
    tcase_add_test(tc, memory_is_that_of_the_customers);
    tcase_add_test(tc, windows_refuse);
    tcase_add_loop_test(tc, periods_are_those_of_sqlite, 0, 16);
    tcase_add_test(tc, moments_are_cut_at_the_offset);
    tcase_add_test(tc, jalali_days_and_periods_agree);
    tcase_add_test(tc, periods_are_those_of_the_reports);
    tcase_add_test(tc, scalars_of_dates_refuse);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
