/* churninterval.c - see churninterval.h.
 *
 * ln P(a purchase) = ln P(alive) + ln(1 - W), W = P(no purchase | alive): both terms keep their digits where next
 * to nobody is alive or nobody will buy, as a difference from 1 would not.
 */
#include "model/churninterval.h"

#include "base/libm.h"
#include "math/special.h"

enum { CHURNINTERVAL_PARAMS = PURCHASEFIT_PARAMS_MAX };
#define CHURNINTERVAL_NONE_MIN 1e-12 /* a P below this has no digits left to tell an error from */

/* ---- BG/NBD, MBG/NBD, NBD ----
 *
 * W = exp(-k l) with k = r + x, l = ln(1 + t / (alpha + T)). */

static double churninterval_wait(const BgnbdParams *p, double x, double T, double t, double *gradient) {
    double k = p->r + x, now = p->alpha + T, l = log1p(t / now), waits = exp(-k * l), buys = -expm1(-k * l);
    double weight = waits / buys;
    gradient[0] = weight * p->r * l;
    gradient[1] = -weight * k * p->alpha * t / (now * (now + t));
    return log(buys);
}

/* P(alive) = 1 / (1 + exp(D)), D as in bgnbd.h. */
static double churninterval_alive(BgnbdKind kind, const BgnbdParams *p, double x, double tx, double T,
                                  double *gradient) {
    if (!bgnbd_can_be_gone(kind, x)) return 0;
    double k = p->r + x, tries = p->b + x + bgnbd_m(kind) - 1, log_gap = log1p((T - tx) / (p->alpha + tx));
    double odds = log(p->a / tries) + k * log_gap, gone = special_logistic(odds);
    gradient[0] -= gone * p->r * log_gap;
    gradient[1] -= gone * k * p->alpha * (tx - T) / ((p->alpha + T) * (p->alpha + tx));
    gradient[2] -= gone;
    gradient[3] += gone * p->b / tries;
    return -special_softplus(odds);
}

/* ---- Pareto/NBD ----
 *
 * P(alive) = L(x, T, T) / L(x, tx, T), as somebody who bought at T is alive then, and
 * W = L(x, T, T + t) / L(x, T, T). */

static double churninterval_pnbd(const PnbdParams *p, double x, double tx, double T, double t, double *gradient) {
    double seen[CHURNINTERVAL_PARAMS], alive[CHURNINTERVAL_PARAMS], waits[CHURNINTERVAL_PARAMS];
    const double scale[CHURNINTERVAL_PARAMS] = {p->r, p->alpha, p->s, p->beta};
    double log_seen = pnbd_loglik(p, x, tx, T, seen), log_alive = pnbd_loglik(p, x, T, T, alive);
    double log_waits = pnbd_loglik(p, x, T, T + t, waits) - log_alive, buys = -expm1(log_waits);
    for (int i = 0; i < CHURNINTERVAL_PARAMS; i++)
        gradient[i] = scale[i] * (alive[i] - seen[i] - exp(log_waits) / buys * (waits[i] - alive[i]));
    return log_alive - log_seen + log(buys);
}

/* ---- All ---- */

double churninterval_log_buys(const PurchaseLaw *law, double x, double tx, double T, double t,
                              double gradient[PURCHASEFIT_PARAMS_MAX]) {
    for (int i = 0; i < CHURNINTERVAL_PARAMS; i++) gradient[i] = 0;
    if (law->model == PURCHASE_PNBD) return churninterval_pnbd(&law->as.pnbd, x, tx, T, t, gradient);
    double buys = churninterval_wait(&law->as.bgnbd, x, T, t, gradient);
    if (law->model == PURCHASE_NBD) return buys;
    return buys + churninterval_alive(law->model == PURCHASE_MBGNBD ? BGNBD_MBG : BGNBD_BG, &law->as.bgnbd, x, tx, T,
                                      gradient);
}

/* d ln(1 - P) = -P dL, so the gradient of the log odds L of P is that of ln(1 - P) by -P. */
static Churninterval churninterval_under(const PurchaseLaw *law, const double *covariance, double x, double tx, double T,
                                         double t, double z) {
    double gradient[CHURNINTERVAL_PARAMS], variance = 0;
    int n = retain_purchasefit_models[law->model].n_params;
    double log_buys = churninterval_log_buys(law, x, tx, T, t, gradient), none = -expm1(log_buys);
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < n; j++) sum += covariance[i * n + j] * gradient[j];
        variance += sum * gradient[i];
    }
    if (none < CHURNINTERVAL_NONE_MIN) return (Churninterval){none + 0 * variance, none + 0 * variance};
    double odds = log(none) - log_buys, reach = z * sqrt(variance) / none;
    return (Churninterval){special_logistic(odds - reach), special_logistic(odds + reach)};
}

Churninterval churninterval_of(const Purchasefit *fit, double x, double tx, double T, double t, double z) {
    Churninterval here = churninterval_under(&fit->law, fit->covariance, x, tx, T, t, z);
    if (!fit->has_weak) return here;
    Churninterval weak = churninterval_under(&fit->weak, fit->weak_covariance, x, tx, T, t, z);
    return (Churninterval){fmin(here.low, weak.low), fmax(here.high, weak.high)};
}
