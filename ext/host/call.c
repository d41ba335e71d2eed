/* call.c - see call.h. */
#include "host/call.h"

#include "data/scan.h"

static const char *const retain_segment_at_names[] = {"first", "last", NULL};
static const char *const retain_on_error_names[] = {"error", "skip", NULL};

const ArgSpec retain_source_arg = {
    .name = "source", .kind = ARG_NAME, .required = true,
    .doc = "table, view or virtual table of orders, optionally schema.name; one row per order or line"};

const ArgSpec retain_by_segment_arg = {.name = "segment_column", .kind = ARG_NAME, .required = true,
                                       .doc = "column that splits the customers"};

enum { CALL_CONTRACT_SOURCE, CALL_CONTRACT_START, CALL_CONTRACT_END, CALL_CONTRACT_ARGS };
const ArgSpec retain_contract_args[] = {
    [CALL_CONTRACT_SOURCE] = {.name = "source", .kind = ARG_NAME, .required = true,
                              .doc = "table, view or virtual table of subscriptions, optionally schema.name; one"
                                     " row each"},
    [CALL_CONTRACT_START] = {.name = "start_column", .kind = ARG_NAME, .required = true,
                             .doc = "column with the day on which the subscription started"},
    [CALL_CONTRACT_END] = {.name = "end_column", .kind = ARG_NAME, .required = true,
                           .doc = "column with the first day without it; NULL or '' while it goes on"},
};

const ArgSpec retain_common_args[CALL_COMMON + 1] = {
    [CALL_CUSTOMERS_SOURCE] = {.name = "customers_source", .kind = ARG_NAME, .dflt_text = "",
                               .doc = "table, view or virtual table of customers, named and looked up like"
                                      " source; '' for none"},
    [CALL_CUSTOMERS_COLUMN] = {.name = "customers_column", .kind = ARG_NAME,
                               .doc = "column of customers_source with the customer's id"},
    [CALL_CUSTOMER_COLUMN] = {.name = "customer_column", .kind = ARG_NAME,
                              .doc = "column with the customer's id"},
    [CALL_DATE_COLUMN] = {.name = "date_column", .kind = ARG_NAME,
                          .doc = "column with the order's date or time"},
    [CALL_AMOUNT_COLUMN] = {.name = "amount_column", .kind = ARG_NAME,
                            .doc = "column with the order's amount, refunds negative; '' for none: then"
                                   " every row is a purchase"},
    [CALL_ORDER_COLUMN] = {.name = "order_column", .kind = ARG_NAME,
                           .doc = "column with the order's id: a refund counts on the day of its order;"
                                  " '' for none"},
    [CALL_SEGMENT_COLUMN] = {.name = "segment_column", .kind = ARG_NAME, .dflt_text = "",
                             .doc = "column that splits the customers; none by default"},
    [CALL_SEGMENT_AT] = {.name = "segment_at", .kind = ARG_CHOICE, .choices = retain_segment_at_names,
                         .doc = "a customer's segment is the value at the first or last purchase"},
    [CALL_AS_OF] = {.name = "as_of", .kind = ARG_DATE,
                    .doc = "the day on which we look; later orders are ignored; the last order date by"
                           " default"},
    [CALL_WEEK_START] = {.name = "week_start", .kind = ARG_CHOICE, .choices = retain_weekday_names,
                         .doc = "first day of a week"},
    [CALL_UTC_OFFSET] = {.name = "utc_offset", .kind = ARG_OFFSET, .dflt_text = "+00:00",
                         .doc = "where the day is cut, for dates with a time"},
    [CALL_CONFIDENCE_LEVEL] = {.name = "confidence", .kind = ARG_REAL, .dflt = 0.95, .min = 0, .max = 1,
                               .min_open = true, .max_open = true,
                               .doc = "coverage of the intervals ci_low to ci_high"},
    [CALL_CALENDAR] = {.name = "calendar", .kind = ARG_CHOICE, .choices = retain_calendar_names,
                       .doc = "calendar of periods and printed dates; jalali also reads '1404/09/15'"},
    [CALL_SCHEMA] = {.name = "schema", .kind = ARG_NAME,
                     .doc = "attached database that has the source; by default as SQLite looks it up"},
    [CALL_DATE_UNIT] = {.name = "date_unit", .kind = ARG_CHOICE, .choices = retain_date_unit_names,
                        .doc = "how dates are kept; auto tells it by the values"},
    [CALL_ON_ERROR] = {.name = "on_error", .kind = ARG_CHOICE, .choices = retain_on_error_names,
                       .doc = "an unreadable row is an error, or is left out and counted in"
                              " rows_skipped"},
    {0}};

