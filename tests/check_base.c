/* check_base.c - ext/base: arena, series, map, spill, err, suggest, sort. */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/poll.h"
#include "base/sort.h"
#include "base/spill.h"
#include "base/sqlite.h"
#include "base/suggest.h"
#include "db.h"

/* ---- Arena ---- */

START_TEST(arena_gives_aligned_zeroes) {
    Arena arena = {0};
    Err err = {0};
    bool aligned = true, zero = true;
    for (int64_t n = 0; n < 3000; n++) {
        unsigned char *bytes = arena_alloc(&arena, &err, n, 7);
        ck_assert(bytes != NULL && err.rc == 0);
        aligned = aligned && (uintptr_t)bytes % 8 == 0;
        for (int64_t i = 0; i < 7 * n; i++) zero = zero && bytes[i] == 0;
        memset(bytes, 0xA5, (size_t)(7 * n)); /* a neighbour of it must not be */
    }
    ck_assert(aligned && zero);
    arena_free(&arena);
    ck_assert(arena.head == NULL);
}
END_TEST

START_TEST(arena_keeps_what_was_written) {
    enum { MANY = 100000 };
    Arena arena = {0};
    Err err = {0};
    int64_t **all = arena_alloc(&arena, &err, MANY, sizeof(*all));
    sqlite3_int64 before = sqlite3_memory_used();
    for (int64_t i = 0; i < MANY; i++) {
        all[i] = arena_alloc_raw(&arena, &err, 1 + i % 5, sizeof(int64_t));
        for (int64_t k = 0; k <= i % 5; k++) all[i][k] = i * 7 + k;
    }
    int64_t wrong = 0;
    for (int64_t i = 0; i < MANY; i++)
        for (int64_t k = 0; k <= i % 5; k++) wrong += all[i][k] != i * 7 + k;
    ck_assert_int_eq(wrong, 0);
#if defined(__SANITIZE_ADDRESS__)
    int64_t each = 40 + 16; /* a fence behind each */
#else
    int64_t each = 40;      /* 8 to 40 bytes */
#endif
    ck_assert_int_lt(sqlite3_memory_used() - before, MANY * each);
    arena_free(&arena);
}
END_TEST

START_TEST(arena_of_a_few_bytes_is_small) {
    Arena arena = {0};
    Err err = {0};
    sqlite3_int64 before = sqlite3_memory_used();
    arena_alloc(&arena, &err, 3, 8);
    ck_assert_int_lt(sqlite3_memory_used() - before, 1024);
    arena_free(&arena);
    ck_assert_int_eq(sqlite3_memory_used(), before);
}
END_TEST

START_TEST(arena_refuses_the_huge) {
    static const struct { int64_t n; size_t size; } huge[] = {
        {ARENA_REQUEST_MAX + 1, 1}, {ARENA_REQUEST_MAX / 8 + 1, 8}, {INT64_MAX, 1},
        {INT64_MAX, 16},            {INT64_MAX / 8 + 1, 8},         {-1, 1}, {INT64_MIN, 8}};
    for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
        Arena arena = {0};
        Err err = {0};
        void *memory = arena_alloc_raw(&arena, &err, huge[i].n, huge[i].size);
        ck_assert_msg(!memory && err.rc == SQLITE_NOMEM, "request %d was not refused", (int)i);
        ck_assert_msg(!arena.head, "request %d left a block", (int)i);
    }
}
END_TEST

START_TEST(arena_does_nothing_after_a_failure) {
    Arena arena = {0};
    Err err = {.rc = SQLITE_BUSY};
    ck_assert(arena_alloc(&arena, &err, 1, 1) == NULL && arena_copy(&arena, &err, "x", 1) == NULL);
    ck_assert(arena_printf(&arena, &err, "%d", 1) == NULL && err.rc == SQLITE_BUSY && !arena.head);
}
END_TEST

START_TEST(arena_copies_and_prints) {
    Arena arena = {0};
    Err err = {0};
    char *copy = arena_copy(&arena, &err, "a\0b", 3);
    ck_assert(memcmp(copy, "a\0b", 4) == 0);
    ck_assert_str_eq(arena_copy(&arena, &err, NULL, 0), "");
    ck_assert_str_eq(arena_printf(&arena, &err, "\"%w\" %Q", "a\"b", "c'd"), "\"a\"\"b\" 'c''d'");
    arena_free(&arena);
}
END_TEST

/* ---- Map: SQL functions that expose it ---- */

typedef struct MapBench {
    Arena arena;
    Err err;
    Map map;
} MapBench;

static void map_bench_id(sqlite3_context *context, int n, sqlite3_value **values) {
    MapBench *bench = sqlite3_user_data(context);
    MapProbe probe;
    uint32_t id = 0;
    (void)n;
    map_probe(&probe, values[0], &bench->err);
    map_intern(&bench->map, &bench->err, &probe, 1, &id);
    sqlite3_result_int64(context, id);
}

static void map_bench_key(sqlite3_context *context, int n, sqlite3_value **values) {
    MapBench *bench = sqlite3_user_data(context);
    (void)n;
    map_result(context, map_key(&bench->map, (uint32_t)sqlite3_value_int64(values[0])));
}

static void map_bench_compare(sqlite3_context *context, int n, sqlite3_value **values) {
    MapBench *bench = sqlite3_user_data(context);
    (void)n;
    int order = map_compare(map_key(&bench->map, (uint32_t)sqlite3_value_int64(values[0])),
                            map_key(&bench->map, (uint32_t)sqlite3_value_int64(values[1])));
    sqlite3_result_int(context, (order > 0) - (order < 0));
}

