/* fit.c - what fitting the models costs, beside reading the orders and beside scipy.
 *
 *     fit [--rounds N] [--python "PROGRAM SCRIPT"] DB
 *
 * Prints a Markdown table: CPU time of each fit, as a multiple of the bare scan of the orders that its
 * customers came from, and of the same fit by bench/fit.py, started from the same point.
 *
 * This program holds the whole library (dist/retain.c): the customers of DB are summarised once, uncounted, and
 * handed to the very functions that the reports call, from the grouping of equal histories to the standard
 * errors.  fit.py gets the same arrays in a file.  Each measurement is a process of its own, and they take turns
 * (A B C A B C ...), after an uncounted round.
 */
#define _DEFAULT_SOURCE
#include "retain.c"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIT_ROUNDS_MAX = 1000, FIT_PARAMS_MAX = 7, FIT_LINE_MAX = 512 };

/* ---- The customers ---- */

/* What FILE holds for fit.py: n, then these arrays. */
typedef struct FitCustomers {
    int64_t n, n_repeat;
    int32_t *frequency, *recency, *age;
    double *monetary_value;
} FitCustomers;

static void fit_die(const char *what, const char *why)
{
    fprintf(stderr, "fit: %s: %s\n", what, why);
    exit(1);
}

static void *fit_alloc(int64_t n, size_t size)
{
    void *memory = calloc((size_t)n + 1, size);
    if (memory == NULL) fit_die("memory", "there is not enough");
    return memory;
}

static sqlite3 *fit_open(const char *path)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) fit_die(path, sqlite3_errmsg(db));
    return db;
}

static sqlite3_stmt *fit_prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) fit_die(sql, sqlite3_errmsg(db));
    return stmt;
}

