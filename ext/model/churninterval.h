/* churninterval.h - how sure is a probability of no purchase?
 *
 * A fit knows the parameters of its law only as well as the customers it has seen tell them.  The interval is
 * that of the probability itself, given this uncertainty alone: with another shop of the same law and size the
 * fit would differ, and in a share `confidence` of such shops the interval holds what the true parameters say of
 * the customer.  It is not about whether the customer comes back.
 *
 * Delta method on the log odds L = ln(P / (1 - P)): their standard error is sqrt(g' C g) with the gradient g of L
 * by the logarithms of the parameters and the covariance C of these (Purchasefit), and the ends are
 * 1 / (1 + exp(-(L +- z sqrt(g' C g)))), which stay inside 0..1.  Where the fit ended on a ridge, as up to four in ten do
 * in shops of 60 customers, the interval also holds that of the fit with weak priors (BgnbdfitWeak).  The 90 % interval
 * then covers 85 to 95 % in shops of 60 to 1000 customers, on ridges too: tests/check_intervals.c.
 */
#ifndef MODEL_CHURNINTERVAL_H
#define MODEL_CHURNINTERVAL_H

#include "model/purchasefit.h"

typedef struct Churninterval {
    double low, high; /* NaN where the fit has no covariance */
} Churninterval;

/* The interval of P(no purchase in (T, T + t]), t > 0, of a customer as of model/purchase.h, z standard errors to
 * each side. */
Churninterval churninterval_of(const Purchasefit *fit, double x, double tx, double T, double t, double z);

/* ln P(a purchase in (T, T + t]), and its derivatives by the logarithms of the law's parameters (those of the NBD
 * are two). */
double churninterval_log_buys(const PurchaseLaw *law, double x, double tx, double T, double t,
                              double gradient[PURCHASEFIT_PARAMS_MAX]);

#endif
