/* spill.h - words of 8 bytes that do not fit the 4 which most of their kind are kept in.
 *
 * A code of 4 bytes then says where the word is.  The zero value is empty.
 */
#ifndef SPILL_H
#define SPILL_H

#include <stdint.h>

#include "base/err.h"

enum { SPILL_MAX = 1 << 27 }; /* SQLite allocates no more than 2 GB at once */

typedef struct Spill {
    uint64_t *words;
    int64_t n, max;
} Spill;

/* Where the word is from now on, below SPILL_MAX; 0 when err has failed.  what: the words, as the message calls them
 * when there are more than SPILL_MAX. */
uint32_t spill_add(Spill *spill, Err *err, uint64_t word, const char *what);

static inline uint64_t spill_word(const Spill *spill, uint32_t at) {
    return spill->words[at];
}

/* Frees the words; the spill is the zero value again. */
void spill_free(Spill *spill);

#endif
