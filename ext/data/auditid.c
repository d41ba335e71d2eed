/* auditid.c - see auditid.h. */
#include "data/auditid.h"

#include <string.h>

#include "base/fold.h"

enum { AUDITID_LEVELS = FOLD_LEVELS + 1, AUDITID_BATCH_BYTES = 16 * 1024, AUDITID_INTEGER_DIGITS = 19 };

/* An id and how many rows it has. */
typedef struct AuditidKey {
    const MapKey *key;
    int64_t rows;
} AuditidKey;

typedef struct AuditidKeys {
    AuditidKey *list;
    int64_t n;
    const Poll *poll;
} AuditidKeys;

/* ---- The ids ---- */

/* The book's customers, then those that only unreadable rows have. */
static AuditidKeys auditid_keys(const Book *book, const Findings *findings, Arena *arena, Err *err, const Poll *poll) {
    AuditidKeys keys = {.poll = poll};
    int64_t n_found = findings->customers.n_keys;
    keys.list = arena_alloc_raw(arena, err, book->n_customers + n_found, sizeof(*keys.list));
    bool *in_book = arena_alloc(arena, err, n_found, 1);
    if (err->rc) return keys;
    for (int64_t c = 0; c < book->n_customers; c++) {
        const MapKey *key = book_customer_id(book, c);
        MapProbe probe = map_probe_key(key);
        int64_t found = n_found ? map_lookup(&findings->customers, &probe) : -1;
        int64_t rows = book->pages[c / LEDGER_PAGE_CUSTOMERS].rows[c % LEDGER_PAGE_CUSTOMERS];
        if (found >= 0) {
            in_book[found] = true;
            rows += findings->of_customer[found].unread;
        }
        keys.list[keys.n++] = (AuditidKey){key, rows};
        if (c % MAP_PAGE_KEYS == 0 && poll_stop(poll)) return keys;
    }
    for (int64_t i = 0; i < n_found; i++) {
        int64_t rows = findings->of_customer[i].unread;
        if (!in_book[i] && rows > 0)
            keys.list[keys.n++] = (AuditidKey){map_key(&findings->customers, (uint32_t)i), rows};
    }
    return keys;
}

/* ---- Forms ---- */

/* True for '12', '-7', '0': what SQLite writes for an integer. */
static bool auditid_integer(const char *text, size_t n, int64_t *integer) {
    bool negative = n > 0 && *text == '-';
    size_t at = negative, digits = n - at;
    if (digits < 1 || digits > AUDITID_INTEGER_DIGITS || (text[at] == '0' && (digits > 1 || negative))) return false;
    uint64_t size = 0;
    for (; at < n; at++) {
        if (text[at] < '0' || text[at] > '9') return false;
        size = size * 10 + (uint64_t)(text[at] - '0');
    }
    if (size > (uint64_t)INT64_MAX + negative) return false;
    *integer = negative ? -(int64_t)(size - 1) - 1 : (int64_t)size;
    return true;
}

/* A probe for n bytes; they must live as long as it does. */
static MapProbe auditid_probe(MapType type, const char *bytes, size_t n) {
    MapProbe probe = {.key = {.type = (uint8_t)type, .size = (uint32_t)n}};
    if (n > MAP_INLINE_BYTES) probe.key.as.elsewhere = bytes;
    else memcpy(probe.key.as.bytes, bytes, n);
    return probe;
}

/* What the key is at a level; bytes has room for its size. */
static MapProbe auditid_form(int level, const MapKey *key, char *bytes) {
    bool types = level == AUDITID_LEVELS - 1;
    int64_t integer;
    if (key->type != MAP_TEXT && !(types && key->type == MAP_BLOB)) return map_probe_key(key);
    size_t n = fold_text(types ? FOLD_LETTERS : (FoldLevel)level, map_key_bytes(key), key->size, bytes);
    if (!types || !auditid_integer(bytes, n, &integer)) return auditid_probe(MAP_TEXT, bytes, n);
    return (MapProbe){.key = {.type = MAP_INTEGER, .as.integer = integer}};
}

/* True when the key is the same at every level, so that another is met only by changing that one. */
static bool auditid_is_plain(const MapKey *key) {
    int64_t integer;
    if (key->type < MAP_TEXT) return true;
    const char *bytes = map_key_bytes(key);
    return key->type == MAP_TEXT && fold_is_plain(bytes, key->size) && !auditid_integer(bytes, key->size, &integer);
}

/* class[i] becomes a number that is the same for keys of the same form. */
static void auditid_classify(const AuditidKeys *keys, int level, uint32_t *class, Arena *arena, Err *err) {
    MapProbe *probes = arena_alloc_raw(arena, err, MAP_BATCH_MAX, sizeof(*probes));
    char *bytes = arena_alloc_raw(arena, err, AUDITID_BATCH_BYTES, 1);
    Map map = map_new(arena);
    int64_t done = 0, n = 0; /* keys that have their class, and those behind them that wait in probes */
    size_t used = 0;
    for (int64_t i = 0; i < keys->n && !err->rc; i++) {
        const MapKey *key = keys->list[i].key;
        size_t size = key->type >= MAP_TEXT ? key->size : 0;
        if (n == MAP_BATCH_MAX || size > AUDITID_BATCH_BYTES - used) {
            map_intern(&map, err, probes, (int)n, class + done);
            if (poll_stop(keys->poll)) break;
            done += n;
            n = 0;
            used = 0;
        }
        char *room = size > AUDITID_BATCH_BYTES ? arena_alloc_raw(arena, err, (int64_t)size, 1) : bytes + used;
        if (!room) break;
        probes[n++] = auditid_form(level, key, room);
        if (size <= AUDITID_BATCH_BYTES) used += size;
    }
    map_intern(&map, err, probes, (int)n, class + done);
    map_close(&map);
}

