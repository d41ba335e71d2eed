/* cells.h - amounts by cell, such as a segment or a period, largest first.
 *
 *     cells_open(&cells, n, arena, err);
 *     ... cells_count(&cells, cell) for each amount ...
 *     cells_lay(&cells, arena, err);
 *     ... cells_add(&cells, cell, amount) for each amount ...
 *     cells_sort(&cells, err);
 *
 * then cell i has the amounts value[first[i]] .. value[first[i + 1] - 1].  It takes 8 bytes for each of them
 * and a workspace for the largest cell.
 */
#ifndef CELLS_H
#define CELLS_H

#include "base/arena.h"

typedef struct Cells {
    int64_t n;
    int64_t *first; /* n + 2; until all amounts are in, first[i + 1] is the next free place of cell i */
    double *value;
} Cells;

void cells_open(Cells *cells, int64_t n, Arena *arena, Err *err);

static inline void cells_count(Cells *cells, int64_t cell) {
    cells->first[cell + 2]++;
}

void cells_lay(Cells *cells, Arena *arena, Err *err);

static inline void cells_add(Cells *cells, int64_t cell, double amount) {
    cells->value[cells->first[cell + 1]++] = amount;
}

/* Does nothing when err has failed. */
void cells_sort(Cells *cells, Err *err);

#endif
