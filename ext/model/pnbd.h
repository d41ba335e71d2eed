/* pnbd.h - the Pareto/NBD model of repeat buying.
 *
 * While alive, a customer buys as a Poisson process with rate lambda ~ Gamma(r, alpha); they drop out at a
 * moment that is exponential with rate mu ~ Gamma(s, beta).  Seen until age T with x repeat purchases, the
 * last at t_x, the likelihood is
 *
 *     L = Gamma(r + x) / Gamma(r) * alpha^r beta^s [ A + s J ],
 *     A = (alpha + T)^-(r + x) (beta + T)^-s                                   alive at T,
 *     J = integral over t_x..T of (alpha + y)^-(r + x) (beta + y)^-(s + 1) dy  gone at y,
 *
 * and P(alive) = A / (A + s J).  J is taken by quadrature over a graded variable, which needs no 2F1, has no
 * singularity at alpha = beta and gives the gradient beside it.
 *
 * Schmittlein, Morrison, Colombo (1987), Management Science 33(1), 1-24; Fader, Hardie (2005), A Note on
 * Deriving the Pareto/NBD Model, brucehardie.com/notes/009.
 *
 * Time may be in any unit: t_x, T, alpha, beta and horizons share it, r and s have none.  Wanted are
 * r, alpha, s, beta > 0, x >= 0, 0 <= tx <= T, horizons t >= 0, all finite; otherwise the functions return NaN.
 */
#ifndef MODEL_PNBD_H
#define MODEL_PNBD_H

typedef struct PnbdParams {
    double r, alpha; /* purchase rates: Gamma(r, alpha), mean r / alpha per day */
    double s, beta;  /* dropout rates: Gamma(s, beta), mean s / beta per day */
} PnbdParams;

/* ln(L) of one customer.  gradient (may be NULL) gets d/dr, d/dalpha, d/ds, d/dbeta. */
double pnbd_loglik(const PnbdParams *params, double x, double tx, double T, double gradient[4]);

/* The same without the sum of ln(r + i) over i = 0 .. x - 1 (in d/dr, of 1 / (r + i)), for loops over many customers:
 * params and customer are valid. */
double pnbd_loglik_life(const PnbdParams *params, double x, double tx, double T, double gradient[4]);

/* P(alive at T). */
double pnbd_p_alive(const PnbdParams *params, double x, double tx, double T);

/* P(a purchase in (T, T + t]) of a customer known to be alive at T, and the density of the next purchase at T + t
 * (density may be NULL). */
double pnbd_buys_if_alive(const PnbdParams *params, double x, double T, double t, double *density);

/* P(no purchase in (T, T + t]): gone, or alive and waiting. */
double pnbd_p_no_purchase(const PnbdParams *params, double x, double tx, double T, double t);

/* Expected purchases in (T, T + t] of a customer known to be alive at T; t_x does not matter. */
double pnbd_expected_if_alive(const PnbdParams *params, double x, double T, double t);

/* The same, a purchase u after T weighing exp(-delta u). */
double pnbd_discounted_if_alive(const PnbdParams *params, double x, double T, double t, double delta);

/* Expected repeat purchases of a new customer in the first t after the first purchase. */
double pnbd_unconditional_expected(const PnbdParams *params, double t);

#endif
