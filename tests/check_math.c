/* check_math.c - ext/math against GSL, identities and closed forms. */
#include <check.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "data/ranking.h"
#include "math/bulk.h"
#include "math/chebyshev.h"
#include "math/linear.h"
#include "math/logsum.h"
#include "math/optimise.h"
#include "math/quadrature.h"
#include "math/radix.h"
#include "math/special.h"
#include "math/student.h"
#include "math/sum.h"

typedef struct Worst { /* the worst case of many; error is in units of the tolerance */
    double error, at, at_2, got, want;
} Worst;

static void worst_take(Worst *w, double at, double at_2, double got, double want, double scale) {
    double error = fabs(got - want) / scale;
    if (got == want || !(error <= 1e300)) error = got == want ? 0 : 1e300;
    if (error > w->error) *w = (Worst){error, at, at_2, got, want};
}

static void worst_assert(const Worst *w, double tolerance, const char *what) {
    if (w->error > tolerance)
        ck_abort_msg("%s(%.17g, %.17g) = %.17g, not %.17g: off by %.3g", what, w->at, w->at_2,
                     w->got, w->want, w->error);
}

/* Arguments from 1e-8 to 1e8, and densely around 1 and 2 where ln Gamma vanishes. */
static double grid(int i) {
    return i < 4000 ? exp(-18.4 + 36.8 * i / 4000) : 0.4 + (i - 4000) * 0.0007;
}
enum { GRID = 8000 };

START_TEST(lgamma_agrees_with_gsl) {
    Worst w = {0};
    for (int i = 0; i < GRID; i++) {
        double x = grid(i), want = gsl_sf_lngamma(x);
        worst_take(&w, x, 0, special_lgamma(x), want, fmax(fabs(want), 1));
    }
    worst_assert(&w, 1e-14, "lgamma");
}
END_TEST

/* From 40-digit arithmetic: GSL itself is off by 2e-13 around 1 and 2. */
START_TEST(lgamma_keeps_relative_precision_near_its_roots) {
    static const double point[][2] = {
        {0.0007, 7.264026574826914505},
        {0.31, 1.061372777029105153},
        {0.499, 0.57433092316068637712},
        {0.97, 0.018067733126022009615},
        {1.0007, -0.0004036480939548917537},
        {1.4999, -0.12078588195849393823},
        {1.5001, -0.12077858396397448928},
        {1.993, -0.0029436663096731923032},
        {2.024, 0.010331640745362651664},
        {2.4999, 0.28461255726068263571},
        {2.5001, 0.28475318858873324644},
        {9.99, 12.77931521435019336},
        {10.01, 12.824350262448247282},
        {123.45, 469.57667630038191477},
        {10000000.0, 151180949.36947391394}};
    Worst w = {0};
    for (size_t i = 0; i < sizeof(point) / sizeof(point[0]); i++)
        worst_take(&w, point[i][0], 0, special_lgamma(point[i][0]), point[i][1],
                   fabs(point[i][1]));
    worst_assert(&w, 2e-15, "lgamma");
}
END_TEST

START_TEST(lgamma_is_exact_at_its_roots_and_ends) {
    ck_assert(special_lgamma(1) == 0 && special_lgamma(2) == 0);
    ck_assert(isnan(special_lgamma(0)) && isnan(special_lgamma(-1.5)));
    ck_assert(isnan(special_lgamma(NAN)));
    ck_assert(isinf(special_lgamma(INFINITY)));
    ck_assert_double_eq_tol(special_lgamma(5e-324), 744.44007192138122, 1e-10);
    ck_assert_double_eq_tol(special_lgamma(0.5), 0.5 * log(3.14159265358979323846), 1e-15);
}
END_TEST

START_TEST(digamma_agrees_with_gsl) {
    Worst w = {0};
    for (int i = 0; i < GRID; i++) {
        double x = grid(i), want = gsl_sf_psi(x);
        worst_take(&w, x, 0, special_digamma(x), want, fmax(fabs(want), 1));
    }
    worst_assert(&w, 2e-15, "digamma");
    ck_assert(isnan(special_digamma(0)) && isnan(special_digamma(-2)));
}
END_TEST

START_TEST(lbeta_agrees_with_gsl) {
    Worst w = {0};
    for (int i = 0; i < GRID; i += 37)
        for (int j = 0; j < GRID; j += 41) {
            double x = grid(i), y = grid(j), want = gsl_sf_lnbeta(x, y);
            worst_take(&w, x, y, special_lbeta(x, y), want, fmax(fabs(want), 1));
        }
    worst_assert(&w, 5e-14, "lbeta");
    ck_assert(isnan(special_lbeta(0, 1)) && isnan(special_lbeta(1, -1)));
}
END_TEST

