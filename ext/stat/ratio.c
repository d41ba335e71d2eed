/* ratio.c - see ratio.h. */
#include "stat/ratio.h"

#include "math/student.h"

double ratio_of(const RatioSide sides[2]) {
    if (!(sides[0].items > 0) || !(sides[1].items > 0) || sides[0].total == 0) return (double)NAN;
    return (sides[1].total / sides[1].items) / (sides[0].total / sides[0].items);
}

void ratio_add(RatioSpread *spread, const RatioSide sides[2], const RatioSide unit[2]) {
    double e[2] = {0, 0};
    for (int side = 0; side < 2; side++) {
        if (!(unit[side].items > 0)) continue;
        e[side] = (unit[side].total - sides[side].total / sides[side].items * unit[side].items) /
                  sides[side].total;
        spread->units[side]++;
        sum_add(&spread->squares[side], e[side] * e[side]);
    }
    sum_add(&spread->together, (e[1] - e[0]) * (e[1] - e[0]));
}

void ratio_interval(const RatioSide sides[2], const RatioSpread *spread, double confidence, double *low,
                    double *high) {
    double variance = sum_value(&spread->together), parts = 0, weights = 0;
    *low = *high = (double)NAN;
    for (int side = 0; side < 2; side++) {
        double freedom = (double)spread->units[side] - 1, squares = sum_value(&spread->squares[side]);
        if (!(freedom > 0) || !(sides[side].total > 0)) return;
        double part = squares + squares / freedom;
        variance += squares / freedom;
        parts += part;
        weights += part * part / freedom;
    }
    double ratio = ratio_of(sides);
    double t = weights > 0 ? student_quantile((1 - confidence) / 2, parts * parts / weights) : 0;
    *low = ratio * exp(-t * sqrt(variance));
    *high = ratio * exp(t * sqrt(variance));
}
