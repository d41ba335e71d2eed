/* auditorder.c - see auditorder.h. */
#include "data/auditorder.h"

#include <string.h>

enum { AUDITORDER_SLOTS_MIN = 1024, AUDITORDER_ORDERS_MIN = 64 };

void auditorder_open(Auditorder *orders, Arena *arena, Err *err) {
    *orders = (Auditorder){.arena = arena, .err = err, .orders = map_new(arena), .customers = map_new(arena)};
}

/* ---- Fingerprints ---- */

static uint64_t *auditorder_slot(const AuditorderSet *set, uint64_t print) {
    uint64_t mask = (uint64_t)(set->n_slots - 1), at = print & mask;
    while (set->slots[at] && set->slots[at] != print) at = (at + 1) & mask;
    return &set->slots[at];
}

static void auditorder_grow(AuditorderSet *set, Err *err) {
    AuditorderSet larger = {.n_slots = set->n_slots ? set->n_slots * 2 : AUDITORDER_SLOTS_MIN, .n = set->n};
    larger.slots = sqlite3_malloc64((sqlite3_uint64)larger.n_slots * sizeof(uint64_t));
    if (!larger.slots) {
        err_nomem(err);
        return;
    }
    memset(larger.slots, 0, (size_t)larger.n_slots * sizeof(uint64_t));
    for (int64_t i = 0; i < set->n_slots; i++)
        if (set->slots[i]) *auditorder_slot(&larger, set->slots[i]) = set->slots[i];
    sqlite3_free(set->slots);
    *set = larger;
}

/* Makes room for n more. */
static void auditorder_reserve(AuditorderSet *set, Err *err, int64_t n) {
    while (!err->rc && (set->n + n) * 10 > set->n_slots * 7) auditorder_grow(set, err);
}

/* Adds a fingerprint, for which there is room; true when it is there already. */
static bool auditorder_add(AuditorderSet *set, uint64_t print) {
    uint64_t *slot = auditorder_slot(set, print);
    if (*slot) return true;
    *slot = print;
    set->n++;
    return false;
}

static void auditorder_free(AuditorderSet *set) {
    sqlite3_free(set->slots);
    *set = (AuditorderSet){0};
}

static uint64_t auditorder_print(const MapProbe *probe) {
    uint64_t print = map_fingerprint(probe);
    return print ? print : 1;
}

/* ---- The passes ---- */

/* The table is larger than the cache: what a batch will look at is requested first. */
static void auditorder_work_off(Auditorder *orders) {
    AuditorderSet *seen = &orders->seen;
    auditorder_reserve(seen, orders->err, orders->n_waiting);
    auditorder_reserve(&orders->twice, orders->err, orders->n_waiting);
    if (orders->err->rc) return;
    for (int i = 0; i < orders->n_waiting; i++)
        MAP_PREFETCH(&seen->slots[orders->waiting[i] & (uint64_t)(seen->n_slots - 1)]);
    for (int i = 0; i < orders->n_waiting; i++)
        if (auditorder_add(seen, orders->waiting[i])) auditorder_add(&orders->twice, orders->waiting[i]);
    orders->n_waiting = 0;
}

void auditorder_see(Auditorder *orders, sqlite3_value *order) {
    MapProbe probe;
    map_probe(&probe, order, orders->err);
    if (orders->err->rc || map_probe_is_empty(&probe)) return;
    orders->waiting[orders->n_waiting++] = auditorder_print(&probe);
    if (orders->n_waiting == AUDITORDER_BATCH) auditorder_work_off(orders);
}

bool auditorder_needs_look(Auditorder *orders) {
    if (orders->n_waiting > 0) auditorder_work_off(orders);
    auditorder_free(&orders->seen);
    return orders->twice.n > 0;
}

static void auditorder_grow_orders(Auditorder *orders) {
    int64_t max = orders->of_order_max ? orders->of_order_max * 2 : AUDITORDER_ORDERS_MIN;
    AuditorderOrder *of = arena_alloc(orders->arena, orders->err, max, sizeof(*of));
    if (!of) return;
    if (orders->of_order_max) memcpy(of, orders->of_order, (size_t)orders->of_order_max * sizeof(*of));
    orders->of_order = of;
    orders->of_order_max = max;
}

