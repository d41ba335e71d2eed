/* check_scoring.c - models kept as text and scored on any row; tables of customers as source; decimal numbers.
 *
 * The scores of a customer must be those of the reports, to the last bit where the reports compute them alike,
 * and those of the reference implementations of ../shared/oracle.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "db.h"
#include "oracle.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- Decimal numbers ---- */

static double scoring_random_double(uint64_t *state) {
    uint64_t bits = db_random(state);
    double value = ldexp((double)(bits >> 11), (int)(bits % 120) - 113), any;
    memcpy(&any, &bits, sizeof(any));
    return db_random(state) % 2 && isfinite(any) ? any : value;
}

START_TEST(decimals_come_back) {
    uint64_t state = 7;
    for (int i = 0; i < 20000; i++) {
        char text[DECIMAL_TEXT_SIZE], longer[DECIMAL_TEXT_SIZE + 1];
        double value = scoring_random_double(&state), back = 0;
        decimal_print(value, text);
        snprintf(longer, sizeof(longer), "%s,", text);
        if (strtod(text, NULL) != value) ck_abort_msg("%.17g is printed as %s", value, text);
        bool readable = value == 0 || (fabs(value) >= DECIMAL_MIN && fabs(value) <= DECIMAL_MAX);
        int n = decimal_parse(longer, &back);
        if (n != (readable ? (int)strlen(text) : 0)) ck_abort_msg("%s: %d bytes read", text, n);
        if (readable && back != value) ck_abort_msg("%s is read as %.17g", text, back);
    }
}
END_TEST

/* A power of ten that no double holds may be printed from just below: 9.99...95 becomes 10. */
START_TEST(powers_of_ten_are_printed) {
    int n_round = 0;
    for (int power = -300; power <= 300; power++) {
        char text[DECIMAL_TEXT_SIZE], written[40];
        double back = 0;
        snprintf(written, sizeof(written), "1e%d", power);
        decimal_print(strtod(written, NULL), text);
        ck_assert_msg(strtod(text, NULL) == strtod(written, NULL), "%s is printed as %s", written, text);
        ck_assert_msg(decimal_parse(text, &back) == (int)strlen(text) && back == strtod(written, NULL), "%s", text);
        n_round += strspn(text, "01.") == strcspn(text, "e");
    }
    ck_assert_int_gt(n_round, 60);
}
END_TEST

/* Up to 40 digits, and those that lie half way between two doubles, against the C library's strtod. */
START_TEST(decimals_are_rounded_to_nearest) {
    uint64_t state = 8;
    for (int i = 0; i < 20000; i++) {
        char text[80];
        unsigned long long middle = db_random(&state) >> 11 | UINT64_C(1) << 52;
        double value = 0;
        int kind = i % 4, tail = (int)(db_random(&state) % 300) - 150;
        if (kind == 0) snprintf(text, sizeof(text), "%llu.5", middle);
        else if (kind == 1) snprintf(text, sizeof(text), "%llu.50000000000000000000001", middle);
        else if (kind == 2) snprintf(text, sizeof(text), "%llu.%llu", middle, (unsigned long long)(db_random(&state) >> 1));
        else snprintf(text, sizeof(text), "-%llu%llue%d", middle, middle, tail);
        int n = decimal_parse(text, &value);
        if (n != (int)strlen(text) || value != strtod(text, NULL)) ck_abort_msg("%s is read as %.17g", text, value);
    }
}
END_TEST

