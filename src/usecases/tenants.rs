//! Creating tenants, finding them, and giving those that failed another chance.

use super::{
    actor::Actor,
    permissions::Permission,
    templates::Choice,
    tenant_names::free_slug,
    tenant_trouble::{no_engine, trouble_of},
};
use crate::{
    app::App,
    apply::{
        copy,
        placement::{self, NoPlace, Place, Wish},
        provision,
    },
    engine::DatabaseName,
    error::{Error, Result},
    schema::Schema,
    slug::Slug,
    store::{
        self, Scope, StoreError, Ticket,
        db::Write,
        events::{Doer, Event},
        invitations::Invitation,
        jobs::{Job, JobStatus, NewJob, Step},
        new_tenant::{self, NewTenant},
        tenant_accounts::Account,
        tenant_list::{Cursor, Filter, Sort, TenantPage},
        tenants::{Plan, Tenant},
    },
};
use std::collections::BTreeMap;
use uuid::Uuid;

pub use super::{
    life::retry,
    tenant_names::{Customer, NameCheck, check_name, customer, likely_address},
};

/// The form for a new tenant, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct CreateForm {
    /// The tenant's name.
    pub name: String,
    /// The owner's e-mail.
    pub email: String,
    /// What whoever asks for it wants to say about it; may be empty.
    pub note: String,
    /// `basic`, `premium` or `enterprise`.
    pub plan: String,
    /// The template type, such as `ngo`; its newest published version is taken.
    pub template: String,
    /// Optional modules by name. What they need is added.
    pub modules: Vec<String>,
    /// Where its database is to be, as [`Wish`] is written; empty for anywhere.
    pub place: String,
    /// Makes sending the form twice the same as sending it once.
    pub request_id: Option<Uuid>,
}

/// What came of asking for a tenant.
#[derive(Debug, Clone)]
pub struct Created {
    /// The tenant.
    pub tenant: Tenant,
    /// The job that makes it.
    pub job_id: Option<Uuid>,
    /// False where the same form was sent before.
    pub is_new: bool,
}

/// Asks for a tenant: its row, its database's name and its job are there, or nothing is. A form that was sent before has its
/// answer already, whatever has become of what it chooses from since.
pub async fn create(app: &App, actor: &Actor, form: CreateForm) -> Result<Created> {
    actor.must(Permission::CreateTenants)?;
    let request = form.request_id;
    match ask(app, actor, form).await {
        Ok(Asked::Now(created)) => Ok(*created),
        Ok(Asked::Before(cause)) => match request {
            Some(request) => requested_before(app, request).await?.ok_or_else(|| Error::internal(&cause)),
            None => Err(Error::internal(&cause)),
        },
        Err(error) => match request {
            Some(request) => requested_before(app, request).await?.ok_or(error),
            None => Err(error),
        },
    }
}

/// What came of asking.
enum Asked {
    /// The tenant is there.
    Now(Box<Created>),
    /// The control database has one of its request already.
    Before(StoreError),
}

async fn ask(app: &App, actor: &Actor, form: CreateForm) -> Result<Asked> {
    let (customer, mut fields) = match customer(&form.name, &form.email, &form.note) {
        Ok(customer) => (Some(customer), BTreeMap::new()),
        Err(fields) => (None, fields),
    };
    let plan = form.plan.parse::<Plan>().ok();
    if plan.is_none() {
        fields.insert("plan", "Choose a plan: basic, premium or enterprise.".to_owned());
    }
    let choice = match super::templates::choose(app, &form.template, &form.modules).await {
        Ok(choice) => Some(choice),
        Err(error) if !error.fields.is_empty() => {
            fields.extend(error.fields);
            None
        }
        Err(error) => return Err(error),
    };
    let wish = form.place.parse::<Wish>().ok();
    if wish.is_none() {
        fields.insert("place", "Choose where the tenant's database is to be.".to_owned());
    }
    let (Some(customer), Some(plan), Some(choice), Some(wish)) = (customer, plan, choice, wish) else {
        return Err(Error::invalid(fields));
    };
    insert(app, actor, customer, plan, &choice, (&wish, form.request_id)).await
}

