/* inactive_customers.c - inactive_customers(): who has not bought for a while, the best customers first?
 *
 *     SELECT * FROM inactive_customers('orders') LIMIT 50;
 *     SELECT * FROM inactive_customers('orders', '90 days', 'customers') WHERE note LIKE 'never bought%';
 *
 * A customer is inactive when their last purchase lies before as_of minus inactive_for: months go back by
 * the calendar, the day clamped to the month's last, so that 6 months before 2018-12-31 is 2018-06-30.
 * With customers_source those of its customers who never bought follow behind.
 */
#include "base/libm.h"
#include "data/gaps.h"
#include "data/ranking.h"
#include "host/call.h"

enum { INACTIVE_CUSTOMERS_FOR };
enum {
    INACTIVE_CUSTOMERS_RANK,
    INACTIVE_CUSTOMERS_CUSTOMER,
    INACTIVE_CUSTOMERS_LAST,
    INACTIVE_CUSTOMERS_SINCE,
    INACTIVE_CUSTOMERS_GAP,
    INACTIVE_CUSTOMERS_DAYS,
    INACTIVE_CUSTOMERS_HISTORIC,
    INACTIVE_CUSTOMERS_AVERAGE,
    INACTIVE_CUSTOMERS_NOTE
};

static const ArgSpec inactive_customers_args[] = {
    [INACTIVE_CUSTOMERS_FOR] = {.name = "inactive_for", .kind = ARG_SPAN, .dflt_text = "6 months",
                                .doc = "the last purchase lies longer than this before as_of"},
    {0},
};

static const ColSpec inactive_customers_cols[] = {
    [INACTIVE_CUSTOMERS_RANK] = {"rank", "INTEGER", "1 is the customer with the largest historic_value"},
    [INACTIVE_CUSTOMERS_CUSTOMER] = {"customer_id", "", "as in the source"},
    [INACTIVE_CUSTOMERS_LAST] = {"last_order_date", "DATE",
                                 "last purchase day; NULL for those who never bought"},
    [INACTIVE_CUSTOMERS_SINCE] = {"days_since_last", "INTEGER",
                                  "days from it to as_of; NULL for those who never bought"},
    [INACTIVE_CUSTOMERS_GAP] = {"usual_gap_days", "REAL",
                                "median of the customer's own gaps; with under three of them pulled to the"
                                " shop's median; NULL for those who never bought"},
    [INACTIVE_CUSTOMERS_DAYS] = {"purchase_days", "INTEGER", "days with a purchase"},
    [INACTIVE_CUSTOMERS_HISTORIC] = {"historic_value", "REAL",
                                     "net amount of all rows; NULL without an amount column"},
    [INACTIVE_CUSTOMERS_AVERAGE] = {"avg_order_value", "REAL", "mean net amount of the purchase days"},
    [INACTIVE_CUSTOMERS_NOTE] = {"note", "TEXT",
                                 "'never bought' and, where no id of customers_source is in the orders, why;"
                                 " or what limits the figures; NULL: nothing"},
    {0},
};

static const CallOrder inactive_customers_order[] = {{INACTIVE_CUSTOMERS_RANK, false}};

/* What the columns of one row are made of. */
typedef struct InactiveCustomersRow {
    MapKey id;
    BookCustomer customer; /* without purchase days for those who never bought */
    Day last;
} InactiveCustomersRow;

/* Neighbouring rows lie far apart in memory.  They are gathered many at a time, so that the memory works
 * on many of them at once; a column then finds its row at hand. */
enum { INACTIVE_CUSTOMERS_BLOCK_ROWS = 64 };
typedef struct InactiveCustomersBlock {
    int64_t number;        /* of the block that rows holds; -1: none yet */
    InactiveCustomersRow rows[INACTIVE_CUSTOMERS_BLOCK_ROWS];
    Gaps gaps;
} InactiveCustomersBlock;

