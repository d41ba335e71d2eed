/* predictor.h - both models fitted to a shop's buyers, and what may be said with them.
 *
 * A fit that cannot be trusted is not used: the figures are then NULL and the note says why.  A fit with
 * a warning is used, and every row that it feeds carries the note.
 */
#ifndef PREDICTOR_H
#define PREDICTOR_H

#include "data/buyers.h"
#include "model/gammagamma.h"
#include "model/purchasefit.h"

enum {
    PREDICTOR_REPEAT_MIN = 30,  /* customers with a repeat purchase that a fit needs */
    PREDICTOR_REPEAT_FEW = 100  /* below this a fit is used with a note */
};

/* "bgnbd", "mbgnbd", "pnbd", "nbd", NULL: indexed by PurchaseModel. */
extern const char *const retain_model_names[];

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

/* The purchase model alone, for who asks nothing about values. */
void predictor_fit_counts(Predictor *predictor, const Buyers *buyers, PurchaseModel model, Arena *arena, Err *err,
                          const Poll *poll);

/* P(alive) and P(no purchase in the next t days) of one buyer; NaN without a model. */
double predictor_p_alive(const Predictor *predictor, const Buyers *buyers, int64_t i);
double predictor_p_no_purchase(const Predictor *predictor, const Buyers *buyers, int64_t i, double t);

/* Posterior mean of a buyer's purchases per day while alive: (r + x) / (alpha + T). */
double predictor_rate(const Predictor *predictor, const Buyers *buyers, int64_t i);

/* Expected net amount of a buyer's purchase day; NaN without amounts. */
double predictor_spend(const Predictor *predictor, const Buyers *buyers, int64_t i);

#endif
