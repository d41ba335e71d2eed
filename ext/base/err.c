/* err.c - see err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <string.h>

#include "base/sqlite.h"

void err_set(Err *err, int rc, const char *format, ...) {
    if (err->rc) return;
    va_list args;
    va_start(args, format);
    err->msg = sqlite3_vmprintf(format, args);
    va_end(args);
    err->rc = err->msg ? rc : SQLITE_NOMEM;
}

void err_nomem(Err *err) {
    if (!err->rc) err->rc = SQLITE_NOMEM;
}

void err_clear(Err *err) {
    sqlite3_free(err->msg);
    *err = (Err){0};
}

/* Length of the well-formed UTF-8 character at s, 0 when it is none. */
static size_t err_utf8_length(const unsigned char *s, size_t n) {
    size_t want = s[0] < 0x80 ? 1 : s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
                  : s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : 0;
    if (want > n) return 0;
    for (size_t i = 1; i < want; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool no_character = (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF4 && s[1] > 0x8F);
    return overlong || no_character ? 0 : want;
}

const char *err_quote(const char *text, size_t n, char out[ERR_QUOTE_SIZE]) {
    const unsigned char *s = (const unsigned char *)text;
    size_t used = 0, at = 0;
    int shown = 0;
    for (; at < n && shown < ERR_QUOTE_MAX; shown++) {
        size_t length = err_utf8_length(s + at, n - at);
        if (length == 0 || s[at] < 0x20 || s[at] == 0x7F) {
            out[used++] = '?';
            at += length ? length : 1;
            continue;
        }
        memcpy(out + used, s + at, length);
        used += length;
        at += length;
    }
    memcpy(out + used, at < n ? "..." : "", at < n ? 4 : 1);
    return out;
}
