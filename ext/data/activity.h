/* activity.h - who is active in each period: who is new, stays, comes back or is lost.
 *
 * A customer is active in a period when they have a purchase in the active window that ends with it, by
 * default the period itself.  In one pass over the book, by segment and period:
 *
 *     start        active in the period before           lost         in start, not active
 *     fresh        first purchase ever in the period     reactivated  active, neither in start nor fresh
 *
 * so that the active customers are start - lost + fresh + reactivated, which is the next period's start.
 */
#ifndef ACTIVITY_H
#define ACTIVITY_H

#include "data/segments.h"
#include "data/timeline.h"
#include "time/span.h"

enum { ACTIVITY_CELLS_MAX = 20 * 1000 * 1000 };

typedef struct ActivityCount {
    int64_t start, fresh, reactivated, lost;
} ActivityCount;

typedef struct Activity {
    Timeline time;
    Segments segments;
    ActivityCount *counts; /* by segment, then period; n of them */
    int64_t n;
} Activity;

/* Counts the book's customers.  window: n = 0 for the period itself, else at least as long as any period
 * (span_covers_period); split: the rows have a segment.  Without a purchase there are no counts. */
void activity_count(Activity *activity, const Book *book, Period period, Span window, bool split,
                    Arena *arena, Err *err, const Poll *poll);

static inline int64_t activity_retained(const ActivityCount *count) {
    return count->start - count->lost;
}

/* The customers active in the period. */
static inline int64_t activity_end(const ActivityCount *count) {
    return activity_retained(count) + count->fresh + count->reactivated;
}

#endif
