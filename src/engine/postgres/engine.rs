//! What an engine does, on one server.
//!
//! A database, or a schema, comes to life under a name of its own for the making, gets its marker and ledger, and is then
//! renamed, which fails where something has its real name. So whatever has the real name is complete.

use super::{
    alone::Alone,
    marks::{self, Mark, not_marked},
    own,
    server::{Entry, Held, Postgres, away, code, failed, short},
    session::{Passing, PostgresSession},
    templates::{New, Plan},
};
use crate::{
    engine::{
        Capabilities, DatabaseName, Draft, Drafted, Engine, EngineError, Examined, Inspected, Marker, Origin,
        Presence, Saved, Session, SqlDialect, Statement, TenantLock, Whole, server::Isolation, standing,
    },
    schema::Schema,
    sql::operation::Operation,
};
use async_trait::async_trait;
use std::path::Path;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

/// The server's number for a password or an account that it does not take.
const REFUSED: [&str; 2] = ["28P01", "28000"];

impl Postgres {
    /// Enters a tenant's open database by its own role.
    pub(super) async fn enter_as_tenant(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
        place: OwnedSemaphorePermit,
    ) -> Result<Held, EngineError> {
        let secret = self.secrets.of(tenant).await?;
        let home = self.home(name.as_str(), name.as_str());
        let entry = Entry { home: &home, account: name.as_str(), password: &secret, acts_as: None };
        match self.enter(place, entry).await? {
            Ok(held) => Ok(held),
            // A role can give itself another password, and its application may have done so.
            Err((cause, place)) if code(&cause).is_some_and(|code| REFUSED.contains(&code.as_str())) => {
                self.give_password(&mut *self.admin().await?, name, &secret).await?;
                self.enter_or_fail(place, entry).await
            }
            // What a role without the right to enter is told: it is shut away in just this moment.
            Err((cause, _)) if code(&cause).as_deref() == Some("42501") => {
                Err(EngineError::Shut(name.to_string()))
            }
            Err((cause, _)) => Err(away("The tenant's database cannot be entered", cause)),
        }
    }

    async fn session(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
        lock: Option<TenantLock>,
    ) -> Result<PostgresSession, EngineError> {
        let place = self.place().await?;
        let presence = self.find(&mut *self.admin().await?, name).await?.presence();
        let (held, passing) = match presence {
            Presence::Absent => return Err(EngineError::Missing(name.to_string())),
            Presence::Ours(marker) if marker.tenant_id == tenant => {
                (self.enter_as_tenant(name, tenant, place).await?, Passing::nothing())
            }
            Presence::Shut(marker) if marker.tenant_id == tenant => {
                if lock.is_some() {
                    return Err(EngineError::Shut(name.to_string()));
                }
                self.enter_shut(name, place).await?
            }
            Presence::Ours(_) | Presence::Shut(_) | Presence::Foreign(_) => return Err(not_marked(name)),
        };
        let mut session = PostgresSession::new(held, lock, passing);
        match session.check_owner(name, tenant).await {
            Ok(()) => Ok(session),
            // A schema can get another name in just this moment; a database cannot while somebody is connected to it.
            Err(_) if self.has_schemas() && self.look_up(name).await? != presence => {
                Err(EngineError::Shut(name.to_string()))
            }
            Err(cause) => Err(cause),
        }
    }

    async fn enter_shut(
        &self,
        name: &DatabaseName,
        place: OwnedSemaphorePermit,
    ) -> Result<(Held, Passing), EngineError> {
        let mut admin = self.alone_on(name).await?;
        let guest = self
            .enter_as_guest(&mut admin, place, &marks::shut(name), (name.as_str(), &short(name.as_str())))
            .await?;
        let passing = Passing::guest(self.clone(), guest.name, guest.container);
        admin.release().await;
        Ok((guest.held, passing))
    }

    /// A session that only looks.
    pub(super) async fn looking(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
    ) -> Result<PostgresSession, EngineError> {
        let mut session = self.session(name, tenant, None).await?;
        session.only_look().await?;
        Ok(session)
    }

