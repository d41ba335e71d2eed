/* concentration.c - concentration(): how much of the revenue hangs on how few?
 *
 *     SELECT top10_share, top20pct_share, gini, effective_customers FROM concentration('orders');
 *     SELECT period_start, top10_share, gini FROM concentration('orders', 'quarter');
 *
 * One row for the whole time: customers by the net amount of all their rows.  With a period a row for each
 * one: customers with a purchase in it, by the net amount of their purchase days in it; a refund on a day of
 * its own has no period, unless order_column leads it to its order.
 *
 * Shares are of the sum of the amounts above 0; who brought less than nothing counts as a customer with
 * nothing.  With y_1 >= ... >= y_n and s_i = y_i / sum(y):
 *
 *     gini = sum((n + 1 - 2i) s_i) / n    hhi = sum(s_i^2)    effective_customers = 1 / hhi
 */
#include "base/libm.h"
#include "data/cells.h"
#include "data/segments.h"
#include "host/call.h"
#include "math/sum.h"
#include "stat/pareto.h"

enum { CONCENTRATION_PERIOD };
enum {
    CONCENTRATION_SEGMENT,
    CONCENTRATION_START,
    CONCENTRATION_END,
    CONCENTRATION_COMPLETE,
    CONCENTRATION_CUSTOMERS,
    CONCENTRATION_REVENUE,
    CONCENTRATION_TOP1,
    CONCENTRATION_TOP5,
    CONCENTRATION_TOP10,
    CONCENTRATION_TOP20PCT,
    CONCENTRATION_FOR_80PCT,
    CONCENTRATION_GINI,
    CONCENTRATION_HHI,
    CONCENTRATION_EFFECTIVE
};

static const ArgSpec concentration_args[] = {
    [CONCENTRATION_PERIOD] = {.name = "period", .kind = ARG_PERIOD,
                              .doc = "a row for each period of this length; without it one row for the whole"
                                     " time"},
    {0},
};

