/* check_fits.c - what a fit says of itself, on many small sets of random data of every shape: its log-likelihood is
 * the sum over the customers, no other parameters are better, standard errors are those of the curvature, warnings
 * follow from the figures, every poll is heard, and searches stay as short as they are.
 *
 * The likelihood in tables, bgnbdsum_objective and bgnbdsum_second, is reached through the fits.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "model/bgbb.h"
#include "model/bgnbdfit.h"
#include "model/gammagamma.h"
#include "model/logit.h"
#include "model/pnbdfit.h"
#include "model/purchasefit.h"
#include "model/sbg.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

enum { FITS_ROWS_MAX = 21000, FITS_PARAMS_MAX = 4 };

/* ---- Data ---- */

typedef struct FitsData {
    int n;
    int32_t x[FITS_ROWS_MAX], tx[FITS_ROWS_MAX], age[FITS_ROWS_MAX];
    int64_t count[FITS_ROWS_MAX], kept[FITS_ROWS_MAX];
    double mean[FITS_ROWS_MAX];
} FitsData;

static double uniform(uint64_t *random) {
    return ((double)(db_random(random) >> 11) + 0.5) / 9007199254740992.0;
}

static int below(uint64_t *random, int n) {
    return (int)(uniform(random) * n);
}

/* Shapes of a shop: anything; the faithful; those who left at once; alike; nobody twice; long and short lives; and
 * lives as the models see them, who buy at a rate of their own and may leave after each purchase. */
enum { FITS_ANY, FITS_FAITHFUL, FITS_GONE, FITS_ALIKE, FITS_ONCE, FITS_WIDE, FITS_LIVES, FITS_LIVES_TOO, FITS_SHAPES };

static void fits_live(FitsData *data, int i, int age, uint64_t *random) {
    double gap = age / (-log(uniform(random)) * 6 + 0.3), leave = uniform(random) * uniform(random);
    int32_t x = 0, tx = 0;
    for (double at = 0; uniform(random) > leave;) {
        at += -log(uniform(random)) * gap;
        if (ceil(at) > age) break;
        if (ceil(at) == tx) continue;
        tx = (int32_t)ceil(at);
        x++;
    }
    data->x[i] = x;
    data->tx[i] = tx;
    data->age[i] = age;
}

static void fits_make_row(FitsData *data, int i, int shape, int age_max, uint64_t *random) {
    int age = 1 + below(random, age_max), x = (int)(-log(uniform(random)) * (0.2 + 4 * uniform(random)));
    if (shape == FITS_WIDE) age = (int)exp(uniform(random) * log(age_max * 50.0));
    if (shape == FITS_ALIKE) {
        age = age_max;
        x = 5 + below(random, 3);
    }
    if (shape == FITS_ONCE) x = 0;
    if (shape == FITS_FAITHFUL) x = 2 + age / 20;
    if (x > age) x = age;
    int tx = x == 0 ? 0 : x + below(random, age - x + 1);
    if (shape == FITS_FAITHFUL && x > 0 && age - tx > 20) tx = age - below(random, 20) > x ? age - below(random, 20) : x;
    if (tx > age || tx < x) tx = age;
    if (shape == FITS_GONE && x > 0) tx = x + below(random, 1 + (age - x) / 10);
    if (x == 0) tx = 0;
    data->x[i] = x;
    data->tx[i] = tx;
    data->age[i] = age;
    data->count[i] = 1 + below(random, 4) * below(random, 3);
    data->kept[i] = below(random, 5);
    if (shape >= FITS_LIVES) fits_live(data, i, age, random);
    data->mean[i] = exp(3 + 0.7 * (uniform(random) + uniform(random) - uniform(random)) + (shape == FITS_ANY ? 0.02 * x : 0));
}

static FitsData *fits_make(int shape, int n, int age_max, uint64_t seed) {
    FitsData *data = calloc(1, sizeof(*data));
    data->n = n;
    for (int i = 0; i < n; i++) fits_make_row(data, i, shape, age_max, &seed);
    return data;
}

/* ---- Models, all seen alike ---- */

typedef struct Fits {
    int n_params;
    double params[FITS_PARAMS_MAX], std_error[FITS_PARAMS_MAX], log_likelihood;
    bool has_covariance;         /* covariance is said, of the logarithms; and weak, where there is a ridge */
    double covariance[16], weak[FITS_PARAMS_MAX], weak_covariance[16];
    int iterations, evaluations; /* evaluations: -1 where the model does not say */
    int64_t customers;
    bool converged, interrupted, ridge, not_converged;
} Fits;

typedef struct FitsModel {
    const char *name;
    int n_params;
    void (*fit)(const FitsData *data, const Poll *poll, Fits *out);
    double (*loglik)(const FitsData *data, int i, const double *params, double *gradient); /* of row i, once */
    int iterations_max, evaluations_max; /* of all sets together */
    int n, n_sets;                       /* rows of a set, sets of a shape */
} FitsModel;

static void fits_take_four(double *out, double a, double b, double c, double d) {
    out[0] = a;
    out[1] = b;
    out[2] = c;
    out[3] = d;
}

static void fits_take_covariance(Fits *out, const double *covariance, const BgnbdfitWeak *weak) {
    size_t size = (size_t)(out->n_params * out->n_params) * sizeof(double);
    out->has_covariance = true;
    memcpy(out->covariance, covariance, size);
    if (!weak) {
        out->weak[0] = NAN;
        return;
    }
    memcpy(out->weak_covariance, weak->covariance, size);
    memcpy(out->weak, weak->value, sizeof(out->weak));
}

static Bgnbdfit fits_run_bgnbd(BgnbdKind kind, const FitsData *data, const Poll *poll) {
    BgnbdfitData rows = {data->n, data->x, data->tx, data->age, data->count};
    void *workspace = malloc((size_t)bgnbdfit_workspace_size(&rows));
    Bgnbdfit fit;
    bgnbdfit_run(kind, &rows, workspace, poll, &fit);
    free(workspace);
    return fit;
}

