/* new_vs_repeat.c - new_vs_repeat(): do we live off new customers or off those who return, and who spends more?
 *
 *     SELECT period_start, kind, customers, orders, revenue, share, aov, spend_uplift
 *       FROM new_vs_repeat('orders', 'quarter');
 *
 * Two rows a period.  A customer's first purchase day ever is 'new'; every later one is 'repeat', in the same
 * period too, so that a customer can be counted in both rows of a period.  Of the purchase days of a kind:
 *
 *     customers: whose they are             revenue: their net amounts, and share, of the period's
 *     orders: how many                      aov = revenue / orders
 *
 * Refunds on a day of their own are no purchase and in neither kind; with order_column they are netted with
 * the order that they belong to.
 *
 * spend_uplift = aov of repeat / aov of new - 1.  Orders of one customer are alike, so its interval takes
 * customers, not orders, as independent (stat/ratio.h).
 */
#include "base/libm.h"
#include "data/segments.h"
#include "data/timeline.h"
#include "host/call.h"
#include "stat/ratio.h"

enum { NEW_VS_REPEAT_PERIOD };
enum {
    NEW_VS_REPEAT_SEGMENT,
    NEW_VS_REPEAT_START_DAY,
    NEW_VS_REPEAT_END_DAY,
    NEW_VS_REPEAT_COMPLETE,
    NEW_VS_REPEAT_KIND,
    NEW_VS_REPEAT_CUSTOMERS,
    NEW_VS_REPEAT_ORDERS,
    NEW_VS_REPEAT_REVENUE,
    NEW_VS_REPEAT_SHARE,
    NEW_VS_REPEAT_AOV,
    NEW_VS_REPEAT_UPLIFT,
    NEW_VS_REPEAT_LOW,
    NEW_VS_REPEAT_HIGH
};

enum { NEW_VS_REPEAT_NEW, NEW_VS_REPEAT_AGAIN, NEW_VS_REPEAT_KINDS };
static const char *const new_vs_repeat_kinds[NEW_VS_REPEAT_KINDS] = {"new", "repeat"};

enum { NEW_VS_REPEAT_CELLS_MAX = 2 * 1000 * 1000 };

static const ArgSpec new_vs_repeat_args[] = {
    [NEW_VS_REPEAT_PERIOD] = {.name = "period", .kind = ARG_PERIOD, .dflt_text = "month",
                              .doc = "length of a period"},
    {0},
};

