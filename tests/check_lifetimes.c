/* check_lifetimes.c - the Pareto/NBD, BG/BB and shifted beta geometric models: reference numbers, gradients,
 * limits, and populations drawn from known parameters.
 *
 * The reference numbers lie in ../shared/oracle; tests that need them say so where they are not.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "data/lawfit.h"
#include "math/quadrature.h"
#include "model/bgbb.h"
#include "model/futurevalue.h"
#include "model/pnbdfit.h"
#include "model/purchase.h"
#include "model/rfmgroup.h"
#include "model/sbg.h"
#include "oracle.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Relative to the size of want, absolute below 1. */
static bool near(double got, double want, double tolerance) {
    return fabs(got - want) <= tolerance * fmax(1, fabs(want));
}

static bool near_relative(double got, double want, double tolerance) {
    return fabs(got - want) <= tolerance * fabs(want);
}

/* ---- Pareto/NBD ---- */

/* Parameters over the ranges of real shops and beyond, both orders of alpha and beta and both alike. */
static const PnbdParams pnbd_params[] = {
    {0.5533, 10.5777, 0.6062, 11.6687}, {0.9, 20, 0.3, 2.5},   {2, 7, 2, 7},      {0.05, 500, 4, 3000},
    {5, 0.8, 0.02, 40},                 {1, 30, 1, 30.000001}, {0.3, 5, 12, 900},
};
static const struct {
    double x, tx, T;
} pnbd_histories[] = {{0, 0, 0}, {0, 0, 39}, {2, 30.43, 38.86}, {7, 7, 300}, {26, 30, 30}, {5000, 700, 701}, {400, 20, 900}};

START_TEST(pnbd_gradient_is_that_of_the_likelihood) {
    for (int i = 0; i < COUNT(pnbd_params); i++)
        for (int h = 0; h < COUNT(pnbd_histories); h++) {
            double gradient[4], x = pnbd_histories[h].x, tx = pnbd_histories[h].tx, T = pnbd_histories[h].T;
            pnbd_loglik(&pnbd_params[i], x, tx, T, gradient);
            for (int j = 0; j < 4; j++) {
                PnbdParams up = pnbd_params[i], down = up;
                double *at[2][4] = {{&up.r, &up.alpha, &up.s, &up.beta}, {&down.r, &down.alpha, &down.s, &down.beta}};
                double value = *at[0][j], step = 1e-5 * value;
                *at[0][j] = value + step;
                *at[1][j] = value - step;
                double slope = (pnbd_loglik(&up, x, tx, T, NULL) - pnbd_loglik(&down, x, tx, T, NULL)) / (2 * step);
                if (fabs(slope - gradient[j]) * value > 2e-6 * (1 + fabs(gradient[j]) * value + x * 0.05))
                    ck_abort_msg("params %d, history %d, slope %d: %.10g, not %.10g", i, h, j, gradient[j], slope);
            }
        }
}
END_TEST

/* The time unit only scales: alpha, beta, t_x and T in weeks give the likelihood in days times 7^x. */
START_TEST(pnbd_has_no_unit_of_time) {
    for (int i = 0; i < COUNT(pnbd_params); i++)
        for (int h = 0; h < COUNT(pnbd_histories); h++) {
            PnbdParams p = pnbd_params[i], days = {p.r, p.alpha * 7, p.s, p.beta * 7};
            double x = pnbd_histories[h].x, tx = pnbd_histories[h].tx, T = pnbd_histories[h].T;
            double weeks = pnbd_loglik(&p, x, tx, T, NULL);
            ck_assert(near(pnbd_loglik(&days, x, tx * 7, T * 7, NULL), weeks - x * log(7), 1e-11));
            ck_assert(near(pnbd_p_alive(&days, x, tx * 7, T * 7), pnbd_p_alive(&p, x, tx, T), 1e-11));
            ck_assert(near(pnbd_p_no_purchase(&days, x, tx * 7, T * 7, 91), pnbd_p_no_purchase(&p, x, tx, T, 13), 1e-11));
        }
}
END_TEST

START_TEST(pnbd_limits) {
    PnbdParams p = pnbd_params[0];
    ck_assert_double_eq(pnbd_p_alive(&p, 3, 39, 39), 1); /* just seen */
    ck_assert_double_eq(pnbd_p_no_purchase(&p, 3, 20, 39, 0), 1);
    ck_assert_double_eq(pnbd_expected_if_alive(&p, 3, 39, 0), 0);
    ck_assert_double_eq(pnbd_discounted_if_alive(&p, 3, 39, 52, 0), pnbd_expected_if_alive(&p, 3, 39, 52));
    ck_assert(pnbd_discounted_if_alive(&p, 3, 39, 52, 0.01) < pnbd_expected_if_alive(&p, 3, 39, 52));
    ck_assert_double_eq(pnbd_discounted_if_alive(&p, 3, 39, 0, 0.01), 0);
    static const double wrong[][3] = {{-1, 0, 1}, {1, 2, 1}, {1, -1, 1}, {1, 1, INFINITY}, {NAN, 0, 1}};
    for (int i = 0; i < COUNT(wrong); i++) {
        ck_assert(isnan(pnbd_loglik(&p, wrong[i][0], wrong[i][1], wrong[i][2], NULL)));
        ck_assert(isnan(pnbd_p_alive(&p, wrong[i][0], wrong[i][1], wrong[i][2])));
    }
    ck_assert(isnan(pnbd_p_no_purchase(&p, 1, 1, 2, -1)));
    ck_assert(isnan(pnbd_expected_if_alive(&(PnbdParams){0, 1, 1, 1}, 1, 1, 1)));
}
END_TEST

/* Formulas divide by s - 1, the variance by s - 2, too: to both sides of these values go on straight. */
START_TEST(pnbd_goes_on_where_it_divides_by_nothing) {
    for (int whole = 1; whole <= 2; whole++)
        for (double h = 1e-6; h > 1e-16; h /= 10) {
            double expected[3], pairs[3], up = whole + h - whole; /* as doubles have it */
            for (int side = 0; side < 3; side++) {
                PurchaseLaw law = {.model = PURCHASE_PNBD, .as = {.pnbd = {0.5, 10, whole + (side - 1) * up, 12}}};
                expected[side] = pnbd_expected_if_alive(&law.as.pnbd, 2, 30, 52);
                pairs[side] = futurevalue_pairs_if_alive(&law, 2, 30, 52);
            }
            double L = log1p(52.0 / 42);
            if (whole == 1) ck_assert(near_relative(expected[0], expected[1] * (1 + up * L / 2), 1e-12));
            ck_assert(near_relative(expected[0] + expected[2], 2 * expected[1], 2e-12));
            ck_assert(near_relative(pairs[0] + pairs[2], 2 * pairs[1], 2e-11));
            ck_assert(pairs[0] > pairs[2] * (1 - 1e-12) && pairs[0] < pairs[2] * (1 + 4 * up + 1e-12));
        }
}
END_TEST