/* B(x, y + 1) / B(x, y) = y / (x + y), where differences of lgamma have no digits left. */
START_TEST(lbeta_keeps_its_digits_for_large_arguments) {
    Worst w = {0};
    for (int i = 0; i < 2000; i++) {
        double y = exp(2.5 + 0.012 * i), x = 0.37 * (1 + i % 17);
        worst_take(&w, x, y, special_lbeta(x, y + 1) - special_lbeta(x, y), -log1p(x / y),
                   fmax(fabs(special_lbeta(x, y)), 1));
    }
    worst_assert(&w, 4e-15, "lbeta step");
}
END_TEST

/* Against the C library in 64 bits of mantissa, over all that is allowed. */
START_TEST(bulk_agrees_with_long_double) {
    enum { N = 4096 };
    static double x[N], got[N];
    Worst exp_worst = {0}, expm1_worst = {0}, log1p_worst = {0};
    for (int side = -1; side <= 1; side += 2)
        for (int scale = 0; scale < 3; scale++) {
            for (int i = 0; i < N; i++)
                x[i] = side * (scale == 0 ? 708.0 * i / N : scale == 1 ? 2.0 * i / N : exp(-40 + 46.0 * i / N));
            bulk_exp(N, x, got);
            for (int i = 0; i < N; i++) worst_take(&exp_worst, x[i], 0, (double)(got[i] / expl(x[i]) - 1), 0, 1);
            bulk_expm1(N, x, got);
            for (int i = 0; i < N && x[i] != 0; i++)
                worst_take(&expm1_worst, x[i], 0, (double)(got[i] / expm1l(x[i]) - 1), 0, 1);
            for (int i = 0; i < N; i++)
                x[i] = side > 0 ? exp(-46 + (scale + 1) * 245.0 * i / N) : scale + 3.0 * i / N + 1e-9;
            bulk_log1p(N, x, got);
            for (int i = 0; i < N; i++) worst_take(&log1p_worst, x[i], 0, (double)(got[i] / log1pl(x[i]) - 1), 0, 1);
        }
    worst_assert(&exp_worst, BULK_ERROR, "exp");
    worst_assert(&expm1_worst, BULK_ERROR, "expm1");
    worst_assert(&log1p_worst, BULK_ERROR, "log1p");
}
END_TEST

/* The same bits in any company, what is beyond the ends, and NaN. */
START_TEST(bulk_has_ends) {
    const double x[] = {-1e300, -708, -3.25, 0, 1e-300, 1, 709, 1e300, INFINITY, -INFINITY, 17.5};
    double all[11], one;
    bulk_exp(11, x, all);
    for (int i = 0; i < 11; i++) {
        bulk_exp(1, x + i, &one);
        ck_assert(one == all[i] && isfinite(one) && one > 0);
    }
    ck_assert(all[0] == all[1] && all[9] == all[1] && all[7] == all[6] && all[8] == all[6] && all[3] == 1);
    bulk_expm1(11, x, all);
    ck_assert(all[0] == -1 && all[3] == 0 && all[4] == 1e-300 && all[8] == all[6]);
    bulk_log1p(8, x + 3, all);
    ck_assert(all[0] == 0 && all[1] == 1e-300 && all[4] == all[5] && fabs(all[4] / log(1e300) - 1) < BULK_ERROR);
}
END_TEST

START_TEST(logistic_pieces_hold_on_both_sides) {
    ck_assert(special_softplus(1000) == 1000 && special_softplus(-1000) == 0);
    ck_assert(special_logistic(1000) == 1 && special_logistic(-1000) == 0);
    ck_assert(special_softplus(-INFINITY) == 0 && special_logistic(-INFINITY) == 0);
    ck_assert_double_eq_tol(special_softplus(0), 0.69314718055994530942, 1e-16);
    Worst w = {0};
    for (double d = -700; d <= 700; d += 0.37) {
        worst_take(&w, d, 0, special_softplus(d) - special_softplus(-d), d, fmax(fabs(d), 1));
        worst_take(&w, d, 1, special_logistic(d) / special_logistic(-d), exp(d), exp(d));
    }
    worst_assert(&w, 2e-13, "logistic");
}
END_TEST

START_TEST(normal_law_agrees_with_gsl) {
    Worst w = {0}, back = {0};
    for (int i = 1; i < 4000; i++) {
        double p = i < 2000 ? exp(-700.0 * i / 2000) : i / 4000.0 - 0.25 * (i % 2);
        double z = special_normal_quantile(p), want = gsl_cdf_ugaussian_Pinv(p);
        worst_take(&w, p, 0, z, want, fmax(fabs(want), 1e-3));
        worst_take(&back, p, 0, special_normal_cdf(z), p, p * fmax(z * z, 1));
    }
    worst_assert(&w, 1e-12, "normal_quantile");
    worst_assert(&back, 2e-15, "normal_cdf of normal_quantile");
}
END_TEST

