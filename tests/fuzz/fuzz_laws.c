/* fuzz_laws.c - whether the models that fuzz_model does not know keep their promises, whatever they are given.
 *
 * The first byte chooses: one customer under any of the four laws of purchase.h, a fit of one of them, contracts (sBG),
 * opportunities (BG/BB), a logistic regression, or a Kaplan-Meier curve.
 *
 * Laws: probabilities lie in [0, 1]; P(no purchase in t) falls with t down to P(never again); expected purchases rise
 * with t and are at most those of somebody who never leaves; moments belong to a distribution; a day by which a share has
 * bought again comes later for a larger share; survival falls, its limits lie around it, and without censoring it is the
 * share that is left; who renews once more is likelier to renew again; a fit ends, and what it calls converged are finite
 * parameters within their bounds that are no worse than buying without dropout.
 */
#include "fuzz.h"

/* ---- Numbers ---- */

/* Between low and high, evenly in the logarithm. */
static double laws_between(Feed *feed, double low, double high) {
    return low * pow(high / low, (double)feed_bytes(feed, 2) / 65535);
}

static bool laws_is_probability(double p) {
    return p >= 0 && p <= 1;
}

/* a <= b, up to what quadrature leaves. */
static bool laws_not_above(double a, double b) {
    return a <= b + 1e-7 * fmax(fabs(a), fabs(b)) + 1e-9;
}

/* ---- One customer ---- */

typedef struct LawsCase {
    PurchaseLaw law;
    double x, tx, age, t, delta;
} LawsCase;

static LawsCase laws_case(Feed *feed) {
    LawsCase c = {.law = {.model = (PurchaseModel)feed_below(feed, PURCHASE_MODELS)}};
    double r = laws_between(feed, 1e-2, 1e2), alpha = laws_between(feed, 1e-1, 1e4);
    double a = laws_between(feed, 1e-2, 1e2), b = laws_between(feed, 1e-1, c.law.model == PURCHASE_PNBD ? 1e4 : 1e2);
    if (c.law.model == PURCHASE_PNBD) c.law.as.pnbd = (PnbdParams){.r = r, .alpha = alpha, .s = a, .beta = b};
    else c.law.as.bgnbd = (BgnbdParams){.r = r, .alpha = alpha, .a = a, .b = b};
    c.age = floor(laws_between(feed, 1, 1e4)) - 1;
    c.x = feed_below(feed, 4) ? floor(laws_between(feed, 1, 1e3)) - 1 : 0;
    c.tx = c.x > 0 ? floor(c.age * (double)feed_bytes(feed, 1) / 255) : 0;
    c.t = laws_between(feed, 0.1, 36500);
    c.delta = laws_between(feed, 1e-6, 1e-2);
    return c;
}

static void laws_say(const LawsCase *c, const char *law, double a, double b) {
    const BgnbdParams *p = &c->law.as.bgnbd;
    fuzz_fail("%s (%.17g, %.17g): model %d r %.17g alpha %.17g a, s %.17g b, beta %.17g x %g tx %g T %g t %.17g delta %.17g",
              law, a, b, c->law.model, p->r, p->alpha, p->a, p->b, c->x, c->tx, c->age, c->t, c->delta);
}

#define LAWS_HOLD(c, condition, law, a, b)                  \
    do {                                                    \
        if (!(condition)) laws_say((c), (law), (a), (b));   \
    } while (0)

static void laws_check_waiting(const LawsCase *c) {
    double alive = purchase_p_alive(&c->law, c->x, c->tx, c->age);
    double never = purchasenext_p_never(&c->law, c->x, c->tx, c->age);
    double last = purchase_p_no_purchase(&c->law, c->x, c->tx, c->age, 0);
    LAWS_HOLD(c, laws_is_probability(alive), "p_alive", alive, 0);
    LAWS_HOLD(c, laws_is_probability(never), "p_never", never, 0);
    LAWS_HOLD(c, fabs(last - 1) <= 1e-9, "p_no_purchase at 0", last, 1);
    LAWS_HOLD(c, laws_not_above(1 - alive, never), "who is gone buys again", 1 - alive, never);
    for (int i = 1; i <= 6; i++) {
        double none = purchase_p_no_purchase(&c->law, c->x, c->tx, c->age, c->t * i / 6);
        LAWS_HOLD(c, laws_is_probability(none), "p_no_purchase", none, 0);
        LAWS_HOLD(c, laws_not_above(none, last), "p_no_purchase rises", none, last);
        LAWS_HOLD(c, laws_not_above(never, none), "p_no_purchase is below p_never", none, never);
        last = none;
    }
}

