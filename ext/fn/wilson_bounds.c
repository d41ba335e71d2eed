/* wilson_bounds.c - wilson_low() and wilson_high(): how far a share of a few customers can be trusted.
 *
 *     SELECT wilson_low(80, 100), wilson_high(80, 100);   -- 0.7112 .. 0.8666
 *
 * The ends of the Wilson score interval of k successes in n trials, see stat/wilson.h.
 */
#include "host/function.h"
#include "stat/wilson.h"

enum { WILSON_BOUNDS_K, WILSON_BOUNDS_N, WILSON_BOUNDS_CONFIDENCE };

#define WILSON_BOUNDS_COUNT_MAX 9007199254740992.0 /* 2^53: counts beyond it are not exact */

static const ArgSpec wilson_bounds_args[] = {
    [WILSON_BOUNDS_K] = {.name = "k", .kind = ARG_REAL, .required = true,
                         .max = WILSON_BOUNDS_COUNT_MAX, .doc = "successes"},
    [WILSON_BOUNDS_N] = {.name = "n", .kind = ARG_REAL, .required = true,
                         .max = WILSON_BOUNDS_COUNT_MAX, .doc = "trials; 0 gives NULL"},
    [WILSON_BOUNDS_CONFIDENCE] = {.name = "confidence", .kind = ARG_REAL, .dflt = 0.95, .max = 1,
                                  .min_open = true, .max_open = true, .doc = "coverage"},
    {0},
};

static void wilson_bounds_call(Out *out, Err *err, int n_values, sqlite3_value **values, int end) {
    double k, n, confidence = wilson_bounds_args[WILSON_BOUNDS_CONFIDENCE].dflt, ends[2];
    bool known = function_number(&wilson_bounds_args[WILSON_BOUNDS_K], values[0], err, &k) &&
                 function_number(&wilson_bounds_args[WILSON_BOUNDS_N], values[1], err, &n);
    if (known && n_values > WILSON_BOUNDS_CONFIDENCE)
        known = function_number(&wilson_bounds_args[WILSON_BOUNDS_CONFIDENCE],
                                values[WILSON_BOUNDS_CONFIDENCE], err, &confidence);
    if (!known) {
        out_null(out);
        return;
    }
    if (k > n) {
        err_set(err, SQLITE_ERROR, "k (%.15g) must not exceed n (%.15g)", k, n);
        return;
    }
    wilson_interval(k, n, wilson_z(confidence), &ends[0], &ends[1]);
    out_real(out, ends[end]);
}

static void wilson_bounds_low(Out *out, Err *err, int n, sqlite3_value **values) {
    wilson_bounds_call(out, err, n, values, 0);
}

static void wilson_bounds_high(Out *out, Err *err, int n, sqlite3_value **values) {
    wilson_bounds_call(out, err, n, values, 1);
}

#define WILSON_BOUNDS_DEFINITION                                                                     \
    "(p + z^2/2n -+ z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n) with p = k/n and z the normal quantile" \
    " of (1 + confidence)/2; NULL when n is 0 or an argument is NULL"

const ScalarDef scalar_wilson_low = {
    .name = "wilson_low",
    .text = {.doc = "lower end of the Wilson interval of a proportion",
             .definition = WILSON_BOUNDS_DEFINITION,
             .example = "SELECT wilson_low(80, 100)"},
    .args = wilson_bounds_args,
    .call = wilson_bounds_low,
};

const ScalarDef scalar_wilson_high = {
    .name = "wilson_high",
    .text = {.doc = "upper end of the Wilson interval of a proportion",
             .definition = WILSON_BOUNDS_DEFINITION,
             .example = "SELECT wilson_high(80, 100)"},
    .args = wilson_bounds_args,
    .call = wilson_bounds_high,
};
