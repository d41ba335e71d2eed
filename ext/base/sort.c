/* sort.c - see sort.h. */
#include "base/sort.h"

#include <stdbool.h>
#include <string.h>

static void sort_merge(const uint32_t *a, int64_t n_a, const uint32_t *b, int64_t n_b, uint32_t *out,
                       SortCompare compare, const void *context) {
    while (n_a > 0 && n_b > 0) {
        bool from_b = compare(context, *b, *a) < 0;
        *out++ = from_b ? *b++ : *a++;
        n_a -= !from_b;
        n_b -= from_b;
    }
    memcpy(out, n_a > 0 ? a : b, (size_t)(n_a + n_b) * sizeof(*out));
}

void sort_ids(uint32_t *ids, uint32_t *scratch, int64_t n, SortCompare compare, const void *context) {
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t at = 0; at < n; at += 2 * width) {
            int64_t n_a = n - at < width ? n - at : width;
            int64_t n_b = n - at - n_a < width ? n - at - n_a : width;
            const uint32_t *a = ids + at, *b = a + n_a;
            if (n_b == 0 || compare(context, b[0], a[n_a - 1]) >= 0)
                memcpy(scratch + at, a, (size_t)(n_a + n_b) * sizeof(*ids));
            else
                sort_merge(a, n_a, b, n_b, scratch + at, compare, context);
        }
        memcpy(ids, scratch, (size_t)n * sizeof(*ids));
    }
}
