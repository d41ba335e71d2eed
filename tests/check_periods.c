/* check_periods.c - retention_by, lifecycle, new_vs_repeat, and the statistics that they rest on: published values,
 * definitions written once more, identities over random shops, the figures of real ones. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "math/student.h"
#include "oracle.h"
#include "stat/adjust.h"
#include "stat/proportion.h"
#include "stat/ratio.h"
#include "stat/wilson.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const DbShop periods_shops[] = {
    {.seed = 11, .n_customers = 1, .n_days = 90, .gap_days = 9},
    {.seed = 12, .n_customers = 7, .n_days = 120, .gap_days = 12, .refunds = true},
    {.seed = 13, .n_customers = 80, .n_days = 700, .gap_days = 50, .refunds = true},
    {.seed = 14, .n_customers = 200, .n_days = 300, .gap_days = 20, .refunds = true, .odd_ids = true},
    {.seed = 15, .n_customers = 500, .n_days = 240, .gap_days = 25},
};
enum { SHOPS = COUNT(periods_shops) };

static const char *const periods_all[] = {"day", "week", "month", "quarter", "year", "28 days"};

/* Start of the period that x is in. */
static const struct {
    const char *name, *start;
} periods_plain[] = {
    {"week", "date(%s, '-6 days', 'weekday 1')"},
    {"month", "date(%s, 'start of month')"},
    {"quarter", "date(%s, 'start of month', '-' || ((substr(%s, 6, 2) - 1) %% 3) || ' months')"},
    {"year", "date(%s, 'start of year')"},
};

/* orders, and the tables p of purchases (customer, day, net) and s of customers and their segments. */
static sqlite3 *periods_open(int shop) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", periods_shops[shop]);
    db_exec(db, "CREATE TEMP TABLE p AS SELECT customer_id AS c, substr(order_date, 1, 10) AS d, total(amount) AS net"
            " FROM orders WHERE customer_id <> '' GROUP BY 1, 2 HAVING total(amount) > 1e-9 * total(abs(amount))"
            " OR total(abs(amount)) = 0;"
            "CREATE TEMP TABLE s AS SELECT c, channel AS segment FROM (SELECT c, channel, row_number() OVER"
            " (PARTITION BY c ORDER BY time(order_date), channel) AS k FROM (SELECT c, min(d) AS first FROM p GROUP BY c)"
            " JOIN orders ON customer_id = c AND substr(order_date, 1, 10) = first WHERE amount >= 0) WHERE k = 1;"
            "CREATE TEMP TABLE bound AS SELECT max(substr(order_date, 1, 10)) AS as_of FROM orders");
    return db;
}

static bool periods_near(double got, double want, double tolerance) {
    if (isnan(want)) return isnan(got);
    return fabs(got - want) <= tolerance * fmax(fabs(want), 1e-300);
}

/* A column of the first row, NaN for NULL. */
static double periods_column(sqlite3_stmt *stmt, int col) {
    return sqlite3_column_type(stmt, col) == SQLITE_NULL ? NAN : sqlite3_column_double(stmt, col);
}

static sqlite3_stmt *periods_prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    return stmt;
}

/* Runs sql, printed with the period, on both sides. */
static void periods_expect_same(sqlite3 *db, const char *period, const char *ours, const char *other) {
    char *a = sqlite3_mprintf(ours, period), *b = sqlite3_mprintf(other, period);
    db_expect_same(db, a, b);
    sqlite3_free(a);
    sqlite3_free(b);
}

static void periods_expect_none(sqlite3 *db, const char *period, const char *format) {
    char *sql = sqlite3_mprintf(format, period);
    db_expect(db, sql, "");
    sqlite3_free(sql);
}

/* ---- Two proportions ---- */

/* Newcombe (1998), table II, method 10. */
START_TEST(newcombe_published) {
    static const double published[][6] = {
        {56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090}, {6, 7, 2, 7, 0.0582, 0.8062},
        {5, 56, 0, 29, -0.0381, 0.1926},  {0, 10, 0, 20, -0.1611, 0.2775}, {0, 10, 0, 10, -0.2775, 0.2775},
        {10, 10, 0, 20, 0.6791, 1.0000},  {10, 10, 0, 10, 0.6075, 1.0000}};
    for (int i = 0; i < COUNT(published); i++) {
        const double *c = published[i];
        double low, high;
        proportion_difference(c[0], c[1], c[2], c[3], wilson_z(0.95), &low, &high);
        if (fabs(low - c[4]) > 5.1e-5 || fabs(high - c[5]) > 5.1e-5)
            ck_abort_msg("%g/%g - %g/%g: %.6f .. %.6f, not %g .. %g", c[0], c[1], c[2], c[3], low, high, c[4], c[5]);
    }
}
END_TEST

/* It lies in [-1, 1], holds the difference, and turns over with it. */
START_TEST(newcombe_holds_the_difference) {
    for (int n1 = 1; n1 < 40; n1 += 3)
        for (int n2 = 1; n2 < 60; n2 += 7)
            for (int k1 = 0; k1 <= n1; k1++)
                for (int k2 = 0; k2 <= n2; k2++) {
                    double low, high, back_low, back_high, d = (double)k1 / n1 - (double)k2 / n2;
                    proportion_difference(k1, n1, k2, n2, 1.7, &low, &high);
                    proportion_difference(k2, n2, k1, n1, 1.7, &back_low, &back_high);
                    bool inside = low >= -1 && low <= d && d <= high && high <= 1 && low < high;
                    if (!inside || fabs(low + back_high) > 1e-15 || fabs(high + back_low) > 1e-15)
                        ck_abort_msg("%d/%d - %d/%d: %.17g .. %.17g", k1, n1, k2, n2, low, high);
                }
}
END_TEST

START_TEST(proportions_without_an_answer) {
    static const double bad[][4] = {{0, 0, 1, 2}, {1, 2, 0, 0}, {3, 2, 1, 9}, {1, 2, -1, 9}, {NAN, 2, 1, 2}, {1, INFINITY, 1, 2}};
    for (int i = 0; i < COUNT(bad); i++) {
        double low, high;
        proportion_difference(bad[i][0], bad[i][1], bad[i][2], bad[i][3], 2, &low, &high);
        double p = proportion_p_value(bad[i][0], bad[i][1], bad[i][2], bad[i][3]);
        ck_assert_msg(isnan(low) && isnan(high) && isnan(p), "case %d has an answer", i);
    }
    ck_assert(isnan(proportion_p_value(0, 5, 0, 7)) && isnan(proportion_p_value(5, 5, 7, 7)));
    ck_assert(proportion_p_value(1, 2, 2, 4) == 1);
}
END_TEST

