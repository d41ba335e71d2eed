/* bgnbdcurve.h - expected purchases of customers with one frequency, as a curve over their age.
 *
 * Expected and discounted purchases within a horizon depend, given that a customer is alive, on
 * frequency and age alone, and smoothly on age.  A shop has few frequencies and many customers of most
 * of them, so for one frequency the logarithms of expected purchases and of discounted / expected are
 * interpolated over ln(alpha + age), to BGNBDCURVE_TOLERANCE of the value.
 */
#ifndef BGNBDCURVE_H
#define BGNBDCURVE_H

#include "math/chebyshev.h"
#include "model/bgnbd.h"

#define BGNBDCURVE_TOLERANCE 1e-11
#define BGNBDCURVE_TRIM 1e-13    /* what may be left out, so that reading is faster */
enum { BGNBDCURVE_POINTS = 20 }; /* at first; CHEBYSHEV_MAX when these are too few */

typedef struct BgnbdcurveTerms {
    BgnbdKind kind;
    BgnbdParams params;
    double horizon, delta; /* t and delta of bgnbd_purchases_if_alive */
} BgnbdcurveTerms;

typedef struct Bgnbdcurve {
    Chebyshev expected, ratio; /* of ln(expected) and ln(discounted / expected) */
    double alpha;
    bool converged;            /* else it must not be read */
} Bgnbdcurve;

/* The two figures of one customer, computed in full. */
BgnbdPurchases bgnbdcurve_exact(const BgnbdcurveTerms *terms, double x, double age);

/* The curve of frequency x over ages age_min..age_max. */
void bgnbdcurve_fit(Bgnbdcurve *curve, const BgnbdcurveTerms *terms, double x, double age_min,
                    double age_max);

/* The two figures at one of these ages. */
BgnbdPurchases bgnbdcurve_read(const Bgnbdcurve *curve, double age);

#endif
