/* check_gaps.c - repeat_purchase, time_to_purchase, purchase_gaps and purchase_funnel, and what they stand on:
 * stat/kaplan against published curves and other ways to the same numbers, stat/spread, data/spells; laws
 * over random shops; the oracle's figures of real ones. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/spells.h"
#include "db.h"
#include "oracle.h"
#include "stat/kaplan.h"
#include "stat/spread.h"
#include "stat/wilson.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- Kaplan-Meier: published curves ---- */

enum { GAPS_DAYS_MAX = 512 };

typedef struct Sample { /* durations; negative: censored at minus that, 0 is censored at 0 */
    int n;
    int durations[64];
} Sample;

typedef struct Fitted {
    Kaplan curve;
    int32_t days[GAPS_DAYS_MAX];
    int64_t events[GAPS_DAYS_MAX], censored[GAPS_DAYS_MAX];
    KaplanStep steps[GAPS_DAYS_MAX];
} Fitted;

static void gaps_fit(Fitted *fitted, const Sample *sample) {
    int64_t n = 0;
    for (int day = 0; day < GAPS_DAYS_MAX; day++) {
        int64_t events = 0, censored = 0;
        for (int i = 0; i < sample->n; i++) {
            events += sample->durations[i] == day && day > 0;
            censored += sample->durations[i] == -day;
        }
        if (events + censored == 0) continue;
        fitted->days[n] = day;
        fitted->events[n] = events;
        fitted->censored[n++] = censored;
    }
    fitted->curve = (Kaplan){n, fitted->days, fitted->events, fitted->censored, fitted->steps};
    kaplan_fit(&fitted->curve);
}

/* Weeks in remission under 6-MP: Freireich et al. (1963), Blood 21, 699-716. */
static const Sample gaps_freireich = {21, {6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25,
                                           -32, -32, -34, -35}};
/* Weeks in remission of acute myelogenous leukaemia: Miller (1981), Survival Analysis, p. 49. */
static const Sample gaps_maintained = {11, {9, 13, -13, 18, 23, -28, 31, 34, -45, 48, -161}};
static const Sample gaps_not_maintained = {12, {5, 5, 8, 8, 12, -16, 23, 27, 30, 33, 43, 45}};

static const struct {
    const Sample *sample;
    int day, at_risk;
    double survival, se, low, high; /* four digits, as in textbooks and in what R, SAS and Stata print */
} gaps_published[] = {
    {&gaps_freireich, 6, 21, .8571, .0764, .6197, .9516},  {&gaps_freireich, 7, 17, .8067, .0869, .5631, .9228},
    {&gaps_freireich, 10, 15, .7529, .0963, .5032, .8894}, {&gaps_freireich, 13, 12, .6902, .1068, .4316, .8491},
    {&gaps_freireich, 16, 11, .6275, .1141, .3675, .8049}, {&gaps_freireich, 22, 7, .5378, .1282, .2678, .7468},
    {&gaps_freireich, 23, 6, .4482, .1346, .1881, .6801},  {&gaps_maintained, 9, 11, .9091, .0867, .5081, .9867},
    {&gaps_maintained, 13, 10, .8182, .1163, .4474, .9512}, {&gaps_maintained, 18, 8, .7159, .1397, .3502, .8990},
    {&gaps_maintained, 23, 7, .6136, .1526, .2658, .8353}, {&gaps_maintained, 31, 5, .4909, .1642, .1673, .7534},
    {&gaps_maintained, 34, 4, .3682, .1627, .0928, .6570}, {&gaps_maintained, 48, 2, .1841, .1535, .0117, .5250},
    {&gaps_not_maintained, 5, 12, .8333, .1076, .4817, .9555},
    {&gaps_not_maintained, 8, 10, .6667, .1361, .3370, .8597},
    {&gaps_not_maintained, 12, 8, .5833, .1423, .2701, .8009},
    {&gaps_not_maintained, 23, 6, .4861, .1481, .1919, .7297},
    {&gaps_not_maintained, 27, 5, .3889, .1470, .1263, .6498},
    {&gaps_not_maintained, 43, 2, .0972, .0919, .0057, .3489},
};

START_TEST(published_curves) {
    Fitted fitted;
    double z = wilson_z(0.95), half = 5.01e-5;
    gaps_fit(&fitted, gaps_published[_i].sample);
    int64_t i = 0;
    while (fitted.days[i] != gaps_published[_i].day) i++;
    KaplanRange s = kaplan_step(&fitted.curve, i, z), at = kaplan_survival(&fitted.curve, fitted.days[i], z);
    ck_assert_int_eq(fitted.steps[i].at_risk, gaps_published[_i].at_risk);
    ck_assert_double_eq_tol(s.value, gaps_published[_i].survival, half);
    ck_assert_double_eq_tol(s.value * sqrt(fitted.steps[i].log_variance), gaps_published[_i].se, half);
    ck_assert_double_eq_tol(s.low, gaps_published[_i].low, half);
    ck_assert_double_eq_tol(s.high, gaps_published[_i].high, half);
    ck_assert(at.value == s.value && at.low == s.low && at.high == s.high);
}
END_TEST

static void gaps_expect_range(KaplanRange got, double value, double low, double high) {
    bool right = (got.value == value || (isnan(got.value) && isnan(value))) &&
                 (got.low == low || (isnan(got.low) && isnan(low))) &&
                 (got.high == high || (isnan(got.high) && isnan(high)));
    ck_assert_msg(right, "%g, %g to %g, not %g, %g to %g", got.value, got.low, got.high, value, low, high);
}

/* Read off the published curves and their limits. */
START_TEST(published_quantiles) {
    Fitted fitted;
    double z = wilson_z(0.95);
    gaps_fit(&fitted, &gaps_freireich);
    gaps_expect_range(kaplan_quantile(&fitted.curve, 0.50, z), 23, 13, NAN);
    gaps_expect_range(kaplan_quantile(&fitted.curve, 0.25, z), 13, 6, 22);
    gaps_expect_range(kaplan_quantile(&fitted.curve, 0.75, z), NAN, 23, NAN);
    gaps_fit(&fitted, &gaps_maintained);
    gaps_expect_range(kaplan_quantile(&fitted.curve, 0.50, z), 31, 13, NAN);
    gaps_fit(&fitted, &gaps_not_maintained);
    gaps_expect_range(kaplan_quantile(&fitted.curve, 0.50, z), 23, 5, 33);
    gaps_expect_range(kaplan_quantile(&fitted.curve, 1.00, z), 45, NAN, NAN);
}
END_TEST

/* R prints the mean of 6-MP up to week 35 as 23.29 with a standard error of 2.83; the further digits are those
 * of exact fractions. */
START_TEST(published_restricted_means) {
    Fitted fitted;
    double error;
    gaps_fit(&fitted, &gaps_freireich);
    ck_assert_double_eq_tol(kaplan_restricted_mean(&fitted.curve, 35, &error), 23.287394957983192, 1e-13);
    ck_assert_double_eq_tol(error, 2.8274676233714393, 1e-14);
    ck_assert(isnan(kaplan_restricted_mean(&fitted.curve, 36, &error)) && isnan(error));
    ck_assert(kaplan_restricted_mean(&fitted.curve, 6, &error) == 6 && error == 0);
    ck_assert_double_eq_tol(kaplan_restricted_mean(&fitted.curve, 7, &error), 6 + 18. / 21, 1e-15);
    gaps_fit(&fitted, &gaps_maintained);
    ck_assert_double_eq_tol(kaplan_restricted_mean(&fitted.curve, 161, &error), 52.64545454545455, 1e-13);
    ck_assert_double_eq_tol(error, 19.828602795562585, 1e-13);
    gaps_fit(&fitted, &gaps_not_maintained);
    for (int horizon = 45; horizon < 1000; horizon += 100) {
        ck_assert_double_eq_tol(kaplan_restricted_mean(&fitted.curve, horizon, &error), 22.708333333333332, 1e-13);
        ck_assert_double_eq_tol(error, 4.180941981033154, 1e-14);
    }
}
END_TEST

