/* fuzz_orders.c - whether each report says of any orders what plain SQL says of them.
 *
 * The input is a small program that writes a table of orders: a date here, a customer there, crowds of
 * more than a page of the ledger, refunds on the day and later, 0.1 + 0.2 - 0.3, ids of every type that
 * are equal or only look so, several years.  The same rows are written
 *
 *     orders      as users keep them: dates of one unit, many forms, with offsets and fractions
 *     shuffled    the same in another order
 *     cut         orders without what comes after a day, and a row of nobody on that day
 *     canon       days as 'YYYY-MM-DD' by the fuzzer's own arithmetic: what plain SQL reads
 *     timed       the same with the time of day where there is one: what the recipes of sql/ read
 *     netted      canon with each refund on the day of the order that it names
 *
 * and each entry of orders_reports, of orders_series and of tests/twins.def is run: on orders, on shuffled, which
 * must give the same bytes, on shuffled with as_of as that day, which must give the bytes of cut, and as plain SQL,
 * which must give the same rows; each input has a few of them in turn.
 *
 *     FUZZ_SHOW=1 build/fuzz/fuzz_orders FILE      prints the orders that an input stands for
 */
#include "fuzz.h"
#include "twins.h"

enum { ORDERS_ROWS_MAX = 700, ORDERS_TURN = 4 /* reports of one input */, ORDERS_TWINS_MAX = 100, ORDERS_TEXT_MAX = 48 };

/* ---- The reports ----
 *
 * ours: $T is the table, $C the conditions that say how its dates are kept and, of those that are not of the whole
 * table, up to which day it is read.
 * twin: plain SQL over $T; $R and $S are the recipes of sql/ for the series and the customers.
 * Numbers agree within 1e-9 of the table's turnover (money = true) or exactly. */

typedef struct OrdersReport {
    const char *ours, *twin;
    const char *twin_table; /* canon or netted */
    bool money, whole;
} OrdersReport;

#define ORDERS_RATES                                                                                  \
    "SELECT period_start, is_complete, start_customers, end_customers, new_customers, retained,"      \
    " reactivated, lost, retention_rate, churn_rate, crr_formula, end_to_start_ratio"

#define ORDERS_IN_TURN " ORDER BY customer_id"

/* The aggregate, in plain SQL: of the customers of the base window those who come back. */
#define ORDERS_KEPT(from, to, base)                                                                  \
    "SELECT channel, 1.0 * sum(was AND came) / nullif(sum(was), 0) FROM (SELECT channel,"            \
    " max(customer_id <> '' AND order_date >= " base " AND order_date < " from ") AS was,"            \
    " max(order_date >= " from " AND order_date < " to ") AS came"                                   \
    " FROM $T GROUP BY channel, customer_id) GROUP BY channel"

/* The median of all gaps of the shop, and of a customer's own. */
#define ORDERS_GAPS                                                                                  \
    "WITH d AS (SELECT customer_id, julianday(order_date) AS day FROM $T WHERE customer_id <> ''"    \
    " GROUP BY customer_id, order_date HAVING sum(amount) > 1e-9 * sum(abs(amount)) OR sum(abs(amount)) = 0)," \
    " g AS (SELECT customer_id, day - lag(day) OVER (PARTITION BY customer_id ORDER BY day) AS gap FROM d)," \
    " own AS (SELECT customer_id, gap, row_number() OVER (PARTITION BY customer_id ORDER BY gap) AS k," \
    " count(*) OVER (PARTITION BY customer_id) AS n FROM g WHERE gap IS NOT NULL),"                  \
    " m AS (SELECT customer_id, max(n) AS n, avg(gap) FILTER (WHERE k IN ((n + 1) / 2, (n + 2) / 2)) AS own" \
    " FROM own GROUP BY customer_id),"                                                               \
    " every AS (SELECT gap, row_number() OVER (ORDER BY gap) AS k, count(*) OVER () AS n FROM own)," \
    " shop AS (SELECT avg(gap) AS gap FROM every WHERE k IN ((n + 1) / 2, (n + 2) / 2))"             \
    " SELECT customer_id, CASE WHEN coalesce(n, 0) = 0 THEN shop.gap WHEN n >= 3 THEN own"           \
    " ELSE (n * own + (3 - n) * shop.gap) / 3 END FROM (SELECT DISTINCT customer_id FROM d)"         \
    " LEFT JOIN m USING (customer_id), shop"

