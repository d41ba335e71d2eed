/* cohorts.c - see cohorts.h. */
#include "data/cohorts.h"

const char *const retain_cohort_modes[] = {
    [COHORTS_ON] = "on", [COHORTS_ON_OR_AFTER] = "on_or_after", [COHORTS_ON_OR_BEFORE] = "on_or_before",
    [COHORTS_STREAK] = "streak", NULL};
const char *const retain_cohort_anchors[] = {[COHORTS_CALENDAR] = "calendar", [COHORTS_CUSTOMER] = "customer", NULL};

enum { COHORTS_TABLE_MAX = 20 * 1000 * 1000 }; /* segments times periods */

/* What there is to know of a day. */
typedef struct CohortsDay {
    ElapsedMark mark;
    int32_t cohort; /* the number of its period, from that of the first purchase */
} CohortsDay;

/* The customers who bought first in one period, in one segment. */
typedef struct CohortsStart {
    uint32_t customers;
    Day first, last;  /* of their first purchases, from the first of all */
    uint32_t group;
} CohortsStart;

typedef struct CohortsCount {
    const Book *book;
    const CohortsRules *rules;
    Arena *arena;
    Err *err;
    const Poll *poll;
    CohortsDay *days;     /* from the first purchase to the day after as_of */
    int32_t step;         /* of the marks */
    int32_t first_cohort; /* index of the period of the first purchase */
    int32_t n_cohorts;    /* periods from there to as_of */
    int32_t period_max;   /* the last period that belongs to a slot, or that somebody has begun */
    int32_t *begun;       /* by period p: the slots that begin at p or before; */
    int32_t *ended;       /* the slots that end before p, up to p = period_max + 1 */
    CohortsStart *starts; /* by segment and cohort */
    bool plain;           /* a customer counts in each period with a purchase, and a slot is one period */
} CohortsCount;

static int32_t cohorts_least(int32_t a, int32_t b) {
    return a < b ? a : b;
}

/* Asked in each step i of a long loop: true when it should be given up, which err then says. */
static bool cohorts_stopped(const CohortsCount *count, int64_t i) {
    if (i % MAP_PAGE_KEYS != 0 || !poll_stop(count->poll)) return false;
    err_set(count->err, SQLITE_INTERRUPT, "interrupted");
    return true;
}

/* ---- Days and slots ---- */

static void cohorts_mark_days(CohortsCount *count) {
    const Period *period = &count->rules->period;
    bool own = count->rules->anchor == COHORTS_CUSTOMER;
    Day first = count->book->day_first;
    int64_t n = (int64_t)count->book->as_of - first + 2;
    count->days = arena_alloc_raw(count->arena, count->err, n, sizeof(*count->days));
    count->step = elapsed_step(period, own);
    count->first_cohort = period_index(period, first);
    count->n_cohorts = period_index(period, count->book->as_of) - count->first_cohort + 1;
    for (int64_t i = 0; count->days && i < n && !cohorts_stopped(count, i); i++) {
        Day day = first + (Day)i;
        count->days[i] = (CohortsDay){.mark = elapsed_mark(period, own, day),
                                      .cohort = period_index(period, day) - count->first_cohort};
    }
}

/* The period of a day for a customer with that first purchase; both days from the first of all. */
static inline int32_t cohorts_period(const CohortsCount *count, Day first, Day day) {
    return elapsed_periods(count->days[first].mark, count->days[day].mark, count->step);
}

/* The periods that a customer has begun, less one, and those that are complete. */
static int32_t cohorts_last_period(const CohortsCount *count, Day first) {
    return cohorts_least(cohorts_period(count, first, count->book->as_of - count->book->day_first), count->period_max);
}
static int32_t cohorts_n_complete(const CohortsCount *count, Day first) {
    return cohorts_least(cohorts_period(count, first, count->book->as_of - count->book->day_first + 1),
                         count->period_max + 1);
}

static void cohorts_read_brackets(Cohorts *cohorts, CohortsCount *count) {
    const CohortsRules *rules = count->rules;
    int64_t last = cohorts_period(count, 0, count->book->as_of - count->book->day_first);
    int64_t end = rules->max_period;
    cohorts->bracketed = rules->brackets[0] != 0;
    if (cohorts->bracketed) {
        int n = list_parse(rules->brackets, true, cohorts->brackets);
        while (n > 0 && cohorts->brackets[n - 1].from > rules->max_period) n--;
        cohorts->n_brackets = n;
        end = n > 0 ? cohorts->brackets[n - 1].to : 0;
    }
    count->period_max = (int32_t)(end < last ? end : last);
}

