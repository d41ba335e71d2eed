/* customer_summary.c - customer_summary(): what did each customer do so far?
 *
 *     SELECT * FROM customer_summary('orders') WHERE days_since_last > 2 * median_gap_days;
 *
 * A row for each customer with a purchase, by customer id.  frequency = purchase_days - 1; recency = days
 * from the first to the last purchase; age = days from the first purchase to as_of; days_since_last = age -
 * recency.  monetary_value leaves the first purchase day out, avg_order_value does not; historic_value is the
 * net amount of all rows, refunds on days of their own included.  median_gap_days is the median of the
 * customer's own gaps; the usual_gap_days of churn_candidates borrows from the shop where these are few.
 */
#include "base/libm.h"
#include "data/listing.h"
#include "data/idorder.h"
#include "data/segments.h"
#include "host/call.h"
#include "stat/order.h"

enum {
    CUSTOMER_SUMMARY_CUSTOMER,
    CUSTOMER_SUMMARY_SEGMENT,
    CUSTOMER_SUMMARY_FIRST,
    CUSTOMER_SUMMARY_LAST,
    CUSTOMER_SUMMARY_DAYS,
    CUSTOMER_SUMMARY_FREQUENCY,
    CUSTOMER_SUMMARY_RECENCY,
    CUSTOMER_SUMMARY_AGE,
    CUSTOMER_SUMMARY_SINCE,
    CUSTOMER_SUMMARY_MONETARY,
    CUSTOMER_SUMMARY_AVERAGE,
    CUSTOMER_SUMMARY_HISTORIC,
    CUSTOMER_SUMMARY_GAP
};

static const ArgSpec customer_summary_args[] = {{0}};

static const ColSpec customer_summary_cols[] = {
    [CUSTOMER_SUMMARY_CUSTOMER] = {"customer_id", "", "as in the source"},
    [CUSTOMER_SUMMARY_SEGMENT] = {"segment", "", "the customer's segment; NULL without segment_column"},
    [CUSTOMER_SUMMARY_FIRST] = {"first_order_date", "DATE", "first purchase day"},
    [CUSTOMER_SUMMARY_LAST] = {"last_order_date", "DATE", "last purchase day"},
    [CUSTOMER_SUMMARY_DAYS] = {"purchase_days", "INTEGER", "days with a purchase"},
    [CUSTOMER_SUMMARY_FREQUENCY] = {"frequency", "INTEGER", "purchase_days - 1"},
    [CUSTOMER_SUMMARY_RECENCY] = {"recency", "INTEGER", "days from first to last purchase"},
    [CUSTOMER_SUMMARY_AGE] = {"age", "INTEGER", "days from first purchase to as_of"},
    [CUSTOMER_SUMMARY_SINCE] = {"days_since_last", "INTEGER", "days from last purchase to as_of"},
    [CUSTOMER_SUMMARY_MONETARY] = {"monetary_value", "REAL",
                                   "mean net amount of repeat purchase days; NULL for one-time buyers"},
    [CUSTOMER_SUMMARY_AVERAGE] = {"avg_order_value", "REAL", "mean net amount of all purchase days"},
    [CUSTOMER_SUMMARY_HISTORIC] = {"historic_value", "REAL", "net amount of all rows so far"},
    [CUSTOMER_SUMMARY_GAP] = {"median_gap_days", "REAL",
                              "median of the customer's own gaps between purchase days; NULL for one-time"
                              " buyers"},
    {0},
};

static const CallOrder customer_summary_order[] = {{CUSTOMER_SUMMARY_CUSTOMER, false}};

typedef struct CustomerSummaryState {
    const Book *book;
    Segments segments;
    Idorder idorder;
    Listing *listing;
    int32_t *gaps; /* room for those of any one customer */
} CustomerSummaryState;

/* Room for the gaps of the customer with the most. */
static int32_t *customer_summary_gaps(Call *call) {
    const Book *book = &call->book;
    int64_t most = 0;
    for (int64_t c = 0; c < book->n_customers && !call->err->rc; c++) {
        int64_t n_days = book_customer(book, c).n_days;
        if (n_days > most) most = n_days;
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) err_set(call->err, SQLITE_INTERRUPT, "interrupted");
    }
    return arena_alloc_raw(call->arena, call->err, most, sizeof(int32_t));
}

