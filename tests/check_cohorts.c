/* check_cohorts.c - retention_cohorts and retention_curve: every combination of their arguments against plain
 * SQL written by the definitions alone, laws over random shops, and the figures of real ones. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "oracle.h"
#include "time/elapsed.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const DbShop cohorts_shops[] = {
    {.seed = 11, .n_customers = 40, .n_days = 500, .gap_days = 30, .refunds = true},
    {.seed = 12, .n_customers = 70, .n_days = 260, .gap_days = 12},
    {.seed = 13, .n_customers = 1, .n_days = 90, .gap_days = 9},
    {.seed = 14, .n_customers = 120, .n_days = 900, .gap_days = 45, .refunds = true, .odd_ids = true},
};

static sqlite3 *cohorts_open(int shop) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", cohorts_shops[shop]);
    return db;
}

/* ---- Whole periods, by the day ---- */

/* The day n months after d, its day of the month cut off at the end of a shorter month. */
static Day cohorts_months_later(CivilCalendar calendar, Day d, int n) {
    int year, month, day;
    civil_from_day(calendar, d, &year, &month, &day);
    int number = year * 12 + month - 1 + n, last = civil_month_days(calendar, number / 12, number % 12 + 1);
    return civil_to_day(calendar, number / 12, number % 12 + 1, day < last ? day : last);
}

START_TEST(own_clocks_count_whole_periods) {
    static const struct {
        PeriodUnit unit;
        int n_days, months;
    } cases[] = {{PERIOD_DAY, 1, 0},   {PERIOD_WEEK, 7, 0},      {PERIOD_DAYS, 10, 0}, {PERIOD_DAYS, 28, 0},
                 {PERIOD_MONTH, 0, 1}, {PERIOD_QUARTER, 0, 3}, {PERIOD_YEAR, 0, 12}};
    for (int c = 0; c < COUNT(cases) * 2; c++) {
        CivilCalendar calendar = c % 2 ? CIVIL_JALALI : CIVIL_GREGORIAN;
        Period period = {.unit = cases[c / 2].unit, .n_days = cases[c / 2].n_days, .calendar = calendar};
        int32_t step = elapsed_step(&period, true);
        for (Day first = 19300; first < 19300 + 1500; first++) { /* 2022-11-04: a leap day of either calendar */
            ElapsedMark from = elapsed_mark(&period, true, first);
            for (int k = 0; k < 30; k++) {
                Day start = cases[c / 2].months ? cohorts_months_later(calendar, first, k * cases[c / 2].months)
                                                : first + k * cases[c / 2].n_days;
                int at = elapsed_periods(from, elapsed_mark(&period, true, start), step);
                int before = k ? elapsed_periods(from, elapsed_mark(&period, true, start - 1), step) : -1;
                if (at != k || before != k - 1)
                    ck_abort_msg("case %d, day %d, period %d: %d, the day before %d", c, first, k, at, before);
            }
        }
    }
}
END_TEST

START_TEST(calendar_clocks_count_periods) {
    static const PeriodUnit units[] = {PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_QUARTER, PERIOD_YEAR, PERIOD_DAYS};
    for (int c = 0; c < COUNT(units) * 2; c++) {
        Period period = {.unit = units[c / 2], .n_days = 9, .week_start = 2, .anchor = 19005,
                         .calendar = c % 2 ? CIVIL_JALALI : CIVIL_GREGORIAN};
        ElapsedMark from = elapsed_mark(&period, false, 19300);
        for (Day day = 19300; day < 19300 + 1500; day++) {
            int got = elapsed_periods(from, elapsed_mark(&period, false, day), elapsed_step(&period, false));
            if (got != period_index(&period, day) - period_index(&period, 19300))
                ck_abort_msg("case %d, day %d: %d", c, day, got);
        }
    }
}
END_TEST

/* ---- Plain SQL ---- */

/* label: the first day of the period that holds d, first being the first purchase of all. */
static const struct {
    const char *period, *label;
    int months, days; /* how long it is */
} cohorts_periods[] = {
    {"month", "date(d, 'start of month')", 1, 0},
    {"week", "date(d, '-6 days', 'weekday 1')", 0, 7},
    {"day", "d", 0, 1},
    {"quarter", "date(d, 'start of month', '-' || ((substr(d, 6, 2) - 1) % 3) || ' months')", 3, 0},
    {"year", "date(d, 'start of year')", 12, 0},
    {"28 days", "date(first, '+' || (CAST(julianday(d) - julianday(first) AS INTEGER) / 28 * 28) || ' days')", 0, 28},
    {"10 days", "date(first, '+' || (CAST(julianday(d) - julianday(first) AS INTEGER) / 10 * 10) || ' days')", 0, 10},
};

static const char *const cohorts_modes[] = {"on", "on_or_after", "on_or_before", "streak"};
static const char *const cohorts_anchors[] = {"calendar", "customer"};

