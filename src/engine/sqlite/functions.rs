//! MySQL's functions in SQLite's words. Only those listed here are carried; the rest are refused by name.

use super::{
    Refusal, dates, encoding,
    expressions::Translator,
    scope::{Kind, Sql, computed},
};
use crate::engine::constants::{arguments, constant_integer, text_of};
use sqlparser::ast::{
    BinaryOperator, CeilFloorKind, DateTimeField, DuplicateTreatment, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArgumentClause, FunctionArguments, OrderByExpr, WindowType,
};

type Translated = Result<(Sql, Kind), Refusal>;

/// A function call.
pub(super) fn function(translator: &mut Translator, function: &Function) -> Translated {
    let name = function.name.to_string().to_ascii_uppercase();
    let plain = matches!(function.parameters, FunctionArguments::None)
        && function.within_group.is_empty()
        && function.filter.is_none()
        && function.null_treatment.is_none();
    if !plain {
        return Err(Refusal::unsupported(format!("This form of {name}")));
    }
    if let Some(translated) = aggregate(translator, &name, function)? {
        return over(translator, function, translated);
    }
    if let FunctionArguments::List(list) = &function.args
        && (!list.clauses.is_empty() || list.duplicate_treatment.is_some())
    {
        return Err(Refusal::unsupported(format!("This form of {name}")));
    }
    let Some(arguments) = arguments(function) else {
        return Err(Refusal::unsupported(format!("This form of {name}")));
    };
    if function.over.is_some() {
        let translated = window(translator, &name, &arguments)?;
        return over(translator, function, translated);
    }
    scalar(translator, &name, &arguments)
}

