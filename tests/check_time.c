/* check_time.c - tests of ext/time.
 *
 * Oracles that share no code with it: a counter that walks the Gregorian calendar day by day, ICU's
 * Persian calendar, and SQLite's own date functions where their rules are ours.
 */
#include <check.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>

#include "time/date.h"
#include "time/span.h"

#define countof(a) ((int)(sizeof(a) / sizeof(*(a))))

/* splitmix64: the same cases on every run */
static uint64_t random_next(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static int random_below(uint64_t *state, int n) {
    return (int)(random_next(state) % (uint64_t)n);
}

/* ---- civil ---- */

START_TEST(every_day_round_trips) {
    CivilCalendar calendar = (CivilCalendar)_i;
    int last_y = 0, last_m = 0, last_d = 0;
    for (Day day = CIVIL_DAY_MIN; day <= CIVIL_DAY_MAX; day++) {
        int y, m, d;
        civil_from_day(calendar, day, &y, &m, &d);
        bool follows = day == CIVIL_DAY_MIN || (y == last_y && m == last_m && d == last_d + 1) ||
                       (d == 1 && last_d == civil_month_days(calendar, last_y, last_m) &&
                        y * 12 + m == last_y * 12 + last_m + 1);
        if (!follows || !civil_valid(calendar, y, m, d) || civil_to_day(calendar, y, m, d) != day)
            ck_abort_msg("day %d is %d-%d-%d after %d-%d-%d", day, y, m, d, last_y, last_m, last_d);
        last_y = y;
        last_m = m;
        last_d = d;
    }
}
END_TEST

START_TEST(gregorian_agrees_with_counting) {
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    Day day = CIVIL_DAY_MIN;
    for (int year = 0; year <= 9999; year++) {
        bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (leap && month == 2);
            if (civil_month_days(CIVIL_GREGORIAN, year, month) != length ||
                civil_valid(CIVIL_GREGORIAN, year, month, length + 1))
                ck_abort_msg("%d-%d has another length", year, month);
            for (int d = 1; d <= length; d++, day++) {
                char text[32], printed[11];
                civil_print(CIVIL_GREGORIAN, day, printed);
                snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, d);
                Day back = civil_to_day(CIVIL_GREGORIAN, year, month, d);
                if (strcmp(text, printed) != 0 || back != day)
                    ck_abort_msg("day %d is %s, printed %s", day, text, printed);
            }
        }
    }
    ck_assert_int_eq(day, CIVIL_DAY_MAX + 1);
}
END_TEST

START_TEST(jalali_agrees_with_icu) {
    UErrorCode error = U_ZERO_ERROR;
    static const UChar utc[] = {'E', 't', 'c', '/', 'U', 'T', 'C', 0};
    UCalendar *icu = ucal_open(utc, -1, "en_US@calendar=persian", UCAL_TRADITIONAL, &error);
    ck_assert_msg(U_SUCCESS(error), "ICU: %s", u_errorName(error));
    Day first = civil_to_day(CIVIL_JALALI, 1300, 1, 1);
    Day end = civil_to_day(CIVIL_JALALI, 1501, 1, 1);
    ck_assert_int_eq(end - first, 201 * 365 + 49);
    for (Day day = first; day < end; day++) {
        int y, m, d;
        civil_from_day(CIVIL_JALALI, day, &y, &m, &d);
        ucal_setMillis(icu, day * 86400e3, &error);
        if (ucal_get(icu, UCAL_YEAR, &error) != y || ucal_get(icu, UCAL_MONTH, &error) + 1 != m ||
            ucal_get(icu, UCAL_DATE, &error) != d || U_FAILURE(error))
            ck_abort_msg("day %d is %d-%d-%d, not so for ICU", day, y, m, d);
    }
    ucal_close(icu);
}
END_TEST

/* Borkowski's table of the astronomical calendar: between two breaks the leap years come every
 * fourth year, with the fifth at the end of each run of 33. */
static Day borkowski_new_year(int year) {
    static const int breaks[] = {-61,  9,    38,   199,  426,  686,  756,  818,  1111, 1181,
                                 1210, 1635, 2060, 2097, 2192, 2262, 2324, 2394, 2456, 3178};
    int leaps = -14, start = breaks[0], jump = 0;
    for (int i = 1; i < countof(breaks); i++) {
        jump = breaks[i] - start;
        if (year < breaks[i]) break;
        leaps += jump / 33 * 8 + jump % 33 / 4;
        start = breaks[i];
    }
    int n = year - start, gregorian = year + 621;
    leaps += n / 33 * 8 + (n % 33 + 3) / 4;
    if (jump % 33 == 4 && jump - n == 4) leaps++;
    int gregorian_leaps = gregorian / 4 - (gregorian / 100 + 1) * 3 / 4 - 150;
    return civil_to_day(CIVIL_GREGORIAN, gregorian, 3, 1) + 20 + leaps - gregorian_leaps - 1;
}

START_TEST(jalali_agrees_with_the_astronomical_years) {
    for (int year = 1210; year <= 1634; year++)
        if (civil_to_day(CIVIL_JALALI, year, 1, 1) != borkowski_new_year(year))
            ck_abort_msg("1 Farvardin %d: %d, astronomically %d", year,
                         civil_to_day(CIVIL_JALALI, year, 1, 1), borkowski_new_year(year));
}
END_TEST

static const struct {
    CivilCalendar calendar;
    int year, month, day;
    bool valid;
} validities[] = {
    {CIVIL_GREGORIAN, 2024, 2, 29, true},       {CIVIL_GREGORIAN, 2023, 2, 29, false},
    {CIVIL_GREGORIAN, 1900, 2, 29, false},      {CIVIL_GREGORIAN, 2000, 2, 29, true},
    {CIVIL_GREGORIAN, 0, 1, 1, true},           {CIVIL_GREGORIAN, 0, 2, 29, true},
    {CIVIL_GREGORIAN, -1, 12, 31, false},       {CIVIL_GREGORIAN, 9999, 12, 31, true},
    {CIVIL_GREGORIAN, 10000, 1, 1, false},      {CIVIL_GREGORIAN, 2024, 0, 1, false},
    {CIVIL_GREGORIAN, 2024, 13, 1, false},      {CIVIL_GREGORIAN, 2024, 1, 0, false},
    {CIVIL_GREGORIAN, 2024, 4, 31, false},      {CIVIL_GREGORIAN, 2024, -5, -5, false},
    {CIVIL_GREGORIAN, INT32_MAX, 2, 29, false}, {CIVIL_GREGORIAN, INT32_MIN, 2, 29, false},
    {CIVIL_JALALI, 1403, 12, 30, true},         {CIVIL_JALALI, 1404, 12, 30, false},
    {CIVIL_JALALI, 1404, 6, 31, true},          {CIVIL_JALALI, 1404, 7, 31, false},
    {CIVIL_JALALI, -622, 10, 10, false},        {CIVIL_JALALI, -622, 10, 11, true},
    {CIVIL_JALALI, 9378, 10, 10, true},         {CIVIL_JALALI, 9378, 10, 11, false},
    {CIVIL_JALALI, -623, 12, 1, false},         {CIVIL_JALALI, 9379, 1, 1, false},
};

START_TEST(validity) {
    bool valid = civil_valid(validities[_i].calendar, validities[_i].year, validities[_i].month,
                             validities[_i].day);
    ck_assert_msg(valid == validities[_i].valid, "case %d", _i);
}
END_TEST

static const struct {
    CivilCalendar calendar;
    Day day;
    const char *text;
} prints[] = {
    {CIVIL_GREGORIAN, 0, "1970-01-01"},
    {CIVIL_GREGORIAN, 20428, "2025-12-06"},
    {CIVIL_JALALI, 20428, "1404-09-15"},
    {CIVIL_JALALI, 20168, "1404-01-01"},
    {CIVIL_JALALI, 20167, "1403-12-30"},
    {CIVIL_GREGORIAN, CIVIL_DAY_MIN, "0000-01-01"},
    {CIVIL_GREGORIAN, CIVIL_DAY_MIN - 1, "-001-12-31"},
    {CIVIL_GREGORIAN, CIVIL_DAY_MAX, "9999-12-31"},
    {CIVIL_GREGORIAN, CIVIL_DAY_MAX + 1, ""},
    {CIVIL_JALALI, CIVIL_DAY_MIN, "-622-10-11"},
    {CIVIL_JALALI, CIVIL_DAY_MAX, "9378-10-10"},
    {CIVIL_GREGORIAN, INT32_MAX, ""},
    {CIVIL_GREGORIAN, INT32_MIN, ""},
    {CIVIL_JALALI, INT32_MAX, ""},
    {CIVIL_JALALI, INT32_MIN, ""},
};