static void two_proportions_of(const char *name, int at_least) {
    Oracle *oracle = oracle_open(name);
    if (!oracle) return;
    int n = oracle_length(oracle, "two_proportion");
    ck_assert_int_ge(n, at_least);
    for (int i = 0; i < n; i++) {
        double k1 = oracle_number(oracle, "two_proportion[%d].k1", i), n1 = oracle_number(oracle, "two_proportion[%d].n1", i);
        double k2 = oracle_number(oracle, "two_proportion[%d].k2", i), n2 = oracle_number(oracle, "two_proportion[%d].n2", i);
        double want = oracle_number(oracle, "two_proportion[%d].p_two_sided", i), got = proportion_p_value(k1, n1, k2, n2);
        ck_assert_msg(periods_near(got, want, 1e-12), "%s %d: %.17g, not %.17g", name, i, got, want);
        ck_assert(got == proportion_p_value(k2, n2, k1, n1));
    }
    oracle_close(oracle);
}

START_TEST(p_values_of_the_oracle) {
    two_proportions_of("stats_cases", 5);
    two_proportions_of("metrics_cdnow_sample", 3);
    two_proportions_of("metrics_uci_online_retail_orders", 1);
}
END_TEST

/* Far out the p-value keeps its digits, and ends at 0. */
START_TEST(p_values_far_out) {
    double z = (0.9 - 0.5) / sqrt(0.7 * 0.3 * (1 / 200.0 + 1 / 200.0));
    ck_assert(periods_near(proportion_p_value(180, 200, 100, 200), erfc(z / sqrt(2)), 1e-13));
    ck_assert(proportion_p_value(9000, 10000, 1000, 10000) == 0);
    ck_assert(proportion_p_value(600, 1000, 300, 1000) > 0 && proportion_p_value(600, 1000, 300, 1000) < 1e-40);
}
END_TEST

/* ---- Many tests ---- */

/* By the definition: of those at least as large the least of p * m / (number of p that are no larger). */
static double adjusted_plainly(const double *p, int n, int i) {
    int m = 0;
    double least = 1;
    for (int j = 0; j < n; j++) m += !isnan(p[j]);
    for (int j = 0; j < n; j++) {
        int rank = 0;
        for (int k = 0; k < n; k++) rank += p[k] <= p[j];
        if (p[j] >= p[i]) least = fmin(least, p[j] * m / rank);
    }
    return isnan(p[i]) ? NAN : least;
}

/* The example of Benjamini and Hochberg (1995): four of the fifteen hold at 5 %, three survive Bonferroni. */
START_TEST(false_discoveries_published) {
    static const double p[] = {0.0459, 0.0001, 0.3240, 0.0004, 0.0019, 0.4262, 0.0095, 0.0201, 0.5719,
                               0.0278, 0.0298, 0.0344, 1.0000, 0.6528, 0.7590};
    double adjusted[COUNT(p)];
    int64_t order[COUNT(p)];
    int hold = 0;
    adjust_false_discovery(p, COUNT(p), adjusted, order);
    for (int i = 0; i < COUNT(p); i++) hold += adjusted[i] <= 0.05;
    ck_assert_int_eq(hold, 4);
    ck_assert_double_eq_tol(adjusted[1], 0.0015, 1e-16);  /* 0.0001 * 15 */
    ck_assert_double_eq_tol(adjusted[3], 0.0030, 1e-16);  /* 0.0004 * 15 / 2 */
    ck_assert_double_eq_tol(adjusted[4], 0.0095, 1e-16);  /* 0.0019 * 15 / 3 */
    ck_assert_double_eq_tol(adjusted[6], 0.035625, 1e-16); /* 0.0095 * 15 / 4 */
    ck_assert(adjusted[12] == 1);
}
END_TEST

START_TEST(false_discoveries_by_definition) {
    double p[60] = {0}, adjusted[60];
    int64_t order[60];
    uint64_t state = 4;
    adjust_false_discovery(p, 0, adjusted, order);
    for (int round = 0; round < 3000; round++) {
        int n = 1 + (int)(db_random(&state) % 60), ties = 1 + (int)(db_random(&state) % 50);
        for (int i = 0; i < n; i++) {
            p[i] = (double)(db_random(&state) % (uint64_t)(ties * 20)) / (ties * 20);
            if (db_random(&state) % 9 == 0) p[i] = NAN;
        }
        adjust_false_discovery(p, n, adjusted, order);
        for (int i = 0; i < n; i++) {
            double want = adjusted_plainly(p, n, i);
            if (isnan(want) != isnan(adjusted[i]) || fabs(adjusted[i] - want) > 1e-15)
                ck_abort_msg("round %d, %d of %d: %.17g, not %.17g", round, i, n, adjusted[i], want);
            for (int j = 0; j < n; j++)
                if (p[i] < p[j] ? adjusted[i] > adjusted[j] : p[i] == p[j] && adjusted[i] != adjusted[j])
                    ck_abort_msg("round %d: %d and %d are out of order", round, i, j);
        }
        memcpy(adjusted, p, sizeof(p));
        adjust_false_discovery(adjusted, n, adjusted, order);
        double first = adjusted_plainly(p, n, 0);
        ck_assert(isnan(first) ? isnan(adjusted[0]) : fabs(adjusted[0] - first) < 1e-15);
    }
    p[0] = 0.03;
    adjust_false_discovery(p, 1, adjusted, order);
    ck_assert(adjusted[0] == 0.03);
}
END_TEST

/* ---- The ratio of two means ---- */

typedef struct Unit {
    RatioSide sides[2];
} Unit;

static void ratio_of_units(const Unit *units, int n, double confidence, double *ratio, double ends[2]) {
    RatioSide all[2] = {{0, 0}, {0, 0}};
    RatioSpread spread = {.units = {0, 0}};
    for (int i = 0; i < n; i++)
        for (int side = 0; side < 2; side++) {
            all[side].total += units[i].sides[side].total;
            all[side].items += units[i].sides[side].items;
        }
    for (int i = 0; i < n; i++) ratio_add(&spread, all, units[i].sides);
    *ratio = ratio_of(all);
    ratio_interval(all, &spread, confidence, &ends[0], &ends[1]);
}