/* Every function says NaN where one parameter or argument is none, and fills the gradient with it. */
START_TEST(nothing_comes_of_wrong_parameters) {
    static const double wrong[] = {0, -1, NAN, INFINITY};
    for (int i = 0; i < 4 * COUNT(wrong); i++) {
        double number[4] = {1, 2, 3, 4}, gradient[4] = {0, 0, 0, 0}, slopes[4] = {0, 0, 0, 0};
        number[i % 4] = wrong[i / 4];
        PnbdParams p = {number[0], number[1], number[2], number[3]};
        BgbbParams b = {number[0], number[1], number[2], number[3]};
        ck_assert(isnan(pnbd_loglik(&p, 1, 5, 9, gradient)) && isnan(gradient[0]) && isnan(gradient[3]));
        ck_assert(isnan(pnbd_p_alive(&p, 1, 5, 9)) && isnan(pnbd_p_no_purchase(&p, 1, 5, 9, 3)));
        ck_assert(isnan(pnbd_expected_if_alive(&p, 1, 9, 3)) && isnan(pnbd_discounted_if_alive(&p, 1, 9, 3, 0.1)));
        ck_assert(isnan(bgbb_loglik(&b, 1, 5, 9, slopes)) && isnan(slopes[0]) && isnan(slopes[3]));
        ck_assert(isnan(bgbb_p_alive(&b, 1, 5, 9)) && isnan(bgbb_expected_purchases(&b, 1, 5, 9, 3, 0)));
        SbgParams s = {number[0], number[1]};
        bool good = i % 4 > 1;
        ck_assert(isnan(sbg_log_survival(&s, 3)) != good && isnan(sbg_expected_renewals(&s, 3, 2)) != good);
    }
    PnbdParams p = pnbd_params[0];
    BgbbParams b = {1, 2, 3, 4};
    SbgParams s = {1, 2};
    static const double histories[][5] = {{0, 1, 1, 2, 3}, {1, 0, 1, 2, 3}, {1, 1, -1, 2, 3}, {1, 1, 1, -1, 3}, {1, 1, 1, 2, -1},
                                          {1, 1, 1, 2, INFINITY}};
    for (int i = 0; i < COUNT(histories); i++) {
        const double *h = histories[i];
        PurchaseLaw nbd = {.model = PURCHASE_NBD, .as = {.bgnbd = {.r = h[0], .alpha = h[1]}}};
        ck_assert(isnan(purchase_p_no_purchase(&nbd, h[2], 0, h[3], h[4])) && isnan(purchase_if_alive(&nbd, h[2], h[3], h[4], 0).expected));
    }
    ck_assert(isnan(pnbd_loglik(&p, INFINITY, 1, 2, NULL)) && isnan(pnbd_p_no_purchase(&p, 1, 1, 2, INFINITY)));
    ck_assert(isnan(pnbd_expected_if_alive(&p, 1, 2, -1)) && isnan(pnbd_expected_if_alive(&p, 1, 2, INFINITY)));
    ck_assert(isnan(pnbd_discounted_if_alive(&p, 1, 2, -1, 0.1)) && isnan(pnbd_discounted_if_alive(&p, 1, 2, INFINITY, 0.1)));
    ck_assert(isnan(pnbd_discounted_if_alive(&p, 1, 2, 1, -0.1)) && isnan(pnbd_discounted_if_alive(&p, 1, 2, 1, INFINITY)));
    ck_assert(isnan(bgbb_loglik(&b, -1, 1, 2, NULL)) && isnan(bgbb_loglik(&b, 2, 1, 2, NULL)));
    ck_assert(isnan(bgbb_loglik(&b, 1, 3, 2, NULL)) && isnan(bgbb_loglik(&b, 0, 1, 2, NULL)));
    ck_assert(isnan(bgbb_p_no_purchase(&b, 1, 1, 2, -1)) && isnan(bgbb_p_no_purchase(&b, 1, 1, 2, INT32_MAX)));
    ck_assert(isnan(bgbb_expected_purchases(&b, 1, 1, 2, -1, 0)) && isnan(bgbb_expected_purchases(&b, 1, 1, 2, 1, -1)));
    ck_assert(isnan(sbg_log_survival(&s, -1)) && isnan(sbg_log_survival(&s, INFINITY)));
    ck_assert(isnan(sbg_expected_renewals(&s, 1, -1)) && isnan(sbg_expected_renewals(&s, 1, INFINITY)));
}
END_TEST

/* P(a purchase within t | alive) by Gauss-Legendre on 150 panels that shrink towards 0: the wait q = ln(1 + u / (alpha + T))
 * has the density k exp(-k q) (1 + u / (beta + T))^-s. */
static double pnbd_buys_by_panels(const PnbdParams *p, double x, double T, double t) {
    enum { PANELS = 150 };
    double k = p->r + x, end = fmin(log1p(t / (p->alpha + T)), 60 / k), sum = 0;
    for (int i = 0; i < PANELS; i++) {
        double node[QUADRATURE_POINTS], weight[QUADRATURE_POINTS];
        double low = i ? end * exp(-32 * (1 - (double)i / PANELS)) : 0, high = end * exp(-32 * (1 - (double)(i + 1) / PANELS));
        quadrature_panel(low, high, node, weight);
        for (int j = 0; j < QUADRATURE_POINTS; j++) {
            double u = (p->alpha + T) * expm1(node[j]);
            sum += weight[j] * k * exp(-k * node[j] - p->s * log1p(u / (p->beta + T)));
        }
    }
    return sum;
}

START_TEST(pnbd_waits_as_its_integral) {
    static const double shapes[] = {0.03, 0.4, 1, 6, 50}, scales[] = {0.5, 12, 300, 1e5}, ages[] = {0, 40, 2000};
    static const double horizons[] = {0.5, 90, 4000, 1e7};
    for (int a = 0; a < 5 * 5 * 4 * 4; a++) {
        PnbdParams p = {shapes[a % 5], scales[a / 25 % 4], shapes[a / 5 % 5], scales[a / 100]};
        for (int b = 0; b < 3 * 4 * 4; b++) {
            double x = 40.0 * (b % 4), T = ages[b / 16], t = horizons[b / 4 % 4], density, nearby;
            double got = pnbd_buys_if_alive(&p, x, T, t, &density), want = pnbd_buys_by_panels(&p, x, T, t);
            if (!(fabs(got / want - 1) < 1e-12))
                ck_abort_msg("%g, %g, %g, %g at %g, %g, %g: %.17g, not %.17g", p.r, p.alpha, p.s, p.beta, x, T, t, got, want);
            double h = 1e-4 * fmin(t, p.beta + T) / (1 + p.s + p.r + x);
            nearby = (pnbd_buys_if_alive(&p, x, T, t + h, NULL) - pnbd_buys_if_alive(&p, x, T, t - h, NULL)) / (2 * h);
            if (got < 0.99 && !(fabs(nearby - density) <= 1e-4 * density + 1e-9 * got / h))
                ck_abort_msg("density %g, %g, %g, %g at %g, %g, %g: %g, not %g", p.r, p.alpha, p.s, p.beta, x, T, t, density, nearby);
        }
    }
}
END_TEST

