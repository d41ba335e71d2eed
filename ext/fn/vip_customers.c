/* vip_customers.c - vip_customers(): who brings most of the revenue?
 *
 *     SELECT * FROM vip_customers('orders') WHERE is_vip;
 *     SELECT abc_class, count(*), sum(amount) FROM vip_customers('orders') GROUP BY abc_class;
 *
 * Customers by what they brought so far, net of refunds, the largest first; with segment_column, within each
 * segment.  share is a customer's part of the total, cum_share that of all down to this one.  The VIPs are the
 * fewest customers who together bring revenue_share of the total; class A the fewest who bring a_share, A and
 * B together the fewest who bring b_share; the rest is C.
 *
 * Whose refunds outweigh their purchases brings nothing: a share of 0, and the total is that of the others.
 */
#include "base/libm.h"
#include "data/listing.h"
#include "data/idorder.h"
#include "data/segments.h"
#include "data/standing.h"
#include "host/call.h"
#include "stat/pareto.h"

enum { VIP_CUSTOMERS_REVENUE_SHARE, VIP_CUSTOMERS_A_SHARE, VIP_CUSTOMERS_B_SHARE };
enum {
    VIP_CUSTOMERS_SEGMENT,
    VIP_CUSTOMERS_RANK,
    VIP_CUSTOMERS_CUSTOMER,
    VIP_CUSTOMERS_AMOUNT,
    VIP_CUSTOMERS_SHARE,
    VIP_CUSTOMERS_CUM_SHARE,
    VIP_CUSTOMERS_CUM_CUSTOMERS,
    VIP_CUSTOMERS_IS_VIP,
    VIP_CUSTOMERS_CLASS
};

static const ArgSpec vip_customers_args[] = {
    [VIP_CUSTOMERS_REVENUE_SHARE] = {.name = "revenue_share", .kind = ARG_REAL, .dflt = 0.8, .min = 0, .max = 1,
                                     .doc = "share of the revenue that the VIPs bring together"},
    [VIP_CUSTOMERS_A_SHARE] = {.name = "a_share", .kind = ARG_REAL, .dflt = 0.8, .min = 0, .max = 1,
                               .doc = "share of the revenue that class A brings"},
    [VIP_CUSTOMERS_B_SHARE] = {.name = "b_share", .kind = ARG_REAL, .dflt = 0.95, .min = 0, .max = 1,
                               .doc = "share that A and B bring together; at least a_share"},
    {0},
};

static const ColSpec vip_customers_cols[] = {
    [VIP_CUSTOMERS_SEGMENT] = {"segment", "", "the customer's segment; NULL without segment_column"},
    [VIP_CUSTOMERS_RANK] = {"rank", "INTEGER", "1 is the customer who brought most, in the segment"},
    [VIP_CUSTOMERS_CUSTOMER] = {"customer_id", "", "as in the source"},
    [VIP_CUSTOMERS_AMOUNT] = {"amount", "REAL", "net amount of all rows so far"},
    [VIP_CUSTOMERS_SHARE] = {"share", "REAL",
                             "part of the total of the segment; 0 for a negative amount; NULL when nobody"
                             " brought anything"},
    [VIP_CUSTOMERS_CUM_SHARE] = {"cum_share", "REAL", "share of this customer and all above"},
    [VIP_CUSTOMERS_CUM_CUSTOMERS] = {"cum_customers_share", "REAL",
                                     "rank / customers: the part of the customers that brings cum_share"},
    [VIP_CUSTOMERS_IS_VIP] = {"is_vip", "INTEGER",
                              "1 for the fewest customers who together bring revenue_share, else 0"},
    [VIP_CUSTOMERS_CLASS] = {"abc_class", "TEXT",
                             "'A' for the fewest who bring a_share, 'B' for those next up to b_share, 'C'"},
    {0},
};

static const CallOrder vip_customers_order[] = {{VIP_CUSTOMERS_SEGMENT, false}, {VIP_CUSTOMERS_RANK, false}};

/* One segment: what its shares are of, and how many reach each threshold. */
typedef struct VipCustomersGroup {
    double total;
    int64_t reach[VIP_CUSTOMERS_B_SHARE + 1]; /* by argument */
} VipCustomersGroup;

typedef struct VipCustomersState {
    Segments segments;
    VipCustomersGroup *groups; /* by segment */
    Standing standing;         /* places are rows; its members are then ids in the book */
    double *cum_share;         /* by row */
    Listing *listing;
} VipCustomersState;

/* Members by what they brought, in the order of their ids where that is the same. */
static void vip_customers_rank(Call *call, VipCustomersState *state, Arena *scratch) {
    const Book *book = &call->book;
    Standing *standing = &state->standing;
    Idorder idorder;
    idorder_list(&idorder, book, scratch, call->err);
    int64_t n = idorder.n;
    double *value = arena_alloc_raw(scratch, call->err, n, sizeof(*value));
    uint32_t *segment = state->segments.rank ? arena_alloc_raw(scratch, call->err, n, sizeof(*segment)) : NULL;
    for (int64_t i = 0; i < n && !call->err->rc; i++) {
        BookCustomer customer = book_customer(book, idorder.customer[i]);
        value[i] = book->has_amounts ? customer.total : (double)NAN;
        if (segment) segment[i] = (uint32_t)segments_of(&state->segments, &customer);
        if (i % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) err_set(call->err, SQLITE_INTERRUPT, "interrupted");
    }
    standing_open(standing, n, state->segments.n, call->arena, scratch, call->err);
    if (call->err->rc) return;
    standing_sort(standing, value, segment);
    for (int64_t i = 0; i < n; i++) standing->member[i] = idorder.customer[standing->member[i]];
}

