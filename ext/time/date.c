/* date.c - see date.h. */
#include "time/date.h"

#include <string.h>

enum {
    DATE_DAY_MS = DATE_DAY_SECONDS * 1000,
    DATE_JALALI_YEARS = 1700,   /* with CIVIL_JALALI, years below this are Jalali */
    DATE_JULIAN_NOON = 2440588, /* the Julian day that begins at noon of 1970-01-01 */
    DATE_LATIN_MAX = 96,        /* bytes of a text with Persian digits, once they are Latin */
    DATE_WHOLE_MAX = 15,        /* digits of a number before the point: exact in a double */
};

const char *const retain_date_unit_names[] = {
    [DATE_AUTO] = "auto",     [DATE_TEXT] = "text",         [DATE_UNIX] = "unix",
    [DATE_UNIXMS] = "unixms", [DATE_YYYYMMDD] = "yyyymmdd", [DATE_JULIAN] = "julian", NULL};

static const char *const date_hints[DATE_STATUSES] = {
    [DATE_OK] = "",
    [DATE_NO_SUCH_DAY] = "is not a calendar day",
    [DATE_NO_SUCH_TIME] = "has no such time of day: hours run to 23 (24:00 is the next midnight), "
                          "minutes and seconds to 59",
    [DATE_NO_SUCH_OFFSET] = "has no such UTC offset: they run from -14:00 to +14:00",
    [DATE_OUTSIDE] = "lies outside the years 0000 to 9999 in UTC",
    [DATE_EMPTY] = "is empty, not a date (expected YYYY-MM-DD)",
    [DATE_NUL_BYTE] = "is not a date: it contains a NUL byte",
    [DATE_BLANKS] = "is not a date: it has blanks before or after it, trim them",
    [DATE_WORD] = "is not a date: words of SQLite such as 'now' are not read, write the date out, "
                  "as in 2024-01-05",
    [DATE_TIME_ONLY] = "is a time without a date (expected YYYY-MM-DD HH:MM:SS)",
    [DATE_SHORT] = "is not a date: write months and days with two digits, as in 2024-01-05",
    [DATE_ORDER] = "is not a date: write YYYY-MM-DD, as in 2024-01-05",
    [DATE_NO_SEPARATOR] = "is not a date: a space or T is missing between day and time, "
                          "as in 2024-01-05 10:20",
    [DATE_OFFSET_ONLY] = "has a UTC offset but no time of day (expected YYYY-MM-DD, or "
                         "YYYY-MM-DD HH:MM:SS with an optional Z or +HH:MM)",
    [DATE_TIME_FORM] = "is not a date with a time: after the day comes one space or T, then HH:MM "
                       "or HH:MM:SS with an optional Z or +HH:MM",
    [DATE_TEXT_YYYYMMDD] = "is YYYYMMDD stored as text: set date_unit='yyyymmdd'",
    [DATE_TEXT_UNIX] = "looks like unix seconds stored as text: set date_unit='unix'",
    [DATE_TEXT_UNIXMS] = "looks like unix milliseconds stored as text: set date_unit='unixms'",
    [DATE_TEXT_JULIAN] = "looks like a Julian day stored as text: set date_unit='julian'",
    [DATE_TEXT_JALALI] = "looks like an Iranian date: set calendar='jalali'",
    [DATE_OTHER] = "is not a date (expected YYYY-MM-DD, or YYYY-MM-DD HH:MM:SS with an optional Z "
                   "or +HH:MM)",
    [DATE_NOT_FINITE] = "is not a finite number",
    [DATE_NOT_YYYYMMDD] = "is not a date of the form YYYYMMDD, as in 20240105",
    [DATE_UNIT_OUTSIDE] = "lies outside the years 0000 to 9999 in this date_unit",
    [DATE_NO_UNIT] = "is a number that no date_unit puts between 1990 and 2100: name the unit, "
                     "as in date_unit='unix'",
    [DATE_NOT_TEXT] = "is a number, but date_unit='text' reads text only",
};

const char *date_hint(DateStatus status) {
    return date_hints[status];
}

/* ---- Text: the straight path ---- */

/* 0..9 for a digit, above 9 for anything else. */
static unsigned date_digit(char c) {
    return (unsigned)(unsigned char)c - '0';
}

