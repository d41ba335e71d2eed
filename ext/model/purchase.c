/* purchase.c - see purchase.h. */
#include "model/purchase.h"

#include "base/libm.h"

static BgnbdKind purchase_kind(const PurchaseLaw *law) {
    return law->model == PURCHASE_MBGNBD ? BGNBD_MBG : BGNBD_BG;
}

double purchase_discount(double annual_discount_rate) {
    return log1p(annual_discount_rate) / PURCHASE_YEAR_DAYS;
}

double purchase_alpha(const PurchaseLaw *law) {
    return law->model == PURCHASE_PNBD ? law->as.pnbd.alpha : law->as.bgnbd.alpha;
}

double purchase_rate(const PurchaseLaw *law, double x, double T) {
    double r = law->model == PURCHASE_PNBD ? law->as.pnbd.r : law->as.bgnbd.r;
    return (r + x) / (purchase_alpha(law) + T);
}

/* ---- The NBD ---- */

static bool purchase_nbd_valid(const PurchaseLaw *law, double x, double T, double t) {
    return law->as.bgnbd.r > 0 && law->as.bgnbd.alpha > 0 && x >= 0 && T >= 0 && t >= 0 && isfinite(t);
}

static double purchase_nbd_no_purchase(const PurchaseLaw *law, double x, double T, double t) {
    if (!purchase_nbd_valid(law, x, T, t)) return NAN;
    return exp(-(law->as.bgnbd.r + x) * log1p(t / (law->as.bgnbd.alpha + T)));
}

/* Purchases come at a constant expected rate, so discounting is that of a steady stream. */
static PurchaseCount purchase_nbd_count(const PurchaseLaw *law, double x, double T, double t, double delta) {
    double rate = purchase_nbd_valid(law, x, T, t) ? purchase_rate(law, x, T) : (double)NAN;
    return (PurchaseCount){.expected = rate * t, .discounted = delta > 0 ? rate * -expm1(-delta * t) / delta : rate * t};
}

/* ---- All ---- */

double purchase_p_alive(const PurchaseLaw *law, double x, double tx, double T) {
    switch (law->model) {
        case PURCHASE_PNBD: return pnbd_p_alive(&law->as.pnbd, x, tx, T);
        case PURCHASE_NBD: return 1;
        default: return bgnbd_p_alive(purchase_kind(law), &law->as.bgnbd, x, tx, T);
    }
}

double purchase_p_no_purchase(const PurchaseLaw *law, double x, double tx, double T, double t) {
    switch (law->model) {
        case PURCHASE_PNBD: return pnbd_p_no_purchase(&law->as.pnbd, x, tx, T, t);
        case PURCHASE_NBD: return purchase_nbd_no_purchase(law, x, T, t);
        default: return bgnbd_p_no_purchase(purchase_kind(law), &law->as.bgnbd, x, tx, T, t);
    }
}

PurchaseCount purchase_if_alive(const PurchaseLaw *law, double x, double T, double t, double delta) {
    if (law->model == PURCHASE_NBD) return purchase_nbd_count(law, x, T, t, delta);
    if (law->model == PURCHASE_PNBD)
        return (PurchaseCount){.expected = pnbd_expected_if_alive(&law->as.pnbd, x, T, t),
                               .discounted = pnbd_discounted_if_alive(&law->as.pnbd, x, T, t, delta)};
    BgnbdPurchases both = bgnbd_purchases_if_alive(purchase_kind(law), &law->as.bgnbd, x, T, t, delta);
    return (PurchaseCount){.expected = both.expected, .discounted = both.discounted};
}
