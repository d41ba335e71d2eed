/* civil.c - see civil.h. */
#include "time/civil.h"

#include <stddef.h>

enum {
    CIVIL_ERA_DAYS = 146097,      /* 400 Gregorian years */
    CIVIL_ERA_SHIFT = 719468,     /* 0000-03-01 to 1970-01-01 */
    CIVIL_CYCLE_DAYS = 12053,     /* 33 Jalali years, 8 of them leap */
    CIVIL_JALALI_ZERO = -492633,  /* makes 1 Farvardin 1404 the day 2025-03-21 */
    CIVIL_JALALI_HALF = 186,      /* six months of 31 days */
    CIVIL_JALALI_YEAR_MIN = -622, /* Gregorian 0000-01-01 lies in Jalali -622 */
    CIVIL_JALALI_YEAR_MAX = 9378,
};

const char *const retain_calendar_names[] = {
    [CIVIL_GREGORIAN] = "gregorian", [CIVIL_JALALI] = "jalali", NULL};

static bool civil_gregorian_leap(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Years run from March to February, so that the leap day is a year's last: month m of them starts
 * on day (153 m + 2) / 5. */
static int64_t civil_gregorian_to_day(int year, int month, int day) {
    int64_t march_year = (int64_t)year - (month <= 2);
    int march_month = month > 2 ? month - 3 : month + 9;
    int64_t era = civil_floor_div(march_year, 400);
    int year_of_era = (int)(march_year - era * 400);
    int day_of_year = (153 * march_month + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * CIVIL_ERA_DAYS + day_of_era - CIVIL_ERA_SHIFT;
}

static void civil_gregorian_from_day(Day day, int *year, int *month, int *day_of_month) {
    int64_t shifted = (int64_t)day + CIVIL_ERA_SHIFT;
    int64_t era = civil_floor_div(shifted, CIVIL_ERA_DAYS);
    unsigned day_of_era = (unsigned)(shifted - era * CIVIL_ERA_DAYS);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned march_month = (5 * day_of_year + 2) / 153;
    *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = (int)(era * 400) + (int)year_of_era + (*month <= 2);
    *day_of_month = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
}

/* The leap years before year y number floor((8 y + 21) / 33), up to a constant:
 * (25 y + 11) mod 33 < 8 is the same as (8 y + 21) mod 33 >= 25, where that quotient steps. */
static int64_t civil_jalali_year_start(int64_t year) {
    return CIVIL_JALALI_ZERO + civil_floor_div(CIVIL_CYCLE_DAYS * year + 21, 33);
}

static int64_t civil_jalali_to_day(int year, int month, int day) {
    int before = month <= 7 ? (month - 1) * 31 : CIVIL_JALALI_HALF + (month - 7) * 30;
    return civil_jalali_year_start(year) + before + day - 1;
}

static void civil_jalali_from_day(Day day, int *year, int *month, int *day_of_month) {
    int64_t since = (int64_t)day - CIVIL_JALALI_ZERO;
    int64_t y = civil_floor_div(33 * since + 11, CIVIL_CYCLE_DAYS);
    int day_of_year = (int)(day - civil_jalali_year_start(y));
    *year = (int)y;
    if (day_of_year < CIVIL_JALALI_HALF) {
        *month = day_of_year / 31 + 1;
        *day_of_month = day_of_year % 31 + 1;
    } else {
        *month = (day_of_year - CIVIL_JALALI_HALF) / 30 + 7;
        *day_of_month = (day_of_year - CIVIL_JALALI_HALF) % 30 + 1;
    }
}

int civil_month_days(CivilCalendar calendar, int year, int month) {
    static const int gregorian[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (calendar == CIVIL_GREGORIAN)
        return gregorian[month - 1] + (month == 2 && civil_gregorian_leap(year));
    if (month <= 6) return 31;
    if (month <= 11) return 30;
    return (int)(civil_jalali_year_start((int64_t)year + 1) - civil_jalali_year_start(year)) - 336;
}

bool civil_valid(CivilCalendar calendar, int year, int month, int day) {
    bool gregorian = calendar == CIVIL_GREGORIAN;
    int year_min = gregorian ? 0 : CIVIL_JALALI_YEAR_MIN;
    int year_max = gregorian ? 9999 : CIVIL_JALALI_YEAR_MAX;
    if (year < year_min || year > year_max || month < 1 || month > 12 || day < 1) return false;
    if (day > 28 && day > civil_month_days(calendar, year, month)) return false;
    if (year > year_min && year < year_max) return true;
    Day at = civil_to_day(calendar, year, month, day);
    return at >= CIVIL_DAY_MIN && at <= CIVIL_DAY_MAX;
}

Day civil_to_day(CivilCalendar calendar, int year, int month, int day) {
    int64_t at = calendar == CIVIL_JALALI ? civil_jalali_to_day(year, month, day)
                                          : civil_gregorian_to_day(year, month, day);
    if (at < INT32_MIN) return INT32_MIN;
    return at > INT32_MAX ? INT32_MAX : (Day)at;
}

void civil_from_day(CivilCalendar calendar, Day day, int *year, int *month, int *day_of_month) {
    if (calendar == CIVIL_JALALI)
        civil_jalali_from_day(day, year, month, day_of_month);
    else
        civil_gregorian_from_day(day, year, month, day_of_month);
}

static void civil_print_two(int value, char *out) {
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
}

void civil_print(CivilCalendar calendar, Day day, char out[11]) {
    int year, month, day_of_month;
    civil_from_day(calendar, day, &year, &month, &day_of_month);
    out[0] = 0;
    if (year < -999 || year > 9999) return;
    int digits = year < 0 ? -year : year;
    civil_print_two(digits / 100, out);
    civil_print_two(digits % 100, out + 2);
    if (year < 0) out[0] = '-';
    out[4] = '-';
    civil_print_two(month, out + 5);
    out[7] = '-';
    civil_print_two(day_of_month, out + 8);
    out[10] = 0;
}
