/* check_quality.c - data_quality: each check finds what it is for and nothing else, what it advises works, and no data
 * make it fail. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "data/auditamount.h"
#include "db.h"
#include "twins.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

enum { QUALITY_CHECKS = 33 };

/* ---- A table of which nothing can be said, and what may be wrong with it ---- */

/* 244 orders, one a day from 2024-01-01 to 2024-08-31, of 80 customers. */
static const char quality_clean[] =
    "CREATE TABLE orders(order_no, customer_id, order_date, amount, status, currency);"
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 243)"
    " INSERT INTO orders SELECT 'A-' || (1000 + i), 'c' || (i % 80), date('2024-01-01', i || ' days'),"
    " 10 + i * 7919 % 83 + 0.25, CASE i % 2 WHEN 0 THEN 'paid' ELSE 'shipped' END, 'EUR' FROM n;";

/* Rows 1, 2, 3 ... of the table. */
#define QUALITY_SET(column, value, rows) "UPDATE orders SET " column " = " value " WHERE rowid IN (" rows ");"

typedef struct QualityCase {
    const char *check;
    const char *shows;     /* makes the check find something ... */
    const char *expected;  /* ... namely severity|rows|customers|example */
    const char *just_not;  /* nearly the same, but fine; NULL: the clean table will do */
} QualityCase;

