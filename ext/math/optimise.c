/* optimise.c - see optimise.h. */
#include "math/optimise.h"

#include <assert.h>

#include "base/libm.h"
#include "math/linear.h"

#define OPTIMISE_STEP_MAX 2.0        /* largest change of one variable in one step */
#define OPTIMISE_LINE_MAX 40         /* evaluations of one line search */
#define OPTIMISE_DECREASE 1e-4       /* Wolfe: share of the promised decrease that must arrive */
#define OPTIMISE_CURVATURE 0.9       /* Wolfe: share of the slope that may remain */
#define OPTIMISE_NOISE 1e-12         /* relative rounding of a value summed over many terms */
#define OPTIMISE_POLISH_MAX 0.1      /* a longer Newton step is not a last correction */
#define OPTIMISE_PRIOR_PIVOT 1e-14   /* a matrix less regular than this has no inverse in doubles */
#define OPTIMISE_CURVED_MIN 1e-10    /* s'y / (|s| |y|) below this teaches nothing */

static double optimise_dot(int n, const double *a, const double *b) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static void optimise_forget(Optimise *search) {
    for (int i = 0; i < search->n; i++)
        for (int j = 0; j < search->n; j++) search->inverse[i * search->n + j] = i == j ? 1 : 0;
    search->learned = false;
}

/* Evaluates the trial point; false ends the search. */
static bool optimise_try(Optimise *search) {
    search->evaluations++;
    if (search->objective(search->ctx, search->trial_point, &search->trial_value,
                          search->trial_gradient))
        return true;
    search->status = OPTIMISE_INTERRUPTED;
    return false;
}

static bool optimise_trial_finite(const Optimise *search) {
    bool finite = isfinite(search->trial_value);
    for (int i = 0; i < search->n; i++) finite = finite && isfinite(search->trial_gradient[i]);
    return finite;
}

static void optimise_accept(Optimise *search) {
    search->value = search->trial_value;
    for (int i = 0; i < search->n; i++) {
        search->point[i] = search->trial_point[i];
        search->gradient[i] = search->trial_gradient[i];
    }
}

void optimise_init(Optimise *search, int n, const double *start, OptimiseObjective objective,
                   void *ctx) {
    assert(n >= 1 && n <= OPTIMISE_DIMENSION_MAX);
    *search = (Optimise){.n = n, .objective = objective, .ctx = ctx, .status = OPTIMISE_RUNNING};
    for (int i = 0; i < n; i++) search->trial_point[i] = search->point[i] = start[i];
    optimise_forget(search);
    search->value = INFINITY;
    if (!optimise_try(search)) return;
    if (optimise_trial_finite(search))
        optimise_accept(search);
    else
        search->status = OPTIMISE_BAD_START;
}

void optimise_remember(Optimise *search, const double *inverse) {
    for (int i = 0; i < search->n * search->n; i++) search->inverse[i] = inverse[i];
    search->learned = true;
}

/* direction = -inverse * gradient, shortened to OPTIMISE_STEP_MAX; returns its slope. */
static double optimise_direction(const Optimise *search, double *direction) {
    int n = search->n;
    double largest = 0;
    for (int i = 0; i < n; i++) {
        direction[i] = -optimise_dot(n, search->inverse + i * n, search->gradient);
        largest = fmax(largest, fabs(direction[i]));
    }
    if (largest > OPTIMISE_STEP_MAX)
        for (int i = 0; i < n; i++) direction[i] *= OPTIMISE_STEP_MAX / largest;
    return optimise_dot(n, direction, search->gradient);
}

typedef struct OptimiseBracket {
    double low, low_value, low_slope; /* a step that descends and may be longer */
    double high;                      /* a step that is too long; infinity when none is known */
} OptimiseBracket;

/* The minimum of the parabola through the low end and the trial, kept well inside. */
static double optimise_between(const OptimiseBracket *bracket, double value) {
    double width = bracket->high - bracket->low;
    double bend = value - bracket->low_value - bracket->low_slope * width;
    double share = -0.5 * bracket->low_slope * width / bend;
    if (!(share > 0.1)) return bracket->low + (isnan(share) ? 0.5 : 0.1) * width;
    return bracket->low + fmin(share, 0.9) * width;
}

/* Moves the trial along direction until the weak Wolfe conditions hold there; false: none found,
 * or interrupted.  slope < 0 is that of the start. */
static bool optimise_line(Optimise *search, const double *direction, double slope) {
    OptimiseBracket bracket = {0, search->value, slope, INFINITY};
    double step = 1, noise = OPTIMISE_NOISE * fabs(search->value);
    for (int k = 0; k < OPTIMISE_LINE_MAX; k++) {
        for (int i = 0; i < search->n; i++)
            search->trial_point[i] = search->point[i] + step * direction[i];
        if (!optimise_try(search)) return false;
        bool finite = optimise_trial_finite(search);
        double now = optimise_dot(search->n, search->trial_gradient, direction);
        double bound = search->value + OPTIMISE_DECREASE * step * slope;
        bool low_enough = search->trial_value <= bound ||
                          (search->trial_value <= search->value + noise &&
                           now <= (2 * OPTIMISE_DECREASE - 1) * slope);
        if (!finite || !low_enough) {
            bracket.high = step;
            step = optimise_between(&bracket, finite ? search->trial_value : NAN);
        } else if (now < OPTIMISE_CURVATURE * slope) {
            bracket.low = step;
            bracket.low_value = search->trial_value;
            bracket.low_slope = now;
            step = isinf(bracket.high) ? 2 * step : 0.5 * (step + bracket.high);
        } else {
            return true;
        }
    }
    return false;
}

