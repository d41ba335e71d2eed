/* pnbd.c - see pnbd.h. */
#include "model/pnbd.h"

#include <stdbool.h>

#include "base/libm.h"
#include "math/quadrature.h"
#include "math/special.h"

#define PNBD_CUT 45.0 /* exp(-45) = 3e-20 of the largest value no longer counts */
#define PNBD_WIDE 2.6 /* a panel of w; only alpha far from beta and a long silence want more than PNBD_PANELS */
#define PNBD_TAIL_REACH 4.0 /* the first panel, in units of 1 / ratio: 16 points have 4e-14 there */
#define PNBD_TAIL_WIDE 3.0  /* a panel: a fall like exp(-exp(q)) is over within it */
enum {
    PNBD_PANELS = 2,    /* of QUADRATURE_POINTS, for J: at least */
    PNBD_PANELS_TAIL = 4, /* at least */
    PNBD_PANELS_TAIL_MAX = 64,
    PNBD_BISECTIONS = 60
};

static bool pnbd_valid(const PnbdParams *p, double x, double tx, double T) {
    return p->r > 0 && p->alpha > 0 && p->s > 0 && p->beta > 0 && isfinite(p->r) && isfinite(p->alpha) &&
           isfinite(p->s) && isfinite(p->beta) && x >= 0 && tx >= 0 && tx <= T && isfinite(x) && isfinite(T);
}

/* ---- J ----
 *
 * With M the larger and m the smaller of alpha and beta, k = r + s + x, e the exponent of the smaller and
 * y = tx + (M + tx) (exp(l) - 1),
 *
 *     J = (M + tx)^-k ((M + tx) / (m + tx))^e  integral over l of exp(-g(l)),
 *     g(l) = k l - e [l - ln((m + y) / (m + tx))],
 *
 * where g rises from 0.  l = d (exp(w) - 1) spreads the beginning, where the integrand changes on the scale
 * d of m + tx: Gauss-Legendre over w has 4e-11 with 16 points and better than 4e-13 with 32. */

typedef struct PnbdGone {
    double log_mass;                    /* ln(J); -infinity where tx = T */
    double log_alpha, log_beta;         /* means of ln(alpha + y), ln(beta + y) over J's mass */
    double per_alpha, per_beta;         /* means of 1 / (alpha + y), 1 / (beta + y) */
} PnbdGone;

typedef struct PnbdCurve {
    double k, e;
    double large, small; /* M + tx, m + tx */
} PnbdCurve;

static double pnbd_curve_fall(const PnbdCurve *c, double l) {
    return c->k * l - c->e * (l - log1p(c->large / c->small * expm1(l)));
}

/* The l, at most limit, beyond which nothing counts. */
static double pnbd_curve_end(const PnbdCurve *c, double limit) {
    if (pnbd_curve_fall(c, limit) <= PNBD_CUT) return limit;
    double low = 0, high = limit;
    for (int i = 0; i < PNBD_BISECTIONS && high - low > 1e-2 * high; i++) {
        double middle = 0.5 * (low + high);
        if (pnbd_curve_fall(c, middle) > PNBD_CUT) high = middle;
        else low = middle;
    }
    return high;
}

typedef struct PnbdMass { /* sums over the nodes, each weighed by its mass */
    double mass, l, log_small, per_large, per_small;
} PnbdMass;

/* Adds one panel of w; ln(M + y) = ln(M + tx) + l and ln(m + y) = ln(m + tx) + log_small. */
static void pnbd_curve_panel(const PnbdCurve *c, double d, double low, double high, PnbdMass *sum) {
    double node[QUADRATURE_POINTS], weight[QUADRATURE_POINTS], ratio = c->large / c->small;
    quadrature_panel(low, high, node, weight);
    for (int i = 0; i < QUADRATURE_POINTS; i++) {
        double l = d * expm1(node[i]), grown = expm1(l), log_small = log1p(ratio * grown);
        double mass = weight[i] * (d + l) * exp(-c->k * l + c->e * (l - log_small));
        sum->mass += mass;
        sum->l += mass * l;
        sum->log_small += mass * log_small;
        sum->per_large += mass / (c->large * (1 + grown));
        sum->per_small += mass / (c->small + c->large * grown);
    }
}