START_TEST(curves_without_an_answer) {
    static const Sample none = {2, {0, -7}}, one = {1, {4}}, zero = {1, {0}};
    Fitted fitted;
    double error;
    Kaplan nobody = {0};
    gaps_fit(&fitted, &none);
    ck_assert_int_eq(fitted.curve.n, 2);
    ck_assert_int_eq(fitted.steps[1].at_risk, 1);
    gaps_expect_range(kaplan_step(&fitted.curve, 1, 2), 1, NAN, NAN);
    gaps_expect_range(kaplan_quantile(&fitted.curve, 0.5, 2), NAN, NAN, NAN);
    ck_assert(kaplan_restricted_mean(&fitted.curve, 7, &error) == 7 && error == 0);
    gaps_fit(&fitted, &one);
    gaps_expect_range(kaplan_survival(&fitted.curve, 3, 2), 1, NAN, NAN);
    gaps_expect_range(kaplan_survival(&fitted.curve, 4, 2), 0, NAN, NAN);
    gaps_expect_range(kaplan_survival(&fitted.curve, 5000000000, 2), 0, NAN, NAN);
    gaps_expect_range(kaplan_quantile(&fitted.curve, 0.5, 2), 4, NAN, NAN);
    ck_assert(kaplan_restricted_mean(&fitted.curve, 9, &error) == 4 && error == 0);
    gaps_fit(&fitted, &zero);
    ck_assert_int_eq(kaplan_last_day(&fitted.curve), 0);
    kaplan_fit(&nobody);
    ck_assert(isnan(kaplan_restricted_mean(&nobody, 9, &error)) && isnan(error));
    gaps_expect_range(kaplan_quantile(&nobody, 0.5, 2), NAN, NAN, NAN);
}
END_TEST

/* ---- Kaplan-Meier: other ways to the same ---- */

static void gaps_random_sample(Sample *sample, uint64_t *random, int censored_percent) {
    sample->n = 1 + (int)(db_random(random) % COUNT(sample->durations));
    int days_max = 1 + (int)(db_random(random) % 40);
    for (int i = 0; i < sample->n; i++) {
        int day = 1 + (int)(db_random(random) % (uint64_t)days_max);
        bool censored = (int)(db_random(random) % 100) < censored_percent;
        sample->durations[i] = censored ? -(day - 1) : day;
    }
}

static int gaps_compare_durations(const void *a, const void *b) {
    int p = *(const int *)a, q = *(const int *)b;
    int by_day = abs(p) - abs(q);
    return by_day ? by_day : (q > 0) - (p > 0); /* events before censorings */
}

/* Efron (1967): each starts with 1 / n; the censored hand their share on to those behind them, in equal parts.
 * What is left behind a day is S. */
static double gaps_redistribute(const Sample *sample, int day) {
    double mass[COUNT(sample->durations)], behind = 0;
    int sorted[COUNT(sample->durations)];
    memcpy(sorted, sample->durations, sizeof(sorted));
    qsort(sorted, (size_t)sample->n, sizeof(*sorted), gaps_compare_durations);
    for (int i = 0; i < sample->n; i++) mass[i] = 1.0 / sample->n;
    for (int i = 0; i < sample->n; i++) {
        if (sorted[i] > 0 || i == sample->n - 1) continue;
        for (int k = i + 1; k < sample->n; k++) mass[k] += mass[i] / (sample->n - 1 - i);
        mass[i] = 0;
    }
    for (int i = 0; i < sample->n; i++)
        if (abs(sorted[i]) > day || (sorted[i] <= 0 && i == sample->n - 1)) behind += mass[i];
    return behind;
}

START_TEST(survival_is_what_redistribution_leaves) {
    uint64_t random = 11;
    for (int round = 0; round < 600; round++) {
        Sample sample;
        Fitted fitted;
        gaps_random_sample(&sample, &random, round % 10 * 10);
        gaps_fit(&fitted, &sample);
        for (int64_t i = 0; i < fitted.curve.n; i++) {
            double want = gaps_redistribute(&sample, fitted.days[i]), got = fitted.steps[i].survival;
            if (fabs(got - want) > 1e-13)
                ck_abort_msg("round %d, day %d: %.17g, not %.17g", round, fitted.days[i], got, want);
        }
    }
}
END_TEST

/* Without censoring S is the share of those above, exactly; quantiles are order statistics; the restricted mean
 * is a mean and its error that of a mean, divided by n. */
START_TEST(without_censoring_all_is_as_usual) {
    uint64_t random = 12;
    for (int round = 0; round < 400; round++) {
        Sample sample;
        Fitted fitted;
        gaps_random_sample(&sample, &random, 0);
        gaps_fit(&fitted, &sample);
        qsort(sample.durations, (size_t)sample.n, sizeof(int), gaps_compare_durations);
        int n = sample.n, above = n, horizon = 1 + (int)(db_random(&random) % 45);
        for (int64_t i = 0; i < fitted.curve.n; i++) {
            above -= (int)fitted.events[i];
            ck_assert(fitted.steps[i].survival == (double)above / n);
        }
        for (int k = 1; k <= n; k++)
            ck_assert(kaplan_quantile(&fitted.curve, (double)k / n, 2).value == sample.durations[k - 1]);
        double sum = 0, squares = 0, error;
        for (int i = 0; i < n; i++) sum += sample.durations[i] < horizon ? sample.durations[i] : horizon;
        for (int i = 0; i < n; i++) {
            double d = (sample.durations[i] < horizon ? sample.durations[i] : horizon) - sum / n;
            squares += d * d;
        }
        ck_assert_double_eq_tol(kaplan_restricted_mean(&fitted.curve, horizon, &error), sum / n, 1e-12);
        ck_assert_double_eq_tol(error, sqrt(squares) / n, 1e-12);
        ck_assert_int_eq(kaplan_last_day(&fitted.curve), sample.durations[n - 1]);
    }
}
END_TEST

/* The limits lie where ln(-ln S) is z standard errors off, inside [0, 1] and around S; quantiles are where the
 * curve and its limits pass. */
START_TEST(limits_solve_their_equation) {
    uint64_t random = 13;
    for (int round = 0; round < 400; round++) {
        Sample sample;
        Fitted fitted;
        double z = 0.3 + 0.01 * (round % 250);
        gaps_random_sample(&sample, &random, round % 10 * 10);
        gaps_fit(&fitted, &sample);
        for (int64_t i = 0; i < fitted.curve.n; i++) {
            KaplanRange s = kaplan_step(&fitted.curve, i, z);
            if (s.value == 0 || s.value == 1) continue;
            double width = z * sqrt(fitted.steps[i].log_variance) / -log(s.value);
            double low = log(-log(s.low)) - log(-log(s.value)), high = log(-log(s.value)) - log(-log(s.high));
            bool inside = s.low >= 0 && s.low <= s.value && s.value <= s.high && s.high <= 1;
            bool right = (fabs(low - width) < 1e-9 * (1 + width) || s.low < 1e-200) &&
                         (fabs(high - width) < 1e-5 * (1 + width) || s.high > 1 - 1e-12);
            if (!inside || !right) ck_abort_msg("round %d: %g in %g to %g", round, s.value, s.low, s.high);
        }
    }
}
END_TEST

