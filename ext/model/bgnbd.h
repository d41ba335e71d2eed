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
 * Time may be in any unit: t_x, T, alpha and horizons share it, r, a and b have none.  Wanted are
 * r, alpha, a, b > 0 and 0 <= tx <= T, x >= 0 (tx = 0 when x = 0), horizons t >= 0, all finite;
 * otherwise the functions return NaN.
 */
#ifndef MODEL_BGNBD_H
#define MODEL_BGNBD_H

#include <stdbool.h>

typedef enum BgnbdKind { BGNBD_BG, BGNBD_MBG } BgnbdKind;

typedef struct BgnbdParams {
    double r, alpha; /* purchase rates: Gamma(r, alpha), mean r / alpha per day */
    double a, b;     /* dropout probabilities: Beta(a, b), mean a / (a + b) */
} BgnbdParams;

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

/* Both at the price of the second. */
typedef struct BgnbdPurchases {
    double expected, discounted;
} BgnbdPurchases;

BgnbdPurchases bgnbd_purchases_if_alive(BgnbdKind kind, const BgnbdParams *params, double x,
                                        double T, double t, double delta);

/* Expected repeat purchases of a new customer in the first t after the first purchase. */
double bgnbd_unconditional_expected(BgnbdKind kind, const BgnbdParams *params, double t);

/* ---- Pieces of the likelihood, which the fit tabulates ---- */

/* m of the likelihood: chances to drop out beside the repeat purchases. */
static inline double bgnbd_m(BgnbdKind kind) {
    return kind == BGNBD_MBG ? 1 : 0;
}

static inline bool bgnbd_can_be_gone(BgnbdKind kind, double x) {
    return kind == BGNBD_MBG || x > 0;
}

/* Sums over i = 0 .. n - 1, extended to any n >= 0 by lgamma and psi; {0} are those of n = 0. */
typedef struct BgnbdSums {
    double n;
    double log_rate;   /* ln(r + i) */
    double rate;       /* 1 / (r + i) */
} BgnbdSums;
typedef struct BgnbdBetaSums {
    double n;
    double log_stay;   /* ln(1 + a / (b + i)) */
    double b, ab;      /* 1 / (b + i), 1 / (a + b + i) */
} BgnbdBetaSums;

/* Moves the sums on to n: term by term when these are at most step_max, else afresh. */
void bgnbd_sums_to(BgnbdSums *sums, const BgnbdParams *params, double n, double step_max);
void bgnbd_beta_sums_to(BgnbdBetaSums *sums, const BgnbdParams *params, double n, double step_max);

#endif
