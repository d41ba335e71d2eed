/* contracts.c - see contracts.h. */
#include "data/contracts.h"

void contracts_open(Contracts *contracts, RowRules rules, Arena *arena, Err *err) {
    *contracts = (Contracts){.start = row_new(rules, err), .end = row_new(rules, err), .arena = arena, .err = err};
}

static bool contracts_no_end(sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    return type == SQLITE_NULL || (type == SQLITE_TEXT && sqlite3_value_bytes(value) == 0);
}

/* Nothing ends before it has begun. */
static bool contracts_check(Contracts *contracts, const Contract *contract) {
    char start[11], end[11];
    if (contract->end >= contract->start) return true;
    if (contracts->start.rules.skip_unreadable) {
        contracts->start.n_skipped++;
        return false;
    }
    civil_print(contracts->start.rules.calendar, contract->start, start);
    civil_print(contracts->start.rules.calendar, contract->end, end);
    err_set(contracts->err, SQLITE_ERROR, "row %lld: ends on %s, before it starts on %s (on_error='skip' leaves such"
            " rows out)", (long long)contracts->start.n_read, end, start);
    return false;
}

static void contracts_keep(Contracts *contracts, Contract contract) {
    ContractsChunk *head = contracts->head;
    if (!head || head->n == CONTRACTS_CHUNK) {
        head = arena_alloc_raw(contracts->arena, contracts->err, 1, sizeof(*head));
        if (!head) return;
        head->next = contracts->head;
        head->n = 0;
        contracts->head = head;
    }
    head->contracts[head->n++] = contract;
    Day last = contract.end == CONTRACTS_NO_END ? contract.start : contract.end;
    if (contracts->n++ == 0 || last > contracts->day_max) contracts->day_max = last;
}

void contracts_add(Contracts *contracts, sqlite3_value **values) {
    Contract contract = {.end = CONTRACTS_NO_END};
    int32_t second;
    row_next(&contracts->start);
    row_next(&contracts->end);
    if (!row_date(&contracts->start, values[0], &contract.start, &second)) return;
    if (!contracts_no_end(values[1]) && !row_date(&contracts->end, values[1], &contract.end, &second)) return;
    if (contracts_check(contracts, &contract)) contracts_keep(contracts, contract);
}
