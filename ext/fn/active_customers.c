/* active_customers.c - active_customers(): how many different customers, also in a window.
 *
 *     SELECT DISTINCT period_start(order_date, 'day') AS day, active_customers(customer_id)
 *              OVER (ORDER BY period_index(order_date, 'day') RANGE BETWEEN 29 PRECEDING AND CURRENT ROW) AS active
 *       FROM orders ORDER BY day;
 *     SELECT channel, active_customers(customer_id) FROM orders GROUP BY channel;
 *
 * The number of different ids among the rows of the frame (of the group, without OVER): the count(DISTINCT)
 * that SQLite refuses in a window.  NULL, '' and x'' are nobody; ids are equal as base/map.h says.  Every row
 * counts: FILTER (WHERE amount > 0) leaves refunds out.
 *
 * Each id carries the number of its rows in the frame, so that a row can leave it again; one step costs a
 * lookup, and memory is that of the different ids that were ever in the frame.
 */
#include <string.h>

#include "host/call.h"

enum { ACTIVE_CUSTOMERS_ID, ACTIVE_CUSTOMERS_ARGS };

enum { ACTIVE_CUSTOMERS_MIN = 16 }; /* ids that the first allocation has room for */

static const ArgSpec active_customers_args[] = {
    [ACTIVE_CUSTOMERS_ID] = {.name = "customer_id", .kind = ARG_VALUE, .required = true,
                             .doc = "the customer of the row; NULL and '' are left out"},
    {0},
};

typedef struct ActiveCustomersFrame {
    Arena arena;       /* the ids */
    Map customers;     /* all that were ever in the frame */
    int64_t *rows;     /* by customer: rows in the frame; rows_max of them */
    int64_t rows_max;
    int64_t n_active;  /* customers with a row in the frame */
} ActiveCustomersFrame;

static void active_customers_grow(ActiveCustomersFrame *frame, Err *err) {
    int64_t max = frame->rows_max ? frame->rows_max * 2 : ACTIVE_CUSTOMERS_MIN;
    int64_t *rows = sqlite3_realloc64(frame->rows, (sqlite3_uint64)max * sizeof(*rows));
    if (!rows) {
        err_nomem(err);
        return;
    }
    memset(rows + frame->rows_max, 0, (size_t)(max - frame->rows_max) * sizeof(*rows));
    frame->rows = rows;
    frame->rows_max = max;
}

static void active_customers_step(void *state, Err *err, int n, sqlite3_value **values) {
    ActiveCustomersFrame *frame = state;
    MapProbe probe;
    uint32_t id = 0;
    (void)n;
    map_probe(&probe, values[ACTIVE_CUSTOMERS_ID], err);
    if (err->rc || map_probe_is_empty(&probe)) return;
    if (!frame->customers.arena) frame->customers = map_new(&frame->arena);
    map_intern(&frame->customers, err, &probe, 1, &id);
    if (!err->rc && id >= frame->rows_max) active_customers_grow(frame, err);
    if (err->rc) return;
    frame->n_active += frame->rows[id]++ == 0;
}

static void active_customers_inverse(void *state, Err *err, int n, sqlite3_value **values) {
    ActiveCustomersFrame *frame = state;
    MapProbe probe;
    (void)n;
    map_probe(&probe, values[ACTIVE_CUSTOMERS_ID], err);
    if (err->rc || map_probe_is_empty(&probe)) return;
    int64_t id = map_lookup(&frame->customers, &probe);
    if (id < 0 || frame->rows[id] == 0) /* SQLite takes out what it put in */
        err_set(err, SQLITE_INTERNAL, "a row leaves the frame that was never in it");
    else
        frame->n_active -= --frame->rows[id] == 0;
}

static void active_customers_value(void *state, Err *err, sqlite3 *db, Out *out) {
    const ActiveCustomersFrame *frame = state;
    (void)err;
    (void)db;
    out_int(out, frame->n_active);
}

static void active_customers_close(void *state) {
    ActiveCustomersFrame *frame = state;
    map_close(&frame->customers);
    arena_free(&frame->arena);
    sqlite3_free(frame->rows);
}

const AggregateDef aggregate_active_customers = {
    .name = "active_customers",
    .text = {.doc = "how many different customers are in a window or a group",
             .definition =
                 "the number of different customer_id in the frame of the window, whatever its kind, or in the"
                 " group; NULL and '' are left out, 1 and 1.0 are one customer, 1 and '1' are two. Every row"
                 " counts; FILTER (WHERE amount > 0) leaves refunds out. 0 for an empty frame.",
             .example = "SELECT DISTINCT period_start(order_date, 'day') AS day, active_customers(customer_id)"
                        " OVER (ORDER BY period_index(order_date, 'day') RANGE BETWEEN 29 PRECEDING AND"
                        " CURRENT ROW) AS active FROM orders ORDER BY day"},
    .args = active_customers_args,
    .state_size = sizeof(ActiveCustomersFrame),
    .step = active_customers_step,
    .final = active_customers_value,
    .close = active_customers_close,
    .counts = true,
    .inverse = active_customers_inverse,
    .value = active_customers_value,
};