fn scalar(translator: &mut Translator, name: &str, arguments: &[&Expr]) -> Translated {
    if let Some(translated) = dates::function(translator, name, arguments)? {
        return Ok(translated);
    }
    let text = Kind::COMPUTED_TEXT;
    match (name, arguments) {
        ("UUID", []) => Ok((Sql::new(encoding::UUID), text)),
        ("CONCAT", [_, ..]) => {
            let pieces = operands(translator, arguments)?;
            Ok((Sql::join(pieces, " || ").loose(), text))
        }
        ("CONCAT_WS", [_, _, ..]) => calls(translator, "concat_ws", arguments, text),
        ("IF", [condition, yes, no]) => {
            let condition = translator.number(condition)?.0;
            let (yes, kind) = translator.number(yes)?;
            let pieces = [condition, yes, translator.number(no)?.0];
            Ok((Sql::fill("CASE WHEN {} THEN {} ELSE {} END", pieces), computed(kind)))
        }
        ("IFNULL", [_, _]) => combines(translator, "ifnull", arguments),
        ("COALESCE", [_, _, ..]) => combines(translator, "coalesce", arguments),
        ("COALESCE", [only]) => translator.number(only),
        ("NULLIF", [_, _]) => combines(translator, "nullif", arguments),
        ("GREATEST", [_, _, ..]) => combines(translator, "max", arguments),
        ("LEAST", [_, _, ..]) => combines(translator, "min", arguments),
        ("ISNULL", [only]) => {
            Ok((Sql::fill("{} IS NULL", [translator.operand(only)?]).loose(), Kind::Boolean))
        }
        ("LOWER" | "LCASE", [_]) => calls(translator, "lower", arguments, text),
        ("UPPER" | "UCASE", [_]) => calls(translator, "upper", arguments, text),
        // MySQL's LENGTH counts bytes.
        ("LENGTH" | "OCTET_LENGTH", [only]) => {
            Ok((Sql::fill("length(CAST({} AS BLOB))", [translator.plain(only)?]), Kind::Integer))
        }
        ("CHAR_LENGTH" | "CHARACTER_LENGTH", [_]) => calls(translator, "length", arguments, Kind::Integer),
        ("SUBSTRING" | "SUBSTR" | "MID", [text, from]) => substring(translator, text, from, None),
        ("SUBSTRING" | "SUBSTR" | "MID", [text, from, length]) => {
            substring(translator, text, from, Some(length))
        }
        ("LEFT", [whole, length]) => {
            let pieces = [translator.plain(whole)?, translator.number(length)?.0];
            Ok((Sql::fill("substr({}, 1, {})", pieces), text))
        }
        ("RIGHT", [whole, length]) => match constant_integer(length) {
            Some(length) if length > 0 => {
                Ok((Sql::fill(&format!("substr({{}}, -{length})"), [translator.plain(whole)?]), text))
            }
            _ => Err(Refusal::unsupported("RIGHT with a length that is not a number above zero")),
        },
        ("TRIM", [_]) => calls(translator, "trim", arguments, text),
        ("LTRIM", [_]) => calls(translator, "ltrim", arguments, text),
        ("RTRIM", [_]) => calls(translator, "rtrim", arguments, text),
        ("REPLACE", [_, _, _]) => calls(translator, "replace", arguments, text),
        ("HEX", [_]) => calls(translator, "hex", arguments, text),
        ("UNHEX", [_]) => calls(translator, "unhex", arguments, Kind::Bytes),
        ("INSTR", [whole, part]) | ("LOCATE", [part, whole]) => position(translator, part, whole),
        ("ROUND", [number]) => {
            Ok((Sql::fill("CAST(round({}) AS INTEGER)", [translator.number(number)?.0]), Kind::Integer))
        }
        ("ROUND", [number, digits]) => match constant_integer(digits) {
            Some(digits) if (0..=15).contains(&digits) => Ok((
                Sql::fill(&format!("round({{}}, {digits})"), [translator.number(number)?.0]),
                Kind::Number,
            )),
            _ => Err(Refusal::unsupported("ROUND to a number of digits that is not a constant from 0 to 15")),
        },
        ("ABS", [number]) => {
            let (sql, kind) = translator.number(number)?;
            Ok((Sql::fill("abs({})", [sql]), kind))
        }
        ("SIGN", [number]) => Ok((Sql::fill("sign({})", [translator.number(number)?.0]), Kind::Integer)),
        ("CEIL" | "CEILING", [number]) => rounded(translator, number, true),
        ("FLOOR", [number]) => rounded(translator, number, false),
        ("MOD", [left, right]) => {
            let (left, left_kind) = translator.number(left)?;
            let (right, right_kind) = translator.number(right)?;
            if left_kind != Kind::Integer || right_kind != Kind::Integer {
                return Err(Refusal::unsupported("MOD of numbers that are not whole"));
            }
            Ok((Sql::fill("{} % {}", [left, right]).loose(), Kind::Integer))
        }
        ("JSON_EXTRACT", [_, _]) => {
            let pieces = operands(translator, arguments)?;
            Ok((Sql::join(pieces, " -> ").loose(), Kind::Json))
        }
        ("JSON_UNQUOTE", [inner]) => match json_path(inner) {
            Some((document, path)) => {
                let pieces = [translator.operand(document)?, translator.operand(path)?];
                Ok((Sql::fill("{} ->> {}", pieces).loose(), Kind::Unknown))
            }
            None => Err(Refusal::unsupported("JSON_UNQUOTE of anything but a value taken from JSON")),
        },
        ("JSON_OBJECT", _) if arguments.len().is_multiple_of(2) => {
            calls(translator, "json_object", arguments, Kind::Json)
        }
        ("JSON_ARRAY", _) => calls(translator, "json_array", arguments, Kind::Json),
        ("JSON_VALID", [_]) => calls(translator, "json_valid", arguments, Kind::Boolean),
        ("JSON_SET" | "JSON_INSERT" | "JSON_REPLACE" | "JSON_REMOVE", [_, _, ..]) => {
            calls(translator, &name.to_ascii_lowercase(), arguments, Kind::Json)
        }
        ("JSON_MERGE_PATCH", [_, _]) => calls(translator, "json_patch", arguments, Kind::Json),
        ("VALUES", [Expr::Identifier(column)]) if translator.inserted.is_some() => {
            translator.inserted_column(&column.value)
        }
        ("LAST_INSERT_ID", _) => Err(Refusal::new(
            "LAST_INSERT_ID() is another row on SQLite where several were inserted; look the row up by a unique value.",
        )),
        _ => Err(Refusal::unsupported(format!("The function {name} with {} arguments", arguments.len()))),
    }
}

fn operands(translator: &mut Translator, arguments: &[&Expr]) -> Result<Vec<Sql>, Refusal> {
    arguments.iter().map(|argument| translator.operand(argument)).collect()
}

fn calls(translator: &mut Translator, name: &str, arguments: &[&Expr], kind: Kind) -> Translated {
    let pieces: Result<Vec<_>, _> = arguments.iter().map(|argument| translator.plain(argument)).collect();
    Ok((Sql::fill(&format!("{name}({{}})"), [Sql::join(pieces?, ", ")]), kind))
}

