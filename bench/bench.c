/* bench.c - races the reports of retain against a bare scan and against plain SQL.
 *
 *     bench [--rounds N] [--twin-rounds N] [--extension FILE] [--sql DIR] [--only NAME,...] DB
 *     bench [--extension FILE] --report CALL DB
 *     bench --version
 *
 * The first prints a Markdown table: for each report of reports.def the medians of CPU and wall
 * time, its CPU time as a multiple of the bare scan, the CPU time of its plain-SQL twin as a
 * multiple of its own, and its memory.  The second runs one report, as in "clv('orders')", and
 * prints wall and CPU time in ms and the number of rows.  The third prints SQLite's version.
 *
 * Every measurement is a child process of its own, which opens DB read-only with SQLite's
 * defaults, loads the extension if the query needs it, runs the query to its last row and reads
 * every column.  Only that last part is timed.  An uncounted round warms the file cache; then the
 * queries take turns (A B C A B C ...), so that a drift of the machine meets all of them.  Memory
 * is the child's peak resident size above the bare scan's, and SQLite's own high-water mark.
 *
 * In the uncounted round a report and its twin are also compared, in the columns that reports.def
 * names: a race between different results would mean nothing.
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

#include "print.h"

enum { BENCH_ROUNDS_MAX = 1000, BENCH_SQL_MAX = 65536, BENCH_MESSAGE_MAX = 200 };

typedef struct Options {
    const char *db, *extension, *sql_dir, *only, *report;
    int n_rounds, n_twin_rounds;
} Options;

/* ---- Reports ---- */

typedef struct Report {
    const char *call, *twin;
    double scans_max, speedup_min;
    const char *shared;
    bool list;      /* a row per customer, see query_add_kept() */
} Report;

static const Report reports[] = {
#define REPORT(call_, twin_, scans_max_, speedup_min_, shared_)                                  \
    {.call = call_, .twin = twin_, .scans_max = scans_max_, .speedup_min = speedup_min_,         \
     .shared = shared_},
#define LIST(call_, twin_, scans_max_, speedup_min_, shared_)                                    \
    {.call = call_, .twin = twin_, .scans_max = scans_max_, .speedup_min = speedup_min_,         \
     .shared = shared_, .list = true},
#include "reports.def"
#undef LIST
#undef REPORT
};

enum { REPORT_COUNT = sizeof(reports) / sizeof(reports[0]), REPORT_NAME_MAX = 64 };

/* The function of a call. */
static const char *report_name(const Report *report, char name[REPORT_NAME_MAX])
{
    snprintf(name, REPORT_NAME_MAX, "%.*s", (int)strcspn(report->call, "("), report->call);
    return name;
}

/* Whether name is one of the names between commas. */
static bool report_is_listed(const char *names, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = names; at != NULL && *at != 0;) {
        size_t length = strcspn(at, ",");
        if (length == n && strncmp(at, name, n) == 0) return true;
        at += length + (at[length] == ',');
    }
    return false;
}

/* ---- Queries ---- */

/* The bare scans, then each report, and each twin behind the last report that has it. */
enum { QUERY_BARE, QUERY_LENGTH, QUERY_FIRST_REPORT, QUERY_MAX = QUERY_FIRST_REPORT + 3 * REPORT_COUNT };

typedef struct Query {
    char name[160];          /* as the table shows it */
    char sql[128];           /* "": the text is in file */
    char file[REPORT_NAME_MAX + 8];
    const Report *report;    /* NULL for the others */
    int twin;                /* of a report: the query to be faster than; 0: none */
    int kept;                /* of a list: the query that reads its rows from a table; 0: none */
    bool is_kept;            /* sql runs uncounted and its rows are kept; reading these is what counts */
    bool text_only;
} Query;

static Query queries[QUERY_MAX];
static int n_queries;

static bool query_is_twin(const Query *query)
{
    return query->file[0] != 0;
}

static void query_add_report(const Report *report)
{
    Query *query = &queries[n_queries++];
    *query = (Query){.report = report};
    snprintf(query->name, sizeof(query->name), "%s", report->call);
    snprintf(query->sql, sizeof(query->sql), "SELECT * FROM %s", report->call);
}

