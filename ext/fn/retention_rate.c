/* retention_rate.c - retention_rate(): how many customers do we keep?
 *
 *     SELECT period_start, start_customers, retained, retention_rate FROM retention_rate('orders');
 *     SELECT channel, retention_rate(customer_id, order_date, '2025-01-01', '2025-02-01')
 *       FROM orders GROUP BY channel;
 *
 * The table: a row per period.  A customer is active at a moment when they have a purchase in the
 * active window before it, by default the period that ends there.
 *
 *     S  start_customers: active when the period begins     E  end_customers: active when it ends
 *     new: first purchase ever in the period                retained: in S and in E
 *     reactivated: in E, neither in S nor new               lost: in S, not in E
 *
 * E = retained + new + reactivated and S = retained + lost, always.  retention_rate = retained / S.
 *
 * The aggregate: of the customers with a row in the base window, the share with a row in the period.
 */
#include <string.h>

#include "base/libm.h"
#include "data/activity.h"
#include "host/call.h"
#include "stat/wilson.h"

/* kept / base: the one definition behind the column and the aggregate; NaN when nobody was there. */
static double retention_rate_of(int64_t kept, int64_t base) {
    return base > 0 ? (double)kept / (double)base : (double)NAN;
}

/* ---- The table ---- */

enum { RETENTION_RATE_PERIOD, RETENTION_RATE_WINDOW };
enum {
    RETENTION_RATE_SEGMENT,
    RETENTION_RATE_START_DAY,
    RETENTION_RATE_END_DAY,
    RETENTION_RATE_COMPLETE,
    RETENTION_RATE_START,
    RETENTION_RATE_END,
    RETENTION_RATE_NEW,
    RETENTION_RATE_RETAINED,
    RETENTION_RATE_REACTIVATED,
    RETENTION_RATE_LOST,
    RETENTION_RATE_RATE,
    RETENTION_RATE_LOW,
    RETENTION_RATE_HIGH,
    RETENTION_RATE_CHURN,
    RETENTION_RATE_CRR,
    RETENTION_RATE_END_TO_START
};

static const ArgSpec retention_rate_args[] = {
    [RETENTION_RATE_PERIOD] = {.name = "period", .kind = ARG_PERIOD, .dflt_text = "month",
                               .doc = "length of a period"},
    [RETENTION_RATE_WINDOW] = {.name = "active_window", .kind = ARG_TEXT, .dflt_text = "period",
                               .doc = "how long after a purchase a customer counts as active: 'period',"
                                      " or as in '90 days', '6 months'; at least one period"},
    {0},
};

