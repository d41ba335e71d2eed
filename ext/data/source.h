/* source.h - which table is meant, and which of its columns say who, when and how much.
 *
 * A source is named, never SQL text: a table, view or virtual table, optionally 'schema.name'.  Columns
 * that the caller does not name are told by their usual names; where several fit, the caller must choose.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include "base/arena.h"
#include "base/sqlite.h"

typedef enum SourceRole {
    SOURCE_CUSTOMER,
    SOURCE_DATE,
    SOURCE_AMOUNT,
    SOURCE_ORDER,
    SOURCE_SEGMENT,
    SOURCE_ROLES
} SourceRole;

typedef struct Source {
    sqlite3 *db;
    Arena *arena;
    Err *err;
    const char *name;     /* as the caller wrote it, for messages */
    const char *from;     /* quoted for SQL: "main"."orders" */
    const char *schema, *table; /* the two apart; schema NULL: as SQLite resolves the name */
    const char **columns; /* all of them, in order */
    int n_columns;
    const char *chosen[SOURCE_ROLES]; /* by role; NULL: none */
} Source;

/* Finds the table, view or virtual table and its columns.  Errors: no such table (with the nearest name
 * and the schemas that have one), SQLite's own for a view that does not resolve or an authorizer. */
void source_find(Source *source, sqlite3 *db, Arena *arena, Err *err, const char *name,
                 const char *schema);

/* Chooses the column of a role.  asked: the caller's choice, NULL to look for a usual name, '' for none
 * (amount, order and segment only).  Customer and date must be found; an amount may be absent; of several
 * order columns the first usual name is taken, and none where the column alone is the primary key, since
 * no two rows share it; a segment is never guessed. */
void source_choose(Source *source, SourceRole role, const char *asked);

/* Chooses the customer column of a table of customers, which customers_column names; asked as above.  Else it
 * is the column with the name that the orders use (like; NULL: none), or one with a usual name, or 'id'. */
void source_choose_member(Source *source, const char *asked, const char *like);

/* The column that the caller names with an argument; NULL, and an error, when there is none. */
const char *source_named_column(Source *source, const char *argument, const char *asked);

#endif