typedef struct InactiveCustomersState {
    const Book *book;
    const Roster *roster;
    Day cutoff;            /* the last purchase of an inactive customer lies before it */
    uint32_t *listed;      /* by row: a customer of the book, or n_customers + one of the roster's strangers */
    int64_t n_inactive;    /* rows of customers who have bought ... */
    int64_t n_rows;        /* ... and with those who never did, who are behind them */
    InactiveCustomersBlock *block;
    const char *never_note, *gap_note;
} InactiveCustomersState;

/* ---- Who is listed ---- */

static const MapKey *inactive_customers_id(const InactiveCustomersState *state, uint32_t listed) {
    int64_t n = state->book->n_customers;
    return listed < n ? book_customer_id(state->book, listed)
                      : map_key(&state->roster->strangers, (uint32_t)(listed - n));
}

static int inactive_customers_compare(const void *context, uint32_t a, uint32_t b) {
    return map_compare(inactive_customers_id(context, a), inactive_customers_id(context, b));
}

/* What a customer is ranked by.  Amounts are no binary fractions: 0.1 + 0.2 and 0.3 shall tie, so they count
 * to the millionth. */
static double inactive_customers_worth(const Book *book, const BookCustomer *customer) {
    static const double fine = 1e6;
    return book->has_amounts ? floor(customer->total * fine + 0.5) : (double)customer->n_days;
}

static void inactive_customers_rank(Call *call, InactiveCustomersState *state) {
    const Book *book = state->book;
    Ranking ranking;
    ranking_open(&ranking, book->n_buyers, call->err);
    if (call->err->rc) return;
    for (int64_t c = 0; c < book->n_customers && !call->err->rc; c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days > 0 && customer.days[customer.n_days - 1] < state->cutoff)
            ranking_add(&ranking, (uint32_t)c, inactive_customers_worth(book, &customer));
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll))
            err_set(call->err, SQLITE_INTERRUPT, "interrupted");
    }
    state->n_inactive = ranking_close(&ranking, state->listed, inactive_customers_compare, state);
    state->n_rows = state->n_inactive;
}

/* Those of the roster without a purchase, by id. */
static void inactive_customers_add_never(Call *call, InactiveCustomersState *state) {
    const Book *book = state->book;
    const Roster *roster = state->roster;
    uint32_t *never = state->listed + state->n_inactive;
    int64_t n = 0;
    Arena scratch = {0};
    for (int64_t c = 0; c < book->n_customers; c++)
        if (roster->listed[c] && book_customer(book, c).n_days == 0) never[n++] = (uint32_t)c;
    for (int64_t i = 0; i < roster->strangers.n_keys; i++)
        never[n++] = (uint32_t)(book->n_customers + i);
    uint32_t *spare = arena_alloc_raw(&scratch, call->err, n, sizeof(*spare));
    if (spare) sort_ids(never, spare, n, inactive_customers_compare, state);
    arena_free(&scratch);
    state->n_rows += n;
}

static void inactive_customers_notes(Call *call, InactiveCustomersState *state) {
    const char *mismatch = roster_mismatch(state->roster, &state->book->customers, call->arena, call->err);
    state->never_note = mismatch ? arena_printf(call->arena, call->err, "never bought (%s)", mismatch)
                                 : "never bought";
    if (isnan(state->block->gaps.shop)) state->gap_note = "nobody has bought twice: no usual gap";
}

static int64_t inactive_customers_open(Call *call) {
    const Book *book = &call->book;
    InactiveCustomersState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->book = book;
    state->roster = &call->roster;
    if (book->n_buyers > 0)
        state->cutoff = span_before(&call->args[INACTIVE_CUSTOMERS_FOR].span, call_calendar(call),
                                    book->as_of);
    int64_t most = book->n_customers + call->roster.strangers.n_keys;
    state->listed = arena_alloc_raw(call->arena, call->err, most, sizeof(*state->listed));
    state->block = arena_alloc_raw(call->arena, call->err, 1, sizeof(*state->block));
    if (call->err->rc) return 0;
    state->block->number = -1;
    gaps_open(&state->block->gaps, book, call->arena, call->err);
    inactive_customers_notes(call, state);
    inactive_customers_rank(call, state);
    if (call->roster.listed && !call->err->rc) inactive_customers_add_never(call, state);
    return state->n_rows;
}

