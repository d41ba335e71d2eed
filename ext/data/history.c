/* history.c - see history.h. */
#include "data/history.h"

#include "base/sqlite.h"

void history_check(double frequency, double recency, double age, bool whole_days, Err *err) {
    if (recency > age)
        err_set(err, SQLITE_ERROR, "recency (%.15g) must not exceed age (%.15g): it is the days from the first to"
                " the last purchase", recency, age);
    else if (frequency == 0 && recency > 0)
        err_set(err, SQLITE_ERROR, "recency (%.15g) must be 0 where frequency is 0: it is the days from the first to"
                " the last purchase", recency);
    else if (whole_days && frequency > recency)
        err_set(err, SQLITE_ERROR, "frequency (%.15g) must not exceed recency (%.15g): the purchases of one day are"
                " one", frequency, recency);
}
