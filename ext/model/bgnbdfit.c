/* bgnbdfit.c - see bgnbdfit.h. */
#include "model/bgnbdfit.h"

#include <string.h>

#include "base/libm.h"
#include "math/optimise.h"
#include "model/bgnbdsum.h"

#define BGNBDFIT_PARAM_LOW 1e-4    /* r, a, b and alpha / age outside these have run away */
#define BGNBDFIT_PARAM_HIGH 5e3
#define BGNBDFIT_GAIN 1e-9         /* log-likelihood left to gain at convergence */
#define BGNBDFIT_GAIN_ROUGH 1e-3   /* the same, while starts are compared */
#define BGNBDFIT_GAIN_LEFT 1e-6    /* the same, where rounding ended the search */
#define BGNBDFIT_NBD_GAIN_MIN 2.0  /* log-likelihood that two more parameters should bring */
#define BGNBDFIT_DROPOUT_MIN 1e-4  /* a / (a + b) below this is no attrition */
#define BGNBDFIT_DIFFERENCE 1e-4   /* step of a log parameter for the curvature */
#define BGNBDFIT_PIVOT_MIN 1e-9    /* curvature below this, relative, is a ridge */

int64_t bgnbdfit_workspace_size(const BgnbdfitData *data) {
    return bgnbdsum_workspace_size(data);
}

/* Goes on until less than gain is left of the whole log-likelihood. */
static void bgnbdfit_search(Optimise *search, const BgnbdsumWork *w, double gain) {
    if (search->status == OPTIMISE_CONVERGED) search->status = OPTIMISE_RUNNING;
    while (optimise_test(search, gain / w->customers) == OPTIMISE_RUNNING)
        optimise_iterate(search);
}

/* A parameter, alpha in units of the largest age, that no real population has. */
static bool bgnbdfit_ran_away(int n, const double *point) {
    bool away = false;
    for (int i = 0; i < n; i++)
        away = away || point[i] < log(BGNBDFIT_PARAM_LOW) || point[i] > log(BGNBDFIT_PARAM_HIGH);
    return away;
}

/* The inverse curvature of the log-likelihood per customer in log parameters.  False on a ridge, where it is
 * singular: the covariance says all the same what is identified. */
static bool bgnbdfit_curvature(const BgnbdsumWork *w, Optimise *search, double *inverse, double *covariance) {
    if (w->clear && w->dropout) search->curvature = bgnbdsum_second;
    bool found = optimise_finish(search, BGNBDFIT_DIFFERENCE, BGNBDFIT_PIVOT_MIN,
                                 BGNBDFIT_GAIN_LEFT / w->customers, inverse);
    double precision = 1 / (BGNBDFIT_PRIOR * BGNBDFIT_PRIOR * w->customers);
    if (found || optimise_finish_prior(search, BGNBDFIT_DIFFERENCE, precision, inverse))
        for (int i = 0; i < search->n * search->n; i++) covariance[i] = inverse[i] / w->customers;
    return found;
}

/* Standard errors: those of the logarithms, times the parameters. */
static void bgnbdfit_errors(BgnbdsumWork *w, Optimise *search, Bgnbdfit *out) {
    double inverse[16];
    if (!bgnbdfit_curvature(w, search, inverse, out->covariance)) {
        out->warnings |= BGNBDFIT_RIDGE;
        return;
    }
    BgnbdParams p = bgnbdsum_params(w, search->point);
    out->std_error = (BgnbdParams){.r = p.r * sqrt(inverse[0] / w->customers),
                                   .alpha = p.alpha * sqrt(inverse[5] / w->customers),
                                   .a = p.a * sqrt(inverse[10] / w->customers),
                                   .b = p.b * sqrt(inverse[15] / w->customers)};
}

/* Of the mean gap between purchases: where alpha may be looked for. */
static double bgnbdfit_log_gap(const BgnbdsumWork *w) {
    double mean_age = 0;
    for (int64_t i = 0; i < w->n_days; i++) mean_age += w->age[i].customers * w->age[i].day;
    return log(fmax(mean_age / w->customers, 1) / (w->purchases / w->customers + 0.1));
}

