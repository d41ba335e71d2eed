/* fuzz_scores.c - whether a model that somebody kept as a text is read rightly or refused, and what it scores.
 *
 * The first byte chooses where the text of the model comes from, the next 24 are the history:
 *
 *     given    the rest of the input, byte by byte
 *     written  JSON as another program might write it, keys in any order, numbers in any form: it must be read
 *     fitted   clv_fit over the customers that the input describes: what it returns must be read
 *
 * and each of the scalars that take a model scores a history with it, as a constant of the statement, which is read
 * once, and as a column, which is read for every row.
 *
 *   - what is read is JSON to SQLite too, and its parameters are those that SQLite reads there;
 *   - what is refused says so, begins with the name of the function, and shows little of the value;
 *   - probabilities lie in [0, 1], expected purchases are not negative, nothing is infinite;
 *   - constant and column give the same; clv_fit does not depend on the order of its rows.
 */
#include "fuzz.h"

enum { SCORES_ROWS_MAX = 150, SCORES_TEXT_MAX = 6000, SCORES_MESSAGE_MAX = 300, SCORES_HISTORY_SIZE = 24 };

/* ---- The functions ---- */

typedef enum ScoresBound { SCORES_PROBABILITY, SCORES_COUNT, SCORES_MONEY } ScoresBound;

/* ?2 to ?5: frequency, which depends on the row, so that SQLite calls the function for each; recency, age,
 * monetary_value; ?6 days ahead, ?7 discount, ?8 margin. */
static const struct { const char *name, *arguments; ScoresBound bound; } scores_functions[] = {
    {"p_alive", "?2 + 0 * rowid, ?3, ?4", SCORES_PROBABILITY},
    {"p_no_purchase", "?2 + 0 * rowid, ?3, ?4, ?6", SCORES_PROBABILITY},
    {"expected_purchases", "?2 + 0 * rowid, ?3, ?4, ?6", SCORES_COUNT},
    {"expected_spend", "?2 + 0 * rowid, ?5", SCORES_MONEY},
    {"predicted_clv", "?2 + 0 * rowid, ?3, ?4, ?5, ?6, ?7, ?8", SCORES_MONEY},
};
enum { SCORES_FUNCTIONS = sizeof(scores_functions) / sizeof(scores_functions[0]), SCORES_ARGUMENTS = 8 };

static sqlite3 *scores_db;
static sqlite3_stmt *scores_constant[SCORES_FUNCTIONS], *scores_column[SCORES_FUNCTIONS], *scores_json, *scores_keep,
    *scores_add, *scores_clear, *scores_fit[2];

static sqlite3_stmt *scores_prepare(char *sql) {
    sqlite3_stmt *stmt = fuzz_prepare(scores_db, sql);
    sqlite3_free(sql);
    return stmt;
}

static void scores_open(void) {
    if (scores_db) return;
    scores_db = fuzz_open();
    fuzz_exec(scores_db, "CREATE TABLE models(model); INSERT INTO models VALUES ('{\"model\":\"nbd\",\"r\":2,\"alpha\":3}'),"
                         " (NULL); CREATE TABLE customers(f, r, a, m)");
    for (int i = 0; i < SCORES_FUNCTIONS; i++) {
        const char *name = scores_functions[i].name, *arguments = scores_functions[i].arguments;
        scores_constant[i] = scores_prepare(sqlite3_mprintf("SELECT %s(?1, %s) FROM models", name, arguments));
        scores_column[i] = scores_prepare(sqlite3_mprintf("SELECT %s(model, %s) FROM models WHERE rowid = 2 OR ?1 = 1",
                                                          name, arguments));
    }
    scores_json = fuzz_prepare(scores_db, "SELECT json_valid(?1), json_extract(?1, '$.' || ?2)");
    scores_keep = fuzz_prepare(scores_db, "UPDATE models SET model = ?1 WHERE rowid = 2");
    scores_add = fuzz_prepare(scores_db, "INSERT INTO customers VALUES (?1, ?2, ?3, ?4)");
    scores_clear = fuzz_prepare(scores_db, "DELETE FROM customers");
    scores_fit[0] = fuzz_prepare(scores_db, "SELECT clv_fit(f, r, a, m, ?1) FROM (SELECT * FROM customers ORDER BY rowid)");
    scores_fit[1] = fuzz_prepare(scores_db, "SELECT clv_fit(f, r, a, m, ?1) FROM (SELECT * FROM customers ORDER BY rowid DESC)");
}

