/* clv_backtest.c - clv_backtest(): how good would each prediction of value have been?
 *
 *     SELECT model, mae, rmse, total_predicted, total_actual FROM clv_backtest('orders', 90);
 *
 * All orders up to and with the split day, as_of - holdout_days, are known; each model says for each customer how many
 * purchase days and how much net amount the holdout will bring.  Beside them: the customer brings the same as in the equally
 * long window before the split.
 */
#include "base/libm.h"
#include "data/backtest.h"
#include "data/predictor.h"
#include "host/call.h"
#include "math/sum.h"
#include "stat/correlation.h"

enum { CLV_BACKTEST_HOLDOUT };
enum {
    CLV_BACKTEST_TARGET,
    CLV_BACKTEST_MODEL,
    CLV_BACKTEST_MAE,
    CLV_BACKTEST_RMSE,
    CLV_BACKTEST_BIAS,
    CLV_BACKTEST_PREDICTED,
    CLV_BACKTEST_ACTUAL,
    CLV_BACKTEST_RANK,
    CLV_BACKTEST_CUSTOMERS,
    CLV_BACKTEST_SPLIT,
    CLV_BACKTEST_NOTE
};

static const ArgSpec clv_backtest_args[] = {
    [CLV_BACKTEST_HOLDOUT] = {.name = "holdout_days", .kind = ARG_INTEGER, .dflt = BACKTEST_HOLDOUT_DEFAULT, .min = 1,
                              .max = BACKTEST_HOLDOUT_MAX,
                              .doc = "days up to as_of that are predicted from those before; when not given, at most"
                                     " a third of the history"},
    {0},
};

static const ColSpec clv_backtest_cols[] = {
    [CLV_BACKTEST_TARGET] = {"target", "TEXT", "'value', net amount, or 'purchases', purchase days, of the holdout"},
    [CLV_BACKTEST_MODEL] = {"model", "TEXT", "a model of repeat buying, auto, same_as_before, or same_as_last_year"},
    [CLV_BACKTEST_MAE] = {"mae", "REAL", "mean of |predicted - actual| per customer"},
    [CLV_BACKTEST_RMSE] = {"rmse", "REAL", "root of the mean squared error"},
    [CLV_BACKTEST_BIAS] = {"bias", "REAL", "mean of predicted - actual"},
    [CLV_BACKTEST_PREDICTED] = {"total_predicted", "REAL", "over all customers"},
    [CLV_BACKTEST_ACTUAL] = {"total_actual", "REAL", "over the same customers"},
    [CLV_BACKTEST_RANK] = {"rank_correlation", "REAL", "Spearman's, of predicted and actual; ties share their ranks"},
    [CLV_BACKTEST_CUSTOMERS] = {"customers", "INTEGER", "who had bought by the split day"},
    [CLV_BACKTEST_SPLIT] = {"split_date", "DATE", "last day of what was known"},
    [CLV_BACKTEST_NOTE] = {"note", "TEXT", "why there is no prediction; of auto: what was chosen, and why"},
    {0},
};

enum {
    CLV_BACKTEST_BEFORE = METHODS_AUTO + 1,
    CLV_BACKTEST_LAST_YEAR,
    CLV_BACKTEST_MODELS,
    CLV_BACKTEST_YEAR = 365, /* days */
    CLV_BACKTEST_POLL = 512
};

typedef struct ClvBacktestRow {
    bool is_value;
    int model; /* a Method, up to METHODS_AUTO, or CLV_BACKTEST_BEFORE, ... */
    double mae, rmse, bias, predicted, actual, rank;
    const char *note;
} ClvBacktestRow;

typedef struct ClvBacktestState {
    Day split;
    int64_t customers;
    ClvBacktestRow rows[2 * CLV_BACKTEST_MODELS];
    int64_t n_rows;
} ClvBacktestState;

/* What open works with, by buyer of the split day. */
typedef struct ClvBacktestWork {
    const Book *book;
    Day split;
    double horizon;
    Methods methods;
    Buyers buyers;
    Predictor predictor;            /* its purchases are those of the model in hand */
    double *actual, *predicted, *actual_rank, *rank;
    uint32_t *order;
} ClvBacktestWork;

/* Purchase days, or their net amount, in (from, until]. */
static double clv_backtest_window(const BookCustomer *customer, Day from, Day until, bool is_value) {
    int64_t first = buyers_days_until(customer, from), end = buyers_days_until(customer, until);
    double amount = 0;
    if (!is_value) return (double)(end - first);
    for (int64_t i = first; i < end; i++) amount += customer->amounts[i];
    return amount;
}

