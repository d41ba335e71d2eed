/* gammagamma.c - see gammagamma.h.
 *
 * With z = m x the log-likelihood is
 *
 *     - lbeta(px, q) + px ln(z / gamma) - (px + q) ln(1 + z / gamma) - ln m:
 *
 * gamma appears only against z, so nothing large cancels when q and gamma grow together.  Within
 * one frequency only the sums of ln(1 + z / gamma) and of z / (gamma + z) change.
 */
#include "model/gammagamma.h"

#include <string.h>

#include "base/libm.h"
#include "math/logsum.h"
#include "math/optimise.h"
#include "math/radix.h"
#include "math/special.h"
#include "stat/correlation.h"

#define GAMMAGAMMA_POLL_TERMS 32768 /* likelihood terms between two polls */
#define GAMMAGAMMA_LOG_MAX 14.0     /* a log parameter stays within this, about 1e-6 .. 1e6 */
#define GAMMAGAMMA_PARAM_LOW 1e-3   /* p, q and gamma / mean outside these have run away */
#define GAMMAGAMMA_PARAM_HIGH 5e3
#define GAMMAGAMMA_GAIN 1e-9        /* log-likelihood left to gain at convergence */
#define GAMMAGAMMA_GAIN_LEFT 1e-6   /* the same, where rounding ended the search */
#define GAMMAGAMMA_DIFFERENCE 1e-4  /* step of a log parameter for the curvature */
#define GAMMAGAMMA_PIVOT_MIN 1e-9   /* curvature below this, relative, is a ridge */

static bool gammagamma_valid(const GammagammaParams *p) {
    return p->p > 0 && p->q > 0 && p->gamma > 0 && isfinite(p->p) && isfinite(p->q) &&
           isfinite(p->gamma);
}

double gammagamma_loglik(const GammagammaParams *p, double x, double m, double gradient[3]) {
    if (!gammagamma_valid(p) || !(x > 0) || !(m > 0) || isinf(x) || isinf(m)) {
        for (int i = 0; gradient && i < 3; i++) gradient[i] = NAN;
        return NAN;
    }
    double px = p->p * x, z = m * x;
    double log_ratio = log(z / p->gamma), log_sum = log1p(z / p->gamma);
    if (gradient) {
        double both = special_digamma(px + p->q);
        gradient[0] = x * (log_ratio - log_sum + both - special_digamma(px));
        gradient[1] = both - special_digamma(p->q) - log_sum;
        gradient[2] = (px + p->q) * (z / (p->gamma + z)) / p->gamma - px / p->gamma;
    }
    return px * log_ratio - (px + p->q) * log_sum - special_lbeta(px, p->q) - log(m);
}

double gammagamma_expected_spend(const GammagammaParams *p, double x, double m) {
    if (!gammagamma_valid(p) || !(x >= 0) || isinf(x) || (x > 0 && !(m >= 0))) return NAN;
    double shape = p->p * x + p->q - 1;
    double total = x > 0 ? x * m : 0;
    return shape > 0 ? p->p * (p->gamma + total) / shape : NAN;
}

/* ---- Fit ---- */

typedef struct GammagammaWork {
    const Poll *poll;
    int64_t terms; /* since the last poll */
    bool stopped;
    int64_t n;         /* distinct pairs */
    uint32_t *x;       /* of each pair, ascending */
    double *z, *weight; /* of each pair: x times its mean, and its customers */
    double customers, scale;      /* scale: mean of the means */
    double sum_log_m, sum_x_log_z; /* over customers, z in units of scale */
} GammagammaWork;

int64_t gammagamma_workspace_size(int64_t n) {
    return radix_workspace_size(n);
}

/* Customers who take part, sorted by frequency and mean.  The bits of a positive double sort as
 * its value does. */
static void gammagamma_sort(int64_t n, const int32_t *frequency, const double *monetary_value,
                            void *workspace, Radix *radix) {
    int64_t kept = 0;
    radix_init(radix, n, true, workspace);
    for (int64_t i = 0; i < n; i++) {
        double m = monetary_value[i];
        if (frequency[i] <= 0 || !(m > 0) || isinf(m)) continue;
        memcpy(&radix->key[kept], &m, sizeof(m));
        radix->high[kept++] = (uint32_t)frequency[i];
    }
    radix->n = kept;
    radix_sort(radix, 64, 32);
}

