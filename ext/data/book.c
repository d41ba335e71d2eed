/* book.c - see book.h. */
#include "data/book.h"

#include <string.h>

#include "base/libm.h"

/* One row of a page on its way to a purchase day. */
typedef struct BookRow {
    double amount;
    Day day;
    uint32_t at; /* its place in marks */
} BookRow;

typedef struct BookBuilder {
    Book *book;
    Ledger *ledger;
    BookNeeds needs;
    BookRow *rows;       /* of the present page, by customer */
    LedgerMark *marks;   /* beside rows as the log has them; NULL unless rows have segments */
    Day *days;           /* purchase days of the present page ... */
    double *nets;        /* ... and their net amounts */
    int64_t rows_max;    /* room in each of these */
    uint32_t *first;     /* offsets into rows by customer; see book_place_rows */
} BookBuilder;

/* ---- A page's rows, by customer ---- */

static uint32_t book_chunk_customer(const LedgerChunk *chunk, uint32_t i) {
    return chunk->entries[i].key >> LEDGER_DAY_BITS;
}

/* Counting sort.  While rows are placed, first[c + 1] is the next free place of customer c; when all are,
 * it is where customer c + 1 begins. */
static void book_place_rows(BookBuilder *builder, const LedgerPage *page) {
    uint32_t *first = builder->first, at = 0;
    memset(first, 0, (LEDGER_PAGE_CUSTOMERS + 2) * sizeof(*first));
    for (const LedgerChunk *chunk = page->head; chunk; chunk = chunk->next)
        for (uint32_t i = 0; i < chunk->n; i++) first[book_chunk_customer(chunk, i) + 2]++;
    for (int c = 0; c < LEDGER_PAGE_CUSTOMERS; c++) first[c + 2] += first[c + 1];
    for (const LedgerChunk *chunk = page->head; chunk; chunk = chunk->next)
        for (uint32_t i = 0; i < chunk->n; i++) {
            BookRow *row = &builder->rows[first[book_chunk_customer(chunk, i) + 1]++];
            row->day = (Day)(chunk->entries[i].key & LEDGER_DAY_MASK) + CIVIL_DAY_MIN;
            row->amount = ledger_amount(builder->ledger, chunk->entries[i]);
            if (!builder->marks) continue;
            row->at = at;
            builder->marks[at++] = chunk->marks[i];
        }
}

static void book_free_rows(BookBuilder *builder) {
    sqlite3_free(builder->rows);
    sqlite3_free(builder->marks);
    sqlite3_free(builder->days);
    sqlite3_free(builder->nets);
    builder->rows = NULL;
    builder->marks = NULL;
    builder->days = NULL;
    builder->nets = NULL;
    builder->rows_max = 0;
}

/* Room for n rows; what was there is gone.  False without memory. */
static bool book_grow_rows(BookBuilder *builder, int64_t n) {
    bool marked = builder->ledger->options.segments;
    book_free_rows(builder);
    builder->rows = sqlite3_malloc64((sqlite3_uint64)n * sizeof(BookRow));
    if (marked) builder->marks = sqlite3_malloc64((sqlite3_uint64)n * sizeof(LedgerMark));
    builder->days = sqlite3_malloc64((sqlite3_uint64)n * sizeof(Day));
    builder->nets = sqlite3_malloc64((sqlite3_uint64)n * sizeof(double));
    if (!builder->rows || !builder->days || !builder->nets || (marked && !builder->marks)) return false;
    builder->rows_max = n;
    return true;
}

static void book_load_page(BookBuilder *builder, LedgerPage *page) {
    Err *err = builder->ledger->err;
    if (page->n_rows > UINT32_MAX) {
        err_nomem(err);
        return;
    }
    if (page->n_rows > builder->rows_max && !book_grow_rows(builder, page->n_rows)) {
        err_nomem(err);
        return;
    }
    book_place_rows(builder, page);
}

/* ---- A customer's rows, by day ---- */

static bool book_row_before(const BookRow *a, const BookRow *b) {
    return a->day != b->day ? a->day < b->day : a->amount < b->amount;
}

/* Shell sort with Ciura's gaps (2001), continued by 2.25: no memory, no recursion, and nothing to do but
 * one pass for rows that came in order, as they mostly do. */