/* ---- Rows ---- */

static void inactive_customers_read_row(const InactiveCustomersState *state, int64_t i,
                                        InactiveCustomersRow *row) {
    uint32_t listed = state->listed[i];
    *row = (InactiveCustomersRow){.id = *inactive_customers_id(state, listed)};
    if (listed < state->book->n_customers) row->customer = book_customer(state->book, listed);
    if (row->customer.n_days > 0) row->last = row->customer.days[row->customer.n_days - 1];
}

static const InactiveCustomersRow *inactive_customers_row(const InactiveCustomersState *state,
                                                          int64_t row) {
    InactiveCustomersBlock *block = state->block;
    int64_t number = row / INACTIVE_CUSTOMERS_BLOCK_ROWS, first = number * INACTIVE_CUSTOMERS_BLOCK_ROWS;
    if (block->number != number) {
        for (int64_t i = 0; i < INACTIVE_CUSTOMERS_BLOCK_ROWS && first + i < state->n_rows; i++)
            inactive_customers_read_row(state, first + i, &block->rows[i]);
        block->number = number;
    }
    return &block->rows[row - first];
}

static double inactive_customers_usual_gap(const InactiveCustomersState *state,
                                           const BookCustomer *customer) {
    gaps_read(&state->block->gaps, customer);
    return state->block->gaps.usual;
}

static void inactive_customers_cell(const void *pointer, int64_t row_number, int col, Out *out) {
    const InactiveCustomersState *state = pointer;
    const InactiveCustomersRow *row = inactive_customers_row(state, row_number);
    bool bought = row_number < state->n_inactive;
    switch (col) {
        case INACTIVE_CUSTOMERS_RANK: out_int(out, row_number + 1); break;
        case INACTIVE_CUSTOMERS_CUSTOMER: out_key(out, &row->id); break;
        case INACTIVE_CUSTOMERS_LAST:
            if (bought) out_day(out, row->last);
            else out_null(out);
            break;
        case INACTIVE_CUSTOMERS_SINCE:
            if (bought) out_int(out, state->book->as_of - row->last);
            else out_null(out);
            break;
        case INACTIVE_CUSTOMERS_GAP:
            if (bought) out_real(out, inactive_customers_usual_gap(state, &row->customer));
            else out_null(out);
            break;
        case INACTIVE_CUSTOMERS_DAYS: out_int(out, row->customer.n_days); break;
        case INACTIVE_CUSTOMERS_HISTORIC:
            out_real(out, state->book->has_amounts ? row->customer.total : (double)NAN);
            break;
        case INACTIVE_CUSTOMERS_AVERAGE:
            out_real(out, state->book->has_amounts ? row->customer.sums.all / (double)row->customer.n_days
                                                   : (double)NAN);
            break;
        default: out_text(out, bought ? state->gap_note : state->never_note);
    }
}

const TvfDef tvf_inactive_customers = {
    .name = "inactive_customers",
    .text = {.doc = "who has not bought for a while, the most valuable first",
             .definition =
                 "a customer is inactive when their last purchase day lies before as_of minus inactive_for,"
                 " in calendar months with the day clamped (6 months before 2018-12-31: 2018-06-30)."
                 " usual_gap_days is the median of the customer's own gaps between purchase days; with n < 3"
                 " of them it is (n x own median + (3 - n) x the shop's median) / 3. With customers_source"
                 " its customers without a purchase by as_of follow behind, noted 'never bought'; ids are"
                 " compared with their types, so that 1 and '1' are two. Rows are ordered by historic_value,"
                 " largest first and to the millionth (by purchase_days without an amount column), then by"
                 " customer_id.",
             .example = "SELECT * FROM inactive_customers('orders', '6 months') LIMIT 50"},
    .cols = inactive_customers_cols,
    .args = inactive_customers_args,
    .needs = CALL_ORDERS | CALL_SUMS | CALL_CUSTOMERS,
    .order = inactive_customers_order,
    .n_order = 1,
    .open = inactive_customers_open,
    .cell = inactive_customers_cell,
};
