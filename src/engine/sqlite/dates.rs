//! Dates and times: MySQL's functions with SQLite's `date`, `datetime` and `strftime`. Both sides are in UTC.

use super::{
    Refusal, encoding,
    expressions::Translator,
    scope::{Kind, Sql},
};
use crate::engine::constants::{constant_integer, constant_text};
use sqlparser::ast::{DateTimeField, Expr, Interval, UnaryOperator, Value};

type Translated = Result<(Sql, Kind), Refusal>;

/// A function of dates and times; `None` where the name is not one.
pub(super) fn function(
    translator: &mut Translator,
    name: &str,
    arguments: &[&Expr],
) -> Result<Option<(Sql, Kind)>, Refusal> {
    let part = |translator: &mut Translator, argument: &Expr, frame: &str| {
        Ok(Some((Sql::fill(frame, [translator.plain(argument)?]).operand(), Kind::Integer)))
    };
    match (name, arguments) {
        ("NOW" | "CURRENT_TIMESTAMP" | "UTC_TIMESTAMP" | "LOCALTIME" | "LOCALTIMESTAMP" | "SYSDATE", []) => {
            Ok(Some((Sql::new(encoding::now(0)), Kind::Moment(0))))
        }
        (
            "NOW" | "CURRENT_TIMESTAMP" | "UTC_TIMESTAMP" | "LOCALTIME" | "LOCALTIMESTAMP" | "SYSDATE",
            [digits],
        ) => match constant_integer(digits).and_then(|digits| u8::try_from(digits).ok()) {
            Some(digits @ 0..=6) => {
                let sql = Sql::new(encoding::now(digits));
                Ok(Some((if digits > 3 { sql.loose() } else { sql }, Kind::Moment(digits))))
            }
            _ => Err(Refusal::new(format!(
                "{name}({digits}) has no such number of digits; 0 to 6 are possible."
            ))),
        },
        ("CURDATE" | "CURRENT_DATE" | "UTC_DATE", []) => Ok(Some((Sql::new("CURRENT_DATE"), Kind::Date))),
        ("CURTIME" | "CURRENT_TIME" | "UTC_TIME", []) => Ok(Some((Sql::new("CURRENT_TIME"), Kind::Time))),
        ("DATE", [moment]) => Ok(Some((Sql::fill("date({})", [translator.plain(moment)?]), Kind::Date))),
        ("TIME", [moment]) => Ok(Some((Sql::fill("time({})", [translator.plain(moment)?]), Kind::Time))),
        ("YEAR", [moment]) => part(translator, moment, "CAST(strftime('%Y', {}) AS INTEGER)"),
        ("MONTH", [moment]) => part(translator, moment, "CAST(strftime('%m', {}) AS INTEGER)"),
        ("DAY" | "DAYOFMONTH", [moment]) => part(translator, moment, "CAST(strftime('%d', {}) AS INTEGER)"),
        ("HOUR", [moment]) => part(translator, moment, "CAST(strftime('%H', {}) AS INTEGER)"),
        ("MINUTE", [moment]) => part(translator, moment, "CAST(strftime('%M', {}) AS INTEGER)"),
        ("SECOND", [moment]) => part(translator, moment, "CAST(strftime('%S', {}) AS INTEGER)"),
        ("DAYOFYEAR", [moment]) => part(translator, moment, "CAST(strftime('%j', {}) AS INTEGER)"),
        ("QUARTER", [moment]) => part(translator, moment, "((strftime('%m', {}) + 2) / 3)"),
        ("DAYOFWEEK", [moment]) => part(translator, moment, "(strftime('%w', {}) + 1)"),
        ("WEEKDAY", [moment]) => part(translator, moment, "((strftime('%w', {}) + 6) % 7)"),
        ("LAST_DAY", [moment]) => Ok(Some((
            Sql::fill("date({}, 'start of month', '+1 month', '-1 day')", [translator.plain(moment)?]),
            Kind::Date,
        ))),
        ("DATEDIFF", [left, right]) => {
            let pieces = [translator.plain(left)?, translator.plain(right)?];
            Ok(Some((
                Sql::fill("CAST(round(julianday(date({})) - julianday(date({}))) AS INTEGER)", pieces),
                Kind::Integer,
            )))
        }
        ("UNIX_TIMESTAMP", []) => Ok(Some((Sql::new("unixepoch()"), Kind::Integer))),
        ("UNIX_TIMESTAMP", [moment]) => {
            Ok(Some((Sql::fill("unixepoch({})", [translator.plain(moment)?]), Kind::Integer)))
        }
        ("FROM_UNIXTIME", [seconds]) => Ok(Some((
            Sql::fill("datetime({}, 'unixepoch')", [translator.number(seconds)?.0]),
            Kind::Moment(0),
        ))),
        ("DATE_ADD" | "ADDDATE" | "DATE_SUB" | "SUBDATE", [moment, Expr::Interval(interval)]) => {
            shifted(translator, moment, interval, matches!(name, "DATE_SUB" | "SUBDATE")).map(Some)
        }
        ("DATE_FORMAT", [moment, format]) => match constant_text(format) {
            Some(format) => formatted(translator, moment, format).map(Some),
            None => Err(Refusal::unsupported("DATE_FORMAT with a format that is not a constant text")),
        },
        _ => Ok(None),
    }
}

