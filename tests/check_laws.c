/* check_laws.c - what must hold for any orders: identities, plain SQL, order of rows, shifts,
 * scales; and the figures of real shops. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "oracle.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const DbShop laws_shops[] = {
    {.seed = 1, .n_customers = 1, .n_days = 60, .gap_days = 9},
    {.seed = 2, .n_customers = 5, .n_days = 90, .gap_days = 12, .refunds = true},
    {.seed = 3, .n_customers = 60, .n_days = 800, .gap_days = 60, .refunds = true},
    {.seed = 4, .n_customers = 150, .n_days = 400, .gap_days = 25, .refunds = true,
     .odd_ids = true},
    {.seed = 5, .n_customers = 300, .n_days = 250, .gap_days = 15, .odd_ids = true},
    {.seed = 6, .n_customers = 400, .n_days = 500, .gap_days = 40, .refunds = true},
};

static const char *const laws_periods[] = {"day", "week", "month", "quarter", "year", "28 days",
                                           "10 days"};

static sqlite3 *laws_open(int shop) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", laws_shops[shop]);
    return db;
}

/* Plain tables of purchases, first purchases and the last date, by the README's definitions. */
static void laws_make_twins(sqlite3 *db) {
    db_exec(db, "CREATE TEMP TABLE p AS SELECT customer_id AS c, substr(order_date, 1, 10) AS d"
            " FROM orders WHERE customer_id <> '' GROUP BY 1, 2 HAVING total(amount) > 1e-9 *"
            " total(abs(amount)) OR total(abs(amount)) = 0;"
            "CREATE INDEX temp.p_c ON p(c, d);"
            "CREATE TEMP TABLE f AS SELECT c, min(d) AS d FROM p GROUP BY c;"
            "CREATE TEMP TABLE bound AS SELECT (SELECT min(d) FROM f) AS first,"
            " max(substr(order_date, 1, 10)) AS as_of FROM orders");
}

/* ---- Identities ---- */

START_TEST(identities_hold_in_every_row) {
    sqlite3 *db = laws_open(_i);
    laws_make_twins(db);
    for (int k = 0; k < COUNT(laws_periods) * 2; k++) {
        char *window = sqlite3_mprintf(k % 2 ? ", '400 days'" : "");
        char *from = sqlite3_mprintf("FROM (SELECT *, lag(end_customers, 1, 0) OVER (ORDER BY"
                                     " period_start) AS e0, lag(date(period_end, '+1 day')) OVER"
                                     " (ORDER BY period_start) AS d0 FROM retention_rate('orders',"
                                     " %Q%s))", laws_periods[k / 2],
                                         window);
        char *wrong = sqlite3_mprintf(
            "SELECT * %s WHERE end_customers <> retained + new_customers + reactivated"
            " OR start_customers <> retained + lost OR start_customers <> e0 OR period_start <> d0"
            " OR min(start_customers, end_customers, new_customers, retained, reactivated, lost)"
            " < 0 OR (is_complete AND start_customers > 0) <> (retention_rate IS NOT NULL)"
            " OR (retention_rate IS NULL) <> (ci_low IS NULL) OR (ci_low IS NULL) <> (ci_high IS"
            " NULL) OR NOT (0 <= ci_low AND ci_low <= retention_rate AND retention_rate <= ci_high"
            " AND ci_high <= 1) OR abs(retention_rate + churn_rate - 1) > 1e-15 OR retention_rate"
            " <> 1.0 * retained / start_customers OR crr_formula <> 1.0 * (retained + reactivated)"
            " / start_customers OR end_to_start_ratio <> 1.0 * end_customers / start_customers"
            " OR ci_low <> wilson_low(retained, start_customers) OR ci_high <>"
            " wilson_high(retained, start_customers) OR crr_formula <> crr(end_customers,"
            " new_customers, start_customers)", from);
        db_expect(db, wrong, "");
        char *sum = sqlite3_mprintf("SELECT sum(new_customers) %s", from);
        db_expect_same(db, sum, "SELECT count(*) FROM f");
        sqlite3_free(sum);
        sqlite3_free(wrong);
        sqlite3_free(from);
        sqlite3_free(window);
    }
    db_close(db);
}
END_TEST

