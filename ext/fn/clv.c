/* clv.c - clv(): what is each customer worth?
 *
 *     SELECT * FROM clv('orders') WHERE horizon_days = 365;
 *     SELECT channel, clv(customer_id, order_date, amount) FROM orders GROUP BY channel;
 *
 * predicted_clv is the net amount expected in (as_of, as_of + horizon_days], discounted:
 *
 *     margin * p_alive * D * expected_spend,   D = integral over 0..horizon of exp(-delta u) dE(u),
 *
 * where E(u) is the model's expected number of purchases within u days of a customer alive at as_of and
 * delta = ln(1 + annual_discount_rate) / 365.25, so that a purchase after t days weighs
 * (1 + annual_discount_rate)^(-t / 365.25).  D is exact under the model: by parts it is
 * exp(-delta h) E(h) + delta * integral of exp(-delta u) E(u) du, a smooth integrand that Gauss-Legendre
 * takes to the last digits.  Both depend on frequency and age alone; where many customers share a
 * frequency they are read off a curve over age that keeps 11 digits (model/purchasecurve.h).
 *
 * Spend: Gamma-Gamma over the repeat purchase days (Fader, Hardie 2013).
 *
 * clv_low and clv_high are about the amount that will really come, of which predicted_clv is the mean: see
 * model/futurevalue.h.
 */
#include <string.h>

#include "base/libm.h"
#include "data/predictor.h"
#include "data/ranking.h"
#include "data/valuerange.h"
#include "host/call.h"
#include "host/host.h"
#include "math/sum.h"
#include "model/purchasecurve.h"

/* ---- The value of one customer ---- */

typedef struct ClvTerms {
    double horizon_days, annual_discount_rate, margin;
} ClvTerms;

enum {
    CLV_CURVE_CUSTOMERS = 24, /* of one frequency, that make a curve worth its points */
    CLV_POLL_CUSTOMERS = 512  /* between two polls */
};

typedef struct ClvValue {
    double p_alive, expected_purchases, expected_spend, predicted_clv;
} ClvValue;

/* The customers of one frequency.  When they are many, their expected purchases are a curve over age. */
typedef struct ClvPeers {
    int64_t customers;
    int32_t age_min, age_max;
    Purchasecurve *curve; /* NULL: not drawn yet */
} ClvPeers;

typedef struct ClvCurves {
    PurchasecurveTerms terms;
    ClvPeers *peers; /* by frequency */
} ClvCurves;

static void clv_open_curves(ClvCurves *curves, const Predictor *predictor, const ClvTerms *terms,
                            const Buyers *buyers, Arena *arena, Err *err) {
    int32_t max_frequency = 0;
    *curves = (ClvCurves){.terms = {.law = predictor->purchases.law,
                                    .horizon = terms->horizon_days,
                                    .delta = purchase_discount(terms->annual_discount_rate)}};
    for (int64_t i = 0; i < buyers->n; i++)
        if (buyers->frequency[i] > max_frequency) max_frequency = buyers->frequency[i];
    curves->peers = arena_alloc(arena, err, (int64_t)max_frequency + 1, sizeof(*curves->peers));
    for (int64_t i = 0; i < buyers->n && !err->rc; i++) {
        ClvPeers *peers = &curves->peers[buyers->frequency[i]];
        int32_t age = buyers->age[i];
        if (peers->customers == 0 || age < peers->age_min) peers->age_min = age;
        if (age > peers->age_max) peers->age_max = age;
        peers->customers++;
    }
}

static PurchaseCount clv_purchases(ClvCurves *curves, int32_t frequency, int32_t age, Arena *arena,
                                    Err *err) {
    ClvPeers *peers = &curves->peers[frequency];
    if (peers->customers < CLV_CURVE_CUSTOMERS)
        return purchasecurve_exact(&curves->terms, frequency, age);
    if (!peers->curve) {
        peers->curve = arena_alloc(arena, err, 1, sizeof(*peers->curve));
        if (!peers->curve) return (PurchaseCount){0};
        purchasecurve_fit(peers->curve, &curves->terms, frequency, peers->age_min, peers->age_max);
    }
    return peers->curve->converged ? purchasecurve_read(peers->curve, age)
                                   : purchasecurve_exact(&curves->terms, frequency, age);
}

