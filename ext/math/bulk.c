/* bulk.c - see bulk.h. */
#include "math/bulk.h"

#include <stdint.h>
#include <string.h>

#define BULK_EXP_MIN (-708.0)
#define BULK_EXP_MAX 709.0
#define BULK_LOG1P_MAX 1e300
#define BULK_LOG2E 1.44269504088896340736
#define BULK_LN2_HIGH 6.93147180369123816490e-01 /* 32 bits: a multiple up to 2^20 is exact */
#define BULK_LN2_LOW 1.90821492927058770002e-10
#define BULK_ROUND 6755399441055744.0   /* 1.5 * 2^52: added and taken away, it leaves the nearest integer */
#define BULK_INTEGER 4503599627370496.0 /* 2^52: its lowest bits count integers */
#define BULK_SQRT_HALF_BITS UINT64_C(0x3fe6a09e667f3bcd)

static inline uint64_t bulk_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static inline double bulk_double(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof(x));
    return x;
}

/* A loop of its own: comparisons are the one thing here that the compiler does not do several at a time. */
static inline void bulk_keep(int n, const double *restrict x, double low, double high, double *restrict y) {
    for (int i = 0; i < n; i++) {
        double kept = x[i] < high ? x[i] : high;
        y[i] = kept > low ? kept : low;
    }
}

/* x = k ln 2 + r with |r| <= ln(2) / 2 */
typedef struct BulkParts {
    double expm1_r, scale; /* exp(r) - 1 and 2^k */
} BulkParts;

/* exp(r) - 1 by its series: at |r| = 0.3466 the first term left out is 4e-17 of the sum. */
static inline BulkParts bulk_parts(double x) {
    double shifted = x * BULK_LOG2E + BULK_ROUND, k = shifted - BULK_ROUND;
    double r = (x - k * BULK_LN2_HIGH) - k * BULK_LN2_LOW, r2 = r * r, r4 = r2 * r2;
    double a = 1.0 / 6 + r * (1.0 / 24) + r2 * (1.0 / 120 + r * (1.0 / 720));
    double b = 1.0 / 5040 + r * (1.0 / 40320) + r2 * (1.0 / 362880 + r * (1.0 / 3628800));
    double c = 1.0 / 39916800 + r * (1.0 / 479001600) + r2 * (1.0 / 6227020800);
    return (BulkParts){.expm1_r = r + r2 * (0.5 + r * (a + r4 * (b + r4 * c))),
                       .scale = bulk_double((bulk_bits(shifted) + 1023) << 52)};
}

void bulk_exp(int n, const double *restrict x, double *restrict y) {
    bulk_keep(n, x, BULK_EXP_MIN, BULK_EXP_MAX, y);
    for (int i = 0; i < n; i++) {
        BulkParts parts = bulk_parts(y[i]);
        y[i] = parts.scale + parts.scale * parts.expm1_r;
    }
}

void bulk_expm1(int n, const double *restrict x, double *restrict y) {
    bulk_keep(n, x, BULK_EXP_MIN, BULK_EXP_MAX, y);
    for (int i = 0; i < n; i++) {
        BulkParts parts = bulk_parts(y[i]);
        y[i] = (parts.scale - 1) + parts.scale * parts.expm1_r;
    }
}

/* 1 + x = 2^k m with m in sqrt(1/2) .. sqrt(2), and ln(m) = 2 artanh(s), s = (m - 1) / (m + 1), |s| <= 0.172, by its
 * series.  What rounding took from 1 + x is put back at the end. */
void bulk_log1p(int n, const double *restrict x, double *restrict y) {
    bulk_keep(n, x, 0, BULK_LOG1P_MAX, y);
    for (int i = 0; i < n; i++) {
        double u = 1 + y[i], lost = (y[i] - (u - 1)) / u;
        uint64_t bits = bulk_bits(u), k = (bits - BULK_SQRT_HALF_BITS) >> 52;
        double m = bulk_double(bits - (k << 52)), exponent = bulk_double(k | bulk_bits(BULK_INTEGER)) - BULK_INTEGER;
        double f = m - 1, s = f / (m + 1), z = s * s, z2 = z * z;
        double odd = 1.0 / 3 + z * (1.0 / 5) +
                     z2 * (1.0 / 7 + z * (1.0 / 9) +
                           z2 * (1.0 / 11 + z * (1.0 / 13) + z2 * (1.0 / 15 + z * (1.0 / 17) + z2 * (1.0 / 19 + z * (1.0 / 21)))));
        double log_m = 2 * s + 2 * s * (z * odd);
        y[i] = exponent * BULK_LN2_HIGH + ((exponent * BULK_LN2_LOW + lost) + log_m);
    }
}
