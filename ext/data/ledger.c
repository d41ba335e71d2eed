/* ledger.c - see ledger.h. */
#include "data/ledger.h"

#include <string.h>

enum {
    LEDGER_CHUNK_MIN = 16,
    LEDGER_CHUNK_MAX = 512,
    LEDGER_AHEAD = 8,
    LEDGER_PAGES_CACHED = 256 /* the ends of so many logs stay in a cache by themselves */
};

/* Where a row's values are; the segment comes last. */
enum { LEDGER_CUSTOMER, LEDGER_DATE, LEDGER_AMOUNT, LEDGER_ORDER };

void ledger_open(Ledger *ledger, Arena *arena, Err *err, LedgerOptions options, RowRules rules) {
    *ledger = (Ledger){.options = options, .arena = arena, .err = err, .day_max = CIVIL_DAY_MIN - 1};
    ledger->row = row_new(rules, err);
    ledger->customers = map_new(arena);
    ledger->customers.only_ids = options.only_counts;
    ledger->segments = map_new(arena);
    ledger->refund_orders = map_new(arena);
    ledger->batch = sqlite3_malloc64(sizeof(LedgerBatch));
    if (!ledger->batch) {
        err_nomem(err);
        return;
    }
    ledger->batch->n = 0;
    ledger->batch->bytes_used = 0;
}

/* ---- The log of a page ---- */

static void ledger_grow_page(Ledger *ledger, LedgerPage *page) {
    uint32_t max = !page->tail ? LEDGER_CHUNK_MIN
                   : page->tail->max < LEDGER_CHUNK_MAX ? page->tail->max * 2 : LEDGER_CHUNK_MAX;
    size_t row_size = sizeof(LedgerEntry) + (ledger->options.segments ? sizeof(uint32_t) : 0);
    LedgerChunk *chunk = sqlite3_malloc64(sizeof(*chunk) + max * row_size);
    if (!chunk) {
        err_nomem(ledger->err);
        return;
    }
    *chunk = (LedgerChunk){.max = max, .entries = (LedgerEntry *)(void *)(chunk + 1)};
    if (ledger->options.segments) chunk->marks = (uint32_t *)(void *)(chunk->entries + max);
    if (page->tail) page->tail->next = chunk;
    else page->head = chunk;
    page->tail = chunk;
}

/* Room for the pages of all customers that there are. */
static void ledger_grow_pages(Ledger *ledger) {
    int64_t n = (ledger->customers.n_keys + LEDGER_PAGE_CUSTOMERS - 1) / LEDGER_PAGE_CUSTOMERS;
    if (n <= ledger->pages_max) return;
    int64_t max = ledger->pages_max ? ledger->pages_max : 2;
    while (max < n) max *= 2;
    LedgerPage *pages = arena_alloc(ledger->arena, ledger->err, max, sizeof(*pages));
    if (!pages) return;
    if (ledger->pages_max) memcpy(pages, ledger->pages, (size_t)ledger->pages_max * sizeof(*pages));
    ledger->pages = pages;
    ledger->pages_max = max;
}

static int32_t ledger_spill_amount(Ledger *ledger, double amount) {
    uint64_t word;
    memcpy(&word, &amount, sizeof(word));
    return LEDGER_EXACT +
           (int32_t)spill_add(&ledger->exact, ledger->err, word, "amounts that are no whole hundredths");
}

/* The codes of amounts.  Dividing the hundredths by 100 gives the very same double back, which the first loop makes
 * sure of: apart from the rest, since the divisions of neighbouring rows then overlap. */
static void ledger_encode(Ledger *ledger, const double *amounts, int n, int32_t *codes) {
    for (int i = 0; i < n; i++) {
        double hundredths = amounts[i] * 100;
        bool near = hundredths < LEDGER_EXACT - 1 && hundredths > 1 - LEDGER_EXACT;
        int32_t code = near ? (int32_t)(hundredths < 0 ? hundredths - 0.5 : hundredths + 0.5) : 0;
        codes[i] = code / 100.0 == amounts[i] ? code : LEDGER_EXACT;
    }
    for (int i = 0; i < n && !ledger->err->rc; i++)
        if (codes[i] == LEDGER_EXACT) codes[i] = ledger_spill_amount(ledger, amounts[i]);
}

/* The code of a mark, which is spilled unless segment and second fit. */
static uint32_t ledger_encode_mark(Ledger *ledger, uint32_t segment, int32_t second) {
    if (segment < LEDGER_MARK_SEGMENTS) return (uint32_t)second * LEDGER_MARK_SEGMENTS + segment;
    uint64_t word = (uint64_t)segment << 32 | (uint32_t)second;
    return LEDGER_MARK_SPILLED +
           spill_add(&ledger->marks, ledger->err, word, "rows of segments beyond the first 16384");
}

