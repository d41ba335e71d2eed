/* tvf.h - the one sqlite3_module behind every table-valued function.
 *
 * Hidden columns, in order: source (with CALL_ORDERS), the function's own arguments, the common ones,
 * then the notes on the reading.
 */
#ifndef TVF_H
#define TVF_H

#include "host/call.h"
#include "host/host.h"

/* Registers one function on a connection; SQLite's code.  Takes a reference to host. */
int tvf_register(Host *host, const TvfDef *def);

/* Undoes it. */
void tvf_unregister(sqlite3 *db, const TvfDef *def);

#endif
