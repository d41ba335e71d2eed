/* fuzz_model.c - whether the models keep their promises, whatever they are given.
 *
 * The first byte chooses: laws of one customer under given parameters, a curve over ages, a fit of the
 * purchase models, a fit of the spend model, or the small functions of stat/.  Parameters come from everyday ranges, from
 * all that a fit can reach (within "reach" below every figure must be a number), and from any bits at
 * all: then figures are NaN or still within their bounds.
 *
 * Laws: probabilities lie in [0, 1]; P(no purchase in t) falls with t and is 1 at 0; expected purchases
 * rise with t, are 0 at 0, at least P(a purchase) and at most those of somebody who never leaves;
 * discounting takes something away, more at a higher rate, at most exp(-delta t) of all; P(alive) falls
 * with the silence.  A fit ends within its bounds, says what it did, does not depend on the order of
 * the customers, and its log-likelihood is that of its parameters.
 */
#include "fuzz.h"

/* ---- Numbers ---- */

static const double model_odd[] = {0, -1, 1, NAN, INFINITY, -INFINITY, 5e-324, 1e-308, 1.7e308, -0.0, 1e-9, 1e9,
                                   4e15, 0.5, 1e-300, 1e300};

/* A number from one of the ranges; wild becomes true for one that no fit could reach. */
static double model_number(Feed *feed, double low, double high, bool *wild) {
    int range = feed_below(feed, 16);
    double share = (double)feed_bytes(feed, 2) / 65535;
    if (range < 10) return low * pow(high / low, share);
    if (range < 12) return low * 1e-3 * pow(high / low * 1e6, share);
    if (range < 14) return floor(low * pow(high / low, share)) + 1;
    *wild = true;
    return range == 14 ? model_odd[(int)(share * (FUZZ_COUNT(model_odd) - 1))] : feed_double(feed);
}

/* A count or a number of days, mostly whole. */
static double model_count(Feed *feed, double high, bool *wild) {
    int range = feed_below(feed, 16);
    double share = (double)feed_bytes(feed, 2) / 65535;
    if (range < 8) return floor(pow(high + 1, share)) - 1;
    if (range < 13) return floor(share * high);
    if (range == 13) return share * high;
    *wild = true;
    return range == 14 ? model_odd[(int)(share * (FUZZ_COUNT(model_odd) - 1))] : feed_double(feed);
}

/* a <= b, up to rounding relative to the larger and to one. */
static bool model_not_above(double a, double b) {
    return a <= b + 1e-9 * fmax(fabs(b), fabs(a)) + 1e-12;
}

static bool model_is_probability(double p) {
    return p >= 0 && p <= 1;
}

/* ---- One customer ---- */

typedef struct ModelCase {
    BgnbdKind kind;
    BgnbdParams params;
    double x, tx, age, t, delta;
    bool valid; /* as bgnbd.h asks for */
    bool reach; /* a fit and its shop could hand it in */
} ModelCase;

static ModelCase model_case(Feed *feed) {
    bool wild = false;
    ModelCase c = {.kind = feed_below(feed, 2) ? BGNBD_MBG : BGNBD_BG};
    c.params.r = model_number(feed, 1e-3, 1e3, &wild);
    c.params.alpha = model_number(feed, 1e-2, 1e5, &wild);
    c.params.a = model_number(feed, 1e-3, 1e3, &wild);
    c.params.b = model_number(feed, 1e-3, 1e3, &wild);
    c.age = model_count(feed, 20000, &wild);
    double share = (double)feed_bytes(feed, 2) / 65535;
    c.x = model_count(feed, 3000, &wild);
    c.tx = c.x == 0 ? 0 : feed_below(feed, 12) ? floor(share * c.age) : model_count(feed, 20000, &wild);
    c.t = model_count(feed, 36500, &wild);
    c.delta = feed_below(feed, 4) ? model_number(feed, 1e-6, 1e-2, &wild) : 0;
    const BgnbdParams *p = &c.params;
    c.valid = p->r > 0 && p->alpha > 0 && p->a > 0 && p->b > 0 && isfinite(p->r) && isfinite(p->alpha) &&
              isfinite(p->a) && isfinite(p->b) && c.x >= 0 && isfinite(c.x) && c.tx >= 0 && c.tx <= c.age &&
              isfinite(c.age);
    c.reach = c.valid && !wild && c.t >= 0;
    return c;
}

