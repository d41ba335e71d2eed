/* adjust.h - many tests at once: p-values adjusted for the false discoveries among them.
 *
 * Benjamini, Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300: of m p-values the
 * r-th smallest becomes the least of p * m / rank over itself and all larger ones, at most 1.  Those that
 * are at most q then hold, on average, no more than a share q of false alarms.
 */
#ifndef STAT_ADJUST_H
#define STAT_ADJUST_H

#include <stdint.h>

/* adjusted[i] becomes the adjusted p[i]; equal ones stay equal.  What is NaN is no test: it stays NaN and does
 * not count.  order has room for n numbers; adjusted may be p itself. */
void adjust_false_discovery(const double *p, int64_t n, double *adjusted, int64_t *order);

#endif
