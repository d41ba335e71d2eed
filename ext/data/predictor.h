/* predictor.h - both models fitted to a shop's buyers, and what may be said with them.
 *
 * A fit that cannot be trusted is not used: the figures are then NULL and the note says why.  A fit with
 * a warning is used, and every row that it feeds carries the note.
 */
#ifndef PREDICTOR_H
#define PREDICTOR_H

#include "data/buyers.h"
#include "data/methods.h"
#include "model/churninterval.h"
#include "model/gammagamma.h"
#include "model/purchasefit.h"

enum {
    PREDICTOR_REPEAT_MIN = SHOPVIEW_REPEAT_MIN, /* customers with a repeat purchase that a fit needs */
    PREDICTOR_REPEAT_FEW = 100                  /* below this a fit is used with a note */
};

typedef struct Predictor {
    Purchasefit purchases;
    GammagammaFit spend;
    bool has_purchases, has_spend;
    double mean_spend;   /* of all repeat purchase days; stands in where Gamma-Gamma has no mean */
    const char *note;    /* what a reader must know; NULL: nothing */
} Predictor;

/* Fits the purchase model and, where the book has amounts, the spend model. */
void predictor_fit(Predictor *predictor, const Book *book, const Buyers *buyers, PurchaseModel model,
                   Arena *arena, Err *err, const Poll *poll);

/* Adds to the note what a book that is a summary does not say; nothing for any other. */
void predictor_note_summary(Predictor *predictor, const Book *book, const Buyers *buyers, Arena *arena, Err *err);

/* The same with a purchase model that has been fitted to these buyers already. */
void predictor_adopt(Predictor *predictor, const Purchasefit *purchases, const Book *book, const Buyers *buyers,
                     Arena *arena, Err *err, const Poll *poll);

/* The same with the model that suits best (methods->law); said (NULL: nothing) is added to the note unless it is there
 * already. */
void predictor_choose(Predictor *predictor, const Methods *methods, const char *said, const Book *book,
                      const Buyers *buyers, Arena *arena, Err *err, const Poll *poll);

/* predictor_fit with a model or METHODS_AUTO, which chooses among the models for the next horizon_days; values: with the
 * spend model, for who asks for values. */
void predictor_fit_or_choose(Predictor *predictor, const Book *book, const Buyers *buyers, Method method,
                             int32_t horizon_days, bool values, Arena *arena, Err *err, const Poll *poll);

/* P(alive) and P(no purchase in the next t days) of one buyer; NaN without a model. */
double predictor_p_alive(const Predictor *predictor, const Buyers *buyers, int64_t i);
double predictor_p_no_purchase(const Predictor *predictor, const Buyers *buyers, int64_t i, double t);

/* How sure the second of them is, z standard errors to each side; NaN without a model or a covariance. */
Churninterval predictor_churn_interval(const Predictor *predictor, const Buyers *buyers, int64_t i, double t,
                                       double z);

/* Posterior mean of a buyer's purchases per day while alive: (r + x) / (alpha + T). */
double predictor_rate(const Predictor *predictor, const Buyers *buyers, int64_t i);

/* Expected net amount of a buyer's purchase day; NaN without amounts. */
double predictor_spend(const Predictor *predictor, const Buyers *buyers, int64_t i);

#endif
