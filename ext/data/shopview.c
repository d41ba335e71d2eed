/* shopview.c - see shopview.h. */
#include "data/shopview.h"

#include "base/libm.h"
#include "data/buyers.h"
#include "data/gaps.h"
#include "data/lawfit.h"

#define SHOPVIEW_P_MIN 1e-6

const char *const retain_shopview_features[] = {
    [SHOPVIEW_SILENCE] = "log_days_since_last",
    [SHOPVIEW_FREQUENCY] = "log_frequency",
    [SHOPVIEW_AGE] = "log_age",
    [SHOPVIEW_RECENCY] = "recency_share",
    [SHOPVIEW_OVERDUE] = "log_overdue",
    [SHOPVIEW_GAP_TREND] = "gap_trend",
    [SHOPVIEW_BASKET_TREND] = "basket_trend",
    [SHOPVIEW_MBGNBD] = "mbgnbd_log_odds",
    [SHOPVIEW_PNBD] = "pnbd_log_odds",
    [SHOPVIEW_FEATURES] = NULL};

void shopview_open(Shopview *view, const Book *book, Day day, const Shopview *near, Err *err, const Poll *poll) {
    Arena scratch = {0};
    Buyers buyers;
    *view = (Shopview){.day = day, .shop_gap = NAN};
    buyers_summarise_on(&buyers, book, day, &scratch, err);
    if (!err->rc) {
        view->customers = buyers.n;
        view->repeaters = buyers.n_repeat;
        view->shop_gap = gaps_shop(book, day, err);
    }
    if (!err->rc && buyers.n_repeat >= SHOPVIEW_REPEAT_MIN) {
        lawfit_run_all(view->fit, &buyers, near ? near->fit : NULL, err, poll);
        for (int model = 0; model < PURCHASE_MODELS; model++)
            view->has_fit[model] = !err->rc && view->fit[model].converged;
    }
    arena_free(&scratch);
}

static double shopview_basket_trend(const BookCustomer *customer, int64_t n_days) {
    double before = 0;
    if (!customer->amounts || n_days < 2) return 0;
    for (int64_t i = 0; i + 1 < n_days; i++) before += customer->amounts[i];
    before /= (double)(n_days - 1);
    double last = customer->amounts[n_days - 1];
    return before > 0 && last > 0 ? log(last / before) : 0;
}

ShopviewBuyer shopview_buyer(const Shopview *view, const BookCustomer *customer, int32_t *gaps) {
    int64_t n_days = buyers_days_until(customer, view->day);
    ShopviewBuyer buyer = {.frequency = (int32_t)(n_days - 1), .usual_gap = view->shop_gap};
    if (n_days == 0) return buyer;
    buyer.recency = customer->days[n_days - 1] - customer->days[0];
    buyer.age = view->day - customer->days[0];
    for (int64_t i = 0; i + 1 < n_days; i++) gaps[i] = customer->days[i + 1] - customer->days[i];
    if (n_days > 2) buyer.gap_trend = log((double)gaps[n_days - 2] * (double)(n_days - 1) / buyer.recency);
    buyer.usual_gap = gaps_usual(gaps, n_days - 1, view->shop_gap);
    buyer.basket_trend = shopview_basket_trend(customer, n_days);
    return buyer;
}

double shopview_p_no_purchase(const Shopview *view, PurchaseModel model, const ShopviewBuyer *buyer, double t) {
    return purchase_p_no_purchase(&view->fit[model].law, buyer->frequency, buyer->recency, buyer->age, t);
}

double shopview_log_odds(double p) {
    double kept = fmax(SHOPVIEW_P_MIN, fmin(1 - SHOPVIEW_P_MIN, p));
    return log(kept / (1 - kept));
}

void shopview_laws(const Shopview *view, const ShopviewBuyer *buyer, double t, double law[PURCHASE_MODELS]) {
    for (int model = 0; model < PURCHASE_MODELS; model++)
        law[model] = view->has_fit[model] ? shopview_p_no_purchase(view, (PurchaseModel)model, buyer, t) : (double)NAN;
}

void shopview_features(const ShopviewBuyer *buyer, const double law[PURCHASE_MODELS],
                       const bool use_law[PURCHASE_MODELS], double out[SHOPVIEW_FEATURES]) {
    double silence = buyer->age - buyer->recency;
    out[SHOPVIEW_SILENCE] = log1p(silence);
    out[SHOPVIEW_FREQUENCY] = log1p(buyer->frequency);
    out[SHOPVIEW_AGE] = log1p(buyer->age);
    out[SHOPVIEW_RECENCY] = buyer->age > 0 ? (double)buyer->recency / buyer->age : 0;
    out[SHOPVIEW_OVERDUE] = isnan(buyer->usual_gap) ? 0 : log((silence + 1) / (buyer->usual_gap + 1));
    out[SHOPVIEW_GAP_TREND] = buyer->gap_trend;
    out[SHOPVIEW_BASKET_TREND] = buyer->basket_trend;
    out[SHOPVIEW_MBGNBD] = use_law[PURCHASE_MBGNBD] ? shopview_log_odds(law[PURCHASE_MBGNBD]) : 0;
    out[SHOPVIEW_PNBD] = use_law[PURCHASE_PNBD] ? shopview_log_odds(law[PURCHASE_PNBD]) : 0;
}
