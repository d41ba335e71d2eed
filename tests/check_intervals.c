/* check_intervals.c - do the intervals of churn_candidates and clv hold what they say they hold? */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/churninterval.h"
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
START_TEST(churn_interval_covers) {
    enum { SHOPS = 200, SHOPS_PNBD = 50, CUSTOMERS = 500 };
    World world = {.law = &laws[_i], .spend = {6.25, 3.74, 15.44}, .horizon = 1, .days = 500};
    double held = 0, seen = 0, none = 0; /* none: without an interval */
    seed = 88172645463325252u + (uint64_t)_i;
    int shops = laws[_i].model == PURCHASE_PNBD ? SHOPS_PNBD : SHOPS;
    for (int k = 0; k < shops; k++) {
        Shop shop = shop_open(&world, CUSTOMERS);
        for (int i = 0; i < shop.n; i++) {
            const Person *p = &shop.person[i];
            double truth = purchase_p_no_purchase(world.law, p->frequency, p->recency, p->age, 90);
            Churninterval ci = churninterval_of(&shop.purchases, p->frequency, p->recency, p->age, 90, Z90);
            none += isnan(ci.low) || isnan(ci.high);
            seen++;
            held += ci.low <= truth && truth <= ci.high;
        }
        shop_close(&shop);
    }
    double covered = held / (seen - none);
    if (!(covered >= 0.85 && covered <= 0.95)) ck_abort_msg("the 90 %% interval holds %.4f", covered);
    ck_assert_msg(none <= 0.02 * seen, "%g of %g without an interval", none, seen);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("intervals");
    TCase *tc = tcase_create("churn");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, log_buys_is_that_of_the_law, 0, COUNT(laws));
    tcase_add_loop_test(tc, covariance_is_that_of_the_standard_errors, 0, COUNT(laws));
    tcase_add_loop_test(tc, churn_interval_covers, 0, COUNT(laws));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
