/* auditid.h - customer ids that are most likely spellings of one id.
 *
 * Ids are compared in levels: without the blanks around them, then also without case, then with Arabic letters and
 * digits of other scripts as the Persian letters and 0-9, then also text that is a whole number as that number and a
 * blob as text.  A level finds the ids that meet one there which they did not meet before.  Memory: a map of the ids at
 * the last level, then only those that meet another there.
 */
#ifndef AUDITID_H
#define AUDITID_H

#include "data/book.h"
#include "data/finding.h"

typedef struct Auditid {
    uint32_t spaces, letters; /* what the ids that differ in spaces, and in letters, hold (fold_found) */
} Auditid;

/* FINDING_CUSTOMER_SPACES to _TYPES, over the book's customers and those of unreadable rows. */
void auditid_judge(Auditid *ids, const Book *book, Findings *findings, const Poll *poll);

#endif