static double gammagamma_mean(const Radix *radix, int64_t i) {
    double m;
    memcpy(&m, &radix->key[i], sizeof(m));
    return m;
}

static void gammagamma_describe(GammagammaWork *w, const Radix *radix, GammagammaFit *out) {
    Correlation correlation = {0};
    for (int64_t i = 0; i < radix->n; i++)
        correlation_add(&correlation, radix->high[i], gammagamma_mean(radix, i));
    w->customers = (double)radix->n;
    w->scale = correlation.mean_y;
    out->customers = radix->n;
    out->correlation = correlation_r(&correlation);
}

/* Counts equal pairs.  The spare key array holds z; the sorted keys, once read, make room for the
 * weights. */
static void gammagamma_collapse(GammagammaWork *w, Radix *radix) {
    w->x = radix->high;
    w->z = (double *)(void *)radix->key_spare;
    w->weight = (double *)(void *)radix->key;
    for (int64_t first = 0, end; first < radix->n; first = end) {
        double m = gammagamma_mean(radix, first), x = radix->high[first];
        for (end = first + 1; end < radix->n && radix->key[end] == radix->key[first] &&
                              radix->high[end] == radix->high[first];)
            end++;
        double weight = (double)(end - first), z = x * (m / w->scale);
        memcpy(&radix->key[w->n], &weight, sizeof(weight));
        memcpy(&radix->key_spare[w->n], &z, sizeof(z));
        w->x[w->n++] = radix->high[first];
        w->sum_log_m += weight * log(m);
        w->sum_x_log_z += weight * x * (log(m) - log(w->scale) + log(x));
    }
}

/* Sums over the pairs of one frequency. */
typedef struct GammagammaRun {
    double customers, log_sum, share; /* log_sum: ln(1 + z / gamma), share: z / (gamma + z) */
} GammagammaRun;

/* From first to the end of its frequency, which is returned; -1 to give up. */
static int64_t gammagamma_run(GammagammaWork *w, int64_t first, double gamma, GammagammaRun *run) {
    int64_t i = first;
    Logsum single = {0}; /* of the pairs with one customer, as most are */
    for (; i < w->n && w->x[i] == w->x[first]; i++) {
        double ratio = w->z[i] / gamma;
        run->customers += w->weight[i];
        if (w->weight[i] == 1) logsum_add(&single, ratio);
        else run->log_sum += w->weight[i] * log1p(ratio);
        run->share += w->weight[i] * (w->z[i] / (gamma + w->z[i]));
        if (++w->terms >= GAMMAGAMMA_POLL_TERMS) {
            w->terms = 0;
            if (poll_stop(w->poll)) return -1;
        }
    }
    run->log_sum += logsum_value(&single);
    return i;
}

/* Minus the log-likelihood per customer, at point = ln(p, q, gamma / scale). */
static bool gammagamma_objective(void *ctx, const double *point, double *value, double *gradient) {
    GammagammaWork *w = ctx;
    *value = INFINITY;
    gradient[0] = gradient[1] = gradient[2] = NAN;
    w->stopped = w->stopped || poll_stop(w->poll);
    if (w->stopped) return false;
    for (int i = 0; i < 3; i++)
        if (!(fabs(point[i]) <= GAMMAGAMMA_LOG_MAX)) return true;
    double p = exp(point[0]), q = exp(point[1]), gamma = exp(point[2]);
    double total = p * w->sum_x_log_z - w->sum_log_m;
    double by_p = w->sum_x_log_z, by_q = 0, by_gamma = 0;
    double psi_q = special_digamma(q);
    for (int64_t i = 0; i < w->n;) {
        GammagammaRun run = {0};
        double x = w->x[i], px = p * x;
        i = gammagamma_run(w, i, gamma, &run);
        if (i < 0) {
            w->stopped = true;
            return false;
        }
        double both = special_digamma(px + q);
        total -= run.customers * (special_lbeta(px, q) + px * point[2]) + (px + q) * run.log_sum;
        by_p += x * (run.customers * (both - special_digamma(px) - point[2]) - run.log_sum);
        by_q += run.customers * (both - psi_q) - run.log_sum;
        by_gamma += (px + q) * run.share - run.customers * px;
    }
    *value = -total / w->customers;
    gradient[0] = -p * by_p / w->customers;
    gradient[1] = -q * by_q / w->customers;
    gradient[2] = -by_gamma / w->customers;
    return true;
}