/* ---- Ids that meet ---- */

/* Leaves the keys that are one with another at the last level. */
static void auditid_keep_suspects(AuditidKeys *keys, Arena *arena, Err *err) {
    int64_t n = 0;
    bool plain = true;
    for (int64_t i = 0; i < keys->n && plain; i++) plain = auditid_is_plain(keys->list[i].key);
    if (plain) keys->n = 0;
    uint32_t *class = arena_alloc_raw(arena, err, keys->n, sizeof(*class));
    uint32_t *size = arena_alloc(arena, err, keys->n, sizeof(*size));
    if (err->rc) return;
    auditid_classify(keys, AUDITID_LEVELS - 1, class, arena, err);
    if (err->rc) return;
    for (int64_t i = 0; i < keys->n; i++) size[class[i]]++;
    for (int64_t i = 0; i < keys->n; i++)
        if (size[class[i]] > 1) keys->list[n++] = keys->list[i];
    keys->n = n;
}

/* One level: the keys, their classes one level below and at this one, and which classes hold several of those below. */
typedef struct AuditidLevel {
    const AuditidKeys *keys;
    const uint32_t *lower, *class;
    const bool *several;
} AuditidLevel;

/* The smallest key of a class that holds several, and the smallest that it meets there. */
static const char *auditid_example(const AuditidLevel *level, Arena *arena, Err *err) {
    const AuditidKey *list = level->keys->list;
    int64_t a = -1, b = -1;
    for (int64_t i = 0; i < level->keys->n; i++)
        if (level->several[level->class[i]] && (a < 0 || map_compare(list[i].key, list[a].key) < 0)) a = i;
    for (int64_t i = 0; a >= 0 && i < level->keys->n; i++)
        if (level->class[i] == level->class[a] && level->lower[i] != level->lower[a] &&
            (b < 0 || map_compare(list[i].key, list[b].key) < 0))
            b = i;
    if (b < 0) return NULL;
    return arena_printf(arena, err, "%s beside %s", finding_shown_key(arena, err, list[a].key),
                        finding_shown_key(arena, err, list[b].key));
}

/* Counts the ids of a level; returns what they hold (fold_found). */
static uint32_t auditid_judge_level(const AuditidLevel *level, Findings *findings, FindingCheck check) {
    int64_t rows = 0, n = 0;
    uint32_t found = 0;
    for (int64_t i = 0; i < level->keys->n; i++) {
        if (!level->several[level->class[i]]) continue;
        const AuditidKey *id = &level->keys->list[i];
        rows += id->rows;
        n++;
        if (id->key->type == MAP_TEXT) found |= fold_found(map_key_bytes(id->key), id->key->size);
    }
    finding_set(findings, check, rows, n, auditid_example(level, findings->arena, findings->err));
    return found;
}

static void auditid_judge_levels(Auditid *ids, const AuditidKeys *keys, Findings *findings, Arena *arena, Err *err) {
    uint32_t *lower = arena_alloc_raw(arena, err, keys->n, sizeof(*lower));
    uint32_t *class = arena_alloc_raw(arena, err, keys->n, sizeof(*class));
    uint32_t *first = arena_alloc_raw(arena, err, keys->n, sizeof(*first)); /* by class: a class below, + 1 */
    bool *several = arena_alloc_raw(arena, err, keys->n, 1);
    for (int64_t i = 0; i < keys->n && !err->rc; i++) lower[i] = (uint32_t)i;
    for (int level = 0; level < AUDITID_LEVELS && !err->rc; level++) {
        auditid_classify(keys, level, class, arena, err);
        if (err->rc) return;
        memset(first, 0, (size_t)keys->n * sizeof(*first));
        memset(several, 0, (size_t)keys->n);
        for (int64_t i = 0; i < keys->n; i++) {
            if (first[class[i]] == 0) first[class[i]] = lower[i] + 1;
            several[class[i]] |= first[class[i]] != lower[i] + 1;
        }
        AuditidLevel whole = {.keys = keys, .lower = lower, .class = class, .several = several};
        uint32_t found = auditid_judge_level(&whole, findings, (FindingCheck)(FINDING_CUSTOMER_SPACES + level));
        if (level == FOLD_SPACES) ids->spaces = found;
        if (level == FOLD_LETTERS) ids->letters = found;
        uint32_t *spare = lower;
        lower = class;
        class = spare;
    }
}

void auditid_judge(Auditid *ids, const Book *book, Findings *findings, const Poll *poll) {
    Err *err = findings->err;
    Arena scratch = {0};
    *ids = (Auditid){0};
    AuditidKeys keys = auditid_keys(book, findings, &scratch, err, poll);
    if (!err->rc) auditid_keep_suspects(&keys, &scratch, err);
    if (!err->rc && keys.n > 0) auditid_judge_levels(ids, &keys, findings, &scratch, err);
    arena_free(&scratch);
}