static ClvValue clv_value(const Predictor *predictor, const ClvTerms *terms, const Buyers *buyers,
                          int64_t i, const PurchaseCount *alive) {
    ClvValue value = {.p_alive = predictor_p_alive(predictor, buyers, i),
                      .expected_spend = predictor_spend(predictor, buyers, i)};
    value.expected_purchases = value.p_alive * alive->expected;
    value.predicted_clv = terms->margin * value.p_alive * alive->discounted * value.expected_spend;
    return value;
}

/* Values of all buyers, in their order; NULL when err has failed. */
static ClvValue *clv_values(const Predictor *predictor, const ClvTerms *terms, const Buyers *buyers,
                            Arena *arena, Err *err, const Poll *poll) {
    ClvCurves curves;
    PurchaseCount alive = {(double)NAN, (double)NAN};
    ClvValue *values = arena_alloc_raw(arena, err, buyers->n, sizeof(*values));
    if (predictor->has_purchases) clv_open_curves(&curves, predictor, terms, buyers, arena, err);
    for (int64_t i = 0; i < buyers->n && !err->rc; i++) {
        if (predictor->has_purchases)
            alive = clv_purchases(&curves, buyers->frequency[i], buyers->age[i], arena, err);
        values[i] = clv_value(predictor, terms, buyers, i, &alive);
        if (i % CLV_POLL_CUSTOMERS == 0 && poll_stop(poll))
            err_set(err, SQLITE_INTERRUPT, "interrupted");
    }
    return err->rc ? NULL : values;
}

/* ---- The table ---- */

enum { CLV_HORIZON, CLV_DISCOUNT, CLV_MARGIN, CLV_MODEL };
enum {
    CLV_CUSTOMER,
    CLV_FIRST,
    CLV_LAST,
    CLV_FREQUENCY,
    CLV_RECENCY,
    CLV_AGE,
    CLV_MONETARY,
    CLV_P_ALIVE,
    CLV_PURCHASES,
    CLV_SPEND,
    CLV_PREDICTED,
    CLV_LOW,
    CLV_HIGH,
    CLV_HISTORIC,
    CLV_TOTAL,
    CLV_NOTE
};

/* What the table and the aggregate both ask for. */
#define CLV_HORIZON_ARG                                                                              \
    {.name = "horizon_days", .kind = ARG_INTEGER, .dflt = 365, .min = 1, .max = 36500,               \
     .doc = "how many days from as_of are valued"}
#define CLV_DISCOUNT_ARG                                                                             \
    {.name = "annual_discount_rate", .kind = ARG_REAL, .dflt = 0.10, .min = 0, .max = 10,            \
     .doc = "0.10 is 10 % a year"}

static const ArgSpec clv_args[] = {
    [CLV_HORIZON] = CLV_HORIZON_ARG,
    [CLV_DISCOUNT] = CLV_DISCOUNT_ARG,
    [CLV_MARGIN] = {.name = "margin", .kind = ARG_REAL, .dflt = 1, .min = -10, .max = 10,
                    .doc = "share of the net amount that counts as value"},
    [CLV_MODEL] = {.name = "model", .kind = ARG_CHOICE, .choices = retain_model_names,
                   .dflt = PURCHASE_MBGNBD,
                   .doc = "model of repeat buying; auto: the one that predicted best who would buy again"},
    {0},
};