static void cohorts_number_slots(Cohorts *cohorts, CohortsCount *count) {
    int32_t n = count->period_max + 2, begun = 0, ended = 0;
    count->begun = arena_alloc_raw(count->arena, count->err, n, sizeof(int32_t));
    count->ended = arena_alloc_raw(count->arena, count->err, n, sizeof(int32_t));
    if (count->err->rc) return;
    for (int32_t p = 0; p < n; p++) {
        if (cohorts->bracketed) {
            while (begun < cohorts->n_brackets && cohorts->brackets[begun].from <= p) begun++;
            while (ended < cohorts->n_brackets && cohorts->brackets[ended].to < p) ended++;
        }
        count->begun[p] = cohorts->bracketed ? begun : p + 1;
        count->ended[p] = cohorts->bracketed ? ended : p;
    }
    cohorts->n_slots = count->begun[count->period_max];
}

/* ---- Groups ---- */

static CohortsStart *cohorts_start(const CohortsCount *count, const Cohorts *cohorts, const BookCustomer *customer) {
    int64_t row = segments_of(&cohorts->segments, customer) * count->n_cohorts;
    return &count->starts[row + count->days[customer->days[0] - count->book->day_first].cohort];
}

static void cohorts_find_starts(const Cohorts *cohorts, CohortsCount *count) {
    const Book *book = count->book;
    if (cohorts->segments.n > COHORTS_TABLE_MAX / count->n_cohorts)
        err_set(count->err, SQLITE_TOOBIG,
                "%lld segments over %d periods are more than %d cohorts; choose a longer period",
                cohorts->segments.n, count->n_cohorts, COHORTS_TABLE_MAX);
    count->starts = arena_alloc(count->arena, count->err, cohorts->segments.n * count->n_cohorts, sizeof(CohortsStart));
    for (int64_t c = 0; c < book->n_customers && !count->err->rc && !cohorts_stopped(count, c); c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days == 0) continue;
        CohortsStart *start = cohorts_start(count, cohorts, &customer);
        Day first = customer.days[0] - book->day_first;
        if (start->customers == 0 || first < start->first) start->first = first;
        if (start->customers == 0 || first > start->last) start->last = first;
        start->customers++;
    }
}

/* Counts the groups and makes room for their cells: as many as periods, since purchases are added by period
 * before they are by slot. */
static void cohorts_make_cells(Cohorts *cohorts, CohortsCount *count) {
    int64_t n_starts = cohorts->segments.n * count->n_cohorts, n = 0;
    for (int64_t i = 0; i < n_starts; i++) {
        if (count->starts[i].customers == 0) continue;
        cohorts->n_groups++;
        n += cohorts_last_period(count, count->starts[i].first) + 1;
    }
    if (count->rules->pooled) n = cohorts->segments.n * (count->period_max + 1);
    if (n > COHORTS_CELLS_MAX)
        err_set(count->err, SQLITE_TOOBIG,
                "%lld cells are more than %d; choose a longer period or a smaller max_period", n, COHORTS_CELLS_MAX);
    cohorts->n_cells = n;
    cohorts->cells = arena_alloc(count->arena, count->err, n, sizeof(CohortsCell));
    if (count->rules->pooled) cohorts->at_risk = arena_alloc(count->arena, count->err, n, sizeof(int64_t));
    cohorts->groups = arena_alloc_raw(count->arena, count->err, cohorts->n_groups, sizeof(CohortsGroup));
}

static void cohorts_make_groups(Cohorts *cohorts, const CohortsCount *count) {
    int64_t n_starts = cohorts->segments.n * count->n_cohorts, n_cells = 0;
    CohortsGroup *group = cohorts->groups;
    for (int64_t i = 0; i < n_starts; i++) {
        CohortsStart *start = &count->starts[i];
        int64_t segment = i / count->n_cohorts;
        if (start->customers == 0) continue;
        int32_t last = cohorts_last_period(count, start->first);
        *group = (CohortsGroup){.segment = segment,
                                .cohort = count->first_cohort + (int32_t)(i % count->n_cohorts),
                                .customers = start->customers,
                                .first_cell = count->rules->pooled ? segment * (count->period_max + 1) : n_cells,
                                .first_row = cohorts->n_rows,
                                .n_begun = count->begun[last],
                                .n_at_risk = count->ended[cohorts_n_complete(count, start->first)],
                                .n_complete = count->ended[cohorts_n_complete(count, start->last)]};
        start->group = (uint32_t)(group - cohorts->groups);
        n_cells += last + 1;
        cohorts->n_rows += group->n_begun;
        group++;
    }
}

