/* buyers.c - see buyers.h. */
#include "data/buyers.h"

#include "base/libm.h"

int64_t buyers_days_until(const BookCustomer *customer, Day day) {
    int64_t low = 0, high = customer->n_days;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (customer->days[middle] <= day) low = middle + 1;
        else high = middle;
    }
    return low;
}

static double buyers_mean_repeat(const BookCustomer *customer, int64_t n_days) {
    double sum = 0;
    if (n_days < 2 || !customer->amounts) return (double)NAN;
    for (int64_t i = 1; i < n_days; i++) sum += customer->amounts[i];
    return sum / (double)(n_days - 1);
}

void buyers_summarise_on(Buyers *buyers, const Book *book, Day day, Arena *arena, Err *err) {
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
        int64_t n_days = day >= book->as_of ? customer.n_days : buyers_days_until(&customer, day);
        if (n_days == 0) continue;
        int64_t i = buyers->n++;
        Day first = customer.days[0];
        buyers->customer[i] = (uint32_t)c;
        buyers->frequency[i] = (int32_t)(n_days - 1);
        buyers->recency[i] = customer.days[n_days - 1] - first;
        buyers->age[i] = day - first;
        buyers->monetary_value[i] = buyers_mean_repeat(&customer, n_days);
        buyers->n_repeat += buyers->frequency[i] > 0;
    }
}

void buyers_summarise(Buyers *buyers, const Book *book, Arena *arena, Err *err) {
    buyers_summarise_on(buyers, book, book->as_of, arena, err);
}
