/* beta.h - the incomplete beta integral, and the ratio of two gamma variables that it is the law of.
 *
 * With independent G_a ~ Gamma(a, 1) and G_b ~ Gamma(b, 1), P(G_a / G_b <= R) = I(x; a, b) at x = R / (1 + R): a
 * beta prime law, or, up to a factor, Fisher's F with 2a and 2b degrees of freedom.
 */
#ifndef MATH_BETA_H
#define MATH_BETA_H

/* The continued fraction of I(x; a, b) (DLMF 8.17.22) by Lentz's method:
 * I = x^a (1 - x)^b / (a B(a, b)) * fraction.  Takes of the order of sqrt(a + b) steps for
 * x < (a + 1) / (a + b + 2); beyond, ask for I(1 - x; b, a) = 1 - I. */
double beta_fraction(double x, double a, double b);

/* ln R with P(G_a / G_b <= R) = P(Z <= z), Z standard normal; error about 1e-8 / min(a, b, 1).  near is a guess of
 * it, NaN when there is none.  NaN unless a, b > 0 and z are finite. */
double beta_log_ratio_quantile(double a, double b, double z, double near);

#endif