static const ColSpec concentration_cols[] = {
    [CONCENTRATION_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [CONCENTRATION_START] = {"period_start", "DATE",
                             "first day of the period; without period, of the first purchase"},
    [CONCENTRATION_END] = {"period_end", "DATE", "last day of the period; without period, as_of"},
    [CONCENTRATION_COMPLETE] = {"is_complete", "INTEGER",
                                "1 when as_of reaches the last day; else 0 and the shares are NULL"},
    [CONCENTRATION_CUSTOMERS] = {"customers", "INTEGER", "customers with a purchase"},
    [CONCENTRATION_REVENUE] = {"revenue", "REAL", "their net amount"},
    [CONCENTRATION_TOP1] = {"top1_share", "REAL", "share of the largest customer; NULL without revenue, as"
                                                  " are the columns from here on"},
    [CONCENTRATION_TOP5] = {"top5_share", "REAL", "share of the 5 largest customers"},
    [CONCENTRATION_TOP10] = {"top10_share", "REAL", "share of the 10 largest customers"},
    [CONCENTRATION_TOP20PCT] = {"top20pct_share", "REAL",
                                "share of the largest fifth of the customers, their number rounded up"},
    [CONCENTRATION_FOR_80PCT] = {"customers_for_80pct", "INTEGER",
                                 "fewest customers who together bring 80 %"},
    [CONCENTRATION_GINI] = {"gini", "REAL", "0: all bring the same; towards 1: one brings everything"},
    [CONCENTRATION_HHI] = {"hhi", "REAL", "Herfindahl-Hirschman index: sum of squared shares, 0 to 1"},
    [CONCENTRATION_EFFECTIVE] = {"effective_customers", "REAL",
                                 "1 / hhi: so many customers of equal size would be as concentrated"},
    {0},
};

static const CallOrder concentration_order[] = {{CONCENTRATION_SEGMENT, false}, {CONCENTRATION_START, false}};

enum { CONCENTRATION_ROWS_MAX = 5 * 1000 * 1000, CONCENTRATION_FEW = 5, CONCENTRATION_MORE = 10,
       CONCENTRATION_FIFTH = 5 };
#define CONCENTRATION_MOST 0.8

typedef struct ConcentrationRow {
    int64_t customers, for_80pct;
    double revenue, top1, top5, top10, top20pct, gini, hhi;
} ConcentrationRow;

typedef struct ConcentrationState {
    bool by_period;
    Period period;
    int32_t first;      /* index of the first period */
    int32_t n_periods;  /* 1 without periods */
    int32_t *period_of; /* by day since the first purchase, from 0; NULL without periods */
    Day day_first, as_of;
    Segments segments;
    Cells cells;        /* by segment and period, like rows */
    ConcentrationRow *rows;
} ConcentrationState;

/* ---- Amounts by segment and period ---- */

static void concentration_lay_periods(Call *call, ConcentrationState *state) {
    const Book *book = &call->book;
    int64_t n_days = (int64_t)book->as_of - book->day_first + 1;
    state->n_periods = 1;
    if (!state->by_period) return;
    state->period = call_period(call, &call->args[CONCENTRATION_PERIOD]);
    state->first = period_index(&state->period, book->day_first);
    state->n_periods = period_index(&state->period, book->as_of) - state->first + 1;
    state->period_of = arena_alloc_raw(call->arena, call->err, n_days, sizeof(*state->period_of));
    int32_t own = 0;
    Day end = period_start(&state->period, state->first + 1);
    for (int64_t i = 0; i < n_days && !call->err->rc; i++) {
        if (book->day_first + i == end) end = period_start(&state->period, state->first + ++own + 1);
        state->period_of[i] = own;
    }
}

/* A customer has an amount in each of their periods, or one in all. */
static void concentration_count(ConcentrationState *state, const BookCustomer *customer) {
    int64_t cell = segments_of(&state->segments, customer) * state->n_periods;
    int32_t last = -1;
    for (int64_t i = 0; i < customer->n_days && state->by_period; i++) {
        int32_t period = state->period_of[customer->days[i] - state->day_first];
        if (period != last) cells_count(&state->cells, cell + period);
        last = period;
    }
    if (!state->by_period) cells_count(&state->cells, cell);
}

static void concentration_add(ConcentrationState *state, const BookCustomer *customer, bool has_amounts) {
    int64_t cell = segments_of(&state->segments, customer) * state->n_periods;
    int32_t last = -1;
    double amount = has_amounts ? customer->total : (double)NAN;
    for (int64_t i = 0; i < customer->n_days && state->by_period; i++) {
        int32_t period = state->period_of[customer->days[i] - state->day_first];
        if (last >= 0 && period != last) cells_add(&state->cells, cell + last, amount);
        if (period != last) amount = 0;
        amount += has_amounts && customer->amounts ? customer->amounts[i] : (double)NAN;
        last = period;
    }
    cells_add(&state->cells, state->by_period ? cell + last : cell, amount);
}

static void concentration_pass(Call *call, ConcentrationState *state, bool add) {
    const Book *book = &call->book;
    for (int64_t c = 0; c < book->n_customers && !call->err->rc; c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days > 0 && add) concentration_add(state, &customer, book->has_amounts);
        else if (customer.n_days > 0) concentration_count(state, &customer);
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) err_set(call->err, SQLITE_INTERRUPT, "interrupted");
    }
}

/* ---- Rows ---- */

static void concentration_measure(ConcentrationRow *row, const double *amount, int64_t n) {
    Sum revenue = {0};
    double total = pareto_total(amount, n);
    for (int64_t i = 0; i < n; i++) sum_add(&revenue, amount[i]);
    row->customers = n;
    row->revenue = sum_value(&revenue);
    row->top1 = pareto_top(amount, n, 1, total);
    row->top5 = pareto_top(amount, n, CONCENTRATION_FEW, total);
    row->top10 = pareto_top(amount, n, CONCENTRATION_MORE, total);
    row->top20pct = pareto_top(amount, n, (n + CONCENTRATION_FIFTH - 1) / CONCENTRATION_FIFTH, total);
    row->for_80pct = pareto_count(amount, n, CONCENTRATION_MOST, total);
    row->gini = pareto_gini(amount, n, total);
    row->hhi = pareto_hhi(amount, n, total);
}