static void model_say(const ModelCase *c, const char *law) {
    fuzz_fail("%s: kind %d r %.17g alpha %.17g a %.17g b %.17g x %.17g tx %.17g T %.17g t %.17g delta %.17g", law,
              c->kind, c->params.r, c->params.alpha, c->params.a, c->params.b, c->x, c->tx, c->age, c->t, c->delta);
}

#define MODEL_LAW(c, condition, law)            \
    do {                                        \
        if (!(condition)) model_say((c), (law)); \
    } while (0)

/* Figures of any arguments: NaN where they are invalid, within their bounds where they are not NaN. */
static void model_check_bounds(const ModelCase *c) {
    double gradient[4];
    double alive = bgnbd_p_alive(c->kind, &c->params, c->x, c->tx, c->age);
    double none = bgnbd_p_no_purchase(c->kind, &c->params, c->x, c->tx, c->age, c->t);
    double loglik = bgnbd_loglik(c->kind, &c->params, c->x, c->tx, c->age, gradient);
    MODEL_LAW(c, isnan(alive) || model_is_probability(alive), "p_alive is no probability");
    MODEL_LAW(c, isnan(none) || model_is_probability(none), "p_no_purchase is no probability");
    if (!c->valid) {
        MODEL_LAW(c, isnan(alive) && isnan(none) && isnan(loglik) && isnan(gradient[0]), "invalid, but no NaN");
        return;
    }
    double expected = bgnbd_expected_if_alive(c->kind, &c->params, c->x, c->age, c->t);
    MODEL_LAW(c, isnan(expected) || expected >= 0, "negative expected purchases");
    if (!(c->t >= 0) || isinf(c->t)) MODEL_LAW(c, isnan(none) && isnan(expected), "a horizon that is none");
    if (!c->reach) return;
    MODEL_LAW(c, !isnan(alive) && !isnan(none) && isfinite(expected), "not a number");
    MODEL_LAW(c, isfinite(loglik), "log-likelihood is not finite");
    for (int i = 0; i < 4; i++) MODEL_LAW(c, isfinite(gradient[i]), "gradient is not finite");
}

static void model_check_waiting(const ModelCase *c) {
    const BgnbdParams *p = &c->params;
    double alive = bgnbd_p_alive(c->kind, p, c->x, c->tx, c->age);
    double last = bgnbd_p_no_purchase(c->kind, p, c->x, c->tx, c->age, 0);
    MODEL_LAW(c, fabs(last - 1) <= 1e-12, "p_no_purchase at 0 is not 1");
    for (int i = 1; i <= 8; i++) {
        double none = bgnbd_p_no_purchase(c->kind, p, c->x, c->tx, c->age, c->t * i / 8);
        MODEL_LAW(c, model_not_above(none, last), "p_no_purchase rises with t");
        MODEL_LAW(c, model_not_above(1 - alive, none), "p_no_purchase is below P(gone)");
        double waits = pow(1 + c->t * i / 8 / (p->alpha + c->age), -(p->r + c->x));
        MODEL_LAW(c, fabs(none - (1 - alive + alive * waits)) <= 1e-9, "p_no_purchase is not gone or waiting");
        last = none;
    }
    if (c->kind == BGNBD_BG && c->x == 0) MODEL_LAW(c, alive == 1, "nobody can be gone at x = 0");
    double silent = bgnbd_p_alive(c->kind, p, c->x, c->tx, c->age + 1 + c->t);
    MODEL_LAW(c, model_not_above(silent, alive), "p_alive rises with silence");
    if (c->x > 0)
        MODEL_LAW(c, model_not_above(bgnbd_p_alive(c->kind, p, c->x, c->tx / 2, c->age), alive),
                  "p_alive falls with recency");
}

