/* standing.c - see standing.h. */
#include "data/standing.h"

#include <string.h>

enum { STANDING_KEY_BITS = 64 };

void standing_open(Standing *standing, int64_t n, int64_t n_segments, Arena *arena, Err *err) {
    *standing = (Standing){
        .member = arena_alloc_raw(arena, err, n, sizeof(*standing->member)),
        .value = arena_alloc_raw(arena, err, n, sizeof(*standing->value)),
        .first = arena_alloc_raw(arena, err, n_segments + 1, sizeof(*standing->first)),
        .n = n,
        .n_segments = n_segments,
        .next = arena_alloc_raw(arena, err, n_segments, sizeof(*standing->next)),
        .workspace = arena_alloc_raw(arena, err, radix_workspace_size(n), 1),
    };
}

void standing_sort(Standing *standing, const double *value, const uint32_t *segment) {
    Radix radix;
    int64_t n = 0, n_segments = standing->n_segments;
    radix_init(&radix, standing->n, true, standing->workspace);
    memset(standing->first, 0, (size_t)(n_segments + 1) * sizeof(*standing->first));
    for (int64_t i = 0; i < standing->n; i++) {
        uint32_t s = segment ? segment[i] : 0;
        if (s == STANDING_OUT) continue;
        radix.key[n] = radix_key_falling(standing_round(value[i]));
        radix.high[n++] = (uint32_t)i;
        standing->first[s + 1]++;
    }
    radix.n = n;
    radix_sort(&radix, STANDING_KEY_BITS, 0);
    for (int64_t s = 0; s < n_segments; s++) {
        standing->next[s] = standing->first[s];
        standing->first[s + 1] += standing->first[s];
    }
    for (int64_t i = 0; i < n; i++) {
        uint32_t member = radix.high[i];
        int64_t place = standing->next[segment ? segment[member] : 0]++;
        standing->member[place] = member;
        standing->value[place] = value[member];
    }
}
