/* date.h - what a date column may hold, read into a day and a second of the day in UTC.
 *
 *     date_from_text("2024-01-05T23:30-05:00", 22, CIVIL_GREGORIAN, &date)    -- 2024-01-06 04:30
 *
 * Text is 'YYYY-MM-DD', then optionally 'T' or one space and HH:MM[:SS[.fraction]], then optionally
 * (after at most one space) 'Z' or an offset +HH:MM, +HHMM or +HH of at most 14 hours.  Fractions
 * of a second are cut off; 24:00 is midnight of the next day; years run from 0000 to 9999.  Nothing
 * depends on the version of SQLite, the clock, the time zone or the locale.
 *
 * Numbers are unix seconds, unix milliseconds, YYYYMMDD or Julian days.  The values these take from
 * 1990-01-01 to 2100-12-31 do not overlap, so a number of that range tells its unit.
 */
#ifndef DATE_H
#define DATE_H

#include <stddef.h>

#include "time/civil.h"

enum { DATE_DAY_SECONDS = 86400, DATE_OFFSET_MAX = 14 * 3600, DATE_DAY_BYTES = 10 /* YYYY-MM-DD */,
       DATE_TIME_BYTES = 9 /* a separator and HH:MM:SS */ };

typedef enum DateUnit {
    DATE_AUTO,     /* not known: told by the value */
    DATE_TEXT,     /* text only */
    DATE_UNIX,     /* seconds since 1970-01-01 00:00 UTC */
    DATE_UNIXMS,   /* milliseconds since then */
    DATE_YYYYMMDD, /* the number 20240105 */
    DATE_JULIAN,   /* days since noon of -4713-11-24: 2460315.5 is 2024-01-06 00:00 UTC */
} DateUnit;

/* "auto", "text", "unix", "unixms", "yyyymmdd", "julian", NULL: indexed by DateUnit. */
extern const char *const retain_date_unit_names[];

typedef struct Date {
    Day day;        /* in UTC, CIVIL_DAY_MIN .. CIVIL_DAY_MAX */
    int32_t second; /* of the day, 0..86399; 0 when there is no time */
    bool has_time;  /* a moment; else a day as written, in no time zone */
} Date;

typedef enum DateStatus {
    DATE_OK,
    DATE_NO_SUCH_DAY,    /* '2024-02-30' */
    DATE_NO_SUCH_TIME,   /* '2024-01-05 10:60' */
    DATE_NO_SUCH_OFFSET, /* '2024-01-05 10:20+15:00' */
    DATE_OUTSIDE,        /* '9999-12-31 23:00-02:00' */
    DATE_EMPTY,          /* '' */
    DATE_NUL_BYTE,       /* a NUL anywhere in the text */
    DATE_BLANKS,         /* ' 2024-01-05' */
    DATE_WORD,           /* 'now' */
    DATE_TIME_ONLY,      /* '10:20' */
    DATE_SHORT,          /* '2024-1-5' */
    DATE_ORDER,          /* '01/05/2024', '31.12.2023' */
    DATE_NO_SEPARATOR,   /* '2024-01-0510:20' */
    DATE_OFFSET_ONLY,    /* '2024-01-05Z' */
    DATE_TIME_FORM,      /* '2024-01-05 9:30', '2024-01-05 10:20 PM' */
    DATE_TEXT_YYYYMMDD,  /* '20240105' */
    DATE_TEXT_UNIX,      /* '1704412800' */
    DATE_TEXT_UNIXMS,    /* '1704412800000' */
    DATE_TEXT_JULIAN,    /* '2460315.5' */
    DATE_TEXT_JALALI,    /* '1404/09/15' read as Gregorian */
    DATE_OTHER,          /* any other text */
    DATE_NOT_FINITE,     /* an infinity or NaN */
    DATE_NOT_YYYYMMDD,   /* 20240105.5 or 120240105 as YYYYMMDD */
    DATE_UNIT_OUTSIDE,   /* a number beyond the years 0000 to 9999 in its unit */
    DATE_NO_UNIT,        /* a number, and the unit is DATE_AUTO */
    DATE_NOT_TEXT,       /* a number, and the unit is DATE_TEXT */
    DATE_STATUSES,
} DateStatus;

/* Reads text of n bytes, NUL-terminated or not. With CIVIL_JALALI the day may also be written with
 * slashes, the digits may also be Persian or Arabic-Indic ones in UTF-8, and years below 1700 are
 * Jalali, later ones Gregorian. *out is written only with DATE_OK, here and below. */
DateStatus date_from_text(const char *text, size_t n, CivilCalendar calendar, Date *out);

/* The same for text whose first DATE_DAY_BYTES are known to say day: only the rest is read. */
DateStatus date_from_text_on(const char *text, size_t n, Day day, Date *out);

/* Reads a number in the unit, for any time of the years 0000 to 9999. DATE_AUTO gives DATE_NO_UNIT
 * and DATE_TEXT DATE_NOT_TEXT. YYYYMMDD gives a day without a time; all others are moments, an
 * integral Julian day one at noon. Fractions of a second are cut off (towards the past), those of
 * Julian days after rounding to the nearest millisecond, since a double holds no better. */
DateStatus date_from_integer(int64_t value, DateUnit unit, Date *out);
DateStatus date_from_real(double value, DateUnit unit, Date *out);

/* Reads a decimal number kept as text ('20240105', '-86400', '2460315.5'), for columns whose unit
 * was named: what the hints of DATE_TEXT_YYYYMMDD and its like ask for. At most 15 digits before
 * the point. DATE_OTHER when the text is no such number. */
DateStatus date_from_digits(const char *text, size_t n, DateUnit unit, Date *out);

/* The unit that puts the value in 1990-01-01 .. 2100-12-31 UTC; DATE_AUTO when there is none. */
DateUnit date_guess_integer(int64_t value);
DateUnit date_guess_real(double value);

/* The day and the second of the day at that distance from UTC. Days without a time are not
 * shifted; moments are, and the day stays within CIVIL_DAY_MIN .. CIVIL_DAY_MAX. */
Day date_local_day(const Date *date, int32_t utc_offset_seconds);
int32_t date_local_second(const Date *date, int32_t utc_offset_seconds);

/* The second of the day of the HH:MM:SS at p, -1 for anything else.  Most times are written so, and their eight bytes
 * are checked at once. */
static inline int32_t date_plain_clock(const char *p) {
    const unsigned char *b = (const unsigned char *)p;
    uint64_t text = (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
                    (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
    uint64_t digits = text ^ 0x30303A30303A3030u; /* zero in the places of the colons */
    uint64_t above = digits + 0x767A7F767A7F767Du; /* bit 7 of a byte: a digit is above 9, 5 or 2, a colon is none */
    if ((digits | above) & 0x8080808080808080u) return -1;
    uint64_t twos = digits * 10 + (digits >> 8); /* in the places of the tens: the two-digit numbers */
    int32_t second = (int32_t)(twos & 0xFF) * 3600 + (int32_t)(twos >> 24 & 0xFF) * 60 + (int32_t)(twos >> 48 & 0xFF);
    return second < DATE_DAY_SECONDS ? second : -1;
}

/* The tail of an error text, to follow the quoted value: "is not a calendar day". Static; the
 * empty string for DATE_OK. */
const char *date_hint(DateStatus status);

/* Reads '+03:30', '-0500', '+01' or 'Z' as seconds east of UTC, at most DATE_OFFSET_MAX either way.
 * False, and nothing written, for anything else. */
bool date_parse_offset(const char *text, size_t n, int32_t *seconds);

#endif
