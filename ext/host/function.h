/* function.h - scalars and aggregates: SQLite's callbacks around a definition.
 *
 * The context, its out-of-memory check and the error prefix live here once.
 */
#ifndef FUNCTION_H
#define FUNCTION_H

#include "host/call.h"
#include "host/host.h"

/* Register one function for every number of arguments from its required ones to all; SQLite's code.
 * Both kinds read only their arguments, so they are INNOCUOUS and DETERMINISTIC. */
int function_register_scalar(Host *host, const ScalarDef *def);
int function_register_aggregate(Host *host, const AggregateDef *def);

/* Undo it. */
void function_unregister(sqlite3 *db, const char *name, const ArgSpec *args);

/* Argument i of a call with n of them; NULL and one that is not there are the default.  Its text is not kept. */
ArgValue function_argument(const ArgSpec *args, int i, CivilCalendar calendar, int n, sqlite3_value **values,
                           Err *err);
/* What a scalar has made of argument i in an earlier row, kept while the argument is a constant of the statement;
 * NULL: nothing.  function_keep copies size bytes; without memory it keeps nothing. */
const void *function_kept(const Out *out, int i);
void function_keep(Out *out, int i, const void *made, size_t size);

/* NULL when the value is NULL, else a number; err when it is none or out of the spec's range. */
bool function_number(const ArgSpec *spec, sqlite3_value *value, Err *err, double *out);

#endif