LedgerMark ledger_mark(const Ledger *ledger, uint32_t code) {
    if (code < LEDGER_MARK_SPILLED)
        return (LedgerMark){.segment = code % LEDGER_MARK_SEGMENTS, .second = (int32_t)(code / LEDGER_MARK_SEGMENTS)};
    uint64_t word = spill_word(&ledger->marks, code - LEDGER_MARK_SPILLED);
    return (LedgerMark){.segment = (uint32_t)(word >> 32), .second = (int32_t)(uint32_t)word};
}

static inline LedgerEntry ledger_entry(uint32_t customer, Day day, int32_t code) {
    return (LedgerEntry){.key = customer % LEDGER_PAGE_CUSTOMERS << LEDGER_DAY_BITS |
                                (uint32_t)(day - CIVIL_DAY_MIN),
                         .amount = code};
}

/* Appends to the log of the customer's page, which must have been made; without memory err is set. */
static inline void ledger_append(Ledger *ledger, uint32_t customer, LedgerEntry entry,
                                 uint32_t mark) {
    LedgerPage *page = &ledger->pages[customer / LEDGER_PAGE_CUSTOMERS];
    if (!page->tail || page->tail->n == page->tail->max) {
        ledger_grow_page(ledger, page);
        if (ledger->err->rc) return;
    }
    LedgerChunk *chunk = page->tail;
    uint32_t i = chunk->n++;
    chunk->entries[i] = entry;
    if (chunk->marks) chunk->marks[i] = mark;
}

/* ---- Refunds that name their order ---- */

static void ledger_keep_refund(Ledger *ledger, uint32_t customer, MapProbe *order, Day day,
                               double amount) {
    if (ledger->n_refunds == ledger->refunds_max) {
        int64_t max = ledger->refunds_max ? ledger->refunds_max * 2 : 64;
        LedgerRefund *refunds =
            arena_alloc_raw(ledger->arena, ledger->err, max, sizeof(*refunds));
        if (!refunds) return;
        if (ledger->n_refunds)
            memcpy(refunds, ledger->refunds, (size_t)ledger->n_refunds * sizeof(*refunds));
        ledger->refunds = refunds;
        ledger->refunds_max = max;
    }
    uint32_t id = 0;
    map_intern(&ledger->refund_orders, ledger->err, order, 1, &id);
    ledger->refunds[ledger->n_refunds++] =
        (LedgerRefund){.customer = customer, .order = id, .day = day, .amount = amount};
}

static void ledger_prepare_orders(Ledger *ledger) {
    int64_t n = ledger->refund_orders.n_keys;
    if (ledger->order_days) return;
    ledger->order_days = arena_alloc_raw(ledger->arena, ledger->err, n, sizeof(Day));
    for (int64_t i = 0; ledger->order_days && i < n; i++) ledger->order_days[i] = LEDGER_NO_AS_OF;
}

void ledger_find_order(Ledger *ledger, sqlite3_value **values) {
    ledger_prepare_orders(ledger);
    MapProbe order;
    map_probe(&order, values[LEDGER_ORDER], ledger->err);
    if (ledger->err->rc || map_probe_is_empty(&order)) return;
    int64_t id = map_lookup(&ledger->refund_orders, &order);
    if (id < 0) return;
    Day day;
    int32_t second;
    double amount;
    int64_t n_skipped = ledger->row.n_skipped; /* counted in the first pass */
    bool readable = row_date(&ledger->row, values[LEDGER_DATE], &day, &second) &&
                    row_amount(&ledger->row, values[LEDGER_AMOUNT], &amount);
    ledger->row.n_skipped = n_skipped;
    if (readable && amount >= 0 && day < ledger->order_days[id]) ledger->order_days[id] = day;
}

void ledger_settle(Ledger *ledger) {
    for (int64_t i = 0; i < ledger->n_refunds && !ledger->err->rc; i++) {
        const LedgerRefund *refund = &ledger->refunds[i];
        Day day = ledger->order_days ? ledger->order_days[refund->order] : LEDGER_NO_AS_OF;
        int32_t code;
        ledger_encode(ledger, &refund->amount, 1, &code);
        ledger_append(ledger, refund->customer,
                      ledger_entry(refund->customer, day < refund->day ? day : refund->day, code), 0);
    }
}

/* ---- Batches ---- */

/* The logs of many pages do not fit a cache: the end of one that is written soon is requested now. */
static inline void ledger_request(const Ledger *ledger, uint32_t customer) {
    const LedgerChunk *tail = ledger->pages[customer / LEDGER_PAGE_CUSTOMERS].tail;
    if (!tail) return;
    MAP_PREFETCH(&tail->entries[tail->n]);
    if (tail->marks) MAP_PREFETCH(&tail->marks[tail->n]);
}

