/* roster.h - the buyers in the order of their ids.
 *
 * That is the order of SQL: numbers, texts by bytes, blobs.  Buyers are numbered in it as members 0 .. n - 1,
 * so that neither a list nor a sum over members shows in which order the rows came.
 */
#ifndef ROSTER_H
#define ROSTER_H

#include "data/book.h"

#define ROSTER_NOBODY UINT32_MAX

typedef struct Roster {
    int64_t n;
    uint32_t *customer; /* by member: the id in the book */
    uint32_t *member;   /* by id in the book; ROSTER_NOBODY without a purchase */
} Roster;

void roster_open(Roster *roster, const Book *book, Arena *arena, Err *err);

#endif
