/* purchasefit.c - see purchasefit.h. */
#include "model/purchasefit.h"

#include <string.h>

#include "base/libm.h"
#include "model/pnbdfit.h"

const PurchasefitModel retain_purchasefit_models[PURCHASE_MODELS] = {
    [PURCHASE_BGNBD] = {"BG/NBD", 4, {"r", "alpha", "a", "b"}},
    [PURCHASE_MBGNBD] = {"MBG/NBD", 4, {"r", "alpha", "a", "b"}},
    [PURCHASE_PNBD] = {"Pareto/NBD", 4, {"r", "alpha", "s", "beta"}},
    [PURCHASE_NBD] = {"NBD", 2, {"r", "alpha"}},
};

static void purchasefit_set(Purchasefit *out, int i, double value, double std_error) {
    out->value[i] = value;
    out->std_error[i] = std_error;
}

static void purchasefit_take_weak(Purchasefit *out, const BgnbdfitWeak *weak) {
    const double *v = weak->value;
    out->has_weak = !isnan(v[0]);
    out->weak.model = out->law.model;
    if (out->law.model == PURCHASE_PNBD) out->weak.as.pnbd = (PnbdParams){v[0], v[1], v[2], v[3]};
    else out->weak.as.bgnbd = (BgnbdParams){v[0], v[1], v[2], v[3]};
    memcpy(out->weak_covariance, weak->covariance, sizeof(weak->covariance));
}

static void purchasefit_take_bgnbd(Purchasefit *out, const Bgnbdfit *fit) {
    out->law.as.bgnbd = fit->params;
    purchasefit_set(out, 0, fit->params.r, fit->std_error.r);
    purchasefit_set(out, 1, fit->params.alpha, fit->std_error.alpha);
    purchasefit_set(out, 2, fit->params.a, fit->std_error.a);
    purchasefit_set(out, 3, fit->params.b, fit->std_error.b);
    memcpy(out->covariance, fit->covariance, sizeof(fit->covariance));
    purchasefit_take_weak(out, &fit->weak);
    out->log_likelihood = fit->log_likelihood;
    out->converged = fit->converged;
    out->warnings = fit->warnings;
}

/* Its warnings of dropout say nothing here: there is none by definition. */
static void purchasefit_take_nbd(Purchasefit *out, const Bgnbdfit *fit) {
    out->law.as.bgnbd = fit->nbd;
    purchasefit_set(out, 0, fit->nbd.r, fit->nbd_std_error.r);
    purchasefit_set(out, 1, fit->nbd.alpha, fit->nbd_std_error.alpha);
    memcpy(out->covariance, fit->nbd_covariance, sizeof(fit->nbd_covariance));
    out->log_likelihood = fit->log_likelihood_nbd;
    out->converged = fit->nbd_converged;
    out->warnings = (fit->warnings & BGNBDFIT_NO_REPEATS) | (fit->nbd_converged ? 0 : BGNBDFIT_NOT_CONVERGED);
}

static void purchasefit_take_pnbd(Purchasefit *out, const Pnbdfit *fit) {
    out->law.as.pnbd = fit->params;
    purchasefit_set(out, 0, fit->params.r, fit->std_error.r);
    purchasefit_set(out, 1, fit->params.alpha, fit->std_error.alpha);
    purchasefit_set(out, 2, fit->params.s, fit->std_error.s);
    purchasefit_set(out, 3, fit->params.beta, fit->std_error.beta);
    memcpy(out->covariance, fit->covariance, sizeof(fit->covariance));
    purchasefit_take_weak(out, &fit->weak);
    out->log_likelihood = fit->log_likelihood;
    out->iterations += fit->iterations;
    out->converged = fit->converged;
    out->interrupted = fit->interrupted;
    out->warnings = fit->warnings;
}

void purchasefit_continue(PurchaseModel model, const BgnbdfitData *data, const Bgnbdfit *base, const Purchasefit *near,
                          const Poll *poll, Purchasefit *out) {
    *out = (Purchasefit){.law = {.model = model}, .log_likelihood_nbd = base->log_likelihood_nbd,
                         .customers = base->customers, .one_timers = base->one_timers,
                         .iterations = base->iterations, .interrupted = base->interrupted};
    if (base->interrupted) return;
    if (model == PURCHASE_NBD) {
        purchasefit_take_nbd(out, base);
    } else if (model == PURCHASE_PNBD) {
        Pnbdfit pareto;
        pnbdfit_run_near(data, base, near ? &near->law.as.pnbd : NULL, poll, &pareto);
        purchasefit_take_pnbd(out, &pareto);
    } else {
        purchasefit_take_bgnbd(out, base);
    }
}

void purchasefit_run(PurchaseModel model, const BgnbdfitData *data, void *workspace, const Poll *poll,
                     Purchasefit *out) {
    Bgnbdfit base;
    bgnbdfit_run(model == PURCHASE_BGNBD ? BGNBD_BG : BGNBD_MBG, data, workspace, poll, &base);
    purchasefit_continue(model, data, &base, NULL, poll, out);
}
