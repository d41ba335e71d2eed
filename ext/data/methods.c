/* methods.c - see methods.h. */
#include "data/methods.h"

#include "base/libm.h"
#include "base/sort.h"
#include "math/special.h"
#include "math/sum.h"
#include "stat/score.h"
#include "time/span.h"

#define METHODS_NAMES_LAW "bgnbd", "mbgnbd", "pnbd", "nbd"
#define METHODS_NAMES_MODEL METHODS_NAMES_LAW, "auto"
#define METHODS_NAMES_CHURN METHODS_NAMES_MODEL, "classifier", "blend"
const char *const retain_law_names[] = {METHODS_NAMES_LAW, NULL};
const char *const retain_model_names[] = {METHODS_NAMES_MODEL, NULL};
const char *const retain_churn_model_names[] = {METHODS_NAMES_CHURN, NULL};
const char *const retain_method_names[] = {METHODS_NAMES_CHURN, "days_since_last", "own_gap", "six_months", "frequency",
                                           "base_rate", NULL};

#define METHODS_PENALTY 30.0     /* of the classifier's squared coefficients, features of standard deviation 1 */
#define METHODS_GAIN 1e-4        /* of log score that a less simple method must bring */
#define METHODS_RULE_PENALTY 1.0 /* of a rule: keeps one finite that separates the outcomes */
enum { METHODS_HISTORY_PARTS = 3, METHODS_POLL_CUSTOMERS = 512 };

/* ---- Customers of a view ---- */

static int methods_compare(const void *context, uint32_t a, uint32_t b) {
    const Book *book = context;
    return map_compare(book_customer_id(book, a), book_customer_id(book, b));
}

static void methods_sort(Methods *methods, Arena *arena, Err *err) {
    const Book *book = methods->book;
    Arena scratch = {0};
    int32_t most_days = 0;
    methods->order = arena_alloc_raw(arena, err, book->n_buyers, sizeof(uint32_t));
    uint32_t *spare = arena_alloc_raw(&scratch, err, book->n_buyers, sizeof(uint32_t));
    for (int64_t c = 0; c < book->n_customers && !err->rc; c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days == 0 || customer.days[0] > methods->view[0].day) continue;
        methods->order[methods->n++] = (uint32_t)c;
        if (customer.n_days > most_days) most_days = (int32_t)customer.n_days;
    }
    methods->gaps = arena_alloc_raw(arena, err, most_days, sizeof(int32_t));
    if (!err->rc) sort_ids(methods->order, spare, methods->n, methods_compare, book);
    arena_free(&scratch);
}

static double methods_rule_value(const Shopview *view, Method method, const ShopviewBuyer *buyer) {
    static const Span six_months = {.n = 6, .unit = PERIOD_MONTH};
    double silence = buyer->age - buyer->recency;
    switch (method) {
        case METHODS_DAYS_SINCE_LAST: return silence;
        case METHODS_OWN_GAP: return isnan(buyer->usual_gap) ? silence : silence / fmax(buyer->usual_gap, 1);
        case METHODS_SIX_MONTHS:
            return view->day - silence <= span_before(&six_months, CIVIL_GREGORIAN, view->day);
        default: return -(double)buyer->frequency;
    }
}

/* The same as a feature: long silences and many purchases count by their logarithms. */
static double methods_rule_feature(const Shopview *view, Method method, const ShopviewBuyer *buyer) {
    double rule = methods_rule_value(view, method, buyer);
    return method == METHODS_SIX_MONTHS ? rule : rule < 0 ? -log1p(-rule) : log1p(rule);
}

/* ---- Learning ---- */

/* Customers of a view whose outcomes are known, a row each, by id. */
typedef struct MethodsRows {
    int64_t n, churned;
    double *feature;                 /* n rows of SHOPVIEW_FEATURES */
    double *rule[METHODS_RULES];
    double *law[PURCHASE_MODELS];    /* P(no purchase); NaN where the view has no fit */
    bool *stayed_away;
} MethodsRows;

static bool methods_bought(const BookCustomer *customer, Day from, Day until) {
    for (int64_t i = customer->n_days; i > 0 && customer->days[i - 1] > from; i--)
        if (customer->days[i - 1] <= until) return true;
    return false;
}

