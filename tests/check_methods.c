/* check_methods.c - ways to predict, the choice among them and their backtests: reference figures, what must hold for any
 * shop, and that nothing later than the split is seen.
 */
#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/lawfit.h"
#include "data/methods.h"
#include "data/predictor.h"
#include "data/shopview.h"
#include "db.h"
#include "model/rfmgroup.h"
#include "oracle.h"
#include "stat/correlation.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const DbShop methods_shops[] = {
    {.seed = 11, .n_customers = 300, .n_days = 400, .gap_days = 25, .refunds = true},
    {.seed = 12, .n_customers = 150, .n_days = 700, .gap_days = 60, .odd_ids = true},
    {.seed = 14, .n_customers = 80, .n_days = 260, .gap_days = 20},
};

/* The last day of a shop, and the day before its last n days. */
static const char *methods_day(sqlite3 *db, int back) {
    static char day[2][16];
    static int turn;
    char *text = db_rows(db, "SELECT date(max(substr(order_date, 1, 10)), '-%d days') FROM orders", back);
    snprintf(day[turn = !turn], sizeof(day[0]), "%.10s", text);
    free(text);
    return day[turn];
}

static sqlite3 *methods_open_shop(int shop) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", methods_shops[shop]);
    return db;
}

static bool methods_import(sqlite3 *db, const char *name, const char *date) {
    if (!db_import(db, "imported", name)) return false;
    db_exec(db, "CREATE TABLE orders AS SELECT customer_id, %s AS order_date, CAST(amount AS REAL) AS amount FROM imported",
            date);
    return true;
}

/* The statement, written with sqlite3_mprintf's rules, must give these rows. */
static void methods_expect(sqlite3 *db, const char *rows, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *ask = sqlite3_vmprintf(format, args);
    va_end(args);
    db_expect(db, ask, rows);
    sqlite3_free(ask);
}

/* ---- Reference figures ---- */

static void expect_near(double got, double want, double tolerance, const char *what) {
    ck_assert_msg(fabs(got - want) <= tolerance, "%s: %.10g, not %.10g", what, got, want);
}

/* CDNOW, 39 weeks and 39 weeks: the fits of others on the same split. */
START_TEST(cdnow_is_that_of_the_oracle) {
    static const char *const models[][2] = {{"bgnbd", "BGNBD"}, {"mbgnbd", "MBGNBD"}, {"pnbd", "PNBD"}, {"nbd", "NBD"}};
    sqlite3 *db = db_open(NULL);
    Oracle *oracle = oracle_open("holdout_cdnow_sample");
    if (oracle && methods_import(db, "cdnow_sample", "date")) {
        db_exec(db, "CREATE TABLE b AS SELECT * FROM churn_backtest('orders', 273);"
                    "CREATE TABLE v AS SELECT * FROM clv_backtest('orders', 273) WHERE target = 'purchases'");
        ck_assert_int_eq(db_int(db, "SELECT sum(customers = %d AND bought = %d AND new_customers = 0) FROM b",
                                (int)oracle_number(oracle, "n"), (int)oracle_number(oracle, "buyers")), METHODS_COUNT);
        for (int i = 0; i < COUNT(models); i++) {
            const char *ours = models[i][0], *theirs = models[i][1];
            static const char *const scores[][2] = {{"auc", "AUC"}, {"brier", "Brier"}, {"log_loss", "logloss"},
                                                    {"precision_top10", "churn_precision_top_decile"}};
            /* the oracle's logarithms are not kept from 0, and its tenth is 236 of 235.7 */
            static const double slack[] = {2e-5, 2e-5, 3e-4, 0.005};
            static const char *const sizes[][2] = {{"mae", "MAE"}, {"rmse", "RMSE"}, {"total_predicted", "total_pred"}};
            for (int k = 0; k < COUNT(scores); k++)
                expect_near(db_real(db, "SELECT %s FROM b WHERE method = %Q", scores[k][0], ours),
                            oracle_number(oracle, "models.%s.%s", theirs, scores[k][1]),
                            slack[k], scores[k][0]);
            for (int k = 0; k < COUNT(sizes); k++) {
                double want = oracle_number(oracle, "models.%s.%s", theirs, sizes[k][1]);
                expect_near(db_real(db, "SELECT %s FROM v WHERE model = %Q", sizes[k][0], ours), want, 1e-5 * want,
                            sizes[k][0]);
            }
        }
        /* theirs are in weeks, where some ties differ by rounding */
        expect_near(db_real(db, "SELECT auc FROM b WHERE method = 'days_since_last'"), 0.7714352128578069, 2e-5, "silence");
        expect_near(db_real(db, "SELECT auc FROM b WHERE method = 'frequency'"), 0.7576271571536932, 2e-5, "frequency");
        expect_near(db_real(db, "SELECT total_actual FROM v LIMIT 1"), oracle_number(oracle, "holdout_purchases"), 0, "actual");
    }
    if (oracle) oracle_close(oracle);
    db_close(db);
}
END_TEST

/* The promise of auto, where it is to be kept; bench/quality.sh prints all of it. */
START_TEST(auto_is_as_good_as_the_best) {
    static const struct {
        const char *file, *date;
        int holdout;
    } cases[] = {{"cdnow_sample", "date", 273}, {"uci_online_retail_orders", "ts", 90}, {"northwind_orders", "ts", 90}};
    sqlite3 *db = db_open(NULL);
    if (methods_import(db, cases[_i].file, cases[_i].date)) {
        db_exec(db, "CREATE TABLE b AS SELECT * FROM churn_backtest('orders', %d)", cases[_i].holdout);
        db_expect(db, "SELECT a.auc >= max(b.auc) - 0.005, a.brier <= max(CASE b.method WHEN 'base_rate' THEN b.brier END),"
                      " a.customers < 500 OR a.calibration_slope BETWEEN 0.8 AND 1.25"
                      " FROM b AS a JOIN b ON b.method NOT IN ('auto', 'classifier', 'blend') WHERE a.method = 'auto'", "1|1|1");
    }
    db_close(db);
}
END_TEST

