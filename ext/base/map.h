/* map.h - SQL values to dense ids 0, 1, 2 ... in the order of their first appearance.
 *
 * Two values are one key exactly when SQLite's `=` without affinity says so: 1 and 1.0 are one, 1 and
 * '1' and x'31' are three; text and blobs compare by bytes.  A key comes back with the type and bytes
 * it had; of 1 and 1.0 the INTEGER is shown.
 *
 * Lookups are made in batches, because a table larger than the cache costs one memory access per key:
 * the slots of a whole batch are requested before the first is read.
 */
#ifndef MAP_H
#define MAP_H

#include "base/arena.h"
#include "base/sqlite.h"

typedef enum MapType { MAP_NULL, MAP_INTEGER, MAP_REAL, MAP_TEXT, MAP_BLOB } MapType;

typedef struct MapKey {
    union {
        int64_t integer;
        double real;
        const char *bytes; /* MAP_TEXT and MAP_BLOB: size bytes, owned by the map's arena */
    } as;
    uint32_t size;
    uint8_t type; /* a MapType */
} MapKey;

/* A value on its way into the map. */
typedef struct MapProbe {
    uint64_t word;     /* the value itself up to 8 bytes, else a hash of it */
    uint32_t tag;      /* type and length; never 0 */
    uint32_t size;
    const char *bytes; /* MAP_TEXT and MAP_BLOB; must live until the batch is interned */
} MapProbe;

typedef struct MapSlot {
    uint64_t word;
    uint32_t tag, id;
} MapSlot;

enum { MAP_PAGE_KEYS = 1024, MAP_BATCH_MAX = 256 };

typedef struct Map {
    MapSlot *slots;    /* n_slots, a power of two; tag 0 is empty */
    int64_t n_slots, n_keys;
    MapKey **pages;    /* MAP_PAGE_KEYS keys each, by id */
    int64_t pages_max, first_page_max;
    Arena *arena;      /* owns pages and long bytes */
} Map;

/* An empty map whose keys live in arena. */
Map map_new(Arena *arena);

/* Frees the hash table; keys stay with the arena. */
void map_close(Map *map);

/* Reads value into probe.  NULL gives tag 0, which must not be interned; err is set when SQLite has no
 * memory to convert a UTF-16 text. */
void map_probe(MapProbe *probe, sqlite3_value *value, Err *err);

/* NULL, '' and x'': no id. */
static inline bool map_probe_is_empty(const MapProbe *probe) {
    return !probe->tag || (probe->bytes && probe->size == 0);
}

/* NULL as a key, for maps in which it is one value among others. */
MapProbe map_probe_null(void);

/* The id of a key, -1 when the map does not have it. */
int64_t map_lookup(const Map *map, const MapProbe *probe);

/* ids[i] becomes the id of probes[i], for i in 0 .. n-1, n at most MAP_BATCH_MAX. */
void map_intern(Map *map, Err *err, const MapProbe *probes, int n, uint32_t *ids);

static inline const MapKey *map_key(const Map *map, uint32_t id) {
    return &map->pages[id / MAP_PAGE_KEYS][id % MAP_PAGE_KEYS];
}

/* SQL order without collation: NULL, numbers, text by bytes, blobs.  Negative, 0 or positive. */
int map_compare(const MapKey *a, const MapKey *b);

/* The key as the result of an SQL function, with its own type and bytes. */
void map_result(sqlite3_context *context, const MapKey *key);

#endif
