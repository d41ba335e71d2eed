/* check_cells.c - each figure of churn_candidates and clv, row by row, from its definition: purchase days in
 * plain SQL, the models of ext/model fitted to them here, medians, reasons and ranks by the simplest means.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "model/bgnbd.h"
#include "model/bgnbdfit.h"
#include "model/gammagamma.h"
#include "model/rfmgroup.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

enum { CELLS_BUYERS_MAX = 2000, CELLS_DAYS_MAX = 128 };

/* ---- Shops ---- */

/* Amounts are quarters, so that sums are exact in any order.  amount: over each row's own. */
static const struct {
    DbShop shop;
    const char *amount;
    bool twice;              /* each customer again, 5000 further: ties */
    const char *columns;     /* conditions that choose columns */
    int earlier;             /* days before 2022-11-05 */
} cells_shops[] = {
    {{.seed = 11, .n_customers = 170, .n_days = 500, .gap_days = 30, .refunds = true}, "amount", false, "1", 0},
    {{.seed = 12, .n_customers = 90, .n_days = 700, .gap_days = 25}, "amount / 4", true, "1", 25000},
    {{.seed = 13, .n_customers = 150, .n_days = 300, .gap_days = 20}, "0", true, "1", 0},
    {{.seed = 14, .n_customers = 150, .n_days = 400, .gap_days = 20},
     "amount * amount * (1 + customer_id * 7919 % 97 * (customer_id * 31 % 89)) / 1000", false, "1", 0},
    {{.seed = 15, .n_customers = 140, .n_days = 350, .gap_days = 15}, "amount", true, "amount_column = ''", 0},
    {{.seed = 16, .n_customers = 20, .n_days = 300, .gap_days = 20, .refunds = true}, "amount", false, "1", 19600},
    {{.seed = 17, .n_customers = 1, .n_days = 9, .gap_days = 20}, "amount", true, "1", 0},
};

static sqlite3 *cells_open(int shop) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "made", cells_shops[shop].shop);
    db_exec(db, "CREATE TABLE orders AS SELECT customer_id, date(order_date, '-%d days') || substr(order_date, 11)"
                " AS order_date, round(4 * %s) / 4 AS amount FROM made", cells_shops[shop].earlier, cells_shops[shop].amount);
    if (cells_shops[shop].twice)
        db_exec(db, "INSERT INTO orders SELECT customer_id + 5000, order_date, amount FROM orders");
    return db;
}

/* ---- Buyers ---- */

typedef struct CellsBuyer {
    int64_t id;
    int n_days;
    int32_t days[CELLS_DAYS_MAX]; /* since 2000 */
    double nets[CELLS_DAYS_MAX];
    int32_t x, tx, age;
    double mean, total; /* mean: of repeat purchases, NaN without */
} CellsBuyer;

typedef struct Cells {
    int n;
    CellsBuyer buyer[CELLS_BUYERS_MAX];
    bool amounts;
    BgnbdKind kind;
    Bgnbdfit fit;
    GammagammaFit spend;
    double mean_spend, shop_gap;
} Cells;

static sqlite3_stmt *cells_prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    return stmt;
}

static void cells_read_days(sqlite3 *db, Cells *cells) {
    sqlite3_stmt *stmt = cells_prepare(
        db, cells->amounts
                ? "SELECT customer_id, julianday(substr(order_date, 1, 10)) - julianday('2000-01-01'), sum(amount)"
                  " FROM orders GROUP BY 1, 2 HAVING sum(amount) > 0 OR sum(abs(amount)) = 0 ORDER BY 1, 2"
                : "SELECT DISTINCT customer_id, julianday(substr(order_date, 1, 10)) - julianday('2000-01-01'), 0"
                  " FROM orders ORDER BY 1, 2");
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (cells->n == 0 || cells->buyer[cells->n - 1].id != id) cells->buyer[cells->n++] = (CellsBuyer){.id = id};
        CellsBuyer *buyer = &cells->buyer[cells->n - 1];
        ck_assert(cells->n < CELLS_BUYERS_MAX && buyer->n_days < CELLS_DAYS_MAX);
        buyer->days[buyer->n_days] = sqlite3_column_int(stmt, 1);
        buyer->nets[buyer->n_days++] = sqlite3_column_double(stmt, 2);
    }
    sqlite3_finalize(stmt);
}