/* At the last day a fifth were watched: at_risk of n S; on the next, fewer. */
START_TEST(the_last_day_is_watched_by_a_fifth) {
    uint64_t random = 14;
    int n_short = 0;
    for (int round = 0; round < 400; round++) {
        Sample sample;
        Fitted fitted;
        gaps_random_sample(&sample, &random, 50 + round % 5 * 10);
        gaps_fit(&fitted, &sample);
        int64_t last = 0;
        while (fitted.days[last] != kaplan_last_day(&fitted.curve)) last++;
        for (int64_t i = 1; i < fitted.curve.n; i++) {
            double due = fitted.steps[i - 1].survival * sample.n, at_risk = (double)fitted.steps[i].at_risk;
            if (fabs(at_risk - due * KAPLAN_WATCHED) < 1e-6) continue;
            if ((i <= last) != (at_risk > due * KAPLAN_WATCHED))
                ck_abort_msg("round %d: %g at risk of %g on day %d", round, at_risk, due, fitted.days[i]);
        }
        n_short += last + 1 < fitted.curve.n;
    }
    ck_assert_int_gt(n_short, 100);
    /* exactly a fifth is enough */
    static const Sample fifth = {5, {-1, -1, -1, -1, 9}}, sixth = {6, {-1, -1, -1, -1, -1, 9}};
    Fitted fitted;
    gaps_fit(&fitted, &fifth);
    ck_assert_int_eq(kaplan_last_day(&fitted.curve), 9);
    gaps_fit(&fitted, &sixth);
    ck_assert_int_eq(kaplan_last_day(&fitted.curve), 1);
}
END_TEST

/* ---- Spread ---- */

static int gaps_compare_ints(const void *a, const void *b) {
    int32_t p = *(const int32_t *)a, q = *(const int32_t *)b;
    return (p > q) - (p < q);
}

START_TEST(spread_is_that_of_the_sorted_values) {
    uint64_t random = 15;
    for (int round = 0; round < 500; round++) {
        int32_t values[300], distinct[300];
        int64_t counts[300], n_distinct = 0;
        int n = 1 + (int)(db_random(&random) % 300), range = 1 + (int)(db_random(&random) % 500);
        for (int i = 0; i < n; i++) values[i] = (int32_t)(db_random(&random) % (uint64_t)range);
        qsort(values, (size_t)n, sizeof(*values), gaps_compare_ints);
        double sum = 0, squares = 0;
        for (int i = 0; i < n; i++) sum += values[i];
        for (int i = 0; i < n; i++) {
            squares += (values[i] - sum / n) * (values[i] - sum / n);
            if (i > 0 && values[i] == distinct[n_distinct - 1]) {
                counts[n_distinct - 1]++;
                continue;
            }
            /* a value that is not there at all changes nothing */
            if (i > 0 && values[i] > values[i - 1] + 1) {
                distinct[n_distinct] = values[i] - 1;
                counts[n_distinct++] = 0;
            }
            distinct[n_distinct] = values[i];
            counts[n_distinct++] = 1;
            if (n_distinct > 298) break;
        }
        if (n_distinct > 298) continue;
        Spread spread = spread_of(distinct, counts, n_distinct);
        ck_assert_int_eq(spread.n, n);
        ck_assert_double_eq_tol(spread.mean, sum / n, 1e-12 * range);
        if (n > 1) ck_assert_double_eq_tol(spread.sd, sqrt(squares / (n - 1)), 1e-11 * range);
        else ck_assert(isnan(spread.sd));
        for (int percent = 0; percent <= 100; percent++) {
            double place = (n - 1) * percent / 100.0;
            int below = (n - 1) * percent / 100, above = below + 1 < n ? below + 1 : below;
            double want = values[below] + (place - below) * (values[above] - values[below]);
            double got = spread_percentile(distinct, counts, spread.n, percent);
            if (fabs(got - want) > 1e-10) ck_abort_msg("round %d, p%d: %.17g, not %.17g", round, percent, got, want);
        }
    }
}
END_TEST

START_TEST(spread_of_little_and_much) {
    static const int32_t values[] = {1, 3652424};
    static const int64_t none[] = {0, 0}, one[] = {0, 1}, many[] = {(int64_t)1 << 40, (int64_t)1 << 40};
    Spread spread = spread_of(values, none, 0);
    ck_assert(spread.n == 0 && isnan(spread.mean) && isnan(spread.sd));
    ck_assert(isnan(spread_percentile(values, none, 0, 50)));
    spread = spread_of(values, one, 2);
    ck_assert(spread.n == 1 && spread.mean == 3652424 && isnan(spread.sd));
    ck_assert(spread_percentile(values, one, 1, 0) == 3652424 && spread_percentile(values, one, 1, 100) == 3652424);
    spread = spread_of(values, many, 2);
    ck_assert(spread.mean == 1826212.5 && fabs(spread.sd - 1826211.5) < 1e-3);
    ck_assert(spread_percentile(values, many, spread.n, 50) == 1826212.5);
    ck_assert(spread_percentile(values, many, spread.n, 49) == 1);
}
END_TEST

/* ---- Spells ---- */

enum { GAPS_SPELLS = 40000 };

typedef struct Spell {
    uint64_t group;
    int32_t days;
    bool ended;
} Spell;

static int gaps_compare_spells(const void *a, const void *b) {
    const Spell *p = a, *q = b;
    if (p->group != q->group) return p->group < q->group ? -1 : 1;
    return p->days - q->days;
}

/* Few and many groups, near and far days, up to the largest of both. */
START_TEST(spells_are_counted) {
    static Spell made[GAPS_SPELLS];
    static const uint64_t groups[] = {1, 7, 5000, (uint64_t)1 << 42};
    static const uint32_t days[] = {1, 3, 900, 1u << SPELLS_DAY_BITS};
    uint64_t random = 16 + (uint64_t)_i;
    Err err = {0};
    Arena arena = {0};
    Spells spells;
    sqlite3_int64 used = sqlite3_memory_used();
    spells_open(&spells, &err);
    for (int i = 0; i < GAPS_SPELLS; i++) {
        made[i] = (Spell){db_random(&random) % groups[_i / 4], (int32_t)(db_random(&random) % days[_i % 4]),
                          db_random(&random) % 3 > 0};
        if (i == 0) made[i] = (Spell){groups[_i / 4] - 1, (int32_t)(days[_i % 4] - 1), true};
        spells_add(&spells, made[i].group, made[i].days, made[i].ended);
    }
    SpellsTable table = spells_close(&spells, &arena);
    ck_assert_int_eq(err.rc, 0);
    qsort(made, GAPS_SPELLS, sizeof(*made), gaps_compare_spells);
    int64_t n = 0, group = -1, wrong = 0;
    for (int i = 0; i < GAPS_SPELLS; n++) {
        int64_t ended = 0, open = 0;
        int first = i;
        if (group < 0 || table.groups[group].id != made[i].group) wrong += table.groups[++group].first != n;
        for (; i < GAPS_SPELLS && gaps_compare_spells(&made[i], &made[first]) == 0; i++) {
            ended += made[i].ended;
            open += !made[i].ended;
        }
        wrong += table.groups[group].id != made[first].group || table.groups[group].end <= n ||
                 table.days[n] != made[first].days || table.ended[n] != ended || table.open[n] != open;
    }
    ck_assert_int_eq(wrong, 0);
    ck_assert(n == table.n && group + 1 == table.n_groups);
    arena_free(&arena);
    ck_assert(sqlite3_memory_used() == used);
}
END_TEST

START_TEST(spells_of_nobody) {
    Err err = {0};
    Arena arena = {0};
    Spells spells;
    spells_open(&spells, &err);
    SpellsTable table = spells_close(&spells, &arena);
    ck_assert(err.rc == 0 && table.n == 0 && table.n_groups == 0);
    spells_open(&spells, &err);
    err_nomem(&err);
    spells_add(&spells, 1, 1, true);
    table = spells_close(&spells, &arena);
    ck_assert(table.n == 0 && table.n_groups == 0);
    err_clear(&err);
    arena_free(&arena);
}
END_TEST

/* ---- Laws of the reports ---- */

