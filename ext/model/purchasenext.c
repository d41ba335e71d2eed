/* purchasenext.c - see purchasenext.h. */
#include "model/purchasenext.h"

#include "base/libm.h"

#define PURCHASENEXT_EVER 1e300 /* days; what has not happened by then never does */

double purchasenext_p_never(const PurchaseLaw *law, double x, double tx, double T) {
    switch (law->model) {
        case PURCHASE_NBD: return 0;
        case PURCHASE_PNBD: return pnbd_p_no_purchase(&law->as.pnbd, x, tx, T, PURCHASENEXT_EVER);
        default: return 1 - purchase_p_alive(law, x, tx, T);
    }
}

/* The rate is gamma, so P(no purchase within t) = (1 + t / (alpha + T))^-(r + x). */
static int32_t purchasenext_day_by_rate(const PurchaseLaw *law, double x, double T, double share,
                                        int32_t days_max) {
    double r = law->as.bgnbd.r, alpha = law->as.bgnbd.alpha;
    double day = ceil((alpha + T) * expm1(-log1p(-share) / (r + x)));
    return !(day <= days_max) ? 0 : day < 1 ? 1 : (int32_t)day;
}

/* Who was seen at T is alive then: P(buys within t), to be held against P(buys ever). */
static double purchasenext_pnbd_buys(const PurchaseLaw *law, double x, double T, double t) {
    return 1 - pnbd_p_no_purchase(&law->as.pnbd, x, T, T, t);
}

int32_t purchasenext_day(const PurchaseLaw *law, double x, double T, double share, int32_t days_max) {
    if (law->model != PURCHASE_PNBD) return purchasenext_day_by_rate(law, x, T, share, days_max);
    double wanted = share * purchasenext_pnbd_buys(law, x, T, PURCHASENEXT_EVER);
    int32_t before = 0, by = days_max;
    if (!(purchasenext_pnbd_buys(law, x, T, days_max) >= wanted)) return 0;
    while (by - before > 1) {
        int32_t middle = before + (by - before) / 2;
        if (purchasenext_pnbd_buys(law, x, T, middle) >= wanted) by = middle;
        else before = middle;
    }
    return by;
}
