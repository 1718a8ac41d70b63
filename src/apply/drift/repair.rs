//! Putting back what differs in a tenant's database: the SQL that was approved, and no other.

use super::{
    super::{
        ground::{Ground, steps},
        snapshot,
        work::{Kind, Outcome, StepError, StoreResult, Words, Work},
    },
    compare::{compare, look},
    expected::{Expected, expected},
};
use crate::{
    app::App,
    digest::sha256_hex,
    engine::{Applied, Engine, Statement, Unit},
    schema::{Schema, differences, losses, plain, toward},
    sql::variables::Variables,
    store::{
        self, Connection, StoreError,
        drift::Found,
        jobs::{Claim, Job},
        snapshots::Reason,
        tenants::Tenant,
    },
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is to be put back, and what was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The ids of the differences.
    pub differences: Vec<String>,
    /// The fingerprint of the SQL that was approved ([`Plan::hash`]).
    pub plan: String,
    /// Whether a copy of the database is kept first.
    pub with_snapshot: bool,
    /// The name of whoever approved it.
    pub by: String,
    /// The statements, as soon as they were found to be what was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statements: Option<Vec<String>>,
}

/// What putting differences back comes to in one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The SQL, in order.
    pub statements: Vec<String>,
    /// What rows and values it takes away, in sentences.
    pub losses: Vec<String>,
    /// Differences that it is about, in sentences.
    pub sentences: Vec<String>,
    /// Chosen differences that stay all the same, because something else has to be put back first.
    pub left: Vec<String>,
}

impl Plan {
    /// The fingerprint of its SQL: what is approved.
    pub fn hash(&self) -> String {
        sha256_hex(self.statements.join(";\n"))
    }
}

/// What putting the chosen differences back comes to, or why it cannot be done.
pub fn plan(
    engine: &dyn Engine,
    expected: &Expected,
    found: &Schema,
    chosen: &BTreeSet<String>,
) -> Result<Plan, String> {
    let wanted = toward(found, expected.schema(), &|difference| chosen.contains(&difference.id));
    let losses = losses(found, &wanted);
    let withheld = found.tables.values().find_map(|table| Some((table, plain::owner(table)?)));
    if let (false, Some((table, (owner, true)))) = (losses.is_empty(), withheld) {
        return Err(format!(
            "rows or values would go, and the copy that is kept before cannot be made: the table {} belongs to the account {owner}, which keeps it to itself. The server's administrator can let the tenant's account read it, give it to that account, or drop it.",
            table.name
        ));
    }
    let statements = engine.change(found, &wanted)?;
    let of = |all: Vec<crate::schema::Difference>| -> Vec<String> {
        all.into_iter()
            .filter(|difference| chosen.contains(&difference.id))
            .map(|difference| difference.sentence)
            .collect()
    };
    Ok(Plan {
        statements: statements.into_iter().map(|statement| statement.sql).collect(),
        losses,
        sentences: of(differences(expected.schema(), found)),
        left: of(differences(expected.schema(), &wanted)),
    })
}

/// The kind of job that puts back what differs.
pub struct Repair;

/// Its name.
pub const KIND: &str = "repair";

/// Its steps.
pub fn repair_steps() -> Vec<(String, String)> {
    steps(&[
        ("compare", "Compare it with what was approved"),
        ("save", "Keep a copy first"),
        ("change", "Put back what differs"),
        ("check", "Look at it again"),
    ])
}

const WORDS: Words = Words {
    title: "Put back what differs in a tenant's database",
    going: ("Putting the structure of ", " right"),
    done: ("The structure of ", " was put right"),
    done_sentence: "What differed was put back, and looked at again.",
    undoing: "The work is being ended.",
    failed: "What differs could not be put back. The tenant's page says what differs now.",
    failed_advice: "Check the tenant again to see what differs now, and try again.",
    stuck: "What differs could not be put back. The tenant's page says what differs now.",
};

#[async_trait]
impl Kind for Repair {
    fn name(&self) -> &'static str {
        KIND
    }

    fn words(&self) -> &'static Words {
        &WORDS
    }

    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError> {
        let ground = Ground::load(app, job, claim).await?;
        Ok(ground.map(|ground| -> Box<dyn Work> { Box::new(Repairing(ground)) }))
    }
}

struct Repairing(Ground);

impl Repairing {
    async fn state(&self) -> Result<(Expected, Schema), StepError> {
        let ground = &self.0;
        let engine = ground.engine()?;
        let expected = expected(&ground.app, engine, &ground.tenant).await?;
        Ok((expected, look(engine, &ground.tenant).await?))
    }

    /// Finds the statements, and keeps them only where they are what was approved: after a kill in the middle they could not
    /// be found again.
    async fn compare(&self) -> Result<Outcome, StepError> {
        let ground = &self.0;
        let mut wish: Wish = ground.params()?;
        if wish.statements.is_some() {
            return Ok(Outcome::Done(None));
        }
        let (expected, found) = self.state().await?;
        let chosen = wish.differences.iter().cloned().collect();
        let plan = plan(ground.engine()?, &expected, &found, &chosen).map_err(|why| {
            StepError::lasting(format!("What differs cannot be put back by itself: {why}"), why)
        })?;
        if plan.statements.is_empty() && plan.sentences.is_empty() {
            wish.statements = Some(Vec::new());
        } else if plan.hash() == wish.plan {
            wish.with_snapshot |= !plan.losses.is_empty();
            wish.statements = Some(plan.statements);
        } else {
            return Err(StepError::lasting(
                "The tenant's database is not as it was when the SQL was approved, so other SQL would be needed. Nothing was changed. Check the tenant again and look at the SQL for it.",
                plan.statements.join(";\n"),
            ));
        }
        let mut write = ground.app.store.write().await?;
        if !store::jobs::is_ours(&mut write, ground.claim).await? {
            return Err(StepError::Stale);
        }
        store::jobs::set_params(&mut write, ground.claim, &serde_json::json!(wish)).await?;
        write.commit().await?;
        Ok(Outcome::Done(None))
    }

