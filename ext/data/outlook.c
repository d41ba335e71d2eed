/* outlook.c - see outlook.h. */
#include "data/outlook.h"

#include <string.h>

#include "base/libm.h"
#include "base/sort.h"
#include "math/linear.h"
#include "math/sum.h"

#define OUTLOOK_STEP 1e-3   /* of a logarithm, for differences */
#define OUTLOOK_PIVOT 1e-14 /* curvature below this, relative, is none */
enum { OUTLOOK_SPEND_PARAMS = 3, OUTLOOK_SIDES = 2 };

typedef struct OutlookRun {
    const Predictor *predictor;
    const Buyers *buyers;
    int n;
    const double *to;
    Outlook *outlook;
    uint32_t *order;          /* buyers by frequency, age, recency and spend */
    int n_law;                /* parameters of the law */
    PurchaseLaw law[PURCHASEWINDOW_PARAMS_MAX][OUTLOOK_SIDES];
    GammagammaParams spend[OUTLOOK_SPEND_PARAMS][OUTLOOK_SIDES];
    double *law_revenue;      /* revenue by parameter, side and period under these ... */
    double *spend_revenue;
    double *expected;         /* by period, of the group at hand, as is ... */
    PurchaseWindow *windows;
    double law_information[PURCHASEWINDOW_PARAMS_MAX * PURCHASEWINDOW_PARAMS_MAX];
    double spend_information[OUTLOOK_SPEND_PARAMS * OUTLOOK_SPEND_PARAMS];
    double square;            /* mean of squared repeat spends, where the law has none */
} OutlookRun;

/* ---- Order ---- */

static int outlook_compare(const void *context, uint32_t a, uint32_t b) {
    const Buyers *buyers = context;
    if (buyers->frequency[a] != buyers->frequency[b]) return buyers->frequency[a] < buyers->frequency[b] ? -1 : 1;
    if (buyers->age[a] != buyers->age[b]) return buyers->age[a] < buyers->age[b] ? -1 : 1;
    if (buyers->recency[a] != buyers->recency[b]) return buyers->recency[a] < buyers->recency[b] ? -1 : 1;
    double m = buyers->monetary_value[a], other = buyers->monetary_value[b];
    return (m > other) - (m < other);
}

/* Sorted amounts would be needed for the same last digit in any order; compensated sums come as near. */
static double outlook_square(const Book *book) {
    Sum sum = {0};
    double n = 0;
    for (int64_t c = 0; c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        for (int64_t i = 1; i < customer.n_days && customer.amounts; i++) {
            sum_add(&sum, customer.amounts[i] * customer.amounts[i]);
            n++;
        }
    }
    return n > 0 ? sum_value(&sum) / n : (double)NAN;
}

/* ---- One buyer ---- */

static double outlook_mean_spend(const OutlookRun *run, const GammagammaParams *spend, int64_t i) {
    double x = run->buyers->frequency[i];
    double mean = run->predictor->has_spend ? gammagamma_expected_spend(spend, x, run->buyers->monetary_value[i])
                                            : (double)NAN;
    return isnan(mean) ? run->predictor->mean_spend : mean;
}

static PurchaseSpend outlook_spend(const OutlookRun *run, int64_t i) {
    const GammagammaParams *law = &run->predictor->spend.params;
    PurchaseSpend spend = purchasewindow_spend(law, run->buyers->frequency[i], run->buyers->monetary_value[i]);
    spend.mean = outlook_mean_spend(run, law, i);
    if (!run->predictor->has_spend || isnan(spend.square)) {
        spend.square = fmax(run->square, spend.mean * spend.mean);
        spend.product = spend.mean * spend.mean;
    }
    return spend;
}

static void outlook_add_information(double *information, int n, const double *score) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) information[i * n + j] += score[i] * score[j];
}