static void fits_expect_bgnbd_flags(const FitsData *data, const Bgnbdfit *fit) {
    const BgnbdParams *p = &fit->params;
    double purchases = 0, age = 1;
    int64_t customers = 0, one_timers = 0;
    for (int i = 0; i < data->n; i++) {
        purchases += data->x[i];
        customers += data->count[i];
        one_timers += data->x[i] == 0 ? data->count[i] : 0;
        age = fmax(age, data->age[i]);
    }
    const double all[] = {p->r, p->alpha / age, p->a, p->b};
    bool away = isnan(fit->std_error.r);
    for (int j = 0; j < 4; j++) away = away || all[j] < 1e-4 * (1 - 1e-12) || all[j] > 5e3 * (1 + 1e-12);
    for (int j = 0; j < 4; j++) ck_assert(fabs(log(all[j])) < 20 + 1e-9);
    bool loyal = fit->log_likelihood - fit->log_likelihood_nbd < 2 || p->a < 1e-4 * (p->a + p->b);
    unsigned want = (loyal ? BGNBDFIT_NO_ATTRITION : 0u) | (away ? BGNBDFIT_RIDGE : 0u) |
                    (fit->converged ? 0u : BGNBDFIT_NOT_CONVERGED) | (purchases > 0 ? 0u : BGNBDFIT_NO_REPEATS);
    if (fit->warnings != want || fit->customers != customers || fit->one_timers != one_timers)
        ck_abort_msg("warnings %u, not %u; %d customers, %d bought once", fit->warnings, want, (int)fit->customers,
                     (int)fit->one_timers);
}

static void fits_bgnbd(BgnbdKind kind, const FitsData *data, const Poll *poll, Fits *out) {
    Bgnbdfit fit = fits_run_bgnbd(kind, data, poll);
    *out = (Fits){.n_params = 4, .log_likelihood = fit.log_likelihood, .iterations = fit.iterations,
                  .evaluations = fit.evaluations, .customers = fit.customers, .converged = fit.converged,
                  .interrupted = fit.interrupted, .ridge = (fit.warnings & BGNBDFIT_RIDGE) != 0,
                  .not_converged = (fit.warnings & BGNBDFIT_NOT_CONVERGED) != 0};
    fits_take_four(out->params, fit.params.r, fit.params.alpha, fit.params.a, fit.params.b);
    fits_take_four(out->std_error, fit.std_error.r, fit.std_error.alpha, fit.std_error.a, fit.std_error.b);
    fits_take_covariance(out, fit.covariance, &fit.weak);
    if (!fit.interrupted && data->n > 0) fits_expect_bgnbd_flags(data, &fit);
}

static void fits_bg(const FitsData *data, const Poll *poll, Fits *out) {
    fits_bgnbd(BGNBD_BG, data, poll, out);
}

static void fits_mbg(const FitsData *data, const Poll *poll, Fits *out) {
    fits_bgnbd(BGNBD_MBG, data, poll, out);
}

static double fits_bg_loglik(const FitsData *data, int i, const double *p, double *gradient) {
    return bgnbd_loglik(BGNBD_BG, &(BgnbdParams){p[0], p[1], p[2], p[3]}, data->x[i], data->tx[i], data->age[i], gradient);
}

static double fits_mbg_loglik(const FitsData *data, int i, const double *p, double *gradient) {
    return bgnbd_loglik(BGNBD_MBG, &(BgnbdParams){p[0], p[1], p[2], p[3]}, data->x[i], data->tx[i], data->age[i], gradient);
}

static void fits_pnbd(const FitsData *data, const Poll *poll, Fits *out) {
    Bgnbdfit nbd = fits_run_bgnbd(BGNBD_MBG, data, NULL);
    BgnbdfitData rows = {data->n, data->x, data->tx, data->age, data->count};
    Pnbdfit fit;
    double age = 1;
    pnbdfit_run(&rows, &nbd, poll, &fit);
    *out = (Fits){.n_params = 4, .log_likelihood = fit.log_likelihood, .iterations = fit.iterations,
                  .evaluations = fit.evaluations, .customers = -1, .converged = fit.converged,
                  .interrupted = fit.interrupted, .ridge = (fit.warnings & BGNBDFIT_RIDGE) != 0,
                  .not_converged = (fit.warnings & BGNBDFIT_NOT_CONVERGED) != 0};
    fits_take_four(out->params, fit.params.r, fit.params.alpha, fit.params.s, fit.params.beta);
    fits_take_four(out->std_error, fit.std_error.r, fit.std_error.alpha, fit.std_error.s, fit.std_error.beta);
    fits_take_covariance(out, fit.covariance, &fit.weak);
    if (fit.interrupted || data->n == 0) return;
    for (int i = 0; i < data->n; i++) age = fmax(age, data->age[i]);
    const double all[] = {fit.params.r, fit.params.alpha / age, fit.params.s, fit.params.beta / age};
    bool away = isnan(fit.std_error.r), loyal = fit.log_likelihood - nbd.log_likelihood_nbd < 2;
    for (int j = 0; j < 4; j++) away = away || all[j] < 1e-4 * (1 - 1e-12) || all[j] > 5e3 * (1 + 1e-12);
    for (int j = 0; j < 4; j++) ck_assert(fabs(log(all[j])) < 20 + 1e-9);
    ck_assert_int_eq(out->ridge, away);
    ck_assert_int_eq((fit.warnings & BGNBDFIT_NO_ATTRITION) != 0, loyal);
    ck_assert_int_eq((fit.warnings & BGNBDFIT_NO_REPEATS) != 0, (nbd.warnings & BGNBDFIT_NO_REPEATS) != 0);
}

static double fits_pnbd_loglik(const FitsData *data, int i, const double *p, double *gradient) {
    return pnbd_loglik(&(PnbdParams){p[0], p[1], p[2], p[3]}, data->x[i], data->tx[i], data->age[i], gradient);
}

/* The model without dropout that comes with BG/NBD. */
static void fits_nbd(const FitsData *data, const Poll *poll, Fits *out) {
    Bgnbdfit fit = fits_run_bgnbd(BGNBD_BG, data, poll);
    bool ridge = isnan(fit.nbd_std_error.r) || fit.nbd.r > 5e3 || fit.nbd.r < 1e-4;
    *out = (Fits){.n_params = 2, .log_likelihood = fit.log_likelihood_nbd, .evaluations = -1, .customers = -1,
                  .converged = fit.nbd_converged, .interrupted = fit.interrupted, .ridge = ridge,
                  .not_converged = !fit.nbd_converged};
    fits_take_four(out->params, fit.nbd.r, fit.nbd.alpha, NAN, NAN);
    fits_take_four(out->std_error, fit.nbd_std_error.r, fit.nbd_std_error.alpha, NAN, NAN);
    fits_take_covariance(out, fit.nbd_covariance, NULL);
    ck_assert(isnan(fit.nbd.a) && isnan(fit.nbd.b) && isnan(fit.nbd_std_error.a) && isnan(fit.nbd_std_error.b));
}