START_TEST(uci_shows_nobody_leaving) {
    sqlite3 *db = db_open(NULL);
    if (methods_import(db, "uci_online_retail_orders", "ts")) {
        db_expect(db, "SELECT DISTINCT model FROM clv_model('orders') WHERE warning LIKE '%no_attrition%'", "bgnbd\nmbgnbd\npnbd");
        db_expect(db, "SELECT a.auc > d.auc FROM churn_backtest('orders') AS a, churn_backtest('orders') AS d"
                      " WHERE a.method = 'auto' AND d.method = 'days_since_last'", "1");
    }
    db_close(db);
}
END_TEST

/* What a shop owner reads there who asks for a BG/NBD, and who lets auto choose. */
START_TEST(uci_rows_carry_the_warning) {
    static const char *const reports[] = {"churn_candidates('orders', 90, 0)", "clv('orders')", "next_purchase('orders')",
                                          "revenue_forecast('orders')"};
    sqlite3 *db = db_open(NULL);
    if (methods_import(db, "uci_online_retail_orders", "ts")) {
        for (int i = 0; i < COUNT(reports); i++)
            methods_expect(db, "1|1", "SELECT min(coalesce(note, '') LIKE 'no_attrition: %%'), count(DISTINCT note) FROM %s"
                           " WHERE model = 'bgnbd'", reports[i]);
        db_expect(db, "SELECT min(warning = 'no_attrition') FROM clv_model('orders', 'bgnbd')", "1");
        db_expect(db, "SELECT count(DISTINCT note), min(note LIKE 'auto: %'), max(note LIKE '%days_since_last,%') FROM"
                      " churn_candidates('orders', 90, 0, 'auto')", "1|1|0");
    }
    db_close(db);
}
END_TEST

/* ---- Too few customers ---- */

/* With twenty customers, whatever they did, every row has the note and none has a figure of a model. */
static const struct {
    const char *call, *figures; /* of the figures at least one would be there */
    bool takes_model;
} methods_few[] = {
    {"churn_candidates('orders', 90, 0)", "churn_probability, ci_low, ci_high, p_alive, value_at_risk, risk_band", true},
    {"churn_candidates('orders')", "churn_probability, p_alive, value_at_risk, risk_band", true},
    {"clv('orders')", "predicted_clv, clv_low, clv_high, p_alive, expected_purchases, expected_spend", true},
    {"next_purchase('orders')", "p_no_more, expected_date, date_p10, date_p90", true},
    {"revenue_forecast('orders')",
     "orders_existing, revenue_existing, revenue_low, revenue_high, revenue_new, revenue_total", true},
    {"churn_calibration('orders')", "bin, predicted", true},
    {"(SELECT * FROM churn_backtest('orders') WHERE method NOT IN ('days_since_last', 'own_gap', 'six_months', 'frequency'))",
     "auc, ci_low, ci_high, brier, log_loss, lift_top10, precision_top10, calibration_slope", false},
    {"(SELECT * FROM churn_backtest('orders') WHERE method IN ('days_since_last', 'own_gap', 'six_months', 'frequency'))",
     "brier, log_loss, calibration_slope", false},
    {"(SELECT * FROM clv_backtest('orders') WHERE model NOT LIKE 'same_as_%%')",
     "mae, rmse, bias, total_predicted, rank_correlation", false},
    {"(SELECT *, reason AS note FROM clv_model('orders'))", "parameter, value, std_error, log_likelihood, aic, bic, log_score",
     false},
    {"(SELECT *, reason AS note FROM clv_model('orders', 'auto'))", "parameter, value, std_error, log_likelihood", false},
};

START_TEST(twenty_customers_get_a_note) {
    static const char *const models[] = {"", " WHERE model = 'auto'", " WHERE model = 'bgnbd'", " WHERE model = 'pnbd'"};
    for (uint64_t shop = 0; shop < 4; shop++) {
        sqlite3 *db = db_open(NULL);
        db_make_shop(db, "orders", (DbShop){.seed = 100 + shop, .n_customers = 20, .n_days = 300 + 200 * (int)shop,
                                            .gap_days = 10 + 15 * (int)shop});
        for (int m = 0; m < COUNT(models) && (m == 0 || methods_few[_i].takes_model); m++)
            methods_expect(db, "1|1", "SELECT count(*) > 0, min(note LIKE 'too little to %%' AND coalesce(%s, NULL) IS NULL)"
                           " FROM %s%s", methods_few[_i].figures, methods_few[_i].call, models[m]);
        db_close(db);
    }
}
END_TEST

/* ---- auto is the model that it names ---- */

START_TEST(auto_is_the_model_it_names) {
    static const char *const reports[][3] = {
        {"next_purchase('orders')", "customer_id, p_no_more, expected_date, date_p10, date_p90", "90"},
        {"revenue_forecast('orders', 3)", "orders_existing, revenue_existing, revenue_low, revenue_high, revenue_total", "92"},
        {"clv('orders')", "customer_id, predicted_clv, clv_low, clv_high", "365"}};
    sqlite3 *db = methods_open_shop(_i % COUNT(methods_shops));
    const char *const *report = reports[_i / COUNT(methods_shops)];
    const char *chosen = "(SELECT model FROM clv_model('orders', 'auto', %s) WHERE chosen)";
    char *of = sqlite3_mprintf(chosen, report[2]);
    if (_i / COUNT(methods_shops) != 1) /* a forecast looks to the end of its last period */
        methods_expect(db, "1", "SELECT min(instr(note, 'auto: ' || %s)) > 0 FROM %s WHERE model = 'auto'",
                       of, report[0]);
    methods_expect(db, "0|1", "WITH said AS (SELECT DISTINCT substr(substr(note, instr(note, 'auto: ') + 6), 1,"
                   " instr(substr(note, instr(note, 'auto: ') + 6), ',') - 1) AS model FROM %s WHERE model = 'auto')"
                   " SELECT (SELECT count(*) FROM (SELECT %s FROM %s WHERE model = 'auto' EXCEPT SELECT %s FROM said, %s AS r"
                   " WHERE r.model = said.model)), (SELECT count(*) FROM said)", report[0], report[1], report[0], report[1],
                   report[0]);
    sqlite3_free(of);
    db_close(db);
}
END_TEST

