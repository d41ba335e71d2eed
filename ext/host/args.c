/* args.c - see args.h. */
#include "host/args.h"

#include <string.h>

#include "base/libm.h"
#include "base/list.h"
#include "base/suggest.h"
#include "data/row.h"

#define ARGS_EXACT_MAX 9007199254740992.0 /* 2^53: REALs that are whole numbers beyond doubt */

int args_count(const ArgSpec *specs) {
    int n = 0;
    while (specs[n].name) n++;
    return n;
}

const char *args_sql_type(ArgKind kind) {
    switch (kind) {
        case ARG_INTEGER: return "INTEGER";
        case ARG_REAL: return "REAL";
        case ARG_DATE: return "DATE";
        case ARG_VALUE: return "";
        default: return "TEXT";
    }
}

/* A period with the default '' may be none at all. */
static bool args_may_be_none(const ArgSpec *spec) {
    return spec->kind == ARG_PERIOD && spec->dflt_text && spec->dflt_text[0] == 0;
}

/* ---- What would be right ---- */

static char *args_choices(const char *const *choices) {
    char *list = NULL;
    for (int i = 0; choices[i]; i++) {
        char *longer = sqlite3_mprintf("%s%s'%s'", list ? list : "",
                                       i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
        sqlite3_free(list);
        if (!longer) return NULL;
        list = longer;
    }
    return list;
}

/* "0 to 10", "above 0 and below 1", "0 or more" */
static char *args_real_range(const ArgSpec *spec) {
    if (spec->max >= ARGS_EXACT_MAX)
        return sqlite3_mprintf("%s%.15g%s", spec->min_open ? "above " : "", spec->min,
                               spec->min_open ? "" : " or more");
    return sqlite3_mprintf("%s%.15g%s%.15g", spec->min_open ? "above " : "", spec->min,
                           spec->max_open ? " and below " : " to ", spec->max);
}

char *args_range(const ArgSpec *spec) {
    switch (spec->kind) {
        case ARG_INTEGER: return sqlite3_mprintf("%lld to %lld", (sqlite3_int64)spec->min,
                                                 (sqlite3_int64)spec->max);
        case ARG_REAL: return args_real_range(spec);
        case ARG_CHOICE: return args_choices(spec->choices);
        case ARG_DATE: return sqlite3_mprintf("a date as in '2025-01-31'");
        case ARG_PERIOD:
            return sqlite3_mprintf("%s'day', 'week', 'month', 'quarter', 'year' or as in '28 days'",
                                   args_may_be_none(spec) ? "'' for none, " : "");
        case ARG_SPAN: return sqlite3_mprintf("a length of time as in '90 days' or '6 months'");
        case ARG_OFFSET: return sqlite3_mprintf("an offset from UTC as in '+03:30', up to 14 hours");
        case ARG_LIST:
            return sqlite3_mprintf("ascending whole numbers of %d to %d as in '%s'", (int)spec->min, (int)spec->max,
                                   spec->dflt_text);
        case ARG_RANGES:
            return sqlite3_mprintf("ascending numbers and ranges of %d to %d as in '0,1-3,4-12'", (int)spec->min,
                                   (int)spec->max);
        case ARG_NAME: return sqlite3_mprintf("a name");
        case ARG_VALUE: return sqlite3_mprintf("any value");
        default: return sqlite3_mprintf("a text");
    }
}

char *args_default_text(const ArgSpec *spec) {
    if (spec->required) return NULL;
    switch (spec->kind) {
        case ARG_INTEGER:
        case ARG_REAL: return sqlite3_mprintf("%.15g", spec->dflt);
        case ARG_CHOICE: return sqlite3_mprintf("'%s'", spec->choices[(int)spec->dflt]);
        default: return spec->dflt_text ? sqlite3_mprintf("'%s'", spec->dflt_text)
                                        : sqlite3_mprintf("from the data");
    }
}

/* ---- Refusals ---- */

static const char *args_near(const ArgSpec *spec, const char *text) {
    static const char *const periods[] = {"day", "week", "month", "quarter", "year", NULL};
    const char *const *words = spec->kind == ARG_CHOICE ? spec->choices
                               : spec->kind == ARG_PERIOD ? periods : NULL;
    Suggest suggest = suggest_new(text);
    for (int i = 0; words && words[i]; i++) suggest_offer(&suggest, words[i]);
    return suggest.best;
}

/* "horizon_days must be 1 to 3650, not -1" */
static void args_refuse(const ArgSpec *spec, sqlite3_value *value, Err *err) {
    char shown[ERR_QUOTE_SIZE];
    int type = sqlite3_value_type(value);
    const char *text = (const char *)sqlite3_value_text(value);
    const char *near = type == SQLITE_TEXT && text ? args_near(spec, text) : NULL;
    char *range = args_range(spec);
    if (!range || (!text && type != SQLITE_NULL))
        err_nomem(err);
    else if (type == SQLITE_NULL || type == SQLITE_BLOB)
        err_set(err, SQLITE_ERROR, "%s must be %s, not %s", spec->name, range,
                type == SQLITE_NULL ? "NULL" : "a blob");
    else if (type == SQLITE_TEXT)
        err_set(err, SQLITE_ERROR, near ? "%s must be %s, not '%s' (did you mean '%s'?)"
                                        : "%s must be %s, not '%s'",
                spec->name, range, err_quote(text, (size_t)sqlite3_value_bytes(value), shown), near);
    else
        err_set(err, SQLITE_ERROR, "%s must be %s, not %s", spec->name, range, text);
    sqlite3_free(range);
}

/* ---- Reading ---- */

static bool args_in_range(const ArgSpec *spec, double real) {
    return (spec->min_open ? real > spec->min : real >= spec->min) &&
           (spec->max_open ? real < spec->max : real <= spec->max);
}

static bool args_read_number(ArgValue *out, const ArgSpec *spec, sqlite3_value *value) {
    int type = sqlite3_value_numeric_type(value);
    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) return false;
    out->real = sqlite3_value_double(value);
    if (!isfinite(out->real) || !args_in_range(spec, out->real)) return false;
    if (spec->kind == ARG_REAL) return true;
    if (out->real != floor(out->real) || fabs(out->real) > ARGS_EXACT_MAX) return false;
    out->integer = (int64_t)out->real;
    return true;
}