static void book_sort_rows(BookRow *rows, int64_t n) {
    static const int64_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};
    int64_t gap = 1636;
    while (gap < n / 3) gap = gap * 9 / 4;
    for (size_t g = 0; gap > 0;) {
        for (int64_t i = gap; i < n; i++) {
            BookRow row = rows[i];
            int64_t at = i;
            for (; at >= gap && book_row_before(&row, &rows[at - gap]); at -= gap)
                rows[at] = rows[at - gap];
            rows[at] = row;
        }
        if (gap > 1636) gap = gap * 4 / 9 < 1636 ? 1636 : gap * 4 / 9;
        else gap = g < sizeof(gaps) / sizeof(gaps[0]) ? gaps[g++] : 0;
    }
}

/* The better of two rows of one day to take the segment from: the earlier (later, for segment_last), of
 * two at the same second the smaller value. */
static bool book_segment_better(const BookBuilder *builder, const LedgerMark *mark,
                                const LedgerMark *best) {
    if (mark->second != best->second)
        return (mark->second < best->second) != builder->needs.segment_last;
    const Map *segments = &builder->ledger->segments;
    return map_compare(map_key(segments, mark->segment), map_key(segments, best->segment)) < 0;
}

static uint32_t book_day_segment(const BookBuilder *builder, const BookRow *rows, int64_t n) {
    const LedgerMark *best = NULL;
    for (int64_t i = 0; i < n; i++) {
        const LedgerMark *mark = &builder->marks[rows[i].at];
        if (rows[i].amount >= 0 && (!best || book_segment_better(builder, mark, best))) best = mark;
    }
    return best ? best->segment : BOOK_NO_SEGMENT;
}

typedef struct BookDay {
    double net;
    bool purchase;
    uint32_t n_orders; /* rows of 0 or more */
} BookDay;

static BookDay book_judge_day(const BookRow *rows, int64_t n) {
    double net = 0, turnover = 0;
    uint32_t n_orders = 0;
    for (int64_t i = 0; i < n; i++) {
        net += rows[i].amount;
        turnover += fabs(rows[i].amount);
        n_orders += rows[i].amount >= 0;
    }
    bool nothing = fabs(net) <= BOOK_NET_EPSILON * turnover;
    return (BookDay){.net = nothing ? 0 : net, .purchase = turnover == 0 || (!nothing && net > 0),
                     .n_orders = n_orders};
}

/* Where a customer's purchase days go. */
typedef struct BookOutput {
    Day *days;
    double *nets;
    double total;      /* net of all rows, purchase or not */
    uint32_t same_day; /* rows of 0 or more beyond the first of their day */
    uint32_t segment;
} BookOutput;

/* Rows that are purchase days already, as most are: one row a day, in order, each above 0.  -1 for others,
 * with out overwritten. */
static int64_t book_take_days(const BookBuilder *builder, const BookRow *rows, int64_t n, BookOutput *out) {
    if (builder->ledger->options.segments || !builder->ledger->options.amounts) return -1;
    for (int64_t i = 0; i < n; i++) {
        if (!(rows[i].amount > 0) || (i > 0 && rows[i].day <= rows[i - 1].day)) return -1;
        out->days[i] = rows[i].day;
        out->nets[i] = rows[i].amount;
        out->total += rows[i].amount;
    }
    return n;
}

/* Any rows, sorted on the way; returns the number of purchase days. */
static int64_t book_merge_days(const BookBuilder *builder, BookRow *rows, int64_t n, BookOutput *out) {
    int64_t n_days = 0;
    out->total = 0;
    book_sort_rows(rows, n);
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && rows[end].day == rows[i].day;) end++;
        BookDay day = book_judge_day(rows + i, end - i);
        out->total += day.net;
        if (day.n_orders > 1) out->same_day += day.n_orders - 1;
        if (!day.purchase) continue;
        if (builder->ledger->options.segments && (n_days == 0 || builder->needs.segment_last))
            out->segment = book_day_segment(builder, rows + i, end - i);
        out->days[n_days] = rows[i].day;
        out->nets[n_days++] = day.net;
    }
    return n_days;
}

/* ---- A page of the book ---- */

