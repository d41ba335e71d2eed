/* host.c - see host.h. */
#include "host/host.h"

#include <string.h>

Host *host_new(sqlite3 *db, bool strict) {
    Host *host = sqlite3_malloc64(sizeof(*host));
    if (host) *host = (Host){.db = db, .references = 1, .strict = strict};
    return host;
}

void host_retain(Host *host) {
    host->references++;
}

void host_release(void *pointer) {
    Host *host = pointer;
    if (--host->references > 0) return;
    sqlite3_free(host->inner_error);
    sqlite3_free(host);
}

void host_enter(Host *host, Err *err, const char *function, const char *source) {
    if (++host->depth <= HOST_DEPTH_MAX) return;
    char shown[ERR_QUOTE_SIZE];
    err_set(err, SQLITE_ERROR, "nested more than %d deep: does the view '%s' read itself through %s?",
            HOST_DEPTH_MAX, err_quote(source, strlen(source), shown), function);
}

void host_leave(Host *host) {
    if (--host->depth > 0) return;
    sqlite3_free(host->inner_error);
    host->inner_error = NULL;
}

char *host_error_text(Host *host, const char *function, const Err *err) {
    if (host->inner_error) return sqlite3_mprintf("%s", host->inner_error);
    char *text = err->msg ? sqlite3_mprintf("%s: %s", function, err->msg) : NULL;
    if (host->depth > 1 && text) host->inner_error = sqlite3_mprintf("%s", text);
    return text;
}

/* A statement of some 130 steps, since a progress handler is asked every so many of them; a short one where
 * the host's limits refuse it. */
static int host_beat_prepare(HostBeat *beat) {
#define HOST_WHENS_8                                                                                  \
    " WHEN ?1 THEN 0 WHEN ?1 THEN 0 WHEN ?1 THEN 0 WHEN ?1 THEN 0 WHEN ?1 THEN 0 WHEN ?1 THEN 0"       \
    " WHEN ?1 THEN 0 WHEN ?1 THEN 0"
    static const char steps[] = "SELECT CASE" HOST_WHENS_8 HOST_WHENS_8 HOST_WHENS_8 HOST_WHENS_8
        HOST_WHENS_8 HOST_WHENS_8 HOST_WHENS_8 HOST_WHENS_8 " END";
    int rc = sqlite3_prepare_v2(beat->db, steps, -1, &beat->stmt, NULL);
    return rc ? sqlite3_prepare_v2(beat->db, "SELECT 1", -1, &beat->stmt, NULL) : rc;
}

static bool host_beat(void *pointer) {
    HostBeat *beat = pointer;
    int rc = SQLITE_OK;
    if (!beat->stmt) rc = host_beat_prepare(beat);
    if (!rc) rc = sqlite3_step(beat->stmt);
    if (rc == SQLITE_ROW) rc = sqlite3_reset(beat->stmt);
    else if (rc == SQLITE_DONE) rc = SQLITE_INTERNAL; /* xFilter must not return what is no error */
    if (rc) err_set(beat->err, rc, "%s", sqlite3_errmsg(beat->db));
    return rc != SQLITE_OK;
}

void host_beat_open(HostBeat *beat, sqlite3 *db, Err *err) {
    *beat = (HostBeat){.db = db, .err = err};
    beat->poll = (Poll){.stop = host_beat, .ctx = beat};
}

void host_beat_close(HostBeat *beat) {
    sqlite3_finalize(beat->stmt);
    beat->stmt = NULL;
}
