/* check_intervals.c - do the intervals of churn_candidates and clv hold what they say they hold? */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/valuerange.h"
#include "db.h"
#include "math/beta.h"
#include "math/student.h"
#include "model/churninterval.h"
#include "model/futurevalue.h"
#include "model/gammagamma.h"
#include "model/rfmgroup.h"

#define Z90 1.6448536269514722
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- Draws ---- */

static uint64_t seed;

static double uniform(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return ((double)(seed >> 11) + 0.5) / 9007199254740992.0;
}

static double exponential(double rate) {
    return -log(uniform()) / rate;
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

/* ---- Shops of a known law ---- */

/* Laws of time in days.  The last purchase day of observation is day 0 .. days - 1 of everybody's life. */
static const PurchaseLaw laws[] = {
    {PURCHASE_BGNBD, {.bgnbd = {0.8, 60, 0.8, 2.5}}},
    {PURCHASE_MBGNBD, {.bgnbd = {1.2, 80, 0.6, 2.4}}},
    {PURCHASE_PNBD, {.pnbd = {0.9, 60, 0.8, 120}}},
    {PURCHASE_NBD, {.bgnbd = {0.9, 90, NAN, NAN}}},
};

typedef struct Person { /* what is seen until age, and the life behind it */
    int32_t frequency, recency, age;
    double monetary_value, future; /* future: discounted amount of the horizon */
} Person;

typedef struct World {
    const PurchaseLaw *law;
    GammagammaParams spend;
    double horizon, delta;
    int days; /* ages are 1 .. days */
} World;

typedef struct Life { /* of one customer: rate of buying and how they leave */
    PurchaseModel model;
    double rate, leave; /* leave: probability after a purchase; of the Pareto/NBD the moment */
} Life;

static Life life_draw(const PurchaseLaw *law) {
    Life life = {.model = law->model};
    if (law->model == PURCHASE_PNBD) {
        const PnbdParams *p = &law->as.pnbd;
        life.rate = gamma_draw(p->r) / p->alpha;
        life.leave = exponential(gamma_draw(p->s) / p->beta);
        return life;
    }
    const BgnbdParams *p = &law->as.bgnbd;
    life.rate = gamma_draw(p->r) / p->alpha;
    if (law->model == PURCHASE_NBD) return life;
    life.leave = gamma_draw(p->a);
    life.leave /= life.leave + gamma_draw(p->b);
    return life;
}

/* Gone after a purchase at t? */
static bool life_ends(const Life *life, bool first) {
    if (life->model == PURCHASE_NBD || life->model == PURCHASE_PNBD) return false;
    if (first && life->model == PURCHASE_BGNBD) return false;
    return uniform() < life->leave;
}

/* Two purchases on one day count once, now and later. */
static Person person_draw(const World *world) {
    Person person = {.age = 1 + (int32_t)(world->days * uniform())};
    Life life = life_draw(world->law);
    double scale = gamma_draw(world->spend.q) / world->spend.gamma, spent = 0, t = 0;
    int32_t last = 0;
    for (bool gone = life_ends(&life, true); !gone; gone = life_ends(&life, false)) {
        t += exponential(life.rate);
        if (t > person.age + world->horizon || (life.model == PURCHASE_PNBD && t > life.leave)) break;
        int32_t day = (int32_t)ceil(t);
        if (day == last) continue;
        last = day;
        double amount = gamma_draw(world->spend.p) / scale;
        if (day > person.age) {
            person.future += amount * exp(-world->delta * (day - person.age));
            continue;
        }
        person.frequency++;
        person.recency = day;
        spent += amount;
    }
    person.monetary_value = person.frequency ? spent / person.frequency : NAN;
    return person;
}

typedef struct Shop {
    int n;
    Person *person;
    Purchasefit purchases;
    GammagammaFit spend;
} Shop;

static void *room(size_t n, size_t size) {
    void *p = calloc(n + 1, size);
    if (!p) ck_abort_msg("out of memory");
    return p;
}

static void shop_fit_purchases(Shop *shop, PurchaseModel model) {
    size_t n = (size_t)shop->n;
    int32_t *x = room(n, sizeof(*x)), *tx = room(n, sizeof(*tx)), *age = room(n, sizeof(*age));
    int64_t *count = room(n, sizeof(*count));
    for (int i = 0; i < shop->n; i++) {
        x[i] = shop->person[i].frequency;
        tx[i] = shop->person[i].recency;
        age[i] = shop->person[i].age;
    }
    void *workspace = room((size_t)rfmgroup_workspace_size(shop->n), 1);
    BgnbdfitData data = {.frequency = x, .recency = tx, .age = age, .count = count};
    data.n = rfmgroup_collapse(shop->n, x, tx, age, workspace, x, tx, age, count);
    free(workspace);
    workspace = room((size_t)bgnbdfit_workspace_size(&data), 1);
    purchasefit_run(model, &data, workspace, NULL, &shop->purchases);
    free(workspace), free(x), free(tx), free(age), free(count);
}

static void shop_fit_spend(Shop *shop) {
    int32_t *x = room((size_t)shop->n, sizeof(*x));
    double *mean = room((size_t)shop->n, sizeof(*mean));
    void *workspace = room((size_t)gammagamma_workspace_size(shop->n), 1);
    for (int i = 0; i < shop->n; i++) {
        x[i] = shop->person[i].frequency;
        mean[i] = shop->person[i].monetary_value;
    }
    gammagamma_fit(shop->n, x, mean, workspace, NULL, &shop->spend);
    free(workspace), free(x), free(mean);
}

static Shop shop_open(const World *world, int n) {
    Shop shop = {.n = n, .person = room((size_t)n, sizeof(Person))};
    for (int i = 0; i < n; i++) shop.person[i] = person_draw(world);
    shop_fit_purchases(&shop, world->law->model);
    shop_fit_spend(&shop);
    return shop;
}

static void shop_close(Shop *shop) {
    free(shop->person);
}

/* Whose customers all but share a rate: r and alpha are not identified, r / alpha is. */
static const PurchaseLaw ridges[] = {
    {PURCHASE_BGNBD, {.bgnbd = {2000, 80000, 0.8, 2.5}}},
    {PURCHASE_MBGNBD, {.bgnbd = {2000, 80000, 0.6, 2.4}}},
    {PURCHASE_NBD, {.bgnbd = {2000, 80000, NAN, NAN}}},
    {PURCHASE_PNBD, {.pnbd = {2000, 80000, 0.8, 120}}},
    {PURCHASE_PNBD, {.pnbd = {1.5, 60, 2000, 400000}}},
};

/* ---- The probability of no purchase ---- */

static const double rows[][4] = { /* x, tx, T, t */
    {0, 0, 10, 30}, {0, 0, 400, 90}, {1, 3, 200, 90}, {3, 150, 160, 30}, {12, 300, 301, 365}, {40, 350, 700, 90},
    {25, 40, 700, 1}, {2, 200, 200, 10}, {0, 0, 0, 5}};

static void law_scale(PurchaseLaw *law, int param, double factor) {
    double *bgnbd[] = {&law->as.bgnbd.r, &law->as.bgnbd.alpha, &law->as.bgnbd.a, &law->as.bgnbd.b};
    double *pnbd[] = {&law->as.pnbd.r, &law->as.pnbd.alpha, &law->as.pnbd.s, &law->as.pnbd.beta};
    *(law->model == PURCHASE_PNBD ? pnbd : bgnbd)[param] *= factor;
}

START_TEST(log_buys_is_that_of_the_law) {
    const PurchaseLaw *law = &laws[_i];
    for (int i = 0; i < COUNT(rows); i++) {
        const double *r = rows[i];
        double gradient[4], want = purchase_p_no_purchase(law, r[0], r[1], r[2], r[3]);
        double got = -expm1(churninterval_log_buys(law, r[0], r[1], r[2], r[3], gradient));
        if (!(fabs(got - want) <= 1e-9 * want)) ck_abort_msg("row %d: %.17g, not %.17g", i, got, want);
        for (int j = 0; j < retain_purchasefit_models[law->model].n_params; j++) {
            PurchaseLaw up = *law, down = *law;
            double ignored[4], h = 1e-4;
            law_scale(&up, j, exp(h));
            law_scale(&down, j, exp(-h));
            double slope = (churninterval_log_buys(&up, r[0], r[1], r[2], r[3], ignored) -
                            churninterval_log_buys(&down, r[0], r[1], r[2], r[3], ignored)) / (2 * h);
            if (!(fabs(gradient[j] - slope) <= 1e-6 * fmax(1e-2, fabs(slope))))
                ck_abort_msg("row %d, parameter %d: %.17g, not %.17g", i, j, gradient[j], slope);
        }
    }
}
END_TEST

START_TEST(covariance_is_that_of_the_standard_errors) {
    World world = {.law = &laws[_i], .spend = {6.25, 3.74, 15.44}, .horizon = 1, .days = 500};
    seed = 88172645463325252u;
    Shop shop = shop_open(&world, 800);
    const Purchasefit *fit = &shop.purchases;
    int n = retain_purchasefit_models[fit->law.model].n_params;
    for (int i = 0; i < n; i++) {
        double got = fit->value[i] * sqrt(fit->covariance[i * n + i]);
        if (!(fabs(got - fit->std_error[i]) <= 1e-12 * got)) ck_abort_msg("%d: %g, not %g", i, got, fit->std_error[i]);
        for (int j = 0; j < i; j++) ck_assert(fabs(fit->covariance[i * n + j] - fit->covariance[j * n + i]) < 1e-9);
    }
    shop_close(&shop);
}
END_TEST

/* The share of customers, over many shops, for whom the interval of the fit holds the probability under the true
 * law. */
static double churn_held(const PurchaseLaw *law, int customers, int shops, double *none) {
    World world = {.law = law, .spend = {6.25, 3.74, 15.44}, .horizon = 1, .days = 500};
    double held = 0, seen = 0;
    for (int k = 0; k < shops; k++) {
        Shop shop = shop_open(&world, customers);
        for (int i = 0; i < shop.n; i++) {
            const Person *p = &shop.person[i];
            double truth = purchase_p_no_purchase(world.law, p->frequency, p->recency, p->age, 90);
            Churninterval ci = churninterval_of(&shop.purchases, p->frequency, p->recency, p->age, 90, Z90);
            *none += isnan(ci.low) || isnan(ci.high);
            seen++;
            held += ci.low <= truth && truth <= ci.high;
        }
        shop_close(&shop);
    }
    double share = held / (seen - *none);
    *none /= seen;
    return share;
}

START_TEST(churn_interval_covers) {
    double none = 0;
    seed = 88172645463325252u + (uint64_t)_i;
    double held = churn_held(&laws[_i], 500, laws[_i].model == PURCHASE_PNBD ? 50 : 200, &none);
    if (!(held >= 0.85 && held <= 0.95)) ck_abort_msg("the 90 %% interval holds %.4f", held);
    ck_assert_msg(none <= 0.02, "%g without an interval", none);
}
END_TEST

/* With few customers up to four fits in ten end on a ridge. */
static const int few[] = {60, 120, 250};
START_TEST(churn_interval_covers_in_small_shops) {
    double none = 0;
    const PurchaseLaw *law = &laws[_i % COUNT(laws)];
    int customers = few[_i / COUNT(laws)];
    seed = 88172645463325252u + (uint64_t)_i;
    double held = churn_held(law, customers, 200, &none);
    if (!(held >= 0.85 && held <= 0.95)) ck_abort_msg("of %d customers the 90 %% interval holds %.4f", customers, held);
    ck_assert_msg(none <= 0.02, "%g without an interval", none);
}
END_TEST

/* What is not identified has next to no bearing on the probability. */
START_TEST(churn_interval_covers_on_a_ridge) {
    double none = 0;
    seed = 88172645463325252u + (uint64_t)_i;
    double held = churn_held(&ridges[_i], 500, 100, &none);
    if (!(held >= (ridges[_i].model == PURCHASE_NBD ? 0.82 : 0.85) && held <= 0.95))
        ck_abort_msg("the 90 %% interval holds %.4f", held);
    ck_assert_msg(none <= 0.05, "%g without an interval", none);
}
END_TEST

/* ---- The ratio of two gamma variables ---- */

static double cdf(double z) {
    return 0.5 * erfc(-z / sqrt(2));
}

static void expect_ratio(double a, double b, double z, double want, double tolerance) {
    double got = exp(beta_log_ratio_quantile(a, b, z, NAN)), near = exp(beta_log_ratio_quantile(a, b, z, 3));
    if (!(fabs(got - want) <= tolerance * want)) ck_abort_msg("%g, %g at %g: %.17g, not %.17g", a, b, z, got, want);
    if (!(fabs(near - want) <= tolerance * want)) ck_abort_msg("%g, %g at %g: %.17g from 3", a, b, z, near);
    double turned = exp(-beta_log_ratio_quantile(b, a, -z, NAN));
    if (!(fabs(turned - want) <= tolerance * want)) ck_abort_msg("%g, %g at %g: %.17g turned", a, b, z, turned);
}

/* P(ratio <= R) is 1 - (1 + R)^-b for a = 1, (R / (1 + R))^a for b = 1. */
START_TEST(ratio_has_its_closed_forms) {
    const double shapes[] = {0.05, 0.4, 1, 3.74, 60, 4000};
    for (int i = 0; i < COUNT(shapes); i++)
        for (double z = -6; z <= 5; z += 0.6875) {
            double s = shapes[i], tolerance = 1e-8 * fmax(1, 1 / s);
            expect_ratio(1, s, z, expm1(-(z > 0 ? log(cdf(-z)) : log1p(-cdf(z))) / s), tolerance);
            expect_ratio(s, 1, z, 1 / expm1(-(z > 0 ? log1p(-cdf(-z)) : log(cdf(z))) / s), tolerance);
        }
}
END_TEST

/* T^2 / df of Student's T is a ratio with shapes 1/2 and df / 2. */
START_TEST(ratio_is_that_of_student) {
    const double df[] = {1, 2.5, 7, 100, 9000};
    for (int i = 0; i < COUNT(df); i++)
        for (double z = -4; z <= 4; z += 0.375) {
            double t = student_quantile(cdf(-z) / 2, df[i]);
            expect_ratio(0.5, df[i] / 2, z, t * t / df[i], 1e-8);
        }
}
END_TEST

START_TEST(ratio_needs_shapes) {
    const double bad[] = {0, -1, INFINITY, NAN};
    for (int i = 0; i < COUNT(bad); i++) {
        ck_assert(isnan(beta_log_ratio_quantile(bad[i], 2, 0, NAN)));
        ck_assert(isnan(beta_log_ratio_quantile(2, bad[i], 0, NAN)));
    }
    ck_assert(isnan(beta_log_ratio_quantile(2, 3, NAN, NAN)) && isnan(beta_log_ratio_quantile(2, 3, INFINITY, NAN)));
}
END_TEST

/* ---- The future value ---- */

/* E[N (N - 1)] = sum over n of P(M = n) * sum over j <= n of 2 (j - 1) P(stays through j - 1 purchases), M being the
 * purchases of somebody who never leaves. */
static double pairs_by_series(const PurchaseLaw *law, double x, double T, double t) {
    const BgnbdParams *p = &law->as.bgnbd;
    double k = p->r + x, B = p->b + x + (law->model == PURCHASE_MBGNBD), u = t / (p->alpha + T + t);
    double pmf = exp(k * log1p(-u)), stay = 1, weight = 0, sum = 0;
    for (double n = 1; n < 20000; n++) {
        pmf *= u * (k + n - 1) / n;
        weight += 2 * (n - 1) * (law->model == PURCHASE_NBD ? 1 : stay);
        stay *= (B + n - 1) / (p->a + B + n - 1);
        sum += pmf * weight;
    }
    return sum;
}

/* By Simpson's rule over the time of the second purchase. */
static double pairs_by_time(const PurchaseLaw *law, double x, double T, double t) {
    enum { STEPS = 20000 };
    const PnbdParams *p = &law->as.pnbd;
    double sum = 0, h = t / STEPS;
    for (int i = 0; i <= STEPS; i++) {
        double v = i * h, weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
        sum += weight * v * pow(1 + v / (p->beta + T), -p->s);
    }
    return 2 * (p->r + x) * (p->r + x + 1) / ((p->alpha + T) * (p->alpha + T)) * sum * h / 3;
}

static void expect_pairs(const PurchaseLaw *law, double x, double T, double t) {
    double got = futurevalue_pairs_if_alive(law, x, T, t);
    double want = law->model == PURCHASE_PNBD ? pairs_by_time(law, x, T, t) : pairs_by_series(law, x, T, t);
    if (!(fabs(got - want) <= 1e-6 * want))
        ck_abort_msg("model %d at %g, %g, %g: %.12g, not %.12g", (int)law->model, x, T, t, got, want);
}

START_TEST(pairs_are_counted) {
    PurchaseLaw odd[] = {laws[_i], laws[_i], laws[_i]};
    law_scale(&odd[0], 2, 0.01); /* next to nobody leaves */
    law_scale(&odd[1], 2, 100);  /* everybody at once */
    law_scale(&odd[2], 2, 1 / 0.8), law_scale(&odd[2], 3, 50); /* s = 1 */
    for (int i = 0; i < COUNT(rows); i++) {
        expect_pairs(&laws[_i], rows[i][0], rows[i][2], rows[i][3]);
        for (int j = 0; j < COUNT(odd); j++) expect_pairs(&odd[j], rows[i][0], rows[i][2], rows[i][3]);
        expect_pairs(&laws[_i], rows[i][0], rows[i][2], 0.01);
        if (rows[i][0] < 12) expect_pairs(&laws[_i], rows[i][0], rows[i][2], 3650);
    }
}
END_TEST

/* What lies between the ends has the confidence: nothing counts when low is 0. */
START_TEST(levels_add_up) {
    for (double c = 0.05; c < 1; c += 0.05)
        for (double none = 0; none < 0.995; none += 0.01) {
            FuturevalueLevels levels = futurevalue_levels(none, c);
            double missed = (1 - c) / 2, low = cdf(levels.z[0]), high = cdf(levels.z[1]);
            double held = (low == 0 ? none : 0) + (1 - none) * (high - low);
            bool two_sided = none < missed, nothing = !two_sided && none >= c;
            if (nothing ? high != 0 || low != 0 : fabs(held - c) > 1e-12)
                ck_abort_msg("%g held at %g, none %g", held, c, none);
            if (two_sided && fabs((1 - none) * (1 - high) - missed) > 1e-12) ck_abort_msg("%g, none %g", c, none);
            ck_assert(levels.z[1] <= futurevalue_z_max(c) + 1e-12);
        }
    ck_assert(isnan(futurevalue_levels(NAN, 0.9).z[0]) && isnan(futurevalue_levels(NAN, 0.9).z[1]));
}
END_TEST

static const GammagammaParams spends[] = {{6.25, 3.74, 15.44}, {0.7, 1.4, 30}, {40, 25, 12}};

START_TEST(curve_is_the_full_evaluation) {
    double worst = 0;
    for (int s = 0; s < COUNT(spends); s++)
        for (int x = 0; x <= 64; x = 4 * x + 1)
            for (double horizon = 30; horizon <= 3650; horizon *= 11) {
                FuturevalueTerms terms = {laws[_i], spends[s], horizon};
                FuturevalueCurve curve;
                futurevalue_curve_fit(&curve, &terms, x, x, 1500, futurevalue_z_max(0.95));
                for (double age = x; age <= 1500; age += 146.3)
                    for (double z = -5.9; z < 1.96; z += 0.4) {
                        double got = futurevalue_curve_read(&curve, age, z);
                        double want = futurevalue_log_quantile(&terms, x, age, z);
                        worst = fmax(worst, fabs(got - want));
                    }
            }
    if (!(worst <= 1e-3)) ck_abort_msg("off by %g", worst);
}
END_TEST

START_TEST(curve_of_one_age) {
    FuturevalueTerms terms = {laws[1], spends[0], 365};
    FuturevalueCurve curve;
    futurevalue_curve_fit(&curve, &terms, 3, 77, 77, futurevalue_z_max(0.9));
    for (double z = -3; z < 1.6; z += 0.5)
        ck_assert(fabs(futurevalue_curve_read(&curve, 77, z) - futurevalue_log_quantile(&terms, 3, 77, z)) < 1e-3);
}
END_TEST

/* The range of a buyer is the quantiles' share of gamma + what was spent; by the curve where many have bought as often. */
enum { RANGE_BUYERS = 48 };
START_TEST(ranges_are_those_of_the_quantiles) {
    int32_t x[RANGE_BUYERS], tx[RANGE_BUYERS], age[RANGE_BUYERS];
    double m[RANGE_BUYERS];
    for (int i = 0; i < RANGE_BUYERS; i++) {
        x[i] = i < 24 ? 2 : i < 47 ? 3 : i % 2 * 30; /* a curve for 2, none for 3 */
        age[i] = 60 + 17 * i;
        tx[i] = x[i] == 0 ? 0 : i % 3 == 0 ? age[i] - 3 : age[i] / 2;
        m[i] = x[i] == 0 ? (double)NAN : i % 5 == 0 ? 0.05 : i % 5 == 1 ? 0 : i % 7 == 0 ? -4 : 12 + i;
    }
    x[0] = 0, tx[0] = 0, m[0] = NAN; /* and so neither for 2 */
    for (int curved = 0; curved < 2; curved++, x[0] = 2) {
        Buyers buyers = {.n = RANGE_BUYERS, .frequency = x, .recency = tx, .age = age, .monetary_value = m};
        Predictor predictor = {.purchases = {.law = laws[_i]}, .has_purchases = true, .spend = {.params = spends[0]}, .has_spend = true};
        FuturevalueTerms terms = {laws[_i], spends[0], 365};
        Arena arena = {0};
        Err err = {0};
        Valuerange range;
        int n_zero = 0;
        if (curved) m[0] = 3, tx[0] = 40;
        valuerange_open(&range, &predictor, &buyers, 365, 0.8, &arena, &err);
        ck_assert_int_eq(err.rc, SQLITE_OK);
        ck_assert(!range.peers[3].curve && (range.peers[2].curve != NULL) == curved);
        for (int i = 0; i < RANGE_BUYERS; i++) {
            ValuerangeEnds got = valuerange_read(&range, i);
            double none = purchase_p_no_purchase(&laws[_i], x[i], tx[i], age[i], 365), spent = x[i] > 0 ? x[i] * m[i] : 0;
            FuturevalueLevels levels = futurevalue_levels(none, 0.8);
            if (spent < 0) {
                ck_assert(isnan(got.low) && isnan(got.high));
                continue;
            }
            for (int end = 0; end < 2; end++) {
                double want = 0, ours = end ? got.high : got.low;
                if (!isinf(levels.z[end]))
                    want = (15.44 + spent) * exp(futurevalue_log_quantile(&terms, x[i], age[i], levels.z[end]));
                n_zero += want == 0;
                if (!(fabs(ours - want) <= (range.peers[x[i]].curve ? 2e-3 : 1e-13) * want))
                    ck_abort_msg("buyer %d, end %d: %g, not %g", i, end, ours, want);
            }
        }
        ck_assert_int_gt(n_zero, 0);
        predictor.has_spend = false;
        valuerange_open(&range, &predictor, &buyers, 365, 0.8, &arena, &err);
        ck_assert(isnan(valuerange_read(&range, 5).low) && isnan(valuerange_read(&range, 5).high));
        arena_free(&arena);
    }
}
END_TEST

/* For how many customers does the interval of the fit hold what they bring? */
typedef struct Coverage {
    double all, held;            /* everybody, and those held */
    double seen, within; /* those of whom nothing alone has not the confidence, and how many of them are held */
} Coverage;

static void coverage_add(Coverage *c, const World *world, const Shop *shop, const Person *p, double confidence) {
    FuturevalueTerms terms = {shop->purchases.law, shop->spend.params, world->horizon};
    double none = purchase_p_no_purchase(&terms.law, p->frequency, p->recency, p->age, world->horizon);
    FuturevalueLevels levels = futurevalue_levels(none, confidence);
    PurchaseCount count = purchase_if_alive(&terms.law, p->frequency, p->age, world->horizon, world->delta);
    double unit = terms.spend.gamma + (p->frequency ? p->frequency * p->monetary_value : 0), end[2];
    for (int i = 0; i < 2; i++)
        end[i] = isinf(levels.z[i]) ? 0
                 : unit * count.discounted / count.expected *
                       exp(futurevalue_log_quantile(&terms, p->frequency, p->age, levels.z[i]));
    bool held = end[0] <= p->future && p->future <= end[1];
    c->all++;
    c->held += held;
    c->seen += end[1] > 0;
    c->within += held && end[1] > 0;
}

static Coverage coverage_of(const World *world, int customers, int shops, double confidence) {
    Coverage coverage = {0};
    for (int k = 0; k < shops; k++) {
        Shop shop = shop_open(world, customers);
        for (int i = 0; i < shop.n; i++) coverage_add(&coverage, world, &shop, &shop.person[i], confidence);
        shop_close(&shop);
    }
    return coverage;
}

/* Of those who may well come the 90 % interval holds 85 to 95 %, of everybody at least 85 %. */
START_TEST(value_interval_covers) {
    const double horizons[] = {365, 60, 1000};
    bool slow = laws[_i].model == PURCHASE_PNBD;
    seed = 88172645463325252u + (uint64_t)_i;
    for (int s = 0; s < COUNT(spends); s++) {
        World world = {.law = &laws[_i], .spend = spends[s], .horizon = horizons[s], .delta = log(1.1) / 365.25,
                       .days = 500};
        Coverage c = coverage_of(&world, 1000, slow ? 4 : 12, 0.9);
        if (!(c.within >= 0.85 * c.seen && c.within <= 0.95 * c.seen))
            ck_abort_msg("spend %d: the 90 %% interval holds %.4f", s, c.within / c.seen);
        if (!(c.held >= 0.85 * c.all)) ck_abort_msg("spend %d: it holds %.4f of all", s, c.held / c.all);
    }
}
END_TEST

START_TEST(value_interval_covers_in_small_shops) {
    World world = {.law = &laws[_i % COUNT(laws)], .spend = spends[0], .horizon = 365, .delta = log(1.1) / 365.25,
                   .days = 500};
    int customers = few[_i / COUNT(laws)];
    seed = 88172645463325252u + (uint64_t)_i;
    Coverage c = coverage_of(&world, customers, 12000 / customers, 0.9);
    if (!(c.within >= 0.85 * c.seen && c.within <= 0.95 * c.seen))
        ck_abort_msg("of %d customers the 90 %% interval holds %.4f", customers, c.within / c.seen);
    if (!(c.held >= 0.85 * c.all)) ck_abort_msg("of %d customers it holds %.4f", customers, c.held / c.all);
}
END_TEST

/* ---- In SQL ---- */

static const struct {
    const char *file, *columns, *until;
} real[] = {
    {"cdnow_sample", "customer_id, date AS day, CAST(amount AS REAL) AS amount", "1997-12-31"},
    {"uci_online_retail_orders", "customer_id, substr(ts, 1, 10) AS day, CAST(amount AS REAL) AS amount",
     "2011-06-09"},
};

/* What customers of real shops brought in the 180 days after a day, against what was said on that day. */
START_TEST(real_customers_are_held) {
    sqlite3 *db = db_open(NULL);
    if (db_import(db, "raw", real[_i].file)) {
        db_exec(db, "CREATE TEMP VIEW orders AS SELECT %s FROM raw", real[_i].columns);
        db_exec(db, "CREATE TEMP TABLE said AS SELECT customer_id, clv_low, clv_high FROM clv('orders', 180, 0)"
                    " WHERE confidence = 0.9 AND date_column = 'day' AND as_of = %Q", real[_i].until);
        db_exec(db, "CREATE TEMP TABLE brought AS SELECT customer_id, sum(amount) AS amount FROM orders"
                    " WHERE amount > 0 AND day > %Q AND day <= date(%Q, '180 days') GROUP BY 1",
                real[_i].until, real[_i].until);
        double held = db_real(db, "SELECT avg(coalesce(amount, 0) BETWEEN clv_low AND clv_high) FROM said"
                                  " LEFT JOIN brought USING (customer_id)");
        ck_assert_msg(held >= 0.85 && held <= 0.95, "%s: the 90 %% interval holds %.4f", real[_i].file, held);
    }
    db_close(db);
}
END_TEST

/* An interval is the same whatever else is read, and whoever stands before it in the table. */
START_TEST(what_is_read_does_not_matter) {
    sqlite3 *db = db_open(NULL);
    DbShop shop = {.seed = 7 + (uint64_t)_i, .n_customers = 400, .n_days = 500, .gap_days = 40, .refunds = _i == 1};
    db_make_shop(db, "orders", shop);
    db_exec(db, "CREATE TABLE turned AS SELECT * FROM orders ORDER BY rowid DESC;"
                "CREATE TABLE value AS SELECT customer_id, clv_low, clv_high FROM clv('orders');"
                "CREATE TABLE churn AS SELECT customer_id, ci_low, ci_high FROM churn_candidates('orders', 90, 0)");
    db_expect(db, "SELECT count(*) FROM (SELECT customer_id, clv_low, clv_high FROM clv('turned')"
                  " WHERE frequency % 3 = 1 EXCEPT SELECT * FROM value)", "0");
    db_expect(db, "SELECT count(*) FROM (SELECT customer_id, ci_low, ci_high FROM churn_candidates('turned', 90, 0)"
                  " WHERE rank % 3 = 1 EXCEPT SELECT * FROM churn)", "0");
    db_expect(db, "SELECT count(*) FROM value AS v JOIN (SELECT customer_id, clv_high FROM clv('orders') ORDER BY"
                  " customer_id) AS o USING (customer_id) WHERE v.clv_high IS NOT o.clv_high", "0");
    db_expect(db, "SELECT count(*) FROM value WHERE (clv_low <= clv_high AND clv_low >= 0) IS NOT 1", "0");
    db_expect(db, "SELECT count(*) FROM churn WHERE (ci_low <= ci_high AND ci_low >= 0 AND ci_high <= 1) IS NOT 1", "0");
    db_close(db);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("intervals");
    TCase *tc = tcase_create("churn");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, log_buys_is_that_of_the_law, 0, COUNT(laws));
    tcase_add_loop_test(tc, covariance_is_that_of_the_standard_errors, 0, COUNT(laws));
    tcase_add_loop_test(tc, churn_interval_covers, 0, COUNT(laws));
    tcase_add_loop_test(tc, churn_interval_covers_in_small_shops, 0, COUNT(laws) * COUNT(few));
    tcase_add_loop_test(tc, churn_interval_covers_on_a_ridge, 0, COUNT(ridges));
    suite_add_tcase(suite, tc);
    tc = tcase_create("ratio");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, ratio_has_its_closed_forms);
    tcase_add_test(tc, ratio_is_that_of_student);
    tcase_add_test(tc, ratio_needs_shapes);
    suite_add_tcase(suite, tc);
    tc = tcase_create("value");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, pairs_are_counted, 0, COUNT(laws));
    tcase_add_test(tc, levels_add_up);
    tcase_add_loop_test(tc, curve_is_the_full_evaluation, 0, COUNT(laws));
    tcase_add_test(tc, curve_of_one_age);
    tcase_add_loop_test(tc, ranges_are_those_of_the_quantiles, 0, COUNT(laws));
    tcase_add_loop_test(tc, value_interval_covers, 0, COUNT(laws));
    tcase_add_loop_test(tc, value_interval_covers_in_small_shops, 0, COUNT(laws) * COUNT(few));
    suite_add_tcase(suite, tc);
    tc = tcase_create("sql");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, real_customers_are_held, 0, COUNT(real));
    tcase_add_loop_test(tc, what_is_read_does_not_matter, 0, 2);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
