/* bgnbdfit.c - see bgnbdfit.h.
 *
 * Of the likelihood as bgnbd.c writes it the sums depend on x alone and the logs on a day alone, so
 * both are tabulated; a customer then costs one exp.
 */
#include "model/bgnbdfit.h"

#include <stddef.h>
#include <string.h>

#include "base/libm.h"
#include "math/bulk.h"
#include "math/logsum.h"
#include "math/optimise.h"

#define BGNBDFIT_POLL_TERMS 32768  /* likelihood terms between two polls */
#define BGNBDFIT_SAMPLE 8192       /* triples where the search over at least twice as many begins */
#define BGNBDFIT_STEP_MAX 32.0     /* purchases summed one by one from a frequency to the next */
#define BGNBDFIT_LOG_MAX 20.0      /* a log parameter stays within this, about 2e-9 .. 5e8 */
#define BGNBDFIT_PARAM_LOW 1e-4    /* r, a, b and alpha / age outside these have run away */
#define BGNBDFIT_PARAM_HIGH 5e3
#define BGNBDFIT_GAIN 1e-9         /* log-likelihood left to gain at convergence */
#define BGNBDFIT_GAIN_ROUGH 1e-3   /* the same, while starts are compared */
#define BGNBDFIT_GAIN_LEFT 1e-6    /* the same, where rounding ended the search */
#define BGNBDFIT_NBD_GAIN_MIN 2.0  /* log-likelihood that two more parameters should bring */
#define BGNBDFIT_DROPOUT_MIN 1e-4  /* a / (a + b) below this is no attrition */
#define BGNBDFIT_FAR 700.0         /* log odds that are as good as certain */
#define BGNBDFIT_DIFFERENCE 1e-4   /* step of a log parameter for the curvature */
#define BGNBDFIT_PIVOT_MIN 1e-9    /* curvature below this, relative, is a ridge */

/* ---- Tables ---- */

typedef struct BgnbdfitDay {
    double log_ratio; /* ln(1 + day / alpha) */
    double share;     /* day / (alpha + day) */
} BgnbdfitDay;

typedef struct BgnbdfitAge { /* customers by the day their observation ends */
    double day;
    double customers, purchases; /* of age day; purchases are repeats */
} BgnbdfitAge;

typedef struct BgnbdfitRun { /* consecutive triples of one frequency */
    int64_t first, end;
    double x, customers;
} BgnbdfitRun;

typedef struct BgnbdfitWork {
    BgnbdKind kind;
    bool no_rows; /* leave out the terms of single triples */
    bool dropout; /* false: the NBD, with r and alpha alone */
    const double *weak; /* centres of weak priors on the four log parameters; NULL: there are none */
    bool clear;   /* the optimum was found from a sample's, and there is no ridge near it */
    const Poll *poll;
    int64_t terms; /* since the last poll */
    bool stopped;
    int64_t n_rows, n_runs, n_days;
    double customers, purchases, age_scale; /* age_scale: the largest age, at least 1 */
    double log_alpha_0;                     /* ln(age_scale), origin of the alpha coordinate */
    double *weight;                         /* of each triple */
    BgnbdfitRun *run;
    BgnbdfitAge *age;
    BgnbdfitDay *day;             /* recomputed for each alpha */
    int32_t *last_day, *now_day; /* of each triple: places of recency and age in day */
    int32_t *place;            /* of each day from 0 to the largest age */
    int evaluations;           /* of the likelihood with dropout */
} BgnbdfitWork;

typedef struct BgnbdfitShape {
    int64_t n, n_runs, days_max, age_max;
} BgnbdfitShape;

static BgnbdfitShape bgnbdfit_shape(const BgnbdfitData *data) {
    BgnbdfitShape shape = {.n = data->n > 0 ? data->n : 0};
    for (int64_t i = 0; i < shape.n; i++) {
        shape.n_runs += i == 0 || data->frequency[i] != data->frequency[i - 1];
        if (data->age[i] > shape.age_max) shape.age_max = data->age[i];
    }
    shape.days_max = shape.age_max + 1 < 2 * shape.n ? shape.age_max + 1 : 2 * shape.n;
    return shape;
}

/* Triples of the sample where the search over very many begins; 0: no sample. */
static int64_t bgnbdfit_sample_step(int64_t n) {
    return n < 2 * BGNBDFIT_SAMPLE ? 0 : n / BGNBDFIT_SAMPLE;
}

static int64_t bgnbdfit_sample_rows(int64_t n) {
    return bgnbdfit_sample_step(n) ? n / bgnbdfit_sample_step(n) + 1 : 0;
}