static bool gammagamma_ran_away(const double *point) {
    bool away = false;
    for (int i = 0; i < 3; i++)
        away = away || point[i] < log(GAMMAGAMMA_PARAM_LOW) ||
               point[i] > log(GAMMAGAMMA_PARAM_HIGH);
    return away;
}

/* Starts p, q; gamma follows from the population mean p gamma / (q - 1). */
static const double gammagamma_start[][2] = {{4, 4}, {1, 1.5}, {20, 20}};
enum { GAMMAGAMMA_STARTS = sizeof(gammagamma_start) / sizeof(gammagamma_start[0]) };

/* The best of the starts; the first one is enough when it ends inside. */
static Optimise gammagamma_best(GammagammaWork *w, GammagammaFit *out) {
    Optimise best = {0}, search;
    for (int i = 0; i < GAMMAGAMMA_STARTS && !w->stopped; i++) {
        double p = gammagamma_start[i][0], q = gammagamma_start[i][1];
        double start[3] = {log(p), log(q), log((q - 1) / p)};
        optimise_init(&search, 3, start, gammagamma_objective, w);
        while (optimise_test(&search, GAMMAGAMMA_GAIN / w->customers) == OPTIMISE_RUNNING)
            optimise_iterate(&search);
        out->iterations += search.iterations;
        out->evaluations += search.evaluations;
        if (i == 0 || search.value < best.value) best = search;
        if (best.status == OPTIMISE_CONVERGED && !gammagamma_ran_away(best.point)) break;
    }
    return best;
}

static GammagammaParams gammagamma_params(const GammagammaWork *w, const double *point) {
    return (GammagammaParams){exp(point[0]), exp(point[1]), w->scale * exp(point[2])};
}

/* Curvature in log parameters gives relative errors. */
static void gammagamma_errors(GammagammaWork *w, Optimise *best, GammagammaFit *out) {
    double inverse[9];
    int before = best->evaluations;
    bool found = optimise_finish(best, GAMMAGAMMA_DIFFERENCE, GAMMAGAMMA_PIVOT_MIN,
                                 GAMMAGAMMA_GAIN_LEFT / w->customers, inverse);
    GammagammaParams p = gammagamma_params(w, best->point);
    out->evaluations += best->evaluations - before;
    if (!found || gammagamma_ran_away(best->point)) out->warnings |= GAMMAGAMMA_RIDGE;
    if (!found) return;
    out->std_error = (GammagammaParams){p.p * sqrt(inverse[0] / w->customers),
                                        p.q * sqrt(inverse[4] / w->customers),
                                        p.gamma * sqrt(inverse[8] / w->customers)};
}

void gammagamma_fit(int64_t n, const int32_t *frequency, const double *monetary_value,
                    void *workspace, const Poll *poll, GammagammaFit *out) {
    GammagammaWork w = {.poll = poll};
    GammagammaParams none = {NAN, NAN, NAN};
    Radix radix;
    *out = (GammagammaFit){.params = none, .std_error = none, .correlation = NAN};
    gammagamma_sort(n > 0 ? n : 0, frequency, monetary_value, workspace, &radix);
    if (radix.n == 0) {
        out->warnings = GAMMAGAMMA_NO_CUSTOMERS | GAMMAGAMMA_NOT_CONVERGED;
        return;
    }
    gammagamma_describe(&w, &radix, out);
    gammagamma_collapse(&w, &radix);
    Optimise best = gammagamma_best(&w, out);
    if (!w.stopped) gammagamma_errors(&w, &best, out);
    out->interrupted = w.stopped;
    if (w.stopped) return;
    out->params = gammagamma_params(&w, best.point);
    out->log_likelihood = -best.value * w.customers;
    /* In units of next to nothing gamma may underflow. */
    out->converged = best.status == OPTIMISE_CONVERGED && gammagamma_valid(&out->params);
    if (!out->converged) out->warnings |= GAMMAGAMMA_NOT_CONVERGED;
    if (out->params.q <= 1) out->warnings |= GAMMAGAMMA_MEAN_INFINITE;
    if (fabs(out->correlation) > GAMMAGAMMA_CORRELATION_MAX)
        out->warnings |= GAMMAGAMMA_CORRELATED;
}
