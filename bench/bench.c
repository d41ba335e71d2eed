/* bench.c - races the functions of retain against a bare scan and against plain SQL.
 *
 *     bench [--rounds N] [--twin-rounds N] [--extension FILE] [--sql DIR] DB
 *     bench --version
 *
 * The first prints a Markdown table: for each query the medians of CPU and wall time, its CPU time
 * as a multiple of the bare scan, the CPU time of its plain-SQL twin as a multiple of its own, and
 * its memory.  The second prints SQLite's version.
 *
 * Every measurement is a child process of its own, which opens DB read-only with SQLite's
 * defaults, loads the extension if the query needs it, runs the query to its last row and reads
 * every column.  Only that last part is timed.  An uncounted round warms the file cache; then the
 * queries take turns (A B C A B C ...), so that a drift of the machine meets all of them.  Memory
 * is the child's peak resident size above the bare scan's, and SQLite's own high-water mark.
 *
 * In the uncounted round a query and its twin are also compared, in the columns that both have:
 * a race between different results would mean nothing.
 */
#define _DEFAULT_SOURCE
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

enum { BENCH_ROUNDS_MAX = 1000, BENCH_SQL_MAX = 65536, BENCH_MESSAGE_MAX = 200 };

/* ---- Queries ---- */

enum {
    QUERY_BARE,
    QUERY_LENGTH,
    QUERY_RETENTION,
    QUERY_RETENTION_TWIN,
    QUERY_CHURN,
    QUERY_CLV,
    QUERY_SUMMARY_TWIN,
    QUERY_COUNT
};

enum { QUERY_EXTENSION = 1, QUERY_TWIN = 2, QUERY_TEXT_ONLY = 4 };

typedef struct Query {
    const char *name;                 /* as the table shows it */
    const char *sql;                  /* NULL: the text is in file */
    const char *file;                 /* in the directory of --sql */
    int flags;
    int twin;                         /* the query to be faster than; 0 (the bare scan): none */
    double scans_max, speedup_min;    /* targets: query / bare scan, twin / query; 0: none */
    const char *shared;               /* columns that it has in common with its twin, in commas */
} Query;

#define QUERY_RETENTION_COLUMNS                                                                  \
    ",period_start,is_complete,start_customers,end_customers,new_customers,retained,reactivated," \
    "lost,retention_rate,churn_rate,crr_formula,end_to_start_ratio,"
#define QUERY_CUSTOMER_COLUMNS                                                                   \
    ",customer_id,first_order_date,last_order_date,frequency,recency,age,"

static const Query queries[QUERY_COUNT] = {
    [QUERY_BARE] = {.name = "bare scan: sum of three columns",
                    .sql = "SELECT sum(customer_id), sum(order_date), sum(amount) FROM orders"},
    [QUERY_LENGTH] = {.name = "the same with sum(length()) of the two texts",
                      .sql = "SELECT sum(length(customer_id)), sum(length(order_date)),"
                             " sum(amount) FROM orders",
                      .flags = QUERY_TEXT_ONLY},
    [QUERY_RETENTION] = {.name = "retention_rate('orders')",
                         .sql = "SELECT * FROM retention_rate('orders')",
                         .flags = QUERY_EXTENSION, .twin = QUERY_RETENTION_TWIN,
                         .scans_max = 1.25, .speedup_min = 12.0,
                         .shared = QUERY_RETENTION_COLUMNS},
    [QUERY_RETENTION_TWIN] = {.name = "twin: sql/retention_rate.sql",
                              .file = "retention_rate.sql", .flags = QUERY_TWIN,
                              .shared = QUERY_RETENTION_COLUMNS},
    [QUERY_CHURN] = {.name = "churn_candidates('orders')",
                     .sql = "SELECT * FROM churn_candidates('orders')",
                     .flags = QUERY_EXTENSION, .twin = QUERY_SUMMARY_TWIN, .scans_max = 3.0},
    [QUERY_CLV] = {.name = "clv('orders')", .sql = "SELECT * FROM clv('orders')",
                   .flags = QUERY_EXTENSION, .twin = QUERY_SUMMARY_TWIN, .scans_max = 3.0,
                   .shared = QUERY_CUSTOMER_COLUMNS},
    [QUERY_SUMMARY_TWIN] = {.name = "twin, no model: sql/customer_summary.sql",
                            .file = "customer_summary.sql", .flags = QUERY_TWIN,
                            .shared = QUERY_CUSTOMER_COLUMNS},
};

