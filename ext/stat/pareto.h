/* pareto.h - who brings how much: shares of a total, and how unequal they are.
 *
 *     double total = pareto_total(amount, n);
 *     pareto_top(amount, n, 10, total)            -- share of the ten largest
 *     pareto_count(amount, n, 0.8, total)         -- how many make 80 %
 *
 * amount[0 .. n-1] is in descending order.  One below 0 brings nothing: it counts as 0, so that shares lie
 * in 0 .. 1 and add up to 1.  Where nobody brings anything, or the sum is beyond a double, the total and all
 * that is made of it is NaN.
 *
 * Gini (1912): half the mean difference of two amounts, relative to their mean; 0 when all are equal,
 * (n - 1) / n when one has everything.  Herfindahl-Hirschman index: the sum of squared shares, 1/n .. 1.
 */
#ifndef STAT_PARETO_H
#define STAT_PARETO_H

#include <stdint.h>

/* A share counts as reached when less than this is missing: 0.1 + 0.7 is 0.8 in money, not in binary. */
#define PARETO_EPSILON 1e-9

/* Bytes of workspace that pareto_sort needs for n amounts. */
int64_t pareto_workspace_size(int64_t n);

/* Puts amounts into descending order, in linear time; the workspace is 8-aligned. */
void pareto_sort(double *amount, int64_t n, void *workspace);

/* The sum of the amounts above 0; NaN when there is none, or it is not finite. */
double pareto_total(const double *amount, int64_t n);

/* The share of the k largest (of all, when k > n). */
double pareto_top(const double *amount, int64_t n, int64_t k, double total);

/* The share of the i + 1 largest, for each i. */
void pareto_cumulate(const double *amount, int64_t n, double total, double *share);

/* How many of the largest it takes to reach a share of the total, 0 .. n; 0 without a total. */
int64_t pareto_count(const double *amount, int64_t n, double share, double total);

double pareto_gini(const double *amount, int64_t n, double total);
double pareto_hhi(const double *amount, int64_t n, double total);

#endif
