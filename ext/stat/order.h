/* order.h - medians of whole numbers. */
#ifndef STAT_ORDER_H
#define STAT_ORDER_H

#include <stdint.h>

/* The median of the multiset that holds the value i count[i] times, 0 <= i < n; the mean of the
 * two middle ones when their number is even; NaN when it is empty.  Counts are >= 0 and their
 * sum fits in 63 bits. */
double order_median_counts(const int64_t *count, int64_t n);

/* The median of n values, NaN when n <= 0.  May reorder the values.  One pass when they are
 * already ascending; a few are compared each with each; otherwise each pass halves the range of values still in question, so at
 * most 32 passes over ever fewer of them, whatever their order. */
double order_median_ints(int32_t *values, int64_t n);

#endif
