/* radix.c - see radix.h. */
#include "math/radix.h"

#include <string.h>

#include "base/libm.h"

enum { RADIX_DIGIT_BITS = 11, RADIX_DIGITS = 1 << RADIX_DIGIT_BITS };
#define RADIX_SIGN ((uint64_t)1 << 63)

uint64_t radix_key_falling(double value) {
    uint64_t bits;
    double number = value + 0.0; /* 0 for -0 */
    memcpy(&bits, &number, sizeof(bits));
    if (isnan(value)) return UINT64_MAX;
    return bits & RADIX_SIGN ? bits : ~(bits | RADIX_SIGN);
}

double radix_value(uint64_t key) {
    uint64_t bits = key & RADIX_SIGN ? key : ~key & ~RADIX_SIGN;
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

int radix_bits(uint64_t key) {
    int bits = 0;
    for (; key > 0; key >>= 1) bits++;
    return bits;
}

int64_t radix_workspace_size(int64_t n) {
    int64_t pair = (int64_t)(sizeof(uint64_t) + sizeof(uint32_t));
    return RADIX_DIGITS * (int64_t)sizeof(int64_t) + (n > 0 ? n : 0) * 2 * pair;
}

void radix_init(Radix *radix, int64_t n, bool paired, void *workspace) {
    *radix = (Radix){.n = n, .place = workspace, .paired = paired};
    radix->key = (uint64_t *)(void *)(radix->place + RADIX_DIGITS);
    radix->key_spare = radix->key + n;
    radix->high = (uint32_t *)(void *)(radix->key_spare + n);
    radix->high_spare = radix->high + n;
}

int64_t radix_beside_size(int64_t n, int key_bits) {
    int64_t spare = key_bits > RADIX_NARROW_BITS ? (int64_t)sizeof(uint32_t) : 0;
    return RADIX_DIGITS * (int64_t)sizeof(int64_t) + (n > 0 ? n : 0) * (2 * (int64_t)sizeof(uint64_t) + spare);
}

void radix_init_beside(Radix *radix, int64_t n, int key_bits, uint32_t *high, void *workspace) {
    radix_init(radix, n, true, workspace);
    radix->high_spare = key_bits > RADIX_NARROW_BITS ? radix->high : NULL;
    radix->high = high;
}

static unsigned radix_digit(const Radix *radix, int64_t i, int shift, bool by_high) {
    uint64_t word = by_high ? radix->high[i] : radix->key[i];
    return (unsigned)(word >> shift) & (RADIX_DIGITS - 1);
}

/* Turns counts into first places; false when all n share one digit. */
static bool radix_places(int64_t n, int64_t *place) {
    int64_t next = 0;
    for (int d = 0; d < RADIX_DIGITS; d++) {
        int64_t count = place[d];
        if (count == n) return false;
        place[d] = next;
        next += count;
    }
    return true;
}

/* One stable pass over the digit at shift of the keys, or of the ranks. */
static void radix_pass(Radix *radix, int shift, bool by_high) {
    memset(radix->place, 0, RADIX_DIGITS * sizeof(*radix->place));
    for (int64_t i = 0; i < radix->n; i++) radix->place[radix_digit(radix, i, shift, by_high)]++;
    if (!radix_places(radix->n, radix->place)) return;
    for (int64_t i = 0; i < radix->n; i++) {
        int64_t to = radix->place[radix_digit(radix, i, shift, by_high)]++;
        radix->key_spare[to] = radix->key[i];
        if (radix->paired) radix->high_spare[to] = radix->high[i];
    }
    uint64_t *key = radix->key;
    uint32_t *high = radix->high;
    radix->key = radix->key_spare;
    radix->key_spare = key;
    if (!radix->paired) return;
    radix->high = radix->high_spare;
    radix->high_spare = high;
}

uint32_t *radix_sort_words(int64_t n, uint32_t *word, uint32_t *spare, int64_t *place, int key_bits) {
    for (int shift = 0; shift < key_bits; shift += RADIX_DIGIT_BITS) {
        memset(place, 0, RADIX_DIGITS * sizeof(*place));
        for (int64_t i = 0; i < n; i++) place[word[i] >> shift & (RADIX_DIGITS - 1)]++;
        if (!radix_places(n, place)) continue;
        for (int64_t i = 0; i < n; i++) spare[place[word[i] >> shift & (RADIX_DIGITS - 1)]++] = word[i];
        uint32_t *sorted = spare;
        spare = word;
        word = sorted;
    }
    return word;
}

static void radix_sort_narrow(Radix *radix, int key_bits) {
    for (int64_t i = 0; i < radix->n; i++) radix->key[i] = radix->key[i] << RADIX_NARROW_BITS | radix->high[i];
    radix->paired = false;
    for (int shift = 0; shift < key_bits; shift += RADIX_DIGIT_BITS)
        radix_pass(radix, RADIX_NARROW_BITS + shift, false);
    radix->paired = true;
    for (int64_t i = 0; i < radix->n; i++) {
        radix->high[i] = (uint32_t)radix->key[i];
        radix->key[i] >>= RADIX_NARROW_BITS;
    }
}

void radix_sort(Radix *radix, int key_bits, int high_bits) {
    if (radix->paired && key_bits <= RADIX_NARROW_BITS && high_bits == 0) {
        radix_sort_narrow(radix, key_bits);
        return;
    }
    for (int shift = 0; shift < key_bits; shift += RADIX_DIGIT_BITS)
        radix_pass(radix, shift, false);
    for (int shift = 0; shift < high_bits; shift += RADIX_DIGIT_BITS)
        radix_pass(radix, shift, true);
}
