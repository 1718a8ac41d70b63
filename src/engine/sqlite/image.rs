//! The ready image of one template version with chosen modules: a database in memory that has all of the structure and no
//! rows. A tenant's own rows are put in, the bytes are taken out, and the image is as before.
//!
//! Measured against running everything in the tenant's file: the structure is made once and not for every tenant, its
//! statements stay prepared, and the file is written in one go.

use super::{
    engine::{away, is_machine_trouble, options},
    session::{Base, INSERT_OWNER, LEDGER, OWNER, SqliteSession, run_all},
    split::{is_about_rows, part},
};
use crate::{
    engine::{EngineError, Session, Statement, TenantLock, Whole},
    sql::variables::Variables,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection, sqlite::SqliteOwnedBuf};
use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

/// How many images are kept. Each is a database in memory with a thread of its own.
const MOST: usize = 12;

/// The images of this process by their keys; `None` where there can be none.
#[derive(Debug, Clone, Default)]
pub(super) struct Images(Arc<Mutex<BTreeMap<String, Cell>>>);

type Cell = Arc<OnceCell<Option<Arc<Image>>>>;

impl Images {
    /// The image of a whole, made where it is asked for first.
    pub(super) async fn of(&self, whole: &Whole<'_>) -> Result<Option<Arc<Image>>, EngineError> {
        let cell = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOST && !kept.contains_key(whole.key) {
                kept.clear();
            }
            Arc::clone(kept.entry(whole.key.to_owned()).or_default())
        };
        cell.get_or_try_init(|| Image::make(whole)).await.cloned()
    }
}

/// See the module.
pub(super) struct Image {
    place: tokio::sync::Mutex<Place>,
    /// For each unit, the statements that run for each tenant.
    rows: Vec<Vec<Statement>>,
    /// What is run for each tenant, as one text: a transaction that begins, whose the database is, the ledger's rows, all
    /// of these statements, and what is asked about them.
    text: String,
    /// The same where the rows of the tenant before have to be taken out first.
    text_again: String,
    /// SQLite's own number of the structure: it changes with every change of it.
    structure: i64,
}

/// The database of an image, and what is in it.
struct Place {
    connection: SqliteConnection,
    content: Content,
}

/// What is in an image's database beside its structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Nothing.
    Nothing,
    /// The rows of a tenant, in a transaction that is taken back with the next tenant's.
    Rows,
    /// Something that was cut off.
    Unknown,
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image").field("structure", &self.structure).finish_non_exhaustive()
    }
}

fn trouble(cause: sqlx::Error) -> EngineError {
    away("A database in memory cannot be used", cause)
}

impl Image {
    /// Makes an image and holds it against the slow way; `None` where the two would not be the same.
    async fn make(whole: &Whole<'_>) -> Result<Option<Arc<Image>>, EngineError> {
        let (slow, before_rows) = unit_by_unit(whole).await?;
        let units: Vec<&[Statement]> = whole.units.iter().map(|unit| unit.statements).collect();
        let Some(parted) = part(&units, before_rows) else {
            tracing::info!("A template mixes structure and rows: its tenants are made unit by unit");
            return Ok(None);
        };
        let mut connection =
            options(Path::new(":memory:")).disable_statement_logging().connect().await.map_err(trouble)?;
        let mut transaction = connection.begin().await.map_err(trouble)?;
        sqlx::raw_sql(OWNER).execute(&mut *transaction).await.map_err(trouble)?;
        sqlx::raw_sql(LEDGER).execute(&mut *transaction).await.map_err(trouble)?;
        for statement in parted.structure {
            let one = std::slice::from_ref(statement);
            run_all(&mut transaction, "image", one, &Variables::default(), Base::Scratch).await?;
        }
        transaction.commit().await.map_err(trouble)?;
        let schema = super::inspect(&mut connection)
            .await
            .map_err(|cause| away("The schema of a database in memory cannot be read", cause))?;
        let structure = structure(&mut connection).await?;
        let text = text(whole.units.len(), &parted.rows);
        let text_again = format!("ROLLBACK;\n{text}");
        let place = tokio::sync::Mutex::new(Place { connection, content: Content::Nothing });
        let image = Image { place, rows: parted.rows, text, text_again, structure };
        let lock = TenantLock { tenant_id: uuid::Uuid::nil(), job_id: uuid::Uuid::nil(), fence: 0 };
        let fast = {
            let mut place = image.place.lock().await;
            image.put_in(&mut place, &lock, whole).await?;
            content(&mut place.connection).await?
        };
        if schema.fingerprint() != whole.schema_hash || fast != slow {
            tracing::warn!("A template's image differs from what its units make: they are used instead");
            return Ok(None);
        }
        Ok(Some(Arc::new(image)))
    }

