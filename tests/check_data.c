/* check_data.c - orders in: sources, columns, ids, dates, amounts, refunds, seen through SQL.
 *
 * clv() lists every buyer's summary also where there are too few to predict, so it
 * shows what was read.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ann buys in January and February, bob in January, cyd in February and on 31 March. */
#define DATA_ROWS "('ann','2024-01-03',10), ('cyd','2024-03-31',8), ('bob','2024-01-20',5.5)," \
    " ('ann','2024-02-05',20), ('cyd','2024-02-10',7.25)"
#define DATA_SHAPE "0/2/0 2/2/1 2/1/1" /* start, end and retained by month */
#define DATA_SHAPE_SQL                                                                           \
    "SELECT group_concat(start_customers || '/' || end_customers || '/' || retained, ' ')"       \
    " FROM retention_rate(%Q)"

static void data_expect_shape(sqlite3 *db, const char *source, const char *where) {
    char *sql = sqlite3_mprintf(DATA_SHAPE_SQL "%s%s", source, where ? " WHERE " : "",
                                where ? where : "");
    db_expect(db, sql, DATA_SHAPE);
    sqlite3_free(sql);
}

static sqlite3 *data_open(void) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id TEXT, order_date TEXT, amount REAL);"
            "INSERT INTO orders VALUES " DATA_ROWS);
    return db;
}

/* A table of one customer's rows, as VALUES. */
static sqlite3 *data_open_rows(const char *rows) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount); INSERT INTO orders VALUES"
            " %s", rows);
    return db;
}

/* ---- Sources ---- */

static const char *data_strict(void) {
    return sqlite3_libversion_number() >= 3037000 ? " STRICT" : "";
}

START_TEST(source_may_be_any_table_or_view) {
    sqlite3 *db = data_open();
    db_exec(db, "CREATE VIEW v AS SELECT amount, customer_id AS buyer_id, order_date AS ts FROM"
            " orders;"
            "CREATE TEMP VIEW tv AS SELECT * FROM v;"
            "CREATE TEMP TABLE tt AS SELECT * FROM orders;"
            "CREATE TABLE w(customer_id, order_date, amount, n INTEGER, PRIMARY KEY(customer_id,"
            " n)) WITHOUT ROWID; INSERT INTO w SELECT *, rowid FROM orders;"
            "CREATE TABLE s(customer_id TEXT, order_date TEXT, amount REAL)%s;"
            "INSERT INTO s SELECT * FROM orders;"
            "CREATE TABLE g(customer_id, y, m, d, cents,"
            " order_date AS (printf('%%04d-%%02d-%%02d', y, m, d)), amount AS (cents / 100.0)"
            " STORED);"
            "INSERT INTO g(customer_id, y, m, d, cents) SELECT customer_id, substr(order_date, 1,"
            " 4), substr(order_date, 6, 2), substr(order_date, 9, 2), amount * 100 FROM orders;"
            "CREATE VIRTUAL TABLE f USING fts5(customer_id, order_date, amount);"
            "INSERT INTO f SELECT * FROM orders", data_strict());
    static const char *const sources[] = {"orders", "ORDERS", "v", "tv", "tt", "w", "s", "g", "f",
                                          "main.orders", "temp.tv", "Main.V", "temp.tt"};
    for (int i = 0; i < COUNT(sources); i++) data_expect_shape(db, sources[i], NULL);
    db_close(db);
}
END_TEST

START_TEST(source_may_be_our_own_function) {
    sqlite3 *db = data_open();
    db_expect_error(db, "SELECT * FROM retention_rate('clv') WHERE date_column = 'last_order_date'",
                    SQLITE_ERROR, "clv: source is missing, as in SELECT * FROM clv('orders'");
    db_exec(db, "CREATE TEMP VIEW buyers AS SELECT customer_id, first_order_date AS order_date,"
            " historic_clv AS amount FROM clv('orders')");
    db_expect(db, "SELECT group_concat(new_customers, ' ') FROM retention_rate('buyers')", "2 1");
    db_close(db);
}
END_TEST

START_TEST(source_may_be_attached) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "ATTACH ':memory:' AS aux; ATTACH ':memory:' AS \"odd \"\" name\";"
            "CREATE TABLE aux.orders(customer_id, order_date, amount);"
            "INSERT INTO aux.orders VALUES " DATA_ROWS ";"
            "CREATE TABLE \"odd \"\" name\".\"x.y\"(customer_id, order_date, amount);"
            "INSERT INTO \"x.y\" VALUES " DATA_ROWS);
    data_expect_shape(db, "orders", NULL);
    data_expect_shape(db, "aux.orders", NULL);
    data_expect_shape(db, "orders", "schema = 'AUX'");
    data_expect_shape(db, "x.y", NULL);
    data_expect_shape(db, "odd \" name.x.y", NULL);
    data_expect_shape(db, "x.y", "schema = 'odd \" name'");
    db_expect_error(db, "SELECT * FROM retention_rate('orders') WHERE schema = 'main'",
                    SQLITE_ERROR,
                    "no table or view 'orders' in schema 'main' (schema 'aux' has one)");
    db_expect_error(db, "SELECT * FROM retention_rate('orders') WHERE schema = 'nope'",
                    SQLITE_ERROR,
                    "there is no attached database 'nope'");
    db_close(db);
}
END_TEST

START_TEST(source_in_main_and_temp_is_found_as_sqlite_does) {
    sqlite3 *db = data_open();
    db_exec(db, "CREATE TEMP TABLE orders(customer_id, order_date, amount);"
            "INSERT INTO temp.orders VALUES ('zoe','2020-01-01', 1)");
    db_expect(db, "SELECT customer_id FROM clv('orders')", "zoe");
    data_expect_shape(db, "orders", "schema = 'main'");
    data_expect_shape(db, "main.orders", NULL);
    db_close(db);
}
END_TEST

static const char *const data_names[] = {
    "plain", "with space", "quo\"te", "it's", "[bracket]", "back`tick", "semi;colon --"
    " comment", "x.y",
    "select", "1st", "ünïcödé", "per%cent", "\"quoted\"", "a\nb", "(SELECT 1)", "orders; DROP"
    " TABLE t"};

START_TEST(names_are_only_names) {
    const char *name = data_names[_i];
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE \"%w\"(\"id %w\", \"day %w\", \"am %w\");"
            "INSERT INTO \"%w\" VALUES " DATA_ROWS, name, name, name, name, name);
    char *where = sqlite3_mprintf("customer_column = 'id ' || %Q AND date_column = 'day ' || %Q"
                                  " AND amount_column = 'am ' || %Q", name, name, name);
    data_expect_shape(db, name, where);
    sqlite3_free(where);
    ck_assert_int_eq(db_int(db, "SELECT count(*) FROM \"%w\"", name), 5);
    db_close(db);
}
END_TEST

