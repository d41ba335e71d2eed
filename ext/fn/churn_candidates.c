/* churn_candidates.c - churn_candidates(): who is about to leave, how sure are we, what is at stake, why?
 *
 *     SELECT * FROM churn_candidates('orders') LIMIT 50;
 *     SELECT * FROM churn_candidates('orders', 180) WHERE min_probability = 0;
 *
 * churn_probability is P(no purchase in the next horizon_days) under the model, never 1 - p_alive: a
 * BG/NBD gives every one-time buyer p_alive = 1.  value_at_risk is churn_probability times the net amount
 * that the customer would bring in the next 365 days if alive: posterior mean purchase rate times
 * expected spend.
 *
 * ci_low and ci_high are about churn_probability, not about the customer: see model/churninterval.h.
 */
#include <assert.h>
#include <string.h>

#include "base/libm.h"
#include "data/gaps.h"
#include "data/predictor.h"
#include "data/ranking.h"
#include "host/call.h"
#include "stat/wilson.h"

enum { CHURN_CANDIDATES_HORIZON, CHURN_CANDIDATES_MIN, CHURN_CANDIDATES_MODEL };
enum {
    CHURN_CANDIDATES_RANK,
    CHURN_CANDIDATES_CUSTOMER,
    CHURN_CANDIDATES_PROBABILITY,
    CHURN_CANDIDATES_LOW,
    CHURN_CANDIDATES_HIGH,
    CHURN_CANDIDATES_P_ALIVE,
    CHURN_CANDIDATES_LAST,
    CHURN_CANDIDATES_SINCE,
    CHURN_CANDIDATES_GAP,
    CHURN_CANDIDATES_OVERDUE,
    CHURN_CANDIDATES_DAYS,
    CHURN_CANDIDATES_HISTORIC,
    CHURN_CANDIDATES_VALUE,
    CHURN_CANDIDATES_BAND,
    CHURN_CANDIDATES_REASON,
    CHURN_CANDIDATES_NOTE
};
enum {
    CHURN_CANDIDATES_VALUE_DAYS = 365,  /* of the value at risk */
    CHURN_CANDIDATES_BASKET_DAYS = 4,   /* purchase days that a comparison of baskets needs */
    CHURN_CANDIDATES_RECENT_DAYS = 2,   /* the recent ones of these */
    CHURN_CANDIDATES_BASKET_DROP = 10,  /* percent; smaller drops are not worth words */
    CHURN_CANDIDATES_TEXT_MAX = 160     /* bytes of a reason, its NUL too */
};

static const ArgSpec churn_candidates_args[] = {
    [CHURN_CANDIDATES_HORIZON] = {.name = "horizon_days", .kind = ARG_INTEGER, .dflt = 90, .min = 1,
                                  .max = 3650, .doc = "how many days from as_of we look ahead"},
    [CHURN_CANDIDATES_MIN] = {.name = "min_probability", .kind = ARG_REAL, .dflt = 0.5, .min = 0,
                              .max = 1, .doc = "least churn_probability to be listed; 0 lists everybody"},
    [CHURN_CANDIDATES_MODEL] = {.name = "model", .kind = ARG_CHOICE, .choices = retain_churn_model_names,
                                .dflt = PURCHASE_MBGNBD,
                                .doc = "model of repeat buying; classifier, learned from what customers of this"
                                       " shop did; blend of both; auto: what predicted best, a naive rule"
                                       " perhaps"},
    {0},
};