/* The mean log odds of the models among the features; NaN when none is used. */
static double methods_mean_odds(const Methods *methods, const double *feature) {
    bool mbgnbd = methods->use_law[PURCHASE_MBGNBD], pnbd = methods->use_law[PURCHASE_PNBD];
    return (feature[SHOPVIEW_MBGNBD] + feature[SHOPVIEW_PNBD]) / (mbgnbd + pnbd); /* one not used is 0 */
}

/* The classifier, or its blend with the models. */
static double methods_classify(const Methods *methods, const MethodsLesson *lesson, Method method,
                               const double *feature) {
    double odds = logit_log_odds(&lesson->classifier, feature);
    if (method == METHODS_BLEND)
        odds = METHODS_BLEND_WEIGHT * odds + (1 - METHODS_BLEND_WEIGHT) * methods_mean_odds(methods, feature);
    return special_logistic(odds);
}

static void methods_read_row(const Methods *methods, const Shopview *view, const BookCustomer *customer,
                             const ShopviewBuyer *buyer, MethodsRows *rows) {
    int64_t i = rows->n++;
    double law[PURCHASE_MODELS];
    shopview_laws(view, buyer, methods->inner, law);
    shopview_features(buyer, law, methods->use_law, rows->feature + i * SHOPVIEW_FEATURES);
    for (int r = 0; r < METHODS_RULES; r++)
        rows->rule[r][i] = methods_rule_feature(view, (Method)(METHODS_RULE + r), buyer);
    for (int l = 0; l < PURCHASE_MODELS; l++) rows->law[l][i] = law[l];
    rows->stayed_away[i] = !methods_bought(customer, view->day, view->day + methods->inner);
    rows->churned += rows->stayed_away[i];
}

static void methods_read_rows(const Methods *methods, const Shopview *view, MethodsRows *rows, Arena *arena, Err *err,
                              const Poll *poll) {
    int64_t step = (view->customers - 1) / METHODS_LEARN_MAX + 1, most = view->customers / step + 1, seen = 0;
    *rows = (MethodsRows){.feature = arena_alloc_raw(arena, err, most * SHOPVIEW_FEATURES, sizeof(double)),
                          .stayed_away = arena_alloc_raw(arena, err, most, sizeof(bool))};
    for (int r = 0; r < METHODS_RULES; r++) rows->rule[r] = arena_alloc_raw(arena, err, most, sizeof(double));
    for (int l = 0; l < PURCHASE_MODELS; l++) rows->law[l] = arena_alloc_raw(arena, err, most, sizeof(double));
    for (int64_t k = 0; k < methods->n && !err->rc; k++) {
        BookCustomer customer = book_customer(methods->book, methods->order[k]);
        if (k % METHODS_POLL_CUSTOMERS == 0 && poll_stop(poll)) err_set(err, SQLITE_INTERRUPT, "interrupted");
        if (customer.days[0] > view->day || seen++ % step != 0) continue;
        ShopviewBuyer buyer = shopview_buyer(view, &customer, methods->gaps);
        methods_read_row(methods, view, &customer, &buyer, rows);
    }
}

/* Why these outcomes are too few; NULL: they are not. */
static const char *methods_too_little(const MethodsRows *rows, Day day, int customers, int outcomes, Arena *arena,
                                      Err *err) {
    char shown[11];
    int64_t bought = rows->n - rows->churned;
    civil_print(CIVIL_GREGORIAN, day, shown);
    if (rows->n < customers)
        return arena_printf(arena, err, "too little to learn from: %lld customers by %s, %d needed", (long long)rows->n,
                            shown, customers);
    if (bought < outcomes || rows->churned < outcomes)
        return arena_printf(arena, err,
                            "too little to learn from: of %lld customers by %s, %lld bought afterwards and %lld did not,"
                            " %d needed of each", (long long)rows->n, shown, (long long)bought,
                            (long long)rows->churned, outcomes);
    return NULL;
}

static void methods_learn(MethodsLesson *lesson, const MethodsRows *rows, Err *err, const Poll *poll) {
    LogitData data = {.n = rows->n, .k = SHOPVIEW_FEATURES, .x = rows->feature, .happened = rows->stayed_away};
    if (lesson->reason || err->rc) return;
    if (!lesson->classifier_reason) logit_fit(&data, METHODS_PENALTY, poll, &lesson->classifier);
    bool interrupted = lesson->classifier.interrupted;
    for (int r = 0; r < METHODS_RULES && !interrupted; r++) {
        LogitData one = {.n = rows->n, .k = 1, .x = rows->rule[r], .happened = rows->stayed_away};
        logit_fit(&one, METHODS_RULE_PENALTY, poll, &lesson->rule[r]);
        interrupted = lesson->rule[r].interrupted;
    }
    if (interrupted) err_set(err, SQLITE_INTERRUPT, "interrupted");
}

