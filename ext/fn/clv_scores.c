/* clv_scores.c - p_alive(), p_no_purchase(), expected_purchases(), expected_spend() and predicted_clv(): any row
 * scored with a model that clv_fit() has fitted, here or elsewhere.
 *
 *     SELECT customer_id, p_alive(model, frequency, recency, age) FROM models, customers;
 *
 * The figures are those of the columns of the same names in clv and churn_candidates.  Time is in the unit in which
 * the model was fitted, for clv_fit in days; it need not be whole.  A model that is a constant of the statement is
 * read once.
 */
#include "base/libm.h"
#include "data/history.h"
#include "data/modeltext.h"
#include "host/function.h"

/* The arguments that the first three functions share; the others take some of them in an order of their own. */
enum { CLV_SCORES_MODEL, CLV_SCORES_FREQUENCY, CLV_SCORES_RECENCY, CLV_SCORES_AGE, CLV_SCORES_DAYS };
enum { CLV_SCORES_SPEND_MONETARY = 2 };
enum { CLV_SCORES_MONETARY = 4, CLV_SCORES_HORIZON, CLV_SCORES_DISCOUNT, CLV_SCORES_MARGIN };

#define CLV_SCORES_MONEY_MAX 1e15

#define CLV_SCORES_MODEL_ARG                                                                                   \
    {.name = "model", .kind = ARG_TEXT, .required = true, .doc = "the JSON text that clv_fit returned"}
#define CLV_SCORES_FREQUENCY_ARG                                                                               \
    {.name = "frequency", .kind = ARG_REAL, .required = true, .max = HISTORY_DAYS_MAX,                         \
     .doc = "purchase days - 1"}
#define CLV_SCORES_HISTORY_ARGS                                                                                \
    [CLV_SCORES_MODEL] = CLV_SCORES_MODEL_ARG, [CLV_SCORES_FREQUENCY] = CLV_SCORES_FREQUENCY_ARG,              \
    [CLV_SCORES_RECENCY] = {.name = "recency", .kind = ARG_REAL, .required = true, .max = HISTORY_DAYS_MAX,    \
                            .doc = "days from the first to the last purchase"},                                \
    [CLV_SCORES_AGE] = {.name = "age", .kind = ARG_REAL, .required = true, .max = HISTORY_DAYS_MAX,            \
                        .doc = "days from the first purchase to the day on which we look"}
#define CLV_SCORES_MONETARY_ARG                                                                                \
    {.name = "monetary_value", .kind = ARG_REAL, .required = true, .min = -CLV_SCORES_MONEY_MAX,               \
     .max = CLV_SCORES_MONEY_MAX,                                                                              \
     .doc = "mean net amount of the repeat purchase days; it may be NULL where frequency is 0"}

static const ArgSpec clv_scores_history_args[] = {CLV_SCORES_HISTORY_ARGS, {0}};
static const ArgSpec clv_scores_days_args[] = {
    CLV_SCORES_HISTORY_ARGS,
    [CLV_SCORES_DAYS] = {.name = "days", .kind = ARG_REAL, .required = true, .max = 36500,
                         .doc = "how far ahead"},
    {0},
};
static const ArgSpec clv_scores_spend_args[] = {
    [CLV_SCORES_MODEL] = CLV_SCORES_MODEL_ARG,
    [CLV_SCORES_FREQUENCY] = CLV_SCORES_FREQUENCY_ARG,
    [CLV_SCORES_SPEND_MONETARY] = CLV_SCORES_MONETARY_ARG,
    {0},
};
static const ArgSpec clv_scores_value_args[] = {
    CLV_SCORES_HISTORY_ARGS,
    [CLV_SCORES_MONETARY] = CLV_SCORES_MONETARY_ARG,
    [CLV_SCORES_HORIZON] = {.name = "horizon_days", .kind = ARG_REAL, .dflt = 365, .max = 36500,
                            .doc = "how many days are valued"},
    [CLV_SCORES_DISCOUNT] = {.name = "annual_discount_rate", .kind = ARG_REAL, .dflt = 0.10, .max = 10,
                             .doc = "0.10 is 10 % a year"},
    [CLV_SCORES_MARGIN] = {.name = "margin", .kind = ARG_REAL, .dflt = 1, .min = -10, .max = 10,
                           .doc = "share of the net amount that counts as value"},
    {0},
};

/* ---- Reading the arguments ---- */

