/* generate.c - writes what the fuzzers begin with.
 *
 *     generate dict                  the dictionary of fuzz_sql: every name of retain_help
 *     generate sql  SEED N FOLDER    N texts of the grammar of SQL, the same for the same seed
 *     generate date SEED N FOLDER    N texts of the grammar of dates
 *
 * Built by build.sh as fuzz_generate, without libFuzzer.
 */
#include "fuzz.h"

#include "grammar_date.h"
#include "grammar_sql.h"

/* As libFuzzer reads one. */
static void generate_word(const char *text) {
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') putchar('\\');
        putchar(*text);
    }
    puts("\"");
}

static void generate_dict(sqlite3 *db) {
    static const char *const words[] = {"SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "LIMIT", "UNION ALL", "JOIN",
                                        "OVER", "NULL", "CREATE TEMP VIEW", "INSERT INTO", "rowid", "--16"};
    sqlite3_stmt *stmt = fuzz_prepare(db, "SELECT name FROM retain_help UNION SELECT argument || ' = ' FROM retain_help"
                                          " WHERE argument IS NOT NULL UNION SELECT column_name FROM retain_help WHERE"
                                          " column_name IS NOT NULL UNION SELECT name || '(''orders''' FROM retain_help"
                                          " WHERE kind = 'table' ORDER BY 1");
    while (sqlite3_step(stmt) == SQLITE_ROW) printf("\"%s\"\n", sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    for (int i = 0; i < FUZZ_COUNT(words); i++) printf("\"%s\"\n", words[i]);
    for (int i = 0; i < FUZZ_COUNT(grammar_values); i++) generate_word(grammar_values[i]);
    for (int i = 0; i < FUZZ_COUNT(grammar_models); i++) generate_word(grammar_models[i]);
}

static void generate_file(const char *folder, const char *kind, int i, const void *bytes, size_t n) {
    char path[1024];
    snprintf(path, sizeof(path), "%s/grammar_%s_%03d", folder, kind, i);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, n, file) != n || fclose(file)) fuzz_fail("cannot write %s", path);
}

int main(int argc, char **argv) {
    sqlite3 *db = fuzz_open();
    if (argc == 2 && strcmp(argv[1], "dict") == 0) {
        generate_dict(db);
    } else if (argc == 5 && (strcmp(argv[1], "sql") == 0 || strcmp(argv[1], "date") == 0)) {
        static GrammarNames names;
        uint64_t seed = strtoull(argv[2], NULL, 10);
        grammar_names(db, &names);
        for (int i = 0; i < atoi(argv[3]); i++) {
            uint64_t next = fuzz_random(&seed);
            char *sql = argv[1][0] == 's' ? grammar_sql(next, &names) : NULL;
            GrammarText date = grammar_date(next);
            if (sql) generate_file(argv[4], argv[1], i, sql, strlen(sql));
            else generate_file(argv[4], argv[1], i, date.bytes, (size_t)date.n);
            sqlite3_free(sql);
        }
    } else {
        fprintf(stderr, "generate dict | generate sql|date SEED N FOLDER\n");
        return 2;
    }
    sqlite3_close(db);
    return 0;
}