START_TEST(a_misspelt_name_is_an_error) {
    sqlite3 *db = data_open();
    db_exec(db, "CREATE TABLE two(customer_id, user_id, order_date, amount);"
            "CREATE TABLE none(a, b); CREATE VIEW broken AS SELECT nope FROM orders");
    static const struct { const char *sql, *words; } cases[] = {
        {"'order'", "no table or view 'order' (did you mean 'orders'?)"},
        {"'main.order'", "no table or view 'main.order' (did you mean 'orders'?)"},
        {"'qqqqqqqqq'", "no table or view 'qqqqqqqqq' (a CTE or subquery cannot be seen from here"},
        {"'nope.orders'", "no table or view 'nope.orders'"},
        {"''", "no table or view ''"},
        {"'orders; DROP TABLE orders'", "no table or view 'orders; DROP TABLE orders'"},
        {"'SELECT * FROM orders'", "no table or view 'SELECT * FROM orders'"},
        {"'orders' || char(0)", "source must not hold a NUL character"},
        {"7", "source must be a name, not 7"},
        {"NULL", "source must be a name, not NULL"},
        {"CAST('orders' AS BLOB)", "source must be a name, not a blob"},
        {"'broken'", "cannot read broken: no such column: nope"},
        {"'two'", "cannot choose the customer column of two: 'customer_id' and 'user_id' both fit"},
        {"'none'", "cannot find the customer column of none (it has: a, b); name it with"
         " customer_column"},
        {"'orders') WHERE customer_column = 'custmer_id'--",
         "customer_column: orders has no column 'custmer_id' (did you mean 'customer_id'?"},
        {"'orders') WHERE date_column = 'nope'--", "date_column: orders has no column 'nope'"},
        {"'orders') WHERE amount_column = 'amont'--", "(did you mean 'amount'?"},
        {"'orders') WHERE order_column = 'nope'--", "order_column: orders has no column 'nope'"},
        {"'orders') WHERE segment_column = 'nope'--", "segment_column: orders has no column"
         " 'nope'"},
        {"'orders') WHERE customer_column = ''--", "customer_column must name a column"},
        {"'orders') WHERE date_column = ''--", "date_column must name a column"},
        {"'orders') WHERE customer_column = 5--", "customer_column must be a name, not 5"}};
    for (int i = 0; i < COUNT(cases); i++) {
        char *sql = sqlite3_mprintf("SELECT * FROM retention_rate(%s%s", cases[i].sql,
                                    strstr(cases[i].sql, "--") ? "" : ")");
        db_expect_error(db, sql, SQLITE_ERROR, cases[i].words);
        sqlite3_free(sql);
    }
    db_expect_error(db, "WITH c AS (SELECT * FROM orders) SELECT * FROM clv('c')", SQLITE_ERROR,
                    "(a CTE ");
    data_expect_shape(db, "orders", NULL); /* nothing was dropped */
    db_close(db);
}
END_TEST

START_TEST(usual_column_names_are_found) {
    static const struct { const char *columns, *chosen; } cases[] = {
        {"client_id, created_at, total", "client_id|created_at|total|"},
        {"USER_ID, [Order Date], Revenue", "USER_ID|Order Date|Revenue|"},
        {"customerId, invoiceDate, InvoiceTotal", "customerId|invoiceDate|InvoiceTotal|"},
        {"email, date, x", "email|date||"},
        {"customer_id, order_date, x, created_at, y", "customer_id|order_date||"},
        {"customer_id, ts, amount, order_id", "customer_id|ts|amount|order_id"},
        {"customer_id, ts, amount, order_id INTEGER PRIMARY KEY", "customer_id|ts|amount|"},
        {"customer_id, ts, amount, order_id, line, PRIMARY KEY(order_id, line)",
         "customer_id|ts|amount|order_id"}};
    for (int i = 0; i < COUNT(cases); i++) {
        sqlite3 *db = db_open(NULL);
        db_exec(db, "CREATE TABLE t(%s)", cases[i].columns);
        bool both = strstr(cases[i].columns, "created_at, y") != NULL;
        if (both) {
            db_expect_error(db, "SELECT * FROM clv('t')", SQLITE_ERROR,
                            "'order_date' and 'created_at' both fit");
        } else {
            db_exec(db, "INSERT INTO t DEFAULT VALUES; UPDATE t SET (%s) = (1, '2024-01-01')",
                    i == 1 ? "USER_ID, [Order Date]" : i == 2 ? "customerId, invoiceDate"
                    : i == 3 ? "email, date" : i == 0 ? "client_id, created_at" : "customer_id,"
                        " ts");
            db_expect(db, "SELECT customer_column, date_column, amount_column, order_column FROM"
                      " clv('t')",
                      cases[i].chosen);
        }
        db_close(db);
    }
}
END_TEST

/* ---- Ids ---- */

START_TEST(ids_keep_their_type_and_bytes) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE t(customer_id, order_date)");
    static const char *const ids[] = {
        "1", "1.0", "'1'", "x'31'", "2.5", "-7", "9007199254740993", "9007199254740992.0", "'a'",
            "'A'", "'a '",
        "'a customer whose id is rather long'", "'a customer whose id is rather lonG'", "x'00ff'",
        "CAST(x'610062' AS TEXT)", "'é'", "' '", "x'00'", "'x''y'", "0", "-0.0", "1e300"};
    for (int i = 0; i < COUNT(ids); i++)
        db_exec(db, "INSERT INTO t VALUES (%s, '2024-01-01'), (%s, '2024-02-01')", ids[i], ids[i]);
    /* The ids as SQL groups them, in SQL's order; of 1 and 1.0 the INTEGER is shown. */
    if (db_is_exact(db, "ids in the order of SQL")) db_expect_same(db, "SELECT quote(customer_id), frequency FROM clv('t')",
                   "SELECT quote(coalesce(max(CASE WHEN typeof(customer_id) = 'integer' THEN"
                   " customer_id END), max(customer_id))), 1 FROM t GROUP BY customer_id ORDER BY"
                   " customer_id");
    db_expect(db, "SELECT count(*) FROM clv('t') c JOIN t USING (customer_id)"
              " WHERE hex(c.customer_id) = hex(t.customer_id)", "40"); /* all but 1.0 and -0.0 */
    db_close(db);
}
END_TEST

START_TEST(rows_without_a_customer_are_counted) {
    sqlite3 *db = data_open();
    db_exec(db, "INSERT INTO orders VALUES (NULL, '2024-02-01', 5), ('', '2024-02-01', 5),"
            " (x'', '2024-02-01', 5), (NULL, '2024-03-01', NULL)");
    data_expect_shape(db, "orders", NULL);
    db_expect(db, "SELECT DISTINCT rows_read, rows_no_customer, rows_skipped, customers_no_purchase"
              " FROM retention_rate('orders')", "9|4|0|0");
    db_close(db);
}
END_TEST

/* ---- Dates ---- */

