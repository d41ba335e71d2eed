/* check_api.c - when a function of SQLite fails that the extension calls: SQLite's code or exactly the
 * right rows, no leak, nothing left open, and the connection goes on.
 *
 * The library's entry point is handed a table of SQLite's functions in which some are ours, so that only
 * calls made by the extension fail.  A function that is in none of the two lists below is a trap: who
 * calls a new one decides here whether it can fail.
 */
#include <check.h>
#include <dlfcn.h>
#include <sqlite3ext.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "ops.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* What the extension calls.  CAN FAIL, each with what it gives then: */
#define API_FAILING(X)                                                                            \
    X(aggregate_context, api_null) X(bind_text, api_bind) X(column_name, api_null)                \
    X(column_text, api_null) X(create_function_v2, api_create) X(create_module_v2, api_create)    \
    X(create_window_function, api_create) X(db_readonly, api_unknown)                             \
    X(declare_vtab, api_connect) X(finalize, api_any) X(libversion_number, api_unknown)           \
    X(malloc64, api_null) X(mprintf, api_null) X(prepare_v2, api_any) X(realloc64, api_null)      \
    X(reset, api_any) X(step, api_step) X(str_finish, api_null) X(value_blob, api_null)           \
    X(value_dup, api_null) X(value_text, api_null) X(vmprintf, api_null)                          \
    X(vtab_config, api_connect)

/* Cannot fail, or nobody hears of it: a result is judged by SQLite, an append by sqlite3_str_finish,
 * and what reads or converts a number has no error. */
#define API_HARMLESS(X)                                                                           \
    X(column_count) X(column_int) X(context_db_handle) X(errmsg) X(free) X(get_auxdata) X(libversion) \
    X(result_blob64) X(result_double) X(result_error) X(result_error_code) X(result_error_nomem)  \
    X(result_int64) X(result_null) X(result_text) X(result_text64) X(result_value) X(set_auxdata) X(str_append) \
    X(str_appendall) X(str_appendchar) X(str_appendf) X(str_new) X(stricmp) X(user_data)          \
    X(value_bytes) X(value_double) X(value_free) X(value_int64) X(value_numeric_type)             \
    X(value_type) X(xsnprintf)

/* Where the table's name is not the function's. */
static const char *api_function_name(const char *member) {
    return strcmp(member, "xsnprintf") == 0 ? "snprintf" : member;
}

enum { API_CODES_MAX = 8 };
static const int api_null[API_CODES_MAX] = {SQLITE_NOMEM}; /* NULL instead of a pointer */
static const int api_unknown[API_CODES_MAX] = {SQLITE_ERROR};
static const int api_bind[API_CODES_MAX] = {SQLITE_NOMEM, SQLITE_TOOBIG, SQLITE_MISUSE};
static const int api_connect[API_CODES_MAX] = {SQLITE_NOMEM, SQLITE_ERROR}; /* SQLite knows no other */
static const int api_create[API_CODES_MAX] = {SQLITE_NOMEM, SQLITE_BUSY, SQLITE_ERROR,
                                              SQLITE_MISUSE};
static const int api_any[API_CODES_MAX] = {SQLITE_NOMEM, SQLITE_ERROR, SQLITE_IOERR, SQLITE_BUSY,
                                           SQLITE_INTERRUPT, SQLITE_CORRUPT};
static const int api_step[API_CODES_MAX] = {SQLITE_NOMEM, SQLITE_ERROR, SQLITE_IOERR, SQLITE_BUSY,
                                            SQLITE_INTERRUPT, SQLITE_CORRUPT, SQLITE_DONE};

#define API_ENUM(name, codes) API_##name,
enum { API_FAILING(API_ENUM) API_ROUTINES };

#define API_ROW(name, codes) {#name, codes},
static const struct { const char *name; const int *codes; } api_routines[] = {
    API_FAILING(API_ROW)};

/* ---- The doctored table ---- */

typedef struct ApiPlan {
    int routine, code;
    int64_t at;      /* fails at that call; 0: never */
    bool persistent; /* and at all later ones */
    bool late;       /* sqlite3_step does its work first */
    int64_t calls[API_ROUTINES], n_failed;
} ApiPlan;

