/* futurevalue.c - see futurevalue.h. */
#include "model/futurevalue.h"

#include "base/libm.h"
#include "math/beta.h"
#include "math/chebyshev.h"
#include "math/special.h"

/* ---- E[N (N - 1)] ----
 *
 * BG and MBG: given p, with tau = t / (alpha + T) and k = r + x, the integral over v is
 *
 *     2 (1 - p) [1 - (1 + p tau)^-(k + 1) (1 + (k + 1) p tau)] / p^2,
 *
 * and p ~ Beta(a, B): the trapezoidal rule in y = ln(p / (1 - p)), as in bgnbd.c. */

#define FUTUREVALUE_STEP 0.5          /* of y; at most half a standard deviation of it */
#define FUTUREVALUE_NEGLIGIBLE 1e-9   /* a term that no longer counts, relative to the sum */
#define FUTUREVALUE_FLAT 1e-6         /* below this p tau (k + 1), the bracket is its first term */
enum { FUTUREVALUE_NODES_MAX = 4096 }; /* on either side of the peak */

typedef struct FuturevaluePairs {
    double a, B, k, tau, log_beta;
} FuturevaluePairs;

static double futurevalue_node(const FuturevaluePairs *c, double y) {
    double p = special_logistic(y), reach = p * c->tau, spread = (c->k + 1) * reach;
    double density = exp(-c->a * special_softplus(-y) - c->B * special_softplus(y) - c->log_beta);
    double pairs = spread < FUTUREVALUE_FLAT
                       ? c->k * (c->k + 1) * c->tau * c->tau
                       : -2 * expm1(log1p(spread) - (c->k + 1) * log1p(reach)) / (p * p);
    return density * pairs * special_logistic(-y);
}

/* The nodes on one side of the peak.  Far to the left they are a geometric series. */
static double futurevalue_side(const FuturevaluePairs *c, double peak, double step, double sum) {
    double flat = log(FUTUREVALUE_NEGLIGIBLE / (1 + c->B + (c->k + 1) * c->tau));
    for (int j = 1; j <= FUTUREVALUE_NODES_MAX; j++) {
        double y = peak + j * step, term = futurevalue_node(c, y);
        if (y < flat) return sum + term / -expm1(step * c->a);
        sum += term;
        if (term <= FUTUREVALUE_NEGLIGIBLE * sum) break;
    }
    return sum;
}

static double futurevalue_pairs_bgnbd(BgnbdKind kind, const BgnbdParams *p, double x, double T, double t) {
    FuturevaluePairs c = {.a = p->a, .B = p->b + x + bgnbd_m(kind), .k = p->r + x, .tau = t / (p->alpha + T)};
    double peak = log(c.a / c.B), step = fmin(FUTUREVALUE_STEP, 0.5 * sqrt(1 / c.a + 1 / c.B));
    c.log_beta = special_lbeta(c.a, c.B);
    double sum = futurevalue_node(&c, peak);
    sum = futurevalue_side(&c, peak, step, sum);
    return step * futurevalue_side(&c, peak, -step, sum);
}

/* (exp(c q) - 1) / c. */
static double futurevalue_growth(double c, double q) {
    return c == 0 ? q : expm1(c * q) / c;
}

/* With u = t / (beta + T) the integral of v (1 + v / (beta + T))^-s is closed; its two parts cancel for small u. */
static double futurevalue_pairs_pnbd(const PnbdParams *p, double x, double T, double t) {
    double k = p->r + x, span = p->beta + T, u = t / span, q = log1p(u), tau = t / (p->alpha + T);
    if (u * (1 + p->s) < 1e-4) return k * (k + 1) * tau * tau * (1 - 2 * p->s * u / 3);
    double integral = futurevalue_growth(2 - p->s, q) - futurevalue_growth(1 - p->s, q);
    return 2 * k * (k + 1) * integral * span * span / ((p->alpha + T) * (p->alpha + T));
}

double futurevalue_pairs_if_alive(const PurchaseLaw *law, double x, double T, double t) {
    if (law->model == PURCHASE_PNBD) return futurevalue_pairs_pnbd(&law->as.pnbd, x, T, t);
    if (law->model != PURCHASE_NBD)
        return futurevalue_pairs_bgnbd(law->model == PURCHASE_MBGNBD ? BGNBD_MBG : BGNBD_BG, &law->as.bgnbd, x, T, t);
    double k = law->as.bgnbd.r + x, tau = t / (law->as.bgnbd.alpha + T);
    return k * (k + 1) * tau * tau;
}

/* ---- Quantiles ---- */

/* G of futurevalue.h: Gamma(shape) * exp(log_scale). */
typedef struct FuturevalueSum {
    double shape, log_scale;
} FuturevalueSum;

/* P(a purchase in (T, T + t]) of a customer alive at T: for the Pareto/NBD, of one who bought at T. */
static double futurevalue_buys_if_alive(const PurchaseLaw *law, double x, double T, double t) {
    if (law->model == PURCHASE_PNBD) return 1 - pnbd_p_no_purchase(&law->as.pnbd, x, T, T, t);
    return -expm1(-(law->as.bgnbd.r + x) * log1p(t / (law->as.bgnbd.alpha + T)));
}

static FuturevalueSum futurevalue_sum(const FuturevalueTerms *terms, double x, double T) {
    double p = terms->spend.p, buys = futurevalue_buys_if_alive(&terms->law, x, T, terms->horizon);
    double expected = purchase_if_alive(&terms->law, x, T, terms->horizon, 0).expected;
    double mean = expected / buys;
    double square = (futurevalue_pairs_if_alive(&terms->law, x, T, terms->horizon) + expected) / buys;
    double variance = p * p * fmax(square - mean * mean, 0) + p * mean;
    return (FuturevalueSum){.shape = p * mean * p * mean / variance, .log_scale = log(variance / (p * mean))};
}