static const ColSpec retention_rate_cols[] = {
    [RETENTION_RATE_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [RETENTION_RATE_START_DAY] = {"period_start", "DATE", "first day of the period"},
    [RETENTION_RATE_END_DAY] = {"period_end", "DATE", "last day of the period"},
    [RETENTION_RATE_COMPLETE] = {"is_complete", "INTEGER",
                                 "1 when as_of reaches the last day; else 0 and the rates are NULL"},
    [RETENTION_RATE_START] = {"start_customers", "INTEGER", "S: customers active at the start"},
    [RETENTION_RATE_END] = {"end_customers", "INTEGER", "E: customers active at the end"},
    [RETENTION_RATE_NEW] = {"new_customers", "INTEGER", "first purchase ever in the period"},
    [RETENTION_RATE_RETAINED] = {"retained", "INTEGER", "in S and in E"},
    [RETENTION_RATE_REACTIVATED] = {"reactivated", "INTEGER", "in E, neither in S nor new"},
    [RETENTION_RATE_LOST] = {"lost", "INTEGER", "in S, not in E"},
    [RETENTION_RATE_RATE] = {"retention_rate", "REAL", "retained / S; NULL when S is 0"},
    [RETENTION_RATE_LOW] = {"ci_low", "REAL", "lower end of the Wilson interval of retention_rate"},
    [RETENTION_RATE_HIGH] = {"ci_high", "REAL", "upper end of it"},
    [RETENTION_RATE_CHURN] = {"churn_rate", "REAL", "lost / S = 1 - retention_rate"},
    [RETENTION_RATE_CRR] = {"crr_formula", "REAL",
                            "(E - new) / S, the textbook formula; counts the reactivated as kept"},
    [RETENTION_RATE_END_TO_START] = {"end_to_start_ratio", "REAL", "E / S; new customers included"},
    {0},
};

static const CallOrder retention_rate_order[] = {{RETENTION_RATE_SEGMENT, false},
                                                 {RETENTION_RATE_START_DAY, false}};

typedef struct RetentionRateState {
    Activity activity;
    double z;
} RetentionRateState;

static Span retention_rate_window(Call *call, const Period *period) {
    Span window = {0};
    const char *text = call->args[RETENTION_RATE_WINDOW].text;
    size_t n = strlen(text);
    if (sqlite3_stricmp(text, "period") == 0) return window;
    char shown[ERR_QUOTE_SIZE];
    if (!span_parse(text, n, &window))
        err_set(call->err, SQLITE_ERROR,
                "active_window must be 'period' or a length of time as in '90 days' or '6 months',"
                " not '%s'", err_quote(text, n, shown));
    else if (!span_covers_period(&window, period))
        err_set(call->err, SQLITE_ERROR, "active_window must be at least one period long, not '%s'",
                err_quote(text, n, shown));
    return window;
}

static int64_t retention_rate_open(Call *call) {
    RetentionRateState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    Period period = call_period(call, &call->args[RETENTION_RATE_PERIOD]);
    Span window = retention_rate_window(call, &period);
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    activity_count(&state->activity, &call->book, period, window, split, call->arena, call->err,
                   call->poll);
    return state->activity.n;
}

/* Rates of a period that is not over, and of nobody, cannot be given. */
static void retention_rate_ratio(Out *out, bool complete, double ratio) {
    if (complete) out_real(out, ratio);
    else out_null(out);
}

static void retention_rate_interval(Out *out, const RetentionRateState *state, bool complete,
                                    const ActivityCount *r, bool high) {
    double kept = (double)activity_retained(r), start = (double)r->start;
    if (complete) out_real(out, wilson_end(kept, start, state->z, high));
    else out_null(out);
}

static void retention_rate_cell(const void *pointer, int64_t row, int col, Out *out) {
    const RetentionRateState *state = pointer;
    const Timeline *time = &state->activity.time;
    const ActivityCount *r = &state->activity.counts[row];
    int64_t number = row % time->n, retained = activity_retained(r), end = activity_end(r);
    bool complete = timeline_is_complete(time, number);
    switch (col) {
        case RETENTION_RATE_SEGMENT:
            out_key(out, segments_key(&state->activity.segments, row / time->n));
            break;
        case RETENTION_RATE_START_DAY: out_day(out, timeline_first_day(time, number)); break;
        case RETENTION_RATE_END_DAY: out_day(out, timeline_last_day(time, number)); break;
        case RETENTION_RATE_COMPLETE: out_int(out, complete); break;
        case RETENTION_RATE_START: out_int(out, r->start); break;
        case RETENTION_RATE_END: out_int(out, end); break;
        case RETENTION_RATE_NEW: out_int(out, r->fresh); break;
        case RETENTION_RATE_RETAINED: out_int(out, retained); break;
        case RETENTION_RATE_REACTIVATED: out_int(out, r->reactivated); break;
        case RETENTION_RATE_LOST: out_int(out, r->lost); break;
        case RETENTION_RATE_RATE:
            retention_rate_ratio(out, complete, retention_rate_of(retained, r->start));
            break;
        case RETENTION_RATE_LOW: retention_rate_interval(out, state, complete, r, false); break;
        case RETENTION_RATE_HIGH: retention_rate_interval(out, state, complete, r, true); break;
        case RETENTION_RATE_CHURN:
            retention_rate_ratio(out, complete, retention_rate_of(r->lost, r->start));
            break;
        case RETENTION_RATE_CRR:
            retention_rate_ratio(out, complete, retention_rate_of(end - r->fresh, r->start));
            break;
        default: retention_rate_ratio(out, complete, retention_rate_of(end, r->start));
    }
}

const TvfDef tvf_retention_rate = {
    .name = "retention_rate",
    .text = {.doc = "how many customers are kept, a row per period",
             .definition =
                 "S and E are the customers with a purchase in the active window before the period's start"
                 " and end; retained are in both, new have their first purchase ever in the period,"
                 " reactivated are in E without being in S or new, lost are in S but not in E."
                 " retention_rate = retained / S. An unfinished period keeps its counts and has NULL rates."
                 " Rows are ordered by segment and period_start.",
             .example = "SELECT * FROM retention_rate('orders', 'month')"},
    .cols = retention_rate_cols,
    .args = retention_rate_args,
    .needs = CALL_ORDERS | CALL_SEGMENTS | CALL_PERIODS | CALL_CONFIDENCE | CALL_COUNTS,
    .order = retention_rate_order,
    .n_order = 2,
    .open = retention_rate_open,
    .cell = retention_rate_cell,
};

/* ---- The aggregate ---- */

enum {
    RETENTION_RATE_AGG_CUSTOMER,
    RETENTION_RATE_AGG_DATE,
    RETENTION_RATE_AGG_FROM,
    RETENTION_RATE_AGG_TO,
    RETENTION_RATE_AGG_BASE,
    RETENTION_RATE_AGG_ARGS
};

static const ArgSpec retention_rate_agg_args[] = {
    [RETENTION_RATE_AGG_CUSTOMER] = {.name = "customer_id", .kind = ARG_VALUE, .required = true,
                                     .doc = "the customer of the row; NULL and '' are left out"},
    [RETENTION_RATE_AGG_DATE] = {.name = "order_date", .kind = ARG_VALUE, .required = true,
                                 .doc = "the date of the row"},
    [RETENTION_RATE_AGG_FROM] = {.name = "period_from", .kind = ARG_DATE, .required = true,
                                 .doc = "first day of the period"},
    [RETENTION_RATE_AGG_TO] = {.name = "period_to", .kind = ARG_DATE, .required = true,
                               .doc = "the day after the period"},
    [RETENTION_RATE_AGG_BASE] = {.name = "base_from", .kind = ARG_DATE,
                                 .doc = "first day of the base window, which ends where the period"
                                        " begins; as long as the period by default"},
    {0},
};

enum { RETENTION_RATE_IN_BASE = 1, RETENTION_RATE_IN_PERIOD = 2 };

typedef struct RetentionRateGroup {
    Arena arena;
    Row row;
    Map customers;
    uint8_t *seen;     /* by customer: in base, in period */
    int64_t seen_max;
    Day from, to, base_from;
} RetentionRateGroup;

static void retention_rate_agg_window(RetentionRateGroup *group, Err *err, int n,
                                      sqlite3_value **values) {
    Day from, to, base_from;
    const ArgSpec *args = retention_rate_agg_args;
    row_date_argument(CIVIL_GREGORIAN, values[RETENTION_RATE_AGG_FROM], err,
                      args[RETENTION_RATE_AGG_FROM].name, &from);
    row_date_argument(CIVIL_GREGORIAN, values[RETENTION_RATE_AGG_TO], err,
                      args[RETENTION_RATE_AGG_TO].name, &to);
    base_from = from - (to - from);
    if (n > RETENTION_RATE_AGG_BASE &&
        sqlite3_value_type(values[RETENTION_RATE_AGG_BASE]) != SQLITE_NULL)
        row_date_argument(CIVIL_GREGORIAN, values[RETENTION_RATE_AGG_BASE], err,
                          args[RETENTION_RATE_AGG_BASE].name, &base_from);
    if (err->rc) return;
    bool first = group->row.n_read == 0;
    if (to <= from)
        err_set(err, SQLITE_ERROR, "period_to must be after period_from");
    else if (base_from >= from)
        err_set(err, SQLITE_ERROR, "base_from must be before period_from");
    else if (!first && (from != group->from || to != group->to || base_from != group->base_from))
        err_set(err, SQLITE_ERROR,
                "period_from, period_to and base_from must be the same in every row of a group");
    group->from = from;
    group->to = to;
    group->base_from = base_from;
}

static void retention_rate_agg_mark(RetentionRateGroup *group, Err *err, sqlite3_value *customer,
                                    uint8_t mark) {
    MapProbe probe;
    uint32_t id = 0;
    map_probe(&probe, customer, err);
    if (err->rc || map_probe_is_empty(&probe)) return;
    map_intern(&group->customers, err, &probe, 1, &id);
    if (err->rc) return;
    if (id >= group->seen_max) {
        int64_t max = group->seen_max ? group->seen_max * 2 : MAP_BATCH_MAX;
        uint8_t *seen = arena_alloc(&group->arena, err, max, 1);
        if (!seen) return;
        if (group->seen_max) memcpy(seen, group->seen, (size_t)group->seen_max);
        group->seen = seen;
        group->seen_max = max;
    }
    group->seen[id] |= mark;
}

static void retention_rate_agg_step(void *state, Err *err, int n, sqlite3_value **values) {
    RetentionRateGroup *group = state;
    retention_rate_agg_window(group, err, n, values);
    if (!group->customers.arena) {
        group->row = row_new((RowRules){.only_rows = true}, err);
        group->customers = map_new(&group->arena);
        group->customers.only_ids = true;
    }
    row_next(&group->row);
    if (err->rc) return;
    Day day;
    int32_t second;
    if (!row_date(&group->row, values[RETENTION_RATE_AGG_DATE], &day, &second)) return;
    if (day >= group->from && day < group->to)
        retention_rate_agg_mark(group, err, values[RETENTION_RATE_AGG_CUSTOMER],
                                RETENTION_RATE_IN_PERIOD);
    else if (day >= group->base_from && day < group->from)
        retention_rate_agg_mark(group, err, values[RETENTION_RATE_AGG_CUSTOMER],
                                RETENTION_RATE_IN_BASE);
}

static void retention_rate_agg_final(void *state, Err *err, sqlite3 *db, Out *out) {
    const RetentionRateGroup *group = state;
    int64_t base = 0, kept = 0;
    (void)err;
    (void)db;
    for (int64_t i = 0; i < group->customers.n_keys; i++) {
        base += (group->seen[i] & RETENTION_RATE_IN_BASE) != 0;
        kept += group->seen[i] == (RETENTION_RATE_IN_BASE | RETENTION_RATE_IN_PERIOD);
    }
    out_real(out, retention_rate_of(kept, base));
}

static void retention_rate_agg_close(void *state) {
    RetentionRateGroup *group = state;
    map_close(&group->customers);
    arena_free(&group->arena);
}

const AggregateDef aggregate_retention_rate = {
    .name = "retention_rate",
    .text = {.doc = "share of the customers of a base window who come back in a period",
             .definition =
                 "of the customers with a row in [base_from, period_from) the share with a row in"
                 " [period_from, period_to); without base_from the base window is as long as the period."
                 " Every row counts. NULL when nobody was in the base window.",
             .example = "SELECT channel, retention_rate(customer_id, order_date, '2025-01-01',"
                        " '2025-02-01') FROM orders GROUP BY channel"},
    .args = retention_rate_agg_args,
    .state_size = sizeof(RetentionRateGroup),
    .step = retention_rate_agg_step,
    .final = retention_rate_agg_final,
    .close = retention_rate_agg_close,
};