static void scores_step(sqlite3_stmt *stmt) {
    if (sqlite3_step(stmt) != SQLITE_DONE) fuzz_fail("%s: %s", sqlite3_sql(stmt), sqlite3_errmsg(scores_db));
    sqlite3_reset(stmt);
}

/* ---- The history ---- */

typedef struct ScoresHistory {
    double number[SCORES_ARGUMENTS + 1]; /* from ?2 on; NaN: NULL */
} ScoresHistory;

/* A number up to most, mostly whole. */
static double scores_number(Feed *feed, double most) {
    static const double odd[] = {-1, NAN, 1e9, 3699999, 0.5, 1e-9, -0.0, 1e308, INFINITY};
    int kind = feed_below(feed, 32);
    double share = (double)feed_bytes(feed, 2) / 65535;
    if (kind < 16) return floor(pow(most + 1, share)) - 1;
    if (kind < 24) return floor(share * most);
    return kind < 30 ? share * most : odd[(int)(share * (FUZZ_COUNT(odd) - 1))];
}

static ScoresHistory scores_history(Feed *all) {
    ScoresHistory history = {{0}};
    double *number = history.number;
    Feed head = {all->at, all->end - all->at < SCORES_HISTORY_SIZE ? all->end : all->at + SCORES_HISTORY_SIZE};
    Feed *feed = &head;
    all->at = head.end;
    number[4] = scores_number(feed, 20000);
    number[3] = feed_below(feed, 8) ? floor(number[4] * (double)feed_bytes(feed, 1) / 255) : scores_number(feed, 20000);
    number[2] = scores_number(feed, 300);
    if (number[2] == 0 && feed_below(feed, 16)) number[3] = 0;
    number[5] = scores_number(feed, 1000);
    number[6] = scores_number(feed, 36500);
    number[7] = scores_number(feed, 10);
    number[8] = scores_number(feed, 10);
    return history;
}

/* ---- What a text scores ---- */

typedef struct ScoresText {
    char bytes[SCORES_TEXT_MAX + 1];
    int n;
} ScoresText;

typedef struct ScoresAnswer {
    int rc;
    bool null;
    double value;
    char message[2000];
} ScoresAnswer;

static ScoresAnswer scores_ask(sqlite3_stmt *stmt) {
    ScoresAnswer answer = {.rc = sqlite3_step(stmt)};
    if (answer.rc == SQLITE_ROW) {
        answer.null = sqlite3_column_type(stmt, 0) == SQLITE_NULL;
        answer.value = sqlite3_column_double(stmt, 0);
        FUZZ_CHECK(answer.null || sqlite3_column_type(stmt, 0) == SQLITE_FLOAT, "%s is no REAL", sqlite3_sql(stmt));
    } else {
        snprintf(answer.message, sizeof(answer.message), "%s", sqlite3_errmsg(scores_db));
    }
    return answer;
}

static void scores_check_answer(int function, const ScoresAnswer *answer, const char *text) {
    const char *name = scores_functions[function].name;
    size_t n = strlen(name);
    if (answer->rc != SQLITE_ROW) {
        FUZZ_CHECK(answer->rc == SQLITE_ERROR, "%s: code %d, %s, of %s", name, answer->rc, answer->message, text);
        FUZZ_CHECK(strncmp(answer->message, name, n) == 0 && strncmp(answer->message + n, ": ", 2) == 0,
                   "an error begins without %s: %s", name, answer->message);
        FUZZ_CHECK(strlen(answer->message) < SCORES_MESSAGE_MAX, "a long message: %s", answer->message);
        return;
    }
    if (answer->null) return;
    FUZZ_CHECK(isfinite(answer->value), "%s is %g of %s", name, answer->value, text);
    if (scores_functions[function].bound == SCORES_PROBABILITY)
        FUZZ_CHECK(answer->value >= 0 && answer->value <= 1, "%s is %.17g of %s", name, answer->value, text);
    if (scores_functions[function].bound == SCORES_COUNT)
        FUZZ_CHECK(answer->value >= 0, "%s is %.17g of %s", name, answer->value, text);
}

static void scores_bind(sqlite3_stmt *stmt, const ScoresHistory *history) {
    for (int i = 2; i <= sqlite3_bind_parameter_count(stmt); i++)
        if (isnan(history->number[i])) sqlite3_bind_null(stmt, i);
        else sqlite3_bind_double(stmt, i, history->number[i]);
}

