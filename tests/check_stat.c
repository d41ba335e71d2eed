/* check_stat.c - ext/stat against reference cases and definitions. */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "oracle.h"
#include "stat/correlation.h"
#include "stat/order.h"
#include "stat/wilson.h"

START_TEST(wilson_textbook_case) {
    double low, high;
    wilson_interval(80, 100, wilson_z(0.95), &low, &high);
    ck_assert_double_eq_tol(low, 0.7112, 5e-5);
    ck_assert_double_eq_tol(high, 0.8666, 5e-5);
    ck_assert_double_eq_tol(wilson_z(0.95), 1.9599639845400542355, 1e-15);
    ck_assert(wilson_z(0) == 0 && isnan(wilson_z(1)) && isnan(wilson_z(-0.5)));
}
END_TEST

START_TEST(wilson_reference_cases) {
    Oracle *oracle = oracle_open("stats_cases");
    if (!oracle) return;
    int n_cases = oracle_length(oracle, "wilson");
    ck_assert_int_gt(n_cases, 5);
    for (int i = 0; i < n_cases; i++) {
        double k = oracle_number(oracle, "wilson[%d].k", i), low, high;
        double n = oracle_number(oracle, "wilson[%d].n", i);
        double want_low = oracle_number(oracle, "wilson[%d].ci[0]", i);
        double want_high = oracle_number(oracle, "wilson[%d].ci[1]", i);
        wilson_interval(k, n, wilson_z(0.95), &low, &high);
        bool none = isnan(low) && isnan(high);
        bool near = fabs(low - want_low) < 1e-14 && fabs(high - want_high) < 1e-14;
        bool right = isnan(want_low) ? none : near;
        if (!right) ck_abort_msg("%g of %g: %.17g .. %.17g", k, n, low, high);
    }
    oracle_close(oracle);
}
END_TEST

/* Each bound is a p with |k/n - p| = z sqrt(p (1 - p) / n). */
START_TEST(wilson_bounds_solve_their_equation) {
    for (int n = 1; n < 4000; n = n * 2 + 1)
        for (int k = 0; k <= n; k++) {
            double z = 0.5 + 0.01 * (k % 300), low, high, share = (double)k / n;
            wilson_interval(k, n, z, &low, &high);
            double miss_low = fabs(share - low - z * sqrt(low * (1 - low) / n));
            double miss_high = fabs(high - share - z * sqrt(high * (1 - high) / n));
            bool ends = (k > 0 || low == 0) && (k < n || high == 1);
            bool inside = low >= 0 && low <= share && share <= high && high <= 1;
            if (!ends || !inside || miss_low > 1e-12 || miss_high > 2e-8)
                ck_abort_msg("%d of %d: %.17g .. %.17g (%g, %g)", k, n, low, high, miss_low,
                             miss_high);
        }
}
END_TEST

START_TEST(wilson_without_an_answer) {
    static const double bad[][3] = {{0, 0, 2},       {1, -3, 2},        {-1, 5, 2},     {6, 5, 2},
                                    {NAN, 5, 2},     {1, NAN, 2},       {1, 5, NAN},    {1, 5, -1},
                                    {1, INFINITY, 2}, {1, 5, INFINITY}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        double low = 0, high = 0;
        wilson_interval(bad[i][0], bad[i][1], bad[i][2], &low, &high);
        if (!isnan(low) || !isnan(high)) ck_abort_msg("case %d has an interval", (int)i);
    }
}
END_TEST

/* Without width the interval is the share itself, also at the ends. */
START_TEST(wilson_of_no_width) {
    for (int n = 1; n < 50; n++)
        for (int k = 0; k <= n; k++) {
            double low, high, share = (double)k / n;
            wilson_interval(k, n, 0, &low, &high);
            bool ends = (k > 0 || low == 0) && (k < n || high == 1);
            if (!ends || !(fabs(low - share) < 1e-15) || !(fabs(high - share) < 1e-15))
                ck_abort_msg("%d of %d: %.17g .. %.17g", k, n, low, high);
            ck_assert(wilson_end(k, n, 0, false) == low && wilson_end(k, n, 0, true) == high);
        }
    ck_assert(isnan(wilson_z(1.5)) && isnan(wilson_z(NAN)) && wilson_z(0.5) > 0.67 && wilson_z(0.5) < 0.68);
}
END_TEST

