/* tile.c - see tile.h. */
#include "stat/tile.h"

#include <assert.h>

int32_t tile_of(int64_t place, int64_t n, int32_t n_tiles) {
    assert(place >= 0 && place < n && n_tiles > 0);
    int64_t size = n / n_tiles, n_larger = n % n_tiles, in_larger = n_larger * (size + 1);
    if (place < in_larger) return (int32_t)(place / (size + 1)) + 1;
    return (int32_t)(n_larger + (place - in_larger) / size) + 1;
}

int32_t tile_stretch(int32_t tile, int32_t n_tiles, int32_t n_steps) {
    assert(tile >= 1 && tile <= n_tiles && n_tiles > 1 && n_steps > 1);
    int64_t gaps = n_tiles - 1, doubled = 2 * (int64_t)(n_steps - 1) * (tile - 1);
    return (int32_t)((doubled + gaps) / (2 * gaps)) + 1;
}
