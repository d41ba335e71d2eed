/* retain_version.c - retain_version(): which release is loaded.
 *
 *     SELECT retain_version();
 */
#include "host/registry.h"

static const ArgSpec retain_version_args[] = {{0}};

static void retain_version_call(Out *out, Err *err, int n, sqlite3_value **values) {
    (void)err;
    (void)n;
    (void)values;
    out_static(out, RETAIN_VERSION);
}

const ScalarDef scalar_retain_version = {
    .name = "retain_version",
    .text = {.doc = "the version of this extension",
             .definition = "major.minor.patch, as semantic versioning means it",
             .example = "SELECT retain_version()"},
    .args = retain_version_args,
    .call = retain_version_call,
};
