/* scan.c - see scan.h. */
#include "data/scan.h"

const char retain_sink_name[] = "retain_sink";

/* What a pass does with each row. */
typedef void (*ScanTake)(Scan *scan, sqlite3_value **values);

struct Scan {
    Ledger ledger;
    Roster *roster;
    Contracts *contracts;
    ScanTake take;
    Err *err;
};

static void scan_take_order(Scan *scan, sqlite3_value **values) {
    ledger_add(&scan->ledger, values);
}

/* Where do the orders of refunds lie? */
static void scan_take_refunded(Scan *scan, sqlite3_value **values) {
    ledger_find_order(&scan->ledger, values);
}

static void scan_take_member(Scan *scan, sqlite3_value **values) {
    roster_add(scan->roster, &scan->ledger.customers, values[0], scan->ledger.err);
}

static void scan_take_contract(Scan *scan, sqlite3_value **values) {
    contracts_add(scan->contracts, values);
}

/* The scan of a running statement; its first step takes the one that waits. */
static Scan *scan_of(sqlite3_context *context) {
    Scan **own = sqlite3_aggregate_context(context, sizeof(*own));
    if (!own) {
        sqlite3_result_error_nomem(context);
        return NULL;
    }
    if (*own) return *own;
    ScanSink *sink = sqlite3_user_data(context);
    *own = sink->waiting;
    sink->waiting = NULL;
    if (!*own) sqlite3_result_error(context, "retain_sink is internal to retain", -1);
    return *own;
}

static void scan_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    Scan *scan = scan_of(context);
    (void)argc;
    if (!scan) return;
    scan->take(scan, argv);
    if (scan->err->rc) sqlite3_result_error_code(context, scan->err->rc);
}

/* A source without rows has no first step: then the end takes the scan. */
static void scan_final(sqlite3_context *context) {
    ScanSink *sink = sqlite3_user_data(context);
    if (!sqlite3_aggregate_context(context, 0)) sink->waiting = NULL;
    sqlite3_result_null(context);
}

int scan_register(sqlite3 *db, ScanSink *sink, void (*destroy)(void *)) {
    return sqlite3_create_function_v2(db, retain_sink_name, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, sink,
                                      NULL, scan_step, scan_final, destroy);
}

/* The columns in the order in which the ledger takes their values.  They are qualified, because SQLite reads an
 * unknown bare "name" as a string. */
static char *scan_sql(const bool wanted[SOURCE_ROLES], Arena *arena, Err *err, const Source *source) {
    const char *list = "";
    for (int role = 0; role < SOURCE_ROLES; role++)
        if (wanted[role])
            list = arena_printf(arena, err, "%s%so.\"%w\"", list, role ? ", " : "", source->chosen[role]);
    return arena_printf(arena, err, "SELECT retain_sink(%s) FROM %s AS o", list, source->from);
}

/* Runs one pass to its only row.  The statement stays open for the caller, so that a further pass sees the
 * same snapshot. */
static sqlite3_stmt *scan_pass(Scan *scan, ScanTake take, ScanSink *sink, const Source *source, const char *sql) {
    Err *err = scan->err;
    sqlite3_stmt *stmt = NULL;
    if (err->rc) return NULL;
    scan->take = take;
    int rc = sqlite3_prepare_v2(source->db, sql, -1, &stmt, NULL);
    Scan *outer = sink->waiting; /* of a source that reads through us before its own first row */
    sink->waiting = scan;
    if (!rc) rc = sqlite3_step(stmt);
    bool untaken = sink->waiting == scan;
    sink->waiting = outer;
    if (rc == SQLITE_ROW && untaken) /* an authorizer that ignores the function puts NULL in its place */
        err_set(err, SQLITE_AUTH, "cannot read %s: not authorized to use function: %s", source->name,
                retain_sink_name);
    else if (rc != SQLITE_ROW)
        err_set(err, rc == SQLITE_DONE ? SQLITE_INTERNAL : rc, "cannot read %s: %s", source->name,
                sqlite3_errmsg(source->db));
    return stmt;
}

/* The customers are compared while those of the orders can still be looked up. */
static void scan_members(Scan *scan, const ScanRequest *request) {
    const bool wanted[SOURCE_ROLES] = {[SOURCE_CUSTOMER] = true};
    Arena *arena = scan->ledger.arena;
    Err *err = scan->ledger.err;
    char *sql = scan_sql(wanted, arena, err, request->members);
    scan->roster = request->roster;
    roster_open(scan->roster, &scan->ledger.customers, arena, err);
    sqlite3_finalize(scan_pass(scan, scan_take_member, request->sink, request->members, sql));
    roster_close(scan->roster);
}

void scan_source(Book *book, Arena *arena, Err *err, const ScanRequest *request) {
    const Source *source = request->source;
    if (err->rc) return;
    Scan *scan = arena_alloc(arena, err, 1, sizeof(*scan));
    if (!scan) return;
    scan->err = err;
    LedgerOptions options = {.amounts = source->chosen[SOURCE_AMOUNT] != NULL,
                             .segments = source->chosen[SOURCE_SEGMENT] != NULL,
                             .as_of = request->as_of,
                             .only_counts = request->needs.only_counts};
    options.orders = options.amounts && source->chosen[SOURCE_ORDER];
    const bool wanted[SOURCE_ROLES] = {
        [SOURCE_CUSTOMER] = true,          [SOURCE_DATE] = true,
        [SOURCE_AMOUNT] = options.amounts, [SOURCE_ORDER] = options.orders,
        [SOURCE_SEGMENT] = options.segments,
    };
    ledger_open(&scan->ledger, arena, err, options, request->rules);
    char *sql = scan_sql(wanted, arena, err, source);
    sqlite3_stmt *first = scan_pass(scan, scan_take_order, request->sink, source, sql), *second = NULL;
    ledger_flush(&scan->ledger);
    if (!err->rc && ledger_needs_orders(&scan->ledger)) {
        second = scan_pass(scan, scan_take_refunded, request->sink, source, sql);
        ledger_settle(&scan->ledger);
    }
    if (request->roster) scan_members(scan, request);
    sqlite3_finalize(second);
    sqlite3_finalize(first);
    if (!err->rc) book_build(book, &scan->ledger, request->needs, request->poll);
    ledger_close(&scan->ledger);
}

void scan_contracts(Contracts *contracts, Arena *arena, Err *err, const ScanContracts *request) {
    const Source *source = request->source;
    contracts_open(contracts, request->rules, arena, err);
    char *sql = arena_printf(arena, err, "SELECT retain_sink(o.\"%w\", o.\"%w\") FROM %s AS o", request->start,
                             request->end, source->from);
    Scan *scan = arena_alloc(arena, err, 1, sizeof(*scan));
    if (err->rc) return;
    scan->contracts = contracts;
    scan->err = err;
    sqlite3_finalize(scan_pass(scan, scan_take_contract, request->sink, source, sql));
}
