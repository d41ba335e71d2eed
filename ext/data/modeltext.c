/* modeltext.c - see modeltext.h. */
#include "data/modeltext.h"

#include <string.h>

#include "base/decimal.h"
#include "base/libm.h"

/* ---- Keys ---- */

typedef enum ModeltextKey {
    MODELTEXT_MODEL,
    MODELTEXT_R,
    MODELTEXT_ALPHA,
    MODELTEXT_A,
    MODELTEXT_B,
    MODELTEXT_S,
    MODELTEXT_BETA,
    MODELTEXT_CUSTOMERS,
    MODELTEXT_ONE_TIMERS,
    MODELTEXT_LOG_LIKELIHOOD,
    MODELTEXT_NOTE,
    MODELTEXT_SPEND,
    MODELTEXT_P,
    MODELTEXT_Q,
    MODELTEXT_GAMMA,
    MODELTEXT_MEAN,
    MODELTEXT_KEYS
} ModeltextKey;

typedef enum ModeltextKind {
    MODELTEXT_LAW,
    MODELTEXT_POSITIVE,
    MODELTEXT_NUMBER,
    MODELTEXT_WORDS,
    MODELTEXT_OBJECT
} ModeltextKind;

static const struct {
    const char *name;
    ModeltextKind kind;
    bool of_spend;
} modeltext_keys[MODELTEXT_KEYS] = {
    [MODELTEXT_MODEL] = {"model", MODELTEXT_LAW, false},
    [MODELTEXT_R] = {"r", MODELTEXT_POSITIVE, false},
    [MODELTEXT_ALPHA] = {"alpha", MODELTEXT_POSITIVE, false},
    [MODELTEXT_A] = {"a", MODELTEXT_POSITIVE, false},
    [MODELTEXT_B] = {"b", MODELTEXT_POSITIVE, false},
    [MODELTEXT_S] = {"s", MODELTEXT_POSITIVE, false},
    [MODELTEXT_BETA] = {"beta", MODELTEXT_POSITIVE, false},
    [MODELTEXT_CUSTOMERS] = {"customers", MODELTEXT_NUMBER, false},
    [MODELTEXT_ONE_TIMERS] = {"one_timers", MODELTEXT_NUMBER, false},
    [MODELTEXT_LOG_LIKELIHOOD] = {"log_likelihood", MODELTEXT_NUMBER, false},
    [MODELTEXT_NOTE] = {"note", MODELTEXT_WORDS, false},
    [MODELTEXT_SPEND] = {"spend", MODELTEXT_OBJECT, false},
    [MODELTEXT_P] = {"p", MODELTEXT_POSITIVE, true},
    [MODELTEXT_Q] = {"q", MODELTEXT_POSITIVE, true},
    [MODELTEXT_GAMMA] = {"gamma", MODELTEXT_POSITIVE, true},
    [MODELTEXT_MEAN] = {"mean", MODELTEXT_NUMBER, true},
};

/* The keys of a model's own parameters, in the order of its law; all have r and alpha. */
typedef struct ModeltextLaw {
    int n;
    ModeltextKey keys[PURCHASEFIT_PARAMS_MAX];
} ModeltextLaw;
static const ModeltextLaw modeltext_laws[PURCHASE_MODELS] = {
    [PURCHASE_BGNBD] = {4, {MODELTEXT_R, MODELTEXT_ALPHA, MODELTEXT_A, MODELTEXT_B}},
    [PURCHASE_MBGNBD] = {4, {MODELTEXT_R, MODELTEXT_ALPHA, MODELTEXT_A, MODELTEXT_B}},
    [PURCHASE_PNBD] = {4, {MODELTEXT_R, MODELTEXT_ALPHA, MODELTEXT_S, MODELTEXT_BETA}},
    [PURCHASE_NBD] = {2, {MODELTEXT_R, MODELTEXT_ALPHA}},
};

/* ---- Writing ---- */

