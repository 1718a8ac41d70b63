//! What a name means at a place of a statement, and what is known about a value there.

use super::{Refusal, names, storage};
use crate::schema::{Schema, Table, Type};
use sqlparser::ast::DataType;

/// Where a value is bound; no text of PostgreSQL can have a zero byte. Numbers come in when the statement is whole.
pub(super) const BOUND: char = '\0';

/// A piece of PostgreSQL SQL and the values that it binds, in the order of its [`BOUND`]s.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sql {
    pub text: String,
    pub values: Vec<String>,
    /// Whether it needs brackets to be an operand.
    loose: bool,
}

impl Sql {
    /// A piece that can be an operand as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new(), loose: false }
    }

    /// Fills `{}` in the frame with the pieces, in order; the values follow their pieces. What a template's author writes
    /// (names, texts, paths) may have braces itself and is a piece, never a part of the frame.
    pub fn fill(frame: &str, pieces: impl IntoIterator<Item = Sql>) -> Self {
        let mut out = Self::default();
        let mut pieces = pieces.into_iter();
        for (place, fixed) in frame.split("{}").enumerate() {
            if place > 0
                && let Some(piece) = pieces.next()
            {
                out.push(piece);
            }
            out.text.push_str(fixed);
        }
        out
    }

    /// Several pieces with a separator.
    pub fn join(pieces: impl IntoIterator<Item = Sql>, separator: &str) -> Self {
        let mut out = Self::default();
        for (place, piece) in pieces.into_iter().enumerate() {
            if place > 0 {
                out.text.push_str(separator);
            }
            out.push(piece);
        }
        out
    }

    /// Adds a piece at the end.
    pub fn push(&mut self, piece: Sql) {
        self.text.push_str(&piece.text);
        self.values.extend(piece.values);
    }

    /// Marks it as needing brackets where it is an operand.
    pub fn loose(mut self) -> Self {
        self.loose = true;
        self
    }

    /// In brackets where it needs them.
    pub fn operand(self) -> Self {
        if self.loose {
            Self { text: format!("({})", self.text), values: self.values, loose: false }
        } else {
            self
        }
    }
}

/// What is known about a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// An exact number.
    Decimal {
        scale: u16,
    },
    /// Text; `binary` compares byte by byte.
    Text {
        binary: bool,
    },
    /// A text constant, which takes the type of what it meets.
    Constant,
    /// A member of a list, which MySQL orders by its place in the list.
    Enum(Vec<String>),
    /// A whole number.
    Integer,
    Number,
    Boolean,
    Date,
    /// A wall clock without a zone.
    Moment,
    /// A moment with a zone.
    Instant,
    Time,
    Uuid,
    Json,
    Bytes,
    Unknown,
}

impl Kind {
    pub const COMPUTED_TEXT: Self = Self::Text { binary: false };

    /// Whether it is a text that is compared by a collation.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text { .. } | Self::Enum(_))
    }

    /// Whether it is counted with.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Integer | Self::Number | Self::Decimal { .. })
    }

    /// What a column of the type holds.
    fn of(ty: &Type, collation: Option<&str>) -> Self {
        match ty {
            Type::Integer { .. } | Type::Year => Self::Integer,
            Type::Boolean => Self::Boolean,
            Type::Decimal { scale, .. } => Self::Decimal { scale: *scale },
            Type::Float | Type::Double => Self::Number,
            Type::Char(_) | Type::Varchar(_) | Type::Text(_) => {
                Self::Text { binary: storage::is_binary(collation) }
            }
            Type::Binary(_) | Type::Varbinary(_) | Type::Blob(_) => Self::Bytes,
            Type::Date => Self::Date,
            Type::Time(_) => Self::Time,
            Type::Datetime(_) => Self::Moment,
            Type::Timestamp(_) => Self::Instant,
            Type::Json => Self::Json,
            Type::Enum(members) => Self::Enum(members.clone()),
            Type::Other(_) => Self::Unknown,
        }
    }
}

/// Something that rows are read from, by the name that the statement has for it.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub name: String,
    pub columns: Vec<(String, Kind)>,
}

impl Relation {
    pub fn of_table(schema: &Schema, table: &Table, name: &str) -> Self {
        let kind = |column| {
            if storage::is_uuid(schema, table, column) {
                Kind::Uuid
            } else {
                Kind::of(&column.ty, column.collation.as_deref())
            }
        };
        let columns = table.columns.iter().map(|column| (column.name.clone(), kind(column))).collect();
        Self { name: name.to_owned(), columns }
    }

    fn column(&self, name: &str) -> Option<&(String, Kind)> {
        self.columns.iter().find(|(column, _)| names::same(column, name))
    }
}

/// The relations of one SELECT (or of one UPDATE …), and the names that it gives its results.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub relations: Vec<Relation>,
    pub results: Vec<(String, Kind, Sql)>,
}

/// A column that has been found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// What the statement calls the relation; `None` for a result's name.
    pub relation: Option<String>,
    /// The expression behind a result's name, which PostgreSQL takes at fewer places than MySQL.
    pub result: Option<Sql>,
    /// As the model spells it.
    pub name: String,
    pub kind: Kind,
}

/// Finds a column, innermost scope first.
pub(super) fn resolve(scopes: &[Scope], qualifier: Option<&str>, name: &str) -> Result<Found, Refusal> {
    for scope in scopes.iter().rev() {
        for relation in &scope.relations {
            if qualifier.is_some_and(|qualifier| !names::same(qualifier, &relation.name)) {
                continue;
            }
            if let Some((name, kind)) = relation.column(name) {
                return Ok(Found {
                    relation: Some(relation.name.clone()),
                    result: None,
                    name: name.clone(),
                    kind: kind.clone(),
                });
            }
            if qualifier.is_some() {
                return Err(Refusal::new(format!("{} has no column {name}.", relation.name)));
            }
        }
        if qualifier.is_none()
            && let Some((name, kind, sql)) =
                scope.results.iter().find(|(result, _, _)| names::same(result, name))
        {
            return Ok(Found {
                relation: None,
                result: Some(sql.clone()),
                name: name.clone(),
                kind: kind.clone(),
            });
        }
    }
    Err(Refusal::new(match qualifier {
        Some(qualifier) => {
            format!("There is no {qualifier} here that {qualifier}.{name} could be a column of.")
        }
        None if scopes.is_empty() => {
            format!("The name {name} cannot stand here, where only constants and functions can.")
        }
        None => format!("There is no column {name} here."),
    }))
}

/// What a value made of such values is: no longer a column.
pub(super) fn computed(kind: Kind) -> Kind {
    match kind {
        Kind::Enum(_) => Kind::COMPUTED_TEXT,
        kind => kind,
    }
}

/// The kind of value that a CAST to a type gives.
pub(super) fn cast_kind(data_type: &DataType) -> Kind {
    match data_type {
        DataType::Date => Kind::Date,
        DataType::Datetime(_) | DataType::Timestamp(..) => Kind::Moment,
        DataType::Time(..) => Kind::Time,
        DataType::JSON => Kind::Json,
        DataType::Binary(_) => Kind::Bytes,
        DataType::Signed
        | DataType::SignedInteger
        | DataType::Unsigned
        | DataType::UnsignedInteger
        | DataType::Integer(_)
        | DataType::Int(_) => Kind::Integer,
        _ => Kind::Number,
    }
}
