/* predictor.c - see predictor.h. */
#include "data/predictor.h"

#include <string.h>

#include "base/libm.h"
#include "math/sum.h"
#include "model/rfmgroup.h"

const char *const retain_model_names[] = {"bgnbd", "mbgnbd", "pnbd", "nbd", NULL};

/* ---- Notes ---- */

static void predictor_add_note(Predictor *predictor, Arena *arena, Err *err, const char *note) {
    if (note)
        predictor->note = predictor->note ? arena_printf(arena, err, "%s; %s", predictor->note, note)
                                          : note;
}

static void predictor_note_purchases(Predictor *predictor, const Buyers *buyers, Arena *arena,
                                     Err *err) {
    unsigned warnings = predictor->purchases.warnings;
    if (warnings & BGNBDFIT_NOT_CONVERGED)
        predictor_add_note(predictor, arena, err, "not_converged: the purchase model found no optimum");
    if (warnings & BGNBDFIT_NO_ATTRITION)
        predictor_add_note(predictor, arena, err,
                           "no_attrition: these orders do not show customers leaving, p_alive says"
                           " little");
    if (warnings & BGNBDFIT_RIDGE)
        predictor_add_note(predictor, arena, err,
                           "ridge: the parameters are not identified, the predictions are");
    if (buyers->n_repeat < PREDICTOR_REPEAT_FEW)
        predictor_add_note(predictor, arena, err,
                           arena_printf(arena, err,
                                        "few_repeat_customers: fitted to %lld with a repeat purchase",
                                        (long long)buyers->n_repeat));
}

static void predictor_note_spend(Predictor *predictor, Arena *arena, Err *err) {
    unsigned warnings = predictor->spend.warnings;
    if (warnings & GAMMAGAMMA_NO_CUSTOMERS) {
        predictor_add_note(predictor, arena, err, "no repeat purchase has an amount above 0");
        return;
    }
    if (warnings & GAMMAGAMMA_NOT_CONVERGED)
        predictor_add_note(predictor, arena, err, "not_converged: the spend model found no optimum");
    if (warnings & GAMMAGAMMA_MEAN_INFINITE)
        predictor_add_note(predictor, arena, err,
                           "spend_mean_infinite: the shop's mean stands in where the spend model has"
                           " none");
    if (warnings & GAMMAGAMMA_CORRELATED)
        predictor_add_note(predictor, arena, err,
                           arena_printf(arena, err,
                                        "spend_frequency_correlated: r = %.2f, the spend model assumes"
                                        " none", predictor->spend.correlation));
}

/* ---- Fits ---- */

static void predictor_fit_purchases(Predictor *predictor, const Buyers *buyers, PurchaseModel model,
                                    Arena *scratch, Err *err, const Poll *poll) {
    int64_t n = buyers->n;
    int32_t *x = arena_alloc_raw(scratch, err, n, sizeof(*x));
    int32_t *tx = arena_alloc_raw(scratch, err, n, sizeof(*tx));
    int32_t *age = arena_alloc_raw(scratch, err, n, sizeof(*age));
    int64_t *count = arena_alloc_raw(scratch, err, n, sizeof(*count));
    void *workspace = arena_alloc_raw(scratch, err, rfmgroup_workspace_size(n), 1);
    if (err->rc) return;
    BgnbdfitData data = {.frequency = x, .recency = tx, .age = age, .count = count};
    data.n = rfmgroup_collapse(n, buyers->frequency, buyers->recency, buyers->age, workspace, x, tx,
                               age, count);
    workspace = arena_alloc_raw(scratch, err, bgnbdfit_workspace_size(&data), 1);
    if (err->rc) return;
    purchasefit_run(model, &data, workspace, poll, &predictor->purchases);
    predictor->has_purchases = predictor->purchases.converged;
    if (predictor->purchases.interrupted) err_set(err, SQLITE_INTERRUPT, "interrupted");
}