static void map_bench_found(sqlite3_context *context, int n, sqlite3_value **values) {
    MapBench *bench = sqlite3_user_data(context);
    MapProbe probe;
    (void)n;
    map_probe(&probe, values[0], &bench->err);
    sqlite3_result_int64(context, map_lookup(&bench->map, &probe));
}

static void map_bench_empty(sqlite3_context *context, int n, sqlite3_value **values) {
    MapBench *bench = sqlite3_user_data(context);
    MapProbe probe;
    (void)n;
    map_probe(&probe, values[0], &bench->err);
    sqlite3_result_int(context, map_probe_is_empty(&probe));
}

static sqlite3 *map_bench_open(MapBench *bench) {
    sqlite3 *db = db_open_bare(NULL);
    *bench = (MapBench){0};
    bench->map = map_new(&bench->arena);
    sqlite3_create_function(db, "map_id", 1, SQLITE_UTF8, bench, map_bench_id, NULL, NULL);
    sqlite3_create_function(db, "map_key", 1, SQLITE_UTF8, bench, map_bench_key, NULL, NULL);
    sqlite3_create_function(db, "map_compare", 2, SQLITE_UTF8, bench, map_bench_compare, NULL,
                            NULL);
    sqlite3_create_function(db, "map_found", 1, SQLITE_UTF8, bench, map_bench_found, NULL, NULL);
    sqlite3_create_function(db, "map_empty", 1, SQLITE_UTF8, bench, map_bench_empty, NULL, NULL);
    db_exec(db, "CREATE TABLE v(i INTEGER PRIMARY KEY, x, m)");
    return db;
}

static void map_bench_close(MapBench *bench, sqlite3 *db) {
    ck_assert_int_eq(bench->err.rc, 0);
    map_close(&bench->map);
    arena_free(&bench->arena);
    db_close(db);
}

/* Values whose equality is easy to get wrong. */
static const char map_hard_values[] =
    "INSERT INTO v(x) VALUES (1), (1.0), ('1'), (x'31'), ('1.0'), (0), (-0.0), (0.0), ('0'),"
    " (''), (x''), (NULL), ('a'), ('A'), ('a '), (x'61'), ('abcdefgh'), ('abcdefghi'),"
    " ('abcdefghj'), (x'6162636465666768'), (CAST(x'610062' AS TEXT)), (CAST(x'6100' AS TEXT)),"
    " (CAST(x'6100620000000000' AS TEXT)), (x'6100'), (CAST(x'000000000000000000' AS TEXT)),"
    " (x'000000000000000000'), (CAST(x'ff' AS TEXT)), (x'ff'), (9007199254740991),"
    " (9007199254740992), (9007199254740993), (9007199254740991.0),"
    " (9007199254740992.0), (9007199254740994.0), (-9007199254740993), (-9007199254740992.0),"
    " (9223372036854775807), (-9223372036854775808), (9223372036854775807.0),"
    " (-9223372036854775808.0), (9223372036854774784), (9223372036854774784.0), (1e19), (-1e19),"
    " (9e999), (-9e999), (0.1), (1e-300), (5e-324), (0.5), (1.5), (-1.5), (2), (-2), (-1), (-1.0),"
    " ('-1'), ('é'), ('e'), ('ê'), (1e18), (1000000000000000000), (1000000000000000001),"
    " (4294967296), (4294967296.0)";

/* Random values drawn from a small pool in several guises, so that most have a twin. */
static void map_add_random(sqlite3 *db, int n, uint64_t seed) {
    sqlite3_stmt *insert = NULL;
    sqlite3_prepare_v2(db, "INSERT INTO v(x) VALUES (?)", -1, &insert, NULL);
    for (int i = 0; i < n; i++) {
        uint64_t r = db_random(&seed);
        int64_t number = (int64_t)(r >> 20 & 63) - 20;
        if (r >> 40 & 1) number = number * 1125899906842624 + (int64_t)(r >> 41 & 3);
        char text[64];
        int length = snprintf(text, sizeof(text), "%.*s%lld", (int)(r >> 44 & 15),
                              "customer-number-",
                              (long long)number);
        switch (r % 5) {
            case 0: sqlite3_bind_int64(insert, 1, number); break;
            case 1: sqlite3_bind_double(insert, 1, (double)number); break;
            case 2: sqlite3_bind_double(insert, 1, (double)number / 4); break;
            case 3: sqlite3_bind_text(insert, 1, text, length, SQLITE_TRANSIENT); break;
            default: sqlite3_bind_blob(insert, 1, text, length, SQLITE_TRANSIENT);
        }
        ck_assert_int_eq(sqlite3_step(insert), SQLITE_DONE);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
}

START_TEST(map_identity_is_that_of_sql) {
    MapBench bench;
    sqlite3 *db = map_bench_open(&bench);
    bool exact = db_is_exact(db, "identity of ids");
    db_exec(db, "%s", map_hard_values);
    map_add_random(db, 1500, 20250105);
    db_exec(db, "UPDATE v SET m = map_id(x)");
    static const char unlike[] = "SELECT quote(a.x), a.m, quote(b.x), b.m FROM v a, v b"
                                 " WHERE (a.x IS b.x) <> (a.m = b.m) LIMIT 3";
    static const char turned[] = "SELECT quote(a.x), quote(b.x), map_compare(a.m, b.m) FROM v a, v b"
                                 " WHERE map_compare(a.m, b.m) <> (a.x > b.x) - (a.x < b.x) LIMIT 3";
    if (exact) db_expect(db, unlike, "");
    if (exact) db_expect(db, turned, "");
    db_expect(db, "SELECT quote(x), map_found(x), m FROM v WHERE map_found(x) <> m", "");
    db_expect(db, "SELECT map_found('not there'), map_found(123456), map_found(0.123)", "-1|-1|-1");
    if (exact) db_expect_same(db, "SELECT max(m) + 1 FROM v", "SELECT count(DISTINCT x) + 1 FROM v"); /* and NULL */
    map_bench_close(&bench, db);
}
END_TEST

START_TEST(map_ids_are_dense_in_first_seen_order) {
    MapBench bench;
    sqlite3 *db = map_bench_open(&bench);
    map_add_random(db, 5000, 7);
    db_exec(db, "INSERT INTO v(x) SELECT value * 3 FROM json_each('[1,2,3]')");
    db_exec(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)"
            " INSERT INTO v(x) SELECT 'a rather long key ' || i FROM n");
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(db, "SELECT map_id(x) FROM v ORDER BY i", -1, &stmt, NULL);
    int64_t next = 0, jumps = 0;
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        jumps += id > next;
        if (id == next) next++;
    }
    sqlite3_finalize(stmt);
    ck_assert_int_eq(jumps, 0);
    ck_assert_int_eq(next, bench.map.n_keys);
    if (db_is_exact(db, "ids counted")) ck_assert_int_eq(next, db_int(db, "SELECT count(DISTINCT x) FROM v"));
    map_bench_close(&bench, db);
}
END_TEST

