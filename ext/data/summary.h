/* summary.h - a table of customers that somebody else has counted: one row each, with customer, frequency,
 * recency, age and maybe monetary_value, as buyers.h defines them.
 *
 * It becomes a book without purchase days, in which is_summary is set, and its buyers.  Who sees such a book asks
 * for nothing but ids and counts.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "data/buyers.h"

/* Values of a row, in this order. */
enum { SUMMARY_CUSTOMER, SUMMARY_FREQUENCY, SUMMARY_RECENCY, SUMMARY_AGE, SUMMARY_MONETARY };

typedef struct Summary {
    Book book;
    Buyers buyers;
    int64_t n_max;         /* buyers for whom there is room */
    bool has_monetary;     /* rows have a monetary value; NULL says that it is not known */
    bool skip_unreadable;
    Arena *arena;
    Err *err;
} Summary;

void summary_open(Summary *summary, Arena *arena, Err *err, bool has_monetary, bool skip_unreadable);

/* Adds one row.  A row that cannot be is an error, or left out and counted; a customer who comes twice is an error in
 * any case. */
void summary_add(Summary *summary, sqlite3_value **values);

/* All rows are in: the book and its buyers, whose memory is the arena's. */
void summary_close(Summary *summary, Book *book, Buyers *buyers);

#endif
