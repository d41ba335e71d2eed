/* retention_by.c - retention_by(): which group of customers do we keep better, and is that real?
 *
 *     SELECT segment, customers, retention_rate, diff_vs_rest, p_adjusted FROM retention_by('orders', 'channel');
 *     SELECT * FROM retention_by('orders', 'channel') WHERE period_from = '2025-01-01' AND period_to = '2025-04-01';
 *
 * For each segment: of the customers with a purchase in the base window [base_from, period_from) those with
 * a purchase in [period_from, period_to).  Without dates that is the last complete period and the one before
 * it, the retention_rate of that function.
 *
 * diff_vs_rest = retention_rate - that of all other segments together, with Newcombe's interval.  p_value is
 * that of the two rates being one, p_adjusted what it is worth among as many segments as are tested
 * (Benjamini, Hochberg).  Where the segment or the rest has fewer than 30 customers there is no test.
 */
#include "base/libm.h"
#include "data/segments.h"
#include "host/call.h"
#include "stat/adjust.h"
#include "stat/proportion.h"
#include "stat/wilson.h"

enum { RETENTION_BY_PERIOD, RETENTION_BY_FROM, RETENTION_BY_TO, RETENTION_BY_BASE };
enum {
    RETENTION_BY_SEGMENT,
    RETENTION_BY_START_DAY,
    RETENTION_BY_END_DAY,
    RETENTION_BY_COMPLETE,
    RETENTION_BY_CUSTOMERS,
    RETENTION_BY_RETAINED,
    RETENTION_BY_RATE,
    RETENTION_BY_LOW,
    RETENTION_BY_HIGH,
    RETENTION_BY_DIFF,
    RETENTION_BY_DIFF_LOW,
    RETENTION_BY_DIFF_HIGH,
    RETENTION_BY_P,
    RETENTION_BY_ADJUSTED,
    RETENTION_BY_SMALL
};

enum { RETENTION_BY_CUSTOMERS_MIN = 30 /* of a group that is tested */ };

static const ArgSpec retention_by_args[] = {
    [RETENTION_BY_PERIOD] = {.name = "period", .kind = ARG_PERIOD, .dflt_text = "month",
                             .doc = "length of the period, where its dates are not given"},
    [RETENTION_BY_FROM] = {.name = "period_from", .kind = ARG_DATE,
                           .doc = "first day of the period; by default the last complete one, or the one"
                                  " that ends with period_to"},
    [RETENTION_BY_TO] = {.name = "period_to", .kind = ARG_DATE,
                         .doc = "the day after the period; by default the end of the one that period_from"
                                " lies in"},
    [RETENTION_BY_BASE] = {.name = "base_from", .kind = ARG_DATE,
                           .doc = "first day of the base window, which ends where the period begins; by"
                                  " default as long as that: as many whole periods, or as many days"},
    {0},
};

static const ColSpec retention_by_cols[] = {
    [RETENTION_BY_SEGMENT] = {"segment", "", "the customers' segment"},
    [RETENTION_BY_START_DAY] = {"period_start", "DATE", "first day of the period"},
    [RETENTION_BY_END_DAY] = {"period_end", "DATE", "last day of the period"},
    [RETENTION_BY_COMPLETE] = {"is_complete", "INTEGER",
                               "1 when as_of reaches the last day; else 0, and only counts are given"},
    [RETENTION_BY_CUSTOMERS] = {"customers", "INTEGER", "with a purchase in the base window"},
    [RETENTION_BY_RETAINED] = {"retained", "INTEGER", "those of them with a purchase in the period"},
    [RETENTION_BY_RATE] = {"retention_rate", "REAL", "retained / customers; NULL when there are none"},
    [RETENTION_BY_LOW] = {"ci_low", "REAL", "lower end of the Wilson interval of retention_rate"},
    [RETENTION_BY_HIGH] = {"ci_high", "REAL", "upper end of it"},
    [RETENTION_BY_DIFF] = {"diff_vs_rest", "REAL",
                           "retention_rate less that of all other segments together; NULL without any"},
    [RETENTION_BY_DIFF_LOW] = {"diff_low", "REAL", "lower end of Newcombe's interval of diff_vs_rest"},
    [RETENTION_BY_DIFF_HIGH] = {"diff_high", "REAL", "upper end of it"},
    [RETENTION_BY_P] = {"p_value", "REAL",
                        "how often chance alone makes such a difference: two-sided, pooled z test; NULL"
                        " where the segment or the rest has fewer than 30 customers, or nobody or"
                        " everybody is retained"},
    [RETENTION_BY_ADJUSTED] = {"p_adjusted", "REAL",
                               "p_value adjusted for the number of segments tested (Benjamini-Hochberg)"},
    [RETENTION_BY_SMALL] = {"too_small", "INTEGER", "1 for fewer than 30 customers"},
    {0},
};

