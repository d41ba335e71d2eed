/* history.h - a customer's purchases in three numbers, as somebody else may have counted them.
 *
 * frequency = purchase days - 1; recency = days from the first to the last purchase; age = days from the first
 * purchase to the day on which we look.  Other tools call other things by these names (recency as days since the
 * last purchase, age from the last login): what cannot be is refused.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include "base/err.h"
#include "model/rfmgroup.h"

enum { HISTORY_DAYS_MAX = RFMGROUP_DAYS_MAX - 1 };

/* Sets err when the three, each 0 or more, contradict each other.  With whole_days a customer cannot have more
 * repeat purchases than days. */
void history_check(double frequency, double recency, double age, bool whole_days, Err *err);

#endif