static ApiPlan api_plan;
static const sqlite3_api_routines *api_real;
static sqlite3_api_routines api_table;
static int (*api_init)(sqlite3 *, char **, const sqlite3_api_routines *);
static int (*api_strict_init)(sqlite3 *, char **, const sqlite3_api_routines *);

static bool api_fails(int routine) {
    int64_t n = ++api_plan.calls[routine];
    if (!api_plan.at || routine != api_plan.routine) return false;
    bool now = api_plan.persistent ? n >= api_plan.at : n == api_plan.at;
    api_plan.n_failed += now;
    return now;
}

static void *api_aggregate_context(sqlite3_context *context, int n) {
    return n > 0 && api_fails(API_aggregate_context) ? NULL : api_real->aggregate_context(context, n);
}

static int api_bind_text(sqlite3_stmt *stmt, int i, const char *text, int n, void (*free)(void *)) {
    return api_fails(API_bind_text) ? api_plan.code : api_real->bind_text(stmt, i, text, n, free);
}

static const char *api_column_name(sqlite3_stmt *stmt, int col) {
    return api_fails(API_column_name) ? NULL : api_real->column_name(stmt, col);
}

static const unsigned char *api_column_text(sqlite3_stmt *stmt, int col) {
    return api_fails(API_column_text) ? NULL : api_real->column_text(stmt, col);
}

static int api_create_function_v2(sqlite3 *db, const char *name, int n, int flags, void *app,
                                  void (*call)(sqlite3_context *, int, sqlite3_value **),
                                  void (*step)(sqlite3_context *, int, sqlite3_value **),
                                  void (*final)(sqlite3_context *), void (*destroy)(void *)) {
    if (!api_fails(API_create_function_v2))
        return api_real->create_function_v2(db, name, n, flags, app, call, step, final, destroy);
    if (destroy) destroy(app); /* as SQLite does */
    return api_plan.code;
}

static int api_create_module_v2(sqlite3 *db, const char *name, const sqlite3_module *module,
                                void *app, void (*destroy)(void *)) {
    if (!api_fails(API_create_module_v2))
        return api_real->create_module_v2(db, name, module, app, destroy);
    if (destroy) destroy(app);
    return api_plan.code;
}

static int api_create_window_function(sqlite3 *db, const char *name, int n, int flags, void *app,
                                      void (*step)(sqlite3_context *, int, sqlite3_value **),
                                      void (*final)(sqlite3_context *), void (*value)(sqlite3_context *),
                                      void (*inverse)(sqlite3_context *, int, sqlite3_value **),
                                      void (*destroy)(void *)) {
    if (!api_fails(API_create_window_function))
        return api_real->create_window_function(db, name, n, flags, app, step, final, value, inverse, destroy);
    if (destroy) destroy(app);
    return api_plan.code;
}

static int api_db_readonly(sqlite3 *db, const char *schema) {
    return api_fails(API_db_readonly) ? -1 : api_real->db_readonly(db, schema);
}

static int api_declare_vtab(sqlite3 *db, const char *sql) {
    return api_fails(API_declare_vtab) ? api_plan.code : api_real->declare_vtab(db, sql);
}

static int api_finalize(sqlite3_stmt *stmt) {
    int rc = api_real->finalize(stmt);
    return stmt && api_fails(API_finalize) ? api_plan.code : rc;
}

static int api_libversion_number(void) {
    return api_fails(API_libversion_number) ? 3030001 : api_real->libversion_number();
}

static void *api_malloc64(sqlite3_uint64 n) {
    return api_fails(API_malloc64) ? NULL : api_real->malloc64(n);
}

static char *api_mprintf(const char *format, ...) {
    va_list list;
    va_start(list, format);
    char *text = api_fails(API_mprintf) ? NULL : api_real->vmprintf(format, list);
    va_end(list);
    return text;
}

static int api_prepare_v2(sqlite3 *db, const char *sql, int n, sqlite3_stmt **stmt,
                          const char **tail) {
    *stmt = NULL;
    return api_fails(API_prepare_v2) ? api_plan.code : api_real->prepare_v2(db, sql, n, stmt, tail);
}

