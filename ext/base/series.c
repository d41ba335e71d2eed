/* series.c - see series.h. */
#include "base/series.h"

#include <string.h>

static bool series_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Eight bytes as they lie in memory. */
static inline uint64_t series_word(const char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* Numbers that begin with a zero are padded. */
bool series_begin(Series *series, const char bytes[SERIES_TEXT_BYTES], uint32_t size) {
    uint32_t n_head = size;
    char mask[SERIES_HEAD_MAX] = {0};
    if (size > SERIES_TEXT_BYTES) return false;
    while (n_head > 0 && series_is_digit(bytes[n_head - 1])) n_head--;
    if (n_head == size || n_head > SERIES_HEAD_MAX) return false;
    memset(mask, 0xFF, n_head);
    *series = (Series){.n_head = (uint8_t)n_head,
                       .n_digits = (uint8_t)(bytes[n_head] == '0' ? size - n_head : 1),
                       .head = series_word(bytes) & series_word(mask),
                       .mask = series_word(mask)};
    return true;
}

/* Eight bytes, the first in the lowest bits. */
static inline uint64_t series_load(const char *bytes) {
    const unsigned char *b = (const unsigned char *)bytes;
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
           (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
}

/* Adds the last n of eight digits to the number, n at least 1; false when some is none.  All are checked at once, and
 * read in pairs. */
static inline bool series_add_digits(uint64_t text, uint32_t n, uint64_t *number) {
    uint64_t digits = (text ^ 0x3030303030303030u) & ~(uint64_t)0 << (64 - 8 * n);
    if ((digits | (digits + 0x7676767676767676u)) & 0x8080808080808080u) return false;
    uint64_t pairs = digits * 10 + (digits >> 8); /* in every other byte */
    *number += (pairs & 0xFF) * 1000000 + (pairs >> 16 & 0xFF) * 10000 + (pairs >> 32 & 0xFF) * 100 +
               (pairs >> 48 & 0xFF);
    return true;
}

bool series_number(const Series *series, const char bytes[SERIES_TEXT_BYTES], uint32_t size, uint64_t *number) {
    uint32_t n_digits = size - series->n_head;
    if (size > SERIES_TEXT_BYTES || size < (uint32_t)series->n_head + series->n_digits) return false;
    if ((series_word(bytes) & series->mask) != series->head) return false;
    if (n_digits > series->n_digits && bytes[series->n_head] == '0') return false;
    uint64_t begin = series_load(bytes), end = size < 8 ? begin << (64 - 8 * size) : series_load(bytes + (size - 8));
    *number = 0;
    if (n_digits <= 8) return series_add_digits(end, n_digits, number);
    if (!series_add_digits(begin << (128 - 8 * size), n_digits - 8, number)) return false;
    *number *= 100000000;
    return series_add_digits(end, 8, number);
}