/* Each unit with one item on one side: ln(m1 / m0) -+ t sqrt(s1^2 / n1 m1^2 + s0^2 / n0 m0^2). */
START_TEST(ratio_of_single_items_is_that_of_welch) {
    static const double a[] = {10, 14, 18, 9.5, 31}, b[] = {30, 20, 40, 30, 77.5, 12, 18};
    Unit units[COUNT(a) + COUNT(b)] = {0};
    double mean[2] = {0, 0}, square[2] = {0, 0}, n[2] = {COUNT(a), COUNT(b)}, ratio, ends[2];
    for (int i = 0; i < COUNT(a); i++) units[i].sides[0] = (RatioSide){a[i], 1};
    for (int i = 0; i < COUNT(b); i++) units[COUNT(a) + i].sides[1] = (RatioSide){b[i], 1};
    for (int i = 0; i < COUNT(a); i++) mean[0] += a[i] / n[0];
    for (int i = 0; i < COUNT(b); i++) mean[1] += b[i] / n[1];
    for (int i = 0; i < COUNT(a); i++) square[0] += pow(a[i] - mean[0], 2) / (n[0] - 1);
    for (int i = 0; i < COUNT(b); i++) square[1] += pow(b[i] - mean[1], 2) / (n[1] - 1);
    double v0 = square[0] / n[0] / pow(mean[0], 2), v1 = square[1] / n[1] / pow(mean[1], 2);
    double df = pow(v0 + v1, 2) / (v0 * v0 / (n[0] - 1) + v1 * v1 / (n[1] - 1));
    double reach = student_quantile(0.05, df) * sqrt(v0 + v1);
    ratio_of_units(units, COUNT(units), 0.9, &ratio, ends);
    ck_assert_double_eq_tol(ratio, mean[1] / mean[0], 1e-14);
    ck_assert_double_eq_tol(ends[0], ratio * exp(-reach), 1e-13);
    ck_assert_double_eq_tol(ends[1], ratio * exp(reach), 1e-13);
}
END_TEST

static double random_part(uint64_t *state) {
    return (double)(db_random(state) >> 11) * 0x1p-53;
}

static double random_normal(uint64_t *state) {
    return sqrt(-2 * log(1 - random_part(state))) * cos(6.283185307179586 * random_part(state));
}

/* Customers of whom each has a level of their own, some with several items on both sides. */
static int random_units(Unit *units, int n_a, int n_b, double level, double noise, uint64_t *state) {
    for (int i = 0; i < n_a + n_b; i++) {
        double own = level * random_normal(state);
        units[i] = (Unit){0};
        if (i < n_a) units[i].sides[0] = (RatioSide){exp(own + noise * random_normal(state)), 1};
        int items = i >= n_a ? 1 + (int)(db_random(state) % 6) : i % 3 == 0 ? 2 : 0;
        for (int k = 0; k < items; k++) units[i].sides[1].total += 1.3 * exp(own + noise * random_normal(state));
        units[i].sides[1].items = items;
    }
    return n_a + n_b;
}

/* The other way round, in another unit, and without an answer. */
START_TEST(ratio_turns_over_and_scales) {
    static Unit units[64], other[64];
    uint64_t state = 9;
    for (int round = 0; round < 300; round++) {
        int n = random_units(units, 2 + round % 20, 2 + round % 33, 0.7, 0.4, &state);
        double ratio, ends[2], back, back_ends[2], scaled, scaled_ends[2];
        ratio_of_units(units, n, 0.95, &ratio, ends);
        for (int i = 0; i < n; i++) other[i] = (Unit){{units[i].sides[1], units[i].sides[0]}};
        ratio_of_units(other, n, 0.95, &back, back_ends);
        for (int i = 0; i < n; i++) {
            other[i] = units[i];
            other[i].sides[0].total *= 4;
            other[i].sides[1].total *= 4;
        }
        ratio_of_units(other, n, 0.95, &scaled, scaled_ends);
        bool over = periods_near(back, 1 / ratio, 1e-13) && periods_near(back_ends[0], 1 / ends[1], 1e-12) &&
                    periods_near(back_ends[1], 1 / ends[0], 1e-12);
        bool same = scaled == ratio && scaled_ends[0] == ends[0] && scaled_ends[1] == ends[1];
        bool inside = 0 < ends[0] && ends[0] < ratio && ratio < ends[1];
        if (!over || !same || !inside) ck_abort_msg("round %d: %.17g in %.17g .. %.17g", round, ratio, ends[0], ends[1]);
    }
    double ratio, ends[2];
    Unit alone[] = {{{{5, 1}, {0, 0}}}, {{{7, 1}, {8, 2}}}}, none[] = {{{{5, 1}, {0, 0}}}, {{{7, 1}, {0, 0}}}};
    Unit nothing[] = {{{{0, 1}, {3, 1}}}, {{{0, 1}, {4, 1}}}};
    ratio_of_units(alone, 2, 0.95, &ratio, ends);
    ck_assert(periods_near(ratio, 4 / 6.0, 1e-15) && isnan(ends[0]) && isnan(ends[1]));
    ratio_of_units(none, 2, 0.95, &ratio, ends);
    ck_assert(isnan(ratio) && isnan(ends[0]) && isnan(ends[1]));
    ratio_of_units(nothing, 2, 0.95, &ratio, ends);
    ck_assert(isnan(ratio) && isnan(ends[0]) && isnan(ends[1]));
    Unit negative[] = {{{{5, 1}, {-3, 1}}}, {{{6, 1}, {-4, 1}}}};
    ratio_of_units(negative, 2, 0.95, &ratio, ends);
    ck_assert(ratio < 0 && isnan(ends[0]) && isnan(ends[1]));
    for (int i = 1; i < 1000; i++) {
        Unit single[] = {{{{5, 1}, {i / 100.0, 3}}}, {{{6, 1}, {0, 0}}}};
        ratio_of_units(single, 2, 0.95, &ratio, ends);
        ck_assert(!isnan(ratio) && isnan(ends[0]) && isnan(ends[1]));
    }
}
END_TEST

/* Items of one unit are alike: an interval that took items as independent would cover far too seldom. */
static const struct {
    int n_a, n_b;
    double level, noise;
} ratio_worlds[] = {{60, 80, 0.6, 0.4}, {25, 25, 0.8, 0.2}, {200, 40, 0.5, 0.9}, {10, 12, 0.5, 0.5}};

