/* auditword.c - see auditword.h. */
#include "data/auditword.h"

#include <string.h>

const char *const retain_audit_words[] = {
    "cancelled", "canceled", "refunded", "returned", "void",    "voided",  "failed", "declined",
    "rejected",  "reversed", "chargeback", "abandoned", "expired", "deleted", "test", NULL};

static const char *const auditword_true[] = {"1", "true", "yes", "t", "y", NULL};

/* Plain names, as source_find_columns compares them, each kind ended by its first index. */
static const char *const auditword_names[] = {
    "status", "state", "orderstatus", "orderstate", "paymentstatus", "financialstatus", "fulfillmentstatus",
    "invoicestatus", "transactionstatus",
    "iscancelled", "iscanceled", "cancelled", "canceled", "isrefunded", "refunded", "isvoid", "isvoided", "voided",
    "isdeleted", "deleted", "istest", "test",
    "cancelledat", "canceledat", "voidedat", "deletedat", NULL};
enum { AUDITWORD_FIRST_FLAG = 9, AUDITWORD_FIRST_MOMENT = 22, AUDITWORD_WORD_MAX = 16 };

static const char *const auditword_currency_names[] = {"currency", "currencycode", "ordercurrency", "isocurrency",
                                                       NULL};

void auditword_open(Auditword *words, const Source *source, Arena *arena) {
    int which[AUDITWORD_COLUMNS_MAX];
    *words = (Auditword){.currencies = map_new(arena)};
    words->n_status = source_find_columns(source, auditword_names, words->columns, which, AUDITWORD_COLUMNS_MAX);
    for (int i = 0; i < words->n_status; i++)
        words->status[i] = (AuditwordColumn){.name = words->columns[i],
                                             .kind = which[i] >= AUDITWORD_FIRST_MOMENT ? AUDITWORD_MOMENT
                                                     : which[i] >= AUDITWORD_FIRST_FLAG ? AUDITWORD_FLAG
                                                                                        : AUDITWORD_STATUS,
                                             .last_size = -1};
    int unused;
    words->has_currency = source_find_columns(source, auditword_currency_names,
                                              words->columns + words->n_status, &unused, 1) > 0;
}

/* ---- Cancelled ---- */

/* The index of a word in the list, compared without ASCII case and blanks around it; -1. */
static int auditword_index(const char *text, int n, const char *const *list) {
    char word[AUDITWORD_WORD_MAX];
    while (n > 0 && text[n - 1] == ' ') n--;
    while (n > 0 && *text == ' ') text++, n--;
    if (n <= 0 || n >= AUDITWORD_WORD_MAX) return -1;
    for (int i = 0; i < n; i++) word[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    word[n] = 0;
    for (int i = 0; list[i]; i++)
        if (strcmp(word, list[i]) == 0 && strlen(word) == (size_t)n) return i;
    return -1;
}

static bool auditword_says(AuditwordColumn *column, sqlite3_value *value, Err *err) {
    int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER && column->kind == AUDITWORD_FLAG) return sqlite3_value_int64(value) == 1;
    if (type != SQLITE_TEXT) return column->kind == AUDITWORD_MOMENT && type != SQLITE_NULL;
    const char *text = (const char *)sqlite3_value_text(value);
    int n = sqlite3_value_bytes(value);
    if (!text) err_nomem(err);
    if (!text || n == 0) return false;
    if (column->kind == AUDITWORD_MOMENT) return true;
    if (n == column->last_size && memcmp(text, column->last, (size_t)n) == 0) return false;
    int word = auditword_index(text, n, column->kind == AUDITWORD_FLAG ? auditword_true : retain_audit_words);
    if (word >= 0) {
        column->words |= (uint32_t)1 << word;
        return true;
    }
    if (n > (int)sizeof(column->last)) return false;
    memcpy(column->last, text, (size_t)n);
    column->last_size = n;
    return false;
}

sqlite3_value *auditword_cancelled(Auditword *words, sqlite3_value **values, Err *err) {
    for (int i = 0; i < words->n_status; i++)
        if (auditword_says(&words->status[i], values[i], err)) return values[i];
    return NULL;
}

/* ---- Currencies ---- */

void auditword_count_currency(Auditword *words, sqlite3_value *value, Err *err) {
    MapProbe probe;
    map_probe(&probe, value, err);
    if (err->rc || map_probe_is_empty(&probe)) return;
    if (words->currencies.n_keys == AUDITWORD_CURRENCIES_MAX && map_lookup(&words->currencies, &probe) < 0) {
        words->too_many = true;
        return;
    }
    uint32_t id = 0;
    map_intern(&words->currencies, err, &probe, 1, &id);
    if (!err->rc) words->n_currency[id]++;
}

const MapKey *auditword_main_currency(const Auditword *words) {
    int64_t best = -1;
    for (int64_t i = 0; i < words->currencies.n_keys; i++)
        if (best < 0 || words->n_currency[i] > words->n_currency[best] ||
            (words->n_currency[i] == words->n_currency[best] &&
             map_compare(map_key(&words->currencies, (uint32_t)i), map_key(&words->currencies, (uint32_t)best)) < 0))
            best = i;
    return best < 0 ? NULL : map_key(&words->currencies, (uint32_t)best);
}

void auditword_judge_currency(const Auditword *words, Findings *findings) {
    const MapKey *most = auditword_main_currency(words), *other = NULL;
    int64_t rows = 0;
    if (!words->has_currency) {
        finding_skip(findings, FINDING_CURRENCY, FINDING_CURRENCY, "there is no currency column");
        return;
    }
    if (words->too_many) {
        finding_set(findings, FINDING_CURRENCY, findings->n_rows, FINDING_UNCOUNTED,
                    arena_printf(findings->arena, findings->err, "more than %d currencies", AUDITWORD_CURRENCIES_MAX));
        return;
    }
    for (int64_t i = 0; i < words->currencies.n_keys; i++) {
        const MapKey *key = map_key(&words->currencies, (uint32_t)i);
        if (key == most) continue;
        rows += words->n_currency[i];
        if (!other || map_compare(key, other) < 0) other = key;
    }
    finding_set(findings, FINDING_CURRENCY, rows, rows ? FINDING_UNCOUNTED : 0, NULL);
    if (rows)
        findings->list[FINDING_CURRENCY].example =
            arena_printf(findings->arena, findings->err, "%s beside %s",
                         finding_shown_key(findings->arena, findings->err, other),
                         finding_shown_key(findings->arena, findings->err, most));
}

void auditword_close(Auditword *words) {
    map_close(&words->currencies);
}
