/* lawfit.h - the purchase models fitted to buyers.
 *
 * A Pareto/NBD takes a quadrature for each distinct history.  Where these are many it is fitted to every k-th
 * customer in the order of the histories (frequency, recency, age): a sample that depends on nothing but the
 * customers' histories.
 */
#ifndef LAWFIT_H
#define LAWFIT_H

#include "data/buyers.h"
#include "model/purchasefit.h"

enum { LAWFIT_HISTORIES_MAX = 2500 }; /* with more distinct ones a Pareto/NBD is fitted to a sample of as many customers */

/* One model.  Of a Pareto/NBD fitted to a sample log-likelihood and standard errors are those of the sample, and sampled
 * says how many customers it has. */
void lawfit_run(Purchasefit *fit, PurchaseModel model, const Buyers *buyers, Err *err, const Poll *poll);

/* All models, by PurchaseModel.  near (NULL: none): the same of this shop on another day, where a search may begin. */
void lawfit_run_all(Purchasefit fits[PURCHASE_MODELS], const Buyers *buyers, const Purchasefit *near, Err *err,
                    const Poll *poll);

/* The log-likelihood of a fit to these buyers, all of them. */
double lawfit_log_likelihood(const Purchasefit *fit, const Buyers *buyers, Err *err, const Poll *poll);

#endif
