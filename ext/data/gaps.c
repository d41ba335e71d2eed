/* gaps.c - see gaps.h. */
#include "data/gaps.h"

#include "base/libm.h"
#include "stat/order.h"

/* The median over all customers, by counting. */
static double gaps_shop(const Book *book, Err *err) {
    Arena scratch = {0};
    int64_t n = book->n_buyers ? (int64_t)book->as_of - book->day_first + 1 : 0;
    int64_t *count = arena_alloc(&scratch, err, n, sizeof(*count));
    for (int64_t c = 0; count && c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        for (int64_t i = 1; i < customer.n_days; i++)
            count[customer.days[i] - customer.days[i - 1]]++;
    }
    double median = count ? order_median_counts(count, n) : (double)NAN;
    arena_free(&scratch);
    return median;
}

void gaps_open(Gaps *gaps, const Book *book, Arena *arena, Err *err) {
    int64_t most_days = 1;
    for (int64_t c = 0; c < book->n_customers; c++) {
        int64_t n_days = book_customer(book, c).n_days;
        if (n_days > most_days) most_days = n_days;
    }
    *gaps = (Gaps){.shop = gaps_shop(book, err),
                   .own = arena_alloc_raw(arena, err, most_days - 1, sizeof(*gaps->own))};
}

void gaps_read(Gaps *gaps, const BookCustomer *customer) {
    int64_t n = customer->n_days - 1;
    gaps->n_own = n;
    for (int64_t i = 0; i < n; i++) gaps->own[i] = customer->days[i + 1] - customer->days[i];
    gaps->usual = gaps->shop;
    if (n == 0) return;
    double own = order_median_ints(gaps->own, n);
    gaps->usual = n >= GAPS_OWN ? own
                                : (own * (double)n + gaps->shop * (double)(GAPS_OWN - n)) / GAPS_OWN;
}
