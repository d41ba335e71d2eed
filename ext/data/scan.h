/* scan.h - a source's rows into a book, in one pass.
 *
 * ONE statement reads the source: SELECT retain_sink(o."customer", o."date", ...) FROM source AS o.
 * retain_sink is an aggregate of our own whose step receives each row inside SQLite's own loop, at about
 * half the cost of stepping the columns out.  The scan waits in the connection's ScanSink, and the first
 * step of our statement takes it from there; nobody else's call finds one, since SQLite runs none between
 * the two: in the source's own views and triggers a DIRECTONLY function is refused.
 */
#ifndef SCAN_H
#define SCAN_H

#include "data/book.h"
#include "data/contracts.h"
#include "data/roster.h"
#include "data/source.h"
#include "data/summary.h"

typedef struct Scan Scan;

/* Where a connection's scans wait for their first row. */
typedef struct ScanSink {
    Scan *waiting;
} ScanSink;

/* What a watcher asks for at the end of a pass. */
typedef enum ScanNext {
    SCAN_ENOUGH,
    SCAN_AGAIN,   /* all rows once more into a new ledger, under the rules as the watcher changed them */
    SCAN_LOOK     /* all rows once more, for the watcher alone */
} ScanNext;

/* The columns of one row; those that the source has not chosen are NULL. */
typedef struct ScanRow {
    sqlite3_value *customer, *date, *amount, *order, *segment;
} ScanRow;

/* Who sees each row beside the book, after the ledger has read it. */
typedef struct ScanWatch {
    const char *const *columns;  /* further ones, handed over as more */
    int n_columns;
    void (*row)(void *ctx, const ScanRow *row, sqlite3_value **more);
    ScanNext (*next)(void *ctx, RowRules *rules);
    void *ctx;
} ScanWatch;

typedef struct ScanRequest {
    ScanSink *sink;
    const Source *source;     /* with its columns chosen */
    RowRules rules;
    Day as_of;                /* LEDGER_NO_AS_OF: the last order date */
    BookNeeds needs;
    const Source *members;    /* a table of customers, its column chosen, that becomes ... */
    Roster *roster;           /* ... this roster, in the snapshot of the orders; NULL: none */
    const ScanWatch *watch;   /* NULL: nobody */
    const Poll *poll;
} ScanRequest;

/* A source of contracts, a row each. */
typedef struct ScanContracts {
    ScanSink *sink;
    const Source *source;
    const char *start, *end; /* columns of it */
    RowRules rules;
} ScanContracts;

extern const char retain_sink_name[];

/* Registers retain_sink on a connection; SQLite's code.  destroy(sink) is called when the function goes, also
 * when this fails. */
int scan_register(sqlite3 *db, ScanSink *sink, void (*destroy)(void *));

/* Reads the source into a book whose memory is the arena's.  err gets the first failure: SQLite's own
 * code and text, or the row that could not be read. */
void scan_source(Book *book, Arena *arena, Err *err, const ScanRequest *request);

/* The same for a source that is a table of customers, with its history columns chosen. */
void scan_summary(Book *book, Buyers *buyers, Arena *arena, Err *err, const ScanRequest *request);

/* Reads contracts, which live in the arena; err as above. */
void scan_contracts(Contracts *contracts, Arena *arena, Err *err, const ScanContracts *request);

#endif
