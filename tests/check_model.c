/* check_model.c - ext/model against published fits, reference numbers and laws. */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/linear.h"
#include "model/purchasecurve.h"
#include "model/bgnbdfit.h"
#include "model/gammagamma.h"
#include "model/rfmgroup.h"
#include "oracle.h"

typedef struct Worst { /* the worst case of many */
    double error, got, want, x, tx, T;
} Worst;

static void worst_take(Worst *w, double got, double want, double floor_size, const double row[3]) {
    double error = fabs(got - want) / fmax(fabs(want), floor_size);
    if (isnan(want)) return;
    if (!(error <= 1e300)) error = 1e300;
    if (error > w->error) *w = (Worst){error, got, want, row[0], row[1], row[2]};
}

static void worst_assert(const Worst *w, double tolerance, const char *what) {
    if (w->error > tolerance)
        ck_abort_msg("%s at (%g, %g, %g): %.17g, not %.17g: off by %.3g", what, w->x, w->tx, w->T,
                     w->got, w->want, w->error);
}

static const char *const kind_name[] = {"BGNBD", "MBGNBD"};

/* ---- Random populations ---- */

static uint64_t seed;

static double uniform(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return ((double)(seed >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void) {
    return sqrt(-2 * log(uniform())) * cos(6.28318530717958647692 * uniform());
}

/* Marsaglia, Tsang (2000). */
static double gamma_draw(double shape) {
    double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = normal(), v = 1 + c * x;
        if (v <= 0) continue;
        v = v * v * v;
        if (log(uniform()) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v * (shape < 1 ? pow(uniform(), 1 / shape) : 1);
    }
}

typedef struct People { /* customers as they come, and their groups */
    int64_t n;
    int32_t *frequency, *recency, *age;
    double *monetary_value;
    BgnbdfitData groups;
    int32_t *group_frequency, *group_recency, *group_age;
    int64_t *group_count;
    void *workspace;
} People;

static void *room(int64_t n, size_t size) {
    void *p = calloc((size_t)n + 1, size);
    if (!p) ck_abort_msg("out of memory");
    return p;
}

static People people_new(int64_t n) {
    return (People){.n = n,
                    .frequency = room(n, sizeof(int32_t)),
                    .recency = room(n, sizeof(int32_t)),
                    .age = room(n, sizeof(int32_t)),
                    .monetary_value = room(n, sizeof(double)),
                    .group_frequency = room(n, sizeof(int32_t)),
                    .group_recency = room(n, sizeof(int32_t)),
                    .group_age = room(n, sizeof(int32_t)),
                    .group_count = room(n, sizeof(int64_t))};
}

static void people_free(People *p) {
    free(p->frequency), free(p->recency), free(p->age), free(p->monetary_value);
    free(p->group_frequency), free(p->group_recency), free(p->group_age), free(p->group_count);
    free(p->workspace);
}

static void people_group(People *p) {
    void *workspace = malloc((size_t)rfmgroup_workspace_size(p->n));
    int64_t n = rfmgroup_collapse(p->n, p->frequency, p->recency, p->age, workspace,
                                  p->group_frequency, p->group_recency, p->group_age,
                                  p->group_count);
    free(workspace);
    ck_assert(n >= 0);
    p->groups = (BgnbdfitData){n, p->group_frequency, p->group_recency, p->group_age, p->group_count};
    free(p->workspace);
    p->workspace = malloc((size_t)bgnbdfit_workspace_size(&p->groups));
}

static Bgnbdfit people_fit(BgnbdKind kind, People *p, const Poll *poll) {
    Bgnbdfit fit;
    people_group(p);
    bgnbdfit_run(kind, &p->groups, p->workspace, poll, &fit);
    return fit;
}

static GammagammaFit people_fit_spend(const People *p, const Poll *poll) {
    GammagammaFit fit;
    void *workspace = malloc((size_t)gammagamma_workspace_size(p->n));
    gammagamma_fit(p->n, p->frequency, p->monetary_value, workspace, poll, &fit);
    free(workspace);
    return fit;
}

/* Purchases in continuous time, recorded in whole days; two on one day count once. */
static People people_simulate(BgnbdKind kind, const BgnbdParams *q, const GammagammaParams *spend,
                              int64_t n, int days) {
    People p = people_new(n);
    for (int64_t i = 0; i < n; i++) {
        double rate = gamma_draw(q->r) / q->alpha, leave = gamma_draw(q->a), t = 0;
        leave /= leave + gamma_draw(q->b);
        p.age[i] = (int32_t)(days * uniform());
        bool alive = kind == BGNBD_BG || uniform() >= leave;
        while (alive && (t -= log(uniform()) / rate) <= p.age[i]) {
            p.frequency[i] += (int32_t)t > p.recency[i];
            p.recency[i] = (int32_t)t;
            alive = uniform() >= leave;
        }
        double scale = gamma_draw(spend->q) / spend->gamma, x = p.frequency[i];
        if (x > 0) p.monetary_value[i] = gamma_draw(spend->p * x) / (scale * x);
    }
    return p;
}

static const BgnbdParams people_params = {0.8, 240, 0.6, 2.4};
static const GammagammaParams people_spend = {6.25, 3.74, 15.44};

/* ---- Published values, without the data ---- */

static const BgnbdParams cdnow_bg = {.r = 0.243, .alpha = 4.414, .a = 0.793, .b = 2.426};
static const GammagammaParams cdnow_spend = {.p = 6.25, .q = 3.74, .gamma = 15.44};

/* Fader, Hardie, Lee (2005): customer 1 of the CDNOW sample. */
START_TEST(published_expectation) {
    double e = bgnbd_expected_purchases(BGNBD_BG, &cdnow_bg, 2, 30.43, 38.86, 39);
    ck_assert_double_eq_tol(e, 1.226, 5e-4);
    ck_assert_double_eq_tol(gammagamma_expected_spend(&cdnow_spend, 0, 0), 35.22, 0.01);
    ck_assert_double_eq_tol(gammagamma_expected_spend(&cdnow_spend, 2, 22.35),
                            6.25 * (15.44 + 44.70) / (6.25 * 2 + 2.74), 1e-12);
}
END_TEST

/* The four-term form of the paper: A1 A2 (A3 + [x > 0] A4). */
START_TEST(loglik_is_that_of_the_paper) {
    Worst w = {0};
    seed = 20240229;
    for (int i = 0; i < 2000; i++) {
        const BgnbdParams *p = &cdnow_bg;
        double x = floor(12 * uniform()), T = 1 + 60 * uniform(), tx = x > 0 ? T * uniform() : 0;
        double k = p->r + x;
        double a1 = lgamma(k) - lgamma(p->r) + p->r * log(p->alpha);
        double a2 = lgamma(p->a + p->b) + lgamma(p->b + x) - lgamma(p->b) - lgamma(p->a + p->b + x);
        double a3 = pow(p->alpha + T, -k);
        double a4 = x > 0 ? p->a / (p->b + x - 1) * pow(p->alpha + tx, -k) : 0;
        worst_take(&w, bgnbd_loglik(BGNBD_BG, p, x, tx, T, NULL), a1 + a2 + log(a3 + a4), 1,
                   (double[]){x, tx, T});
    }
    worst_assert(&w, 1e-13, "loglik");
}
END_TEST

/* ---- Laws of one customer ---- */

static const BgnbdParams odd_params[] = {
    {0.2426, 4.414, 0.793, 2.426}, {0.8, 60, 0.6, 2.4},     {78, 500, 0.1, 0.3},
    {3e-3, 0.05, 1, 5},            {0.72, 66, 2e-7, 19000}, {12, 3, 40, 0.5},
    {1.3, 1000, 600, 900},         {0.4, 5, 0.02, 0.01},
};
enum { ODD_PARAMS = sizeof(odd_params) / sizeof(odd_params[0]) };
static const double odd_rows[][3] = {
    {0, 0, 0},      {0, 0, 39},      {1, 0.5, 39},    {2, 30.43, 38.86},
    {30, 300, 365}, {300, 364, 365}, {5000, 10, 365}, {7, 7, 7},
};
enum { ODD_ROWS = sizeof(odd_rows) / sizeof(odd_rows[0]) };

static double natural(const BgnbdParams *p, int i) {
    return i == 0 ? p->r : i == 1 ? p->alpha : i == 2 ? p->a : p->b;
}

static BgnbdParams nudged(BgnbdParams p, int i, double factor) {
    *(i == 0 ? &p.r : i == 1 ? &p.alpha : i == 2 ? &p.a : &p.b) *= factor;
    return p;
}

START_TEST(gradient_is_that_of_the_value) {
    Worst w = {0};
    for (int c = 0; c < 2 * ODD_PARAMS * ODD_ROWS; c++) {
        BgnbdKind kind = c % 2 ? BGNBD_MBG : BGNBD_BG;
        const BgnbdParams *p = &odd_params[c / 2 % ODD_PARAMS];
        const double *row = odd_rows[c / 2 / ODD_PARAMS];
        double gradient[4], h = 1e-5;
        double size = fabs(bgnbd_loglik(kind, p, row[0], row[1], row[2], gradient));
        for (int i = 0; i < 4; i++) {
            BgnbdParams up = nudged(*p, i, 1 + h), down = nudged(*p, i, 1 - h);
            double want = bgnbd_loglik(kind, &up, row[0], row[1], row[2], NULL) -
                          bgnbd_loglik(kind, &down, row[0], row[1], row[2], NULL);
            worst_take(&w, gradient[i] * natural(p, i), want / (2 * h), 1 + size, row);
        }
    }
    worst_assert(&w, 1e-8, "gradient");
}
END_TEST

/* The posterior mean over p of (1 - (1 + p tau)^-k) / p by double-exponential quadrature in
 * ln p and ln(1 - p), a route of its own. */
static double brute_expectation(BgnbdKind kind, const BgnbdParams *p, double x, double T,
                                double t) {
    double tau = t / (p->alpha + T), k = p->r + x, B = p->b + x + (kind == BGNBD_MBG);
    double mass = 0, mean = 0, peak = -1e300, h = 1.0 / 128;
    for (int pass = 0; pass < 2; pass++)
        for (double s = -20; s <= 20; s += h) {
            double y = 1.57 * sinh(s) + log(p->a / B);
            double log_p = y < 0 ? y - log1p(exp(y)) : -log1p(exp(-y));
            double log_1p = y < 0 ? -log1p(exp(y)) : -y - log1p(exp(-y));
            double log_density = p->a * log_p + B * log_1p;
            if (pass == 0) {
                peak = fmax(peak, log_density);
                continue;
            }
            double density = exp(log_density - peak) * cosh(s), at = exp(log_p);
            double per = at < 1e-290 ? k * tau : -expm1(-k * log1p(at * tau)) / at;
            mass += density;
            mean += density * per;
        }
    return mean / mass;
}

START_TEST(expectation_is_the_integral_over_p) {
    static const double horizon[] = {0.001, 1, 39, 365, 1e5, 1e9};
    Worst w = {0};
    for (int c = 0; c < 2 * ODD_PARAMS * ODD_ROWS; c++)
        for (int h = 0; h < 6; h++) {
            BgnbdKind kind = c % 2 ? BGNBD_MBG : BGNBD_BG;
            const BgnbdParams *p = &odd_params[c / 2 % ODD_PARAMS];
            const double *row = odd_rows[c / 2 / ODD_PARAMS];
            double got = bgnbd_expected_if_alive(kind, p, row[0], row[2], horizon[h]);
            worst_take(&w, got, brute_expectation(kind, p, row[0], row[2], horizon[h]), 0,
                       (double[]){row[0], row[2], horizon[h]});
        }
    worst_assert(&w, 2e-11, "expected_if_alive");
}
END_TEST

/* Simpson's rule in ln(1 + u / (alpha + T)) on the integral by parts, 16000 steps. */
static double brute_discount(BgnbdKind kind, const BgnbdParams *p, double x, double T, double t,
                             double delta) {
    enum { STEPS = 16000 };
    double span = p->alpha + T, top = log1p(t / span), sum = 0;
    for (int i = 0; i <= STEPS; i++) {
        double u = span * expm1(top * i / STEPS), weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
        sum += weight * delta * exp(-delta * u) * (span + u) *
               bgnbd_expected_if_alive(kind, p, x, T, fmin(u, t));
    }
    return sum * top / STEPS / 3 + exp(-delta * t) * bgnbd_expected_if_alive(kind, p, x, T, t);
}

START_TEST(discount_is_the_integral_over_time) {
    static const double rates[] = {1e-6, 0.01, 0.3, 1, 5, 20, 50};
    Worst w = {0};
    for (int c = 0; c < 7 * 2 * 4; c++) {
        BgnbdKind kind = c % 2 ? BGNBD_MBG : BGNBD_BG;
        const BgnbdParams *p = &odd_params[c / 2 % 2];
        const double *row = odd_rows[c / 2 % 4];
        double t = c % 3 ? 365 : 52, delta = rates[c / 8] / t;
        worst_take(&w, bgnbd_discounted_if_alive(kind, p, row[0], row[2], t, delta),
                   brute_discount(kind, p, row[0], row[2], t, delta), 0,
                   (double[]){row[0], row[2], delta * t});
    }
    worst_assert(&w, 1e-10, "discounted_if_alive");
}
END_TEST

START_TEST(discount_has_its_limits) {
    for (int c = 0; c < 2 * ODD_PARAMS * ODD_ROWS; c++) {
        BgnbdKind kind = c % 2 ? BGNBD_MBG : BGNBD_BG;
        const BgnbdParams *p = &odd_params[c / 2 % ODD_PARAMS];
        double x = odd_rows[c / 2 / ODD_PARAMS][0], T = odd_rows[c / 2 / ODD_PARAMS][2];
        double all = bgnbd_expected_if_alive(kind, p, x, T, 365);
        double none = bgnbd_discounted_if_alive(kind, p, x, T, 365, 0);
        double some = bgnbd_discounted_if_alive(kind, p, x, T, 365, 1e-9);
        double much = bgnbd_discounted_if_alive(kind, p, x, T, 365, 0.1);
        bool right = none == all && some <= all * (1 + 1e-12) && some > all * (1 - 4e-7) &&
                     much < some && much > 0;
        if (!right) ck_abort_msg("case %d: %.17g %.17g %.17g %.17g", c, all, none, some, much);
    }
    ck_assert(bgnbd_discounted_if_alive(BGNBD_BG, &cdnow_bg, 2, 39, 0, 0.1) == 0);
    ck_assert(isnan(bgnbd_discounted_if_alive(BGNBD_BG, &cdnow_bg, 2, 39, 1, -0.1)));
}
END_TEST

/* With a discount, all purchases are counted together with the integral. */
START_TEST(purchases_are_the_same_with_and_without_discount) {
    static const double horizon[] = {0, 1e-6, 1, 365, 36500, 1e9}, rates[] = {1e-12, 2.6e-4, 3, 1e9};
    Worst w = {0};
    for (int c = 0; c < 2 * ODD_PARAMS * ODD_ROWS; c++)
        for (int h = 0; h < 6; h++)
            for (int d = 0; d < 4; d++) {
                BgnbdKind kind = c % 2 ? BGNBD_MBG : BGNBD_BG;
                const BgnbdParams *p = &odd_params[c / 2 % ODD_PARAMS];
                double x = odd_rows[c / 2 / ODD_PARAMS][0], T = odd_rows[c / 2 / ODD_PARAMS][2];
                BgnbdPurchases both = bgnbd_purchases_if_alive(kind, p, x, T, horizon[h], rates[d]);
                double want = bgnbd_expected_if_alive(kind, p, x, T, horizon[h]);
                worst_take(&w, both.expected, want, 1e-300, (double[]){x, T, horizon[h]});
                if (!(both.discounted <= both.expected * (1 + 1e-12) && both.discounted >= 0))
                    ck_abort_msg("case %d, %d, %d: %.17g of %.17g", c, h, d, both.discounted,
                                 both.expected);
            }
    worst_assert(&w, 1e-13, "expected, beside discounted");
}
END_TEST

START_TEST(probabilities_fit_together) {
    for (int c = 0; c < 2 * ODD_PARAMS * ODD_ROWS; c++) {
        BgnbdKind kind = c % 2 ? BGNBD_MBG : BGNBD_BG;
        const BgnbdParams *p = &odd_params[c / 2 % ODD_PARAMS];
        const double *row = odd_rows[c / 2 / ODD_PARAMS];
        double alive = bgnbd_p_alive(kind, p, row[0], row[1], row[2]);
        double now = bgnbd_p_no_purchase(kind, p, row[0], row[1], row[2], 0);
        double soon = bgnbd_p_no_purchase(kind, p, row[0], row[1], row[2], 30);
        double ever = bgnbd_p_no_purchase(kind, p, row[0], row[1], row[2], 1e300);
        double expected = bgnbd_expected_purchases(kind, p, row[0], row[1], row[2], 30);
        bool right = alive >= 0 && alive <= 1 && fabs(now - 1) < 1e-15 && soon <= now &&
                     ever <= soon && ever >= 1 - alive - 1e-15 &&
                     expected >= (1 - soon) * (1 - 1e-9) - 1e-15;
        if (kind == BGNBD_BG && row[0] == 0) right = right && alive == 1;
        if (!right) ck_abort_msg("case %d: %g %g %g %g %g", c, alive, now, soon, ever, expected);
    }
}
END_TEST

START_TEST(nonsense_is_nan) {
    static const double rows[][3] = {
        {-1, 0, 1}, {1, 2, 1}, {1, -1, 1}, {NAN, 0, 1}, {1, 1, INFINITY}, {INFINITY, 1, 1}};
    BgnbdParams bad[] = {{0, 1, 1, 1},        {1, -1, 1, 1},        {1, 1, NAN, 1},
                         {1, 1, 1, 0},        {INFINITY, 1, 1, 1},  {1, INFINITY, 1, 1},
                         {1, 1, INFINITY, 1}, {1, 1, 1, INFINITY}};
    GammagammaParams bad_spend[] = {{0, 4, 15},        {6, 0, 15},        {6, 4, 0},  {NAN, 4, 15},
                                    {INFINITY, 4, 15}, {6, INFINITY, 15}, {6, 4, INFINITY}};
    double gradient[4] = {0};
    for (int i = 0; i < 6; i++)
        ck_assert(isnan(bgnbd_p_alive(BGNBD_BG, &cdnow_bg, rows[i][0], rows[i][1], rows[i][2])));
    for (int i = 0; i < 8; i++) {
        ck_assert(isnan(bgnbd_loglik(BGNBD_MBG, &bad[i], 1, 1, 2, gradient)) && isnan(gradient[3]));
        ck_assert(isnan(bgnbd_loglik(BGNBD_MBG, &bad[i], 1, 1, 2, NULL)));
        ck_assert(isnan(bgnbd_unconditional_expected(BGNBD_BG, &bad[i], 3)));
    }
    for (int i = 0; i < 7; i++) {
        gradient[2] = 0;
        ck_assert(isnan(gammagamma_loglik(&bad_spend[i], 1, 3, gradient)) && isnan(gradient[2]));
        ck_assert(isnan(gammagamma_loglik(&bad_spend[i], 1, 3, NULL)));
        ck_assert(isnan(gammagamma_expected_spend(&bad_spend[i], 1, 3)));
    }
    ck_assert(isnan(gammagamma_loglik(&cdnow_spend, 0, 3, NULL)));
    ck_assert(isnan(gammagamma_loglik(&cdnow_spend, INFINITY, 3, NULL)));
    ck_assert(isnan(gammagamma_loglik(&cdnow_spend, 1, INFINITY, NULL)));
    ck_assert(gammagamma_loglik(&cdnow_spend, 2, 3, NULL) ==
              gammagamma_loglik(&cdnow_spend, 2, 3, gradient));
    ck_assert(isnan(gammagamma_expected_spend(&cdnow_spend, INFINITY, 3)));
    ck_assert(isnan(gammagamma_expected_spend(&cdnow_spend, 1, -3)));
    ck_assert(isnan(bgnbd_expected_purchases(BGNBD_BG, &cdnow_bg, 1, 1, 2, INFINITY)));
    /* Two shares that are both rounded up are still no more than all. */
    BgnbdParams rounded = {0.57932274095065883, 16.010120413806501, 0.0012535626067764355, 198.13254822728393};
    ck_assert_double_le(bgnbd_p_no_purchase(BGNBD_BG, &rounded, 6, 0, 0, 0), 1);
    ck_assert(isnan(bgnbd_p_no_purchase(BGNBD_BG, &cdnow_bg, 1, 1, 2, INFINITY)));
    ck_assert(isnan(bgnbd_p_no_purchase(BGNBD_BG, &cdnow_bg, 1, 3, 2, 1)));
    ck_assert(isnan(bgnbd_expected_if_alive(BGNBD_BG, &cdnow_bg, 1, 2, INFINITY)));
    ck_assert(isnan(bgnbd_discounted_if_alive(BGNBD_BG, &cdnow_bg, 1, 2, 3, -0.1)));
    ck_assert(isnan(bgnbd_discounted_if_alive(BGNBD_BG, &cdnow_bg, 1, 2, 3, INFINITY)));
    /* without a repeat BG has nobody who is gone, and b - 1 is not divided by */
    bgnbd_loglik(BGNBD_BG, &(BgnbdParams){0.7, 3, 0.5, 1}, 0, 0, 2, gradient);
    ck_assert(isfinite(gradient[3]));
    ck_assert(isnan(bgnbd_expected_purchases(BGNBD_BG, &cdnow_bg, 1, 1, 2, -1)));
    ck_assert(isnan(bgnbd_p_no_purchase(BGNBD_BG, &cdnow_bg, 1, 1, 2, NAN)));
    ck_assert(isnan(gammagamma_expected_spend(&(GammagammaParams){6, 0.9, 15}, 0, 0)));
    ck_assert(!isnan(gammagamma_expected_spend(&(GammagammaParams){6, 0.9, 15}, 1, 3)));
    /* p (gamma + x m) / (p x + q - 1), however little is below the line */
    ck_assert_double_eq_tol(gammagamma_expected_spend(&(GammagammaParams){0.5, 0.75, 15}, 1, 3), 0.5 * 18 / 0.25, 1e-12);
    ck_assert_double_eq_tol(gammagamma_expected_spend(&(GammagammaParams){0.5, 1.25, 15}, 0, 3), 0.5 * 15 / 0.25, 1e-12);
    ck_assert_double_eq_tol(gammagamma_expected_spend(&(GammagammaParams){3, 2, 0.5}, 2, 0), 3 * 0.5 / 7, 1e-15);
    ck_assert(isnan(gammagamma_expected_spend(&(GammagammaParams){6, 1, 15}, 0, 0)));
    ck_assert(isnan(gammagamma_expected_spend(&cdnow_spend, -1, 3)));
    ck_assert_double_eq(gammagamma_expected_spend(&cdnow_spend, 0, (double)NAN), gammagamma_expected_spend(&cdnow_spend, 0, 7));
    ck_assert(isnan(gammagamma_expected_spend(&cdnow_spend, 1, (double)NAN)));
    ck_assert(isnan(gammagamma_loglik(&cdnow_spend, 1, 0, gradient)) && isnan(gradient[2]));
}
END_TEST

/* ---- Reference numbers ---- */

START_TEST(gradient_reference_cases) {
    Oracle *oracle = oracle_open("gradcheck");
    Worst w = {0};
    if (!oracle) return;
    for (int c = 0; c < 12; c++) {
        const char *name = kind_name[c % 2];
        double p[4], row[3], gradient[4];
        for (int i = 0; i < 4; i++) p[i] = oracle_number(oracle, "%s.params[%d]", name, i);
        for (int i = 0; i < 3; i++)
            row[i] = oracle_number(oracle, "%s.rows[%d].case[%d]", name, c / 2, i);
        bgnbd_loglik((BgnbdKind)(c % 2), &(BgnbdParams){p[0], p[1], p[2], p[3]}, row[0], row[1],
                     row[2], gradient);
        for (int i = 0; i < 4; i++)
            worst_take(&w, gradient[i],
                       oracle_number(oracle, "%s.rows[%d].grad[%d]", name, c / 2, i), 1e-3, row);
    }
    int spend_rows = oracle_length(oracle, "GG.rows");
    for (int c = 0; c < spend_rows; c++) {
        double p[3], row[3] = {0}, gradient[3];
        for (int i = 0; i < 3; i++) p[i] = oracle_number(oracle, "GG.params[%d]", i);
        for (int i = 0; i < 2; i++) row[i] = oracle_number(oracle, "GG.rows[%d].case[%d]", c, i);
        gammagamma_loglik(&(GammagammaParams){p[0], p[1], p[2]}, row[0], row[1], gradient);
        for (int i = 0; i < 3; i++)
            worst_take(&w, gradient[i], oracle_number(oracle, "GG.rows[%d].grad[%d]", c, i), 1e-3,
                       row);
    }
    oracle_close(oracle);
    ck_assert_int_gt(spend_rows, 3);
    worst_assert(&w, 1e-11, "gradient");
}
END_TEST

START_TEST(expectation_stress_cases) {
    Oracle *oracle = oracle_open("numeric_stress_open");
    Worst w = {0};
    if (!oracle) return;
    int n_cases = oracle_length(oracle, "bg_cet");
    for (int c = 0; c < n_cases; c++) {
        double p[4], row[3];
        for (int i = 0; i < 4; i++) p[i] = oracle_number(oracle, "bg_cet[%d].p[%d]", c, i);
        row[0] = oracle_number(oracle, "bg_cet[%d].x", c);
        row[1] = oracle_number(oracle, "bg_cet[%d].tx", c);
        row[2] = oracle_number(oracle, "bg_cet[%d].T", c);
        double got = bgnbd_expected_purchases(BGNBD_BG, &(BgnbdParams){p[0], p[1], p[2], p[3]},
                                              row[0], row[1], row[2],
                                              oracle_number(oracle, "bg_cet[%d].t", c));
        worst_take(&w, got, oracle_number(oracle, "bg_cet[%d].ref", c), 1e-300, row);
    }
    oracle_close(oracle);
    ck_assert_int_eq(n_cases, 80);
    worst_assert(&w, 1e-12, "expected_purchases");
}
END_TEST

static BgnbdParams oracle_params(Oracle *oracle, const char *name) {
    return (BgnbdParams){.r = oracle_number(oracle, "fits.%s.params.r", name),
                         .alpha = oracle_number(oracle, "fits.%s.params.alpha", name),
                         .a = oracle_number(oracle, "fits.%s.params.a", name),
                         .b = oracle_number(oracle, "fits.%s.params.b", name)};
}

static const char *const reference[] = {"cdnow_sample_39w", "cdnow_sample_full_days",
                                        "uci_or_cal_weeks", "uci_or_full_days"};

/* One customer against every figure given; where b is in the ten thousands the reference itself
 * has only ten digits. */
static void customer_check(Oracle *oracle, BgnbdKind kind, const BgnbdParams *p, int c, bool weeks,
                           Worst *w) {
    static const int horizon[2][4] = {{7, 30, 90, 365}, {1, 13, 39, 52}};
    const char *name = kind_name[kind];
    double row[3], year = weeks ? 52 : 365, rate = log(1.15) / year;
    row[0] = oracle_number(oracle, "customers[%d].x", c);
    row[1] = oracle_number(oracle, "customers[%d].tx", c);
    row[2] = oracle_number(oracle, "customers[%d].T", c);
    double alive = bgnbd_p_alive(kind, p, row[0], row[1], row[2]);
    double ll = bgnbd_loglik(kind, p, row[0], row[1], row[2], NULL);
    worst_take(w, ll, oracle_number(oracle, "customers[%d].%s.ll", c, name), 1, row);
    worst_take(w, alive, oracle_number(oracle, "customers[%d].%s.palive", c, name), 0, row);
    for (int h = 0; h < 4; h++) {
        int days = horizon[weeks][h];
        double e = bgnbd_expected_purchases(kind, p, row[0], row[1], row[2], days);
        double none = bgnbd_p_no_purchase(kind, p, row[0], row[1], row[2], days);
        worst_take(w, e, oracle_number(oracle, "customers[%d].%s.cet.%d", c, name, days), 1e-300,
                   row);
        worst_take(w, 1 - none, oracle_number(oracle, "customers[%d].%s.pbuy.%d", c, name, days),
                   1e-3, row);
    }
    worst_take(w, alive * bgnbd_discounted_if_alive(kind, p, row[0], row[2], year, rate),
               oracle_number(oracle, "customers[%d].%s.dect_1y_15pct", c, name), 1e-300, row);
}

START_TEST(customers_at_given_parameters) {
    Oracle *oracle = oracle_open(reference[_i]);
    if (!oracle) return;
    bool weeks = _i % 2 == 0;
    int n_customers = oracle_length(oracle, "customers");
    ck_assert_int_gt(n_customers, 50);
    for (int kind = 0; kind < 2; kind++) {
        Worst w = {0};
        BgnbdParams p = oracle_params(oracle, kind_name[kind]);
        for (int c = 0; c < n_customers; c++)
            customer_check(oracle, (BgnbdKind)kind, &p, c, weeks, &w);
        for (int h = 0; h < 4; h++) {
            static const int horizon[2][4] = {{7, 30, 90, 365}, {1, 13, 39, 52}};
            int t = horizon[weeks][h];
            worst_take(&w, bgnbd_unconditional_expected((BgnbdKind)kind, &p, t),
                       oracle_number(oracle, "fits.%s.unconditional_expected.%d",
                                     kind_name[kind], t),
                       0, (double[]){0, 0, t});
        }
        worst_assert(&w, p.b > 1e4 ? 1e-9 : 1e-11, kind_name[kind]);
    }
    oracle_close(oracle);
}
END_TEST

/* The rows computed with 50 digits hold to the last few bits, boundary or not. */
START_TEST(customers_with_fifty_digits) {
    Oracle *oracle = oracle_open(reference[_i]);
    if (!oracle) return;
    double horizon = oracle_number(oracle, "mp50.horizon");
    int n_rows = oracle_length(oracle, "mp50.rows");
    ck_assert_int_gt(n_rows, 4);
    for (int kind = 0; kind < 2; kind++) {
        Worst w = {0};
        const char *name = kind_name[kind];
        BgnbdParams p = oracle_params(oracle, name);
        for (int c = 0; c < n_rows; c++) {
            double row[3] = {oracle_number(oracle, "mp50.rows[%d].x", c),
                             oracle_number(oracle, "mp50.rows[%d].tx", c),
                             oracle_number(oracle, "mp50.rows[%d].T", c)};
            worst_take(&w, bgnbd_loglik((BgnbdKind)kind, &p, row[0], row[1], row[2], NULL),
                       oracle_number(oracle, "mp50.rows[%d].%s.ll", c, name), 1e-6, row);
            worst_take(&w, bgnbd_p_alive((BgnbdKind)kind, &p, row[0], row[1], row[2]),
                       oracle_number(oracle, "mp50.rows[%d].%s.palive", c, name), 0, row);
            double e = bgnbd_expected_purchases((BgnbdKind)kind, &p, row[0], row[1], row[2],
                                                horizon);
            worst_take(&w, e,
                       oracle_number(oracle, "mp50.rows[%d].%s.cet", c, name), 1e-300, row);
        }
        worst_assert(&w, 1e-13, name);
    }
    oracle_close(oracle);
}
END_TEST

START_TEST(spend_at_given_parameters) {
    Oracle *oracle = oracle_open(reference[_i]);
    Worst w = {0};
    if (!oracle) return;
    GammagammaParams p = {oracle_number(oracle, "fits.GG.params.p"),
                          oracle_number(oracle, "fits.GG.params.q"),
                          oracle_number(oracle, "fits.GG.params.gamma")};
    for (int c = 0, n = oracle_length(oracle, "customers"); c < n; c++) {
        double row[3] = {oracle_number(oracle, "customers[%d].x", c),
                         oracle_number(oracle, "customers[%d].m", c), 0};
        worst_take(&w, gammagamma_expected_spend(&p, row[1] > 0 ? row[0] : 0, row[1]),
                   oracle_number(oracle, "customers[%d].gg_expected_mean", c), 0, row);
    }
    worst_take(&w, gammagamma_expected_spend(&p, 0, 0),
               oracle_number(oracle, "gg_population_mean"), 0, (double[]){0, 0, 0});
    oracle_close(oracle);
    worst_assert(&w, 1e-12, "expected_spend");
}
END_TEST

/* ---- Expected purchases as a curve over age ---- */

static const BgnbdParams curve_params[] = {{.2426, 30.9, .7929, 2.4259}, {.5248, 43, .89, 1.61},
                                           {.8265, 68.9, .0034, 6.7},    {5, 2, .3, .5},
                                           {.05, 500, 3, 1},             {.7466, 18.01, .6828, 4.719}};
enum { CURVE_PARAMS = sizeof(curve_params) / sizeof(curve_params[0]) };

static void curve_compare(const PurchasecurveTerms *terms, double x, double age_min, double age_max,
                          Worst *w) {
    Purchasecurve curve;
    purchasecurve_fit(&curve, terms, x, age_min, age_max);
    if (!curve.converged)
        ck_abort_msg("not converged: alpha %g, x %g, horizon %g, delta %g, ages %g to %g",
                     purchase_alpha(&terms->law), x, terms->horizon, terms->delta, age_min, age_max);
    for (int i = 0; i <= 20; i++) {
        double age = floor(age_min + (age_max - age_min) * i / 20);
        PurchaseCount want = purchasecurve_exact(terms, x, age), got = purchasecurve_read(&curve, age);
        double row[] = {x, age, terms->horizon};
        worst_take(w, got.expected, want.expected, 0, row);
        worst_take(w, got.discounted, want.discounted, 0, row);
    }
}

START_TEST(curve_is_the_full_evaluation) {
    static const double frequency[] = {0, 1, 5, 23, 120}, horizon[] = {1, 90, 365, 3650};
    static const double rates[] = {0, 2.6e-4, 6.6e-3}, ages[][2] = {{0, 1500}, {400, 700}};
    Worst w = {0};
    for (int kind = 0; kind < 2; kind++)
        for (int x = 0; x < 5; x++)
            for (int h = 0; h < 4; h++)
                for (int d = 0; d < 3; d++)
                    for (int a = 0; a < 2; a++) {
                        PurchasecurveTerms terms = {{(PurchaseModel)kind, {curve_params[_i]}}, horizon[h],
                                                 rates[d]};
                        curve_compare(&terms, frequency[x], fmax(ages[a][0], frequency[x]),
                                      ages[a][1], &w);
                    }
    worst_assert(&w, PURCHASECURVE_TOLERANCE, "purchasecurve_read");
}
END_TEST

START_TEST(curve_of_the_other_laws) {
    static const PurchaseLaw laws[] = {
        {PURCHASE_PNBD, {.pnbd = {.5533, 74, .6062, 82}}}, {PURCHASE_PNBD, {.pnbd = {2, 20, .05, 900}}},
        {PURCHASE_PNBD, {.pnbd = {.9, 300, 4, 30}}},       {PURCHASE_NBD, {.bgnbd = {.38, 84, NAN, NAN}}},
    };
    Worst w = {0};
    for (int i = 0; i < (int)(sizeof(laws) / sizeof(laws[0])); i++)
        for (int x = 0; x < 40; x += 13) {
            PurchasecurveTerms terms = {laws[i], 365, 2.6e-4};
            curve_compare(&terms, x, 1, 1400, &w);
            terms.delta = 0;
            curve_compare(&terms, x, 30, 60, &w);
        }
    worst_assert(&w, PURCHASECURVE_TOLERANCE, "purchasecurve_read of Pareto/NBD and NBD");
}
END_TEST

START_TEST(curve_of_one_age_is_a_constant) {
    Worst w = {0};
    PurchasecurveTerms terms = {{PURCHASE_MBGNBD, {curve_params[0]}}, 365, 2.6e-4};
    curve_compare(&terms, 3, 17, 17, &w);
    worst_assert(&w, 1e-14, "purchasecurve_read of one age");
}
END_TEST

/* Ages that look alike from a distance of alpha, and a range too wide for the points there are. */
START_TEST(curve_tells_when_it_cannot_be_read) {
    static const BgnbdParams bad[] = {{.7, -3, .5, 2}, {.7, NAN, .5, 2}, {NAN, 20, .5, 2}};
    Purchasecurve curve;
    Worst w = {0};
    PurchasecurveTerms terms = {{PURCHASE_MBGNBD, {{.7, 1e9, .5, 2}}}, 365, 2.6e-4};
    curve_compare(&terms, 2, 0, 3000, &w);
    worst_assert(&w, PURCHASECURVE_TOLERANCE, "purchasecurve_read with a large alpha");
    terms.law.as.bgnbd.alpha = 1e-9;
    purchasecurve_fit(&curve, &terms, 0, 0, 3000);
    ck_assert(!curve.converged);
    for (int i = 0; i < 3; i++) {
        terms.law.as.bgnbd = bad[i];
        purchasecurve_fit(&curve, &terms, 2, 5, 3000);
        ck_assert(!curve.converged);
    }
}
END_TEST

/* ---- Fits of real data ---- */

static bool reference_people(int which, People *p) {
    static const char *const last[] = {"1997-09-30", "1998-06-30", "2011-08-31", "2011-12-09"};
    OracleCustomers who;
    bool found;
    if (which == 0)
        found = oracle_summary("cdnow_sample_39w_rfm", &who);
    else if (which == 1)
        found = oracle_orders("cdnow_sample", 1, 2, 4, last[which], &who);
    else
        found = oracle_orders("uci_online_retail_orders", 1, 2, 3, last[which], &who);
    if (!found) return false;
    *p = people_new(who.n);
    memcpy(p->frequency, who.frequency, (size_t)who.n * sizeof(int32_t));
    memcpy(p->recency, who.recency, (size_t)who.n * sizeof(int32_t));
    memcpy(p->age, who.age, (size_t)who.n * sizeof(int32_t));
    memcpy(p->monetary_value, who.monetary_value, (size_t)who.n * sizeof(double));
    oracle_free(&who);
    return true;
}

/* A fit in days against one in units of unit days: alpha scales, the density of x times, too. */
static void fit_check(Oracle *oracle, const char *name, const Bgnbdfit *fit, double unit) {
    static const double none[3] = {0};
    Worst w = {0}, error = {0}, ll = {0};
    BgnbdParams want = oracle_params(oracle, name);
    double shift = oracle_number(oracle, "sum_x") * log(unit);
    bool boundary = oracle_number(oracle, "fits.%s.boundary", name) != 0;
    worst_take(&ll, fit->log_likelihood + shift, oracle_number(oracle, "fits.%s.loglik", name), 1,
               none);
    worst_take(&ll, fit->log_likelihood_nbd + shift, oracle_number(oracle, "fits.NBD.loglik"), 1,
               none);
    worst_assert(&ll, boundary ? 1e-10 : 1e-12, "log-likelihood");
    worst_take(&w, fit->params.r, want.r, 0, none);
    worst_take(&w, fit->params.alpha, want.alpha * unit, 0, none);
    if (!boundary) {
        worst_take(&w, fit->params.a, want.a, 0, none);
        worst_take(&w, fit->params.b, want.b, 0, none);
        worst_take(&error, fit->std_error.r, oracle_number(oracle, "fits.%s.se.r", name), 0, none);
        worst_take(&error, fit->std_error.alpha,
                   oracle_number(oracle, "fits.%s.se.alpha", name) * unit, 0, none);
        worst_take(&error, fit->std_error.a, oracle_number(oracle, "fits.%s.se.a", name), 0, none);
        worst_take(&error, fit->std_error.b, oracle_number(oracle, "fits.%s.se.b", name), 0, none);
    }
    worst_assert(&w, boundary ? 1e-3 : 1e-6, "parameter");
    worst_assert(&error, 1e-4, "standard error");
    ck_assert(fit->converged && !fit->interrupted);
    ck_assert_int_eq(fit->customers, (int)oracle_number(oracle, "n_customers"));
    ck_assert_int_eq(fit->one_timers, (int)oracle_number(oracle, "n_x0"));
    ck_assert_int_eq((fit->warnings & BGNBDFIT_NO_ATTRITION) != 0, boundary);
    if (!boundary) ck_assert_int_eq(fit->warnings, 0);
}

/* What the whole population is expected to do, at the fitted parameters. */
static void totals_check(Oracle *oracle, const char *name, const People *p, const Bgnbdfit *fit,
                         double unit) {
    static const double none[3] = {0};
    static const int horizon[2][4] = {{7, 30, 90, 365}, {1, 13, 39, 52}};
    double alive = 0, expected[4] = {0};
    Worst w = {0};
    for (int64_t i = 0; i < p->groups.n; i++) {
        double x = p->group_frequency[i], tx = p->group_recency[i], T = p->group_age[i];
        double count = (double)p->group_count[i];
        alive += count * bgnbd_p_alive(fit->kind, &fit->params, x, tx, T);
        for (int h = 0; h < 4; h++)
            expected[h] += count * bgnbd_expected_purchases(fit->kind, &fit->params, x, tx, T,
                                                            horizon[unit > 1][h] * unit);
    }
    worst_take(&w, alive, oracle_number(oracle, "fits.%s.sum_palive", name), 0, none);
    for (int h = 0; h < 4; h++)
        worst_take(&w, expected[h],
                   oracle_number(oracle, "fits.%s.sum_cet.%d", name, horizon[unit > 1][h]), 0,
                   none);
    worst_assert(&w, 1e-4, name);
}

START_TEST(fits_of_real_data) {
    People p;
    Oracle *oracle = oracle_open(reference[_i]);
    if (!oracle) return;
    if (reference_people(_i, &p)) {
        double unit = _i % 2 == 0 ? 7 : 1;
        people_group(&p);
        ck_assert_int_eq(p.groups.n, (int)oracle_number(oracle, "distinct_x_tx_T"));
        for (int kind = 0; kind < 2; kind++) {
            Bgnbdfit fit = people_fit((BgnbdKind)kind, &p, NULL);
            fit_check(oracle, kind_name[kind], &fit, unit);
            totals_check(oracle, kind_name[kind], &p, &fit, unit);
        }
        people_free(&p);
    }
    oracle_close(oracle);
}
END_TEST

START_TEST(spend_fits_of_real_data) {
    static const double none[3] = {0};
    People p;
    Worst w = {0}, error = {0};
    Oracle *oracle = oracle_open(reference[_i]);
    if (!oracle) return;
    if (reference_people(_i, &p)) {
        GammagammaFit fit = people_fit_spend(&p, NULL);
        worst_take(&w, fit.params.p, oracle_number(oracle, "fits.GG.params.p"), 0, none);
        worst_take(&w, fit.params.q, oracle_number(oracle, "fits.GG.params.q"), 0, none);
        worst_take(&w, fit.params.gamma, oracle_number(oracle, "fits.GG.params.gamma"), 0, none);
        worst_take(&w, fit.correlation, oracle_number(oracle, "gg_corr_x_m"), 0, none);
        worst_take(&error, fit.std_error.p, oracle_number(oracle, "fits.GG.se.p"), 0, none);
        worst_take(&error, fit.std_error.q, oracle_number(oracle, "fits.GG.se.q"), 0, none);
        worst_take(&error, fit.std_error.gamma, oracle_number(oracle, "fits.GG.se.gamma"), 0, none);
        worst_assert(&w, 1e-6, "gamma-gamma");
        worst_assert(&error, 1e-4, "gamma-gamma error");
        ck_assert_double_eq_tol(fit.log_likelihood, oracle_number(oracle, "fits.GG.loglik"), 1e-6);
        ck_assert_int_eq(fit.customers, (int)oracle_number(oracle, "gg_n"));
        ck_assert(fit.converged && fit.warnings == 0);
        people_free(&p);
    }
    oracle_close(oracle);
}
END_TEST

/* The fits every paper shows. */
START_TEST(published_fits) {
    People p;
    if (!reference_people(0, &p)) return;
    Bgnbdfit fit = people_fit(BGNBD_BG, &p, NULL);
    GammagammaFit spend = people_fit_spend(&p, NULL);
    ck_assert_double_eq_tol(fit.params.r, 0.243, 5e-4);
    ck_assert_double_eq_tol(fit.params.alpha / 7, 4.414, 5e-4);
    ck_assert_double_eq_tol(fit.params.a, 0.793, 5e-4);
    ck_assert_double_eq_tol(fit.params.b, 2.426, 5e-4);
    ck_assert_double_eq_tol(fit.log_likelihood + 2457 * log(7), -9582.4, 0.05);
    ck_assert_double_eq_tol(spend.params.p, 6.25, 5e-3);
    ck_assert_double_eq_tol(spend.params.q, 3.74, 5e-3);
    ck_assert_double_eq_tol(spend.params.gamma, 15.44, 5e-3);
    people_free(&p);
}
END_TEST

/* ---- Laws of fits ---- */

typedef struct Fuse {
    int64_t calls, calls_max;
} Fuse;

static bool fuse_blown(void *ctx) {
    Fuse *fuse = ctx;
    return ++fuse->calls > fuse->calls_max;
}

/* Within three standard errors each: 1 in 50 of such tests would fail at random, this seed not. */
START_TEST(known_parameters_are_recovered) {
    static const double none[3] = {0};
    BgnbdKind kind = _i ? BGNBD_MBG : BGNBD_BG;
    const BgnbdParams *q = &people_params;
    Worst w = {0};
    seed = 88172645463325252u + (uint64_t)_i;
    People p = people_simulate(kind, q, &people_spend, 12000, 1000);
    Bgnbdfit fit = people_fit(kind, &p, NULL);
    GammagammaFit spend = people_fit_spend(&p, NULL);
    ck_assert(fit.converged && fit.warnings == 0 && spend.converged && spend.warnings == 0);
    worst_take(&w, (fit.params.r - q->r) / fit.std_error.r, 0, 1, none);
    worst_take(&w, (fit.params.alpha - q->alpha) / fit.std_error.alpha, 0, 1, none);
    worst_take(&w, (fit.params.a - q->a) / fit.std_error.a, 0, 1, none);
    worst_take(&w, (fit.params.b - q->b) / fit.std_error.b, 0, 1, none);
    worst_take(&w, (spend.params.p - people_spend.p) / spend.std_error.p, 0, 1, none);
    worst_take(&w, (spend.params.q - people_spend.q) / spend.std_error.q, 0, 1, none);
    worst_take(&w, (spend.params.gamma - people_spend.gamma) / spend.std_error.gamma, 0, 1, none);
    worst_assert(&w, 3, "standard errors off");
    ck_assert(fit.std_error.a < 0.3 && fit.std_error.b < 2 && spend.std_error.p < 1.5);
    people_free(&p);
}
END_TEST

/* The log-likelihood of the tables is the sum over customers, and no neighbour is better. */
START_TEST(fit_is_a_maximum_of_the_sum) {
    for (int kind = 0; kind < 2; kind++) {
        seed = 314159;
        People p = people_simulate((BgnbdKind)kind, &people_params, &people_spend, 3000, 700);
        Bgnbdfit fit = people_fit((BgnbdKind)kind, &p, NULL);
        double best = 0, gradient[4], total[4] = {0};
        for (int64_t i = 0; i < p.n; i++) {
            best += bgnbd_loglik((BgnbdKind)kind, &fit.params, p.frequency[i], p.recency[i],
                                 p.age[i], gradient);
            for (int j = 0; j < 4; j++) total[j] += gradient[j] * natural(&fit.params, j);
        }
        ck_assert_double_eq_tol(best, fit.log_likelihood, 1e-11 * fabs(best));
        for (int j = 0; j < 4; j++) ck_assert_double_eq_tol(total[j], 0, 1e-4);
        people_free(&p);
    }
}
END_TEST

/* So many histories are fitted from the optimum of a sample: the end is no other, nor are its standard errors, which come
 * from second derivatives. */
START_TEST(large_shops_have_the_same_optimum) {
    BgnbdKind kind = _i ? BGNBD_MBG : BGNBD_BG;
    seed = 161803;
    People p = people_simulate(kind, &people_params, &people_spend, 50000, 1500);
    Bgnbdfit fit = people_fit(kind, &p, NULL);
    double total[4] = {0}, best = 0, gradient[4];
    ck_assert_int_gt(p.groups.n, 20000);
    ck_assert(fit.converged && fit.warnings == 0);
    for (int64_t i = 0; i < p.n; i++) {
        best += bgnbd_loglik(kind, &fit.params, p.frequency[i], p.recency[i], p.age[i], gradient);
        for (int j = 0; j < 4; j++) total[j] += gradient[j] * natural(&fit.params, j);
    }
    ck_assert_double_eq_tol(best, fit.log_likelihood, 1e-11 * fabs(best));
    for (int j = 0; j < 4; j++) ck_assert_double_eq_tol(total[j], 0, 1e-3);
    double curvature[16];
    for (int j = 0; j < 4; j++)
        for (int side = 0; side < 2; side++) {
            BgnbdParams q = fit.params;
            double *param[] = {&q.r, &q.alpha, &q.a, &q.b}, sum[4] = {0};
            *param[j] *= exp(side ? 1e-4 : -1e-4);
            for (int64_t i = 0; i < p.n; i++) {
                bgnbd_loglik(kind, &q, p.frequency[i], p.recency[i], p.age[i], gradient);
                for (int k = 0; k < 4; k++) sum[k] -= gradient[k] * natural(&q, k);
            }
            for (int k = 0; k < 4; k++)
                curvature[4 * j + k] = side ? curvature[4 * j + k] + sum[k] / 2e-4 : -sum[k] / 2e-4;
        }
    double inverse[16];
    ck_assert(linear_spd_inverse(4, curvature, 1e-12, inverse));
    for (int j = 0; j < 4; j++)
        ck_assert_double_eq_tol(natural(&fit.std_error, j) / natural(&fit.params, j) / sqrt(inverse[5 * j]), 1, 1e-6);
    for (int64_t max = 0; max < 120; max += 7) {
        Fuse fuse = {0, max};
        Bgnbdfit stopped = people_fit(kind, &p, &(Poll){fuse_blown, &fuse});
        if (stopped.interrupted != (fuse.calls > max) || (stopped.interrupted && !isnan(stopped.params.r)))
            ck_abort_msg("fuse of %d calls", (int)max);
    }
    people_free(&p);
}
END_TEST

static bool same_bits(const Bgnbdfit *f, const Bgnbdfit *g) {
    return memcmp(&f->params, &g->params, sizeof(f->params)) == 0 &&
           memcmp(&f->std_error, &g->std_error, sizeof(f->std_error)) == 0 &&
           f->log_likelihood == g->log_likelihood && f->evaluations == g->evaluations &&
           f->log_likelihood_nbd == g->log_likelihood_nbd && f->warnings == g->warnings;
}

START_TEST(order_of_customers_changes_no_bit) {
    seed = 271828;
    People p = people_simulate(BGNBD_BG, &people_params, &people_spend, 5000, 700);
    Bgnbdfit before = people_fit(BGNBD_BG, &p, NULL), before_m = people_fit(BGNBD_MBG, &p, NULL);
    GammagammaFit spend_before = people_fit_spend(&p, NULL);
    for (int64_t i = p.n - 1; i > 0; i--) {
        int64_t j = (int64_t)((double)(i + 1) * uniform());
        People q = p;
        int32_t x = q.frequency[i], tx = q.recency[i], T = q.age[i];
        double m = q.monetary_value[i];
        q.frequency[i] = q.frequency[j], q.recency[i] = q.recency[j], q.age[i] = q.age[j];
        q.monetary_value[i] = q.monetary_value[j];
        q.frequency[j] = x, q.recency[j] = tx, q.age[j] = T, q.monetary_value[j] = m;
    }
    Bgnbdfit after = people_fit(BGNBD_BG, &p, NULL), after_m = people_fit(BGNBD_MBG, &p, NULL);
    GammagammaFit spend_after = people_fit_spend(&p, NULL);
    ck_assert(same_bits(&before, &after) && same_bits(&before_m, &after_m));
    ck_assert(memcmp(&spend_before.params, &spend_after.params, sizeof(spend_after.params)) == 0);
    ck_assert(spend_before.log_likelihood == spend_after.log_likelihood);
    ck_assert(spend_before.correlation == spend_after.correlation);
    people_free(&p);
}
END_TEST

/* Weeks in place of days, exactly: alpha is a seventh, the rest the same. */
START_TEST(unit_of_time_does_not_matter) {
    for (int kind = 0; kind < 2; kind++) {
        seed = 161803;
        People p = people_simulate((BgnbdKind)kind, &people_params, &people_spend, 3000, 700);
        Bgnbdfit days = people_fit((BgnbdKind)kind, &p, NULL);
        double sum_x = 0;
        for (int64_t i = 0; i < p.n; i++) {
            p.recency[i] *= 7, p.age[i] *= 7;
            sum_x += p.frequency[i];
        }
        Bgnbdfit long_days = people_fit((BgnbdKind)kind, &p, NULL);
        double shift = sum_x * log(7);
        ck_assert_double_eq_tol(long_days.params.alpha / days.params.alpha, 7, 1e-6);
        ck_assert_double_eq_tol(long_days.params.r, days.params.r, 1e-7);
        ck_assert_double_eq_tol(long_days.params.a, days.params.a, 1e-6);
        ck_assert_double_eq_tol(long_days.params.b, days.params.b, 1e-5);
        ck_assert_double_eq_tol(long_days.log_likelihood, days.log_likelihood - shift, 1e-7);
        double e = bgnbd_expected_purchases((BgnbdKind)kind, &days.params, 3, 200, 400, 90);
        double long_e =
            bgnbd_expected_purchases((BgnbdKind)kind, &long_days.params, 3, 1400, 2800, 630);
        ck_assert_double_eq_tol(e, long_e, 1e-6);
        people_free(&p);
    }
}
END_TEST

/* The currency scales gamma; correlation and shapes stay. */
START_TEST(unit_of_money_does_not_matter) {
    seed = 577215;
    People p = people_simulate(BGNBD_BG, &people_params, &people_spend, 4000, 700);
    GammagammaFit first = people_fit_spend(&p, NULL);
    for (int64_t i = 0; i < p.n; i++) p.monetary_value[i] *= 42000;
    GammagammaFit second = people_fit_spend(&p, NULL);
    ck_assert_double_eq_tol(second.params.gamma / first.params.gamma, 42000, 0.01);
    ck_assert_double_eq_tol(second.params.p, first.params.p, 1e-5);
    ck_assert_double_eq_tol(second.params.q, first.params.q, 1e-5);
    ck_assert_double_eq_tol(second.correlation, first.correlation, 1e-12);
    people_free(&p);
}
END_TEST

/* ---- Interruption ---- */

START_TEST(polls_interrupt) {
    seed = 662607;
    People p = people_simulate(BGNBD_BG, &people_params, &people_spend, 300, 700);
    for (int64_t max = 0; max < 40; max++) {
        Fuse fuse = {0, max}, spend_fuse = {0, max};
        Bgnbdfit fit = people_fit(BGNBD_BG, &p, &(Poll){fuse_blown, &fuse});
        GammagammaFit spend = people_fit_spend(&p, &(Poll){fuse_blown, &spend_fuse});
        bool right = fit.interrupted == (fuse.calls > max) && fuse.calls <= max + 1 &&
                     !(fit.interrupted && (fit.converged || !isnan(fit.params.r))) &&
                     spend.interrupted == (spend_fuse.calls > max) &&
                     spend_fuse.calls <= max + 1 && !(spend.interrupted && spend.converged);
        if (!right) ck_abort_msg("fuse of %d calls", (int)max);
    }
    people_free(&p);
}
END_TEST

START_TEST(polls_come_often_enough) {
    seed = 299792;
    People p = people_simulate(BGNBD_MBG, &people_params, &people_spend, 150000, 3000);
    Fuse fuse = {0, INT64_MAX}, spend_fuse = {0, INT64_MAX};
    Bgnbdfit fit = people_fit(BGNBD_MBG, &p, &(Poll){fuse_blown, &fuse});
    GammagammaFit spend = people_fit_spend(&p, &(Poll){fuse_blown, &spend_fuse});
    ck_assert(!fit.interrupted && !spend.interrupted);
    ck_assert(fuse.calls * 50000 >= fit.evaluations * p.groups.n);
    ck_assert(spend_fuse.calls * 50000 >= spend.evaluations * spend.customers);
    people_free(&p);
}
END_TEST

/* ---- Degenerate data ---- */

typedef struct Odd {
    const char *name;
    int n;
    int32_t row[4][3];
    double m;
} Odd;
static const Odd odd[] = {
    {"one customer who never returned", 1, {{0, 0, 100}}, 0},
    {"one customer on the last day", 1, {{0, 0, 0}}, 0},
    {"one repeater", 1, {{3, 50, 100}}, 20},
    {"only one-timers", 4, {{0, 0, 10}, {0, 0, 20}, {0, 0, 30}, {0, 0, 300}}, 0},
    {"all on the last day", 4, {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}}, 0},
    {"a purchase every day", 3, {{365, 365, 365}, {200, 200, 200}, {17, 17, 17}}, 7},
    {"everybody alike", 4, {{5, 300, 365}, {5, 300, 365}, {5, 300, 365}, {5, 300, 365}}, 7},
    {"everybody gone at once", 3, {{1, 1, 1000}, {1, 1, 900}, {2, 2, 950}}, 7},
    {"ten thousand years", 2, {{3699999, 3699999, 3699999}, {1, 5, 3699999}}, 7},
    {"a tiny and a huge history", 3, {{1, 1, 1}, {0, 0, 0}, {2000000, 2999999, 3699999}}, 7},
};

START_TEST(degenerate_data_come_to_an_end) {
    const Odd *o = &odd[_i];
    People p = people_new(o->n);
    for (int i = 0; i < o->n; i++) {
        p.frequency[i] = o->row[i][0];
        p.recency[i] = o->row[i][1];
        p.age[i] = o->row[i][2];
        p.monetary_value[i] = o->m;
    }
    for (int kind = 0; kind < 2; kind++) {
        Bgnbdfit fit = people_fit((BgnbdKind)kind, &p, NULL);
        bool right = isfinite(fit.params.r) && isfinite(fit.params.alpha) &&
                     isfinite(fit.params.a) && isfinite(fit.params.b) &&
                     isfinite(fit.log_likelihood) && fit.warnings != 0 && fit.customers == o->n;
        double e = bgnbd_expected_purchases((BgnbdKind)kind, &fit.params, p.frequency[0],
                                            p.recency[0], p.age[0], 90);
        if (!right || !isfinite(e) || e < 0)
            ck_abort_msg("%s: r=%g alpha=%g a=%g b=%g ll=%g e=%g warnings=%u", o->name,
                         fit.params.r, fit.params.alpha, fit.params.a, fit.params.b,
                         fit.log_likelihood, e, fit.warnings);
    }
    GammagammaFit spend = people_fit_spend(&p, NULL);
    bool some = o->m > 0;
    ck_assert_int_eq((spend.warnings & GAMMAGAMMA_NO_CUSTOMERS) != 0, !some);
    ck_assert(isfinite(spend.params.p) == some && spend.warnings != 0);
    people_free(&p);
}
END_TEST

START_TEST(nobody_is_no_fit) {
    People p = people_new(0);
    Bgnbdfit fit = people_fit(BGNBD_BG, &p, NULL);
    GammagammaFit spend = people_fit_spend(&p, NULL);
    ck_assert(isnan(fit.params.r) && !fit.converged && fit.customers == 0);
    ck_assert(fit.warnings == (BGNBDFIT_NO_REPEATS | BGNBDFIT_NOT_CONVERGED));
    ck_assert(isnan(spend.params.p) && !spend.converged && isnan(spend.correlation));
    people_free(&p);
}
END_TEST

START_TEST(spend_leaves_out_what_has_no_mean) {
    seed = 137035;
    People p = people_simulate(BGNBD_BG, &people_params, &people_spend, 3000, 700);
    GammagammaFit clean = people_fit_spend(&p, NULL);
    static const double bad[] = {0, -5, NAN, INFINITY};
    for (int64_t i = 0, n = 0; i < p.n; i++)
        if (p.frequency[i] == 0) p.monetary_value[i] = bad[n++ % 4];
    GammagammaFit same = people_fit_spend(&p, NULL);
    ck_assert(same.customers == clean.customers && same.log_likelihood == clean.log_likelihood);
    for (int64_t i = 0, n = 0; i < p.n; i++)
        if (p.frequency[i] == 0) p.frequency[i] = 1, p.monetary_value[i] = bad[n++ % 4];
    same = people_fit_spend(&p, NULL);
    ck_assert(same.customers == clean.customers && same.log_likelihood == clean.log_likelihood);
    people_free(&p);
}
END_TEST

START_TEST(spend_warnings_are_given) {
    const GammagammaParams wild = {2, 0.7, 10};
    seed = 141421;
    People p = people_simulate(BGNBD_BG, &people_params, &wild, 4000, 700);
    GammagammaFit fit = people_fit_spend(&p, NULL);
    ck_assert(fit.warnings & GAMMAGAMMA_MEAN_INFINITE);
    ck_assert(isnan(gammagamma_expected_spend(&fit.params, 0, 0)));
    for (int64_t i = 0; i < p.n; i++)
        p.monetary_value[i] = 10 + p.frequency[i] + 3 * uniform();
    fit = people_fit_spend(&p, NULL);
    ck_assert(fit.warnings & GAMMAGAMMA_CORRELATED);
    ck_assert_double_gt(fit.correlation, 0.5);
    people_free(&p);
}
END_TEST

/* The scale is a fraction of the mean, which is already the smallest double: it underflows to 0. */
START_TEST(spend_without_a_scale_is_no_fit) {
    enum { N = 400 };
    People p = people_new(N);
    for (int i = 0; i < N; i++) {
        p.frequency[i] = 1 + i % 7;
        p.monetary_value[i] = (1 + i / 7 % 2) * 5e-324;
    }
    GammagammaFit fit = people_fit_spend(&p, NULL);
    ck_assert(fit.params.gamma == 0 && !fit.converged && (fit.warnings & GAMMAGAMMA_NOT_CONVERGED));
    people_free(&p);
}
END_TEST

START_TEST(no_attrition_is_noticed) {
    const BgnbdParams loyal = {0.8, 240, 1e-6, 1};
    seed = 173205;
    People p = people_simulate(BGNBD_BG, &loyal, &people_spend, 3000, 700);
    for (int kind = 0; kind < 2; kind++) {
        Bgnbdfit fit = people_fit((BgnbdKind)kind, &p, NULL);
        ck_assert(fit.warnings & BGNBDFIT_NO_ATTRITION);
        ck_assert(fit.log_likelihood >= fit.log_likelihood_nbd - 0.01);
        ck_assert_double_eq_tol(fit.params.r, 0.8, 0.2);
    }
    people_free(&p);
}
END_TEST

/* ---- Groups ---- */

typedef struct Triple {
    int32_t x, tx, T;
} Triple;

static int triple_compare(const void *a, const void *b) {
    const Triple *p = a, *q = b;
    if (p->x != q->x) return p->x < q->x ? -1 : 1;
    if (p->tx != q->tx) return p->tx < q->tx ? -1 : 1;
    return p->T < q->T ? -1 : p->T > q->T;
}

/* Day ranges with all widths of keys, up to the one that does not fit into 64 bits. */
START_TEST(groups_are_the_sorted_distinct) {
    static const int32_t range[] = {1, 2, 5, 730, 5000, 60000, 2097152, RFMGROUP_DAYS_MAX};
    enum { N = 4000 };
    People p = people_new(N);
    Triple *sorted = room(N, sizeof(Triple));
    seed = 112358 + (uint64_t)_i;
    for (int i = 0; i < N; i++) {
        if (i % 3 == 1) {
            p.age[i] = p.age[i - 1], p.recency[i] = p.recency[i - 1];
            p.frequency[i] = p.frequency[i - 1];
        } else {
            p.age[i] = i == 0 ? range[_i] - 1 : (int32_t)(range[_i] * uniform());
            p.recency[i] = i == 0 ? p.age[i] : (int32_t)((p.age[i] + 1) * uniform());
            p.frequency[i] = i == 0 ? p.age[i] : (int32_t)((p.recency[i] + 1) * uniform());
        }
        sorted[i] = (Triple){p.frequency[i], p.recency[i], p.age[i]};
    }
    qsort(sorted, N, sizeof(*sorted), triple_compare);
    people_group(&p);
    int64_t at = 0;
    for (int64_t g = 0; g < p.groups.n; g++) {
        Triple t = {p.group_frequency[g], p.group_recency[g], p.group_age[g]};
        int64_t end = at + p.group_count[g];
        bool right = p.group_count[g] > 0 && end <= N && triple_compare(&t, &sorted[at]) == 0 &&
                     triple_compare(&t, &sorted[end - 1]) == 0 &&
                     (end == N || triple_compare(&t, &sorted[end]) != 0);
        if (!right) ck_abort_msg("group %d", (int)g);
        at = end;
    }
    ck_assert_int_eq(at, N);
    free(sorted);
    people_free(&p);
}
END_TEST

START_TEST(groups_refuse_impossible_customers) {
    static const int32_t bad[][3] = {
        {-1, 0, 0}, {1, 0, 5}, {0, 6, 5}, {0, 0, RFMGROUP_DAYS_MAX}, {0, -1, 5}, {0, 0, -1}};
    int32_t x[2] = {0}, tx[2] = {0}, T[2] = {0};
    int64_t count[2];
    void *workspace = malloc((size_t)rfmgroup_workspace_size(2));
    for (int i = 0; i < 6; i++) {
        x[1] = bad[i][0], tx[1] = bad[i][1], T[1] = bad[i][2];
        ck_assert_int_eq(rfmgroup_collapse(2, x, tx, T, workspace, x, tx, T, count), -1);
    }
    x[1] = 1, tx[1] = 1, T[1] = 1;
    ck_assert_int_eq(rfmgroup_collapse(2, x, tx, T, workspace, x, tx, T, count), 2);
    ck_assert_int_eq(rfmgroup_collapse(1, x, tx, T, workspace, x, tx, T, count), 1);
    ck_assert_int_eq(rfmgroup_collapse(0, x, tx, T, workspace, x, tx, T, count), 0);
    free(workspace);
}
END_TEST

/* Three fields of 22 bits are more than a word has: histories that differ in the frequency alone are still two. */
START_TEST(groups_of_wide_histories) {
    int32_t x[] = {3000001, 3000000, 2999999, 3000000}, tx[] = {3400000, 3400000, 3400001, 3400000};
    int32_t T[] = {3600000, 3600000, 3600000, 3600000};
    int64_t count[4];
    void *workspace = malloc((size_t)rfmgroup_workspace_size(4));
    ck_assert_int_eq(rfmgroup_collapse(4, x, tx, T, workspace, x, tx, T, count), 3);
    free(workspace);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(x[i], 2999999 + i);
        ck_assert_int_eq(tx[i], i == 0 ? 3400001 : 3400000);
        ck_assert_int_eq(T[i], 3600000);
        ck_assert_int_eq(count[i], i == 1 ? 2 : 1);
    }
}
END_TEST

