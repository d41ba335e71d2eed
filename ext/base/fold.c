/* fold.c - see fold.h. */
#include "base/fold.h"

#include <string.h>

const FoldLetter retain_fold_letters[FOLD_LETTER_COUNT] = {
    {"\xD9\x8A", "\xDB\x8C"}, /* yeh: U+064A, U+06CC */
    {"\xD9\x83", "\xDA\xA9"}, /* kaf: U+0643, U+06A9 */
    {"\xDB\xB0", "0"}, {"\xDB\xB1", "1"}, {"\xDB\xB2", "2"}, {"\xDB\xB3", "3"}, {"\xDB\xB4", "4"},
    {"\xDB\xB5", "5"}, {"\xDB\xB6", "6"}, {"\xDB\xB7", "7"}, {"\xDB\xB8", "8"}, {"\xDB\xB9", "9"},
    {"\xD9\xA0", "0"}, {"\xD9\xA1", "1"}, {"\xD9\xA2", "2"}, {"\xD9\xA3", "3"}, {"\xD9\xA4", "4"},
    {"\xD9\xA5", "5"}, {"\xD9\xA6", "6"}, {"\xD9\xA7", "7"}, {"\xD9\xA8", "8"}, {"\xD9\xA9", "9"},
    {"\xD9\xAC", ""}, {"\xD9\xAB", "."},
};

/* The letter of the table that the text begins with, -1 when it is none. */
static int fold_letter(const char *text, size_t n) {
    if (n < 2 || ((unsigned char)text[0] != 0xD9 && (unsigned char)text[0] != 0xDB)) return -1;
    int i = 0;
    while (i < FOLD_LETTER_COUNT && memcmp(text, retain_fold_letters[i].from, 2) != 0) i++;
    return i < FOLD_LETTER_COUNT ? i : -1;
}

static bool fold_is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool fold_is_no_break(const char *text, size_t n) {
    return n >= 2 && memcmp(text, "\xC2\xA0", 2) == 0;
}

static bool fold_is_non_joiner(const char *text, size_t n) {
    return n >= 3 && memcmp(text, "\xE2\x80\x8C", 3) == 0;
}

/* Writes what one character becomes; *used is how many bytes it had.  Returns the number of bytes written. */
static size_t fold_character(FoldLevel level, const char *text, size_t n, size_t *used, char *out) {
    int letter = level >= FOLD_LETTERS ? fold_letter(text, n) : -1;
    *used = letter >= 0 || fold_is_no_break(text, n) ? 2 : fold_is_non_joiner(text, n) ? 3 : 1;
    if (letter >= 0) {
        size_t size = strlen(retain_fold_letters[letter].to);
        memcpy(out, retain_fold_letters[letter].to, size);
        return size;
    }
    if (*used == 3) return 0;
    *out = *used == 2 ? ' ' : *text;
    if (level >= FOLD_CASE && *out >= 'A' && *out <= 'Z') *out = (char)(*out - 'A' + 'a');
    return 1;
}

size_t fold_text(FoldLevel level, const char *text, size_t n, char *out) {
    size_t size = 0, kept = 0; /* kept: the size without blanks at the end */
    for (size_t at = 0, used; at < n; at += used) {
        size_t written = fold_character(level, text + at, n - at, &used, out + size);
        if (written == 1 && fold_is_blank(out[size])) {
            size += size > 0;
            continue;
        }
        size += written;
        if (written > 0) kept = size;
    }
    return kept;
}

bool fold_is_plain(const char *text, size_t n) {
    if (n > 0 && (fold_is_blank(text[0]) || fold_is_blank(text[n - 1]))) return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] >= 0x80 || (text[i] >= 'A' && text[i] <= 'Z')) return false;
    return true;
}

uint32_t fold_found(const char *text, size_t n) {
    uint32_t found = 0;
    for (size_t at = 0; at < n; at++) {
        int letter = fold_letter(text + at, n - at);
        if (letter >= 0) found |= (uint32_t)1 << letter;
        else if (fold_is_no_break(text + at, n - at)) found |= FOLD_HAS_NO_BREAK;
        else if (fold_is_non_joiner(text + at, n - at)) found |= FOLD_HAS_NON_JOINER;
        else if (text[at] == ' ') found |= FOLD_HAS_BLANK;
        else if (text[at] == ',') found |= FOLD_HAS_COMMA;
        else if (fold_is_blank(text[at])) found |= FOLD_HAS_CONTROL;
    }
    return found;
}
