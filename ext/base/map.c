/* map.c - see map.h.
 *
 * The hash table is open addressing with linear probing; a slot has 32 bits of the hash and the id, and
 * the key itself decides.  Where there are few keys a guess goes before it.
 */
#include "base/map.h"

#include <string.h>

enum {
    MAP_SLOTS_MIN = 16,
    MAP_FIRST_PAGE_MIN = 16,
    MAP_DIRECT_MIN = 64,
    MAP_DIRECT_SPREAD = 4, /* the array may be this much longer than the number of keys */
    MAP_FEW = 64           /* keys, so that their ids fit Map's few */
};

Map map_new(Arena *arena) {
    return (Map){.arena = arena};
}

void map_close(Map *map) {
    sqlite3_free(map->slots);
    sqlite3_free(map->direct);
    map->slots = NULL;
    map->direct = NULL;
    map->n_slots = map->n_direct = 0;
}

/* ---- Values ---- */

/* Finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit. */
static uint64_t map_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static uint64_t map_mix_words(const uint64_t word[2], uint32_t salt) {
    return map_mix(word[0] ^ (word[1] + salt) * 0x9E3779B97F4A7C15u);
}

static uint64_t map_mix_bytes(const char *bytes, uint32_t size) {
    uint64_t word[2] = {0, size};
    for (; size > 0;) {
        uint32_t n = size < sizeof(*word) ? size : (uint32_t)sizeof(*word);
        uint64_t next = 0;
        memcpy(&next, bytes, n);
        word[0] = map_mix(word[0] ^ next);
        bytes += n;
        size -= n;
    }
    return map_mix_words(word, 0);
}

static void map_probe_real(MapProbe *probe, double real) {
    bool whole = real >= -9223372036854775808.0 && real < 9223372036854775808.0 &&
                 (double)(int64_t)real == real;
    probe->key.type = whole ? MAP_INTEGER : MAP_REAL;
    probe->real_only = whole;
    if (whole) probe->key.as.integer = (int64_t)real;
    else probe->key.as.real = real;
}

static void map_probe_bytes(MapProbe *probe, MapType type, sqlite3_value *value, Err *err) {
    const char *bytes = type == MAP_TEXT ? (const char *)sqlite3_value_text(value)
                                         : (const char *)sqlite3_value_blob(value);
    uint32_t size = (uint32_t)sqlite3_value_bytes(value);
    if (!bytes && (type == MAP_TEXT || size > 0)) {
        err_nomem(err);
        return;
    }
    probe->key.type = (uint8_t)type;
    probe->key.size = size;
    if (size > MAP_INLINE_BYTES) probe->key.as.elsewhere = bytes;
    else if (size > 0) memcpy(probe->key.as.bytes, bytes, size);
}

static uint32_t map_hash(const MapKey *key) {
    if (key->size > MAP_INLINE_BYTES)
        return (uint32_t)(map_mix_bytes(key->as.elsewhere, key->size) >> 32) ^ key->type;
    return (uint32_t)(map_mix_words(key->as.word, key->size << 3 | key->type) >> 32);
}

uint64_t map_fingerprint(const MapProbe *probe) {
    const MapKey *key = &probe->key;
    if (key->size > MAP_INLINE_BYTES) return map_mix_bytes(key->as.elsewhere, key->size) ^ key->type;
    return map_mix_words(key->as.word, key->size << 3 | key->type);
}

MapProbe map_probe_key(const MapKey *key) {
    MapProbe probe = {.key = *key};
    if (key->type == MAP_REAL) map_probe_real(&probe, key->as.real);
    return probe;
}

void map_probe_value(MapProbe *probe, int type, sqlite3_value *value, Err *err) {
    *probe = (MapProbe){0};
    switch (type) {
        case SQLITE_FLOAT: map_probe_real(probe, sqlite3_value_double(value)); break;
        case SQLITE_TEXT: map_probe_bytes(probe, MAP_TEXT, value, err); break;
        case SQLITE_BLOB: map_probe_bytes(probe, MAP_BLOB, value, err); break;
        default: break;
    }
}

/* ---- Keys by id ---- */