static void cells_summarise(sqlite3 *db, Cells *cells) {
    int32_t as_of = (int32_t)db_int(db, "SELECT max(julianday(substr(order_date, 1, 10))) - julianday('2000-01-01')"
                                        " FROM orders");
    double n = 0, sum = 0;
    for (int i = 0; i < cells->n; i++) {
        CellsBuyer *buyer = &cells->buyer[i];
        double repeats = 0;
        for (int k = 1; k < buyer->n_days; k++) repeats += buyer->nets[k];
        buyer->x = buyer->n_days - 1;
        buyer->tx = buyer->days[buyer->n_days - 1] - buyer->days[0];
        buyer->age = as_of - buyer->days[0];
        buyer->mean = buyer->x > 0 && cells->amounts ? repeats / buyer->x : (double)NAN;
        buyer->total = cells->amounts ? db_real(db, "SELECT total(amount) FROM orders WHERE customer_id = %lld",
                                                (long long)buyer->id)
                                      : (double)NAN;
        n += buyer->x;
        sum += repeats;
    }
    cells->mean_spend = n > 0 && cells->amounts ? sum / n : (double)NAN;
}

static void cells_fit(Cells *cells) {
    static int32_t x[CELLS_BUYERS_MAX], tx[CELLS_BUYERS_MAX], age[CELLS_BUYERS_MAX];
    static int64_t count[CELLS_BUYERS_MAX];
    static double mean[CELLS_BUYERS_MAX];
    for (int i = 0; i < cells->n; i++) {
        x[i] = cells->buyer[i].x;
        tx[i] = cells->buyer[i].tx;
        age[i] = cells->buyer[i].age;
        mean[i] = cells->buyer[i].mean;
    }
    void *workspace = malloc((size_t)gammagamma_workspace_size(cells->n));
    gammagamma_fit(cells->n, x, mean, workspace, NULL, &cells->spend);
    free(workspace);
    workspace = malloc((size_t)rfmgroup_workspace_size(cells->n));
    BgnbdfitData data = {.frequency = x, .recency = tx, .age = age, .count = count};
    data.n = rfmgroup_collapse(cells->n, x, tx, age, workspace, x, tx, age, count);
    free(workspace);
    workspace = malloc((size_t)bgnbdfit_workspace_size(&data));
    bgnbdfit_run(cells->kind, &data, workspace, NULL, &cells->fit);
    free(workspace);
}

static int cells_compare_ints(const void *a, const void *b) {
    int32_t p = *(const int32_t *)a, q = *(const int32_t *)b;
    return (p > q) - (p < q);
}

static double cells_median(int32_t *values, int n) {
    qsort(values, (size_t)n, sizeof(*values), cells_compare_ints);
    return n == 0 ? (double)NAN : n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2.0;
}

static int cells_gaps(const CellsBuyer *buyer, int32_t *gaps) {
    for (int k = 1; k < buyer->n_days; k++) gaps[k - 1] = buyer->days[k] - buyer->days[k - 1];
    return buyer->n_days - 1;
}

/* What a shop's reports are made of; NULL params of too few repeaters are NaN. */
static Cells *cells_make(sqlite3 *db, int shop, BgnbdKind kind) {
    Cells *cells = calloc(1, sizeof(*cells));
    cells->kind = kind;
    cells->amounts = strcmp(cells_shops[shop].columns, "1") == 0;
    cells_read_days(db, cells);
    cells_summarise(db, cells);
    cells_fit(cells);
    int n_repeat = 0, n_gaps = 0;
    int32_t *gaps = calloc((size_t)cells->n * CELLS_DAYS_MAX, sizeof(*gaps));
    for (int i = 0; i < cells->n; i++) {
        n_repeat += cells->buyer[i].x > 0;
        n_gaps += cells_gaps(&cells->buyer[i], gaps + n_gaps);
    }
    cells->shop_gap = cells_median(gaps, n_gaps);
    free(gaps);
    if (n_repeat < 30) {
        cells->fit.params = (BgnbdParams){NAN, NAN, NAN, NAN};
        cells->mean_spend = (double)NAN;
        cells->spend.converged = false;
    }
    return cells;
}

static const CellsBuyer *cells_find(const Cells *cells, int64_t id) {
    for (int i = 0; i < cells->n; i++)
        if (cells->buyer[i].id == id) return &cells->buyer[i];
    ck_abort_msg("%lld is no buyer", (long long)id);
    return NULL;
}