/// The tenant that a request has led to, where it has.
pub(super) async fn requested_before(app: &App, request: Uuid) -> Result<Option<Created>> {
    let mut read = app.store.read().await?;
    let Some(tenant) = store::tenants::by_request(&mut read, request).await? else { return Ok(None) };
    let job = store::jobs::newest_of_tenant(&mut read, Scope::All, tenant.id).await?;
    Ok(Some(Created { tenant, job_id: job.map(|job| job.id), is_new: false }))
}

async fn insert(
    app: &App,
    actor: &Actor,
    customer: Customer,
    plan: Plan,
    choice: &Choice,
    (wish, request_id): (&Wish, Option<Uuid>),
) -> Result<Asked> {
    let id = app.new_id();
    let now = app.now_ms();
    let base = Slug::from_name(&customer.name);
    let mut write = app.store.write().await?;
    let first = base.candidates(1).next();
    let slug = first.as_deref().unwrap_or_default();
    let ground = new_tenant::ground(&mut write, choice.template_id, slug).await?;
    let Some(ground) = ground.filter(|ground| ground.is_active) else {
        let text = format!(
            "{} {} was retired a moment ago. Choose the template again.",
            choice.template_name, choice.version
        );
        return Err(Error::invalid(BTreeMap::from([("template", text)])));
    };
    let place = if ground.has_servers {
        placement::find(&mut write, wish, None).await?
    } else {
        placement::choose(wish, &[], None)
    };
    let place = place.map_err(|NoPlace(why)| Error::invalid(BTreeMap::from([("place", why)])))?;
    let slug = match first {
        Some(slug) if !ground.is_taken => slug,
        _ => free_slug(&mut write, &base, id).await?,
    };
    let new = NewTenant {
        id,
        database_name: DatabaseName::derive(&slug, id).to_string(),
        name: customer.name,
        slug,
        email: customer.email,
        note: customer.note,
        plan,
        template_id: choice.template_id,
        template_version: choice.version.clone(),
        modules: choice.modules.clone(),
        engine: match &place {
            Place::Own => app.engines.own().name(),
            Place::On(server) => server.product.word(),
        }
        .to_owned(),
        server_id: place.server_id(),
        request_id,
        created_by: actor.id(),
        created_ms: now,
    };
    if !ground.is_locked {
        store::templates::lock(&mut write, choice.template_id).await?;
    }
    let steps = provision::steps(&choice.module_order);
    let job = NewJob {
        id: app.new_id(),
        kind: provision::KIND,
        tenant_id: Some(id),
        other_tenant_id: None,
        params: provision::params(wish, &place),
        steps: &steps,
        created_by: actor.id(),
        created_ms: now,
    };
    let on = match &place {
        Place::Own => String::new(),
        Place::On(server) => format!(" on the server {}", server.name),
    };
    let sentence = format!("Asked for the tenant from {} {}{on}.", choice.template_name, choice.version);
    let kept = match add(write, &new, &job, (&actor.doer(), &sentence)).await {
        // The other half of a double click was faster.
        Err(cause) if cause.is_duplicate() => return Ok(Asked::Before(cause)),
        kept => kept?,
    };
    let server = match &place {
        Place::Own => None,
        Place::On(server) => Some(server.name.as_str()),
    };
    let tenant = new.added(&choice.template_type, &choice.template_name, server);
    app.fresh.put(&job, tenant.clone());
    // A worker may begin while the disk still writes: it gives nothing its name before the disk has this and its claim.
    app.wake.notify_one();
    kept.on_disk().await?;
    Ok(Asked::Now(Box::new(Created { tenant, job_id: Some(job.id), is_new: true })))
}

/// All rows of a new tenant and its job, in one go to the database.
async fn add(
    mut write: Write,
    new: &NewTenant,
    job: &NewJob<'_>,
    (doer, sentence): (&Doer, &str),
) -> std::result::Result<Ticket, StoreError> {
    new_tenant::add_later(&mut write, new).await?;
    if let Some(request) = new.request_id {
        store::tenant_drafts::fulfil(&mut write, request).await?;
    }
    store::events::record(&mut write, Some(new.id), new.created_ms, doer, "tenant_created", sentence).await?;
    store::jobs::add_for_new(&mut write, job).await?;
    write.commit_soon().await
}