START_TEST(normal_quantile_published_points) {
    ck_assert_double_eq_tol(special_normal_quantile(0.975), 1.9599639845400542355, 1e-15);
    ck_assert_double_eq_tol(special_normal_quantile(0.995), 2.5758293035489007610, 2e-15);
    ck_assert_double_eq_tol(special_normal_quantile(1e-10), -6.3613409024040562047, 2e-15);
    ck_assert(special_normal_quantile(0.5) == 0);
    ck_assert(isinf(special_normal_quantile(0)) && special_normal_quantile(0) < 0);
    ck_assert(isinf(special_normal_quantile(1)) && special_normal_quantile(1) > 0);
    ck_assert(isnan(special_normal_quantile(-0.1)) && isnan(special_normal_quantile(1.1)));
    ck_assert(special_normal_quantile(5e-324) < -38 && special_normal_quantile(5e-324) > -39);
}
END_TEST

/* GSL's own t law is an expansion from 30 degrees of freedom on; its beta law is not. */
START_TEST(student_agrees_with_gsl) {
    Worst tail = {0}, back = {0};
    for (double df = 1; df <= STUDENT_LARGE; df *= 1.07)
        for (double t = 1e-6; t < 1e8; t *= 1.09) {
            double x = df / (df + t * t), want = 0.5 * gsl_cdf_beta_P(x, df / 2, 0.5);
            if (want < 1e-250 || x > 0.999) continue;
            worst_take(&tail, t, df, student_tail(t, df), want, want);
        }
    worst_assert(&tail, 5e-12, "student_tail");
    for (double df = 1; df <= STUDENT_LARGE; df *= 1.13)
        for (double p = 1e-16; p < 0.499; p *= 1.3)
            worst_take(&back, p, df, student_tail(student_quantile(p, df), df), p, p);
    worst_assert(&back, 2e-12, "student_tail of student_quantile");
}
END_TEST

/* From 40-digit arithmetic. */
START_TEST(student_known_points) {
    static const double quantile[][3] = {
        {0.025, 1, 12.706204736174703938},       {0.025, 2.5, 3.5746548420036831273},
        {0.005, 7, 3.4994832973504939046},       {0.05, 33.7253, 1.6913100195486191365},
        {1e-10, 5, 156.82559270889431634},       {1e-16, 1, 3183098861837906.7819},
        {0.4, 120.25, 0.25390835242542975046},   {0.025, 9999, 1.9602012636213576566},
        {0.0005, 12345.6, 3.2913150162087472294}, {1e-12, 2e6, 7.0345282166173477143},
        {0.025, INFINITY, 1.9599639845400542355}};
    static const double tail[][3] = {
        {1e-6, 3, 0.49999963244740305222}, {2.5, 1, 0.12111894159084339872},
        {40, 10, 1.1404288715428773225e-12}, {3, 9999, 0.0013532244278561749101},
        {1e150, 1.5, 3.7708524320162464599e-226}};
    Worst w = {0};
    for (size_t i = 0; i < sizeof(quantile) / sizeof(quantile[0]); i++)
        worst_take(&w, quantile[i][0], quantile[i][1], student_quantile(quantile[i][0], quantile[i][1]),
                   quantile[i][2], quantile[i][2]);
    for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]); i++)
        worst_take(&w, tail[i][0], tail[i][1], student_tail(tail[i][0], tail[i][1]), tail[i][2], tail[i][2]);
    worst_assert(&w, 2e-13, "student");
    ck_assert(student_tail(0, 3) == 0.5 && student_tail(INFINITY, 3) == 0);
    ck_assert(student_quantile(0.5, 3) == 0 && isinf(student_quantile(0, 3)));
    ck_assert(isnan(student_tail(-1, 3)) && isnan(student_tail(1, 0.9)) && isnan(student_tail(1, 10001)));
    ck_assert(isnan(student_quantile(-0.1, 3)) && isnan(student_quantile(0.6, 3)));
    ck_assert(isnan(student_quantile(0.1, 0.9)) && isnan(student_quantile(0.1, NAN)));
    ck_assert(isnan(student_quantile(NAN, 3)));
}
END_TEST

/* The two ways to the quantile meet. */
START_TEST(student_quantile_is_smooth_at_the_join) {
    Worst w = {0};
    for (double p = 1e-16; p < 0.49; p *= 1.7)
        worst_take(&w, p, 0, student_quantile(p, nextafter(STUDENT_LARGE, INFINITY)),
                   student_quantile(p, STUDENT_LARGE), student_quantile(p, STUDENT_LARGE));
    worst_assert(&w, 1e-12, "student_quantile");
}
END_TEST

