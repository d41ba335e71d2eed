/* revenue_forecast.c - revenue_forecast(): what will come in next, from today's customers and from new ones?
 *
 *     SELECT * FROM revenue_forecast('orders', 12);
 *
 * The periods adjoin from the day after as_of, so the first is what is left of the one that as_of cuts.
 *
 * Existing customers: sums over the customers of the purchase days that the model expects in the period, and of these
 * times the expected spend of each.  revenue_low to revenue_high holds what they will really bring with probability
 * `confidence`, were the models right: normal, its variance that of the customers' chances (data/outlook.h) plus that
 * of the fitted parameters.
 *
 * New customers are taken to join at the daily rate of the last complete periods.  A first order is worth the mean of
 * theirs; repeat orders follow from the model of a customer who begins.
 */
#include "base/libm.h"
#include "data/outlook.h"
#include "data/timeline.h"
#include "host/call.h"
#include "math/quadrature.h"
#include "math/sum.h"
#include "stat/wilson.h"

enum { REVENUE_FORECAST_PERIODS, REVENUE_FORECAST_PERIOD, REVENUE_FORECAST_MODEL, REVENUE_FORECAST_RECENT };
enum {
    REVENUE_FORECAST_START,
    REVENUE_FORECAST_END,
    REVENUE_FORECAST_DAYS,
    REVENUE_FORECAST_ORDERS,
    REVENUE_FORECAST_REVENUE,
    REVENUE_FORECAST_LOW,
    REVENUE_FORECAST_HIGH,
    REVENUE_FORECAST_NEW_CUSTOMERS,
    REVENUE_FORECAST_NEW_ORDERS,
    REVENUE_FORECAST_NEW_REVENUE,
    REVENUE_FORECAST_TOTAL,
    REVENUE_FORECAST_NOTE
};

static const ArgSpec revenue_forecast_args[] = {
    [REVENUE_FORECAST_PERIODS] = {.name = "periods", .kind = ARG_INTEGER, .dflt = 12, .min = 1, .max = 1000,
                                  .doc = "how many periods from the day after as_of, the first maybe cut"},
    [REVENUE_FORECAST_PERIOD] = {.name = "period", .kind = ARG_PERIOD, .dflt_text = "month",
                                 .doc = "day, week, month, quarter, year or blocks like '28 days'"},
    [REVENUE_FORECAST_MODEL] = {.name = "model", .kind = ARG_CHOICE, .choices = retain_model_names,
                                .dflt = PURCHASE_MBGNBD,
                                .doc = "model of repeat buying; auto: what predicted best over the days of this"
                                       " forecast, at most a third of the history"},
    [REVENUE_FORECAST_RECENT] = {.name = "recent_periods", .kind = ARG_INTEGER, .dflt = 6, .min = 1, .max = 1000,
                                 .doc = "complete periods before as_of whose new customers tell how many will join"},
    {0},
};

static const ColSpec revenue_forecast_cols[] = {
    [REVENUE_FORECAST_START] = {"period_start", "DATE",
                                "first day of the period; of the first row the day after as_of"},
    [REVENUE_FORECAST_END] = {"period_end", "DATE", "last day of the period"},
    [REVENUE_FORECAST_DAYS] = {"days", "INTEGER", "from period_start to period_end, both included"},
    [REVENUE_FORECAST_ORDERS] = {"orders_existing", "REAL", "expected purchase days of the customers known at as_of"},
    [REVENUE_FORECAST_REVENUE] = {"revenue_existing", "REAL", "expected net amount of these"},
    [REVENUE_FORECAST_LOW] = {"revenue_low", "REAL", "lower end of what they may really bring, not below 0"},
    [REVENUE_FORECAST_HIGH] = {"revenue_high", "REAL", "upper end; the interval covers `confidence`"},
    [REVENUE_FORECAST_NEW_CUSTOMERS] = {"customers_new", "REAL",
                                        "customers who join in the period, at the rate of the recent periods"},
    [REVENUE_FORECAST_NEW_ORDERS] = {"orders_new", "REAL",
                                     "expected purchase days, in this period, of all who join after as_of"},
    [REVENUE_FORECAST_NEW_REVENUE] = {"revenue_new", "REAL", "expected net amount of these"},
    [REVENUE_FORECAST_TOTAL] = {"revenue_total", "REAL", "revenue_existing + revenue_new"},
    [REVENUE_FORECAST_NOTE] = {"note", "TEXT", "what limits the figures; NULL: nothing"},
    {0},
};

