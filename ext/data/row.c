/* row.c - see row.h. */
#include "data/row.h"

#include "base/libm.h"

Row row_new(RowRules rules, Err *err) {
    return (Row){.rules = rules, .err = err};
}

/* Every refusal of a value ends here.  what begins with a blank where it follows the value. */
static bool row_refuse(Row *row, const char *label, sqlite3_value *value, const char *what) {
    if (row->rules.skip_unreadable) {
        row->n_skipped++;
        return false;
    }
    char shown[ERR_QUOTE_SIZE];
    int type = sqlite3_value_type(value);
    const char *text = (const char *)sqlite3_value_text(value);
    if (type == SQLITE_NULL || type == SQLITE_BLOB)
        err_set(row->err, SQLITE_ERROR, "row %lld: %s%s %s (on_error='skip' leaves such rows out)",
                row->n_read, label, type == SQLITE_NULL ? "NULL" : "a blob", what);
    else if (!text)
        err_nomem(row->err);
    else
        err_set(row->err, SQLITE_ERROR, type == SQLITE_TEXT ? "row %lld: %s'%s' %s" : "row %lld: %s%s %s",
                row->n_read, label, err_quote(text, (size_t)sqlite3_value_bytes(value), shown), what);
    return false;
}

/* Under DATE_AUTO a column has one unit: a second one means that some rows would be read wrongly. */
static bool row_same_unit(Row *row, sqlite3_value *value, DateUnit unit) {
    if (row->unit_seen == DATE_AUTO) row->unit_seen = unit;
    if (row->unit_seen == unit) return true;
    char what[96];
    sqlite3_snprintf(sizeof(what), what, "reads as %s, but the rows before as %s (date_unit names one)",
                     retain_date_unit_names[unit], retain_date_unit_names[row->unit_seen]);
    return row_refuse(row, "", value, what);
}

/* Beside the DateStatus of a text or number. */
enum { ROW_DATE_NULL = -1, ROW_DATE_BLOB = -2 };

static int row_date_text(CivilCalendar calendar, sqlite3_value *value, Err *err, DateUnit *unit,
                         Date *date) {
    const char *text = (const char *)sqlite3_value_text(value);
    if (!text) {
        err_nomem(err);
        return DATE_OTHER;
    }
    size_t n = (size_t)sqlite3_value_bytes(value);
    if (*unit == DATE_AUTO) *unit = DATE_TEXT;
    return (int)(*unit == DATE_TEXT ? date_from_text(text, n, calendar, date)
                                    : date_from_digits(text, n, *unit, date));
}

/* A value of a date column.  unit comes in as the unit asked for and goes out as the one it was read
 * by; under a named unit numbers may be kept as text. */
static int row_date_value(CivilCalendar calendar, sqlite3_value *value, Err *err, DateUnit *unit,
                          Date *date) {
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

static const char *row_date_hint(int status) {
    return status < 0 ? "is not a date" : date_hint((DateStatus)status);
}

bool row_date(Row *row, sqlite3_value *value, Day *day, int32_t *second) {
    DateUnit unit = row->rules.date_unit;
    Date date = {0};
    int status = row_date_value(row->rules.calendar, value, row->err, &unit, &date);
    if (row->err->rc) return false;
    if (status == DATE_OK) {
        *day = date_local_day(&date, row->rules.utc_offset);
        *second = date_local_second(&date, row->rules.utc_offset);
        if (*day < CIVIL_DAY_MIN || *day > CIVIL_DAY_MAX) status = DATE_OUTSIDE;
    }
    if (status != DATE_OK) return row_refuse(row, "", value, row_date_hint(status));
    return row->rules.date_unit != DATE_AUTO || row_same_unit(row, value, unit);
}

bool row_amount(Row *row, sqlite3_value *value, double *amount) {
    *amount = 0;
    switch (sqlite3_value_numeric_type(value)) {
        case SQLITE_INTEGER: *amount = (double)sqlite3_value_int64(value); return true;
        case SQLITE_FLOAT:
            *amount = sqlite3_value_double(value);
            return isfinite(*amount) || row_refuse(row, "amount ", value, "is not a finite number");
        case SQLITE_NULL: return true;
        default: return row_refuse(row, "amount ", value, "is not a number (write 1200.50)");
    }
}

bool row_date_argument(CivilCalendar calendar, sqlite3_value *value, Err *err, const char *name,
                       Day *day) {
    DateUnit unit = DATE_AUTO;
    Date date = {0};
    int status = row_date_value(calendar, value, err, &unit, &date);
    *day = date.day;
    if (status == DATE_OK || err->rc) return !err->rc;
    char shown[ERR_QUOTE_SIZE];
    const char *text = (const char *)sqlite3_value_text(value);
    err_set(err, SQLITE_ERROR, "%s: '%s' %s", name,
            err_quote(text ? text : "NULL", text ? (size_t)sqlite3_value_bytes(value) : 4, shown),
            row_date_hint(status));
    return false;
}