/* p-values far out keep their digits. */
START_TEST(normal_tail_agrees_with_gsl) {
    Worst w = {0};
    for (double z = 0; z > -37; z -= 0.013)
        worst_take(&w, z, 0, special_normal_cdf(z), gsl_cdf_ugaussian_P(z), gsl_cdf_ugaussian_P(z));
    worst_assert(&w, 1e-12, "normal_cdf");
}
END_TEST

START_TEST(quadrature_agrees_with_gsl) {
    double node[QUADRATURE_POINTS], weight[QUADRATURE_POINTS];
    gsl_integration_glfixed_table *table = gsl_integration_glfixed_table_alloc(QUADRATURE_POINTS);
    Worst w = {0};
    quadrature_panel(-2.385, 7.1, node, weight);
    for (size_t i = 0; i < QUADRATURE_POINTS; i++) {
        double x, v;
        gsl_integration_glfixed_point(-2.385, 7.1, i, &x, &v, table);
        worst_take(&w, (double)i, 0, node[i], x, 1);
        worst_take(&w, (double)i, 1, weight[i], v, 1);
    }
    gsl_integration_glfixed_table_free(table);
    worst_assert(&w, 4e-15, "quadrature_panel");
}
END_TEST

START_TEST(spd_inverse_inverts) {
    double a[LINEAR_MAX * LINEAR_MAX], inverse[LINEAR_MAX * LINEAR_MAX];
    Worst w = {0};
    for (int n = 1; n <= LINEAR_MAX; n++) {
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                a[i * n + j] = pow(10, 3 * (i + j) - 6) * (i == j ? 2.3 : 1 / (1.0 + i + j));
        ck_assert(linear_spd_inverse(n, a, 1e-10, inverse));
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                double sum = 0, size = 0;
                for (int k = 0; k < n; k++) {
                    sum += a[i * n + k] * inverse[k * n + j];
                    size += fabs(a[i * n + k] * inverse[k * n + j]);
                }
                worst_take(&w, i, j, sum, i == j, fmax(size, 1));
            }
    }
    worst_assert(&w, 1e-14, "inverse * a");
}
END_TEST

START_TEST(spd_inverse_refuses_what_it_cannot_invert) {
    double singular[] = {1, 1, 1, 1}, saddle[] = {1, 2, 2, 1}, bad[] = {1, 0, NAN, 1};
    double near[] = {1, 1 - 1e-12, 1 - 1e-12, 1}, inverse[4] = {7, 7, 7, 7};
    ck_assert(!linear_spd_inverse(2, singular, 1e-10, inverse));
    ck_assert(!linear_spd_inverse(2, saddle, 1e-10, inverse));
    ck_assert(!linear_spd_inverse(2, bad, 1e-10, inverse));
    ck_assert(!linear_spd_inverse(2, near, 1e-10, inverse));
    ck_assert(linear_spd_inverse(2, near, 1e-13, near));
    ck_assert(inverse[0] == 7 && inverse[3] == 7);
}
END_TEST

/* ---- Interpolation ---- */

static double curve_exp(double x) { return exp(x); }
static double curve_log(double x) { return log(3 + x); }
static double curve_pole(double x) { return 1 / (x * x - 4 * x + 5); } /* poles at 2 +- i */
static double curve_cubic(double x) { return ((2.385 * x - 1) * x + 0.3) * x - 7; }
static double curve_corner(double x) { return fabs(x - 0.317); }
static double curve_step(double x) { return x < 0.317; }
static double curve_root(double x) { return sqrt(fabs(x + 1)); }
static double curve_ripple(double x) { return sin(100 * x); }
static double curve_nan(double x) { return x > 0.317 ? NAN : x; }

static Chebyshev curve_of(double (*function)(double), double low, double high, int n) {
    Chebyshev curve;
    double values[CHEBYSHEV_MAX];
    for (int k = 0; k < n; k++) values[k] = function(chebyshev_point(low, high, n, k));
    chebyshev_fit(&curve, low, high, n, values);
    return curve;
}

START_TEST(interpolant_is_the_function) {
    static const struct {
        double (*function)(double);
        int n;
    } smooth[] = {{curve_exp, 20}, {curve_log, 32}, {curve_pole, CHEBYSHEV_MAX}, {curve_cubic, 7},
                  {curve_cubic, 24}};
    Worst w = {0};
    for (size_t f = 0; f < sizeof(smooth) / sizeof(smooth[0]); f++) {
        Chebyshev curve = curve_of(smooth[f].function, -1, 2, smooth[f].n);
        if (!chebyshev_converged(&curve, 1e-11)) ck_abort_msg("function %d: not converged", (int)f);
        for (double x = -1; x <= 2; x += 0.0137)
            worst_take(&w, (double)f, x, chebyshev_value(&curve, x), smooth[f].function(x), 1);
    }
    worst_assert(&w, 1e-11, "chebyshev_value");
}
END_TEST

