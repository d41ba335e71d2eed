/* purchasecurve.c - see purchasecurve.h. */
#include "model/purchasecurve.h"

#include "base/libm.h"

PurchaseCount purchasecurve_exact(const PurchasecurveTerms *terms, double x, double age) {
    return purchase_if_alive(&terms->law, x, age, terms->horizon, terms->delta);
}

/* Interpolates both figures in n points; false when these are too few. */
static bool purchasecurve_draw(Purchasecurve *curve, const PurchasecurveTerms *terms, double x, double low,
                            double high, int n) {
    double expected[CHEBYSHEV_MAX], ratio[CHEBYSHEV_MAX];
    for (int k = 0; k < n; k++) {
        double age = exp(chebyshev_point(low, high, n, k)) - curve->alpha;
        PurchaseCount at = purchasecurve_exact(terms, x, age > 0 ? age : 0);
        expected[k] = log(at.expected);
        ratio[k] = log(at.discounted / at.expected);
    }
    chebyshev_fit(&curve->expected, low, high, n, expected);
    chebyshev_fit(&curve->ratio, low, high, n, ratio);
    return chebyshev_converged(&curve->expected, PURCHASECURVE_TOLERANCE) &&
           chebyshev_converged(&curve->ratio, PURCHASECURVE_TOLERANCE);
}

void purchasecurve_fit(Purchasecurve *curve, const PurchasecurveTerms *terms, double x, double age_min,
                    double age_max) {
    curve->alpha = purchase_alpha(&terms->law);
    double low = log(curve->alpha + age_min), high = log(curve->alpha + age_max);
    curve->converged = purchasecurve_draw(curve, terms, x, low, high, PURCHASECURVE_POINTS) ||
                       purchasecurve_draw(curve, terms, x, low, high, CHEBYSHEV_MAX);
    chebyshev_trim(&curve->expected, PURCHASECURVE_TRIM);
    chebyshev_trim(&curve->ratio, PURCHASECURVE_TRIM);
}

PurchaseCount purchasecurve_read(const Purchasecurve *curve, double age) {
    double at = log(curve->alpha + age), expected = chebyshev_value(&curve->expected, at);
    return (PurchaseCount){.expected = exp(expected),
                            .discounted = exp(expected + chebyshev_value(&curve->ratio, at))};
}