/* The model; false for NULL, and when err is set. */
static bool clv_scores_model(Modeltext *model, Out *out, Err *err, sqlite3_value *value) {
    const Modeltext *kept = function_kept(out, CLV_SCORES_MODEL);
    int type = sqlite3_value_type(value);
    if (kept) *model = *kept;
    if (kept || type == SQLITE_NULL) return kept != NULL;
    if (type != SQLITE_TEXT) {
        err_set(err, SQLITE_ERROR, "model must be what clv_fit returns: a text, not a %s",
                type == SQLITE_BLOB ? "blob" : "number");
        return false;
    }
    const char *text = (const char *)sqlite3_value_text(value);
    if (!text) {
        err_nomem(err);
        return false;
    }
    modeltext_read(model, text, sqlite3_value_bytes(value), err);
    if (!err->rc) function_keep(out, CLV_SCORES_MODEL, model, sizeof(*model));
    return !err->rc;
}

/* The numbers from first to last; an optional one that is not there, or NULL, has its default. */
static bool clv_scores_numbers(const ArgSpec *args, int first, int last, Err *err, int n, sqlite3_value **values,
                               double *number) {
    for (int i = first; i <= last; i++) {
        number[i] = args[i].dflt;
        if (i >= n) continue;
        if (!function_number(&args[i], values[i], err, &number[i]) && (err->rc || args[i].required)) return false;
    }
    return true;
}

/* Model, frequency, recency and age, as the functions of a history begin. */
static bool clv_scores_history(Modeltext *model, double *number, Out *out, Err *err, int n, sqlite3_value **values) {
    if (!clv_scores_numbers(clv_scores_history_args, CLV_SCORES_FREQUENCY, CLV_SCORES_AGE, err, n, values, number) ||
        !clv_scores_model(model, out, err, values[CLV_SCORES_MODEL]))
        return false;
    history_check(number[CLV_SCORES_FREQUENCY], number[CLV_SCORES_RECENCY], number[CLV_SCORES_AGE], false, err);
    return !err->rc;
}

/* A monetary value is not asked for where there is no repeat purchase. */
static bool clv_scores_money(const ArgSpec *spec, double frequency, sqlite3_value *value, Err *err, double *money) {
    *money = 0;
    return function_number(spec, value, err, money) || (!err->rc && frequency == 0);
}

/* ---- The figures ---- */

static double clv_scores_alive(const Modeltext *model, const double *number) {
    return purchase_p_alive(&model->law, number[CLV_SCORES_FREQUENCY], number[CLV_SCORES_RECENCY],
                            number[CLV_SCORES_AGE]);
}

static void clv_scores_call_alive(Out *out, Err *err, int n, sqlite3_value **values) {
    Modeltext model;
    double number[CLV_SCORES_AGE + 1];
    if (clv_scores_history(&model, number, out, err, n, values)) out_real(out, clv_scores_alive(&model, number));
}

static void clv_scores_call_no_purchase(Out *out, Err *err, int n, sqlite3_value **values) {
    Modeltext model;
    double number[CLV_SCORES_DAYS + 1];
    if (clv_scores_numbers(clv_scores_days_args, CLV_SCORES_DAYS, CLV_SCORES_DAYS, err, n, values, number) &&
        clv_scores_history(&model, number, out, err, n, values))
        out_real(out, purchase_p_no_purchase(&model.law, number[CLV_SCORES_FREQUENCY], number[CLV_SCORES_RECENCY],
                                             number[CLV_SCORES_AGE], number[CLV_SCORES_DAYS]));
}

static void clv_scores_call_purchases(Out *out, Err *err, int n, sqlite3_value **values) {
    Modeltext model;
    double number[CLV_SCORES_DAYS + 1];
    if (clv_scores_numbers(clv_scores_days_args, CLV_SCORES_DAYS, CLV_SCORES_DAYS, err, n, values, number) &&
        clv_scores_history(&model, number, out, err, n, values)) {
        PurchaseCount alive = purchase_if_alive(&model.law, number[CLV_SCORES_FREQUENCY], number[CLV_SCORES_AGE],
                                                number[CLV_SCORES_DAYS], 0);
        out_real(out, clv_scores_alive(&model, number) * alive.expected);
    }
}

static void clv_scores_call_spend(Out *out, Err *err, int n, sqlite3_value **values) {
    Modeltext model;
    double frequency, money;
    (void)n;
    if (function_number(&clv_scores_spend_args[CLV_SCORES_FREQUENCY], values[CLV_SCORES_FREQUENCY], err,
                        &frequency) &&
        clv_scores_money(&clv_scores_spend_args[CLV_SCORES_SPEND_MONETARY], frequency,
                         values[CLV_SCORES_SPEND_MONETARY], err, &money) &&
        clv_scores_model(&model, out, err, values[CLV_SCORES_MODEL]))
        out_real(out, modeltext_spend(&model, frequency, money));
}

