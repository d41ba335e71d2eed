#!/bin/sh
# quality.sh - how well do the predictions of churn predict, on real shops?
#
#     bench/quality.sh              every table of ../shared/data
#     bench/quality.sh --long       and other horizons beside the first ones
#
# For each table: a backtest of every method, and of what auto chose, with the same rules for all.  Checked is that
#
#     - the AUC of auto is at least that of the best naive rule less 0.005, and of the best model less 0.005;
#     - its Brier score is not above that of the base rate;
#     - its calibration slope is in 0.8 .. 1.25 where at least 500 customers are scored.
#
# Exit status 1 when one of the checks of the first horizons is missed.  RETAIN_EXTENSION (./retain), RETAIN_SHARED
# (../shared), SQLITE3.
set -eu
cd "$(dirname "$0")/.."

extension=${RETAIN_EXTENSION:-./retain}
data=${RETAIN_SHARED:-../shared}/data
sqlite=${SQLITE3:-sqlite3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
[ -d "$data" ] || { echo "quality: skipped, there is no $data"; exit 0; }

# Columns of the file -> customer_id, order_date, amount.
import() { # table file date_column
    gzip -dc "$data/$2.csv.gz" >"$scratch/$2.csv"
    $sqlite "$scratch/shops.db" ".mode csv" ".import $scratch/$2.csv $2" \
        "CREATE TABLE $1 AS SELECT customer_id, $3 AS order_date, CAST(amount AS REAL) AS amount FROM $2"
}

# One backtest: the table of methods, then the checks on auto.
quality() { # title table holdout_days
    sed -e "s/:title/$1/" -e "s/:source/$2/" -e "s/:holdout/$3/" bench/quality.sql >"$scratch/quality.sql"
    $sqlite -batch -cmd ".load $extension" "$scratch/shops.db" <"$scratch/quality.sql" | tee -a "$scratch/$4"
}

import cdnow_sample_orders cdnow_sample date
import cdnow_master_orders cdnow_master date
import uci_orders uci_online_retail_orders ts
import northwind northwind_orders ts
import chinook chinook_invoices ts

quality "CDNOW sample, split 1997-09-30, 39 weeks" cdnow_sample_orders 273 first
quality "CDNOW master, split 1997-09-30, 39 weeks" cdnow_master_orders 273 first
quality "UCI Online Retail, 90 days" uci_orders 90 first
quality "Northwind, 90 days" northwind 90 first
quality "Chinook, 90 days" chinook 90 first
if [ "${1-}" = --long ]; then
    for days in 60 90 120 180; do quality "CDNOW sample, $days days" cdnow_sample_orders $days more; done
    for days in 60 90 120 180; do quality "CDNOW master, $days days" cdnow_master_orders $days more; done
    for days in 30 45 60 120 180; do quality "UCI Online Retail, $days days" uci_orders $days more; done
    for days in 60 120 180; do quality "Northwind, $days days" northwind $days more; done
fi

touch "$scratch/more"
echo "checks missed: $(grep -c '^MISSED' "$scratch/first" || true) of $(grep -cE '^(held|MISSED)' "$scratch/first")" \
    "on the first horizons, $(grep -c '^MISSED' "$scratch/more" || true) of $(grep -cE '^(held|MISSED)' "$scratch/more" || true) on the others"
! grep -q '^MISSED' "$scratch/first"
