/* rfm_scores.c - rfm_scores(): who buys lately, often and for much, and what to call them?
 *
 *     SELECT * FROM rfm_scores('orders') WHERE rfm_segment = 'cannot_lose';
 *     SELECT DISTINCT r, r_cut FROM rfm_scores('orders') ORDER BY r;
 *
 * r scores days_since_last, f purchase_days, m historic_value, each 1 (worst) to bins (best), as data/rfm.h
 * defines it; with segment_column, among the customers of the same segment.  r_cut, f_cut and m_cut are the
 * least good values that have the row's score; r_bins, f_bins and m_bins how many scores somebody has, since
 * ties may leave some to nobody.
 */
#include "base/libm.h"
#include "data/listing.h"
#include "data/rfm.h"
#include "data/idorder.h"
#include "data/segments.h"
#include "host/call.h"

enum { RFM_SCORES_BINS };
enum {
    RFM_SCORES_CUSTOMER,
    RFM_SCORES_SEGMENT,
    RFM_SCORES_R,
    RFM_SCORES_F,
    RFM_SCORES_M,
    RFM_SCORES_RFM,
    RFM_SCORES_RFM_SEGMENT,
    RFM_SCORES_SINCE,
    RFM_SCORES_DAYS,
    RFM_SCORES_HISTORIC,
    RFM_SCORES_R_CUT,
    RFM_SCORES_F_CUT,
    RFM_SCORES_M_CUT,
    RFM_SCORES_R_BINS,
    RFM_SCORES_F_BINS,
    RFM_SCORES_M_BINS
};

static const ArgSpec rfm_scores_args[] = {
    [RFM_SCORES_BINS] = {.name = "bins", .kind = ARG_INTEGER, .dflt = RFM_BINS, .min = RFM_BINS_MIN,
                         .max = RFM_BINS_MAX, .doc = "highest score, that of the best"},
    {0},
};

static const ColSpec rfm_scores_cols[] = {
    [RFM_SCORES_CUSTOMER] = {"customer_id", "", "as in the source"},
    [RFM_SCORES_SEGMENT] = {"segment", "", "the customer's segment; NULL without segment_column"},
    [RFM_SCORES_R] = {"r", "INTEGER", "score of days_since_last: 1 is longest ago"},
    [RFM_SCORES_F] = {"f", "INTEGER", "score of purchase_days: 1 is least"},
    [RFM_SCORES_M] = {"m", "INTEGER", "score of historic_value: 1 is least; NULL without amounts"},
    [RFM_SCORES_RFM] = {"rfm", "TEXT", "the three scores as in '555', from 10 bins on as in '10-9-10';"
                                       " NULL without amounts"},
    [RFM_SCORES_RFM_SEGMENT] = {"rfm_segment", "TEXT", "a name for r and f: 'champions', 'at_risk' ..."},
    [RFM_SCORES_SINCE] = {"days_since_last", "INTEGER", "days from last purchase to as_of"},
    [RFM_SCORES_DAYS] = {"purchase_days", "INTEGER", "days with a purchase"},
    [RFM_SCORES_HISTORIC] = {"historic_value", "REAL", "net amount of all rows so far"},
    [RFM_SCORES_R_CUT] = {"r_cut", "INTEGER", "most days_since_last that have this r"},
    [RFM_SCORES_F_CUT] = {"f_cut", "INTEGER", "fewest purchase_days that have this f"},
    [RFM_SCORES_M_CUT] = {"m_cut", "REAL", "least historic_value that has this m"},
    [RFM_SCORES_R_BINS] = {"r_bins", "INTEGER", "scores r that somebody has; ties may leave some out"},
    [RFM_SCORES_F_BINS] = {"f_bins", "INTEGER", "scores f that somebody has"},
    [RFM_SCORES_M_BINS] = {"m_bins", "INTEGER", "scores m that somebody has; NULL without amounts"},
    {0},
};

static const CallOrder rfm_scores_order[] = {{RFM_SCORES_CUSTOMER, false}};

typedef struct RfmScoresState {
    const Book *book;
    Segments segments;
    Idorder idorder;
    Listing *listing;
    int32_t bins;
    RfmScores scores[RFM_MEASURES]; /* of M only with amounts */
} RfmScoresState;

/* Values by member, and segments where the rows have one. */
static void rfm_scores_measure(Call *call, const RfmScoresState *state, RfmMeasure measure, double *value,
                               uint32_t *segment) {
    const Book *book = &call->book;
    for (int64_t c = 0; c < book->n_customers && !call->err->rc; c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days == 0) continue;
        uint32_t member = state->idorder.member[c];
        value[member] = rfm_value(measure, &customer, book->as_of, book->has_amounts);
        if (segment) segment[member] = (uint32_t)segments_of(&state->segments, &customer);
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) err_set(call->err, SQLITE_INTERRUPT, "interrupted");
    }
}

static void rfm_scores_score(Call *call, RfmScoresState *state) {
    Arena scratch = {0};
    Standing standing;
    int64_t n = state->idorder.n;
    double *value = arena_alloc_raw(&scratch, call->err, n, sizeof(*value));
    uint32_t *segment = state->segments.rank ? arena_alloc_raw(&scratch, call->err, n, sizeof(*segment)) : NULL;
    standing_open(&standing, n, state->segments.n, &scratch, &scratch, call->err);
    for (RfmMeasure measure = RFM_R; measure < RFM_MEASURES && !call->err->rc; measure++) {
        if (measure == RFM_M && !call->book.has_amounts) break;
        rfm_scores_measure(call, state, measure, value, segment);
        if (call->err->rc) break;
        standing_sort(&standing, value, segment);
        rfm_score(&state->scores[measure], &standing, state->bins, call->arena, call->err);
    }
    arena_free(&scratch);
}