/* Whoever asks for a list reads a row per customer, wherever it comes from.  What that costs is measured by reading the
 * same rows from a table in memory, and the targets are for what a list, or its twin, costs beyond it. */
static void query_add_kept(const Report *report)
{
    queries[n_queries - 1].kept = n_queries;
    query_add_report(report);
    Query *query = &queries[n_queries - 1];
    query->is_kept = true;
    snprintf(query->name, sizeof(query->name), "these rows, read from a table in memory");
}

static bool query_wanted(const Report *report, const Options *options)
{
    char name[REPORT_NAME_MAX];
    return options->only == NULL || report_is_listed(options->only, report_name(report, name));
}

/* Whether reports.def has all the names of --only; says which it has not. */
static bool query_knows_all(const char *names)
{
    for (const char *at = names; at != NULL && *at != 0;) {
        char one[REPORT_NAME_MAX], name[REPORT_NAME_MAX];
        size_t length = strcspn(at, ",");
        bool known = false;
        snprintf(one, sizeof(one), "%.*s", (int)length, at);
        for (int r = 0; r < REPORT_COUNT; r++) known = known || strcmp(one, report_name(&reports[r], name)) == 0;
        if (!known) fprintf(stderr, "bench: reports.def has no %s\n", one);
        if (!known) return false;
        at += length + (at[length] == ',');
    }
    return true;
}

static void query_add_twin(const char *twin, int first_report)
{
    Query *query = &queries[n_queries];
    snprintf(query->name, sizeof(query->name), "twin: sql/%s.sql", twin);
    snprintf(query->file, sizeof(query->file), "%s.sql", twin);
    for (int q = first_report; q < n_queries; q++)
        if (!queries[q].is_kept) queries[q].twin = n_queries;
    n_queries++;
}

static void query_make_all(const Options *options)
{
    queries[QUERY_BARE] = (Query){
        .name = "bare scan: sum of three columns",
        .sql = "SELECT sum(customer_id), sum(order_date), sum(amount) FROM orders"};
    queries[QUERY_LENGTH] = (Query){
        .name = "the same with sum(length()) of the two texts", .text_only = true,
        .sql = "SELECT sum(length(customer_id)), sum(length(order_date)), sum(amount) FROM orders"};
    n_queries = QUERY_FIRST_REPORT;
    for (int r = 0, first = n_queries; r < REPORT_COUNT; r++) {
        const Report *report = &reports[r];
        if (query_wanted(report, options)) query_add_report(report);
        if (query_wanted(report, options) && report->list) query_add_kept(report);
        bool twin_ends = r + 1 == REPORT_COUNT || strcmp(reports[r + 1].twin, report->twin) != 0;
        if (twin_ends && report->twin[0] != 0 && n_queries > first) query_add_twin(report->twin, first);
        if (twin_ends) first = n_queries;
    }
}

/* ---- One measurement, in the child ---- */

typedef struct Sample {
    bool ok;
    double cpu_ms, wall_ms;           /* of the query alone */
    int64_t resident_kb;              /* peak of the whole child */
    int64_t heap_bytes;               /* SQLite's high-water mark */
    int64_t n_rows;
    bool converts;                    /* reads through the view that writes dates as text */
    char message[BENCH_MESSAGE_MAX];  /* why not ok */
    int n_prints;                     /* of a report one; of a twin one for each report it races */
    Print prints[PRINT_TWIN_REPORTS_MAX];
} Sample;

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

/* The text of a file in the directory of --sql, read into buffer.  NULL: no such file. */
static const char *bench_file(const char *name, const Options *options, char *buffer)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", options->sql_dir, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    size_t n = fread(buffer, 1, BENCH_SQL_MAX - 1, file);
    buffer[n] = 0;
    fclose(file);
    return n < BENCH_SQL_MAX - 1 ? buffer : NULL;
}

static bool bench_failed(Sample *sample, sqlite3 *db, const char *message)
{
    snprintf(sample->message, sizeof(sample->message), "%s", message != NULL ? message : sqlite3_errmsg(db));
    return false;
}

