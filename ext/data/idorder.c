/* idorder.c - see idorder.h.
 *
 * Each id gets a number that rises with it, and the numbers are sorted in linear time; only ids that share
 * one are compared.  Whole numbers that are not too far apart are such numbers themselves.  Else the number is
 * the kind of id and its first bits: of a number those of a double, of a text those behind what all texts
 * begin with, as 'C-00' in 'C-000017'.
 */
#include "data/idorder.h"

#include <string.h>

#include "base/sort.h"
#include "math/radix.h"

enum { IDORDER_KIND_BITS = 2, IDORDER_KEY_BITS = 64, IDORDER_PREFIX_BYTES = 8 };
#define IDORDER_SIGN ((uint64_t)1 << 63)
enum { IDORDER_NUMBER, IDORDER_TEXT, IDORDER_BLOB, IDORDER_KINDS };

/* What all ids have in common. */
typedef struct IdorderIds {
    const MapKey *sample[IDORDER_KINDS]; /* of each kind the first; NULL without one */
    uint32_t n_shared[IDORDER_KINDS];    /* bytes that texts and blobs begin with */
    bool all_integers;
    int64_t low, high;                  /* of integers */
} IdorderIds;

static int idorder_kind(const MapKey *key) {
    return key->type == MAP_BLOB ? IDORDER_BLOB : key->type == MAP_TEXT ? IDORDER_TEXT : IDORDER_NUMBER;
}

static void idorder_look(IdorderIds *ids, const MapKey *key) {
    int kind = idorder_kind(key);
    if (key->type == MAP_INTEGER) {
        if (key->as.integer < ids->low) ids->low = key->as.integer;
        if (key->as.integer > ids->high) ids->high = key->as.integer;
        return;
    }
    ids->all_integers = false;
    if (kind == IDORDER_NUMBER) return;
    if (!ids->sample[kind]) {
        ids->sample[kind] = key;
        ids->n_shared[kind] = key->size;
    }
    const char *bytes = map_key_bytes(key), *sample = map_key_bytes(ids->sample[kind]);
    uint32_t n = 0, most = key->size < ids->n_shared[kind] ? key->size : ids->n_shared[kind];
    while (n < most && bytes[n] == sample[n]) n++;
    ids->n_shared[kind] = n;
}

static uint64_t idorder_number_bits(const MapKey *key) {
    uint64_t bits;
    double number = key->type == MAP_INTEGER ? (double)key->as.integer : key->as.real;
    number += 0.0; /* 0 for -0 */
    memcpy(&bits, &number, sizeof(bits));
    return bits & IDORDER_SIGN ? ~bits : bits | IDORDER_SIGN;
}

/* The first bytes behind the shared ones; where the id ends, zeroes. */
static uint64_t idorder_text_bits(const MapKey *key, uint32_t n_shared) {
    uint64_t bits = 0;
    const unsigned char *bytes = (const unsigned char *)map_key_bytes(key);
    for (uint32_t i = n_shared; i < n_shared + IDORDER_PREFIX_BYTES; i++)
        bits = bits << 8 | (i < key->size ? bytes[i] : 0);
    return bits;
}

static uint64_t idorder_bits(const IdorderIds *ids, const MapKey *key) {
    if (ids->all_integers) return (uint64_t)key->as.integer - (uint64_t)ids->low;
    int kind = idorder_kind(key);
    uint64_t bits = kind == IDORDER_NUMBER ? idorder_number_bits(key)
                                          : idorder_text_bits(key, ids->n_shared[kind]);
    return (uint64_t)kind << (IDORDER_KEY_BITS - IDORDER_KIND_BITS) | bits >> IDORDER_KIND_BITS;
}

static int idorder_key_bits(const IdorderIds *ids) {
    return ids->all_integers ? radix_bits((uint64_t)ids->high - (uint64_t)ids->low) : IDORDER_KEY_BITS;
}

static int idorder_compare(const void *context, uint32_t a, uint32_t b) {
    const Map *map = context;
    return map_compare(map_key(map, a), map_key(map, b));
}

/* Sorts the buyers. */
static void idorder_sort(Idorder *idorder, const Book *book, Arena *scratch, Err *err) {
    IdorderIds ids = {.all_integers = true, .low = INT64_MAX, .high = INT64_MIN};
    int64_t n = idorder->n;
    uint32_t *customer = idorder->customer;
    Radix radix;
    for (int64_t i = 0; i < n; i++) idorder_look(&ids, book_customer_id(book, customer[i]));
    int key_bits = idorder_key_bits(&ids);
    void *workspace = arena_alloc_raw(scratch, err, radix_beside_size(n, key_bits), 1);
    if (!workspace) return;
    radix_init_beside(&radix, n, key_bits, customer, workspace);
    for (int64_t i = 0; i < n; i++) radix.key[i] = idorder_bits(&ids, book_customer_id(book, customer[i]));
    radix_sort(&radix, key_bits, 0);
    uint32_t *spare = radix.high == customer ? radix.high_spare : radix.high;
    if (radix.high != customer) memcpy(customer, radix.high, (size_t)n * sizeof(*customer));
    if (ids.all_integers) return;
    for (int64_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && radix.key[end] == radix.key[first];) end++;
        if (end - first > 1) sort_ids(customer + first, spare, end - first, idorder_compare, &book->customers);
    }
}

void idorder_list(Idorder *idorder, const Book *book, Arena *arena, Err *err) {
    Arena scratch = {0};
    *idorder = (Idorder){.customer = arena_alloc_raw(arena, err, book->n_buyers, sizeof(*idorder->customer))};
    if (err->rc) return;
    for (int64_t c = 0; c < book->n_customers; c++)
        if (book_customer(book, c).n_days > 0) idorder->customer[idorder->n++] = (uint32_t)c;
    idorder_sort(idorder, book, &scratch, err);
    arena_free(&scratch);
}

void idorder_open(Idorder *idorder, const Book *book, Arena *arena, Err *err) {
    idorder_list(idorder, book, arena, err);
    idorder->member = arena_alloc_raw(arena, err, book->n_customers, sizeof(*idorder->member));
    if (err->rc) return;
    for (int64_t c = 0; c < book->n_customers; c++) idorder->member[c] = IDORDER_NOBODY;
    for (int64_t i = 0; i < idorder->n; i++) idorder->member[idorder->customer[i]] = (uint32_t)i;
}