static double cells_spend(const Cells *cells, const CellsBuyer *buyer) {
    double spend = cells->spend.converged && cells->amounts
                       ? gammagamma_expected_spend(&cells->spend.params, buyer->x, buyer->x > 0 ? buyer->mean : 0)
                       : (double)NAN;
    return isnan(spend) ? cells->mean_spend : spend;
}

/* ---- Cells ---- */

static bool cells_near(sqlite3_stmt *stmt, int column, double want, double tolerance) {
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL || isnan(want))
        return sqlite3_column_type(stmt, column) == SQLITE_NULL && isnan(want);
    return fabs(sqlite3_column_double(stmt, column) - want) <= tolerance * fabs(want);
}

static void cells_expect(sqlite3_stmt *stmt, int column, double want, double tolerance) {
    if (cells_near(stmt, column, want, tolerance)) return;
    ck_abort_msg("customer %s: %s is %s, not %.17g", sqlite3_column_text(stmt, 1), sqlite3_column_name(stmt, column),
                 (const char *)sqlite3_column_text(stmt, column), want);
}

static void cells_expect_text(sqlite3_stmt *stmt, int column, const char *want) {
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    if (!text == !want && (!text || strcmp(text, want) == 0)) return;
    ck_abort_msg("customer %s: %s is\n  %s, not\n  %s", sqlite3_column_text(stmt, 1), sqlite3_column_name(stmt, column),
                 text ? text : "NULL", want ? want : "NULL");
}

/* Larger first, NULL last: -1, 0, 1 as one row is to come before the other. */
static int cells_order(double a, double b) {
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    return (a < b) - (a > b);
}

static double cells_column(sqlite3_stmt *stmt, int column) {
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(stmt, column);
}

/* ---- churn_candidates ---- */

static double cells_usual_gap(const Cells *cells, const CellsBuyer *buyer) {
    int32_t gaps[CELLS_DAYS_MAX];
    int n = cells_gaps(buyer, gaps);
    double own = n ? cells_median(gaps, n) : 0;
    return n >= 3 ? own : (n * own + (3 - n) * cells->shop_gap) / 3;
}

static double cells_basket_drop(const Cells *cells, const CellsBuyer *buyer) {
    double earlier = 0, recent = 0;
    int n = buyer->n_days;
    if (n < 4 || !cells->amounts) return 0;
    for (int i = 0; i < n; i++) {
        if (i < n - 2) earlier += buyer->nets[i] / (n - 2);
        else recent += buyer->nets[i] / 2;
    }
    return earlier > 0 ? 100 * (1 - recent / earlier) : 0;
}

static void cells_reason(const Cells *cells, const CellsBuyer *buyer, char text[512]) {
    double usual = cells_usual_gap(cells, buyer), drop = cells_basket_drop(cells, buyer);
    int32_t gaps[CELLS_DAYS_MAX], silence = buyer->age - buyer->tx;
    int n = cells_gaps(buyer, gaps), shorter = 0, at;
    for (int i = 0; i < n; i++) shorter += gaps[i] < silence;
    if (silence == 0) at = sprintf(text, "ordered on the last day");
    else at = sprintf(text, "last order %d %s ago", silence, silence == 1 ? "day" : "days");
    if (n == 0) at += sprintf(text + at, "; bought once");
    if (!isnan(usual) && n == 0) at += sprintf(text + at, ", gaps here are usually %.0f days", floor(usual + 0.5));
    if (!isnan(usual) && n > 0) at += sprintf(text + at, ", usually every %.0f", floor(usual + 0.5));
    if (n >= 3 && silence > usual) at += sprintf(text + at, "; longer than %d %% of own gaps", 100 * shorter / n);
    if (drop >= 10) sprintf(text + at, "; basket down %.0f %%", floor(drop + 0.5));
}