/* ---- Choosing ---- */

/* The probability that a lesson gives to row i of view 1. */
static double methods_row_p(const Methods *methods, const MethodsLesson *lesson, Method method, const MethodsRows *rows,
                            int64_t i) {
    if (method < METHODS_AUTO) return rows->law[method][i];
    if (lesson->reason) return NAN;
    if (method == METHODS_BASE_RATE) return lesson->base_rate;
    if (method == METHODS_CLASSIFIER || method == METHODS_BLEND)
        return lesson->classifier.converged
                   ? methods_classify(methods, lesson, method, rows->feature + i * SHOPVIEW_FEATURES)
                   : (double)NAN;
    const LogitFit *rule = &lesson->rule[method - METHODS_RULE];
    return rule->converged ? logit_probability(rule, &rows->rule[method - METHODS_RULE][i]) : (double)NAN;
}

/* The rows are enough to choose by. */
static void methods_score(Methods *methods, const MethodsRows *rows, Err *err) {
    Arena scratch = {0};
    double *p = arena_alloc_raw(&scratch, err, rows->n, sizeof(double));
    for (int method = 0; method < METHODS_COUNT && !err->rc; method++) {
        if (method == METHODS_AUTO) continue;
        for (int64_t i = 0; i < rows->n; i++)
            p[i] = methods_row_p(methods, &methods->lesson[2], (Method)method, rows, i);
        if (!isnan(p[0])) methods->log_score[method] = -score_log_loss(rows->n, p, rows->stayed_away);
    }
    arena_free(&scratch);
}

/* True when view 0 lets the method speak. */
static bool methods_can(const Methods *methods, Method method) {
    const MethodsLesson *lesson = &methods->lesson[1];
    if (method == METHODS_COUNT) return false;
    if (method < METHODS_AUTO) return methods->view[0].has_fit[method];
    if (method == METHODS_AUTO) return methods_can(methods, methods->chosen);
    if (lesson->reason) return false;
    if (method == METHODS_CLASSIFIER || method == METHODS_BLEND)
        return lesson->classifier.converged &&
               ((method == METHODS_CLASSIFIER && methods->inner == methods->horizon) ||
                methods->use_law[PURCHASE_MBGNBD] || methods->use_law[PURCHASE_PNBD]);
    if (isnan(methods->shift[method])) return false;
    return method == METHODS_BASE_RATE || lesson->rule[method - METHODS_RULE].converged;
}

/* The simplest first, so that of equals it stays. */
static const Method methods_by_simplicity[] = {
    METHODS_BASE_RATE, METHODS_SIX_MONTHS, METHODS_FREQUENCY, METHODS_DAYS_SINCE_LAST, METHODS_OWN_GAP,
    (Method)PURCHASE_NBD, (Method)PURCHASE_BGNBD, (Method)PURCHASE_MBGNBD, (Method)PURCHASE_PNBD, METHODS_CLASSIFIER,
    METHODS_BLEND};

static Method methods_best(const Methods *methods, bool laws_only) {
    Method best = METHODS_COUNT;
    for (int i = 0; i < (int)(sizeof(methods_by_simplicity) / sizeof(Method)); i++) {
        Method method = methods_by_simplicity[i];
        if ((laws_only && method >= METHODS_AUTO) || isnan(methods->log_score[method]) || !methods_can(methods, method))
            continue;
        if (best == METHODS_COUNT || methods->log_score[method] > methods->log_score[best] + METHODS_GAIN) best = method;
    }
    return best;
}

/* Without outcomes to choose by: the default model, or what there is. */
static Method methods_fallback(const Methods *methods) {
    static const Method order[] = {(Method)PURCHASE_MBGNBD, (Method)PURCHASE_BGNBD, (Method)PURCHASE_PNBD,
                                   (Method)PURCHASE_NBD};
    for (int i = 0; i < PURCHASE_MODELS; i++)
        if (methods_can(methods, order[i])) return order[i];
    return METHODS_COUNT;
}

/* ---- From h' to h ---- */

