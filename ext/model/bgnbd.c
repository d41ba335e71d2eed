/* bgnbd.c - see bgnbd.h.
 *
 * The fit writes the likelihood of one customer as
 *
 *     sum_{i<x} ln(r + i) - x ln(alpha) - (r + x) ln(1 + T/alpha)
 *         - sum_{i<x+m} ln(1 + a / (b + i)) + ln(1 + exp(D)):
 *
 * sums over whole numbers in place of differences of lgamma, which would lose their digits when
 * parameters drift to infinity.  Sums depend on x alone and logs on a day alone, so both are
 * tabulated; a customer then costs one exp and one log.
 */
#include "model/bgnbd.h"

#include <stddef.h>
#include <string.h>

#include "base/libm.h"
#include "math/optimise.h"
#include "math/quadrature.h"
#include "math/special.h"

#define BGNBD_POLL_TERMS 32768    /* likelihood terms between two polls */
#define BGNBD_SUM_MAX 256.0       /* purchases summed one by one; beyond, lgamma and psi */
#define BGNBD_STEP_MAX 32.0       /* the same for the step between two frequencies of a table */
#define BGNBD_LOG_MAX 20.0        /* a log parameter stays within this, about 2e-9 .. 5e8 */
#define BGNBD_PARAM_LOW 1e-4      /* r, a, b and alpha / age outside these have run away */
#define BGNBD_PARAM_HIGH 5e3
#define BGNBD_GAIN 1e-9           /* log-likelihood left to gain at convergence */
#define BGNBD_GAIN_ROUGH 1e-3     /* the same, while starts are compared */
#define BGNBD_GAIN_LEFT 1e-6      /* the same, where rounding ended the search */
#define BGNBD_NBD_GAIN_MIN 2.0    /* log-likelihood that two more parameters should bring */
#define BGNBD_DROPOUT_MIN 1e-4    /* a / (a + b) below this is no attrition */
#define BGNBD_DIFFERENCE 1e-4     /* step of a log parameter for the curvature */
#define BGNBD_PIVOT_MIN 1e-9      /* curvature below this, relative, is a ridge */

/* ---- One customer ---- */

static bool bgnbd_valid(const BgnbdParams *p, double x, double tx, double T) {
    return p->r > 0 && p->alpha > 0 && p->a > 0 && p->b > 0 && isfinite(p->r) &&
           isfinite(p->alpha) && isfinite(p->a) && isfinite(p->b) && x >= 0 && tx >= 0 &&
           tx <= T && isfinite(x) && isfinite(T);
}

static bool bgnbd_can_be_gone(BgnbdKind kind, double x) {
    return kind == BGNBD_MBG || x > 0;
}

static double bgnbd_m(BgnbdKind kind) {
    return kind == BGNBD_MBG ? 1 : 0;
}

/* D, the log odds of being gone at T. */
static double bgnbd_log_odds(BgnbdKind kind, const BgnbdParams *p, double x, double tx, double T) {
    if (!bgnbd_can_be_gone(kind, x)) return -INFINITY;
    return log(p->a / (p->b + x + bgnbd_m(kind) - 1)) +
           (p->r + x) * log1p((T - tx) / (p->alpha + tx));
}

/* Sums over i = 0 .. n - 1, extended to any n >= 0 by lgamma and psi. */
typedef struct BgnbdSums {
    double n;
    double log_rate;   /* ln(r + i) */
    double rate;       /* 1 / (r + i) */
} BgnbdSums;
typedef struct BgnbdBetaSums {
    double n;
    double log_stay;   /* ln(1 + a / (b + i)) */
    double b, ab;      /* 1 / (b + i), 1 / (a + b + i) */
} BgnbdBetaSums;

/* Moves the sums on to n, step by step when the way is short. */
static void bgnbd_sums_to(BgnbdSums *s, const BgnbdParams *p, double n, double step_max) {
    double i = s->n;
    if (n >= i && n - i <= step_max && n == floor(n)) {
        for (; i < n; i += 1) {
            s->log_rate += log(p->r + i);
            s->rate += 1 / (p->r + i);
        }
    } else {
        s->log_rate = special_lgamma(p->r + n) - special_lgamma(p->r);
        s->rate = special_digamma(p->r + n) - special_digamma(p->r);
    }
    s->n = n;
}

