/* churn_calibration.c - churn_calibration(): of those given 70 %, do 70 % stay away?
 *
 *     SELECT bin, predicted, actual, ci_low, ci_high FROM churn_calibration('orders', 90);
 *
 * The customers of churn_backtest in ten bins by their predicted probability: the k-th bin begins with the customer at
 * place floor((k - 1) n / 10) of n in ascending order, and customers of equal probability stay in one bin, that of the
 * first of them.  actual should lie within ci_low .. ci_high of predicted: Wilson's interval of the share that stayed away.
 */
#include "base/libm.h"
#include "data/backtest.h"
#include "host/call.h"
#include "math/sum.h"
#include "stat/wilson.h"

enum { CHURN_CALIBRATION_HOLDOUT, CHURN_CALIBRATION_MODEL };
enum {
    CHURN_CALIBRATION_BIN,
    CHURN_CALIBRATION_CUSTOMERS,
    CHURN_CALIBRATION_PREDICTED,
    CHURN_CALIBRATION_ACTUAL,
    CHURN_CALIBRATION_LOW,
    CHURN_CALIBRATION_HIGH,
    CHURN_CALIBRATION_NOTE
};
enum { CHURN_CALIBRATION_BINS = 10 };

static const ArgSpec churn_calibration_args[] = {
    [CHURN_CALIBRATION_HOLDOUT] = {.name = "holdout_days", .kind = ARG_INTEGER, .dflt = BACKTEST_HOLDOUT_DEFAULT,
                                   .min = 1, .max = BACKTEST_HOLDOUT_MAX,
                                   .doc = "days up to as_of that are predicted from those before; when not given, at"
                                          " most a third of the history"},
    [CHURN_CALIBRATION_MODEL] = {.name = "model", .kind = ARG_CHOICE, .choices = retain_method_names,
                                 .dflt = METHODS_AUTO, .doc = "a method of churn_backtest"},
    {0},
};

static const ColSpec churn_calibration_cols[] = {
    [CHURN_CALIBRATION_BIN] = {"bin", "INTEGER",
                               "1 to 10 by predicted probability; NULL where the method has none"},
    [CHURN_CALIBRATION_CUSTOMERS] = {"customers", "INTEGER", "in the bin"},
    [CHURN_CALIBRATION_PREDICTED] = {"predicted", "REAL", "their mean P(no purchase in the holdout)"},
    [CHURN_CALIBRATION_ACTUAL] = {"actual", "REAL", "the share without a purchase"},
    [CHURN_CALIBRATION_LOW] = {"ci_low", "REAL", "lower end of the Wilson interval of actual"},
    [CHURN_CALIBRATION_HIGH] = {"ci_high", "REAL", "upper end of it"},
    [CHURN_CALIBRATION_NOTE] = {"note", "TEXT", "why there are no probabilities; of auto: what was chosen, and why"},
    {0},
};

static const CallOrder churn_calibration_order[] = {{CHURN_CALIBRATION_BIN, false}};

typedef struct ChurnCalibrationBin {
    int number; /* 0: all customers, without a probability */
    int64_t customers, stayed_away;
    double predicted;
} ChurnCalibrationBin;

typedef struct ChurnCalibrationState {
    Backtest backtest;
    ChurnCalibrationBin bins[CHURN_CALIBRATION_BINS];
    int n_bins;
    const char *note;
    double z;
} ChurnCalibrationState;

/* The bin of a place among n, from 0. */
static int churn_calibration_bin_of(int64_t place, int64_t n) {
    int bin = CHURN_CALIBRATION_BINS - 1;
    while (bin > 0 && place < bin * n / CHURN_CALIBRATION_BINS) bin--;
    return bin;
}