/* P(no purchase) falls with the horizon to P(gone); purchases rise with it; discounting lowers them. */
START_TEST(pnbd_forecasts_are_monotone) {
    for (int i = 0; i < COUNT(pnbd_params); i++)
        for (int h = 1; h < COUNT(pnbd_histories); h++) {
            double x = pnbd_histories[h].x, tx = pnbd_histories[h].tx, T = pnbd_histories[h].T, none = 1, expected = 0;
            double alive = pnbd_p_alive(&pnbd_params[i], x, tx, T);
            for (double t = 0.01; t < 1e6; t *= 4) {
                double p = pnbd_p_no_purchase(&pnbd_params[i], x, tx, T, t);
                double e = pnbd_expected_if_alive(&pnbd_params[i], x, T, t);
                ck_assert(p <= none + 1e-14 && p >= 1 - alive - 1e-14 && e >= expected);
                ck_assert(1 - p <= alive * e + 1e-14); /* Markov */
                none = p;
                expected = e;
            }
        }
}
END_TEST

/* Who has just bought and waits for t is who has been silent for t: P(no purchase) is a ratio of two likelihoods, which
 * are integrated another way.  Also where alpha is many thousand times beta, and the reverse. */
START_TEST(pnbd_waiting_is_silence) {
    static const double times[] = {0.5, 30, 365, 36500};
    uint64_t state = 5;
    for (int i = 0; i < 400; i++) {
        double number[4];
        for (int j = 0; j < 4; j++) number[j] = (double)(db_random(&state) >> 11) * 0x1p-53;
        PnbdParams p = {pow(10, 4 * number[0] - 2), pow(10, 5 * number[1] - 1), pow(10, 4 * number[2] - 2),
                        pow(10, 5 * number[3] - 1)};
        double x = i % 3 ? (double)(db_random(&state) % 30) : 0, T = i % 3 ? (double)(db_random(&state) % 900) : 0;
        for (int k = 0; k < COUNT(times); k++) {
            double got = pnbd_p_no_purchase(&p, x, T, T, times[k]);
            double want = exp(pnbd_loglik(&p, x, T, T + times[k], NULL) - pnbd_loglik(&p, x, T, T, NULL));
            if (!(fabs(got - want) <= 1e-9))
                ck_abort_msg("r %.17g alpha %.17g s %.17g beta %.17g, x %g T %g: nothing for %g days is %.17g, not %.17g", p.r,
                             p.alpha, p.s, p.beta, x, T, times[k], got, want);
        }
    }
}
END_TEST

START_TEST(pnbd_stress_cases) {
    Oracle *oracle = oracle_open("numeric_stress_open");
    if (!oracle) return;
    int n = oracle_length(oracle, "pn_ll");
    ck_assert_int_gt(n, 50);
    for (int i = 0; i < n; i++) {
        PnbdParams p = {oracle_number(oracle, "pn_ll[%d].p[0]", i), oracle_number(oracle, "pn_ll[%d].p[1]", i),
                        oracle_number(oracle, "pn_ll[%d].p[2]", i), oracle_number(oracle, "pn_ll[%d].p[3]", i)};
        double got = pnbd_loglik(&p, oracle_number(oracle, "pn_ll[%d].x", i), oracle_number(oracle, "pn_ll[%d].tx", i),
                                 oracle_number(oracle, "pn_ll[%d].T", i), NULL);
        double want = oracle_number(oracle, "pn_ll[%d].ref", i);
        if (!near(got, want, 1e-11)) ck_abort_msg("case %d: %.17g, not %.17g", i, got, want);
    }
    oracle_close(oracle);
}
END_TEST

static void pnbd_check_customer(Oracle *oracle, const PnbdParams *p, int i) {
    double x = oracle_number(oracle, "customers[%d].x", i), tx = oracle_number(oracle, "customers[%d].tx", i);
    double T = oracle_number(oracle, "customers[%d].T", i), alive = pnbd_p_alive(p, x, tx, T);
    struct {
        const char *name;
        double got;
    } figures[] = {
        {"ll", pnbd_loglik(p, x, tx, T, NULL)},
        {"palive", alive},
        {"cet.1", alive * pnbd_expected_if_alive(p, x, T, 1)},
        {"cet.52", alive * pnbd_expected_if_alive(p, x, T, 52)},
        {"pbuy.13", 1 - pnbd_p_no_purchase(p, x, tx, T, 13)},
        {"pbuy.52", 1 - pnbd_p_no_purchase(p, x, tx, T, 52)},
        {"dect_1y_15pct", alive * pnbd_discounted_if_alive(p, x, T, 52, log(1.15) / 52)},
    };
    for (int f = 0; f < COUNT(figures); f++) {
        double want = oracle_number(oracle, "customers[%d].PNBD.%s", i, figures[f].name);
        if (!(fabs(figures[f].got - want) <= 1e-10 * fabs(want) + 2e-15))
            ck_abort_msg("customer %d, %s: %.17g, not %.17g", i, figures[f].name, figures[f].got, want);
    }
}

START_TEST(pnbd_customers_of_the_oracle) {
    Oracle *oracle = oracle_open("cdnow_sample_39w");
    if (!oracle) return;
    PnbdParams p = {oracle_number(oracle, "fits.PNBD.params.r"), oracle_number(oracle, "fits.PNBD.params.alpha"),
                    oracle_number(oracle, "fits.PNBD.params.s"), oracle_number(oracle, "fits.PNBD.params.beta")};
    int n = oracle_length(oracle, "customers");
    ck_assert_int_gt(n, 50);
    for (int i = 0; i < n; i++) pnbd_check_customer(oracle, &p, i);
    static const int horizons[] = {1, 13, 39, 52};
    for (int i = 0; i < COUNT(horizons); i++)
        ck_assert(near_relative(pnbd_unconditional_expected(&p, horizons[i]),
                                oracle_number(oracle, "fits.PNBD.unconditional_expected.%d", horizons[i]), 1e-10));
    oracle_close(oracle);
}
END_TEST

/* Fits customers; a population of the order of the arrays must not matter. */
static Pnbdfit pnbd_fit(const OracleCustomers *customers, Bgnbdfit *nbd) {
    int64_t n = customers->n;
    int32_t *x = malloc((size_t)n * 4), *tx = malloc((size_t)n * 4), *age = malloc((size_t)n * 4);
    int64_t *count = malloc((size_t)n * 8);
    void *workspace = malloc((size_t)rfmgroup_workspace_size(n));
    BgnbdfitData data = {.frequency = x, .recency = tx, .age = age, .count = count};
    data.n = rfmgroup_collapse(n, customers->frequency, customers->recency, customers->age, workspace, x, tx, age, count);
    free(workspace);
    workspace = malloc((size_t)bgnbdfit_workspace_size(&data));
    bgnbdfit_run(BGNBD_MBG, &data, workspace, NULL, nbd);
    Pnbdfit fit;
    pnbdfit_run(&data, nbd, NULL, &fit);
    free(workspace);
    free(x);
    free(tx);
    free(age);
    free(count);
    return fit;
}

