/* list.h - lists of whole numbers in text: '30,60,90', '0,1-3,4-12'. */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stdint.h>

enum { LIST_MAX = 64 }; /* entries */

typedef struct ListEntry {
    int32_t from, to; /* alike for a single number */
} ListEntry;

/* Reads numbers of at most 9 digits, or ranges of them, apart by commas, with or without spaces around them,
 * each entry above those before it.  The number of entries, at most LIST_MAX; 0 for anything else. */
int list_parse(const char *text, bool ranges, ListEntry entries[LIST_MAX]);

#endif