int64_t bgnbdfit_workspace_size(const BgnbdfitData *data) {
    BgnbdfitShape shape = bgnbdfit_shape(data);
    int64_t rows = shape.n + bgnbdfit_sample_rows(shape.n), tables = bgnbdfit_sample_step(shape.n) ? 2 : 1;
    size_t row = sizeof(double) + 2 * sizeof(int32_t);
    size_t day = sizeof(BgnbdfitAge) + sizeof(BgnbdfitDay);
    return rows * (int64_t)row + tables * shape.n_runs * (int64_t)sizeof(BgnbdfitRun) +
           tables * shape.days_max * (int64_t)day + (shape.age_max + 1) * (int64_t)sizeof(int32_t);
}

/* Eight-byte members first, so that each array is aligned where the one before it ends. */
static void bgnbdfit_carve(BgnbdfitWork *w, const BgnbdfitShape *shape, void *workspace) {
    int64_t rows = shape->n + bgnbdfit_sample_rows(shape->n), tables = bgnbdfit_sample_step(shape->n) ? 2 : 1;
    w->weight = workspace;
    w->run = (BgnbdfitRun *)(void *)(w->weight + rows);
    w->age = (BgnbdfitAge *)(void *)(w->run + tables * shape->n_runs);
    w->day = (BgnbdfitDay *)(void *)(w->age + tables * shape->days_max);
    w->last_day = (int32_t *)(void *)(w->day + tables * shape->days_max);
    w->now_day = w->last_day + rows;
    w->place = w->now_day + rows;
}

/* Numbers the days that occur, ascending. */
static void bgnbdfit_number_days(BgnbdfitWork *w, const BgnbdfitData *data,
                                 const BgnbdfitShape *shape) {
    memset(w->place, 0, (size_t)(shape->age_max + 1) * sizeof(*w->place));
    for (int64_t i = 0; i < shape->n; i++)
        w->place[data->recency[i]] = w->place[data->age[i]] = 1;
    for (int64_t d = 0; d <= shape->age_max; d++)
        if (w->place[d]) {
            w->age[w->n_days] = (BgnbdfitAge){.day = (double)d};
            w->place[d] = (int32_t)w->n_days++;
        }
}

/* Adds the next triple; its days are numbered, and those of one frequency come after one another. */
static void bgnbdfit_add_row(BgnbdfitWork *w, double x, double weight, int32_t last_day, int32_t now_day) {
    int64_t i = w->n_rows++;
    if (w->n_runs == 0 || w->run[w->n_runs - 1].x != x) w->run[w->n_runs++] = (BgnbdfitRun){.first = i, .x = x};
    BgnbdfitRun *run = &w->run[w->n_runs - 1];
    w->weight[i] = weight;
    w->last_day[i] = last_day;
    w->now_day[i] = now_day;
    run->end = i + 1;
    run->customers += weight;
    w->customers += weight;
    w->purchases += weight * x;
    w->age[now_day].customers += weight;
    w->age[now_day].purchases += weight * x;
}

static void bgnbdfit_prepare(BgnbdfitWork *w, const BgnbdfitData *data, void *workspace) {
    BgnbdfitShape shape = bgnbdfit_shape(data);
    bgnbdfit_carve(w, &shape, workspace);
    bgnbdfit_number_days(w, data, &shape);
    w->age_scale = shape.age_max > 0 ? (double)shape.age_max : 1;
    w->log_alpha_0 = log(w->age_scale);
    for (int64_t i = 0; i < shape.n; i++)
        bgnbdfit_add_row(w, data->frequency[i], (double)data->count[i], w->place[data->recency[i]],
                         w->place[data->age[i]]);
}

/* Every step-th triple of w, behind its own in the workspace. */
static void bgnbdfit_prepare_sample(BgnbdfitWork *sample, const BgnbdfitWork *w, int64_t days_max) {
    int64_t step = bgnbdfit_sample_step(w->n_rows), next = step / 2;
    *sample = (BgnbdfitWork){.kind = w->kind, .poll = w->poll, .n_days = w->n_days, .age_scale = w->age_scale,
                             .log_alpha_0 = w->log_alpha_0, .weight = w->weight + w->n_rows, .run = w->run + w->n_runs,
                             .age = w->age + days_max, .day = w->day + days_max, .last_day = w->last_day + w->n_rows,
                             .now_day = w->now_day + w->n_rows};
    for (int64_t d = 0; d < w->n_days; d++) sample->age[d] = (BgnbdfitAge){.day = w->age[d].day};
    for (int64_t r = 0; r < w->n_runs; r++)
        for (; next < w->run[r].end; next += step)
            bgnbdfit_add_row(sample, w->run[r].x, w->weight[next], w->last_day[next], w->now_day[next]);
}

