//! Reading everything in a tenant's database as it is at one moment, row by row. However large a table is, no more than
//! a few rows of it are in memory.

use super::EngineError;
use async_trait::async_trait;
use std::{collections::BTreeMap, io};

/// A value as the database holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a binary fraction.
    Real(f64),
    /// A text. Databases do not always see to it that it is UTF-8, so it is bytes here.
    Text(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// A column that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadColumn {
    /// Its name.
    pub name: String,
    /// Whether the database computes it from others, so that it is read but never written.
    pub is_computed: bool,
}

/// A table that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadTable {
    /// Its name.
    pub name: String,
    /// Its columns, first to last.
    pub columns: Vec<ReadColumn>,
    /// How many rows it has at this moment.
    pub rows: u64,
}

/// What takes rows: it gets the values in the order of the table's columns, and says no by an error.
pub type RowSink<'a> = dyn FnMut(&[Value<'_>]) -> io::Result<()> + Send + 'a;

/// What writes a row of a table as a statement.
pub type Inserter = fn(&ReadTable, &[Value<'_>], &mut dyn io::Write) -> io::Result<()>;

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Whoever took the rows.
    #[error(transparent)]
    Sink(#[from] io::Error),
}

/// A tenant's database at one moment. Nobody who writes to it meanwhile changes what is read, or has to wait for the end.
#[async_trait]
pub trait Reading: Send {
    /// The tenant's tables, without Tenantry's own, in an order in which the rows that others refer to come first; where
    /// tables refer to each other in a circle, one of them has to begin.
    fn tables(&self) -> &[ReadTable];

    /// Gives every row of a table to `sink`, in the order of its key. Answers how many there were.
    async fn rows(&mut self, table: &ReadTable, sink: &mut RowSink<'_>) -> Result<u64, ReadError>;

    /// The statements that come before the rows in a dump of these tables: they begin a transaction and make the tables.
    /// `only` is one table's name, or everything.
    fn opening(&self, only: Option<&str>) -> String;

    /// Writes the statement that puts a row back, with its line end.
    fn inserter(&self) -> Inserter;

    /// The statements that come after the rows: counters, indexes, views, triggers, and the end of the transaction.
    fn closing(&self, only: Option<&str>) -> String;

    /// Ends it; a reading that is dropped ends by itself a little later.
    async fn close(self: Box<Self>);
}

/// Tables with those first that others refer to; in a circle, the first by name begins. `parents` has names in small letters.
pub(super) fn in_order(
    mut left: BTreeMap<String, ReadTable>,
    parents: &BTreeMap<String, Vec<String>>,
) -> Vec<ReadTable> {
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waits = |name: &String| {
            let own = name.to_lowercase();
            parents.get(&own).is_some_and(|parents| {
                parents
                    .iter()
                    .any(|parent| *parent != own && left.keys().any(|other| other.to_lowercase() == *parent))
            })
        };
        let next = left.keys().find(|name| !waits(name)).or_else(|| left.keys().next()).cloned();
        ordered.extend(next.and_then(|name| left.remove(&name)));
    }
    ordered
}
