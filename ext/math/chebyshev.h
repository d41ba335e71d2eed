/* chebyshev.h - a smooth function on an interval as a short sum of Chebyshev polynomials.
 *
 * Interpolation in n Chebyshev points converges geometrically for an analytic function, so the size of
 * the last coefficients tells how good it is (Trefethen 2013, Approximation Theory and Approximation
 * Practice, chapters 3 and 8).
 */
#ifndef CHEBYSHEV_H
#define CHEBYSHEV_H

#include <stdbool.h>

enum { CHEBYSHEV_MAX = 48 };

typedef struct Chebyshev {
    int n;             /* coefficients, 1..CHEBYSHEV_MAX */
    double low, high;  /* the interval; low = high is a constant */
    double c[CHEBYSHEV_MAX];
} Chebyshev;

/* The k-th of n points of the interval at which the function is to be known, 0 <= k < n. */
double chebyshev_point(double low, double high, int n, int k);

/* The interpolant of values[k] at chebyshev_point(low, high, n, k). */
void chebyshev_fit(Chebyshev *curve, double low, double high, int n, const double *values);

/* True when the last coefficients are below tolerance: so is about the error. */
bool chebyshev_converged(const Chebyshev *curve, double tolerance);

/* Drops the last coefficients as long as they change no value by more than tolerance. */
void chebyshev_trim(Chebyshev *curve, double tolerance);

/* The value at x within the interval. */
double chebyshev_value(const Chebyshev *curve, double x);

#endif
