/* source.c - see source.h. */
#include "data/source.h"

#include <string.h>

#include "base/suggest.h"

enum { SOURCE_LISTED_MAX = 24, SOURCE_PLAIN_MAX = 64 };

/* ---- Usual names ---- */

/* Compared without case and without anything but letters and digits: 'CustomerID', 'customer id' and
 * customer_id are one.  A name behind a NULL counts only when none before it is there. */
#define SOURCE_CUSTOMER_IDS                                                                         \
    "customerid", "customerno", "customernumber", "customerkey", "custid", "clientid", "userid",    \
    "buyerid", "memberid", "accountid", "subscriberid", "shopperid", "donorid", "guestid"
#define SOURCE_CUSTOMER_NOUNS                                                                       \
    "customer", "client", "user", "buyer", "member", "subscriber", "donor", "customeremail", "email"
static const char *const source_customer_names[] = {
    SOURCE_CUSTOMER_IDS, NULL, SOURCE_CUSTOMER_NOUNS, NULL, NULL};
static const char *const source_member_names[] = { /* of a table of customers */
    SOURCE_CUSTOMER_IDS, NULL, "id", NULL, SOURCE_CUSTOMER_NOUNS, NULL, NULL};
static const char *const source_date_names[] = {
    "orderdate", "ordereddate", "orderedat", "orderedon", "orderts", "ordertime", "ordertimestamp",
    "purchasedate", "purchasedat", "purchasetimestamp", "invoicedate", "transactiondate", "paidat",
    "paymentdate", "saledate", "salesdate", "createdat", "createdon", "datecreated", "creationdate",
    NULL, "date", "datetime", "timestamp", "ts", "day", NULL, NULL};
static const char *const source_amount_names[] = {
    "amount", "orderamount", "totalamount", "netamount", "amountpaid", "paidamount", "salesamount",
    "total", "ordertotal", "nettotal", "grandtotal", "invoicetotal", "totalprice", "price", "revenue",
    "netrevenue", "sales", "turnover", "ordervalue", "totalvalue", NULL, "value", NULL, NULL};
/* One of each: an order line. */
static const char *const source_unit_price_names[] = {"price", "unitprice", "priceeach", "itemprice", NULL};
static const char *const source_quantity_names[] = {"quantity", "qty", "units", "pieces", "count", NULL};
static const char *const source_order_names[] = {
    "orderid", NULL, "orderno", NULL, "ordernumber", NULL, "invoiceid", NULL, "invoiceno", NULL,
    "invoicenumber", NULL, "transactionid", NULL, "receiptid", NULL, "receiptno", NULL, NULL};

typedef struct SourceRoleSpec {
    const char *argument;
    const char *noun;                /* for messages */
    const char *const *usual;        /* groups, each ended by NULL; an empty group ends them */
    bool required;
} SourceRoleSpec;

static const SourceRoleSpec source_roles[SOURCE_ROLES] = {
    [SOURCE_CUSTOMER] = {"customer_column", "customer", source_customer_names, true},
    [SOURCE_DATE] = {"date_column", "date", source_date_names, true},
    [SOURCE_AMOUNT] = {"amount_column", "amount", source_amount_names, false},
    [SOURCE_ORDER] = {"order_column", "order", source_order_names, false},
    [SOURCE_SEGMENT] = {"segment_column", "segment", NULL, false},
};

static const SourceRoleSpec source_member = {"customers_column", "customer", source_member_names, true};

/* ---- Finding the table ---- */

/* A prepared statement, or NULL with SQLite's code and text in err. */
static sqlite3_stmt *source_prepare(Source *source, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    if (!sql || source->err->rc) return NULL;
    int rc = sqlite3_prepare_v2(source->db, sql, -1, &stmt, NULL);
    if (rc) err_set(source->err, rc, "cannot read %s: %s", source->name, sqlite3_errmsg(source->db));
    return stmt;
}

static void source_set_name(Source *source, const char *schema, const char *table) {
    source->schema = schema;
    source->table = table;
    source->from = schema ? arena_printf(source->arena, source->err, "\"%w\".\"%w\"", schema, table)
                          : arena_printf(source->arena, source->err, "\"%w\"", table);
}