/* ---- Likelihood of all customers ---- */

/* Counts terms towards the next poll; true: give up. */
static bool bgnbdfit_tick(BgnbdfitWork *w, int64_t terms) {
    w->terms += terms;
    if (w->terms >= BGNBDFIT_POLL_TERMS) {
        w->terms = 0;
        w->stopped = w->stopped || poll_stop(w->poll);
    }
    return w->stopped;
}

/* The log-likelihood and its derivatives by the logarithms of the parameters. */
typedef struct BgnbdfitTotal {
    double value, r, alpha, a, b;
} BgnbdfitTotal;

/* Fills the day table and adds - x ln(alpha) - (r + x) ln(1 + T/alpha) of everybody. */
static bool bgnbdfit_add_days(BgnbdfitWork *w, const BgnbdParams *p, BgnbdfitTotal *total) {
    total->value -= w->purchases * log(p->alpha);
    total->alpha -= w->purchases;
    for (int64_t i = 0; i < w->n_days; i++) {
        const BgnbdfitAge *age = &w->age[i];
        double rate = p->r * age->customers + age->purchases;
        double log_ratio = log1p(age->day / p->alpha), share = age->day / (p->alpha + age->day);
        w->day[i] = (BgnbdfitDay){log_ratio, share};
        total->value -= rate * log_ratio;
        total->r -= p->r * age->customers * log_ratio;
        total->alpha += rate * share;
        if (bgnbdfit_tick(w, 1)) return false;
    }
    return true;
}

typedef struct BgnbdfitGone { /* sums over the triples of one run; w = P(gone) */
    double softplus, w, w_log, w_share;
} BgnbdfitGone;

/* Triples are taken BLOCK at a time, so that each step is a short loop over arrays that stay at hand; sums are kept
 * LANES at a time, so that they do not wait for each other. */
enum { BGNBDFIT_BLOCK = 256, BGNBDFIT_LANES = 4 };

typedef struct BgnbdfitBlock {
    int n;                     /* a multiple of BGNBDFIT_LANES: at the end stand triples of no weight */
    double log_gap[BGNBDFIT_BLOCK], share[BGNBDFIT_BLOCK], bend[BGNBDFIT_BLOCK], weight[BGNBDFIT_BLOCK];
    double odds[BGNBDFIT_BLOCK], minus[BGNBDFIT_BLOCK], e[BGNBDFIT_BLOCK]; /* e = exp(minus), minus = -|odds| */
    int n_many;                /* triples of several customers ... */
    int many[BGNBDFIT_BLOCK];  /* ... and which these are */
} BgnbdfitBlock;

typedef struct BgnbdfitLanes {
    double positive[BGNBDFIT_LANES], w[BGNBDFIT_LANES], w_log[BGNBDFIT_LANES], w_share[BGNBDFIT_LANES];
    double growth[BGNBDFIT_LANES]; /* as of math/logsum.h, of the triples with one customer, as most are */
} BgnbdfitLanes;

static void bgnbdfit_read_block(const BgnbdfitWork *w, int64_t first, int64_t end, double k, double log_odds,
                                BgnbdfitBlock *b) {
    int n = end - first < BGNBDFIT_BLOCK ? (int)(end - first) : BGNBDFIT_BLOCK;
    b->n_many = 0;
    for (int j = 0; j < n; j++) {
        BgnbdfitDay now = w->day[w->now_day[first + j]], last = w->day[w->last_day[first + j]];
        b->log_gap[j] = now.log_ratio - last.log_ratio;
        b->share[j] = last.share - now.share;
        b->bend[j] = last.share + now.share - 1;
        b->weight[j] = w->weight[first + j];
        b->many[b->n_many] = j;
        b->n_many += b->weight[j] != 1;
    }
    for (b->n = n; b->n % BGNBDFIT_LANES != 0; b->n++)
        b->log_gap[b->n] = b->share[b->n] = b->bend[b->n] = b->weight[b->n] = 0;
    for (int j = 0; j < b->n; j++) {
        b->odds[j] = log_odds + k * b->log_gap[j];
        b->minus[j] = -fabs(b->odds[j]);
    }
    for (int j = n; j < b->n; j++) b->minus[j] = -BGNBDFIT_FAR;
    bulk_exp(b->n, b->minus, b->e);
}

