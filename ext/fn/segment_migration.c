/* segment_migration.c - segment_migration(): who moved up, who moved down?
 *
 *     SELECT from_segment, to_segment, customers, share FROM segment_migration('orders', 'quarter');
 *
 * Customers are sorted into segments twice: as of from_date, one period before as_of, and as of to_date, which
 * is as_of.  The first time nothing after from_date is known: neither purchases, nor the days since, nor what
 * the scores are measured by.  Customers who came in between come from 'new'.
 *
 *     scheme 'rfm'  rfm_segment of rfm_scores with 5 bins: r by days_since_last, f by purchase_days
 *     scheme 'abc'  abc_class of vip_customers, A to 80 %, B to 95 %, by the net amount of the purchase days
 *                   so far; a refund on a day of its own is not in it at either date
 */
#include "base/libm.h"
#include "data/rfm.h"
#include "data/idorder.h"
#include "data/segments.h"
#include "host/call.h"
#include "math/sum.h"
#include "stat/pareto.h"
#include "stat/wilson.h"

enum { SEGMENT_MIGRATION_PERIOD, SEGMENT_MIGRATION_SCHEME };
enum {
    SEGMENT_MIGRATION_SEGMENT,
    SEGMENT_MIGRATION_FROM_DATE,
    SEGMENT_MIGRATION_TO_DATE,
    SEGMENT_MIGRATION_FROM,
    SEGMENT_MIGRATION_TO,
    SEGMENT_MIGRATION_IS_NEW,
    SEGMENT_MIGRATION_CUSTOMERS,
    SEGMENT_MIGRATION_SHARE,
    SEGMENT_MIGRATION_LOW,
    SEGMENT_MIGRATION_HIGH,
    SEGMENT_MIGRATION_REVENUE
};

enum { SEGMENT_MIGRATION_RFM, SEGMENT_MIGRATION_ABC };
static const char *const segment_migration_schemes[] = {"rfm", "abc", NULL};

static const ArgSpec segment_migration_args[] = {
    [SEGMENT_MIGRATION_PERIOD] = {.name = "period", .kind = ARG_SPAN, .dflt_text = "month",
                                  .doc = "how long before as_of from_date lies, as in 'quarter' or '90 days'"},
    [SEGMENT_MIGRATION_SCHEME] = {.name = "scheme", .kind = ARG_CHOICE, .choices = segment_migration_schemes,
                                  .doc = "what the segments are: those of rfm_scores or the classes of"
                                         " vip_customers"},
    {0},
};

static const ColSpec segment_migration_cols[] = {
    [SEGMENT_MIGRATION_SEGMENT] = {"segment", "", "the customers' segment in the source; NULL without"
                                                  " segment_column"},
    [SEGMENT_MIGRATION_FROM_DATE] = {"from_date", "DATE", "as_of less one period"},
    [SEGMENT_MIGRATION_TO_DATE] = {"to_date", "DATE", "as_of"},
    [SEGMENT_MIGRATION_FROM] = {"from_segment", "TEXT", "where the customers were on from_date, or 'new'"},
    [SEGMENT_MIGRATION_TO] = {"to_segment", "TEXT", "where they are on to_date"},
    [SEGMENT_MIGRATION_IS_NEW] = {"is_new", "INTEGER", "1 when their first purchase is after from_date"},
    [SEGMENT_MIGRATION_CUSTOMERS] = {"customers", "INTEGER", "customers who went this way; never 0"},
    [SEGMENT_MIGRATION_SHARE] = {"share", "REAL", "of the customers of from_segment the part who did"},
    [SEGMENT_MIGRATION_LOW] = {"ci_low", "REAL", "lower end of the Wilson interval of share"},
    [SEGMENT_MIGRATION_HIGH] = {"ci_high", "REAL", "upper end of it"},
    [SEGMENT_MIGRATION_REVENUE] = {"revenue", "REAL",
                                   "net amount of their purchase days after from_date, to to_date"},
    {0},
};

static const CallOrder segment_migration_order[] = {{SEGMENT_MIGRATION_SEGMENT, false},
                                                    {SEGMENT_MIGRATION_IS_NEW, false},
                                                    {SEGMENT_MIGRATION_FROM, false},
                                                    {SEGMENT_MIGRATION_TO, false}};

