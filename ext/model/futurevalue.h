/* futurevalue.h - what a customer will bring within a horizon: not only on average, but from where to where?
 *
 * The amount V of the next t days is 0 with P(no purchase).  Given that there is a purchase,
 *
 *     V = (gamma + x m) * G / H,    H ~ Gamma(p x + q, 1),
 *
 * exactly, where G, given the number N of purchases, is Gamma(p N, 1): spend is Gamma-Gamma (model/gammagamma.h) and
 * H is what x purchases of mean m leave unknown of a customer's own scale.  Over the law of N given N > 0, G is taken
 * as a gamma variable of the same mean and variance, from
 *
 *     E[N],  E[N (N - 1)] = 2 * integral over 0..t of v * E[lambda^2 exp(-lambda p v) (1 - p)] dv       (BG, MBG)
 *                           2 * integral over 0..t of v * E[lambda^2] E[exp(-mu v)] dv                  (Pareto)
 *
 * of a customer alive at T: right where N is 1 or large, close between.  G / H is then a beta prime law.  Its
 * quantiles are given as logarithms, and in units of gamma + x m: for one law they depend on x and T alone.
 */
#ifndef MODEL_FUTUREVALUE_H
#define MODEL_FUTUREVALUE_H

#include "model/gammagamma.h"
#include "model/purchase.h"

typedef struct FuturevalueTerms {
    PurchaseLaw law;
    GammagammaParams spend;
    double horizon; /* t */
} FuturevalueTerms;

/* E[N (N - 1)] in (T, T + t] of a customer alive at T. */
double futurevalue_pairs_if_alive(const PurchaseLaw *law, double x, double T, double t);

/* ln of V / (gamma + x m), given a purchase, that is not exceeded with P(Z <= z), Z standard normal. */
double futurevalue_log_quantile(const FuturevalueTerms *terms, double x, double T, double z);

/* ---- An interval of V ----
 *
 * [low, high] holds V with probability `confidence`, or more where V is 0 with more.  Where nothing at all is
 * likely enough, P(no purchase) >= (1 - confidence) / 2, low is 0 and all of what may be missed lies above high; else
 * half of it lies on either side.  Both are 0 where nothing alone has the confidence. */

typedef struct FuturevalueLevels {
    double z[2]; /* of low and high, for the quantiles above; -infinity: 0 */
} FuturevalueLevels;

/* confidence is above 0 and below 1; NaN for a p_none of NaN. */
FuturevalueLevels futurevalue_levels(double p_none, double confidence);

/* The largest z of that confidence. */
double futurevalue_z_max(double confidence);

/* ---- Many customers of one frequency ----
 *
 * The quantiles as a smooth function of ln(alpha + T) and z, to about 1e-3 of the value. */

enum { FUTUREVALUE_AGES = 10, FUTUREVALUE_LEVELS = 14 };

typedef struct FuturevalueCurve {
    double alpha, age_middle, age_span; /* ln(alpha + T) at the middle, and half its range */
    double z_middle, z_span;          /* likewise of z */
    double c[FUTUREVALUE_LEVELS][FUTUREVALUE_AGES]; /* of the products of Chebyshev polynomials */
} FuturevalueCurve;

/* For ages age_min .. age_max and levels up to z_max. */
void futurevalue_curve_fit(FuturevalueCurve *curve, const FuturevalueTerms *terms, double x, double age_min,
                          double age_max, double z_max);

double futurevalue_curve_read(const FuturevalueCurve *curve, double age, double z);

#endif
