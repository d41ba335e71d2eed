/* next_purchase.c - next_purchase(): when will each customer buy again, if at all?
 *
 *     SELECT * FROM next_purchase('orders') WHERE p_no_more < 0.5 LIMIT 50;
 *     SELECT * FROM next_purchase('orders') WHERE days_overdue > 30;
 *
 * p_no_more is P(never again) under the model.  The dates are of the next purchase given that there is one:
 * by expected_date half of those who buy again have done so (the median: the mean is infinite for customers of
 * few purchases), by date_p10 one in ten, by date_p90 nine in ten.  They are seen from as_of and lie behind it:
 * a customer who is late is expected from now on, not in the past.
 */
#include "base/libm.h"
#include "data/gaps.h"
#include "data/predictor.h"
#include "data/ranking.h"
#include "host/call.h"
#include "model/purchasenext.h"

enum { NEXT_PURCHASE_MODEL };
enum {
    NEXT_PURCHASE_CUSTOMER,
    NEXT_PURCHASE_P_NO_MORE,
    NEXT_PURCHASE_EXPECTED,
    NEXT_PURCHASE_P10,
    NEXT_PURCHASE_P90,
    NEXT_PURCHASE_LAST,
    NEXT_PURCHASE_GAP,
    NEXT_PURCHASE_OVERDUE,
    NEXT_PURCHASE_NOTE
};
enum {
    NEXT_PURCHASE_AUTO_DAYS = 90,      /* that auto predicts to choose */
    NEXT_PURCHASE_DAYS_MAX = 36525,    /* a date further ahead is not given */
    NEXT_PURCHASE_POLL_CUSTOMERS = 128 /* between two polls */
};

static const ArgSpec next_purchase_args[] = {
    [NEXT_PURCHASE_MODEL] = {.name = "model", .kind = ARG_CHOICE, .choices = retain_model_names,
                             .dflt = PURCHASE_MBGNBD,
                             .doc = "model of repeat buying; auto: what predicted the last 90 days best"},
    {0},
};

static const ColSpec next_purchase_cols[] = {
    [NEXT_PURCHASE_CUSTOMER] = {"customer_id", "", "as in the source"},
    [NEXT_PURCHASE_P_NO_MORE] = {"p_no_more", "REAL", "P(never buys again), under the model"},
    [NEXT_PURCHASE_EXPECTED] = {"expected_date", "DATE",
                                "the day by which half of those who buy again have done so; NULL when more than"
                                " 100 years ahead"},
    [NEXT_PURCHASE_P10] = {"date_p10", "DATE", "the day by which one in ten of them has"},
    [NEXT_PURCHASE_P90] = {"date_p90", "DATE", "the day by which nine in ten of them have"},
    [NEXT_PURCHASE_LAST] = {"last_order_date", "DATE", "last purchase day"},
    [NEXT_PURCHASE_GAP] = {"usual_gap_days", "REAL",
                           "median of the customer's own gaps; with under three of them pulled to the shop's"
                           " median"},
    [NEXT_PURCHASE_OVERDUE] = {"days_overdue", "REAL",
                               "days from the last purchase to as_of beyond usual_gap_days; 0 when not overdue"},
    [NEXT_PURCHASE_NOTE] = {"note", "TEXT", "what limits the figures; NULL: nothing"},
    {0},
};

/* What customers of one frequency and age have in common, kept where it may be found again. */
typedef struct NextPurchasePeers {
    int32_t frequency, age; /* frequency -1: nobody's yet */
    double ever;            /* P(buys again | alive) */
    int32_t day[3];         /* date_p10, expected_date and date_p90 in days from as_of; 0: not known */
} NextPurchasePeers;
enum { NEXT_PURCHASE_PEERS_MIN = 64, NEXT_PURCHASE_PEERS_MAX = 1 << 15 };

/* The customer whose gaps were read last: two columns need them. */
typedef struct NextPurchaseGaps {
    Gaps gaps;
    int64_t buyer; /* -1: nobody yet */
} NextPurchaseGaps;

