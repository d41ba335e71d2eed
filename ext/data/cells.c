/* cells.c - see cells.h. */
#include "data/cells.h"

#include "stat/pareto.h"

void cells_open(Cells *cells, int64_t n, Arena *arena, Err *err) {
    *cells = (Cells){.n = n, .first = arena_alloc(arena, err, n + 2, sizeof(*cells->first))};
}

void cells_lay(Cells *cells, Arena *arena, Err *err) {
    if (err->rc) return;
    for (int64_t i = 0; i < cells->n; i++) cells->first[i + 2] += cells->first[i + 1];
    cells->value = arena_alloc_raw(arena, err, cells->first[cells->n + 1], sizeof(*cells->value));
}

void cells_sort(Cells *cells, Err *err) {
    Arena scratch = {0};
    int64_t most = 0;
    for (int64_t i = 0; i < cells->n && !err->rc; i++) {
        int64_t n = cells->first[i + 1] - cells->first[i];
        if (n > most) most = n;
    }
    void *workspace = arena_alloc_raw(&scratch, err, pareto_workspace_size(most), 1);
    for (int64_t i = 0; i < cells->n && !err->rc; i++)
        pareto_sort(cells->value + cells->first[i], cells->first[i + 1] - cells->first[i], workspace);
    arena_free(&scratch);
}
