/* arena.h - memory with one owner: everything that one call needs, freed at once.
 *
 * The zero value is an empty arena.  Memory comes from SQLite's allocator, so it counts against the
 * host's heap limits.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

typedef struct ArenaBlock ArenaBlock;
typedef struct Arena {
    ArenaBlock *head;
} Arena;

enum { ARENA_BLOCK_SIZE = 16 * 1024 };                   /* small requests share blocks up to this size */
#define ARENA_REQUEST_MAX ((int64_t)1 << 40)             /* a larger request is refused as out of memory */

/* n zeroed elements of the given size, 8-aligned; NULL with err set when there is no memory or err has
 * already failed.  n = 0 gives a pointer that must not be read through. */
void *arena_alloc(Arena *arena, Err *err, int64_t n, size_t size);

/* The same without the zeroes, for arrays that are written whole before they are read. */
void *arena_alloc_raw(Arena *arena, Err *err, int64_t n, size_t size);

/* A NUL-terminated copy of n bytes. */
char *arena_copy(Arena *arena, Err *err, const void *bytes, int64_t n);

/* A formatted string (sqlite3_mprintf's rules). */
char *arena_printf(Arena *arena, Err *err, const char *format, ...);

/* Frees everything; the arena is the zero value again. */
void arena_free(Arena *arena);

#endif