/* The mean probability of the best model over the customers of view 0. */
static double methods_mean_law(const Methods *methods, double t, Err *err, const Poll *poll) {
    Sum sum = {0};
    int64_t step = (methods->n - 1) / METHODS_LEARN_MAX + 1, taken = 0;
    for (int64_t k = 0; k < methods->n && !err->rc; k += step, taken++) {
        BookCustomer customer = book_customer(methods->book, methods->order[k]);
        if (taken % METHODS_POLL_CUSTOMERS == 0 && poll_stop(poll)) err_set(err, SQLITE_INTERRUPT, "interrupted");
        ShopviewBuyer buyer = shopview_buyer(&methods->view[0], &customer, methods->gaps);
        sum_add(&sum, shopview_p_no_purchase(&methods->view[0], (PurchaseModel)methods->law, &buyer, t));
    }
    return sum_value(&sum) / (double)taken;
}

static void methods_carry(Methods *methods, Err *err, const Poll *poll) {
    double shift = 0;
    if (methods->inner != methods->horizon)
        shift = methods->law == METHODS_COUNT
                    ? (double)NAN
                    : shopview_log_odds(methods_mean_law(methods, methods->horizon, err, poll)) -
                          shopview_log_odds(methods_mean_law(methods, methods->inner, err, poll));
    for (int method = METHODS_RULE; method < METHODS_COUNT; method++) methods->shift[method] = shift;
}

/* ---- All of it ---- */

static void methods_study(Methods *methods, Arena *arena, Err *err, const Poll *poll) {
    for (int v = 2; v >= 1; v--) {
        Arena scratch = {0};
        MethodsLesson *lesson = &methods->lesson[v];
        MethodsRows rows = {0};
        methods_read_rows(methods, &methods->view[v], &rows, &scratch, err, poll);
        if (!err->rc) {
            lesson->customers = rows.n;
            lesson->churned = rows.churned;
            lesson->base_rate = rows.n > 0 ? (double)rows.churned / (double)rows.n : (double)NAN;
            lesson->reason = methods_too_little(&rows, methods->view[v].day, METHODS_FEW, METHODS_FEW_OUTCOMES, arena, err);
            lesson->classifier_reason =
                methods_too_little(&rows, methods->view[v].day, METHODS_CUSTOMERS_MIN, METHODS_OUTCOMES_MIN, arena, err);
            methods_learn(lesson, &rows, err, poll);
            if (v == 1 && !lesson->reason) methods_score(methods, &rows, err);
        }
        arena_free(&scratch);
    }
}

void methods_refuse_summary(Method method, Err *err) {
    err_set(err, SQLITE_ERROR, "model '%s' learns from orders, and the source is a table of customers",
            retain_method_names[method]);
}

void methods_open(Methods *methods, const Book *book, Day at, int32_t horizon, Arena *arena, Err *err,
                  const Poll *poll) {
    *methods = (Methods){.book = book, .horizon = horizon, .chosen = METHODS_COUNT, .law = METHODS_COUNT};
    for (int method = 0; method < METHODS_COUNT; method++) methods->log_score[method] = NAN;
    methods->view[0].day = at;
    if (err->rc || book->n_buyers == 0 || at < book->day_first) return;
    methods_sort(methods, arena, err);
    int32_t part = (at - book->day_first) / METHODS_HISTORY_PARTS;
    methods->inner = horizon < part ? horizon : part;
    for (int l = 0; l < PURCHASE_MODELS; l++) methods->use_law[l] = true;
    for (int v = 0; v < 3; v++) {
        shopview_open(&methods->view[v], book, at - v * methods->inner, v > 0 ? &methods->view[0] : NULL, err, poll);
        for (int l = 0; l < PURCHASE_MODELS; l++)
            methods->use_law[l] = methods->use_law[l] && methods->view[v].has_fit[l];
    }
    methods->too_few = arena_printf(arena, err, "too little to predict: %lld customer%s with a repeat purchase, %d needed",
                                    (long long)methods->view[0].repeaters,
                                    methods->view[0].repeaters == 1 ? "" : "s", SHOPVIEW_REPEAT_MIN);
    if (methods->inner > 0) methods_study(methods, arena, err, poll);
    else methods->lesson[1].reason = methods->lesson[2].reason = "too little to learn from: less than 3 days of history";
    if (err->rc) return;
    methods->reason = methods->lesson[1].reason;
    methods->law = methods_best(methods, true);
    if (methods->law == METHODS_COUNT) methods->law = methods_fallback(methods);
    methods_carry(methods, err, poll);
    methods->chosen = methods_best(methods, false);
    if (methods->chosen == METHODS_COUNT) methods->chosen = methods->law;
}