static bool args_read_choice(ArgValue *out, const ArgSpec *spec, const char *text) {
    for (int i = 0; spec->choices[i]; i++)
        if (sqlite3_stricmp(text, spec->choices[i]) == 0) {
            out->integer = i;
            return true;
        }
    return false;
}

/* Where the default is no list, '' says so. */
static bool args_read_list(const ArgSpec *spec, const char *text) {
    ListEntry entries[LIST_MAX];
    if (!text[0] && spec->dflt_text && !spec->dflt_text[0]) return true;
    int n = list_parse(text, spec->kind == ARG_RANGES, entries);
    return n > 0 && entries[0].from >= spec->min && entries[n - 1].to <= spec->max;
}

static bool args_read_text(ArgValue *out, const ArgSpec *spec, const char *text) {
    size_t n = strlen(text);
    int32_t seconds = 0;
    switch (spec->kind) {
        case ARG_CHOICE: return args_read_choice(out, spec, text);
        case ARG_PERIOD: return (n == 0 && args_may_be_none(spec)) || period_parse(text, n, &out->period);
        case ARG_SPAN: return span_parse(text, n, &out->span);
        case ARG_OFFSET:
            if (!date_parse_offset(text, n, &seconds)) return false;
            out->integer = seconds;
            return true;
        case ARG_LIST:
        case ARG_RANGES: return args_read_list(spec, text);
        default: return true;
    }
}

/* A list of one number may come as a number. */
static bool args_takes(const ArgSpec *spec, int type) {
    return type == SQLITE_TEXT ||
           (type == SQLITE_INTEGER && (spec->kind == ARG_LIST || spec->kind == ARG_RANGES));
}

ArgValue args_default(const ArgSpec *spec) {
    ArgValue value = {.real = spec->dflt, .integer = (int64_t)spec->dflt, .text = spec->dflt_text};
    if (spec->kind == ARG_CHOICE) value.text = spec->choices[(int)spec->dflt];
    else if (spec->dflt_text) args_read_text(&value, spec, spec->dflt_text);
    return value;
}

void args_read(ArgValue *out, const ArgSpec *spec, CivilCalendar calendar, sqlite3_value *value,
               Arena *arena, Err *err) {
    *out = args_default(spec);
    if (err->rc || !value) return;
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL && !spec->required) return;
    out->given = true;
    if (spec->kind == ARG_DATE) {
        row_date_argument(calendar, value, err, spec->name, &out->day);
        return;
    }
    if (spec->kind == ARG_INTEGER || spec->kind == ARG_REAL) {
        if (!args_read_number(out, spec, value)) args_refuse(spec, value, err);
        return;
    }
    if (!args_takes(spec, type)) {
        args_refuse(spec, value, err);
        return;
    }
    const char *text = (const char *)sqlite3_value_text(value);
    int n = sqlite3_value_bytes(value);
    if (!text) {
        err_nomem(err);
        return;
    }
    out->text = arena ? arena_copy(arena, err, text, n) : NULL;
    if (err->rc) return;
    if (strlen(text) != (size_t)n)
        err_set(err, SQLITE_ERROR, "%s must not hold a NUL character", spec->name);
    else if (!args_read_text(out, spec, text))
        args_refuse(spec, value, err);
}
