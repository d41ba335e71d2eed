/* bgnbdfit.c - see bgnbdfit.h.
 *
 * Of the likelihood as bgnbd.c writes it the sums depend on x alone and the logs on a day alone, so
 * both are tabulated; a customer then costs one exp.
 */
#include "model/bgnbdfit.h"

#include <stddef.h>
#include <string.h>

#include "base/libm.h"
#include "math/logsum.h"
#include "math/optimise.h"

#define BGNBDFIT_POLL_TERMS 32768  /* likelihood terms between two polls */
#define BGNBDFIT_STEP_MAX 32.0     /* purchases summed one by one from a frequency to the next */
#define BGNBDFIT_LOG_MAX 20.0      /* a log parameter stays within this, about 2e-9 .. 5e8 */
#define BGNBDFIT_PARAM_LOW 1e-4    /* r, a, b and alpha / age outside these have run away */
#define BGNBDFIT_PARAM_HIGH 5e3
#define BGNBDFIT_GAIN 1e-9         /* log-likelihood left to gain at convergence */
#define BGNBDFIT_GAIN_ROUGH 1e-3   /* the same, while starts are compared */
#define BGNBDFIT_GAIN_LEFT 1e-6    /* the same, where rounding ended the search */
#define BGNBDFIT_NBD_GAIN_MIN 2.0  /* log-likelihood that two more parameters should bring */
#define BGNBDFIT_DROPOUT_MIN 1e-4  /* a / (a + b) below this is no attrition */
#define BGNBDFIT_DIFFERENCE 1e-4   /* step of a log parameter for the curvature */
#define BGNBDFIT_PIVOT_MIN 1e-9    /* curvature below this, relative, is a ridge */

/* ---- Tables ---- */

typedef struct BgnbdfitDay {
    double log_ratio; /* ln(1 + day / alpha) */
    double share;     /* day / (alpha + day) */
} BgnbdfitDay;

typedef struct BgnbdfitAge { /* customers by the day their observation ends */
    double day;
    double customers, purchases; /* of age day; purchases are repeats */
} BgnbdfitAge;

typedef struct BgnbdfitRun { /* consecutive triples of one frequency */
    int64_t first, end;
    double x, customers;
} BgnbdfitRun;

typedef struct BgnbdfitWork {
    BgnbdKind kind;
    bool dropout; /* false: the NBD, with r and alpha alone */
    const Poll *poll;
    int64_t terms; /* since the last poll */
    bool stopped;
    int64_t n_rows, n_runs, n_days;
    double customers, purchases, age_scale; /* age_scale: the largest age, at least 1 */
    double log_alpha_0;                     /* ln(age_scale), origin of the alpha coordinate */
    double *weight;                         /* of each triple */
    BgnbdfitRun *run;
    BgnbdfitAge *age;
    BgnbdfitDay *day;             /* recomputed for each alpha */
    int32_t *last_day, *now_day; /* of each triple: places of recency and age in day */
    int32_t *place;            /* of each day from 0 to the largest age */
    int evaluations;           /* of the likelihood with dropout */
} BgnbdfitWork;

typedef struct BgnbdfitShape {
    int64_t n, n_runs, days_max, age_max;
} BgnbdfitShape;

static BgnbdfitShape bgnbdfit_shape(const BgnbdfitData *data) {
    BgnbdfitShape shape = {.n = data->n > 0 ? data->n : 0};
    for (int64_t i = 0; i < shape.n; i++) {
        shape.n_runs += i == 0 || data->frequency[i] != data->frequency[i - 1];
        if (data->age[i] > shape.age_max) shape.age_max = data->age[i];
    }
    shape.days_max = shape.age_max + 1 < 2 * shape.n ? shape.age_max + 1 : 2 * shape.n;
    return shape;
}

int64_t bgnbdfit_workspace_size(const BgnbdfitData *data) {
    BgnbdfitShape shape = bgnbdfit_shape(data);
    size_t row = sizeof(double) + 2 * sizeof(int32_t);
    size_t day = sizeof(BgnbdfitAge) + sizeof(BgnbdfitDay);
    return shape.n * (int64_t)row + shape.n_runs * (int64_t)sizeof(BgnbdfitRun) +
           shape.days_max * (int64_t)day + (shape.age_max + 1) * (int64_t)sizeof(int32_t);
}

/* Eight-byte members first, so that each array is aligned where the one before it ends. */
static void bgnbdfit_carve(BgnbdfitWork *w, const BgnbdfitShape *shape, void *workspace) {
    w->weight = workspace;
    w->run = (BgnbdfitRun *)(void *)(w->weight + shape->n);
    w->age = (BgnbdfitAge *)(void *)(w->run + shape->n_runs);
    w->day = (BgnbdfitDay *)(void *)(w->age + shape->days_max);
    w->last_day = (int32_t *)(void *)(w->day + shape->days_max);
    w->now_day = w->last_day + shape->n;
    w->place = w->now_day + shape->n;
}

