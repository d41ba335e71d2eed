/* roster.h - a table of customers, held against those that the orders name.
 *
 * Ids are compared as in map.h: 1 and '1' are two.  A roster whose ids never match says which types they
 * have on either side, since that is the usual reason.
 */
#ifndef ROSTER_H
#define ROSTER_H

#include "base/map.h"

typedef struct Roster {
    bool *listed;           /* by customer of the orders: the roster has it too; NULL: no roster */
    Map strangers;          /* ids of the roster that no order has */
    int64_t n_listed;       /* customers of the orders that the roster has */
} Roster;

/* An empty roster beside the customers of the orders, whose table for lookups is still there. */
void roster_open(Roster *roster, const Map *customers, Arena *arena, Err *err);

/* Adds the id of one row; NULL and '' are no id. */
void roster_add(Roster *roster, const Map *customers, sqlite3_value *id, Err *err);

/* Frees the table for lookups; the rest stays with the arena. */
void roster_close(Roster *roster);

/* Why nobody matches, where both sides have ids and no customer of the orders is in the roster; NULL where
 * some are.  The text is static or the arena's. */
const char *roster_mismatch(const Roster *roster, const Map *customers, Arena *arena, Err *err);

#endif
