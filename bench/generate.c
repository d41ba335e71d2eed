/* generate.c - makes a table of orders of any size, the same bytes for the same seed.
 *
 *     generate OUT.db CUSTOMERS ORDERS [--text] [--seed N]
 *     generate build/bench/orders.db 100000 1000000
 *
 * writes a new database OUT.db with the one table
 *
 *     orders(order_id INTEGER PRIMARY KEY, customer_id, order_date, amount REAL,
 *            channel TEXT, status TEXT, country TEXT, note TEXT)
 *
 * of CUSTOMERS customers and about ORDERS rows (within a few percent; any mean of 1.2 to 50 orders
 * a customer) of about 100 bytes, in the order of their dates.  customer_id and order_date are
 * INTEGER (a number, unix seconds), or with --text TEXT ('C-0000012345', 'YYYY-MM-DD HH:MM:SS').
 * The orders run from 2021-01-01 to 2025-01-17, so that the last month is not over.
 *
 * The customers behave as the BG/NBD model says: customer i buys as a Poisson process with a rate
 * lambda ~ Gamma(0.7, alpha) and drops out after any purchase with a probability p ~ Beta(0.7, 5).
 * The scale alpha is found by bisection so that the number of rows comes out as asked.  Weekends
 * and seasons thin that process (the thinning of Lewis and Shedler).  An order's amount is
 * Gamma(6.25, nu), nu ~ Gamma(3.74, 15.44) a customer's own: the Gamma-Gamma model, mean 35.2.
 * Three purchases in a hundred are two orders on the same day; two orders in a hundred are
 * refunded, wholly or by half, up to 30 days later: a row with a negative amount and the order's
 * own reference in its note.
 *
 * Methods: xoshiro256** (Blackman, Vigna 2018) seeded by splitmix64 (Steele, Lea, Flood 2014);
 * gamma variates by Marsaglia and Tsang (2000), normal ones by Marsaglia's polar method (1964),
 * beta ones as a ratio of gammas, the Poisson process from exponential gaps, thinned as in Lewis
 * and Shedler (1979).  Fader, Hardie, Lee (2005), Marketing Science 24(2); Fader, Hardie (2013).
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

enum {
    GENERATE_DAYS = 1478,             /* 2021-01-01 to 2025-01-17, both included */
    GENERATE_WEEKDAY_FIRST = 4,       /* 2021-01-01 was a Friday; Monday is 0 */
    GENERATE_CUSTOMERS_MAX = 50000000,
    GENERATE_ORDERS_MAX = 500000000,
    GENERATE_SAMPLE = 100000,         /* customers that calibration simulates */
    GENERATE_CALIBRATED = 1000,       /* from here on the number of rows must come out right */
    GENERATE_ITERATIONS = 24,         /* halvings of the calibration interval */
    GENERATE_DAY_SECONDS = 86400,
    GENERATE_ORDERS_PER_CUSTOMER_MAX = 9999, /* four digits of a reference */
};

static const int64_t generate_epoch = 1609459200; /* 2021-01-01 00:00:00 UTC */

/* ---- Random numbers ---- */

typedef struct Rng {
    uint64_t s[4];
} Rng;

static uint64_t rng_splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A stream of its own for every (seed, stream): a customer's life depends on no other's. */
static Rng rng_stream(uint64_t seed, uint64_t stream)
{
    uint64_t state = seed;
    state = rng_splitmix(&state) ^ (stream * 0xd1342543de82ef95u);
    Rng rng;
    for (int i = 0; i < 4; i++) rng.s[i] = rng_splitmix(&state);
    return rng;
}

static uint64_t rng_rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static uint64_t rng_next(Rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rng_rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rng_rotate(s[3], 45);
    return result;
}

/* Uniform in (0, 1): 53 bits and a half, so that neither end occurs. */
static double rng_uniform(Rng *rng)
{
    return ((double)(rng_next(rng) >> 11) + 0.5) * 0x1p-53;
}

static bool rng_chance(Rng *rng, double probability)
{
    return rng_uniform(rng) < probability;
}

/* 0 .. n - 1; the bias of the multiplication is below n / 2^53. */
static int rng_below(Rng *rng, int n)
{
    return (int)(rng_uniform(rng) * (double)n);
}

static double rng_exponential(Rng *rng)
{
    return -log(rng_uniform(rng));
}

