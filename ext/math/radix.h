/* radix.h - sorts pairs of a 64-bit key and a 32-bit rank above it, in linear time. */
#ifndef MATH_RADIX_H
#define MATH_RADIX_H

#include <stdbool.h>
#include <stdint.h>

#define RADIX_NARROW_BITS 32 /* such a key is sorted with its rank below it in one word */

typedef struct Radix {
    int64_t n;
    uint64_t *key, *key_spare;   /* n keys; where they are after a sort: key */
    uint32_t *high, *high_spare; /* n ranks, sorted on before the keys; unused unless paired, the spare with
                                    narrow keys, too */
    int64_t *place;              /* counters of one pass */
    bool paired;                 /* a rank goes with each key */
} Radix;

/* A whole number that falls as the value grows: the bits of a double rise with its size.  NaN comes last; -0 is
 * 0.  radix_value gives the value back. */
uint64_t radix_key_falling(double value);
double radix_value(uint64_t key);

/* Bits of a key, up to its highest 1. */
int radix_bits(uint64_t key);

/* Bytes of workspace for n pairs. */
int64_t radix_workspace_size(int64_t n);

/* Lays n >= 0 pairs out in an 8-aligned workspace; the caller fills key (and high). */
void radix_init(Radix *radix, int64_t n, bool paired, void *workspace);

/* The same for pairs whose ranks are the caller's: workspace for keys of key_bits. */
int64_t radix_beside_size(int64_t n, int key_bits);
void radix_init_beside(Radix *radix, int64_t n, int key_bits, uint32_t *high, void *workspace);

/* Sorts keys of at most RADIX_NARROW_BITS bits that are kept as words; returns word or spare, where they are then.  The
 * counters are radix_init's place. */
uint32_t *radix_sort_words(int64_t n, uint32_t *word, uint32_t *spare, int64_t *place, int key_bits);

/* Sorts by the lowest high_bits of the ranks (0 when not paired), then by the keys, which have no more than key_bits,
 * ascending.  Digits that all pairs share cost a look and no move. */
void radix_sort(Radix *radix, int key_bits, int high_bits);

#endif
