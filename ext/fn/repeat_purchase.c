/* repeat_purchase.c - repeat_purchase(): how many come back within 30, 60, 90 days?
 *
 *     SELECT window_days, repeat_rate FROM repeat_purchase('orders');
 *     SELECT cohort, repeat_rate FROM repeat_purchase('orders', 90, 'quarter');
 *
 * For each window of N days: eligible are the customers whose first purchase was at least N days before
 * as_of, so that all had the same time to come back; repeaters are those of them with a second purchase
 * day at most N days after the first.  repeat_rate = repeaters / eligible.
 */
#include "base/libm.h"
#include "base/list.h"
#include "data/segments.h"
#include "host/call.h"
#include "stat/wilson.h"

enum { REPEAT_PURCHASE_WINDOWS, REPEAT_PURCHASE_PERIOD };
enum {
    REPEAT_PURCHASE_SEGMENT,
    REPEAT_PURCHASE_COHORT,
    REPEAT_PURCHASE_WINDOW,
    REPEAT_PURCHASE_ELIGIBLE,
    REPEAT_PURCHASE_REPEATERS,
    REPEAT_PURCHASE_RATE,
    REPEAT_PURCHASE_LOW,
    REPEAT_PURCHASE_HIGH,
    REPEAT_PURCHASE_IMMATURE
};

static const ArgSpec repeat_purchase_args[] = {
    [REPEAT_PURCHASE_WINDOWS] = {.name = "windows", .kind = ARG_LIST, .dflt_text = "30,60,90,180,365",
                                 .min = 1, .max = 36500, .doc = "lengths of the windows in days"},
    [REPEAT_PURCHASE_PERIOD] = {.name = "period", .kind = ARG_PERIOD, .dflt_text = "",
                                .doc = "cohorts by period of the first purchase; by default all customers"
                                       " are one"},
    {0},
};

