/* shell.c - as much of the sqlite3 shell as the golden tests use, for any SQLite library.
 *
 *     LD_LIBRARY_PATH=build/versions/3.31.1 SQLITE3=build/tests/shell sh tests/golden.sh
 *
 * A shell runs only with the very SQLite it was built with, and its layout changes from version to
 * version.  This one looks up nothing newer than 3.31 and lays rows out as the shell of 3.40 does:
 * .mode column, line and list, .headers, .nullvalue, .separator, .print, .read, .load, .parameter
 * init, set and clear.  Any other dot-command is an error, so that no golden test can lean on what
 * is not here.  REAL values are written with 15 digits, as SQLite itself did until 3.53.
 */
#include <ctype.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHELL_WORDS_MAX = 8, SHELL_WRAP = 60, SHELL_LINE_NAME_MIN = 5 };

typedef enum ShellMode { SHELL_LIST, SHELL_COLUMN, SHELL_LINE } ShellMode;

typedef struct Shell {
    sqlite3 *db;
    ShellMode mode;
    bool headers;
    char null[16], separator[16];
} Shell;

static void shell_read(Shell *shell, FILE *file);

static void shell_die(const char *what, const char *which) {
    fprintf(stderr, "shell: %s: %s\n", what, which);
    exit(2);
}

static char *shell_copy(const char *text) {
    char *copy = malloc(strlen(text) + 1);
    if (!copy) shell_die("no memory", "");
    return strcpy(copy, text);
}

static void shell_set(char option[16], const char *text) {
    if (strlen(text) >= 16) shell_die("too long", text);
    strcpy(option, text);
}

/* ---- Cells ---- */

/* SQLite's own text, but for a REAL, whose digits are a matter of its version. */
static char *shell_cell(const Shell *shell, sqlite3_stmt *stmt, int col) {
    int type = sqlite3_column_type(stmt, col);
    if (type == SQLITE_NULL) return shell_copy(shell->null);
    if (type != SQLITE_FLOAT) return shell_copy((const char *)sqlite3_column_text(stmt, col));
    char *text = sqlite3_mprintf("%!.15g", sqlite3_column_double(stmt, col));
    if (!text) shell_die("no memory", "");
    char *copy = shell_copy(text);
    sqlite3_free(text);
    return copy;
}

static int shell_width(const char *text) {
    int n = 0;
    for (; *text; text++) n += (*text & 0xC0) != 0x80;
    return n;
}

/* ---- Rows ---- */

static void shell_names(const Shell *shell, sqlite3_stmt *stmt) {
    for (int col = 0; col < sqlite3_column_count(stmt); col++)
        printf("%s%s", col ? shell->separator : "", sqlite3_column_name(stmt, col));
    putchar('\n');
}

static void shell_list_row(const Shell *shell, sqlite3_stmt *stmt) {
    for (int col = 0; col < sqlite3_column_count(stmt); col++) {
        char *cell = shell_cell(shell, stmt, col);
        printf("%s%s", col ? shell->separator : "", cell);
        free(cell);
    }
    putchar('\n');
}

static void shell_line_row(const Shell *shell, sqlite3_stmt *stmt, bool first) {
    int width = SHELL_LINE_NAME_MIN;
    for (int col = 0; col < sqlite3_column_count(stmt); col++) {
        int n = (int)strlen(sqlite3_column_name(stmt, col));
        if (n > width) width = n;
    }
    if (!first) putchar('\n');
    for (int col = 0; col < sqlite3_column_count(stmt); col++) {
        char *cell = shell_cell(shell, stmt, col);
        printf("%*s = %s\n", width, sqlite3_column_name(stmt, col), cell);
        free(cell);
    }
}

static int shell_run_rows(const Shell *shell, sqlite3_stmt *stmt) {
    int rc;
    for (bool first = true; (rc = sqlite3_step(stmt)) == SQLITE_ROW; first = false) {
        if (shell->mode == SHELL_LINE) {
            shell_line_row(shell, stmt, first);
            continue;
        }
        if (first && shell->headers) shell_names(shell, stmt);
        shell_list_row(shell, stmt);
    }
    return rc;
}

/* ---- Columns ---- */

typedef struct ShellCells { /* the names of the columns, then their values */
    char **cell;
    int n, size;
} ShellCells;

static void shell_add(ShellCells *cells, char *cell) {
    if (cells->n == cells->size) {
        cells->size = 2 * cells->size + 64;
        cells->cell = realloc(cells->cell, (size_t)cells->size * sizeof(*cells->cell));
        if (!cells->cell) shell_die("no memory", "");
    }
    cells->cell[cells->n++] = cell;
}

static int shell_column_width(const ShellCells *cells, int col, int n_cols) {
    int width = 0;
    for (int i = col; i < cells->n; i += n_cols) {
        int n = shell_width(cells->cell[i]);
        if (n > width) width = n;
    }
    return width < SHELL_WRAP ? width : SHELL_WRAP;
}