static void churn_calibration_fill(ChurnCalibrationState *state, const double *p, const uint32_t *order) {
    const Backtest *backtest = &state->backtest;
    Sum sum = {0};
    int number = -1;
    for (int64_t i = 0; i < backtest->n; i++) {
        bool tied = i > 0 && p[order[i]] == p[order[i - 1]];
        int own = tied ? number : churn_calibration_bin_of(i, backtest->n);
        if (own != number) {
            state->bins[state->n_bins++] = (ChurnCalibrationBin){.number = own + 1};
            sum = (Sum){0};
            number = own;
        }
        ChurnCalibrationBin *bin = &state->bins[state->n_bins - 1];
        sum_add(&sum, p[order[i]]);
        bin->customers++;
        bin->stayed_away += backtest->stayed_away[order[i]];
        bin->predicted = sum_value(&sum) / (double)bin->customers;
    }
}

static int64_t churn_calibration_open(Call *call) {
    const ArgValue *asked = &call->args[CHURN_CALIBRATION_HOLDOUT];
    Method method = (Method)call->args[CHURN_CALIBRATION_MODEL].integer;
    ChurnCalibrationState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    int32_t holdout = backtest_holdout(&call->book, asked->given ? asked->integer : 0, call->err);
    if (call->err->rc || call->book.n_buyers == 0) return 0;
    Backtest *backtest = &state->backtest;
    backtest_open(backtest, &call->book, holdout, call->arena, call->err, call->poll);
    double *p = arena_alloc_raw(call->arena, call->err, backtest->n, sizeof(double));
    uint32_t *order = arena_alloc_raw(call->arena, call->err, backtest->n, sizeof(uint32_t));
    state->note = method == METHODS_AUTO ? methods_choice(&backtest->methods, false, call->arena, call->err)
                                         : methods_reason(&backtest->methods, method);
    state->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    if (!call->err->rc) backtest_probabilities(backtest, method, p, call->err, call->poll);
    if (call->err->rc) return 0;
    if (isnan(p[0])) {
        state->bins[state->n_bins++] = (ChurnCalibrationBin){
            .customers = backtest->n, .stayed_away = backtest->n - backtest->bought, .predicted = NAN};
        return 1;
    }
    backtest_sort(backtest->n, p, order, call->err);
    if (call->err->rc) return 0;
    churn_calibration_fill(state, p, order);
    return state->n_bins;
}

static void churn_calibration_cell(const void *pointer, int64_t row, int col, Out *out) {
    const ChurnCalibrationState *state = pointer;
    const ChurnCalibrationBin *bin = &state->bins[row];
    double n = (double)bin->customers, k = (double)bin->stayed_away;
    switch (col) {
        case CHURN_CALIBRATION_BIN:
            if (bin->number > 0) out_int(out, bin->number);
            else out_null(out);
            break;
        case CHURN_CALIBRATION_CUSTOMERS: out_int(out, bin->customers); break;
        case CHURN_CALIBRATION_PREDICTED: out_real(out, bin->predicted); break;
        case CHURN_CALIBRATION_ACTUAL: out_real(out, k / n); break;
        case CHURN_CALIBRATION_LOW: out_real(out, wilson_end(k, n, state->z, false)); break;
        case CHURN_CALIBRATION_HIGH: out_real(out, wilson_end(k, n, state->z, true)); break;
        default: out_text(out, state->note);
    }
}

const TvfDef tvf_churn_calibration = {
    .name = "churn_calibration",
    .text = {.doc = "whether predicted churn probabilities come true: of those given 70 %, do 70 % stay away",
             .definition =
                 "The customers of churn_backtest in ten bins by their predicted P(no purchase in the holdout_days after the"
                 " split day), each with its mean prediction and the share that stayed away. Bin k begins at place"
                 " floor((k - 1) x n / 10) of n in ascending order; customers of equal probability stay in one bin, so"
                 " that bins may be missing. A row per bin, ascending; a single row without a bin where the method has no"
                 " probabilities.",
             .example = "SELECT * FROM churn_calibration('orders')"},
    .cols = churn_calibration_cols,
    .args = churn_calibration_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS | CALL_CONFIDENCE,
    .order = churn_calibration_order,
    .n_order = 1,
    .open = churn_calibration_open,
    .cell = churn_calibration_cell,
};