static const QualityCase quality_cases[] = {
    {"customer_missing", QUALITY_SET("customer_id", "NULL", "3, 9") QUALITY_SET("customer_id", "''", "4")
     QUALITY_SET("customer_id", "x''", "5"), "warning|4|0|NULL in row 3", QUALITY_SET("customer_id", "' '", "3")},
    {"customer_spaces", QUALITY_SET("customer_id", "'c3 '", "4") QUALITY_SET("customer_id", "char(160) || 'c5'", "6")
     QUALITY_SET("customer_id", "'c' || char(8204) || 7", "8") QUALITY_SET("customer_id", "char(9) || 'c9'", "10"),
     "warning|13|8|'?c9' beside 'c9'", QUALITY_SET("customer_id", "'c 3'", "4")},
    {"customer_case", QUALITY_SET("customer_id", "'C3'", "4"), "warning|4|2|'C3' beside 'c3'",
     QUALITY_SET("customer_id", "'C3'", "4, 84, 164, 244")},
    {"customer_letters", QUALITY_SET("customer_id", "'\xD8\xB9\xD9\x84\xD9\x8A'", "4") /* Arabic, then Persian yeh */
     QUALITY_SET("customer_id", "'\xD8\xB9\xD9\x84\xDB\x8C'", "5, 6") QUALITY_SET("customer_id", "'c\xDB\xB7'", "8"),
     "warning|6|4|'c7' beside 'c\xDB\xB7'", QUALITY_SET("customer_id", "'\xD9\x8A'", "4")},
    {"customer_types", QUALITY_SET("customer_id", "7", "1, 2") QUALITY_SET("customer_id", "'7'", "3")
     QUALITY_SET("customer_id", "x'37'", "4"), "warning|4|3|7 beside '7'", QUALITY_SET("customer_id", "'07'", "3")
     QUALITY_SET("customer_id", "7", "1") QUALITY_SET("customer_id", "7.0", "2")},
    {"date_missing", QUALITY_SET("order_date", "NULL", "7") QUALITY_SET("order_date", "''", "8"),
     "error|2|2|NULL in row 7", NULL},
    {"date_unreadable", QUALITY_SET("order_date", "'2024-1-5'", "7") QUALITY_SET("order_date", "'2024-1-6'", "8")
     QUALITY_SET("order_date", "'soon'", "9"), "error|3|3|'2024-1-5' in row 7",
     QUALITY_SET("order_date", "'2024-01-07T10:20:30.5Z'", "7")},
    {"date_unreadable", QUALITY_SET("order_date", "' 2024-01-07'", "7"), "error|1|1|' 2024-01-07' in row 7", NULL},
    {"date_unreadable", QUALITY_SET("order_date", "'1704585600'", "7"), "error|1|1|'1704585600' in row 7", NULL},
    {"date_unreadable", "UPDATE orders SET order_date = julianday(order_date) || '';", "error|244|80|'2460310.5' in row 1", NULL},
    {"date_yyyymmdd", QUALITY_SET("order_date", "'20240107'", "7"), "error|1|1|'20240107' in row 7", NULL},
    {"date_milliseconds", QUALITY_SET("order_date", "'1704585600000'", "7"), "error|1|1|'1704585600000' in row 7", NULL},
    {"date_unreadable", QUALITY_SET("order_date", "x'32'", "7"), "error|1|1|a blob in row 7", NULL},
    {"date_impossible", QUALITY_SET("order_date", "'2024-02-30'", "60") QUALITY_SET("order_date", "'2024-02-01 25:00'", "32"),
     "error|2|2|'2024-02-01 25:00' in row 32", QUALITY_SET("order_date", "'2024-02-29 23:59:59'", "60")},
    {"date_jalali", QUALITY_SET("order_date", "'1402/10/17'", "7") QUALITY_SET("order_date", "'1402-10-18'", "8")
     QUALITY_SET("order_date", "'\xDB\xB1\xDB\xB4\xDB\xB0\xDB\xB2/\xDB\xB1\xDB\xB0/\xDB\xB1\xDB\xB9'", "9")
     QUALITY_SET("order_date", "'1403-02-31'", "141"), "error|4|4|'1402/10/17' in row 7",
     QUALITY_SET("order_date", "'1501-01-01'", "7")},
    {"date_jalali", QUALITY_SET("order_date", "14021017", "7"), "error|1|1|14021017 in row 7",
     QUALITY_SET("order_date", "14021317", "7")},
    {"date_buddhist", QUALITY_SET("order_date", "'2567-01-07'", "7") QUALITY_SET("order_date", "'2567-02-29 10:20'", "60"),
     "error|2|2|'2567-01-07' in row 7", QUALITY_SET("order_date", "'2442-12-31'", "7")},
    {"date_buddhist", "UPDATE orders SET order_date = replace(order_date, '-', '') + 5430000;",
     "error|244|80|25670101 in row 1", "UPDATE orders SET order_date = replace(order_date, '-', '') + 0;"},
    {"date_milliseconds", "UPDATE orders SET order_date = strftime('%s', order_date) * 1000;",
     "note|244|80|1704067200000 in row 1", "UPDATE orders SET order_date = strftime('%s', order_date) + 0;"},
    {"date_milliseconds", "UPDATE orders SET order_date = strftime('%s', order_date) || '000';",
     "error|244|80|'1704067200000' in row 1", NULL},
    {"date_yyyymmdd", "UPDATE orders SET order_date = replace(order_date, '-', '') + 0;", "note|244|80|20240101 in row 1",
     "UPDATE orders SET order_date = julianday(order_date);"},
    {"date_yyyymmdd", "UPDATE orders SET order_date = replace(order_date, '-', '');", "error|244|80|'20240101' in row 1", NULL},
    {"date_mixed_types", "UPDATE orders SET order_date = strftime('%s', order_date) + 0 WHERE rowid < 5;",
     "error|4|4|1704067200 in row 1", "UPDATE orders SET order_date = order_date || ' 10:20' WHERE rowid < 5;"},
    {"date_mixed_types", "UPDATE orders SET order_date = strftime('%s', order_date) + 0 WHERE rowid > 4;",
     "error|4|4|'2024-01-01' in row 1", NULL},
    {"date_mixed_types", "UPDATE orders SET order_date = strftime('%s', order_date) * 1000 WHERE rowid < 5;",
     "error|4|4|1704067200000 in row 1", NULL},
    {"date_mixed_types", "UPDATE orders SET order_date = replace(order_date, '-', '') + 0 WHERE rowid < 5;",
     "error|4|4|20240101 in row 1", NULL},
    {"date_mixed_types", "UPDATE orders SET order_date = strftime('%s', order_date) * 1000 WHERE rowid > 4;",
     "error|4|4|'2024-01-01' in row 1", NULL},
    {"date_mixed_types", "UPDATE orders SET order_date = julianday(order_date) WHERE rowid > 4;",
     "error|4|4|'2024-01-01' in row 1", NULL},
    {"date_mixed_types", "UPDATE orders SET order_date = replace(order_date, '-', '') + 0 WHERE rowid > 4;",
     "error|4|4|'2024-01-01' in row 1", NULL},
    {"date_mixed_types", "UPDATE orders SET order_date = julianday(order_date) WHERE rowid < 5;",
     "error|4|4|2460310.5 in row 1", NULL},
    {"date_offset", QUALITY_SET("order_date", "'2024-01-07T23:30:00-05:00'", "7")
     QUALITY_SET("order_date", "'2024-01-08 23:00 -0500'", "8"), "warning|2|2|'2024-01-07T23:30:00-05:00' in row 7", QUALITY_SET("order_date", "'2024-01-07T18:30:00-05:00'", "7")
     QUALITY_SET("order_date", "'2024-01-08T23:30:00Z'", "8")},
    {"date_offset", QUALITY_SET("order_date", "'2024-01-09 00:30+01'", "9"), "warning|1|1|'2024-01-09 00:30+01' in row 9", NULL},
    {"date_future", QUALITY_SET("order_date", "'2025-09-01'", "244") QUALITY_SET("order_date", "'2042-01-01'", "243"),
     "warning|2|2|2042-01-01", QUALITY_SET("order_date", "'2025-09-01'", "244") QUALITY_SET("order_date", "'2024-08-31'", "244")},
    {"date_future", QUALITY_SET("order_date", "'2025-09-01'", "1"), "warning|1|1|2025-09-01",
     QUALITY_SET("order_date", "'2025-08-31'", "1")},
    {"date_before_1990", QUALITY_SET("order_date", "'1970-01-01'", "7") QUALITY_SET("order_date", "'0001-01-01'", "8")
     QUALITY_SET("order_date", "'1989-12-31 23:59'", "9"), "warning|3|3|'1970-01-01' in row 7",
     QUALITY_SET("order_date", "'1990-01-01'", "7")},
    {"amount_missing", QUALITY_SET("amount", "NULL", "7"), "note|1|1|NULL in row 7", QUALITY_SET("amount", "0", "7")},
    {"amount_unreadable", QUALITY_SET("amount", "'1,200.50'", "7") QUALITY_SET("amount", "'\xDB\xB1\xDB\xB2\xDB\xB0\xDB\xB0'", "8")
     QUALITY_SET("amount", "'1 200'", "9") QUALITY_SET("amount", "'\xD9\xA1\xD9\xAC\xD9\xA2\xD9\xA0\xD9\xA0\xD9\xAB\xD9\xA5'", "10"),
     "error|4|4|'1,200.50' in row 7", QUALITY_SET("amount", "'1200.50'", "7") QUALITY_SET("amount", "' 1e2 '", "8")},
    {"amount_unreadable", QUALITY_SET("amount", "'12,50'", "7") QUALITY_SET("amount", "9e999", "8")
     QUALITY_SET("amount", "'EUR 5'", "9"), "error|3|3|'12,50' in row 7", NULL},
    {"amount_zero", QUALITY_SET("amount", "0", "7") QUALITY_SET("amount", "-0.0", "8"), "note|2|2|0 in row 7",
     QUALITY_SET("amount", "NULL", "7") QUALITY_SET("amount", "1e-300", "8")},
    {"amount_negative", QUALITY_SET("amount", "-1e-300", "7"), "note|1|1|-1.0e-300 in row 7", QUALITY_SET("amount", "0", "7")},
    {"customer_only_refunds", "INSERT INTO orders VALUES ('R-1', 'x', '2024-01-07', -5, 'paid', 'EUR'),"
     " ('R-2', 'y', '2024-01-07', 0.3, 'paid', 'EUR'), ('R-3', 'y', '2024-01-07', -0.3, 'paid', 'EUR');",
     "note|3|2|customer 'x'", "INSERT INTO orders VALUES ('R-1', 'x', '2024-01-07', -5, 'paid', 'EUR'),"
     " ('R-2', 'x', '2024-01-08', 1, 'paid', 'EUR'), ('R-3', 'y', '2024-01-07', 0, 'paid', 'EUR');"},
    {"order_repeated", "INSERT INTO orders SELECT * FROM orders WHERE rowid IN (5, 7);"
     "INSERT INTO orders SELECT * FROM orders WHERE rowid = 5;", "warning|3|2|order 'A-1004' in rows 5 and 245",
     "INSERT INTO orders SELECT order_no, customer_id, order_date, -amount, status, currency FROM orders WHERE rowid = 5;"
     QUALITY_SET("order_no", "NULL", "8, 9") QUALITY_SET("order_no", "'A-1006'", "8")},
    {"order_two_customers", QUALITY_SET("order_no", "'A-1004'", "6, 7"), "warning|3|3|order 'A-1004' in rows 5 and 6",
     QUALITY_SET("order_no", "'A-1004'", "6") QUALITY_SET("customer_id", "NULL", "6")},
    {"order_lines", "INSERT INTO orders SELECT order_no, customer_id, order_date, amount + 1, status, currency"
     " FROM orders WHERE rowid < 4;", "note|3|3|order 'A-1000' in rows 1 and 245",
     "INSERT INTO orders SELECT * FROM orders WHERE rowid < 4;"},
    {"order_lines", "INSERT INTO orders SELECT order_no, customer_id, order_date || ' 10:20', amount, status, currency"
     " FROM orders WHERE rowid = 9;", "note|1|1|order 'A-1008' in rows 9 and 245", NULL},
    {"same_day_orders", "INSERT INTO orders SELECT 'B' || order_no, customer_id, order_date, 0, status, currency FROM orders"
     " WHERE rowid < 4;", "note|3|3|customer 'c0'",
     "INSERT INTO orders SELECT 'B' || order_no, customer_id, order_date, -1, status, currency FROM orders WHERE rowid < 4;"},
    {"outsized_customer", QUALITY_SET("amount", "3e6", "7"), "warning|3|1|customer 'c6': 100 % of the amount",
     "UPDATE orders SET customer_id = 'c6' WHERE rowid % 5 = 0;"},
    {"outsized_customer", "UPDATE orders SET amount = 1; UPDATE orders SET customer_id = 'guest' WHERE rowid % 3 = 0;",
     "warning|81|1|customer 'guest': 33 % of the rows", NULL},
    {"status_cancelled", QUALITY_SET("status", "'Cancelled'", "7") QUALITY_SET("status", "' REFUNDED '", "8")
     QUALITY_SET("status", "'cancelled'", "9"), "warning|3|3|'Cancelled' in row 7",
     QUALITY_SET("status", "'not cancelled'", "7") QUALITY_SET("status", "'refunded'", "8") QUALITY_SET("amount", "-1", "8")},
    {"status_cancelled", "ALTER TABLE orders ADD COLUMN is_test; ALTER TABLE orders ADD COLUMN \"Cancelled At\";"
     QUALITY_SET("is_test", "1", "7") QUALITY_SET("is_test", "'true'", "8") QUALITY_SET("\"Cancelled At\"", "'2024-01-09'", "9"),
     "warning|3|3|1 in row 7", "ALTER TABLE orders ADD COLUMN is_test;" QUALITY_SET("is_test", "0", "7")
     QUALITY_SET("is_test", "'no'", "8")},
    {"several_currencies", QUALITY_SET("currency", "'USD'", "7") QUALITY_SET("currency", "'CHF'", "8, 9"),
     "error|3|NULL|'CHF' beside 'EUR'", QUALITY_SET("currency", "NULL", "7") QUALITY_SET("currency", "''", "8")},
    {"first_period_unfinished", "DELETE FROM orders WHERE rowid < 3;", "note|29|29|begins on 2024-01-03", NULL},
    {"last_period_unfinished", "DELETE FROM orders WHERE rowid > 240;", "note|27|27|ends on 2024-08-27", NULL},
    {"days_without_orders", "DELETE FROM orders WHERE rowid BETWEEN 11 AND 17 OR rowid BETWEEN 101 AND 110;",
     "warning|17|NULL|from 2024-04-10 on, 10 days", "DELETE FROM orders WHERE rowid BETWEEN 11 AND 16;"},
    {"left_truncation", "UPDATE orders SET customer_id = 'd' || (rowid % 15) WHERE rowid > 31;"
     , "warning|31|31|31 new at first, then about 0",
     "UPDATE orders SET customer_id = 'd' || (rowid % 16) WHERE rowid > 31;"},
    {"frequency_spend_correlation", "UPDATE orders SET amount = 1000 WHERE customer_id < 'c12';"
     "INSERT INTO orders SELECT 'B' || order_no, customer_id, date(order_date, '+1 day'), amount, status, currency FROM orders"
     " WHERE customer_id < 'c12';", "note|*|80|*", NULL},
};

