/* proportion.h - two independent proportions: how far apart are they, and could that be chance?
 *
 * Newcombe (1998), Statistics in Medicine 17, 873-890, method 10: the Wilson intervals [l, u] of both are
 * combined into one of their difference d = p1 - p2,
 *
 *     d - sqrt((p1 - l1)^2 + (u2 - p2)^2)  ..  d + sqrt((u1 - p1)^2 + (p2 - l2)^2),
 *
 * which stays inside [-1, 1] and keeps its coverage for small groups and for rates near 0 or 1.
 */
#ifndef STAT_PROPORTION_H
#define STAT_PROPORTION_H

/* The interval [*low, *high] of k1/n1 - k2/n2, z standard errors wide (wilson_z).  56 of 70 less 48 of 80
 * with z = 1.96 gives 0.0524 .. 0.3339.  Both NaN where one of the proportions has no Wilson interval. */
void proportion_difference(double k1, double n1, double k2, double n2, double z, double *low, double *high);

/* The two-sided p-value of k1/n1 and k2/n2 being one proportion, by the normal law with the pooled standard
 * error.  NaN when a group is empty, when a count lies outside 0 .. n, and when nobody or everybody succeeds. */
double proportion_p_value(double k1, double n1, double k2, double n2);

#endif
