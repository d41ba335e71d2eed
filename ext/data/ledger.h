/* ledger.h - rows of orders in, grouped roughly by customer as they come.
 *
 * The ledger interns customers to dense ids and appends each row, in 8 bytes (12 with segments), to
 * the log of the customer's page; a page holds MAP_PAGE_KEYS consecutive ids.  data/book.h then sorts one
 * page at a time, in the cache, and gives the logs back as it goes.
 *
 * Fresh memory is what a scan pays most for.  So an amount that is a whole number of hundredths is kept as that
 * number, in 4 bytes and without loss, a segment and the second of the day in 4 bytes more; what does not fit is
 * spilled, at 8 bytes more.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <string.h>

#include "base/map.h"
#include "base/spill.h"
#include "data/row.h"

enum {
    LEDGER_PAGE_CUSTOMERS = MAP_PAGE_KEYS,
    LEDGER_DAY_BITS = 22,                   /* days 0000-01-01 to 9999-12-31 fit */
    LEDGER_MARK_SEGMENTS = 1 << 14,         /* beside a second of the day they fit 31 bits */
    LEDGER_BATCH_BYTES = 16 * 1024          /* long ids that wait for their lookup */
};
#define LEDGER_DAY_MASK (((uint32_t)1 << LEDGER_DAY_BITS) - 1)
#define LEDGER_NO_AS_OF INT32_MAX
#define LEDGER_EXACT ((int32_t)1 << 30)         /* plus the place of a spilled amount */
#define LEDGER_MARK_SPILLED ((uint32_t)1 << 31) /* plus the place of a spilled mark */

typedef struct LedgerOptions {
    bool amounts;      /* rows have amounts; without them each row counts as one order */
    bool orders;       /* rows with amounts have an order key: a refund belongs to its order's day */
    bool segments;     /* rows have a segment */
    bool only_counts;  /* no customer's id will be asked for */
    Day as_of;         /* later rows are ignored; LEDGER_NO_AS_OF: none is later */
} LedgerOptions;

typedef struct LedgerEntry {
    uint32_t key;      /* customer within the page << LEDGER_DAY_BITS | day - CIVIL_DAY_MIN */
    int32_t amount;    /* hundredths, or LEDGER_EXACT and where the amount is */
} LedgerEntry;

/* What a row says of its customer's segment; kept as a code, and spilled where the segment is beyond the first
 * LEDGER_MARK_SEGMENTS. */
typedef struct LedgerMark {
    uint32_t segment;
    int32_t second;    /* of the day; it orders the segments of one day */
} LedgerMark;

/* One block of a page's log, max entries long. */
typedef struct LedgerChunk {
    struct LedgerChunk *next;
    uint32_t n, max;
    LedgerEntry *entries;
    uint32_t *marks;   /* codes beside entries; NULL unless rows have segments */
} LedgerChunk;

typedef struct LedgerPage {
    LedgerChunk *head, *tail;
} LedgerPage;

typedef struct LedgerRefund {
    uint32_t customer, order;
    Day day;
    double amount;
} LedgerRefund;

typedef struct LedgerBatch {
    int n;
    int64_t bytes_used;
    MapProbe customers[MAP_BATCH_MAX], orders[MAP_BATCH_MAX], segments[MAP_BATCH_MAX];
    double amounts[MAP_BATCH_MAX];
    Day days[MAP_BATCH_MAX];
    int32_t seconds[MAP_BATCH_MAX];
    char bytes[LEDGER_BATCH_BYTES];
} LedgerBatch;

typedef struct Ledger {
    LedgerOptions options;
    Arena *arena;
    Err *err;
    Row row;
    Map customers, segments;
    LedgerBatch *batch;
    LedgerPage *pages;
    int64_t pages_max;
    Spill exact;              /* amounts that are no whole hundredths */
    Spill marks;              /* of segments with high numbers */
    Day day_max;              /* over the rows that count */
    int64_t n_no_customer;    /* rows whose customer is NULL or '' */
    Map refund_orders;        /* the orders of refunds ... */
    Day *order_days;          /* ... and the days they turn out to have, by id */
    int64_t order_days_max;
    LedgerRefund *refunds;
    int64_t n_refunds, refunds_max;
} Ledger;

/* An empty ledger whose memory, but for the logs, is the arena's. */
void ledger_open(Ledger *ledger, Arena *arena, Err *err, LedgerOptions options, RowRules rules);

/* Adds one row: customer, date, then of amount, order and segment those that the options name. */
void ledger_add(Ledger *ledger, sqlite3_value **values);

/* All rows are in: the last batch is worked off. */
void ledger_flush(Ledger *ledger);

/* True when refunds wait for the day of their order: the rows have to pass once more, through
 * ledger_find_order, before ledger_settle. */
static inline bool ledger_needs_orders(const Ledger *ledger) {
    return ledger->n_refunds > 0;
}
void ledger_find_order(Ledger *ledger, sqlite3_value **values);

/* Books each refund on the day of its order, or on its own where the order is not in the source. */
void ledger_settle(Ledger *ledger);

/* The amount of an entry's code. */
static inline double ledger_amount(const Ledger *ledger, int32_t code) {
    if (code < LEDGER_EXACT) return code / 100.0;
    uint64_t word = spill_word(&ledger->exact, (uint32_t)(code - LEDGER_EXACT));
    double amount;
    memcpy(&amount, &word, sizeof(amount));
    return amount;
}

/* The mark of a code. */
LedgerMark ledger_mark(const Ledger *ledger, uint32_t code);

/* Frees the log of one page. */
void ledger_free_page(LedgerPage *page);

/* Frees what is not the arena's. */
void ledger_close(Ledger *ledger);

#endif