static void *api_realloc64(void *memory, sqlite3_uint64 n) {
    return api_fails(API_realloc64) ? NULL : api_real->realloc64(memory, n);
}

static int api_reset(sqlite3_stmt *stmt) {
    int rc = api_real->reset(stmt);
    return api_fails(API_reset) ? api_plan.code : rc;
}

static int api_step_or_fail(sqlite3_stmt *stmt) {
    bool fails = api_fails(API_step);
    if (fails && !api_plan.late) return api_plan.code;
    int rc = api_real->step(stmt);
    return fails ? api_plan.code : rc;
}

static char *api_str_finish(sqlite3_str *str) {
    char *text = api_real->str_finish(str);
    if (!api_fails(API_str_finish)) return text;
    api_real->free(text);
    return NULL;
}

static const void *api_value_blob(sqlite3_value *value) {
    return api_fails(API_value_blob) ? NULL : api_real->value_blob(value);
}

static sqlite3_value *api_value_dup(const sqlite3_value *value) {
    return api_fails(API_value_dup) ? NULL : api_real->value_dup(value);
}

static const unsigned char *api_value_text(sqlite3_value *value) {
    return api_fails(API_value_text) ? NULL : api_real->value_text(value);
}

static char *api_vmprintf(const char *format, va_list list) {
    return api_fails(API_vmprintf) ? NULL : api_real->vmprintf(format, list);
}

static int api_vtab_config(sqlite3 *db, int op, ...) {
    va_list list;
    va_start(list, op);
    int on = op == SQLITE_VTAB_CONSTRAINT_SUPPORT ? va_arg(list, int) : 0;
    va_end(list);
    return api_fails(API_vtab_config) ? api_plan.code : api_real->vtab_config(db, op, on);
}

static void api_trap(void) {
    fprintf(stderr, "the extension calls a function of SQLite that check_api.c does not know\n");
    abort();
}

#define api_step api_step_or_fail
#define API_OURS(name, codes) api_table.name = api_##name;
#define API_THEIRS(name) api_table.name = api_real->name;

static void api_make_table(void) {
    void (*trap)(void) = api_trap;
    for (size_t at = 0; at + sizeof(trap) <= sizeof(api_table); at += sizeof(trap))
        memcpy((char *)&api_table + at, &trap, sizeof(trap));
    API_FAILING(API_OURS)
    API_HARMLESS(API_THEIRS)
}
#undef api_step

/* An extension, to be handed SQLite's table; C has no prototype for it but its own. */
static int api_take_real(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
    (void)db;
    (void)message;
    api_real = api;
    return SQLITE_OK;
}

static void api_find_entry(void *library, const char *name, void *entry, size_t size) {
    void *symbol = library ? dlsym(library, name) : NULL;
    memcpy(entry, &symbol, size);
}

static bool api_prepare(void) {
    sqlite3 *db = NULL;
    sqlite3_auto_extension((void (*)(void))api_take_real);
    sqlite3_open(":memory:", &db);
    sqlite3_close(db);
    sqlite3_reset_auto_extension();
    if (!api_real) return false;
    api_make_table();
    void *library = dlopen(db_library(), RTLD_NOW | RTLD_LOCAL);
    api_find_entry(library, "sqlite3_retain_init", &api_init, sizeof(api_init));
    api_find_entry(library, "sqlite3_retain_strict_init", &api_strict_init, sizeof(api_strict_init));
    return api_init && api_strict_init;
}

/* ---- One fault ---- */

static char api_path[256];

static sqlite3 *api_open_bare(void) {
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(api_path, &db, SQLITE_OPEN_READONLY, NULL);
    ck_assert_msg(rc == SQLITE_OK, "%s: %d", api_path, rc);
    return db;
}

static sqlite3 *api_open(bool strict) {
    sqlite3 *db = api_open_bare();
    char *message = NULL;
    int rc = (strict ? api_strict_init : api_init)(db, &message, &api_table);
    ck_assert_msg(rc == SQLITE_OK, "load: %d %s", rc, message ? message : "");
    return db;
}

