//! MySQL's functions in PostgreSQL's words. Only those listed here are carried; the rest are refused by name.

use super::{
    Refusal, dates,
    expressions::Translator,
    json,
    scope::{Kind, Sql, computed},
};
use crate::engine::constants::{arguments, constant_integer, text_of};
use crate::schema::Type;
use sqlparser::ast::{
    CeilFloorKind, DateTimeField, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, OrderByExpr, WindowType,
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
    if let Some(translated) = json::function(translator, name, arguments)? {
        return Ok(translated);
    }
    let text = Kind::COMPUTED_TEXT;
    match (name, arguments) {
        ("UUID", []) => Ok((Sql::new("gen_random_uuid()"), Kind::Uuid)),
        ("CONCAT", [_, ..]) => {
            let pieces: Result<Vec<_>, _> = arguments.iter().map(|one| translator.joined(one)).collect();
            Ok((Sql::join(pieces?, " || ").loose(), text))
        }
        ("CONCAT_WS", [_, _, ..]) => {
            let pieces: Result<Vec<_>, _> = arguments.iter().map(|one| translator.joined(one)).collect();
            Ok((Sql::fill("concat_ws({})", [Sql::join(pieces?, ", ")]), text))
        }
        ("IF", [condition, yes, no]) => {
            let condition = translator.condition(condition)?;
            let (pieces, kind) = alike(vec![translator.expression(yes)?, translator.expression(no)?]);
            let pieces = [condition].into_iter().chain(pieces);
            Ok((Sql::fill("CASE WHEN {} THEN {} ELSE {} END", pieces), computed(kind)))
        }
        ("IFNULL" | "COALESCE", [_, _, ..]) => combines(translator, "COALESCE", arguments),
        ("COALESCE", [only]) => translator.expression(only),
        ("NULLIF", [_, _]) => combines(translator, "NULLIF", arguments),
        // PostgreSQL passes over NULL, MySQL does not.
        ("GREATEST" | "LEAST", [_, _, ..]) => {
            let missing: Result<Vec<_>, _> = arguments
                .iter()
                .map(|one| translator.operand(one).map(|sql| Sql::fill("{} IS NOT NULL", [sql])))
                .collect();
            let (sql, kind) = combines(translator, name, arguments)?;
            Ok((Sql::fill("CASE WHEN {} THEN {} END", [Sql::join(missing?, " AND "), sql]), kind))
        }
        ("ISNULL", [only]) => {
            Ok((Sql::fill("{} IS NULL", [translator.operand(only)?]).loose(), Kind::Boolean))
        }
        ("LOWER" | "LCASE", [_]) => calls(translator, "lower", arguments, text),
        ("UPPER" | "UCASE", [_]) => calls(translator, "upper", arguments, text),
        // MySQL's LENGTH counts bytes.
        ("LENGTH" | "OCTET_LENGTH", [_]) => calls(translator, "octet_length", arguments, Kind::Integer),
        ("CHAR_LENGTH" | "CHARACTER_LENGTH", [_]) => {
            calls(translator, "char_length", arguments, Kind::Integer)
        }
        ("SUBSTRING" | "SUBSTR" | "MID", [text, from]) => substring(translator, text, from, None),
        ("SUBSTRING" | "SUBSTR" | "MID", [text, from, length]) => {
            substring(translator, text, from, Some(length))
        }
        ("LEFT" | "RIGHT", [whole, length]) => match constant_integer(length) {
            Some(length) if length >= 0 => {
                let word = if name == "LEFT" { "\"left\"" } else { "\"right\"" };
                Ok((Sql::fill(&format!("{word}({{}}, {length})"), [translator.texted(whole)?]), text))
            }
            _ => Err(Refusal::unsupported(format!("{name} with a length that is not a constant number"))),
        },
        ("TRIM", [_]) => calls(translator, "btrim", arguments, text),
        ("LTRIM", [_]) => calls(translator, "ltrim", arguments, text),
        ("RTRIM", [_]) => calls(translator, "rtrim", arguments, text),
        ("REPLACE", [_, _, _]) => calls(translator, "replace", arguments, text),
        ("REVERSE", [_]) => calls(translator, "reverse", arguments, text),
        ("HEX", [only]) => {
            let (sql, kind) = translator.expression(only)?;
            match kind {
                Kind::Bytes => Ok((Sql::fill("upper(encode({}, 'hex'))", [sql]), text)),
                Kind::Text { .. } | Kind::Constant => {
                    Ok((Sql::fill("upper(encode(convert_to({}, 'UTF8'), 'hex'))", [sql]), text))
                }
                _ => Err(Refusal::unsupported("HEX of a number")),
            }
        }
        ("UNHEX", [only]) => Ok((Sql::fill("decode({}, 'hex')", [translator.texted(only)?]), Kind::Bytes)),
        ("INSTR", [whole, part]) | ("LOCATE", [part, whole]) => position(translator, part, whole),
        ("ROUND", [number]) => {
            let sql = translator.number(number)?.0;
            Ok((Sql::fill("CAST(round(CAST({} AS numeric)) AS bigint)", [sql]), Kind::Integer))
        }
        ("ROUND", [number, digits]) => match constant_integer(digits) {
            Some(digits) if (0..=15).contains(&digits) => Ok((
                Sql::fill(&format!("round(CAST({{}} AS numeric), {digits})"), [translator.number(number)?.0]),
                Kind::Number,
            )),
            _ => Err(Refusal::unsupported("ROUND to a number of digits that is not a constant from 0 to 15")),
        },
        ("ABS", [number]) => {
            let (sql, kind) = translator.number(number)?;
            Ok((Sql::fill("abs({})", [sql]), kind))
        }
        ("SIGN", [number]) => {
            Ok((Sql::fill("CAST(sign({}) AS integer)", [translator.number(number)?.0]), Kind::Integer))
        }
        ("CEIL" | "CEILING", [number]) => rounded(translator, number, true),
        ("FLOOR", [number]) => rounded(translator, number, false),
        ("MOD", [left, right]) => {
            let (left, kind) = translator.number(left)?;
            let right = translator.number(right)?.0;
            Ok((Sql::fill("{} % NULLIF({}, 0)", [left, right]).loose(), kind))
        }
        ("VALUES", [Expr::Identifier(column)]) if translator.inserted.is_some() => {
            translator.inserted_column(&column.value)
        }
        ("LAST_INSERT_ID", _) => Err(Refusal::new(
            "LAST_INSERT_ID() is not known on PostgreSQL; look the row up by a unique value.",
        )),
        _ => Err(Refusal::unsupported(format!("The function {name} with {} arguments", arguments.len()))),
    }
}

