/* auditshape.c - see auditshape.h. */
#include "data/auditshape.h"

#include "base/libm.h"
#include "math/sum.h"
#include "model/gammagamma.h"
#include "stat/correlation.h"
#include "stat/order.h"

/* ---- Days ---- */

void auditshape_add_day(Auditdays *days, Arena *arena, Err *err, Day day) {
    int32_t at = day - CIVIL_DAY_MIN;
    int64_t **block = &days->blocks[at / AUDITSHAPE_BLOCK];
    if (!*block) *block = arena_alloc(arena, err, AUDITSHAPE_BLOCK, sizeof(**block));
    if (*block) (*block)[at % AUDITSHAPE_BLOCK]++;
}

static int64_t auditshape_rows_on(const Auditdays *days, int32_t at) {
    const int64_t *block = days->blocks[at / AUDITSHAPE_BLOCK];
    return block ? block[at % AUDITSHAPE_BLOCK] : 0;
}

/* The days with rows, ascending. */
typedef struct AuditshapeDays {
    Day *day;
    int64_t *rows;
    int64_t n, n_rows;
} AuditshapeDays;

/* Lists the days, or only counts them while list->day is NULL. */
static void auditshape_walk_days(const Auditdays *days, AuditshapeDays *list) {
    list->n = list->n_rows = 0;
    for (int32_t b = 0; b < AUDITSHAPE_BLOCKS; b++) {
        if (!days->blocks[b]) continue;
        for (int32_t at = b * AUDITSHAPE_BLOCK; at < (b + 1) * AUDITSHAPE_BLOCK; at++) {
            int64_t rows = auditshape_rows_on(days, at);
            if (rows == 0) continue;
            if (list->day) {
                list->day[list->n] = at + CIVIL_DAY_MIN;
                list->rows[list->n] = rows;
            }
            list->n++;
            list->n_rows += rows;
        }
    }
}

static AuditshapeDays auditshape_list_days(const Auditdays *days, Arena *arena, Err *err) {
    AuditshapeDays list = {0};
    auditshape_walk_days(days, &list);
    list.rows = arena_alloc_raw(arena, err, list.n, sizeof(*list.rows));
    list.day = arena_alloc_raw(arena, err, list.n, sizeof(*list.day));
    if (err->rc) return (AuditshapeDays){0};
    auditshape_walk_days(days, &list);
    return list;
}

static int64_t auditshape_rows_between(const AuditshapeDays *days, Day first, Day last) {
    int64_t rows = 0;
    for (int64_t i = 0; i < days->n; i++)
        if (days->day[i] >= first && days->day[i] <= last) rows += days->rows[i];
    return rows;
}

/* ---- The tail ---- */

/* How many of the days stand before the earliest gap that leaves few enough rows behind it; all without one. */
static int64_t auditshape_body(const AuditshapeDays *days) {
    int64_t behind = 0, body = days->n, most = days->n_rows / AUDITSHAPE_TAIL_PARTS;
    if (days->n_rows < AUDITSHAPE_TAIL_ROWS_MIN) return body;
    if (most < 1) most = 1;
    for (int64_t i = days->n - 1; i > 0; i--) {
        behind += days->rows[i];
        if (behind > most) break;
        if (days->day[i] - days->day[i - 1] > AUDITSHAPE_TAIL_DAYS) body = i;
    }
    return body;
}

static const char *auditshape_day_text(Findings *findings, Day day, const char *format) {
    char text[11];
    civil_print(findings->calendar, day, text);
    return arena_printf(findings->arena, findings->err, format, text);
}

/* ---- Holes ---- */

/* The gap in days that 9 in 10 stay within. */
static Day auditshape_usual_gap(const AuditshapeDays *days, int64_t body, Arena *arena, Err *err) {
    Day longest = 0, gap = 0;
    for (int64_t i = 1; i < body; i++)
        if (days->day[i] - days->day[i - 1] > longest) longest = days->day[i] - days->day[i - 1];
    int64_t *count = arena_alloc(arena, err, longest + 1, sizeof(*count)), within = 0;
    if (!count) return 0;
    for (int64_t i = 1; i < body; i++) count[days->day[i] - days->day[i - 1]]++;
    while (gap < longest && within * 10 < (body - 1) * 9) within += count[++gap];
    return gap;
}

