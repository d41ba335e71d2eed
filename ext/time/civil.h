/* civil.h - calendar dates as day numbers, and back.
 *
 *     civil_to_day(CIVIL_GREGORIAN, 2025, 12, 6) == civil_to_day(CIVIL_JALALI, 1404, 9, 15)
 *
 * A Day counts from 1970-01-01, day 0.  Gregorian is proleptic: its rule holds back to year 0000.
 * Jalali is the Iranian solar calendar by the 33-year rule: year y is leap when
 * (25 y + 11) mod 33 < 8.  That is the official calendar for the years 1210 to 1634 (1831 to 2256);
 * outside them the rule goes on, so that every day has one Jalali date and every date one day, but
 * 1 Farvardin may be a day away from the astronomical one.
 */
#ifndef CIVIL_H
#define CIVIL_H

#include <stdbool.h>
#include <stdint.h>

typedef int32_t Day; /* days since 1970-01-01, proleptic Gregorian */

enum {
    CIVIL_DAY_MIN = -719528, /* 0000-01-01 */
    CIVIL_DAY_MAX = 2932896, /* 9999-12-31 */
};

typedef enum CivilCalendar { CIVIL_GREGORIAN, CIVIL_JALALI } CivilCalendar;

/* "gregorian", "jalali", NULL: indexed by CivilCalendar. */
extern const char *const retain_calendar_names[];

/* a / b rounded towards minus infinity; b > 0. */
static inline int64_t civil_floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/* Whether the calendar has that date and it lies in CIVIL_DAY_MIN .. CIVIL_DAY_MAX. Any ints. */
bool civil_valid(CivilCalendar calendar, int year, int month, int day);

/* The day of a valid date. The years around the valid ones are computed alike, month 1..12 and day
 * 1..31 given; a result that an int32_t cannot hold is its nearest end. */
Day civil_to_day(CivilCalendar calendar, int year, int month, int day);

/* The date of a day. Defined for every Day; Jalali years before 1 are 0, -1, ... */
void civil_from_day(CivilCalendar calendar, Day day, int *year, int *month, int *day_of_month);

/* Days in that month, 28..31; month 1..12. */
int civil_month_days(CivilCalendar calendar, int year, int month);

/* 'YYYY-MM-DD' and NUL. Years -999..-1, which Jalali needs before 622, read '-YYY-MM-DD';
 * a year outside -999..9999 gives the empty string. */
void civil_print(CivilCalendar calendar, Day day, char out[11]);

#endif
