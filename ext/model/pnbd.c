/* pnbd.c - see pnbd.h. */
#include "model/pnbd.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/libm.h"
#include "math/bulk.h"
#include "math/quadrature.h"
#include "math/special.h"
#include "model/bgnbd.h"

#define PNBD_CUT 45.0        /* exp(-45) = 3e-20 of the largest value no longer counts */
#define PNBD_SUM_MAX 64.0    /* purchases whose rates are summed one by one */
#define PNBD_PANEL_TOP 2.5   /* one panel over w up to this, g rising by at most ... */
#define PNBD_PANEL_FALL 20.0 /* ... this, has 1e-14 */
#define PNBD_PANEL_WIDE 2.6  /* otherwise; only alpha far from beta and a long silence want more than PNBD_PANELS */
enum {
    PNBD_PANELS = 2,    /* of QUADRATURE_POINTS, for J, at least; one where it is short and not steep */
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
    double log_odds;                /* of being gone at T; -infinity where tx = T */
    double log_alpha, log_beta;     /* means of ln(1 + y / alpha), ln(1 + y / beta) over J's mass */
    double share_alpha, share_beta; /* means of y / (alpha + y), y / (beta + y) */
} PnbdGone;

typedef struct PnbdCurve {
    double k, e, tx;
    double large, small; /* M + tx, m + tx */
} PnbdCurve;

static double pnbd_curve_fall(const PnbdCurve *c, double l) {
    return c->k * l - c->e * (l - log1p(c->large / c->small * expm1(l)));
}

/* The l below limit beyond which nothing counts. */
static double pnbd_curve_end(const PnbdCurve *c, double limit) {
    double low = 0, high = limit;
    for (int i = 0; i < PNBD_BISECTIONS && high - low > 1e-2 * high; i++) {
        double middle = 0.5 * (low + high);
        if (pnbd_curve_fall(c, middle) > PNBD_CUT) high = middle;
        else low = middle;
    }
    return high;
}

typedef struct PnbdMass { /* sums over the nodes, each weighed by its mass */
    double mass, l, log_small, share_large, share_small;
} PnbdMass;

/* Adds one panel of w; ln(M + y) = ln(M + tx) + l and ln(m + y) = ln(m + tx) + log_small.  mass_only: the rest is not
 * wanted. */
static void pnbd_curve_panel(const PnbdCurve *c, double d, double low, double high, bool mass_only, PnbdMass *sum) {
    double node[QUADRATURE_POINTS], weight[QUADRATURE_POINTS], ratio = c->large / c->small;
    double l[QUADRATURE_POINTS], grown[QUADRATURE_POINTS], log_small[QUADRATURE_POINTS], mass[QUADRATURE_POINTS];
    quadrature_panel(low, high, node, weight);
    bulk_expm1(QUADRATURE_POINTS, node, l);
    for (int i = 0; i < QUADRATURE_POINTS; i++) l[i] *= d;
    bulk_expm1(QUADRATURE_POINTS, l, grown);
    for (int i = 0; i < QUADRATURE_POINTS; i++) node[i] = ratio * grown[i];
    bulk_log1p(QUADRATURE_POINTS, node, log_small);
    for (int i = 0; i < QUADRATURE_POINTS; i++) node[i] = -c->k * l[i] + c->e * (l[i] - log_small[i]);
    bulk_exp(QUADRATURE_POINTS, node, mass);
    for (int i = 0; i < QUADRATURE_POINTS; i++) {
        mass[i] *= weight[i] * (d + l[i]);
        sum->mass += mass[i];
    }
    for (int i = 0; i < QUADRATURE_POINTS && !mass_only; i++) {
        sum->l += mass[i] * l[i];
        sum->log_small += mass[i] * log_small[i];
        double grew = c->large * grown[i], share = mass[i] * (c->tx + grew);
        sum->share_large += share / (c->large + grew);
        sum->share_small += share / (c->small + grew);
    }
}

static PnbdMass pnbd_curve_mass(const PnbdCurve *c, double limit, bool mass_only) {
    PnbdMass sum = {0};
    double fall = pnbd_curve_fall(c, limit), end = fall <= PNBD_CUT ? limit : pnbd_curve_end(c, limit);
    if (!(end > 0)) return sum;
    double d = fmin(-log1p(-(c->small / c->large)), end), top = log1p(end / d);
    int panels = top <= PNBD_PANEL_TOP && fall <= PNBD_PANEL_FALL ? 1 : PNBD_PANELS;
    if (top > PNBD_PANELS * PNBD_PANEL_WIDE) panels = (int)ceil(top / PNBD_PANEL_WIDE);
    for (int i = 0; i < panels; i++)
        pnbd_curve_panel(c, d, top * i / panels, top * (i + 1) / panels, mass_only, &sum);
    return sum;
}