enum {
    SEGMENT_MIGRATION_CLASSES = 3,             /* of scheme 'abc' */
    SEGMENT_MIGRATION_ABSENT = UINT8_MAX,      /* the class of who had not come yet */
    SEGMENT_MIGRATION_WAYS_MAX = 20 * 1000 * 1000
};
#define SEGMENT_MIGRATION_A 0.8
#define SEGMENT_MIGRATION_B 0.95

/* One way from a class to another; as a row, only one that somebody went. */
typedef struct SegmentMigrationWay {
    uint32_t segment;
    uint8_t from, to;     /* classes; from is n_classes for the new */
    int64_t customers, of; /* of: customers of from_segment */
    Sum revenue;
} SegmentMigrationWay;

typedef struct SegmentMigrationState {
    const Book *book;
    bool abc;
    int n_classes;
    Day from_date;
    double z;
    Segments segments;
    Idorder idorder;
    SegmentMigrationWay *ways;
} SegmentMigrationState;

/* ---- Classes at a date ---- */

/* What is known of a customer at the end of a day; no purchase days when they came later. */
static BookCustomer segment_migration_seen(const BookCustomer *customer, Day as_of, bool with_total) {
    BookCustomer seen = *customer;
    seen.total = 0;
    while (seen.n_days > 0 && seen.days[seen.n_days - 1] > as_of) seen.n_days--;
    for (int64_t i = 0; with_total && seen.amounts && i < seen.n_days; i++) seen.total += seen.amounts[i];
    return seen;
}

/* What sorting takes, for each date anew. */
typedef struct SegmentMigrationDesk {
    double *value;     /* by member */
    uint32_t *segment; /* by member; STANDING_OUT for who had not come yet */
    Standing standing;
    Arena arena;
} SegmentMigrationDesk;

static void segment_migration_open_desk(Call *call, const SegmentMigrationState *state,
                                        SegmentMigrationDesk *desk) {
    int64_t n = state->idorder.n;
    desk->value = arena_alloc_raw(&desk->arena, call->err, n, sizeof(*desk->value));
    desk->segment = arena_alloc_raw(&desk->arena, call->err, n, sizeof(*desk->segment));
    standing_open(&desk->standing, n, state->segments.n, &desk->arena, &desk->arena, call->err);
}

/* Ranks the members who had come by as_of. */
static void segment_migration_rank(Call *call, const SegmentMigrationState *state, SegmentMigrationDesk *desk,
                                   RfmMeasure measure, Day as_of) {
    const Book *book = &call->book;
    for (int64_t c = 0; c < book->n_customers && !call->err->rc; c++) {
        BookCustomer customer = book_customer(book, c);
        BookCustomer seen = segment_migration_seen(&customer, as_of, measure == RFM_M);
        uint32_t member = state->idorder.member[c];
        if (customer.n_days == 0) continue;
        desk->segment[member] = STANDING_OUT;
        if (seen.n_days == 0) continue;
        desk->segment[member] = (uint32_t)segments_of(&state->segments, &customer);
        desk->value[member] = rfm_value(measure, &seen, as_of, book->has_amounts);
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) err_set(call->err, SQLITE_INTERRUPT, "interrupted");
    }
    if (!call->err->rc) standing_sort(&desk->standing, desk->value, desk->segment);
}

static void segment_migration_sort_rfm(Call *call, const SegmentMigrationState *state,
                                       SegmentMigrationDesk *desk, Day as_of, uint8_t *class) {
    RfmScores scores[RFM_M];
    for (RfmMeasure measure = RFM_R; measure < RFM_M && !call->err->rc; measure++) {
        segment_migration_rank(call, state, desk, measure, as_of);
        if (!call->err->rc) rfm_score(&scores[measure], &desk->standing, RFM_BINS, &desk->arena, call->err);
    }
    for (int64_t i = 0; i < state->idorder.n && !call->err->rc; i++)
        if (scores[RFM_R].score[i])
            class[i] = (uint8_t)rfm_segment(scores[RFM_R].score[i], scores[RFM_F].score[i], RFM_BINS);
}

