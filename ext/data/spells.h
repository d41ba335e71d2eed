/* spells.h - how long customers took from one purchase to another, counted.
 *
 *     Spells spells;
 *     spells_open(&spells, err);
 *     spells_add(&spells, group, 34, true);      -- 34 days, then the purchase came
 *     spells_add(&spells, group, 200, false);    -- 200 days, and it has not come by as_of
 *     SpellsTable table = spells_close(&spells, arena);
 *
 * Groups are the caller's: a segment, a segment's third purchase.  Memory goes by what differs, a slot for
 * each group and number of days that occurs, however many groups there are and however far the days reach.
 */
#ifndef SPELLS_H
#define SPELLS_H

#include <stdbool.h>

#include "base/arena.h"
#include "stat/kaplan.h"
#include "time/civil.h"

enum { SPELLS_DAY_BITS = 22 }; /* the days from 0000-01-01 to 9999-12-31 fit */

typedef struct SpellsSlot {
    uint64_t key;             /* group << SPELLS_DAY_BITS | days */
    int64_t ended, open;      /* spells; both 0: an empty slot */
} SpellsSlot;

typedef struct Spells {
    SpellsSlot *slots;        /* n_slots, a power of two; open addressing, linear probing */
    int64_t n_slots, n_used;
    Arena scratch;            /* has the slots */
    Err *err;
} Spells;

typedef struct SpellsGroup {
    uint64_t id;
    int64_t first, end;       /* of its days in the table */
} SpellsGroup;

typedef struct SpellsTable {
    int64_t n_groups, n;
    SpellsGroup *groups;      /* those that have a spell, by id */
    int32_t *days;            /* ascending within a group */
    int64_t *ended, *open;    /* spells that long */
} SpellsTable;

/* An empty count; after a failure there is nothing to close. */
void spells_open(Spells *spells, Err *err);

/* One spell of 0 or more days.  Groups are below 2 ^ (64 - SPELLS_DAY_BITS). */
void spells_add(Spells *spells, uint64_t group, int32_t days, bool ended);

/* The counts in order, in arena, and empty when err has failed.  Frees the rest. */
SpellsTable spells_close(Spells *spells, Arena *arena);

/* The Kaplan-Meier curve of a group, fitted; steps are those of the whole table. */
Kaplan spells_curve(const SpellsTable *table, int64_t group, KaplanStep *steps);

#endif
