/* gaps.h - the days between a customer's purchases, and how many of them are usual.
 *
 * A gap is the number of days from one purchase day to the next.  usual is the median of the customer's
 * own gaps; with n under GAPS_OWN of them, which are no habit yet, it is pulled to the shop's median, the
 * missing ones being taken for it:
 *
 *     (n x own median + (GAPS_OWN - n) x shop's median) / GAPS_OWN
 */
#ifndef GAPS_H
#define GAPS_H

#include "data/book.h"

enum { GAPS_OWN = 3 };

typedef struct Gaps {
    double shop;     /* median of all gaps of all customers; NaN where nobody has bought twice */
    int32_t *own;    /* those of the customer that was read last, in any order ... */
    int64_t n_own;   /* ... and how many they are */
    double usual;    /* that customer's; NaN where the shop has no gap */
} Gaps;

/* The median over all gaps of all customers that had ended by a day; NaN without one. */
double gaps_shop(const Book *book, Day day, Err *err);

/* usual of one's own n gaps, which may be reordered. */
double gaps_usual(int32_t *own, int64_t n, double shop);

/* Takes the median of the shop, and memory for the gaps of any one customer. */
void gaps_open(Gaps *gaps, const Book *book, Arena *arena, Err *err);

/* Reads the gaps of one customer, who has bought. */
void gaps_read(Gaps *gaps, const BookCustomer *customer);

#endif
