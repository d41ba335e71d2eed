/* book.c - see book.h. */
#include "data/book.h"

#include <string.h>

#include "base/libm.h"

/* One row of a page on its way to a purchase day. */
typedef struct BookRow {
    Day day;
    int32_t amount; /* as the ledger codes it */
    uint32_t at;    /* its place in marks */
} BookRow;

typedef struct BookBuilder {
    Book *book;
    Ledger *ledger;
    BookNeeds needs;
    BookRow *rows;       /* of the present page, by customer */
    uint32_t *marks;     /* codes beside rows as the log has them; NULL unless rows have segments */
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
    for (const LedgerChunk *chunk = page->head; chunk; chunk = chunk->next) {
        if (chunk->next) MAP_PREFETCH(chunk->next);
        for (uint32_t i = 0; i < chunk->n; i++) first[book_chunk_customer(chunk, i) + 2]++;
    }
    for (int c = 0; c < LEDGER_PAGE_CUSTOMERS; c++) first[c + 2] += first[c + 1];
    for (const LedgerChunk *chunk = page->head; chunk; chunk = chunk->next) {
        for (uint32_t i = 0; i < chunk->n; i++)
            builder->rows[first[book_chunk_customer(chunk, i) + 1]++] =
                (BookRow){.day = (Day)(chunk->entries[i].key & LEDGER_DAY_MASK) + CIVIL_DAY_MIN,
                          .amount = chunk->entries[i].amount,
                          .at = at + i};
        if (builder->marks) memcpy(builder->marks + at, chunk->marks, chunk->n * sizeof(*builder->marks));
        at += chunk->n;
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
    bool marked = builder->ledger->options.segments, netted = builder->needs.amounts;
    book_free_rows(builder);
    builder->rows = sqlite3_malloc64((sqlite3_uint64)n * sizeof(BookRow));
    builder->days = sqlite3_malloc64((sqlite3_uint64)n * sizeof(Day));
    if (marked) builder->marks = sqlite3_malloc64((sqlite3_uint64)n * sizeof(uint32_t));
    if (netted) builder->nets = sqlite3_malloc64((sqlite3_uint64)n * sizeof(double));
    if (!builder->rows || !builder->days || (marked && !builder->marks) || (netted && !builder->nets))
        return false;
    builder->rows_max = n;
    return true;
}

static void book_load_page(BookBuilder *builder, LedgerPage *page) {
    Err *err = builder->ledger->err;
    int64_t n_rows = 0;
    for (const LedgerChunk *chunk = page->head; chunk; chunk = chunk->next) n_rows += chunk->n;
    if (n_rows > UINT32_MAX || (n_rows > builder->rows_max && !book_grow_rows(builder, n_rows))) {
        err_nomem(err);
        return;
    }
    book_place_rows(builder, page);
}

/* ---- A customer's rows, by day ---- */

static double book_amount(const BookBuilder *builder, const BookRow *row) {
    return ledger_amount(builder->ledger, row->amount);
}

static bool book_row_before(const BookBuilder *builder, const BookRow *a, const BookRow *b) {
    return a->day != b->day ? a->day < b->day : book_amount(builder, a) < book_amount(builder, b);
}

/* Shell sort with Ciura's gaps (2001), continued by 2.25: no memory, no recursion. */
static void book_sort_rows(const BookBuilder *builder, BookRow *rows, int64_t n) {
    static const int64_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};
    int64_t gap = n < 5 ? 1 : 1636;
    while (gap < n / 3) gap = gap * 9 / 4;
    for (size_t g = 0; gap > 0;) {
        for (int64_t i = gap; i < n; i++) {
            BookRow row = rows[i];
            int64_t at = i;
            for (; at >= gap && book_row_before(builder, &row, &rows[at - gap]); at -= gap)
                rows[at] = rows[at - gap];
            rows[at] = row;
        }
        if (gap > 1636) gap = gap * 4 / 9 < 1636 ? 1636 : gap * 4 / 9;
        else gap = gap > 1 && g < sizeof(gaps) / sizeof(gaps[0]) ? gaps[g++] : 0;
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
    LedgerMark best = {.segment = BOOK_NO_SEGMENT};
    for (int64_t i = 0; i < n; i++) {
        LedgerMark mark = ledger_mark(builder->ledger, builder->marks[rows[i].at]);
        if (book_amount(builder, &rows[i]) >= 0 &&
            (best.segment == BOOK_NO_SEGMENT || book_segment_better(builder, &mark, &best)))
            best = mark;
    }
    return best.segment;
}

typedef struct BookDay {
    double net;
    bool purchase;
    uint32_t n_orders; /* rows of 0 or more */
} BookDay;

static BookDay book_judge_day(const BookBuilder *builder, const BookRow *rows, int64_t n) {
    double net = 0, turnover = 0;
    uint32_t n_orders = 0;
    for (int64_t i = 0; i < n; i++) {
        double amount = book_amount(builder, &rows[i]);
        net += amount;
        turnover += fabs(amount);
        n_orders += amount >= 0;
    }
    bool nothing = fabs(net) <= BOOK_NET_EPSILON * turnover;
    return (BookDay){.net = nothing ? 0 : net, .purchase = turnover == 0 || (!nothing && net > 0),
                     .n_orders = n_orders};
}

/* Where a customer's purchase days go. */
typedef struct BookOutput {
    Day *days;
    double *nets;      /* NULL unless amounts are needed */
    double total;      /* net of all rows, purchase or not; true only where totals are needed */
    BookSums sums;
    uint32_t same_day; /* rows of 0 or more beyond the first of their day */
    uint32_t segment;
} BookOutput;

static bool book_in_order(const BookRow *rows, int64_t n) {
    for (int64_t i = 1; i < n; i++)
        if (rows[i].day < rows[i - 1].day) return false;
    return true;
}

/* Above 0, told by the code alone. */
static bool book_is_plain(const BookRow *row) {
    return row->amount > 0 && row->amount < LEDGER_EXACT;
}

/* The purchase days of a customer's rows, which are sorted on the way; returns their number.  Most days
 * are a single row above 0, which is a purchase as it stands. */
static int64_t book_merge_days(const BookBuilder *builder, BookRow *rows, int64_t n, BookOutput *out) {
    int64_t n_days = 0;
    bool netted = builder->needs.totals || builder->needs.amounts;
    if (!book_in_order(rows, n)) book_sort_rows(builder, rows, n);
    for (int64_t i = 0, end; i < n; i = end) {
        Day day = rows[i].day;
        bool plain = book_is_plain(&rows[i]);
        for (end = i + 1; end < n && rows[end].day == day; end++)
            plain = plain && !netted && book_is_plain(&rows[end]);
        BookDay judged = {.purchase = true, .n_orders = (uint32_t)(end - i)};
        if (!plain) {
            book_sort_rows(builder, rows + i, end - i);
            judged = book_judge_day(builder, rows + i, end - i);
        } else if (netted) {
            judged.net = book_amount(builder, &rows[i]);
        }
        out->total += judged.net;
        if (judged.n_orders > 1) out->same_day += judged.n_orders - 1;
        if (!judged.purchase) continue;
        out->sums.all += judged.net;
        if (n_days > 0) out->sums.repeats += judged.net;
        if (out->nets) out->nets[n_days] = judged.net;
        if (builder->marks && (n_days == 0 || builder->needs.segment_last))
            out->segment = book_day_segment(builder, rows + i, end - i);
        out->days[n_days++] = day;
    }
    return n_days;
}

/* ---- A page of the book ---- */

static bool book_alloc_page(BookBuilder *builder, BookPage *page, int64_t n_customers) {
    Arena *arena = builder->ledger->arena;
    Err *err = builder->ledger->err;
    page->first = arena_alloc_raw(arena, err, n_customers + 1, sizeof(*page->first));
    if (builder->needs.totals) page->totals = arena_alloc_raw(arena, err, n_customers, sizeof(*page->totals));
    if (builder->needs.sums) page->sums = arena_alloc_raw(arena, err, n_customers, sizeof(*page->sums));
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
        BookOutput out = {.days = builder->days + n_days,
                          .nets = builder->nets ? builder->nets + n_days : NULL,
                          .segment = BOOK_NO_SEGMENT};
        int64_t n = book_merge_days(builder, rows, n_rows, &out);
        page->first[c] = n_days;
        n_days += (uint32_t)n;
        if (page->totals) page->totals[c] = out.total;
        if (page->sums) page->sums[c] = out.sums;
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
    builder.needs.totals = (needs.totals || needs.sums) && ledger->options.amounts;
    builder.needs.sums = needs.sums && ledger->options.amounts;
    builder.needs.amounts = needs.amounts && ledger->options.amounts;
    for (int64_t p = 0; p < n_pages && !err->rc; p++) {
        int64_t rest = book->n_customers - p * LEDGER_PAGE_CUSTOMERS;
        book_build_page(&builder, &book->pages[p], &ledger->pages[p],
                        rest < LEDGER_PAGE_CUSTOMERS ? rest : LEDGER_PAGE_CUSTOMERS);
        if (poll_stop(poll)) err_set(err, SQLITE_INTERRUPT, "interrupted");
    }
    book_free_rows(&builder);
}