static const CallOrder revenue_forecast_order[] = {{REVENUE_FORECAST_START, false}};

/* How customers have joined of late. */
typedef struct RevenueForecastJoining {
    double per_day;       /* NaN: no complete period to tell it by */
    double first_amount;  /* mean net amount of their first purchase day */
} RevenueForecastJoining;

typedef struct RevenueForecastNew {
    double customers, repeats, revenue;
} RevenueForecastNew;

typedef struct RevenueForecastState {
    Day as_of;
    int n;
    double *to;           /* days from as_of to the end of each period */
    Outlook *outlook;     /* by period; NaN without a model */
    RevenueForecastNew *coming;
    double z;
    const char *note;
} RevenueForecastState;

/* ---- Periods ---- */

/* Ends of the periods, as far as the calendar reaches; their number. */
static int revenue_forecast_periods(const Period *period, Day as_of, int64_t wanted, double *to) {
    int n = 0;
    if (as_of >= CIVIL_DAY_MAX) return 0;
    int32_t first = period_index(period, as_of + 1);
    for (; n < wanted; n++) {
        Day end = period_start(period, first + n + 1) - 1;
        if (end > CIVIL_DAY_MAX) break;
        to[n] = end - as_of;
    }
    return n;
}

/* ---- New customers ---- */

static RevenueForecastJoining revenue_forecast_joining(const Book *book, Period period, int64_t recent) {
    Timeline time = timeline_of(book, period);
    RevenueForecastJoining joining = {(double)NAN, (double)NAN};
    int64_t last = timeline_is_complete(&time, time.n - 1) ? time.n - 1 : time.n - 2;
    int64_t begun = timeline_first_day(&time, 0) == book->day_first ? 0 : 1; /* the shop's first whole period */
    int64_t first = last - recent + 1 > begun ? last - recent + 1 : begun;
    if (first > last) return joining;
    Day from = timeline_first_day(&time, first), until = timeline_last_day(&time, last);
    int64_t n = 0;
    Sum amounts = {0};
    for (int64_t c = 0; c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days == 0 || customer.days[0] < from || customer.days[0] > until) continue;
        n++;
        if (customer.amounts) sum_add(&amounts, customer.amounts[0]);
    }
    joining.per_day = (double)n / (until - from + 1);
    if (book->has_amounts) joining.first_amount = n > 0 ? sum_value(&amounts) / (double)n : 0;
    return joining;
}

/* Repeat purchase days from..to after as_of of customers who join one a day: the integral of what one who begins is
 * expected to make within t. */
static double revenue_forecast_repeats(const PurchaseLaw *law, double from, double to) {
    double node[QUADRATURE_POINTS], weight[QUADRATURE_POINTS], sum = 0;
    quadrature_panel(from, to, node, weight);
    for (int i = 0; i < QUADRATURE_POINTS; i++) sum += weight[i] * purchase_if_alive(law, 0, 0, node[i], 0).expected;
    return purchase_p_alive(law, 0, 0, 0) * sum;
}

static void revenue_forecast_add_new(RevenueForecastState *state, const Predictor *predictor,
                                     const RevenueForecastJoining *joining) {
    double spend = predictor->has_spend ? gammagamma_expected_spend(&predictor->spend.params, 0, 0) : (double)NAN;
    if (isnan(spend)) spend = predictor->mean_spend;
    for (int k = 0; k < state->n; k++) {
        double from = k ? state->to[k - 1] : 0, to = state->to[k];
        RevenueForecastNew *coming = &state->coming[k];
        coming->customers = joining->per_day * (to - from);
        coming->repeats = predictor->has_purchases
                              ? joining->per_day * revenue_forecast_repeats(&predictor->purchases.law, from, to)
                              : (double)NAN;
        coming->revenue = coming->customers * joining->first_amount + coming->repeats * spend;
    }
}

/* ---- All ---- */