static PnbdGone pnbd_gone(const PnbdParams *p, double x, double tx, double T) {
    bool alpha_larger = p->alpha >= p->beta;
    PnbdCurve c = {.k = p->r + p->s + x, .e = alpha_larger ? p->s + 1 : p->r + x,
                   .large = fmax(p->alpha, p->beta) + tx, .small = fmin(p->alpha, p->beta) + tx};
    PnbdMass sum = {0};
    double end = pnbd_curve_end(&c, log1p((T - tx) / c.large));
    if (!(end > 0)) return (PnbdGone){.log_mass = -INFINITY};
    double d = fmin(-log1p(-(c.small / c.large)), end), top = log1p(end / d);
    int panels = top > PNBD_PANELS * PNBD_WIDE ? (int)ceil(top / PNBD_WIDE) : PNBD_PANELS;
    for (int i = 0; i < panels; i++) pnbd_curve_panel(&c, d, top * i / panels, top * (i + 1) / panels, &sum);
    double log_large = log(c.large) + sum.l / sum.mass, log_small = log(c.small) + sum.log_small / sum.mass;
    double per_large = sum.per_large / sum.mass, per_small = sum.per_small / sum.mass;
    return (PnbdGone){.log_mass = log(sum.mass) - c.k * log(c.large) + c.e * log(c.large / c.small),
                      .log_alpha = alpha_larger ? log_large : log_small,
                      .log_beta = alpha_larger ? log_small : log_large,
                      .per_alpha = alpha_larger ? per_large : per_small,
                      .per_beta = alpha_larger ? per_small : per_large};
}

/* ---- One customer ---- */

/* ln A, and ln(s J / A): the log odds of being gone at T. */
static double pnbd_log_alive(const PnbdParams *p, double x, double T) {
    return -(p->r + x) * log(p->alpha + T) - p->s * log(p->beta + T);
}

static double pnbd_log_odds(const PnbdParams *p, double x, double T, const PnbdGone *gone) {
    return log(p->s) + gone->log_mass - pnbd_log_alive(p, x, T);
}

double pnbd_loglik(const PnbdParams *p, double x, double tx, double T, double gradient[4]) {
    if (!pnbd_valid(p, x, tx, T)) {
        for (int i = 0; gradient && i < 4; i++) gradient[i] = NAN;
        return NAN;
    }
    PnbdGone gone = pnbd_gone(p, x, tx, T);
    double odds = pnbd_log_odds(p, x, T, &gone), dead = special_logistic(odds), alive = special_logistic(-odds);
    if (gradient) {
        gradient[0] = special_digamma(p->r + x) - special_digamma(p->r) + log(p->alpha) -
                      alive * log(p->alpha + T) - dead * gone.log_alpha;
        gradient[1] = p->r / p->alpha - (p->r + x) * (alive / (p->alpha + T) + dead * gone.per_alpha);
        gradient[2] = log(p->beta) - alive * log(p->beta + T) + dead * (1 / p->s - gone.log_beta);
        gradient[3] = p->s / p->beta - alive * p->s / (p->beta + T) - dead * (p->s + 1) * gone.per_beta;
    }
    return special_lgamma(p->r + x) - special_lgamma(p->r) + p->r * log(p->alpha) + p->s * log(p->beta) +
           pnbd_log_alive(p, x, T) + special_softplus(odds);
}

double pnbd_p_alive(const PnbdParams *p, double x, double tx, double T) {
    if (!pnbd_valid(p, x, tx, T)) return NAN;
    PnbdGone gone = pnbd_gone(p, x, tx, T);
    return special_logistic(-pnbd_log_odds(p, x, T, &gone));
}

/* ---- The future ----
 *
 * A customer alive at T has lambda ~ Gamma(r + x, alpha + T) and mu ~ Gamma(s, beta + T), so in units of
 * beta + T the survival to u is (1 + u)^-s.  With q = ln(1 + u) or ln(1 + u / (alpha + T)) the integrands below
 * fall exponentially and are cut where they no longer count. */

typedef struct PnbdTail { /* exp(-(slope q + rise (exp(q) - 1) + power ln(1 + ratio (exp(q) - 1)))) */
    double slope, rise, power, ratio;
} PnbdTail;