double methods_p(const Methods *methods, Method method, const ShopviewBuyer *buyer) {
    double law[PURCHASE_MODELS] = {NAN, NAN, NAN, NAN};
    const Shopview *view = &methods->view[0];
    if (method == METHODS_AUTO) method = methods->chosen;
    if (!methods_can(methods, method)) return NAN;
    if (method < METHODS_AUTO) return shopview_p_no_purchase(view, (PurchaseModel)method, buyer, methods->horizon);
    if (method <= METHODS_BLEND) { /* the features */
        law[PURCHASE_MBGNBD] = shopview_p_no_purchase(view, PURCHASE_MBGNBD, buyer, methods->horizon);
        law[PURCHASE_PNBD] = shopview_p_no_purchase(view, PURCHASE_PNBD, buyer, methods->horizon);
    }
    return methods_p_of(methods, method, buyer, law);
}

double methods_p_of(const Methods *methods, Method method, const ShopviewBuyer *buyer,
                    const double law[PURCHASE_MODELS]) {
    const MethodsLesson *lesson = &methods->lesson[1];
    if (method == METHODS_AUTO) method = methods->chosen;
    if (!methods_can(methods, method)) return NAN;
    if (method < METHODS_AUTO) return law[method];
    if (method == METHODS_BASE_RATE)
        return special_logistic(shopview_log_odds(lesson->base_rate) + methods->shift[method]);
    if (method == METHODS_CLASSIFIER || method == METHODS_BLEND) {
        double feature[SHOPVIEW_FEATURES];
        shopview_features(buyer, law, methods->use_law, feature);
        return methods_classify(methods, lesson, method, feature);
    }
    if ((int)method < METHODS_RULE || (int)method >= METHODS_RULE + METHODS_RULES) return NAN;
    double rule = methods_rule_feature(&methods->view[0], method, buyer);
    return special_logistic(logit_log_odds(&lesson->rule[method - METHODS_RULE], &rule) + methods->shift[method]);
}

double methods_rule(const Methods *methods, Method method, const ShopviewBuyer *buyer) {
    return methods_rule_value(&methods->view[0], method, buyer);
}

const char *methods_reason(const Methods *methods, Method method) {
    const MethodsLesson *lesson = &methods->lesson[1];
    if (method == METHODS_AUTO) method = methods->chosen;
    if (method != METHODS_COUNT && methods_can(methods, method)) return NULL;
    if (method < METHODS_AUTO || method == METHODS_COUNT)
        return methods->view[0].repeaters < SHOPVIEW_REPEAT_MIN ? methods->too_few : "not_converged: no optimum was found";
    if (lesson->reason) return lesson->reason;
    if ((method == METHODS_CLASSIFIER || method == METHODS_BLEND) && lesson->classifier_reason)
        return lesson->classifier_reason;
    return methods->inner < methods->horizon ? "the history is too short for this horizon"
                                             : "not_converged: no optimum was found";
}

/* Of those that could be chosen, the one with the next best score. */
static Method methods_next(const Methods *methods, Method chosen, bool laws_only) {
    Method next = METHODS_COUNT;
    for (int method = 0; method < (laws_only ? (int)METHODS_AUTO : (int)METHODS_COUNT); method++) {
        if (method == (int)chosen || isnan(methods->log_score[method])) continue;
        if (next == METHODS_COUNT || methods->log_score[method] > methods->log_score[next]) next = (Method)method;
    }
    return next;
}

const char *methods_choice(const Methods *methods, bool laws_only, Arena *arena, Err *err) {
    Method chosen = laws_only ? methods->law : methods->chosen;
    if (chosen == METHODS_COUNT) return methods_reason(methods, METHODS_AUTO);
    const char *name = retain_method_names[chosen];
    if (methods->reason) return arena_printf(arena, err, "auto: %s by default; %s", name, methods->reason);
    Method next = methods_next(methods, chosen, laws_only);
    if (next == METHODS_COUNT || isnan(methods->log_score[chosen]))
        return arena_printf(arena, err, "auto: %s, the only one there is", name);
    char until[11];
    civil_print(CIVIL_GREGORIAN, methods->view[0].day, until);
    return arena_printf(arena, err, "auto: %s, log score %.4f (next: %s, %.4f) over the %d days to %s", name,
                        methods->log_score[chosen], retain_method_names[next], methods->log_score[next],
                        (int)methods->inner, until);
}