/* ---- One measurement, in the child ---- */

typedef struct Sample {
    bool ok;
    double cpu_ms, wall_ms;           /* of the query alone */
    int64_t resident_kb;              /* peak of the whole child */
    int64_t heap_bytes;               /* SQLite's high-water mark */
    int64_t n_rows;
    uint64_t fingerprint;             /* of the shared columns; a sum, so in any order of rows */
    char message[BENCH_MESSAGE_MAX];  /* why not ok */
} Sample;

typedef struct Options {
    const char *db, *extension, *sql_dir;
    int n_rounds, n_twin_rounds;
} Options;

static double bench_milliseconds(struct timeval t)
{
    return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static double bench_cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return bench_milliseconds(usage.ru_utime) + bench_milliseconds(usage.ru_stime);
}

static double bench_wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* FNV-1a, continued from hash. */
static uint64_t bench_hash(uint64_t hash, const char *text)
{
    for (; *text != 0; text++) hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return (hash ^ 0xffu) * 0x100000001b3u;
}

static bool bench_is_shared(const char *shared, const char *column)
{
    char needle[80];
    snprintf(needle, sizeof(needle), ",%s,", column);
    return strstr(shared, needle) != NULL;
}

/* Twelve digits of a REAL: sums of amounts may differ in the last ones. */
static uint64_t bench_fingerprint(sqlite3_stmt *stmt, const char *shared)
{
    uint64_t sum = 0;
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        const char *name = sqlite3_column_name(stmt, i);
        if (!bench_is_shared(shared, name)) continue;
        char number[40];
        const char *text = number;
        if (sqlite3_column_type(stmt, i) == SQLITE_FLOAT)
            snprintf(number, sizeof(number), "%.12g", sqlite3_column_double(stmt, i));
        else if (sqlite3_column_type(stmt, i) == SQLITE_NULL)
            text = "";
        else
            text = (const char *)sqlite3_column_text(stmt, i);
        /* Named, because the two may have their columns in a different order. */
        sum += bench_hash(bench_hash(0xcbf29ce484222325u, name), text);
    }
    return bench_hash(sum, "");
}

static void bench_read_row(sqlite3_stmt *stmt)
{
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        switch (sqlite3_column_type(stmt, i)) {
        case SQLITE_INTEGER: (void)sqlite3_column_int64(stmt, i); break;
        case SQLITE_FLOAT: (void)sqlite3_column_double(stmt, i); break;
        case SQLITE_TEXT: (void)sqlite3_column_text(stmt, i); break;
        case SQLITE_BLOB: (void)sqlite3_column_blob(stmt, i); break;
        default: break;
        }
    }
}

/* The text of a query: its own, or the file's, read into buffer.  NULL: no such file. */
static const char *bench_sql(const Query *query, const Options *options, char *buffer)
{
    if (query->sql != NULL) return query->sql;
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", options->sql_dir, query->file);
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    size_t n = fread(buffer, 1, BENCH_SQL_MAX - 1, file);
    buffer[n] = 0;
    fclose(file);
    return n < BENCH_SQL_MAX - 1 ? buffer : NULL;
}

static sqlite3 *bench_open(const Query *query, const Options *options, Sample *sample)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    if (query->flags & QUERY_EXTENSION && access(options->extension, R_OK) != 0) {
        snprintf(sample->message, sizeof(sample->message), "no %s", options->extension);
        return NULL;
    }
    int rc = sqlite3_open_v2(options->db, &db, SQLITE_OPEN_READONLY, NULL);
    if (rc == SQLITE_OK && query->flags & QUERY_EXTENSION) {
        rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_load_extension(db, options->extension, NULL, &message);
    }
    if (rc == SQLITE_OK) return db;
    snprintf(sample->message, sizeof(sample->message), "%s",
             message != NULL ? message : sqlite3_errmsg(db));
    sqlite3_free(message);
    sqlite3_close(db);
    return NULL;
}

