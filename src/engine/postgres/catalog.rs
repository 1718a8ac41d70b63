//! What the server's catalog says of schemas, of one or of many in the same answers. The questions are in `questions.rs`.

use super::{
    names::text,
    questions::{COLUMNS, CONSTRAINTS, FUNCTIONS, INDEXES, ODDITIES, RELATIONS, TRIGGERS},
};
use crate::engine::inspected::Said;
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::collections::BTreeMap;

/// A row whose columns are all texts or NULL; the first is the schema.
pub(super) struct Texts(PgRow);

impl Texts {
    pub(super) fn new(row: PgRow) -> Self {
        Self(row)
    }

    fn peek(&self, place: usize) -> Result<Option<&str>, sqlx::Error> {
        self.0.try_get(place)
    }

    pub(super) fn maybe(&self, place: usize) -> Result<Option<String>, sqlx::Error> {
        Ok(self.peek(place)?.map(str::to_owned))
    }

    pub(super) fn text(&self, place: usize) -> Result<String, sqlx::Error> {
        Ok(self.maybe(place)?.unwrap_or_default())
    }

    pub(super) fn is_true(&self, place: usize) -> Result<bool, sqlx::Error> {
        Ok(self.peek(place)? == Some("true"))
    }

    /// Names that are written as an array of JSON.
    pub(super) fn names(&self, place: usize) -> Result<Vec<String>, sqlx::Error> {
        let written = self.peek(place)?.unwrap_or("[]");
        serde_json::from_str(written).map_err(|cause| sqlx::Error::Decode(cause.into()))
    }
}

/// Kinds of things that the catalog tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Catalog {
    /// Tables and views: name, comment, and a view's query.
    Relations,
    Constraints,
    Indexes,
    Columns,
    Functions,
    Triggers,
    /// What the model has no place for, by table, and what belongs to no table.
    Oddities,
}

impl Catalog {
    pub(super) const ALL: [Catalog; 7] = [
        Catalog::Relations,
        Catalog::Constraints,
        Catalog::Indexes,
        Catalog::Columns,
        Catalog::Functions,
        Catalog::Triggers,
        Catalog::Oddities,
    ];

    /// The question; its value is an array of schemas' names.
    pub(super) fn question(self) -> &'static str {
        match self {
            Catalog::Relations => RELATIONS,
            Catalog::Constraints => CONSTRAINTS,
            Catalog::Indexes => INDEXES,
            Catalog::Columns => COLUMNS,
            Catalog::Functions => FUNCTIONS,
            Catalog::Triggers => TRIGGERS,
            Catalog::Oddities => ODDITIES,
        }
    }

    /// The question about one schema, where it is one of many in a text.
    pub(super) fn question_about(self, schema: &str) -> String {
        let one = format!("ARRAY[{}]", text(schema));
        self.question().replace("$1", &one)
    }
}

/// All that the catalog says of one schema.
#[derive(Default)]
pub(super) struct Answers(BTreeMap<Catalog, Vec<Texts>>);

impl Answers {
    /// Asks everything about schemas. Those that have nothing in them are not among the answers.
    pub(super) async fn ask(
        connection: &mut PgConnection,
        schemas: &[&str],
    ) -> Result<BTreeMap<String, Answers>, sqlx::Error> {
        let names: Vec<String> = schemas.iter().map(|name| (*name).to_owned()).collect();
        let mut all: BTreeMap<String, Answers> = BTreeMap::new();
        for catalog in Catalog::ALL {
            for row in sqlx::query(catalog.question()).bind(&names).fetch_all(&mut *connection).await? {
                let row = Texts::new(row);
                match row.peek(0)?.and_then(|schema| all.get_mut(schema)) {
                    Some(answers) => answers.add(catalog, row),
                    None => all.entry(row.text(0)?).or_default().add(catalog, row),
                }
            }
        }
        Ok(all)
    }

    pub(super) fn add(&mut self, catalog: Catalog, row: Texts) {
        self.0.entry(catalog).or_default().push(row);
    }

    pub(super) fn of(&self, catalog: Catalog) -> &[Texts] {
        self.0.get(&catalog).map(Vec::as_slice).unwrap_or_default()
    }

    /// A digest of everything that was said, but for the schema's name.
    pub(super) fn said(&self) -> Result<[u8; 32], sqlx::Error> {
        let mut said = Said::default();
        for catalog in Catalog::ALL {
            let rows = self.of(catalog);
            said.number(rows.len());
            for row in rows {
                if catalog == Catalog::Functions {
                    said.value(row.peek(1)?.map(str::as_bytes));
                    said.value(Some(function(row)?.as_bytes()));
                    continue;
                }
                for place in 1..row.0.len() {
                    said.value(row.peek(place)?.map(str::as_bytes));
                }
            }
        }
        Ok(said.end())
    }
}

/// A function's definition without the schema that it is in: it is the same function in every tenant's.
pub(super) fn function(row: &Texts) -> Result<String, sqlx::Error> {
    let (definition, home) = (row.peek(2)?.unwrap_or_default().trim(), row.peek(3)?.unwrap_or_default());
    for head in ["CREATE OR REPLACE FUNCTION ", "CREATE OR REPLACE PROCEDURE "] {
        let rest = definition.strip_prefix(head).and_then(|rest| rest.strip_prefix(home)?.strip_prefix('.'));
        if let Some(rest) = rest {
            return Ok(format!("{head}{rest}"));
        }
    }
    Ok(definition.to_owned())
}
