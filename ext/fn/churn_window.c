/* churn_window.c - churn_window(): after how many days of silence is a customer of this shop gone?
 *
 *     SELECT * FROM churn_window('orders');
 *     SELECT days FROM churn_window('orders') WHERE follow_up_days = 180 AND is_recommended;
 *
 * A spell of silence is the time from a purchase day d to the customer's next one, or to as_of.  It reaches
 * a length of w days when it is longer than w: the w days after d pass without a purchase.  From then on it
 * is followed for follow_up_days, F:
 *
 *     came back      the next purchase is in (d + w, d + w + F]
 *     judged         d + w + F <= as_of: the follow-up is over, whether they came back or not
 *     return_rate    spells that came back / spells, over those judged
 *
 * A spell whose follow-up is not over is left out even if its customer is back already: of the late ones
 * only those would be known who came back soon.  F is fixed and one for all lengths, so that the rates of
 * two lengths, and of the same shop a year later, are of the same thing.  (Were it as long as the silence
 * itself, monthly customers would count as lost after a week, since few come back within the second.)
 *
 * Recommended is the shortest length after which at most max_return_rate come back, unless after a longer
 * one significantly more do (its interval lies wholly above): some shops see their customers once a year.
 */
#include "base/libm.h"
#include "base/list.h"
#include "data/segments.h"
#include "host/call.h"
#include "math/sum.h"
#include "stat/wilson.h"

enum { CHURN_WINDOW_WINDOWS, CHURN_WINDOW_FOLLOW_UP, CHURN_WINDOW_MAX_RATE, CHURN_WINDOW_MIN_SPELLS };
enum {
    CHURN_WINDOW_SEGMENT,
    CHURN_WINDOW_DAYS,
    CHURN_WINDOW_CUSTOMERS,
    CHURN_WINDOW_SPELLS,
    CHURN_WINDOW_BACK,
    CHURN_WINDOW_RATE,
    CHURN_WINDOW_LOW,
    CHURN_WINDOW_HIGH,
    CHURN_WINDOW_REVENUE,
    CHURN_WINDOW_IMMATURE,
    CHURN_WINDOW_RECOMMENDED,
    CHURN_WINDOW_NOTE
};
enum { CHURN_WINDOW_ROWS_MAX = 4 * 1000 * 1000 };

static const ArgSpec churn_window_args[] = {
    [CHURN_WINDOW_WINDOWS] = {.name = "windows", .kind = ARG_LIST, .min = 1, .max = 36500,
                              .dflt_text = "7,14,21,30,45,60,90,120,150,180,270,365,540,730",
                              .doc = "lengths of silence to look at, in days; at most 64"},
    [CHURN_WINDOW_FOLLOW_UP] = {.name = "follow_up_days", .kind = ARG_INTEGER, .dflt = 90, .min = 1,
                                .max = 3650,
                                .doc = "how long after the silence has reached a length a purchase counts"
                                       " as coming back"},
    [CHURN_WINDOW_MAX_RATE] = {.name = "max_return_rate", .kind = ARG_REAL, .dflt = 0.1, .min = 0, .max = 1,
                               .doc = "share that may still come back after the recommended length: how"
                                      " often it may be wrong to call a customer lost"},
    [CHURN_WINDOW_MIN_SPELLS] = {.name = "min_spells", .kind = ARG_INTEGER, .dflt = 30, .min = 1,
                                 .max = 1e9, .doc = "spells that a recommendation needs at least"},
    {0},
};

