/* activity.c - see activity.h. */
#include "data/activity.h"

#include <assert.h>

/* Which periods a purchase makes its customer active in, by day since the first purchase. */
typedef struct ActivityReach {
    int32_t from, to;
} ActivityReach;

/* A purchase on day d counts in every period from its own to the last whose window still has d. */
static ActivityReach *activity_reach(const Timeline *time, Span window, Arena *arena, Err *err) {
    int64_t n_days = (int64_t)time->as_of - time->day_first + 1;
    ActivityReach *reach = arena_alloc_raw(arena, err, n_days, sizeof(*reach));
    int32_t own = 0, last = 0;
    Day own_end = timeline_first_day(time, 1);
    for (int64_t i = 0; reach && i < n_days; i++) {
        Day day = time->day_first + (Day)i;
        if (day == own_end) own_end = timeline_first_day(time, ++own + 1);
        if (last < own) last = own;
        while (window.n > 0 && last + 1 < time->n &&
               span_before(&window, time->period.calendar,
                           timeline_first_day(time, last + 2)) <= day)
            last++;
        reach[i] = (ActivityReach){.from = own, .to = last};
    }
    return reach;
}

/* One customer: runs of periods in which they are active begin as new or reactivated and end as lost. */
static void activity_count_customer(const BookCustomer *customer, Day first_day,
                                    const ActivityReach *reach, int32_t n_periods,
                                    ActivityCount *counts) {
    int32_t active_to = 0;
    for (int64_t i = 0; i < customer->n_days; i++) {
        ActivityReach r = reach[customer->days[i] - first_day];
        if (i == 0) {
            counts[r.from].fresh++;
        } else if (r.from > active_to + 1) {
            counts[active_to + 1].lost++;
            counts[r.from].reactivated++;
        }
        active_to = r.to;
    }
    if (active_to + 1 < n_periods) counts[active_to + 1].lost++;
}

static void activity_fill(Activity *activity, const Book *book, const ActivityReach *reach,
                          const Poll *poll) {
    int32_t n_periods = activity->time.n;
    for (int64_t c = 0; c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days == 0) continue;
        activity_count_customer(&customer, book->day_first, reach, n_periods,
                                activity->counts + segments_of(&activity->segments, &customer) * n_periods);
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(poll)) return;
    }
    for (int64_t s = 0; s < activity->segments.n; s++) {
        ActivityCount *counts = activity->counts + s * n_periods;
        for (int32_t t = 1; t < n_periods; t++) {
            counts[t].start = activity_end(&counts[t - 1]);
            assert(counts[t].lost <= counts[t].start);
        }
    }
}

void activity_count(Activity *activity, const Book *book, Period period, Span window, bool split,
                    Arena *arena, Err *err, const Poll *poll) {
    *activity = (Activity){.time = timeline_of(book, period)};
    if (book->n_buyers == 0 || err->rc) return;
    activity->segments = segments_rank(book, split, arena, err);
    int64_t n = timeline_cells(&activity->time, activity->segments.n, ACTIVITY_CELLS_MAX, 1, err);
    ActivityReach *reach = activity_reach(&activity->time, window, arena, err);
    activity->counts = arena_alloc(arena, err, n, sizeof(*activity->counts));
    if (err->rc) return;
    activity_fill(activity, book, reach, poll);
    activity->n = n;
}