/* Two pairs lie on a line, whatever their size. */
START_TEST(correlation_of_two_pairs) {
    static const double sizes[] = {1e-9, 1e-3, 1, 1e9};
    for (int i = 0; i < 4; i++)
        for (int down = 0; down < 2; down++) {
            Correlation c = {0};
            correlation_add(&c, 3 * sizes[i], sizes[i]);
            ck_assert(isnan(correlation_r(&c)));
            correlation_add(&c, 4 * sizes[i], down ? -sizes[i] : 2 * sizes[i]);
            ck_assert_double_eq_tol(correlation_r(&c), down ? -1 : 1, 1e-12);
        }
}
END_TEST

/* Rounding does not lead beyond 1 and -1. */
START_TEST(correlation_of_lines) {
    uint64_t s = 88172645463325252u;
    for (int line = 0; line < 4000; line++) {
        Correlation c = {0};
        double slope = line % 2 ? -0.1 * line : 0.1 * line + 0.1;
        for (int i = 0; i < 3 + line % 5; i++) {
            s ^= s << 13, s ^= s >> 7, s ^= s << 17;
            double x = (double)(s >> 40) / 7;
            correlation_add(&c, x, slope * x + 0.3);
        }
        double r = correlation_r(&c);
        if (!(fabs(r) <= 1) || !(fabs(fabs(r) - 1) < 1e-12) || (r < 0) != (slope < 0))
            ck_abort_msg("line %d: %.17g", line, r);
    }
}
END_TEST

START_TEST(correlation_of_known_pairs) {
    Correlation c = {0}, line = {0}, flat = {0}, far = {0};
    static const double x[] = {43, 21, 25, 42, 57, 59}, y[] = {99, 65, 79, 75, 87, 81};
    ck_assert(isnan(correlation_r(&c)));
    for (int i = 0; i < 6; i++) {
        correlation_add(&c, x[i], y[i]);
        correlation_add(&line, x[i], 3 - 2 * x[i]);
        correlation_add(&flat, x[i], 7);
        correlation_add(&far, x[i] + 1e9, y[i] - 1e9);
    }
    double sxy = 6 * 20485.0 - 247 * 486.0;
    double want = sxy / sqrt((6 * 11409.0 - 247 * 247.0) * (6 * 40022.0 - 486 * 486.0));
    ck_assert_double_eq_tol(correlation_r(&c), want, 1e-14);
    ck_assert_double_eq_tol(correlation_r(&far), want, 1e-7);
    ck_assert(correlation_r(&line) >= -1 && correlation_r(&line) < -1 + 1e-15);
    ck_assert(isnan(correlation_r(&flat)));
}
END_TEST

START_TEST(correlation_reference_case) {
    OracleCustomers who;
    Oracle *oracle = oracle_open("cdnow_sample_39w");
    if (!oracle) return;
    if (oracle_summary("cdnow_sample_39w_rfm", &who)) {
        Correlation c = {0};
        for (int64_t i = 0; i < who.n; i++)
            if (who.frequency[i] > 0 && who.monetary_value[i] > 0)
                correlation_add(&c, who.frequency[i], who.monetary_value[i]);
        ck_assert_double_eq_tol(correlation_r(&c), oracle_number(oracle, "gg_corr_x_m"), 1e-12);
        oracle_free(&who);
    }
    oracle_close(oracle);
}
END_TEST

START_TEST(median_of_counts) {
    static const int64_t one[] = {0, 0, 5}, even[] = {2, 0, 0, 2}, skew[] = {1, 0, 7, 1};
    static const int64_t split[] = {3, 0, 1, 2}, huge[] = {INT64_MAX / 2, 0, INT64_MAX / 2};
    ck_assert(isnan(order_median_counts(NULL, 0)) && isnan(order_median_counts(one, 2)));
    ck_assert(order_median_counts(one, 3) == 2);
    ck_assert(order_median_counts(even, 4) == 1.5);
    ck_assert(order_median_counts(skew, 4) == 2);
    ck_assert(order_median_counts(split, 4) == 1);
    ck_assert(order_median_counts(huge, 3) == 1);
}
END_TEST

