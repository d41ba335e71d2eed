/* standing.c - see standing.h. */
#include "data/standing.h"

#include "data/ranking.h"

/* Members by value, of all segments; returns their number and leaves that of each segment in first. */
static int64_t standing_rank(Standing *standing, const double *value, const uint32_t *segment, int64_t n,
                             uint32_t *ranked, Err *err) {
    Ranking ranking;
    ranking_open(&ranking, n, err);
    if (err->rc) return 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t s = segment ? segment[i] : 0;
        if (s == STANDING_OUT) continue;
        ranking_add(&ranking, (uint32_t)i, standing_round(value[i]));
        standing->first[s + 1]++;
    }
    return ranking_close(&ranking, ranked, NULL, NULL);
}

void standing_open(Standing *standing, const double *value, const uint32_t *segment, int64_t n,
                   int64_t n_segments, Arena *arena, Err *err) {
    Arena scratch = {0};
    *standing = (Standing){.member = arena_alloc_raw(arena, err, n, sizeof(*standing->member)),
                           .value = arena_alloc_raw(arena, err, n, sizeof(*standing->value)),
                           .first = arena_alloc(arena, err, n_segments + 1, sizeof(*standing->first))};
    uint32_t *ranked = arena_alloc_raw(&scratch, err, n, sizeof(*ranked));
    int64_t *next = arena_alloc_raw(&scratch, err, n_segments, sizeof(*next));
    int64_t n_ranked = err->rc ? 0 : standing_rank(standing, value, segment, n, ranked, err);
    if (!err->rc) {
        for (int64_t s = 0; s < n_segments; s++) {
            next[s] = standing->first[s];
            standing->first[s + 1] += standing->first[s];
        }
        for (int64_t i = 0; i < n_ranked; i++) {
            uint32_t member = ranked[i];
            int64_t place = next[segment ? segment[member] : 0]++;
            standing->member[place] = member;
            standing->value[place] = value[member];
        }
    }
    arena_free(&scratch);
}