static const ColSpec clv_cols[] = {
    [CLV_CUSTOMER] = {"customer_id", "", "as in the source"},
    [CLV_FIRST] = {"first_order_date", "DATE", "first purchase day"},
    [CLV_LAST] = {"last_order_date", "DATE", "last purchase day"},
    [CLV_FREQUENCY] = {"frequency", "INTEGER", "purchase days - 1"},
    [CLV_RECENCY] = {"recency", "INTEGER", "days from first to last purchase"},
    [CLV_AGE] = {"age", "INTEGER", "days from first purchase to as_of"},
    [CLV_MONETARY] = {"monetary_value", "REAL",
                      "mean net amount of repeat purchase days; NULL for one-time buyers"},
    [CLV_P_ALIVE] = {"p_alive", "REAL", "P(still a customer at as_of), under the model"},
    [CLV_PURCHASES] = {"expected_purchases", "REAL", "expected purchase days in horizon_days"},
    [CLV_SPEND] = {"expected_spend", "REAL", "expected net amount per purchase day"},
    [CLV_PREDICTED] = {"predicted_clv", "REAL", "discounted expected net amount x margin"},
    [CLV_LOW] = {"clv_low", "REAL",
                 "the net amount in horizon_days, discounted, x margin, will be at least this and at most"
                 " clv_high, with the given confidence"},
    [CLV_HIGH] = {"clv_high", "REAL",
                  "see clv_low; 0 where nothing at all is that likely, and predicted_clv may then exceed it"},
    [CLV_HISTORIC] = {"historic_clv", "REAL", "net amount so far x margin, not discounted"},
    [CLV_TOTAL] = {"total_clv", "REAL", "historic_clv + predicted_clv"},
    [CLV_NOTE] = {"note", "TEXT", "what limits the figures; NULL: nothing"},
    {0},
};

static const CallOrder clv_order[] = {{CLV_PREDICTED, true}, {CLV_CUSTOMER, false}};

/* What the columns of one row say. */
typedef struct ClvRow {
    MapKey customer;
    int32_t frequency, recency, age;
    double monetary_value, historic_clv;
    ClvValue value;
} ClvRow;

/* Neighbouring rows lie far apart in memory.  They are gathered many at a time, so that the memory works
 * on many of them at once; a column then finds its row at hand. */
enum { CLV_BLOCK_ROWS = 64 };
typedef struct ClvBlock {
    int64_t number;    /* of the block that rows holds; -1: none yet */
    ClvRow rows[CLV_BLOCK_ROWS];
    ValuerangeEnds ends; /* of the row that was asked for last: two columns need them ... */
    int64_t ends_row;    /* ... and which that is; -1: none yet */
} ClvBlock;

typedef struct ClvState {
    const Book *book;
    Buyers buyers;
    Predictor predictor;
    ClvTerms terms;
    ClvValue *values;  /* by buyer */
    Valuerange range;
    uint32_t *listed;  /* buyers by row */
    ClvBlock *block;
} ClvState;

static int clv_compare_customers(const void *context, uint32_t a, uint32_t b) {
    const ClvState *state = context;
    return map_compare(book_customer_id(state->book, state->buyers.customer[a]),
                       book_customer_id(state->book, state->buyers.customer[b]));
}

static void clv_sort(ClvState *state, Err *err) {
    Ranking ranking;
    int64_t n = state->buyers.n;
    ranking_open(&ranking, n, err);
    if (err->rc) return;
    for (int64_t i = 0; i < n; i++)
        ranking_add(&ranking, (uint32_t)i, state->values[i].predicted_clv);
    ranking_close(&ranking, state->listed, clv_compare_customers, state);
}

static void clv_learn(Call *call, ClvState *state) {
    const Book *book = &call->book;
    int64_t model = call->args[CLV_MODEL].integer;
    if (model != METHODS_AUTO) {
        predictor_fit(&state->predictor, book, &state->buyers, (PurchaseModel)model, call->arena, call->err, call->poll);
        return;
    }
    if (book->is_summary) {
        methods_refuse_summary(METHODS_AUTO, call->err);
        return;
    }
    Methods methods;
    methods_open(&methods, book, book->as_of, (int32_t)call->args[CLV_HORIZON].integer, call->arena, call->err,
                 call->poll);
    predictor_choose(&state->predictor, &methods, methods_choice(&methods, true, call->arena, call->err), book,
                     &state->buyers, call->arena, call->err, call->poll);
}

