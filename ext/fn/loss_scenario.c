/* loss_scenario.c - loss_scenario(): what if our largest customers leave?
 *
 *     SELECT top_k, revenue_lost, share_of_revenue, new_customers_needed FROM loss_scenario('orders');
 *
 * Revenue is the net amount of the purchase days in the lookback, the time that ends with as_of: what a year
 * brings, unless another lookback is asked for.  The customers are those with a purchase in it, and the
 * largest those with most revenue in it: who left long ago cannot be lost again.
 *
 * A new customer is one whose first purchase lies in the lookback; revenue_per_new_customer is what they
 * brought in it, divided by their number.  Most of them had only a part of it, so in a whole one as many would
 * bring rather more: new_customers_needed = revenue_lost / revenue_per_new_customer, rounded up, is on the
 * safe side.
 */
#include "base/libm.h"
#include "base/list.h"
#include "data/cells.h"
#include "data/segments.h"
#include "host/call.h"
#include "math/sum.h"
#include "stat/pareto.h"

enum { LOSS_SCENARIO_K, LOSS_SCENARIO_LOOKBACK };
enum {
    LOSS_SCENARIO_SEGMENT,
    LOSS_SCENARIO_TOP_K,
    LOSS_SCENARIO_CUSTOMERS,
    LOSS_SCENARIO_LOST,
    LOSS_SCENARIO_SHARE,
    LOSS_SCENARIO_REMAINING,
    LOSS_SCENARIO_PER_NEW,
    LOSS_SCENARIO_NEEDED
};

static const ArgSpec loss_scenario_args[] = {
    [LOSS_SCENARIO_K] = {.name = "k", .kind = ARG_LIST, .dflt_text = "1,5,10", .min = 1, .max = 1000000,
                         .doc = "how many of the largest customers leave"},
    [LOSS_SCENARIO_LOOKBACK] = {.name = "lookback", .kind = ARG_SPAN, .dflt_text = "1 year",
                                .doc = "time up to as_of whose revenue counts"},
    {0},
};

static const ColSpec loss_scenario_cols[] = {
    [LOSS_SCENARIO_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [LOSS_SCENARIO_TOP_K] = {"top_k", "INTEGER", "the k of the row: so many of the largest leave"},
    [LOSS_SCENARIO_CUSTOMERS] = {"customers", "INTEGER", "customers who leave: k, or all where they are fewer"},
    [LOSS_SCENARIO_LOST] = {"revenue_lost", "REAL", "what they brought in the lookback"},
    [LOSS_SCENARIO_SHARE] = {"share_of_revenue", "REAL",
                             "revenue_lost / revenue of the lookback; NULL without revenue"},
    [LOSS_SCENARIO_REMAINING] = {"remaining_revenue", "REAL", "what the others brought in the lookback"},
    [LOSS_SCENARIO_PER_NEW] = {"revenue_per_new_customer", "REAL",
                               "mean revenue in the lookback of those whose first purchase lies in it; NULL"
                               " when there is none"},
    [LOSS_SCENARIO_NEEDED] = {"new_customers_needed", "INTEGER",
                              "revenue_lost / revenue_per_new_customer, rounded up"},
    {0},
};

static const CallOrder loss_scenario_order[] = {{LOSS_SCENARIO_SEGMENT, false}, {LOSS_SCENARIO_TOP_K, false}};

/* A quotient above a whole number by less than this is that number: 0.3 / 0.1 is not 3 in binary. */
#define LOSS_SCENARIO_EPSILON 1e-9
#define LOSS_SCENARIO_NEEDED_MAX 9007199254740992.0 /* 2^53; more is no number of customers */

typedef struct LossScenarioGroup {
    Sum fresh;        /* revenue of new customers */
    int64_t n_fresh;
    double revenue;
} LossScenarioGroup;

typedef struct LossScenarioState {
    bool has_amounts;
    Segments segments;
    Cells cells;               /* revenue of each customer, by segment */
    LossScenarioGroup *groups; /* by segment */
    ListEntry k[LIST_MAX];
    int n_k;
    double *lost;              /* by row: segment, then k */
} LossScenarioState;

/* Counts, or adds up, what each customer brought after the day since. */
static void loss_scenario_pass(Call *call, LossScenarioState *state, Day since, bool add) {
    const Book *book = &call->book;
    for (int64_t c = 0; c < book->n_customers && !call->err->rc; c++) {
        BookCustomer customer = book_customer(book, c);
        int64_t i = customer.n_days;
        double revenue = 0;
        for (; i > 0 && customer.days[i - 1] > since; i--)
            revenue += book->has_amounts ? customer.amounts[i - 1] : (double)NAN;
        if (i < customer.n_days) {
            int64_t s = segments_of(&state->segments, &customer);
            if (!add) {
                cells_count(&state->cells, s);
            } else {
                cells_add(&state->cells, s, revenue);
                if (i == 0) sum_add(&state->groups[s].fresh, revenue);
                state->groups[s].n_fresh += i == 0;
            }
        }
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) err_set(call->err, SQLITE_INTERRUPT, "interrupted");
    }
}