const ColSpec retain_info_cols[CALL_INFO + 1] = {
    [CALL_ROWS_READ] = {"rows_read", "INTEGER", "rows of the source"},
    [CALL_ROWS_SKIPPED] = {"rows_skipped", "INTEGER", "unreadable rows left out by on_error='skip'"},
    [CALL_ROWS_NO_CUSTOMER] = {"rows_no_customer", "INTEGER",
                               "rows left out because their customer is NULL or ''"},
    [CALL_CUSTOMERS_NO_PURCHASE] = {"customers_no_purchase", "INTEGER",
                                    "customers left out because refunds leave them no purchase"},
    {0}};

bool call_has_common(unsigned needs, CallCommon common) {
    switch (common) {
        case CALL_SEGMENT_COLUMN: return (needs & (CALL_SEGMENTS | CALL_BY_SEGMENT)) == CALL_SEGMENTS;
        case CALL_SEGMENT_AT: return (needs & CALL_SEGMENTS) != 0;
        case CALL_CUSTOMERS_SOURCE:
        case CALL_CUSTOMERS_COLUMN: return (needs & CALL_CUSTOMERS) != 0;
        case CALL_WEEK_START: return (needs & CALL_PERIODS) != 0;
        case CALL_CONFIDENCE_LEVEL: return (needs & CALL_CONFIDENCE) != 0;
        case CALL_UTC_OFFSET:
        case CALL_CALENDAR:
        case CALL_SCHEMA:
        case CALL_DATE_UNIT: return (needs & (CALL_ORDERS | CALL_CONTRACTS)) != 0;
        case CALL_ON_ERROR: return (needs & (CALL_ORDERS | CALL_CONTRACTS)) && !(needs & CALL_AUDIT);
        default: return (needs & CALL_ORDERS) != 0;
    }
}

int call_infos(unsigned needs) {
    return needs & CALL_ORDERS ? CALL_INFO : needs & CALL_CONTRACTS ? CALL_ROWS_SKIPPED + 1 : 0;
}

int call_leading(unsigned needs, const ArgSpec *specs[CALL_LEADING_MAX]) {
    int n = 0;
    if (needs & CALL_ORDERS) specs[n++] = &retain_source_arg;
    if (needs & CALL_BY_SEGMENT) specs[n++] = &retain_by_segment_arg;
    for (int i = 0; i < CALL_CONTRACT_ARGS && needs & CALL_CONTRACTS; i++) specs[n++] = &retain_contract_args[i];
    return n;
}

CivilCalendar call_calendar(const Call *call) {
    return (CivilCalendar)call->common[CALL_CALENDAR].integer;
}

/* The caller's choice of a column: NULL where we shall look for it. */
static const char *call_asked(const ArgValue *arg) {
    return arg->given ? arg->text : NULL;
}

static void call_choose_columns(Call *call, Source *source, unsigned needs) {
    static const CallCommon arg_of[SOURCE_ROLES] = {
        [SOURCE_CUSTOMER] = CALL_CUSTOMER_COLUMN, [SOURCE_DATE] = CALL_DATE_COLUMN,
        [SOURCE_AMOUNT] = CALL_AMOUNT_COLUMN,     [SOURCE_ORDER] = CALL_ORDER_COLUMN,
        [SOURCE_SEGMENT] = CALL_SEGMENT_COLUMN,
    };
    for (int role = 0; role < SOURCE_ROLES; role++) {
        ArgValue *arg = &call->common[arg_of[role]];
        if (role == SOURCE_SEGMENT && !(needs & CALL_SEGMENTS)) continue;
        bool idle = role == SOURCE_ORDER && !source->chosen[SOURCE_AMOUNT] && !arg->given && !(needs & CALL_AUDIT);
        source_choose(source, (SourceRole)role, idle ? "" : call_asked(arg));
        arg->text = source->chosen[role] ? source->chosen[role] : "";
    }
    if ((needs & CALL_BY_SEGMENT) && !source->chosen[SOURCE_SEGMENT])
        err_set(call->err, SQLITE_ERROR, "segment_column must name a column of %s that splits the customers,"
                " not ''", source->name);
}

/* The table of customers, where the caller has given one; false: none. */
static bool call_find_members(Call *call, Host *host, const Source *orders, Source *members) {
    ArgValue *column = &call->common[CALL_CUSTOMERS_COLUMN];
    const char *name = call->common[CALL_CUSTOMERS_SOURCE].text;
    if (!*name && column->given && *column->text)
        err_set(call->err, SQLITE_ERROR, "customers_column needs customers_source");
    if (*name) {
        source_find(members, host->db, call->arena, call->err, name,
                    call_asked(&call->common[CALL_SCHEMA]));
        source_choose_member(members, call_asked(column), orders->chosen[SOURCE_CUSTOMER]);
        column->text = members->chosen[SOURCE_CUSTOMER];
    } else if (!column->given) {
        column->text = "";
    }
    return *name != 0;
}

/* True when the source is a table of customers: date_column='' says so, a named one denies it, and without either
 * its columns tell. */
