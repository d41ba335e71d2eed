/* sqlite.h - the only include of SQLite's own headers.
 *
 * Compiled with -DSQLITE_CORE the functions are SQLite's; otherwise each call goes through the table
 * that SQLite hands to the entry point, which ext/retain.c keeps.
 */
#ifndef SQLITE_H
#define SQLITE_H

#ifdef SQLITE_CORE
#include <sqlite3.h>
#else
#include <sqlite3ext.h>
extern const sqlite3_api_routines *sqlite3_api;
#endif

#endif