static const OrdersReport orders_reports[] = {
    {ORDERS_RATES " FROM retention_rate('$T') WHERE $C AND order_column = 'named'", "SELECT * FROM ($R)", "netted", false},
    {"SELECT period_start, sum(start_customers), sum(end_customers), sum(new_customers), sum(retained),"
     " sum(reactivated), sum(lost) FROM retention_rate('$T', 'month') WHERE $C AND segment_column = 'channel' GROUP BY 1",
     "SELECT period_start, start_customers, end_customers, new_customers, retained, reactivated, lost FROM ($R)",
     "canon", false},
    {"SELECT customer_id, first_order_date, last_order_date, frequency, recency, age, monetary_value, historic_clv"
     " FROM clv('$T') WHERE $C" ORDERS_IN_TURN,
     "SELECT customer_id, first_order_date, last_order_date, frequency, recency, age, monetary_value, historic_value"
     " FROM ($S)" ORDERS_IN_TURN, "canon", true},
    {"SELECT customer_id, last_order_date, purchase_days, days_since_last, historic_value"
     " FROM churn_candidates('$T', 90, 0) WHERE $C" ORDERS_IN_TURN,
     "SELECT customer_id, last_order_date, purchase_days, age - recency, historic_value FROM ($S)" ORDERS_IN_TURN,
     "canon", true},
    {"SELECT customer_id, purchase_days, historic_value FROM churn_candidates('$T', 90, 0) WHERE $C AND"
     " order_column = 'named'" ORDERS_IN_TURN,
     "SELECT customer_id, purchase_days, historic_value FROM ($S)" ORDERS_IN_TURN, "netted", true},
    {"SELECT customer_id, usual_gap_days FROM churn_candidates('$T', 90, 0) WHERE $C" ORDERS_IN_TURN,
     ORDERS_GAPS ORDERS_IN_TURN, "canon", true},
    {"SELECT channel, retention_rate(customer_id, order_date, '2020-03-01', '2020-04-01') FROM canon GROUP BY channel",
     ORDERS_KEPT("'2020-03-01'", "'2020-04-01'", "'2020-01-30'"), "canon", .whole = true},
    {"SELECT channel, retention_rate(customer_id, order_date, '2020-06-01', '2021-06-01', '2019-01-01') FROM canon"
     " GROUP BY channel",
     ORDERS_KEPT("'2020-06-01'", "'2021-06-01'", "'2019-01-01'"), "canon", .whole = true},
    {"SELECT count(*), sum(start_customers), sum(end_customers), min(period_start) FROM retention_rate('$T', 'week',"
     " '60 days') WHERE $C AND segment_column = 'channel' AND segment_at = 'last'", NULL, NULL, false},
    {"SELECT * FROM retention_rate('$T', '30 days') WHERE $C", NULL, NULL, false},
    {"SELECT * FROM retention_rate('$T', 'quarter') WHERE $C AND calendar = 'jalali'", NULL, NULL, false},
    {"SELECT * FROM clv('$T', 180, 0.05, 0.4, 'bgnbd') WHERE $C", NULL, NULL, false},
    {"SELECT *, rows_read, rows_no_customer, customers_no_purchase FROM churn_candidates('$T', 30, 0.2) WHERE $C",
     .whole = true},
    {"SELECT * FROM churn_candidates('$T', 30, 0.2) WHERE $C AND order_column = 'named'", NULL, NULL, false},
    {"SELECT * FROM retention_rate('$T', 'month') WHERE $C AND segment_column = 'channel' AND segment_at = 'last' AND"
     " order_column = 'named'", NULL, NULL, false},
};
enum { ORDERS_REPORTS = sizeof(orders_reports) / sizeof(orders_reports[0]) };

/* retention_rate by other periods than the recipe's months. */
typedef struct OrdersSeries {
    const char *period, *window;
    const char *first; /* start of the period that holds the day "first" */
    const char *step;  /* from there to the next, for date() */
    const char *low;   /* where the window that ends on b begins */
} OrdersSeries;

/* Monday is 1 for SQLite, Sunday 0. */
#define ORDERS_WEEK "date(first, '-6 days', 'weekday ' || ((:week_start + 1) % 7))"
#define ORDERS_QUARTER "date(first, 'start of month', '-' || ((substr(first, 6, 2) - 1) % 3) || ' months')"

static const OrdersSeries orders_series[] = {
    {"week", "period", ORDERS_WEEK, "+7 days", "date(b, '-7 days')"},
    {"quarter", "period", ORDERS_QUARTER, "+3 months", "date(b, '-3 months')"},
    {"year", "period", "date(first, 'start of year')", "+1 year", "date(b, '-1 year')"},
    {"28 days", "period", "first", "+28 days", "date(b, '-28 days')"},
    {"week", "60 days", ORDERS_WEEK, "+7 days", "date(b, '-60 days')"},
    {"28 days", "5 weeks", "first", "+28 days", "date(b, '-35 days')"},
    {"quarter", "1 year", ORDERS_QUARTER, "+3 months", "date(b, '-1 year')"},
};
enum { ORDERS_SERIES = sizeof(orders_series) / sizeof(orders_series[0]), ORDERS_OWN = ORDERS_REPORTS + ORDERS_SERIES };

/* A customer is in E of each period before whose end, within the window, they have a purchase; S is the E of the
 * period before. */
