/* grammar_date.h - random texts that are dates, or nearly.
 *
 * Each part of a date is written by one function, mostly as it should be and now and then wrong at its
 * edges; what a mutator of bytes meets by chance once in a million tries is met here all the time:
 * fractions of nines, offsets with minutes, 24:00, leap days of both calendars, Persian digits.
 */
#ifndef TESTS_GRAMMAR_DATE_H
#define TESTS_GRAMMAR_DATE_H

#include "fuzz.h"

enum { GRAMMAR_DATE_MAX = 192 };

typedef struct GrammarText {
    char bytes[GRAMMAR_DATE_MAX];
    int n;
} GrammarText;

static void grammar_put(GrammarText *out, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int room = GRAMMAR_DATE_MAX - out->n, n = vsnprintf(out->bytes + out->n, (size_t)room, format, list);
    va_end(list);
    out->n += n < room ? n : room - 1;
}

/* One of the edges, or any of 0 .. below - 1. */
static int grammar_edge(uint64_t *random, const int *edges, int n_edges, int below) {
    return fuzz_below(random, 3) ? fuzz_below(random, below) : edges[fuzz_below(random, n_edges)];
}

static void grammar_day(uint64_t *random, GrammarText *out) {
    static const int years[] = {0, 1, 621, 622, 979, 1210, 1404, 1403, 1399, 1634, 1699, 1700, 1900, 1970,
                                1990, 2000, 2023, 2024, 2100, 2101, 9378, 9999};
    static const int months[] = {0, 1, 2, 6, 7, 11, 12, 13};
    static const int days[] = {0, 1, 28, 29, 30, 31, 32};
    static const char *const separators[] = {"-", "-", "-", "-", "-", "-", "/", ".", "", " "};
    const char *first = separators[fuzz_below(random, 10)];
    const char *second = fuzz_below(random, 12) ? first : separators[fuzz_below(random, 10)];
    int year = grammar_edge(random, years, FUZZ_COUNT(years), fuzz_below(random, 2) ? 10000 : 2100);
    int month = grammar_edge(random, months, FUZZ_COUNT(months), 13);
    int day = grammar_edge(random, days, FUZZ_COUNT(days), 32);
    bool narrow = fuzz_below(random, 16) == 0;
    grammar_put(out, narrow ? "%d%s%d%s%d" : "%04d%s%02d%s%02d", year, first, month, second, day);
}

static void grammar_clock(uint64_t *random, GrammarText *out) {
    static const int hours[] = {0, 9, 20, 23, 24, 25}, sixty[] = {0, 1, 30, 59, 60, 61};
    static const char *const fractions[] = {".0", ".000", ".5", ".999", ".9999", ".9999999", ".", ".1.2",
                                            ".123456789012345678901234567890", ".0000000000001", ",5"};
    grammar_put(out, fuzz_below(random, 16) ? "%02d:%02d" : "%d:%d",
                grammar_edge(random, hours, FUZZ_COUNT(hours), 25),
                grammar_edge(random, sixty, FUZZ_COUNT(sixty), 61));
    if (fuzz_below(random, 3) == 0) return;
    grammar_put(out, ":%02d", grammar_edge(random, sixty, FUZZ_COUNT(sixty), 61));
    if (fuzz_below(random, 2)) grammar_put(out, "%s", fractions[fuzz_below(random, FUZZ_COUNT(fractions))]);
}

static void grammar_offset(uint64_t *random, GrammarText *out) {
    static const int hours[] = {0, 1, 3, 5, 13, 14, 15}, minutes[] = {0, 1, 30, 45, 59, 60};
    static const char *const forms[] = {"%s%02d:%02d", "%s%02d:%02d", "%s%02d%02d", "%s%02d", "%s%d:%d",
                                        "%s%02d:%d"};
    const char *sign = (const char *[]){"+", "-", "+", "-", "", "--"}[fuzz_below(random, 6)];
    if (fuzz_below(random, 5) == 0) grammar_put(out, " ");
    if (fuzz_below(random, 4) == 0) grammar_put(out, "%s", fuzz_below(random, 3) ? "Z" : "z");
    else
        grammar_put(out, forms[fuzz_below(random, FUZZ_COUNT(forms))], sign,
                    grammar_edge(random, hours, FUZZ_COUNT(hours), 15),
                    grammar_edge(random, minutes, FUZZ_COUNT(minutes), 60));
}

