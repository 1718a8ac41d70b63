//! JSON: MySQL's functions and paths with `jsonb`'s.

use super::{
    Refusal,
    expressions::Translator,
    functions::as_text,
    names,
    scope::{Kind, Sql},
};
use crate::engine::constants::{arguments, constant_text};
use sqlparser::ast::{BinaryOperator, Expr};

type Translated = Result<(Sql, Kind), Refusal>;

/// A function over JSON; `None` where the name is not one.
pub(super) fn function(
    translator: &mut Translator,
    name: &str,
    arguments: &[&Expr],
) -> Result<Option<(Sql, Kind)>, Refusal> {
    let each = |translator: &mut Translator| -> Result<Sql, Refusal> {
        let pieces: Result<Vec<_>, _> = arguments.iter().map(|one| value(translator, one)).collect();
        Ok(Sql::join(pieces?, ", "))
    };
    let translated = match (name, arguments) {
        ("JSON_EXTRACT", [document, path]) => taken(translator, document, path, false)?,
        ("JSON_UNQUOTE", [inner]) => match json_path(inner) {
            Some((document, path)) => taken(translator, document, path, true)?,
            None => {
                return Err(Refusal::unsupported("JSON_UNQUOTE of anything but a value taken from JSON"));
            }
        },
        ("JSON_OBJECT", _) if arguments.len().is_multiple_of(2) => {
            (Sql::fill("jsonb_build_object({})", [each(translator)?]), Kind::Json)
        }
        ("JSON_ARRAY", _) => (Sql::fill("jsonb_build_array({})", [each(translator)?]), Kind::Json),
        ("JSON_SET" | "JSON_INSERT" | "JSON_REPLACE", [document, changes @ ..])
            if !changes.is_empty() && changes.len().is_multiple_of(2) =>
        {
            let mut sql = self::document(translator, document)?;
            for pair in changes.chunks(2) {
                let [place, new] = pair else { continue };
                let place = Sql::new(path(place)?);
                let new = Sql::fill("to_jsonb({})", [typed_value(translator, new)?]);
                // INSERT leaves what is there, REPLACE adds nothing, SET does both.
                sql = match name {
                    "JSON_INSERT" => Sql::fill(
                        "CASE WHEN {} #> {} IS NULL THEN jsonb_set({}, {}, {}) ELSE {} END",
                        [sql.clone().operand(), place.clone(), sql.clone(), place, new, sql],
                    ),
                    other => {
                        let adds = other == "JSON_SET";
                        Sql::fill(&format!("jsonb_set({{}}, {{}}, {{}}, {adds})"), [sql, place, new])
                    }
                };
            }
            (sql, Kind::Json)
        }
        ("JSON_REMOVE", [document, places @ ..]) if !places.is_empty() => {
            let mut sql = self::document(translator, document)?.operand();
            for place in places {
                sql = Sql::fill("({} #- {})", [sql, Sql::new(path(place)?)]);
            }
            (sql, Kind::Json)
        }
        ("JSON_CONTAINS", [whole, part]) => {
            let pieces = [document(translator, whole)?.operand(), document(translator, part)?.operand()];
            (Sql::fill("{} @> {}", pieces).loose(), Kind::Boolean)
        }
        ("JSON_VALID", [only]) => {
            let (sql, kind) = translator.expression(only)?;
            if kind != Kind::Json {
                return Err(Refusal::unsupported("JSON_VALID of what is not a JSON column"));
            }
            (Sql::fill("{} IS NOT NULL", [sql.operand()]).loose(), Kind::Boolean)
        }
        _ => return Ok(None),
    };
    Ok(Some(translated))
}

/// A value at a path: as JSON, or as a text.
pub(super) fn taken(translator: &mut Translator, document: &Expr, place: &Expr, as_text: bool) -> Translated {
    let operator = if as_text { "#>>" } else { "#>" };
    let place = Sql::new(path(place)?);
    let kind = if as_text { Kind::COMPUTED_TEXT } else { Kind::Json };
    let document = self::document(translator, document)?.operand();
    Ok((Sql::fill(&format!("{{}} {operator} {{}}"), [document, place]).loose(), kind))
}

fn document(translator: &mut Translator, expression: &Expr) -> Result<Sql, Refusal> {
    let (sql, kind) = translator.expression(expression)?;
    Ok(if kind == Kind::Json { sql } else { Sql::fill("CAST({} AS jsonb)", [sql]) })
}

fn value(translator: &mut Translator, expression: &Expr) -> Result<Sql, Refusal> {
    let (sql, kind) = translator.expression(expression)?;
    Ok(match kind {
        Kind::Date | Kind::Moment | Kind::Instant => as_text(sql, &kind),
        _ => sql,
    })
}

/// A value whose type PostgreSQL must know.
fn typed_value(translator: &mut Translator, expression: &Expr) -> Result<Sql, Refusal> {
    let (sql, kind) = translator.expression(expression)?;
    Ok(match kind {
        Kind::Constant | Kind::Unknown => Sql::fill("CAST({} AS text)", [sql]),
        Kind::Date | Kind::Moment | Kind::Instant => as_text(sql, &kind),
        _ => sql,
    })
}

/// A constant path such as `$.a.b[0]` as PostgreSQL's list of keys.
fn path(expression: &Expr) -> Result<String, Refusal> {
    let strange = || Refusal::unsupported(format!("The JSON path {expression}"));
    let written = constant_text(expression).and_then(|text| text.strip_prefix('$')).ok_or_else(strange)?;
    let mut keys = Vec::new();
    let mut rest = written;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let (key, behind) = if let Some(quoted) = after.strip_prefix('"') {
                quoted.split_once('"').ok_or_else(strange)?
            } else {
                after.split_at(after.find(['.', '[']).unwrap_or(after.len()))
            };
            keys.push(key.to_owned());
            rest = behind;
        } else {
            let inside = rest.strip_prefix('[').ok_or_else(strange)?;
            let (place, behind) = inside.split_once(']').ok_or_else(strange)?;
            keys.push(place.trim().to_owned());
            rest = behind;
        }
    }
    if keys.iter().any(|key| key.is_empty() || key.contains('*')) {
        return Err(strange());
    }
    let keys: Vec<String> = keys.iter().map(|key| names::text(key)).collect();
    Ok(format!("CAST(ARRAY[{}] AS text[])", keys.join(", ")))
}

/// The document and the path of a value taken from JSON.
fn json_path(expression: &Expr) -> Option<(&Expr, &Expr)> {
    match expression {
        Expr::BinaryOp { left, op: BinaryOperator::Arrow, right } => Some((left, right)),
        Expr::Nested(inner) => json_path(inner),
        Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("JSON_EXTRACT") => {
            match arguments(function)?.as_slice() {
                [document, path] => Some((document, path)),
                _ => None,
            }
        }
        _ => None,
    }
}
