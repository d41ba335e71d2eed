/* span.h - lengths of time to look back: '90 days', '6 months'.
 *
 * Months, quarters and years go back by calendar months, and a day the earlier month does not have
 * becomes its last: 2024-08-31 less 6 months is 2024-02-29.
 */
#ifndef SPAN_H
#define SPAN_H

#include "time/period.h"

enum { SPAN_YEARS_MAX = 100 };

typedef struct Span {
    int32_t n;       /* at least 1, in all at most SPAN_YEARS_MAX years */
    PeriodUnit unit; /* PERIOD_DAY .. PERIOD_YEAR */
} Span;

/* Reads what period_scan reads, of at most 36525 days, 5217 weeks, 1200 months, 400 quarters or
 * 100 years. False, and nothing written, for anything else. */
bool span_parse(const char *text, size_t n, Span *out);

/* The day one span earlier, in the months of the calendar; day in CIVIL_DAY_MIN .. CIVIL_DAY_MAX.
 * The result may precede CIVIL_DAY_MIN. */
Day span_before(const Span *span, CivilCalendar calendar, Day day);

/* Whether the span, wherever it lies, is at least as long as any period of that kind: '1 month'
 * covers a month and so do '31 days', '30 days' do not; '1 month' covers 28 days, not 29. */
bool span_covers_period(const Span *span, const Period *period);

#endif
