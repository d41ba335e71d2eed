/* check_scores.c - scores of predictions and the logistic regression: definitions by brute force, cases worked by
 * hand, and a population drawn from known coefficients.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "model/logit.h"
#include "stat/score.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static double uniform(uint64_t *random) {
    return ((double)(db_random(random) >> 11) + 0.5) / 9007199254740992.0;
}

static bool near(double got, double want, double tolerance) {
    return fabs(got - want) <= tolerance * fmax(1, fabs(want));
}

/* ---- Scores ---- */

typedef struct Pair {
    double value;
    bool happened;
} Pair;

static int pair_compare(const void *a, const void *b) {
    double x = ((const Pair *)a)->value, y = ((const Pair *)b)->value;
    return (x > y) - (x < y);
}

/* n pairs, values from 0 .. levels - 1 as shares of levels, ascending. */
static void make_pairs(uint64_t seed, int n, int levels, double *value, bool *happened) {
    Pair *pairs = malloc((size_t)n * sizeof(*pairs));
    for (int i = 0; i < n; i++) {
        pairs[i].value = (double)(db_random(&seed) % (uint64_t)levels) / levels;
        pairs[i].happened = uniform(&seed) < 0.2 + 0.6 * pairs[i].value;
    }
    qsort(pairs, (size_t)n, sizeof(*pairs), pair_compare);
    for (int i = 0; i < n; i++) {
        value[i] = pairs[i].value;
        happened[i] = pairs[i].happened;
    }
    free(pairs);
}

/* The AUC by its definition over all pairs, and DeLong's variance by its structural components. */
static ScoreAuc auc_by_pairs(int n, const double *value, const bool *happened) {
    double events = 0, others = 0, sum = 0, of_events = 0, of_others = 0;
    for (int i = 0; i < n; i++) events += happened[i];
    others = n - events;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < n; i++) {
            double wins = 0;
            for (int j = 0; j < n; j++)
                if (happened[j] != happened[i]) {
                    double higher = happened[i] ? value[i] - value[j] : value[j] - value[i];
                    wins += higher > 0 ? 1 : higher == 0 ? 0.5 : 0;
                }
            double share = wins / (happened[i] ? others : events), auc = sum / events;
            if (pass == 0 && happened[i]) sum += share;
            if (pass == 1) *(happened[i] ? &of_events : &of_others) += (share - auc) * (share - auc);
        }
    return (ScoreAuc){.auc = sum / events,
                      .variance = of_events / (events - 1) / events + of_others / (others - 1) / others};
}

START_TEST(auc_is_that_of_all_pairs) {
    static const int sizes[] = {4, 11, 60, 301}, levels[] = {2, 5, 40, 100000};
    for (int s = 0; s < COUNT(sizes); s++)
        for (int l = 0; l < COUNT(levels); l++) {
            double value[301];
            bool happened[301];
            make_pairs((uint64_t)(s * 17 + l), sizes[s], levels[l], value, happened);
            happened[0] = happened[sizes[s] - 1] = true; /* two of each at least */
            happened[1] = happened[2] = false;
            ScoreAuc got = score_auc(sizes[s], value, happened), want = auc_by_pairs(sizes[s], value, happened);
            ck_assert(near(got.auc, want.auc, 1e-13));
            ck_assert(near(got.variance, want.variance, 1e-13));
        }
}
END_TEST

START_TEST(auc_at_its_ends) {
    double value[] = {1, 2, 3, 4};
    bool up[] = {false, false, true, true}, down[] = {true, true, false, false}, all[] = {true, true, true, true};
    ck_assert_double_eq(score_auc(4, value, up).auc, 1);
    ck_assert_double_eq(score_auc(4, value, up).variance, 0);
    ck_assert_double_eq(score_auc(4, value, down).auc, 0);
    ck_assert(isnan(score_auc(4, value, all).auc) && isnan(score_auc(0, value, all).auc));
    ck_assert_int_eq(score_auc(4, value, all).events, 4);
    bool one[] = {false, false, false, true};
    ck_assert_double_eq(score_auc(4, value, one).auc, 1);
    ck_assert(isnan(score_auc(4, value, one).variance)); /* one event says nothing of their spread */
    double same[] = {7, 7, 7, 7};
    ck_assert_double_eq(score_auc(4, same, up).auc, 0.5);
}
END_TEST

