/* kaplan.h - the Kaplan-Meier estimate: which share still waits after so many days.
 *
 * Some waits have not ended when we look: they are censored, and all that is known is that they last
 * longer.  Kaplan, Meier (1958), Journal of the American Statistical Association 53, 457-481: of n at
 * risk on a day, those who have waited that long, d see the event;
 *
 *     S(t) = product over the days up to t of (n - d) / n
 *
 * The conventions are those of R's survfit: who is censored on a day is still at risk on that day.  The
 * variance of ln S is Greenwood's (1926) sum of d / (n (n - d)); limits are symmetric for ln(-ln S)
 * (Kalbfleisch, Prentice 1980), so they stay inside [0, 1].
 */
#ifndef STAT_KAPLAN_H
#define STAT_KAPLAN_H

#include <stdint.h>

/* S within this of a share has reached it: a product of fractions misses 1/2 by a rounding error. */
#define KAPLAN_TIE 1e-9

/* Curves are read as far as at least this share was watched that long: Pocock, Clayton, Altman (2002),
 * Lancet 359, 1686-1689, let them end where 10 to 20 % are left. */
#define KAPLAN_WATCHED 0.2

typedef struct KaplanStep {
    int64_t at_risk;     /* waited at least this long */
    double survival;     /* S, the events of this day included */
    double log_variance; /* of ln S; infinite when S is 0 */
} KaplanStep;

typedef struct Kaplan {
    int64_t n;                        /* days on which a wait ended or was cut off */
    const int32_t *days;              /* ascending, >= 0 */
    const int64_t *events, *censored; /* on each; their sum is above 0 */
    KaplanStep *steps;                /* n of them */
} Kaplan;

/* An estimate with its limits; what cannot be given is NaN. */
typedef struct KaplanRange {
    double value, low, high;
} KaplanRange;

/* Fills the steps. */
void kaplan_fit(Kaplan *curve);

/* S after `day` days, with limits z standard errors wide.  They are NaN where they are not defined: while
 * S is 1 and when it is 0.  Beyond the last day S stays what it was. */
KaplanRange kaplan_survival(const Kaplan *curve, int64_t day, double z);

/* The same on the days of step i. */
KaplanRange kaplan_step(const Kaplan *curve, int64_t i, double z);

/* The last of the days until which KAPLAN_WATCHED of all were watched, had the event not come first.  Behind
 * it few stand for many: when the very last one sees the event, S is 0. */
int32_t kaplan_last_day(const Kaplan *curve);

/* The first day by which the share (0 to 1) has seen the event: the smallest t with S(t) <= 1 - share.
 * Its limits are where those of S get there (Brookmeyer, Crowley 1982).  NaN where they do not. */
KaplanRange kaplan_quantile(const Kaplan *curve, double share, double z);

/* The mean wait, none counted longer than `horizon` days: the area under S up to there, and its standard
 * error.  NaN when the horizon lies beyond all that was seen and S is not 0. */
double kaplan_restricted_mean(const Kaplan *curve, int32_t horizon, double *error);

#endif