static const DbShop gaps_shops[] = {
    {.seed = 21, .n_customers = 1, .n_days = 60, .gap_days = 9},
    {.seed = 22, .n_customers = 5, .n_days = 90, .gap_days = 12, .refunds = true},
    {.seed = 23, .n_customers = 60, .n_days = 800, .gap_days = 60, .refunds = true},
    {.seed = 24, .n_customers = 150, .n_days = 400, .gap_days = 25, .refunds = true, .odd_ids = true},
    {.seed = 25, .n_customers = 300, .n_days = 250, .gap_days = 15, .odd_ids = true},
    {.seed = 26, .n_customers = 400, .n_days = 700, .gap_days = 40, .refunds = true},
};

/* p: purchases (customer, day, number, next day); bound: as_of. */
static sqlite3 *gaps_open(int shop) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", gaps_shops[shop]);
    db_exec(db, "CREATE TEMP TABLE p AS SELECT c, d, row_number() OVER (PARTITION BY c ORDER BY d) AS k,"
            " lead(d) OVER (PARTITION BY c ORDER BY d) AS d1 FROM (SELECT customer_id AS c,"
            " strftime('%%s', substr(order_date, 1, 10)) / 86400 AS d FROM orders WHERE customer_id <> ''"
            " GROUP BY 1, 2 HAVING total(amount) > 1e-9 * total(abs(amount)) OR total(abs(amount)) = 0);"
            "CREATE TEMP TABLE bound AS SELECT strftime('%%s', max(substr(order_date, 1, 10))) / 86400 AS as_of"
            " FROM orders");
    return db;
}

static void gaps_expect_none(sqlite3 *db, const char *format, const char *argument) {
    char *sql = sqlite3_mprintf(format, argument, argument, argument);
    char *rows = db_rows(db, "%s", sql);
    ck_assert_msg(rows[0] == 0, "%s\nhas\n%s", sql, rows);
    free(rows);
    sqlite3_free(sql);
}

/* As db_expect_same, and both may be empty. */
static void gaps_expect_same(sqlite3 *db, const char *sql, const char *other) {
    char *rows = db_rows(db, "%s", sql), *want = db_rows(db, "%s", other);
    ck_assert_msg(strcmp(rows, want) == 0, "%s\n  gives\n%s\n  not\n%s", sql, rows, want);
    free(rows);
    free(want);
}

#define GAPS_SAME_REAL(a, b) "(" a " IS NULL) <> (" b " IS NULL) OR abs(" a " - " b ") > 1e-12 * (1 + abs(" b "))"

static const char *const gaps_windows[] = {"30,60,90,180,365", "1", "1,2,3,7,14,28,56,112,224,448,896", "36500",
                                           "10, 36500"};

START_TEST(repeat_purchase_is_that_of_plain_sql) {
    sqlite3 *db = gaps_open(_i);
    for (int w = 0; w < COUNT(gaps_windows); w++) {
        char *twin = sqlite3_mprintf(
            "CREATE TEMP TABLE twin AS WITH c AS (SELECT as_of - d AS age, d1 - d AS gap FROM p, bound WHERE k = 1),"
            " w AS (SELECT CAST(value AS INTEGER) AS w FROM json_each('[%s]')) SELECT w AS window_days,"
            " sum(age >= w) AS eligible, sum(age >= w AND coalesce(gap <= w, 0)) AS repeaters,"
            " sum(age < w) AS excluded_immature FROM c, w GROUP BY w", gaps_windows[w]);
        db_exec(db, "%s", twin);
        char *ours = sqlite3_mprintf("SELECT window_days, eligible, repeaters, excluded_immature FROM"
                                     " repeat_purchase('orders', %Q)", gaps_windows[w]);
        gaps_expect_same(db, ours, "SELECT * FROM twin ORDER BY 1");
        gaps_expect_none(db, "SELECT * FROM repeat_purchase('orders', %Q) WHERE segment IS NOT NULL OR cohort IS"
                         " NOT NULL OR repeat_rate IS NOT 1.0 * repeaters / nullif(eligible, 0) OR ci_low IS NOT"
                         " wilson_low(repeaters, eligible) OR ci_high IS NOT wilson_high(repeaters, eligible)",
                         gaps_windows[w]);
        db_exec(db, "DROP TABLE twin");
        sqlite3_free(ours);
        sqlite3_free(twin);
    }
    db_close(db);
}
END_TEST

/* Cohorts add up to the whole, begin where plain SQL says, and the parts have the parts' customers. */
START_TEST(cohorts_add_up) {
    static const struct { const char *period, *start; } periods[] = {
        {"month", "date(d * 86400, 'unixepoch', 'start of month')"},
        {"week", "date(d * 86400, 'unixepoch', '-6 days', 'weekday 1')"},
        {"year", "date(d * 86400, 'unixepoch', 'start of year')"},
        {"day", "date(d * 86400, 'unixepoch')"},
        {"10 days", "date(((d - (SELECT min(d) FROM p)) / 10 * 10 + (SELECT min(d) FROM p)) * 86400, 'unixepoch')"},
    };
    sqlite3 *db = gaps_open(_i);
    for (int k = 0; k < COUNT(periods); k++) {
        char *ours = sqlite3_mprintf("SELECT cohort, window_days, eligible, repeaters, excluded_immature FROM"
                                     " repeat_purchase('orders', '5,50,150', %Q)", periods[k].period);
        char *twin = sqlite3_mprintf(
            "WITH c AS (SELECT %s AS cohort, as_of - d AS age, d1 - d AS gap FROM p, bound WHERE k = 1),"
            " w(w) AS (VALUES (5), (50), (150)) SELECT cohort, w, sum(age >= w), sum(age >= w AND coalesce(gap"
            " <= w, 0)), sum(age < w) FROM c, w GROUP BY cohort, w ORDER BY cohort, w", periods[k].start);
        gaps_expect_same(db, ours, twin);
        char *parts = sqlite3_mprintf("SELECT window_days, sum(eligible), sum(repeaters), sum(excluded_immature)"
                                      " FROM repeat_purchase('orders', '5,50,150', %Q) WHERE segment_column ="
                                      " 'channel' GROUP BY 1 ORDER BY 1", periods[k].period);
        gaps_expect_same(db, parts, "SELECT window_days, eligible, repeaters, excluded_immature FROM"
                       " repeat_purchase('orders', '5,50,150')");
        sqlite3_free(parts);
        sqlite3_free(ours);
        sqlite3_free(twin);
    }
    db_close(db);
}
END_TEST

static const int gaps_pairs[][2] = {{1, 2}, {1, 3}, {2, 3}, {3, 7}, {1, 10000}, {9999, 10000}};

