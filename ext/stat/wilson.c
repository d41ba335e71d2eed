/* wilson.c - see wilson.h. */
#include "stat/wilson.h"

#include "base/libm.h"
#include "math/special.h"

/* The bounds are the roots of (n + z^2) p^2 - (2k + z^2) p + k^2 / n = 0.  Their product gives
 * the lower one from the upper one without subtracting nearly equal numbers. */
static double wilson_low(double k, double n, double z) {
    double z2 = z * z;
    double root = z * sqrt(z2 + 4 * k * ((n - k) / n));
    return 2 * k * (k / n) / (2 * k + z2 + root);
}

void wilson_interval(double k, double n, double z, double *low, double *high) {
    *low = *high = NAN;
    if (!(n > 0) || !(k >= 0) || !(k <= n) || !(z >= 0) || isinf(n) || isinf(z)) return;
    *low = k > 0 ? fmin(wilson_low(k, n, z), 1) : 0;
    *high = k < n ? fmax(1 - wilson_low(n - k, n, z), 0) : 1;
}

double wilson_end(double k, double n, double z, bool high) {
    double ends[2];
    wilson_interval(k, n, z, &ends[0], &ends[1]);
    return ends[high];
}

double wilson_z(double confidence) {
    if (!(confidence >= 0) || !(confidence < 1)) return NAN;
    return special_normal_quantile((1 + confidence) / 2);
}
