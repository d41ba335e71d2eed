/* bgnbd.c - see bgnbd.h.
 *
 * The likelihood of one customer is taken as
 *
 *     sum_{i<x} ln(r + i) - x ln(alpha) - (r + x) ln(1 + T/alpha)
 *         - sum_{i<x+m} ln(1 + a / (b + i)) + ln(1 + exp(D)):
 *
 * sums over whole numbers in place of differences of lgamma, which would lose their digits when
 * parameters drift to infinity.
 */
#include "model/bgnbd.h"

#include "base/libm.h"
#include "math/quadrature.h"
#include "math/special.h"

#define BGNBD_SUM_MAX 256.0       /* purchases summed one by one; beyond, lgamma and psi */

/* ---- One customer ---- */

static bool bgnbd_valid(const BgnbdParams *p, double x, double tx, double T) {
    return p->r > 0 && p->alpha > 0 && p->a > 0 && p->b > 0 && isfinite(p->r) &&
           isfinite(p->alpha) && isfinite(p->a) && isfinite(p->b) && x >= 0 && tx >= 0 &&
           tx <= T && isfinite(x) && isfinite(T);
}

/* D, the log odds of being gone at T. */
static double bgnbd_log_odds(BgnbdKind kind, const BgnbdParams *p, double x, double tx, double T) {
    if (!bgnbd_can_be_gone(kind, x)) return -INFINITY;
    return log(p->a / (p->b + x + bgnbd_m(kind) - 1)) +
           (p->r + x) * log1p((T - tx) / (p->alpha + tx));
}

void bgnbd_sums_to(BgnbdSums *s, const BgnbdParams *p, double n, double step_max) {
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

void bgnbd_beta_sums_to(BgnbdBetaSums *s, const BgnbdParams *p, double n, double step_max) {
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
    return fmin(special_logistic(odds) + special_logistic(-odds) * waits, 1); /* both may be rounded up */
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

#define BGNBD_SERIES_MAX 4096.0     /* expected terms beyond which the integral is quicker */
#define BGNBD_LOG_ZERO_MIN (-600.0) /* ln P(N = 0) below this would underflow */
#define BGNBD_NODES_MAX 4096        /* trapezoidal nodes on either side of the peak */
#define BGNBD_NODE_STEP 0.25
#define BGNBD_TINY 1e-18            /* a relative contribution that no longer counts */
enum { BGNBD_BATCH = QUADRATURE_POINTS + 1 }; /* horizons at once */

typedef struct BgnbdAlive { /* the law of a customer alive at T */
    double a, B;            /* p ~ Beta(a, B) */
    double k, span;         /* lambda ~ Gamma(k, span) */
} BgnbdAlive;

static BgnbdAlive bgnbd_alive(BgnbdKind kind, const BgnbdParams *p, double x, double T) {
    return (BgnbdAlive){p->a, p->b + x + bgnbd_m(kind), p->r + x, p->alpha + T};
}

/* The series for n ascending taus at once, as W_n does not depend on tau.  The larger tau, the later it
 * converges; returns how many of them, from the first, have. */
static int bgnbd_series(const BgnbdAlive *c, int n, const double *tau, double *sum) {
    double z[BGNBD_BATCH], pmf[BGNBD_BATCH], stay = 1, weight = 0, growth = c->k;
    int first = 0;
    for (int i = 0; i < n; i++) {
        z[i] = tau[i] / (1 + tau[i]);
        pmf[i] = exp(-c->k * log1p(tau[i]));
        sum[i] = 0;
    }
    for (double j = 1; first < n && j <= 2 * BGNBD_SERIES_MAX; j += 1) {
        weight += stay;
        stay *= (c->B + j - 1) / (c->a + c->B + j - 1);
        for (int i = first; i < n; i++) {
            pmf[i] *= z[i] * growth;
            sum[i] += pmf[i] * weight;
        }
        double bound = (c->k + j) / j; /* z times it bounds the growth of every later term */
        growth = (c->k + j) / (j + 1);
        for (; first < n; first++) {
            double ratio = z[first] * bound, left = pmf[first] * weight * ratio * (1 + 1 / j);
            if (!(ratio < 1 && left <= BGNBD_TINY * (1 - ratio) * sum[first])) break;
        }
    }
    return first;
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

/* The expectations within n <= BGNBD_BATCH ascending horizons. */
static void bgnbd_expected(const BgnbdAlive *c, int n, const double *t, double *expected) {
    double tau[BGNBD_BATCH];
    int n_short = 0; /* whose series is short */
    for (int i = 0; i < n; i++) {
        tau[i] = t[i] / c->span;
        if (n_short == i && 2 * (c->k + 20) * (tau[i] + 1) <= BGNBD_SERIES_MAX &&
            -c->k * log1p(tau[i]) >= BGNBD_LOG_ZERO_MIN)
            n_short++;
    }
    for (int i = bgnbd_series(c, n_short, tau, expected); i < n; i++)
        expected[i] = bgnbd_integral(c, tau[i]);
}

double bgnbd_expected_if_alive(BgnbdKind kind, const BgnbdParams *p, double x, double T,
                               double t) {
    return bgnbd_purchases_if_alive(kind, p, x, T, t, 0).expected;
}

double bgnbd_discounted_if_alive(BgnbdKind kind, const BgnbdParams *p, double x, double T,
                                 double t, double delta) {
    return bgnbd_purchases_if_alive(kind, p, x, T, t, delta).discounted;
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
 * where every term is positive.  E bends on the scale of span + u, so panels grow with it.  E(t) is
 * computed along with the last of them. */
static BgnbdPurchases bgnbd_discount(const BgnbdAlive *c, double t, double delta) {
    double end = fmin(t, BGNBD_DISCOUNT_MAX / delta), sum = 0, u = 0;
    double at[BGNBD_BATCH], weight[BGNBD_BATCH], expected[BGNBD_BATCH] = {0};
    for (int panel = 1; u < end; panel++) {
        double reach = u + (c->span + u) * expm1(BGNBD_PANEL_LOG);
        double next = fmin(end, fmin(reach, u + BGNBD_PANEL_DISCOUNT / delta));
        if (panel == BGNBD_PANELS_MAX) next = end;
        quadrature_panel(0, log1p((next - u) / (c->span + u)), at, weight);
        for (int i = 0; i < QUADRATURE_POINTS; i++) {
            at[i] = u + (c->span + u) * expm1(at[i]);
            weight[i] *= delta * (c->span + at[i]) * exp(-delta * at[i]);
        }
        at[QUADRATURE_POINTS] = t;
        bgnbd_expected(c, QUADRATURE_POINTS + (next == end), at, expected);
        for (int i = 0; i < QUADRATURE_POINTS; i++) sum += weight[i] * expected[i];
        u = next;
    }
    double all = expected[QUADRATURE_POINTS];
    return (BgnbdPurchases){.expected = all, .discounted = exp(-delta * t) * all + sum};
}

BgnbdPurchases bgnbd_purchases_if_alive(BgnbdKind kind, const BgnbdParams *p, double x, double T,
                                        double t, double delta) {
    BgnbdPurchases none = {NAN, NAN};
    if (!bgnbd_valid(p, x, 0, T) || !(t >= 0) || isinf(t)) return none;
    if (!(delta >= 0) || isinf(delta)) return none;
    BgnbdAlive c = bgnbd_alive(kind, p, x, T);
    if (t > 0 && delta > 0) return bgnbd_discount(&c, t, delta);
    double expected = 0;
    if (t > 0) bgnbd_expected(&c, 1, &t, &expected);
    return (BgnbdPurchases){expected, expected};
}