static void clv_scores_call_value(Out *out, Err *err, int n, sqlite3_value **values) {
    Modeltext model;
    double number[CLV_SCORES_MARGIN + 1];
    if (!clv_scores_history(&model, number, out, err, n, values) ||
        !clv_scores_money(&clv_scores_value_args[CLV_SCORES_MONETARY], number[CLV_SCORES_FREQUENCY],
                          values[CLV_SCORES_MONETARY], err, &number[CLV_SCORES_MONETARY]) ||
        !clv_scores_numbers(clv_scores_value_args, CLV_SCORES_HORIZON, CLV_SCORES_MARGIN, err, n, values, number))
        return;
    PurchaseCount alive = purchase_if_alive(&model.law, number[CLV_SCORES_FREQUENCY], number[CLV_SCORES_AGE],
                                            number[CLV_SCORES_HORIZON],
                                            purchase_discount(number[CLV_SCORES_DISCOUNT]));
    double spend = modeltext_spend(&model, number[CLV_SCORES_FREQUENCY], number[CLV_SCORES_MONETARY]);
    out_real(out, number[CLV_SCORES_MARGIN] * clv_scores_alive(&model, number) * alive.discounted * spend);
}

/* ---- The functions ---- */

#define CLV_SCORES_EXAMPLE_MODEL "'{\"model\":\"bgnbd\",\"r\":0.243,\"alpha\":30.9,\"a\":0.793,\"b\":2.426}'"

const ScalarDef scalar_p_alive = {
    .name = "p_alive",
    .text = {.doc = "P(still a customer), by a model that clv_fit has fitted",
             .definition = "as the column p_alive of clv. A BG/NBD says 1 for everybody with frequency 0: rank churn by"
                           " p_no_purchase. NULL when an argument is NULL.",
             .example = "SELECT p_alive(" CLV_SCORES_EXAMPLE_MODEL ", 2, 210, 270)"},
    .args = clv_scores_history_args,
    .call = clv_scores_call_alive,
};

const ScalarDef scalar_p_no_purchase = {
    .name = "p_no_purchase",
    .text = {.doc = "P(no purchase in the next days), by a model that clv_fit has fitted",
             .definition = "as the column churn_probability of churn_candidates with horizon_days = days: gone, or"
                           " alive and waiting. NULL when an argument is NULL.",
             .example = "SELECT p_no_purchase(" CLV_SCORES_EXAMPLE_MODEL ", 2, 210, 270, 90)"},
    .args = clv_scores_days_args,
    .call = clv_scores_call_no_purchase,
};

const ScalarDef scalar_expected_purchases = {
    .name = "expected_purchases",
    .text = {.doc = "expected purchase days in the next days, by a model that clv_fit has fitted",
             .definition = "as the column expected_purchases of clv with horizon_days = days. NULL when an argument is"
                           " NULL.",
             .example = "SELECT expected_purchases(" CLV_SCORES_EXAMPLE_MODEL ", 2, 210, 270, 365)"},
    .args = clv_scores_days_args,
    .call = clv_scores_call_purchases,
};

const ScalarDef scalar_expected_spend = {
    .name = "expected_spend",
    .text = {.doc = "expected net amount of a purchase day, by a model that clv_fit has fitted",
             .definition = "Gamma-Gamma: p (gamma + frequency x monetary_value) / (p x frequency + q - 1), and the"
                           " model's mean where that does not exist. NULL when an argument is NULL, but for"
                           " monetary_value where frequency is 0, and for a model without spend.",
             .example = "SELECT expected_spend('{\"model\":\"nbd\",\"r\":0.4,\"alpha\":80,\"spend\":{\"p\":6.25,"
                        "\"q\":3.74,\"gamma\":15.44}}', 2, 22.35)"},
    .args = clv_scores_spend_args,
    .call = clv_scores_call_spend,
};

const ScalarDef scalar_predicted_clv = {
    .name = "predicted_clv",
    .text = {.doc = "discounted net amount expected of a customer, by a model that clv_fit has fitted",
             .definition = "as the column predicted_clv of clv: margin x p_alive x the expected purchases in the next"
                           " horizon_days of a customer alive, each weighing (1 + annual_discount_rate)^(-days /"
                           " 365.25), x expected_spend. NULL when an argument is NULL, but for monetary_value where"
                           " frequency is 0 and for the optional ones, and for a model without spend.",
             .example = "SELECT predicted_clv(clv_fit(frequency, recency, age, monetary_value), 2, 210, 270, 22.35)"
                        " FROM clv('orders')"},
    .args = clv_scores_value_args,
    .call = clv_scores_call_value,
};