static const struct {
    const char *value, *day, *east, *west; /* with utc_offset +00:00, +02:00 and -08:00 */
    const char *unit;                      /* date_unit, where it must be named */
} data_dates[] = {
    {"'2024-01-05'", "2024-01-05", "2024-01-05", "2024-01-05", NULL},
    {"'2024-02-29 12:00'", "2024-02-29", "2024-02-29", "2024-02-29", NULL},
    {"'2024-01-05 23:30'", "2024-01-05", "2024-01-06", "2024-01-05", NULL},
    {"'2024-01-05T23:30:15'", "2024-01-05", "2024-01-06", "2024-01-05", NULL},
    {"'2024-01-05 23:59:59.9999'", "2024-01-05", "2024-01-06", "2024-01-05", NULL},
    {"'2024-01-05 07:59:59.999Z'", "2024-01-05", "2024-01-05", "2024-01-04", NULL},
    {"'2024-01-05 08:00Z'", "2024-01-05", "2024-01-05", "2024-01-05", NULL},
    {"'2024-01-05T23:30-05:00'", "2024-01-06", "2024-01-06", "2024-01-05", NULL},
    {"'2024-01-05 01:30:00 +05:30'", "2024-01-04", "2024-01-04", "2024-01-04", NULL},
    {"'2024-01-05 24:00'", "2024-01-06", "2024-01-06", "2024-01-05", NULL},
    {"'2023-12-31 22:00'", "2023-12-31", "2024-01-01", "2023-12-31", NULL},
    {"'1969-12-31 23:00'", "1969-12-31", "1970-01-01", "1969-12-31", NULL},
    {"'0001-01-01'", "0001-01-01", "0001-01-01", "0001-01-01", NULL},
    {"'9999-12-31'", "9999-12-31", "9999-12-31", "9999-12-31", NULL},
    {"1704412800", "2024-01-05", "2024-01-05", "2024-01-04", NULL},     /* 2024-01-05 00:00 */
    {"1704499199", "2024-01-05", "2024-01-06", "2024-01-05", NULL},     /* 23:59:59 */
    {"1704412800.75", "2024-01-05", "2024-01-05", "2024-01-04", NULL},
    {"1704499199999", "2024-01-05", "2024-01-06", "2024-01-05", NULL},
    {"20240105", "2024-01-05", "2024-01-05", "2024-01-05", NULL},
    {"20240105.0", "2024-01-05", "2024-01-05", "2024-01-05", NULL},
    {"2460314.5", "2024-01-05", "2024-01-05", "2024-01-04", NULL},
             /* Julian days begin at noon */
    {"2460315", "2024-01-05", "2024-01-05", "2024-01-05", NULL},
    {"'1704499199'", "2024-01-05", "2024-01-06", "2024-01-05", "unix"},
    {"'1704499199999'", "2024-01-05", "2024-01-06", "2024-01-05", "unixms"},
    {"'20240105'", "2024-01-05", "2024-01-05", "2024-01-05", "yyyymmdd"},
    {"'2460314.5'", "2024-01-05", "2024-01-05", "2024-01-04", "julian"},
    {"-1", "1969-12-31", "1970-01-01", "1969-12-31", "unix"},
    {"0", "1970-01-01", "1970-01-01", "1969-12-31", "unix"},
    {"-86400000", "1969-12-31", "1969-12-31", "1969-12-30", "unixms"},
    {"18991231", "1899-12-31", "1899-12-31", "1899-12-31", "yyyymmdd"},
    {"'2024-01-05 23:30'", "2024-01-05", "2024-01-06", "2024-01-05", "text"},
};

/* Read with a neighbour row of the same kind, since the second row may take a shorter way. */
static void data_expect_day(sqlite3 *db, int i, const char *offset, const char *day) {
    char *sql = sqlite3_mprintf("SELECT group_concat(last_order_date, ' ') FROM clv('orders')"
                                " WHERE utc_offset = %Q AND date_unit = %Q", offset,
                                data_dates[i].unit ? data_dates[i].unit : "auto");
    char *want = sqlite3_mprintf("%s %s", day, day);
    db_expect(db, sql, want);
    sqlite3_free(sql);
    sqlite3_free(want);
}

START_TEST(dates_are_read) {
    sqlite3 *db = data_open_rows("(1, NULL, 1), (2, NULL, 1)");
    db_exec(db, "UPDATE orders SET order_date = %s", data_dates[_i].value);
    data_expect_day(db, _i, "+00:00", data_dates[_i].day);
    data_expect_day(db, _i, "+02:00", data_dates[_i].east);
    data_expect_day(db, _i, "-08:00", data_dates[_i].west);
    /* as arguments of the aggregate they are dates too, where no unit is needed */
    if (!data_dates[_i].unit) {
        char *sql = sqlite3_mprintf("SELECT retention_rate(customer_id, order_date, date(%Q, '+1"
                                    " day'), date(%Q, '+2 days'), %Q) FROM"
                                    " orders", data_dates[_i].day,
                                    data_dates[_i].day, data_dates[_i].day);
        if (strcmp(data_dates[_i].day, "9999-12-31") != 0) db_expect(db, sql, "0.0");
        sqlite3_free(sql);
    }
    db_close(db);
}
END_TEST

static const struct { const char *value, *words; } data_bad_dates[] = {
    {"'2024-02-30'", "row 2: '2024-02-30' is not a calendar day"},
    {"'2023-02-29'", "'2023-02-29'"},
    {"'2024-13-01'", "'2024-13-01'"},
    {"'2024-1-5'", "row 2: '2024-1-5'"},
    {"'01/05/2024'", "row 2: '01/05/2024'"},
    {"'31.12.2023'", "'31.12.2023'"},
    {"'now'", "'now'"},
    {"'10:20'", "'10:20'"},
    {"''", "row 2: ''"},
    {"' 2024-01-05'", "row 2: ' 2024-01-05' is not a date: it has blanks before or after it"},
    {"'2024-01-05' || char(9)", "is not a date: it has blanks before or after it"},
    {"'2024-01-05' || char(13)", "is not a date: it has blanks before or after it"},
    {"'2024-01-0510:20'", "'2024-01-0510:20'"},
    {"'2024-01-05 9:30'", "'2024-01-05 9:30'"},
    {"'2024-01-05 10:60'", "'2024-01-05 10:60'"},
    {"'2024-01-05 10:20+15:00'", "'2024-01-05 10:20+15:00'"},
    {"'20240105'", "'20240105'"},
    {"'1704412800'", "'1704412800'"},
    {"'1404/09/15'", "'1404/09/15'"},
    {"'1699/01/01'", "row 2: '1699/01/01' looks like an Iranian date"},
    {"'1700/01/01'", "row 2: '1700/01/01' is not a date: write YYYY-MM-DD"},
    {"CAST(x'323032342d30312d3035003a' AS TEXT)", "row 2: '2024-01-05?:'"},
    {"NULL", "row 2: NULL is not a date (on_error='skip' leaves such rows out)"},
    {"x'323032342d30312d3035'", "row 2: a blob is not a date"},
    {"0", "row 2: 0"},
    {"12345", "row 2: 12345"},
    {"9e999", "row 2: Inf"},
    {"-9223372036854775808", "row 2: -9223372036854775808"},
    {"9223372036854775807", "row 2: 9223372036854775807"},
    {"1704412800", "row 2: 1704412800 reads as unix, but the rows before as text (date_unit names"
     " one)"},
    {"20240105", "reads as yyyymmdd, but the rows before as text"},
    {"2460315.5", "reads as julian, but the rows before as text"},
};

START_TEST(unreadable_dates_are_errors_or_skipped) {
    sqlite3 *db = data_open_rows("('a', '2024-01-01', 1), ('a', NULL, 1), ('a', '2024-01-03', 1)");
    db_exec(db, "UPDATE orders SET order_date = %s WHERE rowid = 2", data_bad_dates[_i].value);
    char *words = sqlite3_mprintf("clv: %s", data_bad_dates[_i].words);
    bool whole = strncmp(data_bad_dates[_i].words, "row", 3) == 0;
    db_expect_error(db, "SELECT * FROM clv('orders')", SQLITE_ERROR,
                    whole ? words : data_bad_dates[_i].words);
    sqlite3_free(words);
    db_expect_error(db, "SELECT clv(customer_id, order_date, amount) FROM orders", SQLITE_ERROR,
                    "row 2: ");
    db_expect(db, "SELECT frequency, recency, rows_read, rows_skipped FROM clv('orders')"
              " WHERE on_error = 'skip'", "1|2|3|1");
    db_close(db);
}
END_TEST

