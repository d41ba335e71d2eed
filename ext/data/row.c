/* row.c - see row.h. */
#include "data/row.h"

#include <string.h>

Row row_new(RowRules rules, Err *err) {
    return (Row){.rules = rules, .err = err, .unit_seen = rules.unit_first};
}

char *row_shown(sqlite3_value *value) {
    char shown[ERR_QUOTE_SIZE];
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL || type == SQLITE_BLOB)
        return sqlite3_mprintf(type == SQLITE_NULL ? "NULL" : "a blob");
    const char *text = (const char *)sqlite3_value_text(value);
    if (!text) return NULL;
    return sqlite3_mprintf(type == SQLITE_TEXT ? "'%s'" : "%s",
                           err_quote(text, (size_t)sqlite3_value_bytes(value), shown));
}

/* Every refusal of a row's value ends here. */
static bool row_refuse(Row *row, const char *label, sqlite3_value *value, const char *what) {
    if (row->rules.skip_unreadable) {
        row->n_skipped++;
        return false;
    }
    int type = sqlite3_value_type(value);
    bool skippable = !row->rules.only_rows && (type == SQLITE_NULL || type == SQLITE_BLOB);
    char *shown = row_shown(value);
    if (shown)
        err_set(row->err, SQLITE_ERROR, "row %lld: %s%s %s%s", row->n_read, label, shown, what,
                skippable ? " (on_error='skip' leaves such rows out)" : "");
    else
        err_nomem(row->err);
    sqlite3_free(shown);
    return false;
}

/* Under DATE_AUTO a column has one unit: a second one means that some rows would be read wrongly. */
static bool row_same_unit(Row *row, sqlite3_value *value, DateUnit unit) {
    if (row->unit_seen == DATE_AUTO) row->unit_seen = unit;
    if (row->unit_seen == unit) return true;
    char what[96];
    sqlite3_snprintf(sizeof(what), what, "reads as %s, but the rows before as %s%s",
                     retain_date_unit_names[unit], retain_date_unit_names[row->unit_seen],
                     row->rules.only_rows ? "" : " (date_unit names one)");
    return row_refuse(row, "", value, what);
}

static int row_date_text(CivilCalendar calendar, sqlite3_value *value, Err *err, DateUnit *unit,
                         Date *date) {
    const char *text = (const char *)sqlite3_value_text(value);
    if (!text) {
        err_nomem(err);
        return DATE_OTHER;
    }
    size_t n = (size_t)sqlite3_value_bytes(value);
    if (*unit == DATE_AUTO) *unit = DATE_TEXT;
    if (*unit == DATE_TEXT) return (int)date_from_text(text, n, calendar, date);
    DateStatus status = date_from_digits(text, n, *unit, date);
    return status == DATE_OTHER ? ROW_DATE_NO_NUMBER : (int)status;
}

int row_read_date(CivilCalendar calendar, sqlite3_value *value, Err *err, DateUnit *unit, Date *date) {
    switch (sqlite3_value_type(value)) {
        case SQLITE_TEXT: return row_date_text(calendar, value, err, unit, date);
        case SQLITE_INTEGER: {
            int64_t integer = sqlite3_value_int64(value);
            if (*unit == DATE_AUTO) *unit = date_guess_integer(integer);
            return (int)date_from_integer(integer, *unit, date);
        }
        case SQLITE_FLOAT: {
            double real = sqlite3_value_double(value);
            if (*unit == DATE_AUTO) *unit = date_guess_real(real);
            return (int)date_from_real(real, *unit, date);
        }
        case SQLITE_NULL: return ROW_DATE_NULL;
        default: return ROW_DATE_BLOB;
    }
}

/* What is wrong with a date.  Where nobody can name a date_unit, hints that ask for one are of no use. */
static const char *row_date_hint(int status, bool has_unit) {
    switch (status) {
        case ROW_DATE_NULL:
        case ROW_DATE_BLOB: return "is not a date";
        case ROW_DATE_NO_NUMBER: return "is not a number, which this date_unit asks for";
        case DATE_TEXT_YYYYMMDD:
        case DATE_TEXT_UNIX:
        case DATE_TEXT_UNIXMS:
        case DATE_TEXT_JULIAN:
        case DATE_NO_UNIT: return date_hint(has_unit ? (DateStatus)status : DATE_OTHER);
        default: return date_hint((DateStatus)status);
    }
}