static void cells_expect_churn_row(sqlite3_stmt *stmt, const Cells *cells, double horizon) {
    const CellsBuyer *buyer = cells_find(cells, sqlite3_column_int64(stmt, 1));
    const BgnbdParams *p = &cells->fit.params;
    double churn = bgnbd_p_no_purchase(cells->kind, p, buyer->x, buyer->tx, buyer->age, horizon);
    double rate = (p->r + buyer->x) / (p->alpha + buyer->age);
    char reason[512];
    cells_expect(stmt, 2, churn, 1e-12);
    cells_expect(stmt, 3, bgnbd_p_alive(cells->kind, p, buyer->x, buyer->tx, buyer->age), 1e-12);
    cells_expect(stmt, 4, buyer->days[buyer->n_days - 1], 0);
    cells_expect(stmt, 5, buyer->age - buyer->tx, 0);
    cells_expect(stmt, 6, cells_usual_gap(cells, buyer), 1e-14);
    cells_expect(stmt, 7, (buyer->age - buyer->tx) / cells_usual_gap(cells, buyer), 1e-14);
    cells_expect(stmt, 8, buyer->n_days, 0);
    cells_expect(stmt, 9, buyer->total, 0);
    cells_expect(stmt, 10, churn * rate * 365 * cells_spend(cells, buyer), 1e-12);
    cells_expect_text(stmt, 11, isnan(churn) ? NULL : churn >= 0.9 ? "very high" : churn >= 0.7 ? "high"
                                : churn >= 0.5 ? "medium" : "low");
    cells_reason(cells, buyer, reason);
    cells_expect_text(stmt, 12, reason);
}

static const int cells_horizons[] = {90, 1, 400};

START_TEST(churn_candidates_is_what_it_says) {
    sqlite3 *db = cells_open(_i);
    for (int k = 0; k < COUNT(cells_horizons); k++) {
        BgnbdKind kind = k % 2 ? BGNBD_BG : BGNBD_MBG;
        Cells *cells = cells_make(db, _i, kind);
        char *sql = sqlite3_mprintf(
            "SELECT rank, customer_id, churn_probability, p_alive, julianday(last_order_date) - julianday('2000-01-01'),"
            " days_since_last, usual_gap_days, overdue_ratio, purchase_days, historic_value, value_at_risk, risk_band,"
            " reason FROM churn_candidates('orders', %d, 0, '%s') WHERE %s", cells_horizons[k],
            kind == BGNBD_BG ? "bgnbd" : "mbgnbd", cells_shops[_i].columns);
        sqlite3_stmt *stmt = cells_prepare(db, sql);
        double value = INFINITY, churn = INFINITY;
        int64_t id = -1;
        int n = 0;
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            cells_expect_churn_row(stmt, cells, cells_horizons[k]);
            double value_here = cells_column(stmt, 10), churn_here = cells_column(stmt, 2);
            int64_t id_here = sqlite3_column_int64(stmt, 1);
            int order = cells_order(value, value_here);
            if (order == 0) order = cells_order(churn, churn_here);
            if (order == 0) order = id < id_here ? -1 : 1;
            if (order >= 0 || sqlite3_column_int(stmt, 0) != ++n) ck_abort_msg("customer %lld at rank %d", (long long)id_here, n);
            value = value_here;
            churn = churn_here;
            id = id_here;
        }
        ck_assert_msg(n == cells->n, "%d rows, not %d (%s)", n, cells->n, sqlite3_errmsg(db));
        sqlite3_finalize(stmt);
        sqlite3_free(sql);
        free(cells);
    }
    db_close(db);
}
END_TEST

/* Who is exactly as likely to leave as was asked for is listed. */
START_TEST(the_least_probability_is_listed) {
    sqlite3 *db = cells_open(0);
    db_exec(db, "CREATE TABLE ranked AS SELECT churn_probability AS p FROM churn_candidates('orders', 90, 0)");
    db_expect(db, "SELECT count(*) FROM (SELECT p, (SELECT count(*) FROM churn_candidates('orders', 90, p)) AS listed,"
                  " (SELECT count(*) FROM ranked AS r WHERE r.p >= ranked.p) AS want FROM ranked LIMIT 25)"
                  " WHERE listed <> want", "0");
    db_close(db);
}
END_TEST

