/* valuerange.h - between what and what does each buyer's future value lie?
 *
 * The interval of model/futurevalue.h for the buyers of a shop, computed when it is asked for.  Where many share a
 * frequency, the quantiles are read off a curve that is drawn when the first of them is asked for.
 */
#ifndef VALUERANGE_H
#define VALUERANGE_H

#include "data/predictor.h"
#include "model/futurevalue.h"

typedef struct ValuerangePeers { /* the buyers of one frequency */
    int64_t customers;
    int32_t age_min, age_max;
    bool drawn;
    FuturevalueCurve *curve;     /* NULL: they are few */
} ValuerangePeers;

typedef struct Valuerange {
    const Predictor *predictor;
    const Buyers *buyers;
    FuturevalueTerms terms;
    double confidence;           /* 0: there are no intervals */
    ValuerangePeers *peers;      /* by frequency */
} Valuerange;

typedef struct ValuerangeEnds {
    double low, high;            /* NaN where predictor has no purchase or no spend model */
} ValuerangeEnds;

/* Takes the memory that intervals over so many days may need. */
void valuerange_open(Valuerange *range, const Predictor *predictor, const Buyers *buyers, double horizon_days,
                     double confidence, Arena *arena, Err *err);

/* The interval of one buyer, in units of the amounts: not discounted. */
ValuerangeEnds valuerange_read(const Valuerange *range, int64_t i);

#endif
