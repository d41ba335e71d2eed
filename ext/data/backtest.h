/* backtest.h - what would have been predicted on an earlier day, and what happened.
 *
 * The split is by day: all up to and with the split day is known, the holdout_days after it are the holdout,
 * which ends with as_of.  Customers who are new in the holdout are counted; there was nothing to predict of them.
 */
#ifndef BACKTEST_H
#define BACKTEST_H

#include "data/methods.h"

enum { BACKTEST_HOLDOUT_DEFAULT = 90, BACKTEST_HOLDOUT_MAX = 3650, BACKTEST_HISTORY_PARTS = 3 };

typedef struct Backtest {
    Day split;
    int32_t holdout;           /* days */
    Methods methods;           /* as of the split */
    int64_t n, bought, new_customers;
    ShopviewBuyer *buyers;     /* n, in the order of their ids */
    double *law;               /* beside them, PURCHASE_MODELS each: what the models say of them */
    bool *stayed_away;         /* beside them: no purchase in the holdout */
} Backtest;

/* The length of the holdout: as asked for, or (0) BACKTEST_HOLDOUT_DEFAULT days but at most a third of the history.
 * err is set when the day before it would be before the first purchase.  0 without a purchase. */
int32_t backtest_holdout(const Book *book, int64_t asked, Err *err);

/* Fits and learns on the split day, and looks up what happened; the book has a purchase. */
void backtest_open(Backtest *backtest, const Book *book, int32_t holdout, Arena *arena, Err *err, const Poll *poll);

/* How good a method was at 'no purchase in the holdout'.  NaN where it has no probability, or where there is no meaning. */
typedef struct BacktestScore {
    double auc, auc_low, auc_high;
    double brier, log_loss;
    double precision_top, lift_top;  /* of the tenth with the highest values; lift is over the share of all */
    double slope;                    /* of the outcomes' log odds over the predicted ones; 1 is right */
} BacktestScore;
BacktestScore backtest_score(const Backtest *backtest, Method method, double z, Err *err, const Poll *poll);

/* Writes the n probabilities of a method. */
void backtest_probabilities(const Backtest *backtest, Method method, double *p, Err *err, const Poll *poll);

/* Writes the customers (0 .. n - 1) by ascending value, those of equal value in their own order. */
void backtest_sort(int64_t n, const double *value, uint32_t *order, Err *err);

#endif