static void pnbd_check_fit(const char *name, const char *file, bool boundary) {
    OracleCustomers customers;
    Oracle *oracle = oracle_open(name);
    if (!oracle || !oracle_summary(file, &customers)) return;
    Bgnbdfit nbd;
    Pnbdfit fit = pnbd_fit(&customers, &nbd);
    double purchases = 0;
    for (int64_t i = 0; i < customers.n; i++) purchases += customers.frequency[i];
    double days = purchases * log(7);
    ck_assert(fit.converged);
    ck_assert(near(fit.log_likelihood + days, oracle_number(oracle, "fits.PNBD.loglik"), 1e-9));
    ck_assert(near(nbd.log_likelihood_nbd + days, oracle_number(oracle, "fits.NBD.loglik"), 1e-9));
    ck_assert(near_relative(nbd.nbd.r, oracle_number(oracle, "fits.NBD.params.r"), 1e-5));
    ck_assert(near_relative(nbd.nbd.alpha / 7, oracle_number(oracle, "fits.NBD.params.alpha"), 1e-5));
    ck_assert(near_relative(nbd.nbd_std_error.r, oracle_number(oracle, "fits.NBD.se.r"), 1e-3));
    ck_assert(near_relative(nbd.nbd_std_error.alpha / 7, oracle_number(oracle, "fits.NBD.se.alpha"), 1e-3));
    if (!boundary) {
        static const char *const names[] = {"r", "alpha", "s", "beta"};
        double params[] = {fit.params.r, fit.params.alpha / 7, fit.params.s, fit.params.beta / 7};
        double errors[] = {fit.std_error.r, fit.std_error.alpha / 7, fit.std_error.s, fit.std_error.beta / 7};
        for (int j = 0; j < 4; j++) {
            ck_assert(near_relative(params[j], oracle_number(oracle, "fits.PNBD.params.%s", names[j]), 1e-5));
            ck_assert(near_relative(errors[j], oracle_number(oracle, "fits.PNBD.se.%s", names[j]), 1e-3));
        }
        ck_assert_uint_eq(fit.warnings, 0);
    }
    oracle_free(&customers);
    oracle_close(oracle);
}

START_TEST(pnbd_fit_of_the_oracle) {
    pnbd_check_fit("cdnow_sample_39w", "cdnow_sample_39w_rfm", false);
}
END_TEST

static double uniform(uint64_t *random) {
    return ((double)(db_random(random) >> 11) + 0.5) / 9007199254740992.0;
}

/* Gamma(shape, rate) for any shape: Marsaglia, Tsang (2000), with the power trick below 1. */
static double gamma_draw(uint64_t *random, double shape, double rate) {
    double boost = shape < 1 ? pow(uniform(random), 1 / shape) : 1, d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3;
    for (;;) {
        double z = sqrt(-2 * log(uniform(random))) * cos(2 * 3.14159265358979323846 * uniform(random));
        double v = 1 + z / sqrt(9 * d);
        v = v * v * v;
        if (v > 0 && log(uniform(random)) < 0.5 * z * z + d - d * v + d * log(v)) return boost * d * v / rate;
    }
}

/* Days from continuous time, so that a purchase day has at most one purchase: rates are kept low. */
START_TEST(pnbd_fit_recovers_a_population) {
    enum { N = 12000 };
    static int32_t x[N], tx[N], age[N];
    PnbdParams truth = {0.8, 90, 0.9, 150};
    uint64_t random = 11;
    OracleCustomers customers = {.n = N, .frequency = x, .recency = tx, .age = age};
    for (int i = 0; i < N; i++) {
        double rate = gamma_draw(&random, truth.r, truth.alpha), end = gamma_draw(&random, truth.s, truth.beta);
        double alive = -log(uniform(&random)) / end, at = 0;
        age[i] = 200 + (int32_t)(uniform(&random) * 500);
        x[i] = tx[i] = 0;
        while ((at += -log(uniform(&random)) / rate) < fmin(alive, age[i])) {
            int32_t day = (int32_t)ceil(at);
            if (day > tx[i] && day <= age[i]) {
                x[i]++;
                tx[i] = day;
            }
        }
    }
    Bgnbdfit nbd;
    Pnbdfit fit = pnbd_fit(&customers, &nbd);
    ck_assert(fit.converged);
    ck_assert_uint_eq(fit.warnings, 0);
    ck_assert(fabs(fit.params.r - truth.r) < 4 * fit.std_error.r);
    ck_assert(fabs(fit.params.alpha - truth.alpha) < 4 * fit.std_error.alpha);
    ck_assert(fabs(fit.params.s - truth.s) < 4 * fit.std_error.s);
    ck_assert(fabs(fit.params.beta - truth.beta) < 4 * fit.std_error.beta);
    ck_assert(fit.std_error.r < 0.1 && fit.std_error.s < 0.3);
    ck_assert(fit.log_likelihood > nbd.log_likelihood_nbd + 50);
}
END_TEST

/* Nobody leaves: the NBD is found, and the models with dropout say that they show none. */
START_TEST(nbd_fit_recovers_a_population) {
    enum { N = 8000 };
    static int32_t x[N], tx[N], age[N];
    uint64_t random = 23;
    OracleCustomers customers = {.n = N, .frequency = x, .recency = tx, .age = age};
    for (int i = 0; i < N; i++) {
        double rate = gamma_draw(&random, 0.7, 120), at = 0;
        age[i] = 150 + (int32_t)(uniform(&random) * 500);
        x[i] = tx[i] = 0;
        while ((at += -log(uniform(&random)) / rate) < age[i]) {
            int32_t day = (int32_t)ceil(at);
            if (day <= tx[i]) continue;
            x[i]++;
            tx[i] = day;
        }
    }
    Bgnbdfit nbd;
    Pnbdfit fit = pnbd_fit(&customers, &nbd);
    ck_assert(nbd.nbd_converged);
    ck_assert(fabs(nbd.nbd.r - 0.7) < 4 * nbd.nbd_std_error.r);
    ck_assert(fabs(nbd.nbd.alpha - 120) < 4 * nbd.nbd_std_error.alpha);
    ck_assert(nbd.nbd_std_error.r < 0.05);
    ck_assert(fit.warnings & BGNBDFIT_NO_ATTRITION);
}
END_TEST

START_TEST(pnbd_fit_without_data) {
    OracleCustomers nobody = {.n = 0};
    int32_t zero[] = {0, 0, 0}, ages[] = {10, 20, 30};
    OracleCustomers idle = {.n = 3, .frequency = zero, .recency = zero, .age = ages};
    Bgnbdfit nbd;
    Pnbdfit fit = pnbd_fit(&nobody, &nbd);
    ck_assert(!fit.converged && isnan(fit.params.r));
    ck_assert_uint_eq(fit.warnings, BGNBDFIT_NO_REPEATS | BGNBDFIT_NOT_CONVERGED);
    fit = pnbd_fit(&idle, &nbd);
    ck_assert(fit.warnings & BGNBDFIT_NO_REPEATS);
    ck_assert(fit.warnings & BGNBDFIT_NO_ATTRITION);
}
END_TEST