static sqlite3 *quality_open(const char *change) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "%s", quality_clean);
    if (change) db_exec(db, "%s", change);
    return db;
}

/* severity|rows|customers|example of one check; malloc'd. */
static char *quality_ask(sqlite3 *db, const char *source, const char *check, const char *conditions) {
    return db_rows(db, "SELECT severity, rows, customers, example FROM data_quality(%Q) WHERE check_name = %Q%s%s", source,
                   check, *conditions ? " AND " : "", conditions);
}

/* Equal, but that a field of expected may be '*'. */
static bool quality_matches(const char *text, const char *expected) {
    while (*expected == '*' || *text == *expected) {
        if (!*expected) return true;
        if (*expected == '*') {
            text += strcspn(text, "|");
            expected++;
        } else {
            text++;
            expected++;
        }
    }
    return false;
}

START_TEST(clean_is_ok) {
    sqlite3 *db = quality_open(NULL);
    db_expect(db, "SELECT check_name, severity, rows, share, customers, example, fix FROM data_quality('orders')"
                  " WHERE severity <> 'ok' OR rows IS NOT 0 OR share IS NOT 0.0 OR example IS NOT NULL OR fix IS NOT NULL"
                  " OR customers IS NOT CASE check_name WHEN 'days_without_orders' THEN NULL ELSE 0 END", "");
    db_expect(db, "SELECT count(*), count(DISTINCT check_name), count(effect) FROM data_quality('orders')", "33|33|33");
    db_close(db);
}
END_TEST

START_TEST(checks_find) {
    const QualityCase *c = &quality_cases[_i];
    sqlite3 *db = quality_open(c->shows);
    char *found = quality_ask(db, "orders", c->check, "");
    ck_assert_msg(quality_matches(found, c->expected), "%s: %s\n  gives %s\n  not   %s", c->check, c->shows, found, c->expected);
    free(found);
    db_close(db);
    db = quality_open(c->just_not);
    found = quality_ask(db, "orders", c->check, "");
    ck_assert_msg(strncmp(found, "ok|0|", 5) == 0, "%s: %s\n  gives %s", c->check, c->just_not, found);
    free(found);
    db_close(db);
}
END_TEST

/* ---- What is advised ---- */

/* The text between "WHERE " and the end. */
static const char *quality_condition(const char *fix) {
    const char *where = strstr(fix, "WHERE ");
    return where ? where + strlen("WHERE ") : NULL;
}

/* The name behind CREATE TEMP VIEW. */
static char *quality_view(const char *fix) {
    static char name[64];
    const char *at = strchr(fix, '"');
    size_t n = 0;
    ck_assert_msg(at != NULL, "%s", fix);
    for (at++; *at && (*at != '"' || at[1] == '"') && n + 1 < sizeof(name); at++) {
        at += *at == '"';
        name[n++] = *at;
    }
    name[n] = 0;
    return name;
}

static void quality_expect_fixed(sqlite3 *db, const char *source, const char *check, const char *conditions, const char *fix) {
    char *found = quality_ask(db, source, check, conditions);
    ck_assert_msg(strncmp(found, "ok|0|", 5) == 0 || strncmp(found, "note|", 5) == 0, "%s: after %s\n  it is %s", check, fix,
                  found);
    free(found);
}

/* SQL runs, and what it changes or leaves out is not found again; a condition helps where it is added. */
static void quality_follow(sqlite3 *db, const char *source, const char *check, const char *fix, int more) {
    size_t size = strlen(fix);
    ck_assert_msg(size > 0, "%s: no advice", check);
    if (fix[size - 1] != ';') {
        const char *condition = quality_condition(fix);
        if (condition && !strstr(fix, "as in")) quality_expect_fixed(db, source, check, condition, fix);
        return;
    }
    if (strncmp(fix, "SELECT", 6) == 0) {
        int64_t n = db_int(db, "SELECT count(*) FROM (%.*s)", (int)size - 1, fix);
        int64_t rows = db_int(db, "SELECT rows FROM data_quality(%Q) WHERE check_name = %Q", source, check);
        ck_assert_msg(strstr(fix, "GROUP BY") ? n > 0 : n == rows, "%s: %lld rows come of %s", check, (long long)n, fix);
        return;
    }
    db_exec(db, "%s", fix);
    const char *fixed = strncmp(fix, "UPDATE", 6) == 0 ? source : quality_view(fix);
    char *next = db_rows(db, "SELECT fix FROM data_quality(%Q) WHERE check_name = %Q", fixed, check);
    if (more == 0 || strcmp(next, "NULL") == 0) quality_expect_fixed(db, fixed, check, "", fix);
    else quality_follow(db, fixed, check, next, more - 1);
    free(next);
}

static void quality_follow_case(const QualityCase *c, const char *source) {
    sqlite3 *db = quality_open(c->shows);
    db_exec(db, "CREATE VIEW \"a view\" AS SELECT * FROM orders; CREATE TABLE \"my \"\"table\" AS SELECT * FROM orders;"
                "ATTACH ':memory:' AS other; CREATE TABLE other.\"order\" AS SELECT * FROM orders");
    char *fix = db_rows(db, "SELECT fix FROM data_quality(%Q) WHERE check_name = %Q", source, c->check);
    char *of_table = db_rows(db, "SELECT fix FROM data_quality('orders') WHERE check_name = %Q", c->check);
    bool changes = strncmp(of_table, "UPDATE", 6) == 0 && !strstr(source, "a view");
    ck_assert_msg((strncmp(fix, "UPDATE", 6) == 0) == changes, "%s: a table can be changed, a view cannot: %s", source, fix);
    quality_follow(db, source, c->check, fix, 1);
    free(of_table);
    free(fix);
    db_close(db);
}

START_TEST(advice_works) {
    const QualityCase *c = &quality_cases[_i];
    quality_follow_case(c, "orders");
    quality_follow_case(c, "a view");
    quality_follow_case(c, "main.a view");
    quality_follow_case(c, "my \"table");
    quality_follow_case(c, "other.order");
}
END_TEST

START_TEST(advice_for_what_is_named) {
    sqlite3 *db = quality_open("UPDATE orders SET order_date = strftime('%s', order_date) || '' WHERE 1;");
    db_expect(db, "SELECT fix FROM data_quality('orders') WHERE check_name = 'date_unreadable'",
              "name the unit: WHERE date_unit = 'unix'");
    db_expect(db, "SELECT group_concat(check_name) FROM data_quality('orders') WHERE date_unit = 'unix' AND severity <> 'ok'",
              "NULL");
    db_exec(db, "DROP TABLE orders; %s UPDATE orders SET customer_id = 'it''s' WHERE rowid %% 3 = 0", quality_clean);
    db_expect(db, "SELECT fix FROM data_quality('orders') WHERE check_name = 'outsized_customer'",
              "CREATE TEMP VIEW \"orders_rest\" AS SELECT * FROM \"orders\" WHERE \"customer_id\" IS NOT 'it''s';");
    db_exec(db, "UPDATE orders SET customer_id = printf('%%.*c', 100, 'x') WHERE rowid %% 3 = 0");
    db_expect(db, "SELECT fix FROM data_quality('orders') WHERE check_name = 'outsized_customer'",
              "if this is not one person (a till, guests, tests), leave it out by a view");
    db_close(db);
}
END_TEST

