/* out.h - one value on its way into SQLite.
 *
 * The one place where NaN and infinities become NULL and days become text.
 */
#ifndef OUT_H
#define OUT_H

#include "base/map.h"
#include "time/civil.h"

typedef struct Out {
    sqlite3_context *context;
    CivilCalendar calendar; /* of printed days */
} Out;

void out_null(Out *out);
void out_int(Out *out, int64_t value);
void out_real(Out *out, double value);            /* NULL unless finite; never -0.0 */
void out_day(Out *out, Day day);                  /* 'YYYY-MM-DD' */
void out_key(Out *out, const MapKey *key);       /* NULL for NULL */
void out_static(Out *out, const char *text);      /* text that never goes away; NULL for NULL */
void out_text(Out *out, const char *text);        /* copied; NULL for NULL */
void out_owned(Out *out, char *text);             /* sqlite3_malloc'd, taken over; NULL is out of memory */

#endif
