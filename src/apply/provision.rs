//! Making a tenant: from a reserved name to a database that is ready, or back to nothing.

use super::{
    account,
    placement::{self, Place, Wish},
    template,
    work::{self, Outcome, Prepared, StepError, StoreResult, Words, Work},
};
use crate::{
    app::App,
    clock::timestamp,
    engine::{
        Applied, DatabaseName, Drafted, Engine, EngineError, Marker, Presence, TenantLock, Unit, Whole,
    },
    engines::NoEngine,
    schema::difference::differences,
    sql::variables::Variables,
    store::{
        self, Connection, StoreError,
        jobs::{Claim, Job, Problem},
        servers::Tried,
        tenants::{Status, Tenant},
    },
    templates::compile::Compiled,
};
use async_trait::async_trait;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::OnceCell;

/// The kind of these jobs.
pub const KIND: &str = "provision";

/// What the owner's row holds until the invitation is taken up. It is no hash of any known scheme, so no password fits.
pub const NO_PASSWORD: &str = "!invitation-not-taken-up";

/// What a job of this kind is told: where the tenant may go instead, if its server cannot be reached.
pub fn params(wish: &Wish, place: &Place) -> serde_json::Value {
    match place {
        Place::On(_) if wish.is_open() => serde_json::json!({ "place": wish.to_string() }),
        _ => serde_json::Value::Null,
    }
}

/// What is to be done at one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind<'a> {
    Reserve,
    CreateDatabase,
    Account,
    CoreSchema,
    Module(&'a str),
    Seed,
    TenantInfo,
    Ledger,
    Verify,
    InviteOwner,
    Activate,
}

fn kind(name: &str) -> Option<Kind<'_>> {
    Some(match name {
        "reserve" => Kind::Reserve,
        "create_database" => Kind::CreateDatabase,
        "account" => Kind::Account,
        "core_schema" => Kind::CoreSchema,
        "seed" => Kind::Seed,
        "tenant_info" => Kind::TenantInfo,
        "ledger" => Kind::Ledger,
        "verify" => Kind::Verify,
        "invite_owner" => Kind::InviteOwner,
        "activate" => Kind::Activate,
        other => Kind::Module(other.strip_prefix("module:")?),
    })
}

/// The steps that make a tenant with these modules (name, title), as (name, title for people).
pub fn steps(modules: &[(String, String)]) -> Vec<(String, String)> {
    let step = |name: &str, title: &str| (name.to_owned(), title.to_owned());
    let mut steps = vec![
        step("reserve", "Reserve its name"),
        step("create_database", "Make its database"),
        step("account", "Give it an account"),
        step("core_schema", "Add the basic tables"),
    ];
    steps.extend(modules.iter().map(|(name, title)| (format!("module:{name}"), format!("Add {title}"))));
    steps.extend([
        step("seed", "Fill in the first rows"),
        step("tenant_info", "Note what it was made from"),
        step("ledger", "Open its ledger of changes"),
        step("verify", "Check that everything is as the template says"),
        step("invite_owner", "Prepare the owner's invitation"),
        step("activate", "Open it for use"),
    ]);
    steps
}

/// The note of a database that was checked.
fn as_expected(compiled: &Compiled) -> String {
    format!("{} tables, as expected.", compiled.expected.tables.len())
}

/// The kind of job that makes a tenant.
pub struct Provision;

const WORDS: Words = Words {
    title: "Set up a tenant",
    going: ("Setting up ", ""),
    done: ("", " is ready"),
    done_sentence: "Everything is in place. The tenant can be used.",
    undoing: "What was made so far is being removed.",
    failed: "It could not be set up. Nothing of it is left behind.",
    failed_advice: "What was made of it has been removed. Nothing is left behind, and you can try again.",
    stuck: "It could not be set up, and what was made of it could not be removed.",
};