typedef struct CohortsVariant {
    const char *brackets, *slots; /* NULL: each period; slots says the same in SQL, max_period applied */
    int min_orders, max_period;
    const char *as_of; /* NULL: the last order */
} CohortsVariant;

static const CohortsVariant cohorts_variants[] = {
    {NULL, NULL, 1, 9999999, NULL},
    {NULL, NULL, 2, 9, NULL},
    {"0,1-3,4-12", "VALUES (0, 0), (1, 3), (4, 12)", 1, 9999999, "2023-06-30"},
    {"0-1, 3, 5-7,8-400", "VALUES (0, 1), (3, 3), (5, 7)", 2, 6, NULL},
    {"1,7,30", "VALUES (1, 1), (7, 7), (30, 30)", 1, 9999999, NULL},
    {NULL, NULL, 1, 0, "2024-02-29"},
    {"2-3,11-12", "VALUES (2, 3)", 1, 5, "2023-01-31"},
    {"6-9", "SELECT 6, 9 WHERE 0", 1, 5, NULL},
};

/* Purchases and first purchases, by the README's definitions. */
static void cohorts_make_purchases(sqlite3 *db, const char *label, const char *as_of) {
    db_exec(db, "DROP TABLE IF EXISTS temp.p; DROP TABLE IF EXISTS temp.f; DROP TABLE IF EXISTS temp.bound;"
            "CREATE TEMP TABLE p AS SELECT customer_id AS c, substr(order_date, 1, 10) AS d, total(amount) AS net"
            " FROM orders WHERE customer_id <> '' AND substr(order_date, 1, 10) <= coalesce(%Q, '9999') GROUP BY 1, 2"
            " HAVING total(amount) > 1e-9 * total(abs(amount)) OR total(abs(amount)) = 0;"
            "CREATE TEMP TABLE bound AS SELECT (SELECT min(d) FROM p) AS first,"
            " coalesce(%Q, max(substr(order_date, 1, 10))) AS as_of FROM orders;"
            "CREATE TEMP TABLE f AS SELECT c, d, %s AS label FROM (SELECT c, min(d) AS d FROM p GROUP BY c), bound;"
            "CREATE UNIQUE INDEX temp.f_c ON f(c)", as_of, as_of, label);
}

/* clock: for each first purchase d the first day a of period k and b of the next, as far as as_of reaches.
 * visit: each customer's purchases by period. */
static void cohorts_make_clocks(sqlite3 *db, int period, bool own) {
    int months = cohorts_periods[period].months, days = cohorts_periods[period].days;
    const char *origin = own ? "d" : "label";
    int n = (int)db_int(db, "SELECT julianday(as_of) - julianday(first) FROM bound") / (months ? 28 * months : days) + 3;
    char *start = months
        ? sqlite3_mprintf("min(date(%s, '+' || (%d * k) || ' months'),"
                          " date(%s, 'start of month', '+' || (%d * k + 1) || ' months', '-1 day'))",
                          origin, months, origin, months)
        : sqlite3_mprintf("date(%s, '+' || (%d * k) || ' days')", origin, days);
    db_exec(db, "DROP TABLE IF EXISTS temp.clock; DROP TABLE IF EXISTS temp.visit;"
            "CREATE TEMP TABLE clock AS WITH RECURSIVE"
            " n(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM n WHERE k < %d),"
            " t AS (SELECT d, k, %s AS a FROM (SELECT DISTINCT d, label FROM f), n)"
            " SELECT d, k, a, lead(a) OVER (PARTITION BY d ORDER BY k) AS b FROM t;"
            "DELETE FROM clock WHERE b IS NULL OR a > (SELECT as_of FROM bound);"
            "CREATE UNIQUE INDEX temp.clock_k ON clock(d, k);"
            "CREATE TEMP TABLE visit AS SELECT p.c, k, count(*) AS n, total(net) AS net FROM f JOIN p USING (c)"
            " JOIN clock ON clock.d = f.d AND p.d >= a AND p.d < b GROUP BY p.c, k;"
            "CREATE UNIQUE INDEX temp.visit_k ON visit(c, k)", n, start);
    sqlite3_free(start);
}

/* stay: each customer in each slot k .. z that somebody of the cohort has begun: is it complete, does the mode
 * count them, and what did they buy in it, up to its end, and in period 0? */