START_TEST(customers_are_summarised_as_in_plain_sql) {
    sqlite3 *db = laws_open(_i);
    laws_make_twins(db);
    /* Sums of hundredths may differ in the last digit; the rest is exact. */
    db_exec(db, "CREATE TEMP TABLE own AS SELECT c, min(d) AS first, max(d) AS last, count(*) - 1"
            " AS x, CAST(julianday(max(d)) - julianday(min(d)) AS INTEGER) AS tx,"
            " CAST(julianday((SELECT as_of FROM bound)) - julianday(min(d)) AS INTEGER) AS days,"
            " (SELECT total(amount) FROM orders o WHERE o.customer_id = p.c) AS money FROM p"
            " GROUP BY c;"
            "CREATE TEMP TABLE ours AS SELECT * FROM clv('orders')");
    db_expect(db, "SELECT (SELECT count(*) FROM own) - (SELECT count(*) FROM ours)", "0");
    db_expect(db, "SELECT * FROM own LEFT JOIN ours ON c = customer_id WHERE customer_id IS NULL"
              " OR first <> first_order_date OR last <> last_order_date OR x <> frequency OR tx"
              " <> recency OR days <> age OR abs(money - historic_clv) > 1e-9 * (1 + abs(money))"
              " LIMIT 3", "");
    db_expect(db, "SELECT * FROM own LEFT JOIN churn_candidates('orders', 90, 0) l ON c ="
              " l.customer_id WHERE l.customer_id IS NULL OR x + 1 <> purchase_days OR last <>"
              " last_order_date OR days_since_last <> days - tx OR abs(money - historic_value) >"
              " 1e-9 * (1 + abs(money)) LIMIT 3", "");
    db_expect_same(db, "SELECT max(rows_read), max(rows_no_customer), max(customers_no_purchase)"
                   " FROM clv('orders')",
                   "SELECT count(*), sum(customer_id IS NULL OR customer_id = ''), count(DISTINCT"
                   " nullif(customer_id, '')) - (SELECT count(*) FROM f) FROM orders");
    db_close(db);
}
END_TEST

START_TEST(predictions_stay_in_their_bounds) {
    sqlite3 *db = laws_open(_i);
    static const char *const models[] = {"bgnbd", "mbgnbd"};
    for (int m = 0; m < COUNT(models); m++) {
        char *sql = sqlite3_mprintf(
            "SELECT * FROM clv('orders', 200, 0.1, 0.5, %Q) WHERE NOT (p_alive BETWEEN 0 AND 1)"
            " OR expected_purchases < 0 OR expected_purchases > 200 OR expected_spend <= 0 OR"
            " predicted_clv < 0 OR predicted_clv > 0.5 * expected_purchases * expected_spend * (1 +"
            " 1e-12) OR total_clv <> historic_clv + predicted_clv OR (predicted_clv IS NULL AND"
            " note IS NULL) LIMIT 3",
            models[m]);
        db_expect(db, sql, "");
        sqlite3_free(sql);
        sql = sqlite3_mprintf(
            "SELECT * FROM churn_candidates('orders', 60, 0, %Q) a LEFT JOIN"
            " churn_candidates('orders', 120, 0, %Q) b USING (customer_id) WHERE NOT"
            " (a.churn_probability BETWEEN 0 AND 1) OR b.churn_probability >"
            " a.churn_probability OR a.churn_probability < 1 - a.p_alive - 1e-12 OR a.p_alive <>"
            " b.p_alive OR a.value_at_risk < 0 OR a.risk_band <> CASE WHEN a.churn_probability >="
            " 0.9 THEN 'very high' WHEN a.churn_probability >= 0.7 THEN 'high' WHEN"
            " a.churn_probability >= 0.5 THEN 'medium' ELSE 'low' END"
            " LIMIT 3", models[m], models[m]);
        db_expect(db, sql, "");
        sqlite3_free(sql);
    }
    db_close(db);
}
END_TEST

/* ---- Plain SQL ---- */

static const struct {
    const char *period, *window, *where;
    const char *first, *step;   /* start of the first period; a modifier to the next */
    const char *low;            /* where the active window before x begins */
} laws_cases[] = {
    {"month", "period", "1", "date(first, 'start of month')", "+1 month", "date(x, '-1 month')"},
    {"week", "period", "1", "date(first, '-6 days', 'weekday 1')", "+7 days", "date(x, '-7 days')"},
    {"week", "period", "week_start = 'sunday'", "date(first, '-6 days', 'weekday 0')", "+7 days",
     "date(x, '-7 days')"},
    {"day", "period", "1", "first", "+1 day", "date(x, '-1 day')"},
    {"quarter", "period", "1", "date(first, 'start of month', '-' || ((substr(first, 6, 2) - 1) %"
     " 3) || ' months')",
     "+3 months", "date(x, '-3 months')"},
    {"year", "period", "1", "date(first, 'start of year')", "+1 year", "date(x, '-1 year')"},
    {"28 days", "period", "1", "first", "+28 days", "date(x, '-28 days')"},
    {"2 weeks", "14 days", "1", "first", "+14 days", "date(x, '-14 days')"},
    {"month", "90 days", "1", "date(first, 'start of month')", "+1 month", "date(x, '-90 days')"},
    {"month", "31 days", "1", "date(first, 'start of month')", "+1 month", "date(x, '-31 days')"},
    {"month", "6 months", "1", "date(first, 'start of month')", "+1 month", "date(x, '-6 months')"},
    {"day", "30 days", "1", "first", "+1 day", "date(x, '-30 days')"},
    {"quarter", "1 year", "1",
     "date(first, 'start of month', '-' || ((substr(first, 6, 2) - 1) % 3) || ' months')",
         "+3 months",
     "date(x, '-1 year')"},
    /* two months before a day that the earlier month does not have is its last day */
    {"week", "2 months", "1", "date(first, '-6 days', 'weekday 1')", "+7 days",
     "min(date(x, '-2 months'), date(x, 'start of month', '-1 month', '-1 day'))"},
    {"28 days", "35 days", "as_of = '2023-06-30'", "first", "+28 days", "date(x, '-35 days')"},
    {"month", "100 days", "as_of = '2024-12-30'", "date(first, 'start of month')", "+1 month",
     "date(x, '-100 days')"},
};

