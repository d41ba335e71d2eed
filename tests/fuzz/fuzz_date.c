/* fuzz_date.c - whether dates are read as documented, whatever is written.
 *
 * The input is a text.  It is read as a date in both calendars, as a number in each unit, as an offset,
 * and its first bytes as an integer, a real and a day.  Each reading is held against
 *
 *   - a second reader of the rules in time/date.h, written as a regular expression and plain arithmetic;
 *   - SQLite, for what both read: the same second.  What SQLite reads and we do not must be one of the
 *     rules in date_stricter below, what we read and SQLite does not is an error;
 *   - laws: a printed day is read back, calendars go there and back, periods hold their days.
 */
#include "fuzz.h"

#include <regex.h>

#include "grammar_date.h"

enum { DATE_LATIN_LIMIT = 96, DATE_YEARS = 11000, DATE_YEAR_0 = 700 };

/* ---- Arithmetic of our own ---- */

static bool ref_leap(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t ref_floor(__int128 a, int64_t b) {
    __int128 q = a / b;
    return (int64_t)(a % b < 0 ? q - 1 : q);
}

/* 1970-01-01 is 0; counted from year 0, a leap year. */
static int64_t ref_gregorian(int year, int month, int day) {
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t days = 365 * (int64_t)year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    return days + before[month - 1] + (month > 2 && ref_leap(year)) + day - 1 - 719528;
}

static bool ref_gregorian_has(int year, int month, int day) {
    static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month >= 1 && month <= 12 && day >= 1 && day <= length[month - 1] + (month == 2 && ref_leap(year));
}

static bool ref_jalali_leap(int year) {
    return ((25 * year + 11) % 33 + 33) % 33 < 8;
}

/* The day of 1 Farvardin of each year, counted from 1400, which began on 2021-03-21. */
static int64_t ref_new_year[DATE_YEARS];

static void ref_count_new_years(void) {
    int64_t *day = ref_new_year + DATE_YEAR_0;
    day[1400] = ref_gregorian(2021, 3, 21);
    for (int y = 1400; y + 1 < DATE_YEARS - DATE_YEAR_0; y++) day[y + 1] = day[y] + 365 + ref_jalali_leap(y);
    for (int y = 1400; y > -DATE_YEAR_0; y--) day[y - 1] = day[y] - 365 - ref_jalali_leap(y - 1);
}

static int64_t ref_jalali(int year, int month, int day) {
    int before = month <= 7 ? 31 * (month - 1) : 186 + 30 * (month - 7);
    return ref_new_year[DATE_YEAR_0 + year] + before + day - 1;
}

static bool ref_jalali_has(int year, int month, int day) {
    return month >= 1 && month <= 12 && day >= 1 &&
           day <= (month <= 6 ? 31 : month < 12 || ref_jalali_leap(year) ? 30 : 29);
}

/* ---- The rules, read a second time ---- */

typedef struct RefDate {
    bool valid, has_time;
    int64_t second; /* since 1970 */
    char plain[40]; /* rewritten so that SQLite must read the same */
} RefDate;

static regex_t ref_form;
enum { REF_YEAR = 1, REF_MONTH = 3, REF_DAY, REF_TIME, REF_HOUR, REF_MINUTE, REF_SECOND = 9, REF_FRACTION,
       REF_ZONE = 12, REF_SIGN = 14, REF_ZONE_HOUR, REF_ZONE_MINUTE = 17, REF_GROUPS };

static void ref_compile(void) {
    static const char form[] =
        "^([0-9]{4})(-|/)([0-9]{2})[-/]([0-9]{2})"
        "([T ]([0-9]{2}):([0-9]{2})(:([0-9]{2})([.][0-9]+)?)?( ?(Z|z|(([+-])([0-9]{2})(:?([0-9]{2}))?)))?)?$";
    if (regcomp(&ref_form, form, REG_EXTENDED)) fuzz_fail("the form does not compile");
}

static int ref_number(const char *text, const regmatch_t *group) {
    int value = 0;
    for (regoff_t i = group->rm_so; i >= 0 && i < group->rm_eo; i++) value = value * 10 + text[i] - '0';
    return value;
}

static void ref_read_groups(const char *text, const regmatch_t *m, CivilCalendar calendar, RefDate *out) {
    int year = ref_number(text, &m[REF_YEAR]), month = ref_number(text, &m[REF_MONTH]);
    int day = ref_number(text, &m[REF_DAY]), hour = ref_number(text, &m[REF_HOUR]);
    int minute = ref_number(text, &m[REF_MINUTE]), second = ref_number(text, &m[REF_SECOND]);
    int ahead = ref_number(text, &m[REF_ZONE_HOUR]) * 60 + ref_number(text, &m[REF_ZONE_MINUTE]);
    bool jalali = calendar == CIVIL_JALALI && year < 1700;
    if (text[4] != text[7] || (text[4] == '/' && calendar != CIVIL_JALALI)) return;
    if (!(jalali ? ref_jalali_has(year, month, day) : ref_gregorian_has(year, month, day))) return;
    bool zero = true;
    for (regoff_t i = m[REF_FRACTION].rm_so + 1; m[REF_FRACTION].rm_so >= 0 && i < m[REF_FRACTION].rm_eo; i++)
        zero = zero && text[i] == '0';
    bool midnight = hour == 24 && minute == 0 && second == 0 && zero;
    if (minute > 59 || second > 59 || (hour > 23 && !midnight)) return;
    if (ref_number(text, &m[REF_ZONE_MINUTE]) > 59 || ahead > 14 * 60) return;
    bool east = m[REF_SIGN].rm_so >= 0 && text[m[REF_SIGN].rm_so] == '+';
    int64_t day_number = jalali ? ref_jalali(year, month, day) : ref_gregorian(year, month, day);
    out->second = day_number * 86400 + hour * 3600 + minute * 60 + second + (east ? -60 : 60) * ahead;
    out->has_time = m[REF_TIME].rm_so >= 0;
    out->valid = out->second >= ref_gregorian(0, 1, 1) * 86400 &&
                 out->second < (ref_gregorian(9999, 12, 31) + 1) * 86400;
    snprintf(out->plain, sizeof(out->plain), "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", year, month, day, hour,
             minute, second, east ? '+' : '-', ahead / 60, ahead % 60);
    if (jalali) out->plain[0] = 0;
}

/* Persian and Arabic-Indic digits as Latin ones; 0 when the result is longer than the limit. */
static size_t ref_latin(const char *text, size_t n, char *out, bool *changed) {
    size_t n_out = 0;
    *changed = false;
    for (size_t i = 0; i < n; i++) {
        unsigned char a = (unsigned char)text[i], b = i + 1 < n ? (unsigned char)text[i + 1] : 0;
        int digit = a == 0xDB && b >= 0xB0 && b <= 0xB9 ? b - 0xB0 : a == 0xD9 && b >= 0xA0 && b <= 0xA9 ? b - 0xA0 : -1;
        out[n_out++] = digit < 0 ? text[i] : (char)('0' + digit);
        if (digit >= 0) {
            i++;
            *changed = true;
        }
    }
    out[n_out] = 0;
    return n_out;
}

static RefDate ref_read(const char *text, size_t n, CivilCalendar calendar) {
    RefDate out = {.valid = false};
    regmatch_t match[REF_GROUPS + 1];
    bool changed;
    char *latin = malloc(n + 1);
    size_t n_latin = ref_latin(text, n, latin, &changed);
    bool readable = !memchr(text, 0, n) && (!changed || (calendar == CIVIL_JALALI && n_latin <= DATE_LATIN_LIMIT));
    if (readable && regexec(&ref_form, latin, REF_GROUPS + 1, match, 0) == 0)
        ref_read_groups(latin, match, calendar, &out);
    free(latin);
    return out;
}

/* ---- SQLite ---- */

static sqlite3_stmt *date_sqlite;

/* The second that SQLite reads; false when it reads none. */
static bool date_ask_sqlite(const char *text, int n, int64_t *second) {
    sqlite3_reset(date_sqlite);
    sqlite3_bind_text(date_sqlite, 1, text, n, SQLITE_STATIC);
    bool row = sqlite3_step(date_sqlite) == SQLITE_ROW && sqlite3_column_type(date_sqlite, 0) != SQLITE_NULL;
    *second = row ? sqlite3_column_int64(date_sqlite, 0) : 0;
    sqlite3_reset(date_sqlite);
    return row;
}

/* Where we are stricter than SQLite, by the hint that we give. */
static bool date_stricter(DateStatus status, const char *text, size_t n) {
    switch (status) {
        case DATE_NO_SUCH_DAY: /* '2024-02-30' is the 1st of March to it */
            return n >= 10 && !ref_gregorian_has(atoi(text), atoi(text + 5), atoi(text + 8));
        case DATE_NO_SUCH_TIME: return strstr(text, "24:") != NULL; /* 24:01 .. 24:59 */
        case DATE_NO_SUCH_OFFSET: return strstr(text, "14:") != NULL || strstr(text, "15:") != NULL;
        case DATE_OUTSIDE: return text[0] == '0' || text[0] == '9'; /* beyond the years by an offset */
        case DATE_BLANKS:
        case DATE_WORD:
        case DATE_TIME_ONLY:        /* '10:20', 2000-01-01 to it */
        case DATE_NO_SEPARATOR:     /* '2024-01-0510:20' */
        case DATE_TIME_FORM:        /* '2024-01-05  10:20', '2024-01-05T' */
        case DATE_OFFSET_ONLY:      /* '2024-01-05Z' */
        case DATE_TEXT_YYYYMMDD:    /* numbers are Julian days to it */
        case DATE_TEXT_UNIX:
        case DATE_TEXT_UNIXMS:
        case DATE_TEXT_JULIAN: return true;
        case DATE_OTHER: /* a tab or line end after the day, a Julian day as text, a year before 0000 */
            if (n > 10 && text[10] >= '\t' && text[10] <= '\r') return true;
            return text[0] == '-' || text[0] == '+' || strspn(text, "0123456789.eE+-") == n;
        default: return false;
    }
}

/* ---- Text ---- */

static void date_check_text(const char *text, size_t n, CivilCalendar calendar) {
    Date date = {.day = -1};
    DateStatus status = date_from_text(text, n, calendar, &date);
    RefDate ref = ref_read(text, n, calendar);
    int64_t theirs, ours = (int64_t)date.day * 86400 + date.second;
    FUZZ_CHECK(status >= DATE_OK && status < DATE_STATUSES, "status %d", status);
    FUZZ_CHECK((status == DATE_OK) == (date_hint(status)[0] == 0), "no hint for status %d", status);
    FUZZ_CHECK((status == DATE_OK) == ref.valid, "'%.*s' %s, by the rules it %s", (int)n, text,
               status ? date_hint(status) : "is read", ref.valid ? "is a date" : "is none");
    if (status == DATE_OK) {
        FUZZ_CHECK(date.second >= 0 && date.second < 86400, "second %d", date.second);
        FUZZ_CHECK(ours == ref.second && date.has_time == ref.has_time, "'%.*s' is %lld, not %lld", (int)n, text,
                   (long long)ours, (long long)ref.second);
        if (!ref.plain[0]) return;
        FUZZ_CHECK(date_ask_sqlite(ref.plain, -1, &theirs), "SQLite does not read %s", ref.plain);
        FUZZ_CHECK(ours == theirs, "'%s' is %lld, to SQLite %lld", ref.plain, (long long)ours, (long long)theirs);
    } else if (calendar == CIVIL_GREGORIAN && !memchr(text, 0, n) &&
               date_ask_sqlite(text, (int)n, &theirs)) {
        FUZZ_CHECK(date_stricter(status, text, n), "'%.*s' %s, but SQLite reads it", (int)n, text,
                   date_hint(status));
    }
}

/* A day that is known is not read again: the rest of the text must give the same. */
static void date_check_text_on(const char *text, size_t n) {
    Date whole = {.day = -1}, rest = {.day = -1}, day = {.day = -1};
    if (n < DATE_DAY_BYTES || date_from_text(text, DATE_DAY_BYTES, CIVIL_GREGORIAN, &day)) return;
    DateStatus status = date_from_text(text, n, CIVIL_GREGORIAN, &whole);
    DateStatus again = date_from_text_on(text, n, day.day, &rest);
    FUZZ_CHECK((status == DATE_OK) == (again == DATE_OK), "'%.*s' is read from its day on otherwise", (int)n, text);
    if (status == DATE_OK)
        FUZZ_CHECK(whole.day == rest.day && whole.second == rest.second && whole.has_time == rest.has_time,
                   "'%.*s' is another moment from its day on", (int)n, text);
}

static void date_check_offset(const char *text, size_t n) {
    int32_t offset = INT32_MIN;
    if (!date_parse_offset(text, n, &offset)) return;
    FUZZ_CHECK(offset >= -DATE_OFFSET_MAX && offset <= DATE_OFFSET_MAX, "offset %d", offset);
    FUZZ_CHECK(n == 1 || text[0] == '+' || text[0] == '-', "offset '%.*s'", (int)n, text);
    char moment[64];
    Date east = {0};
    snprintf(moment, sizeof(moment), "2024-01-05 12:00:00%.*s", (int)n, text);
    FUZZ_CHECK(date_from_text(moment, strlen(moment), CIVIL_GREGORIAN, &east) == DATE_OK, "%s is no moment", moment);
    FUZZ_CHECK((int64_t)east.day * 86400 + east.second == INT64_C(1704456000) - offset, "%s", moment);
}

/* ---- Numbers ---- */

static const int64_t date_second_min = -INT64_C(719528) * 86400;
static const int64_t date_second_end = INT64_C(2932897) * 86400;

/* What a number in thousandths of its unit means, in seconds; false outside the years. */
static bool ref_moment(__int128 seconds, int64_t *second) {
    if (seconds < date_second_min || seconds >= date_second_end) return false;
    *second = (int64_t)seconds;
    return true;
}

static bool ref_integer(int64_t value, DateUnit unit, int64_t *second) {
    switch (unit) {
        case DATE_UNIX: return ref_moment(value, second);
        case DATE_UNIXMS: return ref_moment(ref_floor(value, 1000), second);
        case DATE_JULIAN: return ref_moment(((__int128)value * 2 - 4881175) * 43200, second);
        case DATE_YYYYMMDD: {
            if (value < 0 || value > 99999999) return false;
            int year = (int)(value / 10000), month = (int)(value / 100 % 100), day = (int)(value % 100);
            if (!ref_gregorian_has(year, month, day)) return false;
            *second = ref_gregorian(year, month, day) * 86400;
            return true;
        }
        default: return false;
    }
}

static bool ref_real(double value, DateUnit unit, int64_t *second) {
    if (!isfinite(value) || fabs(value) > 1e15) return false;
    if (unit == DATE_JULIAN) {
        /* to the nearest millisecond, in the double that the distance from 1970 is */
        double ms = floor((value - 2440587.5) * 86400000.0 + 0.5);
        return ref_moment(ref_floor((__int128)ms, 1000), second);
    }
    if (unit == DATE_YYYYMMDD && floor(value) != value) return false;
    return ref_integer((int64_t)floor(value), unit, second);
}

static const DateUnit date_units[] = {DATE_UNIX, DATE_UNIXMS, DATE_YYYYMMDD, DATE_JULIAN};

/* The unit that the values of 1990 to 2100 tell. */
static void date_check_guess(bool read, int64_t second, DateUnit unit, DateUnit guess) {
    if (read && second >= INT64_C(631152000) && second < INT64_C(4133980800))
        FUZZ_CHECK(guess == unit, "a value of %s is taken for %s", retain_date_unit_names[unit],
                   retain_date_unit_names[guess]);
    else if (guess == unit && unit != DATE_YYYYMMDD)
        fuzz_fail("a value outside 1990 to 2100 is taken for %s", retain_date_unit_names[unit]);
}

static void date_check_number(DateStatus status, const Date *date, bool valid, int64_t second, DateUnit unit) {
    FUZZ_CHECK((status == DATE_OK) == valid, "%s: status %d, should be %s", retain_date_unit_names[unit], status,
               valid ? "read" : "refused");
    if (status) return;
    FUZZ_CHECK((int64_t)date->day * 86400 + date->second == second, "%s gives %lld, not %lld",
               retain_date_unit_names[unit], (long long)date->day * 86400 + date->second, (long long)second);
    FUZZ_CHECK(date->has_time == (unit != DATE_YYYYMMDD) && date->second >= 0 && date->second < 86400, "%s: time",
               retain_date_unit_names[unit]);
}

static void date_check_integer(int64_t value) {
    for (int i = 0; i < FUZZ_COUNT(date_units); i++) {
        Date date = {0};
        int64_t second = 0;
        bool valid = ref_integer(value, date_units[i], &second);
        date_check_number(date_from_integer(value, date_units[i], &date), &date, valid, second, date_units[i]);
        date_check_guess(valid, second, date_units[i], date_guess_integer(value));
    }
}

static void date_check_real(double value) {
    for (int i = 0; i < FUZZ_COUNT(date_units); i++) {
        Date date = {0};
        int64_t second = 0;
        bool valid = ref_real(value, date_units[i], &second);
        date_check_number(date_from_real(value, date_units[i], &date), &date, valid, second, date_units[i]);
    }
    DateUnit guess = date_guess_real(value);
    Date date = {0};
    if (guess != DATE_AUTO && date_from_real(value, guess, &date) == DATE_OK)
        /* A Julian day less than half a millisecond before 2101 is read as its first moment. */
        FUZZ_CHECK(date.day >= 7305 && (date.day < 47847 || (guess == DATE_JULIAN && date.day == 47847 && date.second == 0)),
                   "%.17g is guessed as %s", value,
                   retain_date_unit_names[guess]);
}

/* Numbers kept as text say what the numbers say. */
static void date_check_digits(const char *text, size_t n) {
    size_t sign = n > 0 && text[0] == '-', whole = sign;
    while (whole < n && text[whole] >= '0' && text[whole] <= '9') whole++;
    bool integer = whole == n && whole > sign && whole - sign <= 15;
    for (int i = 0; i < FUZZ_COUNT(date_units); i++) {
        Date date = {0}, same = {0};
        DateStatus status = date_from_digits(text, n, date_units[i], &date);
        if (status == DATE_OK) FUZZ_CHECK(whole > sign && strspn(text, "-0123456789.") >= n, "'%.*s'", (int)n, text);
        if (!integer) continue;
        DateStatus other = date_from_integer(strtoll(text, NULL, 10), date_units[i], &same);
        FUZZ_CHECK(status == other && (status || (date.day == same.day && date.second == same.second)),
                   "'%.*s' differs from the number in %s", (int)n, text, retain_date_unit_names[date_units[i]]);
    }
}

/* ---- Calendars and periods ---- */

static void date_check_day(Day day) {
    for (int c = CIVIL_GREGORIAN; c <= CIVIL_JALALI; c++) {
        CivilCalendar calendar = (CivilCalendar)c;
        int y, m, d;
        char text[11];
        civil_from_day(calendar, day, &y, &m, &d);
        FUZZ_CHECK(civil_to_day(calendar, y, m, d) == day, "day %d is %d-%d-%d and another day", day, y, m, d);
        int64_t ref = calendar == CIVIL_JALALI ? ref_jalali(y, m, d) : ref_gregorian(y, m, d);
        FUZZ_CHECK(ref == day && civil_valid(calendar, y, m, d), "day %d is %d-%d-%d", day, y, m, d);
        FUZZ_CHECK(d <= civil_month_days(calendar, y, m), "day %d of %d days", d, civil_month_days(calendar, y, m));
        civil_print(calendar, day, text);
        Date date = {0};
        if (calendar == CIVIL_GREGORIAN || (y >= 0 && y < 1700))
            FUZZ_CHECK(date_from_text(text, strlen(text), calendar, &date) == DATE_OK && date.day == day &&
                           !date.has_time,
                       "day %d is printed as '%s' and read otherwise", day, text);
    }
}

static void date_check_period(Day day, uint64_t choice) {
    Period p = {.unit = (PeriodUnit)(choice % 6), .n_days = 1 + (int32_t)(choice >> 8) % PERIOD_DAYS_MAX,
                .week_start = (int)(choice >> 3 & 0xFF) % 7, .calendar = (CivilCalendar)(choice >> 32 & 1),
                .anchor = (Day)(choice >> 40 & 0xFFFF)};
    if (p.n_days < 1) p.n_days += PERIOD_DAYS_MAX - 1;
    int32_t index = period_index(&p, day);
    Day first = period_start(&p, index), next = period_start(&p, index + 1);
    FUZZ_CHECK(first <= day && day < next, "day %d is not in its period %d..%d", day, first, next);
    FUZZ_CHECK(next - first <= period_length_max(&p), "a period of %d days", next - first);
    FUZZ_CHECK(period_index(&p, first) == index && period_index(&p, next) == index + 1, "period %d begins in another",
               index);
    if (p.unit == PERIOD_WEEK)
        FUZZ_CHECK(((first + 3 - p.week_start) % 7 + 7) % 7 == 0 && next - first == 7, "a week begins on day %d", first);
}

static void date_check_local(Day day, int32_t second, int32_t offset) {
    Date date = {day, second, true};
    int64_t local = (int64_t)day * 86400 + second + offset;
    int64_t expected = ref_floor(local, 86400);
    if (expected < CIVIL_DAY_MIN || expected > CIVIL_DAY_MAX) return;
    FUZZ_CHECK(date_local_day(&date, offset) == expected, "the local day of %d %d %d", day, second, offset);
    FUZZ_CHECK(date_local_second(&date, offset) == local - expected * 86400, "the local second of %d %d %d", day,
               second, offset);
}

static void date_check_span(Day day, const char *text, size_t n) {
    Span span;
    Period period;
    int32_t count;
    PeriodUnit unit;
    if (span_parse(text, n, &span)) {
        Day before = span_before(&span, CIVIL_GREGORIAN, day);
        FUZZ_CHECK(before < day && day - before <= 36525, "'%.*s' before %d is %d", (int)n, text, day, before);
        FUZZ_CHECK(period_scan(text, n, &count, &unit) && count == span.n && unit == span.unit, "'%.*s'", (int)n, text);
    }
    if (period_parse(text, n, &period))
        FUZZ_CHECK(period.n_days >= 1 && period.n_days <= PERIOD_DAYS_MAX, "'%.*s'", (int)n, text);
}

/* ---- One input ---- */

static void date_open(void) {
    if (date_sqlite) return;
    ref_count_new_years();
    ref_compile();
    date_sqlite = fuzz_prepare(fuzz_open(), "SELECT CAST(strftime('%s', ?1) AS INTEGER)");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    date_open();
    char *text = malloc(size + 1); /* as long as the text, so that a byte read beyond it is seen */
    char *end, *exact = malloc(size ? size : 1);
    memcpy(text, data, size);
    memcpy(exact, data, size);
    text[size] = 0;
    date_check_text(text, size, CIVIL_GREGORIAN);
    date_check_text(text, size, CIVIL_JALALI);
    date_check_text_on(text, size);
    Date unused;
    (void)date_from_text(exact, size, CIVIL_GREGORIAN, &unused);
    (void)date_from_text(exact, size, CIVIL_JALALI, &unused);
    date_check_offset(text, size);
    date_check_digits(text, size);
    int64_t integer = strtoll(text, &end, 10);
    if (end > text) date_check_integer(integer);
    double real = strtod(text, &end);
    if (end > text) date_check_real(real);
    Feed feed = {data, data + size};
    uint64_t bits = feed_bytes(&feed, 8);
    date_check_integer((int64_t)bits >> (bits & 31));
    feed.at = data;
    date_check_real(feed_double(&feed));
    Day day = (Day)(bits % (CIVIL_DAY_MAX - CIVIL_DAY_MIN + 1)) + CIVIL_DAY_MIN;
    date_check_day(day);
    date_check_period(day, bits);
    date_check_local(day, (int32_t)(bits >> 20) & 0xFFFF, (int32_t)(bits >> 40 & 0xFFFF) - 32768);
    date_check_span(day, text, size);
    free(exact);
    free(text);
    return 0;
}

/* Every third input is a new text of the grammar. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
    if (seed % 3) return LLVMFuzzerMutate(data, size, max);
    GrammarText text = grammar_date(seed);
    size_t n = (size_t)text.n < max ? (size_t)text.n : max;
    memcpy(data, text.bytes, n);
    return n;
}
