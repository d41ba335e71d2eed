/* churn_candidates.c - churn_candidates(): who is about to leave, how sure are we, what is at stake, why?
 *
 *     SELECT * FROM churn_candidates('orders') LIMIT 50;
 *     SELECT * FROM churn_candidates('orders', 180) WHERE min_probability = 0;
 *
 * churn_probability is P(no purchase in the next horizon_days) under the model, never 1 - p_alive: a
 * BG/NBD gives every one-time buyer p_alive = 1.  value_at_risk is churn_probability times the net amount
 * that the customer would bring in the next 365 days if alive: posterior mean purchase rate times
 * expected spend.
 */
#include "base/libm.h"
#include "base/sort.h"
#include "data/predictor.h"
#include "host/call.h"
#include "stat/order.h"

enum { CHURN_CANDIDATES_HORIZON, CHURN_CANDIDATES_MIN, CHURN_CANDIDATES_MODEL };
enum {
    CHURN_CANDIDATES_RANK,
    CHURN_CANDIDATES_CUSTOMER,
    CHURN_CANDIDATES_PROBABILITY,
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
    CHURN_CANDIDATES_OWN_GAPS = 3,      /* from here on a customer's own gaps are a habit */
    CHURN_CANDIDATES_BASKET_DAYS = 4,   /* purchase days that a comparison of baskets needs */
    CHURN_CANDIDATES_RECENT_DAYS = 2,   /* the recent ones of these */
    CHURN_CANDIDATES_BASKET_DROP = 10   /* percent; smaller drops are not worth words */
};

static const ArgSpec churn_candidates_args[] = {
    [CHURN_CANDIDATES_HORIZON] = {.name = "horizon_days", .kind = ARG_INTEGER, .dflt = 90, .min = 1,
                                  .max = 3650, .doc = "how many days from as_of we look ahead"},
    [CHURN_CANDIDATES_MIN] = {.name = "min_probability", .kind = ARG_REAL, .dflt = 0.5, .min = 0,
                              .max = 1, .doc = "least churn_probability to be listed; 0 lists everybody"},
    [CHURN_CANDIDATES_MODEL] = {.name = "model", .kind = ARG_CHOICE, .choices = retain_model_names,
                                .dflt = BGNBD_MBG, .doc = "model of repeat buying"},
    {0},
};

