/* correlation.h - Pearson's correlation in one pass, and Spearman's of ranks.
 *
 * Pearson's: deviations from running means are accumulated (Welford 1962, Technometrics 4, 419-420), so that
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

/* Ranks 1 .. n of values, equal ones sharing the mean of theirs; order: 0 .. n - 1 by ascending value. */
void correlation_ranks(int64_t n, const double *value, const uint32_t *order, double *rank);

/* Spearman's rank correlation in [-1, 1], of ranks as above; NaN with fewer than two pairs or when one side is all
 * equal.  The order of the pairs does not show. */
double correlation_of_ranks(int64_t n, const double *a, const double *b);

#endif