static int64_t rfm_scores_open(Call *call) {
    RfmScoresState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->book = &call->book;
    state->bins = (int32_t)call->args[RFM_SCORES_BINS].integer;
    if (call->book.n_buyers == 0) return 0;
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    state->segments = segments_rank(&call->book, split, call->arena, call->err);
    idorder_open(&state->idorder, &call->book, call->arena, call->err);
    state->listing = listing_open(&call->book, state->idorder.customer, state->idorder.n, true, call->arena, call->err);
    if (!call->err->rc) rfm_scores_score(call, state);
    return state->idorder.n;
}

/* ---- Rows ---- */

/* The score of a row; 0 where the measure is not known. */
static uint8_t rfm_scores_of(const RfmScoresState *state, int64_t row, RfmMeasure measure) {
    const uint8_t *score = state->scores[measure].score;
    return score ? score[row] : 0;
}

static void rfm_scores_out_score(Out *out, const RfmScoresState *state, int64_t row, RfmMeasure measure) {
    uint8_t score = rfm_scores_of(state, row, measure);
    if (score) out_int(out, score);
    else out_null(out);
}

static void rfm_scores_out_code(Out *out, const RfmScoresState *state, int64_t row) {
    char text[16], *end = text;
    if (rfm_scores_of(state, row, RFM_M) == 0) {
        out_null(out);
        return;
    }
    for (RfmMeasure measure = RFM_R; measure < RFM_MEASURES; measure++) {
        int score = rfm_scores_of(state, row, measure);
        if (state->bins >= 10 && measure > RFM_R) *end++ = '-';
        if (score >= 100) *end++ = (char)('0' + score / 100);
        if (score >= 10) *end++ = (char)('0' + score / 10 % 10);
        *end++ = (char)('0' + score % 10);
    }
    *end = 0;
    out_text(out, text);
}

static void rfm_scores_out_name(Out *out, const RfmScoresState *state, int64_t row) {
    RfmSegment segment = rfm_segment(rfm_scores_of(state, row, RFM_R), rfm_scores_of(state, row, RFM_F),
                                     state->bins);
    out_static(out, rfm_segment_name(segment));
}

/* What the segment of a row has in common: cut points and bins. */
static void rfm_scores_out_scale(Out *out, const RfmScoresState *state, int64_t row, int col) {
    const BookCustomer *customer = &listing_row(state->listing, row)->customer;
    int64_t segment = segments_of(&state->segments, customer);
    bool is_cut = col < RFM_SCORES_R_BINS;
    RfmMeasure measure = (RfmMeasure)(col - (is_cut ? RFM_SCORES_R_CUT : RFM_SCORES_R_BINS));
    uint8_t score = rfm_scores_of(state, row, measure);
    const RfmScores *scores = &state->scores[measure];
    if (score == 0) out_null(out);
    else if (!is_cut) out_int(out, scores->n_bins[segment]);
    else if (measure == RFM_M) out_real(out, rfm_cut(scores, segment, score));
    else out_int(out, (int64_t)fabs(rfm_cut(scores, segment, score)));
}

static void rfm_scores_cell(const void *pointer, int64_t row, int col, Out *out) {
    const RfmScoresState *state = pointer;
    const ListingRow *listed = listing_row(state->listing, row);
    switch (col) {
        case RFM_SCORES_CUSTOMER: out_key(out, &listed->id); break;
        case RFM_SCORES_SEGMENT:
            out_key(out, segments_key(&state->segments, segments_of(&state->segments, &listed->customer)));
            break;
        case RFM_SCORES_R: rfm_scores_out_score(out, state, row, RFM_R); break;
        case RFM_SCORES_F: rfm_scores_out_score(out, state, row, RFM_F); break;
        case RFM_SCORES_M: rfm_scores_out_score(out, state, row, RFM_M); break;
        case RFM_SCORES_RFM: rfm_scores_out_code(out, state, row); break;
        case RFM_SCORES_RFM_SEGMENT: rfm_scores_out_name(out, state, row); break;
        case RFM_SCORES_SINCE: out_int(out, state->book->as_of - listed->last); break;
        case RFM_SCORES_DAYS: out_int(out, listed->customer.n_days); break;
        case RFM_SCORES_HISTORIC:
            out_real(out, state->book->has_amounts ? listed->customer.total : (double)NAN);
            break;
        default: rfm_scores_out_scale(out, state, row, col);
    }
}

const TvfDef tvf_rfm_scores = {
    .name = "rfm_scores",
    .text = {.doc = "scores for how lately, how often and for how much each customer buys",
             .definition =
                 "r scores days_since_last, f purchase_days, m historic_value. A score is NTILE(bins) over"
                 " the customers from worst to best; equal values (money to a millionth) all get the lowest"
                 " of their tiles, so some scores may go to nobody. With segment_column customers are scored"
                 " among those of their segment. " RFM_SEGMENT_TEXT " A score s of other bins counts there as"
                 " 1 + 4 x (s - 1) / (bins - 1), rounded. Rows are ordered by customer_id.",
             .example = "SELECT * FROM rfm_scores('orders', 5)"},
    .cols = rfm_scores_cols,
    .args = rfm_scores_args,
    .needs = CALL_ORDERS | CALL_TOTALS | CALL_SEGMENTS,
    .order = rfm_scores_order,
    .n_order = 1,
    .open = rfm_scores_open,
    .cell = rfm_scores_cell,
};