    /// Makes an empty database or schema aside, entered by its tenant's role.
    pub(super) async fn make_aside(
        &self,
        admin: &mut Alone,
        place: OwnedSemaphorePermit,
        name: &DatabaseName,
        lock: &TenantLock,
    ) -> Result<New, EngineError> {
        self.drop_tries(admin, name).await?;
        if self.has_schemas() {
            return self.make_schema(admin, place, self.making(name, lock), name, lock).await;
        }
        let (template, place) = self.empty_template(admin, place).await?;
        self.make_from(admin, place, (&template, self.making(name, lock)), name, lock).await
    }

    /// The same from any template, under any name.
    pub(super) async fn make_from(
        &self,
        admin: &mut Alone,
        place: OwnedSemaphorePermit,
        (template, aside): (&str, String),
        name: &DatabaseName,
        lock: &TenantLock,
    ) -> Result<New, EngineError> {
        let secret = self.secrets.of(lock.tenant_id).await?;
        // The server waits for its disk: the role is made meanwhile, where a connection for that is free.
        if let Some(mut second) = self.free_admin() {
            let role = async {
                let role = self.tenant_role(&mut second, name, lock.tenant_id, &secret).await?;
                self.run(&mut second, role).await
            };
            let (copied, made) = tokio::join!(self.copy_template(admin, template, &aside), role);
            copied.and(made)?;
        } else {
            let role = self.tenant_role(admin, name, lock.tenant_id, &secret).await?;
            self.run(admin, role).await?;
            self.copy_template(admin, template, &aside).await?;
        }
        let mark = self.comment_statement(&aside, &Mark::new(name, lock).comment());
        let plan = Plan { role: name.as_str(), secret: &secret, mark, aside, lock };
        self.take_over(admin, place, plan).await
    }

    /// Gives a database that is complete its name.
    pub(super) async fn give_name(
        &self,
        admin: &mut Alone,
        aside: &str,
        name: &DatabaseName,
    ) -> Result<(), EngineError> {
        let first = self.made_statements(aside, name.as_str());
        match self.try_rename(admin, aside, name.as_str(), (&first, "")).await? {
            Err(cause) if code(&cause).is_some_and(|code| code == "3D000" || code == "3F000") => {
                Err(EngineError::Missing(name.to_string()))
            }
            named => named.map_err(failed),
        }
    }

    async fn make(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let place = self.place().await?;
        let mut admin = self.alone_on(name).await?;
        let ours = Marker { tenant_id: lock.tenant_id, job_id: lock.job_id };
        match self.find(&mut admin, name).await?.presence() {
            Presence::Absent => {
                let new = self.make_aside(&mut admin, place, name, lock).await?;
                new.held.close_with(&mut admin).await;
                self.give_name(&mut admin, &new.aside, name).await?;
            }
            Presence::Ours(marker) if marker == ours => self.drop_tries(&mut admin, name).await?,
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!(
                    "The database {name} belongs to another tenant or job"
                )));
            }
            Presence::Foreign(why) => return Err(EngineError::Foreign(why)),
        }
        admin.release().await;
        Ok(())
    }

    async fn change_password(
        &self,
        name: &DatabaseName,
        lock: &TenantLock,
        password: &str,
    ) -> Result<(), EngineError> {
        let place = self.place().await?;
        let mut admin = self.alone_on(name).await?;
        let content = self.find(&mut admin, name).await?.content(name, lock.tenant_id)?;
        drop(self.fence(&mut admin, place, (name, &content), lock).await?);
        self.give_password(&mut admin, name, password).await?;
        admin.release().await;
        Ok(())
    }
}

