/* linear.c - see linear.h. */
#include "math/linear.h"

#include <assert.h>

#include "base/libm.h"

/* The scale that gives a unit diagonal; false when an entry cannot be a variance. */
static bool linear_scale(int n, const double *a, double *scale) {
    for (int i = 0; i < n; i++) {
        double variance = a[i * n + i];
        if (!(variance > 0) || isinf(variance)) return false;
        scale[i] = 1 / sqrt(variance);
    }
    return true;
}

/* Cholesky: factor * factor' = scaled a, lower triangle. */
static bool linear_factor(int n, const double *a, const double *scale, double pivot_min,
                          double *factor) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double sum = a[i * n + j] * scale[i] * scale[j];
            for (int k = 0; k < j; k++) sum -= factor[i * n + k] * factor[j * n + k];
            if (i == j && !(sum >= pivot_min)) return false;
            if (!isfinite(sum)) return false;
            factor[i * n + j] = i == j ? sqrt(sum) : sum / factor[j * n + j];
        }
    return true;
}

/* The inverse of the lower triangle, in place, column by column. */
static void linear_invert_triangle(int n, double *factor) {
    for (int j = 0; j < n; j++) {
        factor[j * n + j] = 1 / factor[j * n + j];
        for (int i = j + 1; i < n; i++) {
            double sum = 0;
            for (int k = j; k < i; k++) sum -= factor[i * n + k] * factor[k * n + j];
            factor[i * n + j] = sum / factor[i * n + i];
        }
    }
}

bool linear_spd_inverse(int n, const double *a, double pivot_min, double *inverse) {
    double scale[LINEAR_MAX], factor[LINEAR_MAX * LINEAR_MAX];
    assert(n >= 1 && n <= LINEAR_MAX);
    if (!linear_scale(n, a, scale) || !linear_factor(n, a, scale, pivot_min, factor)) return false;
    linear_invert_triangle(n, factor);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double sum = 0;
            for (int k = i; k < n; k++) sum += factor[k * n + i] * factor[k * n + j];
            inverse[i * n + j] = inverse[j * n + i] = sum * scale[i] * scale[j];
        }
    return true;
}