static bool source_read_columns(Source *source) {
    const char *sql = arena_printf(source->arena, source->err, "SELECT * FROM %s AS o LIMIT 0",
                                   source->from);
    sqlite3_stmt *stmt = source_prepare(source, sql);
    if (!stmt) return false;
    source->n_columns = sqlite3_column_count(stmt);
    source->columns = arena_alloc(source->arena, source->err, source->n_columns, sizeof(char *));
    for (int i = 0; i < source->n_columns && !source->err->rc; i++) {
        const char *name = sqlite3_column_name(stmt, i);
        if (!name) err_nomem(source->err);
        else source->columns[i] = arena_copy(source->arena, source->err, name, (int64_t)strlen(name));
    }
    sqlite3_finalize(stmt);
    return !source->err->rc;
}

/* One row per table or view of every schema: schema, name.  NULL when the host does not let us look. */
static sqlite3_stmt *source_all_tables(sqlite3 *db, Arena *arena) {
    Err quiet = {0};
    sqlite3_stmt *databases = NULL, *all = NULL;
    char *sql = NULL;
    if (sqlite3_prepare_v2(db, "PRAGMA database_list", -1, &databases, NULL)) return NULL;
    while (sqlite3_step(databases) == SQLITE_ROW) {
        const char *schema = (const char *)sqlite3_column_text(databases, 1);
        if (schema)
            sql = arena_printf(arena, &quiet,
                               "%s%sSELECT %Q, name FROM \"%w\".sqlite_master"
                               " WHERE type IN ('table','view') AND name NOT LIKE 'sqlite^_%%' ESCAPE '^'",
                               sql ? sql : "", sql ? " UNION ALL " : "", schema, schema);
        if (quiet.rc) break;
    }
    sqlite3_finalize(databases);
    if (!quiet.rc && sql) sqlite3_prepare_v2(db, sql, -1, &all, NULL);
    err_clear(&quiet);
    return all;
}

typedef struct SourceLookup {
    bool exists;             /* where the name was looked for */
    const char *elsewhere;   /* a schema that has it, when that one does not */
    const char *similar;     /* the nearest name otherwise */
} SourceLookup;

/* What the schemas hold under, or near, a name; only to explain a failure, so its own failures are
 * silent. */
static SourceLookup source_look_up(const Source *source) {
    SourceLookup found = {0};
    Err quiet = {0};
    Suggest suggest = suggest_new(source->table);
    sqlite3_stmt *all = source_all_tables(source->db, source->arena);
    while (all && sqlite3_step(all) == SQLITE_ROW && !quiet.rc) {
        const char *schema = (const char *)sqlite3_column_text(all, 0);
        const char *name = (const char *)sqlite3_column_text(all, 1);
        if (!schema || !name) break;
        if (sqlite3_stricmp(name, source->table) == 0) {
            if (!source->schema || sqlite3_stricmp(schema, source->schema) == 0) found.exists = true;
            else found.elsewhere = arena_copy(source->arena, &quiet, schema, (int64_t)strlen(schema));
        }
        const char *kept = suggest.best;
        suggest_offer(&suggest, name);
        if (suggest.best != kept)
            suggest.best = arena_copy(source->arena, &quiet, name, (int64_t)strlen(name));
    }
    sqlite3_finalize(all);
    found.similar = suggest.best;
    err_clear(&quiet);
    return found;
}

/* Replaces SQLite's "no such table" by one that helps; any other failure stays as it is. */
static void source_explain(Source *source) {
    if (source->err->rc != SQLITE_ERROR) return;
    SourceLookup found = source_look_up(source);
    if (found.exists || !strstr(source->err->msg, "no such table")) return;
    char shown[ERR_QUOTE_SIZE];
    err_quote(source->name, strlen(source->name), shown);
    err_clear(source->err);
    if (found.elsewhere)
        err_set(source->err, SQLITE_ERROR, "no table or view '%s' in schema '%s' (schema '%s' has one)",
                err_quote(source->table, strlen(source->table), shown), source->schema,
                found.elsewhere);
    else if (found.similar)
        err_set(source->err, SQLITE_ERROR, "no table or view '%s' (did you mean '%s'?)", shown,
                found.similar);
    else
        err_set(source->err, SQLITE_ERROR,
                "no table or view '%s' (a CTE or subquery cannot be seen from here: use a TEMP VIEW)",
                shown);
}

