/* ratio.h - the ratio of two means of items, where the items of one unit belong together.
 *
 * Units (customers) have items (orders) on two sides; a unit may have several on one side, and some on both.
 * Orders of one customer are alike, so it is customers that vary independently.  With mean m of a side, a unit
 * with n items of sum y deviates by e = (y - m n) / (sum of the side), relative to it; linearised, ln(m1 / m0)
 * then has the variance
 *
 *     V = sum (e1 - e0)^2 + sum e1^2 / (N1 - 1) + sum e0^2 / (N0 - 1),     N: units of the side,
 *
 * and the interval is (m1 / m0) exp(-+ t sqrt(V)), with Student's t for the degrees of freedom of
 * Satterthwaite and Welch.  Where each unit has one item this is Welch's interval (1947, Biometrika 34,
 * 28-35) by the delta method.  On the log scale the ends are positive, and turning the ratio over turns
 * the ends over.
 */
#ifndef STAT_RATIO_H
#define STAT_RATIO_H

#include <stdint.h>

#include "math/sum.h"

typedef struct RatioSide {
    double total, items;
} RatioSide;

/* What a second look at the units adds up; {0} is the empty state. */
typedef struct RatioSpread {
    int64_t units[2];
    Sum squares[2]; /* of e0, of e1 */
    Sum together;   /* of e1 - e0 */
} RatioSpread;

/* Mean of side 1 over mean of side 0; NaN when a side has no items, or side 0 a total of 0. */
double ratio_of(const RatioSide sides[2]);

/* Takes one unit in; sides is the whole, unit its part of it. */
void ratio_add(RatioSpread *spread, const RatioSide sides[2], const RatioSide unit[2]);

/* The ends for a two-sided confidence in (0, 1).  Both NaN with fewer than two units on a side, and where a
 * total is not positive. */
void ratio_interval(const RatioSide sides[2], const RatioSpread *spread, double confidence, double *low,
                    double *high);

#endif
