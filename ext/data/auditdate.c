/* auditdate.c - see auditdate.h. */
#include "data/auditdate.h"

#include <string.h>

enum {
    AUDITDATE_DAY_1990 = 7305,
    AUDITDATE_DAY_1300 = -244712, /* 1300-01-01 and 1501-01-01: Iranian years of 1921 to 2122 */
    AUDITDATE_DAY_1501 = -171299,
    AUDITDATE_DAY_2443 = 172760,  /* 2443-01-01 and 2644-01-01: Buddhist years of 1900 to 2100 */
    AUDITDATE_DAY_2644 = 246173,
    AUDITDATE_BUDDHIST = 543      /* years ahead of the Gregorian ones */
};
#define AUDITDATE_UNIX_1990 INT64_C(631152000)
#define AUDITDATE_UNIX_2101 INT64_C(4133980800)

void auditdate_open(Auditdate *dates, RowRules rules) {
    *dates = (Auditdate){.rules = rules, .unit = rules.unit_first};
}

/* ---- Readable dates ---- */

static bool auditdate_is_jalali_year(int year) {
    return year >= 1300 && year <= 1500;
}

static bool auditdate_is_buddhist_year(int year) {
    return year >= 1900 + AUDITDATE_BUDDHIST && year <= 2100 + AUDITDATE_BUDDHIST;
}

/* What the day itself gives away. */
static uint64_t auditdate_judge_day(Day day) {
    if (day >= AUDITDATE_DAY_1300 && day < AUDITDATE_DAY_1501) return FINDING_BIT(FINDING_DATE_JALALI);
    if (day >= AUDITDATE_DAY_2443 && day < AUDITDATE_DAY_2644) return FINDING_BIT(FINDING_DATE_BUDDHIST);
    return day < AUDITDATE_DAY_1990 ? FINDING_BIT(FINDING_DATE_EARLY) : 0;
}

static void auditdate_count_digits(Auditdate *dates, uint64_t checks) {
    dates->n_jalali_digits += (checks & FINDING_BIT(FINDING_DATE_JALALI)) != 0;
    dates->n_buddhist_digits += (checks & FINDING_BIT(FINDING_DATE_BUDDHIST)) != 0;
}

/* The offset that a readable date with a time ends with, in seconds; false when it ends with none or with Z. */
static bool auditdate_offset(const char *text, size_t n, int32_t *seconds) {
    static const size_t sizes[] = {3, 5, 6};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const char *at = text + n - sizes[i];
        if (n > DATE_DAY_BYTES + sizes[i] && (*at == '+' || *at == '-'))
            return date_parse_offset(at, sizes[i], seconds);
    }
    return false;
}

/* Whether the date was written on another day than it counts on. */
static uint64_t auditdate_judge_offset(Auditdate *dates, const char *text, size_t n, const Date *date, Day local) {
    int32_t seconds;
    if (!date->has_time || !auditdate_offset(text, n, &seconds)) return 0;
    if (date_local_day(date, seconds) == local) return 0;
    dates->n_moved[seconds / 60 + AUDITDATE_MINUTES_MAX]++;
    return FINDING_BIT(FINDING_DATE_OFFSET);
}

static uint64_t auditdate_judge_unit(Auditdate *dates, DateUnit unit) {
    dates->n_units[unit]++;
    if (dates->unit == DATE_AUTO) dates->unit = unit;
    if (dates->rules.date_unit == DATE_AUTO && unit != dates->unit) return FINDING_BIT(FINDING_DATE_MIXED);
    if (unit == DATE_UNIXMS) return FINDING_BIT(FINDING_DATE_MILLISECONDS);
    return unit == DATE_YYYYMMDD ? FINDING_BIT(FINDING_DATE_YYYYMMDD) : 0;
}

static AuditdateRead auditdate_judge_readable(Auditdate *dates, sqlite3_value *value, DateUnit unit, const Date *date,
                                              Err *err) {
    AuditdateRead read = {.day = date_local_day(date, dates->rules.utc_offset),
                          .second = date_local_second(date, dates->rules.utc_offset)};
    read.checks = auditdate_judge_unit(dates, unit);
    read.has_day = !(read.checks & FINDING_BIT(FINDING_DATE_MIXED));
    if (!read.has_day) return read;
    uint64_t odd = auditdate_judge_day(read.day);
    read.suspect = odd != 0;
    read.checks |= odd;
    if (unit != DATE_TEXT) auditdate_count_digits(dates, odd);
    if (unit != DATE_TEXT) return read;
    const char *text = (const char *)sqlite3_value_text(value);
    size_t n = (size_t)sqlite3_value_bytes(value);
    if (!text) {
        err_nomem(err);
        return read;
    }
    read.checks |= auditdate_judge_offset(dates, text, n, date, read.day);
    if (odd || n < DATE_DAY_BYTES) return read;
    Date day;
    if (date_from_text(text, DATE_DAY_BYTES, dates->rules.calendar, &day) != DATE_OK) return read;
    memcpy(dates->day_text, text, DATE_DAY_BYTES); /* not where Persian digits take more bytes */
    dates->text_day = day.day;
    return read;
}