/* ---- Arguments ---- */

START_TEST(as_of_ends_the_data) {
    sqlite3 *db = quality_open("UPDATE orders SET amount = 0, status = 'void' WHERE rowid > 200;"
                               "UPDATE orders SET customer_id = NULL WHERE rowid > 210;"
                               "UPDATE orders SET order_date = 'x' WHERE rowid = 240;");
    db_expect(db, "SELECT check_name, severity, rows, customers, example, effect, fix FROM data_quality('orders')"
                  " WHERE as_of = '2024-06-30' AND severity <> 'ok' ORDER BY check_name",
              "amount_zero|note|1|0|0 in row 240|a day of nothing but zeroes is a purchase of 0|nothing to do if they are free"
              " orders; else leave them out by a view\n"
              "customer_missing|warning|1|0|NULL in row 240|left out of all figures but as_of|SELECT * FROM \"orders\" WHERE"
              " coalesce(\"customer_id\", '') IN ('', x'');\n"
              "date_future|note|61|28|'2024-07-01' in row 183|ignored: later than as_of|nothing to do\n"
              "date_unreadable|error|1|0|'x' in row 240|reports stop with an error, or leave the rows out (on_error = 'skip')"
              "|write YYYY-MM-DD, or YYYY-MM-DD HH:MM:SS\n"
              "status_cancelled|warning|1|0|'void' in row 240|count as orders: no report reads that column|CREATE TEMP VIEW"
              " \"orders_kept\" AS SELECT * FROM \"orders\" WHERE lower(trim(coalesce(\"status\", ''))) NOT IN ('void') OR"
              " \"amount\" < 0;");
    db_expect(db, "SELECT rows, example FROM data_quality('orders') WHERE as_of = '2024-06-29' AND check_name ="
                  " 'last_period_unfinished'", "29|ends on 2024-06-29");
    db_close(db);
}
END_TEST

START_TEST(periods_are_those_asked_for) {
    sqlite3 *db = quality_open(NULL); /* 2024-01-01 is a Monday, 2024-08-31 a Saturday */
    static const char sql[] = "SELECT p.value, group_concat(q.rows, ' ') FROM json_each('[\"day\",\"week\",\"month\","
                              "\"quarter\",\"year\",\"10 days\"]') p, data_quality('orders', p.value) q"
                              " WHERE check_name LIKE '%period_unfinished' GROUP BY p.key";
    db_expect(db, sql, "day|0 0\nweek|0 6\nmonth|0 0\nquarter|0 62\nyear|0 244\n10 days|0 4");
    db_expect(db, "SELECT rows FROM data_quality('orders', 'week') WHERE week_start = 'sunday' AND check_name LIKE"
                  " '%period_unfinished'", "6\n0");
    /* 11 Dey 1402 to 10 Shahrivar 1403 */
    db_expect(db, "SELECT rows, example, fix FROM data_quality('orders') WHERE calendar = 'jalali' AND check_name LIKE"
                  " '%period_unfinished'",
              "20|begins on 1402-10-11|leave the period of 1402-10-01 out of comparisons\n"
              "10|ends on 1403-06-10|for complete periods only: WHERE as_of = '1403-05-31'");
    db_close(db);
}
END_TEST

START_TEST(columns_decide_what_is_checked) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "%s CREATE TABLE bare AS SELECT customer_id, order_date FROM orders;"
                "CREATE TABLE keyed(order_id TEXT PRIMARY KEY, user_id, paid_at, total);"
                "INSERT INTO keyed SELECT order_no, customer_id, order_date, amount FROM orders", quality_clean);
    db_expect(db, "SELECT check_name, effect FROM data_quality('bare') WHERE rows IS NULL",
              "amount_missing|not checked: there is no amount column\namount_unreadable|not checked: there is no amount column\n"
              "amount_zero|not checked: there is no amount column\namount_negative|not checked: there is no amount column\n"
              "customer_only_refunds|not checked: there is no amount column\n"
              "order_repeated|not checked: there is no order column\norder_two_customers|not checked: there is no order column\n"
              "order_lines|not checked: there is no order column\nstatus_cancelled|not checked: there is no status column\n"
              "several_currencies|not checked: there is no currency column\n"
              "frequency_spend_correlation|not checked: there are fewer than 30 repeat customers with amounts");
    db_expect(db, "SELECT check_name, rows FROM data_quality('keyed') WHERE check_name GLOB 'order_*'",
              "order_repeated|0\norder_two_customers|0\norder_lines|0");
    db_expect(db, "SELECT count(rows) FROM data_quality('orders') WHERE amount_column = '' AND order_column = ''", "24");
    db_expect_error(db, "SELECT * FROM data_quality('order')", SQLITE_ERROR,
                    "data_quality: no table or view 'order' (did you mean 'orders'?)");
    db_expect_error(db, "SELECT * FROM data_quality('orders') WHERE date_column = 'day'", SQLITE_ERROR,
                    "data_quality: date_column: orders has no column 'day'");
    db_exec(db, "CREATE TABLE two(customer_id, user_id, order_date); CREATE TABLE lines(customer_id, order_date, quantity, price)");
    db_expect_error(db, "SELECT * FROM data_quality('two')", SQLITE_ERROR,
                    "data_quality: cannot choose the customer column of two: 'customer_id' and 'user_id' both fit");
    db_expect_error(db, "SELECT * FROM data_quality('lines')", SQLITE_ERROR, "data_quality: cannot choose the amount column");
    db_expect_error(db, "SELECT * FROM data_quality('orders') WHERE on_error = 'skip'", SQLITE_ERROR, "no such column: on_error");
    db_close(db);
}
END_TEST

/* A name too long to be known is no status; orders repeat also where there are no amounts. */
START_TEST(columns_of_odd_tables) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(order_no, customer_id, order_date, \"cancelled_%s\");"
                "INSERT INTO orders VALUES (1, 'a', '2024-01-01', 1), (1, 'a', '2024-01-01', 1), (2, 'b', '2024-01-02', 1)",
            "a_name_of_very_many_letters_that_nobody_would_give_to_a_column_of_theirs");
    db_expect(db, "SELECT check_name, rows, example FROM data_quality('orders') WHERE check_name IN ('order_repeated',"
                  " 'status_cancelled') ORDER BY 1", "order_repeated|1|order 1 in rows 1 and 2\nstatus_cancelled|NULL|NULL");
    db_close(db);
}
END_TEST

/* ---- Laws ---- */

static const DbShop quality_shops[] = {
    {.seed = 1, .n_customers = 60, .n_days = 500, .gap_days = 25},
    {.seed = 2, .n_customers = 90, .n_days = 800, .gap_days = 40, .refunds = true, .odd_ids = true},
    {.seed = 3, .n_customers = 40, .n_days = 100, .gap_days = 5, .refunds = true},
    {.seed = 4, .n_customers = 1, .n_days = 200, .gap_days = 9},
    {.seed = 5, .n_customers = 700, .n_days = 90, .gap_days = 30, .refunds = true, .odd_ids = true},
    {.seed = 6, .n_customers = 0, .n_days = 90, .gap_days = 30},
};

/* Severity, advice, share and example say the same as the rows. */
static void quality_expect_whole(sqlite3 *db, const char *source) {
    char *wrong = db_rows(db, "SELECT * FROM data_quality(%Q) WHERE (severity = 'ok') <> (coalesce(rows, 0) = 0) OR (fix IS"
                              " NULL) <> (severity = 'ok') OR (rows > 0 AND example IS NULL) OR (rows IS NULL AND (share OR"
                              " customers OR effect NOT LIKE 'not checked: %%')) OR rows < 0 OR share > 1 OR customers < 0 OR"
                              " (rows > 0 AND check_name <> 'days_without_orders' AND (share <> 1.0 * rows / rows_read OR"
                              " rows > rows_read)) OR effect IS NULL OR length(example) > 200", source);
    ck_assert_msg(!wrong[0], "%s: %s", source, wrong);
    free(wrong);
    ck_assert_int_eq(db_int(db, "SELECT count(*) FROM data_quality(%Q)", source), QUALITY_CHECKS);
}

