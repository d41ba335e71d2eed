/* purchasewindow.h - how many purchases fall into a stretch of the future, and how sure that is.
 *
 * Of a customer alive at T, N purchases lie in (T + from, T + to].  With E(x, t) the expected purchases of one with x
 * repeat purchases within t,
 *
 *     E[N]         = E(x, to) - E(x, from)
 *     E[N (N - 1)] = 2 rate stay [ (to - from) E(x + 1, to) - integral over from..to of E(x + 1, v) dv ]
 *
 * since a pair is a first purchase at some u and a second at a later v, and who has made one more has the posterior of
 * x + 1: rate = (r + x) / (alpha + T), stay = P(no dropout after that purchase), which is (b + x + m) / (a + b + x + m)
 * for BG/NBD (m = 0) and MBG/NBD (m = 1) and 1 otherwise.  The integral is taken by Simpson's rule: it feeds variances.
 */
#ifndef MODEL_PURCHASEWINDOW_H
#define MODEL_PURCHASEWINDOW_H

#include "model/gammagamma.h"
#include "model/purchase.h"

typedef struct PurchaseWindow {
    double expected, pairs; /* E[N], E[N (N - 1)], given alive at T */
} PurchaseWindow;

/* Of n adjoining windows that end at to[0] < to[1] < ..., the first beginning at 0.  Of many windows E is interpolated, to
 * PURCHASEWINDOW_TOLERANCE of its value at the last end. */
#define PURCHASEWINDOW_TOLERANCE 1e-12
void purchasewindow_if_alive(const PurchaseLaw *law, double x, double T, int n, const double *to,
                             PurchaseWindow *windows);

/* E[N] alone. */
void purchasewindow_expect(const PurchaseLaw *law, double x, double T, int n, const double *to, double *expected);

/* Spend per purchase: E[Z], E[Z^2] and E[Z Z'] of two different purchases of a customer, by Gamma-Gamma; NaN where a
 * moment does not exist.  x repeat purchases of mean m, as in gammagamma.h. */
typedef struct PurchaseSpend {
    double mean, square, product;
} PurchaseSpend;

PurchaseSpend purchasewindow_spend(const GammagammaParams *params, double x, double m);

/* ---- How the parameters are known ---- */

enum { PURCHASEWINDOW_PARAMS_MAX = 4 };

/* How many parameters a law has. */
int purchasewindow_n_params(const PurchaseLaw *law);

/* The law with parameter i multiplied. */
PurchaseLaw purchasewindow_scaled(const PurchaseLaw *law, int i, double factor);

/* Derivatives of a customer's log-likelihood by the logarithms of the parameters. */
void purchasewindow_score(const PurchaseLaw *law, double x, double tx, double T,
                          double score[PURCHASEWINDOW_PARAMS_MAX]);

#endif