static void outlook_add_scores(OutlookRun *run, int64_t i) {
    const Buyers *buyers = run->buyers;
    const GammagammaParams *g = &run->predictor->spend.params;
    double score[PURCHASEWINDOW_PARAMS_MAX], x = buyers->frequency[i], m = buyers->monetary_value[i];
    purchasewindow_score(&run->predictor->purchases.law, x, buyers->recency[i], buyers->age[i], score);
    outlook_add_information(run->law_information, run->n_law, score);
    if (!run->predictor->has_spend || !(x > 0 && m > 0)) return;
    gammagamma_loglik(g, x, m, score);
    score[0] *= g->p;
    score[1] *= g->q;
    score[2] *= g->gamma;
    outlook_add_information(run->spend_information, OUTLOOK_SPEND_PARAMS, score);
}

/* ---- Buyers of one frequency and age, whose purchases, given that they are alive, are alike ---- */

typedef struct OutlookGroup {
    double alive, spend, square, product, mean_square; /* sums of p, p m, p E[Z^2], p E[Z Z'], (p m)^2 */
    double law_spend[PURCHASEWINDOW_PARAMS_MAX][OUTLOOK_SIDES]; /* p m under other laws */
    double other_spend[OUTLOOK_SPEND_PARAMS][OUTLOOK_SIDES];
} OutlookGroup;

static void outlook_add_buyer(OutlookRun *run, OutlookGroup *group, int64_t i) {
    const Buyers *buyers = run->buyers;
    double alive = predictor_p_alive(run->predictor, buyers, i);
    PurchaseSpend spend = outlook_spend(run, i);
    group->alive += alive;
    group->spend += alive * spend.mean;
    group->square += alive * spend.square;
    group->product += alive * spend.product;
    group->mean_square += alive * spend.mean * alive * spend.mean;
    for (int j = 0; j < run->n_law; j++)
        for (int side = 0; side < OUTLOOK_SIDES; side++)
            group->law_spend[j][side] += spend.mean * purchase_p_alive(&run->law[j][side], buyers->frequency[i],
                                                                       buyers->recency[i], buyers->age[i]);
    for (int j = 0; j < OUTLOOK_SPEND_PARAMS; j++)
        for (int side = 0; side < OUTLOOK_SIDES; side++)
            group->other_spend[j][side] += alive * outlook_mean_spend(run, &run->spend[j][side], i);
    outlook_add_scores(run, i);
}

static void outlook_add_group(OutlookRun *run, const OutlookGroup *group, double x, double T) {
    const PurchaseLaw *law = &run->predictor->purchases.law;
    purchasewindow_if_alive(law, x, T, run->n, run->to, run->windows);
    for (int k = 0; k < run->n; k++) {
        PurchaseWindow window = run->windows[k];
        Outlook *outlook = &run->outlook[k];
        outlook->orders += window.expected * group->alive;
        outlook->revenue += window.expected * group->spend;
        outlook->chance += window.expected * group->square + window.pairs * group->product -
                           window.expected * window.expected * group->mean_square;
        for (int at = 0; at < OUTLOOK_SPEND_PARAMS * OUTLOOK_SIDES; at++)
            run->spend_revenue[at * run->n + k] +=
                window.expected * group->other_spend[at / OUTLOOK_SIDES][at % OUTLOOK_SIDES];
    }
    for (int at = 0; at < run->n_law * OUTLOOK_SIDES; at++) {
        int j = at / OUTLOOK_SIDES, side = at % OUTLOOK_SIDES;
        purchasewindow_expect(&run->law[j][side], x, T, run->n, run->to, run->expected);
        for (int k = 0; k < run->n; k++)
            run->law_revenue[at * run->n + k] += run->expected[k] * group->law_spend[j][side];
    }
}

static void outlook_walk(OutlookRun *run, Err *err, const Poll *poll) {
    const Buyers *buyers = run->buyers;
    for (int64_t at = 0, end; at < buyers->n && !err->rc; at = end) {
        OutlookGroup group = {0};
        int32_t x = buyers->frequency[run->order[at]], age = buyers->age[run->order[at]];
        for (end = at; end < buyers->n; end++) {
            int64_t i = run->order[end];
            if (buyers->frequency[i] != x || buyers->age[i] != age) break;
            outlook_add_buyer(run, &group, i);
            if (end % MAP_PAGE_KEYS == 0 && poll_stop(poll)) {
                err_set(err, SQLITE_INTERRUPT, "interrupted");
                return;
            }
        }
        outlook_add_group(run, &group, x, age);
        if (poll_stop(poll)) err_set(err, SQLITE_INTERRUPT, "interrupted");
    }
}