#[async_trait]
impl work::Kind for Provision {
    fn name(&self) -> &'static str {
        KIND
    }

    fn words(&self) -> &'static Words {
        &WORDS
    }

    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError> {
        let Some(id) = job.tenant_id else { return Ok(None) };
        let tenant = store::tenants::by_id(&mut *app.store.read().await?, store::Scope::All, id).await?;
        let Some(tenant) = tenant else { return Ok(None) };
        self.load_of(app, job, claim, tenant).await
    }

    async fn load_of(
        &self,
        app: &App,
        job: &Job,
        claim: Claim,
        tenant: Tenant,
    ) -> Result<Option<Box<dyn Work>>, StoreError> {
        let engine = app.engines.of(&tenant).await;
        Ok(Some(Box::new(Making {
            app: app.clone(),
            engine,
            moved: OnceCell::new(),
            elsewhere: job.params["place"].as_str().and_then(|text| text.parse().ok()),
            tenant,
            compiled: OnceCell::new(),
            claim,
            started_ms: job.started_ms.unwrap_or(job.created_ms),
        })))
    }
}

/// Everything that the steps of one tenant need.
struct Making {
    app: App,
    /// The engine that the tenant is placed on.
    engine: Result<Arc<dyn Engine>, NoEngine>,
    /// The engine that it went to instead.
    moved: OnceCell<Arc<dyn Engine>>,
    /// Where it may go instead.
    elsewhere: Option<Wish>,
    tenant: Tenant,
    /// Its template version with its modules, in the engine's dialect; got when the first step asks for it.
    compiled: OnceCell<Arc<Compiled>>,
    claim: Claim,
    /// When its job began.
    started_ms: i64,
}

impl Making {
    fn lock(&self) -> TenantLock {
        TenantLock { tenant_id: self.tenant.id, job_id: self.claim.job_id, fence: self.claim.fence }
    }

    fn marker(&self) -> Marker {
        Marker { tenant_id: self.tenant.id, job_id: self.claim.job_id }
    }

    fn name(&self) -> Result<DatabaseName, StepError> {
        self.tenant.database_name.parse().map_err(|detail: String| StepError::Failed {
            may_pass: false,
            plain: "The tenant's database has a name that cannot be used.".into(),
            detail,
        })
    }

    fn engine(&self) -> Result<&dyn Engine, NoEngine> {
        if let Some(moved) = self.moved.get() {
            return Ok(moved.as_ref());
        }
        self.engine.as_ref().map(AsRef::as_ref).map_err(Clone::clone)
    }

    fn variables(&self) -> Variables {
        let tenant = &self.tenant;
        Variables::from([
            ("TENANT_ID", tenant.id.to_string()),
            ("TENANT_SLUG", tenant.slug.clone()),
            ("TENANT_NAME", tenant.name.clone()),
            ("OWNER_EMAIL", tenant.email.clone()),
            ("CURRENT_TIMESTAMP", timestamp(self.app.now_ms())),
            ("SET_ON_APP", NO_PASSWORD.to_owned()),
            ("TEMPLATE_NAME", tenant.template_name.clone()),
            ("TEMPLATE_VERSION", tenant.template_version.clone()),
        ])
    }

    async fn compiled(&self) -> Result<&Compiled, StepError> {
        let engine = self.engine()?;
        let get = || template::compiled(&self.app, engine, self.tenant.template_id, &self.tenant.modules);
        Ok(self.compiled.get_or_try_init(get).await?)
    }

    async fn apply(&self, key: &str) -> Result<Outcome, StepError> {
        let compiled = self.compiled().await?;
        let Some(unit) = compiled.units.iter().find(|unit| unit.key == key) else {
            return Err(StepError::Failed {
                may_pass: false,
                plain: "The template has changed since this tenant was asked for.".into(),
                detail: format!("the template version has no part {key}"),
            });
        };
        let variables = self.variables();
        let mut session = self.engine()?.open(&self.name()?, &self.lock()).await?;
        let applied = session.apply(Unit { key, statements: &unit.statements, variables: &variables }).await;
        session.close().await;
        Ok(Outcome::Done(match applied? {
            Applied::Before => None,
            Applied::Now { .. } if unit.statements.is_empty() => None,
            Applied::Now { .. } => Some(unit.summary.clone()),
        }))
    }

