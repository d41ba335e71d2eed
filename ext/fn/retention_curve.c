/* retention_curve.c - retention_curve(): of all new customers, how many still buy after 1, 2, 3 ... periods?
 *
 *     SELECT period_index, at_risk, retention_rate FROM retention_curve('orders');
 *     SELECT * FROM retention_curve('orders', 'day', 'on_or_after') WHERE anchor = 'customer' AND brackets = '1,7,30';
 *
 * The cohorts of retention_cohorts made one, for each segment.  At risk are the customers for whom the period
 * is complete: those of complete cells, and with anchor='customer' also those customers of other cells
 * whose own period is over.
 *
 *     average='pooled'   retention_rate = customers / at_risk: each customer weighs the same
 *     average='simple'   retention_rate = mean of the cohorts' rates, complete cells only: each cohort weighs the
 *                        same, a cohort of 3 as much as one of 3000, so there is no interval
 */
#include "base/libm.h"
#include "data/cohorts.h"
#include "host/call.h"
#include "stat/wilson.h"

enum {
    RETENTION_CURVE_PERIOD,
    RETENTION_CURVE_MODE,
    RETENTION_CURVE_AVERAGE,
    RETENTION_CURVE_ANCHOR,
    RETENTION_CURVE_MIN_ORDERS,
    RETENTION_CURVE_BRACKETS,
    RETENTION_CURVE_MAX_PERIOD
};
enum {
    RETENTION_CURVE_SEGMENT,
    RETENTION_CURVE_INDEX,
    RETENTION_CURVE_AT_RISK,
    RETENTION_CURVE_CUSTOMERS,
    RETENTION_CURVE_RATE,
    RETENTION_CURVE_LOW,
    RETENTION_CURVE_HIGH,
    RETENTION_CURVE_COHORTS
};

enum { RETENTION_CURVE_POOLED, RETENTION_CURVE_SIMPLE };
static const char *const retention_curve_averages[] = {
    [RETENTION_CURVE_POOLED] = "pooled", [RETENTION_CURVE_SIMPLE] = "simple", NULL};

static const ArgSpec retention_curve_args[] = {
    [RETENTION_CURVE_PERIOD] = {.name = "period", .kind = ARG_PERIOD, .dflt_text = "month",
                                .doc = "length of a period"},
    [RETENTION_CURVE_MODE] = {.name = "mode", .kind = ARG_CHOICE, .choices = retain_cohort_modes,
                              .doc = COHORTS_MODE_DOC},
    [RETENTION_CURVE_AVERAGE] = {.name = "average", .kind = ARG_CHOICE, .choices = retention_curve_averages,
                                 .doc = "pooled: each customer weighs the same; simple: each cohort"},
    [RETENTION_CURVE_ANCHOR] = {.name = "anchor", .kind = ARG_CHOICE, .choices = retain_cohort_anchors,
                                .doc = COHORTS_ANCHOR_DOC},
    [RETENTION_CURVE_MIN_ORDERS] = {.name = "min_orders", .kind = ARG_INTEGER, .dflt = 1, .min = 1,
                                    .max = COHORTS_ORDERS_MAX, .doc = COHORTS_MIN_ORDERS_DOC},
    [RETENTION_CURVE_BRACKETS] = {.name = "brackets", .kind = ARG_RANGES, .dflt_text = "", .min = 0,
                                  .max = COHORTS_PERIODS_MAX, .doc = COHORTS_BRACKETS_DOC},
    [RETENTION_CURVE_MAX_PERIOD] = {.name = "max_period", .kind = ARG_INTEGER, .dflt = COHORTS_PERIODS_MAX,
                                    .min = 0, .max = COHORTS_PERIODS_MAX, .doc = COHORTS_MAX_PERIOD_DOC},
    {0},
};