/* ---- What is not known of the laws ---- */

/* Variance of a revenue whose values at either side of n parameters lie n_periods apart; NaN where it cannot be
 * told. */
static double outlook_doubt(int n, const double *information, const double *revenue, int n_periods) {
    double covariance[PURCHASEWINDOW_PARAMS_MAX * PURCHASEWINDOW_PARAMS_MAX], sum = 0;
    double slope[PURCHASEWINDOW_PARAMS_MAX];
    memcpy(covariance, information, (size_t)(n * n) * sizeof(*information));
    for (int i = 0; i < n; i++) {
        covariance[i * n + i] += 1 / (OUTLOOK_PRIOR * OUTLOOK_PRIOR);
        slope[i] = (revenue[(i * OUTLOOK_SIDES + 1) * n_periods] - revenue[i * OUTLOOK_SIDES * n_periods]) /
                   (2 * OUTLOOK_STEP);
    }
    if (!linear_spd_inverse(n, covariance, OUTLOOK_PIVOT, covariance)) return (double)NAN;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) sum += slope[i] * covariance[i * n + j] * slope[j];
    return sum;
}

static void outlook_perturb(OutlookRun *run) {
    const GammagammaParams *g = &run->predictor->spend.params;
    for (int side = 0; side < OUTLOOK_SIDES; side++) {
        double factor = exp(side ? OUTLOOK_STEP : -OUTLOOK_STEP);
        for (int j = 0; j < run->n_law; j++)
            run->law[j][side] = purchasewindow_scaled(&run->predictor->purchases.law, j, factor);
        run->spend[0][side] = (GammagammaParams){g->p * factor, g->q, g->gamma};
        run->spend[1][side] = (GammagammaParams){g->p, g->q * factor, g->gamma};
        run->spend[2][side] = (GammagammaParams){g->p, g->q, g->gamma * factor};
    }
}

void outlook_run(const Predictor *predictor, const Book *book, const Buyers *buyers, int n, const double *to,
                 Outlook *outlook, Err *err, const Poll *poll) {
    Arena scratch = {0};
    OutlookRun run = {.predictor = predictor, .buyers = buyers, .n = n, .to = to, .outlook = outlook,
                      .n_law = purchasewindow_n_params(&predictor->purchases.law)};
    run.order = arena_alloc_raw(&scratch, err, buyers->n, sizeof(*run.order));
    uint32_t *spare = arena_alloc_raw(&scratch, err, buyers->n, sizeof(*spare));
    run.law_revenue = arena_alloc(&scratch, err, (int64_t)run.n_law * OUTLOOK_SIDES * n, sizeof(double));
    run.spend_revenue = arena_alloc(&scratch, err, (int64_t)OUTLOOK_SPEND_PARAMS * OUTLOOK_SIDES * n, sizeof(double));
    run.expected = arena_alloc(&scratch, err, n, sizeof(double));
    run.windows = arena_alloc(&scratch, err, n, sizeof(*run.windows));
    if (!err->rc) {
        for (int64_t i = 0; i < buyers->n; i++) run.order[i] = (uint32_t)i;
        sort_ids(run.order, spare, buyers->n, outlook_compare, buyers);
        memset(outlook, 0, (size_t)n * sizeof(*outlook));
        run.square = outlook_square(book);
        outlook_perturb(&run);
        outlook_walk(&run, err, poll);
    }
    for (int k = 0; k < n && !err->rc; k++) {
        outlook[k].doubt = outlook_doubt(run.n_law, run.law_information, run.law_revenue + k, n);
        if (predictor->has_spend)
            outlook[k].doubt += outlook_doubt(OUTLOOK_SPEND_PARAMS, run.spend_information, run.spend_revenue + k, n);
    }
    arena_free(&scratch);
}
