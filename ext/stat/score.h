/* score.h - how good were predicted probabilities, now that it is known what happened?
 *
 * p[i] is the probability that was given to event i, happened[i] whether it did; n of each.  Everything is NaN
 * where it has no meaning (no event, or nothing but events).
 */
#ifndef STAT_SCORE_H
#define STAT_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#define SCORE_P_MIN 1e-6 /* log_loss takes a probability as at least this far from 0 and 1 */

/* The area under the ROC curve: the chance that an event had a higher value than a non-event, ties half.
 * variance is that of DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44, 837-845. */
typedef struct ScoreAuc {
    double auc, variance;
    int64_t events, n;
} ScoreAuc;

/* Of values in ascending order, happened beside them.  Any scale will do: only the order counts. */
ScoreAuc score_auc(int64_t n, const double *value, const bool *happened);

/* The share of events among the share of n that has the highest values; of values tied at the border the
 * fitting part counts, each event alike.  Values ascending, 0 < share <= 1. */
double score_precision_top(int64_t n, const double *value, const bool *happened, double share);

/* The mean of (p - happened)^2 and of -ln(the probability of what happened). */
double score_brier(int64_t n, const double *p, const bool *happened);
double score_log_loss(int64_t n, const double *p, const bool *happened);

#endif
