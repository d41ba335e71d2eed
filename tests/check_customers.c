/* check_customers.c - the reports on customers: customer_summary, rfm_scores, segment_migration, vip_customers,
 * concentration and loss_scenario; and the pure parts below them, tile and pareto.
 *
 * Their default calls equal the recipes of sql/ in check_twins; here are other arguments, laws over random shops,
 * and the figures of real ones. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "oracle.h"
#include "stat/pareto.h"
#include "stat/tile.h"
#include "twins.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const DbShop customers_shops[] = {
    {.seed = 11, .n_customers = 1, .n_days = 60, .gap_days = 9},
    {.seed = 12, .n_customers = 7, .n_days = 90, .gap_days = 12, .refunds = true},
    {.seed = 13, .n_customers = 80, .n_days = 700, .gap_days = 50, .refunds = true},
    {.seed = 14, .n_customers = 150, .n_days = 400, .gap_days = 25, .odd_ids = true},
    {.seed = 15, .n_customers = 300, .n_days = 250, .gap_days = 15, .refunds = true, .odd_ids = true},
    {.seed = 16, .n_customers = 3000, .n_days = 300, .gap_days = 60},
};
enum { SHOPS = COUNT(customers_shops) };

static sqlite3 *customers_open(int shop) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", customers_shops[shop]);
    return db;
}

/* No row may be wrong; format is a query for those that are. */
#define NOTHING(db, ...)                                          \
    do {                                                          \
        char *nothing_sql = sqlite3_mprintf(__VA_ARGS__);         \
        db_expect(db, nothing_sql, "");                           \
        sqlite3_free(nothing_sql);                                \
    } while (0)

/* Purchases by the README's definition: p(c, d, net); what each customer is: own(c, first, last, n, money). */
static void customers_make_plain(sqlite3 *db) {
    db_exec(db, "CREATE TEMP TABLE e AS SELECT customer_id AS c, substr(order_date, 1, 10) AS d, total(amount) AS net,"
            " total(amount) > 1e-9 * total(abs(amount)) OR total(abs(amount)) = 0 AS is_purchase FROM orders"
            " WHERE customer_id <> '' GROUP BY 1, 2;"
            "CREATE TEMP TABLE p AS SELECT c, d, net FROM e WHERE is_purchase;"
            "CREATE TEMP TABLE bound AS SELECT substr(max(order_date), 1, 10) AS as_of FROM orders;"
            "CREATE TEMP TABLE own AS SELECT c, min(d) FILTER (WHERE is_purchase) AS first,"
            " max(d) FILTER (WHERE is_purchase) AS last, sum(is_purchase) AS n, total(net) AS money FROM e"
            " GROUP BY c HAVING sum(is_purchase) > 0");
}

/* ---- tile ---- */

START_TEST(tiles_are_those_of_ntile) {
    sqlite3 *db = db_open(NULL);
    int wrong = 0;
    for (int n = 1; n <= 40; n++)
        for (int tiles = 1; tiles <= 12; tiles++) {
            sqlite3_stmt *stmt = NULL;
            char *sql = sqlite3_mprintf("WITH RECURSIVE k(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM k WHERE i < %d)"
                                        " SELECT i, ntile(%d) OVER (ORDER BY i) FROM k", n - 1, tiles);
            ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
            while (sqlite3_step(stmt) == SQLITE_ROW)
                wrong += tile_of(sqlite3_column_int(stmt, 0), n, tiles) != sqlite3_column_int(stmt, 1);
            sqlite3_finalize(stmt);
            sqlite3_free(sql);
        }
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_eq(tile_of(INT64_C(5000000000) - 1, INT64_C(5000000000), 5), 5);
    db_close(db);
}
END_TEST

START_TEST(tiles_are_stretched_to_the_nearest) {
    static const int ten[] = {1, 1, 2, 2, 3, 3, 4, 4, 5, 5}, three[] = {1, 3, 5}, four[] = {1, 2, 4, 5}, two[] = {1, 5};
    int wrong = 0;
    for (int i = 0; i < 10; i++) wrong += tile_stretch(i + 1, 10, 5) != ten[i];
    for (int i = 0; i < 4; i++) wrong += tile_stretch(i + 1, 4, 5) != four[i];
    for (int i = 0; i < 3; i++) wrong += tile_stretch(i + 1, 3, 5) != three[i];
    for (int i = 0; i < 2; i++) wrong += tile_stretch(i + 1, 2, 5) != two[i];
    wrong += tile_stretch(2, 9, 5) != 2 || tile_stretch(8, 9, 5) != 5; /* 1.5 and 4.5 */
    for (int n = 2; n <= 100; n++)
        for (int i = 1; i <= n; i++) {
            double exact = 1 + 4.0 * (i - 1) / (n - 1);
            int got = tile_stretch(i, n, 5);
            wrong += fabs(got - exact) > 0.5 + 1e-12 || tile_stretch(i, n, n) != i;
        }
    ck_assert_int_eq(wrong, 0);
}
END_TEST

/* ---- pareto ---- */

START_TEST(published_cases_of_inequality) {
    /* U.S. Department of Justice, "Herfindahl-Hirschman Index": shares of 30, 30, 20 and 20 % are 2,600 points. */
    static const double market[] = {30, 30, 20, 20};
    ck_assert_double_eq_tol(pareto_hhi(market, 4, pareto_total(market, 4)), 0.26, 1e-15);
    /* 1 to 5: the mean difference of two of them is 1.6, half of it over the mean of 3 is 4/15. */
    static const double steps[] = {5, 4, 3, 2, 1}, all[] = {7, 0, 0, 0}, alike[] = {0.1, 0.1, 0.1};
    ck_assert_double_eq_tol(pareto_gini(steps, 5, pareto_total(steps, 5)), 4.0 / 15, 1e-15);
    ck_assert(pareto_gini(all, 4, 7) == 0.75 && pareto_hhi(all, 4, 7) == 1);
    ck_assert(pareto_gini(alike, 3, pareto_total(alike, 3)) == 0);
    ck_assert(pareto_gini(all, 1, 7) == 0 && pareto_count(all, 4, 0.8, 7) == 1);
}
END_TEST

START_TEST(nobody_brings_anything) {
    static const double none[] = {0, 0, -1}, huge[] = {1.7e308, 1.7e308};
    double share[3];
    double total = pareto_total(none, 3);
    ck_assert(isnan(total) && isnan(pareto_total(none, 0)) && isnan(pareto_total(huge, 2)));
    ck_assert(isnan(pareto_gini(none, 3, total)) && isnan(pareto_hhi(none, 3, total)));
    ck_assert(isnan(pareto_top(none, 3, 2, total)) && pareto_count(none, 3, 0.5, total) == 0);
    pareto_cumulate(none, 3, total, share);
    ck_assert(isnan(share[0]) && isnan(share[2]));
}
END_TEST

