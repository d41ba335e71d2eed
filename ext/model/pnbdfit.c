/* pnbdfit.c - see pnbdfit.h. */
#include "model/pnbdfit.h"

#include <string.h>

#include "base/libm.h"
#include "math/optimise.h"
#include "math/sum.h"

#define PNBDFIT_LOG_MAX 20.0     /* a log parameter stays within this, about 2e-9 .. 5e8 */
#define PNBDFIT_PARAM_LOW 1e-4   /* r, s and alpha, beta / age outside these have run away */
#define PNBDFIT_PARAM_HIGH 5e3
#define PNBDFIT_GAIN 1e-8        /* log-likelihood left to gain at convergence */
#define PNBDFIT_GAIN_ROUGH 1e-2  /* the same, while starts are compared */
#define PNBDFIT_GAIN_LEFT 1e-6   /* the same, where rounding ended the search */
#define PNBDFIT_NBD_GAIN_MIN 2.0 /* log-likelihood that two more parameters should bring */
#define PNBDFIT_SUM_MAX 32.0     /* purchases whose rates are summed one by one from a frequency to the next */
#define PNBDFIT_DIFFERENCE 1e-4  /* step of a log parameter for the curvature */
#define PNBDFIT_PIVOT_MIN 1e-9   /* curvature below this, relative, is a ridge */
enum { PNBDFIT_POLL_ROWS = 512, PNBDFIT_PARAMS = 4 };

typedef struct PnbdfitWork {
    const BgnbdfitData *data;
    const Poll *poll;
    double customers, age_scale; /* age_scale: the largest age, at least 1 */
    const double *weak; /* centres of weak priors on the log parameters; NULL: there are none */
    bool stopped;
} PnbdfitWork;

static PnbdParams pnbdfit_params(const PnbdfitWork *w, const double *point) {
    return (PnbdParams){.r = exp(point[0]),
                        .alpha = exp(point[1]) * w->age_scale,
                        .s = exp(point[2]),
                        .beta = exp(point[3]) * w->age_scale};
}

/* Minus the log-likelihood per customer, at point = ln(r, alpha / age_scale, s, beta / age_scale). */
static bool pnbdfit_objective(void *ctx, const double *point, double *value, double *gradient) {
    PnbdfitWork *w = ctx;
    const BgnbdfitData *data = w->data;
    Sum total[1 + PNBDFIT_PARAMS] = {{0}};
    *value = INFINITY;
    for (int j = 0; j < PNBDFIT_PARAMS; j++) {
        gradient[j] = NAN;
        if (!(fabs(point[j]) <= PNBDFIT_LOG_MAX)) return true;
    }
    PnbdParams p = pnbdfit_params(w, point);
    const BgnbdParams rate = {.r = p.r};
    BgnbdSums sums = {0};
    for (int64_t i = 0; i < data->n; i++) {
        double by[PNBDFIT_PARAMS], count = (double)data->count[i];
        if (i % PNBDFIT_POLL_ROWS == 0 && (w->stopped = w->stopped || poll_stop(w->poll))) return false;
        bgnbd_sums_to(&sums, &rate, data->frequency[i], PNBDFIT_SUM_MAX);
        double life = pnbd_loglik_life(&p, data->frequency[i], data->recency[i], data->age[i], by);
        sum_add(&total[0], count * (sums.log_rate + life));
        by[0] += sums.rate;
        for (int j = 0; j < PNBDFIT_PARAMS; j++) sum_add(&total[1 + j], count * by[j]);
    }
    const double scale[PNBDFIT_PARAMS] = {p.r, p.alpha, p.s, p.beta};
    *value = -sum_value(&total[0]) / w->customers;
    for (int j = 0; j < PNBDFIT_PARAMS; j++)
        gradient[j] = -sum_value(&total[1 + j]) * scale[j] / w->customers;
    for (int j = 0; j < PNBDFIT_PARAMS && w->weak; j++) {
        double sd = j % 2 == 1 ? 2 * BGNBDFIT_WEAK : BGNBDFIT_WEAK, away = (point[j] - w->weak[j]) / sd;
        *value += 0.5 * away * away / w->customers;
        gradient[j] += away / sd / w->customers;
    }
    return true;
}

