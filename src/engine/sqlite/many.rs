//! Reading the schemas of many tenants' files.
//!
//! A file costs one connection that only reads, and one statement: what `sqlite_schema` says of most files was said by another
//! before. Whatever is not plainly a tenant's open file in good order is looked at by itself, as everywhere else.

use super::{
    Sqlite,
    engine::options,
    inspect::{InspectError, Told},
};
use crate::engine::{DatabaseName, EngineError, Inspected, together::with_the_rest};
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