/* Sets a refund that names its order aside; false for any other row. */
static bool ledger_set_aside(Ledger *ledger, uint32_t customer, int i) {
    LedgerBatch *batch = ledger->batch;
    if (batch->amounts[i] >= 0 || map_probe_is_empty(&batch->orders[i])) return false;
    ledger_keep_refund(ledger, customer, &batch->orders[i], batch->days[i], batch->amounts[i]);
    return true;
}

static void ledger_work_off(Ledger *ledger) {
    LedgerBatch *batch = ledger->batch;
    LedgerOptions options = ledger->options;
    uint32_t customers[MAP_BATCH_MAX], segments[MAP_BATCH_MAX];
    int32_t codes[MAP_BATCH_MAX];
    map_intern(&ledger->customers, ledger->err, batch->customers, batch->n, customers);
    if (options.segments)
        map_intern(&ledger->segments, ledger->err, batch->segments, batch->n, segments);
    ledger_encode(ledger, batch->amounts, batch->n, codes);
    if (!ledger->err->rc) ledger_grow_pages(ledger);
    int n = ledger->err->rc ? 0 : batch->n;
    int ahead = ledger->pages_max > LEDGER_PAGES_CACHED ? LEDGER_AHEAD : MAP_BATCH_MAX;
    for (int i = 0; i < n; i++) {
        if (i + ahead < n) ledger_request(ledger, customers[i + ahead]);
        if (options.orders && ledger_set_aside(ledger, customers[i], i)) continue;
        uint32_t mark = options.segments ? ledger_encode_mark(ledger, segments[i], batch->seconds[i]) : 0;
        ledger_append(ledger, customers[i], ledger_entry(customers[i], batch->days[i], codes[i]), mark);
    }
    batch->n = 0;
    batch->bytes_used = 0;
}

void ledger_flush(Ledger *ledger) {
    if (!ledger->err->rc && ledger->batch->n) ledger_work_off(ledger);
}

/* Bytes of a value live only until its row ends, so those that the map will compare move into the batch.
 * False when the batch has no room left. */
static bool ledger_keep_bytes(LedgerBatch *batch, MapProbe *probe) {
    if (probe->key.size <= MAP_INLINE_BYTES) return true;
    if (probe->key.size > LEDGER_BATCH_BYTES - batch->bytes_used) return false;
    char *copy = batch->bytes + batch->bytes_used;
    memcpy(copy, probe->key.as.elsewhere, probe->key.size);
    probe->key.as.elsewhere = copy;
    batch->bytes_used += probe->key.size;
    return true;
}

static void ledger_push(Ledger *ledger, LedgerBatch *batch) {
    int i = batch->n;
    bool kept = ledger_keep_bytes(batch, &batch->customers[i]) &&
                (!ledger->options.orders || ledger_keep_bytes(batch, &batch->orders[i])) &&
                (!ledger->options.segments || ledger_keep_bytes(batch, &batch->segments[i]));
    batch->n++;
    if (!kept || batch->n == MAP_BATCH_MAX) ledger_work_off(ledger);
}

void ledger_add(Ledger *ledger, sqlite3_value **values) {
    LedgerBatch *batch = ledger->batch;
    const LedgerOptions *options = &ledger->options;
    row_next(&ledger->row);
    if (ledger->err->rc) return;
    int i = batch->n;
    batch->amounts[i] = 0;
    if (!row_date(&ledger->row, values[LEDGER_DATE], &batch->days[i], &batch->seconds[i])) return;
    if (options->amounts && !row_amount(&ledger->row, values[LEDGER_AMOUNT], &batch->amounts[i])) return;
    if (batch->days[i] > options->as_of) return;
    if (batch->days[i] > ledger->day_max) ledger->day_max = batch->days[i];
    map_probe(&batch->customers[i], values[LEDGER_CUSTOMER], ledger->err);
    if (map_probe_is_empty(&batch->customers[i])) {
        ledger->n_no_customer++;
        return;
    }
    if (options->orders) map_probe(&batch->orders[i], values[LEDGER_ORDER], ledger->err);
    if (options->segments)
        map_probe(&batch->segments[i], values[LEDGER_AMOUNT + options->amounts + options->orders],
                  ledger->err);
    if (!ledger->err->rc) ledger_push(ledger, batch);
}

/* ---- The end ---- */

void ledger_free_page(LedgerPage *page) {
    while (page->head) {
        LedgerChunk *next = page->head->next;
        sqlite3_free(page->head);
        page->head = next;
    }
    page->tail = NULL;
}

void ledger_close(Ledger *ledger) {
    for (int64_t i = 0; i < ledger->pages_max; i++) ledger_free_page(&ledger->pages[i]);
    sqlite3_free(ledger->batch);
    ledger->batch = NULL;
    spill_free(&ledger->exact);
    spill_free(&ledger->marks);
    map_close(&ledger->customers);
    map_close(&ledger->segments);
    map_close(&ledger->refund_orders);
}
