//! A query with its values, in the words that every engine understands.

use super::{Connection, Result, Row, StoreError};
use std::borrow::Cow;

/// A value to bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// NULL.
    Null,
    /// A whole number; a truth value is 0 or 1.
    Int(i64),
    /// A text.
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}
impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Value::Int(i64::from(value))
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Int(i64::from(value))
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}
impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Value::Text(value.clone())
    }
}
impl From<uuid::Uuid> for Value {
    fn from(value: uuid::Uuid) -> Self {
        Value::Text(value.to_string())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// A query with its values.
#[derive(Debug)]
pub struct Query {
    pub(super) text: Cow<'static, str>,
    pub(super) values: Vec<Value>,
}

/// A query, its values marked by `?`.
pub fn sql(text: &'static str) -> Query {
    Query { text: Cow::Borrowed(text), values: Vec::new() }
}

/// A query put together at run time from fixed parts; values are still bound, never written into it.
pub fn sql_of(text: String) -> Query {
    Query { text: Cow::Owned(text), values: Vec::new() }
}

impl Query {
    /// Binds the next value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds a value that is a [`Value`] already.
    #[must_use]
    pub fn bind_value(mut self, value: Value) -> Self {
        self.values.push(value);
        self
    }

    /// Binds a value where there is one, such as that of a [`super::super::Scope`].
    #[must_use]
    pub fn bind_some(mut self, value: Option<Value>) -> Self {
        self.values.extend(value);
        self
    }

    /// Leaves it to be run with the next statement of this transaction, or at its commit. For a change whose number of rows
    /// nobody asks for, and that breaks no rule: an error would come up with that statement.
    pub async fn later(self, connection: &mut Connection) -> Result<()> {
        if connection.is_full() {
            self.run(connection).await?;
        } else {
            connection.kept.push(self);
        }
        Ok(())
    }

    /// Runs it; gives the number of rows changed.
    pub async fn run(self, connection: &mut Connection) -> Result<u64> {
        let query = connection.next(self).await?;
        let ran = connection.driver.run(query).await;
        connection.noted(ran)
    }

    /// Runs a change that may break a rule, where the transaction goes on all the same: it is then as if it was not run.
    pub async fn run_or_leave(self, connection: &mut Connection) -> Result<u64> {
        let Some((before, after, back)) = connection.driver.marks() else {
            return self.run(connection).await;
        };
        sql(before).run(connection).await?;
        match self.run(connection).await {
            Ok(changed) => {
                sql(after).later(connection).await?;
                Ok(changed)
            }
            Err(cause) => {
                sql(back).run(connection).await?;
                connection.is_taken_back = false;
                Err(cause)
            }
        }
    }

    /// Runs a statement without values that is said once and not again, such as one that makes a table.
    pub(in crate::store) async fn run_once(self, connection: &mut Connection) -> Result<()> {
        let query = connection.next(self).await?;
        let ran = connection.driver.run_once(query).await;
        connection.noted(ran)
    }

    /// All rows.
    pub async fn all(self, connection: &mut Connection) -> Result<Vec<Row>> {
        let query = connection.next(self).await?;
        let found = connection.driver.all(query).await;
        connection.noted(found)
    }

    /// The first row, where there is one.
    pub async fn first(self, connection: &mut Connection) -> Result<Option<Row>> {
        let query = connection.next(self).await?;
        let found = connection.driver.first(query).await;
        connection.noted(found)
    }

    /// The one row that there must be.
    pub async fn one(self, connection: &mut Connection) -> Result<Row> {
        self.first(connection).await?.ok_or(StoreError::Database(sqlx::Error::RowNotFound))
    }
}
