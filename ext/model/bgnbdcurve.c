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

typedef double (*BgnbdcurveFunction)(const BgnbdTerms *terms, double x, double age);

static double bgnbdcurve_expected(const BgnbdTerms *terms, double x, double age) {
    return log(bgnbd_expected_if_alive(terms->kind, &terms->params, x, age, terms->horizon));
}

static double bgnbdcurve_ratio(const BgnbdTerms *terms, double x, double age) {
    BgnbdPurchases at = bgnbdcurve_exact(terms, x, age);
    return log(at.discounted / at.expected);
}

/* Interpolates with n points, then with as many as there can be. */
static bool bgnbdcurve_draw(Chebyshev *curve, const BgnbdTerms *terms, double x, double low,
                            double high, int n, BgnbdcurveFunction function) {
    double values[CHEBYSHEV_MAX];
    for (;; n = CHEBYSHEV_MAX) {
        for (int k = 0; k < n; k++) {
            double age = exp(chebyshev_point(low, high, n, k)) - terms->params.alpha;
            values[k] = function(terms, x, age > 0 ? age : 0);
        }
        chebyshev_fit(curve, low, high, n, values);
        bool converged = chebyshev_converged(curve, BGNBDCURVE_TOLERANCE);
        if (converged || n == CHEBYSHEV_MAX) return converged;
    }
}

void bgnbdcurve_fit(BgnbdCurve *curve, const BgnbdTerms *terms, double x, double age_min,
                    double age_max) {
    curve->alpha = terms->params.alpha;
    double low = log(curve->alpha + age_min), high = log(curve->alpha + age_max);
    curve->converged = bgnbdcurve_draw(&curve->expected, terms, x, low, high, BGNBDCURVE_POINTS,
                                       bgnbdcurve_expected) &&
                       bgnbdcurve_draw(&curve->ratio, terms, x, low, high, BGNBDCURVE_RATIO_POINTS,
                                       bgnbdcurve_ratio);
}

BgnbdPurchases bgnbdcurve_read(const BgnbdCurve *curve, double age) {
    double at = log(curve->alpha + age), expected = exp(chebyshev_value(&curve->expected, at));
    return (BgnbdPurchases){.expected = expected,
                            .discounted = expected * exp(chebyshev_value(&curve->ratio, at))};
}