START_TEST(decimals_are_written_and_refused) {
    static const struct {
        double value;
        const char *text;
    } printed[] = {{0, "0.0"}, {-0.0, "0.0"}, {1, "1.0"}, {-1.5, "-1.5"}, {0.1, "0.10000000000000001"},
                   {1e16, "10000000000000000.0"}, {1e17, "1.0e+17"}, {1234.5e-9, "1.2345e-06"},
                   {9.5e-5, "0.000095000000000000005"}, {6.02e23, "6.02e+23"}, {1e100, "1.0e+100"},
                   {5e-324, "4.9406564584124654e-324"}, {1.7976931348623157e308, "1.7976931348623157e+308"}};
    static const char *const refused[] = {"", "-", "+1", "01", "1.", ".5", "1e", "1e+", "--1", "1e301", "1e-301",
                                          "1e401", "1e99999999999", "nan", "Infinity", "1e311", "1e-311",
                                          "123456789012345678901234567890123456789012345.5",
                                          "0.12345678901234567890123456789012345678901"};
    char text[DECIMAL_TEXT_SIZE], zeros[512] = "0.";
    memset(zeros + 2, '0', 402);
    zeros[404] = '1';
    double nothing = 0;
    ck_assert_int_eq(decimal_parse(zeros, &nothing), 0);
    for (int i = 0; i < COUNT(printed); i++) {
        decimal_print(printed[i].value, text);
        ck_assert_str_eq(text, printed[i].text);
    }
    for (int i = 0; i < COUNT(refused); i++) {
        double value = 0;
        if (decimal_parse(refused[i], &value)) ck_abort_msg("'%s' is read as %.17g", refused[i], value);
    }
}
END_TEST

/* ---- Fits and scores over random shops ---- */

static const DbShop scoring_shops[] = {
    {.seed = 21, .n_customers = 150, .n_days = 500, .gap_days = 25},
    {.seed = 22, .n_customers = 220, .n_days = 800, .gap_days = 40, .refunds = true},
    {.seed = 23, .n_customers = 100, .n_days = 200, .gap_days = 9, .refunds = true, .odd_ids = true},
};
static const char *const scoring_models[] = {"bgnbd", "mbgnbd", "pnbd", "nbd"};
enum { SCORING_SHOPS = COUNT(scoring_shops), SCORING_MODELS = COUNT(scoring_models) };

static sqlite3 *scoring_shop(int shop, const char *model) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", scoring_shops[shop]);
    db_exec(db, "CREATE TABLE report AS SELECT * FROM clv('orders', 200, 0.15, 0.4, %Q);"
            "CREATE TABLE customers AS SELECT customer_id, frequency, recency, age, monetary_value FROM report ORDER BY"
            " abs(age * 7919 %% 101), quote(customer_id);"
            "CREATE TABLE models AS SELECT clv_fit(frequency, recency, age, monetary_value, %Q) AS model FROM customers",
            model, model);
    return db;
}

START_TEST(scores_are_those_of_the_report) {
    const char *model = scoring_models[_i % SCORING_MODELS];
    sqlite3 *db = scoring_shop(_i / SCORING_MODELS, model);
    ck_assert_int_eq(db_int(db, "SELECT count(model) FROM models"), 1);
    db_expect(db, "SELECT count(*) > 50, sum(p_alive(model, frequency, recency, age) = p_alive) = count(*),"
              " sum(expected_spend(model, frequency, monetary_value) = expected_spend) = count(*),"
              " sum(abs(expected_purchases(model, frequency, recency, age, 200) - expected_purchases) <= 1e-9 *"
              "     expected_purchases) = count(*),"
              " sum(abs(predicted_clv(model, frequency, recency, age, monetary_value, 200, 0.15, 0.4) - predicted_clv)"
              "     <= 1e-9 * predicted_clv) = count(*) FROM models, report", "1|1|1|1|1");
    /* A constant model is read once and kept; the same figures. */
    char *text = db_rows(db, "SELECT quote(model) FROM models");
    char *sql = sqlite3_mprintf("SELECT total(p_alive(%s, frequency, recency, age)) FROM report", text);
    db_expect_same(db, sql, "SELECT total(p_alive(model, frequency, recency, age)) FROM models, report");
    sqlite3_free(sql);
    free(text);
    sql = sqlite3_mprintf("SELECT count(*), sum(p_no_purchase(m.model, frequency, recency, age, 45) = churn_probability)"
                          " = count(*) FROM models AS m, report JOIN churn_candidates('orders', 45, 0, %Q) USING (customer_id)",
                          model);
    char *want = db_rows(db, "SELECT count(*), 1 FROM report");
    db_expect(db, sql, want);
    free(want);
    sqlite3_free(sql);
    db_close(db);
}
END_TEST