static int stop_after;
static bool stop_now(void *context) {
    (void)context;
    return --stop_after < 0;
}

START_TEST(pnbd_fit_stops_when_told) {
    int32_t x[] = {0, 1, 3, 2, 0, 5}, tx[] = {0, 20, 90, 50, 0, 88}, age[] = {100, 90, 95, 110, 50, 99};
    int64_t count[] = {50, 30, 20, 10, 40, 5};
    BgnbdfitData data = {.n = 6, .frequency = x, .recency = tx, .age = age, .count = count};
    void *workspace = malloc((size_t)bgnbdfit_workspace_size(&data));
    Bgnbdfit nbd;
    bgnbdfit_run(BGNBD_MBG, &data, workspace, NULL, &nbd);
    for (int n = 0; n < 60; n += 7) {
        stop_after = n;
        Poll poll = {.stop = stop_now};
        Pnbdfit fit;
        pnbdfit_run(&data, &nbd, &poll, &fit);
        ck_assert(fit.interrupted);
    }
    free(workspace);
}
END_TEST

/* ---- BG/BB ---- */

static const BgbbParams bgbb_params[] = {{1.2035, 0.7497, 0.6567, 2.7834}, {0.5, 3, 3.75, 31.5}, {8, 9, 0.05, 0.3}, {1, 1, 1, 1}};
static const int32_t bgbb_histories[][3] = {{0, 0, 0}, {0, 0, 6}, {1, 3, 6}, {6, 6, 6}, {2, 2, 9}, {5, 40, 60}};

START_TEST(bgbb_gradient_is_that_of_the_likelihood) {
    for (int i = 0; i < COUNT(bgbb_params); i++)
        for (int h = 0; h < COUNT(bgbb_histories); h++) {
            const int32_t *c = bgbb_histories[h];
            double gradient[4];
            bgbb_loglik(&bgbb_params[i], c[0], c[1], c[2], gradient);
            for (int j = 0; j < 4; j++) {
                double up[4] = {bgbb_params[i].alpha, bgbb_params[i].beta, bgbb_params[i].gamma, bgbb_params[i].delta};
                double down[4], step = 1e-5 * up[j];
                memcpy(down, up, sizeof(down));
                up[j] += step;
                down[j] -= step;
                BgbbParams a = {up[0], up[1], up[2], up[3]}, b = {down[0], down[1], down[2], down[3]};
                double slope = (bgbb_loglik(&a, c[0], c[1], c[2], NULL) - bgbb_loglik(&b, c[0], c[1], c[2], NULL)) / (2 * step);
                ck_assert(near(gradient[j], slope, 1e-6));
            }
        }
}
END_TEST

/* All histories of n opportunities have probability 1 together: C(t_x - 1, x - 1) orders lead to one. */
START_TEST(bgbb_probabilities_add_up) {
    for (int i = 0; i < COUNT(bgbb_params); i++)
        for (int32_t n = 0; n <= 8; n++) {
            double sum = exp(bgbb_loglik(&bgbb_params[i], 0, 0, n, NULL));
            for (int32_t tx = 1; tx <= n; tx++)
                for (int32_t x = 1; x <= tx; x++)
                    sum += exp(lgamma(tx) - lgamma(x) - lgamma(tx - x + 1.0) +
                               bgbb_loglik(&bgbb_params[i], x, tx, n, NULL));
            ck_assert(near(sum, 1, 1e-12));
        }
}
END_TEST

/* The next opportunity in two ways: bought at n + 1, or one expected purchase of it. */
START_TEST(bgbb_forecasts_follow_from_the_likelihood) {
    for (int i = 0; i < COUNT(bgbb_params); i++)
        for (int h = 0; h < COUNT(bgbb_histories); h++) {
            const BgbbParams *p = &bgbb_params[i];
            const int32_t *c = bgbb_histories[h];
            double buys = exp(bgbb_loglik(p, c[0] + 1, c[2] + 1, c[2] + 1, NULL) - bgbb_loglik(p, c[0], c[1], c[2], NULL));
            ck_assert(near_relative(bgbb_expected_purchases(p, c[0], c[1], c[2], 1, 0), buys, 1e-10));
            ck_assert(near(1 - bgbb_p_no_purchase(p, c[0], c[1], c[2], 1), buys, 1e-10));
            ck_assert(bgbb_expected_purchases(p, c[0], c[1], c[2], 9, 0.1) < bgbb_expected_purchases(p, c[0], c[1], c[2], 9, 0));
            ck_assert_double_eq(bgbb_expected_purchases(p, c[0], c[1], c[2], 0, 0), 0);
            ck_assert_double_eq(bgbb_p_no_purchase(p, c[0], c[1], c[2], 0), 1);
        }
    ck_assert(isnan(bgbb_loglik(&bgbb_params[0], 2, 1, 6, NULL)) && isnan(bgbb_loglik(&bgbb_params[0], 0, 1, 6, NULL)));
    ck_assert(isnan(bgbb_loglik(&bgbb_params[0], 1, 0, 6, NULL)) && isnan(bgbb_loglik(&bgbb_params[0], 1, 7, 6, NULL)));
    ck_assert(isnan(bgbb_p_no_purchase(&bgbb_params[0], 1, 1, 6, -1)));
    ck_assert(isnan(bgbb_expected_purchases(&bgbb_params[0], 1, 1, 6, 1, -0.1)));
}
END_TEST