/* The rows of models are two: as a constant the text is read at the first and kept for the second. */
static void scores_run(int function, const ScoresText *text, const ScoresHistory *history) {
    sqlite3_stmt *constant = scores_constant[function], *column = scores_column[function];
    scores_bind(constant, history);
    scores_bind(column, history);
    sqlite3_bind_text(constant, 1, text->bytes, text->n, SQLITE_STATIC);
    sqlite3_bind_int(column, 1, 0);
    ScoresAnswer first = scores_ask(constant), second = first.rc == SQLITE_ROW ? scores_ask(constant) : first;
    ScoresAnswer other = scores_ask(column);
    sqlite3_reset(constant);
    sqlite3_reset(column);
    scores_check_answer(function, &first, text->bytes);
    FUZZ_CHECK(first.rc == second.rc && first.null == second.null && (first.null || first.value == second.value),
               "%s: %.17g, then %.17g, of %s", scores_functions[function].name, first.value, second.value, text->bytes);
    FUZZ_CHECK(first.rc == other.rc && first.null == other.null && (first.null || first.value == other.value) &&
                   strcmp(first.message, other.message) == 0,
               "%s: %.17g (%s) as a constant, %.17g (%s) as a column, of %s", scores_functions[function].name,
               first.value, first.message, other.value, other.message, text->bytes);
}

/* ---- What a text says ---- */

/* The number that SQLite finds under a key; NaN: none. */
static double scores_find(const ScoresText *text, const char *key) {
    sqlite3_bind_text(scores_json, 1, text->bytes, text->n, SQLITE_STATIC);
    sqlite3_bind_text(scores_json, 2, key, -1, SQLITE_STATIC);
    FUZZ_CHECK(sqlite3_step(scores_json) == SQLITE_ROW && sqlite3_column_int(scores_json, 0), "read, but no JSON: %s",
               text->bytes);
    int type = sqlite3_column_type(scores_json, 1);
    double value = type == SQLITE_FLOAT || type == SQLITE_INTEGER ? sqlite3_column_double(scores_json, 1) : NAN;
    sqlite3_reset(scores_json);
    return value;
}

static void scores_check_number(const ScoresText *text, const char *key, double read) {
    double found = scores_find(text, key);
    FUZZ_CHECK(fabs(found - read) <= 1e-14 * fabs(read), "%s is read as %.17g, not %.17g, of %s", key, read, found,
               text->bytes);
    FUZZ_CHECK(strcmp(key, "spend.mean") == 0 || (read >= MODELTEXT_PARAM_MIN && read <= MODELTEXT_PARAM_MAX),
               "%s is %.17g", key, read);
}

/* Reads a text as the functions do; true when it is a model.  It lies in a block of its own size, so that the sanitizer
 * sees a byte too many. */
static bool scores_check_text(const ScoresText *text) {
    Modeltext model = {.has_spend = false};
    Err err = {0};
    char *copy = malloc((size_t)text->n + 1);
    FUZZ_CHECK(copy, "no memory for %d bytes", text->n);
    memcpy(copy, text->bytes, (size_t)text->n + 1);
    modeltext_read(&model, copy, text->n, &err);
    free(copy);
    bool good = !err.rc;
    FUZZ_CHECK(good || (err.rc == SQLITE_ERROR && strncmp(err.msg, "model must ", 11) == 0), "%s", err.msg);
    err_clear(&err);
    if (!good) return false;
    PurchaseModel kind = model.law.model;
    const BgnbdParams *p = &model.law.as.bgnbd; /* r, alpha, s and beta lie in the places of r, alpha, a and b */
    scores_check_number(text, "r", p->r);
    scores_check_number(text, "alpha", p->alpha);
    if (kind != PURCHASE_NBD) {
        scores_check_number(text, kind == PURCHASE_PNBD ? "s" : "a", kind == PURCHASE_PNBD ? model.law.as.pnbd.s : p->a);
        scores_check_number(text, kind == PURCHASE_PNBD ? "beta" : "b",
                            kind == PURCHASE_PNBD ? model.law.as.pnbd.beta : p->b);
    }
    if (model.has_spend) {
        scores_check_number(text, "spend.p", model.spend.p);
        scores_check_number(text, "spend.q", model.spend.q);
        scores_check_number(text, "spend.gamma", model.spend.gamma);
    }
    if (!isnan(model.mean_spend)) scores_check_number(text, "spend.mean", model.mean_spend);
    return true;
}

/* ---- Written ---- */