#[async_trait]
impl Engine for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            transactional_ddl: true,
            accounts: true,
            whole: true,
            column_places: false,
            name_limit: 63,
            shutting: match self.isolation {
                Isolation::Database => {
                    "Its database gets another name that its account may not enter, and connections that are open are ended."
                }
                Isolation::Schema => {
                    "Its schema gets another name and is closed to its account, and connections that are open are ended."
                }
            },
        }
    }

    fn dialect(&self) -> SqlDialect {
        SqlDialect::Postgres
    }

    fn render(
        &self,
        before: &Schema,
        operation: &Operation,
        after: &Schema,
    ) -> Result<Vec<Statement>, String> {
        super::render(before, operation, after).map_err(|refusal| refusal.reason)
    }

    fn change(&self, found: &Schema, wanted: &Schema) -> Result<Vec<Statement>, String> {
        standing::refuse_blind_triggers(found, wanted)?;
        super::change::change(found, wanted).map_err(|refusal| refusal.reason)
    }

    fn split_own(&self, text: &str) -> Result<Vec<(Statement, usize)>, (usize, String)> {
        own::split(text)
    }

    async fn look_up(&self, name: &DatabaseName) -> Result<Presence, EngineError> {
        Ok(self.find(&mut *self.admin().await?, name).await?.presence())
    }

    async fn create(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        self.make(name, lock).await
    }

    async fn draft(
        &self,
        name: &DatabaseName,
        lock: &TenantLock,
        whole: &Whole<'_>,
    ) -> Result<Drafted, EngineError> {
        self.make_draft(name, lock, whole).await
    }

    async fn publish(&self, draft: &Draft) -> Result<(), EngineError> {
        self.publish_draft(draft).await
    }

    async fn remove(&self, name: &DatabaseName, marker: &Marker) -> Result<bool, EngineError> {
        self.remove_made(name, marker).await
    }

    async fn shut(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        self.shut_away(name, lock).await
    }

    async fn reopen(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        self.let_in(name, lock).await
    }

    async fn create_from(
        &self,
        origin: Origin<'_>,
        name: &DatabaseName,
        lock: &TenantLock,
    ) -> Result<(), EngineError> {
        self.copy_to(origin, name, lock).await
    }

    async fn save(&self, name: &DatabaseName, tenant: Uuid, file: &Path) -> Result<Saved, EngineError> {
        self.save_to(name, tenant, file).await
    }

    async fn check_saved(&self, file: &Path, tenant: Uuid) -> Result<(), EngineError> {
        super::archive::check(file, tenant).await
    }

    async fn forget_shut(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        self.forget(name, tenant).await
    }

    async fn remove_all(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        self.remove_whole(name, tenant).await
    }

    async fn open(&self, name: &DatabaseName, lock: &TenantLock) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(self.session(name, lock.tenant_id, Some(*lock)).await?))
    }

    async fn look(&self, name: &DatabaseName, tenant: Uuid) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(self.looking(name, tenant).await?))
    }

    async fn inspect_all(&self, tenants: &[(DatabaseName, Uuid)]) -> Vec<Result<Inspected, EngineError>> {
        self.inspect_many(tenants).await
    }

    async fn scratch(&self) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(self.make_scratch().await?))
    }

    fn address(&self, name: &DatabaseName) -> Vec<(&'static str, String)> {
        let mut address =
            vec![("Host", self.options.get_host().to_owned()), ("Port", self.options.get_port().to_string())];
        match self.isolation {
            Isolation::Database => address.push(("Database", name.to_string())),
            Isolation::Schema => {
                address.push(("Database", self.own_database().to_owned()));
                address.push(("Schema", name.to_string()));
            }
        }
        address.push(("Account", name.to_string()));
        address
    }

    async fn size(&self, name: &DatabaseName) -> Option<u64> {
        self.bytes(name, &marks::shut(name)).await
    }

    async fn set_password(
        &self,
        name: &DatabaseName,
        lock: &TenantLock,
        password: &str,
    ) -> Result<(), EngineError> {
        self.change_password(name, lock, password).await
    }

    async fn examine(&self) -> Result<Examined, EngineError> {
        self.examine_server().await
    }

    async fn sweep(&self) -> Result<u64, EngineError> {
        self.sweep_all().await
    }
}
