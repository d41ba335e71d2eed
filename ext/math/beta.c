/* beta.c - see beta.h. */
#include "math/beta.h"

#include <stdbool.h>

#include "base/libm.h"
#include "math/special.h"

enum { BETA_FRACTION_MAX = 2000, BETA_STEPS_MAX = 100 };
#define BETA_FRACTION_EPSILON 1e-16
#define BETA_STEP_EPSILON 1e-4 /* a step of Newton's rule as small as this leaves an error of about its square */
#define BETA_STEP_MAX 50.0
#define BETA_TINY 1e-300 /* instead of a 0 that would be divided by */

static double beta_nonzero(double value) {
    return fabs(value) < BETA_TINY ? BETA_TINY : value;
}

double beta_fraction(double x, double a, double b) {
    double c = 1, d = 1 / beta_nonzero(1 - (a + b) * x / (a + 1)), value = d;
    for (int m = 1; m <= BETA_FRACTION_MAX; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / beta_nonzero(1 + even * d);
        c = beta_nonzero(1 + even / c);
        value *= c * d;
        d = 1 / beta_nonzero(1 + odd * d);
        c = beta_nonzero(1 + odd / c);
        value *= c * d;
        if (fabs(c * d - 1) < BETA_FRACTION_EPSILON) break;
    }
    return value;
}

/* ln P(ln ratio <= w), of which the density in w is exp(*log_density). */
static double beta_log_cdf(double a, double b, double log_beta, double w, double *log_density) {
    double x = special_logistic(w), y = special_logistic(-w);
    *log_density = -a * special_softplus(-w) - b * special_softplus(w) - log_beta;
    if (x < (a + 1) / (a + b + 2)) return *log_density + log(beta_fraction(x, a, b) / a);
    return log1p(-exp(*log_density) * beta_fraction(y, b, a) / b);
}

/* Newton's rule on ln P(ln ratio <= w) = log_p.  The left side is a concave function of w, so after the first step w
 * comes up on the answer without passing it; that step alone may have to be held back. */
static double beta_solve(double a, double b, double log_p, double w) {
    double log_beta = special_lbeta(a, b);
    for (int i = 0; i < BETA_STEPS_MAX; i++) {
        double log_density, log_cdf = beta_log_cdf(a, b, log_beta, w, &log_density);
        double step = (log_p - log_cdf) * exp(log_cdf - log_density);
        step = fmax(-BETA_STEP_MAX, fmin(BETA_STEP_MAX, step));
        w += step;
        if (!(fabs(step) > BETA_STEP_EPSILON)) break;
    }
    return w;
}

double beta_log_ratio_quantile(double a, double b, double z, double near) {
    if (!(a > 0) || !(b > 0) || isinf(a) || isinf(b) || !isfinite(z)) return (double)NAN;
    bool upper = z > 0; /* the upper tail is the lower one of the inverse ratio */
    if (isnan(near)) near = log(a / b) + z * sqrt(1 / a + 1 / b);
    double log_p = log(special_normal_cdf(upper ? -z : z));
    return upper ? -beta_solve(b, a, log_p, -near) : beta_solve(a, b, log_p, near);
}