/* 'schema.name' splits at the first dot, but only where SQLite knows no table of the whole name. */
static bool source_split(Source *source, const char *name) {
    const char *dot = strchr(name, '.');
    if (!dot || dot == name || !dot[1]) return false;
    const char *schema = arena_copy(source->arena, source->err, name, dot - name);
    if (!schema || sqlite3_db_readonly(source->db, schema) < 0) return false;
    source_set_name(source, schema, dot + 1);
    return !source->err->rc;
}

void source_find(Source *source, sqlite3 *db, Arena *arena, Err *err, const char *name,
                 const char *schema) {
    *source = (Source){.db = db, .arena = arena, .err = err, .name = name};
    if (schema && sqlite3_db_readonly(db, schema) < 0) {
        err_set(err, SQLITE_ERROR, "schema: there is no attached database '%s'", schema);
        return;
    }
    source_set_name(source, schema, name);
    if (err->rc || source_read_columns(source)) return;
    Err whole = *err;
    if (whole.rc == SQLITE_ERROR && !schema) {
        *err = (Err){0};
        if (source_split(source, name)) {
            err_clear(&whole);
            if (!source_read_columns(source)) source_explain(source);
            return;
        }
        if (err->rc) {
            err_clear(&whole);
            return;
        }
        *err = whole;
    }
    source_explain(source);
}

/* ---- Choosing columns ---- */

/* Lower case letters and digits of name; false when it is too long to be a usual name. */
static bool source_plain(const char *name, char out[SOURCE_PLAIN_MAX]) {
    size_t n = 0;
    for (; *name; name++) {
        char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
        bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
        if (!kept) continue;
        if (n + 1 == SOURCE_PLAIN_MAX) return false;
        out[n++] = c;
    }
    out[n] = 0;
    return true;
}

/* "a, b, c": the columns, for messages. */
static const char *source_list(Source *source) {
    const char *list = "";
    for (int i = 0; i < source->n_columns && list; i++) {
        if (i == SOURCE_LISTED_MAX) return arena_printf(source->arena, source->err, "%s, ...", list);
        list = arena_printf(source->arena, source->err, "%s%s%s", list, i ? ", " : "",
                            source->columns[i]);
    }
    return list ? list : "";
}

static bool source_is_rowid(const char *name) {
    return sqlite3_stricmp(name, "rowid") == 0 || sqlite3_stricmp(name, "oid") == 0 ||
           sqlite3_stricmp(name, "_rowid_") == 0;
}

static const char *source_asked(Source *source, const SourceRoleSpec *role, const char *asked) {
    Suggest suggest = suggest_new(asked);
    for (int i = 0; i < source->n_columns; i++) {
        if (sqlite3_stricmp(source->columns[i], asked) == 0) return source->columns[i];
        suggest_offer(&suggest, source->columns[i]);
    }
    if (source_is_rowid(asked)) return asked;
    char shown[ERR_QUOTE_SIZE];
    err_quote(asked, strlen(asked), shown);
    const char *list = source_list(source);
    if (suggest.best)
        err_set(source->err, SQLITE_ERROR, "%s: %s has no column '%s' (did you mean '%s'? it has: %s)",
                role->argument, source->name, shown, suggest.best, list);
    else
        err_set(source->err, SQLITE_ERROR, "%s: %s has no column '%s' (it has: %s)",
                role->argument, source->name, shown, list);
    return NULL;
}

static bool source_is_one_of(const char *column, const char *const *names) {
    char plain[SOURCE_PLAIN_MAX];
    if (!source_plain(column, plain)) return false;
    while (*names && strcmp(plain, *names) != 0) names++;
    return *names != NULL;
}