/// A value as MySQL makes a text of it.
pub(super) fn as_text(sql: Sql, kind: &Kind) -> Sql {
    match kind {
        Kind::Text { .. } | Kind::Enum(_) | Kind::Constant => sql,
        Kind::Boolean => Sql::fill("CAST(CAST({} AS integer) AS text)", [sql]),
        Kind::Moment => Sql::fill("to_char({}, 'YYYY-MM-DD HH24:MI:SS')", [sql]),
        Kind::Instant => {
            Sql::fill("to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')", [sql.operand()])
        }
        Kind::Date => Sql::fill("to_char({}, 'YYYY-MM-DD')", [sql]),
        Kind::Decimal { .. }
        | Kind::Integer
        | Kind::Number
        | Kind::Time
        | Kind::Uuid
        | Kind::Json
        | Kind::Bytes
        | Kind::Unknown => Sql::fill("CAST({} AS text)", [sql]),
    }
}

/// A value as a moment without a zone, in UTC.
pub(super) fn as_moment(sql: Sql, kind: &Kind) -> Sql {
    match kind {
        Kind::Moment | Kind::Time => sql.operand(),
        Kind::Instant => Sql::fill("({} AT TIME ZONE 'UTC')", [sql.operand()]),
        _ => Sql::fill("CAST({} AS timestamp)", [sql]),
    }
}