static bool call_is_summary(const Call *call, const Source *source, unsigned needs) {
    const char *date = call_asked(&call->common[CALL_DATE_COLUMN]);
    if (!(needs & CALL_SUMMARIES)) return false;
    return date ? !*date : source_is_summary(source);
}

/* What is said of orders would be ignored; better an error. */
static void call_choose_summary(Call *call, Source *source) {
    static const CallCommon of_orders[] = {CALL_AS_OF, CALL_ORDER_COLUMN, CALL_UTC_OFFSET, CALL_CALENDAR,
                                           CALL_DATE_UNIT};
    ArgValue *common = call->common;
    for (size_t i = 0; i < sizeof(of_orders) / sizeof(of_orders[0]); i++)
        if (common[of_orders[i]].given)
            err_set(call->err, SQLITE_ERROR, "%s is for orders: %s is read as a table of customers (name its date_column"
                    " if it is not)", retain_common_args[of_orders[i]].name, source->name);
    source_choose_summary(source, call_asked(&common[CALL_CUSTOMER_COLUMN]),
                          call_asked(&common[CALL_AMOUNT_COLUMN]));
    common[CALL_CUSTOMER_COLUMN].text = source->chosen[SOURCE_CUSTOMER];
    common[CALL_AMOUNT_COLUMN].text = source->chosen[SOURCE_AMOUNT] ? source->chosen[SOURCE_AMOUNT] : "";
    common[CALL_DATE_COLUMN].text = common[CALL_ORDER_COLUMN].text = "";
}

void call_buyers(Call *call, Buyers *buyers) {
    if (call->book.is_summary) *buyers = call->summary;
    else buyers_summarise(buyers, &call->book, call->arena, call->err);
}

static RowRules call_rules(const Call *call) {
    return (RowRules){.calendar = call_calendar(call),
                      .date_unit = (DateUnit)call->common[CALL_DATE_UNIT].integer,
                      .utc_offset = (int32_t)call->common[CALL_UTC_OFFSET].integer,
                      .skip_unreadable = call->common[CALL_ON_ERROR].integer == 1};
}

void call_read_contracts(Call *call, Host *host, const ArgValue *leading) {
    Source source;
    source_find(&source, host->db, call->arena, call->err, leading[CALL_CONTRACT_SOURCE].text,
                call_asked(&call->common[CALL_SCHEMA]));
    const char *start = source_named_column(&source, "start_column", leading[CALL_CONTRACT_START].text);
    const char *end = source_named_column(&source, "end_column", leading[CALL_CONTRACT_END].text);
    if (call->err->rc) return;
    ScanContracts request = {.sink = &host->sink, .source = &source, .start = start, .end = end,
                             .rules = call_rules(call)};
    scan_contracts(&call->contracts, call->arena, call->err, &request);
    call->book.rows_read = call->contracts.start.n_read;
    call->book.rows_skipped = call->contracts.start.n_skipped + call->contracts.end.n_skipped;
}

void call_read_orders(Call *call, Host *host, unsigned needs, const char *source_name) {
    ArgValue *common = call->common;
    Source members, *source = arena_alloc(call->arena, call->err, 1, sizeof(*source));
    if (!source) return;
    source_find(source, host->db, call->arena, call->err, source_name, call_asked(&common[CALL_SCHEMA]));
    bool is_summary = call_is_summary(call, source, needs);
    if (is_summary) call_choose_summary(call, source);
    else call_choose_columns(call, source, needs);
    bool has_members = !call->err->rc && call_find_members(call, host, source, &members);
    ScanRequest request = {
        .sink = &host->sink,
        .source = source,
        .rules = call_rules(call),
        .as_of = common[CALL_AS_OF].given ? common[CALL_AS_OF].day : LEDGER_NO_AS_OF,
        .needs = {.totals = (needs & CALL_TOTALS) != 0,
                  .sums = (needs & CALL_SUMS) != 0,
                  .amounts = (needs & CALL_AMOUNTS) != 0,
                  .segment_last = common[CALL_SEGMENT_AT].integer == 1,
                  .only_counts = (needs & CALL_COUNTS) != 0},
        .members = has_members ? &members : NULL,
        .roster = has_members ? &call->roster : NULL,
        .poll = call->poll};
    if (needs & CALL_AUDIT) call->audit = arena_alloc(call->arena, call->err, 1, sizeof(*call->audit));
    if (is_summary) scan_summary(&call->book, &call->summary, call->arena, call->err, &request);
    else if (call->audit) audit_read(call->audit, &call->book, call->arena, call->err, &request);
    else scan_source(&call->book, call->arena, call->err, &request);
    common[CALL_AS_OF].day = call->book.as_of;
}

Period call_period(const Call *call, const ArgValue *arg) {
    Period period = arg->period;
    period.week_start = (int)call->common[CALL_WEEK_START].integer;
    period.calendar = call_calendar(call);
    period.anchor = call->book.day_first;
    return period;
}
