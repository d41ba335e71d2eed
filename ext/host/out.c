/* out.c - see out.h. */
#include "host/out.h"

#include "base/libm.h"

void out_null(Out *out) {
    sqlite3_result_null(out->context);
}

void out_int(Out *out, int64_t value) {
    sqlite3_result_int64(out->context, value);
}

void out_real(Out *out, double value) {
    if (isfinite(value)) sqlite3_result_double(out->context, value + 0.0);
    else sqlite3_result_null(out->context);
}

void out_day(Out *out, Day day) {
    char text[11];
    civil_print(out->calendar, day, text);
    sqlite3_result_text(out->context, text, -1, SQLITE_TRANSIENT); /* with its end: a reader would have it copied again */
}

void out_key(Out *out, const MapKey *key) {
    if (key) map_result(out->context, key);
    else sqlite3_result_null(out->context);
}

void out_static(Out *out, const char *text) {
    if (text) sqlite3_result_text(out->context, text, -1, SQLITE_STATIC);
    else sqlite3_result_null(out->context);
}

void out_text(Out *out, const char *text) {
    if (text) sqlite3_result_text(out->context, text, -1, SQLITE_TRANSIENT);
    else sqlite3_result_null(out->context);
}

void out_owned(Out *out, char *text) {
    if (text) sqlite3_result_text(out->context, text, -1, sqlite3_free);
    else sqlite3_result_error_nomem(out->context);
}