static void laws_check_days(const LawsCase *c) {
    int32_t last = 1;
    for (int i = 1; i <= 4; i++) {
        int32_t day = purchasenext_day(&c->law, c->x, c->age, i / 5.0, 36500);
        LAWS_HOLD(c, day >= 0 && day <= 36500, "a day outside of the horizon", day, i);
        LAWS_HOLD(c, day == 0 || (last > 0 && day >= last), "a larger share comes sooner", day, last);
        last = day;
    }
}

static void laws_check_counts(const LawsCase *c) {
    double rate = purchase_rate(&c->law, c->x, c->age), last = 0;
    for (int i = 1; i <= 3; i++) {
        double t = c->t * i / 3;
        PurchaseCount count = purchase_if_alive(&c->law, c->x, c->age, t, c->delta);
        LAWS_HOLD(c, isfinite(count.expected) && laws_not_above(last, count.expected), "expected falls", count.expected, last);
        LAWS_HOLD(c, laws_not_above(count.expected, rate * t), "more than without dropout", count.expected, rate * t);
        LAWS_HOLD(c, count.discounted >= 0 && laws_not_above(count.discounted, count.expected), "discounted", count.discounted,
                  count.expected);
        LAWS_HOLD(c, laws_not_above(count.expected * exp(-c->delta * t), count.discounted), "discounted too much",
                  count.discounted, count.expected);
        last = count.expected;
    }
    PurchaseWindow window;
    purchasewindow_if_alive(&c->law, c->x, c->age, 1, &c->t, &window);
    LAWS_HOLD(c, fabs(window.expected - last) <= 1e-6 * last + 1e-9, "a window expects otherwise", window.expected, last);
    double variance = window.pairs + window.expected - window.expected * window.expected;
    LAWS_HOLD(c, window.pairs >= -1e-9, "pairs", window.pairs, 0);
    LAWS_HOLD(c, variance >= -1e-2 * (1 + window.expected * window.expected), "variance", variance, window.expected);
}

static void laws_fuzz_customer(Feed *feed) {
    LawsCase c = laws_case(feed);
    laws_check_waiting(&c);
    laws_check_days(&c);
    laws_check_counts(&c);
}

/* Any bits at all: NaN, or within the bounds. */
static void laws_fuzz_anything(Feed *feed) {
    LawsCase c = {.law = {.model = (PurchaseModel)feed_below(feed, PURCHASE_MODELS)}};
    BgnbdParams *p = &c.law.as.bgnbd;
    double *const numbers[] = {&p->r, &p->alpha, &p->a, &p->b, &c.x, &c.tx, &c.age, &c.t};
    LawsCase near = laws_case(feed);
    c.x = near.x, c.tx = near.tx, c.age = near.age, c.t = near.t;
    *p = near.law.as.bgnbd;
    for (int i = 1 + feed_below(feed, 3); i > 0; i--) *numbers[feed_below(feed, FUZZ_COUNT(numbers))] = feed_double(feed);
    if (!(fabs(c.x) < 1e7 && fabs(c.age) < 1e7 && fabs(c.t) < 1e6)) return; /* more than any table holds */
    double alive = purchase_p_alive(&c.law, c.x, c.tx, c.age);
    double none = purchase_p_no_purchase(&c.law, c.x, c.tx, c.age, c.t);
    PurchaseCount count = purchase_if_alive(&c.law, c.x, c.age, c.t, 0);
    LAWS_HOLD(&c, isnan(alive) || laws_is_probability(alive), "p_alive of anything", alive, 0);
    LAWS_HOLD(&c, isnan(none) || laws_is_probability(none), "p_no_purchase of anything", none, 0);
    LAWS_HOLD(&c, isnan(count.expected) || count.expected >= 0, "expected of anything", count.expected, 0);
}

/* ---- Fits of the laws ---- */

