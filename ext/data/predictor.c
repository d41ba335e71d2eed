/* predictor.c - see predictor.h. */
#include "data/predictor.h"

#include <string.h>

#include "base/libm.h"
#include "data/lawfit.h"
#include "math/sum.h"

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
    if (predictor->purchases.sampled > 0)
        predictor_add_note(predictor, arena, err,
                           arena_printf(arena, err, "sample: the purchase model is fitted to %lld of %lld customers",
                                        (long long)predictor->purchases.sampled, (long long)buyers->n));
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
        if (buyers->frequency[i] == 0 || isnan(buyers->monetary_value[i])) continue;
        sum_add(&sum, buyers->monetary_value[i] * buyers->frequency[i]);
        n += buyers->frequency[i];
    }
    return n > 0 ? sum_value(&sum) / n : (double)NAN;
}

/* Takes a fitted purchase model over, with its notes. */
static void predictor_take(Predictor *predictor, const Purchasefit *purchases, const Buyers *buyers, Arena *arena,
                           Err *err) {
    *predictor = (Predictor){.mean_spend = (double)NAN, .purchases = *purchases,
                             .has_purchases = purchases->converged};
    if (!err->rc) predictor_note_purchases(predictor, buyers, arena, err);
}

/* False, with a note, where there is too little to fit. */
static bool predictor_enough(Predictor *predictor, const Buyers *buyers, Arena *arena, Err *err) {
    *predictor = (Predictor){.mean_spend = (double)NAN};
    if (err->rc || buyers->n == 0) return false;
    if (buyers->n_repeat >= PREDICTOR_REPEAT_MIN) return true;
    predictor->note = arena_printf(arena, err, "too little to predict: %lld customer%s with a repeat purchase, %d needed",
                                   (long long)buyers->n_repeat, buyers->n_repeat == 1 ? "" : "s",
                                   PREDICTOR_REPEAT_MIN);
    return false;
}

void predictor_adopt(Predictor *predictor, const Purchasefit *purchases, const Book *book, const Buyers *buyers,
                     Arena *arena, Err *err, const Poll *poll) {
    Arena scratch = {0};
    predictor_take(predictor, purchases, buyers, arena, err);
    if (err->rc) return;
    if (!book->has_amounts) {
        predictor_add_note(predictor, arena, err, "no amount column: values are not known");
        return;
    }
    predictor_fit_spend(predictor, buyers, &scratch, err, poll);
    arena_free(&scratch);
    predictor->mean_spend = predictor_mean_spend(buyers);
    predictor_note_spend(predictor, arena, err);
}

void predictor_note_summary(Predictor *predictor, const Book *book, const Buyers *buyers, Arena *arena, Err *err) {
    int64_t unknown = 0;
    if (err->rc || !book->is_summary) return;
    predictor_add_note(predictor, arena, err, "from a table of customers: dates and past orders are not known");
    for (int64_t i = 0; i < buyers->n; i++) unknown += buyers->frequency[i] > 0 && isnan(buyers->monetary_value[i]);
    if (book->has_amounts && unknown)
        predictor_add_note(predictor, arena, err,
                           arena_printf(arena, err, "%lld with a repeat purchase have no monetary_value",
                                        (long long)unknown));
}

void predictor_fit(Predictor *predictor, const Book *book, const Buyers *buyers, PurchaseModel model,
                   Arena *arena, Err *err, const Poll *poll) {
    Purchasefit purchases;
    if (!predictor_enough(predictor, buyers, arena, err)) return;
    lawfit_run(&purchases, model, buyers, err, poll);
    predictor_adopt(predictor, &purchases, book, buyers, arena, err, poll);
}

void predictor_choose(Predictor *predictor, const Methods *methods, const char *said, const Book *book,
                      const Buyers *buyers, Arena *arena, Err *err, const Poll *poll) {
    if (methods->law == METHODS_COUNT)
        predictor_fit(predictor, book, buyers, PURCHASE_MBGNBD, arena, err, poll);
    else
        predictor_adopt(predictor, &methods->view[0].fit[methods->law], book, buyers, arena, err, poll);
    if (said && (!predictor->note || strcmp(said, predictor->note) != 0))
        predictor_add_note(predictor, arena, err, said);
}

/* The purchase model alone. */
static void predictor_fit_counts(Predictor *predictor, const Buyers *buyers, PurchaseModel model, Arena *arena, Err *err,
                                 const Poll *poll) {
    Purchasefit purchases;
    if (!predictor_enough(predictor, buyers, arena, err)) return;
    lawfit_run(&purchases, model, buyers, err, poll);
    predictor_take(predictor, &purchases, buyers, arena, err);
}

static void predictor_choose_counts(Predictor *predictor, const Methods *methods, const Buyers *buyers, Arena *arena,
                                    Err *err) {
    if (!predictor_enough(predictor, buyers, arena, err)) return;
    if (methods->law != METHODS_COUNT) predictor_take(predictor, &methods->view[0].fit[methods->law], buyers, arena, err);
    predictor_add_note(predictor, arena, err, methods_choice(methods, true, arena, err));
}

void predictor_fit_or_choose(Predictor *predictor, const Book *book, const Buyers *buyers, Method method,
                             int32_t horizon_days, bool values, Arena *arena, Err *err, const Poll *poll) {
    Methods methods;
    *predictor = (Predictor){.mean_spend = (double)NAN};
    if (method != METHODS_AUTO) {
        if (values) predictor_fit(predictor, book, buyers, (PurchaseModel)method, arena, err, poll);
        else predictor_fit_counts(predictor, buyers, (PurchaseModel)method, arena, err, poll);
        return;
    }
    methods_open(&methods, book, book->as_of, horizon_days, arena, err, poll);
    if (err->rc) return;
    if (values)
        predictor_choose(predictor, &methods, methods_choice(&methods, true, arena, err), book, buyers, arena, err, poll);
    else predictor_choose_counts(predictor, &methods, buyers, arena, err);
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

Churninterval predictor_churn_interval(const Predictor *predictor, const Buyers *buyers, int64_t i, double t,
                                       double z) {
    if (!predictor->has_purchases) return (Churninterval){(double)NAN, (double)NAN};
    return churninterval_of(&predictor->purchases, buyers->frequency[i], buyers->recency[i], buyers->age[i], t, z);
}

double predictor_rate(const Predictor *predictor, const Buyers *buyers, int64_t i) {
    if (!predictor->has_purchases) return (double)NAN;
    return purchase_rate(&predictor->purchases.law, buyers->frequency[i], buyers->age[i]);
}

double predictor_spend(const Predictor *predictor, const Buyers *buyers, int64_t i) {
    double spend = (double)NAN;
    if (buyers->frequency[i] > 0 && isnan(buyers->monetary_value[i])) return spend;
    if (predictor->has_spend)
        spend = gammagamma_expected_spend(&predictor->spend.params, buyers->frequency[i], buyers->monetary_value[i]);
    return isnan(spend) ? predictor->mean_spend : spend;
}