START_TEST(rows_agree_with_themselves) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", quality_shops[_i]);
    quality_expect_whole(db, "orders");
    db_expect_same(db, "SELECT rows FROM data_quality('orders') WHERE check_name = 'amount_zero'",
                   "SELECT count(*) FROM orders WHERE amount = 0");
    db_expect_same(db, "SELECT rows, customers FROM data_quality('orders') WHERE check_name = 'customer_only_refunds'",
                   "SELECT coalesce(sum(n), 0), count(*) FROM (SELECT sum(n) AS n FROM (SELECT customer_id, count(*) AS n,"
                   " total(amount) > 1e-9 * total(abs(amount)) OR total(abs(amount)) = 0 AS buys FROM orders WHERE customer_id"
                   " NOT IN ('', x'') GROUP BY customer_id, substr(order_date, 1, 10)) GROUP BY customer_id HAVING NOT max(buys))");
    db_close(db);
}
END_TEST

/* check_twins has no ids that are alike. */
START_TEST(odd_ids_agree_with_the_twin) {
    sqlite3 *db = db_open(NULL);
    db_make_shop(db, "orders", quality_shops[_i]);
    db_exec(db, "UPDATE orders SET customer_id = upper(customer_id) || '  ' WHERE typeof(customer_id) = 'text' AND rowid %% 7 = 0");
    char *recipe = twins_recipe("data_quality", "orders");
    db_exec(db, "CREATE TEMP VIEW twin AS %s", recipe);
    db_expect_same(db, "SELECT q.check_name, q.rows, q.customers FROM twin t CROSS JOIN data_quality('orders') q USING"
                       " (check_name)", "SELECT * FROM twin");
    sqlite3_free(recipe);
    db_close(db);
}
END_TEST

/* Values of every kind, each of them wrong in some way for some column. */
static const char quality_pool[] =
    "CREATE TABLE pool AS SELECT column1 AS v, row_number() OVER () AS i FROM (VALUES (NULL), (''), (x''), (0), (-1), (1), (1.0),"
    " ('1'), (x'31'), (7.5), ('2024-01-05'), ('2024-01-05 10:20'), ('2024-01-05T23:30-05:00'), ('2024-01-06T00:30+03:30'),"
    " ('2024-02-30'), ('2024-02-28 25:00'), ('1404/09/15'), ('1404-09-15'), ('\xDB\xB1\xDB\xB4\xDB\xB0\xDB\xB4/\xDB\xB0\xDB\xB9/"
    "\xDB\xB1\xDB\xB5'), ('2567-02-29'), (25670105), (14040915), ('14040915'), ('20240105'), (20240105), (1704412800),"
    " ('1704412800'), (1704412800000), (2460314.5), ('2460314.5'), ('now'), ('10:20'), ('2024-1-5'), ('01/05/2024'),"
    " (' 2024-01-05'), ('2042-01-01'), ('1970-01-01'), ('9999-12-31'), ('0000-01-01'), ('9999-12-31 23:59-14:00'),"
    " (9223372036854775807), (-9223372036854775808), (9e999), (-9e999), (1e300), (1e-300), ('1,200.50'), ('12,50'),"
    " ('\xDB\xB1\xDB\xB2'), ('Ann'), ('ann '), ('ANN'), (char(160) || 'ann'), ('\xD9\x8A'), ('\xDB\x8C'), ('cancelled'),"
    " ('EUR'), ('true'), (zeroblob(40)), (CAST(x'ff00fe' AS TEXT)), ('a' || char(0) || 'b'), (printf('%.*c', 20000, 'x')),"
    " (printf('%.*c', 20000, 'X')), ('   '), (char(8204)));";

/* No table makes it fail; row order changes nothing but examples of rows. */
START_TEST(nothing_makes_it_fail) {
    sqlite3 *db = db_open(NULL);
    uint64_t state = (uint64_t)_i + 99;
    db_exec(db, "%s", quality_pool);
    int n = (int)db_int(db, "SELECT count(*) FROM pool"), rows = 1 + (int)(db_random(&state) % 400);
    db_exec(db, "CREATE TABLE orders(order_id, customer_id, order_date, amount, status, is_test, currency)");
    for (int r = 0; r < rows; r++) {
        int v[7];
        for (int i = 0; i < 7; i++) v[i] = 1 + (int)(db_random(&state) % (uint64_t)n);
        db_exec(db, "INSERT INTO orders SELECT %s", "1, 1, 1, 1, 1, 1, 1");
        db_exec(db, "UPDATE orders SET order_id = (SELECT v FROM pool WHERE i = %d), customer_id = (SELECT v FROM pool WHERE i ="
                    " %d), order_date = (SELECT v FROM pool WHERE i = %d), amount = (SELECT v FROM pool WHERE i = %d), status ="
                    " (SELECT v FROM pool WHERE i = %d), is_test = (SELECT v FROM pool WHERE i = %d), currency = (SELECT v FROM"
                    " pool WHERE i = %d) WHERE rowid = %d", v[0], v[1], v[2], v[3], v[4], v[5], v[6], r + 1);
    }
    quality_expect_whole(db, "orders");
    db_exec(db, "CREATE TABLE shuffled AS SELECT * FROM orders ORDER BY rowid * 7919 %% 1009");
    static const char *const conditions[] = {"1", "date_unit = 'text'", "date_unit = 'unix'", "date_unit = 'yyyymmdd'",
                                             "calendar = 'jalali'", "utc_offset = '+03:30'", "as_of = '2024-01-05'"};
    for (int i = 0; i < COUNT(conditions); i++) {
        for (int t = 0; t < 2; t++)
            db_exec(db, "DROP TABLE IF EXISTS x%d; CREATE TABLE x%d AS SELECT check_name, severity, rows, share, customers, effect,"
                        " replace(fix, 'shuffled', 'orders') AS fix, rows_skipped, CASE WHEN example NOT LIKE '%% in row%%' THEN"
                        " example END AS example FROM data_quality(%Q) WHERE %s", t, t, t ? "orders" : "shuffled", conditions[i]);
        ck_assert_int_eq(db_int(db, "SELECT count(*) FROM x0"), QUALITY_CHECKS);
        db_expect(db, "SELECT * FROM (SELECT * FROM x0 EXCEPT SELECT * FROM x1) UNION ALL SELECT * FROM (SELECT * FROM x1 EXCEPT"
                      " SELECT * FROM x0)", "");
    }
    db_close(db);
}
END_TEST

/* The book that is made beside is the one that other reports make of the same rows. */
START_TEST(leaves_out_what_reports_leave_out) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "%s CREATE TABLE orders AS SELECT c.v AS customer_id, d.v AS order_date, a.v AS amount FROM pool c, pool d, pool a"
                " WHERE (c.i + d.i * 7 + a.i * 3) %% 11 = 0", quality_pool);
    db_expect_same(db, "SELECT DISTINCT rows_read, rows_skipped, rows_no_customer, as_of FROM data_quality('orders') WHERE"
                       " date_unit = 'text' AND calendar = 'jalali'",
                   "SELECT DISTINCT rows_read, rows_skipped, rows_no_customer, as_of FROM retention_rate('orders', 'year') WHERE"
                   " date_unit = 'text' AND calendar = 'jalali' AND on_error = 'skip'");
    db_close(db);
}
END_TEST

/* ---- Many ids, long ids, other encodings ---- */

