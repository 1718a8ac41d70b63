//! Copies of databases: into a file, and from a file or another database into a new one.

use super::{
    archive,
    home::Home,
    marks::{self, Found, not_marked},
    server::{Postgres, away, failed},
    session::Passing,
    snapshot::PostgresReading,
    templates::New,
};
use crate::engine::{DatabaseName, EngineError, Marker, Origin, Presence, Reading, Saved, TenantLock};
use sqlx::{AssertSqlSafe, PgConnection};
use std::{fs, path::Path};
use uuid::Uuid;

impl Postgres {
    /// Saves a database, open or shut away, as it is at one moment.
    pub(super) async fn save_to(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
        file: &Path,
    ) -> Result<Saved, EngineError> {
        let (held, passing): (_, Passing) = self.looking(name, tenant).await?.into_parts();
        let mut reading = PostgresReading::begin(held, passing).await?;
        let saved = archive::write(&mut reading, tenant, file).await;
        Box::new(reading).close().await;
        saved
    }

    /// Makes a database with the content of another, or finds it made.
    pub(super) async fn copy_to(
        &self,
        origin: Origin<'_>,
        name: &DatabaseName,
        lock: &TenantLock,
    ) -> Result<(), EngineError> {
        if !wants(&self.find(&mut *self.admin().await?, name).await?, name, lock)? {
            return Ok(());
        }
        match origin {
            Origin::File(file, from) => {
                archive::check(file, from).await?;
                self.copy_file(file, from, name, lock).await
            }
            Origin::Database(source, from) => {
                fs::create_dir_all(&self.folder)
                    .map_err(|cause| away("The folder of copies cannot be made", cause))?;
                let file = self.folder.join(format!("{}-{}.copy", lock.job_id, lock.fence));
                let saved = self.save_to(source, from, &file).await;
                let copied = match saved {
                    Ok(_) => self.copy_file(&file, from, name, lock).await,
                    Err(cause) => Err(cause),
                };
                let _ = fs::remove_file(&file);
                copied
            }
        }
    }

    async fn copy_file(
        &self,
        file: &Path,
        from: Uuid,
        name: &DatabaseName,
        lock: &TenantLock,
    ) -> Result<(), EngineError> {
        let mut place = self.place().await?;
        let mut admin = self.alone_on(name).await?;
        let found = self.find(&mut admin, name).await?;
        if !wants(&found, name, lock)? {
            self.drop_tries(&mut admin, name).await?;
            admin.release().await;
            return Ok(());
        }
        if found.shut.is_some() {
            place = self.fence(&mut admin, place, (name, &marks::shut(name)), lock).await?;
        }
        let New { aside, mut held } = self.make_aside(&mut admin, place, name, lock).await?;
        self.run(&mut admin, self.made_statements(&aside, name.as_str())).await?;
        let home = held.home.clone();
        let put = self.fill(&mut held.connection, &home, (file, from), lock).await;
        held.close_with(&mut admin).await;
        put?;
        self.give_name(&mut admin, &aside, name).await?;
        admin.release().await;
        Ok(())
    }

    async fn fill(
        &self,
        connection: &mut PgConnection,
        home: &Home,
        (file, from): (&Path, Uuid),
        lock: &TenantLock,
    ) -> Result<(), EngineError> {
        archive::put(connection, home, file).await?;
        self.count()?;
        let own = home.own();
        let sql = format!("INSERT INTO {own}.tenantry_ledger (job_id, unit, statements) VALUES ($1, $2, 0)");
        sqlx::query(AssertSqlSafe(sql))
            .bind(lock.job_id.to_string())
            .bind(format!("copied from {from}"))
            .execute(connection)
            .await
            .map(|_| ())
            .map_err(failed)
    }
}

/// Whether there is a copy to be made; an error where something else has its place.
fn wants(found: &Found, name: &DatabaseName, lock: &TenantLock) -> Result<bool, EngineError> {
    let mine = Marker { tenant_id: lock.tenant_id, job_id: lock.job_id };
    match (&found.place, found.shut) {
        (Presence::Ours(marker), _) if *marker == mine => Ok(false),
        (Presence::Absent, None) => Ok(true),
        (Presence::Absent, Some(shut)) if shut.tenant_id == lock.tenant_id => Ok(true),
        (Presence::Absent, Some(_)) => Err(not_marked(name)),
        (Presence::Ours(_) | Presence::Shut(_), _) => {
            Err(EngineError::Foreign(format!("The database {name} belongs to another tenant or job")))
        }
        (Presence::Foreign(why), _) => Err(EngineError::Foreign(why.clone())),
    }
}
