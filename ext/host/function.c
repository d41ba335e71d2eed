/* function.c - see function.h. */
#include "host/function.h"

#include <string.h>

enum { FUNCTION_FLAGS = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS };

static int function_required(const ArgSpec *args) {
    int n = 0;
    while (args[n].name && args[n].required) n++;
    return n;
}

/* Reports a failure as "name: what is wrong" with SQLite's code, and clears err. */
static void function_fail(sqlite3_context *context, const char *name, Err *err) {
    if (err->rc == SQLITE_NOMEM) {
        sqlite3_result_error_nomem(context);
    } else {
        char *text = sqlite3_mprintf("%s: %s", name, err->msg ? err->msg : "failed");
        if (text) {
            sqlite3_result_error(context, text, -1);
            sqlite3_result_error_code(context, err->rc);
        } else {
            sqlite3_result_error_nomem(context);
        }
        sqlite3_free(text);
    }
    err_clear(err);
}

ArgValue function_argument(const ArgSpec *args, int i, CivilCalendar calendar, int n, sqlite3_value **values,
                           Err *err) {
    ArgValue arg;
    args_read(&arg, &args[i], calendar, i < n ? values[i] : NULL, NULL, err);
    return arg;
}

bool function_number(const ArgSpec *spec, sqlite3_value *value, Err *err, double *out) {
    if (sqlite3_value_type(value) == SQLITE_NULL) return false;
    ArgValue arg;
    args_read(&arg, spec, CIVIL_GREGORIAN, value, NULL, err);
    *out = arg.real;
    return !err->rc;
}

/* ---- Scalars ---- */

static void function_scalar_call(sqlite3_context *context, int n, sqlite3_value **values) {
    const ScalarDef *def = sqlite3_user_data(context);
    Out out = {.context = context};
    Err err = {0};
    def->call(&out, &err, n, values);
    if (err.rc) function_fail(context, def->name, &err);
}

const void *function_kept(const Out *out, int i) {
    return sqlite3_get_auxdata(out->context, i);
}

void function_keep(Out *out, int i, const void *made, size_t size) {
    void *copy = sqlite3_malloc64(size);
    if (!copy) return;
    memcpy(copy, made, size);
    sqlite3_set_auxdata(out->context, i, copy, sqlite3_free);
}

int function_register_scalar(Host *host, const ScalarDef *def) {
    int rc = SQLITE_OK;
    for (int n = function_required(def->args); n <= args_count(def->args) && !rc; n++)
        rc = sqlite3_create_function_v2(host->db, def->name, n, FUNCTION_FLAGS, (void *)(uintptr_t)def,
                                        function_scalar_call, NULL, NULL, NULL);
    return rc;
}

/* ---- Aggregates ---- */

typedef struct FunctionState {
    Err err;
    void *state; /* the definition's; NULL until the first step */
} FunctionState;

/* Reports the group's failure, if there is one, and keeps its code: what comes later does nothing. */
static void function_report(sqlite3_context *context, const AggregateDef *def, FunctionState *group) {
    int rc = group->err.rc;
    if (rc) function_fail(context, def->name, &group->err);
    group->err.rc = rc;
}

static void function_step(sqlite3_context *context, int n, sqlite3_value **values) {
    const AggregateDef *def = sqlite3_user_data(context);
    FunctionState *group = sqlite3_aggregate_context(context, sizeof(*group));
    if (!group) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (!group->state && !group->err.rc) {
        group->state = sqlite3_malloc64(def->state_size);
        if (group->state) memset(group->state, 0, def->state_size);
        else err_nomem(&group->err);
    }
    if (!group->err.rc) def->step(group->state, &group->err, n, values);
    function_report(context, def, group);
}

/* SQLite takes out only rows that it put in, so the group is there. */
static void function_inverse(sqlite3_context *context, int n, sqlite3_value **values) {
    const AggregateDef *def = sqlite3_user_data(context);
    FunctionState *group = sqlite3_aggregate_context(context, 0);
    if (!group || !group->state) return;
    if (!group->err.rc) def->inverse(group->state, &group->err, n, values);
    function_report(context, def, group);
}

/* The result of a group or frame that no row has come into. */
static void function_empty(sqlite3_context *context, const AggregateDef *def) {
    if (def->counts) sqlite3_result_int64(context, 0);
    else sqlite3_result_null(context);
}

static void function_value(sqlite3_context *context) {
    const AggregateDef *def = sqlite3_user_data(context);
    FunctionState *group = sqlite3_aggregate_context(context, 0);
    Out out = {.context = context};
    if (!group || !group->state) {
        function_empty(context, def);
        return;
    }
    if (!group->err.rc) def->value(group->state, &group->err, sqlite3_context_db_handle(context), &out);
    function_report(context, def, group);
}

static void function_final(sqlite3_context *context) {
    const AggregateDef *def = sqlite3_user_data(context);
    FunctionState *group = sqlite3_aggregate_context(context, 0);
    Out out = {.context = context};
    if (!group || !group->state) {
        function_empty(context, def);
        return;
    }
    if (!group->err.rc) {
        def->final(group->state, &group->err, sqlite3_context_db_handle(context), &out);
        if (group->err.rc) function_fail(context, def->name, &group->err);
    }
    def->close(group->state);
    sqlite3_free(group->state);
    err_clear(&group->err);
    group->state = NULL;
}

/* Some builds of SQLite leave window functions out, and the routine with them. */
static bool function_has_windows(void) {
#ifdef SQLITE_CORE
    return true;
#else
    return sqlite3_api->create_window_function != NULL;
#endif
}

static int function_register_one(Host *host, const AggregateDef *def, int n) {
    void *app = (void *)(uintptr_t)def;
    if (def->inverse && function_has_windows())
        return sqlite3_create_window_function(host->db, def->name, n, FUNCTION_FLAGS, app, function_step,
                                              function_final, function_value, function_inverse, NULL);
    return sqlite3_create_function_v2(host->db, def->name, n, FUNCTION_FLAGS, app, NULL, function_step,
                                      function_final, NULL);
}

int function_register_aggregate(Host *host, const AggregateDef *def) {
    int rc = SQLITE_OK;
    for (int n = function_required(def->args); n <= args_count(def->args) && !rc; n++)
        rc = function_register_one(host, def, n);
    return rc;
}

void function_unregister(sqlite3 *db, const char *name, const ArgSpec *args) {
    for (int n = function_required(args); n <= args_count(args); n++)
        (void)sqlite3_create_function_v2(db, name, n, SQLITE_UTF8, NULL, NULL, NULL, NULL, NULL);
}
