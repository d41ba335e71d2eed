/* data_quality.c - data_quality(): can I trust my data?
 *
 *     SELECT check_name, severity, rows, example, fix FROM data_quality('orders') WHERE severity <> 'ok';
 *
 * A row per check, always the same ones in the same order.  rows is how many rows of the source the check found,
 * 0 when all is well, NULL when it could not be made; share is that of all rows.  Bad data is never an error here:
 * it is what the report is about.  The checks themselves are defined in data_quality_checks below, and counted in
 * data/audit.h.
 */
#include "data/remedy.h"
#include "host/call.h"

/* ---- The checks ---- */

/* ok: nothing found; note: good to know; warning: the figures may not mean what they seem to; error: reports refuse
 * such rows, or give wrong figures. */
typedef enum DataQualitySeverity {
    DATA_QUALITY_OK,
    DATA_QUALITY_NOTE,
    DATA_QUALITY_WARNING,
    DATA_QUALITY_ERROR
} DataQualitySeverity;

static const char *const data_quality_severities[] = {"ok", "note", "warning", "error"};

typedef struct DataQualityCheck {
    const char *name;
    DataQualitySeverity severity; /* of what is found */
    const char *effect;
} DataQualityCheck;

static const char data_quality_refused[] = "reports stop with an error, or leave the rows out (on_error = 'skip')";
static const char data_quality_spelling[] = "each spelling is a customer of its own";

static const DataQualityCheck data_quality_checks[FINDING_CHECKS] = {
    [FINDING_CUSTOMER_MISSING] = {"customer_missing", DATA_QUALITY_WARNING, "left out of all figures but as_of"},
    [FINDING_CUSTOMER_SPACES] = {"customer_spaces", DATA_QUALITY_WARNING, data_quality_spelling},
    [FINDING_CUSTOMER_CASE] = {"customer_case", DATA_QUALITY_WARNING, data_quality_spelling},
    [FINDING_CUSTOMER_LETTERS] = {"customer_letters", DATA_QUALITY_WARNING, data_quality_spelling},
    [FINDING_CUSTOMER_TYPES] = {"customer_types", DATA_QUALITY_WARNING, "1, '1' and x'31' are three customers"},
    [FINDING_DATE_MISSING] = {"date_missing", DATA_QUALITY_ERROR, data_quality_refused},
    [FINDING_DATE_UNREADABLE] = {"date_unreadable", DATA_QUALITY_ERROR, data_quality_refused},
    [FINDING_DATE_IMPOSSIBLE] = {"date_impossible", DATA_QUALITY_ERROR,
                                 "refused; SQLite's own functions take 2024-02-30 for 2024-03-01"},
    [FINDING_DATE_JALALI] = {"date_jalali", DATA_QUALITY_ERROR, "refused, or read as centuries ago"},
    [FINDING_DATE_BUDDHIST] = {"date_buddhist", DATA_QUALITY_ERROR,
                               "refused, or read as centuries ahead: as_of moves there, all customers look lost"},
    [FINDING_DATE_MILLISECONDS] = {"date_milliseconds", DATA_QUALITY_NOTE,
                                   "numbers are read right, texts refused; SQLite's own date() gives NULL"},
    [FINDING_DATE_YYYYMMDD] = {"date_yyyymmdd", DATA_QUALITY_NOTE,
                               "numbers are read right, texts refused; SQLite's own date() gives NULL"},
    [FINDING_DATE_MIXED] = {"date_mixed_types", DATA_QUALITY_ERROR, data_quality_refused},
    [FINDING_DATE_OFFSET] = {"date_offset", DATA_QUALITY_WARNING,
                             "count on another day than the one written (in UTC by default)"},
    [FINDING_DATE_FUTURE] = {"date_future", DATA_QUALITY_WARNING, "as_of moves there, all customers look lost"},
    [FINDING_DATE_EARLY] = {"date_before_1990", DATA_QUALITY_WARNING, "the series begin there; often a default value"},
    [FINDING_AMOUNT_MISSING] = {"amount_missing", DATA_QUALITY_NOTE, "count as 0"},
    [FINDING_AMOUNT_UNREADABLE] = {"amount_unreadable", DATA_QUALITY_ERROR, data_quality_refused},
    [FINDING_AMOUNT_ZERO] = {"amount_zero", DATA_QUALITY_NOTE, "a day of nothing but zeroes is a purchase of 0"},
    [FINDING_AMOUNT_NEGATIVE] = {"amount_negative", DATA_QUALITY_NOTE, "netted with the amounts of their day or order"},
    [FINDING_CUSTOMER_REFUNDS] = {"customer_only_refunds", DATA_QUALITY_NOTE,
                                  "customers without a purchase are left out of all figures"},
    [FINDING_ORDER_REPEATED] = {"order_repeated", DATA_QUALITY_WARNING, "their amounts count again"},
    [FINDING_ORDER_CUSTOMERS] = {"order_two_customers", DATA_QUALITY_WARNING,
                                 "a refund may count on the day of another customer's order"},
    [FINDING_ORDER_LINES] = {"order_lines", DATA_QUALITY_NOTE, "added up by customer and day"},
    [FINDING_SAME_DAY] = {"same_day_orders", DATA_QUALITY_NOTE, "one purchase a day, amounts added up"},
    [FINDING_OUTSIZED] = {"outsized_customer", DATA_QUALITY_WARNING, "one id decides totals and averages"},
    [FINDING_STATUS] = {"status_cancelled", DATA_QUALITY_WARNING, "count as orders: no report reads that column"},
    [FINDING_CURRENCY] = {"several_currencies", DATA_QUALITY_ERROR, "their amounts are added up as they are"},
    [FINDING_PERIOD_FIRST] = {"first_period_unfinished", DATA_QUALITY_NOTE,
                              "a part of a period, counted as a whole one"},
    [FINDING_PERIOD_LAST] = {"last_period_unfinished", DATA_QUALITY_NOTE, "counts so far; its rates are NULL"},
    [FINDING_HOLES] = {"days_without_orders", DATA_QUALITY_WARNING, "if orders are missing, customers look lost then"},
    [FINDING_LEFT_TRUNCATION] = {"left_truncation", DATA_QUALITY_WARNING,
                                 "if older orders are missing, old customers count as new"},
    [FINDING_CORRELATION] = {"frequency_spend_correlation", DATA_QUALITY_NOTE,
                             "clv's spend model assumes none; its values of frequent buyers are off"},
};