static const ColSpec churn_candidates_cols[] = {
    [CHURN_CANDIDATES_RANK] = {"rank", "INTEGER", "1 is the customer with the most value at risk"},
    [CHURN_CANDIDATES_CUSTOMER] = {"customer_id", "", "as in the source"},
    [CHURN_CANDIDATES_PROBABILITY] = {"churn_probability", "REAL",
                                      "P(no purchase in the next horizon_days)"},
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

typedef struct ChurnCandidatesState {
    const Book *book;
    Buyers buyers;
    Predictor predictor;
    uint32_t *listed;     /* buyers by rank */
    double *probability;  /* by buyer */
    double *value;        /* by buyer */
    double shop_gap;      /* median of all gaps of the shop; NaN without one */
    struct ChurnCandidatesHabit *habit; /* of the row that was read last: several columns need it */
} ChurnCandidatesState;

/* A buyer's gaps between purchase days. */
typedef struct ChurnCandidatesHabit {
    int64_t buyer;        /* -1: nobody's yet */
    int64_t n_gaps;
    double usual_gap;     /* NaN where the shop has no gap */
    int32_t *gaps;        /* room for the gaps of any one buyer */
} ChurnCandidatesHabit;

/* ---- Gaps between purchase days ---- */

/* The median over all gaps of all customers, by counting. */
static double churn_candidates_shop_gap(Call *call, const Buyers *buyers) {
    const Book *book = &call->book;
    Arena scratch = {0};
    int64_t n = (int64_t)book->as_of - book->day_first + 1;
    int64_t *count = arena_alloc(&scratch, call->err, n, sizeof(*count));
    for (int64_t i = 0; count && i < buyers->n; i++) {
        BookCustomer customer = book_customer(book, buyers->customer[i]);
        for (int64_t k = 1; k < customer.n_days; k++)
            count[customer.days[k] - customer.days[k - 1]]++;
    }
    double median = count ? order_median_counts(count, n) : (double)NAN;
    arena_free(&scratch);
    return median;
}

/* The median of one's own gaps from three on; below, as if the missing ones were the shop's median. */
static double churn_candidates_usual_gap(int32_t *gaps, int64_t n_gaps, double shop_gap) {
    if (n_gaps == 0) return shop_gap;
    double own = order_median_ints(gaps, n_gaps);
    if (n_gaps >= CHURN_CANDIDATES_OWN_GAPS) return own;
    return (own * (double)n_gaps + shop_gap * (double)(CHURN_CANDIDATES_OWN_GAPS - n_gaps)) /
           CHURN_CANDIDATES_OWN_GAPS;
}

static const ChurnCandidatesHabit *churn_candidates_habit(const ChurnCandidatesState *state,
                                                          int64_t buyer,
                                                          const BookCustomer *customer) {
    ChurnCandidatesHabit *habit = state->habit;
    if (habit->buyer == buyer) return habit;
    habit->buyer = buyer;
    habit->n_gaps = customer->n_days - 1;
    for (int64_t i = 0; i < habit->n_gaps; i++)
        habit->gaps[i] = customer->days[i + 1] - customer->days[i];
    habit->usual_gap = churn_candidates_usual_gap(habit->gaps, habit->n_gaps, state->shop_gap);
    return habit;
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

static char *churn_candidates_reason(const ChurnCandidatesHabit *habit, const BookCustomer *customer,
                                     int32_t silence) {
    int64_t n = habit->n_gaps;
    double usual = habit->usual_gap;
    double drop = churn_candidates_basket_drop(customer);
    sqlite3_str *text = sqlite3_str_new(NULL);
    if (silence == 0) sqlite3_str_appendall(text, "ordered on the last day");
    else sqlite3_str_appendf(text, "last order %d day%s ago", silence, silence == 1 ? "" : "s");
    if (n == 0) {
        sqlite3_str_appendall(text, "; bought once");
        if (!isnan(usual))
            sqlite3_str_appendf(text, ", gaps here are usually %.0f days", usual);
    } else {
        sqlite3_str_appendf(text, ", usually every %.0f", usual);
    }
    if (n >= CHURN_CANDIDATES_OWN_GAPS && silence > usual)
        sqlite3_str_appendf(text, "; longer than %d %% of own gaps",
                            churn_candidates_longer_than(habit->gaps, n, silence));
    if (drop >= CHURN_CANDIDATES_BASKET_DROP)
        sqlite3_str_appendf(text, "; basket down %.0f %%", drop);
    return sqlite3_str_finish(text);
}

static const char *churn_candidates_band(double probability) {
    if (isnan(probability)) return NULL;
    return probability >= 0.9 ? "very high" : probability >= 0.7 ? "high"
           : probability >= 0.5 ? "medium" : "low";
}

/* ---- Ranking ---- */

/* Larger first; what is not known last. */
static int churn_candidates_larger_first(double a, double b) {
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    return (a < b) - (a > b);
}

static int churn_candidates_compare(const void *context, uint32_t a, uint32_t b) {
    const ChurnCandidatesState *state = context;
    int order = churn_candidates_larger_first(state->value[a], state->value[b]);
    if (!order) order = churn_candidates_larger_first(state->probability[a], state->probability[b]);
    return order ? order : map_compare(book_customer_id(state->book, state->buyers.customer[a]),
                                       book_customer_id(state->book, state->buyers.customer[b]));
}

static void churn_candidates_score(Call *call, ChurnCandidatesState *state) {
    const Buyers *buyers = &state->buyers;
    double horizon = (double)call->args[CHURN_CANDIDATES_HORIZON].integer;
    for (int64_t i = 0; i < buyers->n; i++) {
        state->probability[i] = predictor_p_no_purchase(&state->predictor, buyers, i, horizon);
        state->value[i] = state->probability[i] * predictor_rate(&state->predictor, buyers, i) *
                          CHURN_CANDIDATES_VALUE_DAYS * predictor_spend(&state->predictor, buyers, i);
        if (i % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) return;
    }
}

static int64_t churn_candidates_open(Call *call) {
    ChurnCandidatesState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->book = &call->book;
    buyers_summarise(&state->buyers, &call->book, call->arena, call->err);
    int64_t n = state->buyers.n, n_listed = 0, most_gaps = 0;
    if (n == 0) return 0;
    predictor_fit(&state->predictor, &call->book, &state->buyers,
                  (BgnbdKind)call->args[CHURN_CANDIDATES_MODEL].integer, call->arena, call->err,
                  call->poll);
    state->shop_gap = churn_candidates_shop_gap(call, &state->buyers);
    state->probability = arena_alloc_raw(call->arena, call->err, n, sizeof(double));
    state->value = arena_alloc_raw(call->arena, call->err, n, sizeof(double));
    state->listed = arena_alloc_raw(call->arena, call->err, 2 * n, sizeof(uint32_t));
    for (int64_t i = 0; i < n; i++)
        if (state->buyers.frequency[i] > most_gaps) most_gaps = state->buyers.frequency[i];
    state->habit = arena_alloc(call->arena, call->err, 1, sizeof(*state->habit));
    int32_t *gaps = arena_alloc_raw(call->arena, call->err, most_gaps, sizeof(*gaps));
    if (call->err->rc) return 0;
    *state->habit = (ChurnCandidatesHabit){.buyer = -1, .gaps = gaps};
    churn_candidates_score(call, state);
    for (int64_t i = 0; i < n; i++)
        if (!(state->probability[i] < call->args[CHURN_CANDIDATES_MIN].real))
            state->listed[n_listed++] = (uint32_t)i;
    sort_ids(state->listed, state->listed + n, n_listed, churn_candidates_compare, state);
    return n_listed;
}

static void churn_candidates_cell(const void *pointer, int64_t row, int col, Out *out) {
    const ChurnCandidatesState *state = pointer;
    const Buyers *buyers = &state->buyers;
    int64_t i = state->listed[row];
    BookCustomer customer = book_customer(state->book, buyers->customer[i]);
    int32_t silence = buyers->age[i] - buyers->recency[i];
    switch (col) {
        case CHURN_CANDIDATES_RANK: out_int(out, row + 1); break;
        case CHURN_CANDIDATES_CUSTOMER:
            out_key(out, book_customer_id(state->book, buyers->customer[i]));
            break;
        case CHURN_CANDIDATES_PROBABILITY: out_real(out, state->probability[i]); break;
        case CHURN_CANDIDATES_P_ALIVE:
            out_real(out, predictor_p_alive(&state->predictor, buyers, i));
            break;
        case CHURN_CANDIDATES_LAST: out_day(out, customer.days[customer.n_days - 1]); break;
        case CHURN_CANDIDATES_SINCE: out_int(out, silence); break;
        case CHURN_CANDIDATES_GAP:
            out_real(out, churn_candidates_habit(state, i, &customer)->usual_gap);
            break;
        case CHURN_CANDIDATES_OVERDUE:
            out_real(out, silence / churn_candidates_habit(state, i, &customer)->usual_gap);
            break;
        case CHURN_CANDIDATES_DAYS: out_int(out, customer.n_days); break;
        case CHURN_CANDIDATES_HISTORIC:
            out_real(out, state->book->has_amounts ? customer.total : (double)NAN);
            break;
        case CHURN_CANDIDATES_VALUE: out_real(out, state->value[i]); break;
        case CHURN_CANDIDATES_BAND:
            out_static(out, churn_candidates_band(state->probability[i]));
            break;
        case CHURN_CANDIDATES_REASON:
            out_owned(out, churn_candidates_reason(churn_candidates_habit(state, i, &customer), &customer,
                                                   silence));
            break;
        default: out_text(out, state->predictor.note);
    }
}

const TvfDef tvf_churn_candidates = {
    .name = "churn_candidates",
    .text = {.doc = "who is about to leave, how sure we are, what is at stake and why",
             .definition =
                 "churn_probability = P(no purchase in the next horizon_days) under the model."
                 " value_at_risk = churn_probability x (r + frequency) / (alpha + age) x 365 x expected"
                 " spend. usual_gap_days is the median of the customer's own gaps between purchase days;"
                 " with n < 3 of them it is (n x own median + (3 - n) x the shop's median) / 3. The reason's"
                 " 'basket down' compares the last two purchase days with those before, from four on."
                 " Customers without a prediction are always listed, with a note. Rows are ordered by"
                 " value_at_risk, then churn_probability, largest first, then customer_id.",
             .example = "SELECT * FROM churn_candidates('orders', 90) LIMIT 50"},
    .cols = churn_candidates_cols,
    .args = churn_candidates_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS,
    .order = churn_candidates_order,
    .n_order = 1,
    .open = churn_candidates_open,
    .cell = churn_candidates_cell,
};
