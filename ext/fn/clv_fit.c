/* clv_fit.c - clv_fit(): a model of customers' purchases as a text, to be kept and used on any row.
 *
 *     CREATE TABLE models AS SELECT clv_fit(frequency, recency, age, monetary_value) AS model FROM customers;
 *     SELECT customer_id, p_no_purchase(model, frequency, recency, age, 90) FROM models, customers;
 *
 * The same fits as in the tables clv and churn_candidates: the purchase model by maximum likelihood over
 * frequency, recency and age in whole days, and with monetary_value a Gamma-Gamma over the customers with a
 * repeat purchase.  The text is described in data/modeltext.h.
 */
#include "base/libm.h"
#include "data/history.h"
#include "data/modeltext.h"
#include "host/function.h"

enum { CLV_FIT_FREQUENCY, CLV_FIT_RECENCY, CLV_FIT_AGE, CLV_FIT_MONETARY, CLV_FIT_MODEL };
enum { CLV_FIT_ROOM = 256 }; /* customers at first */
#define CLV_FIT_MONEY_MAX 1e15

static const ArgSpec clv_fit_args[] = {
    [CLV_FIT_FREQUENCY] = {.name = "frequency", .kind = ARG_INTEGER, .required = true, .max = HISTORY_DAYS_MAX,
                           .doc = "purchase days - 1; a row where it, recency or age is NULL is left out"},
    [CLV_FIT_RECENCY] = {.name = "recency", .kind = ARG_INTEGER, .required = true, .max = HISTORY_DAYS_MAX,
                         .doc = "whole days from the first to the last purchase"},
    [CLV_FIT_AGE] = {.name = "age", .kind = ARG_INTEGER, .required = true, .max = HISTORY_DAYS_MAX,
                     .doc = "whole days from the first purchase to the day on which we look"},
    [CLV_FIT_MONETARY] = {.name = "monetary_value", .kind = ARG_REAL, .min = -CLV_FIT_MONEY_MAX,
                          .max = CLV_FIT_MONEY_MAX,
                          .doc = "mean net amount of the repeat purchase days; NULL where it is not known; without"
                                 " it there is no model of spend"},
    [CLV_FIT_MODEL] = {.name = "model", .kind = ARG_CHOICE, .choices = retain_law_names, .dflt = PURCHASE_MBGNBD,
                       .doc = "model of repeat buying; the same in every row"},
    {0},
};

typedef struct ClvFitGroup {
    int64_t n, n_max;
    int64_t n_repeat;
    int32_t *frequency, *recency, *age;
    double *monetary_value;
    bool has_model, has_amounts;
    PurchaseModel model;
} ClvFitGroup;

static void *clv_fit_widen(void *array, int64_t n, size_t size, Err *err) {
    void *wider = err->rc ? NULL : sqlite3_realloc64(array, (uint64_t)n * size);
    if (wider) return wider;
    err_nomem(err);
    return array;
}

static void clv_fit_reserve(ClvFitGroup *group, Err *err) {
    if (group->n < group->n_max) return;
    int64_t n = group->n_max ? 2 * group->n_max : CLV_FIT_ROOM;
    group->frequency = clv_fit_widen(group->frequency, n, sizeof(*group->frequency), err);
    group->recency = clv_fit_widen(group->recency, n, sizeof(*group->recency), err);
    group->age = clv_fit_widen(group->age, n, sizeof(*group->age), err);
    group->monetary_value = clv_fit_widen(group->monetary_value, n, sizeof(*group->monetary_value), err);
    if (!err->rc) group->n_max = n;
}

static void clv_fit_read_model(ClvFitGroup *group, Err *err, sqlite3_value *value) {
    ArgValue model;
    Arena arena = {0};
    args_read(&model, &clv_fit_args[CLV_FIT_MODEL], CIVIL_GREGORIAN, value, &arena, err);
    arena_free(&arena);
    if (group->has_model && group->model != (PurchaseModel)model.integer)
        err_set(err, SQLITE_ERROR, "model must be the same in every row of a group");
    group->model = (PurchaseModel)model.integer;
    group->has_model = true;
}

static void clv_fit_step(void *state, Err *err, int n, sqlite3_value **values) {
    ClvFitGroup *group = state;
    double number[CLV_FIT_AGE + 1], money = (double)NAN;
    if (!group->has_model || n > CLV_FIT_MODEL)
        clv_fit_read_model(group, err, n > CLV_FIT_MODEL ? values[CLV_FIT_MODEL] : NULL);
    for (int i = 0; i <= CLV_FIT_AGE && !err->rc; i++)
        if (!function_number(&clv_fit_args[i], values[i], err, &number[i])) return;
    if (err->rc) return;
    history_check(number[CLV_FIT_FREQUENCY], number[CLV_FIT_RECENCY], number[CLV_FIT_AGE], true, err);
    if (n > CLV_FIT_MONETARY &&
        !function_number(&clv_fit_args[CLV_FIT_MONETARY], values[CLV_FIT_MONETARY], err, &money))
        money = (double)NAN;
    clv_fit_reserve(group, err);
    if (err->rc) return;
    bool repeat = number[CLV_FIT_FREQUENCY] > 0;
    group->frequency[group->n] = (int32_t)number[CLV_FIT_FREQUENCY];
    group->recency[group->n] = (int32_t)number[CLV_FIT_RECENCY];
    group->age[group->n] = (int32_t)number[CLV_FIT_AGE];
    group->monetary_value[group->n++] = repeat ? money : (double)NAN;
    group->n_repeat += repeat;
    group->has_amounts = group->has_amounts || (repeat && !isnan(money));
}

static void clv_fit_final(void *state, Err *err, sqlite3 *db, Out *out) {
    ClvFitGroup *group = state;
    Buyers buyers = {.n = group->n, .n_repeat = group->n_repeat, .frequency = group->frequency,
                     .recency = group->recency, .age = group->age, .monetary_value = group->monetary_value};
    Book book = {.has_amounts = group->has_amounts};
    Predictor predictor = {.has_purchases = false};
    Arena arena = {0};
    HostBeat beat;
    host_beat_open(&beat, db, err);
    if (!err->rc) predictor_fit(&predictor, &book, &buyers, group->model, &arena, err, &beat.poll);
    host_beat_close(&beat);
    if (!err->rc && predictor.has_purchases) out_owned(out, modeltext_write(&predictor));
    arena_free(&arena);
}

static void clv_fit_close(void *state) {
    ClvFitGroup *group = state;
    sqlite3_free(group->frequency);
    sqlite3_free(group->recency);
    sqlite3_free(group->age);
    sqlite3_free(group->monetary_value);
}

const AggregateDef aggregate_clv_fit = {
    .name = "clv_fit",
    .text = {.doc = "a fitted model as JSON, with which p_alive, predicted_clv and their like score any row",
             .definition = "maximum likelihood over the customers of the group, one row each, in whole days:"
                           " {\"model\", r, alpha, a, b (pnbd: s, beta; nbd: neither), customers, one_timers,"
                           " log_likelihood, spend: {p, q, gamma, mean}, note}, numbers with 17 digits, time in days."
                           " The order of the rows does not matter. NULL when fewer than 30 customers have a repeat"
                           " purchase.",
             .example = "SELECT clv_fit(frequency, recency, age, monetary_value) FROM clv('orders')"},
    .args = clv_fit_args,
    .state_size = sizeof(ClvFitGroup),
    .step = clv_fit_step,
    .final = clv_fit_final,
    .close = clv_fit_close,
};
