/* retain_help.c - retain_help: every function, argument and column, from the tables that the code runs on.
 *
 *     SELECT name, kind, meaning FROM retain_help WHERE argument IS NULL AND column_name IS NULL;
 *     SELECT * FROM retain_help('clv');
 *
 * A row for each function, then one for each of its arguments, then one for each of its columns.
 */
#include <string.h>

#include "base/suggest.h"
#include "host/registry.h"

enum { RETAIN_HELP_FUNCTION };
enum {
    RETAIN_HELP_NAME,
    RETAIN_HELP_KIND,
    RETAIN_HELP_ARGUMENT,
    RETAIN_HELP_DEFAULT,
    RETAIN_HELP_RANGE,
    RETAIN_HELP_MEANING,
    RETAIN_HELP_COLUMN,
    RETAIN_HELP_DEFINITION,
    RETAIN_HELP_EXAMPLE
};

static const ArgSpec retain_help_args[] = {
    [RETAIN_HELP_FUNCTION] = {.name = "function_name", .kind = ARG_NAME, .dflt_text = "",
                              .doc = "only this function; all by default"},
    {0},
};

static const ColSpec retain_help_cols[] = {
    [RETAIN_HELP_NAME] = {"name", "TEXT", "the function"},
    [RETAIN_HELP_KIND] = {"kind", "TEXT", "'table', 'aggregate' or 'scalar'"},
    [RETAIN_HELP_ARGUMENT] = {"argument", "TEXT", "an argument of it, in order; else NULL"},
    [RETAIN_HELP_DEFAULT] = {"default_value", "TEXT", "of the argument; NULL when it is required"},
    [RETAIN_HELP_RANGE] = {"range", "TEXT", "what the argument may be"},
    [RETAIN_HELP_MEANING] = {"meaning", "TEXT", "of the function, argument or column"},
    [RETAIN_HELP_COLUMN] = {"column_name", "TEXT", "a column of it, in order; else NULL"},
    [RETAIN_HELP_DEFINITION] = {"definition", "TEXT", "how the function is computed"},
    [RETAIN_HELP_EXAMPLE] = {"example", "TEXT", "a call that runs"},
    {0},
};

typedef struct RetainHelpRow {
    const char *name, *kind;
    const CallText *text;  /* a function's row */
    const ArgSpec *arg;    /* an argument's row */
    const ColSpec *col;    /* a column's row */
} RetainHelpRow;

typedef struct RetainHelpState {
    RetainHelpRow *rows;
    int64_t n;
    const char *only;      /* "" for all */
} RetainHelpState;

/* Counts the rows that it is given while rows is NULL; the second time it keeps them. */
static void retain_help_add(RetainHelpState *state, RetainHelpRow row) {
    if (state->only[0] && sqlite3_stricmp(state->only, row.name) != 0) return;
    if (state->rows) state->rows[state->n] = row;
    state->n++;
}

static void retain_help_function(RetainHelpState *state, const char *name, const char *kind,
                                 const CallText *text, const ArgSpec *args) {
    retain_help_add(state, (RetainHelpRow){.name = name, .kind = kind, .text = text});
    for (const ArgSpec *arg = args; arg && arg->name; arg++)
        retain_help_add(state, (RetainHelpRow){.name = name, .kind = kind, .arg = arg});
}

static void retain_help_tvf(RetainHelpState *state, const TvfDef *def) {
    RetainHelpRow row = {.name = def->name, .kind = "table"};
    retain_help_function(state, def->name, row.kind, &def->text, NULL);
    const ArgSpec *leading[CALL_LEADING_MAX];
    int n_leading = call_leading(def->needs, leading);
    for (int i = 0; i < n_leading; i++) {
        row.arg = leading[i];
        retain_help_add(state, row);
    }
    for (row.arg = def->args; row.arg->name; row.arg++) retain_help_add(state, row);
    for (int i = 0; i < CALL_COMMON; i++) {
        row.arg = &retain_common_args[i];
        if (call_has_common(def->needs, (CallCommon)i)) retain_help_add(state, row);
    }
    row.arg = NULL;
    for (row.col = def->cols; row.col->name; row.col++) retain_help_add(state, row);
    for (int i = 0; i < call_infos(def->needs); i++) {
        row.col = &retain_info_cols[i];
        retain_help_add(state, row);
    }
}