static bool bench_load(sqlite3 *db, const Options *options, Sample *sample)
{
    char *message = NULL;
    if (access(options->extension, R_OK) != 0) {
        snprintf(sample->message, sizeof(sample->message), "no %s", options->extension);
        return false;
    }
    int rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_load_extension(db, options->extension, NULL, &message);
    if (rc != SQLITE_OK) bench_failed(sample, db, message);
    sqlite3_free(message);
    return rc == SQLITE_OK;
}

static bool bench_has_report(sqlite3 *db, const Report *report, Sample *sample)
{
    char name[REPORT_NAME_MAX];
    sqlite3_stmt *stmt = NULL;
    report_name(report, name);
    int rc = sqlite3_prepare_v2(db, "SELECT 1 FROM pragma_module_list WHERE name = ?1", -1, &stmt, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    sqlite3_finalize(stmt);
    if (rc == SQLITE_DONE)
        snprintf(sample->message, sizeof(sample->message), "the library has no %s", name);
    else if (rc != SQLITE_ROW)
        bench_failed(sample, db, NULL);
    return rc == SQLITE_ROW;
}

/* Where sql/unix.sed cannot translate a twin to unix seconds, run.sh lets it read this view. */
static const char bench_view[] =
    "CREATE TEMP VIEW orders_text AS SELECT customer_id, datetime(order_date, 'unixepoch') AS order_date,"
    " amount, channel FROM main.orders";

static bool bench_keep(sqlite3 *db, const char *sql, Sample *sample)
{
    char buffer[BENCH_MESSAGE_MAX + sizeof(queries[0].sql)];
    snprintf(buffer, sizeof(buffer), "PRAGMA temp_store = memory; CREATE TEMP TABLE kept AS %s", sql);
    return sqlite3_exec(db, buffer, NULL, NULL, NULL) == SQLITE_OK || bench_failed(sample, db, NULL);
}

/* The statement of a query, ready to run on a connection of its own. */
static sqlite3_stmt *bench_prepare(sqlite3 *db, const Query *query, const Options *options, Sample *sample)
{
    static char buffer[BENCH_SQL_MAX];
    sqlite3_stmt *stmt = NULL;
    const char *sql = query->sql;
    if (query_is_twin(query)) sql = bench_file(query->file, options, buffer);
    if (sql == NULL) {
        snprintf(sample->message, sizeof(sample->message), "cannot read %s/%s", options->sql_dir, query->file);
        return NULL;
    }
    if (query->is_kept) sql = "SELECT * FROM kept";
    sample->converts = strstr(sql, "FROM orders_text") != NULL;
    if (sample->converts) sqlite3_exec(db, bench_view, NULL, NULL, NULL);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) bench_failed(sample, db, NULL);
    return stmt;
}

/* What the uncounted round compares: the columns of the twin are asked for by preparing it. */
static void bench_open_prints(sqlite3 *db, int q, const Options *options, Sample *sample)
{
    int twin = query_is_twin(&queries[q]) ? q : queries[q].twin;
    Sample unused = {0};
    if (twin == 0) return;
    sqlite3_stmt *stmt = bench_prepare(db, &queries[twin], options, &unused);
    for (int r = 0; stmt != NULL && r < twin; r++) {
        if (queries[r].twin != twin || (q != twin && q != r)) continue;
        if (sample->n_prints < PRINT_TWIN_REPORTS_MAX)
            print_open(&sample->prints[sample->n_prints++], queries[r].report->shared, stmt);
    }
    sqlite3_finalize(stmt);
}

static void bench_step(sqlite3 *db, sqlite3_stmt *stmt, Sample *sample)
{
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        bench_read_row(stmt);
        for (int p = 0; p < sample->n_prints; p++) print_row(&sample->prints[p], stmt);
        sample->n_rows++;
    }
    sample->ok = rc == SQLITE_DONE;
    if (!sample->ok) bench_failed(sample, db, NULL);
}

