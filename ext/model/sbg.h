/* sbg.h - the shifted beta geometric model of contracts: who renews, and for how long?
 *
 * At the end of each period a subscriber leaves with a probability theta ~ Beta(alpha, beta) of their own.
 *
 *     S(t) = B(alpha, beta + t) / B(alpha, beta)           still there after t renewal decisions
 *     P(T = t) = alpha / (alpha + beta + t - 1) S(t - 1)   leaves at the t-th
 *     S(t) / S(t - 1) = (beta + t - 1) / (alpha + beta + t - 1)
 *
 * Retention rises with t though nobody changes: those who leave easily are gone first.
 * Fader, Hardie (2007), Journal of Interactive Marketing 21(1), 76-90.
 *
 * alpha, beta > 0 and t >= 0; otherwise the functions return NaN.
 */
#ifndef MODEL_SBG_H
#define MODEL_SBG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/poll.h"

typedef struct SbgParams {
    double alpha, beta;
} SbgParams;

enum {
    SBG_NO_CHURN = 1,      /* nobody left: nothing to learn */
    SBG_RIDGE = 2,         /* only the mean rate is identified: all leave alike, or at once or never */
    SBG_NOT_CONVERGED = 4  /* the search ended before an optimum */
};

/* Subscribers by t = 1 .. n: lost[t - 1] left at decision t, kept[t - 1] were last seen after t decisions. */
typedef struct SbgData {
    int64_t n;
    const int64_t *lost, *kept;
} SbgData;

typedef struct SbgFit {
    SbgParams params;        /* maximum likelihood; NaN without data */
    SbgParams std_error;     /* asymptotic standard errors, NaN when not identified */
    double log_likelihood;   /* at params */
    int64_t customers, lost; /* sums of the counts */
    int iterations;
    bool converged, interrupted;
    unsigned warnings;       /* SBG_NO_CHURN, ... */
} SbgFit;

/* ln S(t), t a whole number. */
double sbg_log_survival(const SbgParams *params, double t);

/* The share of those still there after t - 1 decisions who renew at the t-th, t >= 1. */
double sbg_retention(const SbgParams *params, double t);

/* Expected decisions survived in the next h of somebody who has survived t: sum of S(t + k) / S(t), k = 1 .. h. */
double sbg_expected_renewals(const SbgParams *params, double t, double h);

/* Fits by maximum likelihood.  Polls before each evaluation. */
void sbg_fit(const SbgData *data, const Poll *poll, SbgFit *out);

#endif
