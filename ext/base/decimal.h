/* decimal.h - doubles as decimal text and back, to the last bit, in every locale and with every C library.
 *
 * What decimal_print writes, decimal_parse reads as the very same number.  Both compute in whole numbers, so
 * they are exact where printf and strtod are only promised to be close.
 */
#ifndef DECIMAL_H
#define DECIMAL_H

#include <stdbool.h>

enum {
    DECIMAL_DIGITS = 17,    /* significant digits that tell any two doubles apart */
    DECIMAL_TEXT_SIZE = 32  /* bytes of a printed number, its NUL too */
};
#define DECIMAL_MIN 1e-300  /* smaller numbers, and larger ones, are not read; they are no parameters */
#define DECIMAL_MAX 1e300

/* Writes a finite number with up to DECIMAL_DIGITS significant digits, rounded to nearest, half to even:
 * "0.24259391", "-1.5", "0.0", "6.0221407e+23". */
void decimal_print(double value, char out[DECIMAL_TEXT_SIZE]);

/* Reads the number that text begins with, as JSON writes one (no sign but '-', no leading zero, digits on both
 * sides of a point), rounded to nearest, half to even.  At most 40 significant digits.  Returns the bytes read;
 * 0 for anything else, and for what is neither 0 nor DECIMAL_MIN to DECIMAL_MAX in size.  Text ends with NUL. */
int decimal_parse(const char *text, double *out);

#endif
