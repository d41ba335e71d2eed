/* elapsed.c - see elapsed.h. */
#include "time/elapsed.h"

ElapsedMark elapsed_mark(const Period *period, bool own, Day day) {
    if (!own) return (ElapsedMark){.count = period_index(period, day)};
    if (period_unit_months(period->unit) == 0) return (ElapsedMark){.count = day};
    int year, month, day_of_month;
    civil_from_day(period->calendar, day, &year, &month, &day_of_month);
    bool last = day_of_month == civil_month_days(period->calendar, year, month);
    return (ElapsedMark){.count = year * 12 + month - 1, .day = (int16_t)day_of_month,
                         .ends = last ? INT16_MAX : (int16_t)day_of_month};
}

int32_t elapsed_step(const Period *period, bool own) {
    if (!own) return 1;
    switch (period->unit) {
        case PERIOD_DAY: return 1;
        case PERIOD_WEEK: return 7;
        case PERIOD_DAYS: return period->n_days;
        default: return period_unit_months(period->unit);
    }
}
