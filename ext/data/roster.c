/* roster.c - see roster.h. */
#include "data/roster.h"

void roster_open(Roster *roster, const Map *customers, Arena *arena, Err *err) {
    *roster = (Roster){.listed = arena_alloc(arena, err, customers->n_keys, sizeof(*roster->listed)),
                       .strangers = map_new(arena)};
}

void roster_add(Roster *roster, const Map *customers, sqlite3_value *id, Err *err) {
    MapProbe probe;
    uint32_t stranger;
    if (err->rc) return;
    map_probe(&probe, id, err);
    if (err->rc || map_probe_is_empty(&probe)) return;
    int64_t customer = map_lookup(customers, &probe);
    if (customer < 0) {
        map_intern(&roster->strangers, err, &probe, 1, &stranger);
        return;
    }
    roster->n_listed += !roster->listed[customer];
    roster->listed[customer] = true;
}

void roster_close(Roster *roster) {
    map_close(&roster->strangers);
}

/* A bit for each MapType that occurs. */
static unsigned roster_types(const Map *map) {
    unsigned types = 0;
    for (int64_t i = 0; i < map->n_keys; i++) types |= 1u << map_key(map, (uint32_t)i)->type;
    return types;
}

/* "integer", "integer and text"; NULL when err has failed. */
static const char *roster_type_names(unsigned types, Arena *arena, Err *err) {
    static const char *const names[] = {
        [MAP_INTEGER] = "integer", [MAP_REAL] = "real", [MAP_TEXT] = "text", [MAP_BLOB] = "blob"};
    const char *list = "";
    for (int type = MAP_INTEGER; type <= MAP_BLOB && list; type++)
        if (types & 1u << type)
            list = arena_printf(arena, err, "%s%s%s", list, *list ? " and " : "", names[type]);
    return list;
}

const char *roster_mismatch(const Roster *roster, const Map *customers, Arena *arena, Err *err) {
    if (!roster->listed || roster->n_listed || !customers->n_keys || !roster->strangers.n_keys)
        return NULL;
    unsigned ours = roster_types(customers), theirs = roster_types(&roster->strangers);
    if (ours == theirs) return "no id is in both tables";
    const char *our_names = roster_type_names(ours, arena, err);
    const char *their_names = roster_type_names(theirs, arena, err);
    return arena_printf(arena, err, "no id is in both tables: %s in the orders, %s among the customers",
                        our_names, their_names);
}
