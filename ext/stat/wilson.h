/* wilson.h - the Wilson score interval of a proportion.
 *
 * Wilson (1927), Journal of the American Statistical Association 22, 209-212: the proportions p
 * that a test with standard error sqrt(p (1 - p) / n) would not reject, given k of n.  It stays
 * inside [0, 1] and keeps its coverage for small n and for rates near 0 or 1.
 */
#ifndef STAT_WILSON_H
#define STAT_WILSON_H

#include <stdbool.h>

/* The interval [*low, *high] for k successes of n trials, z standard errors wide; *low is exactly
 * 0 at k = 0 and *high exactly 1 at k = n.  80 of 100 with z = 1.96 gives 0.7112 .. 0.8666.
 * Both NaN when n <= 0, k < 0, k > n, z < 0, or one of them is not finite. */
void wilson_interval(double k, double n, double z, double *low, double *high);

/* One end of it. */
double wilson_end(double k, double n, double z, bool high);

/* The z of a two-sided confidence in [0, 1): 0.95 gives 1.95996.  NaN outside. */
double wilson_z(double confidence);

#endif
