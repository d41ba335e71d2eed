/* pareto.c - see pareto.h. */
#include "stat/pareto.h"

#include <stddef.h>

#include "base/libm.h"
#include "math/radix.h"
#include "math/sum.h"

/* ---- Order ---- */

enum {
    PARETO_KEY_BITS = 64,
    PARETO_SMALL = 600 /* a radix sort's counters cost more than sorting so few */
};

int64_t pareto_workspace_size(int64_t n) {
    return radix_workspace_size(n);
}

/* Shell sort with Ciura's gaps (2001). */
static void pareto_sort_few(double *amount, int64_t n) {
    static const int64_t gaps[] = {301, 132, 57, 23, 10, 4, 1};
    for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++)
        for (int64_t i = gaps[g]; i < n; i++) {
            double value = amount[i];
            int64_t at = i;
            for (; at >= gaps[g] && amount[at - gaps[g]] < value; at -= gaps[g])
                amount[at] = amount[at - gaps[g]];
            amount[at] = value;
        }
}

void pareto_sort(double *amount, int64_t n, void *workspace) {
    Radix radix;
    if (n <= PARETO_SMALL) {
        pareto_sort_few(amount, n);
        return;
    }
    radix_init(&radix, n, false, workspace);
    for (int64_t i = 0; i < n; i++) radix.key[i] = radix_key_falling(amount[i]);
    radix_sort(&radix, PARETO_KEY_BITS, 0);
    for (int64_t i = 0; i < n; i++) amount[i] = radix_value(radix.key[i]);
}

/* ---- Shares ---- */

double pareto_total(const double *amount, int64_t n) {
    Sum sum = {0};
    for (int64_t i = 0; i < n; i++)
        if (amount[i] > 0) sum_add(&sum, amount[i]);
    double total = sum_value(&sum);
    return total > 0 && isfinite(total) ? total : (double)NAN;
}

double pareto_top(const double *amount, int64_t n, int64_t k, double total) {
    Sum sum = {0};
    for (int64_t i = 0; i < n && i < k; i++)
        if (amount[i] > 0) sum_add(&sum, amount[i]);
    return sum_value(&sum) / total;
}

void pareto_cumulate(const double *amount, int64_t n, double total, double *share) {
    Sum sum = {0};
    for (int64_t i = 0; i < n; i++) {
        if (amount[i] > 0) sum_add(&sum, amount[i]);
        share[i] = sum_value(&sum) / total;
    }
}

int64_t pareto_count(const double *amount, int64_t n, double share, double total) {
    Sum sum = {0};
    int64_t count = 0;
    while (count < n && sum_value(&sum) / total < share - PARETO_EPSILON) {
        if (amount[count] > 0) sum_add(&sum, amount[count]);
        count++;
    }
    return count;
}

/* ---- Inequality ---- */

/* The j-th from the top and the j-th from the bottom together: no difference is negative, so nothing
 * cancels, and equal amounts give exactly 0. */
double pareto_gini(const double *amount, int64_t n, double total) {
    Sum sum = {0};
    for (int64_t j = 0; j < n / 2; j++) {
        double difference = fmax(amount[j], 0) - fmax(amount[n - 1 - j], 0);
        sum_add(&sum, (double)(n - 1 - 2 * j) * (difference / total));
    }
    return isnan(total) ? total : sum_value(&sum) / (double)n;
}

double pareto_hhi(const double *amount, int64_t n, double total) {
    Sum sum = {0};
    for (int64_t i = 0; i < n; i++)
        if (amount[i] > 0) sum_add(&sum, (amount[i] / total) * (amount[i] / total));
    return isnan(total) ? total : sum_value(&sum);
}