/* The column whose name is in one group of usual names; a second one is an ambiguity. */
static const char *source_in_group(Source *source, const SourceRoleSpec *role,
                                   const char *const *group) {
    const char *found = NULL;
    for (int i = 0; i < source->n_columns; i++) {
        if (!source_is_one_of(source->columns[i], group)) continue;
        if (found)
            err_set(source->err, SQLITE_ERROR,
                    "cannot choose the %s column of %s: '%s' and '%s' both fit (name one with %s)",
                    role->noun, source->name, found, source->columns[i], role->argument);
        found = source->columns[i];
    }
    return found;
}

int source_find_columns(const Source *source, const char *const *names, const char **columns, int *which, int max) {
    char plain[SOURCE_PLAIN_MAX];
    int n = 0;
    for (int i = 0; i < source->n_columns && n < max; i++) {
        if (!source_plain(source->columns[i], plain)) continue;
        int name = 0;
        while (names[name] && strcmp(plain, names[name]) != 0) name++;
        if (!names[name]) continue;
        columns[n] = source->columns[i];
        which[n++] = name;
    }
    return n;
}

static const char *source_first_of(const Source *source, const char *const *names) {
    for (int i = 0; i < source->n_columns; i++)
        if (source_is_one_of(source->columns[i], names)) return source->columns[i];
    return NULL;
}

/* An order's price is its amount, but a line's price beside a quantity is not; and to count such lines
 * instead would take refunds for purchases.  amount: what was found, NULL for nothing. */
static void source_refuse_unit_price(Source *source, const char *amount) {
    const char *price = source_first_of(source, source_unit_price_names);
    const char *quantity = source_first_of(source, source_quantity_names);
    if (!price || !quantity || (amount && !source_is_one_of(amount, source_unit_price_names))) return;
    err_set(source->err, SQLITE_ERROR,
            "cannot choose the amount column of %s: '%s' beside '%s' is the price of one piece"
            " (make a view with their product as amount, or name a column with amount_column)",
            source->name, price, quantity);
}

static const char *source_guess(Source *source, const SourceRoleSpec *role) {
    const char *const *group = role->usual;
    while (group && *group) {
        const char *found = source_in_group(source, role, group);
        if (found && role == &source_roles[SOURCE_AMOUNT]) source_refuse_unit_price(source, found);
        if (found || source->err->rc) return found;
        while (*group) group++;
        group++;
    }
    if (role == &source_roles[SOURCE_AMOUNT]) source_refuse_unit_price(source, NULL);
    if (role->required)
        err_set(source->err, SQLITE_ERROR,
                "cannot find the %s column of %s (it has: %s); name it with %s",
                role->noun, source->name, source_list(source), role->argument);
    return NULL;
}

/* True when the column is the whole primary key; false too where SQLite or its authorizer does not tell:
 * then a refund names an order of its own, which changes nothing. */
static bool source_is_key(Source *source, const char *column) {
    sqlite3_stmt *stmt = NULL;
    static const char sql[] =
        "SELECT count(*) = 1 AND max(name = ?2 COLLATE NOCASE) FROM pragma_table_info(?1, ?3)"
        " WHERE pk > 0";
    bool key = false;
    int rc = sqlite3_prepare_v2(source->db, sql, -1, &stmt, NULL);
    if (!rc) rc = sqlite3_bind_text(stmt, 1, source->table, -1, SQLITE_STATIC);
    if (!rc) rc = sqlite3_bind_text(stmt, 2, column, -1, SQLITE_STATIC);
    if (!rc && source->schema) rc = sqlite3_bind_text(stmt, 3, source->schema, -1, SQLITE_STATIC);
    if (!rc) rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) key = sqlite3_column_int(stmt, 0) == 1;
    else if ((rc & 0xFF) != SQLITE_ERROR && (rc & 0xFF) != SQLITE_AUTH)
        err_set(source->err, rc == SQLITE_DONE ? SQLITE_INTERNAL : rc, "cannot read %s: %s",
                source->name, sqlite3_errmsg(source->db));
    sqlite3_finalize(stmt);
    return key;
}

/* What the caller asked for, which may be nothing unless the role is required; NULL without. */
static const char *source_find_column(Source *source, const SourceRoleSpec *role, const char *asked) {
    if (!asked) return source_guess(source, role);
    if (*asked) return source_asked(source, role, asked);
    if (role->required) err_set(source->err, SQLITE_ERROR, "%s must name a column", role->argument);
    return NULL;
}