/// A function whose result is one of its arguments.
fn combines(translator: &mut Translator, name: &str, arguments: &[&Expr]) -> Translated {
    let mut pieces = Vec::new();
    let mut kind = Kind::Unknown;
    for argument in arguments {
        let (sql, found) = translator.number(argument)?;
        if kind == Kind::Unknown {
            kind = found;
        }
        pieces.push(sql);
    }
    Ok((Sql::fill(&format!("{name}({{}})"), [Sql::join(pieces, ", ")]), computed(kind)))
}

/// The document and the path of a value taken from JSON.
pub(super) fn json_path(expression: &Expr) -> Option<(&Expr, &Expr)> {
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

/// SUBSTRING; a text has no character 0, about which the engines differ.
pub(super) fn substring(
    translator: &mut Translator,
    text: &Expr,
    from: &Expr,
    length: Option<&Expr>,
) -> Translated {
    if constant_integer(from) == Some(0) {
        return Err(Refusal::unsupported("SUBSTRING from character 0"));
    }
    let mut pieces = vec![translator.plain(text)?, translator.number(from)?.0];
    if let Some(length) = length {
        pieces.push(translator.number(length)?.0);
    }
    Ok((Sql::fill("substr({})", [Sql::join(pieces, ", ")]), Kind::COMPUTED_TEXT))
}

/// Where a text begins in another, without case as on MySQL.
pub(super) fn position(translator: &mut Translator, part: &Expr, whole: &Expr) -> Translated {
    let pieces = [translator.plain(whole)?, translator.plain(part)?];
    Ok((Sql::fill("instr(lower({}), lower({}))", pieces), Kind::Integer))
}

/// CEIL and FLOOR, in the forms that the parser makes of them.
pub(super) fn whole(translator: &mut Translator, expr: &Expr, field: &CeilFloorKind, up: bool) -> Translated {
    match field {
        CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => rounded(translator, expr, up),
        _ => Err(Refusal::unsupported("This form of CEIL and FLOOR")),
    }
}

/// SQLite's CAST cuts towards zero, so a step is added where that was the wrong way.
fn rounded(translator: &mut Translator, number: &Expr, up: bool) -> Translated {
    let sql = translator.number(number)?.0;
    let frame = if up {
        "CAST({} AS INTEGER) + ({} > CAST({} AS INTEGER))"
    } else {
        "CAST({} AS INTEGER) - ({} < CAST({} AS INTEGER))"
    };
    Ok((Sql::fill(frame, [sql.clone(), sql.clone(), sql]).loose(), Kind::Integer))
}

/// EXTRACT(… FROM …).
pub(super) fn extract(translator: &mut Translator, field: &DateTimeField, expr: &Expr) -> Translated {
    let name = field.to_string().to_ascii_uppercase();
    match dates::function(translator, &name, &[expr])? {
        Some(translated) if translated.1 == Kind::Integer => Ok(translated),
        _ => Err(Refusal::unsupported(format!("EXTRACT({name} FROM …)"))),
    }
}

fn aggregate(
    translator: &mut Translator,
    name: &str,
    function: &Function,
) -> Result<Option<(Sql, Kind)>, Refusal> {
    let FunctionArguments::List(list) = &function.args else {
        return Ok(None);
    };
    let distinct = match list.duplicate_treatment {
        Some(DuplicateTreatment::Distinct) => "DISTINCT ",
        Some(DuplicateTreatment::All) | None => "",
    };
    let single = match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(expression))] => Some(expression),
        _ => None,
    };
    let translated = match (name, single) {
        ("COUNT", None)
            if matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]) =>
        {
            (Sql::new("count(*)"), Kind::Integer)
        }
        ("COUNT", Some(expression)) => {
            (Sql::fill(&format!("count({distinct}{{}})"), [translator.number(expression)?.0]), Kind::Integer)
        }
        ("SUM" | "AVG", Some(expression)) => {
            let lower = name.to_ascii_lowercase();
            let (_, kind) = translator.expression(expression)?;
            let (sql, _) = translator.number(expression)?;
            let sql = Sql::fill(&format!("{lower}({distinct}{{}})"), [sql]);
            // The sum of exact numbers has their digits; MySQL's average has four more.
            match (kind, name) {
                (Kind::Decimal { scale, .. }, "SUM") if function.over.is_none() => {
                    (Sql::fill(&format!("round({{}}, {scale})"), [sql]), Kind::Number)
                }
                (Kind::Decimal { scale, .. }, _) if function.over.is_none() => {
                    (Sql::fill(&format!("round({{}}, {})", scale + 4), [sql]), Kind::Number)
                }
                _ => (sql, Kind::Number),
            }
        }
        ("MIN" | "MAX", Some(expression)) => {
            let (sql, kind) = translator.number(expression)?;
            if matches!(kind, Kind::Enum(_)) {
                return Err(Refusal::unsupported(format!("{name} of an ENUM")));
            }
            (Sql::fill(&format!("{}({distinct}{{}})", name.to_ascii_lowercase()), [sql]), kind)
        }
        ("JSON_ARRAYAGG", Some(_)) => {
            (one(translator, "json_group_array", list.args.as_slice())?, Kind::Json)
        }
        ("JSON_OBJECTAGG", None) => (one(translator, "json_group_object", list.args.as_slice())?, Kind::Json),
        ("GROUP_CONCAT", Some(expression)) => {
            return group_concat(translator, expression, distinct, &list.clauses).map(Some);
        }
        _ => return Ok(None),
    };
    if !list.clauses.is_empty() {
        return Err(Refusal::unsupported(format!("This form of {name}")));
    }
    Ok(Some(translated))
}