/* Numbers the days that occur, ascending. */
static void bgnbdfit_number_days(BgnbdfitWork *w, const BgnbdfitData *data,
                                 const BgnbdfitShape *shape) {
    memset(w->place, 0, (size_t)(shape->age_max + 1) * sizeof(*w->place));
    for (int64_t i = 0; i < shape->n; i++)
        w->place[data->recency[i]] = w->place[data->age[i]] = 1;
    for (int64_t d = 0; d <= shape->age_max; d++)
        if (w->place[d]) {
            w->age[w->n_days] = (BgnbdfitAge){.day = (double)d};
            w->place[d] = (int32_t)w->n_days++;
        }
}

static void bgnbdfit_prepare(BgnbdfitWork *w, const BgnbdfitData *data, void *workspace) {
    BgnbdfitShape shape = bgnbdfit_shape(data);
    bgnbdfit_carve(w, &shape, workspace);
    bgnbdfit_number_days(w, data, &shape);
    w->n_rows = shape.n;
    w->age_scale = shape.age_max > 0 ? (double)shape.age_max : 1;
    w->log_alpha_0 = log(w->age_scale);
    for (int64_t i = 0; i < shape.n; i++) {
        double x = data->frequency[i], weight = (double)data->count[i];
        bool next = i == 0 || data->frequency[i] != data->frequency[i - 1];
        if (next) w->run[w->n_runs++] = (BgnbdfitRun){.first = i, .x = x};
        BgnbdfitRun *run = &w->run[w->n_runs - 1];
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
static bool bgnbdfit_tick(BgnbdfitWork *w, int64_t terms) {
    w->terms += terms;
    if (w->terms >= BGNBDFIT_POLL_TERMS) {
        w->terms = 0;
        w->stopped = w->stopped || poll_stop(w->poll);
    }
    return w->stopped;
}

/* The log-likelihood and its derivatives by the logarithms of the parameters. */
typedef struct BgnbdfitTotal {
    double value, r, alpha, a, b;
} BgnbdfitTotal;

/* Fills the day table and adds - x ln(alpha) - (r + x) ln(1 + T/alpha) of everybody. */
static bool bgnbdfit_add_days(BgnbdfitWork *w, const BgnbdParams *p, BgnbdfitTotal *total) {
    total->value -= w->purchases * log(p->alpha);
    total->alpha -= w->purchases;
    for (int64_t i = 0; i < w->n_days; i++) {
        const BgnbdfitAge *age = &w->age[i];
        double rate = p->r * age->customers + age->purchases;
        double log_ratio = log1p(age->day / p->alpha), share = age->day / (p->alpha + age->day);
        w->day[i] = (BgnbdfitDay){log_ratio, share};
        total->value -= rate * log_ratio;
        total->r -= p->r * age->customers * log_ratio;
        total->alpha += rate * share;
        if (bgnbdfit_tick(w, 1)) return false;
    }
    return true;
}

typedef struct BgnbdfitGone { /* sums over the triples of one run; w = P(gone) */
    double softplus, w, w_log, w_share;
    Logsum log; /* part of softplus: of the triples with one customer, as most are */
} BgnbdfitGone;

/* The hot loop.  ln(1 + exp(odds)) is taken as max(odds, 0) + ln(1 + e). */
static void bgnbdfit_gone(const BgnbdfitWork *w, int64_t first, int64_t end, double k,
                          double log_odds, BgnbdfitGone *sum) {
    BgnbdfitGone s = *sum;
    for (int64_t i = first; i < end; i++) {
        BgnbdfitDay now = w->day[w->now_day[i]], last = w->day[w->last_day[i]];
        double log_gap = now.log_ratio - last.log_ratio;
        double odds = log_odds + k * log_gap;
        double e = exp(-fabs(odds));
        double gone = w->weight[i] * (odds > 0 ? 1 : e) / (1 + e);
        s.softplus += w->weight[i] * (odds > 0 ? odds : 0);
        if (w->weight[i] == 1) logsum_add(&s.log, e);
        else s.softplus += w->weight[i] * log1p(e);
        s.w += gone;
        s.w_log += gone * log_gap;
        s.w_share += gone * (last.share - now.share);
    }
    *sum = s;
}

/* Adds the chance of dropout for one frequency. */
static bool bgnbdfit_add_dropout(BgnbdfitWork *w, const BgnbdParams *p, const BgnbdfitRun *run,
                                 const BgnbdBetaSums *beta, BgnbdfitTotal *total) {
    BgnbdfitGone gone = {0};
    double k = p->r + run->x, before = p->b + run->x + bgnbd_m(w->kind) - 1;
    total->value -= run->customers * beta->log_stay;
    total->a -= run->customers * p->a * beta->ab;
    total->b += run->customers * p->b * (beta->b - beta->ab);
    if (!bgnbd_can_be_gone(w->kind, run->x)) return true;
    for (int64_t i = run->first, end; i < run->end; i = end) {
        end = run->end - i < BGNBDFIT_POLL_TERMS / 4 ? run->end : i + BGNBDFIT_POLL_TERMS / 4;
        bgnbdfit_gone(w, i, end, k, log(p->a / before), &gone);
        if (bgnbdfit_tick(w, end - i)) return false;
    }
    total->value += gone.softplus + logsum_value(&gone.log);
    total->r += p->r * gone.w_log;
    total->alpha += k * gone.w_share;
    total->a += gone.w;
    total->b -= p->b / before * gone.w;
    return true;
}

static bool bgnbdfit_add_runs(BgnbdfitWork *w, const BgnbdParams *p, BgnbdfitTotal *total) {
    BgnbdSums sums = {0};
    BgnbdBetaSums beta = {0};
    for (int64_t i = 0; i < w->n_runs; i++) {
        const BgnbdfitRun *run = &w->run[i];
        bgnbd_sums_to(&sums, p, run->x, BGNBDFIT_STEP_MAX);
        total->value += run->customers * sums.log_rate;
        total->r += run->customers * p->r * sums.rate;
        if (bgnbdfit_tick(w, (int64_t)BGNBDFIT_STEP_MAX)) return false;
        if (!w->dropout) continue;
        bgnbd_beta_sums_to(&beta, p, run->x + bgnbd_m(w->kind), BGNBDFIT_STEP_MAX);
        if (!bgnbdfit_add_dropout(w, p, run, &beta, total)) return false;
    }
    return true;
}

static BgnbdParams bgnbdfit_params(const BgnbdfitWork *w, const double *point) {
    return (BgnbdParams){.r = exp(point[0]),
                         .alpha = exp(w->log_alpha_0 + point[1]),
                         .a = w->dropout ? exp(point[2]) : NAN,
                         .b = w->dropout ? exp(point[3]) : NAN};
}

/* Minus the log-likelihood per customer, at point = ln(r, alpha / age_scale, a, b). */
static bool bgnbdfit_objective(void *ctx, const double *point, double *value, double *gradient) {
    BgnbdfitWork *w = ctx;
    BgnbdfitTotal total = {0};
    int n = w->dropout ? 4 : 2;
    *value = INFINITY;
    for (int i = 0; i < n; i++) gradient[i] = NAN;
    if (w->stopped || poll_stop(w->poll)) {
        w->stopped = true;
        return false;
    }
    for (int i = 0; i < n; i++)
        if (!(fabs(point[i]) <= BGNBDFIT_LOG_MAX)) return true;
    BgnbdParams p = bgnbdfit_params(w, point);
    w->evaluations += w->dropout;
    if (!bgnbdfit_add_days(w, &p, &total) || !bgnbdfit_add_runs(w, &p, &total)) return false;
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
static void bgnbdfit_search(Optimise *search, const BgnbdfitWork *w, double gain) {
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
static bool bgnbdfit_curvature(const BgnbdfitWork *w, Optimise *search, double *inverse, double *covariance) {
    bool found = optimise_finish(search, BGNBDFIT_DIFFERENCE, BGNBDFIT_PIVOT_MIN,
                                 BGNBDFIT_GAIN_LEFT / w->customers, inverse);
    double precision = 1 / (BGNBDFIT_PRIOR * BGNBDFIT_PRIOR * w->customers);
    if (found || optimise_finish_prior(search, BGNBDFIT_DIFFERENCE, precision, inverse))
        for (int i = 0; i < search->n * search->n; i++) covariance[i] = inverse[i] / w->customers;
    return found;
}

/* Standard errors: those of the logarithms, times the parameters. */
static void bgnbdfit_errors(BgnbdfitWork *w, Optimise *search, Bgnbdfit *out) {
    double inverse[16];
    if (!bgnbdfit_curvature(w, search, inverse, out->covariance)) {
        out->warnings |= BGNBDFIT_RIDGE;
        return;
    }
    BgnbdParams p = bgnbdfit_params(w, search->point);
    out->std_error = (BgnbdParams){.r = p.r * sqrt(inverse[0] / w->customers),
                                   .alpha = p.alpha * sqrt(inverse[5] / w->customers),
                                   .a = p.a * sqrt(inverse[10] / w->customers),
                                   .b = p.b * sqrt(inverse[15] / w->customers)};
}

/* r, alpha of the plain NBD. */
static void bgnbdfit_nbd(BgnbdfitWork *w, double point[2], Bgnbdfit *out) {
    Optimise search;
    double mean_x = w->purchases / w->customers, mean_age = 0;
    for (int64_t i = 0; i < w->n_days; i++) mean_age += w->age[i].customers * w->age[i].day;
    mean_age = fmax(mean_age / w->customers, 1);
    double start[2] = {0, log(mean_age / (mean_x + 0.1)) - w->log_alpha_0};
    w->dropout = false;
    optimise_init(&search, 2, start, bgnbdfit_objective, w);
    bgnbdfit_search(&search, w, BGNBDFIT_GAIN);
    double inverse[4];
    if (bgnbdfit_curvature(w, &search, inverse, out->nbd_covariance)) {
        BgnbdParams p = bgnbdfit_params(w, search.point);
        out->nbd_std_error.r = p.r * sqrt(inverse[0] / w->customers);
        out->nbd_std_error.alpha = p.alpha * sqrt(inverse[3] / w->customers);
    }
    out->log_likelihood_nbd = -search.value * w->customers;
    out->nbd = bgnbdfit_params(w, search.point);
    out->nbd_converged = search.status == OPTIMISE_CONVERGED;
    point[0] = search.point[0];
    point[1] = search.point[1];
}

/* Where the search begins: factors on the r and alpha of the NBD, and a, b. */
static const double bgnbdfit_start[][4] = {{1, 0.5, 1, 1}, {1, 1, 0.05, 2}, {0.5, 0.3, 0.5, 5}};
enum { BGNBDFIT_STARTS = sizeof(bgnbdfit_start) / sizeof(bgnbdfit_start[0]) };

/* The best of the starts; the first one is enough when it ends inside, well above the NBD. */
static Optimise bgnbdfit_best(BgnbdfitWork *w, const double nbd[2], Bgnbdfit *out) {
    Optimise best = {0}, search;
    w->dropout = true;
    for (int i = 0; i < BGNBDFIT_STARTS && !w->stopped; i++) {
        double start[4], bound = BGNBDFIT_LOG_MAX / 2;
        for (int j = 0; j < 4; j++)
            start[j] = log(bgnbdfit_start[i][j]) + (j < 2 ? fmax(-bound, fmin(bound, nbd[j])) : 0);
        optimise_init(&search, 4, start, bgnbdfit_objective, w);
        bgnbdfit_search(&search, w, BGNBDFIT_GAIN_ROUGH);
        out->iterations += search.iterations;
        if (i == 0 || search.value < best.value) best = search;
        bool clear = -best.value * w->customers - out->log_likelihood_nbd >= BGNBDFIT_NBD_GAIN_MIN;
        if (clear && best.status == OPTIMISE_CONVERGED && !bgnbdfit_ran_away(4, best.point)) break;
    }
    int rough = best.iterations;
    bgnbdfit_search(&best, w, BGNBDFIT_GAIN);
    out->iterations += best.iterations - rough;
    return best;
}

static unsigned bgnbdfit_warnings(const BgnbdfitWork *w, const Optimise *best,
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
    BgnbdfitWork w = {.kind = kind, .poll = poll};
    BgnbdParams none = {NAN, NAN, NAN, NAN};
    double nbd[2];
    *out = (Bgnbdfit){.kind = kind, .params = none, .std_error = none, .nbd = none, .nbd_std_error = none};
    for (int i = 0; i < 16; i++) out->covariance[i] = NAN;
    for (int i = 0; i < 4; i++) out->nbd_covariance[i] = NAN;
    for (int64_t i = 0; i < data->n; i++) {
        out->customers += data->count[i];
        out->one_timers += data->frequency[i] == 0 ? data->count[i] : 0;
    }
    if (out->customers <= 0) {
        out->warnings = BGNBDFIT_NO_REPEATS | BGNBDFIT_NOT_CONVERGED;
        return;
    }
    bgnbdfit_prepare(&w, data, workspace);
    bgnbdfit_nbd(&w, nbd, out);
    Optimise best = bgnbdfit_best(&w, nbd, out);
    if (!w.stopped) bgnbdfit_errors(&w, &best, out);
    out->evaluations = w.evaluations;
    out->interrupted = w.stopped;
    if (w.stopped) return;
    out->params = bgnbdfit_params(&w, best.point);
    out->log_likelihood = -best.value * w.customers;
    out->converged = best.status == OPTIMISE_CONVERGED;
    out->warnings = bgnbdfit_warnings(&w, &best, out);
}