static double fits_nbd_loglik(const FitsData *data, int i, const double *p, double *gradient) {
    double x = data->x[i], span = p[1] + data->age[i], value = -p[0] * log1p(data->age[i] / p[1]) - x * log(span);
    gradient[0] = -log1p(data->age[i] / p[1]);
    gradient[1] = (p[0] * data->age[i] / p[1] - x) / span;
    for (int k = 0; k < x; k++) {
        value += log(p[0] + k);
        gradient[0] += 1 / (p[0] + k);
    }
    return value;
}

/* One customer a row. */
static void fits_spend(const FitsData *data, const Poll *poll, Fits *out) {
    void *workspace = malloc((size_t)gammagamma_workspace_size(data->n));
    GammagammaFit fit;
    gammagamma_fit(data->n, data->x, data->mean, workspace, poll, &fit);
    free(workspace);
    *out = (Fits){.n_params = 3, .log_likelihood = fit.log_likelihood, .iterations = fit.iterations,
                  .evaluations = fit.evaluations, .customers = -1, .converged = fit.converged,
                  .interrupted = fit.interrupted, .ridge = (fit.warnings & GAMMAGAMMA_RIDGE) != 0,
                  .not_converged = (fit.warnings & GAMMAGAMMA_NOT_CONVERGED) != 0};
    fits_take_four(out->params, fit.params.p, fit.params.q, fit.params.gamma, 0);
    fits_take_four(out->std_error, fit.std_error.p, fit.std_error.q, fit.std_error.gamma, 0);
    if (fit.interrupted) return;
    double n = 0, sum = 0;
    for (int i = 0; i < data->n; i++)
        if (data->x[i] > 0) {
            n++;
            sum += data->mean[i];
        }
    ck_assert_int_eq(fit.customers, (int)n);
    ck_assert_int_eq((fit.warnings & GAMMAGAMMA_NO_CUSTOMERS) != 0, n == 0);
    if (n == 0) return;
    const double all[] = {fit.params.p, fit.params.q, fit.params.gamma / (sum / n)};
    bool away = isnan(fit.std_error.p);
    for (int j = 0; j < 3; j++) away = away || all[j] < 1e-3 * (1 - 1e-12) || all[j] > 5e3 * (1 + 1e-12);
    ck_assert_int_eq(out->ridge, away);
    ck_assert_int_eq((fit.warnings & GAMMAGAMMA_MEAN_INFINITE) != 0, fit.params.q <= 1);
    ck_assert_int_eq((fit.warnings & GAMMAGAMMA_CORRELATED) != 0, fabs(fit.correlation) > 0.15);
}

static double fits_spend_loglik(const FitsData *data, int i, const double *p, double *gradient) {
    if (data->x[i] > 0) return gammagamma_loglik(&(GammagammaParams){p[0], p[1], p[2]}, data->x[i], data->mean[i], gradient);
    gradient[0] = gradient[1] = gradient[2] = 0;
    return 0;
}

/* Row i: those who left at decision i + 1, and those last seen after it; count - 1 leave. */
static void fits_contracts(const FitsData *data, const Poll *poll, Fits *out) {
    static int64_t lost[FITS_ROWS_MAX];
    int64_t all_lost = 0, customers = 0;
    for (int i = 0; i < data->n; i++) {
        lost[i] = data->count[i] - 1;
        all_lost += lost[i];
        customers += lost[i] + data->kept[i];
    }
    SbgFit fit;
    sbg_fit(&(SbgData){.n = data->n, .lost = lost, .kept = data->kept}, poll, &fit);
    *out = (Fits){.n_params = 2, .log_likelihood = fit.log_likelihood, .iterations = fit.iterations, .evaluations = -1,
                  .customers = -1, .converged = fit.converged, .interrupted = fit.interrupted,
                  .ridge = (fit.warnings & SBG_RIDGE) != 0, .not_converged = (fit.warnings & SBG_NOT_CONVERGED) != 0};
    fits_take_four(out->params, fit.params.alpha, fit.params.beta, 0, 0);
    fits_take_four(out->std_error, fit.std_error.alpha, fit.std_error.beta, 0, 0);
    if (fit.interrupted) return;
    ck_assert(fit.lost == all_lost && fit.customers == customers);
    ck_assert_int_eq((fit.warnings & SBG_NO_CHURN) != 0, all_lost == 0);
    bool away = isnan(fit.std_error.alpha) || fmax(fit.params.alpha, fit.params.beta) > 5e3 ||
                fmin(fit.params.alpha, fit.params.beta) < 1e-4;
    if (all_lost > 0) ck_assert_int_eq(out->ridge, away);
}

static double fits_contracts_loglik(const FitsData *data, int i, const double *p, double *gradient) {
    double lost = (double)data->count[i] - 1, kept = (double)data->kept[i], t = i + 1, value = 0;
    gradient[0] = gradient[1] = 0;
    for (int k = 1; k <= t; k++) { /* leaves at k with alpha / (alpha + beta + k - 1) */
        double stay = lost * (k < t) + kept, leave = lost * (k == t), all = p[0] + p[1] + k - 1, rest = p[1] + k - 1;
        value += stay * log(rest / all) + leave * log(p[0] / all);
        gradient[0] += leave / p[0] - (stay + leave) / all;
        gradient[1] += stay / rest - (stay + leave) / all;
    }
    return value;
}