static void bgnbd_beta_sums_to(BgnbdBetaSums *s, const BgnbdParams *p, double n, double step_max) {
    double i = s->n;
    if (n >= i && n - i <= step_max && n == floor(n)) {
        for (; i < n; i += 1) {
            s->log_stay += log1p(p->a / (p->b + i));
            s->b += 1 / (p->b + i);
            s->ab += 1 / (p->a + p->b + i);
        }
    } else {
        s->log_stay = special_lbeta(p->a, p->b) - special_lbeta(p->a, p->b + n);
        s->b = special_digamma(p->b + n) - special_digamma(p->b);
        s->ab = special_digamma(p->a + p->b + n) - special_digamma(p->a + p->b);
    }
    s->n = n;
}

/* With w = P(gone), dD/dr = ln((alpha + T) / (alpha + t_x)), and so on by the chain rule. */
double bgnbd_loglik(BgnbdKind kind, const BgnbdParams *p, double x, double tx, double T,
                    double gradient[4]) {
    if (!bgnbd_valid(p, x, tx, T)) {
        for (int i = 0; gradient && i < 4; i++) gradient[i] = NAN;
        return NAN;
    }
    BgnbdSums s = {0};
    BgnbdBetaSums beta = {0};
    double tries = x + bgnbd_m(kind);
    bgnbd_sums_to(&s, p, x, BGNBD_SUM_MAX);
    bgnbd_beta_sums_to(&beta, p, tries, BGNBD_SUM_MAX);
    double k = p->r + x, odds = bgnbd_log_odds(kind, p, x, tx, T);
    double log_now = log1p(T / p->alpha), log_last = log1p(tx / p->alpha);
    if (gradient) {
        double gone = special_logistic(odds);
        gradient[0] = s.rate - (1 - gone) * log_now - gone * log_last;
        gradient[1] = p->r / p->alpha - k * ((1 - gone) / (p->alpha + T) + gone / (p->alpha + tx));
        gradient[2] = gone / p->a - beta.ab;
        gradient[3] = beta.b - beta.ab - (gone > 0 ? gone / (p->b + tries - 1) : 0);
    }
    return s.log_rate - x * log(p->alpha) - k * log_now - beta.log_stay + special_softplus(odds);
}

double bgnbd_p_alive(BgnbdKind kind, const BgnbdParams *p, double x, double tx, double T) {
    if (!bgnbd_valid(p, x, tx, T)) return NAN;
    return special_logistic(-bgnbd_log_odds(kind, p, x, tx, T));
}

double bgnbd_p_no_purchase(BgnbdKind kind, const BgnbdParams *p, double x, double tx, double T,
                           double t) {
    if (!bgnbd_valid(p, x, tx, T) || !(t >= 0) || isinf(t)) return NAN;
    double odds = bgnbd_log_odds(kind, p, x, tx, T);
    double waits = exp(-(p->r + x) * log1p(t / (p->alpha + T)));
    return special_logistic(odds) + special_logistic(-odds) * waits;
}

/* ---- Expectations ----
 *
 * A customer alive at T has p ~ Beta(a, B), B = b + x + m, and lambda ~ Gamma(k, alpha + T),
 * k = r + x.  Were they never to drop out, the purchases N in (T, T + t] would be negative
 * binomial; the j-th of them happens with probability E[(1 - p)^(j - 1)], so that
 *
 *     E = sum_n P(N = n) W_n,    W_n = sum_{j<n} prod_{i<j} (B + i) / (a + B + i),
 *
 * a series of positive terms, free of the cancellation and of the poles (a = 1) that the
 * textbook form with 2F1 has.  With tau = t / (alpha + T) it converges like (tau / (1 + tau))^n.
 * For large tau or k the same expectation is taken over p instead,
 *
 *     E = integral of Beta(p; a, B) [1 - (1 + p tau)^-k] / p,
 *
 * by the trapezoidal rule in y = ln(p / (1 - p)): exponentially accurate for an integrand that is
 * analytic around the real line and decays on both sides.
 */