static void cohorts_make_stays(sqlite3 *db, int mode, const CohortsVariant *variant) {
    static const char *const counted[] = {
        "EXISTS (SELECT 1 FROM active v WHERE v.c = f.c AND v.k BETWEEN s.k AND s.z)",
        "EXISTS (SELECT 1 FROM active v WHERE v.c = f.c AND v.k >= s.k)",
        "EXISTS (SELECT 1 FROM active v WHERE v.c = f.c AND v.k BETWEEN 1 AND s.z)",
        "(SELECT count(*) FROM active v WHERE v.c = f.c AND v.k <= s.z) = s.z + 1"};
    db_exec(db, "DROP TABLE IF EXISTS temp.active; DROP TABLE IF EXISTS temp.slot; DROP TABLE IF EXISTS temp.stay;"
            "CREATE TEMP TABLE active AS SELECT c, k FROM visit WHERE n >= %d;"
            "CREATE UNIQUE INDEX temp.active_k ON active(c, k);"
            "CREATE TEMP TABLE slot(k, z)", variant->min_orders);
    if (variant->slots) db_exec(db, "INSERT INTO slot %s", variant->slots);
    else db_exec(db, "INSERT INTO slot SELECT DISTINCT k, k FROM clock WHERE k <= %d", variant->max_period);
    db_exec(db, "CREATE TEMP TABLE stay AS SELECT f.label, s.k, %s AS counted,"
            " coalesce((SELECT b <= date(as_of, '+1 day') FROM clock l WHERE l.d = f.d AND l.k = s.z), 0) AS complete,"
            " (SELECT sum(n) FROM visit v WHERE v.c = f.c AND v.k BETWEEN s.k AND s.z) AS orders,"
            " (SELECT sum(net) FROM visit v WHERE v.c = f.c AND v.k BETWEEN s.k AND s.z) AS net,"
            " (SELECT sum(net) FROM visit v WHERE v.c = f.c AND v.k <= s.z) AS ever,"
            " (SELECT net FROM visit v WHERE v.c = f.c AND v.k = 0) AS net0"
            " FROM (SELECT DISTINCT label, k FROM f JOIN clock USING (d) JOIN slot USING (k)) JOIN f USING (label)"
            " JOIN slot s USING (k), bound", counted[mode]);
}

/* Sums of hundredths may differ in the last digit; the rest is exact. */
#define COHORTS_PLAIN                                                                                              \
    "SELECT label, count(*) AS size, k, min(complete) AS complete, sum(counted) AS customers,"                     \
    " CAST(total(orders) AS INTEGER) AS orders, total(net) AS net, total(ever) AS ever, total(net0) AS net0"       \
    " FROM stay GROUP BY label, k"

static const char cohorts_plain_cells[] =
    "SELECT label, size, k, complete, customers, CASE WHEN complete THEN 1.0 * customers / size END,"
    " CASE WHEN complete THEN wilson_low(customers, size) END, CASE WHEN complete THEN wilson_high(customers, size) END,"
    " orders, round(net, 4), CASE WHEN complete THEN round(ever / size, 6) END, CASE WHEN complete THEN"
    " round(net / nullif(net0, 0), 8) END FROM (" COHORTS_PLAIN ") ORDER BY label, k";

#define COHORTS_CELLS                                                                                              \
    "SELECT cohort, cohort_size, period_index, is_complete, customers, retention_rate, ci_low, ci_high, orders,"   \
    " round(revenue, 4), round(cum_revenue_per_customer, 6), round(revenue_retention, 8) FROM "

static const char cohorts_plain_pooled[] =
    "SELECT k, count(*), sum(counted), 1.0 * sum(counted) / count(*), wilson_low(sum(counted), count(*)),"
    " wilson_high(sum(counted), count(*)), count(DISTINCT label) FROM stay WHERE complete GROUP BY k ORDER BY k";

static const char cohorts_plain_simple[] =
    "SELECT k, sum(size), sum(customers), round(avg(1.0 * customers / size), 12), NULL, NULL, count(*)"
    " FROM (" COHORTS_PLAIN ") WHERE complete GROUP BY k ORDER BY k";

#define COHORTS_CURVE                                                                                              \
    "SELECT period_index, at_risk, customers, retention_rate, ci_low, ci_high, cohorts_used FROM "
#define COHORTS_SIMPLE                                                                                             \
    "SELECT period_index, at_risk, customers, round(retention_rate, 12), ci_low, ci_high, cohorts_used FROM "

/* Both must give the same rows, of which there may be none. */
static int cohorts_compare(sqlite3 *db, const char *select, const char *report, const char *more, int period, int mode,
                           int anchor, const CohortsVariant *variant, const char *plain) {
    char *as_of = variant->as_of ? sqlite3_mprintf(" AND as_of = %Q", variant->as_of) : sqlite3_mprintf("");
    char *sql = sqlite3_mprintf("%s%s('orders', %Q, %Q) WHERE anchor = %Q AND min_orders = %d AND max_period = %d"
                                " AND brackets = %Q%s%s", select, report, cohorts_periods[period].period,
                                cohorts_modes[mode], cohorts_anchors[anchor], variant->min_orders, variant->max_period,
                                variant->brackets ? variant->brackets : "", as_of, more);
    char *rows = db_rows(db, "%s", plain);
    db_expect(db, sql, rows);
    int n = rows[0] != 0;
    free(rows);
    sqlite3_free(sql);
    sqlite3_free(as_of);
    return n;
}