static Sample bench_measure(int q, const Options *options, bool compare)
{
    Sample sample = {0};
    const Query *query = &queries[q];
    sqlite3 *db = NULL;
    bool ready = sqlite3_open_v2(options->db, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK ||
                 bench_failed(&sample, db, NULL);
    if (ready && query->report != NULL)
        ready = bench_load(db, options, &sample) && bench_has_report(db, query->report, &sample);
    if (ready && query->is_kept) ready = bench_keep(db, query->sql, &sample);
    if (ready && compare) bench_open_prints(db, q, options, &sample);
    if (ready) {
        double cpu_ms = bench_cpu_ms(), wall_ms = bench_wall_ms();
        sqlite3_stmt *stmt = bench_prepare(db, query, options, &sample);
        if (stmt != NULL) bench_step(db, stmt, &sample);
        sqlite3_finalize(stmt);
        sample.cpu_ms = bench_cpu_ms() - cpu_ms;
        sample.wall_ms = bench_wall_ms() - wall_ms;
    }
    sample.heap_bytes = sqlite3_memory_highwater(0);
    sqlite3_close(db);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    sample.resident_kb = usage.ru_maxrss;
    return sample;
}

/* ---- Children ---- */

/* All of the sample, or false. */
static bool bench_receive(int from, Sample *sample)
{
    size_t n = 0;
    while (n < sizeof(*sample)) {
        ssize_t got = read(from, (char *)sample + n, sizeof(*sample) - n);
        if (got <= 0) return false;
        n += (size_t)got;
    }
    return true;
}

static bool bench_send(int to, const Sample *sample)
{
    size_t n = 0;
    while (n < sizeof(*sample)) {
        ssize_t sent = write(to, (const char *)sample + n, sizeof(*sample) - n);
        if (sent <= 0) return false;
        n += (size_t)sent;
    }
    return true;
}

static void bench_fork(int q, const Options *options, bool compare, Sample *sample)
{
    int ends[2];
    fflush(stdout);
    pid_t child = pipe(ends) == 0 ? fork() : -1;
    if (child == 0) {
        *sample = bench_measure(q, options, compare);
        _exit(bench_send(ends[1], sample) ? 0 : 1);
    }
    if (child < 0) {
        perror("bench");
        exit(1);
    }
    close(ends[1]);
    if (!bench_receive(ends[0], sample))
        *sample = (Sample){.message = "the measuring process ended without an answer"};
    close(ends[0]);
    waitpid(child, NULL, 0);
}

/* ---- Results ---- */

typedef struct Result {
    bool in_race;
    int n;                            /* counted samples */
    double cpu_ms[BENCH_ROUNDS_MAX], wall_ms[BENCH_ROUNDS_MAX];
    int64_t resident_kb, heap_bytes;  /* the largest */
    Sample first;                     /* of the uncounted round */
} Result;

static Result results[QUERY_MAX];

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

/* A twin runs for the reports that can be raced. */
static bool bench_has_rival(int twin)
{
    for (int q = 0; q < twin; q++)
        if (queries[q].twin == twin && results[q].in_race) return true;
    return false;
}

static void bench_race(const Options *options, bool text)
{
    static Sample sample;
    for (int q = 0; q < n_queries; q++) {
        if (queries[q].text_only && !text) continue;
        if (query_is_twin(&queries[q]) && (options->n_twin_rounds == 0 || !bench_has_rival(q))) continue;
        bench_fork(q, options, true, &results[q].first);
        results[q].in_race = results[q].first.ok;
    }
    for (int round = 0; round < options->n_rounds; round++) {
        for (int q = 0; q < n_queries; q++) {
            if (!results[q].in_race) continue;
            if (query_is_twin(&queries[q]) && round >= options->n_twin_rounds) continue;
            bench_fork(q, options, false, &sample);
            result_add(&results[q], &sample);
        }
    }
}

/* ---- The table ---- */

/* beyond is the same without what reading the rows costs; NaN where that was not measured. */
static void table_ratio(double ratio, double beyond, const char *sign, double target)
{
    if (isnan(ratio)) {
        printf(" |");
        return;
    }
    printf(" %.2f", ratio);
    if (!isnan(beyond)) printf(", beyond its rows %.2f", beyond);
    if (target > 0.0) printf(" (%s %.4g)", sign, target);
    printf(" |");
}

/* Which of the twin's prints belongs to the report. */
static int table_print_of(int q)
{
    int p = 0;
    for (int r = 0; r < q; r++) p += queries[r].twin == queries[q].twin;
    return p;
}

static void table_same(int q)
{
    const Query *query = &queries[q];
    if (query->report == NULL || query->twin == 0 || query->report->shared[0] == 0 ||
        results[query->twin].n == 0) {
        printf(" |");
        return;
    }
    int p = table_print_of(q);
    const Sample *own = &results[q].first, *twin = &results[query->twin].first;
    if (own->n_prints < 1 || p >= twin->n_prints) {
        printf(" not compared |");
        return;
    }
    const char *difference = print_difference(&own->prints[0], &twin->prints[p]);
    if (difference != NULL)
        printf(" NO: %s |", difference);
    else
        printf(" yes |");
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
    bool raced = query->twin > 0 && results[query->twin].n > 0;
    printf("| %s%s | %" PRId64 " | %.1f | %.1f |", query->name,
           result->first.converts ? ", which also pays for text dates" : "", result->first.n_rows, cpu_ms[q],
           result_median(result->wall_ms, result->n));
    double bare = cpu_ms[QUERY_BARE], own = cpu_ms[q], twin = raced ? cpu_ms[query->twin] : (double)NAN;
    double kept = query->kept > 0 && results[query->kept].n > 0 ? cpu_ms[query->kept] : (double)NAN;
    bool aims = query->report != NULL && !query->is_kept;
    table_ratio(own / bare, (own - kept) / bare, "at most", aims ? query->report->scans_max : 0.0);
    table_ratio(twin / own, (twin - kept) / (own - kept), "at least", aims ? query->report->speedup_min : 0.0);
    table_same(q);
    printf(" %.1f | %.1f | %d |\n",
           (double)(result->resident_kb - results[QUERY_BARE].resident_kb) / 1024.0,
           (double)result->heap_bytes / 1048576.0, result->n);
}

static void table_print(void)
{
    double cpu_ms[QUERY_MAX];
    for (int q = 0; q < n_queries; q++)
        cpu_ms[q] = result_median(results[q].cpu_ms, results[q].n);
    printf("| query | rows | CPU ms | wall ms | x bare scan (target) | twin / query (target) "
           "| same result | peak MB over bare | SQLite heap MB | rounds |\n"
           "|---|--:|--:|--:|--:|--:|---|--:|--:|--:|\n");
    for (int q = 0; q < n_queries; q++) table_row(q, cpu_ms);
}

/* ---- The command ---- */

static bool options_rounds(const char *text, int least, int *out)
{
    char *end = NULL;
    long value = text != NULL ? strtol(text, &end, 10) : 0;
    if (text == NULL || end == text || *end != 0 || value < least || value > BENCH_ROUNDS_MAX)
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
            ok = options_rounds(value, 1, &options->n_rounds);
            i++;
        } else if (strcmp(argv[i], "--twin-rounds") == 0) {
            ok = options_rounds(value, 0, &options->n_twin_rounds);
            i++;
        } else if (strcmp(argv[i], "--extension") == 0) {
            options->extension = value;
            i++;
        } else if (strcmp(argv[i], "--sql") == 0) {
            options->sql_dir = value;
            i++;
        } else if (strcmp(argv[i], "--only") == 0) {
            options->only = value;
            i++;
        } else if (strcmp(argv[i], "--report") == 0) {
            options->report = value;
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

/* One report, once, in this process. */
static int bench_one(const Options *options)
{
    const Report report = {.call = options->report, .twin = "", .shared = ""};
    query_add_report(&report);
    Sample sample = bench_measure(0, options, false);
    if (sample.ok)
        printf("%.3f %.3f %" PRId64 "\n", sample.wall_ms, sample.cpu_ms, sample.n_rows);
    else
        fprintf(stderr, "%s\n", sample.message);
    return sample.ok ? 0 : 1;
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
                        " [--sql DIR] [--only NAME,...] [--report CALL] DB\n");
        return 2;
    }
    if (options.report != NULL) return bench_one(&options);
    if (!query_knows_all(options.only)) return 2;
    int text = bench_is_text(options.db);
    if (text < 0) {
        fprintf(stderr, "bench: %s: no table orders with rows\n", options.db);
        return 1;
    }
    query_make_all(&options);
    bench_race(&options, text == 1);
    table_print();
    return 0;
}
