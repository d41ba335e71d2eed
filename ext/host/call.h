/* call.h - what a function is (a definition, data) and what it is given (a call).
 *
 * A table-valued function is columns, arguments, text and two callbacks; one sqlite3_module serves them
 * all (host/tvf.c).  Scalars and aggregates are the same, smaller (host/function.c).
 */
#ifndef CALL_H
#define CALL_H

#include "data/audit.h"
#include "data/book.h"
#include "data/buyers.h"
#include "data/contracts.h"
#include "data/roster.h"
#include "data/source.h"
#include "host/args.h"
#include "host/host.h"
#include "host/out.h"

/* What a function is for, in words; help and README are made of it. */
typedef struct CallText {
    const char *doc;        /* one line: what it answers */
    const char *definition; /* how it is computed, precise enough to compute by hand */
    const char *example;    /* one runnable call */
} CallText;

/* ---- Table-valued functions ---- */

typedef struct ColSpec {
    const char *name;
    const char *type;  /* as declared; "" for values that keep the source's own type */
    const char *doc;   /* meaning, unit, when NULL */
} ColSpec;

/* What a function needs besides its own arguments; each brings common arguments with it. */
enum {
    CALL_ORDERS = 1,      /* a source, read into call->book */
    CALL_AMOUNTS = 2,     /* the book keeps the amount of each purchase day */
    CALL_SEGMENTS = 4,    /* segment_column, segment_at */
    CALL_PERIODS = 8,     /* week_start, for an argument of kind ARG_PERIOD */
    CALL_CONFIDENCE = 16, /* confidence, of intervals */
    CALL_COUNTS = 32,     /* the book need not have the customers' ids */
    CALL_BY_SEGMENT = 64, /* with CALL_SEGMENTS: segment_column is required and follows the source */
    CALL_CUSTOMERS = 128, /* customers_source, customers_column: a table of customers beside the orders */
    CALL_AUDIT = 256,     /* with CALL_ORDERS: each row is checked, none is refused: call->audit, no on_error */
    CALL_SUMMARIES = 512, /* the source may be a table of customers with frequency, recency and age instead of orders */
    CALL_CONTRACTS = 1024, /* instead of orders a source of contracts, read into call->contracts */
    CALL_TOTALS = 2048,   /* the book keeps the total of each customer's amounts ... */
    CALL_SUMS = 4096      /* ... or this and the sums of the purchase days */
};

/* Common arguments, in the order of their hidden columns. */
typedef enum CallCommon {
    CALL_CUSTOMERS_SOURCE,
    CALL_CUSTOMERS_COLUMN,
    CALL_CUSTOMER_COLUMN,
    CALL_DATE_COLUMN,
    CALL_AMOUNT_COLUMN,
    CALL_ORDER_COLUMN,
    CALL_SEGMENT_COLUMN,
    CALL_SEGMENT_AT,
    CALL_AS_OF,
    CALL_WEEK_START,
    CALL_UTC_OFFSET,
    CALL_CONFIDENCE_LEVEL,
    CALL_CALENDAR,
    CALL_SCHEMA,
    CALL_DATE_UNIT,
    CALL_ON_ERROR,
    CALL_COMMON
} CallCommon;

extern const ArgSpec retain_common_args[CALL_COMMON + 1];
extern const ArgSpec retain_source_arg;
extern const ArgSpec retain_by_segment_arg; /* what CALL_BY_SEGMENT makes of segment_column */
extern const ArgSpec retain_contract_args[]; /* source, start_column, end_column of CALL_CONTRACTS */

/* Notes on the reading, as hidden columns behind the arguments. */
typedef enum CallInfo {
    CALL_ROWS_READ,
    CALL_ROWS_SKIPPED,
    CALL_ROWS_NO_CUSTOMER,
    CALL_CUSTOMERS_NO_PURCHASE,
    CALL_INFO
} CallInfo;

extern const ColSpec retain_info_cols[CALL_INFO + 1];

/* How many of them a function of these needs has: all, the first two of contracts, or none. */
int call_infos(unsigned needs);

/* True when a function of these needs has the common argument, in its usual place. */
bool call_has_common(unsigned needs, CallCommon common);

/* The arguments before a function's own; returns their number. */
enum { CALL_LEADING_MAX = 3 };
int call_leading(unsigned needs, const ArgSpec *specs[CALL_LEADING_MAX]);

/* One execution: everything that open may look at. */
typedef struct Call {
    Err *err;
    Arena *arena;
    const Poll *poll;
    ArgValue *args;         /* by the function's own enum; open fills in what it works out */
    ArgValue *common;       /* by CallCommon; chosen columns and as_of filled in by the reading */
    Book book;              /* with CALL_ORDERS */
    Buyers summary;         /* with CALL_SUMMARIES, of a book that is one: all buyers there are */
    Roster roster;          /* with CALL_CUSTOMERS; none unless customers_source is given */
    Audit *audit;           /* with CALL_AUDIT */
    Contracts contracts;    /* with CALL_CONTRACTS; then the book has but the counts of rows */
    void *state;            /* set by open, handed to cell */
} Call;

typedef struct CallOrder {
    int column;
    bool descending;
} CallOrder;

typedef struct TvfDef {
    const char *name;
    CallText text;
    const ColSpec *cols;     /* end with a zero row */
    const ArgSpec *args;     /* own ones; end with a zero row */
    unsigned needs;
    const CallOrder *order;  /* natural order of the rows: n_order columns */
    int n_order;
    int64_t (*open)(Call *call); /* computes; the number of rows.  All that can fail fails here */
    void (*cell)(const void *state, int64_t row, int col, Out *out);
} TvfDef;

/* Reads the common arguments into rules, finds source and columns, and scans them into call->book. */
void call_read_orders(Call *call, Host *host, unsigned needs, const char *source);

/* The same for contracts; leading are the values of retain_contract_args. */
void call_read_contracts(Call *call, Host *host, const ArgValue *leading);

/* The period of an ARG_PERIOD, with week_start, calendar and, for blocks of days, the first purchase. */
Period call_period(const Call *call, const ArgValue *arg);

/* All buyers of the book, read or counted. */
void call_buyers(Call *call, Buyers *buyers);

/* The calendar in force. */
CivilCalendar call_calendar(const Call *call);

/* ---- Scalars and aggregates ---- */

typedef struct ScalarDef {
    const char *name;
    CallText text;
    const ArgSpec *args;  /* the required ones first */
    void (*call)(Out *out, Err *err, int n, sqlite3_value **values);
} ScalarDef;

typedef struct AggregateDef {
    const char *name;
    CallText text;
    const ArgSpec *args;  /* the required ones first */
    size_t state_size;    /* the state is zeroed before the first step */
    void (*step)(void *state, Err *err, int n, sqlite3_value **values);
    void (*final)(void *state, Err *err, sqlite3 *db, Out *out);
    void (*close)(void *state);  /* called once, also after a failure */
    bool counts;          /* a group or frame without rows has 0, not NULL; final and value are not asked */
    /* Both or none: with them it may be used as a window function. */
    void (*inverse)(void *state, Err *err, int n, sqlite3_value **values); /* a row leaves the frame */
    void (*value)(void *state, Err *err, sqlite3 *db, Out *out);           /* of the frame; more steps follow */
} AggregateDef;

#endif