START_TEST(ratio_interval_covers) {
    static Unit units[256];
    enum { ROUNDS = 4000 };
    uint64_t state = 77 + (uint64_t)_i;
    int covered = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double ratio, ends[2];
        int n = random_units(units, ratio_worlds[_i].n_a, ratio_worlds[_i].n_b, ratio_worlds[_i].level,
                             ratio_worlds[_i].noise, &state);
        ratio_of_units(units, n, 0.95, &ratio, ends);
        covered += ends[0] <= 1.3 && 1.3 <= ends[1];
    }
    double share = (double)covered / ROUNDS;
    ck_assert_msg(share > 0.925 && share < 0.97, "world %d: %g", _i, share);
}
END_TEST

/* ---- lifecycle ---- */

START_TEST(lifecycle_is_retention_in_other_words) {
    sqlite3 *db = periods_open(_i);
    for (int k = 0; k < COUNT(periods_all); k++) {
        const char *const segment[] = {"1", "segment_column = 'channel'", "segment_column = 'channel' AND segment_at = 'last'"};
        for (int s = 0; s < COUNT(segment); s++) {
            char *ours = sqlite3_mprintf(
                "SELECT segment, period_start, period_end, is_complete, new, retained, reactivated, dormant, active,"
                " net_growth, quick_ratio FROM lifecycle('orders', '%s') WHERE %s", periods_all[k], segment[s]);
            char *other = sqlite3_mprintf(
                "SELECT segment, period_start, period_end, is_complete, new_customers, retained, reactivated,"
                " CASE WHEN is_complete THEN lost END, end_customers,"
                " CASE WHEN is_complete THEN end_customers - start_customers END,"
                " CASE WHEN is_complete THEN 1.0 * (new_customers + reactivated) / nullif(lost, 0) END"
                " FROM retention_rate('orders', '%s') WHERE %s", periods_all[k], segment[s]);
            db_expect_same(db, ours, other);
            sqlite3_free(ours);
            sqlite3_free(other);
        }
        periods_expect_none(db, periods_all[k],
                            "SELECT * FROM (SELECT *, lag(active, 1, 0) OVER (ORDER BY period_start) AS before FROM"
                            " lifecycle('orders', '%s')) WHERE active <> new + retained + reactivated OR active <> before"
                            " + new + reactivated - dormant OR net_growth <> active - before OR retained > before OR"
                            " (is_complete = 0) <> (dormant IS NULL) OR (is_complete = 0) <> (net_growth IS NULL) OR"
                            " (is_complete = 0 OR dormant = 0) <> (quick_ratio IS NULL) OR quick_ratio <>"
                            " 1.0 * (new + reactivated) / dormant OR min(new, retained, reactivated, active) < 0 LIMIT 3");
    }
    db_close(db);
}
END_TEST

/* Who is there, by count(DISTINCT) alone. */
START_TEST(lifecycle_counts_customers) {
    sqlite3 *db = periods_open(_i);
    for (int k = 0; k < COUNT(periods_plain); k++) {
        char *start = sqlite3_mprintf(periods_plain[k].start, "d", "d");
        char *ours = sqlite3_mprintf("SELECT period_start, active, new FROM lifecycle('orders', %Q) WHERE active > 0",
                                     periods_plain[k].name);
        char *plain = sqlite3_mprintf("SELECT t, count(DISTINCT c), (SELECT count(*) FROM (SELECT min(d) AS d FROM p GROUP BY"
                                      " c) WHERE %s = t) FROM (SELECT %s AS t, c FROM p) GROUP BY t ORDER BY t", start, start);
        db_expect_same(db, ours, plain);
        sqlite3_free(start);
        sqlite3_free(ours);
        sqlite3_free(plain);
    }
    db_close(db);
}
END_TEST

/* A period that is not over has the counts of the orders so far. */
START_TEST(unfinished_periods_count_so_far) {
    sqlite3 *db = periods_open(_i);
    db_exec(db, "CREATE TABLE past AS SELECT * FROM orders WHERE order_date < '2023-01-18'");
    static const char *const reports[] = {
        "SELECT *, as_of FROM lifecycle('%s') WHERE as_of = '2023-01-17'",
        "SELECT *, as_of FROM new_vs_repeat('%s') WHERE as_of = '2023-01-17'",
        "SELECT * FROM retention_by('%s', 'channel', 'month', '2023-01-01') WHERE as_of = '2023-01-17'",
        "SELECT * FROM retention_by('%s', 'channel') WHERE as_of = '2023-01-17'"};
    for (int i = 0; i < COUNT(reports); i++) {
        char *whole = sqlite3_mprintf(reports[i], "orders"), *past = sqlite3_mprintf(reports[i], "past");
        db_expect_same(db, whole, past);
        sqlite3_free(whole);
        sqlite3_free(past);
    }
    db_expect(db, "SELECT * FROM retention_by('orders', 'channel', 'month', '2023-01-01') WHERE as_of = '2023-01-17' AND"
              " (is_complete OR customers < retained OR coalesce(retention_rate, ci_low, ci_high, diff_vs_rest, diff_low,"
              " diff_high, p_value, p_adjusted) IS NOT NULL)", "");
    db_expect(db, "SELECT * FROM new_vs_repeat('orders') WHERE NOT is_complete AND coalesce(share, aov, spend_uplift,"
              " uplift_low, uplift_high) IS NOT NULL", "");
    db_close(db);
}
END_TEST

/* ---- retention_by ---- */

START_TEST(retention_by_is_the_last_row_of_retention_rate) {
    sqlite3 *db = periods_open(_i);
    for (int k = 0; k < COUNT(periods_all); k++) {
        if (db_int(db, "SELECT count(DISTINCT period_start) FROM retention_rate('orders', %Q) WHERE is_complete",
                   periods_all[k]) == 0)
            continue;
        for (int last = 0; last < 2; last++) {
            char *ours = sqlite3_mprintf("SELECT segment, period_start, period_end, is_complete, customers, retained,"
                                         " retention_rate, ci_low, ci_high FROM retention_by('orders', 'channel', %Q)"
                                         " WHERE segment_at = %Q", periods_all[k], last ? "last" : "first");
            char *rate = sqlite3_mprintf(
                "SELECT segment, period_start, period_end, is_complete, start_customers, retained, retention_rate, ci_low,"
                " ci_high FROM retention_rate('orders', %Q) WHERE segment_column = 'channel' AND segment_at = %Q AND"
                " period_start = (SELECT max(period_start) FROM retention_rate('orders', %Q) WHERE is_complete)",
                periods_all[k], last ? "last" : "first", periods_all[k]);
            db_expect_same(db, ours, rate);
            sqlite3_free(ours);
            sqlite3_free(rate);
        }
    }
    db_close(db);
}
END_TEST

