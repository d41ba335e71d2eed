/* check_forecast.c - next_purchase, subscription_survival and revenue_forecast: what comes next, against the laws that
 * made the shops, against plain SQL and against published contracts. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/outlook.h"
#include "db.h"
#include "model/purchasenext.h"
#include "model/purchasewindow.h"
#include "model/sbg.h"
#include "oracle.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- Chance ---- */

static double forecast_uniform(uint64_t *seed) {
    return ((double)(db_random(seed) >> 11) + 0.5) / 9007199254740992.0;
}

static double forecast_normal(uint64_t *seed) {
    double radius = sqrt(-2 * log(forecast_uniform(seed)));
    return radius * cos(6.283185307179586 * forecast_uniform(seed));
}

/* Marsaglia, Tsang (2000), ACM Transactions on Mathematical Software 26, 363-372; shapes below 1 by a power. */
static double forecast_gamma(uint64_t *seed, double shape) {
    if (shape < 1) return forecast_gamma(seed, shape + 1) * pow(forecast_uniform(seed), 1 / shape);
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = forecast_normal(seed), v = 1 + c * x;
        if (v <= 0) continue;
        v = v * v * v;
        if (log(forecast_uniform(seed)) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
    }
}

static double forecast_exponential(uint64_t *seed, double rate) {
    return -log(forecast_uniform(seed)) / rate;
}

static double forecast_beta(uint64_t *seed, double a, double b) {
    double x = forecast_gamma(seed, a), y = forecast_gamma(seed, b);
    return x / (x + y);
}

/* ---- Shops whose law is known ---- */

static const PurchaseLaw forecast_laws[PURCHASE_MODELS] = {
    [PURCHASE_BGNBD] = {PURCHASE_BGNBD, {.bgnbd = {1.2, 40, 0.9, 2.5}}},
    [PURCHASE_MBGNBD] = {PURCHASE_MBGNBD, {.bgnbd = {1.4, 50, 0.7, 2.2}}},
    [PURCHASE_PNBD] = {PURCHASE_PNBD, {.pnbd = {1.3, 45, 0.8, 150}}},
    [PURCHASE_NBD] = {PURCHASE_NBD, {.bgnbd = {0.9, 60, NAN, NAN}}},
};
static const char *const forecast_names[] = {"bgnbd", "mbgnbd", "pnbd", "nbd"};

/* Gamma-Gamma p, q, gamma of what they spend. */
enum { FORECAST_JOIN_DAYS = 400, FORECAST_SEEN_DAYS = 700, FORECAST_DAYS = 1200, FORECAST_START = 19000 };
#define FORECAST_P 4.0
#define FORECAST_Q 5.0
#define FORECAST_GAMMA 60.0

/* Who joins on a day of 0 .. FORECAST_JOIN_DAYS - 1 and is watched until the first purchase after day seen (only_next), or
 * until FORECAST_DAYS.  Days that hold two purchases are one, which is rare and shifts little. */
static void forecast_add_customer(sqlite3_stmt *insert, const PurchaseLaw *law, int customer, int seen, bool only_next,
                                  uint64_t *seed) {
    const BgnbdParams *p = &law->as.bgnbd;
    bool counted = law->model == PURCHASE_BGNBD || law->model == PURCHASE_MBGNBD;
    double rate = law->model == PURCHASE_PNBD ? forecast_gamma(seed, law->as.pnbd.r) / law->as.pnbd.alpha
                                              : forecast_gamma(seed, p->r) / p->alpha;
    double drop = counted ? forecast_beta(seed, p->a, p->b) : 0;
    double scale = forecast_gamma(seed, FORECAST_Q) / FORECAST_GAMMA;
    double joined = floor(forecast_uniform(seed) * FORECAST_JOIN_DAYS), life = INFINITY;
    if (law->model == PURCHASE_PNBD)
        life = forecast_exponential(seed, forecast_gamma(seed, law->as.pnbd.s) / law->as.pnbd.beta);
    double at = 0, before = 0;
    for (int k = 0; at <= life && (only_next ? joined + ceil(before) <= seen && at < 1e5 : joined + at < FORECAST_DAYS); k++) {
        sqlite3_bind_int(insert, 1, customer);
        sqlite3_bind_int(insert, 2, FORECAST_START + (int)(joined + ceil(at)));
        sqlite3_bind_double(insert, 3, forecast_gamma(seed, FORECAST_P) / scale);
        ck_assert_int_eq(sqlite3_step(insert), SQLITE_DONE);
        sqlite3_reset(insert);
        if ((k > 0 || law->model == PURCHASE_MBGNBD) && forecast_uniform(seed) < drop) break;
        before = at;
        at += forecast_exponential(seed, rate);
    }
}