static const ColSpec churn_candidates_cols[] = {
    [CHURN_CANDIDATES_RANK] = {"rank", "INTEGER", "1 is the customer with the most value at risk"},
    [CHURN_CANDIDATES_CUSTOMER] = {"customer_id", "", "as in the source"},
    [CHURN_CANDIDATES_PROBABILITY] = {"churn_probability", "REAL",
                                      "P(no purchase in the next horizon_days)"},
    [CHURN_CANDIDATES_LOW] = {"ci_low", "REAL",
                              "lower end of where churn_probability may be, the model's parameters being known"
                              " only so well (simulated shops of 60 to 1000 customers: 90 % intervals hold the truth"
                              " for 85 to 95 % of customers); NULL unless model is one of repeat buying"},
    [CHURN_CANDIDATES_HIGH] = {"ci_high", "REAL", "upper end of where it may be"},
    [CHURN_CANDIDATES_P_ALIVE] = {"p_alive", "REAL", "P(still a customer at as_of), under the model"},
    [CHURN_CANDIDATES_LAST] = {"last_order_date", "DATE", "last purchase day"},
    [CHURN_CANDIDATES_SINCE] = {"days_since_last", "INTEGER", "days from it to as_of"},
    [CHURN_CANDIDATES_GAP] = {"usual_gap_days", "REAL",
                              "median of the customer's own gaps; with under three of them pulled to the"
                              " shop's median"},
    [CHURN_CANDIDATES_OVERDUE] = {"overdue_ratio", "REAL", "days_since_last / usual_gap_days"},
    [CHURN_CANDIDATES_DAYS] = {"purchase_days", "INTEGER", "days with a purchase"},
    [CHURN_CANDIDATES_HISTORIC] = {"historic_value", "REAL", "net amount of all rows so far"},
    [CHURN_CANDIDATES_VALUE] = {"value_at_risk", "REAL",
                                "churn_probability x net amount of the next 365 days if alive"},
    [CHURN_CANDIDATES_BAND] = {"risk_band", "TEXT",
                               "'very high' from 0.9, 'high' from 0.7, 'medium' from 0.5, else 'low'"},
    [CHURN_CANDIDATES_REASON] = {"reason", "TEXT", "what speaks for it, in numbers"},
    [CHURN_CANDIDATES_NOTE] = {"note", "TEXT", "what limits the figures; NULL: nothing"},
    {0},
};

static const CallOrder churn_candidates_order[] = {{CHURN_CANDIDATES_RANK, false}};

/* What the columns of one row are made of. */
typedef struct ChurnCandidatesRow {
    int64_t buyer;
    MapKey id;
    BookCustomer customer;
    Day last;
    int32_t silence;      /* days since then */
    double probability, value;
    double basket_drop;   /* percent; 0 where that cannot be told */
} ChurnCandidatesRow;

/* Neighbouring rows lie far apart in memory.  They are gathered many at a time, so that the memory works
 * on many of them at once; a column then finds its row at hand. */
enum { CHURN_CANDIDATES_BLOCK_ROWS = 64 };
typedef struct ChurnCandidatesBlock {
    int64_t number;       /* of the block that rows holds; -1: none yet */
    ChurnCandidatesRow rows[CHURN_CANDIDATES_BLOCK_ROWS];
    Gaps gaps;            /* of the buyer that was asked for last: several columns need them ... */
    int64_t gaps_buyer;   /* ... and who that is; -1: nobody yet */
    Churninterval interval;   /* likewise: two columns need it ... */
    int64_t interval_buyer;   /* ... and who that is */
} ChurnCandidatesBlock;

typedef struct ChurnCandidatesState {
    const Book *book;
    Buyers buyers;
    Predictor predictor;
    Method method;
    Methods *methods;     /* NULL: the method is a model, and the predictor's */
    uint32_t *listed;     /* buyers by rank */
    int64_t n_listed;
    double *probability;  /* by buyer */
    double *value;        /* by buyer */
    double horizon, z;    /* days of the probability, standard errors of its interval */
    ChurnCandidatesBlock *block;
} ChurnCandidatesState;

static const Gaps *churn_candidates_gaps(const ChurnCandidatesState *state,
                                         const ChurnCandidatesRow *row) {
    ChurnCandidatesBlock *block = state->block;
    if (block->gaps_buyer != row->buyer) {
        if (row->customer.days) gaps_read(&block->gaps, &row->customer);
        else block->gaps.n_own = row->customer.n_days - 1;
    }
    block->gaps_buyer = row->buyer;
    return &block->gaps;
}

static const Churninterval churn_candidates_no_interval = {.low = (double)NAN, .high = (double)NAN};

static const Churninterval *churn_candidates_interval(const ChurnCandidatesState *state, int64_t buyer) {
    ChurnCandidatesBlock *block = state->block;
    if (state->methods) return &churn_candidates_no_interval;
    if (block->interval_buyer != buyer)
        block->interval = predictor_churn_interval(&state->predictor, &state->buyers, buyer, state->horizon, state->z);
    block->interval_buyer = buyer;
    return &block->interval;
}

/* ---- Reasons ---- */

/* By how many percent the recent purchase days are below the earlier ones; 0 where that cannot be told. */
static double churn_candidates_basket_drop(const BookCustomer *customer) {
    int64_t n = customer->n_days, split = n - CHURN_CANDIDATES_RECENT_DAYS;
    double earlier = 0, recent = 0;
    if (!customer->amounts || n < CHURN_CANDIDATES_BASKET_DAYS) return 0;
    for (int64_t i = 0; i < n; i++) *(i < split ? &earlier : &recent) += customer->amounts[i];
    earlier /= (double)split;
    recent /= CHURN_CANDIDATES_RECENT_DAYS;
    return earlier > 0 ? 100 * (1 - recent / earlier) : 0;
}