static const char *api_describe(const ApiPlan *plan) {
    static char text[96];
    snprintf(text, sizeof(text), "call %d%s of %s gives %d%s", (int)plan->at,
             plan->persistent ? " and each later" : "", api_routines[plan->routine].name, plan->code,
             plan->late ? " after its work" : "");
    return text;
}

/* A failure with a text of its own. */
static bool api_sensible(const OpsResult *got) {
    return got->rc == SQLITE_OK || (got->rc < SQLITE_ROW && got->message[0] &&
                                    strcmp(got->message, "not an error") != 0);
}

/* An end that comes too early is a mistake of SQLite's, and said to be one. */
static int api_expected(int code) {
    return code == SQLITE_DONE ? SQLITE_INTERNAL : code;
}

static void api_hit(const char *sql, const ApiPlan *plan, const OpsResult *want) {
    sqlite3_int64 before = sqlite3_memory_used();
    sqlite3 *db = api_open(false);
    api_plan = *plan;
    OpsResult got = ops_run(db, sql);
    ops_count(api_plan.n_failed);
    api_plan.at = 0;
    const sqlite3_stmt *open = sqlite3_next_stmt(db, NULL);
    OpsResult again = ops_run(db, sql);
    int rc = sqlite3_close(db);
    sqlite3_int64 leaked = sqlite3_memory_used() - before;
    if (!ops_acceptable(&got, want, api_expected(plan->code)) || !api_sensible(&got))
        ck_abort_msg("%s\n  %s: %d, %d rows: %s\n  not %d, %d rows: %s", sql, api_describe(plan),
                     got.rc, (int)got.n_rows, got.message, want->rc, (int)want->n_rows,
                     want->message);
    if (!ops_same(&again, want))
        ck_abort_msg("%s\n  %s, and the next run %d, %d rows: %s", sql, api_describe(plan), again.rc,
                     (int)again.n_rows, again.message);
    if (open || rc || leaked)
        ck_abort_msg("%s\n  %s: %s, close gives %d, %d bytes leaked", sql, api_describe(plan),
                     open ? "a statement is left open" : "no statement is open", rc, (int)leaked);
}

/* ---- Sweeps ---- */

/* Calls to fail: the first ones, ever fewer, and the last; the full sweep has all of them. */
static int64_t api_next(int64_t n, int64_t n_calls) {
    int64_t next = n < 2 || ops_long() ? n + 1 : n + 1 + n / 2;
    return n < n_calls && next > n_calls ? n_calls : next;
}

static int api_n_codes(int routine) {
    int n = 0;
    while (n < API_CODES_MAX && api_routines[routine].codes[n]) n++;
    return n;
}

/* One call fails, in all ways or, as a sample, in one that changes with the call. */
static void api_hit_call(const char *sql, int op, int routine, int64_t n, const OpsResult *want) {
    int n_codes = api_n_codes(routine);
    for (int i = 0; i < n_codes; i++) {
        if (!ops_long() && i != (op * 7 + routine * 3 + n) % n_codes) continue;
        ApiPlan plan = {.routine = routine, .code = api_routines[routine].codes[i], .at = n};
        if (routine != API_step || ops_long() || (op + n) % 2) api_hit(sql, &plan, want);
        plan.late = true;
        if (routine == API_step && (ops_long() || (op + n) % 2 == 0)) api_hit(sql, &plan, want);
        plan.late = false;
        plan.persistent = true;
        if (ops_long()) api_hit(sql, &plan, want);
    }
}

static const char *const *api_ops;
static int api_n_ops;

START_TEST(any_call_may_fail) {
    const char *sql = api_ops[_i];
    sqlite3 *db = api_open(false);
    api_plan = (ApiPlan){0};
    OpsResult want = ops_run(db, sql);
    ApiPlan clean = api_plan;
    sqlite3_close(db);
    for (int routine = 0; routine < API_ROUTINES; routine++) {
        int64_t n_calls = clean.calls[routine];
        for (int64_t n = 1; n <= n_calls; n = api_next(n, n_calls))
            api_hit_call(sql, _i, routine, n, &want);
    }
}
END_TEST