/* P(gone) is (1 + t) / 2 with t = tanh(odds / 2), whose sign is that of the odds; max(odds, 0) = (odds + |odds|) / 2. */
static void bgnbdfit_add_block(const BgnbdfitBlock *b, BgnbdfitLanes *sum) {
    BgnbdfitLanes s = *sum;
    for (int j = 0; j < b->n; j += BGNBDFIT_LANES)
        for (int l = 0; l < BGNBDFIT_LANES; l++) {
            double e = b->e[j + l], t = copysign((1 - e) / (1 + e), b->odds[j + l]);
            double gone = b->weight[j + l] * (0.5 + 0.5 * t);
            s.positive[l] += b->weight[j + l] * (b->odds[j + l] - b->minus[j + l]);
            s.w[l] += gone;
            s.w_log[l] += gone * b->log_gap[j + l];
            s.w_share[l] += gone * b->share[j + l];
        }
    *sum = s;
}

/* Adds ln(1 + exp(odds)) - max(odds, 0). */
static void bgnbdfit_add_rest(BgnbdfitBlock *b, BgnbdfitLanes *sum, double *total) {
    for (int m = 0; m < b->n_many; m++) {
        int j = b->many[m];
        *total += b->weight[j] * log1p(b->e[j]);
        b->e[j] = 0;
    }
    for (int j = 0; j < b->n; j += BGNBDFIT_LANES)
        for (int l = 0; l < BGNBDFIT_LANES; l++) sum->growth[l] += b->e[j + l] * (1 + sum->growth[l]);
    for (int l = 0; l < BGNBDFIT_LANES; l++)
        if (sum->growth[l] > LOGSUM_GROWTH_MAX) {
            *total += log1p(sum->growth[l]);
            sum->growth[l] = 0;
        }
}

/* The hot loop.  ln(1 + exp(odds)) is taken as max(odds, 0) + ln(1 + e). */
static void bgnbdfit_gone(const BgnbdfitWork *w, int64_t first, int64_t end, double k,
                          double log_odds, BgnbdfitGone *sum) {
    BgnbdfitBlock block;
    BgnbdfitLanes lanes = {.w = {0}};
    for (int64_t i = first; i < end; i += BGNBDFIT_BLOCK) {
        bgnbdfit_read_block(w, i, end, k, log_odds, &block);
        bgnbdfit_add_block(&block, &lanes);
        bgnbdfit_add_rest(&block, &lanes, &sum->softplus);
    }
    for (int l = 0; l < BGNBDFIT_LANES; l++) {
        sum->softplus += 0.5 * lanes.positive[l] + log1p(lanes.growth[l]);
        sum->w += lanes.w[l];
        sum->w_log += lanes.w_log[l];
        sum->w_share += lanes.w_share[l];
    }
}

/* Adds the chance of dropout for one frequency. */
static bool bgnbdfit_add_dropout(BgnbdfitWork *w, const BgnbdParams *p, const BgnbdfitRun *run,
                                 const BgnbdBetaSums *beta, BgnbdfitTotal *total) {
    BgnbdfitGone gone = {0};
    double k = p->r + run->x, before = p->b + run->x + bgnbd_m(w->kind) - 1;
    total->value -= run->customers * beta->log_stay;
    total->a -= run->customers * p->a * beta->ab;
    total->b += run->customers * p->b * (beta->b - beta->ab);
    if (w->no_rows || !bgnbd_can_be_gone(w->kind, run->x)) return true;
    for (int64_t i = run->first, end; i < run->end; i = end) {
        end = run->end - i < BGNBDFIT_POLL_TERMS / 4 ? run->end : i + BGNBDFIT_POLL_TERMS / 4;
        bgnbdfit_gone(w, i, end, k, log(p->a / before), &gone);
        if (bgnbdfit_tick(w, end - i)) return false;
    }
    total->value += gone.softplus;
    total->r += p->r * gone.w_log;
    total->alpha += k * gone.w_share;
    total->a += gone.w;
    total->b -= p->b / before * gone.w;
    return true;
}

static bool bgnbdfit_add_runs(BgnbdfitWork *w, const BgnbdParams *p, BgnbdfitTotal *total) {
    BgnbdSums sums = {0};
    BgnbdBetaSums beta = {0};
    for (int64_t i = 0; i < w->n_runs; i++) {
        const BgnbdfitRun *run = &w->run[i];
        bgnbd_sums_to(&sums, p, run->x, BGNBDFIT_STEP_MAX);
        total->value += run->customers * sums.log_rate;
        total->r += run->customers * p->r * sums.rate;
        if (bgnbdfit_tick(w, (int64_t)BGNBDFIT_STEP_MAX)) return false;
        if (!w->dropout) continue;
        bgnbd_beta_sums_to(&beta, p, run->x + bgnbd_m(w->kind), BGNBDFIT_STEP_MAX);
        if (!bgnbdfit_add_dropout(w, p, run, &beta, total)) return false;
    }
    return true;
}

