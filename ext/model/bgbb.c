/* bgbb.c - see bgbb.h. */
#include "model/bgbb.h"

#include "base/libm.h"
#include "math/optimise.h"
#include "math/special.h"
#include "math/sum.h"

#define BGBB_LOG_MAX 16.0      /* a log parameter stays within this, about 1e-7 .. 1e7 */
#define BGBB_PARAM_LOW 1e-4    /* parameters outside these have run away */
#define BGBB_PARAM_HIGH 5e3
#define BGBB_GAIN 1e-9         /* log-likelihood left to gain at convergence */
#define BGBB_GAIN_ROUGH 1e-3   /* the same, while starts are compared */
#define BGBB_GAIN_LEFT 1e-6    /* the same, where rounding ended the search */
#define BGBB_DIFFERENCE 1e-4   /* step of a log parameter for the curvature */
#define BGBB_PIVOT_MIN 1e-9    /* curvature below this, relative, is a ridge */
enum { BGBB_POLL_ROWS = 512, BGBB_PARAMS = 4 };

static bool bgbb_valid(const BgbbParams *p, int32_t x, int32_t tx, int32_t n) {
    return p->alpha > 0 && p->beta > 0 && p->gamma > 0 && p->delta > 0 && isfinite(p->alpha) &&
           isfinite(p->beta) && isfinite(p->gamma) && isfinite(p->delta) && x >= 0 && x <= tx && tx <= n &&
           (x == 0) == (tx == 0);
}

/* ln of B(alpha + x, beta + misses) B(gamma + gone, delta + stays) over the same without a history. */
static double bgbb_term(const BgbbParams *p, double x, double misses, double gone, double stays) {
    return special_lbeta(p->alpha + x, p->beta + misses) - special_lbeta(p->alpha, p->beta) +
           special_lbeta(p->gamma + gone, p->delta + stays) - special_lbeta(p->gamma, p->delta);
}

/* Adds share times the derivatives of a term, without those of its divisor. */
static void bgbb_add_slopes(const BgbbParams *p, double x, double misses, double gone, double stays, double share,
                            double slopes[BGBB_PARAMS]) {
    double buys = special_digamma(p->alpha + p->beta + x + misses);
    double lives = special_digamma(p->gamma + p->delta + gone + stays);
    slopes[0] += share * (special_digamma(p->alpha + x) - buys);
    slopes[1] += share * (special_digamma(p->beta + misses) - buys);
    slopes[2] += share * (special_digamma(p->gamma + gone) - lives);
    slopes[3] += share * (special_digamma(p->delta + stays) - lives);
}

/* The sum is taken relative to its first term, the customer who is still alive: ln(L) = first + ln(1 + odds). */
double bgbb_loglik(const BgbbParams *p, int32_t x, int32_t tx, int32_t n, double gradient[4]) {
    if (!bgbb_valid(p, x, tx, n)) {
        for (int j = 0; gradient && j < BGBB_PARAMS; j++) gradient[j] = NAN;
        return NAN;
    }
    double first = bgbb_term(p, x, n - x, 0, n), largest = first, sum = 0;
    for (int32_t i = 0; i < n - tx; i++) largest = fmax(largest, bgbb_term(p, x, tx - x + i, 1, tx + i));
    for (int32_t i = 0; i < n - tx; i++) sum += exp(bgbb_term(p, x, tx - x + i, 1, tx + i) - largest);
    double loglik = largest + log(exp(first - largest) + sum);
    if (!gradient) return loglik;
    double slopes[BGBB_PARAMS] = {0};
    bgbb_add_slopes(p, x, n - x, 0, n, exp(first - loglik), slopes);
    for (int32_t i = 0; i < n - tx; i++)
        bgbb_add_slopes(p, x, tx - x + i, 1, tx + i, exp(bgbb_term(p, x, tx - x + i, 1, tx + i) - loglik), slopes);
    bgbb_add_slopes(p, 0, 0, 0, 0, -1, slopes);
    for (int j = 0; j < BGBB_PARAMS; j++) gradient[j] = slopes[j];
    return loglik;
}

double bgbb_p_alive(const BgbbParams *p, int32_t x, int32_t tx, int32_t n) {
    return exp(bgbb_term(p, x, n - x, 0, n + 1.0) - bgbb_loglik(p, x, tx, n, NULL));
}

double bgbb_p_no_purchase(const BgbbParams *p, int32_t x, int32_t tx, int32_t n, int32_t h) {
    if (h < 0 || h > INT32_MAX - n) return NAN;
    return exp(bgbb_loglik(p, x, tx, n + h, NULL) - bgbb_loglik(p, x, tx, n, NULL));
}

double bgbb_expected_purchases(const BgbbParams *p, int32_t x, int32_t tx, int32_t n, int32_t h, double discount) {
    if (!bgbb_valid(p, x, tx, n) || h < 0 || !(discount >= 0)) return NAN;
    double alive = bgbb_p_alive(p, x, tx, n) / (1 + discount), sum = 0;
    for (int32_t k = 1; k <= h; k++) {
        double before = sum;
        sum += alive;
        if (sum == before) break;
        alive *= (p->delta + n + k) / (p->gamma + p->delta + n + k) / (1 + discount);
    }
    return sum * (p->alpha + x) / (p->alpha + p->beta + n);
}