static int64_t customer_summary_open(Call *call) {
    CustomerSummaryState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->book = &call->book;
    if (call->book.n_buyers == 0) return 0;
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    state->segments = segments_rank(&call->book, split, call->arena, call->err);
    idorder_list(&state->idorder, &call->book, call->arena, call->err);
    state->gaps = customer_summary_gaps(call);
    state->listing = listing_open(&call->book, state->idorder.customer, state->idorder.n, true, call->arena, call->err);
    return state->idorder.n;
}

/* The mean of n purchase days; NaN without any, or without amounts. */
static double customer_summary_mean(const CustomerSummaryState *state, double sum, int64_t n) {
    return state->book->has_amounts ? sum / (double)n : (double)NAN;
}

static double customer_summary_gap(const CustomerSummaryState *state, const BookCustomer *customer) {
    int64_t n = customer->n_days - 1;
    for (int64_t i = 0; i < n; i++) state->gaps[i] = customer->days[i + 1] - customer->days[i];
    return order_median_ints(state->gaps, n);
}

static void customer_summary_cell(const void *pointer, int64_t row_number, int col, Out *out) {
    const CustomerSummaryState *state = pointer;
    const ListingRow *row = listing_row(state->listing, row_number);
    const BookCustomer *customer = &row->customer;
    switch (col) {
        case CUSTOMER_SUMMARY_CUSTOMER: out_key(out, &row->id); break;
        case CUSTOMER_SUMMARY_SEGMENT:
            out_key(out, segments_key(&state->segments, segments_of(&state->segments, customer)));
            break;
        case CUSTOMER_SUMMARY_FIRST: out_day(out, row->first); break;
        case CUSTOMER_SUMMARY_LAST: out_day(out, row->last); break;
        case CUSTOMER_SUMMARY_DAYS: out_int(out, customer->n_days); break;
        case CUSTOMER_SUMMARY_FREQUENCY: out_int(out, customer->n_days - 1); break;
        case CUSTOMER_SUMMARY_RECENCY: out_int(out, row->last - row->first); break;
        case CUSTOMER_SUMMARY_AGE: out_int(out, state->book->as_of - row->first); break;
        case CUSTOMER_SUMMARY_SINCE: out_int(out, state->book->as_of - row->last); break;
        case CUSTOMER_SUMMARY_MONETARY:
            out_real(out, customer_summary_mean(state, customer->sums.repeats, customer->n_days - 1));
            break;
        case CUSTOMER_SUMMARY_AVERAGE:
            out_real(out, customer_summary_mean(state, customer->sums.all, customer->n_days));
            break;
        case CUSTOMER_SUMMARY_HISTORIC:
            out_real(out, state->book->has_amounts ? customer->total : (double)NAN);
            break;
        default: out_real(out, customer_summary_gap(state, customer));
    }
}

const TvfDef tvf_customer_summary = {
    .name = "customer_summary",
    .text = {.doc = "what each customer did so far, a row per customer",
             .definition =
                 "frequency = purchase_days - 1; recency = days from the first to the last purchase; age ="
                 " days from the first purchase to as_of; days_since_last = age - recency. monetary_value is"
                 " the mean net amount of the purchase days but the first, avg_order_value of all of them;"
                 " historic_value is the net amount of all rows. Customers without a purchase are left out"
                 " and counted in customers_no_purchase. Rows are ordered by customer_id: numbers, then"
                 " texts by their bytes, then blobs.",
             .example = "SELECT * FROM customer_summary('orders')"},
    .cols = customer_summary_cols,
    .args = customer_summary_args,
    .needs = CALL_ORDERS | CALL_SUMS | CALL_SEGMENTS,
    .order = customer_summary_order,
    .n_order = 1,
    .open = customer_summary_open,
    .cell = customer_summary_cell,
};