/* Whole percent of one's own gaps that today's silence exceeds. */
static int churn_candidates_longer_than(const int32_t *gaps, int64_t n, int32_t silence) {
    int64_t shorter = 0;
    for (int64_t i = 0; i < n; i++) shorter += gaps[i] < silence;
    return (int)(100 * shorter / n);
}

/* A text on its way; sqlite3_str would cost more than all the rest of a row. */
typedef struct ChurnCandidatesText {
    char bytes[CHURN_CANDIDATES_TEXT_MAX];
    int n;
} ChurnCandidatesText;

static void churn_candidates_add(ChurnCandidatesText *text, const char *words) {
    int n = (int)strlen(words);
    assert(text->n + n < CHURN_CANDIDATES_TEXT_MAX);
    memcpy(text->bytes + text->n, words, (size_t)n + 1);
    text->n += n;
}

static void churn_candidates_add_number(ChurnCandidatesText *text, double number) {
    char digits[20], *digit = digits + sizeof(digits);
    int64_t rest = (int64_t)(number + 0.5);
    *--digit = 0;
    do *--digit = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    churn_candidates_add(text, digit);
}

static void churn_candidates_reason(ChurnCandidatesText *text, const Gaps *gaps,
                                    const ChurnCandidatesRow *row) {
    int64_t n = gaps->n_own;
    double usual = gaps->usual;
    if (row->silence == 0) {
        churn_candidates_add(text, "ordered on the last day");
    } else {
        churn_candidates_add(text, "last order ");
        churn_candidates_add_number(text, row->silence);
        churn_candidates_add(text, row->silence == 1 ? " day ago" : " days ago");
    }
    if (n == 0) churn_candidates_add(text, "; bought once");
    if (!isnan(usual)) {
        churn_candidates_add(text, n == 0 ? ", gaps here are usually " : ", usually every ");
        churn_candidates_add_number(text, usual);
        if (n == 0) churn_candidates_add(text, " days");
    }
    if (n >= GAPS_OWN && row->silence > usual) {
        churn_candidates_add(text, "; longer than ");
        churn_candidates_add_number(text, churn_candidates_longer_than(gaps->own, n, row->silence));
        churn_candidates_add(text, " % of own gaps");
    }
    if (row->basket_drop >= CHURN_CANDIDATES_BASKET_DROP) {
        churn_candidates_add(text, "; basket down ");
        churn_candidates_add_number(text, row->basket_drop);
        churn_candidates_add(text, " %");
    }
}

static const char *churn_candidates_band(double probability) {
    if (isnan(probability)) return NULL;
    return probability >= 0.9 ? "very high" : probability >= 0.7 ? "high"
           : probability >= 0.5 ? "medium" : "low";
}

/* ---- Ranking ---- */

/* Those with as much at stake: the likelier first, then by id.  Larger first; what is not known last. */
static int churn_candidates_compare(const void *context, uint32_t a, uint32_t b) {
    const ChurnCandidatesState *state = context;
    double p_a = state->probability[a], p_b = state->probability[b];
    int order = isnan(p_a) || isnan(p_b) ? isnan(p_a) - isnan(p_b) : (p_a < p_b) - (p_a > p_b);
    return order ? order : map_compare(book_customer_id(state->book, state->buyers.customer[a]),
                                       book_customer_id(state->book, state->buyers.customer[b]));
}

static void churn_candidates_rank(ChurnCandidatesState *state, double min_probability, Err *err) {
    Ranking ranking;
    int64_t n = state->buyers.n;
    ranking_open(&ranking, n, err);
    if (err->rc) return;
    for (int64_t i = 0; i < n; i++)
        if (!(state->probability[i] < min_probability))
            ranking_add(&ranking, (uint32_t)i, state->value[i]);
    state->n_listed = ranking_close(&ranking, state->listed, churn_candidates_compare, state);
}

