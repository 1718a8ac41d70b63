//! Dates and times: MySQL's functions with PostgreSQL's. Both sides are in UTC.

use super::{
    Refusal,
    expressions::Translator,
    functions::as_moment,
    names,
    scope::{Kind, Sql},
};
use crate::engine::constants::{constant_integer, constant_text};
use sqlparser::ast::{DateTimeField, Expr, Interval};

type Translated = Result<(Sql, Kind), Refusal>;

/// A function of dates and times; `None` where the name is not one.
pub(super) fn function(
    translator: &mut Translator,
    name: &str,
    arguments: &[&Expr],
) -> Result<Option<(Sql, Kind)>, Refusal> {
    let translated = match (name, arguments) {
        ("NOW" | "CURRENT_TIMESTAMP" | "UTC_TIMESTAMP" | "LOCALTIME" | "LOCALTIMESTAMP" | "SYSDATE", []) => {
            (Sql::new("date_trunc('second', CURRENT_TIMESTAMP)"), Kind::Instant)
        }
        (
            "NOW" | "CURRENT_TIMESTAMP" | "UTC_TIMESTAMP" | "LOCALTIME" | "LOCALTIMESTAMP" | "SYSDATE",
            [digits],
        ) => match constant_integer(digits) {
            Some(digits @ 0..=6) => (Sql::new(format!("CURRENT_TIMESTAMP({digits})")), Kind::Instant),
            _ => {
                return Err(Refusal::new(format!(
                    "{name}({digits}) has no such number of digits; 0 to 6 are possible."
                )));
            }
        },
        ("CURDATE" | "CURRENT_DATE" | "UTC_DATE", []) => {
            (Sql::new("CAST(CURRENT_TIMESTAMP AT TIME ZONE 'UTC' AS date)"), Kind::Date)
        }
        ("CURTIME" | "CURRENT_TIME" | "UTC_TIME", []) => {
            (Sql::new("CAST(date_trunc('second', CURRENT_TIMESTAMP AT TIME ZONE 'UTC') AS time)"), Kind::Time)
        }
        ("DATE", [moment]) => (Sql::fill("CAST({} AS date)", [of(translator, moment)?]), Kind::Date),
        ("TIME", [moment]) => (Sql::fill("CAST({} AS time)", [of(translator, moment)?]), Kind::Time),
        ("YEAR" | "MONTH" | "HOUR" | "MINUTE" | "QUARTER" | "DAY", [moment]) => {
            part(translator, moment, &format!("EXTRACT({name} FROM {{}})"))?
        }
        ("DAYOFMONTH", [moment]) => part(translator, moment, "EXTRACT(DAY FROM {})")?,
        ("SECOND", [moment]) => part(translator, moment, "trunc(EXTRACT(SECOND FROM {}))")?,
        ("DAYOFYEAR", [moment]) => part(translator, moment, "EXTRACT(DOY FROM {})")?,
        ("DAYOFWEEK", [moment]) => part(translator, moment, "EXTRACT(DOW FROM {}) + 1")?,
        ("WEEKDAY", [moment]) => part(translator, moment, "EXTRACT(ISODOW FROM {}) - 1")?,
        ("LAST_DAY", [moment]) => (
            Sql::fill(
                "CAST(date_trunc('month', {}) + INTERVAL '1 month' - INTERVAL '1 day' AS date)",
                [of(translator, moment)?],
            ),
            Kind::Date,
        ),
        ("DATEDIFF", [left, right]) => {
            let pieces = [of(translator, left)?, of(translator, right)?];
            (Sql::fill("(CAST({} AS date) - CAST({} AS date))", pieces), Kind::Integer)
        }
        ("UNIX_TIMESTAMP", []) => {
            (Sql::new("CAST(floor(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP)) AS bigint)"), Kind::Integer)
        }
        ("UNIX_TIMESTAMP", [moment]) => (
            Sql::fill("CAST(floor(EXTRACT(EPOCH FROM {})) AS bigint)", [of(translator, moment)?]),
            Kind::Integer,
        ),
        ("FROM_UNIXTIME", [seconds]) => (
            Sql::fill("(to_timestamp({}) AT TIME ZONE 'UTC')", [translator.number(seconds)?.0]),
            Kind::Moment,
        ),
        ("DATE_ADD" | "ADDDATE" | "DATE_SUB" | "SUBDATE", [moment, Expr::Interval(interval)]) => {
            shifted(translator, moment, interval, matches!(name, "DATE_SUB" | "SUBDATE"))?
        }
        ("DATE_FORMAT", [moment, format]) => match constant_text(format) {
            Some(format) => formatted(translator, moment, format)?,
            None => {
                return Err(Refusal::unsupported("DATE_FORMAT with a format that is not a constant text"));
            }
        },
        _ => return Ok(None),
    };
    Ok(Some(translated))
}