static const struct {
    const char *base, *from, *to;
} retention_by_dates[] = {{"2022-11-05", "2022-12-01", "2023-01-01"}, {"2022-12-24", "2023-01-08", "2023-01-09"},
                          {"2022-01-01", "2022-11-20", "2023-06-30"}, {"2023-01-01", "2023-02-01", "2023-03-01"},
                          {"1999-12-31", "2000-01-01", "2000-02-01"}, {"2022-11-20", "2022-12-05", "2022-12-06"}};

/* Any dates: plain SQL over purchases, and the aggregate over the same. */
START_TEST(retention_by_counts_the_days_that_are_named) {
    sqlite3 *db = periods_open(_i);
    for (int k = 0; k < COUNT(retention_by_dates); k++) {
        const char *base = retention_by_dates[k].base, *from = retention_by_dates[k].from, *to = retention_by_dates[k].to;
        char *ours = sqlite3_mprintf("SELECT segment, customers, retained, too_small FROM retention_by('orders', 'channel',"
                                     " 'month', %Q, %Q, %Q)", from, to, base);
        char *plain = sqlite3_mprintf(
            "SELECT segment, sum(a), sum(a AND b), sum(a) < 30 FROM (SELECT segment, max(d >= %Q AND d < %Q) AS a,"
            " max(d >= %Q AND d < %Q) AS b FROM p JOIN s USING (c) GROUP BY c) GROUP BY segment ORDER BY segment",
            base, from, from, to);
        db_expect_same(db, ours, plain);
        sqlite3_free(ours);
        ours = sqlite3_mprintf("SELECT segment, CASE WHEN is_complete THEN retention_rate ELSE 1.0 * retained / customers END"
                               " FROM retention_by('orders', 'channel', 'month', %Q, %Q, %Q)", from, to, base);
        char *aggregate = sqlite3_mprintf("SELECT segment, retention_rate(c, d, %Q, %Q, %Q) FROM p JOIN s USING (c)"
                                          " GROUP BY segment ORDER BY segment", from, to, base);
        db_expect_same(db, ours, aggregate);
        sqlite3_free(ours);
        sqlite3_free(plain);
        sqlite3_free(aggregate);
    }
    db_close(db);
}
END_TEST

/* Every figure of a row from the counts of all rows; returns how many were tested. */
static int retention_by_check(sqlite3 *db, const char *call) {
    char *sql = sqlite3_mprintf(
        "SELECT customers, retained, sum(customers) OVER () - customers, sum(retained) OVER () - retained, retention_rate,"
        " ci_low, ci_high, diff_vs_rest, diff_low, diff_high, p_value, p_adjusted, too_small, confidence FROM %s"
        " ORDER BY segment", call);
    sqlite3_stmt *stmt = periods_prepare(db, sql);
    static double p[512], adjusted[512];
    int n = 0, tested = 0;
    for (; sqlite3_step(stmt) == SQLITE_ROW; n++) {
        double c[14], low, high, diff_low, diff_high;
        for (int i = 0; i < 14; i++) c[i] = periods_column(stmt, i);
        double rate = c[1] / c[0], rest = c[3] / c[2];
        wilson_interval(c[1], c[0], wilson_z(c[13]), &low, &high);
        proportion_difference(c[1], c[0], c[3], c[2], wilson_z(c[13]), &diff_low, &diff_high);
        p[n] = c[0] >= 30 && c[2] >= 30 ? proportion_p_value(c[1], c[0], c[3], c[2]) : NAN;
        adjusted[n] = c[11];
        tested += !isnan(p[n]);
        bool same = periods_near(c[4], rate, 0) && periods_near(c[5], low, 0) && periods_near(c[6], high, 0) &&
                    periods_near(c[7], rate - rest, 0) && periods_near(c[8], diff_low, 0) &&
                    periods_near(c[9], diff_high, 0) && periods_near(c[10], p[n], 0) && c[12] == (c[0] < 30);
        ck_assert_msg(same, "%s: row %d", call, n);
    }
    for (int i = 0; i < n; i++)
        ck_assert_msg(isnan(p[i]) ? isnan(adjusted[i]) : fabs(adjusted[i] - adjusted_plainly(p, n, i)) < 1e-15,
                      "%s: row %d: %.17g", call, i, adjusted[i]);
    sqlite3_finalize(stmt);
    sqlite3_free(sql);
    return tested;
}

START_TEST(retention_by_figures_follow_from_its_counts) {
    sqlite3 *db = periods_open(_i);
    db_exec(db, "CREATE TABLE mixed AS SELECT *, abs(CAST(customer_id AS TEXT)) %% 7 AS seventh FROM orders");
    int tested = retention_by_check(db, "retention_by('orders', 'channel')");
    tested += retention_by_check(db, "retention_by('mixed', 'seventh', 'quarter')");
    tested += retention_by_check(db, "retention_by('mixed', 'seventh', 'month', '2023-02-01')");
    retention_by_check(db, "retention_by('mixed', 'customer_id', 'year') WHERE confidence = 0.8");
    if (_i == SHOPS - 1) ck_assert_int_ge(tested, 10);
    db_close(db);
}
END_TEST

/* Among segments drawn by lot hardly anything is found: that is what the adjustment is for. */
START_TEST(nothing_is_found_where_nothing_is) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", (DbShop){.seed = 5, .n_customers = 3000, .n_days = 200, .gap_days = 30});
    uint64_t state = 123;
    int found = 0, hasty = 0;
    db_exec(db, "CREATE TABLE lots AS SELECT *, 0 AS lot FROM orders");
    for (int round = 0; round < 40; round++) {
        db_exec(db, "UPDATE lots SET lot = (CAST(customer_id AS INTEGER) * %d + %d) %% 10007 %% 13",
                (int)(db_random(&state) % 10007), (int)(db_random(&state) % 10007));
        found += db_int(db, "SELECT min(p_adjusted) < 0.05 FROM retention_by('lots', 'lot') WHERE as_of = '2023-03-31'") > 0;
        hasty += db_int(db, "SELECT min(p_value) < 0.05 FROM retention_by('lots', 'lot') WHERE as_of = '2023-03-31'") > 0;
    }
    ck_assert_msg(found <= 6 && hasty >= 10, "adjusted %d, as they are %d of 40", found, hasty);
    db_close(db);
}
END_TEST

/* ---- new_vs_repeat ---- */

