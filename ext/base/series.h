/* series.h - short texts that number something: a head that all have, and digits behind it, as in 'C-0000012345'.
 *
 * Two texts of one series have the same number only when they are the same, so the number may stand for the text.
 */
#ifndef SERIES_H
#define SERIES_H

#include <stdbool.h>
#include <stdint.h>

enum { SERIES_TEXT_BYTES = 16, SERIES_HEAD_MAX = 8 };

typedef struct Series {
    uint8_t n_head;      /* bytes before the digits */
    uint8_t n_digits;    /* to which numbers are padded with zeroes; a longer one has none in front */
    uint64_t head, mask; /* the first eight bytes, and which of them are the head */
} Series;

/* The series of the text, whose bytes are followed by zeroes.  False: it ends in no digit, or its head or
 * all of it is too long. */
bool series_begin(Series *series, const char bytes[SERIES_TEXT_BYTES], uint32_t size);

/* The number of a text of the series, below 10^16.  False for any other text. */
bool series_number(const Series *series, const char bytes[SERIES_TEXT_BYTES], uint32_t size, uint64_t *number);

#endif
