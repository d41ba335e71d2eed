/* remedy.c - see remedy.h.
 *
 * SQL is written as templates in which '$' stands for the column in question.
 */
#include "data/remedy.h"

#include <string.h>

#include "base/fold.h"

enum { REMEDY_KEY_MAX = 60 }; /* bytes of an id that SQL shows */

Remedy remedy_new(const Audit *audit) {
    Remedy remedy = {.audit = audit, .arena = audit->arena, .err = audit->err};
    if (!audit->err->rc) remedy.is_table = source_is_table(audit->source);
    for (int role = 0; role < SOURCE_ROLES; role++)
        if (audit->source->chosen[role])
            remedy.columns[role] = arena_printf(remedy.arena, remedy.err, "\"%w\"", audit->source->chosen[role]);
    return remedy;
}

/* ---- Statements ---- */

/* A template is NULL when there was no memory for it. */
static const char *remedy_fill(const Remedy *r, const char *template, const char *column) {
    const char *filled = template ? "" : NULL;
    for (size_t n; column && filled && *template; template += n + (template[n] == '$')) {
        const char *hole = strchr(template, '$');
        n = hole ? (size_t)(hole - template) : strlen(template);
        filled = arena_printf(r->arena, r->err, "%s%.*s%s", filled, (int)n, template, template[n] ? column : "");
    }
    return filled ? filled : "";
}

/* A temporary view beside the source: "orders_kept". */
static const char *remedy_view(const Remedy *r, const char *suffix, const char *select, const char *rest) {
    const Source *source = r->audit->source;
    return arena_printf(r->arena, r->err, "CREATE TEMP VIEW \"%w_%s\" AS SELECT %s FROM %s%s;", source->table, suffix,
                        select, source->from, rest);
}

/* All columns, that of role as expression where the condition holds. */
static const char *remedy_list(const Remedy *r, SourceRole role, const char *expression, const char *where) {
    const Source *source = r->audit->source;
    const char *list = "";
    for (int i = 0; i < source->n_columns && list; i++) {
        const char *comma = i ? ", " : "";
        if (source->columns[i] == source->chosen[role])
            list = arena_printf(r->arena, r->err, "%s%sCASE WHEN %s THEN %s ELSE %s END AS %s", list, comma, where,
                                expression, r->columns[role], r->columns[role]);
        else
            list = arena_printf(r->arena, r->err, "%s%s\"%w\"", list, comma, source->columns[i]);
    }
    return list ? list : "";
}

/* The column of role becomes the expression where the condition holds. */
static const char *remedy_change(const Remedy *r, SourceRole role, const char *expression, const char *where) {
    const char *column = r->columns[role];
    expression = remedy_fill(r, expression, column);
    where = remedy_fill(r, where, column);
    if (!r->is_table) return remedy_view(r, "fixed", remedy_list(r, role, expression, where), "");
    return arena_printf(r->arena, r->err, "UPDATE %s SET %s = %s WHERE %s;", r->audit->source->from, column, expression,
                        where);
}

static const char *remedy_show(const Remedy *r, SourceRole role, const char *where) {
    return arena_printf(r->arena, r->err, "SELECT * FROM %s WHERE %s;", r->audit->source->from,
                        remedy_fill(r, where, r->columns[role]));
}

/* replace(replace(inner, 'a', 'b'), ...) for the letters in found. */
static const char *remedy_letters(const Remedy *r, const char *inner, uint32_t found) {
    for (int i = 0; i < FOLD_LETTER_COUNT; i++)
        if (found >> i & 1)
            inner = arena_printf(r->arena, r->err, "replace(%s, '%s', '%s')", inner, retain_fold_letters[i].from,
                                 retain_fold_letters[i].to);
    return inner;
}