static int customers_descending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Amounts of all sizes and signs, some alike. */
static void customers_random(double *amount, int n, uint64_t *state) {
    for (int i = 0; i < n; i++) {
        int64_t cents = (int64_t)(db_random(state) % 100000) - 5000;
        amount[i] = (double)cents / 100 * (db_random(state) % 50 == 0 ? 1e9 : 1);
    }
}

START_TEST(amounts_are_sorted) {
    static const int sizes[] = {0, 1, 2, 3, 50, 599, 600, 601, 5000};
    static double amount[5000], want[5000];
    void *workspace = malloc((size_t)pareto_workspace_size(5000));
    uint64_t state = 5;
    for (int round = 0; round < 40; round++) {
        int n = sizes[round % COUNT(sizes)];
        customers_random(amount, n, &state);
        if (n > 3) amount[1] = -0.0, amount[2] = 0.0, amount[3] = INFINITY;
        memcpy(want, amount, sizeof(want));
        qsort(want, (size_t)n, sizeof(*want), customers_descending);
        pareto_sort(amount, n, workspace);
        int wrong = 0;
        for (int i = 0; i < n; i++) wrong += amount[i] != want[i];
        ck_assert_msg(wrong == 0, "%d of %d differ", wrong, n);
    }
    free(workspace);
}
END_TEST

/* Half the mean difference over the mean; the sum of squares; the fewest that reach a share. */
START_TEST(inequality_is_as_defined) {
    static double amount[300], share[300];
    uint64_t state = 6;
    for (int n = 1; n < 300; n += 7) {
        double sum = 0, difference = 0, squares = 0;
        customers_random(amount, n, &state);
        qsort(amount, (size_t)n, sizeof(*amount), customers_descending);
        for (int i = 0; i < n; i++) sum += fmax(amount[i], 0);
        for (int i = 0; i < n; i++) squares += pow(fmax(amount[i], 0) / sum, 2);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) difference += fabs(fmax(amount[i], 0) - fmax(amount[j], 0));
        double total = pareto_total(amount, n), gini = pareto_gini(amount, n, total);
        if (!(sum > 0)) continue;
        ck_assert_double_eq_tol(gini, difference / (2 * (double)n * sum), 1e-12);
        ck_assert_double_eq_tol(pareto_hhi(amount, n, total), squares, 1e-12);
        pareto_cumulate(amount, n, total, share);
        int wrong = share[n - 1] != 1;
        for (int i = 0; i < n; i++) wrong += share[i] != pareto_top(amount, n, i + 1, total);
        for (double p = 0; p <= 1; p += 0.05) {
            int64_t k = pareto_count(amount, n, p, total);
            wrong += (k > 0 && share[k - 1] < p - 1e-9) || (k > 1 && share[k - 2] >= p);
        }
        ck_assert_msg(wrong == 0, "%d amounts: %d wrong", n, wrong);
    }
}
END_TEST

/* ---- customer_summary ---- */

START_TEST(summaries_are_those_of_plain_sql) {
    sqlite3 *db = customers_open(_i);
    customers_make_plain(db);
    db_exec(db, "CREATE TEMP TABLE ours AS SELECT * FROM customer_summary('orders')");
    db_expect(db, "SELECT (SELECT count(*) FROM own) - (SELECT count(*) FROM ours)", "0");
    NOTHING(db, "SELECT * FROM own, bound LEFT JOIN ours ON c = customer_id WHERE customer_id IS NULL OR first <>"
            " first_order_date OR last <> last_order_date OR n <> purchase_days OR abs(money - historic_value) > 1e-9 *"
            " (1 + abs(money)) OR julianday(as_of) - julianday(first) <> age OR julianday(as_of) - julianday(last) <>"
            " days_since_last OR frequency <> n - 1 OR recency <> age - days_since_last LIMIT 3");
    NOTHING(db, "SELECT c, avg(net) AS mean FROM p JOIN ours ON c = customer_id GROUP BY c HAVING abs(mean -"
            " avg_order_value) > 1e-9 * (1 + mean) LIMIT 3");
    NOTHING(db, "SELECT * FROM ours WHERE (frequency = 0) <> (monetary_value IS NULL) OR (frequency = 0) <>"
            " (median_gap_days IS NULL) OR median_gap_days > recency OR median_gap_days < 1 OR segment IS NOT NULL");
    db_close(db);
}
END_TEST

/* One word means one thing in every report, to the last byte. */
START_TEST(summaries_agree_with_other_reports) {
    sqlite3 *db = customers_open(_i);
    db_expect_same(db, "SELECT customer_id, first_order_date, last_order_date, frequency, recency, age, monetary_value,"
                   " historic_clv FROM clv('orders') ORDER BY customer_id",
                   "SELECT customer_id, first_order_date, last_order_date, frequency, recency, age, monetary_value,"
                   " historic_value FROM customer_summary('orders')");
    db_expect_same(db, "SELECT customer_id, last_order_date, days_since_last, purchase_days, historic_value FROM"
                   " churn_candidates('orders', 90, 0) ORDER BY customer_id",
                   "SELECT customer_id, last_order_date, days_since_last, purchase_days, historic_value FROM"
                   " customer_summary('orders')");
    db_expect_same(db, "SELECT customer_id, days_since_last, purchase_days, historic_value FROM rfm_scores('orders')",
                   "SELECT customer_id, days_since_last, purchase_days, historic_value FROM customer_summary('orders')");
    db_expect_same(db, "SELECT customer_id, amount FROM vip_customers('orders') ORDER BY customer_id",
                   "SELECT customer_id, historic_value FROM customer_summary('orders')");
    NOTHING(db, "SELECT * FROM customer_summary('orders') a JOIN churn_candidates('orders', 90, 0) b USING (customer_id)"
            " WHERE frequency >= 3 AND median_gap_days <> usual_gap_days");
    db_close(db);
}
END_TEST

