/* shopview.h - the shop and its customers as they stood on a day, from nothing that came later.
 *
 * Later rows cannot be seen, but for one thing: with an order column, a refund counts on the day of its order,
 * whenever it was booked.
 */
#ifndef SHOPVIEW_H
#define SHOPVIEW_H

#include "data/book.h"
#include "model/purchasefit.h"

enum { SHOPVIEW_REPEAT_MIN = 30 }; /* customers with a repeat purchase that a fit needs */

typedef struct Shopview {
    Day day;
    int64_t customers, repeaters;          /* who had bought by then, and again */
    double shop_gap;                       /* median gap between purchase days; NaN without one */
    Purchasefit fit[PURCHASE_MODELS];
    bool has_fit[PURCHASE_MODELS];         /* fitted, and the search ended in an optimum */
} Shopview;

/* Looks at the book on a day and fits the models to what is seen.  near (NULL: none): a view of the book on another
 * day, whose fits are a good guess at those of this one. */
void shopview_open(Shopview *view, const Book *book, Day day, const Shopview *near, Err *err, const Poll *poll);

/* One customer on the day of the view. */
typedef struct ShopviewBuyer {
    int32_t frequency, recency, age;  /* frequency is -1 before the first purchase: nothing else is known then */
    double usual_gap;                 /* of data/gaps.h */
    double gap_trend;                 /* ln(last gap / mean gap); 0 below two gaps */
    double basket_trend;              /* ln(net of the last purchase day / mean of those before); 0 where not known */
} ShopviewBuyer;

/* gaps: room for all gaps of the customer. */
ShopviewBuyer shopview_buyer(const Shopview *view, const BookCustomer *customer, int32_t *gaps);

/* P(no purchase in the next t days) under a model that has been fitted. */
double shopview_p_no_purchase(const Shopview *view, PurchaseModel model, const ShopviewBuyer *buyer, double t);

/* What the classifier looks at; all finite. */
typedef enum ShopviewFeature {
    SHOPVIEW_SILENCE,
    SHOPVIEW_FREQUENCY,
    SHOPVIEW_AGE,
    SHOPVIEW_RECENCY,
    SHOPVIEW_OVERDUE,
    SHOPVIEW_GAP_TREND,
    SHOPVIEW_BASKET_TREND,
    SHOPVIEW_MBGNBD,
    SHOPVIEW_PNBD,
    SHOPVIEW_FEATURES
} ShopviewFeature;
extern const char *const retain_shopview_features[];

/* P(no purchase in the next t days) by PurchaseModel; NaN for one without a fit. */
void shopview_laws(const Shopview *view, const ShopviewBuyer *buyer, double t, double law[PURCHASE_MODELS]);

/* The models' log odds are those of law; use_law: by PurchaseModel, 0 stands for those that are not to be used. */
void shopview_features(const ShopviewBuyer *buyer, const double law[PURCHASE_MODELS],
                       const bool use_law[PURCHASE_MODELS], double out[SHOPVIEW_FEATURES]);

/* ln(p / (1 - p)), p kept 1e-6 away from 0 and 1. */
double shopview_log_odds(double p);

#endif