    /// Nothing of the tenant is anywhere yet, so where its server cannot be reached, it can go to another one.
    async fn reserve(&self) -> Result<Outcome, StepError> {
        let name = self.name()?;
        let found = match self.engine() {
            Ok(engine) => engine.look_up(&name).await.map_err(StepError::from),
            Err(cause) => Err(cause.into()),
        };
        let found = match found {
            Err(StepError::Failed { may_pass: true, plain, detail }) => {
                match self.go_elsewhere(&detail).await? {
                    Some(note) => return Ok(Outcome::Done(Some(note))),
                    None => return Err(StepError::Failed { may_pass: true, plain, detail }),
                }
            }
            other => other?,
        };
        match found {
            Presence::Absent => Ok(Outcome::Done(None)),
            Presence::Ours(marker) if marker == self.marker() => Ok(Outcome::Done(None)),
            Presence::Ours(_) | Presence::Shut(_) => {
                Err(EngineError::Foreign(format!("The database {name} belongs to another tenant or job"))
                    .into())
            }
            Presence::Foreign(why) => Err(EngineError::Foreign(format!(
                "There is already something under the name {name}, and {why}"
            ))
            .into()),
        }
    }

    /// Places the tenant on another server, where it was to be on any and there is one that answers; says so in a note.
    async fn go_elsewhere(&self, detail: &str) -> Result<Option<String>, StepError> {
        let (Some(wish), Some(away)) = (&self.elsewhere, self.tenant.server_id) else { return Ok(None) };
        let app = &self.app;
        let mut read = app.store.read().await?;
        let Some(from) = store::servers::by_id(&mut read, away).await? else { return Ok(None) };
        let Ok(Place::On(to)) = placement::find(&mut read, wish, Some(away)).await? else { return Ok(None) };
        drop(read);
        let engine = app.engines.on(&to)?;
        if !matches!(engine.look_up(&self.name()?).await, Ok(Presence::Absent)) {
            return Ok(None);
        }
        let mut write = app.store.write().await?;
        if !store::jobs::is_ours(&mut write, self.claim).await? {
            return Err(StepError::Stale);
        }
        let now = app.now_ms();
        let tried = Tried { tried_ms: now, product: None, problem: Some(detail.to_owned()), scratch: None };
        store::servers::set_tried(&mut write, away, &tried).await?;
        store::tenants::place(&mut write, self.tenant.id, to.product.word(), to.id).await?;
        let sentence = format!("{} could not be reached, so the tenant goes to {}.", from.name, to.name);
        let doer = store::events::Doer::program();
        store::events::record(&mut write, Some(self.tenant.id), now, &doer, "tenant_placed", &sentence)
            .await?;
        write.commit().await?;
        let _ = self.moved.set(engine);
        Ok(Some(sentence))
    }

    /// Names the unit that opens the ledger of changes.
    fn baseline(&self, compiled: &Compiled) -> String {
        format!(
            "baseline {} {} {} [{}]",
            self.tenant.template_type,
            self.tenant.template_version,
            compiled.source_hash,
            compiled.modules.join(" ")
        )
    }

    async fn open_ledger(&self) -> Result<Outcome, StepError> {
        let key = self.baseline(self.compiled().await?);
        let mut session = self.engine()?.open(&self.name()?, &self.lock()).await?;
        let applied =
            session.apply(Unit { key: &key, statements: &[], variables: &Variables::default() }).await;
        session.close().await;
        applied?;
        Ok(Outcome::Done(None))
    }

    async fn verify(&self) -> Result<Outcome, StepError> {
        let compiled = self.compiled().await?;
        let mut session = self.engine()?.open(&self.name()?, &self.lock()).await?;
        let found = session.inspect().await;
        session.close().await;
        let found = found?;
        let hash = found.fingerprint();
        if hash != compiled.expected_hash {
            let all = differences(&compiled.expected, &found);
            let detail =
                all.iter().map(|difference| difference.sentence.as_str()).collect::<Vec<_>>().join("\n");
            return Err(StepError::Failed {
                may_pass: false,
                plain: "The finished database is not what the template says it should be.".into(),
                detail,
            });
        }
        let mut write = self.app.store.write().await?;
        let now = self.app.now_ms();
        store::tenants::set_schema(&mut write, self.tenant.id, &hash, &compiled.snapshot, now).await?;
        write.commit().await?;
        Ok(Outcome::Done(Some(as_expected(compiled))))
    }

