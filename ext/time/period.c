/* period.c - see period.h. */
#include "time/period.h"

#include <assert.h>
#include <string.h>

enum { PERIOD_EPOCH_WEEKDAY = 3 /* 1970-01-01 was a Thursday; Monday is 0 */ };

const char *const retain_weekday_names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                            "friday", "saturday", "sunday",    NULL};

static const char *const period_unit_names[] = {
    [PERIOD_DAY] = "day",         [PERIOD_WEEK] = "week", [PERIOD_MONTH] = "month",
    [PERIOD_QUARTER] = "quarter", [PERIOD_YEAR] = "year",
};

int32_t period_unit_months(PeriodUnit unit) {
    switch (unit) {
        case PERIOD_MONTH: return 1;
        case PERIOD_QUARTER: return 3;
        case PERIOD_YEAR: return 12;
        case PERIOD_DAY:
        case PERIOD_WEEK:
        case PERIOD_DAYS: break;
    }
    return 0;
}

/* Whether the text is the name, or the name and an s, in any case. */
static bool period_names(const char *text, size_t n, const char *name) {
    size_t length = strlen(name);
    if (n != length && n != length + 1) return false;
    for (size_t i = 0; i < n; i++) {
        char want = i < length ? name[i] : 's';
        if (text[i] != want && text[i] != want - 'a' + 'A') return false;
    }
    return true;
}

bool period_scan(const char *text, size_t n, int32_t *count, PeriodUnit *unit) {
    size_t at = 0;
    int32_t number = 0;
    for (; at < n && text[at] >= '0' && text[at] <= '9'; at++) {
        if (at == 9) return false;
        number = number * 10 + (text[at] - '0');
    }
    if (at == 0) number = 1;
    size_t digits = at;
    if (digits > 0)
        while (at < n && text[at] == ' ') at++;
    if (number == 0 || (digits > 0 && at == digits)) return false;
    for (PeriodUnit u = PERIOD_DAY; u <= PERIOD_YEAR; u++) {
        if (!period_names(text + at, n - at, period_unit_names[u])) continue;
        *count = number;
        *unit = u;
        return true;
    }
    return false;
}

bool period_parse(const char *text, size_t n, Period *out) {
    int32_t count;
    PeriodUnit unit;
    if (!period_scan(text, n, &count, &unit)) return false;
    if (count > 1) {
        if (period_unit_months(unit) > 0 || count > PERIOD_DAYS_MAX) return false;
        if (unit == PERIOD_WEEK) count *= 7;
        if (count > PERIOD_DAYS_MAX) return false;
        unit = PERIOD_DAYS;
    }
    out->unit = unit;
    out->n_days = count;
    return true;
}

int32_t period_index(const Period *period, Day day) {
    int32_t months = period_unit_months(period->unit);
    if (months > 0) {
        int year, month, day_of_month;
        civil_from_day(period->calendar, day, &year, &month, &day_of_month);
        return year * (12 / months) + (month - 1) / months;
    }
    if (period->unit == PERIOD_DAY) return day;
    if (period->unit == PERIOD_WEEK)
        return (int32_t)civil_floor_div((int64_t)day + PERIOD_EPOCH_WEEKDAY - period->week_start,
                                        7);
    assert(period->n_days > 0);
    return (int32_t)civil_floor_div((int64_t)day - period->anchor, period->n_days);
}

Day period_start(const Period *period, int32_t index) {
    int32_t months = period_unit_months(period->unit);
    if (months > 0) {
        int32_t per_year = 12 / months;
        int64_t year = civil_floor_div(index, per_year);
        int32_t part = (int32_t)(index - year * per_year);
        return civil_to_day(period->calendar, (int)year, part * months + 1, 1);
    }
    int64_t start = index;
    if (period->unit == PERIOD_WEEK)
        start = (int64_t)index * 7 - PERIOD_EPOCH_WEEKDAY + period->week_start;
    if (period->unit == PERIOD_DAYS) start = (int64_t)index * period->n_days + period->anchor;
    if (start < INT32_MIN) return INT32_MIN;
    return start > INT32_MAX ? INT32_MAX : (Day)start;
}

int32_t period_length_max(const Period *period) {
    switch (period->unit) {
        case PERIOD_DAY: return 1;
        case PERIOD_WEEK: return 7;
        case PERIOD_MONTH: return 31;
        case PERIOD_QUARTER: return period->calendar == CIVIL_JALALI ? 93 : 92;
        case PERIOD_YEAR: return 366;
        case PERIOD_DAYS: break;
    }
    return period->n_days;
}
