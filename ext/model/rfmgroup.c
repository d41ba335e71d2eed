/* rfmgroup.c - see rfmgroup.h.
 *
 * A triple is packed into one 64-bit key, with just the bits that its largest values need, and
 * the keys are sorted digit by digit from the lowest.  Those of most shops fit into 32 bits, which halves what
 * there is to move.  Only when all three fields need 22 bits does a triple not fit: then the frequency stays beside
 * the key and is sorted on last.
 */
#include "model/rfmgroup.h"

#include <stdbool.h>
#include <stddef.h>

#include "math/radix.h"

enum { RFMGROUP_KEY_BITS = 64 };

typedef struct RfmgroupSort {
    Radix radix;                                /* paired when a triple needs more than 64 bits */
    uint32_t *word;                             /* the keys where they are narrow; else NULL */
    int frequency_bits, recency_bits, age_bits; /* of the largest value */
} RfmgroupSort;

int64_t rfmgroup_workspace_size(int64_t n) {
    return radix_workspace_size(n);
}

/* The bits each field needs; false when a triple is out of range.  An or of all values has as
 * many bits as their maximum. */
static bool rfmgroup_widths(RfmgroupSort *sort, int64_t n, const int32_t *frequency,
                            const int32_t *recency, const int32_t *age) {
    int32_t any_frequency = 0, any_recency = 0, any_age = 0;
    bool bad = false;
    for (int64_t i = 0; i < n; i++) {
        int32_t x = frequency[i], tx = recency[i], t = age[i];
        bad |= (x < 0) | (x > tx) | (tx > t) | (t >= RFMGROUP_DAYS_MAX);
        any_frequency |= x;
        any_recency |= tx;
        any_age |= t;
    }
    sort->frequency_bits = radix_bits((uint64_t)any_frequency);
    sort->recency_bits = radix_bits((uint64_t)any_recency);
    sort->age_bits = radix_bits((uint64_t)any_age);
    return !bad;
}

static uint64_t rfmgroup_join(const RfmgroupSort *sort, int32_t frequency, int32_t recency, int32_t age) {
    return ((uint64_t)frequency << sort->recency_bits | (uint64_t)recency) << sort->age_bits | (uint64_t)age;
}

static void rfmgroup_sort_words(RfmgroupSort *sort, const int32_t *frequency, const int32_t *recency,
                                const int32_t *age) {
    int64_t n = sort->radix.n;
    uint32_t *word = (uint32_t *)sort->radix.key;
    int bits = sort->frequency_bits + sort->recency_bits + sort->age_bits;
    for (int64_t i = 0; i < n; i++) word[i] = (uint32_t)rfmgroup_join(sort, frequency[i], recency[i], age[i]);
    sort->word = radix_sort_words(n, word, word + n, sort->radix.place, bits);
}

static void rfmgroup_pack(RfmgroupSort *sort, const int32_t *frequency, const int32_t *recency,
                          const int32_t *age) {
    Radix *radix = &sort->radix;
    for (int64_t i = 0; i < radix->n; i++) {
        if (radix->paired) radix->high[i] = (uint32_t)frequency[i];
        radix->key[i] = rfmgroup_join(sort, radix->paired ? 0 : frequency[i], recency[i], age[i]);
    }
}

static uint64_t rfmgroup_key(const RfmgroupSort *sort, int64_t i) {
    return sort->word ? sort->word[i] : sort->radix.key[i];
}

static int64_t rfmgroup_count(const RfmgroupSort *sort, int32_t *out_frequency,
                              int32_t *out_recency, int32_t *out_age, int64_t *out_count) {
    const Radix *radix = &sort->radix;
    int high_shift = sort->recency_bits + sort->age_bits;
    uint64_t age_mask = ((uint64_t)1 << sort->age_bits) - 1;
    uint64_t recency_mask = ((uint64_t)1 << sort->recency_bits) - 1;
    int64_t group = 0, first = 0;
    /* Each customer writes the group once more, so that no branch hangs on whether it begins one. */
    for (int64_t i = 0; i < radix->n; i++) {
        uint64_t key = rfmgroup_key(sort, i);
        bool begins = key != rfmgroup_key(sort, first) || (radix->paired && radix->high[i] != radix->high[first]);
        group += begins;
        first = begins ? i : first;
        out_frequency[group] = (int32_t)(radix->paired ? radix->high[i] : key >> high_shift);
        out_recency[group] = (int32_t)(key >> sort->age_bits & recency_mask);
        out_age[group] = (int32_t)(key & age_mask);
        out_count[group] = i + 1 - first;
    }
    return group + 1;
}

int64_t rfmgroup_collapse(int64_t n, const int32_t *frequency, const int32_t *recency,
                          const int32_t *age, void *workspace, int32_t *out_frequency,
                          int32_t *out_recency, int32_t *out_age, int64_t *out_count) {
    RfmgroupSort sort = {0};
    if (n <= 0) return n == 0 ? 0 : -1;
    if (!rfmgroup_widths(&sort, n, frequency, recency, age)) return -1;
    int low_bits = sort.recency_bits + sort.age_bits;
    bool paired = low_bits + sort.frequency_bits > RFMGROUP_KEY_BITS;
    radix_init(&sort.radix, n, paired, workspace);
    if (low_bits + sort.frequency_bits <= RADIX_NARROW_BITS) {
        rfmgroup_sort_words(&sort, frequency, recency, age);
    } else {
        rfmgroup_pack(&sort, frequency, recency, age);
        radix_sort(&sort.radix, paired ? low_bits : low_bits + sort.frequency_bits, paired ? sort.frequency_bits : 0);
    }
    return rfmgroup_count(&sort, out_frequency, out_recency, out_age, out_count);
}