/// A moment moved by a constant interval. From the end of a month it goes to the end of a shorter one, as on MySQL
/// (`floor`, SQLite 3.46 and later).
pub(super) fn shifted(
    translator: &mut Translator,
    moment: &Expr,
    interval: &Interval,
    back: bool,
) -> Translated {
    let (sql, kind) = translator.expression(moment)?;
    let amount = whole_amount(&interval.value).ok_or_else(|| {
        Refusal::unsupported(format!("The interval {interval}, which is not a constant whole number,"))
    })?;
    let field = match &interval.leading_field {
        Some(field) if interval.last_field.is_none() => field,
        _ => return Err(Refusal::unsupported(format!("The interval {interval}"))),
    };
    let (factor, unit, within_day) = match field {
        DateTimeField::Second | DateTimeField::Seconds => (1, "seconds", true),
        DateTimeField::Minute | DateTimeField::Minutes => (1, "minutes", true),
        DateTimeField::Hour | DateTimeField::Hours => (1, "hours", true),
        DateTimeField::Day | DateTimeField::Days => (1, "days", false),
        DateTimeField::Week(None) | DateTimeField::Weeks => (7, "days", false),
        DateTimeField::Month | DateTimeField::Months => (1, "months", false),
        DateTimeField::Quarter => (3, "months", false),
        DateTimeField::Year | DateTimeField::Years => (1, "years", false),
        other => return Err(Refusal::unsupported(format!("An interval of {other}"))),
    };
    let amount = amount
        .checked_mul(if back { -factor } else { factor })
        .ok_or_else(|| Refusal::new(format!("The interval {interval} is too long.")))?;
    let clamps = if matches!(unit, "months" | "years") { ", 'floor'" } else { "" };
    let is_date = kind == Kind::Date || constant_text(moment).is_some_and(|text| text.len() == 10);
    let (call, kind) = match kind {
        _ if is_date && !within_day => ("date", Kind::Date),
        Kind::Moment(1..) => {
            return Err(Refusal::unsupported("Counting with a moment that has parts of a second"));
        }
        _ => ("datetime", Kind::Moment(0)),
    };
    Ok((Sql::fill(&format!("{call}({{}}, '{amount:+} {unit}'{clamps})"), [sql]), kind))
}

fn whole_amount(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => whole_amount(expr)?.checked_neg(),
        Expr::Value(value) if matches!(value.value, Value::Null) => None,
        other => constant_integer(other),
    }
}

/// DATE_FORMAT with a constant format: pieces that SQLite has, joined with those that it lacks.
fn formatted(translator: &mut Translator, moment: &Expr, format: &str) -> Translated {
    let moment = translator.plain(moment)?;
    let mut pieces: Vec<Sql> = Vec::new();
    let mut run = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            run.push(character);
            continue;
        }
        let Some(letter) = characters.next() else { break };
        let direct = match letter {
            'Y' | 'm' | 'd' | 'H' | 'j' | 'w' | 'I' | 'p' => Some(format!("%{letter}")),
            'i' => Some("%M".to_owned()),
            'S' | 's' => Some("%S".to_owned()),
            'h' => Some("%I".to_owned()),
            'T' => Some("%H:%M:%S".to_owned()),
            '%' => Some("%%".to_owned()),
            _ => None,
        };
        if let Some(direct) = direct {
            run.push_str(&direct);
            continue;
        }
        let frame = match letter {
            'y' => "substr(strftime('%Y', {}), 3)".to_owned(),
            'e' => "CAST(strftime('%d', {}) AS INTEGER)".to_owned(),
            'c' => "CAST(strftime('%m', {}) AS INTEGER)".to_owned(),
            'k' => "CAST(strftime('%H', {}) AS INTEGER)".to_owned(),
            'l' => "CAST(strftime('%I', {}) AS INTEGER)".to_owned(),
            'M' => named("%m", 1, &MONTHS, false),
            'b' => named("%m", 1, &MONTHS, true),
            'W' => named("%w", 0, &DAYS, false),
            'a' => named("%w", 0, &DAYS, true),
            other => return Err(Refusal::unsupported(format!("%{other} in DATE_FORMAT"))),
        };
        flush(&mut run, &mut pieces, &moment);
        pieces.push(Sql::fill(&frame, [moment.clone()]));
    }
    flush(&mut run, &mut pieces, &moment);
    let sql = if pieces.is_empty() { Sql::new("''") } else { Sql::join(pieces, " || ").loose() };
    Ok((sql, Kind::COMPUTED_TEXT))
}

fn flush(run: &mut String, pieces: &mut Vec<Sql>, moment: &Sql) {
    if !run.is_empty() {
        let format = Sql::new(super::names::text(run));
        pieces.push(Sql::fill("strftime({}, {})", [format, moment.clone()]));
        run.clear();
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

fn named(part: &str, first: usize, names: &[&str], short: bool) -> String {
    let branches: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let name = if short { name.get(..3).unwrap_or(name) } else { name };
            format!("WHEN {} THEN '{name}'", place + first)
        })
        .collect();
    format!("CASE CAST(strftime('{part}', {{}}) AS INTEGER) {} END", branches.join(" "))
}