#define BGNBD_SERIES_MAX 4096.0   /* expected terms beyond which the integral is quicker */
#define BGNBD_LOG_ZERO_MIN (-600.0) /* ln P(N = 0) below this would underflow */
#define BGNBD_NODES_MAX 4096      /* trapezoidal nodes on either side of the peak */
#define BGNBD_NODE_STEP 0.25
#define BGNBD_TINY 1e-18          /* a relative contribution that no longer counts */

typedef struct BgnbdAlive { /* the law of a customer alive at T */
    double a, B;            /* p ~ Beta(a, B) */
    double k, span;         /* lambda ~ Gamma(k, span) */
} BgnbdAlive;

static BgnbdAlive bgnbd_alive(BgnbdKind kind, const BgnbdParams *p, double x, double T) {
    return (BgnbdAlive){p->a, p->b + x + bgnbd_m(kind), p->r + x, p->alpha + T};
}

/* Writes the sum of the series; false when it has not converged. */
static bool bgnbd_series(const BgnbdAlive *c, double tau, double *sum) {
    double z = tau / (1 + tau), stay = 1, weight = 0;
    double pmf = exp(-c->k * log1p(tau));
    *sum = 0;
    for (double n = 1; n <= 2 * BGNBD_SERIES_MAX; n += 1) {
        double ratio = z * (c->k + n) / n; /* bounds the growth of every later term */
        pmf *= z * (c->k + n - 1) / n;
        weight += stay;
        stay *= (c->B + n - 1) / (c->a + c->B + n - 1);
        *sum += pmf * weight;
        double left = pmf * weight * ratio * (1 + 1 / n);
        if (ratio < 1 && left <= BGNBD_TINY * (1 - ratio) * *sum) return true;
    }
    return false;
}

typedef struct BgnbdMoments {
    double mass, mean; /* sums of the density and of density * [1 - (1 + p tau)^-k] / p */
} BgnbdMoments;

/* The density of y up to a factor: p^a (1 - p)^B, relative to its value at the peak. */
static BgnbdMoments bgnbd_node(const BgnbdAlive *c, double tau, double y, double log_peak) {
    double p = special_logistic(y);
    double density = exp(-c->a * special_softplus(-y) - c->B * special_softplus(y) - log_peak);
    return (BgnbdMoments){density, density * -expm1(-c->k * log1p(p * tau)) / p};
}

/* Adds the nodes on one side of the peak.  Once p (to the right: 1 - p) is tiny the terms are a
 * geometric series of the given ratio. */
static void bgnbd_side(const BgnbdAlive *c, double tau, double peak, double step, double log_peak,
                       BgnbdMoments *sum) {
    double edge = step < 0 ? -log(1e17 * (1 + c->B + (1 + c->k) * tau)) : log(1e17 * (1 + c->a));
    double ratio = exp(-fabs(step) * (step < 0 ? c->a : c->B));
    for (int j = 1; j <= BGNBD_NODES_MAX; j++) {
        double y = peak + j * step;
        BgnbdMoments term = bgnbd_node(c, tau, y, log_peak);
        bool end = step < 0 ? y <= edge : y >= edge;
        double factor = end ? 1 / -expm1(-fabs(step) * (step < 0 ? c->a : c->B)) : 1;
        sum->mass += term.mass * factor;
        sum->mean += term.mean * factor;
        if (end) return;
        if (term.mass <= BGNBD_TINY * (1 - ratio) * sum->mass &&
            term.mean <= BGNBD_TINY * (1 - ratio) * sum->mean)
            return;
    }
}

static double bgnbd_integral(const BgnbdAlive *c, double tau) {
    double peak = log(c->a / c->B);
    double log_peak = -c->a * special_softplus(-peak) - c->B * special_softplus(peak);
    double step = fmin(BGNBD_NODE_STEP, 0.5 * sqrt(1 / c->a + 1 / c->B));
    BgnbdMoments sum = bgnbd_node(c, tau, peak, log_peak);
    bgnbd_side(c, tau, peak, -step, log_peak, &sum);
    bgnbd_side(c, tau, peak, step, log_peak, &sum);
    return sum.mean / sum.mass;
}

