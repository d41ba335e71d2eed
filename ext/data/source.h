/* source.h - which table is meant, and which of its columns say who, when and how much.
 *
 * A source is named, never SQL text: a table, view or virtual table, optionally 'schema.name'.  Columns
 * that the caller does not name are told by their usual names; where several fit, the caller must choose.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>

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

/* What a table of customers has instead of dates. */
enum { SOURCE_FREQUENCY, SOURCE_RECENCY, SOURCE_AGE, SOURCE_HISTORY };

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
    const char *order_key; /* an order column that was left out, since it is the primary key */
    const char *history[SOURCE_HISTORY]; /* NULL: not looked for, or not there */
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

/* True when the source looks like a table of customers: it has frequency, recency and age, and no column with the
 * usual name of a date. */
bool source_is_summary(const Source *source);

/* Chooses the columns of a table of customers: its customer as source_choose, the history by name, and as amount
 * money, asked as above; NULL: monetary_value, if there is one. */
void source_choose_summary(Source *source, const char *customer, const char *money);

/* Chooses the customer column of a table of customers, which customers_column names; asked as above.  Else it
 * is the column with the name that the orders use (like; NULL: none), or one with a usual name, or 'id'. */
void source_choose_member(Source *source, const char *asked, const char *like);
/* Finds up to max columns whose name, compared as usual names are, is one of names (ended by NULL); which[i] is the
 * name's index.  Returns their number. */
int source_find_columns(const Source *source, const char *const *names, const char **columns, int *which, int max);

/* True for a table that can be updated; false for views and virtual tables, and where SQLite does not tell. */
bool source_is_table(const Source *source);

/* The column that the caller names with an argument; NULL, and an error, when there is none. */
const char *source_named_column(Source *source, const char *argument, const char *asked);

#endif