/* The BFGS update of the inverse curvature by the step s and the change y of the gradient. */
static void optimise_learn(Optimise *search, const double *s, const double *y) {
    int n = search->n;
    double *inverse = search->inverse, product[OPTIMISE_DIMENSION_MAX];
    double sy = optimise_dot(n, s, y), yy = optimise_dot(n, y, y), ss = optimise_dot(n, s, s);
    if (!(sy > OPTIMISE_CURVED_MIN * sqrt(yy * ss))) return;
    if (!search->learned)
        for (int i = 0; i < n; i++) inverse[i * n + i] = sy / yy;
    search->learned = true;
    for (int i = 0; i < n; i++) product[i] = optimise_dot(n, inverse + i * n, y);
    double stretch = (1 + optimise_dot(n, y, product) / sy) / sy;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            inverse[i * n + j] +=
                stretch * (s[i] * s[j]) - (s[i] * product[j] + s[j] * product[i]) / sy;
}

void optimise_iterate(Optimise *search) {
    double direction[OPTIMISE_DIMENSION_MAX], y[OPTIMISE_DIMENSION_MAX];
    if (search->status != OPTIMISE_RUNNING) return;
    double slope = optimise_direction(search, direction);
    search->recent[search->iterations % OPTIMISE_FLAT_ITERATIONS] = search->value;
    bool found = slope < 0 && optimise_line(search, direction, slope);
    if (search->status == OPTIMISE_INTERRUPTED) return;
    if (!found) {
        if (search->learned)
            optimise_forget(search);
        else
            search->status = OPTIMISE_STALLED;
    } else {
        for (int i = 0; i < search->n; i++) {
            direction[i] = search->trial_point[i] - search->point[i];
            y[i] = search->trial_gradient[i] - search->gradient[i];
        }
        optimise_learn(search, direction, y);
        optimise_accept(search);
    }
    search->iterations++;
}

/* Half the decrease along a full step with this inverse curvature, by the quadratic model. */
static double optimise_promise(const Optimise *search, const double *inverse) {
    double promise = 0;
    for (int i = 0; i < search->n; i++)
        promise += 0.5 * search->gradient[i] *
                   optimise_dot(search->n, inverse + i * search->n, search->gradient);
    return promise;
}

OptimiseStatus optimise_test(Optimise *search, double gain) {
    if (search->status != OPTIMISE_RUNNING) return search->status;
    double promise = optimise_promise(search, search->inverse);
    bool flat = search->iterations >= OPTIMISE_FLAT_ITERATIONS &&
                search->recent[search->iterations % OPTIMISE_FLAT_ITERATIONS] - search->value <
                    gain;
    if (promise <= gain || flat)
        search->status = OPTIMISE_CONVERGED;
    else if (search->iterations >= OPTIMISE_ITERATIONS_MAX)
        search->status = OPTIMISE_EXHAUSTED;
    return search->status;
}

static bool optimise_curvature(Optimise *search, double step, double *curvature) {
    int n = search->n;
    if (search->curvature) {
        if (!search->curvature(search->ctx, search->point, curvature)) search->status = OPTIMISE_INTERRUPTED;
        return search->status != OPTIMISE_INTERRUPTED;
    }
    for (int i = 0; i < n; i++)
        for (int side = 1; side >= -1; side -= 2) {
            for (int j = 0; j < n; j++)
                search->trial_point[j] = search->point[j] + (i == j ? side * step : 0);
            if (!optimise_try(search)) return false;
            for (int j = 0; j < n; j++) {
                double slope = search->trial_gradient[j] / (2 * step);
                curvature[i * n + j] = side > 0 ? slope : curvature[i * n + j] - slope;
            }
        }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            curvature[i * n + j] = 0.5 * (curvature[i * n + j] + curvature[j * n + i]);
    return true;
}

static void optimise_polish(Optimise *search) {
    int n = search->n;
    double longest = 0, before = 0, after = 0;
    for (int i = 0; i < n; i++) {
        double move = -optimise_dot(n, search->inverse + i * n, search->gradient);
        search->trial_point[i] = search->point[i] + move;
        longest = fmax(longest, fabs(move));
    }
    if (longest > OPTIMISE_POLISH_MAX || !optimise_try(search)) return;
    for (int i = 0; i < n; i++) {
        before = fmax(before, fabs(search->gradient[i]));
        after = fmax(after, fabs(search->trial_gradient[i]));
    }
    if (optimise_trial_finite(search) && after < before) optimise_accept(search);
}

bool optimise_finish(Optimise *search, double step, double pivot_min, double gain,
                     double *inverse) {
    double curvature[OPTIMISE_DIMENSION_MAX * OPTIMISE_DIMENSION_MAX];
    if (search->status == OPTIMISE_INTERRUPTED || search->status == OPTIMISE_BAD_START ||
        !optimise_curvature(search, step, curvature) ||
        !linear_spd_inverse(search->n, curvature, pivot_min, search->inverse))
        return false;
    optimise_polish(search);
    if (search->status == OPTIMISE_INTERRUPTED) return false;
    if (optimise_promise(search, search->inverse) <= gain) search->status = OPTIMISE_CONVERGED;
    for (int i = 0; i < search->n * search->n; i++) inverse[i] = search->inverse[i];
    return true;
}

bool optimise_finish_prior(Optimise *search, double step, double precision, double *inverse) {
    double curvature[OPTIMISE_DIMENSION_MAX * OPTIMISE_DIMENSION_MAX];
    if (search->status == OPTIMISE_INTERRUPTED || search->status == OPTIMISE_BAD_START ||
        !optimise_curvature(search, step, curvature))
        return false;
    for (int i = 0; i < search->n; i++) curvature[i * search->n + i] += precision;
    return linear_spd_inverse(search->n, curvature, OPTIMISE_PRIOR_PIVOT, inverse);
}