fn no_such_tenant() -> Error {
    Error::not_found("There is no such tenant. Check the address, or look for it in the list.")
}

/// A tenant, for those who may see it. Others are told that there is none.
pub async fn find(app: &App, actor: &Actor, slug: &str) -> Result<Tenant> {
    let scope = actor.scope(Permission::SeeTenants)?;
    let mut read = app.store.read().await?;
    let found = store::tenants::by_slug(&mut read, scope, slug).await?;
    let tenant = match found {
        None => match slug.parse::<Uuid>() {
            Ok(id) => store::tenants::by_id(&mut read, scope, id).await?,
            Err(_) => None,
        },
        found => found,
    };
    tenant.ok_or_else(no_such_tenant)
}

/// Tenants on one page of the list, with an exact count up to [`COUNT_LIMIT`].
#[derive(Debug, Clone)]
pub struct List {
    /// The page.
    pub page: TenantPage,
    /// How many match, counted up to the limit.
    pub count: i64,
}

/// Matches are counted up to this number; beyond it the page says "more than".
pub const COUNT_LIMIT: u32 = 10_000;

/// A page of the tenants that the actor may see.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &Filter,
    sort: Sort,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<List> {
    let scope = actor.scope(Permission::SeeTenants)?;
    let mut read = app.store.read().await?;
    let page = store::tenant_list::list(
        &mut read,
        scope,
        filter,
        sort,
        cursor.filter(|cursor| cursor.sort == sort.word()),
        limit,
    )
    .await?;
    let count = store::tenant_list::count(&mut read, scope, filter, COUNT_LIMIT + 1).await?;
    Ok(List { page, count })
}

/// The newest job of a tenant with its steps. Owners see the one that makes the tenant, and nothing of what is done to it
/// afterwards.
pub async fn making(app: &App, actor: &Actor, slug: &str) -> Result<(Tenant, Option<(Job, Vec<Step>)>)> {
    let tenant = find(app, actor, slug).await?;
    let mut read = app.store.read().await?;
    let scope = actor.scope(Permission::SeeTenants)?;
    let Some(job) = store::jobs::newest_of_tenant(&mut read, scope, tenant.id).await? else {
        return Ok((tenant, None));
    };
    let makes = [provision::KIND, copy::CLONE, copy::RESTORE_NEW].contains(&job.kind.as_str());
    if !makes && actor.must(Permission::SeeJobs).is_err() {
        return Ok((tenant, None));
    }
    let steps = store::jobs::steps(&mut read, job.id).await?;
    Ok((tenant, Some((job, steps))))
}

/// How often, and how often at most, a page looks again at a job that has just begun: 400 ms in all. Most tenants are ready
/// sooner; their page shows the end at once, and not for a moment the steps of a job that is long over.
const SETTLE_LOOK: std::time::Duration = std::time::Duration::from_millis(20);
const SETTLE_LOOKS: usize = 20;

/// The same as [`making`], with a little patience for a job that has just begun.
pub async fn making_settled(
    app: &App,
    actor: &Actor,
    slug: &str,
) -> Result<(Tenant, Option<(Job, Vec<Step>)>)> {
    let is_new = |job: &Job| {
        job.attempt == 0
            && matches!(job.status, JobStatus::Queued | JobStatus::Running)
            && app.now_ms() - job.created_ms < 1_000
    };
    for _ in 0..SETTLE_LOOKS {
        let found = making(app, actor, slug).await?;
        if !found.1.as_ref().is_some_and(|(job, _)| is_new(job)) {
            return Ok(found);
        }
        tokio::time::sleep(SETTLE_LOOK).await;
    }
    making(app, actor, slug).await
}

