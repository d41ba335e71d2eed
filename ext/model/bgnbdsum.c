/* bgnbdsum.c - see bgnbdsum.h. */
#include "model/bgnbdsum.h"

#include <stddef.h>
#include <string.h>

#include "base/libm.h"
#include "math/bulk.h"
#include "math/logsum.h"

#define BGNBDSUM_POLL_TERMS 32768 /* likelihood terms between two polls */
#define BGNBDSUM_SAMPLE 8192      /* triples where the search over at least twice as many begins */
#define BGNBDSUM_STEP_MAX 32.0    /* purchases summed one by one from a frequency to the next */
#define BGNBDSUM_FAR 700.0        /* log odds that are as good as certain */
#define BGNBDSUM_DIFFERENCE 1e-4  /* step of a log parameter for the curvature of the tables */

/* ---- Tables ---- */

typedef struct BgnbdsumShape {
    int64_t n, n_runs, days_max, age_max;
} BgnbdsumShape;

static BgnbdsumShape bgnbdsum_shape(const BgnbdfitData *data) {
    BgnbdsumShape shape = {.n = data->n > 0 ? data->n : 0};
    for (int64_t i = 0; i < shape.n; i++) {
        shape.n_runs += i == 0 || data->frequency[i] != data->frequency[i - 1];
        if (data->age[i] > shape.age_max) shape.age_max = data->age[i];
    }
    shape.days_max = shape.age_max + 1 < 2 * shape.n ? shape.age_max + 1 : 2 * shape.n;
    return shape;
}

/* Triples of the sample where the search over very many begins; 0: no sample. */
static int64_t bgnbdsum_sample_step(int64_t n) {
    return n < 2 * BGNBDSUM_SAMPLE ? 0 : n / BGNBDSUM_SAMPLE;
}

static int64_t bgnbdsum_sample_rows(int64_t n) {
    return bgnbdsum_sample_step(n) ? n / bgnbdsum_sample_step(n) + 1 : 0;
}

int64_t bgnbdsum_workspace_size(const BgnbdfitData *data) {
    BgnbdsumShape shape = bgnbdsum_shape(data);
    int64_t rows = shape.n + bgnbdsum_sample_rows(shape.n), tables = bgnbdsum_sample_step(shape.n) ? 2 : 1;
    size_t row = sizeof(double) + 2 * sizeof(int32_t);
    size_t day = sizeof(BgnbdsumAge) + sizeof(BgnbdsumDay);
    return rows * (int64_t)row + tables * shape.n_runs * (int64_t)sizeof(BgnbdsumRun) +
           tables * shape.days_max * (int64_t)day + (shape.age_max + 1) * (int64_t)sizeof(int32_t);
}

/* Eight-byte members first, so that each array is aligned where the one before it ends. */
static void bgnbdsum_carve(BgnbdsumWork *w, const BgnbdsumShape *shape, void *workspace) {
    int64_t rows = shape->n + bgnbdsum_sample_rows(shape->n), tables = bgnbdsum_sample_step(shape->n) ? 2 : 1;
    w->weight = workspace;
    w->run = (BgnbdsumRun *)(void *)(w->weight + rows);
    w->age = (BgnbdsumAge *)(void *)(w->run + tables * shape->n_runs);
    w->day = (BgnbdsumDay *)(void *)(w->age + tables * shape->days_max);
    w->last_day = (int32_t *)(void *)(w->day + tables * shape->days_max);
    w->now_day = w->last_day + rows;
    w->place = w->now_day + rows;
}

/* Numbers the days that occur, ascending. */
static void bgnbdsum_number_days(BgnbdsumWork *w, const BgnbdfitData *data,
                                 const BgnbdsumShape *shape) {
    memset(w->place, 0, (size_t)(shape->age_max + 1) * sizeof(*w->place));
    for (int64_t i = 0; i < shape->n; i++)
        w->place[data->recency[i]] = w->place[data->age[i]] = 1;
    for (int64_t d = 0; d <= shape->age_max; d++)
        if (w->place[d]) {
            w->age[w->n_days] = (BgnbdsumAge){.day = (double)d};
            w->place[d] = (int32_t)w->n_days++;
        }
}

