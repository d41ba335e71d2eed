/* clv_model.c - clv_model(): what the models learned about the shop, and which one is to be believed.
 *
 *     SELECT model, parameter, value, std_error, log_score, chosen FROM clv_model('orders');
 *     SELECT parameter, value, std_error FROM clv_model('orders', 'classifier');
 *
 * A row per parameter of each method of data/methods.h, as of as_of and for a horizon, and of the Gamma-Gamma model of
 * spend.  log_score is the mean ln of the probability that the method, fitted earlier, gave to what each customer did in
 * the last horizon_days, at most a third of the history.
 */
#include "base/libm.h"
#include "data/buyers.h"
#include "data/lawfit.h"
#include "data/methods.h"
#include "data/predictor.h"
#include "host/call.h"

enum { CLV_MODEL_ONLY, CLV_MODEL_HORIZON };
enum {
    CLV_MODEL_MODEL,
    CLV_MODEL_PARAMETER,
    CLV_MODEL_VALUE,
    CLV_MODEL_ERROR,
    CLV_MODEL_LOGLIK,
    CLV_MODEL_AIC,
    CLV_MODEL_BIC,
    CLV_MODEL_CUSTOMERS,
    CLV_MODEL_ONE_TIMERS,
    CLV_MODEL_ITERATIONS,
    CLV_MODEL_CONVERGED,
    CLV_MODEL_WARNING,
    CLV_MODEL_LOG_SCORE,
    CLV_MODEL_CHOSEN,
    CLV_MODEL_CHOSEN_CHURN,
    CLV_MODEL_REASON
};

/* "all", the methods, of which auto stands for those that it takes, and the model of spend. */
static const char *const clv_model_names[] = {
    "all", "bgnbd", "mbgnbd", "pnbd", "nbd", "classifier", "blend", "days_since_last", "own_gap", "six_months", "frequency",
    "base_rate", "gammagamma", "auto", NULL};
enum { CLV_MODEL_SPEND = METHODS_COUNT, CLV_MODEL_ROWS_MAX = 64 };

static const ArgSpec clv_model_args[] = {
    [CLV_MODEL_ONLY] = {.name = "only_model", .kind = ARG_CHOICE, .choices = clv_model_names, 
                        .doc = "one of them alone; auto: what it takes in clv and in churn_candidates"},
    [CLV_MODEL_HORIZON] = {.name = "horizon_days", .kind = ARG_INTEGER, .dflt = 365, .min = 1, .max = 36500,
                           .doc = "how far ahead auto looks; clv's horizon_days"},
    {0},
};

static const ColSpec clv_model_cols[] = {
    [CLV_MODEL_MODEL] = {"model", "TEXT", "a method of churn_backtest, or gammagamma, the model of spend"},
    [CLV_MODEL_PARAMETER] = {"parameter", "TEXT", "its name; NULL where the model could not be fitted"},
    [CLV_MODEL_VALUE] = {"value", "REAL",
                         "alpha, and beta of pnbd, in days; of classifier and rules the change of the log odds of no"
                         " purchase by a standard deviation of the feature"},
    [CLV_MODEL_ERROR] = {"std_error", "REAL", "asymptotic standard error; NULL when not identified"},
    [CLV_MODEL_LOGLIK] = {"log_likelihood", "REAL",
                          "of the histories; of classifier and rules, of the outcomes they were learned from"},
    [CLV_MODEL_AIC] = {"aic", "REAL", "2 x parameters - 2 x log_likelihood; not of penalised methods"},
    [CLV_MODEL_BIC] = {"bic", "REAL", "ln(customers) x parameters - 2 x log_likelihood; the same"},
    [CLV_MODEL_CUSTOMERS] = {"customers", "INTEGER", "to whom it was fitted"},
    [CLV_MODEL_ONE_TIMERS] = {"one_timers", "INTEGER", "of them, with one purchase day; NULL where that is no matter"},
    [CLV_MODEL_ITERATIONS] = {"iterations", "INTEGER", "of the search"},
    [CLV_MODEL_CONVERGED] = {"converged", "INTEGER", "1: the search ended in an optimum"},
    [CLV_MODEL_WARNING] = {"warning", "TEXT", "what limits the fit; NULL: nothing"},
    [CLV_MODEL_LOG_SCORE] = {"log_score", "REAL",
                             "mean ln(probability of what customers did), fitted earlier; 0 is perfect"},
    [CLV_MODEL_CHOSEN] = {"chosen", "INTEGER", "1: what auto takes in clv, the best of the models of repeat buying"},
    [CLV_MODEL_CHOSEN_CHURN] = {"chosen_for_churn", "INTEGER", "1: what auto takes in churn_candidates, of all"},
    [CLV_MODEL_REASON] = {"reason", "TEXT", "why it was chosen, or why there is nothing"},
    {0},
};