/* The first page grows with the keys, so that a map of a few keys stays small. */
static void map_grow_first_page(Map *map, Err *err) {
    int64_t max = map->first_page_max ? map->first_page_max : MAP_FIRST_PAGE_MIN;
    while (max <= map->n_keys) max *= 2;
    MapKey *page = arena_alloc_raw(map->arena, err, max, sizeof(MapKey));
    if (!page) return;
    if (map->first_page_max) memcpy(page, map->pages[0], (size_t)map->first_page_max * sizeof(MapKey));
    map->pages[0] = page;
    map->first_page_max = max;
}

static void map_grow_pages(Map *map, Err *err, int64_t page) {
    int64_t max = map->pages_max ? map->pages_max : 1;
    while (max <= page) max *= 4;
    MapKey **pages = arena_alloc(map->arena, err, max, sizeof(MapKey *));
    if (!pages) return;
    if (map->pages_max) memcpy(pages, map->pages, (size_t)map->pages_max * sizeof(MapKey *));
    map->pages = pages;
    map->pages_max = max;
}

/* The page with room for key number n_keys; those before it may have been left out, under only_ids. */
static MapKey *map_page(Map *map, Err *err) {
    int64_t page = map->n_keys / MAP_PAGE_KEYS;
    if (page >= map->pages_max) map_grow_pages(map, err, page);
    if (err->rc) return NULL;
    if (page == 0 && map->n_keys >= map->first_page_max) map_grow_first_page(map, err);
    if (page > 0 && !map->pages[page])
        map->pages[page] = arena_alloc_raw(map->arena, err, MAP_PAGE_KEYS, sizeof(MapKey));
    return err->rc ? NULL : map->pages[page];
}

/* The id + 1 of a key not seen before; 0 without memory. */
static uint32_t map_add(Map *map, Err *err, const MapProbe *probe) {
    MapKey *page = map_page(map, err);
    if (!page) return 0;
    MapKey key = probe->key;
    if (key.type >= MAP_TEXT && key.size > MAP_INLINE_BYTES) {
        key.as.elsewhere = arena_copy(map->arena, err, key.as.elsewhere, key.size);
        if (err->rc) return 0;
    }
    if (probe->real_only) {
        key.type = MAP_REAL;
        key.as.real = (double)probe->key.as.integer;
        map->has_real_only = true;
    }
    page[map->n_keys % MAP_PAGE_KEYS] = key;
    return (uint32_t)++map->n_keys;
}

/* An integer that so far came only as REAL is shown as INTEGER from its first INTEGER on. */
static void map_show_integer(Map *map, uint32_t id, const MapProbe *probe) {
    if (!map->has_real_only || map->only_ids || probe->real_only || probe->key.type != MAP_INTEGER) return;
    map->pages[id / MAP_PAGE_KEYS][id % MAP_PAGE_KEYS] = probe->key;
}

static bool map_same(const MapKey *key, const MapProbe *probe) {
    const MapKey *p = &probe->key;
    if (p->type >= MAP_TEXT) {
        if (key->type != p->type || key->size != p->size) return false;
        return p->size > MAP_INLINE_BYTES
                   ? memcmp(key->as.elsewhere, p->as.elsewhere, p->size) == 0
                   : key->as.word[0] == p->as.word[0] && key->as.word[1] == p->as.word[1];
    }
    if (key->type == MAP_REAL && p->type == MAP_INTEGER) return map_compare(key, p) == 0;
    return key->type == p->type && key->as.word[0] == p->as.word[0];
}

/* ---- The hash table ---- */

static uint64_t map_home(const Map *map, uint32_t hash) {
    return hash & (uint64_t)(map->n_slots - 1);
}

static uint64_t map_after(const Map *map, uint64_t at) {
    return (at + 1) & (uint64_t)(map->n_slots - 1);
}

