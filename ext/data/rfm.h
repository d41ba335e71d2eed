/* rfm.h - recency, frequency and money as scores, and the segments with names.
 *
 * A score is a tile: customers stand from the worst to the best and are cut into bins of equal size, as
 * NTILE(bins) of SQL does it; those with equal values all get the lowest of their tiles.  So a score of s
 * says that at least s - 1 whole tiles of customers are worse, and where values tie some scores go to nobody.
 */
#ifndef RFM_H
#define RFM_H

#include "data/book.h"
#include "data/standing.h"

enum { RFM_BINS = 5, RFM_BINS_MIN = 2, RFM_BINS_MAX = 100 };

typedef enum RfmMeasure { RFM_R, RFM_F, RFM_M, RFM_MEASURES } RfmMeasure;

/* In the order of their names. */
typedef enum RfmSegment {
    RFM_ABOUT_TO_SLEEP,
    RFM_AT_RISK,
    RFM_CANNOT_LOSE,
    RFM_CHAMPIONS,
    RFM_HIBERNATING,
    RFM_LOYAL,
    RFM_NEED_ATTENTION,
    RFM_POTENTIAL_LOYALISTS,
    RFM_PROMISING,
    RFM_RECENT,
    RFM_SEGMENTS
} RfmSegment;

/* The definition for help: which scores have which name. */
#define RFM_SEGMENT_TEXT                                                                              \
    "With scores of 5 bins: r 5: f 4-5 champions, 2-3 potential_loyalists, 1 recent; r 4: f 4-5"      \
    " loyal, 2-3 potential_loyalists, 1 promising; r 3: f 4-5 loyal, 3 need_attention, 1-2"           \
    " about_to_sleep; r 1-2: f 5 cannot_lose, 3-4 at_risk, 1-2 hibernating."

typedef struct RfmScores {
    uint8_t *score;     /* by member, 1 .. bins; 0 for one who is left out */
    double *cut;        /* the least good value with a score; see rfm_cut */
    int64_t *first_cut; /* by segment */
    int32_t *n_bins;    /* by segment: scores that somebody has */
} RfmScores;

/* What a measure says of a buyer, the more the better: days since the last purchase, negative; purchase
 * days; net amount, NaN without amounts. */
double rfm_value(RfmMeasure measure, const BookCustomer *buyer, Day as_of, bool has_amounts);

/* Scores the members of a sorted standing; those left out of it get 0. */
void rfm_score(RfmScores *scores, const Standing *standing, int32_t bins, Arena *arena, Err *err);

/* The least good value in the segment that has this score. */
static inline double rfm_cut(const RfmScores *scores, int64_t segment, uint8_t score) {
    return scores->cut[scores->first_cut[segment] + score - 1];
}

RfmSegment rfm_segment(uint8_t r, uint8_t f, int32_t bins);

const char *rfm_segment_name(RfmSegment segment);

#endif