/* ---- The backtest is what the reports would have said ---- */

/* AUC over all pairs, Brier and the mean per bin, from churn_candidates as of the split. */
START_TEST(churn_backtest_scores_churn_candidates) {
    static const char *const models[] = {"bgnbd", "mbgnbd", "pnbd", "nbd", "classifier", "blend", "auto"};
    sqlite3 *db = methods_open_shop(_i);
    int holdout = 50;
    db_exec(db, "CREATE TABLE day AS SELECT substr(order_date, 1, 10) AS d, customer_id AS c FROM orders WHERE customer_id <> ''"
                " GROUP BY 1, 2 HAVING sum(amount) > 1e-9 * sum(abs(amount)) OR sum(abs(amount)) = 0");
    db_exec(db, "CREATE TABLE later AS SELECT c FROM day WHERE d > %Q", methods_day(db, holdout));
    for (int i = 0; i < COUNT(models); i++) {
        db_exec(db, "CREATE TEMP TABLE p AS SELECT customer_id, churn_probability AS p, customer_id NOT IN later AS gone"
                    " FROM churn_candidates('orders', %d, 0, %Q) WHERE as_of = %Q", holdout, models[i],
                methods_day(db, holdout));
        db_exec(db, "CREATE TEMP TABLE b AS SELECT * FROM churn_backtest('orders', %d) WHERE method = %Q", holdout, models[i]);
        db_expect(db, "SELECT b.customers = (SELECT count(*) FROM p), b.bought = (SELECT sum(NOT gone) FROM p) FROM b", "1|1");
        db_expect(db, "SELECT (b.auc IS NULL AND e.auc IS NULL) OR abs(b.auc - e.auc) < 1e-12 FROM b, (SELECT"
                      " avg((x.p > y.p) + 0.5 * (x.p = y.p)) AS auc FROM p AS x JOIN p AS y ON x.gone AND NOT y.gone) AS e", "1");
        db_expect(db, "SELECT (b.brier IS NULL AND e.brier IS NULL) OR abs(b.brier - e.brier) < 1e-12 FROM b,"
                      " (SELECT avg((p - gone) * (p - gone)) AS brier FROM p) AS e", "1");
        methods_expect(db, "1|1",
                       "SELECT total(predicted * customers) - (SELECT total(p) FROM p) BETWEEN -1e-9 AND 1e-9,"
                       " total(actual * customers) - (SELECT sum(gone) FROM p) BETWEEN -1e-9 AND 1e-9"
                       " FROM churn_calibration('orders', %d, %Q)", holdout, models[i]);
        db_exec(db, "DROP TABLE temp.p; DROP TABLE temp.b");
    }
    db_close(db);
}
END_TEST

START_TEST(clv_backtest_scores_clv) {
    static const char *const models[] = {"bgnbd", "mbgnbd", "pnbd", "nbd", "auto"};
    sqlite3 *db = methods_open_shop(_i);
    for (int i = 0; i < COUNT(models); i++) {
        methods_expect(
            db, "2|0",
            "SELECT count(*), sum(coalesce(abs(b.total_predicted - CASE target WHEN 'value' THEN value ELSE purchases END)"
            " > 1e-8 * b.total_predicted, value IS NOT NULL)) FROM clv_backtest('orders', 40) AS b, (SELECT"
            " sum(predicted_clv) AS value, sum(expected_purchases) AS purchases FROM clv('orders', 40, 0) WHERE model = %Q AND"
            " as_of = %Q) WHERE b.model = %Q", models[i], methods_day(db, 40), models[i]);
    }
    /* the same as before, in plain SQL */
    db_exec(db, "CREATE TABLE day AS SELECT julianday(substr(order_date, 1, 10)) AS d, customer_id AS c, sum(amount) AS amount"
                " FROM orders WHERE customer_id <> '' GROUP BY 1, 2 HAVING sum(amount) > 1e-9 * sum(abs(amount)) OR"
                " sum(abs(amount)) = 0; CREATE TABLE split AS SELECT julianday(%Q) AS s", methods_day(db, 40));
    db_expect(db, "WITH t AS (SELECT c, total(CASE WHEN d > s THEN amount END) AS actual, total(CASE WHEN d <= s AND d > s - 40"
                  " THEN amount END) AS before FROM day, split GROUP BY c HAVING min(d) <= s)"
                  " SELECT b.customers = count(*), abs(b.mae - avg(abs(before - actual))) < 1e-9,"
                  " abs(b.rmse * b.rmse - avg((before - actual) * (before - actual))) < 1e-6,"
                  " abs(b.bias - avg(before - actual)) < 1e-9, abs(b.total_actual - sum(actual)) < 1e-6"
                  " FROM t, clv_backtest('orders', 40) AS b WHERE b.model = 'same_as_before' AND b.target = 'value'",
              "1|1|1|1|1");
    db_expect(db, "WITH t AS (SELECT c, total(CASE WHEN d > s THEN amount END) AS actual, total(CASE WHEN d > s - 365 AND"
                  " d <= s - 325 THEN amount END) AS before, s FROM day, split GROUP BY c HAVING min(d) <= s),"
                  " e AS (SELECT sum(before) AS predicted, avg(abs(before - actual)) AS mae, (SELECT min(d) FROM day) > s - 365"
                  " AS young FROM t)"
                  " SELECT CASE WHEN young THEN b.mae IS NULL AND b.note LIKE 'less than a year%' ELSE b.note IS NULL AND"
                  " abs(b.mae - e.mae) < 1e-9 AND abs(b.total_predicted - predicted) < 1e-6 END FROM e, clv_backtest('orders', 40)"
                  " AS b WHERE b.model = 'same_as_last_year' AND b.target = 'value'", "1");
    db_close(db);
}
END_TEST