/* Makes room for n more keys, so that no slot moves while a batch is worked on. */
static void map_reserve(Map *map, Err *err, int64_t n) {
    int64_t n_slots = map->n_slots ? map->n_slots : MAP_SLOTS_MIN;
    while ((map->n_in_slots + n) * 10 > n_slots * 7) n_slots *= 2;
    if (n_slots == map->n_slots || err->rc) return;
    MapSlot *slots = sqlite3_malloc64((sqlite3_uint64)n_slots * sizeof(*slots));
    if (!slots) {
        err_nomem(err);
        return;
    }
    memset(slots, 0, (size_t)n_slots * sizeof(*slots));
    Map old = *map;
    map->slots = slots;
    map->n_slots = n_slots;
    for (int64_t i = 0; i < old.n_slots; i++) {
        if (!old.slots[i].id) continue;
        uint64_t at = map_home(map, old.slots[i].hash);
        while (slots[at].id) at = map_after(map, at);
        slots[at] = old.slots[i];
    }
    sqlite3_free(old.slots);
}

/* The slot that has the key, or the empty one where it would go. */
static MapSlot *map_slot(const Map *map, const MapProbe *probe) {
    uint64_t at = map_home(map, probe->hash);
    while (map->slots[at].id && !(map->slots[at].hash == probe->hash &&
                                  map_same(map_key(map, map->slots[at].id - 1), probe)))
        at = map_after(map, at);
    return &map->slots[at];
}

static uint32_t map_find_slot(Map *map, Err *err, const MapProbe *probe) {
    MapSlot *slot = map_slot(map, probe);
    if (!slot->id) {
        *slot = (MapSlot){.hash = probe->hash, .id = map_add(map, err, probe)};
        map->n_in_slots++;
        return slot->id - 1;
    }
    map_show_integer(map, slot->id - 1, probe);
    return slot->id - 1;
}

/* ---- Keys with numbers ---- */

/* The number of a key, where it is one of those whose numbers count: different ones of different keys. */
static inline bool map_number(const Map *map, const MapKey *key, uint64_t *number) {
    if (key->type != map->numbered || key->type == MAP_NULL) return false;
    *number = key->as.word[0];
    return key->type == MAP_INTEGER || series_number(&map->series, key->as.bytes, key->size, number);
}

/* The first key that has a number says which are counted. */
static void map_choose_numbers(Map *map, const MapKey *key) {
    if (map->numbered != MAP_NULL) return;
    bool is_text = key->type == MAP_TEXT && series_begin(&map->series, key->as.bytes, key->size);
    if (is_text || key->type == MAP_INTEGER) map->numbered = key->type;
}

/* The place of a probe's number in the array, NULL when it is not covered. */
static uint32_t *map_direct(const Map *map, const MapProbe *probe) {
    uint64_t number;
    if (!map_number(map, &probe->key, &number)) return NULL;
    return number - map->direct_base < (uint64_t)map->n_direct ? &map->direct[number - map->direct_base] : NULL;
}

/* Covers more numbers, and those of them whose keys the hash table has so far. */
static void map_grow_direct(Map *map, Err *err, int64_t n_direct) {
    uint32_t *direct = sqlite3_malloc64((sqlite3_uint64)n_direct * sizeof(*direct));
    if (!direct) {
        err_nomem(err);
        return;
    }
    memset(direct, 0, (size_t)n_direct * sizeof(*direct));
    if (map->n_direct) memcpy(direct, map->direct, (size_t)map->n_direct * sizeof(*direct));
    sqlite3_free(map->direct);
    map->direct = direct;
    int64_t n_before = map->n_direct;
    map->n_direct = n_direct;
    for (int64_t i = 0; i < map->n_slots; i++) {
        if (!map->slots[i].id) continue;
        MapProbe kept = map_probe_key(map_key(map, map->slots[i].id - 1));
        uint32_t *place = map_direct(map, &kept);
        if (place && place - direct >= n_before) *place = map->slots[i].id;
    }
}

static uint32_t map_find_direct(Map *map, Err *err, const MapProbe *probe, uint32_t *place) {
    if (!*place) *place = map->only_ids ? (uint32_t)++map->n_keys : map_add(map, err, probe);
    else map_show_integer(map, *place - 1, probe);
    return *place - 1;
}

/* The probes at the front of a batch that the array covers; returns how many. */
static int map_intern_direct(Map *map, Err *err, const MapProbe *probes, int n, uint32_t *ids) {
    uint32_t *places[MAP_BATCH_MAX];
    int n_covered = 0;
    for (; n_covered < n; n_covered++) {
        places[n_covered] = map_direct(map, &probes[n_covered]);
        if (!places[n_covered]) break;
        MAP_PREFETCH(places[n_covered]);
    }
    for (int i = 0; i < n_covered && !err->rc; i++)
        ids[i] = *places[i] && !map->has_real_only ? *places[i] - 1 : map_find_direct(map, err, &probes[i], places[i]);
    return n_covered;
}