/// What the overview of a tenant shows besides the tenant.
#[derive(Debug)]
pub struct Overview {
    /// The tenant.
    pub tenant: Tenant,
    /// The owner's invitation.
    pub invitation: Option<Invitation>,
    /// Where its application finds the database, as (label, value).
    pub address: Vec<(&'static str, String)>,
    /// Its account, where it lives on a server.
    pub account: Option<Account>,
    /// Bytes that the database takes.
    pub size: Option<u64>,
    /// What is the matter with the database, where something is.
    pub trouble: Option<Error>,
    /// The newest events.
    pub events: Vec<Event>,
    /// The titles of its modules, in order, each with whether it was chosen.
    pub modules: Vec<(String, bool)>,
}

/// How long a page waits for a tenant's database.
const LONGEST_LOOK: std::time::Duration = std::time::Duration::from_secs(3);

fn no_answer() -> Error {
    let cause = format!("no answer within {} seconds", LONGEST_LOOK.as_secs());
    Error::unavailable(
        "The database server of this tenant does not answer at the moment. Nothing is lost. Wait a moment, then look again.",
        &cause,
    )
}

/// The overview of a tenant.
pub async fn overview(app: &App, actor: &Actor, slug: &str) -> Result<Overview> {
    let tenant = find(app, actor, slug).await?;
    let mut read = app.store.read().await?;
    let invitation = store::invitations::of_tenant(&mut read, tenant.id).await?;
    let scope = actor.scope(Permission::SeeTenants)?;
    let events = store::events::list(&mut read, scope, Some(tenant.id), None, 5).await?;
    let name = database_name(&tenant)?;
    let exists = tenant.active_ms.is_some();
    let engine = app.engines.of(&tenant).await;
    let (mut trouble, mut address, mut size) = (None, Vec::new(), None);
    if exists {
        match &engine {
            Ok(engine) => {
                address = engine.address(&name);
                let looked = async {
                    match engine.check(&name, tenant.id).await {
                        Ok(()) => Ok(engine.size(&name).await),
                        Err(cause) => Err(cause),
                    }
                };
                match tokio::time::timeout(LONGEST_LOOK, looked).await {
                    Ok(Ok(found)) => size = found,
                    Ok(Err(cause)) => trouble = Some(trouble_of(&tenant, &cause)),
                    Err(_) => trouble = Some(no_answer()),
                }
            }
            Err(cause) => trouble = Some(no_engine(cause)),
        }
    }
    let modules = store::templates::modules(&mut read, tenant.template_id).await?;
    let account = match tenant.server_id {
        Some(_) => store::tenant_accounts::find(&mut read, tenant.id).await?,
        None => None,
    };
    Ok(Overview {
        trouble,
        account,
        modules: modules
            .iter()
            .filter(|module| module.is_core || tenant.modules.contains(&module.name))
            .map(|module| (module.title.clone(), !module.is_core))
            .collect(),
        invitation,
        events,
        address,
        size,
        tenant,
    })
}

/// Whether what lies in the place of a tenant's database is damaged, or not its own.
pub async fn is_damaged(app: &App, tenant: &Tenant) -> bool {
    let Ok(name) = database_name(tenant) else { return false };
    let Ok(engine) = app.engines.of(tenant).await else { return false };
    engine.check(&name, tenant.id).await.is_err_and(|cause| cause.is_damage())
}

pub(crate) fn database_name(tenant: &Tenant) -> Result<DatabaseName> {
    tenant.database_name.parse().map_err(|cause: String| Error::internal(&cause))
}

/// The live schema of a tenant that is ready.
pub async fn schema(app: &App, actor: &Actor, slug: &str) -> Result<(Tenant, Schema)> {
    let tenant = find(app, actor, slug).await?;
    if tenant.active_ms.is_none() {
        return Err(Error::conflict(
            "This tenant has no database yet. Its structure is shown once it is ready.",
        ));
    }
    let engine = app.engines.of(&tenant).await.map_err(|cause| no_engine(&cause))?;
    let mut session = engine
        .look(&database_name(&tenant)?, tenant.id)
        .await
        .map_err(|cause| trouble_of(&tenant, &cause))?;
    let schema = session.inspect().await;
    session.close().await;
    let schema = schema.map_err(|cause| trouble_of(&tenant, &cause))?;
    Ok((tenant, schema))
}

/// The history of a tenant, newest first; `before` goes on after the last of a page.
pub async fn history(
    app: &App,
    actor: &Actor,
    slug: &str,
    before: Option<i64>,
    limit: u32,
) -> Result<(Tenant, Vec<Event>)> {
    let tenant = find(app, actor, slug).await?;
    let scope = actor.scope(Permission::SeeTenants)?;
    let events =
        store::events::list(&mut *app.store.read().await?, scope, Some(tenant.id), before, limit).await?;
    Ok((tenant, events))
}
