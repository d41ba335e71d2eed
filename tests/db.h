/* db.h - databases for the tests: opened with the extension loaded, asked, compared as text.
 *
 * Rows come back as one text: columns joined by '|', rows by a newline.  NULL is NULL, a REAL has
 * 17 digits and always a point or an exponent, a blob is x'..'.  SQL is written with
 * sqlite3_mprintf's rules (%Q, %w, %% for a percent sign).
 */
#ifndef TESTS_DB_H
#define TESTS_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* The extension under test: $RETAIN_LIBRARY or ./retain.so. */
const char *db_library(void);

/* A connection to path (NULL: in memory), with and without the extension; else the test fails. */
sqlite3 *db_open(const char *path);
sqlite3 *db_open_bare(const char *path);

/* Loads the extension by an entry point (NULL: the usual one); SQLite's code. */
int db_load(sqlite3 *db, const char *entry, char **message);

/* Whether SQLite tells integers beyond 2^53 from REALs.  Under valgrind it does not, which has no long doubles: then this
 * says that the test is skipped. */
bool db_is_exact(sqlite3 *db, const char *test);

/* Closes; fails the test when a statement was left open. */
void db_close(sqlite3 *db);

/* Runs statements that must succeed. */
void db_exec(sqlite3 *db, const char *format, ...);

/* Runs one statement.  *text is its rows, or SQLite's message; malloc'd.  Returns SQLite's extended
 * code, SQLITE_OK when all rows came. */
int db_run(sqlite3 *db, const char *sql, char **text);

/* The rows of a query that must succeed; malloc'd. */
char *db_rows(sqlite3 *db, const char *format, ...);

/* The first value of the first row. */
int64_t db_int(sqlite3 *db, const char *format, ...);
double db_real(sqlite3 *db, const char *format, ...);

/* The rows must be these. */
void db_expect(sqlite3 *db, const char *sql, const char *rows);

/* Both queries must give the same rows. */
void db_expect_same(sqlite3 *db, const char *sql, const char *other);

/* The statement must fail with the code (its lowest byte counts) and a message that holds
 * the words. */
void db_expect_error(sqlite3 *db, const char *sql, int rc, const char *words);

/* Imports data/NAME.csv.gz of the shared folder as a table of TEXT columns; false, after a line on
 * stdout, when it is not there. */
bool db_import(sqlite3 *db, const char *table, const char *name);

/* Random orders, the same for the same shop: customers join, buy and leave. */
typedef struct DbShop {
    uint64_t seed;
    int n_customers, n_days; /* the first of the days is 2022-11-05 */
    int gap_days;            /* mean time between two orders of a customer */
    bool refunds;            /* the same day or later, in part or in full */
    bool odd_ids;            /* ids of all types, some equal as 1 and 1.0, NULL and '' among them */
} DbShop;

/* Makes a table(customer_id, order_date, amount, channel) without affinities; dates are
 * 'YYYY-MM-DD', some with a time.  Rows come in the order of the customers.  Returns their
 * number. */
int db_make_shop(sqlite3 *db, const char *table, DbShop shop);

/* The next number of a random sequence (splitmix64). */
uint64_t db_random(uint64_t *state);

/* A path for a database file of this process, which does not exist yet; static. */
const char *db_temp_path(const char *name);

#endif