    /// The wish as it was kept by an earlier step, which may have run after this job was read.
    async fn kept(&self) -> Result<Wish, StepError> {
        let ground = &self.0;
        let job = store::jobs::find(&mut *ground.app.store.read().await?, ground.job.id).await?;
        let params = job.map(|job| job.params).unwrap_or_default();
        serde_json::from_value(params).map_err(|cause| {
            StepError::lasting("This job was asked for by another version of the program.", cause.to_string())
        })
    }

    async fn save(&self) -> Result<Outcome, StepError> {
        let wish = self.kept().await?;
        if !wish.with_snapshot || wish.statements.is_none_or(|statements| statements.is_empty()) {
            return Ok(Outcome::Skipped("No rows or values are taken away.".into()));
        }
        let note = Some("Before its structure was put right".to_owned());
        let snapshot = snapshot::Wish { note, by: wish.by };
        snapshot::take_if_there(&self.0, Reason::BeforeRepair, snapshot).await
    }

    async fn change(&self) -> Result<Outcome, StepError> {
        let statements: Vec<Statement> = self
            .kept()
            .await?
            .statements
            .unwrap_or_default()
            .into_iter()
            .map(|sql| Statement { sql, values: Vec::new() })
            .collect();
        if statements.is_empty() {
            return Ok(Outcome::Skipped("It is as it should be already.".into()));
        }
        let ground = &self.0;
        let mut session = ground.engine()?.open(&ground.name()?, &ground.lock()).await?;
        let unit = Unit { key: "repair", statements: &statements, variables: &Variables::default() };
        let applied = session.apply(unit).await;
        session.close().await;
        let number = statements.len();
        let text = format!("{number} statement{}", if number == 1 { "" } else { "s" });
        match applied {
            Ok(Applied::Now { .. } | Applied::Before) => Ok(Outcome::Done(Some(text))),
            Err(cause) => Err(match StepError::from(cause) {
                StepError::Failed { may_pass: false, detail, .. } => StepError::lasting(
                    "The database refused the SQL that puts it right. The details say why; often rows are in the way that the template does not allow.",
                    detail,
                ),
                other => other,
            }),
        }
    }

    async fn check(&self) -> Result<Outcome, StepError> {
        let (expected, found) = self.state().await?;
        let differences = compare(self.0.engine()?, &expected, &found);
        let wish = self.kept().await?;
        let left = differences.iter().filter(|difference| wish.differences.contains(&difference.id)).count();
        let others = differences.len() - left;
        self.note(found.fingerprint(), expected.hash().to_owned(), differences).await?;
        if left > 0 {
            return Err(StepError::lasting(
                "Not everything that was chosen could be put back: something else that differs is in the way. Put that back, too.",
                format!("{left} of the chosen differences are still there"),
            ));
        }
        Ok(Outcome::Done(Some(match others {
            0 => "It is as it should be.".to_owned(),
            1 => "One other difference is still there.".to_owned(),
            more => format!("{more} other differences are still there."),
        })))
    }

    async fn note(
        &self,
        schema_hash: String,
        expected_hash: String,
        differences: Vec<store::drift::Difference>,
    ) -> Result<(), StepError> {
        let ground = &self.0;
        let found = Found { schema_hash, expected_hash, differences };
        let outcome = store::drift::Outcome { tenant_id: ground.tenant.id, found: Ok(found) };
        let mut write = ground.app.store.write().await?;
        if !store::jobs::is_ours(&mut write, ground.claim).await? {
            return Err(StepError::Stale);
        }
        store::drift::record(&mut write, &[outcome], ground.app.now_ms()).await?;
        Ok(write.commit().await?)
    }
}

#[async_trait]
impl Work for Repairing {
    fn tenant(&self) -> &Tenant {
        &self.0.tenant
    }

    fn words(&self) -> &'static Words {
        &WORDS
    }

    async fn run(&self, step: &str) -> Result<Outcome, StepError> {
        match step {
            "compare" => self.compare().await,
            "save" => self.save().await,
            "change" => self.change().await,
            "check" => self.check().await,
            other => Err(StepError::unknown_step(other)),
        }
    }

    /// What has been put back is right, so it stays; what the database has become meanwhile is noted.
    async fn undo(&self, step: &str) -> Result<Outcome, StepError> {
        if step != "change" {
            return Ok(Outcome::Done(None));
        }
        let (expected, found) = self.state().await?;
        let differences = compare(self.0.engine()?, &expected, &found);
        self.note(found.fingerprint(), expected.hash().to_owned(), differences).await?;
        Ok(Outcome::Skipped("What has been put back stays; the rest is as it was.".into()))
    }

    async fn ended(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()> {
        let tenant = &self.0.tenant;
        let what = format!("{} {}", tenant.template_type, tenant.template_version);
        let took = self.0.job.started_ms.map_or(0, |started| now_ms - started);
        store::tenants::add_history(write, tenant.id, &what, true, took, &[], "Put right what differed")
            .await?;
        self.0.record(write, now_ms, "tenant_repaired", "Put back what differed in the database.").await
    }
}
