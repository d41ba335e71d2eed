/* spread.h - mean, spread and percentiles of whole numbers that are given with their counts. */
#ifndef STAT_SPREAD_H
#define STAT_SPREAD_H

#include <stdint.h>

typedef struct Spread {
    int64_t n;   /* how many numbers there are */
    double mean; /* NaN when there are none */
    double sd;   /* of a sample: divided by n - 1; NaN for fewer than two */
} Spread;

/* values[i] is there counts[i] >= 0 times; values ascend.  The sum of all must fit in 63 bits. */
Spread spread_of(const int32_t *values, const int64_t *counts, int64_t n_values);

/* The percentile (0 to 100) of such values, `n` in all, linear between neighbours: Hyndman, Fan (1996), The
 * American Statistician 50, 361-365, type 7, as R and spreadsheets have it.  NaN when n is 0. */
double spread_percentile(const int32_t *values, const int64_t *counts, int64_t n, int percent);

#endif