static void auditshape_judge_holes(Auditshape *shape, const AuditshapeDays *days, int64_t body, Arena *scratch,
                                   Findings *findings) {
    int64_t empty = 0;
    if (body - 1 < AUDITSHAPE_GAPS_MIN) {
        finding_skip(findings, FINDING_HOLES, FINDING_HOLES, "there are too few days with orders");
        return;
    }
    Day usual = auditshape_usual_gap(days, body, scratch, findings->err);
    shape->hole_first = 0;
    shape->hole_last = -1;
    for (int64_t i = 1; i < body; i++) {
        Day gap = days->day[i] - days->day[i - 1];
        if (gap - 1 < AUDITSHAPE_HOLE_DAYS || gap <= AUDITSHAPE_HOLE_FACTOR * usual) continue;
        empty += gap - 1;
        if (gap - 2 <= shape->hole_last - shape->hole_first) continue;
        shape->hole_first = days->day[i - 1] + 1;
        shape->hole_last = days->day[i] - 1;
    }
    const char *example = NULL;
    if (empty > 0)
        example = arena_printf(findings->arena, findings->err, "%s, %d days",
                               auditshape_day_text(findings, shape->hole_first, "from %s on"),
                               shape->hole_last - shape->hole_first + 1);
    finding_set(findings, FINDING_HOLES, empty, FINDING_UNCOUNTED, example);
    findings->list[FINDING_HOLES].of = shape->last - shape->first + 1;
}

/* ---- Customers ---- */

/* One pass over the book. */
typedef struct AuditshapeTally {
    const Auditshape *shape;
    const Period *period;
    Day as_of, end;                   /* end: the last of the days that count, a tail's included */
    Day first_end, last_start;        /* the first period's last day, the last period's first one */
    int32_t index;                    /* of the first period */
    int32_t *fresh;                   /* customers by the period of their first purchase */
    int32_t n_periods;
    int64_t in_first, in_last, in_tail;
    int64_t refund_rows, refunds, same_day_rows, same_day;
    const MapKey *refunds_key, *same_day_key; /* the smallest of these */
    int64_t rows, rows_most;
    Sum sum;
    double sum_most;
    const MapKey *rows_key, *sum_key;
    int64_t sum_key_rows;
    Correlation correlation;
    int64_t n_repeat, repeat_rows;
} AuditshapeTally;

static void auditshape_keep_smallest(const MapKey **kept, const MapKey *key) {
    if (!*kept || map_compare(key, *kept) < 0) *kept = key;
}

/* True when the value is the largest so far; of equal ones that of the smallest key stays. */
static bool auditshape_is_largest(double value, double largest, const MapKey *key, const MapKey *kept) {
    return value > largest || (kept && value == largest && map_compare(key, kept) < 0);
}

static void auditshape_tally_rows(AuditshapeTally *tally, const MapKey *key, int64_t rows, int64_t same_day,
                                  double total, bool purchase) {
    if (rows > 0 && !purchase) {
        tally->refund_rows += rows;
        tally->refunds++;
        auditshape_keep_smallest(&tally->refunds_key, key);
    }
    if (same_day > 0) {
        tally->same_day_rows += same_day;
        tally->same_day++;
        auditshape_keep_smallest(&tally->same_day_key, key);
    }
    tally->rows += rows;
    if (rows > 0 && auditshape_is_largest((double)rows, (double)tally->rows_most, key, tally->rows_key)) {
        tally->rows_most = rows;
        tally->rows_key = key;
    }
    if (!(total > 0)) return;
    sum_add(&tally->sum, total);
    if (!auditshape_is_largest(total, tally->sum_most, key, tally->sum_key)) return;
    tally->sum_most = total;
    tally->sum_key = key;
    tally->sum_key_rows = rows;
}

/* A customer's purchases between the first and last of the days that count. */
static void auditshape_tally_days(AuditshapeTally *tally, const BookCustomer *customer) {
    const Auditshape *shape = tally->shape;
    int64_t first = 0, end = customer->n_days;
    while (first < end && customer->days[first] < shape->first) first++;
    while (end > first && customer->days[end - 1] > tally->end) end--;
    tally->in_tail += end > first && customer->days[end - 1] >= shape->tail;
    while (end > first && customer->days[end - 1] > shape->last) end--;
    if (first == end) return;
    Day fresh = customer->days[first];
    tally->in_first += fresh <= tally->first_end;
    tally->in_last += customer->days[end - 1] >= tally->last_start;
    tally->fresh[period_index(tally->period, fresh) - tally->index]++;
}

static void auditshape_tally_spend(AuditshapeTally *tally, const BookCustomer *customer, int64_t rows) {
    if (customer->n_days < 2) return;
    double mean = customer->sums.repeats / (double)(customer->n_days - 1);
    if (!(mean > 0) || isinf(mean)) return;
    correlation_add(&tally->correlation, (double)(customer->n_days - 1), mean);
    tally->n_repeat++;
    tally->repeat_rows += rows;
}