/* 1 for a table, 0 for a view or virtual table, -1 where the schema has neither or its reader is not allowed. */
static int source_kind(const Source *source, const char *schema) {
    sqlite3_stmt *stmt = NULL;
    int kind = -1;
    const char *sql = arena_printf(source->arena, source->err,
                                   "SELECT coalesce(max(type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%%'), -1)"
                                   " FROM \"%w\".sqlite_master"
                                   " WHERE name = %Q COLLATE NOCASE AND type IN ('table', 'view')",
                                   schema, source->table);
    if (!sql) return kind;
    int rc = sqlite3_prepare_v2(source->db, sql, -1, &stmt, NULL);
    if (!rc) rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) kind = sqlite3_column_int(stmt, 0);
    else if ((rc & 0xFF) != SQLITE_AUTH)
        err_set(source->err, rc == SQLITE_DONE ? SQLITE_INTERNAL : rc, "cannot read %s: %s", source->name,
                sqlite3_errmsg(source->db));
    sqlite3_finalize(stmt);
    return kind;
}

bool source_is_table(const Source *source) {
    if (source->schema) return source_kind(source, source->schema) == 1;
    int kind = source_kind(source, "temp"); /* where SQLite looks a bare name up first */
    return (kind < 0 ? source_kind(source, "main") : kind) == 1;
}

void source_choose(Source *source, SourceRole role, const char *asked) {
    if (source->err->rc) return;
    const char *column = source_find_column(source, &source_roles[role], asked);
    if (column && !asked && role == SOURCE_ORDER && source_is_key(source, column)) {
        source->order_key = column;
        column = NULL;
    }
    source->chosen[role] = source->err->rc ? NULL : column;
}

void source_choose_member(Source *source, const char *asked, const char *like) {
    if (source->err->rc) return;
    const char *column = NULL;
    for (int i = 0; i < source->n_columns && !asked && like && !column; i++)
        if (sqlite3_stricmp(source->columns[i], like) == 0) column = source->columns[i];
    if (!column) column = source_find_column(source, &source_member, asked);
    source->chosen[SOURCE_CUSTOMER] = source->err->rc ? NULL : column;
}

/* ---- Tables of customers ---- */

static const char *const source_history_names[SOURCE_HISTORY] = {
    [SOURCE_FREQUENCY] = "frequency", [SOURCE_RECENCY] = "recency", [SOURCE_AGE] = "age"};

static const char *source_named(const Source *source, const char *name) {
    for (int i = 0; i < source->n_columns; i++)
        if (sqlite3_stricmp(source->columns[i], name) == 0) return source->columns[i];
    return NULL;
}

bool source_is_summary(const Source *source) {
    if (source->err->rc) return false;
    for (int i = 0; i < SOURCE_HISTORY; i++)
        if (!source_named(source, source_history_names[i])) return false;
    const char *const *group = source_roles[SOURCE_DATE].usual;
    for (; *group; group++) {
        if (source_first_of(source, group)) return false;
        while (*group) group++;
    }
    return true;
}

void source_choose_summary(Source *source, const char *customer, const char *money) {
    source_choose(source, SOURCE_CUSTOMER, customer);
    for (int i = 0; i < SOURCE_HISTORY && !source->err->rc; i++) {
        source->history[i] = source_named(source, source_history_names[i]);
        if (!source->history[i])
            err_set(source->err, SQLITE_ERROR, "without a date_column %s must be a table of customers, with %s (it has:"
                    " %s)", source->name, source_history_names[i], source_list(source));
    }
    if (money) source_choose(source, SOURCE_AMOUNT, money);
    else source->chosen[SOURCE_AMOUNT] = source_named(source, "monetary_value");
}

const char *source_named_column(Source *source, const char *argument, const char *asked) {
    const SourceRoleSpec role = {argument, argument, NULL, true};
    const char *column = source->err->rc ? NULL : source_find_column(source, &role, asked);
    return source->err->rc ? NULL : column;
}