static const ColSpec repeat_purchase_cols[] = {
    [REPEAT_PURCHASE_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [REPEAT_PURCHASE_COHORT] = {"cohort", "DATE",
                                "first day of the period of the first purchase; NULL without period"},
    [REPEAT_PURCHASE_WINDOW] = {"window_days", "INTEGER", "length of the window after the first purchase"},
    [REPEAT_PURCHASE_ELIGIBLE] = {"eligible", "INTEGER",
                                  "customers whose first purchase was at least window_days before as_of"},
    [REPEAT_PURCHASE_REPEATERS] = {"repeaters", "INTEGER",
                                   "of them, those with a second purchase day within window_days"},
    [REPEAT_PURCHASE_RATE] = {"repeat_rate", "REAL", "repeaters / eligible; NULL when nobody is eligible"},
    [REPEAT_PURCHASE_LOW] = {"ci_low", "REAL", "lower end of the Wilson interval of repeat_rate"},
    [REPEAT_PURCHASE_HIGH] = {"ci_high", "REAL", "upper end of it"},
    [REPEAT_PURCHASE_IMMATURE] = {"excluded_immature", "INTEGER",
                                  "customers left out because their window is not over yet"},
    {0},
};

static const CallOrder repeat_purchase_order[] = {{REPEAT_PURCHASE_SEGMENT, false},
                                                  {REPEAT_PURCHASE_COHORT, false},
                                                  {REPEAT_PURCHASE_WINDOW, false}};

enum { REPEAT_PURCHASE_ROWS_MAX = 20 * 1000 * 1000 };

typedef struct RepeatPurchaseRow {
    int64_t eligible, repeaters;
} RepeatPurchaseRow;

typedef struct RepeatPurchaseGroup {
    int64_t segment;         /* its rank */
    int32_t cohort;          /* periods since the first */
    int64_t customers;
} RepeatPurchaseGroup;

typedef struct RepeatPurchaseState {
    int32_t windows[LIST_MAX];
    int n_windows;
    bool split;              /* by period */
    Period period;
    int32_t first;           /* index of the first period */
    int32_t n_periods;
    int32_t *period_of;      /* since the first, by day since the first purchase; NULL unless split */
    Segments segments;
    uint32_t *group_of;      /* by segment and period, where somebody began */
    RepeatPurchaseGroup *groups;
    RepeatPurchaseRow *rows; /* n_windows for each group */
    double z;
} RepeatPurchaseState;

static void repeat_purchase_windows(RepeatPurchaseState *state, const ArgValue *arg) {
    ListEntry entries[LIST_MAX];
    state->n_windows = list_parse(arg->text, false, entries);
    for (int i = 0; i < state->n_windows; i++) state->windows[i] = entries[i].from;
}

/* Number of windows shorter than `days`. */
static int repeat_purchase_shorter(const RepeatPurchaseState *state, int32_t days) {
    int n = 0;
    while (n < state->n_windows && state->windows[n] < days) n++;
    return n;
}

static void repeat_purchase_periods(Call *call, RepeatPurchaseState *state, const ArgValue *arg) {
    const Book *book = &call->book;
    state->n_periods = 1;
    state->split = arg->text[0] != 0;
    if (!state->split) return;
    state->period = call_period(call, arg);
    state->first = period_index(&state->period, book->day_first);
    state->n_periods = period_index(&state->period, book->as_of) - state->first + 1;
    int64_t n_days = (int64_t)book->as_of - book->day_first + 1;
    state->period_of = arena_alloc_raw(call->arena, call->err, n_days, sizeof(*state->period_of));
    Day end = period_start(&state->period, state->first + 1);
    int32_t period = 0;
    for (int64_t i = 0; i < n_days && state->period_of; i++) {
        if (book->day_first + (Day)i == end) end = period_start(&state->period, state->first + ++period + 1);
        state->period_of[i] = period;
    }
}

static int64_t repeat_purchase_cell_of(const RepeatPurchaseState *state, const Book *book,
                                       const BookCustomer *customer) {
    int64_t period = state->split ? state->period_of[customer->days[0] - book->day_first] : 0;
    return segments_of(&state->segments, customer) * state->n_periods + period;
}

/* Gives a group to each segment and period that somebody began in; the number of groups. */
static int64_t repeat_purchase_find_groups(Call *call, RepeatPurchaseState *state) {
    const Book *book = &call->book;
    int64_t n_cells = state->segments.n * state->n_periods, n = 0;
    uint32_t *count = state->group_of;
    for (int64_t c = 0; c < book->n_customers; c++) {
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) return 0;
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days > 0) n += count[repeat_purchase_cell_of(state, book, &customer)]++ == 0;
    }
    state->groups = arena_alloc_raw(call->arena, call->err, n, sizeof(*state->groups));
    if (call->err->rc) return 0;
    n = 0;
    for (int64_t i = 0; i < n_cells; i++) {
        if (count[i] == 0) continue;
        state->groups[n] = (RepeatPurchaseGroup){.segment = i / state->n_periods,
                                                 .cohort = (int32_t)(i % state->n_periods),
                                                 .customers = count[i]};
        state->group_of[i] = (uint32_t)n++;
    }
    return n;
}

/* A customer is eligible for the windows from 0 up to their age, and repeats in those from the gap to the
 * second purchase up to it.  Both are counted where they end and begin and summed up afterwards. */
static void repeat_purchase_count(const RepeatPurchaseState *state, const BookCustomer *customer, Day as_of,
                                  RepeatPurchaseRow *rows) {
    int mature = repeat_purchase_shorter(state, as_of - customer->days[0] + 1);
    if (mature == 0) return;
    rows[mature - 1].eligible++;
    if (customer->n_days < 2) return;
    int back = repeat_purchase_shorter(state, customer->days[1] - customer->days[0]);
    if (back >= mature) return;
    rows[back].repeaters++;
    if (mature < state->n_windows) rows[mature].repeaters--;
}

static void repeat_purchase_fill(Call *call, RepeatPurchaseState *state, int64_t n_groups) {
    const Book *book = &call->book;
    for (int64_t c = 0; c < book->n_customers; c++) {
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) return;
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days == 0) continue;
        int64_t group = state->group_of[repeat_purchase_cell_of(state, book, &customer)];
        repeat_purchase_count(state, &customer, book->as_of, state->rows + group * state->n_windows);
    }
    for (int64_t g = 0; g < n_groups; g++) {
        RepeatPurchaseRow *rows = state->rows + g * state->n_windows;
        for (int i = state->n_windows - 2; i >= 0; i--) rows[i].eligible += rows[i + 1].eligible;
        for (int i = 1; i < state->n_windows; i++) rows[i].repeaters += rows[i - 1].repeaters;
    }
}

