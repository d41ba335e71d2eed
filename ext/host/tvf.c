/* tvf.c - see tvf.h.
 *
 * What SQLite does to virtual tables, and the answer to it:
 *
 *  - Arguments are equality constraints on hidden columns.  One that is there but not usable makes the
 *    plan impossible (SQLITE_CONSTRAINT); one that is missing is reported by xFilter, because xBestIndex
 *    is also asked about plans that are never run (each arm of an OR, for one).
 *  - An OR of two argument lists is merged by rowid alone, so the rowid carries a hash of the arguments.
 *  - xFilter may run again and again on one cursor: it begins by emptying it.
 *  - Everything is computed in xFilter and no statement stays open behind it, so that tables can be
 *    dropped, vacuumed or written while a cursor is open.
 */
#include "host/tvf.h"

#include <string.h>

typedef struct TvfModule {
    Host *host;
    const TvfDef *def;
} TvfModule;

typedef struct TvfTable {
    sqlite3_vtab base; /* first: SQLite's */
    Host *host;
    const TvfDef *def;
    int n_cols, n_args;
} TvfTable;

enum {
    TVF_ARGS_MAX = 30,               /* bits of idxNum */
    TVF_COMPARED_AGAIN = 1 << 30,    /* one more: SQLite checks an argument after us */
    TVF_OMITTED_MAX = 16             /* constraints that it can leave wholly to a virtual table */
};

typedef struct TvfCursor {
    sqlite3_vtab_cursor base; /* first: SQLite's */
    Arena arena;
    Call call;
    ArgValue args[TVF_ARGS_MAX];
    sqlite3_value *given[TVF_ARGS_MAX]; /* as the caller wrote them; NULL: the default holds */
    int64_t row, n_rows;
    int64_t rowid_base;
} TvfCursor;

/* ---- The list of arguments: leading ones, own, common ---- */

/* Fills specs with pointers to all argument specs of def; returns their number. */
static int tvf_specs(const TvfDef *def, const ArgSpec *specs[TVF_ARGS_MAX]) {
    int n = call_leading(def->needs, specs);
    for (const ArgSpec *spec = def->args; spec->name; spec++) specs[n++] = spec;
    for (int i = 0; i < CALL_COMMON; i++)
        if (call_has_common(def->needs, (CallCommon)i)) specs[n++] = &retain_common_args[i];
    return n;
}

static int tvf_count_cols(const ColSpec *cols) {
    int n = 0;
    while (cols[n].name) n++;
    return n;
}

/* ---- xConnect ---- */

static char *tvf_schema(const TvfDef *def) {
    const ArgSpec *specs[TVF_ARGS_MAX];
    int n_args = tvf_specs(def, specs);
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "CREATE TABLE x(");
    for (const ColSpec *col = def->cols; col->name; col++)
        sqlite3_str_appendf(sql, "%s%s %s", col == def->cols ? "" : ", ", col->name, col->type);
    for (int i = 0; i < n_args; i++)
        sqlite3_str_appendf(sql, ", %s %s HIDDEN", specs[i]->name, args_sql_type(specs[i]->kind));
    for (int i = 0; i < call_infos(def->needs); i++)
        sqlite3_str_appendf(sql, ", %s %s HIDDEN", retain_info_cols[i].name, retain_info_cols[i].type);
    sqlite3_str_appendchar(sql, 1, ')');
    return sqlite3_str_finish(sql);
}

enum { TVF_USES_ALL_SCHEMAS = 4, TVF_USES_ALL_SCHEMAS_VERSION = 3041000 };

/* A report reads any schema by name, so SQLite must hold its read locks on all of them; and in the strict
 * build a view or trigger may not reach it. */
static int tvf_configure(sqlite3 *db, const TvfModule *module) {
    if (sqlite3_libversion_number() >= TVF_USES_ALL_SCHEMAS_VERSION)
        (void)sqlite3_vtab_config(db, TVF_USES_ALL_SCHEMAS);
    return module->host->strict ? sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY) : SQLITE_OK;
}

static int tvf_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                       char **message) {
    TvfModule *module = aux;
    (void)argc;
    (void)argv;
    (void)message;
    char *schema = tvf_schema(module->def);
    if (!schema) return SQLITE_NOMEM;
    int rc = sqlite3_declare_vtab(db, schema);
    sqlite3_free(schema);
    if (!rc) rc = tvf_configure(db, module);
    if (rc) return rc;
    TvfTable *table = sqlite3_malloc64(sizeof(*table));
    if (!table) return SQLITE_NOMEM;
    const ArgSpec *specs[TVF_ARGS_MAX];
    *table = (TvfTable){.host = module->host, .def = module->def,
                        .n_cols = tvf_count_cols(module->def->cols),
                        .n_args = tvf_specs(module->def, specs)};
    host_retain(table->host);
    *out = &table->base;
    return SQLITE_OK;
}