/// A value as a column of the type takes it.
pub(super) fn converted(sql: Sql, kind: &Kind, ty: &Type) -> Sql {
    let cast = |word: &str, sql: Sql| Sql::fill(&format!("CAST({{}} AS {word})"), [sql]);
    match (ty, kind) {
        (_, Kind::Unknown) => sql,
        (Type::Boolean, kind) if kind.is_number() => Sql::fill("{} <> 0", [sql.operand()]).loose(),
        (Type::Boolean, Kind::Text { .. } | Kind::Constant) => cast("boolean", sql),
        (
            Type::Integer { .. } | Type::Year | Type::Float | Type::Double | Type::Decimal { .. },
            Kind::Boolean,
        ) => cast("integer", sql),
        (Type::Integer { .. } | Type::Year, Kind::Text { .. } | Kind::Enum(_) | Kind::Constant) => {
            cast("bigint", sql)
        }
        (Type::Decimal { .. } | Type::Float | Type::Double, Kind::Text { .. } | Kind::Constant) => {
            cast("numeric", sql)
        }
        (Type::Timestamp(_), Kind::Instant) | (Type::Datetime(_), Kind::Moment | Kind::Date) => sql,
        (Type::Timestamp(_), _) => Sql::fill("{} AT TIME ZONE 'UTC'", [as_moment(sql, kind)]).loose(),
        (Type::Datetime(_), _) => as_moment(sql, kind),
        (Type::Date, Kind::Date) => sql,
        (Type::Date, _) => cast("date", as_moment(sql, kind)),
        (Type::Time(_), Kind::Text { .. } | Kind::Constant) => cast("time", sql),
        (Type::Json, Kind::Text { .. } | Kind::Constant) => cast("jsonb", sql),
        (Type::Binary(_) | Type::Varbinary(_) | Type::Blob(_), Kind::Text { .. } | Kind::Constant) => {
            Sql::fill("convert_to({}, 'UTF8')", [sql])
        }
        (Type::Char(_) | Type::Varchar(_) | Type::Text(_) | Type::Enum(_), kind) => as_text(sql, kind),
        _ => sql,
    }
}

/// Values brought to one kind, so that PostgreSQL compares and chooses among them as MySQL does.
pub(super) fn alike(values: Vec<(Sql, Kind)>) -> (Vec<Sql>, Kind) {
    let any = |is: &dyn Fn(&Kind) -> bool| values.iter().any(|(_, kind)| is(kind));
    let texts = any(&Kind::is_text);
    let binary = any(&|kind| *kind == Kind::Text { binary: true });
    let moments =
        any(&|kind| matches!(kind, Kind::Moment | Kind::Date)) && any(&|kind| *kind == Kind::Instant);
    let numbers = any(&Kind::is_number);
    let booleans = any(&|kind| *kind == Kind::Boolean);
    // A constant 0 or 1 beside TRUE and FALSE is one of them.
    let is_bit = |sql: &Sql| matches!(sql.text.as_str(), "0" | "1");
    let all_bits = booleans && values.iter().all(|(sql, kind)| !kind.is_number() || is_bit(sql));
    let uuids = any(&|kind| *kind == Kind::Uuid);
    let first =
        values.iter().map(|(_, kind)| kind).find(|kind| !matches!(kind, Kind::Unknown | Kind::Constant));
    let mut whole = first.cloned().unwrap_or(Kind::Unknown);
    if whole == Kind::Unknown && any(&|kind| *kind == Kind::Constant) {
        whole = Kind::Constant;
    }
    if texts {
        whole = if binary { Kind::Text { binary } } else { computed(whole) };
    }
    if texts && !whole.is_text() {
        whole = Kind::COMPUTED_TEXT;
    }
    if numbers && whole.is_number() && any(&|kind| matches!(kind, Kind::Number | Kind::Decimal { .. })) {
        whole = Kind::Number;
    }
    let pieces = values
        .into_iter()
        .map(|(sql, kind)| match kind {
            Kind::Unknown => sql.operand(),
            kind if binary && kind != Kind::Constant => {
                Sql::fill("({} COLLATE \"C\")", [as_text(sql, &kind).operand()])
            }
            kind if texts => as_text(sql, &kind).operand(),
            kind if moments && kind != Kind::Constant => as_moment(sql, &kind),
            Kind::Boolean if numbers && !all_bits => Sql::fill("CAST({} AS integer)", [sql]),
            kind if all_bits && kind.is_number() => Sql::new(if sql.text == "0" { "FALSE" } else { "TRUE" }),
            Kind::Constant if uuids => Sql::fill("CAST({} AS uuid)", [sql]),
            _ => sql.operand(),
        })
        .collect();
    if all_bits && numbers {
        whole = Kind::Boolean;
    } else if booleans && numbers {
        whole = Kind::Integer;
    }
    if moments {
        whole = Kind::Moment;
    }
    (pieces, whole)
}