static void bench_run(sqlite3 *db, const char *sql, const char *shared, Sample *sample)
{
    sqlite3_stmt *stmt = NULL;
    double cpu_ms = bench_cpu_ms(), wall_ms = bench_wall_ms();
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        bench_read_row(stmt);
        if (shared != NULL) sample->fingerprint += bench_fingerprint(stmt, shared);
        sample->n_rows++;
        rc = SQLITE_OK;
    }
    sample->ok = rc == SQLITE_DONE;
    if (!sample->ok)
        snprintf(sample->message, sizeof(sample->message), "%s", sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    sample->cpu_ms = bench_cpu_ms() - cpu_ms;
    sample->wall_ms = bench_wall_ms() - wall_ms;
}

static Sample bench_measure(const Query *query, const Options *options, bool compare)
{
    static char buffer[BENCH_SQL_MAX];
    Sample sample = {0};
    const char *sql = bench_sql(query, options, buffer);
    if (sql == NULL) {
        snprintf(sample.message, sizeof(sample.message), "cannot read %s", query->file);
        return sample;
    }
    sqlite3 *db = bench_open(query, options, &sample);
    if (db == NULL) return sample;
    bench_run(db, sql, compare ? query->shared : NULL, &sample);
    sample.heap_bytes = sqlite3_memory_highwater(0);
    sqlite3_close(db);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    sample.resident_kb = usage.ru_maxrss;
    return sample;
}

/* ---- Children ---- */

/* A sample is far below PIPE_BUF, so it arrives in one piece or not at all. */
static Sample bench_fork(const Query *query, const Options *options, bool compare)
{
    Sample sample = {.message = "the measuring process ended without an answer"};
    int ends[2];
    fflush(stdout);
    pid_t child = pipe(ends) == 0 ? fork() : -1;
    if (child == 0) {
        Sample own = bench_measure(query, options, compare);
        _exit(write(ends[1], &own, sizeof(own)) == (ssize_t)sizeof(own) ? 0 : 1);
    }
    if (child < 0) {
        perror("bench");
        exit(1);
    }
    close(ends[1]);
    Sample answer;
    if (read(ends[0], &answer, sizeof(answer)) == (ssize_t)sizeof(answer)) sample = answer;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return sample;
}

/* ---- Results ---- */

typedef struct Result {
    bool in_race;
    int n;                            /* counted samples */
    double cpu_ms[BENCH_ROUNDS_MAX], wall_ms[BENCH_ROUNDS_MAX];
    int64_t resident_kb, heap_bytes;  /* the largest */
    Sample first;                     /* of the uncounted round */
} Result;

static Result results[QUERY_COUNT];

static int result_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Sorts its argument. */
static double result_median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof(double), result_compare);
    return n == 0 ? NAN : (values[(n - 1) / 2] + values[n / 2]) / 2.0;
}

static void result_add(Result *result, const Sample *sample)
{
    if (!sample->ok) {
        result->in_race = false;
        result->first = *sample;
        return;
    }
    result->cpu_ms[result->n] = sample->cpu_ms;
    result->wall_ms[result->n] = sample->wall_ms;
    result->n++;
    if (sample->resident_kb > result->resident_kb) result->resident_kb = sample->resident_kb;
    if (sample->heap_bytes > result->heap_bytes) result->heap_bytes = sample->heap_bytes;
}

static void bench_race(const Options *options, bool text)
{
    for (int q = 0; q < QUERY_COUNT; q++) {
        if (queries[q].flags & QUERY_TEXT_ONLY && !text) continue;
        results[q].first = bench_fork(&queries[q], options, true);
        results[q].in_race = results[q].first.ok;
    }
    for (int round = 0; round < options->n_rounds; round++) {
        for (int q = 0; q < QUERY_COUNT; q++) {
            if (!results[q].in_race) continue;
            if (queries[q].flags & QUERY_TWIN && round >= options->n_twin_rounds) continue;
            Sample sample = bench_fork(&queries[q], options, false);
            result_add(&results[q], &sample);
        }
    }
}

/* ---- The table ---- */

