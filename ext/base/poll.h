/* poll.h - how a long computation asks whether it should give up. */
#ifndef POLL_H
#define POLL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Poll {
    bool (*stop)(void *ctx); /* true: give up now; NULL: never */
    void *ctx;               /* handed to stop */
} Poll;

/* True when the caller wants the computation to end.  A NULL poll never does. */
static inline bool poll_stop(const Poll *poll) {
    return poll && poll->stop && poll->stop(poll->ctx);
}

#endif
