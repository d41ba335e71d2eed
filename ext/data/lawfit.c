/* lawfit.c - see lawfit.h. */
#include "data/lawfit.h"

#include "base/libm.h"
#include "math/sum.h"
#include "model/rfmgroup.h"

enum { LAWFIT_POLL_BUYERS = 1024 };

typedef struct LawfitGroups {
    BgnbdfitData data;
    int32_t *frequency, *recency, *age; /* data's own, to be written */
    int64_t *count;
} LawfitGroups;

static void lawfit_alloc(LawfitGroups *groups, int64_t n, Arena *arena, Err *err) {
    groups->frequency = arena_alloc_raw(arena, err, n, sizeof(int32_t));
    groups->recency = arena_alloc_raw(arena, err, n, sizeof(int32_t));
    groups->age = arena_alloc_raw(arena, err, n, sizeof(int32_t));
    groups->count = arena_alloc_raw(arena, err, n, sizeof(int64_t));
    groups->data = (BgnbdfitData){.frequency = groups->frequency, .recency = groups->recency,
                                  .age = groups->age, .count = groups->count};
}

static void lawfit_group(LawfitGroups *groups, const Buyers *buyers, Arena *arena, Err *err) {
    Arena sorting = {0}; /* given back at once: a fit takes as much again */
    void *workspace = arena_alloc_raw(&sorting, err, rfmgroup_workspace_size(buyers->n), 1);
    lawfit_alloc(groups, buyers->n, arena, err);
    if (!err->rc)
        groups->data.n = rfmgroup_collapse(buyers->n, buyers->frequency, buyers->recency, buyers->age, workspace,
                                           groups->frequency, groups->recency, groups->age, groups->count);
    arena_free(&sorting);
}

/* The BG/NBD or MBG/NBD that a model needs. */
static void lawfit_base(Bgnbdfit *base, PurchaseModel model, const BgnbdfitData *data, Arena *arena, Err *err,
                        const Poll *poll) {
    void *workspace = arena_alloc_raw(arena, err, bgnbdfit_workspace_size(data), 1);
    if (err->rc) return;
    bgnbdfit_run(model == PURCHASE_BGNBD ? BGNBD_BG : BGNBD_MBG, data, workspace, poll, base);
    if (base->interrupted) err_set(err, SQLITE_INTERRUPT, "interrupted");
}

static void lawfit_continue(Purchasefit *fit, PurchaseModel model, const BgnbdfitData *data, const Bgnbdfit *base,
                            const Purchasefit *near, Err *err, const Poll *poll) {
    if (err->rc) return;
    purchasefit_continue(model, data, base, near, poll, fit);
    if (fit->interrupted) err_set(err, SQLITE_INTERRUPT, "interrupted");
}

/* Every step-th customer, from the middle of the first step on. */
static int64_t lawfit_thin(LawfitGroups *sample, const BgnbdfitData *all, int64_t step) {
    int64_t before = 0, next = step / 2, taken = 0;
    for (int64_t i = 0; i < all->n; i++) {
        int64_t end = before + all->count[i], count = next < end ? (end - next - 1) / step + 1 : 0;
        before = end;
        if (count == 0) continue;
        int64_t j = sample->data.n++;
        sample->frequency[j] = all->frequency[i];
        sample->recency[j] = all->recency[i];
        sample->age[j] = all->age[i];
        sample->count[j] = count;
        next += count * step;
        taken += count;
    }
    return taken;
}

static bool lawfit_samples(PurchaseModel model, const LawfitGroups *groups) {
    return model == PURCHASE_PNBD && groups->data.n > LAWFIT_HISTORIES_MAX;
}

static void lawfit_pnbd_sample(Purchasefit *fit, const BgnbdfitData *all, const Buyers *buyers, const Purchasefit *near,
                               Arena *arena, Err *err, const Poll *poll) {
    LawfitGroups sample;
    Bgnbdfit base;
    lawfit_alloc(&sample, all->n, arena, err);
    if (err->rc) return;
    int64_t taken = lawfit_thin(&sample, all, (buyers->n - 1) / LAWFIT_HISTORIES_MAX + 1);
    lawfit_base(&base, PURCHASE_PNBD, &sample.data, arena, err, poll);
    lawfit_continue(fit, PURCHASE_PNBD, &sample.data, &base, near, err, poll);
    fit->customers = buyers->n;
    fit->one_timers = buyers->n - buyers->n_repeat;
    fit->sampled = taken;
}

void lawfit_run(Purchasefit *fit, PurchaseModel model, const Buyers *buyers, Err *err, const Poll *poll) {
    Arena scratch = {0};
    LawfitGroups groups;
    Bgnbdfit base;
    *fit = (Purchasefit){.law = {.model = model}};
    lawfit_group(&groups, buyers, &scratch, err);
    if (!err->rc && lawfit_samples(model, &groups)) {
        lawfit_pnbd_sample(fit, &groups.data, buyers, NULL, &scratch, err, poll);
    } else if (!err->rc) {
        lawfit_base(&base, model, &groups.data, &scratch, err, poll);
        lawfit_continue(fit, model, &groups.data, &base, NULL, err, poll);
    }
    arena_free(&scratch);
}

void lawfit_run_all(Purchasefit fits[PURCHASE_MODELS], const Buyers *buyers, const Purchasefit *near, Err *err,
                    const Poll *poll) {
    Arena scratch = {0};
    LawfitGroups groups;
    Bgnbdfit bgnbd, mbgnbd;
    lawfit_group(&groups, buyers, &scratch, err);
    if (!err->rc) lawfit_base(&bgnbd, PURCHASE_BGNBD, &groups.data, &scratch, err, poll);
    if (!err->rc) lawfit_base(&mbgnbd, PURCHASE_MBGNBD, &groups.data, &scratch, err, poll);
    for (int model = 0; model < PURCHASE_MODELS; model++) {
        const Purchasefit *from = near && near[model].converged ? &near[model] : NULL;
        fits[model] = (Purchasefit){.law = {.model = (PurchaseModel)model}};
        if (err->rc) continue;
        if (lawfit_samples((PurchaseModel)model, &groups))
            lawfit_pnbd_sample(&fits[model], &groups.data, buyers, from, &scratch, err, poll);
        else
            lawfit_continue(&fits[model], (PurchaseModel)model, &groups.data,
                            model == PURCHASE_BGNBD ? &bgnbd : &mbgnbd, from, err, poll);
    }
    arena_free(&scratch);
}

double lawfit_log_likelihood(const Purchasefit *fit, const Buyers *buyers, Err *err, const Poll *poll) {
    Sum sum = {0};
    if (fit->sampled == 0) return fit->log_likelihood;
    for (int64_t i = 0; i < buyers->n && !err->rc; i++) {
        if (i % LAWFIT_POLL_BUYERS == 0 && poll_stop(poll)) err_set(err, SQLITE_INTERRUPT, "interrupted");
        sum_add(&sum, pnbd_loglik(&fit->law.as.pnbd, buyers->frequency[i], buyers->recency[i], buyers->age[i], NULL));
    }
    return sum_value(&sum);
}