START_TEST(interpolant_tells_what_it_is_not) {
    static double (*const rough[])(double) = {curve_corner, curve_step, curve_root, curve_ripple,
                                              curve_nan};
    for (size_t f = 0; f < sizeof(rough) / sizeof(rough[0]); f++) {
        Chebyshev curve = curve_of(rough[f], -1, 2, CHEBYSHEV_MAX);
        if (chebyshev_converged(&curve, 1e-11)) ck_abort_msg("function %d: converged", (int)f);
    }
    Chebyshev few = curve_of(curve_exp, -1, 2, 8); /* smooth, but too few points */
    ck_assert(!chebyshev_converged(&few, 1e-11) && chebyshev_converged(&few, 0.1));
    few = curve_of(curve_cubic, -1, 2, 2);
    ck_assert(!chebyshev_converged(&few, 1e-11));
}
END_TEST

START_TEST(interpolant_of_a_point_is_a_constant) {
    Chebyshev curve = curve_of(curve_exp, 0.7, 0.7, 20);
    ck_assert_int_eq(curve.n, 1);
    ck_assert(chebyshev_converged(&curve, 1e-15));
    ck_assert_double_eq_tol(chebyshev_value(&curve, 0.7), exp(0.7), 1e-15);
    chebyshev_trim(&curve, 1e300);
    ck_assert_int_eq(curve.n, 1);
    curve = curve_of(curve_nan, 0.7, 0.7, 20);
    ck_assert(!chebyshev_converged(&curve, 1e-11));
}
END_TEST

START_TEST(points_lie_inside_and_descend) {
    for (int n = 1; n <= CHEBYSHEV_MAX; n++) {
        double before = 7.1;
        for (int k = 0; k < n; k++) {
            double x = chebyshev_point(-2.385, 7.1, n, k);
            if (!(x < before && x > -2.385)) ck_abort_msg("point %d of %d: %g", k, n, x);
            before = x;
        }
    }
}
END_TEST

START_TEST(trimmed_interpolant_is_shorter_and_next_to_it) {
    Chebyshev curve = curve_of(curve_exp, -1, 2, CHEBYSHEV_MAX), all = curve;
    Worst w = {0};
    chebyshev_trim(&curve, 1e-9);
    ck_assert_int_lt(curve.n, 16);
    ck_assert_int_gt(curve.n, 6);
    for (double x = -1; x <= 2; x += 0.0137)
        worst_take(&w, x, 0, chebyshev_value(&curve, x), chebyshev_value(&all, x), 1);
    worst_assert(&w, 1e-9, "trimmed");
    curve = curve_of(curve_nan, -1, 2, 20);
    chebyshev_trim(&curve, 1);
    ck_assert_int_eq(curve.n, 20);
}
END_TEST

/* ---- Sums ---- */

START_TEST(sum_keeps_what_rounding_takes) {
    Sum sum = {0}, other = {0}, tenths = {0};
    sum_add(&sum, 1e16), sum_add(&sum, 1), sum_add(&sum, -1e16);
    ck_assert(sum_value(&sum) == 1);
    sum_add(&other, 1), sum_add(&other, 1e100), sum_add(&other, 1), sum_add(&other, -1e100);
    ck_assert(sum_value(&other) == 2);
    for (int i = 0; i < 1000000; i++) sum_add(&tenths, 0.1);
    ck_assert(sum_value(&tenths) == 100000);
}
END_TEST

START_TEST(logsum_is_the_sum_of_logs) {
    static const double size[] = {1e-300, 1e-17, 1e-9, 0.3, 1, 40, 1e20, 1e150};
    Worst w = {0};
    for (int s = 0; s < 8; s++) {
        Logsum sum = {0};
        Sum want = {0};
        for (int i = 1; i <= 5000; i++) {
            double y = size[s] * (1 - 0.999 * (i * 37 % 101) / 101);
            logsum_add(&sum, y);
            sum_add(&want, log1p(y));
            worst_take(&w, size[s], i, logsum_value(&sum), sum_value(&want), sum_value(&want));
        }
    }
    worst_assert(&w, 1e-13, "logsum");
    Logsum none = {0};
    ck_assert(logsum_value(&none) == 0);
    logsum_add(&none, NAN);
    ck_assert(isnan(logsum_value(&none)));
}
END_TEST

/* ---- Optimisation ---- */

typedef struct Valley {
    int kind, calls, calls_max;
} Valley;
enum {
    VALLEY_ROSENBROCK,
    VALLEY_WALL,
    VALLEY_RIDGE,
    VALLEY_UPHILL,
    VALLEY_NOWHERE,
    VALLEY_QUARTIC
};

