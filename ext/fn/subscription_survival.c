/* subscription_survival.c - subscription_survival(): how long do subscribers stay, and how long will they?
 *
 *     SELECT * FROM subscription_survival('subscriptions', 'started_on', 'ended_on');
 *
 * A subscription has its own clock: its k-th renewal is due k periods after its start, the day of the month
 * clamped.  One that ended in its t-th period, or when that was over, did not renew at t.  A renewal counts
 * once its day has come by as_of, whether or not the subscription has ended before: those who leave at once
 * and those who stay are then watched alike, and the youngest subscriptions do not look worse than they are.
 *
 *     observed   S(t) = product over k = 1 .. t of (1 - lost at k / at risk at k)      (Kaplan, Meier 1958)
 *     predicted  S(t) = B(alpha, beta + t) / B(alpha, beta), shifted beta geometric (model/sbg.h)
 */
#include "base/libm.h"
#include "host/call.h"
#include "model/sbg.h"
#include "stat/kaplan.h"
#include "stat/wilson.h"
#include "time/elapsed.h"

enum { SUBSCRIPTION_SURVIVAL_PERIOD, SUBSCRIPTION_SURVIVAL_AHEAD, SUBSCRIPTION_SURVIVAL_HORIZON,
       SUBSCRIPTION_SURVIVAL_AS_OF };
enum {
    SUBSCRIPTION_SURVIVAL_INDEX,
    SUBSCRIPTION_SURVIVAL_AT_RISK,
    SUBSCRIPTION_SURVIVAL_LOST,
    SUBSCRIPTION_SURVIVAL_OBSERVED,
    SUBSCRIPTION_SURVIVAL_LOW,
    SUBSCRIPTION_SURVIVAL_HIGH,
    SUBSCRIPTION_SURVIVAL_PREDICTED,
    SUBSCRIPTION_SURVIVAL_RETENTION,
    SUBSCRIPTION_SURVIVAL_LIFETIME,
    SUBSCRIPTION_SURVIVAL_NOTE
};
enum {
    SUBSCRIPTION_SURVIVAL_PERIODS_MAX = 10000,
    SUBSCRIPTION_SURVIVAL_LOST_MIN = 30,  /* subscriptions that did not renew, which a fit needs */
    SUBSCRIPTION_SURVIVAL_LOST_FEW = 100  /* below this a fit is used with a note */
};

static const ArgSpec subscription_survival_args[] = {
    [SUBSCRIPTION_SURVIVAL_PERIOD] = {.name = "period", .kind = ARG_PERIOD, .dflt_text = "month",
                                      .doc = "from one renewal to the next"},
    [SUBSCRIPTION_SURVIVAL_AHEAD] = {.name = "periods_ahead", .kind = ARG_INTEGER, .dflt = 12, .min = 0, .max = 1000,
                                     .doc = "rows beyond the last renewal that was seen"},
    [SUBSCRIPTION_SURVIVAL_HORIZON] = {.name = "horizon_periods", .kind = ARG_INTEGER, .dflt = 60, .min = 1,
                                       .max = 10000, .doc = "no lifetime counts for more periods than these"},
    [SUBSCRIPTION_SURVIVAL_AS_OF] = {.name = "as_of", .kind = ARG_DATE,
                                     .doc = "the day on which we look; what starts or ends later has not; the last"
                                            " start or end by default, so name the day where ends lie in the future"},
    {0},
};

