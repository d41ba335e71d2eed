/* lawfit.h - the purchase models fitted to buyers.
 *
 * A Pareto/NBD takes a quadrature for each distinct history.  Where these are many it may be fitted to every k-th
 * customer in the order of the histories (frequency, recency, age): a sample that depends on nothing but the
 * customers' histories.
 */
#ifndef LAWFIT_H
#define LAWFIT_H

#include "data/buyers.h"
#include "model/purchasefit.h"

enum { LAWFIT_HISTORIES_MAX = 4000 }; /* distinct histories from which on a Pareto/NBD is fitted to a sample */

/* One model, to all buyers. */
void lawfit_run(Purchasefit *fit, PurchaseModel model, const Buyers *buyers, Err *err, const Poll *poll);

/* All models, by PurchaseModel; the Pareto/NBD to a sample where histories are many.  Its log-likelihood is that
 * of all buyers, its standard errors are those of the sample.  Returns the customers of the sample, 0 when it
 * was fitted to all. */
int64_t lawfit_run_all(Purchasefit fits[PURCHASE_MODELS], const Buyers *buyers, Err *err, const Poll *poll);

#endif