/* The number of two digits, or -1. */
static int date_two(const char *p) {
    unsigned tens = date_digit(p[0]), ones = date_digit(p[1]);
    return tens > 9 || ones > 9 ? -1 : (int)(tens * 10 + ones);
}

/* Past the digits at p, of which there must be one, else NULL. */
static const char *date_fraction(const char *p, const char *end, bool *is_zero) {
    const char *start = p;
    for (; p < end && date_digit(*p) <= 9; p++) *is_zero = *is_zero && *p == '0';
    return p > start ? p : NULL;
}

/* Past HH:MM[:SS[.fraction]] at p, or NULL when it has another form. The second is that of the day,
 * 86400 for 24:00, or -1 when there is no such time. */
static const char *date_clock(const char *p, const char *end, int32_t *second) {
    if (end - p < 5 || p[2] != ':') return NULL;
    int hours = date_two(p), minutes = date_two(p + 3), seconds = 0;
    bool whole = true;
    p += 5;
    if (p < end && *p == ':') {
        if (end - p < 3) return NULL;
        seconds = date_two(p + 1);
        p += 3;
        if (p < end && *p == '.' && !(p = date_fraction(p + 1, end, &whole))) return NULL;
    }
    if ((hours | minutes | seconds) < 0) return NULL;
    bool midnight = hours == 24 && minutes == 0 && seconds == 0 && whole;
    bool valid = (hours < 24 || midnight) && minutes < 60 && seconds < 60;
    *second = valid ? (hours * 60 + minutes) * 60 + seconds : -1;
    return p;
}

static DateStatus date_offset(const char *p, size_t n, int32_t *seconds) {
    if (n == 1 && (p[0] == 'Z' || p[0] == 'z')) {
        *seconds = 0;
        return DATE_OK;
    }
    if (n != 3 && n != 5 && !(n == 6 && p[3] == ':')) return DATE_TIME_FORM;
    if (p[0] != '+' && p[0] != '-') return DATE_TIME_FORM;
    int hours = date_two(p + 1), minutes = n == 3 ? 0 : date_two(p + n - 2);
    if ((hours | minutes) < 0) return DATE_TIME_FORM;
    int32_t size = (hours * 60 + minutes) * 60;
    if (minutes > 59 || size > DATE_OFFSET_MAX) return DATE_NO_SUCH_OFFSET;
    *seconds = p[0] == '-' ? -size : size;
    return DATE_OK;
}

bool date_parse_offset(const char *text, size_t n, int32_t *seconds) {
    return date_offset(text, n, seconds) == DATE_OK;
}

static DateStatus date_set_moment(int64_t seconds, DateStatus outside, Date *out) {
    int64_t day = civil_floor_div(seconds, DATE_DAY_SECONDS);
    if (day < CIVIL_DAY_MIN || day > CIVIL_DAY_MAX) return outside;
    *out = (Date){(Day)day, (int32_t)(seconds - day * DATE_DAY_SECONDS), true};
    return DATE_OK;
}

/* What follows the day and does not begin with T or a space. */
static DateStatus date_no_separator(const char *p, const char *end) {
    int32_t second;
    if (date_clock(p, end, &second)) return DATE_NO_SEPARATOR;
    if (date_offset(p, (size_t)(end - p), &second) != DATE_TIME_FORM) return DATE_OFFSET_ONLY;
    return DATE_OTHER;
}

/* Adds to the day what follows it in the text. */
static DateStatus date_scan_time(const char *p, const char *end, Day day, Date *out) {
    int32_t second, offset = 0;
    if (*p != ' ' && *p != 'T') return date_no_separator(p, end);
    p = date_clock(p + 1, end, &second);
    if (!p) return DATE_TIME_FORM;
    if (second < 0) return DATE_NO_SUCH_TIME;
    if (p == end && second < DATE_DAY_SECONDS) {
        *out = (Date){day, second, true};
        return DATE_OK;
    }
    if (p < end) {
        if (*p == ' ') p++;
        DateStatus status = date_offset(p, (size_t)(end - p), &offset);
        if (status != DATE_OK) return status;
    }
    return date_set_moment((int64_t)day * DATE_DAY_SECONDS + second - offset, DATE_OUTSIDE, out);
}

DateStatus date_from_text_on(const char *text, size_t n, Day day, Date *out) {
    if (n > DATE_DAY_BYTES) return date_scan_time(text + DATE_DAY_BYTES, text + n, day, out);
    *out = (Date){day, 0, false};
    return DATE_OK;
}