/* ---- The table ---- */

enum { DATA_QUALITY_PERIOD };
enum {
    DATA_QUALITY_CHECK,
    DATA_QUALITY_SEVERITY,
    DATA_QUALITY_ROWS,
    DATA_QUALITY_SHARE,
    DATA_QUALITY_CUSTOMERS,
    DATA_QUALITY_EXAMPLE,
    DATA_QUALITY_EFFECT,
    DATA_QUALITY_FIX
};

static const ArgSpec data_quality_args[] = {
    [DATA_QUALITY_PERIOD] = {.name = "period", .kind = ARG_PERIOD, .dflt_text = "month",
                             .doc = "of first_period_unfinished, last_period_unfinished and left_truncation"},
    {0},
};

static const ColSpec data_quality_cols[] = {
    [DATA_QUALITY_CHECK] = {"check_name", "TEXT", "what was looked for"},
    [DATA_QUALITY_SEVERITY] = {"severity", "TEXT",
                               "'ok': nothing found; 'note': good to know; 'warning': figures may not mean what they"
                               " seem to; 'error': reports refuse such rows or give wrong figures"},
    [DATA_QUALITY_ROWS] = {"rows", "INTEGER",
                           "rows in question (days, for days_without_orders); NULL when the check could not be made"},
    [DATA_QUALITY_SHARE] = {"share", "REAL", "of all rows (of all days, for days_without_orders)"},
    [DATA_QUALITY_CUSTOMERS] = {"customers", "INTEGER", "customers with such rows; NULL where they are not counted"},
    [DATA_QUALITY_EXAMPLE] = {"example", "TEXT", "the first such value with the number of its row, or the figure"},
    [DATA_QUALITY_EFFECT] = {"effect", "TEXT", "what reports do with such rows, or why the check could not be made"},
    [DATA_QUALITY_FIX] = {"fix", "TEXT", "SQL that runs as it stands (it ends with ';') or a sentence; NULL when 'ok'"},
    {0},
};

typedef struct DataQualityState {
    const Audit *audit;
    const char *fixes[FINDING_CHECKS];
} DataQualityState;

static int64_t data_quality_open(Call *call) {
    DataQualityState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->audit = call->audit;
    audit_judge(call->audit, &call->book, call_period(call, &call->args[DATA_QUALITY_PERIOD]), call->poll);
    Remedy remedy = remedy_new(call->audit);
    for (int check = 0; check < FINDING_CHECKS; check++)
        if (call->audit->findings.list[check].rows > 0)
            state->fixes[check] = remedy_text(&remedy, (FindingCheck)check);
    return FINDING_CHECKS;
}