/* No figure depends on whether a column is the key, but order_column shows it. */
START_TEST(a_key_is_not_guessed_when_asking_for_it_fails) {
    static const char sql[] = "SELECT order_column, count(*) FROM retention_rate('keyed')";
    static const int routines[] = {API_bind_text, API_prepare_v2, API_step};
    sqlite3 *db = api_open(false);
    api_plan = (ApiPlan){0};
    OpsResult want = ops_run(db, sql);
    ApiPlan clean = api_plan;
    sqlite3_close(db);
    for (int r = 0; r < COUNT(routines); r++)
        for (int64_t n = 1; n <= clean.calls[routines[r]]; n++)
            for (int i = 0; i < api_n_codes(routines[r]); i++) {
                ApiPlan plan = {.routine = routines[r], .code = api_routines[routines[r]].codes[i],
                                .at = n};
                /* SQLITE_ERROR: a SQLite without pragma_table_info, which tells no key */
                if (plan.code != SQLITE_ERROR) api_hit(sql, &plan, &want);
            }
}
END_TEST

/* SQL that puts a table right is not that for a view. */
START_TEST(a_table_is_not_taken_for_a_view) {
    static const char sql[] = "SELECT group_concat(fix) FROM data_quality('dirty')";
    sqlite3 *db = api_open(false);
    api_plan = (ApiPlan){0};
    OpsResult want = ops_run(db, sql);
    int64_t n_calls = api_plan.calls[API_prepare_v2];
    sqlite3_close(db);
    ck_assert_int_gt(n_calls, 3);
    for (int64_t n = 1; n <= n_calls; n++)
        api_hit(sql, &(ApiPlan){.routine = API_prepare_v2, .code = SQLITE_ERROR, .at = n, .persistent = true}, &want);
}
END_TEST

START_TEST(every_routine_is_called) {
    ApiPlan sum = {0};
    for (int i = 0; i < api_n_ops; i++) {
        api_plan = (ApiPlan){0};
        sqlite3 *db = api_open(i % 2);
        ops_run(db, api_ops[i]);
        sqlite3_close(db);
        for (int r = 0; r < API_ROUTINES; r++) sum.calls[r] += api_plan.calls[r];
    }
    for (int r = 0; r < API_ROUTINES; r++)
        ck_assert_msg(sum.calls[r] > 0, "nothing here calls sqlite3_%s", api_routines[r].name);
}
END_TEST

/* ---- Loading ---- */

static int api_known(sqlite3 *db) {
    static const char sql[] = "SELECT (SELECT count(*) FROM pragma_function_list) + 100000 *"
                              " (SELECT count(*) FROM pragma_module_list)";
    db_int(db, sql); /* the first time SQLite adds these two */
    return (int)db_int(db, sql);
}

/* A failed load leaves nothing of ours behind, says why, and can be tried again. */
static void api_hit_load(bool strict, const ApiPlan *plan) {
    sqlite3_int64 before = sqlite3_memory_used();
    sqlite3 *db = api_open_bare();
    char *message = NULL;
    int none = api_known(db);
    api_plan = *plan;
    int rc = (strict ? api_strict_init : api_init)(db, &message, &api_table);
    ops_count(api_plan.n_failed);
    api_plan.at = 0;
    sqlite3_free(message);
    int known = api_known(db);
    int again = (strict ? api_strict_init : api_init)(db, &message, &api_table);
    int all = api_known(db);
    OpsResult answer = ops_run(db, "SELECT count(*), crr(2, 1, 1) FROM clv('orders')");
    int closed = sqlite3_close(db);
    sqlite3_int64 leaked = sqlite3_memory_used() - before;
    if ((rc != SQLITE_OK && rc != plan->code) || known != (rc ? none : all) || all == none)
        ck_abort_msg("load: %s: %d; %d, %d, then %d known", api_describe(plan), rc, none, known, all);
    if (again || answer.rc || closed || leaked)
        ck_abort_msg("load again after %s: %d, %d %s, close %d, %d bytes leaked", api_describe(plan),
                     again, answer.rc, answer.message, closed, (int)leaked);
}