static BgnbdParams bgnbdfit_params(const BgnbdfitWork *w, const double *point) {
    return (BgnbdParams){.r = exp(point[0]),
                         .alpha = exp(w->log_alpha_0 + point[1]),
                         .a = w->dropout ? exp(point[2]) : NAN,
                         .b = w->dropout ? exp(point[3]) : NAN};
}

/* Minus the log-likelihood per customer, at point = ln(r, alpha / age_scale, a, b). */
static bool bgnbdfit_objective(void *ctx, const double *point, double *value, double *gradient) {
    BgnbdfitWork *w = ctx;
    BgnbdfitTotal total = {0};
    int n = w->dropout ? 4 : 2;
    *value = INFINITY;
    for (int i = 0; i < n; i++) gradient[i] = NAN;
    if (w->stopped || poll_stop(w->poll)) {
        w->stopped = true;
        return false;
    }
    for (int i = 0; i < n; i++)
        if (!(fabs(point[i]) <= BGNBDFIT_LOG_MAX)) return true;
    BgnbdParams p = bgnbdfit_params(w, point);
    w->evaluations += w->dropout;
    if (!bgnbdfit_add_days(w, &p, &total) || !bgnbdfit_add_runs(w, &p, &total)) return false;
    *value = -total.value / w->customers;
    gradient[0] = -total.r / w->customers;
    gradient[1] = -total.alpha / w->customers;
    if (!w->dropout) return true;
    gradient[2] = -total.a / w->customers;
    gradient[3] = -total.b / w->customers;
    for (int i = 0; i < n && w->weak; i++) {
        double sd = i == 1 ? 2 * BGNBDFIT_WEAK : BGNBDFIT_WEAK, away = (point[i] - w->weak[i]) / sd;
        *value += 0.5 * away * away / w->customers;
        gradient[i] += away / sd / w->customers;
    }
    return true;
}

/* ---- Second derivatives ----
 *
 * Of ln(1 + exp(D)) they are w (1 - w) D_i D_j + w D_ij.  By the logarithms of the parameters D_r = r G, D_alpha = k S,
 * D_a = 1, D_b = -q with G the log gap, S the difference of shares, q = b / (b + x + m - 1), and D_rr = r G,
 * D_r,alpha = r S, D_alpha,alpha = k S (sum of shares - 1), D_bb = q^2 - q. */

enum { BGNBDFIT_V, BGNBDFIT_VG, BGNBDFIT_VS, BGNBDFIT_VGG, BGNBDFIT_VGS, BGNBDFIT_VSS, BGNBDFIT_W, BGNBDFIT_WG, BGNBDFIT_WS,
       BGNBDFIT_WB, BGNBDFIT_SECOND };

static void bgnbdfit_second_block(const BgnbdfitBlock *b, double sum[BGNBDFIT_SECOND][BGNBDFIT_LANES]) {
    for (int j = 0; j < b->n; j += BGNBDFIT_LANES)
        for (int l = 0; l < BGNBDFIT_LANES; l++) {
            double e = b->e[j + l], G = b->log_gap[j + l], S = b->share[j + l];
            double gone = b->weight[j + l] * (0.5 + 0.5 * copysign((1 - e) / (1 + e), b->odds[j + l]));
            double v = b->weight[j + l] * e / ((1 + e) * (1 + e)), vG = v * G, vS = v * S;
            sum[BGNBDFIT_V][l] += v;
            sum[BGNBDFIT_VG][l] += vG;
            sum[BGNBDFIT_VS][l] += vS;
            sum[BGNBDFIT_VGG][l] += vG * G;
            sum[BGNBDFIT_VGS][l] += vG * S;
            sum[BGNBDFIT_VSS][l] += vS * S;
            sum[BGNBDFIT_W][l] += gone;
            sum[BGNBDFIT_WG][l] += gone * G;
            sum[BGNBDFIT_WS][l] += gone * S;
            sum[BGNBDFIT_WB][l] += gone * S * b->bend[j + l];
        }
}