static PnbdCurve pnbd_curve(const PnbdParams *p, double x, double tx) {
    return (PnbdCurve){.k = p->r + p->s + x, .e = p->alpha >= p->beta ? p->s + 1 : p->r + x, .tx = tx,
                       .large = fmax(p->alpha, p->beta) + tx, .small = fmin(p->alpha, p->beta) + tx};
}

/* ln(s J / A), of ratios that stay near 1 where the parameters are large. */
static double pnbd_log_odds(const PnbdParams *p, double x, double tx, double T, double mass) {
    double since = T - tx, alpha = p->alpha + tx, beta = p->beta + tx;
    double odds = log(p->s * mass) + (p->r + x) * log1p(since / alpha) + p->s * log1p(since / beta);
    return p->alpha >= p->beta ? odds + log(alpha / beta) : odds;
}

static PnbdGone pnbd_gone(const PnbdParams *p, double x, double tx, double T) {
    bool alpha_larger = p->alpha >= p->beta;
    PnbdCurve c = pnbd_curve(p, x, tx);
    PnbdMass sum = pnbd_curve_mass(&c, log1p((T - tx) / c.large), false);
    if (!(sum.mass > 0)) return (PnbdGone){.log_odds = -INFINITY};
    double log_large = sum.l / sum.mass, log_small = sum.log_small / sum.mass;
    double share_large = sum.share_large / sum.mass, share_small = sum.share_small / sum.mass;
    return (PnbdGone){.log_odds = pnbd_log_odds(p, x, tx, T, sum.mass),
                      .log_alpha = log1p(tx / p->alpha) + (alpha_larger ? log_large : log_small),
                      .log_beta = log1p(tx / p->beta) + (alpha_larger ? log_small : log_large),
                      .share_alpha = alpha_larger ? share_large : share_small,
                      .share_beta = alpha_larger ? share_small : share_large};
}

/* ---- One customer ---- */

double pnbd_loglik_life(const PnbdParams *p, double x, double tx, double T, double gradient[4]) {
    PnbdGone gone = pnbd_gone(p, x, tx, T);
    double dead = special_logistic(gone.log_odds), alive = special_logistic(-gone.log_odds);
    double log_alpha = log1p(T / p->alpha), log_beta = log1p(T / p->beta);
    double share_alpha = alive * (T / (p->alpha + T)) + dead * gone.share_alpha;
    double share_beta = alive * (T / (p->beta + T)) + dead * gone.share_beta;
    gradient[0] = -alive * log_alpha - dead * gone.log_alpha;
    gradient[1] = (p->r * share_alpha - x * (1 - share_alpha)) / p->alpha;
    gradient[2] = -alive * log_beta + dead * (1 / p->s - gone.log_beta);
    gradient[3] = (p->s * share_beta - dead * (1 - gone.share_beta)) / p->beta;
    return -x * log(p->alpha) - (p->r + x) * log_alpha - p->s * log_beta + special_softplus(gone.log_odds);
}

double pnbd_loglik(const PnbdParams *p, double x, double tx, double T, double gradient[4]) {
    double by[4] = {NAN, NAN, NAN, NAN}, value = NAN;
    if (pnbd_valid(p, x, tx, T)) {
        const BgnbdParams rate = {.r = p->r};
        BgnbdSums sums = {0};
        bgnbd_sums_to(&sums, &rate, x, PNBD_SUM_MAX);
        value = pnbd_loglik_life(p, x, tx, T, by) + sums.log_rate;
        by[0] += sums.rate;
    }
    for (int i = 0; gradient && i < 4; i++) gradient[i] = by[i];
    return value;
}