START_TEST(new_and_repeat_make_up_the_whole) {
    sqlite3 *db = periods_open(_i);
    for (int k = 0; k < COUNT(periods_all); k++) {
        const char *period = periods_all[k];
        periods_expect_same(db, period, "SELECT period_start, customers, orders FROM new_vs_repeat('orders', %Q) WHERE kind = 'new'",
                            "SELECT period_start, new, new FROM lifecycle('orders', %Q)");
        periods_expect_same(db, period, "SELECT sum(orders), sum(customers) FILTER (WHERE kind = 'new') FROM new_vs_repeat('orders', %Q)",
                            "SELECT (SELECT count(*) FROM p), (SELECT count(DISTINCT c) FROM p) WHERE %Q IS NOT NULL");
        periods_expect_none(db, period,
                            "SELECT * FROM (SELECT *, sum(share) OVER w AS whole, total(revenue) OVER w AS all_revenue,"
                            " lag(aov) OVER w2 AS aov_new FROM new_vs_repeat('orders', %Q) WINDOW w AS (PARTITION BY"
                            " period_start), w2 AS (PARTITION BY period_start ORDER BY kind)) WHERE abs(whole - 1) > 1e-12"
                            " OR customers > orders OR (orders = 0) <> (customers = 0) OR revenue < 0 OR"
                            " (is_complete AND orders > 0) <> (aov IS NOT NULL) OR abs(aov - revenue / orders) > 1e-12 * aov"
                            " OR abs(share - revenue / all_revenue) > 1e-12 OR (is_complete AND all_revenue > 0) <> (share IS"
                            " NOT NULL) OR (kind = 'new' AND coalesce(spend_uplift, uplift_low) IS NOT NULL) OR"
                            " abs(spend_uplift + 1 - aov / aov_new) > 1e-12 * (spend_uplift + 1) OR NOT (uplift_low <="
                            " spend_uplift AND spend_uplift <= uplift_high) OR (uplift_low IS NULL) <> (uplift_high IS NULL)"
                            " LIMIT 3");
    }
    db_close(db);
}
END_TEST

START_TEST(new_and_repeat_are_those_of_plain_sql) {
    sqlite3 *db = periods_open(_i);
    double turnover = db_real(db, "SELECT total(net) FROM p");
    for (int k = 0; k < COUNT(periods_plain); k++) {
        char *start = sqlite3_mprintf(periods_plain[k].start, "d", "d");
        db_exec(db, "CREATE TEMP TABLE plain AS SELECT segment, %s AS t, CASE n WHEN 1 THEN 'new' ELSE 'repeat' END AS kind,"
                " count(DISTINCT c) AS customers, count(*) AS orders, total(net) AS revenue FROM (SELECT *, row_number()"
                " OVER (PARTITION BY c ORDER BY d) AS n FROM p) JOIN s USING (c) GROUP BY 1, 2, 3", start);
        db_exec(db, "CREATE TEMP TABLE ours AS SELECT * FROM new_vs_repeat('orders', %Q) WHERE segment_column = 'channel'"
                " AND orders > 0", periods_plain[k].name);
        db_expect_same(db, "SELECT segment, period_start, kind, customers, orders FROM ours",
                       "SELECT segment, t, kind, customers, orders FROM plain ORDER BY 1, 2, 3");
        ck_assert_int_eq(db_int(db, "SELECT count(*) FROM ours JOIN plain ON ours.segment IS plain.segment AND period_start = t"
                                " AND ours.kind = plain.kind WHERE abs(ours.revenue - plain.revenue) > %g", 1e-9 * turnover), 0);
        db_exec(db, "DROP TABLE plain; DROP TABLE ours");
        sqlite3_free(start);
    }
    db_close(db);
}
END_TEST

/* V, and with it the interval, from sums of squares in SQL. */
START_TEST(uplift_intervals_are_those_of_their_definition) {
    sqlite3 *db = periods_open(_i);
    db_exec(db, "CREATE TEMP TABLE unit AS SELECT substr(d, 1, 7) AS t, c, total(net) FILTER (WHERE n = 1) AS x, sum(n = 1) AS i,"
            " total(net) FILTER (WHERE n > 1) AS y, sum(n > 1) AS j FROM (SELECT *, row_number() OVER (PARTITION BY c ORDER"
            " BY d) AS n FROM p) GROUP BY 1, 2;"
            "CREATE TEMP TABLE e AS SELECT t, i, j, CASE WHEN i THEN (x - sx / si * i) / sx ELSE 0 END AS e0,"
            " CASE WHEN j THEN (y - sy / sj * j) / sy ELSE 0 END AS e1 FROM unit JOIN (SELECT t, sum(x) AS sx, sum(i) AS si,"
            " sum(y) AS sy, sum(j) AS sj FROM unit GROUP BY t) USING (t)");
    sqlite3_stmt *stmt = periods_prepare(
        db, "SELECT substr(period_start, 1, 7), spend_uplift, uplift_low, uplift_high, sum(i), sum(j > 0), total(e0 * e0),"
            " total(e1 * e1), total((e1 - e0) * (e1 - e0)) FROM new_vs_repeat('orders') JOIN e ON t = substr(period_start, 1, 7)"
            " WHERE kind = 'repeat' AND is_complete AND confidence = 0.9 GROUP BY period_start");
    int n = 0;
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        double c[9];
        for (int i = 1; i < 9; i++) c[i] = periods_column(stmt, i);
        double v0 = c[6] + c[6] / (c[4] - 1), v1 = c[7] + c[7] / (c[5] - 1), low = NAN, high = NAN;
        if (c[4] >= 2 && c[5] >= 2 && isfinite(c[1]) && c[1] > -1) {
            double v = c[8] + c[6] / (c[4] - 1) + c[7] / (c[5] - 1);
            double df = (v0 + v1) * (v0 + v1) / (v0 * v0 / (c[4] - 1) + v1 * v1 / (c[5] - 1));
            double reach = student_quantile(0.05, df) * sqrt(v);
            low = (1 + c[1]) * exp(-reach) - 1;
            high = (1 + c[1]) * exp(reach) - 1;
            n++;
        }
        bool same = (isnan(low) && isnan(c[2]) && isnan(c[3])) || (fabs(c[2] - low) < 1e-9 && fabs(c[3] - high) < 1e-9 * (1 + high));
        ck_assert_msg(same, "%s: %.12g .. %.12g, not %.12g .. %.12g", sqlite3_column_text(stmt, 0), c[2], c[3], low, high);
    }
    sqlite3_finalize(stmt);
    if (_i == SHOPS - 1) ck_assert_int_ge(n, 6);
    db_close(db);
}
END_TEST