static double bgnbd_expected(const BgnbdAlive *c, double t) {
    double tau = t / c->span, sum;
    bool short_series = 2 * (c->k + 20) * (tau + 1) <= BGNBD_SERIES_MAX &&
                        -c->k * log1p(tau) >= BGNBD_LOG_ZERO_MIN;
    if (t == 0) return 0;
    if (short_series && bgnbd_series(c, tau, &sum)) return sum;
    return bgnbd_integral(c, tau);
}

double bgnbd_expected_if_alive(BgnbdKind kind, const BgnbdParams *p, double x, double T,
                               double t) {
    if (!bgnbd_valid(p, x, 0, T) || !(t >= 0) || isinf(t)) return NAN;
    BgnbdAlive c = bgnbd_alive(kind, p, x, T);
    return bgnbd_expected(&c, t);
}

double bgnbd_expected_purchases(BgnbdKind kind, const BgnbdParams *p, double x, double tx,
                                double T, double t) {
    return bgnbd_p_alive(kind, p, x, tx, T) * bgnbd_expected_if_alive(kind, p, x, T, t);
}

double bgnbd_unconditional_expected(BgnbdKind kind, const BgnbdParams *p, double t) {
    return bgnbd_expected_purchases(kind, p, 0, 0, 0, t);
}

#define BGNBD_DISCOUNT_MAX 50.0   /* delta u beyond which exp(-delta u) adds nothing */
#define BGNBD_PANEL_DISCOUNT 5.0  /* one panel spans at most this much of delta u ... */
#define BGNBD_PANEL_LOG 3.0       /* ... and of q = ln(1 + u / span) */
#define BGNBD_PANELS_MAX 128

/* By parts, int_0^t e^(-delta u) dE(u) = e^(-delta t) E(t) + delta int_0^t e^(-delta u) E(u) du,
 * where every term is positive.  E bends on the scale of span + u, so panels grow with it. */
double bgnbd_discounted_if_alive(BgnbdKind kind, const BgnbdParams *p, double x, double T,
                                 double t, double delta) {
    double total = bgnbd_expected_if_alive(kind, p, x, T, t);
    if (!(delta >= 0) || isinf(delta)) return NAN;
    if (!(total > 0) || delta == 0) return total;
    BgnbdAlive c = bgnbd_alive(kind, p, x, T);
    double end = fmin(t, BGNBD_DISCOUNT_MAX / delta), sum = exp(-delta * t) * total, u = 0;
    for (int panel = 0; panel < BGNBD_PANELS_MAX && u < end; panel++) {
        double node[QUADRATURE_POINTS], weight[QUADRATURE_POINTS];
        double reach = u + (c.span + u) * expm1(BGNBD_PANEL_LOG);
        double next = fmin(end, fmin(reach, u + BGNBD_PANEL_DISCOUNT / delta));
        quadrature_panel(0, log1p((next - u) / (c.span + u)), node, weight);
        for (int i = 0; i < QUADRATURE_POINTS; i++) {
            double at = u + (c.span + u) * expm1(node[i]);
            sum += weight[i] * delta * (c.span + at) * exp(-delta * at) * bgnbd_expected(&c, at);
        }
        u = next;
    }
    return sum;
}

/* ---- Tables for the fit ---- */

typedef struct BgnbdDay {
    double log_ratio; /* ln(1 + day / alpha) */
    double share;     /* day / (alpha + day) */
} BgnbdDay;

typedef struct BgnbdAge { /* customers by the day their observation ends */
    double day;
    double customers, purchases; /* of age day; purchases are repeats */
} BgnbdAge;

typedef struct BgnbdRun { /* consecutive triples of one frequency */
    int64_t first, end;
    double x, customers;
} BgnbdRun;