static const ColSpec new_vs_repeat_cols[] = {
    [NEW_VS_REPEAT_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [NEW_VS_REPEAT_START_DAY] = {"period_start", "DATE", "first day of the period"},
    [NEW_VS_REPEAT_END_DAY] = {"period_end", "DATE", "last day of the period"},
    [NEW_VS_REPEAT_COMPLETE] = {"is_complete", "INTEGER",
                                "1 when as_of reaches the last day; else 0: counts and revenue so far, and"
                                " the other figures are NULL"},
    [NEW_VS_REPEAT_KIND] = {"kind", "TEXT", "'new': first purchase days ever; 'repeat': all later ones"},
    [NEW_VS_REPEAT_CUSTOMERS] = {"customers", "INTEGER",
                                 "with a purchase day of the kind; some have both in a period"},
    [NEW_VS_REPEAT_ORDERS] = {"orders", "INTEGER", "purchase days of the kind"},
    [NEW_VS_REPEAT_REVENUE] = {"revenue", "REAL", "their net amounts; NULL without an amount column"},
    [NEW_VS_REPEAT_SHARE] = {"share", "REAL", "revenue / that of both kinds; NULL when that is 0"},
    [NEW_VS_REPEAT_AOV] = {"aov", "REAL", "revenue / orders; NULL without orders"},
    [NEW_VS_REPEAT_UPLIFT] = {"spend_uplift", "REAL",
                              "on the 'repeat' row: its aov / that of 'new' - 1; 0.25 is 25 % more an order"},
    [NEW_VS_REPEAT_LOW] = {"uplift_low", "REAL",
                           "lower end of its interval; NULL with fewer than two customers of a kind"},
    [NEW_VS_REPEAT_HIGH] = {"uplift_high", "REAL", "upper end of it"},
    {0},
};

static const CallOrder new_vs_repeat_order[] = {
    {NEW_VS_REPEAT_SEGMENT, false}, {NEW_VS_REPEAT_START_DAY, false}, {NEW_VS_REPEAT_KIND, false}};

typedef struct NewVsRepeatKind {
    int64_t customers, orders;
    Sum revenue;
} NewVsRepeatKind;

/* A period of a segment. */
typedef struct NewVsRepeatCell {
    NewVsRepeatKind kinds[NEW_VS_REPEAT_KINDS];
    RatioSpread spread;
} NewVsRepeatCell;

typedef struct NewVsRepeatState {
    Timeline time;
    Segments segments;
    NewVsRepeatCell *cells;   /* by segment, then period */
    const int32_t *number_of; /* the period of each day since the first */
    bool has_amounts;
    double confidence;
} NewVsRepeatState;

/* ---- Counting ---- */

/* What one customer did in one period: days[i .. end) of theirs. */
typedef struct NewVsRepeatVisit {
    NewVsRepeatCell *cell;
    RatioSide sides[NEW_VS_REPEAT_KINDS];
    int64_t end;
} NewVsRepeatVisit;

static NewVsRepeatVisit new_vs_repeat_visit(const NewVsRepeatState *state, const BookCustomer *customer,
                                            NewVsRepeatCell *cells, int64_t i) {
    int32_t number = state->number_of[customer->days[i] - state->time.day_first];
    NewVsRepeatVisit visit = {.cell = cells + number, .end = i};
    for (; visit.end < customer->n_days; visit.end++) {
        int64_t at = visit.end;
        if (state->number_of[customer->days[at] - state->time.day_first] != number) break;
        RatioSide *side = &visit.sides[at == 0 ? NEW_VS_REPEAT_NEW : NEW_VS_REPEAT_AGAIN];
        side->items++;
        if (customer->amounts) side->total += customer->amounts[at];
    }
    return visit;
}

static void new_vs_repeat_add(const NewVsRepeatVisit *visit) {
    for (int k = 0; k < NEW_VS_REPEAT_KINDS; k++) {
        NewVsRepeatKind *kind = &visit->cell->kinds[k];
        if (!(visit->sides[k].items > 0)) continue;
        kind->customers++;
        kind->orders += (int64_t)visit->sides[k].items;
        sum_add(&kind->revenue, visit->sides[k].total);
    }
}

static void new_vs_repeat_sides(const NewVsRepeatCell *cell, RatioSide sides[NEW_VS_REPEAT_KINDS]) {
    for (int k = 0; k < NEW_VS_REPEAT_KINDS; k++)
        sides[k] = (RatioSide){.total = sum_value(&cell->kinds[k].revenue),
                               .items = (double)cell->kinds[k].orders};
}

static void new_vs_repeat_spread(const NewVsRepeatVisit *visit) {
    RatioSide sides[NEW_VS_REPEAT_KINDS];
    new_vs_repeat_sides(visit->cell, sides);
    ratio_add(&visit->cell->spread, sides, visit->sides);
}

/* One pass over the customers, each period of each handed to take. */
static void new_vs_repeat_pass(Call *call, const NewVsRepeatState *state,
                               void (*take)(const NewVsRepeatVisit *visit)) {
    const Book *book = &call->book;
    for (int64_t c = 0; c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) return;
        if (customer.n_days == 0) continue;
        NewVsRepeatCell *cells = state->cells + segments_of(&state->segments, &customer) * state->time.n;
        for (int64_t i = 0; i < customer.n_days;) {
            NewVsRepeatVisit visit = new_vs_repeat_visit(state, &customer, cells, i);
            take(&visit);
            i = visit.end;
        }
    }
}

static int64_t new_vs_repeat_open(Call *call) {
    NewVsRepeatState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->confidence = call->common[CALL_CONFIDENCE_LEVEL].real;
    state->has_amounts = call->book.has_amounts;
    state->time = timeline_of(&call->book, call_period(call, &call->args[NEW_VS_REPEAT_PERIOD]));
    if (state->time.n == 0) return 0;
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    state->segments = segments_rank(&call->book, split, call->arena, call->err);
    int64_t n = timeline_cells(&state->time, state->segments.n, NEW_VS_REPEAT_CELLS_MAX, NEW_VS_REPEAT_KINDS,
                               call->err);
    state->number_of = timeline_by_day(&state->time, call->arena, call->err);
    state->cells = arena_alloc(call->arena, call->err, n, sizeof(*state->cells));
    if (call->err->rc) return 0;
    new_vs_repeat_pass(call, state, new_vs_repeat_add);
    if (state->has_amounts) new_vs_repeat_pass(call, state, new_vs_repeat_spread);
    return n * NEW_VS_REPEAT_KINDS;
}