static void add_customer_tests(Suite *suite) {
    TCase *tc = tcase_create("customer");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, published_expectation);
    tcase_add_test(tc, loglik_is_that_of_the_paper);
    tcase_add_test(tc, gradient_is_that_of_the_value);
    tcase_add_test(tc, expectation_is_the_integral_over_p);
    tcase_add_test(tc, discount_is_the_integral_over_time);
    tcase_add_test(tc, discount_has_its_limits);
    tcase_add_test(tc, purchases_are_the_same_with_and_without_discount);
    tcase_add_test(tc, probabilities_fit_together);
    tcase_add_test(tc, nonsense_is_nan);
    tcase_add_test(tc, gradient_reference_cases);
    tcase_add_test(tc, expectation_stress_cases);
    tcase_add_loop_test(tc, customers_at_given_parameters, 0, 4);
    tcase_add_loop_test(tc, customers_with_fifty_digits, 0, 4);
    tcase_add_loop_test(tc, spend_at_given_parameters, 0, 4);
    suite_add_tcase(suite, tc);
}

static void add_curve_tests(Suite *suite) {
    TCase *tc = tcase_create("curve");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, curve_is_the_full_evaluation, 0, CURVE_PARAMS);
    tcase_add_test(tc, curve_of_the_other_laws);
    tcase_add_test(tc, curve_of_one_age_is_a_constant);
    tcase_add_test(tc, curve_tells_when_it_cannot_be_read);
    suite_add_tcase(suite, tc);
}