START_TEST(row_order_does_not_matter) {
    sqlite3 *db = scoring_shop(_i / SCORING_MODELS, scoring_models[_i % SCORING_MODELS]);
    db_exec(db, "CREATE TABLE turned AS SELECT * FROM customers ORDER BY monetary_value, recency DESC, quote(customer_id)");
    char *again = sqlite3_mprintf("SELECT clv_fit(frequency, recency, age, monetary_value, %Q) FROM turned",
                                  scoring_models[_i % SCORING_MODELS]);
    db_expect_same(db, "SELECT model FROM models", again);
    sqlite3_free(again);
    db_expect_same(db, "SELECT * FROM clv('customers')", "SELECT * FROM clv('turned')");
    db_expect_same(db, "SELECT * FROM churn_candidates('customers')", "SELECT * FROM churn_candidates('turned')");
    db_close(db);
}
END_TEST

/* From the table of customers come the predictions from the orders. */
START_TEST(tables_of_customers_predict_alike) {
    const char *model = scoring_models[_i % SCORING_MODELS];
    sqlite3 *db = scoring_shop(_i / SCORING_MODELS, model);
    char *ours = sqlite3_mprintf("SELECT quote(customer_id), frequency, recency, age, monetary_value, p_alive,"
                                 " expected_purchases, round(expected_spend, 9), round(predicted_clv, 9)"
                                 " FROM clv('customers', 200, 0.15, 0.4, %Q)", model);
    db_expect_same(db, ours, "SELECT quote(customer_id), frequency, recency, age, monetary_value, p_alive,"
                   " expected_purchases, round(expected_spend, 9), round(predicted_clv, 9) FROM report");
    sqlite3_free(ours);
    char *sql[2];
    for (int i = 0; i < 2; i++)
        sql[i] = sqlite3_mprintf("SELECT rank, quote(customer_id), churn_probability, p_alive, days_since_last, purchase_days,"
                                 " round(value_at_risk, 9), risk_band FROM churn_candidates(%Q, 60, 0.1, %Q)",
                                 i ? "customers" : "orders", model);
    db_expect_same(db, sql[0], sql[1]);
    sqlite3_free(sql[0]);
    sqlite3_free(sql[1]);
    db_expect(db, "SELECT count(first_order_date), count(last_order_date), count(historic_clv), count(total_clv),"
              " count(as_of), count(*) = count(note) FROM clv('customers')", "0|0|0|0|0|1");
    db_close(db);
}
END_TEST

/* ---- References ---- */

static bool scoring_near(double got, double want) {
    return fabs(got - want) <= 1e-6 * fmax(fabs(want), 1e-8);
}

static char *scoring_oracle_model(Oracle *oracle, const char *name, const char *model, const char *third,
                                  const char *fourth) {
    return sqlite3_mprintf("{\"model\":\"%s\",\"r\":%!.17g,\"alpha\":%!.17g,\"%s\":%!.17g,\"%s\":%!.17g}", model,
                           oracle_number(oracle, "fits.%s.params.r", name),
                           oracle_number(oracle, "fits.%s.params.alpha", name), third,
                           oracle_number(oracle, "fits.%s.params.%s", name, third), fourth,
                           oracle_number(oracle, "fits.%s.params.%s", name, fourth));
}