/* ---- The straight path: a date like those before it ---- */

static bool auditdate_judge_unix(Auditdate *dates, sqlite3_value *value, AuditdateRead *read) {
    if (dates->unit != DATE_UNIX || sqlite3_value_type(value) != SQLITE_INTEGER) return false;
    int64_t moment = sqlite3_value_int64(value);
    if (moment < AUDITDATE_UNIX_1990 + DATE_OFFSET_MAX || moment >= AUDITDATE_UNIX_2101) return false;
    uint32_t local = (uint32_t)(moment + dates->rules.utc_offset);
    *read = (AuditdateRead){.has_day = true, .day = (Day)(local / DATE_DAY_SECONDS),
                            .second = (int32_t)(local % DATE_DAY_SECONDS)};
    dates->n_units[DATE_UNIX]++;
    return true;
}

static bool auditdate_judge_again(Auditdate *dates, sqlite3_value *value, AuditdateRead *read) {
    Date date;
    if (dates->unit != DATE_TEXT || !dates->day_text[0] || sqlite3_value_type(value) != SQLITE_TEXT) return false;
    const char *text = (const char *)sqlite3_value_text(value);
    int n = sqlite3_value_bytes(value);
    if (!text || n < DATE_DAY_BYTES || memcmp(text, dates->day_text, DATE_DAY_BYTES) != 0) return false;
    if (date_from_text_on(text, (size_t)n, dates->text_day, &date) != DATE_OK) return false;
    *read = (AuditdateRead){.has_day = true, .day = date_local_day(&date, dates->rules.utc_offset),
                            .second = date_local_second(&date, dates->rules.utc_offset)};
    if (read->day != dates->text_day && auditdate_judge_day(read->day)) return false;
    dates->n_units[DATE_TEXT]++;
    read->checks = auditdate_judge_offset(dates, text, (size_t)n, &date, read->day);
    return true;
}

/* ---- Unreadable ones ---- */

