/* adjust.c - see adjust.h. */
#include "stat/adjust.h"

#include "base/libm.h"

/* Lets the entry at sink in a heap whose largest is on top. */
static void adjust_sink(const double *p, int64_t *heap, int64_t at, int64_t n) {
    int64_t entry = heap[at];
    for (int64_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && p[heap[child + 1]] > p[heap[child]]) child++;
        if (p[heap[child]] <= p[entry]) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = entry;
}

/* The largest come off the heap first, as the running minimum needs them. */
void adjust_false_discovery(const double *p, int64_t n, double *adjusted, int64_t *order) {
    int64_t m = 0;
    double least = 1;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(p[i])) adjusted[i] = p[i];
        else order[m++] = i;
    }
    for (int64_t at = m / 2; at-- > 0;) adjust_sink(p, order, at, m);
    for (int64_t rank = m; rank > 0; rank--) {
        int64_t top = order[0];
        order[0] = order[rank - 1];
        adjust_sink(p, order, 0, rank - 1);
        least = fmin(least, p[top] * ((double)m / (double)rank));
        adjusted[top] = least;
    }
}
