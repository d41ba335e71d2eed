/* map.c - see map.h.
 *
 * Open addressing with linear probing.  A slot holds the value itself where that has at most 8 bytes,
 * so that integers and short codes are decided without a second memory access; longer keys hold a
 * 64-bit hash and are compared by bytes when it agrees.
 */
#include "base/map.h"

#include <string.h>

enum {
    MAP_TAG_REAL_ONLY = 1,  /* an integral number so far seen only as REAL */
    MAP_TAG_TYPE_SHIFT = 1, /* MapType in bits 1..3 */
    MAP_TAG_SIZE_SHIFT = 4, /* length of text and blobs, cut to 28 bits */
    MAP_TAG_NULL = 7 << MAP_TAG_TYPE_SHIFT,
    MAP_WORD_BYTES = 8,
    MAP_SLOTS_MIN = 16,
    MAP_FIRST_PAGE_MIN = 16
};

Map map_new(Arena *arena) {
    return (Map){.arena = arena};
}

void map_close(Map *map) {
    sqlite3_free(map->slots);
    map->slots = NULL;
    map->n_slots = 0;
}

/* Finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit. */
static uint64_t map_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static uint64_t map_load(const char *bytes, size_t n) {
    uint64_t word = 0;
    memcpy(&word, bytes, n);
    return word;
}

static uint64_t map_hash_bytes(const char *bytes, size_t n) {
    uint64_t hash = n * 0x9E3779B97F4A7C15u;
    for (; n > MAP_WORD_BYTES; bytes += MAP_WORD_BYTES, n -= MAP_WORD_BYTES)
        hash = map_mix(hash ^ map_load(bytes, MAP_WORD_BYTES)) + 0x9E3779B97F4A7C15u;
    return map_mix(hash ^ map_load(bytes, n));
}

static uint32_t map_tag(MapType type, uint32_t size) {
    return (uint32_t)type << MAP_TAG_TYPE_SHIFT | size << MAP_TAG_SIZE_SHIFT;
}

static MapType map_tag_type(uint32_t tag) {
    MapType type = (MapType)(tag >> MAP_TAG_TYPE_SHIFT & 7);
    return type <= MAP_BLOB ? type : MAP_NULL;
}

static void map_probe_real(MapProbe *probe, double real) {
    if (real >= -9223372036854775808.0 && real < 9223372036854775808.0 &&
        (double)(int64_t)real == real) {
        *probe = (MapProbe){.word = (uint64_t)(int64_t)real,
                            .tag = map_tag(MAP_INTEGER, 0) | MAP_TAG_REAL_ONLY};
        return;
    }
    memcpy(&probe->word, &real, sizeof(real));
    probe->tag = map_tag(MAP_REAL, 0);
}

static void map_probe_bytes(MapProbe *probe, MapType type, const char *bytes, uint32_t size) {
    *probe = (MapProbe){.tag = map_tag(type, size), .size = size, .bytes = bytes};
    probe->word = size > MAP_WORD_BYTES ? map_hash_bytes(bytes, size) : map_load(bytes, size);
}

void map_probe(MapProbe *probe, sqlite3_value *value, Err *err) {
    *probe = (MapProbe){0};
    int type = sqlite3_value_type(value);
    switch (type) {
        case SQLITE_INTEGER:
            probe->word = (uint64_t)sqlite3_value_int64(value);
            probe->tag = map_tag(MAP_INTEGER, 0);
            break;
        case SQLITE_FLOAT: map_probe_real(probe, sqlite3_value_double(value)); break;
        case SQLITE_TEXT:
        case SQLITE_BLOB: {
            const char *bytes = type == SQLITE_TEXT ? (const char *)sqlite3_value_text(value)
                                                    : (const char *)sqlite3_value_blob(value);
            uint32_t size = (uint32_t)sqlite3_value_bytes(value);
            if (!bytes && (type == SQLITE_TEXT || size > 0)) {
                err_nomem(err);
                return;
            }
            map_probe_bytes(probe, type == SQLITE_TEXT ? MAP_TEXT : MAP_BLOB, bytes ? bytes : "", size);
            break;
        }
        default: break;
    }
}

MapProbe map_probe_null(void) {
    return (MapProbe){.tag = MAP_TAG_NULL};
}

static uint64_t map_home(const Map *map, uint64_t word, uint32_t tag) {
    return map_mix(word ^ (uint64_t)(tag >> MAP_TAG_TYPE_SHIFT) << 40) & (uint64_t)(map->n_slots - 1);
}

/* Makes room for n more keys, so that no slot moves while a batch is worked on. */
static void map_reserve(Map *map, Err *err, int64_t n) {
    int64_t n_slots = map->n_slots ? map->n_slots : MAP_SLOTS_MIN;
    while ((map->n_keys + n) * 10 > n_slots * 7) n_slots *= 2;
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
        if (!old.slots[i].tag) continue;
        uint64_t at = map_home(map, old.slots[i].word, old.slots[i].tag);
        while (slots[at].tag) at = (at + 1) & (uint64_t)(n_slots - 1);
        slots[at] = old.slots[i];
    }
    sqlite3_free(old.slots);
}

