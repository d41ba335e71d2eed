/* lifecycle.c - lifecycle(): is the base of active customers growing, and what moves it?
 *
 *     SELECT period_start, new, reactivated, dormant, net_growth, quick_ratio FROM lifecycle('orders', 'quarter');
 *
 * A customer is active in a period when they have a purchase in it.  Of those
 *
 *     new: first purchase ever                    retained: active in the period before too
 *     reactivated: neither, they have come back
 *
 * and dormant are those of the period before who are not active now:
 *
 *     active = new + retained + reactivated = active before + new + reactivated - dormant.
 *
 * net_growth = new + reactivated - dormant, quick_ratio = (new + reactivated) / dormant: above 1 the base
 * grows.  While a period lasts nobody is dormant in it, they may still buy: the other counts are those so far,
 * and dormant and what is made of it are NULL.
 */
#include <assert.h>

#include "base/libm.h"
#include "data/activity.h"
#include "host/call.h"

enum { LIFECYCLE_PERIOD };
enum {
    LIFECYCLE_SEGMENT,
    LIFECYCLE_START_DAY,
    LIFECYCLE_END_DAY,
    LIFECYCLE_COMPLETE,
    LIFECYCLE_NEW,
    LIFECYCLE_RETAINED,
    LIFECYCLE_REACTIVATED,
    LIFECYCLE_DORMANT,
    LIFECYCLE_ACTIVE,
    LIFECYCLE_GROWTH,
    LIFECYCLE_QUICK
};

static const ArgSpec lifecycle_args[] = {
    [LIFECYCLE_PERIOD] = {.name = "period", .kind = ARG_PERIOD, .dflt_text = "month", .doc = "length of a period"},
    {0},
};

static const ColSpec lifecycle_cols[] = {
    [LIFECYCLE_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [LIFECYCLE_START_DAY] = {"period_start", "DATE", "first day of the period"},
    [LIFECYCLE_END_DAY] = {"period_end", "DATE", "last day of the period"},
    [LIFECYCLE_COMPLETE] = {"is_complete", "INTEGER",
                            "1 when as_of reaches the last day; else 0, and counts are those so far"},
    [LIFECYCLE_NEW] = {"new", "INTEGER", "customers with their first purchase ever in the period"},
    [LIFECYCLE_RETAINED] = {"retained", "INTEGER", "active in this period and in the one before"},
    [LIFECYCLE_REACTIVATED] = {"reactivated", "INTEGER", "active, not in the period before, and not new"},
    [LIFECYCLE_DORMANT] = {"dormant", "INTEGER",
                           "active in the period before, not in this one; NULL while it lasts"},
    [LIFECYCLE_ACTIVE] = {"active", "INTEGER", "customers with a purchase in the period"},
    [LIFECYCLE_GROWTH] = {"net_growth", "INTEGER",
                          "new + reactivated - dormant: the change of active; NULL while the period lasts"},
    [LIFECYCLE_QUICK] = {"quick_ratio", "REAL",
                         "(new + reactivated) / dormant; NULL when nobody is dormant, and while it lasts"},
    {0},
};

static const CallOrder lifecycle_order[] = {{LIFECYCLE_SEGMENT, false}, {LIFECYCLE_START_DAY, false}};

static int64_t lifecycle_open(Call *call) {
    Activity *activity = arena_alloc(call->arena, call->err, 1, sizeof(*activity));
    if (!activity) return 0;
    call->state = activity;
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    activity_count(activity, &call->book, call_period(call, &call->args[LIFECYCLE_PERIOD]), (Span){0}, split,
                   call->arena, call->err, call->poll);
    return activity->n;
}

/* A count that only the end of the period settles. */
static void lifecycle_settled(Out *out, bool complete, int64_t count) {
    if (complete) out_int(out, count);
    else out_null(out);
}

static void lifecycle_cell(const void *pointer, int64_t row, int col, Out *out) {
    const Activity *activity = pointer;
    const Timeline *time = &activity->time;
    const ActivityCount *count = &activity->counts[row];
    int64_t number = row % time->n, gained = count->fresh + count->reactivated;
    bool complete = timeline_is_complete(time, number);
    assert(activity_end(count) == count->start + gained - count->lost);
    switch (col) {
        case LIFECYCLE_SEGMENT: out_key(out, segments_key(&activity->segments, row / time->n)); break;
        case LIFECYCLE_START_DAY: out_day(out, timeline_first_day(time, number)); break;
        case LIFECYCLE_END_DAY: out_day(out, timeline_last_day(time, number)); break;
        case LIFECYCLE_COMPLETE: out_int(out, complete); break;
        case LIFECYCLE_NEW: out_int(out, count->fresh); break;
        case LIFECYCLE_RETAINED: out_int(out, activity_retained(count)); break;
        case LIFECYCLE_REACTIVATED: out_int(out, count->reactivated); break;
        case LIFECYCLE_DORMANT: lifecycle_settled(out, complete, count->lost); break;
        case LIFECYCLE_ACTIVE: out_int(out, activity_end(count)); break;
        case LIFECYCLE_GROWTH: lifecycle_settled(out, complete, gained - count->lost); break;
        default: out_real(out, complete && count->lost > 0 ? (double)gained / (double)count->lost : (double)NAN);
    }
}

const TvfDef tvf_lifecycle = {
    .name = "lifecycle",
    .text = {.doc = "what makes the base of active customers grow or shrink, a row per period",
             .definition =
                 "active are the customers with a purchase in the period: new ones with their first ever,"
                 " retained ones who were active in the period before, and reactivated ones who have come"
                 " back; dormant were active in the period before and are not now. active = active before +"
                 " new + reactivated - dormant. While a period lasts its counts are those so far, and dormant,"
                 " net_growth and quick_ratio are NULL: who has not bought yet may still. Rows are ordered by"
                 " segment and period_start.",
             .example = "SELECT * FROM lifecycle('orders', 'month')"},
    .cols = lifecycle_cols,
    .args = lifecycle_args,
    .needs = CALL_ORDERS | CALL_SEGMENTS | CALL_PERIODS | CALL_COUNTS,
    .order = lifecycle_order,
    .n_order = 2,
    .open = lifecycle_open,
    .cell = lifecycle_cell,
};
