/* decimal.c - see decimal.h.
 *
 * A double is a whole number of 53 bits times a power of two, a decimal text one of some digits times a power of
 * ten; between the two lie products and quotients of long whole numbers, and one rounding.
 */
#include "base/decimal.h"

#include <stdint.h>
#include <string.h>

#include "base/libm.h"

/* ---- Long whole numbers ---- */

enum {
    DECIMAL_LIMBS = 96,        /* 3072 bits: 53 bits times 5^1074, and 40 digits times 10^400 */
    DECIMAL_LIMB_BITS = 32,
    DECIMAL_GROUP = 9,         /* decimal digits taken off at once */
    DECIMAL_GROUP_SIZE = 1000000000,
    DECIMAL_LONG = 96 * 10     /* digits of the longest one */
};

typedef struct DecimalWhole {
    int n;                     /* limbs in use; the highest is not 0 */
    uint32_t limb[DECIMAL_LIMBS]; /* the lowest first */
} DecimalWhole;

static void decimal_set(DecimalWhole *a, uint64_t value) {
    a->n = 0;
    for (; value; value >>= DECIMAL_LIMB_BITS) a->limb[a->n++] = (uint32_t)value;
}

/* a = a * factor + add */
static void decimal_multiply(DecimalWhole *a, uint32_t factor, uint32_t add) {
    uint64_t carry = add;
    for (int i = 0; i < a->n; i++) {
        carry += (uint64_t)a->limb[i] * factor;
        a->limb[i] = (uint32_t)carry;
        carry >>= DECIMAL_LIMB_BITS;
    }
    if (carry) a->limb[a->n++] = (uint32_t)carry;
}

static void decimal_power(DecimalWhole *a, uint32_t base, int exponent) {
    for (; exponent > 0; exponent--) decimal_multiply(a, base, 0);
}

static void decimal_shift(DecimalWhole *a, int bits) {
    for (; bits >= DECIMAL_LIMB_BITS - 1; bits -= DECIMAL_LIMB_BITS - 1)
        decimal_multiply(a, (uint32_t)1 << (DECIMAL_LIMB_BITS - 1), 0);
    decimal_multiply(a, (uint32_t)1 << bits, 0);
}

/* Divides by DECIMAL_GROUP_SIZE and returns the rest. */
static uint32_t decimal_take_group(DecimalWhole *a) {
    uint64_t rest = 0;
    for (int i = a->n - 1; i >= 0; i--) {
        rest = rest << DECIMAL_LIMB_BITS | a->limb[i];
        a->limb[i] = (uint32_t)(rest / DECIMAL_GROUP_SIZE);
        rest %= DECIMAL_GROUP_SIZE;
    }
    while (a->n > 0 && a->limb[a->n - 1] == 0) a->n--;
    return (uint32_t)rest;
}

