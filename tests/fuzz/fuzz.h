/* fuzz.h - what the fuzzers share: the extension itself, bytes as numbers, random choices, findings.
 *
 * The amalgamation is included, so that a fuzzer reaches every function of every room; -I says which copy
 * (build.sh), and planted.sh gives one with a bug in it.  A fuzzer that wants to see what the extension
 * hands to SQLite defines a macro over that call before it includes this file.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "retain.c"

#define FUZZ_COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* libFuzzer's side. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/* ---- Findings ---- */

/* A finding: says what is wrong and stops, so that libFuzzer keeps the input. */
static void fuzz_fail(const char *format, ...) {
    va_list list;
    va_start(list, format);
    fputs("finding: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    abort();
}

#define FUZZ_CHECK(condition, ...)                \
    do {                                          \
        if (!(condition)) fuzz_fail(__VA_ARGS__); \
    } while (0)

/* ---- Bytes as numbers ---- */

/* What is left of an input; zeroes after its end. */
typedef struct Feed {
    const uint8_t *at, *end;
} Feed;

static inline uint64_t feed_bytes(Feed *feed, int n) {
    uint64_t value = 0;
    for (int i = 0; i < n && feed->at < feed->end; i++) value |= (uint64_t)*feed->at++ << 8 * i;
    return value;
}

/* 0 .. n - 1, n at most 256. */
static inline int feed_below(Feed *feed, int n) {
    return (int)(feed_bytes(feed, 1) % (uint64_t)n);
}

static inline double feed_double(Feed *feed) {
    uint64_t bits = feed_bytes(feed, 8);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* ---- Random choices ---- */

/* splitmix64: the next number of a sequence. */
static inline uint64_t fuzz_random(uint64_t *state) {
    uint64_t x = *state += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* 0 .. n - 1 */
static inline int fuzz_below(uint64_t *state, int n) {
    return (int)((fuzz_random(state) >> 11) % (uint64_t)n);
}

/* ---- Databases ---- */

/* A connection in memory with the extension on it. */
static inline sqlite3 *fuzz_open(void) {
    sqlite3 *db = NULL;
    char *message = NULL;
    if (sqlite3_open(":memory:", &db) || sqlite3_retain_init(db, &message, NULL))
        fuzz_fail("cannot open a database: %s", message ? message : sqlite3_errmsg(db));
    return db;
}

static inline sqlite3_stmt *fuzz_prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL))
        fuzz_fail("%s: %s", sqlite3_errmsg(db), sql);
    return stmt;
}

static inline void fuzz_exec(sqlite3 *db, const char *sql) {
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message)) fuzz_fail("%s: %s", message, sql);
}

#endif