START_TEST(map_keys_come_back_as_they_were) {
    MapBench bench;
    sqlite3 *db = map_bench_open(&bench);
    db_exec(db, "%s", map_hard_values);
    map_add_random(db, 3000, 99);
    db_exec(db, "UPDATE v SET m = map_id(x)");
    /* Of 1 and 1.0 the INTEGER is shown; all else has the type and bytes of the first row. */
    db_expect(db, "SELECT quote(x), quote(map_key(m)) FROM (SELECT x, m, min(i) FROM v WHERE x"
              " NOT NULL GROUP BY m, typeof(x)) GROUP BY m HAVING quote(map_key(m)) <>"
              " quote(coalesce(max(CASE WHEN typeof(x) = 'integer' THEN x END), max(x)))", "");
    db_expect(db, "SELECT typeof(map_key(map_id(77.0))), typeof(map_key(map_id(77))),"
              " typeof(map_key(map_id(77.0)))", "real|integer|integer");
    map_bench_close(&bench, db);
}
END_TEST

START_TEST(map_knows_what_is_no_id) {
    MapBench bench;
    sqlite3 *db = map_bench_open(&bench);
    db_expect(db, "SELECT group_concat(map_empty(value), ' ') FROM (SELECT NULL AS value UNION ALL"
              " VALUES (''), (x''), (0), (' '), (x'00'), (0.0), (char(0)))", "1 1 1 0 0 0 0 0");
    map_bench_close(&bench, db);
}
END_TEST

/* ---- Map: batches ---- */

/* A connection makes the SQL values that a map is given; each lives as long as its batch. */
typedef struct MapBatch {
    sqlite3 *db;
    sqlite3_stmt *stmt;
    sqlite3_value *values[MAP_BATCH_MAX];
    int n;
} MapBatch;

static void map_batch_keep(sqlite3_context *context, int n, sqlite3_value **values) {
    MapBatch *batch = sqlite3_user_data(context);
    (void)n;
    batch->values[batch->n++] = sqlite3_value_dup(values[0]);
}

static void map_batch_open(MapBatch *batch) {
    *batch = (MapBatch){.db = db_open_bare(NULL)};
    sqlite3_create_function(batch->db, "keep", 1, SQLITE_UTF8, batch, map_batch_keep, NULL, NULL);
    sqlite3_prepare_v2(batch->db, "SELECT keep(?)", -1, &batch->stmt, NULL);
}

static void map_batch_close(MapBatch *batch) {
    sqlite3_finalize(batch->stmt);
    db_close(batch->db);
}

static void map_batch_add_number(MapBatch *batch, int64_t number, bool as_real) {
    if (as_real) sqlite3_bind_double(batch->stmt, 1, (double)number);
    else sqlite3_bind_int64(batch->stmt, 1, number);
    sqlite3_step(batch->stmt);
    sqlite3_reset(batch->stmt);
}

static void map_batch_add_text(MapBatch *batch, const char *text) {
    sqlite3_bind_text(batch->stmt, 1, text, -1, SQLITE_STATIC);
    sqlite3_step(batch->stmt);
    sqlite3_reset(batch->stmt);
}

static void map_batch_intern(MapBatch *batch, Map *map, Err *err, uint32_t *ids) {
    MapProbe probes[MAP_BATCH_MAX];
    for (int i = 0; i < batch->n; i++) map_probe(&probes[i], batch->values[i], err);
    map_intern(map, err, probes, batch->n, ids);
    for (int i = 0; i < batch->n; i++) sqlite3_value_free(batch->values[i]);
    batch->n = 0;
}