static char *laws_replace(const char *text, const char *with) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    for (const char *at = text; *at; at++)
        if (at[0] == 'x' && strchr("(,", at[-1]) != NULL) sqlite3_str_appendall(out, with);
        else sqlite3_str_appendchar(out, 1, *at);
    return sqlite3_str_finish(out);
}

/* For each period and customer: a purchase in the window before its start, before its end? */
static char *laws_twin(int i) {
    char *low_a = laws_replace(laws_cases[i].low, "a"), *low_b = laws_replace(laws_cases[i].low,
        "b");
    char *sql = sqlite3_mprintf(
        "WITH RECURSIVE t(a, b) AS (SELECT s, date(s, %Q) FROM (SELECT %s AS s FROM bound) UNION"
        " ALL  SELECT b, date(b, %Q) FROM t WHERE b <= (SELECT as_of FROM bound)),"
        " k AS (SELECT a, b, f.d >= a AND f.d < b AS fresh,  EXISTS (SELECT 1 FROM p WHERE p.c ="
        " f.c AND p.d >= %s AND p.d < a) AS s,  EXISTS (SELECT 1 FROM p WHERE p.c = f.c AND p.d >="
        " %s AND p.d < b) AS e FROM t CROSS JOIN f), r AS (SELECT a, date(b, '-1 day') AS z, sum(s)"
        " AS s, sum(e) AS e, sum(fresh) AS fresh,  sum(s AND e) AS kept, sum(e AND NOT s AND NOT"
        " fresh) AS back, sum(s AND NOT e) AS lost FROM k GROUP BY a) SELECT a, z, z <= as_of, s,"
        " e, fresh, kept, back, lost,  CASE WHEN z <= as_of THEN 1.0 * kept / nullif(s, 0) END,"
        "  CASE WHEN z <= as_of THEN 1.0 * lost / nullif(s, 0) END,  CASE WHEN z <= as_of THEN 1.0"
        " * (e - fresh) / nullif(s, 0) END,  CASE WHEN z <= as_of THEN 1.0 * e / nullif(s, 0) END"
        " FROM r, bound ORDER BY a",
        laws_cases[i].step, laws_cases[i].first, laws_cases[i].step, low_a, low_b);
    sqlite3_free(low_a);
    sqlite3_free(low_b);
    return sql;
}

#define LAWS_COLUMNS                                                                             \
    "SELECT period_start, period_end, is_complete, start_customers, end_customers,"              \
    " new_customers, retained, reactivated, lost, retention_rate, churn_rate, crr_formula,"      \
    " end_to_start_ratio"

START_TEST(retention_is_that_of_plain_sql) {
    for (int shop = 0; shop < COUNT(laws_shops); shop++) {
        sqlite3 *db = laws_open(shop);
        laws_make_twins(db);
        if (strncmp(laws_cases[_i].where, "as_of", 5) == 0)
            db_exec(db, "UPDATE bound SET %s; DELETE FROM p WHERE d > (SELECT as_of FROM bound);"
                    "DELETE FROM f WHERE d > (SELECT as_of FROM bound)", laws_cases[_i].where);
        char *twin = laws_twin(_i);
        char *ours = sqlite3_mprintf(LAWS_COLUMNS " FROM retention_rate('orders', %Q, %Q) WHERE %s",
                                     laws_cases[_i].period, laws_cases[_i].window,
                                         laws_cases[_i].where);
        db_expect_same(db, ours, twin);
        sqlite3_free(ours);
        sqlite3_free(twin);
        db_close(db);
    }
}
END_TEST

/* The recipe that users read and the benchmark races against, where it is there. */
static char *laws_read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    size_t n = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(n + 1);
    if (!text || fread(text, 1, n, file) != n) abort();
    text[n] = 0;
    fclose(file);
    return text;
}

START_TEST(the_recipe_in_sql_agrees) {
    char *recipe = laws_read_file("sql/retention_rate.sql");
    if (!recipe) {
        printf("skipped: sql/retention_rate.sql: not here\n");
        return;
    }
    sqlite3 *db = laws_open(_i);
    db_exec(db, "CREATE TEMP VIEW recipe AS %s", recipe);
    db_expect_same(db, "SELECT period_start, is_complete, start_customers, end_customers,"
                   " new_customers, retained, reactivated, lost, retention_rate, churn_rate,"
                   " crr_formula, end_to_start_ratio FROM"
                   " retention_rate('orders')", "SELECT * FROM recipe");
    free(recipe);
    db_close(db);
}
END_TEST

