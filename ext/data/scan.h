/* scan.h - a source's rows into a book, in one pass.
 *
 * ONE statement reads the source: SELECT retain_sink(?1, o."customer", o."date", ...) FROM source AS o.
 * retain_sink is an aggregate of our own whose step receives each row inside SQLite's own loop, at about
 * half the cost of stepping the columns out.  Its state travels by the pointer-passing interface, so
 * nobody else can call it.
 */
#ifndef SCAN_H
#define SCAN_H

#include "data/book.h"
#include "data/source.h"

typedef struct ScanRequest {
    const Source *source;     /* with its columns chosen */
    RowRules rules;
    Day as_of;                /* LEDGER_NO_AS_OF: the last order date */
    BookNeeds needs;
    const Poll *poll;
} ScanRequest;

extern const char retain_sink_name[];

/* Registers retain_sink on a connection; SQLite's code. */
int scan_register(sqlite3 *db);

/* Reads the source into a book whose memory is the arena's.  err gets the first failure: SQLite's own
 * code and text, or the row that could not be read. */
void scan_source(Book *book, Arena *arena, Err *err, const ScanRequest *request);

#endif
