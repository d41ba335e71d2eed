/* summary.c - see summary.h. */
#include "data/summary.h"

#include <string.h>

#include "base/libm.h"
#include "data/history.h"

enum { SUMMARY_ROOM = 1024 }; /* customers at first */

void summary_open(Summary *summary, Arena *arena, Err *err, bool has_monetary, bool skip_unreadable) {
    *summary = (Summary){.book = {.is_summary = true, .as_of = CIVIL_DAY_MIN - 1, .customers = map_new(arena)},
                         .has_monetary = has_monetary, .skip_unreadable = skip_unreadable,
                         .arena = arena, .err = err};
}

static void *summary_widen(Summary *summary, const void *array, int64_t n, size_t size) {
    void *wider = arena_alloc_raw(summary->arena, summary->err, n, size);
    if (wider && array) memcpy(wider, array, (size_t)summary->n_max * size);
    return wider;
}

/* Room for one more.  What is left behind is, over all, no more than what is kept. */
static void summary_reserve(Summary *summary) {
    Buyers *buyers = &summary->buyers;
    if (buyers->n < summary->n_max) return;
    int64_t n = summary->n_max ? 2 * summary->n_max : SUMMARY_ROOM;
    buyers->customer = summary_widen(summary, buyers->customer, n, sizeof(*buyers->customer));
    buyers->frequency = summary_widen(summary, buyers->frequency, n, sizeof(*buyers->frequency));
    buyers->recency = summary_widen(summary, buyers->recency, n, sizeof(*buyers->recency));
    buyers->age = summary_widen(summary, buyers->age, n, sizeof(*buyers->age));
    buyers->monetary_value = summary_widen(summary, buyers->monetary_value, n, sizeof(*buyers->monetary_value));
    summary->n_max = n;
}

/* "frequency must be a whole number of 0 to 3699999, not 'x'" */
static void summary_refuse(sqlite3_value *value, const char *name, const char *wanted, Err *err) {
    char shown[ERR_QUOTE_SIZE];
    int type = sqlite3_value_type(value);
    const char *text = type == SQLITE_BLOB ? "a blob" : type == SQLITE_NULL ? "NULL"
                                                                           : (const char *)sqlite3_value_text(value);
    if (!text) err_nomem(err);
    else err_set(err, SQLITE_ERROR, type == SQLITE_TEXT ? "%s must be %s, not '%s'" : "%s must be %s, not %s", name,
                 wanted, err_quote(text, strlen(text), shown));
}

static int32_t summary_days(sqlite3_value *value, const char *name, Err *err) {
    int type = sqlite3_value_numeric_type(value);
    double number = type == SQLITE_INTEGER || type == SQLITE_FLOAT ? sqlite3_value_double(value) : -1;
    if (number >= 0 && number <= HISTORY_DAYS_MAX && number == floor(number)) return (int32_t)number;
    summary_refuse(value, name, "a whole number of days", err);
    return 0;
}

static double summary_money(sqlite3_value *value, Err *err) {
    int type = sqlite3_value_numeric_type(value);
    double number = type == SQLITE_INTEGER || type == SQLITE_FLOAT ? sqlite3_value_double(value) : (double)NAN;
    if (type != SQLITE_NULL && !isfinite(number)) summary_refuse(value, "monetary_value", "a number", err);
    return number;
}

/* The row as the next buyer, who counts once the customer is known. */
static void summary_read(Summary *summary, sqlite3_value **values, Err *err) {
    Buyers *buyers = &summary->buyers;
    int64_t i = buyers->n;
    int32_t frequency = summary_days(values[SUMMARY_FREQUENCY], "frequency", err);
    int32_t recency = summary_days(values[SUMMARY_RECENCY], "recency", err);
    int32_t age = summary_days(values[SUMMARY_AGE], "age", err);
    double money = summary->has_monetary ? summary_money(values[SUMMARY_MONETARY], err) : (double)NAN;
    if (!err->rc) history_check(frequency, recency, age, true, err);
    if (err->rc) return;
    buyers->frequency[i] = frequency;
    buyers->recency[i] = recency;
    buyers->age[i] = age;
    buyers->monetary_value[i] = frequency > 0 ? money : (double)NAN;
}

static void summary_take(Summary *summary, MapProbe *customer) {
    Buyers *buyers = &summary->buyers;
    Book *book = &summary->book;
    int64_t i = buyers->n;
    uint32_t id;
    map_intern(&book->customers, summary->err, customer, 1, &id);
    if (summary->err->rc) return;
    if (id < i) {
        err_set(summary->err, SQLITE_ERROR, "row %lld: its customer has a row already (a table of customers has"
                " one row each)", (long long)book->rows_read);
        return;
    }
    bool repeat = buyers->frequency[i] > 0;
    buyers->customer[i] = id;
    buyers->n++;
    buyers->n_repeat += repeat;
    book->n_purchase_days += (int64_t)buyers->frequency[i] + 1;
    book->has_amounts = book->has_amounts || (repeat && !isnan(buyers->monetary_value[i]));
}

void summary_add(Summary *summary, sqlite3_value **values) {
    Err *err = summary->err, fault = {0};
    MapProbe customer;
    if (err->rc) return;
    summary->book.rows_read++;
    map_probe(&customer, values[SUMMARY_CUSTOMER], err);
    summary_reserve(summary);
    if (err->rc) return;
    if (map_probe_is_empty(&customer)) {
        summary->book.rows_no_customer++;
        return;
    }
    summary_read(summary, values, &fault);
    if (!fault.rc) summary_take(summary, &customer);
    else if (fault.rc == SQLITE_ERROR && summary->skip_unreadable) summary->book.rows_skipped++;
    else if (fault.rc == SQLITE_ERROR && fault.msg)
        err_set(err, SQLITE_ERROR, "row %lld: %s", (long long)summary->book.rows_read, fault.msg);
    else err_nomem(err);
    err_clear(&fault);
}

void summary_close(Summary *summary, Book *book, Buyers *buyers) {
    map_close(&summary->book.customers);
    summary->book.n_customers = summary->book.n_buyers = summary->buyers.n;
    *book = summary->book;
    *buyers = summary->buyers;
}