static void retain_help_walk(RetainHelpState *state) {
    state->n = 0;
    for (int i = 0; i < retain_registry.n_tvfs; i++) retain_help_tvf(state, retain_registry.tvfs[i]);
    for (int i = 0; i < retain_registry.n_aggregates; i++) {
        const AggregateDef *def = retain_registry.aggregates[i];
        retain_help_function(state, def->name, "aggregate", &def->text, def->args);
    }
    for (int i = 0; i < retain_registry.n_scalars; i++) {
        const ScalarDef *def = retain_registry.scalars[i];
        retain_help_function(state, def->name, "scalar", &def->text, def->args);
    }
}

static void retain_help_unknown(const char *name, Err *err) {
    char shown[ERR_QUOTE_SIZE];
    Suggest suggest = suggest_new(name);
    for (int i = 0; i < retain_registry.n_tvfs; i++)
        suggest_offer(&suggest, retain_registry.tvfs[i]->name);
    for (int i = 0; i < retain_registry.n_scalars; i++)
        suggest_offer(&suggest, retain_registry.scalars[i]->name);
    for (int i = 0; i < retain_registry.n_aggregates; i++)
        suggest_offer(&suggest, retain_registry.aggregates[i]->name);
    err_quote(name, strlen(name), shown);
    if (suggest.best)
        err_set(err, SQLITE_ERROR, "there is no function '%s' (did you mean '%s'?)", shown,
                suggest.best);
    else
        err_set(err, SQLITE_ERROR, "there is no function '%s' (SELECT DISTINCT name FROM retain_help"
                                   " lists them)", shown);
}

static int64_t retain_help_open(Call *call) {
    RetainHelpState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    state->only = call->args[RETAIN_HELP_FUNCTION].text;
    retain_help_walk(state);
    if (state->n == 0) retain_help_unknown(state->only, call->err);
    state->rows = arena_alloc(call->arena, call->err, state->n, sizeof(*state->rows));
    if (!state->rows) return 0;
    retain_help_walk(state);
    return state->n;
}

static const char *retain_help_meaning(const RetainHelpRow *row) {
    return row->text ? row->text->doc : row->arg ? row->arg->doc : row->col->doc;
}

static void retain_help_cell(const void *pointer, int64_t row, int col, Out *out) {
    const RetainHelpState *state = pointer;
    const RetainHelpRow *r = &state->rows[row];
    switch (col) {
        case RETAIN_HELP_NAME: out_static(out, r->name); break;
        case RETAIN_HELP_KIND: out_static(out, r->kind); break;
        case RETAIN_HELP_ARGUMENT: out_static(out, r->arg ? r->arg->name : NULL); break;
        case RETAIN_HELP_DEFAULT:
            if (r->arg && !r->arg->required) out_owned(out, args_default_text(r->arg));
            else out_null(out);
            break;
        case RETAIN_HELP_RANGE:
            if (r->arg) out_owned(out, args_range(r->arg));
            else out_null(out);
            break;
        case RETAIN_HELP_MEANING: out_static(out, retain_help_meaning(r)); break;
        case RETAIN_HELP_COLUMN: out_static(out, r->col ? r->col->name : NULL); break;
        case RETAIN_HELP_DEFINITION: out_static(out, r->text ? r->text->definition : NULL); break;
        default: out_static(out, r->text ? r->text->example : NULL);
    }
}

const TvfDef tvf_retain_help = {
    .name = "retain_help",
    .text = {.doc = "what there is: functions, arguments, defaults, columns, definitions",
             .definition = "a row for each function, then for each of its arguments, then for each of its"
                           " columns; made of the tables that the code runs on",
             .example = "SELECT * FROM retain_help('clv')"},
    .cols = retain_help_cols,
    .args = retain_help_args,
    .open = retain_help_open,
    .cell = retain_help_cell,
};
