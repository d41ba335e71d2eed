/* purchasenext.h - when does a customer buy again, if at all?
 *
 * What a law (model/purchase.h) says of the time from T to the next purchase.  Without dropout everybody buys
 * again.  In BG/NBD and MBG/NBD who is alive does, since only a purchase can be followed by dropout; in
 * Pareto/NBD some of those alive are gone before.  Given that there is a next purchase, the time to it depends
 * on x and T alone.
 */
#ifndef MODEL_PURCHASENEXT_H
#define MODEL_PURCHASENEXT_H

#include <stdint.h>

#include "model/purchase.h"

/* P(a purchase after T, ever) of who is alive at T. */
double purchasenext_p_ever(const PurchaseLaw *law, double x, double T);

/* P(no purchase after T, ever). */
double purchasenext_p_never(const PurchaseLaw *law, double x, double tx, double T);

/* The first whole day after T, 1, 2, ..., by which a share (above 0, below 1) of those who buy again has done so; 0
 * when that is later than days_max. */
int32_t purchasenext_day(const PurchaseLaw *law, double x, double T, double share, int32_t days_max);

/* The same for n shares, with ever = purchasenext_p_ever at hand. */
void purchasenext_days(const PurchaseLaw *law, double x, double T, double ever, int n, const double *share,
                       int32_t days_max, int32_t *day);

#endif
