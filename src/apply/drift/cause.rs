//! How a difference came about, as far as the tenant's history shows it.

use crate::{
    app::App,
    apply::{copy, drift::repair, restore},
    clock::timestamp,
    engine::Statement,
    schema::mention::mentions,
    store::{
        self, Connection, StoreError,
        drift::{Difference, Outcome},
        jobs::{Job, JobStatus, StepStatus},
        tenants::Tenant,
    },
    templates::compile::Compiled,
};

/// Says of each difference that was not known before how it came about, where the history shows it.
pub(super) async fn add(app: &App, tenants: &[Tenant], outcomes: &mut [Outcome]) -> Result<(), StoreError> {
    for outcome in outcomes {
        let Ok(found) = &mut outcome.found else { continue };
        if found.differences.is_empty() {
            continue;
        }
        let Some(tenant) = tenants.iter().find(|tenant| tenant.id == outcome.tenant_id) else { continue };
        let mut read = app.store.read().await?;
        let known = store::drift::of_tenant(&mut read, tenant.id).await?;
        let history = History::of(&mut read, tenant).await?;
        drop(read);
        let compiled = match app.engines.of(tenant).await {
            Ok(engine) => {
                super::super::template::compiled(app, engine.as_ref(), tenant.template_id, &tenant.modules)
                    .await
                    .ok()
            }
            Err(_) => None,
        };
        for difference in &mut found.differences {
            let before = known.iter().find(|noted| noted.difference.id == difference.id);
            difference.cause = match before {
                Some(before) => before.difference.cause.clone(),
                None => Some(history.cause(difference, compiled.as_deref())),
            };
        }
    }
    Ok(())
}

/// What is known of a tenant's past.
struct History {
    /// When it was looked at last, and nothing differed.
    fine_ms: Option<i64>,
    /// The newest job that brought a whole content from elsewhere, and when it ended.
    brought: Option<(String, i64)>,
    /// The newest repair.
    repaired_ms: Option<i64>,
    /// Steps of the job that made it, with when they were done.
    made: Vec<(String, i64)>,
}

impl History {
    async fn of(read: &mut Connection, tenant: &Tenant) -> Result<History, StoreError> {
        let last = store::drift::last_of(read, tenant.id).await?;
        let fine = last.filter(|last| last.level == Some(store::drift::Level::None));
        let jobs = store::jobs::done_of_tenant(read, tenant.id).await?;
        let newest = |kinds: &[&str]| {
            let done = |job: &&Job| job.status == JobStatus::Done && kinds.contains(&job.kind.as_str());
            jobs.iter().find(done).and_then(|job| Some((job.kind.clone(), job.ended_ms?)))
        };
        let made = match jobs.iter().find(|job| job.kind == crate::apply::provision::KIND) {
            Some(job) => store::jobs::steps(read, job.id)
                .await?
                .into_iter()
                .filter(|step| step.status == StepStatus::Done)
                .filter_map(|step| Some((step.name, step.ended_ms?)))
                .collect(),
            None => Vec::new(),
        };
        Ok(History {
            fine_ms: fine.and_then(|last| last.looked_ms).or(tenant.active_ms),
            brought: newest(&[copy::CLONE, copy::RESTORE_NEW, restore::KIND]),
            repaired_ms: newest(&[repair::KIND]).map(|(_, ended)| ended),
            made,
        })
    }

    fn cause(&self, difference: &Difference, compiled: Option<&Compiled>) -> String {
        let mut sentences = Vec::new();
        if difference.change != "added"
            && let Some((unit, at)) = compiled.and_then(|compiled| self.made_by(difference, compiled))
        {
            sentences.push(format!("{unit} put it in on {}, which is recorded as done.", day(at)));
        }
        let fine = self.fine_ms.unwrap_or_default();
        match &self.brought {
            Some((kind, at)) if *at >= fine => {
                let what = if kind == restore::KIND {
                    "A snapshot was put in the tenant's place"
                } else {
                    "The tenant was made with the content of another one"
                };
                sentences.push(format!("{what} on {}, and it may have been in that.", day(*at)));
            }
            _ => {
                let since = match self.repaired_ms {
                    Some(at) if at >= fine => format!("since it was put right on {}", day(at)),
                    _ if fine > 0 => format!("after {}, when everything was as expected", day(fine)),
                    _ => "at a time that is not known".to_owned(),
                };
                sentences.push(format!(
                    "It was changed {since}. Nothing that Tenantry did explains it; it was probably changed directly in the database."
                ));
            }
        }
        sentences.join(" ")
    }

    /// The step of making the tenant that made an object's table, and when it was done.
    fn made_by(&self, difference: &Difference, compiled: &Compiled) -> Option<(String, i64)> {
        let object = difference.object.split('.').next().unwrap_or(&difference.object);
        let makes = |statement: &Statement| {
            let head = statement.sql.trim_start();
            let is_making = ["CREATE TABLE", "CREATE VIEW"]
                .iter()
                .any(|words| head.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words)));
            is_making && head.lines().next().is_some_and(|line| mentions(line, object))
        };
        let unit = compiled.units.iter().find(|unit| unit.statements.iter().any(makes))?;
        let (_, at) = self.made.iter().find(|(name, _)| *name == unit.key)?;
        let what = match unit.key.strip_prefix("module:") {
            Some(module) => format!("The module {module}"),
            None => "The template's core".to_owned(),
        };
        Some((what, *at))
    }
}

/// A moment as far as a person needs it here, in UTC.
fn day(at_ms: i64) -> String {
    let text = timestamp(at_ms);
    format!("{} UTC", text.get(..16).unwrap_or(&text))
}
