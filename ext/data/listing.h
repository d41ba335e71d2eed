/* listing.h - rows of customers, read ahead.
 *
 * Neighbouring rows lie far apart in memory.  They are gathered many at a time, so that the memory works on
 * many of them at once; a column then finds its row at hand.
 */
#ifndef LISTING_H
#define LISTING_H

#include "data/book.h"

enum { LISTING_ROWS = 64 };

typedef struct ListingRow {
    MapKey id;
    BookCustomer customer;
    Day first, last; /* purchase days, where the listing reads them */
} ListingRow;

typedef struct Listing {
    const Book *book;
    const uint32_t *customer; /* by row: the id in the book, of a buyer */
    int64_t n;
    bool dated;               /* first and last are read: the days lie apart from all else */
    int64_t block;            /* the number of the rows that are at hand; -1: none yet */
    ListingRow rows[LISTING_ROWS];
} Listing;

/* NULL when err has failed. */
Listing *listing_open(const Book *book, const uint32_t *customer, int64_t n, bool dated, Arena *arena, Err *err);

void listing_gather(Listing *listing, int64_t block);

static inline const ListingRow *listing_row(Listing *listing, int64_t row) {
    if (listing->block != row / LISTING_ROWS) listing_gather(listing, row / LISTING_ROWS);
    return &listing->rows[row % LISTING_ROWS];
}

#endif
