/* methods.h - P(no purchase in the next h days) by every method that we know, and the choice among them.
 *
 * All is seen from a day `at`; nothing that came later is looked at.  Three views of the shop, h' days apart, h' the
 * horizon h, but at most a third of the history before `at`:
 *
 *     view 2  at - 2h'   what is learned here from what happened in the h' days that followed ...
 *     view 1  at -  h'   ... is scored here on what happened until at: customers and time not used for fitting.
 *     view 0  at         What is learned at view 1 predicts from here.
 *
 * The models of repeat buying are fitted on each view to the histories before it and need no outcomes.  The classifier
 * is a penalised logistic regression on shopview_features; the blend is the mean of its log odds and the mean ones of
 * MBG/NBD and Pareto/NBD.  Each rule is a logistic regression on itself alone: a
 * ranking that is as old as shops, with probabilities put to it.  Where h' is less than h, the models' log odds among the
 * classifier's features, taken at h' to learn and at h to predict, carry it to the horizon; a rule is
 * carried by the shift in log odds that the best model's mean makes from h' to h.
 *
 * auto is the method with the best log score on view 1, the simpler one of those that are about equal.
 */
#ifndef METHODS_H
#define METHODS_H

#include "data/shopview.h"
#include "model/logit.h"

typedef enum Method {
    METHODS_LAW,                       /* first of PURCHASE_MODELS models, by PurchaseModel */
    METHODS_AUTO = PURCHASE_MODELS,
    METHODS_CLASSIFIER,
    METHODS_BLEND,
    METHODS_DAYS_SINCE_LAST,
    METHODS_OWN_GAP,
    METHODS_SIX_MONTHS,
    METHODS_FREQUENCY,
    METHODS_BASE_RATE,
    METHODS_COUNT
} Method;
enum { METHODS_RULE = METHODS_DAYS_SINCE_LAST, METHODS_RULES = 4 }; /* the first rule, and their number */

/* "bgnbd", "mbgnbd", "pnbd", "nbd", NULL: the models of repeat buying, by PurchaseModel. */
extern const char *const retain_law_names[];

/* Names in the order of Method, ended by NULL: of all methods, of those that give customers a probability of churn
 * without being a rule, and of those that give them a value. */
extern const char *const retain_method_names[];
extern const char *const retain_churn_model_names[];
extern const char *const retain_model_names[];

#define METHODS_BLEND_WEIGHT 0.5   /* of the classifier's log odds; the models' mean has the rest */

enum {
    METHODS_FEW = 30,              /* customers that a rule or the base rate needs to be learned, and a choice to be made ... */
    METHODS_FEW_OUTCOMES = 5,      /* ... and of them who bought, and who did not */
    METHODS_CUSTOMERS_MIN = 100,   /* the same for the classifier */
    METHODS_OUTCOMES_MIN = 20,
    METHODS_LEARN_MAX = 20000      /* customers from whom is learned: of more, every k-th in the order of their ids */
};

/* What the outcomes after one view taught. */
typedef struct MethodsLesson {
    int64_t customers, churned;
    double base_rate;              /* share without a purchase */
    LogitFit classifier;
    LogitFit rule[METHODS_RULES];
    const char *reason;            /* why nothing was learned; NULL: something was ... */
    const char *classifier_reason; /* ... but perhaps not the classifier */
} MethodsLesson;

typedef struct Methods {
    const Book *book;
    int32_t horizon, inner;        /* h and h'; h' may be 0 */
    Shopview view[3];
    MethodsLesson lesson[3];       /* [2] and [1]: of the views of that number */
    bool use_law[PURCHASE_MODELS]; /* fitted on all views that are used */
    double log_score[METHODS_COUNT]; /* mean ln of the probability given to what happened; NaN: not scored */
    Method chosen, law;            /* auto, and the best of the models; METHODS_COUNT: none */
    double shift[METHODS_COUNT];   /* of log odds, from h' to h; NaN where it cannot be told */
    uint32_t *order;               /* the customers of view 0, by id */
    int64_t n;
    int32_t *gaps;                 /* room for the gaps of any one customer */
    const char *reason;            /* why there was no choice to make; NULL: there was */
    const char *too_few;           /* what there is to say where repeat customers are */
} Methods;

/* Looks at the book on day `at`, learns and chooses. */
void methods_open(Methods *methods, const Book *book, Day at, int32_t horizon, Arena *arena, Err *err,
                  const Poll *poll);

/* The error of a method that learns from orders, asked of a table of customers. */
void methods_refuse_summary(Method method, Err *err);

/* P(no purchase in the next h days) of a customer of view 0; NaN where the method has no answer. */
double methods_p(const Methods *methods, Method method, const ShopviewBuyer *buyer);

/* The same with the models' own answers at hand, shopview_laws of view 0 at h, for who asks several methods. */
double methods_p_of(const Methods *methods, Method method, const ShopviewBuyer *buyer,
                    const double law[PURCHASE_MODELS]);

/* The value of a naive rule, which is there without any learning: the higher, the likelier to stay away. */
double methods_rule(const Methods *methods, Method method, const ShopviewBuyer *buyer);

/* Why a method has no probability, as far as there is a reason to tell; else NULL. */
const char *methods_reason(const Methods *methods, Method method);

/* What was chosen and why, in a few words: of all methods, or of the models alone. */
const char *methods_choice(const Methods *methods, bool laws_only, Arena *arena, Err *err);

#endif