/* ---- What must not matter ---- */

static const char *const methods_reports[] = {
    "churn_backtest('%s', 60)",
    "churn_calibration('%s', 60, 'classifier')",
    "clv_backtest('%s', 60)",
    "clv_model('%s')",
    "churn_candidates('%s', 60, 0, 'auto')",
    "churn_candidates('%s', 60, 0, 'blend')",
    "clv('%s', 365) WHERE model = 'auto'",
};

/* To the last digit, whatever the order of the rows. */
START_TEST(row_order_does_not_matter) {
    sqlite3 *db = methods_open_shop(_i);
    db_exec(db, "CREATE TABLE shuffled AS SELECT * FROM orders ORDER BY rowid * 7919 %% 10007, rowid DESC");
    for (int i = 0; i < COUNT(methods_reports); i++) {
        char *one = sqlite3_mprintf(methods_reports[i], "orders"), *other = sqlite3_mprintf(methods_reports[i], "shuffled");
        char *ask = sqlite3_mprintf("SELECT * FROM %s", one), *again = sqlite3_mprintf("SELECT * FROM %s", other);
        db_expect_same(db, ask, again);
        sqlite3_free(one);
        sqlite3_free(other);
        sqlite3_free(ask);
        sqlite3_free(again);
    }
    db_close(db);
}
END_TEST

/* What happens after the split changes no prediction, no choice and no note. */
START_TEST(nothing_later_is_seen) {
    static const char *const asks[] = {
        "SELECT method, customers, note FROM churn_backtest('%s', 60) WHERE as_of = %Q",
        "SELECT bin, customers, predicted, note FROM churn_calibration('%s', 60) WHERE as_of = %Q",
        "SELECT bin, customers, predicted FROM churn_calibration('%s', 60, 'classifier') WHERE as_of = %Q",
        "SELECT bin, customers, predicted FROM churn_calibration('%s', 60, 'own_gap') WHERE as_of = %Q",
        "SELECT target, model, total_predicted, note FROM clv_backtest('%s', 60) WHERE as_of = %Q"};
    sqlite3 *db = methods_open_shop(_i);
    char last[16];
    snprintf(last, sizeof(last), "%s", methods_day(db, 0));
    db_exec(db, "CREATE TABLE other AS SELECT * FROM orders WHERE substr(order_date, 1, 10) <= %Q OR rowid %% 3 = 0;"
                "UPDATE other SET amount = abs(amount) * 9 + 1 WHERE substr(order_date, 1, 10) > %Q;"
                "INSERT INTO other SELECT 'n' || rowid, %Q, 5, 'a' FROM orders LIMIT 30",
            methods_day(db, 60), methods_day(db, 60), last);
    for (int i = 0; i < COUNT(asks); i++) {
        char *one = sqlite3_mprintf(asks[i], "orders", last), *other = sqlite3_mprintf(asks[i], "other", last);
        db_expect_same(db, one, other);
        sqlite3_free(one);
        sqlite3_free(other);
    }
    /* and what happens does matter to the scores */
    methods_expect(db, "1", "SELECT count(*) > 3 FROM (SELECT auc FROM churn_backtest('orders', 60) WHERE as_of = %Q EXCEPT"
                            " SELECT auc FROM churn_backtest('other', 60) WHERE as_of = %Q)", last, last);
    db_close(db);
}
END_TEST

/* Money in another unit, large or small, and days some weeks later, are the same shop.  Six calendar months are not. */
START_TEST(units_do_not_matter) {
    static const char *const units[] = {"1024", "(1 / 1024.0)"};
    sqlite3 *db = methods_open_shop(_i);
    db_exec(db, "CREATE TABLE plain AS SELECT customer_id, substr(order_date, 1, 10) AS order_date, amount FROM orders");
    for (int u = 0; u < COUNT(units); u++) {
        db_exec(db, "CREATE TABLE moved AS SELECT customer_id, date(order_date, '+10 days') AS order_date, amount * %s AS amount FROM plain",
                units[u]);
        db_expect_same(db, "SELECT method, auc, brier, log_loss, lift_top10, bought FROM churn_backtest('plain', 60) WHERE method <> 'six_months'",
                       "SELECT method, auc, brier, log_loss, lift_top10, bought FROM churn_backtest('moved', 60) WHERE method <> 'six_months'");
        char *worse = sqlite3_mprintf("SELECT sum(abs(a.mae * %s - b.mae) > 1e-6 * b.mae) FROM clv_backtest('plain', 60) AS a JOIN"
                                      " clv_backtest('moved', 60) AS b USING (model) WHERE a.target = 'value' AND b.target = 'value'", units[u]);
        db_expect(db, worse, "0");
        sqlite3_free(worse);
        db_exec(db, "DROP TABLE moved");
    }
    db_close(db);
}
END_TEST

/* ---- Odd shops ---- */