/* Simulated: the interval of DeLong's variance holds the true AUC about as often as it says. */
START_TEST(auc_variance_covers) {
    enum { RUNS = 400, N = 120 };
    int covered = 0;
    uint64_t random = 3;
    double truth = 0.5 * erfc(-1.0 / 2); /* normal values one apart: Phi(1 / sqrt 2) */
    for (int run = 0; run < RUNS; run++) {
        Pair pairs[N];
        double value[N];
        bool happened[N];
        for (int i = 0; i < N; i++) {
            double z = sqrt(-2 * log(uniform(&random))) * cos(2 * 3.14159265358979323846 * uniform(&random));
            pairs[i] = (Pair){z + (i % 3 == 0), i % 3 == 0};
        }
        qsort(pairs, N, sizeof(*pairs), pair_compare);
        for (int i = 0; i < N; i++) {
            value[i] = pairs[i].value;
            happened[i] = pairs[i].happened;
        }
        ScoreAuc auc = score_auc(N, value, happened);
        covered += fabs(auc.auc - truth) < 1.6448536 * sqrt(auc.variance);
    }
    ck_assert_int_ge(covered, RUNS * 85 / 100);
    ck_assert_int_le(covered, RUNS * 94 / 100);
}
END_TEST

START_TEST(precision_of_the_top) {
    double value[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, tied[] = {0, 0, 0, 0, 0, 0, 5, 5, 5, 5};
    bool happened[] = {false, false, true, false, false, true, false, true, true, false};
    ck_assert_double_eq(score_precision_top(10, value, happened, 0.1), 0);
    ck_assert_double_eq(score_precision_top(10, value, happened, 0.2), 0.5);
    ck_assert_double_eq(score_precision_top(10, value, happened, 0.3), 2.0 / 3);
    ck_assert_double_eq(score_precision_top(10, value, happened, 1), 0.4);
    ck_assert(near(score_precision_top(10, value, happened, 0.15), 0.5 / 1.5, 1e-14));
    ck_assert_double_eq(score_precision_top(10, tied, happened, 0.1), 0.5); /* 2 events of the 4 at the border */
    ck_assert(near(score_precision_top(10, tied, happened, 0.5), (2 + 2.0 / 6) / 5, 1e-14));
    ck_assert(isnan(score_precision_top(0, value, happened, 0.1)));
}
END_TEST

START_TEST(losses_by_hand) {
    double p[] = {0.5, 0.9, 0.2, 1};
    bool happened[] = {true, true, false, false};
    ck_assert(near(score_brier(4, p, happened), (0.25 + 0.01 + 0.04 + 1) / 4, 1e-15));
    ck_assert(near(score_log_loss(4, p, happened), -(log(0.5) + log(0.9) + log(0.8) + log(SCORE_P_MIN)) / 4, 1e-15));
    ck_assert(isnan(score_brier(0, p, happened)) && isnan(score_log_loss(0, p, happened)));
}
END_TEST

/* ---- Logistic regression ---- */

/* One 0/1 feature has a closed form: the log odds of each half. */
START_TEST(logit_of_a_table) {
    double x[100];
    bool happened[100];
    for (int i = 0; i < 100; i++) {
        x[i] = i < 40;
        happened[i] = i < 10 || (i >= 40 && i < 85); /* 10 of 40, 45 of 60 */
    }
    LogitFit fit;
    logit_fit(&(LogitData){.n = 100, .k = 1, .x = x, .happened = happened}, 0, NULL, &fit);
    ck_assert(fit.converged);
    double one = 1, zero = 0;
    ck_assert(near(logit_probability(&fit, &one), 0.25, 1e-9));
    ck_assert(near(logit_probability(&fit, &zero), 0.75, 1e-9));
    ck_assert(near(fit.log_likelihood, 10 * log(0.25) + 30 * log(0.75) + 45 * log(0.75) + 15 * log(0.25), 1e-12));
    /* the standard error of a log odds ratio is the root of the reciprocals' sum (Woolf 1955) */
    ck_assert(near(fit.std_error[1] / fit.scale[0], sqrt(1.0 / 10 + 1.0 / 30 + 1.0 / 45 + 1.0 / 15), 1e-6));
}
END_TEST

static const double logit_truth[] = {-0.4, 1.2, -0.7, 0};
enum { LOGIT_N = 20000, LOGIT_K = 3 };

static void logit_population(uint64_t seed, double *x, bool *happened) {
    for (int i = 0; i < LOGIT_N; i++) {
        double odds = logit_truth[0];
        for (int j = 0; j < LOGIT_K; j++) {
            x[i * LOGIT_K + j] = sqrt(-2 * log(uniform(&seed))) * cos(2 * 3.14159265358979323846 * uniform(&seed));
            odds += logit_truth[j + 1] * x[i * LOGIT_K + j];
        }
        happened[i] = uniform(&seed) < 1 / (1 + exp(-odds));
    }
}

START_TEST(logit_recovers_a_population) {
    static double x[LOGIT_N * LOGIT_K];
    static bool happened[LOGIT_N];
    logit_population(5, x, happened);
    LogitFit fit, shrunk, scaled;
    logit_fit(&(LogitData){.n = LOGIT_N, .k = LOGIT_K, .x = x, .happened = happened}, 0, NULL, &fit);
    ck_assert(fit.converged);
    for (int j = 0; j < LOGIT_K; j++)
        ck_assert(fabs(fit.coefficient[j] / fit.scale[j] - logit_truth[j + 1]) < 4 * fit.std_error[j + 1] / fit.scale[j]);
    logit_fit(&(LogitData){.n = LOGIT_N, .k = LOGIT_K, .x = x, .happened = happened}, 5000, NULL, &shrunk);
    for (int j = 0; j < 2; j++) ck_assert(fabs(shrunk.coefficient[j]) < 0.8 * fabs(fit.coefficient[j]));
    ck_assert(shrunk.log_likelihood < fit.log_likelihood);
    for (int i = 0; i < LOGIT_N; i++) x[i * LOGIT_K] = 1000 * x[i * LOGIT_K] + 7;
    logit_fit(&(LogitData){.n = LOGIT_N, .k = LOGIT_K, .x = x, .happened = happened}, 5000, NULL, &scaled);
    ck_assert(near(scaled.coefficient[0], shrunk.coefficient[0], 1e-9)); /* the unit of a feature does not matter */
    ck_assert(near(scaled.intercept, shrunk.intercept, 1e-9));
}
END_TEST

/* At the optimum the slopes are 0: sums of residuals times features, less the penalty. */
START_TEST(logit_ends_at_the_optimum) {
    static double x[LOGIT_N * LOGIT_K];
    static bool happened[LOGIT_N];
    static const double penalties[] = {0, 1, 300};
    logit_population(8, x, happened);
    for (int p = 0; p < COUNT(penalties); p++) {
        LogitFit fit;
        double slope[LOGIT_K + 1] = {0};
        logit_fit(&(LogitData){.n = LOGIT_N, .k = LOGIT_K, .x = x, .happened = happened}, penalties[p], NULL, &fit);
        for (int i = 0; i < LOGIT_N; i++) {
            double left = happened[i] - logit_probability(&fit, x + i * LOGIT_K);
            slope[0] += left;
            for (int j = 0; j < LOGIT_K; j++) slope[j + 1] += left * (x[i * LOGIT_K + j] - fit.mean[j]) / fit.scale[j];
        }
        for (int j = 0; j < LOGIT_K; j++) slope[j + 1] -= penalties[p] * fit.coefficient[j];
        for (int j = 0; j <= LOGIT_K; j++) ck_assert(fabs(slope[j]) < 1e-3);
    }
}
END_TEST

static int stop_after;
static bool stop_now(void *context) {
    (void)context;
    return --stop_after < 0;
}

/* Separated outcomes have no finite optimum without a penalty; a constant feature takes no part. */
START_TEST(logit_at_its_ends) {
    double x[40];
    bool happened[20], none[20] = {false};
    for (int i = 0; i < 20; i++) {
        x[2 * i] = i;
        x[2 * i + 1] = 3;
        happened[i] = i >= 10;
    }
    LogitData data = {.n = 20, .k = 2, .x = x, .happened = happened};
    LogitFit fit;
    logit_fit(&data, 1, NULL, &fit);
    ck_assert(fit.converged);
    ck_assert_double_eq(fit.coefficient[1], 0);
    ck_assert(fit.coefficient[0] > 0.5);
    logit_fit(&data, 0, NULL, &fit);
    ck_assert(isfinite(fit.coefficient[0]) && fit.coefficient[0] > 5);
    data.happened = none;
    logit_fit(&data, 1, NULL, &fit);
    ck_assert(!fit.converged && isnan(fit.intercept));
    data.happened = happened;
    for (int n = 0; n < 3; n++) {
        stop_after = n;
        Poll poll = {.stop = stop_now};
        logit_fit(&data, 1, &poll, &fit);
        ck_assert(fit.interrupted && !fit.converged);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("scores");
    TCase *tc = tcase_create("scores");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, auc_is_that_of_all_pairs);
    tcase_add_test(tc, auc_at_its_ends);
    tcase_add_test(tc, auc_variance_covers);
    tcase_add_test(tc, precision_of_the_top);
    tcase_add_test(tc, losses_by_hand);
    tcase_add_test(tc, logit_of_a_table);
    tcase_add_test(tc, logit_recovers_a_population);
    tcase_add_test(tc, logit_ends_at_the_optimum);
    tcase_add_test(tc, logit_at_its_ends);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
