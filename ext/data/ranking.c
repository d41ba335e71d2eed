/* ranking.c - see ranking.h. */
#include "data/ranking.h"

#include <string.h>

enum { RANKING_KEY_BITS = 64 };

void ranking_open(Ranking *ranking, int64_t n, Err *err) {
    *ranking = (Ranking){0};
    void *workspace = arena_alloc_raw(&ranking->scratch, err, radix_workspace_size(n), 1);
    if (err->rc) return;
    radix_init(&ranking->radix, n, true, workspace);
    ranking->radix.n = 0;
}

void ranking_add(Ranking *ranking, uint32_t id, double value) {
    Radix *radix = &ranking->radix;
    radix->key[radix->n] = radix_key_falling(value);
    radix->high[radix->n++] = id;
}

int64_t ranking_close(Ranking *ranking, uint32_t *ids, SortCompare compare, const void *context) {
    Radix *radix = &ranking->radix;
    int64_t n = radix->n;
    radix_sort(radix, RANKING_KEY_BITS, 0);
    memcpy(ids, radix->high, (size_t)n * sizeof(*ids));
    for (int64_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && radix->key[end] == radix->key[first];) end++;
        if (end - first > 1) sort_ids(ids + first, radix->high_spare, end - first, compare, context);
    }
    arena_free(&ranking->scratch);
    return n;
}
