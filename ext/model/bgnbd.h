/* bgnbd.h - the BG/NBD and MBG/NBD models of repeat buying.
 *
 * While alive, a customer buys as a Poisson process with rate lambda ~ Gamma(r, alpha); after each
 * repeat purchase (MBG: after the first purchase, too) they drop out with probability
 * p ~ Beta(a, b).  Seen until age T with x repeat purchases, the last at t_x, the likelihood is,
 * with m = 0 for BG/NBD and m = 1 for MBG/NBD,
 *
 *     L = Gamma(r + x) / Gamma(r) * alpha^r / (alpha + T)^(r + x)
 *         * B(a, b + x + m) / B(a, b) * (1 + exp(D)),
 *     D = ln(a / (b + x + m - 1)) + (r + x) ln((alpha + T) / (alpha + t_x)),
 *
 * without the last factor for BG/NBD at x = 0, where nobody can have dropped out yet.  exp(D) is
 * the odds of being gone, so P(alive) = 1 / (1 + exp(D)).
 *
 * BG: Fader, Hardie, Lee (2005), Marketing Science 24(2), 275-284.
 * MBG: Batislam, Denizel, Filiztekin (2007), International Journal of Research in Marketing
 * 24(3), 201-209; Hoppe, Wagner (2007), Marketing JRM 3(2), 75-90.
 *
 * Time may be in any unit: t_x, T, alpha and horizons share it, r, a and b have none.  bgnbd_fit
 * works in days.  Functions of one customer want r, alpha, a, b > 0 and 0 <= tx <= T, x >= 0
 * (tx = 0 when x = 0), horizons t >= 0, all finite; otherwise they return NaN.
 */
#ifndef MODEL_BGNBD_H
#define MODEL_BGNBD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/poll.h"

typedef enum BgnbdKind { BGNBD_BG, BGNBD_MBG } BgnbdKind;

typedef struct BgnbdParams {
    double r, alpha; /* purchase rates: Gamma(r, alpha), mean r / alpha per day */
    double a, b;     /* dropout probabilities: Beta(a, b), mean a / (a + b) */
} BgnbdParams;

/* Customers by history, as rfmgroup_collapse leaves them: n triples with
 * 0 <= frequency <= recency <= age (days), count[i] customers each.  A triple may repeat; fits are
 * fastest when equal frequencies are neighbours, and equal to the last bit for equal order. */
typedef struct BgnbdData {
    int64_t n;
    const int32_t *frequency, *recency, *age;
    const int64_t *count;
} BgnbdData;

enum {
    BGNBD_NO_ATTRITION = 1,  /* nobody is seen to drop out: a / (a + b) is next to 0, or dropout
                                improves the log-likelihood of the plain NBD by less than 2 */
    BGNBD_RIDGE = 2,         /* only a combination of parameters is identified: one ran away, or
                                the curvature is singular; predictions hold, parameters do not */
    BGNBD_NOT_CONVERGED = 4, /* the search ended before an optimum */
    BGNBD_NO_REPEATS = 8     /* no repeat purchase, or no time to make one: nothing to learn */
};

typedef struct BgnbdFit {
    BgnbdKind kind;
    BgnbdParams params;         /* maximum likelihood, alpha in days; NaN without customers */
    BgnbdParams std_error;      /* asymptotic standard errors, NaN when not identified */
    double log_likelihood;      /* at params */
    double log_likelihood_nbd;  /* of the best model without dropout */
    int64_t customers;          /* sum of the counts */
    int64_t one_timers;         /* of those, with frequency 0 */
    int iterations, evaluations; /* over all starts; evaluations of the full likelihood */
    bool converged, interrupted; /* after an interruption nothing else is to be used */
    unsigned warnings;          /* BGNBD_NO_ATTRITION, ... */
} BgnbdFit;

/* Bytes that bgnbd_fit needs for these data. */
int64_t bgnbd_workspace_size(const BgnbdData *data);

/* Fits by maximum likelihood.  Never fails: what went wrong is in out->warnings.  The workspace
 * is 8-aligned.  Polls before each evaluation and at least every 50,000 terms. */
void bgnbd_fit(BgnbdKind kind, const BgnbdData *data, void *workspace, const Poll *poll,
               BgnbdFit *out);

/* ln(L) of one customer.  gradient (may be NULL) gets d/dr, d/dalpha, d/da, d/db. */
double bgnbd_loglik(BgnbdKind kind, const BgnbdParams *params, double x, double tx, double T,
                    double gradient[4]);

/* P(alive at T).  1 for every BG/NBD customer with x = 0: do not rank churn by it. */
double bgnbd_p_alive(BgnbdKind kind, const BgnbdParams *params, double x, double tx, double T);

/* P(no purchase in (T, T + t]): gone, or alive and waiting. */
double bgnbd_p_no_purchase(BgnbdKind kind, const BgnbdParams *params, double x, double tx,
                           double T, double t);

/* Expected purchases in (T, T + t]. */
double bgnbd_expected_purchases(BgnbdKind kind, const BgnbdParams *params, double x, double tx,
                                double T, double t);

/* Expected purchases in (T, T + t] of a customer known to be alive at T; t_x does not matter. */
double bgnbd_expected_if_alive(BgnbdKind kind, const BgnbdParams *params, double x, double T,
                               double t);

/* The same, a purchase u after T weighing exp(-delta u): the discounted expected transactions.
 * delta >= 0 per unit of time; at 0 this is bgnbd_expected_if_alive. */
double bgnbd_discounted_if_alive(BgnbdKind kind, const BgnbdParams *params, double x, double T,
                                 double t, double delta);

/* Expected repeat purchases of a new customer in the first t after the first purchase. */
double bgnbd_unconditional_expected(BgnbdKind kind, const BgnbdParams *params, double t);

#endif
