/* sum.h - a sum that keeps the rounding errors.
 *
 * Neumaier (1974), Zeitschrift fuer Angewandte Mathematik und Mechanik 54, 39-51: the error of each
 * addition is kept beside the sum.  The result is that of about twice the precision, so the order of the
 * terms does not show in it unless they cancel almost wholly.  The error itself, which is exact, is found as in Knuth,
 * The Art of Computer Programming 2, 4.2.2, theorem B: without asking which of the two terms is larger.
 */
#ifndef SUM_H
#define SUM_H

#include "base/libm.h"

typedef struct Sum {
    double total, lost; /* {0} is the empty sum */
} Sum;

static inline void sum_add(Sum *sum, double term) {
    double total = sum->total + term, added = total - sum->total;
    sum->lost += (sum->total - (total - added)) + (term - added);
    sum->total = total;
}

static inline double sum_value(const Sum *sum) {
    return sum->total + sum->lost;
}

#endif