/* Ids of all kinds come in the order of SQL, however they begin. */
START_TEST(rows_come_in_the_order_of_ids) {
    static const char *const ids[] = {
        "value", "-value", "value / 7.0", "(1500 - value) / 7.0", "CASE value % 3 WHEN 0 THEN 0.5 - value ELSE 7 - value END", "CAST(value AS TEXT)", "'C-' || printf('%09d', value * 7919 % 10007)",
        "'a long beginning that all of them share ' || value", "CAST('x' || value AS BLOB)",
        "CASE value % 4 WHEN 0 THEN value WHEN 1 THEN value + 0.5 WHEN 2 THEN 'id' || value ELSE CAST(value AS BLOB) END",
        "substr('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 1 + value % 50)",
        "CAST(substr(x'61000000000000000000000000000000000000', 1, 1 + value % 19) AS TEXT)",
        "9223372036854775807 - value", "9007199254740992 + value", "-9223372036854775807 + value * 3000000000000000",
        "CASE value % 2 WHEN 0 THEN 9007199254740992 + value ELSE 9007199254740992.0 + value END",
        "char(1600 + value)", "CASE WHEN value < 3 THEN value ELSE 'x' END",
        "CASE value % 3 WHEN 0 THEN 'Ab' ELSE 'ab' END || CASE value % 2 WHEN 0 THEN ' ' ELSE '' END || value"};
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE n AS WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value <"
            " 3000) SELECT value FROM n ORDER BY value * 7919 %% 3001");
    for (int i = 0; i < COUNT(ids); i++) {
        char *make = sqlite3_mprintf("DROP TABLE IF EXISTS t; CREATE TABLE t AS SELECT %s AS customer_id, '2024-01-01'"
                                     " AS order_date, 1 AS amount FROM n", ids[i]);
        int rc = sqlite3_exec(db, make, NULL, NULL, NULL);
        ck_assert_msg(rc == SQLITE_OK, "%s: %s", make, sqlite3_errmsg(db));
        db_exec(db, "DROP TABLE IF EXISTS temp.a; CREATE TEMP TABLE a AS SELECT customer_id AS id FROM"
                " customer_summary('t'); DROP TABLE IF EXISTS temp.b; CREATE TEMP TABLE b AS SELECT customer_id AS id FROM"
                " t GROUP BY customer_id ORDER BY customer_id");
        db_expect(db, "SELECT (SELECT count(*) FROM a) - (SELECT count(*) FROM b)", "0");
        NOTHING(db, "SELECT a.rowid, quote(a.id), quote(b.id), %Q FROM a JOIN b ON a.rowid = b.rowid WHERE a.id <> b.id LIMIT 3",
                ids[i]);
        sqlite3_free(make);
    }
    db_close(db);
}
END_TEST

/* ---- rfm_scores ---- */

static const int customers_bins[] = {2, 3, 5, 7, 10, 100};

/* A score is the lowest tile of those with the value; cuts and counts follow from the scores. */
START_TEST(scores_are_those_of_plain_sql) {
    sqlite3 *db = customers_open(_i);
    static const char *const measures[][3] = {
        {"r", "-days_since_last", "-r_cut"}, {"f", "purchase_days", "f_cut"}, {"m", "round(historic_value, 6)", "m_cut"}};
    for (int b = 0; b < COUNT(customers_bins); b++) {
        db_exec(db, "DROP TABLE IF EXISTS temp.s; CREATE TEMP TABLE s AS SELECT * FROM rfm_scores('orders', %d)",
                customers_bins[b]);
        for (int k = 0; k < COUNT(measures); k++) {
            const char *score = measures[k][0], *value = measures[k][1];
            NOTHING(db, "WITH t AS (SELECT *, ntile(%d) OVER (ORDER BY %s) AS tile FROM s), u AS (SELECT *, min(tile)"
                    " OVER (PARTITION BY %s) AS least FROM t) SELECT * FROM u WHERE %s <> least LIMIT 3",
                    customers_bins[b], value, value, score);
            NOTHING(db, "WITH t AS (SELECT *, min(%s) OVER (PARTITION BY %s) AS least FROM s) SELECT * FROM t WHERE"
                    " abs(least - %s) > 1e-6 OR %s_bins <> (SELECT count(DISTINCT %s) FROM s) LIMIT 3", value, score,
                    measures[k][2], score, score);
            /* at least s - 1 whole tiles are worse */
            NOTHING(db, "SELECT * FROM s a WHERE (SELECT count(*) FROM s b WHERE b.%s < a.%s) < (%s - 1) *"
                    " ((SELECT count(*) FROM s) / %d) LIMIT 3", score, score, score, customers_bins[b]);
        }
        NOTHING(db, "SELECT * FROM s WHERE rfm <> CASE WHEN %d < 10 THEN r || f || m ELSE r || '-' || f || '-' || m END",
                customers_bins[b]);
        NOTHING(db, "SELECT r, f FROM s GROUP BY r, f HAVING count(DISTINCT rfm_segment) <> 1");
    }
    db_close(db);
}
END_TEST

/* The oracle gives every customer a tile of NTILE, those with equal values by their id.  Its scores can only be ours
 * where no two customers are equal; for others ours is the lowest of theirs.  Its frequency counts orders and ours
 * days, so that F is compared through our own days. */
