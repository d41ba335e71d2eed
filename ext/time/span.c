/* span.c - see span.h. */
#include "time/span.h"

/* After 400 Gregorian years, or 33 Jalali ones, the lengths of the months repeat. */
enum { SPAN_GREGORIAN_MONTHS = 400 * 12, SPAN_JALALI_MONTHS = 33 * 12 };

static const int32_t span_n_max[] = {
    [PERIOD_DAY] = SPAN_YEARS_MAX * 36525 / 100,
    [PERIOD_WEEK] = SPAN_YEARS_MAX * 36525 / 700,
    [PERIOD_MONTH] = SPAN_YEARS_MAX * 12,
    [PERIOD_QUARTER] = SPAN_YEARS_MAX * 4,
    [PERIOD_YEAR] = SPAN_YEARS_MAX,
};

bool span_parse(const char *text, size_t n, Span *out) {
    Span span;
    if (!period_scan(text, n, &span.n, &span.unit) || span.n > span_n_max[span.unit]) return false;
    *out = span;
    return true;
}

/* Length in days of a span that is not counted in months. */
static int32_t span_days(const Span *span) {
    return span->unit == PERIOD_WEEK ? span->n * 7 : span->n;
}

Day span_before(const Span *span, CivilCalendar calendar, Day day) {
    int32_t months = span->n * period_unit_months(span->unit);
    if (months == 0) return day - span_days(span);
    int year, month, day_of_month;
    civil_from_day(calendar, day, &year, &month, &day_of_month);
    int target = year * 12 + month - 1 - months;
    int target_year = (int)civil_floor_div(target, 12);
    int target_month = target - target_year * 12 + 1;
    int last = civil_month_days(calendar, target_year, target_month);
    return civil_to_day(calendar, target_year, target_month,
                        day_of_month < last ? day_of_month : last);
}

/* The fewest days in that many consecutive calendar months. Clamping the day of the month only
 * makes a span longer, so whole months are the shortest. */
static int32_t span_shortest(int32_t months, CivilCalendar calendar) {
    const Period month = {.unit = PERIOD_MONTH, .calendar = calendar};
    int32_t n_starts = calendar == CIVIL_JALALI ? SPAN_JALALI_MONTHS : SPAN_GREGORIAN_MONTHS;
    int32_t shortest = INT32_MAX;
    for (int32_t i = 0; i < n_starts; i++) {
        int32_t length = period_start(&month, i + months) - period_start(&month, i);
        if (length < shortest) shortest = length;
    }
    return shortest;
}

bool span_covers_period(const Span *span, const Period *period) {
    int32_t months = span->n * period_unit_months(span->unit);
    int32_t period_months = period_unit_months(period->unit);
    if (months == 0) return span_days(span) >= period_length_max(period);
    if (period_months > 0) return months >= period_months;
    return span_shortest(months, period->calendar) >= period_length_max(period);
}