/* Opportunities: at most 12. */
static void fits_chances(const FitsData *data, const Poll *poll, Fits *out) {
    BgbbFit fit;
    int64_t customers = 0;
    double purchases = 0;
    bgbb_fit(&(BgbbData){data->n, data->x, data->tx, data->age, data->count}, poll, &fit);
    *out = (Fits){.n_params = 4, .log_likelihood = fit.log_likelihood, .iterations = fit.iterations, .evaluations = -1,
                  .customers = fit.customers, .converged = fit.converged, .interrupted = fit.interrupted,
                  .ridge = (fit.warnings & BGBB_RIDGE) != 0, .not_converged = (fit.warnings & BGBB_NOT_CONVERGED) != 0};
    fits_take_four(out->params, fit.params.alpha, fit.params.beta, fit.params.gamma, fit.params.delta);
    fits_take_four(out->std_error, fit.std_error.alpha, fit.std_error.beta, fit.std_error.gamma, fit.std_error.delta);
    if (fit.interrupted) return;
    for (int i = 0; i < data->n; i++) {
        customers += data->count[i];
        purchases += data->x[i];
    }
    ck_assert_int_eq(fit.customers, customers);
    ck_assert_int_eq((fit.warnings & BGBB_NO_PURCHASES) != 0, purchases == 0);
    bool away = isnan(fit.std_error.alpha);
    for (int j = 0; j < 4; j++) away = away || out->params[j] < 1e-4 || out->params[j] > 5e3;
    if (purchases > 0) ck_assert_int_eq(out->ridge, away);
}

static double fits_chances_loglik(const FitsData *data, int i, const double *p, double *gradient) {
    return bgbb_loglik(&(BgbbParams){p[0], p[1], p[2], p[3]}, data->x[i], data->tx[i], data->age[i], gradient);
}

/* The most iterations and evaluations are what all sets take together at present, and a twentieth more. */
static const FitsModel fits_models[] = {
    {"BG/NBD", 4, fits_bg, fits_bg_loglik, 3450, 7630, 60, 8},
    {"MBG/NBD", 4, fits_mbg, fits_mbg_loglik, 3490, 8060, 60, 8},
    {"Pareto/NBD", 4, fits_pnbd, fits_pnbd_loglik, 725, 1255, 25, 2},
    {"Gamma-Gamma", 3, fits_spend, fits_spend_loglik, 3540, 11000, 120, 8},
    {"sBG", 2, fits_contracts, fits_contracts_loglik, 5545, 0, 9, 30},
    {"BG/BB", 4, fits_chances, fits_chances_loglik, 1910, 0, 40, 4},
    {"NBD", 2, fits_nbd, fits_nbd_loglik, 0, 0, 60, 8}, /* the last: its search is not heard alone */
};

/* ---- Laws of a fit ---- */

/* Of all rows; the gradient by the logarithms of the parameters. */
static double fits_total(const FitsModel *model, const FitsData *data, const double *params, double *gradient) {
    double total = 0;
    for (int j = 0; j < model->n_params; j++) gradient[j] = 0;
    for (int i = 0; i < data->n; i++) {
        double by[FITS_PARAMS_MAX], count = model->fit == fits_spend || model->fit == fits_contracts ? 1 : (double)data->count[i];
        total += count * model->loglik(data, i, params, by);
        for (int j = 0; j < model->n_params; j++) gradient[j] += count * by[j] * params[j];
    }
    return total;
}

/* Gauss and Jordan. */
static bool fits_invert(int n, double a[FITS_PARAMS_MAX][2 * FITS_PARAMS_MAX]) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) a[i][n + j] = i == j;
    for (int i = 0; i < n; i++) {
        int best = i;
        for (int k = i; k < n; k++)
            if (fabs(a[k][i]) > fabs(a[best][i])) best = k;
        if (a[best][i] == 0) return false;
        for (int j = 0; j < 2 * n; j++) {
            double kept = a[i][j];
            a[i][j] = a[best][j];
            a[best][j] = kept;
        }
        for (int k = 0; k < n; k++) {
            double factor = a[k][i] / a[i][i];
            for (int j = 0; j < 2 * n && k != i; j++) a[k][j] -= factor * a[i][j];
        }
        double pivot = a[i][i];
        for (int j = 0; j < 2 * n; j++) a[i][j] /= pivot;
    }
    return true;
}

/* The inverse of the curvature of minus the log-likelihood by the logarithms of the parameters, with the precisions of
 * what else is known added to it. */
static void fits_covariance(const FitsModel *model, const FitsData *data, const double *params, const double *precision,
                            double covariance[FITS_PARAMS_MAX][2 * FITS_PARAMS_MAX]) {
    int n = model->n_params;
    for (int i = 0; i < n; i++)
        for (int side = 0; side < 2; side++) {
            double at[FITS_PARAMS_MAX], gradient[FITS_PARAMS_MAX];
            memcpy(at, params, sizeof(at));
            at[i] *= exp(side ? 1e-4 : -1e-4);
            fits_total(model, data, at, gradient);
            for (int j = 0; j < n; j++) {
                double slope = gradient[j] / 2e-4 - (side ? precision[i] * (i == j) : 0);
                covariance[i][j] = side ? covariance[i][j] - slope : slope;
            }
        }
    if (!fits_invert(n, covariance)) ck_abort_msg("%s: no curvature, and no warning", model->name);
    for (int i = 0; i < n; i++) memmove(covariance[i], &covariance[i][n], (size_t)n * sizeof(double));
}

static void fits_expect_covariance(const FitsModel *model, const FitsData *data, const double *params,
                                   const double *precision, const double *got, const char *what) {
    double want[FITS_PARAMS_MAX][2 * FITS_PARAMS_MAX];
    int n = model->n_params;
    fits_covariance(model, data, params, precision, want);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            if (!(fabs(got[i * n + j] - want[i][j]) <= 0.01 * sqrt(want[i][i] * want[j][j])))
                ck_abort_msg("%s: covariance%s of %d and %d is %g, not %g", model->name, what, i, j, got[i * n + j], want[i][j]);
}

/* What is not identified has the prior's variance in place of its own; far out the curvature is as good as noise, which
 * adds to that. */
static void fits_expect_ridge(const FitsModel *model, const FitsData *data, const Fits *fit) {
    double want[FITS_PARAMS_MAX][2 * FITS_PARAMS_MAX], precision[FITS_PARAMS_MAX] = {0};
    int n = model->n_params;
    for (int i = 0; i < n; i++) precision[i] = 1 / (BGNBDFIT_PRIOR * BGNBDFIT_PRIOR);
    fits_covariance(model, data, fit->params, precision, want);
    for (int i = 0; i < n; i++) {
        double share = fit->covariance[i * n + i] / want[i][i];
        if (!(share > 0.9 && share < 4)) ck_abort_msg("%s: on a ridge variance %d is %g of what it should be", model->name, i, share);
    }
}