/* Goes on until less than gain is left of the whole log-likelihood. */
static void pnbdfit_search(Optimise *search, const PnbdfitWork *w, double gain) {
    if (search->status == OPTIMISE_CONVERGED) search->status = OPTIMISE_RUNNING;
    while (optimise_test(search, gain / w->customers) == OPTIMISE_RUNNING) optimise_iterate(search);
}

static bool pnbdfit_ran_away(const double *point) {
    bool away = false;
    for (int j = 0; j < PNBDFIT_PARAMS; j++)
        away = away || point[j] < log(PNBDFIT_PARAM_LOW) || point[j] > log(PNBDFIT_PARAM_HIGH);
    return away;
}

/* Where the search begins: factors on the r and alpha of the NBD, s, and beta in mean ages. */
static const double pnbdfit_start[][PNBDFIT_PARAMS] = {{1, 0.7, 1, 1}, {1, 1, 0.1, 10}, {1, 1, 5, 20}};
enum { PNBDFIT_STARTS = sizeof(pnbdfit_start) / sizeof(pnbdfit_start[0]) };

/* Searches from a start and keeps the best so far. */
static void pnbdfit_try(PnbdfitWork *w, const double *start, double gain, Optimise *best, Pnbdfit *out) {
    Optimise search;
    double bound = PNBDFIT_LOG_MAX / 2, kept[PNBDFIT_PARAMS];
    for (int j = 0; j < PNBDFIT_PARAMS; j++) kept[j] = fmax(-bound, fmin(bound, start[j]));
    optimise_init(&search, PNBDFIT_PARAMS, kept, pnbdfit_objective, w);
    pnbdfit_search(&search, w, gain);
    if (out->evaluations == 0 || search.value < best->value) *best = search;
    out->iterations += search.iterations;
    out->evaluations += search.evaluations;
}

/* From near alone, if that is good enough. */
static bool pnbdfit_best_near(PnbdfitWork *w, const Bgnbdfit *nbd, const PnbdParams *near, Optimise *best, Pnbdfit *out) {
    const double start[PNBDFIT_PARAMS] = {log(near->r), log(near->alpha / w->age_scale), log(near->s),
                                          log(near->beta / w->age_scale)};
    pnbdfit_try(w, start, PNBDFIT_GAIN, best, out);
    return best->status == OPTIMISE_CONVERGED && !pnbdfit_ran_away(best->point) &&
           -best->value * w->customers - nbd->log_likelihood_nbd >= PNBDFIT_NBD_GAIN_MIN;
}

/* The best of all starts. */
static Optimise pnbdfit_best(PnbdfitWork *w, const Bgnbdfit *nbd, const PnbdParams *near, double mean_age, Pnbdfit *out) {
    Optimise best = {0};
    if (near && pnbdfit_best_near(w, nbd, near, &best, out)) return best;
    for (int i = 0; i < PNBDFIT_STARTS && !w->stopped; i++) {
        const double start[PNBDFIT_PARAMS] = {log(nbd->nbd.r * pnbdfit_start[i][0]),
                                              log(nbd->nbd.alpha * pnbdfit_start[i][1] / w->age_scale),
                                              log(pnbdfit_start[i][2]),
                                              log(mean_age * pnbdfit_start[i][3] / w->age_scale)};
        pnbdfit_try(w, start, PNBDFIT_GAIN_ROUGH, &best, out);
    }
    int iterations = best.iterations, evaluations = best.evaluations;
    pnbdfit_search(&best, w, PNBDFIT_GAIN);
    out->iterations += best.iterations - iterations;
    out->evaluations += best.evaluations - evaluations;
    return best;
}

/* Standard errors: the inverse curvature in log parameters, times the parameters. */
static void pnbdfit_errors(PnbdfitWork *w, Optimise *search, Pnbdfit *out) {
    double inverse[PNBDFIT_PARAMS * PNBDFIT_PARAMS];
    bool found = optimise_finish(search, PNBDFIT_DIFFERENCE, PNBDFIT_PIVOT_MIN, PNBDFIT_GAIN_LEFT / w->customers,
                                 inverse);
    double precision = 1 / (BGNBDFIT_PRIOR * BGNBDFIT_PRIOR * w->customers);
    if (found || optimise_finish_prior(search, PNBDFIT_DIFFERENCE, precision, inverse))
        for (int i = 0; i < PNBDFIT_PARAMS * PNBDFIT_PARAMS; i++) out->covariance[i] = inverse[i] / w->customers;
    if (!found) {
        out->warnings |= BGNBDFIT_RIDGE;
        return;
    }
    PnbdParams p = pnbdfit_params(w, search->point);
    out->std_error = (PnbdParams){.r = p.r * sqrt(inverse[0] / w->customers),
                                  .alpha = p.alpha * sqrt(inverse[5] / w->customers),
                                  .s = p.s * sqrt(inverse[10] / w->customers),
                                  .beta = p.beta * sqrt(inverse[15] / w->customers)};
}