START_TEST(map_batches_keep_their_own_bytes) {
    enum { BATCHES = 40 };
    MapBatch batch;
    Arena arena = {0};
    Err err = {0};
    Map map = map_new(&arena);
    uint32_t ids[MAP_BATCH_MAX];
    int64_t wrong = 0;
    map_batch_open(&batch);
    for (int b = 0; b < 2 * BATCHES; b++) { /* the second time nothing is new */
        int at = b % BATCHES * MAP_BATCH_MAX;
        for (int i = 0; i < MAP_BATCH_MAX; i++) {
            char text[48];
            snprintf(text, sizeof(text), "%.*s%07d", (at + i) / 2 % 20, "customer-customer-cu",
                     (at + i) / 2);
            map_batch_add_text(&batch, text);
        }
        map_batch_intern(&batch, &map, &err, ids);
        for (int i = 0; i < MAP_BATCH_MAX; i++) wrong += ids[i] != (uint32_t)((at + i) / 2);
    }
    ck_assert(err.rc == 0 && wrong == 0);
    ck_assert_int_eq(map.n_keys, BATCHES * MAP_BATCH_MAX / 2);
    map_close(&map);
    arena_free(&arena);
    map_batch_close(&batch);
}
END_TEST

/* How many ids differ from those of a list that is searched from its beginning. */
static int64_t map_wrong_ids(MapBatch *batch, uint64_t seed, int64_t spread) {
    enum { BATCHES = 8 };
    static int64_t seen[BATCHES * MAP_BATCH_MAX];
    Arena arena = {0};
    Err err = {0};
    Map map = map_new(&arena);
    int64_t numbers[MAP_BATCH_MAX], n_seen = 0, wrong = 0;
    uint32_t ids[MAP_BATCH_MAX];
    for (int b = 0; b < BATCHES; b++) {
        for (int i = 0; i < MAP_BATCH_MAX; i++) {
            uint64_t r = db_random(&seed);
            int64_t near = (int64_t)(r >> 9) % (1 + n_seen * 2), far = (int64_t)(r >> 9) % spread;
            numbers[i] = (r & 7 ? near : far) + (r & 64 ? spread / 4 : -3);
            if (r & 128) numbers[i] = (int64_t)(double)(numbers[i] / 2);
            map_batch_add_number(batch, numbers[i], r & 128);
        }
        map_batch_intern(batch, &map, &err, ids);
        for (int i = 0; i < MAP_BATCH_MAX; i++) {
            int64_t id = 0;
            while (id < n_seen && seen[id] != numbers[i]) id++;
            if (id == n_seen) seen[n_seen++] = numbers[i];
            wrong += (int64_t)ids[i] != id;
        }
    }
    wrong += map.n_keys != n_seen || err.rc != 0;
    map_close(&map);
    arena_free(&arena);
    return wrong;
}

/* Integers are looked up in an array that grows, or in the hash table: they are the same keys,
 * numbered as they come, also when the array reaches integers that are in the table or in the same
 * batch. */
START_TEST(map_integers_are_keys_wherever_they_are_kept) {
    static const int64_t spreads[] = {1, 100, 700, 1100, 3000, 20000, INT64_C(1) << 40,
                                      INT64_MAX / 2};
    MapBatch batch;
    map_batch_open(&batch);
    for (size_t s = 0; s < sizeof(spreads) / sizeof(spreads[0]); s++)
        for (uint64_t seed = 1; seed <= 12; seed++) {
            int64_t wrong = map_wrong_ids(&batch, seed, spreads[s]);
            ck_assert_msg(wrong == 0, "spread %lld, seed %d: %lld wrong ids", (long long)spreads[s],
                          (int)seed, (long long)wrong);
        }
    map_batch_close(&batch);
}
END_TEST

/* Dense integers, sparse ones and REALs by turns, so that keys left out and keys kept share pages. */
START_TEST(map_ids_are_the_same_without_keys) {
    Arena arena = {0};
    Err err = {0};
    Map maps[2] = {map_new(&arena), map_new(&arena)};
    maps[1].only_ids = true;
    uint64_t random = 5;
    for (int b = 0; b < 60; b++) {
        uint32_t ids[2][MAP_BATCH_MAX];
        MapProbe probes[2][MAP_BATCH_MAX] = {0};
        int n = 1 + (int)(db_random(&random) % MAP_BATCH_MAX);
        for (int i = 0; i < n; i++) {
            uint64_t x = db_random(&random);
            MapKey key = {.type = MAP_INTEGER, .as = {.integer = (int64_t)(x >> 8) % (200 * (b + 1))}};
            if (x % 7 == 0) key.as.integer *= 1000003;
            bool real_only = x % 11 == 0;
            if (x % 13 == 0) key = (MapKey){.type = MAP_REAL, .as = {.real = (double)(x % 97) + 0.5}};
            probes[0][i] = probes[1][i] = (MapProbe){.key = key, .real_only = real_only && key.type == MAP_INTEGER};
        }
        for (int m = 0; m < 2; m++) map_intern(&maps[m], &err, probes[m], n, ids[m]);
        ck_assert_mem_eq(ids[0], ids[1], (size_t)n * sizeof(ids[0][0]));
    }
    ck_assert_int_eq(err.rc, SQLITE_OK);
    ck_assert_int_eq(maps[0].n_keys, maps[1].n_keys);
    ck_assert_int_gt(maps[0].n_keys, 3 * MAP_PAGE_KEYS);
    for (int m = 0; m < 2; m++) map_close(&maps[m]);
    arena_free(&arena);
}
END_TEST

/* ---- Map: texts with numbers ---- */

enum { NUMBERED_MAX = 24, NUMBERED_BATCHES = 24 };

/* The text must live until its batch is interned. */
static MapProbe numbered_probe(const char *text, size_t size, MapType type) {
    MapProbe probe = {.key = {.type = (uint8_t)type, .size = (uint32_t)size}};
    if (size > MAP_INLINE_BYTES) probe.key.as.elsewhere = text;
    else memcpy(probe.key.as.bytes, text, size);
    return probe;
}