#define ORDERS_SERIES_TWIN                                                                            \
    "WITH RECURSIVE bound AS (SELECT (SELECT min(day) FROM purchase) AS first, max(order_date) AS as_of FROM canon)," \
    " t(i, a, b) AS (SELECT 0, a, date(a, '%s') FROM (SELECT %s AS a FROM bound WHERE first IS NOT NULL)" \
    "  UNION ALL SELECT i + 1, b, date(b, '%s') FROM t, bound WHERE b <= as_of),"                      \
    " looked AS (SELECT i, b, %s AS low FROM t),"                                                     \
    " e AS (SELECT DISTINCT customer_id, i FROM purchase JOIN looked ON day >= low AND day < b),"      \
    " step AS (SELECT i, lag(i) OVER (PARTITION BY customer_id ORDER BY i) AS last FROM e),"          \
    " n AS (SELECT i, count(*) AS n, sum(last IS NULL) AS new, sum(last IS i - 1) AS kept FROM step GROUP BY i)," \
    " r AS (SELECT a, date(b, '-1 day') AS z, lag(coalesce(n, 0), 1, 0) OVER (ORDER BY i) AS s,"      \
    "  coalesce(n, 0) AS e, coalesce(new, 0) AS new, coalesce(kept, 0) AS kept FROM t LEFT JOIN n USING (i))," \
    " d AS (SELECT *, CASE WHEN z <= as_of THEN 1.0 * nullif(s, 0) END AS whole FROM r, bound)"       \
    " SELECT a, z, z <= as_of, s, e, new, kept, e - new - kept, s - kept, kept / whole, (s - kept) / whole," \
    " (e - new) / whole, e / whole FROM d ORDER BY a"

#define ORDERS_SERIES_OURS                                                                            \
    "SELECT period_start, period_end, is_complete, start_customers, end_customers, new_customers, retained," \
    " reactivated, lost, retention_rate, churn_rate, crr_formula, end_to_start_ratio"                 \
    " FROM retention_rate('$T', '%s', '%s') WHERE $C AND week_start = :weekday"

/* ---- Rows ---- */

typedef enum OrdersId { ORDERS_NULL, ORDERS_INTEGER, ORDERS_REAL, ORDERS_TEXT, ORDERS_BLOB } OrdersId;

typedef struct OrdersRow {
    OrdersId type;
    int64_t number;             /* of the customer; its text is "7", or long for negative ones */
    int64_t second;             /* since 1970, UTC; of a day as written: its midnight */
    bool has_time;
    int form;                   /* of the date */
    double amount;
    int amount_form;            /* real, integer, text, NULL */
    int order, channel;
} OrdersRow;

typedef struct OrdersShop {
    int n;
    int unit;                   /* of all dates; see orders_units */
    int offset;                 /* utc_offset, in minutes */
    int first_report;           /* the first of ORDERS_TURN that are run */
    uint64_t shuffle;
    int week_start;             /* 0: Monday */
    int64_t as_of;              /* the day at which orders are cut */
    OrdersRow rows[ORDERS_ROWS_MAX];
} OrdersShop;

static const char *const orders_units[] = {"text", "unix", "unixms", "yyyymmdd", "julian"};
static const int orders_offsets[] = {0, 210, -300, 840, -840, 345, 60, -1};

/* 2^53 and its neighbours: reals cannot tell all of these apart, integers can. */
static const int64_t orders_large[] = {9007199254740992, 9007199254740993, 9007199254740991, INT64_MAX, INT64_MIN,
                                       -1, 4503599627370497, 1152921504606846977};

typedef struct OrdersWriter {
    OrdersShop *shop;
    OrdersRow row; /* as the last one, but for what changes */
} OrdersWriter;

static void orders_write(OrdersWriter *writer) {
    OrdersShop *shop = writer->shop;
    if (shop->n < ORDERS_ROWS_MAX) shop->rows[shop->n++] = writer->row;
}

static void orders_pick_customer(OrdersWriter *writer, Feed *feed) {
    int choice = feed_below(feed, 32);
    OrdersRow *row = &writer->row;
    row->type = choice < 16 ? ORDERS_INTEGER : choice < 20 ? ORDERS_REAL : choice < 24 ? ORDERS_TEXT
                : choice < 27 ? ORDERS_BLOB : choice == 27 ? ORDERS_NULL : row->type;
    row->number = choice == 28 ? orders_large[feed_below(feed, FUZZ_COUNT(orders_large))]
                               : feed_below(feed, 256) - (choice == 29 ? 128 : 0);
    if (choice == 30) {
        row->type = ORDERS_TEXT;
        row->number = INT32_MAX; /* '' */
    }
}

static void orders_pick_day(OrdersWriter *writer, Feed *feed) {
    static const int clocks[] = {0, 1, 43200, 86399, 12600, 70200, 86100};
    int64_t day = writer->row.second / 86400;
    int choice = feed_below(feed, 16);
    if (choice < 6) day += feed_below(feed, 64);
    else if (choice < 12) day -= feed_below(feed, 64);
    else if (choice == 12) day += 7 * feed_below(feed, 256);
    else if (choice < 15) day = 17897 + (int64_t)(feed_bytes(feed, 2) % 1500); /* from 2019-01-01 */
    if (day < 16436 || day > 20088) day = 18321;                                /* 2015 .. 2024; a leap day */
    writer->row.has_time = choice & 1;
    writer->row.form = feed_below(feed, 256);
    writer->row.second = day * 86400 + (writer->row.has_time ? clocks[feed_below(feed, FUZZ_COUNT(clocks))] : 0);
}