/* A key as SQL; NULL for blobs and what is long. */
static const char *remedy_literal(const Remedy *r, const MapKey *key) {
    switch (key->type) {
        case MAP_INTEGER: return arena_printf(r->arena, r->err, "%lld", (long long)key->as.integer);
        case MAP_TEXT: break;
        default: return NULL;
    }
    const char *bytes = map_key_bytes(key);
    if (key->size > REMEDY_KEY_MAX || memchr(bytes, 0, key->size)) return NULL;
    return arena_printf(r->arena, r->err, "'%.*q'", (int)key->size, bytes);
}

static const char *remedy_with_day(const Remedy *r, const char *format, Day day) {
    char text[11];
    civil_print(r->audit->rules.calendar, day, text);
    return arena_printf(r->arena, r->err, format, text);
}

/* ---- Customers ---- */

static const char *remedy_spaces(const Remedy *r) {
    const char *text = "$";
    uint32_t found = r->audit->ids.spaces;
    if (found & FOLD_HAS_NON_JOINER) text = arena_printf(r->arena, r->err, "replace(%s, char(8204), '')", text);
    if (found & FOLD_HAS_NO_BREAK) text = arena_printf(r->arena, r->err, "replace(%s, char(160), ' ')", text);
    text = arena_printf(r->arena, r->err, "trim(%s%s)", text,
                        found & FOLD_HAS_CONTROL ? ", char(9, 10, 11, 12, 13, 32)" : "");
    return remedy_change(r, SOURCE_CUSTOMER, text, "typeof($) = 'text'");
}

static const char *remedy_outsized(const Remedy *r) {
    const MapKey *key = r->audit->shape.outsized;
    const char *literal = key ? remedy_literal(r, key) : NULL;
    if (!literal) return "if this is not one person (a till, guests, tests), leave it out by a view";
    return remedy_view(r, "rest", "*",
                       arena_printf(r->arena, r->err, " WHERE %s IS NOT %s", r->columns[SOURCE_CUSTOMER], literal));
}

static const char *remedy_customer(const Remedy *r, FindingCheck check) {
    switch (check) {
        case FINDING_CUSTOMER_MISSING: return remedy_show(r, SOURCE_CUSTOMER, "coalesce($, '') IN ('', x'')");
        case FINDING_CUSTOMER_SPACES: return remedy_spaces(r);
        case FINDING_CUSTOMER_CASE: return remedy_change(r, SOURCE_CUSTOMER, "lower($)", "typeof($) = 'text'");
        case FINDING_CUSTOMER_LETTERS:
            return remedy_change(r, SOURCE_CUSTOMER, remedy_letters(r, "$", r->audit->ids.letters),
                                 "typeof($) = 'text'");
        case FINDING_CUSTOMER_TYPES: /* a REAL without its '.0' */
            return remedy_change(r, SOURCE_CUSTOMER,
                                 "CASE typeof($) WHEN 'real' THEN printf('%.15g', $) ELSE CAST($ AS TEXT) END",
                                 "typeof($) IN ('integer', 'real', 'blob')");
        case FINDING_OUTSIZED: return remedy_outsized(r);
        default: return "load the orders that these refunds belong to, or let them be";
    }
}

/* ---- Dates ---- */

/* How numbers of a unit become text and text such numbers, and where 1990 begins. */
typedef struct RemedyUnit {
    const char *to_text, *from_text, *is_number, *before_1990;
} RemedyUnit;

static const RemedyUnit remedy_units[AUDITDATE_UNITS] = {
    [DATE_TEXT] = {.before_1990 = "$ < '1990-01-01'"},
    [DATE_UNIX] = {"datetime($, 'unixepoch')", "strftime('%s', $) + 0", "$ + 0 BETWEEN 631152000 AND 4133980800",
                   "$ < 631152000"},
    [DATE_UNIXMS] = {"datetime($ / 1000, 'unixepoch')", "strftime('%s', $) * 1000",
                     "$ + 0 BETWEEN 631152000000 AND 4133980800000", "$ < 631152000000"},
    [DATE_YYYYMMDD] = {"substr($, 1, 4) || '-' || substr($, 5, 2) || '-' || substr($, 7, 2)",
                       "strftime('%Y%m%d', $) + 0", "$ + 0 BETWEEN 19900101 AND 21001231", "$ < 19900101"},
    [DATE_JULIAN] = {"datetime($)", "julianday($)", "$ + 0 BETWEEN 2447892.5 AND 2488434.5", "$ < 2447892.5"},
};