/* Called for a key that is not covered: covers it when it has a number and the array stays dense enough. */
static void map_consider_direct(Map *map, Err *err, const MapProbe *probe) {
    uint64_t number;
    map_choose_numbers(map, &probe->key);
    if (!map_number(map, &probe->key, &number) || number > INT64_MAX) return;
    if (!map->n_direct) map->direct_base = number & ~(uint64_t)(MAP_DIRECT_MIN - 1);
    if (number < map->direct_base) return;
    uint64_t at = number - map->direct_base;
    if (at >= (uint64_t)(map->n_keys + MAP_DIRECT_MIN) * MAP_DIRECT_SPREAD) return;
    int64_t n_direct = map->n_direct ? map->n_direct * 2 : MAP_DIRECT_MIN;
    while ((uint64_t)n_direct <= at) n_direct *= 2;
    map_grow_direct(map, err, n_direct);
}

/* ---- Lookups ---- */

int64_t map_lookup(const Map *map, MapProbe *probe) {
    const uint32_t *place = map_direct(map, probe);
    if (place) return (int64_t)*place - 1;
    probe->hash = map_hash(&probe->key);
    return map->n_slots ? (int64_t)map_slot(map, probe)->id - 1 : -1;
}

/* Room for the whole batch comes first: while its keys are looked up, none changes from the hash
 * table to the array, and ids are given in the order of the batch.  Returns how many are not covered. */
static int map_make_room(Map *map, Err *err, MapProbe *probes, int n) {
    int n_hashed = 0;
    for (int i = 0; i < n && !err->rc; i++)
        if (!map_direct(map, &probes[i])) map_consider_direct(map, err, &probes[i]);
    for (int i = 0; i < n; i++) {
        const uint32_t *place = map_direct(map, &probes[i]);
        if (place) {
            MAP_PREFETCH(place);
            continue;
        }
        probes[i].hash = map_hash(&probes[i].key);
        n_hashed++;
    }
    if (n_hashed) map_reserve(map, err, n_hashed);
    return n_hashed;
}

/* The first slot with a probe's hash, which most likely has its key; NULL for a new one. */
static const MapSlot *map_likely(const Map *map, const MapProbe *probe) {
    uint64_t at = map_home(map, probe->hash);
    while (map->slots[at].id && map->slots[at].hash != probe->hash) at = map_after(map, at);
    return map->slots[at].id ? &map->slots[at] : NULL;
}

/* Requests the slots of a batch, then the keys that they lead to, then the bytes of long keys.  likely[i]
 * becomes the slot that probes[i] leads to. */
static void map_request(const Map *map, const MapProbe *probes, int n, const MapSlot **likely) {
    for (int i = 0; i < n; i++) MAP_PREFETCH(&map->slots[map_home(map, probes[i].hash)]);
    for (int i = 0; i < n; i++) {
        likely[i] = map_direct(map, &probes[i]) ? NULL : map_likely(map, &probes[i]);
        if (!likely[i]) continue;
        const MapKey *key = map_key(map, likely[i]->id - 1);
        MAP_PREFETCH(key);
        MAP_PREFETCH(&key->size); /* a key may lie across two cache lines */
    }
    for (int i = 0; i < n; i++) {
        if (!likely[i] || probes[i].key.size <= MAP_INLINE_BYTES) continue;
        const MapKey *key = map_key(map, likely[i]->id - 1);
        if (key->size > MAP_INLINE_BYTES) MAP_PREFETCH(key->as.elsewhere);
    }
}

static uint32_t map_find(Map *map, Err *err, const MapProbe *probe, const MapSlot *likely) {
    if (likely && map_same(map_key(map, likely->id - 1), probe)) {
        map_show_integer(map, likely->id - 1, probe);
        return likely->id - 1;
    }
    uint32_t *place = map_direct(map, probe);
    return place ? map_find_direct(map, err, probe, place) : map_find_slot(map, err, probe);
}