static const struct {
    const char *format; /* of the texts of 1, 2, 3 ... */
    bool direct;        /* they are looked up in the array */
} numbered_formats[] = {
    {"C-%010d", true},    {"%d", true},          {"user-%d", true},     {"%016d", true},  {"#%05d", true},
    {"abcdefgh%d", true}, {"abcdefgh%08d", true}, {"abcdefghi%d", false}, {"%017d", false}, {"%dx", false},
    {"-%d", true},        {"%d.0", false},
};

static void numbered_expect(const char *format, bool direct, bool only_ids) {
    Arena arena = {0};
    Err err = {0};
    Map map = map_new(&arena);
    map.only_ids = only_ids;
    int wrong = 0;
    for (int from = 1; from < 20000; from += MAP_BATCH_MAX) {
        static char texts[MAP_BATCH_MAX][NUMBERED_MAX];
        MapProbe probes[MAP_BATCH_MAX];
        uint32_t ids[MAP_BATCH_MAX];
        for (int i = 0; i < MAP_BATCH_MAX; i++) {
            sqlite3_snprintf(NUMBERED_MAX, texts[i], format, from + i);
            probes[i] = numbered_probe(texts[i], strlen(texts[i]), MAP_TEXT);
        }
        for (int again = 0; again < 2; again++) {
            map_intern(&map, &err, probes, MAP_BATCH_MAX, ids);
            for (int i = 0; i < MAP_BATCH_MAX; i++) wrong += (int)ids[i] != from + i - 1;
        }
        for (int i = 0; i < MAP_BATCH_MAX; i++) wrong += map_lookup(&map, &probes[i]) != from + i - 1;
    }
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_eq(err.rc, SQLITE_OK);
    /* 256 is too far away at first, and of '1.0', '2.0' ... one begins the series */
    if (direct) ck_assert_int_le(map.n_in_slots, 1);
    else ck_assert_int_ge(map.n_in_slots, map.n_keys - 1);
    map_close(&map);
    arena_free(&arena);
}

START_TEST(map_texts_with_numbers_are_looked_up_in_the_array) {
    numbered_expect(numbered_formats[_i].format, numbered_formats[_i].direct, false);
    numbered_expect(numbered_formats[_i].format, numbered_formats[_i].direct, true);
}
END_TEST

/* Without keys there is nothing to compare a text with that has a number. */
START_TEST(map_few_texts_are_told_without_keys) {
    Arena arena = {0};
    Err err = {0};
    Map map = map_new(&arena);
    map.only_ids = true;
    for (int i = 0; i < 20; i++) {
        char text[] = {'C', '-', (char)('1' + i % 5)};
        MapProbe probe = numbered_probe(text, sizeof(text), MAP_TEXT);
        uint32_t id;
        map_intern(&map, &err, &probe, 1, &id);
        ck_assert_int_eq(id, i % 5);
    }
    ck_assert_int_eq(err.rc, SQLITE_OK);
    map_close(&map);
    arena_free(&arena);
}
END_TEST

/* A text that may belong to the series that another has begun, or nearly. */
static MapProbe numbered_random(uint64_t *random, char text[NUMBERED_MAX]) {
    static const char *const heads[] = {"C-", "C-", "C-", "c-", "C", "", "abcdefgh", "abcdefghi"};
    static const int64_t far[] = {0, 0, 0, 0, 0, 100000, 1000000, 100000000};
    static const char odd[] = {'/', ':', 0, (char)0xB1, 'a', ' ', '-', (char)0x80};
    static const MapType types[] = {MAP_TEXT, MAP_TEXT, MAP_TEXT, MAP_BLOB};
    uint64_t r = db_random(random);
    int64_t number = (int64_t)(r >> 20 & 0xFFFFFF) % (r & 256 ? 30 : 100000) + far[r >> 44 & 7];
    sqlite3_snprintf(NUMBERED_MAX, text, "%s%0*lld", heads[r & 7], r & 512 ? 1 : (int)(r >> 10 & 15), number);
    size_t size = strlen(text);
    if ((r >> 14 & 7) == 0) text[(r >> 54) % size] = odd[r >> 17 & 7];
    if ((r >> 50 & 15) == 0) return (MapProbe){.key = {.type = MAP_INTEGER, .as = {.integer = number}}};
    return numbered_probe(text, size, types[r >> 18 & 3]);
}

/* How many ids differ from those of a list that is searched from its beginning. */
static int64_t numbered_wrong_ids(uint64_t seed, bool only_ids) {
    static char texts[NUMBERED_BATCHES * MAP_BATCH_MAX][NUMBERED_MAX];
    static MapKey seen[NUMBERED_BATCHES * MAP_BATCH_MAX];
    Arena arena = {0};
    Err err = {0};
    Map map = map_new(&arena);
    map.only_ids = only_ids;
    int64_t n_seen = 0, wrong = 0;
    for (int b = 0; b < NUMBERED_BATCHES; b++) {
        MapProbe probes[MAP_BATCH_MAX];
        uint32_t ids[MAP_BATCH_MAX];
        int n = 1 + (int)(db_random(&seed) % MAP_BATCH_MAX);
        for (int i = 0; i < n; i++) probes[i] = numbered_random(&seed, texts[b * MAP_BATCH_MAX + i]);
        map_intern(&map, &err, probes, n, ids);
        for (int i = 0; i < n; i++) {
            int64_t id = 0;
            while (id < n_seen && map_compare(&seen[id], &probes[i].key) != 0) id++;
            if (id == n_seen) seen[n_seen++] = probes[i].key;
            wrong += (int64_t)ids[i] != id || map_lookup(&map, &probes[i]) != id;
            wrong += !only_ids && map_compare(map_key(&map, ids[i]), &probes[i].key) != 0;
        }
    }
    wrong += map.n_keys != n_seen || err.rc != 0;
    map_close(&map);
    arena_free(&arena);
    return wrong;
}