START_TEST(ids_in_any_number) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date);"
                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999) INSERT INTO orders SELECT"
                " CASE i %% 5 WHEN 0 THEN 'Name' || i WHEN 1 THEN 'name' || (i - 1) WHEN 2 THEN ' name ' || i WHEN 3 THEN i"
                " ELSE CAST(i - 1 AS TEXT) END, '2024-01-05' FROM n");
    static const char sql[] = "SELECT check_name, rows, customers FROM data_quality('orders') WHERE check_name IN"
                              " ('customer_spaces', 'customer_case', 'customer_types')";
    db_expect(db, sql, "customer_spaces|0|0\ncustomer_case|2000|2000\ncustomer_types|2000|2000");
    /* Ids that fill the batch, and ids that are longer than it. */
    db_exec(db, "DELETE FROM orders; WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99) INSERT INTO"
                " orders SELECT printf('%%.*c', 1000 + 400 * (i / 2), CASE i %% 2 WHEN 0 THEN 'x' ELSE 'X' END), '2024-01-05'"
                " FROM n");
    db_expect(db, sql, "customer_spaces|0|0\ncustomer_case|100|100\ncustomer_types|0|0");
    db_close(db);
}
END_TEST

/* Texts that are one with an integer, and texts that only look so. */
START_TEST(texts_that_are_integers) {
    static const char *const pairs[][2] = {{"0", "'0'"}, {"-1", "'-1'"}, {"9223372036854775807", "'9223372036854775807'"},
                                           {"-9223372036854775808", "'-9223372036854775808'"}, {"12", "' 12'"},
                                           {"19", "'\xDB\xB1\xD9\xA9'"}, {"7", "x'37'"}, {"1.0", "'1'"}, {"x'41'", "'a'"}};
    static const char *const others[][2] = {{"0", "'-0'"}, {"7", "'07'"}, {"7", "'+7'"}, {"7", "'7.0'"}, {"1.5", "'1.5'"},
                                            {"9223372036854775807", "'9223372036854775808'"}, {"7", "'7 7'"}, {"0", "' '"}};
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date)");
    for (int i = 0; i < COUNT(pairs) + COUNT(others); i++) {
        bool alike = i < COUNT(pairs);
        const char *const *pair = alike ? pairs[i] : others[i - COUNT(pairs)];
        db_exec(db, "DELETE FROM orders; INSERT INTO orders VALUES (%s, '2024-01-05'), (%s, '2024-01-06')", pair[0], pair[1]);
        ck_assert_msg(db_int(db, "SELECT customers FROM data_quality('orders') WHERE check_name = 'customer_types'") ==
                      (alike ? 2 : 0), "%s and %s", pair[0], pair[1]);
    }
    db_close(db);
}
END_TEST

/* Customers that only unreadable rows have are compared, too; rows after as_of are not. */
START_TEST(ids_of_unreadable_rows) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date); INSERT INTO orders VALUES ('ann', '2024-01-05'), ('Ann', 'x'),"
                " ('Ann', NULL), ('ann', 'y'), ('bob', '2024-01-05'), ('Bob', '2024-01-06')");
    static const char sql[] = "SELECT rows, customers, example FROM data_quality('orders') WHERE check_name = 'customer_case'";
    db_expect(db, sql, "6|4|'Ann' beside 'ann'");
    char *until = sqlite3_mprintf("%s AND as_of = '2024-01-05'", sql);
    db_expect(db, until, "4|2|'Ann' beside 'ann'");
    sqlite3_free(until);
    db_close(db);
}
END_TEST

START_TEST(utf16_is_the_same) {
    sqlite3 *db = db_open(NULL), *wide = db_open(NULL);
    db_exec(wide, "PRAGMA encoding = 'UTF-16le'");
    for (int i = 0; i < COUNT(quality_cases); i++) {
        sqlite3 *both[] = {db, wide};
        char *rows[2];
        for (int k = 0; k < 2; k++) {
            db_exec(both[k], "DROP TABLE IF EXISTS orders; %s %s", quality_clean, quality_cases[i].shows);
            rows[k] = db_rows(both[k], "SELECT * FROM data_quality('orders')");
        }
        /* What casts a blob to text depends on the encoding. */
        if (!strstr(quality_cases[i].shows, "x'")) ck_assert_str_eq(rows[0], rows[1]);
        free(rows[0]);
        free(rows[1]);
    }
    db_close(db);
    db_close(wide);
}
END_TEST

START_TEST(orders_in_any_number) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(order_id, customer_id, order_date, amount);"
                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 29999) INSERT INTO orders SELECT"
                " CASE WHEN i %% 3 THEN i ELSE 'order number ' || i END, i %% 500, date('2024-01-01', (i / 500) || ' days'), i %% 7"
                " FROM n; INSERT INTO orders SELECT order_id, customer_id, order_date, amount + i FROM orders, (SELECT 0 AS i UNION"
                " ALL SELECT 1 UNION ALL SELECT 2) WHERE orders.rowid %% 100 = 50;"
                "INSERT INTO orders SELECT order_id, customer_id + 1, order_date, amount FROM orders WHERE rowid %% 1000 = 51 AND"
                " rowid < 30000");
    db_expect(db, "SELECT check_name, rows, customers FROM data_quality('orders') WHERE check_name GLOB 'order_*'",
              "order_repeated|0|0\norder_two_customers|60|2\norder_lines|900|5");
    db_exec(db, "DELETE FROM orders WHERE rowid > 30000 AND amount >= 7");
    db_expect_same(db, "SELECT rows FROM data_quality('orders') WHERE check_name = 'order_repeated'",
                   "SELECT sum(n - 1) FROM (SELECT count(*) AS n FROM orders GROUP BY order_id HAVING count(DISTINCT customer_id)"
                   " = 1 AND min(amount) = max(amount))");
    db_close(db);
}
END_TEST

START_TEST(words_in_any_number) {
    sqlite3 *db = quality_open("UPDATE orders SET currency = 'C' || (rowid % 65);");
    db_expect(db, "SELECT severity, rows, example, fix FROM data_quality('orders') WHERE check_name = 'several_currencies'",
              "error|244|more than 64 currencies|make a view of one currency, or convert the amounts");
    db_exec(db, "UPDATE orders SET currency = 'C' || (rowid %% 64)");
    db_expect(db, "SELECT rows, example FROM data_quality('orders') WHERE check_name = 'several_currencies'",
              "240|'C0' beside 'C1'");
    db_close(db);
}
END_TEST

/* ---- Bounds ---- */

/* What a check says of days (from 2024-01-01, in days) that customers 0, 1, 2 ... buy on. */
static void quality_expect_days(const char *days, const char *check, const char *expected) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders AS SELECT key AS customer_id, date('2024-01-01', value || ' days') AS order_date FROM"
                " json_each('[%s]')", days);
    char *found = db_rows(db, "SELECT rows FROM data_quality('orders') WHERE check_name = %Q", check);
    ck_assert_msg(strcmp(found, expected) == 0, "%s of %s: %s, not %s", check, days, found, expected);
    free(found);
    db_close(db);
}

START_TEST(bounds_of_days) {
    quality_expect_days("0,1,2,3,4,5,6,7,8,374", "date_future", "1");   /* 366 days after the day before */
    quality_expect_days("0,1,2,3,4,5,6,7,8,373", "date_future", "0");
    quality_expect_days("0,1,2,3,4,5,6,7,373", "date_future", "0");     /* 9 rows */
    quality_expect_days("0,1,2,3,4,5,6,7,374,374", "date_future", "0"); /* 2 of 10 */
    quality_expect_days("0,1,2,3,4,5,6,7,8,9,18", "days_without_orders", "8");
    quality_expect_days("0,1,2,3,4,5,6,7,8,9,17", "days_without_orders", "7");
    quality_expect_days("0,1,2,3,4,5,6,7,8,9,16", "days_without_orders", "0");
    quality_expect_days("0,1,2,3,4,5,6,7,8,18", "days_without_orders", "NULL"); /* 9 gaps */
    quality_expect_days("0,1,2,3,4,5,6,7,8,10,21", "days_without_orders", "10"); /* 9 in 10 are up to 2 days */
    quality_expect_days("0,1,2,3,4,5,6,7,8,10,20", "days_without_orders", "0");
}
END_TEST