/* Everybody alike, hardly anybody, nobody: no failure, probabilities in 0..1, no figure without customers enough. */
START_TEST(odd_shops_are_answered) {
    static const char *const rows[] = {
        "SELECT value, '2024-01-01', 5 FROM json_each('[1,2,3]')",
        "SELECT 1, '2024-01-01', 5 WHERE 0",
        "SELECT 1, '2024-01-01', -5",
        "SELECT 1, '2024-01-01', 5 UNION ALL SELECT 1, '2024-12-31', 5",
        "WITH c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 200), d(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM d WHERE"
        " j < 12) SELECT i, date('2024-01-01', (j * 30) || ' days'), 10 FROM c, d",
        "WITH c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 200) SELECT i, date('2024-01-01', (i / 2) || ' days'), 10 FROM c",
        "WITH c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 200), d(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM d WHERE"
        " j < 60) SELECT i, date('2024-01-01', j || ' days'), 0 FROM c, d WHERE i % 2 OR j = 0",
    };
    static const char *const asks[] = {
        "SELECT count(*) FROM churn_backtest('orders') WHERE auc NOT BETWEEN 0 AND 1 OR brier NOT BETWEEN 0 AND 1 OR log_loss < 0",
        "SELECT count(*) FROM churn_calibration('orders') WHERE predicted NOT BETWEEN 0 AND 1 OR actual NOT BETWEEN 0 AND 1",
        "SELECT count(*) FROM clv_backtest('orders') WHERE mae < 0 OR rmse < mae * 0.999999 OR rank_correlation NOT BETWEEN -1 AND 1",
        "SELECT count(*) FROM clv_model('orders') WHERE log_score > 0 OR model IS NULL",
        "SELECT count(*) FROM churn_candidates('orders', 90, 0, 'auto') WHERE churn_probability NOT BETWEEN 0 AND 1",
        "SELECT count(*) FROM churn_candidates('orders', 90, 0, 'blend') WHERE churn_probability NOT BETWEEN 0 AND 1",
        "SELECT count(*) FROM clv('orders') WHERE model = 'auto' AND predicted_clv < 0"};
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount)");
    char *insert = sqlite3_mprintf("INSERT INTO orders %s", rows[_i]), *text = NULL;
    ck_assert_int_eq(db_run(db, insert, &text), SQLITE_OK);
    for (int i = 0; i < COUNT(asks); i++) db_expect(db, asks[i], "0");
    free(text);
    sqlite3_free(insert);
    db_close(db);
}
END_TEST

/* Growing shops, from one customer on. */
START_TEST(small_shops_are_answered) {
    sqlite3 *db = db_open(NULL);
    for (int n = 1; n <= 121; n += 12) {
        db_make_shop(db, "orders", (DbShop){.seed = (uint64_t)n, .n_customers = n, .n_days = 30 + 3 * n, .gap_days = 9});
        db_expect(db, "SELECT count(*), sum(coalesce(brier, 0) NOT BETWEEN 0 AND 1) FROM churn_backtest('orders')", "12|0");
        db_expect(db, "SELECT count(*) FROM churn_candidates('orders', 30, 0, 'auto') WHERE churn_probability IS NULL AND note IS NULL",
                  "0");
        db_exec(db, "DROP TABLE orders");
    }
    db_close(db);
}
END_TEST

/* ---- Interrupts and memory ---- */

static int methods_stop_after;
static int methods_progress(void *context) {
    (void)context;
    return --methods_stop_after < 0;
}

START_TEST(interrupts_are_heard) {
    static const int after[] = {0, 1, 3, 10, 40, 120};
    sqlite3 *db = methods_open_shop(0);
    for (int i = 0; i < COUNT(methods_reports); i++)
        for (int k = 0; k < COUNT(after); k++) {
            char *report = sqlite3_mprintf(methods_reports[i], "orders"), *ask = sqlite3_mprintf("SELECT * FROM %s", report), *text;
            methods_stop_after = after[k];
            sqlite3_progress_handler(db, 1, methods_progress, NULL);
            int rc = db_run(db, ask, &text);
            sqlite3_progress_handler(db, 0, NULL, NULL);
            ck_assert_msg(rc == SQLITE_OK || rc == SQLITE_INTERRUPT, "%s: %d %s", ask, rc, text);
            free(text);
            sqlite3_free(report);
            sqlite3_free(ask);
        }
    db_close(db);
}
END_TEST

/* Less memory than it takes, in steps: an error, or the right answer. */
START_TEST(too_little_memory_is_an_error) {
    sqlite3 *db = methods_open_shop(2);
    char *report = sqlite3_mprintf(methods_reports[_i], "orders"), *ask = sqlite3_mprintf("SELECT * FROM %s", report);
    char *want = db_rows(db, "%s", ask), *text = NULL;
    int n_failed = 0, rc = SQLITE_NOMEM;
    for (sqlite3_int64 room = 1024; rc != SQLITE_OK && room < 64 * 1024 * 1024; room += 2048) {
        sqlite3_hard_heap_limit64(sqlite3_memory_used() + room);
        rc = db_run(db, ask, &text);
        sqlite3_hard_heap_limit64(0);
        n_failed += rc != SQLITE_OK;
        ck_assert_msg(rc == SQLITE_OK || rc == SQLITE_NOMEM, "%s: %d %s", ask, rc, text);
        if (rc == SQLITE_OK) ck_assert_str_eq(text, want);
        free(text);
    }
    ck_assert_int_eq(rc, SQLITE_OK);
    ck_assert_int_gt(n_failed, 3);
    free(want);
    sqlite3_free(report);
    sqlite3_free(ask);
    db_close(db);
}
END_TEST

/* ---- The sample of a Pareto/NBD ---- */

enum { SAMPLE_N = 12000 };

static double methods_gamma(double shape, uint64_t *random) { /* sum of exponentials: whole shapes will do */
    double sum = 0;
    for (int i = 0; i < (int)shape; i++) sum -= log(((double)(db_random(random) >> 11) + 0.5) / 9007199254740992.0);
    return sum;
}

