/* winback.c - winback(): who comes back after a long silence, do they stay, and what do they bring?
 *
 *     SELECT dormancy_from, dormancy_to, spells, reactivated, reactivation_rate FROM winback('orders');
 *     SELECT * FROM winback('orders', '6 months', 30) WHERE segment_column = 'channel';
 *
 * With N the days of dormant_after, back from as_of (6 months before 2024-08-31 are 184 days), and W
 * window_days: a customer is dormant while their last purchase d lies more than N days back.  Such a spell
 * of dormancy ends with the next purchase, t.  Bucket j is the silence of N + j W + 1 to N + (j + 1) W days:
 *
 *     entered        the silence (t - d, or as_of - d while it lasts) is longer than N + j W
 *     judged         d + N + (j + 1) W <= as_of: the bucket is over, whether they came back or not
 *     reactivated    judged, and t - d is within the bucket
 *     rechurned      no purchase in (t, t + N]; judged when t + N <= as_of
 *     revenue        net amount of the purchase days t to t + W
 *
 * A spell enters every bucket that it reaches, so that reactivation_rate is the chance to win back within
 * the next W days somebody who has been silent for so long.
 */
#include "base/libm.h"
#include "data/segments.h"
#include "host/call.h"
#include "math/sum.h"
#include "stat/wilson.h"

enum { WINBACK_AFTER, WINBACK_WINDOW };
enum {
    WINBACK_SEGMENT,
    WINBACK_FROM,
    WINBACK_TO,
    WINBACK_CUSTOMERS,
    WINBACK_SPELLS,
    WINBACK_REACTIVATED,
    WINBACK_RATE,
    WINBACK_LOW,
    WINBACK_HIGH,
    WINBACK_IMMATURE,
    WINBACK_JUDGED,
    WINBACK_RECHURNED,
    WINBACK_RECHURN_RATE,
    WINBACK_REVENUE,
    WINBACK_PER_REACTIVATED,
    WINBACK_NOTE
};
enum { WINBACK_ROWS_MAX = 4 * 1000 * 1000 };

static const ArgSpec winback_args[] = {
    [WINBACK_AFTER] = {.name = "dormant_after", .kind = ARG_SPAN, .dflt_text = "180 days",
                       .doc = "silence after which a customer is dormant"},
    [WINBACK_WINDOW] = {.name = "window_days", .kind = ARG_INTEGER, .dflt = 90, .min = 1, .max = 3650,
                        .doc = "length of a bucket of silence, and of the time after coming back whose"
                               " revenue counts"},
    {0},
};