/* The times of a day whose row before was read are read in a hurry, and must be times all the same. */
START_TEST(times_after_a_day_that_was_read) {
    static const char *const bad[] = {"24:00:01", "24:30:00", "29:00:00", "10:60:00", "10:00:60", "1O:00:00", "10-00-00"};
    sqlite3 *db = data_open_rows("('a', '2024-01-01 10:00:00', 1), ('a', '2024-01-01T23:59:59', 1), ('a', '2024-01-02', 1)");
    db_expect(db, "SELECT frequency, recency, rows_read FROM clv('orders')", "1|1|3");
    for (int i = 0; i < 2 * COUNT(bad); i++) {
        db_exec(db, "UPDATE orders SET order_date = '2024-01-01%c%s' WHERE rowid = 2", i % 2 ? 'T' : ' ', bad[i / 2]);
        db_expect_error(db, "SELECT * FROM clv('orders')", SQLITE_ERROR, "row 2: '2024-01-01");
    }
    db_exec(db, "UPDATE orders SET order_date = '2024-01-01x10:00:00' WHERE rowid = 2");
    db_expect_error(db, "SELECT * FROM clv('orders')", SQLITE_ERROR, "row 2: '2024-01-01x10:00:00'");
    db_close(db);
}
END_TEST

START_TEST(one_column_has_one_unit) {
    static const char *const values[] = {"'2024-01-05'", "1704412800", "1704412800000", "20240105",
                                         "2460315.5"};
    for (int i = 0; i < COUNT(values); i++)
        for (int k = 0; k < COUNT(values); k++) {
            char *rows = sqlite3_mprintf("(1, %s, 1), (2, %s, 1)", values[i], values[k]);
            sqlite3 *db = data_open_rows(rows);
            if (i == k) db_expect(db, "SELECT count(*) FROM clv('orders')", "2");
            else db_expect_error(db, "SELECT * FROM clv('orders')", SQLITE_ERROR, "but the rows"
                                                        " before as");
            db_expect(db, "SELECT rows_skipped FROM clv('orders') WHERE on_error = 'skip'"
                      " AND customer_id = 1", i == k ? "0" : "1");
            sqlite3_free(rows);
            db_close(db);
        }
}
END_TEST

START_TEST(a_named_unit_is_the_only_one) {
    sqlite3 *db = data_open_rows("(1, 20240105, 1), (2, '20240106', 1)");
    db_expect(db, "SELECT group_concat(first_order_date, ' ') FROM clv('orders')"
              " WHERE date_unit = 'yyyymmdd'", "2024-01-05 2024-01-06");
    db_expect(db, "SELECT group_concat(first_order_date, ' ') FROM clv('orders')"
              " WHERE date_unit = 'unix'", "1970-08-23 1970-08-23");
    db_expect_error(db, "SELECT * FROM clv('orders') WHERE date_unit = 'text'", SQLITE_ERROR,
                    "row 1: 20240105");
    db_exec(db, "UPDATE orders SET order_date = '2024-01-05'");
    db_expect_error(db, "SELECT * FROM clv('orders') WHERE date_unit = 'unix'", SQLITE_ERROR,
                    "row 1: '2024-01-05'");
    db_expect_error(db, "SELECT * FROM clv('orders') WHERE date_unit = 'unixs'", SQLITE_ERROR,
                    "(did you mean 'unix'?)");
    db_close(db);
}
END_TEST

START_TEST(jalali_dates_and_months) {
    sqlite3 *db = data_open_rows("(1, '1403/12/30', 1), (1, '1404-01-01', 2), (2, '۱۴۰۳/۱۲/۳۰', 1),"
                                 " (3, '2025-03-21', 4)");
    /* 1403 is a leap year: 30 Esfand is 2025-03-20, the next day is Nowruz */
    db_expect(db, "SELECT group_concat(customer_id || ' ' || first_order_date || ' ' ||"
              " frequency, ', ') FROM clv('orders') WHERE calendar = 'jalali'",
              "1 1403-12-30 1, 2 1403-12-30 0, 3 1404-01-01 0");
    db_expect(db, "SELECT period_start, period_end, is_complete, start_customers, end_customers,"
              " retained, as_of FROM retention_rate('orders') WHERE calendar = 'jalali'",
              "1403-12-01|1403-12-30|1|0|2|0|1404-01-01\n1404-01-01|1404-01-31|0|2|2|1|1404-01-01");
    db_expect(db, "SELECT customer_id FROM clv('orders') WHERE calendar = 'jalali'"
              " AND as_of = '1403/12/30'", "1\n2");
    db_expect(db, "SELECT period_start, period_end FROM retention_rate('orders', 'year')"
              " WHERE calendar = 'jalali'", "1403-01-01|1403-12-30\n1404-01-01|1404-12-29");
    db_expect_error(db, "SELECT * FROM clv('orders')", SQLITE_ERROR, "row 1: '1403/12/30'");
    db_close(db);
}
END_TEST

START_TEST(utc_offset_cuts_the_day) {
    sqlite3 *db = data_open_rows("(1, '2024-01-31 22:30', 1), (1, '2024-02-01 01:00', 1)");
    db_expect(db, "SELECT frequency, as_of FROM clv('orders')", "1|2024-02-01");
    db_expect(db, "SELECT frequency, first_order_date, as_of FROM clv('orders')"
              " WHERE utc_offset = '+01:30'", "0|2024-02-01|2024-02-01");
    db_expect(db, "SELECT frequency, first_order_date, as_of FROM clv('orders')"
              " WHERE utc_offset = '-01:01'", "0|2024-01-31|2024-01-31");
    db_expect_error(db, "SELECT * FROM clv('orders') WHERE utc_offset = '+15:00'", SQLITE_ERROR,
                    "utc_offset must be an offset from UTC");
    db_close(db);
}
END_TEST

START_TEST(as_of_hides_what_is_later) {
    sqlite3 *db = data_open();
    db_expect(db, "SELECT customer_id, frequency, age, as_of FROM clv('orders')"
              " WHERE as_of = '2024-02-05'", "ann|1|33|2024-02-05\nbob|0|16|2024-02-05");
    db_expect(db, "SELECT count(*) FROM clv('orders') WHERE as_of = '2024-01-02'", "0");
    db_expect(db, "SELECT count(*) FROM retention_rate('orders') WHERE as_of = '2024-01-02'", "0");
    db_expect(db, "SELECT group_concat(is_complete, ''), max(as_of) FROM retention_rate('orders')"
              " WHERE as_of = '2024-06-29'", "111110|2024-06-29");
    db_expect(db, "SELECT group_concat(is_complete, '') FROM retention_rate('orders')", "111");
    db_expect(db, "SELECT group_concat(is_complete, '') FROM retention_rate('orders')"
              " WHERE as_of = '2024-03-30'", "110");
    db_expect(db, "SELECT retention_rate, ci_low, churn_rate, crr_formula, end_to_start_ratio,"
              " retained FROM retention_rate('orders') WHERE as_of = '2024-03-30' AND period_start"
              " = '2024-03-01'",
              "NULL|NULL|NULL|NULL|NULL|0");
    /* a number is a date too, by the same rules */
    db_expect(db, "SELECT count(*) FROM clv('orders') WHERE as_of = 20240205", "2");
    db_expect_error(db, "SELECT * FROM clv('orders') WHERE as_of = '2024-02-30'", SQLITE_ERROR,
                    "clv: as_of: '2024-02-30' is not a calendar day");
    db_close(db);
}
END_TEST

