/* cohorts.h - customers by the period of their first purchase, and what they did in the periods after it.
 *
 * A cohort holds the customers whose first purchase lies in one calendar period; a period in which nobody
 * bought for the first time has none.  Periods of a customer are numbered from 0, by elapsed.h: those of the
 * calendar, 0 the one of the first purchase, or those of the customer's own clock.  A customer is active in a
 * period with at least min_orders purchases in it.  A slot is what becomes a row: one period, or one bracket of
 * periods.  Over the periods first .. last of a slot, the mode counts a customer who is active
 *
 *     on             in any of them               on_or_before   in any of 1 .. last (nobody when last is 0)
 *     on_or_after    in any from first on         streak         in every one of 0 .. last
 *
 * as far as as_of can see.  A slot is complete for a customer when as_of has reached the end of its last
 * period.
 *
 * One pass over the customers: purchases are added by period; of the modes but "on" only the slot at which a
 * customer's counting begins or ends is noted, and running sums do the rest.
 */
#ifndef COHORTS_H
#define COHORTS_H

#include "base/list.h"
#include "data/segments.h"
#include "math/sum.h"
#include "time/elapsed.h"

typedef enum CohortsMode { COHORTS_ON, COHORTS_ON_OR_AFTER, COHORTS_ON_OR_BEFORE, COHORTS_STREAK } CohortsMode;
typedef enum CohortsAnchor { COHORTS_CALENDAR, COHORTS_CUSTOMER } CohortsAnchor;

/* Their names, NULL: indexed by the enums. */
extern const char *const retain_cohort_modes[];
extern const char *const retain_cohort_anchors[];

enum {
    COHORTS_PERIODS_MAX = 9999999, /* more than there are days */
    COHORTS_ORDERS_MAX = 1000000,
    COHORTS_CELLS_MAX = 10 * 1000 * 1000
};

/* What the reports that ask for cohorts say of these arguments. */
#define COHORTS_MODE_DOC                                                                                       \
    "who counts as retained: customers active on the period, on_or_after, on_or_before, or in a streak of all" \
    " periods up to it"
#define COHORTS_ANCHOR_DOC                                                                                     \
    "periods are those of the calendar, or run from each customer's own first purchase"
#define COHORTS_MIN_ORDERS_DOC "purchase days within a period that make a customer active in it"
#define COHORTS_BRACKETS_DOC                                                                                   \
    "show only these period_index, ranges as one row each, as in '0,1-3,4-12'; '' for all, one by one"
#define COHORTS_MAX_PERIOD_DOC "largest period_index to show; by default as far as as_of reaches"
#define COHORTS_DEFINITION                                                                                     \
    "A cohort: the customers whose first purchase lies in one period. period_index 0 is that period; with"     \
    " anchor='customer' a customer's period k begins k periods after their own first purchase, on the last"    \
    " day of a month that is too short. A customer is active in a period with min_orders purchase days in"     \
    " it. For period k, or the bracket j-k, mode 'on' counts customers active in k (any of j to k),"           \
    " 'on_or_after' in k (j) or any later period up to as_of (which may still grow), 'on_or_before' in any of" \
    " 1 to k (so nobody at index 0), 'streak' in every one of 0 to k."

typedef struct CohortsRules {
    Period period;
    CohortsAnchor anchor;
    CohortsMode mode;
    int64_t min_orders;
    int64_t max_period;   /* slots that begin later are left out */
    const char *brackets; /* as list_parse reads it; "": each period is a slot */
    bool split;           /* the rows have a segment */
    bool pooled;          /* cells of the segment, over customers for whom the slot is complete */
} CohortsRules;

typedef struct CohortsCell {
    int64_t customers;   /* that the mode counts */
    int64_t orders;      /* purchases of all customers of the cohort in the slot; */
    Sum revenue;         /* their net amount; */
    double revenue_ever; /* that of all purchases up to the end of the slot.  All three not when pooled */
} CohortsCell;

typedef struct CohortsGroup { /* the cohort of a segment */
    int64_t segment;          /* its rank */
    int32_t cohort;           /* index of the period */
    int64_t customers;
    double revenue_first;     /* net amount of period 0; not when pooled */
    int64_t first_cell;       /* its cells, by slot; those of the segment when pooled */
    int64_t first_row;        /* slots begun in the groups before */
    int32_t n_begun;          /* slots that some customer has begun; */
    int32_t n_at_risk;        /* that are complete for some; */
    int32_t n_complete;       /* for all */
} CohortsGroup;

typedef struct Cohorts {
    Segments segments;
    int64_t n_groups;
    CohortsGroup *groups; /* by segment and cohort */
    int64_t n_cells;
    CohortsCell *cells;
    int64_t *at_risk;     /* customers for whom the slot is complete, beside cells; NULL unless pooled */
    int32_t n_slots;      /* that begin within the data and max_period */
    int64_t n_rows;       /* slots begun, over all groups */
    bool bracketed;       /* else slot k is period k */
    int n_brackets;
    ListEntry brackets[LIST_MAX];
} Cohorts;

/* Counts the buyers of book, of whom there is at least one.  Sets err when there are too many cells, when poll
 * says stop and when memory ends. */
void cohorts_count(Cohorts *cohorts, const Book *book, const CohortsRules *rules, Arena *arena, Err *err,
                   const Poll *poll);

/* The first and the last period of a slot. */
static inline ListEntry cohorts_slot(const Cohorts *cohorts, int32_t slot) {
    return cohorts->bracketed ? cohorts->brackets[slot] : (ListEntry){slot, slot};
}

/* The group whose slot a row is; near: one to look at first. */
const CohortsGroup *cohorts_of_row(const Cohorts *cohorts, int64_t row, const CohortsGroup *near);

#endif
