/* audit.c - see audit.h. */
#include "data/audit.h"

/* Which column a check of rows is about; those of a status say so themselves. */
static const SourceRole audit_roles[FINDING_CHECKS] = {
    [FINDING_CUSTOMER_MISSING] = SOURCE_CUSTOMER, [FINDING_DATE_MISSING] = SOURCE_DATE,
    [FINDING_DATE_UNREADABLE] = SOURCE_DATE,      [FINDING_DATE_IMPOSSIBLE] = SOURCE_DATE,
    [FINDING_DATE_JALALI] = SOURCE_DATE,          [FINDING_DATE_BUDDHIST] = SOURCE_DATE,
    [FINDING_DATE_MILLISECONDS] = SOURCE_DATE,    [FINDING_DATE_YYYYMMDD] = SOURCE_DATE,
    [FINDING_DATE_MIXED] = SOURCE_DATE,           [FINDING_DATE_OFFSET] = SOURCE_DATE,
    [FINDING_DATE_FUTURE] = SOURCE_DATE,          [FINDING_DATE_EARLY] = SOURCE_DATE,
    [FINDING_AMOUNT_MISSING] = SOURCE_AMOUNT,     [FINDING_AMOUNT_UNREADABLE] = SOURCE_AMOUNT,
    [FINDING_AMOUNT_ZERO] = SOURCE_AMOUNT,        [FINDING_AMOUNT_NEGATIVE] = SOURCE_AMOUNT,
};

/* ---- Rows ---- */

/* What one row says. */
typedef struct AuditRow {
    const ScanRow *row;
    AuditdateRead date;
    AuditamountRead amount;
    sqlite3_value *cancelled; /* the status that says so; NULL */
    bool has_customer;
    bool ignored;             /* after as_of */
} AuditRow;

static bool audit_has_customer(sqlite3_value *value, Err *err) {
    int type = sqlite3_value_type(value);
    if (type == SQLITE_TEXT && !sqlite3_value_text(value)) err_nomem(err);
    return type != SQLITE_NULL && ((type != SQLITE_TEXT && type != SQLITE_BLOB) || sqlite3_value_bytes(value) > 0);
}

/* Reads what a row says; rows after as_of are ignored, as in the reports. */
static AuditRow audit_see(Audit *audit, const ScanRow *row, sqlite3_value **more) {
    AuditRow seen = {.row = row, .date = auditdate_judge(&audit->dates, row->date, audit->err),
                     .amount = {.readable = true}, .has_customer = audit_has_customer(row->customer, audit->err)};
    seen.ignored = seen.date.has_day && seen.date.day > audit->as_of;
    if (seen.ignored) {
        seen.date.checks = FINDING_BIT(FINDING_DATE_FUTURE);
        return seen;
    }
    if (row->amount) seen.amount = auditamount_judge(&audit->amounts, row->amount, audit->err);
    if (!(seen.amount.amount < 0)) seen.cancelled = auditword_cancelled(&audit->words, more, audit->err);
    return seen;
}

/* A row that the reports would count as an order, or as a line of one. */
static bool audit_is_order(const AuditRow *seen) {
    return seen->has_customer && seen->date.has_day && !seen->ignored && seen->amount.readable &&
           !(seen->amount.amount < 0);
}

static void audit_note(Audit *audit, const AuditRow *seen, uint64_t checks) {
    const ScanRow *row = seen->row;
    sqlite3_value *values[SOURCE_ROLES] = {
        [SOURCE_CUSTOMER] = row->customer, [SOURCE_DATE] = row->date, [SOURCE_AMOUNT] = row->amount};
    for (int check = 0; check < FINDING_CHECKS; check++) {
        if (!(checks & FINDING_BIT(check))) continue;
        finding_add(&audit->findings, (FindingCheck)check,
                    check == FINDING_STATUS ? seen->cancelled : values[audit_roles[check]]);
    }
    bool unread = !seen->date.has_day || !seen->amount.readable;
    finding_mark(&audit->findings, row->customer, checks, unread);
}

static void audit_add(Audit *audit, const ScanRow *row, sqlite3_value **more) {
    AuditRow seen = audit_see(audit, row, more);
    audit->findings.n_rows++;
    if (audit->err->rc) return;
    uint64_t checks = seen.date.checks | seen.amount.checks;
    if (!seen.ignored) {
        if (!seen.has_customer) checks |= FINDING_BIT(FINDING_CUSTOMER_MISSING);
        if (seen.cancelled) checks |= FINDING_BIT(FINDING_STATUS);
        if (seen.date.has_day && !seen.date.suspect)
            auditshape_add_day(&audit->days, audit->arena, audit->err, seen.date.day);
        if (audit->words.has_currency)
            auditword_count_currency(&audit->words, more[audit->words.n_status], audit->err);
        if (row->order && audit_is_order(&seen)) auditorder_see(&audit->orders, row->order);
    }
    if (checks) audit_note(audit, &seen, checks);
}

