/* elapsed.h - how many whole periods have gone by between two days.
 *
 *     ElapsedMark from = elapsed_mark(&month, true, day), to = elapsed_mark(&month, true, later);
 *     elapsed_periods(from, to, elapsed_step(&month, true));
 *
 * On the calendar's clock, the periods from that of the one day to that of the other.  On a clock of one's
 * own, which starts with the first day, that day's period 0 begins on it and period k k months, quarters,
 * years or blocks of days later; a day of the month that the later month does not have becomes its last, as
 * in span.h.  So of 2024-01-31 month 1 begins on 2024-02-29 and month 2 on 2024-03-31.
 *
 * A mark holds what is needed of a day: with a mark for each day a pair costs a few instructions.
 */
#ifndef ELAPSED_H
#define ELAPSED_H

#include "time/period.h"

typedef struct ElapsedMark {
    int32_t count; /* the number of the period, month or day */
    int16_t day;   /* of the month, where a month may be under way; else 0 */
    int16_t ends;  /* the days of the month that have come round: on its last day all, for those it lacks too */
} ElapsedMark;

/* The mark of a day, CIVIL_DAY_MIN to CIVIL_DAY_MAX + 1; own: for a clock of one's own. */
ElapsedMark elapsed_mark(const Period *period, bool own, Day day);

/* How many units of a mark's count make a period. */
int32_t elapsed_step(const Period *period, bool own);

/* The number of the period that holds the day of to, counted from that of from, which is not later. */
static inline int32_t elapsed_periods(ElapsedMark from, ElapsedMark to, int32_t step) {
    int32_t n = to.count - from.count - (to.ends < from.day);
    return step == 1 ? n : n / step;
}

#endif