/* For texts that are numbers of a unit. */
static const char *remedy_texts(const Remedy *r, DateUnit unit) {
    if (auditdate_is_text_unit(&r->audit->dates, unit))
        return arena_printf(r->arena, r->err, "name the unit: WHERE date_unit = '%s'", retain_date_unit_names[unit]);
    return remedy_change(r, SOURCE_DATE, remedy_units[unit].to_text, remedy_units[unit].is_number);
}

static const char *remedy_unreadable(const Remedy *r) {
    switch (auditdate_reason(&r->audit->dates)) {
        case DATE_BLANKS:
            return remedy_change(r, SOURCE_DATE, "trim($, char(9, 10, 11, 12, 13, 32))", "typeof($) = 'text'");
        case DATE_SHORT: return "write months and days with two digits, as in 2024-01-05";
        case DATE_ORDER: return "write YYYY-MM-DD: 01/05/2024 may be in January or in May";
        case DATE_TEXT_UNIX: return remedy_texts(r, DATE_UNIX);
        case DATE_TEXT_JULIAN: return remedy_texts(r, DATE_JULIAN);
        case DATE_NO_UNIT: return "correct them, or name the unit as in WHERE date_unit = 'unix'";
        default: return "write YYYY-MM-DD, or YYYY-MM-DD HH:MM:SS";
    }
}

static const char *remedy_jalali(const Remedy *r) {
    if (r->audit->dates.n_jalali_digits < r->audit->findings.list[FINDING_DATE_JALALI].rows)
        return "name the calendar: WHERE calendar = 'jalali'";
    return remedy_change(r, SOURCE_DATE, "substr($, 1, 4) || '-' || substr($, 5, 2) || '-' || substr($, 7)",
                         "$ GLOB '1[345][0-9][0-9][01][0-9][0-3][0-9]'");
}

static const char *remedy_buddhist(const Remedy *r) {
    if (r->audit->dates.n_buddhist_digits < r->audit->findings.list[FINDING_DATE_BUDDHIST].rows)
        return remedy_change(r, SOURCE_DATE, "(substr($, 1, 4) - 543) || substr($, 5)", "$ GLOB '2[456][0-9][0-9]-*'");
    return remedy_change(r, SOURCE_DATE, "$ - 5430000", "$ GLOB '2[456][0-9][0-9][01][0-9][0-3][0-9]'");
}

/* Dates of the second most frequent unit become such of the first. */
static const char *remedy_mixed(const Remedy *r) {
    DateUnit main = r->audit->dates.unit, other = auditdate_other_unit(&r->audit->dates);
    if (main == DATE_TEXT && other != DATE_AUTO)
        return remedy_change(r, SOURCE_DATE, remedy_units[other].to_text, remedy_units[other].is_number);
    if (other == DATE_TEXT)
        return remedy_change(r, SOURCE_DATE, remedy_units[main].from_text, "date($, '+0 days') = substr($, 1, 10)");
    return arena_printf(r->arena, r->err, "write all dates as %s, like most", retain_date_unit_names[main]);
}

static const char *remedy_offset(const Remedy *r) {
    int minutes = auditdate_offset_minutes(&r->audit->dates), size = minutes < 0 ? -minutes : minutes;
    return arena_printf(r->arena, r->err, "name the shop's offset: WHERE utc_offset = '%c%02d:%02d'",
                        minutes < 0 ? '-' : '+', size / 60, size % 60);
}

static const char *remedy_digits(const Remedy *r, DateUnit unit) {
    return r->audit->dates.n_texts[unit] > 0 ? remedy_texts(r, unit) : "nothing to do";
}

