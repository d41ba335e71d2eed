/* auditamount.h - which checks an amount fails. */
#ifndef AUDITAMOUNT_H
#define AUDITAMOUNT_H

#include "data/finding.h"

typedef struct Auditamount {
    int64_t n_odd;    /* unreadable ones that no replacing of signs makes a number */
    uint32_t signs;   /* what stands in the others (fold_found), to be replaced */
} Auditamount;

typedef struct AuditamountRead {
    uint64_t checks;  /* those it fails, as FINDING_BITs */
    bool readable;
    double amount;    /* 0 for NULL */
} AuditamountRead;

AuditamountRead auditamount_judge(Auditamount *amounts, sqlite3_value *value, Err *err);

/* True when a text is a number once blanks, thousands separators and digits of other scripts are replaced:
 * '1,200.50', but not '12,50', which is no group of three digits. */
bool auditamount_is_number(const char *text, size_t n);

#endif
