//! MySQL expressions as PostgreSQL's, tree to tree. What is not on a list here is refused by name: two engines that both take
//! a text need not mean the same by it.

use super::{
    Refusal, functions, json,
    names::{self, COLLATION, identifier},
    scope::{BOUND, Kind, Relation, Scope, Sql, cast_kind, computed, resolve},
    tables::has_variable,
};
use crate::engine::constants::{parse, text_of};
use crate::schema::{Schema, Table, Type};
use sqlparser::ast::{BinaryOperator, CastKind, Expr, Ident, UnaryOperator, Value};

/// Turns trees of the template's dialect into PostgreSQL's.
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
    /// Whether results are still compared, as the halves of a UNION are.
    pub keeps_collation: bool,
    /// Whether columns are named with their relation; a table's own definition has no qualified names.
    pub qualifies: bool,
}

/// A column as it is compared: texts without case.
pub(super) fn compared_column(bare: Sql, kind: &Kind) -> Sql {
    match kind {
        Kind::Text { binary: false } | Kind::Enum(_) => {
            Sql::fill(&format!("{{}} COLLATE {COLLATION}"), [bare]).loose()
        }
        _ => bare,
    }
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
            keeps_collation: false,
            qualifies: false,
        }
    }

    /// For an expression in a table's definition.
    pub fn over_table(schema: &Schema, table: &Table) -> Self {
        let scope =
            Scope { relations: vec![Relation::of_table(schema, table, &table.name)], results: Vec::new() };
        Self { scopes: vec![scope], ..Self::without_tables() }
    }

    /// For queries.
    pub fn over_schema(schema: &'a Schema) -> Self {
        Self { schema: Some(schema), qualifies: true, ..Self::without_tables() }
    }

    /// An expression given as text.
    pub fn text(&mut self, mysql: &str) -> Result<String, Refusal> {
        let expression = parse(mysql).map_err(Refusal::new)?;
        self.plain(&expression).map(|sql| sql.text)
    }

    /// A condition given as text.
    pub fn condition_text(&mut self, mysql: &str) -> Result<String, Refusal> {
        let expression = parse(mysql).map_err(Refusal::new)?;
        self.condition(&expression).map(|sql| sql.text)
    }

    /// An expression given as text, for a column of the type.
    pub fn value_text(&mut self, mysql: &str, ty: &Type) -> Result<String, Refusal> {
        let expression = parse(mysql).map_err(Refusal::new)?;
        let (sql, kind) = self.expression(&expression)?;
        Ok(functions::converted(sql, &kind, ty).text)
    }

    /// An expression whose kind does not matter.
    pub fn plain(&mut self, expression: &Expr) -> Result<Sql, Refusal> {
        self.expression(expression).map(|(sql, _)| sql)
    }

    /// An operand.
    pub fn operand(&mut self, expression: &Expr) -> Result<Sql, Refusal> {
        self.plain(expression).map(Sql::operand)
    }

    /// A condition: numbers are true but for zero.
    pub fn condition(&mut self, expression: &Expr) -> Result<Sql, Refusal> {
        let (sql, kind) = self.expression(expression)?;
        match kind {
            Kind::Boolean => Ok(sql),
            Kind::Unknown => Ok(Sql::fill("CAST({} AS boolean)", [sql])),
            kind if kind.is_number() => Ok(Sql::fill("{} <> 0", [sql.operand()]).loose()),
            _ => Err(Refusal::new(format!(
                "{expression} is no condition on PostgreSQL; compare it with something."
            ))),
        }
    }

    /// An operand that is counted with: TRUE is 1.
    pub fn number(&mut self, expression: &Expr) -> Result<(Sql, Kind), Refusal> {
        let (sql, kind) = self.expression(expression)?;
        Ok(match kind {
            Kind::Boolean => (Sql::fill("CAST({} AS integer)", [sql]), Kind::Integer),
            Kind::Text { .. } | Kind::Enum(_) => (Sql::fill("CAST({} AS numeric)", [sql]), Kind::Number),
            kind => (sql.operand(), kind),
        })
    }

    /// An operand of a function over texts, in the database's own collation: PostgreSQL before 18 cannot search otherwise.
    pub fn texted(&mut self, expression: &Expr) -> Result<Sql, Refusal> {
        let (sql, kind) = self.expression(expression)?;
        Ok(match kind {
            Kind::Text { .. } | Kind::Enum(_) => Sql::fill("{} COLLATE \"default\"", [sql.operand()]).loose(),
            kind => functions::as_text(sql, &kind),
        })
    }

    /// An operand of a function that makes a text of texts and keeps how they compare.
    pub fn joined(&mut self, expression: &Expr) -> Result<Sql, Refusal> {
        let (sql, kind) = self.expression(expression)?;
        Ok(functions::as_text(sql, &kind).operand())
    }

    /// An operand that things are sorted by: members of an ENUM go by their place.
    pub fn sorted(&mut self, expression: &Expr) -> Result<Sql, Refusal> {
        let (sql, kind) = self.expression(expression)?;
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
            Expr::IsNull(inner) | Expr::IsUnknown(inner) => {
                Ok((Sql::fill("{} IS NULL", [self.operand(inner)?]).loose(), Kind::Boolean))
            }
            Expr::IsNotNull(inner) | Expr::IsNotUnknown(inner) => {
                Ok((Sql::fill("{} IS NOT NULL", [self.operand(inner)?]).loose(), Kind::Boolean))
            }
            Expr::IsTrue(inner) => self.tested("{} IS TRUE", inner),
            Expr::IsNotTrue(inner) => self.tested("{} IS NOT TRUE", inner),
            Expr::IsFalse(inner) => self.tested("{} IS FALSE", inner),
            Expr::IsNotFalse(inner) => self.tested("{} IS NOT FALSE", inner),
            Expr::InList { expr, list, negated } => {
                let mut pieces = vec![self.expression(expr)?];
                for item in list {
                    pieces.push(self.expression(item)?);
                }
                let pieces = functions::alike(pieces).0;
                let frame = format!("{{}} {}IN ({})", not(*negated), vec!["{}"; list.len()].join(", "));
                Ok((Sql::fill(&frame, pieces).loose(), Kind::Boolean))
            }
            Expr::InSubquery { expr, subquery, negated } => {
                let left = self.operand(expr)?;
                let outer = std::mem::replace(&mut self.keeps_collation, true);
                let query = self.query(subquery);
                self.keeps_collation = outer;
                let frame = format!("{{}} {}IN ({{}})", not(*negated));
                Ok((Sql::fill(&frame, [left, query?.0]).loose(), Kind::Boolean))
            }
            Expr::Between { expr, negated, low, high } => {
                let pieces = vec![self.expression(expr)?, self.expression(low)?, self.expression(high)?];
                let pieces = functions::alike(pieces).0;
                let frame = format!("{{}} {}BETWEEN {{}} AND {{}}", not(*negated));
                Ok((Sql::fill(&frame, pieces).loose(), Kind::Boolean))
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like(*negated, expr, pattern, escape_char.as_deref())
            }
            Expr::Exists { subquery, negated } => {
                let (query, _) = self.query(subquery)?;
                Ok((Sql::fill(&format!("{}EXISTS ({{}})", not(*negated)), [query]).loose(), Kind::Boolean))
            }
            Expr::Subquery(query) => {
                let outer = std::mem::replace(&mut self.keeps_collation, true);
                let found = self.query(query);
                self.keeps_collation = outer;
                let (sql, columns) = found?;
                let kind = columns.into_iter().next().map_or(Kind::Unknown, |(_, kind)| kind);
                Ok((Sql::fill("({})", [sql]), kind))
            }
            Expr::Tuple(items) => {
                let mut pieces = Vec::new();
                for item in items {
                    pieces.push(self.plain(item)?);
                }
                Ok((Sql::fill("({})", [Sql::join(pieces, ", ")]), Kind::Unknown))
            }
            Expr::UnaryOp { op, expr } => self.unary_operator(*op, expr),
            Expr::BinaryOp { left, op, right } => self.binary_operator(expression, left, op, right),
            Expr::Case { operand, conditions, else_result, .. } => {
                let mut tests = Vec::new();
                let mut results = Vec::new();
                for branch in conditions {
                    tests.push(match operand {
                        Some(operand) => self.comparison(operand, &BinaryOperator::Eq, &branch.condition)?.0,
                        None => self.condition(&branch.condition)?,
                    });
                    results.push(self.expression(&branch.result)?);
                }
                if let Some(result) = else_result {
                    results.push(self.expression(result)?);
                }
                let (results, kind) = functions::alike(results);
                let mut results = results.into_iter();
                let mut sql = Sql::new("CASE");
                for (test, result) in tests.into_iter().zip(results.by_ref()) {
                    sql.push(Sql::fill(" WHEN {} THEN {}", [test, result]));
                }
                for result in results {
                    sql.push(Sql::fill(" ELSE {}", [result]));
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
                    ("\"C\"", true)
                } else if name.ends_with("_ci") {
                    (COLLATION, false)
                } else {
                    return Err(Refusal::unsupported(format!("The collation {collation}")));
                };
                let sql = Sql::fill(&format!("{{}} COLLATE {clause}"), [self.operand(expr)?]).loose();
                Ok((sql, Kind::Text { binary }))
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

    fn tested(&mut self, frame: &str, inner: &Expr) -> Result<(Sql, Kind), Refusal> {
        Ok((Sql::fill(frame, [self.condition(inner)?.operand()]).loose(), Kind::Boolean))
    }

    fn column(&mut self, qualifier: Option<&Ident>, name: &Ident) -> Result<(Sql, Kind), Refusal> {
        if let (Some(qualifier), Some(inserted)) = (qualifier, &self.inserted)
            && inserted.iter().any(|alias| names::same(alias, &qualifier.value))
        {
            return self.inserted_column(&name.value);
        }
        let found = resolve(&self.scopes, qualifier.map(|name| name.value.as_str()), &name.value)?;
        if let Some(result) = found.result {
            return Ok((result, found.kind));
        }
        let text = match &found.relation {
            Some(relation) if self.qualifies => {
                format!("{}.{}", identifier(relation), identifier(&found.name))
            }
            _ => identifier(&found.name),
        };
        self.seen.push(found.name);
        Ok((compared_column(Sql::new(text), &found.kind), found.kind))
    }

    /// A column as it is, for a result that nothing compares.
    pub fn bare_column(&mut self, expression: &Expr) -> Result<Sql, Refusal> {
        let (qualifier, name) = match expression {
            Expr::Identifier(name) => (None, name),
            Expr::CompoundIdentifier(names) => match names.as_slice() {
                [qualifier, name] => (Some(qualifier.value.as_str()), name),
                _ => return self.plain(expression),
            },
            other => return self.plain(other),
        };
        let found = resolve(&self.scopes, qualifier, &name.value)?;
        Ok(match found.relation {
            Some(relation) => Sql::new(format!("{}.{}", identifier(&relation), identifier(&found.name))),
            None => self.plain(expression)?,
        })
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
            Value::Boolean(value) => Ok((Sql::new(if *value { "TRUE" } else { "FALSE" }), Kind::Boolean)),
            Value::Null => Ok((Sql::new("NULL"), Kind::Unknown)),
            Value::HexStringLiteral(digits)
                if digits.len() % 2 == 0 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
            {
                Ok((Sql::new(format!("decode('{digits}', 'hex')")), Kind::Bytes))
            }
            value => match text_of(value) {
                Some(text) => Ok((self.bound_text(text)?, Kind::Constant)),
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
        let mut sql = Sql::new(format!("CAST({BOUND} AS text)"));
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
        // PostgreSQL has MySQL's escape character.
        let (word, left) = if kind == (Kind::Text { binary: true }) {
            ("LIKE", left.operand())
        } else {
            ("ILIKE", self.texted(expr)?.operand())
        };
        let mut sql =
            Sql::fill(&format!("{{}} {}{word} {{}}", not(negated)), [left, self.texted(pattern)?.operand()]);
        if let Some(escape) = escape {
            sql.push(Sql::fill(" ESCAPE {}", [self.operand(escape)?]));
        }
        Ok((sql.loose(), Kind::Boolean))
    }

    fn unary_operator(&mut self, op: UnaryOperator, expr: &Expr) -> Result<(Sql, Kind), Refusal> {
        if matches!(op, UnaryOperator::Not | UnaryOperator::BangNot) {
            return Ok((Sql::fill("NOT {}", [self.condition(expr)?.operand()]).loose(), Kind::Boolean));
        }
        let (sql, kind) = self.number(expr)?;
        match op {
            UnaryOperator::Minus => Ok((Sql::fill("-{}", [sql]).loose(), kind)),
            UnaryOperator::Plus => Ok((sql, kind)),
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
                    let piece = self.condition(side)?;
                    pieces.push(if same(side) { piece } else { piece.operand() });
                }
                return Ok((Sql::fill(&format!("{{}} {word} {{}}"), pieces).loose(), Kind::Boolean));
            }
            Op::Xor => {
                let pieces = [self.condition(left)?.operand(), self.condition(right)?.operand()];
                return Ok((Sql::fill("{} <> {}", pieces).loose(), Kind::Boolean));
            }
            Op::Eq | Op::NotEq | Op::Gt | Op::GtEq | Op::Lt | Op::LtEq | Op::Spaceship => {
                return self.comparison(left, op, right);
            }
            Op::Arrow => return json::taken(self, left, right, false),
            Op::LongArrow => return json::taken(self, left, right, true),
            Op::Plus => "{} + {}",
            Op::Minus => "{} - {}",
            Op::Multiply => "{} * {}",
            // MySQL divides whole numbers into exact ones, and by zero into NULL.
            Op::Divide => "CAST({} AS numeric) / NULLIF({}, 0)",
            Op::MyIntegerDivide => "CAST(trunc(CAST({} AS numeric) / NULLIF({}, 0)) AS bigint)",
            Op::Modulo => "{} % NULLIF({}, 0)",
            Op::BitwiseAnd => "{} & {}",
            Op::BitwiseOr => "{} | {}",
            Op::PGBitwiseShiftLeft => "CAST({} AS bigint) << CAST({} AS integer)",
            Op::PGBitwiseShiftRight => "CAST({} AS bigint) >> CAST({} AS integer)",
            Op::StringConcat => {
                return Err(Refusal::new(format!(
                    "In {whole}, || means OR to MySQL and joining to PostgreSQL; write OR or CONCAT."
                )));
            }
            Op::Regexp => return Err(Refusal::unsupported("REGEXP")),
            other => return Err(Refusal::unsupported(format!("The operator {other}"))),
        };
        let (left, left_kind) = self.number(left)?;
        let (right, right_kind) = self.number(right)?;
        let both_whole = left_kind == Kind::Integer && right_kind == Kind::Integer;
        let moments = |kind: &Kind| matches!(kind, Kind::Date | Kind::Moment | Kind::Instant | Kind::Time);
        if moments(&left_kind) || moments(&right_kind) {
            return Err(Refusal::new(format!(
                "{whole} counts with a date as with a number; use DATE_ADD, DATE_SUB or DATEDIFF."
            )));
        }
        let kind = if (both_whole && *op != Op::Divide) || *op == Op::MyIntegerDivide {
            Kind::Integer
        } else {
            Kind::Number
        };
        Ok((Sql::fill(frame, [left, right]).loose(), kind))
    }

    fn comparison(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Result<(Sql, Kind), Refusal> {
        let pieces = vec![self.expression(left)?, self.expression(right)?];
        let (pieces, _) = functions::alike(pieces);
        let operator = match op {
            BinaryOperator::Spaceship => "IS NOT DISTINCT FROM".to_owned(),
            other => other.to_string(),
        };
        Ok((Sql::fill(&format!("{{}} {operator} {{}}"), pieces).loose(), Kind::Boolean))
    }
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}