/* Adds the next triple; its days are numbered, and those of one frequency come after one another. */
static void bgnbdsum_add_row(BgnbdsumWork *w, double x, double weight, int32_t last_day, int32_t now_day) {
    int64_t i = w->n_rows++;
    if (w->n_runs == 0 || w->run[w->n_runs - 1].x != x) w->run[w->n_runs++] = (BgnbdsumRun){.first = i, .x = x};
    BgnbdsumRun *run = &w->run[w->n_runs - 1];
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

void bgnbdsum_prepare(BgnbdsumWork *w, const BgnbdfitData *data, void *workspace) {
    BgnbdsumShape shape = bgnbdsum_shape(data);
    bgnbdsum_carve(w, &shape, workspace);
    w->days_max = shape.days_max;
    bgnbdsum_number_days(w, data, &shape);
    w->age_scale = shape.age_max > 0 ? (double)shape.age_max : 1;
    w->log_alpha_0 = log(w->age_scale);
    for (int64_t i = 0; i < shape.n; i++)
        bgnbdsum_add_row(w, data->frequency[i], (double)data->count[i], w->place[data->recency[i]],
                         w->place[data->age[i]]);
}

/* Every step-th triple of w, behind its own in the workspace. */
bool bgnbdsum_sample(BgnbdsumWork *sample, const BgnbdsumWork *w) {
    int64_t step = bgnbdsum_sample_step(w->n_rows), next = step / 2, days_max = w->days_max;
    if (step == 0) return false;
    *sample = (BgnbdsumWork){.kind = w->kind, .poll = w->poll, .n_days = w->n_days, .age_scale = w->age_scale,
                             .log_alpha_0 = w->log_alpha_0, .weight = w->weight + w->n_rows, .run = w->run + w->n_runs,
                             .age = w->age + days_max, .day = w->day + days_max, .last_day = w->last_day + w->n_rows,
                             .now_day = w->now_day + w->n_rows};
    for (int64_t d = 0; d < w->n_days; d++) sample->age[d] = (BgnbdsumAge){.day = w->age[d].day};
    for (int64_t r = 0; r < w->n_runs; r++)
        for (; next < w->run[r].end; next += step)
            bgnbdsum_add_row(sample, w->run[r].x, w->weight[next], w->last_day[next], w->now_day[next]);
    return true;
}

/* ---- Likelihood of all customers ---- */

/* Counts terms towards the next poll; true: give up. */
static bool bgnbdsum_tick(BgnbdsumWork *w, int64_t terms) {
    w->terms += terms;
    if (w->terms >= BGNBDSUM_POLL_TERMS) {
        w->terms = 0;
        w->stopped = w->stopped || poll_stop(w->poll);
    }
    return w->stopped;
}

/* The log-likelihood and its derivatives by the logarithms of the parameters. */
typedef struct BgnbdsumTotal {
    double value, r, alpha, a, b;
} BgnbdsumTotal;

/* Fills the day table and adds - x ln(alpha) - (r + x) ln(1 + T/alpha) of everybody. */
static bool bgnbdsum_add_days(BgnbdsumWork *w, const BgnbdParams *p, BgnbdsumTotal *total) {
    total->value -= w->purchases * log(p->alpha);
    total->alpha -= w->purchases;
    for (int64_t i = 0; i < w->n_days; i++) {
        const BgnbdsumAge *age = &w->age[i];
        double rate = p->r * age->customers + age->purchases;
        double log_ratio = log1p(age->day / p->alpha), share = age->day / (p->alpha + age->day);
        w->day[i] = (BgnbdsumDay){log_ratio, share};
        total->value -= rate * log_ratio;
        total->r -= p->r * age->customers * log_ratio;
        total->alpha += rate * share;
        if (bgnbdsum_tick(w, 1)) return false;
    }
    return true;
}

typedef struct BgnbdsumGone { /* sums over the triples of one run; w = P(gone) */
    double softplus, w, w_log, w_share;
} BgnbdsumGone;

/* Triples are taken BLOCK at a time, so that each step is a short loop over arrays that stay at hand; sums are kept
 * LANES at a time, so that they do not wait for each other. */
enum { BGNBDSUM_BLOCK = 256, BGNBDSUM_LANES = 4 };

typedef struct BgnbdsumBlock {
    int n;                     /* a multiple of BGNBDSUM_LANES: at the end stand triples of no weight */
    double log_gap[BGNBDSUM_BLOCK], share[BGNBDSUM_BLOCK], bend[BGNBDSUM_BLOCK], weight[BGNBDSUM_BLOCK];
    double odds[BGNBDSUM_BLOCK], minus[BGNBDSUM_BLOCK], e[BGNBDSUM_BLOCK]; /* e = exp(minus), minus = -|odds| */
    int n_many;                /* triples of several customers ... */
    int many[BGNBDSUM_BLOCK];  /* ... and which these are */
} BgnbdsumBlock;

typedef struct BgnbdsumLanes {
    double positive[BGNBDSUM_LANES], w[BGNBDSUM_LANES], w_log[BGNBDSUM_LANES], w_share[BGNBDSUM_LANES];
    double growth[BGNBDSUM_LANES]; /* as of math/logsum.h, of the triples with one customer, as most are */
} BgnbdsumLanes;

static void bgnbdsum_read_block(const BgnbdsumWork *w, int64_t first, int64_t end, double k, double log_odds,
                                BgnbdsumBlock *b) {
    int n = end - first < BGNBDSUM_BLOCK ? (int)(end - first) : BGNBDSUM_BLOCK;
    b->n_many = 0;
    for (int j = 0; j < n; j++) {
        BgnbdsumDay now = w->day[w->now_day[first + j]], last = w->day[w->last_day[first + j]];
        b->log_gap[j] = now.log_ratio - last.log_ratio;
        b->share[j] = last.share - now.share;
        b->bend[j] = last.share + now.share - 1;
        b->weight[j] = w->weight[first + j];
        b->many[b->n_many] = j;
        b->n_many += b->weight[j] != 1;
    }
    for (b->n = n; b->n % BGNBDSUM_LANES != 0; b->n++)
        b->log_gap[b->n] = b->share[b->n] = b->bend[b->n] = b->weight[b->n] = 0;
    for (int j = 0; j < b->n; j++) {
        b->odds[j] = log_odds + k * b->log_gap[j];
        b->minus[j] = -fabs(b->odds[j]);
    }
    for (int j = n; j < b->n; j++) b->minus[j] = -BGNBDSUM_FAR;
    bulk_exp(b->n, b->minus, b->e);
}

/* P(gone) is (1 + t) / 2 with t = tanh(odds / 2), whose sign is that of the odds; max(odds, 0) = (odds + |odds|) / 2. */
static void bgnbdsum_add_block(const BgnbdsumBlock *b, BgnbdsumLanes *sum) {
    BgnbdsumLanes s = *sum;
    for (int j = 0; j < b->n; j += BGNBDSUM_LANES)
        for (int l = 0; l < BGNBDSUM_LANES; l++) {
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
static void bgnbdsum_add_rest(BgnbdsumBlock *b, BgnbdsumLanes *sum, double *total) {
    for (int m = 0; m < b->n_many; m++) {
        int j = b->many[m];
        *total += b->weight[j] * log1p(b->e[j]);
        b->e[j] = 0;
    }
    for (int j = 0; j < b->n; j += BGNBDSUM_LANES)
        for (int l = 0; l < BGNBDSUM_LANES; l++) sum->growth[l] += b->e[j + l] * (1 + sum->growth[l]);
    for (int l = 0; l < BGNBDSUM_LANES; l++)
        if (sum->growth[l] > LOGSUM_GROWTH_MAX) {
            *total += log1p(sum->growth[l]);
            sum->growth[l] = 0;
        }
}

/* The hot loop.  ln(1 + exp(odds)) is taken as max(odds, 0) + ln(1 + e). */
static void bgnbdsum_gone(const BgnbdsumWork *w, int64_t first, int64_t end, double k,
                          double log_odds, BgnbdsumGone *sum) {
    BgnbdsumBlock block;
    BgnbdsumLanes lanes = {.w = {0}};
    for (int64_t i = first; i < end; i += BGNBDSUM_BLOCK) {
        bgnbdsum_read_block(w, i, end, k, log_odds, &block);
        bgnbdsum_add_block(&block, &lanes);
        bgnbdsum_add_rest(&block, &lanes, &sum->softplus);
    }
    for (int l = 0; l < BGNBDSUM_LANES; l++) {
        sum->softplus += 0.5 * lanes.positive[l] + log1p(lanes.growth[l]);
        sum->w += lanes.w[l];
        sum->w_log += lanes.w_log[l];
        sum->w_share += lanes.w_share[l];
    }
}

/* Adds the chance of dropout for one frequency. */
static bool bgnbdsum_add_dropout(BgnbdsumWork *w, const BgnbdParams *p, const BgnbdsumRun *run,
                                 const BgnbdBetaSums *beta, BgnbdsumTotal *total) {
    BgnbdsumGone gone = {0};
    double k = p->r + run->x, before = p->b + run->x + bgnbd_m(w->kind) - 1;
    total->value -= run->customers * beta->log_stay;
    total->a -= run->customers * p->a * beta->ab;
    total->b += run->customers * p->b * (beta->b - beta->ab);
    if (w->no_rows || !bgnbd_can_be_gone(w->kind, run->x)) return true;
    for (int64_t i = run->first, end; i < run->end; i = end) {
        end = run->end - i < BGNBDSUM_POLL_TERMS / 4 ? run->end : i + BGNBDSUM_POLL_TERMS / 4;
        bgnbdsum_gone(w, i, end, k, log(p->a / before), &gone);
        if (bgnbdsum_tick(w, end - i)) return false;
    }
    total->value += gone.softplus;
    total->r += p->r * gone.w_log;
    total->alpha += k * gone.w_share;
    total->a += gone.w;
    total->b -= p->b / before * gone.w;
    return true;
}

static bool bgnbdsum_add_runs(BgnbdsumWork *w, const BgnbdParams *p, BgnbdsumTotal *total) {
    BgnbdSums sums = {0};
    BgnbdBetaSums beta = {0};
    for (int64_t i = 0; i < w->n_runs; i++) {
        const BgnbdsumRun *run = &w->run[i];
        bgnbd_sums_to(&sums, p, run->x, BGNBDSUM_STEP_MAX);
        total->value += run->customers * sums.log_rate;
        total->r += run->customers * p->r * sums.rate;
        if (bgnbdsum_tick(w, (int64_t)BGNBDSUM_STEP_MAX)) return false;
        if (!w->dropout) continue;
        bgnbd_beta_sums_to(&beta, p, run->x + bgnbd_m(w->kind), BGNBDSUM_STEP_MAX);
        if (!bgnbdsum_add_dropout(w, p, run, &beta, total)) return false;
    }
    return true;
}

BgnbdParams bgnbdsum_params(const BgnbdsumWork *w, const double *point) {
    return (BgnbdParams){.r = exp(point[0]),
                         .alpha = exp(w->log_alpha_0 + point[1]),
                         .a = w->dropout ? exp(point[2]) : NAN,
                         .b = w->dropout ? exp(point[3]) : NAN};
}

/* Minus the log-likelihood per customer, at point = ln(r, alpha / age_scale, a, b). */
bool bgnbdsum_objective(void *ctx, const double *point, double *value, double *gradient) {
    BgnbdsumWork *w = ctx;
    BgnbdsumTotal total = {0};
    int n = w->dropout ? 4 : 2;
    *value = INFINITY;
    for (int i = 0; i < n; i++) gradient[i] = NAN;
    if (w->stopped || poll_stop(w->poll)) {
        w->stopped = true;
        return false;
    }
    for (int i = 0; i < n; i++)
        if (!(fabs(point[i]) <= BGNBDSUM_LOG_MAX)) return true;
    BgnbdParams p = bgnbdsum_params(w, point);
    w->evaluations += w->dropout;
    if (!bgnbdsum_add_days(w, &p, &total) || !bgnbdsum_add_runs(w, &p, &total)) return false;
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

enum { BGNBDSUM_V, BGNBDSUM_VG, BGNBDSUM_VS, BGNBDSUM_VGG, BGNBDSUM_VGS, BGNBDSUM_VSS, BGNBDSUM_W, BGNBDSUM_WG, BGNBDSUM_WS,
       BGNBDSUM_WB, BGNBDSUM_SECOND };

static void bgnbdsum_second_block(const BgnbdsumBlock *b, double sum[BGNBDSUM_SECOND][BGNBDSUM_LANES]) {
    for (int j = 0; j < b->n; j += BGNBDSUM_LANES)
        for (int l = 0; l < BGNBDSUM_LANES; l++) {
            double e = b->e[j + l], G = b->log_gap[j + l], S = b->share[j + l];
            double gone = b->weight[j + l] * (0.5 + 0.5 * copysign((1 - e) / (1 + e), b->odds[j + l]));
            double v = b->weight[j + l] * e / ((1 + e) * (1 + e)), vG = v * G, vS = v * S;
            sum[BGNBDSUM_V][l] += v;
            sum[BGNBDSUM_VG][l] += vG;
            sum[BGNBDSUM_VS][l] += vS;
            sum[BGNBDSUM_VGG][l] += vG * G;
            sum[BGNBDSUM_VGS][l] += vG * S;
            sum[BGNBDSUM_VSS][l] += vS * S;
            sum[BGNBDSUM_W][l] += gone;
            sum[BGNBDSUM_WG][l] += gone * G;
            sum[BGNBDSUM_WS][l] += gone * S;
            sum[BGNBDSUM_WB][l] += gone * S * b->bend[j + l];
        }
}

/* Takes those of one frequency from minus the log-likelihood, below the diagonal. */
static bool bgnbdsum_second_run(BgnbdsumWork *w, const BgnbdParams *p, const BgnbdsumRun *run, double *second) {
    double lanes[BGNBDSUM_SECOND][BGNBDSUM_LANES] = {{0}}, s[BGNBDSUM_SECOND] = {0};
    double k = p->r + run->x, before = p->b + run->x + bgnbd_m(w->kind) - 1, q = p->b / before, r = p->r;
    BgnbdsumBlock block;
    for (int64_t i = run->first; i < run->end; i += BGNBDSUM_BLOCK) {
        bgnbdsum_read_block(w, i, run->end, k, log(p->a / before), &block);
        bgnbdsum_second_block(&block, lanes);
        if (bgnbdsum_tick(w, BGNBDSUM_BLOCK)) return false;
    }
    for (int i = 0; i < BGNBDSUM_SECOND; i++)
        for (int l = 0; l < BGNBDSUM_LANES; l++) s[i] += lanes[i][l];
    const double lower[10] = {r * r * s[BGNBDSUM_VGG] + r * s[BGNBDSUM_WG],
                              r * k * s[BGNBDSUM_VGS] + r * s[BGNBDSUM_WS], k * k * s[BGNBDSUM_VSS] + k * s[BGNBDSUM_WB],
                              r * s[BGNBDSUM_VG], k * s[BGNBDSUM_VS], s[BGNBDSUM_V],
                              -q * r * s[BGNBDSUM_VG], -q * k * s[BGNBDSUM_VS], -q * s[BGNBDSUM_V],
                              q * q * s[BGNBDSUM_V] + (q * q - q) * s[BGNBDSUM_W]};
    for (int i = 0, at = 0; i < 4; i++)
        for (int j = 0; j <= i; j++) second[4 * i + j] -= lower[at++] / w->customers;
    return true;
}

/* Of the objective with dropout.  What the tables hold is cheap: differences do for that. */
bool bgnbdsum_second(void *ctx, const double *point, double *second) {
    BgnbdsumWork *w = ctx;
    int evaluations = w->evaluations;
    w->no_rows = true;
    for (int i = 0; i < 4; i++)
        for (int side = 0; side < 2; side++) {
            double at[4], value, gradient[4];
            for (int j = 0; j < 4; j++) at[j] = point[j] + (i != j ? 0 : side ? -BGNBDSUM_DIFFERENCE : BGNBDSUM_DIFFERENCE);
            if (!bgnbdsum_objective(w, at, &value, gradient)) return false;
            for (int j = 0; j < 4; j++) {
                double slope = gradient[j] / (2 * BGNBDSUM_DIFFERENCE);
                second[4 * i + j] = side ? second[4 * i + j] - slope : slope;
            }
        }
    w->no_rows = false;
    BgnbdParams p = bgnbdsum_params(w, point);
    BgnbdsumTotal unused = {0};
    if (!bgnbdsum_add_days(w, &p, &unused)) return false;
    w->evaluations = evaluations + 1;
    for (int64_t i = 0; i < w->n_runs; i++)
        if (bgnbd_can_be_gone(w->kind, w->run[i].x) && !bgnbdsum_second_run(w, &p, &w->run[i], second)) return false;
    return true;
}