/* ---- Amounts ---- */

#define DATA_SUMMARY                                                                             \
    "SELECT group_concat(customer_id || ':' || frequency || ':' || printf('%!.15g',"             \
    " historic_clv), ' ') FROM clv('orders')"

static const struct { const char *rows, *summary; } data_refunds[] = {
    /* refunded in full on the same day: no purchase, but money is money */
    {"('a','2024-01-01',10), ('a','2024-01-01',-10)", "NULL"},
    {"('a','2024-01-01',10), ('a','2024-01-01',-10), ('a','2024-01-02',3)", "a:0:3.0"},
    {"('a','2024-01-01',0.1), ('a','2024-01-01',0.2), ('a','2024-01-01',-0.3),"
     " ('a','2024-01-02',3)",
     "a:0:3.0"},
    /* in part: still one */
    {"('a','2024-01-01',10), ('a','2024-01-01',-9.5)", "a:0:0.5"},
    /* on a later day: the purchase stays, the money goes */
    {"('a','2024-01-01',10), ('a','2024-01-05',-10)", "a:0:0.0"},
    {"('a','2024-01-01',10), ('a','2024-01-05',-12), ('a','2024-01-09',5)", "a:1:3.0"},
    /* only refunds */
    {"('a','2024-01-01',-10), ('b','2024-01-05',1)", "b:0:1.0"},
    /* a free order is an order; NULL counts as 0 */
    {"('a','2024-01-01',0), ('a','2024-01-02',0.0), ('a','2024-01-03',NULL)", "a:2:0.0"},
    {"('a','2024-01-01',NULL), ('a','2024-01-01',7)", "a:0:7.0"},
    /* several orders a day are one purchase day */
    {"('a','2024-01-01 08:00',1), ('a','2024-01-01 20:00',2), ('a','2024-01-02',4)", "a:1:7.0"},
    /* numbers kept as text */
    {"('a','2024-01-01','1200.50'), ('a','2024-01-02',' 12 '), ('a','2024-01-03','-1e1')",
     "a:1:1202.5"},
    /* amounts that are no whole hundredths, and beyond them */
    {"('a','2024-01-01',0.001), ('a','2024-01-02',0.125), ('a','2024-01-03',1e15)",
     "a:2:1.0e+15"},
    {"('a','2024-01-01',10737418.24), ('a','2024-01-02',10737418.23),"
     " ('a','2024-01-02',-10737418.25)",
     "a:0:10737418.24"},
    {"('a','2024-01-01',9007199254740993)", "a:0:9.00719925474099e+15"},
};

START_TEST(refunds_are_netted_within_the_day) {
    sqlite3 *db = data_open_rows(data_refunds[_i].rows);
    db_expect(db, DATA_SUMMARY, data_refunds[_i].summary);
    db_close(db);
}
END_TEST

START_TEST(refunds_may_name_their_order) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount, order_no);"
            "INSERT INTO orders VALUES ('a','2024-01-01',10,'A1'), ('a','2024-01-05',8,'A2'),"
            " ('a','2024-02-01',-8,'A2'), ('b','2024-01-03',5,1), ('b','2024-01-20',-5,1.0),"
            " ('c','2024-01-03',5,'C1'), ('c','2024-01-20',-2,'C1'), ('c','2024-01-25',-1,'gone'),"
            " ('d','2024-01-09',-3,'D1'), ('d','2024-01-11',3,'D1'), ('d','2024-01-30',6,NULL),"
            " ('d','2024-02-02',-6,NULL)");
    db_expect(db, DATA_SUMMARY, "a:0:10.0 c:0:2.0 d:1:0.0");
    db_expect(db, "SELECT max(order_column), max(customers_no_purchase) FROM clv('orders')",
              "order_no|1");
    db_expect(db, DATA_SUMMARY " WHERE order_column = ''", "a:1:10.0 b:0:0.0 c:0:2.0 d:1:0.0");
    /* where the refund comes first in the table the answer is the same */
    db_exec(db, "CREATE VIEW turned AS SELECT * FROM orders ORDER BY rowid DESC");
    db_expect_same(db, "SELECT customer_id, frequency, historic_clv, first_order_date FROM"
                   " clv('turned')",
                   "SELECT customer_id, frequency, historic_clv, first_order_date FROM"
                   " clv('orders')");
    /* an order that as_of hides has no day yet */
    db_expect(db, DATA_SUMMARY " WHERE as_of = '2024-01-10'", "a:1:18.0 b:0:5.0 c:0:5.0");
    db_close(db);
}
END_TEST

START_TEST(bad_amounts_are_errors_or_skipped) {
    static const struct { const char *value, *words; } cases[] = {
        {"'12.5x'", "clv: row 2: amount '12.5x' is not a number (write 1200.50)"},
        {"'1,200'", "row 2: amount '1,200' is not a number"},
        {"''", "row 2: amount '' is not a number"},
        {"x'3132'", "row 2: amount a blob is not a number"},
        {"9e999", "row 2: amount Inf is not a finite number"},
        {"-9e999", "row 2: amount -Inf is not a finite number"}};
    for (int i = 0; i < COUNT(cases); i++) {
        sqlite3 *db = data_open_rows("('a','2024-01-01',1), ('a','2024-01-02',1),"
                                     " ('a','2024-01-04',1)");
        db_exec(db, "UPDATE orders SET amount = %s WHERE rowid = 2", cases[i].value);
        db_expect_error(db, "SELECT * FROM clv('orders')", SQLITE_ERROR, cases[i].words);
        db_expect(db, "SELECT frequency, rows_skipped FROM clv('orders') WHERE on_error ="
                  " 'skip'", "1|1");
        db_expect(db, "SELECT frequency FROM clv('orders') WHERE amount_column = ''", "2");
        db_close(db);
    }
}
END_TEST

START_TEST(without_amounts_every_row_counts) {
    sqlite3 *db = data_open_rows("('a','2024-01-01',-10), ('a','2024-01-02',0),"
                                 " ('b','2024-01-02',-1)");
    db_expect(db, "SELECT customer_id, frequency, monetary_value, historic_clv, amount_column"
              " FROM clv('orders') WHERE amount_column = ''", "a|1|NULL|NULL|\nb|0|NULL|NULL|");
    db_exec(db, "CREATE VIEW bare AS SELECT customer_id, order_date FROM orders");
    db_expect_same(db, "SELECT customer_id, frequency, historic_clv FROM clv('bare')",
                   "SELECT customer_id, frequency, historic_clv FROM clv('orders') WHERE"
                   " amount_column = ''");
    db_expect(db, "SELECT group_concat(customer_id || historic_value) FROM"
              " churn_candidates('bare')", "NULL");
    db_close(db);
}
END_TEST

/* ---- Sizes and shapes of tables ---- */