static int64_t clv_open(Call *call) {
    ClvState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->book = &call->book;
    state->terms = (ClvTerms){.horizon_days = (double)call->args[CLV_HORIZON].integer,
                              .annual_discount_rate = call->args[CLV_DISCOUNT].real,
                              .margin = call->args[CLV_MARGIN].real};
    call_buyers(call, &state->buyers);
    int64_t n = state->buyers.n;
    if (n == 0) return 0;
    clv_learn(call, state);
    predictor_note_summary(&state->predictor, &call->book, &state->buyers, call->arena, call->err);
    state->values = clv_values(&state->predictor, &state->terms, &state->buyers, call->arena,
                               call->err, call->poll);
    valuerange_open(&state->range, &state->predictor, &state->buyers, state->terms.horizon_days,
                    call->common[CALL_CONFIDENCE_LEVEL].real, call->arena, call->err);
    state->listed = arena_alloc_raw(call->arena, call->err, n, sizeof(uint32_t));
    state->block = arena_alloc_raw(call->arena, call->err, 1, sizeof(ClvBlock));
    if (call->err->rc) return 0;
    state->block->number = state->block->ends_row = -1;
    clv_sort(state, call->err);
    return n;
}

static void clv_read_row(const ClvState *state, int64_t i, ClvRow *row) {
    const Buyers *buyers = &state->buyers;
    bool known = state->book->has_amounts && !state->book->is_summary;
    row->customer = *book_customer_id(state->book, buyers->customer[i]);
    row->frequency = buyers->frequency[i];
    row->recency = buyers->recency[i];
    row->age = buyers->age[i];
    row->monetary_value = buyers->monetary_value[i];
    row->historic_clv = known ? state->terms.margin * book_customer(state->book, buyers->customer[i]).total
                              : (double)NAN;
    row->value = state->values[i];
}

static const ClvRow *clv_row(const ClvState *state, int64_t row) {
    ClvBlock *block = state->block;
    int64_t number = row / CLV_BLOCK_ROWS, first = number * CLV_BLOCK_ROWS;
    if (block->number != number) {
        for (int64_t i = 0; i < CLV_BLOCK_ROWS && first + i < state->buyers.n; i++)
            clv_read_row(state, state->listed[first + i], &block->rows[i]);
        block->number = number;
    }
    return &block->rows[row - first];
}

/* An amount is worth what predicted_clv makes of it: margin and, for all purchases alike, the mean discount. */
static const ValuerangeEnds *clv_ends(const ClvState *state, int64_t row_number, const ClvValue *value) {
    ClvBlock *block = state->block;
    if (block->ends_row == row_number) return &block->ends;
    ValuerangeEnds ends = valuerange_read(&state->range, state->listed[row_number]);
    double worth = value->predicted_clv / (value->expected_purchases * value->expected_spend);
    if (ends.high > 0) ends = (ValuerangeEnds){ends.low * worth, ends.high * worth};
    bool negative = ends.high < ends.low;
    block->ends = negative ? (ValuerangeEnds){ends.high, ends.low} : ends;
    block->ends_row = row_number;
    return &block->ends;
}

