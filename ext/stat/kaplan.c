/* kaplan.c - see kaplan.h. */
#include "stat/kaplan.h"

#include <stdbool.h>

#include "base/libm.h"

/* Between two censorings the fractions (n - d) / n cancel down to one, so that S is exact where nobody is
 * censored and rounded once for each day on which somebody is. */
void kaplan_fit(Kaplan *curve) {
    int64_t at_risk = 0, base_risk;
    double base = 1, log_variance = 0;
    for (int64_t i = 0; i < curve->n; i++) at_risk += curve->events[i] + curve->censored[i];
    base_risk = at_risk;
    for (int64_t i = 0; i < curve->n; i++) {
        int64_t events = curve->events[i], left = at_risk - events;
        double survival = base * ((double)left / (double)base_risk);
        log_variance += (double)events / ((double)at_risk * (double)left);
        curve->steps[i] = (KaplanStep){at_risk, survival, log_variance};
        at_risk = left - curve->censored[i];
        if (curve->censored[i] == 0) continue;
        base = survival;
        base_risk = at_risk;
    }
}

KaplanRange kaplan_step(const Kaplan *curve, int64_t i, double z) {
    const KaplanStep *step = &curve->steps[i];
    double s = step->survival;
    if (!(s > 0 && s < 1)) return (KaplanRange){s, (double)NAN, (double)NAN};
    double log_s = log(s), width = z * sqrt(step->log_variance) / -log_s;
    return (KaplanRange){s, exp(log_s * exp(width)), exp(log_s * exp(-width))};
}

/* The number of days that are at most `day`. */
static int64_t kaplan_days_until(const Kaplan *curve, int64_t day) {
    int64_t low = 0, high = curve->n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (curve->days[middle] <= day) low = middle + 1;
        else high = middle;
    }
    return low;
}

KaplanRange kaplan_survival(const Kaplan *curve, int64_t day, double z) {
    int64_t n = kaplan_days_until(curve, day);
    return n > 0 ? kaplan_step(curve, n - 1, z) : (KaplanRange){1, (double)NAN, (double)NAN};
}

/* Without censoring at_risk is n S, S as it was before the day; the rest was not watched so long. */
int32_t kaplan_last_day(const Kaplan *curve) {
    int64_t last = 0;
    for (int64_t i = 1; i < curve->n; i++) {
        double due = curve->steps[i - 1].survival * (double)curve->steps[0].at_risk;
        if ((double)curve->steps[i].at_risk < due * (KAPLAN_WATCHED - KAPLAN_TIE)) break;
        last = i;
    }
    return curve->days[last];
}

static bool kaplan_reached(double survival, double share) {
    return survival <= 1 - share + KAPLAN_TIE;
}

KaplanRange kaplan_quantile(const Kaplan *curve, double share, double z) {
    KaplanRange at = {(double)NAN, (double)NAN, (double)NAN};
    for (int64_t i = 0; i < curve->n && isnan(at.high); i++) {
        if (curve->events[i] == 0) continue;
        KaplanRange s = kaplan_step(curve, i, z);
        if (isnan(at.value) && kaplan_reached(s.value, share)) at.value = curve->days[i];
        if (isnan(at.low) && kaplan_reached(s.low, share)) at.low = curve->days[i];
        if (isnan(at.high) && kaplan_reached(s.high, share)) at.high = curve->days[i];
    }
    return at;
}

/* Backwards, so that the area from each day to the horizon, which weighs that day's events in the variance,
 * is at hand.  The day on which S becomes 0 has no area behind it. */
double kaplan_restricted_mean(const Kaplan *curve, int32_t horizon, double *error) {
    int64_t n = kaplan_days_until(curve, horizon);
    double area = 0, variance = 0;
    int32_t end = horizon;
    *error = (double)NAN;
    if (curve->n == 0) return (double)NAN;
    if (curve->days[curve->n - 1] < horizon && curve->steps[curve->n - 1].survival > 0) return (double)NAN;
    for (int64_t i = n - 1; i >= 0; i--) {
        const KaplanStep *step = &curve->steps[i];
        double at_risk = (double)step->at_risk, events = (double)curve->events[i];
        area += step->survival * (end - curve->days[i]);
        end = curve->days[i];
        if (area > 0) variance += area * area * events / (at_risk * (at_risk - events));
    }
    *error = sqrt(variance);
    return area + end;
}
