/* standing.c - see standing.h. */
#include "data/standing.h"

#include <string.h>

enum { STANDING_KEY_BITS = 64 };

void standing_open(Standing *standing, int64_t n, int64_t n_segments, Arena *arena, Arena *scratch, Err *err) {
    *standing = (Standing){
        .member = arena_alloc_raw(arena, err, n, sizeof(*standing->member)),
        .value = arena_alloc_raw(arena, err, n, sizeof(*standing->value)),
        .first = arena_alloc_raw(arena, err, n_segments + 1, sizeof(*standing->first)),
        .n = n,
        .n_segments = n_segments,
        .next = arena_alloc_raw(scratch, err, n_segments, sizeof(*standing->next)),
        .workspace = arena_alloc_raw(scratch, err, radix_workspace_size(n), 1),
    };
}

/* Falling keys in steps of a millionth; false when a value is no number of these. */
static bool standing_count_steps(Radix *radix, const double *value, int64_t *low, int64_t *high) {
    for (int64_t i = 0; i < radix->n; i++) {
        double at = value[radix->high[i]];
        if (!(fabs(at) < STANDING_COARSE)) return false;
        int64_t steps = (int64_t)floor(at * STANDING_STEPS + 0.5);
        if (steps < *low) *low = steps;
        if (steps > *high) *high = steps;
        radix->key[i] = (uint64_t)steps;
    }
    for (int64_t i = 0; i < radix->n; i++) radix->key[i] = (uint64_t)*high - radix->key[i];
    return true;
}

static bool standing_divide(Radix *radix, uint64_t divisor) {
    for (int64_t i = 0; i < radix->n; i++)
        if (radix->key[i] % divisor) return false;
    for (int64_t i = 0; i < radix->n; i++) radix->key[i] /= divisor;
    return true;
}

/* Keys that fall as the values of the members in radix->high grow; returns how many bits they have: few where the
 * values are days or cents, and so there is less to sort by. */
static int standing_keys(Radix *radix, const double *value) {
    enum { WHOLE = 1000000, CENT = 10000 };
    int64_t low = INT64_MAX, high = INT64_MIN;
    if (radix->n == 0) return 0;
    if (!standing_count_steps(radix, value, &low, &high)) {
        for (int64_t i = 0; i < radix->n; i++)
            radix->key[i] = radix_key_falling(standing_round(value[radix->high[i]]));
        return STANDING_KEY_BITS;
    }
    uint64_t width = (uint64_t)(high - low);
    if (standing_divide(radix, WHOLE)) return radix_bits(width / WHOLE);
    return radix_bits(standing_divide(radix, CENT) ? width / CENT : width);
}

void standing_sort(Standing *standing, const double *value, const uint32_t *segment) {
    Radix radix;
    int64_t n = 0, n_segments = standing->n_segments;
    radix_init(&radix, standing->n, true, standing->workspace);
    memset(standing->first, 0, (size_t)(n_segments + 1) * sizeof(*standing->first));
    for (int64_t i = 0; i < standing->n; i++) {
        uint32_t s = segment ? segment[i] : 0;
        if (s == STANDING_OUT) continue;
        radix.high[n++] = (uint32_t)i;
        standing->first[s + 1]++;
    }
    radix.n = n;
    radix_sort(&radix, standing_keys(&radix, value), 0);
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
