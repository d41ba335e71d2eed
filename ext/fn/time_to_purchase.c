/* time_to_purchase.c - time_to_purchase(): when does the next purchase come?
 *
 *     SELECT day, survival FROM time_to_purchase('orders');                   -- from the first to the second
 *     SELECT median_days, restricted_mean_days FROM time_to_purchase_summary('orders', 2, 3);
 *
 * Everybody who has made purchase number from_order waits for number to_order, in days.  The wait has ended
 * with that purchase, or it is censored: it lasts since from_order and had not ended by as_of.  The curve is
 * the Kaplan-Meier estimate (stat/kaplan.h), a row for each length that occurs; the summary its quartiles and
 * its mean up to a horizon, a row for each segment.
 */
#include "base/libm.h"
#include "data/segments.h"
#include "data/spells.h"
#include "host/call.h"
#include "stat/wilson.h"

enum { TIME_TO_PURCHASE_FROM, TIME_TO_PURCHASE_TO, TIME_TO_PURCHASE_HORIZON };

enum { TIME_TO_PURCHASE_ORDERS_MAX = 10000 };

#define TIME_TO_PURCHASE_FROM_ARG                                                                    \
    {.name = "from_order", .kind = ARG_INTEGER, .dflt = 1, .min = 1, .max = TIME_TO_PURCHASE_ORDERS_MAX - 1, \
     .doc = "number of the purchase from which the days count; 1 is the customer's first"}
#define TIME_TO_PURCHASE_TO_ARG                                                                      \
    {.name = "to_order", .kind = ARG_INTEGER, .dflt = 2, .min = 2, .max = TIME_TO_PURCHASE_ORDERS_MAX,       \
     .doc = "number of the purchase that is waited for; above from_order"}

/* ---- Waits ---- */

static void time_to_purchase_count(Call *call, const Segments *segments, Spells *spells) {
    const Book *book = &call->book;
    int64_t from = call->args[TIME_TO_PURCHASE_FROM].integer, to = call->args[TIME_TO_PURCHASE_TO].integer;
    for (int64_t c = 0; c < book->n_customers; c++) {
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) return;
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days < from) continue;
        bool ended = customer.n_days >= to;
        Day end = ended ? customer.days[to - 1] : book->as_of;
        spells_add(spells, (uint64_t)segments_of(segments, &customer), end - customer.days[from - 1], ended);
    }
}

/* What the two functions have in common: the waits, a group for each segment that has some. */
typedef struct TimeToPurchaseWaits {
    Segments segments;
    SpellsTable table;
    Kaplan *curves;  /* by group */
    double z;
} TimeToPurchaseWaits;

static void time_to_purchase_read(Call *call, TimeToPurchaseWaits *waits) {
    int64_t from = call->args[TIME_TO_PURCHASE_FROM].integer, to = call->args[TIME_TO_PURCHASE_TO].integer;
    if (from >= to)
        err_set(call->err, SQLITE_ERROR, "to_order must be above from_order (%lld), not %lld", from, to);
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    Spells spells;
    waits->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    waits->segments = segments_rank(&call->book, split, call->arena, call->err);
    spells_open(&spells, call->err);
    if (call->err->rc) return;
    time_to_purchase_count(call, &waits->segments, &spells);
    waits->table = spells_close(&spells, call->arena);
    KaplanStep *steps = arena_alloc_raw(call->arena, call->err, waits->table.n, sizeof(*steps));
    waits->curves = arena_alloc_raw(call->arena, call->err, waits->table.n_groups, sizeof(Kaplan));
    if (call->err->rc) return;
    for (int64_t g = 0; g < waits->table.n_groups; g++)
        waits->curves[g] = spells_curve(&waits->table, g, steps);
}

/* ---- The curve ---- */

enum {
    TIME_TO_PURCHASE_SEGMENT,
    TIME_TO_PURCHASE_DAY,
    TIME_TO_PURCHASE_AT_RISK,
    TIME_TO_PURCHASE_EVENTS,
    TIME_TO_PURCHASE_CENSORED,
    TIME_TO_PURCHASE_SURVIVAL,
    TIME_TO_PURCHASE_LOW,
    TIME_TO_PURCHASE_HIGH
};

static const ArgSpec time_to_purchase_args[] = {
    [TIME_TO_PURCHASE_FROM] = TIME_TO_PURCHASE_FROM_ARG,
    [TIME_TO_PURCHASE_TO] = TIME_TO_PURCHASE_TO_ARG,
    {0},
};

