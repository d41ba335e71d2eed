/* student.c - see student.h. */
#include "math/student.h"

#include "base/libm.h"
#include "math/beta.h"
#include "math/special.h"

enum { STUDENT_STEPS_MAX = 100 };
#define STUDENT_STEP_EPSILON 1e-15
#define STUDENT_FAR 1e100

/* ln(1 + t^2 / df), also where t^2 overflows. */
static double student_log_spread(double t, double df) {
    return t > STUDENT_FAR ? 2 * log(t) - log(df) : log1p(t * t / df);
}

/* ln of P(T > t) for t > 0.  x and y are the two parts of 1 that the integral is cut into, each with all of
 * its digits. */
static double student_log_tail(double t, double df) {
    double a = df / 2, b = 0.5, ratio = t / df * t;
    double x = 1 / (1 + ratio), y = t > STUDENT_FAR ? 1 : ratio / (1 + ratio);
    double log_front = b * log(y) - a * student_log_spread(t, df) - special_lbeta(a, b);
    if (x < (a + 1) / (a + b + 2)) return log(0.5 * beta_fraction(x, a, b) / a) + log_front;
    return log(0.5) + log1p(-exp(log_front) * beta_fraction(y, b, a) / b);
}

double student_tail(double t, double df) {
    if (!(t >= 0) || !(df >= STUDENT_DF_MIN) || !(df <= STUDENT_LARGE)) return (double)NAN;
    if (t == 0) return 0.5;
    return isinf(t) ? 0 : exp(student_log_tail(t, df));
}

static double student_log_density(double t, double df) {
    return -0.5 * log(df) - special_lbeta(df / 2, 0.5) - 0.5 * (df + 1) * student_log_spread(t, df);
}

/* Newton's rule on ln P(T > e^s) = ln p.  The left side is a concave function of s, so after the first step
 * s comes down on the answer without passing it. */
static double student_solve(double p, double df) {
    double s = log(-special_normal_quantile(p)), log_p = log(p);
    for (int i = 0; i < STUDENT_STEPS_MAX; i++) {
        double t = exp(s), log_tail = student_log_tail(t, df);
        double step = (log_tail - log_p) / exp(s + student_log_density(t, df) - log_tail);
        s += step;
        if (!(fabs(step) > STUDENT_STEP_EPSILON * fmax(1, fabs(s)))) break;
    }
    return exp(s);
}

static double student_expand(double z, double df) {
    double w = z * z;
    double g1 = (w + 1) * z / 4;
    double g2 = ((5 * w + 16) * w + 3) * z / 96;
    double g3 = (((3 * w + 19) * w + 17) * w - 15) * z / 384;
    double g4 = ((((79 * w + 776) * w + 1482) * w - 1920) * w - 945) * z / 92160;
    return z + (g1 + (g2 + (g3 + g4 / df) / df) / df) / df;
}

double student_quantile(double p, double df) {
    if (!(p >= 0) || !(p <= 0.5) || !(df >= STUDENT_DF_MIN)) return (double)NAN;
    if (p == 0) return (double)INFINITY;
    if (p == 0.5) return 0;
    double z = -special_normal_quantile(p);
    return df > STUDENT_LARGE ? student_expand(z, df) : student_solve(p, df);
}