static const CallOrder retention_by_order[] = {{RETENTION_BY_SEGMENT, false}};

typedef struct RetentionByRow {
    int64_t customers, retained;
} RetentionByRow;

typedef struct RetentionByState {
    Segments segments;
    RetentionByRow *rows, all;
    double *p_values, *p_adjusted;  /* by row */
    Day base_from, from, to;        /* base window [base_from, from), period [from, to) */
    bool complete;
    double z;
} RetentionByState;

/* ---- The period ---- */

/* The last period that as_of reaches the end of. */
static int32_t retention_by_last(const Period *period, Day as_of) {
    return period_index(period, as_of + 1) - 1;
}

/* As many whole periods before from as lie in [from, to), else as many days. */
static Day retention_by_base(const Period *period, Day from, Day to) {
    int32_t first = period_index(period, from), end = period_index(period, to);
    bool whole = period_start(period, first) == from && period_start(period, end) == to;
    return whole ? period_start(period, 2 * first - end) : from - (to - from);
}

static void retention_by_refuse(Call *call, int arg, const char *relation, int other) {
    char day[11], bound[11];
    civil_print(call_calendar(call), call->args[arg].day, day);
    civil_print(call_calendar(call), call->args[other].day, bound);
    err_set(call->err, SQLITE_ERROR, "%s must be %s %s ('%s'), not '%s'", retention_by_args[arg].name, relation,
            retention_by_args[other].name, bound, day);
}

/* Works out the dates that are not given and shows them as the arguments in effect. */
static void retention_by_period(Call *call, RetentionByState *state) {
    ArgValue *from = &call->args[RETENTION_BY_FROM], *to = &call->args[RETENTION_BY_TO];
    ArgValue *base_from = &call->args[RETENTION_BY_BASE];
    Period period = call_period(call, &call->args[RETENTION_BY_PERIOD]);
    int32_t index = from->given  ? period_index(&period, from->day)
                    : to->given ? period_index(&period, to->day - 1)
                                : retention_by_last(&period, call->book.as_of);
    if (!from->given) from->day = period_start(&period, index);
    if (!to->given) to->day = period_start(&period, index + 1);
    if (!base_from->given) base_from->day = retention_by_base(&period, from->day, to->day);
    if (to->day <= from->day) retention_by_refuse(call, RETENTION_BY_TO, "after", RETENTION_BY_FROM);
    if (base_from->day >= from->day)
        retention_by_refuse(call, RETENTION_BY_BASE, "before", RETENTION_BY_FROM);
    state->base_from = base_from->day;
    state->from = from->day;
    state->to = to->day;
    state->complete = to->day - 1 <= call->book.as_of;
}

/* ---- The customers ---- */

/* Whether the customer has a purchase in [from, to). */
static bool retention_by_bought(const BookCustomer *customer, Day from, Day to) {
    int64_t low = 0, high = customer->n_days;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (customer->days[middle] < from) low = middle + 1;
        else high = middle;
    }
    return low < customer->n_days && customer->days[low] < to;
}

static void retention_by_count(Call *call, RetentionByState *state) {
    const Book *book = &call->book;
    for (int64_t c = 0; c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) return;
        if (!retention_by_bought(&customer, state->base_from, state->from)) continue;
        RetentionByRow *row = &state->rows[segments_of(&state->segments, &customer)];
        bool kept = retention_by_bought(&customer, state->from, state->to);
        row->customers++;
        row->retained += kept;
        state->all.customers++;
        state->all.retained += kept;
    }
}

static RetentionByRow retention_by_rest(const RetentionByState *state, const RetentionByRow *row) {
    return (RetentionByRow){.customers = state->all.customers - row->customers,
                            .retained = state->all.retained - row->retained};
}

static void retention_by_test(RetentionByState *state, int64_t *order) {
    for (int64_t i = 0; i < state->segments.n; i++) {
        const RetentionByRow *row = &state->rows[i];
        RetentionByRow rest = retention_by_rest(state, row);
        bool tested = row->customers >= RETENTION_BY_CUSTOMERS_MIN &&
                      rest.customers >= RETENTION_BY_CUSTOMERS_MIN;
        state->p_values[i] = tested ? proportion_p_value((double)row->retained, (double)row->customers,
                                                         (double)rest.retained, (double)rest.customers)
                                    : (double)NAN;
    }
    adjust_false_discovery(state->p_values, state->segments.n, state->p_adjusted, order);
}