typedef struct NextPurchaseState {
    const Book *book;
    Buyers buyers;
    Predictor predictor;
    int32_t days_max;
    int32_t *expected;     /* days from as_of, by buyer; 0: not known */
    uint32_t *listed;      /* buyers by row */
    NextPurchaseGaps *own;
    NextPurchasePeers *peers;
    uint32_t n_peers;      /* a power of two, so that the table is never larger than what is known of the customers */
    const char *far_note;  /* of those whose dates are too far ahead */
} NextPurchaseState;

static const NextPurchasePeers *next_purchase_peers(const NextPurchaseState *state, int64_t i) {
    static const double share[] = {0.1, 0.5, 0.9};
    int32_t frequency = state->buyers.frequency[i], age = state->buyers.age[i];
    uint32_t place = ((uint32_t)frequency * 2654435761u + (uint32_t)age) & (state->n_peers - 1);
    NextPurchasePeers *peers = &state->peers[place];
    const PurchaseLaw *law = &state->predictor.purchases.law;
    if (peers->frequency == frequency && peers->age == age) return peers;
    *peers = (NextPurchasePeers){.frequency = frequency, .age = age};
    if (!state->predictor.has_purchases) return peers;
    peers->ever = purchasenext_p_ever(law, frequency, age);
    purchasenext_days(law, frequency, age, peers->ever, 3, share, state->days_max, peers->day);
    return peers;
}

static void next_purchase_open_peers(Call *call, NextPurchaseState *state) {
    state->n_peers = NEXT_PURCHASE_PEERS_MIN;
    while (state->n_peers < NEXT_PURCHASE_PEERS_MAX && 2 * (int64_t)state->n_peers <= state->buyers.n) state->n_peers *= 2;
    state->peers = arena_alloc_raw(call->arena, call->err, state->n_peers, sizeof(*state->peers));
    for (uint32_t i = 0; i < state->n_peers && !call->err->rc; i++) state->peers[i].frequency = -1;
}

static int next_purchase_compare(const void *context, uint32_t a, uint32_t b) {
    const NextPurchaseState *state = context;
    return map_compare(book_customer_id(state->book, state->buyers.customer[a]),
                       book_customer_id(state->book, state->buyers.customer[b]));
}

/* The soonest first, those without a date behind them. */
static void next_purchase_sort(Call *call, NextPurchaseState *state) {
    int64_t n = state->buyers.n;
    Ranking ranking;
    ranking_open(&ranking, n, call->err);
    if (call->err->rc) return;
    for (int64_t i = 0; i < n; i++) {
        if (i % NEXT_PURCHASE_POLL_CUSTOMERS == 0 && !call->err->rc && poll_stop(call->poll))
            err_set(call->err, SQLITE_INTERRUPT, "interrupted");
        state->expected[i] = call->err->rc ? 0 : next_purchase_peers(state, i)->day[1];
        ranking_add(&ranking, (uint32_t)i, state->expected[i] ? -(double)state->expected[i] : (double)NAN);
    }
    ranking_close(&ranking, state->listed, next_purchase_compare, state);
}

static int64_t next_purchase_open(Call *call) {
    NextPurchaseState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->book = &call->book;
    buyers_summarise(&state->buyers, &call->book, call->arena, call->err);
    int64_t n = state->buyers.n;
    if (n == 0) return 0;
    Predictor *predictor = &state->predictor;
    predictor_fit_or_choose(predictor, &call->book, &state->buyers, (Method)call->args[NEXT_PURCHASE_MODEL].integer,
                            NEXT_PURCHASE_AUTO_DAYS, false, call->arena, call->err, call->poll);
    static const char far[] = "a date is more than 100 years ahead";
    state->far_note = predictor->note ? arena_printf(call->arena, call->err, "%s; %s", predictor->note, far) : far;
    int32_t left = CIVIL_DAY_MAX - call->book.as_of;
    state->days_max = left < NEXT_PURCHASE_DAYS_MAX ? left : NEXT_PURCHASE_DAYS_MAX;
    state->expected = arena_alloc_raw(call->arena, call->err, n, sizeof(*state->expected));
    state->listed = arena_alloc_raw(call->arena, call->err, n, sizeof(*state->listed));
    state->own = arena_alloc_raw(call->arena, call->err, 1, sizeof(*state->own));
    if (call->err->rc) return 0;
    state->own->buyer = -1;
    next_purchase_open_peers(call, state);
    if (call->err->rc) return 0;
    gaps_open(&state->own->gaps, &call->book, call->arena, call->err);
    next_purchase_sort(call, state);
    return n;
}

