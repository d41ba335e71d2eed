/* check_twins.c - each report equals its twin in plain SQL (twins.def), over random and over real orders.
 *
 * The real ones lie outside the project (../shared/data); without them a test says so.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "db.h"
#include "twins.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const DbShop twins_shops[] = {
    {.seed = 1, .n_customers = 60, .n_days = 500, .gap_days = 25},
    {.seed = 2, .n_customers = 90, .n_days = 800, .gap_days = 40, .refunds = true},
    {.seed = 3, .n_customers = 40, .n_days = 100, .gap_days = 5, .refunds = true},
    {.seed = 4, .n_customers = 1, .n_days = 200, .gap_days = 9},
    {.seed = 5, .n_customers = 200, .n_days = 30, .gap_days = 60, .refunds = true},
};

/* Where a table of shared/data has what a twin reads. */
static const struct {
    const char *file, *columns;
} twins_real[] = {
    {"cdnow_sample", "customer_id, date AS order_date, CAST(amount AS REAL) AS amount, 'c' || customer_id % 3 AS channel"},
    {"uci_online_retail_orders", "customer_id, ts AS order_date, CAST(amount AS REAL) AS amount, country AS channel"},
    {"northwind_orders", "customer_id, ts AS order_date, CAST(amount AS REAL) AS amount,"
                         " substr(customer_id, 1, 1) AS channel"},
    {"chinook_invoices", "customer_id, ts AS order_date, CAST(amount AS REAL) AS amount, customer_id % 4 AS channel"},
};

static void twins_compare(sqlite3 *db, const Twin *twin) {
    char *recipe = twins_recipe(twin->name, "orders");
    ck_assert_msg(recipe != NULL, "sql/%s.sql is not here", twin->name);
    char *view = sqlite3_mprintf("CREATE TEMP VIEW twin AS %s", recipe);
    db_exec(db, "%s", view);
    char *report = twins_report(db, twin, "orders", "twin", NULL);
    sqlite3_stmt *ours = NULL, *plain = NULL;
    int rc = sqlite3_prepare_v2(db, report, -1, &ours, NULL);
    ck_assert_msg(rc == SQLITE_OK, "%s: %s", report, sqlite3_errmsg(db));
    rc = sqlite3_prepare_v2(db, "SELECT * FROM twin", -1, &plain, NULL);
    ck_assert_msg(rc == SQLITE_OK, "sql/%s.sql: %s", twin->name, sqlite3_errmsg(db));
    double slack = twin->money ? 1e-9 * (1 + db_real(db, "SELECT total(abs(amount)) FROM orders")) : 0;
    char *difference = twins_difference(ours, plain, slack, false);
    ck_assert_msg(difference == NULL, "%s", difference);
    sqlite3_finalize(ours);
    sqlite3_finalize(plain);
    db_exec(db, "DROP VIEW twin");
    sqlite3_free(view);
    sqlite3_free(recipe);
    sqlite3_free(report);
}

START_TEST(random_orders) {
    for (int shop = 0; shop < COUNT(twins_shops); shop++) {
        sqlite3 *db = db_open(NULL);
        db_make_shop(db, "orders", twins_shops[shop]);
        twins_compare(db, &twins[_i]);
        db_close(db);
    }
}
END_TEST

/* Nobody, one order, all on one day, nothing but refunds. */
START_TEST(small_tables) {
    static const char *const rows[] = {
        "SELECT 1, '2024-01-01', 1, 'a' WHERE 0",
        "SELECT 1, '2024-02-29', 10.5, 'a'",
        "SELECT value, '2024-02-29', value, 'a' FROM json_each('[1,2,3,2,2,5]')",
        "SELECT 1, '2024-01-05', -3, 'a' UNION ALL SELECT 2, '2024-03-31', -1.5, 'b'",
        "SELECT 'x', '2023-12-31', 1, 'a' UNION ALL SELECT 'x', '2024-12-31', 1, 'b'",
    };
    for (int i = 0; i < COUNT(rows); i++) {
        sqlite3 *db = db_open(NULL);
        db_exec(db, "CREATE TABLE orders(customer_id, order_date, amount, channel); INSERT INTO orders %s", rows[i]);
        twins_compare(db, &twins[_i]);
        db_close(db);
    }
}
END_TEST

START_TEST(real_orders) {
    for (int i = 0; i < COUNT(twins_real); i++) {
        sqlite3 *db = db_open(NULL);
        if (db_import(db, "imported", twins_real[i].file)) {
            db_exec(db, "CREATE TABLE orders AS SELECT %s FROM imported", twins_real[i].columns);
            twins_compare(db, &twins[_i]);
        }
        db_close(db);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("twins");
    TCase *tc = tcase_create("twins");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, random_orders, 0, n_twins);
    tcase_add_loop_test(tc, small_tables, 0, n_twins);
    tcase_add_loop_test(tc, real_orders, 0, n_twins);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
