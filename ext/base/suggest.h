/* suggest.h - "did you mean": the known word nearest to a mistyped one. */
#ifndef SUGGEST_H
#define SUGGEST_H

#include <stdbool.h>

typedef struct Suggest {
    const char *typed;
    const char *best;  /* the nearest word offered so far, NULL when none is near */
    int distance;
} Suggest;

enum { SUGGEST_LENGTH_MAX = 64 }; /* longer words are not compared */

Suggest suggest_new(const char *typed);

/* Offers a candidate; it must outlive the Suggest. */
void suggest_offer(Suggest *suggest, const char *word);

/* Edits between two words (insertions, deletions, replacements), ASCII case ignored; a number above
 * SUGGEST_LENGTH_MAX when either is too long. */
int suggest_distance(const char *a, const char *b);

#endif