static void clv_cell(const void *pointer, int64_t row_number, int col, Out *out) {
    const ClvState *state = pointer;
    const ClvRow *row = clv_row(state, row_number);
    Day first = state->book->as_of - row->age;
    switch (col) {
        case CLV_CUSTOMER: out_key(out, &row->customer); break;
        case CLV_FIRST:
        case CLV_LAST:
            if (state->book->is_summary) out_null(out);
            else out_day(out, col == CLV_FIRST ? first : first + row->recency);
            break;
        case CLV_FREQUENCY: out_int(out, row->frequency); break;
        case CLV_RECENCY: out_int(out, row->recency); break;
        case CLV_AGE: out_int(out, row->age); break;
        case CLV_MONETARY: out_real(out, row->monetary_value); break;
        case CLV_P_ALIVE: out_real(out, row->value.p_alive); break;
        case CLV_PURCHASES: out_real(out, row->value.expected_purchases); break;
        case CLV_SPEND: out_real(out, row->value.expected_spend); break;
        case CLV_PREDICTED: out_real(out, row->value.predicted_clv); break;
        case CLV_LOW: out_real(out, clv_ends(state, row_number, &row->value)->low); break;
        case CLV_HIGH: out_real(out, clv_ends(state, row_number, &row->value)->high); break;
        case CLV_HISTORIC: out_real(out, row->historic_clv); break;
        case CLV_TOTAL: out_real(out, row->historic_clv + row->value.predicted_clv); break;
        default: out_text(out, state->predictor.note);
    }
}

const TvfDef tvf_clv = {
    .name = "clv",
    .text = {.doc = "what each customer is worth, so far and in the days to come",
             .definition =
                 "predicted_clv = margin x p_alive x the expected purchases in the next horizon_days of a"
                 " customer alive at as_of, each weighing (1 + annual_discount_rate)^(-days / 365.25), x"
                 " expected spend. Purchases by the model of repeat buying, spend by Gamma-Gamma over"
                 " repeat purchase days. model='auto' takes the model with the best log score for who would buy"
                 " again, fitted before and scored on the last horizon_days, at most a third of the history"
                 " (clv_model shows the scores)."
                 " A source without a date column that has frequency, recency, age and maybe"
                 " monetary_value is read as a table of customers, one row each (date_column = '' says so where the"
                 " names do not): the predictions are those from the orders, what needs the orders is NULL."
                 " clv_low and clv_high are about what the customer will really bring: with"
                 " the given confidence it lies between. Where bringing nothing is likelier than half of"
                 " what may be missed, clv_low is 0 and the rest lies above clv_high; else half lies on"
                 " either side. The law of the amount, given a purchase, is Gamma-Gamma with the number of"
                 " purchases smoothed to its mean and variance; the fitted parameters are taken for granted."
                 " Rows are ordered by predicted_clv, largest first, then customer_id.",
             .example = "SELECT * FROM clv('orders', 365) LIMIT 50"},
    .cols = clv_cols,
    .args = clv_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS | CALL_TOTALS | CALL_SUMMARIES | CALL_CONFIDENCE,
    .order = clv_order,
    .n_order = 2,
    .open = clv_open,
    .cell = clv_cell,
};

/* ---- The aggregate ---- */

enum { CLV_AGG_CUSTOMER, CLV_AGG_DATE, CLV_AGG_AMOUNT, CLV_AGG_HORIZON, CLV_AGG_DISCOUNT, CLV_AGG_AS_OF,
       CLV_AGG_ARGS };

static const ArgSpec clv_agg_args[] = {
    [CLV_AGG_CUSTOMER] = {.name = "customer_id", .kind = ARG_VALUE, .required = true,
                          .doc = "the customer of the row; NULL and '' are left out"},
    [CLV_AGG_DATE] = {.name = "order_date", .kind = ARG_VALUE, .required = true,
                      .doc = "the date of the row"},
    [CLV_AGG_AMOUNT] = {.name = "amount", .kind = ARG_VALUE, .required = true,
                        .doc = "the amount of the row; refunds negative"},
    [CLV_AGG_HORIZON] = CLV_HORIZON_ARG,
    [CLV_AGG_DISCOUNT] = CLV_DISCOUNT_ARG,
    [CLV_AGG_AS_OF] = {.name = "as_of", .kind = ARG_DATE,
                       .doc = "the day on which we look; the last order date of the group by default"},
    {0},
};