static bool repeat_purchase_fits(Call *call, int64_t n, int64_t each, const char *what) {
    if (n <= REPEAT_PURCHASE_ROWS_MAX / each) return true;
    err_set(call->err, SQLITE_TOOBIG, "%lld x %lld %s are more than %d rows; choose a longer period", n, each, what,
            REPEAT_PURCHASE_ROWS_MAX);
    return false;
}

static int64_t repeat_purchase_open(Call *call) {
    RepeatPurchaseState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    repeat_purchase_windows(state, &call->args[REPEAT_PURCHASE_WINDOWS]);
    if (call->book.n_buyers == 0) return 0;
    repeat_purchase_periods(call, state, &call->args[REPEAT_PURCHASE_PERIOD]);
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    state->segments = segments_rank(&call->book, split, call->arena, call->err);
    if (call->err->rc || !repeat_purchase_fits(call, state->segments.n, state->n_periods, "segments and periods"))
        return 0;
    state->group_of = arena_alloc(call->arena, call->err, state->segments.n * state->n_periods,
                                  sizeof(*state->group_of));
    if (call->err->rc) return 0;
    int64_t n_groups = repeat_purchase_find_groups(call, state);
    if (call->err->rc || !repeat_purchase_fits(call, n_groups, state->n_windows, "cohorts and windows")) return 0;
    state->rows = arena_alloc(call->arena, call->err, n_groups * state->n_windows, sizeof(*state->rows));
    if (call->err->rc) return 0;
    repeat_purchase_fill(call, state, n_groups);
    return n_groups * state->n_windows;
}

static void repeat_purchase_cell(const void *pointer, int64_t row, int col, Out *out) {
    const RepeatPurchaseState *state = pointer;
    const RepeatPurchaseRow *r = &state->rows[row];
    const RepeatPurchaseGroup *group = &state->groups[row / state->n_windows];
    double repeaters = (double)r->repeaters, eligible = (double)r->eligible;
    switch (col) {
        case REPEAT_PURCHASE_SEGMENT: out_key(out, segments_key(&state->segments, group->segment)); break;
        case REPEAT_PURCHASE_COHORT:
            if (state->split) out_day(out, period_start(&state->period, state->first + group->cohort));
            else out_null(out);
            break;
        case REPEAT_PURCHASE_WINDOW: out_int(out, state->windows[row % state->n_windows]); break;
        case REPEAT_PURCHASE_ELIGIBLE: out_int(out, r->eligible); break;
        case REPEAT_PURCHASE_REPEATERS: out_int(out, r->repeaters); break;
        case REPEAT_PURCHASE_RATE: out_real(out, r->eligible > 0 ? repeaters / eligible : (double)NAN); break;
        case REPEAT_PURCHASE_LOW: out_real(out, wilson_end(repeaters, eligible, state->z, false)); break;
        case REPEAT_PURCHASE_HIGH: out_real(out, wilson_end(repeaters, eligible, state->z, true)); break;
        default: out_int(out, group->customers - r->eligible);
    }
}

const TvfDef tvf_repeat_purchase = {
    .name = "repeat_purchase",
    .text = {.doc = "how many customers make a second purchase within so many days",
             .definition =
                 "For each window of N days, eligible are the customers with as_of - first purchase >= N,"
                 " repeaters those of them whose second purchase day is at most N days after the first."
                 " repeat_rate = repeaters / eligible. Customers whose window is not over are left out whether"
                 " they came back or not, and counted in excluded_immature. Rows are ordered by segment,"
                 " cohort and window_days; cohorts without a customer have none.",
             .example = "SELECT * FROM repeat_purchase('orders', '30,90,365')"},
    .cols = repeat_purchase_cols,
    .args = repeat_purchase_args,
    .needs = CALL_ORDERS | CALL_SEGMENTS | CALL_PERIODS | CALL_CONFIDENCE | CALL_COUNTS,
    .order = repeat_purchase_order,
    .n_order = 3,
    .open = repeat_purchase_open,
    .cell = repeat_purchase_cell,
};