/* All variants of one period and anchor; the modes take turns with them, and all of them with the first. */
START_TEST(reports_are_those_of_plain_sql) {
    int period = _i / 2 % COUNT(cohorts_periods), anchor = _i % 2, n = 0;
    sqlite3 *db = cohorts_open(_i / 2 / COUNT(cohorts_periods));
    for (int v = 0; v < COUNT(cohorts_variants); v++) {
        const CohortsVariant *variant = &cohorts_variants[v];
        cohorts_make_purchases(db, cohorts_periods[period].label, variant->as_of);
        cohorts_make_clocks(db, period, anchor == 1);
        for (int mode = 0; mode < COUNT(cohorts_modes); mode++) {
            if (v > 3 && mode != (v + period) % COUNT(cohorts_modes)) continue;
            cohorts_make_stays(db, mode, variant);
            n += cohorts_compare(db, COHORTS_CELLS, "retention_cohorts", "", period, mode, anchor, variant,
                                 cohorts_plain_cells);
            n += cohorts_compare(db, COHORTS_CURVE, "retention_curve", "", period, mode, anchor, variant,
                                 cohorts_plain_pooled);
            n += cohorts_compare(db, COHORTS_SIMPLE, "retention_curve", " AND average = 'simple'", period, mode, anchor,
                                 variant, cohorts_plain_simple);
        }
    }
    ck_assert_int_gt(n, 10);
    db_close(db);
}
END_TEST

/* ---- Laws ---- */

/* Runs sql on orders and, with 'orders' replaced, on another table. */
static void cohorts_expect_alike(sqlite3 *db, const char *sql, const char *other) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    for (const char *at = sql; *at;) {
        bool hit = strncmp(at, "'orders'", 8) == 0;
        if (hit) sqlite3_str_appendf(out, "%Q", other);
        else sqlite3_str_appendchar(out, 1, *at);
        at += hit ? 8 : 1;
    }
    char *replaced = sqlite3_str_finish(out);
    ck_assert_msg(strcmp(sql, replaced) != 0, "%s does not read orders", sql);
    db_expect_same(db, replaced, sql);
    sqlite3_free(replaced);
}

/* Both queries must give the same rows, maybe none. */
static void cohorts_expect_same(sqlite3 *db, const char *sql, const char *other) {
    char *rows = db_rows(db, "%s", other);
    db_expect(db, sql, rows);
    free(rows);
}

START_TEST(modes_bound_each_other) {
    sqlite3 *db = cohorts_open(_i);
    for (int i = 0; i < COUNT(cohorts_periods) * 2; i++) {
        db_exec(db, "DROP TABLE IF EXISTS temp.r; CREATE TEMP TABLE r(m, s, g, size, k, start, complete, x, rate, low,"
                " high, orders, revenue, cum, back)");
        for (int m = 0; m < COUNT(cohorts_modes); m++)
            db_exec(db, "INSERT INTO r SELECT %d, * FROM retention_cohorts('orders', %Q, %Q, %Q) WHERE segment_column ="
                    " 'channel'", m, cohorts_periods[i / 2].period, cohorts_modes[m], cohorts_anchors[i % 2]);
        db_exec(db, "CREATE INDEX temp.r_cell ON r(m, g, s, k)");
        db_expect(db, "SELECT * FROM r JOIN r a ON a.m = 1 AND a.s IS r.s AND a.g = r.g AND a.k = r.k JOIN r b ON b.m = 2"
                  " AND b.s IS r.s AND b.g = r.g AND b.k = r.k JOIN r t ON t.m = 3 AND t.s IS r.s AND t.g = r.g AND t.k ="
                  " r.k WHERE r.m = 0 AND (t.x > r.x OR r.x > a.x OR r.k > 0 AND r.x > b.x OR a.x > r.size OR b.x >"
                  " r.size OR r.k = 0 AND (r.x <> r.size OR a.x <> r.size OR t.x <> r.size OR b.x <> 0) OR r.k = 1 AND"
                  " b.x <> r.x OR a.orders <> r.orders OR b.revenue <> r.revenue OR t.cum <> r.cum OR r.orders < r.x OR"
                  " (r.orders = 0) <> (r.x = 0)) LIMIT 3", "");
        db_expect(db, "SELECT * FROM (SELECT *, lag(x) OVER w AS x0, lag(k) OVER w AS k0, lag(cum) OVER w AS cum0,"
                  " lag(complete) OVER w AS complete0 FROM r WINDOW w AS (PARTITION BY m, s, g ORDER BY k)) WHERE"
                  " coalesce(k0, -1) <> k - 1 OR m IN (1, 3) AND x > x0 OR m = 2 AND x < x0 OR cum < cum0 OR complete >"
                  " complete0 OR complete <> (rate IS NOT NULL) OR complete <> (low IS NOT NULL) OR complete <> (cum IS"
                  " NOT NULL) OR complete < (back IS NOT NULL) OR rate <> 1.0 * x / size OR NOT (low <= rate AND rate <="
                  " high) LIMIT 3", "");
        db_expect(db, "SELECT min(n), max(n) FROM (SELECT count(*) AS n FROM r GROUP BY s, g, k)", "4|4");
    }
    db_close(db);
}
END_TEST