static void model_check_expected(const ModelCase *c) {
    const BgnbdParams *p = &c->params;
    double last = bgnbd_expected_if_alive(c->kind, p, c->x, c->age, 0);
    double alive = bgnbd_p_alive(c->kind, p, c->x, c->tx, c->age);
    double rate = (p->r + c->x) / (p->alpha + c->age);
    MODEL_LAW(c, last == 0, "purchases within no time");
    for (int i = 1; i <= 4; i++) {
        double t = c->t * i / 4, now = bgnbd_expected_if_alive(c->kind, p, c->x, c->age, t);
        MODEL_LAW(c, model_not_above(last, now), "expected purchases fall with t");
        MODEL_LAW(c, model_not_above(now, rate * t), "more purchases than without dropout");
        double all = bgnbd_expected_purchases(c->kind, p, c->x, c->tx, c->age, t);
        MODEL_LAW(c, model_not_above(all, now), "more purchases than of the alive");
        MODEL_LAW(c, fabs(all - alive * now) <= 1e-9 * now + 1e-300, "expected is not p_alive x expected of the alive");
        double some = 1 - bgnbd_p_no_purchase(c->kind, p, c->x, c->tx, c->age, t);
        MODEL_LAW(c, model_not_above(some, all), "fewer purchases than P(a purchase)");
        last = now;
    }
    MODEL_LAW(c, bgnbd_unconditional_expected(c->kind, p, c->t) >= 0, "a new customer's purchases");
}

static void model_check_discount(const ModelCase *c) {
    const BgnbdParams *p = &c->params;
    double full = bgnbd_expected_if_alive(c->kind, p, c->x, c->age, c->t);
    double less = bgnbd_discounted_if_alive(c->kind, p, c->x, c->age, c->t, c->delta);
    double least = bgnbd_discounted_if_alive(c->kind, p, c->x, c->age, c->t, 2 * c->delta);
    MODEL_LAW(c, isfinite(less) && isfinite(least) && least >= 0, "discounted purchases are no number");
    MODEL_LAW(c, model_not_above(less, full), "discounted is above expected");
    MODEL_LAW(c, model_not_above(least, less), "discounted rises with the rate");
    MODEL_LAW(c, model_not_above(full * exp(-c->delta * c->t), less), "discounted by more than the whole horizon");
}

static void model_fuzz_customer(Feed *feed) {
    ModelCase c = model_case(feed);
    model_check_bounds(&c);
    if (!c.reach) return;
    model_check_waiting(&c);
    model_check_expected(&c);
    model_check_discount(&c);
}

/* ---- Curves ---- */

/* What is read off a curve is what is computed in full, and what the single functions give. */
static void model_fuzz_curve(Feed *feed) {
    ModelCase c = model_case(feed);
    double span = (double)feed_bytes(feed, 2);
    Purchasecurve curve;
    PurchasecurveTerms terms = {.law = {.model = (PurchaseModel)c.kind, .as = {.bgnbd = c.params}}, .horizon = c.t, .delta = c.delta};
    if (!c.reach || !(c.t >= 1)) return;
    purchasecurve_fit(&curve, &terms, c.x, c.age, c.age + span);
    for (int i = 0; i <= 4; i++) {
        double age = c.age + floor(span * i / 4);
        PurchaseCount exact = purchasecurve_exact(&terms, c.x, age);
        double expected = bgnbd_expected_if_alive(c.kind, &c.params, c.x, age, c.t);
        MODEL_LAW(&c, fabs(exact.expected - expected) <= 1e-9 * expected, "expected purchases come in two sizes");
        if (!curve.converged) continue;
        PurchaseCount read = purchasecurve_read(&curve, age);
        MODEL_LAW(&c, fabs(read.expected - exact.expected) <= 1e-8 * exact.expected, "the curve of expected is off");
        MODEL_LAW(&c, fabs(read.discounted - exact.discounted) <= 1e-8 * exact.discounted, "the curve of discounted is off");
    }
}

/* ---- Fits ---- */

enum { MODEL_CUSTOMERS_MAX = 120, MODEL_ITERATIONS_MAX = 1000, MODEL_EVALUATIONS_MAX = 20000 };