    async fn activate(&self) -> Result<Outcome, StepError> {
        let compiled = self.compiled().await?;
        let mut write = self.app.store.write().await?;
        if !store::jobs::is_ours(&mut write, self.claim).await? {
            return Err(StepError::Stale);
        }
        self.open_for_use(&mut write, compiled, self.app.now_ms()).await?;
        write.commit().await?;
        Ok(Outcome::Done(None))
    }

    async fn invite(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()> {
        let id = self.app.new_id();
        store::invitations::ensure(write, id, self.tenant.id, &self.tenant.email, now_ms).await
    }

    async fn open_for_use(
        &self,
        write: &mut Connection,
        compiled: &Compiled,
        now_ms: i64,
    ) -> StoreResult<()> {
        let id = self.tenant.id;
        let from = [Status::Pending, Status::Provisioning];
        // Found active already means that this step ran before and only its record is missing.
        if !store::tenants::set_status(write, id, &from, Status::Active).await? {
            return Ok(());
        }
        store::tenants::set_ready_moment(write, id, now_ms).await?;
        let took = now_ms - self.started_ms;
        let tables: Vec<String> = compiled.expected.tables.keys().cloned().collect();
        let what = format!("{} {}", self.tenant.template_type, self.tenant.template_version);
        store::tenants::add_history(write, id, &what, true, took, &tables, "Made from the template").await?;
        let doer = store::events::Doer::program();
        let sentence = "Made the tenant's database. The tenant is ready.";
        store::events::record(write, Some(id), now_ms, &doer, "tenant_ready", sentence).await
    }

    async fn failed(&self, write: &mut Connection, sentence: &str, now_ms: i64) -> StoreResult<()> {
        let id = self.tenant.id;
        let from = [Status::Pending, Status::Provisioning];
        store::tenants::set_status(write, id, &from, Status::Failed).await?;
        let doer = store::events::Doer::program();
        store::events::record(write, Some(id), now_ms, &doer, "tenant_failed", sentence).await
    }
}

#[async_trait]
impl Work for Making {
    fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    fn words(&self) -> &'static Words {
        &WORDS
    }

    async fn run(&self, step: &str) -> Result<Outcome, StepError> {
        match kind(step) {
            Some(Kind::Reserve) => self.reserve().await,
            Some(Kind::CreateDatabase) => {
                let engine = self.engine()?;
                account::ensure(&self.app, engine, &self.tenant).await?;
                engine.create(&self.name()?, &self.lock()).await?;
                Ok(Outcome::Done(None))
            }
            Some(Kind::Account) => Ok(account::outcome(self.engine()?)),
            Some(Kind::CoreSchema | Kind::Module(_) | Kind::Seed | Kind::TenantInfo) => {
                self.apply(step).await
            }
            Some(Kind::Ledger) => self.open_ledger().await,
            Some(Kind::Verify) => self.verify().await,
            Some(Kind::InviteOwner) => {
                let mut write = self.app.store.write().await?;
                self.invite(&mut write, self.app.now_ms()).await?;
                write.commit().await?;
                Ok(Outcome::Done(None))
            }
            Some(Kind::Activate) => self.activate().await,
            None => Err(StepError::unknown_step(step)),
        }
    }

    /// What is inside the database goes with the database.
    async fn undo(&self, step: &str) -> Result<Outcome, StepError> {
        match kind(step) {
            Some(Kind::CreateDatabase) => {
                let removed = match self.engine()?.remove(&self.name()?, &self.marker()).await {
                    Ok(removed) => removed,
                    // Not ours, so not ours to remove: taking back is done.
                    Err(EngineError::Foreign(why)) => return Ok(Outcome::Skipped(why)),
                    Err(cause) => return Err(cause.into()),
                };
                Ok(Outcome::Done(removed.then(|| "The half-made database was removed.".to_owned())))
            }
            Some(Kind::InviteOwner) => {
                let mut write = self.app.store.write().await?;
                store::invitations::withdraw(&mut write, self.tenant.id).await?;
                write.commit().await?;
                Ok(Outcome::Done(None))
            }
            // The name stays reserved for this tenant for ever; everything else is in the database, or is nothing.
            Some(
                Kind::Reserve
                | Kind::Account
                | Kind::CoreSchema
                | Kind::Module(_)
                | Kind::Seed
                | Kind::TenantInfo
                | Kind::Ledger
                | Kind::Verify
                | Kind::Activate,
            )
            | None => Ok(Outcome::Done(None)),
        }
    }

