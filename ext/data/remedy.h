/* remedy.h - what to do about a finding, with the user's own table and columns.
 *
 * Either SQL that runs as it stands, ended by ';', or a sentence.  SQL that changes a table is an UPDATE of the rows
 * in question; of a view it is a TEMP VIEW over it.
 */
#ifndef REMEDY_H
#define REMEDY_H

#include "data/audit.h"

typedef struct Remedy {
    const Audit *audit;
    Arena *arena;
    Err *err;
    bool is_table;                     /* it can be updated */
    const char *columns[SOURCE_ROLES]; /* quoted */
} Remedy;

Remedy remedy_new(const Audit *audit);

/* For a finding with rows; NULL without memory. */
const char *remedy_text(const Remedy *remedy, FindingCheck check);

#endif