typedef struct ModelShop {
    int64_t n;
    int32_t x[MODEL_CUSTOMERS_MAX], tx[MODEL_CUSTOMERS_MAX], age[MODEL_CUSTOMERS_MAX];
    double spend[MODEL_CUSTOMERS_MAX];
} ModelShop;

/* Some customers are written out; others come in crowds of a few parameters. */
static void model_read_shop(Feed *feed, ModelShop *shop) {
    int days = 1 + (int)feed_bytes(feed, 2) % 4000;
    bool far = feed_below(feed, 16) == 0;
    shop->n = 0;
    while (feed->at < feed->end && shop->n < MODEL_CUSTOMERS_MAX) {
        int crowd = feed_below(feed, 8) ? 1 : 1 + feed_below(feed, 100), most = feed_below(feed, 40);
        uint64_t random = feed_bytes(feed, 3);
        double spend = feed_below(feed, 10) ? (double)(random % 20000) / 100 : model_odd[random % FUZZ_COUNT(model_odd)];
        for (int i = 0; i < crowd && shop->n < MODEL_CUSTOMERS_MAX; i++) {
            int64_t c = shop->n++;
            shop->age[c] = far && i == 0 ? 3699999 : fuzz_below(&random, days);
            shop->tx[c] = fuzz_below(&random, shop->age[c] + 1);
            shop->x[c] = fuzz_below(&random, (shop->tx[c] < most ? shop->tx[c] : most) + 1);
            if (shop->x[c] == 0) shop->tx[c] = 0;
            shop->spend[c] = spend * (i % 7 + 1);
        }
    }
}

static void model_reverse(ModelShop *shop) {
    for (int64_t i = 0, j = shop->n - 1; i < j; i++, j--) {
#define MODEL_SWAP(type, field) do { type kept = shop->field[i]; shop->field[i] = shop->field[j]; shop->field[j] = kept; } while (0)
        MODEL_SWAP(int32_t, x);
        MODEL_SWAP(int32_t, tx);
        MODEL_SWAP(int32_t, age);
        MODEL_SWAP(double, spend);
#undef MODEL_SWAP
    }
}

typedef struct ModelGroups {
    int32_t x[MODEL_CUSTOMERS_MAX], tx[MODEL_CUSTOMERS_MAX], age[MODEL_CUSTOMERS_MAX];
    int64_t count[MODEL_CUSTOMERS_MAX], n;
} ModelGroups;

static void model_collapse(const ModelShop *shop, ModelGroups *groups) {
    void *workspace = malloc((size_t)rfmgroup_workspace_size(shop->n) + 1);
    groups->n = rfmgroup_collapse(shop->n, shop->x, shop->tx, shop->age, workspace, groups->x, groups->tx, groups->age,
                                  groups->count);
    free(workspace);
    int64_t n = 0;
    FUZZ_CHECK(groups->n >= 0, "valid histories are refused");
    for (int64_t i = 0; i < groups->n; i++) {
        n += groups->count[i];
        FUZZ_CHECK(groups->count[i] > 0, "an empty group");
        if (i == 0) continue;
        int32_t a[] = {groups->x[i - 1], groups->tx[i - 1], groups->age[i - 1]};
        int32_t b[] = {groups->x[i], groups->tx[i], groups->age[i]};
        int k = a[0] != b[0] ? 0 : a[1] != b[1] ? 1 : 2;
        FUZZ_CHECK(a[k] < b[k], "groups are not sorted");
    }
    FUZZ_CHECK(n == shop->n, "%lld of %lld customers are in groups", (long long)n, (long long)shop->n);
}

typedef struct ModelPatience {
    int left;
} ModelPatience;

static bool model_stop(void *ctx) {
    ModelPatience *patience = ctx;
    return patience->left-- <= 0;
}

static Bgnbdfit model_fit(BgnbdKind kind, const ModelGroups *groups, const Poll *poll) {
    Bgnbdfit fit;
    BgnbdfitData data = {groups->n, groups->x, groups->tx, groups->age, groups->count};
    void *workspace = malloc((size_t)bgnbdfit_workspace_size(&data) + 1);
    bgnbdfit_run(kind, &data, workspace, poll, &fit);
    free(workspace);
    return fit;
}

