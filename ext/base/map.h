/* map.h - SQL values to dense ids 0, 1, 2 ... in the order of their first appearance.
 *
 * Two values are one key exactly when SQLite's `=` without affinity says so: 1 and 1.0 are one, 1 and
 * '1' and x'31' are three; text and blobs compare by bytes.  A key comes back with the type and bytes
 * it had; of 1 and 1.0 the INTEGER is shown.
 *
 * Integers that lie close together, as ids mostly do, are looked up in an array, and so are texts with such numbers
 * ('C-0000012345'); everything else in a hash table.  Lookups are made in batches, because a table larger than the
 * cache costs one memory access per key: what a whole batch will read is requested before the first of it is read.
 */
#ifndef MAP_H
#define MAP_H

#include "base/arena.h"
#include "base/series.h"
#include "base/sqlite.h"

/* Asks for a cache line that is read or written soon. */
#if defined(__GNUC__)
#define MAP_PREFETCH(address) __builtin_prefetch(address)
#else
#define MAP_PREFETCH(address) ((void)(address))
#endif

typedef enum MapType { MAP_NULL, MAP_INTEGER, MAP_REAL, MAP_TEXT, MAP_BLOB } MapType;

enum { MAP_INLINE_BYTES = SERIES_TEXT_BYTES, MAP_FEW_PLACES = 256, MAP_PAGE_KEYS = 1024, MAP_BATCH_MAX = 256 };

/* The value of a key or probe.  A number is in word[0]; text and blobs of up to MAP_INLINE_BYTES are here,
 * padded with zeroes, so that they are decided without following a pointer. */
typedef union MapValue {
    uint64_t word[MAP_INLINE_BYTES / sizeof(uint64_t)];
    int64_t integer;
    double real;
    char bytes[MAP_INLINE_BYTES];
    const char *elsewhere; /* longer text and blobs */
} MapValue;

typedef struct MapKey {
    MapValue as;
    uint32_t size; /* of text and blobs */
    uint8_t type;  /* a MapType */
} MapKey;

/* A value on its way into the map. */
typedef struct MapProbe {
    MapKey key;     /* bytes elsewhere must live until the batch is interned */
    bool real_only; /* a MAP_INTEGER that came as REAL */
    uint32_t hash;  /* computed where the hash table is asked */
} MapProbe;

typedef struct MapSlot {
    uint32_t hash, id; /* id + 1; 0: empty */
} MapSlot;

typedef struct Map {
    MapSlot *slots;    /* n_slots, a power of two */
    int64_t n_slots, n_keys, n_in_slots;
    uint8_t numbered;  /* MAP_INTEGER, or MAP_TEXT for the texts of a series; MAP_NULL: no key had a number so far */
    Series series;
    uint32_t *direct;  /* id + 1 of the keys with numbers direct_base .. direct_base + n_direct - 1; 0: none.
                          They are not looked up in slots. */
    uint64_t direct_base;
    int64_t n_direct;
    bool has_real_only; /* some key has come only as REAL so far, though it is an integer */
    bool only_ids;      /* keys are never asked for: those of the array are not kept */
    MapKey **pages;    /* MAP_PAGE_KEYS keys each, by id */
    int64_t pages_max, first_page_max;
    Arena *arena;      /* owns pages and long bytes */
    uint8_t few[MAP_FEW_PLACES]; /* what a short key's id + 1 may be while there are few keys; 0: not known */
} Map;

/* An empty map whose keys live in arena; set only_ids while it is empty. */
Map map_new(Arena *arena);

/* Frees the tables for lookups; keys stay with the arena. */
void map_close(Map *map);

/* Reads value into probe; a NULL is a key like any other.  err is set when SQLite has no memory to convert
 * a UTF-16 text. */
void map_probe_value(MapProbe *probe, int type, sqlite3_value *value, Err *err);
static inline void map_probe(MapProbe *probe, sqlite3_value *value, Err *err) {
    int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER) /* as most ids are */
        *probe = (MapProbe){.key = {.as = {.word = {(uint64_t)sqlite3_value_int64(value)}}, .type = MAP_INTEGER}};
    else map_probe_value(probe, type, value, err);
}

/* The probe of a key that some map has; the key's bytes must live as long. */
MapProbe map_probe_key(const MapKey *key);

/* 64 bits of a probe's value: equal for equal keys, and hardly ever for others. */
uint64_t map_fingerprint(const MapProbe *probe);

/* True for NULL, '' and x'', which are no id. */
static inline bool map_probe_is_empty(const MapProbe *probe) {
    return probe->key.type == MAP_NULL || (probe->key.type >= MAP_TEXT && probe->key.size == 0);
}

/* The id of a key, -1 when the map does not have it. */
int64_t map_lookup(const Map *map, MapProbe *probe);

/* ids[i] becomes the id of probes[i], for i in 0 .. n-1, n at most MAP_BATCH_MAX. */
void map_intern(Map *map, Err *err, MapProbe *probes, int n, uint32_t *ids);

/* The key of an id; not with only_ids. */
static inline const MapKey *map_key(const Map *map, uint32_t id) {
    return &map->pages[id / MAP_PAGE_KEYS][id % MAP_PAGE_KEYS];
}

/* The bytes of a text or blob key, size of them. */
static inline const char *map_key_bytes(const MapKey *key) {
    return key->size > MAP_INLINE_BYTES ? key->as.elsewhere : key->as.bytes;
}

/* SQL order without collation: NULL, numbers, text by bytes, blobs.  Negative, 0 or positive. */
int map_compare(const MapKey *a, const MapKey *b);

/* The key as the result of an SQL function, with its own type and bytes. */
void map_result(sqlite3_context *context, const MapKey *key);

#endif
