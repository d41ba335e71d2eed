/* auditorder.h - order ids that several rows have.
 *
 * The rows pass twice.  The first time each order id is remembered by a fingerprint of 8 bytes in a hash table that
 * is at most 7 tenths full; that finds the ids that may be there twice.  Only where there are such, a second pass
 * looks at their rows and tells exactly: rows that repeat one another, lines of one order, an order of two customers.
 * The table takes 11 to 23 bytes for each different order id, and goes before the second pass.
 *
 * Rows take part that the reports would count as an order: with a customer, a day, and an amount of 0 or more.
 */
#ifndef AUDITORDER_H
#define AUDITORDER_H

#include "data/finding.h"
#include "time/civil.h"

enum { AUDITORDER_BATCH = 64 };

/* Fingerprints: open addressing, 0 is an empty place. */
typedef struct AuditorderSet {
    uint64_t *slots;
    int64_t n_slots, n; /* a power of two; in use */
} AuditorderSet;

typedef struct AuditorderRow {
    sqlite3_value *order, *customer;
    int64_t number;     /* of the row */
    Day day;
    int32_t second;
    double amount;
} AuditorderRow;

/* An order with several rows. */
typedef struct AuditorderOrder {
    int64_t first_row, second_row;
    uint32_t n_rows;    /* one for a fingerprint that two ids have by chance */
    uint32_t customer;  /* of the first row */
    Day day;            /* of the first row ... */
    int32_t second;
    double amount;
    bool differs;       /* some row has another moment or amount */
    bool two_customers;
} AuditorderOrder;

typedef struct Auditorder {
    Arena *arena;
    Err *err;
    AuditorderSet seen, twice;
    uint64_t waiting[AUDITORDER_BATCH]; /* fingerprints on their way into seen */
    int n_waiting;
    Map orders, customers;   /* of the second pass */
    AuditorderOrder *of_order;
    int64_t of_order_max;
    uint8_t *strangers;      /* by customer: has a row in an order of another customer */
    int64_t strangers_max;
} Auditorder;

void auditorder_open(Auditorder *orders, Arena *arena, Err *err);

/* First pass. */
void auditorder_see(Auditorder *orders, sqlite3_value *order);

/* True when the rows have to pass once more, through auditorder_look. */
bool auditorder_needs_look(Auditorder *orders);
void auditorder_look(Auditorder *orders, const AuditorderRow *row);

/* FINDING_ORDER_REPEATED, _CUSTOMERS and _LINES. */
void auditorder_judge(Auditorder *orders, Findings *findings);

/* Frees what is not the arena's. */
void auditorder_close(Auditorder *orders);

#endif
