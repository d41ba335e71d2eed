/* purchasefit.h - any of the purchase models fitted to a shop's customers by maximum likelihood. */
#ifndef MODEL_PURCHASEFIT_H
#define MODEL_PURCHASEFIT_H

#include "model/bgnbdfit.h"
#include "model/purchase.h"

enum { PURCHASEFIT_PARAMS_MAX = 4 };

/* What is known of a model before any data. */
typedef struct PurchasefitModel {
    const char *title;                            /* "Pareto/NBD" */
    int n_params;
    const char *params[PURCHASEFIT_PARAMS_MAX];   /* their names; alpha and beta are in days where they are scales */
} PurchasefitModel;
extern const PurchasefitModel retain_purchasefit_models[PURCHASE_MODELS];

typedef struct Purchasefit {
    PurchaseLaw law;             /* maximum likelihood; NaN without customers */
    double value[PURCHASEFIT_PARAMS_MAX], std_error[PURCHASEFIT_PARAMS_MAX]; /* by parameter; NaN: not identified */
    double covariance[PURCHASEFIT_PARAMS_MAX * PURCHASEFIT_PARAMS_MAX]; /* of their logarithms, n_params x n_params,
                                                                           row by row; as of Bgnbdfit */
    PurchaseLaw weak;            /* on a ridge, what a fit with weak priors gives (BgnbdfitWeak), and its covariance */
    double weak_covariance[PURCHASEFIT_PARAMS_MAX * PURCHASEFIT_PARAMS_MAX];
    bool has_weak;
    double log_likelihood;
    double log_likelihood_nbd;   /* of the NBD, without dropout */
    int64_t customers, one_timers;
    int64_t sampled;             /* set by those who fit to a sample: its customers; 0: fitted to all */
    int iterations;
    bool converged, interrupted; /* after an interruption nothing else is to be used */
    unsigned warnings;           /* as of Bgnbdfit */
} Purchasefit;

/* Fits; data and workspace as of bgnbdfit_run. */
void purchasefit_run(PurchaseModel model, const BgnbdfitData *data, void *workspace, const Poll *poll,
                     Purchasefit *out);

/* The same after base, the BG/NBD (for PURCHASE_BGNBD) or the MBG/NBD (for the others) fitted to these data.  near:
 * what the same model was fitted to much the same customers, where its search may begin; NULL: nothing. */
void purchasefit_continue(PurchaseModel model, const BgnbdfitData *data, const Bgnbdfit *base, const Purchasefit *near,
                          const Poll *poll, Purchasefit *out);

#endif