/* Takes those of one frequency from minus the log-likelihood, below the diagonal. */
static bool bgnbdfit_second_run(BgnbdfitWork *w, const BgnbdParams *p, const BgnbdfitRun *run, double *second) {
    double lanes[BGNBDFIT_SECOND][BGNBDFIT_LANES] = {{0}}, s[BGNBDFIT_SECOND] = {0};
    double k = p->r + run->x, before = p->b + run->x + bgnbd_m(w->kind) - 1, q = p->b / before, r = p->r;
    BgnbdfitBlock block;
    for (int64_t i = run->first; i < run->end; i += BGNBDFIT_BLOCK) {
        bgnbdfit_read_block(w, i, run->end, k, log(p->a / before), &block);
        bgnbdfit_second_block(&block, lanes);
        if (bgnbdfit_tick(w, BGNBDFIT_BLOCK)) return false;
    }
    for (int i = 0; i < BGNBDFIT_SECOND; i++)
        for (int l = 0; l < BGNBDFIT_LANES; l++) s[i] += lanes[i][l];
    const double lower[10] = {r * r * s[BGNBDFIT_VGG] + r * s[BGNBDFIT_WG],
                              r * k * s[BGNBDFIT_VGS] + r * s[BGNBDFIT_WS], k * k * s[BGNBDFIT_VSS] + k * s[BGNBDFIT_WB],
                              r * s[BGNBDFIT_VG], k * s[BGNBDFIT_VS], s[BGNBDFIT_V],
                              -q * r * s[BGNBDFIT_VG], -q * k * s[BGNBDFIT_VS], -q * s[BGNBDFIT_V],
                              q * q * s[BGNBDFIT_V] + (q * q - q) * s[BGNBDFIT_W]};
    for (int i = 0, at = 0; i < 4; i++)
        for (int j = 0; j <= i; j++) second[4 * i + j] -= lower[at++] / w->customers;
    return true;
}

/* Of the objective with dropout.  What the tables hold is cheap: differences do for that. */
static bool bgnbdfit_second(void *ctx, const double *point, double *second) {
    BgnbdfitWork *w = ctx;
    int evaluations = w->evaluations;
    w->no_rows = true;
    for (int i = 0; i < 4; i++)
        for (int side = 0; side < 2; side++) {
            double at[4], value, gradient[4];
            for (int j = 0; j < 4; j++) at[j] = point[j] + (i != j ? 0 : side ? -BGNBDFIT_DIFFERENCE : BGNBDFIT_DIFFERENCE);
            if (!bgnbdfit_objective(w, at, &value, gradient)) return false;
            for (int j = 0; j < 4; j++) {
                double slope = gradient[j] / (2 * BGNBDFIT_DIFFERENCE);
                second[4 * i + j] = side ? second[4 * i + j] - slope : slope;
            }
        }
    w->no_rows = false;
    BgnbdParams p = bgnbdfit_params(w, point);
    BgnbdfitTotal unused = {0};
    if (!bgnbdfit_add_days(w, &p, &unused)) return false;
    w->evaluations = evaluations + 1;
    for (int64_t i = 0; i < w->n_runs; i++)
        if (bgnbd_can_be_gone(w->kind, w->run[i].x) && !bgnbdfit_second_run(w, &p, &w->run[i], second)) return false;
    return true;
}

/* ---- Fit ---- */

/* Goes on until less than gain is left of the whole log-likelihood. */
static void bgnbdfit_search(Optimise *search, const BgnbdfitWork *w, double gain) {
    if (search->status == OPTIMISE_CONVERGED) search->status = OPTIMISE_RUNNING;
    while (optimise_test(search, gain / w->customers) == OPTIMISE_RUNNING)
        optimise_iterate(search);
}

/* A parameter, alpha in units of the largest age, that no real population has. */
static bool bgnbdfit_ran_away(int n, const double *point) {
    bool away = false;
    for (int i = 0; i < n; i++)
        away = away || point[i] < log(BGNBDFIT_PARAM_LOW) || point[i] > log(BGNBDFIT_PARAM_HIGH);
    return away;
}

/* The inverse curvature of the log-likelihood per customer in log parameters.  False on a ridge, where it is
 * singular: the covariance says all the same what is identified. */
static bool bgnbdfit_curvature(const BgnbdfitWork *w, Optimise *search, double *inverse, double *covariance) {
    if (w->clear && w->dropout) search->curvature = bgnbdfit_second;
    bool found = optimise_finish(search, BGNBDFIT_DIFFERENCE, BGNBDFIT_PIVOT_MIN,
                                 BGNBDFIT_GAIN_LEFT / w->customers, inverse);
    double precision = 1 / (BGNBDFIT_PRIOR * BGNBDFIT_PRIOR * w->customers);
    if (found || optimise_finish_prior(search, BGNBDFIT_DIFFERENCE, precision, inverse))
        for (int i = 0; i < search->n * search->n; i++) covariance[i] = inverse[i] / w->customers;
    return found;
}

