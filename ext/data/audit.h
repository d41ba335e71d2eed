/* audit.h - every check of a source, in the one pass that also makes its book.
 *
 *     audit_read(&audit, &book, arena, err, &request);   -- the pass; never fails on bad data
 *     audit_judge(&audit, &book, period, poll);          -- what shows only in the whole
 *
 * The audit watches the scan (data/scan.h): it sees each row as it is, also those that the book leaves out.  The
 * rows pass a second time where dates are of several units, so that the unit of most is known from the start, and
 * once more where order ids repeat (data/auditorder.h).  What is found depends on the order of rows only in
 * the examples of rows: those of the first row.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "data/auditamount.h"
#include "data/auditdate.h"
#include "data/auditid.h"
#include "data/auditorder.h"
#include "data/auditshape.h"
#include "data/auditword.h"
#include "data/scan.h"

typedef struct Audit {
    const Source *source;
    Arena *arena;
    Err *err;
    RowRules rules;
    Day as_of;            /* LEDGER_NO_AS_OF: the last order date */
    bool looking;              /* a pass for order ids only ... */
    int64_t n_looked;          /* ... its rows ... */
    Auditdate look_dates;      /* ... and what it counts on the side, so that nothing counts twice */
    Auditamount look_amounts;
    Findings findings;
    Auditdate dates;
    Auditamount amounts;
    Auditword words;
    Auditorder orders;
    Auditid ids;
    Auditdays days;
    Auditshape shape;
} Audit;

/* Reads the source into audit and book; request's rules, needs and watch are made fit for it. */
void audit_read(Audit *audit, Book *book, Arena *arena, Err *err, const ScanRequest *request);

/* The checks that need the whole book.  Unfinished periods and new customers are looked at by period. */
void audit_judge(Audit *audit, const Book *book, Period period, const Poll *poll);

#endif
