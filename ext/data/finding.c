/* finding.c - see finding.h. */
#include "data/finding.h"

#include <string.h>

#include "data/row.h"

enum { FINDING_CUSTOMERS_MIN = 64 };

void finding_open(Findings *findings, Arena *arena, Err *err, CivilCalendar calendar) {
    *findings = (Findings){.arena = arena, .err = err, .calendar = calendar, .customers = map_new(arena)};
}

void finding_add(Findings *findings, FindingCheck check, sqlite3_value *value) {
    Finding *finding = &findings->list[check];
    if (finding->rows++ > 0) return;
    char *shown = row_shown(value);
    if (!shown) err_nomem(findings->err);
    finding->example = arena_printf(findings->arena, findings->err, "%s in row %lld", shown,
                                    (long long)findings->n_rows);
    sqlite3_free(shown);
}

static void finding_grow(Findings *findings) {
    int64_t max = findings->of_customer_max ? findings->of_customer_max * 2 : FINDING_CUSTOMERS_MIN;
    FindingCustomer *of = arena_alloc(findings->arena, findings->err, max, sizeof(*of));
    if (!of) return;
    if (findings->of_customer_max)
        memcpy(of, findings->of_customer, (size_t)findings->of_customer_max * sizeof(*of));
    findings->of_customer = of;
    findings->of_customer_max = max;
}

void finding_mark(Findings *findings, sqlite3_value *customer, uint64_t checks, bool unread) {
    MapProbe probe;
    uint32_t id = 0;
    map_probe(&probe, customer, findings->err);
    if (findings->err->rc || map_probe_is_empty(&probe)) return;
    map_intern(&findings->customers, findings->err, &probe, 1, &id);
    if (!findings->err->rc && id >= findings->of_customer_max) finding_grow(findings);
    if (findings->err->rc) return;
    findings->of_customer[id].marks |= checks;
    findings->of_customer[id].unread += unread;
}

void finding_count_customers(Findings *findings) {
    for (int64_t i = 0; i < findings->customers.n_keys; i++)
        for (int check = 0; check < FINDING_CHECKS; check++)
            findings->list[check].customers += (findings->of_customer[i].marks & FINDING_BIT(check)) != 0;
}

void finding_set(Findings *findings, FindingCheck check, int64_t rows, int64_t customers, const char *example) {
    findings->list[check] = (Finding){.rows = rows, .customers = customers, .example = rows ? example : NULL};
}

void finding_skip(Findings *findings, FindingCheck first, FindingCheck last, const char *why) {
    for (int check = (int)first; check <= (int)last; check++)
        findings->list[check] = (Finding){.customers = FINDING_UNCOUNTED, .unchecked = why};
}

const char *finding_shown_key(Arena *arena, Err *err, const MapKey *key) {
    char shown[ERR_QUOTE_SIZE];
    switch (key->type) {
        case MAP_INTEGER: return arena_printf(arena, err, "%lld", (long long)key->as.integer);
        case MAP_REAL: return arena_printf(arena, err, "%!.15g", key->as.real);
        case MAP_TEXT: return arena_printf(arena, err, "'%s'", err_quote(map_key_bytes(key), key->size, shown));
        case MAP_BLOB: return arena_printf(arena, err, "a blob");
        default: return "NULL";
    }
}

void finding_close(Findings *findings) {
    map_close(&findings->customers);
}
