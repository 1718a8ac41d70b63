//! The ready image of one template version with chosen modules: a database in memory that has all of the structure and no
//! rows. A tenant's own rows are put in, the bytes are taken out, and the image is as before.
//!
//! Measured against running everything in the tenant's file: the structure is made once and not for every tenant, its
//! statements stay prepared, and the file is written in one go.

use super::{
    engine::{away, is_machine_trouble, options},
    session::{Base, LEDGER, OWNER, SqliteSession, check_references, run_all},
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
    connection: tokio::sync::Mutex<SqliteConnection>,
    /// For each unit, the statements that run for each tenant.
    rows: Vec<Vec<Statement>>,
    /// All of them, with the ledger's, as one text.
    text: String,
    /// SQLite's own number of the structure: it changes with every change of it.
    structure: i64,
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
        let mut connection = options(Path::new(":memory:")).connect().await.map_err(trouble)?;
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
        let image =
            Image { connection: tokio::sync::Mutex::new(connection), rows: parted.rows, text, structure };
        let lock = TenantLock { tenant_id: uuid::Uuid::nil(), job_id: uuid::Uuid::nil(), fence: 0 };
        let fast = {
            let mut connection = image.connection.lock().await;
            let mut transaction = connection.begin().await.map_err(trouble)?;
            image.put_in(&mut transaction, &lock, whole).await?;
            let fast = content(&mut transaction).await?;
            transaction.rollback().await.map_err(trouble)?;
            fast
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
        let mut connection = self.connection.lock().await;
        // Dropped early, the transaction is rolled back before the next one begins.
        let mut transaction = connection.begin().await.map_err(trouble)?;
        let took = self.put_in(&mut transaction, lock, whole).await?;
        // No row statement changes structure; should one do so after all, this tells.
        if structure(&mut transaction).await? != self.structure {
            return Err(EngineError::Dangling("The structure changed while rows were filled in".into()));
        }
        // The uncommitted rows are part of these bytes: SQLite gives them as this connection sees them.
        let bytes = transaction.serialize(None).await.map_err(trouble)?;
        transaction.rollback().await.map_err(trouble)?;
        Ok((bytes, took))
    }

    /// Puts a tenant's rows in. All statements go to the connection's thread in one message: handing them over one by one
    /// took longer than running them.
    async fn put_in(
        &self,
        connection: &mut SqliteConnection,
        lock: &TenantLock,
        whole: &Whole<'_>,
    ) -> Result<Vec<Duration>, EngineError> {
        let start = Instant::now();
        super::session::write_owner(connection, lock).await.map_err(trouble)?;
        let mut query = sqlx::query(AssertSqlSafe(self.text.clone()));
        for unit in whole.units {
            let statements = i64::try_from(unit.statements.len()).unwrap_or(i64::MAX);
            query = query.bind(lock.job_id.to_string()).bind(unit.key).bind(statements);
        }
        for (unit, statements) in whole.units.iter().zip(&self.rows) {
            for value in statements.iter().flat_map(|statement| &statement.values) {
                query = query.bind(unit.variables.fill(value));
            }
        }
        query.execute(&mut *connection).await.map_err(|cause| {
            if is_machine_trouble(&cause) {
                return trouble(cause);
            }
            // Run one by one afterwards, the statements say which of them it was.
            let unit = "all units at once".to_owned();
            EngineError::Statement { unit, index: 0, sql: self.text.clone(), cause: cause.to_string() }
        })?;
        check_references(connection, "its last part").await?;
        Ok(shares(start.elapsed(), &self.rows))
    }
}

/// The time of each unit: they run in one go, and share it by the number of their statements.
fn shares(all: Duration, rows: &[Vec<Statement>]) -> Vec<Duration> {
    let count = |statements: &Vec<Statement>| u32::try_from(statements.len()).unwrap_or(u32::MAX);
    let of = rows.iter().map(count).fold(0, u32::saturating_add).max(1);
    rows.iter().map(|statements| all.saturating_mul(count(statements)) / of).collect()
}

/// The statements that put in the rows of the ledger and of all units.
fn text(units: usize, rows: &[Vec<Statement>]) -> String {
    let marks = vec!["(?, ?, ?)"; units].join(", ");
    let mut text = format!("INSERT INTO tenantry_ledger (job_id, unit, statements) VALUES {marks}");
    for statement in rows.iter().flatten() {
        // On a line of its own: a statement may end with a comment.
        text.push_str("\n;\n");
        text.push_str(&statement.sql);
    }
    text
}

async fn structure(connection: &mut SqliteConnection) -> Result<i64, EngineError> {
    let row = sqlx::query("PRAGMA schema_version").fetch_one(connection).await.map_err(trouble)?;
    row.try_get_unchecked(0).map_err(trouble)
}

/// What two ways of making a database must agree in: the text of every object in order, and the number of rows of every
/// table. Values may differ by chance and time.
type Content = (Vec<String>, BTreeMap<String, i64>);

async fn content(connection: &mut SqliteConnection) -> Result<Content, EngineError> {
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
async fn unit_by_unit(whole: &Whole<'_>) -> Result<(Content, usize), EngineError> {
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