static bool valley(void *ctx, const double *x, double *value, double *gradient) {
    Valley *v = ctx;
    if (++v->calls > v->calls_max) return false;
    double bend = x[1] - x[0] * x[0], rest = 1 - x[0];
    switch (v->kind) {
        case VALLEY_WALL: /* undefined left of 0, minimum at (0.01, 2) */
            *value = x[0] > 0 ? x[0] - 0.01 * log(x[0]) + (x[1] - 2) * (x[1] - 2) : NAN;
            gradient[0] = 1 - 0.01 / x[0];
            gradient[1] = 2 * (x[1] - 2);
            break;
        case VALLEY_RIDGE: /* falls for ever, ever more slowly */
            *value = exp(-x[0]) + (x[0] + x[1]) * (x[0] + x[1]);
            gradient[0] = -exp(-x[0]) + 2 * (x[0] + x[1]);
            gradient[1] = 2 * (x[0] + x[1]);
            break;
        case VALLEY_UPHILL: /* a gradient of the wrong sign */
            *value = x[0] * x[0] + x[1] * x[1];
            gradient[0] = -2 * x[0];
            gradient[1] = -2 * x[1];
            break;
        case VALLEY_NOWHERE:
            *value = INFINITY;
            gradient[0] = gradient[1] = NAN;
            break;
        case VALLEY_QUARTIC: /* no curvature at the minimum */
            *value = pow(x[0], 4) + pow(x[1], 4);
            gradient[0] = 4 * pow(x[0], 3);
            gradient[1] = 4 * pow(x[1], 3);
            break;
        default:
            *value = 100 * bend * bend + rest * rest;
            gradient[0] = -400 * x[0] * bend - 2 * rest;
            gradient[1] = 200 * bend;
    }
    return true;
}

static Optimise valley_descend(Valley *v, double x0, double x1) {
    Optimise search;
    double start[2] = {x0, x1};
    optimise_init(&search, 2, start, valley, v);
    while (optimise_test(&search, 1e-16) == OPTIMISE_RUNNING) optimise_iterate(&search);
    ck_assert_int_eq(search.evaluations, v->calls);
    return search;
}

START_TEST(optimiser_finds_minima) {
    Valley v = {VALLEY_ROSENBROCK, 0, 100000};
    double inverse[4];
    Optimise s = valley_descend(&v, -1.2, 1);
    ck_assert_int_eq(s.status, OPTIMISE_CONVERGED);
    ck_assert_double_eq_tol(s.point[0], 1, 1e-6);
    ck_assert_int_lt(s.evaluations, 80);
    ck_assert(optimise_finish(&s, 1e-4, 1e-10, 1e-16, inverse));
    ck_assert_double_eq_tol(s.point[0], 1, 1e-7);
    ck_assert_double_eq_tol(inverse[0], 0.5, 1e-4); /* of the Hessian (802, -400; -400, 200) */
    ck_assert_double_eq_tol(inverse[3], 2.005, 1e-3);
    v = (Valley){VALLEY_WALL, 0, 100000};
    s = valley_descend(&v, 5, -3);
    ck_assert_int_eq(s.status, OPTIMISE_CONVERGED);
    ck_assert_double_eq_tol(s.point[0], 0.01, 1e-6);
    ck_assert_double_eq_tol(s.point[1], 2, 1e-6);
}
END_TEST

START_TEST(optimiser_ends_where_there_is_no_minimum) {
    double inverse[4];
    Valley v = {VALLEY_RIDGE, 0, 100000};
    Optimise s = valley_descend(&v, 0, 0);
    ck_assert(s.status == OPTIMISE_CONVERGED || s.status == OPTIMISE_EXHAUSTED);
    ck_assert(s.value < 1e-6 && isfinite(s.point[0]) && s.iterations <= OPTIMISE_ITERATIONS_MAX);
    v = (Valley){VALLEY_UPHILL, 0, 100000};
    ck_assert_int_eq(valley_descend(&v, 1, 2).status, OPTIMISE_STALLED);
    v = (Valley){VALLEY_NOWHERE, 0, 100000};
    s = valley_descend(&v, 1, 2);
    ck_assert_int_eq(s.status, OPTIMISE_BAD_START);
    ck_assert(!optimise_finish(&s, 1e-4, 1e-10, 1e-16, inverse));
    v = (Valley){VALLEY_QUARTIC, 0, 100000};
    s = valley_descend(&v, 0.3, 0.7);
    ck_assert(fabs(s.point[0]) < 0.01 && fabs(s.point[1]) < 0.01);
}
END_TEST