/* CDNOW in weeks, by the reference's own parameters. */
START_TEST(customers_of_the_oracle_are_scored) {
    static const char *const names[][4] = {
        {"BGNBD", "bgnbd", "a", "b"}, {"MBGNBD", "mbgnbd", "a", "b"}, {"PNBD", "pnbd", "s", "beta"}};
    const char *name = names[_i][0];
    Oracle *oracle = oracle_open("cdnow_sample_39w");
    if (!oracle) return;
    sqlite3 *db = db_open(NULL);
    char *model = scoring_oracle_model(oracle, name, names[_i][1], names[_i][2], names[_i][3]);
    int n = oracle_length(oracle, "customers");
    ck_assert_int_gt(n, 50);
    for (int i = 0; i < n; i++) {
        double x = oracle_number(oracle, "customers[%d].x", i), tx = oracle_number(oracle, "customers[%d].tx", i);
        double T = oracle_number(oracle, "customers[%d].T", i);
        double alive = db_real(db, "SELECT p_alive(%Q, %!.17g, %!.17g, %!.17g)", model, x, tx, T);
        double bought = db_real(db, "SELECT expected_purchases(%Q, %!.17g, %!.17g, %!.17g, 39)", model, x, tx, T);
        double none = db_real(db, "SELECT p_no_purchase(%Q, %!.17g, %!.17g, %!.17g, 39)", model, x, tx, T);
        ck_assert_msg(scoring_near(alive, oracle_number(oracle, "customers[%d].%s.palive", i, name)) &&
                          scoring_near(bought, oracle_number(oracle, "customers[%d].%s.cet.39", i, name)) &&
                          scoring_near(1 - none, oracle_number(oracle, "customers[%d].%s.pbuy.39", i, name)),
                      "%s, customer %d: %.12g %.12g %.12g", name, i, alive, bought, none);
    }
    sqlite3_free(model);
    oracle_close(oracle);
    db_close(db);
}
END_TEST

/* The fit of CDNOW is the reference's, where time is in weeks. */
START_TEST(cdnow_is_fitted) {
    OracleCustomers who;
    Oracle *oracle = oracle_open("cdnow_sample_39w");
    if (!oracle || !oracle_summary("cdnow_sample_39w_rfm", &who)) return;
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE customers(customer_id, frequency, recency, age, monetary_value); BEGIN");
    for (int64_t i = 0; i < who.n; i++)
        db_exec(db, "INSERT INTO customers VALUES (%lld, %d, %d, %d, %!.17g)", (long long)i, who.frequency[i], who.recency[i],
                who.age[i], who.monetary_value[i]);
    db_exec(db, "COMMIT; CREATE TABLE models AS SELECT clv_fit(frequency, recency, age, monetary_value, 'bgnbd') AS model"
            " FROM customers");
    double r = db_real(db, "SELECT json_extract(model, '$.r') FROM models");
    double alpha = db_real(db, "SELECT json_extract(model, '$.alpha') / 7 FROM models");
    double a = db_real(db, "SELECT json_extract(model, '$.a') FROM models");
    ck_assert_double_eq_tol(r, oracle_number(oracle, "fits.BGNBD.params.r"), 1e-4);
    ck_assert_double_eq_tol(alpha, oracle_number(oracle, "fits.BGNBD.params.alpha"), 1e-3);
    ck_assert_double_eq_tol(a, oracle_number(oracle, "fits.BGNBD.params.a"), 1e-3);
    ck_assert_double_eq_tol(db_real(db, "SELECT json_extract(model, '$.spend.p') FROM models"), 6.25, 0.01);
    ck_assert_double_eq_tol(db_real(db, "SELECT json_extract(model, '$.spend.gamma') FROM models"), 15.44, 0.02);
    oracle_free(&who);
    oracle_close(oracle);
    db_close(db);
}
END_TEST

/* ---- Hostile texts ---- */

static const char scoring_text[] =
    "{\"model\":\"mbgnbd\",\"r\":0.52,\"alpha\":61.5,\"a\":0.89,\"b\":1.61,\"customers\":2357,\"one_timers\":1411,"
    "\"log_likelihood\":-14100.25,\"spend\":{\"p\":6.25,\"q\":3.74,\"gamma\":15.44,\"mean\":35.1},\"note\":\"a \\\" b\"}";

/* Either a finite figure, NULL, or an error that says what a model is. */
static void scoring_try(sqlite3 *db, sqlite3_stmt *stmt, const char *text, int n) {
    sqlite3_bind_text(stmt, 1, text, n, SQLITE_STATIC);
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        double alive = sqlite3_column_double(stmt, 0);
        if (!(alive >= 0 && alive <= 1)) ck_abort_msg("%.*s: p_alive %.17g", n, text, alive);
    } else if (!strstr(sqlite3_errmsg(db), "model must")) {
        ck_abort_msg("%.*s: %s", n, text, sqlite3_errmsg(db));
    }
    sqlite3_reset(stmt);
}

