/* bgnbdcurve.c - see bgnbdcurve.h. */
#include "model/bgnbdcurve.h"

#include "base/libm.h"

BgnbdPurchases bgnbdcurve_exact(const BgnbdTerms *terms, double x, double age) {
    BgnbdPurchases purchases = {
        .expected = bgnbd_expected_if_alive(terms->kind, &terms->params, x, age, terms->horizon)};
    purchases.discounted = terms->delta > 0
                               ? bgnbd_discounted_if_alive(terms->kind, &terms->params, x, age,
                                                           terms->horizon, terms->delta)
                               : purchases.expected;
    return purchases;
}

static void bgnbdcurve_try(BgnbdCurve *curve, const BgnbdTerms *terms, double x, double low,
                           double high, int n) {
    double expected[CHEBYSHEV_MAX], discounted[CHEBYSHEV_MAX];
    for (int k = 0; k < n; k++) {
        double age = exp(chebyshev_point(low, high, n, k)) - curve->alpha;
        BgnbdPurchases at = bgnbdcurve_exact(terms, x, age > 0 ? age : 0);
        expected[k] = log(at.expected);
        discounted[k] = log(at.discounted);
    }
    chebyshev_fit(&curve->expected, low, high, n, expected);
    chebyshev_fit(&curve->discounted, low, high, n, discounted);
    curve->converged = chebyshev_converged(&curve->expected, BGNBDCURVE_TOLERANCE) &&
                       chebyshev_converged(&curve->discounted, BGNBDCURVE_TOLERANCE);
}

void bgnbdcurve_fit(BgnbdCurve *curve, const BgnbdTerms *terms, double x, double age_min,
                    double age_max) {
    curve->alpha = terms->params.alpha;
    double low = log(curve->alpha + age_min), high = log(curve->alpha + age_max);
    bgnbdcurve_try(curve, terms, x, low, high, BGNBDCURVE_POINTS);
    if (!curve->converged) bgnbdcurve_try(curve, terms, x, low, high, CHEBYSHEV_MAX);
}

BgnbdPurchases bgnbdcurve_read(const BgnbdCurve *curve, double age) {
    double at = log(curve->alpha + age);
    return (BgnbdPurchases){.expected = exp(chebyshev_value(&curve->expected, at)),
                            .discounted = exp(chebyshev_value(&curve->discounted, at))};
}
