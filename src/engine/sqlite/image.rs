//! The ready image of one template version with chosen modules: a database in memory that has all of the structure and no
//! rows. A tenant's own rows are put in, the bytes are taken out, and the image is as before.
//!
//! Measured against running everything in the tenant's file: the structure is made once and not for every tenant, its
//! statements stay prepared, and the file is written in one go.

use super::{
    engine::{away, options},
    session::{Base, OWN_TABLES, SqliteSession, check_references, run_all},
    split::{is_about_rows, part},
};
use crate::{
    engine::{EngineError, Session, Statement, TenantLock, Whole},
    sql::variables::Variables,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection};
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
        sqlx::raw_sql(OWN_TABLES).execute(&mut *transaction).await.map_err(trouble)?;
        for statement in parted.structure {
            let one = std::slice::from_ref(statement);
            run_all(&mut transaction, "image", one, &Variables::default(), Base::Scratch).await?;
        }
        transaction.commit().await.map_err(trouble)?;
        let schema = super::inspect(&mut connection)
            .await
            .map_err(|cause| away("The schema of a database in memory cannot be read", cause))?;
        let structure = structure(&mut connection).await?;
        let image = Image { connection: tokio::sync::Mutex::new(connection), rows: parted.rows, structure };
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
    ) -> Result<(Vec<u8>, Vec<Duration>), EngineError> {
        let mut connection = self.connection.lock().await;
        // Dropped early, the transaction is rolled back before the next one begins.
        let mut transaction = connection.begin().await.map_err(trouble)?;
        let took = self.put_in(&mut transaction, lock, whole).await?;
        // No row statement changes structure; should one do so after all, this tells.
        if structure(&mut transaction).await? != self.structure {
            return Err(EngineError::Dangling("The structure changed while rows were filled in".into()));
        }
        // The uncommitted rows are part of these bytes: SQLite gives them as this connection sees them.
        let bytes = transaction.serialize(None).await.map_err(trouble)?.to_vec();
        transaction.rollback().await.map_err(trouble)?;
        Ok((bytes, took))
    }

    async fn put_in(
        &self,
        connection: &mut SqliteConnection,
        lock: &TenantLock,
        whole: &Whole<'_>,
    ) -> Result<Vec<Duration>, EngineError> {
        super::session::write_owner(connection, lock).await.map_err(trouble)?;
        let marks = vec!["(?, ?, ?)"; whole.units.len()].join(", ");
        let text = format!("INSERT INTO tenantry_ledger (job_id, unit, statements) VALUES {marks}");
        let mut ledger = sqlx::query(AssertSqlSafe(text));
        for unit in whole.units {
            let statements = i64::try_from(unit.statements.len()).unwrap_or(i64::MAX);
            ledger = ledger.bind(lock.job_id.to_string()).bind(unit.key).bind(statements);
        }
        ledger.execute(&mut *connection).await.map_err(trouble)?;
        let mut took = Vec::new();
        for (unit, statements) in whole.units.iter().zip(&self.rows) {
            let start = Instant::now();
            if !statements.is_empty() {
                run_all(connection, unit.key, statements, unit.variables, Base::Image).await?;
                check_references(connection, unit.key).await?;
            }
            took.push(start.elapsed());
        }
        Ok(took)
    }
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