/* An offset moves a text over the border of the years that are judged, be its day new or that of the row before. */
START_TEST(bounds_of_years) {
    static const char sql[] = "SELECT rows, example FROM data_quality('orders') WHERE check_name = '%s' AND utc_offset = '%s'";
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date); INSERT INTO orders VALUES (1, '1990-01-01 12:00'), (2,"
                " '1990-01-01 01:00'), (3, '1990-01-01 02:00'), (4, '1990-01-01 23:00')");
    char *early = db_rows(db, sql, "date_before_1990", "-03:30"), *none = db_rows(db, sql, "date_before_1990", "+03:30");
    ck_assert_str_eq(early, "2|'1990-01-01 01:00' in row 2");
    ck_assert_str_eq(none, "0|NULL");
    free(early);
    free(none);
    db_close(db);
}
END_TEST

START_TEST(bounds_of_new_customers) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date); WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE"
                " i < 59) INSERT INTO orders SELECT i, date('2024-01-15', CASE WHEN i < 20 THEN 0 ELSE (i - 10) / 10 END ||"
                " ' months') FROM n");
    static const char sql[] = "SELECT rows FROM data_quality('orders') WHERE check_name = 'left_truncation' AND as_of = '2024-05-31'";
    db_expect(db, sql, "0"); /* 20, then 10 a month */
    db_exec(db, "DELETE FROM orders WHERE customer_id %% 10 = 0 AND customer_id >= 20");
    db_expect(db, sql, "20");
    db_exec(db, "DELETE FROM orders WHERE customer_id = 0");
    db_expect(db, sql, "0"); /* 19 */
    db_expect(db, "SELECT rows FROM data_quality('orders') WHERE check_name = 'left_truncation' AND as_of = '2024-04-29'", "NULL");
    db_close(db);
}
END_TEST

/* One customer in 400 with 5 % of the rows, or just not. */
START_TEST(bounds_of_size) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE"
                " i < 420) INSERT INTO orders SELECT max(i, 21), date('2024-01-01', i || ' days') FROM n");
    static const char sql[] = "SELECT rows FROM data_quality('orders') WHERE check_name = 'outsized_customer'";
    db_expect(db, sql, "21"); /* of 420, among 400 */
    db_exec(db, "INSERT INTO orders VALUES (22, '2024-01-01')");
    db_expect(db, sql, "0");
    db_close(db);
}
END_TEST

/* ---- Bounds of years ---- */

START_TEST(years_of_calendars) {
    static const struct {
        const char *day, *check;
    } days[] = {{"1299-12-31", "date_before_1990"}, {"1300-01-01", "date_jalali"},   {"1500-12-31", "date_jalali"},
                {"1501-01-01", "date_before_1990"}, {"1989-12-31", "date_before_1990"}, {"1990-01-01", NULL},
                {"2442-12-31", NULL},               {"2443-01-01", "date_buddhist"}, {"2643-12-31", "date_buddhist"},
                {"2644-01-01", NULL}};
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date)");
    for (int i = 0; i < COUNT(days); i++) {
        db_exec(db, "DELETE FROM orders; INSERT INTO orders VALUES (1, %Q), (2, %Q)", days[i].day, days[i].day);
        char *found = db_rows(db, "SELECT group_concat(check_name) FROM data_quality('orders') WHERE check_name LIKE 'date%%' AND"
                                  " rows = 2");
        ck_assert_msg(strcmp(found, days[i].check ? days[i].check : "NULL") == 0, "%s: %s", days[i].day, found);
        free(found);
    }
    db_close(db);
}
END_TEST

/* What cannot be read may still be a day of another calendar. */
START_TEST(calendars_of_unreadable_days) {
    static const struct {
        const char *day, *check;
    } days[] = {{"'14040915'", "date_jalali"}, {"'25670915'", "date_buddhist"}, {"'20240915'", "date_yyyymmdd"},
                {"'12040915'", "date_yyyymmdd"}, {"'16040915'", "date_yyyymmdd"}, {"'27040915'", "date_yyyymmdd"},
                {"'14041305'", "date_unreadable"}, {"'14040015'", "date_unreadable"}, {"'14040032'", "date_unreadable"},
                {"'14040900'", "date_unreadable"}, {"'1404091x'", "date_unreadable"}, {"'1404-02-31'", "date_jalali"},
                {"'1404-12-32'", "date_impossible"}, {"'1204-02-30'", "date_impossible"}, {"'1604-02-30'", "date_impossible"},
                {"'2567-02-29'", "date_buddhist"}, {"'2567-02-30'", "date_impossible"}, {"'2243-02-30'", "date_impossible"},
                {"'2844-02-30'", "date_impossible"}, {"14040915", "date_jalali"}, {"25670915", "date_buddhist"},
                {"14041305", "date_unreadable"}, {"-14040915", "date_unreadable"}, {"140409155", "date_unreadable"},
                {"12040915", "date_unreadable"}, {"27040915", "date_unreadable"}};
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date)");
    for (int i = 0; i < COUNT(days); i++) {
        db_exec(db, "DELETE FROM orders; INSERT INTO orders VALUES (1, %s), (2, %s)", days[i].day, days[i].day);
        char *found = db_rows(db, "SELECT group_concat(check_name) FROM data_quality('orders') WHERE check_name LIKE 'date%%' AND"
                                  " rows = 2");
        ck_assert_msg(strcmp(found, days[i].check) == 0, "%s: %s", days[i].day, found);
        free(found);
    }
    db_close(db);
}
END_TEST

/* Remedies that the golden tests do not show: two units of numbers, blanks that do not break, a currency without amounts,
 * ids that cannot be written as SQL. */
START_TEST(remedies_of_odd_tables) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE units(customer_id, order_date); INSERT INTO units VALUES (1, 20240105), (2, 20240106), (3,"
                " 20240107), (4, 1704412800);"
                "CREATE TABLE blanks(customer_id, order_date, amount); INSERT INTO blanks VALUES (1, '2024-01-05', '1' ||"
                " char(160) || '200'), (2, '2024-01-06', 5);"
                "CREATE TABLE money(customer_id, order_date, currency); INSERT INTO money VALUES (1, '2024-01-05', 'EUR'), (2,"
                " '2024-01-06', 'USD'), (3, '2024-01-06', 'USD');"
                "CREATE TABLE codes(customer_id, order_date, amount, currency); INSERT INTO codes VALUES (1, '2024-01-05', 1, 978),"
                " (2, '2024-01-06', 1, 840.5), (3, '2024-01-06', 1, 840.5), (4, '2024-01-06', 1, hex(zeroblob(300)));");
    db_expect(db, "SELECT rows, fix FROM data_quality('units') WHERE check_name = 'date_mixed_types'",
              "1|write all dates as yyyymmdd, like most");
    db_expect(db, "SELECT fix FROM data_quality('blanks') WHERE check_name = 'amount_unreadable'",
              "UPDATE \"blanks\" SET \"amount\" = replace(\"amount\", char(160), '') WHERE typeof(\"amount\") = 'text';");
    db_expect(db, "SELECT severity, rows FROM data_quality('money') WHERE check_name = 'several_currencies'", "note|1");
    db_expect(db, "SELECT severity, rows, fix FROM data_quality('codes') WHERE check_name = 'several_currencies'",
              "error|2|make a view of one currency, or convert the amounts");
    db_close(db);
}
END_TEST

/* Ten NUL bytes are not the day that was read before them. */
START_TEST(nul_bytes_are_no_day) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date); INSERT INTO orders VALUES (1, '\xDB\xB1\xDB\xB4\xDB\xB0\xDB\xB4-"
                "09-15'), (2, CAST(zeroblob(10) AS TEXT))");
    db_expect_error(db, "SELECT * FROM retention_rate('orders') WHERE calendar = 'jalali'", SQLITE_ERROR, "row 2: ");
    db_expect(db, "SELECT rows FROM data_quality('orders') WHERE calendar = 'jalali' AND check_name = 'date_unreadable'", "1");
    db_exec(db, "UPDATE orders SET order_date = 1700000000 WHERE rowid = 1");
    db_expect(db, "SELECT rows FROM data_quality('orders') WHERE check_name = 'date_unreadable'", "1");
    db_close(db);
}
END_TEST