/* ---- All three ---- */

static const char *const periods_reports[] = {
    "lifecycle('$', 'week') WHERE segment_column = 'channel'",
    "lifecycle('$', '10 days') WHERE segment_column = 'channel' AND segment_at = 'last'",
    "retention_by('$', 'channel', 'quarter')",
    "retention_by('$', 'customer_id', '28 days') WHERE segment_at = 'last'",
    "retention_by('$', 'channel', 'month', '2022-12-01', '2023-02-11')",
    "new_vs_repeat('$', 'week') WHERE segment_column = 'channel'",
    "new_vs_repeat('$', 'year') WHERE segment_column = 'channel' AND segment_at = 'last'",
    "new_vs_repeat('$', '28 days')",
};

static char *periods_on(const char *columns, const char *report, const char *table) {
    const char *mark = strchr(report, '$');
    return sqlite3_mprintf("SELECT %s FROM %.*s%s%s", columns, (int)(mark - report), report, table, mark + 1);
}

static void periods_expect_alike(sqlite3 *db, const char *columns, const char *report, const char *other) {
    char *ours = periods_on(columns, report, "orders"), *theirs = periods_on(columns, report, other);
    db_expect_same(db, theirs, ours);
    sqlite3_free(ours);
    sqlite3_free(theirs);
}

START_TEST(order_of_rows_does_not_matter) {
    sqlite3 *db = periods_open(_i);
    db_exec(db, "CREATE TABLE shuffled AS SELECT * FROM orders ORDER BY rowid * 2654435761 %% 1000003;"
            "CREATE TABLE reversed AS SELECT * FROM orders ORDER BY rowid DESC");
    for (int k = 0; k < COUNT(periods_reports); k++) {
        periods_expect_alike(db, "*, as_of, rows_read", periods_reports[k], "shuffled");
        periods_expect_alike(db, "*, as_of, rows_read", periods_reports[k], "reversed");
    }
    db_close(db);
}
END_TEST

START_TEST(segments_add_up) {
    sqlite3 *db = periods_open(_i);
    for (int k = 0; k < COUNT(periods_all); k++) {
        periods_expect_same(db, periods_all[k],
                            "SELECT period_start, is_complete, sum(new), sum(retained), sum(reactivated), sum(dormant),"
                            " sum(active), sum(net_growth) FROM lifecycle('orders', %Q) WHERE segment_column = 'channel' GROUP"
                            " BY period_start ORDER BY period_start",
                            "SELECT period_start, is_complete, new, retained, reactivated, dormant, active, net_growth FROM"
                            " lifecycle('orders', %Q)");
        periods_expect_same(db, periods_all[k],
                            "SELECT period_start, kind, sum(customers), sum(orders), round(sum(revenue), 6) FROM"
                            " new_vs_repeat('orders', %Q) WHERE segment_column = 'channel' GROUP BY 1, 2 ORDER BY 1, 2",
                            "SELECT period_start, kind, customers, orders, round(revenue, 6) FROM new_vs_repeat('orders', %Q)");
    }
    db_close(db);
}
END_TEST

START_TEST(shifts_and_scales) {
    sqlite3 *db = periods_open(_i);
    db_exec(db, "CREATE TABLE later AS SELECT customer_id, date(substr(order_date, 1, 10), '+1421 days') ||"
            " substr(order_date, 11) AS order_date, amount, channel FROM orders;"
            "CREATE TABLE twice AS SELECT customer_id, order_date, amount * 2 AS amount, channel FROM orders");
    periods_expect_alike(db, "segment, is_complete, new, retained, reactivated, dormant, active, quick_ratio,"
                         " julianday(period_start) - julianday(min(period_start) OVER ())", periods_reports[0], "later");
    periods_expect_alike(db, "segment, is_complete, kind, customers, orders, revenue, share, aov, spend_uplift, uplift_low,"
                         " uplift_high", periods_reports[5], "later");
    periods_expect_alike(db, "segment, customers, retained, ci_low, diff_vs_rest, diff_low, p_value, p_adjusted",
                         "retention_by('$', 'channel', 'week')", "later");
    for (int k = 0; k < 5; k++) periods_expect_alike(db, "*", periods_reports[k], "twice");
    periods_expect_alike(db, "segment, period_start, kind, customers, orders, share, spend_uplift, uplift_low, uplift_high",
                         periods_reports[7], "twice");
    db_expect_same(db, "SELECT revenue, aov FROM new_vs_repeat('twice')", "SELECT revenue * 2, aov * 2 FROM new_vs_repeat('orders')");
    db_close(db);
}
END_TEST

START_TEST(limits_end_in_a_clear_error) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE far(customer_id, order_date, amount); INSERT INTO far VALUES ('x', '0001-01-01', 1),"
            " ('x', '9999-12-31', 1), ('y', '2025-01-01', 1)");
    db_expect_error(db, "SELECT count(*) FROM new_vs_repeat('far', 'day')", SQLITE_TOOBIG,
                    "new_vs_repeat: 1 segments over 3652059 periods are more than 4000000 rows; choose a longer period");
    db_expect(db, "SELECT count(*), sum(orders) FROM new_vs_repeat('far')", "239976|3");
    db_expect(db, "SELECT count(*), sum(new), sum(active), max(dormant) FROM lifecycle('far', 'day')", "3652059|2|3|1");
    db_expect(db, "SELECT segment, customers, retained, period_start, period_end FROM retention_by('far', 'customer_id', 'year')",
              "x|0|0|9999-01-01|9999-12-31\ny|0|0|9999-01-01|9999-12-31");
    db_close(db);
}
END_TEST

/* segment_column stands behind the source, named or not, and is shown. */
START_TEST(segment_column_is_the_second_argument) {
    sqlite3 *db = periods_open(2);
    db_expect_same(db, "SELECT * FROM retention_by('orders', 'channel', 'week')",
                   "SELECT * FROM retention_by WHERE source = 'orders' AND segment_column = 'channel' AND period = 'week'");
    db_expect(db, "SELECT DISTINCT source, segment_column, period, segment_at FROM retention_by('orders', 'channel')",
              "orders|channel|month|first");
    db_expect(db, "SELECT group_concat(argument) FROM (SELECT argument FROM retain_help('retention_by') WHERE argument IS NOT NULL"
              " LIMIT 6)", "source,segment_column,period,period_from,period_to,base_from");
    db_expect(db, "SELECT default_value FROM retain_help('retention_by') WHERE argument = 'segment_column'", "NULL");
    db_expect_error(db, "SELECT * FROM retention_by('orders')", SQLITE_ERROR,
                    "retention_by: segment_column is missing, as in SELECT * FROM retention_by('orders', 'channel')");
    db_expect(db, "SELECT n, count(*) FROM (SELECT 'channel' AS n UNION ALL SELECT 'amount') JOIN retention_by('orders', n)"
              " WHERE n = 'channel' GROUP BY n", "channel|4");
    db_close(db);
}
END_TEST