START_TEST(small_tables) {
    sqlite3 *db = data_open_rows("('a','2024-05-17',2.5)");
    db_expect(db, "SELECT customer_id, frequency, recency, age, monetary_value, p_alive,"
              " predicted_clv, historic_clv, note FROM"
              " clv('orders')", "a|0|0|0|NULL|NULL|NULL|2.5|too little to"
              " predict: 0 customers with a repeat purchase, 30 needed");
    db_expect(db, "SELECT rank, customer_id, churn_probability, days_since_last, usual_gap_days,"
              " overdue_ratio, risk_band, reason FROM churn_candidates('orders')",
              "1|a|NULL|0|NULL|NULL|NULL|ordered on the last day; bought once");
    db_expect(db, "SELECT period_start, start_customers, end_customers, new_customers,"
              " retention_rate FROM retention_rate('orders')", "2024-05-01|0|1|1|NULL");
    db_exec(db, "DELETE FROM orders");
    db_expect(db, "SELECT (SELECT count(*) FROM clv('orders')), (SELECT count(*) FROM"
              " churn_candidates('orders')), (SELECT count(*) FROM"
              " retention_rate('orders'))", "0|0|0");
    db_expect(db, "SELECT clv(customer_id, order_date, amount), retention_rate(customer_id,"
              " order_date, '2024-01-01', '2024-02-01') FROM orders", "NULL|NULL");
    db_exec(db, "INSERT INTO orders VALUES (NULL, '2024-01-01', 1)");
    db_expect(db, "SELECT (SELECT count(*) FROM clv('orders')), (SELECT count(*) FROM"
              " churn_candidates('orders')), (SELECT count(*) FROM"
              " retention_rate('orders'))", "0|0|0");
    db_close(db);
}
END_TEST

START_TEST(all_on_one_day) {
    sqlite3 *db = data_open_rows("('seed','2024-05-17',1)");
    db_exec(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 499)"
            " INSERT INTO orders SELECT i, '2024-05-17', i FROM n");
    db_expect(db, "SELECT count(*), sum(frequency), sum(age), max(note) FROM clv('orders')",
              "500|0|0|too little to predict: 0 customers with a repeat purchase, 30 needed");
    db_expect(db, "SELECT start_customers, end_customers, new_customers, retention_rate FROM"
              " retention_rate('orders', 'day')", "0|500|500|NULL");
    db_expect(db, "SELECT count(*), count(DISTINCT reason) FROM churn_candidates('orders')",
              "500|1");
    db_close(db);
}
END_TEST

START_TEST(one_customer_with_many_orders) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount);"
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)"
            " INSERT INTO orders SELECT 'only', date('1990-01-01', ((i * 7919) %% 10007) || '"
            " days'), 0.25 FROM n");
    db_expect_same(db, "SELECT frequency, recency, historic_clv, first_order_date, last_order_date"
                   " FROM clv('orders')",
                   "SELECT count(DISTINCT order_date) - 1, CAST(julianday(max(order_date)) -"
                   " julianday(min(order_date)) AS INTEGER), sum(amount), min(order_date),"
                   " max(order_date) FROM orders");
    db_close(db);
}
END_TEST

START_TEST(utf16_databases_are_read_alike) {
    sqlite3 *db = db_open_bare(NULL), *utf8 = data_open();
    db_exec(db, "PRAGMA encoding = 'UTF-16le'");
    ck_assert_int_eq(db_load(db, NULL, NULL), SQLITE_OK);
    static const char rows[] = "CREATE TABLE \"bestellungen ü\"(\"kunde é\", \"tag ñ\", amount);"
        "INSERT INTO \"bestellungen ü\" VALUES ('Zoë €', '2024-01-01', '12.50'), ('Zoë €',"
        " '2024-01-03T10:00', 1), ('a customer with a long name 😀', '2024-01-02', 3), (x'00e9',"
        " '2024-01-02', 3), (7, '2024-01-02', 4)";
    static const char ask[] = "SELECT quote(customer_id), frequency, first_order_date,"
        " historic_clv, rows_read, customer_column FROM clv('bestellungen ü') WHERE customer_column"
        " = 'kunde é' AND date_column = 'TAG ñ'";
    db_exec(db, "%s", rows);
    db_exec(utf8, "%s", rows);
    char *want = db_rows(utf8, "%s", ask);
    ck_assert_msg(strstr(want, "Zo\xC3\xAB"), "%s", want);
    db_expect(db, "PRAGMA encoding", "UTF-16le");
    db_expect(db, ask, want);
    db_expect_error(db, "SELECT * FROM clv('bestellungen')", SQLITE_ERROR, "no table or view"
                                           " 'bestellungen'");
    free(want);
    db_close(db);
    db_close(utf8);
}
END_TEST

START_TEST(files_are_read_like_memory) {
    char path[256];
    snprintf(path, sizeof(path), "%s", db_temp_path("data"));
    sqlite3 *db = db_open(path);
    db_exec(db, "PRAGMA journal_mode = WAL; CREATE TABLE orders(customer_id, order_date, amount);"
            "INSERT INTO orders VALUES " DATA_ROWS);
    sqlite3 *reader = db_open(path);
    db_exec(reader, "BEGIN");
    data_expect_shape(reader, "orders", NULL);
    db_exec(db, "DELETE FROM orders WHERE customer_id = 'cyd'");
    data_expect_shape(reader, "orders", NULL); /* its own snapshot */
    db_expect(db, "SELECT count(*) FROM clv('orders')", "2");
    db_exec(reader, "COMMIT");
    db_expect(reader, "SELECT count(*) FROM clv('orders')", "2");
    db_close(reader);
    db_close(db);
    sqlite3 *last = NULL;
    ck_assert_int_eq(sqlite3_open_v2(path, &last, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    sqlite3_enable_load_extension(last, 1);
    ck_assert_int_eq(db_load(last, NULL, NULL), SQLITE_OK);
    db_expect(last, "SELECT count(*) FROM clv('orders')", "2");
    db_close(last);
    db = db_open_bare(path);
    db_exec(db, "PRAGMA journal_mode = DELETE"); /* clears the log away */
    db_close(db);
    remove(path);
}
END_TEST

/* ---- Segments ---- */

START_TEST(segments_are_those_of_the_first_or_last_purchase) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount, channel);"
            "INSERT INTO orders VALUES (1, '2024-01-01 09:00', 5, 'web'), (1, '2024-01-01 08:00',"
            " 5, 'shop'), (1, '2024-02-01', 5, NULL), (2, '2024-01-02', 5, 7), (2, '2024-02-02', 5,"
            " '7'), (3, '2024-01-03', 5, NULL), (4, '2024-01-04 10:00', 5, 'b'), (4, '2024-01-04"
            " 10:00', 5, 'a'), (5, '2024-01-05', -1, 'refund'), (5, '2024-01-05', 9, 'web')");
    db_expect(db, "SELECT quote(segment), new_customers FROM retention_rate('orders')"
              " WHERE segment_column = 'channel' AND period_start = '2024-01-01' AND"
              " new_customers > 0",
              "NULL|1\n7|1\n'a'|1\n'shop'|1\n'web'|1");
    db_expect(db, "SELECT quote(segment), new_customers FROM retention_rate('orders')"
              " WHERE segment_column = 'channel' AND segment_at = 'last' AND period_start ="
              " '2024-01-01' AND new_customers > 0", "NULL|2\n'7'|1\n'a'|1\n'web'|1");
    db_expect(db, "SELECT DISTINCT quote(segment) FROM retention_rate('orders')", "NULL");
    db_close(db);
}
END_TEST

/* ---- Stores that grow ---- */

