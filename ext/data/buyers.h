/* buyers.h - the customers with a purchase, as the models see them.
 *
 * frequency = purchase days - 1; recency = days from the first to the last purchase; age = days from the
 * first purchase to as_of; monetary_value = mean net amount of the repeat purchase days, the first left
 * out.  Arrays by buyer, in the order of the book's ids.
 */
#ifndef BUYERS_H
#define BUYERS_H

#include "data/book.h"

typedef struct Buyers {
    int64_t n;
    int64_t n_repeat;        /* those with frequency > 0 */
    uint32_t *customer;      /* id in the book */
    int32_t *frequency, *recency, *age;
    double *monetary_value;  /* NaN for frequency 0 and without amounts */
} Buyers;

/* All of the book, at its as_of. */
void buyers_summarise(Buyers *buyers, const Book *book, Arena *arena, Err *err);

/* As the book would have said on an earlier day: those who had bought by then, by what they had bought.  A refund of a
 * later day of its own does not count; one that was booked on the day of its order does. */
void buyers_summarise_on(Buyers *buyers, const Book *book, Day day, Arena *arena, Err *err);

/* How many of a customer's purchase days lie at or before a day. */
int64_t buyers_days_until(const BookCustomer *customer, Day day);

#endif
