//! MySQL expressions as SQLite's, tree to tree. What is not on a list here is refused by name: two engines that both take
//! a text need not mean the same by it.

use super::{
    Refusal, functions,
    names::{self, identifier},
    scope::{Kind, Relation, Scope, Sql, cast_kind, computed, resolve},
    tables::has_variable,
};
use crate::engine::constants::{constant_text, parse, text_of};
use crate::schema::{Schema, Table};
use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, ExactNumberInfo, Expr, Ident, TrimWhereField, UnaryOperator, Value,
};

/// Turns trees of the template's dialect into SQLite's.
pub(super) struct Translator<'a> {
    pub schema: Option<&'a Schema>,
    pub scopes: Vec<Scope>,
    /// WITH queries in sight.
    pub named: Vec<Relation>,
    /// Whether a text with variables becomes a bound value; a definition refuses it.
    pub binds: bool,
    /// In `ON DUPLICATE KEY UPDATE`: the names under which the rows that could not be inserted go.
    pub inserted: Option<Vec<String>>,
    /// Views being read, so that one that reads itself ends.
    pub depth: usize,
    /// Columns that have been read so far.
    pub seen: Vec<String>,
}

impl<'a> Translator<'a> {
    /// For an expression that names no column.
    pub fn without_tables() -> Self {
        Self {
            schema: None,
            scopes: Vec::new(),
            named: Vec::new(),
            binds: false,
            inserted: None,
            depth: 0,
            seen: Vec::new(),
        }
    }

    /// For an expression in a table's definition.
    pub fn over_table(table: &Table) -> Self {
        let scope = Scope { relations: vec![Relation::of_table(table, &table.name)], results: Vec::new() };
        Self { scopes: vec![scope], ..Self::without_tables() }
    }

    /// For queries.
    pub fn over_schema(schema: &'a Schema) -> Self {
        Self { schema: Some(schema), ..Self::without_tables() }
    }

    /// An expression given as text.
    pub fn text(&mut self, mysql: &str) -> Result<String, Refusal> {
        let expression = parse(mysql).map_err(Refusal::new)?;
        self.plain(&expression).map(|sql| sql.text)
    }

    /// An expression whose kind does not matter.
    pub fn plain(&mut self, expression: &Expr) -> Result<Sql, Refusal> {
        self.expression(expression).map(|(sql, _)| sql)
    }

    /// An operand.
    pub fn operand(&mut self, expression: &Expr) -> Result<Sql, Refusal> {
        self.plain(expression).map(Sql::operand)
    }

    /// An operand that is counted with: exact numbers are cast from their text.
    pub fn number(&mut self, expression: &Expr) -> Result<(Sql, Kind), Refusal> {
        let (sql, kind) = self.expression(expression)?;
        Ok(match kind {
            Kind::Decimal { .. } => (Sql::fill("CAST({} AS NUMERIC)", [sql]), Kind::Number),
            kind => (sql.operand(), kind),
        })
    }

    /// An operand that is compared: exact numbers are numbers, and what is taken from JSON is the value itself.
    pub fn compared(&mut self, expression: &Expr) -> Result<(Sql, Kind), Refusal> {
        if let Some((document, path)) = functions::json_path(expression) {
            let pieces = [self.operand(document)?, self.operand(path)?];
            return Ok((Sql::fill("{} ->> {}", pieces).loose().operand(), Kind::Unknown));
        }
        self.number(expression)
    }

    /// An operand that things are sorted by: members of an ENUM go by their place.
    pub fn sorted(&mut self, expression: &Expr) -> Result<Sql, Refusal> {
        let (sql, kind) = self.number(expression)?;
        Ok(match kind {
            Kind::Enum(members) => {
                let mut places = Sql::fill("CASE {}", [sql]);
                for (place, member) in members.iter().enumerate() {
                    places.push(Sql::new(format!(" WHEN {} THEN {}", names::text(member), place + 1)));
                }
                places.push(Sql::new(" END"));
                places
            }
            _ => sql,
        })
    }

