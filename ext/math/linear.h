/* linear.h - small dense symmetric matrices, for curvature and standard errors. */
#ifndef MATH_LINEAR_H
#define MATH_LINEAR_H

#include <stdbool.h>

enum { LINEAR_MAX = 16 };

/* The inverse of the symmetric positive definite n x n matrix a, 1 <= n <= LINEAR_MAX, row by row
 * (only the lower triangle of a is read; inverse may be a).  False, with inverse untouched, when
 * a is not finite, not positive definite, or so nearly singular that a variable keeps less than
 * pivot_min (say 1e-10) of its variance once the variables before it are known: the test is on
 * the matrix scaled to a unit diagonal, so it does not depend on units. */
bool linear_spd_inverse(int n, const double *a, double pivot_min, double *inverse);

#endif