START_TEST(any_call_of_a_load_may_fail) {
    bool strict = _i;
    api_plan = (ApiPlan){0};
    sqlite3_close(api_open(strict));
    ApiPlan clean = api_plan;
    ck_assert_int_gt(clean.calls[API_create_function_v2], 5);
    for (int routine = 0; routine < API_ROUTINES; routine++)
        for (int64_t n = 1; n <= clean.calls[routine]; n++)
            for (int i = 0; i < api_n_codes(routine); i++) {
                ApiPlan plan = {.routine = routine, .code = api_routines[routine].codes[i], .at = n};
                api_hit_load(strict, &plan);
            }
}
END_TEST

START_TEST(a_load_that_thinks_it_is_the_first_replaces_the_first) {
    sqlite3_int64 before = sqlite3_memory_used();
    sqlite3 *db = api_open(false);
    char *message = NULL;
    OpsResult want = ops_run(db, api_ops[0]);
    int known = api_known(db);
    api_plan = (ApiPlan){.routine = API_prepare_v2, .code = SQLITE_NOMEM, .at = 1};
    int rc = api_init(db, &message, &api_table);
    ck_assert_msg(rc == SQLITE_OK && api_plan.n_failed == 1, "%d %s", rc, message ? message : "");
    OpsResult got = ops_run(db, api_ops[0]);
    ck_assert(ops_same(&got, &want));
    ck_assert_int_eq(api_known(db), known);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_memory_used(), before);
}
END_TEST

START_TEST(another_table_of_functions_is_turned_away) {
    sqlite3_close(api_open(false));
    static sqlite3_api_routines other;
    other = api_table;
    sqlite3 *db = api_open_bare();
    char *message = NULL;
    int none = api_known(db), rc = api_init(db, &message, &other);
    ck_assert_int_eq(rc, SQLITE_ERROR);
    ck_assert_msg(message && strstr(message, "another copy of SQLite"), "%s", message);
    sqlite3_free(message);
    ck_assert_int_eq(api_known(db), none);
    api_plan = (ApiPlan){.routine = API_mprintf, .code = SQLITE_NOMEM, .at = 1};
    rc = api_init(db, &message, &other);
    ck_assert(rc == SQLITE_ERROR && !message);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}
END_TEST

/* Where SQLite was built without window functions there is no routine that makes one. */
START_TEST(without_window_functions_they_are_aggregates) {
    static const char windowed[] = "SELECT max(n) FROM (SELECT active_customers(customer_id) OVER (ORDER BY"
                                   " rowid ROWS 9 PRECEDING) AS n FROM orders)";
    static const char grouped[] = "SELECT active_customers(customer_id) = count(DISTINCT customer_id) FROM orders";
    sqlite3 *with = api_open(false);
    ck_assert_int_gt(db_int(with, "%s", windowed), 1);
    ck_assert_int_eq(sqlite3_close(with), SQLITE_OK);
    api_table.create_window_function = NULL;
    sqlite3 *without = api_open(false);
    ck_assert_int_eq(db_int(without, "%s", grouped), 1);
    db_expect_error(without, windowed, SQLITE_ERROR, "may not be used as a window function");
    ck_assert_int_eq(sqlite3_close(without), SQLITE_OK);
    api_make_table();
}
END_TEST

START_TEST(an_old_sqlite_is_turned_away) {
    sqlite3 *db = api_open_bare();
    char *message = NULL;
    api_plan = (ApiPlan){.routine = API_libversion_number, .at = 1};
    int rc = api_init(db, &message, &api_table);
    ck_assert_int_eq(rc, SQLITE_ERROR);
    ck_assert_msg(message && strstr(message, "retain needs SQLite 3.31.0 or newer"), "%s", message);
    sqlite3_free(message);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}
END_TEST

/* ---- The lists ---- */

