/* retention_cohorts.c - retention_cohorts(): how many of those who came in one month still buy in the months
 * after it, and what have they brought in?
 *
 *     SELECT cohort, period_index, customers, retention_rate FROM retention_cohorts('orders');
 *     SELECT * FROM retention_cohorts('orders', 'day') WHERE anchor = 'customer' AND brackets = '1,7,30';
 *
 * A row for each cohort and period since its first, also for those in which nobody bought; what cohorts,
 * periods and modes are stands in data/cohorts.h.
 *
 *     retention_rate = customers / cohort_size
 *     cum_revenue_per_customer = net amount of the cohort's purchases up to the end of the period / cohort_size
 *     revenue_retention = revenue / revenue of period 0
 *
 * A cell is complete when as_of has reached the end of its period, for each customer of the cohort; until
 * then it has counts but no rates.
 */
#include "base/libm.h"
#include "data/cohorts.h"
#include "host/call.h"
#include "stat/wilson.h"

enum {
    RETENTION_COHORTS_PERIOD,
    RETENTION_COHORTS_MODE,
    RETENTION_COHORTS_ANCHOR,
    RETENTION_COHORTS_MIN_ORDERS,
    RETENTION_COHORTS_BRACKETS,
    RETENTION_COHORTS_MAX_PERIOD
};
enum {
    RETENTION_COHORTS_SEGMENT,
    RETENTION_COHORTS_COHORT,
    RETENTION_COHORTS_SIZE,
    RETENTION_COHORTS_INDEX,
    RETENTION_COHORTS_START,
    RETENTION_COHORTS_COMPLETE,
    RETENTION_COHORTS_CUSTOMERS,
    RETENTION_COHORTS_RATE,
    RETENTION_COHORTS_LOW,
    RETENTION_COHORTS_HIGH,
    RETENTION_COHORTS_ORDERS,
    RETENTION_COHORTS_REVENUE,
    RETENTION_COHORTS_CUM_REVENUE,
    RETENTION_COHORTS_REVENUE_RETENTION
};

static const ArgSpec retention_cohorts_args[] = {
    [RETENTION_COHORTS_PERIOD] = {.name = "period", .kind = ARG_PERIOD, .dflt_text = "month",
                                  .doc = "length of a period"},
    [RETENTION_COHORTS_MODE] = {.name = "mode", .kind = ARG_CHOICE, .choices = retain_cohort_modes,
                                .doc = COHORTS_MODE_DOC},
    [RETENTION_COHORTS_ANCHOR] = {.name = "anchor", .kind = ARG_CHOICE, .choices = retain_cohort_anchors,
                                  .doc = COHORTS_ANCHOR_DOC},
    [RETENTION_COHORTS_MIN_ORDERS] = {.name = "min_orders", .kind = ARG_INTEGER, .dflt = 1, .min = 1,
                                      .max = COHORTS_ORDERS_MAX, .doc = COHORTS_MIN_ORDERS_DOC},
    [RETENTION_COHORTS_BRACKETS] = {.name = "brackets", .kind = ARG_RANGES, .dflt_text = "", .min = 0,
                                    .max = COHORTS_PERIODS_MAX, .doc = COHORTS_BRACKETS_DOC},
    [RETENTION_COHORTS_MAX_PERIOD] = {.name = "max_period", .kind = ARG_INTEGER, .dflt = COHORTS_PERIODS_MAX,
                                      .min = 0, .max = COHORTS_PERIODS_MAX, .doc = COHORTS_MAX_PERIOD_DOC},
    {0},
};

