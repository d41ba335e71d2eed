/* bgbb.h - the BG/BB model: purchases at discrete opportunities (months, events, campaigns).
 *
 * At each of n opportunities a customer who is alive buys with probability p ~ Beta(alpha, beta); before each
 * they drop out with probability theta ~ Beta(gamma, delta).  With x purchases, the last at opportunity t_x
 * (0 without one),
 *
 *     L = [ B(alpha + x, beta + n - x) B(gamma, delta + n)
 *           + sum over i = 0 .. n - t_x - 1 of
 *             B(alpha + x, beta + t_x - x + i) B(gamma + 1, delta + t_x + i) ] / [B(alpha, beta) B(gamma, delta)].
 *
 * Fader, Hardie, Shang (2010), Marketing Science 29(6), 1086-1108.
 *
 * Parameters > 0, 0 <= x <= t_x <= n whole numbers, x = 0 exactly when t_x = 0; otherwise NaN.
 */
#ifndef MODEL_BGBB_H
#define MODEL_BGBB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/poll.h"

typedef struct BgbbParams {
    double alpha, beta;  /* purchase probabilities: Beta(alpha, beta) */
    double gamma, delta; /* dropout probabilities: Beta(gamma, delta) */
} BgbbParams;

/* Customers by history: count[i] of each. */
typedef struct BgbbData {
    int64_t n;
    const int32_t *x, *tx, *opportunities;
    const int64_t *count;
} BgbbData;

enum {
    BGBB_RIDGE = 2,         /* only a combination of parameters is identified */
    BGBB_NOT_CONVERGED = 4, /* the search ended before an optimum */
    BGBB_NO_PURCHASES = 8   /* no purchase, or no opportunity for one: nothing to learn */
};

typedef struct BgbbFit {
    BgbbParams params;      /* maximum likelihood; NaN without data */
    BgbbParams std_error;   /* asymptotic standard errors, NaN when not identified */
    double log_likelihood;  /* at params */
    int64_t customers;
    int iterations;
    bool converged, interrupted;
    unsigned warnings;      /* BGBB_RIDGE, ... */
} BgbbFit;

/* ln(L) of one customer.  gradient (may be NULL) gets d/dalpha, d/dbeta, d/dgamma, d/ddelta. */
double bgbb_loglik(const BgbbParams *params, int32_t x, int32_t tx, int32_t n, double gradient[4]);

/* P(alive at opportunity n + 1), as equation 11 of the paper. */
double bgbb_p_alive(const BgbbParams *params, int32_t x, int32_t tx, int32_t n);

/* P(no purchase at the next h opportunities). */
double bgbb_p_no_purchase(const BgbbParams *params, int32_t x, int32_t tx, int32_t n, int32_t h);

/* Expected purchases at the next h opportunities, the k-th weighing (1 + discount)^-k; 0 for no discount. */
double bgbb_expected_purchases(const BgbbParams *params, int32_t x, int32_t tx, int32_t n, int32_t h,
                               double discount);

/* Fits by maximum likelihood.  Polls before each evaluation and at least every 1,000 histories. */
void bgbb_fit(const BgbbData *data, const Poll *poll, BgbbFit *out);

#endif
