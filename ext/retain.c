/* retain.c - the entry points: registry.def becomes tables, and the tables are registered.
 *
 *     .load ./retain
 *     SELECT * FROM retention_rate('orders');
 *
 * sqlite3_retain_init is what .load calls.  sqlite3_retain_strict_init does the same, but refuses
 * table-valued functions inside views and triggers, for connections that open databases of strangers.
 */
#include "base/sqlite.h"

#include "data/scan.h"
#include "host/function.h"
#include "host/registry.h"
#include "host/tvf.h"

#ifndef SQLITE_CORE
const sqlite3_api_routines *sqlite3_api = NULL;
#endif

#if defined(_WIN32)
#define RETAIN_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define RETAIN_EXPORT __attribute__((visibility("default")))
#else
#define RETAIN_EXPORT
#endif

enum { RETAIN_SQLITE_VERSION_MIN = 3031000 }; /* SQLITE_INNOCUOUS and SQLITE_DIRECTONLY */

/* ---- The tables ---- */

#define TVF(stem) extern const TvfDef tvf_##stem;
#define SCALAR(stem) extern const ScalarDef scalar_##stem;
#define AGGREGATE(stem) extern const AggregateDef aggregate_##stem;
#include "registry.def"
#undef TVF
#undef SCALAR
#undef AGGREGATE

#define TVF(stem) &tvf_##stem,
#define SCALAR(stem)
#define AGGREGATE(stem)
static const TvfDef *const retain_tvfs[] = {
#include "registry.def"
};
#undef TVF
#undef SCALAR

#define TVF(stem)
#define SCALAR(stem) &scalar_##stem,
static const ScalarDef *const retain_scalars[] = {
#include "registry.def"
};
#undef SCALAR
#undef AGGREGATE

#define SCALAR(stem)
#define AGGREGATE(stem) &aggregate_##stem,
static const AggregateDef *const retain_aggregates[] = {
#include "registry.def"
};
#undef TVF
#undef SCALAR
#undef AGGREGATE

#define RETAIN_COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

const Registry retain_registry = {
    .tvfs = retain_tvfs,
    .scalars = retain_scalars,
    .aggregates = retain_aggregates,
    .n_tvfs = RETAIN_COUNT(retain_tvfs),
    .n_scalars = RETAIN_COUNT(retain_scalars),
    .n_aggregates = RETAIN_COUNT(retain_aggregates),
};

/* ---- Registration ---- */

static int retain_register(Host *host) {
    host_retain(host);
    int rc = scan_register(host->db, &host->sink, host_release);
    for (int i = 0; i < retain_registry.n_tvfs && !rc; i++) rc = tvf_register(host, retain_tvfs[i]);
    for (int i = 0; i < retain_registry.n_scalars && !rc; i++)
        rc = function_register_scalar(host, retain_scalars[i]);
    for (int i = 0; i < retain_registry.n_aggregates && !rc; i++)
        rc = function_register_aggregate(host, retain_aggregates[i]);
    return rc;
}

/* SQLite unloads the library when an entry point fails, but what was registered would stay behind and
 * point into it. */
static void retain_unregister(sqlite3 *db) {
    (void)sqlite3_create_function_v2(db, retain_sink_name, -1, SQLITE_UTF8, NULL, NULL, NULL, NULL,
                                     NULL);
    for (int i = 0; i < retain_registry.n_tvfs; i++) tvf_unregister(db, retain_tvfs[i]);
    for (int i = 0; i < retain_registry.n_scalars; i++)
        function_unregister(db, retain_scalars[i]->name, retain_scalars[i]->args);
    for (int i = 0; i < retain_registry.n_aggregates; i++)
        function_unregister(db, retain_aggregates[i]->name, retain_aggregates[i]->args);
}

static bool retain_prepares(sqlite3 *db, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    sqlite3_finalize(stmt);
    return rc == SQLITE_OK;
}

/* A second load, perhaps from within a running SELECT load_extension(...), changes nothing.  The error of
 * a first one is wiped from the connection: sqlite3_open looks at it after running auto-extensions. */
static bool retain_is_loaded(sqlite3 *db) {
    bool loaded = retain_prepares(db, "SELECT retain_version()");
    if (!loaded) (void)retain_prepares(db, "SELECT 1");
    return loaded;
}

static int retain_load(sqlite3 *db, char **message, bool strict) {
    if (sqlite3_libversion_number() < RETAIN_SQLITE_VERSION_MIN) {
        *message = sqlite3_mprintf("retain needs SQLite 3.31.0 or newer, this is %s",
                                   sqlite3_libversion());
        return SQLITE_ERROR;
    }
    if (retain_is_loaded(db)) return SQLITE_OK;
    Host *host = host_new(db, strict);
    if (!host) return SQLITE_NOMEM;
    int rc = retain_register(host);
    if (rc) retain_unregister(db);
    host_release(host);
    return rc;
}

/* One process may hold two SQLite libraries (the system's and one bundled with a driver), but this file
 * is mapped once and has one table of SQLite's functions: the second library is turned away. */
static int retain_take_api(const sqlite3_api_routines *api, char **message) {
#ifdef SQLITE_CORE
    (void)api;
    (void)message;
#else
    /* Written once: other threads read it with every call. */
    const sqlite3_api_routines *known = __atomic_load_n(&sqlite3_api, __ATOMIC_ACQUIRE);
    if (!known && __atomic_compare_exchange_n(&sqlite3_api, &known, api, false, __ATOMIC_ACQ_REL,
                                              __ATOMIC_ACQUIRE))
        known = api;
    if (known != api) {
        *message = api->mprintf("retain is already loaded by another copy of SQLite in this process;"
                                " load a separate copy of the file");
        return SQLITE_ERROR;
    }
#endif
    return SQLITE_OK;
}

RETAIN_EXPORT int sqlite3_retain_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);
RETAIN_EXPORT int sqlite3_retain_strict_init(sqlite3 *db, char **message,
                                             const sqlite3_api_routines *api);

int sqlite3_retain_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
    int rc = retain_take_api(api, message);
    return rc ? rc : retain_load(db, message, false);
}

int sqlite3_retain_strict_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
    int rc = retain_take_api(api, message);
    return rc ? rc : retain_load(db, message, true);
}