static FitCustomers fit_customers(const char *path)
{
    FitCustomers all = {0};
    sqlite3 *db = fit_open(path);
    if (sqlite3_retain_init(db, NULL, NULL) != SQLITE_OK) fit_die(path, sqlite3_errmsg(db));
    sqlite3_stmt *stmt = fit_prepare(db, "SELECT count(DISTINCT customer_id) FROM orders");
    int64_t most = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    all.frequency = fit_alloc(most, sizeof(int32_t));
    all.recency = fit_alloc(most, sizeof(int32_t));
    all.age = fit_alloc(most, sizeof(int32_t));
    all.monetary_value = fit_alloc(most, sizeof(double));
    stmt = fit_prepare(db, "SELECT frequency, recency, age, monetary_value FROM customer_summary('orders')");
    while (sqlite3_step(stmt) == SQLITE_ROW && all.n < most) {
        int64_t i = all.n++;
        all.frequency[i] = sqlite3_column_int(stmt, 0);
        all.recency[i] = sqlite3_column_int(stmt, 1);
        all.age[i] = sqlite3_column_int(stmt, 2);
        all.monetary_value[i] = all.frequency[i] > 0 ? sqlite3_column_double(stmt, 3) : (double)NAN;
        all.n_repeat += all.frequency[i] > 0;
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    if (all.n == 0) fit_die(path, "no customers");
    return all;
}

static void fit_save(const FitCustomers *all, const char *path)
{
    FILE *file = fopen(path, "wb");
    size_t n = (size_t)all->n;
    bool saved = file != NULL && fwrite(&all->n, sizeof(all->n), 1, file) == 1 &&
                 fwrite(all->frequency, sizeof(int32_t), n, file) == n &&
                 fwrite(all->recency, sizeof(int32_t), n, file) == n &&
                 fwrite(all->age, sizeof(int32_t), n, file) == n &&
                 fwrite(all->monetary_value, sizeof(double), n, file) == n;
    if (file == NULL || fclose(file) != 0 || !saved) fit_die(path, "cannot be written");
}

/* ---- One measurement ---- */

typedef enum FitKind { FIT_SCAN, FIT_BGNBD, FIT_BGNBD_SPEND, FIT_PNBD, FIT_SCIPY, FIT_SCIPY_ROWS, FIT_KINDS } FitKind;

typedef struct FitSample {
    bool ok;
    double cpu_ms, log_likelihood, spend_log_likelihood;
    double param[FIT_PARAMS_MAX];
    int64_t sampled; /* of a Pareto/NBD: customers that it was fitted to; 0: all */
    int evaluations; /* of fit.py */
    char message[FIT_LINE_MAX];
} FitSample;

static double fit_cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void fit_scan(const char *path, FitSample *sample)
{
    sqlite3 *db = fit_open(path);
    double before = fit_cpu_ms();
    sqlite3_stmt *stmt = fit_prepare(db, "SELECT sum(customer_id), sum(order_date), sum(amount) FROM orders");
    sample->ok = sqlite3_step(stmt) == SQLITE_ROW;
    sqlite3_finalize(stmt);
    sample->cpu_ms = fit_cpu_ms() - before;
    sqlite3_close(db);
}

static void fit_spend(const FitCustomers *all, FitSample *sample)
{
    Arena arena = {0};
    Err err = {0};
    GammagammaFit fit;
    void *workspace = arena_alloc_raw(&arena, &err, gammagamma_workspace_size(all->n), 1);
    if (workspace == NULL) return;
    gammagamma_fit(all->n, all->frequency, all->monetary_value, workspace, NULL, &fit);
    arena_free(&arena);
    sample->ok = sample->ok && fit.converged;
    sample->spend_log_likelihood = fit.log_likelihood;
    sample->param[4] = fit.params.p;
    sample->param[5] = fit.params.q;
    sample->param[6] = fit.params.gamma;
}

static void fit_ours(const FitCustomers *all, FitKind kind, FitSample *sample)
{
    Buyers buyers = {.n = all->n, .n_repeat = all->n_repeat, .frequency = all->frequency, .recency = all->recency,
                     .age = all->age, .monetary_value = all->monetary_value};
    Purchasefit fit;
    Err err = {0};
    double before = fit_cpu_ms();
    lawfit_run(&fit, kind == FIT_PNBD ? PURCHASE_PNBD : PURCHASE_BGNBD, &buyers, &err, NULL);
    sample->ok = err.rc == SQLITE_OK && fit.converged;
    if (kind == FIT_BGNBD_SPEND) fit_spend(all, sample);
    sample->cpu_ms = fit_cpu_ms() - before;
    sample->log_likelihood = fit.log_likelihood;
    for (int i = 0; i < 4; i++) sample->param[i] = fit.value[i];
    sample->sampled = fit.sampled;
    if (!sample->ok) snprintf(sample->message, sizeof(sample->message), "no optimum was found");
}

/* fit.py answers with one line of numbers, or with why it cannot. */
static void fit_scipy(const char *python, const char *option, const char *file, FitSample *sample)
{
    char command[2 * FIT_LINE_MAX], line[FIT_LINE_MAX] = "";
    snprintf(command, sizeof(command), "OMP_NUM_THREADS=1 %s %s '%s' 2>&1", python, option, file);
    FILE *answer = popen(command, "r");
    if (answer == NULL) return;
    while (fgets(line, sizeof(line), answer) != NULL) snprintf(sample->message, sizeof(sample->message), "%s", line);
    pclose(answer);
    line[strcspn(line, "\n")] = 0;
    snprintf(sample->message, sizeof(sample->message), "%s", line);
    sample->ok = sscanf(line, "%lf %lf %d %lf %lf %lf %lf", &sample->cpu_ms, &sample->log_likelihood,
                        &sample->evaluations, &sample->param[0], &sample->param[1], &sample->param[2],
                        &sample->param[3]) == 7;
}

typedef struct FitRun {
    const char *db, *python;
    char file[FIT_LINE_MAX];
    FitCustomers customers;
    int n_rounds;
} FitRun;

static FitSample fit_measure(const FitRun *run, FitKind kind)
{
    FitSample sample = {0};
    if (kind == FIT_SCAN) fit_scan(run->db, &sample);
    else if (kind == FIT_SCIPY) fit_scipy(run->python, "", run->file, &sample);
    else if (kind == FIT_SCIPY_ROWS) fit_scipy(run->python, "--rows", run->file, &sample);
    else fit_ours(&run->customers, kind, &sample);
    return sample;
}

/* In a process of its own. */
static FitSample fit_fork(const FitRun *run, FitKind kind)
{
    FitSample sample = {.message = "the measuring process ended without an answer"};
    int ends[2];
    fflush(stdout);
    pid_t child = pipe(ends) == 0 ? fork() : -1;
    if (child < 0) fit_die("fork", "failed");
    if (child == 0) {
        sample = fit_measure(run, kind);
        _exit(write(ends[1], &sample, sizeof(sample)) == (ssize_t)sizeof(sample) ? 0 : 1);
    }
    close(ends[1]);
    FitSample got;
    if (read(ends[0], &got, sizeof(got)) == (ssize_t)sizeof(got)) sample = got;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return sample;
}

/* ---- The table ---- */

typedef struct FitResult {
    FitSample last;
    int n;
    double cpu_ms[FIT_ROUNDS_MAX], median;
} FitResult;

static int fit_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void fit_race(const FitRun *run, FitResult results[FIT_KINDS])
{
    for (int round = 0; round <= run->n_rounds; round++)
        for (int kind = 0; kind < FIT_KINDS; kind++) {
            FitResult *result = &results[kind];
            if (kind >= FIT_SCIPY && run->python == NULL) continue;
            if (round > 0 && !result->last.ok) continue;
            result->last = fit_fork(run, (FitKind)kind);
            if (round > 0 && result->last.ok) result->cpu_ms[result->n++] = result->last.cpu_ms;
        }
    for (int kind = 0; kind < FIT_KINDS; kind++) {
        FitResult *result = &results[kind];
        qsort(result->cpu_ms, (size_t)result->n, sizeof(double), fit_compare);
        result->median = result->n > 0 ? (result->cpu_ms[(result->n - 1) / 2] + result->cpu_ms[result->n / 2]) / 2.0
                                       : (double)NAN;
    }
}

static void fit_row(const FitResult results[FIT_KINDS], FitKind kind, const char *name, double scans_max)
{
    const FitResult *result = &results[kind];
    const FitSample *last = &result->last;
    if (result->n == 0) {
        printf("| %s | not run: %s |||||\n", name, last->message[0] != 0 ? last->message : "no answer");
        return;
    }
    printf("| %s | %.1f | %.2f", name, result->median, result->median / results[FIT_SCAN].median);
    if (scans_max > 0.0) printf(" (at most %.4g)", scans_max);
    if (kind >= FIT_SCIPY) printf(" | %.1f%s", result->median / results[FIT_BGNBD].median,
                                  kind == FIT_SCIPY_ROWS ? " (at least 30)" : "");
    else printf(" |");
    printf(" | %.6f | r %.6g, alpha %.6g, %s %.6g, %s %.6g", last->log_likelihood, last->param[0], last->param[1],
           kind == FIT_PNBD ? "s" : "a", last->param[2], kind == FIT_PNBD ? "beta" : "b", last->param[3]);
    if (kind == FIT_BGNBD_SPEND)
        printf(", p %.6g, q %.6g, gamma %.6g", last->param[4], last->param[5], last->param[6]);
    if (kind >= FIT_SCIPY) printf(", %d evaluations", last->evaluations);
    if (last->sampled > 0) printf(", of a sample of %" PRId64 " customers", last->sampled);
    printf(" |\n");
}

static void fit_print(const FitRun *run, const FitResult results[FIT_KINDS])
{
    if (results[FIT_SCAN].n == 0) fit_die(run->db, "the bare scan failed");
    printf("| fit to %" PRId64 " customers | CPU ms | x bare scan (target) | scipy / BG/NBD of ours (target) | log-likelihood "
           "| parameters, in days |\n|---|--:|--:|--:|--:|---|\n", run->customers.n);
    printf("| bare scan of their orders | %.1f | 1.00 | | | |\n", results[FIT_SCAN].median);
    fit_row(results, FIT_BGNBD, "BG/NBD", 0.15);
    if (run->python != NULL) fit_row(results, FIT_SCIPY_ROWS, "BG/NBD by scipy, a row for each history", 0.0);
    if (run->python != NULL) fit_row(results, FIT_SCIPY, "BG/NBD by scipy, with sums by frequency and by age", 0.0);
    fit_row(results, FIT_BGNBD_SPEND, "BG/NBD and Gamma-Gamma", 0.5);
    fit_row(results, FIT_PNBD, "Pareto/NBD", 10.0);
    const FitSample *ours = &results[FIT_BGNBD].last, *theirs = &results[FIT_SCIPY].last;
    if (run->python == NULL) printf("\nscipy: not compared, bench/run.sh found no Python that has it"
                                    " (Debian: apt-get install python3-scipy)\n");
    else if (ours->ok && theirs->ok)
        printf("\nBG/NBD: ours and scipy's log-likelihood agree to %.1f digits; ours is %s by %.2g.\n",
               -log10(fmax(fabs(ours->log_likelihood / theirs->log_likelihood - 1.0), 1e-16)),
               ours->log_likelihood >= theirs->log_likelihood ? "higher" : "lower",
               fabs(ours->log_likelihood - theirs->log_likelihood));
}

/* ---- The command ---- */

static bool fit_parse(int argc, char **argv, FitRun *run)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) run->n_rounds = atoi(argv[++i]);
        else if (strcmp(argv[i], "--python") == 0 && i + 1 < argc) run->python = argv[++i];
        else if (argv[i][0] == '-' || run->db != NULL) return false;
        else run->db = argv[i];
    }
    return run->db != NULL && run->n_rounds >= 1 && run->n_rounds <= FIT_ROUNDS_MAX;
}

int main(int argc, char **argv)
{
    static FitResult results[FIT_KINDS];
    FitRun run = {.n_rounds = 7};
    if (!fit_parse(argc, argv, &run)) {
        fprintf(stderr, "usage: fit [--rounds N] [--python \"PROGRAM SCRIPT\"] DB\n");
        return 2;
    }
    run.customers = fit_customers(run.db);
    snprintf(run.file, sizeof(run.file), "/tmp/retain-fit-XXXXXX");
    int file = mkstemp(run.file);
    if (file < 0) fit_die(run.file, "cannot be written");
    close(file);
    fit_save(&run.customers, run.file);
    fit_race(&run, results);
    remove(run.file);
    fit_print(&run, results);
    return 0;
}
