/* timeline.c - see timeline.h. */
#include "data/timeline.h"

Timeline timeline_of(const Book *book, Period period) {
    Timeline time = {.period = period};
    if (book->n_buyers == 0) return time;
    time.day_first = book->day_first;
    time.as_of = book->as_of;
    time.first = period_index(&period, book->day_first);
    time.n = period_index(&period, book->as_of) - time.first + 1;
    return time;
}

int32_t *timeline_by_day(const Timeline *time, Arena *arena, Err *err) {
    int64_t n_days = time->n > 0 ? (int64_t)time->as_of - time->day_first + 1 : 0;
    int32_t *numbers = arena_alloc_raw(arena, err, n_days, sizeof(*numbers));
    int32_t number = 0;
    Day end = timeline_first_day(time, 1);
    for (int64_t i = 0; numbers && i < n_days; i++) {
        if (time->day_first + (Day)i == end) end = timeline_first_day(time, ++number + 1);
        numbers[i] = number;
    }
    return numbers;
}

int64_t timeline_cells(const Timeline *time, int64_t n_segments, int64_t cells_max, int rows_per_cell,
                       Err *err) {
    if (time->n > 0 && n_segments > cells_max / time->n)
        err_set(err, SQLITE_TOOBIG,
                "%lld segments over %d periods are more than %lld rows; choose a longer period",
                n_segments, time->n, cells_max * rows_per_cell);
    return err->rc ? 0 : n_segments * time->n;
}
