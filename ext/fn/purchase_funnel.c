/* purchase_funnel.c - purchase_funnel(): after which purchase do we lose customers?
 *
 *     SELECT n, customers, conversion, km_conversion, is_worst_step FROM purchase_funnel('orders');
 *
 * Step n: of the customers who have made n purchases, purchase days counting as purchases, how many have
 * made the next?  conversion takes those who have not for lost, though the latest of them had little time;
 * km_conversion, by Kaplan-Meier (stat/kaplan.h), knows for how long each has been waiting.  It is read on
 * the last day that a fifth of the customers were watched for, since at the curve's very end a single
 * purchase would make it 1.
 */
#include "base/libm.h"
#include "data/segments.h"
#include "data/spells.h"
#include "host/call.h"
#include "stat/spread.h"
#include "stat/wilson.h"

enum { PURCHASE_FUNNEL_MAX_N, PURCHASE_FUNNEL_HORIZON };
enum {
    PURCHASE_FUNNEL_SEGMENT,
    PURCHASE_FUNNEL_N,
    PURCHASE_FUNNEL_CUSTOMERS,
    PURCHASE_FUNNEL_NEXT,
    PURCHASE_FUNNEL_CONVERSION,
    PURCHASE_FUNNEL_LOW,
    PURCHASE_FUNNEL_HIGH,
    PURCHASE_FUNNEL_KM,
    PURCHASE_FUNNEL_KM_LOW,
    PURCHASE_FUNNEL_KM_HIGH,
    PURCHASE_FUNNEL_LOST,
    PURCHASE_FUNNEL_SHARE,
    PURCHASE_FUNNEL_MEDIAN,
    PURCHASE_FUNNEL_WORST
};

static const ArgSpec purchase_funnel_args[] = {
    [PURCHASE_FUNNEL_MAX_N] = {.name = "max_n", .kind = ARG_INTEGER, .dflt = 10, .min = 1, .max = 1000,
                               .doc = "last step to report"},
    [PURCHASE_FUNNEL_HORIZON] = {.name = "horizon_days", .kind = ARG_INTEGER, .dflt = 36500, .min = 1,
                                 .max = 36500,
                                 .doc = "km_conversion counts purchases up to so many days later; by default as"
                                        " far as they can be watched"},
    {0},
};

static const ColSpec purchase_funnel_cols[] = {
    [PURCHASE_FUNNEL_SEGMENT] = {"segment", "", "the customers' segment; NULL without segment_column"},
    [PURCHASE_FUNNEL_N] = {"n", "INTEGER", "the step: from purchase day n to the next"},
    [PURCHASE_FUNNEL_CUSTOMERS] = {"customers", "INTEGER", "customers with at least n purchase days"},
    [PURCHASE_FUNNEL_NEXT] = {"bought_next", "INTEGER", "of them, those with one more"},
    [PURCHASE_FUNNEL_CONVERSION] = {"conversion", "REAL", "bought_next / customers"},
    [PURCHASE_FUNNEL_LOW] = {"ci_low", "REAL", "lower end of the Wilson interval of conversion"},
    [PURCHASE_FUNNEL_HIGH] = {"ci_high", "REAL", "upper end of it"},
    [PURCHASE_FUNNEL_KM] = {"km_conversion", "REAL",
                            "share expected to go on: 1 - survival at horizon_days, or at the longest wait seen"
                            " where that is shorter"},
    [PURCHASE_FUNNEL_KM_LOW] = {"km_ci_low", "REAL",
                                "lower end of its log-log interval; NULL when it is 0 or 1"},
    [PURCHASE_FUNNEL_KM_HIGH] = {"km_ci_high", "REAL", "upper end of it"},
    [PURCHASE_FUNNEL_LOST] = {"lost", "INTEGER", "customers - bought_next: not back by as_of"},
    [PURCHASE_FUNNEL_SHARE] = {"share_of_all_loss", "REAL",
                               "lost / all customers, each of whom is lost at one step"},
    [PURCHASE_FUNNEL_MEDIAN] = {"median_days", "REAL",
                                "median days to the next purchase of those who made it; NULL when nobody did"},
    [PURCHASE_FUNNEL_WORST] = {"is_worst_step", "INTEGER",
                               "1 for the step that loses most customers, the earliest of equals; else 0"},
    {0},
};

static const CallOrder purchase_funnel_order[] = {{PURCHASE_FUNNEL_SEGMENT, false}, {PURCHASE_FUNNEL_N, false}};

typedef struct PurchaseFunnelRow {
    int64_t segment, n, customers, next;
    int64_t first_customers; /* of the segment */
    KaplanRange survival;
    double median_days;
    bool worst;
} PurchaseFunnelRow;

typedef struct PurchaseFunnelState {
    Segments segments;
    int64_t max_n;
    PurchaseFunnelRow *rows;
    double z;
} PurchaseFunnelState;

static void purchase_funnel_count(Call *call, const PurchaseFunnelState *state, Spells *spells) {
    const Book *book = &call->book;
    for (int64_t c = 0; c < book->n_customers; c++) {
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(call->poll)) return;
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days == 0) continue;
        uint64_t group = (uint64_t)(segments_of(&state->segments, &customer) * state->max_n);
        for (int64_t i = 0; i < customer.n_days && i < state->max_n; i++) {
            bool ended = i + 1 < customer.n_days;
            Day end = ended ? customer.days[i + 1] : book->as_of;
            spells_add(spells, group + (uint64_t)i, end - customer.days[i], ended);
        }
    }
}