static const ColSpec churn_window_cols[] = {
    [CHURN_WINDOW_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [CHURN_WINDOW_DAYS] = {"days", "INTEGER", "length of silence: so many days without a purchase"},
    [CHURN_WINDOW_CUSTOMERS] = {"customers", "INTEGER", "customers that the spells are of"},
    [CHURN_WINDOW_SPELLS] = {"spells", "INTEGER",
                             "spells of silence that reached the length and could be followed for"
                             " follow_up_days; a customer may have several"},
    [CHURN_WINDOW_BACK] = {"came_back", "INTEGER", "of these, ended by a purchase within follow_up_days"},
    [CHURN_WINDOW_RATE] = {"return_rate", "REAL", "came_back / spells"},
    [CHURN_WINDOW_LOW] = {"ci_low", "REAL", "lower end of its Wilson interval, spells taken as independent"},
    [CHURN_WINDOW_HIGH] = {"ci_high", "REAL", "upper end of it"},
    [CHURN_WINDOW_REVENUE] = {"revenue_recalled", "REAL",
                              "net amount of the purchase days within follow_up_days of those who came"
                              " back; NULL without an amount column"},
    [CHURN_WINDOW_IMMATURE] = {"excluded_immature", "INTEGER",
                               "spells that reached the length too late to be followed in full; left out"},
    [CHURN_WINDOW_RECOMMENDED] = {"is_recommended", "INTEGER",
                                  "1 for the length that fits this shop, or segment; else 0"},
    [CHURN_WINDOW_NOTE] = {"note", "TEXT", "why the length could not be judged, or why none is recommended"},
    {0},
};

static const CallOrder churn_window_order[] = {{CHURN_WINDOW_SEGMENT, false}, {CHURN_WINDOW_DAYS, false}};

/* One length of one segment.  While spells are counted, the counts are differences: +1 at the first length
 * that a spell counts for, -1 behind the last. */
typedef struct ChurnWindowRow {
    int64_t customers, spells, came_back, immature;
    Sum revenue;
    bool recommended;
    const char *note;
} ChurnWindowRow;

typedef struct ChurnWindowState {
    ListEntry windows[LIST_MAX];
    int n_windows;
    uint8_t *below;          /* by number of days: windows that are shorter */
    int32_t n_below;
    int32_t follow_up;
    Day as_of;
    bool has_amounts;
    Segments segments;
    ChurnWindowRow *rows;    /* n_windows + 1 for each segment; the last one only counts down */
    double z;
} ChurnWindowState;

/* ---- Spells ---- */

/* How many windows are shorter than so many days, at most from the first purchase to as_of; below none. */
static int churn_window_below(const ChurnWindowState *state, int32_t days) {
    return days <= 0 ? 0 : state->below[days];
}

static void churn_window_fill_below(Call *call, ChurnWindowState *state) {
    state->n_below = call->book.as_of - call->book.day_first + 1;
    state->below = arena_alloc_raw(call->arena, call->err, state->n_below, sizeof(*state->below));
    int n = 0;
    for (int32_t days = 0; state->below && days < state->n_below; days++) {
        while (n < state->n_windows && state->windows[n].from < days) n++;
        state->below[days] = (uint8_t)n;
    }
}

/* Adds what a customer who came back brought: for each window first <= w < end the purchase days from the
 * i-th on until the follow-up is over. */
static void churn_window_add_revenue(const ChurnWindowState *state, const BookCustomer *customer, int64_t i,
                                     int first, int end, double *brought) {
    double revenue = 0;
    Day from = customer->days[i - 1];
    for (int w = first; w < end; w++) {
        Day last = from + state->windows[w].from + state->follow_up;
        for (; i < customer->n_days && customer->days[i] <= last; i++) revenue += customer->amounts[i];
        brought[w] += revenue;
    }
}

/* One customer's spells.  Of the windows, those that a spell has reached are the first ones, and of these
 * again those whose follow-up is over. */
static void churn_window_count(const ChurnWindowState *state, const BookCustomer *customer,
                               ChurnWindowRow *rows) {
    int most = 0;
    double brought[LIST_MAX];
    for (int w = 0; w < state->n_windows; w++) brought[w] = 0;
    for (int64_t i = 1; i <= customer->n_days; i++) {
        Day from = customer->days[i - 1];
        bool ended = i < customer->n_days;
        int32_t silence = (ended ? customer->days[i] : state->as_of) - from;
        int reached = churn_window_below(state, silence);
        int judged = churn_window_below(state, state->as_of - from - state->follow_up + 1);
        if (reached == 0) continue;
        if (judged > reached) judged = reached;
        rows[judged].immature++;
        rows[reached].immature--;
        rows[0].spells++;
        rows[judged].spells--;
        if (judged > most) most = judged;
        int first = churn_window_below(state, silence - state->follow_up);
        if (!ended || first >= judged) continue;
        rows[first].came_back++;
        rows[judged].came_back--;
        if (state->has_amounts) churn_window_add_revenue(state, customer, i, first, judged, brought);
    }
    rows[0].customers++;
    rows[most].customers--;
    for (int w = 0; w < most; w++) sum_add(&rows[w].revenue, brought[w]);
}

/* Differences become counts. */
static void churn_window_sum_up(const ChurnWindowState *state, ChurnWindowRow *rows) {
    for (int w = 1; w < state->n_windows; w++) {
        rows[w].customers += rows[w - 1].customers;
        rows[w].spells += rows[w - 1].spells;
        rows[w].came_back += rows[w - 1].came_back;
        rows[w].immature += rows[w - 1].immature;
    }
}

/* ---- The recommendation ---- */

static double churn_window_rate(const ChurnWindowRow *row) {
    return row->spells > 0 ? (double)row->came_back / (double)row->spells : (double)NAN;
}

/* From the longest length down: the shortest that is good enough before a longer one speaks against it. */
static void churn_window_recommend(const ChurnWindowState *state, ChurnWindowRow *rows, int64_t min_spells,
                                   double max_rate) {
    ChurnWindowRow *best = NULL;
    bool refuted = false;
    for (int w = state->n_windows - 1; w >= 0; w--) {
        ChurnWindowRow *row = &rows[w];
        if (row->spells < min_spells) {
            row->note = row->spells ? "too few spells to judge" : "no spell could be followed in full";
            continue;
        }
        bool few = churn_window_rate(row) <= max_rate;
        if (few && !refuted) best = row;
        row->note = few ? "none recommended: after a longer silence more come back"
                        : "none recommended: more than max_return_rate come back";
        if (wilson_end((double)row->came_back, (double)row->spells, state->z, false) > max_rate)
            refuted = true;
    }
    if (!best) return;
    best->recommended = true;
    for (int w = 0; w < state->n_windows; w++)
        if (rows[w].spells >= min_spells) rows[w].note = NULL;
}

/* ---- The table ---- */

static void churn_window_fill(Call *call, ChurnWindowState *state) {
    const Book *book = &call->book;
    int n_slots = state->n_windows + 1;
    for (int64_t c = 0; c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days == 0) continue;
        churn_window_count(state, &customer,
                           state->rows + segments_of(&state->segments, &customer) * n_slots);
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) return;
    }
    for (int64_t s = 0; s < state->segments.n; s++) {
        churn_window_sum_up(state, state->rows + s * n_slots);
        churn_window_recommend(state, state->rows + s * n_slots,
                               call->args[CHURN_WINDOW_MIN_SPELLS].integer,
                               call->args[CHURN_WINDOW_MAX_RATE].real);
    }
}