static double rng_normal(Rng *rng)
{
    double u, v, s;
    do {
        u = 2.0 * rng_uniform(rng) - 1.0;
        v = 2.0 * rng_uniform(rng) - 1.0;
        s = u * u + v * v;
    } while (s >= 1.0 || s == 0.0);
    return u * sqrt(-2.0 * log(s) / s);
}

/* Gamma(shape, rate 1); a shape below 1 is drawn at shape + 1 and scaled by U^(1/shape). */
static double rng_gamma(Rng *rng, double shape)
{
    double boost = 1.0;
    if (shape < 1.0) {
        boost = pow(rng_uniform(rng), 1.0 / shape);
        shape += 1.0;
    }
    double d = shape - 1.0 / 3.0;
    double c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        double x = rng_normal(rng);
        double v = 1.0 + c * x;
        if (v <= 0.0) continue;
        v = v * v * v;
        if (log(rng_uniform(rng)) < 0.5 * x * x + d - d * v + d * log(v)) return d * v * boost;
    }
}

static double rng_beta(Rng *rng, double a, double b)
{
    double x = rng_gamma(rng, a);
    double y = rng_gamma(rng, b);
    return x + y > 0.0 ? x / (x + y) : 0.5;
}

/* ---- The calendar of the shop ---- */

typedef struct Calendar {
    double weight[GENERATE_DAYS];     /* share of would-be orders that happen, at most 1 */
    double acquired[GENERATE_DAYS];   /* share of all customers acquired by the end of the day */
} Calendar;

static const double calendar_weekday[7] = {1.00, 0.97, 0.95, 0.95, 0.90, 0.60, 0.50};
static const double calendar_month[12] = {0.78, 0.74, 0.80, 0.80, 0.83, 0.80,
                                          0.74, 0.72, 0.82, 0.86, 1.00, 0.98};

/* Month 0 .. 11 of a day since 2021-01-01. */
static int calendar_month_of(int day)
{
    static const int length[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int year = 2021;; year++) {
        for (int month = 0; month < 12; month++) {
            int n = length[month] + (month == 1 && year % 4 == 0 ? 1 : 0);
            if (day < n) return month;
            day -= n;
        }
    }
}

/* Acquisition grows in a straight line to four times its start, with the rhythm of the orders. */
static void calendar_fill(Calendar *calendar)
{
    double sum = 0.0;
    for (int day = 0; day < GENERATE_DAYS; day++) {
        double weekday = calendar_weekday[(day + GENERATE_WEEKDAY_FIRST) % 7];
        calendar->weight[day] = weekday * calendar_month[calendar_month_of(day)];
        sum += calendar->weight[day] * (1.0 + 3.0 * (double)day / GENERATE_DAYS);
        calendar->acquired[day] = sum;
    }
    for (int day = 0; day < GENERATE_DAYS; day++) calendar->acquired[day] /= sum;
}