static void table_ratio(double ratio, const char *sign, double target)
{
    if (isnan(ratio))
        printf(" |");
    else if (target > 0.0)
        printf(" %.2f (%s %.4g) |", ratio, sign, target);
    else
        printf(" %.2f |", ratio);
}

static const char *table_same(int q)
{
    const Query *query = &queries[q];
    if (query->twin == 0 || query->shared == NULL || results[query->twin].n == 0) return "";
    const Sample *own = &results[q].first, *twin = &results[query->twin].first;
    return own->n_rows == twin->n_rows && own->fingerprint == twin->fingerprint ? "yes" : "NO";
}

static void table_row(int q, const double *cpu_ms)
{
    const Query *query = &queries[q];
    Result *result = &results[q];
    if (result->n == 0) {
        if (result->first.message[0] != 0)
            printf("| %s | not run: %s |||||||||\n", query->name, result->first.message);
        return;
    }
    double twin_ms = query->twin > 0 ? cpu_ms[query->twin] : NAN;
    printf("| %s | %" PRId64 " | %.1f | %.1f |", query->name, result->first.n_rows, cpu_ms[q],
           result_median(result->wall_ms, result->n));
    table_ratio(cpu_ms[q] / cpu_ms[QUERY_BARE], "at most", query->scans_max);
    table_ratio(twin_ms / cpu_ms[q], "at least", query->speedup_min);
    printf(" %s | %.1f | %.1f | %d |\n", table_same(q),
           (double)(result->resident_kb - results[QUERY_BARE].resident_kb) / 1024.0,
           (double)result->heap_bytes / 1048576.0, result->n);
}

static void table_print(void)
{
    double cpu_ms[QUERY_COUNT];
    for (int q = 0; q < QUERY_COUNT; q++)
        cpu_ms[q] = result_median(results[q].cpu_ms, results[q].n);
    printf("| query | rows | CPU ms | wall ms | x bare scan (target) | twin / query (target) "
           "| same result | peak MB over bare | SQLite heap MB | rounds |\n"
           "|---|--:|--:|--:|--:|--:|---|--:|--:|--:|\n");
    for (int q = 0; q < QUERY_COUNT; q++) table_row(q, cpu_ms);
}

/* ---- The command ---- */

static bool options_rounds(const char *text, int *out)
{
    char *end = NULL;
    long value = text != NULL ? strtol(text, &end, 10) : 0;
    if (text == NULL || end == text || *end != 0 || value < 1 || value > BENCH_ROUNDS_MAX)
        return false;
    *out = (int)value;
    return true;
}

static bool options_parse(int argc, char **argv, Options *options)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        bool ok = value != NULL;
        if (strcmp(argv[i], "--rounds") == 0) {
            ok = options_rounds(value, &options->n_rounds);
            i++;
        } else if (strcmp(argv[i], "--twin-rounds") == 0) {
            ok = options_rounds(value, &options->n_twin_rounds);
            i++;
        } else if (strcmp(argv[i], "--extension") == 0) {
            options->extension = value;
            i++;
        } else if (strcmp(argv[i], "--sql") == 0) {
            options->sql_dir = value;
            i++;
        } else {
            ok = options->db == NULL && argv[i][0] != '-';
            options->db = argv[i];
        }
        if (!ok) return false;
    }
    return options->db != NULL;
}

/* 1: the ids are TEXT; 0: not; -1: no table of orders. */
static int bench_is_text(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int text = -1;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT typeof(customer_id) = 'text' FROM orders LIMIT 1", -1,
                           &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        text = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return text;
}

int main(int argc, char **argv)
{
    Options options = {.extension = "./retain.so", .sql_dir = "sql", .n_rounds = 7,
                       .n_twin_rounds = 3};
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts(sqlite3_libversion());
        return 0;
    }
    if (!options_parse(argc, argv, &options)) {
        fprintf(stderr, "usage: bench [--rounds N] [--twin-rounds N] [--extension FILE]"
                        " [--sql DIR] DB\n");
        return 2;
    }
    int text = bench_is_text(options.db);
    if (text < 0) {
        fprintf(stderr, "bench: %s: no table orders with rows\n", options.db);
        return 1;
    }
    bench_race(&options, text == 1);
    table_print();
    return 0;
}