static bool api_is_listed(const char *name) {
#define API_IS_FAILING(listed, codes) strcmp(name, api_function_name(#listed)) == 0 ||
#define API_IS_HARMLESS(listed) strcmp(name, api_function_name(#listed)) == 0 ||
    return API_FAILING(API_IS_FAILING) API_HARMLESS(API_IS_HARMLESS)
           strcmp(name, "retain_init") == 0 || strcmp(name, "retain_strict_init") == 0;
}

/* The next "sqlite3_NAME(" of a text; name becomes NAME.  NULL when there is none. */
static const char *api_next_call(const char *at, char name[64]) {
    while ((at = strstr(at, "sqlite3_"))) {
        at += strlen("sqlite3_");
        size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz_0123456789");
        if (at[n] != '(' || n > 63) continue;
        snprintf(name, 64, "%.*s", (int)n, at);
        return at;
    }
    return NULL;
}

/* Of the whole source: also what no statement above reaches. */
START_TEST(every_function_of_sqlite_is_listed) {
    FILE *file = fopen("dist/retain.c", "rb");
    if (!file) {
        printf("skipped: the list of SQLite's functions: no dist/retain.c here\n");
        return;
    }
    enum { SIZE_MAX_READ = 4 << 20 };
    char *text = calloc(1, SIZE_MAX_READ), name[64];
    int n_calls = 0;
    ck_assert(text != NULL);
    size_t n = fread(text, 1, SIZE_MAX_READ - 1, file);
    fclose(file);
    ck_assert_uint_lt(n, SIZE_MAX_READ - 1);
    for (const char *at = text; (at = api_next_call(at, name)); n_calls++)
        ck_assert_msg(api_is_listed(name), "can sqlite3_%s fail?  List it in tests/check_api.c", name);
    ck_assert_int_gt(n_calls, 100);
    free(text);
}
END_TEST

/* ---- Preparation ---- */

static void api_make_file(void) {
    snprintf(api_path, sizeof(api_path), "%s", db_temp_path("api"));
    sqlite3 *db = NULL;
    sqlite3_open(api_path, &db);
    char *message = NULL;
    int rc = api_init(db, &message, &api_table);
    ck_assert_msg(rc == SQLITE_OK, "%s", message ? message : "");
    ops_make_tables(db);
    db_close(db);
}

static void api_clean_up(void) {
    remove(api_path);
}

/* Before any test runs, so nothing is asserted; without a library there is too little to run. */
static void api_read_ops(void) {
    sqlite3 *db = NULL;
    char *message = NULL;
    sqlite3_open(":memory:", &db);
    if (api_prepare()) api_init(db, &message, &api_table);
    api_ops = ops_list(db, &api_n_ops);
    sqlite3_free(message);
    sqlite3_close(db);
}

START_TEST(every_function_is_swept) {
    sqlite3 *db = api_open(false);
    int64_t n = db_int(db, "SELECT count(DISTINCT name || kind) FROM retain_help");
    ck_assert_int_ge(n, 10);
    ck_assert_int_eq(api_n_ops, n + ops_n_more());
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}
END_TEST

int main(void) {
    ops_open_counts();
    api_read_ops();
    Suite *suite = suite_create("api");
    TCase *tc = tcase_create("api");
    tcase_set_timeout(tc, ops_long() ? 3600 : 120);
    tcase_add_unchecked_fixture(tc, api_make_file, api_clean_up);
    tcase_add_test(tc, every_function_is_swept);
    tcase_add_test(tc, every_function_of_sqlite_is_listed);
    tcase_add_test(tc, every_routine_is_called);
    tcase_add_loop_test(tc, any_call_may_fail, 0, api_n_ops);
    tcase_add_test(tc, a_key_is_not_guessed_when_asking_for_it_fails);
    tcase_add_test(tc, a_table_is_not_taken_for_a_view);
    tcase_add_loop_test(tc, any_call_of_a_load_may_fail, 0, 2);
    tcase_add_test(tc, a_load_that_thinks_it_is_the_first_replaces_the_first);
    tcase_add_test(tc, another_table_of_functions_is_turned_away);
    tcase_add_test(tc, without_window_functions_they_are_aggregates);
    tcase_add_test(tc, an_old_sqlite_is_turned_away);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    ops_print_counts("api");
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