static DataQualitySeverity data_quality_severity(const Audit *audit, FindingCheck check) {
    const Finding *list = audit->findings.list;
    DataQualitySeverity usual = data_quality_checks[check].severity;
    if (list[check].rows == 0) return DATA_QUALITY_OK;
    switch (check) {
        case FINDING_DATE_MILLISECONDS: return audit->dates.n_texts[DATE_UNIXMS] > 0 ? DATA_QUALITY_ERROR : usual;
        case FINDING_DATE_YYYYMMDD: return audit->dates.n_texts[DATE_YYYYMMDD] > 0 ? DATA_QUALITY_ERROR : usual;
        case FINDING_DATE_FUTURE: return audit->as_of != LEDGER_NO_AS_OF ? DATA_QUALITY_NOTE : usual;
        case FINDING_ORDER_REPEATED:
            return list[FINDING_ORDER_LINES].rows > list[FINDING_ORDER_REPEATED].rows ? DATA_QUALITY_NOTE : usual;
        case FINDING_CURRENCY: return audit->source->chosen[SOURCE_AMOUNT] ? usual : DATA_QUALITY_NOTE;
        default: return usual;
    }
}

static void data_quality_effect(const Audit *audit, FindingCheck check, Out *out) {
    const char *why = audit->findings.list[check].unchecked;
    if (why) out_owned(out, sqlite3_mprintf("not checked: %s", why));
    else if (check == FINDING_DATE_FUTURE && audit->as_of != LEDGER_NO_AS_OF)
        out_static(out, "ignored: later than as_of");
    else out_static(out, data_quality_checks[check].effect);
}

static void data_quality_cell(const void *pointer, int64_t row, int col, Out *out) {
    const DataQualityState *state = pointer;
    const Finding *finding = &state->audit->findings.list[row];
    FindingCheck check = (FindingCheck)row;
    int64_t of = finding->of ? finding->of : state->audit->findings.n_rows;
    bool unknown = finding->unchecked != NULL;
    switch (col) {
        case DATA_QUALITY_CHECK: out_static(out, data_quality_checks[check].name); break;
        case DATA_QUALITY_SEVERITY:
            out_static(out, data_quality_severities[data_quality_severity(state->audit, check)]);
            break;
        case DATA_QUALITY_ROWS:
            if (unknown) out_null(out);
            else out_int(out, finding->rows);
            break;
        case DATA_QUALITY_SHARE:
            if (unknown || of == 0) out_null(out);
            else out_real(out, (double)finding->rows / (double)of);
            break;
        case DATA_QUALITY_CUSTOMERS:
            if (unknown || finding->customers == FINDING_UNCOUNTED) out_null(out);
            else out_int(out, finding->customers);
            break;
        case DATA_QUALITY_EXAMPLE: out_static(out, finding->example); break;
        case DATA_QUALITY_EFFECT: data_quality_effect(state->audit, check, out); break;
        default: out_static(out, state->fixes[check]);
    }
}

const TvfDef tvf_data_quality = {
    .name = "data_quality",
    .text = {.doc = "what is odd in a table of orders, what reports make of it, and what to do",
             .definition =
                 "Rows come in this order. customer_missing: NULL or ''. customer_spaces, _case, _letters, _types:"
                 " ids that are one without the blanks around them (no-break spaces and zero-width non-joiners"
                 " too), then also without case, then with Arabic yeh, kaf and digits as the Persian letters and"
                 " 0-9, then with texts as the integers that they spell and blobs as text. date_missing: NULL or"
                 " ''. date_unreadable. date_impossible: no such day or time. date_jalali: of the years 1300 to"
                 " 1500. date_buddhist: of the years 2443 to 2643. date_milliseconds. date_yyyymmdd."
                 " date_mixed_types: of another kind than most. date_offset: its UTC offset puts it on another day."
                 " date_future: later than as_of; without as_of the last rows, at most 1 in 100 of 10 or more,"
                 " behind 365 or more days without any. date_before_1990. amount_missing: NULL. amount_unreadable."
                 " amount_zero. amount_negative. customer_only_refunds: customers with rows but no purchase."
                 " order_repeated: rows beyond the first of an order id whose rows agree in customer, moment and"
                 " amount; order_two_customers: all rows of an order id of several customers; order_lines: rows"
                 " beyond the first of other order ids; negative amounts aside in these three. same_day_orders:"
                 " rows of 0 or more beyond the first of a customer's day. outsized_customer: at least 5 % of the"
                 " rows or the net amount, and 20 times the mean. status_cancelled: a status says cancelled,"
                 " refunded, void, failed or the like, and the amount is not negative. several_currencies: another"
                 " one than most rows have. first_period_unfinished: the first date is no first day of a period;"
                 " last_period_unfinished: as_of is no last day of one. days_without_orders: in runs of 7 or more,"
                 " over 5 times the gap that 9 in 10 stay within. left_truncation: 20 or more new customers in the"
                 " first period, over twice those of the second and of the median later one."
                 " frequency_spend_correlation: |r| above 0.15 over 30 or more customers with a repeat purchase.",
             .example = "SELECT * FROM data_quality('orders')"},
    .cols = data_quality_cols,
    .args = data_quality_args,
    .needs = CALL_ORDERS | CALL_SUMS | CALL_PERIODS | CALL_AUDIT,
    .open = data_quality_open,
    .cell = data_quality_cell,
};