static int tvf_disconnect(sqlite3_vtab *base) {
    TvfTable *table = (TvfTable *)(void *)base;
    host_release(table->host);
    sqlite3_free(table);
    return SQLITE_OK;
}

/* ---- xBestIndex ---- */

/* True when the rows come in the order that is asked for. */
static bool tvf_ordered(const TvfDef *def, const sqlite3_index_info *info) {
    if (info->nOrderBy > def->n_order) return false;
    for (int i = 0; i < info->nOrderBy; i++)
        if (info->aOrderBy[i].iColumn != def->order[i].column ||
            (info->aOrderBy[i].desc != 0) != def->order[i].descending)
            return false;
    return info->nOrderBy > 0;
}

#define TVF_COST_IMPOSSIBLE 1e99
#define TVF_COST 1e12   /* without an argument ... */
#define TVF_COST_ARG 32 /* ... and so many times less with each one: no plan may leave one unused, not even
                           that of an OR of argument lists, which pays for each arm */
enum { TVF_ROWS_GUESS = 1000 };

static int tvf_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
    const TvfTable *table = (const TvfTable *)(void *)base;
    int position[TVF_ARGS_MAX];
    unsigned present = 0, usable = 0;
    for (int i = 0; i < info->nConstraint; i++) {
        int arg = info->aConstraint[i].iColumn - table->n_cols;
        if (arg < 0 || arg >= table->n_args) continue;
        if (info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
        present |= 1u << arg;
        if (!info->aConstraint[i].usable) continue;
        usable |= 1u << arg;
        position[arg] = i; /* the last: positional arguments come behind the WHERE clause */
    }
    if (present != usable) return SQLITE_CONSTRAINT;
    int n = 0, flags = 0;
    double cost = TVF_COST;
    for (int arg = 0; arg < table->n_args; arg++) {
        if (!(usable & 1u << arg)) continue;
        info->aConstraintUsage[position[arg]].argvIndex = ++n;
        info->aConstraintUsage[position[arg]].omit = 1;
        if (position[arg] >= TVF_OMITTED_MAX) flags = TVF_COMPARED_AGAIN;
        cost /= TVF_COST_ARG;
    }
    bool lacks_source = (table->def->needs & (CALL_ORDERS | CALL_CONTRACTS)) && !(usable & 1u);
    info->idxNum = (int)usable | flags;
    info->estimatedCost = lacks_source ? TVF_COST_IMPOSSIBLE : cost;
    info->estimatedRows = TVF_ROWS_GUESS;
    info->orderByConsumed = tvf_ordered(table->def, info);
    return SQLITE_OK;
}

/* ---- Cursors ---- */

static int tvf_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
    (void)base;
    TvfCursor *cursor = sqlite3_malloc64(sizeof(*cursor));
    if (!cursor) return SQLITE_NOMEM;
    memset(cursor, 0, sizeof(*cursor));
    *out = &cursor->base;
    return SQLITE_OK;
}

static void tvf_clear(TvfCursor *cursor) {
    sqlite3_vtab *table = cursor->base.pVtab;
    arena_free(&cursor->arena);
    for (int i = 0; i < TVF_ARGS_MAX; i++) sqlite3_value_free(cursor->given[i]);
    memset(cursor, 0, sizeof(*cursor));
    cursor->base.pVtab = table;
}

