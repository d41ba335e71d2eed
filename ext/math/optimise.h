/* optimise.h - minimises a smooth function of a few free variables (BFGS).
 *
 *     Optimise search;
 *     optimise_init(&search, 4, start, minus_loglik, &data);
 *     while (optimise_test(&search, 1e-9) == OPTIMISE_RUNNING) optimise_iterate(&search);
 *
 * Quasi-Newton steps with the inverse curvature learned from gradients (Nocedal, Wright, Numerical
 * Optimization, 2nd edition, chapter 6), and a line search that brackets a point of the weak Wolfe
 * conditions, so that the learned curvature stays positive.  Where the function value no longer
 * resolves progress, the gradient alone decides (Hager, Zhang, SIAM J. Optim. 16, 2005: the
 * approximate Wolfe conditions).
 *
 * Positive parameters belong in logarithms: one step moves a variable by 2 at most.
 * No allocation, no state but the object's own; the same start gives the same path.
 */
#ifndef MATH_OPTIMISE_H
#define MATH_OPTIMISE_H

#include <stdbool.h>

enum { OPTIMISE_DIMENSION_MAX = 6, OPTIMISE_ITERATIONS_MAX = 200, OPTIMISE_FLAT_ITERATIONS = 8 };

/* Writes the value and the n derivatives at point.  A point outside the domain is told by a value
 * that is not finite.  Returns false to end the search at once. */
typedef bool (*OptimiseObjective)(void *ctx, const double *point, double *value, double *gradient);

/* Writes the second derivatives at point (n x n).  Returns false to end the search at once. */
typedef bool (*OptimiseCurvature)(void *ctx, const double *point, double *curvature);

typedef enum OptimiseStatus {
    OPTIMISE_RUNNING,
    OPTIMISE_CONVERGED,  /* what is left to gain is below the tolerance */
    OPTIMISE_STALLED,    /* no step downhill can be found: rounding, or a wrong gradient */
    OPTIMISE_EXHAUSTED,  /* OPTIMISE_ITERATIONS_MAX iterations were not enough */
    OPTIMISE_BAD_START,  /* the function is not finite at the start */
    OPTIMISE_INTERRUPTED /* the objective asked to stop */
} OptimiseStatus;

typedef struct Optimise {
    int n;                                     /* free variables */
    OptimiseObjective objective;               /* what to minimise */
    OptimiseCurvature curvature;               /* may be set after optimise_init; NULL: by differences */
    void *ctx;                                 /* handed to objective */
    OptimiseStatus status;                     /* RUNNING until an end is known */
    int iterations, evaluations;               /* so far */
    bool learned;                              /* inverse holds more than a guess */
    double value, point[OPTIMISE_DIMENSION_MAX], gradient[OPTIMISE_DIMENSION_MAX]; /* best */
    double trial_value, trial_point[OPTIMISE_DIMENSION_MAX], trial_gradient[OPTIMISE_DIMENSION_MAX];
    double inverse[OPTIMISE_DIMENSION_MAX * OPTIMISE_DIMENSION_MAX]; /* inverse curvature */
    double recent[OPTIMISE_FLAT_ITERATIONS];   /* values of the last iterations, a ring */
} Optimise;

/* Evaluates the start.  1 <= n <= OPTIMISE_DIMENSION_MAX. */
void optimise_init(Optimise *search, int n, const double *start, OptimiseObjective objective,
                   void *ctx);

/* After optimise_init: what is known of the inverse curvature there (n x n), so that it need not be learned. */
void optimise_remember(Optimise *search, const double *inverse);

/* One step; does nothing once the status is final. */
void optimise_iterate(Optimise *search);

/* Whether to go on.  The search has converged when the quadratic model promises less than gain
 * (in units of the function), or when the last OPTIMISE_FLAT_ITERATIONS iterations together
 * brought less than gain, as on a ridge that runs to infinity. */
OptimiseStatus optimise_test(Optimise *search, double gain);

/* The curvature at the point reached, search->curvature or central differences of the gradient over +-step, and one
 * last Newton step with it, kept when the gradient shrinks.  Writes the inverse curvature (n x n),
 * the covariance of the estimates when the function is a negative log-likelihood.  A search that
 * ended otherwise has converged after all when Newton promises less than gain.  False, with
 * inverse untouched, when the objective ended the search or the curvature is singular (see
 * linear_spd_inverse for pivot_min): the minimum is not a point. */
bool optimise_finish(Optimise *search, double step, double pivot_min, double gain,
                     double *inverse);

/* After optimise_finish: the inverse of that curvature with precision added to its diagonal, as a normal prior of
 * variance 1 / precision around the point reached would.  Along a ridge, where the function says nothing, the prior
 * stands in.  False, with inverse untouched, when the objective ended the search or the sum is singular too. */
bool optimise_finish_prior(Optimise *search, double step, double precision, double *inverse);

#endif