/* ---- Real shops ---- */

static const char *const periods_real[] = {"cdnow_sample", "uci_online_retail_orders"};

START_TEST(months_of_real_shops) {
    static const char *const fields[][2] = {{"new", "new"}, {"retained", "retained"}, {"resurrected", "reactivated"},
                                            {"end", "active"}, {"dormant", "dormant"}};
    char name[64];
    sqlite3 *db = db_open(NULL);
    snprintf(name, sizeof(name), "metrics_%s", periods_real[_i]);
    Oracle *oracle = oracle_open(name);
    if (oracle && db_import(db, "orders", periods_real[_i])) {
        db_exec(db, "CREATE TEMP TABLE ours AS SELECT * FROM lifecycle('orders')");
        int n = oracle_length(oracle, "crr_monthly_activity");
        ck_assert_int_gt(n, 12);
        ck_assert_int_eq(db_int(db, "SELECT count(*) FROM ours"), n);
        for (int i = 0; i < n; i++)
            for (int k = 0; k < COUNT(fields); k++) {
                double want = oracle_number(oracle, "crr_monthly_activity[%d].%s", i, fields[k][0]);
                double got = db_real(db, "SELECT coalesce(%s, -1) FROM ours LIMIT 1 OFFSET %d", fields[k][1], i);
                bool open = k == 4 && db_int(db, "SELECT is_complete FROM ours LIMIT 1 OFFSET %d", i) == 0;
                ck_assert_msg(got == (open ? -1 : want), "month %d: %s is %g, not %g", i, fields[k][1], got, want);
            }
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

START_TEST(repeat_revenue_of_real_shops) {
    char name[64];
    sqlite3 *db = db_open(NULL);
    snprintf(name, sizeof(name), "metrics_%s", periods_real[_i]);
    Oracle *oracle = oracle_open(name);
    if (oracle && db_import(db, "orders", periods_real[_i])) {
        static const char *const spans[] = {"month", "year", "10 days"};
        double revenue = oracle_number(oracle, "revenue"), share = oracle_number(oracle, "repeat.repeat_day_revenue_share");
        for (int k = 0; k < COUNT(spans); k++) {
            double total = db_real(db, "SELECT sum(revenue) FROM new_vs_repeat('orders', %Q)", spans[k]);
            double repeat = db_real(db, "SELECT sum(revenue) FROM new_vs_repeat('orders', %Q) WHERE kind = 'repeat'", spans[k]);
            int64_t customers = db_int(db, "SELECT sum(customers) FROM new_vs_repeat('orders', %Q) WHERE kind = 'new'", spans[k]);
            ck_assert(periods_near(total, revenue, 1e-12) && periods_near(repeat / total, share, 1e-12));
            ck_assert_int_eq(customers, (int64_t)oracle_number(oracle, "customers"));
        }
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

START_TEST(segments_of_a_real_shop) {
    sqlite3 *db = db_open(NULL);
    if (db_import(db, "orders", "uci_online_retail_orders")) {
        int tested = retention_by_check(db, "retention_by('orders', 'country', 'quarter')");
        ck_assert_int_ge(tested, 1);
        db_expect_same(db, "SELECT sum(customers), sum(retained) FROM retention_by('orders', 'country')",
                       "SELECT start_customers, retained FROM retention_rate('orders') WHERE period_start = '2011-11-01'");
    }
    db_close(db);
}
END_TEST

static void periods_add_statistics(Suite *suite) {
    TCase *tc = tcase_create("statistics");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, newcombe_published);
    tcase_add_test(tc, newcombe_holds_the_difference);
    tcase_add_test(tc, proportions_without_an_answer);
    tcase_add_test(tc, p_values_of_the_oracle);
    tcase_add_test(tc, p_values_far_out);
    tcase_add_test(tc, false_discoveries_published);
    tcase_add_test(tc, false_discoveries_by_definition);
    tcase_add_test(tc, ratio_of_single_items_is_that_of_welch);
    tcase_add_test(tc, ratio_turns_over_and_scales);
    tcase_add_loop_test(tc, ratio_interval_covers, 0, COUNT(ratio_worlds));
    suite_add_tcase(suite, tc);
}

static void periods_add_reports(Suite *suite) {
    TCase *tc = tcase_create("reports");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, lifecycle_is_retention_in_other_words, 0, SHOPS);
    tcase_add_loop_test(tc, lifecycle_counts_customers, 0, SHOPS);
    tcase_add_loop_test(tc, unfinished_periods_count_so_far, 0, SHOPS);
    tcase_add_loop_test(tc, retention_by_is_the_last_row_of_retention_rate, 0, SHOPS);
    tcase_add_loop_test(tc, retention_by_counts_the_days_that_are_named, 0, SHOPS);
    tcase_add_loop_test(tc, retention_by_figures_follow_from_its_counts, 0, SHOPS);
    tcase_add_test(tc, nothing_is_found_where_nothing_is);
    tcase_add_loop_test(tc, new_and_repeat_make_up_the_whole, 0, SHOPS);
    tcase_add_loop_test(tc, new_and_repeat_are_those_of_plain_sql, 0, SHOPS);
    tcase_add_loop_test(tc, uplift_intervals_are_those_of_their_definition, 0, SHOPS);
    tcase_add_loop_test(tc, order_of_rows_does_not_matter, 0, SHOPS);
    tcase_add_loop_test(tc, segments_add_up, 0, SHOPS);
    tcase_add_loop_test(tc, shifts_and_scales, 0, SHOPS);
    tcase_add_test(tc, limits_end_in_a_clear_error);
    tcase_add_test(tc, segment_column_is_the_second_argument);
    tcase_add_loop_test(tc, months_of_real_shops, 0, COUNT(periods_real));
    tcase_add_loop_test(tc, repeat_revenue_of_real_shops, 0, COUNT(periods_real));
    tcase_add_test(tc, segments_of_a_real_shop);
    suite_add_tcase(suite, tc);
}

int main(void) {
    Suite *suite = suite_create("periods");
    periods_add_statistics(suite);
    periods_add_reports(suite);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