typedef struct BgnbdWork {
    BgnbdKind kind;
    bool dropout; /* false: the NBD, with r and alpha alone */
    const Poll *poll;
    int64_t terms; /* since the last poll */
    bool stopped;
    int64_t n_rows, n_runs, n_days;
    double customers, purchases, age_scale; /* age_scale: the largest age, at least 1 */
    double log_alpha_0;                     /* ln(age_scale), origin of the alpha coordinate */
    double *weight;                         /* of each triple */
    BgnbdRun *run;
    BgnbdAge *age;
    BgnbdDay *day;             /* recomputed for each alpha */
    int32_t *last_day, *now_day; /* of each triple: places of recency and age in day */
    int32_t *place;            /* of each day from 0 to the largest age */
    int evaluations;           /* of the likelihood with dropout */
} BgnbdWork;

typedef struct BgnbdShape {
    int64_t n, n_runs, days_max, age_max;
} BgnbdShape;

static BgnbdShape bgnbd_shape(const BgnbdData *data) {
    BgnbdShape shape = {.n = data->n > 0 ? data->n : 0};
    for (int64_t i = 0; i < shape.n; i++) {
        shape.n_runs += i == 0 || data->frequency[i] != data->frequency[i - 1];
        if (data->age[i] > shape.age_max) shape.age_max = data->age[i];
    }
    shape.days_max = shape.age_max + 1 < 2 * shape.n ? shape.age_max + 1 : 2 * shape.n;
    return shape;
}

int64_t bgnbd_workspace_size(const BgnbdData *data) {
    BgnbdShape shape = bgnbd_shape(data);
    size_t row = sizeof(double) + 2 * sizeof(int32_t);
    size_t day = sizeof(BgnbdAge) + sizeof(BgnbdDay);
    return shape.n * (int64_t)row + shape.n_runs * (int64_t)sizeof(BgnbdRun) +
           shape.days_max * (int64_t)day + (shape.age_max + 1) * (int64_t)sizeof(int32_t);
}

/* Eight-byte members first, so that each array is aligned where the one before it ends. */
static void bgnbd_carve(BgnbdWork *w, const BgnbdShape *shape, void *workspace) {
    w->weight = workspace;
    w->run = (BgnbdRun *)(void *)(w->weight + shape->n);
    w->age = (BgnbdAge *)(void *)(w->run + shape->n_runs);
    w->day = (BgnbdDay *)(void *)(w->age + shape->days_max);
    w->last_day = (int32_t *)(void *)(w->day + shape->days_max);
    w->now_day = w->last_day + shape->n;
    w->place = w->now_day + shape->n;
}

/* Numbers the days that occur, ascending. */
static void bgnbd_number_days(BgnbdWork *w, const BgnbdData *data, const BgnbdShape *shape) {
    memset(w->place, 0, (size_t)(shape->age_max + 1) * sizeof(*w->place));
    for (int64_t i = 0; i < shape->n; i++)
        w->place[data->recency[i]] = w->place[data->age[i]] = 1;
    for (int64_t d = 0; d <= shape->age_max; d++)
        if (w->place[d]) {
            w->age[w->n_days] = (BgnbdAge){.day = (double)d};
            w->place[d] = (int32_t)w->n_days++;
        }
}

static void bgnbd_prepare(BgnbdWork *w, const BgnbdData *data, void *workspace) {
    BgnbdShape shape = bgnbd_shape(data);
    bgnbd_carve(w, &shape, workspace);
    bgnbd_number_days(w, data, &shape);
    w->n_rows = shape.n;
    w->age_scale = shape.age_max > 0 ? (double)shape.age_max : 1;
    w->log_alpha_0 = log(w->age_scale);
    for (int64_t i = 0; i < shape.n; i++) {
        double x = data->frequency[i], weight = (double)data->count[i];
        bool next = i == 0 || data->frequency[i] != data->frequency[i - 1];
        if (next) w->run[w->n_runs++] = (BgnbdRun){.first = i, .x = x};
        BgnbdRun *run = &w->run[w->n_runs - 1];
        w->weight[i] = weight;
        w->last_day[i] = w->place[data->recency[i]];
        w->now_day[i] = w->place[data->age[i]];
        run->end = i + 1;
        run->customers += weight;
        w->customers += weight;
        w->purchases += weight * x;
        w->age[w->now_day[i]].customers += weight;
        w->age[w->now_day[i]].purchases += weight * x;
    }
}

