/* ranking.h - ids in the order of a value, largest first.
 *
 *     Ranking ranking;
 *     ranking_open(&ranking, n, err);
 *     for (uint32_t i = 0; i < n && !err->rc; i++) ranking_add(&ranking, i, value[i]);
 *     ranking_close(&ranking, ids, compare, context);
 *
 * What is not known (NaN) comes last.  Values are sorted by their bits, in linear time; only equal ones
 * are compared.
 */
#ifndef RANKING_H
#define RANKING_H

#include "base/arena.h"
#include "base/sort.h"
#include "math/radix.h"

typedef struct Ranking {
    Radix radix;   /* the value's place in the order, with the id beside it; n of them so far */
    Arena scratch;
} Ranking;

/* Room for n ids.  After a failure there is none, and nothing to close. */
void ranking_open(Ranking *ranking, int64_t n, Err *err);

void ranking_add(Ranking *ranking, uint32_t id, double value);

/* Writes the ids in their order, those of equal values in that of compare, and returns their number. */
int64_t ranking_close(Ranking *ranking, uint32_t *ids, SortCompare compare, const void *context);

#endif