static const ColSpec subscription_survival_cols[] = {
    [SUBSCRIPTION_SURVIVAL_INDEX] = {"period_index", "INTEGER", "0 is the start, k the k-th renewal"},
    [SUBSCRIPTION_SURVIVAL_AT_RISK] = {"at_risk", "INTEGER",
                                       "subscriptions whose k-th renewal was due by as_of and that had renewed until"
                                       " then; of the start all"},
    [SUBSCRIPTION_SURVIVAL_LOST] = {"lost", "INTEGER", "those of them that did not renew"},
    [SUBSCRIPTION_SURVIVAL_OBSERVED] = {"observed", "REAL",
                                        "share that is still there after the renewal (Kaplan-Meier); NULL where"
                                        " nobody was at risk"},
    [SUBSCRIPTION_SURVIVAL_LOW] = {"ci_low", "REAL", "lower end of the interval of observed (Greenwood, log-log)"},
    [SUBSCRIPTION_SURVIVAL_HIGH] = {"ci_high", "REAL", "upper end; both NULL where observed is 0 or 1"},
    [SUBSCRIPTION_SURVIVAL_PREDICTED] = {"predicted", "REAL", "the same share under the model"},
    [SUBSCRIPTION_SURVIVAL_RETENTION] = {"retention_rate", "REAL",
                                         "share of those there before the renewal who renew, under the model; NULL"
                                         " at the start"},
    [SUBSCRIPTION_SURVIVAL_LIFETIME] = {"expected_lifetime", "REAL",
                                        "periods that who has just renewed (or started) will stay, the one that"
                                        " begins included, none counted beyond horizon_periods"},
    [SUBSCRIPTION_SURVIVAL_NOTE] = {"note", "TEXT", "what limits the figures; NULL: nothing"},
    {0},
};

static const CallOrder subscription_survival_order[] = {{SUBSCRIPTION_SURVIVAL_INDEX, false}};

typedef struct SubscriptionSurvivalState {
    int64_t n_started;       /* by as_of */
    int64_t n_seen;          /* the last renewal that was due for anybody */
    int64_t *lost, *kept;    /* by renewal: not renewed; renewed, and none was due since */
    int64_t *at_risk;        /* by renewal */
    Kaplan curve;
    SbgFit fit;
    bool has_model;
    double horizon, z;
    const char *note;
} SubscriptionSurvivalState;

/* ---- Renewals ---- */

typedef struct SubscriptionSurvivalClock {
    const Period *period;
    Day as_of;
    ElapsedMark now;
    int32_t step;
} SubscriptionSurvivalClock;

/* The renewals that were due by as_of, and the one that was not made; 0: all were. */
static int32_t subscription_survival_due(const SubscriptionSurvivalClock *clock, const Contract *contract,
                                         int32_t *lost) {
    ElapsedMark start = elapsed_mark(clock->period, true, contract->start);
    int32_t due = elapsed_periods(start, clock->now, clock->step);
    *lost = 0;
    if (contract->end <= clock->as_of) {
        Day last = contract->end > contract->start ? contract->end - 1 : contract->start;
        int32_t missed = elapsed_periods(start, elapsed_mark(clock->period, true, last), clock->step) + 1;
        if (missed <= due) *lost = missed;
    }
    return due;
}

static void subscription_survival_count(Call *call, SubscriptionSurvivalState *state,
                                        const SubscriptionSurvivalClock *clock) {
    for (const ContractsChunk *chunk = call->contracts.head; chunk; chunk = chunk->next) {
        for (int64_t i = 0; i < chunk->n; i++) {
            int32_t lost;
            if (chunk->contracts[i].start > clock->as_of) continue;
            int32_t due = subscription_survival_due(clock, &chunk->contracts[i], &lost);
            state->n_started++;
            if (lost) state->lost[lost]++;
            else state->kept[due]++;
        }
        if (!call->err->rc && poll_stop(call->poll)) err_set(call->err, SQLITE_INTERRUPT, "interrupted");
        if (call->err->rc) return;
    }
}

/* The first day of all; false: nothing had started by as_of. */
static bool subscription_survival_first(const Contracts *contracts, Day as_of, Day *first) {
    *first = as_of + 1;
    for (const ContractsChunk *chunk = contracts->head; chunk; chunk = chunk->next)
        for (int64_t i = 0; i < chunk->n; i++)
            if (chunk->contracts[i].start < *first) *first = chunk->contracts[i].start;
    return *first <= as_of;
}

/* ---- What follows from the counts ---- */