static bool book_alloc_page(BookBuilder *builder, BookPage *page, int64_t n_customers) {
    Arena *arena = builder->ledger->arena;
    Err *err = builder->ledger->err;
    page->first = arena_alloc_raw(arena, err, n_customers + 1, sizeof(*page->first));
    if (builder->needs.amounts)
        page->totals = arena_alloc_raw(arena, err, n_customers, sizeof(*page->totals));
    if (builder->needs.rows) {
        page->rows = arena_alloc_raw(arena, err, n_customers, sizeof(*page->rows));
        page->same_day = arena_alloc_raw(arena, err, n_customers, sizeof(*page->same_day));
    }
    if (builder->ledger->options.segments)
        page->segments = arena_alloc_raw(arena, err, n_customers, sizeof(*page->segments));
    return !err->rc;
}

/* Moves the page's purchase days to memory of their own size. */
static void book_keep_days(BookBuilder *builder, BookPage *page, int64_t n_days) {
    Arena *arena = builder->ledger->arena;
    Err *err = builder->ledger->err;
    page->days = arena_alloc_raw(arena, err, n_days, sizeof(Day));
    if (builder->needs.amounts) page->amounts = arena_alloc_raw(arena, err, n_days, sizeof(double));
    if (err->rc || n_days == 0) return;
    memcpy(page->days, builder->days, (size_t)n_days * sizeof(Day));
    if (page->amounts) memcpy(page->amounts, builder->nets, (size_t)n_days * sizeof(double));
}

static void book_build_page(BookBuilder *builder, BookPage *page, LedgerPage *log,
                            int64_t n_customers) {
    Book *book = builder->book;
    if (!book_alloc_page(builder, page, n_customers)) return;
    book_load_page(builder, log);
    ledger_free_page(log);
    if (builder->ledger->err->rc) return;
    uint32_t n_days = 0;
    for (int64_t c = 0; c < n_customers; c++) {
        BookRow *rows = builder->rows + builder->first[c];
        int64_t n_rows = builder->first[c + 1] - builder->first[c];
        BookOutput out = {.days = builder->days + n_days, .nets = builder->nets + n_days,
                          .segment = BOOK_NO_SEGMENT};
        int64_t n = book_take_days(builder, rows, n_rows, &out);
        if (n < 0) n = book_merge_days(builder, rows, n_rows, &out);
        page->first[c] = n_days;
        n_days += (uint32_t)n;
        if (page->totals) page->totals[c] = out.total;
        if (page->segments) page->segments[c] = out.segment;
        if (page->rows) {
            page->rows[c] = (uint32_t)n_rows;
            page->same_day[c] = out.same_day;
        }
        if (n == 0) continue;
        if (book->n_buyers++ == 0 || out.days[0] < book->day_first) book->day_first = out.days[0];
    }
    page->first[n_customers] = n_days;
    book->n_purchase_days += n_days;
    book_keep_days(builder, page, n_days);
}

void book_build(Book *book, Ledger *ledger, BookNeeds needs, const Poll *poll) {
    Err *err = ledger->err;
    *book = (Book){.n_customers = ledger->customers.n_keys,
                   .as_of = ledger->options.as_of == LEDGER_NO_AS_OF ? ledger->day_max
                                                                     : ledger->options.as_of,
                   .has_amounts = ledger->options.amounts,
                   .rows_read = ledger->row.n_read,
                   .rows_skipped = ledger->row.n_skipped,
                   .rows_no_customer = ledger->n_no_customer};
    map_close(&ledger->customers);
    map_close(&ledger->segments);
    book->customers = ledger->customers;
    book->segments = ledger->segments;
    int64_t n_pages = (book->n_customers + LEDGER_PAGE_CUSTOMERS - 1) / LEDGER_PAGE_CUSTOMERS;
    book->pages = arena_alloc(ledger->arena, err, n_pages, sizeof(BookPage));
    BookBuilder builder = {.book = book, .ledger = ledger, .needs = needs};
    builder.first = arena_alloc(ledger->arena, err, LEDGER_PAGE_CUSTOMERS + 2, sizeof(uint32_t));
    builder.needs.amounts = needs.amounts && ledger->options.amounts;
    for (int64_t p = 0; p < n_pages && !err->rc; p++) {
        int64_t rest = book->n_customers - p * LEDGER_PAGE_CUSTOMERS;
        book_build_page(&builder, &book->pages[p], &ledger->pages[p],
                        rest < LEDGER_PAGE_CUSTOMERS ? rest : LEDGER_PAGE_CUSTOMERS);
        if (poll_stop(poll)) err_set(err, SQLITE_INTERRUPT, "interrupted");
    }
    book_free_rows(&builder);
}