static void add_fit_tests(Suite *suite) {
    TCase *tc = tcase_create("fit");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, fits_of_real_data, 0, 4);
    tcase_add_loop_test(tc, spend_fits_of_real_data, 0, 4);
    tcase_add_test(tc, published_fits);
    tcase_add_loop_test(tc, known_parameters_are_recovered, 0, 2);
    tcase_add_loop_test(tc, large_shops_have_the_same_optimum, 0, 2);
    tcase_add_test(tc, fit_is_a_maximum_of_the_sum);
    tcase_add_test(tc, order_of_customers_changes_no_bit);
    tcase_add_test(tc, unit_of_time_does_not_matter);
    tcase_add_test(tc, unit_of_money_does_not_matter);
    tcase_add_test(tc, polls_interrupt);
    tcase_add_test(tc, polls_come_often_enough);
    tcase_add_loop_test(tc, degenerate_data_come_to_an_end, 0, sizeof(odd) / sizeof(odd[0]));
    tcase_add_test(tc, nobody_is_no_fit);
    tcase_add_test(tc, spend_leaves_out_what_has_no_mean);
    tcase_add_test(tc, spend_warnings_are_given);
    tcase_add_test(tc, spend_without_a_scale_is_no_fit);
    tcase_add_test(tc, no_attrition_is_noticed);
    tcase_add_loop_test(tc, groups_are_the_sorted_distinct, 0, 8);
    tcase_add_test(tc, groups_refuse_impossible_customers);
    tcase_add_test(tc, groups_of_wide_histories);
    suite_add_tcase(suite, tc);
}

int main(void) {
    Suite *suite = suite_create("model");
    add_customer_tests(suite);
    add_curve_tests(suite);
    add_fit_tests(suite);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
