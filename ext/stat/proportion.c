/* proportion.c - see proportion.h. */
#include "stat/proportion.h"

#include <stdbool.h>

#include "base/libm.h"
#include "math/special.h"
#include "stat/wilson.h"

static double proportion_root(double a, double b) {
    return sqrt(a * a + b * b);
}

void proportion_difference(double k1, double n1, double k2, double n2, double z, double *low, double *high) {
    double low1, high1, low2, high2, p1 = k1 / n1, p2 = k2 / n2;
    wilson_interval(k1, n1, z, &low1, &high1);
    wilson_interval(k2, n2, z, &low2, &high2);
    *low = p1 - p2 - proportion_root(p1 - low1, high2 - p2);
    *high = p1 - p2 + proportion_root(high1 - p1, p2 - low2);
}

static bool proportion_is_one(double k, double n) {
    return n > 0 && k >= 0 && k <= n && !isinf(n);
}

double proportion_p_value(double k1, double n1, double k2, double n2) {
    if (!proportion_is_one(k1, n1) || !proportion_is_one(k2, n2)) return (double)NAN;
    double pooled = (k1 + k2) / (n1 + n2), rest = (n1 - k1 + (n2 - k2)) / (n1 + n2);
    if (!(pooled > 0) || !(rest > 0)) return (double)NAN;
    double z = (k1 / n1 - k2 / n2) / sqrt(pooled * rest * (1 / n1 + 1 / n2));
    return 2 * special_normal_cdf(-fabs(z));
}