/* Counts by plain SQL; S, its limits and the summary by their definitions over our own rows. */
START_TEST(time_to_purchase_is_that_of_plain_sql) {
    sqlite3 *db = gaps_open(_i);
    for (int i = 0; i < COUNT(gaps_pairs); i++) {
        int from = gaps_pairs[i][0], to = gaps_pairs[i][1];
        db_exec(db, "CREATE TEMP TABLE ours AS SELECT * FROM time_to_purchase('orders', %d, %d);"
                "CREATE TEMP TABLE twin AS SELECT day, sum(ended) AS e, sum(NOT ended) AS z FROM (SELECT"
                " coalesce(b.d, as_of) - a.d AS day, b.d IS NOT NULL AS ended FROM p a LEFT JOIN p b ON b.c = a.c"
                " AND b.k = %d, bound WHERE a.k = %d) GROUP BY day", from, to, to, from);
        gaps_expect_same(db, "SELECT day, at_risk, events, censored FROM ours",
                       "SELECT day, sum(e + z) OVER (ORDER BY day DESC), e, z FROM twin ORDER BY day");
        gaps_expect_none(db, "SELECT * FROM (SELECT *, lag(survival, 1, 1.0) OVER (ORDER BY day) AS s FROM ours) WHERE"
                         " abs(survival - s * (at_risk - events) / at_risk) > 1e-13 OR (survival IN (0, 1)) <>"
                         " (ci_low IS NULL) OR (ci_low IS NULL) <> (ci_high IS NULL) OR NOT (0 <= ci_low AND ci_low <="
                         " survival AND survival <= ci_high AND ci_high <= 1)", NULL);
        db_exec(db, "CREATE TEMP TABLE sum AS SELECT * FROM time_to_purchase_summary('orders', %d, %d)", from, to);
        gaps_expect_same(db, "SELECT customers, events, censored, longest_days, p25_days, median_days, median_low,"
                       " median_high, p75_days FROM sum",
                       "SELECT coalesce(sum(events + censored), 0), coalesce(sum(events), 0),"
                       " coalesce(sum(censored), 0), max(day), min(day) FILTER (WHERE survival <= 0.75 + 1e-9),"
                       " min(day) FILTER (WHERE survival <= 0.5 + 1e-9), min(day) FILTER (WHERE ci_low <= 0.5 + 1e-9),"
                       " min(day) FILTER (WHERE ci_high <= 0.5 + 1e-9), min(day) FILTER (WHERE survival <= 0.25 +"
                       " 1e-9) FROM ours");
        gaps_expect_same(db, "SELECT count(*), (restricted_mean_days IS NULL) <> (restricted_mean_se IS NULL),"
                       " (note IS NULL) <> (p75_days IS NOT NULL AND restricted_mean_days IS NOT NULL) FROM sum",
                       "SELECT 1, 0, 0");
        db_exec(db, "DROP TABLE ours; DROP TABLE twin; DROP TABLE sum");
    }
    db_close(db);
}
END_TEST

/* The area under the curve, walked in SQL, at horizons before, on, between and behind the rows. */
START_TEST(restricted_means_are_areas) {
    static const int horizons[] = {1, 2, 30, 77, 200, 365, 36500};
    sqlite3 *db = gaps_open(_i);
    db_exec(db, "CREATE TEMP TABLE curve AS SELECT day, survival, lead(day) OVER (ORDER BY day) AS next FROM (SELECT 0"
            " AS day, 1 AS survival WHERE 0 NOT IN (SELECT day FROM time_to_purchase('orders')) UNION ALL SELECT day,"
            " survival FROM time_to_purchase('orders'))");
    for (int i = 0; i < COUNT(horizons); i++) {
        int h = horizons[i];
        double area = db_real(db, "SELECT sum(survival * (min(coalesce(next, %d), %d) - day)) FROM curve WHERE day <"
                              " %d", h, h, h);
        bool known = db_int(db, "SELECT max(day) >= %d OR min(survival) = 0 FROM curve", h) == 1;
        db_exec(db, "CREATE TEMP TABLE got AS SELECT restricted_mean_days AS m FROM"
                " time_to_purchase_summary('orders', 1, 2, %d)", h);
        ck_assert_int_eq(db_int(db, "SELECT m IS NOT NULL FROM got"), known);
        if (known) ck_assert_double_eq_tol(db_real(db, "SELECT m FROM got"), area, 1e-12 * (1 + area));
        db_exec(db, "DROP TABLE got");
    }
    db_close(db);
}
END_TEST

START_TEST(gaps_are_those_of_plain_sql) {
    static const char *const max_n[] = {"1", "3", "10", "1000"};
    sqlite3 *db = gaps_open(_i);
    db_exec(db, "CREATE TEMP TABLE g AS SELECT k, d1 - d AS g FROM p WHERE d1 IS NOT NULL");
    for (int i = 0; i < COUNT(max_n); i++) {
        db_exec(db, "CREATE TEMP TABLE ours AS SELECT * FROM purchase_gaps('orders', %s);"
                "CREATE TEMP TABLE l AS SELECT NULL AS k, g FROM g UNION ALL SELECT k, g FROM g WHERE k <= %s;"
                "CREATE TEMP TABLE twin AS SELECT k, count(*) AS n, avg(g) AS mean, sum(1.0 * g * g) AS s2,"
                " sum(1.0 * g) AS s FROM l GROUP BY k", max_n[i], max_n[i]);
        gaps_expect_same(db, "SELECT order_number, n FROM ours", "SELECT k, n FROM twin ORDER BY k");
        gaps_expect_none(db, "SELECT * FROM ours JOIN twin ON k IS order_number WHERE " GAPS_SAME_REAL("ours.mean",
                         "twin.mean") " OR (cv IS NULL) <> (twin.n < 2) OR abs(cv * cv - (s2 - s * s / twin.n) /"
                         " (twin.n - 1) / twin.mean / twin.mean) > 1e-9 OR NOT (p10 <= p25 AND p25 <= median AND"
                         " median <= p75 AND p75 <= p90)", NULL);
        db_exec(db, "DROP TABLE ours; DROP TABLE twin; DROP TABLE l");
    }
    db_close(db);
}
END_TEST

START_TEST(funnels_are_those_of_the_other_reports) {
    sqlite3 *db = gaps_open(_i);
    db_exec(db, "CREATE TEMP TABLE f AS SELECT * FROM purchase_funnel('orders', 1000);"
            "CREATE TEMP TABLE g AS SELECT * FROM purchase_gaps('orders', 1000)");
    gaps_expect_same(db, "SELECT n, customers, bought_next, lost FROM f",
                   "SELECT k, count(*), count(d1), sum(d1 IS NULL) FROM p GROUP BY k ORDER BY k");
    gaps_expect_none(db, "SELECT f.* FROM f LEFT JOIN f b ON b.n = f.n + 1 WHERE f.bought_next <>"
                     " coalesce(b.customers, 0) OR f.lost <> f.customers - f.bought_next OR f.conversion IS NOT 1.0 *"
                     " f.bought_next / f.customers OR f.ci_low IS NOT wilson_low(f.bought_next, f.customers) OR"
                     " f.ci_high IS NOT wilson_high(f.bought_next, f.customers) OR (f.km_ci_low IS NULL) <>"
                     " (f.km_conversion IN (0, 1)) OR NOT (0 <= f.km_ci_low AND f.km_ci_low <= f.km_conversion AND"
                     " f.km_conversion <= f.km_ci_high AND f.km_ci_high <= 1) OR f.conversion > f.km_conversion + 0.2 *"
                     " (1 - f.km_conversion) + 1e-12", NULL);
    gaps_expect_none(db, "SELECT * FROM f LEFT JOIN g ON order_number = f.n WHERE coalesce(g.n, 0) <> bought_next OR"
                     " median_days IS NOT median", NULL);
    db_expect(db, "SELECT abs(sum(share_of_all_loss) - 1) < 1e-12, sum(is_worst_step), (SELECT n FROM f ORDER BY lost"
              " DESC, n LIMIT 1) = max(n * is_worst_step) FROM f", "1|1|1");
    db_expect(db, "SELECT sum(lost) = (SELECT count(DISTINCT c) FROM p) FROM f", "1");
    /* short funnels are the beginning of long ones, and have a worst step of their own */
    for (int max_n = 1; max_n < 5; max_n++) {
        char *ours = sqlite3_mprintf("SELECT n, customers, bought_next, conversion, km_conversion, share_of_all_loss,"
                                     " median_days FROM purchase_funnel('orders', %d)", max_n);
        char *long_one = sqlite3_mprintf("SELECT n, customers, bought_next, conversion, km_conversion,"
                                         " share_of_all_loss, median_days FROM f WHERE n <= %d", max_n);
        gaps_expect_same(db, ours, long_one);
        ck_assert_int_eq(db_int(db, "SELECT sum(is_worst_step) FROM purchase_funnel('orders', %d)", max_n), 1);
        sqlite3_free(ours);
        sqlite3_free(long_one);
    }
    db_close(db);
}
END_TEST