static int64_t concentration_open(Call *call) {
    ConcentrationState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->by_period = call->args[CONCENTRATION_PERIOD].given;
    if (call->book.n_buyers == 0) return 0;
    state->day_first = call->book.day_first;
    state->as_of = call->book.as_of;
    concentration_lay_periods(call, state);
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    state->segments = segments_rank(&call->book, split, call->arena, call->err);
    if (state->segments.n > CONCENTRATION_ROWS_MAX / state->n_periods)
        err_set(call->err, SQLITE_TOOBIG,
                "%lld segments over %d periods are more than %d rows; choose a longer period",
                state->segments.n, state->n_periods, CONCENTRATION_ROWS_MAX);
    int64_t n_rows = state->segments.n * state->n_periods;
    cells_open(&state->cells, n_rows, call->arena, call->err);
    concentration_pass(call, state, false);
    cells_lay(&state->cells, call->arena, call->err);
    concentration_pass(call, state, true);
    cells_sort(&state->cells, call->err);
    state->rows = arena_alloc_raw(call->arena, call->err, n_rows, sizeof(*state->rows));
    const Cells *cells = &state->cells;
    for (int64_t i = 0; i < n_rows && !call->err->rc; i++)
        concentration_measure(&state->rows[i], cells->value + cells->first[i], cells->first[i + 1] - cells->first[i]);
    return n_rows;
}

/* The shares of a period that is not over cannot be given. */
static double concentration_figure(const ConcentrationRow *row, int col) {
    switch (col) {
        case CONCENTRATION_TOP1: return row->top1;
        case CONCENTRATION_TOP5: return row->top5;
        case CONCENTRATION_TOP10: return row->top10;
        case CONCENTRATION_TOP20PCT: return row->top20pct;
        case CONCENTRATION_GINI: return row->gini;
        case CONCENTRATION_HHI: return row->hhi;
        default: return 1 / row->hhi;
    }
}

static void concentration_cell(const void *pointer, int64_t row_number, int col, Out *out) {
    const ConcentrationState *state = pointer;
    const ConcentrationRow *row = &state->rows[row_number];
    int32_t index = state->first + (int32_t)(row_number % state->n_periods);
    Day start = state->by_period ? period_start(&state->period, index) : state->day_first;
    Day last_day = state->by_period ? period_start(&state->period, index + 1) - 1 : state->as_of;
    bool complete = last_day <= state->as_of;
    switch (col) {
        case CONCENTRATION_SEGMENT:
            out_key(out, segments_key(&state->segments, row_number / state->n_periods));
            break;
        case CONCENTRATION_START: out_day(out, start); break;
        case CONCENTRATION_END: out_day(out, last_day); break;
        case CONCENTRATION_COMPLETE: out_int(out, complete); break;
        case CONCENTRATION_CUSTOMERS: out_int(out, row->customers); break;
        case CONCENTRATION_REVENUE: out_real(out, row->revenue); break;
        case CONCENTRATION_FOR_80PCT:
            if (complete && !isnan(row->hhi)) out_int(out, row->for_80pct);
            else out_null(out);
            break;
        default: out_real(out, complete ? concentration_figure(row, col) : (double)NAN);
    }
}

const TvfDef tvf_concentration = {
    .name = "concentration",
    .text = {.doc = "how much of the revenue hangs on how few customers",
             .definition =
                 "Without period: customers by the net amount of all their rows; with it: customers with a"
                 " purchase in the period by the net amount of their purchase days in it. Shares are of the"
                 " sum of the amounts above 0, a negative amount counts as 0. gini = sum of (n + 1 - 2i) x"
                 " share of the i-th largest of n, / n; hhi = sum of squared shares; effective_customers ="
                 " 1 / hhi. An unfinished period keeps customers and revenue. Rows are ordered by segment"
                 " and period_start.",
             .example = "SELECT * FROM concentration('orders')"},
    .cols = concentration_cols,
    .args = concentration_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS | CALL_TOTALS | CALL_SEGMENTS | CALL_PERIODS,
    .order = concentration_order,
    .n_order = 2,
    .open = concentration_open,
    .cell = concentration_cell,
};