static void orders_pick_amount(OrdersWriter *writer, Feed *feed) {
    static const double amounts[] = {0, 1, 9.99, 0.1, 0.2, -0.3, -1, 100, 1e-3, 1.0 / 3, 12345.67, -9.99, 1e6, -0.1};
    int choice = feed_below(feed, 32);
    OrdersRow *row = &writer->row;
    row->amount = choice < FUZZ_COUNT(amounts) ? amounts[choice] : (double)(feed_bytes(feed, 2) % 50000) / 100;
    row->amount_form = choice < 28 ? 0 : choice - 27;
    if (choice == 28) row->amount = floor(row->amount); /* an INTEGER */
    if (choice == 30) row->amount = 0;                  /* NULL */
}

/* 0.1 + 0.2 - 0.3 on one day: nothing, though not to a double. */
static void orders_cancel(OrdersWriter *writer, Feed *feed) {
    static const double parts[][3] = {{0.1, 0.2, -0.3}, {0.7, 0.1, -0.8}, {1.1, 2.2, -3.3}, {19.99, 0.01, -20}};
    int which = feed_below(feed, FUZZ_COUNT(parts)), first = feed_below(feed, 3);
    writer->row.amount_form = 0;
    for (int i = 0; i < 3; i++) {
        writer->row.amount = parts[which][(first + i) % 3];
        orders_write(writer);
    }
}

/* Many customers at once, each with a few orders at gaps of their own; mostly with one, since 30 who come back
 * make a fit, which takes longer than all else. */
static void orders_crowd(OrdersWriter *writer, Feed *feed) {
    int n = 1 + feed_below(feed, 128), most = 1 + feed_below(feed, 32), gap = 1 + feed_below(feed, 90);
    uint64_t random = feed_bytes(feed, 2);
    OrdersRow start = writer->row;
    if (most > 8) most = 1;
    for (int c = 0; c < n; c++) {
        int orders = 1 + fuzz_below(&random, most);
        writer->row = start;
        writer->row.number = (int64_t)((uint64_t)start.number + (uint64_t)c);
        writer->row.amount_form = 0;
        writer->row.channel = fuzz_below(&random, 3);
        for (int i = 0; i < orders; i++) {
            writer->row.second += (int64_t)fuzz_below(&random, 2 * gap) * 86400;
            if (writer->row.second >= INT64_C(20089) * 86400) break;
            writer->row.amount = (100 + fuzz_below(&random, 9000)) / 100.0;
            orders_write(writer);
            if (fuzz_below(&random, 12)) continue;
            writer->row.amount = -writer->row.amount;
            orders_write(writer);
        }
    }
    writer->row = start;
}

/* Gives back what the row before cost: whole or in part, the same day or later, naming its order or not. */
static void orders_refund(OrdersWriter *writer, Feed *feed) {
    int choice = feed_below(feed, 64);
    OrdersRow kept = writer->row;
    writer->row.amount = choice & 1 ? -fabs(kept.amount) : -fabs(kept.amount) / 2;
    if (choice & 2) writer->row.second += 86400 * (choice >> 2);
    if (choice == 5) writer->row.order = 0;
    if (writer->row.second < INT64_C(20089) * 86400) orders_write(writer);
    writer->row = kept;
}

static void orders_read(Feed *feed, OrdersShop *shop) {
    OrdersWriter writer = {.shop = shop,
                           .row = {.type = ORDERS_INTEGER, .number = 1, .second = INT64_C(18321) * 86400, .amount = 10}};
    shop->n = 0;
    int unit = feed_below(feed, 16);
    shop->unit = unit < FUZZ_COUNT(orders_units) ? unit : 0;
    shop->offset = orders_offsets[feed_below(feed, FUZZ_COUNT(orders_offsets))];
    shop->first_report = feed_below(feed, ORDERS_OWN + n_twins);
    shop->shuffle = feed_bytes(feed, 1);
    shop->week_start = (int)(shop->shuffle % 7);
    while (feed->at < feed->end) {
        switch (feed_below(feed, 16)) {
            case 0: orders_crowd(&writer, feed); break;
            case 1: orders_refund(&writer, feed); break;
            case 2: orders_cancel(&writer, feed); break;
            case 3: writer.row.channel = feed_below(feed, 4); break;
            case 4:
            case 5: writer.row.order = feed_below(feed, 8); break;
            case 6: orders_pick_day(&writer, feed); break;
            case 7:
            case 8: orders_pick_amount(&writer, feed); break;
            case 9: orders_pick_customer(&writer, feed); break;
            case 10: /* the same customer, as another type */
                writer.row.type = (OrdersId)(1 + feed_below(feed, 4));
                orders_write(&writer);
                break;
            case 11:
            case 12:
                orders_pick_customer(&writer, feed);
                orders_write(&writer);
                break;
            case 13:
            case 14:
                orders_pick_day(&writer, feed);
                orders_write(&writer);
                break;
            default: orders_write(&writer);
        }
    }
}

/* ---- Values ---- */