enum { LAWS_CUSTOMERS_MAX = 100 };

static void laws_fuzz_fit(Feed *feed) {
    static int32_t x[LAWS_CUSTOMERS_MAX], tx[LAWS_CUSTOMERS_MAX], age[LAWS_CUSTOMERS_MAX];
    static int64_t count[LAWS_CUSTOMERS_MAX];
    PurchaseModel model = (PurchaseModel)feed_below(feed, PURCHASE_MODELS);
    int days = 1 + (int)feed_bytes(feed, 2) % 3000, n = 0;
    while (feed->at < feed->end && n < LAWS_CUSTOMERS_MAX) {
        int crowd = 1 + feed_below(feed, 40), most = feed_below(feed, 40);
        uint64_t random = feed_bytes(feed, 2);
        for (int i = 0; i < crowd && n < LAWS_CUSTOMERS_MAX; i++, n++) {
            age[n] = fuzz_below(&random, days);
            tx[n] = fuzz_below(&random, age[n] + 1);
            x[n] = fuzz_below(&random, (tx[n] < most ? tx[n] : most) + 1);
            if (x[n] == 0) tx[n] = 0;
        }
    }
    void *workspace = malloc((size_t)rfmgroup_workspace_size(n) + 1);
    BgnbdfitData data = {0, x, tx, age, count};
    data.n = rfmgroup_collapse(n, x, tx, age, workspace, x, tx, age, count);
    free(workspace);
    workspace = malloc((size_t)bgnbdfit_workspace_size(&data) + 1);
    Purchasefit fit;
    purchasefit_run(model, &data, workspace, NULL, &fit);
    free(workspace);
    FUZZ_CHECK(fit.customers == n && !fit.interrupted, "a fit of %d customers says %d", n, (int)fit.customers);
    if (!fit.converged) return;
    for (int i = 0; i < retain_purchasefit_models[model].n_params; i++)
        FUZZ_CHECK(fit.value[i] > 0 && isfinite(fit.value[i]) && !(fit.std_error[i] < 0), "model %d: parameter %d is %g +- %g",
                   model, i, fit.value[i], fit.std_error[i]);
    FUZZ_CHECK(fit.log_likelihood >= fit.log_likelihood_nbd - 1e-3 * (1 + fabs(fit.log_likelihood)),
               "model %d: log-likelihood %.17g, without dropout %.17g", model, fit.log_likelihood, fit.log_likelihood_nbd);
    double alive = purchase_p_alive(&fit.law, x[0], tx[0], age[0]);
    Churninterval range = churninterval_of(&fit, x[0], tx[0], age[0], 90, 1.96);
    double none = purchase_p_no_purchase(&fit.law, x[0], tx[0], age[0], 90);
    FUZZ_CHECK(laws_is_probability(alive) && laws_is_probability(none), "model %d: p_alive %g, p_no_purchase %g", model, alive,
               none);
    FUZZ_CHECK(isnan(range.low) || (laws_not_above(range.low, none) && laws_not_above(none, range.high)),
               "model %d: %g lies outside of %g to %g", model, none, range.low, range.high);
}

/* ---- Contracts ---- */

static void laws_check_contracts(const SbgParams *p) {
    double last = 0, kept = 0;
    for (int t = 1; t <= 24; t++) {
        double survival = sbg_log_survival(p, t), retention = sbg_retention(p, t);
        FUZZ_CHECK(laws_not_above(survival, last), "alpha %.17g beta %.17g: ln S(%d) %.17g after %.17g", p->alpha, p->beta, t,
                   survival, last);
        FUZZ_CHECK(laws_is_probability(retention) && laws_not_above(kept, retention),
                   "alpha %.17g beta %.17g: %.17g renew at %d, %.17g before", p->alpha, p->beta, retention, t, kept);
        last = survival;
        kept = retention;
    }
    double renewals = sbg_expected_renewals(p, 3, 12);
    FUZZ_CHECK(renewals >= 0 && renewals <= 12 * (1 + 1e-9), "alpha %.17g beta %.17g: %.17g renewals of 12", p->alpha, p->beta,
               renewals);
}