/* Small sums, where one cent more or less would show: from four days on, a drop from 10 % on. */
START_TEST(baskets_fall_from_ten_percent_on) {
    static const struct { const char *amounts, *words; } cases[] = {
        {"8, 8, 7, 7", "; basket down 13 %"},    {"2, 2, 1.81, 1.8", ""},          {"2, 2, 1.79, 1.8", "; basket down 10 %"},
        {"4, 1, 1", ""},                             {"4, 4, 0.5, 0.5, 0.5", "; basket down 82 %"},
        {"1, 1, 1, 2, 1.5, 0.3", "; basket down 28 %"}, {"0, 0, 0, 0", ""},            {"0, 0, 1, 1", ""},
        {"1, 1, 2, 2", ""},                          {"0.02, 0.02, 0.01, 0.01", "; basket down 50 %"},
    };
    sqlite3 *db = db_open(NULL);
    for (int i = 0; i < COUNT(cases); i++) {
        db_exec(db, "DROP TABLE IF EXISTS orders; CREATE TABLE orders AS SELECT 1 AS customer_id, date('2024-01-01',"
                    " (key * 10) || ' days') AS order_date, value AS amount FROM json_each('[%s]')", cases[i].amounts);
        char *want = sqlite3_mprintf("%%%s", cases[i].words[0] ? cases[i].words : "usually every 10");
        char *sql = sqlite3_mprintf("SELECT reason FROM churn_candidates('orders') WHERE reason NOT LIKE %Q", want);
        db_expect(db, sql, "");
        sqlite3_free(sql);
        sqlite3_free(want);
    }
    db_close(db);
}
END_TEST

/* Silence as long as the usual gap is not longer; one day more is. */
START_TEST(silence_is_longer_than_the_usual_gap) {
    static const struct { int silence; const char *words; } cases[] = {
        {19, "last order 19 days ago, usually every 20"},
        {20, "last order 20 days ago, usually every 20"},
        {21, "last order 21 days ago, usually every 20; longer than 66 % of own gaps"},
        {30, "last order 30 days ago, usually every 20; longer than 66 % of own gaps"},
        {31, "last order 31 days ago, usually every 20; longer than 100 % of own gaps"}};
    sqlite3 *db = db_open(NULL);
    for (int i = 0; i < COUNT(cases); i++) {
        char *sql = sqlite3_mprintf("SELECT reason FROM churn_candidates('orders') WHERE as_of = date('2024-03-01', '%d days')",
                                    cases[i].silence);
        db_exec(db, "DROP TABLE IF EXISTS orders; CREATE TABLE orders(customer_id, order_date); INSERT INTO orders VALUES"
                    " (1, '2024-01-01'), (1, '2024-01-11'), (1, '2024-02-10'), (1, '2024-03-01')");
        db_expect(db, sql, cases[i].words);
        sqlite3_free(sql);
    }
    db_close(db);
}
END_TEST

/* ---- clv ---- */

static const struct {
    int horizon;
    double discount, margin;
    BgnbdKind kind;
} cells_terms[] = {{365, 0.1, 1, BGNBD_MBG}, {30, 0, -0.5, BGNBD_BG}, {1000, 2.5, 0.25, BGNBD_MBG}};

static void cells_expect_clv_row(sqlite3_stmt *stmt, const Cells *cells, int k) {
    const CellsBuyer *buyer = cells_find(cells, sqlite3_column_int64(stmt, 1));
    const BgnbdParams *p = &cells->fit.params;
    double alive = bgnbd_p_alive(cells->kind, p, buyer->x, buyer->tx, buyer->age), spend = cells_spend(cells, buyer);
    BgnbdPurchases buys = bgnbd_purchases_if_alive(cells->kind, p, buyer->x, buyer->age, cells_terms[k].horizon,
                                                   log1p(cells_terms[k].discount) / 365.25);
    double predicted = cells_terms[k].margin * alive * buys.discounted * spend;
    double historic = cells_terms[k].margin * buyer->total;
    cells_expect(stmt, 2, buyer->days[0], 0);
    cells_expect(stmt, 3, buyer->days[buyer->n_days - 1], 0);
    cells_expect(stmt, 4, buyer->x, 0);
    cells_expect(stmt, 5, buyer->tx, 0);
    cells_expect(stmt, 6, buyer->age, 0);
    cells_expect(stmt, 7, buyer->mean, 1e-14);
    cells_expect(stmt, 8, alive, 1e-12);
    cells_expect(stmt, 9, alive * buys.expected, 1e-9);
    cells_expect(stmt, 10, spend, 1e-12);
    cells_expect(stmt, 11, predicted, 1e-9);
    cells_expect(stmt, 12, historic, 1e-14);
    cells_expect(stmt, 13, cells_column(stmt, 11) + cells_column(stmt, 12), 1e-14);
}