static void model_check_fit(const Bgnbdfit *fit, const ModelGroups *groups, int64_t n) {
    FUZZ_CHECK(fit->customers == n && !fit->interrupted, "a fit of %lld customers says %lld", (long long)n,
               (long long)fit->customers);
    FUZZ_CHECK(fit->iterations <= MODEL_ITERATIONS_MAX && fit->evaluations <= MODEL_EVALUATIONS_MAX,
               "%d iterations, %d evaluations", fit->iterations, fit->evaluations);
    FUZZ_CHECK(fit->converged == !(fit->warnings & BGNBDFIT_NOT_CONVERGED), "converged %d, warnings %u", fit->converged,
               fit->warnings);
    if (!fit->converged) return;
    const BgnbdParams *p = &fit->params;
    FUZZ_CHECK(p->r > 0 && p->alpha > 0 && p->a > 0 && p->b > 0 && isfinite(p->r + p->alpha + p->a + p->b),
               "converged at r %g alpha %g a %g b %g", p->r, p->alpha, p->a, p->b);
    double sum = 0;
    for (int64_t i = 0; i < groups->n; i++)
        sum += (double)groups->count[i] * bgnbd_loglik(fit->kind, p, groups->x[i], groups->tx[i], groups->age[i], NULL);
    FUZZ_CHECK(fabs(sum - fit->log_likelihood) <= 1e-7 * (1 + fabs(sum)), "log-likelihood %.17g, by customer %.17g",
               fit->log_likelihood, sum);
    FUZZ_CHECK(fit->log_likelihood >= fit->log_likelihood_nbd - 1e-3 * (1 + fabs(sum)),
               "log-likelihood %.17g, without dropout %.17g", fit->log_likelihood, fit->log_likelihood_nbd);
}

static void model_fuzz_fit(Feed *feed) {
    BgnbdKind kind = feed_below(feed, 2) ? BGNBD_MBG : BGNBD_BG;
    ModelPatience patience = {feed_below(feed, 64)};
    Poll poll = {model_stop, &patience};
    ModelShop shop;
    ModelGroups groups, again;
    model_read_shop(feed, &shop);
    model_collapse(&shop, &groups);
    Bgnbdfit fit = model_fit(kind, &groups, NULL);
    if (shop.n) model_check_fit(&fit, &groups, shop.n);
    model_reverse(&shop);
    model_collapse(&shop, &again);
    Bgnbdfit other = model_fit(kind, &again, NULL);
    FUZZ_CHECK(memcmp(&fit.params, &other.params, sizeof(fit.params)) == 0 && fit.iterations == other.iterations &&
                   fit.warnings == other.warnings,
               "the fit depends on the order of customers");
    Bgnbdfit stopped = model_fit(kind, &groups, &poll);
    FUZZ_CHECK(stopped.interrupted == (patience.left < 0), "interrupted %d", stopped.interrupted);
}

static GammagammaFit model_fit_spend(const ModelShop *shop) {
    GammagammaFit fit;
    void *workspace = malloc((size_t)gammagamma_workspace_size(shop->n) + 1);
    gammagamma_fit(shop->n, shop->x, shop->spend, workspace, NULL, &fit);
    free(workspace);
    return fit;
}

static void model_check_spend(const GammagammaFit *fit, const ModelShop *shop) {
    const GammagammaParams *p = &fit->params;
    double mean = gammagamma_expected_spend(p, 0, 0);
    FUZZ_CHECK((p->q <= 1) == isnan(mean), "p %g q %g gamma %g, population mean %g", p->p, p->q, p->gamma, mean);
    FUZZ_CHECK((p->q <= 1) == !!(fit->warnings & GAMMAGAMMA_MEAN_INFINITE), "q %g, warnings %u", p->q, fit->warnings);
    for (int64_t i = 0; i < shop->n && i < 32; i++) {
        double m = shop->spend[i];
        if (!(m > 1e-6 && m < 1e9) || shop->x[i] == 0 || isnan(mean)) continue;
        double spend = gammagamma_expected_spend(p, shop->x[i], m);
        FUZZ_CHECK(model_not_above(fmin(m, mean), spend) && model_not_above(spend, fmax(m, mean)),
                   "expected spend %.17g is not between own %.17g and all %.17g", spend, m, mean);
    }
}

