/* host.h - what one connection shares among our functions.
 *
 * Every registered function and module holds a reference; the last one to go frees it.
 */
#ifndef HOST_H
#define HOST_H

#include "base/err.h"
#include "base/poll.h"
#include "base/sqlite.h"
#include "data/scan.h"

enum { HOST_DEPTH_MAX = 8 }; /* table-valued functions that read each other through views */

typedef struct Host {
    ScanSink sink; /* first, so that releasing the sink is releasing the host */
    sqlite3 *db;
    int references;
    bool strict;       /* table-valued functions only at the top level of a statement */
    int depth;         /* calls that are open at present */
    char *inner_error; /* text of the innermost failure while calls are nested */
} Host;

/* A Host with one reference, or NULL without memory. */
Host *host_new(sqlite3 *db, bool strict);

/* Counts one more or one less reference; host_release fits SQLite's destructor callbacks. */
void host_retain(Host *host);
void host_release(void *host);

/* One call begins or ends.  host_enter fails when calls are nested too deep: then source, a view, most
 * likely reads itself through the function. */
void host_enter(Host *host, Err *err, const char *function, const char *source);
void host_leave(Host *host);

/* The text that a failed call reports, made with sqlite3_mprintf: "function: what is wrong", or the inner
 * call's own text where calls are nested.  NULL: SQLite's own text says it all. */
char *host_error_text(Host *host, const char *function, const Err *err);

/* A Poll that steps a prepared SELECT of no table, through which SQLite's interrupt flag and progress handler
 * are heard on every version.  The failure's code goes to err. */
typedef struct HostBeat {
    sqlite3 *db;
    sqlite3_stmt *stmt;
    Err *err;
    Poll poll;
} HostBeat;

void host_beat_open(HostBeat *beat, sqlite3 *db, Err *err);
void host_beat_close(HostBeat *beat);

#endif