/* Prints the next line of a cell, and moves the cell behind it. */
static void shell_print_part(char **cell, int width) {
    const char *at = *cell;
    for (int n = 0; n < width; n++) {
        if (!*at) putchar(' ');
        else do putchar(*at++);
        while ((*at & 0xC0) == 0x80);
    }
    memmove(*cell, at, strlen(at) + 1);
}

/* A cell wider than its column goes on in the next line. */
static void shell_print_cells(char **cell, const int *width, int n_cols) {
    bool more = true;
    while (more) {
        more = false;
        for (int col = 0; col < n_cols; col++) {
            shell_print_part(&cell[col], width[col]);
            printf("%s", col < n_cols - 1 ? "  " : "\n");
            more = more || *cell[col];
        }
    }
}

/* Does a cell of the rows take more than one line? */
static bool shell_wraps(const ShellCells *cells, int n_cols) {
    bool wraps = false;
    for (int i = n_cols; i < cells->n; i++)
        wraps = wraps || shell_width(cells->cell[i]) > SHELL_WRAP || strchr(cells->cell[i], '\n');
    return wraps;
}

static void shell_print_columns(const Shell *shell, const ShellCells *cells, int n_cols) {
    int *width = calloc((size_t)n_cols, sizeof(*width));
    if (!width) shell_die("no memory", "");
    bool wraps = shell_wraps(cells, n_cols); /* then empty lines part the rows */
    for (int col = 0; col < n_cols; col++) width[col] = shell_column_width(cells, col, n_cols);
    for (int row = shell->headers ? 0 : 1; row * n_cols < cells->n; row++) {
        bool last = (row + 1) * n_cols >= cells->n;
        shell_print_cells(cells->cell + row * n_cols, width, n_cols);
        if (row > 0 && !last && wraps) putchar('\n');
        for (int col = 0; row == 0 && col < n_cols; col++) {
            for (int i = 0; i < width[col]; i++) putchar('-');
            printf("%s", col < n_cols - 1 ? "  " : "\n");
        }
    }
    free(width);
}

static int shell_run_columns(const Shell *shell, sqlite3_stmt *stmt) {
    ShellCells cells = {0};
    int n_cols = sqlite3_column_count(stmt), rc;
    for (int col = 0; col < n_cols; col++)
        shell_add(&cells, shell_copy(sqlite3_column_name(stmt, col)));
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        for (int col = 0; col < n_cols; col++) shell_add(&cells, shell_cell(shell, stmt, col));
    if (cells.n > n_cols) shell_print_columns(shell, &cells, n_cols);
    while (cells.n > 0) free(cells.cell[--cells.n]);
    free(cells.cell);
    return rc;
}

/* ---- Statements ---- */

static void shell_error(const Shell *shell, const char *kind, int rc) {
    printf("%s: %s", kind, sqlite3_errmsg(shell->db));
    if (rc > 1 && strcmp(kind, "Runtime error") == 0) printf(" (%d)", rc);
    putchar('\n');
}

static void shell_bind(const Shell *shell, sqlite3_stmt *stmt) {
    sqlite3_stmt *find = NULL;
    if (sqlite3_bind_parameter_count(stmt) == 0) return;
    if (sqlite3_prepare_v2(shell->db, "SELECT value FROM temp.shell_parameters WHERE key = ?1", -1,
                           &find, NULL)) return;
    for (int i = 1; i <= sqlite3_bind_parameter_count(stmt); i++) {
        sqlite3_bind_text(find, 1, sqlite3_bind_parameter_name(stmt, i), -1, SQLITE_STATIC);
        if (sqlite3_step(find) == SQLITE_ROW)
            sqlite3_bind_value(stmt, i, sqlite3_column_value(find, 0));
        sqlite3_reset(find);
    }
    sqlite3_finalize(find);
}

/* Runs one statement after the other; the first error ends it. */
static void shell_run(const Shell *shell, const char *sql) {
    for (sqlite3_stmt *stmt = NULL; *sql;) {
        int rc = sqlite3_prepare_v2(shell->db, sql, -1, &stmt, &sql);
        if (rc) {
            shell_error(shell, "Parse error", rc);
            return;
        }
        if (!stmt) continue;
        shell_bind(shell, stmt);
        rc = shell->mode == SHELL_COLUMN ? shell_run_columns(shell, stmt)
                                         : shell_run_rows(shell, stmt);
        if (rc != SQLITE_DONE) shell_error(shell, "Runtime error", rc);
        sqlite3_finalize(stmt);
        if (rc != SQLITE_DONE) return;
    }
}

/* ---- Dot-commands ---- */

