/* gaps.c - see gaps.h. */
#include "data/gaps.h"

#include "base/libm.h"
#include "stat/order.h"

double gaps_shop(const Book *book, Day day, Err *err) {
    Arena scratch = {0};
    int64_t n = book->n_buyers ? (int64_t)day - book->day_first + 1 : 0;
    if (n < 1) return (double)NAN;
    int64_t *count = arena_alloc(&scratch, err, n, sizeof(*count));
    for (int64_t c = 0; count && c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        for (int64_t i = 1; i < customer.n_days && customer.days[i] <= day; i++)
            count[customer.days[i] - customer.days[i - 1]]++;
    }
    double median = count ? order_median_counts(count, n) : (double)NAN;
    arena_free(&scratch);
    return median;
}

double gaps_usual(int32_t *own, int64_t n, double shop) {
    if (n == 0) return shop;
    double median = order_median_ints(own, n);
    return n >= GAPS_OWN ? median : (median * (double)n + shop * (double)(GAPS_OWN - n)) / GAPS_OWN;
}

void gaps_open(Gaps *gaps, const Book *book, Arena *arena, Err *err) {
    int64_t most_days = 1;
    for (int64_t c = 0; c < book->n_customers; c++) {
        int64_t n_days = book_customer(book, c).n_days;
        if (n_days > most_days) most_days = n_days;
    }
    *gaps = (Gaps){.shop = gaps_shop(book, book->as_of, err),
                   .own = arena_alloc_raw(arena, err, most_days - 1, sizeof(*gaps->own))};
}

void gaps_read(Gaps *gaps, const BookCustomer *customer) {
    int64_t n = customer->n_days - 1;
    gaps->n_own = n;
    for (int64_t i = 0; i < n; i++) gaps->own[i] = customer->days[i + 1] - customer->days[i];
    gaps->usual = gaps_usual(gaps->own, n, gaps->shop);
}
