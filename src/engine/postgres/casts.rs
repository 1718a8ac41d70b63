//! CAST, and TRIM in its long form.

use super::{
    Refusal,
    expressions::Translator,
    functions,
    scope::{Kind, Sql, cast_kind},
};
use crate::engine::constants::constant_text;
use sqlparser::ast::{DataType, ExactNumberInfo, Expr, TrimWhereField};

impl Translator<'_> {
    /// CAST and CONVERT.
    pub fn cast(&mut self, expr: &Expr, data_type: &DataType) -> Result<(Sql, Kind), Refusal> {
        let (sql, kind) = self.expression(expr)?;
        let frame = match data_type {
            DataType::Char(length) | DataType::Character(length) | DataType::Varchar(length) => {
                let digits: Option<String> = length
                    .map(|length| length.to_string().chars().take_while(char::is_ascii_digit).collect());
                let ty = digits.map_or("text".to_owned(), |digits| format!("varchar({digits})"));
                let text = functions::as_text(sql, &kind);
                return Ok((Sql::fill(&format!("CAST({{}} AS {ty})"), [text]), Kind::COMPUTED_TEXT));
            }
            DataType::Signed
            | DataType::SignedInteger
            | DataType::Unsigned
            | DataType::UnsignedInteger
            | DataType::Integer(None)
            | DataType::Int(None) => match kind {
                Kind::Boolean => "CAST(CAST({} AS integer) AS bigint)",
                kind if kind.is_number() => "CAST(round(CAST({} AS numeric)) AS bigint)",
                // MySQL reads the digits at the beginning of a text.
                Kind::Text { .. } | Kind::Enum(_) | Kind::Constant => {
                    let text = self.texted(expr)?.operand();
                    let frame = "CASE WHEN {} IS NOT NULL THEN CAST(COALESCE(substring({} FROM '^\\s*([-+]?\\d+)'), '0') AS bigint) END";
                    return Ok((Sql::fill(frame, [text.clone(), text]), Kind::Integer));
                }
                _ => "CAST({} AS bigint)",
            },
            DataType::Decimal(ExactNumberInfo::PrecisionAndScale(precision, scale)) => {
                let sql = self.number(expr)?.0;
                let kind = u16::try_from(*scale).map_or(Kind::Number, |scale| Kind::Decimal { scale });
                return Ok((Sql::fill(&format!("CAST({{}} AS numeric({precision}, {scale}))"), [sql]), kind));
            }
            DataType::Double(_) | DataType::DoublePrecision | DataType::Float(_) | DataType::Real => {
                "CAST({} AS double precision)"
            }
            DataType::Date => {
                return Ok((Sql::fill("CAST({} AS date)", [functions::as_moment(sql, &kind)]), Kind::Date));
            }
            DataType::Datetime(None) => return Ok((functions::as_moment(sql, &kind), Kind::Moment)),
            DataType::Time(None, _) => {
                return Ok((Sql::fill("CAST({} AS time)", [functions::as_moment(sql, &kind)]), Kind::Time));
            }
            DataType::JSON => "CAST({} AS jsonb)",
            DataType::Binary(None) => "convert_to({}, 'UTF8')",
            other => return Err(Refusal::unsupported(format!("CAST to {other}"))),
        };
        Ok((Sql::fill(frame, [sql]), cast_kind(data_type)))
    }

    /// TRIM with a side or a character.
    pub fn trim(
        &mut self,
        side: Option<&TrimWhereField>,
        what: Option<&Expr>,
        expr: &Expr,
    ) -> Result<(Sql, Kind), Refusal> {
        let function = match side {
            Some(TrimWhereField::Leading) => "ltrim",
            Some(TrimWhereField::Trailing) => "rtrim",
            Some(TrimWhereField::Both) | None => "btrim",
        };
        let mut sql = Sql::fill(&format!("{function}({{}}"), [self.texted(expr)?]);
        if let Some(what) = what {
            // PostgreSQL takes a set of characters, MySQL a text; they mean the same for one character.
            match constant_text(what) {
                Some(text) if text.chars().count() == 1 => sql.push(Sql::fill(", {}", [self.plain(what)?])),
                _ => {
                    return Err(Refusal::unsupported(format!(
                        "TRIM of {what}, which is not a single character,"
                    )));
                }
            }
        }
        sql.push(Sql::new(")"));
        Ok((sql, Kind::COMPUTED_TEXT))
    }
}
