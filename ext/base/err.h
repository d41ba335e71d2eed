/* err.h - the first failure, kept.
 *
 * A function given a failed Err does nothing, so that a phase is written straight down and checked
 * once at its end.  The zero value is "no failure".
 */
#ifndef ERR_H
#define ERR_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Err {
    int rc;    /* SQLITE_OK, or SQLite's code of the first failure */
    char *msg; /* sqlite3_malloc'd, or NULL when SQLite's own text says it all */
} Err;

enum { ERR_QUOTE_MAX = 40 }; /* characters of one offending value that a message shows */

/* Keeps rc and the formatted text (sqlite3_mprintf's rules) unless a failure is already kept. */
void err_set(Err *err, int rc, const char *format, ...);

/* Keeps SQLITE_NOMEM. */
void err_nomem(Err *err);

/* Frees the message; the Err is the zero value again. */
void err_clear(Err *err);

/* The n bytes at text as a message may show them: at most ERR_QUOTE_MAX characters, control characters
 * and broken UTF-8 replaced by '?', "..." when cut.  out needs ERR_QUOTE_SIZE bytes.  Returns out. */
enum { ERR_QUOTE_SIZE = ERR_QUOTE_MAX * 4 + 4 };
const char *err_quote(const char *text, size_t n, char out[ERR_QUOTE_SIZE]);

#endif
