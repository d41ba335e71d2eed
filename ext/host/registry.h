/* registry.h - every function there is, as ext/registry.def lists them. */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "host/call.h"

#define RETAIN_VERSION "0.1.0"

typedef struct Registry {
    const TvfDef *const *tvfs;
    const ScalarDef *const *scalars;
    const AggregateDef *const *aggregates;
    int n_tvfs, n_scalars, n_aggregates;
} Registry;

extern const Registry retain_registry;

#endif