/* km_conversion is 1 - S of time_to_purchase on the last day within the horizon that a fifth were watched. */
START_TEST(funnels_read_the_curve) {
    static const int horizons[] = {1, 5, 20, 60, 365, 36500};
    sqlite3 *db = gaps_open(_i);
    for (int n = 1; n < 6; n++) {
        db_exec(db, "CREATE TEMP TABLE curve AS SELECT *, at_risk >= (0.2 - 1e-9) * lag(survival, 1, 1.0) OVER (ORDER BY"
                " day) * max(at_risk) OVER () AS watched FROM time_to_purchase('orders', %d, %d)", n, n + 1);
        for (int i = 0; i < COUNT(horizons); i++) {
            char *ours = sqlite3_mprintf("SELECT km_conversion, km_ci_low, km_ci_high FROM purchase_funnel('orders',"
                                         " 10, %d) WHERE n = %d", horizons[i], n);
            char *want = sqlite3_mprintf(
                "SELECT * FROM (SELECT 1 - coalesce(max(survival), 1.0) AS a, 1 - max(ci_high) AS b, 1 - max(ci_low) AS"
                " c FROM (SELECT * FROM curve WHERE watched AND day <= %d ORDER BY day DESC LIMIT 1)) WHERE (SELECT"
                " count(*) FROM curve) > 0", horizons[i]);
            gaps_expect_same(db, ours, want);
            sqlite3_free(ours);
            sqlite3_free(want);
        }
        db_exec(db, "DROP TABLE curve");
    }
    db_close(db);
}
END_TEST

/* ---- Rows, segments, shifts, scales ---- */

/* $T is the table. */
static const char *const gaps_reports[] = {
    "repeat_purchase($T)", "repeat_purchase($T, '7,70,700')", "time_to_purchase($T)", "time_to_purchase($T, 2, 4)",
    "time_to_purchase_summary($T)", "time_to_purchase_summary($T, 1, 3, 90)", "purchase_gaps($T)",
    "purchase_gaps($T, 2)", "purchase_funnel($T)", "purchase_funnel($T, 3, 60)",
};

static char *gaps_select(const char *columns, const char *report, const char *table, const char *where) {
    const char *place = strstr(report, "$T");
    return sqlite3_mprintf("SELECT %s FROM %.*s%Q%s WHERE %s", columns, (int)(place - report), report, table, place + 2,
                           where);
}

static void gaps_expect_alike(sqlite3 *db, const char *report, const char *columns, const char *where,
                              const char *table) {
    char *here = gaps_select(columns, report, "orders", where), *there = gaps_select(columns, report, table, where);
    gaps_expect_same(db, there, here);
    sqlite3_free(here);
    sqlite3_free(there);
}

START_TEST(what_does_not_matter) {
    static const char *const wheres[] = {"1", "segment_column = 'channel'",
                                         "segment_column = 'channel' AND segment_at = 'last'"};
    sqlite3 *db = gaps_open(_i);
    db_exec(db, "CREATE TABLE shuffled AS SELECT * FROM orders ORDER BY rowid * 2654435761 %% 1000003;"
            "CREATE TABLE later AS SELECT customer_id, date(substr(order_date, 1, 10), '+1423 days') ||"
            " substr(order_date, 11) AS order_date, amount, channel FROM orders;"
            "CREATE TABLE dearer AS SELECT customer_id, order_date, amount * 8 AS amount, channel FROM orders;"
            "CREATE TABLE doubled AS SELECT * FROM orders UNION ALL SELECT * FROM orders");
    for (int r = 0; r < COUNT(gaps_reports); r++)
        for (int w = 0; w < COUNT(wheres); w++) {
            gaps_expect_alike(db, gaps_reports[r], "*", wheres[w], "shuffled");
            gaps_expect_alike(db, gaps_reports[r], "*", wheres[w], "later");
            gaps_expect_alike(db, gaps_reports[r], "*", wheres[w], "dearer");
            gaps_expect_alike(db, gaps_reports[r], "*", wheres[w], "doubled");
        }
    gaps_expect_alike(db, "repeat_purchase($T, '30,90', 'month')", "*", "1", "shuffled");
    db_close(db);
}
END_TEST

START_TEST(orders_after_as_of_might_not_be_there) {
    sqlite3 *db = gaps_open(_i);
    db_exec(db, "CREATE TABLE past AS SELECT * FROM orders WHERE order_date < '2023-02-10'");
    if (db_int(db, "SELECT count(*) FROM past") > 0)
        for (int r = 0; r < COUNT(gaps_reports); r++)
            gaps_expect_alike(db, gaps_reports[r], "*", "as_of = '2023-02-09' AND segment_column = 'channel'", "past");
    db_close(db);
}
END_TEST

/* A segment's rows are those of a shop of its customers alone, who are judged on the whole shop's day. */
START_TEST(a_segment_is_a_shop_of_its_own) {
    sqlite3 *db = gaps_open(_i);
    db_exec(db, "CREATE TABLE parts AS SELECT customer_id, order_date, amount, CASE WHEN typeof(customer_id) IN"
            " ('integer', 'real') THEN CAST(customer_id AS INTEGER) %% 3 ELSE length(hex(customer_id)) %% 3 END AS part"
            " FROM orders");
    char *as_of = db_rows(db, "SELECT max(substr(order_date, 1, 10)) FROM orders");
    for (int r = 0; r < COUNT(gaps_reports); r++)
        for (int part = 0; part < 3; part++) {
            db_exec(db, "CREATE TABLE alone AS SELECT customer_id, order_date, amount, part FROM parts WHERE part = %d",
                    part);
            char *where = sqlite3_mprintf("as_of = %Q AND segment_column = 'part' AND segment = %d", as_of, part);
            char *here = gaps_select("*", gaps_reports[r], "parts", where);
            char *there = gaps_select("*", gaps_reports[r], "alone", where);
            if (db_int(db, "SELECT count(*) FROM alone") > 0) gaps_expect_same(db, here, there);
            sqlite3_free(here);
            sqlite3_free(there);
            sqlite3_free(where);
            db_exec(db, "DROP TABLE alone");
        }
    free(as_of);
    db_close(db);
}
END_TEST

/* The rows come in the order that is promised, and SQLite knows it. */
START_TEST(the_natural_order_is_not_sorted) {
    static const struct { const char *report, *order; } cases[] = {
        {"repeat_purchase('orders', '7,70', 'month')", "segment, cohort, window_days"},
        {"time_to_purchase('orders')", "segment, day"},
        {"time_to_purchase_summary('orders')", "segment"},
        {"purchase_gaps('orders')", "segment, order_number"},
        {"purchase_funnel('orders')", "segment, n"},
    };
    sqlite3 *db = gaps_open(_i);
    for (int k = 0; k < COUNT(cases); k++) {
        char *sql = sqlite3_mprintf("SELECT * FROM %s WHERE segment_column = 'channel'", cases[k].report);
        char *ordered = sqlite3_mprintf("%s ORDER BY %s", sql, cases[k].order);
        char *sorted = sqlite3_mprintf("SELECT * FROM (%s LIMIT -1) ORDER BY +%s", sql, cases[k].order);
        char *plan = db_rows(db, "EXPLAIN QUERY PLAN %s", ordered);
        ck_assert_msg(strstr(plan, "B-TREE") == NULL, "%s: %s", ordered, plan);
        free(plan);
        plan = db_rows(db, "EXPLAIN QUERY PLAN %s", sorted);
        ck_assert_msg(strstr(plan, "B-TREE") != NULL, "%s: %s", sorted, plan);
        free(plan);
        gaps_expect_same(db, ordered, sorted);
        sqlite3_free(sorted);
        sqlite3_free(ordered);
        sqlite3_free(sql);
    }
    db_close(db);
}
END_TEST

