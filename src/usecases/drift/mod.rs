//! Unexpected changes: whether tenants' databases are what they should be, and what becomes of what differs. Start at
//! [`of_tenant`] for one tenant, [`fleet`] for all, [`runs`] for checks of many.

mod decide;
mod fleet;
mod group;
mod repair;
pub mod runs;
mod target;

pub use decide::{Ignore, adopt, ignore, stop_ignoring};
pub use fleet::{Fleet, GroupPage, fleet, group};
pub use group::{Decision, decide};
pub use repair::{Planned, Whom, plans, repair};
pub use target::{ALL, Target};

use super::{actor::Actor, permissions::Permission, tenants::find};
use crate::{
    app::App,
    apply::{drift as apply, work::StepError},
    error::{Error, Result},
    schema::{self, Schema, plain::plain_object, text::describe},
    store::{
        self,
        drift::{LastCheck, Noted, runs::CHECKED},
        tenants::Tenant,
    },
    usecases::tenant_trouble::no_engine,
};

/// What is known of a tenant's database beside what it should be.
#[derive(Debug, Clone)]
pub struct Report {
    /// The tenant.
    pub tenant: Tenant,
    /// The last check.
    pub last: Option<LastCheck>,
    /// What differed then, the worst first.
    pub differences: Vec<Noted>,
    /// Objects that are its own, as (kind, object).
    pub own: Vec<(String, String)>,
}

/// What is known of a tenant.
pub async fn of_tenant(app: &App, actor: &Actor, slug: &str) -> Result<Report> {
    actor.must(Permission::SeeDrift)?;
    let tenant = find(app, actor, slug).await?;
    let mut read = app.store.read().await?;
    let own = store::customizations::of_tenants(&mut read, &[tenant.id]).await?;
    let own =
        own.into_values().flatten().map(|own| (own.kind.to_string(), plain_object(&own.object))).collect();
    Ok(Report {
        last: store::drift::last_of(&mut read, tenant.id).await?,
        differences: store::drift::of_tenant(&mut read, tenant.id).await?,
        own,
        tenant,
    })
}

/// Looks at a tenant's database now. Where that is not possible, the report says why.
pub async fn check(app: &App, actor: &Actor, slug: &str) -> Result<Report> {
    actor.must(Permission::CheckDrift)?;
    let tenant = find(app, actor, slug).await?;
    must_be_there(&tenant)?;
    let began = app.now_ms();
    let outcomes = apply::look_at(app, std::slice::from_ref(&tenant)).await?;
    let mut write = app.store.write().await?;
    if store::drift::busy(&mut write, &[tenant.id], began).await?.contains(&tenant.id) {
        return Err(Error::conflict(format!(
            "Something is being done to {} at this moment, so what was found says nothing. Check it again when that has ended.",
            tenant.name
        )));
    }
    store::drift::record(&mut write, &outcomes, app.now_ms()).await?;
    write.commit().await?;
    of_tenant(app, actor, slug).await
}

/// Refuses a tenant that has no database to look at.
fn must_be_there(tenant: &Tenant) -> Result<()> {
    if CHECKED.contains(&tenant.status) {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "{} is {}, so there is no database to look at.",
        tenant.name,
        super::life::state_words(tenant.status)
    )))
}

/// What a tenant's schema should be and what it is, read now.
pub async fn schemas(app: &App, actor: &Actor, slug: &str) -> Result<(Tenant, Schema, Schema)> {
    actor.must(Permission::SeeDrift)?;
    let tenant = find(app, actor, slug).await?;
    must_be_there(&tenant)?;
    let engine = app.engines.of(&tenant).await.map_err(|cause| no_engine(&cause))?;
    let expected = apply::expected(app, engine.as_ref(), &tenant).await.map_err(cannot)?;
    let found = apply::look(engine.as_ref(), &tenant).await.map_err(cannot)?;
    Ok((tenant, expected.schema().clone(), found))
}

/// Two tenants' schemas, read now, for those who may see both.
pub async fn two_schemas(
    app: &App,
    actor: &Actor,
    one: &str,
    other: &str,
) -> Result<((Tenant, Schema), (Tenant, Schema))> {
    let read = |slug: String| async move {
        let tenant = find(app, actor, &slug).await?;
        must_be_there(&tenant)?;
        let engine = app.engines.of(&tenant).await.map_err(|cause| no_engine(&cause))?;
        let found = apply::look(engine.as_ref(), &tenant).await.map_err(cannot)?;
        Ok::<_, Error>((tenant, found))
    };
    actor.must(Permission::SeeDrift)?;
    Ok((read(one.to_owned()).await?, read(other.to_owned()).await?))
}

/// The text of a schema in the plan's words, and its differences to another, the first being what is expected.
pub fn compared(expected: &Schema, found: &Schema) -> (String, Vec<schema::Difference>) {
    (describe(found), schema::differences(expected, found))
}

/// A step's trouble as what a person is told.
fn cannot(trouble: StepError) -> Error {
    match trouble {
        StepError::Failed { plain, detail, .. } => Error::unavailable(plain, &detail),
        StepError::Stale => {
            Error::conflict("Something is being done to this tenant at this moment. Try again in a moment.")
        }
    }
}