START_TEST(broken_texts_are_refused) {
    static const char alphabet[] = "{}[]:,\"\\ 0123456789eE+-.nulltruemodelrab\x01\xc3\xa9";
    sqlite3 *db = db_open(NULL);
    sqlite3_stmt *stmt = NULL;
    uint64_t state = 99;
    int length = (int)sizeof(scoring_text) - 1;
    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT p_alive(?1, 3, 40, 90), predicted_clv(?1, 3, 40, 90, 12)", -1, &stmt,
                                        NULL), SQLITE_OK);
    scoring_try(db, stmt, scoring_text, length);
    for (int n = 0; n < length; n++) { /* cut off anywhere, it is never a model */
        char text[sizeof(scoring_text)];
        memcpy(text, scoring_text, (size_t)n);
        sqlite3_bind_text(stmt, 1, text, n, SQLITE_STATIC);
        if (sqlite3_step(stmt) == SQLITE_ROW) ck_abort_msg("%.*s is a model", n, text);
        sqlite3_reset(stmt);
    }
    for (int i = 0; i < 60000; i++) {
        char text[sizeof(scoring_text) + 8];
        int n = length, changes = 1 + (int)(db_random(&state) % 4);
        memcpy(text, scoring_text, sizeof(scoring_text));
        for (int k = 0; k < changes; k++) {
            int at = (int)(db_random(&state) % (uint64_t)n);
            char c = alphabet[db_random(&state) % (sizeof(alphabet) - 1)];
            switch (db_random(&state) % 3) {
                case 0: text[at] = c; break;
                case 1: memmove(text + at, text + at + 1, (size_t)(n-- - at)); break;
                default:
                    memmove(text + at + 1, text + at, (size_t)(n++ - at) + 1);
                    text[at] = c;
            }
        }
        scoring_try(db, stmt, text, n);
    }
    sqlite3_finalize(stmt);
    db_close(db);
}
END_TEST

/* A table of customers that grows beyond its first room, and rows that are no history. */
START_TEST(many_customers_and_odd_ones) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE customers(customer_id, frequency, recency, age, monetary_value); WITH RECURSIVE n(i) AS (SELECT 1"
                " UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO customers SELECT i, i * 7919 %% 5, CASE WHEN i * 7919"
                " %% 5 THEN 5 + i %% 300 ELSE 0 END, 400 + i %% 90, 10.0 + i %% 17 FROM n");
    db_expect(db, "SELECT count(*), count(p_alive), sum(frequency) FROM clv('customers')", "3000|3000|6000");
    static const char *const wrong[][2] = {
        {"1.5, 5, 400, 1", "frequency must be a whole number of days, not 1.5"},
        {"-1, 5, 400, 1", "frequency must be a whole number of days, not -1"},
        {"3700000, 5, 400, 1", "frequency must be a whole number of days, not 3700000"},
        {"'many', 5, 400, 1", "frequency must be a whole number of days, not 'many'"},
        {"1, NULL, 400, 1", "recency must be a whole number of days, not NULL"},
        {"1, 5, x'00', 1", "age must be a whole number of days, not a blob"},
        {"1, 5, 400, 'x'", "monetary_value must be a number, not 'x'"},
        {"1, 5, 400, 9e999", "monetary_value must be a number, not Inf"}};
    for (int i = 0; i < COUNT(wrong); i++) {
        db_exec(db, "DELETE FROM customers WHERE customer_id > 3000; INSERT INTO customers VALUES (3001, %s)", wrong[i][0]);
        db_expect_error(db, "SELECT * FROM clv('customers')", SQLITE_ERROR, wrong[i][1]);
        db_expect(db, "SELECT count(*), max(rows_skipped) FROM clv('customers') WHERE on_error = 'skip'", "3000|1");
    }
    static const char *const learning[] = {"SELECT * FROM clv('customers') WHERE model = 'auto' AND on_error = 'skip'",
                                           "SELECT * FROM churn_candidates('customers') WHERE model = 'auto' AND on_error = 'skip'",
                                           "SELECT * FROM churn_candidates('customers') WHERE model = 'classifier' AND on_error = 'skip'"};
    for (int i = 0; i < COUNT(learning); i++)
        db_expect_error(db, learning[i], SQLITE_ERROR, "learns from orders, and the source is a table of customers");
    db_close(db);
}
END_TEST

