/* bgnbdsum.h - the log-likelihood of all customers of a shop by the BG/NBD, the MBG/NBD or the NBD.
 *
 * Of the likelihood as bgnbd.c writes it the sums depend on x alone and the logs on a day alone, so both are tabulated; a
 * customer then costs one exp.
 */
#ifndef MODEL_BGNBDSUM_H
#define MODEL_BGNBDSUM_H

#include "model/bgnbdfit.h"

#define BGNBDSUM_LOG_MAX 20.0 /* a log parameter stays within this, about 2e-9 .. 5e8 */

typedef struct BgnbdsumDay {
    double log_ratio; /* ln(1 + day / alpha) */
    double share;     /* day / (alpha + day) */
} BgnbdsumDay;

typedef struct BgnbdsumAge { /* customers by the day their observation ends */
    double day;
    double customers, purchases; /* of age day; purchases are repeats */
} BgnbdsumAge;

typedef struct BgnbdsumRun { /* consecutive triples of one frequency */
    int64_t first, end;
    double x, customers;
} BgnbdsumRun;

typedef struct BgnbdsumWork {
    BgnbdKind kind;
    bool no_rows; /* leave out the terms of single triples */
    bool dropout; /* false: the NBD, with r and alpha alone */
    const double *weak; /* centres of weak priors on the four log parameters; NULL: there are none */
    bool clear;   /* the optimum was found from a sample's, and there is no ridge near it */
    const Poll *poll;
    int64_t terms; /* since the last poll */
    bool stopped;
    int64_t n_rows, n_runs, n_days, days_max; /* days_max: room for days */
    double customers, purchases, age_scale; /* age_scale: the largest age, at least 1 */
    double log_alpha_0;                     /* ln(age_scale), origin of the alpha coordinate */
    double *weight;                         /* of each triple */
    BgnbdsumRun *run;
    BgnbdsumAge *age;
    BgnbdsumDay *day;             /* recomputed for each alpha */
    int32_t *last_day, *now_day; /* of each triple: places of recency and age in day */
    int32_t *place;            /* of each day from 0 to the largest age */
    int evaluations;           /* of the likelihood with dropout */
} BgnbdsumWork;

/* Bytes that bgnbdsum_prepare needs for these data. */
int64_t bgnbdsum_workspace_size(const BgnbdfitData *data);

/* Fills the tables; kind and poll are set. */
void bgnbdsum_prepare(BgnbdsumWork *work, const BgnbdfitData *data, void *workspace);

/* A sample of triples of a prepared work, where the search over very many may begin; false: they are not so many. */
bool bgnbdsum_sample(BgnbdsumWork *sample, const BgnbdsumWork *work);

/* The parameters at point = ln(r, alpha / age_scale, a, b). */
BgnbdParams bgnbdsum_params(const BgnbdsumWork *work, const double *point);

/* Minus the log-likelihood per customer, an OptimiseObjective; and its second derivatives, with dropout. */
bool bgnbdsum_objective(void *work, const double *point, double *value, double *gradient);
bool bgnbdsum_second(void *work, const double *point, double *second);

#endif
