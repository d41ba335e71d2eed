// duckdb.mjs - the reports beside DuckDB on a native table of its own.
//
//     node bench/duckdb.mjs --modules DIR --bench FILE --extension FILE [--rounds N] [--threads N] DB
//
// DIR has node_modules/@duckdb/node-api and keeps the native tables; FILE is the program of bench.c, which
// runs our side.  The orders of DB are loaded once, with the types that DuckDB is best at: ids as they are,
// dates as TIMESTAMP, amounts as DOUBLE.  Then ours and DuckDB's take turns, after an uncounted round, and a
// Markdown table shows medians.  Ours opens the plain SQLite file anew each time and reads it through SQLite;
// DuckDB keeps its connection and what it has cached.
//
// Each report has two statements, which give the same rows.  "SQL" is what somebody writes who knows DuckDB
// well: nets each customer's day, then months, then counts.  "tuned" is the fastest that we found for this
// table: it nets only the few days that have a refund, and keeps the months of a customer as the bits of one
// integer, which holds for 64 months.
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
        modules: { type: 'string' },
        bench: { type: 'string' },
        extension: { type: 'string' },
        rounds: { type: 'string', default: '7' },
        threads: { type: 'string', default: '2' },
    },
});
const source = positionals[0];
const { DuckDBInstance, version } = createRequire(resolve(options.modules, 'package.json'))('@duckdb/node-api');

// ---- The statements ----

// Purchases as sql/retention_rate.sql defines them; every id of the table is one.
const purchases = `
    purchase AS (
        SELECT customer_id, order_date::DATE AS day, sum(amount) AS net
        FROM orders
        GROUP BY ALL
        HAVING sum(amount) > 1e-9 * sum(abs(amount)) OR sum(abs(amount)) = 0
    )`;

// Rows of days without a refund are purchases as they stand; the other days are netted.
const purchasesTuned = `
    refund AS (
        SELECT DISTINCT customer_id, order_date::DATE AS day FROM orders WHERE amount < 0
    ),
    netted AS (
        SELECT customer_id, day, sum(amount) AS net
        FROM (SELECT customer_id, order_date::DATE AS day, amount FROM orders) SEMI JOIN refund USING (customer_id, day)
        GROUP BY ALL
        HAVING sum(amount) > 1e-9 * sum(abs(amount))
    ),
    purchase AS (
        SELECT customer_id, day, net
        FROM (SELECT customer_id, order_date::DATE AS day, amount AS net FROM orders WHERE amount >= 0)
             ANTI JOIN refund USING (customer_id, day)
        UNION ALL
        FROM netted
    )`;

const months = `
    bound AS (
        SELECT min(order_date)::DATE AS first_day, max(order_date)::DATE AS as_of,
               year(first_day) * 12 + month(first_day) - 1 AS first_month,
               year(as_of) * 12 + month(as_of) - 1 AS last_month
        FROM orders
    ),
    period AS (
        SELECT unnest(range(first_month, last_month + 1)) AS month FROM bound
    )`;

// Active customers of each month, the new ones, and those who were active in the month before.
const counts = `
    active AS (
        SELECT DISTINCT customer_id, year(day) * 12 + month(day) - 1 AS month FROM purchase
    ),
    step AS (
        SELECT month, lag(month) OVER (PARTITION BY customer_id ORDER BY month) AS previous FROM active
    ),
    counted AS (
        SELECT month, count(*) AS n, count(*) FILTER (previous IS NULL) AS new,
               count(*) FILTER (previous = month - 1) AS retained
        FROM step
        GROUP BY month
    )`;

const countsTuned = `
    customer AS (
        SELECT bit_or(1::UBIGINT << (year(day) * 12 + month(day) - 1 - (SELECT first_month FROM bound))::UBIGINT)
               AS months
        FROM purchase
        GROUP BY customer_id
    ),
    pattern AS (
        SELECT months, count(*) AS n FROM customer GROUP BY months
    ),
    counted AS (
        SELECT month,
               sum(n) AS n,
               sum(n) FILTER (months & ((1::UBIGINT << place) - 1) = 0) AS new,
               sum(n) FILTER ((months::UHUGEINT * 2 >> place) & 1 = 1) AS retained
        FROM pattern, (SELECT month, (month - first_month)::UBIGINT AS place FROM period, bound)
        WHERE (months >> place) & 1 = 1
        GROUP BY month
    )`;