static void auditshape_tally(AuditshapeTally *tally, const Book *book, const Poll *poll) {
    for (int64_t c = 0; c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        const BookPage *page = &book->pages[c / LEDGER_PAGE_CUSTOMERS];
        int64_t local = c % LEDGER_PAGE_CUSTOMERS, rows = page->rows[local];
        auditshape_tally_rows(tally, book_customer_id(book, c), rows, page->same_day[local], customer.total,
                              customer.n_days > 0);
        if (tally->fresh) auditshape_tally_days(tally, &customer);
        auditshape_tally_spend(tally, &customer, rows);
        if (local == 0 && poll_stop(poll)) return;
    }
}

/* ---- Findings ---- */

static void auditshape_judge_outsized(Auditshape *shape, const AuditshapeTally *tally, const Book *book,
                                      Findings *findings) {
    double least = book->n_customers ? (double)AUDITSHAPE_OUTSIZED_FACTOR / (double)book->n_customers : 1;
    if (least < AUDITSHAPE_OUTSIZED_SHARE) least = AUDITSHAPE_OUTSIZED_SHARE;
    double of_rows = tally->rows ? (double)tally->rows_most / (double)tally->rows : 0;
    double of_sum = tally->sum_key ? tally->sum_most / sum_value(&tally->sum) : 0;
    bool by_sum = of_sum > of_rows;
    double share = by_sum ? of_sum : of_rows;
    finding_set(findings, FINDING_OUTSIZED, 0, 0, NULL);
    if (!(share >= least)) return;
    shape->outsized = by_sum ? tally->sum_key : tally->rows_key;
    finding_set(findings, FINDING_OUTSIZED, by_sum ? tally->sum_key_rows : tally->rows_most, 1,
                arena_printf(findings->arena, findings->err, "customer %s: %.0f %% of the %s",
                             finding_shown_key(findings->arena, findings->err, shape->outsized), 100 * share,
                             by_sum ? "amount" : "rows"));
}

static const char *auditshape_customer(Findings *findings, const MapKey *key) {
    if (!key) return NULL;
    return arena_printf(findings->arena, findings->err, "customer %s",
                        finding_shown_key(findings->arena, findings->err, key));
}

static void auditshape_judge_refunds(const AuditshapeTally *tally, Findings *findings) {
    if (!findings->list[FINDING_CUSTOMER_REFUNDS].unchecked)
        finding_set(findings, FINDING_CUSTOMER_REFUNDS, tally->refund_rows, tally->refunds,
                    auditshape_customer(findings, tally->refunds_key));
    finding_set(findings, FINDING_SAME_DAY, tally->same_day_rows, tally->same_day,
                auditshape_customer(findings, tally->same_day_key));
}

/* Correlation is rounded first, since its last digits depend on the order of the customers. */
static void auditshape_judge_correlation(Auditshape *shape, const AuditshapeTally *tally, Findings *findings) {
    double r = floor(correlation_r(&tally->correlation) * 1e9 + 0.5) / 1e9;
    shape->correlation = r;
    if (tally->n_repeat < AUDITSHAPE_REPEAT_MIN || !isfinite(r)) {
        finding_skip(findings, FINDING_CORRELATION, FINDING_CORRELATION,
                     "there are fewer than 30 repeat customers with amounts");
        return;
    }
    bool found = fabs(r) > GAMMAGAMMA_CORRELATION_MAX;
    finding_set(findings, FINDING_CORRELATION, found ? tally->repeat_rows : 0, found ? tally->n_repeat : 0,
                arena_printf(findings->arena, findings->err, "r = %.2f", r));
}

static void auditshape_judge_fresh(const AuditshapeTally *tally, int32_t n_complete, int64_t rows_first, Arena *scratch,
                                   Findings *findings) {
    if (n_complete < AUDITSHAPE_PERIODS_MIN) {
        finding_skip(findings, FINDING_LEFT_TRUNCATION, FINDING_LEFT_TRUNCATION, "there are too few complete periods");
        return;
    }
    int32_t *later = arena_alloc_raw(scratch, findings->err, n_complete, sizeof(*later)), first = tally->fresh[0];
    if (!later) return;
    for (int32_t i = 1; i < n_complete; i++) later[i - 1] = tally->fresh[i];
    double median = order_median_ints(later, n_complete - 1);
    double most = fmax(median, tally->fresh[1]);
    bool found = first >= AUDITSHAPE_NEW_MIN && first > AUDITSHAPE_NEW_FACTOR * most;
    finding_set(findings, FINDING_LEFT_TRUNCATION, found ? rows_first : 0, found ? first : 0,
                arena_printf(findings->arena, findings->err, "%d new at first, then about %.15g", first, median));
}