static void modeltext_add(sqlite3_str *text, ModeltextKey key, double value) {
    char number[DECIMAL_TEXT_SIZE];
    decimal_print(value, number);
    sqlite3_str_appendf(text, ",\"%s\":%s", modeltext_keys[key].name, number);
}

/* Our notes are plain ASCII without quotes or backslashes. */
static void modeltext_add_note(sqlite3_str *text, const char *note) {
    if (note) sqlite3_str_appendf(text, ",\"note\":\"%s\"", note);
    else sqlite3_str_appendall(text, ",\"note\":null");
}

static void modeltext_add_spend(sqlite3_str *text, const Predictor *predictor) {
    const GammagammaParams *spend = &predictor->spend.params;
    bool has_mean = isfinite(predictor->mean_spend);
    if (!predictor->has_spend && !has_mean) {
        sqlite3_str_appendall(text, ",\"spend\":null");
        return;
    }
    char number[DECIMAL_TEXT_SIZE];
    sqlite3_str_appendall(text, ",\"spend\":{");
    if (predictor->has_spend) {
        decimal_print(spend->p, number);
        sqlite3_str_appendf(text, "\"p\":%s", number);
        modeltext_add(text, MODELTEXT_Q, spend->q);
        modeltext_add(text, MODELTEXT_GAMMA, spend->gamma);
    }
    if (has_mean) {
        decimal_print(predictor->mean_spend, number);
        sqlite3_str_appendf(text, "%s\"mean\":%s", predictor->has_spend ? "," : "", number);
    }
    sqlite3_str_appendchar(text, 1, '}');
}

char *modeltext_write(const Predictor *predictor) {
    const Purchasefit *fit = &predictor->purchases;
    const ModeltextLaw *law = &modeltext_laws[fit->law.model];
    sqlite3_str *text = sqlite3_str_new(NULL);
    sqlite3_str_appendf(text, "{\"model\":\"%s\"", retain_law_names[fit->law.model]);
    for (int i = 0; i < law->n; i++) modeltext_add(text, law->keys[i], fit->value[i]);
    sqlite3_str_appendf(text, ",\"customers\":%lld,\"one_timers\":%lld", (long long)fit->customers,
                        (long long)fit->one_timers);
    modeltext_add(text, MODELTEXT_LOG_LIKELIHOOD, fit->log_likelihood);
    modeltext_add_spend(text, predictor);
    modeltext_add_note(text, predictor->note);
    sqlite3_str_appendchar(text, 1, '}');
    return sqlite3_str_finish(text);
}

/* ---- Reading ---- */

typedef struct ModeltextReader {
    const char *text, *at;
    Err *err;
    bool given[MODELTEXT_KEYS];
    double number[MODELTEXT_KEYS];
    PurchaseModel model;
} ModeltextReader;

static void modeltext_expected(ModeltextReader *reader, const char *what) {
    err_set(reader->err, SQLITE_ERROR,
            "model must be what clv_fit returns: %s expected at character %d", what,
            (int)(reader->at - reader->text) + 1);
}