typedef struct ClvGroup {
    bool opened;
    Arena arena;
    Ledger ledger;
    ArgValue terms[CLV_AGG_ARGS];
} ClvGroup;

/* The terms of a row must be those of the first. */
static void clv_agg_terms(ClvGroup *group, Err *err, int n, sqlite3_value **values) {
    for (int i = CLV_AGG_HORIZON; i < CLV_AGG_ARGS; i++) {
        const ArgSpec *spec = &clv_agg_args[i];
        ArgValue value;
        args_read(&value, spec, CIVIL_GREGORIAN, i < n ? values[i] : NULL, &group->arena, err);
        if (!group->opened) group->terms[i] = value;
        const ArgValue *kept = &group->terms[i];
        if (value.real != kept->real || value.given != kept->given || value.day != kept->day)
            err_set(err, SQLITE_ERROR, "%s must be the same in every row of a group", spec->name);
    }
}

static void clv_agg_step(void *state, Err *err, int n, sqlite3_value **values) {
    ClvGroup *group = state;
    if (!group->opened || n > CLV_AGG_HORIZON) clv_agg_terms(group, err, n, values);
    if (err->rc) return;
    if (!group->opened) {
        const ArgValue *as_of = &group->terms[CLV_AGG_AS_OF];
        LedgerOptions options = {.amounts = true,
                                 .as_of = as_of->given ? as_of->day : LEDGER_NO_AS_OF};
        ledger_open(&group->ledger, &group->arena, err, options, (RowRules){.only_rows = true});
        group->opened = true;
    }
    if (!err->rc) ledger_add(&group->ledger, values + CLV_AGG_CUSTOMER);
}

static void clv_agg_final(void *state, Err *err, sqlite3 *db, Out *out) {
    ClvGroup *group = state;
    ClvTerms terms = {.horizon_days = (double)group->terms[CLV_AGG_HORIZON].integer,
                      .annual_discount_rate = group->terms[CLV_AGG_DISCOUNT].real, .margin = 1};
    HostBeat beat;
    Book book;
    Buyers buyers;
    Predictor predictor;
    host_beat_open(&beat, db, err);
    ledger_flush(&group->ledger);
    if (!err->rc)
        book_build(&book, &group->ledger, (BookNeeds){.amounts = true}, &beat.poll);
    if (!err->rc) buyers_summarise(&buyers, &book, &group->arena, err);
    if (!err->rc)
        predictor_fit(&predictor, &book, &buyers, PURCHASE_MBGNBD, &group->arena, err, &beat.poll);
    ClvValue *values = err->rc ? NULL : clv_values(&predictor, &terms, &buyers, &group->arena, err,
                                                   &beat.poll);
    host_beat_close(&beat);
    if (err->rc) return;
    Sum sum = {0};
    for (int64_t i = 0; i < buyers.n; i++) sum_add(&sum, values[i].predicted_clv);
    out_real(out, buyers.n ? sum_value(&sum) / (double)buyers.n : (double)NAN);
}

static void clv_agg_close(void *state) {
    ClvGroup *group = state;
    if (group->opened) ledger_close(&group->ledger);
    arena_free(&group->arena);
}

const AggregateDef aggregate_clv = {
    .name = "clv",
    .text = {.doc = "mean predicted value per customer of the group",
             .definition = "the mean of predicted_clv of the table-valued clv over the customers of the"
                           " group, its models (MBG/NBD, Gamma-Gamma) fitted to the group's rows; margin"
                           " 1. NULL when they are too few to fit.",
             .example = "SELECT channel, clv(customer_id, order_date, amount) FROM orders GROUP BY"
                        " channel"},
    .args = clv_agg_args,
    .state_size = sizeof(ClvGroup),
    .step = clv_agg_step,
    .final = clv_agg_final,
    .close = clv_agg_close,
};