/* Splits into words; within "" a backslash keeps what follows it. */
static int shell_split(char *at, char *words[SHELL_WORDS_MAX]) {
    int n = 0;
    while (n < SHELL_WORDS_MAX) {
        at += strspn(at, " ");
        if (!*at) break;
        char quote = *at == '"' || *at == '\'' ? *at++ : 0, *to = at;
        words[n++] = at;
        while (*at && (quote ? *at != quote : *at != ' ')) {
            if (quote == '"' && *at == '\\' && at[1]) at++;
            *to++ = *at++;
        }
        if (*at) at++;
        *to = 0;
    }
    return n;
}

static void shell_exec(const Shell *shell, const char *format, const char *key, const char *value) {
    char *sql = sqlite3_mprintf(format, key, value);
    if (sqlite3_exec(shell->db, sql, NULL, NULL, NULL)) shell_die(sqlite3_errmsg(shell->db), sql);
    sqlite3_free(sql);
}

static void shell_parameter(const Shell *shell, int n, char *words[]) {
    if (n == 2 && strcmp(words[1], "init") == 0)
        shell_exec(shell, "CREATE TABLE IF NOT EXISTS temp.shell_parameters(key TEXT PRIMARY KEY,"
                   " value) WITHOUT ROWID", NULL, NULL);
    else if (n == 2 && strcmp(words[1], "clear") == 0)
        shell_exec(shell, "DROP TABLE IF EXISTS temp.shell_parameters", NULL, NULL);
    else if (n == 4 && strcmp(words[1], "set") == 0)
        shell_exec(shell, "REPLACE INTO temp.shell_parameters VALUES (%Q, %Q)", words[2],
                   words[3]);
    else shell_die("no such .parameter", n > 1 ? words[1] : "");
}

static void shell_load(const Shell *shell, const char *library) {
    char *message = NULL;
    if (sqlite3_load_extension(shell->db, library, NULL, &message))
        printf("Error: %s\n", message ? message : "");
    sqlite3_free(message);
}

static void shell_mode(Shell *shell, const char *name) {
    if (strcmp(name, "column") == 0) shell->mode = SHELL_COLUMN;
    else if (strcmp(name, "line") == 0) shell->mode = SHELL_LINE;
    else if (strcmp(name, "list") == 0) shell->mode = SHELL_LIST;
    else shell_die("no such .mode", name);
    if (shell->mode == SHELL_COLUMN) shell->headers = true;
}

static void shell_read_file(Shell *shell, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) shell_die("cannot read", path);
    shell_read(shell, file);
    fclose(file);
}

static void shell_dot(Shell *shell, char *line) {
    char *words[SHELL_WORDS_MAX] = {0};
    int n = shell_split(line, words);
    const char *name = words[0], *word = n > 1 ? words[1] : "";
    if (strcmp(name, ".print") == 0) printf("%s\n", word);
    else if (strcmp(name, ".mode") == 0) shell_mode(shell, word);
    else if (strcmp(name, ".headers") == 0) shell->headers = strcmp(word, "on") == 0;
    else if (strcmp(name, ".nullvalue") == 0) shell_set(shell->null, word);
    else if (strcmp(name, ".separator") == 0) shell_set(shell->separator, word);
    else if (strcmp(name, ".read") == 0) shell_read_file(shell, word);
    else if (strcmp(name, ".load") == 0) shell_load(shell, word);
    else if (strcmp(name, ".parameter") == 0) shell_parameter(shell, n, words);
    else if (strcmp(name, ".bail") != 0) shell_die("no such command", name);
}

/* ---- Input ---- */

static bool shell_blank(const char *text) {
    while (isspace((unsigned char)*text)) text++;
    return !*text;
}

static void shell_read(Shell *shell, FILE *file) {
    char *sql = shell_copy(""), line[8192];
    while (fgets(line, sizeof(line), file)) {
        if (shell_blank(sql) && (line[0] == '.' || shell_blank(line))) {
            line[strcspn(line, "\r\n")] = 0;
            if (line[0] == '.') shell_dot(shell, line);
            continue;
        }
        sql = realloc(sql, strlen(sql) + strlen(line) + 1);
        if (!sql) shell_die("no memory", "");
        strcat(sql, line);
        if (!sqlite3_complete(sql)) continue;
        shell_run(shell, sql);
        sql[0] = 0;
    }
    shell_run(shell, sql);
    free(sql);
}

int main(int argc, char **argv) {
    Shell shell = {.null = "", .separator = "|"};
    const char *path = argc > 1 ? argv[argc - 1] : ":memory:";
    if (argc > 1 && strcmp(path, "--version") == 0) return printf("%s\n", sqlite3_libversion()) < 0;
    if (sqlite3_open(path, &shell.db)) shell_die(sqlite3_errmsg(shell.db), path);
    sqlite3_enable_load_extension(shell.db, 1);
    shell_read(&shell, stdin);
    return sqlite3_close(shell.db);
}