/* Rows of one day mostly stand together: the day that they begin with is read once. */
static inline bool row_date_text_again(const Row *row, sqlite3_value *value, Day *day,
                                       int32_t *second) {
    Date date;
    if (row->unit_seen != DATE_TEXT || !row->day_text[0] || sqlite3_value_type(value) != SQLITE_TEXT) return false;
    const char *text = (const char *)sqlite3_value_text(value);
    int n = sqlite3_value_bytes(value);
    if (!text || n < DATE_DAY_BYTES || memcmp(text, row->day_text, DATE_DAY_BYTES) != 0) return false;
    if (date_from_text_on(text, (size_t)n, row->text_day, &date) != DATE_OK) return false;
    *day = date_local_day(&date, row->rules.utc_offset);
    *second = date_local_second(&date, row->rules.utc_offset);
    return true;
}

/* Remembers the day that a readable text begins with; Persian digits, which take more bytes, say none. */
static void row_keep_text_day(Row *row, sqlite3_value *value) {
    Date date;
    const char *text = (const char *)sqlite3_value_text(value);
    bool kept = text && sqlite3_value_bytes(value) >= DATE_DAY_BYTES &&
                date_from_text(text, DATE_DAY_BYTES, row->rules.calendar, &date) == DATE_OK;
    memset(row->day_text, 0, sizeof(row->day_text));
    if (!kept) return;
    memcpy(row->day_text, text, DATE_DAY_BYTES);
    row->text_day = date.day;
}

bool row_date_value(Row *row, sqlite3_value *value, Day *day, int32_t *second) {
    if (row_date_text_again(row, value, day, second)) return true;
    DateUnit unit = row->rules.date_unit;
    Date date = {0};
    int status = row_read_date(row->rules.calendar, value, row->err, &unit, &date);
    if (row->err->rc) return false;
    if (status == DATE_OK) {
        *day = date_local_day(&date, row->rules.utc_offset);
        *second = date_local_second(&date, row->rules.utc_offset);
        if (*day < CIVIL_DAY_MIN || *day > CIVIL_DAY_MAX) status = DATE_OUTSIDE;
    }
    if (status != DATE_OK)
        return row_refuse(row, "", value, row_date_hint(status, !row->rules.only_rows));
    if (row->rules.date_unit != DATE_AUTO) return true;
    if (!row_same_unit(row, value, unit)) return false;
    if (unit == DATE_TEXT) row_keep_text_day(row, value);
    return true;
}

bool row_amount_value(Row *row, sqlite3_value *value, double *amount) {
    *amount = 0;
    switch (sqlite3_value_numeric_type(value)) {
        case SQLITE_INTEGER: *amount = (double)sqlite3_value_int64(value); return true;
        case SQLITE_NULL: return true;
        case SQLITE_FLOAT:
            *amount = sqlite3_value_double(value);
            return isfinite(*amount) || row_refuse(row, "amount ", value, "is not a finite number");
        default: return row_refuse(row, "amount ", value, "is not a number (write 1200.50)");
    }
}

bool row_date_argument(CivilCalendar calendar, sqlite3_value *value, Err *err, const char *name,
                       Day *day) {
    return row_local_argument(calendar, 0, value, err, name, day);
}

bool row_local_argument(CivilCalendar calendar, int32_t utc_offset, sqlite3_value *value, Err *err,
                        const char *name, Day *day) {
    DateUnit unit = DATE_AUTO;
    Date date = {0};
    int status = row_read_date(calendar, value, err, &unit, &date);
    *day = date_local_day(&date, utc_offset);
    if (status == DATE_OK || err->rc) return !err->rc;
    char *shown = row_shown(value);
    if (shown) err_set(err, SQLITE_ERROR, "%s: %s %s", name, shown, row_date_hint(status, false));
    else err_nomem(err);
    sqlite3_free(shown);
    return false;
}
