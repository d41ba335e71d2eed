/* habit.h - how long customers usually wait between two purchase days. */
#ifndef HABIT_H
#define HABIT_H

#include "data/book.h"

enum { HABIT_OWN_GAPS = 3 }; /* from here on a customer's own gaps are a habit */

/* The median over all gaps of all customers that had ended by a day; NaN without one. */
double habit_shop_gap(const Book *book, Day day, Err *err);

/* The median of one's own n_gaps gaps from three on; below, as if the missing ones were the shop's median.
 * May reorder the gaps. */
double habit_usual_gap(int32_t *gaps, int64_t n_gaps, double shop_gap);

#endif
