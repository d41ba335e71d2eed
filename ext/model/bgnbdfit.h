/* bgnbdfit.h - the BG/NBD and MBG/NBD models fitted to a shop's customers by maximum likelihood.
 *
 *     BgnbdfitData data = {n, frequency, recency, age, count};
 *     bgnbdfit_run(BGNBD_MBG, &data, workspace, NULL, &fit);
 *
 * In logarithms of the parameters, started from the plain NBD (r and alpha alone), whose likelihood
 * also tells whether the data show anybody dropping out.  Works in days.
 */
#ifndef MODEL_BGNBDFIT_H
#define MODEL_BGNBDFIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/poll.h"
#include "model/bgnbd.h"

/* Customers by history, as rfmgroup_collapse leaves them: n triples with
 * 0 <= frequency <= recency <= age (days), count[i] customers each.  A triple may repeat; fits are
 * fastest when equal frequencies are neighbours, and equal to the last bit for equal order. */
typedef struct BgnbdfitData {
    int64_t n;
    const int32_t *frequency, *recency, *age;
    const int64_t *count;
} BgnbdfitData;

#define BGNBDFIT_PRIOR 3.0 /* of a log parameter, a factor of 20 */
#define BGNBDFIT_WEAK 1.5  /* of the log of a shape in BgnbdfitWeak, of that of a scale twice as much */

/* Where the likelihood has a ridge, its end is as good a fit as a point half way, but not as likely a truth.  The fit with
 * weak priors says what else may be: normal on the log parameters, around 1 (b: 2.5) and around days that the data
 * suggest.  What lies between both fits belongs to every interval. */
typedef struct BgnbdfitWeak {
    double value[4];           /* parameters, in the order of the model's; NaN: there is no ridge, or none was found */
    double covariance[16];     /* of their logarithms */
} BgnbdfitWeak;

enum {
    BGNBDFIT_NO_ATTRITION = 1,  /* nobody is seen to drop out: a / (a + b) is next to 0, or dropout
                                   improves the log-likelihood of the plain NBD by less than 2 */
    BGNBDFIT_RIDGE = 2,         /* only a combination of parameters is identified: one ran away, or
                                   the curvature is singular; predictions hold, parameters do not */
    BGNBDFIT_NOT_CONVERGED = 4, /* the search ended before an optimum */
    BGNBDFIT_NO_REPEATS = 8     /* no repeat purchase, or no time to make one: nothing to learn */
};

typedef struct Bgnbdfit {
    BgnbdKind kind;
    BgnbdParams params;         /* maximum likelihood, alpha in days; NaN without customers */
    BgnbdParams std_error;      /* asymptotic standard errors, NaN when not identified */
    double covariance[16];      /* asymptotic, of ln(r, alpha, a, b), row by row.  What is not identified has a
                                   standard deviation of about BGNBDFIT_PRIOR; NaN where there is no minimum */
    BgnbdfitWeak weak;
    double log_likelihood;      /* at params */
    double log_likelihood_nbd;  /* of the best model without dropout ... */
    BgnbdParams nbd, nbd_std_error; /* ... whose r and alpha these are; a and b NaN */
    double nbd_covariance[4];   /* of ln(r, alpha) of that model */
    bool nbd_converged;
    int64_t customers;          /* sum of the counts */
    int64_t one_timers;         /* of those, with frequency 0 */
    int iterations, evaluations; /* over all starts; evaluations of the full likelihood; without
                                    those of weak */
    bool converged, interrupted; /* after an interruption nothing else is to be used */
    unsigned warnings;          /* BGNBDFIT_NO_ATTRITION, ... */
} Bgnbdfit;

/* Bytes that bgnbdfit_run needs for these data. */
int64_t bgnbdfit_workspace_size(const BgnbdfitData *data);

/* Fits by maximum likelihood.  Never fails: what went wrong is in out->warnings.  The workspace
 * is 8-aligned.  Polls before each evaluation and at least every 50,000 terms. */
void bgnbdfit_run(BgnbdKind kind, const BgnbdfitData *data, void *workspace, const Poll *poll,
                  Bgnbdfit *out);

#endif