/* A row of the second pass. */
static void audit_look(Audit *audit, const ScanRow *row) {
    AuditRow seen = {.row = row, .date = auditdate_judge(&audit->look_dates, row->date, audit->err),
                     .amount = {.readable = true}, .has_customer = audit_has_customer(row->customer, audit->err)};
    if (row->amount) seen.amount = auditamount_judge(&audit->look_amounts, row->amount, audit->err);
    seen.ignored = seen.date.day > audit->as_of;
    audit->n_looked++;
    if (audit->err->rc || !audit_is_order(&seen)) return;
    AuditorderRow order = {.order = row->order, .customer = row->customer, .number = audit->n_looked,
                           .day = seen.date.day, .second = seen.date.second, .amount = seen.amount.amount};
    auditorder_look(&audit->orders, &order);
}

static void audit_row(void *ctx, const ScanRow *row, sqlite3_value **more) {
    Audit *audit = ctx;
    if (audit->err->rc) return;
    if (audit->looking) audit_look(audit, row);
    else audit_add(audit, row, more);
}

/* ---- Passes ---- */

static void audit_begin(Audit *audit) {
    finding_open(&audit->findings, audit->arena, audit->err, audit->rules.calendar);
    auditdate_open(&audit->dates, audit->rules);
    auditword_open(&audit->words, audit->source, audit->arena);
    auditorder_open(&audit->orders, audit->arena, audit->err);
    audit->amounts = (Auditamount){0};
    audit->days = (Auditdays){{NULL}};
}

static void audit_end(Audit *audit) {
    finding_close(&audit->findings);
    auditword_close(&audit->words);
    auditorder_close(&audit->orders);
}

static ScanNext audit_next(void *ctx, RowRules *rules) {
    Audit *audit = ctx;
    DateUnit unit;
    if (audit->rules.unit_first == DATE_AUTO && auditdate_is_mixed(&audit->dates, &unit)) {
        rules->unit_first = audit->rules.unit_first = unit;
        audit_end(audit);
        audit_begin(audit);
        return SCAN_AGAIN;
    }
    audit->looking = auditorder_needs_look(&audit->orders);
    auditdate_open(&audit->look_dates, audit->rules);
    return audit->looking ? SCAN_LOOK : SCAN_ENOUGH;
}

/* ---- Findings ---- */

static void audit_skip(Audit *audit) {
    const Source *source = audit->source;
    if (!source->chosen[SOURCE_AMOUNT])
        finding_skip(&audit->findings, FINDING_AMOUNT_MISSING, FINDING_CUSTOMER_REFUNDS, "there is no amount column");
    if (!source->chosen[SOURCE_ORDER] && !source->order_key)
        finding_skip(&audit->findings, FINDING_ORDER_REPEATED, FINDING_ORDER_LINES, "there is no order column");
    if (audit->words.n_status == 0)
        finding_skip(&audit->findings, FINDING_STATUS, FINDING_STATUS, "there is no status column");
}

/* All that needs the lookups of maps, which end with the pass. */
static void audit_judge_rows(Audit *audit, const Book *book, const Poll *poll) {
    finding_count_customers(&audit->findings);
    auditid_judge(&audit->ids, book, &audit->findings, poll);
    auditorder_judge(&audit->orders, &audit->findings);
    auditword_judge_currency(&audit->words, &audit->findings);
    audit_skip(audit);
}

void audit_judge(Audit *audit, const Book *book, Period period, const Poll *poll) {
    if (audit->err->rc) return;
    auditshape_judge(&audit->shape, &audit->days, book, period, audit->as_of, &audit->findings, poll);
}

void audit_read(Audit *audit, Book *book, Arena *arena, Err *err, const ScanRequest *request) {
    if (err->rc) return;
    *audit = (Audit){.source = request->source, .arena = arena, .err = err, .rules = request->rules,
                     .as_of = request->as_of};
    audit_begin(audit);
    ScanWatch watch = {.columns = audit->words.columns, .n_columns = auditword_n_columns(&audit->words),
                       .row = audit_row, .next = audit_next, .ctx = audit};
    ScanRequest watched = *request;
    watched.rules.skip_unreadable = true;
    watched.needs.rows = true;
    watched.watch = &watch;
    scan_source(book, arena, err, &watched);
    if (!err->rc) audit_judge_rows(audit, book, request->poll);
    audit_end(audit);
}