/* The number of n digits, -1 when one is none. */
static int auditdate_digits(const char *text, int n) {
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* A calendar's year in a number as in 14040915. */
static uint64_t auditdate_judge_number(int64_t number) {
    int year = number >= 0 && number <= 99999999 ? (int)(number / 10000) : 0;
    int month = (int)(number / 100 % 100), day = (int)(number % 100);
    if (month < 1 || month > 12 || day < 1 || day > 31) return 0;
    if (auditdate_is_jalali_year(year)) return FINDING_BIT(FINDING_DATE_JALALI);
    return auditdate_is_buddhist_year(year) ? FINDING_BIT(FINDING_DATE_BUDDHIST) : 0;
}

/* '2567-02-29' is a day of the Buddhist calendar, though no Gregorian one. */
static bool auditdate_is_buddhist_day(const char *text, size_t n) {
    if (n < DATE_DAY_BYTES) return false;
    int year = auditdate_digits(text, 4), month = auditdate_digits(text + 5, 2), day = auditdate_digits(text + 8, 2);
    return auditdate_is_buddhist_year(year) && civil_valid(CIVIL_GREGORIAN, year - AUDITDATE_BUDDHIST, month, day);
}

/* '1404-02-31' is a day of the Iranian calendar. */
static bool auditdate_is_jalali_day(const char *text, size_t n) {
    if (n < DATE_DAY_BYTES) return false;
    int year = auditdate_digits(text, 4), month = auditdate_digits(text + 5, 2), day = auditdate_digits(text + 8, 2);
    return auditdate_is_jalali_year(year) && civil_valid(CIVIL_JALALI, year, month, day);
}

static uint64_t auditdate_why_text(Auditdate *dates, const char *text, size_t n, int status) {
    uint64_t number = 0;
    if (n == 0) return FINDING_BIT(FINDING_DATE_MISSING);
    switch (status) {
        case DATE_TEXT_JALALI: return FINDING_BIT(FINDING_DATE_JALALI);
        case DATE_NO_SUCH_DAY:
            if (auditdate_is_jalali_day(text, n)) return FINDING_BIT(FINDING_DATE_JALALI);
            if (auditdate_is_buddhist_day(text, n)) return FINDING_BIT(FINDING_DATE_BUDDHIST);
            return FINDING_BIT(FINDING_DATE_IMPOSSIBLE);
        case DATE_NO_SUCH_TIME:
        case DATE_NO_SUCH_OFFSET: return FINDING_BIT(FINDING_DATE_IMPOSSIBLE);
        case DATE_TEXT_UNIXMS: dates->n_texts[DATE_UNIXMS]++; return FINDING_BIT(FINDING_DATE_MILLISECONDS);
        case DATE_TEXT_UNIX: dates->n_texts[DATE_UNIX]++; break;
        case DATE_TEXT_JULIAN: dates->n_texts[DATE_JULIAN]++; break;
        case DATE_TEXT_YYYYMMDD:
            number = n == 8 ? auditdate_judge_number(auditdate_digits(text, 8)) : 0;
            auditdate_count_digits(dates, number);
            dates->n_texts[DATE_YYYYMMDD] += number == 0;
            return number ? number : FINDING_BIT(FINDING_DATE_YYYYMMDD);
        default: break;
    }
    dates->n_status[status >= 0 ? status : DATE_OTHER]++;
    return FINDING_BIT(FINDING_DATE_UNREADABLE);
}

static uint64_t auditdate_why(Auditdate *dates, sqlite3_value *value, int status, Err *err) {
    uint64_t number = 0;
    const char *text = NULL;
    switch (sqlite3_value_type(value)) {
        case SQLITE_NULL: return FINDING_BIT(FINDING_DATE_MISSING);
        case SQLITE_TEXT:
            text = (const char *)sqlite3_value_text(value);
            if (text) return auditdate_why_text(dates, text, (size_t)sqlite3_value_bytes(value), status);
            err_nomem(err);
            return 0;
        case SQLITE_INTEGER: number = auditdate_judge_number(sqlite3_value_int64(value)); break;
        default: break;
    }
    auditdate_count_digits(dates, number);
    if (number) return number;
    if (status == DATE_NO_SUCH_DAY) return FINDING_BIT(FINDING_DATE_IMPOSSIBLE);
    dates->n_status[status >= 0 ? status : DATE_OTHER]++;
    return FINDING_BIT(FINDING_DATE_UNREADABLE);
}

AuditdateRead auditdate_judge(Auditdate *dates, sqlite3_value *value, Err *err) {
    AuditdateRead read = {0};
    if (auditdate_judge_unix(dates, value, &read) || auditdate_judge_again(dates, value, &read)) return read;
    DateUnit unit = dates->rules.date_unit;
    Date date = {0};
    int status = row_read_date(dates->rules.calendar, value, err, &unit, &date);
    if (err->rc) return read;
    if (status == DATE_OK) return auditdate_judge_readable(dates, value, unit, &date, err);
    read.checks = auditdate_why(dates, value, status, err);
    return read;
}

/* ---- Sums ---- */

static int auditdate_largest(const int64_t *counts, int n) {
    int largest = 0;
    for (int i = 1; i < n; i++)
        if (counts[i] > counts[largest]) largest = i;
    return largest;
}

bool auditdate_is_mixed(const Auditdate *dates, DateUnit *unit) {
    int n = 0;
    if (dates->rules.date_unit != DATE_AUTO) return false;
    for (int i = 0; i < AUDITDATE_UNITS; i++) n += dates->n_units[i] > 0;
    *unit = (DateUnit)auditdate_largest(dates->n_units, AUDITDATE_UNITS);
    return n > 1;
}

DateStatus auditdate_reason(const Auditdate *dates) {
    return (DateStatus)auditdate_largest(dates->n_status, DATE_STATUSES);
}

int auditdate_offset_minutes(const Auditdate *dates) {
    return auditdate_largest(dates->n_moved, 2 * AUDITDATE_MINUTES_MAX + 1) - AUDITDATE_MINUTES_MAX;
}

bool auditdate_is_text_unit(const Auditdate *dates, DateUnit unit) {
    int64_t n = 0;
    for (int i = 0; i < AUDITDATE_UNITS; i++) n += dates->n_units[i];
    return dates->n_texts[unit] > n;
}

DateUnit auditdate_other_unit(const Auditdate *dates) {
    int other = DATE_AUTO;
    for (int i = 0; i < AUDITDATE_UNITS; i++)
        if (i != (int)dates->unit && dates->n_units[i] > 0 &&
            (other == DATE_AUTO || dates->n_units[i] > dates->n_units[other]))
            other = i;
    return (DateUnit)other;
}