static DateStatus date_scan(const char *text, size_t n, CivilCalendar calendar, Date *out) {
    if (n < 10) return DATE_OTHER;
    bool slashes = calendar == CIVIL_JALALI && text[4] == '/' && text[7] == '/';
    if (!slashes && (text[4] != '-' || text[7] != '-')) return DATE_OTHER;
    int century = date_two(text), year = date_two(text + 2);
    int month = date_two(text + 5), day_of_month = date_two(text + 8);
    if ((century | year | month | day_of_month) < 0) return DATE_OTHER;
    year += century * 100;
    if (year >= DATE_JALALI_YEARS) calendar = CIVIL_GREGORIAN;
    if (!civil_valid(calendar, year, month, day_of_month)) return DATE_NO_SUCH_DAY;
    return date_from_text_on(text, n, civil_to_day(calendar, year, month, day_of_month), out);
}

/* ---- Text: Persian and Arabic-Indic digits ---- */

/* The text with its Persian (U+06F0..) and Arabic-Indic (U+0660..) digits, two bytes each in UTF-8,
 * as Latin ones. Its length, or 0 when there are none or the text is too long for a date. */
static size_t date_latin(const char *text, size_t n, char out[DATE_LATIN_MAX]) {
    size_t n_out = 0;
    bool changed = false;
    for (size_t i = 0; i < n; i++) {
        if (n_out == DATE_LATIN_MAX) return 0;
        unsigned char lead = (unsigned char)text[i];
        unsigned char zero = lead == 0xDB ? 0xB0 : lead == 0xD9 ? 0xA0 : 0;
        unsigned digit = zero && i + 1 < n ? (unsigned)(unsigned char)text[i + 1] - zero : 10;
        out[n_out++] = digit > 9 ? text[i] : (char)('0' + digit);
        i += digit <= 9;
        changed = changed || digit <= 9;
    }
    return changed ? n_out : 0;
}

/* ---- Text: why it is not a date ---- */

typedef struct DateNumber {
    int64_t whole;   /* the digits before the point */
    double fraction; /* those after it, below 1 */
    bool is_negative;
    bool is_integer; /* there is no point */
} DateNumber;

static bool date_number(const char *text, size_t n, DateNumber *out) {
    const char *p = text, *end = text + n;
    *out = (DateNumber){.is_negative = n > 0 && *p == '-', .is_integer = true};
    p += out->is_negative;
    const char *start = p;
    for (; p < end && date_digit(*p) <= 9; p++) {
        if (p - start == DATE_WHOLE_MAX) return false;
        out->whole = out->whole * 10 + (int64_t)date_digit(*p);
    }
    if (p == start) return false;
    if (p == end) return true;
    out->is_integer = false;
    if (*p++ != '.' || p == end) return false;
    for (double place = 0.1; p < end && date_digit(*p) <= 9; p++, place /= 10)
        out->fraction += place * date_digit(*p);
    return p == end;
}

static bool date_is_yyyymmdd(int64_t value) {
    return civil_valid(CIVIL_GREGORIAN, (int)(value / 10000), (int)(value / 100 % 100),
                       (int)(value % 100));
}

static DateStatus date_why_number(const char *text, size_t n) {
    DateNumber number;
    if (!date_number(text, n, &number) || number.is_negative) return DATE_OTHER;
    if (number.is_integer && n == 8 && date_is_yyyymmdd(number.whole)) return DATE_TEXT_YYYYMMDD;
    switch (date_guess_real((double)number.whole + number.fraction)) {
        case DATE_UNIX: return DATE_TEXT_UNIX;
        case DATE_UNIXMS: return DATE_TEXT_UNIXMS;
        case DATE_JULIAN: return DATE_TEXT_JULIAN;
        case DATE_YYYYMMDD: return number.is_integer ? DATE_TEXT_YYYYMMDD : DATE_OTHER;
        case DATE_AUTO:
        case DATE_TEXT: break;
    }
    return DATE_OTHER;
}

/* Whether the text is the word in any case, or begins with it when the word ends in a space. */
static bool date_is_word(const char *text, size_t n, const char *word) {
    size_t length = strlen(word);
    if (n < length || (n > length && word[length - 1] != ' ')) return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] != word[i] && (word[i] < 'a' || text[i] != word[i] - 'a' + 'A')) return false;
    return true;
}