static void predictor_fit_spend(Predictor *predictor, const Buyers *buyers, Arena *scratch, Err *err,
                                const Poll *poll) {
    void *workspace = arena_alloc_raw(scratch, err, gammagamma_workspace_size(buyers->n), 1);
    if (err->rc) return;
    gammagamma_fit(buyers->n, buyers->frequency, buyers->monetary_value, workspace, poll,
                   &predictor->spend);
    predictor->has_spend = predictor->spend.converged;
    if (predictor->spend.interrupted) err_set(err, SQLITE_INTERRUPT, "interrupted");
}

static double predictor_mean_spend(const Buyers *buyers) {
    Sum sum = {0};
    double n = 0;
    for (int64_t i = 0; i < buyers->n; i++) {
        if (buyers->frequency[i] == 0) continue;
        sum_add(&sum, buyers->monetary_value[i] * buyers->frequency[i]);
        n += buyers->frequency[i];
    }
    return n > 0 ? sum_value(&sum) / n : (double)NAN;
}

void predictor_fit_counts(Predictor *predictor, const Buyers *buyers, PurchaseModel model, Arena *arena, Err *err,
                          const Poll *poll) {
    Arena scratch = {0};
    *predictor = (Predictor){.mean_spend = (double)NAN};
    if (err->rc || buyers->n == 0) return;
    if (buyers->n_repeat < PREDICTOR_REPEAT_MIN) {
        predictor->note = arena_printf(arena, err,
                                       "too little to predict: %lld customer%s with a repeat purchase,"
                                       " %d needed", (long long)buyers->n_repeat,
                                       buyers->n_repeat == 1 ? "" : "s", PREDICTOR_REPEAT_MIN);
        return;
    }
    predictor_fit_purchases(predictor, buyers, model, &scratch, err, poll);
    arena_free(&scratch);
    predictor_note_purchases(predictor, buyers, arena, err);
}

void predictor_fit(Predictor *predictor, const Book *book, const Buyers *buyers, PurchaseModel model,
                   Arena *arena, Err *err, const Poll *poll) {
    Arena scratch = {0};
    predictor_fit_counts(predictor, buyers, model, arena, err, poll);
    if (err->rc || buyers->n_repeat < PREDICTOR_REPEAT_MIN) return;
    if (!book->has_amounts) {
        predictor_add_note(predictor, arena, err, "no amount column: values are not known");
        return;
    }
    predictor_fit_spend(predictor, buyers, &scratch, err, poll);
    arena_free(&scratch);
    predictor->mean_spend = predictor_mean_spend(buyers);
    predictor_note_spend(predictor, arena, err);
}

/* ---- Figures of one buyer ---- */

double predictor_p_alive(const Predictor *predictor, const Buyers *buyers, int64_t i) {
    if (!predictor->has_purchases) return (double)NAN;
    return purchase_p_alive(&predictor->purchases.law, buyers->frequency[i], buyers->recency[i], buyers->age[i]);
}

double predictor_p_no_purchase(const Predictor *predictor, const Buyers *buyers, int64_t i, double t) {
    if (!predictor->has_purchases) return (double)NAN;
    return purchase_p_no_purchase(&predictor->purchases.law, buyers->frequency[i], buyers->recency[i],
                                  buyers->age[i], t);
}

double predictor_rate(const Predictor *predictor, const Buyers *buyers, int64_t i) {
    if (!predictor->has_purchases) return (double)NAN;
    return purchase_rate(&predictor->purchases.law, buyers->frequency[i], buyers->age[i]);
}

double predictor_spend(const Predictor *predictor, const Buyers *buyers, int64_t i) {
    double spend = (double)NAN;
    if (predictor->has_spend)
        spend = gammagamma_expected_spend(
            &predictor->spend.params, buyers->frequency[i],
            buyers->frequency[i] > 0 ? buyers->monetary_value[i] : 0);
    return isnan(spend) ? predictor->mean_spend : spend;
}
