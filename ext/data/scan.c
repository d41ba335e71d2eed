/* scan.c - see scan.h. */
#include "data/scan.h"

const char retain_sink_name[] = "retain_sink";

enum { SCAN_PASSES_MAX = 5 };

/* What a pass does with each row. */
typedef void (*ScanTake)(Scan *scan, sqlite3_value **values);

struct Scan {
    Ledger ledger;
    const ScanRequest *request;
    Summary *summary;          /* of a table of customers; else NULL */
    Contracts *contracts;      /* of a table of contracts; else NULL */
    ScanTake take;
    bool wanted[SOURCE_ROLES]; /* the roles that are among the sink's arguments, ... */
    int n_roles;               /* ... so many; the watcher's columns stand behind them */
    const char *sql;
    sqlite3_stmt *passes[SCAN_PASSES_MAX]; /* stay open to the end, so that all see the same snapshot */
    int n_passes;
};

/* ---- Rows ---- */

static void scan_take_order(Scan *scan, sqlite3_value **values) {
    ledger_add(&scan->ledger, values);
}

/* For the watcher alone. */
static void scan_take_sight(Scan *scan, sqlite3_value **values) {
    const ScanWatch *watch = scan->request->watch;
    sqlite3_value *of_role[SOURCE_ROLES] = {NULL};
    for (int role = 0, n = 0; role < SOURCE_ROLES; role++)
        if (scan->wanted[role]) of_role[role] = values[n++];
    ScanRow row = {.customer = of_role[SOURCE_CUSTOMER], .date = of_role[SOURCE_DATE],
                   .amount = of_role[SOURCE_AMOUNT], .order = of_role[SOURCE_ORDER],
                   .segment = of_role[SOURCE_SEGMENT]};
    watch->row(watch->ctx, &row, values + scan->n_roles);
}

static void scan_take_watched_order(Scan *scan, sqlite3_value **values) {
    ledger_add(&scan->ledger, values);
    scan_take_sight(scan, values);
}

/* Where do the orders of refunds lie? */
static void scan_take_refunded(Scan *scan, sqlite3_value **values) {
    ledger_find_order(&scan->ledger, values);
}

static void scan_take_member(Scan *scan, sqlite3_value **values) {
    roster_add(scan->request->roster, &scan->ledger.customers, values[0], scan->ledger.err);
}

static void scan_take_contract(Scan *scan, sqlite3_value **values) {
    contracts_add(scan->contracts, values);
}