/* world(customer_id, order_date, amount): all that happens; orders: what was seen by the day 'seen'. */
static void forecast_make_shop(sqlite3 *db, const PurchaseLaw *law, int customers, int seen, bool only_next,
                               uint64_t seed) {
    sqlite3_stmt *insert = NULL;
    db_exec(db, "DROP VIEW IF EXISTS orders; DROP TABLE IF EXISTS world; CREATE TABLE world(customer_id, order_date, amount)");
    db_exec(db, "BEGIN");
    sqlite3_prepare_v2(db, "INSERT INTO world VALUES (?1, date('1970-01-01', '+' || ?2 || ' days'), ?3)", -1, &insert, NULL);
    for (int c = 0; c < customers; c++) forecast_add_customer(insert, law, c, seen, only_next, &seed);
    sqlite3_finalize(insert);
    db_exec(db, "COMMIT; CREATE VIEW orders AS SELECT * FROM world WHERE order_date <= date('1970-01-01', '+%d days')",
            FORECAST_START + seen);
}

/* ---- The time to the next purchase ---- */

static const struct {
    double x, tx, T;
} forecast_histories[] = {{0, 0, 0}, {0, 0, 300}, {1, 20, 21}, {3, 100, 400}, {12, 250, 260}, {150, 700, 720}};

START_TEST(p_never_is_the_end_of_no_purchase) {
    const PurchaseLaw *law = &forecast_laws[_i];
    for (int h = 0; h < COUNT(forecast_histories); h++) {
        double x = forecast_histories[h].x, tx = forecast_histories[h].tx, T = forecast_histories[h].T;
        double never = purchasenext_p_never(law, x, tx, T), late = purchase_p_no_purchase(law, x, tx, T, 1e17);
        double gone = 1 - purchase_p_alive(law, x, tx, T);
        ck_assert_double_eq_tol(never, late, 1e-9);
        ck_assert(never >= gone - 1e-12 && never < 1);
        if (law->model == PURCHASE_PNBD) ck_assert_double_gt(never, gone + 1e-6);
        else ck_assert_double_eq_tol(never, gone, 1e-12);
    }
}
END_TEST

/* The day is the first on which the share is reached. */
START_TEST(days_are_quantiles) {
    static const double shares[] = {0.001, 0.1, 0.5, 0.9, 0.99};
    const PurchaseLaw *law = &forecast_laws[_i];
    for (int i = 0; i < COUNT(forecast_histories) * COUNT(shares); i++) {
        double x = forecast_histories[i / COUNT(shares)].x, T = forecast_histories[i / COUNT(shares)].T;
        double share = shares[i % COUNT(shares)], tx = x > 0 ? T : 0;
        int32_t day = purchasenext_day(law, x, T, share, 10000000);
        double never = purchasenext_p_never(law, x, tx, T);
        ck_assert_int_ge(day, 1);
        double by = (1 - purchase_p_no_purchase(law, x, tx, T, day)) / (1 - never);
        double before = (1 - purchase_p_no_purchase(law, x, tx, T, day - 1)) / (1 - never);
        ck_assert_msg(by >= share - 1e-9 && before < share + 1e-9, "x %g, T %g: %g by day %d, not %g", x, T, by, day, share);
        ck_assert_int_eq(purchasenext_day(law, x, T, share, day), day);
        ck_assert_int_eq(purchasenext_day(law, x, T, share, day - 1), 0);
    }
}
END_TEST

/* Also where the share is reached on a whole day, but for rounding. */
START_TEST(days_are_quantiles_on_the_day) {
    const PurchaseLaw *law = &forecast_laws[_i];
    for (int i = 0; i < COUNT(forecast_histories); i++) {
        double x = forecast_histories[i].x, T = forecast_histories[i].T, tx = x > 0 ? T : 0;
        double never = purchasenext_p_never(law, x, tx, T);
        for (int day = 1; day <= 400; day++) {
            double share = (1 - purchase_p_no_purchase(law, x, tx, T, day)) / (1 - never);
            if (share > 0.999) break; /* a day more is lost in rounding */
            int32_t found = purchasenext_day(law, x, T, share, 10000000), last = purchasenext_day(law, x, T, share, day);
            ck_assert_msg(found == day || found == day + 1, "x %g, T %g: %d, not %d", x, T, (int)found, day);
            ck_assert_msg(last == day || last == 0, "x %g, T %g: %d of %d at most", x, T, (int)last, day);
        }
    }
}
END_TEST

/* Shares of those who come back that have done so by each date, and how many never come back. */
START_TEST(next_purchases_come_when_they_should) {
    sqlite3 *db = db_open(NULL);
    forecast_make_shop(db, &forecast_laws[_i], 2000, FORECAST_SEEN_DAYS, true, 11 + (uint64_t)_i);
    db_exec(db, "CREATE TABLE next AS SELECT n.*, as_of, (SELECT min(order_date) FROM world AS w WHERE w.customer_id ="
                " n.customer_id AND w.order_date > n.as_of) AS came FROM next_purchase('orders', %Q) AS n;"
                "CREATE INDEX by_customer ON next(customer_id)", forecast_names[_i]);
    db_expect(db, "SELECT count(*) FROM next WHERE NOT (date_p10 > as_of AND date_p10 <= expected_date AND coalesce("
                  "expected_date <= date_p90, 1) AND p_no_more BETWEEN 0 AND 1 AND days_overdue >= 0)", "0");
    double n = db_real(db, "SELECT count(*) FROM next"), back = db_real(db, "SELECT count(came) FROM next");
    double expected = db_real(db, "SELECT sum(1 - p_no_more) FROM next");
    double sd = sqrt(db_real(db, "SELECT sum(p_no_more * (1 - p_no_more)) FROM next") + n / 1000);
    ck_assert_msg(fabs(back - expected) < 4 * sd + 0.01 * n, "%s: %g came back, not %g +- %g", forecast_names[_i], back,
                  expected, sd);
    static const struct { const char *column; double share; } dates[] = {
        {"date_p10", 0.1}, {"expected_date", 0.5}, {"date_p90", 0.9}};
    for (int i = 0; i < COUNT(dates); i++) {
        double share = db_real(db, "SELECT avg(came <= coalesce(%s, '9999')) FROM next WHERE came NOT NULL", dates[i].column);
        double error = sqrt(dates[i].share * (1 - dates[i].share) / back);
        ck_assert_msg(fabs(share - dates[i].share) < 4 * error + 0.015, "%s: %g came by %s", forecast_names[_i], share,
                      dates[i].column);
    }
    db_close(db);
}
END_TEST

