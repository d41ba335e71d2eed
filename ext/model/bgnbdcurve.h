/* bgnbdcurve.h - expected purchases of customers with one frequency, as a curve over their age.
 *
 * Expected and discounted purchases within a horizon depend, given that a customer is alive, on frequency
 * and age alone, and smoothly on age.  A shop has few frequencies but many ages, so for each frequency the
 * logarithms of expected purchases and of discounted / expected are interpolated over ln(alpha + age), to
 * BGNBDCURVE_TOLERANCE of their value.  The ratio, dear to compute, is next to constant: it needs few points.
 */
#ifndef BGNBDCURVE_H
#define BGNBDCURVE_H

#include "math/chebyshev.h"
#include "model/bgnbd.h"

#define BGNBDCURVE_TOLERANCE 1e-11
enum { BGNBDCURVE_POINTS = 24, BGNBDCURVE_RATIO_POINTS = 20 }; /* at first; more when these are too few */

typedef struct BgnbdTerms {
    BgnbdKind kind;
    BgnbdParams params;
    double horizon, delta; /* as in bgnbd_discounted_if_alive */
} BgnbdTerms;

typedef struct BgnbdPurchases {
    double expected, discounted; /* given alive */
} BgnbdPurchases;

typedef struct BgnbdCurve {
    Chebyshev expected, ratio; /* of ln(expected) and ln(discounted / expected) */
    double alpha;
    bool converged;            /* else it must not be read */
} BgnbdCurve;

/* The two figures of one customer, computed in full. */
BgnbdPurchases bgnbdcurve_exact(const BgnbdTerms *terms, double x, double age);

/* The curve of frequency x over ages age_min..age_max. */
void bgnbdcurve_fit(BgnbdCurve *curve, const BgnbdTerms *terms, double x, double age_min,
                    double age_max);

/* The two figures at one of these ages. */
BgnbdPurchases bgnbdcurve_read(const BgnbdCurve *curve, double age);

#endif