/* Year, month and day of a day number (Hinnant's algorithm), written without the extension's help. */
static void orders_print_day(int64_t day, char out[11]) {
    int64_t z = day + 719468, era = z / 146097;
    int64_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    snprintf(out, 11, "%04d-%02d-%02d", (int)((yoe + era * 400 + (month <= 2)) % 10000), month,
             (int)(doy - (153 * mp + 2) / 5 + 1) % 100);
}

/* The day that the report has to see. */
static int64_t orders_local_day(const OrdersShop *shop, const OrdersRow *row) {
    bool moment = shop->unit == 0 ? row->has_time : shop->unit != 3;
    return (row->second + (moment ? shop->offset * 60 : 0)) / 86400;
}

/* The same, and the time of day when the date has one. */
static void orders_local_text(const OrdersShop *shop, const OrdersRow *row, char out[ORDERS_TEXT_MAX]) {
    bool moment = shop->unit == 0 ? row->has_time : shop->unit != 3;
    int64_t clock = (row->second + shop->offset * 60) % 86400;
    orders_print_day(orders_local_day(shop, row), out);
    if (moment)
        snprintf(out + 10, ORDERS_TEXT_MAX - 10, " %02d:%02d:%02d", (int)(clock / 3600), (int)(clock / 60 % 60),
                 (int)(clock % 60));
}

/* A date as text: plain, with a time, with Z, a fraction or an offset. */
static void orders_date_text(const OrdersRow *row, char out[ORDERS_TEXT_MAX]) {
    static const int ahead[] = {0, 330, -570, 60, -720, 825};
    static const char *const fractions[] = {"", ".5", ".999999", ".0"};
    char day[11];
    int minutes = row->has_time && row->form & 4 ? ahead[(row->form >> 3) % FUZZ_COUNT(ahead)] : 0, size = abs(minutes);
    int64_t local = row->second + minutes * 60, clock = local % 86400;
    orders_print_day(local / 86400, day);
    if (!row->has_time) {
        snprintf(out, ORDERS_TEXT_MAX, "%s", day);
        return;
    }
    int n = snprintf(out, ORDERS_TEXT_MAX, "%s%c%02d:%02d:%02d%s", day, row->form & 1 ? 'T' : ' ', (int)(clock / 3600),
                     (int)(clock / 60 % 60), (int)(clock % 60), fractions[row->form >> 6]);
    if (row->form & 4)
        snprintf(out + n, (size_t)(ORDERS_TEXT_MAX - n), row->form & 2 ? "%c%02d:%02d" : " %c%02d%02d",
                 minutes < 0 ? '-' : '+', size / 60, size % 60);
    else if (row->form & 2) snprintf(out + n, (size_t)(ORDERS_TEXT_MAX - n), "Z");
}

static void orders_bind_date(sqlite3_stmt *stmt, int at, const OrdersShop *shop, const OrdersRow *row) {
    char text[ORDERS_TEXT_MAX];
    orders_date_text(row, text);
    int64_t day = row->second / 86400;
    switch (shop->unit) {
        case 0: sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT); break;
        case 1:
            if (row->form & 1) sqlite3_bind_double(stmt, at, (double)row->second + 0.5);
            else sqlite3_bind_int64(stmt, at, row->second);
            break;
        case 2: sqlite3_bind_int64(stmt, at, row->second * 1000 + row->form); break;
        case 3:
            orders_print_day(day, text);
            sqlite3_bind_int64(stmt, at, atoi(text) * 10000 + atoi(text + 5) * 100 + atoi(text + 8));
            break;
        default: sqlite3_bind_double(stmt, at, 2440587.5 + (double)row->second / 86400.0);
    }
}

/* The id "7", as a number, a text or a blob; long texts differ in their last byte only. */
static void orders_bind_customer(sqlite3_stmt *stmt, int at, const OrdersRow *row) {
    char text[ORDERS_TEXT_MAX];
    if (row->number == INT32_MAX) text[0] = 0;
    else snprintf(text, sizeof(text), row->number < 0 ? "a customer with a long name %d" : "%d",
                  (int)(row->number & 0x3FF));
    switch (row->type) {
        case ORDERS_NULL: sqlite3_bind_null(stmt, at); break;
        case ORDERS_INTEGER: sqlite3_bind_int64(stmt, at, row->number); break;
        case ORDERS_REAL: sqlite3_bind_double(stmt, at, (double)row->number); break;
        case ORDERS_TEXT: sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT); break;
        default: /* x'' is no customer, but not equal to '' */
            if (text[0]) sqlite3_bind_blob(stmt, at, text, (int)strlen(text), SQLITE_TRANSIENT);
            else sqlite3_bind_null(stmt, at);
    }
}

static void orders_bind_amount(sqlite3_stmt *stmt, int at, const OrdersRow *row, bool plain) {
    char text[ORDERS_TEXT_MAX];
    snprintf(text, sizeof(text), "%.17g", row->amount);
    int form = plain && row->amount_form > 1 ? 0 : row->amount_form;
    if (form == 1) sqlite3_bind_int64(stmt, at, (int64_t)row->amount);
    else if (form == 3 && row->amount == 0) sqlite3_bind_null(stmt, at);
    else if (form == 4) sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT);
    else sqlite3_bind_double(stmt, at, form == 1 ? floor(row->amount) : row->amount);
}