/* ---- Likelihood of all customers ---- */

/* Counts terms towards the next poll; true: give up. */
static bool bgnbd_tick(BgnbdWork *w, int64_t terms) {
    w->terms += terms;
    if (w->terms >= BGNBD_POLL_TERMS) {
        w->terms = 0;
        w->stopped = w->stopped || poll_stop(w->poll);
    }
    return w->stopped;
}

/* The log-likelihood and its derivatives by the logarithms of the parameters. */
typedef struct BgnbdTotal {
    double value, r, alpha, a, b;
} BgnbdTotal;

/* Fills the day table and adds - x ln(alpha) - (r + x) ln(1 + T/alpha) of everybody. */
static bool bgnbd_add_days(BgnbdWork *w, const BgnbdParams *p, BgnbdTotal *total) {
    total->value -= w->purchases * log(p->alpha);
    total->alpha -= w->purchases;
    for (int64_t i = 0; i < w->n_days; i++) {
        const BgnbdAge *age = &w->age[i];
        double rate = p->r * age->customers + age->purchases;
        double log_ratio = log1p(age->day / p->alpha), share = age->day / (p->alpha + age->day);
        w->day[i] = (BgnbdDay){log_ratio, share};
        total->value -= rate * log_ratio;
        total->r -= p->r * age->customers * log_ratio;
        total->alpha += rate * share;
        if (bgnbd_tick(w, 1)) return false;
    }
    return true;
}

typedef struct BgnbdGone { /* sums over the triples of one run; w = P(gone) */
    double softplus, w, w_log, w_share;
} BgnbdGone;

/* The hot loop.  ln(1 + e) needs no log1p: beside the other terms an error of 1e-16 is nothing. */
static void bgnbd_gone(const BgnbdWork *w, int64_t first, int64_t end, double k, double log_odds,
                       BgnbdGone *sum) {
    BgnbdGone s = *sum;
    for (int64_t i = first; i < end; i++) {
        BgnbdDay now = w->day[w->now_day[i]], last = w->day[w->last_day[i]];
        double log_gap = now.log_ratio - last.log_ratio;
        double odds = log_odds + k * log_gap;
        double e = exp(-fabs(odds));
        double gone = w->weight[i] * (odds > 0 ? 1 : e) / (1 + e);
        s.softplus += w->weight[i] * ((odds > 0 ? odds : 0) + log(1 + e));
        s.w += gone;
        s.w_log += gone * log_gap;
        s.w_share += gone * (last.share - now.share);
    }
    *sum = s;
}

/* Adds the chance of dropout for one frequency. */
static bool bgnbd_add_dropout(BgnbdWork *w, const BgnbdParams *p, const BgnbdRun *run,
                              const BgnbdBetaSums *beta, BgnbdTotal *total) {
    BgnbdGone gone = {0};
    double k = p->r + run->x, before = p->b + run->x + bgnbd_m(w->kind) - 1;
    total->value -= run->customers * beta->log_stay;
    total->a -= run->customers * p->a * beta->ab;
    total->b += run->customers * p->b * (beta->b - beta->ab);
    if (!bgnbd_can_be_gone(w->kind, run->x)) return true;
    for (int64_t i = run->first; i < run->end; i += BGNBD_POLL_TERMS / 4) {
        int64_t end = run->end - i < BGNBD_POLL_TERMS / 4 ? run->end : i + BGNBD_POLL_TERMS / 4;
        bgnbd_gone(w, i, end, k, log(p->a / before), &gone);
        if (bgnbd_tick(w, end - i)) return false;
    }
    total->value += gone.softplus;
    total->r += p->r * gone.w_log;
    total->alpha += k * gone.w_share;
    total->a += gone.w;
    total->b -= p->b / before * gone.w;
    return true;
}

