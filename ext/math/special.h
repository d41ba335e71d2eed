/* special.h - logarithms of gamma and beta functions, logistic pieces, the normal law.
 *
 * All functions are pure and thread-safe (libm's lgamma writes a global sign).  Arguments
 * outside the stated range give NaN.
 */
#ifndef MATH_SPECIAL_H
#define MATH_SPECIAL_H

/* ln(Gamma(x)) for x > 0, to about 2e-15 of max(|result|, x): Stirling's series from 10 up, the
 * Taylor series around 2 below.  +infinity for x = +infinity; NaN for x <= 0. */
double special_lgamma(double x);

/* psi(x) = d ln(Gamma(x)) / dx for x > 0, to about 1e-15 of max(|result|, 1).  NaN for x <= 0. */
double special_digamma(double x);

/* ln(B(x, y)) = ln(Gamma(x) Gamma(y) / Gamma(x + y)) for x, y > 0, without the cancellation that
 * three large lgamma values would suffer.  NaN when an argument is not positive. */
double special_lbeta(double x, double y);

/* ln(1 + exp(d)) for any d: d for large d, exp(d) for very negative d, never an overflow. */
double special_softplus(double d);

/* 1 / (1 + exp(-d)) for any d, with full relative precision where it is tiny. */
double special_logistic(double d);

/* P(Z <= z) of the standard normal law. */
double special_normal_cdf(double z);

/* The z with P(Z <= z) = p, relative error about 1e-15.  -infinity at p = 0, +infinity at p = 1,
 * NaN outside [0, 1].  Near 1 the precision is that of 1 - p as a double. */
double special_normal_quantile(double p);

#endif
