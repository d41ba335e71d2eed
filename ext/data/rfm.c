/* rfm.c - see rfm.h. */
#include "data/rfm.h"

#include "stat/tile.h"

static const char *const rfm_names[RFM_SEGMENTS] = {
    [RFM_ABOUT_TO_SLEEP] = "about_to_sleep",
    [RFM_AT_RISK] = "at_risk",
    [RFM_CANNOT_LOSE] = "cannot_lose",
    [RFM_CHAMPIONS] = "champions",
    [RFM_HIBERNATING] = "hibernating",
    [RFM_LOYAL] = "loyal",
    [RFM_NEED_ATTENTION] = "need_attention",
    [RFM_POTENTIAL_LOYALISTS] = "potential_loyalists",
    [RFM_PROMISING] = "promising",
    [RFM_RECENT] = "recent",
};

/* By r - 1 and f - 1 of five bins: each pair has one name. */
static const RfmSegment rfm_grid[RFM_BINS][RFM_BINS] = {
    {RFM_HIBERNATING, RFM_HIBERNATING, RFM_AT_RISK, RFM_AT_RISK, RFM_CANNOT_LOSE},
    {RFM_HIBERNATING, RFM_HIBERNATING, RFM_AT_RISK, RFM_AT_RISK, RFM_CANNOT_LOSE},
    {RFM_ABOUT_TO_SLEEP, RFM_ABOUT_TO_SLEEP, RFM_NEED_ATTENTION, RFM_LOYAL, RFM_LOYAL},
    {RFM_PROMISING, RFM_POTENTIAL_LOYALISTS, RFM_POTENTIAL_LOYALISTS, RFM_LOYAL, RFM_LOYAL},
    {RFM_RECENT, RFM_POTENTIAL_LOYALISTS, RFM_POTENTIAL_LOYALISTS, RFM_CHAMPIONS, RFM_CHAMPIONS},
};

double rfm_value(RfmMeasure measure, const BookCustomer *buyer, Day as_of, bool has_amounts) {
    switch (measure) {
        case RFM_R: return (double)buyer->days[buyer->n_days - 1] - (double)as_of;
        case RFM_F: return (double)buyer->n_days;
        default: return has_amounts ? buyer->total : (double)NAN;
    }
}

/* From the worst to the best; cut has room for as many scores as the segment can have. */
static int32_t rfm_score_segment(RfmScores *scores, const uint32_t *member, const double *value, int64_t n,
                                 int32_t bins, double *cut) {
    int32_t n_bins = 0, last = 0;
    for (int64_t end = n, begin; end > 0; end = begin) {
        double worst = standing_round(value[end - 1]);
        int32_t score = tile_of(n - end, n, bins);
        for (begin = end - 1; begin > 0 && standing_round(value[begin - 1]) == worst;) begin--;
        for (int64_t i = begin; i < end; i++) scores->score[member[i]] = (uint8_t)score;
        if (score == last) continue;
        cut[score - 1] = value[end - 1];
        last = score;
        n_bins++;
    }
    return n_bins;
}

void rfm_score(RfmScores *scores, const Standing *standing, int32_t bins, Arena *arena, Err *err) {
    int64_t n_segments = standing->n_segments;
    *scores = (RfmScores){.score = arena_alloc(arena, err, standing->n, sizeof(*scores->score)),
                          .first_cut = arena_alloc(arena, err, n_segments + 1, sizeof(*scores->first_cut)),
                          .n_bins = arena_alloc(arena, err, n_segments, sizeof(*scores->n_bins))};
    if (err->rc) return;
    for (int64_t s = 0; s < n_segments; s++) {
        int64_t members = standing->first[s + 1] - standing->first[s];
        scores->first_cut[s + 1] = scores->first_cut[s] + (members < bins ? members : bins);
    }
    scores->cut = arena_alloc(arena, err, scores->first_cut[n_segments], sizeof(*scores->cut));
    for (int64_t s = 0; s < n_segments && !err->rc; s++) {
        int64_t first = standing->first[s];
        scores->n_bins[s] = rfm_score_segment(scores, standing->member + first, standing->value + first,
                                              standing->first[s + 1] - first, bins,
                                              scores->cut + scores->first_cut[s]);
    }
}

RfmSegment rfm_segment(uint8_t r, uint8_t f, int32_t bins) {
    return rfm_grid[tile_stretch(r, bins, RFM_BINS) - 1][tile_stretch(f, bins, RFM_BINS) - 1];
}

const char *rfm_segment_name(RfmSegment segment) {
    return rfm_names[segment];
}