static bool date_is_any_word(const char *text, size_t n) {
    static const char *const words[] = {
        "now",       "subsec",       "subsecond",    "localtime",         "utc",
        "auto",      "unixepoch",    "julianday",    "floor",             "ceiling",
        "start of ", "weekday ",     "current_date", "current_timestamp", "current_time",
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (date_is_word(text, n, words[i])) return true;
    return false;
}

/* How many digits the text has at that place. */
static size_t date_run(const char *text, size_t n, size_t at) {
    size_t start = at;
    while (at < n && date_digit(text[at]) <= 9) at++;
    return at - start;
}

/* Three numbers with one separator, or a time: 2024-1-5, 01/05/2024, 31.12.2023, 9:30. */
static DateStatus date_why_groups(const char *text, size_t n, CivilCalendar calendar) {
    size_t first = date_run(text, n, 0);
    if (first < 1 || first > 4 || first == n) return DATE_OTHER;
    char separator = text[first];
    if (separator == ':' && first <= 2 && date_run(text, n, first + 1) > 0) return DATE_TIME_ONLY;
    if (separator != '-' && separator != '/' && separator != '.') return DATE_OTHER;
    size_t second = date_run(text, n, first + 1), at = first + 1 + second;
    if (second < 1 || second > 2 || at == n || text[at] != separator) return DATE_OTHER;
    size_t third = date_run(text, n, at + 1);
    if (third < 1 || third > 4) return DATE_OTHER;
    bool ours = separator == '-' || (separator == '/' && calendar == CIVIL_JALALI);
    if (!ours || first != 4) return DATE_ORDER;
    return third <= 2 && (second < 2 || third < 2) ? DATE_SHORT : DATE_OTHER;
}

static bool date_is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Why a text, its digits Latin already, is none that date_scan reads. */
static DateStatus date_why(const char *text, size_t n, CivilCalendar calendar, DateStatus scanned) {
    if (n == 0) return DATE_EMPTY;
    for (size_t i = 0; i < n; i++)
        if (text[i] == 0) return DATE_NUL_BYTE;
    if (date_is_blank(text[0]) || date_is_blank(text[n - 1])) return DATE_BLANKS;
    if (scanned != DATE_OTHER) return scanned;
    if (date_is_any_word(text, n)) return DATE_WORD;
    DateStatus status = date_why_number(text, n);
    return status != DATE_OTHER ? status : date_why_groups(text, n, calendar);
}

DateStatus date_from_text(const char *text, size_t n, CivilCalendar calendar, Date *out) {
    DateStatus status = date_scan(text, n, calendar, out);
    if (status == DATE_OK) return DATE_OK;
    char latin[DATE_LATIN_MAX];
    size_t n_latin = date_latin(text, n, latin);
    if (calendar == CIVIL_JALALI) {
        if (n_latin == 0) return date_why(text, n, calendar, status);
        status = date_scan(latin, n_latin, calendar, out);
        return status == DATE_OK ? DATE_OK : date_why(latin, n_latin, calendar, status);
    }
    Date unused;
    if (n_latin > 0 && date_scan(latin, n_latin, CIVIL_JALALI, &unused) == DATE_OK)
        return DATE_TEXT_JALALI;
    bool early = n >= 10 && text[4] == '/' && memcmp(text, "1700", 4) < 0;
    if (early && date_scan(text, n, CIVIL_JALALI, &unused) == DATE_OK) return DATE_TEXT_JALALI;
    return date_why(text, n, calendar, status);
}

/* ---- Numbers ---- */

static DateStatus date_from_yyyymmdd(int64_t value, Date *out) {
    if (value < 0 || value > 99999999) return DATE_NOT_YYYYMMDD;
    if (!date_is_yyyymmdd(value)) return DATE_NO_SUCH_DAY;
    Day day = civil_to_day(CIVIL_GREGORIAN, (int)(value / 10000), (int)(value / 100 % 100),
                           (int)(value % 100));
    *out = (Date){day, 0, false};
    return DATE_OK;
}

DateStatus date_from_integer(int64_t value, DateUnit unit, Date *out) {
    switch (unit) {
        case DATE_UNIX: return date_set_moment(value, DATE_UNIT_OUTSIDE, out);
        case DATE_UNIXMS:
            return date_set_moment(civil_floor_div(value, 1000), DATE_UNIT_OUTSIDE, out);
        case DATE_YYYYMMDD: return date_from_yyyymmdd(value, out);
        case DATE_JULIAN:
            if (value < DATE_JULIAN_NOON + CIVIL_DAY_MIN ||
                value > DATE_JULIAN_NOON + CIVIL_DAY_MAX)
                return DATE_UNIT_OUTSIDE;
            *out = (Date){(Day)(value - DATE_JULIAN_NOON), DATE_DAY_SECONDS / 2, true};
            return DATE_OK;
        case DATE_AUTO: return DATE_NO_UNIT;
        case DATE_TEXT: break;
    }
    return DATE_NOT_TEXT;
}

/* Rounded down; |value| < 2^53. */
static int64_t date_floor(double value) {
    int64_t cut = (int64_t)value;
    return cut - ((double)cut > value);
}

DateStatus date_from_real(double value, DateUnit unit, Date *out) {
    const double far = 1e15; /* beyond every date in every unit, and within int64_t */
    if (unit == DATE_AUTO) return DATE_NO_UNIT;
    if (unit == DATE_TEXT) return DATE_NOT_TEXT;
    if (value - value != 0) return DATE_NOT_FINITE;
    if (value < -far || value > far)
        return unit == DATE_YYYYMMDD ? DATE_NOT_YYYYMMDD : DATE_UNIT_OUTSIDE;
    int64_t whole = date_floor(value);
    if (unit == DATE_YYYYMMDD && (double)whole != value) return DATE_NOT_YYYYMMDD;
    if (unit != DATE_JULIAN) return date_from_integer(whole, unit, out);
    if (whole < DATE_JULIAN_NOON + CIVIL_DAY_MIN - 1 || whole > DATE_JULIAN_NOON + CIVIL_DAY_MAX)
        return DATE_UNIT_OUTSIDE;
    double since = (value - (DATE_JULIAN_NOON - 0.5)) * DATE_DAY_MS;
    return date_from_integer(date_floor(since + 0.5), DATE_UNIXMS, out);
}

DateStatus date_from_digits(const char *text, size_t n, DateUnit unit, Date *out) {
    DateNumber number;
    if (!date_number(text, n, &number)) return DATE_OTHER;
    if (number.is_integer)
        return date_from_integer(number.is_negative ? -number.whole : number.whole, unit, out);
    double size = (double)number.whole + number.fraction;
    return date_from_real(number.is_negative ? -size : size, unit, out);
}

/* The values of a unit from 1990-01-01 to 2100-12-31. */
typedef struct DateRange {
    double first, end; /* the end itself is not within */
    DateUnit unit;
} DateRange;

static const DateRange date_ranges[] = {
    {2447892.5, 2488434.5, DATE_JULIAN},
    {19900101, 21001232, DATE_YYYYMMDD},
    {631152000, 4133980800, DATE_UNIX},
    {631152000e3, 4133980800e3, DATE_UNIXMS},
};

DateUnit date_guess_real(double value) {
    for (size_t i = 0; i < sizeof(date_ranges) / sizeof(*date_ranges); i++)
        if (value >= date_ranges[i].first && value < date_ranges[i].end) return date_ranges[i].unit;
    return DATE_AUTO;
}

DateUnit date_guess_integer(int64_t value) {
    return date_guess_real((double)value); /* rounding happens above 2^53, far from every range */
}

/* ---- Local time ---- */

/* -1, 0 or 1: by how many days an offset moves a moment that is not a day long. */
static inline int32_t date_shift(int32_t second) {
    return second < 0 ? -1 : second >= DATE_DAY_SECONDS;
}

Day date_local_day(const Date *date, int32_t utc_offset_seconds) {
    if (!date->has_time) return date->day;
    Day day = date->day + date_shift(date->second + utc_offset_seconds);
    if (day < CIVIL_DAY_MIN) return CIVIL_DAY_MIN;
    return day > CIVIL_DAY_MAX ? CIVIL_DAY_MAX : day;
}

int32_t date_local_second(const Date *date, int32_t utc_offset_seconds) {
    if (!date->has_time) return date->second;
    int32_t second = date->second + utc_offset_seconds;
    return second - date_shift(second) * DATE_DAY_SECONDS;
}