static void churn_candidates_fit(Call *call, ChurnCandidatesState *state) {
    const Book *book = &call->book;
    state->method = (Method)call->args[CHURN_CANDIDATES_MODEL].integer;
    if (state->method < METHODS_AUTO) {
        predictor_fit(&state->predictor, book, &state->buyers, (PurchaseModel)state->method, call->arena, call->err,
                      call->poll);
        return;
    }
    if (book->is_summary) methods_refuse_summary(state->method, call->err);
    state->methods = arena_alloc(call->arena, call->err, 1, sizeof(*state->methods));
    if (!state->methods) return;
    methods_open(state->methods, book, book->as_of, (int32_t)call->args[CHURN_CANDIDATES_HORIZON].integer, call->arena,
                 call->err, call->poll);
    const char *said = state->method == METHODS_AUTO
                           ? methods_choice(state->methods, false, call->arena, call->err)
                           : methods_reason(state->methods, state->method);
    predictor_choose(&state->predictor, state->methods, said, book, &state->buyers, call->arena, call->err,
                     call->poll);
}

static double churn_candidates_p(const ChurnCandidatesState *state, int64_t i) {
    BookCustomer customer = book_customer(state->book, state->buyers.customer[i]);
    ShopviewBuyer buyer = shopview_buyer(&state->methods->view[0], &customer, state->methods->gaps);
    return methods_p(state->methods, state->method, &buyer);
}

static void churn_candidates_score(Call *call, ChurnCandidatesState *state) {
    const Buyers *buyers = &state->buyers;
    for (int64_t i = 0; i < buyers->n && !call->err->rc; i++) {
        state->probability[i] = state->methods ? churn_candidates_p(state, i)
                                               : predictor_p_no_purchase(&state->predictor, buyers, i, state->horizon);
        state->value[i] = state->probability[i] * predictor_rate(&state->predictor, buyers, i) *
                          CHURN_CANDIDATES_VALUE_DAYS * predictor_spend(&state->predictor, buyers, i);
        if (i % MAP_PAGE_KEYS == 0 && poll_stop(call->poll))
            err_set(call->err, SQLITE_INTERRUPT, "interrupted");
    }
}

/* Memory for the rows as they are read. */
static void churn_candidates_open_block(Call *call, ChurnCandidatesState *state) {
    state->block = arena_alloc_raw(call->arena, call->err, 1, sizeof(*state->block));
    if (!state->block) return;
    state->block->number = -1;
    state->block->gaps_buyer = state->block->interval_buyer = -1;
    state->block->gaps = (Gaps){.usual = (double)NAN};
    if (!call->book.is_summary) gaps_open(&state->block->gaps, &call->book, call->arena, call->err);
}

static int64_t churn_candidates_open(Call *call) {
    ChurnCandidatesState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->book = &call->book;
    state->horizon = (double)call->args[CHURN_CANDIDATES_HORIZON].integer;
    state->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    call_buyers(call, &state->buyers);
    int64_t n = state->buyers.n;
    if (n == 0) return 0;
    churn_candidates_fit(call, state);
    predictor_note_summary(&state->predictor, &call->book, &state->buyers, call->arena, call->err);
    state->probability = arena_alloc_raw(call->arena, call->err, n, sizeof(double));
    state->value = arena_alloc_raw(call->arena, call->err, n, sizeof(double));
    state->listed = arena_alloc_raw(call->arena, call->err, n, sizeof(uint32_t));
    churn_candidates_open_block(call, state);
    if (call->err->rc) return 0;
    churn_candidates_score(call, state);
    churn_candidates_rank(state, call->args[CHURN_CANDIDATES_MIN].real, call->err);
    return state->n_listed;
}

/* ---- Rows ---- */

static void churn_candidates_read_row(const ChurnCandidatesState *state, int64_t i,
                                      ChurnCandidatesRow *row) {
    const Buyers *buyers = &state->buyers;
    row->buyer = i;
    row->id = *book_customer_id(state->book, buyers->customer[i]);
    row->customer = state->book->is_summary
                        ? (BookCustomer){.n_days = (int64_t)buyers->frequency[i] + 1, .total = (double)NAN}
                        : book_customer(state->book, buyers->customer[i]);
    row->last = row->customer.days ? row->customer.days[row->customer.n_days - 1] : CIVIL_DAY_MIN - 1;
    row->silence = buyers->age[i] - buyers->recency[i];
    row->probability = state->probability[i];
    row->value = state->value[i];
    row->basket_drop = churn_candidates_basket_drop(&row->customer);
}