/* ---- Tables ---- */

typedef struct OrdersPair {
    sqlite3_stmt *ours, *shuffled, *twin;
    sqlite3_stmt *early, *cut; /* shuffled with as_of, and cut there; NULL of what is of the whole table */
    bool money;
} OrdersPair;

enum { ORDERS_PLAIN, ORDERS_SHUFFLED, ORDERS_CUT, ORDERS_CANON, ORDERS_TIMED, ORDERS_NETTED, ORDERS_TABLES };
static const char *const orders_tables[ORDERS_TABLES] = {"orders", "shuffled", "cut", "canon", "timed", "netted"};

static sqlite3 *orders_db;
static sqlite3_stmt *orders_insert[ORDERS_NETTED], *orders_clear[ORDERS_TABLES], *orders_net, *orders_border,
    *orders_turnover;
static OrdersPair orders_pair[ORDERS_OWN + ORDERS_TWINS_MAX]; /* of orders_reports, orders_series, then of twins */

static void orders_bind_row(sqlite3_stmt *stmt, const OrdersShop *shop, const OrdersRow *row, int table) {
    static const char *const channels[] = {"web", "shop", NULL, "'"};
    char text[ORDERS_TEXT_MAX];
    orders_bind_customer(stmt, 1, row);
    if (table == ORDERS_CANON) orders_print_day(orders_local_day(shop, row), text);
    if (table == ORDERS_TIMED) orders_local_text(shop, row, text);
    if (table >= ORDERS_CANON) sqlite3_bind_text(stmt, 2, text, -1, SQLITE_TRANSIENT);
    else orders_bind_date(stmt, 2, shop, row);
    orders_bind_amount(stmt, 3, row, table >= ORDERS_CANON);
    if (row->order) sqlite3_bind_int(stmt, 4, row->order);
    else sqlite3_bind_null(stmt, 4);
    sqlite3_bind_text(stmt, 5, channels[row->channel], -1, SQLITE_STATIC);
}

static void orders_step(sqlite3_stmt *stmt) {
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_DONE) fuzz_fail("%s: %s", sqlite3_errmsg(orders_db), sqlite3_sql(stmt));
    sqlite3_reset(stmt);
}

/* Nobody's order on that day, in the unit of all. */
static OrdersRow orders_nobody(const OrdersShop *shop, int64_t day) {
    bool moment = shop->unit != 0 && shop->unit != 3;
    return (OrdersRow){.type = ORDERS_NULL, .second = day * 86400 + (moment ? 43200 - shop->offset * 60 : 0)};
}

/* The rows of the cut table are those of the first: a day of one of them, or the day before it. */
static void orders_cut(OrdersShop *shop) {
    if (shop->n == 0) return;
    uint64_t random = shop->shuffle + 1;
    shop->as_of = orders_local_day(shop, &shop->rows[fuzz_below(&random, shop->n)]) - !fuzz_below(&random, 4);
    for (int i = 0; i < shop->n; i++) {
        if (orders_local_day(shop, &shop->rows[i]) > shop->as_of) continue;
        orders_bind_row(orders_insert[ORDERS_CUT], shop, &shop->rows[i], false);
        orders_step(orders_insert[ORDERS_CUT]);
    }
    OrdersRow nobody = orders_nobody(shop, shop->as_of);
    orders_bind_row(orders_insert[ORDERS_CUT], shop, &nobody, false);
    orders_step(orders_insert[ORDERS_CUT]);
}

static void orders_fill(OrdersShop *shop) {
    static int place[ORDERS_ROWS_MAX];
    uint64_t random = shop->shuffle;
    for (int i = 0; i < shop->n; i++) {
        int j = fuzz_below(&random, i + 1);
        place[i] = place[j];
        place[j] = i;
    }
    for (int t = 0; t < ORDERS_TABLES; t++) orders_step(orders_clear[t]);
    for (int t = 0; t < ORDERS_NETTED; t++)
        for (int i = 0; i < shop->n && t != ORDERS_CUT; i++) {
            const OrdersRow *row = &shop->rows[t == ORDERS_SHUFFLED ? place[i] : i];
            orders_bind_row(orders_insert[t], shop, row, t);
            orders_step(orders_insert[t]);
        }
    orders_cut(shop);
    orders_step(orders_net);
}

/* ---- Running ---- */

#define ORDERS_CONDITIONS "date_unit = :unit AND utc_offset = :offset"
#define ORDERS_EARLY ORDERS_CONDITIONS " AND as_of = :as_of"

/* $T, $C, and the recipes $R and $S of sql/, replaced. */
static char *orders_expand(const char *sql, const char *table, const char *conditions) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    for (const char *at = sql; *at; at++) {
        if (*at != '$') sqlite3_str_appendchar(out, 1, *at);
        else if (*++at == 'T') sqlite3_str_appendall(out, table);
        else if (*at == 'C') sqlite3_str_appendall(out, conditions);
        else sqlite3_str_appendf(out, "SELECT * FROM %s_%s", *at == 'R' ? "rates" : "summary", table);
    }
    return sqlite3_str_finish(out);
}

