/* correlation.c - see correlation.h. */
#include "stat/correlation.h"

#include "base/libm.h"
#include "math/sum.h"

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

void correlation_ranks(int64_t n, const double *value, const uint32_t *order, double *rank) {
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && value[order[end]] == value[order[i]]; end++) continue;
        for (int64_t k = i; k < end; k++) rank[order[k]] = 0.5 * (double)(i + 1 + end);
    }
}

double correlation_of_ranks(int64_t n, const double *a, const double *b) {
    Sum aa = {0}, bb = {0}, ab = {0};
    double mean = 0.5 * (double)(n + 1);
    for (int64_t i = 0; i < n; i++) {
        sum_add(&aa, (a[i] - mean) * (a[i] - mean));
        sum_add(&bb, (b[i] - mean) * (b[i] - mean));
        sum_add(&ab, (a[i] - mean) * (b[i] - mean));
    }
    double scale = sqrt(sum_value(&aa)) * sqrt(sum_value(&bb));
    return n > 1 && scale > 0 ? fmax(-1, fmin(1, sum_value(&ab) / scale)) : (double)NAN;
}