/* Standard errors: those of the logarithms, times the parameters. */
static void bgnbdfit_errors(BgnbdfitWork *w, Optimise *search, Bgnbdfit *out) {
    double inverse[16];
    if (!bgnbdfit_curvature(w, search, inverse, out->covariance)) {
        out->warnings |= BGNBDFIT_RIDGE;
        return;
    }
    BgnbdParams p = bgnbdfit_params(w, search->point);
    out->std_error = (BgnbdParams){.r = p.r * sqrt(inverse[0] / w->customers),
                                   .alpha = p.alpha * sqrt(inverse[5] / w->customers),
                                   .a = p.a * sqrt(inverse[10] / w->customers),
                                   .b = p.b * sqrt(inverse[15] / w->customers)};
}

/* Of the mean gap between purchases: where alpha may be looked for. */
static double bgnbdfit_log_gap(const BgnbdfitWork *w) {
    double mean_age = 0;
    for (int64_t i = 0; i < w->n_days; i++) mean_age += w->age[i].customers * w->age[i].day;
    return log(fmax(mean_age / w->customers, 1) / (w->purchases / w->customers + 0.1));
}

static void bgnbdfit_weak(BgnbdfitWork *w, BgnbdfitWeak *out) {
    const double centre[4] = {0, bgnbdfit_log_gap(w) - w->log_alpha_0, 0, log(2.5)};
    double inverse[16];
    Optimise search;
    w->weak = centre;
    w->dropout = true;
    optimise_init(&search, 4, centre, bgnbdfit_objective, w);
    bgnbdfit_search(&search, w, BGNBDFIT_GAIN_LEFT);
    bool found = optimise_finish(&search, BGNBDFIT_DIFFERENCE, BGNBDFIT_PIVOT_MIN, BGNBDFIT_GAIN_LEFT, inverse) &&
                 search.status == OPTIMISE_CONVERGED;
    w->weak = NULL;
    if (!found) return;
    BgnbdParams p = bgnbdfit_params(w, search.point);
    const double value[4] = {p.r, p.alpha, p.a, p.b};
    memcpy(out->value, value, sizeof(value));
    for (int i = 0; i < 16; i++) out->covariance[i] = inverse[i] / w->customers;
}

/* r, alpha of the plain NBD. */
static void bgnbdfit_nbd(BgnbdfitWork *w, double point[2], Bgnbdfit *out) {
    Optimise search;
    double start[2] = {0, bgnbdfit_log_gap(w) - w->log_alpha_0};
    w->dropout = false;
    optimise_init(&search, 2, start, bgnbdfit_objective, w);
    bgnbdfit_search(&search, w, BGNBDFIT_GAIN);
    double inverse[4];
    if (bgnbdfit_curvature(w, &search, inverse, out->nbd_covariance)) {
        BgnbdParams p = bgnbdfit_params(w, search.point);
        out->nbd_std_error.r = p.r * sqrt(inverse[0] / w->customers);
        out->nbd_std_error.alpha = p.alpha * sqrt(inverse[3] / w->customers);
    }
    out->log_likelihood_nbd = -search.value * w->customers;
    out->nbd = bgnbdfit_params(w, search.point);
    out->nbd_converged = search.status == OPTIMISE_CONVERGED;
    point[0] = search.point[0];
    point[1] = search.point[1];
}

/* Where the search begins: factors on the r and alpha of the NBD, and a, b. */
static const double bgnbdfit_start[][4] = {{1, 0.5, 1, 1}, {1, 1, 0.05, 2}, {0.5, 0.3, 0.5, 5}};
enum { BGNBDFIT_STARTS = sizeof(bgnbdfit_start) / sizeof(bgnbdfit_start[0]) };

/* Whether a search ended inside, well above the NBD: then no other start is needed. */
static bool bgnbdfit_clear(const BgnbdfitWork *w, const Optimise *search, const Bgnbdfit *out) {
    return -search->value * w->customers - out->log_likelihood_nbd >= BGNBDFIT_NBD_GAIN_MIN &&
           search->status == OPTIMISE_CONVERGED && !bgnbdfit_ran_away(4, search->point);
}

/* The best of the starts. */
static Optimise bgnbdfit_best(BgnbdfitWork *w, const double nbd[2], Bgnbdfit *out) {
    Optimise best = {0}, search;
    w->dropout = true;
    for (int i = 0; i < BGNBDFIT_STARTS && !w->stopped; i++) {
        double start[4], bound = BGNBDFIT_LOG_MAX / 2;
        for (int j = 0; j < 4; j++)
            start[j] = log(bgnbdfit_start[i][j]) + (j < 2 ? fmax(-bound, fmin(bound, nbd[j])) : 0);
        optimise_init(&search, 4, start, bgnbdfit_objective, w);
        bgnbdfit_search(&search, w, BGNBDFIT_GAIN_ROUGH);
        out->iterations += search.iterations;
        if (i == 0 || search.value < best.value) best = search;
        if (bgnbdfit_clear(w, &best, out)) break;
    }
    int rough = best.iterations;
    bgnbdfit_search(&best, w, BGNBDFIT_GAIN);
    out->iterations += best.iterations - rough;
    return best;
}