/* ---- Real orders ---- */

/* UCI's lines as they were exported, the price of a line its amount. */
START_TEST(uci_lines) {
    sqlite3 *db = db_open(NULL);
    if (db_import(db, "lines", "uci_online_retail_lines")) {
        db_exec(db, "CREATE TEMP VIEW orders AS SELECT InvoiceNo AS invoice_no, CustomerID AS customer_id, InvoiceDate AS"
                    " invoice_date, Quantity * UnitPrice AS amount FROM lines");
        db_expect(db, "SELECT check_name, severity, rows, customers, example FROM data_quality('orders') WHERE severity <> 'ok'",
                  "customer_missing|warning|135080|0|'' in row 623\n"
                  "amount_zero|note|2515|31|0 in row 623\n"
                  "amount_negative|note|9290|1589|-27.5 in row 142\n"
                  "customer_only_refunds|note|99|37|customer '12346'\n"
                  "order_repeated|note|461|144|order '536366' in rows 8 and 9\n"
                  "order_lines|note|378927|4221|order '536365' in rows 1 and 2\n"
                  "same_day_orders|note|381158|4243|customer '12347'\n"
                  "last_period_unfinished|note|25525|612|ends on 2011-12-09\n"
                  "days_without_orders|warning|11|NULL|from 2010-12-24 on, 11 days\n"
                  "left_truncation|warning|42481|883|883 new at first, then about 300\n"
                  "frequency_spend_correlation|note|369491|2777|r = 0.17");
        /* What SQL can say of them. */
        db_expect(db, "SELECT count(*), sum(InvoiceNo LIKE 'C%') FROM lines WHERE Quantity * UnitPrice < 0", "9290|9288");
        db_expect_same(db, "SELECT sum(rows) FROM data_quality('orders') WHERE check_name IN ('order_repeated', 'order_lines')",
                       "SELECT count(*) - count(DISTINCT invoice_no) FROM orders WHERE customer_id <> '' AND amount >= 0");
        db_expect_same(db, "SELECT rows FROM data_quality('orders') WHERE check_name = 'same_day_orders'",
                       "SELECT count(*) - count(DISTINCT customer_id || substr(invoice_date, 1, 10)) FROM orders WHERE"
                       " customer_id <> '' AND amount >= 0");
    }
    db_close(db);
}
END_TEST

START_TEST(cdnow) {
    sqlite3 *db = db_open(NULL);
    if (db_import(db, "imported", "cdnow_sample")) {
        db_expect(db, "SELECT check_name, severity, rows, customers, example FROM data_quality('imported') WHERE severity <> 'ok'",
                  "amount_zero|note|8|8|0.0 in row 226\nsame_day_orders|note|223|118|customer '1017'");
        db_expect_same(db, "SELECT rows FROM data_quality('imported') WHERE check_name = 'same_day_orders'",
                       "SELECT count(*) - count(DISTINCT customer_id || date) FROM imported");
    }
    db_close(db);
}
END_TEST

/* ---- Spellings ---- */

START_TEST(texts_fold) {
    static const struct {
        const char *text, *spaces, *cases, *letters;
    } texts[] = {
        {"", "", "", ""},
        {"ann", "ann", "ann", "ann"},
        {" \t Ann  Lee\r\n", "Ann  Lee", "ann  lee", "ann  lee"},
        {"\xC2\xA0" "A\xC2\xA0" "b\xC2\xA0", "A b", "a b", "a b"},
        {"\xE2\x80\x8C" "x\xE2\x80\x8C" "Y \xE2\x80\x8C", "xY", "xy", "xy"},
        {"\xD8\xB9\xD9\x84\xD9\x8A \xD9\x83", "\xD8\xB9\xD9\x84\xD9\x8A \xD9\x83", "\xD8\xB9\xD9\x84\xD9\x8A \xD9\x83",
         "\xD8\xB9\xD9\x84\xDB\x8C \xDA\xA9"},
        {"\xDB\xB1\xD9\xA9", "\xDB\xB1\xD9\xA9", "\xDB\xB1\xD9\xA9", "19"},
        {"\xD9", "\xD9", "\xD9", "\xD9"}, /* broken off */
        {"\xE2\x80", "\xE2\x80", "\xE2\x80", "\xE2\x80"},
        {"   ", "", "", ""},
    };
    for (int i = 0; i < COUNT(texts); i++) {
        const char *expected[FOLD_LEVELS] = {texts[i].spaces, texts[i].cases, texts[i].letters};
        size_t n = strlen(texts[i].text);
        bool changes = false;
        for (int level = 0; level < FOLD_LEVELS; level++) {
            char out[64], again[64];
            size_t size = fold_text((FoldLevel)level, texts[i].text, n, out);
            ck_assert_msg(size == strlen(expected[level]) && memcmp(out, expected[level], size) == 0, "%s at level %d: %.*s",
                          texts[i].text, level, (int)size, out);
            ck_assert(fold_text((FoldLevel)level, out, size, again) == size && memcmp(out, again, size) == 0);
            changes = changes || size != n || memcmp(out, texts[i].text, n) != 0;
        }
        ck_assert_msg(!changes || !fold_is_plain(texts[i].text, n), "%s is not plain", texts[i].text);
    }
}
END_TEST

START_TEST(amounts_are_numbers) {
    static const char *const numbers[] = {"1", "1,200", "1,200.50", "-1,200,300", "12 345", "+5", "5.",
                                          "\xDB\xB1\xDB\xB2\xD9\xAB\xDB\xB5", "1\xC2\xA0" "200", " 1,200 "};
    static const char *const others[] = {"", "12,50", "1,2", "1,2000", ",200", "1.200,50", "1,200.5.5", "EUR 5", "5 EUR", "1,,200",
                                         "--1", ".5", "1,200-"};
    for (int i = 0; i < COUNT(numbers); i++)
        ck_assert_msg(auditamount_is_number(numbers[i], strlen(numbers[i])), "%s", numbers[i]);
    for (int i = 0; i < COUNT(others); i++)
        ck_assert_msg(!auditamount_is_number(others[i], strlen(others[i])), "%s", others[i]);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("quality");
    TCase *tc = tcase_create("quality");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, clean_is_ok);
    tcase_add_loop_test(tc, checks_find, 0, COUNT(quality_cases));
    tcase_add_loop_test(tc, advice_works, 0, COUNT(quality_cases));
    tcase_add_test(tc, advice_for_what_is_named);
    tcase_add_test(tc, as_of_ends_the_data);
    tcase_add_test(tc, periods_are_those_asked_for);
    tcase_add_test(tc, columns_decide_what_is_checked);
    tcase_add_loop_test(tc, rows_agree_with_themselves, 0, COUNT(quality_shops));
    tcase_add_loop_test(tc, odd_ids_agree_with_the_twin, 0, COUNT(quality_shops));
    tcase_add_loop_test(tc, nothing_makes_it_fail, 0, 12);
    tcase_add_test(tc, leaves_out_what_reports_leave_out);
    tcase_add_test(tc, ids_in_any_number);
    tcase_add_test(tc, texts_that_are_integers);
    tcase_add_test(tc, ids_of_unreadable_rows);
    tcase_add_test(tc, utf16_is_the_same);
    tcase_add_test(tc, orders_in_any_number);
    tcase_add_test(tc, words_in_any_number);
    tcase_add_test(tc, bounds_of_days);
    tcase_add_test(tc, bounds_of_years);
    tcase_add_test(tc, columns_of_odd_tables);
    tcase_add_test(tc, bounds_of_new_customers);
    tcase_add_test(tc, bounds_of_size);
    tcase_add_test(tc, years_of_calendars);
    tcase_add_test(tc, calendars_of_unreadable_days);
    tcase_add_test(tc, remedies_of_odd_tables);
    tcase_add_test(tc, nul_bytes_are_no_day);
    tcase_add_test(tc, uci_lines);
    tcase_add_test(tc, cdnow);
    tcase_add_test(tc, texts_fold);
    tcase_add_test(tc, amounts_are_numbers);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