/* Neither the order of the rows, nor whole weeks, nor amounts change a date's distance. */
START_TEST(next_purchase_laws) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", (DbShop){.seed = 5, .n_customers = 150, .n_days = 500, .gap_days = 20, .refunds = true,
                                        .odd_ids = true});
    db_exec(db, "CREATE TABLE mixed AS SELECT * FROM orders ORDER BY abs(amount * 7919) %% 13, rowid DESC;"
                "CREATE VIEW later AS SELECT customer_id, date(order_date, '+2093 days') AS order_date, amount * 3 AS amount"
                " FROM orders");
    db_expect_same(db, "SELECT * FROM next_purchase('orders')", "SELECT * FROM next_purchase('mixed')");
    db_expect_same(db, "SELECT customer_id, p_no_more, julianday(expected_date), date_p90 FROM next_purchase('orders')",
                   "SELECT customer_id, p_no_more, julianday(expected_date) - 2093, date(date_p90, '-2093 days')"
                   " FROM next_purchase('later')");
    db_expect_same(db, "SELECT count(*) FROM next_purchase('orders')", "SELECT count(*) FROM clv('orders')");
    db_close(db);
}
END_TEST

/* ---- Contracts ---- */

/* The cohorts of Fader, Hardie (2007): 1000 each, seven renewals. */
static const char *const forecast_cohorts[] = {"sbg_regular_7y", "sbg_highend_7y"};

START_TEST(published_contracts) {
    Oracle *oracle = oracle_open(forecast_cohorts[_i]);
    if (!oracle) return;
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE c(a, b)");
    double n = oracle_number(oracle, "survivors");
    for (int t = 1; t <= 7; t++) n += oracle_number(oracle, "lost[%d]", t - 1);
    for (int i = 0, t = 1, left = 0; i < (int)n; i++) {
        for (; t <= 7 && left == 0; t++) left = (int)oracle_number(oracle, "lost[%d]", t - 1);
        if (left > 0) db_exec(db, "INSERT INTO c VALUES ('2001-03-01', date('2001-03-01', '+%d years', '-%d days'))", t - 1, i % 300);
        else db_exec(db, "INSERT INTO c VALUES ('2001-03-01', NULL)");
        left -= left > 0;
    }
    db_exec(db, "CREATE TABLE s AS SELECT * FROM subscription_survival('c', 'a', 'b', 'year', 5, 1) WHERE as_of = '2008-03-01'");
    for (int t = 1; t <= 12; t++) {
        double survival = db_real(db, "SELECT predicted FROM s WHERE period_index = %d", t);
        double retention = db_real(db, "SELECT retention_rate FROM s WHERE period_index = %d", t);
        ck_assert_double_eq_tol(survival, oracle_number(oracle, "survival[%d]", t - 1), 1e-7);
        ck_assert_double_eq_tol(retention, oracle_number(oracle, "retention[%d]", t - 1), 1e-7);
        if (t <= 7)
            ck_assert_double_eq_tol(db_real(db, "SELECT observed FROM s WHERE period_index = %d", t),
                                    oracle_number(oracle, "actual[%d]", t), 1e-12);
    }
    db_expect(db, "SELECT DISTINCT expected_lifetime FROM s", "1.0");
    db_expect(db, "SELECT max(at_risk), count(observed) FROM s", "1000|8");
    db_close(db);
    oracle_close(oracle);
}
END_TEST

/* Starts over two years; each renewal is made with a chance of the subscriber's own; ends on the day or within the period
 * before it. */
static void forecast_make_contracts(sqlite3 *db, int n, uint64_t seed) {
    db_exec(db, "CREATE TABLE subscriptions(started_on, ended_on)");
    db_exec(db, "BEGIN");
    for (int i = 0; i < n; i++) {
        double drop = forecast_beta(&seed, 0.8, 4);
        int start = (int)(forecast_uniform(&seed) * 700), months = 1;
        while (forecast_uniform(&seed) >= drop && months < 40) months++;
        db_exec(db, "INSERT INTO subscriptions SELECT s, CASE WHEN e <= '2024-06-30' THEN e WHEN %d %% 2 THEN '' END FROM (SELECT s,"
                " date(s, '+%d months', '-%d days') AS e FROM (SELECT date('2022-07-01', '+%d days') AS s))",
                i, months, i % 5 ? 0 : i % 28, start);
    }
    db_exec(db, "COMMIT; INSERT INTO subscriptions VALUES ('2024-06-30', NULL)");
}