static void laws_fuzz_contracts(Feed *feed) {
    enum { PERIODS_MAX = 40 };
    int64_t lost[PERIODS_MAX], kept[PERIODS_MAX];
    int bytes = 1 + feed_below(feed, 4);
    SbgData data = {1 + feed_below(feed, PERIODS_MAX), lost, kept};
    SbgParams any = {laws_between(feed, 1e-6, 1e6), laws_between(feed, 1e-6, 1e6)};
    SbgFit fit;
    laws_check_contracts(&any);
    for (int64_t i = 0; i < data.n; i++) {
        lost[i] = (int64_t)feed_bytes(feed, bytes);
        kept[i] = feed_below(feed, 2) ? (int64_t)feed_bytes(feed, bytes) : 0;
    }
    sbg_fit(&data, NULL, &fit);
    FUZZ_CHECK(!fit.interrupted && fit.lost <= fit.customers, "%d of %d lost", (int)fit.lost, (int)fit.customers);
    if (!fit.converged) return;
    FUZZ_CHECK(fit.params.alpha > 0 && fit.params.beta > 0 && isfinite(fit.params.alpha + fit.params.beta) &&
                   fit.log_likelihood <= 0,
               "converged at alpha %g beta %g, log-likelihood %g", fit.params.alpha, fit.params.beta, fit.log_likelihood);
    laws_check_contracts(&fit.params);
}

/* ---- Opportunities ---- */

static void laws_fuzz_opportunities(Feed *feed) {
    enum { HISTORIES = 12 };
    int32_t x[HISTORIES], tx[HISTORIES], n[HISTORIES];
    int64_t count[HISTORIES];
    BgbbParams p = {laws_between(feed, 1e-3, 1e3), laws_between(feed, 1e-3, 1e3), laws_between(feed, 1e-3, 1e3),
                    laws_between(feed, 1e-3, 1e3)};
    for (int i = 0; i < HISTORIES; i++) {
        n[i] = feed_below(feed, 64);
        tx[i] = n[i] ? feed_below(feed, n[i] + 1) : 0;
        x[i] = tx[i] ? 1 + feed_below(feed, tx[i]) : 0;
        count[i] = feed_below(feed, 100);
        double alive = bgbb_p_alive(&p, x[i], tx[i], n[i]), none = bgbb_p_no_purchase(&p, x[i], tx[i], n[i], 6);
        double more = bgbb_p_no_purchase(&p, x[i], tx[i], n[i], 7), bought = bgbb_expected_purchases(&p, x[i], tx[i], n[i], 6, 0);
        bool good = laws_is_probability(alive) && laws_is_probability(none) && laws_not_above(more, none) &&
                    laws_not_above(1 - none, bought) && laws_not_above(bought, 6);
        FUZZ_CHECK(good, "BG/BB %.17g %.17g %.17g %.17g, x %d tx %d n %d: alive %g none %g, then %g, bought %g", p.alpha, p.beta,
                   p.gamma, p.delta, x[i], tx[i], n[i], alive, none, more, bought);
    }
    BgbbData data = {HISTORIES, x, tx, n, count};
    BgbbFit fit;
    bgbb_fit(&data, NULL, &fit);
    FUZZ_CHECK(!fit.converged || (fit.params.alpha > 0 && fit.params.beta > 0 && fit.params.gamma > 0 && fit.params.delta > 0 &&
                                  fit.log_likelihood <= 0),
               "BG/BB converged at %g %g %g %g", fit.params.alpha, fit.params.beta, fit.params.gamma, fit.params.delta);
}

/* ---- Regression ---- */