/* Each customer a segment: rows by customer. */
START_TEST(as_many_segments_as_customers) {
    sqlite3 *db = gaps_open(_i);
    db_exec(db, "CREATE TABLE own AS SELECT *, 'only ' || hex(customer_id) || typeof(customer_id) AS me FROM orders"
            " WHERE typeof(customer_id) IN ('integer', 'text')");
    int64_t n = db_int(db, "SELECT customers FROM time_to_purchase_summary('own')");
    int64_t gaps = db_int(db, "SELECT coalesce(max(n), 0) FROM purchase_gaps('own')");
    ck_assert_int_eq(db_int(db, "SELECT count(*) FROM time_to_purchase_summary('own') WHERE segment_column = 'me' AND"
                                " customers = 1"), n);
    ck_assert_int_eq(db_int(db, "SELECT count(*) FROM repeat_purchase('own', 30) WHERE segment_column = 'me'"), n);
    ck_assert_int_eq(db_int(db, "SELECT sum(is_worst_step) FROM purchase_funnel('own', 1000) WHERE segment_column ="
                                " 'me'"), n);
    ck_assert_int_eq(db_int(db, "SELECT count(*) FROM purchase_gaps('own', 1000) WHERE segment_column = 'me' AND"
                                " order_number > 0"), gaps);
    db_close(db);
}
END_TEST

/* Gaps as long as the calendar, and more order numbers than fit in an array of days each. */
START_TEST(far_apart) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount); WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT"
            " i + 1 FROM n WHERE i < 999) INSERT INTO orders SELECT 'a', date(-62167219200 + i * 3650 * 86400,"
            " 'unixepoch'), 1 FROM n UNION ALL SELECT 'b', '0000-01-01', 1 UNION ALL SELECT 'b', '9999-12-31', 1"
            " UNION ALL SELECT 'c', '0000-01-01', 1");
    db_expect(db, "SELECT order_number, n, median FROM purchase_gaps('orders', 1000) WHERE order_number IS NULL OR"
              " order_number IN (1, 2, 999)", "NULL|1000|3650.0\n1|2|1828037.0\n2|1|3650.0\n999|1|3650.0");
    db_expect(db, "SELECT day, at_risk, events, censored, survival FROM time_to_purchase('orders')",
              "3650|3|1|0|0.66666666666666663\n3652424|2|1|1|0.33333333333333331");
    db_expect(db, "SELECT count(*), sum(customers) FROM purchase_funnel('orders', 1000)", "1000|1003");
    db_expect(db, "SELECT count(*), min(cohort), max(cohort) FROM repeat_purchase('orders', 30, 'day')",
              "1|0000-01-01|0000-01-01");
    db_close(db);
}
END_TEST

START_TEST(too_many_cohorts) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, channel); INSERT INTO orders VALUES (1, '0000-01-01',"
            " 'a'), (2, '9999-12-31', 'b'), (3, '2000-01-01', 'c'), (4, '2000-01-01', 'd'), (5, '2000-01-01', 'e'), (6,"
            " '2000-01-01', 'f')");
    db_expect_error(db, "SELECT * FROM repeat_purchase('orders', 30, 'day') WHERE segment_column = 'channel'",
                    SQLITE_TOOBIG, "repeat_purchase: 6 x 3652425 segments and periods are more than 20000000 rows;"
                    " choose a longer period");
    db_expect(db, "SELECT count(*), sum(eligible) FROM repeat_purchase('orders', 30, 'week') WHERE segment_column ="
              " 'channel'", "6|5");
    db_close(db);
}
END_TEST

/* ---- Real shops ---- */

static const char *const gaps_real[] = {"cdnow_sample", "uci_online_retail_orders"};

static sqlite3 *gaps_open_real(int i, Oracle **oracle) {
    char name[64];
    sqlite3 *db = db_open(NULL);
    snprintf(name, sizeof(name), "metrics_%s", gaps_real[i]);
    *oracle = oracle_open(name);
    if (*oracle && db_import(db, "orders", gaps_real[i])) return db;
    oracle_close(*oracle);
    db_close(db);
    return NULL;
}

static void gaps_expect_near(double got, double want, const char *what, int i) {
    bool same = (isnan(got) && isnan(want)) || fabs(got - want) <= 1e-10 * fmax(1, fabs(want));
    ck_assert_msg(same, "%s %d: %.17g, not %.17g", what, i, got, want);
}