static void bgnbdfit_weak(BgnbdsumWork *w, BgnbdfitWeak *out) {
    const double centre[4] = {0, bgnbdfit_log_gap(w) - w->log_alpha_0, 0, log(2.5)};
    double inverse[16];
    Optimise search;
    w->weak = centre;
    w->dropout = true;
    optimise_init(&search, 4, centre, bgnbdsum_objective, w);
    bgnbdfit_search(&search, w, BGNBDFIT_GAIN_LEFT);
    bool found = optimise_finish(&search, BGNBDFIT_DIFFERENCE, BGNBDFIT_PIVOT_MIN, BGNBDFIT_GAIN_LEFT, inverse) &&
                 search.status == OPTIMISE_CONVERGED;
    w->weak = NULL;
    if (!found) return;
    BgnbdParams p = bgnbdsum_params(w, search.point);
    const double value[4] = {p.r, p.alpha, p.a, p.b};
    memcpy(out->value, value, sizeof(value));
    for (int i = 0; i < 16; i++) out->covariance[i] = inverse[i] / w->customers;
}

/* r, alpha of the plain NBD. */
static void bgnbdfit_nbd(BgnbdsumWork *w, double point[2], Bgnbdfit *out) {
    Optimise search;
    double start[2] = {0, bgnbdfit_log_gap(w) - w->log_alpha_0};
    w->dropout = false;
    optimise_init(&search, 2, start, bgnbdsum_objective, w);
    bgnbdfit_search(&search, w, BGNBDFIT_GAIN);
    double inverse[4];
    if (bgnbdfit_curvature(w, &search, inverse, out->nbd_covariance)) {
        BgnbdParams p = bgnbdsum_params(w, search.point);
        out->nbd_std_error.r = p.r * sqrt(inverse[0] / w->customers);
        out->nbd_std_error.alpha = p.alpha * sqrt(inverse[3] / w->customers);
    }
    out->log_likelihood_nbd = -search.value * w->customers;
    out->nbd = bgnbdsum_params(w, search.point);
    out->nbd_converged = search.status == OPTIMISE_CONVERGED;
    point[0] = search.point[0];
    point[1] = search.point[1];
}

/* Where the search begins: factors on the r and alpha of the NBD, and a, b. */
static const double bgnbdfit_start[][4] = {{1, 0.5, 1, 1}, {1, 1, 0.05, 2}, {0.5, 0.3, 0.5, 5}};
enum { BGNBDFIT_STARTS = sizeof(bgnbdfit_start) / sizeof(bgnbdfit_start[0]) };

/* Whether a search ended inside, well above the NBD: then no other start is needed. */
static bool bgnbdfit_clear(const BgnbdsumWork *w, const Optimise *search, const Bgnbdfit *out) {
    return -search->value * w->customers - out->log_likelihood_nbd >= BGNBDFIT_NBD_GAIN_MIN &&
           search->status == OPTIMISE_CONVERGED && !bgnbdfit_ran_away(4, search->point);
}

/* The best of the starts. */
static Optimise bgnbdfit_best(BgnbdsumWork *w, const double nbd[2], Bgnbdfit *out) {
    Optimise best = {0}, search;
    w->dropout = true;
    for (int i = 0; i < BGNBDFIT_STARTS && !w->stopped; i++) {
        double start[4], bound = BGNBDSUM_LOG_MAX / 2;
        for (int j = 0; j < 4; j++)
            start[j] = log(bgnbdfit_start[i][j]) + (j < 2 ? fmax(-bound, fmin(bound, nbd[j])) : 0);
        optimise_init(&search, 4, start, bgnbdsum_objective, w);
        bgnbdfit_search(&search, w, BGNBDFIT_GAIN_ROUGH);
        out->iterations += search.iterations;
        if (i == 0 || search.value < best.value) best = search;
        if (bgnbdfit_clear(w, &best, out)) break;
    }
    int rough = best.iterations;
    bgnbdfit_search(&best, w, BGNBDFIT_GAIN);
    out->iterations += best.iterations - rough;
    return best;
}