/* ---- Rows ---- */

static double next_purchase_gap(const NextPurchaseState *state, int64_t i) {
    NextPurchaseGaps *own = state->own;
    if (own->buyer != i) {
        BookCustomer customer = book_customer(state->book, state->buyers.customer[i]);
        gaps_read(&own->gaps, &customer);
        own->buyer = i;
    }
    return own->gaps.usual;
}

static double next_purchase_p_no_more(const NextPurchaseState *state, int64_t i) {
    const Buyers *buyers = &state->buyers;
    if (!state->predictor.has_purchases) return (double)NAN;
    return 1 - predictor_p_alive(&state->predictor, buyers, i) * next_purchase_peers(state, i)->ever;
}

static void next_purchase_out_day(const NextPurchaseState *state, int32_t days, Out *out) {
    if (days > 0) out_day(out, state->book->as_of + days);
    else out_null(out);
}

static void next_purchase_cell(const void *pointer, int64_t row, int col, Out *out) {
    const NextPurchaseState *state = pointer;
    int64_t i = state->listed[row];
    int32_t silence = state->buyers.age[i] - state->buyers.recency[i];
    double overdue;
    switch (col) {
        case NEXT_PURCHASE_CUSTOMER: out_key(out, book_customer_id(state->book, state->buyers.customer[i])); break;
        case NEXT_PURCHASE_P_NO_MORE: out_real(out, next_purchase_p_no_more(state, i)); break;
        case NEXT_PURCHASE_EXPECTED: next_purchase_out_day(state, state->expected[i], out); break;
        case NEXT_PURCHASE_P10: next_purchase_out_day(state, next_purchase_peers(state, i)->day[0], out); break;
        case NEXT_PURCHASE_P90: next_purchase_out_day(state, next_purchase_peers(state, i)->day[2], out); break;
        case NEXT_PURCHASE_LAST: out_day(out, state->book->as_of - silence); break;
        case NEXT_PURCHASE_GAP: out_real(out, next_purchase_gap(state, i)); break;
        case NEXT_PURCHASE_OVERDUE:
            overdue = silence - next_purchase_gap(state, i);
            out_real(out, overdue < 0 ? 0 : overdue);
            break;
        default:
            if (state->predictor.has_purchases && next_purchase_peers(state, i)->day[2] == 0)
                out_text(out, state->far_note);
            else out_text(out, state->predictor.note);
    }
}

const TvfDef tvf_next_purchase = {
    .name = "next_purchase",
    .text = {.doc = "when each customer will buy again, if at all",
             .definition =
                 "p_no_more = P(no purchase after as_of, ever): 1 - p_alive, for pnbd more, for nbd 0. The dates are"
                 " quantiles of the day of the next purchase given that there is one, and lie after as_of: the first"
                 " day as_of + k with P(next purchase within k days) >= share x (1 - p_no_more), share being 0.5 for"
                 " expected_date. They depend on frequency and age, so read them beside p_no_more."
                 " usual_gap_days is the median of the customer's own gaps between purchase days; with n < 3 of them"
                 " it is (n x own median + (3 - n) x the shop's median) / 3. Rows are ordered by expected_date, those"
                 " without one last, then customer_id.",
             .example = "SELECT * FROM next_purchase('orders') WHERE p_no_more < 0.5 LIMIT 50"},
    .cols = next_purchase_cols,
    .args = next_purchase_args,
    .needs = CALL_ORDERS,
    .order = NULL,
    .n_order = 0,
    .open = next_purchase_open,
    .cell = next_purchase_cell,
};