/* Sevenths are no whole hundredths, and each is kept as it is. */
START_TEST(amounts_of_any_fraction_are_kept) {
    sqlite3 *db = data_open_rows("(0, '2024-01-01', 0.5)");
    db_exec(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
            "INSERT INTO orders SELECT i %% 7, date('2024-01-01', i || ' days'), i / 7.0 FROM n");
    db_expect(db, "SELECT count(*), max(abs(c.historic_clv - o.total)) < 1e-9 FROM clv('orders') c JOIN"
              " (SELECT customer_id, sum(amount) AS total FROM orders GROUP BY 1) o USING (customer_id)",
              "7|1");
    db_close(db);
}
END_TEST

/* Of 20000 segments, on a day's earlier row that of the customer, on the later one another. */
START_TEST(segments_of_any_number_are_kept) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id INTEGER, order_date TEXT, amount REAL, place INTEGER);"
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)"
            "INSERT INTO orders SELECT i, '2024-01-0' || (1 + i %% 9) || ' 23:59:59', 5, 19999 - i FROM n UNION ALL"
            " SELECT i, '2024-01-0' || (1 + i %% 9) || ' 00:00:' || printf('%%02d', i %% 60), 5, i FROM n");
    db_expect(db, "SELECT count(*), sum(segment = customer_id) FROM vip_customers('orders') WHERE"
              " segment_column = 'place'", "20000|20000");
    db_expect(db, "SELECT count(*), sum(segment = customer_id) FROM vip_customers('orders') WHERE"
              " segment_column = 'place' AND segment_at = 'last'", "20000|0");
    db_close(db);
}
END_TEST

/* 200 customers order twice; every second returns the first order, whose lines have two dates. */
START_TEST(many_refunds_find_their_orders) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount, order_id);"
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199)"
            "INSERT INTO orders SELECT i, '2024-03-10', -30 - i, 'a' || i FROM n WHERE i %% 2 = 0 UNION ALL"
            " SELECT i, '2024-01-06', 0, 'a' || i FROM n UNION ALL"
            " SELECT i, '2024-01-05', 30 + i, 'a' || i FROM n UNION ALL"
            " SELECT i, '2024-02-05', 20, 'b' || i FROM n");
    db_expect(db, "SELECT customer_id % 2, first_order_date, frequency, count(*), sum(historic_clv) FROM"
              " clv('orders') WHERE order_column = 'order_id' GROUP BY 1, 2, 3 ORDER BY 1",
              "0|2024-01-06|1|100|2000.0\n1|2024-01-05|2|100|15000.0");
    db_close(db);
}
END_TEST

/* A line that is left out does not date its order; ids may be longer than what is gathered at once. */
START_TEST(refunds_find_orders_past_unreadable_lines) {
    static const int sizes[] = {1, 20, 300000};
    for (int i = 0; i < COUNT(sizes); i++) {
        sqlite3 *db = db_open(NULL);
        db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount, order_id);"
                "INSERT INTO orders VALUES (1, '2024-03-01', -10, 1), (1, '2024-01-01', 'ten', 1),"
                " (1, 'once', 10, 1), (1, '2024-01-05', 10, 1), (1, '2024-02-01', 7, 2);"
                "UPDATE orders SET order_id = printf('%%0*d', %d, order_id)", sizes[i]);
        db_expect(db, "SELECT first_order_date, frequency, historic_clv FROM clv('orders') WHERE"
                  " order_column = 'order_id' AND on_error = 'skip'", "2024-02-01|0|7.0");
        db_close(db);
    }
}
END_TEST

/* A price beside a quantity is no amount, but does not stand in the way of one. */
START_TEST(an_amount_beside_price_and_quantity_is_taken) {
    sqlite3 *db = db_open(NULL);
    db_exec(db, "CREATE TABLE lines(customer_id, order_date, unit_price, quantity, amount);"
            "INSERT INTO lines VALUES (1, '2024-01-01', 2.5, 4, 10)");
    db_expect(db, "SELECT amount_column, historic_clv FROM clv('lines')", "amount|10.0");
    db_expect_error(db, "SELECT * FROM clv('lines', 1e17)", SQLITE_ERROR, "horizon_days must be");
    db_close(db);
}
END_TEST

/* Customers 1 .. n bought in January, every third of them in February, and n more in February alone. */
START_TEST(the_aggregate_keeps_groups_of_any_size) {
    static const int sizes[] = {1, 3, 255, 256, 257, 511, 512, 513, 3000};
    sqlite3 *db = data_open_rows("(0, '2023-01-01', 1)");
    db_exec(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)"
            "INSERT INTO orders SELECT i, '2025-01-' || (10 + i %% 20), 1 FROM n UNION ALL"
            " SELECT i, '2025-02-' || (10 + i %% 18), 1 FROM n WHERE i %% 3 = 0 UNION ALL"
            " SELECT -i, '2025-02-03', 1 FROM n");
    for (int i = 0; i < COUNT(sizes); i++) {
        double rate = db_real(db, "SELECT retention_rate(customer_id, order_date, '2025-02-01',"
                              " '2025-03-01', '2025-01-01') FROM orders WHERE abs(customer_id) <= %d",
                              sizes[i]);
        double want = (double)(sizes[i] / 3) / sizes[i];
        if (rate != want) ck_abort_msg("%d customers: %.17g, not %.17g", sizes[i], rate, want);
    }
    db_close(db);
}
END_TEST

/* Terms that are not the same in every row, also where only one of them differs or one is left out. */
START_TEST(a_group_has_one_window_and_one_horizon) {
    sqlite3 *db = data_open();
    static const char *const windows[] = {
        "CASE WHEN rowid = 2 THEN '2024-02-02' ELSE '2024-02-01' END, '2024-03-01', '2024-01-01'",
        "'2024-02-01', CASE WHEN rowid = 2 THEN '2024-03-02' ELSE '2024-03-01' END, '2024-01-01'",
        "'2024-02-01', '2024-03-01', CASE WHEN rowid = 2 THEN '2024-01-02' ELSE '2024-01-01' END"};
    for (int i = 0; i < COUNT(windows); i++) {
        char *sql = sqlite3_mprintf("SELECT retention_rate(customer_id, order_date, %s) FROM orders",
                                    windows[i]);
        db_expect_error(db, sql, SQLITE_ERROR, "must be the same in every row of a group");
        sqlite3_free(sql);
    }
    static const char *const terms[] = {"CASE WHEN rowid = 2 THEN 364 ELSE 365 END", "CASE WHEN rowid = 2 THEN NULL ELSE 365 END",
                                        "365, CASE WHEN rowid = 2 THEN 0.2 ELSE 0.1 END",
                                        "365, 0.1, CASE WHEN rowid = 2 THEN '2024-04-01' ELSE '2024-04-02' END",
                                        "365, 0.1, CASE WHEN rowid = 2 THEN NULL ELSE '1970-01-01' END"};
    for (int i = 0; i < COUNT(terms); i++) {
        char *sql = sqlite3_mprintf("SELECT clv(customer_id, order_date, amount, %s) FROM orders",
                                    terms[i]);
        db_expect_error(db, sql, SQLITE_ERROR, "must be the same in every row of a group");
        sqlite3_free(sql);
    }
    db_close(db);
}
END_TEST

