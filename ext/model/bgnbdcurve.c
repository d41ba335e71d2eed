/* bgnbdcurve.c - see bgnbdcurve.h. */
#include "model/bgnbdcurve.h"

#include "base/libm.h"

BgnbdPurchases bgnbdcurve_exact(const BgnbdcurveTerms *terms, double x, double age) {
    return bgnbd_purchases_if_alive(terms->kind, &terms->params, x, age, terms->horizon,
                                    terms->delta);
}

/* Interpolates both figures in n points; false when these are too few. */
static bool bgnbdcurve_draw(Bgnbdcurve *curve, const BgnbdcurveTerms *terms, double x, double low,
                            double high, int n) {
    double expected[CHEBYSHEV_MAX], ratio[CHEBYSHEV_MAX];
    for (int k = 0; k < n; k++) {
        double age = exp(chebyshev_point(low, high, n, k)) - curve->alpha;
        BgnbdPurchases at = bgnbdcurve_exact(terms, x, age > 0 ? age : 0);
        expected[k] = log(at.expected);
        ratio[k] = log(at.discounted / at.expected);
    }
    chebyshev_fit(&curve->expected, low, high, n, expected);
    chebyshev_fit(&curve->ratio, low, high, n, ratio);
    return chebyshev_converged(&curve->expected, BGNBDCURVE_TOLERANCE) &&
           chebyshev_converged(&curve->ratio, BGNBDCURVE_TOLERANCE);
}

void bgnbdcurve_fit(Bgnbdcurve *curve, const BgnbdcurveTerms *terms, double x, double age_min,
                    double age_max) {
    curve->alpha = terms->params.alpha;
    double low = log(curve->alpha + age_min), high = log(curve->alpha + age_max);
    curve->converged = bgnbdcurve_draw(curve, terms, x, low, high, BGNBDCURVE_POINTS) ||
                       bgnbdcurve_draw(curve, terms, x, low, high, CHEBYSHEV_MAX);
    chebyshev_trim(&curve->expected, BGNBDCURVE_TRIM);
    chebyshev_trim(&curve->ratio, BGNBDCURVE_TRIM);
}

BgnbdPurchases bgnbdcurve_read(const Bgnbdcurve *curve, double age) {
    double at = log(curve->alpha + age), expected = chebyshev_value(&curve->expected, at);
    return (BgnbdPurchases){.expected = exp(expected),
                            .discounted = exp(expected + chebyshev_value(&curve->ratio, at))};
}