START_TEST(scores_of_real_shops) {
    static const char *const shops[] = {"cdnow_sample", "uci_online_retail_orders"};
    static const char *const dates[] = {"date", "substr(ts, 1, 10)"};
    char name[64];
    sqlite3 *db = db_open(NULL);
    snprintf(name, sizeof(name), "metrics_%s", shops[_i]);
    Oracle *oracle = oracle_open(name);
    if (oracle && db_import(db, "orders", shops[_i])) {
        db_exec(db, "CREATE TEMP TABLE o AS WITH c AS (SELECT CAST(customer_id AS INTEGER) AS id, (SELECT"
                " julianday(max(%s)) FROM orders) - julianday(max(%s)) AS days, count(*) AS n,"
                " sum(CAST(round(amount * 1000) AS INTEGER)) AS mils FROM orders GROUP BY 1) SELECT *, ntile(5) OVER"
                " (ORDER BY days DESC, id) AS R, ntile(5) OVER (ORDER BY n, id) AS F, ntile(5) OVER (ORDER BY mils, id)"
                " AS M FROM c", dates[_i], dates[_i]);
        int n = oracle_length(oracle, "rfm.sample");
        ck_assert_int_gt(n, 20);
        for (int i = 0; i < n; i++) {
            char *theirs = sqlite3_mprintf("%d|%d|%d|%d", (int)oracle_number(oracle, "rfm.sample[%d].R", i),
                                           (int)oracle_number(oracle, "rfm.sample[%d].F", i),
                                           (int)oracle_number(oracle, "rfm.sample[%d].M", i),
                                           (int)oracle_number(oracle, "rfm.sample[%d].recency_days", i));
            char *rows = db_rows(db, "SELECT R, F, M, CAST(days AS INTEGER) FROM o WHERE id = %d",
                                 (int)oracle_number(oracle, "rfm.sample[%d].customer_id", i));
            ck_assert_str_eq(rows, theirs);
            free(rows);
            sqlite3_free(theirs);
        }
        ck_assert(db_int(db, "SELECT count(*) FROM o WHERE R = 5 AND F = 5 AND M = 5") ==
                  (int64_t)oracle_number(oracle, "rfm.cells.555"));
        db_exec(db, "CREATE TEMP TABLE s AS SELECT * FROM rfm_scores('orders')");
        db_expect(db, "SELECT (SELECT count(*) FROM s) - (SELECT count(*) FROM o)", "0");
        NOTHING(db, "WITH t AS (SELECT *, min(R) OVER (PARTITION BY days) AS least_r, min(M) OVER (PARTITION BY mils)"
                " AS least_m, count(*) OVER (PARTITION BY mils) AS n_equal FROM o) SELECT * FROM t JOIN s ON id = CAST("
                "customer_id AS INTEGER) WHERE s.r <> least_r OR s.m <> least_m OR (n_equal = 1 AND s.m <> t.M)");
        /* nobody has more than the oracle's score, so of each score and below there are as many or more */
        NOTHING(db, "SELECT k.value FROM json_each('[1,2,3,4,5]') k WHERE (SELECT count(*) FROM s WHERE r <= k.value) <"
                " (SELECT count(*) FROM o WHERE R <= k.value) OR (SELECT count(*) FROM s WHERE m <= k.value) < (SELECT"
                " count(*) FROM o WHERE M <= k.value)");
        NOTHING(db, "WITH t AS (SELECT *, ntile(5) OVER (ORDER BY purchase_days, CAST(customer_id AS INTEGER)) AS F"
                " FROM s), u AS (SELECT *, min(F) OVER (PARTITION BY purchase_days) AS least FROM t) SELECT * FROM u"
                " WHERE f <> least");
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

/* ---- vip_customers and concentration ---- */

START_TEST(vips_are_the_fewest_who_bring_the_share) {
    sqlite3 *db = customers_open(_i);
    static const double shares[] = {0, 0.2, 0.5, 0.8, 0.95, 1};
    for (int k = 0; k < COUNT(shares); k++) {
        db_exec(db, "DROP TABLE IF EXISTS temp.v; CREATE TEMP TABLE v AS SELECT *, cum_share - share AS above FROM"
                " vip_customers('orders', %f, %f, %f)", shares[k], shares[k] / 2, shares[k]);
        NOTHING(db, "SELECT * FROM v WHERE (above < %f - 1e-8) <> is_vip AND abs(above - %f) > 1e-8 LIMIT 3", shares[k],
                shares[k]);
        NOTHING(db, "SELECT * FROM v WHERE abc_class <> CASE WHEN is_vip AND above < %f THEN 'A' WHEN is_vip THEN 'B'"
                " ELSE 'C' END AND abs(above - %f) > 1e-8 LIMIT 3", shares[k] / 2, shares[k] / 2);
        NOTHING(db, "SELECT * FROM (SELECT *, lag(amount) OVER (ORDER BY rank) AS before, sum(share) OVER (ORDER BY rank)"
                " AS sum, count(*) OVER () AS n, row_number() OVER (ORDER BY rank) AS i FROM v) WHERE amount > before +"
                " 1e-6 OR abs(sum - cum_share) > 1e-9 OR rank <> i OR cum_customers_share <> 1.0 * rank / n OR (rank = n"
                " AND cum_share <> 1) OR share < 0 LIMIT 3");
    }
    db_close(db);
}
END_TEST

START_TEST(concentration_is_made_of_the_same_shares) {
    sqlite3 *db = customers_open(_i);
    db_exec(db, "CREATE TEMP TABLE v AS SELECT * FROM vip_customers('orders');"
            "CREATE TEMP TABLE k AS SELECT * FROM concentration('orders')");
    NOTHING(db, "SELECT * FROM k, (SELECT count(*) AS n, total(amount) AS money, sum(is_vip) AS n_vips, max(share) AS"
            " top1, total(share) FILTER (WHERE rank <= 5) AS top5, total(share) FILTER (WHERE rank <= 10) AS top10,"
            " total(share * share) AS squares FROM v) WHERE n <> customers OR abs(money - revenue) > 1e-9 * abs(money) OR"
            " n_vips <> customers_for_80pct OR abs(top1 - top1_share) > 1e-12 OR abs(top5 - top5_share) > 1e-12 OR"
            " abs(top10 - top10_share) > 1e-12 OR abs(squares - hhi) > 1e-12 OR abs(effective_customers * hhi - 1) >"
            " 1e-12 OR NOT (gini >= 0 AND gini <= 1 - 1.0 / customers + 1e-12) OR effective_customers > customers *"
            " (1 + 1e-12) OR top1_share > top5_share OR top5_share > top10_share OR is_complete <> 1");
    db_close(db);
}
END_TEST

static const struct { const char *period, *start, *next; } customers_periods[] = {
    {"month", "date(d, 'start of month')", "+1 month"},
    {"week", "date(d, '-6 days', 'weekday 1')", "+7 days"},
    {"year", "date(d, 'start of year')", "+1 year"},
    {"day", "d", "+1 day"},
};

START_TEST(concentration_by_period_is_that_of_plain_sql) {
    sqlite3 *db = customers_open(_i);
    customers_make_plain(db);
    for (int k = 0; k < COUNT(customers_periods); k++) {
        db_exec(db, "DROP TABLE IF EXISTS temp.k; CREATE TEMP TABLE k AS SELECT * FROM concentration('orders', %Q)",
                customers_periods[k].period);
        db_exec(db, "DROP TABLE IF EXISTS temp.want; CREATE TEMP TABLE want AS WITH a AS (SELECT %s AS t, c, sum(net) AS"
                " y FROM p GROUP BY 1, 2), r AS (SELECT *, row_number() OVER (PARTITION BY t ORDER BY y DESC) AS i,"
                " count(*) OVER (PARTITION BY t) AS n, y / nullif(sum(y) OVER (PARTITION BY t), 0) AS s FROM a) SELECT t,"
                " n, sum(y) AS money, max(s) AS top1, sum(s) FILTER (WHERE i <= 5) AS top5, sum(s) FILTER (WHERE i <= 10)"
                " AS top10, sum(s) FILTER (WHERE 5 * (i - 1) < n) AS fifth, sum((n + 1 - 2 * i) * s) / n AS g, sum(s * s)"
                " AS h, date(t, %Q, '-1 day') AS z FROM r GROUP BY t", customers_periods[k].start,
                customers_periods[k].next);
        NOTHING(db, "SELECT * FROM want, bound LEFT JOIN k ON t = period_start WHERE period_start IS NULL OR z <> period_end"
                " OR n <> customers OR abs(money - revenue) > 1e-9 * (1 + money) OR is_complete <> (z <= as_of) OR"
                " (is_complete AND (abs(top1 - top1_share) > 1e-9 OR abs(top5 - top5_share) > 1e-9 OR abs(top10 -"
                " top10_share) > 1e-9 OR abs(fifth - top20pct_share) > 1e-9 OR abs(gini - g) > 1e-9 OR"
                " abs(hhi - h) > 1e-9 OR (top1 IS NULL) <> (top1_share IS NULL))) OR (NOT is_complete AND gini IS"
                " NOT NULL AND top1_share IS NOT NULL) LIMIT 3");
        NOTHING(db, "SELECT * FROM k WHERE customers > 0 AND period_start NOT IN (SELECT t FROM want) LIMIT 3");
        NOTHING(db, "SELECT * FROM (SELECT *, lag(date(period_end, '+1 day')) OVER (ORDER BY period_start) AS d FROM k)"
                " WHERE d <> period_start LIMIT 3");
        NOTHING(db, "SELECT * FROM k WHERE NOT is_complete AND coalesce(gini, hhi, top1_share, top20pct_share,"
                " customers_for_80pct, effective_customers) IS NOT NULL");
    }
    db_close(db);
}
END_TEST

START_TEST(concentration_of_real_shops) {
    static const char *const shops[] = {"cdnow_sample", "uci_online_retail_orders"};
    static const struct { const char *name; double part; } tops[] = {
        {"top20_share", 0.2}, {"top10_share", 0.1}, {"top1_share", 0.01}};
    char name[64];
    sqlite3 *db = db_open(NULL);
    snprintf(name, sizeof(name), "metrics_%s", shops[_i]);
    Oracle *oracle = oracle_open(name);
    if (oracle && db_import(db, "orders", shops[_i])) {
        db_exec(db, "CREATE TEMP TABLE v AS SELECT * FROM vip_customers('orders')");
        double gini = db_real(db, "SELECT gini FROM concentration('orders')");
        double fifth = db_real(db, "SELECT top20pct_share FROM concentration('orders')");
        double n = db_real(db, "SELECT customers_for_80pct FROM concentration('orders')");
        double revenue = db_real(db, "SELECT revenue FROM concentration('orders')");
        ck_assert_double_eq_tol(gini, oracle_number(oracle, "concentration.gini"), 1e-12);
        ck_assert_double_eq_tol(fifth, oracle_number(oracle, "concentration.top20_share"), 1e-12);
        ck_assert(n == oracle_number(oracle, "concentration.customers_for_80pct"));
        ck_assert(n == db_real(db, "SELECT count(*) FROM v WHERE is_vip"));
        ck_assert_double_eq_tol(revenue, oracle_number(oracle, "revenue_mils") / 1000, 1e-6);
        /* the oracle's tops are parts of the customers; ours of 1, 5 and 10 are numbers of them */
        for (int i = 0; i < COUNT(tops); i++) {
            double customers = ceil(tops[i].part * db_real(db, "SELECT count(*) FROM v"));
            double got = db_real(db, "SELECT cum_share FROM v WHERE rank = %d", (int)customers);
            ck_assert_double_eq_tol(got, oracle_number(oracle, "concentration.%s", tops[i].name), 1e-12);
        }
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

/* ---- loss_scenario ---- */

START_TEST(losses_are_those_of_plain_sql) {
    static const struct { const char *lookback, *since; } cases[] = {
        {"90 days", "date(as_of, '-90 days')"}, {"2 weeks", "date(as_of, '-14 days')"}, {"1 day", "date(as_of, '-1 day')"},
        {"6 months", "min(date(as_of, '-6 months'), date(as_of, 'start of month', '-5 months', '-1 day'))"},
        {"100 years", "'1900-01-01'"}};
    sqlite3 *db = customers_open(_i);
    customers_make_plain(db);
    for (int k = 0; k < COUNT(cases); k++) {
        db_exec(db, "DROP TABLE IF EXISTS temp.l; CREATE TEMP TABLE l AS SELECT * FROM loss_scenario('orders',"
                " '1,2,3,7,20,50,1000000', %Q)", cases[k].lookback);
        db_exec(db, "DROP TABLE IF EXISTS temp.y; CREATE TEMP TABLE y AS SELECT c, sum(net) AS money, c NOT IN (SELECT c"
                " FROM p, bound WHERE d <= %s) AS fresh FROM p, bound WHERE d > %s GROUP BY c", cases[k].since,
                cases[k].since);
        db_expect(db, "SELECT count(*), min(top_k), max(top_k) FROM l", "7|1|1000000");
        NOTHING(db, "WITH r AS (SELECT *, row_number() OVER (ORDER BY money DESC) AS i FROM y), w AS (SELECT total(money)"
                " AS whole, avg(money) FILTER (WHERE fresh) AS each FROM y) SELECT *, (SELECT total(money) FROM r WHERE i"
                " <= top_k) AS lost FROM l, w WHERE customers <> (SELECT count(*) FROM r WHERE i <= top_k) OR abs(lost -"
                " revenue_lost) > 1e-9 * (1 + whole) OR abs(whole - lost - remaining_revenue) > 1e-9 * (1 + whole) OR"
                " abs(lost / nullif(whole, 0) - share_of_revenue) > 1e-9 OR (whole = 0) <> (share_of_revenue IS NULL) OR"
                " (each IS NULL) <> (revenue_per_new_customer IS NULL) OR abs(each - revenue_per_new_customer) > 1e-9 *"
                " (1 + each) OR new_customers_needed * each < lost * (1 - 1e-8) OR (new_customers_needed - 1) * each >"
                " lost * (1 + 1e-8) OR (coalesce(each, 0) = 0) <> (new_customers_needed IS NULL) LIMIT 3");
    }
    db_close(db);
}
END_TEST

/* ---- segment_migration ---- */

/* What is known at a date is what the reports say as of that date, in a shop without refunds. */
START_TEST(migration_is_two_looks_at_the_same_shop) {
    static const char *const periods[] = {"month", "quarter", "90 days", "week", "6 months", "year"};
    static const char *const looks[][2] = {
        {"rfm", "SELECT segment, customer_id, rfm_segment AS name FROM rfm_scores('orders') WHERE"},
        {"abc", "SELECT segment, customer_id, abc_class AS name FROM vip_customers('orders') WHERE"}};
    static const char *const split[] = {"''", "'channel'"};
    sqlite3 *db = customers_open(_i);
    if (customers_shops[_i].refunds) db_exec(db, "DELETE FROM orders WHERE amount < 0");
    customers_make_plain(db);
    for (int k = 0; k < COUNT(periods) * COUNT(looks) * COUNT(split); k++) {
        const char *period = periods[k / 4], *const *look = looks[k / 2 % 2], *column = split[k % 2];
        db_exec(db, "DROP TABLE IF EXISTS temp.m; CREATE TEMP TABLE m AS SELECT * FROM segment_migration('orders', %Q,"
                " %Q) WHERE segment_column = %s", period, look[0], column);
        char *from = db_rows(db, "SELECT DISTINCT from_date FROM m"), *to = db_rows(db, "SELECT as_of FROM bound");
        ck_assert_uint_eq(strlen(from), 10);
        db_exec(db, "DROP TABLE IF EXISTS temp.want; CREATE TEMP TABLE want AS WITH a AS (%s segment_column = %s AND as_of"
                " = '%s'), b AS (%s segment_column = %s AND as_of = '%s'), y AS (SELECT c, sum(net) AS money FROM p WHERE"
                " d > '%s' GROUP BY c), w AS (SELECT b.segment AS segment, coalesce(a.name, 'new') AS x, b.name AS z,"
                " a.customer_id IS NULL AS fresh, coalesce(money, 0) AS money FROM b LEFT JOIN a USING (customer_id) LEFT"
                " JOIN y ON c = b.customer_id) SELECT segment, x, z, fresh, count(*) AS n, total(money) AS money FROM w"
                " GROUP BY 1, 2, 3, 4", look[1], column, from, look[1], column, to, from);
        NOTHING(db, "SELECT * FROM (SELECT segment, from_segment, to_segment, is_new, customers FROM m EXCEPT SELECT"
                " segment, x, z, fresh, n FROM want) UNION ALL SELECT * FROM (SELECT segment, x, z, fresh, n FROM want"
                " EXCEPT SELECT segment, from_segment, to_segment, is_new, customers FROM m)");
        NOTHING(db, "SELECT * FROM m JOIN want w ON m.segment IS w.segment AND from_segment = x AND to_segment = z AND"
                " is_new = fresh WHERE abs(money - revenue) > 1e-9 * (1 + money) LIMIT 3");
        NOTHING(db, "SELECT * FROM (SELECT *, sum(customers) OVER (PARTITION BY segment, from_segment) AS n FROM m) WHERE"
                " share <> 1.0 * customers / n OR ci_low <> wilson_low(customers, n) OR ci_high <> wilson_high(customers,"
                " n) OR to_date <> (SELECT as_of FROM bound)");
        free(from);
        free(to);
    }
    db_close(db);
}
END_TEST

/* ---- Laws of all of them ---- */

/* Reports with all their columns, besides those that check_laws knows of itself. */
static const char *const customers_reports[] = {
    "SELECT * FROM customer_summary('orders') WHERE segment_column = 'channel'",
    "SELECT * FROM rfm_scores('orders', 4) WHERE segment_column = 'channel'",
    "SELECT * FROM rfm_scores('orders', 12)",
    "SELECT * FROM vip_customers('orders', 0.5, 0.6, 0.9) WHERE segment_column = 'channel'",
    "SELECT * FROM concentration('orders', 'week') WHERE segment_column = 'channel'",
    "SELECT * FROM concentration('orders', '28 days')",
    "SELECT * FROM loss_scenario('orders', '2,4,8', '196 days') WHERE segment_column = 'channel'",
    "SELECT * FROM segment_migration('orders', '28 days') WHERE segment_column = 'channel'",
    "SELECT * FROM segment_migration('orders', '12 weeks', 'abc')",
};

static char *customers_replace(const char *sql, const char *what, const char *with) {
    const char *at = strstr(sql, what);
    ck_assert_msg(at != NULL, "%s has no %s", sql, what);
    return sqlite3_mprintf("%.*s%s%s", (int)(at - sql), sql, with, at + strlen(what));
}

/* The recipes are right for ids of all types, for amounts that are no hundredths, for free orders and rows without
 * an amount, and for totals that tie only up to rounding. */
START_TEST(recipes_hold_for_odd_orders) {
    static const char *const amounts[] = {
        "amount", "amount / 3.0", "CASE WHEN rowid % 5 THEN amount END", "CASE WHEN rowid % 3 THEN 0.1 ELSE 0.2 END",
        "CAST(amount AS INTEGER) / 20", "-amount", "amount * 1e9 + rowid", "0"};
    sqlite3 *db = customers_open(_i);
    for (int k = 0; k < COUNT(amounts); k++) {
        char *make = sqlite3_mprintf("DROP TABLE IF EXISTS odd; CREATE TABLE odd AS SELECT customer_id, order_date, %s AS"
                                     " amount, channel FROM orders", amounts[k]);
        db_exec(db, "%s", make);
        sqlite3_free(make);
        double slack = 1e-9 * (1 + db_real(db, "SELECT total(abs(amount)) FROM odd"));
        for (int t = 0; t < n_twins; t++) {
            sqlite3_stmt *ours = NULL, *plain = NULL;
            char *recipe = twins_recipe(twins[t].name, "odd");
            ck_assert_msg(recipe != NULL, "sql/%s.sql is not here", twins[t].name);
            db_exec(db, "DROP VIEW IF EXISTS twin; CREATE TEMP VIEW twin AS %s", recipe);
            char *report = twins_report(db, &twins[t], "odd", "twin", NULL);
            ck_assert_int_eq(sqlite3_prepare_v2(db, report, -1, &ours, NULL), SQLITE_OK);
            ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT * FROM twin", -1, &plain, NULL), SQLITE_OK);
            char *difference = twins_difference(ours, plain, slack, false);
            ck_assert_msg(difference == NULL, "%s: %.2000s", amounts[k], difference);
            sqlite3_finalize(ours);
            sqlite3_finalize(plain);
            sqlite3_free(report);
            sqlite3_free(recipe);
        }
    }
    db_close(db);
}
END_TEST

START_TEST(the_order_of_rows_does_not_matter) {
    sqlite3 *db = customers_open(_i);
    db_exec(db, "CREATE TABLE shuffled AS SELECT * FROM orders ORDER BY rowid * 2654435761 %% 1000003");
    for (int i = 0; i < COUNT(customers_reports); i++) {
        char *other = customers_replace(customers_reports[i], "'orders'", "'shuffled'");
        db_expect_same(db, other, customers_reports[i]);
        sqlite3_free(other);
    }
    db_close(db);
}
END_TEST

/* Dates moved by whole weeks move with the rows; nothing else changes. */
START_TEST(shifts_by_whole_weeks_shift_the_results) {
    static const char *const columns[][2] = {
        {"customer_summary('orders')", "customer_id, purchase_days, frequency, recency, age, days_since_last,"
         " monetary_value, avg_order_value, historic_value, median_gap_days"},
        {"rfm_scores('orders')", "*"},
        {"vip_customers('orders')", "*"},
        {"concentration('orders', 'week')", "is_complete, customers, revenue, top1_share, top20pct_share, gini, hhi"},
        {"concentration('orders', '28 days')", "is_complete, customers, revenue, top1_share, top20pct_share, gini, hhi"},
        {"loss_scenario('orders', '1,5,10', '200 days')", "*"},
        {"segment_migration('orders', '28 days', 'rfm')", "from_segment, to_segment, customers, share, revenue"},
        {"segment_migration('orders', '28 days', 'abc')", "from_segment, to_segment, customers, share, revenue"}};
    sqlite3 *db = customers_open(_i);
    db_exec(db, "CREATE TABLE later AS SELECT customer_id, date(substr(order_date, 1, 10), '+1421 days') ||"
            " substr(order_date, 11) AS order_date, amount, channel FROM orders");
    for (int i = 0; i < COUNT(columns); i++) {
        char *now = sqlite3_mprintf("SELECT %s FROM %s", columns[i][1], columns[i][0]);
        char *later = customers_replace(now, "'orders'", "'later'");
        db_expect_same(db, later, now);
        sqlite3_free(now);
        sqlite3_free(later);
    }
    db_close(db);
}
END_TEST

/* Twice the money is twice the money, exactly, and changes no share, score or rank. */
START_TEST(scaled_amounts_scale_money) {
    static const char *const columns[][3] = {
        {"customer_summary", "customer_id, 2 * monetary_value, 2 * avg_order_value, 2 * historic_value, median_gap_days",
         "customer_id, monetary_value, avg_order_value, historic_value, median_gap_days"},
        {"rfm_scores", "customer_id, rfm, rfm_segment, 2 * historic_value, r_cut, f_cut, 2 * m_cut",
         "customer_id, rfm, rfm_segment, historic_value, r_cut, f_cut, m_cut"},
        {"vip_customers", "rank, customer_id, 2 * amount, share, cum_share, is_vip, abc_class",
         "rank, customer_id, amount, share, cum_share, is_vip, abc_class"},
        {"concentration", "2 * revenue, top1_share, top20pct_share, gini, hhi", "revenue, top1_share, top20pct_share,"
         " gini, hhi"},
        {"loss_scenario", "2 * revenue_lost, share_of_revenue, 2 * remaining_revenue, new_customers_needed",
         "revenue_lost, share_of_revenue, remaining_revenue, new_customers_needed"},
        {"segment_migration", "from_segment, to_segment, customers, 2 * revenue", "from_segment, to_segment, customers,"
         " revenue"}};
    sqlite3 *db = customers_open(_i);
    db_exec(db, "CREATE TABLE twice AS SELECT customer_id, order_date, amount * 2 AS amount FROM orders");
    for (int i = 0; i < COUNT(columns); i++) {
        char *once = sqlite3_mprintf("SELECT %s FROM %s('orders')", columns[i][1], columns[i][0]);
        char *twice = sqlite3_mprintf("SELECT %s FROM %s('twice')", columns[i][2], columns[i][0]);
        db_expect_same(db, twice, once);
        sqlite3_free(once);
        sqlite3_free(twice);
    }
    db_close(db);
}
END_TEST

/* A segment's rows are those of a shop that has its customers only. */
START_TEST(a_segment_is_a_shop_of_its_own) {
    sqlite3 *db = customers_open(_i);
    db_exec(db, "CREATE TEMP TABLE member AS SELECT customer_id AS c, segment AS s FROM customer_summary('orders') WHERE"
            " segment_column = 'channel'; CREATE TEMP TABLE bound AS SELECT DISTINCT as_of FROM"
            " customer_summary('orders')");
    char *as_of = db_rows(db, "SELECT as_of FROM bound");
    for (int k = 0; k < 4; k++) {
        static const char *const segments[] = {"'web'", "'shop'", "'phone'", "NULL"};
        db_exec(db, "DROP TABLE IF EXISTS alone; CREATE TABLE alone AS SELECT customer_id, order_date, amount, %s AS"
                " channel FROM orders WHERE customer_id IN (SELECT c FROM member WHERE s IS %s)", segments[k],
                segments[k]);
        if (db_int(db, "SELECT count(*) FROM alone") == 0) continue;
        for (int i = 0; i < COUNT(customers_reports); i++) {
            if (!strstr(customers_reports[i], "channel") || strstr(customers_reports[i], "concentration")) continue;
            char *both = sqlite3_mprintf("%s AND as_of = '%s' AND segment IS %s", customers_reports[i], as_of,
                                         segments[k]);
            char *alone = customers_replace(both, "'orders'", "'alone'");
            db_expect_same(db, alone, both);
            sqlite3_free(both);
            sqlite3_free(alone);
        }
    }
    db_expect_same(db, "SELECT sum(customers), round(sum(revenue), 6) FROM concentration('orders') WHERE segment_column ="
                   " 'channel'", "SELECT customers, round(revenue, 6) FROM concentration('orders')");
    free(as_of);
    db_close(db);
}
END_TEST

START_TEST(what_is_after_as_of_might_not_be_there) {
    sqlite3 *db = customers_open(_i);
    db_exec(db, "CREATE TABLE past AS SELECT * FROM orders WHERE order_date < '2023-01-10'");
    for (int i = 0; i < COUNT(customers_reports); i++) {
        bool where = strstr(customers_reports[i], "WHERE") != NULL;
        char *now = sqlite3_mprintf("%s %s as_of = '2023-01-09'", customers_reports[i], where ? "AND" : "WHERE");
        char *past = customers_replace(now, "'orders'", "'past'"), *rows = db_rows(db, "%s", now);
        db_expect(db, past, rows);
        free(rows);
        sqlite3_free(now);
        sqlite3_free(past);
    }
    db_close(db);
}
END_TEST

START_TEST(natural_orders_need_no_sorting) {
    static const struct { const char *sql; bool sorts; } orders[] = {
        {"SELECT * FROM customer_summary('orders') ORDER BY customer_id", false},
        {"SELECT * FROM rfm_scores('orders') ORDER BY customer_id", false},
        {"SELECT * FROM vip_customers('orders') ORDER BY segment, rank", false},
        {"SELECT * FROM concentration('orders', 'month') ORDER BY segment, period_start", false},
        {"SELECT * FROM loss_scenario('orders') ORDER BY segment, top_k", false},
        {"SELECT * FROM segment_migration('orders') ORDER BY segment, is_new, from_segment, to_segment", false},
        {"SELECT * FROM segment_migration('orders') ORDER BY from_segment", true},
        {"SELECT * FROM rfm_scores('orders') ORDER BY r", true}};
    sqlite3 *db = customers_open(2);
    for (int i = 0; i < COUNT(orders); i++) {
        char *plan = db_rows(db, "EXPLAIN QUERY PLAN %s", orders[i].sql);
        ck_assert_msg((strstr(plan, "TEMP B-TREE") != NULL) == orders[i].sorts, "%s: %s", orders[i].sql, plan);
        free(plan);
        /* what is promised is true */
        char *sorted = sqlite3_mprintf("SELECT * FROM (%s) ORDER BY +%s", orders[i].sql,
                                       strstr(orders[i].sql, "ORDER BY ") + 9);
        if (!orders[i].sorts) db_expect_same(db, orders[i].sql, sorted);
        sqlite3_free(sorted);
    }
    db_close(db);
}
END_TEST

/* ---- Limits ---- */

START_TEST(too_many_rows_are_refused) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount); INSERT INTO orders VALUES (1, '0001-01-01', 1),"
            " (2, '9999-12-31', 1)");
    db_expect_error(db, "SELECT count(*) FROM concentration('orders', 'day') WHERE segment_column = 'customer_id'",
                    SQLITE_TOOBIG, "concentration: 2 segments over 3652059 periods are more than 5000000 rows; choose a"
                    " longer period");
    db_expect(db, "SELECT count(*) FROM concentration('orders', 'day')", "3652059");
    db_exec(db, "CREATE TABLE crowd AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 181819)"
            " SELECT i AS customer_id, '2024-01-01' AS order_date, 1 AS amount FROM n");
    db_expect_error(db, "SELECT count(*) FROM segment_migration('crowd') WHERE segment_column = 'customer_id'",
                    SQLITE_TOOBIG, "segment_migration: segment_column has 181819 values; 181819 are too many to compare");
    db_exec(db, "DELETE FROM crowd WHERE customer_id = 1");
    db_expect(db, "SELECT count(*) FROM segment_migration('crowd') WHERE segment_column = 'customer_id'", "181818");
    db_close(db);
}
END_TEST

START_TEST(sums_beyond_a_double_are_unknown) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount); INSERT INTO orders VALUES (1, '2024-01-01',"
            " 1.7e308), (2, '2024-01-01', 1.7e308), (3, '2024-01-02', 5)");
    db_expect(db, "SELECT rank, customer_id, amount > 1e308, share, cum_share, is_vip, abc_class FROM"
              " vip_customers('orders')", "1|1|1|NULL|NULL|NULL|NULL\n2|2|1|NULL|NULL|NULL|NULL\n3|3|0|NULL|NULL|NULL|NULL");
    db_expect(db, "SELECT customers, revenue, top1_share, gini, hhi, customers_for_80pct FROM concentration('orders')",
              "3|NULL|NULL|NULL|NULL|NULL");
    db_expect(db, "SELECT customers, share_of_revenue IS NULL, new_customers_needed FROM loss_scenario('orders', 3)",
              "3|1|NULL");
    db_expect(db, "SELECT customer_id, m FROM rfm_scores('orders')", "1|2\n2|2\n3|1");
    db_close(db);
}
END_TEST