/* ---- The rows ---- */

static double new_vs_repeat_uplift_end(const NewVsRepeatState *state, const NewVsRepeatCell *cell, bool high) {
    RatioSide sides[NEW_VS_REPEAT_KINDS];
    double ends[2];
    new_vs_repeat_sides(cell, sides);
    ratio_interval(sides, &cell->spread, state->confidence, &ends[0], &ends[1]);
    return ends[high] - 1;
}

/* A figure of a period that is over, NaN where it cannot be given. */
static double new_vs_repeat_figure(const NewVsRepeatState *state, const NewVsRepeatCell *cell, int k, int col) {
    RatioSide sides[NEW_VS_REPEAT_KINDS];
    new_vs_repeat_sides(cell, sides);
    if (col == NEW_VS_REPEAT_SHARE) return sides[k].total / (sides[0].total + sides[1].total);
    if (col == NEW_VS_REPEAT_AOV) return sides[k].total / sides[k].items;
    if (k == NEW_VS_REPEAT_NEW) return (double)NAN;
    if (col == NEW_VS_REPEAT_UPLIFT) return ratio_of(sides) - 1;
    return new_vs_repeat_uplift_end(state, cell, col == NEW_VS_REPEAT_HIGH);
}

static void new_vs_repeat_money(Out *out, bool given, double value) {
    if (given) out_real(out, value);
    else out_null(out);
}

static void new_vs_repeat_cell(const void *pointer, int64_t row, int col, Out *out) {
    const NewVsRepeatState *state = pointer;
    const Timeline *time = &state->time;
    int k = (int)(row % NEW_VS_REPEAT_KINDS);
    int64_t at = row / NEW_VS_REPEAT_KINDS, number = at % time->n;
    const NewVsRepeatKind *kind = &state->cells[at].kinds[k];
    bool complete = timeline_is_complete(time, number);
    switch (col) {
        case NEW_VS_REPEAT_SEGMENT: out_key(out, segments_key(&state->segments, at / time->n)); break;
        case NEW_VS_REPEAT_START_DAY: out_day(out, timeline_first_day(time, number)); break;
        case NEW_VS_REPEAT_END_DAY: out_day(out, timeline_last_day(time, number)); break;
        case NEW_VS_REPEAT_COMPLETE: out_int(out, complete); break;
        case NEW_VS_REPEAT_KIND: out_static(out, new_vs_repeat_kinds[k]); break;
        case NEW_VS_REPEAT_CUSTOMERS: out_int(out, kind->customers); break;
        case NEW_VS_REPEAT_ORDERS: out_int(out, kind->orders); break;
        case NEW_VS_REPEAT_REVENUE: new_vs_repeat_money(out, state->has_amounts, sum_value(&kind->revenue)); break;
        default:
            new_vs_repeat_money(out, state->has_amounts && complete,
                                new_vs_repeat_figure(state, &state->cells[at], k, col));
    }
}

const TvfDef tvf_new_vs_repeat = {
    .name = "new_vs_repeat",
    .text = {.doc = "what new and returning customers bring, and how much more the latter spend an order",
             .definition =
                 "two rows a period. A customer's first purchase day ever is 'new', all later ones are"
                 " 'repeat', those in the same period too. share = revenue / the period's, aov = revenue /"
                 " orders, spend_uplift = aov of repeat / aov of new - 1, with Welch's interval on the log"
                 " scale that takes customers, not orders, as independent. An unfinished period has counts"
                 " and revenue so far and no ratios. Rows are ordered by segment, period_start and kind.",
             .example = "SELECT * FROM new_vs_repeat('orders', 'month')"},
    .cols = new_vs_repeat_cols,
    .args = new_vs_repeat_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS | CALL_SEGMENTS | CALL_PERIODS | CALL_CONFIDENCE | CALL_COUNTS,
    .order = new_vs_repeat_order,
    .n_order = 3,
    .open = new_vs_repeat_open,
    .cell = new_vs_repeat_cell,
};
