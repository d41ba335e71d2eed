/* sbg.c - see sbg.h.
 *
 * ln S(t) is taken as minus the sum of ln(1 + alpha / (beta + i)) over i < t, which keeps its digits when the
 * parameters drift to infinity together.
 */
#include "model/sbg.h"

#include "base/libm.h"
#include "math/optimise.h"
#include "math/special.h"

#define SBG_SUM_MAX 4096.0    /* decisions summed one by one; beyond, lbeta */
#define SBG_LOG_MAX 16.0      /* a log parameter stays within this, about 1e-7 .. 1e7 */
#define SBG_PARAM_LOW 1e-4    /* parameters outside these have run away */
#define SBG_PARAM_HIGH 5e3
#define SBG_GAIN 1e-9         /* log-likelihood left to gain at convergence */
#define SBG_GAIN_LEFT 1e-6    /* the same, where rounding ended the search */
#define SBG_DIFFERENCE 1e-4   /* step of a log parameter for the curvature */
#define SBG_PIVOT_MIN 1e-9    /* curvature below this, relative, is a ridge */

static bool sbg_valid(const SbgParams *p, double t) {
    return p->alpha > 0 && p->beta > 0 && isfinite(p->alpha) && isfinite(p->beta) && t >= 0 && isfinite(t);
}

double sbg_log_survival(const SbgParams *p, double t) {
    if (!sbg_valid(p, t)) return NAN;
    if (t > SBG_SUM_MAX || t != floor(t))
        return special_lbeta(p->alpha, p->beta + t) - special_lbeta(p->alpha, p->beta);
    double sum = 0;
    for (double i = 0; i < t; i += 1) sum += log1p(p->alpha / (p->beta + i));
    return -sum;
}

double sbg_retention(const SbgParams *p, double t) {
    if (!sbg_valid(p, t) || !(t >= 1)) return NAN;
    return (p->beta + t - 1) / (p->alpha + p->beta + t - 1);
}

double sbg_expected_renewals(const SbgParams *p, double t, double h) {
    if (!sbg_valid(p, t) || !(h >= 0) || isinf(h)) return NAN;
    double alive = 1, sum = 0;
    for (double k = 1; k <= h; k += 1) {
        alive *= sbg_retention(p, t + k);
        sum += alive;
    }
    return sum;
}

/* ---- Fit ---- */

typedef struct SbgWork {
    const SbgData *data;
    const Poll *poll;
    double customers;
} SbgWork;

/* Minus the log-likelihood per customer and its derivatives, at point = ln(alpha, beta). */
static bool sbg_objective(void *ctx, const double *point, double *value, double *gradient) {
    const SbgWork *w = ctx;
    double total = 0, by_alpha = 0, by_beta = 0;
    double survival = 0, survival_alpha = 0, survival_beta = 0; /* of ln S(t - 1) */
    *value = INFINITY;
    gradient[0] = gradient[1] = NAN;
    if (poll_stop(w->poll)) return false;
    if (!(fabs(point[0]) <= SBG_LOG_MAX) || !(fabs(point[1]) <= SBG_LOG_MAX)) return true;
    double alpha = exp(point[0]), beta = exp(point[1]);
    for (int64_t t = 1; t <= w->data->n; t++) {
        double before = beta + (double)t - 1, all = alpha + before;
        double lost = (double)w->data->lost[t - 1], kept = (double)w->data->kept[t - 1];
        total += lost * (survival + log(alpha / all));
        by_alpha += lost * (survival_alpha + 1 / alpha - 1 / all);
        by_beta += lost * (survival_beta - 1 / all);
        survival -= log1p(alpha / before);
        survival_alpha -= 1 / all;
        survival_beta += 1 / before - 1 / all;
        total += kept * survival;
        by_alpha += kept * survival_alpha;
        by_beta += kept * survival_beta;
    }
    *value = -total / w->customers;
    gradient[0] = -alpha * by_alpha / w->customers;
    gradient[1] = -beta * by_beta / w->customers;
    return true;
}

static void sbg_errors(Optimise *search, double customers, SbgFit *out) {
    double inverse[4];
    if (!optimise_finish(search, SBG_DIFFERENCE, SBG_PIVOT_MIN, SBG_GAIN_LEFT / customers, inverse)) {
        out->warnings |= SBG_RIDGE;
        return;
    }
    out->std_error = (SbgParams){.alpha = exp(search->point[0]) * sqrt(inverse[0] / customers),
                                 .beta = exp(search->point[1]) * sqrt(inverse[3] / customers)};
}

void sbg_fit(const SbgData *data, const Poll *poll, SbgFit *out) {
    SbgWork w = {.data = data, .poll = poll};
    double decisions = 0;
    *out = (SbgFit){.params = {NAN, NAN}, .std_error = {NAN, NAN}, .log_likelihood = NAN};
    for (int64_t t = 1; t <= data->n; t++) {
        out->customers += data->lost[t - 1] + data->kept[t - 1];
        out->lost += data->lost[t - 1];
        decisions += (double)t * (double)(data->lost[t - 1] + data->kept[t - 1]);
    }
    if (out->lost == 0) {
        out->warnings = SBG_NO_CHURN;
        return;
    }
    w.customers = (double)out->customers;
    double rate = (double)out->lost / decisions; /* the mean chance to leave, were all alike */
    double start[2] = {0, log(fmax(1 / rate - 1, 1e-3))};
    Optimise search;
    optimise_init(&search, 2, start, sbg_objective, &w);
    while (optimise_test(&search, SBG_GAIN / w.customers) == OPTIMISE_RUNNING) optimise_iterate(&search);
    if (search.status != OPTIMISE_INTERRUPTED) sbg_errors(&search, w.customers, out);
    out->interrupted = search.status == OPTIMISE_INTERRUPTED;
    if (out->interrupted) return;
    out->params = (SbgParams){exp(search.point[0]), exp(search.point[1])};
    out->log_likelihood = -search.value * w.customers;
    out->iterations = search.iterations;
    out->converged = search.status == OPTIMISE_CONVERGED;
    if (!out->converged) out->warnings |= SBG_NOT_CONVERGED;
    if (fmin(out->params.alpha, out->params.beta) < SBG_PARAM_LOW ||
        fmax(out->params.alpha, out->params.beta) > SBG_PARAM_HIGH)
        out->warnings |= SBG_RIDGE;
}
