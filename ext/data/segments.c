/* segments.c - see segments.h. */
#include "data/segments.h"

#include "base/sort.h"

static int segments_compare(const void *context, uint32_t a, uint32_t b) {
    const Map *map = context;
    return map_compare(map_key(map, a), map_key(map, b));
}

Segments segments_rank(const Book *book, bool split, Arena *arena, Err *err) {
    Segments segments = {.n = 1};
    if (!split) return segments;
    int64_t n_ids = book->segments.n_keys;
    uint32_t *ids = arena_alloc_raw(arena, err, 2 * n_ids, sizeof(*ids));
    bool *used = arena_alloc(arena, err, n_ids, sizeof(*used));
    segments.rank = arena_alloc_raw(arena, err, n_ids, sizeof(*segments.rank));
    segments.keys = arena_alloc_raw(arena, err, n_ids, sizeof(*segments.keys));
    if (err->rc) return segments;
    for (int64_t c = 0; c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days > 0) used[customer.segment] = true;
    }
    segments.n = 0;
    for (int64_t i = 0; i < n_ids; i++)
        if (used[i]) ids[segments.n++] = (uint32_t)i;
    sort_ids(ids, ids + n_ids, segments.n, segments_compare, &book->segments);
    for (int64_t i = 0; i < segments.n; i++) {
        segments.rank[ids[i]] = (uint32_t)i;
        segments.keys[i] = map_key(&book->segments, ids[i]);
    }
    return segments;
}