/* Each byte in place of a digit; what is none must not be read as the number that its bits would be. */
START_TEST(map_numbers_are_written_in_digits) {
    Arena arena = {0};
    Err err = {0};
    Map map = map_new(&arena);
    uint32_t id;
    for (int i = 1; i < 400; i++) {
        char text[NUMBERED_MAX];
        sqlite3_snprintf(NUMBERED_MAX, text, "C-%d", i);
        MapProbe probe = numbered_probe(text, strlen(text), MAP_TEXT);
        map_intern(&map, &err, &probe, 1, &id);
    }
    for (int byte = 0; byte < 256; byte++) {
        char text[] = {'C', '-', (char)byte};
        bool known = byte >= '1' && byte <= '9';
        MapProbe probe = numbered_probe(text, sizeof(text), MAP_TEXT);
        ck_assert_int_eq(map_lookup(&map, &probe), known ? byte - '1' : -1);
    }
    ck_assert_int_eq(err.rc, SQLITE_OK);
    map_close(&map);
    arena_free(&arena);
}
END_TEST

START_TEST(map_texts_are_keys_wherever_they_are_kept) {
    for (uint64_t seed = 1; seed <= 40; seed++) {
        ck_assert_msg(numbered_wrong_ids(seed, false) == 0, "seed %d", (int)seed);
        ck_assert_msg(numbered_wrong_ids(seed, true) == 0, "seed %d, without keys", (int)seed);
    }
}
END_TEST

/* ---- Spill ---- */

START_TEST(spilled_words_come_back) {
    enum { WORDS = 20000 };
    Spill spill = {0};
    Err err = {0};
    int wrong = 0;
    for (uint32_t i = 0; i < WORDS; i++) wrong += spill_add(&spill, &err, ~(uint64_t)i << 13, "words") != i;
    for (uint32_t i = 0; i < WORDS; i++) wrong += spill_word(&spill, i) != ~(uint64_t)i << 13;
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_eq(err.rc, SQLITE_OK);
    spill_free(&spill);
    ck_assert(!spill.words && spill.n == 0);
}
END_TEST

START_TEST(no_more_words_spill_than_codes_can_name) {
    Spill spill = {.n = SPILL_MAX, .max = SPILL_MAX};
    Err err = {0};
    ck_assert_uint_eq(spill_add(&spill, &err, 8, "words"), 0);
    ck_assert_int_eq(err.rc, SQLITE_TOOBIG);
    ck_assert_str_eq(err.msg, "more than 134217728 words");
    ck_assert_int_eq(spill.n, SPILL_MAX);
    err_clear(&err);
}
END_TEST

/* ---- Err ---- */

START_TEST(err_keeps_the_first_failure) {
    Err err = {0};
    err_set(&err, SQLITE_BUSY, "first %d", 1);
    err_set(&err, SQLITE_ERROR, "second");
    err_nomem(&err);
    ck_assert_int_eq(err.rc, SQLITE_BUSY);
    ck_assert_str_eq(err.msg, "first 1");
    err_clear(&err);
    ck_assert(err.rc == 0 && err.msg == NULL);
    err_nomem(&err);
    ck_assert(err.rc == SQLITE_NOMEM && err.msg == NULL);
    err_clear(&err);
}
END_TEST

#define TEN "0123456789"
#define FORTY TEN TEN TEN TEN

static const struct {
    const char *text;
    size_t n;
    const char *shown;
} err_quotes[] = {
    {"", 0, ""},
    {"abc", 3, "abc"},
    {"abc", 2, "ab"},
    {"it's", 4, "it's"},
    {"a\tb\nc\x7F" "d", 7, "a?b?c?d"},
    {"a\0b", 3, "a?b"},
    {"h\xC3\xA9!", 4, "h\xC3\xA9!"},
    {"\xE2\x82\xAC\xF0\x9F\x98\x80", 7, "\xE2\x82\xAC\xF0\x9F\x98\x80"},
    {"\xC3", 1, "?"},
    {"\xE2\x82", 2, "??"},
    {"\xF0\x9F\x98", 3, "???"},
    {"\x80" "a\xFF", 3, "?a?"},
    {"\xC0\xAF", 2, "??"},              /* an overlong '/' */
    {"\xF5\x80\x80\x80", 4, "????"},    /* beyond U+10FFFF */
    {"\xF4\x90\x80\x80", 4, "????"},
    {"\xE0\x80\xAF", 3, "???"},         /* overlong */
    {"\xED\xA0\x80", 3, "???"},         /* half of a surrogate pair */
    {FORTY, 40, FORTY},
    {FORTY "x", 41, FORTY "..."},
    {"0123456789" TEN TEN "012345678\xE2\x82\xAC", 42, TEN TEN TEN "012345678\xE2\x82\xAC"},
    {FORTY "\xE2\x82\xAC", 43, FORTY "..."},
};

START_TEST(err_quote_shows_safely) {
    char out[ERR_QUOTE_SIZE];
    memset(out, '#', sizeof(out));
    ck_assert_str_eq(err_quote(err_quotes[_i].text, err_quotes[_i].n, out), err_quotes[_i].shown);
}
END_TEST