static double clv_backtest_predict(const ClvBacktestWork *work, int model, int64_t i, bool is_value) {
    const Buyers *buyers = &work->buyers;
    if (model >= CLV_BACKTEST_BEFORE) {
        BookCustomer customer = book_customer(work->book, buyers->customer[i]);
        Day days = (Day)work->horizon, from = work->split - (model == CLV_BACKTEST_BEFORE ? days : CLV_BACKTEST_YEAR);
        return clv_backtest_window(&customer, from, from + days, is_value);
    }
    const Predictor *predictor = &work->predictor;
    double purchases = predictor_p_alive(predictor, buyers, i) *
                       purchase_if_alive(&predictor->purchases.law, buyers->frequency[i], buyers->age[i],
                                         work->horizon, 0).expected;
    return is_value ? purchases * predictor_spend(predictor, buyers, i) : purchases;
}

static void clv_backtest_ranks(const ClvBacktestWork *work, const double *value, double *rank, Err *err) {
    backtest_sort(work->buyers.n, value, work->order, err);
    if (!err->rc) correlation_ranks(work->buyers.n, value, work->order, rank);
}

static void clv_backtest_score(ClvBacktestWork *work, ClvBacktestRow *row, Err *err) {
    Sum predicted = {0}, absolute = {0}, squared = {0}, bias = {0};
    int64_t n = work->buyers.n;
    for (int64_t i = 0; i < n; i++) {
        double error = work->predicted[i] - work->actual[i];
        sum_add(&predicted, work->predicted[i]);
        sum_add(&absolute, fabs(error));
        sum_add(&squared, error * error);
        sum_add(&bias, error);
    }
    row->predicted = sum_value(&predicted);
    row->mae = sum_value(&absolute) / (double)n;
    row->rmse = sqrt(sum_value(&squared) / (double)n);
    row->bias = sum_value(&bias) / (double)n;
    clv_backtest_ranks(work, work->predicted, work->rank, err);
    if (!err->rc) row->rank = correlation_of_ranks(n, work->rank, work->actual_rank);
}

/* Why a year earlier there is nothing to repeat; NULL: there is. */
static const char *clv_backtest_no_year(const ClvBacktestWork *work) {
    if (work->horizon > CLV_BACKTEST_YEAR) return "the holdout is longer than a year";
    return work->split - CLV_BACKTEST_YEAR < work->book->day_first ? "less than a year of history by split_date" : NULL;
}

/* Fills a row; one whose model has nothing to say keeps only the actual total. */
static void clv_backtest_fill(ClvBacktestWork *work, ClvBacktestRow *row, Call *call) {
    int model = row->model == METHODS_AUTO ? (int)work->methods.law : row->model;
    bool is_law = model < METHODS_AUTO;
    row->mae = row->rmse = row->bias = row->predicted = row->rank = NAN;
    if (row->model <= METHODS_AUTO)
        row->note = row->model == METHODS_AUTO ? methods_choice(&work->methods, true, call->arena, call->err)
                                               : methods_reason(&work->methods, (Method)model);
    if (row->model == CLV_BACKTEST_LAST_YEAR) row->note = clv_backtest_no_year(work);
    if (row->model == CLV_BACKTEST_LAST_YEAR && row->note) return;
    if (is_law) {
        work->predictor.purchases = work->methods.view[0].fit[model];
        work->predictor.has_purchases = work->methods.view[0].has_fit[model];
    }
    if ((is_law && !work->predictor.has_purchases) || model == METHODS_COUNT) return;
    for (int64_t i = 0; i < work->buyers.n && !call->err->rc; i++) {
        work->predicted[i] = clv_backtest_predict(work, model, i, row->is_value);
        if (i % CLV_BACKTEST_POLL == 0 && poll_stop(call->poll)) err_set(call->err, SQLITE_INTERRUPT, "interrupted");
    }
    if (!call->err->rc && !isnan(work->predicted[0])) clv_backtest_score(work, row, call->err);
}

static void clv_backtest_target(ClvBacktestState *state, ClvBacktestWork *work, Call *call, bool is_value) {
    Sum total = {0};
    for (int64_t i = 0; i < work->buyers.n; i++) {
        BookCustomer customer = book_customer(work->book, work->buyers.customer[i]);
        work->actual[i] = clv_backtest_window(&customer, work->split, work->book->as_of, is_value);
        sum_add(&total, work->actual[i]);
    }
    clv_backtest_ranks(work, work->actual, work->actual_rank, call->err);
    for (int model = 0; model < CLV_BACKTEST_MODELS && !call->err->rc; model++) {
        ClvBacktestRow *row = &state->rows[state->n_rows++];
        *row = (ClvBacktestRow){.is_value = is_value, .model = model, .actual = sum_value(&total)};
        clv_backtest_fill(work, row, call);
    }
}

