/* valuerange.c - see valuerange.h. */
#include "data/valuerange.h"

#include "base/libm.h"

enum { VALUERANGE_CURVE_CUSTOMERS = 24 }; /* of one frequency, that make a curve worth its points */

static void valuerange_count(Valuerange *range) {
    const Buyers *buyers = range->buyers;
    for (int64_t i = 0; i < buyers->n; i++) {
        ValuerangePeers *peers = &range->peers[buyers->frequency[i]];
        int32_t age = buyers->age[i];
        if (peers->customers == 0 || age < peers->age_min) peers->age_min = age;
        if (age > peers->age_max) peers->age_max = age;
        peers->customers++;
    }
}

void valuerange_open(Valuerange *range, const Predictor *predictor, const Buyers *buyers, double horizon_days,
                     double confidence, Arena *arena, Err *err) {
    int32_t max_frequency = 0;
    *range = (Valuerange){.predictor = predictor, .buyers = buyers};
    if (err->rc || !predictor->has_purchases || !predictor->has_spend) return;
    range->terms = (FuturevalueTerms){predictor->purchases.law, predictor->spend.params, horizon_days};
    for (int64_t i = 0; i < buyers->n; i++)
        if (buyers->frequency[i] > max_frequency) max_frequency = buyers->frequency[i];
    range->peers = arena_alloc(arena, err, (int64_t)max_frequency + 1, sizeof(*range->peers));
    if (err->rc) return;
    valuerange_count(range);
    for (int32_t x = 0; x <= max_frequency && !err->rc; x++)
        if (range->peers[x].customers >= VALUERANGE_CURVE_CUSTOMERS)
            range->peers[x].curve = arena_alloc_raw(arena, err, 1, sizeof(FuturevalueCurve));
    range->confidence = confidence;
}

static double valuerange_log_quantile(const Valuerange *range, int32_t frequency, int32_t age, double z) {
    ValuerangePeers *peers = &range->peers[frequency];
    if (!peers->curve) return futurevalue_log_quantile(&range->terms, frequency, age, z);
    if (!peers->drawn)
        futurevalue_curve_fit(peers->curve, &range->terms, frequency, peers->age_min, peers->age_max,
                             futurevalue_z_max(range->confidence));
    peers->drawn = true;
    return futurevalue_curve_read(peers->curve, age, z);
}

ValuerangeEnds valuerange_read(const Valuerange *range, int64_t i) {
    ValuerangeEnds none = {(double)NAN, (double)NAN};
    if (!(range->confidence > 0)) return none;
    const Buyers *buyers = range->buyers;
    int32_t frequency = buyers->frequency[i], age = buyers->age[i];
    double spent = frequency > 0 ? frequency * buyers->monetary_value[i] : 0, ends[2];
    FuturevalueLevels levels = futurevalue_levels(
        predictor_p_no_purchase(range->predictor, buyers, i, range->terms.horizon), range->confidence);
    if (isnan(levels.z[1]) || !(spent >= 0)) return none;
    for (int end = 0; end < 2; end++)
        ends[end] = isinf(levels.z[end]) ? 0
                    : (range->terms.spend.gamma + spent) *
                          exp(valuerange_log_quantile(range, frequency, age, levels.z[end]));
    return (ValuerangeEnds){ends[0], ends[1]};
}