static int64_t retention_by_open(Call *call) {
    RetentionByState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    retention_by_period(call, state);
    if (call->book.n_buyers == 0) return 0;
    state->segments = segments_rank(&call->book, true, call->arena, call->err);
    int64_t n = state->segments.n;
    state->rows = arena_alloc(call->arena, call->err, n, sizeof(*state->rows));
    state->p_values = arena_alloc_raw(call->arena, call->err, n, sizeof(double));
    state->p_adjusted = arena_alloc_raw(call->arena, call->err, n, sizeof(double));
    int64_t *order = arena_alloc_raw(call->arena, call->err, n, sizeof(*order));
    if (call->err->rc) return 0;
    retention_by_count(call, state);
    retention_by_test(state, order);
    return n;
}

/* ---- The rows ---- */

static double retention_by_rate(const RetentionByRow *row) {
    return row->customers > 0 ? (double)row->retained / (double)row->customers : (double)NAN;
}

static double retention_by_diff_end(const RetentionByState *state, const RetentionByRow *row, bool high) {
    RetentionByRow rest = retention_by_rest(state, row);
    double ends[2];
    proportion_difference((double)row->retained, (double)row->customers, (double)rest.retained,
                          (double)rest.customers, state->z, &ends[0], &ends[1]);
    return ends[high];
}

/* What is a rate, or made of rates. */
static double retention_by_figure(const RetentionByState *state, int64_t i, int col) {
    const RetentionByRow *row = &state->rows[i];
    RetentionByRow rest = retention_by_rest(state, row);
    double retained = (double)row->retained, customers = (double)row->customers;
    switch (col) {
        case RETENTION_BY_RATE: return retention_by_rate(row);
        case RETENTION_BY_LOW: return wilson_end(retained, customers, state->z, false);
        case RETENTION_BY_HIGH: return wilson_end(retained, customers, state->z, true);
        case RETENTION_BY_DIFF: return retention_by_rate(row) - retention_by_rate(&rest);
        case RETENTION_BY_DIFF_LOW: return retention_by_diff_end(state, row, false);
        case RETENTION_BY_DIFF_HIGH: return retention_by_diff_end(state, row, true);
        case RETENTION_BY_P: return state->p_values[i];
        default: return state->p_adjusted[i];
    }
}

static void retention_by_cell(const void *pointer, int64_t i, int col, Out *out) {
    const RetentionByState *state = pointer;
    const RetentionByRow *row = &state->rows[i];
    switch (col) {
        case RETENTION_BY_SEGMENT: out_key(out, segments_key(&state->segments, i)); break;
        case RETENTION_BY_START_DAY: out_day(out, state->from); break;
        case RETENTION_BY_END_DAY: out_day(out, state->to - 1); break;
        case RETENTION_BY_COMPLETE: out_int(out, state->complete); break;
        case RETENTION_BY_CUSTOMERS: out_int(out, row->customers); break;
        case RETENTION_BY_RETAINED: out_int(out, row->retained); break;
        case RETENTION_BY_SMALL: out_int(out, row->customers < RETENTION_BY_CUSTOMERS_MIN); break;
        default:
            if (state->complete) out_real(out, retention_by_figure(state, i, col));
            else out_null(out);
    }
}

const TvfDef tvf_retention_by = {
    .name = "retention_by",
    .text = {.doc = "which segment's customers are kept better than the rest, and is it more than chance",
             .definition =
                 "of a segment's customers with a purchase in [base_from, period_from) those with a"
                 " purchase in [period_from, period_to); by default the last complete period and the one"
                 " before it. diff_vs_rest compares with all other segments together: Newcombe's interval,"
                 " and a pooled z test whose p-values are adjusted by Benjamini and Hochberg over the"
                 " segments tested, those with at least 30 customers. A customer's segment is that of the"
                 " first purchase. An unfinished period has counts so far and no rates. Rows are ordered"
                 " by segment.",
             .example = "SELECT * FROM retention_by('orders', 'channel')"},
    .cols = retention_by_cols,
    .args = retention_by_args,
    .needs = CALL_ORDERS | CALL_SEGMENTS | CALL_BY_SEGMENT | CALL_PERIODS | CALL_CONFIDENCE | CALL_COUNTS,
    .order = retention_by_order,
    .n_order = 1,
    .open = retention_by_open,
    .cell = retention_by_cell,
};