/* ---- Fit ---- */

typedef struct BgbbWork {
    const BgbbData *data;
    const Poll *poll;
    double customers;
    bool stopped;
} BgbbWork;

/* Minus the log-likelihood per customer and its derivatives, at the logarithms of the parameters. */
static bool bgbb_objective(void *ctx, const double *point, double *value, double *gradient) {
    BgbbWork *w = ctx;
    Sum total[1 + BGBB_PARAMS] = {{0}};
    *value = INFINITY;
    for (int j = 0; j < BGBB_PARAMS; j++) {
        gradient[j] = NAN;
        if (!(fabs(point[j]) <= BGBB_LOG_MAX)) return true;
    }
    BgbbParams p = {exp(point[0]), exp(point[1]), exp(point[2]), exp(point[3])};
    for (int64_t i = 0; i < w->data->n; i++) {
        double by[BGBB_PARAMS], count = (double)w->data->count[i];
        if (i % BGBB_POLL_ROWS == 0 && (w->stopped = w->stopped || poll_stop(w->poll))) return false;
        sum_add(&total[0], count * bgbb_loglik(&p, w->data->x[i], w->data->tx[i], w->data->opportunities[i], by));
        for (int j = 0; j < BGBB_PARAMS; j++) sum_add(&total[1 + j], count * by[j]);
    }
    *value = -sum_value(&total[0]) / w->customers;
    for (int j = 0; j < BGBB_PARAMS; j++)
        gradient[j] = -sum_value(&total[1 + j]) * exp(point[j]) / w->customers;
    return true;
}

static void bgbb_search(Optimise *search, const BgbbWork *w, double gain) {
    if (search->status == OPTIMISE_CONVERGED) search->status = OPTIMISE_RUNNING;
    while (optimise_test(search, gain / w->customers) == OPTIMISE_RUNNING) optimise_iterate(search);
}

static void bgbb_errors(BgbbWork *w, Optimise *search, BgbbFit *out) {
    double inverse[BGBB_PARAMS * BGBB_PARAMS], error[BGBB_PARAMS];
    if (!optimise_finish(search, BGBB_DIFFERENCE, BGBB_PIVOT_MIN, BGBB_GAIN_LEFT / w->customers, inverse)) {
        out->warnings |= BGBB_RIDGE;
        return;
    }
    for (int j = 0; j < BGBB_PARAMS; j++)
        error[j] = exp(search->point[j]) * sqrt(inverse[j * (BGBB_PARAMS + 1)] / w->customers);
    out->std_error = (BgbbParams){error[0], error[1], error[2], error[3]};
}

/* Where the search begins. */
static const double bgbb_start[][BGBB_PARAMS] = {{1, 1, 1, 1}, {0.5, 2, 0.5, 5}, {1, 3, 3, 30}};
enum { BGBB_STARTS = sizeof(bgbb_start) / sizeof(bgbb_start[0]) };

static Optimise bgbb_best(BgbbWork *w, BgbbFit *out) {
    Optimise best = {0}, search;
    for (int i = 0; i < BGBB_STARTS && !w->stopped; i++) {
        double start[BGBB_PARAMS];
        for (int j = 0; j < BGBB_PARAMS; j++) start[j] = log(bgbb_start[i][j]);
        optimise_init(&search, BGBB_PARAMS, start, bgbb_objective, w);
        bgbb_search(&search, w, BGBB_GAIN_ROUGH);
        out->iterations += search.iterations;
        if (i == 0 || search.value < best.value) best = search;
    }
    int rough = best.iterations;
    bgbb_search(&best, w, BGBB_GAIN);
    out->iterations += best.iterations - rough;
    return best;
}

void bgbb_fit(const BgbbData *data, const Poll *poll, BgbbFit *out) {
    BgbbParams none = {NAN, NAN, NAN, NAN};
    BgbbWork w = {.data = data, .poll = poll};
    double purchases = 0;
    *out = (BgbbFit){.params = none, .std_error = none, .log_likelihood = NAN};
    for (int64_t i = 0; i < data->n; i++) {
        out->customers += data->count[i];
        purchases += (double)data->count[i] * data->x[i];
    }
    if (purchases == 0) {
        out->warnings = BGBB_NO_PURCHASES | BGBB_NOT_CONVERGED;
        return;
    }
    w.customers = (double)out->customers;
    Optimise best = bgbb_best(&w, out);
    if (!w.stopped) bgbb_errors(&w, &best, out);
    out->interrupted = w.stopped;
    if (w.stopped) return;
    out->params = (BgbbParams){exp(best.point[0]), exp(best.point[1]), exp(best.point[2]), exp(best.point[3])};
    out->log_likelihood = -best.value * w.customers;
    out->converged = best.status == OPTIMISE_CONVERGED;
    if (!out->converged) out->warnings |= BGBB_NOT_CONVERGED;
    for (int j = 0; j < BGBB_PARAMS; j++)
        if (best.point[j] < log(BGBB_PARAM_LOW) || best.point[j] > log(BGBB_PARAM_HIGH)) out->warnings |= BGBB_RIDGE;
}