/* How many of a segment's customers leave. */
static int64_t loss_scenario_leave(const LossScenarioState *state, int64_t s, int k) {
    int64_t n = state->cells.first[s + 1] - state->cells.first[s];
    return state->k[k].from < n ? state->k[k].from : n;
}

static void loss_scenario_lose(LossScenarioState *state, int64_t s) {
    const double *amount = state->cells.value + state->cells.first[s];
    int64_t n = state->cells.first[s + 1] - state->cells.first[s], i = 0;
    Sum sum = {0};
    for (int k = 0; k < state->n_k; k++) {
        while (i < loss_scenario_leave(state, s, k)) sum_add(&sum, amount[i++]);
        state->lost[s * state->n_k + k] = sum_value(&sum);
    }
    while (i < n) sum_add(&sum, amount[i++]);
    state->groups[s].revenue = sum_value(&sum);
}

static int64_t loss_scenario_open(Call *call) {
    LossScenarioState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    if (call->book.n_buyers == 0) return 0;
    state->has_amounts = call->book.has_amounts;
    state->n_k = list_parse(call->args[LOSS_SCENARIO_K].text, false, state->k);
    Day since = span_before(&call->args[LOSS_SCENARIO_LOOKBACK].span, call_calendar(call), call->book.as_of);
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    state->segments = segments_rank(&call->book, split, call->arena, call->err);
    int64_t n_segments = state->segments.n;
    cells_open(&state->cells, n_segments, call->arena, call->err);
    state->groups = arena_alloc(call->arena, call->err, n_segments, sizeof(*state->groups));
    state->lost = arena_alloc_raw(call->arena, call->err, n_segments * state->n_k, sizeof(*state->lost));
    loss_scenario_pass(call, state, since, false);
    cells_lay(&state->cells, call->arena, call->err);
    loss_scenario_pass(call, state, since, true);
    cells_sort(&state->cells, call->err);
    for (int64_t s = 0; s < n_segments && !call->err->rc; s++) loss_scenario_lose(state, s);
    return n_segments * state->n_k;
}

static void loss_scenario_out_needed(Out *out, double needed) {
    double whole = floor(needed);
    if (needed - whole > LOSS_SCENARIO_EPSILON * needed) whole++;
    if (whole <= LOSS_SCENARIO_NEEDED_MAX) out_int(out, (int64_t)whole);
    else out_null(out);
}

static void loss_scenario_cell(const void *pointer, int64_t row, int col, Out *out) {
    const LossScenarioState *state = pointer;
    int64_t s = row / state->n_k;
    int k = (int)(row % state->n_k);
    const LossScenarioGroup *group = &state->groups[s];
    double lost = state->lost[row], per_new = sum_value(&group->fresh) / (double)group->n_fresh;
    switch (col) {
        case LOSS_SCENARIO_SEGMENT: out_key(out, segments_key(&state->segments, s)); break;
        case LOSS_SCENARIO_TOP_K: out_int(out, state->k[k].from); break;
        case LOSS_SCENARIO_CUSTOMERS: out_int(out, loss_scenario_leave(state, s, k)); break;
        case LOSS_SCENARIO_LOST: out_real(out, state->has_amounts ? lost : (double)NAN); break;
        case LOSS_SCENARIO_SHARE: out_real(out, lost / group->revenue); break;
        case LOSS_SCENARIO_REMAINING:
            out_real(out, state->has_amounts ? group->revenue - lost : (double)NAN);
            break;
        case LOSS_SCENARIO_PER_NEW: out_real(out, per_new); break;
        default: loss_scenario_out_needed(out, lost / per_new);
    }
}

const TvfDef tvf_loss_scenario = {
    .name = "loss_scenario",
    .text = {.doc = "what is lost when the largest customers leave, and how many new ones make up for it",
             .definition =
                 "Revenue is the net amount of the purchase days after as_of - lookback. The customers with"
                 " most of it leave. revenue_per_new_customer = revenue of the customers whose first purchase"
                 " lies in the lookback / their number; most of them had only a part of it, so"
                 " new_customers_needed is rather too many. Rows are ordered by segment and top_k.",
             .example = "SELECT * FROM loss_scenario('orders', '1,5,10')"},
    .cols = loss_scenario_cols,
    .args = loss_scenario_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS | CALL_SEGMENTS,
    .order = loss_scenario_order,
    .n_order = 2,
    .open = loss_scenario_open,
    .cell = loss_scenario_cell,
};