static void segment_migration_sort_abc(Call *call, const SegmentMigrationState *state,
                                       SegmentMigrationDesk *desk, Day as_of, uint8_t *class) {
    const Standing *standing = &desk->standing;
    segment_migration_rank(call, state, desk, RFM_M, as_of);
    for (int64_t s = 0; s < state->segments.n && !call->err->rc; s++) {
        int64_t first = standing->first[s], n = standing->first[s + 1] - first;
        const double *amount = standing->value + first;
        double total = pareto_total(amount, n);
        int64_t a = pareto_count(amount, n, SEGMENT_MIGRATION_A, total);
        int64_t b = pareto_count(amount, n, SEGMENT_MIGRATION_B, total);
        for (int64_t i = 0; i < n; i++) class[standing->member[first + i]] = (uint8_t)((i >= a) + (i >= b));
    }
}

/* The class of each member at a date; NULL when err has failed. */
static uint8_t *segment_migration_classify(Call *call, const SegmentMigrationState *state,
                                           SegmentMigrationDesk *desk, Day as_of) {
    uint8_t *class = arena_alloc_raw(&desk->arena, call->err, state->idorder.n, sizeof(*class));
    if (!class) return NULL;
    for (int64_t i = 0; i < state->idorder.n; i++) class[i] = SEGMENT_MIGRATION_ABSENT;
    if (state->abc) segment_migration_sort_abc(call, state, desk, as_of, class);
    else segment_migration_sort_rfm(call, state, desk, as_of, class);
    return class;
}

/* ---- Ways ---- */

static double segment_migration_revenue(const BookCustomer *customer, Day after) {
    double revenue = 0;
    if (!customer->amounts) return (double)NAN;
    for (int64_t i = customer->n_days; i > 0 && customer->days[i - 1] > after; i--)
        revenue += customer->amounts[i - 1];
    return revenue;
}

/* Every way there might be, by segment, from and to. */
static void segment_migration_tally(Call *call, SegmentMigrationState *state, const uint8_t *from,
                                    const uint8_t *to) {
    const Book *book = &call->book;
    int64_t n_classes = state->n_classes;
    for (int64_t c = 0; c < book->n_customers && !call->err->rc; c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days == 0) continue;
        uint32_t member = state->idorder.member[c];
        int64_t was = from[member] == SEGMENT_MIGRATION_ABSENT ? n_classes : from[member];
        int64_t first = (segments_of(&state->segments, &customer) * (n_classes + 1) + was) * n_classes;
        SegmentMigrationWay *way = &state->ways[first + to[member]];
        way->customers++;
        sum_add(&way->revenue, segment_migration_revenue(&customer, state->from_date));
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) err_set(call->err, SQLITE_INTERRUPT, "interrupted");
    }
}

/* Keeps the ways that somebody went; returns their number. */
static int64_t segment_migration_list(SegmentMigrationState *state, int64_t n_ways) {
    int64_t n_rows = 0, n_classes = state->n_classes;
    for (int64_t first = 0; first < n_ways; first += n_classes) {
        int64_t of = 0, group = first / n_classes;
        for (int64_t to = 0; to < n_classes; to++) of += state->ways[first + to].customers;
        for (int64_t to = 0; to < n_classes; to++) {
            SegmentMigrationWay way = state->ways[first + to];
            if (way.customers == 0) continue;
            way.segment = (uint32_t)(group / (n_classes + 1));
            way.from = (uint8_t)(group % (n_classes + 1));
            way.to = (uint8_t)to;
            way.of = of;
            state->ways[n_rows++] = way;
        }
    }
    return n_rows;
}

static int64_t segment_migration_count_ways(Call *call, const SegmentMigrationState *state) {
    int64_t ways = (int64_t)state->n_classes * (state->n_classes + 1), n_segments = state->segments.n;
    if (n_segments > SEGMENT_MIGRATION_WAYS_MAX / ways)
        err_set(call->err, SQLITE_TOOBIG, "segment_column has %lld values; %d are too many to compare", n_segments,
                SEGMENT_MIGRATION_WAYS_MAX / (int)ways + 1);
    return n_segments * ways;
}

