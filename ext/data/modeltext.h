/* modeltext.h - a fitted model as a text that a table can keep, and back.
 *
 *     {"model":"mbgnbd","r":0.52,"alpha":61.5,"a":0.89,"b":1.61,"customers":2357,"one_timers":1411,
 *      "log_likelihood":-14100.2,"spend":{"p":6.25,"q":3.74,"gamma":15.44,"mean":35.1},"note":null}
 *
 * JSON with numbers of 17 digits, so that what is read scores to the last bit as what was written.  Time is in
 * days.  spend is null without amounts; p, q and gamma are not there where no Gamma-Gamma could be fitted, mean
 * not where nobody spent anything.  Needed for reading are the model and its own parameters: r and alpha, with a and b
 * for bgnbd and mbgnbd, with s and beta for pnbd.  Anything else than the keys named here is refused, and so is a
 * key that comes twice: a mistyped parameter must not be ignored.
 */
#ifndef MODELTEXT_H
#define MODELTEXT_H

#include "base/sqlite.h"
#include "data/predictor.h"

enum { MODELTEXT_SIZE_MAX = 4096 }; /* bytes of a text that is read */

#define MODELTEXT_PARAM_MIN 1e-30 /* no fit goes beyond these, where forecasts take long and say nothing */
#define MODELTEXT_PARAM_MAX 1e30

typedef struct Modeltext {
    PurchaseLaw law;
    bool has_spend;          /* a Gamma-Gamma */
    GammagammaParams spend;
    double mean_spend;       /* stands in where the Gamma-Gamma has no mean; NaN: not known */
} Modeltext;

/* The text of a predictor that has purchases, made with sqlite3_malloc; NULL without memory. */
char *modeltext_write(const Predictor *predictor);

/* Reads n bytes, NUL behind them.  The error says what is wrong and where. */
void modeltext_read(Modeltext *model, const char *text, int n, Err *err);

/* Expected net amount of a purchase day, as predictor_spend; of a customer without repeat purchase monetary_value
 * does not matter. */
double modeltext_spend(const Modeltext *model, double frequency, double monetary_value);

#endif
