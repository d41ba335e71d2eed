/* auditword.h - columns that say that an order was cancelled, or in which currency it was paid.
 *
 * They are told by their usual names (status, is_cancelled, currency ...) and by what stands in them.
 */
#ifndef AUDITWORD_H
#define AUDITWORD_H

#include "data/finding.h"
#include "data/source.h"

enum { AUDITWORD_COLUMNS_MAX = 4, AUDITWORD_CURRENCIES_MAX = 64 };

typedef enum AuditwordKind {
    AUDITWORD_STATUS,   /* one of retain_audit_words */
    AUDITWORD_FLAG,     /* 1, 'true', 'yes', 't', 'y' */
    AUDITWORD_MOMENT    /* anything but NULL and '': cancelled_at */
} AuditwordKind;

/* "cancelled", "refunded" ..., NULL: what a status may say of an order that is none. */
extern const char *const retain_audit_words[];

typedef struct AuditwordColumn {
    const char *name;
    AuditwordKind kind;
    uint32_t words;        /* of an AUDITWORD_STATUS: which words were seen */
    char last[16];         /* the last text that said nothing, to be skipped at once */
    int last_size;
} AuditwordColumn;

typedef struct Auditword {
    const char *columns[AUDITWORD_COLUMNS_MAX + 1]; /* for the scan: n_status, then the currency */
    AuditwordColumn status[AUDITWORD_COLUMNS_MAX];
    int n_status;
    bool has_currency;
    Map currencies;
    int64_t n_currency[AUDITWORD_CURRENCIES_MAX];   /* rows by currency */
    bool too_many;                                  /* more than AUDITWORD_CURRENCIES_MAX */
} Auditword;

void auditword_open(Auditword *words, const Source *source, Arena *arena);

/* How many columns the scan has to hand over. */
static inline int auditword_n_columns(const Auditword *words) {
    return words->n_status + words->has_currency;
}

/* The value that says that the row is cancelled, NULL when none does; values as columns. */
sqlite3_value *auditword_cancelled(Auditword *words, sqlite3_value **values, Err *err);

/* Counts the currency of a row. */
void auditword_count_currency(Auditword *words, sqlite3_value *value, Err *err);

/* The most frequent currency, of equally frequent ones the first in SQL order; NULL when there is none. */
const MapKey *auditword_main_currency(const Auditword *words);

/* FINDING_CURRENCY from the counts. */
void auditword_judge_currency(const Auditword *words, Findings *findings);

void auditword_close(Auditword *words);

#endif