static const char *remedy_date(const Remedy *r, FindingCheck check) {
    switch (check) {
        case FINDING_DATE_MISSING: return remedy_show(r, SOURCE_DATE, "coalesce($, '') = ''");
        case FINDING_DATE_UNREADABLE: return remedy_unreadable(r);
        case FINDING_DATE_IMPOSSIBLE:
            return remedy_show(r, SOURCE_DATE,
                               "datetime($) IS NULL OR date(substr($, 1, 10), '+0 days') <> substr($, 1, 10)");
        case FINDING_DATE_JALALI: return remedy_jalali(r);
        case FINDING_DATE_BUDDHIST: return remedy_buddhist(r);
        case FINDING_DATE_MILLISECONDS: return remedy_digits(r, DATE_UNIXMS);
        case FINDING_DATE_YYYYMMDD: return remedy_digits(r, DATE_YYYYMMDD);
        case FINDING_DATE_MIXED: return remedy_mixed(r);
        case FINDING_DATE_OFFSET: return remedy_offset(r);
        case FINDING_DATE_FUTURE:
            if (r->audit->as_of != LEDGER_NO_AS_OF) return "nothing to do";
            return remedy_with_day(r, "name the day of the export: WHERE as_of = '%s'", r->audit->shape.last);
        default: return remedy_show(r, SOURCE_DATE, remedy_units[r->audit->dates.unit].before_1990);
    }
}

/* ---- Amounts ---- */

static const char *remedy_unreadable_amount(const Remedy *r) {
    const Auditamount *amounts = &r->audit->amounts;
    if (amounts->n_odd > 0) return "write amounts as 1200.50: digits 0-9 and a point";
    const char *text = remedy_letters(r, "$", amounts->signs);
    if (amounts->signs & FOLD_HAS_COMMA) text = arena_printf(r->arena, r->err, "replace(%s, ',', '')", text);
    if (amounts->signs & FOLD_HAS_BLANK) text = arena_printf(r->arena, r->err, "replace(%s, ' ', '')", text);
    if (amounts->signs & FOLD_HAS_NO_BREAK) text = arena_printf(r->arena, r->err, "replace(%s, char(160), '')", text);
    return remedy_change(r, SOURCE_AMOUNT, text, "typeof($) = 'text'");
}

static const char *remedy_amount(const Remedy *r, FindingCheck check) {
    switch (check) {
        case FINDING_AMOUNT_MISSING: return remedy_show(r, SOURCE_AMOUNT, "$ IS NULL");
        case FINDING_AMOUNT_UNREADABLE: return remedy_unreadable_amount(r);
        case FINDING_AMOUNT_ZERO: return "nothing to do if they are free orders; else leave them out by a view";
        default:
            if (r->columns[SOURCE_ORDER]) return "nothing to do if they are refunds";
            return "nothing to do if they are refunds; order_column would book each to its order";
    }
}

/* ---- Orders ---- */

static const char *remedy_repeated(const Remedy *r) {
    const Finding *list = r->audit->findings.list;
    const char *all = "";
    if (list[FINDING_ORDER_LINES].rows > list[FINDING_ORDER_REPEATED].rows)
        return "nothing to do if these are lines of one order that happen to be alike";
    for (int role = 0; role < SOURCE_SEGMENT && all; role++)
        if (r->columns[role]) all = arena_printf(r->arena, r->err, "%s%s%s", all, *all ? ", " : "", r->columns[role]);
    return remedy_view(r, "once", arena_printf(r->arena, r->err, "DISTINCT %s", all), "");
}

static const char *remedy_two_customers(const Remedy *r) {
    const char *o = r->columns[SOURCE_ORDER], *c = r->columns[SOURCE_CUSTOMER];
    return arena_printf(r->arena, r->err,
                        "SELECT %s, min(%s), max(%s) FROM %s GROUP BY %s HAVING count(DISTINCT %s) > 1;", o, c, c,
                        r->audit->source->from, o, c);
}