START_TEST(printing) {
    char text[11];
    civil_print(prints[_i].calendar, prints[_i].day, text);
    ck_assert_str_eq(text, prints[_i].text);
}
END_TEST

START_TEST(names) {
    ck_assert_str_eq(retain_calendar_names[CIVIL_JALALI], "jalali");
    ck_assert_ptr_null(retain_calendar_names[CIVIL_JALALI + 1]);
    ck_assert_str_eq(retain_date_unit_names[DATE_JULIAN], "julian");
    ck_assert_ptr_null(retain_date_unit_names[DATE_JULIAN + 1]);
    ck_assert_str_eq(retain_weekday_names[6], "sunday");
    ck_assert_ptr_null(retain_weekday_names[7]);
}
END_TEST

/* ---- date: text ---- */

static void print_date(const Date *date, char out[32]) {
    char day[11];
    civil_print(CIVIL_GREGORIAN, date->day, day);
    snprintf(out, 32, "%s", day);
    if (date->has_time)
        snprintf(out, 32, "%s %02d:%02d:%02d", day, date->second / 3600, date->second / 60 % 60,
                 date->second % 60);
}

typedef struct TextCase {
    const char *text, *want; /* the date, or "" where status says why not */
    DateStatus status;
    CivilCalendar calendar;
} TextCase;

