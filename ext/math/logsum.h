/* logsum.h - a sum of ln(1 + y) over many y >= 0, at one logarithm for hundreds of terms.
 *
 *     ln(1 + y_1) + ... + ln(1 + y_n) = ln(1 + g),   g = (1 + y_1) ... (1 + y_n) - 1.
 *
 * A factor 1 + y adds y (1 + g) to g.  Nothing is subtracted, so small y keep their digits as they do in
 * log1p.
 */
#ifndef LOGSUM_H
#define LOGSUM_H

#include "base/libm.h"

#define LOGSUM_GROWTH_MAX 1e150 /* a term is at most as large: their product does not overflow */

typedef struct Logsum {
    double total, growth; /* {0} is the empty sum; growth: g of the terms that are not in total yet */
} Logsum;

static inline void logsum_add(Logsum *sum, double y) {
    sum->growth += y * (1 + sum->growth);
    if (sum->growth > LOGSUM_GROWTH_MAX) {
        sum->total += log1p(sum->growth);
        sum->growth = 0;
    }
}

static inline double logsum_value(const Logsum *sum) {
    return sum->total + log1p(sum->growth);
}

#endif