static void modeltext_skip_space(ModeltextReader *reader) {
    while (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n' || *reader->at == '\r') reader->at++;
}

/* Takes one character of punctuation and the space around it, if it is there. */
static bool modeltext_take(ModeltextReader *reader, char c) {
    modeltext_skip_space(reader);
    if (*reader->at != c) return false;
    reader->at++;
    modeltext_skip_space(reader);
    return true;
}

static bool modeltext_take_null(ModeltextReader *reader) {
    bool null = strncmp(reader->at, "null", 4) == 0;
    if (null) reader->at += 4;
    return null;
}

/* Bytes of the escape that begins at text; 0: it is none. */
static int modeltext_escape(const char *text) {
    if (!text[1] || !strchr("\"\\/bfnrtu", text[1])) return 0;
    if (text[1] != 'u') return 2;
    for (int i = 2; i < 6; i++)
        if (!text[i] || !strchr("0123456789abcdefABCDEF", text[i])) return 0;
    return 6;
}

/* Takes a string and returns the bytes between its quotes, escapes as they are written. */
static const char *modeltext_take_string(ModeltextReader *reader, int *n) {
    const char *start = reader->at + 1, *end = start;
    if (*reader->at != '"') {
        modeltext_expected(reader, "a string");
        return NULL;
    }
    while ((unsigned char)*end >= ' ' && *end != '"') {
        int size = *end == '\\' ? modeltext_escape(end) : 1;
        if (!size) break;
        end += size;
    }
    if (*end != '"') {
        reader->at = end;
        modeltext_expected(reader, "the end of a string");
        return NULL;
    }
    *n = (int)(end - start);
    reader->at = end + 1;
    return start;
}

static bool modeltext_is(const char *name, const char *bytes, int n) {
    return strlen(name) == (size_t)n && memcmp(name, bytes, (size_t)n) == 0;
}

/* Takes a key, which must be one of the object's and new. */
static ModeltextKey modeltext_take_key(ModeltextReader *reader, bool of_spend) {
    char shown[ERR_QUOTE_SIZE];
    int n = 0;
    const char *bytes = modeltext_take_string(reader, &n);
    if (!bytes) return MODELTEXT_KEYS;
    for (int key = 0; key < MODELTEXT_KEYS; key++) {
        if (modeltext_keys[key].of_spend != of_spend || !modeltext_is(modeltext_keys[key].name, bytes, n)) continue;
        if (reader->given[key])
            err_set(reader->err, SQLITE_ERROR, "model must be what clv_fit returns: '%s' is there twice",
                    modeltext_keys[key].name);
        reader->given[key] = true;
        return (ModeltextKey)key;
    }
    err_set(reader->err, SQLITE_ERROR, "model must be what clv_fit returns: '%s' is not known%s",
            err_quote(bytes, (size_t)n, shown), of_spend ? " in spend" : "");
    return MODELTEXT_KEYS;
}

static void modeltext_take_law(ModeltextReader *reader) {
    char shown[ERR_QUOTE_SIZE];
    int n = 0;
    const char *bytes = modeltext_take_string(reader, &n);
    for (int i = 0; bytes && i < PURCHASE_MODELS; i++)
        if (modeltext_is(retain_law_names[i], bytes, n)) {
            reader->model = (PurchaseModel)i;
            return;
        }
    if (bytes)
        err_set(reader->err, SQLITE_ERROR,
                "model must be what clv_fit returns: its model must be 'bgnbd', 'mbgnbd', 'pnbd' or 'nbd', not '%s'",
                err_quote(bytes, (size_t)n, shown));
}

static void modeltext_take_number(ModeltextReader *reader, ModeltextKey key) {
    char shown[ERR_QUOTE_SIZE];
    int n = decimal_parse(reader->at, &reader->number[key]);
    if (n == 0) {
        modeltext_expected(reader, "a number");
    } else if (modeltext_keys[key].kind == MODELTEXT_POSITIVE &&
               (reader->number[key] < MODELTEXT_PARAM_MIN || reader->number[key] > MODELTEXT_PARAM_MAX)) {
        err_set(reader->err, SQLITE_ERROR, "model must be what clv_fit returns: %s must be above 0 and not extreme,"
                " not %s", modeltext_keys[key].name, err_quote(reader->at, (size_t)n, shown));
    }
    reader->at += n;
}

static void modeltext_take_object(ModeltextReader *reader, bool of_spend);

static void modeltext_take_value(ModeltextReader *reader, ModeltextKey key) {
    int n = 0;
    switch (modeltext_keys[key].kind) {
        case MODELTEXT_LAW: modeltext_take_law(reader); break;
        case MODELTEXT_WORDS:
            if (!modeltext_take_null(reader)) (void)modeltext_take_string(reader, &n);
            break;
        case MODELTEXT_OBJECT:
            if (!modeltext_take_null(reader)) modeltext_take_object(reader, true);
            break;
        default: modeltext_take_number(reader, key);
    }
}

/* The object of the model, or of its spend, which holds none: the nesting ends there. */
static void modeltext_take_object(ModeltextReader *reader, bool of_spend) {
    if (!modeltext_take(reader, '{')) {
        modeltext_expected(reader, "{");
        return;
    }
    if (modeltext_take(reader, '}')) return;
    do {
        ModeltextKey key = modeltext_take_key(reader, of_spend);
        if (!reader->err->rc && !modeltext_take(reader, ':')) modeltext_expected(reader, ":");
        if (reader->err->rc) return;
        modeltext_take_value(reader, key);
        if (reader->err->rc) return;
    } while (modeltext_take(reader, ','));
    if (!modeltext_take(reader, '}')) modeltext_expected(reader, ", or }");
}

static void modeltext_need(ModeltextReader *reader, ModeltextKey key) {
    if (!reader->given[key])
        err_set(reader->err, SQLITE_ERROR, "model must be what clv_fit returns: '%s' is missing",
                modeltext_keys[key].name);
}

static void modeltext_take_all(ModeltextReader *reader) {
    modeltext_take_object(reader, false);
    if (*reader->at) modeltext_expected(reader, "the end");
    modeltext_need(reader, MODELTEXT_MODEL);
    const ModeltextLaw *law = &modeltext_laws[reader->model];
    for (int i = 0; i < law->n; i++) modeltext_need(reader, law->keys[i]);
    if (reader->given[MODELTEXT_P] || reader->given[MODELTEXT_Q] || reader->given[MODELTEXT_GAMMA])
        for (ModeltextKey key = MODELTEXT_P; key <= MODELTEXT_GAMMA; key++) modeltext_need(reader, key);
    for (ModeltextKey key = MODELTEXT_R; key <= MODELTEXT_BETA; key++) {
        bool own = false;
        for (int i = 0; i < law->n; i++) own = own || law->keys[i] == key;
        if (reader->given[key] && !own)
            err_set(reader->err, SQLITE_ERROR, "model must be what clv_fit returns: %s has no '%s'",
                    retain_law_names[reader->model], modeltext_keys[key].name);
    }
}

static PurchaseLaw modeltext_law(const ModeltextReader *reader) {
    const double *number = reader->number;
    PurchaseLaw law = {.model = reader->model};
    if (reader->model == PURCHASE_PNBD)
        law.as.pnbd = (PnbdParams){.r = number[MODELTEXT_R], .alpha = number[MODELTEXT_ALPHA],
                                   .s = number[MODELTEXT_S], .beta = number[MODELTEXT_BETA]};
    else
        law.as.bgnbd = (BgnbdParams){.r = number[MODELTEXT_R], .alpha = number[MODELTEXT_ALPHA],
                                     .a = number[MODELTEXT_A], .b = number[MODELTEXT_B]};
    return law;
}

void modeltext_read(Modeltext *model, const char *text, int n, Err *err) {
    ModeltextReader reader = {.text = text, .at = text, .err = err, .number = {0}};
    if (n > MODELTEXT_SIZE_MAX)
        err_set(err, SQLITE_ERROR, "model must be what clv_fit returns, not a text of %d bytes", n);
    if (err->rc) return;
    modeltext_take_all(&reader);
    if (reader.at - reader.text != n) err_set(err, SQLITE_ERROR, "model must not hold a NUL character");
    if (err->rc) return;
    *model = (Modeltext){.law = modeltext_law(&reader),
                         .has_spend = reader.given[MODELTEXT_P],
                         .spend = {.p = reader.number[MODELTEXT_P], .q = reader.number[MODELTEXT_Q],
                                   .gamma = reader.number[MODELTEXT_GAMMA]},
                         .mean_spend = reader.given[MODELTEXT_MEAN] ? reader.number[MODELTEXT_MEAN] : (double)NAN};
}

double modeltext_spend(const Modeltext *model, double frequency, double monetary_value) {
    double spend = (double)NAN;
    if (model->has_spend)
        spend = gammagamma_expected_spend(&model->spend, frequency, monetary_value);
    return isnan(spend) ? model->mean_spend : spend;
}
