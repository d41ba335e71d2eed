/* tile.h - ranks cut into tiles of equal size. */
#ifndef STAT_TILE_H
#define STAT_TILE_H

#include <stdint.h>

/* The tile, 1 .. n_tiles, of the value at place 0 <= place < n in ascending order, as NTILE of SQL counts:
 * tiles differ by one value at most, the larger ones first; with n < n_tiles the last ones stay empty. */
int32_t tile_of(int64_t place, int64_t n, int32_t n_tiles);

/* A tile 1 .. n_tiles on the scale 1 .. n_steps, both at least 2: ends go to ends, the rest to the nearest
 * step, halves up.  7 of 10 is 4 of 5. */
int32_t tile_stretch(int32_t tile, int32_t n_tiles, int32_t n_steps);

#endif
