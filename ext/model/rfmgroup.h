/* rfmgroup.h - customers with the same history are counted, not repeated.
 *
 * A purchase model sees a customer only through frequency x (repeat purchase days), recency t_x
 * (days from first to last purchase) and age T (days from first purchase to the end of
 * observation).  In whole days many customers share all three, so a likelihood over the distinct
 * triples is the same sum with fewer terms; and because the triples come out sorted, nothing
 * computed from them depends on the order of the customers.
 */
#ifndef MODEL_RFMGROUP_H
#define MODEL_RFMGROUP_H

#include <stdint.h>

#define RFMGROUP_DAYS_MAX 3700000 /* days are below this: more than ten thousand years */

/* Bytes that rfmgroup_collapse needs for n customers. */
int64_t rfmgroup_workspace_size(int64_t n);

/* Writes the distinct triples of n customers, sorted by frequency, recency, age, and how many
 * customers share each, into arrays with room for n (which may be the input arrays), and returns
 * their number.  Every customer must have 0 <= frequency <= recency <= age < RFMGROUP_DAYS_MAX;
 * otherwise -1, with the output undefined.  The workspace is 8-aligned.  O(n): a radix sort. */
int64_t rfmgroup_collapse(int64_t n, const int32_t *frequency, const int32_t *recency,
                          const int32_t *age, void *workspace, int32_t *out_frequency,
                          int32_t *out_recency, int32_t *out_age, int64_t *out_count);

#endif
