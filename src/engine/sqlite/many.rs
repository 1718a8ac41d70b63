//! Reading the schemas of many tenants' files.
//!
//! A file costs one connection that only reads, and one statement: what `sqlite_schema` says of most files was said by another
//! before. Whatever is not plainly a tenant's open file in good order is looked at by itself, as everywhere else.

use super::{
    Sqlite,
    engine::options,
    inspect::{InspectError, Object, Seen, object, read_schema},
};
use crate::{
    engine::{DatabaseName, EngineError, Inspected, inspected::Said, together::with_the_rest},
    schema::Schema,
};
use futures_util::{StreamExt, stream};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use uuid::Uuid;

impl Sqlite {
    /// The schemas of tenants' files, in their order: as many at once as there are processors.
    pub(super) async fn inspect_many(
        &self,
        tenants: &[(DatabaseName, Uuid)],
    ) -> Vec<Result<Inspected, EngineError>> {
        let at_once = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let looks: Vec<_> = (0..)
            .zip(tenants)
            .map(
                |(place, (name, tenant))| async move { Some((place, self.read_plain(name, *tenant).await?)) },
            )
            .collect();
        let found = stream::iter(looks).buffered(at_once).filter_map(async |found| found).collect().await;
        with_the_rest(self, tenants, found).await
    }

    /// The schema of a tenant's open file; `None` where that is not all there is to it.
    async fn read_plain(&self, name: &DatabaseName, tenant: Uuid) -> Option<Inspected> {
        let file = self.file(name);
        if self.shut_file(name).is_file() || !file.is_file() {
            return None;
        }
        let mut connection = options(&file).read_only(true).connect().await.ok()?;
        let read = self.read_over(&mut connection, tenant).await;
        let _ = connection.close().await;
        read.inspect_err(|cause| tracing::debug!(%cause, %name, "A file is not read at once")).ok().flatten()
    }

    async fn read_over(
        &self,
        connection: &mut SqliteConnection,
        tenant: Uuid,
    ) -> Result<Option<Inspected>, InspectError> {
        let is_tenants = |told: &Told| told.owner == tenant.to_string();
        let Some(told) = Told::by(&mut *connection).await?.filter(is_tenants) else { return Ok(None) };
        if let Some(known) = self.known.get(&told.said) {
            return Ok(Some(known));
        }
        // The other questions have to be answered by the same content.
        let mut transaction = connection.begin().await?;
        let Some(told) = Told::by(&mut transaction).await?.filter(is_tenants) else { return Ok(None) };
        let said = told.said;
        let inspected = Inspected::from(told.schema(&mut transaction).await?);
        transaction.commit().await?;
        self.known.keep(said, &inspected);
        Ok(Some(inspected))
    }
}

/// What is asked of a file first, and of most files only.
#[doc(hidden)]
pub const TOLD: &str = "SELECT type, name, tbl_name, coalesce(sql, '') AS sql FROM sqlite_schema
    WHERE type IN ('table', 'view', 'trigger', 'index')
    UNION ALL SELECT 'owner', tenant_id, '', '' FROM tenantry_owner ORDER BY type, name";

/// A database as `sqlite_schema` tells of it. Files in which it says the same have the same schema.
struct Told {
    objects: Vec<Object>,
    /// A digest of that.
    said: [u8; 32],
    /// The tenant in the marker.
    owner: String,
}

impl Told {
    /// What a database with a marker of ours says, in one statement; `None` where there is no such marker, or the content was shut
    /// away.
    async fn by(connection: &mut SqliteConnection) -> Result<Option<Self>, InspectError> {
        let rows = sqlx::query(TOLD).fetch_all(connection).await?;
        let (mut objects, mut owners, mut is_shut) = (Vec::with_capacity(rows.len()), Vec::new(), false);
        let mut said = Said::default();
        for row in &rows {
            let object = object(row)?;
            if object.kind == "owner" {
                owners.push(object.name);
                continue;
            }
            is_shut |= object.name == "tenantry_shut";
            if object.is_the_tenants() {
                for text in [&object.kind, &object.name, &object.table, &object.sql] {
                    said.value(Some(text.as_bytes()));
                }
                objects.push(object);
            }
        }
        Ok(match owners.pop() {
            Some(owner) if owners.is_empty() && !is_shut => Some(Self { objects, said: said.end(), owner }),
            _ => None,
        })
    }

    /// The schema, on the connection that told of it; nothing is written meanwhile.
    async fn schema(self, connection: &mut SqliteConnection) -> Result<Schema, InspectError> {
        read_schema(connection, self.objects, &mut Seen::default()).await
    }
}