/* A file of sql/ that reads table, as a view. */
static void orders_make_recipe(const char *name, const char *view, const char *table) {
    char *recipe = twins_recipe(name, table);
    if (!recipe) fuzz_fail("sql/%s.sql is not here: fuzzers run in the top folder", name);
    char *sql = sqlite3_mprintf("CREATE VIEW %s_%s AS %s", view, table, recipe);
    fuzz_exec(orders_db, sql);
    sqlite3_free(sql);
    sqlite3_free(recipe);
}

/* Prepares and frees a text. */
static sqlite3_stmt *orders_prepare(char *sql) {
    sqlite3_stmt *stmt = fuzz_prepare(orders_db, sql);
    sqlite3_free(sql);
    return stmt;
}

static void orders_bind(sqlite3_stmt *stmt, const char *name, const char *text) {
    sqlite3_bind_text(stmt, sqlite3_bind_parameter_index(stmt, name), text, -1, SQLITE_TRANSIENT);
}

/* Each statement has some of the parameters. */
static void orders_bind_arguments(sqlite3_stmt *stmt, const OrdersShop *shop) {
    static const char *const weekdays[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    char offset[16], day[11];
    int size = abs(shop->offset);
    if (!stmt || sqlite3_bind_parameter_count(stmt) == 0) return;
    snprintf(offset, sizeof(offset), "%c%02d:%02d", shop->offset < 0 ? '-' : '+', size / 60 % 100, size % 60);
    orders_print_day(shop->as_of, day);
    orders_bind(stmt, ":unit", orders_units[shop->unit]);
    orders_bind(stmt, ":offset", offset);
    orders_bind(stmt, ":as_of", day);
    orders_bind(stmt, ":weekday", weekdays[shop->week_start]);
    sqlite3_bind_int(stmt, sqlite3_bind_parameter_index(stmt, ":week_start"), shop->week_start);
}

static void orders_prepare_ours(OrdersPair *pair, const char *ours, bool whole) {
    pair->ours = orders_prepare(orders_expand(ours, "orders", ORDERS_CONDITIONS));
    pair->shuffled = orders_prepare(orders_expand(ours, "shuffled", ORDERS_CONDITIONS));
    if (whole) return;
    pair->early = orders_prepare(orders_expand(ours, "shuffled", ORDERS_EARLY));
    pair->cut = orders_prepare(orders_expand(ours, "cut", ORDERS_CONDITIONS));
}

static void orders_prepare_report(OrdersPair *pair, const OrdersReport *def) {
    orders_prepare_ours(pair, def->ours, def->whole);
    if (def->twin) pair->twin = orders_prepare(orders_expand(def->twin, def->twin_table, ""));
    pair->money = def->money;
}

static void orders_prepare_series(OrdersPair *pair, const OrdersSeries *def) {
    char *ours = sqlite3_mprintf(ORDERS_SERIES_OURS, def->period, def->window);
    orders_prepare_ours(pair, ours, false);
    sqlite3_free(ours);
    pair->twin = orders_prepare(sqlite3_mprintf(ORDERS_SERIES_TWIN, def->step, def->first, def->step, def->low));
}

static void orders_prepare_twin(OrdersPair *pair, const Twin *twin, int number) {
    char view[32];
    snprintf(view, sizeof(view), "twin%d", number);
    orders_make_recipe(twin->name, view, "timed");
    snprintf(view, sizeof(view), "twin%d_timed", number);
    pair->ours = orders_prepare(twins_report(orders_db, twin, "orders", view, ORDERS_CONDITIONS));
    pair->shuffled = orders_prepare(twins_report(orders_db, twin, "shuffled", view, ORDERS_CONDITIONS));
    bool sees_nobody = strstr(twin->report, "data_quality") != NULL; /* counts the row of nobody that cut has */
    if (!strstr(twin->conditions, "as_of") && !sees_nobody) {
        pair->early = orders_prepare(twins_report(orders_db, twin, "shuffled", view, ORDERS_EARLY));
        pair->cut = orders_prepare(twins_report(orders_db, twin, "cut", view, ORDERS_CONDITIONS));
    }
    pair->twin = orders_prepare(sqlite3_mprintf("SELECT * FROM %s", view));
    pair->money = twin->money;
}

static OrdersPair *orders_prepare_pair(const OrdersShop *shop, int report) {
    OrdersPair *pair = &orders_pair[report];
    if (!pair->ours && report < ORDERS_REPORTS) orders_prepare_report(pair, &orders_reports[report]);
    else if (!pair->ours && report < ORDERS_OWN) orders_prepare_series(pair, &orders_series[report - ORDERS_REPORTS]);
    else if (!pair->ours) orders_prepare_twin(pair, &twins[report - ORDERS_OWN], report);
    sqlite3_stmt *const all[] = {pair->ours, pair->shuffled, pair->early, pair->cut, pair->twin};
    for (int i = 0; i < FUZZ_COUNT(all); i++) orders_bind_arguments(all[i], shop);
    return pair;
}

static void orders_compare(sqlite3_stmt *a, sqlite3_stmt *b, double slack, bool exact) {
    char *difference = twins_difference(a, b, slack, exact);
    if (difference) fuzz_fail("%s", difference);
}

/* ---- One input ---- */

static void orders_open(void) {
    if (orders_db) return;
    FUZZ_CHECK(n_twins <= ORDERS_TWINS_MAX, "%d twins are more than ORDERS_TWINS_MAX", n_twins);
    orders_db = fuzz_open();
    for (int t = 0; t < ORDERS_TABLES; t++) {
        char *sql = sqlite3_mprintf("CREATE TABLE %s(customer_id, order_date, amount, named, channel)", orders_tables[t]);
        fuzz_exec(orders_db, sql);
        sqlite3_free(sql);
        orders_clear[t] = orders_prepare(sqlite3_mprintf("DELETE FROM %s", orders_tables[t]));
        if (t == ORDERS_NETTED) break;
        orders_insert[t] = orders_prepare(sqlite3_mprintf("INSERT INTO %s VALUES (?1, ?2, ?3, ?4, ?5)", orders_tables[t]));
    }
    fuzz_exec(orders_db, "CREATE VIEW purchase AS SELECT customer_id, order_date AS day FROM canon WHERE customer_id <> ''"
                         " GROUP BY customer_id, order_date"
                         " HAVING sum(amount) > 1e-9 * sum(abs(amount)) OR sum(abs(amount)) = 0");
    /* Rows of nobody keep the first and last date where refunds have moved. */
    orders_net = fuzz_prepare(
        orders_db,
        "WITH placed AS (SELECT named, min(order_date) AS day FROM canon WHERE amount >= 0 AND named IS NOT NULL"
        " GROUP BY named) INSERT INTO netted SELECT customer_id, CASE WHEN amount < 0 AND day < order_date THEN day"
        " ELSE order_date END, amount, named, channel FROM canon LEFT JOIN placed USING (named)"
        " UNION ALL SELECT NULL, max(order_date), 0, NULL, NULL FROM canon HAVING count(*)");
    orders_border = fuzz_prepare(
        orders_db,
        "SELECT 1 FROM (SELECT sum(amount) AS net, 1e-9 * sum(abs(amount)) AS least FROM canon GROUP BY customer_id,"
        " order_date UNION ALL SELECT sum(amount), 1e-9 * sum(abs(amount)) FROM netted GROUP BY customer_id, order_date)"
        " WHERE least > 0 AND abs(abs(net) / least - 1) < 1e-3");
    orders_turnover = fuzz_prepare(orders_db, "SELECT total(abs(amount)) FROM canon");
    static const char *const tables[] = {"canon", "netted"};
    for (int t = 0; t < 2; t++) {
        orders_make_recipe("retention_rate", "rates", tables[t]);
        orders_make_recipe("customer_summary", "summary", tables[t]);
    }
}

/* A day whose net is at the very border of nothing: rounding decides, in either. */
static bool orders_undecided(void) {
    bool found = sqlite3_step(orders_border) == SQLITE_ROW;
    sqlite3_reset(orders_border);
    return found;
}

/* FUZZ_SHOW=1 fuzz_orders FILE: the orders that an input writes, as SQL. */
static void orders_show_all(void) {
    sqlite3_stmt *stmt = fuzz_prepare(
        orders_db, "SELECT format('INSERT INTO orders VALUES (%s, %s, %s, %s, %s); -- %s', quote(o.customer_id),"
                   " quote(o.order_date), quote(o.amount), quote(o.named), quote(o.channel), c.order_date)"
                   " FROM orders o JOIN canon c ON c.rowid = o.rowid");
    while (sqlite3_step(stmt) == SQLITE_ROW) printf("%s\n", sqlite3_column_text(stmt, 0));
    fflush(stdout);
    sqlite3_finalize(stmt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static OrdersShop shop;
    Feed feed = {data, data + size};
    orders_open();
    orders_read(&feed, &shop);
    fuzz_exec(orders_db, "BEGIN");
    orders_fill(&shop);
    if (getenv("FUZZ_SHOW")) orders_show_all();
    sqlite3_step(orders_turnover);
    double turnover = sqlite3_column_double(orders_turnover, 0);
    sqlite3_reset(orders_turnover);
    bool undecided = orders_undecided();
    for (int i = 0; i < ORDERS_TURN && !undecided; i++) {
        int report = (shop.first_report + i) % (ORDERS_OWN + n_twins);
        OrdersPair *pair = orders_prepare_pair(&shop, report);
        orders_compare(pair->ours, pair->shuffled, 0, true);
        if (pair->cut && shop.n > 0) orders_compare(pair->early, pair->cut, 0, true);
        if (pair->twin) orders_compare(pair->ours, pair->twin, pair->money ? 1e-9 * (turnover + 1) : 0, false);
    }
    fuzz_exec(orders_db, "COMMIT");
    return 0;
}