typedef struct ClvModelRow {
    int model; /* a Method, or CLV_MODEL_SPEND */
    const char *parameter;
    double value, std_error;
} ClvModelRow;

/* What all rows of a model share. */
typedef struct ClvModelFit {
    double log_likelihood, aic, bic, log_score;
    int64_t customers, one_timers; /* -1: none to tell */
    int iterations;
    bool converged, chosen, chosen_for_churn;
    const char *warning, *reason;
} ClvModelFit;

typedef struct ClvModelState {
    ClvModelRow rows[CLV_MODEL_ROWS_MAX];
    int64_t n_rows;
    ClvModelFit fits[METHODS_COUNT + 1];
} ClvModelState;

static void clv_model_row(ClvModelState *state, int model, const char *parameter, double value, double std_error) {
    state->rows[state->n_rows++] = (ClvModelRow){model, parameter, value, std_error};
}

static const char *clv_model_add(Call *call, const char *warnings, bool holds, const char *warning) {
    if (!holds || !warnings) return holds ? warning : warnings;
    return arena_printf(call->arena, call->err, "%s; %s", warnings, warning);
}

/* ---- Models of repeat buying ---- */

static void clv_model_warn(Call *call, const Shopview *view, int model, ClvModelFit *out) {
    unsigned warnings = view->fit[model].warnings;
    const char *text = NULL;
    text = clv_model_add(call, text, warnings & BGNBDFIT_NOT_CONVERGED, "not_converged");
    text = clv_model_add(call, text, warnings & BGNBDFIT_NO_ATTRITION, "no_attrition");
    text = clv_model_add(call, text, warnings & BGNBDFIT_RIDGE, "ridge");
    text = clv_model_add(call, text, view->repeaters < PREDICTOR_REPEAT_FEW, "few_repeat_customers");
    if (view->fit[model].sampled > 0)
        text = clv_model_add(call, text, true,
                             arena_printf(call->arena, call->err, "sample: fitted to %lld customers",
                                          (long long)view->fit[model].sampled));
    out->warning = text;
}

static void clv_model_law(Call *call, ClvModelState *state, const Methods *methods, const Buyers *buyers, int model) {
    const Shopview *view = &methods->view[0];
    const Purchasefit *fit = &view->fit[model];
    const PurchasefitModel *known = &retain_purchasefit_models[model];
    ClvModelFit *out = &state->fits[model];
    out->customers = view->customers;
    if (view->repeaters < SHOPVIEW_REPEAT_MIN) {
        clv_model_row(state, model, NULL, NAN, NAN);
        return;
    }
    double n = (double)fit->customers;
    out->one_timers = fit->one_timers;
    out->iterations = fit->iterations;
    out->converged = fit->converged;
    out->log_likelihood = lawfit_log_likelihood(fit, buyers, call->err, call->poll);
    out->aic = 2 * known->n_params - 2 * out->log_likelihood;
    out->bic = log(n) * known->n_params - 2 * out->log_likelihood;
    clv_model_warn(call, view, model, out);
    for (int i = 0; i < known->n_params; i++)
        clv_model_row(state, model, known->params[i], fit->value[i], fit->std_error[i]);
}

/* ---- What was learned from outcomes ---- */

static void clv_model_logit(ClvModelState *state, int method, const LogitFit *fit, const MethodsLesson *lesson,
                            const char *const *names, int n_names) {
    ClvModelFit *out = &state->fits[method];
    out->customers = lesson->customers;
    out->iterations = fit->iterations;
    out->converged = fit->converged;
    out->log_likelihood = fit->log_likelihood;
    clv_model_row(state, method, "intercept", fit->intercept, fit->std_error[0]);
    for (int j = 0; j < fit->k && j < n_names; j++)
        clv_model_row(state, method, names[j], fit->coefficient[j], fit->std_error[j + 1]);
}

