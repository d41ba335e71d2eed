/* timeline.h - the periods of a book, numbered from 0: from that of the first purchase to that of as_of. */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "data/book.h"
#include "time/period.h"

typedef struct Timeline {
    Period period;
    int32_t first;  /* period_index of number 0 */
    int32_t n;      /* how many; 0 without a purchase */
    Day day_first;  /* of the first purchase */
    Day as_of;
} Timeline;

Timeline timeline_of(const Book *book, Period period);

static inline Day timeline_first_day(const Timeline *time, int64_t number) {
    return period_start(&time->period, time->first + (int32_t)number);
}

static inline Day timeline_last_day(const Timeline *time, int64_t number) {
    return timeline_first_day(time, number + 1) - 1;
}

/* Whether as_of reaches the last day. */
static inline bool timeline_is_complete(const Timeline *time, int64_t number) {
    return timeline_last_day(time, number) <= time->as_of;
}

/* The number of the period of each day from day_first to as_of; NULL when err has failed. */
int32_t *timeline_by_day(const Timeline *time, Arena *arena, Err *err);

/* Cells of a table of segments by periods.  An error where they are more than cells_max; a report has
 * rows_per_cell rows for each. */
int64_t timeline_cells(const Timeline *time, int64_t n_segments, int64_t cells_max, int rows_per_cell,
                       Err *err);

#endif