fn of(translator: &mut Translator, moment: &Expr) -> Result<Sql, Refusal> {
    let (sql, kind) = translator.expression(moment)?;
    Ok(as_moment(sql, &kind))
}

fn part(translator: &mut Translator, moment: &Expr, frame: &str) -> Translated {
    let sql = Sql::fill(frame, [of(translator, moment)?]);
    Ok((Sql::fill("CAST({} AS integer)", [sql]), Kind::Integer))
}

/// A moment moved by an interval. From the end of a month it goes to the end of a shorter one on both engines.
pub(super) fn shifted(
    translator: &mut Translator,
    moment: &Expr,
    interval: &Interval,
    back: bool,
) -> Translated {
    let (sql, kind) = translator.expression(moment)?;
    let field = match &interval.leading_field {
        Some(field) if interval.last_field.is_none() => field,
        _ => return Err(Refusal::unsupported(format!("The interval {interval}"))),
    };
    let (unit, within_day) = match field {
        DateTimeField::Second | DateTimeField::Seconds => ("1 second", true),
        DateTimeField::Minute | DateTimeField::Minutes => ("1 minute", true),
        DateTimeField::Hour | DateTimeField::Hours => ("1 hour", true),
        DateTimeField::Day | DateTimeField::Days => ("1 day", false),
        DateTimeField::Week(None) | DateTimeField::Weeks => ("7 days", false),
        DateTimeField::Month | DateTimeField::Months => ("1 month", false),
        DateTimeField::Quarter => ("3 months", false),
        DateTimeField::Year | DateTimeField::Years => ("1 year", false),
        other => return Err(Refusal::unsupported(format!("An interval of {other}"))),
    };
    let amount = match constant_integer(&interval.value) {
        Some(amount) => Sql::new(format!("({amount})")),
        None => translator.number(&interval.value)?.0,
    };
    let is_date = kind == Kind::Date || constant_text(moment).is_some_and(|text| text.len() == 10);
    let sign = if back { '-' } else { '+' };
    let moved = Sql::fill(&format!("{{}} {sign} {{}} * INTERVAL '{unit}'"), [as_moment(sql, &kind), amount]);
    Ok(if is_date && !within_day {
        (Sql::fill("CAST({} AS date)", [moved]), Kind::Date)
    } else {
        (moved.loose(), Kind::Moment)
    })
}

/// DATE_FORMAT with a constant format.
fn formatted(translator: &mut Translator, moment: &Expr, format: &str) -> Translated {
    let moment = of(translator, moment)?;
    let mut pattern = String::new();
    let mut run = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            run.push(character);
            continue;
        }
        let word = match characters.next() {
            None => break,
            Some('%') => {
                run.push('%');
                continue;
            }
            Some('Y') => "YYYY",
            Some('y') => "YY",
            Some('m') => "MM",
            Some('c') => "FMMM",
            Some('d') => "DD",
            Some('e') => "FMDD",
            Some('H') => "HH24",
            Some('k') => "FMHH24",
            Some('h' | 'I') => "HH12",
            Some('l') => "FMHH12",
            Some('i') => "MI",
            Some('S' | 's') => "SS",
            Some('f') => "US",
            Some('p') => "AM",
            Some('j') => "DDD",
            Some('M') => "FMMonth",
            Some('b') => "Mon",
            Some('W') => "FMDay",
            Some('a') => "Dy",
            Some('T') => "HH24:MI:SS",
            Some(other) => return Err(Refusal::unsupported(format!("%{other} in DATE_FORMAT"))),
        };
        flush(&mut run, &mut pattern);
        pattern.push_str(word);
    }
    flush(&mut run, &mut pattern);
    Ok((Sql::fill("to_char({}, {})", [moment, Sql::new(names::text(&pattern))]), Kind::COMPUTED_TEXT))
}

/// Letters that are no words of a pattern stand in double quotes there.
fn flush(run: &mut String, pattern: &mut String) {
    if !run.is_empty() {
        pattern.push('"');
        pattern.push_str(&run.replace('\\', "\\\\").replace('"', "\\\""));
        pattern.push('"');
        run.clear();
    }
}
