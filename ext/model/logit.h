/* logit.h - penalised logistic regression.
 *
 *     ln(p / (1 - p)) = intercept + sum of coefficient[j] * (x[j] - mean[j]) / scale[j],
 *
 * fitted to 0/1 outcomes by maximum likelihood less penalty / 2 times the sum of squared coefficients, by
 * Newton's method.  Features are brought to mean 0 and standard deviation 1 inside, so that the penalty means the
 * same for each; the intercept is free.  A feature that never varies gets coefficient 0.
 * Hoerl, Kennard (1970), Technometrics 12, 55-67; le Cessie, van Houwelingen (1992), Applied Statistics 41, 191-201.
 */
#ifndef MODEL_LOGIT_H
#define MODEL_LOGIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/poll.h"

enum { LOGIT_FEATURES_MAX = 15 };

typedef struct LogitData {
    int64_t n;
    int k;                 /* features, at most LOGIT_FEATURES_MAX */
    const double *x;       /* n rows of k, all finite */
    const bool *happened;  /* n outcomes */
} LogitData;

typedef struct LogitFit {
    int k;
    double intercept, coefficient[LOGIT_FEATURES_MAX];
    double std_error[LOGIT_FEATURES_MAX + 1]; /* of the intercept, then of the coefficients */
    double mean[LOGIT_FEATURES_MAX], scale[LOGIT_FEATURES_MAX];
    double log_likelihood; /* without the penalty */
    int iterations;
    bool converged, interrupted;
} LogitFit;

/* Fits.  Not converged when one outcome is missing, or when Newton ends early.  Polls once an iteration and at least
 * every 10,000 rows. */
void logit_fit(const LogitData *data, double penalty, const Poll *poll, LogitFit *out);

/* The fitted log odds and probability of one row of k features. */
double logit_log_odds(const LogitFit *fit, const double *x);
double logit_probability(const LogitFit *fit, const double *x);

#endif