static char *forecast_recipe(const char *path) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s is not here", path);
    char *text = calloc(1, 65536);
    ck_assert(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

/* Seen as sql/subscription_survival.sql sees them; whole weeks and the order of the rows change nothing. */
START_TEST(contracts_in_plain_sql) {
    sqlite3 *db = db_open(NULL);
    char *recipe = forecast_recipe("sql/subscription_survival.sql");
    forecast_make_contracts(db, 1 + 400 * _i, 77 + (uint64_t)_i);
    db_exec(db, "CREATE VIEW plain AS %s", recipe);
    db_expect(db, "SELECT count(*) > 0 FROM plain", "1");
    db_expect_same(db, "SELECT period_index, at_risk, lost, round(observed, 12) FROM subscription_survival('subscriptions',"
                       " 'started_on', 'ended_on', 'month', 0)",
                   "SELECT period_index, at_risk, lost, round(observed, 12) FROM plain");
    db_exec(db, "CREATE TABLE mixed AS SELECT * FROM subscriptions ORDER BY rowid * 7919 %% 1009;"
                "CREATE VIEW later AS SELECT date(started_on, '+70 days') AS started_on, date(ended_on, '+70 days') AS ended_on"
                " FROM subscriptions");
    db_expect_same(db, "SELECT * FROM subscription_survival('subscriptions', 'started_on', 'ended_on')",
                   "SELECT * FROM subscription_survival('mixed', 'started_on', 'ended_on')");
    db_expect_same(db, "SELECT * FROM subscription_survival('subscriptions', 'started_on', 'ended_on', '28 days')",
                   "SELECT * FROM subscription_survival('later', 'started_on', 'ended_on', '28 days')");
    db_expect(db, "SELECT * FROM subscription_survival('subscriptions', 'started_on', 'ended_on', 'week') WHERE NOT (observed BETWEEN"
                  " 0 AND 1 AND coalesce(ci_low <= observed AND observed <= ci_high, 1) AND lost <= at_risk) AND at_risk > 0 OR"
                  " predicted NOT BETWEEN 0 AND 1 OR expected_lifetime NOT BETWEEN 1 AND 60", "");
    free(recipe);
    db_close(db);
}
END_TEST

/* The law that made them comes out, though most are seen for a part of their lives only. */
START_TEST(contracts_show_their_law) {
    sqlite3 *db = db_open(NULL);
    forecast_make_contracts(db, 8000, 5);
    db_exec(db, "CREATE TABLE s AS SELECT * FROM subscription_survival('subscriptions', 'started_on', 'ended_on', 'month', 12)"
                " WHERE confidence = 0.999");
    SbgParams law = {0.8, 4};
    for (int t = 1; t <= 20; t++) {
        double true_survival = exp(sbg_log_survival(&law, t));
        ck_assert_double_eq_tol(db_real(db, "SELECT predicted FROM s WHERE period_index = %d", t), true_survival, 0.02);
        ck_assert_int_eq(db_int(db, "SELECT ci_low < %.17g AND %.17g < ci_high FROM s WHERE period_index = %d", true_survival,
                                true_survival, t), 1);
    }
    db_expect(db, "SELECT DISTINCT note FROM s", "NULL");
    db_close(db);
}
END_TEST

/* ---- Revenue ---- */

enum { FORECAST_SHOPS = 60, FORECAST_QUARTERS = 4 };

/* What existing customers bring in each of four quarters falls into the 90 % interval about as often, and beside the
 * expectation as often above as below. */
START_TEST(revenue_intervals_hold) {
    double held = 0, z_sum = 0, z_square = 0, n = 0;
    sqlite3 *db = db_open(NULL);
    for (int shop = 0; shop < FORECAST_SHOPS; shop++) {
        forecast_make_shop(db, &forecast_laws[_i], 400, FORECAST_SEEN_DAYS, false, 1000 * (uint64_t)_i + (uint64_t)shop + 1);
        db_exec(db, "CREATE TEMP TABLE known AS SELECT DISTINCT customer_id FROM orders;"
                    "CREATE TEMP TABLE f AS SELECT *, (SELECT total(amount) FROM world WHERE order_date BETWEEN period_start AND"
                    " period_end AND customer_id IN known) AS truth FROM revenue_forecast('orders', 4,"
                    " '90 days', %Q) WHERE confidence = 0.9", forecast_names[_i]);
        ck_assert_int_eq(db_int(db, "SELECT count(*) FROM f WHERE revenue_low <= revenue_existing AND revenue_existing <="
                                    " revenue_high"), FORECAST_QUARTERS);
        held += db_real(db, "SELECT sum(truth BETWEEN revenue_low AND revenue_high) FROM f");
        z_sum += db_real(db, "SELECT sum((truth - revenue_existing) / (revenue_high - revenue_existing)) FROM f");
        z_square += db_real(db, "SELECT sum((truth - revenue_existing) * (truth - revenue_existing) / (revenue_high -"
                                " revenue_existing) / (revenue_high - revenue_existing)) FROM f");
        n += FORECAST_QUARTERS;
        db_exec(db, "DROP TABLE f; DROP TABLE known");
    }
    db_close(db);
    double share = held / n, mean = 1.645 * z_sum / n, sd = 1.645 * sqrt(z_square / n);
    printf("%s: %g of %g in the 90 %% interval; z has mean %.2f, sd %.2f\n", forecast_names[_i], share, n, mean, sd);
    ck_assert_msg(share > 0.83 && share < 0.97, "%g in the interval", share);
    ck_assert_msg(fabs(mean) < 0.4 && sd < 1.35 && sd > 0.75, "z has mean %g, sd %g", mean, sd);
}
END_TEST

/* Days add up to the longer periods and to clv's horizon; new customers come at the rate of the recent months. */
START_TEST(forecasts_add_up) {
    sqlite3 *db = db_open(NULL);
    const char *model = forecast_names[_i];
    forecast_make_shop(db, &forecast_laws[_i], 500, 300, false, 31);
    double days = db_real(db, "SELECT sum(orders_existing) FROM revenue_forecast('orders', 90, 'day', %Q)", model);
    double blocks = db_real(db, "SELECT orders_existing FROM revenue_forecast('orders', 1, '90 days', %Q) WHERE as_of IN (SELECT"
                                " max(order_date) FROM orders)", model);
    double clv = db_real(db, "SELECT sum(expected_purchases) FROM clv('orders', 90, 0, 1, %Q)", model);
    ck_assert_double_eq_tol(days, clv, 1e-9 * clv);
    ck_assert_double_gt(blocks, 0);
    double money = db_real(db, "SELECT sum(revenue_existing) FROM revenue_forecast('orders', 90, 'day', %Q)", model);
    double worth = db_real(db, "SELECT sum(predicted_clv) FROM clv('orders', 90, 0, 1, %Q)", model);
    ck_assert_double_eq_tol(money, worth, 1e-9 * worth);
    db_expect(db, "SELECT period_start FROM (SELECT *, lag(period_end) OVER () AS before FROM revenue_forecast('orders', 30, 'month'))"
                  " WHERE julianday(period_end) - julianday(period_start) + 1 <> days OR date(before, '+1 day') <> period_start OR"
                  " before IS NOT NULL AND date(period_end, '+1 day', '-1 month') <> period_start", "");
    db_expect(db, "SELECT abs(revenue_existing + revenue_new - revenue_total) > 1e-9, orders_new >= customers_new, count(*) FROM"
                  " revenue_forecast('orders') GROUP BY 1, 2", "0|1|12");
    double joined = db_real(db, "SELECT count(*) / 92.0 FROM (SELECT min(order_date) AS d FROM orders GROUP BY customer_id) WHERE d >="
                                " '2022-08-01' AND d < '2022-11-01'");
    double rate = db_real(db, "SELECT customers_new / days FROM revenue_forecast('orders', 1, 'month', %Q, 3) WHERE as_of ="
                              " '2022-11-05'", model);
    ck_assert_double_eq_tol(rate, joined, 1e-12);
    db_exec(db, "CREATE TABLE mixed AS SELECT * FROM orders ORDER BY abs(amount * 7919) - round(abs(amount * 7919))");
    db_expect_same(db, "SELECT * FROM revenue_forecast('orders')", "SELECT * FROM revenue_forecast('mixed')");
    db_close(db);
}
END_TEST

/* The variance of a stretch against the law's own chances, simulated. */
START_TEST(windows_have_their_moments) {
    const PurchaseLaw *law = &forecast_laws[_i];
    sqlite3 *db = db_open(NULL);
    forecast_make_shop(db, law, 20000, 1, false, 7);
    const int from = 100, to = 300; /* after the first purchase */
    db_exec(db, "CREATE TABLE c AS SELECT sum(order_date > date(first, '+%d days') AND order_date <= date(first, '+%d days')) AS n"
                " FROM (SELECT *, min(order_date) OVER (PARTITION BY customer_id) AS first FROM world) GROUP BY customer_id",
            from, to);
    double alive = purchase_p_alive(law, 0, 0, 0);
    PurchaseWindow windows[2], both;
    double parts[2], ends[2] = {from, to};
    purchasewindow_if_alive(law, 0, 0, 2, ends, windows);
    purchasewindow_if_alive(law, 0, 0, 1, &ends[1], &both);
    PurchaseWindow first = windows[0], window = windows[1];
    double mean = db_real(db, "SELECT avg(n) FROM c"), pairs = db_real(db, "SELECT avg(n * (n - 1)) FROM c");
    double mean_error = sqrt((pairs + mean - mean * mean) / 20000);
    double pairs_error = sqrt(db_real(db, "SELECT avg(1.0 * n * n * (n - 1) * (n - 1)) FROM c") / 20000);
    ck_assert_double_eq_tol(mean, alive * window.expected, 4 * mean_error + 0.01 * mean);
    ck_assert_double_eq_tol(pairs, alive * window.pairs, 4 * pairs_error + 0.02 * pairs);
    purchasewindow_expect(law, 0, 0, 2, ends, parts);
    ck_assert_double_eq_tol(first.expected + window.expected, both.expected, 1e-12 * both.expected);
    ck_assert(parts[0] == first.expected && fabs(parts[1] - window.expected) < 1e-12);
    db_close(db);
}
END_TEST

/* Of many windows the counts are interpolated: the same as two by two, where they are not. */
START_TEST(many_windows_are_as_few) {
    enum { N = 400 };
    static const double customers[][2] = {{0, 0}, {0, 700}, {1, 5}, {3, 400}, {40, 900}, {600, 1400}};
    const PurchaseLaw *law = &forecast_laws[_i];
    static double ends[N], many[N];
    static PurchaseWindow windows[N];
    windows[0].expected = many[0] = -1;
    purchasewindow_if_alive(law, 0, 0, 0, ends, windows);
    purchasewindow_expect(law, 0, 0, 0, ends, many);
    ck_assert(windows[0].expected == -1 && many[0] == -1);
    for (int reach = 1; reach <= 64; reach *= 8)
        for (int c = 0; c < COUNT(customers); c++) {
            double x = customers[c][0], T = customers[c][1];
            for (int k = 0; k < N; k++) ends[k] = reach * (k + 1);
            purchasewindow_if_alive(law, x, T, N, ends, windows);
            purchasewindow_expect(law, x, T, N, ends, many);
            for (int k = 1; k < N; k += 19) {
                PurchaseWindow few[2];
                purchasewindow_if_alive(law, x, T, 2, ends + k - 1, few);
                double scale = 1e-10 * purchase_if_alive(law, x + 1, T, ends[N - 1], 0).expected;
                ck_assert_double_eq_tol(windows[k].expected, few[1].expected, scale);
                ck_assert_double_eq_tol(many[k], few[1].expected, scale);
                ck_assert_double_eq_tol(windows[k].pairs, few[1].pairs, scale * reach * purchase_rate(law, x, T) * 2 + 1e-13);
            }
        }
}
END_TEST

/* A spend may have a mean and yet no variance, or neither, and then says none. */
START_TEST(spends_have_the_moments_they_have) {
    const GammagammaParams g = {.p = 2, .q = 1.5, .gamma = 10}, heavy = {.p = 2, .q = 0.5, .gamma = 10};
    ck_assert(isnan(purchasewindow_spend(&heavy, 0, 0).mean) && isnan(purchasewindow_spend(&heavy, 0, 0).square));
    PurchaseSpend none = purchasewindow_spend(&g, 0, 0), more = purchasewindow_spend(&g, 1, 20);
    ck_assert(none.mean == 40 && isnan(none.square) && isnan(none.product)); /* p gamma / (q - 1) */
    ck_assert(more.mean == 24);                                              /* 2 * (10 + 20) / 2.5 */
    ck_assert_double_eq_tol(more.product, 4 * 900 / (2.5 * 1.5), 1e-9);
}
END_TEST

/* A period that has only begun shows nobody's joining; what there is to say of the model is said too. */
START_TEST(notes_are_both_shown) {
    static const char none[] = "no complete period shows how many customers join";
    for (int i = 0; i < 2; i++) {
        sqlite3 *db = db_open(NULL);
        forecast_make_shop(db, &forecast_laws[0], i ? 900 : 120, 390, false, 31);
        char *note = db_rows(db, "SELECT DISTINCT note FROM revenue_forecast('orders', 2, '400 days', 'bgnbd')");
        if (i) ck_assert_str_eq(note, none);
        else ck_assert_msg(strstr(note, "few_repeat_customers") && strstr(note, "; ") && strstr(note, none), "%s", note);
        free(note);
        db_close(db);
    }
}
END_TEST

/* Scores are the derivatives of the log-likelihood, which for the NBD is in no other header. */
START_TEST(scores_are_slopes) {
    const PurchaseLaw *law = &forecast_laws[_i];
    const double x = 4, tx = 90, T = 200, h = 1e-5;
    double score[PURCHASEWINDOW_PARAMS_MAX];
    purchasewindow_score(law, x, tx, T, score);
    for (int j = 0; j < purchasewindow_n_params(law); j++) {
        double side[2];
        for (int k = 0; k < 2; k++) {
            PurchaseLaw near = purchasewindow_scaled(law, j, exp(k ? h : -h));
            double r = near.as.bgnbd.r, alpha = near.as.bgnbd.alpha;
            side[k] = law->model == PURCHASE_PNBD ? pnbd_loglik(&near.as.pnbd, x, tx, T, NULL)
                      : law->model == PURCHASE_NBD
                          ? lgamma(r + x) - lgamma(r) + r * log(alpha) - (r + x) * log(alpha + T)
                          : bgnbd_loglik(law->model == PURCHASE_BGNBD ? BGNBD_BG : BGNBD_MBG, &near.as.bgnbd, x, tx, T, NULL);
        }
        ck_assert_double_eq_tol(score[j], (side[1] - side[0]) / (2 * h), 1e-6 * (1 + fabs(score[j])));
    }
}
END_TEST

/* ---- An outlook, buyer by buyer ---- */

enum { OUTLOOK_BUYERS = 9, OUTLOOK_PERIODS = 3 };
static int32_t outlook_x[] = {0, 3, 3, 1, 5, 3, 2, 3, 0}, outlook_tx[] = {0, 60, 60, 20, 190, 80, 100, 60, 0};
static int32_t outlook_age[] = {50, 100, 100, 100, 200, 100, 180, 100, 50};
static double outlook_m[] = {NAN, 20, 35, 0.5, 60, 0, 12, 20, NAN};
static const double outlook_to[] = {30, 61, 91.5};
static const double outlook_squares = (7.0 * 7 + 9 * 9 + 11 * 11) / 3; /* purchases after the first */

static double outlook_mean(const Predictor *predictor, const GammagammaParams *spend, int i) {
    double mean = predictor->has_spend ? gammagamma_expected_spend(spend, outlook_x[i], outlook_m[i]) : (double)NAN;
    return isnan(mean) ? predictor->mean_spend : mean;
}

static double outlook_orders(const PurchaseLaw *law, int i, int k) {
    double before = k ? purchase_if_alive(law, outlook_x[i], outlook_age[i], outlook_to[k - 1], 0).expected : 0;
    return purchase_p_alive(law, outlook_x[i], outlook_tx[i], outlook_age[i]) *
           (purchase_if_alive(law, outlook_x[i], outlook_age[i], outlook_to[k], 0).expected - before);
}

static double outlook_revenue(const Predictor *predictor, const PurchaseLaw *law, const GammagammaParams *spend, int k) {
    double sum = 0;
    for (int i = 0; i < OUTLOOK_BUYERS; i++) sum += outlook_orders(law, i, k) * outlook_mean(predictor, spend, i);
    return sum;
}

/* slope' M^-1 slope by elimination. */
static double outlook_form(int n, double M[4][4], const double *slope) {
    double right[4], sum = 0;
    memcpy(right, slope, sizeof(right));
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            double factor = M[j][i] / M[i][i];
            for (int l = 0; l < n; l++) M[j][l] -= factor * M[i][l];
            right[j] -= factor * right[i];
        }
    for (int i = n - 1; i >= 0; i--) {
        for (int j = i + 1; j < n; j++) right[i] -= M[i][j] * right[j];
        right[i] /= M[i][i];
        sum += right[i] * slope[i];
    }
    return sum;
}

