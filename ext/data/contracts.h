/* contracts.h - subscriptions as they were read: the day on which each started and the first day without it.
 *
 * An end that is NULL or '' is none: the subscription goes on.  Dates are read by the rules of data/row.h, the two
 * columns each in a unit of its own.
 */
#ifndef CONTRACTS_H
#define CONTRACTS_H

#include "base/arena.h"
#include "data/row.h"

enum { CONTRACTS_CHUNK = 1023, CONTRACTS_NO_END = INT32_MAX };

typedef struct Contract {
    Day start, end; /* end >= start; CONTRACTS_NO_END: it goes on */
} Contract;

typedef struct ContractsChunk ContractsChunk;
struct ContractsChunk {
    ContractsChunk *next; /* the older ones */
    int64_t n;
    Contract contracts[CONTRACTS_CHUNK];
};

typedef struct Contracts {
    ContractsChunk *head;
    int64_t n;
    Day day_max;          /* the last start or end; meaningless without contracts */
    Row start, end;       /* how the two columns are read; both count the rows */
    Arena *arena;
    Err *err;
} Contracts;

void contracts_open(Contracts *contracts, RowRules rules, Arena *arena, Err *err);

/* Adds one row: its start and its end. */
void contracts_add(Contracts *contracts, sqlite3_value **values);

#endif