static void bgbb_check(const char *name) {
    Oracle *oracle = oracle_open(name);
    if (!oracle) return;
    int n = oracle_length(oracle, "rows");
    int32_t *x = malloc((size_t)n * 4), *tx = malloc((size_t)n * 4), *opportunities = malloc((size_t)n * 4);
    int64_t *count = malloc((size_t)n * 8);
    for (int i = 0; i < n; i++) {
        x[i] = (int32_t)oracle_number(oracle, "rows[%d].x", i);
        tx[i] = (int32_t)oracle_number(oracle, "rows[%d].tx", i);
        opportunities[i] = (int32_t)oracle_number(oracle, "rows[%d].n", i);
        count[i] = (int64_t)oracle_number(oracle, "rows[%d].weight", i);
    }
    BgbbData data = {.n = n, .x = x, .tx = tx, .opportunities = opportunities, .count = count};
    BgbbFit fit;
    bgbb_fit(&data, NULL, &fit);
    ck_assert(fit.converged);
    ck_assert_uint_eq(fit.warnings, 0);
    ck_assert(near(fit.log_likelihood, oracle_number(oracle, "fit.loglik"), 1e-9));
    static const char *const names[] = {"alpha", "beta", "gamma", "delta"};
    double params[] = {fit.params.alpha, fit.params.beta, fit.params.gamma, fit.params.delta};
    double errors[] = {fit.std_error.alpha, fit.std_error.beta, fit.std_error.gamma, fit.std_error.delta};
    for (int j = 0; j < 4; j++) {
        ck_assert(near_relative(params[j], oracle_number(oracle, "fit.params.%s", names[j]), 1e-4));
        ck_assert(near_relative(errors[j], oracle_number(oracle, "fit.se.%s", names[j]), 2e-3));
    }
    BgbbParams p = {oracle_number(oracle, "fit.params.alpha"), oracle_number(oracle, "fit.params.beta"),
                    oracle_number(oracle, "fit.params.gamma"), oracle_number(oracle, "fit.params.delta")};
    for (int i = 0; i < n; i++) {
        ck_assert(near(bgbb_loglik(&p, x[i], tx[i], opportunities[i], NULL), oracle_number(oracle, "rows[%d].ll", i), 1e-11));
        ck_assert(near(bgbb_p_alive(&p, x[i], tx[i], opportunities[i]), oracle_number(oracle, "rows[%d].palive_m1", i), 1e-10));
        ck_assert(near(bgbb_expected_purchases(&p, x[i], tx[i], opportunities[i], 10, 0),
                       oracle_number(oracle, "rows[%d].cet.10", i), 1e-10));
        ck_assert(near(bgbb_expected_purchases(&p, x[i], tx[i], opportunities[i], 10000, 0.1),
                       oracle_number(oracle, "rows[%d].dert", i), 1e-9));
    }
    free(x);
    free(tx);
    free(opportunities);
    free(count);
    oracle_close(oracle);
}

START_TEST(bgbb_fits_of_the_oracle) {
    bgbb_check("donations_bgbb");
    bgbb_check("cdnow_sample_bgbb_monthly");
}
END_TEST

START_TEST(bgbb_fit_recovers_a_population) {
    enum { N = 15000 };
    static int32_t x[N], tx[N], all[N];
    static int64_t count[N];
    BgbbParams truth = {1.2, 0.8, 0.7, 2.8};
    uint64_t random = 31;
    for (int i = 0; i < N; i++) {
        double a = gamma_draw(&random, truth.alpha, 1), b = gamma_draw(&random, truth.beta, 1);
        double g = gamma_draw(&random, truth.gamma, 1), d = gamma_draw(&random, truth.delta, 1);
        bool alive = true;
        all[i] = 6 + i % 5;
        count[i] = 1;
        x[i] = tx[i] = 0;
        for (int32_t t = 1; t <= all[i]; t++) {
            alive = alive && uniform(&random) >= g / (g + d);
            if (!alive || uniform(&random) >= a / (a + b)) continue;
            x[i]++;
            tx[i] = t;
        }
    }
    BgbbFit fit;
    bgbb_fit(&(BgbbData){.n = N, .x = x, .tx = tx, .opportunities = all, .count = count}, NULL, &fit);
    ck_assert(fit.converged);
    ck_assert_uint_eq(fit.warnings, 0);
    ck_assert(fabs(fit.params.alpha - truth.alpha) < 4 * fit.std_error.alpha);
    ck_assert(fabs(fit.params.beta - truth.beta) < 4 * fit.std_error.beta);
    ck_assert(fabs(fit.params.gamma - truth.gamma) < 4 * fit.std_error.gamma);
    ck_assert(fabs(fit.params.delta - truth.delta) < 4 * fit.std_error.delta);
    ck_assert(fit.std_error.alpha < 0.15 && fit.std_error.delta < 0.6);
}
END_TEST

START_TEST(bgbb_fit_without_purchases) {
    int32_t zero = 0, n = 6;
    int64_t count = 9;
    BgbbData data = {.n = 1, .x = &zero, .tx = &zero, .opportunities = &n, .count = &count};
    BgbbFit fit;
    bgbb_fit(&data, NULL, &fit);
    ck_assert(!fit.converged && isnan(fit.params.alpha));
    ck_assert_uint_eq(fit.warnings, BGBB_NO_PURCHASES | BGBB_NOT_CONVERGED);
    int32_t x[] = {0, 2, 1}, tx[] = {0, 5, 2}, all[] = {6, 6, 6};
    int64_t counts[] = {30, 20, 10};
    data = (BgbbData){.n = 3, .x = x, .tx = tx, .opportunities = all, .count = counts};
    stop_after = 5;
    Poll poll = {.stop = stop_now};
    bgbb_fit(&data, &poll, &fit);
    ck_assert(fit.interrupted);
}
END_TEST

/* ---- What other implementations say of the CDNOW sample ---- */

/* Of customers in weeks of two decimals, as the textbooks have them, the reference's optimum is ours: the same
 * log-likelihood, and no slope left. */
START_TEST(rounded_weeks_have_their_optimum) {
    static const char *const models[] = {"BGNBD", "MBGNBD", "PNBD"}, *const names[][4] = {
        {"r", "alpha", "a", "b"}, {"r", "alpha", "a", "b"}, {"r", "alpha", "s", "beta"}};
    OracleCustomers all;
    Oracle *oracle = oracle_open("cdnow_sample_39w_rounded_csv");
    if (!oracle || !oracle_summary("cdnow_sample_39w_rfm", &all)) return;
    double p[4], total = 0, slope[4] = {0}, by[4];
    for (int j = 0; j < 4; j++) p[j] = oracle_number(oracle, "fits.%s.params.%s", models[_i], names[_i][j]);
    for (int64_t i = 0; i < all.n; i++) {
        double x = all.frequency[i], tx = round(all.recency[i] / 0.07) / 100, T = round(all.age[i] / 0.07) / 100;
        const BgnbdParams bgnbd = {p[0], p[1], p[2], p[3]};
        const PnbdParams pnbd = {p[0], p[1], p[2], p[3]};
        total += _i == 2 ? pnbd_loglik(&pnbd, x, tx, T, by) : bgnbd_loglik(_i ? BGNBD_MBG : BGNBD_BG, &bgnbd, x, tx, T, by);
        for (int j = 0; j < 4; j++) slope[j] += by[j] * p[j];
    }
    ck_assert_double_eq_tol(total, oracle_number(oracle, "fits.%s.loglik", models[_i]), 1e-6);
    for (int j = 0; j < 4; j++) ck_assert_double_eq_tol(slope[j], 0, 1e-5);
    oracle_free(&all);
    oracle_close(oracle);
}
END_TEST