static double outlook_doubt(const Predictor *predictor, int k, bool of_spend) {
    const PurchaseLaw *law = &predictor->purchases.law;
    const GammagammaParams *g = &predictor->spend.params;
    int n = of_spend ? 3 : purchasewindow_n_params(law);
    double M[4][4] = {{0}}, slope[4] = {0}, score[4];
    for (int i = 0; i < OUTLOOK_BUYERS; i++) {
        if (!of_spend) purchasewindow_score(law, outlook_x[i], outlook_tx[i], outlook_age[i], score);
        else if (!(outlook_m[i] > 0)) continue;
        else gammagamma_loglik(g, outlook_x[i], outlook_m[i], score);
        for (int a = 0; a < n; a++)
            for (int b = 0; b < n; b++) {
                double unit = of_spend ? (&g->p)[a] * (&g->p)[b] : 1;
                M[a][b] += score[a] * score[b] * unit;
            }
    }
    for (int a = 0; a < n; a++) {
        double side[2];
        M[a][a] += 1.0 / 9;
        for (int up = 0; up < 2; up++) {
            double factor = exp(up ? 1e-3 : -1e-3);
            GammagammaParams spend = *g;
            if (of_spend) (&spend.p)[a] *= factor;
            PurchaseLaw near = of_spend ? *law : purchasewindow_scaled(law, a, factor);
            side[up] = outlook_revenue(predictor, &near, &spend, k);
        }
        slope[a] = (side[1] - side[0]) / 2e-3;
    }
    return outlook_form(n, M, slope);
}

