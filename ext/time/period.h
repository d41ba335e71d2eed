/* period.h - days grouped into periods, numbered as consecutive integers.
 *
 *     Period p = {.unit = PERIOD_MONTH};
 *     period_index(&p, later) - period_index(&p, earlier)    -- months between two days
 *
 * A week starts on week_start.  Months, quarters and years are those of the calendar: a Jalali
 * quarter is three Iranian months and a Jalali year starts on 1 Farvardin.  Blocks of n days
 * (PERIOD_DAYS) are counted from the anchor in both directions.
 */
#ifndef PERIOD_H
#define PERIOD_H

#include <stddef.h>

#include "time/civil.h"

enum { PERIOD_DAYS_MAX = 36500 };

typedef enum PeriodUnit {
    PERIOD_DAY,
    PERIOD_WEEK,
    PERIOD_MONTH,
    PERIOD_QUARTER,
    PERIOD_YEAR,
    PERIOD_DAYS, /* blocks of n_days */
} PeriodUnit;

typedef struct Period {
    PeriodUnit unit;
    int32_t n_days;         /* length of a PERIOD_DAYS block, 1..PERIOD_DAYS_MAX; else unused */
    int week_start;         /* of PERIOD_WEEK: 0 Monday .. 6 Sunday */
    CivilCalendar calendar; /* of months, quarters and years */
    Day anchor;             /* first day of the PERIOD_DAYS block 0 */
} Period;

/* "monday" .. "sunday", NULL: indexed by week_start. */
extern const char *const retain_weekday_names[];

/* Reads 'month', 'months', '1 month', '6 months': a count of at most 9 digits (1 when absent), one
 * or more spaces, and day, week, month, quarter or year, singular or plural, in any case. False,
 * and nothing written, for anything else and for a count of 0. */
bool period_scan(const char *text, size_t n, int32_t *count, PeriodUnit *unit);

/* Reads 'day', 'week', 'month', 'quarter', 'year' (or '1 week'), '28 days', '2 weeks' (= 14 days),
 * of at most PERIOD_DAYS_MAX days. Sets unit and n_days only: n_days is 1 unless the unit is
 * PERIOD_DAYS. False, and nothing written, for anything else, '2 months' included. */
bool period_parse(const char *text, size_t n, Period *out);

/* The number of the period that holds the day: consecutive integers that rise with time. */
int32_t period_index(const Period *period, Day day);

/* First day of that period; its last is period_start(period, index + 1) - 1. An index whose day an
 * int32_t cannot hold gives the nearest end of int32_t. */
Day period_start(const Period *period, int32_t index);

/* The longest such period in days: 1, 7, 31, 92 (Jalali 93), 366 or n_days. */
int32_t period_length_max(const Period *period);

/* Months in the unit: 1, 3 or 12; 0 for units counted in days. */
int32_t period_unit_months(PeriodUnit unit);

#endif
