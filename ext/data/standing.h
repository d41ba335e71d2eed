/* standing.h - members by segment and value, the largest value first.
 *
 *     standing_open(&standing, n, n_segments, arena, scratch, err);
 *     standing_sort(&standing, value, segment);
 *     for (int64_t at = standing.first[s]; at < standing.first[s + 1]; at++)
 *         ... standing.member[at], standing.value[at] ...
 *
 * Values that agree to a millionth are equal, since sums of cents that are equal are not always so in binary;
 * equal ones stay in the order of their members.  What is not known (NaN) comes last.
 */
#ifndef STANDING_H
#define STANDING_H

#include "base/arena.h"
#include "base/libm.h"
#include "math/radix.h"

#define STANDING_OUT UINT32_MAX       /* the segment of a member that is left out */
#define STANDING_STEPS 1e6            /* to the unit: values closer than a step may be equal */
#define STANDING_COARSE 4503599627.0  /* from here on a double has no steps as fine as these */

typedef struct Standing {
    uint32_t *member;   /* by place */
    double *value;      /* by place */
    int64_t *first;     /* by segment: its first place; one more than segments */
    int64_t n, n_segments;
    int64_t *next;      /* by segment: the next free place, while sorting */
    void *workspace;
} Standing;

/* Room for n members, to be sorted once or more.  What is found is kept in arena; scratch may go before it. */
void standing_open(Standing *standing, int64_t n, int64_t n_segments, Arena *arena, Arena *scratch, Err *err);

/* Sorts members 0 .. n - 1 by value[member] within segment[member]; without segment all are in segment 0. */
void standing_sort(Standing *standing, const double *value, const uint32_t *segment);

/* The value that stands for all that are equal to it. */
static inline double standing_round(double value) {
    return fabs(value) < STANDING_COARSE ? floor(value * STANDING_STEPS + 0.5) / STANDING_STEPS : value;
}

#endif