    /// An expression and what is known about its value.
    pub fn expression(&mut self, expression: &Expr) -> Result<(Sql, Kind), Refusal> {
        match expression {
            Expr::Identifier(name) => self.column(None, name),
            Expr::CompoundIdentifier(names) => match names.as_slice() {
                [qualifier, name] => self.column(Some(qualifier), name),
                _ => Err(Refusal::new(format!("{expression} names another database; name the table only."))),
            },
            Expr::Value(value) => self.value(&value.value),
            Expr::Prefixed { prefix, value } if prefix.value.starts_with('_') => self.expression(value),
            Expr::TypedString(typed) => {
                let (sql, _) = self.value(&typed.value.value)?;
                Ok((sql, cast_kind(&typed.data_type)))
            }
            Expr::Nested(inner) => {
                let (sql, kind) = self.expression(inner)?;
                Ok((sql.operand(), kind))
            }
            Expr::IsNull(inner) | Expr::IsUnknown(inner) => self.unary("{} IS NULL", inner),
            Expr::IsNotNull(inner) | Expr::IsNotUnknown(inner) => self.unary("{} IS NOT NULL", inner),
            Expr::IsTrue(inner) => self.unary("{} IS TRUE", inner),
            Expr::IsNotTrue(inner) => self.unary("{} IS NOT TRUE", inner),
            Expr::IsFalse(inner) => self.unary("{} IS FALSE", inner),
            Expr::IsNotFalse(inner) => self.unary("{} IS NOT FALSE", inner),
            Expr::InList { expr, list, negated } => {
                let mut pieces = vec![self.compared(expr)?.0];
                for item in list {
                    pieces.push(self.compared(item)?.0);
                }
                let frame = format!("{{}} {}IN ({})", not(*negated), vec!["{}"; list.len()].join(", "));
                Ok((Sql::fill(&frame, pieces).loose(), Kind::Boolean))
            }
            Expr::InSubquery { expr, subquery, negated } => {
                let left = self.compared(expr)?.0;
                let (query, _) = self.query(subquery)?;
                Ok((
                    Sql::fill(&format!("{{}} {}IN ({{}})", not(*negated)), [left, query]).loose(),
                    Kind::Boolean,
                ))
            }
            Expr::Between { expr, negated, low, high } => {
                let pieces = [self.compared(expr)?.0, self.compared(low)?.0, self.compared(high)?.0];
                Ok((
                    Sql::fill(&format!("{{}} {}BETWEEN {{}} AND {{}}", not(*negated)), pieces).loose(),
                    Kind::Boolean,
                ))
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like(*negated, expr, pattern, escape_char.as_deref())
            }
            Expr::Exists { subquery, negated } => {
                let (query, _) = self.query(subquery)?;
                Ok((Sql::fill(&format!("{}EXISTS ({{}})", not(*negated)), [query]).loose(), Kind::Boolean))
            }
            Expr::Subquery(query) => {
                let (sql, columns) = self.query(query)?;
                let kind = columns.into_iter().next().map_or(Kind::Unknown, |(_, kind)| kind);
                Ok((Sql::fill("({})", [sql]), kind))
            }
            Expr::Tuple(items) => {
                let mut pieces = Vec::new();
                for item in items {
                    pieces.push(self.compared(item)?.0);
                }
                Ok((Sql::fill("({})", [Sql::join(pieces, ", ")]), Kind::Unknown))
            }
            Expr::UnaryOp { op, expr } => self.unary_operator(*op, expr),
            Expr::BinaryOp { left, op, right } => self.binary_operator(expression, left, op, right),
            Expr::Case { operand, conditions, else_result, .. } => {
                let mut sql = Sql::new("CASE");
                if let Some(operand) = operand {
                    sql.push(Sql::fill(" {}", [self.compared(operand)?.0]));
                }
                let mut kind = Kind::Unknown;
                for branch in conditions {
                    let condition = self.compared(&branch.condition)?.0;
                    let (result, result_kind) = self.number(&branch.result)?;
                    kind = result_kind;
                    sql.push(Sql::fill(" WHEN {} THEN {}", [condition, result]));
                }
                if let Some(result) = else_result {
                    sql.push(Sql::fill(" ELSE {}", [self.number(result)?.0]));
                }
                sql.push(Sql::new(" END"));
                Ok((sql, computed(kind)))
            }
            Expr::Cast { kind: CastKind::Cast, expr, data_type, format: None } => self.cast(expr, data_type),
            Expr::Convert {
                is_try: false, expr, data_type: Some(data_type), charset: None, styles, ..
            } if styles.is_empty() => self.cast(expr, data_type),
            Expr::Collate { expr, collation } => {
                let name = collation.to_string().to_ascii_lowercase();
                let (clause, binary) = if name.ends_with("_bin") || name.ends_with("_cs") {
                    ("BINARY", true)
                } else if name.ends_with("_ci") {
                    ("NOCASE", false)
                } else {
                    return Err(Refusal::unsupported(format!("The collation {collation}")));
                };
                let sql = Sql::fill(&format!("{{}} COLLATE {clause}"), [self.operand(expr)?]).loose();
                Ok((sql, Kind::Text { plain: true, binary }))
            }
            Expr::Function(function) => functions::function(self, function),
            Expr::Extract { field, expr, .. } => functions::extract(self, field, expr),
            Expr::Ceil { expr, field } => functions::whole(self, expr, field, true),
            Expr::Floor { expr, field } => functions::whole(self, expr, field, false),
            Expr::Position { expr, r#in } => functions::position(self, expr, r#in),
            Expr::Substring { expr, substring_from: Some(from), substring_for, .. } => {
                functions::substring(self, expr, from, substring_for.as_deref())
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters: None } => {
                self.trim(trim_where.as_ref(), trim_what.as_deref(), expr)
            }
            Expr::RLike { .. } => Err(Refusal::unsupported("REGEXP")),
            Expr::Interval(_) => {
                Err(Refusal::new("An INTERVAL can stand only in DATE_ADD, DATE_SUB, or after + and -."))
            }
            other => Err(Refusal::unsupported(format!("The expression {other}"))),
        }
    }

    fn unary(&mut self, frame: &str, inner: &Expr) -> Result<(Sql, Kind), Refusal> {
        Ok((Sql::fill(frame, [self.number(inner)?.0]).loose(), Kind::Boolean))
    }

    fn column(&mut self, qualifier: Option<&Ident>, name: &Ident) -> Result<(Sql, Kind), Refusal> {
        if let (Some(qualifier), Some(inserted)) = (qualifier, &self.inserted)
            && inserted.iter().any(|alias| names::same(alias, &qualifier.value))
        {
            return self.inserted_column(&name.value);
        }
        let found = resolve(&self.scopes, qualifier.map(|name| name.value.as_str()), &name.value)?;
        // In a query the relation is always named: a bare name in double quotes would become a text if its column went
        // away, and a view would give that text instead of failing. A table's own definition has no qualified names.
        let text = match &found.relation {
            Some(relation) if self.schema.is_some() => {
                format!("{}.{}", identifier(relation), identifier(&found.name))
            }
            _ => identifier(&found.name),
        };
        self.seen.push(found.name);
        Ok((Sql::new(text), found.kind))
    }

    /// The value that a column would have got from the row that could not be inserted.
    pub fn inserted_column(&self, name: &str) -> Result<(Sql, Kind), Refusal> {
        let found = resolve(&self.scopes, None, name)?;
        Ok((Sql::new(format!("excluded.{}", identifier(&found.name))), found.kind))
    }

    fn value(&self, value: &Value) -> Result<(Sql, Kind), Refusal> {
        match value {
            Value::Number(number, _) => {
                let whole = number.bytes().all(|byte| byte.is_ascii_digit());
                Ok((Sql::new(number), if whole { Kind::Integer } else { Kind::Number }))
            }
            Value::Boolean(value) => Ok((Sql::new(if *value { "1" } else { "0" }), Kind::Boolean)),
            Value::Null => Ok((Sql::new("NULL"), Kind::Unknown)),
            Value::HexStringLiteral(digits)
                if digits.len() % 2 == 0 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
            {
                Ok((Sql::new(format!("X'{digits}'")), Kind::Bytes))
            }
            value => match text_of(value) {
                Some(text) => Ok((self.bound_text(text)?, Kind::Unknown)),
                None => Err(Refusal::unsupported(format!("The constant {value}"))),
            },
        }
    }

    /// A text constant; one that holds variables is bound.
    pub fn bound_text(&self, text: &str) -> Result<Sql, Refusal> {
        if text.contains('\0') {
            return Err(Refusal::unsupported("A text with a zero byte"));
        }
        if !has_variable(text) {
            return Ok(Sql::new(names::text(text)));
        }
        if !self.binds {
            return Err(Refusal::new(format!(
                "The text '{text}' holds a variable; variables can stand only in rows (INSERT, UPDATE, DELETE)."
            )));
        }
        let mut sql = Sql::new("?");
        sql.values.push(text.to_owned());
        Ok(sql)
    }

    fn like(
        &mut self,
        negated: bool,
        expr: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
    ) -> Result<(Sql, Kind), Refusal> {
        let (left, kind) = self.expression(expr)?;
        if matches!(kind, Kind::Text { binary: true, .. }) {
            return Err(Refusal::unsupported(format!("LIKE on {expr}, which compares byte by byte,")));
        }
        let escape = match escape {
            Some(escape) => self.operand(escape)?,
            // MySQL's own, which SQLite does not have.
            None => Sql::new("'\\'"),
        };
        let pieces = [left.operand(), self.operand(pattern)?, escape];
        Ok((Sql::fill(&format!("{{}} {}LIKE {{}} ESCAPE {{}}", not(negated)), pieces).loose(), Kind::Boolean))
    }

    fn unary_operator(&mut self, op: UnaryOperator, expr: &Expr) -> Result<(Sql, Kind), Refusal> {
        let (sql, kind) = self.number(expr)?;
        match op {
            UnaryOperator::Minus => Ok((Sql::fill("-{}", [sql]).loose(), kind)),
            UnaryOperator::Plus => Ok((sql, kind)),
            UnaryOperator::BitwiseNot => Err(Refusal::unsupported("The operator ~")),
            UnaryOperator::Not | UnaryOperator::BangNot => {
                Ok((Sql::fill("NOT {}", [sql]).loose(), Kind::Boolean))
            }
            other => Err(Refusal::unsupported(format!("The operator {other}"))),
        }
    }

    fn binary_operator(
        &mut self,
        whole: &Expr,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
    ) -> Result<(Sql, Kind), Refusal> {
        use BinaryOperator as Op;
        if let (Op::Plus | Op::Minus, Expr::Interval(interval)) = (op, right) {
            return super::dates::shifted(self, left, interval, *op == Op::Minus);
        }
        let frame = match op {
            Op::And | Op::Or => {
                let word = if *op == Op::And { "AND" } else { "OR" };
                let same = |side: &Expr| matches!(side, Expr::BinaryOp { op: inner, .. } if inner == op);
                let mut pieces = Vec::new();
                for side in [left, right] {
                    // A chain needs no brackets inside.
                    pieces.push(if same(side) { self.plain(side)? } else { self.number(side)?.0 });
                }
                return Ok((Sql::fill(&format!("{{}} {word} {{}}"), pieces).loose(), Kind::Boolean));
            }
            Op::Xor => "({} <> 0) <> ({} <> 0)",
            Op::Eq | Op::NotEq | Op::Gt | Op::GtEq | Op::Lt | Op::LtEq | Op::Spaceship => {
                return self.comparison(left, op, right);
            }
            Op::Arrow => {
                let pieces = [self.operand(left)?, self.operand(right)?];
                return Ok((Sql::fill("{} -> {}", pieces).loose(), Kind::Json));
            }
            Op::LongArrow => {
                let pieces = [self.operand(left)?, self.operand(right)?];
                return Ok((Sql::fill("{} ->> {}", pieces).loose(), Kind::Unknown));
            }
            Op::Plus => "{} + {}",
            Op::Minus => "{} - {}",
            Op::Multiply => "{} * {}",
            // SQLite divides whole numbers into whole numbers.
            Op::Divide => "CAST({} AS REAL) / {}",
            Op::MyIntegerDivide => "CAST({} / {} AS INTEGER)",
            Op::Modulo => "{} % {}",
            Op::BitwiseAnd => "{} & {}",
            Op::BitwiseOr => "{} | {}",
            Op::PGBitwiseShiftLeft => "{} << {}",
            Op::PGBitwiseShiftRight => "{} >> {}",
            Op::StringConcat => {
                return Err(Refusal::new(format!(
                    "In {whole}, || means OR to MySQL and joining to SQLite; write OR or CONCAT."
                )));
            }
            Op::Regexp => return Err(Refusal::unsupported("REGEXP")),
            other => return Err(Refusal::unsupported(format!("The operator {other}"))),
        };
        let (left, left_kind) = self.number(left)?;
        let (right, right_kind) = self.number(right)?;
        let both_whole = left_kind == Kind::Integer && right_kind == Kind::Integer;
        if *op == Op::Modulo && !both_whole {
            return Err(Refusal::unsupported(format!("The remainder {whole} of numbers that are not whole")));
        }
        let kind = if *op == Op::Xor {
            Kind::Boolean
        } else if both_whole && *op != Op::Divide {
            Kind::Integer
        } else {
            Kind::Number
        };
        Ok((Sql::fill(frame, [left, right]).loose(), kind))
    }

    fn comparison(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Result<(Sql, Kind), Refusal> {
        let (left, left_kind) = self.compared(left)?;
        let (right, right_kind) = self.compared(right)?;
        let operator = match op {
            BinaryOperator::Spaceship => "IS".to_owned(),
            other => other.to_string(),
        };
        // A computed text has no collation on SQLite; MySQL compares it without case.
        let brings_collation = |kind: &Kind| matches!(kind, Kind::Text { plain: true, .. } | Kind::Enum(_));
        let is_computed = |kind: &Kind| *kind == Kind::COMPUTED_TEXT;
        let needs = (is_computed(&left_kind) || is_computed(&right_kind))
            && !brings_collation(&left_kind)
            && !brings_collation(&right_kind);
        let frame = if needs {
            format!("{{}} COLLATE NOCASE {operator} {{}}")
        } else {
            format!("{{}} {operator} {{}}")
        };
        Ok((Sql::fill(&frame, [left, right]).loose(), Kind::Boolean))
    }

    fn cast(&mut self, expr: &Expr, data_type: &DataType) -> Result<(Sql, Kind), Refusal> {
        let (sql, kind) = self.expression(expr)?;
        let frame = match data_type {
            DataType::Char(length) | DataType::Character(length) | DataType::Varchar(length) => {
                return Ok(match length {
                    Some(length) => {
                        let length = length.to_string();
                        let digits: String = length.chars().take_while(char::is_ascii_digit).collect();
                        (
                            Sql::fill(&format!("substr(CAST({{}} AS TEXT), 1, {digits})"), [sql]),
                            Kind::COMPUTED_TEXT,
                        )
                    }
                    None => (Sql::fill("CAST({} AS TEXT)", [sql]), Kind::COMPUTED_TEXT),
                });
            }
            DataType::Signed
            | DataType::SignedInteger
            | DataType::Unsigned
            | DataType::UnsignedInteger
            | DataType::Integer(None)
            | DataType::Int(None) => match kind {
                // MySQL rounds numbers and cuts texts off.
                Kind::Decimal { .. } => "CAST(round(CAST({} AS NUMERIC)) AS INTEGER)",
                Kind::Number => "CAST(round({}) AS INTEGER)",
                _ => "CAST({} AS INTEGER)",
            },
            DataType::Decimal(ExactNumberInfo::PrecisionAndScale(_, scale)) => {
                return Ok((
                    Sql::fill(&format!("round(CAST({{}} AS NUMERIC), {scale})"), [sql]),
                    Kind::Number,
                ));
            }
            DataType::Double(_) | DataType::DoublePrecision | DataType::Float(_) | DataType::Real => {
                "CAST({} AS REAL)"
            }
            DataType::Date => "date({})",
            DataType::Datetime(None) => "datetime({})",
            DataType::Time(None, _) => "time({})",
            DataType::JSON => "json({})",
            DataType::Binary(None) => "CAST({} AS BLOB)",
            other => return Err(Refusal::unsupported(format!("CAST to {other}"))),
        };
        Ok((Sql::fill(frame, [sql]), cast_kind(data_type)))
    }

    fn trim(
        &mut self,
        side: Option<&TrimWhereField>,
        what: Option<&Expr>,
        expr: &Expr,
    ) -> Result<(Sql, Kind), Refusal> {
        let function = match side {
            Some(TrimWhereField::Leading) => "ltrim",
            Some(TrimWhereField::Trailing) => "rtrim",
            Some(TrimWhereField::Both) | None => "trim",
        };
        let mut sql = Sql::fill(&format!("{function}({{}}"), [self.plain(expr)?]);
        if let Some(what) = what {
            // SQLite takes a set of characters, MySQL a text; they mean the same for one character.
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

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}
