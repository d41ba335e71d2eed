/* purchasenext.c - see purchasenext.h. */
#include "model/purchasenext.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/libm.h"

#define PURCHASENEXT_EVER 1e300      /* days; what has not happened by then never does */
#define PURCHASENEXT_PRECISION 1e-6  /* relative: a Newton step as small as this was exact to more than 1e-10 */
#define PURCHASENEXT_NEAR 1e-8       /* this near to a whole day, relative, a day is looked at itself */
enum { PURCHASENEXT_NEWTON_MAX = 60 };

double purchasenext_p_ever(const PurchaseLaw *law, double x, double T) {
    return law->model == PURCHASE_PNBD ? pnbd_buys_if_alive(&law->as.pnbd, x, T, PURCHASENEXT_EVER, NULL) : 1;
}

double purchasenext_p_never(const PurchaseLaw *law, double x, double tx, double T) {
    return 1 - purchase_p_alive(law, x, tx, T) * purchasenext_p_ever(law, x, T);
}

/* The rate is gamma, so P(no purchase within t) = (1 + t / (alpha + T))^-(r + x). */
static int32_t purchasenext_day_by_rate(const PurchaseLaw *law, double x, double T, double share,
                                        int32_t days_max) {
    double r = law->as.bgnbd.r, alpha = law->as.bgnbd.alpha;
    double day = ceil((alpha + T) * expm1(-log1p(-share) / (r + x)));
    return !(day <= days_max) ? 0 : day < 1 ? 1 : (int32_t)day;
}

typedef struct PurchasenextPnbd {
    const PnbdParams *p;
    double x, T, ever; /* P(buys ever) of who is alive at T */
} PurchasenextPnbd;

/* The t, at most t_max, where a share of those who buy again has done so.  With q = ln(1 + t / (alpha + T)) the logarithm
 * of the share that is still to come is nearly a straight line, so Newton's method takes a few steps, kept between what
 * is known to be before and after. */
static double purchasenext_solve(const PurchasenextPnbd *who, double share, double t_max) {
    double scale = who->p->alpha + who->T, before = 0, after = log1p(t_max / scale), wanted = log1p(-share);
    double q = fmin(-wanted / (who->p->r + who->x), 0.5 * after);
    for (int i = 0; i < PURCHASENEXT_NEWTON_MAX; i++) {
        double density, t = scale * expm1(q), left = who->ever - pnbd_buys_if_alive(who->p, who->x, who->T, t, &density);
        double missing = log(left / who->ever) - wanted;
        if (missing > 0) before = q;
        else after = q;
        double next = q + missing * left / (density * (scale + t));
        if (!(next > before && next < after)) next = 0.5 * (before + after);
        bool near = fabs(next - q) <= PURCHASENEXT_PRECISION * q;
        q = next;
        if (near) break;
    }
    return scale * expm1(q);
}

static bool purchasenext_reached(const PurchasenextPnbd *who, double share, double day) {
    return pnbd_buys_if_alive(who->p, who->x, who->T, day, NULL) >= share * who->ever;
}

static int32_t purchasenext_day_by_pnbd(const PurchasenextPnbd *who, double share, int32_t days_max) {
    double t = purchasenext_solve(who, share, days_max), whole = floor(t + 0.5), day = fmax(ceil(t), 1);
    /* So near to a whole day, t may have been rounded across it. */
    if (fabs(t - whole) <= PURCHASENEXT_NEAR * fmax(t, 1)) {
        day = fmax(whole, 1);
        if (day < days_max && !purchasenext_reached(who, share, day)) day++;
    }
    if (day < days_max) return (int32_t)day;
    return purchasenext_reached(who, share, days_max) ? days_max : 0;
}

void purchasenext_days(const PurchaseLaw *law, double x, double T, double ever, int n, const double *share,
                       int32_t days_max, int32_t *day) {
    const PurchasenextPnbd who = {.p = &law->as.pnbd, .x = x, .T = T, .ever = ever};
    for (int i = 0; i < n; i++)
        day[i] = law->model == PURCHASE_PNBD ? purchasenext_day_by_pnbd(&who, share[i], days_max)
                                             : purchasenext_day_by_rate(law, x, T, share[i], days_max);
}

int32_t purchasenext_day(const PurchaseLaw *law, double x, double T, double share, int32_t days_max) {
    int32_t day;
    purchasenext_days(law, x, T, purchasenext_p_ever(law, x, T), 1, &share, days_max, &day);
    return day;
}