/* ---- The order of the rows ---- */

/* Runs sql on orders, and with every 'orders' replaced on another table.  False when there are no rows. */
static bool laws_compare(sqlite3 *db, const char *sql, const char *other) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    for (const char *at = sql; *at;) {
        bool hit = strncmp(at, "orders", 6) == 0;
        if (hit) sqlite3_str_appendall(out, other);
        else sqlite3_str_appendchar(out, 1, *at);
        at += hit ? 6 : 1;
    }
    char *replaced = sqlite3_str_finish(out);
    ck_assert_msg(strcmp(sql, replaced) != 0, "%s does not read orders", sql);
    char *want = db_rows(db, "%s", sql);
    bool any = want[0] != 0;
    if (any) db_expect_same(db, replaced, sql);
    else db_expect(db, replaced, "");
    free(want);
    sqlite3_free(replaced);
    return any;
}

static void laws_expect_alike(sqlite3 *db, const char *sql, const char *other) {
    ck_assert_msg(laws_compare(db, sql, other), "no rows: %s", sql);
}

/* For each row of a query of SQL texts: they must not depend on the order of the rows.  How many have rows. */
static int laws_expect_all_alike(sqlite3 *db, const char *texts, const char *other) {
    sqlite3_stmt *stmt = NULL;
    int n = 0;
    ck_assert_int_eq(sqlite3_prepare_v2(db, texts, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        n += laws_compare(db, (const char *)sqlite3_column_text(stmt, 0), other);
    sqlite3_finalize(stmt);
    return n;
}

/* But for data_quality, which names rows by their number and tables by their name (check_quality.c). */
START_TEST(the_order_of_rows_does_not_matter) {
    sqlite3 *db = laws_open(_i);
    db_exec(db, "CREATE TABLE shuffled AS SELECT * FROM orders ORDER BY rowid * 2654435761 %%"
            " 1000003;"
            "CREATE TABLE reversed AS SELECT * FROM orders ORDER BY rowid DESC");
    static const char *const others[] = {"shuffled", "reversed"};
    for (int k = 0; k < COUNT(others); k++) {
        int n = laws_expect_all_alike(db, "SELECT example FROM retain_help WHERE example LIKE"
                                      " '%orders%' AND name <> 'data_quality'",
                                      others[k]);
        n += laws_expect_all_alike(db, "SELECT 'SELECT *, rowid <> 0, as_of, rows_read,"
                                   " rows_no_customer FROM ' || name || '(''orders'')' FROM"
                                   " retain_help WHERE argument = 'source' AND name NOT IN (SELECT"
                                   " name FROM retain_help WHERE kind = 'table' AND argument <>"
                                   " 'source' AND default_value IS NULL) AND name <> 'data_quality'",
                                   others[k]);
        n += laws_expect_all_alike(db, "SELECT 'SELECT * FROM ' || name || '(''orders'') WHERE"
                                   " segment_column = ''channel'' AND segment_at = ''' || value ||"
                                   " '''' FROM retain_help, json_each('[\"first\", \"last\"]')"
                                   " WHERE argument = 'segment_column'",
                                   others[k]);
        ck_assert_int_ge(n, 9);
    }
    db_close(db);
}
END_TEST

/* ---- Segments ---- */

START_TEST(segments_add_up_to_the_whole) {
    sqlite3 *db = laws_open(_i);
    static const char *const at[] = {"first", "last"};
    for (int k = 0; k < COUNT(at) * COUNT(laws_periods); k++) {
        char *parts = sqlite3_mprintf(
            "SELECT period_start, sum(start_customers), sum(end_customers), sum(new_customers),"
            " sum(retained), sum(reactivated), sum(lost) FROM retention_rate('orders', %Q) WHERE"
            " segment_column = 'channel' AND segment_at = %Q GROUP BY period_start ORDER BY"
            " period_start",
                laws_periods[k / 2], at[k % 2]);
        char *whole = sqlite3_mprintf("SELECT period_start, start_customers, end_customers,"
                                      " new_customers, retained, reactivated, lost FROM"
                                      " retention_rate('orders', %Q)",
                                      laws_periods[k / 2]);
        db_expect_same(db, parts, whole);
        sqlite3_free(parts);
        sqlite3_free(whole);
    }
    db_close(db);
}
END_TEST

/* A segment alone is the whole of the customers that it has. */
START_TEST(a_segment_is_a_shop_of_its_own) {
    sqlite3 *db = laws_open(_i);
    db_exec(db, "CREATE TABLE fixed AS SELECT customer_id, order_date, amount, 'all' AS channel"
            " FROM orders");
    db_expect_same(db, LAWS_COLUMNS " FROM retention_rate('fixed') WHERE segment_column ="
                   " 'channel'",
                   LAWS_COLUMNS " FROM retention_rate('orders')");
    db_close(db);
}
END_TEST

/* ---- Shifts, scales, names ---- */

#define LAWS_COUNTS                                                                              \
    "SELECT is_complete, start_customers, end_customers, new_customers, retained, reactivated,"  \
    " lost, retention_rate, ci_low, ci_high"

START_TEST(shifts_by_whole_weeks_shift_the_results) {
    sqlite3 *db = laws_open(_i);
    db_exec(db, "CREATE TABLE later AS SELECT customer_id, date(substr(order_date, 1, 10), '+1421"
            " days') || substr(order_date, 11) AS order_date, amount, channel FROM orders");
    laws_expect_alike(db, LAWS_COUNTS ", julianday(period_start) - julianday(min(period_start)"
                      " OVER ()) FROM retention_rate('orders', 'week')", "later");
    laws_expect_alike(db, LAWS_COUNTS " FROM retention_rate('orders', '28 days', '40"
                      " days')", "later");
    laws_expect_alike(db, LAWS_COUNTS " FROM retention_rate('orders', 'day')", "later");
    laws_expect_alike(db, "SELECT customer_id, frequency, recency, age, monetary_value, p_alive,"
                      " predicted_clv, note FROM clv('orders')", "later");
    laws_expect_alike(db, "SELECT rank, customer_id, churn_probability, usual_gap_days,"
                      " value_at_risk, reason FROM churn_candidates('orders', 30, 0)", "later");
    db_expect_same(db, "SELECT period_start FROM retention_rate('later', 'week')",
                   "SELECT date(period_start, '+1421 days') FROM retention_rate('orders', 'week')");
    db_close(db);
}
END_TEST

START_TEST(units_of_dates_do_not_matter) {
    sqlite3 *db = laws_open(_i);
    static const char *const units[] = {
        "CAST(strftime('%%s', order_date) AS INTEGER)",
        "1000 * CAST(strftime('%%s', order_date) AS INTEGER)",
        "CAST(replace(substr(order_date, 1, 10), '-', '') AS INTEGER)", "julianday(order_date)",
        "replace(order_date, ' ', 'T') || CASE WHEN length(order_date) > 10 THEN 'Z' ELSE '' END",
        "strftime('%%Y-%%m-%%dT%%H:%%M:%%f', order_date)"};
    for (int k = 0; k < COUNT(units); k++) {
        char *make = sqlite3_mprintf("DROP TABLE IF EXISTS coded; CREATE TABLE coded AS SELECT"
                                     " customer_id, %s AS order_date, amount, channel FROM"
                                     " orders", units[k]);
        db_exec(db, make); /* whose %% are % once more */
        sqlite3_free(make);
        laws_expect_alike(db, "SELECT * FROM retention_rate('orders')", "coded");
        laws_expect_alike(db, "SELECT * FROM clv('orders')", "coded");
    }
    db_close(db);
}
END_TEST

START_TEST(scaled_amounts_scale_money) {
    sqlite3 *db = laws_open(_i);
    db_exec(db, "CREATE TABLE twice AS SELECT customer_id, order_date, amount * 2 AS amount,"
            " channel FROM orders");
    laws_expect_alike(db, "SELECT * FROM retention_rate('orders')", "twice");
    db_expect_same(db, "SELECT customer_id, frequency, recency, age, monetary_value,"
                   " historic_clv, p_alive, expected_purchases FROM clv('twice') ORDER BY"
                   " customer_id",
                   "SELECT customer_id, frequency, recency, age, monetary_value * 2, historic_clv"
                   " * 2, p_alive, expected_purchases FROM clv('orders') ORDER BY customer_id");
    db_expect_same(db, "SELECT customer_id, churn_probability, historic_value, reason"
                   " FROM churn_candidates('twice', 90, 0) ORDER BY customer_id",
                   "SELECT customer_id, churn_probability, historic_value * 2, reason"
                   " FROM churn_candidates('orders', 90, 0) ORDER BY customer_id");
    /* the spend model is fitted anew: the same optimum to its tolerance */
    db_expect(db, "SELECT * FROM clv('orders') a JOIN clv('twice') b USING (customer_id) WHERE"
              " abs(b.predicted_clv - 2 * a.predicted_clv) > 1e-6 * a.predicted_clv OR"
              " (a.predicted_clv IS NULL) <> (b.predicted_clv IS NULL) LIMIT 3", "");
    db_exec(db, "CREATE TABLE tiny AS SELECT customer_id, order_date, amount / 4096 AS amount, channel FROM orders");
    db_expect(db, "SELECT * FROM clv('orders', 200, 0.1, 0.3) a JOIN clv('tiny', 200, 0.1, 0.3) b USING (customer_id) WHERE"
              " abs(4096 * b.clv_low - a.clv_low) > 1e-5 * abs(a.clv_high) OR"
              " abs(4096 * b.clv_high - a.clv_high) > 1e-5 * abs(a.clv_high) OR"
              " (a.clv_high IS NULL) <> (b.clv_high IS NULL) LIMIT 3", "");
    db_close(db);
}
END_TEST

START_TEST(margin_scales_value_exactly) {
    sqlite3 *db = laws_open(_i);
    db_expect_same(db, "SELECT customer_id, p_alive, predicted_clv * 4, historic_clv * 4"
                   " FROM clv('orders', 365, 0.1, 0.25)",
                   "SELECT customer_id, p_alive, predicted_clv, historic_clv FROM clv('orders',"
                   " 365, 0.1)");
    db_expect(db, "SELECT a.customer_id FROM clv('orders', 365, 0) a JOIN clv('orders', 365, 0.5) b"
              " USING (customer_id) WHERE b.predicted_clv > a.predicted_clv OR a.predicted_clv >"
              " b.predicted_clv * 1.5 OR abs(a.predicted_clv - a.expected_purchases *"
              " a.expected_spend) > 1e-12 * a.predicted_clv LIMIT 3", "");
    db_close(db);
}
END_TEST

START_TEST(names_of_customers_do_not_matter) {
    sqlite3 *db = laws_open(_i);
    db_exec(db, "CREATE TEMP TABLE name AS SELECT customer_id AS old, 'customer number ' ||"
            " (row_number() OVER (ORDER BY customer_id)) AS new FROM orders WHERE customer_id <> ''"
            " GROUP BY customer_id;"
            "CREATE INDEX temp.by_old ON name(old);"
            "CREATE TABLE named AS SELECT CASE WHEN customer_id <> '' THEN (SELECT new FROM name"
            " WHERE old = customer_id) END AS customer_id, order_date, amount, channel FROM"
            " orders");
    laws_expect_alike(db, "SELECT * FROM retention_rate('orders')", "named");
    laws_expect_alike(db, "SELECT * FROM retention_rate('orders', 'week') WHERE segment_column ="
                      " 'channel'", "named");
    laws_expect_alike(db, "SELECT first_order_date, last_order_date, frequency, recency, age,"
                      " monetary_value, p_alive, predicted_clv, historic_clv FROM clv('orders')"
                      " ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9", "named");
    db_close(db);
}
END_TEST

START_TEST(what_is_after_as_of_might_not_be_there) {
    sqlite3 *db = laws_open(_i);
    db_exec(db, "CREATE TABLE past AS SELECT * FROM orders WHERE order_date < '2023-02-10'");
    for (int k = 0; k < COUNT(laws_periods); k++) {
        char *now = sqlite3_mprintf(LAWS_COLUMNS " FROM retention_rate('orders', %Q) WHERE as_of"
                                    " = '2023-02-09'",
                                    laws_periods[k]);
        char *past = sqlite3_mprintf(LAWS_COLUMNS " FROM retention_rate('past', %Q) WHERE as_of ="
                                     " '2023-02-09'",
                                     laws_periods[k]);
        if (db_int(db, "SELECT count(*) FROM past") > 0) db_expect_same(db, now, past);
        sqlite3_free(now);
        sqlite3_free(past);
    }
    db_expect_same(db, "SELECT count(*), total(predicted_clv), total(p_alive),"
                   " total(historic_clv), total(age) FROM clv('orders') WHERE as_of = '2023-02-09'",
                   "SELECT count(*), total(predicted_clv), total(p_alive), total(historic_clv),"
                   " total(age) FROM clv('past') WHERE as_of = '2023-02-09'");
    db_close(db);
}
END_TEST

/* ---- Real shops ---- */

/* A month of the oracle, in the words and digits of our columns; wrong fields are counted. */
static int laws_month_differs(sqlite3 *db, Oracle *oracle, int i) {
    static const char *const fields[][2] = {
        {"start", "start_customers"}, {"end", "end_customers"}, {"new", "new_customers"},
        {"retained", "retained"},     {"resurrected", "reactivated"}, {"dormant", "lost"}};
    static const char *const rates[][2] = {
        {"retention_rate", "retention_rate"}, {"crr_textbook", "crr_formula"},
        {"wilson95[0]", "ci_low"},            {"wilson95[1]", "ci_high"}};
    int wrong = 0;
    for (int k = 0; k < COUNT(fields); k++)
        wrong += oracle_number(oracle, "crr_monthly_activity[%d].%s", i, fields[k][0]) !=
                 db_real(db, "SELECT %s FROM ours LIMIT 1 OFFSET %d", fields[k][1], i);
    bool complete = db_int(db, "SELECT is_complete FROM ours LIMIT 1 OFFSET %d", i) == 1;
    for (int k = 0; k < COUNT(rates) && complete; k++) {
        double want = oracle_number(oracle, "crr_monthly_activity[%d].%s", i, rates[k][0]);
        bool none = db_int(db, "SELECT %s IS NULL FROM ours LIMIT 1 OFFSET %d", rates[k][1],
                           i) == 1;
        double got = db_real(db, "SELECT %s FROM ours LIMIT 1 OFFSET %d", rates[k][1], i);
        wrong += isnan(want) ? !none : none || fabs(got - want) > 1e-12;
    }
    return wrong;
}

START_TEST(months_of_real_shops) {
    static const char *const shops[] = {"cdnow_sample", "uci_online_retail_orders"};
    char name[64];
    sqlite3 *db = db_open(NULL);
    snprintf(name, sizeof(name), "metrics_%s", shops[_i]);
    Oracle *oracle = oracle_open(name);
    if (oracle && db_import(db, "orders", shops[_i])) {
        db_exec(db, "CREATE TEMP TABLE ours AS SELECT * FROM retention_rate('orders')");
        int n = oracle_length(oracle, "crr_monthly_activity");
        ck_assert_int_gt(n, 12);
        ck_assert_int_eq(db_int(db, "SELECT count(*) FROM ours"), n);
        for (int i = 0; i < n; i++) {
            int wrong = laws_month_differs(db, oracle, i);
            ck_assert_msg(wrong == 0, "%s, month %d: %d figures differ", shops[_i], i, wrong);
        }
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

/* The base of 180 days: a customer is there when they bought in the 180 days before. */
START_TEST(base_windows_of_real_shops) {
    static const char *const shops[] = {"cdnow_sample", "uci_online_retail_orders"};
    static const char *const fields[][2] = {
        {"start", "start_customers"}, {"end", "end_customers"}, {"new", "new_customers"},
            {"retained", "retained"},
        {"lost", "lost"}, {"reactivated", "reactivated"}, {"crr", "crr_formula"},
        {"retention_rate", "retention_rate"}, {"churn_rate", "churn_rate"}};
    char name[64];
    sqlite3 *db = db_open(NULL);
    snprintf(name, sizeof(name), "metrics_%s", shops[_i]);
    Oracle *oracle = oracle_open(name);
    if (oracle && db_import(db, "orders", shops[_i])) {
        int n = oracle_length(oracle, "crr_monthly_base_window.series"), wrong = 0;
        ck_assert_int_gt(n, 10);
        db_exec(db, "CREATE TEMP TABLE ours AS SELECT * FROM retention_rate('orders', 'month',"
                " '180 days') WHERE start_customers > 0 AND is_complete");
        ck_assert_int_eq(db_int(db, "SELECT count(*) FROM ours"), n);
        for (int i = 0; i < n * COUNT(fields); i++) {
            const char *const *field = fields[i % COUNT(fields)];
            double want = oracle_number(oracle, "crr_monthly_base_window.series[%d].%s",
                                        i / COUNT(fields), field[0]);
            double got = db_real(db, "SELECT %s FROM ours LIMIT 1 OFFSET %d", field[1],
                                 i / COUNT(fields));
            wrong += !(fabs(got - want) <= 1e-12 * fmax(1, fabs(want)));
        }
        ck_assert_int_eq(wrong, 0);
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

START_TEST(small_real_shops_agree_with_plain_sql) {
    static const char *const shops[] = {"northwind_orders", "chinook_invoices",
                                        "uci_online_retail_orders"};
    sqlite3 *db = db_open(NULL);
    if (db_import(db, "raw", shops[_i])) {
        db_exec(db, "CREATE TABLE orders AS SELECT customer_id, ts AS order_date, CAST(amount AS"
                " REAL) AS amount, country FROM raw");
        laws_make_twins(db);
        char *twin = laws_twin(0);
        db_expect_same(db, LAWS_COLUMNS " FROM retention_rate('raw')", twin);
        sqlite3_free(twin);
        db_expect_same(db, "SELECT period_start, sum(start_customers), sum(retained),"
                       " sum(new_customers) FROM retention_rate('raw') WHERE segment_column ="
                       " 'country' GROUP BY period_start",
                       "SELECT period_start, start_customers, retained, new_customers FROM"
                       " retention_rate('raw')");
        db_expect_same(db, "SELECT count(*), sum(frequency + 1) FROM clv('raw')",
                       "SELECT (SELECT count(*) FROM f), (SELECT count(*) FROM p)");
    }
    db_close(db);
}
END_TEST

/* Refunds: the lines of UK Online Retail, of which 'C' invoices are negative. */
START_TEST(refunds_of_a_real_shop_agree_with_plain_sql) {
    sqlite3 *db = db_open(NULL);
    if (db_import(db, "raw", "uci_online_retail_lines")) {
        /* descriptions hold commas: lines that split wrongly are left to neither side */
        db_exec(db, "CREATE TABLE orders AS SELECT CustomerID AS customer_id, InvoiceDate AS"
                " order_date, round(Quantity * UnitPrice, 2) AS amount, InvoiceNo AS invoice FROM"
                " raw WHERE InvoiceDate LIKE '20__-__-__ %%' AND Country <> ''");
        ck_assert_int_gt(db_int(db, "SELECT count(*) FROM orders"), 500000);
        ck_assert_int_gt(db_int(db, "SELECT count(*) FROM orders WHERE amount < 0"), 5000);
        laws_make_twins(db);
        char *twin = laws_twin(0);
        db_expect_same(db, LAWS_COLUMNS " FROM retention_rate('orders') WHERE order_column ="
                       " ''", twin);
        sqlite3_free(twin);
        db_expect_same(db, "SELECT count(*), sum(frequency + 1), max(rows_no_customer) FROM"
                       " clv('orders')",
                       "SELECT (SELECT count(*) FROM f), (SELECT count(*) FROM p),"
                       " (SELECT sum(customer_id = '') FROM orders)");
    }
    db_close(db);
}
END_TEST

static bool laws_near(double got, double want, double tolerance) {
    return fabs(got - want) <= tolerance * fmax(fabs(want), 1e-8);
}

START_TEST(customers_of_cdnow_are_predicted) {
    static const char *const models[][2] = {{"bgnbd", "BGNBD"}, {"mbgnbd", "MBGNBD"}};
    sqlite3 *db = db_open(NULL);
    Oracle *oracle = oracle_open("cdnow_sample_39w");
    if (oracle && db_import(db, "cdnow", "cdnow_sample")) {
        int n = oracle_length(oracle, "customers");
        ck_assert_int_gt(n, 50);
        /* 39 weeks are 273 days */
        db_exec(db, "CREATE TEMP TABLE ours AS SELECT * FROM clv('cdnow', 273, 0, 1, %Q) WHERE"
                " as_of = '1997-09-30'",
                models[_i][0]);
        ck_assert_int_eq(db_int(db, "SELECT count(*) FROM ours"), 2357);
        for (int i = 0; i < n; i++) {
            int id = (int)oracle_number(oracle, "customers[%d].id", i);
            double p_alive = db_real(db, "SELECT p_alive FROM ours WHERE customer_id = '%d'", id);
            double purchases = db_real(db, "SELECT expected_purchases FROM ours WHERE customer_id"
                                       " = '%d'", id);
            double spend = db_real(db, "SELECT expected_spend FROM ours WHERE customer_id ="
                                   " '%d'", id);
            double value = db_real(db, "SELECT predicted_clv FROM ours WHERE customer_id ="
                                   " '%d'", id);
            double frequency = db_real(db, "SELECT frequency FROM ours WHERE customer_id ="
                                       " '%d'", id);
            double recency = db_real(db, "SELECT recency FROM ours WHERE customer_id = '%d'", id);
            double want_purchases = oracle_number(oracle, "customers[%d].%s.cet.39", i,
                                                  models[_i][1]);
            double want_spend = oracle_number(oracle, "customers[%d].gg_expected_mean", i);
            bool same = frequency == oracle_number(oracle, "customers[%d].x", i) &&
                        laws_near(recency, 7 * oracle_number(oracle, "customers[%d].tx", i), 1e-12);
            bool near = laws_near(p_alive, oracle_number(oracle, "customers[%d].%s.palive", i,
                                                         models[_i][1]), 1e-4) &&
                        laws_near(purchases, want_purchases, 1e-4) && laws_near(spend, want_spend,
                            1e-4) &&
                        laws_near(value, want_purchases * want_spend, 2e-4);
            ck_assert_msg(same && near, "customer %d: x %g, p_alive %.9g, purchases %.9g (%.9g),"
                          " spend %.9g (%.9g)",
                          id, frequency, p_alive, purchases, want_purchases, spend, want_spend);
        }
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("laws");
    TCase *tc = tcase_create("laws");
    int shops = COUNT(laws_shops);
    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, identities_hold_in_every_row, 0, shops);
    tcase_add_loop_test(tc, customers_are_summarised_as_in_plain_sql, 0, shops);
    tcase_add_loop_test(tc, predictions_stay_in_their_bounds, 0, shops);
    tcase_add_loop_test(tc, retention_is_that_of_plain_sql, 0, COUNT(laws_cases));
    tcase_add_loop_test(tc, the_recipe_in_sql_agrees, 0, shops);
    tcase_add_loop_test(tc, the_order_of_rows_does_not_matter, 0, shops);
    tcase_add_loop_test(tc, segments_add_up_to_the_whole, 0, shops);
    tcase_add_loop_test(tc, a_segment_is_a_shop_of_its_own, 0, shops);
    tcase_add_loop_test(tc, shifts_by_whole_weeks_shift_the_results, 0, shops);
    tcase_add_loop_test(tc, units_of_dates_do_not_matter, 0, shops);
    tcase_add_loop_test(tc, scaled_amounts_scale_money, 0, shops);
    tcase_add_loop_test(tc, margin_scales_value_exactly, 0, shops);
    tcase_add_loop_test(tc, names_of_customers_do_not_matter, 0, shops);
    tcase_add_loop_test(tc, what_is_after_as_of_might_not_be_there, 0, shops);
    tcase_add_loop_test(tc, months_of_real_shops, 0, 2);
    tcase_add_loop_test(tc, base_windows_of_real_shops, 0, 2);
    tcase_add_loop_test(tc, small_real_shops_agree_with_plain_sql, 0, 3);
    tcase_add_test(tc, refunds_of_a_real_shop_agree_with_plain_sql);
    tcase_add_loop_test(tc, customers_of_cdnow_are_predicted, 0, 2);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