START_TEST(triangles_hold_every_customer_and_purchase) {
    sqlite3 *db = cohorts_open(_i);
    cohorts_make_purchases(db, "d", NULL);
    for (int i = 0; i < COUNT(cohorts_periods) * 2; i++) {
        char *sums = sqlite3_mprintf(
            "SELECT sum(CASE period_index WHEN 0 THEN cohort_size END), sum(orders), round(sum(revenue), 4), max(revenue IS"
            " NULL) FROM retention_cohorts('orders', %Q, 'on', %Q)", cohorts_periods[i / 2].period, cohorts_anchors[i % 2]);
        db_expect_same(db, sums, "SELECT (SELECT count(*) FROM f), count(*), round(sum(net), 4), 0 FROM p");
        sqlite3_free(sums);
    }
    /* the curve is made of the complete cells of the triangle */
    for (int i = 0; i < COUNT(cohorts_periods) * COUNT(cohorts_modes); i++) {
        const char *period = cohorts_periods[i / COUNT(cohorts_modes)].period;
        const char *mode = cohorts_modes[i % COUNT(cohorts_modes)];
        char *curve = sqlite3_mprintf("SELECT segment, period_index, at_risk, customers, cohorts_used FROM"
                                      " retention_curve('orders', %Q, %Q) WHERE segment_column = 'channel'", period, mode);
        char *cells = sqlite3_mprintf("SELECT segment, period_index, sum(cohort_size), sum(customers), count(*) FROM"
                                      " retention_cohorts('orders', %Q, %Q) WHERE segment_column = 'channel' AND"
                                      " is_complete GROUP BY segment, period_index ORDER BY 1, 2", period, mode);
        cohorts_expect_same(db, curve, cells);
        sqlite3_free(curve);
        sqlite3_free(cells);
    }
    db_close(db);
}
END_TEST

/* For days, both anchors are one; brackets of one period each are rows of the whole. */
START_TEST(arguments_that_say_the_same_agree) {
    sqlite3 *db = cohorts_open(_i);
    for (int mode = 0; mode < COUNT(cohorts_modes); mode++) {
        char *sql = sqlite3_mprintf("SELECT * FROM retention_cohorts('orders', 'day', %Q, 'customer')", cohorts_modes[mode]);
        char *other = sqlite3_mprintf("SELECT * FROM retention_cohorts('orders', 'day', %Q)", cohorts_modes[mode]);
        db_expect_same(db, sql, other);
        sqlite3_free(sql);
        sqlite3_free(other);
        sql = sqlite3_mprintf("SELECT * FROM retention_cohorts('orders', 'week', %Q) WHERE brackets = '0,2,3,7'",
                              cohorts_modes[mode]);
        other = sqlite3_mprintf("SELECT * FROM retention_cohorts('orders', 'week', %Q) WHERE period_index IN (0, 2, 3, 7)",
                                cohorts_modes[mode]);
        cohorts_expect_same(db, sql, other);
        sqlite3_free(sql);
        sqlite3_free(other);
        sql = sqlite3_mprintf("SELECT * FROM retention_curve('orders', 'week', %Q) WHERE max_period = 5", cohorts_modes[mode]);
        other = sqlite3_mprintf("SELECT * FROM retention_curve('orders', 'week', %Q) WHERE period_index <= 5",
                                cohorts_modes[mode]);
        cohorts_expect_same(db, sql, other);
        sqlite3_free(sql);
        sqlite3_free(other);
    }
    db_expect_same(db, "SELECT * FROM retention_cohorts('orders', '7 days', 'on', 'customer')",
                   "SELECT * FROM retention_cohorts('orders', '1 week', 'on', 'customer') WHERE week_start ="
                   " (SELECT CASE strftime('%w', min(substr(order_date, 1, 10))) WHEN '0' THEN 'sunday' WHEN '1' THEN"
                   " 'monday' WHEN '2' THEN 'tuesday' WHEN '3' THEN 'wednesday' WHEN '4' THEN 'thursday' WHEN '5' THEN"
                   " 'friday' ELSE 'saturday' END FROM orders WHERE customer_id <> '' AND amount >= 0)");
    db_expect_same(db, "SELECT * FROM retention_cohorts('orders') WHERE brackets = '' AND max_period = 9999999",
                   "SELECT * FROM retention_cohorts('orders', NULL, NULL, NULL, NULL, NULL, NULL)");
    db_close(db);
}
END_TEST