static const ColSpec retention_curve_cols[] = {
    [RETENTION_CURVE_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [RETENTION_CURVE_INDEX] = {"period_index", "INTEGER",
                               "number of the period, 0 that of the first purchase; of a bracket the first"},
    [RETENTION_CURVE_AT_RISK] = {"at_risk", "INTEGER", "customers for whom that period is complete"},
    [RETENTION_CURVE_CUSTOMERS] = {"customers", "INTEGER", "of them, those that the mode counts"},
    [RETENTION_CURVE_RATE] = {"retention_rate", "REAL",
                              "customers / at_risk; with average='simple' the mean of the cohorts' rates"},
    [RETENTION_CURVE_LOW] = {"ci_low", "REAL",
                             "lower end of the Wilson interval of retention_rate; NULL with average='simple'"},
    [RETENTION_CURVE_HIGH] = {"ci_high", "REAL", "upper end of it"},
    [RETENTION_CURVE_COHORTS] = {"cohorts_used", "INTEGER", "cohorts that the customers at risk are from"},
    {0},
};

static const CallOrder retention_curve_order[] = {{RETENTION_CURVE_SEGMENT, false},
                                                  {RETENTION_CURVE_INDEX, false}};

typedef struct RetentionCurveRow {
    int64_t segment, at_risk, customers;
    int32_t index, cohorts;
    double rate;
} RetentionCurveRow;

typedef struct RetentionCurveState {
    Segments segments;
    RetentionCurveRow *rows;
    double z; /* NaN: no interval */
} RetentionCurveState;

/* Adds one slot of one cohort. */
static void retention_curve_add(const Cohorts *cohorts, const CohortsGroup *group, int32_t slot,
                                RetentionCurveRow *row) {
    row->segment = group->segment;
    row->index = cohorts_slot(cohorts, slot).from;
    row->cohorts++;
    int64_t cell = group->first_cell + slot;
    if (cohorts->at_risk) { /* the cells of the segment */
        row->at_risk = cohorts->at_risk[cell];
        row->customers = cohorts->cells[cell].customers;
        row->rate = (double)row->customers / (double)row->at_risk;
    } else {
        double rate = (double)cohorts->cells[cell].customers / (double)group->customers;
        row->at_risk += group->customers;
        row->customers += cohorts->cells[cell].customers;
        row->rate += (rate - row->rate) / row->cohorts;
    }
}

/* Whoever has completed a slot has completed those before it, so a segment's rows are its first slots. */
static int64_t retention_curve_fill(const Cohorts *cohorts, RetentionCurveRow *rows) {
    int64_t n_rows = 0, first = 0;
    for (int64_t g = 0; g < cohorts->n_groups; g++) {
        const CohortsGroup *group = &cohorts->groups[g];
        int32_t n_slots = cohorts->at_risk ? group->n_at_risk : group->n_complete;
        if (g > 0 && group->segment != group[-1].segment) first = n_rows;
        for (int32_t slot = 0; slot < n_slots; slot++)
            retention_curve_add(cohorts, group, slot, &rows[first + slot]);
        if (first + n_slots > n_rows) n_rows = first + n_slots;
    }
    return n_rows;
}

static int64_t retention_curve_open(Call *call) {
    const ArgValue *args = call->args;
    bool pooled = args[RETENTION_CURVE_AVERAGE].integer == RETENTION_CURVE_POOLED;
    RetentionCurveState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    CohortsRules rules = {.period = call_period(call, &args[RETENTION_CURVE_PERIOD]),
                          .mode = (CohortsMode)args[RETENTION_CURVE_MODE].integer,
                          .anchor = (CohortsAnchor)args[RETENTION_CURVE_ANCHOR].integer,
                          .min_orders = args[RETENTION_CURVE_MIN_ORDERS].integer,
                          .brackets = args[RETENTION_CURVE_BRACKETS].text,
                          .max_period = args[RETENTION_CURVE_MAX_PERIOD].integer,
                          .split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0,
                          .pooled = pooled};
    if (call->book.n_buyers == 0 || call->err->rc) return 0;
    Cohorts cohorts;
    cohorts_count(&cohorts, &call->book, &rules, call->arena, call->err, call->poll);
    if (call->err->rc) return 0;
    state->z = pooled ? wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real) : (double)NAN;
    state->segments = cohorts.segments;
    int64_t n_max = cohorts.segments.n * cohorts.n_slots; /* and each row comes from a cell at least */
    if (n_max > cohorts.n_cells) n_max = cohorts.n_cells;
    state->rows = arena_alloc(call->arena, call->err, n_max, sizeof(*state->rows));
    return state->rows ? retention_curve_fill(&cohorts, state->rows) : 0;
}

static void retention_curve_cell(const void *pointer, int64_t row_number, int col, Out *out) {
    const RetentionCurveState *state = pointer;
    const RetentionCurveRow *row = &state->rows[row_number];
    double at_risk = (double)row->at_risk, customers = (double)row->customers;
    switch (col) {
        case RETENTION_CURVE_SEGMENT: out_key(out, segments_key(&state->segments, row->segment)); break;
        case RETENTION_CURVE_INDEX: out_int(out, row->index); break;
        case RETENTION_CURVE_AT_RISK: out_int(out, row->at_risk); break;
        case RETENTION_CURVE_CUSTOMERS: out_int(out, row->customers); break;
        case RETENTION_CURVE_RATE: out_real(out, row->rate); break;
        case RETENTION_CURVE_LOW: out_real(out, wilson_end(customers, at_risk, state->z, false)); break;
        case RETENTION_CURVE_HIGH: out_real(out, wilson_end(customers, at_risk, state->z, true)); break;
        default: out_int(out, row->cohorts);
    }
}

const TvfDef tvf_retention_curve = {
    .name = "retention_curve",
    .text = {.doc = "how many of all new customers still buy after 1, 2, 3 ... periods",
             .definition =
                 COHORTS_DEFINITION
                 " at_risk are the customers for whom the period is complete: as_of has reached its end."
                 " With average='pooled' retention_rate = customers / at_risk. With 'simple' it is the mean of"
                 " the rates of the complete cells of retention_cohorts, at_risk and customers are their sums,"
                 " and there is no interval. Periods that are complete for nobody have no row. Rows are ordered by"
                 " segment and period_index.",
             .example = "SELECT * FROM retention_curve('orders', 'month')"},
    .cols = retention_curve_cols,
    .args = retention_curve_args,
    .needs = CALL_ORDERS | CALL_SEGMENTS | CALL_PERIODS | CALL_CONFIDENCE | CALL_COUNTS,
    .order = retention_curve_order,
    .n_order = 2,
    .open = retention_curve_open,
    .cell = retention_curve_cell,
};
