/* spill.c - see spill.h. */
#include "base/spill.h"

#include "base/sqlite.h"

enum { SPILL_FIRST = 64 };

static void spill_grow(Spill *spill, Err *err) {
    int64_t max = spill->max ? spill->max * 2 : SPILL_FIRST;
    uint64_t *words = sqlite3_realloc64(spill->words, (sqlite3_uint64)max * sizeof(*words));
    if (!words) {
        err_nomem(err);
        return;
    }
    spill->words = words;
    spill->max = max;
}

uint32_t spill_add(Spill *spill, Err *err, uint64_t word, const char *what) {
    if (spill->n == SPILL_MAX) err_set(err, SQLITE_TOOBIG, "more than %d %s", SPILL_MAX, what);
    if (spill->n == spill->max && !err->rc) spill_grow(spill, err);
    if (err->rc) return 0;
    spill->words[spill->n] = word;
    return (uint32_t)spill->n++;
}

void spill_free(Spill *spill) {
    sqlite3_free(spill->words);
    *spill = (Spill){0};
}