/* New customers by month are those of retention_rate, in both calendars. */
START_TEST(cohorts_are_the_new_customers_of_a_period) {
    sqlite3 *db = cohorts_open(_i);
    static const char *const calendars[] = {"gregorian", "jalali"};
    for (int i = 0; i < COUNT(cohorts_periods) * 2; i++) {
        const char *period = cohorts_periods[i / 2].period, *calendar = calendars[i % 2];
        char *sql = sqlite3_mprintf("SELECT cohort, cohort_size FROM retention_cohorts('orders', %Q) WHERE calendar = %Q"
                                    " AND week_start = 'saturday' AND max_period = 0", period, calendar);
        char *other = sqlite3_mprintf("SELECT period_start, new_customers FROM retention_rate('orders', %Q) WHERE calendar"
                                      " = %Q AND week_start = 'saturday' AND new_customers > 0", period, calendar);
        db_expect_same(db, sql, other);
        sqlite3_free(sql);
        sqlite3_free(other);
        /* and the periods of a row begin where those of retention_rate do */
        sql = sqlite3_mprintf("SELECT DISTINCT period_start FROM retention_cohorts('orders', %Q, 'on', %Q) WHERE calendar ="
                              " %Q ORDER BY 1", period, cohorts_anchors[0], calendar);
        other = sqlite3_mprintf("SELECT period_start FROM retention_rate('orders', %Q) WHERE calendar = %Q", period,
                                calendar);
        db_expect_same(db, sql, other);
        sqlite3_free(sql);
        sqlite3_free(other);
    }
    db_close(db);
}
END_TEST

/* A segment is a shop of its own, seen on the same day. */
START_TEST(segments_are_shops_of_their_own) {
    sqlite3 *db = cohorts_open(_i);
    db_exec(db, "CREATE TABLE split AS SELECT customer_id, order_date, amount, length(customer_id) %% 2 AS half FROM"
            " orders WHERE customer_id <> '' AND typeof(customer_id) <> 'real';"
            "CREATE VIEW odd AS SELECT * FROM split WHERE half = 1; CREATE VIEW even AS SELECT * FROM split WHERE half = 0");
    for (int i = 0; i < COUNT(cohorts_periods) * 2 * 2; i++) {
        const char *half = i % 2 ? "odd" : "even";
        const char *period = cohorts_periods[i / 4].period, *anchor = cohorts_anchors[i / 2 % 2];
        if (strstr(period, "days")) continue; /* counted from the first purchase of all */
        if (db_int(db, "SELECT count(*) FROM %s", half) == 0) continue;
        static const char *const reports[] = {
            "SELECT cohort, cohort_size, period_index, is_complete, customers, retention_rate, orders, revenue,"
            " cum_revenue_per_customer FROM retention_cohorts('%s', %Q, 'streak', %Q) WHERE as_of = '2024-01-10'%s",
            "SELECT period_index, at_risk, customers, retention_rate, cohorts_used FROM retention_curve('%s', %Q, 'on',"
            " 'pooled', %Q) WHERE as_of = '2024-01-10'%s",
            "SELECT period_index, at_risk, customers, retention_rate, cohorts_used FROM retention_curve('%s', %Q, 'on',"
            " 'simple', %Q) WHERE as_of = '2024-01-10'%s"};
        for (int r = 0; r < COUNT(reports); r++) {
            char *part = sqlite3_mprintf(reports[r], "split", period, anchor,
                                         i % 2 ? " AND segment_column = 'half' AND segment = 1"
                                               : " AND segment_column = 'half' AND segment = 0");
            char *whole = sqlite3_mprintf(reports[r], half, period, anchor, "");
            cohorts_expect_same(db, part, whole); /* no rows where no period is over */
            sqlite3_free(part);
            sqlite3_free(whole);
        }
    }
    db_close(db);
}
END_TEST