static bool bgnbd_add_runs(BgnbdWork *w, const BgnbdParams *p, BgnbdTotal *total) {
    BgnbdSums sums = {0};
    BgnbdBetaSums beta = {0};
    for (int64_t i = 0; i < w->n_runs; i++) {
        const BgnbdRun *run = &w->run[i];
        bgnbd_sums_to(&sums, p, run->x, BGNBD_STEP_MAX);
        total->value += run->customers * sums.log_rate;
        total->r += run->customers * p->r * sums.rate;
        if (bgnbd_tick(w, (int64_t)BGNBD_STEP_MAX)) return false;
        if (!w->dropout) continue;
        bgnbd_beta_sums_to(&beta, p, run->x + bgnbd_m(w->kind), BGNBD_STEP_MAX);
        if (!bgnbd_add_dropout(w, p, run, &beta, total)) return false;
    }
    return true;
}

static BgnbdParams bgnbd_params(const BgnbdWork *w, const double *point) {
    return (BgnbdParams){.r = exp(point[0]),
                         .alpha = exp(w->log_alpha_0 + point[1]),
                         .a = w->dropout ? exp(point[2]) : NAN,
                         .b = w->dropout ? exp(point[3]) : NAN};
}

/* Minus the log-likelihood per customer, at point = ln(r, alpha / age_scale, a, b). */
static bool bgnbd_objective(void *ctx, const double *point, double *value, double *gradient) {
    BgnbdWork *w = ctx;
    BgnbdTotal total = {0};
    int n = w->dropout ? 4 : 2;
    *value = INFINITY;
    for (int i = 0; i < n; i++) gradient[i] = NAN;
    if (w->stopped || poll_stop(w->poll)) {
        w->stopped = true;
        return false;
    }
    for (int i = 0; i < n; i++)
        if (!(fabs(point[i]) <= BGNBD_LOG_MAX)) return true;
    BgnbdParams p = bgnbd_params(w, point);
    w->evaluations += w->dropout;
    if (!bgnbd_add_days(w, &p, &total) || !bgnbd_add_runs(w, &p, &total)) return false;
    *value = -total.value / w->customers;
    gradient[0] = -total.r / w->customers;
    gradient[1] = -total.alpha / w->customers;
    if (!w->dropout) return true;
    gradient[2] = -total.a / w->customers;
    gradient[3] = -total.b / w->customers;
    return true;
}

/* ---- Fit ---- */

/* Goes on until less than gain is left of the whole log-likelihood. */
static void bgnbd_search(Optimise *search, const BgnbdWork *w, double gain) {
    if (search->status == OPTIMISE_CONVERGED) search->status = OPTIMISE_RUNNING;
    while (optimise_test(search, gain / w->customers) == OPTIMISE_RUNNING)
        optimise_iterate(search);
}

/* A parameter, alpha in units of the largest age, that no real population has. */
static bool bgnbd_ran_away(int n, const double *point) {
    bool away = false;
    for (int i = 0; i < n; i++)
        away = away || point[i] < log(BGNBD_PARAM_LOW) || point[i] > log(BGNBD_PARAM_HIGH);
    return away;
}

/* Standard errors: the inverse curvature of the whole log-likelihood in log parameters, times the
 * parameters.  A singular curvature is a ridge. */
static void bgnbd_errors(BgnbdWork *w, Optimise *search, BgnbdFit *out) {
    double inverse[16];
    if (!optimise_finish(search, BGNBD_DIFFERENCE, BGNBD_PIVOT_MIN, BGNBD_GAIN_LEFT / w->customers,
                         inverse)) {
        out->warnings |= BGNBD_RIDGE;
        return;
    }
    BgnbdParams p = bgnbd_params(w, search->point);
    out->std_error = (BgnbdParams){.r = p.r * sqrt(inverse[0] / w->customers),
                                   .alpha = p.alpha * sqrt(inverse[5] / w->customers),
                                   .a = p.a * sqrt(inverse[10] / w->customers),
                                   .b = p.b * sqrt(inverse[15] / w->customers)};
}