/* Customers of a Pareto/NBD with r = 1, alpha = 40, s = 1, beta = 300. */
static void methods_population(int32_t *x, int32_t *tx, int32_t *age) {
    uint64_t random = 5;
    for (int i = 0; i < SAMPLE_N; i++) {
        double rate = methods_gamma(1, &random) / 40, leaves = methods_gamma(1, &random) / (methods_gamma(1, &random) / 300);
        double end = fmin(leaves, age[i] = 200 + (int32_t)(db_random(&random) % 400));
        x[i] = tx[i] = 0;
        for (double t = methods_gamma(1, &random) / rate; t < end; t += methods_gamma(1, &random) / rate)
            if ((int32_t)t > tx[i]) {
                x[i]++;
                tx[i] = (int32_t)t;
            }
    }
}

/* To all of them, as purchasefit_run does it. */
static void methods_fit_all(Purchasefit *fit, const Buyers *buyers) {
    static int32_t x[SAMPLE_N], tx[SAMPLE_N], age[SAMPLE_N];
    static int64_t count[SAMPLE_N];
    void *workspace = malloc((size_t)rfmgroup_workspace_size(SAMPLE_N));
    BgnbdfitData data = {.frequency = x, .recency = tx, .age = age, .count = count};
    data.n = rfmgroup_collapse(SAMPLE_N, buyers->frequency, buyers->recency, buyers->age, workspace, x, tx, age, count);
    free(workspace);
    workspace = malloc((size_t)bgnbdfit_workspace_size(&data));
    purchasefit_run(PURCHASE_PNBD, &data, workspace, NULL, fit);
    free(workspace);
}

/* 3000 customers, each with a history of their own: also the reports that need no more than counts fit a sample. */
START_TEST(a_sample_is_said_to_be_one) {
    static const char *const reports[] = {"clv('orders', 90, 0, 1, 'pnbd')", "next_purchase('orders', 'pnbd')"};
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount);"
                "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 2999)"
                " INSERT INTO orders SELECT i, date('2023-01-01', '+' || (i %% 60) || ' days'), 10 FROM n UNION ALL"
                " SELECT i, date('2023-01-01', '+' || (i %% 60 + 1 + i / 60 * 7) || ' days'), 20 FROM n UNION ALL"
                " SELECT i, date('2023-01-01', '+' || (i %% 60 + 2 + i / 60 * 11) || ' days'), 30 FROM n WHERE i %% 3");
    for (int i = 0; i < 2; i++) {
        char *note = db_rows(db, "SELECT DISTINCT note FROM %s", reports[i]);
        ck_assert_msg(strstr(note, "sample: the purchase model is fitted to 1500 of 3000 customers"), "%s: %s", reports[i], note);
        free(note);
    }
    db_close(db);
}
END_TEST

/* Nobody had come back two months ago, so that no law could be fitted then: the classifier learns without one. */
START_TEST(a_classifier_needs_no_law) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount);"
                "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 399)"
                " INSERT INTO orders SELECT i, date('2024-01-01', '+' || (i * 7 %% 31) || ' days'), 10 FROM n UNION ALL"
                " SELECT i, date('2024-01-01', '+' || (95 + i * 3 %% 21) || ' days'), 10 FROM n WHERE i %% 5 = 0 UNION ALL"
                " SELECT i, date('2024-01-01', '+' || (125 + i * 11 %% 25) || ' days'), 10 FROM n WHERE i %% 4 = 0");
    db_expect(db, "SELECT count(churn_probability), avg(churn_probability) BETWEEN 0.7 AND 0.8 FROM"
                  " churn_candidates('orders', 30, 0, 'classifier')", "400|1"); /* a quarter buys in 30 days */
    db_close(db);
}
END_TEST

/* Nothing of a year before tells of a holdout that is longer. */
START_TEST(a_long_holdout_has_no_year_before) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", (DbShop){.seed = 3, .n_customers = 80, .n_days = 1600, .gap_days = 60});
    db_expect(db, "SELECT DISTINCT mae, note FROM clv_backtest('orders', 366) WHERE model = 'same_as_last_year'",
              "NULL|the holdout is longer than a year");
    db_expect(db, "SELECT DISTINCT mae > 0, note FROM clv_backtest('orders', 365) WHERE model = 'same_as_last_year'", "1|NULL");
    db_close(db);
}
END_TEST

START_TEST(a_sample_stands_for_all) {
    static int32_t x[SAMPLE_N], tx[SAMPLE_N], age[SAMPLE_N];
    methods_population(x, tx, age);
    Buyers buyers = {.n = SAMPLE_N, .frequency = x, .recency = tx, .age = age};
    for (int i = 0; i < SAMPLE_N; i++) buyers.n_repeat += x[i] > 0;
    Err err = {0};
    Purchasefit fits[PURCHASE_MODELS], full;
    lawfit_run_all(fits, &buyers, NULL, &err, NULL);
    methods_fit_all(&full, &buyers);
    ck_assert_int_eq(err.rc, SQLITE_OK);
    const Purchasefit *fit = &fits[PURCHASE_PNBD];
    ck_assert_int_eq(fit->sampled, SAMPLE_N / 5); /* every fifth of 12,000: at most 2,500 */
    ck_assert_int_eq(fits[PURCHASE_MBGNBD].sampled, 0);
    ck_assert(fit->converged && full.converged);
    ck_assert_int_eq(fit->customers, SAMPLE_N);
    ck_assert_int_eq(fit->one_timers, SAMPLE_N - buyers.n_repeat);
    for (int i = 0; i < 4; i++) /* within its own error of the fit to all, whose error is root 5 smaller */
        ck_assert_msg(fabs(fit->value[i] - full.value[i]) < 3 * fit->std_error[i], "%d: %g, not %g", i, fit->value[i], full.value[i]);
    double log_likelihood = lawfit_log_likelihood(fit, &buyers, &err, NULL);
    ck_assert(log_likelihood <= full.log_likelihood + 1e-6);
    ck_assert(log_likelihood > full.log_likelihood - 25); /* chi-square of 4 over 2, times about 5, far out */
    expect_near(full.value[1], 40, 5, "alpha");
}
END_TEST