static int tvf_close(sqlite3_vtab_cursor *base) {
    TvfCursor *cursor = (TvfCursor *)(void *)base;
    tvf_clear(cursor);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

/* FNV-1a over the types and bytes of the arguments.  Numbers are not asked for as bytes: without memory for
 * their text SQLite would turn them into NULL. */
static uint32_t tvf_hash_value(uint32_t hash, sqlite3_value *value) {
    static const uint32_t prime = 16777619;
    int type = sqlite3_value_type(value);
    double number = sqlite3_value_double(value);
    bool is_number = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
    const void *data = is_number              ? &number
                       : type == SQLITE_TEXT ? (const void *)sqlite3_value_text(value)
                                             : sqlite3_value_blob(value);
    const unsigned char *bytes = data; /* before their number: text may be converted from UTF-16 */
    int n = is_number ? (int)sizeof(number) : sqlite3_value_bytes(value);
    hash = (hash ^ (uint32_t)type) * prime;
    for (int i = 0; bytes && i < n; i++) hash = (hash ^ bytes[i]) * prime;
    return hash;
}

static int64_t tvf_rowid_base(const TvfCursor *cursor, const TvfTable *table) {
    uint32_t hash = 2166136261u;
    for (int i = 0; i < table->n_args; i++) {
        hash = (hash ^ (uint32_t)i) * 16777619u;
        if (cursor->given[i]) hash = tvf_hash_value(hash, cursor->given[i]);
    }
    return (int64_t)(hash & 0x7FFFFFFFu) << 32;
}

/* Hands the arguments to args_read.  The calendar comes first, because dates are read by it. */
static void tvf_read_args(TvfCursor *cursor, const TvfTable *table, Err *err) {
    const ArgSpec *specs[TVF_ARGS_MAX];
    int n = tvf_specs(table->def, specs);
    CivilCalendar calendar = CIVIL_GREGORIAN;
    for (int i = 0; i < n; i++) {
        if (specs[i] != &retain_common_args[CALL_CALENDAR]) continue;
        args_read(&cursor->args[i], specs[i], CIVIL_GREGORIAN, cursor->given[i], &cursor->arena, err);
        calendar = (CivilCalendar)cursor->args[i].integer;
    }
    for (int i = 0; i < n; i++) {
        if (specs[i]->required && !cursor->given[i])
            err_set(err, SQLITE_ERROR, "%s is missing, as in %s", specs[i]->name,
                    table->def->text.example);
        args_read(&cursor->args[i], specs[i], calendar, cursor->given[i], &cursor->arena, err);
    }
}

/* Splits the flat list of arguments into own and common ones. */
static void tvf_spread_args(TvfCursor *cursor, const TvfTable *table, Err *err) {
    const TvfDef *def = table->def;
    const ArgSpec *leading[CALL_LEADING_MAX];
    int own = call_leading(def->needs, leading);
    int at = own + args_count(def->args);
    ArgValue *common = arena_alloc(&cursor->arena, err, CALL_COMMON, sizeof(ArgValue));
    for (int i = 0; i < CALL_COMMON && common; i++)
        common[i] = call_has_common(def->needs, (CallCommon)i) ? cursor->args[at++]
                                                               : args_default(&retain_common_args[i]);
    if (common && def->needs & CALL_BY_SEGMENT) common[CALL_SEGMENT_COLUMN] = cursor->args[own - 1];
    cursor->call.args = cursor->args + own;
    cursor->call.common = common;
}

/* Puts what the reading chose back where the hidden columns look. */
static void tvf_show_args(TvfCursor *cursor, const TvfTable *table) {
    const ArgSpec *leading[CALL_LEADING_MAX];
    int at = call_leading(table->def->needs, leading) + args_count(table->def->args);
    for (int i = 0; i < CALL_COMMON; i++)
        if (call_has_common(table->def->needs, (CallCommon)i))
            cursor->args[at++] = cursor->call.common[i];
}

static void tvf_run(TvfCursor *cursor, TvfTable *table, Err *err) {
    const TvfDef *def = table->def;
    HostBeat beat;
    tvf_read_args(cursor, table, err);
    tvf_spread_args(cursor, table, err);
    if (err->rc) return;
    host_beat_open(&beat, table->host->db, err);
    Call *call = &cursor->call;
    call->err = err;
    call->arena = &cursor->arena;
    call->poll = &beat.poll;
    if (def->needs & (CALL_ORDERS | CALL_CONTRACTS))
        host_enter(table->host, err, def->name, cursor->args[0].text);
    if (def->needs & CALL_ORDERS) call_read_orders(call, table->host, def->needs, cursor->args[0].text);
    if (def->needs & CALL_CONTRACTS && !err->rc) call_read_contracts(call, table->host, cursor->args);
    int64_t n_rows = err->rc ? 0 : def->open(call);
    host_beat_close(&beat);
    cursor->n_rows = err->rc ? 0 : n_rows;
    tvf_show_args(cursor, table);
    call->err = NULL;
    call->poll = NULL;
}

static int tvf_fail(TvfTable *table, Err *err) {
    char *text = host_error_text(table->host, table->def->name, err);
    if (text) {
        sqlite3_free(table->base.zErrMsg);
        table->base.zErrMsg = text;
    }
    return err->rc;
}

/* SQLite compares constraints beyond the first 16 once more, and nothing equals NULL: no row would be left. */
static void tvf_refuse_nulls(const TvfCursor *cursor, Err *err) {
    for (int arg = 0; arg < TVF_ARGS_MAX; arg++)
        if (cursor->given[arg] && sqlite3_value_type(cursor->given[arg]) == SQLITE_NULL)
            err_set(err, SQLITE_ERROR, "more than %d conditions are given: leave out arguments that are NULL",
                    TVF_OMITTED_MAX);
}

static int tvf_filter(sqlite3_vtab_cursor *base, int mask, const char *unused, int argc,
                      sqlite3_value **argv) {
    TvfCursor *cursor = (TvfCursor *)(void *)base;
    TvfTable *table = (TvfTable *)(void *)base->pVtab;
    Err err = {0};
    (void)unused;
    tvf_clear(cursor);
    for (int arg = 0, next = 0; arg < table->n_args && next < argc; arg++) {
        if (!((unsigned)mask & 1u << arg)) continue;
        cursor->given[arg] = sqlite3_value_dup(argv[next++]);
        if (!cursor->given[arg]) err_nomem(&err);
    }
    if (mask & TVF_COMPARED_AGAIN) tvf_refuse_nulls(cursor, &err);
    cursor->rowid_base = tvf_rowid_base(cursor, table);
    int depth = table->host->depth;
    if (!err.rc) tvf_run(cursor, table, &err);
    int rc = err.rc ? tvf_fail(table, &err) : SQLITE_OK;
    if (table->host->depth > depth) host_leave(table->host);
    err_clear(&err);
    return rc;
}

static int tvf_next(sqlite3_vtab_cursor *base) {
    ((TvfCursor *)(void *)base)->row++;
    return SQLITE_OK;
}

static int tvf_eof(sqlite3_vtab_cursor *base) {
    const TvfCursor *cursor = (const TvfCursor *)(void *)base;
    return cursor->row >= cursor->n_rows;
}

static int tvf_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
    const TvfCursor *cursor = (const TvfCursor *)(void *)base;
    *rowid = cursor->rowid_base | (cursor->row + 1);
    return SQLITE_OK;
}