static void purchase_funnel_read_row(PurchaseFunnelRow *row, const Kaplan *curve, int64_t horizon, double z) {
    row->customers = curve->steps[0].at_risk;
    for (int64_t i = 0; i < curve->n; i++) row->next += curve->events[i];
    int64_t last = kaplan_last_day(curve);
    row->survival = kaplan_survival(curve, last < horizon ? last : horizon, z);
    row->median_days = spread_percentile(curve->days, curve->events, row->next, 50);
}

/* The rows of a segment follow each other from n = 1 on, since nobody comes to a step but by those before. */
static void purchase_funnel_compare(PurchaseFunnelRow *rows, int64_t n_rows) {
    PurchaseFunnelRow *first = rows, *worst = rows;
    for (PurchaseFunnelRow *row = rows; row < rows + n_rows; row++) {
        if (row->n == 1) first = worst = row;
        row->first_customers = first->customers;
        if (row->customers - row->next > worst->customers - worst->next) {
            worst->worst = false;
            worst = row;
        }
        worst->worst = true;
    }
}

static int64_t purchase_funnel_open(Call *call) {
    PurchaseFunnelState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->max_n = call->args[PURCHASE_FUNNEL_MAX_N].integer;
    state->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    bool split = call->common[CALL_SEGMENT_COLUMN].text[0] != 0;
    Spells spells;
    state->segments = segments_rank(&call->book, split, call->arena, call->err);
    spells_open(&spells, call->err);
    if (call->err->rc) return 0;
    purchase_funnel_count(call, state, &spells);
    SpellsTable table = spells_close(&spells, call->arena);
    KaplanStep *steps = arena_alloc_raw(call->arena, call->err, table.n, sizeof(*steps));
    state->rows = arena_alloc(call->arena, call->err, table.n_groups, sizeof(*state->rows));
    if (call->err->rc) return 0;
    for (int64_t g = 0; g < table.n_groups; g++) {
        Kaplan curve = spells_curve(&table, g, steps);
        state->rows[g].segment = (int64_t)table.groups[g].id / state->max_n;
        state->rows[g].n = (int64_t)table.groups[g].id % state->max_n + 1;
        purchase_funnel_read_row(&state->rows[g], &curve, call->args[PURCHASE_FUNNEL_HORIZON].integer, state->z);
    }
    purchase_funnel_compare(state->rows, table.n_groups);
    return table.n_groups;
}

static void purchase_funnel_cell(const void *pointer, int64_t row, int col, Out *out) {
    const PurchaseFunnelState *state = pointer;
    const PurchaseFunnelRow *r = &state->rows[row];
    double next = (double)r->next, customers = (double)r->customers;
    switch (col) {
        case PURCHASE_FUNNEL_SEGMENT: out_key(out, segments_key(&state->segments, r->segment)); break;
        case PURCHASE_FUNNEL_N: out_int(out, r->n); break;
        case PURCHASE_FUNNEL_CUSTOMERS: out_int(out, r->customers); break;
        case PURCHASE_FUNNEL_NEXT: out_int(out, r->next); break;
        case PURCHASE_FUNNEL_CONVERSION: out_real(out, next / customers); break;
        case PURCHASE_FUNNEL_LOW: out_real(out, wilson_end(next, customers, state->z, false)); break;
        case PURCHASE_FUNNEL_HIGH: out_real(out, wilson_end(next, customers, state->z, true)); break;
        case PURCHASE_FUNNEL_KM: out_real(out, 1 - r->survival.value); break;
        case PURCHASE_FUNNEL_KM_LOW: out_real(out, 1 - r->survival.high); break;
        case PURCHASE_FUNNEL_KM_HIGH: out_real(out, 1 - r->survival.low); break;
        case PURCHASE_FUNNEL_LOST: out_int(out, r->customers - r->next); break;
        case PURCHASE_FUNNEL_SHARE: out_real(out, (customers - next) / (double)r->first_customers); break;
        case PURCHASE_FUNNEL_MEDIAN: out_real(out, r->median_days); break;
        default: out_int(out, r->worst);
    }
}

const TvfDef tvf_purchase_funnel = {
    .name = "purchase_funnel",
    .text = {.doc = "how many customers go on from each purchase to the next",
             .definition =
                 "Step n: customers with at least n purchase days; bought_next have n + 1, lost have not."
                 " conversion = bought_next / customers. km_conversion = 1 - the Kaplan-Meier survival of the"
                 " wait for the next purchase, censored at as_of, after horizon_days or, where that is less, the"
                 " last day on which at_risk is at least a fifth of survival before it x customers: what"
                 " conversion will be when all have had that long."
                 " share_of_all_loss = lost / customers of step 1, which adds up to 1 over all steps. Rows are"
                 " ordered by segment and n; steps that nobody has reached have none.",
             .example = "SELECT * FROM purchase_funnel('orders', 5)"},
    .cols = purchase_funnel_cols,
    .args = purchase_funnel_args,
    .needs = CALL_ORDERS | CALL_SEGMENTS | CALL_CONFIDENCE | CALL_COUNTS,
    .order = purchase_funnel_order,
    .n_order = 2,
    .open = purchase_funnel_open,
    .cell = purchase_funnel_cell,
};