START_TEST(clv_is_what_it_says) {
    sqlite3 *db = cells_open(_i);
    for (int k = 0; k < COUNT(cells_terms); k++) {
        Cells *cells = cells_make(db, _i, cells_terms[k].kind);
        char *sql = sqlite3_mprintf(
            "SELECT 0, customer_id, julianday(first_order_date) - julianday('2000-01-01'), julianday(last_order_date)"
            " - julianday('2000-01-01'), frequency, recency, age, monetary_value, p_alive, expected_purchases,"
            " expected_spend, predicted_clv, historic_clv, total_clv FROM clv('orders', %d, %.17g, %.17g, '%s') WHERE %s",
            cells_terms[k].horizon, cells_terms[k].discount, cells_terms[k].margin,
            cells->kind == BGNBD_BG ? "bgnbd" : "mbgnbd", cells_shops[_i].columns);
        sqlite3_stmt *stmt = cells_prepare(db, sql);
        double value = INFINITY;
        int64_t id = -1;
        int n = 0;
        for (; sqlite3_step(stmt) == SQLITE_ROW; n++) {
            cells_expect_clv_row(stmt, cells, k);
            double value_here = cells_column(stmt, 11);
            int64_t id_here = sqlite3_column_int64(stmt, 1);
            int order = cells_order(value, value_here);
            if (order > 0 || (order == 0 && id >= id_here)) ck_abort_msg("customer %lld in row %d", (long long)id_here, n);
            value = value_here;
            id = id_here;
        }
        ck_assert_msg(n == cells->n, "%d rows, not %d (%s)", n, cells->n, sqlite3_errmsg(db));
        sqlite3_finalize(stmt);
        sqlite3_free(sql);
        free(cells);
    }
    db_close(db);
}
END_TEST

/* ---- Memory of a customer with most days, who comes first or last ---- */

START_TEST(the_one_with_most_days_may_be_any) {
    for (int who = 0; who < 3; who++) {
        sqlite3 *db = db_open(NULL);
        db_exec(db, "CREATE TABLE orders AS WITH RECURSIVE d(d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM d WHERE d < 899)"
                    " SELECT c.value AS customer_id, date('2021-01-01', d || ' days') AS order_date, 5 AS amount"
                    " FROM json_each('[0,1,2]') AS c, d WHERE c.value = %d OR d %% 300 = 7 ORDER BY 1", who);
        char *want = sqlite3_mprintf("%d|1.0|900", who);
        db_expect(db, "SELECT customer_id, usual_gap_days, purchase_days FROM churn_candidates('orders') ORDER BY 3 DESC"
                      " LIMIT 1", want);
        db_expect(db, "SELECT round(sum(usual_gap_days)), sum(length(reason)) > 60 FROM churn_candidates('orders')",
                  "402.0|1");
        sqlite3_free(want);
        db_close(db);
    }
    for (int who = 0; who < 40; who += 13) {
        sqlite3 *db = db_open(NULL);
        db_exec(db, "CREATE TABLE orders AS WITH RECURSIVE d(d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM d WHERE d < 39)"
                    " SELECT c.d AS customer_id, date('2021-01-01', (d.d * 7) || ' days') AS order_date, 5 + d.d %% 3 AS"
                    " amount FROM d AS c, d WHERE c.d = %d OR (d.d + c.d) %% (9 + c.d %% 4) = 0 ORDER BY 1", who);
        char *want = sqlite3_mprintf("%d|39|1", who);
        db_expect(db, "SELECT customer_id, frequency, predicted_clv > 0 FROM clv('orders') ORDER BY 2 DESC LIMIT 1", want);
        db_expect(db, "SELECT clv(customer_id, order_date, amount) > 0 FROM orders", "1");
        sqlite3_free(want);
        db_close(db);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cells");
    TCase *tc = tcase_create("cells");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, churn_candidates_is_what_it_says, 0, COUNT(cells_shops));
    tcase_add_test(tc, the_least_probability_is_listed);
    tcase_add_test(tc, baskets_fall_from_ten_percent_on);
    tcase_add_test(tc, silence_is_longer_than_the_usual_gap);
    tcase_add_loop_test(tc, clv_is_what_it_says, 0, COUNT(cells_shops));
    tcase_add_test(tc, the_one_with_most_days_may_be_any);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
