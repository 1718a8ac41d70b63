//! Giving a tenant another name, and another plan.

use super::{
    ground::{Ground, steps},
    work::{Kind, Outcome, StepError, StoreResult, Words, Work},
};
use crate::{
    app::App,
    store::{
        self, Connection, StoreError,
        jobs::{Claim, Job},
        tenants::{Plan, Tenant},
    },
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What is to be changed; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The new name.
    pub name: Option<String>,
    /// The new plan.
    pub plan: Option<String>,
}

/// The kind of job that changes a tenant's name or plan.
pub struct Details;

/// Its name.
pub const KIND: &str = "change_details";

/// Its steps.
pub fn change_steps() -> Vec<(String, String)> {
    steps(&[("note", "Write down what is new")])
}

const WORDS: Words = Words {
    title: "Change a tenant's name or plan",
    going: ("Changing ", ""),
    done: ("", " was changed"),
    done_sentence: "The change is written down.",
    undoing: "The change is being taken back.",
    failed: "The tenant's details could not be changed. They are as they were.",
    failed_advice: "The details are as they were, and you can try again.",
    stuck: "The tenant's details could not be changed.",
};

#[async_trait]
impl Kind for Details {
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
            // The rows change together with the record that they did.
            "note" => self.0.params::<Change>().map(|_| Outcome::Done(None)),
            other => Err(StepError::unknown_step(other)),
        }
    }

    async fn undo(&self, _: &str) -> Result<Outcome, StepError> {
        Ok(Outcome::Done(None))
    }

    async fn ended(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()> {
        let ground = &self.0;
        let Ok(change) = ground.params::<Change>() else { return Ok(()) };
        if let Some(name) = change.name {
            store::tenants::set_name(write, ground.tenant.id, &name).await?;
            let sentence = format!("Changed the name from {} to {name}.", ground.tenant.name);
            ground.record(write, now_ms, "tenant_renamed", &sentence).await?;
        }
        if let Some(plan) = change.plan.and_then(|word| word.parse::<Plan>().ok()) {
            store::tenants::set_plan(write, ground.tenant.id, plan).await?;
            let sentence = format!("Changed the plan from {} to {plan}.", ground.tenant.plan);
            ground.record(write, now_ms, "tenant_plan_changed", &sentence).await?;
        }
        Ok(())
    }
}
