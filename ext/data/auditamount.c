/* auditamount.c - see auditamount.h. */
#include "data/auditamount.h"

#include <string.h>

#include "base/fold.h"
#include "base/libm.h"

enum { AUDITAMOUNT_TEXT_MAX = 64, AUDITAMOUNT_GROUP = 3 };

static bool auditamount_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* The text in Latin signs: no-break spaces as spaces, U+066C as a comma, U+066B as a point. */
static size_t auditamount_latin(const char *text, size_t n, char out[AUDITAMOUNT_TEXT_MAX]) {
    size_t size = 0;
    for (size_t at = 0; at < n; at++) {
        if (n - at >= 2 && memcmp(text + at, "\xD9\xAC", 2) == 0) {
            out[size++] = ',';
            at++;
        } else {
            out[size++] = text[at];
        }
    }
    return fold_text(FOLD_LETTERS, out, size, out);
}

/* Past digits at p, in groups of three behind the first when commas or spaces stand between them; NULL for other
 * groups. */
static const char *auditamount_whole(const char *p, const char *end) {
    const char *start = p;
    while (p < end && auditamount_is_digit(*p)) p++;
    if (p == start) return NULL;
    while (p < end && (*p == ',' || *p == ' ')) {
        const char *group = ++p;
        while (p < end && auditamount_is_digit(*p)) p++;
        if (p - group != AUDITAMOUNT_GROUP) return NULL;
    }
    return p;
}

bool auditamount_is_number(const char *text, size_t n) {
    char latin[AUDITAMOUNT_TEXT_MAX] = {0};
    if (n > sizeof(latin)) return false;
    const char *p = latin, *end = latin + auditamount_latin(text, n, latin);
    if (p < end && (*p == '-' || *p == '+')) p++;
    p = auditamount_whole(p, end);
    if (!p || p == end) return p != NULL;
    if (*p++ != '.') return false;
    while (p < end && auditamount_is_digit(*p)) p++;
    return p == end;
}

static void auditamount_look(Auditamount *amounts, sqlite3_value *value, Err *err) {
    bool is_text = sqlite3_value_type(value) == SQLITE_TEXT;
    const char *text = is_text ? (const char *)sqlite3_value_text(value) : NULL;
    if (is_text && !text) err_nomem(err);
    size_t n = text ? (size_t)sqlite3_value_bytes(value) : 0;
    if (text && auditamount_is_number(text, n)) amounts->signs |= fold_found(text, n);
    else amounts->n_odd++;
}

AuditamountRead auditamount_judge(Auditamount *amounts, sqlite3_value *value, Err *err) {
    AuditamountRead read = {.readable = true};
    int type = sqlite3_value_numeric_type(value);
    if (type == SQLITE_NULL) {
        read.checks = FINDING_BIT(FINDING_AMOUNT_MISSING);
        return read;
    }
    read.amount = type == SQLITE_INTEGER || type == SQLITE_FLOAT ? sqlite3_value_double(value) : (double)NAN;
    if (!isfinite(read.amount)) {
        read = (AuditamountRead){.checks = FINDING_BIT(FINDING_AMOUNT_UNREADABLE)};
        auditamount_look(amounts, value, err);
    } else if (read.amount <= 0) {
        read.checks = FINDING_BIT(read.amount < 0 ? FINDING_AMOUNT_NEGATIVE : FINDING_AMOUNT_ZERO);
    }
    return read;
}