static const ChurnCandidatesRow *churn_candidates_row(const ChurnCandidatesState *state, int64_t row) {
    ChurnCandidatesBlock *block = state->block;
    int64_t number = row / CHURN_CANDIDATES_BLOCK_ROWS, first = number * CHURN_CANDIDATES_BLOCK_ROWS;
    if (block->number != number) {
        for (int64_t i = 0; i < CHURN_CANDIDATES_BLOCK_ROWS && first + i < state->n_listed; i++)
            churn_candidates_read_row(state, state->listed[first + i], &block->rows[i]);
        block->number = number;
    }
    return &block->rows[row - first];
}

static void churn_candidates_out_reason(const ChurnCandidatesState *state,
                                        const ChurnCandidatesRow *row, Out *out) {
    ChurnCandidatesText text;
    text.n = 0;
    churn_candidates_reason(&text, churn_candidates_gaps(state, row), row);
    out_text(out, text.bytes);
}

static void churn_candidates_cell(const void *pointer, int64_t row_number, int col, Out *out) {
    const ChurnCandidatesState *state = pointer;
    const ChurnCandidatesRow *row = churn_candidates_row(state, row_number);
    switch (col) {
        case CHURN_CANDIDATES_RANK: out_int(out, row_number + 1); break;
        case CHURN_CANDIDATES_CUSTOMER: out_key(out, &row->id); break;
        case CHURN_CANDIDATES_PROBABILITY: out_real(out, row->probability); break;
        case CHURN_CANDIDATES_LOW: out_real(out, churn_candidates_interval(state, row->buyer)->low); break;
        case CHURN_CANDIDATES_HIGH: out_real(out, churn_candidates_interval(state, row->buyer)->high); break;
        case CHURN_CANDIDATES_P_ALIVE:
            out_real(out, predictor_p_alive(&state->predictor, &state->buyers, row->buyer));
            break;
        case CHURN_CANDIDATES_LAST:
            if (state->book->is_summary) out_null(out);
            else out_day(out, row->last);
            break;
        case CHURN_CANDIDATES_SINCE: out_int(out, row->silence); break;
        case CHURN_CANDIDATES_GAP:
            out_real(out, churn_candidates_gaps(state, row)->usual);
            break;
        case CHURN_CANDIDATES_OVERDUE:
            out_real(out, row->silence / churn_candidates_gaps(state, row)->usual);
            break;
        case CHURN_CANDIDATES_DAYS: out_int(out, row->customer.n_days); break;
        case CHURN_CANDIDATES_HISTORIC:
            out_real(out, state->book->has_amounts ? row->customer.total : (double)NAN);
            break;
        case CHURN_CANDIDATES_VALUE: out_real(out, row->value); break;
        case CHURN_CANDIDATES_BAND: out_static(out, churn_candidates_band(row->probability)); break;
        case CHURN_CANDIDATES_REASON: churn_candidates_out_reason(state, row, out); break;
        default: out_text(out, state->predictor.note);
    }
}

const TvfDef tvf_churn_candidates = {
    .name = "churn_candidates",
    .text = {.doc = "who is about to leave, how sure we are, what is at stake and why",
             .definition =
                 "churn_probability = P(no purchase in the next horizon_days) under the model; with classifier, blend and"
                 " auto p_alive and value_at_risk are those of the model of repeat buying that predicted best;"
                 " churn_backtest says how good each is."
                 " ci_low and ci_high say how sure that probability is, not the customer: by the delta method on"
                 " its log odds, from the covariance of the fitted parameters; the model itself is taken for"
                 " granted. NULL for classifier, blend and auto, whose probability is not the fitted model's."
                 " value_at_risk = churn_probability x (r + frequency) / (alpha + age) x 365 x expected"
                 " spend. usual_gap_days is the median of the customer's own gaps between purchase days;"
                 " with n < 3 of them it is (n x own median + (3 - n) x the shop's median) / 3. The reason's"
                 " 'basket down' compares the last two purchase days with those before, from four on."
                 " A source without a date column that has frequency, recency, age and maybe"
                 " monetary_value is read as a table of customers, one row each (date_column = '' says so where the"
                 " names do not): the predictions are those from the orders, what needs the orders is NULL."
                 " Customers without a prediction are always listed, with a note. Rows are ordered by"
                 " value_at_risk, then churn_probability, largest first, then customer_id.",
             .example = "SELECT * FROM churn_candidates('orders', 90) LIMIT 50"},
    .cols = churn_candidates_cols,
    .args = churn_candidates_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS | CALL_TOTALS | CALL_SUMMARIES | CALL_CONFIDENCE,
    .order = churn_candidates_order,
    .n_order = 1,
    .open = churn_candidates_open,
    .cell = churn_candidates_cell,
};
