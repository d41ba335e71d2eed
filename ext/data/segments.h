/* segments.h - the segments that some buyer is in, in SQL order. */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "data/book.h"

typedef struct Segments {
    int64_t n;             /* 1 when rows have no segment */
    const MapKey **keys;   /* by rank; NULL when rows have no segment */
    uint32_t *rank;        /* by the segment's id in the book; NULL when rows have no segment */
} Segments;

/* The segments of the book's buyers; split: the rows have a segment. */
Segments segments_rank(const Book *book, bool split, Arena *arena, Err *err);

/* The rank of a buyer's segment. */
static inline int64_t segments_of(const Segments *segments, const BookCustomer *buyer) {
    return segments->rank ? segments->rank[buyer->segment] : 0;
}

/* The segment of a rank, NULL when rows have none. */
static inline const MapKey *segments_key(const Segments *segments, int64_t rank) {
    return segments->keys ? segments->keys[rank] : NULL;
}

#endif
