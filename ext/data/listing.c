/* listing.c - see listing.h. */
#include "data/listing.h"

Listing *listing_open(const Book *book, const uint32_t *customer, int64_t n, bool dated, Arena *arena, Err *err) {
    Listing *listing = arena_alloc_raw(arena, err, 1, sizeof(*listing));
    if (!listing) return NULL;
    listing->book = book;
    listing->customer = customer;
    listing->n = n;
    listing->dated = dated;
    listing->block = -1;
    return listing;
}

void listing_gather(Listing *listing, int64_t block) {
    const uint32_t *customer = listing->customer + block * LISTING_ROWS;
    int64_t rest = listing->n - block * LISTING_ROWS, n = rest < LISTING_ROWS ? rest : LISTING_ROWS;
    for (int64_t i = 0; i < n; i++) {
        ListingRow *row = &listing->rows[i];
        row->id = *book_customer_id(listing->book, customer[i]);
        row->customer = book_customer(listing->book, customer[i]);
        if (listing->dated) MAP_PREFETCH(row->customer.days);
    }
    for (int64_t i = 0; i < n && listing->dated; i++) {
        ListingRow *row = &listing->rows[i];
        row->first = row->customer.days[0];
        row->last = row->customer.days[row->customer.n_days - 1];
    }
    listing->block = block;
}