/* The keys of a batch that are found in the array or the hash table, or are new. */
static void map_intern_any(Map *map, Err *err, MapProbe *probes, int n, uint32_t *ids) {
    const MapSlot *likely[MAP_BATCH_MAX];
    if (err->rc) return;
    int done = map_intern_direct(map, err, probes, n, ids);
    probes += done;
    ids += done;
    n -= done;
    if (n == 0) return;
    int n_hashed = map_make_room(map, err, probes, n);
    if (n_hashed && !err->rc) map_request(map, probes, n, likely);
    for (int i = 0; i < n && !err->rc; i++)
        ids[i] = map_find(map, err, &probes[i], n_hashed ? likely[i] : NULL);
}

/* ---- Few keys ---- */

/* Short texts, short blobs and NULL, whose words say it all, as of the segments of a shop; not where keys are not
 * kept to be compared with. */
static bool map_may_be_few(const Map *map, const MapKey *key) {
    return map->n_keys < MAP_FEW && !map->only_ids && key->size <= MAP_INLINE_BYTES && key->type != MAP_INTEGER &&
           key->type != MAP_REAL;
}

/* The probes at the front of a batch that may be told at a glance; returns how many. */
static int map_intern_few(Map *map, Err *err, MapProbe *probes, int n, uint32_t *ids) {
    int i = 0;
    for (; i < n && !err->rc && map_may_be_few(map, &probes[i].key); i++) {
        uint8_t *few = &map->few[map_hash(&probes[i].key) % MAP_FEW_PLACES];
        if (*few && map_same(map_key(map, *few - 1u), &probes[i])) {
            ids[i] = *few - 1u;
            continue;
        }
        map_intern_any(map, err, &probes[i], 1, &ids[i]);
        if (!err->rc) *few = (uint8_t)(ids[i] + 1);
    }
    return i;
}

void map_intern(Map *map, Err *err, MapProbe *probes, int n, uint32_t *ids) {
    if (map->n_keys + n > INT32_MAX) err_set(err, SQLITE_TOOBIG, "more than 2147483647 different keys");
    int done = map_intern_few(map, err, probes, n, ids);
    if (done < n) map_intern_any(map, err, probes + done, n - done, ids + done);
}

/* ---- Order and results ---- */

static int map_compare_numbers(const MapKey *a, const MapKey *b) {
    if (a->type == MAP_INTEGER && b->type == MAP_INTEGER)
        return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
    if (a->type == MAP_REAL && b->type == MAP_REAL)
        return (a->as.real > b->as.real) - (a->as.real < b->as.real);
    if (a->type == MAP_REAL) return -map_compare_numbers(b, a);
    double real = b->as.real;
    if (real >= 9223372036854775808.0) return -1;
    if (real < -9223372036854775808.0) return 1;
    int64_t whole = (int64_t)real; /* toward zero, exact */
    if (a->as.integer != whole) return a->as.integer < whole ? -1 : 1;
    double rest = real - (double)whole;
    return (rest < 0) - (rest > 0);
}

static int map_rank(const MapKey *key) {
    return key->type == MAP_REAL ? MAP_INTEGER : key->type;
}

int map_compare(const MapKey *a, const MapKey *b) {
    int rank = map_rank(a);
    if (rank != map_rank(b)) return rank - map_rank(b);
    if (rank == MAP_NULL) return 0;
    if (rank == MAP_INTEGER) return map_compare_numbers(a, b);
    uint32_t shorter = a->size < b->size ? a->size : b->size;
    int order = memcmp(map_key_bytes(a), map_key_bytes(b), shorter);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

void map_result(sqlite3_context *context, const MapKey *key) {
    switch (key->type) {
        case MAP_INTEGER: sqlite3_result_int64(context, key->as.integer); break;
        case MAP_REAL: sqlite3_result_double(context, key->as.real); break;
        case MAP_TEXT:
            sqlite3_result_text64(context, map_key_bytes(key), key->size, SQLITE_TRANSIENT,
                                  SQLITE_UTF8);
            break;
        case MAP_BLOB:
            sqlite3_result_blob64(context, map_key_bytes(key), key->size, SQLITE_TRANSIENT);
            break;
        default: sqlite3_result_null(context);
    }
}