/* BTYD, BTYDplus and CLVTools: their log-likelihood is ours to six digits, and no better. */
START_TEST(peers_find_no_more) {
    static const char *const peers[][2] = {
        {"BTYD_BGNBD", "BG"}, {"BTYDplus_BGNBD_k1", "BG"}, {"CLVTools_bgnbd", "BG"}, {"BTYDplus_MBGNBD", "MBG"},
        {"BTYD_PNBD", "P"}, {"CLVTools_pnbd", "P"}, {"BTYDplus_NBD", "NBD"}};
    OracleCustomers all;
    Oracle *oracle = oracle_open("peers_r_cdnow_sample");
    if (!oracle || !oracle_summary("cdnow_sample_39w_rfm", &all)) return;
    Buyers buyers = {.n = all.n, .frequency = all.frequency, .recency = all.recency, .age = all.age};
    for (int64_t i = 0; i < all.n; i++) buyers.n_repeat += all.frequency[i] > 0;
    for (int k = 0; k < COUNT(peers); k++) {
        const char *m = peers[k][1];
        PurchaseModel model = *m == 'B' ? PURCHASE_BGNBD : *m == 'M' ? PURCHASE_MBGNBD : *m == 'P' ? PURCHASE_PNBD : PURCHASE_NBD;
        Purchasefit fit;
        Err err = {0};
        double repeats = 0;
        lawfit_run(&fit, model, &buyers, &err, NULL);
        for (int64_t i = 0; i < all.n; i++) repeats += all.frequency[i];
        double weeks = fit.log_likelihood + repeats * log(7); /* the likelihood of times in weeks */
        double theirs = oracle_number(oracle, "cdnow_sample_39w.%s.ll", peers[k][0]);
        ck_assert_msg(fabs(weeks / theirs - 1) < 1e-6 && weeks > theirs - 1e-4, "%s: %.9g, ours %.9g", peers[k][0], theirs, weeks);
    }
    oracle_free(&all);
    oracle_close(oracle);
}
END_TEST

/* ---- Shifted beta geometric ---- */

/* Fader, Hardie (2007), table 1 and section 3: a thousand subscribers of each kind, those left after each of seven years;
 * the parameters are the paper's, to its digits. */
static const struct {
    int64_t left[7];
    double alpha, beta, loglik;
} sbg_published[] = {
    {{869, 743, 653, 593, 551, 517, 491}, 0.668, 3.806, -1611.2},
    {{631, 468, 382, 326, 289, 262, 241}, 0.704, 1.182, -1680.3},
};

START_TEST(sbg_fit_is_the_published_one) {
    int64_t lost[7], kept[7] = {0}, before = 1000;
    for (int t = 0; t < 7; t++) {
        lost[t] = before - sbg_published[_i].left[t];
        before = sbg_published[_i].left[t];
    }
    kept[6] = before;
    SbgData data = {.n = 7, .lost = lost, .kept = kept};
    SbgFit fit;
    sbg_fit(&data, NULL, &fit);
    ck_assert(fit.converged);
    ck_assert_uint_eq(fit.warnings, 0);
    ck_assert_int_eq(fit.customers, 1000);
    ck_assert_int_eq(fit.lost, 1000 - before);
    ck_assert_double_eq_tol(fit.params.alpha, sbg_published[_i].alpha, 0.00051);
    ck_assert_double_eq_tol(fit.params.beta, sbg_published[_i].beta, 0.00051);
    ck_assert_double_eq_tol(fit.log_likelihood, sbg_published[_i].loglik, 0.051);
}
END_TEST

START_TEST(sbg_figures_of_the_oracle) {
    static const char *const names[] = {"sbg_highend_7y", "sbg_regular_7y"};
    Oracle *oracle = oracle_open(names[_i]);
    if (!oracle) return;
    SbgParams p = {oracle_number(oracle, "fit.params.alpha"), oracle_number(oracle, "fit.params.beta")};
    for (int t = 1; t <= 12; t++) {
        ck_assert(near_relative(exp(sbg_log_survival(&p, t)), oracle_number(oracle, "survival[%d]", t - 1), 1e-12));
        ck_assert(near_relative(sbg_retention(&p, t), oracle_number(oracle, "retention[%d]", t - 1), 1e-12));
    }
    oracle_close(oracle);
}
END_TEST

START_TEST(sbg_survival_follows_retention) {
    static const SbgParams params[] = {{0.7, 1.2}, {5, 40}, {0.01, 0.5}, {1e6, 9e6}};
    for (int i = 0; i < COUNT(params); i++) {
        double log_survival = 0, sum = 0;
        for (int t = 1; t <= 5000; t++) {
            log_survival += log(sbg_retention(&params[i], t));
            sum += exp(log_survival);
            if (!near(sbg_log_survival(&params[i], t), log_survival, 1e-9)) ck_abort_msg("params %d, t = %d", i, t);
        }
        ck_assert(near_relative(sbg_expected_renewals(&params[i], 0, 5000), sum, 1e-9));
        ck_assert(near_relative(sbg_expected_renewals(&params[i], 1, 1), sbg_retention(&params[i], 2), 1e-14));
    }
    ck_assert_double_eq(sbg_log_survival(&params[0], 0), 0);
    ck_assert(isnan(sbg_log_survival(&params[0], -1)) && isnan(sbg_retention(&params[0], 0)));
    ck_assert(isnan(sbg_expected_renewals(&params[0], 0, INFINITY)) && isnan(sbg_retention(&(SbgParams){0, 1}, 1)));
}
END_TEST

START_TEST(sbg_fit_recovers_a_population) {
    enum { N = 30000, PERIODS = 18 };
    const SbgParams truth = {0.8, 2.6};
    uint64_t random = 41;
    int64_t lost[PERIODS] = {0}, kept[PERIODS] = {0};
    for (int i = 0; i < N; i++) {
        double a = gamma_draw(&random, truth.alpha, 1), leave = a / (a + gamma_draw(&random, truth.beta, 1));
        int t = 0, seen = PERIODS - (int)(uniform(&random) * (PERIODS - 1)); /* joined at different times */
        bool gone = false;
        while (t < seen && !gone) {
            t++;
            gone = uniform(&random) < leave;
        }
        if (gone) lost[t - 1]++;
        else kept[t - 1]++;
    }
    SbgFit fit;
    sbg_fit(&(SbgData){.n = PERIODS, .lost = lost, .kept = kept}, NULL, &fit);
    ck_assert(fit.converged && fit.warnings == 0 && fit.customers == N);
    ck_assert(fabs(fit.params.alpha - truth.alpha) < 3 * fit.std_error.alpha && fit.std_error.alpha < 0.05);
    ck_assert(fabs(fit.params.beta - truth.beta) < 3 * fit.std_error.beta && fit.std_error.beta < 0.2);
}
END_TEST