static const TextCase texts[] = {
    {.text = "2024-01-05", .want = "2024-01-05"},
    {.text = "0000-01-01", .want = "0000-01-01"},
    {.text = "9999-12-31", .want = "9999-12-31"},
    {.text = "1404-09-15", .want = "1404-09-15"},
    {.text = "2024-02-29", .want = "2024-02-29"},
    {.text = "2024-01-05 10:20", .want = "2024-01-05 10:20:00"},
    {.text = "2024-01-05T10:20", .want = "2024-01-05 10:20:00"},
    {.text = "2024-01-05 10:20:30", .want = "2024-01-05 10:20:30"},
    {.text = "2024-01-05T10:20:30", .want = "2024-01-05 10:20:30"},
    {.text = "2024-01-05 00:00:00", .want = "2024-01-05 00:00:00"},
    {.text = "2024-01-05 10:20:30.5", .want = "2024-01-05 10:20:30"},
    {.text = "2024-01-05 23:59:59.9999", .want = "2024-01-05 23:59:59"},
    {.text = "2024-01-05 23:59:59.99999999999999999999999999999999999999999999999999999999999999Z",
     .want = "2024-01-05 23:59:59"},
    {.text = "2024-01-05 10:20Z", .want = "2024-01-05 10:20:00"},
    {.text = "2024-01-05 10:20z", .want = "2024-01-05 10:20:00"},
    {.text = "2024-01-05T10:20:30.123Z", .want = "2024-01-05 10:20:30"},
    {.text = "2024-01-05 10:20:30 Z", .want = "2024-01-05 10:20:30"},
    {.text = "2024-01-05 10:20+03:30", .want = "2024-01-05 06:50:00"},
    {.text = "2024-01-05 10:20 +03:30", .want = "2024-01-05 06:50:00"},
    {.text = "2024-01-05 10:20:30.75+0330", .want = "2024-01-05 06:50:30"},
    {.text = "2024-01-05 10:20:30-05", .want = "2024-01-05 15:20:30"},
    {.text = "2024-01-05 23:30-05:00", .want = "2024-01-06 04:30:00"},
    {.text = "2024-01-01 03:00+03:30", .want = "2023-12-31 23:30:00"},
    {.text = "2024-01-05 10:20+14:00", .want = "2024-01-04 20:20:00"},
    {.text = "2024-01-05 10:20-14:00", .want = "2024-01-06 00:20:00"},
    {.text = "2024-01-05 10:20-00:00", .want = "2024-01-05 10:20:00"},
    {.text = "2024-02-28 24:00", .want = "2024-02-29 00:00:00"},
    {.text = "2024-12-31T24:00:00", .want = "2025-01-01 00:00:00"},
    {.text = "2024-12-31 24:00:00.000Z", .want = "2025-01-01 00:00:00"},
    {.text = "2024-12-31 24:00+01:00", .want = "2024-12-31 23:00:00"},
    {.text = "9999-12-31 24:00+01:00", .want = "9999-12-31 23:00:00"},
    {.text = "9999-12-31 23:59:59", .want = "9999-12-31 23:59:59"},
    {.text = "0000-01-01 05:00+05:00", .want = "0000-01-01 00:00:00"},

    {.text = "2024-02-30", .status = DATE_NO_SUCH_DAY},
    {.text = "2023-02-29", .status = DATE_NO_SUCH_DAY},
    {.text = "2024-13-01", .status = DATE_NO_SUCH_DAY},
    {.text = "2024-00-10", .status = DATE_NO_SUCH_DAY},
    {.text = "0000-00-00", .status = DATE_NO_SUCH_DAY},
    {.text = "2024-04-31 10:20", .status = DATE_NO_SUCH_DAY},
    {.text = "2024-01-05 24:00:01", .status = DATE_NO_SUCH_TIME},
    {.text = "2024-01-05 24:00:00.5", .status = DATE_NO_SUCH_TIME},
    {.text = "2024-01-05 24:01", .status = DATE_NO_SUCH_TIME},
    {.text = "2024-01-05 25:00", .status = DATE_NO_SUCH_TIME},
    {.text = "2024-01-05 10:60", .status = DATE_NO_SUCH_TIME},
    {.text = "2024-01-05 10:20:60", .status = DATE_NO_SUCH_TIME},
    {.text = "2024-01-05 10:20+14:01", .status = DATE_NO_SUCH_OFFSET},
    {.text = "2024-01-05 10:20-1500", .status = DATE_NO_SUCH_OFFSET},
    {.text = "2024-01-05 10:20+03:60", .status = DATE_NO_SUCH_OFFSET},
    {.text = "9999-12-31 24:00", .status = DATE_OUTSIDE},
    {.text = "9999-12-31 23:00-01:00", .status = DATE_OUTSIDE},
    {.text = "0000-01-01 00:59:59+01:00", .status = DATE_OUTSIDE},
    {.text = "", .status = DATE_EMPTY},
    {.text = " ", .status = DATE_BLANKS},
    {.text = " 2024-01-05", .status = DATE_BLANKS},
    {.text = "2024-01-05 ", .status = DATE_BLANKS},
    {.text = "2024-01-05\n", .status = DATE_BLANKS},
    {.text = "\t2024-01-05", .status = DATE_BLANKS},
    {.text = "2024-01-05 10:20 ", .status = DATE_BLANKS},
    {.text = "now", .status = DATE_WORD},
    {.text = "NOW", .status = DATE_WORD},
    {.text = "localtime", .status = DATE_WORD},
    {.text = "utc", .status = DATE_WORD},
    {.text = "auto", .status = DATE_WORD},
    {.text = "unixepoch", .status = DATE_WORD},
    {.text = "julianday", .status = DATE_WORD},
    {.text = "subsec", .status = DATE_WORD},
    {.text = "subsecond", .status = DATE_WORD},
    {.text = "start of month", .status = DATE_WORD},
    {.text = "Weekday 0", .status = DATE_WORD},
    {.text = "CURRENT_TIMESTAMP", .status = DATE_WORD},
    {.text = "10:20", .status = DATE_TIME_ONLY},
    {.text = "10:20:30", .status = DATE_TIME_ONLY},
    {.text = "9:30", .status = DATE_TIME_ONLY},
    {.text = "2024-1-5", .status = DATE_SHORT},
    {.text = "2024-01-5", .status = DATE_SHORT},
    {.text = "2024-1-05", .status = DATE_SHORT},
    {.text = "2024-1-5 10:20", .status = DATE_SHORT},
    {.text = "01/05/2024", .status = DATE_ORDER},
    {.text = "1/5/24", .status = DATE_ORDER},
    {.text = "01/05/2024 10:20", .status = DATE_ORDER},
    {.text = "2024/01/05", .status = DATE_ORDER},
    {.text = "31.12.2023", .status = DATE_ORDER},
    {.text = "2023.12.31", .status = DATE_ORDER},
    {.text = "31-12-2023", .status = DATE_ORDER},
    {.text = "24-01-05", .status = DATE_ORDER},
    {.text = "2024-01-0510:20", .status = DATE_NO_SEPARATOR},
    {.text = "2024-01-0510:20:30Z", .status = DATE_NO_SEPARATOR},
    {.text = "2024-01-05Z", .status = DATE_OFFSET_ONLY},
    {.text = "2024-01-05+03:30", .status = DATE_OFFSET_ONLY},
    {.text = "2024-01-05T", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 Z", .status = DATE_TIME_FORM},
    {.text = "2024-01-05  10:20", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 9:30", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10:2", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10:20:", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10:20:3", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10:20:30.", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10:20:30.Z", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10:20.5", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10:20:30,5", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10:20 PM", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10:20  +03:30", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10:20+3:30", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10:20+03:3", .status = DATE_TIME_FORM},
    {.text = "2024-01-05 10:20ZZ", .status = DATE_TIME_FORM},
    {.text = "20240105", .status = DATE_TEXT_YYYYMMDD},
    {.text = "19700101", .status = DATE_TEXT_YYYYMMDD},
    {.text = "20240230", .status = DATE_TEXT_YYYYMMDD},
    {.text = "1704412800", .status = DATE_TEXT_UNIX},
    {.text = "1704412800.25", .status = DATE_TEXT_UNIX},
    {.text = "1704412800000", .status = DATE_TEXT_UNIXMS},
    {.text = "2460315.5", .status = DATE_TEXT_JULIAN},
    {.text = "2460315", .status = DATE_TEXT_JULIAN},
    {.text = "20240105.5", .status = DATE_OTHER},
    {.text = "1404/09/15", .status = DATE_TEXT_JALALI},
    {.text = "۱۴۰۴/۰۹/۱۵", .status = DATE_TEXT_JALALI},
    {.text = "۲۰۲۴-۰۱-۰۵", .status = DATE_TEXT_JALALI},
    {.text = "abc", .status = DATE_OTHER},
    {.text = "2024", .status = DATE_OTHER},
    {.text = "2024-01", .status = DATE_OTHER},
    {.text = "2024-01-05x", .status = DATE_OTHER},
    {.text = "2024-01-055", .status = DATE_OTHER},
    {.text = "2024-01-05t10:20", .status = DATE_OTHER},
    {.text = "-2024-01-05", .status = DATE_OTHER},
    {.text = "-5", .status = DATE_OTHER},
    {.text = "12024-01-05", .status = DATE_OTHER},
    {.text = "2024-0a-05", .status = DATE_OTHER},
    {.text = "2024_01_05", .status = DATE_OTHER},
    {.text = "Jan 5, 2024", .status = DATE_OTHER},
    {.text = "99999999999999999999999999", .status = DATE_OTHER},
    {.text = "nowhere", .status = DATE_OTHER},
    {.text = "é", .status = DATE_OTHER},

    {.text = "1404/09/15", .want = "2025-12-06", .calendar = CIVIL_JALALI},
    {.text = "1404-09-15", .want = "2025-12-06", .calendar = CIVIL_JALALI},
    {.text = "۱۴۰۴/۰۹/۱۵", .want = "2025-12-06", .calendar = CIVIL_JALALI},
    {.text = "۱۴۰۴-۰۱-۰۱", .want = "2025-03-21", .calendar = CIVIL_JALALI},
    {.text = "١٤٠٤/٠٩/١٥", .want = "2025-12-06", .calendar = CIVIL_JALALI},
    {.text = "۱۴۰۴/۰۹/۱۵ ۱۰:۲۰", .want = "2025-12-06 10:20:00", .calendar = CIVIL_JALALI},
    {.text = "1404/09/15 10:20:30+03:30", .want = "2025-12-06 06:50:30", .calendar = CIVIL_JALALI},
    {.text = "۱۴۰۴/۰۹/۱۵T۰۰:۰۰:۰۰.۵+۰۳:۳۰", .want = "2025-12-05 20:30:00",
     .calendar = CIVIL_JALALI},
    {.text = "1403/12/30 24:00", .want = "2025-03-21 00:00:00", .calendar = CIVIL_JALALI},
    {.text = "1699-01-01", .want = "2320-03-21", .calendar = CIVIL_JALALI},
    {.text = "1700-01-01", .want = "1700-01-01", .calendar = CIVIL_JALALI},
    {.text = "2024-01-05", .want = "2024-01-05", .calendar = CIVIL_JALALI},
    {.text = "2024/01/05", .want = "2024-01-05", .calendar = CIVIL_JALALI},
    {.text = "1404/12/30", .status = DATE_NO_SUCH_DAY, .calendar = CIVIL_JALALI},
    {.text = "۱۴۰۴/۰۷/۳۱", .status = DATE_NO_SUCH_DAY, .calendar = CIVIL_JALALI},
    {.text = "1404/9/15", .status = DATE_SHORT, .calendar = CIVIL_JALALI},
    {.text = "۱۴۰۴/۹/۱۵", .status = DATE_SHORT, .calendar = CIVIL_JALALI},
    {.text = "1404/09-15", .status = DATE_OTHER, .calendar = CIVIL_JALALI},
    {.text = "15/09/1404", .status = DATE_ORDER, .calendar = CIVIL_JALALI},
    {.text = "1404.09.15", .status = DATE_ORDER, .calendar = CIVIL_JALALI},
    {.text = "۱۴۰۴/۰۹/۱۵ ", .status = DATE_BLANKS, .calendar = CIVIL_JALALI},
    {.text = "۱۴۰۴/۰۹/۱۵۱۰:۲۰", .status = DATE_NO_SEPARATOR, .calendar = CIVIL_JALALI},
    {.text = "۱۰:۲۰", .status = DATE_TIME_ONLY, .calendar = CIVIL_JALALI},
    {.text = "\xDB", .status = DATE_OTHER, .calendar = CIVIL_JALALI},
    {.text = "1404/09/1\xDB", .status = DATE_SHORT, .calendar = CIVIL_JALALI},
    {.text = "now", .status = DATE_WORD, .calendar = CIVIL_JALALI},
};

/* The text in a block of just its size, so that a sanitizer sees a byte read past its end. */
static DateStatus read_exact(const char *text, size_t n, CivilCalendar calendar, Date *out) {
    char *copy = malloc(n ? n : 1);
    if (n) memcpy(copy, text, n);
    DateStatus status = date_from_text(copy, n, calendar, out);
    free(copy);
    return status;
}

START_TEST(text_reads) {
    const TextCase *c = &texts[_i];
    const Date untouched = {-77, -77, false};
    Date date = untouched;
    char got[32] = "";
    DateStatus status = read_exact(c->text, strlen(c->text), c->calendar, &date);
    if (status == DATE_OK) print_date(&date, got);
    bool kept = status == DATE_OK ||
                (date.day == untouched.day && date.second == untouched.second && !date.has_time);
    ck_assert_msg(status == c->status && strcmp(got, c->want ? c->want : "") == 0 && kept,
                  "'%s': %d %s %s", c->text, (int)status, got, date_hint(status));
}
END_TEST

START_TEST(text_with_nul) {
    static const char inside[] = "2024-01\0-05", after[] = "2024-01-05\0";
    static const char time[] = "2024-01-05 10:20\0";
    Date date;
    ck_assert_int_eq(read_exact(inside, 11, CIVIL_GREGORIAN, &date), DATE_NUL_BYTE);
    ck_assert_int_eq(read_exact(after, 11, CIVIL_GREGORIAN, &date), DATE_NUL_BYTE);
    ck_assert_int_eq(read_exact(time, 17, CIVIL_JALALI, &date), DATE_NUL_BYTE);
    ck_assert_int_eq(read_exact("", 1, CIVIL_GREGORIAN, &date), DATE_NUL_BYTE);
    ck_assert_int_eq(date_from_text(NULL, 0, CIVIL_JALALI, &date), DATE_EMPTY);
}
END_TEST

START_TEST(text_of_any_bytes) {
    static const char alphabet[] = "0123456789--::// .TZz+n\xDB\xB1\xD9\xA1\0";
    uint64_t state = 20240105;
    for (int i = 0; i < 400000; i++) {
        char bytes[240];
        const TextCase *seed = &texts[random_below(&state, countof(texts))];
        int n = (int)strlen(seed->text), n_edits = random_below(&state, 4);
        memcpy(bytes, seed->text, (size_t)n);
        for (int k = 0; k < n_edits && n > 0; k++)
            bytes[random_below(&state, n)] = alphabet[random_below(&state, (int)sizeof alphabet)];
        if (random_below(&state, 8) == 0)
            while (n < 200) bytes[n++] = alphabet[random_below(&state, (int)sizeof alphabet)];
        if (n > 0 && random_below(&state, 4) == 0) n = random_below(&state, n);
        Date date = {0};
        DateStatus status = read_exact(bytes, (size_t)n, (CivilCalendar)(i % 2), &date);
        bool sane = date.day >= CIVIL_DAY_MIN && date.day <= CIVIL_DAY_MAX && date.second >= 0 &&
                    date.second < 86400 && (date.has_time || date.second == 0);
        if (status >= DATE_NOT_FINITE || !sane) ck_abort_msg("%.*s: %d", n, bytes, (int)status);
    }
}
END_TEST

START_TEST(text_of_every_day) {
    for (Day day = CIVIL_DAY_MIN; day <= CIVIL_DAY_MAX; day++) {
        char bytes[11];
        Date date;
        civil_print(CIVIL_GREGORIAN, day, bytes);
        if (date_from_text(bytes, 10, CIVIL_GREGORIAN, &date) != DATE_OK || date.day != day)
            ck_abort_msg("%s", bytes);
        civil_print(CIVIL_JALALI, day, bytes);
        if (bytes[0] == '-' || strcmp(bytes, "1700") >= 0) continue;
        if (date_from_text(bytes, 10, CIVIL_JALALI, &date) != DATE_OK || date.day != day)
            ck_abort_msg("Jalali %s", bytes);
    }
}
END_TEST

START_TEST(hints) {
    const char *hint = date_hint((DateStatus)_i);
    ck_assert_ptr_nonnull(hint);
    ck_assert_int_eq(strlen(hint) == 0, _i == DATE_OK);
    for (int other = 0; other < _i; other++) ck_assert_str_ne(hint, date_hint((DateStatus)other));
}
END_TEST

/* ---- date: SQLite as oracle ---- */

static sqlite3_stmt *sqlite_ask(sqlite3 **db, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    ck_assert_int_eq(sqlite3_open(":memory:", db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(*db, sql, -1, &stmt, NULL), SQLITE_OK);
    return stmt;
}

static void sqlite_end(sqlite3 *db, sqlite3_stmt *stmt) {
    sqlite3_finalize(stmt);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

/* A valid text in the part of the grammar that SQLite reads as we do: at most three digits of
 * fraction, offsets with a colon, years that no offset can leave. */
static int random_text(uint64_t *state, char out[64]) {
    int year = 1 + random_below(state, 9998), month = 1 + random_below(state, 12);
    int day = 1 + random_below(state, civil_month_days(CIVIL_GREGORIAN, year, month));
    int n = snprintf(out, 64, "%04d-%02d-%02d", year, month, day);
    if (random_below(state, 5) == 0) return n;
    char separator = random_below(state, 2) ? 'T' : ' ';
    if (random_below(state, 10) == 0)
        n += snprintf(out + n, 32, "%c24:00%s", separator, random_below(state, 2) ? ":00" : "");
    else
        n += snprintf(out + n, 32, "%c%02d:%02d", separator, random_below(state, 24),
                      random_below(state, 60));
    if (n == 16 && out[11] != '2' && random_below(state, 3)) {
        n += snprintf(out + n, 32, ":%02d", random_below(state, 60));
        if (random_below(state, 2)) n += snprintf(out + n, 32, ".%03d", random_below(state, 1000));
    }
    const char *space = random_below(state, 3) ? "" : " ";
    if (random_below(state, 3) == 0)
        n += snprintf(out + n, 32, "%s%c%02d:%02d", space, random_below(state, 2) ? '+' : '-',
                      random_below(state, 14), random_below(state, 60));
    else if (random_below(state, 3) == 0)
        n += snprintf(out + n, 32, "%s%c", space, random_below(state, 2) ? 'Z' : 'z');
    return n;
}

/* date() through julianday(), since SQLite 3.40 repeats the day as written beside 24:00. */
START_TEST(sqlite_reads_the_same) {
    sqlite3 *db;
    sqlite3_stmt *ask = sqlite_ask(
        &db, "SELECT date(julianday(?1)), CAST(strftime('%s', ?1) AS INTEGER), julianday(?1)");
    uint64_t state = 1404;
    for (int i = 0; i < 100000; i++) {
        char bytes[64], day[11];
        int n = random_text(&state, bytes);
        Date date, julian, unix_date;
        if (date_from_text(bytes, (size_t)n, CIVIL_GREGORIAN, &date) != DATE_OK)
            ck_abort_msg("'%s' is not read", bytes);
        civil_print(CIVIL_GREGORIAN, date.day, day);
        sqlite3_bind_text(ask, 1, bytes, n, SQLITE_STATIC);
        if (sqlite3_step(ask) != SQLITE_ROW) ck_abort_msg("%s", sqlite3_errmsg(db));
        const char *theirs = (const char *)sqlite3_column_text(ask, 0);
        int64_t seconds = sqlite3_column_int64(ask, 1), ours = date.day * 86400LL + date.second;
        if (!theirs || strcmp(day, theirs) != 0 || seconds != ours)
            ck_abort_msg("'%s': SQLite %s %lld, ours %s %lld", bytes, theirs ? theirs : "NULL",
                         (long long)seconds, day, (long long)ours);
        if (date_from_real(sqlite3_column_double(ask, 2), DATE_JULIAN, &julian) != DATE_OK ||
            date_from_integer(seconds, DATE_UNIX, &unix_date) != DATE_OK ||
            julian.day != date.day || julian.second != date.second ||
            unix_date.day != date.day || unix_date.second != date.second)
            ck_abort_msg("'%s': julian %d %d, unix %d %d", bytes, julian.day, julian.second,
                         unix_date.day, unix_date.second);
        sqlite3_reset(ask);
    }
    sqlite_end(db, ask);
}
END_TEST

/* Whatever we still read after random damage, SQLite reads too, and alike: we are the stricter.
 * Only offsets without a colon are ours alone. */
START_TEST(sqlite_reads_what_we_read) {
    static const char alphabet[] = "0123456789-:. TZz+x/";
    sqlite3 *db;
    sqlite3_stmt *ask = sqlite_ask(&db, "SELECT CAST(strftime('%s', ?1) AS INTEGER)");
    uint64_t state = 33;
    int n_read = 0;
    for (int i = 0; i < 300000; i++) {
        char bytes[64];
        int n = random_text(&state, bytes);
        int at = random_below(&state, n);
        bytes[at] = alphabet[random_below(&state, (int)sizeof alphabet - 1)];
        if (random_below(&state, 4) == 0) n = at;
        Date date;
        if (date_from_text(bytes, (size_t)n, CIVIL_GREGORIAN, &date) != DATE_OK) continue;
        sqlite3_bind_text(ask, 1, bytes, n, SQLITE_STATIC);
        if (sqlite3_step(ask) != SQLITE_ROW) ck_abort_msg("%s", sqlite3_errmsg(db));
        bool colon_free = n > 3 && (bytes[n - 3] == '+' || (n > 16 && bytes[n - 3] == '-'));
        bool theirs = sqlite3_column_type(ask, 0) != SQLITE_NULL;
        if (theirs ? sqlite3_column_int64(ask, 0) != date.day * 86400LL + date.second : !colon_free)
            ck_abort_msg("'%.*s': %d %d, SQLite %lld", n, bytes, date.day, date.second,
                         (long long)sqlite3_column_int64(ask, 0));
        sqlite3_reset(ask);
        n_read++;
    }
    ck_assert_int_gt(n_read, 30000);
    sqlite_end(db, ask);
}
END_TEST

/* ---- date: numbers ---- */

typedef struct NumberCase {
    double value;
    DateUnit unit;
    const char *want;
    DateStatus status;
} NumberCase;

static const NumberCase numbers[] = {
    {0, DATE_UNIX, "1970-01-01 00:00:00", DATE_OK},
    {-1, DATE_UNIX, "1969-12-31 23:59:59", DATE_OK},
    {1704412800, DATE_UNIX, "2024-01-05 00:00:00", DATE_OK},
    {1704412799.9999, DATE_UNIX, "2024-01-04 23:59:59", DATE_OK},
    {-0.25, DATE_UNIX, "1969-12-31 23:59:59", DATE_OK},
    {-62167219200, DATE_UNIX, "0000-01-01 00:00:00", DATE_OK},
    {-62167219201, DATE_UNIX, "", DATE_UNIT_OUTSIDE},
    {253402300799, DATE_UNIX, "9999-12-31 23:59:59", DATE_OK},
    {253402300800, DATE_UNIX, "", DATE_UNIT_OUTSIDE},
    {1704412800000, DATE_UNIX, "", DATE_UNIT_OUTSIDE},
    {1704412800999, DATE_UNIXMS, "2024-01-05 00:00:00", DATE_OK},
    {-1, DATE_UNIXMS, "1969-12-31 23:59:59", DATE_OK},
    {253402300799999, DATE_UNIXMS, "9999-12-31 23:59:59", DATE_OK},
    {253402300800000, DATE_UNIXMS, "", DATE_UNIT_OUTSIDE},
    {-62167219200000, DATE_UNIXMS, "0000-01-01 00:00:00", DATE_OK},
    {-62167219200001, DATE_UNIXMS, "", DATE_UNIT_OUTSIDE},
    {20240105, DATE_YYYYMMDD, "2024-01-05", DATE_OK},
    {101, DATE_YYYYMMDD, "0000-01-01", DATE_OK},
    {99991231, DATE_YYYYMMDD, "9999-12-31", DATE_OK},
    {20240230, DATE_YYYYMMDD, "", DATE_NO_SUCH_DAY},
    {0, DATE_YYYYMMDD, "", DATE_NO_SUCH_DAY},
    {100, DATE_YYYYMMDD, "", DATE_NO_SUCH_DAY},
    {-1, DATE_YYYYMMDD, "", DATE_NOT_YYYYMMDD},
    {100000101, DATE_YYYYMMDD, "", DATE_NOT_YYYYMMDD},
    {1704412800, DATE_YYYYMMDD, "", DATE_NOT_YYYYMMDD},
    {20240105.5, DATE_YYYYMMDD, "", DATE_NOT_YYYYMMDD},
    {2460315.5, DATE_JULIAN, "2024-01-06 00:00:00", DATE_OK},
    {2460315, DATE_JULIAN, "2024-01-05 12:00:00", DATE_OK},
    {2460315.4999999, DATE_JULIAN, "2024-01-05 23:59:59", DATE_OK},
    {2460315.4999999999, DATE_JULIAN, "2024-01-06 00:00:00", DATE_OK},
    {2440587.5, DATE_JULIAN, "1970-01-01 00:00:00", DATE_OK},
    {2440588, DATE_JULIAN, "1970-01-01 12:00:00", DATE_OK},
    {1721059.5, DATE_JULIAN, "0000-01-01 00:00:00", DATE_OK},
    {1721060, DATE_JULIAN, "0000-01-01 12:00:00", DATE_OK},
    {1721059, DATE_JULIAN, "", DATE_UNIT_OUTSIDE},
    {1721059.4, DATE_JULIAN, "", DATE_UNIT_OUTSIDE},
    {5373484, DATE_JULIAN, "9999-12-31 12:00:00", DATE_OK},
    {5373484.4999, DATE_JULIAN, "9999-12-31 23:59:51", DATE_OK},
    {5373484.5, DATE_JULIAN, "", DATE_UNIT_OUTSIDE},
    {5373485, DATE_JULIAN, "", DATE_UNIT_OUTSIDE},
    {1e18, DATE_UNIX, "", DATE_UNIT_OUTSIDE},
    {-1e18, DATE_UNIXMS, "", DATE_UNIT_OUTSIDE},
    {1e300, DATE_JULIAN, "", DATE_UNIT_OUTSIDE},
    {-1e300, DATE_UNIX, "", DATE_UNIT_OUTSIDE},
    {1e300, DATE_YYYYMMDD, "", DATE_NOT_YYYYMMDD},
    {INFINITY, DATE_UNIX, "", DATE_NOT_FINITE},
    {-INFINITY, DATE_JULIAN, "", DATE_NOT_FINITE},
    {NAN, DATE_YYYYMMDD, "", DATE_NOT_FINITE},
    {NAN, DATE_UNIXMS, "", DATE_NOT_FINITE},
    {1704412800, DATE_AUTO, "", DATE_NO_UNIT},
    {1704412800, DATE_TEXT, "", DATE_NOT_TEXT},
};

/* As a real, and as an integer and as digits where the value has these forms. */
START_TEST(number) {
    const NumberCase *c = &numbers[_i];
    for (int form = 0; form < 3; form++) {
        char got[32] = "", digits[64];
        Date date;
        DateStatus status;
        if (form > 0 && (!(fabs(c->value) < 1e15) || floor(c->value) != c->value)) continue;
        int n = snprintf(digits, sizeof digits, "%.0f", c->value);
        if (form == 0) status = date_from_real(c->value, c->unit, &date);
        else if (form == 1) status = date_from_integer((int64_t)c->value, c->unit, &date);
        else status = date_from_digits(digits, (size_t)n, c->unit, &date);
        if (status == DATE_OK) print_date(&date, got);
        if (status != c->status || strcmp(got, c->want) != 0)
            ck_abort_msg("%.17g as form %d: %d '%s'", c->value, form, (int)status, got);
    }
}
END_TEST

START_TEST(extreme_integers) {
    Date date;
    for (DateUnit unit = DATE_UNIX; unit <= DATE_JULIAN; unit++) {
        DateStatus want = unit == DATE_YYYYMMDD ? DATE_NOT_YYYYMMDD : DATE_UNIT_OUTSIDE;
        ck_assert_int_eq(date_from_integer(INT64_MIN, unit, &date), want);
        ck_assert_int_eq(date_from_integer(INT64_MAX, unit, &date), want);
    }
    ck_assert_int_eq(date_guess_integer(INT64_MIN), DATE_AUTO);
    ck_assert_int_eq(date_guess_integer(INT64_MAX), DATE_AUTO);
    ck_assert_int_eq(date_guess_real(NAN), DATE_AUTO);
    ck_assert_int_eq(date_guess_real(INFINITY), DATE_AUTO);
}
END_TEST

/* Every second of two days, with the noise that adding fractions of a day leaves in a double. */
START_TEST(julian_noise) {
    for (int second = 0; second < 2 * 86400; second++)
        for (int noise = -1; noise <= 1; noise++) {
            Date date;
            double value = 2460314.5 + second / 86400.0;
            if (noise) value = nextafter(value, noise * 1e9);
            if (date_from_real(value, DATE_JULIAN, &date) != DATE_OK || !date.has_time ||
                (date.day - 19727) * 86400 + date.second != second)
                ck_abort_msg("second %d: %d %d", second, date.day, date.second);
        }
}
END_TEST

static const struct {
    const char *text;
    DateUnit unit;
    const char *want;
    DateStatus status;
} digits[] = {
    {"20240105", DATE_YYYYMMDD, "2024-01-05", DATE_OK},
    {"20240105.0", DATE_YYYYMMDD, "2024-01-05", DATE_OK},
    {"20240105.5", DATE_YYYYMMDD, "", DATE_NOT_YYYYMMDD},
    {"20240230", DATE_YYYYMMDD, "", DATE_NO_SUCH_DAY},
    {"1704412800", DATE_UNIX, "2024-01-05 00:00:00", DATE_OK},
    {"-1.5", DATE_UNIX, "1969-12-31 23:59:58", DATE_OK},
    {"1704412800000", DATE_UNIXMS, "2024-01-05 00:00:00", DATE_OK},
    {"2460315.5", DATE_JULIAN, "2024-01-06 00:00:00", DATE_OK},
    {"2460315.50001157407", DATE_JULIAN, "2024-01-06 00:00:01", DATE_OK},
    {"", DATE_UNIX, "", DATE_OTHER},
    {"-", DATE_UNIX, "", DATE_OTHER},
    {".5", DATE_JULIAN, "", DATE_OTHER},
    {"5.", DATE_JULIAN, "", DATE_OTHER},
    {"1e9", DATE_UNIX, "", DATE_OTHER},
    {" 1", DATE_UNIX, "", DATE_OTHER},
    {"2024-01-05", DATE_YYYYMMDD, "", DATE_OTHER},
    {"9999999999999999", DATE_UNIXMS, "", DATE_OTHER},
};

START_TEST(digits_as_text) {
    Date date;
    char got[32] = "";
    DateStatus status =
        date_from_digits(digits[_i].text, strlen(digits[_i].text), digits[_i].unit, &date);
    if (status == DATE_OK) print_date(&date, got);
    ck_assert_msg(status == digits[_i].status && strcmp(got, digits[_i].want) == 0,
                  "'%s': %d '%s'", digits[_i].text, (int)status, got);
}
END_TEST

static const struct {
    int64_t first, last;
    DateUnit unit;
} ranges[] = {
    {2447893, 2488434, DATE_JULIAN},
    {19900101, 21001231, DATE_YYYYMMDD},
    {631152000, 4133980799, DATE_UNIX},
    {631152000000, 4133980799999, DATE_UNIXMS},
};

/* The range of a unit is exactly its dates of 1990 to 2100, and belongs to it alone. */
START_TEST(unit_ranges) {
    DateUnit unit = ranges[_i].unit;
    Date date;
    ck_assert_int_eq(date_from_integer(ranges[_i].first, unit, &date), DATE_OK);
    ck_assert_int_eq(date.day, civil_to_day(CIVIL_GREGORIAN, 1990, 1, 1));
    ck_assert_int_eq(date_from_integer(ranges[_i].last, unit, &date), DATE_OK);
    ck_assert_int_eq(date.day, civil_to_day(CIVIL_GREGORIAN, 2100, 12, 31));
    if (_i > 0) ck_assert(ranges[_i].first > ranges[_i - 1].last);
    for (int64_t around = -1000; around <= 1000; around++) {
        DateUnit low = date_guess_integer(ranges[_i].first + around);
        DateUnit high = date_guess_integer(ranges[_i].last + around);
        if (low != (around >= 0 ? unit : DATE_AUTO) || high != (around <= 0 ? unit : DATE_AUTO) ||
            date_guess_real((double)(ranges[_i].first + around)) != low ||
            date_guess_real((double)(ranges[_i].last + around)) != high)
            ck_abort_msg("%d off the border: %d %d", (int)around, (int)low, (int)high);
    }
}
END_TEST

START_TEST(julian_range_of_reals) {
    ck_assert_int_eq(date_guess_real(2447892.5), DATE_JULIAN);
    ck_assert_int_eq(date_guess_real(2447892.4999), DATE_AUTO);
    ck_assert_int_eq(date_guess_real(2488434.4999), DATE_JULIAN);
    ck_assert_int_eq(date_guess_real(2488434.5), DATE_AUTO);
    ck_assert_int_eq(date_guess_real(4133980799.5), DATE_UNIX);
    ck_assert_int_eq(date_guess_real(4133980799999.5), DATE_UNIXMS);
}
END_TEST

/* ---- date: offsets ---- */

static const struct {
    const char *text;
    bool ok;
    int32_t seconds;
} offsets[] = {
    {"+03:30", true, 12600},  {"-05:00", true, -18000}, {"+00:00", true, 0},
    {"-00:00", true, 0},      {"Z", true, 0},           {"z", true, 0},
    {"+0330", true, 12600},   {"-05", true, -18000},    {"+14:00", true, 50400},
    {"-14:00", true, -50400}, {"+14:01", false, 0},     {"-14:01", false, 0},
    {"+15", false, 0},        {"+03:60", false, 0},     {"+99:99", false, 0},
    {"", false, 0},           {"03:30", false, 0},      {"+3:30", false, 0},
    {"+3", false, 0},         {"+03:3", false, 0},      {"+03-30", false, 0},
    {"+03:30 ", false, 0},    {" +03:30", false, 0},    {"UTC", false, 0},
    {"+-3:30", false, 0},     {"+0x:00", false, 0},     {"Z0", false, 0},
};

START_TEST(offset) {
    int32_t seconds = -7, want = offsets[_i].ok ? offsets[_i].seconds : -7;
    bool ok = date_parse_offset(offsets[_i].text, strlen(offsets[_i].text), &seconds);
    ck_assert_msg(ok == offsets[_i].ok && seconds == want, "'%s': %d", offsets[_i].text, seconds);
}
END_TEST

static const struct {
    Date date;
    int32_t offset;
    Day day;
    int32_t second;
} locals[] = {
    {{100, 0, false}, 50400, 100, 0},
    {{100, 0, false}, -50400, 100, 0},
    {{100, 0, true}, 0, 100, 0},
    {{100, 0, true}, -1, 99, 86399},
    {{100, 86399, true}, 1, 101, 0},
    {{100, 73800, true}, 12600, 101, 0},
    {{100, 73799, true}, 12600, 100, 86399},
    {{-1, 3600, true}, -7200, -2, 82800},
    {{100, 43200, true}, -43200, 100, 0},
    {{100, 43200, true}, 43199, 100, 86399},
    {{CIVIL_DAY_MAX, 86399, true}, 12600, CIVIL_DAY_MAX, 12599},
    {{CIVIL_DAY_MIN, 0, true}, -3600, CIVIL_DAY_MIN, 82800},
};

START_TEST(local_time) {
    ck_assert_int_eq(date_local_day(&locals[_i].date, locals[_i].offset), locals[_i].day);
    ck_assert_int_eq(date_local_second(&locals[_i].date, locals[_i].offset), locals[_i].second);
}
END_TEST

/* ---- period ---- */

static const struct {
    const char *text;
    bool ok;
    PeriodUnit unit;
    int32_t n_days;
} period_texts[] = {
    {"day", true, PERIOD_DAY, 1},              {"days", true, PERIOD_DAY, 1},
    {"week", true, PERIOD_WEEK, 1},            {"WEEKS", true, PERIOD_WEEK, 1},
    {"Month", true, PERIOD_MONTH, 1},          {"months", true, PERIOD_MONTH, 1},
    {"quarter", true, PERIOD_QUARTER, 1},      {"quarters", true, PERIOD_QUARTER, 1},
    {"year", true, PERIOD_YEAR, 1},            {"YeaRs", true, PERIOD_YEAR, 1},
    {"1 day", true, PERIOD_DAY, 1},            {"1 week", true, PERIOD_WEEK, 1},
    {"1 month", true, PERIOD_MONTH, 1},        {"28 days", true, PERIOD_DAYS, 28},
    {"28 day", true, PERIOD_DAYS, 28},         {"28  DAYS", true, PERIOD_DAYS, 28},
    {"007 days", true, PERIOD_DAYS, 7},        {"2 weeks", true, PERIOD_DAYS, 14},
    {"36500 days", true, PERIOD_DAYS, 36500},  {"36501 days", false, PERIOD_DAY, 0},
    {"5214 weeks", true, PERIOD_DAYS, 36498},  {"5215 weeks", false, PERIOD_DAY, 0},
    {"999999999 weeks", false, PERIOD_DAY, 0}, {"4294967297 days", false, PERIOD_DAY, 0},
    {"0 days", false, PERIOD_DAY, 0},          {"-1 days", false, PERIOD_DAY, 0},
    {"2 months", false, PERIOD_DAY, 0},        {"2 years", false, PERIOD_DAY, 0},
    {"28", false, PERIOD_DAY, 0},              {"28 ", false, PERIOD_DAY, 0},
    {"28days", false, PERIOD_DAY, 0},          {"", false, PERIOD_DAY, 0},
    {" day", false, PERIOD_DAY, 0},            {"day ", false, PERIOD_DAY, 0},
    {"dayss", false, PERIOD_DAY, 0},           {"monthly", false, PERIOD_DAY, 0},
    {"da", false, PERIOD_DAY, 0},              {"1.5 days", false, PERIOD_DAY, 0},
};

START_TEST(period_text) {
    const Period before = {.unit = PERIOD_DAYS, .n_days = -7, .week_start = 5, .anchor = 9};
    Period period = before;
    bool ok = period_parse(period_texts[_i].text, strlen(period_texts[_i].text), &period);
    bool as_wanted = period_texts[_i].ok ? period.unit == period_texts[_i].unit &&
                                               period.n_days == period_texts[_i].n_days
                                         : period.unit == before.unit && period.n_days == -7;
    ck_assert_msg(ok == period_texts[_i].ok && as_wanted && period.week_start == 5 &&
                      period.anchor == 9 && period.calendar == CIVIL_GREGORIAN,
                  "'%s'", period_texts[_i].text);
}
END_TEST

static const Period periods[] = {
    {.unit = PERIOD_DAY},
    {.unit = PERIOD_WEEK, .week_start = 0},
    {.unit = PERIOD_WEEK, .week_start = 1},
    {.unit = PERIOD_WEEK, .week_start = 2},
    {.unit = PERIOD_WEEK, .week_start = 3},
    {.unit = PERIOD_WEEK, .week_start = 4},
    {.unit = PERIOD_WEEK, .week_start = 5, .calendar = CIVIL_JALALI},
    {.unit = PERIOD_WEEK, .week_start = 6},
    {.unit = PERIOD_MONTH},
    {.unit = PERIOD_MONTH, .calendar = CIVIL_JALALI},
    {.unit = PERIOD_QUARTER},
    {.unit = PERIOD_QUARTER, .calendar = CIVIL_JALALI},
    {.unit = PERIOD_YEAR},
    {.unit = PERIOD_YEAR, .calendar = CIVIL_JALALI},
    {.unit = PERIOD_DAYS, .n_days = 1},
    {.unit = PERIOD_DAYS, .n_days = 28, .anchor = 19727},
    {.unit = PERIOD_DAYS, .n_days = 28, .anchor = -5},
    {.unit = PERIOD_DAYS, .n_days = 7, .anchor = CIVIL_DAY_MIN},
    {.unit = PERIOD_DAYS, .n_days = 36500, .anchor = CIVIL_DAY_MAX},
    {.unit = PERIOD_DAYS, .n_days = 13, .anchor = INT32_MIN},
    {.unit = PERIOD_DAYS, .n_days = 13, .anchor = INT32_MAX},
};

START_TEST(period_laws) {
    const Period *period = &periods[_i];
    int32_t last = period_index(period, CIVIL_DAY_MIN), longest = 0;
    Day start = period_start(period, last), end = period_start(period, last + 1);
    for (Day day = CIVIL_DAY_MIN; day <= CIVIL_DAY_MAX; day++) {
        int32_t index = period_index(period, day);
        if (index == last + 1) {
            start = period_start(period, index);
            end = period_start(period, index + 1);
            if (start != day || period_index(period, start) != index)
                ck_abort_msg("period %d starts on %d, not %d", index, start, day);
            last = index;
        }
        if (index != last || start > day || day >= end)
            ck_abort_msg("day %d in period %d after %d: %d .. %d", day, index, last, start, end);
        if (end - start > longest) longest = end - start;
    }
    ck_assert_int_eq(longest, period_length_max(period));
}
END_TEST

START_TEST(period_starts_on_its_weekday) {
    Period week = {.unit = PERIOD_WEEK, .week_start = _i};
    Day monday = civil_to_day(CIVIL_GREGORIAN, 2024, 1, 1);
    ck_assert_int_eq(period_start(&week, period_index(&week, monday + _i)), monday + _i);
    ck_assert_int_eq(period_start(&week, period_index(&week, monday + _i - 1)), monday + _i - 7);
}
END_TEST

static const struct {
    Period period;
    Day day, start; /* as YYYYMMDD, Gregorian */
} starts[] = {
    {{.unit = PERIOD_MONTH}, 20240229, 20240201},
    {{.unit = PERIOD_QUARTER}, 20240630, 20240401},
    {{.unit = PERIOD_QUARTER}, 20241231, 20241001},
    {{.unit = PERIOD_YEAR}, 20241231, 20240101},
    {{.unit = PERIOD_WEEK}, 20240107, 20240101},
    {{.unit = PERIOD_WEEK, .week_start = 6}, 20240107, 20240107},
    {{.unit = PERIOD_WEEK, .week_start = 5}, 20251206, 20251206},
    {{.unit = PERIOD_MONTH, .calendar = CIVIL_JALALI}, 20251206, 20251122},
    {{.unit = PERIOD_QUARTER, .calendar = CIVIL_JALALI}, 20251206, 20250923},
    {{.unit = PERIOD_YEAR, .calendar = CIVIL_JALALI}, 20251206, 20250321},
    {{.unit = PERIOD_YEAR, .calendar = CIVIL_JALALI}, 20250320, 20240320},
    {{.unit = PERIOD_DAYS, .n_days = 28, .anchor = 19727}, 20240105, 20240105},
    {{.unit = PERIOD_DAYS, .n_days = 28, .anchor = 19727}, 20240104, 20231208},
};

static Day day_of(int64_t yyyymmdd) {
    Date date = {0};
    ck_assert_int_eq(date_from_integer(yyyymmdd, DATE_YYYYMMDD, &date), DATE_OK);
    return date.day;
}

START_TEST(period_start_of_a_day) {
    const Period *period = &starts[_i].period;
    ck_assert_int_eq(period_start(period, period_index(period, day_of(starts[_i].day))),
                     day_of(starts[_i].start));
}
END_TEST

START_TEST(period_saturates) {
    for (int i = 0; i < countof(periods); i++) {
        Day low = period_start(&periods[i], INT32_MIN), high = period_start(&periods[i], INT32_MAX);
        bool kept = low <= CIVIL_DAY_MIN && high >= CIVIL_DAY_MAX;
        bool ends_at_anchor = periods[i].anchor == INT32_MIN || periods[i].anchor == INT32_MAX;
        if (!kept && !(ends_at_anchor && low < high)) ck_abort_msg("case %d: %d %d", i, low, high);
    }
}
END_TEST

/* ---- span ---- */

static const struct {
    const char *text;
    int32_t n; /* 0: not a span */
    PeriodUnit unit;
} span_texts[] = {
    {"90 days", 90, PERIOD_DAY},           {"6 months", 6, PERIOD_MONTH},
    {"1 month", 1, PERIOD_MONTH},          {"month", 1, PERIOD_MONTH},
    {"YEAR", 1, PERIOD_YEAR},              {"2 Quarters", 2, PERIOD_QUARTER},
    {"3 weeks", 3, PERIOD_WEEK},           {"100 years", 100, PERIOD_YEAR},
    {"101 years", 0, PERIOD_DAY},          {"1200 months", 1200, PERIOD_MONTH},
    {"1201 months", 0, PERIOD_DAY},        {"400 quarters", 400, PERIOD_QUARTER},
    {"401 quarters", 0, PERIOD_DAY},       {"36525 days", 36525, PERIOD_DAY},
    {"36526 days", 0, PERIOD_DAY},         {"5217 weeks", 5217, PERIOD_WEEK},
    {"5218 weeks", 0, PERIOD_DAY},         {"0 days", 0, PERIOD_DAY},
    {"-1 days", 0, PERIOD_DAY},            {"90", 0, PERIOD_DAY},
    {"90days", 0, PERIOD_DAY},             {"", 0, PERIOD_DAY},
    {"six months", 0, PERIOD_DAY},         {"999999999 days", 0, PERIOD_DAY},
    {"4294967297 days", 0, PERIOD_DAY},
};

START_TEST(span_text) {
    Span span = {-7, PERIOD_DAYS};
    bool ok = span_parse(span_texts[_i].text, strlen(span_texts[_i].text), &span);
    bool as_wanted = ok ? span.n == span_texts[_i].n && span.unit == span_texts[_i].unit
                        : span.n == -7 && span.unit == PERIOD_DAYS;
    ck_assert_msg(ok == (span_texts[_i].n > 0) && as_wanted, "'%s'", span_texts[_i].text);
}
END_TEST

static Span span_of(const char *text) {
    Span span = {0};
    ck_assert_msg(span_parse(text, strlen(text), &span), "'%s'", text);
    return span;
}

static const struct {
    const char *span;
    CivilCalendar calendar;
    const char *day, *want;
} befores[] = {
    {"6 months", CIVIL_GREGORIAN, "2024-08-31", "2024-02-29"},
    {"6 months", CIVIL_GREGORIAN, "2023-08-31", "2023-02-28"},
    {"6 months", CIVIL_GREGORIAN, "2024-08-15", "2024-02-15"},
    {"1 month", CIVIL_GREGORIAN, "2024-01-31", "2023-12-31"},
    {"1 month", CIVIL_GREGORIAN, "2024-03-31", "2024-02-29"},
    {"12 months", CIVIL_GREGORIAN, "2024-02-29", "2023-02-28"},
    {"1 year", CIVIL_GREGORIAN, "2024-02-29", "2023-02-28"},
    {"4 years", CIVIL_GREGORIAN, "2024-02-29", "2020-02-29"},
    {"1 quarter", CIVIL_GREGORIAN, "2024-05-31", "2024-02-29"},
    {"13 months", CIVIL_GREGORIAN, "2024-01-01", "2022-12-01"},
    {"90 days", CIVIL_GREGORIAN, "2024-03-31", "2024-01-01"},
    {"2 weeks", CIVIL_GREGORIAN, "2024-01-05", "2023-12-22"},
    {"1 month", CIVIL_JALALI, "1404-07-30", "1404-06-30"},
    {"1 month", CIVIL_JALALI, "1404-01-31", "1403-12-30"},
    {"1 month", CIVIL_JALALI, "1405-01-31", "1404-12-29"},
    {"6 months", CIVIL_JALALI, "1404-06-31", "1403-12-30"},
    {"1 year", CIVIL_JALALI, "1403-12-30", "1402-12-29"},
    {"1 quarter", CIVIL_JALALI, "1404-09-15", "1404-06-15"},
    {"90 days", CIVIL_JALALI, "1404-01-01", "1403-10-01"},
    {"1 day", CIVIL_GREGORIAN, "0000-01-01", "-001-12-31"},
    {"1 month", CIVIL_GREGORIAN, "0000-01-31", "-001-12-31"},
};

START_TEST(span_before_a_day) {
    Date date;
    char got[11];
    Span span = span_of(befores[_i].span);
    CivilCalendar calendar = befores[_i].calendar;
    ck_assert_int_eq(date_from_text(befores[_i].day, 10, calendar, &date), DATE_OK);
    civil_print(calendar, span_before(&span, calendar, date.day), got);
    ck_assert_str_eq(got, befores[_i].want);
}
END_TEST

static const struct {
    const char *span, *period;
    bool covers, jalali_covers;
} covers[] = {
    {"1 day", "day", true, true},            {"1 day", "week", false, false},
    {"6 days", "week", false, false},        {"7 days", "week", true, true},
    {"1 week", "week", true, true},          {"1 week", "day", true, true},
    {"1 month", "month", true, true},        {"31 days", "month", true, true},
    {"30 days", "month", false, false},      {"4 weeks", "month", false, false},
    {"5 weeks", "month", true, true},        {"3 months", "quarter", true, true},
    {"1 quarter", "quarter", true, true},    {"2 months", "quarter", false, false},
    {"90 days", "quarter", false, false},    {"91 days", "quarter", false, false},
    {"92 days", "quarter", true, false},     {"93 days", "quarter", true, true},
    {"1 year", "year", true, true},          {"12 months", "year", true, true},
    {"4 quarters", "year", true, true},      {"11 months", "year", false, false},
    {"365 days", "year", false, false},      {"366 days", "year", true, true},
    {"1 month", "week", true, true},         {"1 month", "4 weeks", true, true},
    {"1 month", "28 days", true, true},      {"1 month", "29 days", false, true},
    {"1 month", "30 days", false, false},    {"2 months", "59 days", true, true},
    {"2 months", "60 days", false, false},   {"1 quarter", "89 days", true, true},
    {"1 quarter", "90 days", false, false},  {"3 months", "30 days", true, true},
    {"6 months", "181 days", true, false},   {"6 months", "179 days", true, true},
    {"1 year", "365 days", true, true},      {"1 year", "366 days", false, false},
    {"4 years", "1460 days", true, true},    {"4 years", "1461 days", false, false},
    {"90 days", "90 days", true, true},      {"90 days", "91 days", false, false},
    {"100 years", "36500 days", true, true},
};

START_TEST(span_covers) {
    Span span = span_of(covers[_i].span);
    for (int calendar = 0; calendar < 2; calendar++) {
        Period period = {.calendar = (CivilCalendar)calendar};
        bool want = calendar ? covers[_i].jalali_covers : covers[_i].covers;
        if (!period_parse(covers[_i].period, strlen(covers[_i].period), &period) ||
            span_covers_period(&span, &period) != want)
            ck_abort_msg("%s, %s, calendar %d", covers[_i].span, covers[_i].period, calendar);
    }
}
END_TEST

/* What covering promises: looking back from the first day after a period reaches its first day. */
START_TEST(span_that_covers_reaches_back) {
    const Period *period = &periods[_i];
    static const char *const spans[] = {"1 day",   "7 days",    "28 days", "31 days", "1 month",
                                        "92 days", "1 quarter", "93 days", "1 year",  "366 days"};
    for (int s = 0; s < countof(spans); s++) {
        Span span = span_of(spans[s]);
        if (!span_covers_period(&span, period)) continue;
        int32_t first = period_index(period, -1000), last = period_index(period, 30000);
        for (int32_t index = first; index <= last; index++)
            if (span_before(&span, period->calendar, period_start(period, index + 1)) >
                period_start(period, index))
                ck_abort_msg("%s misses the start of period %d", spans[s], index);
    }
}
END_TEST

/* ---- all ---- */

static void add_civil(TCase *tc) {
    tcase_add_loop_test(tc, every_day_round_trips, CIVIL_GREGORIAN, CIVIL_JALALI + 1);
    tcase_add_test(tc, gregorian_agrees_with_counting);
    tcase_add_test(tc, jalali_agrees_with_icu);
    tcase_add_test(tc, jalali_agrees_with_the_astronomical_years);
    tcase_add_loop_test(tc, validity, 0, countof(validities));
    tcase_add_loop_test(tc, printing, 0, countof(prints));
    tcase_add_test(tc, names);
}

static void add_date(TCase *tc) {
    tcase_add_loop_test(tc, text_reads, 0, countof(texts));
    tcase_add_test(tc, text_with_nul);
    tcase_add_test(tc, text_of_any_bytes);
    tcase_add_test(tc, text_of_every_day);
    tcase_add_loop_test(tc, hints, 0, DATE_STATUSES);
    tcase_add_test(tc, sqlite_reads_the_same);
    tcase_add_test(tc, sqlite_reads_what_we_read);
    tcase_add_loop_test(tc, number, 0, countof(numbers));
    tcase_add_test(tc, extreme_integers);
    tcase_add_test(tc, julian_noise);
    tcase_add_loop_test(tc, digits_as_text, 0, countof(digits));
    tcase_add_loop_test(tc, unit_ranges, 0, countof(ranges));
    tcase_add_test(tc, julian_range_of_reals);
    tcase_add_loop_test(tc, offset, 0, countof(offsets));
    tcase_add_loop_test(tc, local_time, 0, countof(locals));
}

static void add_period_and_span(TCase *tc) {
    tcase_add_loop_test(tc, period_text, 0, countof(period_texts));
    tcase_add_loop_test(tc, period_laws, 0, countof(periods));
    tcase_add_loop_test(tc, period_starts_on_its_weekday, 0, 7);
    tcase_add_loop_test(tc, period_start_of_a_day, 0, countof(starts));
    tcase_add_test(tc, period_saturates);
    tcase_add_loop_test(tc, span_text, 0, countof(span_texts));
    tcase_add_loop_test(tc, span_before_a_day, 0, countof(befores));
    tcase_add_loop_test(tc, span_covers, 0, countof(covers));
    tcase_add_loop_test(tc, span_that_covers_reaches_back, 0, countof(periods));
}

int main(void) {
    static void (*const adds[])(TCase *) = {add_civil, add_date, add_period_and_span};
    static const char *const rooms[] = {"civil", "date", "period and span"};
    Suite *suite = suite_create("time");
    for (int i = 0; i < countof(adds); i++) {
        TCase *tc = tcase_create(rooms[i]);
        tcase_set_timeout(tc, 120);
        adds[i](tc);
        suite_add_tcase(suite, tc);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
