/* crr.c - crr(): the textbook customer retention rate from three counts.
 *
 *     SELECT crr(90, 10, 100);   -- 0.8
 *
 * (end_customers - new_customers) / start_customers.  Reactivated customers count as kept, so it can
 * exceed 1; retention_rate() tells them apart.
 */
#include "host/function.h"

enum { CRR_END, CRR_NEW, CRR_START, CRR_ARGS };

#define CRR_COUNT_MAX 9007199254740992.0 /* 2^53: counts beyond it are not exact */

static const ArgSpec crr_args[] = {
    [CRR_END] = {.name = "end_customers", .kind = ARG_REAL, .required = true, .max = CRR_COUNT_MAX,
                 .doc = "customers at the end of the period"},
    [CRR_NEW] = {.name = "new_customers", .kind = ARG_REAL, .required = true, .max = CRR_COUNT_MAX,
                 .doc = "of those, the ones won in the period"},
    [CRR_START] = {.name = "start_customers", .kind = ARG_REAL, .required = true, .max = CRR_COUNT_MAX,
                   .doc = "customers at the start; 0 gives NULL"},
    {0},
};

static void crr_call(Out *out, Err *err, int n, sqlite3_value **values) {
    double counts[CRR_ARGS];
    (void)n;
    for (int i = 0; i < CRR_ARGS; i++)
        if (!function_number(&crr_args[i], values[i], err, &counts[i])) {
            out_null(out);
            return;
        }
    if (counts[CRR_NEW] > counts[CRR_END])
        err_set(err, SQLITE_ERROR, "new_customers (%.15g) must not exceed end_customers (%.15g)",
                counts[CRR_NEW], counts[CRR_END]);
    else
        out_real(out, (counts[CRR_END] - counts[CRR_NEW]) / counts[CRR_START]);
}

const ScalarDef scalar_crr = {
    .name = "crr",
    .text = {.doc = "textbook customer retention rate from three counts",
             .definition = "(end_customers - new_customers) / start_customers; NULL when start_customers"
                           " is 0 or an argument is NULL",
             .example = "SELECT crr(90, 10, 100)"},
    .args = crr_args,
    .call = crr_call,
};