START_TEST(optimiser_obeys_its_objective) {
    for (int calls = 0; calls < 30; calls++) {
        Valley v = {VALLEY_ROSENBROCK, 0, calls};
        double start[2] = {-1.2, 1}, inverse[4];
        Optimise s;
        optimise_init(&s, 2, start, valley, &v);
        while (optimise_test(&s, 1e-16) == OPTIMISE_RUNNING) optimise_iterate(&s);
        if (s.status != OPTIMISE_INTERRUPTED || v.calls != calls + 1 ||
            optimise_finish(&s, 1e-4, 1e-10, 1e-16, inverse))
            ck_abort_msg("not interrupted after %d calls", calls);
    }
}
END_TEST

static int pair_compare(const void *a, const void *b) {
    const uint64_t *p = a, *q = b;
    if (p[0] != q[0]) return p[0] < q[0] ? -1 : 1;
    return p[1] < q[1] ? -1 : p[1] > q[1];
}

START_TEST(radix_sorts_as_qsort_does) {
    enum { N = 5003 };
    static uint64_t pair[N][2], room[4 * N + 4096];
    static const int widths[][2] = {{64, 32}, {64, 0}, {44, 22}, {7, 0}, {0, 0}, {1, 1}, {23, 3}};
    uint64_t s = 88172645463325252u;
    ck_assert_int_le((int)radix_workspace_size(N), (int)sizeof(room));
    for (size_t k = 0; k < sizeof(widths) / sizeof(widths[0]); k++) {
        Radix radix;
        radix_init(&radix, N, widths[k][1] > 0, room);
        for (int i = 0; i < N; i++) {
            s ^= s << 13, s ^= s >> 7, s ^= s << 17;
            pair[i][1] = radix.key[i] = widths[k][0] ? s >> (64 - widths[k][0]) : 0;
            pair[i][0] = widths[k][1] ? (s * 0x9E3779B97F4A7C15u) >> (64 - widths[k][1]) : 0;
            if (radix.paired) radix.high[i] = (uint32_t)pair[i][0];
        }
        radix_sort(&radix, widths[k][0], widths[k][1]);
        qsort(pair, N, sizeof(pair[0]), pair_compare);
        for (int i = 0; i < N; i++)
            if (radix.key[i] != pair[i][1] || (radix.paired && radix.high[i] != pair[i][0]))
                ck_abort_msg("widths %d, %d: wrong at %d", widths[k][0], widths[k][1], i);
    }
}
END_TEST

static int word_compare(const void *a, const void *b) {
    const uint32_t *p = a, *q = b;
    return (*p > *q) - (*p < *q);
}

/* Sorted by keys alone, pairs of one key stay as they came; narrow keys need less room, and every word of it that is not
 * theirs keeps its value. */
START_TEST(radix_sorts_ranks_beside) {
    enum { N = 3001, UNTOUCHED = 0x5a };
    static uint64_t pair[N][2], room[3 * N + 4096];
    static uint32_t rank[N];
    static const int widths[] = {0, 1, 11, 12, 31, 32, 33, 64};
    int width = widths[_i];
    size_t size = (size_t)radix_beside_size(N, width);
    uint64_t s = 88172645463325252u;
    Radix radix;
    ck_assert_int_le((int)size, (int)sizeof(room));
    memset(room, UNTOUCHED, sizeof(room));
    radix_init_beside(&radix, N, width, rank, room);
    for (int i = 0; i < N; i++) {
        s ^= s << 13, s ^= s >> 7, s ^= s << 17;
        radix.key[i] = pair[i][0] = width ? s >> (64 - width) : 0;
        rank[i] = (uint32_t)(4000000000u + (unsigned)i);
        pair[i][1] = rank[i];
    }
    radix_sort(&radix, width, 0);
    qsort(pair, N, sizeof(pair[0]), pair_compare);
    for (int i = 0; i < N; i++)
        if (radix.key[i] != pair[i][0] || radix.high[i] != pair[i][1]) ck_abort_msg("width %d: wrong at %d", width, i);
    for (size_t i = size; i < sizeof(room); i++) ck_assert_int_eq(((const unsigned char *)room)[i], UNTOUCHED);
}
END_TEST

START_TEST(radix_sorts_words) {
    enum { N = 3001 };
    static uint32_t room[2][N], want[N];
    static int64_t place[2048];
    static const int widths[] = {0, 1, 11, 12, 22, 23, 31, 32};
    uint64_t s = 88172645463325252u;
    for (int i = 0; i < N; i++) {
        s ^= s << 13, s ^= s >> 7, s ^= s << 17;
        room[0][i] = want[i] = widths[_i] ? (uint32_t)(s >> (64 - widths[_i])) : 0;
    }
    const uint32_t *got = radix_sort_words(N, room[0], room[1], place, widths[_i]);
    qsort(want, N, sizeof(want[0]), word_compare);
    for (int i = 0; i < N; i++) ck_assert_msg(got[i] == want[i], "width %d: wrong at %d", widths[_i], i);
}
END_TEST

