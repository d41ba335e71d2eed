/* chebyshev.c - see chebyshev.h. */
#include "math/chebyshev.h"

#include "base/libm.h"

#define CHEBYSHEV_PI 3.14159265358979323846
enum { CHEBYSHEV_TAIL = 3 };

double chebyshev_point(double low, double high, int n, int k) {
    return (low + high) / 2 + (high - low) / 2 * cos(CHEBYSHEV_PI * (k + 0.5) / n);
}

/* All cosines are of multiples of pi / 2n. */
void chebyshev_fit(Chebyshev *curve, double low, double high, int n, const double *values) {
    double cosine[4 * CHEBYSHEV_MAX];
    *curve = (Chebyshev){.n = low < high ? n : 1, .low = low, .high = high};
    for (int i = 0; i <= 2 * n; i++) cosine[i] = cos(CHEBYSHEV_PI * i / (2 * n));
    for (int i = 2 * n + 1; i < 4 * n; i++) cosine[i] = cosine[4 * n - i];
    for (int j = 0; j < curve->n; j++) {
        double sum = 0;
        for (int k = 0; k < n; k++) sum += values[k] * cosine[j * (2 * k + 1) % (4 * n)];
        curve->c[j] = (j == 0 ? 1 : 2) * sum / n;
    }
}

void chebyshev_trim(Chebyshev *curve, double tolerance) {
    double dropped = 0;
    while (curve->n > 1) {
        dropped += fabs(curve->c[curve->n - 1]);
        if (!(dropped <= tolerance)) break;
        curve->n--;
    }
}

bool chebyshev_converged(const Chebyshev *curve, double tolerance) {
    if (curve->n == 1) return isfinite(curve->c[0]);
    for (int j = curve->n - CHEBYSHEV_TAIL; j < curve->n; j++)
        if (j < 0 || !(fabs(curve->c[j]) <= tolerance)) return false;
    return true;
}

/* Clenshaw's recurrence. */
double chebyshev_value(const Chebyshev *curve, double x) {
    if (curve->n == 1) return curve->c[0];
    double u = (2 * x - curve->low - curve->high) / (curve->high - curve->low);
    double b1 = 0, b2 = 0;
    for (int j = curve->n - 1; j > 0; j--) {
        double b = (curve->c[j] - b2) + 2 * u * b1; /* b1 last: it comes late */
        b2 = b1;
        b1 = b;
    }
    return curve->c[0] + u * b1 - b2;
}
