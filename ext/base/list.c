/* list.c - see list.h. */
#include "base/list.h"

enum { LIST_DIGITS_MAX = 9 };

static const char *list_skip(const char *at) {
    while (*at == ' ') at++;
    return at;
}

/* The end of a number, NULL when there is none or a long one. */
static const char *list_number(const char *at, int32_t *number) {
    int n = 0;
    *number = 0;
    for (; *at >= '0' && *at <= '9' && n <= LIST_DIGITS_MAX; at++, n++)
        if (n < LIST_DIGITS_MAX) *number = *number * 10 + (*at - '0');
    return n == 0 || n > LIST_DIGITS_MAX ? (const char *)0 : at;
}

int list_parse(const char *text, bool ranges, ListEntry entries[LIST_MAX]) {
    const char *at = list_skip(text);
    for (int n = 0; n < LIST_MAX; at = list_skip(at + 1)) {
        ListEntry entry;
        at = list_number(at, &entry.from);
        if (!at) return 0;
        entry.to = entry.from;
        at = list_skip(at);
        if (ranges && *at == '-') at = list_number(list_skip(at + 1), &entry.to);
        if (!at || entry.to < entry.from || (n > 0 && entry.from <= entries[n - 1].to)) return 0;
        entries[n++] = entry;
        at = list_skip(at);
        if (*at == 0) return n;
        if (*at != ',') return 0;
    }
    return 0;
}