static void vip_customers_share(Call *call, VipCustomersState *state) {
    for (int64_t s = 0; s < state->segments.n; s++) {
        VipCustomersGroup *group = &state->groups[s];
        int64_t first = state->standing.first[s], n = state->standing.first[s + 1] - first;
        const double *amount = state->standing.value + first;
        group->total = pareto_total(amount, n);
        pareto_cumulate(amount, n, group->total, state->cum_share + first);
        for (int i = 0; i <= VIP_CUSTOMERS_B_SHARE; i++)
            group->reach[i] = pareto_count(amount, n, call->args[i].real, group->total);
    }
}

static void vip_customers_check(Call *call) {
    double a = call->args[VIP_CUSTOMERS_A_SHARE].real, b = call->args[VIP_CUSTOMERS_B_SHARE].real;
    if (b < a) err_set(call->err, SQLITE_ERROR, "b_share must be at least a_share, %.15g, not %.15g", a, b);
}

static int64_t vip_customers_open(Call *call) {
    Arena scratch = {0};
    VipCustomersState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    vip_customers_check(call);
    int64_t n = call->book.n_buyers;
    if (n == 0 || call->err->rc) return 0;
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    state->segments = segments_rank(&call->book, split, call->arena, call->err);
    state->groups = arena_alloc(call->arena, call->err, state->segments.n, sizeof(*state->groups));
    vip_customers_rank(call, state, &scratch);
    arena_free(&scratch);
    state->cum_share = arena_alloc_raw(call->arena, call->err, n, sizeof(*state->cum_share));
    state->listing = listing_open(&call->book, state->standing.member, n, false, call->arena, call->err);
    if (!call->err->rc) vip_customers_share(call, state);
    return n;
}

static void vip_customers_out_class(Out *out, const VipCustomersGroup *group, int64_t place) {
    if (isnan(group->total)) out_null(out);
    else if (place < group->reach[VIP_CUSTOMERS_A_SHARE]) out_static(out, "A");
    else out_static(out, place < group->reach[VIP_CUSTOMERS_B_SHARE] ? "B" : "C");
}

static void vip_customers_cell(const void *pointer, int64_t row, int col, Out *out) {
    const VipCustomersState *state = pointer;
    const ListingRow *listed = listing_row(state->listing, row);
    int64_t s = segments_of(&state->segments, &listed->customer), first = state->standing.first[s];
    const VipCustomersGroup *group = &state->groups[s];
    double amount = state->standing.value[row];
    switch (col) {
        case VIP_CUSTOMERS_SEGMENT: out_key(out, segments_key(&state->segments, s)); break;
        case VIP_CUSTOMERS_RANK: out_int(out, row - first + 1); break;
        case VIP_CUSTOMERS_CUSTOMER: out_key(out, &listed->id); break;
        case VIP_CUSTOMERS_AMOUNT: out_real(out, amount); break;
        case VIP_CUSTOMERS_SHARE: out_real(out, fmax(amount, 0) / group->total); break;
        case VIP_CUSTOMERS_CUM_SHARE: out_real(out, state->cum_share[row]); break;
        case VIP_CUSTOMERS_CUM_CUSTOMERS:
            out_real(out, (double)(row - first + 1) / (double)(state->standing.first[s + 1] - first));
            break;
        case VIP_CUSTOMERS_IS_VIP:
            if (isnan(group->total)) out_null(out);
            else out_int(out, row - first < group->reach[VIP_CUSTOMERS_REVENUE_SHARE]);
            break;
        default: vip_customers_out_class(out, group, row - first);
    }
}

const TvfDef tvf_vip_customers = {
    .name = "vip_customers",
    .text = {.doc = "who brings most of the revenue: customers by amount, with shares and ABC classes",
             .definition =
                 "amount is the net amount of all of a customer's rows, share = max(amount, 0) / the sum of"
                 " the amounts above 0. VIPs are the fewest customers, from the top, whose shares add up to"
                 " revenue_share (to a billionth): the one who crosses it is the last of them. abc_class is"
                 " A up to a_share by the same rule, B up to b_share, else C. With segment_column each"
                 " segment is a list of its own. Rows are ordered by segment and rank: by amount, largest"
                 " first, those equal to a millionth by customer_id.",
             .example = "SELECT * FROM vip_customers('orders', 0.8) WHERE is_vip"},
    .cols = vip_customers_cols,
    .args = vip_customers_args,
    .needs = CALL_ORDERS | CALL_TOTALS | CALL_SEGMENTS,
    .order = vip_customers_order,
    .n_order = 2,
    .open = vip_customers_open,
    .cell = vip_customers_cell,
};