double pnbd_p_alive(const PnbdParams *p, double x, double tx, double T) {
    if (!pnbd_valid(p, x, tx, T)) return NAN;
    PnbdCurve c = pnbd_curve(p, x, tx);
    PnbdMass sum = pnbd_curve_mass(&c, log1p((T - tx) / c.large), true);
    return sum.mass > 0 ? special_logistic(-pnbd_log_odds(p, x, tx, T, sum.mass)) : 1;
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

/* Where the integrand over 0..limit ends to count. */
static double pnbd_tail_end(const PnbdTail *tail, double limit) {
    double low = 0, end = limit;
    for (int i = 0; i < PNBD_BISECTIONS && end - low > 1e-2 * end; i++) {
        double middle = 0.5 * (low + end);
        if (pnbd_tail_fall(tail, middle) > PNBD_CUT) end = middle;
        else low = middle;
    }
    return end;
}

/* A panel of w where d > 0, of q itself where d is 0. */
static double pnbd_tail_panel(const PnbdTail *tail, double d, double low, double high) {
    double node[QUADRATURE_POINTS], weight[QUADRATURE_POINTS], q[QUADRATURE_POINTS], grown[QUADRATURE_POINTS];
    double fall[QUADRATURE_POINTS], sum = 0;
    quadrature_panel(low, high, node, weight);
    if (d > 0) bulk_expm1(QUADRATURE_POINTS, node, q);
    else memcpy(q, node, sizeof(q));
    for (int i = 0; i < QUADRATURE_POINTS && d > 0; i++) {
        q[i] *= d;
        weight[i] *= d + q[i];
    }
    bulk_expm1(QUADRATURE_POINTS, q, grown);
    for (int i = 0; i < QUADRATURE_POINTS; i++) node[i] = tail->ratio * grown[i];
    bulk_log1p(QUADRATURE_POINTS, node, fall);
    for (int i = 0; i < QUADRATURE_POINTS; i++)
        node[i] = -(tail->slope * q[i] + tail->rise * grown[i] + tail->power * fall[i]);
    bulk_exp(QUADRATURE_POINTS, node, grown);
    for (int i = 0; i < QUADRATURE_POINTS; i++) sum += weight[i] * grown[i];
    return sum;
}

/* Its integral over 0..limit.  As for J, q = d (exp(w) - 1) spreads the beginning where it changes on the scale
 * d of beta + T; else panels of 3 are narrow enough for the way it may fall.  Better than 4e-14, one panel or more. */
static double pnbd_tail_integral(const PnbdTail *tail, double limit) {
    double most = tail->slope > 0 ? fmin(limit, PNBD_CUT / tail->slope) : limit, fall = pnbd_tail_fall(tail, most);
    double end = fall > 1.1 * PNBD_CUT ? pnbd_tail_end(tail, most) : most, sum = 0;
    if (!(end > 0)) return 0;
    bool graded = tail->power > 0 && tail->ratio > 1, easy = fall <= PNBD_PANEL_FALL;
    double d = graded ? fmin(-log1p(-1 / tail->ratio), end) : 0, top = graded ? log1p(end / d) : end;
    int panels;
    if (graded) panels = easy && top <= 2.25 ? 1 : 2 * (int)ceil(top / 4.5);
    else panels = easy && end <= 1.2 ? 1 : 1 + (int)ceil(end / 3);
    for (int i = 0; i < panels; i++) sum += pnbd_tail_panel(tail, d, top * i / panels, top * (i + 1) / panels);
    return sum;
}

double pnbd_buys_if_alive(const PnbdParams *p, double x, double T, double t, double *density) {
    double buys = NAN, now = NAN;
    if (pnbd_valid(p, x, 0, T) && t >= 0 && !isinf(t)) {
        double log_rate = log1p(t / (p->alpha + T));
        PnbdTail tail = {.slope = p->r + x, .power = p->s, .ratio = (p->alpha + T) / (p->beta + T)};
        buys = fmin((p->r + x) * pnbd_tail_integral(&tail, log_rate), 1);
        if (density) now = (p->r + x) / (p->alpha + T) * exp(-(p->r + x + 1) * log_rate - p->s * log1p(t / (p->beta + T)));
    }
    if (density) *density = now;
    return buys;
}

double pnbd_p_no_purchase(const PnbdParams *p, double x, double tx, double T, double t) {
    return 1 - pnbd_p_alive(p, x, tx, T) * pnbd_buys_if_alive(p, x, T, t, NULL);
}

/* (1 - (1 + v)^(1 - s)) / (s - 1) with L = ln(1 + v): the integral of (1 + u)^-s over 0..v. */
static double pnbd_lifetime(double s, double L) {
    return s == 1 ? L : -expm1((1 - s) * L) / (s - 1);
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
