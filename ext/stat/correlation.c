/* correlation.c - see correlation.h. */
#include "stat/correlation.h"

#include "base/libm.h"

void correlation_add(Correlation *c, double x, double y) {
    c->n++;
    double dx = x - c->mean_x, dy = y - c->mean_y;
    c->mean_x += dx / (double)c->n;
    c->mean_y += dy / (double)c->n;
    double dy_after = y - c->mean_y;
    c->sum_xx += dx * (x - c->mean_x);
    c->sum_yy += dy * dy_after;
    c->sum_xy += dx * dy_after;
}

double correlation_r(const Correlation *c) {
    double scale = sqrt(c->sum_xx) * sqrt(c->sum_yy);
    if (c->n < 2 || !(scale > 0)) return NAN;
    return fmax(-1, fmin(1, c->sum_xy / scale));
}