/* The fit with weak priors: days in units of the data, which only the prior knows, the second parameter and the fourth of
 * Pareto/NBD, have twice the deviation. */
static void fits_expect_weak(const FitsModel *model, const FitsData *data, const Fits *fit) {
    bool pareto = model->fit == fits_pnbd;
    double age = 0, purchases = 0, customers = 0, precision[FITS_PARAMS_MAX] = {0}, gradient[FITS_PARAMS_MAX];
    for (int i = 0; i < data->n; i++) {
        customers += (double)data->count[i];
        age += (double)data->count[i] * data->age[i];
        purchases += (double)data->count[i] * data->x[i];
    }
    age = fmax(age / customers, 1);
    const double centre[] = {1, age / (purchases / customers + 0.1), 1, pareto ? age : 2.5};
    fits_total(model, data, fit->weak, gradient);
    for (int j = 0; j < 4; j++) {
        double sd = BGNBDFIT_WEAK * (j == 1 || (pareto && j == 3) ? 2 : 1);
        precision[j] = 1 / (sd * sd);
        double slope = gradient[j] - log(fit->weak[j] / centre[j]) * precision[j];
        if (!(fabs(slope) < 0.01)) ck_abort_msg("%s: with weak priors slope %d is %g", model->name, j, slope);
    }
    fits_expect_covariance(model, data, fit->weak, precision, fit->weak_covariance, " with weak priors");
}

static void fits_expect_errors(const FitsModel *model, const FitsData *data, const Fits *fit) {
    double covariance[FITS_PARAMS_MAX][2 * FITS_PARAMS_MAX];
    const double none[FITS_PARAMS_MAX] = {0};
    if (fit->has_covariance) {
        if (isnan(fit->std_error[0]) && !isnan(fit->covariance[0])) fits_expect_ridge(model, data, fit);
        if (!fit->ridge) fits_expect_covariance(model, data, fit->params, none, fit->covariance, "");
        if (!isnan(fit->weak[0])) fits_expect_weak(model, data, fit);
        ck_assert(fit->ridge || isnan(fit->weak[0]));
    }
    if (fit->ridge) return;
    fits_covariance(model, data, fit->params, none, covariance);
    for (int j = 0; j < model->n_params; j++) {
        double want = fit->params[j] * sqrt(covariance[j][j]);
        if (!(fabs(fit->std_error[j] / want - 1) < 0.01))
            ck_abort_msg("%s: standard error %d is %g, not %g (%g, %g, %g, %g)", model->name, j, fit->std_error[j], want, fit->params[0], fit->params[1], fit->params[2], fit->params[3]);
    }
}

static void fits_expect_best(const FitsModel *model, const FitsData *data, const Fits *fit, uint64_t *random) {
    double gradient[FITS_PARAMS_MAX];
    double here = fits_total(model, data, fit->params, gradient);
    if (!(fabs(here - fit->log_likelihood) <= (fit->ridge ? 1e-7 : 1e-9) * (1 + fabs(here))))
        ck_abort_msg("%s: log-likelihood %.12g, not %.12g (%g, %g, %g, %g)", model->name, fit->log_likelihood, here, fit->params[0], fit->params[1], fit->params[2], fit->params[3]);
    for (int k = 0; k < 60; k++) {
        double at[FITS_PARAMS_MAX] = {0};
        for (int j = 0; j < model->n_params; j++)
            at[j] = fit->params[j] * exp((k % 3 == 0 ? 0.1 : k % 3 == 1 ? 1.0 : 4.0) * (2 * uniform(random) - 1));
        double there = fits_total(model, data, at, gradient);
        if (there > here + 1e-4) ck_abort_msg("%s: %.12g is better than %.12g", model->name, there, here);
    }
}

START_TEST(fits_are_what_they_say) {
    const FitsModel *model = &fits_models[_i];
    uint64_t random = 77;
    int n_fits = 0, n_clean = 0, n_iterations = 0, n_evaluations = 0;
    for (int set = 0; set < FITS_SHAPES * model->n_sets; set++) {
        bool chances = model->fit == fits_chances, contracts = model->fit == fits_contracts;
        FitsData *data = fits_make(set % FITS_SHAPES, contracts ? 2 + set % model->n : model->n, chances ? 12 : 30 << set % 5,
                                   (uint64_t)set + 1);
        for (int i = 0; chances && i < data->n; i++)
            if (data->age[i] > 12) {
                data->age[i] = 12;
                data->x[i] = data->x[i] > 12 ? 12 : data->x[i];
                data->tx[i] = data->x[i] == 0 ? 0 : data->tx[i] > 12 ? 12 : data->tx[i];
            }
        Fits fit;
        model->fit(data, NULL, &fit);
        ck_assert(!fit.interrupted);
        ck_assert(fit.converged || isnan(fit.params[0]) || fit.not_converged);
        if (!isnan(fit.params[0])) {
            n_fits++;
            n_iterations += fit.iterations;
            n_evaluations += fit.evaluations;
            ck_assert(fit.iterations >= 0 && (fit.evaluations < 0 || fit.evaluations >= fit.iterations));
            if (fit.converged) fits_expect_best(model, data, &fit, &random);
            if (fit.converged) fits_expect_errors(model, data, &fit);
            n_clean += fit.converged && !fit.ridge;
        }
        free(data);
    }
    printf("%s: %d fits, %d of them without a ridge, %d iterations, %d evaluations\n", model->name, n_fits, n_clean,
           n_iterations, n_evaluations);
    ck_assert(n_clean > 0);
    ck_assert_msg(n_iterations <= model->iterations_max, "%d iterations", n_iterations);
    ck_assert_msg(n_evaluations <= model->evaluations_max, "%d evaluations", n_evaluations);
}
END_TEST

typedef struct FitsFuse {
    int calls, most;
} FitsFuse;

static bool fits_blown(void *pointer) {
    FitsFuse *fuse = pointer;
    return ++fuse->calls > fuse->most;
}

static int fits_by_frequency(const void *a, const void *b) {
    const int32_t *one = a, *other = b;
    return (one[0] > other[0]) - (one[0] < other[0]);
}

