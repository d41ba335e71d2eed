/* suggest.c - see suggest.h. */
#include "base/suggest.h"

#include <string.h>

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

void suggest_offer(Suggest *suggest, const char *word) {
    int distance = suggest_distance(suggest->typed, word);
    if (distance >= suggest->distance) return;
    suggest->distance = distance;
    suggest->best = word;
}
