/* gammagamma.h - the Gamma-Gamma model of spend per purchase.
 *
 * A customer's purchases are Gamma(p, nu), mean p / nu, around a scale nu ~ Gamma(q, gamma) of
 * their own, independent of how often they buy.  For x purchases of mean m,
 *
 *     L = Gamma(px + q) / (Gamma(px) Gamma(q)) * gamma^q m^(px - 1) x^px / (gamma + m x)^(px + q).
 *
 * The expected spend per purchase weighs a customer's own mean against everybody's.
 * Fader, Hardie, Lee (2005), Journal of Marketing Research 42(4), 415-430; Fader, Hardie (2013),
 * The Gamma-Gamma Model of Monetary Value, brucehardie.com/notes/025.
 */
#ifndef MODEL_GAMMAGAMMA_H
#define MODEL_GAMMAGAMMA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/poll.h"

typedef struct GammagammaParams {
    double p, q;  /* shapes, without unit */
    double gamma; /* scale, in units of money */
} GammagammaParams;

#define GAMMAGAMMA_CORRELATION_MAX 0.15

enum {
    GAMMAGAMMA_MEAN_INFINITE = 1, /* q <= 1: the population mean does not exist */
    GAMMAGAMMA_CORRELATED = 2,    /* |correlation| above GAMMAGAMMA_CORRELATION_MAX: spend is not independent of frequency */
    GAMMAGAMMA_NOT_CONVERGED = 4, /* the search ended before an optimum */
    GAMMAGAMMA_RIDGE = 8,         /* only a combination of parameters is identified */
    GAMMAGAMMA_NO_CUSTOMERS = 16  /* nobody with a repeat purchase of positive mean */
};

typedef struct GammagammaFit {
    GammagammaParams params;     /* maximum likelihood; NaN without customers */
    GammagammaParams std_error;  /* asymptotic standard errors, NaN when not identified */
    double log_likelihood;       /* at params */
    double correlation;          /* Pearson's, of frequency and mean spend; NaN when undefined */
    int64_t customers;           /* who took part: frequency > 0 and a positive mean */
    int iterations, evaluations; /* over all starts */
    bool converged, interrupted; /* after an interruption nothing else is to be used */
    unsigned warnings;           /* GAMMAGAMMA_MEAN_INFINITE, ... */
} GammagammaFit;

/* Bytes that gammagamma_fit needs for n customers. */
int64_t gammagamma_workspace_size(int64_t n);

/* Fits by maximum likelihood to n customers with frequency[i] repeat purchases of mean
 * monetary_value[i]; those with no repeat or with a mean that is not positive and finite are left
 * out.  Their order does not matter, to the last bit.  The workspace is 8-aligned.  Polls before
 * each evaluation and at least every 50,000 terms. */
void gammagamma_fit(int64_t n, const int32_t *frequency, const double *monetary_value,
                    void *workspace, const Poll *poll, GammagammaFit *out);

/* ln(L) of one customer, x > 0, m > 0.  gradient (may be NULL) gets d/dp, d/dq, d/dgamma.  NaN
 * for arguments or parameters that are not positive and finite. */
double gammagamma_loglik(const GammagammaParams *params, double x, double m, double gradient[3]);

/* Expected spend per purchase of a customer with x purchases of mean m:
 * p (gamma + x m) / (p x + q - 1); at x = 0, which does not read m, the population mean
 * p gamma / (q - 1).  NaN where that mean does not exist (p x + q <= 1), for x < 0, and for m < 0 when x > 0. */
double gammagamma_expected_spend(const GammagammaParams *params, double x, double m);

#endif