static const ColSpec retention_cohorts_cols[] = {
    [RETENTION_COHORTS_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [RETENTION_COHORTS_COHORT] = {"cohort", "DATE", "first day of the period of the first purchases"},
    [RETENTION_COHORTS_SIZE] = {"cohort_size", "INTEGER", "customers of the cohort"},
    [RETENTION_COHORTS_INDEX] = {"period_index", "INTEGER",
                                 "number of the period, 0 that of the first purchase; of a bracket the first"},
    [RETENTION_COHORTS_START] = {"period_start", "DATE",
                                 "its first day; with anchor='customer' for who bought on the cohort's first day"},
    [RETENTION_COHORTS_COMPLETE] = {"is_complete", "INTEGER",
                                    "1 when as_of reaches its last day, for every customer; else 0 and the rates"
                                    " are NULL"},
    [RETENTION_COHORTS_CUSTOMERS] = {"customers", "INTEGER", "customers that the mode counts, so far"},
    [RETENTION_COHORTS_RATE] = {"retention_rate", "REAL", "customers / cohort_size"},
    [RETENTION_COHORTS_LOW] = {"ci_low", "REAL", "lower end of the Wilson interval of retention_rate"},
    [RETENTION_COHORTS_HIGH] = {"ci_high", "REAL", "upper end of it"},
    [RETENTION_COHORTS_ORDERS] = {"orders", "INTEGER",
                                  "purchase days of the cohort in the period, so far, in every mode"},
    [RETENTION_COHORTS_REVENUE] = {"revenue", "REAL", "their net amount; NULL without amounts"},
    [RETENTION_COHORTS_CUM_REVENUE] = {"cum_revenue_per_customer", "REAL",
                                       "net amount of all purchase days up to the end of the period / cohort_size"},
    [RETENTION_COHORTS_REVENUE_RETENTION] = {"revenue_retention", "REAL",
                                             "revenue / revenue of period 0; NULL when that is 0"},
    {0},
};

static const CallOrder retention_cohorts_order[] = {{RETENTION_COHORTS_SEGMENT, false},
                                                    {RETENTION_COHORTS_COHORT, false},
                                                    {RETENTION_COHORTS_INDEX, false}};

typedef struct RetentionCohortsState {
    CohortsRules rules;
    Cohorts cohorts;
    const CohortsGroup **near; /* the group of the row that was asked for last */
    bool has_amounts;
    double z;
} RetentionCohortsState;

static int64_t retention_cohorts_open(Call *call) {
    const ArgValue *args = call->args;
    RetentionCohortsState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->rules = (CohortsRules){.period = call_period(call, &args[RETENTION_COHORTS_PERIOD]),
                                  .mode = (CohortsMode)args[RETENTION_COHORTS_MODE].integer,
                                  .anchor = (CohortsAnchor)args[RETENTION_COHORTS_ANCHOR].integer,
                                  .min_orders = args[RETENTION_COHORTS_MIN_ORDERS].integer,
                                  .brackets = args[RETENTION_COHORTS_BRACKETS].text,
                                  .max_period = args[RETENTION_COHORTS_MAX_PERIOD].integer,
                                  .split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0};
    state->has_amounts = call->book.has_amounts;
    state->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    state->near = arena_alloc(call->arena, call->err, 1, sizeof(*state->near));
    if (call->book.n_buyers == 0 || call->err->rc) return 0;
    cohorts_count(&state->cohorts, &call->book, &state->rules, call->arena, call->err, call->poll);
    return state->cohorts.n_rows;
}

static void retention_cohorts_cell(const void *pointer, int64_t row, int col, Out *out) {
    const RetentionCohortsState *state = pointer;
    const Cohorts *cohorts = &state->cohorts;
    const Period *period = &state->rules.period;
    const CohortsGroup *group = *state->near = cohorts_of_row(cohorts, row, *state->near);
    int32_t slot = (int32_t)(row - group->first_row), index = cohorts_slot(cohorts, slot).from;
    const CohortsCell *cell = &cohorts->cells[group->first_cell + slot];
    bool complete = slot < group->n_complete;
    double size = complete ? (double)group->customers : (double)NAN;
    double money = state->has_amounts ? 1 : (double)NAN;
    switch (col) {
        case RETENTION_COHORTS_SEGMENT: out_key(out, segments_key(&cohorts->segments, group->segment)); break;
        case RETENTION_COHORTS_COHORT: out_day(out, period_start(period, group->cohort)); break;
        case RETENTION_COHORTS_SIZE: out_int(out, group->customers); break;
        case RETENTION_COHORTS_INDEX: out_int(out, index); break;
        case RETENTION_COHORTS_START: out_day(out, period_start(period, group->cohort + index)); break;
        case RETENTION_COHORTS_COMPLETE: out_int(out, complete); break;
        case RETENTION_COHORTS_CUSTOMERS: out_int(out, cell->customers); break;
        case RETENTION_COHORTS_RATE: out_real(out, (double)cell->customers / size); break;
        case RETENTION_COHORTS_LOW: out_real(out, wilson_end((double)cell->customers, size, state->z, false)); break;
        case RETENTION_COHORTS_HIGH: out_real(out, wilson_end((double)cell->customers, size, state->z, true)); break;
        case RETENTION_COHORTS_ORDERS: out_int(out, cell->orders); break;
        case RETENTION_COHORTS_REVENUE: out_real(out, money * sum_value(&cell->revenue)); break;
        case RETENTION_COHORTS_CUM_REVENUE: out_real(out, money * cell->revenue_ever / size); break;
        default:
            out_real(out, complete ? money * sum_value(&cell->revenue) / group->revenue_first : (double)NAN);
    }
}

const TvfDef tvf_retention_cohorts = {
    .name = "retention_cohorts",
    .text = {.doc = "how each cohort of new customers keeps buying, a row per cohort and period",
             .definition =
                 COHORTS_DEFINITION
                 " retention_rate = customers / cohort_size. orders and revenue are those of all customers of"
                 " the cohort, in every mode. A cell is complete when as_of reaches the end of its period, with"
                 " anchor='customer' for every customer of the cohort; before, it keeps its counts and has NULL"
                 " rates. Every cohort has all cells up to as_of; a period without new customers is no cohort."
                 " Rows are ordered by segment, cohort and period_index.",
             .example = "SELECT * FROM retention_cohorts('orders', 'month')"},
    .cols = retention_cohorts_cols,
    .args = retention_cohorts_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS | CALL_SEGMENTS | CALL_PERIODS | CALL_CONFIDENCE | CALL_COUNTS,
    .order = retention_cohorts_order,
    .n_order = 3,
    .open = retention_cohorts_open,
    .cell = retention_cohorts_cell,
};
