/* purchase_gaps.c - purchase_gaps(): how many days lie between two purchases?
 *
 *     SELECT order_number, n, median, p90 FROM purchase_gaps('orders');
 *
 * Gap k of a customer reaches from purchase day k to purchase day k + 1.  The first row is about all gaps
 * together, its order_number NULL, which is where SQL sorts it; then a row for each k, up to max_n, that
 * somebody has.  Only gaps that have ended count: who has not come back yet is in time_to_purchase.
 */
#include "base/libm.h"
#include "data/segments.h"
#include "data/spells.h"
#include "host/call.h"
#include "stat/spread.h"

enum { PURCHASE_GAPS_MAX_N };
enum {
    PURCHASE_GAPS_SEGMENT,
    PURCHASE_GAPS_ORDER,
    PURCHASE_GAPS_N,
    PURCHASE_GAPS_MEAN,
    PURCHASE_GAPS_MEDIAN,
    PURCHASE_GAPS_P10,
    PURCHASE_GAPS_P25,
    PURCHASE_GAPS_P75,
    PURCHASE_GAPS_P90,
    PURCHASE_GAPS_CV
};

static const ArgSpec purchase_gaps_args[] = {
    [PURCHASE_GAPS_MAX_N] = {.name = "max_n", .kind = ARG_INTEGER, .dflt = 10, .min = 1, .max = 1000,
                             .doc = "last order_number with a row of its own; the row of all gaps has the later"
                                    " ones too"},
    {0},
};

static const ColSpec purchase_gaps_cols[] = {
    [PURCHASE_GAPS_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [PURCHASE_GAPS_ORDER] = {"order_number", "INTEGER",
                             "the gap after this purchase day, 1 for the customer's first; NULL: all gaps"},
    [PURCHASE_GAPS_N] = {"n", "INTEGER", "how many gaps"},
    [PURCHASE_GAPS_MEAN] = {"mean", "REAL", "their mean in days"},
    [PURCHASE_GAPS_MEDIAN] = {"median", "REAL", "their median in days"},
    [PURCHASE_GAPS_P10] = {"p10", "REAL", "the days that one gap in ten does not exceed; linear in between"},
    [PURCHASE_GAPS_P25] = {"p25", "REAL", "the days that a quarter do not exceed"},
    [PURCHASE_GAPS_P75] = {"p75", "REAL", "the days that three quarters do not exceed"},
    [PURCHASE_GAPS_P90] = {"p90", "REAL", "the days that nine in ten do not exceed"},
    [PURCHASE_GAPS_CV] = {"cv", "REAL",
                          "coefficient of variation: standard deviation / mean; NULL for a single gap"},
    {0},
};

static const CallOrder purchase_gaps_order[] = {{PURCHASE_GAPS_SEGMENT, false}, {PURCHASE_GAPS_ORDER, false}};

typedef struct PurchaseGapsState {
    Segments segments;
    int64_t per_segment;  /* groups of one: all gaps, then each order_number */
    SpellsTable table;
    Spread *spreads;      /* by group */
} PurchaseGapsState;

static void purchase_gaps_count(Call *call, const PurchaseGapsState *state, Spells *spells) {
    const Book *book = &call->book;
    for (int64_t c = 0; c < book->n_customers; c++) {
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) return;
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days < 2) continue;
        uint64_t all = (uint64_t)(segments_of(&state->segments, &customer) * state->per_segment);
        for (int64_t k = 1; k < customer.n_days; k++) {
            int32_t gap = customer.days[k] - customer.days[k - 1];
            spells_add(spells, all, gap, true);
            if (k < state->per_segment) spells_add(spells, all + (uint64_t)k, gap, true);
        }
    }
}

static int64_t purchase_gaps_open(Call *call) {
    PurchaseGapsState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->per_segment = call->args[PURCHASE_GAPS_MAX_N].integer + 1;
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    Spells spells;
    state->segments = segments_rank(&call->book, split, call->arena, call->err);
    spells_open(&spells, call->err);
    if (call->err->rc) return 0;
    purchase_gaps_count(call, state, &spells);
    state->table = spells_close(&spells, call->arena);
    const SpellsTable *table = &state->table;
    state->spreads = arena_alloc_raw(call->arena, call->err, table->n_groups, sizeof(*state->spreads));
    if (call->err->rc) return 0;
    for (int64_t g = 0; g < table->n_groups; g++) {
        int64_t first = table->groups[g].first;
        state->spreads[g] = spread_of(table->days + first, table->ended + first, table->groups[g].end - first);
    }
    return table->n_groups;
}

static double purchase_gaps_percentile(const PurchaseGapsState *state, int64_t row, int percent) {
    int64_t first = state->table.groups[row].first;
    return spread_percentile(state->table.days + first, state->table.ended + first, state->spreads[row].n,
                             percent);
}

static void purchase_gaps_cell(const void *pointer, int64_t row, int col, Out *out) {
    const PurchaseGapsState *state = pointer;
    const Spread *spread = &state->spreads[row];
    int64_t id = (int64_t)state->table.groups[row].id, order_number = id % state->per_segment;
    switch (col) {
        case PURCHASE_GAPS_SEGMENT: out_key(out, segments_key(&state->segments, id / state->per_segment)); break;
        case PURCHASE_GAPS_ORDER:
            if (order_number > 0) out_int(out, order_number);
            else out_null(out);
            break;
        case PURCHASE_GAPS_N: out_int(out, spread->n); break;
        case PURCHASE_GAPS_MEAN: out_real(out, spread->mean); break;
        case PURCHASE_GAPS_MEDIAN: out_real(out, purchase_gaps_percentile(state, row, 50)); break;
        case PURCHASE_GAPS_P10: out_real(out, purchase_gaps_percentile(state, row, 10)); break;
        case PURCHASE_GAPS_P25: out_real(out, purchase_gaps_percentile(state, row, 25)); break;
        case PURCHASE_GAPS_P75: out_real(out, purchase_gaps_percentile(state, row, 75)); break;
        case PURCHASE_GAPS_P90: out_real(out, purchase_gaps_percentile(state, row, 90)); break;
        default: out_real(out, spread->sd / spread->mean);
    }
}

const TvfDef tvf_purchase_gaps = {
    .name = "purchase_gaps",
    .text = {.doc = "how many days lie between one purchase and the next",
             .definition =
                 "Gap k = days from a customer's purchase day k to purchase day k + 1; gaps that have not ended"
                 " are left out. pN and median are linear between neighbours (type 7: the place (n - 1) N / 100"
                 " among the sorted gaps, from 0); cv = sample standard deviation / mean. Rows are ordered by"
                 " segment and order_number, the NULL of all gaps first; where there is no gap there is no row.",
             .example = "SELECT * FROM purchase_gaps('orders', 5)"},
    .cols = purchase_gaps_cols,
    .args = purchase_gaps_args,
    .needs = CALL_ORDERS | CALL_SEGMENTS | CALL_COUNTS,
    .order = purchase_gaps_order,
    .n_order = 2,
    .open = purchase_gaps_open,
    .cell = purchase_gaps_cell,
};
