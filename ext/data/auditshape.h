/* auditshape.h - what a source looks like as a whole: its days, its customers, its beginning and end.
 *
 * The days that count are those with a row that can be read, from 1990-01-01 on and in no other calendar's years.
 */
#ifndef AUDITSHAPE_H
#define AUDITSHAPE_H

#include "data/book.h"
#include "data/finding.h"
#include "time/period.h"

enum { AUDITSHAPE_BLOCK = 1024 };
#define AUDITSHAPE_BLOCKS ((CIVIL_DAY_MAX - CIVIL_DAY_MIN) / AUDITSHAPE_BLOCK + 1)

enum {
    AUDITSHAPE_TAIL_DAYS = 365,      /* FINDING_DATE_FUTURE: rows behind a gap above this ... */
    AUDITSHAPE_TAIL_PARTS = 100,     /* ... that are at most one in so many ... */
    AUDITSHAPE_TAIL_ROWS_MIN = 10,   /* ... of at least these */
    AUDITSHAPE_HOLE_DAYS = 7,        /* FINDING_HOLES: at least so many days without an order ... */
    AUDITSHAPE_HOLE_FACTOR = 5,      /* ... and a gap above so many times the one that 9 in 10 stay within ... */
    AUDITSHAPE_GAPS_MIN = 10,        /* ... of at least these */
    AUDITSHAPE_NEW_MIN = 20,         /* FINDING_LEFT_TRUNCATION: at least so many new customers at first ... */
    AUDITSHAPE_NEW_FACTOR = 2,       /* ... and above so many times those of later periods ... */
    AUDITSHAPE_PERIODS_MIN = 4,      /* ... of at least these complete ones in all */
    AUDITSHAPE_OUTSIZED_FACTOR = 20, /* FINDING_OUTSIZED: so many times the mean ... */
    AUDITSHAPE_REPEAT_MIN = 30       /* FINDING_CORRELATION: at least so many with a repeat purchase */
};
#define AUDITSHAPE_OUTSIZED_SHARE 0.05 /* ... and at least this share */

/* Rows by day. */
typedef struct Auditdays {
    int64_t *blocks[AUDITSHAPE_BLOCKS]; /* AUDITSHAPE_BLOCK days each; NULL: none */
} Auditdays;

void auditshape_add_day(Auditdays *days, Arena *arena, Err *err, Day day);

typedef struct Auditshape {
    Day first, last;          /* of the days that count, without an isolated tail; last < first: none */
    Day tail;                 /* the first day of that tail; LEDGER_NO_AS_OF: there is none */
    Day last_complete;        /* the last day of the last complete period */
    Day first_period;         /* the first day of the first period */
    Day hole_first, hole_last; /* of the longest hole */
    const MapKey *outsized;   /* that customer */
    double correlation;
} Auditshape;

/* All from FINDING_PERIOD_FIRST on, FINDING_CUSTOMER_REFUNDS, _SAME_DAY, _OUTSIZED, and without as_of (LEDGER_NO_AS_OF)
 * FINDING_DATE_FUTURE. */
void auditshape_judge(Auditshape *shape, const Auditdays *days, const Book *book, Period period, Day as_of,
                      Findings *findings, const Poll *poll);

#endif