    fn can_be_at_once(&self) -> bool {
        self.engine().is_ok_and(|engine| engine.capabilities().whole)
    }

    async fn prepare(&self) -> Result<Option<Prepared>, StepError> {
        let compiled = self.compiled().await?;
        let variables = self.variables();
        let baseline = self.baseline(compiled);
        let none = Variables::default();
        let mut units: Vec<Unit<'_>> = compiled
            .units
            .iter()
            .map(|unit| Unit { key: &unit.key, statements: &unit.statements, variables: &variables })
            .collect();
        units.push(Unit { key: &baseline, statements: &[], variables: &none });
        let key = format!("{} {}", compiled.source_hash, compiled.modules.join(" "));
        let whole = Whole { key: &key, units: &units, schema_hash: &compiled.expected_hash };
        let engine = self.engine()?;
        account::ensure(&self.app, engine, &self.tenant).await?;
        let draft = match engine.draft(&self.name()?, &self.lock(), &whole).await? {
            Drafted::Ready(draft) => draft,
            Drafted::Stepwise => return Ok(None),
        };
        let mut steps = BTreeMap::new();
        for (unit, took) in compiled.units.iter().zip(&draft.took) {
            let note = (!unit.statements.is_empty()).then(|| unit.summary.clone());
            steps.insert(unit.key.clone(), (Outcome::Done(note), *took));
        }
        steps.insert("account".into(), (account::outcome(engine), Duration::ZERO));
        steps.insert("verify".into(), (Outcome::Done(Some(as_expected(compiled))), Duration::ZERO));
        Ok(Some(Prepared { draft, steps }))
    }

    async fn publish(&self, prepared: &Prepared) -> Result<(), StepError> {
        Ok(self.engine()?.publish(&prepared.draft).await?)
    }

    async fn published(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()> {
        let Some(compiled) = self.compiled.get() else { return Ok(()) };
        let hash = &compiled.expected_hash;
        store::tenants::set_schema(write, self.tenant.id, hash, &compiled.snapshot, now_ms).await?;
        self.invite(write, now_ms).await?;
        self.open_for_use(write, compiled, now_ms).await
    }

    // Its last step opens it for use before that is recorded: a tenant in use is never taken down here.
    fn is_settled(&self) -> bool {
        self.tenant.status == Status::Active
    }

    async fn begun(&self, write: &mut Connection) -> StoreResult<()> {
        let from = [Status::Pending];
        store::tenants::move_status(write, self.tenant.id, &from, Status::Provisioning).await
    }

    async fn ended(&self, _: &mut Connection, _: i64) -> StoreResult<()> {
        Ok(())
    }

    async fn try_failed(
        &self,
        write: &mut Connection,
        job: &Job,
        problem: &Problem,
        now_ms: i64,
    ) -> StoreResult<()> {
        let tenant = &self.tenant;
        let what = format!("{} {}", tenant.template_type, tenant.template_version);
        let took = job.started_ms.map_or(0, |started| now_ms - started);
        let notes = format!("{} Reference {}.", problem.plain, problem.reference);
        store::tenants::add_history(write, tenant.id, &what, false, took, &[], &notes).await
    }

    async fn taken_back(&self, write: &mut Connection, reason: &str, now_ms: i64) -> StoreResult<()> {
        let sentence = format!("Could not make the tenant: {reason} What there was of it has been removed.");
        self.failed(write, &sentence, now_ms).await
    }

    async fn stuck(&self, write: &mut Connection, problem: &Problem, now_ms: i64) -> StoreResult<()> {
        let sentence = format!(
            "Could not make the tenant, and could not remove what there was of it: {} Reference {}.",
            problem.plain, problem.reference
        );
        self.failed(write, &sentence, now_ms).await
    }
}