typedef struct Ranked { /* ids with a value and a second one that settles ties */
    const double *value, *second;
} Ranked;

static int ranked_second(const void *context, uint32_t a, uint32_t b) {
    const double *second = ((const Ranked *)context)->second;
    return (second[a] > second[b]) - (second[a] < second[b]);
}

static int ranked_compare(const Ranked *r, uint32_t a, uint32_t b) {
    double p = r->value[a], q = r->value[b];
    int order = isnan(p) || isnan(q) ? isnan(p) - isnan(q) : (p < q) - (p > q);
    return order ? order : ranked_second(r, a, b);
}

START_TEST(ranking_is_by_value_then_by_comparison) {
    enum { N = 4001 };
    static const double odd[] = {NAN,  -NAN,   INFINITY, -INFINITY, 0.0, -0.0,
                                 5e-324, -5e-324, 1,        1,         -1};
    static double value[N], second[N];
    static uint32_t ids[N];
    static bool seen[N];
    Ranked ranked = {value, second};
    Ranking ranking;
    Err err = {0};
    uint64_t s = 88172645463325252u;
    ranking_open(&ranking, N, &err);
    ck_assert_int_eq(err.rc, 0);
    for (uint32_t i = 0; i < N; i++) {
        s ^= s << 13, s ^= s >> 7, s ^= s << 17;
        value[i] = i % 5 == 0   ? odd[s % 11]
                   : i % 5 == 1 ? (double)(s % 20)
                                : ldexp((double)(int64_t)s, -60);
        second[i] = (double)(s >> 32);
        ranking_add(&ranking, i, value[i]);
    }
    ck_assert_int_eq(ranking_close(&ranking, ids, ranked_second, &ranked), N);
    for (int i = 0; i < N; i++) {
        if (seen[ids[i]] || (i > 0 && ranked_compare(&ranked, ids[i - 1], ids[i]) > 0))
            ck_abort_msg("wrong at %d: %g after %g", i, value[ids[i]], i ? value[ids[i - 1]] : 0);
        seen[ids[i]] = true;
    }
    ranking_open(&ranking, 0, &err);
    ck_assert_int_eq(ranking_close(&ranking, ids, ranked_second, &ranked), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("math");
    TCase *tc = tcase_create("math");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, lgamma_agrees_with_gsl);
    tcase_add_test(tc, lgamma_keeps_relative_precision_near_its_roots);
    tcase_add_test(tc, lgamma_is_exact_at_its_roots_and_ends);
    tcase_add_test(tc, digamma_agrees_with_gsl);
    tcase_add_test(tc, lbeta_agrees_with_gsl);
    tcase_add_test(tc, lbeta_keeps_its_digits_for_large_arguments);
    tcase_add_test(tc, bulk_agrees_with_long_double);
    tcase_add_test(tc, bulk_has_ends);
    tcase_add_test(tc, logistic_pieces_hold_on_both_sides);
    tcase_add_test(tc, normal_law_agrees_with_gsl);
    tcase_add_test(tc, normal_quantile_published_points);
    tcase_add_test(tc, normal_tail_agrees_with_gsl);
    tcase_add_test(tc, student_agrees_with_gsl);
    tcase_add_test(tc, student_known_points);
    tcase_add_test(tc, student_quantile_is_smooth_at_the_join);
    tcase_add_test(tc, quadrature_agrees_with_gsl);
    tcase_add_test(tc, spd_inverse_inverts);
    tcase_add_test(tc, spd_inverse_refuses_what_it_cannot_invert);
    tcase_add_test(tc, interpolant_is_the_function);
    tcase_add_test(tc, interpolant_tells_what_it_is_not);
    tcase_add_test(tc, interpolant_of_a_point_is_a_constant);
    tcase_add_test(tc, points_lie_inside_and_descend);
    tcase_add_test(tc, trimmed_interpolant_is_shorter_and_next_to_it);
    tcase_add_test(tc, sum_keeps_what_rounding_takes);
    tcase_add_test(tc, logsum_is_the_sum_of_logs);
    tcase_add_test(tc, optimiser_finds_minima);
    tcase_add_test(tc, optimiser_ends_where_there_is_no_minimum);
    tcase_add_test(tc, optimiser_obeys_its_objective);
    tcase_add_test(tc, radix_sorts_as_qsort_does);
    tcase_add_loop_test(tc, radix_sorts_ranks_beside, 0, 8);
    tcase_add_loop_test(tc, radix_sorts_words, 0, 8);
    tcase_add_test(tc, ranking_is_by_value_then_by_comparison);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
