/* logit.c - see logit.h. */
#include "model/logit.h"

#include "base/libm.h"
#include "math/linear.h"
#include "math/special.h"
#include "math/sum.h"

#define LOGIT_TOLERANCE 1e-10 /* promised by a Newton step, of the mean log-likelihood */
#define LOGIT_PIVOT_MIN 1e-12
enum { LOGIT_ITERATIONS_MAX = 50, LOGIT_HALVINGS_MAX = 30, LOGIT_POLL_ROWS = 8192, LOGIT_PARAMS_MAX = LOGIT_FEATURES_MAX + 1 };

/* The penalised log-likelihood at one point, with its slope and curvature. */
typedef struct LogitPoint {
    double value, log_likelihood, beta[LOGIT_PARAMS_MAX];
    double slope[LOGIT_PARAMS_MAX];
    double curvature[LOGIT_PARAMS_MAX * LOGIT_PARAMS_MAX]; /* lower triangle of k + 1 squared, positive */
} LogitPoint;

double logit_log_odds(const LogitFit *fit, const double *x) {
    double sum = fit->intercept;
    for (int j = 0; j < fit->k; j++) sum += fit->coefficient[j] * (x[j] - fit->mean[j]) / fit->scale[j];
    return sum;
}

double logit_probability(const LogitFit *fit, const double *x) {
    return special_logistic(logit_log_odds(fit, x));
}

/* Means and standard deviations; a feature that does not vary keeps scale 1. */
static void logit_standardise(const LogitData *data, LogitFit *fit) {
    for (int j = 0; j < data->k; j++) {
        Sum sum = {0}, squares = {0};
        for (int64_t i = 0; i < data->n; i++) sum_add(&sum, data->x[i * data->k + j]);
        double mean = sum_value(&sum) / (double)data->n;
        for (int64_t i = 0; i < data->n; i++) {
            double away = data->x[i * data->k + j] - mean;
            sum_add(&squares, away * away);
        }
        double deviation = sqrt(sum_value(&squares) / (double)data->n);
        fit->mean[j] = mean;
        fit->scale[j] = deviation > 1e-12 * fabs(mean) ? deviation : 1;
    }
}

static void logit_row(const LogitData *data, const LogitFit *fit, int64_t i, double row[LOGIT_PARAMS_MAX]) {
    row[0] = 1;
    for (int j = 0; j < data->k; j++) row[j + 1] = (data->x[i * data->k + j] - fit->mean[j]) / fit->scale[j];
}

/* Evaluates at point->beta; false when told to stop. */
static bool logit_evaluate(const LogitData *data, const LogitFit *fit, double penalty, const Poll *poll,
                           LogitPoint *point) {
    int m = data->k + 1;
    Sum total = {0}, slope[LOGIT_PARAMS_MAX] = {{0}}, curvature[LOGIT_PARAMS_MAX * LOGIT_PARAMS_MAX] = {{0}};
    for (int64_t i = 0; i < data->n; i++) {
        double row[LOGIT_PARAMS_MAX], odds = 0;
        if (i % LOGIT_POLL_ROWS == 0 && poll_stop(poll)) return false;
        logit_row(data, fit, i, row);
        for (int j = 0; j < m; j++) odds += point->beta[j] * row[j];
        double p = special_logistic(odds), weight = p * special_logistic(-odds), left = data->happened[i] - p;
        sum_add(&total, -special_softplus(data->happened[i] ? -odds : odds));
        for (int j = 0; j < m; j++) {
            sum_add(&slope[j], left * row[j]);
            for (int l = 0; l <= j; l++) sum_add(&curvature[j * m + l], weight * row[j] * row[l]);
        }
    }
    point->value = point->log_likelihood = sum_value(&total);
    for (int j = 0; j < m; j++) {
        double ridge = j > 0 ? penalty : 0;
        point->value -= 0.5 * ridge * point->beta[j] * point->beta[j];
        point->slope[j] = sum_value(&slope[j]) - ridge * point->beta[j];
        for (int l = 0; l <= j; l++)
            point->curvature[j * m + l] = sum_value(&curvature[j * m + l]) + (l == j ? ridge : 0);
        if (point->curvature[j * m + j] == 0) point->curvature[j * m + j] = 1; /* never varies, and stays at 0 */
    }
    return true;
}

/* One Newton step, halved until it does not lose; returns what it promised, -1 when it cannot be taken. */
static double logit_step(const LogitData *data, LogitFit *fit, double penalty, const Poll *poll, LogitPoint *point) {
    int m = data->k + 1;
    double inverse[LOGIT_PARAMS_MAX * LOGIT_PARAMS_MAX], step[LOGIT_PARAMS_MAX], promise = 0;
    if (!linear_spd_inverse(m, point->curvature, LOGIT_PIVOT_MIN, inverse)) return -1;
    for (int j = 0; j < m; j++) {
        step[j] = 0;
        for (int l = 0; l < m; l++) step[j] += inverse[j * m + l] * point->slope[l];
        promise += 0.5 * step[j] * point->slope[j];
    }
    for (int h = 0; h < LOGIT_HALVINGS_MAX; h++) {
        LogitPoint next = {.value = 0};
        for (int j = 0; j < m; j++) next.beta[j] = point->beta[j] + ldexp(step[j], -h);
        if (!logit_evaluate(data, fit, penalty, poll, &next)) {
            fit->interrupted = true;
            return -1;
        }
        if (next.value >= point->value - 1e-12 * fabs(point->value)) {
            *point = next;
            return promise;
        }
    }
    return promise;
}

static void logit_report(LogitFit *fit, const LogitPoint *point) {
    int m = fit->k + 1;
    double inverse[LOGIT_PARAMS_MAX * LOGIT_PARAMS_MAX];
    bool known = linear_spd_inverse(m, point->curvature, LOGIT_PIVOT_MIN, inverse);
    fit->intercept = point->beta[0];
    fit->log_likelihood = point->log_likelihood;
    for (int j = 0; j < m; j++) fit->std_error[j] = known ? sqrt(inverse[j * m + j]) : NAN;
    for (int j = 0; j < fit->k; j++) fit->coefficient[j] = point->beta[j + 1];
}

void logit_fit(const LogitData *data, double penalty, const Poll *poll, LogitFit *out) {
    int64_t events = 0;
    *out = (LogitFit){.k = data->k, .intercept = NAN, .log_likelihood = NAN};
    for (int64_t i = 0; i < data->n; i++) events += data->happened[i];
    if (events == 0 || events == data->n) return;
    logit_standardise(data, out);
    LogitPoint point = {.beta = {log((double)events / (double)(data->n - events))}};
    if (!logit_evaluate(data, out, penalty, poll, &point)) {
        out->interrupted = true;
        return;
    }
    double promise = 1;
    while (out->iterations < LOGIT_ITERATIONS_MAX && promise > LOGIT_TOLERANCE * (double)data->n) {
        out->iterations++;
        promise = logit_step(data, out, penalty, poll, &point);
    }
    out->converged = promise >= 0 && promise <= LOGIT_TOLERANCE * (double)data->n;
    if (!out->interrupted) logit_report(out, &point);
}
