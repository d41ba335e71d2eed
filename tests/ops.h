/* ops.h - the statements that every kind of fault is tried on, and what one run of them gives.
 *
 * Every example of retain_help is among them, so no function can be forgotten; the others take the
 * ways that the examples do not, among them the errors.
 */
#ifndef TESTS_OPS_H
#define TESTS_OPS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* The statements, of a connection that has the extension; *n becomes their number.  Where it has not,
 * there are none: this is called before any test runs, so nothing is asserted. */
const char *const *ops_list(sqlite3 *db, int *n);

/* How many of them are no example of retain_help. */
int ops_n_more(void);

/* The tables that they read: a shop of 55 customers, and others made of it. */
void ops_make_tables(sqlite3 *db);

/* True for the full sweeps of make faults; the usual suite takes samples. */
bool ops_long(void);

/* What a run gave.  The rows are digested, so that the harness itself allocates nothing. */
typedef struct OpsResult {
    int rc;           /* SQLite's, the lowest byte; SQLITE_OK when all rows came */
    uint64_t digest;  /* of the rows */
    int64_t n_rows;
    char message[512]; /* SQLite's, of an error */
} OpsResult;

OpsResult ops_run(sqlite3 *db, const char *sql);

bool ops_same(const OpsResult *a, const OpsResult *b);

/* The code of the fault, or all that a clean run gives.  Where the schema could not be searched for
 * a better word, an error keeps its code and may say less. */
bool ops_acceptable(const OpsResult *got, const OpsResult *want, int fault);

/* Counts the faults of all tests of a program, which run in processes of their own.  ops_open_counts
 * comes before them, ops_print_counts after. */
void ops_open_counts(void);
void ops_count(int64_t n);
void ops_print_counts(const char *what);

#endif