static void scan_take_summary(Scan *scan, sqlite3_value **values) {
    summary_add(scan->summary, values);
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
    if (scan->ledger.err->rc) sqlite3_result_error_code(context, scan->ledger.err->rc);
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

/* ---- Passes ---- */

/* The columns in the order in which the ledger takes their values.  They are qualified, because SQLite reads an
 * unknown bare "name" as a string. */
static char *scan_sql(const bool wanted[SOURCE_ROLES], const ScanWatch *watch, Arena *arena, Err *err,
                      const Source *source) {
    const char *list = "";
    for (int role = 0; role < SOURCE_ROLES; role++)
        if (wanted[role])
            list = arena_printf(arena, err, "%s%so.\"%w\"", list, role ? ", " : "", source->chosen[role]);
    for (int i = 0; watch && i < watch->n_columns; i++)
        list = arena_printf(arena, err, "%s, o.\"%w\"", list, watch->columns[i]);
    return arena_printf(arena, err, "SELECT retain_sink(%s) FROM %s AS o", list, source->from);
}

/* Runs one pass to its only row. */
static void scan_pass(Scan *scan, ScanTake take, const Source *source, const char *sql) {
    ScanSink *sink = scan->request->sink;
    Err *err = scan->ledger.err;
    sqlite3_stmt *stmt = NULL;
    if (err->rc) return;
    scan->take = take;
    int rc = sqlite3_prepare_v2(source->db, sql, -1, &stmt, NULL);
    scan->passes[scan->n_passes++] = stmt;
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
}

static void scan_close(Scan *scan) {
    while (scan->n_passes > 0) sqlite3_finalize(scan->passes[--scan->n_passes]);
}

/* One pass into a new ledger; what the watcher asks for next. */
static ScanNext scan_read(Scan *scan, const LedgerOptions *options, Arena *arena, Err *err, RowRules *rules) {
    const ScanWatch *watch = scan->request->watch;
    ledger_open(&scan->ledger, arena, err, *options, *rules);
    scan_pass(scan, watch ? scan_take_watched_order : scan_take_order, scan->request->source, scan->sql);
    ledger_flush(&scan->ledger);
    return watch && !err->rc ? watch->next(watch->ctx, rules) : SCAN_ENOUGH;
}

/* The customers are compared while those of the orders can still be looked up. */
static void scan_members(Scan *scan) {
    const ScanRequest *request = scan->request;
    const bool wanted[SOURCE_ROLES] = {[SOURCE_CUSTOMER] = true};
    Arena *arena = scan->ledger.arena;
    Err *err = scan->ledger.err;
    char *sql = scan_sql(wanted, NULL, arena, err, request->members);
    roster_open(request->roster, &scan->ledger.customers, arena, err);
    scan_pass(scan, scan_take_member, request->members, sql);
    roster_close(request->roster);
}

static LedgerOptions scan_options(const ScanRequest *request) {
    const char *const *chosen = request->source->chosen;
    LedgerOptions options = {.amounts = chosen[SOURCE_AMOUNT] != NULL, .segments = chosen[SOURCE_SEGMENT] != NULL,
                             .as_of = request->as_of, .only_counts = request->needs.only_counts};
    options.orders = options.amounts && chosen[SOURCE_ORDER];
    return options;
}

/* The ledger's values come first; an order that it has no use for, only a watcher may want. */
static void scan_choose(Scan *scan, const LedgerOptions *options) {
    const ScanRequest *request = scan->request;
    const bool wanted[SOURCE_ROLES] = {
        [SOURCE_CUSTOMER] = true,
        [SOURCE_DATE] = true,
        [SOURCE_AMOUNT] = options->amounts,
        [SOURCE_ORDER] = options->orders || (request->watch && request->source->chosen[SOURCE_ORDER]),
        [SOURCE_SEGMENT] = options->segments,
    };
    for (int role = 0; role < SOURCE_ROLES; role++) {
        scan->wanted[role] = wanted[role];
        scan->n_roles += wanted[role];
    }
}

void scan_source(Book *book, Arena *arena, Err *err, const ScanRequest *request) {
    const Source *source = request->source;
    RowRules rules = request->rules;
    if (err->rc) return;
    Scan *scan = arena_alloc(arena, err, 1, sizeof(*scan));
    if (!scan) return;
    LedgerOptions options = scan_options(request);
    scan->request = request;
    scan_choose(scan, &options);
    scan->sql = scan_sql(scan->wanted, request->watch, arena, err, source);
    ScanNext next = scan_read(scan, &options, arena, err, &rules);
    if (next == SCAN_AGAIN) {
        ledger_close(&scan->ledger);
        next = scan_read(scan, &options, arena, err, &rules);
    }
    if (!err->rc && ledger_needs_orders(&scan->ledger)) {
        scan_pass(scan, scan_take_refunded, source, scan->sql);
        ledger_settle(&scan->ledger);
    }
    if (next == SCAN_LOOK) scan_pass(scan, scan_take_sight, source, scan->sql);
    if (request->roster) scan_members(scan);
    scan_close(scan);
    if (!err->rc) book_build(book, &scan->ledger, request->needs, request->poll);
    ledger_close(&scan->ledger);
}

void scan_summary(Book *book, Buyers *buyers, Arena *arena, Err *err, const ScanRequest *request) {
    const Source *source = request->source;
    const char *money = source->chosen[SOURCE_AMOUNT];
    Summary summary;
    Scan scan = {.ledger = {.err = err, .arena = arena}, .request = request, .summary = &summary};
    if (err->rc) return;
    const char *sql = arena_printf(arena, err, "SELECT retain_sink(o.\"%w\", o.\"%w\", o.\"%w\", o.\"%w\"%s%s%s)"
                                   " FROM %s AS o", source->chosen[SOURCE_CUSTOMER],
                                   source->history[SOURCE_FREQUENCY], source->history[SOURCE_RECENCY],
                                   source->history[SOURCE_AGE], money ? ", o.\"" : "",
                                   money ? arena_printf(arena, err, "%w", money) : "", money ? "\"" : "",
                                   source->from);
    summary_open(&summary, arena, err, money != NULL, request->rules.skip_unreadable);
    scan_pass(&scan, scan_take_summary, source, sql);
    scan_close(&scan);
    summary_close(&summary, book, buyers);
}

void scan_contracts(Contracts *contracts, Arena *arena, Err *err, const ScanContracts *request) {
    const ScanRequest orders = {.sink = request->sink, .source = request->source, .rules = request->rules};
    const Source *source = request->source;
    Scan scan = {.ledger = {.err = err, .arena = arena}, .request = &orders, .contracts = contracts};
    contracts_open(contracts, request->rules, arena, err);
    char *sql = arena_printf(arena, err, "SELECT retain_sink(o.\"%w\", o.\"%w\") FROM %s AS o", request->start,
                             request->end, source->from);
    scan_pass(&scan, scan_take_contract, source, sql);
    scan_close(&scan);
}
