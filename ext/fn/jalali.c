/* jalali.c - to_jalali() and from_jalali(): Iranian dates from Gregorian ones, and back.
 *
 *     SELECT to_jalali('2025-12-06');                       -- 1404-09-15
 *     SELECT from_jalali('1404/09/15'), from_jalali('۱۴۰۴/۰۹/۱۵');     -- 2025-12-06, both
 *     SELECT to_jalali(1764968400, '+03:30');               -- a moment, the day in Tehran
 *
 * Both read a date as a report with calendar='jalali' does: years below 1700 are Iranian, later ones
 * Gregorian, so that a column that mixes them comes out in one calendar.
 */
#include "data/row.h"
#include "host/function.h"

enum { JALALI_DATE, JALALI_UTC_OFFSET };

static const ArgSpec jalali_args[] = {
    [JALALI_DATE] = {.name = "date", .kind = ARG_DATE, .required = true,
                     .doc = "a date in any form that a date column may have, or as in '1404/09/15' with Latin"
                            " or Persian digits; NULL gives NULL"},
    [JALALI_UTC_OFFSET] = {.name = "utc_offset", .kind = ARG_OFFSET, .dflt_text = "+00:00",
                           .doc = "where the day is cut, for dates with a time"},
    {0},
};

static void jalali_call(Out *out, Err *err, int n, sqlite3_value **values, CivilCalendar printed) {
    Day day;
    if (sqlite3_value_type(values[JALALI_DATE]) == SQLITE_NULL) {
        out_null(out);
        return;
    }
    ArgValue offset = function_argument(jalali_args, JALALI_UTC_OFFSET, CIVIL_JALALI, n, values, err);
    out->calendar = printed;
    if (!err->rc && row_local_argument(CIVIL_JALALI, (int32_t)offset.integer, values[JALALI_DATE], err,
                                       jalali_args[JALALI_DATE].name, &day))
        out_day(out, day);
}

static void jalali_to(Out *out, Err *err, int n, sqlite3_value **values) {
    jalali_call(out, err, n, values, CIVIL_JALALI);
}

static void jalali_from(Out *out, Err *err, int n, sqlite3_value **values) {
    jalali_call(out, err, n, values, CIVIL_GREGORIAN);
}

#define JALALI_READS                                                                                    \
    " Years below 1700 are read as Iranian, later ones as Gregorian, whichever way; the time is left out."

const ScalarDef scalar_to_jalali = {
    .name = "to_jalali",
    .text = {.doc = "the Iranian (Jalali) date of a day",
             .definition = "'YYYY-MM-DD' in the Iranian solar calendar: six months of 31 days, five of 30, the"
                           " last of 29 or, in the years with (25 * year + 11) % 33 < 8, of 30." JALALI_READS,
             .example = "SELECT to_jalali('2025-12-06')"},
    .args = jalali_args,
    .call = jalali_to,
};

const ScalarDef scalar_from_jalali = {
    .name = "from_jalali",
    .text = {.doc = "the Gregorian date of an Iranian (Jalali) one",
             .definition = "'YYYY-MM-DD' in the Gregorian calendar, for what SQLite's date functions and the"
                           " reports read." JALALI_READS,
             .example = "SELECT from_jalali('1404/09/15')"},
    .args = jalali_args,
    .call = jalali_from,
};