static void subscription_survival_observe(SubscriptionSurvivalState *state, int32_t *days, int64_t *events,
                                          int64_t *censored) {
    int64_t n = 0, at_risk = 0;
    for (int64_t t = state->n_seen; t >= 1; t--) {
        at_risk += state->lost[t] + state->kept[t];
        state->at_risk[t] = at_risk;
    }
    state->at_risk[0] = state->n_started;
    for (int64_t t = 1; t <= state->n_seen; t++) {
        if (state->lost[t] + state->kept[t] == 0) continue;
        days[n] = (int32_t)t;
        events[n] = state->lost[t];
        censored[n++] = state->kept[t];
    }
    state->curve.n = n;
    kaplan_fit(&state->curve);
}

static void subscription_survival_fit(Call *call, SubscriptionSurvivalState *state) {
    int64_t n_lost = 0;
    for (int64_t t = 1; t <= state->n_seen; t++) n_lost += state->lost[t];
    if (n_lost < SUBSCRIPTION_SURVIVAL_LOST_MIN) {
        state->note = arena_printf(call->arena, call->err, "too little to predict: %lld subscription%s not renewed,"
                                   " %d needed", (long long)n_lost, n_lost == 1 ? "" : "s",
                                   SUBSCRIPTION_SURVIVAL_LOST_MIN);
        return;
    }
    SbgData data = {.n = state->n_seen, .lost = state->lost + 1, .kept = state->kept + 1};
    sbg_fit(&data, call->poll, &state->fit);
    if (state->fit.interrupted) err_set(call->err, SQLITE_INTERRUPT, "interrupted");
    state->has_model = state->fit.converged;
    const char *few = n_lost < SUBSCRIPTION_SURVIVAL_LOST_FEW
                          ? arena_printf(call->arena, call->err, "few_ends: fitted to %lld subscriptions not renewed",
                                         (long long)n_lost) : NULL;
    bool alike = state->fit.params.alpha > 1; /* a ridge of small parameters is the other extreme */
    const char *model = !state->fit.converged ? "not_converged: the model found no optimum"
                        : !(state->fit.warnings & SBG_RIDGE) ? NULL
                        : alike ? "ridge: subscribers do not differ as far as these renewals show"
                                : "ridge: subscribers leave at the first renewal or stay, as far as these show";
    state->note = model && few ? arena_printf(call->arena, call->err, "%s; %s", model, few) : model ? model : few;
}

static int64_t subscription_survival_open(Call *call) {
    SubscriptionSurvivalState *state = arena_alloc(call->arena, call->err, 1, sizeof(*state));
    if (!state) return 0;
    call->state = state;
    ArgValue *as_of = &call->args[SUBSCRIPTION_SURVIVAL_AS_OF];
    if (!as_of->given) as_of->day = call->contracts.day_max;
    Period period = call->args[SUBSCRIPTION_SURVIVAL_PERIOD].period;
    period.calendar = call_calendar(call);
    SubscriptionSurvivalClock clock = {&period, as_of->day, elapsed_mark(&period, true, as_of->day),
                                       elapsed_step(&period, true)};
    Day first;
    int32_t lost;
    if (!subscription_survival_first(&call->contracts, clock.as_of, &first)) return 0;
    state->n_seen = subscription_survival_due(&clock, &(Contract){first, CONTRACTS_NO_END}, &lost);
    if (state->n_seen > SUBSCRIPTION_SURVIVAL_PERIODS_MAX) {
        err_set(call->err, SQLITE_ERROR, "there are %lld periods from the first start to as_of, more than %d: choose a"
                " longer period", (long long)state->n_seen, SUBSCRIPTION_SURVIVAL_PERIODS_MAX);
        return 0;
    }
    int64_t n = state->n_seen + 1;
    state->lost = arena_alloc(call->arena, call->err, n, sizeof(int64_t));
    state->kept = arena_alloc(call->arena, call->err, n, sizeof(int64_t));
    state->at_risk = arena_alloc(call->arena, call->err, n, sizeof(int64_t));
    int32_t *days = arena_alloc(call->arena, call->err, n, sizeof(*days));
    int64_t *events = arena_alloc(call->arena, call->err, n, sizeof(*events));
    int64_t *censored = arena_alloc(call->arena, call->err, n, sizeof(*censored));
    state->curve = (Kaplan){.days = days, .events = events, .censored = censored,
                            .steps = arena_alloc(call->arena, call->err, n, sizeof(KaplanStep))};
    if (call->err->rc) return 0;
    subscription_survival_count(call, state, &clock);
    if (call->err->rc) return 0;
    subscription_survival_observe(state, days, events, censored);
    subscription_survival_fit(call, state);
    state->horizon = (double)call->args[SUBSCRIPTION_SURVIVAL_HORIZON].integer;
    state->z = wilson_z(call->common[CALL_CONFIDENCE_LEVEL].real);
    return n + call->args[SUBSCRIPTION_SURVIVAL_AHEAD].integer;
}

