/* sort.h - a stable sort of ids by a comparison. */
#ifndef SORT_H
#define SORT_H

#include <stdint.h>

/* Negative, 0 or positive as id a comes before, with or after id b. */
typedef int (*SortCompare)(const void *context, uint32_t a, uint32_t b);

/* Sorts n ids; scratch has room for n more.  Merge sort: O(n log n) at worst, one pass when sorted. */
void sort_ids(uint32_t *ids, uint32_t *scratch, int64_t n, SortCompare compare, const void *context);

#endif