static void clv_backtest_prepare(ClvBacktestWork *work, Call *call) {
    int64_t n = work->buyers.n;
    work->actual = arena_alloc_raw(call->arena, call->err, n, sizeof(double));
    work->predicted = arena_alloc_raw(call->arena, call->err, n, sizeof(double));
    work->actual_rank = arena_alloc_raw(call->arena, call->err, n, sizeof(double));
    work->rank = arena_alloc_raw(call->arena, call->err, n, sizeof(double));
    work->order = arena_alloc_raw(call->arena, call->err, n, sizeof(uint32_t));
    predictor_choose(&work->predictor, &work->methods, NULL, work->book, &work->buyers, call->arena, call->err, call->poll);
}

static int64_t clv_backtest_open(Call *call) {
    const ArgValue *asked = &call->args[CLV_BACKTEST_HOLDOUT];
    ClvBacktestState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    ClvBacktestWork *work = arena_alloc(call->arena, call->err, 1, sizeof(*work));
    if (call->err->rc) return 0;
    call->state = state;
    int32_t holdout = backtest_holdout(&call->book, asked->given ? asked->integer : 0, call->err);
    if (call->err->rc || call->book.n_buyers == 0) return 0;
    work->book = &call->book;
    work->split = state->split = call->book.as_of - holdout;
    work->horizon = holdout;
    methods_open(&work->methods, work->book, work->split, holdout, call->arena, call->err, call->poll);
    buyers_summarise_on(&work->buyers, work->book, work->split, call->arena, call->err);
    if (call->err->rc) return 0;
    state->customers = work->buyers.n;
    clv_backtest_prepare(work, call);
    if (call->err->rc) return 0;
    if (work->book->has_amounts) clv_backtest_target(state, work, call, true);
    if (!call->err->rc) clv_backtest_target(state, work, call, false);
    return state->n_rows;
}

static void clv_backtest_cell(const void *pointer, int64_t row_number, int col, Out *out) {
    const ClvBacktestState *state = pointer;
    const ClvBacktestRow *row = &state->rows[row_number];
    switch (col) {
        case CLV_BACKTEST_TARGET: out_static(out, row->is_value ? "value" : "purchases"); break;
        case CLV_BACKTEST_MODEL:
            out_static(out, row->model == CLV_BACKTEST_BEFORE      ? "same_as_before"
                            : row->model == CLV_BACKTEST_LAST_YEAR ? "same_as_last_year"
                                                                   : retain_method_names[row->model]);
            break;
        case CLV_BACKTEST_MAE: out_real(out, row->mae); break;
        case CLV_BACKTEST_RMSE: out_real(out, row->rmse); break;
        case CLV_BACKTEST_BIAS: out_real(out, row->bias); break;
        case CLV_BACKTEST_PREDICTED: out_real(out, row->predicted); break;
        case CLV_BACKTEST_ACTUAL: out_real(out, row->actual); break;
        case CLV_BACKTEST_RANK: out_real(out, row->rank); break;
        case CLV_BACKTEST_CUSTOMERS: out_int(out, state->customers); break;
        case CLV_BACKTEST_SPLIT: out_day(out, state->split); break;
        default: out_text(out, row->note);
    }
}

const TvfDef tvf_clv_backtest = {
    .name = "clv_backtest",
    .text = {.doc = "how good would each way to predict customers' value have been in this very shop",
             .definition =
                 "Each model, fitted to the orders up to and with split_date = as_of - holdout_days, predicts for every"
                 " customer who had bought by then the purchase days and the net amount of the holdout, not discounted:"
                 " p_alive x expected purchases (x expected spend). Actual are the purchase days in the holdout and their"
                 " net amounts. auto: the model with the best log score for who would buy again, fitted and scored before"
                 " the split. same_as_before: what the customer brought in the holdout_days up to split_date, the first"
                 " purchase included. same_as_last_year: what they brought in the days 365 days before those of the"
                 " holdout. Rows: value, then purchases (without an amount column only these); models, auto,"
                 " same_as_before, same_as_last_year.",
             .example = "SELECT * FROM clv_backtest('orders')"},
    .cols = clv_backtest_cols,
    .args = clv_backtest_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS,
    .open = clv_backtest_open,
    .cell = clv_backtest_cell,
};