static void scores_print(ScoresText *text, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text->bytes + text->n, (size_t)(SCORES_TEXT_MAX - text->n), format, list);
    va_end(list);
    text->n += n < SCORES_TEXT_MAX - text->n ? n : SCORES_TEXT_MAX - text->n - 1;
}

static void scores_print_space(ScoresText *text, Feed *feed) {
    static const char *const spaces[] = {"", "", "", "", " ", "\n", "\t  ", "\r\n"};
    scores_print(text, "%s", spaces[feed_below(feed, FUZZ_COUNT(spaces))]);
}

static void scores_print_parameter(ScoresText *text, Feed *feed) {
    int form = feed_below(feed, 6);
    double share = (double)feed_bytes(feed, 2) / 65535;
    double value = pow(10, feed_below(feed, 4) ? 6 * share - 3 : 59.8 * share - 29.9);
    char digits[400];
    if (form == 0) scores_print(text, "%.17g", value);
    else if (form == 1) scores_print(text, "%.16e", value);
    else if (form == 2) scores_print(text, "%.0f", ceil(fmin(value, 1e15)));
    else if (form == 3) scores_print(text, "%.38E", value);
    else if (form == 4) scores_print(text, "%.6fe%+d", fmin(fmax(value, 1e-3), 1e9), feed_below(feed, 12));
    else {
        decimal_print(value, digits);
        scores_print(text, "%s", digits);
    }
}

/* Members in an order of the feed's; each is there, some of them only perhaps. */
typedef struct ScoresMember {
    const char *key;
    bool always;
} ScoresMember;

static void scores_print_object(ScoresText *text, Feed *feed, const char *law, bool of_spend);

static void scores_print_value(ScoresText *text, Feed *feed, const char *key, const char *law) {
    static const char *const notes[] = {"null", "\"\"", "\"a \\\"note\\\" \\u00e9\\n\"", "\"\xC3\xA9\"", "\"{}[],:\""};
    if (strcmp(key, "model") == 0) scores_print(text, "\"%s\"", law);
    else if (strcmp(key, "note") == 0) scores_print(text, "%s", notes[feed_below(feed, FUZZ_COUNT(notes))]);
    else if (strcmp(key, "log_likelihood") == 0) scores_print(text, "-%d.25", feed_below(feed, 100));
    else if (strcmp(key, "spend") != 0) scores_print_parameter(text, feed);
    else if (feed_below(feed, 4) == 0) scores_print(text, "null");
    else scores_print_object(text, feed, law, true);
}

static void scores_print_object(ScoresText *text, Feed *feed, const char *law, bool of_spend) {
    bool dropout = strcmp(law, "nbd") != 0, pareto = strcmp(law, "pnbd") == 0, gamma = of_spend && feed_below(feed, 4);
    ScoresMember model[] = {{"model", true},         {"r", true},          {"alpha", true},
                            {pareto ? "s" : "a", dropout}, {pareto ? "beta" : "b", dropout}, {"customers", false},
                            {"one_timers", false},   {"note", false},      {"log_likelihood", false}, {"spend", false}};
    ScoresMember spend[] = {{"p", gamma}, {"q", gamma}, {"gamma", gamma}, {"mean", false}};
    ScoresMember *members = of_spend ? spend : model;
    int n = of_spend ? FUZZ_COUNT(spend) : FUZZ_COUNT(model), n_written = 0;
    scores_print(text, "{");
    for (int i = 0; i < n; i++) {
        int j = i + feed_below(feed, n - i);
        ScoresMember member = members[j];
        members[j] = members[i];
        bool own = strcmp(member.key, "model") == 0 || member.always; /* a parameter of another law is refused */
        bool extra = of_spend ? strcmp(member.key, "mean") == 0 : strlen(member.key) > 3 && strcmp(member.key, "beta") != 0;
        if (!own && !(extra && feed_below(feed, 2))) continue;
        if (n_written++) scores_print(text, ",");
        scores_print_space(text, feed);
        scores_print(text, "\"%s\"", member.key);
        scores_print_space(text, feed);
        scores_print(text, ":");
        scores_print_space(text, feed);
        scores_print_value(text, feed, member.key, law);
        scores_print_space(text, feed);
    }
    scores_print(text, "}");
}

static void scores_write(ScoresText *text, Feed *feed) {
    static const char *const laws[] = {"bgnbd", "mbgnbd", "pnbd", "nbd"};
    scores_print_space(text, feed);
    scores_print_object(text, feed, laws[feed_below(feed, FUZZ_COUNT(laws))], false);
    scores_print_space(text, feed);
    FUZZ_CHECK(scores_check_text(text), "JSON of a model is refused: %s", text->bytes);
}