static void auditorder_mark_stranger(Auditorder *orders, uint32_t customer) {
    if (customer >= orders->strangers_max) {
        int64_t max = orders->strangers_max ? orders->strangers_max : AUDITORDER_ORDERS_MIN;
        while (max <= customer) max *= 2;
        uint8_t *strangers = arena_alloc(orders->arena, orders->err, max, 1);
        if (!strangers) return;
        if (orders->strangers_max) memcpy(strangers, orders->strangers, (size_t)orders->strangers_max);
        orders->strangers = strangers;
        orders->strangers_max = max;
    }
    orders->strangers[customer] = 1;
}

static void auditorder_add_row(Auditorder *orders, AuditorderOrder *order, const AuditorderRow *row,
                               uint32_t customer) {
    if (order->n_rows++ == 0) {
        order->first_row = row->number;
        order->customer = customer;
        order->day = row->day;
        order->second = row->second;
        order->amount = row->amount;
        return;
    }
    if (order->n_rows == 2) order->second_row = row->number;
    order->differs |= row->day != order->day || row->second != order->second || row->amount != order->amount;
    if (customer == order->customer) return;
    order->two_customers = true;
    auditorder_mark_stranger(orders, order->customer);
    auditorder_mark_stranger(orders, customer);
}

void auditorder_look(Auditorder *orders, const AuditorderRow *row) {
    MapProbe probe, customer;
    uint32_t id = 0, customer_id = 0;
    map_probe(&probe, row->order, orders->err);
    if (orders->err->rc || map_probe_is_empty(&probe)) return;
    if (!*auditorder_slot(&orders->twice, auditorder_print(&probe))) return;
    map_probe(&customer, row->customer, orders->err);
    map_intern(&orders->orders, orders->err, &probe, 1, &id);
    map_intern(&orders->customers, orders->err, &customer, 1, &customer_id);
    if (!orders->err->rc && id >= orders->of_order_max) auditorder_grow_orders(orders);
    if (!orders->err->rc) auditorder_add_row(orders, &orders->of_order[id], row, customer_id);
}

/* ---- The findings ---- */

/* What the rows of an order are; FINDING_CHECKS for an order of one row. */
static FindingCheck auditorder_kind(const AuditorderOrder *order) {
    if (order->n_rows < 2) return FINDING_CHECKS;
    if (order->two_customers) return FINDING_ORDER_CUSTOMERS;
    return order->differs ? FINDING_ORDER_LINES : FINDING_ORDER_REPEATED;
}

/* Rows, customers and the first order of one kind.  seen has a byte for each customer. */
static void auditorder_judge_kind(Auditorder *orders, Findings *findings, FindingCheck kind, uint8_t *seen) {
    int64_t n_customers = orders->customers.n_keys, rows = 0, customers = 0, first = -1;
    memset(seen, 0, (size_t)n_customers);
    for (int64_t i = 0; i < orders->orders.n_keys; i++) {
        const AuditorderOrder *order = &orders->of_order[i];
        if (auditorder_kind(order) != kind) continue;
        rows += order->n_rows - (kind != FINDING_ORDER_CUSTOMERS); /* beyond the first, or all */
        seen[order->customer] = 1;
        if (first < 0 || order->second_row < orders->of_order[first].second_row) first = i;
    }
    for (int64_t c = 0; c < n_customers; c++)
        customers += kind == FINDING_ORDER_CUSTOMERS ? c < orders->strangers_max && orders->strangers[c] : seen[c];
    const char *example = NULL;
    if (first >= 0)
        example = arena_printf(orders->arena, orders->err, "order %s in rows %lld and %lld",
                               finding_shown_key(orders->arena, orders->err, map_key(&orders->orders, (uint32_t)first)),
                               (long long)orders->of_order[first].first_row,
                               (long long)orders->of_order[first].second_row);
    finding_set(findings, kind, rows, customers, example);
}

void auditorder_judge(Auditorder *orders, Findings *findings) {
    uint8_t *seen = arena_alloc(orders->arena, orders->err, orders->customers.n_keys, 1);
    if (!seen) return;
    for (int kind = FINDING_ORDER_REPEATED; kind <= FINDING_ORDER_LINES; kind++)
        auditorder_judge_kind(orders, findings, (FindingCheck)kind, seen);
}

void auditorder_close(Auditorder *orders) {
    auditorder_free(&orders->seen);
    auditorder_free(&orders->twice);
    map_close(&orders->orders);
    map_close(&orders->customers);
}
