/* score.c - see score.h. */
#include "stat/score.h"

#include "base/libm.h"
#include "math/sum.h"

/* The end of the run of equal values that begins at i, and how many events it has. */
static int64_t score_run(int64_t n, const double *value, const bool *happened, int64_t i, int64_t *events) {
    int64_t end = i;
    *events = 0;
    for (; end < n && value[end] == value[i]; end++) *events += happened[end];
    return end;
}

/* Every event has the share of non-events below it, every non-event the share of events above it; the AUC is
 * the mean of either, and their variances, each over its number, add up. */
ScoreAuc score_auc(int64_t n, const double *value, const bool *happened) {
    ScoreAuc result = {.auc = NAN, .variance = NAN, .n = n};
    for (int64_t i = 0; i < n; i++) result.events += happened[i];
    double events = (double)result.events, others = (double)(n - result.events);
    if (events == 0 || others == 0) return result;
    Sum sum = {0}, of_events = {0}, of_others = {0}; /* shares, and their squares */
    double events_before = 0, others_before = 0;
    for (int64_t i = 0, end; i < n; i = end) {
        int64_t tied;
        end = score_run(n, value, happened, i, &tied);
        double run_events = (double)tied, run_others = (double)(end - i - tied);
        double below = (others_before + 0.5 * run_others) / others;
        double above = (events - events_before - 0.5 * run_events) / events;
        sum_add(&sum, run_events * below);
        sum_add(&of_events, run_events * below * below);
        sum_add(&of_others, run_others * above * above);
        events_before += run_events;
        others_before += run_others;
    }
    double auc = sum_value(&sum) / events;
    result.auc = auc;
    if (events < 2 || others < 2) return result;
    double spread_events = (sum_value(&of_events) - events * auc * auc) / (events - 1);
    double spread_others = (sum_value(&of_others) - others * auc * auc) / (others - 1);
    result.variance = fmax(spread_events, 0) / events + fmax(spread_others, 0) / others;
    return result;
}

double score_precision_top(int64_t n, const double *value, const bool *happened, double share) {
    double wanted = share * (double)n, taken = 0, events = 0;
    for (int64_t end = n, i; end > 0 && taken < wanted; end = i) {
        int64_t tied = 0;
        for (i = end; i > 0 && value[i - 1] == value[end - 1]; i--) tied += happened[i - 1];
        double part = fmin(1, (wanted - taken) / (double)(end - i));
        taken += part * (double)(end - i);
        events += part * (double)tied;
    }
    return taken > 0 ? events / taken : NAN;
}

double score_brier(int64_t n, const double *p, const bool *happened) {
    Sum sum = {0};
    for (int64_t i = 0; i < n; i++) sum_add(&sum, (p[i] - happened[i]) * (p[i] - happened[i]));
    return n > 0 ? sum_value(&sum) / (double)n : NAN;
}

double score_log_loss(int64_t n, const double *p, const bool *happened) {
    Sum sum = {0};
    for (int64_t i = 0; i < n; i++) sum_add(&sum, -log(fmax(happened[i] ? p[i] : 1 - p[i], SCORE_P_MIN)));
    return n > 0 ? sum_value(&sum) / (double)n : NAN;
}
