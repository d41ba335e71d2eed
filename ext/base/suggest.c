/* suggest.c - see suggest.h. */
#include "base/suggest.h"

#include <string.h>

enum { SUGGEST_BEGINNING_MIN = 3 };

static int suggest_lower(char c) {
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

int suggest_distance(const char *a, const char *b) {
    size_t n_a = strlen(a), n_b = strlen(b);
    if (n_a > SUGGEST_LENGTH_MAX || n_b > SUGGEST_LENGTH_MAX) return SUGGEST_LENGTH_MAX + 1;
    int row[SUGGEST_LENGTH_MAX + 1];
    for (size_t j = 0; j <= n_b; j++) row[j] = (int)j;
    for (size_t i = 0; i < n_a; i++) {
        int diagonal = row[0];
        row[0] = (int)i + 1;
        for (size_t j = 0; j < n_b; j++) {
            int replaced = diagonal + (suggest_lower(a[i]) != suggest_lower(b[j]));
            int least = row[j] < row[j + 1] ? row[j] + 1 : row[j + 1] + 1;
            diagonal = row[j + 1];
            row[j + 1] = replaced < least ? replaced : least;
        }
    }
    return row[n_b];
}

Suggest suggest_new(const char *typed) {
    int length = (int)strlen(typed);
    return (Suggest){.typed = typed, .distance = length < 3 ? 1 : 2 + length / 4};
}

/* True when what was typed is the beginning of word, and not too short to mean anything. */
static bool suggest_begins(const char *typed, const char *word) {
    size_t n = 0;
    for (; typed[n]; n++)
        if (suggest_lower(typed[n]) != suggest_lower(word[n])) return false;
    return n >= SUGGEST_BEGINNING_MIN;
}

void suggest_offer(Suggest *suggest, const char *word) {
    int distance = suggest_begins(suggest->typed, word) ? 0 : suggest_distance(suggest->typed, word);
    if (distance >= suggest->distance) return;
    suggest->distance = distance;
    suggest->best = word;
}
