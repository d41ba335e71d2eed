/* student.h - Student's t law, for any degrees of freedom from 1 up, whole or not.
 *
 * As the incomplete beta integral I(x; df/2, 1/2) with x = df / (df + t^2), by its continued fraction
 * (DLMF 8.17.22) on the side where that converges fast.  From STUDENT_LARGE degrees of freedom on the
 * quantile is the normal one with Fisher and Cornish's expansion in 1/df (Abramowitz, Stegun 26.7.5).
 */
#ifndef MATH_STUDENT_H
#define MATH_STUDENT_H

#define STUDENT_DF_MIN 1.0
#define STUDENT_LARGE 1e4

/* P(T > t), relative error about 1e-12; NaN for t < 0 and for df outside STUDENT_DF_MIN .. STUDENT_LARGE. */
double student_tail(double t, double df);

/* The t with P(T > t) = p: relative error about 1e-12 for p from 1e-16 up.  0 at p = 1/2, +infinity at
 * p = 0; the normal quantile for infinite df.  NaN for p outside [0, 1/2] and for df < STUDENT_DF_MIN. */
double student_quantile(double p, double df);

#endif