static int decimal_compare(const DecimalWhole *a, const DecimalWhole *b) {
    if (a->n != b->n) return a->n < b->n ? -1 : 1;
    for (int i = a->n - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* a = a - b, where a is not the smaller one. */
static void decimal_subtract(DecimalWhole *a, const DecimalWhole *b) {
    uint32_t borrow = 0;
    for (int i = 0; i < a->n; i++) {
        uint64_t take = (uint64_t)(i < b->n ? b->limb[i] : 0) + borrow;
        borrow = a->limb[i] < take;
        a->limb[i] -= (uint32_t)take;
    }
    while (a->n > 0 && a->limb[a->n - 1] == 0) a->n--;
}

static int decimal_bits(const DecimalWhole *a) {
    int bits = (a->n - 1) * DECIMAL_LIMB_BITS;
    for (uint32_t top = a->limb[a->n - 1]; top; top >>= 1) bits++;
    return bits;
}

/* ---- Printing ---- */

/* The first DECIMAL_DIGITS digits of a whole number, rounded, without zeroes at the end.  Returns the power of ten
 * of the first. */
static int decimal_round(DecimalWhole *a, char digits[DECIMAL_DIGITS + 1]) {
    char all[DECIMAL_LONG + DECIMAL_GROUP], *first = all + sizeof(all);
    while (a->n > 0) {
        uint32_t group = decimal_take_group(a);
        for (int i = 0; i < DECIMAL_GROUP; i++, group /= 10) *--first = (char)('0' + group % 10);
    }
    while (*first == '0') first++;
    int n = (int)(all + sizeof(all) - first), kept = n < DECIMAL_DIGITS ? n : DECIMAL_DIGITS, power = n - 1;
    memcpy(digits, first, (size_t)kept);
    if (kept < n) {
        bool beyond = first[kept] > '5' || (digits[kept - 1] - '0') % 2;
        for (int i = kept + 1; i < n && !beyond; i++) beyond = first[i] != '0';
        if (first[kept] >= '5' && beyond) {
            int i = kept - 1;
            while (i >= 0 && digits[i] == '9') i--;
            if (i >= 0) digits[i]++;
            else digits[0] = '1', i = 0, power++;
            kept = i + 1;
        }
    }
    while (kept > 1 && digits[kept - 1] == '0') kept--;
    digits[kept] = 0;
    return power;
}

static char *decimal_copy(char *out, const char *digits, int n) {
    for (int i = 0; i < n; i++) *out++ = *digits ? *digits++ : '0';
    return out;
}

enum { DECIMAL_PLAIN_MIN = -5, DECIMAL_PLAIN_MAX = 16 }; /* powers of ten that are written without an exponent */

/* The digits, the first of which stands for 10^power, as JSON writes a number that is not whole by type. */
static void decimal_layout(char *out, const char *digits, int power) {
    int n = (int)strlen(digits), exponent = 0;
    if (power < DECIMAL_PLAIN_MIN || power > DECIMAL_PLAIN_MAX) exponent = power, power = 0;
    if (power < 0) {
        out = decimal_copy(out, "0.00000", 1 - power);
        out = decimal_copy(out, digits, n);
    } else {
        int whole = power + 1;
        out = decimal_copy(out, digits, whole);
        *out++ = '.';
        out = n > whole ? decimal_copy(out, digits + whole, n - whole) : decimal_copy(out, "0", 1);
    }
    if (exponent) {
        *out++ = 'e';
        *out++ = exponent < 0 ? '-' : '+';
        if (exponent < 0) exponent = -exponent;
        if (exponent >= 100) *out++ = (char)('0' + exponent / 100);
        *out++ = (char)('0' + exponent / 10 % 10);
        *out++ = (char)('0' + exponent % 10);
    }
    *out = 0;
}

void decimal_print(double value, char out[DECIMAL_TEXT_SIZE]) {
    char digits[DECIMAL_DIGITS + 1];
    DecimalWhole whole;
    int exponent;
    double fraction = frexp(fabs(value), &exponent);
    if (!(value < 0 || value > 0)) {
        memcpy(out, "0.0", sizeof("0.0"));
        return;
    }
    if (value < 0) *out++ = '-';
    decimal_set(&whole, (uint64_t)ldexp(fraction, 53));
    exponent -= 53;
    /* m / 2^k = m * 5^k / 10^k */
    if (exponent >= 0) decimal_shift(&whole, exponent);
    else decimal_power(&whole, 5, -exponent);
    int power = decimal_round(&whole, digits);
    decimal_layout(out, digits, exponent < 0 ? power + exponent : power);
}

/* ---- Reading ---- */

enum { DECIMAL_READ_DIGITS = 40, DECIMAL_EXPONENT_MAX = 400, DECIMAL_SHORT_POWER = 27 };

typedef struct DecimalText {
    char digits[DECIMAL_READ_DIGITS]; /* values 0..9, the first not 0 */
    int n, exponent;                  /* of the last digit */
} DecimalText;

static bool decimal_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Appends the digits at text; NULL when they are too many. */
static const char *decimal_take_digits(const char *text, DecimalText *out, bool after_point) {
    for (; decimal_is_digit(*text); text++) {
        if (after_point) out->exponent--;
        if (out->n == 0 && *text == '0') continue;
        if (out->n == DECIMAL_READ_DIGITS || out->exponent < -DECIMAL_EXPONENT_MAX) return NULL;
        out->digits[out->n++] = (char)(*text - '0');
    }
    return text;
}

/* Reads an unsigned number; NULL when it is none, or too long. */
static const char *decimal_scan(const char *text, DecimalText *out) {
    if (!decimal_is_digit(*text) || (*text == '0' && decimal_is_digit(text[1]))) return NULL;
    text = decimal_take_digits(text, out, false);
    if (text && *text == '.') text = decimal_is_digit(text[1]) ? decimal_take_digits(text + 1, out, true) : NULL;
    if (!text || (*text != 'e' && *text != 'E')) return text;
    bool minus = *++text == '-';
    int exponent = 0;
    if (*text == '+' || *text == '-') text++;
    if (!decimal_is_digit(*text)) return NULL;
    for (; decimal_is_digit(*text); text++) {
        exponent = exponent * 10 + (*text - '0');
        if (exponent > DECIMAL_EXPONENT_MAX) return NULL;
    }
    out->exponent += minus ? -exponent : exponent;
    return text;
}

/* 64 bits of a quotient, its first bit set but for the last place, and whether anything is left, rounded to 53. */
static double decimal_to_double(uint64_t quotient, bool rest, int exponent) {
    uint64_t cut = quotient & 0x7FF, half = 0x400;
    quotient >>= 11;
    if (cut > half || (cut == half && (rest || (quotient & 1)))) quotient++;
    return ldexp((double)quotient, exponent + 11);
}

/* The usual case: up to 19 digits, 10^k with k up to 27 below them.  5^27 < 2^63, so no step overflows. */
static double decimal_divide_short(uint64_t number, int power) {
    uint64_t divisor = 1;
    int exponent = -power;
    for (int i = 0; i < power; i++) divisor *= 5;
    uint64_t quotient = number / divisor, rest = number % divisor;
    for (; !(quotient >> 63); exponent--) {
        quotient <<= 1;
        rest <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    return decimal_to_double(quotient, rest != 0, exponent);
}

static double decimal_divide(const DecimalText *text) {
    DecimalWhole number, divisor;
    uint64_t quotient = 0;
    decimal_set(&number, 0);
    decimal_set(&divisor, 1);
    for (int i = 0; i < text->n; i++) decimal_multiply(&number, 10, (uint32_t)text->digits[i]);
    if (text->exponent >= 0) decimal_power(&number, 10, text->exponent);
    else decimal_power(&divisor, 10, -text->exponent);
    int above = decimal_bits(&number) - decimal_bits(&divisor), exponent = above;
    if (above >= 0) decimal_shift(&divisor, above);
    else decimal_shift(&number, -above);
    if (decimal_compare(&number, &divisor) < 0) {
        decimal_shift(&number, 1);
        exponent--;
    }
    for (int bit = 0; bit < 64; bit++) {
        quotient <<= 1;
        if (decimal_compare(&number, &divisor) >= 0) {
            decimal_subtract(&number, &divisor);
            quotient |= 1;
        }
        decimal_shift(&number, 1);
    }
    return decimal_to_double(quotient, number.n > 0, exponent - 63);
}

static double decimal_value(const DecimalText *text) {
    uint64_t number = 0;
    if (text->n == 0) return 0;
    if (text->n > 19 || text->exponent > 0 || text->exponent < -DECIMAL_SHORT_POWER) return decimal_divide(text);
    for (int i = 0; i < text->n; i++) number = number * 10 + (uint64_t)text->digits[i];
    return decimal_divide_short(number, -text->exponent);
}

int decimal_parse(const char *text, double *out) {
    DecimalText number = {.n = 0};
    bool minus = *text == '-';
    const char *end = decimal_scan(text + minus, &number);
    if (!end) return 0;
    int power = number.n + number.exponent;
    if (number.n > 0 && (power > DECIMAL_EXPONENT_MAX - 90 || power < 90 - DECIMAL_EXPONENT_MAX)) return 0;
    double value = decimal_value(&number);
    if (value > DECIMAL_MAX || (value < DECIMAL_MIN && number.n > 0)) return 0;
    *out = minus ? -value : value;
    return (int)(end - text);
}