/* r, alpha of the plain NBD. */
static void bgnbd_fit_nbd(BgnbdWork *w, double point[2], BgnbdFit *out) {
    Optimise search;
    double mean_x = w->purchases / w->customers, mean_age = 0;
    for (int64_t i = 0; i < w->n_days; i++) mean_age += w->age[i].customers * w->age[i].day;
    mean_age = fmax(mean_age / w->customers, 1);
    double start[2] = {0, log(mean_age / (mean_x + 0.1)) - w->log_alpha_0};
    w->dropout = false;
    optimise_init(&search, 2, start, bgnbd_objective, w);
    bgnbd_search(&search, w, BGNBD_GAIN);
    out->log_likelihood_nbd = -search.value * w->customers;
    point[0] = search.point[0];
    point[1] = search.point[1];
}

/* Where the search begins: factors on the r and alpha of the NBD, and a, b. */
static const double bgnbd_start[][4] = {{1, 0.5, 1, 1}, {1, 1, 0.05, 2}, {0.5, 0.3, 0.5, 5}};
enum { BGNBD_STARTS = sizeof(bgnbd_start) / sizeof(bgnbd_start[0]) };

/* The best of the starts; the first one is enough when it ends inside, well above the NBD. */
static Optimise bgnbd_best(BgnbdWork *w, const double nbd[2], BgnbdFit *out) {
    Optimise best = {0}, search;
    w->dropout = true;
    for (int i = 0; i < BGNBD_STARTS && !w->stopped; i++) {
        double start[4], bound = BGNBD_LOG_MAX / 2;
        for (int j = 0; j < 4; j++)
            start[j] = log(bgnbd_start[i][j]) + (j < 2 ? fmax(-bound, fmin(bound, nbd[j])) : 0);
        optimise_init(&search, 4, start, bgnbd_objective, w);
        bgnbd_search(&search, w, BGNBD_GAIN_ROUGH);
        out->iterations += search.iterations;
        if (i == 0 || search.value < best.value) best = search;
        bool clear = -best.value * w->customers - out->log_likelihood_nbd >= BGNBD_NBD_GAIN_MIN;
        if (clear && best.status == OPTIMISE_CONVERGED && !bgnbd_ran_away(4, best.point)) break;
    }
    int rough = best.iterations;
    bgnbd_search(&best, w, BGNBD_GAIN);
    out->iterations += best.iterations - rough;
    return best;
}

static unsigned bgnbd_warnings(const BgnbdWork *w, const Optimise *best, const BgnbdFit *fit) {
    unsigned warnings = fit->warnings;
    const BgnbdParams *p = &fit->params;
    if (fit->log_likelihood - fit->log_likelihood_nbd < BGNBD_NBD_GAIN_MIN ||
        p->a < BGNBD_DROPOUT_MIN * (p->a + p->b))
        warnings |= BGNBD_NO_ATTRITION;
    if (bgnbd_ran_away(4, best->point)) warnings |= BGNBD_RIDGE;
    if (!fit->converged) warnings |= BGNBD_NOT_CONVERGED;
    if (w->purchases == 0) warnings |= BGNBD_NO_REPEATS;
    return warnings;
}

void bgnbd_fit(BgnbdKind kind, const BgnbdData *data, void *workspace, const Poll *poll,
               BgnbdFit *out) {
    BgnbdWork w = {.kind = kind, .poll = poll};
    BgnbdParams none = {NAN, NAN, NAN, NAN};
    double nbd[2];
    *out = (BgnbdFit){.kind = kind, .params = none, .std_error = none};
    for (int64_t i = 0; i < data->n; i++) {
        out->customers += data->count[i];
        out->one_timers += data->frequency[i] == 0 ? data->count[i] : 0;
    }
    if (out->customers <= 0) {
        out->warnings = BGNBD_NO_REPEATS | BGNBD_NOT_CONVERGED;
        return;
    }
    bgnbd_prepare(&w, data, workspace);
    bgnbd_fit_nbd(&w, nbd, out);
    Optimise best = bgnbd_best(&w, nbd, out);
    if (!w.stopped) bgnbd_errors(&w, &best, out);
    out->evaluations = w.evaluations;
    out->interrupted = w.stopped;
    if (w.stopped) return;
    out->params = bgnbd_params(&w, best.point);
    out->log_likelihood = -best.value * w.customers;
    out->converged = best.status == OPTIMISE_CONVERGED;
    out->warnings = bgnbd_warnings(&w, &best, out);
}
