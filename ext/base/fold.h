/* fold.h - spellings: what is left of a text when spaces, case or look-alike letters do not count.
 *
 *     fold_text(FOLD_CASE, " Ann", 4, out)      "ann"
 *
 * Each level includes those before it.  Pure: bytes in, bytes out; what is no UTF-8 passes through.
 */
#ifndef FOLD_H
#define FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum FoldLevel {
    FOLD_SPACES,  /* without blanks at both ends and zero-width non-joiners (U+200C); a no-break space is a space */
    FOLD_CASE,    /* A-Z as a-z */
    FOLD_LETTERS, /* retain_fold_letters */
    FOLD_LEVELS
} FoldLevel;

/* A letter and what it is taken for. */
typedef struct FoldLetter {
    const char *from, *to; /* UTF-8; from has two bytes */
} FoldLetter;

enum { FOLD_LETTER_COUNT = 24 };

/* Arabic yeh and kaf for the Persian ones; Persian, then Arabic-Indic digits; thousands and decimal separators. */
extern const FoldLetter retain_fold_letters[FOLD_LETTER_COUNT];

/* What a text holds that folding changes: bit i for retain_fold_letters[i], and: */
#define FOLD_HAS_NO_BREAK ((uint32_t)1 << 24)   /* U+00A0 */
#define FOLD_HAS_NON_JOINER ((uint32_t)1 << 25) /* U+200C */
#define FOLD_HAS_CONTROL ((uint32_t)1 << 26)    /* a tab or line end */
#define FOLD_HAS_BLANK ((uint32_t)1 << 27)      /* a space */
#define FOLD_HAS_COMMA ((uint32_t)1 << 28)
#define FOLD_HAS_DIGITS (((uint32_t)1 << 22) - ((uint32_t)1 << 2)) /* digits other than 0-9 */
#define FOLD_HAS_SEPARATORS ((uint32_t)3 << 22)                    /* U+066C, U+066B */

/* Writes the folded text to out, which has room for n bytes or is text itself, and returns its size. */
size_t fold_text(FoldLevel level, const char *text, size_t n, char *out);

/* True when no level changes the text: then it needs no copy. */
bool fold_is_plain(const char *text, size_t n);

/* The bits above. */
uint32_t fold_found(const char *text, size_t n);

#endif
