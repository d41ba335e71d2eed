/* outlook.h - what the customers of today are expected to order and to spend in the periods to come.
 *
 * Each buyer's orders and revenue in a period have a mean and a variance under the fitted laws: alive or not, a
 * number of purchases (model/purchasewindow.h), each of a spend by Gamma-Gamma.  Buyers are independent, so both
 * add up.  The laws themselves are known only as well as the buyers' history tells: the covariance of the
 * parameters' logarithms is the inverse of the sum of outer products of the buyers' scores, a weak prior (standard
 * deviation OUTLOOK_PRIOR) keeping those finite that the data say nothing of; it is carried to the revenue by
 * differences (the delta method).
 *
 * Buyers are gone through in the order of what the models know of them, so no digit depends on that of the rows.
 */
#ifndef OUTLOOK_H
#define OUTLOOK_H

#include "data/predictor.h"
#include "model/purchasewindow.h"

#define OUTLOOK_PRIOR 3.0

/* One period, or rather what all buyers together do in it. */
typedef struct Outlook {
    double orders;          /* expected purchase days */
    double revenue;         /* expected net amount; NaN where spend is not known, as below */
    double chance;          /* variance of the revenue were the laws known */
    double doubt;           /* variance of its expectation by what is not known of them */
} Outlook;

/* Fills n periods, which adjoin: period k lasts from to[k - 1] (0 at first) to to[k] days after as_of.  The
 * predictor has purchases. */
void outlook_run(const Predictor *predictor, const Book *book, const Buyers *buyers, int n, const double *to,
                 Outlook *outlook, Err *err, const Poll *poll);

#endif