/* Of more than 20,000 customers every second teaches: those who come back here, and nobody who stays away. */
START_TEST(of_many_every_kth_teaches) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders AS WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)"
                " SELECT 100000 + n AS customer_id, date('2024-01-01', d || ' days') AS order_date, 1 AS amount"
                " FROM n, (SELECT 0 AS d UNION ALL VALUES (60), (100), (140), (180), (220), (260), (300), (340))"
                " WHERE d = 0 OR n %% 2 = 0");
    db_expect(db, "SELECT note FROM churn_backtest('orders', 90) WHERE method = 'base_rate'",
              "too little to learn from: of 10001 customers by 2024-06-16, 10001 bought afterwards and 0 did not, 5 needed of"
              " each");
    db_exec(db, "DELETE FROM orders WHERE customer_id = 100000");
    db_expect(db, "SELECT note IS NULL, auc, customers, bought FROM churn_backtest('orders', 90) WHERE method = 'base_rate'",
              "1|0.5|20000|10000");
    db_close(db);
}
END_TEST

static bool methods_stop(void *context) {
    return --*(int *)context < 0;
}

START_TEST(a_fit_can_be_stopped) {
    static int32_t x[SAMPLE_N], tx[SAMPLE_N], age[SAMPLE_N];
    methods_population(x, tx, age);
    Buyers buyers = {.n = SAMPLE_N, .frequency = x, .recency = tx, .age = age, .n_repeat = SAMPLE_N};
    for (int after = 0; after < 200; after += 13) {
        int left = after;
        Poll poll = {.stop = methods_stop, .ctx = &left};
        Err err = {0};
        Purchasefit fits[PURCHASE_MODELS];
        lawfit_run_all(fits, &buyers, NULL, &err, &poll);
        ck_assert_int_eq(err.rc, SQLITE_INTERRUPT);
        err_clear(&err);
    }
}
END_TEST

/* ---- What is seen of one customer ---- */

typedef struct MethodsSight {
    Day day;
    bool amounts;
    double shop_gap;
    int frequency, recency, age;
    double usual_gap, gap_trend, basket_trend;      /* the trends are logarithms of these */
    double silence, recency_share, overdue;         /* of features; the first and the last are those of these */
} MethodsSight;

/* Purchases on days 10, 14, 24, 60 and 130 of 4, 8, 6, 12 and 99; of free ones, nothing but 0. */
static const MethodsSight methods_sights[] = {
    {100, true, 20, 3, 50, 90, 10, 36.0 * 3 / 50, 2, 41, 50.0 / 90, 41.0 / 11},  /* gaps 4, 10, 36; 12 after a mean of 6 */
    {130, true, 20, 4, 120, 120, 23, 70.0 * 4 / 120, 13.2, 1, 1, 1.0 / 24},      /* the median of 4, 10, 36, 70 */
    {100, false, 20, 3, 50, 90, 10, 36.0 * 3 / 50, 1, 41, 50.0 / 90, 41.0 / 11},
    {25, true, 20, 2, 14, 15, 34.0 / 3, 10.0 * 2 / 14, 1, 2, 14.0 / 15, 6.0 / 37}, /* twice 7 and once the shop's 20 */
    {14, true, 20, 1, 4, 4, 44.0 / 3, 1, 2, 1, 1, 3.0 / 47},
    {11, true, 20, 0, 0, 1, 20, 1, 1, 2, 0, 2.0 / 21},
    {10, true, NAN, 0, 0, 0, NAN, 1, 1, 1, 0, 1},                                /* nothing is known of gaps */
    {9, true, 20, -1, 0, 0, 20, 1, 1, 1, 0, 1.0 / 21},
};

START_TEST(a_customer_is_seen) {
    static const Day days[] = {10, 14, 24, 60, 130};
    static const double amounts[] = {4, 8, 6, 12, 99};
    const MethodsSight *want = &methods_sights[_i];
    const Shopview view = {.day = want->day, .shop_gap = want->shop_gap};
    const BookCustomer customer = {.days = days, .amounts = want->amounts ? amounts : NULL, .n_days = COUNT(days)};
    const double law[PURCHASE_MODELS] = {[PURCHASE_MBGNBD] = 0.25, [PURCHASE_PNBD] = 0.8};
    int32_t gaps[COUNT(days)];
    ShopviewBuyer buyer = shopview_buyer(&view, &customer, gaps);
    ck_assert_int_eq(buyer.frequency, want->frequency);
    ck_assert_int_eq(buyer.recency, want->recency);
    ck_assert_int_eq(buyer.age, want->age);
    ck_assert(isnan(want->usual_gap) ? isnan(buyer.usual_gap) : fabs(buyer.usual_gap - want->usual_gap) < 1e-14);
    expect_near(buyer.gap_trend, log(want->gap_trend), 1e-14, "gap trend");
    expect_near(buyer.basket_trend, log(want->basket_trend), 1e-14, "basket trend");
    for (int used = 0; used < 4; used++) {
        bool use[PURCHASE_MODELS] = {[PURCHASE_MBGNBD] = used & 1, [PURCHASE_PNBD] = used & 2};
        double got[SHOPVIEW_FEATURES];
        shopview_features(&buyer, law, use, got);
        expect_near(got[SHOPVIEW_SILENCE], log(want->silence), 1e-14, "silence");
        if (want->frequency >= 0) expect_near(got[SHOPVIEW_FREQUENCY], log(want->frequency + 1), 1e-14, "frequency");
        expect_near(got[SHOPVIEW_AGE], log(want->age + 1), 1e-14, "age");
        expect_near(got[SHOPVIEW_RECENCY], want->recency_share, 1e-14, "recency");
        expect_near(got[SHOPVIEW_OVERDUE], log(want->overdue), 1e-14, "overdue");
        ck_assert(got[SHOPVIEW_GAP_TREND] == buyer.gap_trend && got[SHOPVIEW_BASKET_TREND] == buyer.basket_trend);
        expect_near(got[SHOPVIEW_MBGNBD], used & 1 ? log(1.0 / 3) : 0, 1e-14, "MBG/NBD");
        expect_near(got[SHOPVIEW_PNBD], used & 2 ? log(4) : 0, 1e-14, "Pareto/NBD");
    }
}
END_TEST