/* All alike: a geometric law, which fixes the mean only.  Nobody left: nothing to say. */
START_TEST(sbg_fits_that_warn) {
    int64_t geometric[] = {32768, 16384, 8192, 4096, 2048}, rest[] = {0, 0, 0, 0, 2048};
    SbgData data = {.n = 5, .lost = geometric, .kept = rest};
    SbgFit fit;
    sbg_fit(&data, NULL, &fit);
    ck_assert(fit.warnings & SBG_RIDGE);
    ck_assert(near(sbg_retention(&fit.params, 1), 0.5, 1e-3) && near(sbg_retention(&fit.params, 5), 0.5, 1e-3));
    int64_t none[] = {0, 0}, all[] = {5, 7};
    data = (SbgData){.n = 2, .lost = none, .kept = all};
    sbg_fit(&data, NULL, &fit);
    ck_assert_uint_eq(fit.warnings, SBG_NO_CHURN);
    ck_assert(!fit.converged && isnan(fit.params.alpha));
    ck_assert_int_eq(fit.customers, 12);
    data = (SbgData){.n = 2, .lost = all, .kept = none};
    stop_after = 3;
    Poll poll = {.stop = stop_now};
    sbg_fit(&data, &poll, &fit);
    ck_assert(fit.interrupted);
}
END_TEST

/* ---- Borders ---- */

/* Each parameter in turn: no figure comes of 0, of less than nothing, of what is no finite number. */
START_TEST(parameters_are_positive_numbers) {
    static const double bad[] = {0, -1, INFINITY, (double)NAN};
    double v[4], gradient[4];
    for (int j = 0; j < 4; j++)
        for (int b = 0; b < COUNT(bad); b++) {
            PnbdParams timed = pnbd_params[0];
            BgbbParams counted = bgbb_params[0];
            memcpy(v, &timed, sizeof(v)), v[j] = bad[b], memcpy(&timed, v, sizeof(v));
            memcpy(v, &counted, sizeof(v)), v[j] = bad[b], memcpy(&counted, v, sizeof(v));
            ck_assert(isnan(pnbd_loglik(&timed, 1, 1, 2, gradient)));
            ck_assert(isnan(gradient[0]) && isnan(gradient[1]) && isnan(gradient[2]) && isnan(gradient[3]));
            ck_assert(isnan(pnbd_p_alive(&timed, 1, 1, 2)) && isnan(pnbd_p_no_purchase(&timed, 1, 1, 2, 3)));
            ck_assert(isnan(pnbd_expected_if_alive(&timed, 1, 2, 3)));
            ck_assert(isnan(pnbd_discounted_if_alive(&timed, 1, 2, 3, 0.1)));
            ck_assert(isnan(bgbb_loglik(&counted, 1, 1, 2, gradient)));
            ck_assert(isnan(gradient[0]) && isnan(gradient[1]) && isnan(gradient[2]) && isnan(gradient[3]));
            ck_assert(isnan(bgbb_p_alive(&counted, 1, 1, 2)) && isnan(bgbb_p_no_purchase(&counted, 1, 1, 2, 3)));
            ck_assert(isnan(bgbb_expected_purchases(&counted, 1, 1, 2, 3, 0)));
            if (j > 1) continue;
            SbgParams renewing = j ? (SbgParams){0.7, bad[b]} : (SbgParams){bad[b], 1.2};
            ck_assert(isnan(sbg_log_survival(&renewing, 1)) && isnan(sbg_retention(&renewing, 1)));
            ck_assert(isnan(sbg_expected_renewals(&renewing, 0, 2)));
        }
}
END_TEST

/* Within no time nothing happens; less than no time, or no end of it, is none. */
START_TEST(horizons_begin_at_nothing) {
    static const double wrong[] = {-1, INFINITY, (double)NAN};
    const PnbdParams *timed = &pnbd_params[0];
    const SbgParams renewing = {0.7, 1.2};
    ck_assert_double_eq(pnbd_discounted_if_alive(timed, 3, 39, 0, 0.01), 0);
    ck_assert_double_eq(sbg_expected_renewals(&renewing, 0, 0), 0);
    for (int i = 0; i < COUNT(wrong); i++) {
        ck_assert(isnan(pnbd_p_no_purchase(timed, 3, 20, 39, wrong[i])));
        ck_assert(isnan(pnbd_expected_if_alive(timed, 3, 39, wrong[i])));
        ck_assert(isnan(pnbd_discounted_if_alive(timed, 3, 39, wrong[i], 0.01)));
        ck_assert(isnan(pnbd_discounted_if_alive(timed, 3, 39, 52, wrong[i])));
        ck_assert(isnan(sbg_log_survival(&renewing, wrong[i])) && isnan(sbg_expected_renewals(&renewing, 0, wrong[i])));
    }
    ck_assert(isnan(bgbb_expected_purchases(&bgbb_params[0], 1, 1, 6, -1, 0)));
    ck_assert(isnan(bgbb_expected_purchases(&bgbb_params[0], 1, 1, 6, 1, (double)NAN)));
    ck_assert(isnan(bgbb_p_no_purchase(&bgbb_params[0], 1, 1, 6, INT32_MAX)));
    ck_assert(isnan(bgbb_loglik(&bgbb_params[0], -1, 1, 6, NULL)) && isnan(bgbb_loglik(&bgbb_params[0], 0, -1, 6, NULL)));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lifetimes");
    TCase *tc = tcase_create("lifetimes");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, pnbd_gradient_is_that_of_the_likelihood);
    tcase_add_test(tc, pnbd_has_no_unit_of_time);
    tcase_add_test(tc, pnbd_limits);
    tcase_add_test(tc, pnbd_goes_on_where_it_divides_by_nothing);
    tcase_add_test(tc, nothing_comes_of_wrong_parameters);
    tcase_add_test(tc, pnbd_waits_as_its_integral);
    tcase_add_test(tc, pnbd_forecasts_are_monotone);
    tcase_add_test(tc, pnbd_waiting_is_silence);
    tcase_add_test(tc, pnbd_stress_cases);
    tcase_add_test(tc, pnbd_customers_of_the_oracle);
    tcase_add_test(tc, pnbd_fit_of_the_oracle);
    tcase_add_test(tc, pnbd_fit_recovers_a_population);
    tcase_add_test(tc, nbd_fit_recovers_a_population);
    tcase_add_test(tc, pnbd_fit_without_data);
    tcase_add_test(tc, pnbd_fit_stops_when_told);
    tcase_add_test(tc, bgbb_gradient_is_that_of_the_likelihood);
    tcase_add_test(tc, bgbb_probabilities_add_up);
    tcase_add_test(tc, bgbb_forecasts_follow_from_the_likelihood);
    tcase_add_test(tc, bgbb_fits_of_the_oracle);
    tcase_add_test(tc, bgbb_fit_recovers_a_population);
    tcase_add_test(tc, bgbb_fit_without_purchases);
    tcase_add_loop_test(tc, rounded_weeks_have_their_optimum, 0, 3);
    tcase_add_test(tc, peers_find_no_more);
    tcase_add_loop_test(tc, sbg_fit_is_the_published_one, 0, COUNT(sbg_published));
    tcase_add_loop_test(tc, sbg_figures_of_the_oracle, 0, 2);
    tcase_add_test(tc, sbg_fit_recovers_a_population);
    tcase_add_test(tc, sbg_survival_follows_retention);
    tcase_add_test(tc, sbg_fits_that_warn);
    tcase_add_test(tc, parameters_are_positive_numbers);
    tcase_add_test(tc, horizons_begin_at_nothing);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
