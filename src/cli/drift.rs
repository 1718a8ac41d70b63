//! `tenantry drift check|repair|adopt|ignore`.

use super::{
    End, Trouble, output,
    tenants::{view, wait},
};
use crate::{
    app::App,
    error::Error,
    store::{
        self,
        drift::{Difference, Level, Outcome},
        jobs::JobStatus,
        tenants::Tenant,
    },
    usecases::{
        actor::Actor,
        drift::{self, Ignore, Target},
    },
};
use serde_json::json;

const ACTOR: Actor = Actor::CommandLine;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Compare tenants' databases with what they should be; ends with 1 where something differs or could not be looked at
    Check {
        /// Their slugs or ids
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        slugs: Vec<String>,
        /// All tenants
        #[arg(long)]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the SQL that puts a difference back, and with --yes run it
    Repair {
        /// The tenant's slug or id
        slug: String,
        /// The difference's id, or several
        #[arg(required = true)]
        ids: Vec<String>,
        /// Run it
        #[arg(long)]
        yes: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Keep a difference as the tenant's own
    Adopt {
        /// The tenant's slug or id
        slug: String,
        /// The difference's id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Leave a difference alone for some days
    Ignore {
        /// The tenant's slug or id
        slug: String,
        /// The difference's id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// For how many days
        #[arg(long, default_value = "30")]
        days: String,
    },
}

fn difference_view(difference: &Difference) -> serde_json::Value {
    json!({
        "id": difference.id,
        "object": difference.object,
        "kind": difference.kind,
        "change": difference.change,
        "severity": difference.severity.word(),
        "expected": difference.expected,
        "found": difference.found,
        "sentence": difference.sentence,
        "cause": difference.cause,
    })
}

fn outcome_view(tenant: &Tenant, outcome: &Outcome) -> serde_json::Value {
    match &outcome.found {
        Ok(found) => json!({
            "tenant": tenant.slug,
            "level": drift::runs::level_of(outcome).unwrap_or(Level::None).word(),
            "schema_hash": found.schema_hash,
            "expected_hash": found.expected_hash,
            "differences": found.differences.iter().map(difference_view).collect::<Vec<_>>(),
        }),
        Err(problem) => {
            json!({ "tenant": tenant.slug, "level": null, "problem": problem, "differences": [] })
        }
    }
}

fn say(tenant: &Tenant, outcome: &Outcome) {
    match &outcome.found {
        Ok(found) if found.differences.is_empty() => {}
        Ok(found) => {
            let level = drift::runs::level_of(outcome).unwrap_or(Level::None);
            output::line(&format!("{}: {}", tenant.slug, level.word()));
            for difference in &found.differences {
                output::line(&format!("  {}  {}", difference.id, difference.sentence));
            }
        }
        Err(problem) => output::line(&format!("{}: could not be looked at. {problem}", tenant.slug)),
    }
}

async fn check(app: &App, slugs: Option<&[String]>, json: bool) -> Result<End, Trouble> {
    let mut is_first = true;
    if json {
        output::line("{\"items\": [");
    }
    let mut said = |tenants: &[Tenant], outcomes: &[Outcome]| {
        for outcome in outcomes {
            let Some(tenant) = tenants.iter().find(|tenant| tenant.id == outcome.tenant_id) else { continue };
            if json {
                let comma = if is_first { "" } else { "," };
                output::line(&format!("{comma}{}", outcome_view(tenant, outcome)));
                is_first = false;
            } else {
                say(tenant, outcome);
            }
        }
    };
    let run = drift::runs::check_now(app, &ACTOR, slugs, &mut said).await;
    if json {
        output::line("]}");
    }
    let tally = run?.tally;
    if !json {
        output::line(&format!(
            "{} looked at, {} differ, {} could not be looked at, {} had something going on.",
            tally.checked, tally.drifted, tally.failed, tally.busy
        ));
    }
    Ok(if tally.drifted + tally.failed + tally.busy > 0 { End::Failed } else { End::Done })
}

pub(super) async fn run(app: &App, command: Command) -> Result<End, Trouble> {
    match command {
        Command::Check { slugs, all, json } => check(app, (!all).then_some(&slugs), json).await,
        Command::Repair { slug, ids, yes, json } => repair(app, &slug, &ids, yes, json).await,
        Command::Adopt { slug, id, reason } => {
            drift::adopt(app, &ACTOR, &slug, &id, &reason).await?;
            output::line("Kept as the tenant's own.");
            Ok(End::Done)
        }
        Command::Ignore { slug, id, reason, days } => {
            let form = Ignore { reason, days };
            drift::ignore(app, &ACTOR, &slug, &id, &form).await?;
            output::line("Left alone until the days are over.");
            Ok(End::Done)
        }
    }
}

async fn repair(app: &App, slug: &str, ids: &[String], yes: bool, json: bool) -> Result<End, Trouble> {
    let (plans, refused) = drift::plans(app, &ACTOR, Target::Tenant(slug), ids).await?;
    if let Some((_, why)) = refused.first() {
        output::line(why);
        return Ok(End::Failed);
    }
    let Some(planned) = plans.first() else { return Ok(End::Done) };
    if !yes {
        for statement in &planned.plan.statements {
            output::line(&format!("{statement};"));
        }
        for line in &planned.plan.losses {
            output::line(&format!("-- {line}"));
        }
        output::line("-- Nothing was run. Add --yes to run it.");
        return Ok(End::Done);
    }
    let approved = (planned.hash.as_str(), !planned.plan.losses.is_empty());
    let started = drift::repair(app, &ACTOR, slug, ids, approved).await?;
    let tenant = wait(app, started.tenant, json).await?;
    let job = store::jobs::find(&mut *app.store.read().await.map_err(Error::from)?, started.job_id)
        .await
        .map_err(Error::from)?;
    let is_done = job.as_ref().is_some_and(|job| job.status == JobStatus::Done);
    if json {
        output::json(&view(&tenant));
    } else if is_done {
        output::line("Put back, and looked at again.");
    } else {
        output::line(&job.and_then(|job| job.problem).unwrap_or_default());
    }
    Ok(if is_done { End::Done } else { End::Failed })
}
