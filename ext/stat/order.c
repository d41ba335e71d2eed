/* order.c - see order.h. */
#include "stat/order.h"

#include "base/libm.h"

double order_median_counts(const int64_t *count, int64_t n) {
    int64_t total = 0, seen = 0, lower = -1;
    for (int64_t i = 0; i < n; i++) total += count[i];
    if (total <= 0) return NAN;
    for (int64_t i = 0; i < n; i++) {
        seen += count[i];
        if (lower < 0 && seen > (total - 1) / 2) lower = i;
        if (seen > total / 2) return 0.5 * ((double)lower + (double)i);
    }
    return NAN;
}

/* Values <= pivot first; returns how many there are.  Every value is moved, so that no branch hangs on one. */
static int64_t order_partition(int32_t *values, int64_t n, int32_t pivot) {
    int64_t i = 0;
    for (int64_t j = 0; j < n; j++) {
        int32_t value = values[j];
        values[j] = values[i];
        values[i] = value;
        i += value <= pivot;
    }
    return i;
}

/* Puts the k-th smallest value at k and nothing larger before it.  The answer lies in [low, high]
 * and its rivals in values[first .. end). */
static int32_t order_select(int32_t *values, int64_t n, int64_t k) {
    int64_t low = INT32_MAX, high = INT32_MIN, first = 0, end = n;
    for (int64_t i = 0; i < n; i++) {
        if (values[i] < low) low = values[i];
        if (values[i] > high) high = values[i];
    }
    while (low < high) {
        int64_t pivot = low + (high - low) / 2;
        int64_t split = first + order_partition(values + first, end - first, (int32_t)pivot);
        if (k < split) {
            end = split;
            high = pivot;
        } else {
            first = split;
            low = pivot + 1;
        }
    }
    return values[k];
}

/* Of few values the middle ones are found by counting, for each, how many are smaller: the k-th, from 0, is the largest of
 * those with at most k below.  More comparisons than a sort has, but none that a branch hangs on. */
enum { ORDER_FEW = 40, ORDER_LANES = 8 };
static double order_median_few(const int32_t *values, int n) {
    int32_t lower = INT32_MIN, upper = INT32_MIN;
    for (int first = 0; first < n; first += ORDER_LANES) {
        int32_t lane[ORDER_LANES], smaller[ORDER_LANES] = {0};
        for (int i = 0; i < ORDER_LANES; i++) lane[i] = values[first + i < n ? first + i : n - 1];
        for (int j = 0; j < n; j++)
            for (int i = 0; i < ORDER_LANES; i++) smaller[i] += values[j] < lane[i];
        for (int i = 0; i < ORDER_LANES; i++) {
            lower = smaller[i] <= (n - 1) / 2 && lane[i] > lower ? lane[i] : lower;
            upper = smaller[i] <= n / 2 && lane[i] > upper ? lane[i] : upper;
        }
    }
    return 0.5 * ((double)lower + (double)upper);
}

double order_median_ints(int32_t *values, int64_t n) {
    int64_t ascending = 1, middle = n / 2;
    if (n <= 0) return NAN;
    if (n <= ORDER_FEW) return order_median_few(values, (int)n);
    while (ascending < n && values[ascending - 1] <= values[ascending]) ascending++;
    int32_t upper = ascending == n ? values[middle] : order_select(values, n, middle);
    if (n % 2 == 1) return upper;
    int32_t lower = values[middle - 1];
    for (int64_t i = 0; ascending < n && i < middle; i++)
        if (values[i] > lower) lower = values[i];
    return 0.5 * ((double)lower + (double)upper);
}