static const ColSpec time_to_purchase_cols[] = {
    [TIME_TO_PURCHASE_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [TIME_TO_PURCHASE_DAY] = {"day", "INTEGER", "days since purchase number from_order"},
    [TIME_TO_PURCHASE_AT_RISK] = {"at_risk", "INTEGER",
                                  "customers who waited at least that long, those of this row included"},
    [TIME_TO_PURCHASE_EVENTS] = {"events", "INTEGER", "of them, those whose purchase came on that day"},
    [TIME_TO_PURCHASE_CENSORED] = {"censored", "INTEGER",
                                   "of them, those for whom as_of came on that day, before the purchase"},
    [TIME_TO_PURCHASE_SURVIVAL] = {"survival", "REAL",
                                   "share still without the purchase after that day, by Kaplan-Meier"},
    [TIME_TO_PURCHASE_LOW] = {"ci_low", "REAL",
                              "lower end of the log-log interval of survival; NULL while it is 1 or 0"},
    [TIME_TO_PURCHASE_HIGH] = {"ci_high", "REAL", "upper end of it"},
    {0},
};

static const CallOrder time_to_purchase_order[] = {{TIME_TO_PURCHASE_SEGMENT, false},
                                                   {TIME_TO_PURCHASE_DAY, false}};

typedef struct TimeToPurchaseState {
    TimeToPurchaseWaits waits;
    uint32_t *group; /* by row */
} TimeToPurchaseState;

static int64_t time_to_purchase_open(Call *call) {
    TimeToPurchaseState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    time_to_purchase_read(call, &state->waits);
    const SpellsTable *table = &state->waits.table;
    state->group = arena_alloc_raw(call->arena, call->err, table->n, sizeof(*state->group));
    if (call->err->rc) return 0;
    for (int64_t g = 0; g < table->n_groups; g++)
        for (int64_t i = table->groups[g].first; i < table->groups[g].end; i++) state->group[i] = (uint32_t)g;
    return table->n;
}

static void time_to_purchase_cell(const void *pointer, int64_t row, int col, Out *out) {
    const TimeToPurchaseState *state = pointer;
    const TimeToPurchaseWaits *waits = &state->waits;
    const SpellsGroup *group = &waits->table.groups[state->group[row]];
    const Kaplan *curve = &waits->curves[state->group[row]];
    int64_t i = row - group->first;
    switch (col) {
        case TIME_TO_PURCHASE_SEGMENT: out_key(out, segments_key(&waits->segments, (int64_t)group->id)); break;
        case TIME_TO_PURCHASE_DAY: out_int(out, curve->days[i]); break;
        case TIME_TO_PURCHASE_AT_RISK: out_int(out, curve->steps[i].at_risk); break;
        case TIME_TO_PURCHASE_EVENTS: out_int(out, curve->events[i]); break;
        case TIME_TO_PURCHASE_CENSORED: out_int(out, curve->censored[i]); break;
        case TIME_TO_PURCHASE_SURVIVAL: out_real(out, curve->steps[i].survival); break;
        case TIME_TO_PURCHASE_LOW: out_real(out, kaplan_step(curve, i, waits->z).low); break;
        default: out_real(out, kaplan_step(curve, i, waits->z).high);
    }
}

const TvfDef tvf_time_to_purchase = {
    .name = "time_to_purchase",
    .text = {.doc = "how long customers take from one purchase to another, a curve by day",
             .definition =
                 "Customers with a purchase number from_order, purchase days counting as purchases. day = days"
                 " from it to purchase number to_order, an event, or to as_of where that has not come, a"
                 " censoring. survival = product over the days so far of 1 - events / at_risk (Kaplan-Meier);"
                 " who is censored on a day is at risk on it. One row for each day on which either happened;"
                 " between rows survival stays. Rows are ordered by segment and day.",
             .example = "SELECT * FROM time_to_purchase('orders') WHERE day <= 30"},
    .cols = time_to_purchase_cols,
    .args = time_to_purchase_args,
    .needs = CALL_ORDERS | CALL_SEGMENTS | CALL_CONFIDENCE | CALL_COUNTS,
    .order = time_to_purchase_order,
    .n_order = 2,
    .open = time_to_purchase_open,
    .cell = time_to_purchase_cell,
};

/* ---- The summary ---- */

enum {
    TIME_TO_PURCHASE_SUM_SEGMENT,
    TIME_TO_PURCHASE_SUM_CUSTOMERS,
    TIME_TO_PURCHASE_SUM_EVENTS,
    TIME_TO_PURCHASE_SUM_CENSORED,
    TIME_TO_PURCHASE_SUM_LONGEST,
    TIME_TO_PURCHASE_SUM_P25,
    TIME_TO_PURCHASE_SUM_MEDIAN,
    TIME_TO_PURCHASE_SUM_MEDIAN_LOW,
    TIME_TO_PURCHASE_SUM_MEDIAN_HIGH,
    TIME_TO_PURCHASE_SUM_P75,
    TIME_TO_PURCHASE_SUM_MEAN,
    TIME_TO_PURCHASE_SUM_MEAN_SE,
    TIME_TO_PURCHASE_SUM_NOTE
};

static const ArgSpec time_to_purchase_sum_args[] = {
    [TIME_TO_PURCHASE_FROM] = TIME_TO_PURCHASE_FROM_ARG,
    [TIME_TO_PURCHASE_TO] = TIME_TO_PURCHASE_TO_ARG,
    [TIME_TO_PURCHASE_HORIZON] = {.name = "horizon_days", .kind = ARG_INTEGER, .dflt = 365, .min = 1,
                                  .max = 36500,
                                  .doc = "restricted_mean_days counts no wait as longer than this"},
    {0},
};

static const ColSpec time_to_purchase_sum_cols[] = {
    [TIME_TO_PURCHASE_SUM_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [TIME_TO_PURCHASE_SUM_CUSTOMERS] = {"customers", "INTEGER", "customers with a purchase number from_order"},
    [TIME_TO_PURCHASE_SUM_EVENTS] = {"events", "INTEGER", "of them, those with a purchase number to_order"},
    [TIME_TO_PURCHASE_SUM_CENSORED] = {"censored", "INTEGER", "of them, those without it so far"},
    [TIME_TO_PURCHASE_SUM_LONGEST] = {"longest_days", "INTEGER",
                                      "the longest wait seen, ended or not: the curve's last day"},
    [TIME_TO_PURCHASE_SUM_P25] = {"p25_days", "INTEGER",
                                  "first day by which a quarter have made the purchase; NULL when they have not"},
    [TIME_TO_PURCHASE_SUM_MEDIAN] = {"median_days", "INTEGER",
                                     "first day by which half have made the purchase; NULL when they have not"},
    [TIME_TO_PURCHASE_SUM_MEDIAN_LOW] = {"median_low", "INTEGER", "lower end of its interval; NULL: not reached"},
    [TIME_TO_PURCHASE_SUM_MEDIAN_HIGH] = {"median_high", "INTEGER", "upper end of it"},
    [TIME_TO_PURCHASE_SUM_P75] = {"p75_days", "INTEGER",
                                  "first day by which three quarters have made it; NULL when they have not"},
    [TIME_TO_PURCHASE_SUM_MEAN] = {"restricted_mean_days", "REAL",
                                   "mean wait, none longer than horizon_days: the area under the curve up to it"},
    [TIME_TO_PURCHASE_SUM_MEAN_SE] = {"restricted_mean_se", "REAL", "its standard error"},
    [TIME_TO_PURCHASE_SUM_NOTE] = {"note", "TEXT", "why a figure is missing; NULL: none is"},
    {0},
};

static const CallOrder time_to_purchase_sum_order[] = {{TIME_TO_PURCHASE_SUM_SEGMENT, false}};

typedef struct TimeToPurchaseSum {
    int64_t customers, events;
    double longest, mean, mean_se;
    KaplanRange p25, median, p75;
    const char *note;
} TimeToPurchaseSum;

typedef struct TimeToPurchaseSumState {
    TimeToPurchaseWaits waits;
    TimeToPurchaseSum *rows; /* by rank of segment */
} TimeToPurchaseSumState;

/* What is missing: of the quartiles those above the shares reached, and the mean. */
static const char *time_to_purchase_note(const TimeToPurchaseSum *row) {
    static const char *const notes[4][2] = {
        {"fewer than 1/4 bought again", "fewer than 1/4 bought again; longest wait < horizon_days"},
        {"fewer than 1/2 bought again", "fewer than 1/2 bought again; longest wait < horizon_days"},
        {"fewer than 3/4 bought again", "fewer than 3/4 bought again; longest wait < horizon_days"},
        {NULL, "longest wait < horizon_days"}};
    if (row->customers == 0) return "nobody has made purchase number from_order";
    int quarters = !isnan(row->p25.value) + !isnan(row->median.value) + !isnan(row->p75.value);
    return notes[quarters][isnan(row->mean)];
}

static TimeToPurchaseSum time_to_purchase_sum(const Kaplan *curve, double z, int32_t horizon) {
    TimeToPurchaseSum row = {.longest = (double)NAN, .mean = (double)NAN, .mean_se = (double)NAN};
    if (curve->n > 0) {
        row.customers = curve->steps[0].at_risk;
        row.longest = curve->days[curve->n - 1];
        row.mean = kaplan_restricted_mean(curve, horizon, &row.mean_se);
    }
    for (int64_t i = 0; i < curve->n; i++) row.events += curve->events[i];
    row.p25 = kaplan_quantile(curve, 0.25, z);
    row.median = kaplan_quantile(curve, 0.5, z);
    row.p75 = kaplan_quantile(curve, 0.75, z);
    row.note = time_to_purchase_note(&row);
    return row;
}

static int64_t time_to_purchase_sum_open(Call *call) {
    TimeToPurchaseSumState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    time_to_purchase_read(call, &state->waits);
    const TimeToPurchaseWaits *waits = &state->waits;
    int64_t n = call->book.n_buyers > 0 ? waits->segments.n : 0, g = 0;
    state->rows = arena_alloc_raw(call->arena, call->err, n, sizeof(*state->rows));
    if (call->err->rc) return 0;
    int32_t horizon = (int32_t)call->args[TIME_TO_PURCHASE_HORIZON].integer;
    for (int64_t s = 0; s < n; s++) {
        bool waited = g < waits->table.n_groups && waits->table.groups[g].id == (uint64_t)s;
        Kaplan nobody = {0};
        state->rows[s] = time_to_purchase_sum(waited ? &waits->curves[g++] : &nobody, waits->z, horizon);
    }
    return n;
}

/* Days are whole; what is not known is NaN. */
static void time_to_purchase_days(Out *out, double days) {
    if (isnan(days)) out_null(out);
    else out_int(out, (int64_t)days);
}

static void time_to_purchase_sum_cell(const void *pointer, int64_t row, int col, Out *out) {
    const TimeToPurchaseSumState *state = pointer;
    const TimeToPurchaseSum *r = &state->rows[row];
    switch (col) {
        case TIME_TO_PURCHASE_SUM_SEGMENT: out_key(out, segments_key(&state->waits.segments, row)); break;
        case TIME_TO_PURCHASE_SUM_CUSTOMERS: out_int(out, r->customers); break;
        case TIME_TO_PURCHASE_SUM_EVENTS: out_int(out, r->events); break;
        case TIME_TO_PURCHASE_SUM_CENSORED: out_int(out, r->customers - r->events); break;
        case TIME_TO_PURCHASE_SUM_LONGEST: time_to_purchase_days(out, r->longest); break;
        case TIME_TO_PURCHASE_SUM_P25: time_to_purchase_days(out, r->p25.value); break;
        case TIME_TO_PURCHASE_SUM_MEDIAN: time_to_purchase_days(out, r->median.value); break;
        case TIME_TO_PURCHASE_SUM_MEDIAN_LOW: time_to_purchase_days(out, r->median.low); break;
        case TIME_TO_PURCHASE_SUM_MEDIAN_HIGH: time_to_purchase_days(out, r->median.high); break;
        case TIME_TO_PURCHASE_SUM_P75: time_to_purchase_days(out, r->p75.value); break;
        case TIME_TO_PURCHASE_SUM_MEAN: out_real(out, r->mean); break;
        case TIME_TO_PURCHASE_SUM_MEAN_SE: out_real(out, r->mean_se); break;
        default: out_static(out, r->note);
    }
}

const TvfDef tvf_time_to_purchase_summary = {
    .name = "time_to_purchase_summary",
    .text = {.doc = "how long customers take from one purchase to another, in a row of figures",
             .definition =
                 "The curve of time_to_purchase in figures. pN_days and median_days = the smallest day with"
                 " survival <= 1 - the share; their intervals reach from where ci_low of the curve gets there to"
                 " where ci_high does. restricted_mean_days = area under the curve from 0 to horizon_days; NULL"
                 " when the longest wait seen is shorter and survival is not 0. Rows are ordered by segment.",
             .example = "SELECT * FROM time_to_purchase_summary('orders')"},
    .cols = time_to_purchase_sum_cols,
    .args = time_to_purchase_sum_args,
    .needs = CALL_ORDERS | CALL_SEGMENTS | CALL_CONFIDENCE | CALL_COUNTS,
    .order = time_to_purchase_sum_order,
    .n_order = 1,
    .open = time_to_purchase_sum_open,
    .cell = time_to_purchase_sum_cell,
};