fn calls(translator: &mut Translator, name: &str, arguments: &[&Expr], kind: Kind) -> Translated {
    let pieces: Result<Vec<_>, _> = arguments.iter().map(|argument| translator.texted(argument)).collect();
    Ok((Sql::fill(&format!("{name}({{}})"), [Sql::join(pieces?, ", ")]), kind))
}

/// A function whose result is one of its arguments.
fn combines(translator: &mut Translator, name: &str, arguments: &[&Expr]) -> Translated {
    let values: Result<Vec<_>, _> =
        arguments.iter().map(|argument| translator.expression(argument)).collect();
    let (pieces, kind) = alike(values?);
    Ok((Sql::fill(&format!("{name}({{}})"), [Sql::join(pieces, ", ")]), computed(kind)))
}

/// SUBSTRING; a text has no character 0, about which the engines differ.
pub(super) fn substring(
    translator: &mut Translator,
    text: &Expr,
    from: &Expr,
    length: Option<&Expr>,
) -> Translated {
    let Some(from) = constant_integer(from).filter(|from| *from != 0) else {
        return Err(Refusal::unsupported("SUBSTRING from character 0, or from one that is not a constant,"));
    };
    let whole = translator.texted(text)?;
    let rest = if from > 0 {
        Sql::fill(&format!("substr({{}}, {from})"), [whole])
    } else {
        Sql::fill(&format!("\"right\"({{}}, {})", from.unsigned_abs()), [whole])
    };
    let sql = match length {
        Some(length) => {
            let length = translator.number(length)?.0;
            Sql::fill("\"left\"({}, GREATEST(CAST({} AS integer), 0))", [rest, length])
        }
        None => rest,
    };
    Ok((sql, Kind::COMPUTED_TEXT))
}

/// Where a text begins in another, without case as on MySQL.
pub(super) fn position(translator: &mut Translator, part: &Expr, whole: &Expr) -> Translated {
    let pieces = [translator.texted(whole)?, translator.texted(part)?];
    Ok((Sql::fill("strpos(lower({}), lower({}))", pieces), Kind::Integer))
}

/// CEIL and FLOOR, in the forms that the parser makes of them.
pub(super) fn whole(translator: &mut Translator, expr: &Expr, field: &CeilFloorKind, up: bool) -> Translated {
    match field {
        CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => rounded(translator, expr, up),
        _ => Err(Refusal::unsupported("This form of CEIL and FLOOR")),
    }
}