/* The checks that count periods; the book has passed through tally. */
static void auditshape_judge_periods(Auditshape *shape, const AuditshapeTally *tally, const AuditshapeDays *days,
                                     Arena *scratch, Findings *findings) {
    const Period *period = tally->period;
    Day first_start = period_start(period, tally->index);
    int32_t last = period_index(period, tally->as_of);
    bool complete = period_start(period, last + 1) - 1 <= tally->as_of;
    int64_t rows_first = auditshape_rows_between(days, shape->first, tally->first_end);
    int64_t rows_last = auditshape_rows_between(days, tally->last_start, shape->last);
    bool late = shape->first > first_start;
    shape->first_period = first_start;
    shape->last_complete = complete ? period_start(period, last + 1) - 1 : period_start(period, last) - 1;
    finding_set(findings, FINDING_PERIOD_FIRST, late ? rows_first : 0, late ? tally->in_first : 0,
                auditshape_day_text(findings, shape->first, "begins on %s"));
    finding_set(findings, FINDING_PERIOD_LAST, complete ? 0 : rows_last, complete ? 0 : tally->in_last,
                auditshape_day_text(findings, tally->as_of, "ends on %s"));
    auditshape_judge_fresh(tally, last - tally->index + complete, rows_first, scratch, findings);
}

static void auditshape_judge_tail(const AuditshapeTally *tally, const AuditshapeDays *days, int64_t body,
                                  Findings *findings) {
    int64_t rows = 0;
    for (int64_t i = body; i < days->n; i++) rows += days->rows[i];
    finding_set(findings, FINDING_DATE_FUTURE, rows, tally->in_tail,
                rows ? auditshape_day_text(findings, days->day[days->n - 1], "%s") : NULL);
}

/* Bounds of the days that count, and of the periods at their ends. */
static void auditshape_bound(Auditshape *shape, AuditshapeTally *tally, const AuditshapeDays *days, int64_t body,
                             Period *period, Day as_of, Arena *arena, Err *err) {
    shape->first = days->day[0];
    shape->last = days->day[body - 1];
    if (body < days->n) shape->tail = days->day[body];
    tally->end = days->day[days->n - 1];
    tally->as_of = as_of == LEDGER_NO_AS_OF ? shape->last : as_of;
    period->anchor = shape->first;
    tally->index = period_index(period, shape->first);
    tally->n_periods = period_index(period, tally->as_of) - tally->index + 1;
    tally->first_end = period_start(period, tally->index + 1) - 1;
    tally->last_start = period_start(period, period_index(period, tally->as_of));
    tally->fresh = arena_alloc(arena, err, tally->n_periods, sizeof(*tally->fresh));
}

void auditshape_judge(Auditshape *shape, const Auditdays *days, const Book *book, Period period, Day as_of,
                      Findings *findings, const Poll *poll) {
    Err *err = findings->err;
    Arena scratch = {0};
    AuditshapeTally tally = {.shape = shape, .period = &period};
    *shape = (Auditshape){.last = -1, .tail = LEDGER_NO_AS_OF, .hole_last = -1};
    AuditshapeDays list = auditshape_list_days(days, &scratch, err);
    int64_t body = as_of == LEDGER_NO_AS_OF ? auditshape_body(&list) : list.n;
    if (!err->rc && body > 0) auditshape_bound(shape, &tally, &list, body, &period, as_of, &scratch, err);
    if (!err->rc) auditshape_tally(&tally, book, poll);
    if (!err->rc) {
        auditshape_judge_refunds(&tally, findings);
        auditshape_judge_outsized(shape, &tally, book, findings);
        auditshape_judge_correlation(shape, &tally, findings);
    }
    if (!err->rc && body > 0) {
        if (as_of == LEDGER_NO_AS_OF) auditshape_judge_tail(&tally, &list, body, findings);
        auditshape_judge_holes(shape, &list, body, &scratch, findings);
        auditshape_judge_periods(shape, &tally, &list, &scratch, findings);
    } else if (!err->rc) {
        finding_skip(findings, FINDING_PERIOD_FIRST, FINDING_LEFT_TRUNCATION, "there is no date from 1990 on");
    }
    arena_free(&scratch);
}
