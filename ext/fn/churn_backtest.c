/* churn_backtest.c - churn_backtest(): how good would each prediction of churn have been?
 *
 *     SELECT method, auc, brier, calibration_slope FROM churn_backtest('orders', 90);
 *
 * All orders up to and with the split day, as_of - holdout_days, are known; each method says for each customer
 * P(no purchase in the holdout), and is scored on what happened.  data/methods.h has the methods.
 */
#include "base/libm.h"
#include "data/backtest.h"
#include "host/call.h"
#include "stat/wilson.h"

enum { CHURN_BACKTEST_HOLDOUT };
enum {
    CHURN_BACKTEST_METHOD,
    CHURN_BACKTEST_AUC,
    CHURN_BACKTEST_LOW,
    CHURN_BACKTEST_HIGH,
    CHURN_BACKTEST_BRIER,
    CHURN_BACKTEST_LOG_LOSS,
    CHURN_BACKTEST_LIFT,
    CHURN_BACKTEST_PRECISION,
    CHURN_BACKTEST_SLOPE,
    CHURN_BACKTEST_CUSTOMERS,
    CHURN_BACKTEST_BOUGHT,
    CHURN_BACKTEST_NEW,
    CHURN_BACKTEST_SPLIT,
    CHURN_BACKTEST_NOTE
};

static const ArgSpec churn_backtest_args[] = {
    [CHURN_BACKTEST_HOLDOUT] = {.name = "holdout_days", .kind = ARG_INTEGER, .dflt = BACKTEST_HOLDOUT_DEFAULT, .min = 1,
                                .max = BACKTEST_HOLDOUT_MAX,
                                .doc = "days up to as_of that are predicted from those before; when not given, at"
                                       " most a third of the history"},
    {0},
};

static const ColSpec churn_backtest_cols[] = {
    [CHURN_BACKTEST_METHOD] = {"method", "TEXT",
                               "a model of repeat buying, auto, the classifier, a naive rule, or the base rate"},
    [CHURN_BACKTEST_AUC] = {"auc", "REAL",
                            "chance that a customer who stayed away was ranked above one who bought; 0.5 is guessing"},
    [CHURN_BACKTEST_LOW] = {"ci_low", "REAL", "lower end of the interval of auc, by DeLong's variance"},
    [CHURN_BACKTEST_HIGH] = {"ci_high", "REAL", "upper end of it"},
    [CHURN_BACKTEST_BRIER] = {"brier", "REAL", "mean squared error of the probabilities; smaller is better"},
    [CHURN_BACKTEST_LOG_LOSS] = {"log_loss", "REAL", "mean -ln(probability of what happened); smaller is better"},
    [CHURN_BACKTEST_LIFT] = {"lift_top10", "REAL", "precision_top10 over the share of all who stayed away"},
    [CHURN_BACKTEST_PRECISION] = {"precision_top10", "REAL",
                                  "of the tenth ranked likeliest to stay away, the share that did"},
    [CHURN_BACKTEST_SLOPE] = {"calibration_slope", "REAL",
                              "1 is right; below 1 the probabilities are too extreme, above too timid"},
    [CHURN_BACKTEST_CUSTOMERS] = {"customers", "INTEGER", "who had bought by the split day, and are scored"},
    [CHURN_BACKTEST_BOUGHT] = {"bought", "INTEGER", "of them, with a purchase in the holdout"},
    [CHURN_BACKTEST_NEW] = {"new_customers", "INTEGER", "first purchase in the holdout: not scored"},
    [CHURN_BACKTEST_SPLIT] = {"split_date", "DATE", "last day of what was known"},
    [CHURN_BACKTEST_NOTE] = {"note", "TEXT", "why there are no probabilities; of auto: what was chosen, and why"},
    {0},
};

typedef struct ChurnBacktestState {
    Backtest backtest;
    BacktestScore score[METHODS_COUNT];
    const char *note[METHODS_COUNT];
} ChurnBacktestState;

/* What auto chose has its score already, unless that is a rule: it is ranked by the value of the rule, and auto by the
 * probability. */