/* Bytes at the peak of a query: for each customer, 16 for each row, 40 for each row of the 1024 customers who are
 * sorted at a time, 128 KiB. */
START_TEST(memory_is_bounded_by_customers_and_rows) {
    static const struct { const char *sql; int per_customer; } limits[] = {
        {"SELECT count(*) FROM customer_summary('orders')", 64},
        {"SELECT count(*) FROM rfm_scores('orders')", 96},
        {"SELECT count(*) FROM vip_customers('orders')", 96},
        {"SELECT count(*) FROM concentration('orders')", 64},
        {"SELECT count(*) FROM concentration('orders', 'month')", 72},
        {"SELECT count(*) FROM loss_scenario('orders')", 64},
        {"SELECT count(*) FROM segment_migration('orders')", 96},
        {"SELECT count(*) FROM segment_migration('orders', 'year', 'abc')", 96}};
    static const int shapes[][2] = {{20000, 200000}, {60000, 60000}};
    int64_t customers = shapes[_i][0], rows = shapes[_i][1];
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %lld)"
            " SELECT i * 7919 %% %lld AS customer_id, date('2022-01-01', '+' || (i / 300) || ' days') AS order_date, i %%"
            " 97 + 0.5 AS amount FROM n", rows, customers);
    for (int i = 0; i < COUNT(limits); i++) {
        db_int(db, "%s", limits[i].sql); /* what SQLite keeps is kept now */
        int64_t before = sqlite3_memory_used();
        sqlite3_memory_highwater(1);
        db_int(db, "%s", limits[i].sql);
        int64_t used = sqlite3_memory_highwater(0) - before;
        int64_t fixed = rows * 16 + rows * 1024 / customers * 40 + 128 * 1024;
        if (getenv("CUSTOMERS_SHOW")) printf("%6.1f a customer: %s\n", (double)(used - fixed) / (double)customers, limits[i].sql);
        ck_assert_msg(used <= fixed + customers * limits[i].per_customer, "%s takes %lld bytes", limits[i].sql,
                      (long long)used);
    }
    db_close(db);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("customers");
    TCase *tc = tcase_create("customers");
    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, tiles_are_those_of_ntile);
    tcase_add_test(tc, tiles_are_stretched_to_the_nearest);
    tcase_add_test(tc, published_cases_of_inequality);
    tcase_add_test(tc, nobody_brings_anything);
    tcase_add_test(tc, amounts_are_sorted);
    tcase_add_test(tc, inequality_is_as_defined);
    tcase_add_loop_test(tc, summaries_are_those_of_plain_sql, 0, SHOPS);
    tcase_add_loop_test(tc, summaries_agree_with_other_reports, 0, SHOPS);
    tcase_add_test(tc, rows_come_in_the_order_of_ids);
    tcase_add_loop_test(tc, scores_are_those_of_plain_sql, 0, SHOPS);
    tcase_add_loop_test(tc, scores_of_real_shops, 0, 2);
    tcase_add_loop_test(tc, vips_are_the_fewest_who_bring_the_share, 0, SHOPS);
    tcase_add_loop_test(tc, concentration_is_made_of_the_same_shares, 0, SHOPS);
    tcase_add_loop_test(tc, concentration_by_period_is_that_of_plain_sql, 0, SHOPS);
    tcase_add_loop_test(tc, concentration_of_real_shops, 0, 2);
    tcase_add_loop_test(tc, losses_are_those_of_plain_sql, 0, SHOPS);
    tcase_add_loop_test(tc, migration_is_two_looks_at_the_same_shop, 0, SHOPS);
    tcase_add_loop_test(tc, recipes_hold_for_odd_orders, 0, SHOPS);
    tcase_add_loop_test(tc, the_order_of_rows_does_not_matter, 0, SHOPS);
    tcase_add_loop_test(tc, shifts_by_whole_weeks_shift_the_results, 0, SHOPS);
    tcase_add_loop_test(tc, scaled_amounts_scale_money, 0, SHOPS);
    tcase_add_loop_test(tc, a_segment_is_a_shop_of_its_own, 0, SHOPS);
    tcase_add_loop_test(tc, what_is_after_as_of_might_not_be_there, 0, SHOPS);
    tcase_add_test(tc, natural_orders_need_no_sorting);
    tcase_add_test(tc, too_many_rows_are_refused);
    tcase_add_test(tc, sums_beyond_a_double_are_unknown);
    tcase_add_loop_test(tc, memory_is_bounded_by_customers_and_rows, 0, 2);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
