//! The account that a tenant's application has on a database server: its first password, and giving it another one.

use super::{
    ground::{Ground, steps},
    work::{Kind, Outcome, StepError, StoreResult, Words, Work},
};
use crate::{
    app::App,
    engine::Engine,
    store::{
        self, Connection, StoreError,
        jobs::{Claim, Job},
        tenant_accounts::{self, Account},
        tenants::Tenant,
    },
};
use async_trait::async_trait;

const NO_ACCOUNTS: &str = "This engine keeps each tenant in a file of its own and has no accounts.";

/// Sees to it that a tenant has a password before its account is made, where the engine has accounts.
pub(super) async fn ensure(app: &App, engine: &dyn Engine, tenant: &Tenant) -> Result<(), StepError> {
    if !engine.capabilities().accounts {
        return Ok(());
    }
    if tenant_accounts::find(&mut *app.store.read().await?, tenant.id).await?.is_some() {
        return Ok(());
    }
    let sealed = app.engines.new_password(tenant.id)?;
    let mut write = app.store.write().await?;
    tenant_accounts::add(&mut write, tenant.id, &sealed, app.now_ms()).await?;
    Ok(write.commit().await?)
}

/// What the step says that gives a new tenant its account, which is made with the database.
pub(super) fn outcome(engine: &dyn Engine) -> Outcome {
    if engine.capabilities().accounts {
        Outcome::Done(Some("Its password is kept encrypted, and is shown once.".into()))
    } else {
        Outcome::Skipped(NO_ACCOUNTS.into())
    }
}

/// The kind of job that gives a tenant's account another password.
pub struct NewPassword;

/// Its name.
pub const KIND: &str = "new_password";

/// Its steps.
pub fn password_steps() -> Vec<(String, String)> {
    steps(&[("choose", "Choose a new password"), ("set", "Give it to the account")])
}

const WORDS: Words = Words {
    title: "Give a tenant's account a new password",
    going: ("Giving the account of ", " a new password"),
    done: ("The account of ", " has a new password"),
    done_sentence: "The old password does not work any more. Show the new one on the tenant's page, and give it to its application.",
    undoing: "The old password is being given back.",
    failed: "The account could not get a new password. The old one works as before.",
    failed_advice: "The old password works as before, and you can try again.",
    stuck: "The account could not get a new password, and it is not known which one it has.",
};

#[async_trait]
impl Kind for NewPassword {
    fn name(&self) -> &'static str {
        KIND
    }

    fn words(&self) -> &'static Words {
        &WORDS
    }

    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError> {
        let ground = Ground::load(app, job, claim).await?;
        Ok(ground.map(|ground| -> Box<dyn Work> { Box::new(Changing(ground)) }))
    }
}

struct Changing(Ground);

impl Changing {
    async fn account(&self) -> Result<Account, StepError> {
        let ground = &self.0;
        let mut read = ground.app.store.read().await?;
        tenant_accounts::find(&mut read, ground.tenant.id).await?.ok_or_else(|| {
            StepError::lasting("This tenant has no account.", "there is no row in tenant_accounts")
        })
    }

    async fn choose(&self) -> Result<Outcome, StepError> {
        let ground = &self.0;
        self.account().await?;
        let sealed = ground.app.engines.new_password(ground.tenant.id)?;
        let mut write = ground.app.store.write().await?;
        // Chosen before a crash, it stays.
        tenant_accounts::prepare(&mut write, ground.tenant.id, &sealed).await?;
        write.commit().await?;
        Ok(Outcome::Done(None))
    }

    async fn give(&self, sealed: &str) -> Result<(), StepError> {
        let ground = &self.0;
        let password = ground.app.engines.open_password(ground.tenant.id, sealed)?;
        Ok(ground.engine()?.set_password(&ground.name()?, &ground.lock(), &password).await?)
    }

    async fn set(&self) -> Result<Outcome, StepError> {
        if let Some(next) = self.account().await?.next_password {
            self.give(&next).await?;
            let ground = &self.0;
            let mut write = ground.app.store.write().await?;
            if !store::jobs::is_ours(&mut write, ground.claim).await? {
                return Err(StepError::Stale);
            }
            tenant_accounts::take_over(&mut write, ground.tenant.id, ground.app.now_ms()).await?;
            write.commit().await?;
        }
        // Once more: whoever opened the database before it was taken over may have given the account the old one again.
        self.give(&self.account().await?.password).await?;
        Ok(Outcome::Done(None))
    }
}

#[async_trait]
impl Work for Changing {
    fn tenant(&self) -> &Tenant {
        &self.0.tenant
    }

    fn words(&self) -> &'static Words {
        &WORDS
    }

    async fn run(&self, step: &str) -> Result<Outcome, StepError> {
        match step {
            "choose" => self.choose().await,
            "set" => self.set().await,
            other => Err(StepError::unknown_step(other)),
        }
    }

    async fn undo(&self, step: &str) -> Result<Outcome, StepError> {
        let account = self.account().await?;
        match step {
            // Whether the account has the new one cannot be known: it gets the old one.
            "set" if account.next_password.is_some() => self.give(&account.password).await?,
            "choose" => {
                let ground = &self.0;
                let mut write = ground.app.store.write().await?;
                tenant_accounts::forget_prepared(&mut write, ground.tenant.id).await?;
                write.commit().await?;
            }
            _ => {}
        }
        Ok(Outcome::Done(None))
    }

    async fn ended(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()> {
        let sentence = "Gave the account on the database server a new password.";
        self.0.record(write, now_ms, "tenant_password_changed", sentence).await
    }
}