    /// The bytes of a tenant's database, and how long each unit took.
    pub(super) async fn fill(
        &self,
        lock: &TenantLock,
        whole: &Whole<'_>,
    ) -> Result<(SqliteOwnedBuf, Vec<Duration>), EngineError> {
        let mut place = self.place.lock().await;
        let took = self.put_in(&mut place, lock, whole).await?;
        // The uncommitted rows are part of these bytes: SQLite gives them as this connection sees them.
        let bytes = place.connection.serialize(None).await.map_err(trouble)?;
        Ok((bytes, took))
    }

    /// Puts a tenant's rows in the place of those before it. All statements go to the connection's thread in one message:
    /// handing them over one by one took longer than running them.
    async fn put_in(
        &self,
        place: &mut Place,
        lock: &TenantLock,
        whole: &Whole<'_>,
    ) -> Result<Vec<Duration>, EngineError> {
        let start = Instant::now();
        if place.content == Content::Unknown {
            // Where there is no transaction any more, there is nothing to be taken back.
            let _ = sqlx::raw_sql("ROLLBACK").execute(&mut place.connection).await;
            place.content = Content::Nothing;
        }
        let text = if place.content == Content::Rows { &self.text_again } else { &self.text };
        let mut query = sqlx::query(AssertSqlSafe(text.clone()));
        query = query.bind(lock.tenant_id.to_string()).bind(lock.job_id.to_string()).bind(lock.fence);
        for unit in whole.units {
            let statements = i64::try_from(unit.statements.len()).unwrap_or(i64::MAX);
            query = query.bind(lock.job_id.to_string()).bind(unit.key).bind(statements);
        }
        for (unit, statements) in whole.units.iter().zip(&self.rows) {
            for value in statements.iter().flat_map(|statement| &statement.values) {
                query = query.bind(unit.variables.fill(value));
            }
        }
        place.content = Content::Unknown;
        let answers = query.fetch_all(&mut place.connection).await.map_err(|cause| {
            if is_machine_trouble(&cause) {
                return trouble(cause);
            }
            // Run one by one afterwards, the statements say which of them it was.
            let unit = "all units at once".to_owned();
            EngineError::Statement { unit, index: 0, sql: self.text.clone(), cause: cause.to_string() }
        })?;
        place.content = Content::Rows;
        let asked = answers.last().ok_or_else(|| trouble(sqlx::Error::RowNotFound))?;
        let text = |index: usize| asked.try_get_unchecked::<Option<String>, _>(index).map_err(trouble);
        if let (Some(table), parent) = (text(1)?, text(2)?) {
            let parent = parent.unwrap_or_default();
            return Err(EngineError::Dangling(format!(
                "Rows of {table} refer to rows of {parent} that are not there"
            )));
        }
        // No row statement changes structure; should one do so after all, this tells.
        if asked.try_get_unchecked::<i64, _>(0).map_err(trouble)? != self.structure {
            return Err(EngineError::Dangling("The structure changed while rows were filled in".into()));
        }
        Ok(shares(start.elapsed(), &self.rows))
    }
}