static double pnbd_tail_fall(const PnbdTail *tail, double q) {
    double grown = expm1(q), fall = tail->slope * q;
    if (tail->rise > 0) fall += tail->rise * grown;
    if (tail->power > 0) fall += tail->power * log1p(tail->ratio * grown);
    return fall;
}

/* Panels that halve towards 0, so many that the first one is not wider than the scale on which ln(1 + ratio (exp(q) - 1))
 * bends: a customer who came today, in a shop where alpha is many times beta, has 1 / ratio far below 1. */
static int pnbd_tail_panels(const PnbdTail *tail, double end) {
    int panels = PNBD_PANELS_TAIL;
    if (tail->power > 0)
        while (panels < PNBD_PANELS_TAIL_MAX && ldexp(end, 1 - panels) * tail->ratio > PNBD_TAIL_REACH) panels++;
    return panels;
}

static double pnbd_tail_panel(const PnbdTail *tail, double low, double high) {
    double node[QUADRATURE_POINTS], weight[QUADRATURE_POINTS], sum = 0;
    quadrature_panel(low, high, node, weight);
    for (int i = 0; i < QUADRATURE_POINTS; i++) sum += weight[i] * exp(-pnbd_tail_fall(tail, node[i]));
    return sum;
}

/* Its integral over 0..limit. */
static double pnbd_tail_integral(const PnbdTail *tail, double limit) {
    double end = limit, sum = 0;
    if (pnbd_tail_fall(tail, limit) > PNBD_CUT) {
        double low = 0;
        for (int i = 0; i < PNBD_BISECTIONS && end - low > 1e-3 * end; i++) {
            double middle = 0.5 * (low + end);
            if (pnbd_tail_fall(tail, middle) > PNBD_CUT) end = middle;
            else low = middle;
        }
    }
    int panels = pnbd_tail_panels(tail, end);
    for (int panel = 0; panel < panels; panel++) {
        double low = panel == 0 ? 0 : ldexp(end, panel - panels), high = ldexp(end, panel + 1 - panels);
        int parts = 1 + (int)((high - low) / PNBD_TAIL_WIDE);
        for (int i = 0; i < parts; i++)
            sum += pnbd_tail_panel(tail, low + (high - low) * i / parts, low + (high - low) * (i + 1) / parts);
    }
    return sum;
}

double pnbd_p_no_purchase(const PnbdParams *p, double x, double tx, double T, double t) {
    if (!pnbd_valid(p, x, tx, T) || !(t >= 0) || isinf(t)) return NAN;
    PnbdTail tail = {.slope = p->r + x, .power = p->s, .ratio = (p->alpha + T) / (p->beta + T)};
    double buys = (p->r + x) * pnbd_tail_integral(&tail, log1p(t / (p->alpha + T)));
    return 1 - pnbd_p_alive(p, x, tx, T) * fmin(buys, 1);
}

/* (1 - (1 + v)^(1 - s)) / (s - 1) with L = ln(1 + v): the integral of (1 + u)^-s over 0..v. */
static double pnbd_lifetime(double s, double L) {
    double z = (s - 1) * L;
    return fabs(z) < 1e-8 ? L * (1 - 0.5 * z) : -expm1(-z) / (s - 1);
}

double pnbd_expected_if_alive(const PnbdParams *p, double x, double T, double t) {
    if (!pnbd_valid(p, x, 0, T) || !(t >= 0) || isinf(t)) return NAN;
    return (p->r + x) * (p->beta + T) / (p->alpha + T) * pnbd_lifetime(p->s, log1p(t / (p->beta + T)));
}

double pnbd_discounted_if_alive(const PnbdParams *p, double x, double T, double t, double delta) {
    if (!pnbd_valid(p, x, 0, T) || !(t >= 0) || isinf(t) || !(delta >= 0) || isinf(delta)) return NAN;
    if (delta == 0) return pnbd_expected_if_alive(p, x, T, t);
    PnbdTail tail = {.slope = p->s - 1, .rise = delta * (p->beta + T)};
    double limit = log1p(t / (p->beta + T));
    return (p->r + x) * (p->beta + T) / (p->alpha + T) * pnbd_tail_integral(&tail, limit);
}

double pnbd_unconditional_expected(const PnbdParams *p, double t) {
    return pnbd_expected_if_alive(p, 0, 0, t);
}