static int64_t churn_window_open(Call *call) {
    const Book *book = &call->book;
    ChurnWindowState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state || book->n_buyers == 0) return 0;
    call->state = state;
    state->n_windows = list_parse(call->args[CHURN_WINDOW_WINDOWS].text, false, state->windows);
    state->follow_up = (int32_t)call->args[CHURN_WINDOW_FOLLOW_UP].integer;
    state->as_of = book->as_of;
    state->has_amounts = book->has_amounts;
    state->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    state->segments = segments_rank(book, split, call->arena, call->err);
    int64_t n_slots = state->n_windows + 1, n_segments = state->segments.n;
    if (n_segments > CHURN_WINDOW_ROWS_MAX / n_slots)
        err_set(call->err, SQLITE_TOOBIG,
                "%lld segments of %d windows are more than %d rows; choose fewer windows", n_segments,
                state->n_windows, CHURN_WINDOW_ROWS_MAX);
    churn_window_fill_below(call, state);
    state->rows = arena_alloc(call->arena, call->err, n_segments * n_slots, sizeof(*state->rows));
    if (call->err->rc) return 0;
    churn_window_fill(call, state);
    return n_segments * state->n_windows;
}

static void churn_window_cell(const void *pointer, int64_t number, int col, Out *out) {
    const ChurnWindowState *state = pointer;
    int64_t segment = number / state->n_windows, window = number % state->n_windows;
    const ChurnWindowRow *row = &state->rows[segment * (state->n_windows + 1) + window];
    switch (col) {
        case CHURN_WINDOW_SEGMENT: out_key(out, segments_key(&state->segments, segment)); break;
        case CHURN_WINDOW_DAYS: out_int(out, state->windows[window].from); break;
        case CHURN_WINDOW_CUSTOMERS: out_int(out, row->customers); break;
        case CHURN_WINDOW_SPELLS: out_int(out, row->spells); break;
        case CHURN_WINDOW_BACK: out_int(out, row->came_back); break;
        case CHURN_WINDOW_RATE: out_real(out, churn_window_rate(row)); break;
        case CHURN_WINDOW_LOW:
        case CHURN_WINDOW_HIGH:
            out_real(out, wilson_end((double)row->came_back, (double)row->spells, state->z,
                                     col == CHURN_WINDOW_HIGH));
            break;
        case CHURN_WINDOW_REVENUE:
            out_real(out, state->has_amounts ? sum_value(&row->revenue) : (double)NAN);
            break;
        case CHURN_WINDOW_IMMATURE: out_int(out, row->immature); break;
        case CHURN_WINDOW_RECOMMENDED: out_int(out, row->recommended); break;
        default: out_static(out, row->note);
    }
}

const TvfDef tvf_churn_window = {
    .name = "churn_window",
    .text = {.doc = "after how many days of silence a customer of this shop is gone",
             .definition =
                 "a spell of silence runs from a purchase day d to the next one, or to as_of; it reaches w days"
                 " when it is longer. Spells with d + w + follow_up_days <= as_of are judged: they came back"
                 " when the next purchase is in (d + w, d + w + follow_up_days]. return_rate = came_back /"
                 " spells. revenue_recalled is the net amount of the purchase days of those who came back up to"
                 " d + w + follow_up_days. Spells that are not judged are counted in excluded_immature and"
                 " nowhere else. Recommended is the shortest of the lengths with min_spells whose return_rate"
                 " is at most max_return_rate, if no longer one's interval lies wholly above that. Rows are"
                 " ordered by segment and days.",
             .example = "SELECT * FROM churn_window('orders')"},
    .cols = churn_window_cols,
    .args = churn_window_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS | CALL_SEGMENTS | CALL_CONFIDENCE | CALL_COUNTS,
    .order = churn_window_order,
    .n_order = 2,
    .open = churn_window_open,
    .cell = churn_window_cell,
};