/* Where all spend the same there is a mean, but nothing to fit. */
START_TEST(equal_spend_is_a_mean) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE customers(f, r, a, m); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
                " INSERT INTO customers SELECT i %% 4, CASE WHEN i %% 4 THEN 5 + i %% 300 ELSE 0 END, 400 + i %% 90, 12.5 FROM n");
    char *text = db_rows(db, "SELECT clv_fit(f, r, a, m) FROM customers");
    ck_assert_msg(strstr(text, "\"spend\":{") && strstr(text, "\"mean\":12.5}"), "%s", text);
    char *spend = db_rows(db, "SELECT expected_spend(%Q, 2, 12.5), expected_spend(%Q, 0, NULL)", text, text);
    ck_assert_msg(fabs(strtod(spend, NULL) - 12.5) < 1e-6, "%s", spend);
    free(spend);
    free(text);
    db_close(db);
}
END_TEST

/* Parameters of any size give a figure or NULL, in finite time. */
START_TEST(extreme_parameters_are_survived) {
    static const char *const sizes[] = {"1e-30", "1e-12", "0.5", "3e7", "1e30"};
    sqlite3 *db = db_open(NULL);
    for (int i = 0; i < 5 * 5 * 5 * 5 * 3; i++) {
        int model = i % 3, a = i / 3 % 5, b = i / 15 % 5, c = i / 75 % 5, d = i / 375;
        char *text = sqlite3_mprintf("{\"model\":\"%s\",\"r\":%s,\"alpha\":%s,\"%s\":%s,\"%s\":%s,\"spend\":{\"p\":%s,\"q\":%s,"
                                     "\"gamma\":%s}}", scoring_models[model], sizes[a], sizes[b], model == 2 ? "s" : "a",
                                     sizes[c], model == 2 ? "beta" : "b", sizes[d], sizes[a], sizes[b], sizes[c]);
        char *rows = db_rows(db, "SELECT p_alive(%Q, x, y, z), p_no_purchase(%Q, x, y, z, 30), expected_purchases(%Q, x, y, z,"
                             " 30), predicted_clv(%Q, x, y, z, 10) FROM (SELECT 0 AS x, 0 AS y, 0 AS z UNION ALL SELECT 3, 9,"
                             " 50.5 UNION ALL SELECT 3699999, 3699999, 3699999)", text, text, text, text);
        free(rows);
        sqlite3_free(text);
    }
    db_close(db);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("scoring");
    TCase *tc = tcase_create("scoring");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, decimals_come_back);
    tcase_add_test(tc, decimals_are_rounded_to_nearest);
    tcase_add_test(tc, powers_of_ten_are_printed);
    tcase_add_test(tc, decimals_are_written_and_refused);
    tcase_add_loop_test(tc, scores_are_those_of_the_report, 0, SCORING_SHOPS * SCORING_MODELS);
    tcase_add_loop_test(tc, row_order_does_not_matter, 0, SCORING_SHOPS * SCORING_MODELS);
    tcase_add_loop_test(tc, tables_of_customers_predict_alike, 0, SCORING_SHOPS * SCORING_MODELS);
    tcase_add_loop_test(tc, customers_of_the_oracle_are_scored, 0, 3);
    tcase_add_test(tc, cdnow_is_fitted);
    tcase_add_test(tc, broken_texts_are_refused);
    tcase_add_test(tc, extreme_parameters_are_survived);
    tcase_add_test(tc, many_customers_and_odd_ones);
    tcase_add_test(tc, equal_spend_is_a_mean);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