START_TEST(err_quote_fits_its_room) {
    char text[4 * ERR_QUOTE_MAX + 4], out[ERR_QUOTE_SIZE + 1];
    for (int i = 0; i <= ERR_QUOTE_MAX; i++) memcpy(text + 4 * i, "\xF0\x9F\x98\x80", 4);
    out[ERR_QUOTE_SIZE] = '#';
    err_quote(text, sizeof(text), out);
    ck_assert_uint_eq(strlen(out), 4 * ERR_QUOTE_MAX + 3);
    ck_assert(out[ERR_QUOTE_SIZE] == '#' && strcmp(out + 4 * ERR_QUOTE_MAX, "...") == 0);
}
END_TEST

/* Bytes of the well-formed UTF-8 character at s (Unicode, table 3-7), 0 when it is none. */
static size_t utf8_size(const unsigned char *s) {
    static const struct { unsigned char first, last, low, high, size; } forms[] = {
        {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (s[0] < forms[i].first || s[0] > forms[i].last) continue;
        bool ok = forms[i].size == 1 || (s[1] >= forms[i].low && s[1] <= forms[i].high);
        for (size_t k = 2; ok && k < forms[i].size; k++) ok = s[k] >= 0x80 && s[k] <= 0xBF;
        return ok ? forms[i].size : 0;
    }
    return 0;
}

START_TEST(err_quote_gives_utf8_for_any_bytes) {
    static const unsigned char leads[] = {0xC1, 0xC3, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF3, 0xF4,
                                          0xF5};
    uint64_t seed = 3;
    int64_t kept = 0;
    for (int i = 0; i < 200000; i++) {
        char text[48], out[ERR_QUOTE_SIZE];
        size_t n = (size_t)(db_random(&seed) % sizeof(text)), at = 0;
        for (size_t k = 0; k < n; k++) {
            uint64_t r = db_random(&seed);
            text[k] = (char)(r % 4 == 0 ? leads[(r >> 8) % sizeof(leads)]
                             : r % 4 == 1 ? (unsigned char)(r >> 8) : 0x80 + (r >> 8) % 64);
        }
        err_quote(text, n, out);
        while (out[at]) {
            size_t size = utf8_size((const unsigned char *)out + at);
            if (size == 0 || (size == 1 && (out[at] < ' ' || out[at] == 0x7F)))
                ck_abort_msg("case %d: byte %d of the %d shown is 0x%02x", i, (int)at,
                             (int)strlen(out),
                             (unsigned char)out[at]);
            kept += size > 2;
            at += size;
        }
    }
    ck_assert_int_gt(kept, 10000);
}
END_TEST

/* ---- Suggest ---- */

START_TEST(suggest_counts_edits) {
    static const struct { const char *a, *b; int distance; } pairs[] = {
        {"", "", 0},           {"", "abc", 3},         {"abc", "", 3},         {"month", "month",
            0},
        {"MONTH", "month", 0}, {"monht", "month", 2},  {"mont", "month", 1},   {"months", "month",
            1},
        {"week", "month", 5},  {"kitten", "sitting", 3}, {"custmer_id", "customer_id", 1}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        int there = suggest_distance(pairs[i].a, pairs[i].b), back = suggest_distance(pairs[i].b,
            pairs[i].a);
        ck_assert_msg(there == pairs[i].distance && back == there, "%s, %s: %d, %d", pairs[i].a,
                      pairs[i].b,
                      there, back);
    }
}
END_TEST

START_TEST(suggest_takes_the_nearest_of_the_near) {
    static const char *const words[] = {"day", "week", "month", "quarter", "year"};
    static const struct { const char *typed, *best; } cases[] = {
        {"moth", "month"},   {"monthly", "month"}, {"Quartal", "quarter"}, {"yera", "year"},
        {"weekly", "week"},  {"decade", NULL},     {"", NULL},             {"x", NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Suggest suggest = suggest_new(cases[i].typed);
        for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) suggest_offer(&suggest,
            words[w]);
        const char *best = suggest.best ? suggest.best : "nothing";
        ck_assert_msg(strcmp(best, cases[i].best ? cases[i].best : "nothing") == 0, "%s: %s",
                      cases[i].typed, best);
    }
}
END_TEST

START_TEST(suggest_ignores_long_words) {
    char just[SUGGEST_LENGTH_MAX + 1], over[SUGGEST_LENGTH_MAX + 2];
    memset(just, 'a', sizeof(just));
    memset(over, 'a', sizeof(over));
    just[SUGGEST_LENGTH_MAX] = over[SUGGEST_LENGTH_MAX + 1] = 0;
    ck_assert_int_eq(suggest_distance(just, "a"), SUGGEST_LENGTH_MAX - 1);
    ck_assert_int_gt(suggest_distance(over, just), SUGGEST_LENGTH_MAX);
    ck_assert_int_gt(suggest_distance(just, over), SUGGEST_LENGTH_MAX);
    Suggest suggest = suggest_new(over);
    suggest_offer(&suggest, just);
    ck_assert(suggest.best == NULL);
}
END_TEST

/* ---- Sort ---- */

static int sort_by_value(const void *context, uint32_t a, uint32_t b) {
    const uint32_t *values = context;
    return (values[a] > values[b]) - (values[a] < values[b]);
}

/* Sorted, a permutation, and equal ones in the order they came in. */
static bool sort_is_right(const uint32_t *ids, const uint32_t *values, const uint32_t *came,
                          int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        uint32_t a = ids[i - 1], b = ids[i];
        if (values[a] > values[b] || (values[a] == values[b] && came[a] >= came[b])) return false;
    }
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += ids[i];
    return sum == (uint64_t)(n * (n - 1) / 2);
}

