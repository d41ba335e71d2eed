/* period_of.c - period_start() and period_index(): the period of a date, by the rules of the reports.
 *
 *     SELECT period_start(order_date, 'month') AS month, sum(amount) FROM orders GROUP BY month;
 *     SELECT period_start('1404/09/15', 'month', 'jalali');                          -- 1404-09-01
 *     SELECT period_index('2025-03-01', 'month') - period_index('2024-12-31', 'month');       -- 3
 *
 * period_start is the first day of the period that holds the date; period_index numbers the periods by
 * consecutive integers, so that differences count them: years as they are called, quarters 4 * year + 0 .. 3,
 * months 12 * year + 0 .. 11, days since 1970-01-01, weeks from the one that holds 1970-01-01, blocks of days
 * from the anchor.
 */
#include "data/row.h"
#include "host/function.h"

enum {
    PERIOD_OF_DATE,
    PERIOD_OF_PERIOD,
    PERIOD_OF_CALENDAR,
    PERIOD_OF_WEEK_START,
    PERIOD_OF_UTC_OFFSET,
    PERIOD_OF_ANCHOR
};

static const ArgSpec period_of_args[] = {
    [PERIOD_OF_DATE] = {.name = "date", .kind = ARG_DATE, .required = true,
                        .doc = "a date in any form that a date column may have; NULL gives NULL"},
    [PERIOD_OF_PERIOD] = {.name = "period", .kind = ARG_PERIOD, .required = true,
                          .doc = "length of a period; NULL gives NULL"},
    [PERIOD_OF_CALENDAR] = {.name = "calendar", .kind = ARG_CHOICE, .choices = retain_calendar_names,
                            .doc = "calendar of months, quarters, years and of the printed day; jalali also"
                                   " reads '1404/09/15'"},
    [PERIOD_OF_WEEK_START] = {.name = "week_start", .kind = ARG_CHOICE, .choices = retain_weekday_names,
                              .doc = "first day of a week"},
    [PERIOD_OF_UTC_OFFSET] = {.name = "utc_offset", .kind = ARG_OFFSET, .dflt_text = "+00:00",
                              .doc = "where the day is cut, for dates with a time"},
    [PERIOD_OF_ANCHOR] = {.name = "anchor", .kind = ARG_DATE, .dflt_text = "1970-01-01",
                          .doc = "a day on which a block of days as in '28 days' begins; for the blocks of a"
                                 " report the day of the first purchase"},
    {0},
};

/* False: an argument is NULL or err is set. */
static bool period_of_read(Out *out, Err *err, int n, sqlite3_value **values, Period *period, Day *day) {
    if (sqlite3_value_type(values[PERIOD_OF_DATE]) == SQLITE_NULL ||
        sqlite3_value_type(values[PERIOD_OF_PERIOD]) == SQLITE_NULL) {
        out_null(out);
        return false;
    }
    ArgValue arg[PERIOD_OF_ANCHOR + 1];
    CivilCalendar calendar = CIVIL_GREGORIAN;
    for (int i = PERIOD_OF_PERIOD; i <= PERIOD_OF_ANCHOR; i++) {
        arg[i] = function_argument(period_of_args, i, calendar, n, values, err);
        if (i == PERIOD_OF_CALENDAR) calendar = (CivilCalendar)arg[i].integer;
    }
    if (err->rc) return false;
    *period = arg[PERIOD_OF_PERIOD].period;
    period->calendar = out->calendar = calendar;
    period->week_start = (int)arg[PERIOD_OF_WEEK_START].integer;
    period->anchor = arg[PERIOD_OF_ANCHOR].day;
    return row_local_argument(calendar, (int32_t)arg[PERIOD_OF_UTC_OFFSET].integer, values[PERIOD_OF_DATE],
                              err, period_of_args[PERIOD_OF_DATE].name, day);
}

static void period_of_start(Out *out, Err *err, int n, sqlite3_value **values) {
    Period period;
    Day day;
    if (period_of_read(out, err, n, values, &period, &day))
        out_day(out, period_start(&period, period_index(&period, day)));
}

static void period_of_index(Out *out, Err *err, int n, sqlite3_value **values) {
    Period period;
    Day day;
    if (period_of_read(out, err, n, values, &period, &day)) out_int(out, period_index(&period, day));
}

const ScalarDef scalar_period_start = {
    .name = "period_start",
    .text = {.doc = "first day of the day, week, month, quarter, year or block of days that holds a date",
             .definition = "the day after utc_offset, taken back to the first day of its period; weeks begin on"
                           " week_start, blocks of days are counted from anchor, months, quarters and years"
                           " are those of the calendar. Dates are read and printed as by the reports.",
             .example = "SELECT period_start(order_date, 'month') AS month, count(*) FROM orders"
                        " GROUP BY month"},
    .args = period_of_args,
    .call = period_of_start,
};

const ScalarDef scalar_period_index = {
    .name = "period_index",
    .text = {.doc = "number of the period that holds a date; differences count periods",
             .definition = "consecutive integers: the year; 4 * year + 0 to 3 for quarters; 12 * year + 0 to 11"
                           " for months; days since 1970-01-01; weeks since the one of 1970-01-01; blocks of"
                           " days since anchor",
             .example = "SELECT period_index('2025-03-01', 'month') - period_index('2024-12-31', 'month')"},
    .args = period_of_args,
    .call = period_of_index,
};