START_TEST(rows_dates_and_amounts_may_move) {
    sqlite3 *db = cohorts_open(_i);
    db_exec(db, "CREATE TABLE shuffled AS SELECT * FROM orders ORDER BY rowid * 2654435761 %% 1000003;"
            "CREATE TABLE later AS SELECT customer_id, date(substr(order_date, 1, 10), '+1421 days') ||"
            " substr(order_date, 11) AS order_date, amount, channel FROM orders;"
            "CREATE TABLE twice AS SELECT customer_id, order_date, amount * 2 AS amount, channel FROM orders");
    for (int i = 0; i < COUNT(cohorts_periods) * 2; i++) {
        const char *period = cohorts_periods[i / 2].period, *anchor = cohorts_anchors[i % 2];
        char *all = sqlite3_mprintf("SELECT * FROM retention_cohorts('orders', %Q, 'on', %Q) WHERE segment_column ="
                                    " 'channel' AND brackets = '0,1,2-4,5,10-20'", period, anchor);
        cohorts_expect_alike(db, all, "shuffled");
        sqlite3_free(all);
        char *pooled = sqlite3_mprintf("SELECT * FROM retention_curve('orders', %Q, 'on', 'simple', %Q)", period, anchor);
        char *rows = db_rows(db, "%s", pooled);
        if (rows[0]) cohorts_expect_alike(db, pooled, "shuffled");
        free(rows);
        sqlite3_free(pooled);
        if (cohorts_periods[i / 2].months == 0) {
            char *moved = sqlite3_mprintf(
                "SELECT cohort_size, period_index, is_complete, customers, retention_rate, orders, revenue,"
                " cum_revenue_per_customer, julianday(period_start) - min(julianday(cohort)) OVER () FROM"
                " retention_cohorts('orders', %Q, 'on_or_before', %Q)", period, anchor);
            cohorts_expect_alike(db, moved, "later");
            sqlite3_free(moved);
        }
        char *once = sqlite3_mprintf("SELECT cohort, period_index, customers, 2 * revenue, 2 * cum_revenue_per_customer,"
                                     " revenue_retention FROM retention_cohorts('orders', %Q, 'on', %Q)", period, anchor);
        char *twice = sqlite3_mprintf("SELECT cohort, period_index, customers, revenue, cum_revenue_per_customer,"
                                      " revenue_retention FROM retention_cohorts('twice', %Q, 'on', %Q)", period, anchor);
        db_expect_same(db, twice, once);
        sqlite3_free(once);
        sqlite3_free(twice);
    }
    db_close(db);
}
END_TEST

/* Without amounts every row is a purchase and money is unknown. */
START_TEST(money_needs_amounts) {
    sqlite3 *db = cohorts_open(_i);
    db_expect(db, "SELECT count(*) FROM retention_cohorts('orders') WHERE amount_column = '' AND coalesce(revenue,"
              " cum_revenue_per_customer, revenue_retention) IS NOT NULL", "0");
    db_expect_same(db, "SELECT sum(orders) FROM retention_cohorts('orders') WHERE amount_column = ''",
                   "SELECT count(*) FROM (SELECT DISTINCT customer_id, substr(order_date, 1, 10) FROM orders WHERE"
                   " customer_id <> '')");
    db_close(db);
}
END_TEST

/* ---- Limits ---- */

START_TEST(limits_are_stated) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount, channel);"
            "INSERT INTO orders SELECT value, date('0001-01-01', value || ' days'), 1, value FROM json_each('[1,2,3,4,5,6]');"
            "INSERT INTO orders VALUES (1, '9999-12-31', 1, 9)");
    db_expect_error(db, "SELECT count(*) FROM retention_cohorts('orders', 'day')", SQLITE_TOOBIG,
                    "retention_cohorts: 21912333 cells are more than 10000000; choose a longer period or a smaller"
                    " max_period");
    db_expect_error(db, "SELECT count(*) FROM retention_curve('orders', 'day', 'on', 'simple')", SQLITE_TOOBIG,
                    "retention_curve: 21912333 cells are more than 10000000");
    db_expect_error(db, "SELECT count(*) FROM retention_cohorts('orders', 'day') WHERE segment_column = 'channel'",
                    SQLITE_TOOBIG, "6 segments over 3652058 periods are more than 20000000 cohorts; choose a longer period");
    db_expect(db, "SELECT count(*), sum(orders), max(period_index) FROM retention_cohorts('orders', 'day') WHERE max_period"
              " = 20", "126|6|20");
    db_expect(db, "SELECT period_index, at_risk, customers, cohorts_used FROM retention_curve('orders', 'day', 'on') WHERE"
              " brackets = '0,3652000-3652056,3652057'", "0|6|6|6\n3652000|2|0|2\n3652057|1|1|1");
    db_expect(db, "SELECT count(*), sum(orders), max(period_index) FROM retention_cohorts('orders', 'year')", "9999|7|9998");
    db_expect(db, "SELECT max(period_index), min(at_risk) FROM retention_curve('orders', 'year')", "9998|6");
    db_expect(db, "SELECT max(period_index), min(at_risk) FROM retention_curve('orders', 'year') WHERE anchor ="
              " 'customer'", "9997|6");
    db_close(db);
}
END_TEST

/* ---- Real shops ---- */

static const char *const cohorts_real[] = {"cdnow_sample", "uci_online_retail_orders"};

