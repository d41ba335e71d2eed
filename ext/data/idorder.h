/* idorder.h - the buyers in the order of their ids.
 *
 * That is the order of SQL: numbers, texts by bytes, blobs.  Buyers are numbered in it as members 0 .. n - 1,
 * so that neither a list nor a sum over members shows in which order the rows came.
 */
#ifndef IDORDER_H
#define IDORDER_H

#include "data/book.h"

#define IDORDER_NOBODY UINT32_MAX

typedef struct Idorder {
    int64_t n;
    uint32_t *customer; /* by member: the id in the book */
    uint32_t *member;   /* by id in the book, where that was asked for; IDORDER_NOBODY without a purchase */
} Idorder;

/* Who is member 0, 1, 2 ... */
void idorder_list(Idorder *idorder, const Book *book, Arena *arena, Err *err);

/* And which member each id is. */
void idorder_open(Idorder *idorder, const Book *book, Arena *arena, Err *err);

#endif
