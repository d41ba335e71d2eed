/* finding.h - what checks of a source found: how many rows, whose, and an example.
 *
 * A row is counted as it is seen; its customer is remembered with a mark for each check, so that customers can be
 * counted at the end.  Only customers of such rows take memory.
 */
#ifndef FINDING_H
#define FINDING_H

#include "base/map.h"
#include "time/civil.h"

/* In the order of the report's rows. */
typedef enum FindingCheck {
    FINDING_CUSTOMER_MISSING,
    FINDING_CUSTOMER_SPACES,
    FINDING_CUSTOMER_CASE,
    FINDING_CUSTOMER_LETTERS,
    FINDING_CUSTOMER_TYPES,
    FINDING_DATE_MISSING,
    FINDING_DATE_UNREADABLE,
    FINDING_DATE_IMPOSSIBLE,
    FINDING_DATE_JALALI,
    FINDING_DATE_BUDDHIST,
    FINDING_DATE_MILLISECONDS,
    FINDING_DATE_YYYYMMDD,
    FINDING_DATE_MIXED,
    FINDING_DATE_OFFSET,
    FINDING_DATE_FUTURE,
    FINDING_DATE_EARLY,
    FINDING_AMOUNT_MISSING,
    FINDING_AMOUNT_UNREADABLE,
    FINDING_AMOUNT_ZERO,
    FINDING_AMOUNT_NEGATIVE,
    FINDING_CUSTOMER_REFUNDS,
    FINDING_ORDER_REPEATED,
    FINDING_ORDER_CUSTOMERS,
    FINDING_ORDER_LINES,
    FINDING_SAME_DAY,
    FINDING_OUTSIZED,
    FINDING_STATUS,
    FINDING_CURRENCY,
    FINDING_PERIOD_FIRST,
    FINDING_PERIOD_LAST,
    FINDING_HOLES,
    FINDING_LEFT_TRUNCATION,
    FINDING_CORRELATION,
    FINDING_CHECKS
} FindingCheck;

#define FINDING_BIT(check) ((uint64_t)1 << (check))
#define FINDING_UNCOUNTED (-1)

typedef struct Finding {
    int64_t rows;          /* concerned; 0: all is well */
    int64_t of;            /* rows is a share of that many; 0: of all rows */
    int64_t customers;     /* concerned; FINDING_UNCOUNTED */
    const char *example;   /* NULL: none */
    const char *unchecked; /* why the check could not be made; NULL: it was */
} Finding;

/* A customer with a row that some check found. */
typedef struct FindingCustomer {
    uint64_t marks;   /* the checks */
    uint32_t unread;  /* rows that the book does not have */
} FindingCustomer;

typedef struct Findings {
    Arena *arena;
    Err *err;
    CivilCalendar calendar;      /* of days in examples */
    Finding list[FINDING_CHECKS];
    int64_t n_rows;              /* rows seen */
    Map customers;
    FindingCustomer *of_customer; /* by id */
    int64_t of_customer_max;
} Findings;

void finding_open(Findings *findings, Arena *arena, Err *err, CivilCalendar calendar);

/* Counts the present row for a check; the first one's value becomes the example. */
void finding_add(Findings *findings, FindingCheck check, sqlite3_value *value);

/* Marks a customer; NULL and '' are nobody.  unread: the book does not have the row. */
void finding_mark(Findings *findings, sqlite3_value *customer, uint64_t checks, bool unread);

/* All rows are seen: how many customers have a mark of each check. */
void finding_count_customers(Findings *findings);

/* Fills in a finding that was counted elsewhere. */
void finding_set(Findings *findings, FindingCheck check, int64_t rows, int64_t customers, const char *example);

/* The checks from first to last cannot be made. */
void finding_skip(Findings *findings, FindingCheck first, FindingCheck last, const char *why);

/* A key as examples show it, like row_shown; in the arena. */
const char *finding_shown_key(Arena *arena, Err *err, const MapKey *key);

/* Frees what is not the arena's. */
void finding_close(Findings *findings);

#endif
