/* purchase.h - the models of repeat buying behind one face.
 *
 * A law is a model with its parameters.  Time is in days.  x, tx, T as in the model's own header; what is not
 * defined there is NaN here.  The NBD is buying without dropout: rate lambda ~ Gamma(r, alpha) for ever
 * (Ehrenberg 1959, Applied Statistics 8, 26-41), the yardstick of the others.
 */
#ifndef MODEL_PURCHASE_H
#define MODEL_PURCHASE_H

#include "model/bgnbd.h"
#include "model/pnbd.h"

typedef enum PurchaseModel { PURCHASE_BGNBD, PURCHASE_MBGNBD, PURCHASE_PNBD, PURCHASE_NBD, PURCHASE_MODELS } PurchaseModel;

typedef struct PurchaseLaw {
    PurchaseModel model;
    union {
        BgnbdParams bgnbd; /* of BG/NBD and MBG/NBD; of the NBD r and alpha alone */
        PnbdParams pnbd;
    } as;
} PurchaseLaw;

/* P(alive at T). */
double purchase_p_alive(const PurchaseLaw *law, double x, double tx, double T);

/* P(no purchase in (T, T + t]). */
double purchase_p_no_purchase(const PurchaseLaw *law, double x, double tx, double T, double t);

/* Posterior mean of the purchases per day while alive: (r + x) / (alpha + T). */
double purchase_rate(const PurchaseLaw *law, double x, double T);

/* Expected purchases in (T, T + t] of a customer alive at T, and the same with a purchase u after T weighing
 * exp(-delta u). */
typedef struct PurchaseCount {
    double expected, discounted;
} PurchaseCount;
PurchaseCount purchase_if_alive(const PurchaseLaw *law, double x, double T, double t, double delta);

/* delta per day of a discount per year, so that a purchase after t days weighs
 * (1 + annual_discount_rate)^(-t / PURCHASE_YEAR_DAYS). */
#define PURCHASE_YEAR_DAYS 365.25
double purchase_discount(double annual_discount_rate);

/* Scale of the purchase rates, in days: alpha. */
double purchase_alpha(const PurchaseLaw *law);

#endif