/* ---- Customers ---- */

/* What the mode has to remember of a customer. */
typedef struct CohortsSeen {
    int32_t first;       /* active period but 0; 0: none */
    int32_t last;        /* active period; -1: none */
    int32_t streak;      /* active periods without a gap, from 0 on */
    int32_t slot;        /* the last one counted by mode on; -1: none */
} CohortsSeen;

static inline void cohorts_see(const CohortsCount *count, CohortsSeen *seen, int32_t period, CohortsCell *cells,
                               int32_t n_slots) {
    if (count->rules->mode == COHORTS_ON) {
        if (period > count->period_max) return;
        int32_t slot = count->ended[period];
        if (slot == count->begun[period] || slot == seen->slot || slot >= n_slots) return;
        cells[slot].customers++;
        seen->slot = slot;
        return;
    }
    if (seen->first == 0) seen->first = period;
    if (period == seen->streak) seen->streak++;
    seen->last = period;
}

/* Counts a customer at the end, or for on_or_before at the beginning, of the slots that the mode counts them in.
 * They may be counted in the first n_slots; a segment's cells go on behind these. */
static void cohorts_settle(const CohortsCount *count, const CohortsSeen *seen, CohortsCell *cells, int32_t n_slots) {
    int32_t slot = -1;
    if (count->rules->mode == COHORTS_ON_OR_AFTER && seen->last >= 0)
        slot = count->begun[cohorts_least(seen->last, count->period_max)] - 1;
    if (count->rules->mode == COHORTS_STREAK)
        slot = count->ended[cohorts_least(seen->streak, count->period_max + 1)] - 1;
    if (count->rules->mode == COHORTS_ON_OR_BEFORE) {
        if (seen->first == 0 || seen->first > count->period_max) return;
        slot = count->ended[seen->first];
        if (slot >= n_slots) return;
        if (count->rules->pooled && n_slots <= count->period_max) cells[n_slots].customers--;
    }
    slot = cohorts_least(slot, n_slots - 1);
    if (slot >= 0) cells[slot].customers++;
}

static void cohorts_add_customer(const CohortsCount *count, const BookCustomer *customer, CohortsCell *cells,
                                 int32_t n_slots) {
    CohortsSeen seen = {.last = -1, .slot = -1};
    bool pooled = count->rules->pooled;
    Day base = count->book->day_first, first = customer->days[0] - base;
    int64_t n = 0; /* purchases of the period so far */
    for (int64_t i = 0, last = 0; i < customer->n_days; i++) {
        int32_t period = cohorts_period(count, first, customer->days[i] - base);
        if (!pooled && period <= count->period_max) {
            cells[period].orders++;
            if (customer->amounts) sum_add(&cells[period].revenue, customer->amounts[i]);
        }
        n = period == last ? n + 1 : 1;
        last = period;
        if (n == count->rules->min_orders) cohorts_see(count, &seen, period, cells, n_slots);
    }
    if (count->rules->mode != COHORTS_ON) cohorts_settle(count, &seen, cells, n_slots);
}

/* The same where slots are periods; nearly every call is such a one, and there is no branch here that the days of a
 * customer decide. */
static void cohorts_add_plain(const CohortsCount *count, const BookCustomer *customer, CohortsCell *cells,
                              int32_t n_slots) {
    Day base = count->book->day_first, first = customer->days[0] - base;
    bool pooled = count->rules->pooled, netted = customer->amounts && !pooled;
    for (int64_t i = 0, last = -1; i < customer->n_days; i++) {
        int32_t period = cohorts_period(count, first, customer->days[i] - base);
        if (period > count->period_max) return;
        cells[period].customers += (period != last) & (period < n_slots);
        cells[period].orders += !pooled;
        if (netted) sum_add(&cells[period].revenue, customer->amounts[i]);
        last = period;
    }
}

static void cohorts_add_customers(Cohorts *cohorts, const CohortsCount *count) {
    const Book *book = count->book;
    for (int64_t c = 0; c < book->n_customers && !cohorts_stopped(count, c); c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days == 0) continue;
        const CohortsGroup *group = &cohorts->groups[cohorts_start(count, cohorts, &customer)->group];
        int32_t n_slots = group->n_begun;
        if (count->rules->pooled) {
            n_slots = count->ended[cohorts_n_complete(count, customer.days[0] - book->day_first)];
            if (n_slots > 0) cohorts->at_risk[group->first_cell + n_slots - 1]++;
        }
        CohortsCell *cells = cohorts->cells + group->first_cell;
        if (count->plain) cohorts_add_plain(count, &customer, cells, n_slots);
        else cohorts_add_customer(count, &customer, cells, n_slots);
    }
}

