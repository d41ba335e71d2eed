/* backtest.c - see backtest.h. */
#include "data/backtest.h"

#include "base/libm.h"
#include "data/buyers.h"
#include "data/ranking.h"
#include "stat/score.h"

#define BACKTEST_TOP 0.1
#define BACKTEST_ODDS_MIN 1e-6 /* log odds that vary by less say the same of everybody */
enum { BACKTEST_POLL_CUSTOMERS = 512 };

int32_t backtest_holdout(const Book *book, int64_t asked, Err *err) {
    if (book->n_buyers == 0) return 0;
    int64_t history = (int64_t)book->as_of - book->day_first;
    if (asked > 0) {
        if (asked > history)
            err_set(err, SQLITE_ERROR, "holdout_days must be at most %lld here, the days from the first purchase to as_of,"
                    " not %lld", (long long)history, (long long)asked);
        return (int32_t)asked;
    }
    int64_t part = history / BACKTEST_HISTORY_PARTS;
    return (int32_t)(part < BACKTEST_HOLDOUT_DEFAULT ? part : BACKTEST_HOLDOUT_DEFAULT);
}

void backtest_open(Backtest *backtest, const Book *book, int32_t holdout, Arena *arena, Err *err, const Poll *poll) {
    *backtest = (Backtest){.split = book->as_of - holdout, .holdout = holdout};
    Methods *methods = &backtest->methods;
    methods_open(methods, book, backtest->split, holdout, arena, err, poll);
    backtest->buyers = arena_alloc_raw(arena, err, methods->n, sizeof(*backtest->buyers));
    backtest->law = arena_alloc_raw(arena, err, methods->n * PURCHASE_MODELS, sizeof(double));
    backtest->stayed_away = arena_alloc_raw(arena, err, methods->n, sizeof(bool));
    for (int64_t i = 0; i < methods->n && !err->rc; i++) {
        BookCustomer customer = book_customer(book, methods->order[i]);
        if (i % BACKTEST_POLL_CUSTOMERS == 0 && poll_stop(poll)) err_set(err, SQLITE_INTERRUPT, "interrupted");
        backtest->buyers[i] = shopview_buyer(&methods->view[0], &customer, methods->gaps);
        shopview_laws(&methods->view[0], &backtest->buyers[i], holdout, backtest->law + i * PURCHASE_MODELS);
        backtest->stayed_away[i] = buyers_days_until(&customer, backtest->split) == customer.n_days;
        backtest->bought += !backtest->stayed_away[i];
    }
    backtest->n = methods->n;
    backtest->new_customers = book->n_buyers - methods->n;
}

static int backtest_compare(const void *context, uint32_t a, uint32_t b) {
    (void)context;
    return (a < b) - (a > b);
}

void backtest_sort(int64_t n, const double *value, uint32_t *order, Err *err) {
    Ranking ranking;
    ranking_open(&ranking, n, err);
    if (err->rc) return;
    for (int64_t i = 0; i < n; i++) ranking_add(&ranking, (uint32_t)i, value[i]);
    ranking_close(&ranking, order, backtest_compare, NULL);
    for (int64_t i = 0, j = n - 1; i < j; i++, j--) {
        uint32_t kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

void backtest_probabilities(const Backtest *backtest, Method method, double *p, Err *err, const Poll *poll) {
    for (int64_t i = 0; i < backtest->n && !err->rc; i++) {
        if (i % BACKTEST_POLL_CUSTOMERS == 0 && poll_stop(poll)) err_set(err, SQLITE_INTERRUPT, "interrupted");
        p[i] = methods_p_of(&backtest->methods, method, &backtest->buyers[i], backtest->law + i * PURCHASE_MODELS);
    }
}

/* The top and the area, of the order alone. */
static void backtest_score_order(const Backtest *backtest, const double *value, double z, BacktestScore *score,
                                 Arena *arena, Err *err) {
    int64_t n = backtest->n;
    uint32_t *order = arena_alloc_raw(arena, err, n, sizeof(uint32_t));
    double *sorted = arena_alloc_raw(arena, err, n, sizeof(double));
    bool *happened = arena_alloc_raw(arena, err, n, sizeof(bool));
    if (!err->rc) backtest_sort(n, value, order, err);
    if (err->rc) return;
    for (int64_t i = 0; i < n; i++) {
        sorted[i] = value[order[i]];
        happened[i] = backtest->stayed_away[order[i]];
    }
    ScoreAuc auc = score_auc(n, sorted, happened);
    double reach = z * sqrt(auc.variance), share = (double)(n - backtest->bought) / (double)n;
    score->auc = auc.auc;
    score->auc_low = isnan(reach) ? reach : fmax(0, auc.auc - reach);
    score->auc_high = isnan(reach) ? reach : fmin(1, auc.auc + reach);
    score->precision_top = score_precision_top(n, sorted, happened, BACKTEST_TOP);
    score->lift_top = share > 0 ? score->precision_top / share : (double)NAN;
}

static void backtest_score_probabilities(const Backtest *backtest, const double *p, BacktestScore *score, Arena *arena,
                                         Err *err, const Poll *poll) {
    int64_t n = backtest->n;
    double *log_odds = arena_alloc_raw(arena, err, n, sizeof(double));
    double least = INFINITY, most = -INFINITY;
    if (err->rc) return;
    score->brier = score_brier(n, p, backtest->stayed_away);
    score->log_loss = score_log_loss(n, p, backtest->stayed_away);
    for (int64_t i = 0; i < n; i++) {
        log_odds[i] = shopview_log_odds(p[i]);
        least = fmin(least, log_odds[i]);
        most = fmax(most, log_odds[i]);
    }
    if (!(most - least > BACKTEST_ODDS_MIN)) return;
    LogitFit fit;
    LogitData data = {.n = n, .k = 1, .x = log_odds, .happened = backtest->stayed_away};
    logit_fit(&data, 0, poll, &fit);
    if (fit.interrupted) err_set(err, SQLITE_INTERRUPT, "interrupted");
    if (fit.converged) score->slope = fit.coefficient[0] / fit.scale[0];
}

/* The values that a method ranks by, and whether they are its probabilities, too. */
static bool backtest_values(const Backtest *backtest, Method method, double *value, Err *err, const Poll *poll) {
    bool is_rule = method >= METHODS_DAYS_SINCE_LAST && method < METHODS_BASE_RATE;
    if (!is_rule) backtest_probabilities(backtest, method, value, err, poll);
    for (int64_t i = 0; is_rule && i < backtest->n; i++)
        value[i] = methods_rule(&backtest->methods, method, &backtest->buyers[i]);
    return !is_rule;
}

BacktestScore backtest_score(const Backtest *backtest, Method method, double z, Err *err, const Poll *poll) {
    BacktestScore score = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    Arena scratch = {0};
    int64_t n = backtest->n;
    double *value = arena_alloc_raw(&scratch, err, n, sizeof(double));
    bool are_probabilities = !err->rc && backtest_values(backtest, method, value, err, poll);
    if (!err->rc && n > 0 && !isnan(value[0])) {
        backtest_score_order(backtest, value, z, &score, &scratch, err);
        if (!err->rc && !are_probabilities) backtest_probabilities(backtest, method, value, err, poll);
        if (!err->rc && !isnan(value[0])) backtest_score_probabilities(backtest, value, &score, &scratch, err, poll);
    }
    arena_free(&scratch);
    return score;
}