static Oracle *cohorts_open_real(sqlite3 *db, int shop) {
    char name[64];
    snprintf(name, sizeof(name), "metrics_%s", cohorts_real[shop]);
    Oracle *oracle = oracle_open(name);
    if (oracle && db_import(db, "orders", cohorts_real[shop])) return oracle;
    oracle_close(oracle);
    return NULL;
}

START_TEST(triangles_of_real_shops) {
    sqlite3 *db = db_open(NULL);
    Oracle *oracle = cohorts_open_real(db, _i);
    if (oracle) {
        sqlite3_stmt *cell = NULL;
        int n = 0, n_want = 0;
        sqlite3_prepare_v2(db, "SELECT substr(cohort, 1, 7), period_index, cohort_size, customers, revenue FROM"
                           " retention_cohorts('orders')", -1, &cell, NULL);
        for (; sqlite3_step(cell) == SQLITE_ROW; n++) {
            const char *cohort = (const char *)sqlite3_column_text(cell, 0);
            int k = sqlite3_column_int(cell, 1);
            double size = oracle_number(oracle, "cohort_triangle_monthly.%s.size", cohort);
            double active = oracle_number(oracle, "cohort_triangle_monthly.%s.active[%d]", cohort, k);
            double mils = oracle_number(oracle, "cohort_triangle_monthly.%s.revenue_mils[%d]", cohort, k);
            char path[64];
            snprintf(path, sizeof(path), "cohort_triangle_monthly.%s.active", cohort);
            if (k == 0) n_want += oracle_length(oracle, path);
            bool same = size == sqlite3_column_double(cell, 2) && active == sqlite3_column_double(cell, 3) &&
                        fabs(mils - 1000 * sqlite3_column_double(cell, 4)) < 0.5;
            ck_assert_msg(same, "%s, cohort %s, month %d: %g, %g, %g", cohorts_real[_i], cohort, k, size, active, mils);
        }
        sqlite3_finalize(cell);
        ck_assert_int_gt(n, 40);
        ck_assert_int_eq(n, n_want);
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

/* Days after each customer's own first purchase; at risk are those seen for so long. */
static void cohorts_expect_days(sqlite3 *db, Oracle *oracle, int i, const char *mode, int width, const char *field,
                                const char *eligible) {
    int day = (int)oracle_number(oracle, "n_day_retention[%d].N", i);
    char *sql = sqlite3_mprintf("SELECT at_risk, customers FROM retention_curve('orders', 'day', %Q) WHERE anchor ="
                                " 'customer' AND brackets = '%d-%d'", mode, day, day + width - 1);
    char want[64];
    snprintf(want, sizeof(want), "%d|%d", (int)oracle_number(oracle, "n_day_retention[%d].%s", i, eligible),
             (int)oracle_number(oracle, "n_day_retention[%d].%s", i, field));
    db_expect(db, sql, want);
    sqlite3_free(sql);
}

START_TEST(days_of_real_shops) {
    sqlite3 *db = db_open(NULL);
    Oracle *oracle = cohorts_open_real(db, _i);
    if (oracle) {
        int n = oracle_length(oracle, "n_day_retention");
        ck_assert_int_ge(n, 8);
        for (int i = 0; i < n; i++) {
            cohorts_expect_days(db, oracle, i, "on", 1, "exact_day", "eligible");
            cohorts_expect_days(db, oracle, i, "on_or_before", 1, "within_N_days", "eligible");
            cohorts_expect_days(db, oracle, i, "on_or_after", 1, "unbounded", "eligible");
            cohorts_expect_days(db, oracle, i, "on", 7, "bracket_7d", "bracket_eligible");
        }
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cohorts");
    TCase *tc = tcase_create("cohorts");
    int shops = COUNT(cohorts_shops);
    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, own_clocks_count_whole_periods);
    tcase_add_test(tc, calendar_clocks_count_periods);
    tcase_add_loop_test(tc, reports_are_those_of_plain_sql, 0, shops * COUNT(cohorts_periods) * 2);
    tcase_add_loop_test(tc, modes_bound_each_other, 0, shops);
    tcase_add_loop_test(tc, triangles_hold_every_customer_and_purchase, 0, shops);
    tcase_add_loop_test(tc, arguments_that_say_the_same_agree, 0, shops);
    tcase_add_loop_test(tc, cohorts_are_the_new_customers_of_a_period, 0, shops);
    tcase_add_loop_test(tc, segments_are_shops_of_their_own, 0, shops);
    tcase_add_loop_test(tc, rows_dates_and_amounts_may_move, 0, shops);
    tcase_add_loop_test(tc, money_needs_amounts, 0, shops);
    tcase_add_test(tc, limits_are_stated);
    tcase_add_loop_test(tc, triangles_of_real_shops, 0, COUNT(cohorts_real));
    tcase_add_loop_test(tc, days_of_real_shops, 0, COUNT(cohorts_real));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
