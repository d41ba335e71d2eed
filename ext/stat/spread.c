/* spread.c - see spread.h. */
#include "stat/spread.h"

#include "base/libm.h"

Spread spread_of(const int32_t *values, const int64_t *counts, int64_t n_values) {
    Spread spread = {0, (double)NAN, (double)NAN};
    int64_t sum = 0;
    double squares = 0;
    for (int64_t i = 0; i < n_values; i++) {
        spread.n += counts[i];
        sum += counts[i] * values[i];
    }
    if (spread.n == 0) return spread;
    spread.mean = (double)sum / (double)spread.n;
    for (int64_t i = 0; i < n_values; i++) {
        double deviation = values[i] - spread.mean;
        squares += (double)counts[i] * deviation * deviation;
    }
    if (spread.n > 1) spread.sd = sqrt(squares / (double)(spread.n - 1));
    return spread;
}

/* The place (n - 1) percent / 100 is cut into its whole part and the rest before it is a double: 0.1 is not
 * exact in binary, whole numbers are. */
double spread_percentile(const int32_t *values, const int64_t *counts, int64_t n, int percent) {
    if (n <= 0) return (double)NAN;
    int64_t whole = (n - 1) / 100 * percent + (n - 1) % 100 * percent / 100;
    int64_t rest = (n - 1) % 100 * percent % 100;
    int64_t i = 0, seen = counts[0];
    while (seen <= whole) seen += counts[++i];
    int32_t lower = values[i];
    while (rest > 0 && seen <= whole + 1) seen += counts[++i];
    return lower + (double)rest / 100 * (values[i] - lower);
}
