/* arena.c - see arena.h. */
#include "base/arena.h"

#include <stdarg.h>
#include <string.h>

#include "base/sqlite.h"

enum { ARENA_ALIGN = 8, ARENA_BLOCK_MIN = 512 }; /* what sqlite3_malloc64 promises */

/* Requests share blocks, so AddressSanitizer would not see one that is written beyond its end; under it a fence lies
 * behind each. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_FENCED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_FENCED
#endif
#endif
#ifdef ARENA_FENCED
#include <sanitizer/asan_interface.h>
enum { ARENA_FENCE = 16 };
#define ARENA_CLOSE(memory, n) __asan_poison_memory_region(memory, n)
#define ARENA_OPEN(memory, n) __asan_unpoison_memory_region(memory, n)
#else
enum { ARENA_FENCE = 0 };
#define ARENA_CLOSE(memory, n) ((void)0)
#define ARENA_OPEN(memory, n) ((void)0)
#endif

/* A test that fails each request compiles with ARENA_ALONE, else most requests find room in a block and cannot fail. */
#ifdef ARENA_ALONE
enum { ARENA_SHARED_MAX = -1 };
#else
enum { ARENA_SHARED_MAX = ARENA_BLOCK_SIZE / 4 }; /* a larger request has a block of its own */
#endif

struct ArenaBlock {
    ArenaBlock *next;
    int64_t used, size; /* of the bytes behind this header */
};

enum { ARENA_HEADER_SIZE = (sizeof(ArenaBlock) + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN };

static ArenaBlock *arena_block(Err *err, int64_t size) {
    ArenaBlock *block = sqlite3_malloc64((sqlite3_uint64)(ARENA_HEADER_SIZE + size));
    if (!block) {
        err_nomem(err);
        return NULL;
    }
    *block = (ArenaBlock){.size = size};
    return block;
}

/* A large request gets a block of its own behind the head, so that the head stays open for small ones. */
static void *arena_large(Arena *arena, Err *err, int64_t bytes) {
    ArenaBlock *block = arena_block(err, bytes);
    if (!block) return NULL;
    block->used = bytes;
    if (arena->head) {
        block->next = arena->head->next;
        arena->head->next = block;
    } else {
        arena->head = block;
    }
    return (char *)block + ARENA_HEADER_SIZE;
}

/* Blocks of small requests double, so that an arena of a few bytes stays small. */
static int64_t arena_clamp(int64_t room, int64_t bytes) {
    if (room > ARENA_BLOCK_SIZE) room = ARENA_BLOCK_SIZE;
    if (room < ARENA_BLOCK_MIN) room = ARENA_BLOCK_MIN;
    return room < bytes ? bytes : room;
}

static void *arena_take(Arena *arena, Err *err, int64_t bytes) {
    if (bytes > ARENA_SHARED_MAX) return arena_large(arena, err, bytes);
    if (!arena->head || arena->head->size - arena->head->used < bytes) {
        int64_t room = arena->head ? arena->head->size * 2 : ARENA_BLOCK_MIN;
        ArenaBlock *block = arena_block(err, arena_clamp(room, bytes));
        if (!block) return NULL;
        block->next = arena->head;
        arena->head = block;
    }
    void *memory = (char *)arena->head + ARENA_HEADER_SIZE + arena->head->used;
    arena->head->used += bytes;
    return memory;
}

void *arena_alloc_raw(Arena *arena, Err *err, int64_t n, size_t size) {
    if (err->rc) return NULL;
    if (n < 0 || n > ARENA_REQUEST_MAX / (int64_t)size) {
        err_nomem(err);
        return NULL;
    }
    int64_t wanted = n * (int64_t)size;
    int64_t bytes = (wanted + ARENA_FENCE + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    char *memory = arena_take(arena, err, bytes);
    if (memory) ARENA_CLOSE(memory + wanted, (size_t)(bytes - wanted));
    return memory;
}

void *arena_alloc(Arena *arena, Err *err, int64_t n, size_t size) {
    void *memory = arena_alloc_raw(arena, err, n, size);
    if (memory) memset(memory, 0, (size_t)n * size);
    return memory;
}

char *arena_copy(Arena *arena, Err *err, const void *bytes, int64_t n) {
    char *copy = arena_alloc_raw(arena, err, n + 1, 1);
    if (!copy) return NULL;
    if (n > 0) memcpy(copy, bytes, (size_t)n);
    copy[n] = 0;
    return copy;
}

char *arena_printf(Arena *arena, Err *err, const char *format, ...) {
    if (err->rc) return NULL;
    va_list args;
    va_start(args, format);
    char *text = sqlite3_vmprintf(format, args);
    va_end(args);
    if (!text) {
        err_nomem(err);
        return NULL;
    }
    char *copy = arena_copy(arena, err, text, (int64_t)strlen(text));
    sqlite3_free(text);
    return copy;
}

void arena_free(Arena *arena) {
    while (arena->head) {
        ArenaBlock *next = arena->head->next;
        ARENA_OPEN((char *)arena->head + ARENA_HEADER_SIZE, (size_t)arena->head->size);
        sqlite3_free(arena->head);
        arena->head = next;
    }
}
