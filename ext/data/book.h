/* book.h - what is known of the customers: their purchase days, sorted, with net amounts.
 *
 * A purchase is one customer-day whose net amount is > 0, or whose rows are all exactly 0: a free order
 * is an order, one that was refunded in full on the same day is not.  A net within BOOK_NET_EPSILON of
 * the day's turnover counts as 0, since 0.1 + 0.2 - 0.3 is not 0 in binary.  Sums are taken in the order
 * (day, amount), so they do not depend on the order of the rows.
 *
 * Built once from a ledger, const from then on.
 */
#ifndef BOOK_H
#define BOOK_H

#include "base/poll.h"
#include "data/ledger.h"

#define BOOK_NET_EPSILON 1e-9
#define BOOK_NO_SEGMENT UINT32_MAX

typedef struct BookNeeds {
    bool totals;        /* keep the net of all rows of each customer */
    bool sums;          /* this, and the sums of the purchase days */
    bool amounts;       /* keep the net amount of each purchase day */
    bool segment_last;  /* the segment at the last purchase instead of the first */
    bool only_counts;   /* customers are counted; nobody's id is asked for */
    bool rows;          /* count each customer's rows */
} BookNeeds;

/* Of the net amounts of a customer's purchase days. */
typedef struct BookSums {
    double all, repeats; /* repeats: without the first day */
} BookSums;

typedef struct BookPage {
    uint32_t *first;    /* offsets of each customer's days, one more than customers */
    Day *days;          /* ascending within a customer */
    double *amounts;    /* beside days; NULL unless needed */
    double *totals;     /* net of all rows, refunds of later days included; NULL unless needed */
    BookSums *sums;     /* NULL unless needed */
    uint32_t *rows;     /* of each customer; NULL unless needed */
    uint32_t *same_day; /* of these, the rows of 0 or more beyond the first of their day; NULL as rows is */
    uint32_t *segments; /* by customer; BOOK_NO_SEGMENT without a purchase; NULL unless the rows have one */
} BookPage;

typedef struct Book {
    int64_t n_customers;     /* ids 0 .. n_customers - 1; some may have no purchase */
    int64_t n_buyers;        /* those with a purchase */
    int64_t n_purchase_days;
    Day day_first;           /* of the first purchase; meaningless without buyers */
    Day as_of;               /* as asked for, else the last order date; CIVIL_DAY_MIN - 1 without rows */
    bool has_amounts;        /* the rows had amounts */
    bool is_summary;         /* of a table of customers (data/summary.h): no purchase day is known, no page is there */
    int64_t rows_read, rows_skipped, rows_no_customer;
    Map customers, segments; /* keys only: their hash tables are gone */
    BookPage *pages;         /* LEDGER_PAGE_CUSTOMERS customers each */
} Book;

typedef struct BookCustomer {
    const Day *days;
    const double *amounts;   /* NULL unless needed */
    int64_t n_days;          /* 0: rows, but no purchase */
    double total;            /* 0 unless totals are needed */
    BookSums sums;           /* 0 unless needed */
    uint32_t segment;
} BookCustomer;

/* Turns a flushed ledger into a book; the ledger's logs are freed on the way.  Sets err when poll says
 * stop (SQLITE_INTERRUPT) or memory ends. */
void book_build(Book *book, Ledger *ledger, BookNeeds needs, const Poll *poll);

static inline BookCustomer book_customer(const Book *book, int64_t customer) {
    const BookPage *page = &book->pages[customer / LEDGER_PAGE_CUSTOMERS];
    int64_t local = customer % LEDGER_PAGE_CUSTOMERS;
    uint32_t first = page->first[local];
    return (BookCustomer){.days = page->days + first,
                          .amounts = page->amounts ? page->amounts + first : NULL,
                          .n_days = page->first[local + 1] - first,
                          .total = page->totals ? page->totals[local] : 0,
                          .sums = page->sums ? page->sums[local] : (BookSums){0},
                          .segment = page->segments ? page->segments[local] : BOOK_NO_SEGMENT};
}

/* The id of a customer; not with only_counts. */
static inline const MapKey *book_customer_id(const Book *book, int64_t customer) {
    return map_key(&book->customers, (uint32_t)customer);
}

#endif