const series = `
    series AS (
        SELECT make_date(month // 12, month % 12 + 1, 1) AS period_start,
               last_day(period_start) <= as_of AS is_complete,
               coalesce(n, 0)::BIGINT AS active, coalesce(new, 0)::BIGINT AS new,
               coalesce(retained, 0)::BIGINT AS retained,
               lag(active, 1, 0) OVER (ORDER BY month) AS before
        FROM period LEFT JOIN counted USING (month), bound
    )`;

const retention = `
    SELECT period_start, before AS start_customers, active AS end_customers, new AS new_customers, retained,
           active - new - retained AS reactivated, before - retained AS lost,
           CASE WHEN is_complete AND before > 0 THEN retained / before END AS retention_rate
    FROM series
    ORDER BY period_start`;

const lifecycle = `
    SELECT period_start, new, retained, active - new - retained AS reactivated,
           CASE WHEN is_complete THEN before - retained END AS dormant, active
    FROM series
    ORDER BY period_start`;

// A customer's months with their purchase days and net amounts.
const visits = `
    visit AS MATERIALIZED (
        SELECT customer_id, year(day) * 12 + month(day) - 1 AS month, count(*) AS orders, sum(net) AS revenue
        FROM purchase
        GROUP BY ALL
    )`;

// The same of single rows: the days of a month are counted as bits.
const visitsTuned = `
    visit AS MATERIALIZED (
        SELECT customer_id, year(day) * 12 + month(day) - 1 AS month,
               bit_count(bit_or(1::UINTEGER << day(day)::UINTEGER)) AS orders, sum(net) AS revenue
        FROM purchase
        GROUP BY ALL
    )`;

const triangle = `
    first AS (
        SELECT customer_id, min(month) AS cohort FROM visit GROUP BY customer_id
    ),
    counted AS (
        SELECT cohort, month, count(*) AS customers, sum(orders)::BIGINT AS orders, sum(revenue) AS revenue
        FROM visit JOIN first USING (customer_id)
        GROUP BY ALL
    ),
    cell AS (
        SELECT c.cohort, p.month, customers, orders, revenue
        FROM (SELECT DISTINCT cohort FROM counted) AS c JOIN period AS p ON p.month >= c.cohort
             LEFT JOIN counted AS n ON n.cohort = c.cohort AND n.month = p.month
    )
    SELECT make_date(cohort // 12, cohort % 12 + 1, 1) AS cohort, month - cell.cohort AS period_index,
           first_value(customers) OVER (PARTITION BY cell.cohort ORDER BY month) AS cohort_size,
           coalesce(customers, 0) AS customers, coalesce(orders, 0) AS orders, coalesce(revenue, 0) AS revenue
    FROM cell
    ORDER BY cell.cohort, month`;

const reports = [
    {
        name: 'retention_rate',
        plain: `WITH ${purchases}, ${months}, ${counts}, ${series} ${retention}`,
        tuned: `WITH ${purchasesTuned}, ${months}, ${countsTuned}, ${series} ${retention}`,
    },
    {
        name: 'retention_cohorts',
        plain: `WITH ${purchases}, ${months}, ${visits}, ${triangle}`,
        tuned: `WITH ${purchasesTuned}, ${months}, ${visitsTuned}, ${triangle}`,
    },
    {
        name: 'lifecycle',
        plain: `WITH ${purchases}, ${months}, ${counts}, ${series} ${lifecycle}`,
        tuned: `WITH ${purchasesTuned}, ${months}, ${countsTuned}, ${series} ${lifecycle}`,
    },
];

// ---- The native table ----

function sqlite(sql, ...before) {
    return execFileSync('sqlite3', [...before, source, sql], { maxBuffer: 1 << 30, encoding: 'utf8' });
}

async function load(file) {
    const csv = file + '.csv', part = file + '.part';
    for (const old of [csv, part, part + '.wal']) rmSync(old, { force: true });
    const out = openSync(csv, 'w');
    execFileSync('sqlite3', ['-csv', source, 'SELECT customer_id, order_date, amount FROM orders'],
        { stdio: ['ignore', out, 'inherit'] });
    closeSync(out);
    const text = sqlite("SELECT typeof(customer_id) = 'text' FROM orders LIMIT 1").trim() === '1';
    const types = text ? "{customer_id: 'VARCHAR', order_date: 'TIMESTAMP', amount: 'DOUBLE'}"
                       : "{customer_id: 'BIGINT', order_date: 'BIGINT', amount: 'DOUBLE'}";
    const instance = await DuckDBInstance.create(part);
    const connection = await instance.connect();
    await connection.run(`CREATE TABLE orders AS
        SELECT customer_id, ${text ? 'order_date' : 'make_timestamp(order_date * 1000000) AS order_date'}, amount
        FROM read_csv('${csv.replaceAll("'", "''")}', header = false, columns = ${types})`);
    connection.closeSync();
    instance.closeSync();
    rmSync(csv);
    renameSync(part, file);
}