/* Over very many triples the search begins at the optimum of a sample, with the curvature there.  False where that does
 * not lead to an optimum that needs no other start. */
static bool bgnbdfit_best_near(BgnbdsumWork *w, Optimise *best, Bgnbdfit *out) {
    BgnbdsumWork sample;
    Bgnbdfit rough = {0};
    double nbd[2], inverse[16];
    if (!bgnbdsum_sample(&sample, w)) return false;
    bgnbdfit_nbd(&sample, nbd, &rough);
    Optimise near = bgnbdfit_best(&sample, nbd, &rough);
    bool known = !sample.stopped && optimise_finish(&near, BGNBDFIT_DIFFERENCE, BGNBDFIT_PIVOT_MIN,
                                                    BGNBDFIT_GAIN_LEFT / sample.customers, inverse);
    out->iterations += rough.iterations;
    w->stopped = sample.stopped;
    if (w->stopped || !known || bgnbdfit_ran_away(4, near.point)) return false;
    w->dropout = true;
    optimise_init(best, 4, near.point, bgnbdsum_objective, w);
    optimise_remember(best, inverse);
    bgnbdfit_search(best, w, BGNBDFIT_GAIN);
    out->iterations += best->iterations;
    w->clear = !w->stopped && bgnbdfit_clear(w, best, out);
    return w->clear;
}

static unsigned bgnbdfit_warnings(const BgnbdsumWork *w, const Optimise *best,
                                  const Bgnbdfit *fit) {
    unsigned warnings = fit->warnings;
    const BgnbdParams *p = &fit->params;
    if (fit->log_likelihood - fit->log_likelihood_nbd < BGNBDFIT_NBD_GAIN_MIN ||
        p->a < BGNBDFIT_DROPOUT_MIN * (p->a + p->b))
        warnings |= BGNBDFIT_NO_ATTRITION;
    if (bgnbdfit_ran_away(4, best->point)) warnings |= BGNBDFIT_RIDGE;
    if (!fit->converged) warnings |= BGNBDFIT_NOT_CONVERGED;
    if (w->purchases == 0) warnings |= BGNBDFIT_NO_REPEATS;
    return warnings;
}

void bgnbdfit_run(BgnbdKind kind, const BgnbdfitData *data, void *workspace, const Poll *poll,
                  Bgnbdfit *out) {
    BgnbdsumWork w = {.kind = kind, .poll = poll};
    BgnbdParams none = {NAN, NAN, NAN, NAN};
    double nbd[2];
    *out = (Bgnbdfit){.kind = kind, .params = none, .std_error = none, .nbd = none, .nbd_std_error = none};
    for (int i = 0; i < 16; i++) out->covariance[i] = out->weak.covariance[i] = out->weak.value[i % 4] = NAN;
    for (int i = 0; i < 4; i++) out->nbd_covariance[i] = NAN;
    for (int64_t i = 0; i < data->n; i++) {
        out->customers += data->count[i];
        out->one_timers += data->frequency[i] == 0 ? data->count[i] : 0;
    }
    if (out->customers <= 0) {
        out->warnings = BGNBDFIT_NO_REPEATS | BGNBDFIT_NOT_CONVERGED;
        return;
    }
    bgnbdsum_prepare(&w, data, workspace);
    bgnbdfit_nbd(&w, nbd, out);
    Optimise best = {0};
    bool near = !w.stopped && bgnbdfit_best_near(&w, &best, out);
    if (!near && !w.stopped) best = bgnbdfit_best(&w, nbd, out);
    if (!w.stopped) bgnbdfit_errors(&w, &best, out);
    out->evaluations = w.evaluations;
    if (!w.stopped && (out->warnings & BGNBDFIT_RIDGE || bgnbdfit_ran_away(4, best.point))) bgnbdfit_weak(&w, &out->weak);
    out->interrupted = w.stopped;
    if (w.stopped) return;
    out->params = bgnbdsum_params(&w, best.point);
    out->log_likelihood = -best.value * w.customers;
    out->converged = best.status == OPTIMISE_CONVERGED;
    out->warnings = bgnbdfit_warnings(&w, &best, out);
}
