/* roster.c - see roster.h.
 *
 * Each id gets a number that rises with it, and the numbers are sorted in linear time; only ids that share
 * one are compared.  Whole numbers that are not too far apart are such numbers themselves.  Else the number is
 * the kind of id and its first bits: of a number those of a double, of a text those behind what all texts
 * begin with, as 'C-00' in 'C-000017'.
 */
#include "data/roster.h"

#include <string.h>

#include "base/sort.h"
#include "math/radix.h"

enum { ROSTER_KIND_BITS = 2, ROSTER_KEY_BITS = 64, ROSTER_PREFIX_BYTES = 8 };
#define ROSTER_SIGN ((uint64_t)1 << 63)
enum { ROSTER_NUMBER, ROSTER_TEXT, ROSTER_BLOB, ROSTER_KINDS };

/* What all ids have in common. */
typedef struct RosterIds {
    const MapKey *sample[ROSTER_KINDS]; /* of each kind the first; NULL without one */
    uint32_t n_shared[ROSTER_KINDS];    /* bytes that texts and blobs begin with */
    bool all_integers;
    int64_t low, high;                  /* of integers */
} RosterIds;

static int roster_kind(const MapKey *key) {
    return key->type == MAP_BLOB ? ROSTER_BLOB : key->type == MAP_TEXT ? ROSTER_TEXT : ROSTER_NUMBER;
}

static void roster_look(RosterIds *ids, const MapKey *key) {
    int kind = roster_kind(key);
    if (key->type == MAP_INTEGER) {
        if (key->as.integer < ids->low) ids->low = key->as.integer;
        if (key->as.integer > ids->high) ids->high = key->as.integer;
        return;
    }
    ids->all_integers = false;
    if (kind == ROSTER_NUMBER) return;
    if (!ids->sample[kind]) {
        ids->sample[kind] = key;
        ids->n_shared[kind] = key->size;
    }
    const char *bytes = map_key_bytes(key), *sample = map_key_bytes(ids->sample[kind]);
    uint32_t n = 0, most = key->size < ids->n_shared[kind] ? key->size : ids->n_shared[kind];
    while (n < most && bytes[n] == sample[n]) n++;
    ids->n_shared[kind] = n;
}

static uint64_t roster_number_bits(const MapKey *key) {
    uint64_t bits;
    double number = key->type == MAP_INTEGER ? (double)key->as.integer : key->as.real;
    number += 0.0; /* 0 for -0 */
    memcpy(&bits, &number, sizeof(bits));
    return bits & ROSTER_SIGN ? ~bits : bits | ROSTER_SIGN;
}

/* The first bytes behind the shared ones; where the id ends, zeroes. */
static uint64_t roster_text_bits(const MapKey *key, uint32_t n_shared) {
    uint64_t bits = 0;
    const unsigned char *bytes = (const unsigned char *)map_key_bytes(key);
    for (uint32_t i = n_shared; i < n_shared + ROSTER_PREFIX_BYTES; i++)
        bits = bits << 8 | (i < key->size ? bytes[i] : 0);
    return bits;
}

static uint64_t roster_bits(const RosterIds *ids, const MapKey *key) {
    if (ids->all_integers) return (uint64_t)key->as.integer - (uint64_t)ids->low;
    int kind = roster_kind(key);
    uint64_t bits = kind == ROSTER_NUMBER ? roster_number_bits(key)
                                          : roster_text_bits(key, ids->n_shared[kind]);
    return (uint64_t)kind << (ROSTER_KEY_BITS - ROSTER_KIND_BITS) | bits >> ROSTER_KIND_BITS;
}

static int roster_key_bits(const RosterIds *ids) {
    int n = 0;
    if (!ids->all_integers) return ROSTER_KEY_BITS;
    for (uint64_t width = (uint64_t)ids->high - (uint64_t)ids->low; width > 0; width >>= 1) n++;
    return n;
}

static int roster_compare(const void *context, uint32_t a, uint32_t b) {
    const Map *map = context;
    return map_compare(map_key(map, a), map_key(map, b));
}

/* Sorts the n buyers, whose ids in the book are in radix->high. */
static void roster_sort(Roster *roster, const Book *book, Radix *radix) {
    RosterIds ids = {.all_integers = true, .low = INT64_MAX, .high = INT64_MIN};
    int64_t n = radix->n;
    for (int64_t i = 0; i < n; i++) roster_look(&ids, book_customer_id(book, radix->high[i]));
    for (int64_t i = 0; i < n; i++)
        radix->key[i] = roster_bits(&ids, book_customer_id(book, radix->high[i]));
    radix_sort(radix, roster_key_bits(&ids), 0);
    memcpy(roster->customer, radix->high, (size_t)n * sizeof(*roster->customer));
    if (ids.all_integers) return;
    for (int64_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && radix->key[end] == radix->key[first];) end++;
        if (end - first > 1)
            sort_ids(roster->customer + first, radix->high_spare, end - first, roster_compare, &book->customers);
    }
}

void roster_open(Roster *roster, const Book *book, Arena *arena, Err *err) {
    Radix radix;
    Arena scratch = {0};
    *roster = (Roster){.customer = arena_alloc_raw(arena, err, book->n_buyers, sizeof(*roster->customer)),
                       .member = arena_alloc_raw(arena, err, book->n_customers, sizeof(*roster->member))};
    void *workspace = arena_alloc_raw(&scratch, err, radix_workspace_size(book->n_buyers), 1);
    if (!err->rc) {
        radix_init(&radix, book->n_buyers, true, workspace);
        for (int64_t c = 0; c < book->n_customers; c++) {
            roster->member[c] = ROSTER_NOBODY;
            if (book_customer(book, c).n_days > 0) radix.high[roster->n++] = (uint32_t)c;
        }
        roster_sort(roster, book, &radix);
        for (int64_t i = 0; i < roster->n; i++) roster->member[roster->customer[i]] = (uint32_t)i;
    }
    arena_free(&scratch);
}
