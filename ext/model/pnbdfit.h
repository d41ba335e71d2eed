/* pnbdfit.h - the Pareto/NBD model fitted to a shop's customers by maximum likelihood.
 *
 * In logarithms of the parameters, from several starts: the usual one stops at a false optimum, s -> 0, on
 * some shops.  Works in days.  Each evaluation takes a quadrature for each distinct history, some hundred
 * times what the BG/NBD costs.
 */
#ifndef MODEL_PNBDFIT_H
#define MODEL_PNBDFIT_H

#include "model/bgnbdfit.h"
#include "model/pnbd.h"

typedef struct Pnbdfit {
    PnbdParams params;       /* maximum likelihood, alpha and beta in days; NaN without customers */
    PnbdParams std_error;    /* asymptotic standard errors, NaN when not identified */
    double covariance[16];   /* asymptotic, of ln(r, alpha, s, beta), row by row; as of Bgnbdfit */
    BgnbdfitWeak weak;
    double log_likelihood;   /* at params */
    int iterations, evaluations; /* over all starts */
    bool converged, interrupted; /* after an interruption nothing else is to be used */
    unsigned warnings;       /* as of Bgnbdfit */
} Pnbdfit;

/* Fits the data that nbd was fitted to; nbd is the fit of a BG/NBD or MBG/NBD, of which r, alpha and the
 * likelihood without dropout are taken.  Never fails: what went wrong is in out->warnings.  Polls before
 * each evaluation and at least every 1,000 histories. */
void pnbdfit_run(const BgnbdfitData *data, const Bgnbdfit *nbd, const Poll *poll, Pnbdfit *out);

/* The same from near, the optimum of much the same customers (NULL: not known): the only start where it leads to an
 * optimum inside, well above the NBD. */
void pnbdfit_run_near(const BgnbdfitData *data, const Bgnbdfit *nbd, const PnbdParams *near, const Poll *poll,
                      Pnbdfit *out);

#endif
