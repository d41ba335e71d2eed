/* buyers.c - see buyers.h. */
#include "data/buyers.h"

#include "base/libm.h"

static double buyers_mean_repeat(const BookCustomer *customer) {
    double sum = 0;
    if (customer->n_days < 2 || !customer->amounts) return (double)NAN;
    for (int64_t i = 1; i < customer->n_days; i++) sum += customer->amounts[i];
    return sum / (double)(customer->n_days - 1);
}

void buyers_summarise(Buyers *buyers, const Book *book, Arena *arena, Err *err) {
    int64_t n = book->n_buyers;
    *buyers = (Buyers){
        .customer = arena_alloc_raw(arena, err, n, sizeof(*buyers->customer)),
        .frequency = arena_alloc_raw(arena, err, n, sizeof(*buyers->frequency)),
        .recency = arena_alloc_raw(arena, err, n, sizeof(*buyers->recency)),
        .age = arena_alloc_raw(arena, err, n, sizeof(*buyers->age)),
        .monetary_value = arena_alloc_raw(arena, err, n, sizeof(*buyers->monetary_value)),
    };
    if (err->rc) return;
    for (int64_t c = 0; c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        if (customer.n_days == 0) continue;
        int64_t i = buyers->n++;
        Day first = customer.days[0];
        buyers->customer[i] = (uint32_t)c;
        buyers->frequency[i] = (int32_t)(customer.n_days - 1);
        buyers->recency[i] = customer.days[customer.n_days - 1] - first;
        buyers->age[i] = book->as_of - first;
        buyers->monetary_value[i] = buyers_mean_repeat(&customer);
        buyers->n_repeat += buyers->frequency[i] > 0;
    }
}