START_TEST(odds_and_free_baskets_stay_finite) {
    static const Day days[] = {1, 2, 3};
    static const double free_last[] = {5, 5, 0}, free_before[] = {0, 0, 5};
    int32_t gaps[COUNT(days)];
    const Shopview view = {.day = 3, .shop_gap = 1};
    ck_assert(shopview_buyer(&view, &(BookCustomer){.days = days, .amounts = free_last, .n_days = 3}, gaps).basket_trend == 0);
    ck_assert(shopview_buyer(&view, &(BookCustomer){.days = days, .amounts = free_before, .n_days = 3}, gaps).basket_trend == 0);
    expect_near(shopview_log_odds(0.5), 0, 1e-15, "even");
    expect_near(shopview_log_odds(0), log(1e-6 / (1 - 1e-6)), 1e-9, "never");
    expect_near(shopview_log_odds(1), -log(1e-6 / (1 - 1e-6)), 1e-9, "always");
}
END_TEST

/* Each purchase day after the first counts once; who has none, or no known amount, does not. */
START_TEST(mean_spend_is_that_of_the_days) {
    enum { N = 40 };
    int32_t x[N];
    double mean[N];
    for (int i = 0; i < N; i++) {
        x[i] = i % 4;
        mean[i] = x[i] == 0 || i == 6 ? (double)NAN : x[i] == 1 ? 10 + i % 3 : x[i] == 2 ? 25 : 7;
    }
    Buyers buyers = {.n = N, .n_repeat = 30, .frequency = x, .monetary_value = mean};
    double sum = 0, n = 0;
    for (int i = 0; i < N; i++)
        if (!isnan(mean[i])) {
            sum += mean[i] * x[i];
            n += x[i];
        }
    const Purchasefit none = {.converged = true};
    Arena arena = {0};
    Err err = {0};
    Predictor predictor;
    predictor_adopt(&predictor, &none, &(Book){.has_amounts = true}, &buyers, &arena, &err, NULL);
    ck_assert_int_eq(err.rc, SQLITE_OK);
    ck_assert(predictor.has_purchases);
    expect_near(predictor.mean_spend, sum / n, 1e-13, "mean spend");
    predictor_adopt(&predictor, &none, &(Book){.has_amounts = false}, &buyers, &arena, &err, NULL);
    ck_assert(isnan(predictor.mean_spend) && !predictor.has_spend);
    ck_assert_str_eq(predictor.note, "few_repeat_customers: fitted to 30 with a repeat purchase; no amount column: values are not known");
    arena_free(&arena);
}
END_TEST

/* ---- Ranks ---- */

START_TEST(spearman_by_hand) {
    double value[] = {3, 1, 3, 2, 9}, rank[5], other[] = {5, 1.5, 3, 1.5, 4}, same[] = {3, 3, 3, 3, 3};
    uint32_t order[] = {1, 3, 0, 2, 4};
    static const double want[] = {3.5, 1, 3.5, 2, 5};
    correlation_ranks(5, value, order, rank);
    for (int i = 0; i < 5; i++) ck_assert_double_eq(rank[i], want[i]);
    expect_near(correlation_of_ranks(5, (double[]){5, 4, 2, 1, 3}, other), 5.5 / sqrt(95), 1e-15, "spearman");
    ck_assert_double_eq(correlation_of_ranks(5, other, other), 1);
    ck_assert(isnan(correlation_of_ranks(5, other, same)));
    ck_assert(isnan(correlation_of_ranks(1, other, same)));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("methods");
    TCase *tc = tcase_create("methods");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, cdnow_is_that_of_the_oracle);
    tcase_add_loop_test(tc, auto_is_as_good_as_the_best, 0, 3);
    tcase_add_test(tc, uci_shows_nobody_leaving);
    tcase_add_test(tc, uci_rows_carry_the_warning);
    tcase_add_loop_test(tc, twenty_customers_get_a_note, 0, COUNT(methods_few));
    tcase_add_loop_test(tc, auto_is_the_model_it_names, 0, 3 * COUNT(methods_shops));
    tcase_add_loop_test(tc, churn_backtest_scores_churn_candidates, 0, COUNT(methods_shops));
    tcase_add_loop_test(tc, clv_backtest_scores_clv, 0, COUNT(methods_shops));
    tcase_add_loop_test(tc, row_order_does_not_matter, 0, COUNT(methods_shops));
    tcase_add_loop_test(tc, nothing_later_is_seen, 0, COUNT(methods_shops));
    tcase_add_loop_test(tc, units_do_not_matter, 0, COUNT(methods_shops));
    tcase_add_loop_test(tc, odd_shops_are_answered, 0, 7);
    tcase_add_test(tc, small_shops_are_answered);
    tcase_add_test(tc, interrupts_are_heard);
    tcase_add_loop_test(tc, too_little_memory_is_an_error, 0, COUNT(methods_reports));
    tcase_add_test(tc, a_sample_stands_for_all);
    tcase_add_test(tc, a_sample_is_said_to_be_one);
    tcase_add_test(tc, a_long_holdout_has_no_year_before);
    tcase_add_test(tc, a_classifier_needs_no_law);
    tcase_add_test(tc, of_many_every_kth_teaches);
    tcase_add_loop_test(tc, a_customer_is_seen, 0, COUNT(methods_sights));
    tcase_add_test(tc, odds_and_free_baskets_stay_finite);
    tcase_add_test(tc, mean_spend_is_that_of_the_days);
    tcase_add_test(tc, a_fit_can_be_stopped);
    tcase_add_test(tc, spearman_by_hand);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