static int64_t segment_migration_open(Call *call) {
    SegmentMigrationDesk desk = {0};
    SegmentMigrationState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->book = &call->book;
    state->abc = call->args[SEGMENT_MIGRATION_SCHEME].integer == SEGMENT_MIGRATION_ABC;
    state->n_classes = state->abc ? SEGMENT_MIGRATION_CLASSES : RFM_SEGMENTS;
    state->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    if (state->abc && !call->book.has_amounts && call->book.n_buyers > 0)
        err_set(call->err, SQLITE_ERROR, "scheme 'abc' needs amounts: say with amount_column where they are");
    if (call->book.n_buyers == 0 || call->err->rc) return 0;
    state->from_date = span_before(&call->args[SEGMENT_MIGRATION_PERIOD].span, call_calendar(call),
                                   call->book.as_of);
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    state->segments = segments_rank(&call->book, split, call->arena, call->err);
    int64_t n_ways = segment_migration_count_ways(call, state), n_rows = 0;
    idorder_open(&state->idorder, &call->book, &desk.arena, call->err);
    segment_migration_open_desk(call, state, &desk);
    const uint8_t *from = segment_migration_classify(call, state, &desk, state->from_date);
    const uint8_t *to = segment_migration_classify(call, state, &desk, call->book.as_of);
    state->ways = arena_alloc(call->arena, call->err, n_ways, sizeof(*state->ways));
    if (!call->err->rc) segment_migration_tally(call, state, from, to);
    if (!call->err->rc) n_rows = segment_migration_list(state, n_ways);
    arena_free(&desk.arena);
    return n_rows;
}

/* ---- Rows ---- */

static const char *segment_migration_name(const SegmentMigrationState *state, int class) {
    static const char *const classes[] = {"A", "B", "C"};
    if (class == state->n_classes) return "new";
    return state->abc ? classes[class] : rfm_segment_name((RfmSegment)class);
}

static void segment_migration_cell(const void *pointer, int64_t row, int col, Out *out) {
    const SegmentMigrationState *state = pointer;
    const SegmentMigrationWay *way = &state->ways[row];
    double customers = (double)way->customers, of = (double)way->of;
    switch (col) {
        case SEGMENT_MIGRATION_SEGMENT: out_key(out, segments_key(&state->segments, way->segment)); break;
        case SEGMENT_MIGRATION_FROM_DATE: out_day(out, state->from_date); break;
        case SEGMENT_MIGRATION_TO_DATE: out_day(out, state->book->as_of); break;
        case SEGMENT_MIGRATION_FROM: out_static(out, segment_migration_name(state, way->from)); break;
        case SEGMENT_MIGRATION_TO: out_static(out, segment_migration_name(state, way->to)); break;
        case SEGMENT_MIGRATION_IS_NEW: out_int(out, way->from == state->n_classes); break;
        case SEGMENT_MIGRATION_CUSTOMERS: out_int(out, way->customers); break;
        case SEGMENT_MIGRATION_SHARE: out_real(out, customers / of); break;
        case SEGMENT_MIGRATION_LOW: out_real(out, wilson_end(customers, of, state->z, false)); break;
        case SEGMENT_MIGRATION_HIGH: out_real(out, wilson_end(customers, of, state->z, true)); break;
        default: out_real(out, sum_value(&way->revenue));
    }
}

const TvfDef tvf_segment_migration = {
    .name = "segment_migration",
    .text = {.doc = "which customers moved from one segment to another in the last period",
             .definition =
                 "Customers are sorted into segments as of from_date (as_of less one period) and as of"
                 " as_of, each time by the purchase days up to that date alone: rfm is the rfm_segment of"
                 " rfm_scores with 5 bins, abc the abc_class of vip_customers, A to 0.8 and B to 0.95 of the"
                 " net amount of purchase days; refunds on days of their own do not count at either date."
                 " share = customers / customers of from_segment. Rows are ordered by segment, is_new,"
                 " from_segment and to_segment.",
             .example = "SELECT * FROM segment_migration('orders', 'quarter')"},
    .cols = segment_migration_cols,
    .args = segment_migration_args,
    .needs = CALL_ORDERS | CALL_AMOUNTS | CALL_SEGMENTS | CALL_CONFIDENCE,
    .order = segment_migration_order,
    .n_order = 4,
    .open = segment_migration_open,
    .cell = segment_migration_cell,
};