static void fits_expect_polls(const FitsModel *model, const FitsData *data) {
    FitsFuse all = {.most = INT32_MAX};
    Fits fit;
    model->fit(data, &(Poll){fits_blown, &all}, &fit);
    ck_assert(!fit.interrupted && !isnan(fit.params[0]));
    for (int most = 0; most <= all.calls + 1; most++) {
        FitsFuse fuse = {.most = most};
        model->fit(data, &(Poll){fits_blown, &fuse}, &fit);
        bool stopped = most < all.calls;
        if (fit.interrupted != stopped || fuse.calls != (stopped ? most + 1 : all.calls) || isnan(fit.params[0]) != stopped)
            ck_abort_msg("%s: poll %d of %d", model->name, most, all.calls);
    }
}

/* From 16,384 triples on the search begins at a sample: it ends where it should, and the whole is looked at less often
 * than once for each step of the search. */
START_TEST(many_triples_begin_at_a_sample) {
    const FitsModel *model = &fits_models[_i];
    static const int sizes[] = {16383, 16384, 20011, 20011}; /* of the last all have bought again once, at most */
    static int32_t rows[FITS_ROWS_MAX][4];
    for (int k = 0; k < COUNT(sizes); k++) {
        FitsData *data = fits_make(FITS_LIVES, sizes[k], 700, 9);
        for (int i = 0; i < data->n; i++)
            memcpy(rows[i], (int32_t[4]){data->x[i] > 1 && k == 3 ? 1 : data->x[i], data->tx[i], data->age[i],
                                         (int32_t)data->count[i]}, sizeof(rows[i]));
        qsort(rows, (size_t)data->n, sizeof(rows[0]), fits_by_frequency);
        for (int i = 0; i < data->n; i++) {
            data->x[i] = rows[i][0];
            data->tx[i] = rows[i][1];
            data->age[i] = rows[i][2];
            data->count[i] = rows[i][3];
        }
        Fits fit;
        model->fit(data, NULL, &fit);
        ck_assert(k == 3 || (fit.converged && !fit.ridge));
        printf("%s: %d triples, %d iterations, %d evaluations\n", model->name, data->n, fit.iterations, fit.evaluations);
        if (k == 1 || k == 2) ck_assert_msg(2 * fit.evaluations < fit.iterations, "%d evaluations", fit.evaluations);
        double gradient[FITS_PARAMS_MAX], here = fits_total(model, data, fit.params, gradient);
        ck_assert(fabs(here - fit.log_likelihood) <= (k == 3 ? 1e-7 : 1e-9) * fabs(here));
        for (int j = 0; j < 4 && k < 3; j++) ck_assert_msg(fabs(gradient[j]) < 0.05, "slope %d is %g", j, gradient[j]);
        if (k < 3) fits_expect_errors(model, data, &fit);
        if (k == 2) fits_expect_polls(model, data);
        free(data);
    }
}
END_TEST

static void fits_expect_same(int n, const double *got, const double *want, const char *what) {
    for (int i = 0; i < n; i++)
        if (!(got[i] == want[i] || (isnan(got[i]) && isnan(want[i]))))
            ck_abort_msg("%s %d is %g, not %g", what, i, got[i], want[i]);
}

/* A Purchasefit says what the fit of its model says. */
static void fits_expect_taken(const Purchasefit *got, const double *params, const double *errors, const double *covariance,
                              const BgnbdfitWeak *weak) {
    int n = retain_purchasefit_models[got->law.model].n_params;
    fits_expect_same(n, got->value, params, "parameter");
    fits_expect_same(n, (const double *)&got->law.as, params, "parameter of the law");
    fits_expect_same(n, got->std_error, errors, "standard error");
    fits_expect_same(n * n, got->covariance, covariance, "covariance");
    ck_assert_int_eq(got->has_weak, weak && !isnan(weak->value[0]));
    if (!weak) return;
    ck_assert_int_eq(got->weak.model, got->law.model);
    fits_expect_same(n, (const double *)&got->weak.as, weak->value, "weak parameter");
    fits_expect_same(n * n, got->weak_covariance, weak->covariance, "weak covariance");
}

START_TEST(any_model_is_taken_as_it_is) {
    int n_weak = 0;
    for (int set = 0; set < 2 * FITS_SHAPES; set++) {
        FitsData *data = fits_make(set % FITS_SHAPES, 40, 30 << set % 5, (uint64_t)set + 1);
        BgnbdfitData rows = {data->n, data->x, data->tx, data->age, data->count};
        void *workspace = malloc((size_t)bgnbdfit_workspace_size(&rows));
        for (int model = 0; model < PURCHASE_MODELS; model++) {
            Purchasefit got;
            Pnbdfit pareto;
            Bgnbdfit base = fits_run_bgnbd(model == PURCHASE_BGNBD ? BGNBD_BG : BGNBD_MBG, data, NULL);
            purchasefit_run((PurchaseModel)model, &rows, workspace, NULL, &got);
            bool nbd = model == PURCHASE_NBD, pnbd = model == PURCHASE_PNBD;
            if (pnbd) {
                pnbdfit_run(&rows, &base, NULL, &pareto);
                fits_expect_taken(&got, &pareto.params.r, &pareto.std_error.r, pareto.covariance, &pareto.weak);
            } else {
                fits_expect_taken(&got, nbd ? &base.nbd.r : &base.params.r, nbd ? &base.nbd_std_error.r : &base.std_error.r,
                                  nbd ? base.nbd_covariance : base.covariance, nbd ? NULL : &base.weak);
            }
            ck_assert(got.log_likelihood == (pnbd ? pareto.log_likelihood : nbd ? base.log_likelihood_nbd : base.log_likelihood));
            ck_assert(got.log_likelihood_nbd == base.log_likelihood_nbd && got.sampled == 0 && !got.interrupted);
            ck_assert(got.customers == base.customers && got.one_timers == base.one_timers);
            ck_assert_int_eq(got.iterations, base.iterations + (pnbd ? pareto.iterations : 0));
            ck_assert_int_eq(got.converged, pnbd ? pareto.converged : nbd ? base.nbd_converged : base.converged);
            ck_assert_int_eq(got.warnings, pnbd ? pareto.warnings
                             : nbd ? (base.warnings & BGNBDFIT_NO_REPEATS) | (base.nbd_converged ? 0u : BGNBDFIT_NOT_CONVERGED)
                                   : base.warnings);
            n_weak += got.has_weak;
        }
        free(workspace);
        free(data);
    }
    ck_assert_int_gt(n_weak, 10);
}
END_TEST

