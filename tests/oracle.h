/* oracle.h - reference numbers and order tables for the tests.
 *
 * They lie outside the project, in $RETAIN_SHARED or ../shared; a test that cannot find them says
 * so and passes.
 */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Oracle Oracle;

/* Opens oracle/NAME.json; NULL, after a line on stdout, when it is not there. */
Oracle *oracle_open(const char *name);
void oracle_close(Oracle *oracle);

/* The number at a path such as "fits.BGNBD.params.r" or "customers[3].x", with printf's
 * formatting; NaN when there is none.  Numbers in text count as numbers. */
double oracle_number(Oracle *oracle, const char *format, ...);

/* Elements of the array at path. */
int oracle_length(Oracle *oracle, const char *path);

typedef struct OracleCustomers { /* purchase histories in days */
    int64_t n;
    int32_t *frequency, *recency, *age;
    double *monetary_value; /* mean of the repeat purchase days, 0 without one */
} OracleCustomers;

/* Summarises data/FILE.csv.gz up to the day last ('YYYY-MM-DD'); columns count from 0.  False,
 * after a line on stdout, when the file or gzip is not there. */
bool oracle_orders(const char *file, int customer_column, int date_column, int amount_column,
                   const char *last, OracleCustomers *out);

/* Reads oracle/FILE.csv: customer_id, x, tx, T (weeks), first, last, m. */
bool oracle_summary(const char *file, OracleCustomers *out);

void oracle_free(OracleCustomers *customers);

#endif
