/* purchasewindow.c - see purchasewindow.h. */
#include "model/purchasewindow.h"

#include "base/libm.h"
#include "math/chebyshev.h"
#include "math/special.h"

enum { PURCHASEWINDOW_STEPS = 4 }; /* of Simpson's rule, even */
/* Of so many windows a curve is learnt, at so many points. */
enum { PURCHASEWINDOW_MANY = 32, PURCHASEWINDOW_POINTS = 32 };

static bool purchasewindow_counted(const PurchaseLaw *law) {
    return law->model == PURCHASE_BGNBD || law->model == PURCHASE_MBGNBD;
}

/* E(x, t) of one customer. */
typedef struct PurchasewindowCount {
    const PurchaseLaw *law;
    double x, T;
    bool known;      /* over q = ln(1 + t / span), in which it is smooth from the first day to far ahead */
    double span;
    Chebyshev curve;
} PurchasewindowCount;

static double purchasewindow_exact(const PurchasewindowCount *count, double t) {
    return purchase_if_alive(count->law, count->x, count->T, t, 0).expected;
}

static double purchasewindow_count(const PurchasewindowCount *count, double t) {
    return count->known ? chebyshev_value(&count->curve, log1p(t / count->span)) : purchasewindow_exact(count, t);
}

static void purchasewindow_learn(PurchasewindowCount *count, double last) {
    enum { N = PURCHASEWINDOW_POINTS };
    double values[N], high = log1p(last / count->span);
    for (int k = 0; k < N; k++)
        values[k] = purchasewindow_exact(count, count->span * expm1(chebyshev_point(0, high, N, k)));
    chebyshev_fit(&count->curve, 0, high, N, values);
    count->known = chebyshev_converged(&count->curve, PURCHASEWINDOW_TOLERANCE * purchasewindow_exact(count, last));
}

/* For n windows up to last. */
static void purchasewindow_open(PurchasewindowCount *count, const PurchaseLaw *law, double x, double T, int n,
                                double last) {
    *count = (PurchasewindowCount){.law = law, .x = x, .T = T};
    count->span = T + (law->model == PURCHASE_PNBD ? law->as.pnbd.beta : law->as.bgnbd.alpha);
    if (n >= PURCHASEWINDOW_MANY) purchasewindow_learn(count, last);
}

static double purchasewindow_stay(const PurchaseLaw *law, double x) {
    if (!purchasewindow_counted(law)) return 1;
    double stays = law->as.bgnbd.b + x + (law->model == PURCHASE_MBGNBD ? 1 : 0);
    return stays / (law->as.bgnbd.a + stays);
}

/* What a count and that of one who has bought once more say at a day. */
typedef struct PurchasewindowEnd {
    double t, own, more;
} PurchasewindowEnd;

static PurchasewindowEnd purchasewindow_end(const PurchasewindowCount *own, const PurchasewindowCount *more, double t) {
    return (PurchasewindowEnd){t, purchasewindow_count(own, t), purchasewindow_count(more, t)};
}

static PurchaseWindow purchasewindow_between(const PurchasewindowCount *more, double factor, PurchasewindowEnd from,
                                             PurchasewindowEnd to) {
    double step = (to.t - from.t) / PURCHASEWINDOW_STEPS, sum = from.more + to.more;
    for (int i = 1; i < PURCHASEWINDOW_STEPS; i++)
        sum += (i % 2 ? 4 : 2) * purchasewindow_count(more, from.t + i * step);
    return (PurchaseWindow){.expected = to.own - from.own,
                            .pairs = fmax(factor * ((to.t - from.t) * to.more - sum * step / 3), 0)};
}

void purchasewindow_if_alive(const PurchaseLaw *law, double x, double T, int n, const double *to,
                             PurchaseWindow *windows) {
    PurchasewindowCount own, more;
    double factor = 2 * purchase_rate(law, x, T) * purchasewindow_stay(law, x);
    if (n <= 0) return;
    purchasewindow_open(&own, law, x, T, n, to[n - 1]);
    purchasewindow_open(&more, law, x + 1, T, n, to[n - 1]);
    PurchasewindowEnd from = {0, 0, 0};
    for (int k = 0; k < n; k++) {
        PurchasewindowEnd end = purchasewindow_end(&own, &more, to[k]);
        windows[k] = purchasewindow_between(&more, factor, from, end);
        from = end;
    }
}

void purchasewindow_expect(const PurchaseLaw *law, double x, double T, int n, const double *to, double *expected) {
    PurchasewindowCount count;
    double before = 0;
    if (n <= 0) return;
    purchasewindow_open(&count, law, x, T, n, to[n - 1]);
    for (int k = 0; k < n; k++) {
        double until = purchasewindow_count(&count, to[k]);
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