static void outlook_expect(double got, double want, const char *what, int k) {
    if (!(fabs(got - want) <= 1e-8 * fabs(want))) ck_abort_msg("%s of period %d is %.12g, not %.12g", what, k, got, want);
}

/* Spend laws with all moments, without variances for who bought once, without means for them, and none. */
static const GammagammaParams outlook_spends[] = {{6, 4, 15}, {2, 1.5, 30}, {3, 0.8, 10}, {NAN, NAN, NAN}};

START_TEST(an_outlook_is_that_of_each_buyer) {
    static uint32_t first[] = {0, 3, 4, 6};
    static double amounts[] = {5, 7, 9, 100, 3, 11};
    static Day days[] = {1, 2, 3, 1, 4, 5};
    BookPage page = {.first = first, .days = days, .amounts = amounts};
    const Book book = {.n_customers = 3, .has_amounts = true, .pages = &page};
    Buyers buyers = {.n = OUTLOOK_BUYERS, .n_repeat = 7, .frequency = outlook_x, .recency = outlook_tx, .age = outlook_age,
                     .monetary_value = outlook_m};
    const Predictor predictor = {.purchases = {.law = forecast_laws[_i % PURCHASE_MODELS]}, .has_purchases = true,
                                 .spend = {.params = outlook_spends[_i / PURCHASE_MODELS]},
                                 .has_spend = _i / PURCHASE_MODELS < 3, .mean_spend = _i / PURCHASE_MODELS == 3 ? 7.5 : 22};
    const PurchaseLaw *law = &predictor.purchases.law;
    const GammagammaParams *g = &predictor.spend.params;
    Outlook got[OUTLOOK_PERIODS];
    Err err = {0};
    outlook_run(&predictor, &book, &buyers, OUTLOOK_PERIODS, outlook_to, got, &err, NULL);
    ck_assert_int_eq(err.rc, SQLITE_OK);
    for (int k = 0; k < OUTLOOK_PERIODS; k++) {
        double orders = 0, chance = 0;
        for (int i = 0; i < OUTLOOK_BUYERS; i++) {
            double p = purchase_p_alive(law, outlook_x[i], outlook_tx[i], outlook_age[i]), mean = outlook_mean(&predictor, g, i);
            PurchaseWindow windows[OUTLOOK_PERIODS], window;
            purchasewindow_if_alive(law, outlook_x[i], outlook_age[i], OUTLOOK_PERIODS, outlook_to, windows);
            window = windows[k];
            PurchaseSpend spend = purchasewindow_spend(g, outlook_x[i], outlook_m[i]);
            if (!predictor.has_spend || isnan(spend.square))
                spend = (PurchaseSpend){.square = fmax(outlook_squares, mean * mean), .product = mean * mean};
            orders += p * window.expected;
            chance += p * (window.expected * spend.square + window.pairs * spend.product) -
                      pow(p * window.expected * mean, 2);
        }
        outlook_expect(got[k].orders, orders, "orders", k);
        outlook_expect(got[k].revenue, outlook_revenue(&predictor, law, g, k), "revenue", k);
        outlook_expect(got[k].chance, chance, "chance", k);
        outlook_expect(got[k].doubt, outlook_doubt(&predictor, k, false) + (predictor.has_spend ? outlook_doubt(&predictor, k, true) : 0),
                       "doubt", k);
    }
}
END_TEST