/* ---- Fitted ---- */

/* Crowds of customers who are alike, some with values that no customer has. */
static void scores_add_customers(Feed *feed) {
    static const double odd[] = {-1, 1.5, 1e9, NAN, 3699999, 3700000};
    int days = 1 + (int)feed_bytes(feed, 2) % 3000, n = 0;
    while (feed->at < feed->end && n < SCORES_ROWS_MAX) {
        int crowd = 1 + feed_below(feed, 60), most = feed_below(feed, 30), choice = feed_below(feed, 64);
        uint64_t random = feed_bytes(feed, 3);
        for (int i = 0; i < crowd && n < SCORES_ROWS_MAX; i++, n++) {
            int age = fuzz_below(&random, days), recency = fuzz_below(&random, age + 1);
            int frequency = fuzz_below(&random, (recency < most ? recency : most) + 1);
            double number[] = {frequency, frequency ? recency : 0, age, (double)(fuzz_below(&random, 20000) - 500) / 100};
            if (choice < 4 && i == 0) number[choice] = odd[fuzz_below(&random, FUZZ_COUNT(odd))];
            if (choice == 4) number[3] = 1e15;
            if (choice == 5) number[3] = NAN;
            if (choice == 6) number[3] = 1e-300;
            for (int k = 0; k < 4; k++)
                if (isnan(number[k])) sqlite3_bind_null(scores_add, k + 1);
                else if (k < 3 && number[k] == floor(number[k])) sqlite3_bind_int64(scores_add, k + 1, (int64_t)number[k]);
                else sqlite3_bind_double(scores_add, k + 1, number[k]);
            scores_step(scores_add);
        }
    }
}

/* The text of a fit; false when there is none. */
static bool scores_run_fit(ScoresText *text, int order, const char *law) {
    sqlite3_stmt *stmt = scores_fit[order];
    sqlite3_bind_text(stmt, 1, law, -1, SQLITE_STATIC);
    int rc = sqlite3_step(stmt);
    const char *message = sqlite3_errmsg(scores_db);
    FUZZ_CHECK(rc == SQLITE_ROW || (rc == SQLITE_ERROR && strncmp(message, "clv_fit: ", 9) == 0), "%d: %s", rc, message);
    text->n = 0;
    scores_print(text, "%s", rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : message);
    bool found = rc == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_TEXT;
    sqlite3_reset(stmt);
    return found;
}

static bool scores_fit_text(ScoresText *text, Feed *feed) {
    static const char *const laws[] = {"bgnbd", "mbgnbd", "pnbd", "nbd"};
    static ScoresText other;
    const char *law = laws[feed_below(feed, FUZZ_COUNT(laws))];
    scores_step(scores_clear);
    scores_add_customers(feed);
    bool found = scores_run_fit(text, 0, law), again = scores_run_fit(&other, 1, law);
    FUZZ_CHECK(found == again && (!found || strcmp(text->bytes, other.bytes) == 0), "clv_fit gives %s, the rows turned %s",
               text->bytes, other.bytes);
    FUZZ_CHECK(!found || scores_check_text(text), "what clv_fit returns is refused: %s", text->bytes);
    return found;
}

/* ---- One input ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static ScoresText text;
    Feed feed = {data, data + size};
    text.n = 0;
    text.bytes[0] = 0;
    scores_open();
    fuzz_exec(scores_db, "BEGIN");
    int choice = feed_below(&feed, 16);
    ScoresHistory history = scores_history(&feed);
    if (choice < 8) {
        text.n = (int)(feed.end - feed.at < SCORES_TEXT_MAX ? feed.end - feed.at : SCORES_TEXT_MAX);
        memcpy(text.bytes, feed.at, (size_t)text.n);
        text.bytes[text.n] = 0;
        scores_check_text(&text);
    } else if (choice < 14) {
        scores_write(&text, &feed);
    } else if (!scores_fit_text(&text, &feed)) {
        text.n = 0;
    }
    /* As SQLite keeps a text, so that it can be shorter than what was said. */
    sqlite3_bind_text(scores_keep, 1, text.bytes, text.n, SQLITE_STATIC);
    scores_step(scores_keep);
    for (int i = 0; i < SCORES_FUNCTIONS; i++) scores_run(i, &text, &history);
    fuzz_exec(scores_db, "ROLLBACK");
    return 0;
}