static void churn_backtest_auto(Call *call, ChurnBacktestState *state, double z) {
    const Methods *methods = &state->backtest.methods;
    Method chosen = methods->chosen;
    bool is_rule = (int)chosen >= METHODS_RULE && (int)chosen < METHODS_RULE + METHODS_RULES;
    state->note[METHODS_AUTO] = methods_choice(methods, false, call->arena, call->err);
    state->score[METHODS_AUTO] = is_rule || chosen == METHODS_COUNT
                                     ? backtest_score(&state->backtest, METHODS_AUTO, z, call->err, call->poll)
                                     : state->score[chosen];
}

static int64_t churn_backtest_open(Call *call) {
    const ArgValue *asked = &call->args[CHURN_BACKTEST_HOLDOUT];
    ChurnBacktestState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    int32_t holdout = backtest_holdout(&call->book, asked->given ? asked->integer : 0, call->err);
    if (call->err->rc || call->book.n_buyers == 0) return 0;
    Backtest *backtest = &state->backtest;
    backtest_open(backtest, &call->book, holdout, call->arena, call->err, call->poll);
    double z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    for (int method = 0; method < METHODS_COUNT && !call->err->rc; method++) {
        if (method == METHODS_AUTO) continue;
        state->score[method] = backtest_score(backtest, (Method)method, z, call->err, call->poll);
        state->note[method] = methods_reason(&backtest->methods, (Method)method);
    }
    churn_backtest_auto(call, state, z);
    return METHODS_COUNT;
}

static void churn_backtest_cell(const void *pointer, int64_t row, int col, Out *out) {
    const ChurnBacktestState *state = pointer;
    const Backtest *backtest = &state->backtest;
    const BacktestScore *score = &state->score[row];
    switch (col) {
        case CHURN_BACKTEST_METHOD: out_static(out, retain_method_names[row]); break;
        case CHURN_BACKTEST_AUC: out_real(out, score->auc); break;
        case CHURN_BACKTEST_LOW: out_real(out, score->auc_low); break;
        case CHURN_BACKTEST_HIGH: out_real(out, score->auc_high); break;
        case CHURN_BACKTEST_BRIER: out_real(out, score->brier); break;
        case CHURN_BACKTEST_LOG_LOSS: out_real(out, score->log_loss); break;
        case CHURN_BACKTEST_LIFT: out_real(out, score->lift_top); break;
        case CHURN_BACKTEST_PRECISION: out_real(out, score->precision_top); break;
        case CHURN_BACKTEST_SLOPE: out_real(out, score->slope); break;
        case CHURN_BACKTEST_CUSTOMERS: out_int(out, backtest->n); break;
        case CHURN_BACKTEST_BOUGHT: out_int(out, backtest->bought); break;
        case CHURN_BACKTEST_NEW: out_int(out, backtest->new_customers); break;
        case CHURN_BACKTEST_SPLIT: out_day(out, backtest->split); break;
        default: out_text(out, state->note[row]);
    }
}

const TvfDef tvf_churn_backtest = {
    .name = "churn_backtest",
    .text = {.doc = "how good would each way to predict churn have been in this very shop",
             .definition =
                 "The event is no purchase in the holdout_days after split_date = as_of - holdout_days, predicted from"
                 " the orders up to and with split_date for every customer who had bought by then. Models: bgnbd,"
                 " mbgnbd, pnbd, nbd (pnbd on a sample of at most 2500 customers where histories are many). classifier:"
                 " penalised logistic regression over silence, frequency, age, overdue ratio, trends and the models' log"
                 " odds, learned from what happened before the split. Naive rules: days_since_last; own_gap, the"
                 " overdue_ratio of churn_candidates; six_months, silent for six calendar months; frequency, fewer"
                 " purchase days first. A rule is ranked as it is, its probabilities and those of base_rate are"
                 " learned before the split. auto: the method with the best log score before the split, on customers and"
                 " time that it was not fitted to. A row per method, in this order: models, auto, classifier, rules,"
                 " base_rate.",
             .example = "SELECT * FROM churn_backtest('orders')"},
    .cols = churn_backtest_cols,
    .args = churn_backtest_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS | CALL_CONFIDENCE,
    .open = churn_backtest_open,
    .cell = churn_backtest_cell,
};
