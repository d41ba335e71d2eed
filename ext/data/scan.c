/* scan.c - see scan.h. */
#include "data/scan.h"

const char retain_sink_name[] = "retain_sink";

enum { SCAN_PASSES_MAX = 4 };

typedef enum ScanTask {
    SCAN_READING,        /* rows go to the ledger and the watcher */
    SCAN_FINDING_ORDERS, /* where do the orders of refunds lie? */
    SCAN_WATCHING        /* rows go to the watcher */
} ScanTask;

struct Scan {
    Ledger ledger;
    const ScanRequest *request;
    ScanTask task;
    int8_t argument[SOURCE_ROLES];  /* which argument of the sink a role is; -1: none */
    int8_t n_roles;                 /* arguments that are roles; the watcher's stand behind them */
    const char *sql;
    sqlite3_stmt *passes[SCAN_PASSES_MAX]; /* stay open to the end, so that all see the same snapshot */
    int n_passes;
};

static sqlite3_value *scan_value(const Scan *scan, sqlite3_value **argv, SourceRole role) {
    return scan->argument[role] >= 0 ? argv[scan->argument[role]] : NULL;
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
    LedgerRow row = {.customer = scan_value(scan, argv, SOURCE_CUSTOMER),
                     .date = scan_value(scan, argv, SOURCE_DATE),
                     .amount = scan_value(scan, argv, SOURCE_AMOUNT),
                     .order = scan_value(scan, argv, SOURCE_ORDER),
                     .segment = scan_value(scan, argv, SOURCE_SEGMENT)};
    const ScanWatch *watch = scan->request->watch;
    if (scan->task == SCAN_FINDING_ORDERS) ledger_find_order(&scan->ledger, &row);
    else if (scan->task == SCAN_READING) ledger_add(&scan->ledger, &row);
    if (watch && scan->task != SCAN_FINDING_ORDERS) watch->row(watch->ctx, &row, argv + scan->n_roles);
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

/* Columns are qualified, because SQLite reads an unknown bare "name" as a string. */
static char *scan_sql(Scan *scan, Arena *arena, Err *err) {
    const Source *source = scan->request->source;
    const ScanWatch *watch = scan->request->watch;
    const char *list = "";
    int8_t n = 0;
    for (int role = 0; role < SOURCE_ROLES; role++) {
        scan->argument[role] = -1;
        if (!source->chosen[role]) continue;
        list = arena_printf(arena, err, "%s%so.\"%w\"", list, n ? ", " : "", source->chosen[role]);
        scan->argument[role] = n++;
    }
    scan->n_roles = n;
    for (int i = 0; watch && i < watch->n_columns; i++)
        list = arena_printf(arena, err, "%s, o.\"%w\"", list, watch->columns[i]);
    return arena_printf(arena, err, "SELECT retain_sink(%s) FROM %s AS o", list, source->from);
}

/* Runs one pass to its only row. */
static void scan_pass(Scan *scan, ScanTask task) {
    const Source *source = scan->request->source;
    ScanSink *sink = scan->request->sink;
    Err *err = scan->ledger.err;
    sqlite3_stmt *stmt = NULL;
    if (err->rc) return;
    scan->task = task;
    int rc = sqlite3_prepare_v2(source->db, scan->sql, -1, &stmt, NULL);
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

/* One pass into a new ledger; what the watcher asks for next. */
static ScanNext scan_read(Scan *scan, Arena *arena, Err *err, RowRules *rules) {
    const ScanRequest *request = scan->request;
    const ScanWatch *watch = request->watch;
    const char *const *chosen = request->source->chosen;
    LedgerOptions options = {.amounts = chosen[SOURCE_AMOUNT] != NULL,
                             .segments = chosen[SOURCE_SEGMENT] != NULL,
                             .as_of = request->as_of};
    options.orders = options.amounts && chosen[SOURCE_ORDER];
    ledger_open(&scan->ledger, arena, err, options, *rules);
    scan_pass(scan, SCAN_READING);
    ledger_flush(&scan->ledger);
    return watch && !err->rc ? watch->next(watch->ctx, rules) : SCAN_ENOUGH;
}

void scan_source(Book *book, Arena *arena, Err *err, const ScanRequest *request) {
    RowRules rules = request->rules;
    if (err->rc) return;
    Scan *scan = arena_alloc(arena, err, 1, sizeof(*scan));
    if (!scan) return;
    scan->request = request;
    scan->sql = scan_sql(scan, arena, err);
    ScanNext next = scan_read(scan, arena, err, &rules);
    if (next == SCAN_AGAIN) {
        ledger_close(&scan->ledger);
        next = scan_read(scan, arena, err, &rules);
    }
    if (!err->rc && ledger_needs_orders(&scan->ledger)) {
        scan_pass(scan, SCAN_FINDING_ORDERS);
        ledger_settle(&scan->ledger);
    }
    if (next == SCAN_LOOK) scan_pass(scan, SCAN_WATCHING);
    while (scan->n_passes > 0) sqlite3_finalize(scan->passes[--scan->n_passes]);
    if (!err->rc) book_build(book, &scan->ledger, request->needs, request->poll);
    ledger_close(&scan->ledger);
}