/* The first day by whose end the share is acquired. */
static int calendar_acquisition_day(const Calendar *calendar, double share)
{
    int low = 0, high = GENERATE_DAYS - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (calendar->acquired[middle] < share)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- Orders in memory ---- */

typedef struct Order {
    uint32_t second;                  /* since 2021-01-01 */
    uint32_t customer;                /* 1 .. CUSTOMERS */
    int32_t cents;                    /* negative: a refund */
    uint16_t reference;               /* of this customer's orders; a refund carries its order's */
    uint8_t channel, country;
} Order;

typedef struct Orders {
    Order *rows;                      /* NULL: count only */
    int64_t n, max;
} Orders;

static bool orders_add(Orders *orders, Order order)
{
    if (orders->rows != NULL) {
        if (orders->n == orders->max) return false;
        orders->rows[orders->n] = order;
    }
    orders->n++;
    return true;
}

static int orders_compare(const void *left, const void *right)
{
    const Order *a = left, *b = right;
    if (a->second != b->second) return a->second < b->second ? -1 : 1;
    if (a->customer != b->customer) return a->customer < b->customer ? -1 : 1;
    if (a->reference != b->reference) return a->reference < b->reference ? -1 : 1;
    return (a->cents < b->cents) - (a->cents > b->cents);
}

/* ---- Customers ---- */

typedef struct Shop {
    uint64_t seed;
    int64_t n_customers;
    double rate_scale;                /* 1 / alpha, purchases a day */
    Calendar calendar;
} Shop;

typedef struct Customer {
    Rng rng;
    uint32_t id;
    double rate, dropout, spend_scale;
    uint16_t n_orders;                /* so far */
    uint8_t channel, country;
} Customer;

static const char *const customer_channels[] = {"web", "app", "store", "market", "phone"};
static const char *const customer_countries[] = {"DE", "FR", "NL", "AT", "PL", "SE", "ES", "IT"};

enum { CUSTOMER_CHANNELS = 5, CUSTOMER_COUNTRIES = 8 };

/* Skewed choice of 0 .. n - 1: the smaller of two, so the first is the most common. */
static uint8_t customer_choice(Rng *rng, int n)
{
    int a = rng_below(rng, n), b = rng_below(rng, n);
    return (uint8_t)(a < b ? a : b);
}

static Customer customer_draw(const Shop *shop, int64_t index)
{
    Customer customer = {.rng = rng_stream(shop->seed, (uint64_t)index + 1)};
    Rng *rng = &customer.rng;
    customer.id = (uint32_t)index + 1;
    customer.rate = rng_gamma(rng, 0.7) * shop->rate_scale;
    customer.dropout = rng_beta(rng, 0.7, 5.0);
    customer.spend_scale = 15.44 / rng_gamma(rng, 3.74);
    customer.channel = customer_choice(rng, CUSTOMER_CHANNELS);
    customer.country = customer_choice(rng, CUSTOMER_COUNTRIES);
    return customer;
}

/* One order in ten comes through another channel than the customer's usual one. */
static uint8_t customer_channel(Customer *customer)
{
    if (!rng_chance(&customer->rng, 0.1)) return customer->channel;
    return (uint8_t)rng_below(&customer->rng, CUSTOMER_CHANNELS);
}

static int32_t customer_cents(Customer *customer)
{
    double cents = floor(rng_gamma(&customer->rng, 6.25) * customer->spend_scale * 100.0 + 0.5);
    return (int32_t)fmin(fmax(cents, 1.0), 1e8);
}

static bool customer_refund(Customer *customer, Order order, Orders *orders)
{
    Rng *rng = &customer->rng;
    if (!rng_chance(rng, 0.02)) return true;
    uint32_t delay = (uint32_t)(600.0 + rng_uniform(rng) * 30.0 * GENERATE_DAY_SECONDS);
    order.cents = rng_chance(rng, 0.6) || order.cents < 2 ? -order.cents : -(order.cents / 2);
    order.second += delay;
    if (order.second >= (uint32_t)GENERATE_DAYS * GENERATE_DAY_SECONDS) return true;
    return orders_add(orders, order);
}

/* An order between 7 and 23 o'clock, most of them in the afternoon, and what is refunded of it. */
static bool customer_order(Customer *customer, int day, Orders *orders)
{
    if (customer->n_orders == GENERATE_ORDERS_PER_CUSTOMER_MAX) return true;
    Rng *rng = &customer->rng;
    double hour = 7.0 + 8.0 * (rng_uniform(rng) + rng_uniform(rng));
    Order order = {.second = (uint32_t)day * GENERATE_DAY_SECONDS + (uint32_t)(hour * 3600.0),
                   .customer = customer->id,
                   .reference = ++customer->n_orders,
                   .country = customer->country};
    order.channel = customer_channel(customer);
    order.cents = customer_cents(customer);
    return orders_add(orders, order) && customer_refund(customer, order, orders);
}

static bool customer_purchase(Customer *customer, int day, Orders *orders)
{
    bool ok = customer_order(customer, day, orders);
    if (rng_chance(&customer->rng, 0.03)) ok = ok && customer_order(customer, day, orders);
    return ok;
}

/* Ids follow the order of acquisition: customer i of n is acquired at the share (i + u) / n. */
static bool customer_live(const Shop *shop, int64_t index, Orders *orders)
{
    Customer customer = customer_draw(shop, index);
    Rng *rng = &customer.rng;
    double share = ((double)index + rng_uniform(rng)) / (double)shop->n_customers;
    int day = calendar_acquisition_day(&shop->calendar, share);
    bool ok = customer_purchase(&customer, day, orders);
    double time = (double)day + rng_uniform(rng);
    while (ok && !rng_chance(rng, customer.dropout)) {
        do {
            time += rng_exponential(rng) / customer.rate;
            if (!(time < GENERATE_DAYS)) return ok;
            day = (int)time;
        } while (!rng_chance(rng, shop->calendar.weight[day]));
        ok = customer_purchase(&customer, day, orders);
    }
    return ok;
}

/* ---- Calibration ---- */

/* Mean rows of a customer, from an even sample of them. */
static double shop_rows_per_customer(const Shop *shop)
{
    int64_t n = shop->n_customers < GENERATE_SAMPLE ? shop->n_customers : GENERATE_SAMPLE;
    Orders orders = {0};
    for (int64_t i = 0; i < n; i++)
        customer_live(shop, (int64_t)((double)i / (double)n * (double)shop->n_customers), &orders);
    return (double)orders.n / (double)n;
}

/* The rate at which the sample has as many rows as asked; false when no rate has.  The number of
 * rows of a few customers moves in leaps: theirs is as near as it comes. */
static bool shop_calibrate(Shop *shop, double rows_per_customer)
{
    double low = 1e-5, high = 10.0;
    for (int i = 0; i < GENERATE_ITERATIONS; i++) {
        shop->rate_scale = sqrt(low * high);
        if (shop_rows_per_customer(shop) < rows_per_customer)
            low = shop->rate_scale;
        else
            high = shop->rate_scale;
    }
    return shop->n_customers < GENERATE_CALIBRATED ||
           fabs(shop_rows_per_customer(shop) / rows_per_customer - 1.0) < 0.02;
}

static bool shop_open(Shop *shop, Orders *orders)
{
    bool ok = true;
    for (int64_t i = 0; ok && i < shop->n_customers; i++) ok = customer_live(shop, i, orders);
    if (ok) qsort(orders->rows, (size_t)orders->n, sizeof(Order), orders_compare);
    return ok;
}

/* ---- The database ---- */

typedef struct Writer {
    sqlite3 *db;
    sqlite3_stmt *insert;
    bool text;
} Writer;

static const char *const writer_setup_integer =
    "PRAGMA journal_mode = off; PRAGMA synchronous = off;"
    "CREATE TABLE orders(order_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL,"
    " order_date INTEGER NOT NULL, amount REAL NOT NULL, channel TEXT, status TEXT,"
    " country TEXT, note TEXT); BEGIN";
static const char *const writer_setup_text =
    "PRAGMA journal_mode = off; PRAGMA synchronous = off;"
    "CREATE TABLE orders(order_id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL,"
    " order_date TEXT NOT NULL, amount REAL NOT NULL, channel TEXT, status TEXT,"
    " country TEXT, note TEXT); BEGIN";

static bool writer_open(Writer *writer, const char *path, bool text)
{
    writer->text = text;
    return sqlite3_open(path, &writer->db) == SQLITE_OK &&
           sqlite3_exec(writer->db, text ? writer_setup_text : writer_setup_integer, NULL, NULL,
                        NULL) == SQLITE_OK &&
           sqlite3_prepare_v2(writer->db, "INSERT INTO orders VALUES(NULL,?1,?2,?3,?4,?5,?6,?7)",
                              -1, &writer->insert, NULL) == SQLITE_OK;
}

/* 'YYYY-MM-DD HH:MM:SS' of seconds since 2021-01-01. */
static void writer_print_second(char *out, size_t out_size, uint32_t second)
{
    int day = (int)(second / GENERATE_DAY_SECONDS), clock = (int)(second % GENERATE_DAY_SECONDS);
    int march = day + 306;            /* since 2020-03-01: leap days end a year */
    int year = (4 * march + 3) / 1461;
    int of_year = march - 1461 * year / 4;
    int month = (5 * of_year + 2) / 153;
    int of_month = of_year - (153 * month + 2) / 5;
    snprintf(out, out_size, "%04d-%02d-%02d %02d:%02d:%02d", 2020 + year + (month >= 10 ? 1 : 0),
             (month + 2) % 12 + 1, of_month + 1, clock / 3600, clock / 60 % 60, clock % 60);
}

static bool writer_add(Writer *writer, const Order *order)
{
    char customer[32], date[64], note[96];
    sqlite3_stmt *insert = writer->insert;
    if (writer->text) {
        int n = snprintf(customer, sizeof(customer), "C-%010" PRIu32, order->customer);
        sqlite3_bind_text(insert, 1, customer, n, SQLITE_STATIC);
        writer_print_second(date, sizeof(date), order->second);
        sqlite3_bind_text(insert, 2, date, -1, SQLITE_STATIC);
    } else {
        sqlite3_bind_int64(insert, 1, order->customer);
        sqlite3_bind_int64(insert, 2, generate_epoch + order->second);
    }
    /* What was bought, from the reference, so that a refund names what its order named. */
    uint32_t goods = order->customer * 2654435761u + order->reference * 40503u;
    int n = snprintf(note, sizeof(note), "%s R-%08" PRIu32 "-%04d; article %05" PRIu32 "-%02" PRIu32
                     ", %" PRIu32 " pieces", order->cents < 0 ? "refund of" : "order",
                     order->customer, (int)order->reference, goods % 20011u, goods / 20011u % 97u,
                     goods / 1940000u % 4u + 1u);
    sqlite3_bind_double(insert, 3, (double)order->cents / 100.0);
    sqlite3_bind_text(insert, 4, customer_channels[order->channel], -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 5, order->cents < 0 ? "refunded" : "delivered", -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 6, customer_countries[order->country], -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 7, note, n, SQLITE_STATIC);
    sqlite3_step(insert);
    return sqlite3_reset(insert) == SQLITE_OK;
}

static bool writer_close(Writer *writer, bool ok)
{
    ok = sqlite3_finalize(writer->insert) == SQLITE_OK && ok;
    ok = ok && sqlite3_exec(writer->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    if (!ok) fprintf(stderr, "generate: %s\n", sqlite3_errmsg(writer->db));
    return sqlite3_close(writer->db) == SQLITE_OK && ok;
}

static bool writer_write(const char *path, bool text, const Orders *orders)
{
    Writer writer = {0};
    bool ok = writer_open(&writer, path, text);
    for (int64_t i = 0; ok && i < orders->n; i++) ok = writer_add(&writer, &orders->rows[i]);
    return writer_close(&writer, ok);
}

/* ---- The command ---- */

typedef struct Options {
    const char *path;
    int64_t n_customers, n_orders;
    uint64_t seed;
    bool text;
} Options;

static bool options_number(const char *text, int64_t max, int64_t *out)
{
    char *end = NULL;
    long long value = text != NULL ? strtoll(text, &end, 10) : 0;
    *out = value;
    return text != NULL && end != text && *end == 0 && value >= 0 && value <= max;
}

static bool options_parse(int argc, char **argv, Options *options)
{
    int n_positional = 0;
    for (int i = 1; i < argc; i++) {
        int64_t seed = 0;
        bool ok = true;
        if (strcmp(argv[i], "--text") == 0) {
            options->text = true;
        } else if (strcmp(argv[i], "--seed") == 0) {
            ok = options_number(argv[++i < argc ? i : argc], INT64_MAX, &seed);
            options->seed = (uint64_t)seed;
        } else if (n_positional == 0) {
            options->path = argv[i];
            n_positional++;
        } else if (n_positional == 1) {
            ok = options_number(argv[i], GENERATE_CUSTOMERS_MAX, &options->n_customers);
            n_positional++;
        } else {
            ok = n_positional == 2 &&
                 options_number(argv[i], GENERATE_ORDERS_MAX, &options->n_orders);
            n_positional++;
        }
        if (!ok) return false;
    }
    return n_positional == 3 && options->n_customers > 0 &&
           options->n_orders >= options->n_customers;
}

static int generate(const Options *options)
{
    static Shop shop;
    shop.seed = options->seed;
    shop.n_customers = options->n_customers;
    calendar_fill(&shop.calendar);
    double rows_per_customer = (double)options->n_orders / (double)options->n_customers;
    if (!shop_calibrate(&shop, rows_per_customer)) {
        fprintf(stderr, "generate: no buying rate gives %.2f orders a customer\n",
                rows_per_customer);
        return 1;
    }
    /* Room for a tenth more than asked, and for the chance of small numbers. */
    Orders orders = {.max = options->n_orders + options->n_orders / 10 + 100000};
    orders.rows = malloc((size_t)orders.max * sizeof(Order));
    bool ok = orders.rows != NULL && shop_open(&shop, &orders);
    if (!ok) fprintf(stderr, "generate: no room for %" PRId64 " orders\n", orders.max);
    ok = ok && writer_write(options->path, options->text, &orders);
    if (ok)
        printf("%s: %" PRId64 " orders of %" PRId64 " customers, seed %" PRIu64 "\n", options->path,
               orders.n, shop.n_customers, shop.seed);
    free(orders.rows);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    Options options = {.seed = 1};
    if (!options_parse(argc, argv, &options)) {
        fprintf(stderr, "usage: generate OUT.db CUSTOMERS ORDERS [--text] [--seed N]\n"
                        "       (at least as many orders as customers)\n");
        return 2;
    }
    FILE *existing = fopen(options.path, "rb");
    if (existing != NULL) {
        fclose(existing);
        fprintf(stderr, "generate: %s exists\n", options.path);
        return 1;
    }
    return generate(&options);
}