double futurevalue_log_quantile(const FuturevalueTerms *terms, double x, double T, double z) {
    FuturevalueSum sum = futurevalue_sum(terms, x, T);
    return sum.log_scale + beta_log_ratio_quantile(sum.shape, terms->spend.p * x + terms->spend.q, z, (double)NAN);
}

/* ---- An interval ---- */

FuturevalueLevels futurevalue_levels(double p_none, double confidence) {
    double missed = 1 - confidence, buys = 1 - p_none;
    if (isnan(p_none)) return (FuturevalueLevels){{(double)NAN, (double)NAN}};
    if (p_none < missed / 2)
        return (FuturevalueLevels){{special_normal_quantile((missed / 2 - p_none) / buys),
                                    -special_normal_quantile(missed / 2 / buys)}};
    if (p_none >= confidence) return (FuturevalueLevels){{-INFINITY, -INFINITY}};
    return (FuturevalueLevels){{-INFINITY, -special_normal_quantile(missed / buys)}};
}

double futurevalue_z_max(double confidence) {
    return -special_normal_quantile((1 - confidence) / 2);
}

/* ---- Many customers ---- */

#define FUTUREVALUE_Z_MIN (-6.0) /* a smaller one is taken for this: next to nothing above nothing */

/* Coefficients along ages of the levels' values at one age after the other, and then along levels. */
static void futurevalue_curve_transform(FuturevalueCurve *curve, double values[FUTUREVALUE_LEVELS][FUTUREVALUE_AGES]) {
    Chebyshev line;
    double column[FUTUREVALUE_LEVELS];
    for (int i = 0; i < FUTUREVALUE_LEVELS; i++) {
        chebyshev_fit(&line, -1, 1, FUTUREVALUE_AGES, values[i]);
        for (int k = 0; k < FUTUREVALUE_AGES; k++) curve->c[i][k] = line.c[k];
    }
    for (int k = 0; k < FUTUREVALUE_AGES; k++) {
        for (int i = 0; i < FUTUREVALUE_LEVELS; i++) column[i] = curve->c[i][k];
        chebyshev_fit(&line, -1, 1, FUTUREVALUE_LEVELS, column);
        for (int i = 0; i < FUTUREVALUE_LEVELS; i++) curve->c[i][k] = line.c[i];
    }
}

/* The level before, from which the next is guessed. */
typedef struct FuturevalueTrail {
    double z, w, slope;
} FuturevalueTrail;

void futurevalue_curve_fit(FuturevalueCurve *curve, const FuturevalueTerms *terms, double x, double age_min,
                          double age_max, double z_max) {
    double values[FUTUREVALUE_LEVELS][FUTUREVALUE_AGES];
    double alpha = purchase_alpha(&terms->law), low = log(alpha + age_min), high = log(alpha + age_max);
    curve->alpha = alpha;
    curve->age_middle = (low + high) / 2;
    curve->age_span = (high - low) / 2;
    curve->z_middle = (FUTUREVALUE_Z_MIN + z_max) / 2;
    curve->z_span = (z_max - FUTUREVALUE_Z_MIN) / 2;
    for (int k = 0; k < FUTUREVALUE_AGES; k++) {
        double age = exp(chebyshev_point(low, high, FUTUREVALUE_AGES, k)) - alpha;
        FuturevalueSum sum = futurevalue_sum(terms, x, fmax(age, 0));
        FuturevalueTrail trail = {.w = (double)NAN};
        for (int i = 0; i < FUTUREVALUE_LEVELS; i++) {
            double z = chebyshev_point(FUTUREVALUE_Z_MIN, z_max, FUTUREVALUE_LEVELS, i);
            double near = trail.w + trail.slope * (z - trail.z);
            double w = beta_log_ratio_quantile(sum.shape, terms->spend.p * x + terms->spend.q, z, near);
            trail = (FuturevalueTrail){z, w, i > 0 ? (w - trail.w) / (z - trail.z) : 0};
            values[i][k] = sum.log_scale + w;
        }
    }
    futurevalue_curve_transform(curve, values);
}

/* Values at u in -1..1 of the first n Chebyshev polynomials. */
static void futurevalue_curve_basis(double u, int n, double *basis) {
    basis[0] = 1;
    basis[1] = u;
    for (int k = 2; k < n; k++) basis[k] = 2 * u * basis[k - 1] - basis[k - 2];
}

double futurevalue_curve_read(const FuturevalueCurve *curve, double age, double z) {
    double by_age[FUTUREVALUE_AGES], by_level[FUTUREVALUE_LEVELS], value = 0;
    double u = curve->age_span > 0 ? (log(curve->alpha + age) - curve->age_middle) / curve->age_span : 0;
    double v = (z - curve->z_middle) / curve->z_span;
    futurevalue_curve_basis(fmax(-1, fmin(1, u)), FUTUREVALUE_AGES, by_age);
    futurevalue_curve_basis(fmax(-1, fmin(1, v)), FUTUREVALUE_LEVELS, by_level);
    for (int i = 0; i < FUTUREVALUE_LEVELS; i++) {
        double sum = 0;
        for (int k = 0; k < FUTUREVALUE_AGES; k++) sum += curve->c[i][k] * by_age[k];
        value += sum * by_level[i];
    }
    return value;
}