/* The first page grows with the keys, so that a map of a few keys stays small. */
static void map_grow_first_page(Map *map, Err *err) {
    int64_t max = map->first_page_max ? map->first_page_max * 2 : MAP_FIRST_PAGE_MIN;
    MapKey *page = arena_alloc_raw(map->arena, err, max, sizeof(MapKey));
    if (!page) return;
    if (map->n_keys) memcpy(page, map->pages[0], (size_t)map->n_keys * sizeof(MapKey));
    map->pages[0] = page;
    map->first_page_max = max;
}

static void map_grow_pages(Map *map, Err *err) {
    int64_t max = map->pages_max ? map->pages_max * 4 : 4;
    MapKey **pages = arena_alloc(map->arena, err, max, sizeof(MapKey *));
    if (!pages) return;
    if (map->pages_max) memcpy(pages, map->pages, (size_t)map->pages_max * sizeof(MapKey *));
    map->pages = pages;
    map->pages_max = max;
}

/* The page with room for key number n_keys. */
static MapKey *map_page(Map *map, Err *err) {
    int64_t page = map->n_keys / MAP_PAGE_KEYS;
    if (page == map->pages_max) map_grow_pages(map, err);
    if (err->rc) return NULL;
    if (page == 0 && map->n_keys == map->first_page_max) map_grow_first_page(map, err);
    if (page > 0 && !map->pages[page])
        map->pages[page] = arena_alloc_raw(map->arena, err, MAP_PAGE_KEYS, sizeof(MapKey));
    return err->rc ? NULL : map->pages[page];
}

/* The next id, for a key not seen before. */
static uint32_t map_add(Map *map, Err *err, const MapProbe *probe) {
    MapKey *page = map_page(map, err);
    if (!page) return 0;
    MapKey key = {.size = probe->size, .type = (uint8_t)map_tag_type(probe->tag)};
    if (probe->bytes) {
        key.as.bytes = arena_copy(map->arena, err, probe->bytes, probe->size);
    } else if (probe->tag & MAP_TAG_REAL_ONLY) {
        key.type = MAP_REAL;
        key.as.real = (double)(int64_t)probe->word;
    } else {
        memcpy(&key.as, &probe->word, sizeof(probe->word));
    }
    page[map->n_keys % MAP_PAGE_KEYS] = key;
    return (uint32_t)map->n_keys++;
}

static bool map_same(const Map *map, const MapSlot *slot, const MapProbe *probe) {
    if (slot->word != probe->word || (slot->tag ^ probe->tag) > MAP_TAG_REAL_ONLY) return false;
    if (probe->size <= MAP_WORD_BYTES) return true;
    const MapKey *key = map_key(map, slot->id);
    return key->size == probe->size && memcmp(key->as.bytes, probe->bytes, probe->size) == 0;
}

/* The slot that has the key, or the empty one where it would go. */
static MapSlot *map_slot(const Map *map, const MapProbe *probe) {
    uint64_t mask = (uint64_t)(map->n_slots - 1);
    uint64_t at = map_home(map, probe->word, probe->tag);
    while (map->slots[at].tag && !map_same(map, &map->slots[at], probe)) at = (at + 1) & mask;
    return &map->slots[at];
}

int64_t map_lookup(const Map *map, const MapProbe *probe) {
    if (!map->n_slots) return -1;
    const MapSlot *slot = map_slot(map, probe);
    return slot->tag ? (int64_t)slot->id : -1;
}

static uint32_t map_find(Map *map, Err *err, const MapProbe *probe) {
    MapSlot *slot = map_slot(map, probe);
    if (!slot->tag) {
        *slot = (MapSlot){.word = probe->word, .tag = probe->tag, .id = map_add(map, err, probe)};
    } else if (slot->tag != probe->tag && !(probe->tag & MAP_TAG_REAL_ONLY)) {
        slot->tag = probe->tag;
        map->pages[slot->id / MAP_PAGE_KEYS][slot->id % MAP_PAGE_KEYS] =
            (MapKey){.as.integer = (int64_t)probe->word, .type = MAP_INTEGER};
    }
    return slot->id;
}

#if defined(__GNUC__)
#define MAP_PREFETCH(address) __builtin_prefetch(address)
#else
#define MAP_PREFETCH(address) ((void)(address))
#endif

void map_intern(Map *map, Err *err, const MapProbe *probes, int n, uint32_t *ids) {
    if (map->n_keys + n > INT32_MAX) err_set(err, SQLITE_TOOBIG, "more than 2147483647 different keys");
    map_reserve(map, err, n);
    if (err->rc) return;
    for (int i = 0; i < n; i++)
        MAP_PREFETCH(&map->slots[map_home(map, probes[i].word, probes[i].tag)]);
    for (int i = 0; i < n && !err->rc; i++) ids[i] = map_find(map, err, &probes[i]);
}

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
    int order = memcmp(a->as.bytes, b->as.bytes, shorter);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

void map_result(sqlite3_context *context, const MapKey *key) {
    switch (key->type) {
        case MAP_INTEGER: sqlite3_result_int64(context, key->as.integer); break;
        case MAP_REAL: sqlite3_result_double(context, key->as.real); break;
        case MAP_TEXT:
            sqlite3_result_text64(context, key->as.bytes, key->size, SQLITE_TRANSIENT, SQLITE_UTF8);
            break;
        case MAP_BLOB:
            sqlite3_result_blob64(context, key->as.bytes, key->size, SQLITE_TRANSIENT);
            break;
        default: sqlite3_result_null(context);
    }
}