fn rounded(translator: &mut Translator, number: &Expr, up: bool) -> Translated {
    let sql = translator.number(number)?.0;
    let frame = if up { "CAST(ceil({}) AS bigint)" } else { "CAST(floor({}) AS bigint)" };
    Ok((Sql::fill(frame, [sql]), Kind::Integer))
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
            (Sql::fill(&format!("count({distinct}{{}})"), [translator.plain(expression)?]), Kind::Integer)
        }
        ("SUM" | "AVG", Some(expression)) => {
            let lower = name.to_ascii_lowercase();
            let (_, kind) = translator.expression(expression)?;
            let (sql, _) = translator.number(expression)?;
            let sql = Sql::fill(&format!("{lower}({distinct}{{}})"), [sql]);
            // MySQL's average has four digits more than what it is of.
            match (kind, name) {
                (Kind::Decimal { scale }, "AVG") if function.over.is_none() => {
                    (Sql::fill(&format!("round({{}}, {})", scale + 4), [sql]), Kind::Number)
                }
                (Kind::Integer | Kind::Boolean, "AVG") if function.over.is_none() => {
                    (Sql::fill("round({}, 4)", [sql]), Kind::Number)
                }
                _ => (sql, Kind::Number),
            }
        }
        ("MIN" | "MAX", Some(expression)) => {
            let (sql, kind) = match translator.expression(expression)? {
                (sql, Kind::Boolean) => (Sql::fill("CAST({} AS integer)", [sql]), Kind::Integer),
                (sql, Kind::Uuid) => (Sql::fill("CAST({} AS text)", [sql]), Kind::COMPUTED_TEXT),
                (_, Kind::Enum(_)) => return Err(Refusal::unsupported(format!("{name} of an ENUM"))),
                other => other,
            };
            (Sql::fill(&format!("{}({distinct}{{}})", name.to_ascii_lowercase()), [sql]), kind)
        }
        ("JSON_ARRAYAGG", Some(_)) => (one(translator, "jsonb_agg", list.args.as_slice())?, Kind::Json),
        ("JSON_OBJECTAGG", None) => (one(translator, "jsonb_object_agg", list.args.as_slice())?, Kind::Json),
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
    let mut sql = Sql::fill(&format!("string_agg({distinct}{{}}"), [translator.joined(expression)?]);
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
    sql.push(Sql::fill(", {}", [translator.bound_text(separator)?]));
    if !order.is_empty() {
        sql.push(Sql::fill(" ORDER BY {}", [translator.order(order)?]));
    }
    sql.push(Sql::new(")"));
    Ok((sql, Kind::COMPUTED_TEXT))
}

fn window(translator: &mut Translator, name: &str, arguments: &[&Expr]) -> Translated {
    match name {
        "ROW_NUMBER" | "RANK" | "DENSE_RANK" | "NTILE" | "LAG" | "LEAD" | "FIRST_VALUE" | "LAST_VALUE" => {
            let values: Result<Vec<_>, _> = arguments.iter().map(|one| translator.expression(one)).collect();
            let values = values?;
            let kind = match name {
                "ROW_NUMBER" | "RANK" | "DENSE_RANK" | "NTILE" => Kind::Integer,
                _ => values.first().map_or(Kind::Unknown, |(_, kind)| kind.clone()),
            };
            let pieces = values.into_iter().map(|(sql, _)| sql);
            let frame = format!("{}({{}})", name.to_ascii_lowercase());
            Ok((Sql::fill(&frame, [Sql::join(pieces, ", ")]), kind))
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
        let pieces: Result<Vec<_>, _> =
            specification.partition_by.iter().map(|part| translator.plain(part)).collect();
        inside.push(Sql::fill("PARTITION BY {} ", [Sql::join(pieces?, ", ")]));
    }
    if !specification.order_by.is_empty() {
        inside.push(Sql::fill("ORDER BY {}", [translator.order(&specification.order_by)?]));
    }
    Ok((Sql::fill("{} OVER ({})", [sql, inside]), kind))
}
