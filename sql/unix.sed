# unix.sed: turns the plain-SQL twins into their variants for order_date INTEGER, unix seconds.
#
#     sed -f sql/unix.sed sql/retention_rate.sql | sqlite3 shop.db
#
# Days become numbers since 1970-01-01, which sort faster than text.  The number of the month of a
# day counts days from 1900-03-01, so that a leap day ends its year of 1461 / 4 days and a month
# has 153 / 5 days: right from then to 2100-02-28.
s|substr(order_date, 1, 10) AS day|order_date / 86400 AS day|
s|strftime('%s', substr(order_date, 1, 10)) / 86400 AS day|order_date / 86400 AS day|
s|time(order_date) AS clock|order_date % 86400 AS clock|
s|substr(min(order_date), 1, 10)|date(min(order_date), 'unixepoch')|
s|substr(max(order_date), 1, 10)|date(max(order_date), 'unixepoch')|
s|substr(day, 1, 4) \* 12 + substr(day, 6, 2) - 1 AS month|12 * (1900 + (4 * (day + 25508) + 3) / 1461) + 2 + (5 * (day + 25508 - 1461 * ((4 * (day + 25508) + 3) / 1461) / 4) + 2) / 153 AS month|
