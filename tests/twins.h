/* twins.h - reports and their twins in plain SQL (twins.def): the statements, and how rows are compared. */
#ifndef TESTS_TWINS_H
#define TESTS_TWINS_H

#include <sqlite3.h>
#include <stdbool.h>

typedef struct Twin {
    const char *report, *conditions, *name; /* see twins.def; name is the file's */
    bool money;
} Twin;

extern const Twin twins[];
extern const int n_twins;

/* The text of sql/NAME.sql that reads table instead of orders; sqlite3_malloc'd.  NULL when the file cannot be
 * read: tests run in the top folder. */
char *twins_recipe(const char *name, const char *table);

/* The report over table with the columns of its recipe, which must be a view "view"; further conditions may be NULL.
 * sqlite3_malloc'd. */
char *twins_report(sqlite3 *db, const Twin *twin, const char *table, const char *view, const char *conditions);

/* Steps both to their end.  NULL when the rows are the same, else what differs, sqlite3_malloc'd.  exact: to the
 * last byte; else numbers may differ by slack, and REALs by 1e-12 of their size. */
char *twins_difference(sqlite3_stmt *a, sqlite3_stmt *b, double slack, bool exact);

#endif