/* Every way to have up to three of each of five values. */
START_TEST(median_of_counts_is_that_of_the_values) {
    for (int code = 1; code < 1024; code++) {
        int64_t *count = malloc(5 * sizeof(*count)), n = 0;
        int32_t values[15];
        for (int i = 0; i < 5; i++) {
            count[i] = code >> 2 * i & 3;
            for (int64_t k = 0; k < count[i]; k++) values[n++] = i;
        }
        double want = 0.5 * ((double)values[(n - 1) / 2] + (double)values[n / 2]);
        double got = order_median_counts(count, 5);
        if (got != want) ck_abort_msg("case %d: %g, not %g", code, got, want);
        free(count);
    }
    int64_t *none = calloc(3, sizeof(*none));
    ck_assert(isnan(order_median_counts(none, 3)));
    free(none);
}
END_TEST

static int int_compare(const void *a, const void *b) {
    int32_t p = *(const int32_t *)a, q = *(const int32_t *)b;
    return p < q ? -1 : p > q;
}

/* Every shape that troubles a selection, at every small size. */
static int32_t shape_value(int shape, int64_t i, int64_t n, uint64_t *s) {
    *s ^= *s << 13, *s ^= *s >> 7, *s ^= *s << 17;
    switch (shape) {
        case 0: return (int32_t)i;
        case 1: return (int32_t)(n - i);
        case 2: return 7;
        case 3: return (int32_t)(*s >> 32 & 3);
        case 4: return (int32_t)(uint32_t)(*s >> 32);
        case 5: return i % 2 ? INT32_MAX : INT32_MIN;
        default: return i + 1 < n ? (int32_t)i : -5;
    }
}

START_TEST(median_of_ints_is_that_of_the_sorted) {
    static int32_t a[20001], b[20001];
    uint64_t s = 88172645463325252u;
    ck_assert(isnan(order_median_ints(a, 0)) && isnan(order_median_ints(a, -1)));
    for (int64_t n = 1; n <= 20001; n = n < 40 ? n + 1 : n * 3 + 1)
        for (int shape = 0; shape < 7; shape++) {
            for (int64_t i = 0; i < n; i++) a[i] = b[i] = shape_value(shape, i, n, &s);
            qsort(b, (size_t)n, sizeof(*b), int_compare);
            double want = 0.5 * ((double)b[(n - 1) / 2] + (double)b[n / 2]);
            double got = order_median_ints(a, n);
            if (got != want)
                ck_abort_msg("shape %d, n = %d: %g, not %g", shape, (int)n, got, want);
        }
}
END_TEST

/* Every sequence of up to seven of four values, in memory of just its size. */
START_TEST(median_of_any_few_ints) {
    for (int n = 1, n_codes = 4; n <= 7; n++, n_codes *= 4)
        for (int code = 0; code < n_codes; code++) {
            int32_t *values = malloc((size_t)n * sizeof(*values)), sorted[7];
            for (int i = 0; i < n; i++) sorted[i] = values[i] = (code >> 2 * i & 3) * 3 - 4;
            qsort(sorted, (size_t)n, sizeof(*sorted), int_compare);
            double want = 0.5 * ((double)sorted[(n - 1) / 2] + (double)sorted[n / 2]);
            double got = order_median_ints(values, n);
            if (got != want) ck_abort_msg("case %d of %d: %g, not %g", code, n, got, want);
            free(values);
        }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("stat");
    TCase *tc = tcase_create("stat");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, wilson_textbook_case);
    tcase_add_test(tc, wilson_reference_cases);
    tcase_add_test(tc, wilson_bounds_solve_their_equation);
    tcase_add_test(tc, wilson_without_an_answer);
    tcase_add_test(tc, wilson_of_no_width);
    tcase_add_test(tc, correlation_of_two_pairs);
    tcase_add_test(tc, correlation_of_lines);
    tcase_add_test(tc, correlation_of_known_pairs);
    tcase_add_test(tc, correlation_reference_case);
    tcase_add_test(tc, median_of_counts);
    tcase_add_test(tc, median_of_counts_is_that_of_the_values);
    tcase_add_test(tc, median_of_ints_is_that_of_the_sorted);
    tcase_add_test(tc, median_of_any_few_ints);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