static const ColSpec winback_cols[] = {
    [WINBACK_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [WINBACK_FROM] = {"dormancy_from", "INTEGER", "the bucket: least days since the last purchase"},
    [WINBACK_TO] = {"dormancy_to", "INTEGER", "most days since the last purchase"},
    [WINBACK_CUSTOMERS] = {"customers", "INTEGER", "customers that the spells are of"},
    [WINBACK_SPELLS] = {"spells", "INTEGER",
                        "spells of dormancy that reached the bucket and could be followed to its end; a"
                        " customer may have several"},
    [WINBACK_REACTIVATED] = {"reactivated", "INTEGER", "of these, ended by a purchase within the bucket"},
    [WINBACK_RATE] = {"reactivation_rate", "REAL", "reactivated / spells"},
    [WINBACK_LOW] = {"ci_low", "REAL", "lower end of its Wilson interval, spells taken as independent"},
    [WINBACK_HIGH] = {"ci_high", "REAL", "upper end of it"},
    [WINBACK_IMMATURE] = {"excluded_immature", "INTEGER",
                          "spells that reached the bucket but not its end by as_of, back or not; left out"},
    [WINBACK_JUDGED] = {"rechurn_judged", "INTEGER",
                        "reactivated who came back at least dormant_after before as_of"},
    [WINBACK_RECHURNED] = {"rechurned", "INTEGER",
                           "of these, without another purchase within dormant_after of coming back"},
    [WINBACK_RECHURN_RATE] = {"rechurn_rate", "REAL", "rechurned / rechurn_judged"},
    [WINBACK_REVENUE] = {"revenue", "REAL",
                         "net amount of their purchase days from the return to window_days later, or so far;"
                         " NULL without an amount column"},
    [WINBACK_PER_REACTIVATED] = {"revenue_per_reactivated", "REAL",
                                 "its mean over those whose window_days are over"},
    [WINBACK_NOTE] = {"note", "TEXT", "why a rate is missing; NULL: nothing is, or nobody came back"},
    {0},
};

static const CallOrder winback_order[] = {{WINBACK_SEGMENT, false}, {WINBACK_FROM, false}};

/* One bucket of one segment.  While spells are counted, customers and spells are differences: +1 at the first
 * bucket, -1 behind the last one that counts. */
typedef struct WinbackRow {
    int64_t customers, spells, reactivated, immature;
    int64_t judged, rechurned;
    int64_t n_over;          /* reactivated whose window is over ... */
    Sum revenue, over;       /* of all; ... and what these brought */
} WinbackRow;

typedef struct WinbackState {
    int32_t after, window;   /* days */
    Day as_of;
    bool has_amounts;
    Segments segments;
    int64_t n_buckets;
    WinbackRow *rows;        /* n_buckets + 1 for each segment; the last one only counts down */
    double z;
} WinbackState;

/* ---- Spells ---- */

/* The days from the purchase before the i-th to that one, or to as_of behind the last. */
static int32_t winback_silence(const WinbackState *state, const BookCustomer *customer, int64_t i) {
    return (i < customer->n_days ? customer->days[i] : state->as_of) - customer->days[i - 1];
}

/* Enough buckets for the longest spell. */
static int64_t winback_count_buckets(const WinbackState *state, const Book *book) {
    int32_t longest = 0;
    for (int64_t c = 0; c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        for (int64_t i = 1; i <= customer.n_days; i++) {
            int32_t silence = winback_silence(state, &customer, i);
            if (silence > longest) longest = silence;
        }
    }
    return longest > state->after ? (longest - state->after - 1) / state->window + 1 : 0;
}

/* The customer came back on the i-th purchase day. */
static void winback_come_back(const WinbackState *state, const BookCustomer *customer, int64_t i,
                              WinbackRow *row) {
    Day back = customer->days[i];
    row->reactivated++;
    if (back + state->after <= state->as_of) {
        row->judged++;
        row->rechurned += i + 1 == customer->n_days || customer->days[i + 1] - back > state->after;
    }
    if (!state->has_amounts) return;
    Sum revenue = {0};
    for (; i < customer->n_days && customer->days[i] <= back + state->window; i++)
        sum_add(&revenue, customer->amounts[i]);
    sum_add(&row->revenue, sum_value(&revenue));
    if (back + state->window > state->as_of) return;
    row->n_over++;
    sum_add(&row->over, sum_value(&revenue));
}

static void winback_count(const WinbackState *state, const BookCustomer *customer, WinbackRow *rows) {
    int32_t most = 0;
    for (int64_t i = 1; i <= customer->n_days; i++) {
        int32_t silence = winback_silence(state, customer, i);
        if (silence <= state->after) continue;
        int32_t last = (silence - state->after - 1) / state->window; /* bucket that it ends in */
        int32_t over = (state->as_of - customer->days[i - 1] - state->after) / state->window;
        int32_t judged = last < over ? last + 1 : over;
        rows[0].spells++;
        rows[judged].spells--;
        if (judged > most) most = judged;
        if (last >= over) rows[over].immature++;
        else if (i < customer->n_days) winback_come_back(state, customer, i, &rows[last]);
    }
    rows[0].customers++;
    rows[most].customers--;
}

static void winback_fill(Call *call, WinbackState *state) {
    const Book *book = &call->book;
    int64_t n_slots = state->n_buckets + 1;
    for (int64_t c = 0; c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days == 0) continue;
        winback_count(state, &customer, state->rows + segments_of(&state->segments, &customer) * n_slots);
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) return;
    }
    for (int64_t s = 0; s < state->segments.n; s++) {
        WinbackRow *rows = state->rows + s * n_slots;
        for (int64_t j = 1; j < state->n_buckets; j++) {
            rows[j].customers += rows[j - 1].customers;
            rows[j].spells += rows[j - 1].spells;
        }
    }
}

/* ---- The table ---- */