/* Numbers of every unit, as text. */
static void grammar_number(uint64_t *random, GrammarText *out) {
    static const char *const edges[] = {
        "0", "-1", "86399", "-86400", "631152000", "631151999", "4133980799", "4133980800", "631152000000",
        "4133980799999", "-62167219200", "-62167219201", "253402300799", "253402300800", "19900101",
        "21001231", "20240229", "20230229", "20240105.5", "2447892.5", "2488434.4999999", "2460315.5",
        "1721059.5", "5373484.49999999", "9223372036854775807", "-9223372036854775808", "1e300", "nan",
        "999999999999999", "1000000000000000", "0.5", "-0.0", "1704412800.25"};
    if (fuzz_below(random, 2)) grammar_put(out, "%s", edges[fuzz_below(random, FUZZ_COUNT(edges))]);
    else if (fuzz_below(random, 2)) grammar_put(out, "%lld", (long long)fuzz_random(random) >>
                                                                 fuzz_below(random, 60));
    else grammar_put(out, "%.*f", fuzz_below(random, 9), 2400000 + fuzz_below(random, 90000) +
                                                            fuzz_below(random, 86400) / 86400.0);
}

static void grammar_oddity(uint64_t *random, GrammarText *out) {
    static const char *const odd[] = {
        "now", "NOW", "subsec", "10:20", "9:30", "01/05/2024", "31.12.2023", "2024-1-5", "2024-01-0510:20",
        "2024-01-05Z", "2024-01-05+01:00", "", " ", " 2024-01-05", "2024-01-05 ", "2024-01-05T",
        "2024-01-05  10:20", "2024-01-05 10:20  +01:00", "-2024-01-05", "20240105", "start of month",
        "2024-W01-1", "2024-005", "2024-01-05 10:20 PM", "Jan 5 2024", "+2024-01-05", "2024-01-05T10"};
    grammar_put(out, "%s", odd[fuzz_below(random, FUZZ_COUNT(odd))]);
}

/* Writes digits as Persian or Arabic-Indic ones, from the first up to a random place. */
static void grammar_persian(uint64_t *random, GrammarText *text) {
    GrammarText out = {.n = 0};
    const char *lead = fuzz_below(random, 3) ? "\xDB" : "\xD9";
    int zero = lead[0] == '\xDB' ? 0xB0 : 0xA0, until = fuzz_below(random, 3) ? text->n : fuzz_below(random, 12);
    for (int i = 0; i < text->n && out.n < GRAMMAR_DATE_MAX - 4; i++) {
        char c = text->bytes[i];
        if (i < until && c >= '0' && c <= '9') grammar_put(&out, "%s%c", lead, zero + c - '0');
        else out.bytes[out.n++] = c;
    }
    *text = out;
}

/* A random text, of bytes[0 .. n - 1]. */
static GrammarText grammar_date(uint64_t seed) {
    uint64_t random = seed;
    GrammarText out = {.n = 0};
    int form = fuzz_below(&random, 16);
    if (form == 0) grammar_oddity(&random, &out);
    else if (form == 1) grammar_number(&random, &out);
    else {
        grammar_day(&random, &out);
        if (form > 3) {
            grammar_put(&out, "%s", fuzz_below(&random, 12) ? fuzz_below(&random, 2) ? "T" : " " : "");
            grammar_clock(&random, &out);
            if (form > 7) grammar_offset(&random, &out);
        }
    }
    if (fuzz_below(&random, 8) == 0) grammar_persian(&random, &out);
    if (fuzz_below(&random, 24) == 0 && out.n > 0)
        out.bytes[fuzz_below(&random, out.n)] = (char)fuzz_below(&random, 256);
    return out;
}

#endif
