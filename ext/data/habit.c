/* habit.c - see habit.h. */
#include "data/habit.h"

#include "base/libm.h"
#include "stat/order.h"

double habit_shop_gap(const Book *book, Day day, Err *err) {
    Arena scratch = {0};
    int64_t n = (int64_t)day - book->day_first + 1;
    if (book->n_buyers == 0 || n < 1) return NAN;
    int64_t *count = arena_alloc(&scratch, err, n, sizeof(*count));
    for (int64_t c = 0; count && c < book->n_customers; c++) {
        BookCustomer customer = book_customer(book, c);
        for (int64_t k = 1; k < customer.n_days && customer.days[k] <= day; k++)
            count[customer.days[k] - customer.days[k - 1]]++;
    }
    double median = count ? order_median_counts(count, n) : (double)NAN;
    arena_free(&scratch);
    return median;
}

double habit_usual_gap(int32_t *gaps, int64_t n_gaps, double shop_gap) {
    if (n_gaps == 0) return shop_gap;
    double own = order_median_ints(gaps, n_gaps);
    if (n_gaps >= HABIT_OWN_GAPS) return own;
    return (own * (double)n_gaps + shop_gap * (double)(HABIT_OWN_GAPS - n_gaps)) / HABIT_OWN_GAPS;
}