/* In another unit of time the scales are others, and nothing else: what has run away has so in units of the oldest age. */
START_TEST(units_of_time_do_not_matter) {
    const FitsModel *model = &fits_models[_i];
    int n_clean = 0;
    for (int set = 0; set < 4; set++) {
        FitsData *data = fits_make(FITS_LIVES + set % 2, 150, 200, (uint64_t)set + 3);
        const int unit = set < 2 ? 7 : 1000;
        Fits days, units;
        double purchases = 0;
        model->fit(data, NULL, &days);
        for (int i = 0; i < data->n; i++) {
            data->tx[i] *= unit;
            data->age[i] *= unit;
            purchases += (double)data->x[i] * (double)data->count[i];
        }
        model->fit(data, NULL, &units);
        if (days.converged && !days.ridge) {
            n_clean++;
            ck_assert(units.converged && !units.ridge);
            ck_assert_double_eq_tol(units.log_likelihood, days.log_likelihood - purchases * log(unit), 1e-6);
            for (int j = 0; j < 4; j++) {
                double scale = j == 1 || (model->fit == fits_pnbd && j == 3) ? unit : 1;
                ck_assert_double_eq_tol(units.params[j] / (scale * days.params[j]), 1, 1e-3);
                ck_assert_double_eq_tol(units.std_error[j] / (scale * days.std_error[j]), 1, 1e-2);
            }
        }
        free(data);
    }
    ck_assert_int_gt(n_clean, 1);
}
END_TEST

/* Nobody to learn from: no figure at all. */
START_TEST(without_customers_nothing_is_known) {
    static const FitsData nobody;
    for (int model = 0; model < 3; model++) {
        Fits fit;
        fits_models[model].fit(&nobody, NULL, &fit);
        ck_assert(!fit.converged && fit.not_converged && fit.iterations == 0);
        for (int i = 0; i < 4; i++) ck_assert(isnan(fit.params[i]) && isnan(fit.std_error[i]) && isnan(fit.weak[i]));
        for (int i = 0; i < 16; i++) ck_assert(isnan(fit.covariance[i]) && isnan(fit.weak_covariance[i]));
    }
    Bgnbdfit fit = fits_run_bgnbd(BGNBD_BG, &nobody, NULL);
    for (int i = 0; i < 4; i++) ck_assert(isnan(fit.nbd_covariance[i]));
    ck_assert(isnan(fit.nbd.r) && isnan(fit.nbd.alpha) && isnan(fit.nbd_std_error.r) && isnan(fit.nbd_std_error.alpha));
    ck_assert_int_eq(fit.warnings, BGNBDFIT_NO_REPEATS | BGNBDFIT_NOT_CONVERGED);
}
END_TEST

/* A fit ends at the very poll that says so, and at no other. */
START_TEST(every_poll_is_heard) {
    const FitsModel *model = &fits_models[_i];
    FitsData *data = fits_make(FITS_LIVES, model->fit == fits_contracts ? 7 : 40, 12, 5);
    FitsFuse all = {.most = INT32_MAX};
    Fits fit;
    model->fit(data, &(Poll){fits_blown, &all}, &fit);
    if (model->fit == fits_spend) ck_assert_int_eq(all.calls, fit.evaluations);
    ck_assert(all.calls >= fit.evaluations && all.calls >= fit.iterations);
    fits_expect_polls(model, data);
    free(data);
}
END_TEST

/* A dropout of one purchase in 20,000 is seen among 100,000 customers, but is none to speak of. */
START_TEST(a_tiny_dropout_is_no_attrition) {
    enum { STEPS = 40 };
    int32_t x[STEPS + 1], tx[STEPS + 1], age[STEPS + 1];
    int64_t count[STEPS + 1];
    for (int i = 0; i < STEPS; i++) { /* those who leave, anywhere on their way */
        x[i] = 100 * i / STEPS + 1;
        tx[i] = 2 * x[i];
        age[i] = 200;
        count[i] = 12;
    }
    x[STEPS] = 100;
    tx[STEPS] = 199;
    age[STEPS] = 200;
    count[STEPS] = 99520;
    BgnbdfitData data = {STEPS + 1, x, tx, age, count};
    void *workspace = malloc((size_t)bgnbdfit_workspace_size(&data));
    for (int kind = 0; kind < 2; kind++) {
        Bgnbdfit fit;
        bgnbdfit_run((BgnbdKind)kind, &data, workspace, NULL, &fit);
        double dropout = fit.params.a / (fit.params.a + fit.params.b);
        ck_assert_msg(dropout > 2e-5 && dropout < 1e-4, "dropout %g", dropout);
        ck_assert(fit.log_likelihood > fit.log_likelihood_nbd + 10);
        ck_assert(fit.warnings & BGNBDFIT_NO_ATTRITION);
    }
    free(workspace);
}
END_TEST

/* Both ends of the ridge of contracts: all alike, and two kinds with nobody between. */
START_TEST(contracts_of_two_kinds_have_no_shape) {
    static const int64_t kinds[] = {100, 0, 0, 0, 0, 0}, stays[] = {0, 0, 0, 0, 0, 100};
    static const int64_t alike[] = {32000, 16000, 8000, 4000, 2000, 1000}, rest[] = {0, 0, 0, 0, 0, 1000};
    SbgFit fit;
    sbg_fit(&(SbgData){6, kinds, stays}, NULL, &fit);
    ck_assert(fit.converged && (fit.warnings & SBG_RIDGE) && fmax(fit.params.alpha, fit.params.beta) < 0.01);
    ck_assert_double_eq_tol(sbg_retention(&fit.params, 1), 0.5, 1e-4);
    sbg_fit(&(SbgData){6, alike, rest}, NULL, &fit);
    ck_assert(fit.converged && (fit.warnings & SBG_RIDGE) && fmin(fit.params.alpha, fit.params.beta) > 100);
    /* More of those who are left leave than before: that runs away, in step, until the first is at the bound. */
    for (int fast = 0; fast < 2; fast++) {
        static const int64_t more[2][3] = {{100000000, 500000000, 390000000}, {600000000, 380000000, 19500000}},
                             left[2][3] = {{0, 0, 10000000}, {0, 0, 500000}};
        sbg_fit(&(SbgData){3, more[fast], left[fast]}, NULL, &fit);
        ck_assert_int_eq(fit.warnings, SBG_RIDGE | SBG_NOT_CONVERGED);
        ck_assert_double_eq_tol(log(fmax(fit.params.alpha, fit.params.beta)), 16, 1e-6);
        ck_assert_int_eq(fit.params.alpha > fit.params.beta, fast);
    }
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE kinds AS WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 199)"
                " SELECT '2024-01-01' AS a, CASE WHEN n < 120 THEN '2024-02-01' WHEN n < 121 THEN '2025-01-10' END AS b FROM n");
    db_expect(db, "SELECT DISTINCT note FROM subscription_survival('kinds', 'a', 'b')",
              "ridge: subscribers leave at the first renewal or stay, as far as these show");
    db_close(db);
}
END_TEST

