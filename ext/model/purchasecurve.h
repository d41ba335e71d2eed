/* purchasecurve.h - expected purchases of customers with one frequency, as a curve over their age.
 *
 * Expected and discounted purchases within a horizon depend, given that a customer is alive, on
 * frequency and age alone, and smoothly on age.  A shop has few frequencies and many customers of most
 * of them, so for one frequency the logarithms of expected purchases and of discounted / expected are
 * interpolated over ln(alpha + age), to PURCHASECURVE_TOLERANCE of the value.
 */
#ifndef PURCHASECURVE_H
#define PURCHASECURVE_H

#include "math/chebyshev.h"
#include "model/purchase.h"

#define PURCHASECURVE_TOLERANCE 1e-11
#define PURCHASECURVE_TRIM 1e-13    /* what may be left out, so that reading is faster */
enum { PURCHASECURVE_POINTS = 20 }; /* at first; CHEBYSHEV_MAX when these are too few */

typedef struct PurchasecurveTerms {
    PurchaseLaw law;
    double horizon, delta; /* t and delta of purchase_if_alive */
} PurchasecurveTerms;

typedef struct Purchasecurve {
    Chebyshev expected, ratio; /* of ln(expected) and ln(discounted / expected) */
    double alpha;
    bool converged;            /* else it must not be read */
} Purchasecurve;

/* The two figures of one customer, computed in full. */
PurchaseCount purchasecurve_exact(const PurchasecurveTerms *terms, double x, double age);

/* The curve of frequency x over ages age_min..age_max. */
void purchasecurve_fit(Purchasecurve *curve, const PurchasecurveTerms *terms, double x, double age_min,
                    double age_max);

/* The two figures at one of these ages. */
PurchaseCount purchasecurve_read(const Purchasecurve *curve, double age);

#endif