static void model_fuzz_spend(Feed *feed) {
    ModelShop shop;
    model_read_shop(feed, &shop);
    GammagammaFit fit = model_fit_spend(&shop);
    FUZZ_CHECK(fit.iterations <= MODEL_ITERATIONS_MAX && fit.evaluations <= MODEL_EVALUATIONS_MAX,
               "%d iterations, %d evaluations", fit.iterations, fit.evaluations);
    FUZZ_CHECK(fit.converged == !(fit.warnings & GAMMAGAMMA_NOT_CONVERGED), "converged %d, warnings %u", fit.converged,
               fit.warnings);
    FUZZ_CHECK(isnan(fit.correlation) || fabs(fit.correlation) <= 1 + 1e-12, "correlation %g", fit.correlation);
    if (fit.converged) {
        FUZZ_CHECK(fit.params.p > 0 && fit.params.q > 0 && fit.params.gamma > 0, "converged at %g %g %g", fit.params.p,
                   fit.params.q, fit.params.gamma);
        model_check_spend(&fit, &shop);
    }
    model_reverse(&shop);
    GammagammaFit other = model_fit_spend(&shop);
    FUZZ_CHECK(memcmp(&fit.params, &other.params, sizeof(fit.params)) == 0, "the fit depends on the order of customers");
}

/* ---- Small functions ---- */

static int model_compare_ints(const void *a, const void *b) {
    return (*(const int32_t *)a > *(const int32_t *)b) - (*(const int32_t *)a < *(const int32_t *)b);
}

static void model_check_median(Feed *feed) {
    enum { MAX = 64, WIDE = 300 };
    int32_t values[MAX], sorted[MAX];
    int64_t count[WIDE] = {0};
    int n = feed_below(feed, MAX + 1), width = 1 + feed_below(feed, 2) * 3;
    for (int i = 0; i < n; i++) {
        sorted[i] = values[i] = (int32_t)feed_bytes(feed, width);
        if (width == 1) count[values[i]]++;
    }
    qsort(sorted, (size_t)n, sizeof(*sorted), model_compare_ints);
    double expected = n == 0 ? NAN : ((double)sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    double median = order_median_ints(values, n);
    FUZZ_CHECK(n == 0 ? isnan(median) : median == expected, "median %.17g, not %.17g", median, expected);
    if (width == 1 && n > 0)
        FUZZ_CHECK(order_median_counts(count, WIDE) == expected, "median by counts is not %.17g", expected);
}

static void model_check_wilson(Feed *feed) {
    bool wild = false;
    double n = model_count(feed, 1e6, &wild), k = floor(n * (double)feed_bytes(feed, 2) / 65535);
    double level = (double)feed_bytes(feed, 2) / 65536, z = wilson_z(level), low, high, wide_low, wide_high;
    FUZZ_CHECK(z >= 0 && isfinite(z), "z of %g is %g", level, z);
    wilson_interval(k, n, z, &low, &high);
    if (isnan(low) || isnan(high)) {
        FUZZ_CHECK(isnan(low) && isnan(high) && !(n > 0 && k >= 0 && k <= n && isfinite(n)), "wilson of %g of %g", k, n);
        return;
    }
    FUZZ_CHECK(low >= 0 && model_not_above(low, k / n) && model_not_above(k / n, high) && high <= 1,
               "%.17g of %.17g lies in %.17g..%.17g", k, n, low, high);
    wilson_interval(k, n, z + 0.5, &wide_low, &wide_high);
    FUZZ_CHECK(model_not_above(wide_low, low) && model_not_above(high, wide_high), "a wider interval is narrower");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Feed feed = {data, data + size};
    switch (feed_below(&feed, 8)) {
        case 0: model_fuzz_fit(&feed); break;
        case 1: model_fuzz_spend(&feed); break;
        case 2:
            model_check_median(&feed);
            model_check_wilson(&feed);
            break;
        case 3: model_fuzz_curve(&feed); break;
        default: model_fuzz_customer(&feed);
    }
    return 0;
}