static bool outlook_stop(void *context) {
    return --*(int *)context < 0;
}

START_TEST(an_outlook_can_be_stopped) {
    static uint32_t first[] = {0, 0};
    BookPage page = {.first = first};
    const Book book = {.n_customers = 1, .pages = &page};
    Buyers buyers = {.n = OUTLOOK_BUYERS, .frequency = outlook_x, .recency = outlook_tx, .age = outlook_age,
                     .monetary_value = outlook_m};
    const Predictor predictor = {.purchases = {.law = forecast_laws[0]}, .has_purchases = true, .mean_spend = 1};
    for (int after = 0; after < 20; after++) {
        int left = after;
        Outlook got[OUTLOOK_PERIODS];
        Err err = {0};
        outlook_run(&predictor, &book, &buyers, OUTLOOK_PERIODS, outlook_to, got, &err, &(Poll){outlook_stop, &left});
        ck_assert_int_eq(err.rc, left < 0 ? SQLITE_INTERRUPT : SQLITE_OK);
        ck_assert_int_ge(left, -1);
        ck_assert(left < 0 || after > 3); /* once for each frequency and age */
        err_clear(&err);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("forecast");
    TCase *revenue = tcase_create("revenue");
    tcase_set_timeout(revenue, 240);
    tcase_add_loop_test(revenue, scores_are_slopes, 0, PURCHASE_MODELS);
    tcase_add_loop_test(revenue, windows_have_their_moments, 0, PURCHASE_MODELS);
    tcase_add_loop_test(revenue, many_windows_are_as_few, 0, PURCHASE_MODELS);
    tcase_add_test(revenue, spends_have_the_moments_they_have);
    tcase_add_test(revenue, notes_are_both_shown);
    tcase_add_loop_test(revenue, forecasts_add_up, 0, PURCHASE_MODELS);
    tcase_add_loop_test(revenue, revenue_intervals_hold, 0, PURCHASE_MODELS);
    tcase_add_loop_test(revenue, an_outlook_is_that_of_each_buyer, 0, PURCHASE_MODELS * COUNT(outlook_spends));
    tcase_add_test(revenue, an_outlook_can_be_stopped);
    suite_add_tcase(suite, revenue);
    TCase *contracts = tcase_create("contracts");
    tcase_set_timeout(contracts, 120);
    tcase_add_loop_test(contracts, published_contracts, 0, COUNT(forecast_cohorts));
    tcase_add_loop_test(contracts, contracts_in_plain_sql, 0, 3);
    tcase_add_test(contracts, contracts_show_their_law);
    suite_add_tcase(suite, contracts);
    TCase *next = tcase_create("next purchase");
    tcase_set_timeout(next, 120);
    tcase_add_loop_test(next, p_never_is_the_end_of_no_purchase, 0, PURCHASE_MODELS);
    tcase_add_loop_test(next, days_are_quantiles, 0, PURCHASE_MODELS);
    tcase_add_loop_test(next, days_are_quantiles_on_the_day, 0, PURCHASE_MODELS);
    tcase_add_loop_test(next, next_purchases_come_when_they_should, 0, PURCHASE_MODELS);
    tcase_add_test(next, next_purchase_laws);
    suite_add_tcase(suite, next);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
