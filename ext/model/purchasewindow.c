/* purchasewindow.c - see purchasewindow.h. */
#include "model/purchasewindow.h"

#include "base/libm.h"
#include "math/special.h"

enum { PURCHASEWINDOW_STEPS = 4 }; /* of Simpson's rule, even */

static bool purchasewindow_counted(const PurchaseLaw *law) {
    return law->model == PURCHASE_BGNBD || law->model == PURCHASE_MBGNBD;
}

static double purchasewindow_count(const PurchaseLaw *law, double x, double T, double t) {
    return purchase_if_alive(law, x, T, t, 0).expected;
}

static double purchasewindow_stay(const PurchaseLaw *law, double x) {
    if (!purchasewindow_counted(law)) return 1;
    double stays = law->as.bgnbd.b + x + (law->model == PURCHASE_MBGNBD ? 1 : 0);
    return stays / (law->as.bgnbd.a + stays);
}

PurchaseWindow purchasewindow_if_alive(const PurchaseLaw *law, double x, double T, double from, double to) {
    double step = (to - from) / PURCHASEWINDOW_STEPS, last = purchasewindow_count(law, x + 1, T, to);
    double sum = purchasewindow_count(law, x + 1, T, from) + last;
    for (int i = 1; i < PURCHASEWINDOW_STEPS; i++)
        sum += (i % 2 ? 4 : 2) * purchasewindow_count(law, x + 1, T, from + i * step);
    double factor = 2 * purchase_rate(law, x, T) * purchasewindow_stay(law, x);
    return (PurchaseWindow){
        .expected = purchasewindow_count(law, x, T, to) - purchasewindow_count(law, x, T, from),
        .pairs = fmax(factor * ((to - from) * last - sum * step / 3), 0)};
}

void purchasewindow_expect(const PurchaseLaw *law, double x, double T, int n, const double *to, double *expected) {
    double before = 0;
    for (int k = 0; k < n; k++) {
        double until = purchasewindow_count(law, x, T, to[k]);
        expected[k] = until - before;
        before = until;
    }
}

/* Given x purchases, 1 / nu has the moments of a scale gamma + x m and a shape q + p x. */
PurchaseSpend purchasewindow_spend(const GammagammaParams *g, double x, double m) {
    double shape = g->q + g->p * x, scale = g->gamma + (x > 0 ? x * m : 0);
    PurchaseSpend spend = {.mean = gammagamma_expected_spend(g, x, m), .square = NAN, .product = NAN};
    if (isnan(spend.mean) || !(shape > 2)) return spend;
    double second = scale * scale / ((shape - 1) * (shape - 2));
    spend.square = g->p * (g->p + 1) * second;
    spend.product = g->p * g->p * second;
    return spend;
}

/* ---- How the parameters are known ---- */

int purchasewindow_n_params(const PurchaseLaw *law) {
    return law->model == PURCHASE_NBD ? 2 : 4;
}

static double *purchasewindow_param(PurchaseLaw *law, int i) {
    BgnbdParams *counted = &law->as.bgnbd;
    PnbdParams *timed = &law->as.pnbd;
    if (law->model == PURCHASE_PNBD)
        return i == 0 ? &timed->r : i == 1 ? &timed->alpha : i == 2 ? &timed->s : &timed->beta;
    return i == 0 ? &counted->r : i == 1 ? &counted->alpha : i == 2 ? &counted->a : &counted->b;
}

PurchaseLaw purchasewindow_scaled(const PurchaseLaw *law, int i, double factor) {
    PurchaseLaw scaled = *law;
    *purchasewindow_param(&scaled, i) *= factor;
    return scaled;
}

void purchasewindow_score(const PurchaseLaw *law, double x, double tx, double T,
                          double score[PURCHASEWINDOW_PARAMS_MAX]) {
    PurchaseLaw own = *law;
    double r = law->as.bgnbd.r, alpha = law->as.bgnbd.alpha;
    switch (law->model) {
        case PURCHASE_PNBD: pnbd_loglik(&law->as.pnbd, x, tx, T, score); break;
        case PURCHASE_NBD:
            score[0] = special_digamma(r + x) - special_digamma(r) - log1p(T / alpha);
            score[1] = r / alpha - (r + x) / (alpha + T);
            break;
        default:
            bgnbd_loglik(law->model == PURCHASE_MBGNBD ? BGNBD_MBG : BGNBD_BG, &law->as.bgnbd, x, tx, T, score);
    }
    for (int i = 0; i < purchasewindow_n_params(law); i++) score[i] *= *purchasewindow_param(&own, i);
}