fn one(translator: &mut Translator, name: &str, arguments: &[FunctionArg]) -> Result<Sql, Refusal> {
    let mut pieces = Vec::new();
    for argument in arguments {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => {
                pieces.push(translator.plain(expression)?);
            }
            other => return Err(Refusal::unsupported(format!("The argument {other}"))),
        }
    }
    Ok(Sql::fill(&format!("{name}({{}})"), [Sql::join(pieces, ", ")]))
}

fn group_concat(
    translator: &mut Translator,
    expression: &Expr,
    distinct: &str,
    clauses: &[FunctionArgumentClause],
) -> Translated {
    let mut sql = Sql::fill(&format!("group_concat({distinct}{{}}"), [translator.plain(expression)?]);
    let mut order: &[OrderByExpr] = &[];
    let mut separator = ",";
    for clause in clauses {
        match clause {
            FunctionArgumentClause::OrderBy(found) => order = found,
            FunctionArgumentClause::Separator(value) => {
                separator = text_of(&value.value)
                    .ok_or_else(|| Refusal::unsupported("A SEPARATOR that is not a text"))?;
            }
            other => return Err(Refusal::unsupported(format!("GROUP_CONCAT with {other}"))),
        }
    }
    if separator != "," {
        if !distinct.is_empty() {
            return Err(Refusal::unsupported("GROUP_CONCAT with both DISTINCT and SEPARATOR"));
        }
        sql.push(Sql::fill(", {}", [translator.bound_text(separator)?]));
    }
    if !order.is_empty() {
        sql.push(Sql::fill(" ORDER BY {}", [translator.order(order)?]));
    }
    sql.push(Sql::new(")"));
    Ok((sql, Kind::COMPUTED_TEXT))
}

fn window(translator: &mut Translator, name: &str, arguments: &[&Expr]) -> Translated {
    match name {
        "ROW_NUMBER" | "RANK" | "DENSE_RANK" | "NTILE" => {
            calls(translator, &name.to_ascii_lowercase(), arguments, Kind::Integer)
        }
        "LAG" | "LEAD" | "FIRST_VALUE" | "LAST_VALUE" => {
            combines(translator, &name.to_ascii_lowercase(), arguments)
        }
        _ => Err(Refusal::unsupported(format!("The window function {name}"))),
    }
}

fn over(translator: &mut Translator, function: &Function, translated: (Sql, Kind)) -> Translated {
    let (sql, kind) = translated;
    let specification = match &function.over {
        None => return Ok((sql, kind)),
        Some(WindowType::WindowSpec(specification)) => specification,
        Some(WindowType::NamedWindow(_)) => return Err(Refusal::unsupported("A named window")),
    };
    if specification.window_name.is_some() || specification.window_frame.is_some() {
        return Err(Refusal::unsupported("A window with a name or a frame"));
    }
    let mut inside = Sql::default();
    if !specification.partition_by.is_empty() {
        let pieces: Result<Vec<_>, _> = specification
            .partition_by
            .iter()
            .map(|part| translator.number(part).map(|(sql, _)| sql))
            .collect();
        inside.push(Sql::fill("PARTITION BY {} ", [Sql::join(pieces?, ", ")]));
    }
    if !specification.order_by.is_empty() {
        inside.push(Sql::fill("ORDER BY {}", [translator.order(&specification.order_by)?]));
    }
    Ok((Sql::fill("{} OVER ({})", [sql, inside]), kind))
}