static void laws_fuzz_regression(Feed *feed) {
    enum { ROWS_MAX = 60 };
    static double x[ROWS_MAX * LOGIT_FEATURES_MAX];
    bool happened[ROWS_MAX];
    LogitData data = {1 + feed_below(feed, ROWS_MAX), 1 + feed_below(feed, LOGIT_FEATURES_MAX), x, happened};
    double size = feed_below(feed, 8) ? 1 : laws_between(feed, 1e-100, 1e100), penalty = laws_between(feed, 1e-6, 1e3);
    uint64_t random = feed_bytes(feed, 2);
    for (int64_t i = 0; i < data.n * data.k; i++)
        x[i] = feed->at < feed->end ? size * ((double)feed_bytes(feed, 1) - 128) : fuzz_below(&random, 7);
    for (int64_t i = 0; i < data.n; i++) happened[i] = fuzz_below(&random, 3) == 0;
    LogitFit fit;
    logit_fit(&data, penalty, NULL, &fit);
    int64_t events = 0;
    double sum = 0;
    for (int64_t i = 0; i < data.n; i++) events += happened[i];
    FUZZ_CHECK(fit.converged || events == 0 || events == data.n || size != 1 || penalty < 1e-3,
               "no optimum of %d rows, %d features and the penalty %g, which has one", (int)data.n, data.k, penalty);
    for (int64_t i = 0; i < data.n; i++) {
        double p = logit_probability(&fit, x + i * data.k);
        FUZZ_CHECK(!fit.converged || laws_is_probability(p), "row %d has probability %g", (int)i, p);
        sum += p - happened[i];
    }
    FUZZ_CHECK(!fit.converged || (fabs(sum) <= 1e-4 * (double)data.n && fit.log_likelihood <= 0),
               "%.17g more are expected than came; log-likelihood %g", sum, fit.log_likelihood);
}

/* ---- Waits ---- */

static void laws_fuzz_waits(Feed *feed) {
    enum { DAYS_MAX = 40 };
    int32_t days[DAYS_MAX];
    int64_t events[DAYS_MAX], censored[DAYS_MAX], all = 0, left = 0, day = -1;
    KaplanStep steps[DAYS_MAX];
    Kaplan curve = {1 + feed_below(feed, DAYS_MAX), days, events, censored, steps};
    bool cut = feed_below(feed, 2);
    for (int64_t i = 0; i < curve.n; i++) {
        day += 1 + feed_below(feed, 30);
        days[i] = (int32_t)day;
        events[i] = feed_below(feed, 50);
        censored[i] = cut ? feed_below(feed, 50) : 0;
        if (events[i] + censored[i] == 0) events[i] = 1;
        all += events[i] + censored[i];
    }
    kaplan_fit(&curve);
    double last = 1, product = 1;
    left = all;
    for (int64_t i = 0; i < curve.n; i++) {
        KaplanRange range = kaplan_step(&curve, i, 1.96);
        product *= 1 - (double)events[i] / (double)left;
        left -= events[i] + censored[i];
        FUZZ_CHECK(fabs(range.value - product) <= 1e-12, "S %.17g, not %.17g", range.value, product);
        FUZZ_CHECK(laws_is_probability(range.value) && range.value <= last, "S %.17g after %.17g", range.value, last);
        FUZZ_CHECK(cut || fabs(range.value - (double)left / (double)all) <= 1e-12, "S %.17g, but %d of %d are left", range.value,
                   (int)left, (int)all);
        FUZZ_CHECK(isnan(range.low) || (range.low >= 0 && range.high <= 1 && laws_not_above(range.low, range.value) &&
                                        laws_not_above(range.value, range.high)),
                   "%.17g lies outside of %.17g to %.17g", range.value, range.low, range.high);
        last = range.value;
    }
    double share = (double)feed_bytes(feed, 1) / 256, error, horizon = days[curve.n - 1];
    KaplanRange when = kaplan_quantile(&curve, share, 1.96);
    FUZZ_CHECK(isnan(when.value) ? last > 1 - share - 1e-9
                                 : kaplan_survival(&curve, (int64_t)when.value, 1.96).value <= 1 - share + 1e-9,
               "the share %g is reached on day %g", share, when.value);
    double mean = kaplan_restricted_mean(&curve, (int32_t)horizon, &error);
    FUZZ_CHECK(isnan(mean) || (mean >= 0 && mean <= horizon + 1e-9), "a mean wait of %g within %g days", mean, horizon);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Feed feed = {data, data + size};
    switch (feed_below(&feed, 16)) {
        case 0: laws_fuzz_fit(&feed); break;
        case 1: laws_fuzz_contracts(&feed); break;
        case 2: laws_fuzz_opportunities(&feed); break;
        case 3: laws_fuzz_regression(&feed); break;
        case 4: laws_fuzz_waits(&feed); break;
        case 5:
        case 6: laws_fuzz_anything(&feed); break;
        default: laws_fuzz_customer(&feed);
    }
    return 0;
}