/// The time of each unit: they run in one go, and share it by the number of their statements.
fn shares(all: Duration, rows: &[Vec<Statement>]) -> Vec<Duration> {
    let count = |statements: &Vec<Statement>| u32::try_from(statements.len()).unwrap_or(u32::MAX);
    let of = rows.iter().map(count).fold(0, u32::saturating_add).max(1);
    rows.iter().map(|statements| all.saturating_mul(count(statements)) / of).collect()
}

/// What is asked when all rows are in: the number of the structure, and a table with a reference to nothing with what it
/// refers to.
const ASKED: &str = "SELECT (SELECT schema_version FROM pragma_schema_version), dangling, referred
FROM (SELECT 1) LEFT JOIN (SELECT \"table\" AS dangling, parent AS referred FROM pragma_foreign_key_check LIMIT 1) ON TRUE";

/// See [`Image::text`].
fn text(units: usize, rows: &[Vec<Statement>]) -> String {
    let marks = vec!["(?, ?, ?)"; units].join(", ");
    let mut text = format!(
        "BEGIN;\n{INSERT_OWNER};\nINSERT INTO tenantry_ledger (job_id, unit, statements) VALUES {marks}"
    );
    for statement in rows.iter().flatten() {
        // On a line of its own: a statement may end with a comment.
        text.push_str("\n;\n");
        text.push_str(&statement.sql);
    }
    text.push_str("\n;\n");
    text.push_str(ASKED);
    text
}

async fn structure(connection: &mut SqliteConnection) -> Result<i64, EngineError> {
    let row = sqlx::query("PRAGMA schema_version").fetch_one(connection).await.map_err(trouble)?;
    row.try_get_unchecked(0).map_err(trouble)
}

/// What two ways of making a database must agree in: the text of every object in order, and the number of rows of every
/// table. Values may differ by chance and time.
type Made = (Vec<String>, BTreeMap<String, i64>);

async fn content(connection: &mut SqliteConnection) -> Result<Made, EngineError> {
    let objects = sqlx::query("SELECT type, name, COALESCE(sql, '') FROM sqlite_schema ORDER BY type, name")
        .fetch_all(&mut *connection)
        .await
        .map_err(trouble)?;
    let mut texts = Vec::new();
    let mut numbers = BTreeMap::new();
    for object in &objects {
        let part = |index: usize| object.try_get_unchecked::<String, _>(index).map_err(trouble);
        let (kind, name, sql) = (part(0)?, part(1)?, part(2)?);
        if kind == "table" {
            let text = format!("SELECT COUNT(*) FROM \"{}\"", name.replace('"', "\"\""));
            let row = sqlx::query(AssertSqlSafe(text)).fetch_one(&mut *connection).await.map_err(trouble)?;
            numbers.insert(name.clone(), row.try_get_unchecked(0).map_err(trouble)?);
        }
        texts.push(format!("{kind} {name} {sql}"));
    }
    Ok((texts, numbers))
}

/// What the units make one after the other, and how many statements come before the first row.
async fn unit_by_unit(whole: &Whole<'_>) -> Result<(Made, usize), EngineError> {
    let mut session = SqliteSession::scratch().await?;
    let mut before_rows = 0;
    let mut has_rows = false;
    for unit in whole.units {
        for statement in unit.statements {
            let one = std::slice::from_ref(statement);
            let rows = run_all(session.connection(), unit.key, one, unit.variables, Base::Scratch).await?;
            // A rebuild copies the rows of a table that has none yet: that is structure still.
            has_rows |= is_about_rows(statement) && (rows > 0 || !statement.values.is_empty());
            before_rows += usize::from(!has_rows);
        }
        let empty = crate::engine::Unit { statements: &[], ..*unit };
        session.apply(empty).await?;
    }
    let content = content(session.connection()).await?;
    Box::new(session).close().await;
    Ok((content, before_rows))
}