/* Where an offset would carry a day over the calendar's end it stays on the last one. */
START_TEST(an_offset_does_not_leave_the_calendar) {
    static const struct { const char *date, *offset, *day; } cases[] = {
        {"9999-12-31 21:59", "+02:00", "9999-12-31"}, {"9999-12-31 22:00", "+02:00", "9999-12-31"},
        {"9999-12-30 22:00", "+02:00", "9999-12-31"}, {"0000-01-01 08:00", "-08:00", "0000-01-01"},
        {"0000-01-01 07:59", "-08:00", "0000-01-01"}, {"0000-01-02 07:59", "-08:00", "0000-01-01"}};
    for (int i = 0; i < COUNT(cases); i++) {
        sqlite3 *db = data_open_rows("(1, NULL, 1)");
        db_exec(db, "UPDATE orders SET order_date = %Q", cases[i].date);
        char *sql = sqlite3_mprintf("SELECT first_order_date FROM clv('orders') WHERE utc_offset = %Q",
                                    cases[i].offset);
        db_expect(db, sql, cases[i].day);
        sqlite3_free(sql);
        db_close(db);
    }
}
END_TEST

START_TEST(more_rows_than_20_million_are_refused) {
    sqlite3 *db = data_open();
    db_exec(db, "CREATE TABLE wide(customer_id, order_date, city);"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)"
            "INSERT INTO wide SELECT i, date('2000-01-01', (i * 2) || ' days'), i FROM n");
    db_expect_error(db, "SELECT count(*) FROM retention_rate('wide', 'day') WHERE segment_column = 'city'",
                    SQLITE_TOOBIG, "4000 segments over 7999 periods are more than 20000000 rows; choose a"
                    " longer period");
    db_expect(db, "SELECT count(*) > 1000000 FROM retention_rate('wide', 'month') WHERE segment_column ="
              " 'city'", "1");
    db_close(db);
}
END_TEST

/* Memory in use when customers 1 .. 3000, later ones with more orders, were read and all is closed. */
static int64_t data_left_over(void) {
    sqlite3 *db = data_open_rows("(0, '2024-01-01', 1)");
    db_exec(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
            "INSERT INTO orders SELECT i, date('2024-01-01', k || ' days'), 2 + i %% 5 FROM n,"
            " (SELECT i AS k FROM n LIMIT 4) WHERE k <= 1 + i / 1000");
    db_expect(db, "SELECT sum(new_customers), count(DISTINCT segment) FROM retention_rate('orders') WHERE"
              " segment_column = 'amount'", "3001|6");
    db_expect(db, "SELECT count(*), sum(frequency) FROM clv('orders')", "3001|3003");
    db_close(db);
    return sqlite3_memory_used();
}

START_TEST(a_book_that_grows_gives_all_memory_back) {
    int64_t before = data_left_over();
    ck_assert_int_eq(data_left_over(), before);
}
END_TEST

/* Three gaps are a habit of one's own, two are not yet. */
START_TEST(own_gaps_count_from_three_on) {
    sqlite3 *db = data_open_rows("('z', '2024-12-31', 1)");
    db_exec(db, "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4)"
            "INSERT INTO orders SELECT c.i, date('2024-01-01', (n.i * 10) || ' days'), 5 FROM n, n AS c"
            " WHERE n.i < c.i AND c.i > 2");
    db_expect(db, "SELECT customer_id, reason FROM churn_candidates('orders') WHERE customer_id < 'a'",
              "3|last order 345 days ago, usually every 10\n"
              "4|last order 335 days ago, usually every 10; longer than 100 % of own gaps");
    db_close(db);
}
END_TEST

/* ---- Names at the edge ---- */

START_TEST(a_name_is_more_than_a_dot) {
    sqlite3 *db = data_open();
    db_expect_error(db, "SELECT * FROM retention_rate('main.')", SQLITE_ERROR, "no table or view 'main.'");
    db_expect_error(db, "SELECT * FROM retention_rate('.orders')", SQLITE_ERROR,
                    "no table or view '.orders'");
    static const char *const rowids[] = {"oid", "_rowid_", "ROWID"};
    for (int i = 0; i < COUNT(rowids); i++) {
        char *sql = sqlite3_mprintf("SELECT count(*) FROM clv('orders') WHERE customer_column = %Q",
                                    rowids[i]);
        db_expect(db, sql, "5");
        sqlite3_free(sql);
    }
    db_close(db);
}
END_TEST

START_TEST(long_column_names_are_no_usual_ones) {
    sqlite3 *db = db_open(NULL);
    char *name = sqlite3_mprintf("customer_id%0200d", 1);
    db_exec(db, "CREATE TABLE orders(\"%w\", customer_id, order_date, \"{amount}\");"
            "INSERT INTO orders VALUES ('no', 'yes', '2024-01-01', 5)", name);
    db_expect(db, "SELECT customer_id, historic_clv FROM clv('orders')", "yes|5.0");
    sqlite3_free(name);
    db_close(db);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("data");
    TCase *tc = tcase_create("data");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, source_may_be_any_table_or_view);
    tcase_add_test(tc, source_may_be_our_own_function);
    tcase_add_test(tc, source_may_be_attached);
    tcase_add_test(tc, source_in_main_and_temp_is_found_as_sqlite_does);
    tcase_add_loop_test(tc, names_are_only_names, 0, COUNT(data_names));
    tcase_add_test(tc, a_misspelt_name_is_an_error);
    tcase_add_test(tc, usual_column_names_are_found);
    tcase_add_test(tc, ids_keep_their_type_and_bytes);
    tcase_add_test(tc, rows_without_a_customer_are_counted);
    tcase_add_loop_test(tc, dates_are_read, 0, COUNT(data_dates));
    tcase_add_loop_test(tc, unreadable_dates_are_errors_or_skipped, 0, COUNT(data_bad_dates));
    tcase_add_test(tc, times_after_a_day_that_was_read);
    tcase_add_test(tc, one_column_has_one_unit);
    tcase_add_test(tc, a_named_unit_is_the_only_one);
    tcase_add_test(tc, jalali_dates_and_months);
    tcase_add_test(tc, utc_offset_cuts_the_day);
    tcase_add_test(tc, as_of_hides_what_is_later);
    tcase_add_loop_test(tc, refunds_are_netted_within_the_day, 0, COUNT(data_refunds));
    tcase_add_test(tc, refunds_may_name_their_order);
    tcase_add_test(tc, bad_amounts_are_errors_or_skipped);
    tcase_add_test(tc, without_amounts_every_row_counts);
    tcase_add_test(tc, small_tables);
    tcase_add_test(tc, all_on_one_day);
    tcase_add_test(tc, one_customer_with_many_orders);
    tcase_add_test(tc, utf16_databases_are_read_alike);
    tcase_add_test(tc, files_are_read_like_memory);
    tcase_add_test(tc, segments_are_those_of_the_first_or_last_purchase);
    tcase_add_test(tc, amounts_of_any_fraction_are_kept);
    tcase_add_test(tc, segments_of_any_number_are_kept);
    tcase_add_test(tc, many_refunds_find_their_orders);
    tcase_add_test(tc, refunds_find_orders_past_unreadable_lines);
    tcase_add_test(tc, an_amount_beside_price_and_quantity_is_taken);
    tcase_add_test(tc, the_aggregate_keeps_groups_of_any_size);
    tcase_add_test(tc, a_group_has_one_window_and_one_horizon);
    tcase_add_test(tc, an_offset_does_not_leave_the_calendar);
    tcase_add_test(tc, more_rows_than_20_million_are_refused);
    tcase_add_test(tc, a_book_that_grows_gives_all_memory_back);
    tcase_add_test(tc, own_gaps_count_from_three_on);
    tcase_add_test(tc, a_name_is_more_than_a_dot);
    tcase_add_test(tc, long_column_names_are_no_usual_ones);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
