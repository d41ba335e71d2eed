/* spells.c - see spells.h. */
#include "data/spells.h"

#include "math/radix.h"

enum { SPELLS_SLOTS_MIN = 256 };

void spells_open(Spells *spells, Err *err) {
    *spells = (Spells){.err = err, .n_slots = SPELLS_SLOTS_MIN};
    spells->slots = arena_alloc(&spells->scratch, err, spells->n_slots, sizeof(*spells->slots));
}

/* Finaliser of splitmix64 (Steele, Lea, Flood 2014): keys that follow each other end far apart. */
static uint64_t spells_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* The slot of the key, or the empty one where it belongs. */
static SpellsSlot *spells_find(const Spells *spells, uint64_t key) {
    uint64_t mask = (uint64_t)spells->n_slots - 1, at = spells_mix(key) & mask;
    const SpellsSlot *slot = &spells->slots[at];
    while (slot->key != key && slot->ended + slot->open > 0) {
        at = (at + 1) & mask;
        slot = &spells->slots[at];
    }
    return &spells->slots[at];
}

/* Keeps half of the slots empty; after a failure the old ones stay. */
static void spells_grow(Spells *spells) {
    Spells old = *spells;
    spells->scratch = (Arena){0};
    spells->n_slots *= 2;
    spells->slots = arena_alloc(&spells->scratch, spells->err, spells->n_slots, sizeof(*spells->slots));
    if (!spells->slots) {
        *spells = old;
        return;
    }
    for (int64_t i = 0; i < old.n_slots; i++) {
        const SpellsSlot *slot = &old.slots[i];
        if (slot->ended + slot->open > 0) *spells_find(spells, slot->key) = *slot;
    }
    arena_free(&old.scratch);
}

void spells_add(Spells *spells, uint64_t group, int32_t days, bool ended) {
    if (spells->err->rc) return;
    uint64_t key = group << SPELLS_DAY_BITS | (uint64_t)days;
    SpellsSlot *slot = spells_find(spells, key);
    bool first = slot->ended + slot->open == 0;
    slot->key = key;
    if (ended) slot->ended++;
    else slot->open++;
    if (first && ++spells->n_used * 2 > spells->n_slots) spells_grow(spells);
}

/* ---- In order ---- */

/* The keys, ascending; NULL without memory. */
static uint64_t *spells_sort(const Spells *spells, Arena *scratch) {
    Radix radix;
    void *workspace = arena_alloc_raw(scratch, spells->err, radix_workspace_size(spells->n_used), 1);
    uint64_t key_max = 0;
    if (!workspace) return NULL;
    radix_init(&radix, spells->n_used, false, workspace);
    int64_t n = 0;
    for (int64_t i = 0; i < spells->n_slots; i++) {
        const SpellsSlot *slot = &spells->slots[i];
        if (slot->ended + slot->open == 0) continue;
        radix.key[n++] = slot->key;
        if (slot->key > key_max) key_max = slot->key;
    }
    radix_sort(&radix, radix_bits(key_max), 0);
    return radix.key;
}

static void spells_fill(const Spells *spells, const uint64_t *keys, SpellsTable *table) {
    for (int64_t i = 0; i < table->n; i++) {
        const SpellsSlot *slot = spells_find(spells, keys[i]);
        uint64_t id = slot->key >> SPELLS_DAY_BITS;
        if (i == 0 || table->groups[table->n_groups - 1].id != id)
            table->groups[table->n_groups++] = (SpellsGroup){.id = id, .first = i};
        table->groups[table->n_groups - 1].end = i + 1;
        table->days[i] = (int32_t)(slot->key & (((uint64_t)1 << SPELLS_DAY_BITS) - 1));
        table->ended[i] = slot->ended;
        table->open[i] = slot->open;
    }
}

static int64_t spells_count_groups(const uint64_t *keys, int64_t n) {
    int64_t groups = n > 0;
    for (int64_t i = 1; i < n; i++) groups += keys[i] >> SPELLS_DAY_BITS != keys[i - 1] >> SPELLS_DAY_BITS;
    return groups;
}

SpellsTable spells_close(Spells *spells, Arena *arena) {
    SpellsTable table = {0};
    Err *err = spells->err;
    uint64_t *keys = err->rc ? NULL : spells_sort(spells, &spells->scratch);
    if (keys) {
        int64_t n = spells->n_used;
        table.groups = arena_alloc_raw(arena, err, spells_count_groups(keys, n), sizeof(*table.groups));
        table.days = arena_alloc_raw(arena, err, n, sizeof(*table.days));
        table.ended = arena_alloc_raw(arena, err, n, sizeof(*table.ended));
        table.open = arena_alloc_raw(arena, err, n, sizeof(*table.open));
        table.n = err->rc ? 0 : n;
        spells_fill(spells, keys, &table);
    }
    arena_free(&spells->scratch);
    return table;
}

Kaplan spells_curve(const SpellsTable *table, int64_t group, KaplanStep *steps) {
    const SpellsGroup *g = &table->groups[group];
    Kaplan curve = {.n = g->end - g->first, .days = table->days + g->first, .events = table->ended + g->first,
                    .censored = table->open + g->first, .steps = steps + g->first};
    kaplan_fit(&curve);
    return curve;
}
