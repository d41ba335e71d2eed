/* row.h - reading one row of orders: which day, how much, and what is wrong with it.
 *
 * The rules are the same for a scanned table and for the rows that an aggregate is given: dates by
 * time/date.h, one unit in one column, finite amounts.  An unreadable row is an error that names it, or
 * is counted and left out when the caller asked to skip.
 */
#ifndef ROW_H
#define ROW_H

#include <string.h>

#include "base/err.h"
#include "base/libm.h"
#include "base/sqlite.h"
#include "time/date.h"

typedef struct RowRules {
    CivilCalendar calendar;
    DateUnit date_unit;  /* DATE_AUTO: told by the values */
    int32_t utc_offset;  /* seconds east of UTC, at which the day is cut */
    bool skip_unreadable;
    DateUnit unit_first; /* under DATE_AUTO: the column's unit, where it is known beforehand */
    bool only_rows;      /* of an aggregate: there is no date_unit or on_error that a message may name */
} RowRules;

typedef struct Row {
    RowRules rules;
    Err *err;
    DateUnit unit_seen;  /* under DATE_AUTO: the unit of the rows so far */
    char day_text[DATE_DAY_BYTES]; /* of the last text that was read in full, or zeroes ... */
    Day text_day;                  /* ... and the day that it says, once unit_seen is DATE_TEXT */
    int64_t n_read;      /* rows begun, the present one included */
    int64_t n_skipped;   /* unreadable ones that were left out */
} Row;

Row row_new(RowRules rules, Err *err);

/* Beside the DateStatus of a text or number. */
enum { ROW_DATE_NULL = -1, ROW_DATE_BLOB = -2, ROW_DATE_NO_NUMBER = -3 };

/* What a value of a date column says: DATE_OK and the date, or why it is none (a DateStatus or one of the above).
 * unit comes in as the unit asked for and goes out as the one it was read by; under a named unit numbers may be
 * kept as text.  err is set only when SQLite has no memory to convert a UTF-16 text. */
int row_read_date(CivilCalendar calendar, sqlite3_value *value, Err *err, DateUnit *unit, Date *date);

/* A value as messages show it: text quoted and shortened, numbers bare, "NULL", "a blob"; sqlite3_malloc'd.  NULL
 * without memory. */
char *row_shown(sqlite3_value *value);

/* Begins the next row. */
static inline void row_next(Row *row) {
    row->n_read++;
}

/* 1990-01-01 and 2101-01-01, between which DATE_AUTO reads an integer as unix seconds. */
#define ROW_UNIX_1990 INT64_C(631152000)
#define ROW_UNIX_2101 INT64_C(4133980800)

/* The local day of a date value; second is of that day, 0 for a value without a time.  False: unreadable;
 * then err is set, unless rows are to be skipped. */
bool row_date_value(Row *row, sqlite3_value *value, Day *day, int32_t *second);

/* Rows of one day mostly stand together, and most are written as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS: then the day is
 * known and the time is read at once.  False where that is not so. */
static inline bool row_date_again(const Row *row, sqlite3_value *value, Day *day, int32_t *second) {
    if (!row->day_text[0] || sqlite3_value_type(value) != SQLITE_TEXT) return false;
    const char *text = (const char *)sqlite3_value_text(value);
    int n = sqlite3_value_bytes(value);
    bool has_time = n == DATE_DAY_BYTES + DATE_TIME_BYTES;
    if (!text || (n != DATE_DAY_BYTES && !has_time) || memcmp(text, row->day_text, DATE_DAY_BYTES) != 0) return false;
    *day = row->text_day;
    *second = 0;
    if (!has_time) return true;
    char separator = text[DATE_DAY_BYTES];
    *second = date_plain_clock(text + DATE_DAY_BYTES + 1);
    return (separator == ' ' || separator == 'T') && *second >= 0 && row->rules.utc_offset == 0;
}

static inline bool row_date(Row *row, sqlite3_value *value, Day *day, int32_t *second) {
    if (row->unit_seen == DATE_TEXT && row_date_again(row, value, day, second)) return true;
    if (row->unit_seen != DATE_UNIX || sqlite3_value_type(value) != SQLITE_INTEGER)
        return row_date_value(row, value, day, second);
    /* Most integers are unix seconds like those before them, of years in which no offset leaves the calendar. */
    int64_t moment = sqlite3_value_int64(value);
    if (moment < ROW_UNIX_1990 || moment >= ROW_UNIX_2101) return row_date_value(row, value, day, second);
    uint32_t local = (uint32_t)(moment + row->rules.utc_offset);
    *day = (Day)(local / DATE_DAY_SECONDS);
    *second = (int32_t)(local % DATE_DAY_SECONDS);
    return true;
}

/* The amount of a row; NULL is 0.  False as in row_date. */
bool row_amount_value(Row *row, sqlite3_value *value, double *amount);
static inline bool row_amount(Row *row, sqlite3_value *value, double *amount) {
    if (sqlite3_value_type(value) != SQLITE_FLOAT) return row_amount_value(row, value, amount);
    *amount = sqlite3_value_double(value);
    return isfinite(*amount) || row_amount_value(row, value, amount);
}

/* Reads a date argument by the same rules; the error does not name a row.  The day of a moment is that of UTC,
 * or the local one at an offset from it. */
bool row_date_argument(CivilCalendar calendar, sqlite3_value *value, Err *err, const char *name,
                       Day *day);
bool row_local_argument(CivilCalendar calendar, int32_t utc_offset, sqlite3_value *value, Err *err,
                        const char *name, Day *day);

#endif