/* ---- Sums ---- */

/* Turns what begins or ends at a slot into what holds in it. */
static void cohorts_run_customers(CohortsCell *cells, int32_t n_slots, CohortsMode mode) {
    if (mode == COHORTS_ON_OR_BEFORE)
        for (int32_t i = 1; i < n_slots; i++) cells[i].customers += cells[i - 1].customers;
    if (mode == COHORTS_ON_OR_AFTER || mode == COHORTS_STREAK)
        for (int32_t i = n_slots - 1; i > 0; i--) cells[i - 1].customers += cells[i].customers;
}

static void cohorts_join(Sum *sum, const Sum *other) {
    sum_add(sum, other->total);
    sum_add(sum, other->lost);
}

/* Turns purchases by period into purchases by slot.  No slot begins before the period of its own number, so
 * cells that are still to be read are not yet written. */
static void cohorts_join_periods(const Cohorts *cohorts, CohortsGroup *group, int32_t n_periods) {
    CohortsCell *cells = cohorts->cells + group->first_cell;
    Sum ever = {0};
    int32_t period = 0;
    group->revenue_first = sum_value(&cells[0].revenue);
    for (int32_t i = 0; i < group->n_begun; i++) {
        ListEntry slot = cohorts_slot(cohorts, i);
        CohortsCell cell = {.customers = cells[i].customers};
        for (; period <= slot.to && period < n_periods; period++) {
            cohorts_join(&ever, &cells[period].revenue);
            if (period < slot.from) continue;
            cell.orders += cells[period].orders;
            cohorts_join(&cell.revenue, &cells[period].revenue);
        }
        cell.revenue_ever = sum_value(&ever);
        cells[i] = cell;
    }
}

static void cohorts_sum_up(const Cohorts *cohorts, const CohortsCount *count) {
    CohortsMode mode = count->rules->mode;
    if (count->rules->pooled) {
        for (int64_t s = 0; s < cohorts->segments.n; s++) {
            int64_t first = s * (count->period_max + 1);
            cohorts_run_customers(cohorts->cells + first, cohorts->n_slots, mode);
            for (int32_t i = cohorts->n_slots - 1; i > 0; i--)
                cohorts->at_risk[first + i - 1] += cohorts->at_risk[first + i];
        }
        return;
    }
    for (int64_t g = 0; g < cohorts->n_groups && !cohorts_stopped(count, g); g++) {
        CohortsGroup *group = &cohorts->groups[g];
        const CohortsStart *start =
            &count->starts[group->segment * count->n_cohorts + group->cohort - count->first_cohort];
        cohorts_run_customers(cohorts->cells + group->first_cell, group->n_begun, mode);
        cohorts_join_periods(cohorts, group, cohorts_last_period(count, start->first) + 1);
    }
}

void cohorts_count(Cohorts *cohorts, const Book *book, const CohortsRules *rules, Arena *arena, Err *err,
                   const Poll *poll) {
    CohortsCount count = {.book = book, .rules = rules, .arena = arena, .err = err, .poll = poll};
    *cohorts = (Cohorts){.segments = segments_rank(book, rules->split, arena, err)};
    cohorts_mark_days(&count);
    if (err->rc) return;
    cohorts_read_brackets(cohorts, &count);
    count.plain = rules->mode == COHORTS_ON && rules->min_orders == 1 && !cohorts->bracketed;
    cohorts_number_slots(cohorts, &count);
    if (!err->rc) cohorts_find_starts(cohorts, &count);
    if (!err->rc) cohorts_make_cells(cohorts, &count);
    if (!err->rc) cohorts_make_groups(cohorts, &count);
    if (!err->rc) cohorts_add_customers(cohorts, &count);
    if (!err->rc) cohorts_sum_up(cohorts, &count);
}

const CohortsGroup *cohorts_of_row(const Cohorts *cohorts, int64_t row, const CohortsGroup *near) {
    if (near && row >= near->first_row && row < near->first_row + near->n_begun) return near;
    int64_t low = 0, high = cohorts->n_groups - 1;
    while (low < high) {
        int64_t middle = high - (high - low) / 2;
        if (cohorts->groups[middle].first_row <= row) low = middle;
        else high = middle - 1;
    }
    return &cohorts->groups[low];
}