/* ---- Rows ---- */

static KaplanRange subscription_survival_range(const SubscriptionSurvivalState *state, int64_t t) {
    static const KaplanRange unknown = {(double)NAN, (double)NAN, (double)NAN};
    return t > state->n_seen || state->at_risk[t] == 0 ? unknown : kaplan_survival(&state->curve, t, state->z);
}

static double subscription_survival_model(const SubscriptionSurvivalState *state, int64_t row, int col) {
    const SbgParams *params = &state->fit.params;
    double t = (double)row;
    if (!state->has_model) return (double)NAN;
    if (col == SUBSCRIPTION_SURVIVAL_PREDICTED) return exp(sbg_log_survival(params, t));
    if (col == SUBSCRIPTION_SURVIVAL_RETENTION) return sbg_retention(params, t);
    return 1 + sbg_expected_renewals(params, t, state->horizon - 1);
}

static void subscription_survival_cell(const void *pointer, int64_t row, int col, Out *out) {
    const SubscriptionSurvivalState *state = pointer;
    bool seen = row <= state->n_seen;
    switch (col) {
        case SUBSCRIPTION_SURVIVAL_INDEX: out_int(out, row); break;
        case SUBSCRIPTION_SURVIVAL_AT_RISK: out_int(out, seen ? state->at_risk[row] : 0); break;
        case SUBSCRIPTION_SURVIVAL_LOST: out_int(out, seen ? state->lost[row] : 0); break;
        case SUBSCRIPTION_SURVIVAL_OBSERVED: out_real(out, subscription_survival_range(state, row).value); break;
        case SUBSCRIPTION_SURVIVAL_LOW: out_real(out, subscription_survival_range(state, row).low); break;
        case SUBSCRIPTION_SURVIVAL_HIGH: out_real(out, subscription_survival_range(state, row).high); break;
        case SUBSCRIPTION_SURVIVAL_NOTE: out_text(out, state->note); break;
        default: out_real(out, subscription_survival_model(state, row, col));
    }
}

const TvfDef tvf_subscription_survival = {
    .name = "subscription_survival",
    .text = {.doc = "how long subscribers stay, as observed and as predicted for the periods to come",
             .definition =
                 "The k-th renewal is due k periods after the start, the day of the month clamped. A subscription"
                 " that ended in its t-th period, or on the day it was over, did not renew at t; renewals count when"
                 " they were due by as_of. observed = product over k of (1 - lost / at_risk). predicted ="
                 " B(alpha, beta + k) / B(alpha, beta) and retention_rate = (beta + k - 1) / (alpha + beta + k - 1),"
                 " the shifted beta geometric fitted by maximum likelihood to at least 30 subscriptions not renewed."
                 " expected_lifetime = sum of predicted(k + j) / predicted(k) over j = 0 .. horizon_periods - 1. Rows"
                 " are ordered by period_index.",
             .example = "SELECT * FROM subscription_survival('subscriptions', 'started_on', 'ended_on')"},
    .cols = subscription_survival_cols,
    .args = subscription_survival_args,
    .needs = CALL_CONTRACTS | CALL_CONFIDENCE,
    .order = subscription_survival_order,
    .n_order = 1,
    .open = subscription_survival_open,
    .cell = subscription_survival_cell,
};