static void revenue_forecast_fill(Call *call, RevenueForecastState *state, const Period *period) {
    Buyers buyers;
    Predictor predictor;
    const Book *book = &call->book;
    buyers_summarise(&buyers, book, call->arena, call->err);
    predictor_fit_or_choose(&predictor, book, &buyers, (Method)call->args[REVENUE_FORECAST_MODEL].integer,
                            (int32_t)state->to[state->n - 1], true, call->arena, call->err, call->poll);
    if (call->err->rc) return;
    for (int k = 0; k < state->n; k++)
        state->outlook[k] = (Outlook){(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    if (predictor.has_purchases)
        outlook_run(&predictor, book, &buyers, state->n, state->to, state->outlook, call->err, call->poll);
    RevenueForecastJoining joining = revenue_forecast_joining(book, *period,
                                                              call->args[REVENUE_FORECAST_RECENT].integer);
    revenue_forecast_add_new(state, &predictor, &joining);
    static const char no_rate[] = "no complete period shows how many customers join";
    state->note = !isnan(joining.per_day) ? predictor.note
                  : predictor.note ? arena_printf(call->arena, call->err, "%s; %s", predictor.note, no_rate) : no_rate;
}

static int64_t revenue_forecast_open(Call *call) {
    RevenueForecastState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    if (call->book.n_buyers == 0) return 0;
    int64_t wanted = call->args[REVENUE_FORECAST_PERIODS].integer;
    Period period = call_period(call, &call->args[REVENUE_FORECAST_PERIOD]);
    state->as_of = call->book.as_of;
    state->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    state->to = arena_alloc(call->arena, call->err, wanted, sizeof(*state->to));
    state->outlook = arena_alloc(call->arena, call->err, wanted, sizeof(*state->outlook));
    state->coming = arena_alloc(call->arena, call->err, wanted, sizeof(*state->coming));
    if (call->err->rc) return 0;
    state->n = revenue_forecast_periods(&period, state->as_of, wanted, state->to);
    if (state->n > 0) revenue_forecast_fill(call, state, &period);
    return state->n;
}

static void revenue_forecast_cell(const void *pointer, int64_t row, int col, Out *out) {
    const RevenueForecastState *state = pointer;
    const Outlook *outlook = &state->outlook[row];
    const RevenueForecastNew *coming = &state->coming[row];
    Day before = state->as_of + (row ? (Day)state->to[row - 1] : 0), end = state->as_of + (Day)state->to[row];
    double half = state->z * sqrt(outlook->chance + outlook->doubt);
    switch (col) {
        case REVENUE_FORECAST_START: out_day(out, before + 1); break;
        case REVENUE_FORECAST_END: out_day(out, end); break;
        case REVENUE_FORECAST_DAYS: out_int(out, end - before); break;
        case REVENUE_FORECAST_ORDERS: out_real(out, outlook->orders); break;
        case REVENUE_FORECAST_REVENUE: out_real(out, outlook->revenue); break;
        case REVENUE_FORECAST_LOW: out_real(out, outlook->revenue - half < 0 ? 0 : outlook->revenue - half); break;
        case REVENUE_FORECAST_HIGH: out_real(out, outlook->revenue + half); break;
        case REVENUE_FORECAST_NEW_CUSTOMERS: out_real(out, coming->customers); break;
        case REVENUE_FORECAST_NEW_ORDERS: out_real(out, coming->customers + coming->repeats); break;
        case REVENUE_FORECAST_NEW_REVENUE: out_real(out, coming->revenue); break;
        case REVENUE_FORECAST_TOTAL: out_real(out, outlook->revenue + coming->revenue); break;
        default: out_text(out, state->note);
    }
}

const TvfDef tvf_revenue_forecast = {
    .name = "revenue_forecast",
    .text = {.doc = "what today's and tomorrow's customers will bring in the next periods",
             .definition =
                 "Periods adjoin from the day after as_of; the first ends with the period that holds it."
                 " orders_existing = sum over the customers of p_alive x the purchases that the model expects in the"
                 " period of who is alive; revenue_existing weighs these with expected spend (Gamma-Gamma)."
                 " revenue_low and revenue_high are normal ends: variance = the customers' own variances + that of the"
                 " expectation by the parameters (delta method). New customers join at the daily rate of the last"
                 " recent_periods complete periods (the shop's first counts when it was whole); the first order of each"
                 " is worth the mean of theirs, repeats follow the model of a customer who begins. No seasons, no"
                 " trend. Rows are ordered by period_start.",
             .example = "SELECT * FROM revenue_forecast('orders', 12)"},
    .cols = revenue_forecast_cols,
    .args = revenue_forecast_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS | CALL_PERIODS | CALL_CONFIDENCE,
    .order = revenue_forecast_order,
    .n_order = 1,
    .open = revenue_forecast_open,
    .cell = revenue_forecast_cell,
};
