/* correlation.h - Pearson's correlation in one pass.
 *
 * Deviations from running means are accumulated (Welford 1962, Technometrics 4, 419-420), so that
 * large means do not swallow small variances.
 */
#ifndef STAT_CORRELATION_H
#define STAT_CORRELATION_H

#include <stdint.h>

typedef struct Correlation {   /* {0} is the empty state */
    int64_t n;                 /* pairs seen */
    double mean_x, mean_y;     /* so far */
    double sum_xx, sum_yy;     /* squared deviations from the means */
    double sum_xy;             /* products of the deviations */
} Correlation;

/* Takes one pair in. */
void correlation_add(Correlation *c, double x, double y);

/* Pearson's r in [-1, 1]; NaN with fewer than two pairs or when x or y never varies. */
double correlation_r(const Correlation *c);

#endif