async function open() {
    const file = join(options.modules, basename(source, '.db') + '.duckdb');
    if (!existsSync(file)) await load(file);
    const instance = await DuckDBInstance.create(file, { threads: options.threads, access_mode: 'READ_ONLY' });
    return { connection: await instance.connect(), size: statSync(file).size };
}

// ---- Measurements ----

function ours(report) {
    const answer = execFileSync(options.bench,
        ['--extension', options.extension, '--report', `${report.name}('orders')`, source],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    const [wall, cpu] = answer.trim().split(' ').map(Number);
    return { wall, cpu };
}

async function theirs(connection, sql) {
    const cpu = process.cpuUsage(), start = performance.now();
    const reader = await connection.runAndReadAll(sql);
    const rows = reader.getRowObjectsJson();
    const wall = performance.now() - start, used = process.cpuUsage(cpu);
    return { wall, cpu: (used.user + used.system) / 1000, rows };
}

function median(samples, key) {
    const sorted = samples.map((sample) => sample[key]).sort((a, b) => a - b);
    return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

// NULL, numbers of either kind and texts; REALs to nine digits.
function same(a, b) {
    if (a === null || b === null) return a === b;
    const x = Number(a), y = Number(b);
    if (Number.isNaN(x) || Number.isNaN(y)) return String(a) === String(b);
    return Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y), 1);
}

// In every column that DuckDB's statement has.
function difference(mine, rows) {
    if (mine.length !== rows.length) return `${mine.length} rows, ${rows.length}`;
    for (let i = 0; i < rows.length; i++)
        for (const column of Object.keys(rows[i]))
            if (!same(mine[i][column], rows[i][column])) return `row ${i + 1}, ${column}`;
    return null;
}

function compare(report, rows) {
    const columns = Object.keys(rows[0] ?? {}).join(', ');
    const mine = JSON.parse(sqlite(`SELECT ${columns} FROM ${report.name}('orders')`, '-json', '-cmd',
        `.load ${options.extension}`) || '[]');
    return difference(mine, rows);
}

async function race(connection, report) {
    const samples = { ours: [], plain: [], tuned: [] }, found = {};
    for (let round = 0; round <= Number(options.rounds); round++) {
        const now = { ours: ours(report) };
        for (const kind of ['plain', 'tuned']) now[kind] = await theirs(connection, report[kind]);
        if (round === 0) for (const kind of ['plain', 'tuned']) found[kind] = compare(report, now[kind].rows);
        else for (const kind in samples) samples[kind].push(now[kind]);
    }
    for (const [kind, label] of [['plain', 'SQL'], ['tuned', 'tuned']]) {
        const mine = median(samples.ours, 'wall'), other = median(samples[kind], 'wall');
        console.log(`| ${report.name}('orders') | ${label} | ${mine.toFixed(1)} | ${other.toFixed(1)} ` +
            `| ${(mine / other).toFixed(2)} | ${median(samples.ours, 'cpu').toFixed(1)} ` +
            `| ${median(samples[kind], 'cpu').toFixed(1)} | ${found[kind] ? 'NO: ' + found[kind] : 'yes'} |`);
    }
}

const { connection, size } = await open();
console.log(`DuckDB ${version()}, ${options.threads} threads, native table of ${(size / 1048576).toFixed(0)} MB\n`);
console.log('| report | DuckDB | our wall ms | its wall ms | ours / DuckDB, wall | our CPU ms | its CPU ms ' +
    '| same result |\n|---|---|--:|--:|--:|--:|--:|---|');
for (const report of reports) {
    try {
        await race(connection, report);
    } catch (error) {
        const why = String(error.stderr || error.message || error).trim().split('\n')[0];
        console.log(`| ${report.name}('orders') | | not run: ${why} ||||||`);
    }
}
