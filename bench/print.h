/* print.h - whether two queries give the same rows, from a print of each that a pipe can carry.
 *
 * A print says what the rows have in the columns that are compared, in any order of the rows.  Each
 * row has a key, a hash of its texts and of its first column.  Texts and NULLs are hashed with it,
 * and so are integers.  Where a column has REALs, its numbers are added up instead, each with a
 * weight drawn from the key: sums of amounts may differ in their last digits.
 */
#ifndef PRINT_H
#define PRINT_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

enum { PRINT_COLUMNS_MAX = 40, PRINT_COLUMN_NAME_MAX = 40, PRINT_TWIN_REPORTS_MAX = 4 };
#define PRINT_TOLERANCE 1e-10

typedef struct PrintColumn {
    char name[PRINT_COLUMN_NAME_MAX];
    int place;                /* in the statement; -1: not there */
    bool has_real;
    uint64_t texts, integers; /* sums of hashes */
    int64_t n_numbers;
    double sum, size;         /* of the numbers: weighted; of their absolute values */
} PrintColumn;

typedef struct Print {
    int64_t n_rows;
    int n_columns;
    PrintColumn columns[PRINT_COLUMNS_MAX];
} Print;

/* FNV-1a, continued from hash. */
static uint64_t print_hash(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++) hash = (hash ^ at[i]) * 0x100000001b3u;
    return (hash ^ 0xffu) * 0x100000001b3u;
}

static uint64_t print_hash_cell(uint64_t hash, sqlite3_stmt *stmt, int i)
{
    if (sqlite3_column_type(stmt, i) == SQLITE_NULL) return print_hash(hash, "", 0);
    const void *bytes = sqlite3_column_blob(stmt, i);
    return print_hash(hash, bytes, (size_t)sqlite3_column_bytes(stmt, i));
}

static bool print_is_number(sqlite3_stmt *stmt, int i)
{
    int type = sqlite3_column_type(stmt, i);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

static int print_find(sqlite3_stmt *stmt, const char *name)
{
    int i = sqlite3_column_count(stmt);
    while (--i >= 0 && strcmp(sqlite3_column_name(stmt, i), name) != 0) continue;
    return i;
}

static void print_add_column(Print *print, const char *name, int n)
{
    if (print->n_columns < PRINT_COLUMNS_MAX)
        snprintf(print->columns[print->n_columns++].name, PRINT_COLUMN_NAME_MAX, "%.*s", n, name);
}

/* The columns to compare: those listed, or all of the twin's. */
static void print_open(Print *print, const char *shared, sqlite3_stmt *twin)
{
    if (strcmp(shared, "*") == 0)
        for (int i = 0; i < sqlite3_column_count(twin); i++) {
            const char *name = sqlite3_column_name(twin, i);
            print_add_column(print, name, (int)strlen(name));
        }
    else
        for (const char *at = shared; *at != 0;) {
            int length = (int)strcspn(at, ",");
            print_add_column(print, at, length);
            at += length + (at[length] == ',');
        }
}

static uint64_t print_key(const Print *print, sqlite3_stmt *stmt)
{
    uint64_t key = 0xcbf29ce484222325u;
    char number[40];
    for (int c = 0; c < print->n_columns; c++) {
        int place = print->columns[c].place;
        if (place < 0) continue;
        if (!print_is_number(stmt, place)) {
            key = print_hash_cell(key, stmt, place);
        } else if (c == 0) {
            int n = snprintf(number, sizeof(number), "%.12g", sqlite3_column_double(stmt, place));
            key = print_hash(key, number, (size_t)n);
        }
    }
    return key;
}

static void print_cell(PrintColumn *column, sqlite3_stmt *stmt, uint64_t key)
{
    if (!print_is_number(stmt, column->place)) {
        column->texts += print_hash_cell(key, stmt, column->place);
        return;
    }
    double value = sqlite3_column_double(stmt, column->place);
    double weight = 0.5 + (double)(key >> 11) / 18014398509481984.0; /* 2^54: 0.5 to 1 */
    if (sqlite3_column_type(stmt, column->place) == SQLITE_FLOAT) column->has_real = true;
    else column->integers += print_hash_cell(key, stmt, column->place);
    column->n_numbers++;
    column->sum += value * weight;
    column->size += fabs(value);
}

static void print_row(Print *print, sqlite3_stmt *stmt)
{
    for (int c = 0; c < print->n_columns && print->n_rows == 0; c++)
        print->columns[c].place = print_find(stmt, print->columns[c].name);
    uint64_t key = print_key(print, stmt);
    print->n_rows++;
    for (int c = 0; c < print->n_columns; c++)
        if (print->columns[c].place >= 0) print_cell(&print->columns[c], stmt, key);
}

static bool print_same_column(const PrintColumn *a, const PrintColumn *b)
{
    if ((a->place < 0) != (b->place < 0) || a->texts != b->texts || a->n_numbers != b->n_numbers) return false;
    if (!a->has_real && !b->has_real) return a->integers == b->integers;
    return fabs(a->sum - b->sum) <= PRINT_TOLERANCE * (a->size + b->size) / 2.0;
}

/* NULL when they agree, else where they do not. */
static const char *print_difference(const Print *a, const Print *b)
{
    if (a->n_rows != b->n_rows) return "rows";
    for (int c = 0; c < a->n_columns; c++)
        if (!print_same_column(&a->columns[c], &b->columns[c])) return a->columns[c].name;
    return NULL;
}

#endif
