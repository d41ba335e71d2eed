/* auditdate.h - which checks a date fails.
 *
 * Reads each value as the reports do, and goes on where they stop: an unreadable date says why it is none, and a
 * readable one may still not be what was meant: a year of the Iranian or the Buddhist calendar, an offset that moves
 * the day, another unit than the column's.
 */
#ifndef AUDITDATE_H
#define AUDITDATE_H

#include "data/finding.h"
#include "data/row.h"

enum { AUDITDATE_UNITS = DATE_JULIAN + 1, AUDITDATE_MINUTES_MAX = DATE_OFFSET_MAX / 60 };

typedef struct Auditdate {
    RowRules rules;
    DateUnit unit;                    /* of the readable dates; of the first one until another is known */
    int64_t n_units[AUDITDATE_UNITS]; /* readable dates by unit */
    int64_t n_status[DATE_STATUSES];  /* FINDING_DATE_UNREADABLE by reason; blobs are DATE_OTHER */
    int64_t n_moved[2 * AUDITDATE_MINUTES_MAX + 1]; /* FINDING_DATE_OFFSET by offset in minutes */
    int64_t n_jalali_digits;          /* of FINDING_DATE_JALALI those as in 14040915 */
    int64_t n_buddhist_digits;        /* of FINDING_DATE_BUDDHIST those as in 25670105 */
    int64_t n_texts[AUDITDATE_UNITS]; /* texts that are numbers of a unit, which date_unit would have to name */
    char day_text[DATE_DAY_BYTES];    /* a day with nothing to find, as text, or zeroes ... */
    Day text_day;                     /* ... and as a day */
} Auditdate;

typedef struct AuditdateRead {
    uint64_t checks;  /* those it fails, as FINDING_BITs */
    bool has_day;     /* the reports can read it */
    bool suspect;     /* but the day is most likely not what was meant */
    Day day;          /* local */
    int32_t second;
} AuditdateRead;

void auditdate_open(Auditdate *dates, RowRules rules);

AuditdateRead auditdate_judge(Auditdate *dates, sqlite3_value *value, Err *err);

/* True when dates of several units were read; unit is that of most (of equally many the first in the order of
 * DateUnit). */
bool auditdate_is_mixed(const Auditdate *dates, DateUnit *unit);

/* The most frequent reason of FINDING_DATE_UNREADABLE, and offset of FINDING_DATE_OFFSET in minutes. */
DateStatus auditdate_reason(const Auditdate *dates);
int auditdate_offset_minutes(const Auditdate *dates);

/* True when the texts that are numbers of a unit are more than the dates that can be read without naming it. */
bool auditdate_is_text_unit(const Auditdate *dates, DateUnit unit);

/* A unit besides the column's that most other dates have; DATE_AUTO when all have one. */
DateUnit auditdate_other_unit(const Auditdate *dates);

#endif
