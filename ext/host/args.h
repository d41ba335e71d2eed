/* args.h - arguments as data: one table row says name, kind, default, range and meaning.
 *
 * Schema, parsing, range check, error text, the effective value that a hidden column shows, retain_help
 * and the README all come from an ArgSpec.
 */
#ifndef ARGS_H
#define ARGS_H

#include "base/arena.h"
#include "base/sqlite.h"
#include "time/date.h"
#include "time/period.h"
#include "time/span.h"

typedef enum ArgKind {
    ARG_TEXT,
    ARG_NAME,    /* of a table, column or schema */
    ARG_INTEGER,
    ARG_REAL,
    ARG_CHOICE,
    ARG_DATE,
    ARG_PERIOD,  /* 'month', '28 days'; '' for none where that is the default */
    ARG_SPAN,    /* '90 days', '6 months' */
    ARG_OFFSET,  /* '+03:30' */
    ARG_LIST,    /* '30,60,90': ascending, each min to max; list_parse reads the text */
    ARG_RANGES,  /* the same with ranges: '0,1-3,4-12' */
    ARG_VALUE    /* any SQL value: the columns that an aggregate or scalar is given */
} ArgKind;

typedef struct ArgSpec {
    const char *name;
    ArgKind kind;
    bool required;
    const char *dflt_text;      /* NULL: worked out from the data, as doc says */
    double dflt;                /* ARG_INTEGER, ARG_REAL, and the index of an ARG_CHOICE */
    double min, max;            /* ARG_INTEGER, ARG_REAL, ARG_LIST, ARG_RANGES */
    bool min_open, max_open;    /* the bound itself is out of range */
    const char *const *choices; /* ARG_CHOICE; ends with NULL */
    const char *doc;
} ArgSpec;

typedef struct ArgValue {
    bool given;         /* by the caller; else the default */
    int64_t integer;    /* ARG_INTEGER; index of an ARG_CHOICE; seconds of an ARG_OFFSET */
    double real;        /* ARG_REAL */
    const char *text;   /* as written; NULL: worked out */
    Day day;            /* ARG_DATE */
    Period period;
    Span span;
} ArgValue;

/* Number of specs before the one without a name. */
int args_count(const ArgSpec *specs);

/* The default of an optional argument. */
ArgValue args_default(const ArgSpec *spec);

/* Reads one argument; NULL (the SQL value or the pointer) is the default.  Dates are read in calendar.
 * Text lives in the arena; without an arena (NULL) it is parsed and not kept.  The error names the argument,
 * the value and what would be right. */
void args_read(ArgValue *out, const ArgSpec *spec, CivilCalendar calendar, sqlite3_value *value,
               Arena *arena, Err *err);

/* What a user may write: "1 to 3650", "day, week, month, ...".  Made with sqlite3_mprintf; NULL without
 * memory. */
char *args_range(const ArgSpec *spec);

/* The default as help shows it, made with sqlite3_mprintf; NULL for a required one or without memory. */
char *args_default_text(const ArgSpec *spec);

/* The type that a column of such values declares; "" for none. */
const char *args_sql_type(ArgKind kind);

#endif