/* ---- Logistic regression ---- */

enum { FITS_LOGIT_ROWS = 300, FITS_LOGIT_K = 3 };

typedef struct FitsLogit {
    int n, k;
    double x[FITS_LOGIT_ROWS * FITS_LOGIT_K];
    bool happened[FITS_LOGIT_ROWS];
} FitsLogit;

static void fits_make_logit(FitsLogit *set, int n, int k, uint64_t *random) {
    static const double units[] = {1, 1e-4, 1e6};
    *set = (FitsLogit){.n = n, .k = k};
    for (int i = 0; i < n; i++) {
        double odds = 0.4;
        for (int j = 0; j < k; j++) {
            double z = uniform(random) + uniform(random) - 1;
            set->x[i * k + j] = units[j] * (z + 3 * j);
            odds += (2.0 - j) * z;
        }
        set->happened[i] = uniform(random) < 1 / (1 + exp(-odds));
    }
}

/* Feature j of row i, brought to mean 0 and deviation 1 here. */
static double fits_feature(const FitsLogit *set, int i, int j) {
    double sum = 0, squares = 0;
    if (j == 0) return 1;
    for (int r = 0; r < set->n; r++) sum += set->x[r * set->k + j - 1] / set->n;
    for (int r = 0; r < set->n; r++) squares += pow(set->x[r * set->k + j - 1] - sum, 2) / set->n;
    return (set->x[i * set->k + j - 1] - sum) / sqrt(squares);
}

static void fits_expect_logit(const FitsLogit *set, const LogitFit *fit, double penalty) {
    double curvature[FITS_PARAMS_MAX][2 * FITS_PARAMS_MAX] = {{0}}, slope[FITS_PARAMS_MAX] = {0}, total = 0;
    int m = set->k + 1;
    for (int i = 0; i < set->n; i++) {
        double row[FITS_PARAMS_MAX], odds = 0;
        for (int j = 0; j < m; j++) {
            row[j] = fits_feature(set, i, j);
            odds += row[j] * (j == 0 ? fit->intercept : fit->coefficient[j - 1]);
        }
        double p = 1 / (1 + exp(-odds));
        ck_assert(fabs(p - logit_probability(fit, set->x + i * set->k)) < 1e-9);
        ck_assert(fabs(odds - logit_log_odds(fit, set->x + i * set->k)) < 1e-8);
        total += log(set->happened[i] ? p : 1 - p);
        for (int j = 0; j < m; j++) {
            slope[j] += (set->happened[i] - p) * row[j];
            for (int l = 0; l < m; l++) curvature[j][l] += p * (1 - p) * row[j] * row[l];
        }
    }
    for (int j = 1; j < m; j++) {
        slope[j] -= penalty * fit->coefficient[j - 1];
        curvature[j][j] += penalty;
    }
    ck_assert(fabs(total - fit->log_likelihood) < 1e-9 * (1 + fabs(total)));
    ck_assert(fits_invert(m, curvature));
    for (int j = 0; j < m; j++)
        if (fabs(slope[j]) > 1e-4 || fabs(fit->std_error[j] / sqrt(curvature[j][m + j]) - 1) > 1e-6)
            ck_abort_msg("%d rows, %d features, %d: slope %g, error %g", set->n, set->k, j, slope[j], fit->std_error[j]);
}

START_TEST(logit_is_what_it_says) {
    static const double penalties[] = {0, 0.5, 20};
    static FitsLogit set;
    uint64_t random = 4;
    int n_fits = 0, n_iterations = 0;
    for (int n = 20; n <= FITS_LOGIT_ROWS; n += 35)
        for (int k = 0; k <= FITS_LOGIT_K; k++)
            for (int p = 0; p < COUNT(penalties); p++) {
                LogitFit fit;
                FitsFuse all = {.most = INT32_MAX};
                fits_make_logit(&set, n, k, &random);
                LogitData data = {n, k, set.x, set.happened};
                logit_fit(&data, penalties[p], &(Poll){fits_blown, &all}, &fit);
                if (!fit.converged) continue;
                fits_expect_logit(&set, &fit, penalties[p]);
                n_fits++;
                n_iterations += fit.iterations;
                ck_assert_int_ge(all.calls, fit.iterations + 1);
                for (int most = 0; most <= all.calls; most++) {
                    FitsFuse fuse = {.most = most};
                    logit_fit(&data, penalties[p], &(Poll){fits_blown, &fuse}, &fit);
                    ck_assert(fit.interrupted == (most < all.calls) && isnan(fit.intercept) == fit.interrupted);
                }
            }
    printf("logit: %d fits, %d iterations\n", n_fits, n_iterations);
    ck_assert(n_fits > 80 && n_iterations <= 380);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fits");
    TCase *tc = tcase_create("fits");
    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, fits_are_what_they_say, 0, COUNT(fits_models));
    tcase_add_loop_test(tc, every_poll_is_heard, 0, COUNT(fits_models) - 1);
    tcase_add_loop_test(tc, many_triples_begin_at_a_sample, 0, 2);
    tcase_add_loop_test(tc, units_of_time_do_not_matter, 0, 3);
    tcase_add_test(tc, any_model_is_taken_as_it_is);
    tcase_add_test(tc, without_customers_nothing_is_known);
    tcase_add_test(tc, a_tiny_dropout_is_no_attrition);
    tcase_add_test(tc, contracts_of_two_kinds_have_no_shape);
    tcase_add_test(tc, logit_is_what_it_says);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