static void clv_model_learned(ClvModelState *state, const Methods *methods, int method) {
    const MethodsLesson *lesson = &methods->lesson[1];
    bool classifies = method == METHODS_CLASSIFIER || method == METHODS_BLEND;
    if (lesson->reason || (classifies && lesson->classifier_reason)) {
        clv_model_row(state, method, NULL, NAN, NAN);
    } else if (method == METHODS_CLASSIFIER) {
        clv_model_logit(state, method, &lesson->classifier, lesson, retain_shopview_features,
                        SHOPVIEW_FEATURES);
    } else if (method == METHODS_BLEND) {
        state->fits[method].customers = lesson->customers;
        clv_model_row(state, method, "weight_of_classifier", METHODS_BLEND_WEIGHT, NAN);
    } else if (method == METHODS_BASE_RATE) {
        double p = lesson->base_rate;
        state->fits[method].customers = lesson->customers;
        clv_model_row(state, method, "share_without_purchase", p, sqrt(p * (1 - p) / (double)lesson->customers));
    } else {
        static const char *const slope[] = {"slope"};
        clv_model_logit(state, method, &lesson->rule[method - METHODS_RULE], lesson, slope, 1);
    }
}

/* ---- Spend ---- */

static void clv_model_spend(Call *call, ClvModelState *state, const Methods *methods, const Buyers *buyers) {
    Predictor predictor;
    ClvModelFit *out = &state->fits[CLV_MODEL_SPEND];
    predictor_choose(&predictor, methods, NULL, &call->book, buyers, call->arena, call->err, call->poll);
    const GammagammaFit *fit = &predictor.spend;
    if (!predictor.has_spend || call->err->rc) {
        out->reason = predictor.note;
        clv_model_row(state, CLV_MODEL_SPEND, NULL, NAN, NAN);
        return;
    }
    const char *text = NULL;
    text = clv_model_add(call, text, fit->warnings & GAMMAGAMMA_MEAN_INFINITE, "spend_mean_infinite");
    text = clv_model_add(call, text, fit->warnings & GAMMAGAMMA_CORRELATED, "spend_frequency_correlated");
    out->warning = clv_model_add(call, text, fit->warnings & GAMMAGAMMA_RIDGE, "ridge");
    out->customers = fit->customers;
    out->iterations = fit->iterations;
    out->converged = fit->converged;
    out->log_likelihood = fit->log_likelihood;
    out->aic = 6 - 2 * fit->log_likelihood;
    out->bic = 3 * log((double)fit->customers) - 2 * fit->log_likelihood;
    clv_model_row(state, CLV_MODEL_SPEND, "p", fit->params.p, fit->std_error.p);
    clv_model_row(state, CLV_MODEL_SPEND, "q", fit->params.q, fit->std_error.q);
    clv_model_row(state, CLV_MODEL_SPEND, "gamma", fit->params.gamma, fit->std_error.gamma);
}

/* ---- The table ---- */

static void clv_model_choice(Call *call, ClvModelState *state, const Methods *methods) {
    for (int method = 0; method < METHODS_COUNT; method++) {
        ClvModelFit *fit = &state->fits[method];
        fit->log_score = methods->log_score[method];
        fit->chosen = method == (int)methods->law;
        fit->chosen_for_churn = method == (int)methods->chosen;
        fit->reason = methods_reason(methods, (Method)method);
    }
    if (methods->law != METHODS_COUNT)
        state->fits[methods->law].reason = methods_choice(methods, true, call->arena, call->err);
    if (methods->chosen != METHODS_COUNT)
        state->fits[methods->chosen].reason = methods_choice(methods, false, call->arena, call->err);
}

/* True when the rows of a model are asked for.  Where auto takes none, the default model says why. */
static bool clv_model_asked(const Call *call, const ClvModelState *state, const Methods *methods, int model) {
    int64_t only = call->args[CLV_MODEL_ONLY].integer;
    if (only == 0) return true;
    if (sqlite3_stricmp(clv_model_names[only], retain_method_names[METHODS_AUTO]) == 0)
        return model < CLV_MODEL_SPEND && (state->fits[model].chosen || state->fits[model].chosen_for_churn ||
                                           (methods->law == METHODS_COUNT && model == PURCHASE_MBGNBD));
    return sqlite3_stricmp(clv_model_names[only], model == CLV_MODEL_SPEND ? "gammagamma"
                                                                           : retain_method_names[model]) == 0;
}

