/* check_fits.c - what a fit says of itself, on many small sets of random data of every shape: its log-likelihood is
 * the sum over the customers, no other parameters are better, standard errors are those of the curvature, warnings
 * follow from the figures, every poll is heard, and searches stay as short as they are.
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
#include "model/sbg.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

enum { FITS_ROWS_MAX = 400, FITS_PARAMS_MAX = 4 };

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

/* Shapes of a shop: anything; the faithful; those who left at once; alike; nobody twice; long and short lives. */
enum { FITS_ANY, FITS_FAITHFUL, FITS_GONE, FITS_ALIKE, FITS_ONCE, FITS_WIDE, FITS_SHAPES };

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
    int iterations, evaluations; /* evaluations: -1 where the model does not say */
    int64_t customers;
    bool converged, interrupted, ridge, not_converged;
} Fits;

typedef struct FitsModel {
    const char *name;
    int n_params;
    void (*fit)(const FitsData *data, const Poll *poll, Fits *out);
    double (*loglik)(const FitsData *data, int i, const double *params, double *gradient); /* of row i, once */
    int iterations_max, n, n_sets, polled; /* of all sets together; rows of a set, sets of a shape; polls at most */
} FitsModel;

static void fits_take_four(double *out, double a, double b, double c, double d) {
    out[0] = a;
    out[1] = b;
    out[2] = c;
    out[3] = d;
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
    if (!fit.interrupted) fits_expect_bgnbd_flags(data, &fit);
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
    if (fit.interrupted) return;
    for (int i = 0; i < data->n; i++) age = fmax(age, data->age[i]);
    const double all[] = {fit.params.r, fit.params.alpha / age, fit.params.s, fit.params.beta / age};
    bool away = isnan(fit.std_error.r), loyal = fit.log_likelihood - nbd.log_likelihood_nbd < 2;
    for (int j = 0; j < 4; j++) away = away || all[j] < 1e-4 * (1 - 1e-12) || all[j] > 5e3 * (1 + 1e-12);
    ck_assert_int_eq(out->ridge, away);
    ck_assert_int_eq((fit.warnings & BGNBDFIT_NO_ATTRITION) != 0, loyal);
    ck_assert_int_eq((fit.warnings & BGNBDFIT_NO_REPEATS) != 0, (nbd.warnings & BGNBDFIT_NO_REPEATS) != 0);
}

static double fits_pnbd_loglik(const FitsData *data, int i, const double *p, double *gradient) {
    return pnbd_loglik(&(PnbdParams){p[0], p[1], p[2], p[3]}, data->x[i], data->tx[i], data->age[i], gradient);
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
    bool away = isnan(fit.std_error.alpha) || fit.params.alpha > 5e3 || fit.params.beta > 5e3;
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
    for (int j = 0; j < 4; j++) away = away || out->params[j] > 5e3;
    if (purchases > 0) ck_assert_int_eq(out->ridge, away);
}

static double fits_chances_loglik(const FitsData *data, int i, const double *p, double *gradient) {
    return bgbb_loglik(&(BgbbParams){p[0], p[1], p[2], p[3]}, data->x[i], data->tx[i], data->age[i], gradient);
}

/* iterations_max: what all sets take together at present, and a tenth more. */
static const FitsModel fits_models[] = {
    {"BG/NBD", 4, fits_bg, fits_bg_loglik, 100000, 60, 8, 4000},
    {"MBG/NBD", 4, fits_mbg, fits_mbg_loglik, 100000, 60, 8, 4000},
    {"Pareto/NBD", 4, fits_pnbd, fits_pnbd_loglik, 100000, 25, 2, 2000},
    {"Gamma-Gamma", 3, fits_spend, fits_spend_loglik, 100000, 120, 8, 4000},
    {"sBG", 2, fits_contracts, fits_contracts_loglik, 100000, 9, 30, 4000},
    {"BG/BB", 4, fits_chances, fits_chances_loglik, 100000, 40, 4, 2000},
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

static void fits_expect_errors(const FitsModel *model, const FitsData *data, const Fits *fit) {
    double curvature[FITS_PARAMS_MAX][2 * FITS_PARAMS_MAX];
    int n = model->n_params;
    for (int i = 0; i < n; i++)
        for (int side = 0; side < 2; side++) {
            double at[FITS_PARAMS_MAX], gradient[FITS_PARAMS_MAX];
            memcpy(at, fit->params, sizeof(at));
            at[i] *= exp(side ? 1e-4 : -1e-4);
            fits_total(model, data, at, gradient);
            for (int j = 0; j < n; j++) {
                double slope = gradient[j] / 2e-4;
                curvature[i][j] = side ? curvature[i][j] - slope : slope;
            }
        }
    if (!fits_invert(n, curvature)) ck_abort_msg("%s: no curvature, and no warning", model->name);
    for (int j = 0; j < n; j++) {
        double want = fit->params[j] * sqrt(curvature[j][n + j]);
        if (!(fabs(fit->std_error[j] / want - 1) < 0.01))
            ck_abort_msg("%s: standard error %d is %g, not %g (%g, %g, %g, %g)", model->name, j, fit->std_error[j], want, fit->params[0], fit->params[1], fit->params[2], fit->params[3]);
    }
}

static void fits_expect_best(const FitsModel *model, const FitsData *data, const Fits *fit, uint64_t *random) {
    double gradient[FITS_PARAMS_MAX];
    double here = fits_total(model, data, fit->params, gradient);
    if (!(fabs(here - fit->log_likelihood) <= 1e-9 * (1 + fabs(here))))
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
            if (fit.converged && !fit.ridge) {
                fits_expect_errors(model, data, &fit);
                n_clean++;
            }
        }
        free(data);
    }
    printf("%s: %d fits, %d of them without a ridge, %d iterations, %d evaluations\n", model->name, n_fits, n_clean,
           n_iterations, n_evaluations);
    ck_assert(n_clean > 0);
    ck_assert_msg(n_iterations <= model->iterations_max, "%d iterations", n_iterations);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fits");
    TCase *tc = tcase_create("fits");
    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, fits_are_what_they_say, 0, COUNT(fits_models));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