static int64_t winback_open(Call *call) {
    const Book *book = &call->book;
    WinbackState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state || book->n_buyers == 0) return 0;
    call->state = state;
    state->as_of = book->as_of;
    state->after = book->as_of - span_before(&call->args[WINBACK_AFTER].span, call_calendar(call),
                                             book->as_of);
    state->window = (int32_t)call->args[WINBACK_WINDOW].integer;
    state->has_amounts = book->has_amounts;
    state->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    state->segments = segments_rank(book, split, call->arena, call->err);
    if (call->err->rc) return 0;
    state->n_buckets = winback_count_buckets(state, book);
    int64_t n_slots = state->n_buckets + 1, n_segments = state->segments.n;
    if (n_segments > WINBACK_ROWS_MAX / n_slots)
        err_set(call->err, SQLITE_TOOBIG,
                "%lld segments of %lld buckets are more than %d rows; choose a longer window_days",
                n_segments, state->n_buckets, WINBACK_ROWS_MAX);
    state->rows = arena_alloc(call->arena, call->err, n_segments * n_slots, sizeof(*state->rows));
    if (call->err->rc) return 0;
    winback_fill(call, state);
    return n_segments * state->n_buckets;
}

static double winback_ratio(double part, int64_t whole) {
    return whole > 0 ? part / (double)whole : (double)NAN;
}

static const char *winback_note(const WinbackRow *row) {
    if (row->spells == 0) return "no spell could be followed to the end of this bucket";
    if (row->reactivated > 0 && row->judged == 0)
        return "nobody came back long enough ago to judge rechurn_rate";
    return NULL;
}

static void winback_cell(const void *pointer, int64_t number, int col, Out *out) {
    const WinbackState *state = pointer;
    int64_t segment = number / state->n_buckets, bucket = number % state->n_buckets;
    const WinbackRow *row = &state->rows[segment * (state->n_buckets + 1) + bucket];
    int64_t from = state->after + bucket * state->window + 1;
    switch (col) {
        case WINBACK_SEGMENT: out_key(out, segments_key(&state->segments, segment)); break;
        case WINBACK_FROM: out_int(out, from); break;
        case WINBACK_TO: out_int(out, from + state->window - 1); break;
        case WINBACK_CUSTOMERS: out_int(out, row->customers); break;
        case WINBACK_SPELLS: out_int(out, row->spells); break;
        case WINBACK_REACTIVATED: out_int(out, row->reactivated); break;
        case WINBACK_RATE: out_real(out, winback_ratio((double)row->reactivated, row->spells)); break;
        case WINBACK_LOW:
        case WINBACK_HIGH:
            out_real(out, wilson_end((double)row->reactivated, (double)row->spells, state->z,
                                     col == WINBACK_HIGH));
            break;
        case WINBACK_IMMATURE: out_int(out, row->immature); break;
        case WINBACK_JUDGED: out_int(out, row->judged); break;
        case WINBACK_RECHURNED: out_int(out, row->rechurned); break;
        case WINBACK_RECHURN_RATE:
            out_real(out, winback_ratio((double)row->rechurned, row->judged));
            break;
        case WINBACK_REVENUE:
            out_real(out, state->has_amounts ? sum_value(&row->revenue) : (double)NAN);
            break;
        case WINBACK_PER_REACTIVATED:
            out_real(out, winback_ratio(sum_value(&row->over), row->n_over));
            break;
        default: out_static(out, winback_note(row));
    }
}

const TvfDef tvf_winback = {
    .name = "winback",
    .text = {.doc = "who comes back after a long silence, whether they stay, what they bring",
             .definition =
                 "with N the days of dormant_after, counted back from as_of, and W = window_days, a spell of"
                 " dormancy begins more than N days after a purchase day d and ends with the next one, t. It"
                 " enters each bucket of N + j W + 1 to N + (j + 1) W days that t - d, or as_of - d, reaches;"
                 " it counts in those that are over by as_of, and in excluded_immature in one that is not."
                 " reactivation_rate = reactivated (t - d within the bucket) / spells. rechurn_rate = share"
                 " without a purchase in (t, t + N] of those with t + N <= as_of. revenue = net amount of the"
                 " purchase days t to t + W. Buckets that no spell of any segment enters have no row. Rows are"
                 " ordered by segment and dormancy_from.",
             .example = "SELECT * FROM winback('orders', '180 days', 90)"},
    .cols = winback_cols,
    .args = winback_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS | CALL_SEGMENTS | CALL_CONFIDENCE | CALL_COUNTS,
    .order = winback_order,
    .n_order = 2,
    .open = winback_open,
    .cell = winback_cell,
};
