/* bulk.h - exp, expm1 and log1p of many numbers at once.
 *
 * libm takes numbers one by one, behind a call each.  Here the same few multiplications are done for all of them,
 * without a branch, so that the compiler computes several at a time on any machine.  Nothing depends on how many
 * they are: the same number gives the same bits in any company.  Relative errors are below BULK_ERROR.
 */
#ifndef MATH_BULK_H
#define MATH_BULK_H

#define BULK_ERROR 6e-16

/* x and y do not overlap.  exp and expm1: what is below -708 or above 709 counts as that; so does, for log1p, which is
 * for x >= 0 alone, what is above 1e300. */
void bulk_exp(int n, const double *restrict x, double *restrict y);
void bulk_expm1(int n, const double *restrict x, double *restrict y); /* exp(x) - 1 */
void bulk_log1p(int n, const double *restrict x, double *restrict y); /* ln(1 + x) */

#endif