START_TEST(first_to_second_of_real_shops) {
    Oracle *oracle;
    sqlite3 *db = gaps_open_real(_i, &oracle);
    if (!db) return;
    db_exec(db, "CREATE TEMP TABLE ours AS SELECT * FROM time_to_purchase('orders');"
            "CREATE TEMP TABLE sum AS SELECT * FROM time_to_purchase_summary('orders')");
    static const char *const counts[][2] = {{"n", "customers"}, {"events", "events"}, {"censored", "censored"}};
    for (int k = 0; k < COUNT(counts); k++)
        gaps_expect_near(db_real(db, "SELECT %s FROM sum", counts[k][1]),
                         oracle_number(oracle, "km_first_to_second.%s", counts[k][0]), counts[k][0], k);
    double median = oracle_number(oracle, "km_first_to_second.median");
    ck_assert_int_eq(db_int(db, "SELECT median_days IS NULL FROM sum"), isnan(median));
    if (!isnan(median)) ck_assert(db_real(db, "SELECT median_days FROM sum") == median);
    gaps_expect_near(db_real(db, "SELECT restricted_mean_days FROM sum"),
                     oracle_number(oracle, "km_first_to_second.rmst_365"), "rmst", 365);
    static const char *const table[][2] = {{"S", "survival"}, {"ci95_loglog[0]", "ci_low"}, {"ci95_loglog[1]", "ci_high"}};
    int n = oracle_length(oracle, "km_first_to_second.table");
    ck_assert_int_gt(n, 8);
    for (int i = 0; i < n * COUNT(table); i++) {
        int day = (int)oracle_number(oracle, "km_first_to_second.table[%d].t", i / COUNT(table));
        gaps_expect_near(db_real(db, "SELECT %s FROM ours WHERE day <= %d ORDER BY day DESC LIMIT 1",
                                 table[i % COUNT(table)][1], day),
                         oracle_number(oracle, "km_first_to_second.table[%d].%s", i / COUNT(table),
                                       table[i % COUNT(table)][0]), table[i % COUNT(table)][0], day);
    }
    static const char *const rows[][2] = {{"n_risk", "at_risk"}, {"d", "events"}, {"S", "survival"}};
    n = oracle_length(oracle, "km_first_to_second.first_rows");
    for (int i = 0; i < n * COUNT(rows); i++) {
        int day = (int)oracle_number(oracle, "km_first_to_second.first_rows[%d].t", i / COUNT(rows));
        gaps_expect_near(db_real(db, "SELECT %s FROM ours WHERE day = %d", rows[i % COUNT(rows)][1], day),
                         oracle_number(oracle, "km_first_to_second.first_rows[%d].%s", i / COUNT(rows),
                                       rows[i % COUNT(rows)][0]), rows[i % COUNT(rows)][0], day);
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

/* All gaps and all last waits of a shop as one curve, which no report asks for. */
static Kaplan gaps_read_all(sqlite3 *db, Arena *arena, Err *err) {
    Spells spells;
    sqlite3_stmt *stmt = NULL;
    spells_open(&spells, err);
    int rc = sqlite3_prepare_v2(db, "SELECT coalesce(d1, as_of) - d, d1 IS NOT NULL FROM (SELECT c, d, lead(d) OVER"
                                " (PARTITION BY c ORDER BY d) AS d1 FROM (SELECT DISTINCT customer_id AS c,"
                                " strftime('%s', date(day)) / 86400 AS d FROM days)), (SELECT strftime('%s',"
                                " max(date(day))) / 86400 AS as_of FROM days)", -1, &stmt, NULL);
    ck_assert_msg(rc == SQLITE_OK, "%s", sqlite3_errmsg(db));
    while (sqlite3_step(stmt) == SQLITE_ROW)
        spells_add(&spells, 0, sqlite3_column_int(stmt, 0), sqlite3_column_int(stmt, 1) != 0);
    sqlite3_finalize(stmt);
    SpellsTable *table = arena_alloc(arena, err, 1, sizeof(*table));
    *table = spells_close(&spells, arena);
    return spells_curve(table, 0, arena_alloc(arena, err, table->n, sizeof(KaplanStep)));
}

START_TEST(all_gaps_of_real_shops) {
    Oracle *oracle;
    Err err = {0};
    Arena arena = {0};
    sqlite3 *db = gaps_open_real(_i, &oracle);
    if (!db) return;
    db_exec(db, "CREATE TEMP VIEW days AS SELECT customer_id, substr(%s, 1, 10) AS day FROM orders",
            _i == 0 ? "date" : "ts");
    Kaplan curve = gaps_read_all(db, &arena, &err);
    double z = wilson_z(0.95), error;
    gaps_expect_near((double)curve.steps[0].at_risk, oracle_number(oracle, "km_all_gaps.n"), "n", 0);
    gaps_expect_near(kaplan_quantile(&curve, 0.5, z).value, oracle_number(oracle, "km_all_gaps.median"), "median", 0);
    gaps_expect_near(kaplan_restricted_mean(&curve, 365, &error), oracle_number(oracle, "km_all_gaps.rmst_365"),
                     "rmst", 0);
    int n = oracle_length(oracle, "km_all_gaps.table");
    ck_assert_int_gt(n, 8);
    for (int i = 0; i < n; i++) {
        int64_t at = 0, day = (int64_t)oracle_number(oracle, "km_all_gaps.table[%d].t", i);
        while (at + 1 < curve.n && curve.days[at + 1] <= day) at++;
        KaplanRange s = kaplan_survival(&curve, day, z);
        gaps_expect_near(s.value, oracle_number(oracle, "km_all_gaps.table[%d].S", i), "S", i);
        gaps_expect_near(s.low, oracle_number(oracle, "km_all_gaps.table[%d].ci95_loglog[0]", i), "low", i);
        gaps_expect_near(s.high, oracle_number(oracle, "km_all_gaps.table[%d].ci95_loglog[1]", i), "high", i);
        gaps_expect_near(s.value * sqrt(curve.steps[at].log_variance),
                         oracle_number(oracle, "km_all_gaps.table[%d].se_greenwood", i), "se", i);
    }
    arena_free(&arena);
    oracle_close(oracle);
    db_close(db);
}
END_TEST

START_TEST(gaps_of_real_shops) {
    static const char *const fields[][2] = {{"n", "n"},     {"mean", "mean"}, {"median", "median"},
                                            {"p10", "p10"}, {"p25", "p25"},   {"p75", "p75"},
                                            {"p90", "p90"}, {"sd_sample", "cv * mean"}};
    Oracle *oracle;
    sqlite3 *db = gaps_open_real(_i, &oracle);
    if (!db) return;
    for (int k = 0; k < COUNT(fields); k++)
        gaps_expect_near(db_real(db, "SELECT %s FROM purchase_gaps('orders') WHERE order_number IS NULL", fields[k][1]),
                         oracle_number(oracle, "inter_purchase_days.%s", fields[k][0]), fields[k][0], k);
    gaps_expect_near(db_real(db, "SELECT n FROM purchase_gaps('orders') WHERE order_number = 1"),
                     oracle_number(oracle, "inter_purchase_days.customers_with_gap"), "customers_with_gap", 0);
    gaps_expect_near(db_real(db, "SELECT conversion FROM purchase_funnel('orders') WHERE n = 1"),
                     oracle_number(oracle, "repeat.repeat_rate_days"), "repeat_rate_days", 0);
    oracle_close(oracle);
    db_close(db);
}
END_TEST

START_TEST(repeats_of_real_shops) {
    Oracle *oracle;
    sqlite3 *db = gaps_open_real(_i, &oracle);
    if (!db) return;
    db_exec(db, "CREATE TEMP TABLE ours AS SELECT * FROM repeat_purchase('orders', '1,7,14,30,60,90,180,365')");
    int n = oracle_length(oracle, "n_day_retention");
    ck_assert_int_eq(n, db_int(db, "SELECT count(*) FROM ours"));
    for (int i = 0; i < n; i++) {
        int window = (int)oracle_number(oracle, "n_day_retention[%d].N", i);
        gaps_expect_near(db_real(db, "SELECT eligible FROM ours WHERE window_days = %d", window),
                         oracle_number(oracle, "n_day_retention[%d].eligible", i), "eligible", window);
        gaps_expect_near(db_real(db, "SELECT repeaters FROM ours WHERE window_days = %d", window),
                         oracle_number(oracle, "n_day_retention[%d].within_N_days", i), "within", window);
    }
    oracle_close(oracle);
    db_close(db);
}
END_TEST

/* ---- Main ---- */

static void gaps_add_units(TCase *tc) {
    tcase_add_loop_test(tc, published_curves, 0, COUNT(gaps_published));
    tcase_add_test(tc, published_quantiles);
    tcase_add_test(tc, published_restricted_means);
    tcase_add_test(tc, curves_without_an_answer);
    tcase_add_test(tc, survival_is_what_redistribution_leaves);
    tcase_add_test(tc, without_censoring_all_is_as_usual);
    tcase_add_test(tc, limits_solve_their_equation);
    tcase_add_test(tc, the_last_day_is_watched_by_a_fifth);
    tcase_add_test(tc, spread_is_that_of_the_sorted_values);
    tcase_add_test(tc, spread_of_little_and_much);
    tcase_add_loop_test(tc, spells_are_counted, 0, 16);
    tcase_add_test(tc, spells_of_nobody);
}

int main(void) {
    Suite *suite = suite_create("gaps");
    TCase *tc = tcase_create("gaps");
    tcase_set_timeout(tc, 120);
    gaps_add_units(tc);
    tcase_add_loop_test(tc, repeat_purchase_is_that_of_plain_sql, 0, COUNT(gaps_shops));
    tcase_add_loop_test(tc, cohorts_add_up, 0, COUNT(gaps_shops));
    tcase_add_loop_test(tc, time_to_purchase_is_that_of_plain_sql, 0, COUNT(gaps_shops));
    tcase_add_loop_test(tc, restricted_means_are_areas, 0, COUNT(gaps_shops));
    tcase_add_loop_test(tc, gaps_are_those_of_plain_sql, 0, COUNT(gaps_shops));
    tcase_add_loop_test(tc, funnels_are_those_of_the_other_reports, 0, COUNT(gaps_shops));
    tcase_add_loop_test(tc, funnels_read_the_curve, 0, COUNT(gaps_shops));
    tcase_add_loop_test(tc, what_does_not_matter, 0, COUNT(gaps_shops));
    tcase_add_loop_test(tc, orders_after_as_of_might_not_be_there, 0, COUNT(gaps_shops));
    tcase_add_loop_test(tc, a_segment_is_a_shop_of_its_own, 0, COUNT(gaps_shops));
    tcase_add_loop_test(tc, the_natural_order_is_not_sorted, 0, COUNT(gaps_shops));
    tcase_add_loop_test(tc, as_many_segments_as_customers, 0, COUNT(gaps_shops));
    tcase_add_test(tc, far_apart);
    tcase_add_test(tc, too_many_cohorts);
    tcase_add_loop_test(tc, first_to_second_of_real_shops, 0, COUNT(gaps_real));
    tcase_add_loop_test(tc, all_gaps_of_real_shops, 0, COUNT(gaps_real));
    tcase_add_loop_test(tc, gaps_of_real_shops, 0, COUNT(gaps_real));
    tcase_add_loop_test(tc, repeats_of_real_shops, 0, COUNT(gaps_real));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
