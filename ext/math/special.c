/* special.c - see special.h. */
#include "math/special.h"

#include "base/libm.h"

#define SPECIAL_COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define SPECIAL_HALF_LN_2PI 0.91893853320467274178
#define SPECIAL_EULER 0.57721566490153286061
#define SPECIAL_SQRT_HALF 0.70710678118654752440
#define SPECIAL_SQRT_2PI 2.5066282746310005024

/* From here up the divergent series of Stirling is good to the last bit with seven terms. */
#define SPECIAL_STIRLING_MIN 10.0

/* zeta(k) - 1 for k = 2, 3, ...: at |z| = 1/2 the terms fall like 4^-k. */
static const double special_zeta_less_1[] = {
    0.64493406684822643647,   0.2020569031595942854,    0.082323233711138191516,
    0.036927755143369926331,  0.017343061984449139715,  0.0083492773819228268398,
    0.0040773561979443393787, 0.0020083928260822144179, 0.00099457512781808533715,
    0.0004941886041194645587, 0.00024608655330804829864, 0.00012271334757848914675,
    6.1248135058704829259e-5, 3.0588236307020493552e-5, 1.5282259408651871733e-5,
    7.6371976378997622736e-6, 3.8172932649998398565e-6, 1.9082127165539389257e-6,
    9.5396203387279611315e-7, 4.7693298678780646312e-7, 2.3845050272773299e-7,
    1.1921992596531107307e-7, 5.9608189051259479612e-8, 2.9803503514652280186e-8,
    1.4901554828365041235e-8, 7.450711789835429492e-9,  3.7253340247884570548e-9,
};

/* B(2k) / (2k (2k - 1)), the coefficients of x^-(2k-1) in Stirling's series; B are Bernoulli's. */
static const double special_stirling[] = {
    1.0 / 12.0,  -1.0 / 360.0,       1.0 / 1260.0, -1.0 / 1680.0,
    1.0 / 1188.0, -691.0 / 360360.0, 1.0 / 156.0,
};

/* B(2k) / (2k), the coefficients of -x^-2k in the series of psi. */
static const double special_psi[] = {
    1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32760.0, 1.0 / 12.0,
};

static double special_polynomial(const double *coefficient, int n, double x) {
    double sum = 0;
    for (int i = n; i-- > 0;) sum = sum * x + coefficient[i];
    return sum;
}

/* What Stirling's formula (x - 1/2) ln x - x + ln(2 pi)/2 lacks, for x >= SPECIAL_STIRLING_MIN. */
static double special_stirling_rest(double x) {
    return special_polynomial(special_stirling, SPECIAL_COUNT(special_stirling), 1 / (x * x)) / x;
}

/* ln Gamma(2 + z) = z (1 - gamma) + sum over k >= 2 of (zeta(k) - 1) (-z)^k / k, for |z| <= 1/2. */
static double special_lgamma_near_2(double z) {
    double sum = 0;
    for (int i = SPECIAL_COUNT(special_zeta_less_1); i-- > 0;)
        sum = special_zeta_less_1[i] / (i + 2) - z * sum;
    return z * ((1 - SPECIAL_EULER) + z * sum);
}

double special_lgamma(double x) {
    if (!(x > 0)) return NAN;
    if (isinf(x)) return x;
    if (x >= SPECIAL_STIRLING_MIN)
        return (x - 0.5) * log(x) - x + SPECIAL_HALF_LN_2PI + special_stirling_rest(x);
    if (x < 0.5) return special_lgamma_near_2(x) - log1p(x) - log(x);
    if (x < 1.5) return special_lgamma_near_2(x - 1) - log1p(x - 1);
    double product = 1;
    for (; x > 2.5; product *= x) x -= 1;
    return log(product) + special_lgamma_near_2(x - 2);
}

double special_digamma(double x) {
    if (!(x > 0)) return NAN;
    double shift = 0;
    for (; x < SPECIAL_STIRLING_MIN; x += 1) shift += 1 / x;
    double square = 1 / (x * x);
    double series = special_polynomial(special_psi, SPECIAL_COUNT(special_psi), square) * square;
    return (log(x) - 0.5 / x - series) - shift;
}

/* With Stirling's formula for each large argument the terms of size x ln x cancel on paper. */
double special_lbeta(double x, double y) {
    double p = x < y ? x : y, q = x < y ? y : x;
    if (!(p > 0) || !(q > 0)) return NAN;
    if (q < SPECIAL_STIRLING_MIN)
        return special_lgamma(p) + special_lgamma(q) - special_lgamma(p + q);
    double rest = special_stirling_rest(q) - special_stirling_rest(p + q);
    double share = p / (p + q), log1m_share = log1p(-share);
    if (p < SPECIAL_STIRLING_MIN)
        return special_lgamma(p) + rest + p - p * log(p + q) + (q - 0.5) * log1m_share;
    return SPECIAL_HALF_LN_2PI - 0.5 * log(q) + special_stirling_rest(p) + rest +
           (p - 0.5) * log(share) + q * log1m_share;
}

double special_softplus(double d) {
    return d > 0 ? d + log1p(exp(-d)) : log1p(exp(d));
}

double special_logistic(double d) {
    double e = exp(-fabs(d));
    return (d > 0 ? 1 : e) / (1 + e);
}

double special_normal_cdf(double z) {
    return 0.5 * erfc(-z * SPECIAL_SQRT_HALF);
}

/* For p < 1/2, by Halley's rule on ln(cdf(z)) = ln(p), whose curvature is mild in the tail:
 * with h = cdf/density, z moves by -g h / (1 + g (1 + z h) / 2), g = ln(cdf(z) / p).  The start
 * is off by less than 0.01, so three steps are more than enough. */
static double special_normal_tail(double p) {
    double t = sqrt(-2 * log(p));
    double z = (2.30753 + 0.27061 * t) / (1 + t * (0.99229 + 0.04481 * t)) - t;
    for (int i = 0; i < 3; i++) {
        double cdf = special_normal_cdf(z);
        double ratio = SPECIAL_SQRT_2PI * exp(log(cdf) + 0.5 * z * z);
        double gap = log(cdf / p);
        z -= gap * ratio / (1 + 0.5 * gap * (1 + z * ratio));
    }
    return z;
}

/* For |p - 1/2| small: Halley's rule on erf, which keeps the relative precision around z = 0. */
static double special_normal_middle(double offset) {
    double z = offset * SPECIAL_SQRT_2PI;
    for (int i = 0; i < 4; i++) {
        double gap = 0.5 * erf(z * SPECIAL_SQRT_HALF) - offset;
        double step = gap * SPECIAL_SQRT_2PI * exp(0.5 * z * z);
        z -= step / (1 + 0.5 * z * step);
    }
    return z;
}

double special_normal_quantile(double p) {
    if (!(p >= 0) || !(p <= 1)) return NAN;
    if (p == 0) return -INFINITY;
    if (p == 1) return INFINITY;
    if (fabs(p - 0.5) < 0.25) return special_normal_middle(p - 0.5);
    return p < 0.5 ? special_normal_tail(p) : -special_normal_tail(1 - p);
}