/* Over very many triples the search begins at the optimum of a sample, with the curvature there.  False where that does
 * not lead to an optimum that needs no other start. */
static bool bgnbdfit_best_near(BgnbdfitWork *w, int64_t days_max, Optimise *best, Bgnbdfit *out) {
    BgnbdfitWork sample;
    Bgnbdfit rough = {0};
    double nbd[2], inverse[16];
    if (bgnbdfit_sample_step(w->n_rows) == 0) return false;
    bgnbdfit_prepare_sample(&sample, w, days_max);
    bgnbdfit_nbd(&sample, nbd, &rough);
    Optimise near = bgnbdfit_best(&sample, nbd, &rough);
    bool known = !sample.stopped && optimise_finish(&near, BGNBDFIT_DIFFERENCE, BGNBDFIT_PIVOT_MIN,
                                                    BGNBDFIT_GAIN_LEFT / sample.customers, inverse);
    out->iterations += rough.iterations;
    w->stopped = sample.stopped;
    if (w->stopped || !known || bgnbdfit_ran_away(4, near.point)) return false;
    w->dropout = true;
    optimise_init(best, 4, near.point, bgnbdfit_objective, w);
    optimise_remember(best, inverse);
    bgnbdfit_search(best, w, BGNBDFIT_GAIN);
    out->iterations += best->iterations;
    w->clear = !w->stopped && bgnbdfit_clear(w, best, out);
    return w->clear;
}

static unsigned bgnbdfit_warnings(const BgnbdfitWork *w, const Optimise *best,
                                  const Bgnbdfit *fit) {
    unsigned warnings = fit->warnings;
    const BgnbdParams *p = &fit->params;
    if (fit->log_likelihood - fit->log_likelihood_nbd < BGNBDFIT_NBD_GAIN_MIN ||
        p->a < BGNBDFIT_DROPOUT_MIN * (p->a + p->b))
        warnings |= BGNBDFIT_NO_ATTRITION;
    if (bgnbdfit_ran_away(4, best->point)) warnings |= BGNBDFIT_RIDGE;
    if (!fit->converged) warnings |= BGNBDFIT_NOT_CONVERGED;
    if (w->purchases == 0) warnings |= BGNBDFIT_NO_REPEATS;
    return warnings;
}

void bgnbdfit_run(BgnbdKind kind, const BgnbdfitData *data, void *workspace, const Poll *poll,
                  Bgnbdfit *out) {
    BgnbdfitWork w = {.kind = kind, .poll = poll};
    BgnbdParams none = {NAN, NAN, NAN, NAN};
    double nbd[2];
    *out = (Bgnbdfit){.kind = kind, .params = none, .std_error = none, .nbd = none, .nbd_std_error = none};
    for (int i = 0; i < 16; i++) out->covariance[i] = out->weak.covariance[i] = out->weak.value[i / 4] = NAN;
    for (int i = 0; i < 4; i++) out->nbd_covariance[i] = NAN;
    for (int64_t i = 0; i < data->n; i++) {
        out->customers += data->count[i];
        out->one_timers += data->frequency[i] == 0 ? data->count[i] : 0;
    }
    if (out->customers <= 0) {
        out->warnings = BGNBDFIT_NO_REPEATS | BGNBDFIT_NOT_CONVERGED;
        return;
    }
    bgnbdfit_prepare(&w, data, workspace);
    bgnbdfit_nbd(&w, nbd, out);
    Optimise best = {0};
    bool near = !w.stopped && bgnbdfit_best_near(&w, bgnbdfit_shape(data).days_max, &best, out);
    if (!near && !w.stopped) best = bgnbdfit_best(&w, nbd, out);
    if (!w.stopped) bgnbdfit_errors(&w, &best, out);
    out->evaluations = w.evaluations;
    if (!w.stopped && (out->warnings & BGNBDFIT_RIDGE || bgnbdfit_ran_away(4, best.point))) bgnbdfit_weak(&w, &out->weak);
    out->interrupted = w.stopped;
    if (w.stopped) return;
    out->params = bgnbdfit_params(&w, best.point);
    out->log_likelihood = -best.value * w.customers;
    out->converged = best.status == OPTIMISE_CONVERGED;
    out->warnings = bgnbdfit_warnings(&w, &best, out);
}