static void pnbdfit_weak(PnbdfitWork *w, double mean_age, double mean_x, BgnbdfitWeak *out) {
    const double centre[PNBDFIT_PARAMS] = {0, log(mean_age / (mean_x + 0.1) / w->age_scale), 0,
                                           log(mean_age / w->age_scale)};
    double inverse[PNBDFIT_PARAMS * PNBDFIT_PARAMS];
    Optimise search;
    w->weak = centre;
    optimise_init(&search, PNBDFIT_PARAMS, centre, pnbdfit_objective, w);
    pnbdfit_search(&search, w, PNBDFIT_GAIN_LEFT);
    bool found = optimise_finish(&search, PNBDFIT_DIFFERENCE, PNBDFIT_PIVOT_MIN, PNBDFIT_GAIN_LEFT, inverse) &&
                 search.status == OPTIMISE_CONVERGED;
    w->weak = NULL;
    if (!found) return;
    PnbdParams p = pnbdfit_params(w, search.point);
    const double value[PNBDFIT_PARAMS] = {p.r, p.alpha, p.s, p.beta};
    memcpy(out->value, value, sizeof(value));
    for (int i = 0; i < PNBDFIT_PARAMS * PNBDFIT_PARAMS; i++) out->covariance[i] = inverse[i] / w->customers;
}

void pnbdfit_run(const BgnbdfitData *data, const Bgnbdfit *nbd, const Poll *poll, Pnbdfit *out) {
    pnbdfit_run_near(data, nbd, NULL, poll, out);
}

void pnbdfit_run_near(const BgnbdfitData *data, const Bgnbdfit *nbd, const PnbdParams *near, const Poll *poll,
                      Pnbdfit *out) {
    PnbdParams none = {NAN, NAN, NAN, NAN};
    PnbdfitWork w = {.data = data, .poll = poll, .age_scale = 1};
    double mean_age = 0, mean_x = 0;
    *out = (Pnbdfit){.params = none, .std_error = none, .warnings = nbd->warnings & BGNBDFIT_NO_REPEATS};
    for (int i = 0; i < PNBDFIT_PARAMS * PNBDFIT_PARAMS; i++)
        out->covariance[i] = out->weak.covariance[i] = out->weak.value[i / PNBDFIT_PARAMS] = NAN;
    for (int64_t i = 0; i < data->n; i++) {
        w.customers += (double)data->count[i];
        mean_age += (double)data->count[i] * data->age[i];
        mean_x += (double)data->count[i] * data->frequency[i];
        w.age_scale = fmax(w.age_scale, data->age[i]);
    }
    if (!(w.customers > 0)) {
        out->warnings |= BGNBDFIT_NO_REPEATS | BGNBDFIT_NOT_CONVERGED;
        return;
    }
    mean_age = fmax(mean_age / w.customers, 1);
    mean_x /= w.customers;
    Optimise best = pnbdfit_best(&w, nbd, near, mean_age, out);
    if (!w.stopped) pnbdfit_errors(&w, &best, out);
    if (!w.stopped && (out->warnings & BGNBDFIT_RIDGE || pnbdfit_ran_away(best.point)))
        pnbdfit_weak(&w, mean_age, mean_x, &out->weak);
    out->interrupted = w.stopped;
    if (w.stopped) return;
    out->params = pnbdfit_params(&w, best.point);
    out->log_likelihood = -best.value * w.customers;
    out->converged = best.status == OPTIMISE_CONVERGED;
    if (!out->converged) out->warnings |= BGNBDFIT_NOT_CONVERGED;
    if (pnbdfit_ran_away(best.point)) out->warnings |= BGNBDFIT_RIDGE;
    if (out->log_likelihood - nbd->log_likelihood_nbd < PNBDFIT_NBD_GAIN_MIN) out->warnings |= BGNBDFIT_NO_ATTRITION;
}