/* The rows that no status column calls cancelled, and refunds. */
static const char *remedy_status(const Remedy *r) {
    const Auditword *words = &r->audit->words;
    const char *where = "", *refunds = "";
    for (int i = 0; i < words->n_status; i++) {
        const AuditwordColumn *column = &words->status[i];
        const char *list = "", *name = arena_printf(r->arena, r->err, "\"%w\"", column->name);
        const char *and = *where ? " AND " : "";
        if (column->kind == AUDITWORD_STATUS && column->words == 0) continue;
        for (int w = 0; column->kind == AUDITWORD_STATUS && retain_audit_words[w] && list; w++)
            if (column->words >> w & 1)
                list = arena_printf(r->arena, r->err, "%s%s'%s'", list, *list ? ", " : "", retain_audit_words[w]);
        if (column->kind == AUDITWORD_FLAG) list = "'1', 'true', 'yes', 't', 'y'";
        if (column->kind == AUDITWORD_MOMENT)
            where = arena_printf(r->arena, r->err, "%s%scoalesce(%s, '') = ''", where, and, name);
        else
            where = arena_printf(r->arena, r->err, "%s%slower(trim(coalesce(%s, ''))) NOT IN (%s)", where, and, name,
                                 list);
        if (!where) return NULL;
    }
    if (r->columns[SOURCE_AMOUNT]) refunds = remedy_fill(r, " OR $ < 0", r->columns[SOURCE_AMOUNT]);
    return remedy_view(r, "kept", "*", arena_printf(r->arena, r->err, " WHERE %s%s", where, refunds));
}

static const char *remedy_currency(const Remedy *r) {
    const Auditword *words = &r->audit->words;
    const MapKey *main = auditword_main_currency(words);
    const char *literal = main && !words->too_many ? remedy_literal(r, main) : NULL;
    if (!literal) return "make a view of one currency, or convert the amounts";
    return remedy_view(r, "one_currency", "*",
                       arena_printf(r->arena, r->err, " WHERE \"%w\" = %s", words->columns[words->n_status], literal));
}

static const char *remedy_order(const Remedy *r, FindingCheck check) {
    switch (check) {
        case FINDING_ORDER_REPEATED: return remedy_repeated(r);
        case FINDING_ORDER_CUSTOMERS: return remedy_two_customers(r);
        case FINDING_STATUS: return remedy_status(r);
        case FINDING_CURRENCY: return remedy_currency(r);
        case FINDING_ORDER_LINES:
            return arena_printf(r->arena, r->err, "nothing to do; to count orders write count(DISTINCT %s)",
                                r->columns[SOURCE_ORDER]);
        default: return "nothing to do";
    }
}

/* ---- The whole ---- */

static const char *remedy_whole(const Remedy *r, FindingCheck check) {
    const Auditshape *shape = &r->audit->shape;
    switch (check) {
        case FINDING_PERIOD_FIRST:
            return remedy_with_day(r, "leave the period of %s out of comparisons", shape->first_period);
        case FINDING_PERIOD_LAST:
            if (shape->last_complete < shape->first) return "wait until the period is over";
            return remedy_with_day(r, "for complete periods only: WHERE as_of = '%s'", shape->last_complete);
        case FINDING_HOLES: return "load the orders of these days, unless the shop was closed";
        case FINDING_LEFT_TRUNCATION:
            return remedy_with_day(r, "load older orders, or leave the cohort of %s out", shape->first_period);
        default: return "take predicted_clv as a ranking, not as a sum";
    }
}

const char *remedy_text(const Remedy *remedy, FindingCheck check) {
    if (remedy->err->rc) return NULL;
    if (check <= FINDING_CUSTOMER_TYPES || check == FINDING_OUTSIZED || check == FINDING_CUSTOMER_REFUNDS)
        return remedy_customer(remedy, check);
    if (check <= FINDING_DATE_EARLY) return remedy_date(remedy, check);
    if (check <= FINDING_AMOUNT_NEGATIVE) return remedy_amount(remedy, check);
    if (check < FINDING_PERIOD_FIRST) return remedy_order(remedy, check);
    return remedy_whole(remedy, check);
}