/* want: the entries as "from-to,", "" for a refusal. */
static const struct {
    const char *text;
    bool ranges;
    const char *want;
} list_cases[] = {
    {"30", false, "30-30,"},
    {" 0 , 7,365 ", false, "0-0,7-7,365-365,"},
    {"0,1-3,4-12", true, "0-0,1-3,4-12,"},
    {"5 - 5", true, "5-5,"},
    {"999999999", false, "999999999-999999999,"},
    {"1-3", false, ""},
    {"1000000000", false, ""},
    {"", false, ""},
    {" ", false, ""},
    {",", false, ""},
    {"1,", false, ""},
    {"1,,2", false, ""},
    {"2,1", false, ""},
    {"1,1", false, ""},
    {"1-3,3-5", true, ""},
    {"3-1", true, ""},
    {"1-", true, ""},
    {"-1", true, ""},
    {"1 2", false, ""},
    {"1.5", false, ""},
    {"x", false, ""},
};

START_TEST(lists_are_read) {
    ListEntry entries[LIST_MAX];
    char got[LIST_MAX * 24] = "";
    int n = list_parse(list_cases[_i].text, list_cases[_i].ranges, entries);
    for (int i = 0, at = 0; i < n; i++)
        at += snprintf(got + at, sizeof(got) - (size_t)at, "%d-%d,", (int)entries[i].from, (int)entries[i].to);
    ck_assert_str_eq(got, list_cases[_i].want);
}
END_TEST

START_TEST(lists_are_bounded) {
    ListEntry entries[LIST_MAX];
    char text[8 * LIST_MAX] = "";
    for (int i = 0, at = 0; i < LIST_MAX; i++)
        at += snprintf(text + at, sizeof(text) - (size_t)at, "%s%d", i ? "," : "", i);
    ck_assert_int_eq(list_parse(text, false, entries), LIST_MAX);
    strcat(text, ",900");
    ck_assert_int_eq(list_parse(text, false, entries), 0);
}
END_TEST

static bool base_stop(void *stop) {
    return *(bool *)stop;
}

START_TEST(polls_may_be_nothing) {
    bool yes = true, no = false;
    ck_assert(!poll_stop(NULL) && !poll_stop(&(Poll){0}));
    ck_assert(poll_stop(&(Poll){base_stop, &yes}) && !poll_stop(&(Poll){base_stop, &no}));
}
END_TEST

START_TEST(sort_is_stable) {
    enum { MAX = 700 };
    uint32_t values[MAX], ids[MAX], came[MAX], scratch[MAX + 1];
    uint64_t seed = 11;
    for (int64_t n = 0; n < MAX; n++) {
        for (int64_t i = 0; i < n; i++) {
            values[i] = (uint32_t)(db_random(&seed) % (uint64_t)(1 + n / 3));
            if (n % 7 == 3) values[i] = (uint32_t)i;
            if (n % 7 == 5) values[i] = (uint32_t)(n - i);
            ids[i] = (uint32_t)((i * 7 + 3) % n); /* a permutation unless 7 divides n */
            if (n % 7 == 0) ids[i] = (uint32_t)i;
            came[ids[i]] = (uint32_t)i;
        }
        scratch[n] = 0xABCD;
        sort_ids(ids, scratch, n, sort_by_value, values);
        ck_assert_msg(sort_is_right(ids, values, came, n) && scratch[n] == 0xABCD, "n = %d",
                      (int)n);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("base");
    TCase *tc = tcase_create("base");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, arena_gives_aligned_zeroes);
    tcase_add_test(tc, arena_keeps_what_was_written);
    tcase_add_test(tc, arena_of_a_few_bytes_is_small);
    tcase_add_test(tc, arena_refuses_the_huge);
    tcase_add_test(tc, arena_does_nothing_after_a_failure);
    tcase_add_test(tc, arena_copies_and_prints);
    tcase_add_test(tc, map_identity_is_that_of_sql);
    tcase_add_test(tc, map_ids_are_dense_in_first_seen_order);
    tcase_add_test(tc, map_keys_come_back_as_they_were);
    tcase_add_test(tc, map_knows_what_is_no_id);
    tcase_add_test(tc, map_batches_keep_their_own_bytes);
    tcase_add_test(tc, map_integers_are_keys_wherever_they_are_kept);
    tcase_add_test(tc, map_ids_are_the_same_without_keys);
    tcase_add_loop_test(tc, map_texts_with_numbers_are_looked_up_in_the_array, 0,
                        (int)(sizeof(numbered_formats) / sizeof(numbered_formats[0])));
    tcase_add_test(tc, map_few_texts_are_told_without_keys);
    tcase_add_test(tc, map_numbers_are_written_in_digits);
    tcase_add_test(tc, map_texts_are_keys_wherever_they_are_kept);
    tcase_add_test(tc, spilled_words_come_back);
    tcase_add_test(tc, no_more_words_spill_than_codes_can_name);
    tcase_add_test(tc, err_keeps_the_first_failure);
    tcase_add_loop_test(tc, err_quote_shows_safely, 0,
                        (int)(sizeof(err_quotes) / sizeof(err_quotes[0])));
    tcase_add_test(tc, err_quote_fits_its_room);
    tcase_add_test(tc, err_quote_gives_utf8_for_any_bytes);
    tcase_add_test(tc, suggest_counts_edits);
    tcase_add_test(tc, suggest_takes_the_nearest_of_the_near);
    tcase_add_test(tc, suggest_ignores_long_words);
    tcase_add_loop_test(tc, lists_are_read, 0, (int)(sizeof(list_cases) / sizeof(list_cases[0])));
    tcase_add_test(tc, lists_are_bounded);
    tcase_add_test(tc, sort_is_stable);
    tcase_add_test(tc, polls_may_be_nothing);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