static int64_t clv_model_open(Call *call) {
    ClvModelState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    Methods *methods = arena_alloc(call->arena, call->err, 1, sizeof(*methods));
    Buyers buyers;
    if (call->err->rc) return 0;
    call->state = state;
    if (call->book.n_buyers == 0) return 0;
    methods_open(methods, &call->book, call->book.as_of, (int32_t)call->args[CLV_MODEL_HORIZON].integer, call->arena,
                 call->err, call->poll);
    buyers_summarise(&buyers, &call->book, call->arena, call->err);
    if (call->err->rc) return 0;
    for (int model = 0; model <= CLV_MODEL_SPEND; model++)
        state->fits[model] = (ClvModelFit){.log_likelihood = NAN, .aic = NAN, .bic = NAN, .log_score = NAN,
                                           .customers = -1, .one_timers = -1};
    clv_model_choice(call, state, methods);
    for (int model = 0; model <= CLV_MODEL_SPEND && !call->err->rc; model++) {
        if (model == METHODS_AUTO || !clv_model_asked(call, state, methods, model)) continue;
        if (model == CLV_MODEL_SPEND) clv_model_spend(call, state, methods, &buyers);
        else if (model < METHODS_AUTO) clv_model_law(call, state, methods, &buyers, model);
        else clv_model_learned(state, methods, model);
    }
    return state->n_rows;
}

/* A count, or that there is none. */
static void clv_model_count(Out *out, int64_t count) {
    if (count < 0) out_null(out);
    else out_int(out, count);
}

static void clv_model_cell(const void *pointer, int64_t row_number, int col, Out *out) {
    const ClvModelState *state = pointer;
    const ClvModelRow *row = &state->rows[row_number];
    const ClvModelFit *fit = &state->fits[row->model];
    switch (col) {
        case CLV_MODEL_MODEL:
            out_static(out, row->model == CLV_MODEL_SPEND ? "gammagamma" : retain_method_names[row->model]);
            break;
        case CLV_MODEL_PARAMETER: out_static(out, row->parameter); break;
        case CLV_MODEL_VALUE: out_real(out, row->value); break;
        case CLV_MODEL_ERROR: out_real(out, row->std_error); break;
        case CLV_MODEL_LOGLIK: out_real(out, fit->log_likelihood); break;
        case CLV_MODEL_AIC: out_real(out, fit->aic); break;
        case CLV_MODEL_BIC: out_real(out, fit->bic); break;
        case CLV_MODEL_CUSTOMERS: clv_model_count(out, fit->customers); break;
        case CLV_MODEL_ONE_TIMERS: clv_model_count(out, fit->one_timers); break;
        case CLV_MODEL_ITERATIONS: clv_model_count(out, fit->iterations > 0 ? fit->iterations : -1); break;
        case CLV_MODEL_CONVERGED: clv_model_count(out, fit->iterations > 0 ? fit->converged : -1); break;
        case CLV_MODEL_WARNING: out_text(out, fit->warning); break;
        case CLV_MODEL_LOG_SCORE: out_real(out, fit->log_score); break;
        case CLV_MODEL_CHOSEN: out_int(out, fit->chosen); break;
        case CLV_MODEL_CHOSEN_CHURN: out_int(out, fit->chosen_for_churn); break;
        default: out_text(out, fit->reason);
    }
}

const TvfDef tvf_clv_model = {
    .name = "clv_model",
    .text = {.doc = "what the models learned about the shop, how well each predicted, and which one auto takes",
             .definition =
                 "A row per parameter of each model of repeat buying (bgnbd, mbgnbd, pnbd, nbd), of the classifier and the"
                 " naive rules, and of gammagamma, the model of spend. log_score: fitted before the last h days, h ="
                 " horizon_days but at most a third of the history, and scored on who bought in them; what learns from"
                 " outcomes learned from the h days before those. chosen: the model with the best log_score, chosen_for_churn:"
                 " the method with the best, each time the simpler of those within 0.0001. pnbd is fitted to a sample of"
                 " at most 2500 customers where histories are many. Rows are in the order of the models and their parameters.",
             .example = "SELECT * FROM clv_model('orders')"},
    .cols = clv_model_cols,
    .args = clv_model_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS,
    .open = clv_model_open,
    .cell = clv_model_cell,
};