/* ---- Values out ---- */

/* The value in effect: the caller's own where there is one, since SQLite may compare it again. */
static void tvf_show_arg(const TvfCursor *cursor, const TvfTable *table, int arg, Out *out) {
    const ArgSpec *specs[TVF_ARGS_MAX];
    const ArgValue *value = &cursor->args[arg];
    tvf_specs(table->def, specs);
    if (cursor->given[arg] && sqlite3_value_type(cursor->given[arg]) != SQLITE_NULL) {
        sqlite3_result_value(out->context, cursor->given[arg]);
        return;
    }
    switch (specs[arg]->kind) {
        case ARG_INTEGER: out_int(out, value->integer); break;
        case ARG_REAL: out_real(out, value->real); break;
        case ARG_DATE:
            if (value->day >= CIVIL_DAY_MIN) out_day(out, value->day);
            else out_null(out); /* a table of customers does not say it */
            break;
        default: out_text(out, value->text);
    }
}

static void tvf_show_info(const Book *book, CallInfo info, Out *out) {
    switch (info) {
        case CALL_ROWS_READ: out_int(out, book->rows_read); break;
        case CALL_ROWS_SKIPPED: out_int(out, book->rows_skipped); break;
        case CALL_ROWS_NO_CUSTOMER: out_int(out, book->rows_no_customer); break;
        default: out_int(out, book->n_customers - book->n_buyers);
    }
}

static int tvf_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int col) {
    const TvfCursor *cursor = (const TvfCursor *)(void *)base;
    const TvfTable *table = (const TvfTable *)(const void *)base->pVtab;
    Out out = {.context = context, .calendar = call_calendar(&cursor->call)};
    if (col < table->n_cols)
        table->def->cell(cursor->call.state, cursor->row, col, &out);
    else if (col < table->n_cols + table->n_args)
        tvf_show_arg(cursor, table, col - table->n_cols, &out);
    else
        tvf_show_info(&cursor->call.book, (CallInfo)(col - table->n_cols - table->n_args), &out);
    return SQLITE_OK;
}

/* ---- Registration ---- */

static const sqlite3_module tvf_module = {
    .iVersion = 0,
    .xConnect = tvf_connect, /* without xCreate: usable by its own name, never CREATE VIRTUAL TABLE */
    .xBestIndex = tvf_best_index,
    .xDisconnect = tvf_disconnect,
    .xOpen = tvf_open,
    .xClose = tvf_close,
    .xFilter = tvf_filter,
    .xNext = tvf_next,
    .xEof = tvf_eof,
    .xColumn = tvf_column,
    .xRowid = tvf_rowid,
};

static void tvf_free_module(void *pointer) {
    TvfModule *module = pointer;
    host_release(module->host);
    sqlite3_free(module);
}

int tvf_register(Host *host, const TvfDef *def) {
    TvfModule *module = sqlite3_malloc64(sizeof(*module));
    if (!module) return SQLITE_NOMEM;
    *module = (TvfModule){.host = host, .def = def};
    host_retain(host);
    return sqlite3_create_module_v2(host->db, def->name, &tvf_module, module, tvf_free_module);
}

void tvf_unregister(sqlite3 *db, const TvfDef *def) {
    (void)sqlite3_create_module_v2(db, def->name, NULL, NULL, NULL);
}
